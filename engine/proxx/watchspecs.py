"""Specs that are dropped into a folder, or into `pending` in it: running → completed or failed, with their results."""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from itertools import chain
from pathlib import Path
from typing import Any

from proxx.arrivals import Arrivals, files_below
from proxx.claims import Claims
from proxx.commit import make_folder, sync_folder, write_durably
from proxx.errors import EXIT_TROUBLE, ProxxError
from proxx.jsonout import json_text
from proxx.logs import LEVELS, log_of
from proxx.rulebook import Rulebook
from proxx.stopping import Stop
from proxx.terminal import read_bytes
from proxx.watchjobs import Outcome, is_cut_off, outcome_of, run_spec

PENDING, RUNNING, COMPLETED, FAILED = "pending", "running", "completed", "failed"
RESULT = ".result.json"


class Specs:
    """A folder of specs: its four folders are made. What lies in `running` without a claim is gone on with."""

    def __init__(
        self, arguments: argparse.Namespace, book: Rulebook, folder: str, settings: Mapping[str, Any], stop: Stop
    ) -> None:
        self.arguments, self.book, self.folder, self.stop = arguments, book, folder, stop
        for name in (PENDING, RUNNING, COMPLETED, FAILED):
            make_folder(os.path.join(folder, name))
        self.claims = Claims(folder, settings["lease_seconds"])
        places = (folder, self._place(PENDING), self._place(RUNNING))  # what is done may be very much
        self.dropped = Arrivals(settings, lambda: chain.from_iterable(files_below(one, deep=False) for one in places))

    def scan(self) -> Mapping[str, str]:
        """What is to be done with every spec: wait or take."""
        now = time.monotonic()
        specs = [path for path in self.dropped.scan(now) if _is_spec(path)]
        running = [path for path in specs if os.path.dirname(path) == self._place(RUNNING)]
        dropped = [path for path in specs if os.path.dirname(path) in (self.folder, self._place(PENDING))]
        waits = {path: self.dropped.quiet(path, now) == "no" for path in dropped}
        return {**dict.fromkeys(running, "take"), **{path: "wait" if waits[path] else "take" for path in dropped}}

    def is_told(self, path: str) -> bool:
        """Specs that are refused lie elsewhere."""
        return False

    def is_waiting(self) -> bool:
        """A spec that failed lies in `failed`, whatever it failed by."""
        return False

    def _place(self, state: str, name: str = "") -> str:
        return os.path.join(self.folder, state, name) if name else os.path.join(self.folder, state)

    def work(self, answers: Mapping[str, str]) -> Iterator[Outcome]:
        """Run what is ready, one after another."""
        for path in [path for path, do in answers.items() if do == "take"]:
            if self.stop.is_set():
                return
            name = os.path.basename(path)
            if self.claims.take(name):
                try:
                    yield from self._one(path, name)
                finally:
                    self.claims.release(name)

    def _one(self, path: str, name: str) -> Iterator[Outcome]:
        running = self._place(RUNNING, name)
        if path != running and not _moved(path, running):
            return
        try:
            data = read_bytes(running)
        except ProxxError as error:
            if not os.path.lexists(running):
                return  # somebody took it back
            outcome: Outcome = outcome_of("FAILED", trouble=str(error))
        else:
            outcome = self._run(running, data)
        if not is_cut_off(outcome, self.stop):
            self._settle(running, name, outcome)
        yield outcome

    def _run(self, path: str, data: bytes) -> Outcome:
        try:
            return run_spec(self.arguments, self.book, path, data, self.stop)
        except ProxxError as error:
            if error.exit_code != EXIT_TROUBLE:
                raise
            return outcome_of("FAILED", trouble=str(error))

    def _settle(self, running: str, name: str, outcome: Outcome) -> None:
        """Write the result where the spec will lie, then move the spec to it: who finds a spec finds its result."""
        state = COMPLETED if outcome["status"] == "COMPLETED" else FAILED
        stem, number = os.path.splitext(name)[0], 1
        while os.path.lexists(self._place(state, f"{_numbered(stem, number)}.json")):
            number += 1
        final = self._place(state, f"{_numbered(stem, number)}.json")
        result = self._place(state, f"{_numbered(stem, number)}{RESULT}")
        part = self._place(state, f".{_numbered(stem, number)}{RESULT}.part")
        write_durably(part, json_text({"format": 1, "spec": os.path.basename(final), **outcome}))
        os.replace(part, result)
        with suppress(FileNotFoundError):  # somebody took it back; what became of it stands in the result
            os.rename(running, final)
        level = LEVELS.get(str(outcome["status"]), "error")
        about = {"job": outcome["job_id"], "spec": final, "status": outcome["status"], "result": result}
        log_of(self.arguments)("spec-moved", level, **about)
        for place in (state, RUNNING):
            sync_folder(Path(self._place(place)))


def _moved(path: str, running: str) -> bool:
    """Move a spec to those that run; False when another of its name is at work, or another watcher was quicker."""
    if os.path.lexists(running):
        return False
    try:
        os.rename(path, running)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise ProxxError(f"cannot take {path}: {error.strerror}") from error
    return True


def _numbered(stem: str, number: int) -> str:
    return stem if number == 1 else f"{stem}.{number}"


def _is_spec(path: str) -> bool:
    name = os.path.basename(path).lower()
    return name.endswith(".json") and not name.endswith(RESULT) and not name.startswith(".")
