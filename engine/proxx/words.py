"""A spec's words: its legal values with defaults and id filled in, and the findings about all others."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import lru_cache
from typing import Any

from proxx.errors import Finding
from proxx.evaluate import Decision, ask, raises, tell_all
from proxx.jobspec import Field, FieldFacts, Reading, content_id, exact_rate, fields_from, judge, rate_facts
from proxx.naming import CLOCK_TOKENS, read_template, sources_of
from proxx.nearest import as_question
from proxx.rulebook import Rulebook
from proxx.tables import Value

NEARLY = Fraction(1, 2000)
"""How far, of itself, a rate is from an NTSC rate that it is nearly: half of what parts 24 from 23.976."""


def text_findings(rulebook: Rulebook, reading: Reading) -> list[Finding]:
    """What is wrong with the text of a spec."""
    found: list[Finding] = []
    for fault in reading.faults:
        texts = {**fault.texts, "pointer": fault.pointer}
        told = tell_all(rulebook, ask(rulebook, "document", {"document.fault": fault.kind}), texts)
        found += [replace(finding, line=fault.line, column=fault.column) for finding in told]
    return found


@lru_cache(maxsize=4)
def _fields(rulebook: Rulebook) -> tuple[Field, ...]:
    return fields_from(rulebook.items["field"], rulebook.sets)


def read_words(rulebook: Rulebook, reading: Reading) -> tuple[dict[str, Any], list[Finding]]:
    """The spec's legal values (defaults included) and the findings about the others."""
    document = reading.document or {}
    fields = _fields(rulebook)
    facts = judge(document, fields, reading.told)
    findings: list[Finding] = []
    wrong = {pointer.split("/")[1] for pointer in reading.told if pointer}
    for one in facts:
        asked: dict[str, Value] = {
            "field.name": one.name,
            "field.known": "yes" if one.known else "no",
            "field.part": one.part,
            "field.required": "yes" if one.required else "no",
            "field.presence": one.presence,
            "field.type": one.type,
            "field.form": one.form,
            "field.allowed": one.allowed,
        }
        told = _told(rulebook, ask(rulebook, "field", asked), one, fields)
        findings += told
        if told or not one.is_right:
            wrong.add(one.name)
    words = {one.name: document[one.name] for one in fields if one.name in document and one.name not in wrong}
    words |= _legal_sources(
        document.get("sources"), {*reading.told, *(one.pointer for one in facts if one.part == "item")}
    )
    given = rate_facts(facts, document)
    words["fps_mode"] = given.get("fps_mode")
    words["fps_explicit_given"] = given.get("fps_explicit")
    return {name: value for name, value in words.items() if value is not None}, findings


def _told(
    rulebook: Rulebook, answers: Mapping[str, Decision], one: FieldFacts, fields: Sequence[Field]
) -> list[Finding]:
    """The findings about one field; of a field that is right, with no words made for them."""
    if not raises(answers):
        return []
    texts = {
        **one.texts,
        "pointer": one.pointer,
        "nearest": as_question(one.texts["nearest"]),
        "fields": ", ".join(field.name for field in fields),
        "profiles": ", ".join(sorted(rulebook.profiles)),
    }
    return tell_all(rulebook, answers, texts)


def _legal_sources(sources: Any, bad: Collection[str]) -> dict[str, Any]:
    """The sources without a fault, and their places in the spec: one bad path hides nothing about the others."""
    if not isinstance(sources, list | tuple):
        return {"sources": (), "indexes": ()}
    legal = [(at, path) for at, path in enumerate(sources) if f"/sources/{at}" not in bad]
    return {"sources": tuple(path for _, path in legal), "indexes": tuple(at for at, _ in legal)}


def explicit_rate(rulebook: Rulebook, words: Mapping[str, Any]) -> Fraction | None:
    """The rate that the spec conforms to, exactly; None when it keeps the source's."""
    if words.get("fps_mode") != "explicit" or "fps_explicit" not in words:
        return None
    return exact_rate(words["fps_explicit"], rulebook.items["rate"])


def near_rate(rulebook: Rulebook, words: Mapping[str, Any]) -> dict[str, str]:
    """Where the explicit rate is nearly one that has a name, and not that one: the texts that say so; else nothing."""
    rate = explicit_rate(rulebook, words)
    for name, text in rulebook.items["rate"].items():
        exact = Fraction(text)
        if rate is not None and rate != exact and abs(rate - exact) < exact * NEARLY:
            return {"rate": str(words["fps_explicit"]), "named-rate": name, "exact-rate": text}
    return {}


def complete(rulebook: Rulebook, words: dict[str, Any], document: Mapping[str, Any], now: str) -> None:
    """Fill in the id, and the moment where names need one. The id comes from the content: plan and run agree on it."""
    if "job_id" not in words:
        words["job_id"] = content_id(document)
    words["has_moment"] = "created_at" in words
    if CLOCK_TOKENS & sources_of(rulebook, read_template(words.get("naming_template", ""))):
        words.setdefault("created_at", now)
