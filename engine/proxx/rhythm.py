"""When each picture of a source is shown, as a short text, and what becomes of the pictures at a constant rate."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate, groupby

MOST_DIGITS = 15
MOST_PICTURES = 1 << 25
"""More than three days at 120 frames a second."""


@dataclass(frozen=True, slots=True)
class Conformed:
    """What a constant rate makes of pictures: how many frames, and how many pictures are `repeated` or `left_out`."""

    frames: int
    repeated: int
    left_out: int


def write_rhythm(steps: Iterable[int]) -> str:
    """Ticks from each picture to the next, runs of the same as COUNTxTICKS: "12x1001 2002 5x1001"."""
    runs = ((ticks, sum(1 for _ in same)) for ticks, same in groupby(steps))
    return " ".join(f"{count}x{ticks}" if count > 1 else str(ticks) for ticks, count in runs)


def is_rhythm(text: str) -> bool:
    """Whether a text is a rhythm, of no more pictures than a file can hold."""
    pictures = 0
    for word in text.split(" "):
        count, cross, ticks = word.rpartition("x")
        numbers = (count, ticks) if cross else (ticks,)
        if not all(one.isascii() and one.isdigit() and len(one) <= MOST_DIGITS for one in numbers):
            return False
        pictures += int(count) if cross else 1
    return pictures <= MOST_PICTURES


def read_rhythm(text: str) -> list[int]:
    """The ticks of a written rhythm. Raises ValueError for a text that is none."""
    return list(_steps(text))


def _steps(text: str) -> Iterator[int]:
    for word in text.split():
        count, cross, ticks = word.rpartition("x")
        yield from [int(ticks)] * (int(count) if cross else 1)


def starts(steps: Sequence[int]) -> list[int]:
    """Ticks from the first picture to each, and to the end of the last one."""
    return [0, *accumulate(steps)]


def stand_apart(steps: Sequence[int], tick: Fraction, finest: Fraction | None) -> bool:
    """Whether no two pictures have one moment: to the `tick`, or rounded to the `finest` time of a container."""
    if finest is None:
        return all(steps[:-1])
    scale = tick / finest
    moments = [(2 * at * scale.numerator + scale.denominator) // (2 * scale.denominator) for at in starts(steps)[:-1]]
    return len(set(moments)) == len(moments)


def conformed(steps: Sequence[int], tick: Fraction, rate: Fraction) -> Conformed:
    """What FFmpeg's filter `fps` (round=near, start_time=0) makes of pictures that stay so many ticks each.

    A slot shows the last picture whose own moment, rounded to whole slots, is not later; the end is rounded alike.
    """
    scale = tick * rate
    slots = [(2 * at * scale.numerator + scale.denominator) // (2 * scale.denominator) for at in starts(steps)]
    frames = slots[-1]
    own = {slot for slot in slots[:-1] if slot < frames}
    return Conformed(frames, frames - len(own), len(steps) - len(own))


def conformed_evenly(pictures: int, rate: Fraction, target: Fraction) -> Conformed:
    """The same for pictures that come at a constant rate: the higher rate repeats, the lower one leaves out."""
    frames = (pictures * target / rate + Fraction(1, 2)).__floor__()
    return Conformed(frames, max(frames - pictures, 0), max(pictures - frames, 0))
