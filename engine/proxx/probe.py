"""Looking at files: one safe ffprobe call for each."""

from __future__ import annotations

import errno
import json
import os
import stat
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from fractions import Fraction
from threading import Event
from typing import Any

from proxx.essence import filled
from proxx.extent import declared_size
from proxx.fieldpairs import may_count_fields
from proxx.identify import Table, identify, signature
from proxx.marks import own_marks, together
from proxx.model import Media
from proxx.process import Finished, run
from proxx.sampletimes import comes_evenly, edited_lengths, track_names
from proxx.scanlines import fielded
from proxx.streams import read_media
from proxx.tools import crash_words, whole_path

FORMAT_NOT_ALLOWED = -errno.EINVAL
"""What FFmpeg answers when the format it recognised is not on the whitelist: AVERROR(EINVAL)."""


Edited = Mapping[int, tuple[Fraction, Fraction]]
"""What tracks' edit lists show (sampletimes.edited_lengths)."""


@dataclass(frozen=True, slots=True)
class Glance:
    """What a file shows without any tool: whether it can be read, its size, its leading bytes, an even rhythm."""

    state: str = "ok"
    detail: str = ""
    size: int | None = None
    declared_size: int | None = None
    head: bytes = b""
    even: bool | None = None
    edited: Edited = field(default_factory=dict)
    names: Mapping[int, str] = field(default_factory=dict)

    @property
    def is_whole(self) -> bool:
        """Whether the file has all the bytes that its own structure asks for."""
        return self.size is not None and self.declared_size is not None and self.declared_size <= self.size


def probe(path: str, vocabulary: Table, tool: str, *, stop: Event | None = None, tries: bool = False) -> Media:
    """What the file at `path` is; `tool` is ffprobe. A file that cannot be read is a Media whose state says why.

    With `tries` its first pictures are decoded in the same call, which costs half of another one. Only that they do
    without a word is believed: that `decodes` is True. Everything else is left for a stricter look.
    """
    glance = _glance(path, vocabulary["probe"]["head_bytes"])
    media = Media(path=path, state=glance.state, detail=glance.detail, size=glance.size)
    if glance.state != "ok":
        return media
    if signature(glance.head, vocabulary):
        # FFmpeg knows nothing true about these files: some it refuses, some it takes for something else.
        found = identify(path, glance.head, None, vocabulary)
        return replace(
            media, container=found.container, codec=found.codec, reason=found.reason, warnings=found.warnings
        )
    argv = _look(path, vocabulary, tool, tries=tries)
    finished = run(argv, timeout=vocabulary["probe"]["timeout_seconds"], stop=stop)
    document, state, detail = _document(finished)
    if document is None:
        return replace(media, state=state, detail=detail, declared_size=glance.declared_size)
    identity = identify(path, glance.head, document, vocabulary)
    seen = _edited(_named(read_media(path, identity, document, vocabulary), glance.names), glance.edited)
    # A header vouches for its frames only where the file is known to be all there, and its own table of times agrees.
    vouched = glance.is_whole and glance.even is not False
    cadence = seen.cadence if seen.video is None or vouched else "unknown"
    sound = tuple(replace(one, gaps=0) for one in seen.audio or ()) if cadence == "constant" else seen.audio
    marks = together(own_marks(path), seen.marks or ())
    shown = {frame.get("stream_index") for frame in document.get("frames", ())}
    decodes = True if seen.video is not None and seen.video.index in shown and not finished.stderr else None
    seen = replace(filled(seen), size=glance.size, declared_size=glance.declared_size, cadence=cadence, audio=sound)
    video = fielded(seen.video, document.get("frames", ()), vocabulary)
    if video is not None and may_count_fields(video):
        seen = replace(seen, cadence="unknown")  # the header may vouch for fields; their packets are looked at
    return replace(seen, marks=marks, decodes=decodes, video=video)


def _named(media: Media, names: Mapping[int, str]) -> Media:
    """The same Media with the titles of sound that stand in its tracks alone."""
    if media.container not in ("mov", "mp4", "m4v") or not names:
        return media
    sound = tuple(one if one.title else replace(one, title=names.get(one.index, "")) for one in media.audio or ())
    return replace(media, audio=sound)


