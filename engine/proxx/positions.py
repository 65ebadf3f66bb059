"""Finds the line and column of a value in JSON or TOML text; imported only when a finding needs a place."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import lru_cache

from proxx.jsontext import events, step
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
    return locate_all(text, [pointer], key=key)[pointer]


def locate_all(text: str, pointers: Iterable[str], *, key: bool = False) -> dict[str, Place]:
    """The places of many JSON pointers, found in one walk over the text."""
    wanted = {pointer: tuple(_names(pointer)) for pointer in pointers}
    ways = {names[:depth] for names in wanted.values() for depth in range(len(names) + 1)} | {()}
    found = _find(text, ways)
    stands = {pointer: _nearest(found, names) for pointer, names in wanted.items()}
    lines = _line_numbers(text, [_bounds(span, key)[0] for span in stands.values()])
    return {pointer: _place(text, span, key, lines[_bounds(span, key)[0]]) for pointer, span in stands.items()}


def span_of(text: str, pointer: str) -> Span | None:
    """The offsets of the value at a JSON pointer and of the name it stands under; None when it is not there."""
    names = tuple(_names(pointer))
    return _find(text, {names[:depth] for depth in range(len(names) + 1)}).get(names)


def locate_toml(text: str, keys: Sequence[str | int], *, key: bool = False) -> Place:
    """The place of the value at a path of keys and indices in TOML 1.0 text, or with `key` of its key.

    A table that has a header stands at its header. What is not there stands where the nearest value around it does.
    """
    known = _toml_spans(text)
    path = tuple(keys)
    while path and path not in known:
        path = path[:-1]
    span = known.get(path, Span(0, 1))
    return _place(text, span, key, 1 + text.count("\n", 0, _bounds(span, key)[0]))


def locate_in_toml(text: str, pointer: str) -> Place:
    """The place of the value at a JSON pointer in TOML 1.0 text, or of the nearest value around it."""
    known = _toml_spans(text)
    path: tuple[str | int, ...] = ()
    for name in _names(pointer):
        # A number may be an index or a key that is made of digits.
        steps = [(*path, name), *([(*path, int(name))] if name.isdecimal() else [])]
        found = next((step for step in steps if step in known), None)
        if found is None:
            break
        path = found
    return locate_toml(text, path)


@lru_cache(maxsize=64)
def _toml_spans(text: str) -> dict[tuple[str | int, ...], Span]:
    return spans(text)


def _names(pointer: str) -> list[str]:
    return [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]


def _bounds(span: Span, key: bool) -> tuple[int, int]:
    return (span.key_start, span.key_end) if key and span.key_start >= 0 else (span.start, span.end)


def _line_numbers(text: str, offsets: Iterable[int]) -> dict[int, int]:
    """The line, from 1, of each offset; the text is counted through once."""
    lines: dict[int, int] = {}
    line, before = 1, 0
    for offset in sorted(set(offsets)):
        line, before = line + text.count("\n", before, offset), offset
        lines[offset] = line
    return lines


def _place(text: str, span: Span, key: bool, line: int) -> Place:
    start, end = _bounds(span, key)
    line_end = text.find("\n", start, end)
    length = (end if line_end < 0 else line_end) - start
    return Place(line, start - text.rfind("\n", 0, start), max(1, length))


def _nearest(found: Mapping[tuple[str, ...], Span], names: tuple[str, ...]) -> Span:
    while names and names not in found:
        names = names[:-1]
    return found.get(names, Span(0, 1))


def _find(text: str, ways: Set[tuple[str, ...]]) -> dict[tuple[str, ...], Span]:
    """The spans of the values at the given paths; with a path every path above it must be given.

    `open_ways` are the containers around the present piece, None for those that lead nowhere, so that each piece
    costs the same however deep it lies.
    """
    path: list[str | int] = []
    open_ways: list[tuple[str, ...] | None] = []
    found: dict[tuple[str, ...], Span] = {}
    name = (-1, -1)
    for kind, start, end, _ in events(text):
        if kind == "key":
            path[-1], name = json.loads(text[start:end]), (start, end)
        elif kind in ("object", "array", "scalar", "constant"):
            way = _way(open_ways, path, ways)
            if way is not None:
                _forget(found, way)
                found[way] = Span(start, end, *(name if path and isinstance(path[-1], str) else (-1, -1)))
            if kind in ("object", "array"):
                path.append("" if kind == "object" else 0)
                open_ways.append(way)
            else:
                step(path)
        elif kind == "close":
            path.pop()
            way = open_ways.pop()
            if way is not None:
                found[way] = found[way]._replace(end=end)
            step(path)
    return found


def _way(
    open_ways: Sequence[tuple[str, ...] | None], path: Sequence[str | int], ways: Set[tuple[str, ...]]
) -> tuple[str, ...] | None:
    """The path of the value that begins here, if it is wanted or leads to what is."""
    if not open_ways:
        return ()
    around = open_ways[-1]
    way = None if around is None else (*around, str(path[-1]))
    return way if way in ways else None


def _forget(found: dict[tuple[str, ...], Span], way: tuple[str, ...]) -> None:
    """Of a field named twice only the last counts: drop the first, and what stood in it."""
    if way in found:
        for old in [one for one in found if one[: len(way)] == way]:
            del found[old]
