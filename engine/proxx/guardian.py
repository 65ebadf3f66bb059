"""Our end of the lifeline: starts the guardian when it is first needed, and children through it."""

from __future__ import annotations

import atexit
import contextlib
import fcntl
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from threading import Lock

from proxx import lifeline
from proxx.errors import ProxxError
from proxx.plainchild import new_pipes

CLOSING_SECONDS = 5.0
BEGIN_SECONDS = 5.0


class GuardianLost(ProxxError):
    """The guardian was ended by somebody else; the children it kept are gone with it."""

    def __init__(self) -> None:
        super().__init__(
            "the process that guards the encoders was ended, and its encoders with it",
            hint="Run the job again; if this happens often, look for what ends processes here (out of memory?).",
        )


class Guarded:
    """A child of the guardian. `stdout`, `stderr` and `status` are the reading ends of its pipes.

    `status` becomes readable when the child's fate is known. `fault` says why it could not be started.
    """

    def __init__(self, guardian: Guardian, stdout: int, stderr: int, status: int) -> None:
        self.stdout, self.stderr, self.status = stdout, stderr, status
        self.pid: int | None = None
        self.fault = ""
        self._guardian = guardian
        self._code: int | None = None
        self._told = b""
        os.set_blocking(status, False)

    def poll(self) -> int | None:
        """The exit code (negative: the signal), None while it runs. Raises GuardianLost."""
        while self._code is None:
            try:
                told = os.read(self.status, 64)
            except BlockingIOError:
                return None
            if not told:
                self._lost()
            self._hear(told)
        return self._code

    def _hear(self, told: bytes) -> None:
        self._told += told
        while len(self._told) >= lifeline.WORD.size:
            kind, number = lifeline.WORD.unpack(self._told[: lifeline.WORD.size])
            self._told = self._told[lifeline.WORD.size :]
            if kind == lifeline.BEGUN:
                self.pid = number
            elif kind == lifeline.FAILED:
                self.fault, self._code = os.strerror(number), 127
            elif self._code is None:
                self._code = number

    def _lost(self) -> None:
        """The pipe ended without a word about the child: nobody guards it, so its group is ended from here."""
        self._code = -signal.SIGKILL
        if self.pid is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)
        raise GuardianLost

    def wait(self, seconds: float) -> int | None:
        """The exit code as soon as it is known; None when it is not known after so many seconds."""
        until = time.monotonic() + seconds
        while (code := self.poll()) is None and (left := until - time.monotonic()) > 0:
            _wait_for(self.status, left)
        return code

    def signal(self, number: int) -> None:
        """Ask for a signal to the child's group; nothing when it has ended."""
        until = time.monotonic() + BEGIN_SECONDS
        while self.poll() is None and self.pid is None and (left := until - time.monotonic()) > 0:
            _wait_for(self.status, left)
        if self._code is None and self.pid is not None:
            with contextlib.suppress(GuardianLost):  # poll() will tell
                self._guardian.send(lifeline.SIGNAL, self.pid, number)

    def close(self) -> None:
        """Let go of the status pipe."""
        os.close(self.status)


class Guardian:
    """A running guardian and the socket to it. Any thread may use it."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            # Whoever starts us may have closed 0, 1 or 2, and then the socket would be one of them.
            end = fcntl.fcntl(theirs.fileno(), fcntl.F_DUPFD_CLOEXEC, 3)
            command = [sys.executable, "-I", "-S", lifeline.__file__, str(end)]
            try:
                self._process = subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    start_new_session=True,
                    pass_fds=[end],
                )
            except OSError as trouble:
                ours.close()
                raise ProxxError(f"cannot start the guard of the encoders ({command[0]}): {trouble}") from trouble
            finally:
                os.close(end)
        self.owner = os.getpid()
        self._line = ours
        self._lock = Lock()

    @property
    def pid(self) -> int:
        """The guardian's own process id."""
        return self._process.pid

    def start(self, argv: Sequence[str], reads: int | None = None) -> Guarded:
        """Start a child; that it cannot be started is told by its fate. Raises OSError, ValueError, GuardianLost.

        `reads` is the end of a pipe that becomes its stdin.
        """
        if any("\0" in word for word in argv):
            raise ValueError("embedded null byte")
        with new_pipes(3) as (reading, writing):
            words = [os.fsencode(_folder()), *map(os.fsencode, argv)]
            words += [name + b"=" + value for name, value in os.environb.items()]
            given = writing if reads is None else [*writing, reads]
            self.send(lifeline.START, 0, len(argv), b"\0".join(words), given)
            return Guarded(self, *reading)

    def send(self, kind: bytes, pid: int, number: int, data: bytes = b"", pipes: Sequence[int] = ()) -> None:
        """Send one request. Raises GuardianLost; one that is cut short ends the line, for its rest would be misread."""
        request = lifeline.HEAD.pack(kind, pid, number, len(data)) + data
        with self._lock:
            try:
                sent = socket.send_fds(self._line, [request], list(pipes)) if pipes else self._line.send(request)
                self._line.sendall(request[sent:])
            except BaseException as trouble:
                self._line.close()
                if isinstance(trouble, OSError):
                    raise GuardianLost from trouble
                raise

    def close(self) -> None:
        """End the guardian and everything it started; wait for it."""
        self._line.close()
        if self.owner != os.getpid():
            return  # we are a fork: the guardian is our parent's child
        try:
            self._process.wait(CLOSING_SECONDS)
        except subprocess.TimeoutExpired:  # somebody stopped it
            self._process.kill()
            self._process.wait()


_begun: list[Guardian] = []
_lock = Lock()


def prepare() -> None:
    """Start the guardian in the background, so that it is there when the first long tool starts."""
    with _lock:
        _ready()


def is_ready() -> bool:
    """Whether a guardian of this process is there."""
    return bool(_begun) and _begun[0].owner == os.getpid()


def start(argv: Sequence[str], reads: int | None = None) -> Guarded:
    """Start a child that ends with us, whatever ends us, `reads` its stdin. A guardian that was killed is replaced."""
    with _lock:
        try:
            return _ready().start(argv, reads)
        except GuardianLost:
            close()
            return _ready().start(argv, reads)


def _ready() -> Guardian:
    if not is_ready():
        close()
        _begun.append(Guardian())
    return _begun[0]


def close() -> None:
    """End the guardian and all that it started, if there is one."""
    while _begun:
        _begun.pop().close()


atexit.register(close)


def _folder() -> str:
    try:
        return os.getcwd()
    except OSError:  # it was removed under us
        return ""


def _wait_for(descriptor: int, seconds: float) -> None:
    waiting = select.poll()
    waiting.register(descriptor, select.POLLIN)
    waiting.poll(seconds * 1000)
