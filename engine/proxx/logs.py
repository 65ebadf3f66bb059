"""What happens in a run, one event a line, for those who read it later: as words or as JSON, to a file or to stderr."""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, BinaryIO

from proxx.errors import EXIT_USAGE, ProxxError
from proxx.jsonout import json_text
from proxx.making import Progress, Result
from proxx.model import Task
from proxx.screen import visible

FORMS = ("text", "json")
LEVELS = {"COMPLETED": "info", "CANCELLED": "warning"}
"""How bad the end of a clip or a job is; every other end is an error."""

_PLAIN = re.compile(r"[\w./:@+%,-]+")

Log = Callable[..., None]
"""Writes one event: its name, its level ("info", "warning", "error"), and what belongs to it."""


@contextmanager
def logging(arguments: argparse.Namespace, now: Callable[[], str]) -> Iterator[Log | None]:
    """The log that the arguments ask for; None when they ask for none. Raises ProxxError (exit 2) for a bad file."""
    form, path = arguments.log_format, arguments.log
    if form is None and path is None:
        yield None
    elif path is None:
        yield _writer(sys.stderr.buffer, form, now)
    else:
        try:
            stream = open(path, "ab", buffering=0)  # noqa: SIM115 - closed below; a line is written whole, at the end
        except OSError as error:
            raise ProxxError(f"cannot write the log {path}: {error.strerror}", exit_code=EXIT_USAGE) from error
        with stream:
            yield _writer(stream, form or "text", now)


def _writer(stream: BinaryIO, form: str, now: Callable[[], str]) -> Log:
    say = _as_json if form == "json" else _as_text

    def write(event: str, level: str = "info", **about: Any) -> None:
        stream.write(say({"time": now(), "level": level, "event": event, **about}).encode("utf-8"))
        stream.flush()

    return write


def _as_json(line: Mapping[str, Any]) -> str:
    return json_text(line, indent=None)


def _as_text(line: Mapping[str, Any]) -> str:
    about = [f"{key}={_word(value)}" for key, value in line.items() if key not in ("time", "level", "event")]
    return " ".join([line["time"], f"{line['level']:<7}", line["event"], *about]) + "\n"


def _word(value: Any) -> str:
    """A value that ends where it ends: what is not plain is quoted as JSON does, control characters and all."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if _PLAIN.fullmatch(text) else visible(json.dumps(text, ensure_ascii=False))


def about_job(log: Log | None, job_id: str) -> Log:
    """The log of one job, whose id stands in every line; one that writes nothing where there is none."""

    def write(event: str, level: str = "info", **about: Any) -> None:
        if log is not None:
            log(event, level, job=job_id, **about)

    return write


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
