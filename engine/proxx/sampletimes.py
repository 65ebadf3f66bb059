"""Whether an ISO media file (MOV, MP4) itself says that pictures and sound come evenly: its tables of sample times."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

MAX_TRACKS = 256
PATH = (b"mdia", b"minf", b"stbl", b"stts")
"""Where the table stands inside of a track (ISO 14496-12, 8.6.1.2)."""


def comes_evenly(file: BinaryIO, end: int) -> bool | None:
    """Whether every picture or packet of sound lasts as long as the next, the last one aside; None without tables.

    A header's frame rate and its number of frames agree with a file that halts and hurries, so they prove nothing;
    and a gap in the sound is a packet that lasts longer than the samples in it.
    Only boxes' heads and the first entries of each table are read.
    """
    tables = [
        _is_even(file, *table)
        for moov in _inside(file, 0, end, b"moov")
        for track in list(_inside(file, *moov, b"trak"))[:MAX_TRACKS]
        if _is_timed(file, track)
        for table in _found(file, track, PATH)
    ]
    return all(tables) if tables else None


def _boxes(file: BinaryIO, begin: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Of each box in a part of the file: its name, and where its content begins and ends."""
    at = begin
    while at + 8 <= end:
        file.seek(at)
        head = file.read(16)
        if len(head) < 8:
            return
        size, skip = int.from_bytes(head[:4], "big"), 8
        if size == 1:
            size, skip = int.from_bytes(head[8:16], "big"), 16
        size = end - at if size == 0 else size
        if size < skip:
            return
        yield head[4:8], at + skip, min(at + size, end)
        at += size


def _inside(file: BinaryIO, begin: int, end: int, name: bytes) -> Iterator[tuple[int, int]]:
    return ((start, stop) for found, start, stop in _boxes(file, begin, end) if found == name)


def _found(file: BinaryIO, part: tuple[int, int], path: tuple[bytes, ...]) -> list[tuple[int, int]]:
    """The contents of the boxes at the end of a path."""
    parts = [part]
    for name in path:
        parts = [inner for one in parts for inner in _inside(file, *one, name)]
    return parts


def _is_timed(file: BinaryIO, track: tuple[int, int]) -> bool:
    """Whether a track's handler is that of pictures or of sound."""
    for begin, _ in _found(file, track, (b"mdia", b"hdlr")):
        file.seek(begin + 8)
        if file.read(4) in (b"vide", b"soun"):
            return True
    return False


def _is_even(file: BinaryIO, begin: int, end: int) -> bool:
    """Whether a table of sample times has one run, or one and a last sample of another length."""
    file.seek(begin)
    table = file.read(min(end - begin, 24))
    runs = int.from_bytes(table[4:8], "big")
    return runs == 1 or (runs == 2 and table[16:20] == (1).to_bytes(4, "big"))
