"""Whether a coded DNxHD or DNxHR picture is whole, by its syntax alone (VC-3, SMPTE ST 2019-1): nothing is decoded.

It is less than ProRes tells: rows say where they begin, and not what they hold.
"""

from __future__ import annotations

import struct
from itertools import pairwise

LEAST = 640
"""The shortest header."""

ROWS, INDEX = 0x16C, 0x170
"""Where a header tells the number of macroblock rows, and from where on the place of each."""

END = bytes.fromhex("600dc0de")
"""The last four bytes of every coded picture."""

HOLE = bytes(2048)
"""More zeros than a row of macroblocks has in its midst: FFmpeg pads DNxHR 444 with some 480 at 3840 columns."""


def flaw(data: bytes) -> str:
    """What is wrong with the bytes of one frame, in words; "" where nothing is. Of two fields the first is looked at.

    What stands between the last row's beginning and the end of the frame may be padding, and is not looked at.
    """
    if len(data) < LEAST:
        return "it is cut short"
    (header,), (rows,) = struct.unpack_from(">H", data, 2), struct.unpack_from(">H", data, ROWS)
    if data[:2] != b"\0\0" or header < INDEX + 4 * rows or not rows:
        return "its header is damaged"
    if header > len(data):
        return "it is cut short"
    places = struct.unpack_from(f">{rows}I", data, INDEX)
    if places[0] != 0 or any(later <= place for place, later in pairwise(places)):
        return "the places of its rows are damaged"
    last = header + places[-1]
    if last >= len(data) or data[-len(END) :] != END:
        return "its end is not where it should be"
    return "it has a hole: zeros stand where rows should" if data.find(HOLE, header, last) >= 0 else ""
