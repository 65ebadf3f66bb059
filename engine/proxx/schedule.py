"""How many clips are made side by side: as many as fill the cores and as the memory holds."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Lock
from typing import Any

from proxx.job import Each, Make, in_turn
from proxx.making import Progress, Result
from proxx.model import Media, Plan, Task
from proxx.rulebook import Rulebook
from proxx.sharing import Decode

MEGA = 1_000_000
CGROUPS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")
"""Where Linux says how much memory a container may take."""


def side_by_side(count: int) -> Each:
    """Go through decodings so many at once; results come in their order. What waits ends with KeyboardInterrupt."""
    if count <= 1:
        return in_turn

    def go(make: Make, decodes: Sequence[Decode]) -> Iterable[list[Result]]:
        pool = ThreadPoolExecutor(min(count, len(decodes)))
        try:
            yield from pool.map(make, decodes)
        finally:
            pool.shutdown(cancel_futures=True)

    return go


def one_at_a_time(progresses: Sequence[Progress]) -> list[Progress]:
    """The same tellers of progress, of which no two are told anything at once."""
    lock = Lock()

    def guarded(progress: Progress) -> Progress:
        def tell(event: str, task: Task, value: Any) -> None:
            with lock:
                progress(event, task, value)

        return tell

    return [guarded(progress) for progress in progresses]


def clips_at_once(rulebook: Rulebook, plans: Sequence[Plan], decodes: Sequence[Decode], asked: int | None) -> int:
    """How many clips (decodings) are made at once: what is asked for, or what suits this machine.

    Resolve makes one clip at a time, whatever is asked for.
    """
    if all(plan.engine == "resolve" for plan in plans):
        return 1
    if asked is not None:
        return asked
    return suitable(rulebook, plans, decodes, cores(), memory())


def threads_each(count: int) -> int:
    """How many threads each of `count` proofs at once may take (0: all): more than the cores hold only cost time."""
    return 0 if count == 1 else max(1, cores() // count)


def suitable(rulebook: Rulebook, plans: Sequence[Plan], decodes: Sequence[Decode], cores: int, memory: int) -> int:
    """How many decodings suit a machine with so many cores and bytes of memory; one at least.

    Two at least where there are two cores: while one's proxies are proved, the other's are encoded.
    """
    share = rulebook.items["scheduling"]["memory_percent"] * memory / 100
    heaviest = max((needed(rulebook, plans, decode, cores) for decode in decodes), default=0)
    busy = max((_busy(rulebook, plans, decode) for decode in decodes), default=1)
    by_cores = max(round(cores / busy), min(cores, 2))
    by_memory = int(share // heaviest) if heaviest else by_cores
    return max(1, min(int(by_cores), by_memory, len(decodes)))


def _busy(rulebook: Rulebook, plans: Sequence[Plan], decode: Decode) -> float:
    """The cores that the encoders of a decoding keep busy."""
    return sum(float(_encoder(rulebook, plans[part.plan])["cores"]) for part in decode.parts)


def needed(rulebook: Rulebook, plans: Sequence[Plan], decode: Decode, cores: int) -> int:
    """The bytes of memory that making the clips of one decoding is taken to need."""
    numbers = rulebook.items["scheduling"]
    made = sum(
        _encoder(rulebook, plans[part.plan])["megabytes_per_megapixel"] * _megapixels(part.task.expect)
        for part in decode.parts
    )
    read = numbers["decode_megabytes"] * _megapixels(decode.parts[0].task.media) * cores
    return int((numbers["megabytes"] + made + read) * MEGA)


def _encoder(rulebook: Rulebook, plan: Plan) -> dict[str, Any]:
    known = rulebook.items["encoder"]
    name = rulebook.profiles[plan.profile].get("video", {}).get("encoder")
    return dict(known.get(name, known["other"]))


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
