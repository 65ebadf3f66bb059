"""What cameras write beside their pictures: Sony's real time metadata, SMPTE RDD 18 in MXF, and GoPro's GPMF.

None of these but the first holds a timecode; what else they tell of a clip's origin is put into words. Sony publishes
no layout of its packets: it is the one that FFmpeg (mov_read_rtmd_track), MediaInfo and telemetry-parser read.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from proxx.model import Mark
from proxx.moments import UNTOLD
from proxx.timecode import DROP_RATES
from proxx.window import ber, number

MOST_PACKET = 1 << 15
"""What is read of one packet."""

HEAD = bytes.fromhex("001c0100")
"""How a packet of Sony's begins: the length of its head, 28 bytes, and a version."""

SETS = bytes.fromhex("060e2b34025301010c020101")
"""What the keys of lens, camera and user-defined sets begin with (SMPTE RDD 18)."""

CAPTURE_RATE, CAMERA, RECORDED = 0x8106, 0x8114, 0xE304
RDD_18 = b"\x43\x05"
"""The identifiers of ancillary packets that carry such sets (SMPTE ST 291-1)."""

MOST_LINES = 64
MOST_DEPTH = 4


def rtmd_mark(packet: bytes, rate: Fraction | None, stream: int) -> Mark:
    """The timecode of a frame's packet of real time metadata; `rate` is that of its track."""
    detail = "Sony's real time metadata"
    if packet[:4] != HEAD or len(packet) < 28:
        return Mark("frame-metadata", stream=stream, detail=f"{detail}, a packet of unknown layout; it is not read")
    hours, minutes, seconds, drop, frame = packet[13:18]
    words = ", ".join((detail, *_words(packet[28:])))
    if packet[13:18].count(0xFF) == 5:
        return Mark("frame-metadata", stream=stream, detail=f"{words}, without a timecode")
    flags = ("drop",) if drop else (UNTOLD,) if rate is None or rate in DROP_RATES else ()
    label = f"{hours:02}:{minutes:02}:{seconds:02}{';' if drop else ':'}{frame:02}"
    return Mark("frame-metadata", label, rate, stream, flags=flags, detail=words)


def ancillary_marks(element: bytes) -> Iterator[Mark]:
    """What the acquisition metadata in a frame's ancillary data tell (SMPTE ST 436-1, RDD 18): no timecode."""
    payload = b"".join(_payloads(element))
    if payload:
        words = ", ".join(
            ("acquisition metadata (SMPTE RDD 18) of the first frame, without a timecode", *_words(payload))
        )
        yield Mark("frame-metadata", detail=words)


def _payloads(element: bytes) -> Iterator[bytes]:
    """The data of RDD 18's packets in order: each has identifiers, a count of bytes, its place, and then its part."""
    at = 2
    for _ in range(min(number(element, 0, 2), MOST_LINES)):
        size = number(element, at + 6) * number(element, at + 10)
        packet = element[at + 14 : at + 14 + size]
        if packet[:2] == RDD_18 and len(packet) > 3:
            yield packet[4 : 3 + packet[2]]
        at += 14 + size


def _words(data: bytes) -> Iterator[str]:
    """What sets of acquisition metadata tell of a clip's origin: camera, capture rate and moment of recording."""
    items = dict(_items(data))
    if camera := items.get(CAMERA, b"").decode("utf-8", "replace").partition("\0")[0].strip():
        yield f"camera {camera}"
    rate = items.get(CAPTURE_RATE, b"")
    if number(rate, 0) and number(rate, 4):
        yield f"captured at {Fraction(number(rate, 0), number(rate, 4))} frames a second"
    moment = items.get(RECORDED, b"")[1:].hex()
    if len(moment) >= 14 and moment[:14].isdecimal():
        yield f"recorded {moment[:4]}-{moment[4:6]}-{moment[6:8]} {moment[8:10]}:{moment[10:12]}:{moment[12:14]}"


def _items(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The items of all sets that follow each other: two bytes of tag, two of length."""
    at = 0
    while data[at : at + 12] == SETS:
        size, skip = ber(data, at + 16)
        at += 16 + skip
        end = min(at + size, len(data))
        while at + 4 <= end:
            length = number(data, at + 2, 2)
            yield number(data, at, 2), data[at + 4 : min(at + 4 + length, end)]
            at += 4 + length
        at = end


def gopro_mark(settings: bytes, packet: bytes, stream: int) -> Mark:
    """What GoPro's metadata of the file and of the first packet tell: camera and recording, no timecode."""
    told = dict(_gpmf(packet)) | dict(_gpmf(settings))
    texts = {
        key: told[key].decode("latin-1").partition("\0")[0].strip()
        for key in (b"MINF", b"DVNM", b"CASN")
        if key in told
    }
    words = ["GoPro's metadata (GPMF), which hold no timecode; GoPro keeps it in a tmcd track"]
    words += [f"camera {name}" for name in (texts.get(b"MINF") or texts.get(b"DVNM"),) if name]
    words += [f"serial number {texts[b'CASN']}"] if texts.get(b"CASN") else []
    words += [f"media id {told[b'MUID'].hex()}"] if any(told.get(b"MUID", b"")) else []
    return Mark("frame-metadata", stream=stream, detail=", ".join(words))


def _gpmf(data: bytes, depth: int = 0) -> Iterator[tuple[bytes, bytes]]:
    """The values of GPMF: four signs, a type, the size of one and how many there are; padded to four bytes."""
    at = 0
    while at + 8 <= len(data):
        size = number(data, at + 5, 1) * number(data, at + 6, 2)
        body = data[at + 8 : at + 8 + size]
        if data[at + 4] == 0 and depth < MOST_DEPTH:
            yield from _gpmf(body, depth + 1)
        else:
            yield data[at : at + 4], body
        at += 8 + -(-size // 4) * 4
