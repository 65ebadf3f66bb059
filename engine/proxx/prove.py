"""The rulebook linter: what is wrong with the tables, each fault with an input that shows it.

Tables are boxes over finite atoms (see tables), so overlap, reach and gaps are computed, not sampled.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, replace
from typing import Any

from proxx.errors import Finding
from proxx.evaluate import tokens
from proxx.faults import Witness, fault, in_words, row_fault, table_fault, witness
from proxx.jobspec import Spec
from proxx.layers import escape
from proxx.nearest import question
from proxx.offers import forbidden_offers
from proxx.overlaps import box_faults, decided
from proxx.reel import pattern_faults
from proxx.resolvelint import resolve_faults
from proxx.rulebook import Rulebook
from proxx.selftest import self_tests
from proxx.tables import Row, Table, TableError
from proxx.unused import unused

NEEDED: Mapping[str, tuple[str, ...]] = {
    "source-capability": ("engine",),
    "route": ("engine", "confidence"),
    "job-engine": ("engine",),
    "container-carries": ("pixel-aspect", "late-sound", "language", "title", "colour"),
    "timecode-source": ("take",),
    "reel-source": ("take",),
    "timecode-read": ("reads",),
    "timecode-carried": ("write", "label"),
    "reel-carried": ("write",),
    "rate-policy": ("conform",),
    "track-use": ("use",),
    "track-encode": ("do",),
}
"""Tables that the program asks by name, and the answers that it needs of each."""

TEMPLATE_ENDS: Mapping[str, str] = {"ffmpeg": ".args.j2", "resolve": ".json.j2"}
"""How the name of an engine's templates ends: ffmpeg takes arguments, Resolve takes settings."""


def lint(rulebook: Rulebook) -> list[Finding]:
    """Every fault of a rulebook whose documents have the right shape; only errors refuse it."""
    faults = [*_words(rulebook), *_fields(rulebook)]
    if faults:
        return faults
    for name in rulebook.items["table"]:
        try:
            table = rulebook.table(name)
        except TableError as error:
            faults.append(_misfit(rulebook, name, error))
            continue
        faults += box_faults(rulebook, table)
        faults += _sight(rulebook, table)
        faults += _outcomes(rulebook, table)
        faults += _messages(rulebook, table)
    if not any(one.is_error for one in faults):
        faults += list(_needed(rulebook)) or [
            *unused(rulebook),
            *forbidden_offers(rulebook),
            *self_tests(rulebook),
            *_reel_patterns(rulebook),
            *_profiles(rulebook),
            *resolve_faults(rulebook),
        ]
    return faults


def _reel_patterns(rulebook: Rulebook) -> Iterator[Finding]:
    """Examples of reel patterns that are not read as they say."""
    for name, example, message in pattern_faults(rulebook.items.get("reel-pattern", {})):
        yield fault(rulebook, "rulebook/reel-pattern", message, f"reel-pattern/{name}", f"examples/{escape(example)}")


def _words(rulebook: Rulebook) -> Iterator[Finding]:
    """Facts whose sets, stages or values do not exist."""
    try:
        facts = rulebook.facts
    except TableError as error:
        near = question(str(error), [f"@{name}" for name in rulebook.sets])
        yield fault(rulebook, "rulebook/unknown-set", f"there is no set {error}{near}", f"fact/{error.where[1]}", "of")
        return
    stages = rulebook.items["stage"]
    for name, fact in facts.items():
        if fact.stage not in stages:
            message = f"fact {name} belongs to stage {fact.stage}, which is not declared{question(fact.stage, stages)}"
            yield fault(rulebook, "rulebook/unknown-stage", message, f"fact/{name}", "stage")
        if not fact.domain.values and not fact.domain.other and not fact.domain.is_range:
            yield fault(rulebook, "rulebook/empty-domain", f"fact {name} can have no value", f"fact/{name}")


