"""Ends the reading of a file at its last frame, where FFmpeg takes the filling behind that for one picture more."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from proxx.model import Media

HALF = 2
"""The reading ends half a frame before the filling begins: no rounding of times reaches either side."""


def list_of(media: Media, path: str) -> str:
    """A list of this one file for FFmpeg's concat demuxer, as a data URL; "" where the whole file is to be read.

    `path` is absolute. FFmpeg reads lists by lines, so a path that has several is not spelled in one.
    """
    video = media.video
    if not media.behind or video is None or not video.frames or not video.rate or {"\n", "\r"} & set(path):
        return ""
    end = int((HALF * video.frames - 1) / (HALF * video.rate) * 1_000_000)
    name = path.replace("'", "'\\''")
    text = f"ffconcat version 1.0\nfile 'file:{name}'\ninpoint 0us\noutpoint {end}us\n"
    return "data:text/plain;base64," + base64.b64encode(text.encode("utf-8", "surrogateescape")).decode("ascii")


def allowed(media: Media, settings: Mapping[str, Any], path: str) -> tuple[str, str]:
    """The formats and the protocols that FFmpeg may open for this file: with a list, the list and what it is of."""
    if list_of(media, path):
        return f"concat,{media.demuxer}", ",".join([*settings["protocols"], "data"])
    return ",".join(settings["formats"]), ",".join(settings["protocols"])


def named(media: Media, path: str) -> list[str]:
    """The words that name the file to FFmpeg: as what it is read, and where it lies."""
    listed = list_of(media, path)
    if listed:
        return ["-safe", "0", "-f", "concat", "-i", listed]
    return [*(("-f", media.demuxer) if media.demuxer else ()), "-i", f"file:{path}"]
