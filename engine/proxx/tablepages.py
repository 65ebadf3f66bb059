"""The pages of decision tables, of findings, and of the facts that tables ask about."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from proxx.answers import decide
from proxx.drawing import by_key, domain_words, finding_link, is_matrix, matrix, row_list, rows_of, sets_used
from proxx.evaluate import tokens, with_braces
from proxx.markdown import code, codes, fence, grid, line, listed, page, plain
from proxx.rulebook import Rulebook
from proxx.tables import Table

Pages = dict[str, str]
EXPLICIT = {"resolution": "1280x720", "fps_explicit": 25}
"""How a spec writes what a fact only calls explicit or present."""


def place(rulebook: Rulebook, key: str) -> str:
    """The layer and the file that say an entry, without the folder that the rulebook stands in."""
    layer, path = rulebook.origins[key][:2]
    parts = str(path).split("/")
    folder = next((at for at in reversed(range(len(parts))) if parts[at] in ("matrices", "profiles")), len(parts) - 1)
    return f"layer {code(layer)}, {code('/'.join(parts[folder:]))}"


def all_tables(rulebook: Rulebook) -> list[Table]:
    """Every table, in the order of the rulebook."""
    return [rulebook.table(name) for name in rulebook.items["table"]]


def table_pages(rulebook: Rulebook) -> Pages:
    """A list of all tables by the matrix they stand in, and a page for each."""
    tables = {table.name: table for table in all_tables(rulebook)}
    parts = ["Every decision is made by one of these tables. A matrix is one file of the rulebook."]
    for question, names in by_key([(table.question, name) for name, table in tables.items()]).items():
        rows = [
            [f"[{code(name)}]({name}.md)", line(tables[name].doc), codes(c.name for c in tables[name].columns)]
            for name in names
        ]
        parts += [f"## {question}", grid(["table", "question", "columns"], rows)]
    return {
        "tables/index.md": page("Tables", *parts),
        **{f"tables/{name}.md": table_page(rulebook, table) for name, table in tables.items()},
    }


def table_page(rulebook: Rulebook, table: Table) -> str:
    """One table: its question, the matrix where it has two columns, its rows, what it asks, and how to ask it."""
    about = [
        f"Asked: {line(rulebook.items['stage'][table.stage]['doc'])}",
        "Rows may not overlap, so their order means nothing."
        if table.hit == "unique"
        else "The first row that matches decides.",
        f"Written in {place(rulebook, f'table/{table.name}')}.",
    ]
    if table.locked:
        about.append("Locked: no layer may change it.")
    drawn = [] if not is_matrix(table) else ["## Matrix", matrix(rulebook, table)]
    facts = [[code(c.name), code(c.fact.name), line(c.fact.doc), domain_words(c)] for c in table.columns]
    found = [
        [finding_link(name), line(rulebook.findings[name]["title"])]
        for name in dict.fromkeys(row.finding for row in rows_of(table) if row.finding)
    ]
    return page(
        code(table.name),
        plain(table.doc),
        *drawn,
        "## Rows",
        row_list(rulebook, table),
        sets_used(rulebook, table),
        "## Columns",
        grid(["column", "fact", "what it says", "values"], facts),
        *(["## Findings", grid(["finding", "title"], found)] if found else []),
        "## Ask it",
        fence(question_words(table), "sh"),
        listed(about),
    )


def question_words(table: Table, given: Mapping[str, Any] | None = None) -> str:
    """The command that asks the table: with the given values, or with those that its first row takes."""
    masks = table.rows[0].masks if table.rows else [column.full for column in table.columns]
    taken = given if given is not None else {c.name: c.sample(m) for c, m in zip(table.columns, masks, strict=True)}
    return f"proxx decide {table.name} " + " ".join(f"{name}={value}" for name, value in taken.items())


def finding_pages(rulebook: Rulebook) -> Pages:
    """A list of all findings by area, and a page for each."""
    parts = [
        "What proxx can tell about a spec, a source or a made proxy. An error refuses; warnings and notes only tell."
    ]
    for area, names in by_key([(name.partition("/")[0], name) for name in rulebook.findings]).items():
        rows = [
            [
                f"[{code(name)}]({name}.md)",
                rulebook.findings[name].get("severity", "error"),
                line(rulebook.findings[name]["title"]),
            ]
            for name in names
        ]
        parts += [f"## {area}", grid(["finding", "severity", "title"], rows)]
    tables = all_tables(rulebook)
    return {
        "findings/index.md": page("Findings", *parts),
        **{f"findings/{name}.md": finding_page(rulebook, name, tables) for name in rulebook.findings},
    }


def finding_page(rulebook: Rulebook, name: str, tables: Sequence[Table]) -> str:
    """One finding: what it says, why, what to do, who raises it, and inputs that do and do not."""
    rule = rulebook.findings[name]
    raised = [(table, row.id) for table in tables for row in rows_of(table) if row.finding == name]
    fixes = [rule["fix"]] if isinstance(rule.get("fix"), str) else rule.get("fix", [])
    beside = [f"{code(at)} is marked too: {plain(text)}." for at, text in rule.get("also", {}).items()]
    rows = [
        [f"[{code(table.name)}](../../tables/{table.name}.md)", code(row), line(table.doc)] for table, row in raised
    ]
    once = ", told once for a job" if rule.get("once") else ""
    return page(
        code(name),
        f"**{plain(rule['title'])}** ({rule.get('severity', 'error')}{once})",
        fence(with_braces(rule["what"])),
        _blanks(rulebook, rule, raised),
        "## Why",
        "\n\n".join(plain(with_braces(text)) for text in rule.get("why", ())),
        *(["## What to do", listed(plain(with_braces(text)) for text in fixes)] if fixes else []),
        *_examples(rulebook, rule, [table for table, _ in raised]),
        "## Who raises it",
        grid(["table", "row", "question"], rows),
        listed([*([f"It points at {code(rule['at'])}."] if rule.get("at") else []), *beside]),
        f"Written in {place(rulebook, f'finding/{name}')}.",
    )


def _blanks(rulebook: Rulebook, rule: Mapping[str, Any], raised: Sequence[tuple[Table, str]]) -> str:
    """What the names in braces of a message stand for."""
    names = dict.fromkeys(token for text in (rule["what"], *rule.get("why", ())) for token in tokens(text))
    meant: dict[str, str] = {}
    for table, _ in raised:
        for column in table.columns:
            meant.setdefault(column.name, column.fact.doc)
            meant.setdefault(f"{column.name}-allowed", f"the values of {column.name} that pass")
        meant |= rulebook.items["stage"][table.stage].get("texts", {})
    return listed(f"{code('{' + name + '}')}: {line(meant[name])}" for name in names if name in meant)


def _examples(rulebook: Rulebook, rule: Mapping[str, Any], tables: Sequence[Table]) -> list[str]:
    parts = []
    for kind, title in (("bad", "## What raises it"), ("good", "## What does not")):
        given = rule.get(kind, [])
        shown = [_example(rulebook, one, tables) for one in ([given] if isinstance(given, Mapping) else given)]
        if shown:
            parts += [title, "\n\n".join(shown)]
    return parts


def _example(rulebook: Rulebook, given: Mapping[str, Any], tables: Sequence[Table]) -> str:
    """An input as a fragment of a spec where fields say all of it, else as facts; and what the table answers to it."""
    table = next(table for table in tables if set(given) <= {column.name for column in table.columns})
    pointers = {column.name: column.fact.pointer for column in table.columns}
    whole = set(given) == set(pointers)
    if all(pointers[name] and table.column(name).fact.name.startswith("spec.") for name in given):
        shown = fence(json.dumps(fragment(given, pointers), indent=2, ensure_ascii=False), "json")
    else:
        shown = fence("\n".join(f"{name} = {value}" for name, value in given.items()))
    if not whole:
        return shown
    words = [f"{key}={value}" for key, value in given.items()]
    answer = decide(rulebook, table.name, words)
    told = answer["finding"]
    if told is None:
        return shown
    return (
        f"{shown}\n\n{fence(question_words(table, given), 'sh')}\n\n{fence(told['severity'] + ': ' + told['message'])}"
    )


def fragment(given: Mapping[str, Any], pointers: Mapping[str, str]) -> dict[str, Any]:
    """The fields of a spec that give a table this input."""
    fields = {}
    for name, value in given.items():
        field = pointers[name].strip("/")
        if value != "absent":
            fields[field] = EXPLICIT.get(field, value) if value in ("explicit", "present") else value
    return fields


def fact_pages(rulebook: Rulebook) -> Pages:
    """Every fact that rules may ask about, by the stage at which it is known, and the words of its messages."""
    asked: dict[str, list[str]] = {}
    for table in all_tables(rulebook):
        for column in table.columns:
            asked.setdefault(column.fact.name, []).append(table.name)
    parts = ["What rules may ask about. Every fact has a closed list of values, so every table can be proved."]
    for stage, data in rulebook.items["stage"].items():
        rows = [
            [
                code(fact.name),
                line(fact.doc),
                f"{fact.domain.low} to {fact.domain.high}"
                if fact.domain.is_range
                else codes((*fact.domain.values, *(["anything else"] if fact.domain.other else []))),
                ", ".join(f"[{code(name)}](tables/{name}.md)" for name in dict.fromkeys(asked.get(fact.name, []))),
            ]
            for fact in rulebook.facts.values()
            if fact.stage == stage
        ]
        texts = [[code("{" + name + "}"), line(text)] for name, text in data.get("texts", {}).items()]
        parts += [f"## {stage}", plain(data["doc"])]
        parts += [grid(["fact", "what it says", "values", "asked by"], rows)] if rows else []
        parts += ["Messages may also say:", grid(["word", "what it stands for"], texts)] if texts else []
    return {"facts.md": page("Facts", *parts)}


def severity_counts(rulebook: Rulebook) -> str:
    """How many findings of each severity there are, in words."""
    found = [rule.get("severity", "error") for rule in rulebook.findings.values()]
    return ", ".join(f"{found.count(kind)} {kind}s" for kind in ("error", "warning", "note") if kind in found)


def row_count(rulebook: Rulebook) -> int:
    """How many rows all tables have together."""
    return sum(len(table.rows) for table in all_tables(rulebook))
