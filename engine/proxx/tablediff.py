"""Which inputs of a table get another answer in another rulebook: whole boxes of them, found without trying any."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from proxx.boxes import Masks
from proxx.tables import Column, Row, Table, Value

REST = "anything-else"
_Atom = str | tuple[int, int]
"""A value, or the first and the last of a span of integers."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a table says of an input: its outcome, and its finding ("" for none)."""

    outcome: tuple[tuple[str, Value], ...]
    finding: str


@dataclass(frozen=True, slots=True)
class Region:
    """A box of inputs whose answer differs: by column the values they have (a column left out: any value).

    `before` and `after` are None where the other rulebook does not know such an input.
    """

    where: Mapping[str, tuple[str, ...]]
    before: Answer | None
    after: Answer | None


@dataclass(frozen=True, slots=True)
class _Axis:
    """One fact as both tables see it: its atoms in words, and each atom's bit in either table (0: no such value)."""

    name: str
    atoms: tuple[_Atom, ...]
    old: tuple[int, ...]
    new: tuple[int, ...]


_Change = tuple[Masks, Answer | None, Answer | None]
_Joint = tuple[tuple[Masks, Answer | None], ...]


def changes(old: Table, new: Table) -> tuple[Region, ...]:
    """Every input that the tables answer differently, in boxes that do not overlap. Columns are paired by fact."""
    pairs = _paired(old, new)
    axes = [_axis(one, other) for one, other in pairs]
    olds = _joint(old, [(axis.old, one) for axis, (one, _) in zip(axes, pairs, strict=True)])
    news = _joint(new, [(axis.new, other) for axis, (_, other) in zip(axes, pairs, strict=True)])
    widths = [len(axis.atoms) for axis in axes]
    found = _search(widths, olds, news, 0, tuple(range(len(olds))), tuple(range(len(news))), {})
    return tuple(_region(axes, change) for change in _merged(found, len(axes)))


def _paired(old: Table, new: Table) -> list[tuple[Column | None, Column | None]]:
    rest = list(new.columns)
    pairs: list[tuple[Column | None, Column | None]] = []
    for column in old.columns:
        same = next((one for one in rest if one.fact.name == column.fact.name), None)
        if same is not None:
            rest.remove(same)
        pairs.append((column, same))
    return pairs + [(None, column) for column in rest]


def _axis(old: Column | None, new: Column | None) -> _Axis:
    known = [column for column in (old, new) if column is not None]
    words: dict[str, None] = {}
    cuts: set[int] = set()
    for column in known:
        domain = column.fact.domain
        if domain.is_range:
            cuts |= {*column.cuts, domain.low, domain.high + 1}
        else:
            words |= dict.fromkeys((*domain.values, *((REST,) if domain.other else ())))
    words |= {REST: words.pop(REST)} if REST in words else {}
    edges = sorted(cuts)
    spans = [(low, high - 1) for low, high in pairwise(edges)]
    atoms: tuple[_Atom, ...] = (*words, *spans)
    return _Axis(known[-1].name, atoms, *(tuple(_bit(column, atom) for atom in atoms) for column in (old, new)))


def _bit(column: Column | None, atom: _Atom) -> int:
    """The atom's bit in a table; a table that does not look at the fact takes every value for one."""
    if column is None:
        return 1
    domain = column.fact.domain
    if isinstance(atom, tuple):
        return (column.bit(domain.clamped(atom[0])) or 0) if domain.is_range else 0
    return (column.bit(atom) or 0) if not domain.is_range else 0


def _joint(table: Table, bits: Sequence[tuple[tuple[int, ...], Column | None]]) -> _Joint:
    """The table's rows in order over the atoms of both; last, what no row holds: its otherwise, or no answer."""

    def spread(masks: Iterable[int]) -> Masks:
        return tuple(
            sum(1 << at for at, bit in enumerate(known) if bit & mask)
            for (known, _), mask in zip(bits, masks, strict=True)
        )

    def cells(row: Row) -> Masks:
        held = dict(zip((column.name for column in table.columns), row.masks, strict=True))
        return spread(held[column.name] if column else 1 for _, column in bits)

    rows: list[tuple[Masks, Answer | None]] = [(cells(row), _answer(row)) for row in table.rows]
    if table.otherwise is not None:
        rows.append((spread(column.full if column else 1 for _, column in bits), _answer(table.otherwise)))
    return (*rows, (tuple((1 << len(known)) - 1 for known, _ in bits), None))


