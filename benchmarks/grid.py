"""A grid of test clips that is smaller than the product of its words: every pair of words that can be."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from itertools import combinations

from proxx.fixture import read_fixture
from proxx.rulebook import Rulebook

FRAMES = 12
"""Frames of every clip: clicks begin the frames 0, 1, 3, 6 and 10."""

DIMENSIONS: dict[str, tuple[str, ...]] = {
    "kind": (
        *(
            "mov codec=prores",
            "mov codec=h264",
            "mov codec=hevc",
            "mov codec=dnxhr",
            "mov codec=mjpeg",
            "mov codec=mpeg2",
        ),
        *("mp4 codec=h264", "mp4 codec=hevc", "mp4 codec=av1", "mkv codec=h264", "mkv codec=hevc", "mkv codec=vp9"),
        *("mkv codec=av1", "webm codec=vp9", "webm codec=av1", "mxf codec=dnxhr", "mxf codec=mpeg2", "mxf codec=h264"),
        *("ts codec=mpeg2", "ts codec=h264", "ts codec=hevc", "avi codec=mjpeg"),
    ),
    "raster": (
        *("320x180", "640x360", "512x270", "998x540", "720x576", "720x480", "427x240", "256x144", "360x640", "321x181"),
    ),
    "rate": (
        *(
            "25",
            "24000/1001",
            "24",
            "30000/1001",
            "30",
            "48",
            "50",
            "60000/1001",
            "60",
            "120000/1001",
            "48000/1001",
            "12.5",
        ),
    ),
    "timecode": (
        *(
            "",
            "tc=00:00:00:00",
            "tc=01:00:00:00",
            "tc=10:59:58:11",
            "tc=23:59:59:10",
            "tc=00:59:58;20",
            "tc=23:59:59;28",
        ),
    ),
    "reel": ("", "reel=A001R2EC"),
    "rotation": ("", "rot=90", "rot=180", "rot=270"),
    "shape": ("", "par=4:3", "par=64:45", "par=2:1", "par=10:11"),
    "scan": ("", "tff", "bff"),
    "colour": ("", "601", "2020", "hlg", "pq", "untagged", "full"),
    "depth": ("", "10bit", "alpha", "444"),
    "sound": (
        *(
            "",
            "audio=none",
            "audio=mono",
            "audio=8xmono",
            "audio=5.1",
            "audio=2xstereo",
            "audio=8ch",
            "audio=stereo+5.1",
        ),
        *("audio=mono float", "audio=4xmono sr=96000", "sr=44100"),
    ),
    "time": ("", "vfr", "start=0.5", "late=0.04", "editlist", "bframes"),
}
"""What can be said of a clip, and the words that say it; the first of each is the plainest."""

Pair = tuple[str, str, str, str]


def grid(book: Rulebook, count: int, seed: int) -> list[tuple[str, str]]:
    """At least so many clips, as (words, extension), each once: arrays in which every possible pair of words is."""
    chance = random.Random(seed)
    found: dict[tuple[str, str], None] = {}
    while len(found) < count:
        for row in _array(book, chance):
            found.setdefault(row)
    return list(found)


def said(row: dict[str, str]) -> tuple[str, str]:
    """The words of a row, and the extension."""
    extension, _, codec = row["kind"].partition(" ")
    words = [codec, *(row[name] for name in DIMENSIONS if name != "kind"), f"frames={FRAMES}"]
    return " ".join(word for word in words if word), extension


def _can_be(book: Rulebook, row: dict[str, str]) -> bool:
    words, extension = said({name: row.get(name, DIMENSIONS[name][0]) for name in DIMENSIONS})
    fixture, _ = read_fixture(book, words.split(), extension)
    return fixture is not None and not fixture.is_impossible


def _pairs(row: dict[str, str]) -> Iterator[Pair]:
    for one, other in combinations(DIMENSIONS, 2):
        if one in row and other in row:
            yield one, row[one], other, row[other]


def _array(book: Rulebook, chance: random.Random) -> Iterator[tuple[str, str]]:
    """Clips until every pair of words is in one of them, or proves to be impossible."""
    left = {
        (one, first, other, second)
        for one, other in combinations(DIMENSIONS, 2)
        for first in DIMENSIONS[one]
        for second in DIMENSIONS[other]
    }
    while left:
        one, first, other, second = chance.choice(sorted(left))
        row = _first(book, {one: first, other: second}, chance)
        if not row:
            left.discard((one, first, other, second))
            continue
        _fill(book, row, left, chance)
        left -= set(_pairs(row))
        yield said(row)


def _first(book: Rulebook, row: dict[str, str], chance: random.Random) -> dict[str, str]:
    """A row with these words, in a kind of file that can have them; nothing when there is none."""
    kinds: Sequence[str] = (
        (row["kind"],) if "kind" in row else chance.sample(DIMENSIONS["kind"], len(DIMENSIONS["kind"]))
    )
    rates: Sequence[str] = (
        (row["rate"],) if "rate" in row else chance.sample(DIMENSIONS["rate"], len(DIMENSIONS["rate"]))
    )
    for kind in kinds:
        for rate in rates if row.get("timecode") else rates[:1]:
            whole = {**row, "kind": kind, "rate": rate}
            if _can_be(book, whole):
                return whole
    return {}


def _fill(book: Rulebook, row: dict[str, str], left: set[Pair], chance: random.Random) -> None:
    """Say the rest of a row so that many of the pairs that are left are in it."""
    names = [name for name in DIMENSIONS if name not in row]
    for name in chance.sample(names, len(names)):
        values = chance.sample(DIMENSIONS[name], len(DIMENSIONS[name]))
        values.sort(key=lambda value: -sum(pair in left for pair in _pairs({**row, name: value})))
        row[name] = next((value for value in values if _can_be(book, {**row, name: value})), DIMENSIONS[name][0])
