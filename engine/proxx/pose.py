"""How a display matrix shows a picture: turned by quarters, mirrored, or askew."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from proxx.model import Media

ASKEW = 64
"""A matrix whose lesser axis is more than a 64th of its greater one turns by no quarter: by about a degree."""


def rotation_of(stream: Mapping[str, Any], tag: str) -> int:
    """The clockwise turn that shows the picture upright (a display matrix counts anticlockwise, the old tag not)."""
    for entry in stream.get("side_data_list", ()):
        if "rotation" in entry:
            return 0 if _is_flat(entry) else _quarter_turns(entry["rotation"], -1)
    return _quarter_turns(tag, 1)


def pose_of(stream: Mapping[str, Any], tag: str) -> str | None:
    """mirrored or askew; None for a picture that is turned by quarters or not at all.

    ffprobe's angle does not tell: it calls left for right 180 degrees, and upside down none.
    """
    for entry in stream.get("side_data_list", ()):
        if "rotation" in entry:
            return _pose(entry)
    return "askew" if _degrees(tag) % 90 else None


def turn_of(media: Media) -> str | None:
    """none, turned, mirrored or askew; None when nothing is known of the picture."""
    if media.video is None or media.video.rotation is None:
        return None
    return media.video.pose or ("turned" if media.video.rotation else "none")


def _pose(entry: Mapping[str, Any]) -> str | None:
    matrix = _matrix(entry)
    if matrix is None:
        return "askew" if _degrees(entry["rotation"]) % 90 else None
    a, b, c, d = matrix
    if a * d == b * c:
        return None
    straight, across = sorted((max(abs(a), abs(d)), max(abs(b), abs(c))), reverse=True)
    if across * ASKEW > straight:
        return "askew"
    return "mirrored" if a * d < b * c else None


def _is_flat(entry: Mapping[str, Any]) -> bool:
    """Whether the matrix leaves nothing of the picture: FFmpeg shows it as it is stored."""
    matrix = _matrix(entry)
    return matrix is not None and matrix[0] * matrix[3] == matrix[1] * matrix[2]


def _matrix(entry: Mapping[str, Any]) -> tuple[int, int, int, int] | None:
    """The four numbers that turn and mirror, out of ffprobe's three numbered lines of three."""
    rows = re.findall(r"^\d{8}:\s+(-?\d+)\s+(-?\d+)\s+-?\d+\s*$", str(entry.get("displaymatrix", "")), re.MULTILINE)
    return (int(rows[0][0]), int(rows[0][1]), int(rows[1][0]), int(rows[1][1])) if len(rows) >= 2 else None


def _degrees(value: object) -> Fraction:
    try:
        return Fraction(str(value))
    except (ValueError, ZeroDivisionError):
        return Fraction(0)


def _quarter_turns(value: object, sign: int) -> int:
    return round(sign * _degrees(value) / 90) * 90 % 360
