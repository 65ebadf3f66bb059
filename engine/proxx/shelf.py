"""Which rulebook a command works by: the folders that its arguments name, stacked, proved and frozen."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

from proxx import rulebook

if TYPE_CHECKING:
    from proxx.errors import Finding
    from proxx.rulebook import Rulebook


def book_of(arguments: argparse.Namespace) -> Rulebook:
    """The rulebook that the arguments ask for. Raises RulebookError with every fault of it."""
    return load(getattr(arguments, "rulebook", []))


def load(folders: Sequence[str], *, cached: bool = True) -> Rulebook:
    """The proved rulebook of the shipped layer with these folders stacked on it; `cached` keeps a frozen copy."""
    return rulebook.load(folders, lint=_lint, cache=rulebook.default_cache() if cached else None)


def _lint(book: Rulebook) -> Sequence[Finding]:
    from proxx import prove  # only a rulebook that is not in the cache is proved

    return prove.lint(book)
