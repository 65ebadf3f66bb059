"""A clip and its sound in the rules' words: facts and message texts of what one source's proxy would be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from proxx.clip import (
    Clip,
    alpha_of,
    conforming,
    field_lines,
    length_of,
    lines_of,
    moments_of,
    promised_frames,
    range_of,
    scan_of,
    transfer_of,
)
from proxx.colour import loses
from proxx.facts import UNKNOWN, base_name, known, looked_at, rate_text
from proxx.light import light_of, light_words
from proxx.model import Colour, Media
from proxx.origin import reel_standing
from proxx.pixels import bit_depth
from proxx.policy import policy_of
from proxx.pose import turn_of
from proxx.rulebook import Rulebook
from proxx.sound import Track, falls_short, goes_beyond, has_names, layout_for, said_language, sample_words, samples_of
from proxx.tables import Value

CLIP_POLICIES = ("rate", "scan", "rotation", "colour", "alpha")
TRACK_POLICIES = ("gaps", "channels", "layouts")


def clip_facts(
    clip: Clip, profile: Mapping[str, Any], habits: Mapping[str, Mapping[str, Any]], explicit_rate: bool
) -> dict[str, Value]:
    """Facts of what one source's proxy would be; `habits` are FFmpeg's."""
    media, video = clip.media, clip.media.video
    timecode = None
    if media.timecode is not None and (not media.timecode or clip.rate is not None):
        timecode = "impossible" if clip.timecode_fault else "valid" if clip.timecode else "none"
    has_rate = clip.source_rate is not None or explicit_rate
    rate_known = _known(has_rate) if video is not None and (has_rate or looked_at(media)) else None
    cadence = media.cadence if media.cadence != UNKNOWN or (video is not None and video.packets is not None) else None
    frames = promised_frames(clip, conformed=explicit_rate or cadence == "variable")
    return known(
        {
            **_raster(clip),
            "clip.timecode": timecode,
            "clip.reel": reel_standing(media),
            "clip.scan": scan_of(media),
            "clip.source-rate": rate_known,
            "clip.cadence": cadence,
            "clip.moments": None if cadence is None else moments_of(clip, profile["container"]),
            "clip.length": length_of(media),
            "clip.frames": None if frames is None else "some" if frames else "none",
            "clip.start": None if media.decodes is None else "decodes" if media.decodes else "broken",
            "clip.rate": None if clip.rate is None else str(clip.rate),
            "clip.transfer": transfer_of(media),
            "clip.turn": turn_of(media),
            "clip.lines": lines_of(clip),
            "clip.field-lines": field_lines(clip, profile["video"], habits),
            "clip.alpha": alpha_of(media),
            "clip.range": range_of(media),
            "clip.light": light_of(video),
            **_coloured(clip, profile),
            **{f"policy.{choice}": policy_of(profile, choice) for choice in CLIP_POLICIES},
            "policy.range": "full" if profile["video"]["colour_range"] == "pc" else "limited",
            "clip.depth": bit_depth(profile["promise"]["pix_fmt"]) if "pix_fmt" in profile["promise"] else None,
        }
    )


def _raster(clip: Clip) -> dict[str, Value | None]:
    return {
        "clip.width": clip.width,
        "clip.height": clip.height,
        "clip.raster": None if clip.rounded is None else "rounded" if clip.rounded else "exact",
        "clip.pixels": None if clip.par is None else "square" if clip.par == 1 else "not-square",
    }


def _coloured(clip: Clip, profile: Mapping[str, Any]) -> dict[str, Value | None]:
    """Whether the proxy can name the source's colours, and whether the profile's LUT is made for their transfer."""
    colour = clip.media.video.colour if clip.media.video else None
    if colour is None:
        return {}
    takes = colour.transfer in profile.get("lut", {}).get("takes", ())
    return {
        "clip.tags": "lost" if loses(colour, profile["colour"]) else "kept",
        "clip.lut": "takes" if takes else "leaves",
    }


def clip_texts(clip: Clip) -> dict[str, Any]:
    """The words for messages about a clip."""
    media, video = clip.media, clip.media.video
    counted = conforming(clip) if media.cadence == "variable" else None
    return {
        "repeated": "some" if counted is None else counted.repeated,
        "left-out": "some" if counted is None else counted.left_out,
        "file": base_name(media.path),
        "index": clip.index,
        "source-raster": f"{video.width}x{video.height}" if video and video.width else "of unknown size",
        "proxy-raster": f"{clip.width}x{clip.height}" if clip.width else "of unknown size",
        "par": f"{clip.par.numerator}:{clip.par.denominator}" if clip.par else "unknown",
        "rate-text": rate_text(clip.rate),
        "timecode-text": media.timecode or "",
        "timecode-fault": clip.timecode_fault,
        "decoder-words": media.detail,
        "reel-text": media.reel or "",
        "transfer-text": {"smpte2084": "PQ", "arib-std-b67": "HLG"}.get(_transfer(media), "log"),
        "colour-text": _colour_words(video.colour if video else None),
        "light-text": light_words(video) if video else "",
        "declared-frames": (video.frames if video else None) or 0,
        "measured-frames": (video.packets if video else None) or 0,
    }


def _colour_words(colour: Colour | None) -> str:
    return "" if colour is None else f"primaries {colour.primaries}, transfer {colour.transfer}"


def track_facts(track: Track, clip: Clip, rulebook: Rulebook, profile: Mapping[str, Any]) -> dict[str, Value]:
    """Facts of one audio stream of a source."""
    stream, recipe = track.stream, profile["audio"]
    codec, channels = stream.codec, stream.channels
    essence = None
    if codec is not None:
        linear = codec in rulebook.members("linear-pcm")
        essence = UNKNOWN if not codec or channels == 0 else "pcm" if linear else "compressed"
    beyond, short = goes_beyond(track, clip), falls_short(track, clip)
    return known(
        {
            "track.span": None if beyond is None else "beyond" if beyond else "within",
            "track.filled": None if short is None else "yes" if short else "no",
            "track.essence": essence,
            "track.policy": recipe["policy"],
            "track.channels": channels,
            "track.names": "known" if has_names(stream, recipe) else UNKNOWN,
            "track.offset": None if stream.sample_rate is None else "some" if track.late or stream.start else "none",
            "track.gaps": None if stream.gaps is None else "some" if stream.gaps else "none",
            "track.language": _language(stream.language or "", rulebook, profile["container"]),
            "track.rate": None
            if not stream.sample_rate
            else "same"
            if recipe["sample_rate"] in ("source", stream.sample_rate)
            else "other",
            "track.tags": "some" if stream.language or stream.title else "none",
            "track.samples": None if codec is None else samples_of(codec, recipe),
            "track.layout": None if channels is None else "named" if channels > 2 and stream.layout else "none",
            **{f"policy.{choice}": policy_of(profile, choice) for choice in TRACK_POLICIES},
        }
    )


def _language(language: str, rulebook: Rulebook, container: str) -> str:
    """none, standard (one that QuickTime has a number for) or other."""
    said = said_language(language, rulebook.items["container"][container])
    return "none" if not language else "standard" if said in rulebook.members("quicktime-languages") else "other"


def track_texts(track: Track, clip: Clip, profile: Mapping[str, Any]) -> dict[str, Any]:
    """The words for messages about an audio stream."""
    stream = track.stream
    named = layout_for(stream, profile["audio"])
    return {
        **clip_texts(clip),
        "stream": stream.index,
        "language": stream.language or "",
        "layout": named or stream.layout,
        "sample-rate": stream.sample_rate or 0,
        "proxy-rate": profile["audio"]["sample_rate"],
        "samples": sample_words(stream.codec or ""),
        "proxy-samples": sample_words(profile["audio"]["encoder"]),
        "gaps": stream.gaps or 0,
    }


def _transfer(media: Media) -> str:
    return media.video.colour.transfer if media.video and media.video.colour else UNKNOWN


def _known(value: bool) -> str:
    return "known" if value else UNKNOWN
