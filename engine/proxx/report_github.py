"""Reports as workflow commands of GitHub Actions, which show each finding at its line in a pull request."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from proxx.errors import Finding
from proxx.report import Context, FileReport, below, located, sentences

if TYPE_CHECKING:
    from proxx.positions import Place

COMMANDS = {"error": "error", "warning": "warning", "note": "notice"}
_DATA = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_PROPERTY = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A", ":": "%3A", ",": "%2C"})


def as_github(reports: Sequence[FileReport], context: Context) -> str:
    """One line for each finding; what was not checked is told in the log only."""
    lines = []
    for report in reports:
        path = _path(report.path, context)
        lines += [_annotation(path, finding, places[finding.at]) for finding, places in located(report)]
        lines += [f"not checked: {report.path}: {line}".translate(_DATA) for line in report.left_out]
    lines += [
        f"::error file={_path(path, context)},title=unreadable::{trouble.translate(_DATA)}"
        for path, trouble in context.unread
    ]
    return "".join(line + "\n" for line in lines)


def _annotation(path: str, finding: Finding, place: Place) -> str:
    spot = f"line={place.line},col={place.column},endColumn={place.column + place.length}"
    head = f"file={path},{spot},title={finding.id.translate(_PROPERTY)}"
    return f"::{COMMANDS[finding.severity]} {head}::{sentences([finding]).translate(_DATA)}"


def _path(path: str, context: Context) -> str:
    """The path as the repository has it, where it lies below the working folder."""
    inside = below(path, context.folder)
    return (path if inside is None else inside).translate(_PROPERTY)
