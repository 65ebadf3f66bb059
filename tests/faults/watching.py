"""Watchers under trouble: several at one folder with one of them killed, and writers that are slow to end.

Files arrive at random moments; each must be made exactly once, by whichever watcher. What the killed one had begun and
not finished is begun once more by another, and nothing else is.

Growing writers write in the six ways that are met: none of their files may be taken before its writer has closed it.
The control takes a file as soon as its size was the same in two looks, as scripts do: it has to take some early.
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from faults.bench import FRAMES, Bench, Line, frames_of, set_up, shoot, states

SETTLE = ("--settle", "0.5", "--long-settle", "6", "--every", "0.1", "--lease", "3")
STALL = 1.5
"""Seconds that a writer pauses: longer than the settle time."""

CHUNKS = 12


@contextmanager
def watchers(bench: Bench, drop: Path, out: Path, count: int) -> Iterator[list[subprocess.Popen[bytes]]]:
    """So many watchers at a folder, each with its number as its mark; they are ended at the end."""
    argv = [sys.executable, "-m", "proxx", "watch", str(drop), "--profile", "proxy_prores_proxy", "--out", str(out)]
    argv += [*SETTLE, "--quiet", "--jobs", "1"]
    silent = subprocess.DEVNULL
    running = [
        subprocess.Popen(argv, env=bench.environment(str(number)), stdout=silent, stderr=silent)
        for number in range(count)
    ]
    try:
        yield running
    finally:
        for one in running:
            one.terminate()
        for one in running:
            one.wait(60)


def wait_for(proxies: int, out: Path, seconds: float) -> None:
    """Wait until so many proxies are done, or the time is over."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and Counter(states(out).values())["DONE"] < proxies:
        time.sleep(0.2)


def several(folder: Path, chance: random.Random, count: int, files: int) -> tuple[Line, int]:
    """Watchers at one folder, one of them killed: what became of the files, and how many encodes it took."""
    bench = set_up(folder, 8)
    drop, out = folder / "drop", folder / "out"
    drop.mkdir()
    names = [f"shot{number:03}.mov" for number in range(files)]
    redo: set[str] = set()
    with watchers(bench, drop, out, count) as running:
        for number, name in enumerate(names):
            time.sleep(chance.uniform(0, 0.05))
            shutil.copyfile(bench.clips[number % len(bench.clips)], drop / name)
            if number == files // 3:
                redo = kill(running, bench, out)
        wait_for(files, out, 60 + 3 * files)
        time.sleep(1)
    outputs = [name.replace(".mov", "_proxy.mov") for name in names]
    lost = sum(not (out / name).exists() or frames_of(out / name) != FRAMES for name in outputs)
    made = Counter(name for one in bench.encodes() for name in outputs if one.makes(name))
    again = sum(made[name] > (2 if name in redo else 1) for name in outputs)
    shares = Counter(one.mark for one in bench.encodes())
    text = (
        f"{count} watchers, {files} files, one watcher killed with {len(redo)} clips under way: {lost} lost, "
        f"{again} made more than once; encodes by watcher: {', '.join(f'{shares[str(one)]}' for one in range(count))}"
    )
    return Line(text, lost + again), sum(shares.values())


def kill(running: list[subprocess.Popen[bytes]], bench: Bench, out: Path) -> set[str]:
    """Kill a watcher that is encoding; the proxies that it had begun and that are not done."""
    number = busy(bench, out)
    running[number].kill()
    running[number].wait()
    return under_way(bench, out, number)


