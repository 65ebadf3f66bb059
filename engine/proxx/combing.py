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

FRAMES = 12
"""How many frames are looked at: two rounds of 3:2 pulldown and more."""

COMBED = 4
"""How many of them have to be combed, and this many times as many as those that are combed the other way."""

SURE = 1.2
"""How much rougher a frame has to be woven with the one neighbour than with the other. FFmpeg's own 1.04 takes fine
patterns for fields (testsrc2 of 576 lines); with this one of 65 moving test pictures none was (measured with 5.1)."""

LONG = 2
"""Seconds from which on a clip is looked at in its middle: slates and black frames have no motion."""

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
    window = ["-ss", f"{int(length * 500)}ms"] if length >= LONG else []
    argv = [
        *reading(media, settings, ffmpeg, window), "-map", f"0:{video.index}", "-frames:v", str(FRAMES),
        "-filter:v", f"format=gray,idet=intl_thres={SURE},metadata=mode=print:file=-", "-f", "null", "-",
    ]  # fmt: skip
    finished = run(argv, timeout=settings["timeout_seconds"], stop=stop)
    if finished.code or finished.timed_out or finished.stopped:
        return media
    found = Counter(_SAID.findall(finished.stdout.decode("ascii", "replace")))
    first, other = ("t", "b") if found["t"] >= found["b"] else ("b", "t")
    combed = found[first] >= max(COMBED, COMBED * found[other])
    return replace(media, video=replace(video, combed=first * 2 if combed else "no"))
