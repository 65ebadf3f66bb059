"""Proves a made proxy: probes it, decodes it to its end, and asks the output tables about every promised fact."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from fractions import Fraction
from threading import Event
from typing import Any

from proxx.clip import MILLISECONDS
from proxx.engines.ffmpeg import Outcome, decode, patience
from proxx.errors import Finding
from proxx.evaluate import Decision, ask, tell
from proxx.facts import base_name, rate_text
from proxx.hearing import NOT_PROMISED, Aspect, heard, same
from proxx.model import Colour, Media, Task, Video
from proxx.moments import read_back
from proxx.origin import settled
from proxx.probe import measure, probe
from proxx.rulebook import Rulebook
from proxx.stopping import Stop

ROUNDING_BYTES = 8192
"""What a ceiling allows each frame on top: codecs round small frames up, and containers align them."""

HEAD_BYTES = 65536
"""What a ceiling allows each file on top, for its headers and index."""


@dataclass(frozen=True, slots=True)
class Tools:
    """The programs that make and prove proxies, their versions, and what encoders there are."""

    ffmpeg: str
    ffprobe: str
    ffmpeg_version: str
    ffprobe_version: str
    ffmpeg_configuration: str = ""
    ffprobe_configuration: str = ""
    encoders: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Proof:
    """What a made file is, what is wrong with it against its promise, and which row of every table judged that."""

    media: Media
    frames: int | None
    findings: tuple[Finding, ...]
    decided: Mapping[str, str]


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
    """The proof of the file at `path` against the task's promise; without `decodes` only as far as its headers tell."""
    enough = Stop(stop)
    with ThreadPoolExecutor(1) as pool:  # the decoder starts at once: a header is read meanwhile
        pace = patience(rulebook.items["watchdog"], task)
        decoding = pool.submit(decode, path, tools.ffmpeg, enough, pace) if decodes else None
        made = settled(rulebook, probe(path, rulebook.vocabulary, tools.ffprobe, stop=stop), by_name=False)
        if made.state == "ok":
            made = _timed(rulebook, made, task.expect, tools.ffprobe, stop)
        else:
            enough.set()
    frames: int | None = None
    aspects = {
        "made.readable": Aspect("yes" if made.state == "ok" else "no", f"{made.state} {made.detail}", "a media file")
    }
    if made.state == "ok":
        if decoding is not None:
            frames, outcome = decoding.result()
            aspects |= _decoded(outcome)
        aspects |= compare(task.expect, made, frames, profile, rulebook.sets["linear-pcm"])
        if not decodes:
            aspects.pop("made.frames", None)
    decisions = ask(rulebook, "made", {fact: aspect.value for fact, aspect in aspects.items()})
    rows = {name: decision.row for name, decision in decisions.items()}
    return Proof(made, frames, tuple(_findings(rulebook, task, aspects, decisions)), rows)


def _decoded(outcome: Outcome) -> dict[str, Aspect]:
    """How the decoder ended."""
    if outcome.stalled:
        return {"made.engine": Aspect("stalled", f"in verification {outcome.stalled}", "")}
    clean = outcome.exit_code == 0 and not outcome.stderr
    words = outcome.stderr[-500:] or f"exit code {outcome.exit_code}"
    return {"made.decode": Aspect("clean" if clean else "errors", words, "clean")}


def _timed(rulebook: Rulebook, made: Media, expect: Media, ffprobe: str, stop: Event) -> Media:
    """The made file with the rate that its packets keep, where its header only rounds it (Matroska's milliseconds).

    Everywhere else another rate in the header is another rate, however short the file is.
    """
    want = expect.video.rate if expect.video else None
    if want is None or made.video is None or made.video.rate == want or made.container not in MILLISECONDS:
        return made
    asked = replace(made, video=replace(made.video, rate=want))
    return measure(asked, rulebook.vocabulary, ffprobe, stop=stop)


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


