"""The durable unit: makes one clip of a plan, however often and from wherever it is called, and makes it once."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import replace
from typing import Any

from proxx.aftermath import judged
from proxx.commit import claim, publish
from proxx.errors import Finding, ProxxError
from proxx.facts import base_name
from proxx.failure import Again
from proxx.ledger import CANCELLED, FAILED, PENDING, RUNNING, Entry, pause, worker
from proxx.making import Result, Work, attempt, result, troubled
from proxx.model import Task
from proxx.standing import Fate, Wanted, fate, stands, wanted


def make_clip(work: Work, task: Task) -> Result:
    """Make a clip, or find that it is there, proved and unchanged. Trouble with the machine fails this clip alone.

    Any number of processes may ask for the same clip at once: one makes it, the others wait and find it made.
    """
    made = _held(work, task)
    work.progress("done", task, made)
    return made


def expect_clip(work: Work, task: Task) -> None:
    """Note in the ledger that a clip is to be made, unless it is done, or somebody is at it.

    What keeps one clip from being noted keeps no other from being made; it is told when that clip's turn comes.
    """
    with suppress(ProxxError, OSError), work.ledger.lock(task.output, seconds=0) as held:
        entry = work.ledger.entry(task.output) if held else None
        if held and (entry is None or entry.state in (FAILED, CANCELLED)):
            work.ledger.write(_begun(work, task, entry, PENDING))


def _held(work: Work, task: Task) -> Result:
    try:
        if work.stop.is_set():
            return _unbegun(work, task)
        with work.ledger.lock(task.output, work.stop.is_set) as held:
            if not held:
                return result(task, CANCELLED, (), None, {})
            work.way.on_step("locked")
            made = _settle(work, task)
        work.way.on_step("unlocked")
        return made
    except (ProxxError, OSError) as trouble:
        return judged(work, task, troubled(work, task, trouble), 1)


def _unbegun(work: Work, task: Task) -> Result:
    """A clip whose turn did not come before the job was stopped."""
    with work.ledger.lock(task.output, seconds=0) as held:
        entry = work.ledger.entry(task.output) if held else None
        if entry is not None and entry.state == PENDING:
            work.ledger.write(replace(entry, state=CANCELLED, ended_at=work.clock.now()))
    return result(task, CANCELLED, (), None, {})


def _settle(work: Work, task: Task) -> Result:
    """Under the lock: decide by what stands there, then do it."""
    want = wanted(work.plan, task, work.plan_digest)
    entry = work.ledger.entry(task.output)
    found = fate(work.rulebook, task, stands(entry, task, want), work.way.overwrite)
    work.way.on_step("judged")
    if found.do == "publish" and entry is not None and entry.made is not None:
        publish(task.temporary, task.output, replace=os.path.lexists(task.output), on_step=work.way.on_step)
        return _kept(work, task, entry)
    if found.do == "keep" and entry is not None:
        _sweep(task)
        return _kept(work, task, entry)
    if found.do not in ("make", "replace"):
        return replace(result(task, FAILED, found.findings, None, {}), entry=entry)
    return _make(work, task, want, entry, found)


def _sweep(task: Task) -> None:
    """Remove what a process that died left under the hidden name beside a clip that is done."""
    if os.path.lexists(task.temporary):
        with claim(task.temporary):
            pass


def _kept(work: Work, task: Task, entry: Entry) -> Result:
    """A clip that is done already: its part of the record is the one of the job that made it."""
    if entry.made is None:
        raise AssertionError("only a proved clip is kept")
    document = {**entry.made.clip, "index": task.index, "kept": True, "made_by": entry.made.job_id}
    return Result("COMPLETED", (), document, kept=True, entry=entry)


def _begun(work: Work, task: Task, entry: Entry | None, state: str) -> Entry:
    return Entry(
        name=base_name(task.output),
        index=task.index,
        source=task.source,
        state=state,
        job_id=work.job_id,
        plan_digest=work.plan_digest,
        attempts=entry.attempts if entry is not None else 0,
        worker="" if state == PENDING else worker(),
        started_at=None if state == PENDING else work.clock.now(),
        made=entry.made if entry is not None else None,
        replaces=None,
    )


def _make(work: Work, task: Task, want: Wanted, entry: Entry | None, found: Fate) -> Result:
    """Attempts at a clip, until one succeeds or the failure table says that it is enough."""
    running = _begun(work, task, entry, RUNNING)
    old = os.lstat(task.output) if found.do == "replace" and os.path.lexists(task.output) else None
    work.progress("start", task, task.expect.video.frames if task.expect.video else None)
    failed: list[dict[str, Any]] = []
    while True:
        running = replace(running, attempts=running.attempts + 1)
        work.ledger.write(running)
        work.way.on_step("running")
        made = _tried(work, task, want, running, old, len(failed) + 1)
        again = made.again
        if made.status in ("COMPLETED", CANCELLED) or again is None:
            break
        failed.append(_failed(made, again))
        work.ledger.write(replace(running, state=FAILED, ended_at=work.clock.now(), findings=_documents(made)))
        if not again.retry:
            break
        work.progress("retry", task, failed[-1])
        if not pause(again.seconds, work.stop.is_set):
            made = result(task, CANCELLED, (), made.outcome, {})
            break
    if made.status == CANCELLED:
        work.ledger.write(replace(running, state=CANCELLED, ended_at=work.clock.now()))
    return _told(work, made, running, failed)


def _told(work: Work, made: Result, running: Entry, failed: list[dict[str, Any]]) -> Result:
    """The clip's part of the record, with who made it, when, and what failed before."""
    about = {"attempts": running.attempts, "worker": running.worker, "started_at": running.started_at}
    times = {"ended_at": made.document.get("ended_at") or work.clock.now()}
    document = {**made.document, **about, **times, "failed_attempts": failed, "kept": False, "made_by": work.job_id}
    return replace(made, document=document)


def _tried(work: Work, task: Task, want: Wanted, running: Entry, old: os.stat_result | None, number: int) -> Result:
    """One attempt, and what the failure table says of it if it failed."""
    try:
        return attempt(work, task, want, running, old, lambda made: judged(work, task, made, number))
    except (ProxxError, OSError) as trouble:
        return judged(work, task, troubled(work, task, trouble), number)


def _failed(made: Result, again: Again) -> dict[str, Any]:
    """A failed attempt as the record tells it."""
    facts = {name.partition(".")[2]: value for name, value in again.facts.items()}
    return {
        **facts,
        "row": again.row,
        "retry": again.retry,
        "seconds_waited": again.seconds if again.retry else 0,
        "free_bytes": again.disk.free,
        "written_bytes": again.disk.written,
        "exit_code": None if made.outcome is None else made.outcome.exit_code,
        "findings": _ids(made.findings),
    }


def _ids(findings: tuple[Finding, ...]) -> list[str]:
    return [finding.id for finding in findings]


def _documents(made: Result) -> tuple[dict[str, Any], ...]:
    return tuple(dict(finding.document()) for finding in made.findings)
