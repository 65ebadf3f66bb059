"""Finds what TOML 1.1 allows and TOML 1.0 does not, so that a rulebook is read alike by every Python."""

from __future__ import annotations

import re

_PIECE = re.compile(
    r'''(?P<comment>\#[^\n]*)
    |(?P<basic>"""(?:[^"\\]++|\\[\s\S]|"(?!""))*+"{3,5}|"(?:[^"\\\n]++|\\.)*+")
    |(?P<literal>\'{3}(?:[^']++|'(?!''))*+\'{3,5}|'[^'\n]*+')
    |(?P<time>(?<![0-9:+-])[0-9]{2}:[0-9]{2}(?![0-9:]))
    |(?P<mark>[\[\]{},\n])''',
    re.VERBOSE,
)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


def news(text: str) -> tuple[int, int, str] | None:
    """Line and column (from 1) of the first thing that only TOML 1.1 allows, and what it is; None without any."""
    found = _first(text)
    if found is None:
        return None
    at, what = found
    return text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at), what


def _first(text: str) -> tuple[int, str] | None:
    open_: list[str] = []
    comma = -1
    for piece in _PIECE.finditer(text):
        kind, word = piece.lastgroup, piece[0]
        if kind == "basic":
            hit = next((one for one in _ESCAPE.finditer(word) if one[1] in "ex"), None)
            if hit is not None:
                return piece.start() + hit.start(), f"the escape {hit[0]}"
        elif kind == "time":
            return piece.start(), f"the time {word} without seconds"
        elif kind == "mark" and open_[-1:] == ["{"] and word == "\n":
            return piece.start(), "a line break inside { … }"
        elif word == "}" and comma >= 0 and not text[comma + 1 : piece.start()].strip():
            return comma, "a comma after the last entry of { … }"
        comma = _pass(word, kind == "mark", piece.start(), open_, comma)
    return None


def _pass(word: str, is_mark: bool, at: int, open_: list[str], comma: int) -> int:
    """Keep account of brackets; where the latest comma of an inline table stands (-1: nowhere)."""
    if not is_mark:
        return comma
    if word in "[{":
        open_.append(word)
    elif word in "]}" and open_:
        open_.pop()
    return at if word == "," and open_[-1:] == ["{"] else -1


def unclosed(text: str) -> tuple[int, int, str]:
    """Line and column (from 1) of the bracket or long string that is never closed, and its opener.

    Of brackets the innermost. Without any it is the end of the text, and no opener.
    """
    open_: list[tuple[int, str]] = []
    rest = list(text)
    for piece in _PIECE.finditer(text):
        rest[piece.start() : piece.end()] = " " * len(piece[0])
        if piece[0] in ("[", "{"):
            open_.append((piece.start(), piece[0]))
        elif piece[0] in ("]", "}") and open_:
            open_.pop()
    quotes = re.search(r'"""|\'{3}|"|\'', "".join(rest))  # what is left of a string that could not be read
    at, opener = (quotes.start(), quotes[0]) if quotes else open_[-1] if open_ else (len(text.rstrip()), "")
    if quotes and at >= 2 and text[at - 2 : at] == 2 * opener:  # two of three had been taken for an empty string
        at, opener = at - 2, 3 * opener
    return text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at), opener
