"""Camera RAW in DaVinci Resolve: which version reads it, on which systems, and how anybody knows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from proxx.contract import version_numbers
from proxx.errors import Finding
from proxx.evaluate import ask, tell_all
from proxx.facts import UNKNOWN, base_name
from proxx.model import Media
from proxx.rulebook import Rulebook
from proxx.tables import Value


def family_of(rulebook: Rulebook, codec: str) -> Mapping[str, Any]:
    """The RAW family of a source codec; empty when no entry names it."""
    return next((one for one in rulebook.items["raw-family"].values() if codec in one["codecs"]), {})


def needed_version(rulebook: Rulebook, codecs: Iterable[str]) -> str:
    """The oldest DaVinci Resolve that is known to read all of these and that plans are made for."""
    floors = [family_of(rulebook, codec).get("min_resolve", "0") for codec in codecs]
    return str(max([rulebook.items["resolve"]["floor"], *floors], key=version_numbers))


def raw_findings(rulebook: Rulebook, media: Media, index: int) -> list[Finding]:
    """What is to be said of one source that DaVinci Resolve shall read."""
    family = family_of(rulebook, media.codec)
    floor = rulebook.items["resolve"]["floor"]
    facts: dict[str, Value] = {"raw.family": "known" if family else "unnamed" if media.codec == UNKNOWN else "unlisted"}
    if family:
        newer = version_numbers(family["min_resolve"]) > version_numbers(floor)
        facts |= {
            "raw.evidence": family["evidence"],
            "raw.version": "newer" if newer else "within",
            "raw.platforms": _platforms(family),
        }
    texts = {
        "file": base_name(media.path),
        "index": index,
        "family": family.get("title", media.codec),
        "min-resolve": family.get("min_resolve", ""),
        "floor": floor,
        "on": ", ".join(family.get("platforms", ())),
        "not-on": ", ".join(family.get("not_platforms", ())),
        "note": f" {family['note']}" if "note" in family else "",
    }
    return tell_all(rulebook, ask(rulebook, "raw", facts), texts, media.path)


def _platforms(family: Mapping[str, Any]) -> str:
    if not family["platforms"]:
        return UNKNOWN
    return "some" if family.get("not_platforms") or len(family["platforms"]) < len(SYSTEMS) else "all"


SYSTEMS = ("macos", "windows", "linux")
"""The systems that DaVinci Resolve runs on."""
