"""Raster, pixel shape and rotation of a clip against its proxy's: whether both show one picture, upright alike."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from proxx.model import Video
from proxx.tables import Value

UNKNOWN = "unknown"
QUARTERS = (90, 270)


@dataclass(frozen=True, slots=True)
class Seen:
    """A picture's raster and pixel aspect ratio as they are shown: turned upright, or as they are stored."""

    width: int
    height: int
    par: Fraction

    @property
    def aspect(self) -> Fraction:
        """Width by height of the shown picture."""
        return self.width * self.par / self.height


def seen(video: Video, *, upright: bool = True) -> Seen | None:
    """How a picture is shown; None when its raster is not known."""
    if not video.width or not video.height:
        return None
    par = video.par or Fraction(1)
    if upright and video.rotation in QUARTERS:
        return Seen(video.height, video.width, 1 / par)
    return Seen(video.width, video.height, par)


def rotation_value(one: Video, other: Video) -> Value:
    """same, baked, lost, added, other or unknown: where shapes do not tell whether the turn is in the picture."""
    was, has = one.rotation or 0, other.rotation or 0
    if one.pose != other.pose:
        return "added" if other.pose else UNKNOWN
    if was == has:
        return "same"
    if has:
        return "other" if was else "added"
    up, flat, proxy = seen(one), seen(one, upright=False), seen(other)
    if was not in QUARTERS or up is None or flat is None or proxy is None or _same_shape(up, flat):
        return UNKNOWN
    return "baked" if abs(up.aspect - proxy.aspect) < abs(flat.aspect - proxy.aspect) else "lost"


@dataclass(frozen=True, slots=True)
class Like:
    """One respect: how proxy and clip compare, what each is, in words, and what is looked at."""

    value: Value
    proxy: str
    source: str
    aspect: str = ""


def shape_likeness(one: Video, other: Video) -> dict[str, Like]:
    """Rotation, raster and pixel shape. Where the turn itself is wrong, rasters are compared as they are stored."""
    turn = rotation_value(one, other)
    upright = turn in ("same", "baked", UNKNOWN)
    was, has = seen(one, upright=upright), seen(other, upright=upright)
    return {
        "rotation": Like(turn, str(other.rotation or 0), str(one.rotation or 0), "the rotation"),
        "raster": Like(_raster(was, has), raster_words(has), raster_words(was), "the raster"),
        "par": Like(_par(was, has), _par_words(has), _par_words(was), "the shape of the pixels"),
    }


def raster_words(shown: Seen | None) -> str:
    """A raster as people write it."""
    return UNKNOWN if shown is None else f"{shown.width}x{shown.height}"


def _par_words(shown: Seen | None) -> str:
    return UNKNOWN if shown is None else f"{shown.par.numerator}:{shown.par.denominator}"


def _raster(was: Seen | None, has: Seen | None) -> Value:
    if was is None or has is None:
        return UNKNOWN
    if (was.width, was.height) == (has.width, has.height):
        return "same"
    if was.width % has.width == 0 and was.width // has.width * has.height == was.height:
        return "divisor"
    square = [Seen(one.width, one.height, Fraction(1)) for one in (was, has)]
    return "scaled" if _same_shape(square[0], square[1]) or _same_shape(was, has) else "other"


def _par(was: Seen | None, has: Seen | None) -> Value:
    if was is None or has is None:
        return UNKNOWN
    if was.par == has.par:
        return "same"
    return "reshaped" if _same_shape(was, has) else "other"


def _same_shape(was: Seen, has: Seen) -> bool:
    """Whether two pictures have one shape but for rasters that are rounded to even numbers: less than two pixels."""
    wide = abs(has.height * was.aspect / has.par - has.width)
    high = abs(has.width * has.par / was.aspect - has.height)
    return min(wide, high) < 2
