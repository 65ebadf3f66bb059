"""The commands that make proxies: a whole job, one clip of it, and a job that failed once more."""

from __future__ import annotations

import argparse
import json
import sys
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from proxx import guardian
from proxx.chain import read_record
from proxx.commands import judged, need_encoders, planned_version, remarks, tools
from proxx.errors import (
    EXIT_CLIP_FAILED,
    EXIT_FINDINGS,
    EXIT_INTERRUPTED,
    EXIT_OK,
    EXIT_USAGE,
    Finding,
    ProxxError,
    has_errors,
)
from proxx.evaluate import ask, tell_all
from proxx.job import Run, has_record, judge_resume, need_ffmpeg, plan, run, work_on
from proxx.jsonout import json_text
from proxx.ledger import Ledger
from proxx.logs import LEVELS, Log, about_job, logging, noting
from proxx.machine import Machine
from proxx.making import Clock, Way
from proxx.model import Plan, Task
from proxx.preflight import judge_places, look_before, try_writing
from proxx.progress import showing, silent
from proxx.record import plan_digest
from proxx.report import FileReport
from proxx.rulebook import Rulebook
from proxx.schedule import clips_at_once, one_at_a_time, side_by_side
from proxx.shelf import book_of
from proxx.stopping import Stop, forget_mark, heeding_mark, stop_on_signals
from proxx.task import make_clip
from proxx.telling import tell_early, tell_nothing_to_do, tell_outcome
from proxx.terminal import is_json, now, print_reports, print_text, read_bytes, saved_probes
from proxx.verify import Tools


@dataclass(frozen=True, slots=True)
class Ready:
    """A job that may run: the name of its file, the rulebook, its plan and the tools; `stop` hears of signals."""

    name: str
    book: Rulebook
    plan: Plan
    tools: Tools
    stop: Stop


def run_command(arguments: argparse.Namespace) -> int:
    """Make the proxies of a spec; the record's path and each clip's fate are printed."""
    return run_spec(arguments, way_of(arguments))


def run_spec(arguments: argparse.Namespace, way: Way) -> int:
    """Make the proxies of a spec in a given way."""
    ready = _ready(arguments, arguments.spec, spec_bytes(arguments.spec))
    if ready is None:
        return EXIT_FINDINGS
    early = judge_resume(ready.book, ready.plan) if arguments.resume else []
    return _go(arguments, ready, way, Run(ready.plan.job_id), early)


def retry_command(arguments: argparse.Namespace) -> int:
    """Run the job of a record again, as a job of its own: only what is not proved and unchanged is made."""
    record = record_of(arguments.record)
    data = json.dumps(record["spec"], ensure_ascii=False).encode("utf-8", "surrogateescape")
    ready = _ready(arguments, arguments.record, data)
    if ready is None:
        return EXIT_FINDINGS
    again = Run(str(uuid.uuid4()), str(record["job_id"]))
    return _go(arguments, ready, way_of(arguments), again, _since(ready, record))


def way_of(arguments: argparse.Namespace) -> Way:
    """How the arguments say that a run shall go."""
    return Way(arguments.overwrite, arguments.discard_rejected)


