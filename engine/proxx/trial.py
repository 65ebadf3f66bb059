"""Decodes the beginning of a source, so that a damaged file is told before a job runs and not in the middle of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from threading import Event
from typing import Any

from proxx.model import Audio, Media, Video
from proxx.process import run
from proxx.tools import crash_words, whole_path

TICKS = 1_000_000
"""In how many parts a second is divided to tell when a picture is shown: far finer than samples are."""


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
        ffmpeg, "-hide_banner", "-nostdin", "-nostats", "-loglevel", "error", "-xerror",
        "-protocol_whitelist", ",".join(settings["protocols"]), "-format_whitelist", ",".join(settings["formats"]),
        "-threads", "1", "-t", settings["trial_seconds"], "-f", media.demuxer, "-i", f"file:{whole_path(media.path)}",
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
        return replace(media, decodes=False, detail=words[-1] if words else media.detail)
    return _heard(replace(media, decodes=True), video, sounds, finished.stdout.decode("ascii", "replace"))


def _heard(media: Media, video: Video, sounds: Sequence[Audio], shown: str) -> Media:
    """The sound with the moments of its first decoded samples: headers count those too that a decoder drops."""
    first: dict[int, int] = {}
    for line in shown.splitlines():
        words = line.split(",")
        if not line.startswith("#") and len(words) > 2:
            first.setdefault(int(words[0]), int(words[2]))
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
