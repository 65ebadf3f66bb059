"""The commands that plan, run and probe: each walks the journey as far as it goes and prints what came of it."""

from __future__ import annotations

import argparse
import os
import shlex
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Event
from types import FrameType
from typing import Any

from proxx import process
from proxx.checking import Checked, check
from proxx.errors import EXIT_CLIP_FAILED, EXIT_FINDINGS, EXIT_INTERRUPTED, EXIT_OK, EXIT_USAGE, ProxxError
from proxx.job import Clock, Made, plan, run
from proxx.jsonout import json_text
from proxx.machine import Machine
from proxx.model import Media, Plan
from proxx.probe import probe_all
from proxx.probefile import write_probes
from proxx.progress import showing
from proxx.record import plan_document
from proxx.report import FileReport, file_documents, promise_words
from proxx.rulebook import Rulebook
from proxx.shelf import book_of
from proxx.terminal import is_json, now, print_reports, print_text, read_bytes, report_of, saved_probes
from proxx.tools import find_tool, tool_version, whole_path
from proxx.verify import Tools

PLAN_BEGINS = b'{\n  "format": 1,\n  "job_id": '


def tools() -> Tools:
    """The ffmpeg and ffprobe of this machine. Raises ProxxError (exit 3) when one is missing or too old."""
    ffmpeg, ffprobe = find_tool("ffmpeg"), find_tool("ffprobe")
    version, other = tool_version(ffmpeg, "ffmpeg"), tool_version(ffprobe, "ffprobe")
    if version.numbers and version.numbers < (5, 1):
        raise ProxxError(f"ffmpeg {version} is too old", hint="Install FFmpeg 5.1 or newer.")
    return Tools(ffmpeg, ffprobe, str(version), str(other))


def _need_encoders(found: Tools, profile: Mapping[str, Any]) -> None:
    """Raise ProxxError (exit 3) when this build of FFmpeg lacks an encoder of the profile."""
    listed = process.run([found.ffmpeg, "-hide_banner", "-encoders"], timeout=20).stdout.decode("utf-8", "replace")
    names = {line.split()[1] for line in listed.splitlines() if len(line.split()) > 1}
    missing = [part["encoder"] for part in (profile["video"], profile["audio"]) if part["encoder"] not in names]
    if missing:
        raise ProxxError(
            f"ffmpeg {found.ffmpeg_version} ({found.ffmpeg}) has no encoder {' and no encoder '.join(missing)}",
            hint=f"Profile {profile['name']} needs it: install a full build of FFmpeg, or set PROXX_FFMPEG to one.",
        )


def _judged(
    book: Rulebook, name: str, machine: Machine, as_json: bool, *, events: bool = False
) -> tuple[Checked, bool]:
    """The judged spec; findings are printed (for `events` as one of them), and False says that it is refused."""
    checked = check(book, read_bytes(name), machine)
    if machine.stop is not None and machine.stop.is_set():
        raise KeyboardInterrupt  # what was not looked at in time is no finding
    if not checked.verdict.ok:
        refused = [report_of(name, checked)]
        if as_json and events:
            print_text(json_text({"format": 1, "event": "refused", "files": file_documents(refused)}, indent=None))
        else:
            print_reports(refused, as_json)
    return checked, checked.verdict.ok


def _remarks(name: str, checked: Checked) -> None:
    """Warnings and notes of a spec that is fine, to stderr: they are no part of the plan."""
    if checked.findings:
        report = FileReport(name, checked.text, checked.verdict.engine, checked.findings)
        print_reports([report], False, sys.stderr)


def _engine_version(book: Rulebook, checked: Checked) -> str:
    """The engine's version that the plan is for: this FFmpeg's, or the newest Resolve that one of the sources needs."""
    if checked.verdict.engine != "resolve":
        return str(tool_version(find_tool("ffmpeg"), "ffmpeg"))
    rows = {row.id: row.about.get("evidence", {}) for row in book.table("source-capability").rows}
    decided = {clip.route.decisions["source-capability"].row for clip in checked.verdict.clips}
    floors = [rows[row]["min_resolve"] for row in decided if "min_resolve" in rows[row]]
    newest = max(floors, key=lambda text: [int(part) for part in text.split(".")], default="")
    return f"DaVinci Resolve Studio {newest} or newer" if newest else "DaVinci Resolve Studio"


def plan_command(arguments: argparse.Namespace) -> int:
    """Print the plan of a spec, or write it to a file."""
    book, as_json = book_of(arguments), is_json(arguments)
    machine = Machine(book, probes=saved_probes(arguments.probes, book), counts=True, now=now())
    checked, fine = _judged(book, arguments.spec, machine, as_json)
    if not fine:
        return EXIT_FINDINGS
    made = plan(book, checked, _engine_version(book, checked))
    _remarks(arguments.spec, checked)
    text = json_text(plan_document(made))
    if arguments.output:
        _write(arguments.output, text)
    if as_json and not arguments.output:
        print_text(text)
    elif not arguments.output:
        print_text(shell_text(made) if arguments.shell else plan_text(made))
    return EXIT_OK


