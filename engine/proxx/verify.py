"""Proves a made proxy: probes it, decodes it, and asks the output tables about every promised fact."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from fractions import Fraction
from threading import Event
from typing import Any

from proxx.clip import MILLISECONDS
from proxx.coded import Coded, find_coded
from proxx.commit import digest
from proxx.compare import compare
from proxx.engines.ffmpeg import Outcome, Sample, decode, patience
from proxx.errors import Finding
from proxx.evaluate import Decision, ask, tell
from proxx.facts import base_name
from proxx.hearing import Aspect
from proxx.model import Media, Task, Video
from proxx.origin import settled
from proxx.probe import probe
from proxx.rulebook import Rulebook
from proxx.stopping import Stop
from proxx.timing import first_fields, first_light, measure
from proxx.toolbox import Tools

EVERY = 1
"""Every picture is decoded, where a profile says nothing else."""


@dataclass(frozen=True, slots=True)
class Proof:
    """What a made file is, what is wrong with it against its promise, and which row of every table judged that.

    `frames` are counted, `decoded` is how many of them were decoded. `sha256` is of the bytes that were proved: none
    where only headers were looked at, or where the proof was given up.
    """

    media: Media
    frames: int | None
    findings: tuple[Finding, ...]
    decided: Mapping[str, str]
    sha256: str = ""
    decoded: int | None = None


@dataclass(frozen=True, slots=True)
class _Decoded:
    """A file's pictures: how many there are, how many were decoded, how that ended, and how they are stored."""

    frames: int | None
    decoded: int | None
    outcome: Outcome
    coded: Coded | None


def verify(
    rulebook: Rulebook,
    task: Task,
    path: str,
    profile: Mapping[str, Any],
    tools: Tools,
    stop: Event,
    *,
    decodes: bool = True,
) -> Proof:
    """The proof of the file at `path` against the task's promise; without `decodes` only as far as its headers tell.

    Where the profile says so, one picture of so many is decoded; all are counted and looked at as they are stored.
    """
    enough = Stop(stop)
    every = profile.get("proof", {}).get("every", EVERY)
    with ThreadPoolExecutor(2) as pool:  # decoder and hash read the same bytes at once, and the header meanwhile
        decoding = pool.submit(_decode, rulebook, task, path, every, tools, enough) if decodes else None
        hashing = pool.submit(digest, path, enough.is_set) if decodes else None
        made = settled(rulebook, probe(path, rulebook.vocabulary, tools.ffprobe, stop=stop), by_name=False)
        if made.state == "ok":
            made = _timed(rulebook, made, task.expect, tools.ffprobe, stop)
        else:
            enough.set()
    frames = decoded = None
    whole = hashing.result() if hashing is not None and not enough.is_set() else ""
    aspects = {
        "made.readable": Aspect("yes" if made.state == "ok" else "no", f"{made.state} {made.detail}", "a media file")
    }
    if made.state == "ok":
        if decoding is not None:
            pictures = decoding.result()
            frames, decoded = pictures.frames, pictures.decoded
            aspects |= _found(pictures)
        aspects |= compare(task.expect, made, frames, profile, rulebook.members("linear-pcm"))
        if not decodes:
            aspects.pop("made.frames", None)
    decisions = ask(rulebook, "made", {fact: aspect.value for fact, aspect in aspects.items()})
    rows = {name: decision.row for name, decision in decisions.items()}
    return Proof(made, frames, tuple(_findings(rulebook, task, aspects, decisions)), rows, whole, decoded)


def _decode(rulebook: Rulebook, task: Task, path: str, every: int, tools: Tools, enough: Stop) -> _Decoded:
    """Decode a file to its end; or one picture of so many of it, and look at all as they are stored."""
    pace, words = patience(rulebook.items["watchdog"], task), rulebook.members("damage-words")
    coded = find_coded(path, task.expect.codec) if every > EVERY else None
    if coded is None:
        frames, outcome = decode(path, tools.ffmpeg, enough, pace, words, tools.threads)
        return _Decoded(frames, frames, outcome, None)
    video = task.expect.video or Video()
    pictures = coded.pictures(every, enough.is_set)
    sample = Sample(coded.decoder, (video.width or 0, video.height or 0), video.rate or Fraction(1), pictures)
    decoded, outcome = decode(path, tools.ffmpeg, enough, pace, words, tools.threads, sample)
    missing = coded.handed - (decoded or 0)
    return _Decoded(len(coded.places) - missing, decoded, outcome, coded)


def _found(pictures: _Decoded) -> dict[str, Aspect]:
    """How the decoder ended, and whether the pictures are whole as they are stored."""
    aspects = _decoded(pictures.outcome)
    if pictures.coded is not None and "made.decode" in aspects:
        flaw = pictures.coded.flaw
        aspects["made.stored"] = Aspect("damaged" if flaw else "whole", flaw, "whole pictures")
    return aspects


def _decoded(outcome: Outcome) -> dict[str, Aspect]:
    """How the decoder ended."""
    if outcome.stalled:
        return {"made.engine": Aspect("stalled", f"in verification {outcome.stalled}", "")}
    clean = outcome.exit_code == 0 and not outcome.stderr
    words = outcome.stderr[-500:] or f"exit code {outcome.exit_code}"
    return {"made.decode": Aspect("clean" if clean else "errors", words, "clean")}


def _timed(rulebook: Rulebook, made: Media, expect: Media, ffprobe: str, stop: Event) -> Media:
    """The made file with what its header does not tell, or only rounds: its packets' times or rate, its fields.

    Matroska's header names a rate that its packets need not keep, or rounds it to milliseconds: there the packets tell.
    Everywhere else, and where it names another one of the standards, the header's rate is the rate.
    """
    video, want = made.video, expect.video
    if video is None or want is None:
        return made
    if want.mastering or want.light_level:
        made = first_light(made, rulebook.vocabulary, ffprobe, stop=stop)
        video = made.video or video
    if want.field_order in ("tt", "bb"):
        order = first_fields(made, rulebook.vocabulary, ffprobe, stop=stop)
        made = replace(made, video=replace(video, field_order=order or video.field_order))
    exact = {Fraction(word) for word in rulebook.vocabulary["probe"]["rates"]}
    plain = video.rate != want.rate and video.rate in exact
    rounded = want.rate is not None and made.container in MILLISECONDS and not plain
    if expect.cadence != "variable" and not rounded:
        return made
    asked = replace(made, video=replace(made.video or video, rate=want.rate or video.rate))
    return replace(measure(asked, rulebook.vocabulary, ffprobe, stop=stop), audio=made.audio)


def _findings(
    rulebook: Rulebook, task: Task, aspects: Mapping[str, Aspect], decisions: Mapping[str, Decision]
) -> list[Finding]:
    found = []
    for name, decision in decisions.items():
        aspect = aspects[rulebook.table(name).columns[0].fact.name]
        texts = {"output": base_name(task.output), "made": aspect.made, "promised": aspect.promised}
        finding = tell(rulebook, decision, texts, task.output)
        if finding is not None:
            found.append(finding)
    return found
