"""The commands that look after finished proxies: what there is, whether it is right, whether it can be made again."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from proxx import guardian
from proxx.chain import Break, broken_links
from proxx.counting import counting
from proxx.errors import EXIT_FINDINGS, EXIT_OK, EXIT_USAGE, Finding, ProxxError, has_errors
from proxx.jsonout import json_text
from proxx.kept import Clip, completed, kept_in, output_folders, output_name, placed
from proxx.logs import Log, log_findings, log_of
from proxx.luttrust import lut_findings
from proxx.machine import Machine
from proxx.model import SIMULATED
from proxx.planning import shown
from proxx.ready import ids, record_of
from proxx.recheck import Checked, chain_findings, check_again, make_anew, recorded_task
from proxx.report import FileReport
from proxx.report_text import as_text
from proxx.rulebook import Rulebook
from proxx.schedule import cores, threads_each
from proxx.shelf import book_of
from proxx.status import FINE, Job, Proxy, look_over
from proxx.stopping import Stop, stop_on_signals
from proxx.terminal import is_json, print_text, print_words
from proxx.toolbox import tools
from proxx.tools import whole_folder, whole_path


def status_command(arguments: argparse.Namespace) -> int:
    """Print the jobs and proxies of a folder, or the proxies of a record; exit 1 when one of them is not in order."""
    book = book_of(arguments)
    folder, record = _place(arguments.place)
    if record is None:
        looked = [look_over(book, place, folder) for place in output_folders(folder, _unread)]
        known, found = [job for jobs, _ in looked for job in jobs], [one for _, proxies in looked for one in proxies]
    else:
        names = [output_name(clip) for clip in record["clips"] if isinstance(clip, dict)]
        known, found = look_over(book, folder, folder, [name for name in names if name])
        known = [job for job in known if job.file == os.path.basename(arguments.place)]
    if is_json(arguments):
        document = {
            "format": 1,
            "folder": folder,
            "rulebook": book.identity,
            "jobs": [job.document() for job in known],
            "proxies": [proxy.document() for proxy in found],
        }
        print_text(json_text(document))
    else:
        print_words(status_text(folder, known, found))
    return EXIT_OK if all(one.state in FINE for one in found) else EXIT_FINDINGS


def status_text(folder: str, known: Sequence[Job], found: Sequence[Proxy]) -> str:
    """Jobs and proxies of a folder for people, and how many there are in each state."""
    lines = [
        f"job {job.job_id}: {job.status}, {job.done} of {job.clips} clips done, "
        f"{shown(job.file or 'no record and no plan is here')}{_marked(job)}"
        for job in known
    ]
    for one in found:
        lines.append(f"{one.state:<17} {shown(os.path.relpath(one.output, folder))}{_marked(one)}")
        if one.state not in FINE and one.was:
            lines.append(f"{'':<17} was {_brief(one.was)}; is {_brief(one.now)}")
    states = sorted({one.state for one in found})
    counts = ", ".join(f"{sum(1 for one in found if one.state == state)} {state}" for state in states)
    simulated = sum(one.simulated for one in found)
    counts += f"; {simulated} simulated: no picture in them is the source's" if simulated else ""
    return "\n".join([*lines, counts or "no proxies here"]) + "\n"


def _brief(words: str) -> str:
    """What was or is, for a line: of a digest its beginning, which tells two apart."""
    return words[:19] if words.startswith("sha256:") else shown(words)


def _marked(one: Job | Proxy) -> str:
    """The mark of what a simulated Resolve made."""
    return SIMULATED if one.simulated else ""


def _unread(error: OSError) -> None:
    """Tell, and go on: a volume has folders of the system's own."""
    print(f"proxx: {shown(str(error.filename))} is left out: {error.strerror}", file=sys.stderr)


def _place(name: str) -> tuple[str, dict[str, Any] | None]:
    """The folder that is meant, and the record where one is named. Raises ProxxError (exit 2)."""
    path = whole_path(name)
    if os.path.isdir(path):
        return whole_folder(name), None
    if not os.path.lexists(path):
        raise ProxxError(f"{name} is not there", hint="Name an output folder or a record.", exit_code=EXIT_USAGE)
    return os.path.dirname(path), record_of(path)


def verify_command(arguments: argparse.Namespace) -> int:
    """Check finished proxies against their record, and the chain of the records; exit 1 when one is not as recorded."""
    book = book_of(arguments)
    folder, record = _place(arguments.place)
    clips, chain = _finished(book, folder, record)
    log = log_of(arguments)
    checked = _check(arguments, book, clips, log)
    log_findings(log, chain, folder=folder)
    if is_json(arguments):
        document = {
            "format": 1,
            "folder": folder,
            "quick": arguments.quick,
            "deep": arguments.deep,
            "proxies": [one.document() for one in checked],
            "chain": [finding.document() for finding in chain],
        }
        print_text(json_text(document))
    else:
        print_text(_finding_text(folder, chain))
        same = sum(1 for one in checked if one.state == "same")
        print_words(f"{same} of {len(checked)} proxies are as recorded{_unmade(record)}\n")
    wrong = has_errors(chain) or any(one.state != "same" for one in checked)
    return EXIT_FINDINGS if wrong else EXIT_OK


def _unmade(record: dict[str, Any] | None) -> str:
    """How many clips of a record have no proxy that could be checked."""
    count = len(record["clips"]) - len(completed(record)) if record is not None else 0
    return f"; {count} more of the record {'was' if count == 1 else 'were'} never finished" if count else ""


