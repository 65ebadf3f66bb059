"""Pieces of Markdown that read the same on a code host and in the site: text, code, tables, lists."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence

_SPECIAL = re.compile(r"([\\`*\[\]|]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9]))")
_ENTITIES = {ord(sign): f"&#{ord(sign)};" for sign in "|\\`*_[]"}
_RUNS = re.compile(r"`+")


def plain(text: object) -> str:
    """A text in which nothing is markup; line breaks stay."""
    escaped = str(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _SPECIAL.sub(r"\\\1", escaped)


def line(text: object) -> str:
    """A text in which nothing is markup, on one line."""
    return " ".join(plain(text).split())


def code(text: object) -> str:
    """A code span on one line; a bar in it is written so that it ends no cell of a table, wherever it is read."""
    words = " ".join(str(text).split())
    if "|" in words:
        return f"<code>{html.escape(words, quote=False).translate(_ENTITIES)}</code>"
    ticks = "`" * (max((len(run) for run in _RUNS.findall(words)), default=0) + 1)
    gap = " " if words.startswith("`") or words.endswith("`") else ""
    return f"{ticks}{gap}{words}{gap}{ticks}" if words else ""


def codes(values: Iterable[object]) -> str:
    """Several code spans, with commas between them."""
    return ", ".join(code(value) for value in values)


def fence(text: str, language: str = "text") -> str:
    """A block of code, fenced so that nothing in it can end the fence."""
    ticks = "`" * max(3, max((len(run) for run in _RUNS.findall(text)), default=0) + 1)
    body = text.rstrip("\n")
    return f"{ticks}{language}\n{body}\n{ticks}"


def grid(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; heads and cells are Markdown already."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def listed(items: Iterable[str]) -> str:
    """A list with bullets."""
    return "\n".join(f"* {item}" for item in items)


def numbered(items: Iterable[str]) -> str:
    """A list with numbers, from 1."""
    return "\n".join(f"{number}. {item}" for number, item in enumerate(items, 1))


def page(title: str, *parts: str) -> str:
    """A whole page: its title and its parts that are not empty, with a blank line between them."""
    return "\n\n".join([f"# {title}", *(part.strip("\n") for part in parts if part)]) + "\n"
