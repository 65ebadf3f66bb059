"""Finds the line and column of a value in JSON or TOML text; imported only when a finding needs a place."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from proxx.jsontext import events, step
from proxx.strictjson import place
from proxx.tomltext import Span, spans


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands: line and column from 1, columns and length in code points.

    The length of a value that goes over several lines ends with its first line.
    """

    line: int
    column: int
    length: int


def locate_json(text: str, pointer: str, *, key: bool = False) -> Place:
    """The place of the value at a JSON pointer (RFC 6901), or with `key` of the name it stands under.

    Of a field named twice the last counts, as it does for every reader. For a value that is not there it is the
    place of the nearest value around it; in broken text, of what stands before the fault.
    """
    span = _find(text, [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]])
    return _place(text, span, key)


def locate_toml(text: str, keys: Sequence[str | int], *, key: bool = False) -> Place:
    """The place of the value at a path of keys and indices in TOML 1.0 text, or with `key` of its key.

    A table that has a header stands at its header. What is not there stands where the nearest value around it does.
    """
    known = _toml_spans(text)
    path = tuple(keys)
    while path and path not in known:
        path = path[:-1]
    return _place(text, known.get(path, Span(0, 1)), key)


@lru_cache(maxsize=8)
def _toml_spans(text: str) -> dict[tuple[str | int, ...], Span]:
    return spans(text)


def _place(text: str, span: Span, key: bool) -> Place:
    start, end = (span.key_start, span.key_end) if key and span.key_start >= 0 else (span.start, span.end)
    line_end = text.find("\n", start, end)
    length = (end if line_end < 0 else line_end) - start
    return Place(*place(text, start), max(1, length))


def _find(text: str, wanted: Sequence[str]) -> Span:
    """The span of the wanted value, or of the nearest around it.

    `found` holds the spans from the whole document down to the wanted value; `good` is how many of the names on
    the way to the present piece are the wanted ones, so that each piece costs the same however deep it lies.
    """
    path: list[str | int] = []
    found: list[Span] = []
    good = 0
    name = (-1, -1)
    for kind, start, end, _ in events(text):
        if kind == "key":
            path[-1] = json.loads(text[start:end])
            good, name = _agreeing(path, wanted, good), (start, end)
        elif kind in ("object", "array", "scalar", "constant"):
            if good == len(path):
                found[good:] = [Span(start, end, *(name if path and isinstance(path[-1], str) else (-1, -1)))]
            if kind in ("object", "array"):
                path.append("" if kind == "object" else 0)
                good = _agreeing(path, wanted, good) if kind == "array" else good
            else:
                good = _next(path, wanted, good)
        elif kind == "close":
            path.pop()
            if good >= len(path):
                good = len(path)
                found[good] = found[good]._replace(end=end)
            good = _next(path, wanted, good)
    return found[-1] if found else Span(0, 1)


def _agreeing(path: Sequence[str | int], wanted: Sequence[str], good: int) -> int:
    """How many names of the path are the wanted ones, now that its last name has changed."""
    last = len(path) - 1
    if good < last:
        return good
    return last + 1 if last < len(wanted) and str(path[last]) == wanted[last] else last


def _next(path: list[str | int], wanted: Sequence[str], good: int) -> int:
    step(path)
    return _agreeing(path, wanted, good) if path and isinstance(path[-1], int) else good