def _write(path: str, text: str) -> None:
    """Write a plan to a file, in the place of an older plan only. Raises ProxxError (exit 2)."""
    if os.path.lexists(path) and not _is_plan(path):
        raise ProxxError(
            f"{path} is there already and is no plan",
            hint="Name another file; it is not overwritten.",
            exit_code=EXIT_USAGE,
        )
    part = Path(path).with_name(f".{Path(path).name}.{os.getpid()}.part")
    try:
        part.write_text(text, "utf-8", "surrogateescape")
        os.replace(part, path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise ProxxError(f"cannot write {path}: {error.strerror}", exit_code=EXIT_USAGE) from error


def _is_plan(path: str) -> bool:
    try:
        with open(path, "rb") as handle:
            return os.path.isfile(path) and handle.read(len(PLAN_BEGINS)) == PLAN_BEGINS
    except OSError:
        return False


def shell_text(made: Plan) -> str:
    """Each clip as one line that a POSIX shell runs."""
    if made.engine != "ffmpeg":
        raise ProxxError("a Resolve plan has no command line", hint="Leave --shell out.", exit_code=EXIT_USAGE)
    return "".join(f"{shlex.join(task.argv)}\n" for task in made.tasks)


def plan_text(made: Plan) -> str:
    """The plan for people: why this engine, and of each clip its argument list and its promise."""
    lines = [f"job {made.job_id}", f"engine {made.engine} ({made.engine_version})"]
    lines += [f"  {line}" for line in made.why]
    book = made.rulebook
    lines.append(f"profile {made.profile}, rulebook {book['name']} {book['version']} {book['digest'][:19]}")
    for task in made.tasks:
        lines += ["", f"clip {task.index}: {shown(task.source)}", f"  becomes {shown(task.output)}"]
        lines += [f"  promise {line}" for line in promise_words(task.expect)]
        if task.argv:
            lines += [f"    {shown(word)}" for word in task.argv]
        else:
            lines += [f"    {line}" for line in json_text(dict(task.settings)).splitlines()]
    return "\n".join(lines) + "\n"


def shown(word: str) -> str:
    """An argument on one line: a word with control characters is shown as the shell would quote it."""
    if all(letter.isprintable() for letter in word):
        return word
    return "$'" + "".join(f"\\x{ord(c):02x}" if not c.isprintable() and ord(c) < 256 else c for c in word) + "'"


def run_command(arguments: argparse.Namespace) -> int:
    """Make the proxies of a spec; the record's path and each clip's fate are printed."""
    book, as_json = book_of(arguments), is_json(arguments)
    stop = Event()
    machine = Machine(book, counts=True, writes=True, now=now(), stop=stop)
    _stop_on_signals(stop)
    checked, fine = _judged(book, arguments.spec, machine, as_json, events=True)
    if not fine:
        return EXIT_FINDINGS
    if checked.verdict.engine == "resolve":
        run(
            book,
            plan(book, checked, _engine_version(book, checked)),
            Tools("", "", "", ""),
            Clock(now),
            lambda *_: None,
            stop,
        )
    found = tools()
    made_plan = plan(book, checked, found.ffmpeg_version)
    _need_encoders(found, book.profiles[made_plan.profile])
    _remarks(arguments.spec, checked)
    style = "silent" if arguments.quiet else "events" if as_json else "bars" if sys.stderr.isatty() else "lines"
    with showing(made_plan, style) as progress:
        status, record, made = run(book, made_plan, found, Clock(now), progress, stop)
    _print_outcome(status, record, made, as_json)
    if stop.is_set():
        return EXIT_INTERRUPTED
    return EXIT_OK if status == "COMPLETED" else EXIT_CLIP_FAILED


def _stop_on_signals(stop: Event) -> None:
    """The first Ctrl-C, SIGTERM or hang-up ends the job in order, the second at once."""

    def heard(number: int, frame: FrameType | None) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()

    signal.signal(signal.SIGINT, heard)
    signal.signal(signal.SIGTERM, heard)
    if hasattr(signal, "SIGHUP"):  # a closed terminal, a dropped connection
        signal.signal(signal.SIGHUP, heard)


def _print_outcome(status: str, record: str, made: Sequence[Made], as_json: bool) -> None:
    if as_json:
        print_text(json_text({"format": 1, "event": "record", "status": status, "record": record}, indent=None))
        return
    for one in made:
        print_text(f"{one.status:<10} {one.document['output']}\n")
        report = FileReport(str(one.document["output"]), "", "none", one.findings)
        if one.findings:
            print_reports([report], False)
    print_text(f"{status}: record {record}\n")


def probe_command(arguments: argparse.Namespace) -> int:
    """Print what files are; exit 1 when one cannot be read."""
    book = book_of(arguments)
    found = probe_all([whole_path(name) for name in arguments.files], book.vocabulary, find_tool("ffprobe"))
    print_text(write_probes(found) if is_json(arguments) else "".join(map(media_text, found)))
    return EXIT_OK if all(one.state == "ok" for one in found) else EXIT_FINDINGS


def media_text(media: Media) -> str:
    """What a file is, for people."""
    if media.state != "ok":
        return f"{media.path}\n  cannot be used: {media.state} {media.detail}\n"
    rows: list[tuple[str, Any]] = [
        ("is", f"{media.container}/{media.codec} ({media.reason}, {media.confidence} confidence)")
    ]
    rows += [("has", line) for line in promise_words(media)]
    rows += [("warning", line) for line in media.warnings]
    return f"{media.path}\n" + "".join(f"  {key:<8} {value}\n" for key, value in rows)
