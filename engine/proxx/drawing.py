"""Draws decision tables: two closed lists as a matrix with numbered reasons, every other table row by row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from proxx.evaluate import match
from proxx.markdown import code, codes, grid, line, numbered
from proxx.rulebook import Rulebook
from proxx.tables import OTHERWISE, Column, Row, Table, Value

MARKS = {"error": "✗", "warning": "⚠", "note": "ℹ"}  # noqa: RUF001 - the sign for a note
ELSE = "*anything else*"
MOST_COLUMNS = 8
"""A wider matrix puts the columns whose answers are all the same under one head."""

MOST_ROWS = 16
"""A longer matrix puts the rows that have one answer everywhere last."""

MOST_NAMES = 3
"""A head of more names says them below the matrix."""

MOST_CELLS = 3
"""A table of more columns says of each row only what it asks for."""

_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def rows_of(table: Table) -> tuple[Row, ...]:
    """Every row of a table, what holds otherwise last."""
    return (*table.rows, *([table.otherwise] if table.otherwise else []))


def finding_link(name: str, up: str = "..") -> str:
    """A link to the page of a finding, from a page one folder deep."""
    return f"[{code(name)}]({up}/findings/{name}.md)"


def mark(rulebook: Rulebook, row: Row) -> str:
    """What a row says, in one sign or word: an outcome's values, or whether it passes."""
    if row.finding is not None:
        return MARKS[rulebook.findings[row.finding].get("severity", "error")]
    return ", ".join(str(value) for value in row.outcome.values()) or "✓"


def reasons(row: Row) -> str:
    """Why a row is there, and how sure that is, as it says itself."""
    about = row.about
    words = [line(about[key]) for key in ("why", "note", "source") if about.get(key)]
    evidence = about.get("evidence")
    if isinstance(evidence, Mapping):
        said = "; ".join(f"{key.replace('_', ' ')} {value}" for key, value in evidence.items() if value)
        words.append(f"Evidence: {line(said)}.")
    elif evidence:
        words.append(f"Evidence: {line(evidence)}.")
    if about.get("origin"):
        words.append(f"Origin: {line(about['origin'])}.")
    return " ".join(word if word.endswith((".", "!", "?")) else f"{word}." for word in words)


def is_matrix(table: Table) -> bool:
    """Whether a table can be drawn as rows by columns: two columns, each a closed list."""
    return len(table.columns) == 2 and not any(column.fact.domain.is_range for column in table.columns)


def matrix(rulebook: Rulebook, table: Table) -> str:
    """The table as a matrix, and below it what its numbers stand for."""
    down, across = sorted(table.columns, key=lambda column: column.width, reverse=True)
    answers = {
        left: [match(table, {down.name: left, across.name: top}) for top in _values(across)] for left in _values(down)
    }
    notes = _notes(table, [row for found in answers.values() for row in found])
    cells = {left: [_cell(rulebook, row, notes) for row in found] for left, found in answers.items()}
    groups = _groups([[row[at] for row in cells.values()] for at in range(across.width)])
    names = [[_value_word(_values(across)[at]) for at in group] for group in groups]
    body = [[f"**{_value_word(left)}**", *(found[group[0]] for group in groups)] for left, found in _ordered(cells)]
    drawn = grid([f"{code(down.name)} ↓ {code(across.name)} →", *map(_head, names)], body)
    meant = [f"{_head(one)}: {', '.join(one)}." for one in names if _head(one) != ", ".join(one)]
    reasoned = numbered(_note(rulebook, row) for row in notes.values())
    return "\n\n".join(part for part in (drawn, *meant, _legend(rulebook, table), reasoned) if part)


def _ordered(cells: Mapping[str | int, Sequence[str]]) -> list[tuple[str | int, Sequence[str]]]:
    """The rows in the order of the domain; in a long matrix those that say one thing everywhere come last."""
    if len(cells) <= MOST_ROWS:
        return list(cells.items())
    return sorted(cells.items(), key=lambda item: len(set(item[1])) == 1)


def _head(names: Sequence[str]) -> str:
    return ", ".join(names) if len(names) <= MOST_NAMES else f"{names[0]} and {len(names) - 1} others"


def _values(column: Column) -> tuple[Value, ...]:
    return tuple(column.sample(1 << at) for at in range(column.width))


def _value_word(value: Value) -> str:
    return ELSE if value == "anything-else" else code(value)


def _groups(columns: Sequence[Sequence[str]]) -> list[list[int]]:
    """Places of columns that are drawn as one; each stands alone where the matrix is not wide."""
    if len(columns) <= MOST_COLUMNS:
        return [[at] for at in range(len(columns))]
    merged: dict[tuple[str, ...], list[int]] = {}
    for at, cells in enumerate(columns):
        merged.setdefault(tuple(cells), []).append(at)
    return list(merged.values())


