"""Decodes the beginning of a source, and where its pictures look damaged: that is told before a job runs."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from threading import Event
from typing import Any

from proxx.lastframe import allowed, named
from proxx.model import Audio, Media, Video
from proxx.process import run
from proxx.stored import misfit
from proxx.tools import crash_words, whole_path

TICKS = 1_000_000
"""In how many parts a second is divided to tell when a picture is shown: far finer than samples are."""

TABLED = ("mov", "mp4", "m4v")
"""Containers whose tables say where every picture lies."""

AROUND = 2
"""Seconds before and after the moment of a picture that are decoded with it."""


def try_decoding(
    media: Media, vocabulary: Mapping[str, Mapping[str, Any]], ffmpeg: str, *, stop: Event | None = None
) -> Media:
    """The same Media, knowing whether its beginning decodes without an error (and FFmpeg's word if not), and when
    its sound begins.

    It is decoded as the encode will: strictly, so that what passes here does not fail there at its first frames.
    """
    video = media.video
    if media.state != "ok" or video is None or not video.pix_fmt or not media.demuxer:
        return media
    sounds = [one for one in media.audio or () if one.codec and one.channels and one.sample_rate]
    if media.decodes and not sounds:
        return media
    settings = vocabulary["probe"]
    argv = [
        *reading(media, settings, ffmpeg, ["-t", settings["trial_seconds"]]),
        "-map", f"0:{video.index}", "-filter:v", f"trim=end_frame={settings['trial_frames']}",
        "-fps_mode:v", "passthrough", "-enc_time_base:v", f"1/{TICKS}",
        *(word for one in sounds for word in ("-map", f"0:{one.index}")),
        *(("-filter:a", "atrim=end_sample=1") if sounds else ()), "-f", "framecrc", "-",
    ]  # fmt: skip
    finished = run(argv, timeout=settings["timeout_seconds"], stop=stop)
    if finished.timed_out or finished.stopped:
        return media  # slow is not damaged
    if finished.code < 0:
        return replace(media, state="tool-crashed", detail=crash_words("ffmpeg", finished.code))
    words = finished.stderr.decode("utf-8", "replace").strip().splitlines()
    if finished.code:
        return replace(media, decodes=False, detail=_plain(words[-1]) if words else media.detail)
    first = _first(finished.stdout)
    if 0 not in first and not media.decodes:
        return _first_picture(media, video, settings, ffmpeg, stop)
    return _heard(replace(media, decodes=True), video, sounds, first)


def _first_picture(media: Media, video: Video, settings: Mapping[str, Any], ffmpeg: str, stop: Event | None) -> Media:
    """The same Media, knowing whether a picture comes out of it at all: FFmpeg may be content with none.

    A picture that begins after the sound is no fault.
    """
    argv = [*reading(media, settings, ffmpeg, []), "-map", f"0:{video.index}"]
    finished = run(
        [*argv, "-frames:v", "1", "-fps_mode:v", "passthrough", "-f", "framecrc", "-"],
        timeout=settings["timeout_seconds"],
        stop=stop,
    )
    if finished.timed_out or finished.stopped or finished.code < 0:
        return media
    words = finished.stderr.decode("utf-8", "replace").strip().splitlines() or ["no picture comes out of it"]
    return (
        replace(media, decodes=True)
        if _first(finished.stdout)
        else replace(media, decodes=False, detail=_plain(words[-1]))
    )


def try_within(
    media: Media, vocabulary: Mapping[str, Mapping[str, Any]], ffmpeg: str, *, stop: Event | None = None
) -> Media:
    """The same Media, not decoding where a picture in its midst is a hole or does not fill its place.

    Tables of MOV and MP4 tell in milliseconds which picture looks so; only what FFmpeg cannot decode then is damaged.
    """
    video = media.video
    if media.decodes is False or media.state != "ok" or media.container not in TABLED:
        return media
    if video is None or not video.pix_fmt or not video.rate or not media.demuxer:
        return media
    settings = vocabulary["probe"]
    found = misfit(media.path, video.index, settings["walked_pictures"])
    if found is None:
        return media
    number, count = found
    moment = video.duration * number / count if video.duration else number / video.rate
    window = ["-ss", f"{max(int((moment - AROUND) * 1000), 0)}ms", "-t", str(2 * AROUND)]
    argv = [*reading(media, settings, ffmpeg, window), "-map", f"0:{video.index}", "-f", "null", "-"]
    finished = run(argv, timeout=settings["timeout_seconds"], stop=stop)
    words = finished.stderr.decode("utf-8", "replace").strip().splitlines()
    # Some decoders call a hole an error and go on: a word is enough beside the table's.
    if finished.timed_out or finished.stopped or finished.code < 0 or not words:
        return media
    return replace(
        media, decodes=False, detail=f"picture {number + 1} of {count} as they are stored: {_plain(words[0])}"
    )


def _plain(line: str) -> str:
    """A line of FFmpeg's without the place in memory that it begins with: that is another one every time."""
    return re.sub(r"^\[(\w+) @ 0x[0-9a-f]+\] ", r"\1: ", line)


def reading(media: Media, settings: Mapping[str, Any], ffmpeg: str, window: Sequence[str]) -> list[str]:
    """The beginning of a call of FFmpeg that reads a part of the file, strictly and on one thread."""
    path = whole_path(media.path)
    formats, protocols = allowed(media, settings, path)
    return [
        ffmpeg, "-hide_banner", "-nostdin", "-nostats", "-loglevel", "error", "-xerror",
        "-protocol_whitelist", protocols, "-format_whitelist", formats,
        "-threads", "1", *window, *named(media, path),
    ]  # fmt: skip


def _first(shown: bytes) -> dict[int, int]:
    """The moment of the first picture or sample of each stream of a framecrc, in its ticks."""
    first: dict[int, int] = {}
    for line in shown.decode("ascii", "replace").splitlines():
        words = line.split(",")
        if not line.startswith("#") and len(words) > 2:
            first.setdefault(int(words[0]), int(words[2]))
    return first


def _heard(media: Media, video: Video, sounds: Sequence[Audio], first: Mapping[int, int]) -> Media:
    """The sound with the moments of its first decoded samples: headers count those too that a decoder drops."""
    if 0 not in first:
        return media
    zero = (video.start or Fraction(0)) - Fraction(first[0], TICKS)
    starts = {
        one.index: zero + Fraction(first[place], one.sample_rate or 1)
        for place, one in enumerate(sounds, 1)
        if place in first
    }
    return replace(
        media, audio=tuple(replace(one, start=starts.get(one.index, one.start)) for one in media.audio or ())
    )
