"""The command that writes a studio's rulebook: a folder with one example of each kind, right from the first check."""

from __future__ import annotations

import argparse
import json
import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tomli_w

from proxx.errors import EXIT_OK, EXIT_USAGE, ProxxError
from proxx.rulebook import Rulebook, builtin
from proxx.shelf import load
from proxx.terminal import print_text
from proxx.tomledit import rewritten
from proxx.writing import must_be_empty, write_folder

STARTER = Path(__file__).with_name("starter")
BASE = "proxy_prores_4444"
"""The shipped profile that the starter's profile is a change of."""

PROFILE: Mapping[str, Any] = {
    "title": "Apple ProRes 4444 XQ",
    "codec": "prores_xq",
    "variant": "xq",
    "doc": "The largest ProRes. The quantiser is that of proxy_prores_4444; the ceiling is Apple's published rate and "
    "a tenth more.\n",
}
FLAVOUR: Mapping[str, Mapping[str, Any]] = {
    "video": {"profile": "5"},
    "promise": {"profile": "XQ", "tag": "ap4x"},
    "size": {"ceiling": 454.0},
}
"""What makes it XQ: prores_ks's number of the flavour, what it reads as, and 413 Mb/s at 1920x1080 and 25 fps."""

SCHEMAS = ("cases", "execution", "facts", "jobspec-fields", "profile", "resolve", "rulebook", "tables", "vocabulary")
"""The schemas of all kinds of TOML files that a rulebook may hold."""

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]*")


def rulebook_command(arguments: argparse.Namespace) -> int:
    """Write a new rulebook folder."""
    name, folder = arguments.name, arguments.folder
    must_be_empty(folder)
    shipped = load([])
    if not _NAME.fullmatch(name) or name == shipped.name:
        raise ProxxError(
            f"{name!r} cannot name a studio's rulebook",
            hint="Names are lower-case letters, digits, dots, hyphens and underscores, such as studio; "
            f"{shipped.name} is the shipped one.",
            exit_code=EXIT_USAGE,
        )
    write_folder(folder, starter(shipped, name))
    place = folder.rstrip("/") or "/"
    print_text(
        f"{place}: a rulebook called {name}, over {shipped.name}; README.md in it tells what is what\n"
        f"Try: proxx rulebook check {place} && proxx rulebook test {place}\n"
    )
    return EXIT_OK


def starter(shipped: Rulebook, name: str) -> dict[str, str]:
    """The files of a new rulebook by their paths in it."""
    words = {
        "@name@": name,
        "@id@": re.sub(r"[^a-z0-9]+", "-", name).strip("-"),
        "@word@": re.sub(r"[^a-z0-9]+", "_", name).strip("_"),
        "@show@": re.sub(r"[^A-Z0-9]+", "_", name.upper()).strip("_"),
    }
    head = {"name": name, "version": "1", "format": 1, "extends": shipped.name}
    question = f"Which rulebook is this? The decisions of {name}, laid over the shipped ones."
    files = {
        "rulebook.toml": f"#:schema schema/rulebook.schema.json\n# {question}\n{tomli_w.dumps(head)}",
        f"profiles/ffmpeg/{words['@word@']}_prores_xq.toml": _profile(shipped, f"{words['@word@']}_prores_xq"),
        "README.md": _filled(STARTER / "README.md.in", words),
        f"cases/{words['@id@']}.toml": _schema("cases") + _filled(STARTER / "cases" / "cases.toml.in", words),
    }
    for path in sorted((STARTER / "matrices").iterdir()):
        kind = "vocabulary" if path.name.startswith("words") else "tables"
        files[f"matrices/{path.name.removesuffix('.in')}"] = _schema(kind) + _filled(path, words)
    for kind in SCHEMAS:
        file = f"schema/{kind}.schema.json"
        text = Path(os.path.join(builtin(), file)).read_text("utf-8")
        json.loads(text)
        files[file] = text
    return files


def _schema(kind: str) -> str:
    return f"#:schema ../schema/{kind}.schema.json\n"


def _filled(path: Path, words: dict[str, str]) -> str:
    text = path.read_text("utf-8")
    for mark, word in words.items():
        text = text.replace(mark, word)
    return text


def _profile(shipped: Rulebook, name: str) -> str:
    """The starter's profile: the shipped one with the values of another flavour, and its comments."""
    source = Path(shipped.origins[f"profile/{BASE}"][1]).read_text("utf-8")
    recipe = tomllib.loads(source)
    wanted = {**recipe, **PROFILE, "name": name}
    wanted |= {table: {**recipe[table], **changes} for table, changes in FLAVOUR.items()}
    rest = rewritten(source, wanted).split("\n", 2)[2]
    return f"#:schema ../../schema/profile.schema.json\n# Which ProRes keeps the widest range of a picture?\n{rest}"
