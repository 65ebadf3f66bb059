"""Reads small grey pictures out of files, whole or at a place, each with its number; and the same for sound."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from threading import Event
from typing import Any

import numpy as np
from numpy.typing import NDArray

from proxx.errors import ProxxError
from proxx.lastframe import allowed, named
from proxx.model import Audio, Media, Video
from proxx.process import Finished, run
from proxx.timing import GAP
from proxx.tools import whole_path

Pictures = NDArray[np.uint8]
Floats = NDArray[np.float32]

MOST_BYTES = 256 << 20
"""The most that the small pictures of one file may take; longer files are looked at in smaller pictures."""

NARROWEST = 32
PATIENCE = 24 * 3600.0
LOOK_BACK = (Fraction(0), Fraction(2), Fraction(10), None)
"""By how many seconds a place is sought earlier when a seek lands behind it; None: the file is read from its start."""

TIMING = frozenset({"setpts", "settb", "fps", "trim"})
"""Filters of a recorded chain that number frames anew: a place in the middle has its number already."""

_FRAME = re.compile(
    rb"^\[Parsed_showinfo_\d+ @ [^\]]*\] n: *\d+ pts: *(?:-?\d+|NOPTS) pts_time:(-?[0-9.]+|NOPTS)", re.M
)
_SOUND = re.compile(rb"^\[Parsed_ashowinfo_\d+ @ [^\]]*\] n:0 pts:(-?\d+)", re.M)


@dataclass(frozen=True, slots=True)
class Reader:
    """How files are read: the ffmpeg at `tool`, the rulebook's words for safe reading, and what ends it.

    `turns` says whether pictures are turned upright as their files say.
    """

    tool: str
    vocabulary: Mapping[str, Mapping[str, Any]]
    stop: Event
    turns: bool = True


@dataclass(frozen=True, slots=True)
class Glimpse:
    """Small grey pictures one after the other, a row each, and the number of the first."""

    first: int
    pictures: Pictures


def without_timing(chain: str) -> str:
    """A recorded filter chain without what numbers its frames anew."""
    kept = [part for part in _filters(chain) if part.partition("=")[0] not in TIMING]
    return ",".join(kept)


def _filters(chain: str) -> list[str]:
    """The filters of a chain: commas between brackets or quotes, or after a backslash, separate none."""
    parts, part, quoted, escaped = [], "", False, False
    for letter in chain:
        if letter == "," and not quoted and not escaped:
            parts.append(part)
            part = ""
            continue
        quoted ^= letter == "'" and not escaped
        escaped = letter == "\\" and not escaped
        part += letter
    return [*parts, part]


def conforms(chain: str) -> bool:
    """Whether a chain makes other frames than it is given: then only all of them together have their numbers."""
    return any(part.partition("=")[0] == "fps" for part in _filters(chain))


def conforming(source: Media, proxy: Media) -> str:
    """The chain by which a clip of changing frame lengths has the frames of its constant proxy; else nothing."""
    rate = proxy.video.rate if proxy.video else None
    if source.cadence != "variable" or proxy.cadence != "constant" or not rate:
        return ""
    return f"setpts=PTS-STARTPTS,fps=fps={rate.numerator}/{rate.denominator}:start_time=0:round=near"


def small(size: tuple[int, int], chain: str = "") -> str:
    """The chain that makes comparable pictures: as they are shown, small, grey and of full range."""
    width, height = size
    end = f"scale=w={width}:h={height}:flags=area+accurate_rnd:out_range=pc,format=pix_fmts=gray"
    return f"{chain},{end}" if chain else end


def fitted(size: tuple[int, int]) -> str:
    """The chain that sets a picture of another shape into a frame, with bars."""
    width, height = size
    inside = f"scale=w={width}:h={height}:force_original_aspect_ratio=decrease:flags=area"
    return f"scale=w=trunc(iw*sar/2)*2:h=ih,setsar=1,{inside},pad=w={width}:h={height}:x=-1:y=-1"


def read_whole(reader: Reader, media: Media, size: tuple[int, int], chain: str = "") -> Glimpse:
    """Every picture that a file shows."""
    argv = [*_input(reader, media), *_pictures(media, small(size, chain))]
    return Glimpse(0, _rows(_run(reader, argv, media), size))


def read_frame(reader: Reader, media: Media, size: tuple[int, int], number: int, conform: str = "") -> Pictures | None:
    """One frame in colour as it is shown, a row of red, green and blue; None when the file has no such frame.

    With a chain that makes other frames (`conforming`) the number is that of the made ones.
    """
    width, height = size
    shown = f"scale=w={width}:h={height}:flags=area+accurate_rnd,setsar=1,format=pix_fmts=rgb24"
    video = media.video or Video()
    if media.cadence == "constant" and video.rate:
        at = first_picture(video) + (number - Fraction(1, 2)) / video.rate - _clock(media) if number else Fraction(0)
        seek = ["-ss", f"{float(at):.6f}"] if number else []
        chain = shown
    else:
        seek, chain = [], ",".join(filter(None, (conform, f"select=eq(n\\,{number})", shown)))
    finished = _run(reader, [*_input(reader, media, seek), *_pictures(media, chain, 1)], media)
    rows = _rows(finished, (3 * width, height))
    return rows[0] if len(rows) else None


def read_place(reader: Reader, media: Media, size: tuple[int, int], begin: int, count: int, chain: str = "") -> Glimpse:
    """At most `count` pictures from number `begin` on. A number is what a picture's time says at the file's rate."""
    video = media.video or Video()
    rate, origin = video.rate or Fraction(25), first_picture(video)
    shown = f"{small(size, chain)},showinfo=checksum=0"
    for back in LOOK_BACK:
        at = origin + (begin - Fraction(1, 2)) / rate - (back or 0)
        seek = [] if back is None or at <= origin else ["-ss", f"{float(at - _clock(media)):.6f}"]
        early = int(Fraction(back or 0) * rate) if seek else begin
        argv = [*_input(reader, media, seek), "-copyts", *_pictures(media, shown, count + early)]
        finished = _run(reader, argv, media, level="info")
        times = [float(time) for time in _FRAME.findall(finished.stderr) if time != b"NOPTS"]
        rows = _rows(finished, size)
        numbers = [round((time - float(origin)) * float(rate)) for time in times[: len(rows)]]
        if not seek and len(numbers) < len(rows):  # too many to have kept every time: from the start they are counted
            numbers = list(range(len(rows)))
        if rows.size and len(numbers) == len(rows) and (numbers[0] <= begin or not seek):
            skip = max(begin - numbers[0], 0)
            return Glimpse(numbers[0] + skip, rows[skip : skip + count])
    return Glimpse(begin, np.zeros((0, size[0] * size[1]), np.uint8))


def first_picture(video: Video) -> Fraction:
    """The time of the first picture that is shown, in seconds on the file's own clock."""
    return video.first if video.first is not None else video.start or Fraction(0)


