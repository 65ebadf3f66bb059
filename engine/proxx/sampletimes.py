"""What an ISO media file (MOV, MP4) itself says of its tracks: whether times are even, what edit lists show, names."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import BinaryIO

MAX_TRACKS = 256
MAX_EDITS = 4096
MAX_NAME = 1024
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


def edited_lengths(file: BinaryIO, end: int) -> dict[int, tuple[Fraction, Fraction]]:
    """Seconds that the edit list of a track shows and how exactly it says so, by the track's place in the file.

    FFmpeg counts a pause at the beginning (an empty edit) as a part of the length, and of several parts no more than
    the track has, though a part may be shown twice. A list of one part is read right, and left out.
    """
    found = {}
    for moov in _inside(file, 0, end, b"moov"):
        scale = next((_scale(file, begin) for begin, _ in _inside(file, *moov, b"mvhd")), 0)
        for place, track in enumerate(list(_inside(file, *moov, b"trak"))[:MAX_TRACKS]):
            for begin, stop in _found(file, track, (b"edts", b"elst")):
                parts = _edits(file, begin, stop)
                shown = [length for length, media in parts if media >= 0]
                if scale and shown and all(shown) and len(parts) > 1:
                    found[place] = Fraction(sum(shown), scale), Fraction(1, scale)
    return found


def track_names(file: BinaryIO, end: int) -> dict[int, str]:
    """The names that tracks have as user data, by their places in the file: FFmpeg writes them, and reads none."""
    found = {}
    for moov in _inside(file, 0, end, b"moov"):
        for place, track in enumerate(list(_inside(file, *moov, b"trak"))[:MAX_TRACKS]):
            for begin, stop in _found(file, track, (b"udta", b"name"))[:1]:
                file.seek(begin)
                name = file.read(max(min(stop - begin, MAX_NAME), 0)).decode("utf-8", "replace")
                if name and name.isprintable() and "\ufffd" not in name:
                    found[place] = name
    return found


def _scale(file: BinaryIO, begin: int) -> int:
    """Ticks a second of the movie header (ISO 14496-12, 8.2.2)."""
    file.seek(begin)
    head = file.read(24)
    at = 20 if head[:1] == b"\1" else 12
    return int.from_bytes(head[at : at + 4], "big")


def _edits(file: BinaryIO, begin: int, end: int) -> list[tuple[int, int]]:
    """The parts of an edit list (8.6.6): ticks of the movie that each lasts, and where it begins, -1 for a pause."""
    file.seek(begin)
    table = file.read(min(end - begin, 8 + 20 * MAX_EDITS))
    wide = 8 if table[:1] == b"\1" else 4
    count = min(int.from_bytes(table[4:8], "big"), (len(table) - 8) // (2 * wide + 4))
    starts = range(8, 8 + count * (2 * wide + 4), 2 * wide + 4)
    return [
        (
            int.from_bytes(table[at : at + wide], "big"),
            int.from_bytes(table[at + wide : at + 2 * wide], "big", signed=True),
        )
        for at in starts
    ]


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
