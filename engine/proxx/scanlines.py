"""Which field of a picture comes first, as its frames say it, not its header."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from proxx.identify import Table
from proxx.model import Video


def fields_of(frame: Table) -> str | None:
    """What a frame itself says of its fields: tt, bb or progressive; None when it says nothing."""
    if "interlaced_frame" not in frame:
        return None
    top = "tt" if str(frame.get("top_field_first")) == "1" else "bb"
    return top if str(frame["interlaced_frame"]) == "1" else "progressive"


def fielded(video: Video | None, frames: Sequence[Table], vocabulary: Table) -> Video | None:
    """The picture with the field order that its first frame says; headers say progressive of frames that are not.

    A frame that says it is whole does not outweigh a header that says fields: cameras store 25p in fields like that.
    """
    if video is None or video.codec in vocabulary["probe"]["no_fields"]:
        return video
    said = next((fields_of(frame) for frame in frames if frame.get("stream_index") == video.index), None)
    if said is None or (said == "progressive" and video.field_order not in ("unknown", "progressive")):
        return video
    return replace(video, field_order=said)
