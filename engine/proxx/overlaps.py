"""What the boxes of a table prove: rows that overlap, rows that decide nothing, and inputs that nothing decides."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from proxx.boxes import Masks, overlap, uncovered
from proxx.errors import Finding
from proxx.faults import in_words, row_fault, table_fault, warned, witness
from proxx.rulebook import Rulebook
from proxx.tables import OTHERWISE, Row, Table


def box_faults(rulebook: Rulebook, table: Table) -> Iterator[Finding]:
    """Overlaps, ties, rows that nothing reaches or that are spare, and inputs that no row holds."""
    for index, row in enumerate(table.rows):
        empty = [column.name for column, mask in zip(table.columns, row.masks, strict=True) if not mask]
        if empty:
            message = f"table {table.name}: row {row.id} can never match: its cell {empty[0]} holds no value"
            yield row_fault(rulebook, "rulebook/unreachable", message, table, row, key=empty[0])
        elif table.hit == "unique":
            yield from _overlaps(rulebook, table, row, table.rows[:index])
        else:
            yield from _shadows(rulebook, table, index, row)
    yield from _gaps(rulebook, table)


def _overlaps(rulebook: Rulebook, table: Table, row: Row, earlier: Sequence[Row]) -> Iterator[Finding]:
    """Rows of a unique table that hold an input together: with two answers, or with one (a tie)."""
    for other in earlier:
        both = overlap(row.masks, other.masks)
        if both is None:
            continue
        shown = witness(table, both)
        if answer(row) == answer(other):
            kind, tail = "rulebook/tie", "; they answer alike, so one of them is spare there"
        else:
            kind, tail = "rulebook/overlap", ""
        message = f"table {table.name}: rows {other.id} and {row.id} both decide {in_words(shown)}{tail}"
        yield _beside(rulebook, row_fault(rulebook, kind, message, table, row, shown), table, other)


def _beside(rulebook: Rulebook, finding: Finding, table: Table, other: Row) -> Finding:
    """The finding with the other row's place, where both stand in one file."""
    _, path, pointer = rulebook.origins.get(f"table/{table.name}/{other.id}", ["", "", ""])
    return replace(finding, also=((pointer, "because this row holds it too"),)) if path == finding.subject else finding


def _shadows(rulebook: Rulebook, table: Table, index: int, row: Row) -> Iterator[Finding]:
    """A row of a first-hit table that the rows above leave nothing to decide, or that the rows below make spare."""
    widths = [column.width for column in table.columns]
    earlier = [other.masks for other in table.rows[:index]]
    left = uncovered(widths, earlier, row.masks)
    if left is None:
        shown = witness(table, row.masks)
        message = (
            f"table {table.name}: row {row.id} can never match: rows above it hold all of its inputs, "
            f"for instance {in_words(shown)}"
        )
        yield row_fault(rulebook, "rulebook/unreachable", message, table, row, shown)
        return
    above = list(earlier)
    for other in table.rows[index + 1 :]:
        both = overlap(row.masks, other.masks)
        if both is not None and answer(other) != answer(row) and uncovered(widths, above, both) is not None:
            return
        above.append(other.masks)
    if uncovered(widths, above, row.masks) is None:
        shown = witness(table, left)
        message = f"table {table.name}: row {row.id} is spare: rows below it answer alike, as for {in_words(shown)}"
        yield warned(row_fault(rulebook, "rulebook/spare-row", message, table, row, shown))


def _gaps(rulebook: Rulebook, table: Table) -> Iterator[Finding]:
    gap = uncovered([column.width for column in table.columns], [row.masks for row in table.rows])
    if gap is not None and table.otherwise is None:
        shown = witness(table, gap)
        message = f"table {table.name} has a gap and no otherwise: nothing decides {in_words(shown)}"
        yield table_fault(rulebook, "rulebook/gap", message, table, shown=shown)
    if gap is None and table.otherwise is not None:
        message = f"table {table.name}: otherwise is never reached: the rows hold every input"
        yield table_fault(rulebook, "rulebook/unreachable", message, table, OTHERWISE)


def decided(table: Table, row: Row) -> Masks | None:
    """A box of inputs that the row decides; None when there are none."""
    above: list[Masks] = []
    for other in table.rows:
        if other is row:
            break
        above.append(other.masks)
    room = tuple(column.full for column in table.columns) if row is table.otherwise else row.masks
    if not all(room):
        return None
    return uncovered([column.width for column in table.columns], above, room)


def answer(row: Row) -> tuple[dict[str, str | int], str | None]:
    """What a row says, to be compared: its outcome and its finding."""
    return dict(row.outcome), row.finding
