"""A child of our own, without the guardian: for tools that take a moment."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager


class Plain:
    """A tool started directly, in a session of its own. Raises OSError or ValueError when it cannot be started."""

    fault = ""

    def __init__(self, argv: Sequence[str]) -> None:
        with new_pipes(2) as (reading, writing):
            self._process = subprocess.Popen(
                list(argv), stdin=subprocess.DEVNULL, stdout=writing[0], stderr=writing[1], start_new_session=True
            )
        self.stdout, self.stderr = reading
        self.status = -1
        if hasattr(os, "pidfd_open"):
            with contextlib.suppress(OSError):  # a kernel that does not have it
                self.status = os.pidfd_open(self._process.pid)

    def poll(self) -> int | None:
        """The exit code (negative: the signal), None while it runs."""
        running = self._process.returncode is None
        code = self._process.poll()
        if running and code is not None:
            # What is left of its group goes with it. The group's id stays taken while one of it lives.
            self._signal_group(signal.SIGKILL)
        return code

    def wait(self, seconds: float) -> int | None:
        """The exit code, None when it does not end within so many seconds."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(seconds)
            self._signal_group(signal.SIGKILL)
        return self._process.returncode

    def signal(self, number: int) -> None:
        """A signal to its group, nothing when it has ended."""
        if self.poll() is None:
            self._signal_group(number)

    def close(self) -> None:
        """Let go of it."""
        if self.status >= 0:
            os.close(self.status)

    def _signal_group(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            # macOS answers "not permitted" for a group of zombies only.
            os.killpg(self._process.pid, number)


@contextmanager
def new_pipes(count: int) -> Iterator[tuple[list[int], list[int]]]:
    """New pipes: their reading ends, which are kept unless something fails, and their writing ends, which are not."""
    reading: list[int] = []
    writing: list[int] = []
    try:
        for _ in range(count):
            ends = os.pipe()
            reading.append(ends[0])
            writing.append(ends[1])
        yield reading, writing
    except BaseException:
        for descriptor in reading:
            os.close(descriptor)
        raise
    finally:
        for descriptor in writing:
            os.close(descriptor)
