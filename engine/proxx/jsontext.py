"""Walks JSON text piece by piece and says where each piece stands, also when the text is broken.

Used only once something is wrong: `strictjson` asks it for every fault of a text, `positions` for the place
of a value. It never recurses and reads each character once, so neither deep nor long documents hurt it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

_TOKEN = re.compile(
    r"""[ \t\r\n]*+(?:
      (?P<string>"[^"\\\x00-\x1f]*+(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*+)*+")
    | (?P<number>-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?+(?:[eE][-+]?[0-9]++)?+(?![\w.+-]))
    | (?P<word>(?:true|false|null)(?!\w))
    | (?P<constant>(?:-?Infinity|NaN)(?!\w))
    | (?P<comment>//[^\n]*|\#[^\n]*|/\*[\s\S]*?\*/)
    | (?P<mark>[{}\[\]:,])
    | (?P<end>\Z)
    | (?P<bad>"[^"\n]*+"?|[\w.+-]++|[\s\S])
    )""",
    re.VERBOSE,
)

_VALUE = {
    "string": ("scalar", ""),
    "number": ("scalar", ""),
    "word": ("scalar", ""),
    "constant": ("constant", ""),
    "{": ("object", "first-key"),
    "[": ("array", "first-item"),
}
# The grammar: state → token → (event, next state). "" as next state: whatever may follow a finished value.
_GRAMMAR: dict[str, dict[str, tuple[str, str]]] = {
    "value": _VALUE,
    "first-item": _VALUE | {"]": ("close", "")},
    "next-item": _VALUE | {"]": ("trailing-comma", "")},
    "first-key": {"string": ("key", "colon"), "}": ("close", "")},
    "next-key": {"string": ("key", "colon"), "}": ("trailing-comma", "")},
    "colon": {":": ("", "value")},
    "after-item": {",": ("", "next-item"), "]": ("close", "")},
    "after-member": {",": ("", "next-key"), "}": ("close", "")},
    "done": {"end": ("", "done")},
}
_EXPECTED = {
    "value": "a value",
    "first-item": "a value or ]",
    "next-item": "a value",
    "first-key": "a field name in double quotes or }",
    "next-key": "a field name in double quotes",
    "colon": "a colon",
    "after-item": "a comma or ]",
    "after-member": "a comma or }",
    "done": "the end of the text",
}
_UNCLOSED = 'a " that ends the text on its line'
_ESCAPE = r"two backslashes where one is meant (\\), or one of JSON's escapes: \" \/ \b \f \n \r \t \u0000"
_CONTROL = r"an escape such as \t or \u0000: control characters are not written into a text as they are"
# The soundest beginning of a text whose end is not sound: what comes after it is at fault.
_SOUND = re.compile(r'"[^"\\\x00-\x1f]*+(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*+)*+')


class Event(NamedTuple):
    """One piece of the text: what it is, where it starts and ends (offsets), and for a fault what was expected.

    kind: object, array, close, key, scalar, constant (NaN, Infinity) or a fault: comment, trailing-comma,
    trailing-text, not-json. The last two end the walk.
    """

    kind: str
    start: int
    end: int
    expected: str = ""


def events(text: str) -> Iterator[Event]:
    """Yield the pieces of a JSON text in order, faults among them; a fault that cannot be passed ends the walk."""
    closers: list[str] = []
    state, at, previous = "value", 0, 0
    while True:
        kind, start, at = _token(text, at)
        if kind == "comment":
            yield Event("comment", start, at)
            continue
        if kind not in _GRAMMAR[state]:
            yield _wrong(text, state, kind, start, at)
            return
        event, state = _GRAMMAR[state][kind]
        if event == "trailing-comma":
            yield Event(event, previous, previous + 1, "a value" if kind == "]" else _EXPECTED["next-key"])
        if event:
            yield Event("close" if event == "trailing-comma" else event, start, at)
        state = state or _after(event, closers)
        if kind in "{[":
            closers.append("after-member" if kind == "{" else "after-item")
        if kind == "end":
            return
        previous = start


def _token(text: str, at: int) -> tuple[str, int, int]:
    match = _TOKEN.match(text, at)
    if match is None or match.lastgroup is None:
        raise AssertionError("the pattern has an alternative for any character")
    kind, start = match.lastgroup, match.start(match.lastgroup)
    return (text[start] if kind == "mark" else kind), start, match.end()


def _after(event: str, closers: list[str]) -> str:
    """The state after a finished value: inside an object, inside an array, or past the whole text."""
    if event in ("close", "trailing-comma"):
        closers.pop()
    return closers[-1] if closers else "done"


def _wrong(text: str, state: str, kind: str, start: int, end: int) -> Event:
    if state == "done":
        return Event("trailing-text", start, len(text.rstrip(" \t\r\n")), _EXPECTED[state])
    if kind == "bad" and text.startswith('"', start):
        return _wrong_string(text, start, end)
    return Event("not-json", start, end, _EXPECTED[state])


def _wrong_string(text: str, start: int, end: int) -> Event:
    """What is wrong in a text between quotes, at its place: a backslash, a control character, or that it never ends."""
    sound = _SOUND.match(text, start)
    at = sound.end() if sound else start
    if text.startswith("\\", at) and text[at + 1 : at + 2] not in ("", "\r", "\n"):
        return Event("not-json", at, at + 2, _ESCAPE)
    if at < end and text[at] < " ":
        return Event("not-json", at, at + 1, _CONTROL)
    return Event("not-json", start, end, _UNCLOSED)


@dataclass(frozen=True, slots=True)
class Flaw:
    """A fault of the text by offset; `path` leads to the value (or container) it belongs to."""

    kind: str
    path: tuple[str | int, ...]
    start: int
    end: int
    expected: str = ""
    first: int = -1


def flaws(text: str, deepest: int) -> Iterator[Flaw]:
    """Yield every fault of a JSON text in order; nesting beyond `deepest` is one and ends the walk."""
    path: list[str | int] = []
    seen: list[dict[str, int]] = []
    for event in events(text):
        kind = event.kind
        if kind == "key":
            path[-1] = json.loads(text[event.start : event.end])
            yield from _key_flaws(event, path, seen[-1])
        elif kind in ("object", "array"):
            if len(path) == deepest:
                yield Flaw("too-deep", tuple(path), event.start, event.end)
                return
            path.append("" if kind == "object" else 0)
            seen.append({})
        elif kind in ("scalar", "constant", "close"):
            if kind == "close":
                path.pop()
                seen.pop()
            yield from _value_flaws(text, event, path)
            step(path)
        else:
            nameless = bool(path) and path[-1] == ""  # inside an object whose first name has not come yet
            yield Flaw(kind, tuple(path[:-1] if nameless else path), event.start, event.end, event.expected)


def step(path: list[str | int]) -> None:
    """After a finished value: inside an array the path moves on to the next item."""
    if path and isinstance(path[-1], int):
        path[-1] += 1


def _key_flaws(event: Event, path: list[str | int], seen: dict[str, int]) -> Iterator[Flaw]:
    name = str(path[-1])
    if name in seen:
        yield Flaw("duplicate-key", tuple(path), event.start, event.end, first=seen[name])
    elif not is_unicode(name):
        yield Flaw("lone-surrogate", tuple(path), event.start, event.end)
    seen.setdefault(name, event.start)


def _value_flaws(text: str, event: Event, path: list[str | int]) -> Iterator[Flaw]:
    if event.kind == "constant":
        yield Flaw("not-finite", tuple(path), event.start, event.end)
    elif event.kind == "scalar" and not _is_sound(text[event.start : event.end]):
        yield Flaw("lone-surrogate", tuple(path), event.start, event.end)


def _is_sound(scalar: str) -> bool:
    return not scalar.startswith('"') or is_unicode(json.loads(scalar))


def is_unicode(text: str) -> bool:
    """Whether the text can be written as UTF-8; half of a surrogate pair cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
