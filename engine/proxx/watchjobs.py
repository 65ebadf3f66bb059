"""Jobs of a watcher: from files that may be taken, or from a dropped spec, to what became of them."""

from __future__ import annotations

import argparse
import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from proxx.checking import Checked, check
from proxx.commit import write_durably
from proxx.errors import EXIT_TROUBLE, Finding, ProxxError
from proxx.evaluate import ask, tell_all
from proxx.logs import log_of, say
from proxx.machine import Machine
from proxx.model import Task
from proxx.newspec import Job, best_named, specs_of
from proxx.nlepromise import relinking_of, with_nles
from proxx.preflight import forecast
from proxx.ready import Ready, ids, ready_of, spec_words
from proxx.report import FileReport, file_documents
from proxx.route import route_source
from proxx.rulebook import Rulebook
from proxx.running import REFUSED, Ended, go, way_of
from proxx.stopping import Stop
from proxx.terminal import now, print_reports

Group = tuple[Sequence[str], str]
"""Files of a watched folder that make one job of each engine, and the output folder of these."""

Outcome = Mapping[str, Any]
"""What became of a job, as a result file says it: status, job_id, record, trouble, findings, clips."""


def _ready(
    arguments: argparse.Namespace, book: Rulebook, name: str, checked: Checked, signals: Stop
) -> Ready | Outcome:
    """The job of a judged spec, or what became of it already."""
    if not checked.verdict.ok:
        print_reports([FileReport(name, checked.text, checked.verdict.engine, checked.findings)], False)
        about = spec_words(name, checked)
        log_of(arguments)("spec-refused", "error", **about, findings=ids(checked.findings))
        return outcome_of(REFUSED, about["job"], findings=checked.findings, text=checked.text)
    try:
        return ready_of(arguments, book, name, checked, Stop(signals))
    except ProxxError as error:
        if error.exit_code != EXIT_TROUBLE:
            raise
        about = spec_words(name, checked)
        say(arguments, f"{name}: {error}", "job-failed", "error", **about, message=str(error), hint=error.hint)
        return outcome_of("FAILED", job_id=about["job"], trouble=str(error))


def _told(ended: Ended) -> Outcome:
    clips = [
        {
            "index": one.document["index"],
            "source": one.document["source"],
            "output": one.document["output"],
            "status": one.status,
            "findings": [finding.document() for finding in one.findings],
        }
        for one in ended.made
    ]
    return outcome_of(ended.status, ended.job.run.job_id, ended.record, findings=ended.findings, clips=clips)


def _lacking(book: Rulebook, ended: Ended) -> dict[str, int]:
    """For every source of which nothing was made for lack of room, the bytes that did not suffice."""
    kinds = set(book.items["watch"]["lack_of_room"])
    plan, found = ended.job.plan, {}
    if kinds & {finding.id for finding in ended.findings}:
        whole = sum(forecast(task, book.profiles[plan.profile]) for task in plan.tasks)
        found = {task.source: max(whole, 1) for task in plan.tasks}
    for one in ended.made:
        if kinds & {finding.id for finding in one.findings}:
            failed = (one.document.get("failed_attempts") or [{}])[-1]
            found[str(one.document["source"])] = failed.get("free_bytes", 0) + failed.get("written_bytes", 0) or 1
    return found


