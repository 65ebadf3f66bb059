"""Decodes the beginning of a source, so that a damaged file is told before a job runs and not in the middle of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from threading import Event
from typing import Any

from proxx.model import Media
from proxx.process import run
from proxx.tools import whole_path


def try_decoding(
    media: Media, vocabulary: Mapping[str, Mapping[str, Any]], ffmpeg: str, *, stop: Event | None = None
) -> Media:
    """The same Media, knowing whether its first pictures decode without an error (and FFmpeg's word if not).

    It is decoded as the encode will: strictly, so that what passes here does not fail there at its first frames.
    """
    video = media.video
    if media.decodes or media.state != "ok" or video is None or not video.pix_fmt or not media.demuxer:
        return media
    settings = vocabulary["probe"]
    argv = [
        ffmpeg, "-hide_banner", "-nostdin", "-nostats", "-loglevel", "error", "-xerror",
        "-protocol_whitelist", ",".join(settings["protocols"]), "-format_whitelist", ",".join(settings["formats"]),
        "-threads", "1", "-f", media.demuxer, "-i", f"file:{whole_path(media.path)}",
        "-map", f"0:{video.index}", "-frames:v", str(settings["trial_frames"]), "-f", "null", "-",
    ]  # fmt: skip
    finished = run(argv, timeout=settings["timeout_seconds"], stop=stop)
    if finished.timed_out or finished.stopped:
        return media  # slow is not damaged
    words = finished.stderr.decode("utf-8", "replace").strip().splitlines()
    return replace(media, decodes=finished.code == 0, detail=words[-1] if finished.code and words else media.detail)
