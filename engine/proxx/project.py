"""Finds proxx.toml, which says for a folder and all below it which rulebooks judge the specs there."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from proxx.errors import EXIT_USAGE, Finding, ProxxError, RulebookError
from proxx.rulebook import FORMAT, builtin

NAME = "proxx.toml"
SCHEMA = "project.schema.json"
CEILING = "PROXX_CEILING"
"""Names folders, as PATH does, that the search upwards does not enter."""


def project_of(folder: str) -> str:
    """The nearest proxx.toml in the folder or above it; "" when there is none."""
    barred = {os.path.realpath(name) for name in os.environ.get(CEILING, "").split(os.pathsep) if name}
    here = os.path.abspath(folder)
    while True:
        path = os.path.join(here, NAME)
        if os.path.lexists(path) and not os.path.isdir(path):
            return path
        above = os.path.dirname(here)
        if above == here or os.path.realpath(above) in barred:
            return ""
        here = above


def rulebooks_of(project: str) -> list[str]:
    """The rulebook folders that a proxx.toml names, in order.

    Raises RulebookError with every fault of the file, ProxxError (exit 2) when it cannot be read.
    """
    try:
        with open(project, "rb") as handle:
            data = handle.read()
    except OSError as error:
        raise ProxxError(
            f"cannot read {project}: {error.strerror}",
            hint="It says which rulebooks count here; --isolated does without it.",
            exit_code=EXIT_USAGE,
        ) from error
    names = _document(project, data)["rulebooks"]
    folders = [os.path.join(os.path.dirname(project), name) for name in names]
    faults = [
        Finding("rulebook/no-folder", _absent(name, folder), at=f"/rulebooks/{index}", subject=project)
        for index, (name, folder) in enumerate(zip(names, folders, strict=True))
        if not os.path.isfile(os.path.join(folder, "rulebook.toml"))
    ]
    if faults:
        raise RulebookError(tuple(faults))
    return folders


def _absent(name: str, folder: str) -> str:
    what = "there is no rulebook.toml in it" if os.path.isdir(folder) else "there is no such folder"
    return f"{name} is no rulebook: {what} ({os.path.normpath(folder)})"


def _document(project: str, data: bytes) -> Mapping[str, Any]:
    """The document, of the right shape; the slow judge of shapes is asked only about one that looks wrong."""
    import tomllib  # only a project has TOML to be read when the rulebook is frozen

    from proxx.newtoml import news

    try:
        text = data.decode("utf-8")
        document = {} if news(text) else tomllib.loads(text)
    except ValueError:
        document = {}
    names = document.get("rulebooks")
    known = set(document) == {"format", "rulebooks"} and type(document["format"]) is int
    listed = isinstance(names, list) and all(isinstance(name, str) and name for name in names)
    return document if known and listed and document["format"] == FORMAT else _judged(project, data)


def _judged(project: str, data: bytes) -> Mapping[str, Any]:
    from proxx.shape import read_document

    with open(os.path.join(builtin(), "schema", SCHEMA), "rb") as handle:
        schemas = {SCHEMA: handle.read()}
    document, faults = read_document(project, data, schemas, without_line=SCHEMA)
    if faults:
        raise RulebookError(tuple(faults))
    return document
