"""Changes single values of a TOML text, and leaves every other byte of it, comments above all, as it is."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

import tomli_w

from proxx.tomltext import Span, spans

Path = tuple[str | int, ...]


def rewritten(text: str, wanted: Mapping[str, Any]) -> str:
    """The text with other values, so that it reads as `wanted`; what reads the same already is not touched."""
    now = dict(_leaves(tomllib.loads(text), ()))
    then = dict(_leaves(wanted, ()))
    for path in [path for path in now if path not in then]:
        text = _without(text, path)
    for path, value in then.items():
        if path not in now or now[path] != value:
            text = _with(text, path, value)
    text = _without_headers(text, wanted)
    if tomllib.loads(text) != wanted:  # an unusual way of writing, such as dotted keys: made anew, without comments
        head = "".join(f"{line}\n" for line in text.splitlines()[:2] if line.startswith("#"))
        return f"{head}\n{tomli_w.dumps(wanted, multiline_strings=True)}"
    return text


def literal(value: object) -> str:
    """A value as TOML writes it: lists on one line, texts of several lines between three quotes."""
    if isinstance(value, list):
        return f"[{', '.join(map(literal, value))}]"
    return tomli_w.dumps({"k": value}, multiline_strings=True).removeprefix("k = ").removesuffix("\n")


def _leaves(value: Mapping[str, Any], path: Path) -> Iterator[tuple[Path, Any]]:
    """Every value that is no table, by its path."""
    for key, member in value.items():
        if isinstance(member, Mapping) and member:
            yield from _leaves(member, (*path, key))
        else:
            yield (*path, key), member


def _line(text: str, start: int, end: int) -> tuple[int, int]:
    """The whole lines that an extent of the text touches, with the last line's end."""
    close = text.find("\n", end)
    return text.rfind("\n", 0, start) + 1, len(text) if close < 0 else close + 1


def _is_header(span: Span) -> bool:
    """Whether a table of its own stands here: its name is its place."""
    return span.start == span.key_start


def _without(text: str, path: Path) -> str:
    span = spans(text).get(path)
    if span is None or span.key_start < 0 or _is_header(span):
        return text
    start, end = _line(text, span.key_start, span.end)
    return text[:start] + text[end:]


def _without_headers(text: str, wanted: Mapping[str, Any]) -> str:
    """The text without the headers of tables that have no members any more, and the blank line before each."""
    for path, span in reversed(spans(text).items()):
        at: Any = wanted
        for key in path:
            at = at.get(key, {}) if isinstance(at, Mapping) else {}
        if _is_header(span) and at == {}:
            start, end = _line(text, span.start, span.end)
            text = text[:start].removesuffix("\n") + text[end:]
    return text


def _with(text: str, path: Path, value: object) -> str:
    known = spans(text)
    if path in known:
        span = known[path]
        return text[: span.start] + literal(value) + text[span.end :]
    table = path[:-1]
    line = f"{literal_key(str(path[-1]))} = {literal(value)}\n"
    members = [span.end for key, span in known.items() if key[:-1] == table and not _is_header(span)]
    if members or table in known:
        at = max(members, default=known[table].end if table in known else 0)
        end = _line(text, at, at)[1]
        return text[:end] + line + text[end:]
    header = ".".join(literal_key(str(key)) for key in table)
    return f"{text.rstrip()}\n\n[{header}]\n{line}"


def literal_key(key: str) -> str:
    """A key as TOML writes it."""
    return tomli_w.dumps({key: 0}).partition(" = ")[0]
