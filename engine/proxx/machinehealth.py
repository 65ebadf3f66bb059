"""Looks at the machine as the doctor does: Python and its packages, the cache, and a folder that shall take proxies."""

from __future__ import annotations

import os
import platform
import sys
from importlib.util import find_spec

from filelock import FileLock, Timeout

from proxx.commit import publish, sync_folder
from proxx.condition import MISSING, NAMED, NO, OK, UNKNOWN, WRONG, Condition
from proxx.evaluate import ask
from proxx.preflight import size_words
from proxx.rulebook import Rulebook, default_cache

PYTHON = (3, 11)
PACKAGES = ("filelock", "jinja2", "jsonschema", "rich", "tomli_w", "xxhash")
MEBIBYTE = 1 << 20
MOST_ROOM = 999_999_999
"""The end of the range of the fact doctor.room, in MiB: more is as good."""
CONTENT = b"proxx" * 4096


def look_at_machine(rulebook: Rulebook, folder: str, *, named: bool) -> list[Condition]:
    """How Python, the cache and a folder were found; `named` says that somebody asked for that folder."""
    asked = NAMED if named else NO
    return [_python(), _packages(), _cache(), *look_at_folder(rulebook, folder, asked)]


def _python() -> Condition:
    here = f"{platform.python_implementation()} {platform.python_version()}, {sys.executable}"
    fits = sys.version_info[:2] >= PYTHON
    return Condition("python", OK if fits else WRONG, here, needed=f"{'.'.join(map(str, PYTHON))} or newer")


def _packages() -> Condition:
    missing = [name for name in PACKAGES if find_spec(name) is None]
    return Condition("packages", MISSING if missing else OK, ", ".join(missing or PACKAGES))


def _cache() -> Condition:
    """Whether something can be kept for the next command."""
    folder = default_cache()
    try:
        os.makedirs(folder, exist_ok=True)
        _write_and_name(folder)
    except OSError as error:
        return Condition("cache", WRONG, f"{folder}: {error.strerror}")
    return Condition("cache", OK, folder)


def look_at_folder(rulebook: Rulebook, folder: str, asked: str) -> list[Condition]:
    """Whether a folder takes files the way proxies are made, and how much room its volume has."""
    if not os.path.isdir(folder):
        words = "it is no folder" if os.path.lexists(folder) else "it is not there"
        return [
            Condition("folder", MISSING, words, folder, asked=asked),
            Condition("room", UNKNOWN, words, folder, asked=asked),
        ]
    try:
        _write_and_name(folder)
        held = "" if _locks(folder) else "; locks do not hold there"
    except OSError as error:
        return [Condition("folder", WRONG, str(error.strerror), folder, asked=asked), _room(rulebook, folder, asked)]
    if held:
        return [Condition("folder", WRONG, held.removeprefix("; "), folder, asked=asked)]
    words = "written, flushed, locked, named in one step, removed"
    return [Condition("folder", OK, f"{folder}: {words}", folder, asked=asked), _room(rulebook, folder, asked)]


def _write_and_name(folder: str) -> None:
    """Go the way of a proxy: a hidden file, flushed, given its name, the folder flushed, removed. Raises OSError."""
    part, final = (os.path.join(folder, f".proxx-doctor.{os.getpid()}.{end}") for end in ("part", "done"))
    try:
        with open(part, "wb") as handle:
            handle.write(CONTENT)
            handle.flush()
            os.fsync(handle.fileno())
        publish(part, final)
        with open(final, "rb") as handle:
            if handle.read() != CONTENT:
                raise OSError(0, "what was written is not what is read")
        os.rename(final, part)
        from pathlib import Path

        sync_folder(Path(folder))
    finally:
        for path in (part, final):
            if os.path.lexists(path):
                os.unlink(path)


def _locks(folder: str) -> bool:
    """Whether a lock that is held keeps another one out."""
    path = os.path.join(folder, f".proxx-doctor.{os.getpid()}.lock")
    try:
        with FileLock(path, timeout=1, thread_local=False):
            try:
                FileLock(path, timeout=0, thread_local=False, is_singleton=False).acquire()
            except Timeout:
                return True
            return False
    except (Timeout, NotImplementedError):
        return False
    finally:
        if os.path.lexists(path):
            os.unlink(path)


def _room(rulebook: Rulebook, folder: str, asked: str) -> Condition:
    try:
        found = os.statvfs(folder)
    except OSError as error:
        return Condition("room", UNKNOWN, str(error.strerror), folder, asked=asked)
    free = found.f_bavail * found.f_frsize
    room = min(free // MEBIBYTE, MOST_ROOM)
    state = ask(rulebook, "doctor-room", {"doctor.room": room})["doctor-room"].outcome["state"]
    return Condition("room", str(state), f"{size_words(free)} free", folder, asked=asked)
