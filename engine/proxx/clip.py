"""What the proxy of one source would be, computed from the source's facts: raster, rate, timecode, sound."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from proxx.model import Media, Video
from proxx.pixels import has_alpha, is_rgb
from proxx.policy import policy_of
from proxx.rhythm import Conformed, conformed, conformed_evenly, read_rhythm, stand_apart
from proxx.size import Box, is_rounded, letterbox, pixel_aspect, raster, squared, written
from proxx.timecode import Timecode, TimecodeError, conform, counting, exact, parse

LOG_TRANSFERS = frozenset({"log100", "log316"})

HDR_TRANSFERS = frozenset({"smpte2084", "arib-std-b67"})
"""PQ (SMPTE ST 2084) and HLG (ARIB STD-B67), in ffprobe's words."""

MILLISECONDS = frozenset({"mkv", "webm"})
"""Containers that tell times in whole milliseconds, so that rates and starts in them are rounded."""

FIELD_ORDERS = frozenset({"tt", "bb", "tb", "bt"})


@dataclass(frozen=True, slots=True)
class Clip:
    """One source and the size, rate and start its proxy would have. None is "the source does not tell".

    `turn` is what is turned upright in the proxy, in degrees; `box` where a picture stands that does not fill it;
    `rounded` says that the raster is not exactly the part of the source's that was named.
    """

    index: int
    media: Media
    width: int | None = None
    height: int | None = None
    par: Fraction | None = None
    source_rate: Fraction | None = None
    rate: Fraction | None = None
    timecode: Timecode | None = None
    timecode_fault: str = ""
    turn: int = 0
    box: Box | None = None
    rounded: bool | None = None


def read_clip(
    media: Media, index: int, resolution: str, rate: Fraction | None, profile: Mapping[str, Any] | None = None
) -> Clip:
    """The clip that a source would become by a profile at a resolution, conformed to `rate` where one is given."""
    video = media.video
    if video is None:
        return Clip(index, media, rate=rate)
    target = rate or video.rate
    timecode, fault = _timecode(media.timecode, counting(media.timecode_rate, video.rate), target)
    turn = 0 if policy_of(profile or {}, "rotation") == "keep" else video.rotation or 0
    clip = Clip(index, media, None, None, None, video.rate, target, timecode, fault, turn)
    if not video.width or not video.height:
        return clip
    width, height = raster(video.width, video.height, resolution, rotation=turn)
    aspect = video.par or Fraction(1)
    par = pixel_aspect(video.width, video.height, aspect, resolution, rotation=turn)
    boxed = bool((profile or {}).get("rasters"))
    if policy_of(profile or {}, "pixels") == "square" and par != 1:
        if written(resolution):
            boxed = True
        else:
            width, height = squared(width, height, par)
        par = Fraction(1)
    box = letterbox(video.width, video.height, aspect, (width, height), rotation=turn) if boxed else None
    rounded = not box and is_rounded(video.width, video.height, resolution)
    return replace(clip, width=width, height=height, par=par, box=box, rounded=rounded)


def _timecode(text: str | None, source: Fraction | None, target: Fraction | None) -> tuple[Timecode | None, str]:
    """The start timecode at the proxy's rate, or what is wrong with the source's label."""
    target = exact(target)
    if not text or source is None or target is None:
        return None, ""
    try:
        return conform(parse(text, source), target), ""
    except TimecodeError as error:
        return None, str(error)


def picture_length(clip: Clip) -> Fraction | None:
    """Seconds from the first picture to the end of the last one; None when the source does not tell."""
    video = clip.media.video
    if video is None:
        return None
    if clip.media.cadence == "variable":
        return None if video.first is None or video.last is None else video.last - video.first
    frames = video.shown if video.shown is not None else video.frames
    return None if frames is None or clip.source_rate is None else frames / clip.source_rate


def scan_of(media: Media) -> str | None:
    """progressive, interlaced, combed (called progressive) or unknown; None when nothing is known of the picture."""
    if media.video is None or media.video.field_order is None:
        return None
    order = media.video.field_order
    if order not in FIELD_ORDERS and media.video.combed in FIELD_ORDERS:
        return "combed"
    return "interlaced" if order in FIELD_ORDERS else "progressive" if order == "progressive" else "unknown"


def transfer_of(media: Media) -> str | None:
    """sdr, hdr, log or unknown; None when nothing is known of the picture."""
    if media.video is None or media.video.colour is None:
        return None
    transfer = media.video.colour.transfer
    if transfer in HDR_TRANSFERS:
        return "hdr"
    return "log" if transfer in LOG_TRANSFERS else "unknown" if transfer == "unknown" else "sdr"


