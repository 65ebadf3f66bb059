"""Runs a job as `proxx run` does and dies at once, as by a power cut of the process, at a named step of the commit.

Used by tests in a process of its own: python crash_at.py STEP COUNT SPEC [OPTION…]; dies when STEP is reached the
COUNT-th time. The exit code is then 77; a run that never reaches the step ends with its own code.
"""

from __future__ import annotations

import os
import sys
from dataclasses import replace

from proxx.options import parser
from proxx.running import run_specs, way_of

DIED = 77
STEPS = (
    *("documents-written", "locked", "judged", "running", "claimed", "encoded", "verifying", "proved"),
    *("content-synced", "entry-written", "entry-named", "entry-synced", "file-synced", "linked", "named"),
    *("name-synced", "unlocked"),
)
"""The named steps of a clip's commit, in their order."""

RECORD_STEPS = ("sheets-written", "record-written", "chain-written")
"""Those of the record of a job."""


def main(step: str, count: int, words: list[str]) -> int:
    arguments = parser().parse_args(["run", "--quiet", *words])
    left = count

    def die(name: str) -> None:
        nonlocal left
        if name == step:
            left -= 1
            if left == 0:
                os._exit(DIED)

    return run_specs(arguments, replace(way_of(arguments), on_step=die))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2]), sys.argv[3:]))
