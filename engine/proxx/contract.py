"""The contract with DaVinci Resolve: its classes, methods, parameters and failures, as data and typed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from proxx.errors import Finding
from proxx.layers import clash

CONTRACT = "schema/resolve-api.json"
SCHEMA = "resolve-api.schema.json"
PLAN = "plan.schema.json"


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter: its name, its type (str int float bool dict list list[Class] or a class); optional: it may be left
    out."""

    name: str
    type: str
    optional: bool


@dataclass(frozen=True, slots=True)
class Method:
    """One method. `returns` are the types that an answer may have ("none": no answer), `nullable` says whether it may
    be nothing, `failure` lists the answers that mean that it did not work."""

    owner: str
    name: str
    parameters: tuple[Parameter, ...]
    returns: tuple[str, ...]
    nullable: bool
    failure: tuple[Any, ...]
    since: str
    sure: str
    doc: str

    @property
    def needed(self) -> int:
        """How many parameters must be given."""
        return sum(not one.optional for one in self.parameters)

    def failed(self, answer: object) -> bool:
        """Whether an answer means failure. False is not nothing, and neither is an empty text."""
        return any(type(answer) is type(bad) and answer == bad for bad in self.failure)


@dataclass(frozen=True, slots=True)
class Contract:
    """The whole contract: the oldest version it speaks of, what the letters of `sure` mean, the methods that a
    job calls (Class.Method), and all methods by class."""

    floor: str
    sources: Mapping[str, str]
    driver: tuple[str, ...]
    docs: Mapping[str, str]
    classes: Mapping[str, Mapping[str, Method]]

    def method(self, dotted: str) -> Method | None:
        """The method of a name such as Project.AddRenderJob, if the contract has it."""
        owner, _, name = dotted.partition(".")
        return self.classes.get(owner, {}).get(name)

    @property
    def names(self) -> list[str]:
        """Every method as Class.Method."""
        return [f"{owner}.{name}" for owner, methods in self.classes.items() for name in methods]


def contract_of(document: Mapping[str, Any]) -> Contract:
    """The contract of its document (schema/resolve-api.schema.json)."""
    classes = document["classes"]
    return Contract(
        floor=document["floor"],
        sources=document["sources"],
        driver=tuple(document["driver"]),
        docs={name: one["doc"] for name, one in classes.items()},
        classes={
            owner: {name: _method(owner, name, data) for name, data in one["methods"].items()}
            for owner, one in classes.items()
        },
    )


def _method(owner: str, name: str, data: Mapping[str, Any]) -> Method:
    returns = data["returns"].removesuffix("?")
    return Method(
        owner=owner,
        name=name,
        parameters=tuple(
            Parameter(one["name"], one["type"].removesuffix("?"), one["type"].endswith("?"))
            for one in data["parameters"]
        ),
        returns=tuple(returns.split("|")),
        nullable=data["returns"].endswith("?"),
        failure=tuple(data["failure"]),
        since=data["since"],
        sure=data["sure"],
        doc=data["doc"],
    )


def version_numbers(text: str) -> tuple[int, ...]:
    """The numbers of a version such as 19.1.4, four of them, to be compared. Raises ValueError for anything else."""
    numbers = [int(part) for part in text.split(".")]
    return tuple([*numbers, 0, 0, 0, 0][: max(4, len(numbers))])


def read_contract(texts: Sequence[Mapping[str, bytes]]) -> tuple[dict[str, Any], list[Finding]]:
    """What of the lowest layer is the program's own, and where that or a layer above is at fault.

    It is the contract, and the shape of the settings of a plan's task (plan.schema.json). A layer may hold a copy of
    the contract, and no other: the driver is written against this one.
    """
    from proxx.shape import shape_faults  # only when a rulebook is frozen

    root = _root(texts[0])
    path = f"{root}{CONTRACT}"
    document = json.loads(texts[0][path])
    faults = shape_faults(path, document, json.loads(texts[0][f"{root}schema/{SCHEMA}"]))
    task = json.loads(texts[0][f"{root}schema/{PLAN}"])["properties"]["tasks"]["items"]["properties"]
    own = {"contract": document, "settings": task["settings"]}
    return own, [*faults, *(_other(one) for one in _changed(texts, texts[0][path]))]


def _changed(texts: Sequence[Mapping[str, bytes]], own: bytes) -> Iterator[str]:
    for files in texts[1:]:
        path = f"{_root(files)}{CONTRACT}"
        if files.get(path, own) != own:
            yield path


def _other(path: str) -> Finding:
    message = (
        "the contract with DaVinci Resolve belongs to this proxx, whose driver is written against it: no layer may "
        "change it; what a machine or a studio knows better goes into matrices/resolve.toml"
    )
    return clash("rulebook/locked", message, ["", path, ""])


def _root(files: Mapping[str, bytes]) -> str:
    return next(iter(files)).removesuffix("rulebook.toml")
