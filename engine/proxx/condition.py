"""What the doctor finds of each part of a machine, and what the tables say of it: a finding, and an exit code."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from proxx.errors import Finding
from proxx.evaluate import ask, tell
from proxx.rulebook import Rulebook

OK, WRONG, MISSING, UNKNOWN = "ok", "wrong", "missing", "unknown"
NAMED, NEEDED, NO = "named", "needed", "no"
"""Whether an answer counts: it was named, everything needs it, or nobody asked for it."""

GROUPS: Mapping[str, tuple[str, ...]] = {
    "tools": ("ffmpeg", "ffmpeg-version", "ffmpeg-licence", "encoders", "muxers", "ffprobe", "ffprobe-version"),
    "profiles": ("profile", "reproducible"),
    "machine": ("python", "packages", "cache", "folder", "room"),
    "resolve": (
        *("resolve-files", "resolve-environment", "resolve-python", "resolve-import", "resolve-running"),
        *("resolve-product", "resolve-edition", "resolve-version", "resolve-contract", "resolve-database"),
        *("resolve-idle", "resolve-formats", "resolve-mark"),
    ),
}
"""Every check, in the groups and the order in which they are told."""


@dataclass(frozen=True, slots=True)
class Condition:
    """How one part was found: the check, its state, in words what was found and needed, and what it is about.

    `asked` says whether it counts. `why` are reasons of its own, such as an engine's last words.
    """

    check: str
    state: str
    found: str
    subject: str = ""
    needed: str = ""
    asked: str = NEEDED
    why: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Judged:
    """A condition with what is to be said of it, and the exit code that it asks for."""

    condition: Condition
    finding: Finding | None
    exit_code: int

    def document(self) -> dict[str, Any]:
        """The answer as JSON says it."""
        one = self.condition
        return {
            "group": group_of(one.check),
            "check": one.check,
            "subject": one.subject,
            "state": one.state,
            "asked": one.asked,
            "found": one.found,
            "needed": one.needed,
            "finding": None if self.finding is None else self.finding.document(),
        }


def group_of(check: str) -> str:
    """The group that a check is told in."""
    return next(group for group, checks in GROUPS.items() if check in checks)


def judge(rulebook: Rulebook, conditions: Iterable[Condition]) -> list[Judged]:
    """What the tables say of every condition."""
    return [_judged(rulebook, one) for one in conditions]


def _judged(rulebook: Rulebook, one: Condition) -> Judged:
    facts = {"doctor.check": one.check, "doctor.state": one.state, "doctor.asked": one.asked}
    answers = ask(rulebook, "doctor", facts)
    texts = {"subject": one.subject or one.check, "found": one.found, "needed": one.needed}
    finding = tell(rulebook, answers["doctor"], texts, one.subject)
    if finding is not None:
        why = tuple(line for line in (*one.why, *finding.why) if line)
        finding = replace(finding, why=why)
    return Judged(one, finding, int(answers["doctor-exit"].outcome["exit"]))
