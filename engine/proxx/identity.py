"""The proof that a proxy shows its clip's frames and plays its sound, each at its place; and what is said of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from threading import Event
from typing import Any

from proxx.alignment import ALIKE
from proxx.errors import Finding
from proxx.evaluate import ask, tell_all
from proxx.facts import base_name
from proxx.framefacts import FrameProof
from proxx.frameproof import prove_frames
from proxx.glimpses import Reader
from proxx.model import Media
from proxx.rulebook import Rulebook
from proxx.soundproof import SoundProof, prove_sound
from proxx.tables import Value
from proxx.tools import find_tool

NO_WORDS = {"source": "", "proxy": "", "stream": "", "channel": "", "offset": "", "where": "", "seen": ""}
"""Every text of the stage, for findings that do not need them all."""


@dataclass(frozen=True, slots=True)
class Given:
    """How contents are compared: the recorded filter chain of the plan, and at how many places (0: all frames)."""

    chain: str = ""
    places: int | None = None


@dataclass(frozen=True, slots=True)
class Identity:
    """What a comparison of contents has shown."""

    frames: FrameProof | None
    facts: Mapping[str, Value]
    sounds: tuple[SoundProof, ...]
    findings: tuple[Finding, ...]

    def lines(self) -> list[str]:
        """Offset 0, or the offset, of pictures and of each audio stream."""
        pictures = "contents: not compared" if self.frames is None else _frames_line(self.frames)
        return [pictures, *(_sound_line(one) for one in self.sounds)]

    def document(self) -> dict[str, Any]:
        """The proof as JSON says it."""
        return {
            **{name.removeprefix("identity."): value for name, value in self.facts.items()},
            **({} if self.frames is None else _frames_document(self.frames)),
            "sound": [
                {
                    "stream": one.stream,
                    "value": one.value,
                    "samples": round(one.samples, 2),
                    "rate": one.rate,
                    "alike": round(one.alike, 4),
                }
                for one in self.sounds
            ],
            "findings": [finding.document() for finding in self.findings],
        }


def _frames_document(frames: FrameProof) -> dict[str, Any]:
    return {
        "offset": frames.offset if frames.clear else None,
        "last_offset": frames.last_offset if frames.clear else None,
        "whole": frames.whole,
        "frames_compared": frames.compared,
        "clip_frames": frames.clip_frames,
        "proxy_frames": frames.proxy_frames,
        "places": [
            {
                "frame": one.frame,
                "offset": one.offset,
                "clear": one.clear,
                "ssim": round(one.ssim, 4),
                "psnr": round(one.psnr, 2),
            }
            for one in frames.places
        ],
        "changes": [
            {"earliest": one.earliest, "latest": one.latest, "before": one.before, "after": one.after}
            for one in frames.changes
        ],
    }


def compare_contents(rulebook: Rulebook, source: Media, proxy: Media, given: Given, stop: Event) -> Identity:
    """The proof of a pair. Raises ProxxError (exit 3) when FFmpeg cannot decode, KeyboardInterrupt when stopped."""
    unread = [media.state != "ok" or media.video is None or not media.video.pix_fmt for media in (source, proxy)]
    if any(unread):
        told: dict[str, Value] = {"identity.files": "no-source" if unread[0] else "no-proxy"}
        media = source if unread[0] else proxy
        why = f"{media.state} {media.detail}".strip() if media.state != "ok" else "FFmpeg decodes no picture of it"
        texts = {**NO_WORDS, "source": base_name(source.path), "proxy": base_name(proxy.path), "seen": why}
        return Identity(None, told, (), tuple(tell_all(rulebook, ask(rulebook, "identity", told), texts, proxy.path)))
    reader = Reader(find_tool("ffmpeg"), rulebook.vocabulary, stop)
    settings = rulebook.items["identity"]
    frames = prove_frames(reader, source, proxy, given.chain, settings, given.places)
    sounds = prove_sound(reader, source, proxy, settings, rulebook.members("linear-pcm"))
    facts = picture_facts(frames)
    return Identity(frames, facts, sounds, _findings(rulebook, source, proxy, frames, facts, sounds))


def picture_facts(frames: FrameProof) -> dict[str, Value]:
    """What the comparison of pictures says, in the rules' words."""
    if not frames.places or frames.alike < ALIKE:
        return {"identity.picture": "other"}
    begin = "unclear"
    if frames.begin_clear:
        begin = "same" if frames.offset == 0 else "missing" if frames.offset > 0 else "extra"
    rest = frames.rest
    end = "unclear" if not frames.clear else "same" if rest == 0 else "missing" if rest > 0 else "extra"
    picture = "same" if frames.clear else "still"
    # Where frames cannot be told apart a jump is chance, unless the proxy has more of them or fewer.
    if frames.jumps and (frames.clear or frames.clip_frames != frames.proxy_frames):
        first = frames.jumps[0]
        picture = "dropped" if first.after > first.before else "repeated"
    elif frames.clear and frames.offset and begin == "unclear":
        picture = "shifted"
    return {
        "identity.picture": picture,
        "identity.begin": begin,
        "identity.end": end,
        "identity.levels": frames.levels,
    }


