"""What a proxy is, read by other code than proxx's own: ffprobe's plain words and burnt-in numbers."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from proxx.burnin import Number
from proxx.errors import ProxxError
from proxx.fixture import Fixture
from proxx.fixturelines import seconds_of
from proxx.readback import Area, numbers_of

TAGS = ("primaries", "transfer", "space")


@dataclass(frozen=True, slots=True)
class Reading:
    """A file in ffprobe's words. `sound` are the (channels, sample rate, start) of its audio streams.

    `heard` is the second of the first decoded sample of each: FFmpeg's resampler fills up long gaps only, and takes
    the clock of a transport stream for that of the one stream it reads.
    """

    codec: str = ""
    width: int = 0
    height: int = 0
    par: Fraction = Fraction(1)
    rate: Fraction = Fraction(0)
    rotation: int = 0
    field_order: str = ""
    timecode: str = ""
    reel: str = ""
    colour: tuple[str, str, str, str] = ("", "", "", "")
    start: Fraction = Fraction(0)
    sound: tuple[tuple[int, int, Fraction], ...] = ()
    heard: tuple[Fraction, ...] = ()
    numbers: list[Number | None] = field(default_factory=list)


def read(path: str, ffprobe: str, ffmpeg: str, area: Area | None = None) -> Reading:
    """Everything about a file that an editor would notice. Raises ProxxError when FFmpeg cannot read it."""
    argv = [ffprobe, "-v", "error", "-show_streams", "-show_format", "-of", "json", path]
    done = subprocess.run(argv, capture_output=True, check=False, stdin=subprocess.DEVNULL)
    document = json.loads(done.stdout or b"{}")
    streams = document.get("streams", [])
    video = next((one for one in streams if one.get("codec_type") == "video"), None)
    if video is None:
        raise ProxxError(f"{path} has no picture")
    tags = [one.get("tags", {}) for one in (video, *streams, document.get("format", {}))]
    return Reading(
        codec=video.get("codec_name", ""),
        width=video["width"],
        height=video["height"],
        par=_fraction(video.get("sample_aspect_ratio"), "1"),
        rate=_rate(video),
        rotation=_rotation(video),
        field_order=video.get("field_order", "unknown"),
        timecode=_tag(tags, "timecode"),
        reel=_tag(tags, "reel_name"),
        colour=_colour(video),
        start=_fraction(video.get("start_time"), "0"),
        sound=tuple(
            (int(one.get("channels", 0)), int(one.get("sample_rate", 0)), _fraction(one.get("start_time"), "0"))
            for one in streams
            if one.get("codec_type") == "audio"
        ),
        heard=tuple(
            _first_heard(path, ffprobe, int(one["index"])) for one in streams if one.get("codec_type") == "audio"
        ),
        numbers=numbers_of(path, ffmpeg, area=area),
    )


def _first_heard(path: str, ffprobe: str, index: int) -> Fraction:
    argv = [ffprobe, "-v", "error", "-select_streams", str(index), "-read_intervals", "%+#3"]
    argv += ["-show_entries", "frame=pts_time", "-of", "csv=p=0", path]
    said = subprocess.run(argv, capture_output=True, check=False, stdin=subprocess.DEVNULL).stdout.decode().split()
    return _fraction(said[0].strip(",") if said else "", "0")


def _colour(video: dict[str, Any]) -> tuple[str, str, str, str]:
    """Range, primaries, transfer and matrix."""
    primaries, transfer, matrix = (str(video.get(f"color_{name}", "unknown")) for name in TAGS)
    return _range(video), primaries, transfer, matrix


def _range(video: dict[str, Any]) -> str:
    """The range, limited where none is told: H.264 has no word for it that could stand beside unknown colours."""
    return str(video.get("color_range", "tv"))


def _fraction(value: Any, otherwise: str) -> Fraction:
    try:
        return Fraction(str(value).replace(":", "/"))
    except (ValueError, ZeroDivisionError):
        return Fraction(otherwise)


def _rate(video: dict[str, Any]) -> Fraction:
    """The rate in the header; a clock of milliseconds makes 19001/317 of 60000/1001."""
    rate = _fraction(video.get("r_frame_rate"), "0")
    exact = [
        *map(Fraction, (24, 25, 30, 48, 50, 60, 120)),
        *(Fraction(one * 1000, 1001) for one in (24, 30, 48, 60, 120)),
    ]
    return next((one for one in exact if abs(one - rate) < one / 100_000), rate)


def _rotation(video: dict[str, Any]) -> int:
    turns = [-int(one["rotation"]) for one in video.get("side_data_list", ()) if "rotation" in one]
    return (turns[0] if turns else 0) % 360


def _tag(parts: Sequence[dict[str, str]], name: str) -> str:
    return next((value for part in parts for key, value in part.items() if key.lower() == name and value), "")


def numbers_in(label: str) -> list[int]:
    """Hours, minutes, seconds and frames: beyond 100 a second frames are written with three digits."""
    return [int(number) for number in re.findall(r"\d+", label)]


def frame_faults(fixture: Fixture, reading: Reading, rate: Fraction | None) -> Iterator[str]:
    """What is wrong with the frames: number, first, order; `rate` is the one that the file is conformed to."""
    numbers = [number.value if number else -1 for number in reading.numbers]
    wanted = list(range(fixture.frames)) if rate is None else _conformed(fixture, rate, numbers)
    if -1 in numbers:
        yield f"{numbers.count(-1)} frames without a number"
    elif len(numbers) != len(wanted):
        yield f"{len(numbers)} frames, not {len(wanted)}"
    elif numbers and numbers[0] != wanted[0]:
        yield f"begins with frame {numbers[0]}"
    elif numbers != wanted:
        first = next(at for at, (one, other) in enumerate(zip(numbers, wanted, strict=True)) if one != other)
        yield f"frame {first} is {numbers[first]}, not {wanted[first]}"
    turns = {number.turn for number in reading.numbers if number}
    upright = {(turn + reading.rotation) % 360 for turn in turns}
    if turns and upright != {fixture.rotation}:
        yield f"turned {sorted(upright)}, not {fixture.rotation}"


def _conformed(fixture: Fixture, rate: Fraction, numbers: Sequence[int]) -> list[int]:
    """What each frame at a rate shows: the source's frame that is shown then, or the one next to it that is as near."""
    starts = [seconds_of(fixture, frame) for frame in range(fixture.frames)]
    length = starts[-1] + 1 / fixture.rate
    count = round(length * rate)
    wanted = []
    for at in range(count):
        moment = at / rate
        near = [
            frame for frame, start in enumerate(starts) if abs(_shown(starts, frame, length, moment)) <= 1 / rate / 2
        ]
        now = max(frame for frame, start in enumerate(starts) if start <= moment + Fraction(1, 1000))
        shown = numbers[at] if at < len(numbers) else -1
        wanted.append(shown if shown in near else now)
    return wanted


def _shown(starts: Sequence[Fraction], frame: int, length: Fraction, moment: Fraction) -> Fraction:
    """How far a moment lies outside the time in which a frame is shown."""
    end = starts[frame + 1] if frame + 1 < len(starts) else length
    return max(starts[frame] - moment, moment - end, Fraction(0))
