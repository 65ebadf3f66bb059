"""The Python face: a JobSpec that is complete from its creation and can judge itself."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields
from functools import wraps
from typing import TYPE_CHECKING, Any, Self

from proxx import prove
from proxx.checking import check
from proxx.errors import Finding, has_errors
from proxx.jobspec import VERSION, FpsMode, Reading, Spec, read
from proxx.machine import Machine
from proxx.report import sentences
from proxx.rulebook import Rulebook, default_cache, load
from proxx.terminal import now
from proxx.verdict import judge_spec

__all__ = ["FpsMode", "JobSpec", "JobSpecValidationError"]

_NAMES = frozenset(one.name for one in fields(Spec))
_NEEDED = frozenset(one.name for one in fields(Spec) if one.default is one.default_factory is MISSING)


class JobSpecValidationError(ValueError):
    """A spec that is refused; `findings` are all its faults, and `str()` says them as sentences."""

    def __init__(self, findings: tuple[Finding, ...]) -> None:
        super().__init__(sentences(finding for finding in findings if finding.is_error))
        self.findings = findings


class JobSpec(Spec):
    """A spec as programs make it: id and moment of creation are filled in once, and it can judge itself.

    Fields are those of CONTRACT JobSpec 2.1, given by name. Nothing in it can be changed afterwards. A field that
    lacks or that there is none of raises JobSpecValidationError here and now: there would be nothing to hold it.
    """

    __slots__ = ()

    if not TYPE_CHECKING:  # what a type checker sees is Spec's own: it finds such calls before they are made

        @wraps(Spec.__init__)
        def __init__(self, **given: Any) -> None:
            if not _NEEDED <= given.keys() <= _NAMES:
                _refuse(_judged(Reading({"jobspec_version": VERSION, **given}), ()))
            super().__init__(**given)

    def __post_init__(self) -> None:
        if self.job_id is None:
            object.__setattr__(self, "job_id", str(uuid.uuid4()))
        if self.created_at is None:
            object.__setattr__(self, "created_at", now())
        super().__post_init__()

    @classmethod
    def from_dict(cls, document: Mapping[str, Any], *, rulebooks: Sequence[str] = ()) -> Self:
        """The spec of a document. Raises JobSpecValidationError with every fault that needs no media.

        Here and below it is the shipped rulebook that judges, with the folders of `rulebooks` laid over it in
        order; proxx.toml and PROXX_RULEBOOK speak to the command line alone. Raises RulebookError for a wrong one.
        """
        _refuse(_judged(Reading(dict(document)), rulebooks))
        return cls.from_document(document)

    @classmethod
    def from_json(cls, text: str | bytes, *, rulebooks: Sequence[str] = ()) -> Self:
        """The spec of a JSON text, read strictly. Raises JobSpecValidationError like from_dict."""
        reading = read(text)
        _refuse(_judged(reading, rulebooks))
        return cls.from_document(reading.document or {})

    def validate(self, check_paths: bool = True, *, rulebooks: Sequence[str] = ()) -> None:
        """Judge the spec; with `check_paths` its sources are opened and probed too.

        Raises JobSpecValidationError with every fault, ProxxError when ffprobe is not there.
        """
        book = _rulebook(rulebooks)
        machine = Machine(book, no_media=not check_paths, now=now())
        try:
            text = self.to_json()
        except (TypeError, ValueError):  # a value that JSON has no words for: a set, NaN, somebody's own type
            _refuse(judge_spec(book, Reading(self.to_dict()), machine).findings)
            raise
        _refuse(check(book, text.encode("utf-8", "surrogateescape"), machine).findings)


def _rulebook(folders: Sequence[str]) -> Rulebook:
    return load(folders, lint=prove.lint, cache=default_cache())


def _judged(reading: Reading, folders: Sequence[str]) -> tuple[Finding, ...]:
    book = _rulebook(folders)
    return judge_spec(book, reading, Machine(book, no_media=True, now=now())).findings


def _refuse(findings: tuple[Finding, ...]) -> None:
    if has_errors(findings):
        raise JobSpecValidationError(findings)
