"""A rulebook folder as it was at a git revision, laid out in a temporary folder."""

from __future__ import annotations

import os
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager

from proxx.errors import EXIT_USAGE, ProxxError
from proxx.folders import PARTS
from proxx.process import run

SECONDS = 60.0
HEAD = "rulebook.toml"


@contextmanager
def revision_of(folder: str, revision: str) -> Iterator[str]:
    """The folder as the revision has it; it is gone afterwards. Raises ProxxError (exit 2) when git cannot say."""
    commit = _git(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}").strip()
    if not commit:
        raise ProxxError(f"{folder}: git knows no revision {revision} there", exit_code=EXIT_USAGE)
    held = _git(folder, "ls-tree", "--name-only", commit).splitlines()
    parts = [name for name in (HEAD, *PARTS) if name in held]
    if HEAD not in parts:
        raise ProxxError(f"{folder} was no rulebook at {revision}: there is no {HEAD}", exit_code=EXIT_USAGE)
    with tempfile.TemporaryDirectory(prefix="proxx-") as place:
        archive = os.path.join(place, "past.zip")
        _git(folder, "archive", "--format=zip", f"--output={archive}", commit, *parts)
        past = os.path.join(place, "past")
        with zipfile.ZipFile(archive) as packed:  # unlike tar, no name leads outside and no link is made
            packed.extractall(past)
        yield past


def _git(folder: str, *words: str) -> str:
    done = run(["git", "-C", folder, *words], timeout=SECONDS)
    if done.code not in (0, 1) or done.timed_out:
        said = done.stderr.decode("utf-8", "replace").strip().partition("\n")[0]
        raise ProxxError(f"git could not look into {folder}: {said}", exit_code=EXIT_USAGE)
    return done.stdout.decode("utf-8", "replace")
