"""One attempt at a clip: encode under a hidden name, prove, record, publish; if anything goes wrong, no final name."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from threading import Event
from typing import Any

from proxx.commit import OnStep, claim, digest, no_step, publish, sync_file
from proxx.endings import engine_findings
from proxx.engines.ffmpeg import Outcome, encode, patience
from proxx.errors import Finding, ProxxError
from proxx.evaluate import ask, tell_all
from proxx.facts import base_name
from proxx.failure import Again
from proxx.ledger import DONE, VERIFYING, Entry, Ledger, Made
from proxx.luttrust import lut_findings
from proxx.model import Plan, Task
from proxx.nlepromise import judge_made
from proxx.probefile import to_facts
from proxx.rulebook import Rulebook
from proxx.stamp import Stamp, output_stamp, source_stamp
from proxx.standing import Wanted
from proxx.toolbox import Tools
from proxx.verify import verify

Progress = Callable[[str, Task, Any], None]
"""Told of every step of a clip: (event, task, value) with events start, frames, verify, retry, done."""


@dataclass(frozen=True, slots=True)
class Clock:
    """What a run takes from outside: the function that tells the moment now (ISO 8601 UTC)."""

    now: Callable[[], str]


@dataclass(frozen=True, slots=True)
class Way:
    """How a run goes: what it may overwrite, whether refused files are kept aside, and who hears of every step."""

    overwrite: str = "never"
    discard_rejected: bool = False
    on_step: OnStep = no_step


def encode_alone(work: Work, task: Task) -> Outcome:
    """Run FFmpeg for one clip."""
    seconds = patience(work.rulebook.items["watchdog"], task)

    def tell(frames: int) -> None:
        work.progress("frames", task, frames)

    return encode(task.argv, [task.temporary], work.tools.ffmpeg, tell, work.stop, seconds)


@dataclass(frozen=True, slots=True)
class Work:
    """Everything that making clips takes besides the clip: rules, plan, tools, clock, and the ledger that is kept.

    `encode` runs the engine for a clip, and tells what the plan could not promise because only the engine knows it.
    """

    rulebook: Rulebook
    plan: Plan
    plan_digest: str
    job_id: str
    tools: Tools
    clock: Clock
    progress: Progress
    stop: Event
    ledger: Ledger
    way: Way = field(default_factory=Way)
    encode: Encode = encode_alone


Encode = Callable[[Work, Task], Outcome]
"""Runs the engine for a clip."""


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one clip: COMPLETED, FAILED, REJECTED (did not verify) or CANCELLED, and its part of the record.

    `kept`: it was there already, proved and unchanged; `sha256` is of the file that was just proved; `again` is what
    the failure table said of an attempt that failed.
    """

    status: str
    findings: tuple[Finding, ...]
    document: Mapping[str, Any]
    kept: bool = False
    outcome: Outcome | None = None
    entry: Entry | None = None
    sha256: str = ""
    again: Again | None = None


After = Callable[[Result], Result]
"""What is done about an attempt while its unfinished file still stands."""


def attempt(work: Work, task: Task, want: Wanted, entry: Entry, old: os.stat_result | None, after: After) -> Result:
    """Make a clip once; `entry` is its running entry, `old` the file under the final name that may be replaced."""
    with claim(task.temporary):
        work.way.on_step("claimed")
        try:
            made = _made(work, task, want, entry, old)
        except (ProxxError, OSError) as trouble:
            made = troubled(work, task, trouble)
        return after(made)


def _made(work: Work, task: Task, want: Wanted, entry: Entry, old: os.stat_result | None) -> Result:
    step = work.way.on_step
    if untrue := lut_findings(work.rulebook, task):
        return result(task, "REJECTED", untrue, None, {})
    outcome = work.encode(work, task)
    step("encoded")
    if outcome.stopped or work.stop.is_set():
        return result(task, "CANCELLED", (), outcome, {})
    if outcome.promise is not None:
        task = replace(task, expect=outcome.promise)
    if outcome.exit_code != 0:
        return result(task, "FAILED", engine_findings(work.rulebook, task, outcome), outcome, {})
    work.ledger.write(replace(entry, state=VERIFYING))
    step("verifying")
    work.progress("verify", task, None)
    proved = _prove(work, task, want, outcome)
    step("proved")
    if proved.status != "COMPLETED":
        return proved
    return _commit(work, task, want, replace(proved, entry=entry), old)


def troubled(work: Work, task: Task, trouble: Exception) -> Result:
    """A clip that trouble with the machine ended."""
    texts = {"output": base_name(task.output), "made": str(trouble), "promised": ""}
    told = tell_all(work.rulebook, ask(work.rulebook, "made", {"made.engine": "troubled"}), texts, task.source)
    return result(task, "FAILED", tuple(told), None, {})


