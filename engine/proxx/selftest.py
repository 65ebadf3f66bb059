"""The self-tests of findings: every bad example raises its finding, and no good one does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from proxx.boxes import Masks, overlap, uncovered
from proxx.errors import Finding
from proxx.faults import fault, in_words, witness
from proxx.rulebook import Rulebook
from proxx.tables import OTHERWISE, Table


def self_tests(rulebook: Rulebook) -> Iterator[Finding]:
    """Every finding's bad inputs raise it, and its good ones do not."""
    for name, rule in rulebook.findings.items():
        tables = [table for table in map(rulebook.table, rulebook.items["table"]) if name in table.findings]
        for kind in ("bad", "good"):
            examples = rule.get(kind, [])
            for example in [examples] if isinstance(examples, Mapping) else examples:
                yield from _self_test(rulebook, name, kind, example, tables)


def _self_test(
    rulebook: Rulebook, name: str, kind: str, example: Mapping[str, str | int], tables: Sequence[Table]
) -> Iterator[Finding]:
    fitting = [table for table in tables if set(example) <= {column.name for column in table.columns}]
    if not fitting:
        message = f"finding {name}: its {kind} example names columns that no table raising it has: {', '.join(example)}"
        yield fault(rulebook, "rulebook/self-test", message, f"finding/{name}", kind)
    for table in fitting:
        bits = [column.bit(example[column.name]) if column.name in example else column.full for column in table.columns]
        box = tuple(bit or 0 for bit in bits)
        if not all(box):
            message = f"finding {name}: its {kind} example is outside the domain of table {table.name}"
            yield fault(rulebook, "rulebook/self-test", message, f"finding/{name}", kind)
            continue
        wrong = _counter_example(table, box, name, wanted=kind == "bad")
        if wrong is not None:
            does = "does not raise it" if kind == "bad" else "raises it"
            shown = witness(table, wrong)
            row = _row_of(table, wrong)
            message = f"finding {name}: its {kind} example {does}: table {table.name}, {in_words(shown)}"
            message += _by_another_layer(rulebook, name, table.name, row)
            found = fault(rulebook, "rulebook/self-test", message, f"finding/{name}", kind)
            yield replace(found, table=table.name, row=row, witness=shown)


def _row_of(table: Table, box: Masks) -> str:
    """The row that decides an input."""
    return next((row.id for row in table.rows if overlap(row.masks, box) is not None), OTHERWISE)


def _by_another_layer(rulebook: Rulebook, finding: str, table: str, row: str) -> str:
    """Which layer wrote the row, where it is not the one that wrote the finding: there the mistake is likely."""
    layer, path, _ = rulebook.origin(f"table/{table}" + (f"/{row}" if row != OTHERWISE else ""))
    return f"; the row is by layer {layer} ({path})" if layer != rulebook.origin(f"finding/{finding}")[0] else ""


def _counter_example(table: Table, box: Masks, finding: str, *, wanted: bool) -> Masks | None:
    """An input of the box for which raising the finding is not as wanted; None when all are."""
    above: list[Masks] = []
    for row in table.rows:
        both = overlap(row.masks, box)
        if both is not None and (row.finding == finding) != wanted:
            left = uncovered([column.width for column in table.columns], above, both)
            if left is not None:
                return left
        above.append(row.masks)
    if table.otherwise is None or (table.otherwise.finding == finding) == wanted:
        return None
    return uncovered([column.width for column in table.columns], above, box)