def _answer(row: Row) -> Answer:
    return Answer(tuple(sorted(row.outcome.items())), row.finding or "")


def _search(
    widths: Sequence[int],
    olds: _Joint,
    news: _Joint,
    depth: int,
    here: tuple[int, ...],
    there: tuple[int, ...],
    known: dict[tuple[int, tuple[int, ...], tuple[int, ...]], tuple[_Change, ...]],
) -> tuple[_Change, ...]:
    """The differing boxes from column `depth` on, among the rows that hold the input so far in either table.

    Each pair of row sets is searched once at each column.
    """
    here, there = _reachable(olds, here, depth, widths), _reachable(news, there, depth, widths)
    if [(olds[i][0][depth:], olds[i][1]) for i in here] == [(news[i][0][depth:], news[i][1]) for i in there]:
        return ()
    if depth == len(widths):
        before, after = olds[here[0]][1], news[there[0]][1]
        return () if before == after else (((), before, after),)
    key = (depth, here, there)
    if key not in known:
        groups: dict[tuple[tuple[int, ...], tuple[int, ...]], int] = {}
        for at in range(widths[depth]):
            state = tuple(tuple(i for i in rows if table[i][0][depth] >> at & 1) for table, rows in
                          ((olds, here), (news, there)))  # fmt: skip
            groups[state[0], state[1]] = groups.get((state[0], state[1]), 0) | 1 << at
        tails: dict[tuple[_Change, ...], int] = {}
        for (one, other), mask in groups.items():
            tail = _search(widths, olds, news, depth + 1, one, other, known)
            tails[tail] = tails.get(tail, 0) | mask
        known[key] = tuple(((mask, *box), before, after) for tail, mask in tails.items() for box, before, after in tail)
    return known[key]


def _reachable(rows: _Joint, active: tuple[int, ...], depth: int, widths: Sequence[int]) -> tuple[int, ...]:
    """The active rows up to the first that holds everything from here on: those below it never decide."""
    for place, index in enumerate(active):
        if all(mask == (1 << width) - 1 for mask, width in zip(rows[index][0][depth:], widths[depth:], strict=True)):
            return active[: place + 1]
    return active


def _merged(found: Iterable[_Change], columns: int) -> list[_Change]:
    """The same inputs in fewer boxes: two that differ in one column only become one."""
    boxes, count = list(found), -1
    while count != len(boxes):
        count = len(boxes)
        for column in range(columns):
            joined: dict[tuple[Masks, Masks, Answer | None, Answer | None], int] = {}
            for box, before, after in boxes:
                key = (box[:column], box[column + 1 :], before, after)
                joined[key] = joined.get(key, 0) | box[column]
            boxes = [((*left, mask, *right), before, after) for (left, right, before, after), mask in joined.items()]
    return boxes


def _region(axes: Sequence[_Axis], change: _Change) -> Region:
    box, before, after = change
    where = {
        axis.name: _words(axis, mask)
        for axis, mask in zip(axes, box, strict=True)
        if mask != (1 << len(axis.atoms)) - 1
    }
    return Region(where, before, after)


def _words(axis: _Axis, mask: int) -> tuple[str, ...]:
    """What a mask holds: values, and ranges such as 2..255, joined where they touch."""
    words: list[str] = []
    spans: list[tuple[int, int]] = []
    for at, atom in enumerate(axis.atoms):
        if not mask >> at & 1:
            continue
        if isinstance(atom, str):
            words.append(atom)
        elif spans and spans[-1][1] + 1 == atom[0]:
            spans[-1] = (spans[-1][0], atom[1])
        else:
            spans.append(atom)
    return (*words, *(str(low) if low == high else f"{low}..{high}" for low, high in spans))
