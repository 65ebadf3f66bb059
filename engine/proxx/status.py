"""What there is in an output folder: jobs and their records, and of every proxy whether it is still the right one."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from proxx.chain import read_record, record_names
from proxx.errors import ProxxError
from proxx.job import read_plan
from proxx.kept import Maker, completed, maker, unrecorded
from proxx.ledger import DONE, RUNNING, VERIFYING, Entry, Ledger
from proxx.model import SIMULATED
from proxx.rulebook import Rulebook
from proxx.stamp import GONE, is_still, source_stamp
from proxx.standing import Wanted, changed, file_words

FINE = ("fresh", "source-missing", "running")
"""States in which nothing is to be done: a source that is offline says nothing against its proxy."""


@dataclass(frozen=True, slots=True)
class Proxy:
    """One proxy: its state, in words what the ledger says and what there is, and whether no real Resolve made it."""

    output: str
    state: str
    source: str = ""
    job_id: str = ""
    was: str = ""
    now: str = ""
    simulated: bool = False

    def document(self) -> dict[str, Any]:
        """The proxy as JSON says it."""
        return {
            "output": self.output,
            "state": self.state,
            "source": self.source,
            "job_id": self.job_id,
            "was": self.was,
            "now": self.now,
            "simulated": self.simulated,
        }


@dataclass(frozen=True, slots=True)
class Job:
    """One job: its id, status, how many of its clips are done, and its file.

    UNFINISHED where there is its plan and no record, UNRECORDED where only the ledger knows what it made.
    """

    job_id: str
    status: str
    done: int
    clips: int
    file: str
    ended_at: str = ""
    retried_from: str = ""
    simulated: bool = False

    def document(self) -> dict[str, Any]:
        """The job as JSON says it."""
        return {
            "job_id": self.job_id,
            "status": self.status,
            "done": self.done,
            "clips": self.clips,
            "file": self.file,
            "ended_at": self.ended_at,
            "retried_from": self.retried_from,
            "simulated": self.simulated,
        }


def look_over(
    rulebook: Rulebook, folder: str, top: str, only: Iterable[str] | None = None
) -> tuple[list[Job], list[Proxy]]:
    """The jobs of a folder, with their files as they are called from `top`, and its proxies, or `only` these."""
    ledger = Ledger(folder)
    entries = {entry.name: entry for entry in ledger.entries()}
    names = set(entries) | (_media(rulebook, folder) - _sources(folder, entries)) if only is None else set(only)
    proxies = [_proxy(rulebook, ledger, name, entries.get(name)) for name in sorted(names)]
    found = _jobs(folder, entries)
    return [
        replace(one, file=one.file and os.path.relpath(os.path.join(folder, one.file), top)) for one in found
    ], proxies


def _sources(folder: str, entries: Mapping[str, Entry]) -> set[str]:
    """The names of the sources that lie in the folder itself: proxies may be made beside them."""
    paths = [os.path.split(entry.source) for entry in entries.values()]
    here = {place for place in {place for place, _ in paths} if os.path.realpath(place) == os.path.realpath(folder)}
    return {name for place, name in paths if place in here}


def _media(rulebook: Rulebook, folder: str) -> set[str]:
    """The media files of a folder, by their extension."""
    known = {end for data in rulebook.items["container"].values() for end in data.get("extensions", ())}
    try:
        with os.scandir(folder) as found:
            files = [one.name for one in found if one.is_file(follow_symlinks=False) and not one.name.startswith(".")]
    except OSError as error:
        raise ProxxError(f"cannot read {folder}: {error.strerror}", exit_code=2) from error
    return {name for name in files if name.rpartition(".")[2].lower() in known}


def _proxy(rulebook: Rulebook, ledger: Ledger, name: str, entry: Entry | None) -> Proxy:
    output = os.path.join(ledger.folder, name)
    if entry is None:
        return Proxy(output, "orphan" if os.path.lexists(output) else "missing")
    about = Proxy(output, "", entry.source, entry.job_id)
    made = entry.made
    if made is None or (entry.state != DONE and not os.path.lexists(output)):
        return replace(about, state=_unmade(ledger, entry))
    simulated = made.engine_version.endswith(SIMULATED)
    about = replace(about, was=made.file.words(), now=file_words(output), simulated=simulated)
    if not is_still(output, made.file):
        return replace(about, state="altered" if os.path.lexists(output) else "missing")
    source = source_stamp(entry.source)
    want = Wanted(made.key, made.plan_digest, rulebook.digest, made.engine_version, made.source)
    found = changed(made, str(made.clip.get("source")), replace(want, source=made.source if source == GONE else source))
    if found is not None:
        return replace(about, state=found.value, was=found.was, now=found.now)
    return replace(about, state="source-missing" if source == GONE else "fresh")


def _unmade(ledger: Ledger, entry: Entry) -> str:
    """The state of a clip without a file: a clip whose maker is gone is stopped, not running."""
    if entry.state not in (RUNNING, VERIFYING):
        return "missing" if entry.state == DONE else entry.state.lower()
    try:
        with ledger.lock(entry.name, seconds=0) as free:
            return "stopped" if free else "running"
    except ProxxError:  # a folder that may only be read
        return "running"


def _jobs(folder: str, entries: Mapping[str, Entry]) -> list[Job]:
    """Every job that left a record in a folder, in the order of their ends, and those that began and left none."""
    ended: list[Job] = []
    plans: set[str] = set()
    recorded: set[Maker] = set()
    for name in record_names(folder):  # one after another: all of a year's nights are too much at once
        record = read_record(os.path.join(folder, name))
        if record is not None:
            ended.append(_ended(name, record))
            plans.add(str(record.get("plan_file", "")).rpartition("/")[2])
            recorded |= {maker(clip) for clip in completed(record)}
    ended.sort(key=lambda job: (job.ended_at, job.file))
    told = [*ended, *_unfinished(folder, plans, entries)]
    made = unrecorded(entries.values(), recorded)
    lost = [(job, len(names)) for job, names in sorted(made.items()) if job not in {one.job_id for one in told}]
    return [*told, *(Job(job, "UNRECORDED", count, count, "") for job, count in lost)]


def _ended(name: str, record: Mapping[str, Any]) -> Job:
    done = sum(1 for clip in record["clips"] if isinstance(clip, dict) and clip.get("status") == "COMPLETED")
    times = str(record.get("ended_at", "")), str(record.get("retried_from") or "")
    simulated = record.get("engine_impl") == "simulated"
    return Job(str(record["job_id"]), str(record["status"]), done, len(record["clips"]), name, *times, simulated)


def _unfinished(folder: str, recorded: set[str], entries: Mapping[str, Entry]) -> list[Job]:
    try:
        names = sorted(name for name in os.listdir(folder) if name.endswith(".plan.json") and name not in recorded)
    except OSError:
        return []
    found = []
    for name in names:
        document = read_plan(os.path.join(folder, name))
        tasks = [task for task in (document or {}).get("tasks", ()) if isinstance(task, dict)]
        clips = [entries.get(os.path.basename(str(task.get("output", "")))) for task in tasks]
        done = sum(1 for entry in clips if entry is not None and entry.state == DONE)
        simulated = str((document or {}).get("engine_version", "")).endswith(SIMULATED)
        job_id = str((document or {}).get("job_id", ""))
        found.append(Job(job_id, "UNFINISHED", done, len(tasks), name, simulated=simulated))
    return found
