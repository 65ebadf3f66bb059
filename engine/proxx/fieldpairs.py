"""Packets that hold one field each, put together to frames: AVCHD cameras and broadcast H.264 store 1080i so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from proxx.clip import FIELD_ORDERS
from proxx.model import Video

FIELD_PICTURES = frozenset({"h264", "mpeg2video"})
"""Codecs, in ffprobe's words, whose coded fields are a packet each, and a frame by twos when FFmpeg decodes them."""


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

    A field lasts half a frame; the second one begins where the first one ends, or does not tell when it is shown.
    """
    if video.codec not in FIELD_PICTURES or video.field_order not in FIELD_ORDERS or not video.rate or not tick:
        return list(packets)
    frame = 1 / video.rate / tick
    found: list[Packet] = []
    waits = False
    for packet in packets:
        is_field = abs(2 * packet.duration - frame) <= 2  # ticks: the halves of an odd number are rounded
        last = found[-1] if waits else None
        if last is not None and is_field and _follows(packet, last):
            found[-1] = replace(last, duration=last.duration + packet.duration)
            waits = False
        else:
            found.append(packet)
            waits = is_field and packet.pts is not None
    return found


def _follows(packet: Packet, last: Packet) -> bool:
    return packet.pts is None or abs(packet.pts - (last.pts or 0) - last.duration) <= 1
