"""Counts frames by SMPTE ST 12-1 timecode: labels to frame numbers and back, drop-frame included."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

DROP_RATES = frozenset(Fraction(base * 1000, 1001) for base in (30, 60, 120))
"""The rates that have drop-frame labels: multiples of 30000/1001, whose nominal count runs ahead of the clock."""

ROUNDED = 20_000
"""A rate nearer than this part of itself to an exact one is that one; 30 and 30000/1001 lie 20 times further apart."""

_LABEL = re.compile(r"(\d\d):(\d\d):(\d\d)([:;.,])(\d{1,3})", re.ASCII)
_DROP_MARKS = frozenset(";.,")


class TimecodeError(ValueError):
    """A label that no clock of the given rate can show; `str()` says why."""


@dataclass(frozen=True, slots=True)
class Timecode:
    """A moment of the day: `frames` since midnight at `rate` frames per second, labelled with or without drop-frame."""

    frames: int
    rate: Fraction
    drop: bool = False

    def __str__(self) -> str:
        return label(self)


@lru_cache(maxsize=256)
def nominal(rate: Fraction) -> int:
    """Frames that a labelled second counts: 24 for 24000/1001, 30 for 30000/1001, 25 for 25."""
    if rate <= 0:
        raise TimecodeError(f"a frame rate is greater than zero, not {rate}")
    return max((rate + Fraction(1, 2)).__floor__(), 1)


def frames_of_day(rate: Fraction, *, drop: bool = False) -> int:
    """How many labels a day has before it begins again at 00:00:00:00."""
    return 144 * _frames_of_ten_minutes(nominal(rate), _dropped(rate, drop))


def parse(text: str, rate: Fraction) -> Timecode:
    """The moment that a label names: HH:MM:SS:FF, or HH:MM:SS;FF for drop-frame (ffmpeg also writes . and ,).

    Frames have three digits beyond 100 a second; up to ten a second FFmpeg writes them with one.

    Raises TimecodeError for a text that is no label, for numbers past their end, for drop-frame at a rate that
    has none and for labels that drop-frame leaves out (00:01:00;00).
    """
    match = _LABEL.fullmatch(text)
    if match is None:
        raise TimecodeError(f"{text!r} is no timecode: it reads HH:MM:SS:FF, or HH:MM:SS;FF for drop-frame")
    hours, minutes, seconds, frame = (int(match[group]) for group in (1, 2, 3, 5))
    drop, base = match[4] in _DROP_MARKS, nominal(rate)
    ends = {"hours": (hours, 24), "minutes": (minutes, 60), "seconds": (seconds, 60), "frames": (frame, base)}
    for what, (value, end) in ends.items():
        if value >= end:
            raise TimecodeError(f"{text!r} is no timecode at {rate} frames per second: {what} end at {end - 1}")
    dropped = _dropped(rate, drop)
    if frame < dropped and seconds == 0 and minutes % 10:
        raise TimecodeError(f"{text!r} does not exist: drop-frame leaves out the first {dropped} labels of this minute")
    minute = hours * 60 + minutes
    return Timecode((minute * 60 + seconds) * base + frame - dropped * (minute - minute // 10), rate, drop)


def label(timecode: Timecode) -> str:
    """The label of a moment, ";" before the frames when it is drop-frame; moments past midnight wrap."""
    base, dropped = nominal(timecode.rate), _dropped(timecode.rate, timecode.drop)
    count = timecode.frames % frames_of_day(timecode.rate, drop=timecode.drop)
    tens, rest = divmod(count, _frames_of_ten_minutes(base, dropped))
    # The first minute of every ten keeps all its labels; each of the other nine has lost `dropped` of them.
    minute = 0 if rest < base * 60 else 1 + (rest - base * 60) // (base * 60 - dropped)
    seconds, frame = divmod(count + dropped * (tens * 9 + minute), base)
    minutes, second = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    width = 3 if base > 100 else 2
    return f"{hours:02}:{minutes:02}:{second:02}{';' if timecode.drop else ':'}{frame:0{width}}"


def counting(own: Fraction | None, picture: Fraction | None) -> Fraction | None:
    """The rate at which a label counts: its own, where that does more than round the picture's (30 for 30000/1001)."""
    if own is None or picture is None:
        return exact(own or picture)
    return exact(picture if nominal(own) == nominal(picture) else own)


