"""A bounded look into a file: no size that a file declares makes a reader wait, loop or allocate."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import BinaryIO

MOST_BYTES = 8 << 20
"""What is read of one file in all."""

MOST_AT_ONCE = 2 << 20
MOST_READS = 20_000

KEY_BYTES = 16
ITEM_BYTES = KEY_BYTES + 9
"""A key and the longest length behind it."""


class Window:
    """Reads parts of a file of `size` bytes; when what may be read is used up, there is nothing more to see."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self.size = size
        self._file = file
        self._bytes, self._reads = MOST_BYTES, MOST_READS

    def read(self, at: int, count: int) -> bytes:
        """Up to `count` bytes from `at` on: fewer at the end of the file, and of what may be read at all."""
        count = min(count, self.size - at, MOST_AT_ONCE, self._bytes)
        if at < 0 or count <= 0 or self._reads <= 0:
            return b""
        self._file.seek(at)
        data = self._file.read(count)
        self._bytes -= len(data)
        self._reads -= 1
        return data


def number(data: bytes, at: int, count: int = 4, *, signed: bool = False) -> int:
    """The big-endian integer of `count` bytes at a place; 0 where the data end before it does."""
    part = data[at : at + count]
    return int.from_bytes(part, "big", signed=signed) if len(part) == count else 0


def ber(data: bytes, at: int) -> tuple[int, int]:
    """A BER length (SMPTE ST 336), and how many bytes it takes."""
    first = number(data, at, 1)
    if first < 0x80:
        return first, 1
    return number(data, at + 1, first & 0x7F) if first & 0x7F <= 8 else 0, 1 + (first & 0x7F)


def items(read: Callable[[int, int], bytes], at: int) -> Iterator[tuple[bytes, int, int]]:
    """The items of an MXF from a place on (SMPTE ST 336): key, where the value begins, and its bytes."""
    while len(head := read(at, ITEM_BYTES)) > KEY_BYTES:
        size, skip = ber(head, KEY_BYTES)
        begins = at + KEY_BYTES + skip
        yield head[:KEY_BYTES], begins, size
        at = begins + size


def boxes(window: Window, at: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """The ISO boxes (ISO 14496-12) between two places: type, and where the content begins and ends."""
    end = min(end, window.size)
    while at + 8 <= end:
        head = window.read(at, 16)
        size, begins = number(head, 0), at + 8
        if size == 1:
            size, begins = number(head, 8, 8), at + 16
        elif size == 0:
            size = end - at
        if len(head) < 8 or size < begins - at:
            return
        yield head[4:8], begins, min(at + size, end)
        at += size


def child(window: Window, at: int, end: int, *path: bytes) -> tuple[int, int] | None:
    """Where the content of the first box along a path of types lies."""
    place: tuple[int, int] | None = (at, end)
    for kind in path:
        if place is None:
            return None
        place = next(((begins, ends) for name, begins, ends in boxes(window, *place) if name == kind), None)
    return place