def _fields(rulebook: Rulebook) -> Iterator[Finding]:
    """The fields of a JobSpec are the contract's: a layer may say more about one, but add none and take none away."""
    ours = [one.name for one in fields(Spec)]
    for name in rulebook.items["field"]:
        if name not in ours:
            message = f"a JobSpec has no field {name}: the contract's fields are fixed{question(name, ours)}"
            yield fault(rulebook, "rulebook/locked", message, f"field/{name}")
    for name in ours:
        if name not in rulebook.items["field"]:
            yield fault(rulebook, "rulebook/locked", f"the JobSpec field {name} cannot be taken away", "")


def _misfit(rulebook: Rulebook, name: str, error: TableError) -> Finding:
    """A table that does not compile: an unknown column, fact, set or value, with the nearest name."""
    data = rulebook.items["table"][name]
    bound = data.get("in", {})
    word, row, column = str(error), "", ""
    if error.where[0] == "rows":
        row, column = data["rows"][error.where[1]]["id"], str(error.where[2])
    known: Iterable[str] = bound
    texts = {
        "unknown-fact": f"column {error.where[-1]} asks for the fact {word}, which is not declared",
        "unknown-column": f"row {row} has {word}, which is no column of the table",
        "unknown-set": f"row {row}, column {column}: there is no set {word}",
    }
    if error.kind == "outside-domain":
        domain = rulebook.facts[bound[column]].domain
        span = f"{domain.low}..{domain.high}" if domain.is_range else ", ".join(domain.values)
        texts[error.kind] = f"row {row}, column {column}: {word} is not in the domain ({span})"
        known = domain.values
    elif error.kind != "unknown-column":
        known = rulebook.facts if error.kind == "unknown-fact" else [f"@{one}" for one in rulebook.sets]
    message = f"table {name}: {texts[error.kind]}{question(word, list(known))}"
    at, key = (f"table/{name}/{row}", column) if row else (f"table/{name}", f"in/{error.where[-1]}")
    shown: Witness = ((column, word),) if error.kind == "outside-domain" else ()
    found = fault(rulebook, f"rulebook/{error.kind}", message, at, key)
    return replace(found, table=name, row=row, witness=shown)


def _sight(rulebook: Rulebook, table: Table) -> Iterator[Finding]:
    """A table may look only at facts that are known when its stage is asked."""
    stages = rulebook.items["stage"]
    if table.stage not in stages:
        message = (
            f"table {table.name} belongs to stage {table.stage}, which is not declared{question(table.stage, stages)}"
        )
        yield table_fault(rulebook, "rulebook/unknown-stage", message, table, "stage")
        return
    seen = {table.stage, *stages[table.stage].get("sees", ())}
    for column in table.columns:
        if column.fact.stage not in seen:
            message = f"table {table.name}: at stage {table.stage} the fact {column.fact.name} is not known yet"
            yield table_fault(rulebook, "rulebook/fact-out-of-sight", message, table, f"in/{column.name}")


def _outcomes(rulebook: Rulebook, table: Table) -> Iterator[Finding]:
    """Answers that the table does not declare, and rows that refuse nothing and yet leave an answer out."""
    for row in (*table.rows, table.otherwise):
        if row is None:
            continue
        for name, value in row.outcome.items():
            if value not in table.out.get(name, ()):
                near = question(str(value), [str(one) for one in table.out.get(name, ())]) or question(name, table.out)
                message = f"table {table.name}: row {row.id} answers {name} = {value}, which out does not declare{near}"
                yield row_fault(rulebook, "rulebook/unknown-outcome", message, table, row, _shown(table, row), "then")
        refuses = rulebook.findings.get(row.finding or "", {"severity": "none"}).get("severity", "error") == "error"
        lacking = ", ".join(name for name in table.out if name not in row.outcome)
        if lacking and not refuses:
            shown = _shown(table, row)
            tail = f": {in_words(shown)} is left without an answer" if shown else ""
            message = f"table {table.name}: row {row.id} refuses nothing and gives no {lacking}{tail}"
            yield row_fault(rulebook, "rulebook/missing-outcome", message, table, row, shown)


