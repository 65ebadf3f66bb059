"""The guardian: a program of its own that starts proxx's tools and ends every one of them when proxx is gone.

It runs without proxx (`python -I -S lifeline.py DESCRIPTOR`) and hears requests over a socket. The end of that
socket is the end of proxx, by whatever cause, kill -9 too: then every process group it started is killed. Only it
reaps the tools, so the ids it signals cannot belong to anybody else.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import struct
import sys
import time
from collections.abc import Callable, Iterator

HEAD = struct.Struct("=cIII")
"""A request: kind, process id, number (START: words of the argument list, SIGNAL: the signal), bytes that follow."""

WORD = struct.Struct("=ci")
"""An answer on the status pipe of a child: kind and number."""

START, SIGNAL = b"S", b"K"
BEGUN, FAILED, ENDED = b"B", b"F", b"E"
"""A child's id, told by itself before it becomes the tool; why it could not (errno); its exit code (or -signal)."""

UNHEARD = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
DEATH_SIGNAL, ADOPT = 1, 36
"""PR_SET_PDEATHSIG and PR_SET_CHILD_SUBREAPER of Linux's prctl(2)."""

LAST_SECONDS = 2.0
"""How long the killed are waited for. One that hangs in a dead share goes when the share answers."""

Children = dict[int, int]
"""Of every child by its id: the pipe on which its fate is told."""


def serve(descriptor: int) -> None:
    """Obey the requests that come over the socket until it ends; then leave nothing behind."""
    os.set_inheritable(descriptor, False)
    line = socket.socket(fileno=descriptor)
    for number in (*UNHEARD, signal.SIGCHLD):
        signal.signal(number, lambda *_: None)  # unlike SIG_IGN, this ends with the exec of a child
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    os.chdir("/")
    prctl = _prctl()
    prctl(ADOPT, 1)
    children: Children = {}
    try:
        while True:
            ready = select.select([descriptor, woken], [], [])[0]
            if woken in ready:
                os.read(woken, 4096)
                _reap(children)
            if descriptor in ready and not _obey(line, children, prctl):
                return
    finally:
        _end(children)


def _prctl() -> Callable[[int, int], int]:
    """Linux's prctl, and a function that does nothing where there is none."""
    try:
        from ctypes import CDLL

        found = CDLL(None).prctl
        return lambda option, value: int(found(option, value, 0, 0, 0))
    except (ImportError, OSError, AttributeError):
        return lambda option, value: -1


def _obey(line: socket.socket, children: Children, prctl: Callable[[int, int], int]) -> bool:
    """Do what the next request asks; False when there will be no other one."""
    descriptors: list[int] = []
    try:
        kind, pid, number, size = HEAD.unpack(_read(line, HEAD.size, descriptors))
        words = _read(line, size, descriptors).split(b"\0")
    except (OSError, EOFError):
        return False
    if kind == START:
        _start(words, number, descriptors, children, prctl)
    elif pid in children:
        _signal_group(pid, number)
    return True


def _read(line: socket.socket, size: int, descriptors: list[int]) -> bytes:
    """Exactly so many bytes; descriptors that come with them go into the list. Raises EOFError."""
    data = b""
    while len(data) < size:
        chunk, passed, _, _ = line.recvmsg(size - len(data), socket.CMSG_SPACE(4 * 4))
        if not chunk:
            raise EOFError
        data += chunk
        for level, form, content in passed:
            if (level, form) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                descriptors += struct.unpack(f"={len(content) // 4}i", content)
    for descriptor in descriptors:
        os.set_inheritable(descriptor, False)
    return data


def _start(
    words: list[bytes], count: int, descriptors: list[int], children: Children, prctl: Callable[[int, int], int]
) -> None:
    """Start a child on the descriptors (output, error, status, and input if it has one) that came with the request."""
    status = descriptors[2]
    try:
        guardian, folder, argv = os.getpid(), words[0], words[1 : 1 + count]
        environment = dict(_pairs(words[1 + count :]))  # before the fork: what a child touches is copied
        pid = os.fork()
    except OSError as trouble:
        _tell(status, FAILED, trouble.errno or 0)
        os.close(status)
    else:
        if pid == 0:
            _become(folder, argv, environment, descriptors, prctl, guardian)
        children[pid] = status
    for descriptor in descriptors[:2] + descriptors[3:]:
        os.close(descriptor)


def _become(
    folder: bytes,
    argv: list[bytes],
    environment: dict[bytes, bytes],
    descriptors: list[int],
    prctl: Callable[[int, int], int],
    guardian: int,
) -> None:
    """Become the tool, in a session of its own. Given nothing to read it has our own stdin, which is empty."""
    output, error, status = descriptors[:3]
    try:
        os.setsid()
        prctl(DEATH_SIGNAL, signal.SIGKILL)
        if os.getppid() != guardian:
            os._exit(1)  # it died before it could be asked to take us along
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # Python ignores it, and its children would inherit that
        for place, descriptor in enumerate([*descriptors[3:], output, error], 4 - len(descriptors)):
            os.dup2(descriptor, place)
        if folder:
            os.chdir(folder)
        _tell(status, BEGUN, os.getpid())
        os.execvpe(argv[0], argv, environment)  # noqa: S606 (there shall be no shell)
    except OSError as trouble:
        _tell(status, FAILED, trouble.errno or 0)
    finally:
        os._exit(127)


def _pairs(environment: list[bytes]) -> Iterator[tuple[bytes, bytes]]:
    for entry in environment:
        name, equals, value = entry.partition(b"=")
        if equals and name:
            yield name, value


def _reap(children: Children) -> bool:
    """Take leave of everyone who ended and tell how; False when no child is left."""
    try:
        while True:
            pid, status = _ended(children)
            if pid == 0:
                return True
            if pid in children:
                pipe = children.pop(pid)
                _tell(pipe, ENDED, os.waitstatus_to_exitcode(status))
                os.close(pipe)
    except ChildProcessError:
        return False


def _ended(children: Children) -> tuple[int, int]:
    """The id and the wait status of a child that ended, (0, 0) when all live. What is left of its group is killed.

    That is done before it is reaped, while the id is certainly its own. Raises ChildProcessError without children.
    """
    if hasattr(os, "waitid"):
        found = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        if found is None:
            return 0, 0
        if found.si_pid in children:
            _signal_group(found.si_pid, signal.SIGKILL)
        return os.waitpid(found.si_pid, 0)
    pid, status = os.waitpid(-1, os.WNOHANG)  # macOS before Python 3.13 cannot look first
    if pid in children:
        _signal_group(pid, signal.SIGKILL)
    return pid, status


def _end(children: Children) -> None:
    """Kill every group, and (where the system can tell) every process that left its group; wait a little for them."""
    for pid in children:
        _signal_group(pid, signal.SIGKILL)
    until = time.monotonic() + LAST_SECONDS
    while _reap(children) and time.monotonic() < until:
        for pid in _adopted():
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.005)


def _adopted() -> list[int]:
    """Every child, those too that were left to us by a child that ended. They are ours until we reap them."""
    try:
        with open(f"/proc/self/task/{os.getpid()}/children", encoding="ascii") as handle:
            return [int(word) for word in handle.read().split()]
    except OSError:
        return []


def _tell(status: int, kind: bytes, number: int) -> None:
    with contextlib.suppress(OSError):  # nobody listens any more
        os.write(status, WORD.pack(kind, number))


def _signal_group(group: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


if __name__ == "__main__":
    try:
        serve(int(sys.argv[1]))
    finally:
        os._exit(0)  # nothing to tidy up: the sooner it is gone, the better
