"""Whether a made fixture is what its words say: the probed file and its burnt-in numbers against what was asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

from proxx.burnin import NUMBERS, Number
from proxx.clip import scan_of
from proxx.fixture import Fixture
from proxx.fixturefit import traits
from proxx.model import Media
from proxx.packets import Packets
from proxx.timecode import TimecodeError, parse

MILLISECOND = Fraction(1, 1000)
FIELDS = {"tff": ("tt", "tb"), "bff": ("bb", "bt")}

Wrong = dict[str, str]


def differences(
    fixture: Fixture, media: Media, packets: Packets, numbers: Sequence[Number | None], label: str, priming: int
) -> Iterator[Wrong]:
    """Each word that the file does not keep, with what it has; `label` is the timecode that its own track holds.

    `priming` is how many samples the sound's encoder puts before the sound.
    """
    if media.state != "ok" or media.video is None:
        yield {"word": "a picture", "is": f"{media.state} {media.detail}".strip()}
        return
    yield from _picture(fixture, media)
    yield from _time(fixture, media, packets, label)
    yield from _sound(fixture, media, priming)
    yield from _numbers(fixture, numbers)


def _differ(word: str, wanted: object, found: object) -> Iterator[Wrong]:
    if wanted != found:
        yield {"word": f"{word} {wanted}", "is": str(found) or "none"}


def _picture(fixture: Fixture, media: Media) -> Iterator[Wrong]:
    video = media.video
    if video is None:
        return
    yield from _differ("the raster", f"{fixture.width}x{fixture.height}", f"{video.width}x{video.height}")
    if "par" in fixture.asked:
        yield from _differ("the pixel aspect ratio", fixture.par, video.par)
    if "rot" in fixture.asked:
        yield from _differ("the rotation", fixture.rotation, video.rotation)
    wanted, found = traits(fixture.pixels.get("reads", fixture.pix_fmt)), traits(video.pix_fmt or "yuv420p")
    for name in sorted(fixture.asked & wanted.keys()):
        yield from _differ(name, wanted[name], found[name])
    yield from _tags(fixture, media)


def _tags(fixture: Fixture, media: Media) -> Iterator[Wrong]:
    """Colour tags and fields."""
    video = media.video
    if video is None or video.colour is None:
        return
    for name in sorted(fixture.asked & {"range", "primaries", "transfer", "matrix"}):
        yield from _differ(f"colour {name}", getattr(fixture.colour, name), getattr(video.colour, name))
    if fixture.interlaced == "no":
        if "interlaced" in fixture.asked:
            yield from _differ("the scan", "progressive", scan_of(media))
    elif video.field_order not in FIELDS[fixture.interlaced]:
        yield {"word": f"interlaced={fixture.interlaced}", "is": f"the field order {video.field_order}"}


def _time(fixture: Fixture, media: Media, packets: Packets, label: str) -> Iterator[Wrong]:
    video = media.video
    if video is None:
        return
    yield from _differ("shown frames", fixture.frames, video.shown)
    if fixture.frames > 1:
        yield from _differ("a cadence that is", "variable" if fixture.is_variable else "constant", media.cadence)
        if not fixture.is_variable:
            yield from _differ("the rate", fixture.rate, video.rate)
    if "bframes" in fixture.asked:
        yield from _differ("B-frames:", fixture.has_b_frames, packets.has_b_frames)
    if "start" in fixture.asked and video.first is not None and abs(video.first - fixture.start) > MILLISECOND:
        yield {"word": f"start={float(fixture.start):g}", "is": f"{float(video.first):g}"}
    yield from _labels(fixture, media, label)


def _labels(fixture: Fixture, media: Media, label: str) -> Iterator[Wrong]:
    """Timecode and reel."""
    found = label or media.timecode or ""
    if fixture.timecode and not _is_same_label(fixture.timecode, found, fixture.rate):
        yield {"word": f"the timecode {fixture.timecode}", "is": found or "none"}
    if fixture.reel:
        yield from _differ("the reel", fixture.reel, media.reel)


def _is_same_label(wanted: str, found: str, rate: Fraction) -> bool:
    """Whether two labels are one, written with more digits or other marks."""
    try:
        return parse(wanted, rate) == parse(found, rate)
    except TimecodeError:
        return wanted == found


def _sound(fixture: Fixture, media: Media, priming: int) -> Iterator[Wrong]:
    streams = media.audio or ()
    channels = [stream.channels for stream in fixture.streams]
    yield from _differ("audio channels", channels, [stream.channels for stream in streams])
    if len(streams) != len(fixture.streams):
        return
    for place, (wanted, found) in enumerate(zip(fixture.streams, streams, strict=True)):
        name = f"audio stream {place}"
        yield from _differ(f"{name}: the sample rate", fixture.sample_rate, found.sample_rate)
        if "audio" in fixture.asked and not wanted.layout:
            yield from _differ(f"{name}: the layout", "", found.layout)
        if place < len(fixture.languages):
            yield from _differ(f"{name}: the language", fixture.languages[place], found.language)
        if fixture.title:
            yield from _differ(f"{name}: the title", fixture.title, found.title)
        late = (found.start or Fraction(0)) - ((media.video.first if media.video else None) or Fraction(0))
        # What an encoder puts before the sound to get going may count, or not, or twice (Opus in WebM).
        early = fixture.late - late
        if (
            "late" in fixture.asked
            and not -MILLISECOND <= early <= Fraction(priming, fixture.sample_rate) + MILLISECOND
        ):
            yield {"word": f"late={float(fixture.late):g}", "is": f"{float(late):g} in stream {place}"}


def _numbers(fixture: Fixture, numbers: Sequence[Number | None]) -> Iterator[Wrong]:
    """Every shown frame must carry its number, the way it was drawn."""
    wanted = [Number(frame % NUMBERS, 0) for frame in range(fixture.frames)]
    if list(numbers) != wanted:
        found = [number.value if number else "?" for number in numbers]
        yield {"word": f"the frame numbers 0 to {fixture.frames - 1}", "is": ", ".join(map(str, found[:24])) or "none"}
