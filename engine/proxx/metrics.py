"""What a watcher counts, as a text file that Prometheus' node exporter collects."""

from __future__ import annotations

import os
import re
import sys
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from proxx.errors import EXIT_USAGE, ProxxError

HELP = {
    "proxx_watch_files": ("gauge", "Files of the watched folder by what is done with them."),
    "proxx_watch_jobs_total": ("counter", "Jobs that ended, by their status."),
    "proxx_watch_clips_total": ("counter", "Clips that ended, by their status."),
    "proxx_watch_busy": ("gauge", "1 while a job runs."),
    "proxx_watch_last_scan_timestamp_seconds": ("gauge", "When the folder was listed last, in seconds since 1970."),
    "proxx_watch_last_scan_seconds": ("gauge", "How long that took."),
}
"""Of every metric its type and what it says."""

FILES = ("look", "refused", "take", "wait")
JOBS = ("CANCELLED", "COMPLETED", "FAILED", "PARTIAL", "REFUSED")
CLIPS = ("CANCELLED", "COMPLETED", "FAILED", "REJECTED")
"""What is counted from the start: the first of a kind would be no increase of a count that was not there before."""


class Metrics:
    """The counts of one watcher. Without a path nothing is written.

    They go on from those of the same folder that the file holds: cron starts a watcher anew every few minutes, and
    one that did as much as the last would seem to have done nothing.
    """

    def __init__(self, path: str | None, folder: str) -> None:
        self.path, self.folder = path, folder
        known = _counted(path, folder) if path is not None else {}
        self.jobs = Counter({status: known.get(("jobs", status), 0) for status in JOBS})
        self.clips = Counter({status: known.get(("clips", status), 0) for status in CLIPS})
        self.values: dict[str, float] = {"proxx_watch_busy": 0}
        self.files: Mapping[str, int] = {}
        self.failing = False
        self.write()

    def scanned(self, files: Mapping[str, int], seconds: float) -> None:
        """A scan ended: how many files wait, are looked at, taken, refused."""
        self.files = {**dict.fromkeys(FILES, 0), **files}
        self.values["proxx_watch_last_scan_timestamp_seconds"] = round(time.time(), 3)
        self.values["proxx_watch_last_scan_seconds"] = round(seconds, 6)
        self.write()

    def busy(self, is_: bool) -> None:
        """A job begins or has ended."""
        self.values["proxx_watch_busy"] = int(is_)
        self.write()

    def ended(self, status: str, clips: Mapping[str, int]) -> None:
        """A job ended, with so many clips of each status."""
        self.jobs[status] += 1
        self.clips.update(clips)

    def text(self) -> str:
        """All of it in the text format of Prometheus."""
        labelled = {
            "proxx_watch_files": ("state", self.files),
            "proxx_watch_jobs_total": ("status", self.jobs),
            "proxx_watch_clips_total": ("status", self.clips),
        }
        where = _quoted(self.folder)
        lines = []
        for name, (kind, words) in HELP.items():
            lines += [f"# HELP {name} {words}", f"# TYPE {name} {kind}"]
            if name in labelled:
                label, counts = labelled[name]
                lines += [
                    f'{name}{{folder="{where}",{label}="{_quoted(key)}"}} {counts[key]}' for key in sorted(counts)
                ]
            elif name in self.values:
                lines.append(f'{name}{{folder="{where}"}} {self.values[name]}')
        return "\n".join(lines) + "\n"

    def write(self) -> None:
        """Replace the file whole: the collector never reads half of it.

        Raises ProxxError (exit 2) at the start; later trouble (a full disk) is told once, and the watcher goes on.
        """
        if self.path is None:
            return
        part = f"{self.path}.{os.getpid()}.tmp"
        try:
            Path(part).write_text(self.text(), "utf-8", "replace")
            os.replace(part, self.path)
            self.failing = False
        except OSError as error:
            with suppress(OSError):
                os.unlink(part)
            words = f"cannot write the counts to {self.path}: {error.strerror}"
            if not self.files:
                raise ProxxError(words, exit_code=EXIT_USAGE) from error
            if not self.failing:
                print(f"proxx: {words}; the watcher goes on", file=sys.stderr)
            self.failing = True


def _counted(path: str, folder: str) -> dict[tuple[str, str], int]:
    """The counts that a file holds of a folder, by what is counted and its status; none where there is no such file."""
    try:
        text = Path(path).read_text("utf-8", "replace")
    except OSError:
        return {}
    where = re.escape(_quoted(folder).encode("utf-8", "replace").decode("utf-8"))
    line = rf'^proxx_watch_(jobs|clips)_total{{folder="{where}",status="(\w+)"}} (\d{{1,15}})$'
    return {(what, status): int(count) for what, status, count in re.findall(line, text, re.MULTILINE)}


def _quoted(text: str) -> str:
    """A label's value, with what the format wants escaped."""
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
