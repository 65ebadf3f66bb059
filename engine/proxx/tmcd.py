"""The timecodes of MOV and MP4: tmcd tracks with flags and reel name, and what cameras write beside the picture."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

from proxx.acquisition import MOST_PACKET, gopro_mark, rtmd_mark
from proxx.model import Mark
from proxx.moments import DELAYED
from proxx.timecode import DROP_RATES, Timecode, TimecodeError, binary_label, exact, label, nominal, parse, shown
from proxx.window import Window, boxes, child, number

MOST_TRACKS = 512
MOST_TEXT = 1 << 16
MOST_RATE = 240
STBL = (b"mdia", b"minf", b"stbl")
FLAGS = {1: "drop", 2: "24-hour-max", 4: "negative", 8: "counter"}
"""The flags of a timecode sample description (QuickTime File Format, Timecode Sample Description)."""


@dataclass(frozen=True, slots=True)
class _Track:
    """One track: its place in the file's order, its id, kind, the kind of its samples, and where it lies."""

    index: int
    id: int
    handler: bytes
    entry: bytes
    refers: tuple[int, ...]
    place: tuple[int, int]


def quicktime_marks(window: Window) -> list[Mark]:
    """Every timecode that the boxes of a MOV or MP4 tell."""
    found: list[Mark] = []
    for kind, begins, ends in boxes(window, 0, window.size):
        if kind == b"moov":
            tracks = list(_tracks(window, begins, ends))
            found += _timecode_tracks(window, tracks)
            found += _camera_tracks(window, tracks, _content(window, begins, ends, b"udta", b"GPMF", most=MOST_PACKET))
        if kind in (b"meta", b"moov"):
            found += _sony(window, begins, ends)
    return found


def _tracks(window: Window, at: int, end: int) -> Iterator[_Track]:
    index = -1
    for kind, begins, ends in boxes(window, at, end):
        if kind != b"trak":
            continue
        index += 1
        if index >= MOST_TRACKS:
            return
        header, handler = _content(window, begins, ends, b"tkhd"), _content(window, begins, ends, b"mdia", b"hdlr")
        described = _content(window, begins, ends, *STBL, b"stsd")
        refers = _content(window, begins, ends, b"tref", b"tmcd")
        yield _Track(
            index=index,
            id=number(header, 20 if header[:1] == b"\1" else 12),
            handler=handler[8:12],
            entry=described[12:16],
            refers=tuple(number(refers, at) for at in range(0, min(len(refers), 64), 4)),
            place=(begins, ends),
        )


def _content(window: Window, at: int, end: int, *path: bytes, most: int = 256) -> bytes:
    """The first bytes of the box along a path, none when it is not there."""
    place = child(window, at, end, *path)
    return window.read(place[0], min(place[1] - place[0], most)) if place else b""


def _timecode_tracks(window: Window, tracks: list[_Track]) -> Iterator[Mark]:
    """The tmcd tracks; the one that the picture refers to (or the first) is called "track"."""
    clocks = [track for track in tracks if track.entry == b"tmcd"]
    asked = [refers for track in tracks if track.handler == b"vide" for refers in track.refers]
    chosen = next((track for track in clocks if track.id in asked), clocks[0] if clocks else None)
    for track in clocks:
        yield _timecode_track(window, track, "track" if track is chosen else "other-track")


def _timecode_track(window: Window, track: _Track, place: str) -> Mark:
    described = _content(window, *track.place, *STBL, b"stsd", most=4096)
    bits, scale, length = (number(described, at) for at in (28, 32, 36))
    count = number(described, 40, 1)
    flags = tuple(word for bit, word in FLAGS.items() if bits & bit)
    edits = _content(window, *track.place, b"edts", b"elst", most=16)
    if len(edits) == 16 and number(edits, 12, signed=True) == -1 and edits[0] == 0:
        flags += (DELAYED,)
    reel = _name(described)
    sample = _sample(window, track)
    if not scale or not length or not count or sample is None:
        return Mark(place, stream=track.index, reel=reel, flags=flags, detail="a tmcd track without a readable sample")
    rate = Fraction(scale, length)
    base = rate / max(round(Fraction(nominal(rate), count)), 1) if count < nominal(rate) else rate
    detail = f"sample {sample}, {count} frames a second, time scale {scale}/{length}"
    text = shown(sample, count, drop="drop" in flags, wraps="24-hour-max" in flags)
    return Mark(place, text, base, track.index, reel, flags, detail)


def _name(described: bytes) -> str:
    """The reel name that follows a timecode description: a box "name" with length, language and text."""
    at = described.find(b"name", 42, 64)
    if at < 0:
        return ""
    length = number(described, at + 4, 2)
    return described[at + 8 : at + 8 + length].decode("utf-8", "replace").strip("\0 ")


