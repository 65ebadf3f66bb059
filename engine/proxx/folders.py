"""Rulebook folders: where the shipped one is, and the files of any of them."""

from __future__ import annotations

import os

from proxx.errors import EXIT_USAGE, ProxxError

PARTS = ("matrices", "profiles", "schema")
SUFFIXES = (".toml", ".j2", ".json", ".cube")


def builtin() -> str:
    """The shipped rulebook's folder: beside the installed package, or the root of the checkout."""
    code = os.path.dirname(os.path.realpath(__file__))
    data = os.path.join(code, "data")
    return data if os.path.isdir(data) else os.path.dirname(os.path.dirname(code))


def read_folder(folder: str) -> dict[str, bytes]:
    """Every file of a rulebook folder, by its path (absolute, "/" between names). Raises ProxxError."""
    root = os.path.realpath(folder).replace(os.sep, "/")
    paths = [f"{root}/rulebook.toml"]
    for part in PARTS:
        for place, folders, names in os.walk(f"{root}/{part}"):
            folders.sort()
            paths += [f"{place}/{name}".replace(os.sep, "/") for name in sorted(names) if name.endswith(SUFFIXES)]
    files = {}
    try:
        for path in paths:
            with open(path, "rb") as handle:
                files[path] = handle.read()
    except OSError as error:
        raise ProxxError(
            f"cannot read the rulebook {folder}: {error.strerror}: {error.filename}",
            hint="A rulebook is a folder with rulebook.toml in it, and matrices/, profiles/ and schema/ beside that.",
            exit_code=EXIT_USAGE,
        ) from error
    return files
