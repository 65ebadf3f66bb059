"""What stands under a clip's final name, by the ledger, the plan, the source and the file; and what becomes of it."""

from __future__ import annotations

import os
from dataclasses import dataclass

from proxx.errors import Finding
from proxx.evaluate import Facts, ask, tell_all
from proxx.facts import base_name
from proxx.ledger import Entry, Made
from proxx.model import Plan, Task
from proxx.record import plan_digest, task_key
from proxx.rulebook import Rulebook
from proxx.stamp import Stamp, is_still, source_stamp


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a clip shall be: its key and everything that the ledger is compared with."""

    key: str
    plan_digest: str
    rulebook: str
    engine_version: str
    source: Stamp


@dataclass(frozen=True, slots=True)
class Standing:
    """What stands under a final name (`value`), whether by the same plan, and the words for what was and what is."""

    value: str
    same_plan: bool = False
    was: str = ""
    now: str = ""


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of a clip (make, publish, keep, replace; "" when refused) and what is to be said of it."""

    do: str
    standing: Standing
    findings: tuple[Finding, ...]


def wanted(plan: Plan, task: Task, digest: str = "") -> Wanted:
    """What the plan wants of a clip, with its source as it is now."""
    return Wanted(
        task_key(plan, task),
        digest or plan_digest(plan),
        plan.rulebook["digest"],
        plan.engine_version,
        source_stamp(task.source),
    )


def stands(entry: Entry | None, task: Task, want: Wanted) -> Standing:
    """What stands under the final name of a clip."""
    made = entry.made if entry is not None else None
    there = os.path.lexists(task.output)
    if there and not os.path.isfile(task.output):
        return Standing("no-file")
    if made is None:
        return Standing("foreign" if there else "free")
    same_plan = made.plan_digest == want.plan_digest
    if not is_still(task.output, made.file):
        return _unlike(entry, made, task, want, there, same_plan)
    return changed(made, task.source, want) or Standing("proved", same_plan)


def _unlike(entry: Entry | None, made: Made, task: Task, want: Wanted, there: bool, same_plan: bool) -> Standing:
    """The file under the final name is not the proved one: the name was not given yet, or the file was altered."""
    old = entry.replaces if entry is not None else None
    waits = not there or (old is not None and is_still(task.output, old))
    if waits and changed(made, task.source, want) is None and is_still(task.temporary, made.file, whole=True):
        return Standing("unpublished", same_plan)
    if not there:
        return Standing("free")
    return Standing("altered", same_plan, made.file.words(), file_words(task.output))


def changed(made: Made, source: str, want: Wanted) -> Standing | None:
    """Why a proved file is not the wanted one; None when it is."""
    same_plan = made.plan_digest == want.plan_digest
    pairs = (
        ("job-changed", str(made.clip.get("source")), source),
        ("source-changed", made.source.words(), want.source.words()),
        ("rulebook-changed", made.rulebook, want.rulebook),
        ("engine-changed", made.engine_version, want.engine_version),
        ("job-changed", made.key, want.key),
    )
    found = next(((value, was, now) for value, was, now in pairs if was != now), None)
    return None if found is None else Standing(found[0], same_plan, found[1], found[2])


def file_words(path: str) -> str:
    """A file for people, by its size and time."""
    try:
        found = os.lstat(path)
    except OSError as error:
        return str(error.strerror)
    return f"{found.st_size} bytes, time {found.st_mtime_ns / 1e9:.3f}"


def fate(rulebook: Rulebook, task: Task, standing: Standing, overwrite: str, alike: str | None = None) -> Fate:
    """What becomes of a clip; `alike` is the name of a file that differs from the output's in case only."""
    facts: Facts = {
        "standing.output": standing.value,
        "standing.overwrite": overwrite,
        "standing.plan": "same" if standing.same_plan else "other",
    }
    if alike is not None:
        facts = {**facts, "standing.alike": "yes" if alike else "no"}
    texts = {
        "file": base_name(task.source),
        "output": task.output,
        "name": base_name(task.output),
        "was": standing.was,
        "is": standing.now or alike or "",
    }
    decisions = ask(rulebook, "standing", facts)
    findings = tuple(tell_all(rulebook, decisions, texts, task.output))
    return Fate(str(decisions["standing"].outcome.get("do", "")), standing, findings)
