"""What ffprobe's document says of pictures, sound, timecode and reel, as exact values."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from proxx.identify import Identity, Table
from proxx.light import lit
from proxx.model import Audio, Colour, Mark, Media, Video
from proxx.pose import pose_of, rotation_of

UNKNOWN = "unknown"
UNTAGGED = frozenset({"", "unknown", "unspecified", "reserved", "N/A"})
CLOSE = Fraction(1, 200)
"""Rates nearer than half a percent are one rate, measured twice."""

SAME_RATE = 100_000
"""A rate that differs from a standard one by less than this part of it is that one, rounded by a clock."""


def read_media(path: str, identity: Identity, document: Table, vocabulary: Table) -> Media:
    """Everything that one ffprobe document tells about an identified file."""
    container = vocabulary["container"].get(identity.container, {})
    form, streams = document["format"], document.get("streams", ())
    video = None
    if identity.video_stream is not None:
        video = read_video(identity.video_stream, vocabulary, frame_count=container.get("frame_count", ""))
    return Media(
        path=path,
        container=identity.container,
        codec=identity.codec,
        reason=identity.reason,
        confidence=identity.confidence,
        demuxer=container.get("demuxer", ""),
        duration=fraction(form.get("duration")),
        cadence=header_cadence(video, container.get("frame_count", "")) if video else None,
        timecode=_first_tag(document, identity, vocabulary, "timecode_tags"),
        reel=_first_tag(document, identity, vocabulary, "reel_tags"),
        marks=told_marks(document, identity, vocabulary),
        video=video,
        audio=tuple(read_audio(stream) for stream in streams if stream.get("codec_type") == "audio"),
        warnings=identity.warnings,
    )


def read_video(stream: Table, vocabulary: Table, *, frame_count: str = "header") -> Video:
    """One picture stream. `frame_count`: where its container counts frames, "duration" if that is kept in frames."""
    raw_rate, average = fraction(stream.get("r_frame_rate")), fraction(stream.get("avg_frame_rate"))
    rate = sensible_rate(raw_rate, average, vocabulary["probe"])
    duration = _seconds(stream, "duration_ts", "duration")
    frames = integer(stream.get("nb_frames"))
    if frames is None and frame_count == "duration" and rate and duration and (duration * rate).denominator == 1:
        frames = int(duration * rate)
    video = Video(
        index=integer(stream.get("index")) or 0,
        codec=str(stream.get("codec_name", "")),
        profile=str(stream.get("profile", "")),
        tag=_tag(stream),
        width=integer(stream.get("width")) or None,
        height=integer(stream.get("height")) or None,
        pix_fmt=stream.get("pix_fmt"),
        par=fraction(stream.get("sample_aspect_ratio")) or Fraction(1),
        rotation=rotation_of(stream, tag_of(stream, "rotate")),
        field_order=str(stream.get("field_order", UNKNOWN)),
        rate=rate,
        average_rate=average or None,
        frames=frames or None,
        start=_seconds(stream, "start_pts", "start_time"),
        duration=duration,
        colour=_colour(stream),
        pose=pose_of(stream, tag_of(stream, "rotate")),
        alpha="beside" if tag_of(stream, "alpha_mode") == "1" else None,
    )
    return lit(video, stream.get("side_data_list", ()))


def read_audio(stream: Table) -> Audio:
    """One sound stream; a codec of "" or no channels mean that FFmpeg cannot decode it."""
    language = tag_of(stream, "language")
    return Audio(
        index=integer(stream.get("index")) or 0,
        codec=str(stream.get("codec_name", "")).removeprefix(UNKNOWN),
        channels=integer(stream.get("channels")) or 0,
        layout=str(stream.get("channel_layout", "")).removeprefix(UNKNOWN),
        sample_rate=integer(stream.get("sample_rate")) or 0,
        sample_format=str(stream.get("sample_fmt", "")).removeprefix(UNKNOWN),
        start=_seconds(stream, "start_pts", "start_time"),
        duration=_seconds(stream, "duration_ts", "duration"),
        language="" if language == "und" else language,
        title=tag_of(stream, "title"),
    )


def sensible_rate(raw: Fraction | None, average: Fraction | None, settings: Table) -> Fraction | None:
    """The rate to believe in: ffprobe's r_frame_rate, unless it is a clock or counts fields.

    Without a believable one: the standard rate nearest to the average, or the lowest that loses no picture.
    """
    low, high = Fraction(1), Fraction(settings["max_rate"])
    sane_average = average if average is not None and low <= average <= high else None
    if raw is not None and low <= raw <= high:
        counts_fields = sane_average is not None and raw == 2 * sane_average
        return sane_average if sane_average and counts_fields else _exact(raw, settings)
    return standard_rate(sane_average, settings) if sane_average else None


def _exact(rate: Fraction, settings: Table) -> Fraction:
    """The standard rate that clocks of milliseconds (Matroska) make 19001/317 of, else the rate itself."""
    known = (Fraction(word) for word in settings["rates"])
    return next((other for other in known if abs(other - rate) <= rate / SAME_RATE), rate)


def standard_rate(rate: Fraction, settings: Table) -> Fraction:
    """The standard rate that is as good as equal, else the lowest one above, else the rate itself."""
    known = sorted(Fraction(word) for word in settings["rates"])
    nearest = min(known, key=lambda other: abs(other - rate))
    if abs(nearest - rate) <= rate * CLOSE:
        return nearest
    return next((other for other in known if other > rate), rate)


def header_cadence(video: Video, frame_count: str) -> str:
    """ "constant" when count, rate and duration in the header agree to a tenth of a frame; else only a scan tells."""
    if not frame_count or not video.frames or not video.rate or video.duration is None:
        return UNKNOWN
    if video.average_rate not in (None, video.rate):
        return UNKNOWN
    return "constant" if abs(video.frames - video.duration * video.rate) < Fraction(1, 10) else UNKNOWN


def fraction(value: Any) -> Fraction | None:
    """ffprobe's "24000/1001", "64:45" or "1.001000" exactly; None for "0/0", "N/A" and nothing."""
    try:
        return Fraction(str(value).replace(":", "/"))
    except (ValueError, ZeroDivisionError):
        return None


