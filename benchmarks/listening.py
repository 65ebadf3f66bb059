"""What is heard in a clip and its proxy, by other code than proxx's own: tones, clicks, and when they come."""

from __future__ import annotations

import math
import os
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

from readings import Reading

from proxx.burnin import CLICK_HERTZ, CLICK_LEVEL, CLICK_SECONDS, clicks_until
from proxx.fixture import Fixture
from proxx.readback import channel_number

EAR = 8000
"""Samples a second at which sound is listened to."""

REACH, TOLERANCE = Fraction(1, 40), Fraction(1, 500)
"""Seconds around its place in which a click is looked for, and by which it may be early or late."""


def listen(path: str, ffmpeg: str, reading: Reading) -> list[list[float]]:
    """Every channel of every audio stream, in order, at EAR samples a second, from second 0 on the file's own clock."""
    heard: list[list[float]] = []
    with tempfile.TemporaryDirectory() as folder:
        argv = [ffmpeg, "-v", "error", "-nostdin", "-copyts", "-i", path]
        for place in range(len(reading.sound)):
            argv += ["-map", f"0:a:{place}", "-af", f"aresample=osr={EAR}:async=1", "-c:a", "pcm_f32le"]
            argv += ["-f", "f32le", f"{folder}/{place}"]
        subprocess.run(argv, capture_output=True, check=False, stdin=subprocess.DEVNULL)
        for place, (channels, _, _) in enumerate(reading.sound):
            data = Path(folder, str(place)).read_bytes() if os.path.exists(f"{folder}/{place}") else b""
            ahead = round(reading.heard[place] * EAR) * 4 * channels
            data = bytes(ahead) + data[max(0, -ahead) :]
            flat = memoryview(data[: len(data) // 4 * 4]).cast("f")
            heard += [list(flat[channel::channels]) for channel in range(channels)]
    return heard


def clip_shift(fixture: Fixture, reading: Reading, path: str, ffmpeg: str) -> Fraction:
    """How late the sound of a clip itself is: not every muxer puts it where it was told to (Opus in WebM)."""
    if not reading.sound:
        return Fraction(0)
    return _offset(fixture, listen(path, ffmpeg, reading)[0], -(reading.start + fixture.late)) or Fraction(0)


def _offset(fixture: Fixture, samples: list[float], ahead: Fraction) -> Fraction | None:
    """How late the clicks are heard, all together; None when they are not near.

    `ahead` is the second on the fixture's own clock at which the samples begin. At high rates clicks lie nearer to one
    another than what is looked through: only their growing distances tell which is which.
    """
    length = round(CLICK_SECONDS * EAR)
    form = [math.sin(2 * math.pi * CLICK_HERTZ * at / EAR) for at in range(length)]
    places = [round((click / fixture.rate - ahead) * EAR) for click in clicks_until(fixture.frames) if click]
    wide = round(REACH * EAR)
    if not places or places[0] < wide or places[-1] + wide + length > len(samples):
        samples = [0.0] * wide + samples + [0.0] * (2 * wide + length + places[-1] if places else 0)
        places = [place + wide for place in places]

    def loudness(lag: int) -> float:
        return sum(samples[place + lag + step] * form[step] for place in places for step in range(length))

    best = max(range(-wide, wide + 1), key=loudness)
    enough = CLICK_LEVEL * length / 2 / 3 * len(places)
    return Fraction(best, EAR) if places and loudness(best) >= enough else None


def sound_faults(
    fixture: Fixture,
    reading: Reading,
    path: str,
    ffmpeg: str,
    shift: Fraction = Fraction(0),
    promised: Sequence[int] | None = None,
) -> Iterator[str]:
    """What is wrong with the sound: streams, channels, their order, and when they are heard against the clip itself.

    `promised` are the streams that the clip's channels were said to be spread over, where that is not as in the clip.
    """
    wanted, found = [stream.channels for stream in fixture.streams], [channels for channels, _, _ in reading.sound]
    if promised is not None and sum(promised) == sum(wanted):
        wanted = list(promised)
    if wanted != found:
        yield f"channels {found}, not {wanted}"
        return
    if not found:
        return
    heard = listen(path, ffmpeg, reading)
    bass = [place == stream.bass for stream in fixture.streams for place in range(stream.channels)]
    channel = 0
    ahead = -(reading.start + fixture.late)
    for channels, _, _ in reading.sound:
        for _ in range(channels):
            yield from _channel_faults(fixture, heard[channel], channel, bass, ahead, shift)
            channel += 1


def _channel_faults(
    fixture: Fixture, samples: list[float], channel: int, bass: Sequence[bool], ahead: Fraction, shift: Fraction
) -> Iterator[str]:
    if not bass[channel]:
        late = _offset(fixture, samples, ahead)
        if late is None:
            yield f"channel {channel}: no click"
        elif abs(late - shift) > TOLERANCE:
            yield f"channel {channel}: {float(late - shift) * 1000:+.1f} ms"
    quiet = list(samples)
    for click in clicks_until(fixture.frames):
        at = round((click / fixture.rate - ahead + shift) * EAR)
        first, last = max(at - 8, 0), max(at + 28, 0)
        quiet[first:last] = [0.0] * len(quiet[first:last])
    number = channel_number(quiet, EAR, bass, ahead)
    if number != channel:
        yield f"channel {channel} is {number}"
