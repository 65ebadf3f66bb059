"""Every rule asked of a spec and its media in one straight pass: findings, engine, and what each clip would be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from proxx.clip import Clip, read_clip
from proxx.clipfacts import clip_facts, clip_texts, track_facts, track_texts
from proxx.errors import Finding, has_errors
from proxx.evaluate import Decision, ask, raises, tell_all
from proxx.facts import looked_at, profile_facts, profile_texts, spec_facts
from proxx.jobspec import Reading
from proxx.model import Media
from proxx.naming import (
    MEDIA_TOKENS,
    Named,
    judge_names,
    judge_template,
    name_clip,
    read_template,
    sources_of,
    token_values,
)
from proxx.onefault import folded, told_once
from proxx.rawreach import raw_findings
from proxx.renderids import profile_findings
from proxx.route import Route, route_job, route_source
from proxx.rulebook import Rulebook
from proxx.settings import rate_setting
from proxx.sound import Track, tracks
from proxx.tables import Value
from proxx.words import complete, explicit_rate, near_rate, read_words, text_findings


class World(Protocol):
    """What only the machine can tell; the rules ask it and touch nothing themselves."""

    def media(self, paths: Sequence[str], *, scaled: bool = False) -> Sequence[Media] | None:
        """What each file is; None when media shall not be looked at. With `scaled` its picture gets another raster."""

    def same_file(self, paths: Sequence[str]) -> Mapping[int, int]:
        """For a path that is the same file as an earlier one: the places of the two."""

    def folder(self, path: str) -> tuple[str, str]:
        """What stands at an output directory (ready, to-make, not-a-folder, not-writable) and the system's words."""

    def now(self) -> str:
        """The moment of asking (ISO 8601 UTC), for a spec that is not complete yet."""

    def place(self, output: str, sources: Sequence[str], folder: str) -> str:
        """What stands at an output's path: free, source, outside or exists."""


@dataclass(frozen=True, slots=True)
class JudgedTrack:
    """One audio stream of a source and what the tables said of it."""

    track: Track
    decisions: Mapping[str, Decision]


