"""Makes the clips of one decoding: one FFmpeg serves all, and each is locked, proved and recorded as if alone."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Condition, Lock

from proxx.engines.ffmpeg import Outcome, encode, patience
from proxx.making import Result, Work, encode_alone
from proxx.model import Task
from proxx.sharing import Decode, Part
from proxx.stopping import Stop
from proxx.task import make_clip

LOOK_SECONDS = 0.1


def make_decode(works: Sequence[Work], decode: Decode) -> list[Result]:
    """Make the clips of a decoding (`works` by the plans' places); their results in the order of its parts."""
    if len(decode.parts) == 1:
        (part,) = decode.parts
        return [make_clip(works[part.plan], part.task)]
    meeting = Meeting(works, decode)
    with ThreadPoolExecutor(len(decode.parts)) as pool:
        return list(pool.map(meeting.make, decode.parts))


class Meeting:
    """Where the clips of a decoding wait until each has come, or will not come: it is done already, or was refused.

    Who came first encodes for all. A clip that comes too late (another process held its lock) is made alone, and
    so is every clip when the common encoding fails: one that cannot be made must not cost the others their proxies.
    """

    def __init__(self, works: Sequence[Work], decode: Decode) -> None:
        self.decode, self.works = decode, works
        self.awaited = len(decode.parts)
        self.come: list[tuple[Work, Task]] = []
        self.begun = self.ended = False
        self.outcome: Outcome | None = None
        self.change = Condition(Lock())

    def make(self, part: Part) -> Result:
        """Make one of the clips."""
        try:
            return make_clip(replace(self.works[part.plan], encode=self.encode), part.task)
        finally:
            with self.change:
                if not any(task is part.task for _, task in self.come):
                    self.awaited -= 1
                self.change.notify_all()

    def encode(self, work: Work, task: Task) -> Outcome:
        """Run FFmpeg for a clip, and for all others that are here."""
        if not self._join(work, task):
            return encode_alone(work, task)
        if self.come[0][1] is task:
            self._encode_all()
        outcome = self._outcome(work)
        if outcome is None or (outcome.stopped and not work.stop.is_set()):
            return encode_alone(work, task)
        return outcome if outcome.stopped or outcome.exit_code == 0 else encode_alone(work, task)

    def _join(self, work: Work, task: Task) -> bool:
        """Wait for the others; whether the clip is one of those that are encoded together."""
        until = time.monotonic() + work.rulebook.items["sharing"]["wait_seconds"]

        def waits() -> bool:
            return not self.begun and len(self.come) < self.awaited and not work.stop.is_set()

        with self.change:
            if self.begun or any(one is task for _, one in self.come):
                return False
            self.come.append((work, task))
            self.change.notify_all()
            while (
                not self.begun and len(self.come) < self.awaited and time.monotonic() < until and not work.stop.is_set()
            ):
                self.change.wait(LOOK_SECONDS)
            self.begun = True
            self.change.notify_all()
            return len(self.come) > 1

    def _encode_all(self) -> None:
        try:
            self.outcome = self._encode()
        finally:
            with self.change:
                self.ended = True
                self.change.notify_all()

    def _encode(self) -> Outcome:
        here = [part for part in self.decode.parts if any(part.task is task for _, task in self.come)]
        works = [self.works[part.plan] for part in here]
        argv = replace(self.decode, parts=tuple(here)).argv
        seconds = sum(patience(works[0].rulebook.items["watchdog"], part.task) for part in here)

        def tell(frames: int) -> None:
            for work, part in zip(works, here, strict=True):
                work.progress("frames", part.task, frames)

        files, stop = [part.task.temporary for part in here], Stop(*(work.stop for work in works))
        return replace(encode(argv, files, works[0].tools.ffmpeg, tell, stop, seconds), shared=argv)

    def _outcome(self, work: Work) -> Outcome | None:
        with self.change:
            while not self.ended:
                self.change.wait(LOOK_SECONDS)
            return self.outcome
