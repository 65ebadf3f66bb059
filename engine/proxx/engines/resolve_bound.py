"""What Resolve told of a clip, as a promise that the made file is held to; and what a simulated one is told to tell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any

from proxx.engines.resolve_values import exact
from proxx.facts import base_name
from proxx.model import Audio, Media, Task, Video

SIMULATED_CLIP = {
    "rate": Fraction(24),
    "width": 1920,
    "height": 1080,
    "frames": 24,
    "start": "01:00:00:00",
    "channels": 2,
}
"""What a simulated Resolve says of a clip that does not say it itself."""


def bound_promise(task: Task, clip: Mapping[str, Any], settings: Mapping[str, Any]) -> Media:
    """The task's promise with what only Resolve knew: frames, raster, rate, timecode, reel and channels.

    A clip that is conformed to another rate has a length that nobody has stated; it is not promised.
    """
    render = settings["render"]["settings"]
    rate, own = exact(str(render["FrameRate"])), exact(clip["FPS"])
    frames = int(clip["Frames"]) if rate == own else None
    duration = frames / rate if frames is not None else None
    video = replace(
        task.expect.video or Video(),
        width=render["FormatWidth"],
        height=render["FormatHeight"],
        rate=rate,
        frames=frames,
        duration=duration,
    )
    return replace(
        task.expect,
        video=video,
        timecode=settings["start_timecode"],
        reel=clip["ReelName"] or task.expect.reel,
        audio=_sound(clip, render, duration),
    )


def _sound(clip: Mapping[str, Any], render: Mapping[str, Any], duration: Fraction | None) -> tuple[Audio, ...] | None:
    """All channels of the clip. How Resolve spreads them over streams is not known, and of a silent clip nothing is."""
    if not render.get("ExportAudio"):
        return ()
    if not clip["AudioChannels"]:
        return None
    rate = render.get("AudioSampleRate")
    return (Audio(channels=clip["AudioChannels"], sample_rate=rate, start=Fraction(0), duration=duration),)


def simulated_clip(media: Media, picture: Media | None) -> dict[str, str]:
    """What a simulated Resolve says of a clip: what the file states, else the picture, else a guess."""
    known = [one for one in (media, picture) if one is not None]

    def first(*values: Any) -> Any:
        return next(value for value in values if value)

    videos = [one.video or Video() for one in known]
    rate = first(*(video.rate for video in videos), SIMULATED_CLIP["rate"])
    width = first(*(video.width for video in videos), SIMULATED_CLIP["width"])
    height = first(*(video.height for video in videos), SIMULATED_CLIP["height"])
    frames = first(*(video.frames for video in videos), SIMULATED_CLIP["frames"])
    start = first(*(one.timecode for one in known), SIMULATED_CLIP["start"])
    channels = first(
        *(sum(sound.channels or 0 for sound in one.audio or ()) for one in known), SIMULATED_CLIP["channels"]
    )
    return {
        "FPS": f"{float(rate):.3f}".rstrip("0").rstrip("."),
        "Resolution": f"{width}x{height}",
        "Frames": str(frames),
        "Start TC": str(start),
        "Audio Ch": str(channels),
        "Reel Name": first(*(one.reel for one in known), base_name(media.path).rpartition(".")[0]),
        "Video Codec": media.codec,
    }
