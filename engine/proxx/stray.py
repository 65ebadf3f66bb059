"""Finds files in a rulebook folder that nobody reads: in a misspelt folder, or at a wrong place."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

from proxx.casefiles import PLACES
from proxx.errors import Finding
from proxx.folders import PARTS, SUFFIXES
from proxx.nearest import nearest

ROOT_FILES = ("rulebook.toml", "proxx.toml", "pyproject.toml")
SCHEMA_LINE = b"#:schema "
TEMPLATES = "profiles/templates"
OTHER_FORMATS = (".yaml", ".yml", ".json")
"""Endings of files that somebody may take for rules or recipes."""


def strays(folder: str) -> list[Finding]:
    """A warning for every folder that seems misspelt and every rulebook file that nobody reads."""
    root = os.path.realpath(folder)
    found: list[Finding] = []
    for place, folders, names in os.walk(root):
        here = os.path.relpath(place, root).replace(os.sep, "/").removeprefix(".")
        astray = {} if here else {name: near for name in folders if (near := _meant(name))}
        found += [_folder(root, name, near) for name, near in sorted(astray.items())]
        folders[:] = sorted(name for name in folders if name not in astray and _is_ours(place, name))
        found += [_file(place, name, why) for name in sorted(names) if (why := _unread(here, place, name))]
    return found


def _meant(name: str) -> str:
    """The folder of a rulebook that a misspelt one stands for; "" for all others."""
    near = nearest(name, [*PARTS, "cases"])
    return "" if near == name else near


def _is_ours(place: str, name: str) -> bool:
    """Not hidden, no program's, and no rulebook or project of its own."""
    path = os.path.join(place, name)
    return not name.startswith((".", "__")) and not any(
        os.path.lexists(os.path.join(path, head)) for head in ("rulebook.toml", "proxx.toml", "pyvenv.cfg")
    )


def _folder(root: str, name: str, meant: str) -> Finding:
    return _warning(f"nobody reads the folder {name}/; did you mean {meant}/?", os.path.join(root, "rulebook.toml"))


def _unread(here: str, place: str, name: str) -> str:
    """Why nobody reads the file, if that is so."""
    part = here.partition("/")[0]
    if part in PARTS:
        return _unread_in_part(here, part, name)
    if not name.endswith(".toml") or here in PLACES or (not here and name in ROOT_FILES):
        return ""
    if here and not _names_a_schema(os.path.join(place, name)):
        return ""
    return f"rules stand in {PARTS[0]}/, recipes in {PARTS[1]}/, cases in {PLACES[0]}/"


def _unread_in_part(here: str, part: str, name: str) -> str:
    in_templates = f"{here}/".startswith(f"{TEMPLATES}/")
    if name.endswith(".toml") and (in_templates or part == "schema"):
        return "rules stand in matrices/, recipes in profiles/"
    if name.endswith(".j2") and not in_templates:
        return f"templates stand below {TEMPLATES}/"
    if name.endswith(".cube") and (part != "profiles" or in_templates):
        return "LUTs stand below profiles/, and a profile names them"
    ending = os.path.splitext(name)[1]
    if not name.endswith(SUFFIXES) and name.lower().endswith(SUFFIXES):
        return f"names end in {', '.join(SUFFIXES)}, in small letters"
    if part != "schema" and (ending in OTHER_FORMATS or _is_misspelt(ending)):
        return "rules and recipes end in .toml, templates in .j2, LUTs in .cube"
    return ""


def _is_misspelt(ending: str) -> bool:
    """Whether an ending is nearly one of ours, and no editor's backup."""
    return ending not in SUFFIXES and bool(nearest(ending, SUFFIXES)) and not ending.endswith("~")


def _names_a_schema(path: str) -> bool:
    try:
        with open(path, "rb") as handle:
            return handle.read(len(SCHEMA_LINE)) == SCHEMA_LINE
    except OSError:
        return False


def _file(place: str, name: str, why: str) -> Finding:
    return _warning(f"nobody reads {name} here: {why}", os.path.join(place, name))


def _warning(message: str, path: str) -> Finding:
    return Finding("rulebook/stray", message, severity="warning", subject=path)


def all_strays(folders: Sequence[str]) -> Iterator[Finding]:
    """The strays of several folders."""
    for folder in folders:
        yield from strays(folder)
