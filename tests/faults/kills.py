"""Kills proxx, or its FFmpeg, at random moments of a job, goes on each time, and counts what went wrong.

A round is one job of many short clips: it is run and killed again and again until it ends by itself. Then every clip
must be there and verify, no clip that was proved may have been made again, nothing may stand under a final name
unproved at any moment between two runs, and no process may be left a second after a kill.

The control is the script that people write (FFmpeg straight to the final name, skip what exists), killed in the same
way: it has to leave broken files, or the harness sees nothing and says so.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from faults.bench import FRAMES, Bench, Line, alive, frames_of, set_up, write_spec

MOST_RUNS = 300
"""Runs after which a job that never ends well is given up; its clips are lost."""

LONGEST = 1.5
"""Seconds within which a kill strikes. A machine so busy that a run gets nothing done in them gives the next longer."""

PATIENCE = 1.0
"""Seconds after which nothing of a killed run may be alive."""


@dataclass
class Figures:
    """What was done, and what was found that may not be."""

    kills: Counter[str] = field(default_factory=Counter)
    lost: int = 0
    unproved: int = 0
    repeated: int = 0
    orphans: int = 0

    @property
    def bad(self) -> int:
        """Everything that may not be."""
        return self.lost + self.unproved + self.repeated + self.orphans

    def text(self) -> str:
        """The figures on one line."""
        kills = ", ".join(f"{count} of {name}" for name, count in sorted(self.kills.items()))
        return (
            f"{sum(self.kills.values())} kills ({kills}): {self.lost} clips lost, {self.unproved} unproved under a "
            f"final name, {self.repeated} proved clips made again, {self.orphans} processes left"
        )


def strike(child: subprocess.Popen[bytes], mark: str, chance: random.Random, figures: Figures, longest: float) -> bool:
    """Wait a random moment, then kill the run or one of its encoders; False when it ended by itself before."""
    try:
        child.wait(chance.uniform(0.05, longest))
        return False
    except subprocess.TimeoutExpired:
        pass
    if chance.random() < 0.4 and kill_encoder(child, mark, chance):
        figures.kills["FFmpeg"] += 1
        return True
    figures.kills["proxx"] += 1
    child.kill()
    child.wait()
    deadline = time.monotonic() + PATIENCE
    while alive(mark) and time.monotonic() < deadline:
        time.sleep(0.02)
    figures.orphans += len(alive(mark))
    return True


def kill_encoder(child: subprocess.Popen[bytes], mark: str, chance: random.Random) -> bool:
    """Wait for encoders of the run and kill one; False when none came in time."""
    deadline = time.monotonic() + 2
    while child.poll() is None and time.monotonic() < deadline:
        encoders = alive(mark, ".partial.")
        if encoders:
            try:
                os.kill(chance.choice(encoders), signal.SIGKILL)
            except ProcessLookupError:
                continue
            return True
    return False


def round_of(bench: Bench, number: int, chance: random.Random, figures: Figures, most: int) -> None:
    """One job, killed until `most` kills or its end, then looked at."""
    out = bench.folder / f"out-{number}"
    spec, mark = write_spec(bench, out, number), f"{os.getpid()}-{number}"
    good: dict[str, int] = {}
    in_vain = 0
    for _ in range(MOST_RUNS):
        before = len(bench.encodes())
        argv = [sys.executable, "-m", "proxx", "run", str(spec), "--quiet"]
        child = subprocess.Popen(
            argv, env=bench.environment(mark), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        longest = LONGEST * (1 + in_vain / 5)
        while sum(figures.kills.values()) < most and strike(child, mark, chance, figures, longest):
            if child.poll() is not None:
                break
        code = child.wait()
        begun = bench.encodes()[before:]
        figures.repeated += sum(one.makes(name) for one in begun for name in good)
        found = look(out, good, figures)
        good, in_vain = good | found, 0 if found else in_vain + 1
        if code == 0:
            break
    figures.lost += len(bench.clips) - len(good)
    for path in (*out.glob("*"), *bench.folder.glob("round-*.json")):
        if path.is_file():
            path.unlink()


def look(out: Path, known: dict[str, int], figures: Figures) -> dict[str, int]:
    """The new files under final names; those that are not what they should be are counted."""
    found = {}
    for path in sorted(out.glob("*_proxy.mov")):
        if path.name in known:
            continue
        if frames_of(path) == FRAMES:
            found[path.name] = path.stat().st_ino
        else:
            figures.unproved += 1
    return found


def control(bench: Bench, chance: random.Random, kills: int) -> int:
    """The naive script, killed as often: how many broken files it leaves under final names."""
    broken = 0
    out = bench.folder / "control"
    for _ in range(kills):
        out.mkdir(exist_ok=True)
        lines = [
            f'[ -e "{out / clip.name}" ] || ffmpeg -v error -nostdin -i "{clip}" -c:v prores "{out / clip.name}"'
            for clip in bench.clips
        ]
        child = subprocess.Popen(["sh", "-c", "\n".join(lines)], start_new_session=True, stderr=subprocess.DEVNULL)
        try:
            child.wait(chance.uniform(0.05, 1.0))
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()
        files = list(out.glob("*.mov"))
        broken += sum(1 for path in files if frames_of(path) != FRAMES)
        for path in files:
            path.unlink()
    return broken


def measure(rounds: int, seed: int, clips: int) -> tuple[Figures, int]:
    """So many kills over jobs of so many clips, and the broken files that the control leaves."""
    chance, figures = random.Random(seed), Figures()
    with tempfile.TemporaryDirectory(prefix="proxx-faults-") as place:
        bench = set_up(Path(place), clips)
        number = 0
        while sum(figures.kills.values()) < rounds:
            round_of(bench, number, chance, figures, rounds)
            number += 1
        return figures, control(bench, chance, min(rounds, 40))


def tell(seed: int, *, long: bool) -> Iterator[Line]:
    """200 kills, or 1,000 in the long run; the control has to show what this harness is there to see."""
    figures, broken = measure(1000 if long else 200, seed, 12)
    yield Line(figures.text(), figures.bad)
    yield Line(f"control (the naive script): {broken} broken files under final names", 0 if broken else 1)
