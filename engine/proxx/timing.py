"""Counts the packets of a file where its header does not tell enough: how many, when each is shown, with what gaps."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from math import gcd
from statistics import median_low
from threading import Event

from proxx.clip import HDR_TRANSFERS
from proxx.fieldpairs import Packet, counted_by_frames, framed, may_count_fields
from proxx.identify import Table
from proxx.light import lit
from proxx.model import Audio, Media, Video
from proxx.probe import safe_call
from proxx.process import run
from proxx.rhythm import write_rhythm
from proxx.scanlines import fields_of
from proxx.streams import fraction, integer, standard_rate
from proxx.tools import crash_words, whole_path

GAP = Fraction(1, 100)
"""Seconds between two packets of sound beyond what rounded times explain."""

FRAMED = frozenset({"aac", "mp3", "mp2", "ac3", "eac3", "alac"})
"""Codecs, in ffprobe's words, whose packets hold the same number of samples each, the last one aside."""

WITHIN = 10
"""Seconds at the beginning of a stream in which a picture must stand that needs no other."""

SOME = 24
"""Packets at the beginning of a picture that tell whether two of them make one frame."""

NEAR = Fraction(1, 900)
"""How far a rate may lie from another, as a part of it, to be its NTSC fraction (1000/1001)."""


Scanned = tuple[int, list[Packet], Fraction | None]
"""Of one stream: how many packets there are, those that are shown, and the tick in seconds."""


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
    if finished.code < 0:
        return replace(media, state="tool-crashed", detail=crash_words("ffprobe", finished.code))
    scanned = _packets(finished.stdout)
    packets, coded, base = scanned.get(picture.index, (0, [], None))
    if may_count_fields(picture):
        picture = counted_by_frames(picture, *_some(media, vocabulary, tool, stop))
    shown = framed(coded, picture, base)
    packets -= len(coded) - len(shown)
    if packets == len(shown) and _begins_within(shown):
        decoded = _decoded(media, vocabulary, tool, stop)
        shown = [one for one in shown if decoded is None or one.pts is None or one.pts >= decoded]
        picture = replace(picture, start=decoded * base if decoded is not None and base else picture.start)
    media = replace(media, audio=tuple(_heard(stream, scanned) for stream in media.audio or ()))
    frames = picture.frames or len(shown) or None
    video = replace(picture, packets=packets, shown=len(shown), frames=frames)
    begins = _known(packet.pts for packet in shown)
    # Where containers leave out when a picture is shown (AVI, MPEG-PS), the order of decoding still tells the rhythm.
    times = begins or _known(packet.dts for packet in shown)
    if not base or not times:
        return replace(media, video=video)
    rate = _even_rate(times, base, video, vocabulary["probe"])
    if begins:
        steps = _steps(shown)
        video = replace(video, first=begins[0] * base, last=(begins[0] + sum(steps)) * base)
        video = (
            video
            if rate
            else replace(video, rhythm=write_rhythm(steps), tick=base, rate=_slot_rate(steps, base, video))
        )
    return replace(media, cadence="constant" if rate else "variable", video=replace(video, rate=rate or video.rate))


def _begins_within(shown: list[Packet]) -> bool:
    """Whether a stream begins with pictures that need others from before it, as one does that was cut."""
    first = next((place for place, packet in enumerate(shown) if packet.whole and packet.pts is not None), None)
    if first is None:
        return False
    whole = shown[first].pts or 0
    return first > 0 or any(one.pts is not None and one.pts < whole for one in shown)


def _decoded(media: Media, vocabulary: Table, tool: str, stop: Event | None) -> int | None:
    """When the first picture that FFmpeg can decode is shown, in ticks; None when that does not come to light."""
    shown = ["-select_streams", str(media.video.index if media.video else 0), "-read_intervals", f"%+{WITHIN}"]
    argv = [*safe_call(tool, vocabulary), *shown, "-show_entries", "frame=pts", "-of", "compact"]
    finished = run(
        [*argv, "-i", f"file:{whole_path(media.path)}"], timeout=vocabulary["probe"]["timeout_seconds"], stop=stop
    )
    lines = finished.stdout.decode("ascii", "replace").splitlines()
    return integer(next((line.partition("pts=")[2].partition("|")[0] for line in lines if "pts=" in line), None))


