"""Try every mutant, or every N-th: `python -m mutants [N]` with tests on the path. Exit 1 when one lives."""

from __future__ import annotations

import sys
import time

from mutants.trying import mutants, survivors

EVERY = int(sys.argv[1]) if len(sys.argv) > 1 else 1

begun = time.monotonic()
chosen = mutants()[::EVERY]
lived = survivors(chosen, lambda one, killed: print("killed  " if killed else "LIVED   ", one.name, flush=True))
print(f"{len(chosen)} mutants, {len(lived)} lived, {time.monotonic() - begun:.0f} s")
sys.exit(1 if lived else 0)
