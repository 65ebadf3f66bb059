"""From the files of one rulebook folder to one layer: TOML read, shapes checked, every fault told at once."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from proxx.errors import Finding
from proxx.layers import HEAD, Layer, escape
from proxx.nearest import question
from proxx.newtoml import news, unclosed
from proxx.shapewords import UNKNOWN, is_about_keys, strangers, told

SCHEMA_LINE = "#:schema "
PROFILE = "profile.schema.json"
PROJECT = "project.schema.json"
_SPOT = re.compile(r" \(at line (\d+), column (\d+)\)$")
_END = " (at end of document)"
TEMPLATES = "profiles/templates/"
LUT = ".cube"
SCHEMAS_BY_PLACE: Mapping[str, tuple[str, ...]] = {
    HEAD: ("rulebook.schema.json",),
    "matrices": (
        "tables.schema.json",
        "vocabulary.schema.json",
        "facts.schema.json",
        "jobspec-fields.schema.json",
        "execution.schema.json",
        "resolve.schema.json",
        "fixtures.schema.json",
        "generations.schema.json",
    ),
    "profiles": (PROFILE,),
}
"""What a file says by where it stands: below matrices a question, below profiles a recipe."""


def read_layer(files: Mapping[str, bytes], schemas: Mapping[str, bytes]) -> tuple[Layer, list[Finding]]:
    """The layer that the files make, and all that is wrong with their shapes (the layer then lacks those files)."""
    faults: list[Finding] = []
    head: Mapping[str, Any] = {}
    documents: dict[str, Mapping[str, Any]] = {}
    templates: dict[str, str] = {}
    luts: dict[str, bytes] = {}
    first = next(iter(files))
    for path, data in files.items():
        near = path.removeprefix(first.removesuffix(HEAD))
        if near.endswith(LUT):
            luts[near] = data
        elif near.startswith(TEMPLATES):
            templates[near.removeprefix(TEMPLATES)] = data.decode("utf-8", "replace")
        elif (place := near.partition("/")[0]) in SCHEMAS_BY_PLACE and near.endswith(".toml"):
            fitting = {name: schemas[name] for name in SCHEMAS_BY_PLACE[place] if name in schemas}
            document, wrong = read_document(path, data, fitting)
            faults += wrong
            if place == HEAD:
                head = document
                if any(fault.id == "rulebook/newer-format" for fault in wrong):
                    break  # the other files follow rules that are not known here
            elif not wrong:
                documents[path] = document
    name, version, extends = (str(head.get(key, "")) for key in ("name", "version", "extends"))
    return Layer(first, name, version, extends, documents, templates, luts), faults


def read_document(
    path: str, data: bytes, schemas: Mapping[str, bytes], *, without_line: str = ""
) -> tuple[Mapping[str, Any], list[Finding]]:
    """The document of a TOML file that names its schema on its first line, and all that is wrong with its shape.

    `without_line` is the schema of a file that names none.
    """
    try:
        text = data.decode("utf-8")
        if text.startswith("\ufeff"):
            message = "the file begins with a byte order mark; save it as UTF-8 without one"
            return {}, [_fault("rulebook/not-toml", message, path, "", 1, 1)]
        if (found := news(text)) is not None:
            line, column, what = found
            return {}, [_fault("rulebook/not-toml", f"{what} is TOML 1.1; write TOML 1.0", path, "", line, column)]
        document = tomllib.loads(text)
    except ValueError as error:
        message, line, column = _broken(data, error)
        return {}, [_fault("rulebook/not-toml", f"cannot be read as TOML 1.0: {message}", path, "", line, column)]
    first = text.partition("\n")[0].strip()
    named = first.startswith(SCHEMA_LINE) or not without_line
    name = first[len(SCHEMA_LINE) :].strip().rpartition("/")[2] if named else without_line
    if name not in schemas:
        near = question(name, schemas)
        message = f"the first line must name a schema: #:schema … of {', '.join(sorted(schemas))}{near}"
        return {}, [_fault("rulebook/no-schema", message, path, "", 1, 1)]
    schema = json.loads(schemas[name])
    faults = _newer(path, document, schema) or shape_faults(path, document, schema)
    return document, [_misplaced(fault, name, schemas) for fault in faults]


def _broken(data: bytes, error: ValueError) -> tuple[str, int, int]:
    """What makes a text no TOML, and its line and column: where the fault is met, or what never ends begins."""
    if isinstance(error, UnicodeDecodeError):
        before = data[: error.start].decode("utf-8")
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        return f"the byte 0x{data[error.start]:02x} is no UTF-8", line, column
    message = str(error)
    if spot := _SPOT.search(message):
        return message[: spot.start()], int(spot[1]), int(spot[2])
    line, column, opener = unclosed(data.decode("utf-8"))
    return message.removesuffix(_END) + (f"; {opener} is never closed" if opener else " at the end"), line, column


def _newer(path: str, document: Mapping[str, Any], schema: Mapping[str, Any]) -> list[Finding]:
    """A rulebook or project of a later format than this program reads."""
    given = document.get("format")
    ours = schema["properties"].get("format", {}).get("const")
    if ours is None or type(given) is not int or given <= ours:
        return []
    what = "rulebook" if path.endswith(f"/{HEAD}") else "file"
    message = f"the {what} has format {given}; this proxx reads format {ours}: a newer proxx is needed"
    return [_fault("rulebook/newer-format", message, path, "/format")]


def shape_faults(path: str, document: Mapping[str, Any], schema: Mapping[str, Any]) -> list[Finding]:
    """Everything about a document that its schema does not allow, each at the value or key that is wrong."""
    import jsonschema  # slow to import, and most modules that reach this one check no shape

    validator = jsonschema.Draft202012Validator(schema)
    errors = [jsonschema.exceptions.best_match([error]) or error for error in validator.iter_errors(document)]
    mistyped = {tuple(error.absolute_path) for error in errors if error.validator == "type"}
    meant: dict[tuple[str | int, ...], set[str]] = {}
    for error in filter(is_about_keys, errors):
        meant.setdefault(tuple(error.absolute_path), set()).update(near for _, near in strangers(error))
    faults: dict[Finding, None] = {}
    for error in sorted(errors, key=lambda e: [str(part) for part in e.absolute_path]):
        path_of = tuple(error.absolute_path)
        if error.validator in ("oneOf", "anyOf") and path_of in mistyped:
            continue  # of a value of the wrong type nothing more is to be said
        at = "".join(f"/{escape(str(part))}" for part in path_of)
        said = told(error, meant.get(path_of, set()))
        faults |= {_fault(kind, message, path, f"{at}{key}"): None for kind, key, message in said}
    return list(faults)


def _misplaced(fault: Finding, name: str, schemas: Mapping[str, bytes]) -> Finding:
    """The fault; of a key that stands at the top of other files it says which, and what this file calls itself."""
    if fault.id != UNKNOWN or fault.at.count("/") != 1:
        return fault
    homes = [other for other, data in schemas.items() if fault.at[1:] in json.loads(data).get("properties", {})]
    if not homes:
        return fault
    hint = f"it stands in files of {' or '.join(homes)}, and the first line says {name}"
    return replace(fault, message=f"{fault.message.partition(';')[0]}: {hint}")


def _fault(kind: str, message: str, path: str, at: str, line: int = 0, column: int = 0) -> Finding:
    return Finding(id=kind, message=message, at=at, subject=path, line=line, column=column)