def _check(arguments: argparse.Namespace, book: Rulebook, clips: Sequence[Clip], log: Log) -> list[Checked]:
    """Look at clips again, as many at once as there are cores, and tell of each as soon as it is known.

    JSON is one document, so there it is only counted. Raises KeyboardInterrupt when it was told to stop.
    """
    count = 1 if arguments.deep else cores()
    stop, found = _guarded(), replace(tools(), threads=threads_each(count))
    checked: list[Checked] = []
    told = counting(arguments, "looking at proxies", "proxies-checked", lines=is_json(arguments))

    def look(clip: Clip) -> Checked:
        if stop.is_set():
            raise KeyboardInterrupt  # what was not looked at to its end is no finding
        one = check_again(book, clip, found, stop, quick=arguments.quick)
        one = _compared(book, clip, one, arguments.places, stop) if arguments.deep else one
        if stop.is_set():
            raise KeyboardInterrupt
        return one

    pool = ThreadPoolExecutor(count)
    try:
        for clip, one in zip(clips, pool.map(look, clips), strict=True):
            checked.append(one)
            _log_check(log, clip, one)
            if not is_json(arguments):
                told.clear()
                print_text(_checked_text(one))
            told(len(checked), len(clips), _wrong(checked))
    finally:
        pool.shutdown(cancel_futures=True)
        told.clear()
    return checked


def _wrong(checked: Sequence[Checked]) -> str:
    """How many of the proxies are not as recorded, if any."""
    count = sum(one.state != "same" for one in checked)
    return f", {count} not as recorded" if count else ""


def _log_check(log: Log, clip: Clip, one: Checked) -> None:
    """An event for a proxy that was looked at again, with the job that made it."""
    about = {"job": str(clip.get("made_by", "")), "clip": clip.get("index"), "source": clip.get("source")}
    level = "info" if one.state == "same" else "error"
    log("clip-checked", level, **about, output=one.output, state=one.state, findings=ids(one.findings))


def _compared(book: Rulebook, clip: Clip, one: Checked, places: int | None, stop: Stop) -> Checked:
    """The check with what a comparison with the source shows: through the filters that the record names."""
    from proxx.identity import Given, chain_of, compare_contents
    from proxx.looking import counted

    if untrue := lut_findings(book, recorded_task(book, clip)):
        return replace(one, state="broken", findings=(*one.findings, *untrue))
    machine = Machine(book, stop=stop)
    source, proxy = (counted(book, machine, str(path), stop) for path in (clip["source"], one.output))
    found = compare_contents(book, source, proxy, Given(chain_of(clip["argv"]), places), stop)
    findings = (*one.findings, *found.findings)
    state = "broken" if one.state == "same" and has_errors(findings) else one.state
    return replace(one, state=state, findings=findings, identity=found.document(), lines=tuple(found.lines()))


def _guarded() -> Stop:
    """What ends long tools in order, by a signal or with us."""
    guardian.prepare()
    stop = Stop()
    stop_on_signals(stop)
    return stop


def _finished(book: Rulebook, folder: str, record: dict[str, Any] | None) -> tuple[list[Clip], list[Finding]]:
    """The finished clips of a record, or of all records and ledgers of a folder and those below it, where they lie now.

    And what is to be said of these records. Raises ProxxError (exit 2) when there is nothing.
    """
    if record is not None:
        return [placed(folder, clip) for clip in completed(record)], chain_findings(book, folder, broken_links(folder))
    kept = [kept_in(book, place) for place in output_folders(folder, _unread)]
    clips, said = [clip for one in kept for clip in one.clips], [finding for one in kept for finding in one.findings]
    if not clips and not said:
        raise ProxxError(f"no ledger and no record of finished proxies in {folder}", exit_code=EXIT_USAGE)
    return clips, said


def reproduce_command(arguments: argparse.Namespace) -> int:
    """Make a recorded clip anew and compare the bytes; exit 1 when they are not what the profile promises."""
    book: Rulebook = book_of(arguments)
    record, path = record_of(arguments.record), whole_path(arguments.record)
    altered = [one for one in broken_links(os.path.dirname(path)) if _is_about(one, os.path.basename(path))]
    chain = chain_findings(book, os.path.dirname(path), altered)
    one = make_anew(book, record, arguments.index, tools(), _guarded(), chain)
    one = replace(one, output=str(placed(os.path.dirname(path), {"output": one.output})["output"]))
    if is_json(arguments):
        print_text(json_text({"format": 1, **one.document()}))
    else:
        words = {"same": "byte for byte the same", "other": "other bytes", "not-compared": "not compared"}
        print_text(f"{words[one.state]}: {shown(one.output)}\n" + _finding_text(one.output, one.findings))
    return EXIT_FINDINGS if has_errors(one.findings) else EXIT_OK


def _is_about(one: Break, name: str) -> bool:
    return (one.kind, one.file) == ("altered", name)


def _checked_text(one: Checked) -> str:
    lines = "".join(f"{'':<9} {line}\n" for line in one.lines)
    return f"{one.state:<9} {shown(one.output)}\n{lines}" + _finding_text(one.output, one.findings)


def _finding_text(name: str, findings: Sequence[Finding]) -> str:
    return as_text([FileReport(name, "", "none", tuple(findings))], colour=False) if findings else ""
