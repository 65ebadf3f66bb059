"""Whether any source at all can be made with a profile, proved from the tables alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from proxx.boxes import Masks, minus, overlap
from proxx.faults import Witness, witness
from proxx.offers import class_of
from proxx.pixels import bit_depth
from proxx.rulebook import Rulebook
from proxx.tables import Column, Row, Table, Value

STAGES = ("spec", "profile", "source", "job", "clip")
"""The stages whose tables judge every source of a job; a track's tables judge only sources that have sound."""

ENGINE = ("source-capability", "route", "job-engine")
"""Tables that must answer with the profile's own engine."""

LIMIT = 20_000
"""After so many steps nothing is claimed."""

Room = Mapping[str, int]
"""Of each fact the values that are left, as a bit mask over its atoms."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why no source reaches a profile: the tables that together refuse all, and an input of one that it refuses."""

    tables: tuple[str, ...]
    table: str
    row: str
    shown: Witness


def refusal(rulebook: Rulebook, profile: Mapping[str, object]) -> Refusal | None:
    """The proof that no source can be made with a profile; None when one can, as far as the tables tell."""
    fixed = _fixed(rulebook, profile)
    tables = [table for stage in STAGES for table in rulebook.tables(stage)]
    engine = str(profile["engine"])
    atoms = _atoms(tables)
    ways = {table.name: _ways(rulebook, table, fixed, engine, atoms) for table in tables}
    ways["the codec's class"] = _classes(rulebook, atoms)
    if _fits(ways) is not False:
        return None
    core = dict(ways)
    for name in ways:
        less = {key: boxes for key, boxes in core.items() if key != name}
        if _fits(less) is False:
            core = less
    for name in core:
        table = next((one for one in tables if one.name == name), None)
        found = _refused(rulebook, table, fixed, engine) if table is not None else None
        if table is not None and found is not None:
            row, box = found
            return Refusal(tuple(core), table.name, row.id, witness(table, box))
    return None


def _fixed(rulebook: Rulebook, profile: Mapping[str, object]) -> dict[str, list[Value]]:
    """What is the same for every job of the profile."""
    engine, promise = str(profile["engine"]), profile["promise"]
    resolutions = profile["resolutions"]
    fixed: dict[str, list[Value]] = {
        "spec.codec": [str(profile["codec"])],
        "spec.container": [str(profile["container"])],
        "spec.resolution": [*map(str, resolutions)] if isinstance(resolutions, list) else [],
        "profile.known": ["yes"],
        "profile.engine": [engine],
        "profile.codec-agrees": ["yes"],
        "profile.container-agrees": ["yes"],
        "profile.resolution-accepted": ["yes"],
        "source.state": ["ok"],
        "source.twice": ["no"],
        "source.offered": [engine],
        "source.engine": [engine],
        "job.engine": [engine],
        "job.ffmpeg": ["some" if engine == "ffmpeg" else "none"],
        "job.resolve": ["some" if engine == "resolve" else "none"],
    }
    if isinstance(promise, Mapping) and "pix_fmt" in promise:
        fixed["clip.depth"] = [bit_depth(str(promise["pix_fmt"]))]
    if profile.get("rasters"):
        fixed["spec.resolution"].append("explicit")
    return fixed


def _asked(table: Table, engine: str) -> bool:
    """Whether the table is asked at all: of RAW nothing of the clip is known before Resolve has opened it."""
    return engine == "ffmpeg" or table.stage != "clip"


def _atoms(tables: Sequence[Table]) -> dict[str, list[Value]]:
    """A value for each part of a fact's domain that any of the tables tells apart."""
    atoms: dict[str, dict[Value, None]] = {}
    for table in tables:
        for column in table.columns:
            domain = column.fact.domain
            values = column.cuts if domain.is_range else [column.sample(1 << at) for at in range(column.width)]
            atoms.setdefault(column.fact.name, {}).update(dict.fromkeys(values))
    return {name: list(values) for name, values in atoms.items()}


def _room(table: Table, fixed: Mapping[str, Sequence[Value]]) -> Masks:
    """The box of a table's inputs that a job of the profile can have."""
    return tuple(_of(column, fixed.get(column.fact.name)) for column in table.columns)


def _of(column: Column, values: Sequence[Value] | None) -> int:
    if values is None:
        return column.full
    mask = 0
    for value in values:
        mask |= column.bit(column.fact.domain.clamped(value)) or 0
    return mask


def _pieces(table: Table, room: Masks) -> Iterator[tuple[Row, Masks]]:
    """Each row with the boxes of the room that it decides."""
    left = [room]
    for row in (*table.rows, table.otherwise):
        if row is not None:
            cells = room if row is table.otherwise else row.masks
            yield from ((row, both) for box in left if (both := overlap(box, cells)) is not None)
            left = [rest for box in left for rest in minus(box, cells)]


def _passes(rulebook: Rulebook, table: Table, row: Row, engine: str) -> bool:
    severity = rulebook.findings[row.finding].get("severity", "error") if row.finding else "none"
    return severity != "error" and (table.name not in ENGINE or row.outcome.get("engine") == engine)


def _ways(
    rulebook: Rulebook,
    table: Table,
    fixed: Mapping[str, Sequence[Value]],
    engine: str,
    atoms: Mapping[str, Sequence[Value]],
) -> list[Room]:
    """The boxes of inputs that the table lets pass, over the atoms that all tables share."""
    if not _asked(table, engine):
        return [{}]
    ways: list[Room] = []
    for row, box in _pieces(table, _room(table, fixed)):
        if _passes(rulebook, table, row, engine):
            room: dict[str, int] = {}
            for column, mask in zip(table.columns, box, strict=True):
                name = column.fact.name
                held = sum(1 << at for at, value in enumerate(atoms[name]) if (column.bit(value) or 0) & mask)
                room[name] = room.get(name, held) & held
            ways.append(room)
    return ways


def _classes(rulebook: Rulebook, atoms: Mapping[str, Sequence[Value]]) -> list[Room]:
    """Which codecs are of which class, as the program tells them."""
    if not {"source.codec", "source.class"} <= set(atoms):
        return [{}]
    held = dict.fromkeys(("raw", "unknown", "standard"), 0)
    for at, codec in enumerate(atoms["source.codec"]):
        held[class_of(rulebook, str(codec))] |= 1 << at
    return [
        {"source.class": 1 << at, "source.codec": held[str(value)]}
        for at, value in enumerate(atoms["source.class"])
        if value in held
    ]


def _fits(ways: Mapping[str, Sequence[Room]]) -> bool | None:
    """Whether one input passes all tables at once; None when that took too many steps to find out."""
    order = sorted(ways.values(), key=len)
    steps = 0

    def search(depth: int, room: Room) -> bool:
        nonlocal steps
        steps += 1
        if steps > LIMIT:
            raise TimeoutError
        if depth == len(order):
            return True
        for way in order[depth]:
            both = {name: mask & room.get(name, mask) for name, mask in way.items()}
            if all(both.values()) and search(depth + 1, {**room, **both}):
                return True
        return False

    try:
        return search(0, {})
    except TimeoutError:
        return None


def _refused(
    rulebook: Rulebook, table: Table, fixed: Mapping[str, Sequence[Value]], engine: str
) -> tuple[Row, Masks] | None:
    """A box that the table refuses of what a job of the profile can have."""
    for row, box in _pieces(table, _room(table, fixed)):
        if not _passes(rulebook, table, row, engine):
            return row, box
    return None
