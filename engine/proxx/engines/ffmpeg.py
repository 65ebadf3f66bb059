"""Makes one proxy with FFmpeg: runs a task's argument list and reports progress; it decides nothing."""

from __future__ import annotations

import os
import re
import signal
import struct
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from fractions import Fraction
from threading import Event
from typing import Any

from proxx.model import Media, Task
from proxx.process import Watch, stream

TAIL_LINES = 40
_INFORMATION = re.compile(r"(?P<who>\[[^]]+ @ [^]]+\] )?\[(?:info|warning)\] (?P<words>.*)")
COUNTERS = ("frame", "out_time_us", "total_size")
"""The lines of -progress whose values grow while FFmpeg gets on."""

IVF, IVF_PICTURE = struct.Struct("<4sHH4sHHIIII"), struct.Struct("<IQ")
"""The headers of IVF's file (mark, version, size, codec, raster, rate, pictures) and of each picture (size, number)."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an engine ended: exit code, the last lines it said, the seconds it took, and whether it was stopped.

    `stalled` says in words, of an engine that was ended because it did not get on, how far it had come. `shared` is
    what ran where several proxies were made from one decoding. An engine that knows of a clip what the plan could not
    know gives the `promise` with that in it, says what its `trouble` was, and what the record shall say of the engine.
    """

    exit_code: int
    stderr: str
    seconds: float
    stopped: bool = False
    stalled: str = ""
    shared: tuple[str, ...] = ()
    promise: Media | None = None
    trouble: Mapping[str, str] | None = None
    engine: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Sample:
    """Some pictures of a file, coded and numbered; FFmpeg's name of their codec, their raster, and the frame rate."""

    codec: str
    raster: tuple[int, int]
    rate: Fraction
    pictures: Iterable[tuple[int, bytes]]


class Pace:
    """How far FFmpeg is, as its lines of -progress (key=value) tell; `on_frames` hears of every frame count."""

    def __init__(self, on_frames: Callable[[int], None]) -> None:
        self.on_frames = on_frames
        self.counted: dict[str, int] = {}

    def hear(self, line: str) -> bool:
        """Take in a line; whether it says that a counter has moved. Counters that are not known yet read N/A."""
        key, _, value = line.partition("=")
        value = value.strip()
        if key not in COUNTERS or not value.isdigit():
            return False
        if key == "frame":
            self.on_frames(int(value))
        moved = self.counted.get(key, 0) != int(value)
        self.counted[key] = int(value)
        return moved

    def words(self, seconds: float) -> str:
        """What to say of a stall after so many seconds."""
        if not any(self.counted.values()):
            return f"nothing moved for {seconds:g} s, from the start on"
        frames, size = self.counted.get("frame", 0), self.counted.get("total_size", 0)
        place = self.counted.get("out_time_us", 0) / 1_000_000
        return f"nothing moved for {seconds:g} s after frame {frames} ({place:.2f} s, {size} bytes written)"


def patience(settings: Mapping[str, Any], task: Task) -> float:
    """How many seconds without any progress a task may take; it grows with the megapixels of its raster."""
    video = task.expect.video
    pixels = (video.width or 0) * (video.height or 0) if video else 0
    return float(settings["seconds"] + settings["seconds_per_megapixel"] * pixels / 1_000_000)


def encode(
    argv: Sequence[str], files: Sequence[str], tool: str, on_frames: Callable[[int], None], stop: Event, seconds: float
) -> Outcome:
    """Run an argument list that writes `files` with the ffmpeg at `tool`; `on_frames` hears how many frames are done.

    It may be silent for so many `seconds`, and longer while a file changes: an MP4 is moved up at its end, to
    make room for the index, and of that FFmpeg says nothing.
    """
    seen = [[_touched(path) for path in files]]

    def moved() -> bool:
        seen.append([_touched(path) for path in files])
        return seen[-1] != seen[-2]

    return _follow([tool, *argv[1:]], Pace(on_frames), stop, Watch(seconds, moved))


