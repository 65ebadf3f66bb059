"""The command that makes a fixture: words in, one clip and its probe file out, both proved before they are named."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from proxx import quicktime
from proxx.commit import publish
from proxx.errors import EXIT_CLIP_FAILED, EXIT_FINDINGS, EXIT_OK, EXIT_USAGE, Finding, ProxxError
from proxx.evaluate import ask, tell_all
from proxx.fixture import Fixture, read_fixture
from proxx.fixturelines import fixture_argv
from proxx.fixtureproof import differences
from proxx.jsonout import json_text
from proxx.model import Media
from proxx.packets import read_packets
from proxx.probe import probe
from proxx.probefile import write_probes
from proxx.process import run
from proxx.readback import numbers_of
from proxx.report import FileReport
from proxx.rulebook import Rulebook
from proxx.shelf import book_of
from proxx.terminal import is_json, print_reports, print_text
from proxx.timing import measure
from proxx.tools import find_tool, whole_path
from proxx.writing import must_be_free

SECONDS_TO_MAKE = 3600
BESIDE = ".probes.json"


def fixture_command(arguments: argparse.Namespace) -> int:
    """Make the fixture that the words ask for; exit 1 for words that are refused, 4 when it is not what they say."""
    book = book_of(arguments)
    output = whole_path(arguments.output)
    words = [word for text in arguments.words for word in _split(text)]
    fixture, findings = read_fixture(book, words, os.path.splitext(output)[1][1:].lower())
    if fixture is None:
        print_reports([FileReport(arguments.output, "", "none", tuple(findings))], is_json(arguments))
        return EXIT_FINDINGS
    beside = os.path.splitext(output)[0] + BESIDE
    if not os.path.isdir(os.path.dirname(output)):
        hint = "Name a folder that is there."
        raise ProxxError(f"there is no folder {os.path.dirname(output)}", hint=hint, exit_code=EXIT_USAGE)
    if not arguments.overwrite:
        must_be_free([output, beside])
    media, findings = make(book, fixture, output, beside)
    if media is None:
        print_reports([FileReport(arguments.output, "", "ffmpeg", tuple(findings))], is_json(arguments))
        return EXIT_CLIP_FAILED
    if fixture.is_impossible:
        print(
            f"proxx: tc={fixture.timecode}: drop-frame does not exist at {fixture.rate}; written all the same",
            file=sys.stderr,
        )
    told = {"format": 1, "fixture": output, "probes": beside, "words": list(fixture.words)}
    print_text(json_text(told) if is_json(arguments) else f"{output}\n{beside}\n")
    return EXIT_OK


def _split(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError as error:
        raise ProxxError(f"{text!r} cannot be read as words: {error}", exit_code=EXIT_USAGE) from error


def make(book: Rulebook, fixture: Fixture, output: str, beside: str) -> tuple[Media | None, list[Finding]]:
    """Make the clip and its probe file, over what stands there; or nothing, and why.

    Raises ProxxError when they cannot be written, or FFmpeg is not there.
    """
    part = Path(output).with_name(
        f".{os.path.splitext(os.path.basename(output))[0]}.{os.getpid()}.part.{fixture.container}"
    )
    try:
        finished = run(fixture_argv(book.items, find_tool("ffmpeg"), fixture, str(part)), timeout=SECONDS_TO_MAKE)
        said = finished.stderr.decode("utf-8", "replace").strip().splitlines()
        if finished.code != 0:
            errors = [line for line in said if "[error]" in line or "[fatal]" in line] or said
            return None, _told(book, "not-made", [{"is": errors[0] if errors else f"exit code {finished.code}"}])
        _patch(fixture, part)
        media, wrong = _looked_at(book, fixture, str(part), output)
        if wrong:
            return None, _told(book, "not-as-asked", wrong)
        _publish(part, output, beside, write_probes([media]))
        return media, []
    except OSError as error:
        raise ProxxError(f"cannot write {output}: {error.strerror}", exit_code=EXIT_USAGE) from error
    finally:
        part.unlink(missing_ok=True)


def _told(book: Rulebook, kind: str, every: Sequence[dict[str, str]]) -> list[Finding]:
    answers = ask(book, "fixture", {"fixture.fault": kind})
    return [finding for texts in every for finding in tell_all(book, answers, texts)]


def _patch(fixture: Fixture, path: Path) -> None:
    """Write into the finished file what FFmpeg has no option for."""
    bare = any(stream.layout == "" for stream in fixture.streams)
    if not (fixture.rotation or fixture.hidden or fixture.is_impossible or bare):
        return
    if fixture.container not in ("mov", "mp4"):
        return
    data = bytearray(path.read_bytes())
    if fixture.rotation:
        quicktime.turn(data, fixture.rotation, fixture.width, fixture.height)
    if fixture.hidden:
        quicktime.hide(data, fixture.hidden, 1 / float(fixture.rate))
    if fixture.is_impossible:
        quicktime.set_drop_frame(data, drop=True)
    if bare:
        quicktime.forget_layouts(data)
    path.write_bytes(data)


def _looked_at(book: Rulebook, fixture: Fixture, part: str, output: str) -> tuple[Media, list[dict[str, str]]]:
    """The made file as proxx knows it under its final name, and each word that it does not keep."""
    tool = find_tool("ffprobe")
    found = measure(probe(part, book.vocabulary, tool), book.vocabulary, tool)
    packets = read_packets(found, book.vocabulary, tool)
    numbers = numbers_of(part, find_tool("ffmpeg"))
    label = quicktime.timecode_label(Path(part).read_bytes()) if fixture.is_impossible else ""
    priming = book.items["fixture-sound"][fixture.sound].get("priming", 0)
    wrong = list(differences(fixture, found, packets, numbers, label, priming))
    return replace(found, path=output, decodes=True), wrong


def _publish(part: Path, output: str, beside: str, text: str) -> None:
    """Give both files their names; the clip last, so that one with a name has its probe file."""
    for stale in (output, beside):
        Path(stale).unlink(missing_ok=True)
    note = Path(f"{beside}.{os.getpid()}.part")
    try:
        note.write_text(text, "utf-8")
        publish(str(note), beside)
        publish(str(part), output)
    finally:
        note.unlink(missing_ok=True)
