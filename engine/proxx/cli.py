"""The command line: arguments in, one journey, exit code out; the only place where trouble becomes words."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from proxx import __version__, rulebook
from proxx.delivery import REPORTS, deliver, fault_reports, read_target, spare, targets_of
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
from proxx.terminal import now, print_text, read_bytes, report_of, saved_probes, spec_files

if TYPE_CHECKING:
    from proxx.rulebook import Rulebook


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
    try:
        return int(arguments.do(arguments))
    except RulebookError as error:
        return _rulebook_faults(error, arguments)
    except ProxxError as error:
        print(f"proxx: {error}" + (f"\n  {error.hint}" if error.hint else ""), file=sys.stderr)
        return error.exit_code


def parser() -> argparse.ArgumentParser:
    """Every command and option."""
    shared = argparse.ArgumentParser(add_help=False, argument_default=argparse.SUPPRESS)
    shared.add_argument(
        "--rulebook", metavar="DIR", action="append", help="lay this rulebook folder over the shipped one; repeatable"
    )
    shared.add_argument("--format", choices=tuple(REPORTS), help="how to print (text); check prints in all of these")
    top = argparse.ArgumentParser(
        prog="proxx", description="Makes editorial proxies from rules that are data, and proves them.", parents=[shared]
    )
    top.add_argument("--version", action="version", version=f"proxx {__version__}")
    commands = top.add_subparsers(title="commands", required=True, metavar="COMMAND")

    def command(name: str, do: Any, text: str) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=text, description=text, parents=[shared])
        made.set_defaults(do=do, formats=("text", "json"))
        return made

    check = command("check", _check, "Judge specs and tell everything that is wrong with them.")
    check.add_argument("specs", nargs="+", metavar="SPEC", help="spec files, folders of specs, or - for standard input")
    check.add_argument(
        "--probes", metavar="FILE", help="use these saved facts (proxx probe --format json) where they name a source"
    )
    check.add_argument("--no-media", action="store_true", help="check only what needs no media")
    also = "also write a report to a file, such as sarif:proxx.sarif (- is standard output); repeatable"
    check.add_argument("--output", dest="outputs", metavar="FMT:PATH", action="append", type=read_target, help=also)
    check.set_defaults(formats=tuple(REPORTS))
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
    bench = command("rulebook", _bench, "Check, test, compare or freeze a rulebook.")
    _bench_parsers(bench, shared)
    demo = command("demo", _demo, "Make a camera-like clip, check a spec, make and prove a proxy, show the record.")
    demo.add_argument("folder", nargs="?", metavar="DIR", help="where to work (a new temporary folder)")
    return top


def _bench_parsers(bench: argparse.ArgumentParser, shared: argparse.ArgumentParser) -> None:
    """The commands under `proxx rulebook`."""
    layers = argparse.ArgumentParser(add_help=False)
    layers.add_argument(
        "folders", nargs="*", metavar="DIR", help="rulebook folders, laid over the shipped one in order"
    )
    jobs = bench.add_subparsers(title="commands", required=True, metavar="COMMAND", dest="job")
    words = "Tell every fault: what the tables prove, and what trying each profile shows."
    check = jobs.add_parser("check", help=words, description=words, parents=[shared, layers])
    also = "also write a report to a file; repeatable"
    check.add_argument("--output", dest="outputs", metavar="FMT:PATH", action="append", type=read_target, help=also)
    check.set_defaults(formats=tuple(REPORTS))
    words = "Run the cases (cases/*.toml) of every layer."
    test = jobs.add_parser("test", help=words, description=words, parents=[shared, layers])
    test.add_argument("--coverage", action="store_true", help="list the rows that no case reaches")
    words = "Show which answers and proxies differ; with one folder: from what is below it, or from its past (--rev)."
    diff = jobs.add_parser("diff", help=words, description=words, argument_default=argparse.SUPPRESS)
    diff.add_argument("old", metavar="A", help="a rulebook folder")
    diff.add_argument("new", metavar="B", nargs="?", default=None, help="the folder to compare it with")
    diff.add_argument("--rev", metavar="REV", default=None, help="compare A with itself at this git revision")
    diff.add_argument("--probes", metavar="FILE", default=None, help="name the clips of this probe file that change")
    diff.add_argument("--rulebook", metavar="DIR", action="append", help="lay both over this rulebook folder")
    diff.add_argument("--format", choices=("text", "json", "markdown"), help="how to print (text)")
    diff.set_defaults(formats=("text", "json", "markdown"))
    words = "Write the whole rulebook as one file of sorted JSON, with its digest."
    freeze = jobs.add_parser("freeze", help=words, description=words, parents=[shared, layers])
    freeze.add_argument("-o", "--output", metavar="FILE", help="write to this file")


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
    from proxx.report import Context

    targets, names = targets_of(arguments), spec_files(arguments.specs)
    spare(targets, [*names, *([arguments.probes] if arguments.probes else [])])
    book = _load(arguments)
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


def _rulebook_faults(error: RulebookError, arguments: argparse.Namespace) -> int:
    from proxx.report import Context

    context = Context(__version__, folder=os.getcwd())
    trouble = deliver(fault_reports(error.faults), targets_of(arguments), context)
    for one in trouble:
        print(f"proxx: {one}", file=sys.stderr)
    return EXIT_USAGE if trouble else error.exit_code


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


def _bench(arguments: argparse.Namespace) -> int:
    from proxx import workbench

    if arguments.job == "check":
        return workbench.check_command(arguments)
    if arguments.job == "test":
        return workbench.test_command(arguments, _is_json(arguments))
    return workbench.diff_command(arguments) if arguments.job == "diff" else workbench.freeze_command(arguments)


def _demo(arguments: argparse.Namespace) -> int:
    from proxx.demo import demo

    return demo(arguments.folder, main)
