"""The JobSpec as a value: read from a document, immutable, and written back byte for byte."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from decimal import Decimal
from enum import Enum, StrEnum
from fractions import Fraction
from types import MappingProxyType
from typing import Any, Self

from proxx.forms import exact_number, parse_raster
from proxx.specfields import Field, FieldFacts, fields_from, judge, rate_facts
from proxx.strictjson import Fault, Reading, number, read

__all__ = [
    "VERSION",
    "Fault",
    "Field",
    "FieldFacts",
    "FpsMode",
    "Reading",
    "Spec",
    "exact_rate",
    "fields_from",
    "judge",
    "parse_raster",
    "rate_facts",
    "read",
]

VERSION = "2.1"
"""The contract version that this program reads and writes. There is no migration."""


class FpsMode(StrEnum):
    """Whether a proxy keeps its source's frame rate or is conformed to an explicit one."""

    SAME_AS_SOURCE = "same-as-source"
    EXPLICIT = "explicit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """One job: which sources become which proxies, where, and under which names.

    Nothing in it can be changed: lists become tuples, objects read-only mappings; paths may be given as
    os.PathLike. It holds what it is given, right or wrong: `judge(spec.to_dict(), …)` says what is wrong.
    `job_id` and `created_at` are None until somebody fills them in.
    """

    jobspec_version: str = VERSION
    job_id: str | None = None
    sources: Sequence[str]
    output_directory: str
    codec: str
    container: str
    resolution: str
    fps_mode: FpsMode = FpsMode.SAME_AS_SOURCE
    fps_explicit: int | float | Decimal | None = None
    naming_template: str
    proxy_profile: str
    resolved_tokens: Mapping[str, Any] = field(default_factory=dict, hash=False)
    created_at: str | None = None

    def __post_init__(self) -> None:
        for one in fields(Spec):
            object.__setattr__(self, one.name, _frozen(getattr(self, one.name)))
        if self.fps_mode in tuple(FpsMode):
            object.__setattr__(self, "fps_mode", FpsMode(self.fps_mode))

    def __reduce__(self) -> tuple[Any, ...]:
        # Read-only mappings cannot be copied or pickled; the document can.
        return type(self).from_document, (self.to_dict(),)

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Self:
        """The spec of a document in which `judge` found nothing wrong; null is absent."""
        return cls(**{name: value for name, value in document.items() if value is not None})

    def to_dict(self) -> dict[str, Any]:
        """The document in the contract's order. job_id and created_at are left out while they are None."""
        document = {one.name: _thawed(getattr(self, one.name)) for one in fields(Spec)}
        return {
            name: value for name, value in document.items() if value is not None or name not in ("job_id", "created_at")
        }

    def to_json(self) -> str:
        """The document as JSON text: always the same for the same spec, and the same spec when it is read again."""
        members = (f"  {_json(name)}: {_json(value)}" for name, value in self.to_dict().items())
        return "{\n" + ",\n".join(members) + "\n}\n"


def exact_rate(value: int | float | Decimal, rates: Mapping[str, str]) -> Fraction:
    """Frames per second, exactly: the fraction that `rates` gives the number (23.976 → 24000/1001), else as written.

    Raises ValueError for a number that is not finite or of more than forty digits.
    """
    written = exact_number(value)
    if written is None:
        raise ValueError("a frame rate is a finite number of at most forty digits")
    named = {Fraction(name): Fraction(exact) for name, exact in rates.items()}
    return named.get(written, written)


def content_id(document: Mapping[str, Any]) -> str:
    """The id of a spec that has none, made from its content (and written like a UUID): the same spec, the same id."""
    text = json.dumps(document, sort_keys=True, default=str)
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    return "-".join((digest[:8], digest[8:12], digest[12:16], digest[16:20], digest[20:32]))


def _frozen(value: Any) -> Any:
    if isinstance(value, Mapping):
        return MappingProxyType({name: _frozen(member) for name, member in value.items()})
    if isinstance(value, list | tuple):
        return tuple(_frozen(item) for item in value)
    if isinstance(value, Decimal) and value.is_finite():
        return number(str(value))  # as reading the written number would give it
    return os.fspath(value) if isinstance(value, os.PathLike) else value


def _thawed(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _thawed(member) for name, member in value.items()}
    if isinstance(value, tuple):
        return [_thawed(item) for item in value]
    return value.value if isinstance(value, Enum) else value


def _json(value: Any) -> str:
    """A member's value, indented to stand one level deep; a Decimal keeps its digits, which json cannot do."""
    if isinstance(value, Decimal):
        return str(value)
    return json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False).replace("\n", "\n  ")
