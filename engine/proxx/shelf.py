"""Which rulebook a command works by: the folders named around it and by its arguments, stacked, proved and frozen."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from proxx import project, rulebook
from proxx.errors import EXIT_USAGE, ProxxError

if TYPE_CHECKING:
    from proxx.errors import Finding
    from proxx.rulebook import Rulebook

VARIABLE = "PROXX_RULEBOOK"
"""The environment variable that names rulebook folders, as PATH names folders of programs."""

WORDS = ("rulebook_first", "rulebook_next", "rulebook")
"""Where --rulebook is kept when it stands before the command, between its words, and after it."""


def book_of(arguments: argparse.Namespace, spec: str = "") -> Rulebook:
    """The rulebook for a spec (or the one of the arguments; else the working folder). Raises RulebookError."""
    return load(folders_of(arguments, spec or getattr(arguments, "spec", "")))


def one_for_all(books: Sequence[Rulebook], names: Sequence[str]) -> None:
    """Raise ProxxError (exit 2) when specs that shall run together are judged by different rulebooks."""
    other = next((name for book, name in zip(books, names, strict=True) if book.digest != books[0].digest), None)
    if other is not None:
        raise ProxxError(
            f"{other} and {names[0]} are judged by different rulebooks",
            hint="Take them one by one, or name the rulebook of all: --isolated --rulebook DIR.",
            exit_code=EXIT_USAGE,
        )


def folders_of(arguments: argparse.Namespace, spec: str = "") -> list[str]:
    """The rulebook folders over the shipped one, lowest first, each real folder once.

    Those of PROXX_RULEBOOK, of the proxx.toml nearest to the spec ("" or "-": to the working folder), of --rulebook.
    Raises ProxxError or RulebookError when something names a folder that is no rulebook.
    """
    isolated = getattr(arguments, "isolated", False)
    around = [] if isolated else [*_variable(), *_project(spec)]
    return distinct([*around, *(name for word in WORDS for name in getattr(arguments, word, []))])


def distinct(folders: Sequence[str]) -> list[str]:
    """The folders without those that were named before, also by another name."""
    found = {os.path.realpath(folder): folder for folder in reversed(folders)}
    return [folder for folder in dict.fromkeys(folders) if found[os.path.realpath(folder)] == folder]


def _variable() -> list[str]:
    named = [name for name in os.environ.get(VARIABLE, "").split(os.pathsep) if name]
    for name in named:
        if not os.path.isfile(os.path.join(name, "rulebook.toml")):
            raise ProxxError(
                f"{VARIABLE} names {name}, which is no rulebook: there is no rulebook.toml in it",
                hint=f"Correct {VARIABLE}, or say --isolated to do without it.",
                exit_code=EXIT_USAGE,
            )
    return named


def _project(spec: str) -> list[str]:
    found = project.project_of(os.path.dirname(spec) if spec and spec != "-" else ".")
    return project.rulebooks_of(found) if found else []


def load(folders: Sequence[str], *, cached: bool = True) -> Rulebook:
    """The proved rulebook of the shipped layer with these folders stacked on it; `cached` keeps a frozen copy."""
    return rulebook.load(folders, lint=_lint, cache=rulebook.default_cache() if cached else None)


def _lint(book: Rulebook) -> Sequence[Finding]:
    from proxx import prove  # only a rulebook that is not in the cache is proved

    return prove.lint(book)
