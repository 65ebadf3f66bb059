"""Reports as SARIF 2.1.0 (OASIS), for code scanning and editors: rules, places, fingerprints and proved fixes."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from proxx.errors import Finding
from proxx.report import Context, FileReport, below, located, sentences

if TYPE_CHECKING:
    from proxx.positions import Place

Json = dict[str, Any]
SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
FINGERPRINT = "proxxFinding/v1"
ROOT = "%SRCROOT%"
_BRACES = re.compile(r"\{\{?|\}\}?")
_SURROGATES = re.compile("[\ud800-\udfff]")


def as_sarif(reports: Sequence[FileReport], context: Context) -> str:
    """One SARIF log with one run; columns count code points, as everywhere in proxx."""
    raised: dict[str, Finding] = {}
    for report in reports:
        for finding in report.findings:
            raised.setdefault(finding.id, finding)
    indexes = {name: index for index, name in enumerate(raised)}
    rules = [_rule(finding, context.rules.get(name)) for name, finding in raised.items()]
    run = {
        "tool": {
            "driver": {
                "name": "proxx",
                "version": context.version,
                "semanticVersion": context.version,
                "rules": rules,
            }
        },
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {ROOT: {"description": {"text": "The folder in which proxx was started."}}},
        "invocations": [_invocation(reports, context)],
        "results": [one for report in reports for one in _results(report, indexes, context)],
    }
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    # A file name that is no UTF-8 keeps its bytes in the URI; elsewhere a sign stands for what cannot be written.
    return _SURROGATES.sub("\ufffd", json.dumps(log, indent=2, ensure_ascii=False)) + "\n"


def _rule(finding: Finding, rule: Mapping[str, Any] | None) -> Json:
    """The rule behind a finding as the rulebook has it; of a fault of the rulebook itself, as it was told."""
    if rule is None:
        rule = {"title": finding.id, "why": finding.why, "fix": finding.fix, "severity": finding.severity}
    why = [_template(line) for line in rule.get("why", ())]
    fix = rule.get("fix", ())
    fixes = [_template(line) for line in ([fix] if isinstance(fix, str) else fix)]
    title = _template(rule["title"]).rstrip(".") + "."
    return {
        "id": finding.id,
        "shortDescription": {"text": title},
        "fullDescription": {"text": " ".join([title, *why])},
        "help": {
            "text": "\n".join([title, *(f"Reason: {line}" for line in why), *(f"Action: {line}" for line in fixes)]),
            "markdown": "\n".join([f"**{title}**", *_bullets("Why", why), *_bullets("Fix", fixes)]),
        },
        "defaultConfiguration": {"level": rule.get("severity", "error")},
    }


def _bullets(head: str, lines: Iterable[str]) -> list[str]:
    bullets = [f"* {line}" for line in lines]
    return ["", f"{head}:", "", *bullets] if bullets else []


def _invocation(reports: Sequence[FileReport], context: Context) -> Json:
    """What the run could not read, and what it was told to leave out."""
    told = [_notification("error", trouble, path, context) for path, trouble in context.unread]
    told += [
        _notification("note", f"not checked: {line}", report.path, context)
        for report in reports
        for line in report.left_out
    ]
    return {"executionSuccessful": not context.unread, "toolExecutionNotifications": told}


def _notification(level: str, text: str, path: str, context: Context) -> Json:
    location = {"physicalLocation": {"artifactLocation": _artifact(path, context)}}
    return {"level": level, "message": _message(text), "locations": [location]}


def _results(report: FileReport, indexes: Mapping[str, int], context: Context) -> list[Json]:
    lines = report.text.split("\n")
    artifact = _artifact(report.path, context)
    seen: Counter[str] = Counter()
    results = []
    for finding, places in located(report):
        mark = _fingerprint(finding, _text_at(lines, places[finding.at]))
        seen[mark] += 1
        result: Json = {
            "ruleId": finding.id,
            "ruleIndex": indexes[finding.id],
            "level": finding.severity,
            "message": _message(sentences([finding])),
            "locations": [_location(artifact, lines, places[finding.at], finding.at)],
            "partialFingerprints": {FINGERPRINT: f"{mark}:{seen[mark]}"},
            "properties": {"pointer": finding.at, "table": finding.table, "row": finding.row},
        }
        related = [
            {"id": number, "message": _message(text), **_location(artifact, lines, places[at], at)}
            for number, (at, text) in enumerate(finding.also, 1)
        ]
        fixes = _fixes(finding, artifact, lines, places) if not report.path.endswith(".toml") else []
        extras = {"relatedLocations": related, "fixes": fixes}
        results.append(result | {key: value for key, value in extras.items() if value})
    return results


def _location(artifact: Json, lines: Sequence[str], place: Place, pointer: str) -> Json:
    location: Json = {"physicalLocation": {"artifactLocation": artifact, "region": _region(lines, place)}}
    if pointer:
        location["logicalLocations"] = [{"fullyQualifiedName": pointer}]
    return location


def _region(lines: Sequence[str], place: Place) -> Json:
    """A region of one line; its end column is the first that no longer belongs to it."""
    line = lines[place.line - 1].rstrip("\r") if place.line <= len(lines) else ""
    end = max(place.column, min(place.column + place.length, len(line) + 1))
    return {"startLine": place.line, "startColumn": place.column, "endColumn": end}


def _text_at(lines: Sequence[str], place: Place) -> str:
    line = lines[place.line - 1] if place.line <= len(lines) else ""
    return line[place.column - 1 : place.column - 1 + place.length]


def _fingerprint(finding: Finding, value: str) -> str:
    """The same for the same fault wherever its line moves: rule, pointer, and the value (of a list, the message)."""
    value = finding.message if value[:1] in ("", "{", "[") else value
    whole = "\0".join((finding.id, finding.at, value))
    return hashlib.sha256(whole.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _fixes(finding: Finding, artifact: Json, lines: Sequence[str], places: Mapping[str, Place]) -> list[Json]:
    """The proved replacements, each alone a fix, where the old value is a string that stands in the text."""
    fixes = []
    for pointer, value in finding.replacements:
        place = places[pointer]
        if not re.fullmatch(r'"(?:[^"\\]|\\.)*"', _text_at(lines, place)):
            continue
        change = {"deletedRegion": _region(lines, place), "insertedContent": {"text": json.dumps(value)}}
        fixes.append(
            {
                "description": _message(f"Set {pointer[1:]} to {value}."),
                "artifactChanges": [{"artifactLocation": artifact, "replacements": [change]}],
            }
        )
    return fixes


def _artifact(path: str, context: Context) -> Json:
    """Below the working folder a relative URI, so that a log says the same on every machine; elsewhere file://."""
    inside = below(path, context.folder)
    if inside is not None:
        return {"uri": quote(os.fsencode(inside)), "uriBaseId": ROOT}
    return {"uri": "file://" + quote(os.fsencode(os.path.join(context.folder, path)))}


def _message(text: str) -> Json:
    # Section 3.11.5: a brace that opens no placeholder is written twice.
    return {"text": text.replace("{", "{{").replace("}", "}}")}


def _template(text: str) -> str:
    """A rulebook's text with its tokens kept as they are; there, too, a brace that is meant is written twice."""
    return _BRACES.sub(lambda brace: brace[0][0] * 2, text)