@dataclass(frozen=True, slots=True)
class JudgedClip:
    """One source of a job: its route, what its proxy would be, what the tables said, and its name."""

    clip: Clip
    route: Route
    decisions: Mapping[str, Decision]
    tracks: tuple[JudgedTrack, ...]
    named: Named | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """All that the rules say of one spec. `words` are its legal values; `left_out` says what was not looked at.

    `apart` are the findings before those with one fault became one.
    """

    findings: tuple[Finding, ...]
    engine: str
    words: Mapping[str, Any]
    clips: tuple[JudgedClip, ...]
    left_out: tuple[str, ...] = ()
    apart: tuple[Finding, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether nothing refuses the spec."""
        return not has_errors(self.findings)


def judge_spec(rulebook: Rulebook, reading: Reading, world: World) -> Verdict:
    """The verdict on a read spec; `world` is asked what the sources are and what stands at the outputs."""
    findings = text_findings(rulebook, reading)
    if reading.document is None:
        return Verdict(tuple(findings), "none", {}, ())
    words, wrong = read_words(rulebook, reading)
    findings += wrong
    complete(rulebook, words, reading.document, world.now())
    near = near_rate(rulebook, words)
    facts = {**spec_facts(words), "rate.near": "yes" if near else "no", **profile_facts(rulebook, words)}
    findings += tell_all(rulebook, ask(rulebook, "spec", facts), near)
    facts |= _rendering(rulebook, words, findings)
    agreement = ask(rulebook, "profile", facts)
    if raises(agreement):
        findings += tell_all(rulebook, agreement, profile_texts(rulebook, words))
    sources = words.get("sources", ())
    media = world.media(sources, scaled=words.get("resolution", "same") != "same")
    engine, clips = "none", [Clip(words["indexes"][at], Media(path=path)) for at, path in enumerate(sources)]
    judged: list[JudgedClip] = []
    if media and sources:
        engine, judged = _judge_media(rulebook, words, facts, media, world.same_file(sources), findings)
        clips = [one.clip for one in judged]
    names = _name(rulebook, words, clips, world, findings, has_media=bool(media))
    judged = [replace(one, named=names.get(one.clip.index)) for one in judged]
    left_out = _left_out(sources) if media is None and sources else ()
    told = told_once(rulebook.findings, dict.fromkeys(findings))
    return Verdict(folded(told), engine, words, tuple(judged), left_out, tuple(told))


def _rendering(rulebook: Rulebook, words: Mapping[str, Any], findings: list[Finding]) -> dict[str, Value]:
    """What becomes of the rate in Resolve, when the profile is for it; findings about the profile itself are added."""
    profile = rulebook.profiles.get(words.get("proxy_profile", ""), {})
    if profile.get("engine") != "resolve":
        return {}
    findings += [finding for finding, _ in profile_findings(rulebook, profile)]
    rate = explicit_rate(rulebook, words)
    return {"profile.rate": "same" if rate is None else "offered" if rate_setting(rulebook, rate) else "not-offered"}


def _judge_media(
    rulebook: Rulebook,
    words: Mapping[str, Any],
    facts: Mapping[str, Value],
    media: Sequence[Media],
    same: Mapping[int, int],
    findings: list[Finding],
) -> tuple[str, list[JudgedClip]]:
    """The job's engine, and each source as the clip it would become."""
    name, indexes = words.get("proxy_profile", ""), words["indexes"]
    routes = [
        route_source(rulebook, one, indexes[at], indexes[same[at]] if at in same else None)
        for at, one in enumerate(media)
    ]
    findings += [finding for route in routes for finding in route.findings]
    job = route_job(rulebook, list(zip(media, routes, strict=True)), name, facts)
    findings += job.findings
    if job.engine == "resolve" and not has_errors(job.findings):  # of a job that is refused nothing more is said
        usable = [at for at, route in enumerate(routes) if route.engine == "resolve" and not has_errors(route.findings)]
        findings += [finding for at in usable for finding in raw_findings(rulebook, media[at], indexes[at])]
    rate, habits = explicit_rate(rulebook, words), rulebook.items.get("ffmpeg-habit", {})
    profile = rulebook.profiles.get(name)
    judged = []
    for index, one, route in zip(indexes, media, routes, strict=True):
        clip = read_clip(one, index, words.get("resolution", "same"), rate, profile)
        fits = profile is not None and route.engine == profile["engine"] == "ffmpeg" and "resolution" in words
        # Of a source that is refused nothing more is said: one fault, one report.
        if profile is not None and fits and not has_errors(route.findings):
            known = {**facts, **clip_facts(clip, profile, habits, rate is not None)}
            judged.append(_judge_clip(rulebook, clip, route, profile, known, findings))
        else:
            judged.append(JudgedClip(clip, route, {}, (), None))
    return job.engine, judged


def _left_out(sources: Sequence[str]) -> tuple[str, ...]:
    count = f"{len(sources)} source{'' if len(sources) == 1 else 's'}"
    return (f"{count} not opened: format, engine, profile's engine, raster, timecode and sound are not checked",)


def _judge_clip(
    rulebook: Rulebook,
    clip: Clip,
    route: Route,
    profile: Mapping[str, Any],
    facts: Mapping[str, Value],
    findings: list[Finding],
) -> JudgedClip:
    """One clip and its audio streams, judged as far as their facts go."""
    decisions = ask(rulebook, "clip", facts)
    findings += tell_all(rulebook, decisions, clip_texts(clip), clip.media.path)
    judged = []
    for track in tracks(clip.media):
        answers = ask(rulebook, "track", {**facts, **track_facts(track, clip, rulebook, profile)})
        findings += tell_all(rulebook, answers, track_texts(track, clip, profile), clip.media.path)
        judged.append(JudgedTrack(track, answers))
    return JudgedClip(clip, route, decisions, tuple(judged), None)


def _name(
    rulebook: Rulebook,
    words: Mapping[str, Any],
    clips: Sequence[Clip],
    world: World,
    findings: list[Finding],
    *,
    has_media: bool,
) -> dict[int, Named]:
    """Each clip's name by its index; findings about the template, the folder and the names are added."""
    text, directory = words.get("naming_template"), words.get("output_directory")
    folder, detail = world.folder(directory) if directory else (None, "")
    if text is None:
        return {}
    template = read_template(text)
    texts = {"directory": directory or "", "detail": detail}
    wrong = judge_template(rulebook, template, len(clips), words["has_moment"], folder, texts)
    findings += wrong
    lacking = {"codec", "resolution", "container", "proxy_profile", "output_directory"} - set(words)
    needs_media = bool(MEDIA_TOKENS & sources_of(rulebook, template))
    unnamed = any(finding.at == "/naming_template" and finding.is_error for finding in wrong)
    unseen = needs_media and not (has_media and all(clip.width or looked_at(clip.media) for clip in clips))
    if unnamed or lacking or unseen:
        return {}
    named = []
    for clip in clips:
        values = token_values(words, clip.media.path, clip.index, clip.width, clip.height, clip.rate)
        named.append(name_clip(rulebook, template, values, clip.index, clip.media.path, str(directory)))
    places = {one.output: world.place(one.output, words["sources"], str(directory)) for one in named}
    findings += judge_names(rulebook, named, places)
    return {one.index: one for one in named}
