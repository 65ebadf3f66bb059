"""Where a proxy's sound lies on its clip's, stream by stream and channel by channel, by correlation."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from proxx.alignment import ALIKE, Floats, Lag, correlations, lag_of, loudness, moved
from proxx.clip import MILLISECONDS
from proxx.glimpses import Reader, read_sound
from proxx.likeness import heard, shown_frames
from proxx.model import Audio, Media, Video

SILENCE = 1e-4
"""Sound below this (-80 dB) is none."""

FAINT = 1e-3
"""Sound below this (-60 dB) may be left out by a codec that loses what nobody hears."""

LOST = 0.01
"""The part of a sound's level (-40 dB) below which it is gone."""

STEADY = 0.003
"""Where another place fits as well as the best but for this, the sound repeats itself."""


@dataclass(frozen=True, slots=True)
class SoundProof:
    """Of one audio stream (from 1): what it holds, and by how many samples at `rate` it is late."""

    stream: int
    value: str
    essence: str
    rate: int
    samples: float = 0.0
    alike: float = 0.0
    channel: int = 0
    seen: str = ""

    def words(self, frame_seconds: float) -> str:
        """The shift for people."""
        count, late = abs(self.samples), "late" if self.samples > 0 else "early"
        shown = f"{count:.1f}".removesuffix(".0")
        frames = count / self.rate / frame_seconds if frame_seconds else 0
        near = (
            f", {round(frames)} frame{'' if round(frames) == 1 else 's'}" if abs(frames - round(frames)) < 0.05 else ""
        )
        near = near if round(frames) else ""
        return f"{shown} samples {late} ({count / self.rate * 1000:.2f} ms{near})"


def prove_sound(
    reader: Reader, source: Media, proxy: Media, settings: Mapping[str, Any], linear: Collection[str]
) -> tuple[SoundProof, ...]:
    """Every audio stream of the clip against the proxy's stream in the same place."""
    were, are = heard(source.audio or ()), heard(proxy.audio or ())
    found = []
    for place, stream in enumerate(were):
        rate = stream.sample_rate or 48000
        if place >= len(are):
            found.append(SoundProof(place + 1, "missing", "pcm", rate))
            continue
        exact = {stream.codec, are[place].codec} <= set(linear) and not {
            source.container,
            proxy.container,
        } & MILLISECONDS
        essence = "pcm" if exact and are[place].sample_rate == rate else "compressed"
        base = SoundProof(place + 1, "same", essence, rate)
        found.append(_stream(reader, source, proxy, (stream, are[place]), settings, base))
    return tuple(found)


def _windows(media: Media, settings: Mapping[str, Any]) -> list[tuple[float, float]]:
    """Where to listen: begin and length in seconds. Short clips are heard whole."""
    video = media.video or Video()
    frames = shown_frames(video)
    length = float(frames / video.rate) if frames and video.rate else float(media.duration or 0) or 60.0
    if length <= settings["sound_whole_seconds"]:
        return [(0.0, length + 1.0)]
    last = length - settings["sound_seconds"]
    return [(float(at), float(settings["sound_seconds"])) for at in np.linspace(0, last, settings["sound_windows"])]


