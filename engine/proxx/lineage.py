"""Profiles that extend one another, each made whole: tables are merged key by key, everything else is replaced."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from proxx.errors import Finding
from proxx.layers import Place, clash, escape
from proxx.nearest import question
from proxx.shape import shape_faults
from proxx.stack import Stack

OWN = ("extends", "drop")
"""What an extending profile says of its making; no part of what is made."""


@dataclass(frozen=True, slots=True)
class Whole:
    """A profile with what it extends: its settings, and by pointer where each that it does not say itself stands."""

    data: Mapping[str, Any]
    place: Place
    inherited: Mapping[str, Place] = field(default_factory=dict)

    def place_of(self, pointer: str) -> Place:
        """Where the value at the pointer stands."""
        return self.inherited.get(pointer, [*self.place[:2], pointer])


def made_whole(pile: Stack, schema: Mapping[str, Any]) -> tuple[dict[str, Whole], list[Finding]]:
    """Every profile of the stack as it is with what it extends, and all that is wrong with that.

    What a profile extends is that profile as the whole stack gives it. One that cannot be made whole is left out.
    """
    profiles = pile.items.get("profile", {})
    whole: dict[str, Whole] = {}
    faults: list[Finding] = []
    for name in profiles:
        line, wrong = _line(pile, profiles, name)
        faults += wrong
        for one in reversed(line):
            if one in whole:
                continue
            parent = profiles[one].get("extends")
            if parent is None:
                whole[one] = Whole(profiles[one], pile.origins[f"profile/{one}"])
            elif parent in whole:
                whole[one], wrong = _child(pile, one, whole[parent], parent, schema)
                faults += wrong
    return whole, faults


def _line(pile: Stack, profiles: Mapping[str, Any], name: str) -> tuple[list[str], list[Finding]]:
    """A profile and those that it extends, the nearest first; nothing when that does not come to an end."""
    line = [name]
    while (parent := profiles[line[-1]].get("extends")) is not None:
        place = [*pile.origins[f"profile/{line[-1]}"][:2], "/extends"]
        if parent not in profiles:
            gone = pile.removed.get(f"profile/{parent}")
            near = f"; it is taken away in {pile.told(gone)}" if gone else question(parent, profiles)
            message = f"profile {line[-1]} extends {parent}, which is no profile{near}"
            return [], [clash("rulebook/unknown-profile", message, place)] if len(line) == 1 else []
        if parent in line:
            ring = line[line.index(parent) :]
            message = f"profiles extend one another in a circle: {' → '.join([*ring, parent])}"
            # Each member of the ring meets it; the first of them tells.
            first = name == parent and name == min(ring, key=list(profiles).index)
            return [], [clash("rulebook/circle", message, [*pile.origins[f"profile/{name}"][:2], "/extends"])][:first]
        line.append(parent)
    return line, []


def _child(
    pile: Stack, name: str, parent: Whole, parent_name: str, schema: Mapping[str, Any]
) -> tuple[Whole, list[Finding]]:
    """A profile laid over the one it extends, and what is wrong with the two together."""
    own = pile.items["profile"][name]
    place = pile.origins[f"profile/{name}"]
    faults = list(_engine(own, parent, parent_name, place))
    kept, more = _without(parent, parent_name, own.get("drop", ()), place)
    inherited: dict[str, Place] = {}
    said = {key: value for key, value in own.items() if key not in OWN}
    data = _merged(kept, said, "", parent, inherited)
    whole = Whole(data, place, inherited)
    faults += more
    if not faults:
        faults = [
            _placed(fault, name, parent_name, own.get("drop", ()), whole)
            for fault in shape_faults(place[1], data, schema)
        ]
    return whole, faults


def _engine(own: Mapping[str, Any], parent: Whole, parent_name: str, place: Place) -> Iterator[Finding]:
    theirs = parent.data.get("engine")
    if own.get("engine", theirs) != theirs:
        message = f"profile {own['name']} is for {own['engine']}, but {parent_name}, which it extends, is for {theirs}"
        yield clash("rulebook/other-engine", message, [*place[:2], "/engine"])


def _without(
    parent: Whole, parent_name: str, drop: Sequence[str], place: Place
) -> tuple[Mapping[str, Any], list[Finding]]:
    """The parent's settings without those of the dotted names, and the names that it does not have."""
    kept, faults = dict(parent.data), []
    known = [".".join(path) for path in _paths(parent.data)]
    for index, dotted in enumerate(drop):
        if dotted not in known:
            message = f"{parent_name} has no {dotted} that could be dropped{question(dotted, known)}"
            faults.append(clash("rulebook/nothing-there", message, [*place[:2], f"/drop/{index}"]))
            continue
        kept = _dropped(kept, dotted.split("."))
    return kept, faults


def _paths(data: Mapping[str, Any], at: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The path of every key, tables before what is in them."""
    for key, value in data.items():
        yield (*at, key)
        if isinstance(value, Mapping):
            yield from _paths(value, (*at, key))


def _dropped(data: Mapping[str, Any], path: list[str]) -> dict[str, Any]:
    first, *rest = path
    if not rest:
        return {key: value for key, value in data.items() if key != first}
    return {key: _dropped(value, rest) if key == first else value for key, value in data.items()}


def _merged(
    below: Mapping[str, Any], own: Mapping[str, Any], at: str, parent: Whole, inherited: dict[str, Place]
) -> dict[str, Any]:
    """Own settings over those below; `inherited` gets the place of everything that comes from below."""
    made: dict[str, Any] = {}
    for key, value in below.items():
        pointer = f"{at}/{escape(key)}"
        mine = own.get(key)
        if isinstance(value, Mapping) and (key not in own or isinstance(mine, Mapping)):
            made[key] = _merged(value, mine or {}, pointer, parent, inherited)
        elif key not in own:
            made[key] = value
        if key not in own:
            inherited[pointer] = parent.place_of(pointer)
    return {**made, **{key: value for key, value in own.items() if key not in made}}


def _placed(fault: Finding, name: str, parent: str, drop: Sequence[str], whole: Whole) -> Finding:
    """A fault of a profile that was made whole, where the value at fault stands, or the drop that took one away."""
    _, path, at = whole.place_of(fault.at)
    for index, dotted in enumerate(drop):
        if fault.at == "".join(f"/{escape(key)}" for key in dotted.split(".")[:-1]) and fault.at in whole.inherited:
            path, at = whole.place[1], f"/drop/{index}"
    return replace(fault, message=f"profile {name}, which extends {parent}: {fault.message}", subject=path, at=at)
