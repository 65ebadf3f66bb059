"""Which formats a report can have, and where reports go: one to standard output, others to files, whole or not."""

from __future__ import annotations

import argparse
import os
import stat
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from proxx.errors import EXIT_USAGE, ProxxError
from proxx.nearest import question
from proxx.terminal import has_colour, print_text, read_bytes, width_of

if TYPE_CHECKING:
    from proxx.errors import Finding
    from proxx.report import Context, FileReport

STDOUT = "-"
STDERR = ""
"""Where the text report goes while standard output takes something else."""


@dataclass(frozen=True, slots=True)
class Target:
    """A report that is asked for: its format, and the file it goes to ("-" is standard output)."""

    format: str
    path: str


# A format is loaded only when it is asked for: a check has to answer at once.
def _text(reports: Sequence[FileReport], context: Context) -> str:
    from proxx.report_text import as_text

    return as_text(reports, colour=context.colour, width=context.width, would=context.would)


def _json(reports: Sequence[FileReport], context: Context) -> str:
    from proxx.report import as_json

    return as_json(reports)


def _sarif(reports: Sequence[FileReport], context: Context) -> str:
    from proxx.report_sarif import as_sarif

    return as_sarif(reports, context)


def _github(reports: Sequence[FileReport], context: Context) -> str:
    from proxx.report_github import as_github

    return as_github(reports, context)


def _junit(reports: Sequence[FileReport], context: Context) -> str:
    from proxx.report_junit import as_junit

    return as_junit(reports, context)


REPORTS: Mapping[str, Callable[[Sequence[FileReport], Context], str]] = {
    "text": _text,
    "json": _json,
    "sarif": _sarif,
    "github": _github,
    "junit": _junit,
}


def read_target(word: str) -> Target:
    """A word such as sarif:proxx.sarif as a target; argparse tells what is wrong with it."""
    name, _, path = word.partition(":")
    if name not in REPORTS:
        formats = ", ".join(REPORTS)
        raise argparse.ArgumentTypeError(f"there is no report format {name!r}{question(name, REPORTS)} ({formats})")
    if not path:
        raise argparse.ArgumentTypeError(f"say where the {name} report goes: {name}:PATH, or {name}:- for stdout")
    return Target(name, path)


def targets_of(arguments: argparse.Namespace, taken: str = "") -> list[Target]:
    """Every report that the arguments ask for; text goes to stdout unless something else does (`taken` says what).

    Raises ProxxError (exit 2) when two reports would take one place.
    """
    targets: list[Target] = list(getattr(arguments, "outputs", None) or [])
    named = getattr(arguments, "format", None)
    named = "text" if named and named not in REPORTS else named  # what only another command prints
    if taken and (named or any(target.path == STDOUT for target in targets)):
        raise ProxxError(
            f"standard output takes {taken}", hint="Send reports to files: --output json:PATH", exit_code=EXIT_USAGE
        )
    if taken:
        targets.insert(0, Target("text", STDERR))
    elif named or not any(target.path == STDOUT for target in targets):
        targets.insert(0, Target(named or "text", STDOUT))
    places = [target.path if target.path in (STDOUT, STDERR) else os.path.realpath(target.path) for target in targets]
    for number, place in enumerate(places):
        if place in places[:number]:
            what = "standard output" if place == STDOUT else targets[number].path
            raise ProxxError(
                f"two reports cannot both go to {what}", hint="Give each a file of its own.", exit_code=EXIT_USAGE
            )
    return targets


def spare(targets: Iterable[Target], inputs: Iterable[str]) -> None:
    """Raises ProxxError (exit 2) when a report would overwrite what is read."""
    files = [target for target in targets if target.path not in (STDOUT, STDERR)]
    read = {os.path.realpath(name) for name in inputs if name != STDOUT} if files else set()
    for target in files:
        if os.path.realpath(target.path) in read:
            raise ProxxError(
                f"the {target.format} report would overwrite {target.path}, which is read", exit_code=EXIT_USAGE
            )


def fault_reports(faults: Sequence[Finding], paths: Sequence[str] = ()) -> list[FileReport]:
    """The faults of rulebooks as reports on their files; one for each of `paths` in any case, and these first."""
    from proxx.advice import advised
    from proxx.report import FileReport

    reports = []
    for path in dict.fromkeys([*paths, *(fault.subject for fault in faults)]):
        found = tuple(advised(fault) for fault in faults if fault.subject == path)
        text = read_bytes(path).decode("utf-8", "replace") if os.path.isfile(path) else ""
        reports.append(FileReport(from_here(path) or "rulebook", text, "none", found))
    return reports


def from_here(path: str) -> str:
    """The path from the working folder, where the file lies below it."""
    near = os.path.relpath(path) if path else ""
    return path if near.startswith("..") else near


def deliver(reports: Sequence[FileReport], targets: Iterable[Target], context: Context) -> list[ProxxError]:
    """Make every report and bring it to its place; gives the trouble with those that did not get there."""
    trouble = []
    for target in targets:
        if target.path in (STDOUT, STDERR):
            stream = sys.stdout if target.path == STDOUT else sys.stderr
            shown = replace(context, colour=has_colour(stream), width=width_of(stream))
            print_text(REPORTS[target.format](reports, shown), stream)
            continue
        try:
            put(target.path, REPORTS[target.format](reports, context).encode("utf-8", "surrogateescape"))
        except OSError as error:
            reason = f"cannot write the {target.format} report to {target.path}: {error.strerror}"
            trouble.append(ProxxError(reason, exit_code=EXIT_USAGE))
    return trouble


def put(path: str, data: bytes) -> None:
    """Put bytes in the place of a file at once. Devices and pipes are written to, links followed, its mode kept."""
    final = os.path.realpath(path)
    if os.path.exists(path) and not os.path.isfile(path):
        with open(path, "wb") as handle:
            handle.write(data)
        return
    part = os.path.join(os.path.dirname(final), f".{os.path.basename(final)[:200]}.{os.getpid()}.part")
    try:
        with open(part, "wb") as handle:
            handle.write(data)
            handle.flush()
            if os.path.exists(final):
                os.fchmod(handle.fileno(), stat.S_IMODE(os.stat(final).st_mode))
            os.fsync(handle.fileno())
        os.replace(part, final)
    finally:
        with suppress(OSError):
            os.unlink(part)
