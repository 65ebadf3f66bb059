"""A made proxy against its promise, fact by fact, in the words of the output tables."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any

from proxx.facts import rate_text
from proxx.hearing import NOT_PROMISED, Aspect, heard, same
from proxx.light import light_words
from proxx.model import Colour, Media, Video
from proxx.moments import read_back
from proxx.rhythm import read_rhythm, starts

ROUNDING_BYTES = 8192
"""What a ceiling allows each frame on top: codecs round small frames up, and containers align them."""

HEAD_BYTES = 65536
"""What a ceiling allows each file on top, for its headers and index."""


def compare(
    expect: Media, made: Media, frames: int | None, profile: Mapping[str, Any], linear: Collection[str]
) -> dict[str, Aspect]:
    """Every promised fact of a proxy against the made one. `linear` are the codecs of sound whose length is exact."""
    want, have = expect.video or Video(), made.video or Video()
    aspects = {
        "container": same(made.container, expect.container),
        "codec": same(made.codec, expect.codec),
        "profile": same(have.profile, want.profile),
        "tag": same(have.tag, want.tag),
        "pix-fmt": same(have.pix_fmt, want.pix_fmt),
        "raster": same(_raster(have), _raster(want) if want.width else None),
        "par": same(_ratio(have.par), _ratio(want.par) if want.par else None),
        "rate": same(_rate(have.rate), _rate(want.rate) if want.rate else None),
        "times": _times(have, want),
        "scan": same(_scan(have), _scan(want) if want.field_order else None),
        "rotation": same(_turn(have), None if want.rotation is None else _turn(want)),
        "colour": _colour(have.colour, want.colour),
        "light": same(light_words(have), light_words(want) if want.mastering or want.light_level else None),
        "timecode": _told(read_back(made, expect.timecode, want.rate), expect.timecode),
        "reel": _told(made.reel, expect.reel),
        "frames": _frames(frames, want.frames),
        **heard(made, expect, linear),
        "ceiling-share": _ceiling(made, want, profile),
    }
    return {f"made.{name}": aspect for name, aspect in aspects.items() if aspect is not None}


def _told(made: str | None, promised: str | None) -> Aspect:
    """A text of the file; a promised "" is the promise of none."""
    return same(made or "none", promised if promised is None else promised or "none")


def _rate(rate: Fraction | None) -> str:
    return "unknown" if rate is None else f"{rate} ({rate_text(rate)})"


def _frames(made: int | None, promised: int | None) -> Aspect | None:
    if promised is None:
        return None
    if made is None:
        return Aspect("unknown", "no", str(promised))
    value = "same" if made == promised else "fewer" if made < promised else "more"
    return Aspect(value, str(made), str(promised))


def _raster(video: Video) -> str:
    return f"{video.width}x{video.height}"


def _turn(video: Video) -> str:
    return f"{video.rotation or 0}, {video.pose}" if video.pose else str(video.rotation or 0)


def _ratio(ratio: Fraction | None) -> str:
    one = ratio or Fraction(1)
    return f"{one.numerator}:{one.denominator}"


def _scan(video: Video) -> str:
    """A progressive codec that carries no field order reads as unknown; both mean whole frames.

    Of two fields only the first matters: stored apart (tt) or line by line (tb) differs with the codec.
    """
    if video.field_order in (None, "unknown", "progressive"):
        return "progressive"
    return "top field first" if str(video.field_order).startswith("t") else "bottom field first"


def _times(made: Video, promised: Video) -> Aspect | None:
    """The moments of all pictures: to the tick, or to what the container can write where its ticks are coarser."""
    if promised.rhythm is None or promised.tick is None:
        return None
    want = [at * promised.tick for at in starts(read_rhythm(promised.rhythm))[:-1]]
    if made.rhythm is None or made.tick is None:
        return Aspect("other", f"{made.rate} frames a second", f"{len(want)} moments")
    have = [at * made.tick for at in starts(read_rhythm(made.rhythm))[:-1]]
    slack = Fraction(0) if (promised.tick / made.tick).denominator == 1 else made.tick
    wrong = [at for at, (one, other) in enumerate(zip(have, want, strict=False)) if abs(one - other) > slack]
    if not wrong and len(have) == len(want):
        return Aspect("same", f"{len(have)} moments", f"{len(want)} moments")
    at = wrong[0] if wrong else min(len(have), len(want)) - 1
    return Aspect("other", f"picture {at} at {float(have[at]):.6f} s", f"{float(want[at]):.6f} s")


def _colour(made: Colour | None, promised: Colour | None) -> Aspect:
    """Tags that were promised; where nothing was promised for a tag, whatever the encoder writes is fine."""
    if promised is None:
        return Aspect(NOT_PROMISED, "", "")
    have = made or Colour()
    if have.range == "unknown":  # an untagged range is the limited one for every reader of luma and chroma
        have = replace(have, range="tv")
    names = ("range", "primaries", "transfer", "matrix")
    wrong = [name for name in names if getattr(promised, name) not in ("unknown", getattr(have, name))]
    text = [", ".join(f"{name} {getattr(colour, name)}" for name in wrong or names) for colour in (have, promised)]
    return Aspect("other" if wrong else "same", text[0], text[1])


def _ceiling(made: Media, want: Video, profile: Mapping[str, Any]) -> Aspect | None:
    """The file's bit rate against the ceiling of its profile, which is given for 1920x1080 at 25 frames a second."""
    ceiling = profile.get("size", {}).get("ceiling")
    if ceiling is None or made.size is None or not want.duration or not want.width or not want.height or not want.rate:
        return None
    allowed = Fraction(str(ceiling)) * want.width * want.height * want.rate / (1920 * 1080 * 25)
    allowed += (ROUNDING_BYTES * want.rate + HEAD_BYTES / want.duration) * 8 / 1_000_000
    sound = sum(Fraction((one.sample_rate or 0) * (one.channels or 0) * 24, 1_000_000) for one in made.audio or ())
    rate = Fraction(made.size * 8, 1_000_000) / want.duration
    share = min(int((rate - sound) / allowed * 100), 1_000_000)
    return Aspect(max(share, 0), f"{float(rate):.1f}", f"{float(allowed + sound):.1f}")
