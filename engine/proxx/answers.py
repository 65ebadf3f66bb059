"""Answers about the rulebook itself: what a table decides and what a finding means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from proxx.advice import ADVICE
from proxx.errors import EXIT_USAGE, ProxxError
from proxx.evaluate import Decision, OutsideDomain, match, tell, tokens, trace, with_braces
from proxx.identify import canonical_codec, canonical_container
from proxx.nearest import question
from proxx.rulebook import Rulebook
from proxx.tables import OTHERWISE, Table, Value
from proxx.whence import spot_text, stands

FORMAT = 1


def decide(rulebook: Rulebook, asked: str, words: Sequence[str]) -> dict[str, Any]:
    """The answer of a table (or of the file that holds it) for column=value words, as `decide` publishes it.

    A question is a table's name, or a matrix's (pairing, sources, routing): of its tables, the one with exactly
    these columns. Raises ProxxError (exit 2) for a table, column or value that does not exist.
    """
    given = _pairs(words)
    table = _table(rulebook, asked, given)
    inputs = _inputs(rulebook, table, given)
    try:
        row = match(table, inputs)
    except OutsideDomain as error:
        raise _outside(table, error) from error
    decision = Decision(table.name, row.id, row.outcome, row.finding, inputs)
    rule = rulebook.findings.get(row.finding or "", {})
    texts = {token: f"<{token}>" for line in _lines(rule) for token in tokens(line) if token not in inputs}
    allowed = {f"{column.name}-allowed" for column in table.columns}
    finding = tell(rulebook, decision, {key: text for key, text in texts.items() if key not in allowed})
    return {
        "format": FORMAT,
        "question": {"table": asked, **inputs},
        "table": table.name,
        "row": row.id,
        **_row_stands(rulebook, table, row.id),
        "outcome": dict(row.outcome),
        "why": reasons(row.about),
        "finding": None
        if finding is None
        else {
            "id": finding.id,
            "severity": finding.severity,
            "message": finding.message,
            "why": list(finding.why),
            "fix": list(finding.fix),
        },
        "why_not": [
            {"row": miss.row, "column": miss.column, "wanted": list(miss.wanted), "got": miss.got}
            for miss in trace(table, inputs)
        ],
    }


def reasons(about: Mapping[str, Any]) -> list[str]:
    """Why a row decides as it does, and where that is published, with how sure it is."""
    told = [str(about[key]) for key in ("why", "note", "source") if key in about]
    level = about.get("evidence", {}).get("level")
    return [*told[:-1], f"{told[-1]} ({level})"] if level and "source" in about else told


def _row_stands(rulebook: Rulebook, table: Table, row: str) -> dict[str, Any]:
    """Layer, file, line and column of a row that decides."""
    whole = f"table/{table.name}"
    return stands(rulebook.origin(whole, f"/{OTHERWISE}") if row == OTHERWISE else rulebook.origin(f"{whole}/{row}"))


def decided_text(answer: Mapping[str, Any]) -> str:
    """An answer for people: row, outcome, why, and why not the others."""
    asked = " ".join(f"{key}={value}" for key, value in answer["question"].items() if key != "table")
    finding = answer["finding"]
    lines = [f"{answer['table']}: {asked}", f"  row      {answer['row']}"]
    lines += [f"  {key:<8} {value}" for key, value in answer["outcome"].items()]
    if finding is None and not answer["outcome"]:
        lines.append("  allowed")
    lines += [f"  because  {line}" for line in answer["why"]]
    if finding is not None:
        lines += [f"  {finding['severity']}[{finding['id']}]: {finding['message']}"]
        lines += [f"    Reason: {line}" for line in finding["why"]]
        lines += [f"    Action: {line}" for line in finding["fix"]]
    lines += [
        f"  not {miss['row']}: {miss['column']} is {miss['got']}, the row wants {_brief(miss['wanted'])}"
        for miss in answer["why_not"]
    ]
    lines.append(f"  layer    {answer['layer']}: {spot_text(answer)}")
    return "\n".join(lines) + "\n"


def _brief(values: Sequence[str]) -> str:
    return ", ".join(values) if len(values) <= 8 else f"{', '.join(values[:8])} …"


def _pairs(words: Sequence[str]) -> dict[str, str]:
    pairs = {}
    for word in words:
        column, equals, value = word.partition("=")
        if not equals or not column:
            raise ProxxError(
                f"{word} is not column=value", hint="Write for instance: codec=dnxhd", exit_code=EXIT_USAGE
            )
        if column in pairs:
            raise ProxxError(f"{column} is given twice", hint="One question, one value.", exit_code=EXIT_USAGE)
        pairs[column] = value
    return pairs


def _table(rulebook: Rulebook, asked: str, given: Mapping[str, str]) -> Table:
    names = rulebook.items["table"]
    if asked in names:
        return rulebook.table(asked)
    held = [rulebook.table(name) for name, data in names.items() if data["question"] == asked]
    fitting = [table for table in held if {column.name for column in table.columns} == set(given)]
    if len(held) == 1 or len(fitting) == 1:
        return (fitting or held)[0]
    if held:
        choices = "; ".join(f"{table.name} ({', '.join(c.name for c in table.columns)})" for table in held)
        raise ProxxError(f"{asked} holds several tables", hint=f"Ask one of them: {choices}", exit_code=EXIT_USAGE)
    known = [*names, *dict.fromkeys(data["question"] for data in names.values())]
    raise ProxxError(
        f"there is no table {asked}{question(asked, known)}", hint=f"Tables: {', '.join(names)}", exit_code=EXIT_USAGE
    )


def _inputs(rulebook: Rulebook, table: Table, given: Mapping[str, str]) -> dict[str, Value]:
    columns = {column.name: column for column in table.columns}
    for name in given:
        if name not in columns:
            raise ProxxError(
                f"table {table.name} has no column {name}{question(name, columns)}",
                hint=f"Columns: {', '.join(columns)}",
                exit_code=EXIT_USAGE,
            )
    missing = [name for name in columns if name not in given]
    if missing:
        raise ProxxError(
            f"table {table.name} also asks for {', '.join(missing)}",
            hint=f"Add {' '.join(f'{name}=…' for name in missing)}",
            exit_code=EXIT_USAGE,
        )
    return {
        name: _value(rulebook, column.fact.name, given[name], column.fact.domain.is_range)
        for name, column in columns.items()
    }


def _value(rulebook: Rulebook, fact: str, word: str, is_number: bool) -> Value:
    if is_number:
        digits = word.removeprefix("-")
        if not (digits.isascii() and digits.isdigit() and len(digits) <= 18):
            raise ProxxError(f"{word} is not a whole number", exit_code=EXIT_USAGE)
        return int(word)
    if fact == "source.container":
        return canonical_container(word, rulebook.vocabulary)
    if fact == "source.codec":
        return canonical_codec(word, rulebook.vocabulary)
    return word


def _outside(table: Table, error: OutsideDomain) -> ProxxError:
    domain = table.column(error.column).fact.domain
    values = f"{domain.low}..{domain.high}" if domain.is_range else ", ".join(domain.values)
    return ProxxError(
        f"{error.column} cannot be {error.value}{question(str(error.value), domain.values)}",
        hint=f"{error.column} is one of: {values}",
        exit_code=EXIT_USAGE,
    )


def _lines(rule: Mapping[str, Any]) -> list[str]:
    lines: list[str] = []
    for key in ("what", "at", "why", "fix"):
        value = rule.get(key, ())
        lines += [value] if isinstance(value, str) else list(value)
    return lines + [text for pair in rule.get("also", {}).items() for text in pair]


def explain(rulebook: Rulebook, name: str) -> dict[str, Any]:
    """Everything about a finding: what it says and why, examples, the rows that raise it, and where it is written."""
    rule = rulebook.findings.get(name)
    if rule is None and name in ADVICE:
        why, fix = ADVICE[name]
        title = "A fault of a rulebook, told with its place by `proxx rulebook check`"
        return {"format": FORMAT, "id": name, "title": title, "why": [why], "fix": [fix], "raised_by": []}
    if rule is None:
        raise ProxxError(
            f"there is no finding {name}{question(name, [*rulebook.findings, *ADVICE])}",
            hint="Findings stand in brackets in the output of check.",
            exit_code=EXIT_USAGE,
        )
    rows = [
        {"table": table.name, "question": table.question, "row": row.id, **_row_stands(rulebook, table, row.id)}
        for table in map(rulebook.table, rulebook.items["table"])
        for row in (*table.rows, *([table.otherwise] if table.otherwise else []))
        if row.finding == name
    ]
    return {
        "format": FORMAT,
        "id": name,
        **rule,
        "severity": rule.get("severity", "error"),
        "raised_by": rows,
        **stands(rulebook.origin(f"finding/{name}")),
    }


def explained_text(answer: Mapping[str, Any]) -> str:
    """An explanation for people."""
    fixes = [answer["fix"]] if isinstance(answer.get("fix"), str) else answer.get("fix", [])
    head = f"{answer['severity']}[{answer['id']}]" if "severity" in answer else answer["id"]
    lines = [f"{head}: {with_braces(answer['title'])}", ""]
    lines += [f"  {with_braces(answer['what'])}", ""] if "what" in answer else []
    lines += [f"  Reason: {with_braces(line)}" for line in answer.get("why", ())]
    lines += [f"  Action: {with_braces(line)}" for line in fixes]
    for kind in ("bad", "good"):
        examples = answer.get(kind, [])
        for example in [examples] if isinstance(examples, Mapping) else examples:
            lines.append(f"  {kind.capitalize()}:   " + " ".join(f"{key}={value}" for key, value in example.items()))
    lines += [
        f"  Raised by table {row['table']}, row {row['row']} (layer {row['layer']}: {spot_text(row)})"
        for row in answer["raised_by"]
    ]
    if "layer" in answer:
        lines.append(f"  Layer {answer['layer']}: {spot_text(answer)}")
    return "\n".join(lines) + "\n"


def unusable(rulebook: Rulebook, state: str, detail: str) -> str:
    """Why a file cannot be used: what the finding says that a job with it raises, and the system's own words."""
    finding = rulebook.findings[f"source/{state}"]
    return f"{finding['title']} (source/{state})" + (f": {detail}" if detail else "")
