"""Walks TOML 1.0 text and says where each value and each key stands, as far as the text is sound."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

_SPACE = re.compile(r"(?:[ \t\r\n]++|#[^\n]*+)*+")
_SPACE_OR_COMMA = re.compile(r"(?:[ \t\r\n,]++|#[^\n]*+)*+")
_KEY = re.compile(r"""[ \t]*+([A-Za-z0-9_-]++|"(?:[^"\\\n]++|\\.)*+"|'[^'\n]*+')[ \t]*+(\.?)""")
_EQUALS = re.compile(r"[ \t]*+=[ \t]*+")
_SCALAR = re.compile(
    r'''"""(?:[^"\\]++|\\[\s\S]|"(?!""))*+"{3,5}'''
    r"""|'{3}(?:[^']++|'(?!''))*+'{3,5}"""
    r'''|"(?:[^"\\\n]++|\\.)*+"'''
    r"""|'[^'\n]*+'"""
    r"""|[^\s,\[\]{}#=](?:[^\n,\]}#]*[^\s,\]}#])?"""
)

Path = tuple[str | int, ...]


class Span(NamedTuple):
    """Offsets of a value, and of the key it stands under (-1: it has none)."""

    start: int
    end: int
    key_start: int = -1
    key_end: int = -1


@dataclass(frozen=True, slots=True)
class _Open:
    """An array or inline table whose end has not come yet; `count` holds the number of items so far."""

    closer: str
    path: Path
    start: int
    key: tuple[int, int]
    count: list[int]


def spans(text: str) -> dict[Path, Span]:
    """Every value and table of the text by its path; tables stand at their header. Ends at the first fault."""
    found: dict[Path, Span] = {}
    counts: dict[Path, int] = {}
    table: Path = ()
    at = _skip(text, 0)
    while at < len(text):
        if text[at] == "[":
            table, at = _header(text, at, found, counts)
        else:
            at = _value(text, at, table, found)
        if at < 0:
            break
        at = _skip(text, at)
    return found


def _skip(text: str, at: int, pattern: re.Pattern[str] = _SPACE) -> int:
    match = pattern.match(text, at)
    return match.end() if match else at


def _keys(text: str, at: int) -> tuple[list[str], int, int, int]:
    """The parts of a dotted key, where it starts and ends, and where reading goes on; no parts: there is no key."""
    parts: list[str] = []
    start = end = at
    while match := _KEY.match(text, at):
        start = start if parts else match.start(1)
        word, end, at = match[1], match.end(1), match.end()
        parts.append(_unquoted(word))
        if not match[2]:
            break
    return parts, start, end, at


def _unquoted(word: str) -> str:
    if word[0] not in "\"'":
        return word
    try:
        return str(tomllib.loads(f"x = {word}")["x"])
    except tomllib.TOMLDecodeError:
        return word[1:-1]


def _header(text: str, at: int, found: dict[Path, Span], counts: dict[Path, int]) -> tuple[Path, int]:
    """Read [a.b] or [[a.b]]; the path of the table it opens, and where reading goes on (-1: a fault)."""
    double = text.startswith("[[", at)
    parts, start, end, after = _keys(text, at + 1 + double)
    closer = "]]" if double else "]"
    if not parts or not text.startswith(closer, after):
        return (), -1
    span = Span(start, end, start, end)
    path: Path = ()
    for part in parts[:-1]:
        path = _last((*path, part), counts)
        found.setdefault(path, span)
    path = (*path, parts[-1])
    if double:
        found.setdefault(path, span)
        path = (*path, counts.setdefault(path, 0))
        counts[path[:-1]] += 1
    found[path] = span
    return path, after + len(closer)


def _last(path: Path, counts: dict[Path, int]) -> Path:
    """The path itself, or the latest table when it names an array of tables."""
    return (*path, counts[path] - 1) if path in counts else path


def _value(text: str, at: int, table: Path, found: dict[Path, Span]) -> int:
    """Read one `key = value`, values inside it too, without recursion; where reading goes on (-1: a fault)."""
    path, key, at = _member(text, at, table, found)
    stack: list[_Open] = []
    while at >= 0:
        if at < len(text) and text[at] in "[{":
            stack.append(_Open("]" if text[at] == "[" else "}", path, at, key, [0]))
            found[path] = Span(at, at + 1, *key)
            at += 1
        elif scalar := _SCALAR.match(text, at):
            found[path] = Span(at, scalar.end(), *key)
            at = scalar.end()
        else:
            return -1
        at = _close(text, at, stack, found)
        if not stack:
            return at
        path, key, at = _inner(text, at, stack[-1], found)
    return -1


def _close(text: str, at: int, stack: list[_Open], found: dict[Path, Span]) -> int:
    """Pass commas and the ends of arrays and tables that finish here."""
    while stack:
        at = _skip(text, at, _SPACE_OR_COMMA)
        if not text.startswith(stack[-1].closer, at):
            break
        at += 1
        done = stack.pop()
        found[done.path] = Span(done.start, at, *done.key)
    return at


def _inner(text: str, at: int, outer: _Open, found: dict[Path, Span]) -> tuple[Path, tuple[int, int], int]:
    if outer.closer == "}":
        return _member(text, at, outer.path, found)
    outer.count[0] += 1
    return (*outer.path, outer.count[0] - 1), (-1, -1), at


def _member(text: str, at: int, table: Path, found: dict[Path, Span]) -> tuple[Path, tuple[int, int], int]:
    """Read `key =`: the path it names, the key's span, and where the value starts (-1: a fault)."""
    parts, start, end, at = _keys(text, at)
    equals = _EQUALS.match(text, at)
    if not parts or not equals:
        return (), (-1, -1), -1
    path: Sequence[str | int] = table
    for part in parts[:-1]:
        path = (*path, part)
        found.setdefault(tuple(path), Span(start, end, start, end))
    return (*path, parts[-1]), (start, end), equals.end()