def spec_bytes(name: str) -> bytes:
    """The spec that a file holds: itself, or as a plan or a record names it. Raises ProxxError (exit 2)."""
    data = read_bytes(name)
    if not name.endswith((".plan.json", ".record.json")):
        return data
    try:
        document = json.loads(data.decode("utf-8", "surrogateescape"))["spec"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ProxxError(f"{name} holds no spec", hint="Name a spec, a plan or a record.", exit_code=2) from error
    return json.dumps(document, ensure_ascii=False).encode("utf-8", "surrogateescape")


def record_of(name: str) -> dict[str, Any]:
    """The document of a record. Raises ProxxError (exit 2)."""
    read_bytes(name)
    document = read_record(name)
    if document is None:
        raise ProxxError(f"{name} is no record", hint="Name a file that ends in .record.json.", exit_code=EXIT_USAGE)
    return document


def _ready(arguments: argparse.Namespace, name: str, data: bytes) -> Ready | None:
    """The job of a spec, judged and planned; None when it is refused, and the findings are printed."""
    guardian.prepare()  # it starts while we plan
    book, stop = book_of(arguments), Stop()
    stop_on_signals(stop)
    known = saved_probes(getattr(arguments, "probes", None), book)
    machine = Machine(book, probes=known, counts=True, writes=True, now=now(), stop=stop)
    checked, fine = judged(book, name, machine, is_json(arguments), data, events=True)
    if not fine:
        return None
    if checked.verdict.engine != "ffmpeg":
        need_ffmpeg(plan(book, checked, planned_version(book, checked)))
    found = tools()
    made_plan = plan(book, checked, found.ffmpeg_version)
    need_encoders(found, book.profiles[made_plan.profile])
    remarks(name, checked)
    return Ready(name, book, made_plan, found, stop)


def _go(arguments: argparse.Namespace, ready: Ready, way: Way, run_: Run, early: Sequence[Finding]) -> int:
    """Look before, then run, then tell; with a log where one is asked for."""
    with logging(arguments, now) as log:
        return _logged(arguments, ready, way, run_, early, about_job(log, run_.job_id))


def _logged(
    arguments: argparse.Namespace, ready: Ready, way: Way, run_: Run, early: Sequence[Finding], log: Log
) -> int:
    book, made_plan, as_json = ready.book, ready.plan, is_json(arguments)
    look = look_before(book, made_plan, way.overwrite)
    findings = [*early, *look.findings]
    if not has_errors(findings):
        findings += judge_places(book, [made_plan], [look])
    if not has_errors(findings) and look.nothing_to_do and (run_.retried_from or has_record(made_plan)):
        tell_early(findings)
        log("job-nothing-to-do", clips=len(made_plan.tasks))
        tell_nothing_to_do(made_plan, as_json)
        return EXIT_OK
    if not has_errors(findings):
        findings += try_writing(book, Ledger(str(made_plan.spec["output_directory"])))
    if has_errors(findings):
        log("job-refused", "error", findings=[finding.id for finding in findings])
        print_reports([FileReport(ready.name, "", "none", tuple(findings))], as_json)
        return EXIT_FINDINGS
    tell_early(findings)
    count = clips_at_once(book, made_plan, arguments.jobs)
    each = side_by_side(count)
    rules = {"rulebook": f"{book.name} {book.version}", "digest": book.digest}
    log("job-start", clips=len(made_plan.tasks), at_once=count, profile=made_plan.profile, **rules)
    with showing(made_plan, _style(arguments)) as progress, _heeding(ready, run_.job_id):
        told = one_at_a_time(noting(log, progress))
        work = work_on(book, made_plan, ready.tools, Clock(now), told, ready.stop, way, run_)
        status, record, made = run(work, run_, each)
    log("job-end", LEVELS.get(status, "error"), status=status, record=record)
    tell_outcome(status, record, made, as_json)
    if ready.stop.is_set():
        return EXIT_INTERRUPTED
    return EXIT_OK if status == "COMPLETED" else EXIT_CLIP_FAILED


def _style(arguments: argparse.Namespace) -> str:
    """How progress is shown; a log on stderr tells it already."""
    if arguments.quiet or (arguments.log_format and not arguments.log):
        return "silent"
    return "events" if is_json(arguments) else "bars" if sys.stderr.isatty() else "lines"


@contextmanager
def _heeding(ready: Ready, job_id: str, *, anew: bool = True) -> Iterator[None]:
    """Obey a cancel marker of the run, and of the job that it runs again; a run begun `anew` forgets older ones."""
    folder = str(ready.plan.spec["output_directory"])
    with ExitStack() as marks:
        for one in {job_id, ready.plan.job_id}:
            if anew:
                forget_mark(folder, one)
            marks.enter_context(heeding_mark(ready.stop, folder, one))
        yield


def _since(ready: Ready, record: Mapping[str, Any]) -> list[Finding]:
    """What is not as it was when the record was written, told before a retry."""
    pairs = (
        ("the rulebook", record["rulebook"].get("digest"), ready.plan.rulebook["digest"]),
        ("FFmpeg", record.get("versions", {}).get("ffmpeg"), ready.plan.engine_version),
        ("the plan", record.get("plan_digest"), plan_digest(ready.plan)),
    )
    found = [f"{what} was {was}, now {is_}" for what, was, is_ in pairs if was != is_]
    texts = {"output": ready.plan.spec["output_directory"], "is": "; ".join(found)}
    facts = {"retry.plan": "changed" if found else "same"}
    return tell_all(ready.book, ask(ready.book, "resume", facts), texts)


def task_command(arguments: argparse.Namespace) -> int:
    """Make one clip of a spec, or find it made; its ledger entry is printed as JSON."""
    ready = _ready(arguments, arguments.spec, spec_bytes(arguments.spec))
    if ready is None:
        return EXIT_FINDINGS
    task = _task_of(ready.plan, arguments.index)
    way, book = way_of(arguments), ready.book
    look = look_before(book, ready.plan, way.overwrite, [task])
    findings = [*look.findings, *judge_places(book, [ready.plan], [look])]
    if not has_errors(findings):
        findings += try_writing(book, Ledger(str(ready.plan.spec["output_directory"])))
    if has_errors(findings):
        print_reports([FileReport(ready.name, "", "none", tuple(findings))], is_json(arguments))
        return EXIT_FINDINGS
    work = work_on(book, ready.plan, ready.tools, Clock(now), silent, ready.stop, way)
    with _heeding(ready, ready.plan.job_id, anew=False):
        made = make_clip(work, task)
    entry = work.ledger.entry(task.output)
    print_text(json_text(entry.document() if entry is not None else {"format": 1, **made.document}))
    if made.status == "CANCELLED":
        return EXIT_INTERRUPTED
    return EXIT_OK if made.status == "COMPLETED" else EXIT_CLIP_FAILED


def _task_of(made_plan: Plan, index: int) -> Task:
    found = next((task for task in made_plan.tasks if task.index == index), None)
    if found is None:
        last = len(made_plan.tasks) - 1
        raise ProxxError(f"there is no clip {index}: the spec's sources are 0 to {last}", exit_code=EXIT_USAGE)
    return found
