"""The records of one folder as a chain: each names the one before it, so that none can be changed or lost unnoticed."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from proxx.commit import OnStep, digest, no_step, write_durably, write_new
from proxx.errors import ProxxError
from proxx.jsonout import json_text
from proxx.ledger import HOME, Ledger

SUFFIX = ".record.json"
TIP = "chain.json"
Link = Mapping[str, str]
"""A record by its file name and sha256."""


@dataclass(frozen=True, slots=True)
class Break:
    """A place where the chain is not whole: the record, and what was found instead.

    altered, missing, forked; unreadable: it is no record; unvouched: the last one, without the note of the end.
    """

    kind: str
    file: str
    was: str
    now: str


def add_record(ledger: Ledger, stem: str, document: Mapping[str, Any], *, on_step: OnStep = no_step) -> str:
    """Write a job's record as the next link of its folder's chain; its path."""
    with ledger.lock("records", seconds=600) as held:
        if not held:
            raise ProxxError(f"the records of {ledger.folder} are locked by another process for ten minutes")
        text = json_text({**document, "previous": _tip(ledger)})
        path = write_new(ledger.folder, stem, SUFFIX.removeprefix("."), text)
        on_step("record-written")
        names = record_names(ledger.folder)
        tip = {"file": os.path.basename(path), "sha256": digest(path), "records": len(names)}
        part = ledger.place("tmp", TIP)
        write_durably(part, json_text(tip))
        os.replace(part, os.path.join(ledger.folder, HOME, TIP))
        on_step("chain-written")
        return path


def record_names(folder: str) -> list[str]:
    """The file names of the records of a folder, sorted; nothing but files, so that no pipe is ever waited for."""
    try:
        names = [name for name in os.listdir(folder) if name.endswith(SUFFIX) and not name.startswith("._")]
    except OSError:
        return []
    return sorted(name for name in names if os.path.isfile(os.path.join(folder, name)))


def read_record(path: str) -> dict[str, Any] | None:
    """The document of a record; None when it is none."""
    try:
        with open(path, "rb") as handle:
            document = json.loads(handle.read().decode("utf-8", "surrogateescape"))
    except (OSError, ValueError, RecursionError):
        return None
    kinds = {"job_id": str, "status": str, "spec": dict, "clips": list}
    whole = isinstance(document, dict) and all(isinstance(document.get(key), kind) for key, kind in kinds.items())
    return (
        document if whole and all(isinstance(document.get(key, {}), dict) for key in ("rulebook", "versions")) else None
    )


def _tip(ledger: Ledger) -> Link | None:
    """The newest record: as noted; looked up anew where the note does not fit the folder (a crash, a copy)."""
    names = record_names(ledger.folder)
    try:
        with open(os.path.join(ledger.folder, HOME, TIP), "rb") as handle:
            noted = json.loads(handle.read())
        if noted["file"] in names and noted["records"] == len(names):
            return {"file": str(noted["file"]), "sha256": str(noted["sha256"])}
    except (OSError, ValueError, TypeError, KeyError):
        pass
    return _newest(ledger.folder, names)


def _newest(folder: str, names: list[str]) -> Link | None:
    """The record that no other names as the one before it; of several the last to end."""
    ends: dict[str, str] = {}
    named: set[str] = set()
    for name in names:  # one after another: all of a year's nights are too much at once
        document = read_record(os.path.join(folder, name))
        if document is not None:
            ends[name] = str(document.get("ended_at"))
            named.add(str(previous_of(document).get("file")))
    loose = sorted((at, name) for name, at in ends.items() if name not in named)
    if not loose:
        return None
    name = loose[-1][1]
    return {"file": name, "sha256": digest(os.path.join(folder, name))}


def previous_of(document: Mapping[str, Any]) -> Link:
    """The link to the record before this one; empty for the first."""
    link = document.get("previous")
    return link if isinstance(link, dict) else {}


def broken_links(folder: str) -> list[Break]:
    """Everything that is wrong with the chain of a folder's records."""
    names = record_names(folder)
    digests = {name: digest(os.path.join(folder, name)) for name in names}
    breaks: list[Break] = []
    after: dict[str, str] = {}
    for name in names:
        link = previous_of(read_record(os.path.join(folder, name)) or {})
        before = str(link.get("file", ""))
        if not before:
            continue
        if before in after:
            breaks.append(Break("forked", after[before], before, name))
        after.setdefault(before, name)
        breaks += _compare(digests, before, str(link.get("sha256", "")), name)
    return breaks + _end(folder, digests)


def _compare(digests: Mapping[str, str], name: str, was: str, after: str) -> list[Break]:
    if name not in digests:
        return [Break("missing", name, was, after)]
    return [] if digests[name] == was else [Break("altered", name, was, digests[name])]


def _end(folder: str, digests: Mapping[str, str]) -> list[Break]:
    """The newest record has none after it; the note of the chain's end vouches for it."""
    try:
        with open(os.path.join(folder, HOME, TIP), "rb") as handle:
            noted = json.loads(handle.read())
        return _compare(digests, str(noted["file"]), str(noted["sha256"]), "the end of the chain")
    except (OSError, ValueError, TypeError, KeyError):
        newest = _newest(folder, sorted(digests))
        return [] if newest is None else [Break("unvouched", newest["file"], newest["sha256"], "")]
