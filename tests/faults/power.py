"""Cuts the power: a file system in an image goes down at a random moment, without another write, and comes back.

The file system is told to shut down (FS_IOC_SHUTDOWN, as xfstests does), with or without its journal written: what was
not made durable is gone, as after a power cut. Then it is mounted again, which replays the journal. What the run had
told as completed must be there, what is under a final name must be whole, and the next run must make the rest.

The mutant is proxx with fsync switched off, and has to show faults. Needs root and loop mounts, and says so elsewhere.
"""

from __future__ import annotations

import fcntl
import os
import random
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from faults.bench import FRAMES, Bench, Line, frames_of, set_up, write_spec

SHUTDOWN = 0x8004587D
"""FS_IOC_SHUTDOWN (linux/fs.h; ext4, xfs)."""

WITH_JOURNAL, AT_ONCE = 1, 2
MAKE = {"ext4": (("mkfs.ext4", "-q"), "64M", "loop,commit=1"), "xfs": (("mkfs.xfs", "-q"), "320M", "loop")}
"""How an image of each file system is made, its size, and how it is mounted: ext4's journal is written each second."""

UNSYNCED = "import os; os.fsync = os.fdatasync = lambda fd: None; from proxx.cli import main; raise SystemExit(main())"
_COMPLETED = re.compile(r"^\[\d+/\d+\] (\S+): completed$", re.MULTILINE)


@dataclass
class Cuts:
    """What so many cuts showed."""

    cuts: int = 0
    unproved: int = 0
    gone: int = 0
    lost: int = 0

    @property
    def bad(self) -> int:
        """Everything that may not be."""
        return self.unproved + self.gone + self.lost

    def text(self) -> str:
        """The figures on one line."""
        return (
            f"{self.cuts} power cuts: {self.unproved} unproved under a final name, {self.gone} told as completed and "
            f"gone, {self.lost} lost after the next run"
        )


@contextmanager
def image(kind: str, folder: Path) -> Iterator[Path]:
    """A new file system of a kind, mounted. Raises OSError or CalledProcessError where that cannot be."""
    make, size, options = MAKE[kind]
    disk, mount = folder / f"{kind}.img", folder / kind
    mount.mkdir(exist_ok=True)
    with disk.open("wb") as handle:
        handle.truncate(int(size[:-1]) << 20)
    try:
        for argv in ([*make, str(disk)], ["mount", "-o", options, str(disk), str(mount)]):
            subprocess.run(argv, check=True, capture_output=True, timeout=60)
        yield mount
    finally:
        subprocess.run(["umount", str(mount)], check=False, capture_output=True, timeout=60)
        disk.unlink()


def cut(mount: Path, way: int) -> None:
    """Shut the file system down and mount it again, as after the power came back."""
    place = os.open(mount, os.O_RDONLY)
    try:
        fcntl.ioctl(place, SHUTDOWN, struct.pack("I", way))
    finally:
        os.close(place)
    kind = mount.name
    deadline = time.monotonic() + 10
    while subprocess.run(["umount", str(mount)], capture_output=True, check=False, timeout=60).returncode:
        if time.monotonic() > deadline:
            raise OSError(f"{mount} stays busy")
        time.sleep(0.1)
    argv = ["mount", "-o", MAKE[kind][2], str(mount.with_suffix(".img")), str(mount)]
    subprocess.run(argv, check=True, capture_output=True, timeout=60)


def once(bench: Bench, kind: str, number: int, chance: random.Random, *, synced: bool, found: Cuts) -> None:
    """One cut at a random moment, and the run after it."""
    with image(kind, bench.folder) as mount:
        out = mount / "out"
        spec, told = write_spec(bench, out, f"{kind}-{number}"), bench.folder / "told"
        program = ["-m", "proxx"] if synced else ["-c", UNSYNCED]
        with told.open("wb") as errors:
            argv = [sys.executable, *program, "run", str(spec), "--jobs", "1"]
            child = subprocess.Popen(argv, env=bench.environment("cut"), stdout=subprocess.DEVNULL, stderr=errors)
            with suppress(subprocess.TimeoutExpired):
                child.wait(chance.uniform(0.5, 2 + 1.2 * len(bench.clips)))
        completed = _COMPLETED.findall(told.read_text("utf-8"))
        child.kill()
        child.wait()
        cut(mount, chance.choice((WITH_JOURNAL, AT_ONCE)))
        found.cuts += 1
        outputs = [f"{clip.stem}_proxy.mov" for clip in bench.clips]
        found.unproved += sum((out / name).exists() and frames_of(out / name) != FRAMES for name in outputs)
        found.gone += sum(not (out / name).exists() for name in completed)
        if synced:
            code = bench.run("run", str(spec))
            whole = sum(frames_of(out / name) == FRAMES for name in outputs if (out / name).exists())
            found.lost += max(len(outputs) - whole, 1 if code else 0)


def why_not(kind: str) -> str:
    """Why power cannot be cut here on a file system of that kind; empty where it can."""
    missing = [name for name in (MAKE[kind][0][0], "mount") if shutil.which(name) is None]
    if os.geteuid() != 0 or missing:
        return f"needs {', '.join(missing)}" if missing else "needs root"
    try:
        with tempfile.TemporaryDirectory(prefix="proxx-faults-") as place, image(kind, Path(place)):
            return ""
    except (OSError, subprocess.SubprocessError):
        return f"no loop mounts of {kind}"


def measure(seed: int, kinds: tuple[str, ...], cuts: int, mutants: int) -> Iterator[Line]:
    """So many cuts of proxx, and of the mutant, on each kind of file system."""
    chance = random.Random(seed)
    for kind in kinds:
        if reason := why_not(kind):
            yield Line(f"{kind}: cannot be cut here: {reason}")
            continue
        for synced, times in ((True, cuts), (False, mutants)):
            found = Cuts()
            with tempfile.TemporaryDirectory(prefix="proxx-faults-") as place:
                bench = set_up(Path(place), 3)
                for number in range(times):
                    once(bench, kind, number, chance, synced=synced, found=found)
            text = f"{kind}, {'proxx' if synced else 'control (proxx without fsync)'}: {found.text()}"
            yield Line(text, found.bad if synced else int(times > 0 and not found.bad))


def tell(seed: int, *, long: bool) -> Iterator[Line]:
    """Forty cuts on ext4 and on xfs, and half as many of the mutant; a quarter of it in the short run."""
    yield from measure(seed, tuple(MAKE), *((40, 20) if long else (10, 5)))
