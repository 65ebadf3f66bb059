"""Which files of a watched folder may be taken: what is known of each goes to the table, and its answer is done."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from threading import Event
from typing import Any

from proxx.arrivals import Arrivals, Mark, files_below, kind_of
from proxx.claims import Claims
from proxx.complete import ends_of
from proxx.errors import Finding
from proxx.evaluate import ask, tell_all
from proxx.lacking import Room, needs_of
from proxx.manifest import MANIFESTS, claims_about, is_marked_done
from proxx.probe import probe_all
from proxx.rulebook import Rulebook
from proxx.tools import find_tool
from proxx.vouching import compare


@dataclass(frozen=True, slots=True)
class Look:
    """What a closer look at a quiet file has shown: its proof, its end, the words; good while `sight` is the same.

    One that found fault is good for a while only (`at` is when it was): some writers reserve the whole size at once
    and hold the time still, and then nothing else tells that the file was written to.
    """

    sight: tuple[Any, ...]
    at: float
    proof: str
    ends: str
    manifest: str = ""
    words: str = ""


UNSEEN = Look((), 0.0, "none", "unseen")


class Inbox:
    """A watched folder with its rules. `clock` gives seconds that never go back; `outputs` are folders of our own."""

    def __init__(
        self,
        rulebook: Rulebook,
        folder: str,
        outputs: Sequence[str],
        claims: Claims,
        settings: Mapping[str, Any],
        clock: Callable[[], float],
        stop: Event,
        room: Room,
    ) -> None:
        self.rulebook, self.folder, self.outputs, self.claims = rulebook, folder, outputs, claims
        self.settings, self.clock, self.stop = settings, clock, stop
        self.arrivals = Arrivals(settings, lambda: files_below(folder))
        self.looks: dict[str, Look] = {}
        self.vouching: dict[str, list[tuple[str, Mark]]] = {}
        self.about: dict[str, tuple[Any, ...]] = {}
        self.noted: dict[str, tuple[Mark, Mapping[str, Any]]] = {}
        self.room = room
        self.waiting: dict[str, int] = {}
        self.terms = ""
        self.judged: dict[str, Mark] = {}

    def scan(self) -> Mapping[str, str]:
        """List the folder once: what is to be done with every file that is anybody's concern and not done yet.

        wait, look (it must be claimed first), take, or refused.
        """
        seen = self.arrivals.scan(self.clock())
        self._hear_vouchers({path: sight.mark for path, sight in seen.items()})
        self.looks = {path: look for path, look in self.looks.items() if path in seen}
        self.room.look()
        found = {path: needs_of(self._noted(path)) for path in seen}
        self.waiting = {path: needs for path, needs in found.items() if needs}
        self.room.begin(set(self.waiting))
        answers = {}
        for path in seen:
            do = self.judge(path)[0]
            if do != "ignore" and not (do != "wait" and self.is_done(path)):
                answers[path] = do
        return answers

    def judge(self, path: str) -> tuple[str, list[Finding]]:
        """What is to be done with a file by what is known of it: ignore, wait, look, take; or refused, and why."""
        kind = kind_of(path, self.rulebook, self.outputs)
        quiet = self._quiet(path) if kind == "media" else "no"
        look = self._look_of(path)
        facts = {"watch.kind": kind, "watch.quiet": quiet, "watch.proof": look.proof, "watch.ends": look.ends}
        decisions = ask(self.rulebook, "watch", facts)
        since = self.clock() - self.arrivals.seen[path].since
        texts = {"file": path, "is": look.words, "manifest": look.manifest, "seconds": f"{since:.0f}"}
        findings = tell_all(self.rulebook, decisions, texts, path)
        return ("refused", findings) if findings else (str(decisions["readiness"].outcome["do"]), [])

    def _quiet(self, path: str) -> str:
        """Whether a file, and everything that could vouch for it, has been the same for long enough."""
        now = self.clock()
        if any(self.arrivals.quiet(name, now) == "no" for name, _ in self._manifests(path)):
            return "no"
        return self.arrivals.quiet(path, now)

    def look(self, path: str) -> None:
        """Look closely at a quiet file: its manifests, its index and its last second. To be called under its claim."""
        sight = self.arrivals.seen[path]
        (media,) = probe_all([path], self.rulebook.vocabulary, find_tool("ffprobe"), stop=self.stop)
        ends, why = ends_of(media, self.rulebook, find_tool("ffmpeg"), self.stop)
        found = Look((sight.mark, self._manifests(path)), self.clock(), "none", ends, words=why)
        try:
            proof, claim, differs = compare(path, claims_about(path, self.folder), self.stop.is_set)
        except OSError as error:
            proof, claim, differs = "none", None, str(error)
        if proof == "none" and is_marked_done(path, self.settings["done_suffixes"]):
            proof = "matches"
        if claim is not None and proof == "differs":
            found = replace(found, manifest=claim.manifest, words=differs)
        self.looks[path] = replace(found, proof=proof)

    def _look_of(self, path: str) -> Look:
        """What is known of the file as it is now, and of the manifests as they are now."""
        look = self.looks.get(path)
        if look is None or look.sight != (self.arrivals.seen[path].mark, self._manifests(path)):
            return UNSEEN
        at_fault = look.ends == "broken" or look.proof == "differs"
        old = self.clock() - look.at >= self.settings["long_settle_seconds" if self._noted(path) else "settle_seconds"]
        return UNSEEN if at_fault and old else look

    def _hear_vouchers(self, marks: Mapping[str, Mark]) -> None:
        """Sort what could vouch for files by its folder, and (for histories) by the folder that this one lies in."""
        ends = (*MANIFESTS, *self.settings["done_suffixes"])
        self.vouching, self.about = {}, {}
        for path, mark in marks.items():
            if path.lower().endswith(ends):
                folder = os.path.dirname(path)
                for one in (folder, os.path.dirname(folder)):
                    self.vouching.setdefault(one, []).append((path, mark))

    def _manifests(self, path: str) -> tuple[Any, ...]:
        """The marks of everything beside the file, and above it, that could vouch for it: one answer for a folder."""
        folder = os.path.dirname(path)
        if folder not in self.about:
            found = (self.vouching.get(one, ()) for one in _folders_to(path, self.folder))
            self.about[folder] = tuple(sorted(set(chain.from_iterable(found))))
        return self.about[folder]

    def is_same(self, path: str) -> bool:
        """Whether a file is still what the last scan saw: jobs take long."""
        try:
            status = os.stat(path, follow_symlinks=False)
        except OSError:
            return False
        return (status.st_size, status.st_mtime_ns, status.st_ino) == self.arrivals.seen[path].mark

    def is_done(self, path: str) -> bool:
        """Whether it is written down what became of the file as it is now."""
        document = self._noted(path)
        if document is None or (needs_of(document) and self.room.suffices(path, document)):
            return False
        if self.is_refused(path):
            return self._look_of(path) is not UNSEEN
        return not self._refused_on_other_terms(path, document)

    def _refused_on_other_terms(self, path: str, document: Mapping[str, Any]) -> bool:
        """Whether the file was refused by other options or another rulebook than ours, and we did not judge it yet.

        A wrong option would else keep a file from being made for good. Watchers of different terms judge it once each.
        """
        others = document.get("status") == "REFUSED" and document.get("terms") != self.terms
        return others and self.judged.get(path) != self.arrivals.seen[path].mark

    def is_refused(self, path: str) -> bool:
        """Whether it is written down that the file as it is now is not complete, or not what its manifest says."""
        return bool((self._noted(path) or {}).get("incomplete"))

    def _noted(self, path: str) -> Mapping[str, Any] | None:
        """What is written down of the file as it is now."""
        mark = self.arrivals.seen[path].mark
        known = self.noted.get(path)
        if known is None or known[0] != mark:
            document = self.claims.done(path)
            if document is None or (document.get("size"), document.get("mtime_ns")) != mark[:2]:
                return None
            if needs_of(document):
                return document  # another watcher may have made it meanwhile
            known = self.noted[path] = (mark, document)
        return known[1]

    def note(self, path: str, document: Mapping[str, Any]) -> None:
        """Write down what became of a file as it is now: it is not touched again before it changes."""
        mark = self.arrivals.seen[path].mark
        self.noted.pop(path, None)
        self.judged[path] = mark
        self.room.tried(path)
        self.claims.note(path, {"source": path, "size": mark[0], "mtime_ns": mark[1], "terms": self.terms, **document})


def _folders_to(path: str, top: str) -> set[str]:
    """The folder of a file, and every one above it up to `top`."""
    folders = set()
    folder = os.path.dirname(path)
    while folder.startswith(top):
        folders.add(folder)
        if folder == top:
            break
        folder = os.path.dirname(folder)
    return folders