def compare(
    expect: Media, made: Media, frames: int | None, profile: Mapping[str, Any], linear: Collection[str]
) -> dict[str, Aspect]:
    """Every promised fact of a proxy against the made one. `linear` are the codecs of sound whose length is exact."""
    want, have = expect.video or Video(), made.video or Video()
    aspects = {
        "container": same(made.container, expect.container),
        "codec": same(made.codec, expect.codec),
        "profile": same(have.profile, want.profile),
        "tag": same(have.tag, want.tag),
        "pix-fmt": same(have.pix_fmt, want.pix_fmt),
        "raster": same(_raster(have), _raster(want) if want.width else None),
        "par": same(_ratio(have.par), _ratio(want.par) if want.par else None),
        "rate": same(_rate(have.rate), _rate(want.rate) if want.rate else None),
        "scan": same(_scan(have), _scan(want) if want.field_order else None),
        "rotation": same(str(have.rotation or 0), None if want.rotation is None else str(want.rotation)),
        "colour": _colour(have.colour, want.colour),
        "timecode": _told(read_back(made, expect.timecode, want.rate), expect.timecode),
        "reel": _told(made.reel, expect.reel),
        "frames": _frames(frames, want.frames),
        **heard(made, expect, linear),
        "ceiling-share": _ceiling(made, want, profile),
    }
    return {f"made.{name}": aspect for name, aspect in aspects.items() if aspect is not None}


def _told(made: str | None, promised: str | None) -> Aspect:
    """A text of the file; a promised "" is the promise of none."""
    return same(made or "none", promised if promised is None else promised or "none")


def _rate(rate: Fraction | None) -> str:
    return "unknown" if rate is None else f"{rate} ({rate_text(rate)})"


def _frames(made: int | None, promised: int | None) -> Aspect | None:
    if promised is None:
        return None
    if made is None:
        return Aspect("unknown", "no", str(promised))
    value = "same" if made == promised else "fewer" if made < promised else "more"
    return Aspect(value, str(made), str(promised))


def _raster(video: Video) -> str:
    return f"{video.width}x{video.height}"


def _ratio(ratio: Fraction | None) -> str:
    one = ratio or Fraction(1)
    return f"{one.numerator}:{one.denominator}"


def _scan(video: Video) -> str:
    """A progressive codec that carries no field order reads as unknown; both mean whole frames."""
    return "progressive" if video.field_order in (None, "unknown", "progressive") else str(video.field_order)


def _colour(made: Colour | None, promised: Colour | None) -> Aspect:
    """Tags that were promised; where nothing was promised for a tag, whatever the encoder writes is fine."""
    if promised is None:
        return Aspect(NOT_PROMISED, "", "")
    have = made or Colour()
    if have.range == "unknown":  # an untagged range is the limited one for every reader of luma and chroma
        have = replace(have, range="tv")
    names = ("range", "primaries", "transfer", "matrix")
    wrong = [name for name in names if getattr(promised, name) not in ("unknown", getattr(have, name))]
    text = [", ".join(f"{name} {getattr(colour, name)}" for name in wrong or names) for colour in (have, promised)]
    return Aspect("other" if wrong else "same", text[0], text[1])


def _ceiling(made: Media, want: Video, profile: Mapping[str, Any]) -> Aspect | None:
    """The file's bit rate against the ceiling of its profile, which is given for 1920x1080 at 25 frames a second."""
    ceiling = profile.get("size", {}).get("ceiling")
    if ceiling is None or made.size is None or not want.duration or not want.width or not want.height or not want.rate:
        return None
    allowed = Fraction(str(ceiling)) * want.width * want.height * want.rate / (1920 * 1080 * 25)
    allowed += (ROUNDING_BYTES * want.rate + HEAD_BYTES / want.duration) * 8 / 1_000_000
    sound = sum(Fraction((one.sample_rate or 0) * (one.channels or 0) * 24, 1_000_000) for one in made.audio or ())
    rate = Fraction(made.size * 8, 1_000_000) / want.duration
    share = min(int((rate - sound) / allowed * 100), 1_000_000)
    return Aspect(max(share, 0), f"{float(rate):.1f}", f"{float(allowed + sound):.1f}")
