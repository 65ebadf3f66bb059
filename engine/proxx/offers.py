"""Rows of the source matrix that offer an engine which routing forbids: no job could ever take that offer."""

from __future__ import annotations

from collections.abc import Iterator

from proxx.boxes import Masks, overlap, uncovered
from proxx.errors import Finding
from proxx.evaluate import decide
from proxx.faults import in_words, row_fault, witness
from proxx.rulebook import Rulebook
from proxx.tables import Row, Table

MATRIX, ROUTE = "source-capability", "route"


def class_of(rulebook: Rulebook, codec: str) -> str:
    """The class of a source codec, as routing asks for it: raw, unknown or standard."""
    if codec == "unknown":
        return codec
    return "raw" if codec in rulebook.members("raw") else "standard"


def forbidden_offers(rulebook: Rulebook) -> Iterator[Finding]:
    """Every row of the source matrix whose engine table route does not give to one of its codecs."""
    matrix, route = rulebook.table(MATRIX), rulebook.table(ROUTE)
    place = next((at for at, column in enumerate(matrix.columns) if column.fact.name == "source.codec"), None)
    above: list[Masks] = []
    for row in matrix.rows:
        if place is not None and not row.finding and "engine" in row.outcome:
            yield from _forbidden(rulebook, matrix, route, row, place, above)
        if matrix.hit == "first":
            above.append(row.masks)


def _forbidden(
    rulebook: Rulebook, matrix: Table, route: Table, row: Row, place: int, above: list[Masks]
) -> Iterator[Finding]:
    """One fault for a row: the first of its codecs that may not have its engine."""
    column, offered = matrix.columns[place], row.outcome["engine"]
    for atom in range(column.width):
        codec = column.sample(1 << atom)
        box = overlap(row.masks, tuple(1 << atom if at == place else one.full for at, one in enumerate(matrix.columns)))
        here = uncovered([one.width for one in matrix.columns], above, box) if box is not None else None
        if here is None:
            continue
        codec_class = class_of(rulebook, str(codec))
        answer = decide(route, {"source.class": codec_class, "source.offered": offered})
        if answer is not None and answer.finding:
            shown = witness(matrix, here)
            message = (
                f"table {matrix.name}: row {row.id} offers {offered} for {codec}, which table {route.name} never gives "
                f"to a codec of class {codec_class}: {in_words(shown)}"
            )
            yield row_fault(rulebook, "rulebook/forbidden-offer", message, matrix, row, shown, "then")
            return
