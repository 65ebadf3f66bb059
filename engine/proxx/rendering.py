"""How the clips of a ready job are made: by FFmpeg, or by the Resolve that its plan is for."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from proxx.engines.ffmpeg import Outcome
from proxx.engines.resolve import close_all
from proxx.job import Each, Make, in_turn
from proxx.making import Encode, Result, Work, encode_alone
from proxx.model import Task
from proxx.ready import Ready
from proxx.schedule import side_by_side
from proxx.sharing import Decode


def encoder_of(ready: Ready) -> Encode:
    """What runs the engine of a job for one of its clips."""
    engine = ready.resolve
    if engine is None:
        return encode_alone

    def encode(work: Work, task: Task) -> Outcome:
        def tell(event: str, frames: int) -> None:
            work.progress(event, task, frames)

        return engine.make(task, work.stop, tell)

    return encode


def going(jobs: Sequence[Ready], count: int) -> Each:
    """Go through the decodings of jobs, so many at once; results come in the decodings' order.

    Resolve takes one clip after the other, job by job, in the order that changes its projects least; beside it the
    clips of other jobs are made, where there may be two at once.
    """

    def go(make: Make, decodes: Sequence[Decode]) -> Iterable[list[Result]]:
        theirs = [at for at, decode in enumerate(decodes) if jobs[decode.parts[0].plan].resolve is None]

        def others() -> dict[int, list[Result]]:
            each = side_by_side(count - 1 if 0 < len(theirs) < len(decodes) else count)
            return dict(zip(theirs, each(make, [decodes[at] for at in theirs]), strict=True))

        def resolves() -> dict[int, list[Result]]:
            return {at: made for job, of_job in enumerate(jobs) for at, made in _resolved(make, decodes, job, of_job)}

        made = _beside(resolves, others) if count > 1 and 0 < len(theirs) < len(decodes) else {**others(), **resolves()}
        return [made[at] for at in range(len(decodes))]

    return go


def _resolved(make: Make, decodes: Sequence[Decode], number: int, job: Ready) -> Iterator[tuple[int, list[Result]]]:
    """Make the clips of a job for Resolve, if it is one; each with its place among the decodings."""
    places = {decode.parts[0].task.index: at for at, decode in enumerate(decodes) if decode.parts[0].plan == number}
    if job.resolve is None or not places:
        return
    order = [places[index] for index in job.resolve.order(job.stop)]
    yield from zip(order, in_turn(make, [decodes[at] for at in order]), strict=True)


def _beside(
    one: Callable[[], dict[int, list[Result]]], other: Callable[[], dict[int, list[Result]]]
) -> dict[int, list[Result]]:
    """What two make at the same time."""
    with ThreadPoolExecutor(1) as pool:
        made = pool.submit(one)
        return {**other(), **made.result()}


@contextmanager
def closing() -> Iterator[None]:
    """Let go of Resolve in the end, whatever happens."""
    try:
        yield
    finally:
        for name in close_all():
            print(f"proxx: {name} could not be put in order in Resolve; the next job tries again", file=sys.stderr)
