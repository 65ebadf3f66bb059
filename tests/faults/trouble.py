"""Everything around a job that goes wrong while it runs: disks, folders, sources, clocks and names.

Each scene says what became of the job and of a run after the trouble is over: nothing may stand unproved under a final
name, the exit code must tell, and the next run must make the rest.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from faults.bench import FRAMES, Bench, Line, alive, frames_of, set_up, shoot, write_spec
from faults.power import AT_ONCE, cut, image

BACKWARDS = """
import datetime, time
class Backwards(datetime.datetime):
    hours = 0
    @classmethod
    def now(cls, tz=None):
        cls.hours += 1
        return datetime.datetime(2026, 1, 1, tzinfo=tz) - datetime.timedelta(hours=cls.hours)
datetime.datetime = Backwards
real = time.time
time.time = lambda: 1_700_000_000 - real() % 1_000_000
from proxx.cli import main
raise SystemExit(main())
"""
"""proxx under a clock that goes back an hour each time it is asked."""

Scene = Callable[[Bench], Line]


def start(bench: Bench, spec: Path, before: tuple[str, ...] = ()) -> subprocess.Popen[bytes]:
    """A run of the job, one clip at a time."""
    argv = [*before, sys.executable, "-m", "proxx", "run", str(spec), "--quiet", "--jobs", "1"]
    environment = bench.environment("scene")
    return subprocess.Popen(argv, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def until(condition: Callable[[], object], seconds: float = 60) -> None:
    """Wait for something to be so."""
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.01)


def ended(child: subprocess.Popen[bytes]) -> tuple[int, str]:
    """The exit code of a run, and what it said."""
    said = child.communicate(timeout=300)[0].decode("utf-8", "replace")
    return child.returncode, said


def unproved(bench: Bench, out: Path) -> int:
    """Files under final names that are not whole."""
    return sum(frames_of(path) != FRAMES for path in out.glob("*_proxy.mov")) if out.is_dir() else 0


def judged(name: str, bench: Bench, out: Path, first: tuple[int, str], *, codes: tuple[int, ...] = (4,)) -> Line:
    """The line of a scene whose trouble is over: what is under final names, then what the next run makes."""
    code, said = first
    wrong = unproved(bench, out)
    crashed = "Traceback" in said
    again = bench.run("run", str(bench.folder / "round-scene.json"), "--overwrite", "same-plan")
    made = sum((out / f"{clip.stem}_proxy.mov").exists() for clip in bench.clips)
    left = len(bench.clips) - made + unproved(bench, out)
    text = f"{name}: exit code {code}, {wrong} unproved under a final name; then exit code {again}, {left} missing"
    text += ", a traceback" if crashed else ""
    return Line(text, wrong + left + (code not in codes) + (again != 0) + crashed)


@contextmanager
def small_disk(bench: Bench, size: str) -> Iterator[Path]:
    """A file system in memory."""
    mount = bench.folder / "disk"
    mount.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(mount)], check=True, timeout=60)
    try:
        yield mount
    finally:
        subprocess.run(["umount", "-l", str(mount)], check=False, timeout=60)


def disk_full(bench: Bench) -> Line:
    with small_disk(bench, "64M") as disk:
        out = disk / "out"
        child = start(bench, write_spec(bench, out, "scene"))
        until(lambda: list(out.glob("*_proxy.mov")))
        fill = disk / "fill"
        with fill.open("wb", buffering=0) as handle:
            while child.poll() is None:
                try:
                    handle.write(bytes(64 << 10))
                except OSError:
                    time.sleep(0.005)
        first = ended(child)
        fill.unlink()
        line = judged("disk full under way", bench, out, first, codes=(3, 4))
        told = "made/no-room" in first[1]
        return Line(f"{line.text}{'' if told else ', not told as what it is'}", line.bad + (not told))


def no_room(bench: Bench) -> Line:
    with small_disk(bench, "64k") as disk:
        code, said = ended(start(bench, write_spec(bench, disk / "out", "scene")))
        left = [path.name for path in disk.rglob("*")]
        text = f"too small a disk: exit code {code}, {len(left)} files written"
        return Line(text, (code != 1) + len(left) + ("preflight/" not in said))


def read_only(bench: Bench) -> Line:
    with image("ext4", bench.folder) as disk:
        out = disk / "out"
        child = start(bench, write_spec(bench, out, "scene"))
        until(lambda: list(out.glob("*_proxy.mov")))
        subprocess.run(["mount", "-o", "remount,abort", str(disk)], check=True, timeout=60)  # as after a disk's error
        first = ended(child)
        cut(disk, AT_ONCE)
        line = judged("disk read-only under way", bench, out, first, codes=(3, 4))
        told = "made/volume-lost" in first[1]
        return Line(f"{line.text}{'' if told else ', not told as what it is'}", line.bad + (not told))


def folder_gone(bench: Bench) -> Line:
    out = bench.folder / "out"
    child = start(bench, write_spec(bench, out, "scene"))
    until(lambda: list(out.glob("*_proxy.mov")))
    out.rename(bench.folder / "moved")
    first = ended(child)
    shutil.rmtree(bench.folder / "moved")
    return judged("folder gone under way", bench, out, first, codes=(3, 4))


def permission_lost(bench: Bench) -> Line:
    out = bench.folder / "out"
    # Root may write anywhere; without this capability it is a user like any other.
    child = start(bench, write_spec(bench, out, "scene"), before=("setpriv", "--bounding-set", "-dac_override"))
    until(lambda: list(out.glob("*_proxy.mov")))
    out.chmod(0o555)
    first = ended(child)
    out.chmod(0o755)
    return judged("permission lost under way", bench, out, first, codes=(3, 4))


def source_cut(bench: Bench) -> Line:
    return source_changes(bench, "source cut off under way", lambda path: os.truncate(path, path.stat().st_size // 2))


def source_replaced(bench: Bench) -> Line:
    def replace(path: Path) -> None:
        shoot(path.with_name("other.mov"), 99)
        path.with_name("other.mov").replace(path)

    return source_changes(bench, "source replaced under way", replace)


def source_changes(bench: Bench, name: str, change: Callable[[Path], object]) -> Line:
    """The first source is changed while its encoder is held, and put back after the run."""
    out, source = bench.folder / "out", bench.clips[0]
    data, times = source.read_bytes(), source.stat()
    child = start(bench, write_spec(bench, out, "scene"))
    until(lambda: alive("scene", ".partial."))
    held = alive("scene", ".partial.")
    for encoder in held:
        os.kill(encoder, signal.SIGSTOP)
    change(source)
    for encoder in held:
        os.kill(encoder, signal.SIGCONT)
    first = ended(child)
    taken = (out / f"{source.stem}_proxy.mov").exists()
    source.write_bytes(data)
    os.utime(source, ns=(times.st_atime_ns, times.st_mtime_ns))
    line = judged(name, bench, out, first)
    return Line(f"{line.text}{', a proxy of the changed source' if taken else ''}", line.bad + taken)


def source_growing(bench: Bench) -> Line:
    """A slow writer of a share: the size is there at once, the last of the content only after the run has ended."""
    out, source = bench.folder / "out", bench.clips[0]
    data = source.read_bytes()
    step, over = len(data) // 40 + 1, threading.Event()

    def write() -> None:
        with source.open("r+b", buffering=0) as handle:
            for at in range(0, len(data), step):
                handle.write(data[at : at + step])
                over.wait(0.1 if at < len(data) * 3 // 4 else 300)

    source.write_bytes(data[: len(data) // 2] + bytes(len(data) - len(data) // 2))
    writer = threading.Thread(target=write)
    writer.start()
    first = ended(start(bench, write_spec(bench, out, "scene")))
    over.set()
    writer.join()
    return judged("source still being written", bench, out, first, codes=(1, 4))


def clock_back(bench: Bench) -> Line:
    out = bench.folder / "out"
    spec = write_spec(bench, out, "scene")
    for clip in bench.clips:
        os.utime(clip, (4_000_000_000, 4_000_000_000))
    argv = [sys.executable, "-c", BACKWARDS, "run", str(spec), "--quiet"]
    done = subprocess.run(argv, env=bench.environment("clock"), capture_output=True, timeout=300, check=False)
    before = len(bench.encodes())
    line = judged(
        "clock set back at every look, sources of the future",
        bench,
        out,
        (done.returncode, done.stderr.decode("utf-8", "replace")),
        codes=(0,),
    )
    again = len(bench.encodes()) - before
    return Line(f"{line.text}, {again} made again", line.bad + again)


NAMES = (
    *("with spaces.mov", "two\nlines.mov", "quo'te\"s.mov", "%d%03d%%.mov", "-y.mov", "\N{MOVIE CAMERA}\u0301.mov"),
    *("x" * 251 + ".mov", "back\\slash:colon|pipe.mov", "$(touch pwned)`id`;&.mov", "[a]{b}*?.mov", "\udcff\udcfe.mov"),
)
REFUSED = {"two\nlines.mov": "spec/line-break", "\udcff\udcfe.mov": "document/not-utf8"}
"""Names that a spec cannot hold, and the finding that says so."""


def hostile_names(bench: Bench) -> Line:
    """A job for each name, its proxy called by the source's place; and one of all that may be, by the source's name."""
    card = bench.folder / "card"
    card.mkdir()
    wrong = made = 0
    for number, name in enumerate(NAMES):
        shutil.copyfile(bench.clips[0], os.fsencode(card / name))
        out = bench.folder / f"out-{number}"
        spec = write_spec(bench, out, "scene", sources=[str(card / name)], naming_template="{index}_proxy")
        text = json.dumps(json.loads(spec.read_text("utf-8")), ensure_ascii=False)
        spec.write_bytes(text.encode("utf-8", "surrogateescape"))
        code, said = ended(start(bench, spec))
        if name in REFUSED:
            wrong += code != 1 or REFUSED[name] not in said
        else:
            proxies = [path for path in out.glob("*_proxy.mov") if frames_of(path) == FRAMES]
            made += len(proxies)
            wrong += code != 0 or len(proxies) != 1
        wrong += "Traceback" in said
    strays = [path.name for path in bench.folder.rglob("pwned")]
    text = f"{len(NAMES)} hostile names: {made} made, {len(REFUSED)} refused, {wrong} not as they should"
    return Line(text, wrong + len(strays))


SCENES: tuple[Scene, ...] = (
    *(disk_full, no_room, read_only, folder_gone, permission_lost, source_cut, source_replaced, source_growing),
    *(clock_back, hostile_names),
)
ROOT_ONLY = (disk_full, no_room, read_only, permission_lost)


def measure(scenes: tuple[Scene, ...]) -> Iterator[Line]:
    """Each of these scenes in a folder of its own."""
    for scene in scenes:
        if scene in ROOT_ONLY and os.geteuid() != 0:
            yield Line(f"{scene.__name__}: cannot be played here: needs root")
            continue
        with tempfile.TemporaryDirectory(prefix="proxx-faults-") as place:
            yield scene(set_up(Path(place), 3))


def tell(seed: int, *, long: bool) -> Iterator[Line]:
    """Every scene; the long run plays each five times, for their moments differ."""
    for _ in range(5 if long else 1):
        yield from measure(SCENES)