def _findings(
    rulebook: Rulebook,
    source: Media,
    proxy: Media,
    frames: FrameProof,
    facts: Mapping[str, Value],
    sounds: tuple[SoundProof, ...],
) -> tuple[Finding, ...]:
    texts: dict[str, object] = {**NO_WORDS, "source": base_name(source.path), "proxy": base_name(proxy.path)}
    found = []
    for name, value in facts.items():
        words: dict[str, object] = {**texts, **_picture_words(name, str(value), frames)}
        found += tell_all(rulebook, ask(rulebook, "identity", {name: value}), words, proxy.path)
    rate = proxy.video.rate if proxy.video else None
    for sound in sounds:
        words = {**texts, "stream": sound.stream, "channel": sound.channel, "seen": sound.seen}
        words["offset"] = sound.words(float(1 / rate) if rate else 0)
        known: dict[str, Value] = {"identity.sound": sound.value}
        if sound.value == "same":
            known |= {"identity.essence": sound.essence, "identity.shift": round(abs(sound.samples) * 100)}
        found += tell_all(rulebook, ask(rulebook, "identity", known), words, proxy.path)
    return tuple(found)


def _picture_words(name: str, value: str, frames: FrameProof) -> dict[str, str]:
    """The words of a finding about pictures."""
    if name == "identity.begin":
        return {"where": str(frames.offset), "offset": _count(abs(frames.offset))}
    if name == "identity.end":
        return {"offset": _count(abs(frames.rest))}
    if name == "identity.levels":
        slope, lift = frames.gain or (1.0, 0.0)
        return {"seen": f"contrast {slope:.2f}, black {lift:+.0f} of 255"}
    if value in ("dropped", "repeated"):
        return {"where": "; ".join(change.words() for change in frames.jumps[:5])}
    how = "all frames" if frames.whole else f"{len(frames.places)} places"
    return {"where": f"{how} compared, they correlate by {frames.alike:.2f}", "offset": f"{frames.offset:+d}"}


def _count(frames: int) -> str:
    return f"{frames} frame{'' if frames == 1 else 's'}"


def _frames_line(frames: FrameProof) -> str:
    how = f"all {frames.compared} frames" if frames.whole else f"{len(frames.places)} places, {frames.compared} frames"
    if not frames.places or frames.alike < ALIKE:
        return f"pictures: other pictures ({how} compared)"
    if not frames.clear:
        return f"pictures: cannot tell, too little moves ({how} compared)"
    least = min(place.ssim for place in frames.places)
    ends = f"offset {frames.offset:+d}" if frames.offset else "offset 0"
    if frames.last_offset != frames.offset:
        ends += f", {frames.last_offset:+d} at the end" if frames.last_offset else ", 0 at the end"
    return f"pictures: {ends} ({how} compared, SSIM at least {least:.3f})"


def _sound_line(sound: SoundProof) -> str:
    if sound.value == "unclear":
        return f"sound {sound.stream}: cannot tell, {sound.seen}"
    if sound.value != "same":
        return f"sound {sound.stream}: {sound.value}"
    off = f"{sound.samples:+.1f}".removesuffix(".0")
    return f"sound {sound.stream}: offset {'0' if off in ('+0', '-0') else off} samples"


def chain_of(argv: Sequence[str]) -> str:
    """The picture's filter chain of a recorded argument list; nothing where there is none."""
    return next((argv[place + 1] for place, word in enumerate(argv[:-1]) if word == "-filter:v:0"), "")
