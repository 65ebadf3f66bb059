"""Starting the tools (ffmpeg, ffprobe) as children that cannot hang, flood us or outlive us."""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Event, Thread
from typing import IO

from proxx.errors import ProxxError

MEBIBYTE = 1 << 20
TAIL_BYTES = 64 << 10
POLL_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Finished:
    """How a child ended: exit code (negative: the signal), output, and whether its time was up or `stop` ended it.

    `cut` says that stdout was longer than the limit: what is here is its beginning.
    """

    code: int
    stdout: bytes
    stderr: bytes
    timed_out: bool = False
    stopped: bool = False
    cut: bool = False


def run(argv: Sequence[str], *, timeout: float, limit: int = 64 * MEBIBYTE, stop: Event | None = None) -> Finished:
    """Run a short-lived tool to its end and keep at most `limit` bytes of its stdout; `timeout` in seconds.

    The child has no stdin and a process group of its own, which is killed when the time is up, when `stop` is
    set and on KeyboardInterrupt.
    """
    kept = bytearray()
    dropped = 0

    def keep(chunk: bytes) -> None:
        nonlocal dropped
        room = limit - len(kept)
        kept.extend(chunk[:room])
        dropped += max(0, len(chunk) - room)

    code, stderr, why = _supervise(argv, keep, stop=stop or Event(), timeout=timeout, grace=0.0)
    return Finished(code, bytes(kept), stderr, why == "timeout", why == "stop", dropped > 0)


def stream(
    argv: Sequence[str],
    on_line: Callable[[str], None],
    stop: Event,
    *,
    grace: float = 5.0,
    timeout: float | None = None,
) -> Finished:
    """Run a long tool, calling `on_line` (in the caller's thread) with every line of its stdout.

    Of stderr the last 64 KiB are kept. When `stop` is set or the caller is interrupted, the child's group gets
    SIGINT, and SIGKILL when it is still there after `grace` seconds.
    """
    rest = bytearray()

    def cut(chunk: bytes) -> None:
        rest.extend(chunk)
        *lines, last = bytes(rest).split(b"\n")
        rest[:] = last[-TAIL_BYTES:]
        for line in lines:
            on_line(line.decode("utf-8", "replace").rstrip("\r"))

    code, stderr, why = _supervise(argv, cut, stop=stop, timeout=timeout, grace=grace)
    if rest:
        on_line(rest.decode("utf-8", "replace"))
    return Finished(code, b"", stderr, why == "timeout", why == "stop")


def _supervise(
    argv: Sequence[str], on_chunk: Callable[[bytes], None], *, stop: Event, timeout: float | None, grace: float
) -> tuple[int, bytes, str]:
    """Feed stdout to `on_chunk` until the child ends or must end; its code, its stderr's tail, and why it was ended."""
    child = _start(argv)
    chunks: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    tail = bytearray()
    readers = [_reader(child.stdout, chunks.put), _reader(child.stderr, lambda chunk: _keep_tail(tail, chunk))]
    why = ""
    try:
        why = _attend(child, chunks, on_chunk, stop, timeout)
    finally:
        _end(child, readers, grace)
    while not chunks.empty():
        on_chunk(chunks.get())
    return child.returncode, bytes(tail), why


def _start(argv: Sequence[str]) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            list(argv),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except (OSError, ValueError) as trouble:
        raise ProxxError(f"cannot start {argv[0]}: {trouble}") from trouble


def _reader(pipe: IO[bytes] | None, sink: Callable[[bytes], None]) -> Thread:
    """A thread that empties a pipe, so that a talkative child never blocks; the last chunk is b""."""

    def drain() -> None:
        if pipe is None:
            return
        with pipe:
            while chunk := os.read(pipe.fileno(), 1 << 16):
                sink(chunk)
        sink(b"")

    thread = Thread(target=drain, daemon=True)
    thread.start()
    return thread


def _keep_tail(tail: bytearray, chunk: bytes) -> None:
    tail.extend(chunk)
    del tail[:-TAIL_BYTES]


def _attend(
    child: subprocess.Popen[bytes],
    chunks: queue.SimpleQueue[bytes],
    on_chunk: Callable[[bytes], None],
    stop: Event,
    timeout: float | None,
) -> str:
    """Hand on output while the child lives; "" when it ended by itself, else "stop" or "timeout"."""
    deadline = None if timeout is None else time.monotonic() + timeout
    talking = True
    while child.poll() is None:
        if stop.is_set():
            return "stop"
        if deadline is not None and time.monotonic() > deadline:
            return "timeout"
        if talking:
            talking = _listen(chunks, on_chunk)
        else:
            _wait(child, POLL_SECONDS)
    return ""


def _listen(chunks: queue.SimpleQueue[bytes], on_chunk: Callable[[bytes], None]) -> bool:
    """Hand on the next chunk, waiting a little for it; False when it was the last."""
    try:
        chunk = chunks.get(timeout=POLL_SECONDS)
    except queue.Empty:
        return True
    on_chunk(chunk)
    return chunk != b""


def _end(child: subprocess.Popen[bytes], readers: list[Thread], grace: float) -> None:
    """Leave nothing behind. The group's id is ours while the child is not reaped or any of its group still lives."""
    try:
        if grace > 0 and child.poll() is None:
            _signal_group(child.pid, signal.SIGINT)
            _wait(child, grace)
    finally:
        # Also when a second Ctrl-C cuts the grace short.
        if child.poll() is None:
            _signal_group(child.pid, signal.SIGKILL)
            child.wait()
    for reader in readers:
        reader.join(1.0)
    if any(reader.is_alive() for reader in readers):
        # The child is gone but something of its group still holds the pipes.
        _signal_group(child.pid, signal.SIGKILL)
        for reader in readers:
            reader.join(1.0)


def _wait(child: subprocess.Popen[bytes], seconds: float) -> None:
    try:
        child.wait(seconds)
    except subprocess.TimeoutExpired:
        return


def _signal_group(group: int, number: int) -> None:
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        # macOS answers "not permitted" for a group of zombies only.
        return