def _shown(table: Table, row: Row) -> Witness:
    """An input that the row decides; none when it decides nothing."""
    box = decided(table, row)
    return witness(table, box) if box else ()


def _messages(rulebook: Rulebook, table: Table) -> Iterator[Finding]:
    """Findings that do not exist, and message tokens that are neither a column nor a text of the stage."""
    for name in sorted(table.findings):
        rule = rulebook.findings.get(name)
        if rule is None:
            rows = (row for row in (*table.rows, table.otherwise) if row and row.finding == name)
            message = f"table {table.name} raises {name}, which is not written{question(name, rulebook.findings)}"
            row = next(rows)
            yield row_fault(rulebook, "rulebook/unknown-finding", message, table, row, _shown(table, row), "finding")
            continue
        columns = {column.name for column in table.columns}
        words = (
            columns
            | {f"{column}-allowed" for column in columns}
            | set(rulebook.items["stage"].get(table.stage, {}).get("texts", ()))
        )
        said = {token: key for key, text in _sentences(rule) for token in tokens(text) if token not in words}
        for token in sorted(said):
            message = f"finding {name} says {{{token}}}, which table {table.name} cannot fill{question(token, words)}"
            row = next(one for one in (*table.rows, table.otherwise) if one and one.finding == name)
            found = fault(rulebook, "rulebook/unknown-token", message, f"finding/{name}", said[token])
            yield replace(found, table=table.name, row=row.id, witness=_shown(table, row))


def _sentences(rule: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Every text of a finding with the key that it stands under."""
    for key in ("what", "at", "fix", "why", "also"):
        value = rule.get(key, ())
        if isinstance(value, str):
            yield key, value
        elif isinstance(value, Mapping):
            yield from ((key, text) for pair in value.items() for text in pair)
        else:
            yield from ((f"{key}/{number}", text) for number, text in enumerate(value))


def _needed(rulebook: Rulebook) -> Iterator[Finding]:
    """Tables and answers that the program itself asks for, by name."""
    tables = rulebook.items["table"]
    for name, answers in NEEDED.items():
        if name not in tables:
            message = f"there is no table {name}, which every job asks{question(name, tables)}"
            yield fault(rulebook, "rulebook/missing-table", message, "")
            continue
        table = rulebook.table(name)
        for answer in answers:
            if answer not in table.out:
                message = f"table {name} answers no {answer}, which every job needs{question(answer, table.out)}"
                yield table_fault(rulebook, "rulebook/missing-answer", message, table, "out")


def _profiles(rulebook: Rulebook) -> Iterator[Finding]:
    """Profiles whose words or template do not exist."""
    for name, profile in rulebook.profiles.items():
        for key, known in (("codec", rulebook.sets["codec"]), ("container", rulebook.sets["container"])):
            if profile[key] not in known:
                message = (
                    f"profile {name}: {key} {profile[key]} is not in the vocabulary{question(profile[key], known)}"
                )
                yield fault(rulebook, "rulebook/unknown-word", message, f"profile/{name}", key)
        if profile["template"] not in rulebook.templates:
            near = question(profile["template"], rulebook.templates)
            message = f"profile {name}: there is no template {profile['template']}{near}"
            yield fault(rulebook, "rulebook/unknown-template", message, f"profile/{name}", "template")
        elif not profile["template"].endswith(TEMPLATE_ENDS[profile["engine"]]):
            ending, engine = TEMPLATE_ENDS[profile["engine"]], profile["engine"]
            message = f"profile {name}: a template for {engine} ends in {ending}, not as {profile['template']} does"
            yield fault(rulebook, "rulebook/wrong-engine", message, f"profile/{name}", "template")
