"""What is known of the finished proxies of a folder: by its records and its ledger, and what no record tells of."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

from proxx.chain import SUFFIX, Break, broken_links, read_record, record_names
from proxx.errors import Finding, ProxxError
from proxx.evaluate import ask, tell_all
from proxx.ledger import HOME, Entry, Ledger
from proxx.recheck import chain_findings, recorded_file, recorded_task
from proxx.rulebook import Rulebook

Clip = Mapping[str, Any]
"""A clip as a record tells it."""

Maker = tuple[str, str]
"""The file name of a proxy, and the job that made it."""


@dataclass(frozen=True, slots=True)
class Kept:
    """The finished clips of one folder, where they lie now, and what is to be said of its records."""

    clips: tuple[Clip, ...]
    findings: tuple[Finding, ...]


def output_folders(top: str, unread: Callable[[OSError], None]) -> Iterator[str]:
    """A folder, and those below it that hold a ledger or records: a watcher keeps its sources' folders.

    `unread` hears of those below that cannot be read.
    """
    yield top
    for folder, below, names in os.walk(top, onerror=unread):
        if folder != top and (HOME in below or any(name.endswith(SUFFIX) for name in names)):
            yield folder
        below[:] = sorted(name for name in below if not name.startswith("."))


def kept_in(rulebook: Rulebook, folder: str) -> Kept:
    """What the records and the ledger of a folder know, and whether they are whole and know the same."""
    clips: dict[str, Clip] = {}
    ended: dict[str, str] = {}
    recorded: set[Maker] = set()
    breaks: list[Break] = []
    for record in _records(rulebook, folder, breaks):  # one after another: all of a year's nights are too much at once
        at = str(record.get("ended_at"))
        for name, clip in ((output_name(clip), clip) for clip in completed(record)):
            recorded.add(maker(clip))
            if at >= ended.get(name, ""):
                clips[name], ended[name] = clip, at
    entries = [entry for entry in Ledger(folder).entries() if entry.made is not None]
    unrecorded = _unrecorded(rulebook, folder, entries, recorded)
    known = [{**entry.made.clip, "made_by": entry.made.job_id} for entry in entries if entry.made is not None]
    clips |= {output_name(clip): clip for clip in known}  # the ledger knows the newest
    said = chain_findings(rulebook, folder, [*breaks, *broken_links(folder)])
    return Kept(tuple(placed(folder, clips[name]) for name in sorted(clips)), (*said, *unrecorded))


def _records(rulebook: Rulebook, folder: str, breaks: list[Break]) -> Iterator[dict[str, Any]]:
    """The records of a folder, one after another; those that cannot be read as one are added to `breaks`."""
    for name in record_names(folder):
        record = read_record(os.path.join(folder, name))
        if record is None:
            breaks.append(Break("unreadable", name, "", "no record of proxx"))
            continue
        try:
            for clip in completed(record):
                recorded_task(rulebook, clip)
                recorded_file(clip)
        except ProxxError as error:
            breaks.append(Break("unreadable", name, "", str(error).removeprefix("the record is damaged: ")))
        else:
            yield record


def _unrecorded(rulebook: Rulebook, folder: str, entries: Sequence[Entry], recorded: Set[Maker]) -> list[Finding]:
    """The proved proxies that no record of the folder tells of, told once for each job that made them."""
    found: list[Finding] = []
    decisions = ask(rulebook, "kept", {"kept.recorded": "no"})
    for job, names in sorted(unrecorded(entries, recorded).items()):
        texts = {"output": os.path.join(folder, names[0]), "was": job, "is": str(len(names))}
        found += tell_all(rulebook, decisions, texts)
    return found


def unrecorded(entries: Iterable[Entry], recorded: Set[Maker]) -> dict[str, list[str]]:
    """The names of proved proxies that none of the recorded clips is, by the job that made them."""
    jobs: dict[str, list[str]] = {}
    for entry in entries:
        if entry.made is not None and (entry.name, entry.made.job_id) not in recorded:
            jobs.setdefault(entry.made.job_id, []).append(entry.name)
    return jobs


def completed(record: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The finished clips of a record."""
    return [clip for clip in record["clips"] if isinstance(clip, dict) and clip.get("status") == "COMPLETED"]


def maker(clip: Clip) -> Maker:
    """The file name of a clip's proxy, and the job that made it."""
    return output_name(clip), str(clip.get("made_by"))


def output_name(clip: Clip) -> str:
    """The file name of a clip's proxy."""
    return os.path.basename(str(clip.get("output", "")))


def placed(folder: str, clip: Clip) -> Clip:
    """A clip with its proxy beside what tells of it, where it is there: folders are moved, and mounted elsewhere."""
    beside = os.path.join(folder, output_name(clip))
    return {**clip, "output": beside} if os.path.lexists(beside) else clip
