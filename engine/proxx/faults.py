"""How the linter says a fault: with the file and place of the entry, and an input that shows it."""

from __future__ import annotations

from dataclasses import replace

from proxx.boxes import Masks
from proxx.errors import Finding
from proxx.rulebook import Rulebook
from proxx.tables import OTHERWISE, Row, Table, Value

Witness = tuple[tuple[str, Value], ...]


def witness(table: Table, box: Masks) -> Witness:
    """One input out of a box: a value for each column."""
    return tuple((column.name, column.sample(mask)) for column, mask in zip(table.columns, box, strict=True))


def in_words(shown: Witness) -> str:
    """An input in the words of `proxx decide`."""
    return " ".join(f"{name}={value}" for name, value in shown)


def row_fault(
    rulebook: Rulebook, kind: str, message: str, table: Table, row: Row, shown: Witness = (), key: str = ""
) -> Finding:
    """A fault of one row of a table, or of one key of it."""
    if row.id == OTHERWISE:
        at, key = f"table/{table.name}", f"otherwise/{key}" if key else OTHERWISE
    else:
        at = f"table/{table.name}/{row.id}"
    return replace(fault(rulebook, kind, message, at, key), table=table.name, row=row.id, witness=shown)


def table_fault(
    rulebook: Rulebook, kind: str, message: str, table: Table, key: str = "", shown: Witness = ()
) -> Finding:
    """A fault of a table as a whole, or of one key of it."""
    return replace(fault(rulebook, kind, message, f"table/{table.name}", key), table=table.name, witness=shown)


def fault(rulebook: Rulebook, kind: str, message: str, entry: str, key: str = "") -> Finding:
    """A fault of a rulebook entry such as table/NAME/ROW, or of one key in it, where its layer wrote it."""
    _, path, at = rulebook.origin(entry, f"/{key}" if key else "")
    return Finding(id=kind, message=message, at=at, subject=path)


def warned(finding: Finding) -> Finding:
    """The same fault as a warning: it refuses nothing."""
    return replace(finding, severity="warning")
