"""The semantic difference of two rulebooks: which inputs get other answers, which profiles make something else."""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from proxx.model import Media
from proxx.route import route_source
from proxx.rulebook import Rulebook
from proxx.samples import SHAPES, Sample
from proxx.tablediff import Answer, changes
from proxx.tables import Domain, Fact, Table
from proxx.tryout import Trial, try_profile

FORMAT = 1
ENTRIES = frozenset({"table", "fact", "finding", "profile"})
"""Kinds of entries that are compared by what they mean; every other kind is compared by its keys."""
UNSAID = frozenset({"doc", "note", "bad", "good", "evidence"})
"""Keys that explain or test, and decide nothing."""

Probes = Callable[[Rulebook], Mapping[str, Media]]


def difference(old: Rulebook, new: Rulebook, probes: Probes | None = None) -> dict[str, Any]:
    """Everything that differs, in the published shape (schema/diff.schema.json).

    `probes` gives real clips as a rulebook's vocabulary reads them; those whose route or proxies differ are named.
    """
    told: dict[str, Any] = {
        "tables": [one for name in _names(old, new, "table") if (one := _table(old, new, name))],
        "facts": [one for name in _names(old, new, "fact") if (one := _fact(old.facts.get(name), new.facts.get(name)))],
        "findings": _entries(old, new, "finding"),
        "entries": [one for kind in _kinds(old, new) for one in _entries(old, new, kind)],
        "profiles": _profiles(old, new),
        "clips": _clips(old, new, probes(old), probes(new)) if probes else [],
    }
    return {
        "format": FORMAT,
        "changed": any(told.values()),
        "old": dict(old.identity),
        "new": dict(new.identity),
        **told,
    }


def _names(old: Rulebook, new: Rulebook, kind: str) -> list[str]:
    return list(dict.fromkeys([*old.items.get(kind, {}), *new.items.get(kind, {})]))


def _kinds(old: Rulebook, new: Rulebook) -> list[str]:
    return [kind for kind in dict.fromkeys([*old.items, *new.items]) if kind not in ENTRIES]


def _change(before: object, after: object) -> str:
    return "added" if before is None else "removed" if after is None else "changed"


def _table(old: Rulebook, new: Rulebook, name: str) -> dict[str, Any] | None:
    one, other = (book.table(name) if name in book.items["table"] else None for book in (old, new))
    if one is None or other is None:
        known = one or other
        columns = [column.name for column in known.columns] if known else []
        return {"table": name, "change": _change(one, other), "columns": columns, "keys": [], "inputs": []}
    keys = _keys(_head(one), _head(other))
    inputs = [
        {
            "where": {column: list(values) for column, values in region.where.items()},
            "before": _answer(region.before),
            "after": _answer(region.after),
        }
        for region in changes(one, other)
    ]
    columns = [column.name for column in other.columns]
    told = {"table": name, "change": "changed", "columns": columns, "keys": keys, "inputs": inputs}
    return told if keys or inputs else None


def _head(table: Table) -> dict[str, Any]:
    """What a table is beside its rows: when it is asked, what of, and what it may answer."""
    return {
        "stage": table.stage,
        "locked": table.locked,
        "in": {column.name: column.fact.name for column in table.columns},
        "out": {name: list(values) for name, values in table.out.items()},
    }


def _answer(answer: Answer | None) -> dict[str, Any] | None:
    return None if answer is None else {"outcome": dict(answer.outcome), "finding": answer.finding or None}


def _fact(one: Fact | None, other: Fact | None) -> dict[str, Any] | None:
    keys = _keys(_meaning(one), _meaning(other)) if one and other else []
    known = one or other
    if known is None or (one and other and not keys):
        return None
    return {"name": known.name, "change": _change(one, other), "keys": keys}


def _meaning(fact: Fact) -> dict[str, Any]:
    return {"stage": fact.stage, "pointer": fact.pointer, "values": _values(fact.domain)}


def _values(domain: Domain) -> list[str]:
    if domain.is_range:
        return [f"{domain.low}..{domain.high}"]
    return [*domain.values, *(["anything-else"] if domain.other else [])]


def _entries(old: Rulebook, new: Rulebook, kind: str) -> list[dict[str, Any]]:
    """Entries of one kind that are added, removed, or say something else."""
    found = []
    for name in _names(old, new, kind):
        one, other = (book.items.get(kind, {}).get(name) for book in (old, new))
        keys = _keys(one, other) if one is not None and other is not None else []
        if keys or one is None or other is None:
            found.append({"kind": kind, "name": name, "change": _change(one, other), "keys": keys})
    return found


