"""The timecodes and UMIDs of MXF: of its packages (ST 377-1), and what stands beside its first frame."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from proxx.acquisition import MOST_PACKET, ancillary_marks
from proxx.model import Mark
from proxx.timecode import DROP_RATES, TimecodeError, binary_label, nominal, shown
from proxx.window import MOST_AT_ONCE, Window, ber, number

PARTITION = bytes.fromhex("060e2b34020501010d010201")
SETS = bytes.fromhex("060e2b34025301010d01010101")
"""What the keys of header metadata sets begin with; the version of the registry is left out."""

FILL = bytes.fromhex("060e2b34010101020301021001000000")
SYSTEM_ITEM = bytes.fromhex("060e2b34020501010d01030104")
SYSTEM_PACK = 1
"""The pack of a system item that may hold a time stamp; what follows it are sets about the other items."""

ANCILLARY = bytes.fromhex("060e2b34010201010d01030117010201")
"""The frame's ancillary data (ST 436-1)."""

MATERIAL, SOURCE, TIMECODE = 0x36, 0x37, 0x14
MOST_SETS = 10_000
MOST_KEYS = 400
Set = Mapping[int, bytes]


@dataclass(frozen=True, slots=True)
class _Header:
    """The sets of the header metadata by their identifiers, and those of each kind; `end` is where they end."""

    sets: Mapping[bytes, Set]
    kinds: Mapping[int, list[Set]]
    end: int


def mxf_marks(window: Window, head: bytes) -> list[Mark]:
    """Every timecode of an MXF file's packages and of its first system item."""
    at = head.find(PARTITION)
    if at < 0:
        return []
    header = _header(window, at)
    found: list[Mark] = []
    for kind in (MATERIAL, SOURCE):
        for package in header.kinds.get(kind, ()):
            found += _package(header.sets, package, kind)
    return [*found, *_first_frame(window, header.end, found)]


def metadata_end(window: Window, at: int) -> int:
    """Where the header metadata end that follow the partition pack at a place."""
    return _header(window, at).end


def _header(window: Window, at: int) -> _Header:
    """The sets that follow the header partition pack."""
    length, begins = ber(window.read(at + 16, 9), 0)
    declared = number(window.read(at + 16 + begins, 40), 32, 8)
    start = _after_fill(window, at + 16 + begins + length)  # the count begins after the fill item
    data = window.read(start, min(declared, MOST_AT_ONCE))
    sets: dict[bytes, Set] = {}
    kinds: dict[int, list[Set]] = {}
    place = 0
    while place + 17 <= len(data) and len(sets) < MOST_SETS:
        size, skip = ber(data, place + 16)
        key, begins = data[place : place + 16], place + 16 + skip
        place = begins + size
        if key[:5] + key[6:13] == SETS[:5] + SETS[6:13] and place <= len(data):
            tags = dict(tags_of(data[begins:place]))
            kinds.setdefault(key[14], []).append(tags)
            sets[tags.get(0x3C0A, b"")] = tags
    return _Header(sets, kinds, start + declared)


def _after_fill(window: Window, at: int) -> int:
    """Where the first item begins that is no filling."""
    head = window.read(at, 25)
    if head[:5] + head[8:12] != FILL[:5] + FILL[8:12]:
        return at
    size, skip = ber(head, 16)
    return at + 16 + skip + size


