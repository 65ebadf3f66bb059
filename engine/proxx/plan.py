"""From a verdict to a plan: one task for every clip, and why this engine makes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from proxx.errors import ProxxError
from proxx.ffmpeg_task import ffmpeg_task
from proxx.model import Plan, Task
from proxx.naming import Named
from proxx.origin import origin_rows
from proxx.resolve_task import resolve_task
from proxx.rulebook import Rulebook
from proxx.verdict import JudgedClip, Verdict


def make_plan(rulebook: Rulebook, verdict: Verdict, spec: Mapping[str, Any], engine_version: str) -> Plan:
    """The plan of a verdict without errors; `spec` is the completed document. Equal inputs give equal plans."""
    words = verdict.words
    return Plan(
        job_id=words["job_id"],
        engine=verdict.engine,
        engine_version=engine_version,
        profile=words["proxy_profile"],
        rulebook=rulebook.identity,
        why=_why(rulebook, verdict),
        spec=spec,
        tasks=tuple(_task(rulebook, verdict, clip, engine_version) for clip in verdict.clips),
    )


def _why(rulebook: Rulebook, verdict: Verdict) -> tuple[str, ...]:
    """Why this engine: the routing row of every source, each said once."""
    lines: dict[str, None] = {}
    for clip in verdict.clips:
        decision = clip.route.decisions["route"]
        row = next(row for row in rulebook.table("route").rows if row.id == decision.row)
        media = clip.clip.media
        what = f"{media.container}/{media.codec} routes to {clip.route.engine}"
        lines[f"{what} (table route, row {row.id}): {row.about.get('why', '')}"] = None
    return tuple(lines)


def _task(rulebook: Rulebook, verdict: Verdict, judged: JudgedClip, engine_version: str) -> Task:
    profile = rulebook.profiles[verdict.words["proxy_profile"]]
    if judged.named is None:
        raise ProxxError(
            f"the proxy of {judged.clip.media.path} has no name: its template needs facts that are not known"
        )
    named: Named = judged.named
    if verdict.engine == "ffmpeg":
        task = ffmpeg_task(rulebook, profile, judged, named, engine_version)
    else:
        task = resolve_task(rulebook, profile, judged, named, verdict.words)
    asked = {**judged.route.decisions, **judged.decisions}
    decided = {table: decision.row for table, decision in asked.items()}
    decided |= origin_rows(rulebook, judged.clip.media)
    return replace(task, decided=decided, media=judged.clip.media)
