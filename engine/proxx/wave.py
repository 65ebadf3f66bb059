"""The timecode of Broadcast Wave files: samples since midnight (EBU Tech 3285), at the rate that iXML tells."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from proxx.model import Mark
from proxx.timecode import DROP_RATES, Timecode, frames_of_day, label
from proxx.window import Window

HEADS = (b"RIFF", b"RF64", b"BW64")
MOST_CHUNKS = 1000
MOST_TEXT = 1 << 16
TIME_REFERENCE = 338
"""Where a bext chunk holds its TimeReference: after description, originator, its reference, date and time."""


def wave_marks(window: Window) -> list[Mark]:
    """The timecode of a Broadcast Wave file; none without a bext chunk."""
    chunks = _chunks(window)
    bext, form = chunks.get(b"bext", b""), chunks.get(b"fmt ", b"")
    if len(bext) < TIME_REFERENCE + 8 or len(form) < 8:
        return []
    samples = int.from_bytes(bext[TIME_REFERENCE : TIME_REFERENCE + 8], "little")
    hertz = int.from_bytes(form[4:8], "little")
    text = chunks.get(b"iXML", b"").decode("utf-8", "replace")
    rate, drop = _rate(_inside(text, "TIMECODE_RATE")), _inside(text, "TIMECODE_FLAG") == "DF"
    detail = f"bext time reference {samples} samples at {hertz} Hz"
    reel = _inside(text, "TAPE")
    if not hertz or rate is None or (drop and rate not in DROP_RATES) or samples >= hertz * 90000:
        return [Mark("sound", reel=reel, detail=detail + ", without a timecode rate in iXML")]
    moment = Timecode(_frame(samples, hertz, rate) % frames_of_day(rate, drop=drop), rate, drop)
    return [Mark("sound", label(moment), rate, None, reel, ("drop",) if drop else (), detail)]


def _frame(samples: int, hertz: int, rate: Fraction) -> int:
    """The frame that lasts at a sample, or begins before the next one: recorders write whole samples of 1601.6."""
    length = hertz / rate
    begun = (samples / length).__floor__()
    return begun + 1 if (begun + 1) * length < samples + 1 else begun


def _chunks(window: Window) -> Mapping[bytes, bytes]:
    """The small chunks of a RIFF file by name; the sound itself is stepped over."""
    found: dict[bytes, bytes] = {}
    wide = 0
    at = 12
    for _ in range(MOST_CHUNKS):
        head = window.read(at, 8)
        if len(head) < 8:
            break
        name, size = head[:4], int.from_bytes(head[4:], "little")
        if name == b"ds64":
            wide = int.from_bytes(window.read(at + 16, 8), "little")
        elif name == b"data" and size == 0xFFFFFFFF:
            size = wide
        elif name in (b"bext", b"fmt ", b"iXML"):
            found.setdefault(name, window.read(at + 8, min(size, MOST_TEXT)))
        at += 8 + size + size % 2
    return found


def _inside(text: str, name: str) -> str:
    """The text of the first element of that name; iXML is flat where this matters."""
    _, found, rest = text.partition(f"<{name}>")
    return rest.partition(f"</{name}>")[0].strip() if found else ""


def _rate(text: str) -> Fraction | None:
    """iXML's timecode rate, such as 24000/1001; None for anything that is no rate of 1 to 240."""
    if not text or len(text) > 20 or set(text) - set("0123456789/"):
        return None
    try:
        rate = Fraction(text)
    except (ValueError, ZeroDivisionError):
        return None
    return rate if 1 <= rate <= 240 else None
