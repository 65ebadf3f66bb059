"""The ffmpeg and ffprobe of this machine, asked who they are while something else is done."""

from __future__ import annotations

import contextlib
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from threading import Thread

from proxx import guardian
from proxx.errors import ProxxError
from proxx.tools import FLOOR, FLOOR_WORDS, find_tool, known_by, tool_version, version_and_encoders

ASKED_SECONDS = 60
"""How long an answer of the tools counts: a watcher runs for weeks, and a wrapper may call another FFmpeg then."""

_asked: dict[tuple[str, ...], tuple[float, Future[Tools]]] = {}


@dataclass(frozen=True, slots=True)
class Tools:
    """The programs that make and prove proxies, their versions, and what encoders there are.

    `threads` is for the decoders of a proof (0: as many as there are cores).
    """

    ffmpeg: str
    ffprobe: str
    ffmpeg_version: str
    ffprobe_version: str
    ffmpeg_configuration: str = ""
    ffprobe_configuration: str = ""
    encoders: frozenset[str] = frozenset()
    threads: int = 0


def lay_out() -> None:
    """Start the guardian and ask the tools who they are, without waiting. What is missing is told when it is needed."""
    guardian.prepare()
    with contextlib.suppress(ProxxError):
        _asking()


def tools() -> Tools:
    """The ffmpeg and ffprobe of this machine. Raises ProxxError (exit 3) when one is missing or too old."""
    return _asking().result()


def _asking() -> Future[Tools]:
    """The answer to come, of programs that are asked once in a while: each question costs as much as a probe."""
    found = find_tool("ffmpeg"), find_tool("ffprobe")
    key, now = (*found, *map(known_by, found)), time.monotonic()
    at, answer = _asked.get(key, (0.0, None))
    if answer is None or now - at > ASKED_SECONDS:
        answer = Future()
        _asked[key] = (now, answer)
        Thread(target=_answer, args=(key, answer), daemon=True).start()
    return answer


def _answer(key: tuple[str, ...], answer: Future[Tools]) -> None:
    try:
        answer.set_result(_ask(*key[:2]))
    except BaseException as error:
        _asked.pop(key, None)  # trouble may pass: who needs the tools next asks again
        answer.set_exception(error)


def _ask(ffmpeg: str, ffprobe: str) -> Tools:
    with ThreadPoolExecutor(1) as pool:
        probing = pool.submit(tool_version, ffprobe, "ffprobe")
        version, encoders = version_and_encoders(ffmpeg)
    if version.numbers and version.numbers < FLOOR:
        raise ProxxError(f"ffmpeg {version} is too old", hint=f"Install FFmpeg {FLOOR_WORDS}.")
    other = probing.result()
    said = (str(version), str(other), version.configuration, other.configuration)
    return Tools(ffmpeg, ffprobe, *said, encoders)
