"""Tries profiles on a clip of a few frames: the whole journey of a real job, in a folder that is thrown away."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Timer
from typing import Any

from proxx.checking import check
from proxx.commit import digest
from proxx.condition import MISSING, NO, OK, UNKNOWN, WRONG, Condition
from proxx.errors import ProxxError
from proxx.job import plan
from proxx.machine import Machine
from proxx.model import Media, Task
from proxx.process import run
from proxx.rulebook import Rulebook
from proxx.samples import MOMENT, sample_spec
from proxx.stopping import Stop
from proxx.toolbox import Tools
from proxx.toolhealth import Health, encoders_of, muxer_of
from proxx.verify import verify

SECONDS = 30
"""How long one encode of a few frames may take."""

ALL_SECONDS = 120
"""How long all trials may take; what was not tried by then is not known."""

WIDTH, HEIGHT, FRAMES, RATE = 640, 360, 5, 25
"""The trial clip: large enough for every codec, also at a quarter of its size."""

AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class Bench:
    """What trials share: the rules, the tools, the clip, a folder, and the end of their time."""

    rulebook: Rulebook
    health: Health
    tools: Tools
    clip: Media
    folder: str
    until: float
    stop: Stop

    def seconds(self) -> float:
        """How long the next program may take."""
        return max(0.1, min(SECONDS, self.until - time.monotonic()))


def try_profiles(
    rulebook: Rulebook, health: Health, profiles: Sequence[str], folder: str, asked: Mapping[str, str], stop: Stop
) -> list[Condition]:
    """How each profile of FFmpeg was found: made and proved, failing, lacking something, or not to be known here."""
    able = [name for name in profiles if not _lacks(rulebook, health, name)]
    clip: Media | str = health.unfit or "nothing is left to try"
    limit = Stop(stop)
    timer = Timer(ALL_SECONDS, limit.set)
    timer.daemon = True
    timer.start()
    try:
        if able and not health.unfit:
            clip = _clip(rulebook, health, folder, limit)
        bench = None if isinstance(clip, str) else _bench(rulebook, health, clip, folder, limit)

        def look(name: str) -> list[Condition]:
            found = _lacks(rulebook, health, name)
            if found:
                return [Condition("profile", MISSING, found, name)]
            if bench is None:
                return [Condition("profile", UNKNOWN, str(clip), name)]
            return _tried(bench, name)

        with ThreadPoolExecutor(min(AT_ONCE, os.cpu_count() or 1)) as pool:
            found = [one for of_profile in pool.map(look, profiles) for one in of_profile]
    finally:
        timer.cancel()
    if stop.is_set():
        raise KeyboardInterrupt
    return [replace(one, asked=asked.get(one.subject, NO)) for one in found]


def _lacks(rulebook: Rulebook, health: Health, name: str) -> str:
    """What the build of FFmpeg lacks of what a profile needs, in words; "" when nothing."""
    profile = rulebook.profiles[name]
    encoders = [one for one in encoders_of(profile) if health.encoders is not None and one not in health.encoders]
    muxer = muxer_of(rulebook, profile)
    words = [f"no encoder {one}" for one in encoders]
    words += [f"no muxer {muxer}"] if health.muxers is not None and muxer not in health.muxers else []
    return ", ".join(words)


def _clip(rulebook: Rulebook, health: Health, folder: str, stop: Stop) -> Media | str:
    """A clip of a few frames with sound, timecode and reel; or why there is none."""
    picture, sound = Path(folder, "picture.yuv"), Path(folder, "sound.pcm")
    chroma = bytes([110]) * (WIDTH // 2 * HEIGHT // 2)
    picture.write_bytes(b"".join(_luma(number) + chroma + chroma for number in range(FRAMES)))
    sound.write_bytes(bytes(48000 * FRAMES // RATE * 2 * 2))
    path = os.path.join(folder, "trial.mov")
    argv = [
        health.ffmpeg, "-hide_banner", "-nostdin", "-nostats", "-loglevel", "error", "-y",
        "-f", "rawvideo", "-pixel_format", "yuv420p", "-video_size", f"{WIDTH}x{HEIGHT}", "-framerate", str(RATE),
        "-i", f"file:{picture}", "-f", "s16le", "-ar", "48000", "-ac", "2", "-i", f"file:{sound}",
        "-map", "0:v", "-map", "1:a", "-c:v", "mjpeg", "-pix_fmt", "yuvj420p", "-q:v", "3", "-c:a", "pcm_s16le",
        "-metadata:s:v:0", "timecode=01:00:00:00", "-metadata:s:v:0", "reel_name=A001", "-f", "mov", f"file:{path}",
    ]  # fmt: skip
    done = run(argv, timeout=SECONDS, stop=stop)
    if done.code != 0:
        return f"no clip could be made to try it on: {last_words(done.stderr, done.code)}"
    (media,) = Machine(rulebook, counts=True, stop=stop).media([path]) or (Media(state="not-media"),)
    return media if media.state == "ok" else f"the clip to try it on cannot be read: {media.state} {media.detail}"


def _luma(number: int) -> bytes:
    """A ramp that moves: something to encode, the same on every machine."""
    return b"".join(bytes(16 + (x + y + 8 * number) % 220 for x in range(WIDTH)) for y in range(HEIGHT))


def _bench(rulebook: Rulebook, health: Health, clip: Media, folder: str, stop: Stop) -> Bench:
    version = str(health.version), str(health.other)
    tools = Tools(health.ffmpeg, health.ffprobe, *version)
    return Bench(rulebook, health, tools, clip, folder, time.monotonic() + ALL_SECONDS, stop)


def _tried(bench: Bench, name: str) -> list[Condition]:
    """A profile's trial, and where it promises equal bytes, a second one."""
    try:
        task = _task(bench, name)
        if isinstance(task, str):
            return [Condition("profile", UNKNOWN, task, name)]
        found = _made(bench, name, task)
    except (ProxxError, OSError) as trouble:
        found = [Condition("profile", WRONG, str(trouble), name)]
    if bench.stop.is_set():
        return [Condition("profile", UNKNOWN, f"all trials together took longer than {ALL_SECONDS} s", name)]
    return found


