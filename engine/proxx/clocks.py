"""The command that tells every timecode and reel of files: which counts and why, and what editing systems read."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any

from proxx.answers import unusable
from proxx.clip import read_clip
from proxx.clipfacts import clip_texts
from proxx.errors import EXIT_FINDINGS, EXIT_OK, Finding
from proxx.evaluate import ask, decide, tell, tell_all
from proxx.facts import base_name
from proxx.jsonout import json_text
from proxx.marks import own_marks
from proxx.model import Mark, Media
from proxx.moments import disagreeing, fault_of, of_place
from proxx.origin import (
    METADATA,
    named_reels,
    origin_facts,
    origin_rows,
    origin_texts,
    settled,
    written_reel,
)
from proxx.probe import probe_all
from proxx.rulebook import Rulebook
from proxx.screen import visible
from proxx.shelf import book_of
from proxx.terminal import is_json, print_text
from proxx.timecode import TimecodeError, counting, parse
from proxx.tools import find_tool, whole_path

FORMAT = 1
PLACES: Mapping[str, tuple[str, ...]] = {
    "timecode-track": ("track", "other-track"),
    "packages": ("source-package", "material", "file-package"),
}
"""Where the timecode stands that an editing system is said to read, by the answers of the table timecode-read."""


def tc_command(arguments: argparse.Namespace) -> int:
    """Print every timecode of files; exit 1 when one cannot be read, or has a timecode that cannot exist."""
    book = book_of(arguments)
    looked = probe_all([whole_path(name) for name in arguments.files], book.vocabulary, find_tool("ffprobe"))
    documents = [clock_document(book, one) for one in looked]
    if is_json(arguments):
        print_text(json_text({"format": FORMAT, "files": documents}))
    else:
        print_text("".join(clock_text(book, one) for one in documents))
    wrong = any(one["state"] != "ok" or any(f["severity"] == "error" for f in one["findings"]) for one in documents)
    return EXIT_FINDINGS if wrong else EXIT_OK


def clock_document(book: Rulebook, media: Media) -> dict[str, Any]:
    """All that one file tells of timecode and reel."""
    if media.state == "format-not-allowed" and (own := own_marks(media.path)):
        media = replace(media, state="ok", detail="", container="wav", reel=own[0].reel, marks=tuple(own))
    media = settled(book, media)
    rate = media.video.rate if media.video else None
    rows = origin_rows(book, media)
    wrong = {id(mark) for mark in disagreeing(media)}
    taken = of_place(media.marks or (), media.timecode_from or "")
    return {
        "file": media.path,
        "state": media.state,
        "detail": media.detail,
        "container": media.container,
        "rate": str(rate) if rate else None,
        "timecodes": [_mark(mark, rate, taken, agrees=id(mark) not in wrong) for mark in media.marks or ()],
        "timecode": _choice(media.timecode, media.timecode_from, rows.get("timecode-source")),
        "reels": list(_reels(book, media)),
        "reel": _choice(media.reel, media.reel_from, rows.get("reel-source")),
        "reads": _reads(book, media) if media.state == "ok" else {},
        "findings": [finding.document() for finding in _findings(book, media)],
    }


def _choice(text: str | None, place: str | None, row: str | None) -> dict[str, Any] | None:
    return {"value": text, "from": place, "row": row} if text else None


def _mark(mark: Mark, picture: Fraction | None, taken: Mark | None, *, agrees: bool) -> dict[str, Any]:
    rate = counting(mark.rate, picture) if mark.label else None
    return {
        "place": mark.place,
        "label": mark.label,
        "rate": str(rate) if rate else None,
        "frame": _frame(mark, rate),
        "stream": mark.stream,
        "reel": mark.reel,
        "flags": list(mark.flags),
        "detail": mark.detail,
        "umid": mark.umid,
        "fault": fault_of(mark, picture) if mark.label else "",
        "taken": mark is taken,
        "agrees": agrees,
    }


def _frame(mark: Mark, rate: Fraction | None) -> int | None:
    """The frame of the day; None where there is no label, no rate, or no such label."""
    try:
        return parse(mark.label, rate).frames if mark.label and rate else None
    except TimecodeError:
        return None


def _reels(book: Rulebook, media: Media) -> Iterator[dict[str, Any]]:
    """Every reel that the file or its path tells."""
    if written := written_reel(media):
        yield {"reel": written, "from": METADATA, "pattern": "", "sure": True}
    for place, one in named_reels(book, media.path).items() if media.state == "ok" else ():
        yield {"reel": one.reel, "from": place, "pattern": one.pattern, "sure": one.sure}


def _reads(book: Rulebook, media: Media) -> dict[str, Any]:
    """What each editing system is documented to read of the file."""
    table = book.table("timecode-read")
    about = {row.id: row.about for row in table.rows}
    told = {}
    for nle in book.facts["reader.nle"].domain.values:
        answer = decide(table, {"reader.nle": nle, "reader.container": media.container})
        if answer is None:
            continue
        row = about.get(answer.row, {})
        reads = str(answer.outcome["reads"])
        marks = (of_place(media.marks or (), place) for place in PLACES.get(reads, ()))
        told[str(nle)] = {
            "reads": reads,
            "label": next((mark.label for mark in marks if mark), None),
            "row": answer.row,
            "source": row.get("source", ""),
            "level": row.get("evidence", {}).get("level", ""),
        }
    return told


def _findings(book: Rulebook, media: Media) -> list[Finding]:
    """What is wrong with the file's timecodes and reels, by the tables that judge sources."""
    if media.state != "ok":
        return []
    texts = {"file": base_name(media.path), "index": 0, **origin_texts(book, media)}
    found = tell_all(book, ask(book, "source", origin_facts(book, media)), texts, media.path)
    clip = read_clip(media, 0, "same", None)
    if clip.timecode_fault:
        carried = decide(
            book.table("timecode-carried"), {"spec.container": media.container, "clip.timecode": "impossible"}
        )
        refused = tell(book, carried, clip_texts(clip), media.path) if carried else None
        found += [refused] if refused else []
    return found