def _keys(before: Any, after: Any, path: str = "") -> list[dict[str, Any]]:
    """The values that differ, by dotted key; None stands for a key that is not there."""
    if not (isinstance(before, Mapping) and isinstance(after, Mapping)):
        return [] if before == after else [{"key": path, "before": before, "after": after}]
    names = [name for name in dict.fromkeys([*before, *after]) if path or name not in UNSAID]
    return [
        one for name in names for one in _keys(before.get(name), after.get(name), f"{path}.{name}" if path else name)
    ]


def _profiles(old: Rulebook, new: Rulebook) -> list[dict[str, Any]]:
    """Profiles that differ; where all other rules are the same, those that say the same are not tried."""
    alike = old.templates == new.templates and all(
        old.items.get(kind) == new.items.get(kind) for kind in {*old.items, *new.items} - {"profile"}
    )
    names = [
        name for name in _names(old, new, "profile") if not (alike and old.profiles.get(name) == new.profiles.get(name))
    ]
    return [one for name in names if (one := _profile(old, new, name))]


def _profile(old: Rulebook, new: Rulebook, name: str) -> dict[str, Any] | None:
    one, other = old.profiles.get(name), new.profiles.get(name)
    keys = _keys(one, other) if one and other else []
    sources: list[dict[str, Any]] = []
    if one and other:
        samples = {**SHAPES[one["engine"]], **SHAPES[other["engine"]]}
        told = [
            (shape, try_profile(old, name, sample), try_profile(new, name, sample)) for shape, sample in samples.items()
        ]
        sources = _alike(told)
    if one and other and not keys and not sources:
        return None
    return {"name": name, "change": _change(one, other), "keys": keys, "sources": sources}


def _alike(told: Iterable[tuple[str, Trial, Trial]]) -> list[dict[str, Any]]:
    """What trials of one profile before and after make different, each said once with the sources it is true of."""
    groups: dict[str, dict[str, Any]] = {}
    for name, before, after in told:
        made = _made(before, after)
        if made is not None:
            same = json.dumps({**made, "diff": ["@@" if line.startswith("@@") else line for line in made["diff"]]})
            groups.setdefault(same, {"names": [], **made})["names"].append(name)
    return list(groups.values())


def _made(before: Trial, after: Trial) -> dict[str, Any] | None:
    """Both verdicts with the remarks that only one has, and how the argument lists differ; None for no change.

    The difference is a unified one, one argument a line; a line break in an argument is shown as \\n.
    """
    if (before.remarks, before.lines) == (after.remarks, after.lines):
        return None
    old, new = ([line.replace("\\", "\\\\").replace("\n", "\\n") for line in one.lines] for one in (before, after))
    diff = list(difflib.unified_diff(old, new, n=2, lineterm=""))[2:] if old and new else []
    told = [
        {"verdict": one.verdict, "remarks": [remark for remark in one.remarks if remark not in other.remarks]}
        for one, other in ((before, after), (after, before))
    ]
    return {"before": told[0], "after": told[1], "diff": diff}


def _clips(
    old: Rulebook, new: Rulebook, before: Mapping[str, Media], after: Mapping[str, Media]
) -> list[dict[str, Any]]:
    """The clips whose route, profile verdict or argument list differs."""
    found = []
    for path in before:
        routes = [_route(book, media[path]) for book, media in ((old, before), (new, after))]
        engines = {route["engine"] for route in routes}
        profiles = []
        for name in old.profiles:
            if name in new.profiles and {old.profiles[name]["engine"], new.profiles[name]["engine"]} & engines:
                made = _made(try_profile(old, name, Sample(before[path])), try_profile(new, name, Sample(after[path])))
                profiles += [{"name": name, **made}] if made else []
        if profiles or routes[0] != routes[1]:
            route = {"before": routes[0], "after": routes[1]} if routes[0] != routes[1] else None
            found.append({"path": path, "route": route, "profiles": profiles})
    return found


def _route(rulebook: Rulebook, media: Media) -> dict[str, Any]:
    route = route_source(rulebook, media)
    return {"engine": route.engine, "findings": [finding.id for finding in route.findings]}
