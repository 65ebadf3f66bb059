"""How the values of a fixture's words are read: each to its plain form, or to nothing when it is none."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

from proxx.jobspec import exact_rate
from proxx.rulebook import Rulebook
from proxx.strictjson import number

RASTER = re.compile(r"([1-9]\d{0,4})x([1-9]\d{0,4})", re.ASCII)
RATE = re.compile(r"[1-9]\d{0,5}(/[1-9]\d{0,5}|\.\d{1,6})?", re.ASCII)
_RATIO = re.compile(r"([1-9]\d{0,5})[:/]([1-9]\d{0,5})", re.ASCII)
_SECONDS = re.compile(r"\d{1,4}(\.\d{1,6})?", re.ASCII)
TERM = re.compile(r"(?:([1-9]\d?)x)?(.+)", re.ASCII)
BARE = re.compile(r"([1-9]\d?)ch", re.ASCII)
_LABEL = re.compile(r"\d\d:\d\d:\d\d[:;]\d{2,3}", re.ASCII)
LONGEST_NAME = 32
_NAME = re.compile(rf"[^\s=:;'\\\x00-\x1f\x7f][^\x00-\x1f\x7f]{{0,{LONGEST_NAME - 1}}}")
MOST_CHANNELS = 64


def _raster(book: Rulebook, entry: Mapping[str, Any], value: str) -> str:
    return value if RASTER.fullmatch(value) and all(int(side) <= 16384 for side in value.split("x")) else ""


def _rate(book: Rulebook, entry: Mapping[str, Any], value: str) -> str:
    if not RATE.fullmatch(value):
        return ""
    rate = Fraction(value) if "." not in value else exact_rate(number(value), book.items["rate"])
    return str(rate) if 1 <= rate <= 240 else ""


def _count(book: Rulebook, entry: Mapping[str, Any], value: str) -> str:
    return str(int(value)) if re.fullmatch(r"\d{1,7}", value) and 0 < int(value) <= entry["most"] else ""


def _audio(book: Rulebook, entry: Mapping[str, Any], value: str) -> str:
    if value == "none":
        return value
    layouts = book.items["fixture-layout"]
    channels = 0
    for term in value.split("+"):
        match = TERM.fullmatch(term)
        bare = BARE.fullmatch(match[2]) if match else None
        if match is None or (match[2] not in layouts and bare is None):
            return ""
        channels += int(match[1] or 1) * (int(bare[1]) if bare else layouts[match[2]]["channels"])
    return value if channels <= MOST_CHANNELS else ""


Reader = Callable[[Rulebook, Mapping[str, Any], str], str]
READERS: Mapping[str, Reader] = {
    "raster": _raster,
    "rate": _rate,
    "count": _count,
    "audio": _audio,
    "timecode": lambda book, entry, value: value if _LABEL.fullmatch(value) else "",
    "text": lambda book, entry, value: value if _NAME.fullmatch(value) else "",
    "choice": lambda book, entry, value: value if value in entry["choices"] else "",
    "ratio": lambda book, entry, value: value if _RATIO.fullmatch(value) else "",
    "seconds": lambda book, entry, value: value if _SECONDS.fullmatch(value) else "",
    "codec": lambda book, entry, value: value if value in book.items["fixture-codec"] else "",
    "sound": lambda book, entry, value: value if value in book.items["fixture-sound"] else "",
}
"""How the value of a word is read, by what the word takes: its plain form, or nothing when it is none."""
