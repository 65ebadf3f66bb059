"""Rulebook layers laid over one another, typed and by id; what replaces or removes something must say so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from proxx.errors import Finding


@dataclass(frozen=True, slots=True)
class Layer:
    """One rulebook folder as read: where its rulebook.toml is, its documents by path, its templates by name."""

    path: str
    name: str
    version: str
    extends: str
    documents: Mapping[str, Mapping[str, Any]]
    templates: Mapping[str, str]


ROWS_ONLY = frozenset({"rows", "question"})
"""What a layer may say of a table that it adds rows to."""

KINDS = (
    *("stage", "fact", "table", "finding", "field", "rate", "token", "profile", "failure-words"),
    *("codec", "source-codec", "container", "signature", "label", "probe", "watchdog"),
)
"""What a complete rulebook has some of."""

Items = dict[str, dict[str, Any]]
Origins = dict[str, list[Any]]


def laid(layers: Sequence[Layer]) -> tuple[list[Layer], list[Finding]]:
    """The layers that count: a complete rulebook begins anew, another one must stand on the one it extends."""
    stack: list[Layer] = []
    astray = []
    for layer in layers:
        below = [one.name for one in stack]
        if layer.extends and layer.extends not in below:
            message = f"{layer.name} extends {layer.extends}, but below it there is {', '.join(below)}"
            astray.append(_clash("rulebook/nothing-there", message, ["", layer.path, "/extends"]))
        stack = [*stack, layer] if layer.extends else [layer]
    return stack, astray


def lacking(items: Items, lowest: Layer) -> list[Finding]:
    """A rulebook without whole kinds of entries: most likely a layer that does not say what it extends."""
    missing = [kind for kind in KINDS if not items.get(kind)]
    if not missing:
        return []
    message = (
        f"{lowest.name} is no complete rulebook: it has no {', '.join(missing)}; "
        'to lay it over the shipped one, write extends = "proxx"'
    )
    return [_clash("rulebook/incomplete", message, ["", lowest.path, ""])]


def stack(layers: Sequence[Layer]) -> tuple[Items, Origins, list[Finding]]:
    """All entries by kind and name, where each came from ([layer, file, pointer] by "kind/name"), and the clashes."""
    items: Items = {}
    origins: Origins = {}
    clashes: list[Finding] = []
    for layer in layers:
        for path, document in layer.documents.items():
            for kind, name, data, replaces in _entries(path, document):
                place = [layer.name, path, "" if kind == "profile" else f"/{kind}/{_escape(name)}"]
                if kind == "table":
                    clashes += _lay_table(items.setdefault(kind, {}), origins, name, data, place)
                else:
                    clashes += _lay(items.setdefault(kind, {}), origins, f"{kind}/{name}", name, data, place, replaces)
    return items, origins, clashes


def _entries(path: str, document: Mapping[str, Any]) -> Iterator[tuple[str, str, Any, bool]]:
    """Each entry of a document as (kind, name, data, replaces); a profile file is one entry.

    Plain values (rates, how to probe) cannot say themselves that they replace one below: their group says it.
    """
    if "/profiles/" in path:
        yield "profile", str(document["name"]), document, False
        return
    question = path.rpartition("/")[2].removesuffix(".toml")
    for kind, group in document.items():
        for name, data in group.items():
            if name != "replaces":
                yield kind, name, {"question": question, **data} if kind == "table" else data, "replaces" in group


def _lay(
    target: dict[str, Any],
    origins: Origins,
    key: str,
    name: str,
    data: Any,
    place: list[Any],
    replaces: bool = False,
) -> list[Finding]:
    """Put one entry over what is there. The same said twice is no change."""
    said = dict(data) if isinstance(data, Mapping) else data
    replaces = bool(said.pop("replaces", False)) if isinstance(said, dict) else replaces and name in target
    remove = bool(said.pop("remove", False)) if isinstance(said, dict) else False
    if name not in target:
        if remove or replaces:
            return [
                _clash(
                    "rulebook/nothing-there", f"{key} is not in any layer below, so there is nothing to change", place
                )
            ]
    elif target[name] == said:
        return []
    elif not (replaces or remove):
        below = origins[key]
        return [
            _clash(
                "rulebook/defined-twice", f"{key} stands already in {below[1]}; to change it say replaces = true", place
            )
        ]
    if remove:
        del target[name], origins[key]
    else:
        target[name] = said
        origins[key] = place
    return []


def _lay_table(
    tables: dict[str, Any], origins: Origins, name: str, data: Mapping[str, Any], place: list[Any]
) -> list[Finding]:
    """Put a table, or rows for a table that is there, over what is there; a locked one stays as it is."""
    below = tables.get(name)
    if below is None and "in" not in data:
        return [
            _clash(
                "rulebook/nothing-there",
                f"there is no table {name} below to add rows to, and no columns (in) here",
                place,
            )
        ]
    if below is not None and {**data, "rows": data.get("rows", [])} == below:
        return []
    if below is not None and below.get("locked"):
        return [
            _clash(
                "rulebook/locked",
                f"table {name} is locked by {origins[f'table/{name}'][0]}: no layer may change it",
                place,
            )
        ]
    if below is None or data.get("replaces") or data.get("remove"):
        head = {key: value for key, value in data.items() if key != "rows"}
        clashes = _lay(tables, origins, f"table/{name}", name, head, place)
        if name in tables and not clashes:
            tables[name]["rows"] = []
    elif changed := [key for key in data if key not in ROWS_ONLY and data[key] != below.get(key)]:
        message = f"table {name} has another {changed[0]} below; to change it say replaces = true and give all rows"
        return [_clash("rulebook/defined-twice", message, place)]
    else:
        clashes = []
    return clashes + _lay_rows(tables[name]["rows"], origins, name, data, place) if name in tables else clashes


def _lay_rows(rows: list[Any], origins: Origins, name: str, data: Mapping[str, Any], place: list[Any]) -> list[Finding]:
    by_id: dict[str, Any] = {row["id"]: row for row in rows}
    clashes: list[Finding] = []
    seen: set[str] = set()
    for index, row in enumerate(data.get("rows", ())):
        spot = [place[0], place[1], f"{place[2]}/rows/{index}"]
        if row["id"] in seen:
            clashes.append(_clash("rulebook/defined-twice", f"row {row['id']} stands twice in table {name}", spot))
        seen.add(row["id"])
        clashes += _lay(by_id, origins, f"table/{name}/{row['id']}", row["id"], row, spot)
    rows[:] = by_id.values()
    return clashes


def stack_templates(layers: Sequence[Layer]) -> tuple[dict[str, str], list[Finding]]:
    """All templates by name. A layer adds templates under new names; it cannot change one that others rely on."""
    templates: dict[str, str] = {}
    clashes: list[Finding] = []
    for layer in layers:
        for name, text in layer.templates.items():
            if templates.setdefault(name, text) != text:
                place = [layer.name, name, ""]
                clashes.append(
                    _clash(
                        "rulebook/defined-twice",
                        f"template {name} stands already below; give yours another name",
                        place,
                    )
                )
    return templates, clashes


def _escape(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


def _clash(kind: str, message: str, place: list[Any]) -> Finding:
    return Finding(id=kind, message=message, at=place[2], subject=place[1])
