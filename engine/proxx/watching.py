"""The command that watches a folder: media dropped in becomes proxies, and specs dropped in are run."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from proxx import guardian
from proxx.errors import EXIT_CLIP_FAILED, EXIT_INTERRUPTED, EXIT_OK, EXIT_TROUBLE, EXIT_USAGE, ProxxError
from proxx.ledger import pause
from proxx.logs import log_of, say, takes_stderr
from proxx.metrics import Metrics
from proxx.nlepromise import relinking_of
from proxx.rulebook import Rulebook
from proxx.shelf import book_of
from proxx.stopping import Stop, stop_on_signals
from proxx.toolbox import tools
from proxx.tools import whole_folder
from proxx.watchjobs import Outcome, is_cut_off


class Watched(Protocol):
    """A folder that is gone over again and again: media for proxies, or specs to run."""

    def scan(self) -> Mapping[str, str]:
        """List it once: what is to be done with what is not done yet, by its path."""
        ...

    def work(self, answers: Mapping[str, str]) -> Iterable[Outcome]:
        """Do what can be done now, one job after another: what became of each."""
        ...

    def is_told(self, path: str) -> bool:
        """Whether it was told already why nothing is made of what the last scan saw there."""
        ...

    def is_waiting(self) -> bool:
        """Whether something waits for the machine, and will be done when that can."""
        ...


def watch_command(arguments: argparse.Namespace) -> int:
    """Watch until told to stop; with --once until nothing that was there at the start is left."""
    folder = whole_folder(arguments.folder)
    if not os.path.isdir(folder):
        raise ProxxError(f"{arguments.folder} is no folder", hint="Name the folder to watch.", exit_code=EXIT_USAGE)
    if bool(arguments.profile or arguments.raw_profile) != bool(arguments.out):
        raise ProxxError(
            "watching media takes both a profile and --out",
            hint="proxx watch DIR --profile P --out DIR; without both, DIR is a folder of specs.",
            exit_code=EXIT_USAGE,
        )
    guardian.prepare()
    tools()
    stop = Stop()
    stop_on_signals(stop)
    book = book_of(arguments, os.path.join(folder, "any"))
    relinking_of(book, arguments.nles, arguments.system)  # an NLE that does not exist is told at once
    return Watcher(arguments, folder, _watched(arguments, book, folder, stop), settings_of(arguments, book), stop).run()


def _watched(arguments: argparse.Namespace, book: Rulebook, folder: str, stop: Stop) -> Watched:
    if arguments.out:
        from proxx.watchmedia import Media

        return Media(arguments, book, folder, settings_of(arguments, book), stop)
    from proxx.watchspecs import Specs

    return Specs(arguments, book, folder, settings_of(arguments, book), stop)


def settings_of(arguments: argparse.Namespace, book: Rulebook) -> dict[str, Any]:
    """The rulebook's figures for watching, and what the arguments say instead."""
    said = {
        "settle_seconds": arguments.settle,
        "long_settle_seconds": arguments.long_settle,
        "scan_seconds": arguments.every,
        "lease_seconds": arguments.lease,
    }
    settings = {**book.items["watch"], **{key: value for key, value in said.items() if value is not None}}
    settings["long_settle_seconds"] = max(settings["long_settle_seconds"], settings["settle_seconds"])
    return settings


def _need_list(folder: str) -> None:
    """Raise ProxxError (exit 3) when a folder cannot be listed: a share that is away is no folder without files."""
    try:
        os.scandir(folder).close()
    except OSError as error:
        raise ProxxError(f"cannot list {folder}: {error.strerror}") from error


class Watcher:
    """Goes over a folder again and again, counts, and knows when to end."""

    def __init__(
        self, arguments: argparse.Namespace, folder: str, watched: Watched, settings: Mapping[str, Any], stop: Stop
    ) -> None:
        self.arguments, self.folder, self.watched = arguments, folder, watched
        self.settings, self.stop = settings, stop
        self.metrics = Metrics(arguments.metrics, folder)
        self.failed = self.cut_off = False
        self.waiting: set[str] = set()
        self.trouble = ""
        self.since, self.scans = time.monotonic(), 0

    def run(self) -> int:
        """The exit code when it ends."""
        log_of(self.arguments)("watch-start", folder=self.folder)
        code = self._go_over()
        log_of(self.arguments)("watch-end", folder=self.folder, exit_code=code)
        return code

    def _go_over(self) -> int:
        waited = False
        while not self.stop.is_set():
            begun = time.monotonic()
            answers, worked = self._turn()
            # A file that was told is looked at again and again, which is no news.
            waiting = {path for path, do in answers.items() if do == "wait"}
            self.scans += 1
            if worked or waiting != self.waiting:
                self.waiting, self.since, self.scans = waiting, begun, 0
            if self.arguments.once and not worked and self._is_over(answers, begun - self.since):
                break
            if not answers and not waited and not self.arguments.once:
                if not takes_stderr(self.arguments):
                    print(f"proxx: watching {self.folder}", file=sys.stderr)
                waited = True
            pause(self.settings["scan_seconds"], self.stop.is_set)
        if self.cut_off:
            return EXIT_INTERRUPTED
        failed = self.failed or self.watched.is_waiting()
        return EXIT_CLIP_FAILED if failed and self.arguments.once else EXIT_OK

    def _turn(self) -> tuple[Mapping[str, str], bool]:
        """Scan, and do what can be done; whether there was anything.

        Trouble with the machine (a full disk, a share that is away) passes, and is told once: a watcher that shall go
        on for weeks tries again. With --once there is no other turn.
        """
        try:
            answers = self._scan()
            worked = self._work(answers)
        except (ProxxError, OSError) as error:
            if self.arguments.once or getattr(error, "exit_code", EXIT_TROUBLE) != EXIT_TROUBLE:
                raise
            if str(error) != self.trouble:
                self.trouble = str(error)
                say(self.arguments, f"{error}; trying again", "trouble", "error", message=str(error))
            return {}, False
        self.trouble = ""
        return answers, worked

    def _work(self, answers: Mapping[str, str]) -> bool:
        """Do what can be done now; whether there was anything."""
        worked = False
        if set(answers.values()) - {"wait"}:
            self.metrics.busy(True)
            try:
                for outcome in self.watched.work(answers):
                    self._count(outcome)
                    worked = True
            finally:
                self.metrics.busy(False)
        return worked

    def _scan(self) -> Mapping[str, str]:
        begun = time.monotonic()
        _need_list(self.folder)
        answers = self.watched.scan()
        self.metrics.scanned(Counter(answers.values()), time.monotonic() - begun)
        return answers

    def _count(self, outcome: Outcome) -> None:
        self.metrics.ended(str(outcome["status"]), Counter(clip["status"] for clip in outcome["clips"]))
        self.metrics.write()
        cut_off = is_cut_off(outcome, self.stop)
        self.cut_off |= cut_off
        self.failed |= outcome["status"] != "COMPLETED" and not cut_off

    def _is_over(self, answers: Mapping[str, str], seconds: float) -> bool:
        """Whether all is dealt with; what is still waited for after so many seconds without news is told and left.

        Scans count too: on a busy machine the time of many may pass between two.
        """
        if not answers:
            return True
        enough = self.settings["long_settle_seconds"] + (self.settings["scans"] + 1) * self.settings["scan_seconds"]
        if seconds < enough or self.scans <= self.settings["scans"]:
            return False
        for path in (path for path in answers if not self.watched.is_told(path)):
            words = f"{path} is left: it is still being written, or another watcher is at it"
            say(self.arguments, words, "file-left", "warning", file=path)
        return True
