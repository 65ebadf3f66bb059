"""What the commands share: reading the files that arguments name, and printing."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from proxx.errors import EXIT_USAGE, ProxxError

if TYPE_CHECKING:
    from proxx.checking import Checked
    from proxx.model import Media
    from proxx.report import FileReport
    from proxx.rulebook import Rulebook

MOST_BYTES = 1 << 26
"""No document of proxx is larger; what is longer is refused by its reader."""

LEDGER = ".proxx"
"""The folder beside proxies that holds no specs."""

NOT_SPECS = (".plan.json", ".record.json", ".probes.json")


def read_bytes(name: str) -> bytes:
    """The bytes of a named file, or of standard input for "-". Raises ProxxError (exit 2)."""
    try:
        if name == "-":
            return sys.stdin.buffer.read()
        if os.path.exists(name) and not os.path.isfile(name):
            raise ProxxError(f"cannot read {name}: it is no regular file", exit_code=EXIT_USAGE)
        with open(name, "rb") as handle:
            longer = os.fstat(handle.fileno()).st_size > MOST_BYTES
            return handle.read(MOST_BYTES) if longer else handle.read()
    except OSError as error:
        raise ProxxError(f"cannot read {name}: {error.strerror}", exit_code=EXIT_USAGE) from error


def spec_files(names: Sequence[str]) -> list[str]:
    """The spec files that names stand for; a folder stands for every spec below it, in order."""
    files: list[str] = []
    for name in names:
        if name != "-" and os.path.isdir(name):
            found = [
                os.path.join(place, file)
                for place, _, names in sorted(os.walk(name, onerror=_unreadable))
                if LEDGER not in place.split(os.sep)
                for file in sorted(names)
                if file.endswith(".json") and not file.endswith(NOT_SPECS)
            ]
            if not found:
                raise ProxxError(f"no specs (*.json) below {name}", exit_code=EXIT_USAGE)
            files += found
        else:
            files.append(name)
    return files


def _unreadable(error: OSError) -> None:
    raise ProxxError(f"cannot read {error.filename}: {error.strerror}", exit_code=EXIT_USAGE) from error


def saved_probes(name: str | None, book: Rulebook) -> dict[str, Media]:
    """The facts of a probe file, by path; none without a file."""
    if name is None:
        return {}
    from proxx.probefile import read_probes

    return read_probes(read_bytes(name).decode("utf-8", "replace"), name, book.vocabulary)


def report_of(name: str, checked: Checked) -> FileReport:
    """The report of a judged spec."""
    from proxx.report import FileReport

    label = "<stdin>" if name == "-" else name
    return FileReport(label, checked.text, checked.verdict.engine, checked.findings, checked.verdict.left_out)


def print_reports(reports: Sequence[FileReport], is_json: bool) -> None:
    """Reports to stdout."""
    from proxx.report import as_json, as_text

    print_text(as_json(reports) if is_json else as_text(reports, colour=has_colour(sys.stdout)))


def print_text(text: str) -> None:
    """Text to stdout, whatever the locale: file names may hold anything."""
    if sys.stdout is None:  # closed by the caller: there is nobody to tell
        return
    sys.stdout.flush()
    sys.stdout.buffer.write(text.encode("utf-8", "surrogateescape"))
    sys.stdout.buffer.flush()


def is_json(arguments: argparse.Namespace) -> bool:
    """Whether the command shall print JSON."""
    return getattr(arguments, "format", "text") == "json"


def now() -> str:
    """The moment, ISO 8601 in UTC."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def has_colour(stream: Any) -> bool:
    """Whether the stream is a terminal that wants colours (NO_COLOR and TERM=dumb say no)."""
    return (
        stream is not None
        and bool(stream.isatty())
        and not os.environ.get("NO_COLOR")
        and os.environ.get("TERM") != "dumb"
    )
