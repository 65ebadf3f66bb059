"""The first half of a spec's journey: text → reading → verdict, with fixes that are proved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from proxx.errors import Finding
from proxx.jobspec import Reading, read
from proxx.model import NO_NLES, Relinking
from proxx.rulebook import Rulebook
from proxx.verdict import Verdict, World, judge_spec

FIXES_UP_TO = 200
"""Sources beyond which proved fixes are not searched: each try judges the whole spec anew."""


@dataclass(frozen=True, slots=True)
class Checked:
    """A judged spec: its text as read, the verdict, and the findings with proved fixes."""

    text: str
    reading: Reading
    verdict: Verdict
    findings: tuple[Finding, ...]
    relink: Relinking = NO_NLES


def check(rulebook: Rulebook, data: bytes, world: World) -> Checked:
    """Judge the text of a spec."""
    reading = read(data)
    verdict = judge_spec(rulebook, reading, world)
    findings = verdict.findings
    document = reading.document
    if not verdict.ok and document is not None and len(verdict.words.get("sources", ())) <= FIXES_UP_TO:
        from proxx.fixes import with_fixes  # a spec that is right needs none

        def judge(changed: Mapping[str, Any]) -> Verdict:
            return judge_spec(rulebook, Reading(dict(changed), reading.faults), world)

        findings = with_fixes(rulebook, document, verdict, judge)
    return Checked(data.decode("utf-8", "replace"), reading, verdict, findings)
