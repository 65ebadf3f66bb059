"""What is written beside the proxies: the completed spec, the plan and the record, whole or not at all."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from proxx.errors import ProxxError
from proxx.jsonout import json_text
from proxx.model import Plan, Task
from proxx.probefile import to_facts

try:
    import fcntl
except ImportError:  # Windows: there an open file cannot be taken over anyway
    fcntl = None  # type: ignore[assignment]

FORMAT = 1
CHUNK = 1 << 20


def plan_document(plan: Plan) -> dict[str, Any]:
    """The plan as JSON says it; equal plans give equal documents, byte for byte."""
    return {
        "format": FORMAT,
        "job_id": plan.job_id,
        "engine": plan.engine,
        "engine_version": plan.engine_version,
        "why": list(plan.why),
        "profile": plan.profile,
        "rulebook": dict(plan.rulebook),
        "spec": dict(plan.spec),
        "tasks": [_task(task) for task in plan.tasks],
    }


def _task(task: Task) -> dict[str, Any]:
    work = {"argv": list(task.argv)} if task.argv else {"settings": dict(task.settings)}
    return {
        "index": task.index,
        "source": task.source,
        "output": task.output,
        "temporary": task.temporary,
        "decided": dict(task.decided),
        **work,
        "promise": to_facts(task.expect),
    }


def make_folder(path: str) -> None:
    """Make an output directory and its parents, durably. Raises ProxxError (exit 3)."""
    folder = Path(path)
    try:
        missing = [one for one in (folder, *folder.parents) if not one.exists()]
        folder.mkdir(parents=True, exist_ok=True)
        for one in missing:
            sync_folder(one.parent)
    except OSError as error:
        raise ProxxError(f"cannot make the output directory {path}: {error.strerror}") from error


def sync_folder(folder: Path) -> None:
    """Make the names in a folder survive a power cut. Systems that cannot open folders keep them themselves."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_new(folder: str, stem: str, suffix: str, text: str) -> str:
    """Write a text under a name that is not taken (STEM.SUFFIX, STEM.2.SUFFIX, …), whole or not at all; its path."""
    number = 1
    while True:
        path = Path(folder) / (f"{stem}.{suffix}" if number == 1 else f"{stem}.{number}.{suffix}")
        part = path.with_name(f".{path.name}.{os.getpid()}.part")
        try:
            with part.open("w", encoding="utf-8", errors="surrogateescape") as handle:
                handle.write(text)
                handle.flush()
                os.fsync(handle.fileno())
            publish(str(part), str(path))
            return str(path)
        except FileExistsError:
            number += 1
        except OSError as error:
            raise ProxxError(f"cannot write {path}: {error.strerror}") from error
        finally:
            part.unlink(missing_ok=True)


@contextmanager
def claim(path: str) -> Iterator[None]:
    """Hold an unfinished file's name for this process alone, and leave nothing under it in the end.

    A file that a dead process left is taken over (its lock died with it). Raises ProxxError when another process
    is making the same clip, or when something other than a file stands there.
    """
    held = _take_over(path)
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)
    except OSError as error:
        raise ProxxError(f"cannot write {path}: {error.strerror}") from error
    finally:
        if held is not None:
            os.close(held)
    try:
        _lock(handle, path)
        yield
    finally:
        Path(path).unlink(missing_ok=True)
        os.close(handle)


def _take_over(path: str) -> int | None:
    """Remove what a dead process left under the name. An encoder that outlived it writes into the nameless."""
    try:
        handle = os.open(path, os.O_RDWR | getattr(os, "O_NOFOLLOW", 0))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ProxxError(f"cannot write {path}: {error.strerror}") from error
    try:
        _lock(handle, path)
        os.unlink(path)
    except BaseException:
        os.close(handle)
        raise
    return handle


def _lock(handle: int, path: str) -> None:
    if fcntl is None:
        return
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise ProxxError(
            f"another process is making this clip: {path} is in use", hint="Wait for it to end, then run the job again."
        ) from None


def publish(temporary: str, final: str) -> None:
    """Give a finished file its final name at once. Raises FileExistsError: nothing is ever overwritten."""
    with open(temporary, "rb") as handle:
        os.fsync(handle.fileno())
    try:
        os.link(temporary, final)
        os.unlink(temporary)
    except FileExistsError:
        raise
    except OSError:  # file systems without hard links (exFAT, some shares)
        if os.path.lexists(final):
            raise FileExistsError(final) from None
        os.rename(temporary, final)
    sync_folder(Path(final).parent)


def digest(path: str) -> str:
    """The sha256 of a file."""
    whole = hashlib.sha256()
    with open(path, "rb") as handle:
        while chunk := handle.read(CHUNK):
            whole.update(chunk)
    return f"sha256:{whole.hexdigest()}"


def text_digest(text: str) -> str:
    """The sha256 of a text."""
    return f"sha256:{hashlib.sha256(text.encode('utf-8', 'surrogateescape')).hexdigest()}"


def record_document(
    plan: Plan, status: str, clips: Sequence[Mapping[str, Any]], versions: Mapping[str, str], times: Mapping[str, Any]
) -> dict[str, Any]:
    """The record of a job: what was asked, what ran, what was made, and what the verification said."""
    return {
        "format": FORMAT,
        "job_id": plan.job_id,
        "status": status,
        "engine": plan.engine,
        "versions": dict(versions),
        "profile": plan.profile,
        "rulebook": dict(plan.rulebook),
        "plan_digest": text_digest(json_text(plan_document(plan))),
        "spec": dict(plan.spec),
        **times,
        "clips": list(clips),
    }
