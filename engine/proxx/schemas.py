"""Builds the published JSON Schema of a JobSpec from the declared fields, so that the two cannot differ."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from proxx.specfields import Field

_PATTERNS = {
    "text": r"^\S([^\r\n]*\S)?$",
    "template": r"^\S([^\r\n]*\S)?$",
    "name": r"^(?!\.{1,2}$)[^\s/\\]([^\r\n/\\]*[^\s/\\])?$",
    "absolute-path": r"^/[^\r\n]*$",
    "instant": r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|\+00:00)$",
}
_RATE_RULE = {
    "title": "Explicit frame rate",
    "description": "fps_explicit is given exactly when fps_mode is explicit.",
    "if": {"properties": {"fps_mode": {"const": "explicit"}}, "required": ["fps_mode"]},
    "then": {"properties": {"fps_explicit": {"type": "number"}}, "required": ["fps_explicit"]},
    "else": {"properties": {"fps_explicit": {"type": "null"}}},
}


def jobspec_schema(fields: Sequence[Field]) -> dict[str, Any]:
    """JSON Schema 2020-12 of a JobSpec. It says what a schema can say; what rules decide across files it cannot."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "JobSpec",
        "description": "One proxy job: which sources become which proxies, where, and under which names.",
        "type": "object",
        "additionalProperties": False,
        "required": [one.name for one in fields if one.required],
        "properties": {one.name: _property(one) for one in fields},
        "allOf": [_RATE_RULE],
    }


def schema_text(schema: dict[str, Any]) -> str:
    """A schema as its file holds it."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _property(one: Field) -> dict[str, Any]:
    made: dict[str, Any] = {"title": one.title, "description": one.doc, **_shape(one)}
    if one.default is not None:
        made["default"] = one.default
    return {**made, "examples": [one.example]}


def _shape(one: Field) -> dict[str, Any]:
    if one.type == "number":
        low, high = (float(one.limits[end]) for end in ("least", "most"))
        kinds = ["number", "null"] if one.nullable else "number"
        return {"type": kinds, "minimum": low, "maximum": high}
    if one.type == "object":
        return {"type": "object", "maxProperties": 0}
    if one.type == "list":
        item = {"title": "Item", "description": "One absolute path.", "type": "string", "pattern": _PATTERNS[one.form]}
        return {"type": "array", "minItems": 1, "uniqueItems": True, "items": item}
    if one.form == "raster":
        word = {"title": "Word", "description": "A raster by its relation to the source's.", "enum": list(one.values)}
        size = {"title": "Size", "description": "Width and height in pixels.", "type": "string", "pattern": one.pattern}
        return {"anyOf": [word, size]}
    if one.values:
        return {"const": one.values[0]} if len(one.values) == 1 else {"enum": list(one.values)}
    return {"type": "string", "pattern": _PATTERNS[one.form]}
