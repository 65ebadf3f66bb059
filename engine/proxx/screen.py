"""How text stands on a terminal: how wide letters are, where lines break, what is shown for the unshowable."""

from __future__ import annotations

import unicodedata

TAB = 4
NARROWEST = 20
_WIDE = frozenset("WF")
_NO_ROOM = frozenset(("Mn", "Me"))


def visible(text: str) -> str:
    """The text with signs for what no terminal shows: blanks for a tab, ␛ for escape, <U+202E> for a turn of reading.

    A byte of a file name that is no UTF-8 is shown as \\xff.
    """
    return text if text.isprintable() else "".join(map(_sign, text))


def _sign(letter: str) -> str:
    code = ord(letter)
    if letter == "\t":
        return " " * TAB
    if code < 0x20 or code == 0x7F:
        return chr(0x2421 if code == 0x7F else 0x2400 + code)
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    return letter if letter.isprintable() or letter == "\u3000" else f"<U+{code:04X}>"


def cells(text: str) -> int:
    """The columns that a visible text takes: two for East Asian and emoji letters, none for combining marks."""
    return len(text) if text.isascii() else sum(map(_cells, text))


def _cells(letter: str) -> int:
    if unicodedata.category(letter) in _NO_ROOM:
        return 0
    return 2 if unicodedata.east_asian_width(letter) in _WIDE else 1


def wrapped(text: str, width: int | None, *, first: int = 0, hang: int = 0) -> list[str]:
    """The text in lines of at most `width` columns, broken between words, or within one that is longer than a line.

    `first` columns of the first line are taken already; further lines begin with `hang` blanks, which are there.
    """
    if width is None or first + cells(text) <= width:
        return [text]
    width = max(width, NARROWEST)
    lines, line, room = [], "", width - first
    for word in text.split(" "):
        joined = f"{line} {word}" if line else word
        if cells(joined) <= room:
            line = joined
            continue
        if line:
            lines.append(line)
            line, room = "", width - hang
        while cells(word) > room:
            end = fitting(word, room)
            lines.append(word[:end])
            word, room = word[end:], width - hang
        line = word
    lines.append(line)
    return [lines[0], *(" " * hang + one for one in lines[1:])]


def folded(text: str, width: int | None) -> str:
    """Lines for people, each broken at the width; what follows of a line stands four columns deeper than it."""
    if width is None:
        return text
    lines = []
    for line in text.split("\n"):
        words = line.lstrip(" ")
        indent = len(line) - len(words)
        first, *rest = wrapped(words, width, first=indent, hang=indent + 4)
        lines += [" " * indent + first, *rest]
    return "\n".join(lines)


def fitting(text: str, room: int) -> int:
    """How many letters of a visible text fit into that many columns; one at least."""
    used = 0
    for index, letter in enumerate(text):
        used += _cells(letter)
        if used > room:
            return max(1, index)
    return len(text)


def window(text: str, column: int, length: int, room: int) -> tuple[int, int]:
    """The letters of a line, from and to, that are shown so that what stands at `column` (from 1) is seen.

    Where letters are left out, one column on that side is kept for a sign that says so.
    """
    begin = min(column - 1, len(text))
    if len(text) <= 4 * room and cells(visible(text)) <= room:
        return 0, len(text)
    lowest, highest = max(0, begin - room), min(len(text), begin + room)  # a line may be megabytes long
    wanted = cells(visible(text[begin : min(begin + length, highest)]))
    lead = min(max(room // 4, room - wanted - 10), room * 2 // 3)
    start, before = begin, 0
    while start > lowest and before + cells(visible(text[start - 1])) < lead:
        start -= 1
        before += cells(visible(text[start]))
    end, used = begin, before + 2
    while end < highest and used + cells(visible(text[end])) <= room:
        used += cells(visible(text[end]))
        end += 1
    return start, end
