"""Looks whether a picture that its file calls progressive is combed: two fields of different moments in each frame."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from threading import Event
from typing import Any

from proxx.clip import FIELD_ORDERS
from proxx.model import Media
from proxx.process import run
from proxx.trial import reading

_SAID = re.compile(r"lavfi\.idet\.multiple\.current_frame=([tb])ff")


def may_be_combed(media: Media, settings: Mapping[str, Any]) -> bool:
    """Whether lines and rate are those of interlaced video, the file says otherwise, and nobody has looked yet."""
    video = media.video
    if media.state != "ok" or media.decodes is False or video is None or not video.pix_fmt or not media.demuxer:
        return False
    if video.combed is not None or video.field_order in FIELD_ORDERS:
        return False
    rates = [Fraction(rate) for rate in settings["interlaced_rates"]]
    return video.height in settings["interlaced_lines"] and video.rate in rates


def look_for_combs(media: Media, settings: Mapping[str, Any], ffmpeg: str, *, stop: Event | None = None) -> Media:
    """The same Media, its picture `combed` tt, bb (which field is first) or no; as it was where FFmpeg cannot tell."""
    video = media.video
    if video is None:
        return media
    length = video.duration or Fraction(0)
    window = ["-ss", f"{int(length * 500)}ms"] if length >= settings["combs_middle_seconds"] else []
    argv = [
        *reading(media, settings, ffmpeg, window), "-map", f"0:{video.index}",
        "-frames:v", str(settings["combs_frames"]),
        "-filter:v", f"format=gray,idet=intl_thres={settings['combs_roughness']},metadata=mode=print:file=-",
        "-f", "null", "-",
    ]  # fmt: skip
    finished = run(argv, timeout=settings["timeout_seconds"], stop=stop)
    if finished.code or finished.timed_out or finished.stopped:
        return media
    found = Counter(_SAID.findall(finished.stdout.decode("ascii", "replace")))
    first, other = ("t", "b") if found["t"] >= found["b"] else ("b", "t")
    combed = found[first] >= max(settings["combs_least"], settings["combs_against"] * found[other])
    return replace(media, video=replace(video, combed=first * 2 if combed else "no"))
