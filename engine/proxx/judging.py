"""The command that judges specs: each file read, judged and reported; nothing is made."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from proxx import __version__
from proxx.checking import check
from proxx.delivery import deliver, spare, targets_of
from proxx.errors import EXIT_FINDINGS, EXIT_OK, EXIT_USAGE, ProxxError
from proxx.machine import Machine
from proxx.report import Context
from proxx.shelf import folders_of, load
from proxx.terminal import now, read_bytes, report_of, saved_probes, spec_files


def check_command(arguments: argparse.Namespace) -> int:
    """Tell everything that is wrong with specs; exit 1 when one is refused, 2 when one cannot be read."""
    targets, names = targets_of(arguments), spec_files(arguments.specs)
    spare(targets, [*names, *([arguments.probes] if arguments.probes else [])])
    judges = _judges(arguments, names)
    reports, unread = [], []
    for name, judge in zip(names, judges, strict=True):
        try:
            reports.append(report_of(name, check(judge.rulebook, read_bytes(name), judge)))
        except ProxxError as error:
            if error.exit_code != EXIT_USAGE:
                raise
            unread.append((name, str(error)))
    rules = {name: rule for judge in judges for name, rule in judge.rulebook.findings.items()}
    trouble = deliver(reports, targets, Context(__version__, rules, os.getcwd(), tuple(unread)))
    for told in (*(text for _, text in unread), *trouble):
        print(f"proxx: {told}", file=sys.stderr)
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
            by_folders[folders] = Machine(book, probes=probes, no_media=arguments.no_media, now=now())
    return [by_folders[by_place[os.path.dirname(name)]] for name in names]