def _stream(
    reader: Reader,
    source: Media,
    proxy: Media,
    streams: tuple[Audio, Audio],
    settings: Mapping[str, Any],
    base: SoundProof,
) -> SoundProof:
    """One stream, window by window: the first that does not hold the sound decides, else the one that is most moved."""
    proofs = []
    for begin, seconds in _windows(source, settings):
        one = read_sound(reader, source, streams[0], base.rate, begin, seconds)
        other = read_sound(reader, proxy, streams[1], base.rate, begin, seconds)
        proofs.append(_window(one, other, base, settings["sound_reach_ms"] * base.rate // 1000))
    wrong = [proof for proof in proofs if proof.value not in ("same", "unclear")]
    sure = [proof for proof in proofs if proof.value == "same"]
    return max(wrong or sure or proofs[:1], key=lambda proof: abs(proof.samples))


def _window(one: Floats, other: Floats, base: SoundProof, reach: int) -> SoundProof:
    loud = [loudness(channel) for channel in one]
    lead = int(np.argmax(loud))
    if loud[lead] < SILENCE:
        value = "unclear" if max(map(loudness, other)) < SILENCE * 10 else "other"
        return replace(
            base, value=value, seen="the clip is silent" + ("" if value == "unclear" else ", the proxy is not")
        )
    if len(one) != len(other):
        lag = lag_of(one.mean(0), other.mean(0), reach)
        wrong = lag is None or lag.alike < ALIKE / 2
        seen = f"{len(one)} channels became {len(other)}"
        return replace(base, value="unclear", seen=seen) if lag is None or wrong else _placed(lag, base)
    lag = _best(one, other, lead, reach)
    if lag is None:
        return _gone(base, lead, loud)
    placed = _placed(lag, base)
    level = moved_all(other, round(placed.samples))
    return _channels(one, level, loud, placed)


def _gone(base: SoundProof, channel: int, loud: list[float]) -> SoundProof:
    """What is said of a channel that has lost its sound; a codec may have thought that nobody would miss it."""
    if base.essence == "compressed" and loud[channel] < FAINT:
        return replace(base, value="unclear", seen=f"the clip's channel {channel + 1} is all but silent")
    return replace(base, value="silent", channel=channel + 1)


def _best(one: Floats, other: Floats, lead: int, reach: int) -> Lag | None:
    """The lag of the loudest channel; where that one has lost its sound, of the next that has some.

    Where its own channel of the proxy holds something else, the others are looked through for it.
    """
    for channel in sorted(range(len(one)), key=lambda place: (place != lead, -loudness(one[place]))):
        if loudness(one[channel]) >= SILENCE and loudness(other[channel]) >= LOST * loudness(one[channel]):
            lag = lag_of(one[channel], other[channel], reach)
            if lag is not None and lag.alike >= ALIKE / 2:
                return lag
            found = [lag, *(lag_of(one[channel], beside, reach) for beside in other)]
            return max((each for each in found if each is not None), key=lambda each: each.alike, default=None)
    return None


def _placed(lag: Lag, base: SoundProof) -> SoundProof:
    """Where the sound lies; of places that fit alike the one without a shift is taken, and that is said."""
    if lag.next_best > lag.alike * (1 - STEADY):
        if lag.at_zero >= lag.alike * (1 - STEADY):
            return replace(
                base, value="unclear", alike=lag.at_zero, seen="it is the same from wave to wave, and fits at 0"
            )
        return replace(base, samples=lag.samples, alike=lag.alike, seen="it is the same from wave to wave")
    return replace(base, samples=lag.samples, alike=lag.alike)


def moved_all(sound: Floats, samples: int) -> Floats:
    """Every channel so many samples earlier."""
    return np.stack([moved(channel, samples) for channel in sound])


def _channels(one: Floats, other: Floats, loud: list[float], placed: SoundProof) -> SoundProof:
    """Whether each channel holds its own sound."""
    likes = correlations(one, other)
    least = ALIKE / 2 if placed.essence == "pcm" else ALIKE / 4
    for channel, level in enumerate(loud):
        if level < SILENCE:
            continue
        if loudness(other[channel]) < LOST * level:
            gone = _gone(placed, channel, loud)
            if gone.value == "silent":
                return gone
            continue
        alike, best = float(likes[channel, channel]), int(np.argmax(likes[:, channel]))
        if _is_swapped(likes, channel, best, placed.essence):
            return replace(placed, value="swapped", channel=channel + 1, seen=f"that of channel {best + 1}")
        if alike < least:
            return replace(
                placed, value="other", channel=channel + 1, alike=alike, seen=f"they correlate by {alike:.2f}"
            )
    return placed


def _is_swapped(likes: Floats, channel: int, best: int, essence: str) -> bool:
    """Whether a channel holds another one's sound: nearly all of it, and its own clearly less.

    A codec may leave of a faint channel only what a loud one has spilled into it: then the loud one is in its place
    nonetheless, and nothing is swapped.
    """
    own, found = float(likes[channel, channel]), float(likes[best, channel])
    if best == channel or found < ALIKE or found - own <= max(0.02, 1 - found):
        return False
    return essence == "pcm" or own < ALIKE / 4 or own < float(likes[channel].max()) - 0.02
