"""The standard streams: those that the caller closed, and those whose reader goes away while proxies are made."""

from __future__ import annotations

import errno
import io
import os
import select
import sys
from typing import Any

GONE = (errno.EPIPE, errno.EIO)
"""How writing fails when nobody listens: the reader of a pipe has ended, the terminal is closed."""


class Patient(io.FileIO):
    """A stream to which writing never fails: a night's work does not stop because nobody hears of it any more."""

    lost: OSError | None = None

    def write(self, data: Any, /) -> int:
        """Write what can be written, waiting where a pipe does not block by itself; the rest is lost, but not why."""
        while True:
            try:
                written = super().write(data)
            except OSError as trouble:
                self.lost = self.lost or trouble
                return len(memoryview(data).cast("B"))
            if written is not None:
                return written
            select.select([], [self], [])


def open_closed() -> None:
    """Open the standard streams that the caller has closed: no file of ours shall be taken for one of them."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest number that is free: this one
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(number, "r" if number == 0 else "w", encoding="utf-8", closefd=False))  # noqa: SIM115


def be_patient() -> None:
    """Let writing to standard output and standard error never fail, where they are this process' own."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        buffer = getattr(stream, "buffer", None)
        if stream is getattr(sys, f"__{name}__") and isinstance(buffer, (io.BufferedWriter, io.FileIO)):
            stream.flush()
            patient: Any = Patient(stream.fileno(), "wb", closefd=False)
            if isinstance(buffer, io.BufferedWriter):  # else Python was told to buffer nothing (-u)
                patient = io.BufferedWriter(patient)
            ways = {"line_buffering": stream.line_buffering, "write_through": stream.write_through}
            setattr(sys, name, io.TextIOWrapper(patient, stream.encoding, stream.errors, **ways))


def unheard() -> str:
    """Why standard output did not take all that was said; empty when it did, or when its reader was not there."""
    buffer = getattr(sys.stdout, "buffer", None)
    raw = getattr(buffer, "raw", buffer)
    lost = raw.lost if isinstance(raw, Patient) else None
    return "" if lost is None or lost.errno in GONE else str(lost.strerror)
