"""Our end of the talk with the process that talks to Resolve: a call that misses its deadline ends it."""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Callable, Mapping, Sequence
from threading import Event
from typing import Any

from proxx import guardian
from proxx.engines.resolve_values import Trouble
from proxx.pipes import Pipes
from proxx.process import POLL_SECONDS, STEP_SECONDS, end_child
from proxx.stopping import Stop

GRACE_SECONDS = 10.0
"""How long a driver may take to stop a render and say so, when a job is stopped."""

WAIT_SECONDS = 60.0
"""How long a driver may say nothing while no call is under way: it looks at the clock, and at the size of a folder."""


class Ended(Exception):
    """The process is gone: it was ended because a call never came back (`hung`), or something else ended it."""

    def __init__(self, hung: bool, call: str, argument: str, cause: str, code: int) -> None:
        super().__init__(cause)
        self.hung, self.call, self.argument, self.cause, self.code = hung, call, argument, cause, code


class Session:
    """One process that talks to Resolve. `deadlines` are seconds by call, `other` for all others.

    `on_event` hears of every event that the driver tells. The process dies with us, whatever ends us.
    """

    def __init__(
        self, argv: Sequence[str], deadlines: Mapping[str, float], on_event: Callable[[Mapping[str, Any]], None]
    ) -> None:
        self.argv, self.deadlines, self.on_event = argv, deadlines, on_event
        reads, self._writes = os.pipe()
        try:
            self._child = guardian.start(argv, reads)
        except BaseException:
            os.close(self._writes)
            raise
        finally:
            os.close(reads)
        self._rest = b""
        self._lines: list[bytes] = []
        self._pipes = Pipes(self._child, self._cut)
        self.in_flight: Mapping[str, Any] | None = None
        self.alive = True

    def _cut(self, chunk: bytes) -> bool:
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        self._lines += lines
        return True

    def ask(self, request: Mapping[str, Any], stop: Event) -> Any:
        """Ask for something and wait for the answer. Raises Trouble, and Ended when there will be none."""
        self._say(request)
        silence, last, until = 0.0, time.monotonic(), float("inf")
        while True:
            answer = self._next()
            if answer is not None:
                return answer["answer"]
            code = self._child.poll()
            moved = self._pipes.pump(POLL_SECONDS)
            if code is not None and not moved and not self._lines:
                raise self._gone(code)
            now = time.monotonic()
            silence = 0.0 if moved else silence + min(now - last, STEP_SECONDS)
            last = now
            if silence > self._patience():
                raise self._hung()
            if stop.is_set() and until == float("inf"):
                self._say({"do": "stop"})
                until = now + GRACE_SECONDS
            if now > until or (isinstance(stop, Stop) and stop.hurried):
                self.end()
                raise Trouble("stopped", "", "", "it was ended, for it did not stop by itself")

    def _say(self, request: Mapping[str, Any]) -> None:
        data = json.dumps(request).encode("ascii") + b"\n"
        with contextlib.suppress(BrokenPipeError):  # that it is gone is seen where its answer is waited for
            while data:
                data = data[os.write(self._writes, data) :]

    def _next(self) -> Mapping[str, Any] | None:
        """Take in what was said so far; the answer, if it is among that. Raises Trouble."""
        while self._lines:
            event = json.loads(self._lines.pop(0))
            kind = event["event"]
            if kind in ("call", "answered"):
                self.in_flight = event if kind == "call" else None
            elif kind == "trouble":
                raise Trouble(**event["trouble"])
            elif kind == "done":
                return dict(event)
            self.on_event(event)
        return None

    def _patience(self) -> float:
        """How long nothing may be heard now: as long as the call under way may take."""
        if self.in_flight is None:
            return max(WAIT_SECONDS, self.deadlines["other"])
        name = "connect" if self.in_flight["call"] == "scriptapp" else self.in_flight["call"]
        return float(self.deadlines.get(name, self.deadlines["other"]))

    def _hung(self) -> Ended:
        call, argument = self._where()
        cause = f"no answer within {self._patience():g} s"
        self.end()
        return Ended(True, call, argument, cause, -9)

    def _gone(self, code: int) -> Ended:
        call, argument = self._where()
        self.end()
        said = bytes(self._pipes.tail).decode("utf-8", "replace").strip().splitlines()
        if self._child.fault:
            return Ended(False, call, argument, f"cannot start {self.argv[0]}: {self._child.fault}", code)
        how = f"it was ended by signal {-code}" if code < 0 else f"it ended with exit code {code}"
        return Ended(False, call, argument, f"{how}: {said[-1]}" if said else how, code)

    def _where(self) -> tuple[str, str]:
        """The call under way, and its arguments in words."""
        if self.in_flight is None:
            return "", ""
        return str(self.in_flight["call"]), ", ".join(map(str, self.in_flight["arguments"]))

    def close(self) -> None:
        """Let the driver clean up, then end it. Raises Ended when it hangs or dies over that."""
        try:
            if self.alive:
                with contextlib.suppress(Trouble):
                    self.ask({"do": "close"}, Event())
        finally:
            self.end()

    def end(self) -> None:
        """End the process and whatever it started."""
        if self.alive:
            self.alive = False
            os.close(self._writes)
            end_child(self._child, self._pipes)