def lines_of(clip: Clip) -> str | None:
    """Whether the proxy has the source's lines, each in its place: same or other; None without a raster."""
    video = clip.media.video
    if video is None or clip.height is None:
        return None
    height = clip.box.height if clip.box else clip.height
    return "same" if height == video.height and not clip.turn and not video.pose else "other"


def field_lines(clip: Clip, video: Mapping[str, Any], habits: Mapping[str, Mapping[str, Any]]) -> str | None:
    """Whether two fields have whole lines of colour in the proxy's raster: whole, split, turned or unsafe.

    `habits` are FFmpeg's: at which numbers of lines an encoder crashes on two fields, in some version.
    """
    if clip.height is None:
        return None
    if clip.turn or (clip.media.video and clip.media.video.pose):
        return "turned"
    crashes = [data["unsafe_fields"] for data in habits.values() if "unsafe_fields" in data]
    if any(one["encoder"] == video.get("encoder") and clip.height % one["lines"] == one["rest"] for one in crashes):
        return "unsafe"
    return "whole" if clip.height % (4 if video["pix_fmt"].startswith(("yuv420", "yuvj420")) else 2) == 0 else "split"


def alpha_of(media: Media) -> str | None:
    """none, some or beside; None when nothing is known of the picture."""
    video = media.video
    if video is None or not video.pix_fmt:
        return None
    return video.alpha or ("some" if has_alpha(video.pix_fmt) else "none")


def range_of(media: Media) -> str | None:
    """limited, full or unknown; None when nothing is known of the picture."""
    video = media.video
    if video is None or not video.pix_fmt:
        return None
    if is_rgb(video.pix_fmt):
        return "full"
    return {"tv": "limited", "pc": "full"}.get(video.colour.range if video.colour else "", "unknown")


def length_of(media: Media) -> str | None:
    """Whether as many frames are there as the header declares; None before the packets have been looked at."""
    video = media.video
    if video is None:
        return None
    if video.packets is None:
        return "as-declared" if video.frames else None
    if not video.packets or not video.shown:
        return "no-frames"
    if video.frames is None:
        return "undeclared"
    return "shorter" if video.packets < video.frames and not _fills(video) else "as-declared"


def _fills(video: Video) -> bool:
    """Whether the shown pictures last as long as the header says: an edit list hides those that are not there."""
    if video.first is None or video.last is None or not video.duration or not video.rate:
        return False
    return video.duration - (video.last - video.first) < 1 / video.rate / 2


def promised_frames(clip: Clip, *, conformed: bool) -> int | None:
    """Exactly how many frames the proxy will have; None when the source does not tell.

    Kept at its rate, every frame of the source is one frame of the proxy. Conformed, the proxy lasts as long as
    the source: the filter `fps` (round=near) ends at the end of the last frame, rounded to whole frames.
    """
    video = clip.media.video
    if video is None or clip.rate is None:
        return None
    if conformed:
        length = picture_length(clip)
        return None if length is None else (length * clip.rate + Fraction(1, 2)).__floor__()
    return video.shown if video.shown is not None else video.frames


def moments_of(clip: Clip, container: str) -> str:
    """Whether each picture has a moment of its own in a container: apart, together or unknown."""
    video = clip.media.video
    if clip.media.cadence != "variable":
        return "apart"
    if video is None or video.rhythm is None or video.tick is None:
        return "unknown"
    finest = Fraction(1, 1000) if container in MILLISECONDS else None
    return "apart" if stand_apart(read_rhythm(video.rhythm), video.tick, finest) else "together"


def conforming(clip: Clip) -> Conformed | None:
    """What the proxy's constant rate makes of the source's pictures; None when the source does not tell their times."""
    video = clip.media.video
    if video is None or clip.rate is None:
        return None
    if clip.media.cadence == "variable":
        if video.rhythm is None or video.tick is None:
            return None
        return conformed(read_rhythm(video.rhythm), video.tick, clip.rate)
    frames = promised_frames(clip, conformed=False)
    return conformed_evenly(frames, clip.source_rate, clip.rate) if frames and clip.source_rate else None


def accepts(profile: Mapping[str, Any], resolution: str) -> str:
    """Whether a profile makes a resolution: yes, no, or raster (a size that is not one of its legal ones)."""
    word = resolution if resolution in ("same", "half", "quarter") else "explicit"
    if word not in profile["resolutions"]:
        return "raster" if profile.get("rasters") else "no"
    rasters = profile.get("rasters")
    return "raster" if rasters and word == "explicit" and resolution not in rasters else "yes"


def resolution_words(profile: Mapping[str, Any]) -> str:
    """The resolutions that a profile makes, in words."""
    if profile.get("rasters"):
        return "resolution " + ", ".join(profile["rasters"])
    words = ["WIDTHxHEIGHT" if word == "explicit" else word for word in profile["resolutions"]]
    return "resolution " + (f"{', '.join(words[:-1])} or {words[-1]}" if len(words) > 1 else words[0])
