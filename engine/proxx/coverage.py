"""Tells the rows of a rulebook that no case reaches."""

from __future__ import annotations

import os
from dataclasses import replace

from proxx.casefiles import Tested, case_files
from proxx.errors import Finding
from proxx.faults import in_words, row_fault, witness
from proxx.overlaps import decided
from proxx.rulebook import Rulebook, builtin


def untested(book: Rulebook, tested: Tested, *, rows: bool) -> list[Finding]:
    """What is wrong with files of cases, and the rows that no case reaches: each of them (`rows`), or their number.

    Only cases count: a finding's own examples show that it is raised, not what else the row answers. An installed
    program has the shipped rules without their cases, so that those rows are not counted there.
    """
    notes = [_note(book, table, row) for table, row in tested.unreached]
    if not case_files(builtin()):
        shipped = os.path.realpath(builtin()) + os.sep
        notes = [note for note in notes if not note.subject.startswith(shipped)]
    if notes and not rows:
        message = f"no case reaches {len(notes)} of {len(tested.rows)} rows (--coverage lists them)"
        notes = [Finding("rulebook/untested", message, severity="note")]
    return [*tested.faults, *notes]


def _note(book: Rulebook, name: str, row_id: str) -> Finding:
    """A row that no case reaches, with an input for a case that would."""
    table = book.table(name)
    row = next(one for one in (*table.rows, table.otherwise) if one is not None and one.id == row_id)
    box = decided(table, row)
    shown = witness(table, box) if box else ()
    message = f"no case reaches row {row_id} of table {name}; one that gives {in_words(shown)} would"
    return replace(row_fault(book, "rulebook/untested", message, table, row, shown), severity="note")
