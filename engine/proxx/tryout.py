"""Tries every profile of a rulebook on made-up sources: what it makes of them, and what can only be found by trying."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from proxx.checking import Checked
from proxx.errors import Finding, ProxxError, has_errors
from proxx.facts import profile_facts, spec_facts
from proxx.faults import Witness, fault, in_words, warned
from proxx.job import plan
from proxx.jobspec import Reading
from proxx.model import Media
from proxx.reach import Refusal, refusal
from proxx.render import TemplateFault
from proxx.renderids import profile_findings
from proxx.rulebook import Rulebook
from proxx.samples import SHAPES, Sample, Told, sample_spec
from proxx.templates import template_faults
from proxx.verdict import Verdict, judge_spec

FFMPEG = "5.1"
"""The version that trials plan for."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What a profile makes of a source: its findings, and the argument list or settings (empty when refused)."""

    findings: tuple[Finding, ...]
    lines: tuple[str, ...]
    trouble: ProxxError | None = None

    @property
    def refused(self) -> tuple[str, ...]:
        """The ids of the findings that refuse the source."""
        return tuple(finding.id for finding in self.findings if finding.is_error)

    @property
    def verdict(self) -> str:
        """made, refused, or unplanned (too little is known of the source, or the template is wrong)."""
        return "refused" if self.refused else "unplanned" if self.trouble else "made"

    @property
    def remarks(self) -> tuple[str, ...]:
        """The findings as "severity: id", or why nothing can be planned."""
        told = tuple(f"{finding.severity}: {finding.id}" for finding in self.findings)
        return (*told, *((f"cannot be planned: {self.trouble}",) if self.trouble else ()))


def try_profile(rulebook: Rulebook, name: str, sample: Sample) -> Trial:
    """What a profile makes of one source, by the whole journey up to the plan; no file is looked at."""
    source = sample.media.path or "/media/A001/clip.mov"
    reading = Reading({**sample_spec(rulebook.profiles[name], source), **sample.fields})
    verdict = judge_spec(rulebook, reading, Told(sample.media))
    if not verdict.ok:
        return Trial(verdict.findings, ())
    try:
        (task,) = plan(rulebook, Checked("", reading, verdict, verdict.findings), FFMPEG).tasks
    except ProxxError as trouble:
        return Trial(verdict.findings, (), trouble)
    settings = json.dumps(task.settings, indent=2, sort_keys=True, ensure_ascii=False).splitlines()
    return Trial(verdict.findings, task.argv or tuple(settings))


def try_all(rulebook: Rulebook, templates: Mapping[str, str]) -> list[Finding]:
    """What is wrong with templates and profiles. `templates` says for each template's name where its file is."""
    found = template_faults(rulebook, templates)
    proved = has_errors(found)
    for name in rulebook.profiles:
        # What reading the templates has told already, trying them would tell once more.
        found += [one for one in _profile(rulebook, name, templates) if not (proved and one.id == "rulebook/template")]
    return _each_once(found)


def _profile(rulebook: Rulebook, name: str, places: Mapping[str, str]) -> Iterator[Finding]:
    """A profile that its own rulebook refuses, whose template cannot be filled, or that no sample source reaches."""
    profile = rulebook.profiles[name]
    at = f"profile/{name}"
    told = list(_refused(rulebook, profile))
    yield from told
    if has_errors(told):
        return
    proof = refusal(rulebook, profile)
    if proof is not None:
        yield _unreached(rulebook, name, proof)
        return
    trials = {shape: try_profile(rulebook, name, sample) for shape, sample in SHAPES[profile["engine"]].items()}
    for shape, trial in trials.items():
        if trial.trouble is not None:
            yield from _troubles(rulebook, name, shape, trial.trouble, places)
    if all(trial.refused for trial in trials.values()):
        shape, trial = next(iter(trials.items()))
        message = f"no sample source can be made with profile {name}: {shape} is refused by {', '.join(trial.refused)}"
        yield warned(fault(rulebook, "rulebook/profile-unreached", message, at, "name"))


def _refused(rulebook: Rulebook, profile: Mapping[str, Any]) -> Iterator[Finding]:
    """What the rulebook says against a profile whatever the source is."""
    name = profile["name"]
    at = f"profile/{name}"
    if profile["engine"] == "resolve":
        told = [_placed(rulebook, at, *one) for one in profile_findings(rulebook, profile)]
        yield from told
        if has_errors(told):
            return  # a spec would be told the same
    verdict = judge_spec(rulebook, Reading(sample_spec(profile)), _NoMedia(Media()))
    for finding in verdict.findings:
        if finding.is_error:
            key = finding.at.strip("/")
            message = f"profile {name} is refused by {finding.id}: {finding.message}"
            found = fault(rulebook, "rulebook/profile-refused", message, at, key if key in profile else "name")
            shown = _asked(rulebook, finding, verdict)
            yield replace(found, table=finding.table, row=finding.row, witness=shown)


def _placed(rulebook: Rulebook, entry: str, finding: Finding, key: str) -> Finding:
    """A finding about a profile where its layer wrote the value."""
    _, path, at = rulebook.origin(entry, f"/{key}")
    return replace(finding, subject=path, at=at)


def _asked(rulebook: Rulebook, finding: Finding, verdict: Verdict) -> Witness:
    """What the table of a finding about a spec was asked."""
    facts = {**spec_facts(verdict.words), **profile_facts(rulebook, verdict.words)}
    columns = rulebook.table(finding.table).columns if finding.table else ()
    return tuple((one.name, facts[one.fact.name]) for one in columns if one.fact.name in facts)


def _unreached(rulebook: Rulebook, name: str, proof: Refusal) -> Finding:
    """The proof that no source reaches a profile, in words."""
    tables = ", ".join(proof.tables)
    together = f"table {tables} lets" if len(proof.tables) == 1 else f"together, {tables} let"
    message = (
        f"no source can be made with profile {name}: {together} no input pass, "
        f"for instance not {in_words(proof.shown)} (row {proof.row} of {proof.table})"
    )
    found = warned(fault(rulebook, "rulebook/profile-unreached", message, f"profile/{name}", "name"))
    return replace(found, table=proof.table, row=proof.row, witness=proof.shown)


class _NoMedia(Told):
    """The same world without looking at any source."""

    def media(self, paths: object, *, scaled: bool = False) -> Any:
        return None


def _troubles(
    rulebook: Rulebook, name: str, shape: str, trouble: ProxxError, places: Mapping[str, str]
) -> Iterator[Finding]:
    """Why nothing can be planned, at the template; what the rules say of the printed stands by itself."""
    if not isinstance(trouble, TemplateFault) or trouble.template not in places:
        yield fault(
            rulebook, "rulebook/template", f"profile {name}, source {shape}: {trouble}", f"profile/{name}", "template"
        )
        return
    line = max(trouble.line, 1)
    here = Finding("", "", subject=places[trouble.template], line=line, column=1)
    if not trouble.findings:
        yield replace(here, id="rulebook/template", message=f"profile {name}, source {shape}: {trouble}")
    for one in trouble.findings:
        yield replace(one, at="", subject=here.subject, line=line, column=1)


def _each_once(findings: list[Finding]) -> list[Finding]:
    """One fault, one report: a line of a template that fails for many profiles and sources is told for the first."""
    kept: dict[tuple[object, ...], Finding] = {}
    for finding in findings:
        cause = finding.message.partition(": ")[2] if finding.line else finding.message
        kept.setdefault((finding.id, finding.subject, finding.line, cause), finding)
    return list(kept.values())