def _prove(work: Work, task: Task, want: Wanted, outcome: Outcome) -> Result:
    """Look at the made file and at its source once more."""
    profile = work.rulebook.profiles[work.plan.profile]
    begun = time.monotonic()
    proof = verify(work.rulebook, task, task.temporary, profile, work.tools, work.stop)
    took = time.monotonic() - begun
    if work.stop.is_set():
        return result(task, "CANCELLED", (), outcome, {})
    source = "changed" if source_stamp(task.source) != want.source else "same"
    decisions = ask(work.rulebook, "made", {"made.source": source})
    texts = {"output": base_name(task.output), "made": task.source, "promised": ""}
    relinks = judge_made(work.rulebook, work.plan.relink, task, proof.media, proof.frames)
    said = [finding for one in relinks for finding in one.findings]
    findings = (*proof.findings, *tell_all(work.rulebook, decisions, texts), *lut_findings(work.rulebook, task), *said)
    rows = {table: row for one in relinks for table, row in one.decided.items()}
    extra = {
        "decided": {**task.decided, **proof.decided, **rows},
        **({"relink": {one.nle: one.verdict for one in relinks}} if relinks else {}),
        "source_stamp": want.source.document(),
        "media": to_facts(replace(proof.media, path=task.output)),
        "frames": proof.frames,
        "frames_decoded": proof.decoded,
        "verify_seconds": round(took, 3),
    }
    refused = any(finding.is_error for finding in findings)
    status = "REJECTED" if refused else "COMPLETED"
    return replace(result(task, status, findings, outcome, extra), sha256=proof.sha256)


def _commit(work: Work, task: Task, want: Wanted, proved: Result, old: os.stat_result | None) -> Result:
    """The file goes to the disk, then the ledger vouches for it, then it gets its name: in that order."""
    entry = proved.entry
    if entry is None:
        raise AssertionError("only a clip that runs is committed")
    file = output_stamp(task.temporary, proved.sha256)
    stamp = {"size": file.size, "mtime_ns": file.mtime_ns, "sha256": file.sha256}
    document = {**proved.document, "ended_at": work.clock.now(), **stamp}
    if not _may_take(task, old):
        return result(task, "FAILED", _late(work.rulebook, task), proved.outcome, {})
    sync_file(task.temporary)
    work.way.on_step("content-synced")
    made = Made(
        want.key,
        want.plan_digest,
        want.rulebook,
        want.engine_version,
        work.job_id,
        want.source,
        file,
        {**document, "attempts": entry.attempts, "worker": entry.worker, "started_at": entry.started_at},
    )
    replaces = None if old is None else Stamp(old.st_size, old.st_mtime_ns, digest(task.output))
    told = tuple(finding.document() for finding in proved.findings)
    done = replace(entry, state=DONE, ended_at=str(document["ended_at"]), made=made, replaces=replaces, findings=told)
    before = work.ledger.entry(task.output)
    work.ledger.write(done, on_step=work.way.on_step)
    try:
        publish(task.temporary, task.output, replace=old is not None, on_step=work.way.on_step)
    except FileExistsError:
        work.ledger.write(replace(done, state="FAILED", made=before.made if before else None, replaces=None))
        return result(task, "FAILED", _late(work.rulebook, task), proved.outcome, {})
    return replace(proved, document=made.clip, entry=done)


def _may_take(task: Task, old: os.stat_result | None) -> bool:
    """Whether the final name is as it was judged: free, or taken by the very file that may be replaced."""
    try:
        now = os.lstat(task.output)
    except FileNotFoundError:
        return True
    return old is not None and (now.st_ino, now.st_size, now.st_mtime_ns) == (old.st_ino, old.st_size, old.st_mtime_ns)


def _late(rulebook: Rulebook, task: Task) -> tuple[Finding, ...]:
    """Something took the final name while the clip was made."""
    facts = {"standing.output": "foreign", "standing.overwrite": "never", "standing.plan": "other"}
    texts = {"file": base_name(task.source), "output": task.output, "name": base_name(task.output), "was": "", "is": ""}
    return tuple(tell_all(rulebook, ask(rulebook, "standing", facts), texts, task.output))


def result(
    task: Task, status: str, findings: tuple[Finding, ...], outcome: Outcome | None, extra: Mapping[str, Any]
) -> Result:
    """A clip's fate with its part of the record."""
    document: dict[str, Any] = {
        "index": task.index,
        "status": status,
        "source": task.source,
        "output": task.output,
        "decided": dict(task.decided),
        "argv": list(task.argv),
        "exit_code": None if outcome is None else outcome.exit_code,
        **({"settings": dict(task.settings)} if task.settings else {}),
        **({"lut": dict(task.lut)} if task.lut else {}),
        **({"shared_argv": list(outcome.shared)} if outcome is not None and outcome.shared else {}),
        **({"resolve": dict(outcome.engine)} if outcome is not None and outcome.engine is not None else {}),
        "stderr_tail": "" if outcome is None else outcome.stderr,
        "seconds": None if outcome is None else round(outcome.seconds, 3),
        "source_media": to_facts(task.media),
        "promise": to_facts(task.expect),
        **extra,
        "findings": [finding.document() for finding in findings],
    }
    return Result(status, findings, document, outcome=outcome)
