"""Compares the sound of a made proxy with the promised one, stream by stream or in total."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from proxx.model import Audio, Media
from proxx.tables import Value

NOT_PROMISED = "not-promised"


COARSE = Fraction(1, 1000)
"""Seconds to which Matroska writes times."""

PRIMING = 2048
"""The most samples that a decoder of the codecs here drops at the beginning."""


@dataclass(frozen=True, slots=True)
class Aspect:
    """One promised fact of a proxy: how it compares, what was made and what was promised, in words."""

    value: Value
    made: str
    promised: str


def same(made: str | None, promised: str | None) -> Aspect:
    """Whether a made fact is the promised one, in words."""
    if promised is None:
        return Aspect(NOT_PROMISED, made or "", "")
    return Aspect("same" if made == promised else "other", made or "none", promised)


def heard(made: Media, expect: Media, linear: Collection[str]) -> dict[str, Aspect | None]:
    """Every promised fact of the sound. `linear` are the codecs of sound whose length is exact.

    Sound that was promised without a codec is Resolve's: its channels are counted over all streams, for nobody can tell
    beforehand how it spreads them.
    """
    want, have = expect.audio or (), made.audio or ()
    if want and all(sound.codec is None for sound in want):
        channels = [sum(sound.channels or 0 for sound in sounds) for sounds in (have, want)]
        return {
            "audio-streams": Aspect(NOT_PROMISED, str(len(have)), ""),
            "audio-channels": same(f"{channels[0]} in all", f"{channels[1]} in all"),
            "audio-rate": same(_once(have), _once(want)) if have else None,
            **_ends(have, want, linear),
        }
    return {
        "audio-streams": same(str(len(have)), None if expect.audio is None else str(len(want))),
        "audio-channels": _listed([sound.channels for sound in have], [sound.channels for sound in want], expect),
        "audio-rate": _listed([sound.sample_rate for sound in have], [sound.sample_rate for sound in want], expect),
        "audio-codec": _listed([sound.codec for sound in have], [sound.codec for sound in want], expect),
        "audio-layout": _promised([one.layout for one in have], [one.layout for one in want]),
        "audio-language": _promised([_tags(one) for one in have], [_tags(one) for one in want]),
        "audio-start": _starts(made, want),
        **_ends(have, want, linear),
    }


def _once(sounds: tuple[Audio, ...]) -> str:
    """The sample rates of some streams, each once."""
    return ", ".join(sorted({str(sound.sample_rate) for sound in sounds}))


def _listed(made: list[Any], promised: list[Any], expect: Media) -> Aspect | None:
    if expect.audio is None or len(made) != len(promised):
        return None  # the number of streams is told already
    return same(", ".join(map(str, made)) or "none", ", ".join(map(str, promised)) or "none")


def _promised(made: list[str | None], promised: list[str | None]) -> Aspect | None:
    """Words of every stream, of those streams of which something was promised."""
    if len(made) != len(promised) or not any(word is not None for word in promised):
        return None
    pairs = [(have or "none", want or "none") for have, want in zip(made, promised, strict=True) if want is not None]
    return same(", ".join(have for have, _ in pairs), ", ".join(want for _, want in pairs))


def _tags(sound: Audio) -> str | None:
    """Language and title; None where neither is promised."""
    if sound.language is None and sound.title is None:
        return None
    return " ".join(word for word in (sound.language, sound.title) if word)


def _starts(made: Media, promised: tuple[Audio, ...]) -> Aspect | None:
    """When each stream begins against the first picture: to half a sample, or to what container and codec can write."""
    heard, video = made.audio or (), made.video
    if len(heard) != len(promised) or video is None:
        return None
    zero = video.start or Fraction(0)
    wrong = []
    for have, want in zip(heard, promised, strict=True):
        if want.start is None or have.start is None or not have.sample_rate:
            continue
        late = (have.start - zero) - want.start
        sample = Fraction(1, have.sample_rate)
        coarse = COARSE if made.container in ("mkv", "webm") else Fraction(0)
        # A reader may count the samples that a compressed stream begins with, and that a decoder drops.
        early = PRIMING * sample if not str(have.codec).startswith("pcm_") else Fraction(0)
        if not -(coarse + early) - sample / 2 <= late <= coarse + sample / 2:
            wrong.append((f"stream {have.index} at {float(have.start - zero):.6f} s", f"{float(want.start):.6f} s"))
    if wrong:
        return Aspect("other", *wrong[0])
    return Aspect("same", "", "")


def _ends(made: tuple[Audio, ...], promised: tuple[Audio, ...], linear: Collection[str]) -> dict[str, Aspect | None]:
    """How far the stream that differs most ends from where it was promised to end, in milliseconds, and what it was."""
    differences = [
        (_end(one) - _end(other), one, other)
        for one, other in zip(made, promised, strict=False)
        if one.duration is not None and other.duration is not None
    ]
    if len(made) != len(promised) or not differences:
        return {}
    worst, one, other = max(differences, key=lambda item: abs(item[0]))
    limited = max(-1_000_000, min(1_000_000, int(worst * 1000)))
    aspect = Aspect(limited, f"{float(_end(one)):.3f}", f"{float(_end(other)):.3f}")
    essence = "pcm" if other.origin in linear else "compressed"
    return {"audio-difference": aspect, "audio-essence": replace(aspect, value=essence)}


def _end(sound: Audio) -> Fraction:
    return (sound.start or Fraction(0)) + (sound.duration or Fraction(0))
