"""What the linter says of the Resolve side: names that do not exist, and a floor below the contract's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from proxx.contract import version_numbers
from proxx.errors import Finding
from proxx.faults import fault
from proxx.nearest import question
from proxx.rulebook import Rulebook

EVENTS = ("other", "connect", "render")
"""Deadlines that are not those of a method."""


def resolve_faults(rulebook: Rulebook) -> Iterator[Finding]:
    """Every name in the Resolve matrices that stands for nothing, and a floor that the driver was not written for."""
    items, contract = rulebook.items, rulebook.contract
    floor = items["resolve"]["floor"]
    if version_numbers(floor) < version_numbers(contract.floor):
        message = f"the floor {floor} is older than {contract.floor}, the oldest DaVinci Resolve that the driver knows"
        yield fault(rulebook, "rulebook/floor", message, "resolve/floor")
    for name in items["deadline"]:
        yield from _unknown(rulebook, name, (*EVENTS, *contract.names), "deadline", f"deadline/{name}", "")
    for key, entry in items["render-key"].items():
        at = f"render-key/{key}"
        yield from _each(rulebook, entry.get("only_formats", ()), items["render-format"], "format", at, "only_formats")
        yield from _each(rulebook, entry.get("only_codecs", ()), items["codec"], "codec", at, "only_codecs")
        yield from _each(
            rulebook, [entry["needs"]] if "needs" in entry else [], items["render-key"], "key", at, "needs"
        )
    for key, entry in items["render-codec"].items():
        at = f"render-codec/{key}"
        yield from _each(rulebook, entry["formats"], items["render-format"], "format", at, "formats")
        yield from _each(rulebook, entry["codecs"], items["codec"], "codec", at, "codecs")
    for key, entry in items["render-format"].items():
        outputs = rulebook.sets["container"]
        yield from _each(rulebook, [entry["container"]], outputs, "container", f"render-format/{key}", "container")
    yield from _families(rulebook)


def _families(rulebook: Rulebook) -> Iterator[Finding]:
    """RAW families of codecs that the vocabulary lacks, or that another family has."""
    owners: dict[str, str] = {}
    for key, entry in rulebook.items["raw-family"].items():
        at = f"raw-family/{key}"
        yield from _each(rulebook, entry["codecs"], rulebook.items["source-codec"], "source codec", at, "codecs")
        for codec in entry["codecs"]:
            if owners.setdefault(codec, key) != key:
                message = f"{codec} belongs to the RAW families {owners[codec]} and {key}: only the first would count"
                yield fault(rulebook, "rulebook/claimed-twice", message, at, "codecs")


def _each(
    rulebook: Rulebook, words: Iterable[str], known: Iterable[str], what: str, at: str, key: str
) -> Iterator[Finding]:
    for word in words:
        yield from _unknown(rulebook, word, known, what, at, key)


def _unknown(rulebook: Rulebook, word: str, known: Iterable[str], what: str, at: str, key: str) -> Iterator[Finding]:
    names = list(known)
    if word not in names:
        message = f"{at.replace('/', ' ', 1)}: there is no {what} {word}{question(word, names)}"
        yield fault(rulebook, "rulebook/unknown-word", message, at, key)