def _clock(media: Media) -> Fraction:
    """The time at which a file's own clock begins: FFmpeg counts -ss from there."""
    starts = [stream.start for stream in (media.video, *(media.audio or ())) if stream and stream.start is not None]
    return min(starts, default=Fraction(0))


def _input(reader: Reader, media: Media, seek: list[str] | None = None) -> list[str]:
    path = whole_path(media.path)
    formats, protocols = allowed(media, reader.vocabulary["probe"], path)
    return [
        reader.tool, "-hide_banner", "-nostdin", "-nostats",
        "-protocol_whitelist", protocols, "-format_whitelist", formats,
        *(() if reader.turns else ("-noautorotate",)), *(seek or ()), *named(media, path),
    ]  # fmt: skip


def _pictures(media: Media, chain: str, count: int | None = None) -> list[str]:
    index = media.video.index if media.video else 0
    some = [] if count is None else ["-frames:v", str(count)]
    return ["-map", f"0:{index}", "-vf", chain, "-fps_mode", "passthrough", *some, "-f", "rawvideo", "pipe:1"]


def _run(reader: Reader, argv: list[str], media: Media, level: str = "error") -> Finished:
    """Run FFmpeg. Raises ProxxError (exit 3) when it says nothing that can be used, KeyboardInterrupt when stopped."""
    argv = [*argv[:1], "-loglevel", level, *argv[1:]]
    finished = run(argv, timeout=PATIENCE, limit=2 * MOST_BYTES, stop=reader.stop)
    if finished.stopped:
        raise KeyboardInterrupt
    if finished.code != 0 and not finished.stdout:
        said = (finished.stderr.decode("utf-8", "replace").strip().splitlines() or ["it said nothing"])[-1]
        raise ProxxError(f"ffmpeg cannot decode {media.path}: {said}")
    return finished


def _rows(finished: Finished, size: tuple[int, int]) -> Pictures:
    pixels = size[0] * size[1]
    values = np.frombuffer(finished.stdout, np.uint8)
    return values[: len(values) // pixels * pixels].reshape(-1, pixels)


def read_sound(reader: Reader, media: Media, stream: Audio, rate: int, begin: float, seconds: float) -> Floats:
    """Samples of a stream from `begin` seconds after the first picture on, one row a channel; silence where none is."""
    origin, channels = float(first_picture(media.video or Video())), max(stream.channels or 1, 1)
    wanted = round(seconds * rate)
    made = np.zeros((channels, wanted), np.float32)
    at = origin + begin - 1 - float(_clock(media))
    seek = ["-ss", f"{at:.6f}"] if begin > 2 and at > 0 else []
    length = seconds + (2 if seek else max(begin, 0) + 2)
    # Gaps are filled where proxies have them filled, or everything after a short one would seem late.
    filled = f"aresample=osr={rate}:async=1:min_hard_comp={float(GAP)}"
    chain = f"{filled},atrim=duration={length:.3f},asetnsamples=n={wanted + 4 * rate}:p=0,ashowinfo"
    argv = [
        *_input(reader, media, seek), "-copyts", "-map", f"0:{stream.index}", "-vn", "-af", chain,
        "-f", "f32le", "-c:a", "pcm_f32le", "pipe:1",
    ]  # fmt: skip
    finished = _run(reader, argv, media, level="info")
    found = _SOUND.search(finished.stderr)
    values = np.frombuffer(finished.stdout[: len(finished.stdout) // 4 * 4], np.float32)
    if found is None or not values.size:
        return made
    sound = values[: len(values) // channels * channels].reshape(-1, channels).T
    start = int(found[1]) - round((origin + begin) * rate)
    low, high = max(start, 0), min(start + sound.shape[1], wanted)
    if low < high:
        made[:, low:high] = sound[:, low - start : high - start]
    return made


def compared_size(video: Video, width: int, frames: int) -> tuple[int, int]:
    """The raster of the compared pictures: as wide as is asked for, or as many frames allow, and as high as shown."""
    aspect = Fraction(16, 9)
    if video.width and video.height:
        aspect = Fraction(video.width, video.height) * (video.par or Fraction(1))
        aspect = 1 / aspect if (video.rotation or 0) % 180 else aspect
    while width > NARROWEST and width * width / aspect * max(frames, 1) > MOST_BYTES:
        width -= 8
    return width, min(max(round(width / aspect), 8), 4 * width)