def busy(bench: Bench, out: Path) -> int:
    """The number of a watcher that has a clip under way, as soon as there is one."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        marks = [int(encode.mark) for encode in bench.encodes()]
        for number in marks[-1:]:
            if under_way(bench, out, number):
                return number
        time.sleep(0.02)
    return 0


def under_way(bench: Bench, out: Path, number: int) -> set[str]:
    """The proxies that a watcher has begun and that are not done."""
    known = states(out)
    begun = [encode for encode in bench.encodes() if encode.mark == str(number)]
    return {name for name in known if known[name] != "DONE" and any(encode.makes(name) for encode in begun)}


# Writers: each writes `data` to `path` in its own way, and returns when it is done.


def steady(path: Path, data: list[bytes], chance: random.Random) -> None:
    with path.open("wb", buffering=0) as handle:
        for chunk in data:
            handle.write(chunk)
            time.sleep(chance.uniform(0.05, 0.3))


def stalling(path: Path, data: list[bytes], chance: random.Random) -> None:
    stall = chance.randrange(1, len(data))
    with path.open("wb", buffering=0) as handle:
        for number, chunk in enumerate(data):
            handle.write(chunk)
            time.sleep(STALL if number == stall else 0.05)


def preallocated(path: Path, data: list[bytes], chance: random.Random, *, frozen: bool = False) -> None:
    with path.open("wb", buffering=0) as handle:
        handle.truncate(sum(map(len, data)))
        stall = chance.randrange(1, len(data))
        for number, chunk in enumerate(data):
            handle.write(chunk)
            if frozen:
                os.utime(path, (1_600_000_000, 1_600_000_000))
            time.sleep(STALL if number == stall else 0.1)


def frozen(path: Path, data: list[bytes], chance: random.Random) -> None:
    preallocated(path, data, chance, frozen=True)


def reopening(path: Path, data: list[bytes], chance: random.Random) -> None:
    stall = chance.randrange(1, len(data))
    for number, chunk in enumerate(data):
        with path.open("ab", buffering=0) as handle:
            handle.write(chunk)
        time.sleep(STALL if number == stall else chance.uniform(0.05, 0.2))


def renaming(path: Path, data: list[bytes], chance: random.Random) -> None:
    part = path.with_name(f"{path.name}.part")
    stalling(part, data, chance)
    part.rename(path)


WRITERS: dict[str, Callable[[Path, list[bytes], random.Random], None]] = {
    "steady": steady,
    "stalling": stalling,
    "preallocated": preallocated,
    "preallocated, its time held still": frozen,
    "opened and closed for each chunk": reopening,
    "temporary name, then renamed": renaming,
}


def growing(folder: Path, chance: random.Random, rounds: int) -> tuple[Line, Line]:
    """Every way of writing, so many times at once: how many were taken before they were whole; and the control."""
    bench = set_up(folder, 1)
    kinds = [("-c:v", "prores"), ("-c:v", "libx264", "-movflags", "+faststart"), ("-c:v", "mpeg2video", "-f", "mxf")]
    sources = [folder / f"source{number}{'.mxf' if 'mxf' in kind else '.mov'}" for number, kind in enumerate(kinds)]
    for path, kind in zip(sources, kinds, strict=True):
        shoot(path, 1, *kind)
    drop, out = folder / "drop", folder / "out"
    drop.mkdir()
    ended: dict[str, float] = {}
    naive: dict[str, float] = {}

    def write(name: str, way: str, source: Path, seed: int) -> None:
        own = random.Random(seed)
        time.sleep(own.uniform(0, rounds))
        data = source.read_bytes()
        step = len(data) // CHUNKS + 1
        WRITERS[way](drop / name, [data[at : at + step] for at in range(0, len(data), step)], own)
        ended[name] = time.time()

    writers = []
    for number, way in enumerate(WRITERS):
        for turn in range(rounds):
            source = sources[turn % len(sources)]
            name = f"w{number}_{turn}{source.suffix}"
            writers.append(threading.Thread(target=write, args=(name, way, source, chance.randrange(1 << 30))))
    with watchers(bench, drop, out, 1):
        for writer in writers:
            writer.start()
        while any(writer.is_alive() for writer in writers):
            take_like_a_script(drop, naive)
        wait_for(len(writers), out, 120 + 2 * len(writers))
    begun = {name: one.begun for one in bench.encodes() for name in ended if one.makes(f"{Path(name).stem}_proxy.mov")}
    early = sum(begun[name] < ended[name] for name in begun)
    missing = len(ended) - len(begun)
    ways = f"{len(WRITERS)} kinds of growing writer x {rounds}"
    blind = sum(naive.get(name, 1e12) < ended[name] for name in ended)
    return (
        Line(f"{ways}: {early} taken early, {missing} never taken", early + missing),
        Line(f"control (same size in two looks): {blind} of {len(ended)} taken early", 0 if blind else 1),
    )


def take_like_a_script(drop: Path, naive: dict[str, float]) -> None:
    """Note the files whose size was the same a settle time apart, as scripts trust it."""
    before = {path.name: path.stat().st_size for path in drop.iterdir() if path.suffix != ".part"}
    time.sleep(0.5)
    for name, size in before.items():
        if name not in naive and (drop / name).exists() and (drop / name).stat().st_size == size:
            naive[name] = time.time()


def measure(seed: int, count: int, files: int, rounds: int) -> list[Line]:
    """So many watchers at so many files, and so many of every kind of writer."""
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory(prefix="proxx-faults-") as place:
        first, _ = several(Path(place), chance, count, files)
    with tempfile.TemporaryDirectory(prefix="proxx-faults-") as place:
        return [first, *growing(Path(place), chance, rounds)]


def tell(seed: int, *, long: bool) -> Iterator[Line]:
    """Eight watchers at 500 files, and ten of every kind of writer; a fifth of it in the short run."""
    yield from measure(seed, 8, 500, 10) if long else measure(seed, 4, 60, 3)
