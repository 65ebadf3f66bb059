"""Media that is dropped into a folder: what is complete becomes a job, clip by clip or card by card."""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from proxx.claims import Claims
from proxx.errors import Finding
from proxx.inbox import Inbox
from proxx.lacking import NEEDS, Room
from proxx.logs import log_of, say
from proxx.manifest import missing_of
from proxx.preflight import size_words
from proxx.ready import ids
from proxx.report import FileReport
from proxx.rulebook import Rulebook
from proxx.running import REFUSED
from proxx.stopping import Stop
from proxx.terminal import print_reports
from proxx.tools import whole_folder
from proxx.watchjobs import Outcome, is_cut_off, outcome_of, run_files
from proxx.watchterms import check_terms, terms_of


class Media:
    """A folder of media. Proxies go to the same folders below --out; what was done is noted there."""

    def __init__(
        self, arguments: argparse.Namespace, book: Rulebook, folder: str, settings: Mapping[str, Any], stop: Stop
    ) -> None:
        self.arguments, self.book, self.folder, self.stop = arguments, book, folder, stop
        self.out = whole_folder(arguments.out)
        check_terms(arguments, book)
        purpose = arguments.profile or arguments.raw_profile  # a second profile may be asked for later
        self.claims = Claims(self.out, settings["lease_seconds"], f"{purpose}\0")
        ours = [self.out] if os.path.realpath(self.out) != os.path.realpath(folder) else []
        ours = [one for one in ours if not os.path.join(folder, "").startswith(os.path.join(one, ""))]
        self.at_once = 1 if arguments.by == "card" else 2 * (arguments.jobs or os.cpu_count() or 1)
        self.said: set[str] = set()
        self.room = Room(self.out, anew=not arguments.once)
        self.begun = False
        self.inbox = Inbox(book, folder, ours, self.claims, settings, time.monotonic, stop, self.room)
        self.inbox.terms = terms_of(arguments, book)

    def scan(self) -> Mapping[str, str]:
        """What is to be done with every file that is not done yet."""
        answers = self.inbox.scan()
        if not self.begun and (left := [path for path in self.inbox.waiting if self.inbox.is_done(path)]):
            self._say_waiting(left)
        self.begun = True
        return answers

    def _say_waiting(self, left: Sequence[str]) -> None:
        """Tell, once, of which files nothing was made for lack of room before this watcher started."""
        needs, free = size_words(self.inbox.waiting[left[0]]), size_words(self.room.free)
        more = f" and {len(left) - 1} more wait" if len(left) > 1 else " waits"
        words = f"{left[0]}{more} for room in {self.out}: {needs} did not suffice, {free} are free"
        say(
            self.arguments, words, "waits-for-room", "warning", file=left[0], files=len(left), free_bytes=self.room.free
        )

    def is_waiting(self) -> bool:
        """Whether something waits for room."""
        return bool(self.inbox.waiting)

    def is_told(self, path: str) -> bool:
        """Whether it was told that the file is not complete, or not what its manifest says."""
        return self.inbox.is_refused(path)

    def work(self, answers: Mapping[str, str]) -> Iterator[Outcome]:
        """Make the jobs of what is ready and nobody else is at."""
        for units in self._batches(self._units(answers)):
            if self.stop.is_set():
                return
            claimed = [unit for unit in units if self.claims.take(unit[0])]
            try:
                yield from self._batch(claimed)
            finally:
                for key, _ in claimed:
                    self.claims.release(key)

    def _units(self, answers: Mapping[str, str]) -> list[tuple[str, list[str]]]:
        """What makes one job: a clip, or all clips of a card, which must not have one that is waited for."""
        if self.arguments.by == "clip":
            return [(path, [path]) for path, do in answers.items() if do != "wait"]
        cards: dict[str, list[str]] = {}
        for path in answers:
            cards.setdefault(self._card(path), []).append(path)
        return [(card, files) for card, files in cards.items() if all(answers[path] != "wait" for path in files)]

    def _batches(self, units: Sequence[tuple[str, list[str]]]) -> Iterator[Sequence[tuple[str, list[str]]]]:
        """Jobs that go side by side. What did not fit before goes alone: others' unfinished files took the room."""
        lacked = [unit for unit in units if set(unit[1]) & set(self.inbox.waiting)]
        fresh = [unit for unit in units if unit not in lacked]
        yield from (fresh[first : first + self.at_once] for first in range(0, len(fresh), self.at_once))
        yield from ([unit] for unit in lacked)

    def _card(self, path: str) -> str:
        """The folder right below the watched one, or the file itself where it lies there."""
        first = os.path.relpath(path, self.folder).split(os.sep)[0]
        return os.path.join(self.folder, first)

    def _batch(self, units: Sequence[tuple[str, list[str]]]) -> Iterator[Outcome]:
        """Look at claimed units, and run side by side what may be taken."""
        groups = []
        self.room.look()
        for key, files in units:
            answers = {path: self._looked(path) for path in files if not self.inbox.is_done(path)}
            if self.stop.is_set():
                return
            if any(do in ("wait", "look") for do, _ in answers.values()) or self._misses(key):
                continue
            yield from self._refuse({path: findings for path, (_, findings) in answers.items() if findings})
            ready = [path for path, (do, _) in answers.items() if do == "take"]
            if ready:
                groups.append((ready, self._out_of(key, ready)))
        told = run_files(self.arguments, self.book, groups, self.claims.place, self.stop)
        for paths, outcome, lacking in told:
            if not is_cut_off(outcome, self.stop):
                for path in paths:
                    self.inbox.note(path, {**outcome, **({NEEDS: lacking[path]} if path in lacking else {})})
            yield outcome

    def _misses(self, key: str) -> bool:
        """Whether a card's manifest names a file that is not there yet; it is told."""
        missing = next(missing_of(key), None) if os.path.isdir(key) else None
        if missing is not None:
            words = f"{key} waits for {missing}, which its manifest names"
            if words not in self.said:
                self.said.add(words)
                say(self.arguments, words, "card-waits", "warning", card=key, file=missing)
        return missing is not None

    def _refuse(self, found: Mapping[str, Sequence[Finding]]) -> Iterator[Outcome]:
        """Tell files that never became complete, once."""
        for path, findings in found.items():
            if not self.inbox.is_refused(path):
                print_reports([FileReport(path, "", "none", tuple(findings))], False)
                log_of(self.arguments)("file-refused", "error", file=path, findings=ids(findings))
                outcome = outcome_of(REFUSED, findings=findings)
                self.inbox.note(path, {**outcome, "incomplete": True})
                yield outcome

    def _out_of(self, key: str, files: Sequence[str]) -> str:
        """The output folder: it lies below --out as the files' folder lies below the watched one."""
        below = os.path.relpath(key if os.path.isdir(key) else os.path.dirname(files[0]), self.folder)
        return os.path.normpath(os.path.join(self.out, below))

    def _looked(self, path: str) -> tuple[str, list[Finding]]:
        """What becomes of a file after a closer look, if it still is what the scan saw."""
        if self.stop.is_set() or not self.inbox.is_same(path):
            return "wait", []
        if self.inbox.judge(path)[0] == "look":
            self.inbox.look(path)
        return self.inbox.judge(path) if self.inbox.is_same(path) else ("wait", [])
