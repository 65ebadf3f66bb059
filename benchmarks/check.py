"""Measures what a check costs, as CPU time against two yardsticks taken in the same run.

The floor is a Python that only imports json; the peer is check-jsonschema on the same files. Times differ from machine
to machine, ratios hardly; the runs of all programs alternate, and the middle one of each counts.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).parent.parent
COUNTS = (1, 100, 1000)
ROUNDS = 7
PROMISE = 10
SPEC = {
    "jobspec_version": "2.1",
    "sources": ["/mnt/show/day01/A001C001.mov", "/mnt/show/day01/A001C002.mov"],
    "output_directory": "/mnt/show/day01/proxies",
    "codec": "prores_proxy",
    "container": "mov",
    "resolution": "half",
    "naming_template": "{source_name}_proxy",
    "proxy_profile": "proxy_prores_proxy",
    "created_at": "2026-11-22T18:00:00Z",
}


def cpu_seconds(argv: Sequence[str], environment: Mapping[str, str]) -> float:
    """User and system time of one run, which must succeed."""
    child = subprocess.Popen(argv, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        sys.exit(f"{' '.join(argv)[:200]} ended with exit code {child.returncode}")
    return used.ru_utime + used.ru_stime


def write_specs(folder: Path, count: int) -> list[str]:
    """`count` specs in a new folder; their paths."""
    folder.mkdir()
    for number in range(count):
        document = {**SPEC, "job_id": f"job-{number:04}"}
        (folder / f"{number:04}.json").write_text(json.dumps(document, indent=2) + "\n", "utf-8")
    return sorted(map(str, folder.iterdir()))


def programs(folder: Path) -> dict[str, list[str]]:
    """What is run, by name."""
    runs = {"floor": [sys.executable, "-c", "import json"]}
    peer = [sys.executable, "-m", "check_jsonschema", "--schemafile", str(ROOT / "schema" / "jobspec.schema.json")]
    for count in COUNTS:
        specs = folder / str(count)
        names = write_specs(specs, count)
        what = names[0] if count == 1 else str(specs)
        runs[f"proxx {count}"] = [sys.executable, "-m", "proxx", "check", what, "--no-media"]
        runs[f"peer {count}"] = [*peer, *names]
    return runs


def measure(runs: Mapping[str, Sequence[str]], environment: Mapping[str, str]) -> dict[str, float]:
    """The median CPU time of each program, in seconds."""
    for argv in runs.values():
        cpu_seconds(argv, environment)  # fills the caches of files, of bytecode and of the rulebook
    times: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(ROUNDS):
        for name, argv in runs.items():
            times[name].append(cpu_seconds(argv, environment))
    return {name: statistics.median(values) for name, values in times.items()}


def main() -> None:
    """Measure and print the table."""
    with tempfile.TemporaryDirectory(prefix="proxx-bench-") as place:
        folder = Path(place)
        environment = {**os.environ, "PYTHONPATH": str(ROOT / "engine"), "XDG_CACHE_HOME": str(folder / "cache")}
        found = measure(programs(folder), environment)
    floor = found["floor"]
    print(f"CPU time, median of {ROUNDS} runs; the floor, python -c 'import json', takes {floor * 1000:.0f} ms\n")
    print(f"{'specs':>6} {'proxx check':>14} {'check-jsonschema':>18} {'proxx : floor':>15} {'proxx : peer':>14}")
    for count in COUNTS:
        ours, peer = found[f"proxx {count}"], found[f"peer {count}"]
        times = f"{count:>6} {ours * 1000:>11.0f} ms {peer * 1000:>15.0f} ms"
        print(f"{times} {ours / floor:>14.1f}x {ours / peer:>13.2f}x")
    ratio = found["proxx 1"] / floor
    word = "held" if ratio <= PROMISE else "NOT held"
    print(f"\nThe promise, one check at most {PROMISE}x the floor: {word} ({ratio:.1f}x)")


if __name__ == "__main__":
    main()
