"""Makes one proxy with FFmpeg: runs a task's argument list and reports progress; it decides nothing."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Event

from proxx.model import Task
from proxx.process import stream

TAIL_LINES = 40


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an engine ended: exit code, the last lines it said, the seconds it took, and whether it was stopped."""

    exit_code: int
    stderr: str
    seconds: float
    stopped: bool = False


def encode(task: Task, tool: str, on_frames: Callable[[int], None], stop: Event) -> Outcome:
    """Run a task's argv with the ffmpeg at `tool`; `on_frames` hears how many frames are done."""
    begun = time.monotonic()
    finished = stream([tool, *task.argv[1:]], lambda line: _progress(line, on_frames), stop)
    text = finished.stderr.decode("utf-8", "replace")
    tail = "\n".join(text.splitlines()[-TAIL_LINES:])
    return Outcome(finished.code, tail, time.monotonic() - begun, finished.stopped)


def _progress(line: str, on_frames: Callable[[int], None]) -> None:
    """Lines of -progress read key=value; frame= is the number of frames written so far."""
    key, _, value = line.partition("=")
    if key == "frame" and value.strip().isdigit():
        on_frames(int(value))


def decode(path: str, tool: str, stop: Event) -> tuple[int | None, Outcome]:
    """Decode every stream of a made file to nothing: the number of video frames shown, and how the decoder ended."""
    counted: list[int] = []
    argv = [
        tool, "-hide_banner", "-nostdin", "-nostats", "-loglevel", "error", "-xerror", "-progress", "pipe:1",
        "-protocol_whitelist", "file", "-i", f"file:{path}",
        "-map", "0:v:0", "-map", "0:a?", "-fps_mode", "passthrough", "-f", "null", "-",
    ]  # fmt: skip
    begun = time.monotonic()
    finished = stream(argv, lambda line: _progress(line, counted.append), stop)
    text = finished.stderr.decode("utf-8", "replace").strip()
    outcome = Outcome(finished.code, text, time.monotonic() - begun, finished.stopped)
    return (counted[-1] if counted else None), outcome
