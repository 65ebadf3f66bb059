"""Finding the tools (ffmpeg, ffprobe) on this machine, and asking which version they are."""

from __future__ import annotations

import os
import shutil
import signal
from dataclasses import dataclass
from pathlib import PurePath

from proxx.errors import ProxxError
from proxx.process import Finished, run

FLOOR = (5, 1)
"""The oldest FFmpeg that knows every option of the shipped templates (a test holds it to the table ffmpeg-option)."""

FLOOR_WORDS = f"{'.'.join(map(str, FLOOR))} or newer"

INSTALL = f"install FFmpeg {FLOOR_WORDS} (apt install ffmpeg, brew install ffmpeg) or set {{variable}} to its path"


@dataclass(frozen=True, slots=True)
class ToolVersion:
    """A tool's version: `text` as it says it, `numbers` parsed from it (() for a development build), and its build."""

    text: str
    numbers: tuple[int, ...]
    configuration: str = ""

    def __str__(self) -> str:
        return self.text


def whole_path(path: str) -> str:
    """The absolute path of a file as the system will follow it: a/link/../b is not a/b."""
    return path if os.path.isabs(path) else os.path.join(os.getcwd(), path)


def whole_folder(path: str) -> str:
    """The absolute path of a folder without `.` and without a slash at its end; `..` stays, it may follow a link."""
    return str(PurePath(whole_path(path)))


def known_by(path: str) -> str:
    """What a program is known by: where it really lies, its size and time."""
    real = os.path.realpath(path)
    try:
        status = os.stat(real)
    except OSError:
        return real
    return f"{real} {status.st_size} {status.st_mtime_ns}"


def crash_words(tool: str, code: int) -> str:
    """How a tool came to its end by a signal (a negative code): "ffprobe ended with signal SIGSEGV"."""
    known = -code in set(signal.Signals)
    return f"{tool} ended with signal {signal.Signals(-code).name if known else -code}"


def find_tool(name: str) -> str:
    """The path of "ffmpeg" or "ffprobe": the variable PROXX_FFMPEG / PROXX_FFPROBE, else the first on PATH."""
    variable = f"PROXX_{name.upper()}"
    wanted = os.environ.get(variable, "")
    found = shutil.which(wanted or name)
    if found:
        return os.path.abspath(found)
    if wanted:
        raise ProxxError(f"{variable} names {wanted}, which is not a program", hint=f"set {variable} to {name} itself")
    raise ProxxError(f"{name} is not installed", hint=INSTALL.format(variable=variable))


def tool_version(path: str, name: str) -> ToolVersion:
    """What the tool called `name` at `path` says its version is ("5.1.9-0+deb12u1" parses to (5, 1, 9))."""
    finished = run([path, "-version"], timeout=20)
    return _introduced(path, name, finished, finished.stdout)


def version_and_encoders(path: str) -> tuple[ToolVersion, frozenset[str]]:
    """The version of the ffmpeg at `path`, which it says before it lists what it is asked for, and its encoders."""
    finished = run([path, "-encoders"], timeout=20)
    version = _introduced(path, "ffmpeg", finished, finished.stderr)
    lines = (line.split() for line in finished.stdout.decode("utf-8", "replace").splitlines())
    return version, frozenset(words[1] for words in lines if len(words) > 1)


def _introduced(path: str, name: str, finished: Finished, words: bytes) -> ToolVersion:
    """The version in the `words` with which a tool introduces itself. Raises ProxxError (exit 3) for another one."""
    said = words.decode("utf-8", "replace")
    first = said.split(maxsplit=3)
    if finished.code != 0 or len(first) < 3 or first[:2] != [name, "version"]:
        wrong = finished.stderr.decode("utf-8", "replace").strip().splitlines()
        because = f": {wrong[-1]}" if wrong else ""
        raise ProxxError(
            f"{path} does not answer like {name}{because}", hint=INSTALL.format(variable=f"PROXX_{name.upper()}")
        )
    lines = (line.strip() for line in said.splitlines())
    built = next((line.partition(":")[2].strip() for line in lines if line.startswith("configuration:")), "")
    return ToolVersion(first[2], _numbers(first[2]), built)


def _numbers(text: str) -> tuple[int, ...]:
    """The leading dotted numbers; distributors put an "n" before them and their own marks behind."""
    numbers: list[int] = []
    for part in text.removeprefix("n").split("."):
        digits = part[: len(part) - len(part.lstrip("0123456789"))]
        if not digits:
            break
        numbers.append(int(digits))
        if digits != part:
            break
    return tuple(numbers)
