"""What proxx says: the findings about documents, their places, and the same in JSON and in plain sentences."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from proxx.errors import Finding, has_errors
from proxx.facts import rate_text
from proxx.jsonout import json_text
from proxx.model import Media, Video

if TYPE_CHECKING:
    from proxx.mend import Mend
    from proxx.positions import Place

FORMAT = 1
_OF_NAMES = ("spec/unknown-field", "rulebook/unknown-key", "rulebook/unknown-column")
"""Findings that point at a name; all others point at the value that stands under it."""


@dataclass(frozen=True, slots=True)
class FileReport:
    """The findings about one document: its path and text, the engine its job routes to, and what was left out.

    `mends` are the changes after which these findings remain; None where none were asked for.
    """

    path: str
    text: str
    engine: str
    findings: tuple[Finding, ...]
    left_out: tuple[str, ...] = ()
    mends: tuple[Mend, ...] | None = None

    @property
    def ok(self) -> bool:
        """Whether nothing refuses the document."""
        return not has_errors(self.findings)


@dataclass(frozen=True, slots=True)
class Context:
    """What a report may tell beside its files, and how.

    `rules` are the rulebook's findings by id, `folder` is the working folder, `unread` holds the path and the
    trouble of every document that could not be read; `colour` and `width` (in columns) are for a terminal's text;
    `would` says that changes are shown and not made.
    """

    version: str = ""
    rules: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    folder: str = "/"
    unread: tuple[tuple[str, str], ...] = ()
    colour: bool = False
    width: int | None = None
    would: bool = False


def located(report: FileReport) -> Iterator[tuple[Finding, Mapping[str, Place]]]:
    """Each finding with the places of its pointers in the report's document, which is walked once for all."""
    if not report.findings:
        return
    from proxx.positions import Place  # a document without findings needs no places

    names = _places(report, [one for one in report.findings if _names_a_field(one)], key=True)
    values = _places(report, [one for one in report.findings if not _names_a_field(one)], key=False)
    for finding in report.findings:
        known = names if _names_a_field(finding) else values
        places = {pointer: known[pointer] for pointer in _pointers(finding)}
        if finding.line:
            places[finding.at] = Place(finding.line, finding.column, 1)
        yield finding, places


def _names_a_field(finding: Finding) -> bool:
    """Whether it is the name of the field that is wrong, not its value."""
    return finding.id in _OF_NAMES


def _pointers(finding: Finding) -> list[str]:
    return [finding.at, *(at for at, _ in finding.also)]


def _places(report: FileReport, findings: Iterable[Finding], *, key: bool) -> dict[str, Place]:
    from proxx.positions import locate_all, locate_toml

    pointers = dict.fromkeys(pointer for finding in findings for pointer in _pointers(finding))
    if pointers and not report.path.endswith(".toml"):
        return locate_all(report.text, pointers, key=key)
    return {pointer: locate_toml(report.text, _keys(pointer), key=key) for pointer in pointers}


def _keys(pointer: str) -> list[str | int]:
    parts = [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]
    return [int(part) if part.isdecimal() else part for part in parts]


def below(path: str, folder: str) -> str | None:
    """A path relative to the folder that it lies below, also through links; None when it lies elsewhere."""
    whole = os.path.normpath(os.path.join(folder, path))
    for one in (whole, os.path.join(os.path.realpath(os.path.dirname(whole)), os.path.basename(whole))):
        if one.startswith(folder.rstrip("/") + "/"):
            return os.path.relpath(one, folder)
    return None


def as_json(reports: Sequence[FileReport]) -> str:
    """The published shape of `check` (schema/check.schema.json)."""
    return json_text({"format": FORMAT, "files": file_documents(reports)})


def file_documents(reports: Sequence[FileReport]) -> list[dict[str, Any]]:
    """Every report as JSON has it."""
    return [
        {
            "path": report.path,
            "ok": report.ok,
            "engine": report.engine,
            "findings": [_finding(finding, places[finding.at]) for finding, places in located(report)],
            "left_out": list(report.left_out),
            **({} if report.mends is None else {"fixed": [one.document() for one in report.mends]}),
        }
        for report in reports
    ]


def _finding(finding: Finding, spot: Place) -> dict[str, Any]:
    return {**finding.document(), "line": spot.line, "column": spot.column}


def rule(finding: Finding) -> str:
    """The row that decided, as `decide` and `explain` name it."""
    if not finding.table:
        return "rulebook"
    return f"table {finding.table}, row {finding.row}" if finding.row else f"table {finding.table}"


def sentences(findings: Iterable[Finding]) -> str:
    """Findings as an exception prints them: what is wrong, the reasons, what to do."""
    blocks = []
    for finding in findings:
        lines = [
            finding.message,
            *(f"  Reason: {line}" for line in finding.why),
            *(f"  Action: {line}" for line in finding.fix),
        ]
        blocks.append("\n".join(lines))
    return "\n".join(blocks)


def _counted(video: Video) -> str | None:
    """The frames, and how a constant rate comes to them, or that each keeps its moment."""
    if video.frames is None:
        return None
    if video.repeated or video.left_out:
        return f"{video.frames} ({video.repeated or 0} repeated, {video.left_out or 0} left out)"
    return f"{video.frames} (each at its moment)" if video.rhythm else str(video.frames)


def promise_words(media: Media) -> list[str]:
    """What a file is, or is promised to be, one line for picture, start, and each audio stream."""
    lines = []
    video = media.video
    if video is not None:
        parts: list[tuple[str, object]] = [
            ("", f"{video.width}x{video.height}" if video.width else None),
            ("", video.profile),
            ("", video.pix_fmt),
            ("pixels", None if video.par is None else f"{video.par.numerator}:{video.par.denominator}"),
            ("fps", None if video.rate is None else f"{video.rate} ({rate_text(video.rate)})"),
            ("frames", _counted(video)),
            ("rotation", video.rotation or None),
            ("", video.pose),
            ("scan", video.field_order),
        ]
        lines.append("picture: " + ", ".join(f"{name} {value}".strip() for name, value in parts if value is not None))
        if video.colour is not None:
            colour = video.colour
            tags = f"primaries {colour.primaries}, transfer {colour.transfer}, matrix {colour.matrix}"
            lines.append(f"colour: {colour.range}, {tags}")
    if media.timecode is not None or media.reel is not None:
        lines.append(f"timecode: {media.timecode or 'none'}, reel: {media.reel or 'none'}")
    for sound in media.audio or ():
        length = "" if sound.duration is None else f", {float(sound.duration):.3f} s"
        channels = "1 channel" if sound.channels == 1 else f"{sound.channels} channels"
        essence = f"{sound.codec or 'unknown codec'}, {channels}, {sound.sample_rate} Hz"
        lines.append(f"sound {sound.index}: {essence}{length}")
    return lines