def _notes(table: Table, reached: Sequence[Row]) -> dict[str, Row]:
    """The rows with something to say, in the table's order: each gets a number."""
    ids = {row.id for row in reached}
    told = ("why", "note", "source", "evidence")
    return {
        row.id: row for row in table.rows if row.id in ids and (row.finding or any(row.about.get(key) for key in told))
    }


def _cell(rulebook: Rulebook, row: Row, notes: Mapping[str, Row]) -> str:
    number = str(list(notes).index(row.id) + 1).translate(_RAISED) if row.id in notes else ""
    return f"{mark(rulebook, row)} {number}".rstrip()


def _legend(rulebook: Rulebook, table: Table) -> str:
    """What the cells hold when it is no plain ✓, and what a sign without a number means."""
    words = []
    if table.out:
        words.append(f"A cell says {', '.join(table.out)}.")
    rest = table.otherwise
    if rest is not None:
        told = f"{finding_link(rest.finding)}." if rest.finding else reasons(rest) or "no row says otherwise."
        words.append(f"{mark(rulebook, rest)} without a number: {told}")
    return " ".join(words)


def _note(rulebook: Rulebook, row: Row) -> str:
    words = [f"Row {code(row.id)}:"]
    if row.finding:
        words.append(f"{finding_link(row.finding)}, {line(rulebook.findings[row.finding]['title'])}.")
    return " ".join([*words, reasons(row)]).strip()


def row_list(rulebook: Rulebook, table: Table) -> str:
    """Every row: what it asks for, what it answers, and why."""
    raw = {row["id"]: row for row in rulebook.items["table"][table.name].get("rows", [])}
    wide = len(table.columns) > MOST_CELLS
    names = [column.name for column in table.columns]
    body = []
    for row in rows_of(table):
        cells = raw.get(row.id, {})
        asked = [_when(cells, names)] if wide else [cell_words(cells[name]) if name in cells else "" for name in names]
        if row.id == OTHERWISE:
            asked = ["*otherwise*", *[""] * (len(asked) - 1)]
        body.append([code(row.id), *asked, _answer(rulebook, row), _told(rulebook, table, row)])
    return grid(["row", *(["when"] if wide else map(code, names)), "answer", "why"], body)


def _told(rulebook: Rulebook, table: Table, row: Row) -> str:
    """Why a row is there, and which layer added it when it is not the table's own."""
    own = rulebook.origins[f"table/{table.name}"][0]
    layer = rulebook.origins.get(f"table/{table.name}/{row.id}", [own])[0]
    return reasons(row) if layer == own else f"{reasons(row)} Layer {code(layer)}.".strip()


def _when(cells: Mapping[str, Any], names: Sequence[str]) -> str:
    return "; ".join(f"{code(name)} {cell_words(cells[name])}" for name in names if name in cells)


def cell_words(cell: Any) -> str:
    """A cell as the rulebook writes it, in words."""
    if isinstance(cell, list):
        return ", ".join(cell_words(one) for one in cell)
    if isinstance(cell, Mapping) and "not" in cell:
        return f"not {cell_words(cell['not'])}"
    if isinstance(cell, Mapping):
        signs = {"ge": "≥", "gt": "\\>", "le": "≤", "lt": "\\<"}
        return " and ".join(f"{signs[key]} {bound}" for key, bound in cell.items())
    return code(cell)


def _answer(rulebook: Rulebook, row: Row) -> str:
    if row.finding:
        return f"{mark(rulebook, row)} {finding_link(row.finding)}"
    if row.outcome:
        return ", ".join(f"{name} {code(value)}" for name, value in row.outcome.items())
    return "✓"


def sets_used(rulebook: Rulebook, table: Table) -> str:
    """The members of every set that a cell of the table names."""
    cells = [cell for row in rulebook.items["table"][table.name].get("rows", []) for cell in row.values()]
    names = sorted({word[1:] for cell in cells for word in _words(cell) if word.startswith("@")})
    return grid(["set", "members"], [[code(f"@{name}"), codes(rulebook.sets[name])] for name in names]) if names else ""


def _words(cell: Any) -> list[str]:
    if isinstance(cell, Mapping):
        return [word for one in cell.values() for word in _words(one)]
    if isinstance(cell, list):
        return [word for one in cell for word in _words(one)]
    return [cell] if isinstance(cell, str) else []


def domain_words(column: Column) -> str:
    """The values that a column's fact can take."""
    domain = column.fact.domain
    if domain.is_range:
        return f"{domain.low} to {domain.high}"
    return codes(domain.values) + (f", {ELSE}" if domain.other else "")


def by_key(items: Sequence[tuple[str, str]]) -> dict[str, list[str]]:
    """Names by the heading they stand under, in the order of both."""
    keyed = sorted(items, key=lambda item: list(dict.fromkeys(key for key, _ in items)).index(item[0]))
    return {key: [name for _, name in group] for key, group in groupby(keyed, key=lambda item: item[0])}
