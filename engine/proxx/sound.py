"""The sound of one source against its picture: where each audio stream begins and ends, and what it lacks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from proxx.clip import Clip, picture_length
from proxx.model import Audio, Media


@dataclass(frozen=True, slots=True)
class Track:
    """One audio stream of a source. `late` counts samples from the first picture to the first sound."""

    stream: Audio
    late: int


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
    end, length = _sound_end(track), picture_length(clip)
    if end is None or length is None or clip.source_rate is None:
        return None
    return end > length + 1 / clip.source_rate


def falls_short(track: Track, clip: Clip) -> bool | None:
    """Whether there is no sound at the first picture, or at the end of the last one, by half a sample and more."""
    end, length = _sound_end(track), picture_length(clip)
    if track.late > 0:
        return True
    if end is None or length is None or not track.stream.sample_rate:
        return None
    return (length - end) * track.stream.sample_rate >= Fraction(1, 2)


def _sound_end(track: Track) -> Fraction | None:
    """Seconds from the first picture to the end of the sound."""
    stream = track.stream
    if stream.duration is None or not stream.sample_rate:
        return None
    return Fraction(track.late, stream.sample_rate) + stream.duration


def said_language(language: str, container: Mapping[str, Any]) -> str:
    """The word for a language in a container, of which this is the vocabulary's entry."""
    return str(container.get("languages", {}).get(language, language))


def samples_of(codec: str, recipe: Mapping[str, Any]) -> str:
    """float, wide (whole numbers with more bits than the PCM of the profile), or whole."""
    if codec.startswith(("pcm_f32", "pcm_f64")):
        return "float"
    return "wide" if 0 < _bits(recipe["encoder"]) < _bits(codec) else "whole"


def sample_words(codec: str) -> str:
    """What to call the samples of a codec."""
    return f"{bits}-bit PCM" if (bits := _bits(codec)) else codec or "unknown"


def _bits(codec: str) -> int:
    """The bits of a sample of linear PCM, 0 of another codec."""
    bits = codec.removeprefix("pcm_s").removesuffix("le").removesuffix("be")
    return int(bits) if codec.startswith("pcm_s") and bits.isdecimal() else 0


def has_names(stream: Audio, recipe: Mapping[str, Any]) -> bool:
    """Whether the channels have names that the profile's audio codec can say; one channel and two need none.

    More than the codec takes are known by their names alone.
    """
    layouts, channels = recipe.get("layouts", ()), stream.channels or 0
    if channels <= 2:
        return True
    return bool(stream.layout) if not layouts or channels > len(layouts) else stream.layout in layouts


def layout_for(stream: Audio, recipe: Mapping[str, Any]) -> str:
    """The names that the channels are given in their order, "" where they keep what they have."""
    layouts, channels = recipe.get("layouts", ()), stream.channels or 0
    if stream.layout in layouts or not 0 < channels <= len(layouts):
        return ""
    return str(layouts[channels - 1])
