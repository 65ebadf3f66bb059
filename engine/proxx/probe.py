"""Looking at files: one safe ffprobe call for each, and a scan of the packets where the header does not tell enough."""

from __future__ import annotations

import errno
import json
import os
import stat
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from fractions import Fraction
from threading import Event
from typing import Any

from proxx.extent import declared_size
from proxx.identify import Table, identify, signature
from proxx.marks import own_marks, together
from proxx.model import Audio, Media, Video
from proxx.process import Finished, run
from proxx.streams import fraction, integer, read_media, standard_rate
from proxx.tools import whole_path

FORMAT_NOT_ALLOWED = -errno.EINVAL
"""What FFmpeg answers when the format it recognised is not on the whitelist: AVERROR(EINVAL)."""


@dataclass(frozen=True, slots=True)
class Glance:
    """What a file shows without any tool: whether it can be read, its size, its leading bytes."""

    state: str = "ok"
    detail: str = ""
    size: int | None = None
    declared_size: int | None = None
    head: bytes = b""

    @property
    def is_whole(self) -> bool:
        """Whether the file has all the bytes that its own structure asks for."""
        return self.size is not None and self.declared_size is not None and self.declared_size <= self.size


@dataclass(frozen=True, slots=True)
class Packet:
    """When a packet is shown and decoded, and how long it lasts, in ticks; None is "not told"."""

    pts: int | None
    dts: int | None
    duration: int


Scanned = tuple[int, list[Packet], Fraction | None]
"""Of one stream: how many packets there are, those that are shown, and the tick in seconds."""


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
    seen = read_media(path, identity, document, vocabulary)
    # A header vouches for its frames only where the file is known to be all there.
    cadence = seen.cadence if seen.video is None or glance.is_whole else "unknown"
    marks = together(own_marks(path), seen.marks or ())
    shown = {frame.get("stream_index") for frame in document.get("frames", ())}
    decodes = True if seen.video is not None and seen.video.index in shown and not finished.stderr else None
    seen = replace(seen, size=glance.size, declared_size=glance.declared_size, cadence=cadence)
    return replace(seen, marks=marks, decodes=decodes)


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


def needs_measuring(media: Media) -> bool:
    """Whether only a scan of the packets tells how many frames there are and whether they come evenly."""
    return media.state == "ok" and media.cadence == "unknown" and media.video is not None and bool(media.video.pix_fmt)


def measure(media: Media, vocabulary: Table, tool: str, *, stop: Event | None = None) -> Media:
    """The same Media with its packets counted: exact number, cadence, first and last instant, the rate they keep."""
    picture = media.video
    if picture is None:
        return media
    argv = _scan(media.path, vocabulary, tool)
    finished = run(argv, timeout=vocabulary["probe"]["scan_timeout_seconds"], limit=1 << 30, stop=stop)
    if finished.timed_out or finished.stopped:
        return replace(media, detail="the packets could not be counted in time")
    scanned = _packets(finished.stdout)
    packets, shown, base = scanned.get(picture.index, (0, [], None))
    media = replace(media, audio=tuple(_heard(stream, scanned) for stream in media.audio or ()))
    frames = picture.frames or len(shown) or None
    video = replace(picture, packets=packets, shown=len(shown), frames=frames)
    begins = _known(packet.pts for packet in shown)
    # Where containers leave out when a picture is shown (AVI, MPEG-PS), the order of decoding still tells the rhythm.
    times = begins or _known(packet.dts for packet in shown)
    if not base or not times:
        return replace(media, video=video)
    if begins:
        end = max(packet.pts + packet.duration for packet in shown if packet.pts is not None)
        video = replace(video, first=begins[0] * base, last=end * base)
    rate = _even_rate(times, base, video, vocabulary["probe"])
    return replace(media, cadence="constant" if rate else "variable", video=replace(video, rate=rate or video.rate))


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
    except PermissionError as trouble:
        return Glance("no-permission", trouble.strerror or "")
    except OSError as trouble:
        readable = trouble.errno in (errno.EIO, errno.ESTALE)
        return Glance("not-media" if readable else "missing", trouble.strerror or "")
    except ValueError as trouble:
        # A NUL in the name, or characters that the file system cannot spell.
        return Glance("missing", str(trouble))
    return Glance("ok" if head else "empty", "", found.st_size, declared, head)


