"""NLEs as a part of the promise: whether they will swap the planned proxies for their clips, and whether they do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from proxx.checking import Checked
from proxx.errors import EXIT_USAGE, Finding, ProxxError
from proxx.ffmpeg_task import expected
from proxx.likeness import shown_frames
from proxx.model import Media, Plan, Relinking, Task, Video
from proxx.relinking import Relink, judge_pair, systems_of
from proxx.rulebook import Rulebook
from proxx.verdict import JudgedClip


def relinking_of(rulebook: Rulebook, nles: list[str] | None, system: str | None) -> Relinking:
    """What is asked for. Raises ProxxError (exit 2) for an unknown NLE, or one that does not run on the system."""
    names = tuple(dict.fromkeys(nles or ()))
    if system is not None and not names:
        raise ProxxError("--system says where an NLE runs, and none is named", hint="Add --nle.", exit_code=EXIT_USAGE)
    for name in names:
        if not systems_of(rulebook, name, system):
            title = rulebook.items["nle"][name]["title"]
            raise ProxxError(f"{title} does not run on {system}", hint="Name another system.", exit_code=EXIT_USAGE)
    return Relinking(names, system)


def said_of(document: Mapping[str, Any]) -> Relinking:
    """What a plan or a record says was asked for."""
    said = document.get("relink")
    if not isinstance(said, Mapping) or not isinstance(said.get("nles"), list):
        return Relinking()
    return Relinking(tuple(map(str, said["nles"])), said.get("system"))


def judge_promise(rulebook: Rulebook, asked: Relinking, source: Media, promise: Media) -> tuple[Relink, ...]:
    """What each NLE will make of a promised proxy. What is not promised is not there: no timecode, no reel.

    Of what Resolve renders these are bound when it renders, and so is its raster: they are not judged before.
    """
    bound = promise.video is None or promise.video.width is None
    whole = promise if bound else replace(promise, timecode=promise.timecode or "", reel=promise.reel or "")
    return tuple(judge_pair(rulebook, name, source, whole, asked.system, promised=True) for name in asked.nles)


def judge_made(rulebook: Rulebook, asked: Relinking, task: Task, made: Media, frames: int | None) -> tuple[Relink, ...]:
    """What each NLE makes of the finished proxy under its final name."""
    video = made.video or Video()
    counted = replace(video, shown=frames if frames is not None else shown_frames(video))
    whole = replace(made, path=task.output, video=counted if made.video else None)
    return tuple(judge_pair(rulebook, name, task.media, whole, asked.system) for name in asked.nles)


def with_nles(rulebook: Rulebook, checked: Checked, asked: Relinking) -> Checked:
    """The judged spec with what the NLEs will say of each proxy; a spec that is refused is judged no further."""
    if not asked.nles or not checked.verdict.ok:
        return checked
    found: list[Finding] = []
    for judged in checked.verdict.clips:
        promise = _promise(rulebook, checked, judged)
        if promise is not None:
            relinks = judge_promise(rulebook, asked, judged.clip.media, promise)
            found += [finding for one in relinks for finding in one.findings]
    findings = (*checked.findings, *dict.fromkeys(found))
    verdict = replace(checked.verdict, findings=(*checked.verdict.findings, *found))
    return replace(checked, verdict=verdict, findings=findings, relink=asked)


def _promise(rulebook: Rulebook, checked: Checked, judged: JudgedClip) -> Media | None:
    """What the clip's proxy will be; None as long as too little is known of the clip."""
    profile = rulebook.profiles[checked.verdict.words["proxy_profile"]]
    if judged.named is None:
        return None
    if profile["engine"] != "ffmpeg":
        said = profile["promise"]
        return Media(path=judged.named.output, container=profile["container"], codec=said["codec"], video=Video())
    try:
        return expected(rulebook, profile, judged, judged.named)
    except ProxxError:
        return None


def promised(rulebook: Rulebook, plan: Plan, asked: Relinking) -> Plan:
    """The plan with the rows by which each NLE will take its proxies."""
    if not asked.nles:
        return plan
    tasks = []
    for task in plan.tasks:
        rows = {
            table: row
            for one in judge_promise(rulebook, asked, task.media, task.expect)
            for table, row in one.decided.items()
        }
        tasks.append(replace(task, decided={**task.decided, **rows}))
    return replace(plan, relink=asked, tasks=tuple(tasks))
