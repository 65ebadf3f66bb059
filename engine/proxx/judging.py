"""The command that judges specs: each file read, judged and reported; nothing is made."""

from __future__ import annotations

import argparse
import os
import sys

from proxx import __version__
from proxx.checking import check
from proxx.delivery import deliver, spare, targets_of
from proxx.errors import EXIT_FINDINGS, EXIT_OK, EXIT_USAGE, ProxxError
from proxx.machine import Machine
from proxx.report import Context
from proxx.shelf import book_of
from proxx.terminal import now, read_bytes, report_of, saved_probes, spec_files


def check_command(arguments: argparse.Namespace) -> int:
    """Tell everything that is wrong with specs; exit 1 when one is refused, 2 when one cannot be read."""
    targets, names = targets_of(arguments), spec_files(arguments.specs)
    spare(targets, [*names, *([arguments.probes] if arguments.probes else [])])
    book = book_of(arguments)
    machine = Machine(book, probes=saved_probes(arguments.probes, book), no_media=arguments.no_media, now=now())
    reports, unread = [], []
    for name in names:
        try:
            reports.append(report_of(name, check(book, read_bytes(name), machine)))
        except ProxxError as error:
            if error.exit_code != EXIT_USAGE:
                raise
            unread.append((name, str(error)))
    trouble = deliver(reports, targets, Context(__version__, book.findings, os.getcwd(), tuple(unread)))
    for told in (*(text for _, text in unread), *trouble):
        print(f"proxx: {told}", file=sys.stderr)
    if unread or trouble:
        return EXIT_USAGE
    return EXIT_OK if all(report.ok for report in reports) else EXIT_FINDINGS
