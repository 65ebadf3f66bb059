"""Starting the tools (ffmpeg, ffprobe) as children that cannot hang, flood us or outlive us."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Event

from proxx import guardian
from proxx.errors import ProxxError
from proxx.pipes import TAIL_BYTES, Child, Pipes
from proxx.plainchild import Plain
from proxx.stopping import Stop

MEBIBYTE = 1 << 20
POLL_SECONDS = 0.1

LAST_SECONDS = 5.0
"""How long a killed child is waited for: one that hangs in a dead share cannot even be killed before it answers."""

STEP_SECONDS = 1.0
"""The most that one look at a silent child counts: time in which proxx itself was stopped is nobody's silence."""


@dataclass(frozen=True, slots=True)
class Finished:
    """How a child ended: exit code (negative: the signal), output, and whether its time was up or `stop` ended it.

    `cut` says that stdout was longer than the limit: what is here is its beginning. `stalled` says that it was
    ended because nothing moved.
    """

    code: int
    stdout: bytes
    stderr: bytes
    timed_out: bool = False
    stopped: bool = False
    cut: bool = False
    stalled: bool = False


@dataclass(frozen=True, slots=True)
class Watch:
    """Ends a child that does not get on: after `seconds` of silence `moved` is asked, and may say that it lives."""

    seconds: float
    moved: Callable[[], bool]


def run(argv: Sequence[str], *, timeout: float, limit: int = 64 * MEBIBYTE, stop: Event | None = None) -> Finished:
    """Run a short-lived tool to its end and keep at most `limit` bytes of its stdout; `timeout` in seconds.

    The child has no stdin and a process group of its own, which is killed when the time is up, when `stop` is
    set and on KeyboardInterrupt. Where the guardian is there already it is started by it.
    """
    kept = bytearray()
    dropped = 0

    def keep(chunk: bytes) -> bool:
        nonlocal dropped
        room = limit - len(kept)
        kept.extend(chunk[:room])
        dropped += max(0, len(chunk) - room)
        return True

    child = _start(argv, guarded=guardian.is_ready())
    code, stderr, why = _supervise(child, argv, keep, stop or Event(), timeout=timeout)
    return Finished(code, bytes(kept), stderr, why == "timeout", why == "stop", dropped > 0)


def stream(
    argv: Sequence[str],
    on_line: Callable[[str], object],
    stop: Event,
    *,
    grace: float = 5.0,
    timeout: float | None = None,
    watch: Watch | None = None,
    reads: int | None = None,
) -> Finished:
    """Run a long tool under the guardian, calling `on_line` (in the caller's thread) with every line of its stdout.

    `reads` is the end of a pipe that becomes its stdin: it is closed here, so that the pipe breaks when the tool ends.

    Of stderr the last 64 KiB are kept. When `stop` is set the child's group gets SIGINT, and SIGKILL when it is still
    there after `grace` seconds or when `stop` hurries. With a `watch`, a true answer of `on_line` means that the
    work gets on; a child that does not is killed.
    """
    rest = bytearray()

    def cut(chunk: bytes) -> bool:
        rest.extend(chunk)
        *lines, last = bytes(rest).split(b"\n")
        rest[:] = last[-TAIL_BYTES:]
        moved = [on_line(line.decode("utf-8", "replace").rstrip("\r")) for line in lines]
        return any(moved)

    try:
        child = _start(argv, guarded=True, reads=reads)
    finally:
        if reads is not None:
            os.close(reads)
    code, stderr, why = _supervise(child, argv, cut, stop, timeout=timeout, grace=grace, watch=watch)
    if rest:
        on_line(rest.decode("utf-8", "replace"))
    return Finished(code, b"", stderr, why == "timeout", why == "stop", stalled=why == "stalled")


def _start(argv: Sequence[str], *, guarded: bool, reads: int | None = None) -> Child:
    try:
        return guardian.start(argv, reads) if guarded else Plain(argv)
    except (OSError, ValueError) as trouble:
        raise ProxxError(f"cannot start {argv[0]}: {trouble}") from trouble


def _supervise(
    child: Child,
    argv: Sequence[str],
    on_chunk: Callable[[bytes], bool],
    stop: Event,
    *,
    timeout: float | None,
    grace: float = 0.0,
    watch: Watch | None = None,
) -> tuple[int, bytes, str]:
    """Feed stdout to `on_chunk` until the child ends or must end; its code, its stderr's tail, and why it was ended."""
    pipes = Pipes(child, on_chunk)
    try:
        why = _attend(child, pipes, stop, timeout, watch)
        if why in ("stop", "timeout") and grace > 0:
            _ask_to_end(child, pipes, grace, stop)
    except BaseException:
        pipes.on_chunk = lambda chunk: False
        raise
    finally:
        code = end_child(child, pipes)
    if child.fault:
        raise ProxxError(f"cannot start {argv[0]}: {child.fault}")
    return code, bytes(pipes.tail), why


def _attend(child: Child, pipes: Pipes, stop: Event, timeout: float | None, watch: Watch | None) -> str:
    """Hand on output while the child lives; "" when it ended by itself, else "stop", "timeout" or "stalled"."""
    begun = last = time.monotonic()
    silence = 0.0
    while child.poll() is None:
        if stop.is_set():
            return "stop"
        moved = pipes.pump(POLL_SECONDS)
        now = time.monotonic()
        silence = 0.0 if moved else silence + min(now - last, STEP_SECONDS)
        last = now
        if timeout is not None and now - begun > timeout:
            return "timeout"
        if watch is not None and silence > watch.seconds:
            if not watch.moved():
                return "stalled"
            silence = 0.0
    return ""


def _ask_to_end(child: Child, pipes: Pipes, grace: float, stop: Event) -> None:
    """Ask the child to end in order (a stopped one is woken for that) and give it its grace."""
    child.signal(signal.SIGINT)
    child.signal(signal.SIGCONT)
    until = time.monotonic() + grace
    while child.poll() is None and time.monotonic() < until and not (isinstance(stop, Stop) and stop.hurried):
        pipes.pump(POLL_SECONDS)


def end_child(child: Child, pipes: Pipes) -> int:
    """Leave nothing behind, and tell the exit code."""
    try:
        code = child.poll()
        if code is None:
            child.signal(signal.SIGKILL)
            code = child.wait(LAST_SECONDS)
        pipes.drain(1.0)
        return -signal.SIGKILL if code is None else code
    finally:
        pipes.close()
        child.close()
