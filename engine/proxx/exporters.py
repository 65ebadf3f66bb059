"""What jobs and plans are handed on as: an exporter for each, in one dictionary, and the command that runs them."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from proxx.errors import EXIT_OK, EXIT_USAGE, ProxxError

if TYPE_CHECKING:
    from proxx.rulebook import Rulebook

Document = Mapping[str, Any]
Files = dict[str, str]
"""Texts by file name."""


@dataclass(frozen=True, slots=True)
class Exporter:
    """Makes files of a record or a plan (`reads`); `folder` says that they belong together in a folder of their own."""

    reads: str
    about: str
    files: Callable[[Rulebook, str, Document], Files]
    folder: bool = False


# An exporter is loaded only when it is asked for: the command line lists them all.
def _ale(book: Rulebook, stem: str, record: Document) -> Files:
    from proxx.logsheet import as_ales, sheet

    ales = as_ales(_some(sheet(record)))
    return {f"{stem}.ale" if len(ales) == 1 else f"{stem}.{rate}.ale": text for rate, text in ales.items()}


def _csv(book: Rulebook, stem: str, record: Document) -> Files:
    from proxx.logsheet import as_csv, sheet

    return {f"{stem}.csv": as_csv(_some(sheet(record)))}


def _links(book: Rulebook, stem: str, record: Document) -> Files:
    from proxx.handover import link_script

    return {f"{stem}.link_proxies.py": link_script(book, record)}


def _bundle(book: Rulebook, stem: str, plan: Document) -> Files:
    from proxx.handover import bundle_files

    return bundle_files(book, plan)


EXPORTERS: Mapping[str, Exporter] = {
    "ale": Exporter("record", "an Avid Log Exchange file of a record's finished proxies, one for each rate", _ale),
    "csv": Exporter("record", "a table of a record's finished proxies", _csv),
    "resolve-links": Exporter(
        "record", "a script for DaVinci Resolve that links a record's finished proxies to their sources", _links
    ),
    "resolve-bundle": Exporter(
        "plan", "a folder that renders a plan in DaVinci Resolve without proxx", _bundle, folder=True
    ),
}


def _some(lines: list[Any]) -> list[Any]:
    if not lines:
        raise ProxxError("the record has no finished proxy", exit_code=EXIT_USAGE)
    return lines


def export_parsers(export: argparse.ArgumentParser, shared: argparse.ArgumentParser) -> None:
    """The commands under `proxx export`, one for each exporter; none of them writes over a file."""
    kinds = export.add_subparsers(title="exporters", required=True, metavar="EXPORTER")
    for name, exporter in EXPORTERS.items():
        words = f"Write {exporter.about}."
        one = kinds.add_parser(name, help=words, description=words, parents=[shared])
        one.add_argument("file", metavar=exporter.reads.upper(), help=f"a {exporter.reads} file")
        where = "a new or empty folder" if exporter.folder else "a folder, or a file that is not there yet"
        text = where if exporter.folder else f"{where} (standard output, where it is one)"
        one.add_argument("-o", "--output", metavar="DIR" if exporter.folder else "DIR|FILE", help=text)
        one.set_defaults(do="exporters.export_command", exporter=name, formats=("text",))


def resolve_parsers(resolve: argparse.ArgumentParser, shared: argparse.ArgumentParser) -> None:
    """The commands under `proxx resolve`."""
    kinds = resolve.add_subparsers(title="commands", required=True, metavar="COMMAND")
    words = "Write what this machine's Resolve offers, formats and codecs, as a layer of the matrix."
    probe = kinds.add_parser("probe", help=words, description=words, parents=[shared])
    text = "write to this file, which is not there yet (standard output)"
    probe.add_argument("-o", "--output", metavar="FILE", help=text)
    probe.set_defaults(do="resolvelayer.probe_command", formats=("text",))


def export_command(arguments: argparse.Namespace) -> int:
    """Write what an exporter makes, over no file that is there; a single text goes to standard output without -o."""
    from proxx.shelf import book_of
    from proxx.terminal import print_text
    from proxx.writing import must_be_free, write_files, write_folder

    exporter = EXPORTERS[arguments.exporter]
    document, stem = _read(exporter.reads, arguments.file)
    files = exporter.files(book_of(arguments), stem, document)
    if arguments.output is None:
        if exporter.folder or len(files) > 1:
            what = "a folder of files" if exporter.folder else f"{len(files)} files, one for each rate"
            raise ProxxError(f"this makes {what}", hint="Say where they go: -o DIR (or -o FILE).", exit_code=EXIT_USAGE)
        print_text(next(iter(files.values())), sys.stdout)
        return EXIT_OK
    placed = _placed(files, stem, arguments.output, folder=exporter.folder)
    if exporter.folder:
        write_folder(arguments.output, files)
    else:
        must_be_free(placed)
        write_files(placed)
    print_text("".join(f"{path}\n" for path in placed))
    return EXIT_OK


def _placed(files: Files, stem: str, output: str, *, folder: bool) -> Files:
    """The files by their paths: in a folder, or beside each other under the name that is given."""
    if folder or os.path.isdir(output) or output.endswith(os.sep):
        return {os.path.join(output, name): text for name, text in files.items()}
    if len(files) == 1:
        return {output: next(iter(files.values()))}
    base = os.path.splitext(output)[0]
    return {f"{base}{name.removeprefix(stem)}": text for name, text in files.items()}


def _read(kind: str, name: str) -> tuple[Document, str]:
    """A record or a plan, and the name of its job's documents. Raises ProxxError (exit 2)."""
    from proxx.job import read_plan
    from proxx.ready import record_of
    from proxx.terminal import read_bytes

    stem = os.path.basename(name)
    if kind == "record":
        return record_of(name), stem.removesuffix(".record.json")
    read_bytes(name)
    document = read_plan(name)
    if document is None or not isinstance(document.get("tasks"), list):
        raise ProxxError(f"{name} is no plan", hint="proxx plan SPEC -o FILE writes one.", exit_code=EXIT_USAGE)
    return document, stem.removesuffix(".json").removesuffix(".plan")
