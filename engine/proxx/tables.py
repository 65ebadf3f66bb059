"""Decision tables as values: columns over closed domains, cells as sets of their atoms, rows that decide.

Every domain is finite once cut: a value list (plus "anything else"), or an integer range cut at the bounds that
the table's cells mention. A cell is therefore a bit mask over the column's atoms, and everything one may ask of a
table (does a row match, do two rows overlap, is there a gap) is exact arithmetic on masks.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Value = str | int
OTHERWISE = "otherwise"
ROW_KEYS = frozenset({"id", "then", "finding", "note", "origin", "source", "why", "evidence", "replaces", "remove"})
RANGE_KEYS = frozenset({"ge", "gt", "le", "lt"})


class TableError(ValueError):
    """A table, row or cell that cannot be understood; `where` names the row and the column."""

    def __init__(self, kind: str, message: str, *, where: tuple[str | int, ...] = ()) -> None:
        super().__init__(message)
        self.kind = kind
        self.where = where


@dataclass(frozen=True, slots=True)
class Domain:
    """What values a fact can take: a closed list, with `other` for anything else, or the integers low..high."""

    values: tuple[str, ...] = ()
    other: bool = False
    low: int = 0
    high: int = -1

    @property
    def is_range(self) -> bool:
        """Whether the domain is a range of integers."""
        return self.high >= self.low

    def clamped(self, value: Value) -> Value:
        """The value itself; a number beyond an end of the range counts as that end."""
        return min(max(value, self.low), self.high) if self.is_range and isinstance(value, int) else value


@dataclass(frozen=True, slots=True)
class Fact:
    """A named thing that rules may ask about. `pointer` is the place in a spec that sets it, if one does."""

    name: str
    stage: str
    doc: str
    domain: Domain
    pointer: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """A table's column: its name, its fact, and for integers the cuts where atoms begin."""

    name: str
    fact: Fact
    cuts: tuple[int, ...] = ()

    @property
    def width(self) -> int:
        """How many atoms the domain has here."""
        domain = self.fact.domain
        return len(self.cuts) if domain.is_range else len(domain.values) + domain.other

    @property
    def full(self) -> int:
        """The mask of every atom."""
        return (1 << self.width) - 1

    def bit(self, value: Value) -> int | None:
        """The mask of the one atom that holds the value; None when it lies outside the domain."""
        domain = self.fact.domain
        if domain.is_range:
            if not isinstance(value, int) or not domain.low <= value <= domain.high:
                return None
            return 1 << (bisect_right(self.cuts, value) - 1)
        if value in domain.values:
            return 1 << domain.values.index(str(value))
        return 1 << len(domain.values) if domain.other else None

    def sample(self, mask: int) -> Value:
        """One value out of a mask that is not empty: the first listed, or the lowest number."""
        position = (mask & -mask).bit_length() - 1
        if self.fact.domain.is_range:
            return self.cuts[position]
        return (*self.fact.domain.values, "anything-else")[position]

    def values(self, mask: int) -> tuple[str, ...]:
        """What a mask holds, in words: values, "anything else", or ranges such as 2..255."""
        hits, domain = [index for index in range(self.width) if mask >> index & 1], self.fact.domain
        if not domain.is_range:
            return tuple((*domain.values, "anything else")[i] for i in hits)
        ends = [*(cut - 1 for cut in self.cuts[1:]), domain.high]
        spans: list[tuple[int, int]] = []
        for i in hits:
            if spans and spans[-1][1] + 1 == self.cuts[i]:
                spans[-1] = (spans[-1][0], ends[i])
            else:
                spans.append((self.cuts[i], ends[i]))
        return tuple(str(a) if a == b else f"{a}..{b}" for a, b in spans)


@dataclass(frozen=True, slots=True)
class Row:
    """A row: one mask a column, and what it says: an outcome, a finding, or nothing (it passes)."""

    id: str
    masks: tuple[int, ...]
    outcome: Mapping[str, Value]
    finding: str | None
    about: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Table:
    """A question with its answer for every input. `question` is the file it stands in, `out` all answers by name."""

    name: str
    doc: str
    stage: str
    question: str
    columns: tuple[Column, ...]
    out: Mapping[str, Sequence[Value]]
    hit: str
    rows: tuple[Row, ...]
    otherwise: Row | None
    locked: bool

    def column(self, name: str) -> Column:
        """The column of that name."""
        return next(column for column in self.columns if column.name == name)

    @property
    def findings(self) -> frozenset[str]:
        """Ids of all findings that the table can raise."""
        rows = (*self.rows, self.otherwise) if self.otherwise else self.rows
        return frozenset(row.finding for row in rows if row.finding)


