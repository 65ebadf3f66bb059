"""The world in the rules' words: facts and message texts of a spec, a profile and a source."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from proxx.clip import accepts, resolution_words
from proxx.model import NO_VIDEO, Media
from proxx.nearest import question
from proxx.offers import class_of
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
            "profile.tag": _yes("tag" in profile["promise"]),
            "profile.container": profile["container"],
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
        "profile-tag": profile.get("promise", {}).get("tag", ""),
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
            "source.class": class_of(rulebook, media.codec),
            "source.picture": picture,
            "source.name": "disagrees" if media.warnings else "agrees",
            "source.whole": ("no" if cut else "yes") if media.size is not None else None,
        }
    )


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


def rate_text(rate: Fraction | None) -> str:
    """A rate for people: 25, or 24000/1001 as 23.976."""
    if rate is None:
        return "unknown"
    return str(rate) if rate.denominator == 1 else f"{float(rate):.3f}"


def _yes(value: bool) -> str:
    return "yes" if value else "no"
