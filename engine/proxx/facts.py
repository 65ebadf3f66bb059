"""The world in the rules' words: facts and message texts of a spec, a profile, a source, a clip, a track."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from proxx.clip import (
    Clip,
    Track,
    accepts,
    bit_depth,
    goes_beyond,
    length_of,
    promised_frames,
    resolution_words,
    scan_of,
    transfer_of,
)
from proxx.model import NO_VIDEO, Media
from proxx.nearest import question
from proxx.origin import reel_standing
from proxx.rulebook import Rulebook
from proxx.tables import Value

UNKNOWN = "unknown"


def base_name(path: str) -> str:
    """The last part of a path."""
    return path.rstrip("/").rpartition("/")[2]


def known(facts: Mapping[str, Value | None]) -> dict[str, Value]:
    """Only the facts that are known; a table that needs another one is not asked."""
    return {name: value for name, value in facts.items() if value is not None}


def resolution_kind(resolution: str) -> str:
    """same, half, quarter, or explicit for WIDTHxHEIGHT."""
    return resolution if resolution in ("same", "half", "quarter") else "explicit"


def spec_facts(words: Mapping[str, Any]) -> dict[str, Value]:
    """Facts of a spec's own fields; `words` holds those whose values are legal."""
    resolution = words.get("resolution")
    return known(
        {
            "spec.codec": words.get("codec"),
            "spec.container": words.get("container"),
            "spec.resolution": resolution_kind(resolution) if resolution else None,
            "spec.fps-mode": words.get("fps_mode"),
            "spec.fps-explicit": words.get("fps_explicit_given"),
        }
    )


def profile_facts(rulebook: Rulebook, words: Mapping[str, Any]) -> dict[str, Value]:
    """Facts of the named profile against the spec's declaration."""
    name = words.get("proxy_profile")
    if name is None:
        return {}
    profile = rulebook.profiles.get(name)
    if profile is None:
        return {"profile.known": "no"}
    codec, container, resolution = words.get("codec"), words.get("container"), words.get("resolution")
    return known(
        {
            "profile.known": "yes",
            "profile.engine": profile["engine"],
            "profile.codec-agrees": _same_codec(rulebook, codec, profile["codec"]) if codec else None,
            "profile.container-agrees": _yes(container == profile["container"]) if container else None,
            "profile.resolution-accepted": accepts(profile, resolution) if resolution else None,
        }
    )


def profile_texts(rulebook: Rulebook, words: Mapping[str, Any]) -> dict[str, str]:
    """The words for messages about the profile."""
    name, codec = str(words.get("proxy_profile", "")), str(words.get("codec", ""))
    profile = rulebook.profiles.get(name, {})
    makers = sorted(key for key, data in rulebook.profiles.items() if data["codec"] == codec)
    return {
        "profile": name,
        "nearest": question(name, list(rulebook.profiles)),
        "profiles": ", ".join(sorted(rulebook.profiles)),
        "profile-codec": profile.get("codec", ""),
        "profile-container": profile.get("container", ""),
        "profile-resolutions": resolution_words(profile) if profile else "",
        "spec-codec": codec,
        "spec-container": str(words.get("container", "")),
        "spec-resolution": str(words.get("resolution", "")),
        "codec-profiles": f" ({', '.join(makers)})" if makers else "",
        "spec-rate": str(words.get("fps_explicit", "")),
        "resolve-rates": ", ".join(rulebook.items["project-key"]["timelineFrameRate"].get("values", ())),
    }


def _same_codec(rulebook: Rulebook, one: str, other: str) -> str:
    """Whether two words name one codec: h265 and hevc do."""
    codecs = rulebook.items["codec"]
    return _yes(codecs[one].get("synonym_of", one) == codecs[other].get("synonym_of", other))


def looked_at(media: Media) -> bool:
    """Whether the file itself has been read: what a saved entry does not tell is unknown, not missing."""
    return media.size is not None


