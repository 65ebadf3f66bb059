"""The command that probes, and what those that plan and run share: judging a spec, and what FFmpeg must have."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Collection, Mapping
from typing import Any

from proxx import process
from proxx.answers import unusable
from proxx.checking import Checked, check
from proxx.errors import EXIT_FINDINGS, EXIT_OK, ProxxError
from proxx.machine import Machine
from proxx.model import NO_NLES, Media, Relinking
from proxx.nlepromise import with_nles
from proxx.origin import settled
from proxx.policy import policy_of
from proxx.probe import probe_all
from proxx.probefile import write_probes
from proxx.rawreach import needed_version
from proxx.report import FileReport, promise_words
from proxx.rulebook import Rulebook
from proxx.screen import visible
from proxx.shelf import book_of
from proxx.telling import tell_refused
from proxx.terminal import is_json, print_reports, print_text, read_bytes, report_of
from proxx.tools import find_tool, tool_version, whole_path


def need_parts(ffmpeg: str, version: str, profile: Mapping[str, Any], encoders: Collection[str]) -> None:
    """Raise ProxxError (exit 3) when this FFmpeg lacks an encoder of the profile, or a filter of its colours."""
    build = f"ffmpeg {version} ({ffmpeg})"
    wanted = [part["encoder"] for part in (profile["video"], profile["audio"])]
    missing = [name for name in wanted if name not in encoders]
    if missing:
        raise ProxxError(
            f"{build} has no encoder {' and no encoder '.join(missing)}",
            hint=f"Profile {profile['name']} needs it: install a full build of FFmpeg, or set PROXX_FFMPEG to one.",
        )
    missing = _missing_filters(ffmpeg, profile)
    if missing:
        raise ProxxError(
            f"{build} has no filter {' and no filter '.join(missing)}",
            hint=f"Profile {profile['name']} changes colours by it: install a full build of FFmpeg, "
            "or set PROXX_FFMPEG to one.",
        )


def _missing_filters(ffmpeg: str, profile: Mapping[str, Any]) -> list[str]:
    """What the profile changes colours with, and this build of FFmpeg lacks; most profiles need nothing."""
    look = policy_of(profile, "colour")
    wanted = ["zscale", "tonemap"] if look == "tonemap" else [profile["lut"]["filter"]] if look == "lut" else []
    if not wanted:
        return []
    listed = process.run([ffmpeg, "-hide_banner", "-filters"], timeout=20).stdout.decode("utf-8", "replace")
    there = {line.split()[1] for line in listed.splitlines() if len(line.split()) > 1}
    return [name for name in wanted if name not in there]


def judged(
    book: Rulebook,
    name: str,
    machine: Machine,
    as_json: bool,
    data: bytes | None = None,
    *,
    events: bool = False,
    relink: Relinking = NO_NLES,
) -> tuple[Checked, bool]:
    """The judged spec (of `data`, else of the file), and whether it is fine, for the NLEs of `relink` too.

    Findings that refuse it are printed, for `events` as one of them.
    """
    checked = with_nles(book, check(book, read_bytes(name) if data is None else data, machine), relink)
    if machine.stop is not None and machine.stop.is_set():
        raise KeyboardInterrupt  # what was not looked at in time is no finding
    if not checked.verdict.ok:
        (tell_refused if events else print_reports)([report_of(name, checked)], as_json)
    return checked, checked.verdict.ok


def remarks(name: str, checked: Checked) -> None:
    """Warnings and notes of a spec that is fine, to stderr: they are no part of the plan."""
    if checked.findings:
        report = FileReport(name, checked.text, checked.verdict.engine, checked.findings)
        print_reports([report], False, sys.stderr)


def planned_version(book: Rulebook, checked: Checked) -> str:
    """The engine's version that the plan is for: this FFmpeg's, or the newest Resolve that one of the sources needs."""
    if checked.verdict.engine != "resolve":
        return str(tool_version(find_tool("ffmpeg"), "ffmpeg"))
    version = needed_version(book, [clip.clip.media.codec for clip in checked.verdict.clips])
    return f"DaVinci Resolve {book.items['resolve']['edition']} {version} or newer"


def probe_command(arguments: argparse.Namespace) -> int:
    """Print what files are; exit 1 when one cannot be read."""
    book = book_of(arguments)
    looked = probe_all([whole_path(name) for name in arguments.files], book.vocabulary, find_tool("ffprobe"))
    found = [settled(book, one) for one in looked]
    print_text(write_probes(found) if is_json(arguments) else "".join(media_text(book, one) for one in found))
    return EXIT_OK if all(one.state == "ok" for one in found) else EXIT_FINDINGS


def media_text(book: Rulebook, media: Media) -> str:
    """What a file is, for people."""
    if media.state != "ok":
        return f"{visible(media.path)}\n  cannot be used: {visible(unusable(book, media.state, media.detail))}\n"
    rows: list[tuple[str, str]] = [
        ("is", f"{media.container}/{media.codec} ({media.reason}, {media.confidence} confidence)")
    ]
    rows += [("has", line) for line in promise_words(media)]
    if media.behind:
        rows += [("has", f"{media.behind} bytes behind its last frame, which are not read as a picture")]
    rows += [("warning", line) for line in media.warnings]
    return f"{visible(media.path)}\n" + "".join(f"  {key:<8} {visible(value)}\n" for key, value in rows)