def _edited(media: Media, lengths: Edited) -> Media:
    """The same Media with the lengths that its edit lists show; how many pictures are in them only a scan tells."""
    if media.container not in ("mov", "mp4", "m4v") or not lengths:
        return media

    def shown(index: int, told: Fraction | None) -> Fraction | None:
        length, tick = lengths.get(index, (told, Fraction(0)))
        return told if length is None or (told is not None and abs(length - told) <= tick) else length

    sound = tuple(replace(one, duration=shown(one.index, one.duration)) for one in media.audio or ())
    video, cadence = media.video, media.cadence
    if video is not None and (length := shown(video.index, video.duration)) != video.duration:
        video, cadence = replace(video, duration=length), "unknown"
    return replace(media, video=video, audio=sound, cadence=cadence)


def probe_all(
    paths: Sequence[str], vocabulary: Table, tool: str, *, stop: Event | None = None, tries: bool = False
) -> tuple[Media, ...]:
    """Probe files side by side, one for each processor, in the order given; an interrupt ends them all."""
    ended = stop or Event()
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        looks = [pool.submit(probe, path, vocabulary, tool, stop=ended, tries=tries) for path in paths]
        try:
            return tuple(look.result() for look in looks)
        except BaseException:
            ended.set()
            pool.shutdown(cancel_futures=True)
            raise


def _glance(path: str, head_bytes: int) -> Glance:
    """Read a file's head, and never open anything but a regular file: a FIFO would wait, a tape would wind."""
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            return Glance("not-a-file", "not a regular file")
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(descriptor, "rb", buffering=0) as file:
            found = os.fstat(descriptor)
            if not stat.S_ISREG(found.st_mode):
                return Glance("not-a-file", "not a regular file")
            head = file.read(head_bytes)
            declared = declared_size(head, file)
            boxed = head[4:8].isalnum()
            even = comes_evenly(file, found.st_size) if boxed else None
            edited = edited_lengths(file, found.st_size) if boxed else {}
            names = track_names(file, found.st_size) if boxed else {}
    except PermissionError as trouble:
        return Glance("no-permission", trouble.strerror or "")
    except OSError as trouble:
        readable = trouble.errno in (errno.EIO, errno.ESTALE)
        return Glance("not-media" if readable else "missing", trouble.strerror or "")
    except ValueError as trouble:
        # A NUL in the name, or characters that the file system cannot spell.
        return Glance("missing", str(trouble))
    return Glance("ok" if head else "empty", "", found.st_size, declared, head, even, edited, names)


def safe_call(tool: str, vocabulary: Table) -> list[str]:
    """The part that every call shares: quiet, and only the formats and protocols that a camera file may need."""
    settings = vocabulary["probe"]
    formats, protocols = ",".join(settings["formats"]), ",".join(settings["protocols"])
    return [tool, "-v", "error", "-format_whitelist", formats, "-protocol_whitelist", protocols]


def _look(path: str, vocabulary: Table, tool: str, *, tries: bool = False) -> list[str]:
    shown = ["-show_error", "-show_format", "-show_streams", "-of", "json"]
    if tries:  # twice as many packets, for sound lies between the pictures
        shown += [
            "-show_entries",
            "frame=stream_index,interlaced_frame,top_field_first",
            "-read_intervals",
            f"%+#{2 * vocabulary['probe']['trial_frames']}",
        ]
    return [*safe_call(tool, vocabulary), *shown, "-i", f"file:{whole_path(path)}"]


def _document(finished: Finished) -> tuple[dict[str, Any] | None, str, str]:
    """ffprobe's document, or None with the state and ffprobe's own word."""
    if finished.timed_out or finished.stopped:
        return None, "timeout", "ffprobe did not answer in time"
    if finished.code < 0:
        # What it had printed until then may be a whole document, and yet not the whole truth.
        return None, "tool-crashed", crash_words("ffprobe", finished.code)
    try:
        document = json.loads(finished.stdout.decode("utf-8", "replace"), strict=False)
    except ValueError:
        document = {}
    error = document.get("error")
    if error:
        refused = error.get("code") == FORMAT_NOT_ALLOWED
        return None, "format-not-allowed" if refused else "not-media", str(error.get("string", ""))
    if finished.code != 0 or "format" not in document:
        return None, "not-media", f"ffprobe ended with code {finished.code}"
    return document, "ok", ""
