"""How files come to be there for good: written whole, flushed, named in one step, and never over one another."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from proxx.errors import ProxxError

try:
    import fcntl
except ImportError:  # Windows: there an open file cannot be taken over anyway
    fcntl = None  # type: ignore[assignment]

CHUNK = 1 << 20
OnStep = Callable[[str], None]
"""Told of every step of a clip's commit by its name, once the step is done."""


def no_step(name: str) -> None:
    """Nobody listens."""


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
    """Write a text under a name that is not taken (STEM.SUFFIX, STEM.2.SUFFIX, …), whole or not at all; its path.

    The last file of that name is kept, and its path given, when it holds this very text.
    """
    number = 1
    while os.path.lexists(path := numbered(folder, stem, suffix, number)):
        number += 1
    if number > 1 and _holds(before := numbered(folder, stem, suffix, number - 1), text):
        return before
    while True:
        path = numbered(folder, stem, suffix, number)
        part = os.path.join(folder, f".{os.path.basename(path)}.{os.getpid()}.part")
        try:
            write_durably(part, text)
            publish(part, path)
            return path
        except FileExistsError:
            if _holds(path, text):
                return path  # another process of the same job was quicker
            number += 1
        except OSError as error:
            raise ProxxError(f"cannot write {path}: {error.strerror}") from error
        finally:
            Path(part).unlink(missing_ok=True)


def numbered(folder: str, stem: str, suffix: str, number: int) -> str:
    """The path of a job's document: STEM.SUFFIX, then STEM.2.SUFFIX and so on."""
    return os.path.join(folder, f"{stem}.{suffix}" if number == 1 else f"{stem}.{number}.{suffix}")


def _holds(path: str, text: str) -> bool:
    try:
        with open(path, "rb") as handle:
            return handle.read() == text.encode("utf-8", "surrogateescape")
    except OSError:
        return False


def write_durably(path: str, text: str, *, durable: bool = True) -> None:
    """Write a text to a file of that name and flush it to the disk."""
    with open(path, "wb") as handle:
        handle.write(text.encode("utf-8", "surrogateescape"))
        handle.flush()
        if durable:
            os.fsync(handle.fileno())


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


def publish(temporary: str, final: str, *, replace: bool = False, on_step: OnStep = no_step) -> None:
    """Give a finished file its final name at once, for good.

    Raises FileExistsError where the name is taken, unless `replace` says that the file there gives way.
    """
    sync_file(temporary)
    on_step("file-synced")
    if replace:
        os.replace(temporary, final)
    else:
        _link(temporary, final, on_step)
    on_step("named")
    sync_folder(Path(final).parent)
    on_step("name-synced")


def _link(temporary: str, final: str, on_step: OnStep) -> None:
    try:
        os.link(temporary, final)
    except FileExistsError:
        raise
    except OSError:  # file systems without hard links (exFAT, some shares)
        if os.path.lexists(final):
            raise FileExistsError(final) from None
        os.rename(temporary, final)
    else:
        on_step("linked")
        os.unlink(temporary)


def sync_file(path: str) -> None:
    """Make a file's content survive a power cut."""
    with open(path, "rb") as handle:
        os.fsync(handle.fileno())


def digest(path: str, given_up: Callable[[], bool] = lambda: False) -> str:
    """The sha256 of a file; of what was read of it where that is `given_up`."""
    whole = hashlib.sha256()
    with open(path, "rb") as handle:
        while (chunk := handle.read(CHUNK)) and not given_up():
            whole.update(chunk)
    return f"sha256:{whole.hexdigest()}"


def text_digest(text: str) -> str:
    """The sha256 of a text."""
    return f"sha256:{hashlib.sha256(text.encode('utf-8', 'surrogateescape')).hexdigest()}"
