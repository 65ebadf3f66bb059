"""The command line: arguments in, one command, exit code out; the only place where trouble becomes words."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from importlib import import_module

from proxx import __version__
from proxx.delivery import deliver, fault_reports, targets_of
from proxx.errors import EXIT_INTERRUPTED, EXIT_OK, EXIT_TROUBLE, EXIT_USAGE, ProxxError, RulebookError
from proxx.listeners import be_patient, open_closed, unheard
from proxx.options import parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run proxx and give its exit code: 0 well, 1 findings, 2 usage, 3 trouble, 4 a clip failed, 130 interrupted."""
    open_closed()
    if sys.getfilesystemencoding().lower() not in ("utf-8", "utf8"):
        print("proxx: in this locale names are no UTF-8, as they are in specs\n  Set PYTHONUTF8=1.", file=sys.stderr)
        return EXIT_TROUBLE
    words = parser()
    arguments = words.parse_args(argv)
    if getattr(arguments, "format", "text") not in arguments.formats:
        words.error(f"this command prints {' or '.join(arguments.formats)}, not {arguments.format}")
    try:
        return _heard(_walk(arguments))
    except KeyboardInterrupt:
        _say(arguments, "interrupted")
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
        with _logging(arguments):
            return int(getattr(import_module(f"proxx.{module}"), name)(arguments))
    except RulebookError as error:
        return _rulebook_faults(error, arguments)
    except ProxxError as error:
        _say(arguments, f"{error}" + (f"\n  {error.hint}" if error.hint else ""))
        return error.exit_code


def _logging(arguments: argparse.Namespace) -> AbstractContextManager[None]:
    """The log of a command that has one. One that makes proxies goes on when nobody hears of it any more."""
    if not hasattr(arguments, "log"):
        return nullcontext()
    from proxx.logs import logging
    from proxx.terminal import now

    if hasattr(arguments, "overwrite"):  # it makes proxies
        be_patient()
    return logging(arguments, now)


def _say(arguments: argparse.Namespace, words: str) -> None:
    """Say trouble on standard error, unless its log has told it."""
    if getattr(arguments, "log", None) or not getattr(arguments, "log_format", None):
        from proxx.screen import visible

        print("\n".join(map(visible, f"proxx: {words}".split("\n"))), file=sys.stderr)


def _heard(code: int) -> int:
    """The exit code of a command; trouble where what it said did not get to where it should."""
    reason = unheard()
    if reason:
        print(f"proxx: standard output did not take all that was said: {reason}", file=sys.stderr)
    return EXIT_TROUBLE if reason and code == EXIT_OK else code


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
