"""The coded pictures of a made proxy: where they lie in their file, and whether each is what its codec writes."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import BinaryIO

from proxx import prores, vc3
from proxx.stored import read_track
from proxx.window import Window, boxes, child, items

CODECS: Mapping[str, tuple[str, Callable[[bytes], str]]] = {
    "prores": ("prores", prores.flaw),
    "dnxhd": ("dnxhd", vc3.flaw),
    "dnxhr": ("dnxhd", vc3.flaw),
}
"""FFmpeg's decoder of a codec, and what looks at one picture of it. Each picture of these stands for itself."""

KEY = bytes.fromhex("060e2b34")
ELEMENT = bytes.fromhex("0d010301")
PICTURE_ITEMS = (0x05, 0x15)
"""What the key of a picture's essence element has (SMPTE ST 379-1, 7): four bytes, four more, and the item's type."""


@dataclass(slots=True)
class Coded:
    """The pictures of a file whose codec can be looked at, each a place and a size, in the order of the file.

    `flaw` is what the first damaged one is found to be, "" as long as none is found; `handed` is how many were handed
    on to be decoded.
    """

    path: str
    codec: str
    places: list[tuple[int, int]] = field(repr=False)
    flaw: str = ""
    handed: int = 0

    @property
    def decoder(self) -> str:
        """FFmpeg's name of what decodes it."""
        return CODECS[self.codec][0]

    def pictures(self, every: int, given_up: Callable[[], bool]) -> Iterator[tuple[int, bytes]]:
        """Look at every picture, and hand on one of so many, the first and the last among them, with its number."""
        _, look = CODECS[self.codec]
        last = len(self.places) - 1
        with open(self.path, "rb", buffering=0) as file:
            for number, (at, size) in enumerate(self.places):
                if given_up():
                    return
                data = os.pread(file.fileno(), size, at)
                wrong = look(data) if len(data) == size else "it is cut short"
                if wrong and not self.flaw:
                    self.flaw = f"picture {number}: {wrong}"
                if number % every == 0 or number == last:
                    self.handed += 1
                    yield number, data


def find_coded(path: str, codec: str | None) -> Coded | None:
    """The pictures of the first video track of a MOV, MP4 or MXF; None where they cannot be found, or looked at."""
    if codec is None or codec not in CODECS:
        return None
    try:
        with open(path, "rb", buffering=0) as file:
            window = Window(file, os.fstat(file.fileno()).st_size)
            places = _in_mxf(file) if window.read(0, len(KEY)) == KEY else _in_mov(window)
    except OSError:
        return None
    return Coded(path, codec, places) if places else None


def _in_mov(window: Window) -> list[tuple[int, int]]:
    """The pictures of the first track of a MOV or MP4 whose handler is that of video (ISO 14496-12, 8.4.3)."""
    moov = child(window, 0, window.size, b"moov")
    tracks = [one for one in boxes(window, *moov) if one[0] == b"trak"] if moov else []
    for number, (_, begins, ends) in enumerate(tracks):
        handler = child(window, begins, ends, b"mdia", b"hdlr")
        if handler is not None and window.read(handler[0] + 8, 4) == b"vide":
            track = read_track(window, number)
            return track.places() if track is not None else []
    return []


def _in_mxf(file: BinaryIO) -> list[tuple[int, int]]:
    """The picture elements of a frame-wrapped MXF."""
    found = []
    for key, begins, size in items(lambda at, count: os.pread(file.fileno(), count, at), 0):
        if key[:4] != KEY:
            return []
        if key[8:12] == ELEMENT and key[12] in PICTURE_ITEMS:
            found.append((begins, size))
    return found
