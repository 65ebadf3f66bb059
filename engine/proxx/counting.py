"""Tells how far something is that takes long and shows nothing meanwhile: so many of so many, and how long yet."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from threading import Lock

from proxx.logs import Log, log_of, takes_stderr

LINE_SECONDS = 10
"""How often a line comes where there is no terminal, and when the first one comes: what is quicker needs none."""

SCREEN_SECONDS = 0.2
"""How often a terminal's line is written anew, and for how long there is none at first."""

CLEAR = "\r\x1b[K"


class Counting:
    """A counter of one kind of work, on stderr: a line that is written anew on a terminal, now and then one elsewhere.

    `style` is screen, lines or silent. What is counted also goes to the log, as often as there are lines.
    """

    def __init__(
        self, words: str, style: str, log: Log, event: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.words, self.style, self.log, self.event, self.clock = words, style, log, event, clock
        self.begun = self.shown = self.logged = clock()
        self.before, self.lock, self.stands = 0, Lock(), False

    def __call__(self, done: int, whole: int, more: str = "") -> None:
        """So many of so many are done; `more` is what else there is to say. None of none: it is over."""
        now = self.clock()
        with self.lock:
            if done < self.before:  # it begins again with something else
                self.begun = self.shown = self.logged = now
            self.before = done
            if done >= whole:
                self._clear()
            elif now - self.shown >= (SCREEN_SECONDS if self.style == "screen" else LINE_SECONDS):
                self.shown = now
                self._show(f"{self.words}: {done} of {whole}{more}{_left(now - self.begun, done, whole)}")
            if done < whole and now - self.logged >= LINE_SECONDS:
                self.logged = now
                self.log(self.event, done=done, of=whole)

    def clear(self) -> None:
        """Take the line off the terminal, for something else is written there."""
        with self.lock:
            self._clear()

    def _show(self, text: str) -> None:
        if self.style == "screen":
            print(f"{CLEAR}{text}", end="", file=sys.stderr, flush=True)
            self.stands = True
        elif self.style == "lines":
            print(f"proxx: {text}", file=sys.stderr, flush=True)

    def _clear(self) -> None:
        if self.stands:
            print(CLEAR, end="", file=sys.stderr, flush=True)
            self.stands = False


def counting(arguments: argparse.Namespace, words: str, event: str, *, lines: bool = True) -> Counting:
    """The counter that suits a command's arguments; without `lines` it says nothing where there is no terminal."""
    quiet = getattr(arguments, "quiet", False) or takes_stderr(arguments)
    screen = sys.stderr is not None and sys.stderr.isatty()
    style = "silent" if quiet or (not screen and not lines) else "screen" if screen else "lines"
    return Counting(words, style, log_of(arguments), event)


def looking(arguments: argparse.Namespace) -> Counting:
    """The counter of sources that are looked at."""
    return counting(arguments, "looking at sources", "sources-looked-at")


def _left(seconds: float, done: int, whole: int) -> str:
    """About how long it takes yet, when that can be told."""
    if done == 0:
        return ""
    left = seconds * (whole - done) / done
    if left < 90:
        return f", about {left:.0f} s left"
    return f", about {left / 60:.0f} min left" if left < 5400 else f", about {left / 3600:.1f} h left"