def _touched(path: str) -> tuple[int, int] | None:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns


def decode(
    path: str,
    tool: str,
    stop: Event,
    seconds: float,
    damage: Collection[str],
    threads: int = 0,
    sample: Sample | None = None,
) -> tuple[int | None, Outcome]:
    """Decode every stream of a made file to nothing: the number of video frames shown, and how the decoder ended.

    With a `sample` only its pictures are decoded, and all sound. The outcome's `stderr` has errors alone, and what a
    decoder tells as mere information that begins with a word of `damage`. `threads` is for the decoders (0: as many as
    there are cores). What smooths the edges of blocks is left out: it reads no bit of the file.
    """
    file = ["-protocol_whitelist", "file", "-threads", str(threads), "-skip_loop_filter", "all", "-i", f"file:{path}"]
    source = ["-map", "0:v:0", "-map", "0:a?"]
    if sample is not None:
        pipe = ["-protocol_whitelist", "pipe", "-threads", str(threads), "-f", "ivf", "-c:v", sample.codec]
        file, source = [*pipe, "-i", "pipe:0", *file], ["-map", "0:v:0", "-map", "1:a?"]
    argv = [
        tool, "-hide_banner", "-nostdin", "-nostats", "-loglevel", "repeat+level+info", "-xerror",
        "-progress", "pipe:1", *file, *source,
        # Nanoseconds: by slots of the frame rate, two pictures of an uneven file may stand in one, which is an error.
        "-fps_mode", "passthrough", "-enc_time_base:v", "1/1000000000",
        "-f", "null", "-",
    ]  # fmt: skip
    pace = Pace(lambda frames: None)
    with _fed(sample) as reads:
        watch = Watch(seconds, lambda: False)
        outcome = _follow(argv, pace, stop, watch, lambda line: _tells_damage(line, damage), reads)
    return pace.counted.get("frame"), outcome


@contextmanager
def _fed(sample: Sample | None) -> Iterator[int | None]:
    """The reading end of a pipe into which the pictures of a sample are written meanwhile."""
    if sample is None:
        yield None
        return
    reading, writing = os.pipe()
    with ThreadPoolExecutor(1) as pool:
        feeding = pool.submit(_feed, writing, sample)
        yield reading
        feeding.result()


def _feed(writing: int, sample: Sample) -> None:
    """Write the pictures in the simplest of containers, which FFmpeg takes for every codec by name."""
    with suppress(BrokenPipeError), open(writing, "wb") as pipe:  # a decoder that has ended takes no more
        pipe.write(IVF.pack(b"DKIF", 0, IVF.size, b"", *sample.raster, *sample.rate.as_integer_ratio(), 0, 0))
        for number, data in sample.pictures:
            pipe.write(IVF_PICTURE.pack(len(data), number))
            pipe.write(data)


def _tells_damage(line: str, damage: Collection[str]) -> bool:
    """Whether a line of a decoding is an error, or information of a decoder that begins with one of the words."""
    said = _INFORMATION.match(line)
    return said is None or (said["who"] is not None and said["words"].startswith(tuple(damage)))


def _follow(
    argv: list[str],
    pace: Pace,
    stop: Event,
    watch: Watch,
    counts: Callable[[str], bool] = lambda line: True,
    reads: int | None = None,
) -> Outcome:
    begun = time.monotonic()
    finished = stream(argv, pace.hear, stop, watch=watch, reads=reads)
    said = finished.stderr.decode("utf-8", "replace").strip().splitlines()
    tail = "\n".join([line for line in said if counts(line)][-TAIL_LINES:])
    took = time.monotonic() - begun
    if finished.stalled:
        return Outcome(finished.code or -signal.SIGKILL, tail, took, stalled=pace.words(watch.seconds))
    return Outcome(finished.code, tail, took, finished.stopped)
