"""Says what form a value of a spec has: one word of a closed list for texts, paths, rasters, instants and rates."""

from __future__ import annotations

import math
import posixpath
from collections.abc import Callable, Mapping
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType
from typing import Any

FORMS = (
    "right",
    "empty",  # "" or []
    "blank",  # white space only
    "line-break",  # a line break anywhere in the value, at its end too
    "control",  # another control character
    "not-unicode",  # half of a surrogate pair: a file name that is no UTF-8, or a broken escape
    "padded",  # white space before or after (of a path: before)
    "relative",  # a path that does not start at the root
    "duplicate",  # a source that stands in the list already, by this or another spelling
    "odd",  # a raster with an odd width or height
    "out-of-range",  # a raster or rate beyond least and most
    "not-positive",  # a rate of zero or less
    "not-finite",  # a rate that is NaN or infinite
    "not-utc",  # an instant in another zone, or in none
    "not-empty",  # an object that must be {}
    "other",  # a version that is not ours
    "wrong",  # none of these: simply not of the form
    "not-checked",  # another fact has settled the value already
)
"""Every form that a value can have."""

_ALL_BREAKS = frozenset("\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029")
_MAX_DIGITS = 40
_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)

Limits = Mapping[str, Any]


def of_text(value: str) -> str:
    """The form of any text: empty, blank, line-break, control, not-unicode, padded or right."""
    if value.isprintable() and value and value[0] != " " != value[-1]:
        return "right"  # what the rest would find, found at once
    if not value.strip():
        return "empty" if not value else "line-break" if _ALL_BREAKS & set(value) else "blank"
    if any("\ud800" <= character <= "\udfff" for character in value):
        return "not-unicode"
    if _ALL_BREAKS & set(value):
        return "line-break"
    if any(character < " " or "\x7f" <= character < "\xa0" for character in value):
        return "control"
    return "right" if value == value.strip() else "padded"


def of_path(value: str, limits: Limits) -> str:
    """The form of an absolute POSIX path; a space at the end of a file name is legal."""
    form = of_text(value)
    if form == "padded" and not value[0].isspace():
        form = "right"
    return "relative" if form == "right" and not value.startswith("/") else form


def of_name(value: str, limits: Limits) -> str:
    """The form of a word that becomes part of file names: no separator, neither . nor .. ."""
    form = of_text(value)
    if form == "right" and (value in (".", "..") or "/" in value or "\\" in value):
        return "wrong"
    return form


def of_raster(value: str, limits: Limits) -> str:
    """The form of WIDTHxHEIGHT in pixels, both even and within least and most; wrong when it is no such text."""
    raster = parse_raster(value)
    if raster is None:
        return "wrong"
    if not all(limits["least"] <= side <= limits["most"] for side in raster):
        return "out-of-range"
    return "odd" if any(side % 2 for side in raster) else "right"


def parse_raster(value: str) -> tuple[int, int] | None:
    """Width and height of a text like 1920x1080, or None: digits without leading zeros, a small x, nothing else."""
    sides = value.split("x")
    if len(sides) != 2 or not all(_is_count(side) for side in sides):
        return None
    return int(sides[0]), int(sides[1])


def _is_count(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 9 and (text == "0" or text[0] != "0")


def of_instant(value: str, limits: Limits) -> str:
    """The form of an ISO 8601 instant in UTC, like 2026-01-31T09:05:00Z; +00:00 and decimals of a second are fine."""
    form = of_text(value)
    if form != "right":
        return form
    moment, rest = value[:19], value[19:]
    if len(moment) != 19 or not _is_moment(moment):
        return "wrong"
    if rest.startswith("."):
        digits = len(rest[1:]) - len(rest[1:].lstrip("0123456789"))
        if not digits:
            return "wrong"
        rest = rest[1 + digits :]
    if rest in ("Z", "+00:00"):
        return "right"
    return "not-utc" if not rest or _is_offset(rest) else "wrong"


def _is_moment(text: str) -> bool:
    if "".join("0" if character in "0123456789" else character for character in text) != "0000-00-00T00:00:00":
        return False
    year, month, day = int(text[:4]), int(text[5:7]), int(text[8:10])
    leap = month == 2 and year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    if not (1 <= month <= 12 and 1 <= day <= _DAYS[month - 1] + leap):
        return False
    return text[11:13] < "24" and text[14:16] < "60" and text[17:19] < "60"


def _is_offset(text: str) -> bool:
    digits = text[1:].replace(":", "", 1)
    return text[0] in "+-" and digits.isascii() and digits.isdigit() and len(digits) in (2, 4)


def of_rate(value: Any, limits: Limits) -> str:
    """The form of a frame rate in frames per second: greater than 0, within least and most, of bounded length."""
    if isinstance(value, float | Decimal) and not _is_finite(value):
        return "not-finite"
    if value <= 0:
        return "not-positive"
    exact = exact_number(value)
    if exact is None or not Fraction(str(limits["least"])) <= exact <= Fraction(str(limits["most"])):
        return "out-of-range"
    return "right"


def _is_finite(value: float | Decimal) -> bool:
    return value.is_finite() if isinstance(value, Decimal) else math.isfinite(value)


def exact_number(value: int | float | Decimal) -> Fraction | None:
    """The number exactly as written: 23.976 is 2997/125, not the nearest float. None: too long, or not finite."""
    if isinstance(value, float):
        return Fraction(repr(value)) if math.isfinite(value) else None
    if isinstance(value, int):
        return Fraction(value) if value.bit_length() <= 4 * _MAX_DIGITS else None
    digits, exponent = value.as_tuple().digits, value.as_tuple().exponent
    if not isinstance(exponent, int) or len(digits) > _MAX_DIGITS or abs(exponent) > _MAX_DIGITS:
        return None
    return Fraction(value)


def normal_path(path: str) -> str:
    """The path with doubled slashes, /./ and a/../ taken out; letters stay as they are, no disk is read."""
    return "/" + posixpath.normpath(path).lstrip("/")


def _of_plain_text(value: str, limits: Limits) -> str:
    return of_text(value)


CHECKS: Mapping[str, Callable[[Any, Limits], str]] = MappingProxyType(
    {
        "text": _of_plain_text,
        "template": _of_plain_text,  # tokens and braces are judged where names are made
        "name": of_name,
        "absolute-path": of_path,
        "raster": of_raster,
        "instant": of_instant,
        "rate": of_rate,
    }
)
"""The form that a field may declare → the check that answers for it."""