def clock_text(book: Rulebook, document: Mapping[str, Any]) -> str:
    """The same for people."""
    if document["state"] != "ok":
        why = unusable(book, document["state"], document["detail"])
        return f"{visible(document['file'])}\n  cannot be used: {visible(why)}\n"
    lines = [*_chosen(document, "timecode"), *map(_mark_line, document["timecodes"]), *_chosen(document, "reel")]
    lines += [_reel_line(one) for one in document["reels"]]
    lines += [(one["severity"], one["message"]) for one in document["findings"]]
    for nle, read in document["reads"].items():
        lines.append((nle, _read_words(read)))
    return f"{visible(document['file'])}\n" + "".join(f"  {key:<9} {visible(value)}\n" for key, value in lines)


def _read_words(read: Mapping[str, Any]) -> str:
    """What an editing system reads, what it finds there, and how sure that is."""
    level = f" ({read['level']})" if read["level"] else ""
    if read["reads"] == "not-documented":
        return f"reads nothing that is documented{level}"
    return f"reads {read['reads'].replace('-', ' ')}: {read['label'] or 'there is none'}{level}"


def _chosen(document: Mapping[str, Any], key: str) -> Iterator[tuple[str, str]]:
    one = document[key]
    yield (key, f"{one['value']}, by {one['from']} (table {key}-source, row {one['row']})" if one else "none")


def _mark_line(mark: Mapping[str, Any]) -> tuple[str, str]:
    """One timecode: "=" agrees with the one that counts, "!" does not, "x" cannot exist."""
    rate = f"at {mark['rate']}" if mark["rate"] else ""
    frame = f"frame {mark['frame']}" if mark["frame"] is not None else ""
    stream = f"stream {mark['stream']}" if mark["stream"] is not None else ""
    flags = f"flags {' '.join(mark['flags'])}" if mark["flags"] else ""
    umid = f"UMID {mark['umid']}" if mark["umid"] else ""
    words = ", ".join(
        word for word in (mark["place"], stream, rate, frame, flags, mark["detail"], umid, mark["fault"]) if word
    )
    sign = " " if not mark["label"] else "x" if mark["fault"] else "=" if mark["agrees"] else "!"
    return "", f"{sign} {mark['label'] or '-':<12} {words}"


def _reel_line(one: Mapping[str, Any]) -> tuple[str, str]:
    pattern = f", pattern {one['pattern']}{'' if one['sure'] else ', not sure'}" if one["pattern"] else ""
    return "", f"  {one['reel']:<12} {one['from']}{pattern}"
