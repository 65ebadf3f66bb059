"""Runs the harnesses and prints their figures: PYTHONPATH=tests python -m faults [--long] [--only NAME]."""

from __future__ import annotations

import argparse
import sys
import time

from faults import fuzz, kills, power, rivals, scale, seeded, steps, trouble, watching

HARNESSES = {
    "steps": steps.tell,
    "kills": kills.tell,
    "power": power.tell,
    "rivals": rivals.tell,
    "trouble": trouble.tell,
    "watching": watching.tell,
    "fuzz": fuzz.tell,
    "scale": scale.tell,
    "seeded": seeded.tell,
}


def main() -> int:
    """1 when something was found that may not be, or a control shows nothing."""
    words = argparse.ArgumentParser(prog="faults", description=__doc__)
    words.add_argument("--only", choices=tuple(HARNESSES), action="append", help="run only this one; repeatable")
    words.add_argument("--seed", type=int, default=1, help="for everything that is left to chance (1)")
    words.add_argument("--long", action="store_true", help="run each at its full length")
    asked = words.parse_args()
    bad = 0
    for name in asked.only or HARNESSES:
        begun = time.monotonic()
        for line in HARNESSES[name](asked.seed, long=asked.long):
            print(f"{name}: {line.text}{f'  <-- {line.bad} bad' if line.bad else ''}", flush=True)
            bad += line.bad
        print(f"{name}: seed {asked.seed}, {time.monotonic() - begun:.0f} s", flush=True)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
