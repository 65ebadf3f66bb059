"""From the files of one rulebook folder to one layer: TOML read, shapes checked, every fault told at once."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from typing import Any

import jsonschema

from proxx.errors import Finding
from proxx.newtoml import news
from proxx.stack import Layer

SCHEMA_LINE = "#:schema "
HEAD = "rulebook.toml"
_SPOT = re.compile(r" \(at line (\d+), column (\d+)\)$")
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
            document, wrong = read_document(path, data, schemas)
            faults += wrong
            if path.endswith(f"/{HEAD}"):
                head = document
                if any(fault.id == "rulebook/newer-format" for fault in wrong):
                    break  # the other files follow rules that are not known here
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


def read_document(path: str, data: bytes, schemas: Mapping[str, bytes]) -> tuple[Mapping[str, Any], list[Finding]]:
    """The document of a TOML file that names its schema on its first line, and all that is wrong with its shape."""
    try:
        text = data.decode("utf-8")
        if (found := news(text)) is not None:
            line, column, what = found
            return {}, [_fault("rulebook/not-toml", f"{what} is TOML 1.1; write TOML 1.0", path, "", line, column)]
        document = tomllib.loads(text)
    except ValueError as error:
        spot = _SPOT.search(str(error))
        line, column = (int(spot[1]), int(spot[2])) if spot else (1, 1)
        message = f"cannot be read as TOML 1.0: {_SPOT.sub('', str(error))}"
        return {}, [_fault("rulebook/not-toml", message, path, "", line, column)]
    first = text.partition("\n")[0].strip()
    name = first[len(SCHEMA_LINE) :].strip().rpartition("/")[2] if first.startswith(SCHEMA_LINE) else ""
    if name not in schemas:
        known = ", ".join(sorted(schemas))
        return {}, [_fault("rulebook/no-schema", f"the first line must name a schema: #:schema … of {known}", path, "")]
    schema = json.loads(schemas[name])
    return document, _newer(path, document, schema) or _shape(path, document, schema)


def _newer(path: str, document: Mapping[str, Any], schema: Mapping[str, Any]) -> list[Finding]:
    """A rulebook of a later format than this program reads."""
    given = document.get("format")
    ours = schema["properties"].get("format", {}).get("const")
    if not path.endswith(f"/{HEAD}") or type(given) is not int or given <= ours:
        return []
    message = f"the rulebook has format {given}; this proxx reads format {ours}: a newer proxx is needed"
    return [_fault("rulebook/newer-format", message, path, "/format")]


def _shape(path: str, document: Mapping[str, Any], schema: Mapping[str, Any]) -> list[Finding]:
    validator = jsonschema.Draft202012Validator(schema)
    faults = []
    for error in sorted(validator.iter_errors(document), key=lambda e: [str(part) for part in e.absolute_path]):
        best = jsonschema.exceptions.best_match([error]) or error
        keys = [str(part).replace("~", "~0").replace("/", "~1") for part in best.absolute_path]
        faults.append(_fault("rulebook/shape", best.message, path, "".join(f"/{key}" for key in keys)))
    return faults


def _fault(kind: str, message: str, path: str, at: str, line: int = 0, column: int = 0) -> Finding:
    return Finding(id=kind, message=message, at=at, subject=path, line=line, column=column)