def _camera_tracks(window: Window, tracks: list[_Track], settings: bytes) -> Iterator[Mark]:
    """The first packets of the tracks of metadata that cameras of Sony and GoPro write."""
    for track in tracks:
        if track.entry == b"rtmd":
            yield rtmd_mark(_first_bytes(window, track, MOST_PACKET), _rate_of(window, track), track.index)
        elif track.entry == b"gpmd":
            yield gopro_mark(settings, _first_bytes(window, track, MOST_PACKET), track.index)


def _rate_of(window: Window, track: _Track) -> Fraction | None:
    """How many samples a track has in a second; None for one alone, or where they do not all last equally long."""
    header, lasts = (_content(window, *track.place, *path) for path in ((b"mdia", b"mdhd"), (*STBL, b"stts")))
    scale, length = number(header, 20 if header[:1] == b"\1" else 12), number(lasts, 12)
    even = number(lasts, 4) == 1 and number(lasts, 8) > 1
    return exact(Fraction(scale, length)) if even and scale and length else None


def _sample(window: Window, track: _Track) -> int | None:
    """The first timecode sample: a signed number of frames; None when it is not there."""
    data = _first_bytes(window, track, 4)
    return number(data, 0, signed=True) if len(data) == 4 else None


def _first_bytes(window: Window, track: _Track, count: int) -> bytes:
    """The file's bytes from where the first sample of a track begins."""
    for kind, width in ((b"stco", 4), (b"co64", 8)):
        table = _content(window, *track.place, *STBL, kind, most=16)
        if len(table) >= 8 + width and number(table, 4):
            return window.read(number(table, 8, width), min(count, _first_size(window, track) or count))
    return b""


def _first_size(window: Window, track: _Track) -> int:
    """How many bytes the first sample has; 0 where the track does not tell."""
    sizes = _content(window, *track.place, *STBL, b"stsz", most=16)
    return number(sizes, 4) or number(sizes, 12)


def _sony(window: Window, at: int, end: int) -> Iterator[Mark]:
    """The first entry of Sony's LtcChangeTable, in the XML that XAVC S files hold beside the movie."""
    for begins, ends in _xml_places(window, at, end):
        text = window.read(begins, min(ends - begins, MOST_TEXT)).decode("utf-8", "replace")
        table, change = _element(text, "LtcChangeTable"), _element(text, "LtcChange")
        umid = _attribute(_element(text, "TargetMaterial"), "umidRef").lower()
        if table and change and _attribute(change, "frameCount") == "0":
            mark = _ltc(_attribute(table, "tcFps"), _attribute(table, "halfStep"), _attribute(change, "value"))
            yield replace(mark, umid=umid)
        elif umid:
            yield Mark("camera", detail="Sony's XML without a timecode", umid=umid)


def _xml_places(window: Window, at: int, end: int) -> Iterator[tuple[int, int]]:
    """The content of "xml " boxes right here (of a meta box, with or without its version), or in a meta box here."""
    for start in (at, at + 4):
        for kind, begins, ends in boxes(window, start, end):
            if kind == b"xml ":
                yield begins, ends
            elif kind == b"meta":
                yield from _xml_places(window, begins, ends)


def _element(text: str, name: str) -> str:
    """The opening tag of the first element of that name."""
    at = text.find(f"<{name} ")
    return text[at : text.find(">", at)] if at >= 0 else ""


def _attribute(tag: str, name: str) -> str:
    _, found, rest = tag.partition(f' {name}="')
    return rest.partition('"')[0] if found else ""


def _ltc(fps: str, half: str, value: str) -> Mark:
    """A linear timecode of eight hexadecimal digits, FFSSMMHH; `half`: it counts every second frame."""
    detail = (
        f"LtcChange {value} of Sony's table, {fps} frames a second{', every second frame' if half == 'true' else ''}"
    )
    try:
        digits, base = bytes.fromhex(value), int(fps)
        text, drop, second = binary_label(digits, base)
    except (ValueError, TimecodeError):
        return Mark("camera", detail=detail)
    if not 1 <= base <= MOST_RATE:
        return Mark("camera", detail=detail)
    rate = Fraction(base * 1000, 1001) if drop else Fraction(base)
    flags = ("drop",) if drop else ()
    if half != "true":
        return Mark("camera", text, rate, flags=flags, detail=detail)
    try:
        one = parse(text, rate)
    except TimecodeError:
        return Mark("camera", text, rate, flags=flags, detail=detail)  # as it stands: whoever reads it refuses it
    every = label(Timecode(one.frames * 2 + second, rate * 2, drop and rate * 2 in DROP_RATES))
    return Mark("camera", every, rate * 2, flags=flags, detail=detail)
