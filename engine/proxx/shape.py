"""From the files of one rulebook folder to one layer: TOML read, shapes checked, every fault told at once."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from typing import Any

import jsonschema

from proxx.errors import Finding
from proxx.stack import Layer

SCHEMA_LINE = "#:schema "
TEMPLATES = "/profiles/templates/"


def read_layer(files: Mapping[str, bytes], schemas: Mapping[str, bytes]) -> tuple[Layer, list[Finding]]:
    """The layer that the files make, and all that is wrong with their shapes (the layer then lacks those files)."""
    faults: list[Finding] = []
    head: Mapping[str, Any] = {}
    documents: dict[str, Mapping[str, Any]] = {}
    templates: dict[str, str] = {}
    for path, data in files.items():
        if TEMPLATES in path:
            templates[path.partition(TEMPLATES)[2]] = data.decode("utf-8", "replace")
        elif path.endswith(".toml"):
            document, wrong = _read(path, data, schemas)
            faults += wrong
            if path.endswith("/rulebook.toml"):
                head = document
            elif not wrong:
                documents[path] = document
    layer = Layer(
        path=next(iter(files)),
        name=str(head.get("name", "")),
        version=str(head.get("version", "")),
        extends=str(head.get("extends", "")),
        documents=documents,
        templates=templates,
    )
    return layer, faults


def _read(path: str, data: bytes, schemas: Mapping[str, bytes]) -> tuple[Mapping[str, Any], list[Finding]]:
    try:
        text = data.decode("utf-8")
        document = tomllib.loads(text)
    except ValueError as error:
        return {}, [_fault("rulebook/not-toml", f"cannot be read as TOML 1.0: {error}", path, "")]
    first = text.partition("\n")[0].strip()
    name = first[len(SCHEMA_LINE) :].strip().rpartition("/")[2] if first.startswith(SCHEMA_LINE) else ""
    if name not in schemas:
        known = ", ".join(sorted(schemas))
        return {}, [_fault("rulebook/no-schema", f"the first line must name a schema: #:schema … of {known}", path, "")]
    return document, _shape(path, document, json.loads(schemas[name]))


def _shape(path: str, document: Mapping[str, Any], schema: Mapping[str, Any]) -> list[Finding]:
    validator = jsonschema.Draft202012Validator(schema)
    faults = []
    for error in sorted(validator.iter_errors(document), key=lambda e: [str(part) for part in e.absolute_path]):
        best = jsonschema.exceptions.best_match([error]) or error
        keys = [str(part).replace("~", "~0").replace("/", "~1") for part in best.absolute_path]
        faults.append(_fault("rulebook/shape", best.message, path, "".join(f"/{key}" for key in keys)))
    return faults


def _fault(kind: str, message: str, path: str, at: str) -> Finding:
    return Finding(id=kind, message=message, at=at, subject=path)
