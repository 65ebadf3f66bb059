"""Very many: a spec of thousands of sources, and thousands of jobs dropped into a watched folder."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from faults.bench import Bench, Line, set_up, write_spec

TINY = ("-f", "lavfi", "-i", "testsrc2=size=64x64:rate=25:duration=0.08", "-c:v", "prores")
WATCHERS = 3


def cards(bench: Bench, count: int) -> list[Path]:
    """So many tiny clips: two pictures each."""
    first = bench.folder / "tiny.mov"
    subprocess.run(["ffmpeg", "-v", "error", "-nostdin", *TINY, str(first)], check=True, timeout=60)
    card = bench.folder / "card"
    card.mkdir()
    return [Path(shutil.copyfile(first, card / f"tiny{number:05}.mov")) for number in range(count)]


def many_sources(count: int) -> Line:
    """One job of so many sources, and the same again, which is nothing to do."""
    with tempfile.TemporaryDirectory(prefix="proxx-faults-") as place:
        bench = set_up(Path(place), 1)
        out = bench.folder / "out"
        spec = write_spec(bench, out, "large", sources=[str(path) for path in cards(bench, count)])
        begun = time.monotonic()
        first = bench.run("run", str(spec), limit=36_000)
        took, begun = time.monotonic() - begun, time.monotonic()
        again = bench.run("run", str(spec), limit=36_000)
        nothing = time.monotonic() - begun
        made = len(list(out.glob("*_proxy.mov")))
        encodes = len(bench.encodes())
    text = f"a spec of {count} sources: exit code {first}, {made} made in {took:.0f} s by {encodes} encodes; "
    return Line(
        f"{text}again: exit code {again}, {nothing:.1f} s", (count - made) + abs(encodes - count) + first + again
    )


def many_jobs(count: int) -> Line:
    """So many specs dropped into a folder that several watch at once."""
    with tempfile.TemporaryDirectory(prefix="proxx-faults-") as place:
        bench = set_up(Path(place), 1)
        drop = bench.folder / "drop"
        (drop / "pending").mkdir(parents=True)
        for number, path in enumerate(cards(bench, count)):
            spec = write_spec(bench, bench.folder / "out" / f"{number // 100}", number, sources=[str(path)])
            spec.rename(drop / "pending" / spec.name)
        begun = time.monotonic()
        words = ("watch", str(drop), "--once", "--settle", "0.1", "--every", "0.1")
        with ThreadPoolExecutor(WATCHERS) as pool:
            codes = sorted(
                pool.map(lambda number: bench.run(*words, mark=f"watcher-{number}", limit=36_000), range(WATCHERS))
            )
        took = time.monotonic() - begun
        results = [json.loads(path.read_text("utf-8")) for path in (drop / "completed").glob("*.result.json")]
        states = Counter(result["status"] for result in results)
        made = len(list((bench.folder / "out").glob("*/*_proxy.mov")))
        encodes = len(bench.encodes())
    text = f"{count} jobs dropped in for {WATCHERS} watchers: exit codes {codes}, {made} made in {took:.0f} s"
    bad = (count - made) + (count - states["COMPLETED"]) + abs(encodes - count) + sum(codes)
    return Line(f"{text} by {encodes} encodes, results {dict(states)}", bad)


def measure(sources: int, jobs: int) -> Iterator[Line]:
    """A spec of so many sources, and so many jobs."""
    yield many_sources(sources)
    yield many_jobs(jobs)


def tell(seed: int, *, long: bool) -> Iterator[Line]:
    """5,000 sources and 10,000 jobs; a hundredth of it in the short run."""
    yield from measure(5_000, 10_000) if long else measure(50, 100)
