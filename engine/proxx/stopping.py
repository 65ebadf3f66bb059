"""How a run is told to end before its time: by a signal, or by a marker file that any machine may put there."""

from __future__ import annotations

import atexit
import contextlib
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread
from types import FrameType

MARKERS = os.path.join(".proxx", "cancel")
LOOK_SECONDS = 1.0


class Stop(Event):
    """Says that the work shall end: `set` in order, `hurry` at once. It is set as soon as one of `others` is, too."""

    def __init__(self, *others: Event) -> None:
        super().__init__()
        self.others = others
        self._hurried = False
        self._cause = ""

    def is_set(self) -> bool:
        """Whether the work shall end."""
        return super().is_set() or any(one.is_set() for one in self.others)

    @property
    def hurried(self) -> bool:
        """Whether no child has its grace."""
        return self._hurried or any(isinstance(one, Stop) and one.hurried for one in self.others)

    @property
    def cause(self) -> str:
        """What ended the work first: SIGINT, SIGTERM, SIGHUP or marker; empty while nothing has, or nobody said."""
        said = (one.cause for one in self.others if isinstance(one, Stop))
        return self._cause or next((cause for cause in said if cause), "")

    def end(self, cause: str) -> None:
        """End the work in order, for this cause."""
        self._cause = self.cause or cause
        self.set()

    def hurry(self) -> None:
        """Let no child have its grace."""
        self._hurried = True
        self.set()


def stop_on_signals(stop: Stop) -> None:
    """The first Ctrl-C, SIGTERM or hang-up ends the work in order, the second at once.

    What whoever started us has switched off (`nohup proxx …`, a job in the background) stays off.
    """
    heard: list[int] = []

    def hear(number: int, frame: FrameType | None) -> None:
        heard.append(number)
        if len(heard) > 1:
            stop.hurry()
            raise KeyboardInterrupt
        stop.end(signal.Signals(number).name)

    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, hear)
            atexit.register(signal.signal, number, signal.SIG_IGN)  # the work is told: the exit code stays what it is


def mark(folder: str, job_id: str, words: str) -> str:
    """Leave the marker that ends a job in that output folder; its path. Only its name counts, not what it says."""
    place = os.path.join(folder, MARKERS)
    os.makedirs(place, exist_ok=True)
    path = os.path.join(place, job_id)
    with open(path, "w", encoding="utf-8", errors="surrogateescape") as handle:
        handle.write(words)
    return path


def forget_mark(folder: str, job_id: str) -> None:
    """Remove a marker that was meant for an earlier run of the job."""
    with contextlib.suppress(OSError):
        os.unlink(os.path.join(folder, MARKERS, job_id))


def is_marked(folder: str, job_id: str) -> bool:
    """Whether the job's marker is there. The folder is listed: a share may remember for a while that a name is not."""
    try:
        return job_id in os.listdir(os.path.join(folder, MARKERS))
    except OSError:
        return False


@contextmanager
def heeding_mark(stop: Stop, folder: str, job_id: str, *, every: float = LOOK_SECONDS) -> Iterator[None]:
    """Set `stop` when the job's marker appears; looked for in a thread, so that a slow share holds nobody up."""
    done = Event()
    place = os.path.join(folder, MARKERS)

    def look() -> None:
        while not done.wait(every):
            with contextlib.suppress(OSError):  # a share answers sooner about a folder that it knows
                if os.path.isdir(folder):
                    os.makedirs(place, exist_ok=True)
            if is_marked(folder, job_id):
                stop.end("marker")
                return

    looking = Thread(target=look, name="cancel marker", daemon=True)
    looking.start()
    try:
        yield
    finally:
        done.set()
        looking.join(LOOK_SECONDS)
        if stop.is_set():
            forget_mark(folder, job_id)
        with contextlib.suppress(OSError):  # somebody else's marker, or his papers, are in it
            os.rmdir(place)
            os.rmdir(os.path.dirname(place))