def _some(media: Media, vocabulary: Table, tool: str, stop: Event | None) -> tuple[int, int]:
    """How many packets of the picture were decoded at its beginning, and how many frames came of them."""
    shown = ["-select_streams", str(media.video.index if media.video else 0), "-read_intervals", f"%+#{SOME}"]
    argv = [*safe_call(tool, vocabulary), *shown, "-show_entries", "packet=flags:frame=pts", "-of", "compact"]
    finished = run(
        [*argv, "-i", f"file:{whole_path(media.path)}"], timeout=vocabulary["probe"]["timeout_seconds"], stop=stop
    )
    kinds = [line.partition(b"|")[0] for line in finished.stdout.splitlines()]
    return kinds.count(b"packet"), kinds.count(b"frame")


def _slot_rate(steps: list[int], base: Fraction, video: Video) -> Fraction | None:
    """The rate in the header, or the one next to it whose slots the pictures keep: FFmpeg takes 120000/1001 for 120.

    The last picture may last as long as it likes.
    """
    slot = gcd(*steps[:-1]) * base
    if not video.rate or not slot or abs(video.rate * slot - 1) > NEAR:
        return video.rate
    return 1 / slot


def first_fields(media: Media, vocabulary: Table, tool: str, *, stop: Event | None = None) -> str | None:
    """What the first frames themselves say of their fields: tt, bb or progressive; None when they cannot be read.

    Headers tell it wrongly: FFmpeg reads an H.264 whose bottom field is first as tt.
    """
    index = media.video.index if media.video else 0
    shown = ["-select_streams", str(index), "-read_intervals", "%+#2"]
    shown += ["-show_entries", "frame=interlaced_frame,top_field_first", "-of", "compact"]
    argv = [*safe_call(tool, vocabulary), *shown, "-i", f"file:{whole_path(media.path)}"]
    finished = run(argv, timeout=vocabulary["probe"]["timeout_seconds"], stop=stop)
    flags = [dict(item.partition("=")[::2] for item in line.split("|")) for line in finished.stdout.decode().split()]
    return next((said for one in flags if (said := fields_of(one))), None)


def first_light(media: Media, vocabulary: Table, tool: str, *, stop: Event | None = None) -> Media:
    """The same Media with what its first picture says of mastering display and light, where it is HDR: HEVC and AV1 say
    it in their pictures, and the header of the file may be silent."""
    video = media.video
    if media.state != "ok" or video is None or video.colour is None or video.colour.transfer not in HDR_TRANSFERS:
        return media
    shown = ["-select_streams", str(video.index), "-read_intervals", "%+#2", "-show_entries", "frame_side_data"]
    argv = [*safe_call(tool, vocabulary), *shown, "-of", "json", "-i", f"file:{whole_path(media.path)}"]
    finished = run(argv, timeout=vocabulary["probe"]["timeout_seconds"], stop=stop)
    try:
        frames = json.loads(finished.stdout.decode("utf-8", "replace"), strict=False)["frames"]
    except (ValueError, KeyError):
        return media
    told = [one for frame in frames for one in frame.get("side_data_list", ())]
    return replace(media, video=lit(video, told, whole=True)) if frames else media


def _steps(shown: list[Packet]) -> list[int]:
    """How long every picture stays, in ticks: until the next one; the last one until the end of all."""
    times = sorted(packet.pts for packet in shown if packet.pts is not None)
    end = max(packet.pts + packet.duration for packet in shown if packet.pts is not None)
    return [later - at for at, later in pairwise([*times, max(end, times[-1])])]


def _scan(path: str, vocabulary: Table, tool: str) -> list[str]:
    entries = "packet=stream_index,pts,dts,duration,flags:stream=index,time_base"
    shown = ["-show_entries", entries, "-of", "compact"]
    return [*safe_call(tool, vocabulary), *shown, "-i", f"file:{whole_path(path)}"]


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
                shown.append(Packet(pts, dts, duration or 0, "K" in entry.get("flags", "")))
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
    # The first packet of a fragmented file has no length.
    holes = sum(end > at and abs(begin - end) * base > GAP for (at, end), (begin, _) in pairwise(spans))
    if stream.codec in FRAMED:
        # MOV and MP4 know no gaps: there the packet before one lasts longer than the samples in it.
        usual = median_low(packet.duration for packet in packets)
        holes += sum((packet.duration - usual) * base > GAP for packet in packets[:-1])
    length = (max(end for _, end in spans) - start) * base
    return replace(stream, start=start * base, duration=length, gaps=holes)


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
