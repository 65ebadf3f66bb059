"""Every timecode that a file tells of itself: of our own bounded look into it, beside what ffprobe says."""

from __future__ import annotations

import os
from collections.abc import Sequence

from proxx.model import Mark
from proxx.mxf import PARTITION, mxf_marks
from proxx.tmcd import quicktime_marks
from proxx.wave import HEADS, wave_marks
from proxx.window import Window

HEAD_BYTES = 1 << 16
TRACKS = frozenset({"track", "other-track", "frame-metadata"})
"""The places of our own that ffprobe tells of as a track or another stream."""

TOLD = frozenset({"track", "other-track", "stream"})


def own_marks(path: str) -> list[Mark]:
    """The timecodes that a file's own structure tells; none of a file that cannot be read. Never waits for a pipe."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(descriptor, "rb", buffering=0) as file:
            window = Window(file, os.fstat(descriptor).st_size)
            head = window.read(0, HEAD_BYTES)
            if PARTITION in head:
                return mxf_marks(window, head)
            if head.startswith(HEADS):
                return wave_marks(window)
            return quicktime_marks(window) if head[4:8].isalpha() else []
    except (OSError, ValueError):
        return []


def together(own: Sequence[Mark], told: Sequence[Mark]) -> tuple[Mark, ...]:
    """Our own findings first, then what ffprobe says, without what it says alike of the same track."""
    seen = {_said(mark) for mark in own if mark.place in TRACKS}
    return (*own, *(mark for mark in told if mark.place not in TOLD or _said(mark) not in seen))


def _said(mark: Mark) -> tuple[int | None, str, int | str]:
    """A track and its label; FFmpeg writes the frames with as many digits as the rate needs."""
    at = max(mark.label.rfind(sign) for sign in ":;.,")
    frames = mark.label[at + 1 :]
    return mark.stream, mark.label[: at + 1], int(frames) if frames.isdecimal() else frames
