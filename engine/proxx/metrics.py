"""What a watcher counts, as a text file that Prometheus' node exporter collects."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from proxx.errors import ProxxError

HELP = {
    "proxx_watch_files": ("gauge", "Files of the watched folder by what is done with them."),
    "proxx_watch_jobs_total": ("counter", "Jobs that ended since the watcher started, by their status."),
    "proxx_watch_clips_total": ("counter", "Clips that ended since the watcher started, by their status."),
    "proxx_watch_busy": ("gauge", "1 while a job runs."),
    "proxx_watch_last_scan_timestamp_seconds": ("gauge", "When the folder was listed last, in seconds since 1970."),
    "proxx_watch_last_scan_seconds": ("gauge", "How long that took."),
}
"""Of every metric its type and what it says."""


class Metrics:
    """The counts of one watcher. Without a path nothing is written."""

    def __init__(self, path: str | None, folder: str) -> None:
        self.path, self.folder = path, folder
        self.jobs: Counter[str] = Counter()
        self.clips: Counter[str] = Counter()
        self.values: dict[str, float] = {}
        self.files: Mapping[str, int] = {}

    def scanned(self, files: Mapping[str, int], seconds: float) -> None:
        """A scan ended: how many files wait, are looked at, taken, refused."""
        self.files = files
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
        """Replace the file whole: the collector never reads half of it. Raises ProxxError."""
        if self.path is None:
            return
        part = f"{self.path}.{os.getpid()}.tmp"
        try:
            Path(part).write_text(self.text(), "utf-8", "replace")
            os.replace(part, self.path)
        except OSError as error:
            raise ProxxError(f"cannot write {self.path}: {error.strerror}") from error


def _quoted(text: str) -> str:
    """A label's value, with what the format wants escaped."""
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
