"""How many clips are made side by side: as many as fill the cores and as the memory holds."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Lock
from typing import Any

from proxx.job import Each, in_turn
from proxx.making import Progress, Result
from proxx.model import Media, Plan, Task
from proxx.rulebook import Rulebook

MEGA = 1_000_000
CGROUPS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")
"""Where Linux says how much memory a container may take."""


def side_by_side(count: int) -> Each:
    """Go through clips so many at once; results come in the clips' order. What waits ends with KeyboardInterrupt."""
    if count <= 1:
        return in_turn

    def go(make: Callable[[Task], Result], tasks: Sequence[Task]) -> Iterable[Result]:
        pool = ThreadPoolExecutor(min(count, len(tasks)))
        try:
            yield from pool.map(make, tasks)
        finally:
            pool.shutdown(cancel_futures=True)

    return go


def one_at_a_time(progress: Progress) -> Progress:
    """The same progress, which never hears two clips at once."""
    lock = Lock()

    def tell(event: str, task: Task, value: Any) -> None:
        with lock:
            progress(event, task, value)

    return tell


def clips_at_once(rulebook: Rulebook, plan: Plan, asked: int | None) -> int:
    """How many clips of a plan are made at once: what is asked for, or what suits this machine."""
    if asked is not None:
        return asked
    return suitable(rulebook, plan, cores(), memory())


def suitable(rulebook: Rulebook, plan: Plan, cores: int, memory: int) -> int:
    """How many clips suit a machine with so many cores and bytes of memory; one at least.

    Two clips at least where there are two cores: while one is proved, the other is encoded.
    """
    share = rulebook.items["scheduling"]["memory_percent"] * memory / 100
    encoder = _encoder(rulebook, plan)
    heaviest = max((needed(rulebook, plan, task, cores) for task in plan.tasks), default=0)
    by_cores = max(round(cores / encoder["cores"]), min(cores, 2))
    by_memory = int(share // heaviest) if heaviest else by_cores
    return max(1, min(int(by_cores), by_memory, len(plan.tasks)))


def needed(rulebook: Rulebook, plan: Plan, task: Task, cores: int) -> int:
    """The bytes of memory that making one clip is taken to need."""
    numbers = rulebook.items["scheduling"]
    made = _encoder(rulebook, plan)["megabytes_per_megapixel"] * _megapixels(task.expect)
    read = numbers["decode_megabytes"] * _megapixels(task.media) * cores
    return int((numbers["megabytes"] + made + read) * MEGA)


def _encoder(rulebook: Rulebook, plan: Plan) -> dict[str, Any]:
    known = rulebook.items["encoder"]
    return dict(known.get(rulebook.profiles[plan.profile]["video"]["encoder"], known["other"]))


def _megapixels(media: Media) -> float:
    video = media.video
    return ((video.width or 0) * (video.height or 0)) / MEGA if video else 0.0


def cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def memory() -> int:
    """The bytes of memory that this process may use: the machine's, or less where its container has a limit."""
    limits = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    for path in CGROUPS:
        try:
            limits.append(int(Path(path).read_text("ascii")))
        except (OSError, ValueError):  # there is none, or it says "max"
            continue
    return min(limits)
