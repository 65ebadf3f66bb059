"""Fixes that are true: changes of one value (or of what a profile declares) after which every table passes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from proxx.errors import Finding
from proxx.nearest import nearest
from proxx.rulebook import Rulebook

Document = Mapping[str, Any]
Judge = Callable[[Document], Sequence[Finding]]
SHOWN = 3
NOT_ALLOWED = "spec/not-allowed"
CHOICES = {"/codec": "codec", "/container": "container", "/proxy_profile": "profile"}
"""Fields whose every legal value can be tried, and the set that holds the values."""

FIXED_CHOICES = {"/resolution": ("same", "half", "quarter"), "/fps_mode": ("same-as-source",)}
BEYOND = ("spec/", "document/", "source/", "route/", "made/")
"""Areas of findings that no other declaration mends. A layer's own findings may stand in any other area."""


def with_fixes(
    rulebook: Rulebook, document: Document, findings: Sequence[Finding], judge: Judge
) -> tuple[Finding, ...]:
    """The findings with their proved fixes added. `judge` gives all findings of a changed document."""
    return tuple(
        proved(rulebook, document, finding, findings, judge)
        if finding.is_error and (finding.id == NOT_ALLOWED or not finding.id.startswith(BEYOND))
        else finding
        for finding in findings
    )


def proved(
    rulebook: Rulebook, document: Document, finding: Finding, findings: Sequence[Finding], judge: Judge
) -> Finding:
    """The finding with the changes after which it is gone and no other error has come."""
    before = _errors(findings)
    target = (finding.id, finding.at, finding.subject)
    sentences: list[str] = []
    replacements: list[tuple[str, str]] = []
    places = [finding.at, *(at for at, _ in finding.also)]
    for pointer in (place for place in places if place in CHOICES or place in FIXED_CHOICES):
        hits = []
        for value in _choices(rulebook, pointer, document):
            after = _errors(judge({**document, pointer[1:]: value}))
            if not after[target] and not after - before:
                hits.append(value)
        near = nearest(str(document.get(pointer[1:], "")), hits)
        hits.sort(key=lambda value: value != near)  # what was probably meant is named first
        if hits:
            more = f" (or {len(hits) - SHOWN} more)" if len(hits) > SHOWN else ""
            sentences.append(f"Checked: set {pointer[1:]} to {_or(hits[:SHOWN])}{more}.")
            replacements += [(pointer, value) for value in hits[:SHOWN]]
    sentences = sentences or list(_declare(rulebook, document, before, target, judge))
    return replace(finding, fix=(*finding.fix, *sentences), replacements=tuple(replacements))


def _declare(
    rulebook: Rulebook, document: Document, before: Counter[tuple[str, ...]], target: tuple[str, ...], judge: Judge
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
    values = rulebook.sets[CHOICES[pointer]] if pointer in CHOICES else list(FIXED_CHOICES[pointer])
    return [value for value in values if value != document.get(pointer[1:])]


def _errors(findings: Sequence[Finding]) -> Counter[tuple[str, ...]]:
    return Counter((finding.id, finding.at, finding.subject) for finding in findings if finding.is_error)


def _or(values: Sequence[str]) -> str:
    return values[0] if len(values) == 1 else f"{', '.join(values[:-1])} or {values[-1]}"
