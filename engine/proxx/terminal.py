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
    from proxx.mend import Mend
    from proxx.model import Media
    from proxx.report import FileReport
    from proxx.rulebook import Rulebook

MOST_BYTES = 1 << 26
"""Nothing that people write is larger; what is longer is refused by its reader."""

PROBES = ".probes.json"
OURS = (".plan.json", ".record.json", ".results.json")
MOST_OF_OURS = 1 << 31
"""What proxx writes of a job takes some 10 KB a clip, and jobs may have many thousands."""

NOT_SPECS = (".plan.json", ".record.json", PROBES)


def read_bytes(name: str) -> bytes:
    """The bytes of a named file, or of standard input for "-". Raises ProxxError (exit 2)."""
    try:
        if name == "-":
            return sys.stdin.buffer.read()
        if os.path.exists(name) and not os.path.isfile(name):
            raise ProxxError(
                f"cannot read {name}: it is no regular file (what comes through a pipe is named -)",
                exit_code=EXIT_USAGE,
            )
        with open(name, "rb") as handle:
            most = MOST_OF_OURS if name.endswith(OURS) else MOST_BYTES
            longer = os.fstat(handle.fileno()).st_size > most
            return handle.read(most) if longer else handle.read()
    except OSError as error:
        raise ProxxError(f"cannot read {name}: {error.strerror}", exit_code=EXIT_USAGE) from error


def spec_files(names: Sequence[str]) -> list[str]:
    """The spec files that names stand for; a folder stands for every spec below it, in order."""
    files: list[str] = []
    for name in names:
        if name == "-" or not os.path.isdir(name):
            files.append(name)
            continue
        found = [file for file in _below(name, ".json") if not file.endswith(NOT_SPECS)]
        if not found:
            raise ProxxError(f"no specs (*.json) below {name}", exit_code=EXIT_USAGE)
        files += found
    return files


def _below(folder: str, ending: str) -> list[str]:
    """Every file below a folder whose name ends so, in order; what is hidden is nobody's document."""
    found = []
    for place, folders, names in os.walk(folder, onerror=_unreadable):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        found += [
            os.path.join(place, name) for name in sorted(names) if name.endswith(ending) and not name.startswith(".")
        ]
    return found


def _unreadable(error: OSError) -> None:
    raise ProxxError(f"cannot read {error.filename}: {error.strerror}", exit_code=EXIT_USAGE) from error


def saved_probes(name: str | None, book: Rulebook) -> dict[str, Media]:
    """The facts of a probe file, or of every probe file (*.probes.json) below a folder, by path; none without a name.

    Raises ProxxError (exit 2) when two files tell different facts of one path: nobody could say which hold.
    """
    if name is None:
        return {}
    from proxx.probefile import read_probes

    known: dict[str, Media] = {}
    said_by: dict[str, str] = {}
    files = _below(name, PROBES) if os.path.isdir(name) else [name]
    if not files:
        raise ProxxError(f"no probe files (*{PROBES}) below {name}", exit_code=EXIT_USAGE)
    for file in files:
        for path, media in read_probes(read_bytes(file).decode("utf-8", "replace"), file, book.vocabulary).items():
            if known.setdefault(path, media) != media:
                message = f"{said_by[path]} and {file} tell different facts of {path}"
                raise ProxxError(message, hint="Keep one of the two probe files.", exit_code=EXIT_USAGE)
            said_by.setdefault(path, file)
    return known


def report_of(name: str, checked: Checked, mends: tuple[Mend, ...] | None = None) -> FileReport:
    """The report of a judged spec, with the changes that were made where any were asked for."""
    from proxx.report import FileReport

    label, verdict = "<stdin>" if name == "-" else name, checked.verdict
    return FileReport(label, checked.text, verdict.engine, checked.findings, verdict.left_out, mends)


def print_reports(reports: Sequence[FileReport], is_json: bool, stream: Any = None) -> None:
    """Reports to stdout (or another stream), as text that suits the terminal or as JSON."""
    from proxx.report import as_json
    from proxx.report_text import as_text

    stream = stream or sys.stdout
    text = as_json(reports) if is_json else as_text(reports, colour=has_colour(stream), width=width_of(stream))
    print_text(text, stream)


def print_text(text: str, stream: Any = None) -> None:
    """Text to stdout (or another stream), whatever the locale: file names may hold anything."""
    stream = stream or sys.stdout
    if stream is None:  # closed by the caller: there is nobody to tell
        return
    if not hasattr(stream, "buffer"):  # a caller's own stream takes text
        stream.write(text)
        return
    stream.flush()
    stream.buffer.write(text.encode("utf-8", "surrogateescape"))
    stream.buffer.flush()


def print_words(text: str) -> None:
    """Text for people to stdout; on a terminal its lines are broken to fit."""
    from proxx.screen import folded

    print_text(folded(text, width_of(sys.stdout)))


def is_json(arguments: argparse.Namespace) -> bool:
    """Whether the command shall print JSON."""
    return getattr(arguments, "format", "text") == "json"


def now() -> str:
    """The moment, ISO 8601 in UTC."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def has_colour(stream: Any) -> bool:
    """Whether the stream wants colours: terminals do, unless NO_COLOR or TERM=dumb says no; FORCE_COLOR says yes."""
    if os.environ.get("NO_COLOR") or stream is None:
        return False
    if os.environ.get("FORCE_COLOR", "0") not in ("", "0"):
        return True
    return bool(stream.isatty()) and os.environ.get("TERM") != "dumb"


def width_of(stream: Any) -> int | None:
    """The columns of the terminal that the stream is (COLUMNS has the say); None for a file or a pipe."""
    if stream is None or not stream.isatty():
        return None
    said = os.environ.get("COLUMNS", "")
    if said.isdecimal() and int(said) > 0:
        return int(said)
    try:
        return os.get_terminal_size(stream.fileno()).columns or 80
    except OSError:
        return 80
