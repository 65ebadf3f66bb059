"""What is written beside the proxies: the completed spec, the plan and the record, whole or not at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from proxx.commit import text_digest
from proxx.jsonout import json_text
from proxx.model import SIMULATED, Plan, Task
from proxx.probefile import to_facts

FORMAT = 1
ORIGIN = frozenset({"timecode", "timecode_rate", "timecode_from", "reel", "reel_from", "reel_sure"})
"""What a plan says of a source: where its start and its reel are from. A record has all its facts."""


def plan_document(plan: Plan) -> dict[str, Any]:
    """The plan as JSON says it; equal plans give equal documents, byte for byte."""
    return {
        "format": FORMAT,
        "job_id": plan.job_id,
        "engine": plan.engine,
        "engine_version": plan.engine_version,
        "why": list(plan.why),
        "profile": plan.profile,
        "rulebook": dict(plan.rulebook),
        "spec": dict(plan.spec),
        **plan.relink.document(),
        "tasks": [_task(task) for task in plan.tasks],
    }


def _task(task: Task) -> dict[str, Any]:
    work = {"argv": list(task.argv)} if task.argv else {"settings": dict(task.settings)}
    return {
        "index": task.index,
        "source": task.source,
        "output": task.output,
        "temporary": task.temporary,
        "decided": dict(task.decided),
        **work,
        **({"lut": dict(task.lut)} if task.lut else {}),
        "origin": {key: value for key, value in to_facts(task.media).items() if key in ORIGIN},
        "promise": to_facts(task.expect),
    }


def plan_digest(plan: Plan) -> str:
    """The sha256 of a plan, whoever began it and when: a spec's created_at decides nothing that is not in the rest."""
    document = plan_document(plan)
    spec = {key: value for key, value in document["spec"].items() if key != "created_at"}
    return _digest({**document, "spec": spec})


def task_key(plan: Plan, task: Task) -> str:
    """The sha256 of everything that makes a clip what it is, whichever job asks for it."""
    known = {key: value for key, value in _task(task).items() if key not in ("index", "decided", "origin")}
    made_by = [plan.engine, plan.engine_version, plan.rulebook["digest"]]
    return _digest({**known, "made_by": made_by})


def _digest(document: Mapping[str, Any]) -> str:
    """The sha256 of a document on one line: nobody reads that text, and it is written in a tenth of the time."""
    return text_digest(json_text(document, indent=None))


def engine_impl(plan: Plan) -> str:
    """What really makes a plan's proxies: its engine, or a simulated one."""
    return "simulated" if plan.engine_version.endswith(SIMULATED) else plan.engine


def record_document(
    plan: Plan, status: str, clips: Sequence[Mapping[str, Any]], job: Mapping[str, Any]
) -> dict[str, Any]:
    """The record of a job: what was asked, what ran, what was made, and what the verification said.

    `job` holds what only the run knows: job_id, retried_from, versions and tools, times, documents and worker.
    """
    return {
        "format": FORMAT,
        "job_id": plan.job_id,
        "status": status,
        "engine": plan.engine,
        "engine_impl": engine_impl(plan),
        "profile": plan.profile,
        "rulebook": dict(plan.rulebook),
        "plan_digest": plan_digest(plan),
        "spec": dict(plan.spec),
        **plan.relink.document(),
        **job,
        "clips": list(clips),
    }