def source_facts(rulebook: Rulebook, media: Media) -> dict[str, Value]:
    """Facts of one source. A file that could not be read has a state and nothing else."""
    if media.state != "ok":
        return {"source.state": media.state, "source.twice": "no"}
    picture = None
    if media.video is not None and (media.video.pix_fmt or looked_at(media)):
        picture = "known" if media.video.pix_fmt else "missing"
    cut = media.size is not None and media.declared_size is not None and media.declared_size > media.size
    return known(
        {
            "source.state": "ok",
            "source.twice": "no",
            "source.container": media.container,
            "source.codec": media.codec,
            "source.class": _class(rulebook, media.codec),
            "source.picture": picture,
            "source.name": "disagrees" if media.warnings else "agrees",
            "source.whole": ("no" if cut else "yes") if media.size is not None else None,
        }
    )


def _class(rulebook: Rulebook, codec: str) -> str:
    if codec == UNKNOWN:
        return "unknown"
    return "raw" if codec in rulebook.sets["raw"] else "standard"


def source_texts(media: Media, index: int, first: int | None, offered: str) -> dict[str, Any]:
    """The words for messages about a source."""
    return {
        "path": media.path,
        "file": base_name(media.path),
        "index": index,
        "first": "" if first is None else first,
        "detail": " ".join(media.warnings) or media.detail,
        "reason": media.reason,
        "codec": NO_VIDEO if media.codec == NO_VIDEO else media.codec,
        "container": media.container,
        "offered": offered,
        "size": "" if media.size is None else media.size,
        "declared-size": "" if media.declared_size is None else media.declared_size,
    }


def clip_facts(clip: Clip, profile: Mapping[str, Any], explicit_rate: bool) -> dict[str, Value]:
    """Facts of what one source's proxy would be."""
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
            "clip.width": clip.width,
            "clip.height": clip.height,
            "clip.pixels": None if clip.par is None else "square" if clip.par == 1 else "not-square",
            "clip.timecode": timecode,
            "clip.reel": reel_standing(media),
            "clip.scan": scan_of(media),
            "clip.source-rate": rate_known,
            "clip.cadence": cadence,
            "clip.length": length_of(media),
            "clip.frames": None if frames is None else "some" if frames else "none",
            "clip.start": None if media.decodes is None else "decodes" if media.decodes else "broken",
            "clip.rate": None if clip.rate is None else str(clip.rate),
            "clip.transfer": transfer_of(media),
            "clip.depth": bit_depth(profile["promise"]["pix_fmt"]) if "pix_fmt" in profile["promise"] else None,
        }
    )


def clip_texts(clip: Clip) -> dict[str, Any]:
    """The words for messages about a clip."""
    media, video = clip.media, clip.media.video
    return {
        "file": base_name(media.path),
        "index": clip.index,
        "source-raster": f"{video.width}x{video.height}" if video and video.width else "of unknown size",
        "par": f"{clip.par.numerator}:{clip.par.denominator}" if clip.par else "unknown",
        "rate-text": rate_text(clip.rate),
        "timecode-text": media.timecode or "",
        "timecode-fault": clip.timecode_fault,
        "decoder-words": media.detail,
        "reel-text": media.reel or "",
        "transfer-text": {"smpte2084": "PQ", "arib-std-b67": "HLG"}.get(_transfer(media), "HDR"),
        "declared-frames": (video.frames if video else None) or 0,
        "measured-frames": (video.packets if video else None) or 0,
    }


def rate_text(rate: Fraction | None) -> str:
    """A rate for people: 25, or 24000/1001 as 23.976."""
    if rate is None:
        return "unknown"
    return str(rate) if rate.denominator == 1 else f"{float(rate):.3f}"


def track_facts(track: Track, clip: Clip, rulebook: Rulebook, policy: str) -> dict[str, Value]:
    """Facts of one audio stream of a source."""
    codec, channels = track.stream.codec, track.stream.channels
    essence = None
    if codec is not None:
        linear = codec in rulebook.sets["linear-pcm"]
        essence = UNKNOWN if not codec or channels == 0 else "pcm" if linear else "compressed"
    offset = None if track.stream.sample_rate is None else "none" if track.late == 0 else "some"
    beyond = goes_beyond(track, clip)
    span = None if beyond is None else "beyond" if beyond else "within"
    return known(
        {
            "track.span": span,
            "track.essence": essence,
            "track.policy": policy,
            "track.channels": channels,
            "track.offset": offset,
        }
    )


def _transfer(media: Media) -> str:
    return media.video.colour.transfer if media.video and media.video.colour else UNKNOWN


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _known(value: bool) -> str:
    return "known" if value else UNKNOWN
