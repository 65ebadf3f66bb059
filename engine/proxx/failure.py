"""Why an attempt at a clip failed, in the failure table's words, and whether the table lets it try again."""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass

from proxx.evaluate import Facts, ask
from proxx.rulebook import Rulebook

CRASHES = frozenset({signal.SIGSEGV, signal.SIGABRT, signal.SIGFPE, signal.SIGILL, getattr(signal, "SIGBUS", 0)})
LEAST_ROOM = 64 << 20
"""Bytes below which a volume counts as full: the last writes of a file and its index need some."""


@dataclass(frozen=True, slots=True)
class Again:
    """What the failure table said of an attempt: the row, whether to try again, and after how many seconds."""

    row: str
    retry: bool
    seconds: int
    facts: Facts


def judge_failure(rulebook: Rulebook, how: str, exit_code: int | None, said: str, folder: str, attempt: int) -> Again:
    """Ask the failure table about an attempt. `how` is error, stalled, refused or trouble; `said` the last messages."""
    name = "none" if how == "stalled" else signal_class(exit_code)
    facts: Facts = {
        "failure.how": "signal" if how == "error" and name != "none" else how,
        "failure.signal": name,
        "failure.words": words_class(rulebook, said),
        "failure.disk": disk_state(folder),
        "failure.attempt": attempt,
    }
    decision = ask(rulebook, "failure", facts)["failure"]
    outcome = decision.outcome
    return Again(decision.row, outcome["retry"] == "yes", int(outcome["seconds"]), facts)


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


def disk_state(folder: str) -> str:
    """The output folder's volume: room, full, read-only or gone."""
    try:
        found = os.statvfs(folder)
    except OSError:
        return "gone"
    if found.f_flag & getattr(os, "ST_RDONLY", 1):
        return "read-only"
    full = found.f_bavail * found.f_frsize < LEAST_ROOM or (found.f_files > 0 and found.f_favail == 0)
    return "full" if full else "room"
