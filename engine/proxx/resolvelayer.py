"""Writes what a machine's Resolve offers as a layer of the matrix: formats and codecs by their ids."""

from __future__ import annotations

import argparse
import json
import platform
import re
from collections.abc import Mapping
from typing import Any

import tomli_w

from proxx.errors import EXIT_OK, EXIT_TROUBLE, EXIT_USAGE, ProxxError
from proxx.resolvehealth import place_of, see, told
from proxx.rulebook import Rulebook, builtin
from proxx.shelf import book_of
from proxx.terminal import print_text
from proxx.writing import must_be_free, write_files

VERSION = re.compile(r"[1-9][0-9]*(\.[0-9]+){1,3}")
HEAD = """#:schema ../schema/resolve.schema.json
# What does DaVinci Resolve offer on this machine? {product} {version} on {system}, as proxx resolve probe found it.
# Put this file into matrices/ of a layer to use it, or send it to those who keep the shipped matrix.
"""


def probe_command(arguments: argparse.Namespace) -> int:
    """Write the formats and codecs of this machine's Resolve to a file that is not there yet."""
    if arguments.output is not None:
        must_be_free([arguments.output])
    book = book_of(arguments)
    text = layer_text(book, asked(book))
    if arguments.output is None:
        print_text(text)
        return EXIT_OK
    write_files({arguments.output: text})
    print_text(f"{arguments.output}\n")
    return EXIT_OK


def asked(book: Rulebook, simulated: list[str] | None = None) -> Mapping[str, Any]:
    """What this machine's Resolve says of itself. Raises ProxxError (exit 3) when it does not say what it offers."""
    seen = see(book, place_of(book), simulated)
    found = seen.found
    if found.get("formats") and VERSION.fullmatch(str(found.get("version", ""))) and not seen.hung:
        return found
    words = [f"{one.check}: {one.found}" for one in told(book, seen) if one.state != "ok"]
    raise ProxxError(
        f"Resolve does not tell what it offers: {'; '.join(words) or 'no project is open, or it gave no version'}",
        hint="proxx doctor says more. Formats are asked of the project that is open.",
        exit_code=EXIT_TROUBLE,
    )


def layer_text(book: Rulebook, found: Mapping[str, Any]) -> str:
    """The layer as TOML. Raises ProxxError when it does not fit its own schema, which is a fault of ours."""
    from proxx.shape import read_document

    version, offered = str(found["version"]), found["formats"]
    codecs = _codecs(offered)
    known_formats, known_codecs = book.items["render-format"], book.items["render-codec"]
    layer = {
        "render-format": {
            name: {**known_formats[name], **_seen(known_formats[name], offered[name]["title"], version)}
            for name in known_formats
            if name in offered
        },
        "render-codec": {
            name: {**_codec(book, name, data, version)}
            for name, data in sorted(codecs.items())
            if any(one in known_formats for one in data["formats"])
        },
    }
    body = tomli_w.dumps({kind: group for kind, group in layer.items() if group})
    head = HEAD.format(product=found["product"], version=version, system=platform.platform())
    text = (
        head + "".join(f"# {line}\n" for line in _remarks(known_formats, known_codecs, offered, codecs)) + "\n" + body
    )
    with open(f"{builtin()}/schema/resolve.schema.json", "rb") as handle:
        _, faults = read_document("layer", text.encode(), {"resolve.schema.json": handle.read()})
    if faults:
        raise ProxxError(f"the layer does not fit its schema: {faults[0].message}", exit_code=EXIT_USAGE)
    return text


def _codecs(offered: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Every codec by its id, with its label and the formats that offer it."""
    codecs: dict[str, dict[str, Any]] = {}
    for one in sorted(offered):
        for name, label in offered[one]["codecs"].items():
            codecs.setdefault(name, {"title": label, "formats": []})["formats"].append(one)
    return codecs


def _codec(book: Rulebook, name: str, data: Mapping[str, Any], version: str) -> dict[str, Any]:
    """A codec's entry: the known one, seen again, or a new one that names no codec of a spec yet."""
    formats = [one for one in data["formats"] if one in book.items["render-format"]]
    known = book.items["render-codec"].get(name)
    if known is not None:
        return {**known, "formats": formats, **_seen(known, data["title"], version)}
    seen = {"sure": "L", "source": "proxx resolve probe", "verified_on": version}
    return {"title": data["title"] or name, "codecs": [], "formats": formats, "since": version, **seen}


def _seen(known: Mapping[str, Any], label: str, version: str) -> dict[str, Any]:
    """What changes of a known entry that was seen: how sure it is, on what, and a label that is new."""
    labels = sorted({*known.get("labels", ()), *([label] if label and label != known["title"] else [])})
    seen = {"sure": "L", "source": "proxx resolve probe", "verified_on": version, "replaces": True}
    return {**seen, **({"labels": labels} if labels else {})}


def _remarks(
    formats: Mapping[str, Any], known: Mapping[str, Any], offered: Mapping[str, Any], codecs: Mapping[str, Any]
) -> list[str]:
    """What the layer cannot say: what is listed and not offered here, and formats that nobody has described."""
    lines = [f"Not offered here: format {name}." for name in formats if name not in offered]
    lines += [f"Not offered here: codec {name}." for name in known if name not in codecs]
    new = [one for one in sorted(offered) if one not in formats]
    return lines + [
        f"Offered, and not in the matrix: format {json.dumps(one)} ({json.dumps(offered[one]['title'])})."
        for one in new
    ]
