"""What this FFmpeg does otherwise than another generation of it, by its version and the rulebook's table."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_NUMBERS = re.compile(r"n?(\d+(?:\.\d+)*)")


def habits_of(entries: Mapping[str, Mapping[str, Any]], version: str) -> dict[str, str]:
    """Each entry's name with yes or no: whether an FFmpeg of that version does so.

    A version without numbers is a build of the day, and counts as newer than all.
    """
    found = _NUMBERS.match(version)
    own = tuple(int(part) for part in found[1].split(".")) if found else ()
    return {name: "yes" if _is_in(own, data) else "no" for name, data in entries.items()}


def _is_in(own: tuple[int, ...], data: Mapping[str, Any]) -> bool:
    """Whether a version lies from `since` up to, and without, `until`."""
    since, until = (tuple(int(part) for part in data.get(key, "").split(".") if part) for key in ("since", "until"))
    return (not own or own >= since) and (not until or (bool(own) and own < until))
