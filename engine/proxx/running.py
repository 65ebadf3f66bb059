"""The commands that make proxies: whole jobs, one clip of a job, and a job that failed once more."""

from __future__ import annotations

import argparse
import sys
import uuid
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace

from proxx.engines.resolve import Engine
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
from proxx.job import Run, completed_record, judge_resume, run, work_on
from proxx.jsonout import json_text
from proxx.ledger import Ledger
from proxx.logs import LEVELS, Log, about_job, log_findings, log_of, noting, takes_stderr
from proxx.making import Clock, Result, Way
from proxx.model import Plan, Task
from proxx.preflight import Look, judge_places, look_before, try_writing
from proxx.progress import showing, silent
from proxx.ready import Ready, ids, make_ready, record_of, since, spec_bytes
from proxx.rendering import closing, encoder_of, going
from proxx.report import FileReport
from proxx.schedule import clips_at_once, one_at_a_time, threads_each
from proxx.sharing import decodes
from proxx.shelf import one_for_all
from proxx.stopping import Stop, forget_mark, heeding_mark, stop_on_signals
from proxx.task import make_clip
from proxx.telling import tell_early, tell_nothing_to_do, tell_outcome, tell_refused
from proxx.terminal import is_json, now, print_text

REFUSED = "REFUSED"
"""The status of a job that did not begin: something in its way was told."""


def run_command(arguments: argparse.Namespace) -> int:
    """Make the proxies of specs; each record's path and each clip's fate are printed."""
    return run_specs(arguments, way_of(arguments))


def run_specs(arguments: argparse.Namespace, way: Way) -> int:
    """Make the proxies of specs in a given way: of all or, when one of them is refused, of none."""
    signals = Stop()
    stop_on_signals(signals)
    found = [make_ready(arguments, name, spec_bytes(name), signals) for name in arguments.specs]
    jobs = [job for job in found if job is not None]
    if len(jobs) < len(found):
        return EXIT_FINDINGS
    one_for_all([job.book for job in jobs], arguments.specs)
    if arguments.resume:
        jobs = [replace(job, early=judge_resume(job.book, job.plan)) for job in jobs]
    return _go(arguments, jobs, way)


def retry_command(arguments: argparse.Namespace) -> int:
    """Run the job of a record again, as a job of its own: only what is not proved and unchanged is made."""
    record = record_of(arguments.record)
    data = json_text(record["spec"]).encode("utf-8")
    signals = Stop()
    stop_on_signals(signals)
    ready = make_ready(arguments, arguments.record, data, signals)
    if ready is None:
        return EXIT_FINDINGS
    again, early = Run(str(uuid.uuid4()), str(record["job_id"])), since(ready, record, arguments.record)
    del record  # of thousands of clips: a run has enough of its own to keep in mind
    return _go(arguments, [replace(ready, run=again, early=early)], way_of(arguments))


def way_of(arguments: argparse.Namespace) -> Way:
    """How the arguments say that a run shall go."""
    return Way(arguments.overwrite, arguments.discard_rejected)


@dataclass(frozen=True, slots=True)
class Ended:
    """What became of a job: its status (REFUSED when it never began), the record's path, and of every clip the fate."""

    job: Ready
    status: str
    record: str = ""
    findings: tuple[Finding, ...] = ()
    made: Sequence[Result] = ()


def _go(arguments: argparse.Namespace, jobs: Sequence[Ready], way: Way) -> int:
    """Run jobs; the exit code."""
    ended = go(arguments, jobs, way)
    if any(one.status == REFUSED for one in ended):
        return EXIT_FINDINGS
    if any(one.job.stop.is_set() and one.made for one in ended):
        return EXIT_INTERRUPTED
    return EXIT_OK if all(one.status == "COMPLETED" for one in ended) else EXIT_CLIP_FAILED


def go(arguments: argparse.Namespace, jobs: Sequence[Ready], way: Way, *, each: bool = False) -> list[Ended]:
    """Look before, then run, then tell, with a log where one is asked for; what became of every job.

    Something in the way of one job refuses all of them, or, with `each`, that one alone.
    """
    with closing():
        logs = [about_job(log_of(arguments), job.run.job_id) for job in jobs]
        groups = [[place] for place in range(len(jobs))] if each else [range(len(jobs))]
        looked = [
            one
            for group in groups
            for one in _looked(arguments, [jobs[place] for place in group], way, [logs[place] for place in group])
        ]
        left = [(job, log) for job, log, one in zip(jobs, logs, looked, strict=True) if one is None]
        made = iter(_run(arguments, left, way))
    return [one or next(made) for one in looked]


