"""The second half of a spec's journey: from the verdict to a plan, from the plan to proved proxies and their record."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from threading import Event
from typing import Any

from proxx.checking import Checked
from proxx.engines.ffmpeg import Outcome, encode
from proxx.errors import Finding, ProxxError
from proxx.evaluate import ask, tell_all
from proxx.facts import base_name
from proxx.jobspec import Spec
from proxx.jsonout import json_text
from proxx.model import Plan, Task
from proxx.plan import make_plan
from proxx.probefile import to_facts
from proxx.record import (
    claim,
    digest,
    make_folder,
    plan_document,
    publish,
    record_document,
    write_new,
)
from proxx.rulebook import Rulebook
from proxx.verify import Tools, verify

Progress = Callable[[str, Task, Any], None]
"""Told of every step of a clip: (event, task, value) with events start, frames, verify, done."""


@dataclass(frozen=True, slots=True)
class Clock:
    """What a run takes from outside: the moment it began and the function that tells the moment now (ISO 8601 UTC)."""

    now: Callable[[], str]


def plan(rulebook: Rulebook, checked: Checked, engine_version: str) -> Plan:
    """The plan of a spec that was found right."""
    verdict, document = checked.verdict, checked.reading.document or {}
    filled = {key: verdict.words[key] for key in ("job_id", "created_at") if key in verdict.words}
    spec = Spec.from_document({**document, **filled})
    return make_plan(rulebook, verdict, spec.to_dict(), engine_version)


@dataclass(frozen=True, slots=True)
class Made:
    """What became of one clip: COMPLETED, FAILED, REJECTED (did not verify) or CANCELLED, and its record."""

    status: str
    findings: tuple[Finding, ...]
    document: Mapping[str, Any]


def run(
    rulebook: Rulebook, plan_: Plan, tools: Tools, clock: Clock, progress: Progress, stop: Event
) -> tuple[str, str, list[Made]]:
    """Make the proxies of a plan: the job's status, the record's path, and what became of each clip."""
    if plan_.engine != "ffmpeg":
        raise ProxxError(
            f"this plan is for DaVinci Resolve, which this version of proxx plans but does not drive ({plan_.job_id})",
            hint=f"Render the plan's settings (proxx plan --format json) in {plan_.engine_version}.",
        )
    folder = str(plan_.spec["output_directory"])
    begun = clock.now()
    make_folder(folder)
    spec = Spec.from_document({**plan_.spec, "created_at": plan_.spec.get("created_at") or begun})
    stem = plan_.job_id
    paths = {
        "spec": write_new(folder, stem, "spec.json", spec.to_json()),
        "plan": write_new(folder, stem, "plan.json", json_text(plan_document(plan_))),
    }
    made = [_attempt(rulebook, plan_, task, tools, progress, stop) for task in plan_.tasks]
    status = _status([one.status for one in made])
    document = record_document(
        plan_,
        status,
        [one.document for one in made],
        {"ffmpeg": tools.ffmpeg_version, "ffprobe": tools.ffprobe_version},
        {"started_at": begun, "ended_at": clock.now(), "spec_file": paths["spec"], "plan_file": paths["plan"]},
    )
    return status, write_new(folder, stem, "record.json", json_text(document)), made


def _status(statuses: list[str]) -> str:
    if "CANCELLED" in statuses:
        return "CANCELLED"
    if all(status == "COMPLETED" for status in statuses):
        return "COMPLETED"
    return "PARTIAL" if "COMPLETED" in statuses else "FAILED"


def _attempt(rulebook: Rulebook, plan_: Plan, task: Task, tools: Tools, progress: Progress, stop: Event) -> Made:
    """One clip; trouble with the machine fails this clip and no other, and stands in the record."""
    try:
        return _clip(rulebook, plan_, task, tools, progress, stop)
    except (ProxxError, OSError) as trouble:
        texts = {"output": base_name(task.output), "made": str(trouble), "promised": ""}
        findings = tuple(tell_all(rulebook, ask(rulebook, "made", {"made.engine": "troubled"}), texts, task.source))
        made = _made(task, "FAILED", findings, None, {})
        progress("done", task, made)
        return made


def _clip(rulebook: Rulebook, plan_: Plan, task: Task, tools: Tools, progress: Progress, stop: Event) -> Made:
    """One clip: encode under a hidden name, prove, publish. Whatever goes wrong, no final name appears."""
    if stop.is_set():
        return _made(task, "CANCELLED", (), None, {})
    progress("start", task, task.expect.video.frames if task.expect.video else None)
    before = _fingerprint(task.source)
    extra: dict[str, Any] = {"source_size": before[0]}
    with claim(task.temporary):
        outcome = encode(task, tools.ffmpeg, lambda frames: progress("frames", task, frames), stop)
        if outcome.stopped or stop.is_set():
            made = _made(task, "CANCELLED", (), outcome, extra)
        elif outcome.exit_code != 0:
            made = _made(task, "FAILED", _engine_findings(rulebook, task, outcome), outcome, extra)
        else:
            made = _prove(rulebook, plan_, task, outcome, before, tools, progress, stop)
    progress("done", task, made)
    return made


def _prove(
    rulebook: Rulebook,
    plan_: Plan,
    task: Task,
    outcome: Outcome,
    before: tuple[int, int],
    tools: Tools,
    progress: Progress,
    stop: Event,
) -> Made:
    progress("verify", task, None)
    profile = rulebook.profiles[plan_.profile]
    proof = verify(rulebook, task, task.temporary, profile, tools, stop)
    findings = list(proof.findings)
    changed = "changed" if _fingerprint(task.source) != before else "same"
    decisions = ask(rulebook, "made", {"made.source": changed})
    findings += tell_all(rulebook, decisions, {"output": base_name(task.output), "made": task.source, "promised": ""})
    extra: dict[str, Any] = {
        "source_size": before[0],
        "media": to_facts(replace(proof.media, path=task.output)),
        "frames_decoded": proof.frames,
    }
    if stop.is_set():
        return _made(task, "CANCELLED", (), outcome, extra)
    if any(finding.is_error for finding in findings):
        return _made(task, "REJECTED", tuple(findings), outcome, extra)
    extra |= {"size": os.path.getsize(task.temporary), "sha256": digest(task.temporary)}
    try:
        publish(task.temporary, task.output)
    except FileExistsError:
        late = ask(rulebook, "name", {"name.place": "exists"})
        texts = {"file": base_name(task.source), "output": task.output, "name": base_name(task.output)}
        return _made(task, "FAILED", tuple(tell_all(rulebook, late, texts, task.output)), outcome, extra)
    return _made(task, "COMPLETED", tuple(findings), outcome, extra)


def _engine_findings(rulebook: Rulebook, task: Task, outcome: Outcome) -> tuple[Finding, ...]:
    """The engine ended with an error: what it said last, as a finding."""
    said = [line for line in outcome.stderr.splitlines() if "[error]" in line or "[fatal]" in line]
    words = (said or outcome.stderr.splitlines() or ["it said nothing"])[-1]
    texts = {"output": base_name(task.output), "made": words, "promised": f"exit code {outcome.exit_code}"}
    return tuple(tell_all(rulebook, ask(rulebook, "made", {"made.engine": "failed"}), texts, task.source))


def _fingerprint(path: str) -> tuple[int, int]:
    """Size and modification time (ns) of a source; zeros when it is gone."""
    try:
        status = os.stat(path)
    except OSError:
        return 0, 0
    return status.st_size, status.st_mtime_ns


def _made(
    task: Task, status: str, findings: tuple[Finding, ...], outcome: Outcome | None, extra: Mapping[str, Any]
) -> Made:
    document: dict[str, Any] = {
        "index": task.index,
        "status": status,
        "source": task.source,
        "output": task.output,
        "argv": list(task.argv),
        "exit_code": None if outcome is None else outcome.exit_code,
        "stderr_tail": "" if outcome is None else outcome.stderr,
        "seconds": None if outcome is None else round(outcome.seconds, 3),
        "promise": to_facts(task.expect),
        **extra,
        "findings": [finding.document() for finding in findings],
    }
    return Made(status, findings, document)
