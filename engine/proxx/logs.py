"""What happens, one event a line, for those who read it later: as words or as JSON, to a file or to stderr."""

from __future__ import annotations

import argparse
import io
import json
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext, redirect_stderr
from threading import Lock
from typing import TYPE_CHECKING, Any, TextIO

from proxx.errors import EXIT_USAGE, Finding, ProxxError
from proxx.jsonout import json_text
from proxx.screen import visible

if TYPE_CHECKING:
    from proxx.making import Progress, Result
    from proxx.model import Task

FORMS = ("text", "json")
LEVELS = {"COMPLETED": "info", "CANCELLED": "warning"}
"""How bad the end of a clip or a job is; every other end is an error."""

_PLAIN = re.compile(r"[\w./:@+%,-]+")
_BREAKS = re.compile("[\x7f\x85\u2028\u2029]")

Log = Callable[..., None]
"""Writes one event: its name, its level ("info", "warning", "error"), and what belongs to it."""

Line = Callable[[bytes], None]
"""Takes one whole line."""


def no_log(event: str, level: str = "info", **about: Any) -> None:
    """Write nothing."""


def takes_stderr(arguments: argparse.Namespace) -> bool:
    """Whether standard error is the log's: then nothing else may be said there."""
    return bool(getattr(arguments, "log_format", None) and not arguments.log)


def log_of(arguments: argparse.Namespace) -> Log:
    """The log of the command that runs; one that writes nothing where none is asked for."""
    log: Log = getattr(arguments, "tell", no_log)
    return log


@contextmanager
def logging(arguments: argparse.Namespace, now: Callable[[], str]) -> Iterator[None]:
    """Make the log that the arguments ask for; trouble that ends the command is its last event.

    Raises ProxxError (exit 2) for a file that cannot be written.
    """
    if arguments.log == "-":
        arguments.log, arguments.log_format = None, arguments.log_format or "text"
    arguments.tell = log = _log(arguments.log_format, arguments.log, now)
    try:
        with redirect_stderr(_Said(log)) if takes_stderr(arguments) else nullcontext():
            yield
    except ProxxError as error:
        log("trouble", "error", message=str(error), hint=error.hint)
        raise
    except KeyboardInterrupt:
        log("interrupted", "warning")
        raise


class _Said(io.TextIOBase):
    """Standard error while it is the log's: a line that anything else writes there is an event too."""

    def __init__(self, log: Log) -> None:
        self.log, self.begun = log, ""

    def write(self, text: str) -> int:
        """Take text; every line that is whole becomes an event."""
        *whole, self.begun = (self.begun + text).split("\n")
        for line in whole:
            self.log("said", "warning", message=line)
        return len(text)


def _log(form: str | None, path: str | None, now: Callable[[], str]) -> Log:
    if form is None and path is None:
        return no_log
    say = _as_json if form == "json" else _as_text
    write_line = _to_stderr(sys.stderr) if path is None else _to_file(os.path.abspath(path))

    def write(event: str, level: str = "info", **about: Any) -> None:
        write_line(say({"time": now(), "level": level, "event": event, **about}).encode("utf-8"))

    return write


def _to_stderr(stream: TextIO) -> Line:
    lock = Lock()

    def write(line: bytes) -> None:
        with lock:
            stream.flush()
            if hasattr(stream, "buffer"):
                stream.buffer.write(line)
                stream.buffer.flush()
            else:  # a caller's own stream takes text
                stream.write(line.decode("utf-8"))

    return write


def _to_file(path: str) -> Line:
    """Write lines at the end of a file, which is opened for each: it may be moved away and begun anew meanwhile.

    When it cannot be written any more (its disk is full), that is told once, and the work goes on.
    """
    try:
        open(path, "ab").close()
    except OSError as error:
        raise ProxxError(f"cannot write the log {path}: {error.strerror}", exit_code=EXIT_USAGE) from error
    lock, cut = Lock(), False

    def write(line: bytes) -> None:
        nonlocal cut
        with lock:
            try:
                with open(path, "ab", buffering=0) as stream:
                    whole = b"\n" + line if cut else line  # what was cut off shall not be the beginning of this one
                    cut = stream.write(whole) != len(whole)
            except OSError as error:
                if not cut:
                    print(f"proxx: the log {path} cannot be written: {error.strerror}; work goes on", file=sys.stderr)
                cut = True

    return write


def _as_json(line: Mapping[str, Any]) -> str:
    """As JSON, in which no sign is left that some readers take for the end of a line."""
    return _BREAKS.sub(lambda sign: f"\\u{ord(sign[0]):04x}", json_text(line, indent=None))


def _as_text(line: Mapping[str, Any]) -> str:
    about = [f"{key}={_word(value)}" for key, value in line.items() if key not in ("time", "level", "event")]
    return " ".join([line["time"], f"{line['level']:<7}", line["event"], *about]) + "\n"


def _word(value: Any) -> str:
    """A value that ends where it ends: what is not plain is quoted as JSON does, control characters and all."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if _PLAIN.fullmatch(text) else visible(json.dumps(text, ensure_ascii=False))


def about_job(log: Log, job_id: str) -> Log:
    """The log of one job, whose id stands in every line."""

    def write(event: str, level: str = "info", **about: Any) -> None:
        log(event, level, job=job_id, **about)

    return write


def log_findings(log: Log, findings: Iterable[Finding], **about: Any) -> None:
    """An event for each finding, in its own words."""
    for one in findings:
        level = "info" if one.severity == "note" else one.severity
        log("finding", level, **about, id=one.id, subject=one.subject, message=one.message)


def say(arguments: argparse.Namespace, words: str, event: str, level: str = "info", **about: Any) -> None:
    """Tell people in a line on stderr, unless it is the log's, and those who read the log by an event."""
    log_of(arguments)(event, level, **about)
    if not takes_stderr(arguments):
        print(f"proxx: {words}", file=sys.stderr)


def noting(log: Log, progress: Progress) -> Progress:
    """The same progress, with every step of a clip in the log too; how many frames are done is no event."""

    def tell(event: str, task: Task, value: Any) -> None:
        if event != "frames":
            name, level, about = _step(event, value)
            log(name, level, clip=task.index, source=task.source, output=task.output, **about)
        progress(event, task, value)

    return tell


def _step(event: str, value: Any) -> tuple[str, str, dict[str, Any]]:
    """The name, level and particulars of a clip's step."""
    if event == "start":
        return "clip-start", "info", {"frames": value}
    if event == "retry":
        about = {"row": value["row"], "seconds": value["seconds_waited"], "findings": value["findings"]}
        return "clip-retry", "warning", about
    if event == "done":
        made: Result = value
        findings = [one.id for one in made.findings]
        about = {"status": made.status, "kept": made.kept, "findings": findings}
        known = {
            key: made.document[key]
            for key in ("seconds", "verify_seconds", "size", "sha256", "attempts")
            if key in made.document
        }
        return "clip-end", LEVELS.get(made.status, "error"), {**about, **known}
    return f"clip-{event}", "info", {}
