"""The relink report as a page that a person would rather look at: one file, no script, nothing from elsewhere."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from proxx import __version__
from proxx.conventions import nle_named
from proxx.delivery import put
from proxx.errors import EXIT_USAGE, Finding, ProxxError
from proxx.facts import base_name
from proxx.glimpses import Reader
from proxx.likeness import likenesses
from proxx.pairs import Pairs
from proxx.relinking import DOUBTFUL, NO, SYSTEMS, YES
from proxx.relinkpictures import WAVE, Frames, frames_of, waves_of
from proxx.relinkview import WORDS, Judged, source_of
from proxx.report import rule
from proxx.rulebook import Rulebook
from proxx.screen import visible
from proxx.stopping import Stop
from proxx.tools import find_tool

BEGINS = b"<!doctype html>\n<!-- proxx relink -->\n"
SIGNS = {YES: "✓", DOUBTFUL: "!", NO: "✕"}
MANY = 12
"""Pairs from which on only those that need a look are open."""

FACTS = {
    "timecode": "Start timecode", "drop": "Counting", "rate": "Frames a second", "frames": "Frames",
    "raster": "Raster", "par": "Pixel aspect ratio", "rotation": "Rotation", "scan": "Field order", "reel": "Reel",
    "tracks": "Audio tracks", "range": "Levels", "colour": "Colours", "container": "Container", "codec": "Codec",
}  # fmt: skip
ALIKE = frozenset({"same", "none", "divisor", "reshaped", "baked"})
NEUTRAL = frozenset({"container", "codec"})
"""Respects in which a proxy differs on purpose."""


def must_be_ours(path: str) -> None:
    """Raise ProxxError (exit 2) when a report would be written over something that is none."""
    if os.path.isfile(path):
        with open(path, "rb") as handle:
            if handle.read(len(BEGINS)) == BEGINS or os.path.getsize(path) == 0:
                return
    if os.path.lexists(path):
        raise ProxxError(
            f"{path} is there already and is no relink report",
            hint="Name another file; it is not overwritten.",
            exit_code=EXIT_USAGE,
        )


def write_page(
    path: str,
    book: Rulebook,
    judged: Sequence[Judged],
    pairs: Pairs,
    names: Sequence[str],
    system: str | None,
    stop: Stop,
) -> None:
    """Write the report to a file. Raises ProxxError (exit 2) when it cannot be written."""
    must_be_ours(path)
    text = page_of(book, judged, pairs, names, system, stop)
    try:
        put(path, text.encode("utf-8", "replace"))
    except OSError as error:
        raise ProxxError(f"cannot write {path}: {error.strerror}", exit_code=EXIT_USAGE) from error


def page_of(
    book: Rulebook, judged: Sequence[Judged], pairs: Pairs, names: Sequence[str], system: str | None, stop: Stop
) -> str:
    """The report as HTML. Every word from a file or its name is escaped, and what cannot be seen is shown by a sign."""
    from jinja2 import Environment, StrictUndefined

    reader = Reader(find_tool("ffmpeg"), book.vocabulary, stop)
    shown = [_pair(book, reader, one, names, len(judged)) for one in judged]
    alone = [{"path": visible(one.path), "why": visible(one.why)} for one in (*pairs.sources, *pairs.proxies)]
    text = (Path(__file__).with_name("web") / "relink.html.j2").read_text("utf-8")
    page = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return page.from_string(text).render(
        pairs=shown,
        good=sum(one.verdict != NO for one in judged),
        titles=[nle_named(book, name)["title"] for name in names],
        system=SYSTEMS[system] if system else "",
        rules=f"{book.name} {book.version}",
        kinds=[(verdict, WORDS[verdict], SIGNS[verdict]) for verdict in (YES, DOUBTFUL, NO)],
        signs=SIGNS,
        alone=alone,
        wave=WAVE,
        version=__version__,
    )


def _pair(book: Rulebook, reader: Reader, one: Judged, names: Sequence[str], count: int) -> dict[str, Any]:
    """Everything that the page shows of a pair."""
    readable = all(media.state == "ok" and media.video is not None for media in (one.source, one.proxy))
    size, frames = frames_of(reader, one.source, one.proxy, "") if readable else ((16, 9), [])
    return {
        "verdict": one.verdict,
        "open": count <= MANY or one.verdict != YES,
        "source_name": visible(base_name(one.source.path)),
        "proxy_name": visible(base_name(one.proxy.path)),
        "source_path": visible(one.source.path),
        "proxy_path": visible(one.proxy.path),
        "nles": [
            {
                "title": nle_named(book, relink.nle)["title"],
                "verdict": relink.verdict,
                "words": WORDS[relink.verdict],
            }
            for relink in one.relinks
        ],
        "reasons": _reasons(book, one),
        "lines": one.identity.lines() if one.identity else [],
        "size": size,
        "frames": [_frames(row) for row in frames],
        "sounds": _sounds(reader, one) if readable else [],
        "facts": _facts(book, one, names[0]),
    }


def _reasons(book: Rulebook, one: Judged) -> list[tuple[str, list[dict[str, Any]]]]:
    """Why, under the name of each NLE that has something to say and under that of the contents, the gravest first."""
    told = [(str(nle_named(book, relink.nle)["title"]), relink.findings) for relink in one.relinks]
    told.append(("Pictures and sound compared", one.identity.findings if one.identity else ()))
    order = {"error": 0, "warning": 1, "note": 2}
    return [
        (title, [_reason(book, finding) for finding in sorted(findings, key=lambda one: order[one.severity])])
        for title, findings in told
        if findings
    ]


def _reason(book: Rulebook, finding: Finding) -> dict[str, Any]:
    """What is wrong and why, what to do, and where the rule is from: its words, its address and how sure it is."""
    source = source_of(book, finding.table, finding.row)
    words, found, address = source.partition(": http")
    address, _, sure = address.partition(" (")
    return {
        "severity": finding.severity,
        "message": visible(finding.message),
        "kind": f"{finding.severity}, {finding.id} ({rule(finding)})",
        "why": [visible(line) for line in finding.why],
        "fix": [visible(line) for line in finding.fix],
        "source": words,
        "address": f"http{address}" if found else "",
        "sure": f" ({sure}" if found else "",
    }


def _frames(row: Frames) -> dict[str, Any]:
    words = ("the clip", "the proxy", "the difference of the two")
    images = [
        (image, f"The {row.where} frame of {what}" if image else f"{what} has no frame {row.number} that decodes")
        for image, what in zip(row.images, words, strict=True)
    ]
    return {"words": f"{row.where.capitalize()} frame, number {row.number}", "images": images}


def _sounds(reader: Reader, one: Judged) -> list[dict[str, Any]]:
    """The waveforms of every audio stream of both, side by side."""
    clip = waves_of(reader, one.source)
    proxy = waves_of(reader, one.proxy, clip)
    rows = []
    for place in range(max(len(clip), len(proxy))):
        sides = []
        for side, waves in (("clip", clip), ("proxy", proxy)):
            lanes = waves[place].lanes if place < len(waves) else []
            channels = f"{len(lanes)} channel{'' if len(lanes) == 1 else 's'}"
            what = f"Waveform of audio stream {place + 1} of the {side}, {channels}"
            sides.append((side, lanes, what if lanes else f"The {side} has no audio stream {place + 1}"))
        rows.append(
            {
                "words": f"Audio stream {place + 1}: clip on the left, proxy on the right, drawn to one scale",
                "sides": sides,
            }
        )
    return rows


def _facts(book: Rulebook, one: Judged, name: str) -> list[dict[str, Any]]:
    """What both files are, respect by respect."""
    if one.source.state != "ok" or one.proxy.state != "ok":
        return []
    likes = likenesses(nle_named(book, name), one.source, one.proxy, book.members("linear-pcm"))
    return [
        {
            "what": words,
            "source": visible(like.source),
            "proxy": visible(like.proxy),
            "differs": key not in NEUTRAL and like.value not in ALIKE,
        }
        for key, words in FACTS.items()
        if (like := likes.get(f"relink.{key}")) is not None
    ]
