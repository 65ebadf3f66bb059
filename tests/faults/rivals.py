"""Three processes do one task at once: nothing half made may ever be seen under the final name, at most one redo."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from faults.bench import FRAMES, Bench, Line, frames_of, set_up, write_spec

RIVALS = 3


def once(bench: Bench, number: int) -> tuple[int, int, int]:
    """One round: files seen under the final name that are not whole, encodes beyond the first, rivals that failed."""
    out = bench.folder / f"out-{number}"
    spec = write_spec(bench, out, number)
    final = out / f"{bench.clips[0].stem}_proxy.mov"
    before = len(bench.encodes())
    argv = [sys.executable, "-m", "proxx", "task", "--spec", str(spec), "--index", "0"]
    quiet = subprocess.DEVNULL
    rivals = [
        subprocess.Popen(argv, env=bench.environment(str(one)), stdout=quiet, stderr=quiet) for one in range(RIVALS)
    ]
    seen: dict[tuple[int, int, int], Path] = {}
    while any(one.poll() is None for one in rivals):
        keep(final, seen, bench.folder)
        time.sleep(0.001)
    keep(final, seen, bench.folder)
    torn = sum(frames_of(copy) != FRAMES for copy in seen.values()) + (0 if seen else 1)
    return torn, len(bench.encodes()) - before - 1, sum(one.returncode != 0 for one in rivals)


def keep(final: Path, seen: dict[tuple[int, int, int], Path], folder: Path) -> None:
    """Copy what is under the final name now, unless it is what was there before."""
    try:
        status = final.stat()
        mark = (status.st_ino, status.st_size, status.st_mtime_ns)
        if mark not in seen:
            seen[mark] = Path(shutil.copyfile(final, folder / f"seen-{status.st_ino}-{status.st_size}.mov"))
    except OSError:  # not there yet
        return


def measure(rounds: int) -> Line:
    """So many rounds."""
    with tempfile.TemporaryDirectory(prefix="proxx-faults-") as place:
        bench = set_up(Path(place), 1)
        found = [once(bench, number) for number in range(rounds)]
    torn, failed = sum(one[0] for one in found), sum(one[2] for one in found)
    redone = sum(one[1] for one in found)
    text = (
        f"{RIVALS} processes at one task, {rounds} rounds: {torn} seen half made, {redone} made again, {failed} failed"
    )
    return Line(text, torn + failed + sum(one[1] > 1 for one in found))


def tell(seed: int, *, long: bool) -> Iterator[Line]:
    """Thirty rounds."""
    yield measure(30 if long else 10)
