"""What is known of every clip of an output folder: small files under .proxx, each replaced whole or not at all."""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from proxx.commit import OnStep, make_folder, no_step, sync_folder, write_durably
from proxx.errors import ProxxError
from proxx.jsonout import json_text
from proxx.stamp import Stamp, read_stamp

FORMAT = 1
HOME = ".proxx"
PARTS = ("clips", "locks", "tmp", "rejected")
PENDING, RUNNING, VERIFYING, DONE = "PENDING", "RUNNING", "VERIFYING", "DONE"
FAILED, CANCELLED = "FAILED", "CANCELLED"
STATES = (PENDING, RUNNING, VERIFYING, DONE, FAILED, CANCELLED)
SUFFIX = ".json"
"""An output's name has room for it: naming keeps nine bytes free for the hidden name of the unfinished file."""


@dataclass(frozen=True, slots=True)
class Made:
    """The proved file under a final name: by what it was made, from what, what it is, and its part of the record."""

    key: str
    plan_digest: str
    rulebook: str
    engine_version: str
    job_id: str
    source: Stamp
    file: Stamp
    clip: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Entry:
    """One clip in the ledger: the state of the last attempt, and apart from it the file that is proved (`made`).

    `replaces` is the file that `made` takes the place of, until it does.
    """

    name: str
    index: int
    source: str
    state: str
    job_id: str
    plan_digest: str
    attempts: int = 0
    worker: str = ""
    started_at: str | None = None
    ended_at: str | None = None
    findings: tuple[Mapping[str, Any], ...] = ()
    made: Made | None = None
    replaces: Stamp | None = None

    def document(self) -> dict[str, Any]:
        """The entry as JSON says it."""
        made = self.made
        return {
            "format": FORMAT,
            "output": self.name,
            "index": self.index,
            "source": self.source,
            "state": self.state,
            "job_id": self.job_id,
            "plan_digest": self.plan_digest,
            "attempts": self.attempts,
            "worker": self.worker,
            "started_at": self.started_at,
            "ended_at": self.ended_at,
            "findings": [dict(finding) for finding in self.findings],
            "made": made
            and {
                "key": made.key,
                "plan_digest": made.plan_digest,
                "rulebook": made.rulebook,
                "engine_version": made.engine_version,
                "job_id": made.job_id,
                "source": made.source.document(),
                "file": made.file.document(),
                "clip": dict(made.clip),
            },
            "replaces": self.replaces and self.replaces.document(),
        }


def worker() -> str:
    """This process as the ledger names it: host:pid."""
    return f"{socket.gethostname()}:{os.getpid()}"


def read_entry(document: Any) -> Entry:
    """The entry of a document. Raises ValueError, TypeError or KeyError when it is none."""
    if document["format"] != FORMAT or document["state"] not in STATES:
        raise ValueError("no entry of this ledger")
    made, replaces = document["made"], document["replaces"]
    texts = {key: document[key] for key in ("source", "state", "job_id", "plan_digest", "worker")}
    if not all(isinstance(text, str) for text in texts.values()):
        raise ValueError("no entry of this ledger")
    return Entry(
        name=str(document["output"]),
        index=int(document["index"]),
        attempts=int(document["attempts"]),
        started_at=document["started_at"],
        ended_at=document["ended_at"],
        findings=tuple(dict(finding) for finding in document["findings"]),
        made=None if made is None else _read_made(made),
        replaces=None if replaces is None else read_stamp(replaces),
        **texts,
    )


def _read_made(document: Any) -> Made:
    texts = {key: document[key] for key in ("key", "plan_digest", "rulebook", "engine_version", "job_id")}
    if not all(isinstance(text, str) for text in texts.values()):
        raise ValueError("no entry of this ledger")
    source, file = read_stamp(document["source"]), read_stamp(document["file"])
    return Made(**texts, source=source, file=file, clip=dict(document["clip"]))


@dataclass(frozen=True, slots=True)
class Ledger:
    """The ledger of an output folder."""

    folder: str

    def place(self, part: str, name: str = "") -> str:
        """The path of a part of the ledger, or of a file in it."""
        return os.path.join(self.folder, HOME, part, name) if name else os.path.join(self.folder, HOME, part)

    def make(self) -> None:
        """Make the folder and its ledger, durably. Raises ProxxError (exit 3)."""
        for part in PARTS:
            make_folder(self.place(part))

    def entry(self, output: str) -> Entry | None:
        """What is known of an output (a path or a name); None where nothing is, or nothing that can be read."""
        try:
            with open(self.place("clips", os.path.basename(output) + SUFFIX), "rb") as handle:
                return read_entry(json.loads(handle.read().decode("utf-8", "surrogateescape")))
        except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return None

    def entries(self) -> Iterator[Entry]:
        """Every entry, by name."""
        try:
            names = sorted(os.listdir(self.place("clips")))
        except OSError:
            return
        for name in names:
            entry = self.entry(name.removesuffix(SUFFIX))
            if entry is not None:
                yield entry

    def write(self, entry: Entry, *, on_step: OnStep = no_step) -> None:
        """Replace an output's entry at once. An entry that vouches for a file is flushed to the disk."""
        durable = entry.made is not None
        part, path = (self.place(part, entry.name + SUFFIX) for part in ("tmp", "clips"))
        text = json_text(entry.document(), indent=1)
        write_durably(part, text, durable=durable)
        on_step("entry-written")
        os.replace(part, path)
        on_step("entry-named")
        if durable:
            sync_folder(Path(path).parent)
            on_step("entry-synced")

    @contextmanager
    def lock(self, name: str, give_up: Callable[[], bool] = lambda: False, *, seconds: float = -1) -> Iterator[bool]:
        """Hold a name for this process alone; a dead holder's lock is free at once.

        Gives False when `give_up` says so, or after `seconds` (-1: never), while somebody else holds it.
        """
        lock = FileLock(self.place("locks", f"{os.path.basename(name)}.lock"), thread_local=False)
        try:
            lock.acquire(seconds, cancel_check=give_up)
        except Timeout:
            yield False
            return
        except (OSError, NotImplementedError) as error:
            raise ProxxError(f"cannot lock {lock.lock_file}: {error}") from error
        try:
            yield True
        finally:
            lock.release()


def pause(seconds: float, give_up: Callable[[], bool]) -> bool:
    """Wait; False when it was given up."""
    end = time.monotonic() + seconds
    while not give_up():
        left = end - time.monotonic()
        if left <= 0:
            return True
        time.sleep(min(left, 0.1))
    return False
