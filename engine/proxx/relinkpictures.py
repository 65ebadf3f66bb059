"""The pictures and waveforms of a relink report: frames of clip and proxy with their difference, and every channel."""

from __future__ import annotations

import base64
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from proxx.errors import ProxxError
from proxx.glimpses import Reader, compared_size, conforming, read_frame, read_sound
from proxx.likeness import heard, shown_frames
from proxx.model import Audio, Media, Video
from proxx.process import run

WIDTH = 480
"""Pixels of a shown frame."""

WAVE = (600, 64)
"""Columns and height of a waveform's channel."""

BRIGHTER = 4
MOST_SAMPLES = 4_000_000
"""Samples of a channel that are looked at; longer sound is read at a lower rate."""

QUIET = 0.001
"""Sound below this is drawn as the silence that it nearly is."""

MOST_CHANNELS = 16
"""Channels of a stream that are drawn."""


@dataclass(frozen=True, slots=True)
class Frames:
    """One frame's number, and the JPEG pictures (base64) of clip, proxy and difference; "" where there is none."""

    number: int
    where: str
    images: tuple[str, str, str]


def frames_of(reader: Reader, source: Media, proxy: Media, folder: str) -> tuple[tuple[int, int], list[Frames]]:
    """First, middle and last frame of both, side by side; `folder` is for what is written on the way."""
    size = compared_size(proxy.video or Video(), WIDTH, 1)
    size = (size[0], size[1] // 2 * 2)
    count = shown_frames(proxy.video or Video()) or 1
    wanted = {0: "first", count // 2: "middle", count - 1: "last"}
    raw: list[NDArray[np.uint8] | None] = []
    for number in wanted:
        pair = [
            _frame(reader, media, size, number, chain)
            for media, chain in ((source, conforming(source, proxy)), (proxy, ""))
        ]
        raw += [*pair, _difference(*pair)]
    images = _encoded(reader, raw, size, folder)
    rows = [
        Frames(number, where, (images[3 * row], images[3 * row + 1], images[3 * row + 2]))
        for row, (number, where) in enumerate(wanted.items())
    ]
    return size, rows


def _frame(reader: Reader, media: Media, size: tuple[int, int], number: int, conform: str) -> NDArray[np.uint8] | None:
    try:
        return read_frame(reader, media, size, number, conform)
    except ProxxError:
        return None  # what cannot be decoded is told by the findings


def _difference(one: NDArray[np.uint8] | None, other: NDArray[np.uint8] | None) -> NDArray[np.uint8] | None:
    if one is None or other is None:
        return None
    apart = np.abs(one.astype(np.int16) - other.astype(np.int16)) * BRIGHTER
    limited: NDArray[np.uint8] = np.minimum(apart, 255).astype(np.uint8)
    return limited


def _encoded(reader: Reader, raw: Sequence[NDArray[np.uint8] | None], size: tuple[int, int], folder: str) -> list[str]:
    """Every picture as JPEG in base64."""
    there = [picture for picture in raw if picture is not None]
    if not there:
        return [""] * len(raw)
    with tempfile.TemporaryDirectory(prefix="proxx-pictures-", dir=folder or None) as place:
        path = os.path.join(place, "frames.rgb")
        np.concatenate(there).tofile(path)
        argv = [
            reader.tool, "-hide_banner", "-nostdin", "-nostats", "-loglevel", "error", "-protocol_whitelist", "file",
            "-f", "rawvideo", "-pixel_format", "rgb24", "-video_size", f"{size[0]}x{size[1]}", "-i", f"file:{path}",
            "-c:v", "mjpeg", "-q:v", "4", "-f", "image2", f"file:{os.path.join(place, 'frame%d.jpg')}",
        ]  # fmt: skip
        finished = run(argv, timeout=60, stop=reader.stop)
        if finished.stopped:
            raise KeyboardInterrupt
        coded = []
        for number in range(1, len(there) + 1):
            with open(os.path.join(place, f"frame{number}.jpg"), "rb") as handle:
                coded.append(base64.b64encode(handle.read()).decode("ascii"))
    left = iter(coded)
    return ["" if picture is None else next(left) for picture in raw]


@dataclass(frozen=True, slots=True)
class Wave:
    """One audio stream: an outline a channel, as the path of a drawing, and the highest sample of all."""

    lanes: list[str]
    peak: float = 0.0


def waves_of(reader: Reader, media: Media, beside: Sequence[Wave] = ()) -> list[Wave]:
    """Every audio stream that can be heard, drawn as high as its peak, or as those beside it are drawn."""
    video = media.video or Video()
    frames = shown_frames(video)
    seconds = float(frames / video.rate) if frames and video.rate else float(media.duration or 0)
    peaks = [wave.peak for wave in beside]
    return [
        _wave(reader, media, stream, seconds, peaks[place] if place < len(peaks) else 0.0)
        for place, stream in enumerate(heard(media.audio or ()))
    ]


def _wave(reader: Reader, media: Media, stream: Audio, seconds: float, peak: float) -> Wave:
    if seconds <= 0:
        return Wave([])
    rate = min(stream.sample_rate or 48000, 16000, max(int(MOST_SAMPLES / seconds), 200))
    try:
        sound = read_sound(reader, media, stream, rate, 0.0, seconds)
    except ProxxError:
        return Wave([])
    highest = peak or float(np.abs(sound).max(initial=0.0))
    scale = np.float32(1 / highest if highest > QUIET else 1)
    return Wave([_outline(channel * scale) for channel in sound[:MOST_CHANNELS]], highest)


def _outline(channel: NDArray[np.float32]) -> str:
    """The highest and lowest sample of each column as a closed path; a hair's breadth where it is silent."""
    columns, height = WAVE
    middle = height / 2
    edges = np.linspace(0, len(channel), columns + 1).astype(int)
    parts = [channel[low : max(high, low + 1)] for low, high in pairwise(edges)]
    tops = [middle - min(float(part.max(initial=0)), 1) * (middle - 1) - 0.3 for part in parts]
    feet = [middle - max(float(part.min(initial=0)), -1) * (middle - 1) + 0.3 for part in parts]
    upper = "".join(f"L{x} {y:.1f}" for x, y in enumerate(tops))
    lower = "".join(f"L{x} {y:.1f}" for x, y in reversed(list(enumerate(feet))))
    return f"M0 {middle:.1f}{upper}{lower}Z"
