"""What lies behind the last frame of an MXF's essence (ST 377-1): Avid fills it up to whole blocks."""

from __future__ import annotations

import os
from dataclasses import replace
from itertools import islice
from typing import NamedTuple

from proxx.marks import HEAD_BYTES
from proxx.model import Media
from proxx.mxf import PARTITION, metadata_end, tags_of
from proxx.window import MOST_AT_ONCE, Window, items, number

ESSENCE = bytes.fromhex("060e2b34010201010d010301")
"""What the key of an essence element begins with (ST 379-2)."""

INDEX = bytes.fromhex("060e2b34025301010d010201011001")
START, DURATION, UNIT_BYTES, INDEX_ID, ENTRIES = 0x3F0C, 0x3F0D, 0x3F05, 0x3F06, 0x3F0A
MOST_ITEMS = 2_000


class Part(NamedTuple):
    """A segment of the index: its first frame, how many there are, the bytes of each (0: uneven), and the places
    in the essence of those that are listed."""

    start: int
    frames: int
    unit: int
    places: tuple[int, ...]


def filled(media: Media) -> Media:
    """The same Media, knowing how many bytes are `behind` its last frame, where FFmpeg makes a picture of them.

    It does so of the filling inside an essence that is wrapped as one clip (all versions from 5.1 to 9.0).
    """
    if media.state != "ok" or media.container != "mxf" or media.video is None or media.audio:
        return media
    try:
        descriptor = os.open(media.path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(descriptor, "rb", buffering=0) as file:
            behind = _behind(Window(file, os.fstat(descriptor).st_size), media.video.frames)
    except (OSError, ValueError):
        return media
    return replace(media, behind=behind)


def _behind(window: Window, frames: int | None) -> int | None:
    at = window.read(0, HEAD_BYTES).find(PARTITION)
    length, last = _essence(window, at) if at >= 0 else (None, None)
    if length is None or last is None or not frames:
        return None
    if last.unit and not last.frames:  # it is of all frames, however many there are
        last = last._replace(start=0, frames=frames)
    end = _end(last)
    told = end is not None and last.start + last.frames == frames
    return length - end if told and end is not None and length > end else None


def _essence(window: Window, at: int) -> tuple[int | None, Part | None]:
    """How long the one essence element is, and the last segment of its index. None where there are several."""
    lengths, parts, ids = [], [], set()
    for key, begins, size in islice(items(window.read, metadata_end(window, at)), MOST_ITEMS):
        if key[:7] + key[8:12] == ESSENCE[:7] + ESSENCE[8:]:
            lengths.append(size)
            if len(lengths) > 1:
                break  # wrapped frame by frame
        elif key[:5] + key[6:15] == INDEX[:5] + INDEX[6:]:
            values = dict(tags_of(window.read(begins, min(size, MOST_AT_ONCE))))
            parts.append(_part(values))
            ids.add(values.get(INDEX_ID))
    alone = len(lengths) == 1 and len(ids) == 1
    return (lengths[0], max(parts)) if alone else (None, None)


def _part(values: dict[int, bytes]) -> Part:
    entries = values.get(ENTRIES, b"")
    count, size = number(entries, 0), number(entries, 4)
    whole = min(count, (len(entries) - 8) // size) if size >= 11 else 0
    places = tuple(number(entries, 8 + size * one + 3, 8) for one in range(whole))
    return Part(
        number(values.get(START, b""), 0, 8),
        number(values.get(DURATION, b""), 0, 8),
        number(values.get(UNIT_BYTES, b""), 0),
        places,
    )


def _end(part: Part) -> int | None:
    """Where the last frame ends: all are alike, or one entry more than there are frames says it, as Avid writes it."""
    if part.unit:
        return part.unit * (part.start + part.frames)
    if len(part.places) == part.frames + 1:
        return part.places[-1]
    steps = {later - place for place, later in zip(part.places, part.places[1:], strict=False)}
    if len(part.places) == part.frames and len(steps) == 1:
        return part.places[-1] + steps.pop()
    return None
