"""The sound of one clip for FFmpeg: what a template writes of every audio stream, and what is promised of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from proxx.evaluate import Decision
from proxx.model import Audio
from proxx.sound import layout_for, said_language
from proxx.verdict import JudgedTrack

Heard = tuple[dict[str, Any], Audio]
"""A stream of the proxy as a template is told of it, and as it is promised."""

ALL = -1
"""The channel that a stream is made of when it is made of all."""


def sound_words(
    profile: Mapping[str, Any],
    judged: Sequence[JudgedTrack],
    out: Mapping[str, Any],
    does: Mapping[str, str],
    container: Mapping[str, Any],
) -> list[Heard]:
    """Every stream of the proxy, in the source's order; a stream that is split becomes one for each channel.

    `does` says which habits this FFmpeg has, `container` is the vocabulary's entry of the proxy's.
    """
    found: list[Heard] = []
    profile = {**profile, "audio": {**profile["audio"], "lead": _lead(profile["audio"], does), "container": container}}
    for track in judged:
        said = _answers(track, "track-channels").get("as", "they-are")
        if said == "split":
            found += [_heard(profile, track, out, channel, "") for channel in range(track.track.stream.channels or 1)]
        else:
            found.append(_heard(profile, track, out, ALL, str(said)))
    return found


def _lead(recipe: Mapping[str, Any], does: Mapping[str, str]) -> int:
    """The samples by which this FFmpeg, whose habits these are, writes the encoder's sound too early."""
    early = recipe.get("early")
    return int(early["samples"]) if early and does.get(early["habit"]) == "yes" else 0


def _answers(track: JudgedTrack, table: str) -> Mapping[str, Any]:
    decided: Decision | None = track.decisions.get(table)
    return decided.outcome if decided is not None else {}


def _heard(profile: Mapping[str, Any], judged: JudgedTrack, out: Mapping[str, Any], pick: int, said: str) -> Heard:
    """One audio stream as the template needs it, and as the proxy promises it."""
    stream, recipe, carries = judged.track.stream, profile["audio"], out["carries"]
    do = judged.decisions["track-encode"].outcome["do"]
    channels, source_rate = stream.channels or 1, stream.sample_rate or 48000
    rate = source_rate if do == "copy" or recipe["sample_rate"] == "source" else recipe["sample_rate"]
    encoder = recipe["encoder"] if do == "encode" else stream.codec or ""
    layout = "" if said == "unnamed" else layout_for(stream, recipe)
    if pick != ALL or said == "downmix":
        channels, layout = (2, "") if pick == ALL else (1, "mono")
    argument = {
        "index": stream.index,
        "policy": "copy" if do == "copy" else "encode",
        "encoder": encoder,
        "bit_rate": recipe.get("bit_rate_per_channel", 0) * channels,
        "sample_rate": rate,
        "channels": channels,
        "layout": layout,
        "pick": pick,
        **{word: said == word for word in ("downmix", "unnamed")},
        "fill": _answers(judged, "track-gaps").get("fill") == "yes",
        "late": judged.track.late,
        "lead": recipe["lead"],
        "language": _language(judged, recipe["container"]),
        "title": stream.title or "",
    }
    names = layout or {"downmix": "stereo", "unnamed": ""}.get(said, stream.layout)
    start, end = _span(judged, out)
    return argument, Audio(
        index=stream.index,
        codec=profile["promise"]["audio_codec"] if do == "encode" else encoder,
        channels=channels,
        layout=names if recipe.get("layouts") or (carries["layout"] == "yes" and _is_told(names, channels)) else None,
        sample_rate=rate,
        start=start,
        duration=None if end is None else end - start,
        language=argument["language"] if carries["language"] == "yes" else None,
        title=stream.title if carries["title"] == "yes" else None,
        origin=stream.codec,
    )


def _language(judged: JudgedTrack, container: Mapping[str, Any]) -> str:
    """The language as the proxy can say it, "" where it cannot."""
    write = _answers(judged, "track-language").get("write", "yes") == "yes"
    return said_language(judged.track.stream.language or "", container) if write else ""


def _is_told(names: str | None, channels: int) -> bool:
    """Whether names come back from QuickTime: FFmpeg writes "mono" to a lone stream and not to several of them."""
    return channels > 1 or names != "mono"


def _span(judged: JudgedTrack, out: Mapping[str, Any]) -> tuple[Fraction, Fraction | None]:
    """Where a proxy's sound begins and ends, in seconds from its first picture; None when the source does not tell.

    Where a container cannot start sound late, silence stands before it and the sound spans the picture.
    """
    stream = judged.track.stream
    if out["carries"]["late-sound"] == "no":
        rate = Fraction(out["rate"]["num"], out["rate"]["den"])
        return Fraction(0), None if out["frames"] is None else out["frames"] / rate
    late = Fraction(judged.track.late, stream.sample_rate or 1)
    return max(late, Fraction(0)), None if stream.duration is None else stream.duration + late
