"""What the packets of a finished file tell about how it was made: its key frames, its bit rates, its B-frames."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from proxx.model import Media
from proxx.process import run
from proxx.tools import whole_path

SECONDS = 120
"""How much of a file is looked at: key frames repeat long before."""


@dataclass(frozen=True, slots=True)
class Packets:
    """What the first minutes of a file tell, None where they do not.

    `key_distance` is the number of frames from a key frame to the next, the largest that is seen; `picture_bytes`
    what one frame takes on average; `sound_rates` the bits per second of each audio stream, as the file declares.
    """

    key_distance: int | None
    picture_bytes: float | None
    has_b_frames: bool
    sound_rates: tuple[int | None, ...]


def read_packets(media: Media, vocabulary: Mapping[str, Mapping[str, Any]], tool: str) -> Packets:
    """Look at the packets of a file; `tool` is ffprobe."""
    settings = vocabulary["probe"]
    index = media.video.index if media.video else 0
    formats, protocols = ",".join(settings["formats"]), ",".join(settings["protocols"])
    argv = [tool, "-v", "error", "-format_whitelist", formats, "-protocol_whitelist", protocols]
    argv += ["-read_intervals", f"%+{SECONDS}", "-show_entries", "packet=stream_index,size,flags"]
    argv += ["-show_entries", "stream=index,has_b_frames,bit_rate", "-of", "compact"]
    done = run([*argv, "-i", f"file:{whole_path(media.path)}"], timeout=settings["timeout_seconds"])
    frames: list[tuple[int, bool]] = []
    streams: dict[str, Mapping[str, str]] = {}
    for line in done.stdout.decode("ascii", "replace").splitlines():
        kind, _, rest = line.partition("|")
        entry = dict(item.partition("=")[::2] for item in rest.split("|"))
        if kind == "stream":
            streams[entry.get("index", "")] = entry
        elif kind == "packet" and entry.get("stream_index") == str(index):
            frames.append((int(entry["size"]), "K" in entry.get("flags", "")))
    keys = [at for at, (_, is_key) in enumerate(frames) if is_key]
    distances = [later - key for key, later in pairwise(keys)]
    rates = [streams.get(str(one.index), {}).get("bit_rate", "") for one in media.audio or ()]
    return Packets(
        key_distance=max(distances, default=None),
        picture_bytes=sum(size for size, _ in frames) / len(frames) if frames else None,
        has_b_frames=streams.get(str(index), {}).get("has_b_frames", "0") not in ("0", "N/A"),
        sound_rates=tuple(int(rate) if rate.isdecimal() else None for rate in rates),
    )
