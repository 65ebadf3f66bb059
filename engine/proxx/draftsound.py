"""The sound of a drafted profile: the policy, encoder and rates that give what a finished file holds."""

from __future__ import annotations

import copy
from typing import Any

from proxx.model import Audio, Media
from proxx.packets import Packets
from proxx.refusal import cannot
from proxx.rulebook import Rulebook

NEAR = 0.25
"""How far an encoder's average may be from the bit rate it was asked for, as a share of it."""

STEP = 8000
"""Bits per second that a bit rate is rounded to."""


def draft_sound(book: Rulebook, made: dict[str, Any], media: Media, packets: Packets) -> list[str]:
    """Set the sound of a profile as the file's first stream has it; what is to be said of it.

    Raises ProxxError (exit 1) for a codec that no profile makes.
    """
    if not media.audio:
        return ["There is no sound in the file; a profile keeps all sound of its sources."]
    first = media.audio[0]
    remarks = []
    if len({(one.codec, one.sample_rate) for one in media.audio}) > 1:
        remarks.append(f"The streams of sound differ in the file; all are made as the first: {first.codec}.")
    linear = first.codec in book.members("linear-pcm")
    donor = made["audio"] if linear else _donor(book, made, media, first)
    if linear and donor["policy"] not in ("copy", "pcm"):
        donor = {"policy": "pcm", "encoder": first.codec, "sample_rate": first.sample_rate}
    sound = made["audio"] = copy.deepcopy(dict(donor))
    made["promise"]["audio_codec"] = first.codec
    if linear:
        if first.codec != sound["encoder"]:
            sound |= {"policy": "pcm", "encoder": first.codec}
        elif sound["policy"] == "copy":
            remarks.append("PCM sound of a source is copied as it is: whether it was in this file cannot be told.")
    if first.sample_rate and sound["sample_rate"] != first.sample_rate and sound["policy"] != "copy":
        sound["sample_rate"] = first.sample_rate
    _bit_rate(sound, first, packets)
    return remarks


def _donor(book: Rulebook, made: dict[str, Any], media: Media, first: Audio) -> Any:
    """The sound of this profile, or of another one that makes such a codec, best in the same container."""
    makers = [made, *(data for _, data in sorted(book.profiles.items()) if data["engine"] == "ffmpeg")]
    fitting = [data for data in makers if data["promise"].get("audio_codec") == first.codec]
    if not fitting:
        codecs = ", ".join(sorted({str(data["promise"]["audio_codec"]) for data in makers}))
        raise cannot(media, f"its sound is {first.codec}; profiles make {codecs}")
    return max(fitting, key=lambda data: (data is made, data["container"] == made["container"]))["audio"]


def _bit_rate(sound: dict[str, Any], first: Audio, packets: Packets) -> None:
    """The bit rate for each channel, where the file declares one that is not about what stands there."""
    declared = packets.sound_rates[0] if packets.sound_rates else None
    if "bit_rate_per_channel" not in sound or not declared or not first.channels:
        return
    each = declared / first.channels
    if abs(each - sound["bit_rate_per_channel"]) > NEAR * sound["bit_rate_per_channel"]:
        sound["bit_rate_per_channel"] = max(round(each / STEP) * STEP, STEP)
