"""Media of a watched folder of which nothing was made for lack of room: they wait for room, not for another content."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from proxx.failure import LEAST_ROOM
from proxx.preflight import standing_parent

NEEDS = "needs_bytes"
"""The field of a note that says how many bytes did not suffice for a file."""


class Room:
    """The room on the volume of the proxies, and which files wait for more of it.

    A file is tried again when there is more room than did not suffice. Those that waited when the watcher started
    are tried once whatever there is, for somebody may have started it with other words; not in a single turn, which
    a clock may begin every minute.
    """

    def __init__(self, folder: str, *, anew: bool) -> None:
        self.folder, self.anew = folder, anew
        self.old: set[str] | None = None
        self.free = 0

    def look(self) -> None:
        """Take in how much room there is now."""
        found = os.statvfs(standing_parent(self.folder))
        self.free = found.f_bavail * found.f_frsize

    def suffices(self, path: str, document: Mapping[str, Any]) -> bool:
        """Whether a file of which this is written down may be tried again."""
        if self.anew and self.old is not None and path in self.old:
            return True
        return self.free > int(document[NEEDS]) + LEAST_ROOM

    def begin(self, waiting: set[str]) -> None:
        """Take in which files waited when the watcher started."""
        if self.old is None:
            self.old = waiting

    def tried(self, path: str) -> None:
        """A file was tried in this watcher's time."""
        if self.old is not None:
            self.old.discard(path)


def needs_of(document: Mapping[str, Any] | None) -> int:
    """The bytes that did not suffice for a file of which this is written down; 0 when it does not wait for room."""
    found = (document or {}).get(NEEDS)
    return found if isinstance(found, int) and not isinstance(found, bool) and found > 0 else 0
