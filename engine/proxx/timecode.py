"""Counts frames by SMPTE ST 12-1 timecode: labels to frame numbers and back, drop-frame included."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

DROP_RATES = frozenset(Fraction(base * 1000, 1001) for base in (30, 60, 120))
"""The rates that have drop-frame labels: multiples of 30000/1001, whose nominal count runs ahead of the clock."""

_LABEL = re.compile(r"(\d\d):(\d\d):(\d\d)([:;.,])(\d{2,3})", re.ASCII)
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