def exact(rate: Fraction | None) -> Fraction | None:
    """The rate that a container has rounded: Matroska keeps 60000/1001 as 19001/317. Any other one comes back."""
    if rate is None or rate <= 0:
        return rate
    base = Fraction(nominal(rate))
    near = (one for one in (base, base * 1000 / 1001) if abs(one - rate) * ROUNDED < one)
    return next(near, rate)


def conform(timecode: Timecode, rate: Fraction) -> Timecode:
    """The same start at another rate: the frame nearest to the time that the label shows.

    The label is what people read, so 01:00:00:00 stays 01:00:00:00 at every rate (at 24000/1001 it is 3.6
    seconds later by the clock). Drop-frame stays where the new rate has it and ends where it has not.
    """
    if rate == timecode.rate:
        return timecode
    drop = timecode.drop and rate in DROP_RATES
    # Drop-frame rates are multiples of each other, so the count itself scales; a label could fall into a gap.
    exact = timecode.frames / timecode.rate * rate if drop else _shown_seconds(timecode) * nominal(rate)
    return Timecode(_nearest(exact) % frames_of_day(rate, drop=drop), rate, drop)


def _shown_seconds(timecode: Timecode) -> Fraction:
    """Seconds since midnight as the label shows them: a non-drop label at 24000/1001 counts 24 a second."""
    base = nominal(timecode.rate)
    if not timecode.drop:
        return Fraction(timecode.frames, base)
    hours, minutes, seconds, frame = (int(part) for part in label(timecode).replace(";", ":").split(":"))
    return (hours * 60 + minutes) * 60 + seconds + Fraction(frame, base)


def _dropped(rate: Fraction, drop: bool) -> int:
    """Labels that drop-frame leaves out at each minute: 2 at 29.97, 4 at 59.94, 8 at 119.88; else none."""
    if not drop:
        return 0
    if rate not in DROP_RATES:
        raise TimecodeError(f"drop-frame exists at 29.97, 59.94 and 119.88 frames per second, not at {rate}")
    return nominal(rate) // 15


def _frames_of_ten_minutes(base: int, dropped: int) -> int:
    return base * 600 - dropped * 9


def _nearest(value: Fraction) -> int:
    return (value + Fraction(1, 2)).__floor__()


def shown(count: int, base: int, *, drop: bool, wraps: bool) -> str:
    """The label of a frame count as a file means it, whether such a label exists or not: a reader may not correct it.

    Counts of `base` frames a second; drop-frame where the base has it, else only its mark; hours go on past 24
    unless the count `wraps`, and a negative count keeps its sign.
    """
    rate = Fraction(base * 1000, 1001) if drop and base % 30 == 0 else Fraction(base)
    real = drop and rate in DROP_RATES
    day = frames_of_day(rate, drop=real)
    text = label(Timecode(abs(count), rate, real))
    hours = abs(count) // day * 24 + int(text[:2])
    text = f"{hours if not wraps else hours % 24:02}{text[2:]}"
    mark = text.rfind(";" if real else ":")
    return ("-" if count < 0 else "") + text[:mark] + (";" if drop else ":") + text[mark + 1 :]


def binary_label(data: bytes, base: int) -> tuple[str, bool, bool]:
    """The label of a binary timecode of four bytes (frames, seconds, minutes, hours; ST 12-1), as it stands there.

    Also whether it is drop-frame, and whether it is the second of two frames that one label counts: bit 27 (with 25
    frames a second bit 59). Raises TimecodeError for digits that are none.
    """
    if len(data) != 4:
        raise TimecodeError(f"a binary timecode has 4 bytes, not {len(data)}")
    values = [data[0] & 0x3F, data[1] & 0x7F, data[2] & 0x7F, data[3] & 0x3F]
    if any(value & 15 > 9 for value in values):
        raise TimecodeError(f"{data.hex()} holds no decimal digits")
    frames, seconds, minutes, hours = ((value >> 4) * 10 + (value & 15) for value in values)
    drop, second = bool(data[0] & 0x40), bool(data[3 if base == 25 else 1] & 0x80)
    return f"{hours:02}:{minutes:02}:{seconds:02}{';' if drop else ':'}{frames:02}", drop, second