def integer(value: Any) -> int | None:
    """ffprobe's integers, which it writes bare or in quotes."""
    try:
        return int(value)
    except (TypeError, ValueError):
        return None


def tag_of(part: Table, name: str) -> str:
    """A metadata tag by name, whatever its case (Matroska shouts), "" when there is none."""
    for key, value in part.get("tags", {}).items():
        if key.lower() == name:
            return str(value)
    return ""


def _tag(stream: Table) -> str:
    """The fourcc, unless it is made of bytes that are no characters."""
    tag = str(stream.get("codec_tag_string", ""))
    return "" if tag.startswith("[") else tag


def _seconds(stream: Table, ticks: str, seconds: str) -> Fraction | None:
    """A time in seconds: exactly from ticks and time base, else ffprobe's rounded decimal."""
    count, base = integer(stream.get(ticks)), fraction(stream.get("time_base"))
    return count * base if count is not None and base else fraction(stream.get(seconds))


def _colour(stream: Table) -> Colour:
    def word(key: str) -> str:
        value = str(stream.get(key, ""))
        return UNKNOWN if value in UNTAGGED else value

    # The yuvj formats are full range by definition, tagged or not.
    full = str(stream.get("pix_fmt", "")).startswith("yuvj")
    return Colour(
        range="pc" if full else word("color_range"),
        primaries=word("color_primaries"),
        transfer=word("color_transfer"),
        matrix=word("color_space"),
    )


def told_marks(document: Table, identity: Identity, vocabulary: Table) -> tuple[Mark, ...]:
    """Every timecode that ffprobe tells, by its place: the picture, a timecode track, another stream, the file.

    A timecode track has its own rate; the first is the one that FFmpeg lets the picture have.
    """
    picture = identity.video_stream or {}
    found = []
    tracks = 0
    for stream in document.get("streams", ()):
        is_track = stream.get("codec_tag_string") in vocabulary["probe"]["timecode_streams"]
        place = "picture" if stream is picture else "stream"
        if is_track:
            place, tracks = "other-track" if tracks else "track", tracks + 1
        rate = fraction(stream.get("avg_frame_rate")) or None if is_track else None
        found += _marks_of(stream, place, rate, vocabulary)
    return (*found, *_marks_of(document["format"], "file", None, vocabulary))


def _marks_of(part: Table, place: str, rate: Fraction | None, vocabulary: Table) -> list[Mark]:
    texts = [(name, tag_of(part, name).strip()) for name in vocabulary["probe"]["timecode_tags"]]
    detail = "of the file" if place == "file" else f"of stream {part.get('index')}"
    stream = integer(part.get("index"))
    return [Mark(place, text, rate, stream, detail=f"tag {name} {detail}") for name, text in texts if text]


def _first_tag(document: Table, identity: Identity, vocabulary: Table, key: str) -> str:
    """The first non-empty of the tags listed under `key`: of the picture, timecode tracks, the file, other streams."""
    for part in _tagged_parts(document, identity, vocabulary["probe"]["timecode_streams"]):
        for name in vocabulary["probe"][key]:
            if value := tag_of(part, name).strip():
                return value
    return ""


def _tagged_parts(document: Table, identity: Identity, timecode_streams: list[str]) -> Iterator[Table]:
    if identity.video_stream is not None:
        yield identity.video_stream
    streams = document.get("streams", ())
    tracks = [stream for stream in streams if stream.get("codec_tag_string") in timecode_streams]
    yield from tracks
    yield document["format"]
    yield from (stream for stream in streams if stream not in tracks)
