"""The boxes of finished MOV and MP4 files, read and changed in place where FFmpeg has no option for it."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

FOLDERS = frozenset({b"moov", b"trak", b"mdia", b"minf", b"stbl", b"edts"})
"""Boxes that hold nothing but boxes."""

DROP_FRAME = 1
"""The flag of a timecode track's sample entry (QuickTime File Format, timecode sample description)."""

TURNED = {
    0: (1, 0, 0, 1),
    90: (0, 1, -1, 0),
    180: (-1, 0, 0, -1),
    270: (0, -1, 1, 0),
}
"""The display matrix a, b, c, d for a clockwise turn in degrees."""


@dataclass(frozen=True, slots=True)
class Box:
    """A box: its names from the outermost in, and where its content begins and ends in the file."""

    path: tuple[bytes, ...]
    begin: int
    end: int

    @property
    def name(self) -> bytes:
        """Its own name."""
        return self.path[-1]


def boxes(
    data: bytes | bytearray, begin: int = 0, end: int | None = None, path: tuple[bytes, ...] = ()
) -> Iterator[Box]:
    """Every box of a file, each before those in it."""
    at, end = begin, len(data) if end is None else end
    while at + 8 <= end:
        size, name = struct.unpack_from(">I4s", data, at)
        head = 8
        if size == 1:
            (size,), head = struct.unpack_from(">Q", data, at + 8), 16
        size = size or end - at
        if size < head or at + size > end:
            return
        box = Box((*path, name), at + head, at + size)
        yield box
        if name in FOLDERS:
            yield from boxes(data, box.begin, box.end, box.path)
        at += size


def tracks(data: bytes | bytearray, kind: bytes) -> Iterator[dict[bytes, Box]]:
    """The boxes of each track of a kind (vide, soun, tmcd), by their names."""
    for trak in boxes(data):
        if trak.name == b"trak":
            inner = {box.name: box for box in boxes(data, trak.begin, trak.end)}
            # hdlr of the media: version and flags, component type, then the subtype that tells what the track is.
            media = next(
                box for box in boxes(data, trak.begin, trak.end, (b"trak",)) if box.path[-2:] == (b"mdia", b"hdlr")
            )
            if bytes(data[media.begin + 8 : media.begin + 12]) == kind:
                yield inner


def turn(data: bytearray, degrees: int, width: int, height: int) -> bool:
    """Say that the picture must be turned clockwise to be upright; whether there is a picture."""
    for track in tracks(data, b"vide"):
        a, b, c, d = TURNED[degrees]
        x = height if degrees == 90 else width if degrees == 180 else 0
        y = height if degrees == 180 else width if degrees == 270 else 0
        one = 1 << 16
        matrix = (a * one, b * one, 0, c * one, d * one, 0, x * one, y * one, 1 << 30)
        head = track[b"tkhd"]
        struct.pack_into(">9i", data, head.end - 44, *matrix)
        return True
    return False


def hide(data: bytearray, frames: int, frame_seconds: float) -> bool:
    """Hide that many frames before the first one that is shown; whether the picture has an edit list to say it in."""
    for track in tracks(data, b"vide"):
        edits, media = track.get(b"elst"), track[b"mdhd"]
        if edits is None or data[edits.begin] != 0:
            return False
        (count,) = struct.unpack_from(">I", data, edits.begin + 4)
        at = edits.begin + 8 + 12 * (count - 1)
        length, begin = struct.unpack_from(">Ii", data, at)
        (scale,) = struct.unpack_from(">I", data, media.begin + (20 if data[media.begin] else 12))
        movie = next(box for box in boxes(data) if box.name == b"mvhd")
        (clock,) = struct.unpack_from(">I", data, movie.begin + (20 if data[movie.begin] else 12))
        hidden = frames * frame_seconds
        struct.pack_into(">Ii", data, at, length - round(hidden * clock), begin + round(hidden * scale))
        return True
    return False


def forget_layouts(data: bytearray) -> None:
    """Take away what the sound tracks say of their channels' places."""
    for track in tracks(data, b"soun"):
        entry = track[b"stsd"]
        at = data.find(b"chan", entry.begin, entry.end)
        if at >= 0:
            data[at : at + 4] = b"free"


def set_drop_frame(data: bytearray, *, drop: bool) -> bool:
    """Set or clear the drop-frame flag of the timecode tracks; whether there is one."""
    found = False
    for track in tracks(data, b"tmcd"):
        at = _timecode_flags(track)
        (flags,) = struct.unpack_from(">I", data, at)
        struct.pack_into(">I", data, at, flags | DROP_FRAME if drop else flags & ~DROP_FRAME)
        found = True
    return found


def timecode_label(data: bytes | bytearray) -> str:
    """The label of the first timecode track as it stands there, "" without one: HH:MM:SS:FF, ; for its drop-frame flag.

    The number is counted without drop-frame: this tells what is written, right or wrong.
    """
    for track in tracks(data, b"tmcd"):
        at = _timecode_flags(track)
        flags, _, _, base = struct.unpack_from(">IIIB", data, at)
        offsets = track.get(b"stco") or track[b"co64"]
        (place,) = struct.unpack_from(">Q" if offsets.name == b"co64" else ">I", data, offsets.begin + 8)
        (count,) = struct.unpack_from(">I", data, place)
        seconds, frame = divmod(count, base)
        minutes, second = divmod(seconds, 60)
        mark = ";" if flags & DROP_FRAME else ":"
        return f"{minutes // 60 % 24:02}:{minutes % 60:02}:{second:02}{mark}{frame:02}"
    return ""


def _timecode_flags(track: dict[bytes, Box]) -> int:
    """Where a timecode track's flags stand: after the count of entries, the entry's head, and four bytes of nothing."""
    return track[b"stsd"].begin + 8 + 8 + 8 + 4
