"""Whether the pictures of a MOV or MP4 lie where its tables say: no hole in their place, no part too long for it."""

from __future__ import annotations

import os
import struct
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from proxx.window import Window, boxes, child, number

HOLE = 16
"""So many zeros begin no picture of any codec that proxx decodes."""

LEAST = 4
"""Fewer bytes than that at the end of a picture are no part of it to FFmpeg."""

CONFIGURATIONS = {b"avcC": 4, b"hvcC": 21}
"""Where H.264 (ISO 14496-15, 5.3.3) and HEVC (8.3.3) say how many bytes tell the length of a part."""

ENTRY = 86
"""Bytes of the description of a picture before its own boxes (ISO 14496-12, 12.1.3)."""

MOST_RUNS = 1 << 17


@dataclass(frozen=True, slots=True)
class Track:
    """The tables of one track: how many pictures, their sizes, the chunks that they lie in, how parts are counted.

    `size` is that of every picture, 0 where each has its own; `runs` are the first picture, the first chunk and the
    pictures of each chunk; `prefix` is the bytes of the length of a part, 0 where pictures have none.
    """

    window: Window
    count: int
    size: int
    sizes: int
    chunks: int
    wide: int
    runs: list[tuple[int, int, int]]
    prefix: int

    def place(self, picture: int) -> tuple[int, int]:
        """Where a picture begins in the file, and how many bytes it has."""
        first, chunk, each = self.runs[bisect_right(self.runs, picture, key=lambda run: run[0]) - 1]
        chunk, before = chunk + (picture - first) // each, (picture - first) % each
        offset = number(self.window.read(self.chunks + self.wide * chunk, self.wide), 0, self.wide)
        if self.size:
            return offset + before * self.size, self.size
        table = self.window.read(self.sizes + 4 * (picture - before), 4 * (before + 1))
        sizes = struct.unpack(f">{len(table) // 4}I", table[: len(table) // 4 * 4])
        return (offset + sum(sizes[:-1]), sizes[-1]) if len(sizes) == before + 1 else (0, 0)

    def places(self) -> list[tuple[int, int]]:
        """Where every picture begins, and how many bytes it has; none where the tables are too long to be read."""
        sizes = [self.size] * self.count if self.size else self._numbers(self.sizes, 4, self.count)
        begins = [first for first, _, _ in self.runs] + [self.count]
        found: list[tuple[int, int]] = []
        for (first, chunk, each), end in zip(self.runs, begins[1:], strict=True):
            offsets = self._numbers(self.chunks + self.wide * chunk, self.wide, -((first - end) // each))
            for offset, picture in zip(offsets, range(first, end, each), strict=False):
                for size in sizes[picture : min(picture + each, end)]:
                    found.append((offset, size))
                    offset += size
        return found if len(found) == self.count else []

    def _numbers(self, at: int, wide: int, count: int) -> tuple[int, ...] | list[int]:
        """So many numbers of a table; fewer where the window allows no more."""
        data = b""
        while len(data) < wide * count and (part := self.window.read(at + len(data), wide * count - len(data))):
            data += part
        return struct.unpack(f">{len(data) // wide}{'Q' if wide == 8 else 'I'}", data[: len(data) // wide * wide])


def misfit(path: str, place: int, most: int) -> tuple[int, int] | None:
    """The number (from 0, as they are stored) of the first picture that cannot be what it should be, and how many
    there are; None where none is found.

    `place` is the track's in the file. Of more pictures than `most` as many are looked at, the first and the last among
    them. A few bytes of each are read, and no more of the file than a Window allows.
    """
    with open(path, "rb", buffering=0) as file:
        track = read_track(Window(file, os.fstat(file.fileno()).st_size), place)
        if track is None:
            return None
        wrong = next((one for one in _chosen(track.count, most) if not _fits(track, *track.place(one))), None)
        return None if wrong is None else (wrong, track.count)


def _chosen(count: int, most: int) -> Iterator[int]:
    if count <= most:
        return iter(range(count))
    return (at * (count - 1) // (most - 1) for at in range(most))


def _fits(track: Track, at: int, size: int) -> bool:
    """Whether a picture begins with something, and its parts fill it. What is not to be read is taken for well."""
    if size >= HOLE and track.window.read(at, HOLE) == bytes(HOLE):
        return False
    end = at + size
    while track.prefix and end - at >= LEAST:
        head = track.window.read(at, track.prefix)
        if len(head) < track.prefix:
            return True
        at += track.prefix
        length = number(head, 0, track.prefix)
        if not 0 < length <= end - at:
            return False
        at += length
    return True


def read_track(window: Window, place: int) -> Track | None:
    """The tables of the track at a place in the order of the file; None where it has none, as in fragmented files."""
    moov = child(window, 0, window.size, b"moov")
    tracks = [one for one in boxes(window, *moov) if one[0] == b"trak"] if moov else []
    table = child(window, *tracks[place][1:], b"mdia", b"minf", b"stbl") if place < len(tracks) else None
    parts = {name: (begins, ends) for name, begins, ends in boxes(window, *table)} if table else {}
    offsets = parts.get(b"co64") or parts.get(b"stco")
    if not offsets or not {b"stsd", b"stsz", b"stsc"} <= set(parts):
        return None
    begins, ends = parts[b"stsz"]
    head = window.read(begins, 12)
    size, count = number(head, 4), number(head, 8)
    if not size:
        count = min(count, (ends - begins - 12) // 4)
    runs = _runs(window, *parts[b"stsc"])
    if count <= 0 or not runs:
        return None
    wide = 8 if b"co64" in parts else 4
    return Track(window, count, size, begins + 12, offsets[0] + 8, wide, runs, _prefix(window, *parts[b"stsd"]))


def _runs(window: Window, begins: int, ends: int) -> list[tuple[int, int, int]]:
    """Of each run of chunks with equally many pictures: its first picture, its first chunk, the pictures of each."""
    table = window.read(begins, min(ends - begins, 8 + 12 * MOST_RUNS))
    runs: list[tuple[int, int, int]] = []
    for at in range(8, 8 + 12 * min(number(table, 4), (len(table) - 8) // 12), 12):
        chunk, each = number(table, at) - 1, number(table, at + 4)
        first = 0
        if runs:
            before, chunks, fewer = runs[-1]
            first = before + (chunk - chunks) * fewer
        if each <= 0 or chunk < 0 or (runs and first <= runs[-1][0]):
            return []
        runs.append((first, chunk, each))
    return runs if runs and runs[0][1] == 0 else []


def _prefix(window: Window, begins: int, ends: int) -> int:
    """How many bytes tell the length of a part of a picture, 0 where the description does not say."""
    for name, begin, _ in boxes(window, begins + 8 + ENTRY, ends):
        if name in CONFIGURATIONS:
            said = window.read(begin + CONFIGURATIONS[name], 1)
            return (said[0] & 3) + 1 if said else 0
    return 0
