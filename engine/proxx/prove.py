"""The rulebook linter: what is wrong with the tables, each fault with an input that shows it.

Tables are boxes over finite atoms (see tables), so overlap, reach and gaps are computed, not sampled.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from typing import Any

from proxx.boxes import overlap, uncovered
from proxx.errors import Finding
from proxx.evaluate import tokens
from proxx.faults import fault, row_fault, witness
from proxx.jobspec import Spec
from proxx.nearest import question
from proxx.rulebook import Rulebook
from proxx.selftest import self_tests
from proxx.tables import Row, Table, TableError

ASKED_FOR = frozenset({"raw", "linear-pcm"})
"""Sets that the program itself asks for, to make facts."""


def lint(rulebook: Rulebook) -> list[Finding]:
    """Every fault of a rulebook whose documents have the right shape."""
    faults = [*_words(rulebook), *_fields(rulebook)]
    if faults:
        return faults
    for name in rulebook.items["table"]:
        try:
            table = rulebook.table(name)
        except TableError as error:
            faults.append(_misfit(rulebook, name, error))
            continue
        faults += _boxes(rulebook, table)
        faults += _sight(rulebook, table)
        faults += _outcomes(rulebook, table)
        faults += _messages(rulebook, table)
    if not faults:
        faults += _unused(rulebook)
        faults += _unused_sets(rulebook)
        faults += self_tests(rulebook)
        faults += _profiles(rulebook)
    return faults


def _words(rulebook: Rulebook) -> Iterator[Finding]:
    """Facts whose sets, stages or values do not exist."""
    try:
        facts = rulebook.facts
    except TableError as error:
        near = question(str(error), [f"@{name}" for name in rulebook.sets])
        yield fault(rulebook, "rulebook/unknown-set", f"there is no set {error}{near}", f"fact/{error.where[1]}")
        return
    stages = rulebook.items["stage"]
    for name, fact in facts.items():
        if fact.stage not in stages:
            message = f"fact {name} belongs to stage {fact.stage}, which is not declared{question(fact.stage, stages)}"
            yield fault(rulebook, "rulebook/unknown-stage", message, f"fact/{name}")
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
    at = f"table/{name}/{row}" if row else f"table/{name}"
    return fault(rulebook, f"rulebook/{error.kind}", message, at, column)


def _boxes(rulebook: Rulebook, table: Table) -> Iterator[Finding]:
    """Overlaps, rows that nothing reaches, and inputs that no row holds."""
    widths = [column.width for column in table.columns]
    for index, row in enumerate(table.rows):
        if not all(row.masks):
            column = table.columns[row.masks.index(0)].name
            message = f"table {table.name}: row {row.id} can never match: its cell {column} holds no value"
            yield row_fault(rulebook, "rulebook/unreachable", message, table, row)
            continue
        earlier = table.rows[:index]
        if table.hit == "unique":
            yield from _overlaps(rulebook, table, row, earlier)
        elif uncovered(widths, [other.masks for other in earlier], row.masks) is None:
            message = (
                f"table {table.name}: row {row.id} can never match: rows above it hold all of its inputs, "
                f"for instance {witness(table, row.masks)}"
            )
            yield row_fault(rulebook, "rulebook/unreachable", message, table, row)
    gap = uncovered(widths, [row.masks for row in table.rows])
    if gap is not None and table.otherwise is None:
        message = f"table {table.name} has a gap and no otherwise: nothing decides {witness(table, gap)}"
        yield fault(rulebook, "rulebook/gap", message, f"table/{table.name}")
    if gap is None and table.otherwise is not None:
        message = f"table {table.name}: otherwise is never reached: the rows hold every input"
        yield fault(rulebook, "rulebook/unreachable", message, f"table/{table.name}", "otherwise")


def _overlaps(rulebook: Rulebook, table: Table, row: Row, earlier: Iterable[Row]) -> Iterator[Finding]:
    for other in earlier:
        both = overlap(row.masks, other.masks)
        if both is not None:
            message = f"table {table.name}: rows {other.id} and {row.id} both decide {witness(table, both)}"
            yield row_fault(rulebook, "rulebook/overlap", message, table, row)


def _sight(rulebook: Rulebook, table: Table) -> Iterator[Finding]:
    """A table may look only at facts that are known when its stage is asked."""
    stages = rulebook.items["stage"]
    if table.stage not in stages:
        message = (
            f"table {table.name} belongs to stage {table.stage}, which is not declared{question(table.stage, stages)}"
        )
        yield fault(rulebook, "rulebook/unknown-stage", message, f"table/{table.name}")
        return
    seen = {table.stage, *stages[table.stage].get("sees", ())}
    for column in table.columns:
        if column.fact.stage not in seen:
            message = f"table {table.name}: at stage {table.stage} the fact {column.fact.name} is not known yet"
            yield fault(rulebook, "rulebook/fact-out-of-sight", message, f"table/{table.name}")


def _outcomes(rulebook: Rulebook, table: Table) -> Iterator[Finding]:
    """Answers that the table does not declare, and rows that refuse nothing and yet leave an answer out."""
    for row in (*table.rows, table.otherwise):
        if row is None:
            continue
        for name, value in row.outcome.items():
            if value not in table.out.get(name, ()):
                near = question(str(value), [str(one) for one in table.out.get(name, ())]) or question(name, table.out)
                message = f"table {table.name}: row {row.id} answers {name} = {value}, which out does not declare{near}"
                yield row_fault(rulebook, "rulebook/unknown-outcome", message, table, row)
        refuses = rulebook.findings.get(row.finding or "", {"severity": "none"}).get("severity", "error") == "error"
        lacking = ", ".join(name for name in table.out if name not in row.outcome)
        if lacking and not refuses:
            message = f"table {table.name}: row {row.id} refuses nothing and gives no {lacking}"
            yield row_fault(rulebook, "rulebook/missing-outcome", message, table, row)


def _messages(rulebook: Rulebook, table: Table) -> Iterator[Finding]:
    """Findings that do not exist, and message tokens that are neither a column nor a text of the stage."""
    for name in sorted(table.findings):
        rule = rulebook.findings.get(name)
        if rule is None:
            rows = (row for row in (*table.rows, table.otherwise) if row and row.finding == name)
            message = f"table {table.name} raises {name}, which is not written{question(name, rulebook.findings)}"
            yield row_fault(rulebook, "rulebook/unknown-finding", message, table, next(rows))
            continue
        columns = {column.name for column in table.columns}
        words = (
            columns
            | {f"{column}-allowed" for column in columns}
            | set(rulebook.items["stage"].get(table.stage, {}).get("texts", ()))
        )
        for token in sorted({token for text in _sentences(rule) for token in tokens(text)} - words):
            message = f"finding {name} says {{{token}}}, which table {table.name} cannot fill{question(token, words)}"
            yield fault(rulebook, "rulebook/unknown-token", message, f"finding/{name}")


def _sentences(rule: Mapping[str, Any]) -> Iterator[str]:
    for key in ("what", "at", "fix", "why", "also"):
        value = rule.get(key, ())
        if isinstance(value, str):
            yield value
        elif isinstance(value, Mapping):
            yield from (text for pair in value.items() for text in pair)
        else:
            yield from value


def _unused(rulebook: Rulebook) -> Iterator[Finding]:
    raised = {name for table in rulebook.items["table"] for name in rulebook.table(table).findings}
    for name in rulebook.findings:
        if name not in raised:
            yield fault(rulebook, "rulebook/unused-finding", f"no row raises the finding {name}", f"finding/{name}")


def _unused_sets(rulebook: Rulebook) -> Iterator[Finding]:
    """Sets that are written out, or that words belong to, and that no rule asks for."""
    rules = [rulebook.items[kind] for kind in ("table", "fact", "field")]
    asked = {text[1:] for text in _texts(rules) if text.startswith("@")} | ASKED_FOR
    places = {name: (f"set/{name}", "") for name in rulebook.items.get("set", {})}
    for kind in ("codec", "source-codec", "container"):
        for word, data in rulebook.items[kind].items():
            for name in data.get("sets", ()):
                places.setdefault(name, (f"{kind}/{word}", "sets"))
    for name, (entry, key) in places.items():
        if name not in asked:
            yield fault(rulebook, "rulebook/unused-set", f"no rule asks for the set @{name}", entry, key)


def _texts(value: object) -> Iterator[str]:
    """Every text inside a value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | list):
        for item in value.values() if isinstance(value, Mapping) else value:
            yield from _texts(item)


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
