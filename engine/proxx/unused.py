"""What stands in a rulebook and does nothing: findings, sets, stages, columns, answers and words that come second."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from proxx.errors import Finding
from proxx.evaluate import tokens
from proxx.faults import fault, table_fault, warned
from proxx.rulebook import Rulebook
from proxx.tables import Table

ASKED_FOR = frozenset({"raw", "linear-pcm", "damage-words", "quicktime-languages"})
"""Sets that the program itself asks for, to make facts."""

ONE_OWNER = {"source-codec": ("aliases", "tags"), "container": ("aliases", "extensions")}
"""Lists of words by which one entry alone is known: of two that claim a word, only the first would ever get it."""


def unused(rulebook: Rulebook) -> Iterator[Finding]:
    """Everything that is written and has no effect. A column or an answer without one is only remarked on."""
    yield from _findings(rulebook)
    yield from _sets(rulebook)
    yield from _stages(rulebook)
    yield from _nles(rulebook)
    yield from _clashes(rulebook)
    for name in rulebook.items["table"]:
        yield from _columns(rulebook, rulebook.table(name))
        yield from _answers(rulebook, rulebook.table(name))


def _findings(rulebook: Rulebook) -> Iterator[Finding]:
    raised = {name for table in rulebook.items["table"] for name in rulebook.table(table).findings}
    for name in rulebook.findings:
        if name not in raised:
            yield fault(rulebook, "rulebook/unused-finding", f"no row raises the finding {name}", f"finding/{name}")


def _sets(rulebook: Rulebook) -> Iterator[Finding]:
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


def _stages(rulebook: Rulebook) -> Iterator[Finding]:
    """Stages that hold no fact and ask no table."""
    asked = {data.get("stage") for kind in ("table", "fact") for data in rulebook.items[kind].values()}
    for name in rulebook.items["stage"]:
        if name not in asked:
            message = f"no table is asked at stage {name}, and no fact belongs to it"
            yield warned(fault(rulebook, "rulebook/unused-stage", message, f"stage/{name}"))


def _nles(rulebook: Rulebook) -> Iterator[Finding]:
    """Editing systems that no table judges: each would take every proxy without a word."""
    asked = {data["stage"] for data in rulebook.items["table"].values()}
    for name in rulebook.items["nle"]:
        if name not in asked:
            message = f"no table is asked at stage {name}, so that every proxy would relink in {name}"
            yield fault(rulebook, "rulebook/unjudged-nle", message, f"nle/{name}")


def _clashes(rulebook: Rulebook) -> Iterator[Finding]:
    """Words of the vocabulary that two entries claim: only the first would ever be found by it."""
    for kind, lists in ONE_OWNER.items():
        entries = rulebook.items[kind]
        for key in lists:
            owners = {name: name for name in entries} if key == "aliases" else {}
            for name, data in entries.items():
                for number, word in enumerate(data.get(key, ())):
                    owner = owners.setdefault(word.lower(), name)
                    if owner != name:
                        message = f"{kind} {name}: {word} means {owner} already, so {name} is never found by it"
                        yield fault(rulebook, "rulebook/word-twice", message, f"{kind}/{name}", f"{key}/{number}")


def _columns(rulebook: Rulebook, table: Table) -> Iterator[Finding]:
    """Columns that no row looks at and no message says."""
    rules = [rulebook.findings[name] for name in table.findings]
    said = {token.removesuffix("-allowed") for text in _texts(rules) for token in tokens(text)}
    for index, column in enumerate(table.columns):
        if column.name not in said and all(row.masks[index] == column.full for row in table.rows):
            message = f"table {table.name}: no row looks at column {column.name}"
            yield warned(table_fault(rulebook, "rulebook/unused-column", message, table, f"in/{column.name}"))


def _answers(rulebook: Rulebook, table: Table) -> Iterator[Finding]:
    """Answers that a table declares and no row gives."""
    rows = [row for row in (*table.rows, table.otherwise) if row is not None]
    for name, values in table.out.items():
        given = {row.outcome.get(name) for row in rows}
        for value in values:
            if value not in given:
                message = f"table {table.name}: no row answers {name} = {value}"
                yield warned(table_fault(rulebook, "rulebook/unused-answer", message, table, f"out/{name}"))
