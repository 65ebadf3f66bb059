"""The layers of a rulebook as read, which of them count, and what each says, entry by entry."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from proxx.errors import Finding
from proxx.nearest import question

Items = dict[str, dict[str, Any]]
Place = list[Any]
"""Where an entry stands: its layer's name, its file, its JSON pointer in that file."""

FLAGS = ("replaces", "remove", "final")
"""What an entry says of itself and of others of its name; no part of what it decides."""

HEAD = "rulebook.toml"
"""The file that makes a folder a rulebook."""

PLAIN = (
    *("rate", "probe", "watchdog", "scheduling", "room", "sharing", "watch"),
    *("resolve", "fixture-default", "identity"),
)
"""Kinds whose entries are plain values: their group says what it does to the ones below."""

KINDS = (
    *("stage", "fact", "table", "finding", "field", "rate", "token", "profile", "failure-words", "reel-pattern"),
    *("codec", "source-codec", "container", "signature", "label", "probe"),
    *("watchdog", "scheduling", "room", "sharing", "watch", "encoder"),
    *("resolve", "scripting", "deadline", "render-key", "mistaken-key", "project-key"),
    *("render-format", "render-codec", "raw-family", "nle", "identity"),
)
"""What a complete rulebook has some of."""


@dataclass(frozen=True, slots=True)
class Layer:
    """One rulebook folder as read: where its rulebook.toml is, its documents by path, its templates by name.

    `luts` are the .cube files by their paths in the folder.
    """

    path: str
    name: str
    version: str
    extends: str
    documents: Mapping[str, Mapping[str, Any]]
    templates: Mapping[str, str]
    luts: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry as a layer says it: its key "kind/name", its name, what it decides, its flags and its place."""

    key: str
    name: str
    said: Any
    flags: frozenset[str]
    place: Place


def laid(layers: Sequence[Layer]) -> tuple[list[Layer], list[Finding]]:
    """The layers that count: a complete rulebook begins anew, another one must stand on the one it extends."""
    stack: list[Layer] = []
    astray = []
    for layer in layers:
        below = [one.name for one in stack]
        if layer.extends and layer.extends not in below:
            near = question(layer.extends, below)
            message = f"{layer.name} extends {layer.extends}, but below it there is {', '.join(below)}{near}"
            astray.append(clash("rulebook/nothing-there", message, ["", layer.path, "/extends"]))
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
    return [clash("rulebook/incomplete", message, ["", lowest.path, ""])]


def entries(layer: Layer, path: str, document: Mapping[str, Any]) -> Iterator[tuple[str, Entry]]:
    """Each entry of a document with its kind; a profile file is one entry."""
    if isinstance(document.get("name"), str):
        yield "profile", entry_of("profile", document["name"], document, [layer.name, path, ""])
        return
    stem = path.rpartition("/")[2].removesuffix(".toml")
    for kind, group in document.items():
        if kind in PLAIN:
            yield from _plain(kind, group, [layer.name, path, f"/{kind}"])
            continue
        for name, data in group.items():
            said = {"question": stem, **data} if kind == "table" else data
            yield kind, entry_of(kind, name, said, [layer.name, path, f"/{kind}/{escape(name)}"])


def _plain(kind: str, group: Mapping[str, Any], place: Place) -> Iterator[tuple[str, Entry]]:
    """Plain values cannot say of themselves that they replace one below: their group says it, of those there are."""
    flags = frozenset(flag for flag in ("replaces", "final") if group.get(flag) is True)
    for name, value in group.items():
        if name not in FLAGS:
            yield kind, Entry(f"{kind}/{name}", name, value, flags, [*place[:2], f"{place[2]}/{escape(name)}"])
    for index, name in enumerate(group.get("remove", ())):
        gone = [*place[:2], f"{place[2]}/remove/{index}"]
        yield kind, Entry(f"{kind}/{name}", name, None, frozenset({"remove"}), gone)


def entry_of(prefix: str, name: str, data: Mapping[str, Any], place: Place) -> Entry:
    """An entry of its data, the flags taken out."""
    said = {key: value for key, value in data.items() if key not in FLAGS}
    return Entry(f"{prefix}/{name}", name, said, frozenset(flag for flag in FLAGS if data.get(flag) is True), place)


def stack_templates(layers: Sequence[Layer]) -> tuple[dict[str, str], list[Finding]]:
    """All templates by name. A layer adds templates under new names; it cannot change one that others rely on."""
    templates: dict[str, str] = {}
    clashes: list[Finding] = []
    for layer in layers:
        for name, text in layer.templates.items():
            if templates.setdefault(name, text) != text:
                path = f"{layer.path.removesuffix(HEAD)}profiles/templates/{name}"
                message = f"template {name} stands already below; give yours another name"
                clashes.append(clash("rulebook/defined-twice", message, [layer.name, path, ""]))
    return templates, clashes


def escape(name: str) -> str:
    """A key as a JSON pointer writes it."""
    return name.replace("~", "~0").replace("/", "~1")


def clash(kind: str, message: str, place: Place) -> Finding:
    """A fault at a place."""
    return Finding(id=kind, message=message, at=place[2], subject=place[1])
