"""The command line: arguments in, one journey, exit code out; the only place where trouble becomes words."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from proxx import __version__, rulebook
from proxx.errors import (
    EXIT_FINDINGS,
    EXIT_INTERRUPTED,
    EXIT_OK,
    EXIT_TROUBLE,
    EXIT_USAGE,
    Finding,
    ProxxError,
    RulebookError,
)
from proxx.terminal import has_colour, now, print_reports, print_text, read_bytes, report_of, saved_probes, spec_files

if TYPE_CHECKING:
    from proxx.rulebook import Rulebook


def main(argv: Sequence[str] | None = None) -> int:
    """Run proxx and give its exit code: 0 well, 1 findings, 2 usage, 3 trouble, 4 a clip failed, 130 interrupted."""
    arguments = parser().parse_args(argv)
    try:
        return int(arguments.do(arguments))
    except RulebookError as error:
        return _rulebook_faults(error)
    except ProxxError as error:
        print(f"proxx: {error}", file=sys.stderr)
        if error.hint:
            print(f"  {error.hint}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("proxx: interrupted", file=sys.stderr)
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        # The reader of our output is gone (proxx … | head); nothing is left to say, also not at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_TROUBLE


def parser() -> argparse.ArgumentParser:
    """Every command and option."""
    shared = argparse.ArgumentParser(add_help=False, argument_default=argparse.SUPPRESS)
    shared.add_argument(
        "--rulebook", metavar="DIR", action="append", help="lay this rulebook folder over the shipped one; repeatable"
    )
    shared.add_argument("--format", choices=("text", "json"), help="how to print (text)")
    top = argparse.ArgumentParser(
        prog="proxx", description="Makes editorial proxies from rules that are data, and proves them.", parents=[shared]
    )
    top.add_argument("--version", action="version", version=f"proxx {__version__}")
    commands = top.add_subparsers(title="commands", required=True, metavar="COMMAND")

    def command(name: str, do: Any, text: str) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=text, description=text, parents=[shared])
        made.set_defaults(do=do)
        return made

    check = command("check", _check, "Judge specs and tell everything that is wrong with them.")
    check.add_argument("specs", nargs="+", metavar="SPEC", help="spec files, folders of specs, or - for standard input")
    check.add_argument(
        "--probes", metavar="FILE", help="use these saved facts (proxx probe --format json) where they name a source"
    )
    check.add_argument("--no-media", action="store_true", help="check only what needs no media")
    plan = command("plan", _plan, "Show exactly what would run.")
    plan.add_argument("spec", metavar="SPEC", help="a spec file, or - for standard input")
    plan.add_argument("--probes", metavar="FILE", help="use these saved facts where they name a source")
    plan.add_argument("--shell", action="store_true", help="print each clip as one line for a shell")
    plan.add_argument("-o", "--output", metavar="FILE", help="write the plan as JSON to this file")
    run = command("run", _run, "Make the proxies, prove them, leave a record.")
    run.add_argument("spec", metavar="SPEC", help="a spec file, or - for standard input")
    run.add_argument("--quiet", action="store_true", help="show no progress")
    probe = command("probe", _probe, "Tell what files are; with --format json as a probe file.")
    probe.add_argument("files", nargs="+", metavar="FILE", help="media files")
    decide = command("decide", _decide, "Ask any table: row, outcome, why, and why not the others.")
    decide.add_argument("table", metavar="TABLE", help="a table, or a matrix such as pairing or sources")
    decide.add_argument("words", nargs="*", metavar="COLUMN=VALUE", help="a value for each column")
    explain = command("explain", _explain, "Explain a finding.")
    explain.add_argument("finding", metavar="FINDING-ID", help="such as pairing/dnxhd-in-mov")
    profiles = command("profiles", _profiles, "List the profiles, or show what one makes.")
    profiles.add_argument("name", nargs="?", metavar="NAME", help="a profile's name")
    demo = command("demo", _demo, "Make a camera-like clip, check a spec, make and prove a proxy, show the record.")
    demo.add_argument("folder", nargs="?", metavar="DIR", help="where to work (a new temporary folder)")
    return top


def _load(arguments: argparse.Namespace) -> Rulebook:
    return rulebook.load(getattr(arguments, "rulebook", []), lint=_lint, cache=rulebook.default_cache())


def _lint(book: Rulebook) -> Sequence[Finding]:
    from proxx import prove  # only a rulebook that is not in the cache is proved

    return prove.lint(book)


def _is_json(arguments: argparse.Namespace) -> bool:
    return getattr(arguments, "format", "text") == "json"


def _check(arguments: argparse.Namespace) -> int:
    from proxx.checking import check
    from proxx.machine import Machine

    book = _load(arguments)
    machine = Machine(book, probes=saved_probes(arguments.probes, book), no_media=arguments.no_media, now=now())
    reports, unread = [], []
    for name in spec_files(arguments.specs):
        try:
            reports.append(report_of(name, check(book, read_bytes(name), machine)))
        except ProxxError as error:
            if error.exit_code != EXIT_USAGE:
                raise
            unread.append(error)
    print_reports(reports, _is_json(arguments))
    for trouble in unread:
        print(f"proxx: {trouble}", file=sys.stderr)
    if unread:
        return EXIT_USAGE
    return EXIT_OK if all(report.ok for report in reports) else EXIT_FINDINGS


def _rulebook_faults(error: RulebookError) -> int:
    from proxx.report import FileReport, as_text

    for path in dict.fromkeys(fault.subject for fault in error.faults):
        found = tuple(fault for fault in error.faults if fault.subject == path)
        text = read_bytes(path).decode("utf-8", "replace") if os.path.isfile(path) else ""
        print_text(as_text([FileReport(path or "rulebook", text, "none", found)], colour=has_colour(sys.stdout)))
    return error.exit_code


def _plan(arguments: argparse.Namespace) -> int:
    from proxx.commands import plan_command

    return plan_command(_load(arguments), arguments, _is_json(arguments))


def _run(arguments: argparse.Namespace) -> int:
    from proxx.commands import run_command

    return run_command(_load(arguments), arguments, _is_json(arguments))


def _probe(arguments: argparse.Namespace) -> int:
    from proxx.commands import probe_command

    return probe_command(_load(arguments), arguments.files, _is_json(arguments))


def _decide(arguments: argparse.Namespace) -> int:
    from proxx.answers import decide, decided_text

    answer = decide(_load(arguments), arguments.table, arguments.words)
    _answer(answer, decided_text(answer), arguments)
    return EXIT_OK if answer["finding"] is None else EXIT_FINDINGS


def _explain(arguments: argparse.Namespace) -> int:
    from proxx.answers import explain, explained_text

    answer = explain(_load(arguments), arguments.finding)
    _answer(answer, explained_text(answer), arguments)
    return EXIT_OK


def _profiles(arguments: argparse.Namespace) -> int:
    from proxx.cards import profile_card, profile_list, profile_text

    book = _load(arguments)
    if arguments.name:
        _answer(profile_card(book, arguments.name), profile_text(book, arguments.name), arguments)
    else:
        cards = [profile_card(book, name) for name in sorted(book.profiles)]
        _answer({"format": 1, "profiles": cards}, profile_list(book), arguments)
    return EXIT_OK


def _answer(document: Any, text: str, arguments: argparse.Namespace) -> None:
    import json

    print_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n" if _is_json(arguments) else text)


def _demo(arguments: argparse.Namespace) -> int:
    from proxx.demo import demo

    return demo(arguments.folder, main)
