"""The second half of a spec's journey: from the verdict to a plan, from the plan to proved proxies and their record."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from threading import Event
from typing import Any

from proxx.chain import add_record, read_record, record_names
from proxx.checking import Checked
from proxx.commit import numbered, write_new
from proxx.errors import Finding, ProxxError
from proxx.evaluate import ask, tell_all
from proxx.jobspec import Spec
from proxx.jsonout import json_text
from proxx.ledger import Ledger, worker
from proxx.logsheet import sheets
from proxx.making import Clock, Encode, Progress, Result, Way, Work, encode_alone
from proxx.model import Plan
from proxx.nlepromise import promised
from proxx.plan import make_plan
from proxx.record import plan_digest, plan_document, record_document
from proxx.rulebook import Rulebook
from proxx.sharing import Decode
from proxx.task import expect_clip
from proxx.together import make_decode
from proxx.toolbox import Tools

Make = Callable[[Decode], list[Result]]
"""Makes the clips of one decoding."""

Each = Callable[[Make, Sequence[Decode]], Iterable[list[Result]]]
"""How decodings are gone through: given what makes one and all of them, their results in the same order."""


def in_turn(make: Make, decodes_: Sequence[Decode]) -> Iterable[list[Result]]:
    """One decoding after another."""
    return map(make, decodes_)


@dataclass(frozen=True, slots=True)
class Run:
    """Which run of a job this is: its id, and the job whose record it retries."""

    job_id: str
    retried_from: str | None = None


@dataclass(frozen=True, slots=True)
class Done:
    """What became of a job: its status, the record's path, and of every clip the fate.

    `trouble` is there when the record could not be written; then its path is empty.
    """

    status: str
    record: str
    made: Sequence[Result]
    trouble: Exception | None = None


def plan(rulebook: Rulebook, checked: Checked, engine_version: str) -> Plan:
    """The plan of a spec that was found right."""
    verdict, document = checked.verdict, checked.reading.document or {}
    filled = {key: verdict.words[key] for key in ("job_id", "created_at") if key in verdict.words}
    spec = Spec.from_document({**document, **filled})
    return promised(rulebook, make_plan(rulebook, verdict, spec.to_dict(), engine_version), checked.relink)


def work_on(
    rulebook: Rulebook,
    plan_: Plan,
    tools: Tools,
    clock: Clock,
    progress: Progress,
    stop: Event,
    way: Way,
    run_: Run | None = None,
    encode: Encode = encode_alone,
) -> Work:
    """What making the clips of a plan takes; the folder and its ledger are made."""
    ledger = Ledger(str(plan_.spec["output_directory"]))
    ledger.make()
    job_id = run_.job_id if run_ else plan_.job_id
    return Work(rulebook, plan_, plan_digest(plan_), job_id, tools, clock, progress, stop, ledger, way, encode)


def run(works: Sequence[Work], decodes_: Sequence[Decode], runs: Sequence[Run], each: Each = in_turn) -> list[Done]:
    """Make the proxies of plans: what became of each.

    `works` and `runs` go by the plans' places, to which the decodings refer.
    """
    begun = [(work.clock.now(), _begin(work)) for work in works]
    made: list[dict[int, Result]] = [{} for _ in works]
    for decode, results in zip(decodes_, each(lambda decode: make_decode(works, decode), decodes_), strict=True):
        for part, one in zip(decode.parts, results, strict=True):
            made[part.plan][part.task.index] = one
    ended = []
    for work, run_, (at, paths), of_job in zip(works, runs, begun, made, strict=True):
        results = [of_job[task.index] for task in work.plan.tasks]
        ended.append(_done(work, run_, at, paths, results))
    return ended


def _done(work: Work, run_: Run, begun: str, paths: dict[str, str], made: Sequence[Result]) -> Done:
    """The job with its record. What became of the clips is told also when a record cannot be written."""
    try:
        status, record = _end(work, run_, begun, paths, made)
    except (ProxxError, OSError) as trouble:
        return Done(_status([one.status for one in made]), "", made, trouble)
    return Done(status, record, made)


def _begin(work: Work) -> dict[str, str]:
    """Write down what shall be made, before anything is."""
    paths = _documents(work, work.clock.now())
    work.way.on_step("documents-written")
    for task in work.plan.tasks:
        expect_clip(work, task)
    return paths


def _end(work: Work, run_: Run, begun: str, paths: dict[str, str], made: Sequence[Result]) -> tuple[str, str]:
    """Write the record: the job's status and the record's path."""
    status = _status([one.status for one in made])
    job: dict[str, Any] = {
        "job_id": run_.job_id,
        "retried_from": run_.retried_from,
        **_tools(work.tools, made),
        "worker": worker(),
        "started_at": begun,
        "ended_at": work.clock.now(),
        **paths,
    }
    clips = [one.document for one in made]
    job["sheets"] = _sheets(work, run_.job_id, {"clips": clips})
    work.way.on_step("sheets-written")
    document = record_document(work.plan, status, clips, job)
    return status, add_record(work.ledger, run_.job_id, document, on_step=work.way.on_step)


def _documents(work: Work, begun: str) -> dict[str, str]:
    """The completed spec and the plan, written beside the proxies unless an earlier run of this plan left them."""
    folder, stem = work.ledger.folder, work.plan.job_id
    at = work.plan.spec.get("created_at") or begun
    plan_file = write_new(folder, stem, "plan.json", json_text(plan_document(work.plan)))
    spec_file = plan_file.removesuffix("plan.json") + "spec.json"
    if not os.path.lexists(spec_file):
        spec = Spec.from_document({**work.plan.spec, "created_at": at})
        spec_file = write_new(folder, stem, "spec.json", spec.to_json())
    return {"spec_file": spec_file, "plan_file": plan_file}


def _sheets(work: Work, job_id: str, record: Mapping[str, Any]) -> list[str]:
    """Write what editors need of the finished clips beside them (CSV, ALE); the paths."""
    folder = work.ledger.folder
    return [write_new(folder, job_id, end, text) for end, text in sheets(record).items()]


def _tools(tools: Tools, made: Sequence[Result]) -> dict[str, Any]:
    """The versions of the tools, and of the Resolve that made clips."""
    resolves = [one.document["resolve"] for one in made if "resolve" in one.document]
    named = [f"{one['product']} {one['version']}" for one in resolves if one["version"]]
    return {
        "versions": {
            "ffmpeg": tools.ffmpeg_version,
            "ffprobe": tools.ffprobe_version,
            **({"resolve": named[-1]} if named else {}),
        },
        "configurations": {"ffmpeg": tools.ffmpeg_configuration, "ffprobe": tools.ffprobe_configuration},
    }


def _status(statuses: list[str]) -> str:
    if "CANCELLED" in statuses:
        return "CANCELLED"
    if all(status == "COMPLETED" for status in statuses):
        return "COMPLETED"
    return "PARTIAL" if "COMPLETED" in statuses else "FAILED"


def completed_record(plan_: Plan) -> str:
    """The record, of this job or of one that retried it, that says that this very plan was completed; "" for none."""
    folder, digest = str(plan_.spec["output_directory"]), plan_digest(plan_)
    names = sorted(record_names(folder), key=lambda name: not name.startswith(plan_.job_id))
    for path in (os.path.join(folder, name) for name in names):
        one = read_record(path)
        if one and one["status"] == "COMPLETED" and one.get("plan_digest") == digest:
            return path
    return ""


def judge_resume(rulebook: Rulebook, plan_: Plan) -> list[Finding]:
    """Whether a run of this job began in its folder, by this very plan."""
    folder = str(plan_.spec["output_directory"])
    begun, changes = _begun(folder, plan_)
    texts = {"output": folder, "is": changes}
    return tell_all(rulebook, ask(rulebook, "resume", {"resume.begun": begun}), texts, folder)


def _begun(folder: str, plan_: Plan) -> tuple[str, str]:
    """same, changed or never; and in words what is not as it was when the newest of the job's plans was written."""
    ours = _without_moment(json.loads(json_text(plan_document(plan_))))
    number = 1
    changes = ""
    while os.path.lexists(path := numbered(folder, plan_.job_id, "plan.json", number)):
        number += 1
        document = read_plan(path)
        if document is None:
            continue
        theirs = _without_moment(document)
        if theirs == ours:
            return "same", ""
        changes = ", ".join(key for key in ours if ours[key] != theirs.get(key))
    return ("changed" if changes else "never"), changes


def _without_moment(document: dict[str, Any]) -> dict[str, Any]:
    return {**document, "spec": {key: value for key, value in document["spec"].items() if key != "created_at"}}


def read_plan(path: str) -> dict[str, Any] | None:
    """The document of a plan file; None when it is none."""
    try:
        with open(path, "rb") as handle:
            document = json.loads(handle.read().decode("utf-8", "surrogateescape"))
    except (OSError, ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) and isinstance(document.get("spec"), dict) else None
