"""On which terms a watcher makes proxies: whether any clip could be made so, and what tells these terms from others."""

from __future__ import annotations

import argparse
import hashlib

from proxx.checking import check
from proxx.errors import EXIT_USAGE, ProxxError
from proxx.machine import Machine
from proxx.newspec import Job, default_resolution, specs_of
from proxx.rulebook import Rulebook
from proxx.terminal import now

PROFILES = (("profile", "ffmpeg", "--profile"), ("raw_profile", "resolve", "--raw-profile"))
ANY_CLIP = "/any.mov"


def check_terms(arguments: argparse.Namespace, book: Rulebook) -> None:
    """Raise ProxxError (exit 2) for options by which every file would be refused."""
    for word, engine, option in PROFILES:
        name = getattr(arguments, word)
        if name is not None:
            _check_profile(book, name, engine, option)
            if not arguments.resolution:
                default_resolution(book.profiles[name])
            _check_spec(arguments, book, Job(engine, name, (ANY_CLIP,), ""))


def _check_profile(book: Rulebook, name: str, engine: str, option: str) -> None:
    profile = book.profiles.get(name)
    if profile is None or profile["engine"] != engine:
        fitting = ", ".join(sorted(one for one, data in book.profiles.items() if data["engine"] == engine))
        why = "does not exist" if profile is None else f"makes proxies by {profile['engine']}"
        raise ProxxError(f"{option} {name}: this profile {why}", hint=f"Use one of: {fitting}", exit_code=EXIT_USAGE)


class _Elsewhere(Machine):
    """A machine whose folders are all well: one that cannot be written to is trouble, and no wrong option."""

    def folder(self, path: str) -> tuple[str, str]:
        return "ready", ""


def _check_spec(arguments: argparse.Namespace, book: Rulebook, job: Job) -> None:
    """Judge the spec that a clip would have."""
    spec = specs_of(book, job, arguments, now(), "watch")[0]
    verdict = check(book, spec.to_json().encode("utf-8", "surrogateescape"), _Elsewhere(book, no_media=True)).verdict
    for finding in verdict.findings:
        if finding.is_error:
            raise ProxxError(
                f"every clip would be refused: {finding.message}", hint="\n  ".join(finding.fix), exit_code=EXIT_USAGE
            )


def terms_of(arguments: argparse.Namespace, book: Rulebook) -> str:
    """What the rulebook and the options are, as a digest: a file that was refused is tried again by others."""
    named = ("profile", "raw_profile", "by", "resolution", "name", "fps", "system", "overwrite")
    words = [book.digest, *(str(getattr(arguments, one)) for one in named), *sorted(arguments.nles or ())]
    whole = "\0".join(words).encode("utf-8", "surrogateescape")
    return f"sha256:{hashlib.sha256(whole).hexdigest()}"
