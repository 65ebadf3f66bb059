"""The difference of two rulebooks in words: for a terminal, and as Markdown for a pull request."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from proxx.jsonout import json_text

MOST_CLIPS = 20
"""Clips that are named one by one; JSON has them all."""
MOST_NAMES = 6

NOTHING = "no change: every input gets the answer it got, every profile makes what it made"


def as_text(document: Mapping[str, Any]) -> str:
    """The difference for people."""
    lines = [_head(document)]
    for title, told in _sections(document):
        lines += ["", title]
        for headline, details, diff in told:
            lines.append(f"  {headline}")
            lines += [f"    {line}" for line in (*details, *diff)]
    return "\n".join(lines) + "\n"


def as_markdown(document: Mapping[str, Any]) -> str:
    """The difference for a pull request: a list for each section, argument lists as diff blocks."""
    lines = [f"**{_head(document)}**"]
    for title, told in _sections(document):
        lines += ["", f"### {title}", ""]
        for headline, details, diff in told:
            lines.append(f"* {_code(headline)}")
            lines += [f"  * {_code(line)}" for line in details]
            lines += ["", "  ```diff", *(f"  {line}" for line in diff), "  ```"] if diff else []
    return "\n".join(lines) + "\n"


def as_json(document: Mapping[str, Any]) -> str:
    """The published shape."""
    return json_text(document)


def _code(line: str) -> str:
    """A line in which no name can be read as Markdown."""
    fence = "``" if "`" in line else "`"
    return f"{fence}{line}{fence}"


_Told = Iterator[tuple[str, Sequence[str], Sequence[str]]]
"""Of every change: a headline, further lines, and a unified difference."""


def _head(document: Mapping[str, Any]) -> str:
    names = [
        f"{book['name']} {book['version']} ({book['digest'][7:15]})" for book in (document["old"], document["new"])
    ]
    return f"{names[0]} → {names[1]}" + ("" if document["changed"] else f": {NOTHING}")


def _sections(document: Mapping[str, Any]) -> Iterator[tuple[str, _Told]]:
    parts: list[tuple[str, str, Callable[[Sequence[Mapping[str, Any]]], _Told]]] = [
        ("tables", "Answers", _tables),
        ("facts", "Facts", _entries),
        ("findings", "Findings", _entries),
        ("entries", "Words and settings", _entries),
        ("profiles", "Profiles", _profiles),
        ("clips", "Clips", _clips),
    ]
    for key, title, tell in parts:
        if document[key]:
            yield title, tell(document[key])


def _tables(changes: Sequence[Mapping[str, Any]]) -> _Told:
    for change in changes:
        yield from _table(change)


def _table(change: Mapping[str, Any]) -> _Told:
    if change["change"] != "changed":
        yield f"table {change['table']} {change['change']} ({', '.join(change['columns'])})", (), ()
        return
    if change["keys"]:
        yield f"table {change['table']}", [_key(one) for one in change["keys"]], ()
    for one in change["inputs"]:
        where = ", ".join(f"{column}={'|'.join(values)}" for column, values in one["where"].items()) or "any input"
        yield f"{change['table']}: {where}: {_answer(one['before'])} → {_answer(one['after'])}", (), ()


def _answer(answer: Mapping[str, Any] | None) -> str:
    if answer is None:
        return "not a known input"
    words = [f"{name}={value}" for name, value in answer["outcome"].items()]
    return ", ".join([*words, *([answer["finding"]] if answer["finding"] else [])]) or "allowed"


def _entries(changes: Sequence[Mapping[str, Any]]) -> _Told:
    for change in changes:
        name = f"{change['kind']} {change['name']}" if "kind" in change else f"fact {change['name']}"
        yield f"{name} {change['change']}", [_key(one) for one in change["keys"]], ()


def _key(change: Mapping[str, Any]) -> str:
    """One value that differs; of a list what came and what went, where that says it all."""
    before, after = change["before"], change["after"]
    label = f"{change['key']}: " if change["key"] else ""
    if isinstance(before, list) and isinstance(after, list):
        gone = [f"-{_plain(one)}" for one in before if one not in after]
        come = [f"+{_plain(one)}" for one in after if one not in before]
        if gone or come:
            return label + " ".join([*gone, *come])
    return f"{label}{_plain(before)} → {_plain(after)}"


def _plain(value: Any) -> str:
    if value is None:
        return "(none)"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _profiles(changes: Sequence[Mapping[str, Any]]) -> _Told:
    """Each profile's own values; then what is made of which sources, said once for all profiles that do so alike."""
    alike: dict[str, tuple[list[str], Mapping[str, Any]]] = {}
    for change in changes:
        if change["keys"] or change["change"] != "changed":
            yield f"profile {change['name']} {change['change']}", [_key(one) for one in change["keys"]], ()
        for one in change["sources"]:
            alike.setdefault(json.dumps(one), ([], one))[0].append(change["name"])
    for names, one in alike.values():
        words = f"{_some(names)} of {_some(one['names'])}: {_made(one)}"
        yield f"profile{'s' if len(names) > 1 else ''} {words}", _remarks(one), one["diff"]


def _made(change: Mapping[str, Any]) -> str:
    before, after = change["before"], change["after"]
    if before["verdict"] != after["verdict"]:
        return f"{before['verdict']} → {after['verdict']}"
    return "other arguments" if change["diff"] else "other remarks"


def _remarks(change: Mapping[str, Any]) -> list[str]:
    return [f"{sign} {one}" for sign, side in (("-", "before"), ("+", "after")) for one in change[side]["remarks"]]


def _some(names: Sequence[str]) -> str:
    """The names, or of many the first and how many more there are."""
    return ", ".join(names) if len(names) <= MOST_NAMES else f"{', '.join(names[:3])} and {len(names) - 3} more"


def _clips(changes: Sequence[Mapping[str, Any]]) -> _Told:
    """How many clips change, and what changes of each of the first."""
    routes = sum(change["route"] is not None for change in changes)
    count = "1 clip changes" if len(changes) == 1 else f"{len(changes)} clips change"
    yield f"{count}, {routes} in route", (), ()
    for change in changes[:MOST_CLIPS]:
        details = []
        if change["route"] is not None:
            before, after = (", ".join((one["engine"], *one["findings"])) for one in change["route"].values())
            details.append(f"route: {before} → {after}")
        details += [f"{one['name']}: {', '.join([_made(one), *_remarks(one)])}" for one in change["profiles"]]
        yield change["path"], details, ()
    if len(changes) > MOST_CLIPS:
        yield f"… and {len(changes) - MOST_CLIPS} more (--format json names all)", (), ()
