"""What the proxy of one source would be, computed from the source's facts: raster, rate, timecode, sound."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from proxx.model import Audio, Media
from proxx.size import pixel_aspect, raster
from proxx.timecode import Timecode, TimecodeError, conform, counting, exact, parse

HDR_TRANSFERS = frozenset({"smpte2084", "arib-std-b67"})
"""PQ (SMPTE ST 2084) and HLG (ARIB STD-B67), in ffprobe's words."""

MILLISECONDS = frozenset({"mkv", "webm"})
"""Containers that tell times in whole milliseconds, so that rates and starts in them are rounded."""

FIELD_ORDERS = frozenset({"tt", "bb", "tb", "bt"})


@dataclass(frozen=True, slots=True)
class Clip:
    """One source and the size, rate and start its proxy would have. None is "the source does not tell"."""

    index: int
    media: Media
    width: int | None = None
    height: int | None = None
    par: Fraction | None = None
    source_rate: Fraction | None = None
    rate: Fraction | None = None
    timecode: Timecode | None = None
    timecode_fault: str = ""


@dataclass(frozen=True, slots=True)
class Track:
    """One audio stream of a source. `late` counts samples from the first picture to the first sound."""

    stream: Audio
    late: int


def read_clip(media: Media, index: int, resolution: str, rate: Fraction | None) -> Clip:
    """The clip that a source would become at a resolution, conformed to `rate` where one is given."""
    video = media.video
    if video is None:
        return Clip(index, media, rate=rate)
    width = height = par = None
    if video.width and video.height:
        turn = video.rotation or 0
        width, height = raster(video.width, video.height, resolution, rotation=turn)
        par = pixel_aspect(video.width, video.height, video.par or Fraction(1), resolution, rotation=turn)
    target = rate or video.rate
    timecode, fault = _timecode(media.timecode, counting(media.timecode_rate, video.rate), target)
    return Clip(index, media, width, height, par, video.rate, target, timecode, fault)


def _timecode(text: str | None, source: Fraction | None, target: Fraction | None) -> tuple[Timecode | None, str]:
    """The start timecode at the proxy's rate, or what is wrong with the source's label."""
    target = exact(target)
    if not text or source is None or target is None:
        return None, ""
    try:
        return conform(parse(text, source), target), ""
    except TimecodeError as error:
        return None, str(error)


def tracks(media: Media) -> list[Track]:
    """The audio streams of a source, in order, with their start against the picture's."""
    start = media.video.start if media.video and media.video.start else Fraction(0)
    found = []
    for stream in media.audio or ():
        late = ((stream.start if stream.start is not None else start) - start) * (stream.sample_rate or 0)
        found.append(Track(stream, (late + Fraction(1, 2)).__floor__()))
    return found


def goes_beyond(track: Track, clip: Clip) -> bool | None:
    """Whether the sound goes on for more than a frame after the last picture; None when the source does not tell."""
    stream, video, rate = track.stream, clip.media.video, clip.source_rate
    frames = None if video is None else video.shown if video.shown is not None else video.frames
    if frames is None or rate is None or stream.duration is None or not stream.sample_rate:
        return None
    return Fraction(track.late, stream.sample_rate) + stream.duration > (frames + 1) / rate


def scan_of(media: Media) -> str | None:
    """progressive, interlaced or unknown; None when nothing is known of the picture."""
    if media.video is None or media.video.field_order is None:
        return None
    order = media.video.field_order
    return "interlaced" if order in FIELD_ORDERS else "progressive" if order == "progressive" else "unknown"


def transfer_of(media: Media) -> str | None:
    """sdr, hdr or unknown; None when nothing is known of the picture."""
    if media.video is None or media.video.colour is None:
        return None
    transfer = media.video.colour.transfer
    return "hdr" if transfer in HDR_TRANSFERS else "unknown" if transfer == "unknown" else "sdr"


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
    return "shorter" if video.packets < video.frames else "as-declared"


def promised_frames(clip: Clip, *, conformed: bool) -> int | None:
    """Exactly how many frames the proxy will have; None when the source does not tell.

    Kept at its rate, every frame of the source is one frame of the proxy. Conformed, the proxy lasts as long as
    the source: the filter `fps` (round=near) ends at the end of the last frame, rounded to whole frames.
    """
    video = clip.media.video
    if video is None or clip.rate is None:
        return None
    count = video.shown if video.shown is not None else video.frames
    if not conformed:
        return count
    length: Fraction | None = None
    if clip.media.cadence != "variable" and count and clip.source_rate:
        length = count / clip.source_rate
    elif video.first is not None and video.last is not None:
        length = video.last - video.first
    return None if length is None else (length * clip.rate + Fraction(1, 2)).__floor__()


def bit_depth(pix_fmt: str) -> int:
    """Bits a sample of an FFmpeg pixel format: yuv422p10le has 10, yuv420p has 8."""
    bare = pix_fmt.removesuffix("le").removesuffix("be")
    digits = bare[len(bare.rstrip("0123456789")) :]
    return int(digits) if digits and bare[: -len(digits)].endswith(("p", "gray")) and int(digits) > 8 else 8


def is_rgb(pix_fmt: str) -> bool:
    """Whether the source's samples are red, green and blue rather than luma and chroma."""
    return pix_fmt.startswith(("gbr", "rgb", "bgr", "argb", "abgr", "0rgb", "pal8", "x2rgb", "x2bgr"))


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
