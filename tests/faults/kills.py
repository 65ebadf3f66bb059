"""Kills proxx, or its FFmpeg, at random moments of a job, goes on each time, and counts what went wrong.

A round is one job of many short clips: it is run and killed again and again until it ends by itself. Then every clip
must be there and verify, no clip that was proved may have been made again, nothing may stand under a final name
unproved at any moment between two runs, and no process may be left a second after a kill.

The control is the script that people write (FFmpeg straight to the final name, skip what exists), killed in the same
way: it has to leave broken files, or the harness sees nothing and says so.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MARK = "PROXX_FAULTS_MARK"
MOST_RUNS = 300
"""Runs after which a job that never ends well is given up; its clips are lost."""

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


@dataclass(frozen=True)
class Bench:
    """A folder with short clips, and an FFmpeg that notes what it is asked to encode."""

    folder: Path
    clips: tuple[Path, ...]
    ffmpeg: Path
    tally: Path

    def environment(self, mark: str) -> dict[str, str]:
        """What a run that can be recognised is started with."""
        ours = {"PYTHONPATH": str(ROOT / "engine"), "PROXX_FFMPEG": str(self.ffmpeg), MARK: mark}
        return {**os.environ, **ours, "XDG_CACHE_HOME": str(self.folder / "cache")}


def set_up(folder: Path, clips: int) -> Bench:
    """Make the clips: half a second of 360p each, no two the same."""
    made = []
    for number in range(clips):
        path = folder / f"clip{number:03}.mov"
        picture = f"testsrc2=size=640x360:rate=25:duration=0.6,hue=h={number * 7}"
        argv = ["ffmpeg", "-v", "error", "-nostdin", "-f", "lavfi", "-i", picture, "-c:v", "prores", str(path)]
        subprocess.run(argv, check=True, timeout=60)
        made.append(path)
    tally = folder / "encodes"
    tally.touch()
    wrapper = folder / "ffmpeg"
    # exec: what is killed is FFmpeg itself. The tally is written before, by one short append.
    wrapper.write_text(f'#!/bin/sh\ncase "$*" in *-map_metadata*) echo "$*" >> "{tally}";; esac\nexec ffmpeg "$@"\n')
    wrapper.chmod(0o755)
    return Bench(folder, tuple(made), wrapper, tally)


def write_spec(bench: Bench, out: Path, number: int) -> Path:
    """The job of a round."""
    document = {
        "jobspec_version": "2.1",
        "job_id": f"round-{number}",
        "sources": [str(clip) for clip in bench.clips],
        "output_directory": str(out),
        "codec": "prores_proxy",
        "container": "mov",
        "resolution": "same",
        "naming_template": "{source_name}_proxy",
        "proxy_profile": "proxy_prores_proxy",
    }
    spec = bench.folder / f"round-{number}.json"
    spec.write_text(json.dumps(document), "utf-8")
    return spec


def alive(mark: str, word: str = "") -> list[int]:
    """The processes that were started by a run with that mark, and hold the word in their command line."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            marked = f"{MARK}={mark}".encode() in (place / "environ").read_bytes().split(b"\0")
            state = (place / "stat").read_text("ascii", "replace").rpartition(")")[2].split()[0]
            if marked and state != "Z" and word.encode() in (place / "cmdline").read_bytes():
                found.append(int(place.name))
        except OSError:  # it ended while we looked
            continue
    return found


def frames_of(path: Path) -> int | None:
    """The pictures that a file decodes to; None when it does not decode to its end without an error."""
    argv = ["ffprobe", "-v", "error", "-count_frames", "-select_streams", "v", "-show_entries", "stream=nb_read_frames"]
    done = subprocess.run([*argv, "-of", "csv=p=0", str(path)], capture_output=True, text=True, timeout=60, check=False)
    return int(done.stdout) if done.returncode == 0 and not done.stderr and done.stdout.strip().isdigit() else None


def strike(child: subprocess.Popen[bytes], mark: str, chance: random.Random, figures: Figures) -> bool:
    """Wait a random moment, then kill the run or one of its encoders; False when it ended by itself before."""
    try:
        child.wait(chance.uniform(0.05, 1.5))
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
    for _ in range(MOST_RUNS):
        before = len(bench.tally.read_text("utf-8").splitlines())
        argv = [sys.executable, "-m", "proxx", "run", str(spec), "--quiet"]
        child = subprocess.Popen(
            argv, env=bench.environment(mark), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        while sum(figures.kills.values()) < most and strike(child, mark, chance, figures) and child.poll() is None:
            continue
        code = child.wait()
        begun = bench.tally.read_text("utf-8").splitlines()[before:]
        figures.repeated += sum(1 for line in begun for name in good if f"/.{name[:-4]}.partial." in line)
        good |= look(out, good, figures)
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
        if frames_of(path) == 15:
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
        broken += sum(1 for path in files if frames_of(path) != 15)
        for path in files:
            path.unlink()
    return broken


def measure(rounds: int, seed: int, clips: int) -> tuple[Figures, int]:
    """So many kills over jobs of so many clips, and the broken files that the control leaves."""
    chance, figures = random.Random(seed), Figures()  # noqa: S311 - moments, not secrets
    with tempfile.TemporaryDirectory(prefix="proxx-faults-") as place:
        bench = set_up(Path(place), clips)
        number = 0
        while sum(figures.kills.values()) < rounds:
            round_of(bench, number, chance, figures, rounds)
            number += 1
        return figures, control(bench, chance, min(rounds, 40))


def main() -> int:
    """Measure and print; 1 when something went wrong, or the control shows nothing."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--rounds", type=int, default=200, help="kills (200)")
    words.add_argument("--seed", type=int, default=1, help="for the moments (1)")
    words.add_argument("--clips", type=int, default=12, help="clips of a job (12)")
    asked = words.parse_args()
    figures, broken = measure(asked.rounds, asked.seed, asked.clips)
    print(f"seed {asked.seed}, {asked.clips} clips a job: {figures.text()}")
    print(f"control (the naive script): {broken} broken files under final names")
    if not broken:
        print("the control shows no fault: this harness is blind here", file=sys.stderr)
    return 1 if figures.bad or not broken else 0


if __name__ == "__main__":
    sys.exit(main())
