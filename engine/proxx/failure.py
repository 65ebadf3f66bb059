"""Why an attempt at a clip failed, in the failure table's words, and whether the table lets it try again."""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass, field

from proxx.errors import Finding
from proxx.evaluate import Facts, ask, tell_all
from proxx.facts import base_name
from proxx.model import Task
from proxx.preflight import size_words
from proxx.rulebook import Rulebook

CRASHES = frozenset({signal.SIGSEGV, signal.SIGABRT, signal.SIGFPE, signal.SIGILL, getattr(signal, "SIGBUS", 0)})
LEAST_ROOM = 1 << 20
"""Bytes below which a volume counts as full: what did not fit is smaller than a buffer of FFmpeg, or of the system."""


@dataclass(frozen=True, slots=True)
class Disk:
    """An output folder when an attempt failed: its state, the bytes free, and those of the unfinished file."""

    state: str
    free: int = 0
    written: int = 0


@dataclass(frozen=True, slots=True)
class Again:
    """What the failure table said of an attempt: the row, whether to try again, and after how many seconds.

    `findings` are there when the volume was the cause, not the clip: that is what is to be told.
    """

    row: str
    retry: bool
    seconds: int
    facts: Facts
    disk: Disk
    findings: tuple[Finding, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Failed:
    """An attempt that failed: how (error, stalled, refused or trouble), its number, the exit code, the last messages.

    `last` is the message that tells most, for people.
    """

    how: str
    number: int
    exit_code: int | None = None
    said: str = ""
    last: str = ""


def judge_failure(rulebook: Rulebook, task: Task, failed: Failed) -> Again:
    """Ask the failure table about an attempt whose unfinished file is still there."""
    how, exit_code = failed.how, failed.exit_code
    disk = disk_of(task)
    name = "none" if how == "stalled" else signal_class(exit_code)
    facts: Facts = {
        "failure.how": "signal" if how == "error" and name != "none" else how,
        "failure.signal": name,
        "failure.words": words_class(rulebook, failed.said),
        "failure.disk": disk.state,
        "failure.attempt": failed.number,
    }
    decisions = ask(rulebook, "failure", facts)
    decision = decisions["failure"]
    texts = {
        "output": base_name(task.output),
        "folder": os.path.dirname(task.output),
        "free": size_words(disk.free),
        "written": size_words(disk.written),
        "state": facts["failure.words"] if disk.state == "room" else disk.state,
        "made": failed.last,
    }
    findings = tuple(tell_all(rulebook, decisions, texts, task.output))
    again, seconds = decision.outcome.get("retry") == "yes", int(decision.outcome.get("seconds", 0))
    return Again(decision.row, again, seconds, facts, disk, findings)


def signal_class(exit_code: int | None) -> str:
    """The kind of signal that ended a program: none, kill, crash or other."""
    if exit_code is None or exit_code >= 0:
        return "none"
    return "kill" if -exit_code == signal.SIGKILL else "crash" if -exit_code in CRASHES else "other"


def words_class(rulebook: Rulebook, said: str) -> str:
    """What messages speak of: the first class of failure words that has a text in them."""
    low = said.lower()
    known = rulebook.facts["failure.words"].domain.values
    for name, data in rulebook.items["failure-words"].items():
        if name in known and any(text in low for text in data["texts"]):
            return name
    return "other"


def disk_of(task: Task) -> Disk:
    """The output folder's volume as it is: room, full, read-only or gone; and what stands of the unfinished file."""
    try:
        found = os.statvfs(os.path.join(os.path.dirname(task.output), ""))  # a file in its place is none
    except OSError:
        return Disk("gone")
    free = found.f_bavail * found.f_frsize
    try:
        written = os.lstat(task.temporary).st_size
    except OSError:
        written = 0
    if found.f_flag & getattr(os, "ST_RDONLY", 1):
        return Disk("read-only", free, written)
    full = free < LEAST_ROOM or (found.f_files > 0 and found.f_favail == 0)
    return Disk("full" if full else "room", free, written)
