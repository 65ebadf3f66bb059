"""Packets that hold one field each, put together to frames: AVCHD cameras and broadcast H.264 store 1080i so."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from proxx.clip import FIELD_ORDERS
from proxx.model import Video

FIELD_PICTURES = frozenset({"h264", "mpeg2video"})
"""Codecs, in ffprobe's words, whose coded fields are a packet each, and a frame by twos when FFmpeg decodes them."""


FASTEST = 30
"""Frames a second beyond which interlaced video is not made."""


@dataclass(frozen=True, slots=True)
class Packet:
    """When a packet is shown and decoded, and how long it lasts, in ticks; None is "not told".

    `whole` is a picture that needs no other one.
    """

    pts: int | None
    dts: int | None
    duration: int
    whole: bool = True


def framed(packets: Sequence[Packet], video: Video, tick: Fraction | None) -> list[Packet]:
    """The packets in the order of decoding, with two fields that follow on one another as one.

    The second one is shown half a frame after the first, or does not tell when, and then each lasts half a frame.
    """
    if video.codec not in FIELD_PICTURES or video.field_order not in FIELD_ORDERS or not video.rate or not tick:
        return list(packets)
    field = 1 / video.rate / tick / 2
    found: list[Packet] = []
    alone = False
    for packet in packets:
        if alone and _is_second(packet, found[-1], field):
            found[-1] = replace(found[-1], duration=math.ceil(2 * field))
            alone = False
        else:
            found.append(packet)
            alone = packet.pts is not None
    return found


def may_count_fields(video: Video) -> bool:
    """Whether the rate of a header may be that of fields: interlaced pictures of so high a rate are no format."""
    fielded = video.codec in FIELD_PICTURES and video.field_order in FIELD_ORDERS
    return fielded and video.rate is not None and video.rate > FASTEST


def counted_by_frames(video: Video, packets: int, frames: int) -> Video:
    """The picture by frames, where only half as many of them as of packets come out of a decoder."""
    if not frames or 2 * frames > packets + 1:
        return video
    halves = {name: getattr(video, name) for name in ("rate", "average_rate")}
    rates = {name: rate / 2 for name, rate in halves.items() if rate is not None}
    return replace(video, frames=None if video.frames is None else (video.frames + 1) // 2, **rates)


def _is_second(packet: Packet, first: Packet, field: Fraction) -> bool:
    """Whether a packet is the second field of a frame. Ticks are whole numbers, so that it may be off by one, but where
    a tick is as long as a field or a frame (MXF) never by so much that the next frame would be one.
    """
    off = min(Fraction(1), field / 2)
    if packet.pts is None:
        return all(abs(one.duration - field) <= off for one in (first, packet))
    return abs(packet.pts - (first.pts or 0) - field) <= off
