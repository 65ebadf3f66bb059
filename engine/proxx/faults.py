"""How the linter says a fault: with the file and place of the entry, and an input that shows it."""

from __future__ import annotations

from proxx.boxes import Masks
from proxx.errors import Finding
from proxx.rulebook import Rulebook
from proxx.tables import OTHERWISE, Row, Table


def witness(table: Table, box: Masks) -> str:
    """One input out of a box, in the words of `proxx decide`."""
    pairs = zip(table.columns, box, strict=True)
    return " ".join(f"{column.name}={column.sample(mask)}" for column, mask in pairs)


def row_fault(rulebook: Rulebook, kind: str, message: str, table: Table, row: Row) -> Finding:
    """A fault of one row of a table."""
    at = f"table/{table.name}" if row.id == OTHERWISE else f"table/{table.name}/{row.id}"
    return fault(rulebook, kind, message, at)


def fault(rulebook: Rulebook, kind: str, message: str, entry: str, key: str = "") -> Finding:
    """A fault of a rulebook entry such as table/NAME/ROW, or of one key in it, where its layer wrote it."""
    _, path, at = rulebook.origin(entry, f"/{key}" if key else "")
    return Finding(id=kind, message=message, at=at, subject=path)
