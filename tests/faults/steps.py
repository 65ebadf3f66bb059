"""Dies at every named step of the commit, and goes on: what is named must be whole, and is not made again."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from crash_at import DIED, RECORD_STEPS, STEPS

from faults.bench import FRAMES, ROOT, Bench, Line, frames_of, set_up, states, write_spec


def die(bench: Bench, spec: Path, step: str, count: int) -> bool:
    """Run the job until a step is reached the count-th time; False when it never is."""
    argv = [sys.executable, str(ROOT / "tests" / "crash_at.py"), step, str(count), str(spec), "--jobs", "1"]
    done = subprocess.run(argv, env=bench.environment("crash"), capture_output=True, timeout=120, check=False)
    return done.returncode == DIED


def once(bench: Bench, step: str, count: int) -> tuple[bool, int, int, int]:
    """One death and what follows: whether it died, clips lost, unproved under a final name, proved ones made again."""
    out = bench.folder / f"{step}-{count}"
    spec = write_spec(bench, out, step)
    if not die(bench, spec, step, count):
        return False, 0, 0, 0
    outputs = [f"{clip.stem}_proxy.mov" for clip in bench.clips]
    unproved = sum((out / name).exists() and frames_of(out / name) != FRAMES for name in outputs)
    proved = {name for name, state in states(out).items() if state == "DONE"}
    before = len(bench.encodes())
    code = bench.run("run", str(spec), "--resume") if (out / ".proxx").exists() else bench.run("run", str(spec))
    again = sum(one.makes(name) for one in bench.encodes()[before:] for name in proved)
    lost = sum(not (out / name).exists() or frames_of(out / name) != FRAMES for name in outputs)
    return True, max(lost, 1 if code else 0), unproved, again


def measure(steps: tuple[str, ...], most: int) -> Line:
    """Every one of these steps, up to the most-th time that it is reached."""
    deaths = lost = unproved = again = 0
    with tempfile.TemporaryDirectory(prefix="proxx-faults-") as place:
        bench = set_up(Path(place), 2)
        for step in steps:
            for count in range(1, most + 1):
                died, *found = once(bench, step, count)
                if not died:
                    break
                deaths += 1
                lost, unproved, again = lost + found[0], unproved + found[1], again + found[2]
    text = f"{len(steps)} named steps, {deaths} deaths: {lost} clips lost, {unproved} unproved under a final name, "
    return Line(f"{text}{again} proved clips made again", lost + unproved + again + (deaths < len(steps)))


def tell(seed: int, *, long: bool) -> Iterator[Line]:
    """The first time of every step; each time in the long run."""
    yield measure((*STEPS, *RECORD_STEPS), 4 if long else 1)
