"""What this FFmpeg does otherwise than another generation of it, and which options it lacks: by version and table."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

_NUMBERS = re.compile(r"n?(\d+(?:\.\d+)*)")

Entries = Mapping[str, Mapping[str, Any]]


def habits_of(entries: Entries, version: str) -> dict[str, str]:
    """Each entry's name with yes or no: whether an FFmpeg of that version does so.

    A version without numbers is a build of the day, and counts as newer than all.
    """
    return {name: "yes" if _is_in(version, data) else "no" for name, data in entries.items()}


def lacks(entries: Entries, argv: Sequence[str], version: str) -> tuple[str, str]:
    """The first option of an argument list that an FFmpeg of that version has not, in words, and what to do about it.

    Two empty texts where it has them all. An option stands there as -NAME, -NAME:STREAM or, switched off, -noNAME.
    """
    for argument in argv:
        name = argument[1:].partition(":")[0] if argument.startswith("-") else ""
        data = entries.get(name) or entries.get(name.removeprefix("no"))
        if data is not None and not _is_in(version, data):
            return _lack(argument, data, version)
    return "", ""


def _lack(argument: str, data: Mapping[str, Any], version: str) -> tuple[str, str]:
    numbers, since = _numbers(version), data.get("since", "")
    came = bool(since) and bool(numbers) and numbers < _numbers(since)
    why = f"which came with {since}" if came else f"which went with {data.get('until')}"
    other = f"an FFmpeg from {since} on" if came else f"an FFmpeg before {data.get('until')}"
    hint = f"Write {data['instead']} instead, or use {other}." if "instead" in data else f"Use {other}."
    return f"FFmpeg {version} has no option {argument}, {why}", hint


def _is_in(version: str, data: Mapping[str, Any]) -> bool:
    """Whether a version lies from `since` up to, and without, `until`."""
    own, since, until = (_numbers(text) for text in (version, data.get("since", ""), data.get("until", "")))
    return (not own or own >= since) and (not until or (bool(own) and own < until))


def _numbers(version: str) -> tuple[int, ...]:
    found = _NUMBERS.match(version)
    return tuple(int(part) for part in found[1].split(".")) if found else ()
