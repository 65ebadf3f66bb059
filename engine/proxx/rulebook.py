"""The rulebook: found, read, stacked, shape-checked and frozen, so that everything after it is a look-up."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any

from proxx.cache import cached, content_key, default_cache, keep
from proxx.contract import Contract, contract_of, read_contract
from proxx.errors import Finding, RulebookError
from proxx.folders import builtin, read_folder
from proxx.layers import Layer, lacking, laid, stack_templates
from proxx.stack import stack
from proxx.tables import Domain, Fact, Table, TableError, compile_table
from proxx.whence import blamed, teller

__all__ = ["Rulebook", "builtin", "canonical", "default_cache", "derive_sets", "freeze", "load", "read_folder"]

FORMAT = 1
Lint = Callable[["Rulebook"], Sequence[Finding]]


class Rulebook:
    """A frozen rulebook. `items` are all its entries by kind and name; tables are compiled when first asked for."""

    def __init__(self, frozen: Mapping[str, Any]) -> None:
        self.frozen = frozen
        self.name: str = frozen["name"]
        self.version: str = frozen["version"]
        self.digest: str = frozen["digest"]
        self.items: Mapping[str, Mapping[str, Any]] = frozen["items"]
        self.templates: Mapping[str, str] = frozen["templates"]
        self.origins: Mapping[str, Sequence[Any]] = frozen["origins"]
        self.about: Mapping[str, Any] = frozen["about"]
        self._tables: dict[str, Table] = {}
        self._stages: dict[str, list[Table]] = {}
        self._asks: dict[str, tuple[str, ...]] = {}
        self.answers: dict[str, dict[tuple[Any, ...], Any]] = {}

    @property
    def findings(self) -> Mapping[str, Any]:
        """What every finding says, by id."""
        return self.items["finding"]

    @property
    def profiles(self) -> Mapping[str, Any]:
        """Every proxy profile, by name."""
        return self.items["profile"]

    @property
    def vocabulary(self) -> Mapping[str, Mapping[str, Any]]:
        """Codecs, containers, signatures, labels and how to probe: the words for what a file is."""
        return self.items

    @cached_property
    def contract(self) -> Contract:
        """The contract with DaVinci Resolve; as its document it is frozen["contract"]."""
        return contract_of(self.frozen["contract"])

    @cached_property
    def sets(self) -> dict[str, list[str]]:
        """Members of every set that a cell may name with @."""
        return derive_sets(self.items)

    def members(self, name: str) -> Sequence[str]:
        """The members of a set that the program asks for; none of one that a layer has taken away."""
        return self.sets.get(name, ())

    @cached_property
    def facts(self) -> dict[str, Fact]:
        """Every declared fact, by name."""
        return {name: _fact(name, data, self.sets) for name, data in self.items["fact"].items()}

    def table(self, name: str) -> Table:
        """The compiled table of that name. Raises KeyError when there is none, TableError when it is wrong."""
        if name not in self._tables:
            self._tables[name] = compile_table(name, self.items["table"][name], self.facts, self.sets)
        return self._tables[name]

    def tables(self, stage: str) -> list[Table]:
        """The tables asked at a stage of the journey, in the order of the rulebook."""
        if stage not in self._stages:
            names = [name for name, data in self.items["table"].items() if data.get("stage") == stage]
            self._stages[stage] = [self.table(name) for name in names]
        return self._stages[stage]

    def asks(self, stage: str) -> tuple[str, ...]:
        """The names of the facts that the tables of a stage ask for, each once."""
        if stage not in self._asks:
            columns = (column.fact.name for table in self.tables(stage) for column in table.columns)
            self._asks[stage] = tuple(dict.fromkeys(columns))
        return self._asks[stage]

    def noted(self, decisions: Iterable[tuple[str, str]]) -> None:
        """Told of every decision (table, row). A rulebook keeps no count; one whose coverage is measured does."""

    def origin(self, entry: str, pointer: str = "") -> tuple[str, str, str]:
        """Layer, file and JSON pointer of an entry such as table/NAME/ROW, or of the value at a pointer inside it.

        What a profile has from the one that it extends stands in that one's file. All are empty for an unknown entry.
        """
        layer, path, at = self.origins.get(f"{entry}#{pointer}") or self.origins.get(entry, ("", "", ""))
        return (layer, path, at) if f"{entry}#{pointer}" in self.origins else (layer, path, f"{at}{pointer}")

    @property
    def identity(self) -> dict[str, str]:
        """What plans and records say of the rulebook: name, version and digest."""
        return {"name": self.name, "version": self.version, "digest": self.digest}


def _fact(name: str, data: Mapping[str, Any], sets: Mapping[str, Sequence[str]]) -> Fact:
    values = list(data.get("values", ()))
    for word in data.get("of", ()):
        if word.lstrip("@") not in sets:
            raise TableError("unknown-set", word, where=("fact", name, "of"))
        values += sets[word.lstrip("@")]
    low, high = data.get("range", (0, -1))
    domain = Domain(tuple(dict.fromkeys(values)), bool(data.get("other", False)), low, high)
    return Fact(name, data["stage"], data["doc"], domain, data.get("pointer", ""))


def derive_sets(items: Mapping[str, Mapping[str, Any]]) -> dict[str, list[str]]:
    """All sets: one of each kind of word, one of each family that codecs name, and those written out."""
    sets: dict[str, list[str]] = {
        "codec": list(items.get("codec", {})),
        "container": [name for name, data in items.get("container", {}).items() if data.get("output")],
        "source-codec": list(items.get("source-codec", {})),
        "source-container": list(items.get("container", {})),
        "profile": list(items.get("profile", {})),
        "field": list(items.get("field", {})),
    }
    for kind in ("codec", "source-codec", "container"):
        for name, data in items.get(kind, {}).items():
            for family in data.get("sets", ()):
                sets.setdefault(family, []).append(name)
    for name, data in items.get("set", {}).items():
        sets[name] = list(data["members"])
    return sets


def load(folders: Sequence[str] = (), *, lint: Lint, cache: str | None = None) -> Rulebook:
    """The proved rulebook of the shipped layer with `folders` stacked on it, in order.

    A folder whose rulebook.toml says nothing of `extends` is complete and starts the stack anew. A frozen copy is
    kept below `cache`, keyed by content and version. Raises RulebookError with every fault, ProxxError when a folder
    is no rulebook.
    """
    texts = [read_folder(folder) for folder in (builtin(), *folders)]
    key = content_key(texts)
    frozen = cached(cache, key)
    if frozen is None:
        rulebook = freeze(texts)
        faults = blamed(lint(rulebook), rulebook.about["removed"], teller(texts))
        if any(fault.is_error for fault in faults):
            raise RulebookError(faults)
        frozen = rulebook.frozen
        keep(cache, key, frozen)
        return rulebook
    return Rulebook(frozen)


def freeze(texts: Sequence[Mapping[str, bytes]]) -> Rulebook:
    """The unproved rulebook of the read folders, lowest first. Raises RulebookError for documents of a wrong shape."""
    # jsonschema is slow to import and not needed when the frozen copy is there
    from proxx.shape import PROFILE, read_layer

    layers: list[Layer] = []
    own, faults = read_contract(texts)
    schemas = {path.rpartition("/")[2]: data for path, data in texts[0].items() if path.endswith(".schema.json")}
    for files in texts:
        layer, wrong = read_layer(files, schemas)
        faults += wrong
        layers.append(layer)
    _raise(faults)
    return assemble(layers, teller(texts), json.loads(schemas[PROFILE]), own)


def assemble(
    read: Sequence[Layer], told: Callable[[list[Any]], str], profile: Mapping[str, Any], own: Mapping[str, Any]
) -> Rulebook:
    """The unproved rulebook of layers, lowest first; `told` says a place in words, `profile` is a profile's schema,
    `own` is what belongs to the program (read_contract).

    Raises RulebookError where layers clash.
    """
    from proxx.lineage import made_whole
    from proxx.luts import with_luts

    layers, astray = laid(read)
    pile, clashes = stack(layers, told)
    templates, more = stack_templates(layers)
    _raise([*astray, *clashes, *more] or lacking(pile.items, layers[0]))
    profiles, wrong = made_whole(pile, profile)
    _raise(wrong)
    recipes, luts, wrong = with_luts(profiles, layers)
    _raise(wrong)
    content = {
        "format": FORMAT,
        "name": layers[-1].name,
        "version": "+".join(layer.version for layer in layers),
        "items": {**pile.items, "profile": recipes},
        "templates": dict(sorted(templates.items())),
        **own,
    }
    inherited = {
        f"profile/{name}#{pointer}": place for name, one in profiles.items() for pointer, place in one.inherited.items()
    }
    raw = pile.items["profile"]
    about = {
        "layers": [{"name": layer.name, "version": layer.version, "path": layer.path} for layer in layers],
        "parents": {name: data["extends"] for name, data in raw.items() if "extends" in data},
        "removed": pile.removed,
        "luts": luts,
    }
    return Rulebook(
        {**content, "digest": f"sha256:{_digest(content)}", "origins": {**pile.origins, **inherited}, "about": about}
    )


def _raise(faults: Sequence[Finding]) -> None:
    if faults:
        raise RulebookError(tuple(faults))


def canonical(value: object) -> str:
    """The one way to write a value as JSON text: sorted keys, no spaces."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def _digest(value: object) -> str:
    return hashlib.sha256(canonical(value).encode()).hexdigest()
