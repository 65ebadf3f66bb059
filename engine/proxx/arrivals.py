"""What lies in a watched folder, and for how long each file has been the same by this machine's own clock."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from proxx.ledger import HOME, SUFFIX
from proxx.rulebook import Rulebook

Mark = tuple[int, int, int]
"""Size in bytes, modification time in ns, inode: what must not move while a file is quiet."""


@dataclass(frozen=True, slots=True)
class Sight:
    """A file as it was seen last: since when it is the same (seconds of a monotonic clock), and in how many scans."""

    mark: Mark
    since: float
    scans: int


class Arrivals:
    """Files that are watched by listing them again and again: no event of a share can be trusted."""

    def __init__(self, settings: Mapping[str, Any], listed: Callable[[], Iterable[tuple[str, Mark]]]) -> None:
        self.settings, self.listed = settings, listed
        self.seen: dict[str, Sight] = {}

    def scan(self, now: float) -> Mapping[str, Sight]:
        """Look at every file once; `now` is the moment on a clock that never goes back."""
        found: dict[str, Sight] = {}
        for path, mark in self.listed():
            before = self.seen.get(path)
            same = before is not None and before.mark == mark
            found[path] = Sight(mark, before.since, before.scans + 1) if before and same else Sight(mark, now, 1)
        self.seen = found
        return found

    def quiet(self, path: str, now: float) -> str:
        """no, short or long: whether a file has been the same for long enough, in enough scans."""
        sight = self.seen.get(path)
        if sight is None or sight.scans < self.settings["scans"]:
            return "no"
        passed = now - sight.since
        if passed >= self.settings["long_settle_seconds"]:
            return "long"
        return "short" if passed >= self.settings["settle_seconds"] else "no"


def files_below(folder: str, *, deep: bool = True) -> Iterator[tuple[str, Mark]]:
    """Every file in a folder, `deep` below it too; no hidden folders, no links, nothing that goes away meanwhile."""
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        return
    for entry in entries:
        try:
            if entry.is_dir(follow_symlinks=False):
                if deep and not entry.name.startswith("."):
                    yield from files_below(entry.path)
            elif entry.is_file(follow_symlinks=False):
                status = entry.stat(follow_symlinks=False)
                yield entry.path, (status.st_size, status.st_mtime_ns, status.st_ino)
        except OSError:
            continue


def kind_of(path: str, rulebook: Rulebook, outputs: Sequence[str]) -> str:
    """What a file is by its name and place: media, unfinished, hidden, own or other; `outputs` are our own folders."""
    folder, name = os.path.split(path)
    if any(path.startswith(os.path.join(one, "")) for one in outputs) or _is_output(folder, name):
        return "own"
    if name.startswith("."):
        return "hidden"
    if name.lower().endswith(tuple(rulebook.items["watch"]["unfinished_suffixes"])):
        return "unfinished"
    return "media" if os.path.splitext(name)[1][1:].lower() in _media_ends(rulebook) else "other"


@cache
def _media_ends(rulebook: Rulebook) -> frozenset[str]:
    """How the names of media end, without the dot: asked for every file in every scan."""
    return frozenset(end for data in rulebook.items["container"].values() for end in data.get("extensions", ()))


def _is_output(folder: str, name: str) -> bool:
    """Whether the ledger of the folder knows the file as a proxy."""
    return os.path.lexists(os.path.join(folder, HOME, "clips", name + SUFFIX))
