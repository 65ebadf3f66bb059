"""The one rule evaluator: a table and facts in, a decision out, with the reason and a trace on request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from proxx.errors import Finding
from proxx.rulebook import Rulebook
from proxx.tables import OTHERWISE, Row, Table, Value

Facts = Mapping[str, Value]
MOST_REMEMBERED = 4096
"""Answers kept for each stage; then it is forgotten and begun anew."""

ALLOWED = "-allowed}"
"""The end of a message token that lists a column's passing values."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What a table answered: the row, its outcome or finding, and the column values it looked at."""

    table: str
    row: str
    outcome: Mapping[str, Value]
    finding: str | None
    inputs: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Miss:
    """Why a row did not match: the first column that failed, what it wanted and what it got."""

    row: str
    column: str
    wanted: tuple[str, ...]
    got: Value


class OutsideDomain(ValueError):
    """A value that the column's closed domain does not hold."""

    def __init__(self, table: Table, column: str, value: Value) -> None:
        super().__init__(f"{column}={value} is outside the domain of table {table.name}")
        self.table, self.column, self.value = table, column, value


def decide(table: Table, facts: Facts) -> Decision | None:
    """The table's answer; None when a fact it needs is not there (then it is not asked)."""
    inputs: dict[str, Value] = {}
    for column in table.columns:
        if column.fact.name not in facts:
            return None
        inputs[column.name] = column.fact.domain.clamped(facts[column.fact.name])
    row = match(table, inputs)
    return Decision(table.name, row.id, row.outcome, row.finding, inputs)


def match(table: Table, inputs: Mapping[str, Value]) -> Row:
    """The row that holds the input (values by column name). Raises OutsideDomain for an impossible value."""
    bits = _bits(table, inputs)
    for row in table.rows:
        for mask, bit in zip(row.masks, bits, strict=True):
            if not mask & bit:
                break
        else:
            return row
    if table.otherwise is None:
        raise LookupError(f"table {table.name} has a gap at {dict(inputs)}")
    return table.otherwise


def trace(table: Table, inputs: Mapping[str, Value]) -> tuple[Miss, ...]:
    """For each row that did not match before the deciding one was found: the first column that failed."""
    bits = _bits(table, inputs)
    misses = []
    for row in table.rows:
        for column, mask, bit in zip(table.columns, row.masks, bits, strict=True):
            if not mask & bit:
                misses.append(Miss(row.id, column.name, column.values(mask), inputs[column.name]))
                break
    return tuple(misses)


def _bits(table: Table, inputs: Mapping[str, Value]) -> list[int]:
    bits = []
    for column in table.columns:
        bit = column.bit(inputs[column.name])
        if bit is None:
            raise OutsideDomain(table, column.name, inputs[column.name])
        bits.append(bit)
    return bits


def ask(rulebook: Rulebook, stage: str, facts: Facts) -> Mapping[str, Decision]:
    """Every table of a stage whose facts are all there, by name, in the rulebook's order.

    The rulebook remembers its answers: of a thousand specs most ask what was asked before.
    """
    known = rulebook.answers.setdefault(stage, {})
    question = tuple([facts.get(name) for name in rulebook.asks(stage)])
    found: Mapping[str, Decision] | None = known.get(question)
    if found is None:
        answers = ((table.name, decide(table, facts)) for table in rulebook.tables(stage))
        found = MappingProxyType({name: answer for name, answer in answers if answer is not None})
        if len(known) >= MOST_REMEMBERED:
            known.clear()
        known[question] = found
    rulebook.noted((name, answer.row) for name, answer in found.items())
    return found


def tell(rulebook: Rulebook, decision: Decision, texts: Mapping[str, object], subject: str = "") -> Finding | None:
    """The finding of a decision in words; None when the decision raised none."""
    if decision.finding is None:
        return None
    rule = rulebook.findings[decision.finding]
    fixes: Sequence[str] = [rule["fix"]] if isinstance(rule.get("fix"), str) else rule.get("fix", ())
    words = {**decision.inputs, **texts}
    if any(ALLOWED in line for line in (rule["what"], *rule.get("why", ()), *fixes)):
        words |= allowed(rulebook.table(decision.table), decision.inputs)
    return Finding(
        id=decision.finding,
        message=fill(rule["what"], words),
        severity=rule.get("severity", "error"),
        at=fill(rule.get("at", ""), words),
        also=tuple((fill(at, words), fill(text, words)) for at, text in rule.get("also", {}).items()),
        why=tuple(fill(line, words) for line in rule.get("why", ())),
        fix=tuple(fill(line, words) for line in fixes),
        table=decision.table,
        row=decision.row or OTHERWISE,
        subject=subject,
    )


def allowed(table: Table, inputs: Mapping[str, Value]) -> dict[str, str]:
    """Of every column with a value list, as "column-allowed": the values that pass while the others stay the same."""
    words = {}
    for column in table.columns:
        if not column.fact.domain.is_range:
            passing = (v for v in column.fact.domain.values if not match(table, {**inputs, column.name: v}).finding)
            words[f"{column.name}-allowed"] = ", ".join(passing) or "nothing"
    return words


def tell_all(
    rulebook: Rulebook, decisions: Mapping[str, Decision], texts: Mapping[str, object], subject: str = ""
) -> list[Finding]:
    """The findings of several decisions, in the rulebook's order."""
    found = (tell(rulebook, decision, texts, subject) for decision in decisions.values())
    return [finding for finding in found if finding is not None]


def raises(decisions: Mapping[str, Decision]) -> bool:
    """Whether any of the decisions raised a finding: only then words need be made for it."""
    return any(decision.finding is not None for decision in decisions.values())


def with_braces(text: str) -> str:
    """A message that is shown unfilled: braces that stay are single, tokens keep theirs."""
    return text.replace("{{", "{").replace("}}", "}")


def tokens(text: str) -> list[str]:
    """The names in braces of a message, in order; {{ and }} are braces that stay."""
    return [token for _, token in _pieces(text) if token is not None]


def fill(text: str, words: Mapping[str, object]) -> str:
    """The message with every {name} replaced once; a brace inside a value stays text."""
    return "".join(literal + ("" if token is None else str(words[token])) for literal, token in _pieces(text))


def _pieces(text: str) -> list[tuple[str, str | None]]:
    """A message as (literal, name) pairs."""
    pieces: list[tuple[str, str | None]] = []
    literal, rest = "", text
    while rest:
        head, brace, rest = rest.partition("{")
        literal += head.replace("}}", "}")
        if rest.startswith("{"):
            literal, rest = literal + "{", rest[1:]
        elif brace:
            token, _, rest = rest.partition("}")
            pieces.append((literal, token))
            literal = ""
    return [*pieces, (literal, None)]