def compile_table(
    name: str, data: Mapping[str, Any], facts: Mapping[str, Fact], sets: Mapping[str, Sequence[str]]
) -> Table:
    """A typed table from its frozen data. Raises TableError for a fact, column, set or value that does not exist."""
    bound = {column: _fact(fact, facts, column) for column, fact in data.get("in", {}).items()}
    raw_rows = data.get("rows", [])
    columns = tuple(
        Column(column, fact, _cuts(fact.domain, [row[column] for row in raw_rows if column in row]))
        for column, fact in bound.items()
    )
    rows = tuple(_row(row, index, columns, sets) for index, row in enumerate(raw_rows))
    rest = data.get("otherwise")
    otherwise = _row({"id": OTHERWISE, **rest}, 0, (), sets) if rest is not None else None
    return Table(
        name=name,
        doc=data.get("doc", ""),
        stage=data.get("stage", ""),
        question=data.get("question", ""),
        columns=columns,
        out=data.get("out", {}),
        hit=data.get("hit", "unique"),
        rows=rows,
        otherwise=otherwise,
        locked=bool(data.get("locked", False)),
    )


def _fact(name: str, facts: Mapping[str, Fact], column: str) -> Fact:
    if name not in facts:
        raise TableError("unknown-fact", name, where=("in", column))
    return facts[name]


def _row(raw: Mapping[str, Any], index: int, columns: Sequence[Column], sets: Mapping[str, Sequence[str]]) -> Row:
    names = {column.name for column in columns}
    for key in raw:
        if key not in names and key not in ROW_KEYS:
            raise TableError("unknown-column", key, where=("rows", index, key))
    masks = tuple(
        _mask(raw[column.name], column, sets, ("rows", index, column.name)) if column.name in raw else column.full
        for column in columns
    )
    about = {key: value for key, value in raw.items() if key in ROW_KEYS - {"id", "then", "finding"}}
    return Row(str(raw.get("id", "")), masks, raw.get("then", {}), raw.get("finding"), about)


def _cuts(domain: Domain, cells: Iterable[Any]) -> tuple[int, ...]:
    """Where the integer atoms of a column begin: the low end, and wherever a cell begins or ends."""
    if not domain.is_range:
        return ()
    cuts = {domain.low}.union(*({low, high + 1} for cell in cells for low, high in _intervals(cell, domain)))
    return tuple(sorted(cut for cut in cuts if domain.low <= cut <= domain.high))


def _intervals(cell: Any, domain: Domain) -> list[tuple[int, int]]:
    if isinstance(cell, int):
        return [(cell, cell)]
    if isinstance(cell, list):
        return [interval for item in cell for interval in _intervals(item, domain)]
    if isinstance(cell, Mapping) and "not" in cell:
        return _intervals(cell["not"], domain)
    if isinstance(cell, Mapping) and cell and set(cell) <= RANGE_KEYS:
        low = max(cell.get("ge", domain.low), cell.get("gt", domain.low - 1) + 1)
        high = min(cell.get("le", domain.high), cell.get("lt", domain.high + 1) - 1)
        return [(low, high)] if low <= high else []
    return []


def _mask(cell: Any, column: Column, sets: Mapping[str, Sequence[str]], where: tuple[str | int, ...]) -> int:
    if isinstance(cell, Mapping) and set(cell) == {"not"}:
        return column.full & ~_mask(cell["not"], column, sets, where)
    if isinstance(cell, list):
        mask = 0
        for item in cell:
            mask |= _mask(item, column, sets, where)
        return mask
    if column.fact.domain.is_range:
        return _range_mask(cell, column, where)
    if isinstance(cell, str) and cell.startswith("@"):
        if cell[1:] not in sets:
            raise TableError("unknown-set", cell, where=where)
        return _mask(list(sets[cell[1:]]), column, sets, where)
    if cell not in column.fact.domain.values:
        raise TableError("outside-domain", f"{cell}", where=where)
    return 1 << column.fact.domain.values.index(cell)


def _range_mask(cell: Any, column: Column, where: tuple[str | int, ...]) -> int:
    domain, mask = column.fact.domain, 0
    if isinstance(cell, bool) or not isinstance(cell, (int, Mapping)):
        raise TableError("outside-domain", f"{cell}", where=where)
    for key, bound in cell.items() if isinstance(cell, Mapping) else [("", cell)]:
        if not domain.low - (key == "gt") <= bound <= domain.high + (key == "lt"):
            raise TableError("outside-domain", f"{key} {bound}".strip(), where=where)
    for low, high in _intervals(cell, domain):
        for index, cut in enumerate(column.cuts):
            if low <= cut <= high:
                mask |= 1 << index
    return mask
