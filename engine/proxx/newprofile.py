"""The command that writes a profile: a copy of another under a new name, or a draft from a finished proxy."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from proxx import process, prove
from proxx.cards import profile_card
from proxx.clips import plain_path
from proxx.draft import Draft, draft
from proxx.errors import EXIT_FINDINGS, EXIT_OK, EXIT_USAGE, Finding, ProxxError, RulebookError, has_errors
from proxx.facts import base_name
from proxx.packets import read_packets
from proxx.probe import probe
from proxx.report import FileReport
from proxx.rulebook import Rulebook, builtin, freeze, read_folder
from proxx.shelf import folders_of, load
from proxx.terminal import print_reports, print_text
from proxx.tomledit import rewritten
from proxx.tools import find_tool
from proxx.tryout import try_all
from proxx.writing import must_be_free, write_files

SCHEMA = "schema/profile.schema.json"
_NAME = re.compile(r"[a-z0-9][a-z0-9_]*")
_FORMATS = re.compile(r"Supported pixel formats: (.*)")


def profile_command(arguments: argparse.Namespace) -> int:
    """Write a new profile into a rulebook folder; exit 1 and no file when no profile can be made or it is refused."""
    home = _home(arguments.into)
    below = folders_of(arguments)
    folders = below if home in map(os.path.realpath, (builtin(), *below)) else [*below, home]
    book = load(folders)
    name = _free_name(book, arguments.name)
    kept: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    if arguments.from_file is not None:
        made = _drafted(book, arguments.from_file, name)
        base, wanted, kept, remarks = made.base, made.profile, made.kept, made.remarks
    else:
        base = arguments.profile
        recipe = profile_card(book, base)["recipe"]
        wanted = {**recipe, "title": f"{recipe['title']} ({name})"}
    path = os.path.join(home, "profiles", str(book.profiles[base]["engine"]), f"{name}.toml")
    must_be_free([path])
    text = _text(book, base, path, {**wanted, "name": name})
    if arguments.from_file is not None:
        text = _with_opening(text, base_name(arguments.from_file), base, kept)
    faults = _faults(folders, path, text)
    if has_errors(faults):
        print_reports([FileReport(path, text, "none", tuple(faults))], is_json=False)
        print("proxx: nothing is written", file=sys.stderr)
        return EXIT_FINDINGS
    write_files({path: text}, make_folders=True)
    print_text(_told(path, base, kept, remarks))
    return EXIT_OK


def _home(folder: str | None) -> str:
    """The rulebook folder that gets the profile. Raises ProxxError (exit 2)."""
    home = os.path.realpath(folder or os.curdir)
    if not os.path.isfile(os.path.join(home, "rulebook.toml")):
        said = folder if folder else "the working folder"
        raise ProxxError(
            f"{said} is no rulebook: there is no rulebook.toml in it",
            hint="Name one with --in DIR; proxx new rulebook DIR makes one.",
            exit_code=EXIT_USAGE,
        )
    return home


def _free_name(book: Rulebook, name: str) -> str:
    if not _NAME.fullmatch(name):
        raise ProxxError(
            f"{name!r} cannot name a profile",
            hint="Names are lower-case letters, digits and underscores, such as studio_prores_lt.",
            exit_code=EXIT_USAGE,
        )
    if name in book.profiles:
        where = book.origins[f"profile/{name}"][1]
        raise ProxxError(
            f"there is a profile {name} already: {where}", hint="Choose another name.", exit_code=EXIT_USAGE
        )
    return name


def _drafted(book: Rulebook, name: str, profile: str) -> Draft:
    """The draft of a finished file. Raises ProxxError: exit 2 when it cannot be read, 1 when it cannot be made."""
    media = probe(plain_path(name), book.vocabulary, find_tool("ffprobe"))
    if media.state != "ok":
        words = f"{media.state.replace('-', ' ')}{f' ({media.detail})' if media.detail else ''}"
        raise ProxxError(f"cannot draft from {name}: {words}", hint="Name a finished proxy.", exit_code=EXIT_USAGE)
    packets = read_packets(media, book.vocabulary, find_tool("ffprobe"))
    return draft(book, media, packets, profile, _encodable(book))


def _encodable(book: Rulebook) -> dict[str, list[str]]:
    """The pixel formats that each encoder of the profiles takes on this machine; what it does not tell is left out."""
    encoders = {data["video"]["encoder"] for data in book.profiles.values() if "video" in data}
    found: dict[str, list[str]] = {}
    for encoder in sorted(encoders):
        done = process.run([find_tool("ffmpeg"), "-hide_banner", "-h", f"encoder={encoder}"], timeout=20)
        said = _FORMATS.search(done.stdout.decode("utf-8", "replace"))
        if said:
            found[encoder] = said[1].split()
    return found


def _text(book: Rulebook, base: str, path: str, wanted: Mapping[str, Any]) -> str:
    """The text of the base with other values, and a first line that is right for its new place."""
    source = Path(book.origins[f"profile/{base}"][1]).read_text("utf-8")
    rest = rewritten(source, wanted).partition("\n")[2]
    return f"#:schema {schema_place(os.path.dirname(path))}\n{rest}"


def schema_place(folder: str) -> str:
    """The profile schema as seen from a folder: the nearest one above it, else the one of this installation."""
    for above in (Path(folder), *Path(folder).parents):
        if (above / SCHEMA).is_file():
            return os.path.relpath(above / SCHEMA, folder).replace(os.sep, "/")
    return os.path.join(builtin(), SCHEMA)


def _with_opening(text: str, file: str, base: str, kept: Sequence[str]) -> str:
    """The text with its question answered by a file, and with what the file does not tell."""
    schema, _, rest = text.partition("\n")
    while rest.startswith("#"):
        rest = rest.partition("\n")[2]
    opening = [schema, f"# Which proxy is made like {''.join(c if c.isprintable() else '?' for c in file)}?"]
    if kept:
        opening.append(f"# The file does not tell these, which are those of {base}: {', '.join(kept)}.")
    return "\n".join([*opening, rest])


def _faults(folders: Sequence[str], path: str, text: str) -> list[Finding]:
    """What is wrong with the rulebook when the text stands at the path, which it does not yet."""
    layers = [read_folder(folder) for folder in (builtin(), *folders)]
    at = next(place for place, files in enumerate(layers) if next(iter(files)).rpartition("/")[0] == _root(path))
    layers[at] = {**layers[at], path: text.encode("utf-8", "surrogateescape")}
    templates = {name.partition("/profiles/templates/")[2]: name for files in layers for name in files if ".j2" in name}
    try:
        book = freeze(layers)
    except RulebookError as error:
        return list(error.faults)
    found = list(prove.lint(book))
    if not has_errors(found):
        name = Path(path).stem
        alone = {**book.items, "profile": {name: book.profiles[name]}}  # the others are as they were
        found += try_all(Rulebook({**book.frozen, "items": alone}), templates)
    return [fault for fault in found if fault.is_error or fault.subject == path]


def _root(path: str) -> str:
    """The rulebook folder of a profile at ROOT/profiles/ENGINE/NAME.toml."""
    return str(Path(path).parents[2]).replace(os.sep, "/")


def _told(path: str, base: str, kept: Sequence[str], remarks: Sequence[str]) -> str:
    lines = [f"{path}: made from {base}"]
    if kept:
        lines.append(f"  a file does not tell {', '.join(kept)}: as in {base}")
    return "\n".join([*lines, *(f"  {remark}" for remark in remarks)]) + "\n"
