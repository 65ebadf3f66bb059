"""Finds the case files of every rulebook layer, runs them, and says what failed and which rows were not reached."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from proxx.cases import Miss, Watched, run_case
from proxx.errors import Finding
from proxx.positions import locate_toml
from proxx.rulebook import Rulebook, builtin
from proxx.shape import read_document
from proxx.tables import Table
from proxx.terminal import read_bytes

SCHEMA = "cases.schema.json"
PLACES = ("cases", "tests/cases")
"""Where a layer keeps its cases; the shipped one keeps them among the tests of the program."""

Row = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one case ended: its file, line and column, and what it expected and did not get."""

    id: str
    note: str
    path: str
    line: int
    column: int
    misses: tuple[Miss, ...]


@dataclass(frozen=True, slots=True)
class Tested:
    """How all cases ended, what is wrong with their files, and of all rows (table, row) which were reached."""

    outcomes: tuple[Outcome, ...]
    faults: tuple[Finding, ...]
    rows: tuple[Row, ...]
    reached: frozenset[Row]

    @property
    def ok(self) -> bool:
        """Whether every file could be read and every case got what it expected."""
        return not self.faults and not any(outcome.misses for outcome in self.outcomes)

    @property
    def unreached(self) -> tuple[Row, ...]:
        """The rows that no case reached."""
        return tuple(row for row in self.rows if row not in self.reached)


def layers_of(folders: Sequence[str]) -> list[str]:
    """The folders that count, the shipped one first: a complete rulebook begins the stack anew."""
    stack = [builtin()]
    for folder in folders:
        head = tomllib.loads(read_bytes(os.path.join(folder, "rulebook.toml")).decode("utf-8"))
        stack = [*stack, folder] if "extends" in head else [folder]
    return stack


def case_files(folder: str) -> list[str]:
    """The case files of a layer, in order."""
    for place in PLACES:
        where = os.path.join(os.path.realpath(folder), place)
        if os.path.isdir(where):
            return [os.path.join(where, name) for name in sorted(os.listdir(where)) if name.endswith(".toml")]
    return []


def run_layers(folders: Sequence[str], load: Callable[[Sequence[str]], Rulebook]) -> Tested:
    """Run the cases of every layer against the rulebook as it is up to that layer; `load` gives that rulebook.

    A layer above may change what a case below it expects: that is what it is for.
    """
    whole = load(folders)
    outcomes: list[Outcome] = []
    faults: list[Finding] = []
    reached: set[Row] = set()
    layers = layers_of(folders)
    for count, layer in enumerate(layers):
        files = case_files(layer)
        if files:
            book = Watched((whole if count + 1 == len(layers) else load(_up_to(folders, layer))).frozen)
            seen: dict[str, str] = {}
            for path in files:
                ran, wrong = run_file(book, path, seen)
                outcomes += ran
                faults += wrong
            reached |= book.reached
    return Tested(tuple(outcomes), tuple(faults), tuple(rows_of(whole)), frozenset(reached))


def _up_to(folders: Sequence[str], layer: str) -> Sequence[str]:
    return folders[: folders.index(layer) + 1] if layer in folders else ()


def run_file(book: Watched, path: str, seen: dict[str, str]) -> tuple[list[Outcome], list[Finding]]:
    """Run one file of cases. `seen` says in which file each id stood so far: an id names one case of a layer."""
    data = read_bytes(path)
    schema = read_bytes(os.path.join(builtin(), "schema", SCHEMA))
    document, faults = read_document(path, data, {SCHEMA: schema})
    if faults:
        return [], faults
    base, text = document.get("base", {}), data.decode("utf-8")
    outcomes = []
    for index, case in enumerate(document["case"]):
        if case["id"] in seen:
            message = f"case {case['id']} stands already in {seen[case['id']]}"
            faults.append(Finding("rulebook/defined-twice", message, at=f"/case/{index}/id", subject=path))
        seen.setdefault(case["id"], path)
        misses = tuple(run_case(book, {**base, **case}, base))
        spot = locate_toml(text, ["case", index])
        outcomes.append(Outcome(case["id"], case["note"], path, spot.line, spot.column, misses))
    return outcomes, faults


def rows_of(rulebook: Rulebook) -> list[Row]:
    """Every row that can decide, the otherwise of each table too."""
    return [(table.name, name) for table in map(rulebook.table, rulebook.items["table"]) for name in _names(table)]


def _names(table: Table) -> list[str]:
    return [row.id for row in (*table.rows, *([table.otherwise] if table.otherwise else []))]


def as_document(tested: Tested) -> dict[str, Any]:
    """The published shape of `rulebook test` (schema/tested.schema.json)."""
    cases = [
        {
            "id": one.id,
            "path": one.path,
            "line": one.line,
            "column": one.column,
            "ok": not one.misses,
            "misses": [{"what": miss.what, "expected": miss.expected, "got": miss.got} for miss in one.misses],
        }
        for one in tested.outcomes
    ]
    faults = [{"id": fault.id, "path": fault.subject, "message": fault.message} for fault in tested.faults]
    unreached = [{"table": table, "row": row} for table, row in tested.unreached]
    coverage = {"rows": len(tested.rows), "reached": len(tested.rows) - len(unreached), "unreached": unreached}
    return {"format": 1, "ok": tested.ok, "cases": cases, "faults": faults, "coverage": coverage}
