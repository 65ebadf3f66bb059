"""Reads the burnt-in numbers and the coded sound of a fixture, or of a proxy of one; FFmpeg only decodes."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from fractions import Fraction

from proxx.burnin import (
    SIDE,
    TONE_RISE,
    Number,
    find_click,
    loudest_tone,
    read_number,
    tone_of,
)
from proxx.errors import ProxxError
from proxx.process import run

SECONDS = 600

Area = tuple[int, int, int, int]
"""Left, top, width and height in pixels."""


def numbers_of(path: str, ffmpeg: str, *, area: Area | None = None, stream: str = "v:0") -> list[Number | None]:
    """What is read in every decoded frame, in order; None where no number can be read.

    `area` is where the picture lies in the raster, where bars were put around it. Raises ProxxError when FFmpeg fails.
    """
    crop = f"crop=w={area[2]}:h={area[3]}:x={area[0]}:y={area[1]}:exact=1," if area else ""
    shrink = f"{crop}scale=w={SIDE}:h={SIDE}:flags=area+accurate_rnd+bitexact,format=gray"
    # -noautorotate: the picture as it is stored, so that the turn tells whether it was turned in the making.
    argv = [*_quiet(ffmpeg), "-noautorotate", "-i", f"file:{path}", "-map", f"0:{stream}", "-an", "-sn", "-dn"]
    argv += ["-vf", shrink, "-fps_mode", "passthrough", "-f", "rawvideo", "-"]
    data = _output(argv, path)
    size = SIDE * SIDE
    return [read_number(data[at : at + size]) for at in range(0, len(data) - size + 1, size)]


def samples_of(
    path: str, ffmpeg: str, stream: int, channels: int, sample_rate: int, seconds: Fraction
) -> list[list[float]]:
    """The first seconds of an audio stream (by its place among them) at a sample rate, channel by channel."""
    argv = [*_quiet(ffmpeg), "-i", f"file:{path}", "-map", f"0:a:{stream}", "-vn", "-sn", "-dn"]
    argv += ["-t", f"{float(seconds):.6f}", "-ar", str(sample_rate), "-c:a", "pcm_f32le", "-f", "f32le", "-"]
    data = _output(argv, path)
    count = len(data) // 4
    flat = struct.unpack(f"<{count}f", data[: count * 4])
    return [list(flat[channel::channels]) for channel in range(channels)]


def channel_number(samples: Sequence[float], sample_rate: int, known: Sequence[bool], begin: Fraction) -> int:
    """Which channel of the fixture is heard; -1 for none. `known` says of each channel whether it only carries bass."""
    tones = [(tone_of(channel, bass=bass), 0 if bass else TONE_RISE) for channel, bass in enumerate(known)]
    return loudest_tone(samples, sample_rate, tones, begin)


def click_offset(
    samples: Sequence[float], sample_rate: int, rate: Fraction, frame: int, begin: Fraction, reach: Fraction
) -> Fraction | None:
    """How many seconds late the click of a frame is heard; None when it is not heard within `reach` seconds of it.

    `begin` is the second on the fixture's clock of the first sample.
    """
    return find_click(samples, sample_rate, frame / rate - begin, reach)


def _quiet(ffmpeg: str) -> list[str]:
    return [ffmpeg, "-hide_banner", "-nostdin", "-nostats", "-loglevel", "error"]


def _output(argv: list[str], path: str) -> bytes:
    finished = run(argv, timeout=SECONDS, limit=1 << 30)
    if finished.code != 0 or finished.cut:
        said = finished.stderr.decode("utf-8", "replace").strip().splitlines()
        raise ProxxError(f"{path} cannot be read back: {said[-1] if said else f'ffmpeg ended with {finished.code}'}")
    return finished.stdout
