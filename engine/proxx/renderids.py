"""What a profile for DaVinci Resolve says, in the rules' words: its format, its codec, and then every key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from proxx.errors import Finding
from proxx.evaluate import ask, tell_all
from proxx.facts import known
from proxx.nearest import question
from proxx.rulebook import Rulebook
from proxx.settings import Said, is_newer, key_findings, yes_or_no
from proxx.tables import Value

PLACES = {
    "render-codec": "render/codec",
    "render-makes": "render/codec",
    "render-raster": "resolutions",
    "render-promise": "promise",
}
"""The value of a profile that a table's finding is about; of the others it is the format."""

Placed = tuple[Finding, str]
"""A finding, and the value of the profile (or key of the printed settings) that it is about."""


def profile_findings(rulebook: Rulebook, profile: Mapping[str, Any]) -> list[Placed]:
    """Everything that is wrong with what a Resolve profile says, whatever the source is."""
    render = profile["render"]
    found: list[Placed] = []
    decisions = ask(rulebook, "render", _facts(rulebook, profile))
    for finding in tell_all(rulebook, decisions, _texts(rulebook, profile)):
        found.append((finding, PLACES.get(finding.table, "render/format")))
    said = Said(profile, render["settings"], "profile")
    for key, finding in key_findings(rulebook, said):
        found.append((finding, f"render/settings/{key}" if key in said.settings else "render/settings"))
    return found


def _facts(rulebook: Rulebook, profile: Mapping[str, Any]) -> dict[str, Value]:
    """Facts of a profile's format and codec; of ids that are not known nothing more is said."""
    formats, codecs = rulebook.items["render-format"], rulebook.items["render-codec"]
    name, codec = profile["render"]["format"], profile["render"]["codec"]
    form, made = formats.get(name, {}), codecs.get(codec, {})
    fits = "fits" if name in made.get("formats", ()) else "other-format" if form else None
    facts: dict[str, Value | None] = {
        "render.format": _standing(rulebook, form, _meant(formats, name), "known"),
        "render.codec": _standing(rulebook, made, _meant(codecs, codec), fits),
    }
    if form:
        facts["render.container"] = yes_or_no(form["container"] == profile["container"])
        facts["render.files"] = form["files"]
    if made:
        facts["render.makes"] = yes_or_no(profile["codec"] in made["codecs"])
        facts["render.raster"] = _raster(profile, made.get("rasters", ()))
        facts["render.promise"] = yes_or_no(not _broken(profile, made))
    return known(facts)


def _raster(profile: Mapping[str, Any], rasters: Sequence[str]) -> str:
    """Whether a profile takes only these rasters (none: any)."""
    taken = set(profile.get("rasters", ()))
    only = set(profile["resolutions"]) == {"explicit"} and bool(taken) and taken <= set(rasters)
    return "any" if not rasters else "legal" if only else "other"


def _broken(profile: Mapping[str, Any], made: Mapping[str, Any]) -> list[str]:
    """Where a profile promises something else than files of a codec read as."""
    promise = profile["promise"]
    return [
        f"{key} {promise[key]} where {profile['render']['codec']} reads as {said}"
        for key, said in made.get("reads_as", {}).items()
        if promise.get(key, said) != said
    ]


def _texts(rulebook: Rulebook, profile: Mapping[str, Any]) -> dict[str, Any]:
    """The words for messages about a profile's format and codec."""
    formats, codecs = rulebook.items["render-format"], rulebook.items["render-codec"]
    name, codec, container = profile["render"]["format"], profile["render"]["codec"], profile["container"]
    form, made = formats.get(name, {}), codecs.get(codec, {})
    held = [key for key, one in codecs.items() if name in one["formats"]]
    whole = [key for key, one in formats.items() if one["container"] == container and one["files"] == "one"]
    return {
        "profile": profile["name"],
        "format": name,
        "codec": codec,
        "meant-format": _meant(formats, name),
        "meant-codec": _meant(codecs, codec),
        "nearest-format": question(name, list(formats)),
        "nearest-codec": question(codec, list(codecs)),
        "formats": ", ".join(formats),
        "codec-formats": ", ".join(made.get("formats", ())),
        "format-codecs": ", ".join(held) or "none that is known",
        "container": container,
        "format-container": form.get("container", ""),
        "one-file": ", ".join(whole) or "none that is known",
        "profile-codec": profile["codec"],
        "codec-makes": ", ".join(made.get("codecs", ())),
        "rasters": ", ".join(made.get("rasters", ())),
        "broken": "; ".join(_broken(profile, made)),
        "floor": rulebook.items["resolve"]["floor"],
        "format-since": form.get("since", ""),
        "codec-since": made.get("since", ""),
    }


def _standing(rulebook: Rulebook, entry: Mapping[str, Any], meant: str, fine: str | None) -> str | None:
    """Whether an id is one; a label in its place; or one that came later than the floor."""
    if not entry:
        return "label" if meant else "unknown"
    return "newer" if is_newer(rulebook, entry) else fine


def _meant(entries: Mapping[str, Any], word: str) -> str:
    """The id of the entry that a screen label means; "" for anything else."""
    return next((key for key, one in entries.items() if word.lower() in _labels(one)), "")


def _labels(entry: Mapping[str, Any]) -> list[str]:
    return [label.lower() for label in (entry["title"], *entry.get("labels", ()))]
