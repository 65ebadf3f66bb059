"""Whether a file that lies still is all there: its index, and the last second of its picture."""

from __future__ import annotations

from threading import Event

from proxx.model import NO_VIDEO, Media
from proxx.process import run
from proxx.route import route_source
from proxx.rulebook import Rulebook
from proxx.tools import whole_path

LAST_SECOND = "-1"


def ends_of(media: Media, rulebook: Rulebook, ffmpeg: str, stop: Event) -> tuple[str, str]:
    """whole, open (nothing in the file tells where it ends) or broken, and why it is broken."""
    if route_source(rulebook, media).engine == "resolve":
        return "open", ""  # no tool here reads camera RAW
    if media.state != "ok":
        return "broken", media.detail or media.state
    if media.declared_size is not None and media.size is not None and media.declared_size > media.size:
        return "broken", f"its structure says {media.declared_size} bytes; it has {media.size}"
    if media.container in rulebook.items["watch"]["open_ended"]:
        return "open", ""
    if media.codec == NO_VIDEO or media.video is None:
        return "whole", ""
    if media.video.duration is None and media.duration is None:
        return "open", ""
    return _last_second(media, rulebook, ffmpeg, stop)


def _last_second(media: Media, rulebook: Rulebook, ffmpeg: str, stop: Event) -> tuple[str, str]:
    settings = rulebook.items["probe"]
    argv = [
        ffmpeg, "-hide_banner", "-nostdin", "-nostats", "-loglevel", "error", "-xerror", "-progress", "pipe:1",
        "-protocol_whitelist", ",".join(settings["protocols"]), "-format_whitelist", ",".join(settings["formats"]),
        "-f", media.demuxer, "-sseof", LAST_SECOND, "-i", f"file:{whole_path(media.path)}",
        # One second a picture: by its own moments, two pictures that stand close together would be an error.
        "-map", f"0:{media.video.index if media.video else 0}", "-fps_mode", "passthrough",
        "-filter:v", "setpts=N/TB", "-enc_time_base:v", "1/1", "-f", "null", "-",
    ]  # fmt: skip
    finished = run(argv, timeout=settings["timeout_seconds"], stop=stop)
    if finished.timed_out or finished.stopped:
        return "broken", "its last second could not be decoded in time"
    words = finished.stderr.decode("utf-8", "replace").strip().splitlines()
    if finished.code != 0 or words:
        return "broken", words[-1] if words else f"ffmpeg ended with exit code {finished.code}"
    counts = [line for line in finished.stdout.decode("ascii", "replace").splitlines() if line.startswith("frame=")]
    if not counts or counts[-1].partition("=")[2].strip() == "0":
        return "broken", "there is no picture in its last second"
    return "whole", ""
