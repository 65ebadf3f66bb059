"""The commands of those who edit a rulebook: check it, test it, see what an edit changes, write it as one file."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from proxx import __version__, difftext
from proxx.casefiles import Tested, as_document, layers_of, run_layers
from proxx.coverage import untested
from proxx.delivery import STDOUT, deliver, fault_reports, from_here, targets_of
from proxx.errors import EXIT_FINDINGS, EXIT_OK, EXIT_USAGE, ProxxError, RulebookError
from proxx.jsonout import json_text
from proxx.model import Media
from proxx.prove import lint
from proxx.report import Context
from proxx.revision import revision_of
from proxx.rulebook import Rulebook, builtin
from proxx.shelf import distinct, folders_of, load
from proxx.stray import all_strays
from proxx.terminal import is_json, print_reports, print_text, print_words, saved_probes
from proxx.tryout import try_all

NEWLINE = "\n"


def check_command(arguments: argparse.Namespace) -> int:
    """Tell every fault of a stack of rulebooks; exit 1 when one of them refuses it."""
    folders, targets = _folders(arguments), targets_of(arguments)
    layers: list[str] = []
    heads: list[str] = []
    try:
        book = load(folders)
        layers = layers_of(folders)
        heads = [os.path.join(os.path.realpath(layer), "rulebook.toml") for layer in layers]
        faults = [*lint(book), *try_all(book, _templates(layers))]
        faults += untested(book, run_layers(folders, load), rows=arguments.coverage)
        if any(target.format == "text" and target.path == STDOUT for target in targets):
            print_words(layers_text(book))
        else:
            print(layers_text(book), end="", file=sys.stderr)
    except RulebookError as error:
        faults = [*error.faults]
    faults += all_strays(layers or folders)
    last = os.path.join(os.path.realpath(folders[-1] if folders else builtin()), "rulebook.toml")
    reports = fault_reports([fault if fault.subject else replace(fault, subject=last) for fault in faults], heads)
    trouble = deliver(reports, targets, Context(__version__, folder=os.getcwd()))
    for one in trouble:
        print(f"proxx: {one}", file=sys.stderr)
    if trouble:
        return EXIT_USAGE
    return EXIT_OK if all(report.ok for report in reports) else EXIT_FINDINGS


def layers_text(book: Rulebook) -> str:
    """The layers that count, the lowest first."""
    layers = book.about["layers"]
    return "".join(
        f"layer {index + 1} of {len(layers)}: {layer['name']} {layer['version']}, {os.path.dirname(layer['path'])}\n"
        for index, layer in enumerate(layers)
    )


def _folders(arguments: argparse.Namespace) -> list[str]:
    """The folders over the shipped rulebook: those that count here, then those named."""
    return distinct([*folders_of(arguments), *arguments.folders])


def _templates(layers: Sequence[str]) -> dict[str, str]:
    """The file of every template by its name."""
    found: dict[str, str] = {}
    for layer in layers:
        root = os.path.join(os.path.realpath(layer), "profiles", "templates")
        for folder, _, names in os.walk(root):
            for name in names:
                path = os.path.join(folder, name)
                found.setdefault(os.path.relpath(path, root).replace(os.sep, "/"), path)
    return found


def test_command(arguments: argparse.Namespace) -> int:
    """Run the cases of every layer; exit 1 when one fails."""
    tested = run_layers(_folders(arguments), load)
    if is_json(arguments):
        print_text(json_text(as_document(tested)))
    else:
        if tested.faults:
            print_reports(fault_reports(tested.faults), is_json=False)
        print_words(tested_text(tested, rows=arguments.coverage))
    return EXIT_OK if tested.ok else EXIT_FINDINGS


def tested_text(tested: Tested, *, rows: bool) -> str:
    """What cases said, for people: those that failed, the rows that none reached (`rows`), and a summary."""
    lines = []
    for one in tested.outcomes:
        if one.misses:
            lines += [f"failed: {one.id}: {one.note}", f"  --> {from_here(one.path)}:{one.line}:{one.column}"]
            for miss in one.misses:
                lines += [
                    f"    {miss.what}",
                    f"      expected {_words(miss.expected)}",
                    f"      got      {_words(miss.got)}",
                ]
            lines.append("")
    if rows:
        lines += [f"no case reaches table {table}, row {row}" for table, row in tested.unreached]
    failed = sum(bool(one.misses) for one in tested.outcomes)
    reached = len(tested.rows) - len(tested.unreached)
    hint = "" if rows or not tested.unreached else " (--coverage lists the others)"
    count = f"{len(tested.outcomes)} case{'' if len(tested.outcomes) == 1 else 's'}"
    lines.append(f"{count}, {failed} failed; {reached} of {len(tested.rows)} rows reached{hint}")
    return NEWLINE.join(lines) + NEWLINE


def _words(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text.replace(NEWLINE, NEWLINE + " " * 15)


def diff_command(arguments: argparse.Namespace) -> int:
    """Show what differs between two rulebooks; exit 1 when anything does."""
    from proxx.differ import difference

    below = _below(folders_of(arguments), [arguments.old, *([arguments.new] if arguments.new else [])])
    if arguments.rev and arguments.new:
        raise ProxxError("--rev compares one folder with its past", hint="Name one folder.", exit_code=EXIT_USAGE)
    if arguments.rev:
        with revision_of(arguments.old, arguments.rev) as past:
            old = _loaded([*below, past], f"{arguments.old} at {arguments.rev}", cached=False)
        new = _loaded([*below, arguments.old], arguments.old)
    elif arguments.new:
        old, new = (_loaded([*below, folder], folder) for folder in (arguments.old, arguments.new))
    else:
        old = _loaded(below, "the shipped rulebook")
        new = _loaded([*below, arguments.old], arguments.old)

    def clips(book: Rulebook) -> Mapping[str, Media]:
        return saved_probes(arguments.probes, book)

    told = difference(old, new, clips if arguments.probes else None)
    form = getattr(arguments, "format", "text")
    (print_words if form == "text" else print_text)(DIFFS[form](told))
    return EXIT_FINDINGS if told["changed"] else EXIT_OK


def _below(folders: Sequence[str], compared: Sequence[str]) -> list[str]:
    """The folders below those that are compared: a project may name these too."""
    named = {os.path.realpath(folder) for folder in compared}
    places = [index for index, folder in enumerate(folders) if os.path.realpath(folder) in named]
    return list(folders[: min(places, default=len(folders))])


def _loaded(folders: Sequence[str], name: str, *, cached: bool = True) -> Rulebook:
    """The proved rulebook; one that is refused cannot be compared, which is trouble and not a difference."""
    try:
        return load(folders, cached=cached)
    except RulebookError as error:
        first = error.faults[0].message
        raise ProxxError(
            f"{name}: {error}, the first: {first}", hint="Try: proxx rulebook check", exit_code=EXIT_USAGE
        ) from error


DIFFS: Mapping[str, Callable[[Mapping[str, object]], str]] = {
    "text": difftext.as_text,
    "json": difftext.as_json,
    "markdown": difftext.as_markdown,
}


def freeze_command(arguments: argparse.Namespace) -> int:
    """Write the rulebook as one file: sorted JSON, the same bytes for the same rules."""
    book = load(_folders(arguments))
    content = {key: value for key, value in book.frozen.items() if key not in ("origins", "about")}
    text = json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False) + NEWLINE
    if not arguments.output:
        print_text(text)
        return EXIT_OK
    try:
        Path(arguments.output).write_text(text, "utf-8")
    except OSError as error:
        raise ProxxError(f"cannot write {arguments.output}: {error.strerror}", exit_code=EXIT_USAGE) from error
    print(f"{arguments.output}: {book.name} {book.version}, {book.digest}", file=sys.stderr)
    return EXIT_OK
