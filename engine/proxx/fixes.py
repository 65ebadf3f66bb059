"""Fixes that are true: changes of one value (or of what a profile declares) after which every table passes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from proxx.errors import Finding
from proxx.nearest import nearest
from proxx.rulebook import Rulebook
from proxx.specfields import fields_from, nearest_value
from proxx.verdict import Verdict

Document = Mapping[str, Any]
Judge = Callable[[Document], Verdict]
Errors = Counter[tuple[str, ...]]
SHOWN = 3
NOT_ALLOWED = "spec/not-allowed"
CHOICES = {"/codec": "codec", "/container": "container", "/proxy_profile": "profile"}
"""Fields whose every legal value can be tried, and the set that holds the values."""

FIXED_CHOICES = {"/resolution": ("same", "half", "quarter"), "/fps_mode": ("same-as-source",)}
BEYOND = ("spec/", "document/", "source/", "route/", "made/")
"""Areas of findings that no other declaration mends. A layer's own findings may stand in any other area."""


def with_fixes(rulebook: Rulebook, document: Document, verdict: Verdict, judge: Judge) -> tuple[Finding, ...]:
    """The findings of a verdict with their proved fixes added. `judge` gives the verdict on a changed document."""
    before = _errors(verdict)
    return tuple(
        proved(rulebook, document, finding, before, judge)
        if finding.is_error and (finding.id == NOT_ALLOWED or not finding.id.startswith(BEYOND))
        else finding
        for finding in verdict.findings
    )


def proved(rulebook: Rulebook, document: Document, finding: Finding, before: Errors, judge: Judge) -> Finding:
    """The finding with the changes after which it is gone and no other error has come."""
    target = ("told", finding.id, finding.at, finding.subject)
    sentences: list[str] = []
    replacements: list[tuple[str, str]] = []
    places = [finding.at, *(at for at, _ in finding.also)]
    for pointer in (place for place in places if place in CHOICES or place in FIXED_CHOICES):
        hits = []
        for value in _choices(rulebook, pointer, document):
            after = _errors(judge({**document, pointer[1:]: value}))
            if not after[target] and not after - before:
                hits.append(value)
        near = _meant(rulebook, pointer, document) or nearest(str(document.get(pointer[1:], "")), hits)
        hits.sort(key=lambda value: value != near)  # what was probably meant is named first
        if hits:
            more = f" (or {len(hits) - SHOWN} more)" if len(hits) > SHOWN else ""
            sentences.append(f"Checked: set {pointer[1:]} to {_or(hits[:SHOWN])}{more}.")
            replacements += [(pointer, value) for value in hits[:SHOWN]]
    sentences = sentences or list(_declare(rulebook, document, before, target, judge))
    return replace(finding, fix=(*finding.fix, *sentences), replacements=tuple(replacements))


def _declare(
    rulebook: Rulebook, document: Document, before: Errors, target: tuple[str, ...], judge: Judge
) -> Iterator[str]:
    """Where no single value helps: declare everything that the named profile makes."""
    profile = rulebook.profiles.get(str(document.get("proxy_profile", "")))
    if profile is None:
        return
    word = profile["rasters"][0] if profile.get("rasters") else profile["resolutions"][0]
    kept = document.get("resolution") if document.get("resolution") in profile["resolutions"] else word
    makes = {"codec": profile["codec"], "container": profile["container"], "resolution": kept}
    after = _errors(judge({**document, **makes}))
    if not after[target] and not after - before:
        yield (
            "Checked: declare what the profile makes: "
            + ", ".join(f"{key} {value}" for key, value in makes.items())
            + "."
        )


def _choices(rulebook: Rulebook, pointer: str, document: Document) -> list[str]:
    """Every legal value of a field that can be listed, and the one that was meant where it is none of these."""
    name = pointer[1:]
    values = list(rulebook.sets[CHOICES[pointer]] if pointer in CHOICES else FIXED_CHOICES[pointer])
    meant = _meant(rulebook, pointer, document)
    values += [meant] if meant and meant not in values else []
    return [value for value in values if value != document.get(name)]


def _meant(rulebook: Rulebook, pointer: str, document: Document) -> str:
    """The value that most likely was meant, by the field's own words for it; "" for a field that has none."""
    if pointer not in FIXED_CHOICES:
        return ""
    fields = fields_from(rulebook.items["field"], rulebook.sets)
    return next(nearest_value(document.get(one.name), one) for one in fields if one.name == pointer[1:])


def _errors(verdict: Verdict) -> Errors:
    """The errors of a verdict, as told and as they were before those with one fault became one: none may be new."""
    return Counter(
        (how, one.id, one.at, one.subject)
        for how, findings in (("told", verdict.findings), ("apart", verdict.apart))
        for one in findings
        if one.is_error
    )


def _or(values: Sequence[str]) -> str:
    return values[0] if len(values) == 1 else f"{', '.join(values[:-1])} or {values[-1]}"
