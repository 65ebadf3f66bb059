"""The command that shows exactly what would run, of one spec or of several that share their decodings."""

from __future__ import annotations

import argparse
import os
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from proxx import guardian
from proxx.checking import Checked
from proxx.commands import judged, need_parts, planned_version, remarks
from proxx.counting import looking
from proxx.errors import EXIT_FINDINGS, EXIT_OK, EXIT_USAGE, ProxxError
from proxx.job import plan
from proxx.jsonout import json_text
from proxx.machine import Machine
from proxx.model import Plan
from proxx.nlepromise import relinking_of
from proxx.planwords import settings_words
from proxx.record import FORMAT, plan_document
from proxx.report import promise_words
from proxx.rulebook import Rulebook
from proxx.sharing import Decode, decodes
from proxx.shelf import book_of, one_for_all
from proxx.terminal import is_json, now, print_text, saved_probes
from proxx.tools import find_tool, version_and_encoders

PLAN_BEGINS = b'{\n  "format": 1,\n  "job_id": '


def plan_command(arguments: argparse.Namespace) -> int:
    """Print the plans of specs, or write that of one to a file."""
    guardian.prepare()
    several = len(arguments.specs) > 1
    if several and arguments.output:
        raise ProxxError(
            "-o takes the plan of one spec", hint="Print several with --format json.", exit_code=EXIT_USAGE
        )
    books = [book_of(arguments, name) for name in arguments.specs]
    one_for_all(books, arguments.specs)
    plans = [_planned(arguments, book, name) for book, name in zip(books, arguments.specs, strict=True)]
    made = [one for one in plans if one is not None]
    if len(made) < len(plans):
        return EXIT_FINDINGS
    shared = decodes(books[0], made, share=not arguments.no_share)
    text = json_text(plans_document(made, shared) if several else plan_document(made[0]))
    if arguments.output:
        _write(arguments.output, text)
    elif is_json(arguments):
        print_text(text)
    elif arguments.shell:
        print_text(shell_text(made, shared))
    else:
        print_text("\n".join([*map(plan_text, made), *([sharing_text(shared)] if several else [])]))
    return EXIT_OK


def _planned(arguments: argparse.Namespace, book: Rulebook, name: str) -> Plan | None:
    """The plan of a spec; None when it is refused, and the findings are printed."""
    known, told = saved_probes(arguments.probes, book), looking(arguments)
    machine = Machine(book, probes=known, counts=True, now=now(), told=told)
    asked = relinking_of(book, arguments.nles, arguments.system)
    checked, fine = judged(book, name, machine, is_json(arguments), relink=asked)
    if not fine:
        return None
    made = _plan(book, checked)
    remarks(name, checked)
    return made


def _plan(book: Rulebook, checked: Checked) -> Plan:
    """The plan of a spec that is fine. Raises ProxxError (exit 3) where this FFmpeg could not carry it out."""
    if checked.verdict.engine != "ffmpeg":
        return plan(book, checked, planned_version(book, checked))
    ffmpeg = find_tool("ffmpeg")
    version, encoders = version_and_encoders(ffmpeg)
    made = plan(book, checked, str(version))
    need_parts(ffmpeg, str(version), book.profiles[made.profile], encoders)
    return made


def plans_document(plans: Sequence[Plan], shared: Sequence[Decode]) -> dict[str, Any]:
    """Several plans as JSON says them, and which of their clips are made from one decoding."""
    return {
        "format": FORMAT,
        "plans": [plan_document(one) for one in plans],
        "decodes": [_decode(plans, one) for one in shared],
    }


def _decode(plans: Sequence[Plan], one: Decode) -> dict[str, Any]:
    clips = [(plans[part.plan].job_id, part.task) for part in one.parts]
    return {
        "source": one.parts[0].task.source,
        "clips": [{"job_id": job, "index": task.index, "output": task.output} for job, task in clips],
        "row": one.row,
        "why": one.why,
        "argv": list(one.argv),
    }


def sharing_text(shared: Sequence[Decode]) -> str:
    """Which clips are made from one decoding, and of every other clip of the same source why it is not."""
    lines = []
    for one in shared:
        if not one.row:
            continue
        how = "decoded once for" if len(one.parts) > 1 else "decoded anew for"
        lines += ["", f"{shown(one.parts[0].task.source)} is {how}"]
        lines += [f"  {shown(part.task.output)}" for part in one.parts]
        lines.append(f"  table sharing, row {one.row}: {one.why}")
    once, clips = len(shared), sum(len(one.parts) for one in shared)
    lines += ["", f"{clips} proxies from {once} decoding{'' if once == 1 else 's'}"]
    return "\n".join(lines[1:]) + "\n"


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


def shell_text(plans: Sequence[Plan], shared: Sequence[Decode]) -> str:
    """Each decoding as one line that a POSIX shell runs."""
    if any(one.engine != "ffmpeg" for one in plans):
        raise ProxxError("a Resolve plan has no command line", hint="Leave --shell out.", exit_code=EXIT_USAGE)
    return "".join(f"{shlex.join(one.argv)}\n" for one in shared)


def plan_text(made: Plan) -> str:
    """The plan for people: why this engine, and of each clip its argument list and its promise."""
    lines = [f"job {made.job_id}", f"engine {made.engine} ({made.engine_version})"]
    lines += [f"  {line}" for line in made.why]
    book = made.rulebook
    lines.append(f"profile {made.profile}, rulebook {book['name']} {book['version']} {book['digest'][:19]}")
    if made.relink.nles:
        where = f" on {made.relink.system}" if made.relink.system else ""
        lines.append(f"for {', '.join(made.relink.nles)}{where}")
    for task in made.tasks:
        lines += ["", f"clip {task.index}: {shown(task.source)}", f"  becomes {shown(task.output)}"]
        lines += [f"  promise {line}" for line in promise_words(task.expect)]
        if task.argv:
            lines += [f"    {shown(word)}" for word in task.argv]
        else:
            lines += [f"    {shown(line)}" for line in settings_words(task.settings)]
    return "\n".join(lines) + "\n"


def shown(word: str) -> str:
    """An argument on one line: a word with control characters is shown as the shell would quote it."""
    if all(letter.isprintable() for letter in word):
        return word
    return "$'" + "".join(f"\\x{ord(c):02x}" if not c.isprintable() and ord(c) < 256 else c for c in word) + "'"