def _task(bench: Bench, name: str) -> Task | str:
    """The task of the trial clip; or why the rules refuse it."""
    out = os.path.join(bench.folder, f"out-{name}")
    os.mkdir(out)
    spec = {**sample_spec(bench.rulebook.profiles[name], bench.clip.path), "output_directory": out}
    data = json.dumps(spec).encode("utf-8", "surrogateescape")
    world = Machine(bench.rulebook, probes={bench.clip.path: bench.clip}, now=MOMENT, stop=bench.stop)
    checked = check(bench.rulebook, data, world)
    if not checked.verdict.ok:
        ids = ", ".join(dict.fromkeys(finding.id for finding in checked.findings if finding.is_error))
        return f"the rules refuse the clip to try it on: {ids}"
    return plan(bench.rulebook, checked, bench.tools.ffmpeg_version).tasks[0]


def _made(bench: Bench, name: str, task: Task) -> list[Condition]:
    profile = bench.rulebook.profiles[name]
    wrong = _encoded(bench, task.argv)
    if wrong:
        return [Condition("profile", WRONG, wrong, name)]
    proof = verify(bench.rulebook, task, task.temporary, profile, bench.tools, bench.stop)
    errors = [finding for finding in proof.findings if finding.is_error]
    if errors:
        ids = ", ".join(finding.id for finding in errors)
        return [Condition("profile", WRONG, ids, name, why=tuple(finding.message for finding in errors))]
    fine = Condition("profile", OK, f"{FRAMES} frames encoded, decoded and as promised", name)
    return [fine, _again(bench, name, task, profile)]


def _again(bench: Bench, name: str, task: Task, profile: Mapping[str, Any]) -> Condition:
    """Whether a second run gives the same bytes."""
    if not profile["promise"].get("reproducible"):
        return Condition("reproducible", OK, "not promised", name)
    other = f"{task.temporary}.again"
    argv = [word.replace(task.temporary, other) if word.endswith(task.temporary) else word for word in task.argv]
    wrong = _encoded(bench, argv)
    if wrong or not os.path.lexists(other):
        return Condition("reproducible", UNKNOWN, wrong or "the argument list does not name its output", name)
    one, two = digest(task.temporary), digest(other)
    if one == two:
        return Condition("reproducible", OK, "two runs gave the same bytes", name)
    return Condition("reproducible", WRONG, f"{one[:19]}… and {two[:19]}…", name)


def _encoded(bench: Bench, argv: Sequence[str]) -> str:
    """Run an argument list; why it failed, or "" when it ended well."""
    done = run([bench.health.ffmpeg, *argv[1:]], timeout=bench.seconds(), stop=bench.stop)
    if done.timed_out:
        return f"it was not done after {SECONDS} s"
    return "" if done.code == 0 else last_words(done.stderr, done.code)


def last_words(stderr: bytes, code: int) -> str:
    """What a program said last, on one line, or its exit code."""
    lines = [line.strip() for line in stderr.decode("utf-8", "replace").splitlines() if line.strip()]
    said = [line for line in lines if "[error]" in line or "[fatal]" in line] or lines
    return f"{said[0]} (exit code {code})" if said else f"exit code {code}"
