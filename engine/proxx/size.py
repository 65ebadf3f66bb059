"""Says how large a proxy is: its raster in pixels, its pixel aspect ratio, and the box of a letterboxed picture."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

DIVISORS = {"same": 1, "half": 2, "quarter": 4}
"""The resolutions that divide the source's raster; every other one is written as WIDTHxHEIGHT."""

LARGEST_TERM = 65535
"""H.264 stores a pixel aspect ratio as two 16-bit numbers (ITU-T H.264 E.2.1): no proxy is promised a finer one."""


@dataclass(frozen=True, slots=True)
class Box:
    """A picture inside a frame: its size and the place of its upper left corner, all in pixels and all even."""

    width: int
    height: int
    x: int
    y: int


def upright(width: int, height: int, rotation: int) -> tuple[int, int]:
    """The raster after the decoder has turned the picture upright: a quarter turn swaps the sides."""
    return (height, width) if rotation % 180 == 90 else (width, height)


def upright_aspect(aspect: Fraction, rotation: int) -> Fraction:
    """The pixel aspect ratio after the turn: a quarter turn lays the pixels on their side."""
    return 1 / aspect if rotation % 180 == 90 else aspect


def written(resolution: str) -> tuple[int, int] | None:
    """The raster that a resolution spells out ("1280x720"), or None when it is one of the words.

    Raises ValueError for a text that is neither.
    """
    if resolution in DIVISORS:
        return None
    width, cross, height = resolution.partition("x")
    if not (cross and _is_number(width) and _is_number(height)):
        raise ValueError(f"a resolution is {', '.join(DIVISORS)} or WIDTHxHEIGHT, not {resolution!r}")
    return int(width), int(height)


def raster(width: int, height: int, resolution: str, *, rotation: int = 0) -> tuple[int, int]:
    """The proxy's raster: even in both directions, never larger than the division allows, at least 2x2.

    `width` and `height` are the coded raster, `rotation` the turn in degrees that shows it upright. A named
    resolution divides and rounds down to even numbers (1366x768 quarter is 340x192; "same" of an odd raster
    loses its last row or column, because 4:2:0 and 4:2:2 have no half pixels); WIDTHxHEIGHT is taken as written.
    """
    explicit = written(resolution)
    if explicit is not None:
        return explicit
    step = DIVISORS[resolution] * 2
    wide, high = upright(width, height, rotation)
    return max(wide // step * 2, 2), max(high // step * 2, 2)


def is_rounded(width: int, height: int, resolution: str) -> bool:
    """Whether a named resolution does not divide the raster into two even numbers; a written raster is as it is."""
    step = DIVISORS.get(resolution, 0) * 2
    return step > 0 and (width % step > 0 or height % step > 0)


def pixel_aspect(width: int, height: int, aspect: Fraction, resolution: str, *, rotation: int = 0) -> Fraction:
    """The proxy's pixel aspect ratio (SAR in ffprobe's words).

    A named resolution keeps the source's exactly: the few pixels lost by rounding to even numbers are cropping,
    not stretching, to an editor who scales the proxy up. WIDTHxHEIGHT changes it so that the display aspect
    ratio stays the source's. Ratios finer than 16-bit terms become the nearest one that fits.
    """
    turned = upright_aspect(aspect, rotation)
    explicit = written(resolution)
    if explicit is None:
        return _storable(turned)
    wide, high = upright(width, height, rotation)
    return _storable(turned * Fraction(wide, high) * Fraction(explicit[1], explicit[0]))


def squared(width: int, height: int, aspect: Fraction) -> tuple[int, int]:
    """The raster in square pixels that shows the same: wide pixels widen it, narrow ones heighten it; even sides."""
    return (_even(width * aspect), height) if aspect >= 1 else (width, _even(height / aspect))


def rounded_aspect(aspect: Fraction, width: int) -> Fraction:
    """The pixel aspect ratio that Matroska and WebM can carry: they store a whole display width, not a ratio."""
    return Fraction(_nearest(width * aspect), width)


def letterbox(width: int, height: int, aspect: Fraction, frame: tuple[int, int], *, rotation: int = 0) -> Box:
    """The largest even picture of square pixels with the source's display aspect ratio, centred in `frame`.

    For codecs that know a few rasters only (DNxHD). The place of the corner is even too: chroma samples are shared.
    """
    wide, high = upright(width, height, rotation)
    display = upright_aspect(aspect, rotation) * Fraction(wide, high)
    box_width = min(frame[0], _even(frame[1] * display))
    box_height = min(frame[1], _even(frame[0] / display))
    return Box(box_width, box_height, (frame[0] - box_width) // 4 * 2, (frame[1] - box_height) // 4 * 2)


def _even(value: Fraction) -> int:
    """The nearest even whole number, at least 2."""
    return max(_nearest(value / 2) * 2, 2)


def _nearest(value: Fraction) -> int:
    """Round half up, as ffmpeg's av_rescale does (Python rounds half to even)."""
    return (value + Fraction(1, 2)).__floor__()


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _storable(aspect: Fraction) -> Fraction:
    """The nearest ratio whose two terms both fit 16 bits."""
    narrow = min(aspect, 1 / aspect)
    fitting = max(narrow.limit_denominator(LARGEST_TERM), Fraction(1, LARGEST_TERM))
    return fitting if aspect <= 1 else 1 / fitting