def _safe(tool: str, vocabulary: Table) -> list[str]:
    """The part that every call shares: quiet, and only the formats and protocols that a camera file may need."""
    settings = vocabulary["probe"]
    formats, protocols = ",".join(settings["formats"]), ",".join(settings["protocols"])
    return [tool, "-v", "error", "-format_whitelist", formats, "-protocol_whitelist", protocols]


def _look(path: str, vocabulary: Table, tool: str, *, tries: bool = False) -> list[str]:
    shown = ["-show_error", "-show_format", "-show_streams", "-of", "json"]
    if tries:  # twice as many packets, for sound lies between the pictures
        shown += [
            "-show_entries",
            "frame=stream_index",
            "-read_intervals",
            f"%+#{2 * vocabulary['probe']['trial_frames']}",
        ]
    return [*_safe(tool, vocabulary), *shown, "-i", f"file:{whole_path(path)}"]


def _scan(path: str, vocabulary: Table, tool: str) -> list[str]:
    entries = "packet=stream_index,pts,dts,duration,flags:stream=index,time_base"
    shown = ["-show_entries", entries, "-of", "compact"]
    return [*_safe(tool, vocabulary), *shown, "-i", f"file:{whole_path(path)}"]


def _document(finished: Finished) -> tuple[dict[str, Any] | None, str, str]:
    """ffprobe's document, or None with the state and ffprobe's own word."""
    if finished.timed_out or finished.stopped:
        return None, "timeout", "ffprobe did not answer in time"
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


def _packets(output: bytes) -> dict[int, Scanned]:
    """Of every stream by its index: how many packets there are, those that are shown, and the tick in seconds."""
    scanned: dict[int, Scanned] = {}
    for line in output.decode("ascii", "replace").splitlines():
        kind, _, rest = line.partition("|")
        entry = dict(item.partition("=")[::2] for item in rest.split("|"))
        index = integer(entry.get("stream_index" if kind == "packet" else "index"))
        if index is None:
            continue
        count, shown, base = scanned.get(index, (0, [], None))
        if kind == "packet":
            count += 1
            if "D" not in entry.get("flags", ""):
                pts, dts, duration = (integer(entry.get(key)) for key in ("pts", "dts", "duration"))
                shown.append(Packet(pts, dts, duration or 0))
        elif kind == "stream":
            base = fraction(entry.get("time_base"))
        scanned[index] = (count, shown, base)
    return scanned


def _heard(stream: Audio, scanned: Mapping[int, Scanned]) -> Audio:
    """An audio stream with the start and length that its packets have; headers of streams and fragments may guess."""
    _, packets, base = scanned.get(stream.index, (0, [], None))
    spans = [(packet.pts, packet.pts + packet.duration) for packet in packets if packet.pts is not None]
    if not spans or not base:
        return stream
    start = min(begin for begin, _ in spans)
    return replace(stream, start=start * base, duration=(max(end for _, end in spans) - start) * base)


def _known(times: Iterable[int | None]) -> list[int]:
    """The times in order, none at all when one of them is missing."""
    every = list(times)
    known = sorted(time for time in every if time is not None)
    return known if len(known) == len(every) else []


def _even_rate(times: list[int], base: Fraction, video: Video, settings: Table) -> Fraction | None:
    """The rate at which every frame lies nearest to its own slot, None when there is no such rate."""
    candidates = [video.rate, video.average_rate]
    if times[-1] > times[0]:
        mean = Fraction(len(times) - 1) / ((times[-1] - times[0]) * base)
        candidates += [standard_rate(mean, settings), mean.limit_denominator(1001)]
    return next((rate for rate in candidates if rate and _keeps(times, base, rate)), None)


def _keeps(times: list[int], base: Fraction, rate: Fraction) -> bool:
    """Whether frame i is less than half a frame away from i / rate; whole numbers, for there may be millions."""
    scale, slot = base.numerator * rate.numerator, base.denominator * rate.denominator
    return all(2 * abs((begin - times[0]) * scale - i * slot) < slot for i, begin in enumerate(times))
