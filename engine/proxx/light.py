"""What a file says of the display that it was mastered on and of its brightest light (SMPTE ST 2086, CTA-861.3).

ffprobe shows it as side data, of the stream where the container has a place for it, else of the first picture. The
words are those of x265, the encoder that writes them: whole numbers of 0.00002 for colours, of 0.0001 cd/m2 for light.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any

from proxx.model import Video

COLOUR, LIGHT = 50_000, 10_000
"""Units to the whole, as SMPTE ST 2086 counts."""

DISPLAY = "Mastering display metadata"
LEVEL = "Content light level metadata"
DOLBY = ("DOVI configuration record", "Dolby Vision RPU Data", "Dolby Vision Metadata")
HDR10_PLUS = ("HDR Dynamic Metadata SMPTE2094-40 (HDR10+)", "HDR10+ Dynamic Metadata (SMPTE 2094-40)")


def lit(video: Video, side_data: Iterable[Mapping[str, Any]], *, whole: bool = False) -> Video:
    """The picture with what this side data says of its light; with `whole` nothing more is to be looked for."""
    found = {str(one.get("side_data_type", "")): one for one in side_data}
    display, level = found.get(DISPLAY), found.get(LEVEL)
    dynamic = _dynamic(found)
    none = "" if whole else None
    return replace(
        video,
        mastering=(_display(display) if display else "") or video.mastering or none,
        light_level=(_level(level) if level else "") or video.light_level or none,
        dynamic_light=dynamic or video.dynamic_light or none,
    )


def light_of(video: Video | None) -> str | None:
    """none, static, dynamic or alone (a picture that is nothing without it); None where nobody has looked."""
    if video is None or video.dynamic_light is None:
        return None if video is None or not (video.mastering or video.light_level) else "static"
    if video.dynamic_light:
        return "alone" if video.dynamic_light == "dolby-vision-alone" else "dynamic"
    return "static" if video.mastering or video.light_level else "none"


def light_words(video: Video) -> str:
    """In words: what is told, "none" when there is nothing."""
    display = f"display {video.mastering}" if video.mastering else ""
    level = f"light levels {video.light_level} cd/m2" if video.light_level else ""
    return ", ".join(word for word in (display, level, video.dynamic_light) if word) or "none"


def _display(said: Mapping[str, Any]) -> str:
    """G(x,y)B(x,y)R(x,y)WP(x,y)L(most,least); what is not there is 0."""

    def units(key: str, scale: int) -> int:
        try:
            return int(Fraction(str(said.get(key, 0))) * scale + Fraction(1, 2))
        except (ValueError, ZeroDivisionError):
            return 0

    points = [("G", "green"), ("B", "blue"), ("R", "red"), ("WP", "white_point")]
    text = "".join(f"{word}({units(f'{key}_x', COLOUR)},{units(f'{key}_y', COLOUR)})" for word, key in points)
    return f"{text}L({units('max_luminance', LIGHT)},{units('min_luminance', LIGHT)})"


def _level(said: Mapping[str, Any]) -> str:
    """The brightest pixel and the brightest average, in cd/m2; "" where both are 0, which says nothing."""
    levels = [int(said.get(key, 0)) for key in ("max_content", "max_average")]
    return ",".join(map(str, levels)) if any(levels) else ""


def _dynamic(found: Mapping[str, Mapping[str, Any]]) -> str:
    """dolby-vision, dolby-vision-alone (its base layer is no picture that anything else shows) or hdr10plus."""
    record = next((found[name] for name in DOLBY if name in found), None)
    if record is not None:
        alone = str(record.get("dv_bl_signal_compatibility_id", "1")) == "0"
        return "dolby-vision-alone" if alone else "dolby-vision"
    return "hdr10plus" if any(name in found for name in HDR10_PLUS) else ""
