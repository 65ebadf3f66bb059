"""Walks whole days of timecode: every frame of 24 hours at every rate, read back, and against PyPI's timecode.

The suite walks the part of a day after which the count repeats. `--step N` looks at every Nth frame only.
"""

from __future__ import annotations

import argparse
import sys
from fractions import Fraction

from timecode.timecode import Timecode as Peer

from proxx.timecode import DROP_RATES, Timecode, frames_of_day, label, parse

RATES = [Fraction(base) for base in (24, 25, 30, 48, 50, 60, 72, 90, 96, 100, 120, 240)]
RATES += [Fraction(base * 1000, 1001) for base in (24, 30, 48, 60, 96, 120)]


def walk(rate: Fraction, *, drop: bool, step: int) -> tuple[int, int, int]:
    """How many frames were looked at, how many did not read back, and how many the other library calls otherwise."""
    name = f"{float(rate):.3f}" if rate.denominator == 1001 else str(float(rate))
    looked = lost = other = 0
    for frame in range(0, frames_of_day(rate, drop=drop), step):
        text = label(Timecode(frame, rate, drop))
        theirs = str(Peer(name, frames=frame + 1, force_non_drop_frame=not drop))
        looked += 1
        lost += parse(text, rate) != Timecode(frame, rate, drop)
        other += numbers(text) != numbers(theirs)
    return looked, lost, other


def numbers(text: str) -> list[int]:
    return [int(part) for part in text.replace(";", ":").split(":")]


def main() -> int:
    """Print a line for every rate; 1 when a frame did not read back or is called otherwise."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--step", type=int, default=1, help="look at every Nth frame (1)")
    step = options.parse_args().step
    wrong = 0
    print(f"{'rate':>10}  {'frames':>9}  {'not read back':>13}  {'other label':>11}")
    for rate in sorted(RATES):
        for drop in (False, True) if rate in DROP_RATES else (False,):
            looked, lost, other = walk(rate, drop=drop, step=step)
            wrong += lost + other
            print(f"{float(rate):>8.3f}{' d' if drop else '  '}  {looked:>9}  {lost:>13}  {other:>11}", flush=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
