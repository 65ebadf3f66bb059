"""The command line: arguments in, one command, exit code out; the only place where trouble becomes words."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module

from proxx import __version__
from proxx.delivery import deliver, fault_reports, targets_of
from proxx.errors import EXIT_INTERRUPTED, EXIT_TROUBLE, EXIT_USAGE, ProxxError, RulebookError
from proxx.options import parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run proxx and give its exit code: 0 well, 1 findings, 2 usage, 3 trouble, 4 a clip failed, 130 interrupted."""
    words = parser()
    arguments = words.parse_args(argv)
    if getattr(arguments, "format", "text") not in arguments.formats:
        words.error(f"this command prints {' or '.join(arguments.formats)}, not {arguments.format}")
    try:
        return _walk(arguments)
    except KeyboardInterrupt:
        print("proxx: interrupted", file=sys.stderr)
        return EXIT_INTERRUPTED
    except OSError as error:  # the reader of our output is gone (proxx … | head), or its disk is full
        print("" if isinstance(error, BrokenPipeError) else f"proxx: {error}\n", end="", file=sys.stderr)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.__stdout__.fileno() if sys.__stdout__ else 1)
        return EXIT_TROUBLE


def _walk(arguments: argparse.Namespace) -> int:
    """Load the module of the command, and of no other one, and do what is asked."""
    module, _, name = arguments.do.rpartition(".")
    try:
        if getattr(arguments, "makes", False):
            _lay_out()
        return int(getattr(import_module(f"proxx.{module}"), name)(arguments))
    except RulebookError as error:
        return _rulebook_faults(error, arguments)
    except ProxxError as error:
        print(f"proxx: {error}" + (f"\n  {error.hint}" if error.hint else ""), file=sys.stderr)
        return error.exit_code


def _lay_out() -> None:
    """The tools start and say who they are while the command's module is loaded, which takes as long."""
    from proxx.toolbox import lay_out

    lay_out()


def _rulebook_faults(error: RulebookError, arguments: argparse.Namespace) -> int:
    from proxx.report import Context

    context = Context(__version__, folder=os.getcwd())
    trouble = deliver(fault_reports(error.faults), targets_of(arguments), context)
    for one in trouble:
        print(f"proxx: {one}", file=sys.stderr)
    return EXIT_USAGE if trouble else error.exit_code