def _looked(arguments: argparse.Namespace, jobs: Sequence[Ready], way: Way, logs: Sequence[Log]) -> list[Ended | None]:
    """For every job None when it shall run, else why not, which is told: all are refused, or it has nothing to do."""
    book, as_json = jobs[0].book, is_json(arguments)
    looks = [look_before(book, job.plan, way.overwrite) for job in jobs]
    found = [[*job.early, *look.findings] for job, look in zip(jobs, looks, strict=True)]
    if not any(map(has_errors, found)):
        found[0] += judge_places(book, [job.plan for job in jobs], looks)
    done = [job for job, look in zip(jobs, looks, strict=True) if _is_done(job, look)]
    if not any(map(has_errors, found)):
        for findings, job in zip(found, jobs, strict=True):
            findings += [] if job in done else try_writing(book, Ledger(job.folder))
    told = list(zip(jobs, found, logs, strict=True))
    if any(map(has_errors, found)):
        for job, findings, log in told:
            log("job-refused", "error", spec=job.name, findings=ids(findings))
        reports = [FileReport(job.name, "", "none", tuple(findings)) for job, findings, _ in told if findings]
        tell_refused(reports, as_json)
        return [Ended(job, REFUSED, findings=tuple(findings)) for job, findings, _ in told]
    for job, findings, log in told:
        log_findings(log, findings)
        tell_early([] if takes_stderr(arguments) else findings)
        if job in done:
            log("job-nothing-to-do", clips=len(job.plan.tasks))
            tell_nothing_to_do(job.plan, as_json)
    there = {id(job): completed_record(job.plan) for job in done}
    return [
        Ended(job, "COMPLETED", there[id(job)], tuple(findings)) if job in done else None for job, findings, _ in told
    ]


def _is_done(job: Ready, look: Look) -> bool:
    """Whether everything is there and recorded."""
    return look.nothing_to_do and bool(job.run.retried_from or completed_record(job.plan))


def _run(arguments: argparse.Namespace, jobs: Sequence[tuple[Ready, Log]], way: Way) -> list[Ended]:
    """Make what is left to be made."""
    if not jobs:
        return []
    book, plans = jobs[0][0].book, [job.plan for job, _ in jobs]
    shared = decodes(book, plans, share=not arguments.no_share)
    count = clips_at_once(book, plans, shared, arguments.jobs)
    rules = {"rulebook": f"{book.name} {book.version}", "digest": book.digest}
    for job, log in jobs:
        log("job-start", clips=len(job.plan.tasks), at_once=count, profile=job.plan.profile, **rules)
    with showing(plans, _style(arguments)) as progresses, ExitStack() as heeding:
        works = []
        for (job, log), progress in zip(jobs, one_at_a_time(progresses), strict=True):
            heeding.enter_context(_heeding(job))
            told = noting(log, progress)
            tools = replace(job.tools, threads=threads_each(count))
            works.append(work_on(book, job.plan, tools, Clock(now), told, job.stop, way, job.run, encoder_of(job)))
        made = run(works, shared, [job.run for job, _ in jobs], going([job for job, _ in jobs], count))
    ended = [Ended(job, one.status, one.record, made=one.made) for (job, _), one in zip(jobs, made, strict=True)]
    for (_, log), one in zip(jobs, ended, strict=True):
        cause = {"cause": one.job.stop.cause} if one.status == "CANCELLED" else {}
        log("job-end", LEVELS.get(one.status, "error"), status=one.status, record=one.record, **cause)
        tell_outcome(one.status, one.record, one.made, is_json(arguments))
    for trouble in (one.trouble for one in made if one.trouble):
        raise trouble
    return ended


def _style(arguments: argparse.Namespace) -> str:
    """How progress is shown; a log on stderr tells it already."""
    if arguments.quiet or takes_stderr(arguments):
        return "silent"
    return "events" if is_json(arguments) else "bars" if sys.stderr.isatty() else "lines"


@contextmanager
def _heeding(ready: Ready, *, anew: bool = True) -> Iterator[None]:
    """Obey a cancel marker of the run, and of the job that it runs again; a run begun `anew` forgets older ones."""
    with ExitStack() as marks:
        for one in {ready.run.job_id, ready.plan.job_id}:
            if anew:
                forget_mark(ready.folder, one)
            marks.enter_context(heeding_mark(ready.stop, ready.folder, one))
        yield


def task_command(arguments: argparse.Namespace) -> int:
    """Make one clip of a spec, or find it made; its ledger entry is printed as JSON."""
    signals = Stop()
    stop_on_signals(signals)
    ready = make_ready(arguments, arguments.spec, spec_bytes(arguments.spec), signals)
    if ready is None:
        return EXIT_FINDINGS
    task = _task_of(ready.plan, arguments.index)
    way, book = way_of(arguments), ready.book
    look = look_before(book, ready.plan, way.overwrite, [task])
    findings = [*look.findings, *judge_places(book, [ready.plan], [look])]
    if not has_errors(findings):
        findings += try_writing(book, Ledger(ready.folder))
    log = about_job(log_of(arguments), ready.plan.job_id)
    if has_errors(findings):
        log("task-refused", "error", clip=task.index, findings=ids(findings))
        tell_refused([FileReport(ready.name, "", "none", tuple(findings))], is_json(arguments))
        return EXIT_FINDINGS
    if isinstance(ready.resolve, Engine):
        ready.resolve.only(task)
    told = noting(log, silent)
    work = work_on(book, ready.plan, ready.tools, Clock(now), told, ready.stop, way, encode=encoder_of(ready))
    with _heeding(ready, anew=False), closing():
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
