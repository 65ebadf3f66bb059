"""What a child says: its standard output is handed on, of its standard error the end is kept."""

from __future__ import annotations

import os
import select
import time
from collections.abc import Callable
from typing import Protocol

TAIL_BYTES = 64 << 10
CHUNK_BYTES = 1 << 16


class Child(Protocol):
    """A started tool: the reading ends of its pipes, and `status`, readable when it has ended (-1: it cannot tell).

    `poll` gives its exit code (negative: the signal) or None, `wait` too, within seconds; `signal` goes to its whole
    group, and nowhere when it has ended; `fault` says why it could not be started, `close` lets go of it.
    """

    stdout: int
    stderr: int
    status: int
    fault: str

    def poll(self) -> int | None: ...
    def wait(self, seconds: float) -> int | None: ...
    def signal(self, number: int) -> None: ...
    def close(self) -> None: ...


class Pipes:
    """What a child says: stdout goes to `on_chunk`, whose answer says whether work gets on; stderr's tail is kept."""

    def __init__(self, child: Child, on_chunk: Callable[[bytes], bool]) -> None:
        self.child, self.on_chunk, self.tail = child, on_chunk, bytearray()
        self.open = {child.stdout, child.stderr}
        self._waiting = select.poll()
        for descriptor in {child.stdout, child.stderr, child.status} - {-1}:
            self._waiting.register(descriptor, select.POLLIN)

    def pump(self, seconds: float) -> bool:
        """Hand on what comes within so many seconds, or before the child ends; whether it shows that work gets on."""
        if not self.open and self.child.status < 0:
            self.child.wait(seconds)
            return False
        moved = False
        for descriptor, _ in self._waiting.poll(seconds * 1000):
            if descriptor not in self.open:
                continue
            chunk = os.read(descriptor, CHUNK_BYTES)
            if not chunk:
                self._drop(descriptor)
            elif descriptor == self.child.stdout:
                moved |= self.on_chunk(chunk)
            else:
                self.tail.extend(chunk)
                del self.tail[:-TAIL_BYTES]
        return moved

    def drain(self, seconds: float) -> None:
        """Hand on what is still there when the child has ended."""
        if self.child.status >= 0:
            self._waiting.unregister(self.child.status)
        until = time.monotonic() + seconds
        while self.open and (left := until - time.monotonic()) > 0:
            self.pump(left)

    def close(self) -> None:
        """Listen no longer."""
        for descriptor in list(self.open):
            self._drop(descriptor)

    def _drop(self, descriptor: int) -> None:
        self._waiting.unregister(descriptor)
        self.open.discard(descriptor)
        os.close(descriptor)
