"""The settings that DaVinci Resolve is told, in the rules' words: facts and findings of each key."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from proxx.contract import version_numbers
from proxx.errors import Finding
from proxx.evaluate import ask, tell_all
from proxx.facts import known
from proxx.nearest import question
from proxx.rulebook import Rulebook
from proxx.tables import Value

LATE = (
    *("@clip.DropFrame", "@clip.FPS", "@clip.Frames", "@clip.Height", "@clip.Height/2", "@clip.Height/4"),
    *("@clip.ReelName", "@clip.StartTC", "@clip.Width", "@clip.Width/2", "@clip.Width/4"),
)
"""What can be left to be known after the import: nothing else is bound."""

DATA = ("TargetDir", "CustomName")
"""Settings that hold names of files: they are never bound, whatever they read."""

TYPES: Mapping[str, tuple[type, ...]] = {
    "bool": (bool,),
    "int": (int,),
    "float": (int, float),
    "str": (str,),
    "int|str": (int, str),
}


@dataclass(frozen=True, slots=True)
class Said:
    """Settings that somebody says: a profile those of its own, or a template all of them."""

    profile: Mapping[str, Any]
    settings: Mapping[str, Any]
    by: str

    @property
    def who(self) -> str:
        """Who says them, for messages."""
        return f"{self.by} {self.profile['template' if self.by == 'template' else 'name']}"


def is_late(key: str, value: object) -> bool:
    """Whether a value stands for something that only Resolve knows."""
    return isinstance(value, str) and value.startswith("@clip.") and key not in DATA


def rate_setting(rulebook: Rulebook, rate: Fraction) -> str:
    """How the project setting says a rate; "" when Resolve does not offer it."""
    words = rulebook.items["project-key"]["timelineFrameRate"].get("values", ())
    exact = {word: Fraction(rulebook.items["rate"].get(word, word)) for word in words}
    return next((word for word, one in exact.items() if one == rate), "")


def settings_findings(rulebook: Rulebook, profile: Mapping[str, Any], made: Mapping[str, Any]) -> list[Finding]:
    """Everything that is wrong with the settings that a template prints for a profile."""
    said = Said(profile, made["render"]["settings"], "template")
    own = [finding for key, finding in key_findings(rulebook, said) if key not in profile["render"]["settings"]]
    return [*own, *_project(rulebook, said.who, made["project"])]


def is_newer(rulebook: Rulebook, entry: Mapping[str, Any]) -> bool:
    """Whether a key or an id came later than the oldest version that plans are made for."""
    return version_numbers(entry["since"]) > version_numbers(rulebook.items["resolve"]["floor"])


def key_findings(rulebook: Rulebook, said: Said) -> Iterator[tuple[str, Finding]]:
    """What is wrong with each render setting that is said, and with those that are left out, by key."""
    for key in dict.fromkeys((*said.settings, *rulebook.items["render-key"])):
        facts, texts = _key(rulebook, said, key)
        for finding in tell_all(rulebook, ask(rulebook, "render-key", facts), texts):
            yield key, finding


def _key(rulebook: Rulebook, said: Said, key: str) -> tuple[dict[str, Value], dict[str, Any]]:
    """Facts and texts of one render setting."""
    keys, mistaken = rulebook.items["render-key"], rulebook.items["mistaken-key"]
    entry, given = keys.get(key, {}), key in said.settings
    value = said.settings.get(key)
    needs = entry.get("needs", "")
    facts: dict[str, Value | None] = {
        "render-key.by": said.by,
        "render-key.known": "yes" if entry else "mistaken" if key in mistaken else "no",
    }
    if entry:
        facts |= {
            "render-key.owner": entry["owner"],
            "render-key.presence": "given" if given else "left-out",
            "render-key.since": "newer" if is_newer(rulebook, entry) else "within",
            "render-key.format": _format(rulebook, said.profile["render"]["format"], entry.get("only_formats")),
            "render-key.codec": _among(said.profile["codec"], entry.get("only_codecs")),
            "render-key.needs": "nothing" if not needs else "met" if said.settings.get(needs) is True else "unmet",
            "render-key.value": value_of(entry, key, value) if given else None,
        }
    texts = {
        "who": said.who,
        "key": key,
        "written": json.dumps(value, ensure_ascii=False),
        "nearest": question(key, list(keys)),
        "instead": mistaken.get(key, {}).get("instead", ""),
        "type": entry.get("type", "").replace("|", " or "),
        "range": range_words(entry),
        "only-formats": ", ".join(entry.get("only_formats", ())),
        "only-codecs": ", ".join(entry.get("only_codecs", ())),
        "needs": needs,
        "does": entry.get("doc", ""),
        "since": entry.get("since", ""),
        "floor": rulebook.items["resolve"]["floor"],
        "format": said.profile["render"]["format"],
        "codec": said.profile["codec"],
    }
    return known(facts), texts


def value_of(entry: Mapping[str, Any], key: str, value: object) -> str:
    """Whether a setting may have a value: fine, wrong-type, out-of-range, or late where it may not be."""
    if is_late(key, value):
        return "fine" if value in entry.get("late", ()) else "late"
    if type(value) not in TYPES[entry["type"]]:
        return "wrong-type"
    if "values" in entry or (isinstance(value, str) and "words" in entry):
        allowed = entry.get("words" if isinstance(value, str) and "words" in entry else "values", ())
        return "fine" if any(type(one) is type(value) and one == value for one in allowed) else "out-of-range"
    if isinstance(value, int | float) and not entry.get("least", value) <= value <= entry.get("most", value):
        return "out-of-range"
    return "fine"


def range_words(entry: Mapping[str, Any]) -> str:
    """What values a setting may have, for people."""
    parts = [", ".join(json.dumps(one) for one in entry[key]) for key in ("values", "words") if key in entry]
    if "least" in entry:
        parts.insert(0, f"{entry['least']} to {entry['most']}")
    return " or ".join(parts) or f"any {entry.get('type', 'value')}"


def _project(rulebook: Rulebook, who: str, settings: Mapping[str, str]) -> Iterator[Finding]:
    """What is wrong with the project settings that a template prints, and with those that it leaves out."""
    keys = rulebook.items["project-key"]
    for key in dict.fromkeys((*settings, *keys)):
        facts: dict[str, Value] = {"project-key.known": yes_or_no(key in keys)}
        if key in keys:
            facts["project-key.value"] = _project_value(keys[key], settings.get(key))
        texts = {
            "who": who,
            "key": key,
            "written": json.dumps(settings.get(key), ensure_ascii=False),
            "nearest": question(key, list(keys)),
            "range": ", ".join((*keys.get(key, {}).get("values", ("a number of pixels",)), *_lates(keys.get(key, {})))),
            "does": keys.get(key, {}).get("doc", ""),
        }
        yield from tell_all(rulebook, ask(rulebook, "project-key", facts), texts)


def _lates(entry: Mapping[str, Any]) -> list[str]:
    return list(entry.get("late", ()))


def _project_value(entry: Mapping[str, Any], value: str | None) -> str:
    if value is None:
        return "left-out"
    fine = value in entry["values"] if "values" in entry else value.isascii() and value.isdigit() and int(value) >= 2
    return "fine" if fine or value in _lates(entry) else "out-of-range"


def _format(rulebook: Rulebook, word: str, only: Sequence[str] | None) -> str:
    """Whether the format knows a setting. Of one that is not known itself nothing more is said."""
    return _among(word, only) if word in rulebook.items["render-format"] or only is None else "fits"


def _among(word: str, only: Sequence[str] | None) -> str:
    return "any" if only is None else "fits" if word in only else "other"


def yes_or_no(value: bool) -> str:
    """A fact of two values."""
    return "yes" if value else "no"
