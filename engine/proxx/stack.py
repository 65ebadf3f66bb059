"""Rulebook layers laid over one another, typed and by id; what replaces or removes something must say so."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from proxx.errors import Finding
from proxx.layers import FLAGS, PLAIN, Entry, Items, Layer, Place, clash, entries, entry_of
from proxx.nearest import question

ROWS_ONLY = frozenset({"rows", "question"})
"""What a layer may say of a table that it adds rows to."""


@dataclass(frozen=True, slots=True)
class Stack:
    """All entries by kind and name; by "kind/name" where each stands, who made it final, who took it away.

    `told` says a place in words, `here` holds what the layer that is laid at the moment has said so far.
    """

    told: Callable[[Place], str]
    items: Items = field(default_factory=dict)
    origins: dict[str, Place] = field(default_factory=dict)
    finals: dict[str, Place] = field(default_factory=dict)
    removed: dict[str, Place] = field(default_factory=dict)
    here: set[str] = field(default_factory=set)


def stack(layers: Sequence[Layer], told: Callable[[Place], str]) -> tuple[Stack, list[Finding]]:
    """All entries of the layers, lowest first, and where they clash."""
    pile = Stack(told)
    clashes: list[Finding] = []
    for layer in layers:
        pile.here.clear()
        for path, document in layer.documents.items():
            for kind, entry in entries(layer, path, document):
                target = pile.items.setdefault(kind, {})
                clashes += _lay_table(pile, target, entry) if kind == "table" else _lay(pile, target, entry)
    return pile, clashes


def _lay(pile: Stack, target: dict[str, Any], entry: Entry) -> list[Finding]:
    """Put one entry over what is there. The same said twice is no change."""
    if "remove" in entry.flags and len(entry.flags) > 1:
        both = " and ".join(f"{flag} = true" for flag in FLAGS if flag in entry.flags)
        return [clash("rulebook/contradiction", f"{entry.key} says {both}: say only one", entry.place)]
    if wrong := _barred(pile, target, entry):
        return [wrong]
    if "remove" in entry.flags:
        del target[entry.name]
        forget(pile, entry.key)
        pile.removed[entry.key] = entry.place
        return []
    if entry.name not in target or target[entry.name] != entry.said:
        target[entry.name] = entry.said
        pile.origins[entry.key] = entry.place
        pile.here.add(entry.key)
        pile.removed.pop(entry.key, None)
    if "final" in entry.flags:
        pile.finals.setdefault(entry.key, entry.place)
    return []


def _barred(pile: Stack, target: Mapping[str, Any], entry: Entry) -> Finding | None:
    """Why the entry may not be laid over what is there, if it may not."""
    changes = entry.flags & {"replaces", "remove"}
    if entry.name not in target:
        # Of a group of plain values that replaces, some may be new.
        if not changes or ("replaces" in changes and entry.key.partition("/")[0] in PLAIN):
            return None
        message = f"{entry.key} is not in any layer below, so there is nothing to change{question(entry.name, target)}"
        return clash("rulebook/nothing-there", message, entry.place)
    if target[entry.name] == entry.said and "remove" not in changes:
        return None
    if entry.key in pile.finals:
        return final_clash(pile, entry.key, entry.place)
    there = pile.told(pile.origins[entry.key])
    if entry.key in pile.here:
        return clash("rulebook/defined-twice", f"{entry.key} stands twice in this layer: also in {there}", entry.place)
    if not changes:
        message = f"{entry.key} stands already in {there}; to change it say replaces = true"
        return clash("rulebook/defined-twice", message, entry.place)
    return None


def _lay_table(pile: Stack, tables: dict[str, Any], entry: Entry) -> list[Finding]:
    """Put a table, or rows for a table that is there, over what is there; a locked one stays as it is."""
    rows = entry.said.get("rows", [])
    head = Entry(entry.key, entry.name, {k: v for k, v in entry.said.items() if k != "rows"}, entry.flags, entry.place)
    below = tables.get(entry.name)
    if below is None or entry.flags & {"replaces", "remove"}:
        return _lay_whole(pile, tables, head, rows)
    if {**head.said, "rows": [entry_of("", "", row, []).said for row in rows]} == below and not entry.flags:
        return []
    if below.get("locked"):
        return [locked_clash(pile, entry)]
    if changed := [key for key in head.said if key not in ROWS_ONLY and head.said[key] != below.get(key)]:
        if entry.key in pile.finals:
            return [final_clash(pile, entry.key, entry.place)]
        message = (
            f"table {entry.name} has another {changed[0]} below; to change it say replaces = true and give all rows"
        )
        return [clash("rulebook/defined-twice", message, entry.place)]
    if "final" in entry.flags:
        pile.finals.setdefault(entry.key, entry.place)
    return _lay_rows(pile, below["rows"], entry, rows)


def _lay_whole(pile: Stack, tables: dict[str, Any], head: Entry, rows: Sequence[Any]) -> list[Finding]:
    """Put a table that is new, or takes the place of the one below, or takes it away."""
    below = tables.get(head.name)
    if below is None and "in" not in head.said and not head.flags & {"replaces", "remove"}:
        message = f"there is no table {head.name} below to add rows to, and no columns (in) here"
        return [clash("rulebook/nothing-there", f"{message}{question(head.name, tables)}", head.place)]
    if below is not None and below.get("locked"):
        return [locked_clash(pile, head)]
    final = [key for key in pile.finals if below is not None and key.startswith(f"{head.key}/")]
    if final:
        return [final_clash(pile, key, head.place) for key in final]
    clashes = _lay(pile, tables, head)
    if clashes or head.name not in tables:
        return clashes
    forget(pile, head.key)
    tables[head.name] = {**head.said, "rows": []}
    pile.origins[head.key] = head.place
    return _lay_rows(pile, tables[head.name]["rows"], head, rows)


def _lay_rows(pile: Stack, rows: list[Any], table: Entry, added: Sequence[Any]) -> list[Finding]:
    by_id: dict[str, Any] = {row["id"]: row for row in rows}
    clashes: list[Finding] = []
    seen: set[str] = set()
    for index, row in enumerate(added):
        place = [*table.place[:2], f"{table.place[2]}/rows/{index}"]
        if row["id"] in seen:
            message = f"row {row['id']} stands twice in table {table.name}"
            clashes.append(clash("rulebook/defined-twice", message, place))
            continue
        seen.add(row["id"])
        clashes += _lay(pile, by_id, entry_of(table.key, row["id"], row, place))
    rows[:] = by_id.values()
    return clashes


def forget(pile: Stack, key: str) -> None:
    """Where an entry stood, and all in it."""
    for known in [known for known in pile.origins if f"{known}/".startswith(f"{key}/")]:
        del pile.origins[known]


def final_clash(pile: Stack, key: str, place: Place) -> Finding:
    """That an entry is changed which a layer made final."""
    message = f"{key} is final in {pile.told(pile.finals[key])}: no layer above may change it or take it away"
    return clash("rulebook/final", message, place)


def locked_clash(pile: Stack, table: Entry) -> Finding:
    """That a table is changed which the layer that made it has locked."""
    layer, *_ = there = pile.origins[table.key]
    message = f"table {table.name} is locked by {layer}: no layer may change it ({pile.told(there)})"
    return clash("rulebook/locked", message, table.place)
