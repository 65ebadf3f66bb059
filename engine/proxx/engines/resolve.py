"""Makes proxies with DaVinci Resolve: one process that talks to it for all clips of a job, and one job at a time."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from threading import Event, RLock
from typing import Any

from filelock import Timeout

from proxx.engines import resolve_state as state
from proxx.engines.ffmpeg import Outcome
from proxx.engines.resolve_bound import bound_promise
from proxx.engines.resolve_request import STATE, Simulation, begin_request, clip_request, deadlines, state_file
from proxx.engines.resolve_session import Ended, Session
from proxx.engines.resolve_values import Trouble
from proxx.errors import ProxxError
from proxx.model import Plan, Task
from proxx.rulebook import Rulebook

CHILD = Path(__file__).with_name("resolve_child.py")
PYTHON = "PROXX_RESOLVE_PYTHON"
LOOK_SECONDS = 0.2
HINT = (
    "Start DaVinci Resolve Studio with external scripting switched on and see what proxx doctor says, or hand the job "
    "to a machine that has it: proxx export resolve-bundle."
)

Moved = Callable[[str, int], None]
"""Hears how many frames there will be ("promise"), and how many are rendered ("frames")."""


class Engine:
    """Resolve, real or simulated, at work on one plan. Any thread may ask it for a clip; it makes one at a time."""

    def __init__(self, rulebook: Rulebook, plan: Plan, simulation: Simulation | None) -> None:
        self.rulebook, self.plan, self.simulation = rulebook, plan, simulation
        self.which = state.SIMULATED if simulation else state.REAL
        self.about: Mapping[str, Any] = {}
        self._session: Session | None = None
        self._seat = state.seat(self.which)
        self._moved: Moved = lambda event, frames: None
        self._told: dict[str, Any] = {}
        self._probed = False
        self._asked: Sequence[Task] = plan.tasks
        self._early: Outcome | None = None
        self._fresh = simulation is not None and not os.environ.get(STATE)

    def make(self, task: Task, stop: Event, moved: Moved) -> Outcome:
        """Render a clip to its hidden name. Whatever Resolve says of it, only the file tells whether it is right."""
        begun = time.monotonic()
        with _TURN:
            early, self._early = self._early, None
            if early is not None:
                return early
            self._moved, self._told = moved, {}
            try:
                answer = self._made(task, stop)
            except (Trouble, Ended) as error:
                outcome = self._failed(error)
            else:
                outcome = Outcome(0, "", 0.0, promise=bound_promise(task, answer["clip"], answer["settings"]))
            return replace(outcome, seconds=time.monotonic() - begun, engine=self._record())

    def only(self, task: Task) -> None:
        """Let Resolve look at this clip alone: a farm that makes one at a time would import every clip for each."""
        self._asked = (task,)

    def order(self, stop: Event) -> Sequence[int]:
        """The indexes of the clips in the order that changes projects least: those of one rate together.

        Where Resolve cannot tell, they stay as they are, and the clip that is made first says why.
        """
        with _TURN:
            begun, self._told = time.monotonic(), {}
            try:
                return self._probe(self._opened(stop), stop)
            except (Trouble, Ended) as error:
                seconds = time.monotonic() - begun
                self._early = replace(self._failed(error), seconds=seconds, engine=self._record())
        return [task.index for task in self.plan.tasks]

    def _probe(self, session: Session, stop: Event) -> Sequence[int]:
        """Let the driver look at the clips; their order."""
        found = session.ask({"do": "probe", "clips": [clip_request(task) for task in self._asked]}, stop)
        self._probed = True
        return list(map(int, found))

    def _failed(self, error: Trouble | Ended) -> Outcome:
        """What a clip is told that Resolve did not make."""
        if isinstance(error, Ended):
            return self._ended(error)
        return Outcome(1, str(error), 0.0, error.kind == "stopped", trouble=error.document())

    def _made(self, task: Task, stop: Event) -> Mapping[str, Any]:
        session = self._opened(stop)
        if not self._probed:
            self._probe(session, stop)
        folder = str(task.settings["render"]["settings"]["TargetDir"])
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(folder)
        try:
            answer: Mapping[str, Any] = session.ask({"do": "make", "clip": clip_request(task)}, stop)
            os.replace(_the_file(folder), task.temporary)
            return answer
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            with contextlib.suppress(OSError):  # another clip's is in it
                os.rmdir(os.path.dirname(folder))

    def _opened(self, stop: Event) -> Session:
        """The session, begun when there is none. Raises Trouble."""
        if _OPEN and _OPEN[0] is not self:
            _OPEN.pop().close()
        self._start_anew(stop)
        stuck = state.wedged(self.which)
        if stuck is not None:
            raise Trouble(
                "wedged", str(stuck.get("call", "")), str(stuck.get("argument", "")), "it is not looked at yet"
            )
        if self._session is None or not self._session.alive:
            self._take_seat(stop)
            self._session = Session(driver_argv(), deadlines(self.rulebook), self._hear)
            _OPEN[:] = [self]
            self._probed = False
            self.about = self._session.ask(begin_request(self.rulebook, self.plan, self.simulation), stop)
        return self._session

    def _start_anew(self, stop: Event) -> None:
        """A simulated Resolve is another one for every job, unless its state is to be kept."""
        if self._fresh:
            self._take_seat(stop)
            state.forget(self.which)
            Path(state_file()).unlink(missing_ok=True)
            self._fresh = False

    def _take_seat(self, stop: Event) -> None:
        """Wait until no other job of this machine is at Resolve, and say so once."""
        waits = False
        while not self._seat.is_locked:
            if stop.is_set():
                raise Trouble("stopped", "", "", "proxx was asked to stop")
            try:
                self._seat.acquire(timeout=LOOK_SECONDS)
            except Timeout:
                if not waits:
                    print(
                        "proxx: another job of this machine is at Resolve; waiting until it has ended", file=sys.stderr
                    )
                waits = True

    def _hear(self, event: Mapping[str, Any]) -> None:
        kind = event["event"]
        if kind in ("project", "removed", "before", "closed"):
            state.note(event, self.which)
        elif kind == "progress":
            self._moved("frames", event["percent"] * self._told["bound"]["clip"]["Frames"] // 100)
        elif kind == "bound":
            self._told["bound"] = {"clip": event["clip"], "settings": event["settings"]}
            self._moved("promise", event["clip"]["Frames"])
        elif kind == "left":
            self._told["left"] = [*self._told.get("left", []), event["name"]]

    def _ended(self, ended: Ended) -> Outcome:
        """The process is gone: a call that never came back is remembered, and nothing more is asked."""
        if ended.hung:
            state.mark_wedged(ended.call, ended.argument, self.which)
        kind = "hung" if ended.hung else "lost"
        self._told["in_flight"] = {"call": ended.call, "argument": ended.argument}
        trouble = Trouble(kind, ended.call, ended.argument, ended.cause).document()
        return Outcome(1 if ended.hung else ended.code or 1, ended.cause, 0.0, trouble=trouble)

    def _record(self) -> dict[str, Any]:
        """What the record says of the engine: which Resolve it was, what was bound, the call under way at an end."""
        about = {key: str(self.about.get(key, "")) for key in ("product", "version", "edition")}
        return {"engine_impl": self.which, **about, "bound": None, "in_flight": None, "left": [], **self._told}

    def close(self) -> list[str]:
        """Take away what is ours in Resolve, end the process, let the next job have its turn; what had to be left."""
        with _TURN:
            self._told = {}
            try:
                if self._session is not None:
                    self._session.close()
            except Ended as ended:
                if ended.hung:
                    state.mark_wedged(ended.call, ended.argument, self.which)
            finally:
                self._session = None
                _OPEN[:] = [one for one in _OPEN if one is not self]
                self._seat.release()
            return list(self._told.get("left", []))

    def hello(self, stop: Event) -> None:
        """See that there is a Resolve that takes the plan. Raises ProxxError (exit 3) that says what to do."""
        with _TURN:
            try:
                self._opened(stop)
            except Trouble as trouble:
                self.close()
                raise ProxxError(f"no Resolve takes this job: {trouble}", hint=HINT) from trouble
            except Ended as ended:
                self._ended(ended)
                self.close()
                raise ProxxError(f"Resolve does not answer: {ended.call}: {ended.cause}", hint=HINT) from ended


_TURN = RLock()
_OPEN: list[Engine] = []
"""The engine of this process that has a session: one Resolve does one job at a time."""


def close_all() -> list[str]:
    """End whatever session this process has; the names of projects that had to be left in Resolve."""
    found: list[str] = []
    with _TURN:
        while _OPEN:
            found += _OPEN[0].close()
    return found


def driver_argv() -> Sequence[str]:
    """The process that talks to Resolve, in the Python that Resolve likes."""
    return [os.environ.get(PYTHON) or sys.executable, "-I", str(CHILD)]


def _the_file(folder: str) -> str:
    """The one file that a render left. Raises Trouble."""
    names = sorted(os.listdir(folder))
    if not names:
        raise Trouble("no-file", "Project.GetRenderJobStatus", folder, "the job was complete, and there is no file")
    if len(names) > 1:
        raise Trouble("extra-files", "Project.GetRenderJobStatus", folder, f"there are {', '.join(names)}")
    return os.path.join(folder, names[0])
