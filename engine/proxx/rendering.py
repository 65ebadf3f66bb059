"""How the clips of a ready job are made: by FFmpeg, or by the Resolve that its plan is for."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from proxx.engines.ffmpeg import Outcome
from proxx.engines.resolve import close_all
from proxx.making import Encode, Work, encode_alone
from proxx.model import Task
from proxx.ready import Ready


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


@contextmanager
def closing() -> Iterator[None]:
    """Let go of Resolve in the end, whatever happens."""
    try:
        yield
    finally:
        for name in close_all():
            print(f"proxx: {name} could not be put in order in Resolve; the next job tries again", file=sys.stderr)
