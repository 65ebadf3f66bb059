"""The command that judges specs: each file read, judged and reported; nothing is made, and mended only if asked."""

from __future__ import annotations

import argparse
import difflib
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from proxx import __version__
from proxx.checking import check
from proxx.counting import looking
from proxx.delivery import STDOUT, deliver, put, spare, targets_of
from proxx.errors import EXIT_FINDINGS, EXIT_OK, EXIT_USAGE, ProxxError
from proxx.machine import Machine
from proxx.report import Context
from proxx.shelf import folders_of, load
from proxx.terminal import now, print_text, read_bytes, report_of, saved_probes, spec_files

if TYPE_CHECKING:
    from proxx.checking import Checked
    from proxx.report import FileReport
    from proxx.rulebook import Rulebook


def check_command(arguments: argparse.Namespace) -> int:
    """Tell everything that is wrong with specs; exit 1 when one is refused, 2 when one cannot be read."""
    names = spec_files(arguments.specs)
    targets = targets_of(arguments, _taken(arguments, names))
    spare(targets, [*names, *([arguments.probes] if arguments.probes else [])])
    judges = _judges(arguments, names)
    reports, unread = [], []
    for name, judge in zip(names, judges, strict=True):
        try:
            reports.append(_report(arguments, name, judge))
        except ProxxError as error:
            if error.exit_code != EXIT_USAGE:
                raise
            unread.append((name, str(error)))
    rules = {name: rule for judge in judges for name, rule in judge.rulebook.findings.items()}
    context = Context(__version__, rules, os.getcwd(), tuple(unread), would=arguments.diff)
    trouble = deliver(reports, targets, context)
    for told in (*(text for _, text in unread), *trouble):
        from proxx.screen import visible  # a check that reads all and writes all needs it not

        print(f"proxx: {visible(str(told))}", file=sys.stderr)
    if unread or trouble:
        return EXIT_USAGE
    return EXIT_OK if all(report.ok for report in reports) else EXIT_FINDINGS


def _judges(arguments: argparse.Namespace, names: Sequence[str]) -> list[Machine]:
    """For each spec the machine that judges it, by the rulebook of the folder that it lies in."""
    by_place: dict[str, tuple[str, ...]] = {}
    by_folders: dict[tuple[str, ...], Machine] = {}
    for name in names:
        place = os.path.dirname(name)
        if place not in by_place:
            by_place[place] = tuple(folders_of(arguments, name))
        folders = by_place[place]
        if folders not in by_folders:
            book = load(folders)
            probes = saved_probes(arguments.probes, book)
            by_folders[folders] = Machine(
                book, probes=probes, no_media=arguments.no_media, now=now(), told=looking(arguments)
            )
    return [by_folders[by_place[os.path.dirname(name)]] for name in names]


def _taken(arguments: argparse.Namespace, names: list[str]) -> str:
    """What takes standard output, so that no report can go there."""
    if arguments.diff:
        return "what --diff shows"
    return "the mended spec (--fix -)" if arguments.fix and STDOUT in names else ""


def _report(arguments: argparse.Namespace, name: str, machine: Machine) -> FileReport:
    """One spec's report; with --fix the mended file is in its place, with --diff its changes are shown."""
    book, data = machine.rulebook, read_bytes(name)
    checked = check(book, data, machine)
    if not (arguments.fix or arguments.diff):
        return report_of(name, _by_nles(arguments, book, checked))
    from proxx.mend import mend

    after, mends = mend(book, checked, machine)
    checked, after = _by_nles(arguments, book, checked), _by_nles(arguments, book, after)
    mended = after.text.encode() if mends else data
    if arguments.diff:
        print_text(_difference("<stdin>" if name == STDOUT else name, data, mended))
        return report_of(name, checked, mends)
    if name == STDOUT:
        sys.stdout.buffer.write(mended)
        sys.stdout.buffer.flush()
    elif mends:
        _write(name, data, mended)
    return report_of(name, after, mends)


def _by_nles(arguments: argparse.Namespace, book: Rulebook, checked: Checked) -> Checked:
    """The judged spec with what the NLEs that are named say of its proxies."""
    if not (arguments.nles or arguments.system):
        return checked
    from proxx.nlepromise import relinking_of, with_nles

    return with_nles(book, checked, relinking_of(book, arguments.nles, arguments.system))


def _write(name: str, before: bytes, after: bytes) -> None:
    """The mended spec in the place of the one that was read. Raises ProxxError (exit 2)."""
    if read_bytes(name) != before:
        raise ProxxError(f"{name} was changed by another hand meanwhile; it is left as it is", exit_code=EXIT_USAGE)
    try:
        if not os.access(name, os.W_OK):
            raise PermissionError(0, "it is write-protected")
        put(name, after)
    except OSError as error:
        raise ProxxError(f"cannot mend {name}: {error.strerror}", exit_code=EXIT_USAGE) from error


def _difference(name: str, before: bytes, after: bytes) -> str:
    """A unified difference that `patch` takes; carriage returns stay as they are."""
    old, new = ([f"{line}\n" for line in data.decode("utf-8", "replace").split("\n")] for data in (before, after))
    lines: list[str] = []
    for one in (old, new):  # what follows the last line feed is no line, or one without an end
        last = one.pop().removesuffix("\n")
        one += [f"{last}\n\\ No newline at end of file\n"] if last else []
    lines += difflib.unified_diff(old, new, name, name)
    return "".join(lines)