def outcome_of(
    status: str,
    job_id: str = "",
    record: str = "",
    *,
    trouble: str = "",
    findings: Sequence[Finding] = (),
    text: str = "",
    clips: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """An outcome as a result file says it; `text` is the spec's, for the places of the findings in it."""
    (told,) = file_documents([FileReport("", text, "", tuple(findings))])
    return {
        "status": status,
        "job_id": job_id,
        "record": record,
        "trouble": trouble,
        "findings": told["findings"],
        "clips": list(clips),
        "ended_at": now(),
    }


def is_cut_off(outcome: Outcome, stop: Stop) -> bool:
    """Whether a job ended with its watcher, and is gone on with when one starts again.

    One that was cancelled by its marker, while the watcher goes on, has ended: begun anew, nobody could cancel it.
    """
    return outcome["status"] == "CANCELLED" and stop.is_set()


def run_spec(arguments: argparse.Namespace, book: Rulebook, name: str, data: bytes, signals: Stop) -> Outcome:
    """Run a dropped spec."""
    asked = relinking_of(book, arguments.nles, arguments.system)
    checked = with_nles(book, check(book, data, _machine(book, signals)), asked)
    if signals.is_set():
        return outcome_of("CANCELLED")
    ready = _ready(arguments, book, name, checked, signals)
    return _told(go(arguments, [ready], way_of(arguments))[0]) if isinstance(ready, Ready) else ready


def run_files(
    arguments: argparse.Namespace, book: Rulebook, groups: Sequence[Group], place: str, signals: Stop
) -> list[tuple[Sequence[str], Outcome, Mapping[str, int]]]:
    """Run the jobs of files that belong together, of several such groups side by side; what became of which files,
    and the bytes that did not suffice for files that failed for lack of room.

    Their specs are kept in the folder `place`, for a run by hand. A group whose proxies would be called like those
    of one before it is left for another time: it then meets what is there.
    """
    told: list[tuple[Sequence[str], Outcome, Mapping[str, int]]] = []
    begun: list[tuple[Sequence[str], Ready]] = []
    taken: set[str] = set()
    for files, out in groups:
        if signals.is_set():
            return told
        prepared = list(_prepared(arguments, book, files, out, place, signals))
        outputs = {os.path.join(out, task.output).casefold() for _, job in prepared for task in _tasks(job)}
        if not outputs & taken:
            taken |= outputs
            begun += [(paths, job) for paths, job in prepared if isinstance(job, Ready)]
            told += [(paths, job, {}) for paths, job in prepared if not isinstance(job, Ready)]
    if begun:
        ended = go(arguments, [job for _, job in begun], way_of(arguments), each=True)
        told += [(paths, _told(one), _lacking(book, one)) for (paths, _), one in zip(begun, ended, strict=True)]
    return told


def _tasks(job: Ready | Outcome) -> Sequence[Task]:
    return job.plan.tasks if isinstance(job, Ready) else ()


def _prepared(
    arguments: argparse.Namespace, book: Rulebook, files: Sequence[str], out: str, place: str, signals: Stop
) -> Iterator[tuple[Sequence[str], Ready | Outcome]]:
    """One job for each engine that the files need, or why there is none."""
    machine = _machine(book, signals)
    profiles = {"ffmpeg": arguments.profile, "resolve": arguments.raw_profile}
    engines: dict[str, list[str]] = {}
    for path, media in zip(files, machine.media(files) or (), strict=True):
        engine = "resolve" if route_source(book, media).engine == "resolve" else "ffmpeg"
        facts = {"watch.needs": engine, "watch.profile": "given" if profiles[engine] else "none"}
        findings = tell_all(book, ask(book, "watch-profile", facts), {"file": path}, path)
        if findings:
            print_reports([FileReport(path, "", "none", tuple(findings))], False)
            log_of(arguments)("file-refused", "error", file=path, findings=ids(findings))
            yield [path], outcome_of(REFUSED, findings=findings)
        else:
            engines.setdefault(engine, []).append(path)
    for engine, paths in engines.items():
        job = Job(engine, str(profiles[engine]), tuple(paths), "")
        yield paths, _job(arguments, book, job, out, place, machine, signals)


def _job(
    arguments: argparse.Namespace, book: Rulebook, job: Job, out: str, place: str, machine: Machine, signals: Stop
) -> Ready | Outcome:
    """The job of one engine: its id follows from what it is, so that another watcher goes on with the same job."""
    whole = "\0".join((job.profile, out, *job.clips)).encode("utf-8", "surrogateescape")
    job_id = f"watch-{hashlib.sha256(whole).hexdigest()[:16]}"
    asked = argparse.Namespace(fps=arguments.fps, resolution=arguments.resolution, name=arguments.name, out=out)
    relink = relinking_of(book, arguments.nles, arguments.system)
    _, (checked,) = best_named(book, machine, [(job, specs_of(book, job, asked, now(), job_id))], relink)
    spec = os.path.join(place, f"{job_id}.json")
    write_durably(f"{spec}.{os.getpid()}.tmp", checked.text, durable=False)
    os.replace(f"{spec}.{os.getpid()}.tmp", spec)
    return _ready(arguments, book, spec, checked, signals)


def _machine(book: Rulebook, signals: Stop) -> Machine:
    return Machine(book, counts=True, writes=True, now=now(), stop=signals)