def tags_of(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The properties of a local set: two bytes of tag, two of length."""
    at = 0
    while at + 4 <= len(data):
        size = number(data, at + 2, 2)
        yield number(data, at, 2), data[at + 4 : at + 4 + size]
        at += 4 + size


def _references(data: bytes) -> list[bytes]:
    """The identifiers of an array of references: count, size of one, then each."""
    count = min(number(data, 0), (len(data) - 8) // 16)
    return [data[8 + 16 * at : 24 + 16 * at] for at in range(count)]


def _package(sets: Mapping[bytes, Set], package: Set, kind: int) -> Iterator[Mark]:
    """The timecode tracks of one package. A source package that describes no essence stands for a tape or card."""
    descriptor = sets.get(package.get(0x4701, b""), {})
    place = "material" if kind == MATERIAL else "file-package" if 0x3004 in descriptor else "source-package"
    name = package.get(0x4402, b"").decode("utf-16-be", "replace").partition("\0")[0]
    umid = package.get(0x4401, b"").hex()
    clocks = []
    for track in (sets.get(one, {}) for one in _references(package.get(0x4403, b""))):
        sequence = sets.get(track.get(0x4803, b""), {})
        parts = [sets.get(one, {}) for one in _references(sequence.get(0x1001, b""))] or [sequence]
        clocks += [replace(_component(track, part, place, name), umid=umid) for part in _clock(parts)]
    reel = name if place == "source-package" else ""
    words = "a package without a timecode" + (f", package {name}" if name else "")
    yield from clocks or [Mark(place, reel=reel, detail=words, umid=umid)]


def _clock(parts: list[Set]) -> list[Set]:
    """The first timecode among the parts of a track."""
    return [part for part in parts if 0x1501 in part and 0x1502 in part][:1]


def _component(track: Set, clock: Set, place: str, name: str) -> Mark:
    start, base = number(clock[0x1501], 0, 8, signed=True), number(clock[0x1502], 0, 2)
    drop = number(clock.get(0x1503, b""), 0, 1) == 1
    edit = track.get(0x4B01, b"")
    rate = Fraction(number(edit, 0), number(edit, 4)) if number(edit, 0) and number(edit, 4) else None
    detail = f"start timecode {start}, rounded timecode base {base}, drop-frame {'yes' if drop else 'no'}"
    if name:
        detail += f", package {name}"
    flags = ("drop",) if drop else ()
    reel = name if place == "source-package" else ""
    if not base:
        return Mark(place, reel=reel, flags=flags, detail=detail)
    return Mark(
        place, shown(start, base, drop=drop, wraps=False), _rate(rate, base, drop=drop), None, reel, flags, detail
    )


def _rate(edit: Fraction | None, base: int, *, drop: bool) -> Fraction:
    """The exact rate of a rounded base: the track's edit rate, or a whole part of it (25 labels at 50 frames)."""
    if edit is not None and nominal(edit) % base == 0:
        return edit / (nominal(edit) // base)
    exact = Fraction(base * 1000, 1001)
    return exact if drop and exact in DROP_RATES else Fraction(base)


def _first_frame(window: Window, at: int, marks: list[Mark]) -> Iterator[Mark]:
    """What stands beside the first frame: the time stamp of its system item (ST 385), and its ancillary data."""
    items = 0
    for _ in range(MOST_KEYS):
        head = window.read(at, 25)
        if len(head) < 17:
            return
        size, skip = ber(head, 16)
        at += 16 + skip
        if head[:5] + head[6:13] == SYSTEM_ITEM[:5] + SYSTEM_ITEM[6:13] and head[14] == SYSTEM_PACK:
            items += 1
            if items > 1:
                return  # the second frame's
            yield from _stamp(window.read(at, 57), marks)
        elif head[:7] + head[8:13] + head[14:15] == ANCILLARY[:7] + ANCILLARY[8:13] + ANCILLARY[14:15]:
            yield from ancillary_marks(window.read(at, min(size, MOST_PACKET)))
            return
        at += size


def _stamp(pack: bytes, marks: list[Mark]) -> Iterator[Mark]:
    """The time stamp of a pack, where there is one: byte 40 is 0x81 (ST 12-1), the timecode follows."""
    if len(pack) < 45 or pack[40] != 0x81:
        return
    rate = next((mark.rate for mark in marks if mark.rate), None)
    detail = f"user time stamp {pack[41:45].hex()} of the first system item"
    try:
        text, drop, _ = binary_label(pack[41:45], nominal(rate) if rate else 0)
    except TimecodeError:
        yield Mark("system-item", detail=detail)
        return
    yield Mark("system-item", text, rate, flags=("drop",) if drop else (), detail=detail)
