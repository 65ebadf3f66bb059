"""Every timecode of a file: read where FFmpeg wrote it, built by hand where it writes none, and never trusted."""

from __future__ import annotations

import os
import struct
import subprocess
import time
import tomllib
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proxx.marks import own_marks
from proxx.model import Mark, Media
from proxx.probe import probe
from proxx.timecode import TimecodeError, binary_label, shown
from proxx.tools import find_tool
from proxx.window import MOST_AT_ONCE, MOST_BYTES, Window, boxes

ROOT = Path(__file__).parent.parent
VOCABULARY: Mapping[str, Any] = tomllib.loads((ROOT / "matrices/vocabulary.toml").read_text("utf-8"))
NTSC, NTSC_60 = Fraction(30000, 1001), Fraction(60000, 1001)


def encode(path: Path, *arguments: str, rate: str = "25", codec: str = "mpeg4") -> Path:
    """A clip of five frames."""
    source = ["-f", "lavfi", "-i", f"testsrc2=size=320x180:rate={rate}", "-frames:v", "5", "-c:v", codec]
    subprocess.run([find_tool("ffmpeg"), "-nostdin", "-v", "error", "-y", *source, *arguments, str(path)], check=True)
    return path


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    folder = tmp_path_factory.mktemp("clips")
    stream = ("-metadata:s:v:0", "timecode=00:59:58;20")
    dnxhr = ("-profile:v", "dnxhr_lb", "-pix_fmt", "yuv422p")
    return {
        "mov": encode(folder / "a.mov", *stream, "-metadata:s:v:0", "reel_name=A001R2EC", rate="30000/1001"),
        "mp4": encode(folder / "a.mp4", *stream, rate="30000/1001"),
        "mkv": encode(folder / "a.mkv", *stream, rate="30000/1001"),
        "fast": encode(folder / "fast.mov", "-metadata:s:v:0", "timecode=10:00:00:30", rate="50"),
        "mxf": encode(
            folder / "a.mxf",
            *("-s", "640x360", *dnxhr, "-metadata", "timecode=10:00:00:05", "-metadata", "reel_name=TAPE7"),
            codec="dnxhd",
        ),
        "none": encode(folder / "none.mxf", "-s", "640x360", *dnxhr, codec="dnxhd"),
    }


def look(path: Path) -> Media:
    return probe(str(path), VOCABULARY, find_tool("ffprobe"))


def told(path: Path) -> list[tuple[str, str, Fraction | None]]:
    return [(mark.place, mark.label, mark.rate) for mark in look(path).marks or ()]


@pytest.mark.parametrize("kind", ["mov", "mp4"])
def test_a_timecode_track_tells_sample_flags_rate_and_reel(clips: Mapping[str, Path], kind: str) -> None:
    (mark,) = own_marks(str(clips[kind]))
    assert (mark.place, mark.label, mark.rate, mark.stream) == ("track", "00:59:58;20", NTSC, 1)
    assert mark.flags == ("drop",)
    assert mark.reel == ("A001R2EC" if kind == "mov" else "")
    assert "30 frames a second" in mark.detail
    assert told(clips[kind]) == [("track", "00:59:58;20", NTSC), ("picture", "00:59:58;20", None)]


def test_matroska_tells_a_tag_of_the_picture(clips: Mapping[str, Path]) -> None:
    assert told(clips["mkv"]) == [("picture", "00:59:58;20", None)]


def test_mxf_tells_its_packages_its_tape_and_its_first_system_item(clips: Mapping[str, Path]) -> None:
    rate = Fraction(25)
    assert told(clips["mxf"]) == [
        ("material", "10:00:00:05", rate),
        ("file-package", "10:00:00:05", rate),
        ("source-package", "10:00:00:05", rate),
        ("system-item", "10:00:00:05", rate),
        ("picture", "10:00:00:05", None),
        ("file", "10:00:00:05", None),
    ]
    assert [mark.reel for mark in own_marks(str(clips["mxf"]))] == ["", "", "TAPE7", ""]


def test_mxf_without_a_timecode_has_one_all_the_same(clips: Mapping[str, Path]) -> None:
    assert {label for _, label, _ in told(clips["none"])} == {"00:00:00:00"}


# ---- what FFmpeg does not write -------------------------------------------------------------------------------------


def box(kind: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I", 8 + len(body)) + kind + body


def clock(number: int, kind: Mapping[str, int], at: int, name: str = "") -> bytes:
    """A tmcd track (flags, scale, length, count) whose first sample lies at a place of the file."""
    label = box(b"name", struct.pack(">HH", len(name), 0), name.encode()) if name else b""
    entry = box(
        b"tmcd",
        bytes(6),
        struct.pack(">HIIIIBx", 1, 0, *(kind[key] for key in ("flags", "scale", "length", "count"))),
        label,
    )
    stbl = box(b"stbl", box(b"stsd", struct.pack(">II", 0, 1), entry), box(b"stco", struct.pack(">III", 0, 1, at)))
    head = box(b"tkhd", bytes(12), struct.pack(">I", number), bytes(64))
    return box(b"trak", head, box(b"mdia", box(b"hdlr", bytes(8), b"tmcd"), box(b"minf", stbl)))


def picture(*clocks: int) -> bytes:
    refers = box(b"tref", box(b"tmcd", *(struct.pack(">I", number) for number in clocks))) if clocks else b""
    head = box(b"tkhd", bytes(12), struct.pack(">I", 1), bytes(64))
    return box(b"trak", head, refers, box(b"mdia", box(b"hdlr", bytes(8), b"vide")))


def movie(path: Path, samples: list[int], *tracks: bytes) -> list[Mark]:
    head = box(b"ftyp", b"qt  ", bytes(4)) + box(b"mdat", *(struct.pack(">i", one) for one in samples))
    path.write_bytes(head + box(b"moov", *tracks))
    return own_marks(str(path))


FIRST = 24
"""Where the first sample of `movie` lies: after ftyp (16) and the head of mdat (8)."""


def test_the_track_that_the_picture_refers_to_comes_before_another(tmp_path: Path) -> None:
    kind: dict[str, int] = {"flags": 2, "scale": 25, "length": 1, "count": 25}
    tracks = [clock(2, kind, FIRST), clock(3, kind, FIRST + 4, "B002")]
    found = movie(tmp_path / "a.mov", [0, 90000], picture(3), *tracks)
    assert [(mark.place, mark.label, mark.reel) for mark in found] == [
        ("other-track", "00:00:00:00", ""),
        ("track", "01:00:00:00", "B002"),
    ]


@pytest.mark.parametrize(
    ("count", "kind", "label", "rate", "flags"),
    [
        (90012, {"flags": 0, "scale": 50, "length": 1, "count": 25}, "01:00:00:12", Fraction(25), ()),
        (-5, {"flags": 4, "scale": 25, "length": 1, "count": 25}, "-00:00:00:05", Fraction(25), ("negative",)),
        (25 * 90000, {"flags": 0, "scale": 25, "length": 1, "count": 25}, "25:00:00:00", Fraction(25), ()),
        (
            25 * 90000,
            {"flags": 2, "scale": 25, "length": 1, "count": 25},
            "01:00:00:00",
            Fraction(25),
            ("24-hour-max",),
        ),
        (86400, {"flags": 1, "scale": 24, "length": 1, "count": 24}, "01:00:00;00", Fraction(24), ("drop",)),
        (10, {"flags": 8, "scale": 24, "length": 1, "count": 24}, "00:00:00:10", Fraction(24), ("counter",)),
        (215784, {"flags": 1, "scale": 60000, "length": 1001, "count": 60}, "01:00:00;00", NTSC_60, ("drop",)),
        (107892, {"flags": 1, "scale": 60000, "length": 1001, "count": 30}, "01:00:00;00", NTSC, ("drop",)),
    ],
    ids=["pairs", "negative", "past-midnight", "wraps", "drop-at-24", "counter", "sixty", "sixty-in-pairs"],
)
def test_a_sample_is_read_as_its_description_says_and_never_corrected(
    tmp_path: Path, count: int, kind: dict[str, int], label: str, rate: Fraction, flags: tuple[str, ...]
) -> None:
    (mark,) = movie(tmp_path / "a.mov", [count], picture(2), clock(2, kind, FIRST))
    assert (mark.label, mark.rate, mark.flags) == (label, rate, flags)


def test_a_track_without_a_sample_is_remarked_and_has_no_label(tmp_path: Path) -> None:
    kind: dict[str, int] = {"flags": 0, "scale": 25, "length": 1, "count": 25}
    (mark,) = movie(tmp_path / "a.mov", [], picture(2), clock(2, kind, 1 << 31, "A001"))
    assert (mark.label, mark.reel) == ("", "A001")


@pytest.mark.parametrize("entry", [b"rtmd", b"gpmd"])
def test_a_cameras_own_track_is_named_and_not_read(tmp_path: Path, entry: bytes) -> None:
    stbl = box(b"stbl", box(b"stsd", struct.pack(">II", 0, 1), box(entry, bytes(8))))
    track = box(b"trak", box(b"mdia", box(b"hdlr", bytes(8), b"meta"), box(b"minf", stbl)))
    (mark,) = movie(tmp_path / "a.mp4", [], picture(), track)
    assert (mark.place, mark.label, mark.stream) == ("camera", "", 1)
    assert ("Sony" if entry == b"rtmd" else "GoPro") in mark.detail


@pytest.mark.parametrize(
    ("table", "value", "label", "rate"),
    [
        ('tcFps="25" halfStep="false"', "17305719", "19:57:30:17", Fraction(25)),
        ('tcFps="30" halfStep="false"', "44590400", "00:04:59;04", NTSC),
        ('tcFps="30" halfStep="true"', "40000000", "00:00:00;00", NTSC_60),
        ('tcFps="30" halfStep="true"', "54830000", "00:00:03;29", NTSC_60),
        ('tcFps="24" halfStep="false"', "16162602", "02:26:16:16", Fraction(24)),
    ],
)
def test_sonys_table_beside_the_movie_is_read(
    tmp_path: Path, table: str, value: str, label: str, rate: Fraction
) -> None:
    """Values that Sony cameras wrote; 54830000 is frame 209 at 59.94, of which every second one is labelled."""
    text = f'<NonRealTimeMeta><LtcChangeTable {table}><LtcChange frameCount="0" value="{value}" status="increment"/>'
    path = tmp_path / "C0001.MP4"
    meta = box(b"meta", bytes(4), box(b"hdlr", bytes(8), b"nrtm"), box(b"xml ", bytes(4), text.encode()))
    path.write_bytes(box(b"ftyp", b"XAVC", bytes(4)) + meta)
    (mark,) = own_marks(str(path))
    assert (mark.place, mark.label, mark.rate) == ("camera", label, rate)


def wave(path: Path, samples: int, text: str, *, wide: bool = False) -> list[Mark]:
    """A Broadcast Wave file; `wide` ones are RF64 with the sound before the other chunks."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return name + struct.pack("<I", len(body)) + body + bytes(len(body) % 2)

    bext = chunk(b"bext", bytes(338) + struct.pack("<Q", samples) + bytes(256))
    form = chunk(b"fmt ", struct.pack("<HHIIHH", 1, 1, 48000, 144000, 3, 24))
    xml = chunk(b"iXML", text.encode())
    if wide:
        sound = b"data" + struct.pack("<I", 0xFFFFFFFF) + bytes(1000)
        whole = (
            b"RF64\xff\xff\xff\xffWAVE"
            + chunk(b"ds64", struct.pack("<QQQI", 0, 1000, 0, 0))
            + sound
            + bext
            + form
            + xml
        )
    else:
        whole = b"RIFF" + struct.pack("<I", 9999) + b"WAVE" + bext + form + xml + chunk(b"data", bytes(64))
    path.write_bytes(whole)
    return own_marks(str(path))


IXML = "<BWFXML><TAPE>23Y01M15</TAPE><SPEED><TIMECODE_RATE>{}</TIMECODE_RATE><TIMECODE_FLAG>{}</TIMECODE_FLAG></SPEED>"


@pytest.mark.parametrize("wide", [False, True])
def test_a_broadcast_wave_tells_its_time_reference_at_the_rate_of_ixml(tmp_path: Path, *, wide: bool) -> None:
    (mark,) = wave(tmp_path / "a.wav", 48000 * 3600, IXML.format("25/1", "NDF"), wide=wide)
    assert (mark.place, mark.label, mark.rate, mark.reel) == ("sound", "01:00:00:00", Fraction(25), "23Y01M15")
    assert mark.detail == "bext time reference 172800000 samples at 48000 Hz"


def test_a_time_reference_at_a_fractional_rate_counts_frames_of_the_clock(tmp_path: Path) -> None:
    (mark,) = wave(tmp_path / "a.wav", 172_972_800, IXML.format("24000/1001", "NDF"))
    assert mark.label == "01:00:00:00"
    (mark,) = wave(tmp_path / "b.wav", 172_799_827, IXML.format("30000/1001", "DF"))
    assert (mark.label, mark.flags) == ("00:59:59;29", ("drop",))


@pytest.mark.parametrize("text", ["", IXML.format("x", "NDF"), IXML.format("0/0", "NDF"), IXML.format("25", "DF")])
def test_a_time_reference_without_a_rate_is_no_label(tmp_path: Path, text: str) -> None:
    (mark,) = wave(tmp_path / "a.wav", 1, text)
    assert mark.label == ""
    assert "without a timecode rate" in mark.detail


@pytest.mark.parametrize(
    ("data", "base", "expected"),
    [
        ("04594000", 30, ("00:40:59:04", False, False)),
        ("44590400", 30, ("00:04:59;04", True, False)),
        ("14830000", 30, ("00:00:03:14", False, True)),
        ("14030080", 25, ("00:00:03:14", False, True)),
    ],
)
def test_a_binary_timecode_is_read_with_its_flags(data: str, base: int, expected: tuple[str, bool, bool]) -> None:
    assert binary_label(bytes.fromhex(data), base) == expected


@pytest.mark.parametrize("data", ["0f000000", "000b0000", "00"])
def test_a_binary_timecode_of_other_digits_is_refused(data: str) -> None:
    with pytest.raises(TimecodeError):
        binary_label(bytes.fromhex(data), 25)


def test_a_count_is_shown_as_it_is_meant() -> None:
    assert shown(107892, 30, drop=True, wraps=False) == "01:00:00;00"
    assert shown(86400, 24, drop=True, wraps=False) == "01:00:00;00"


# ---- what is hostile -------------------------------------------------------------------------------------------------


def test_a_look_is_bounded_whatever_sizes_are_declared(tmp_path: Path) -> None:
    path = tmp_path / "huge.mov"
    with path.open("wb") as file:
        file.truncate(1 << 40)
    with path.open("rb") as file:
        window = Window(file, 1 << 40)
        assert len(window.read(0, 1 << 40)) == MOST_AT_ONCE
        assert sum(len(window.read(0, 1 << 40)) for _ in range(100)) == MOST_BYTES - MOST_AT_ONCE
        assert list(boxes(window, 0, 1 << 40)) == []


@pytest.mark.parametrize(
    "data",
    [
        struct.pack(">I4s", 8, b"free") * 200_000,
        (struct.pack(">I4s", 1 << 31, b"moov") + struct.pack(">I4s", 1 << 30, b"trak")) * 40_000,
        struct.pack(">I4s", 0, b"moov") * 50_000,
        bytes.fromhex("060e2b34020501010d010201010204008300010000") + bytes(100) + b"\xff" * 300_000,
        bytes.fromhex("060e2b34020501010d0102010102040088ffffffffffffffff") + b"\x7f" * 100_000,
        b"RIFF\xff\xff\xff\xffWAVE" + b"bext\x00\x00\x00\x00" * 100_000,
        b"RF64\xff\xff\xff\xffWAVEds64\x00\x00\x00\x00" + b"\xff" * 100 + b"data\xff\xff\xff\xff" * 1000,
    ],
    ids=["many-boxes", "boxes-past-the-end", "endless-boxes", "mxf-noise", "mxf-lengths", "many-chunks", "wide-lies"],
)
def test_hostile_structures_are_left_in_no_time(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "hostile.bin"
    path.write_bytes(data)
    began = time.monotonic()
    own_marks(str(path))
    assert time.monotonic() - began < 5


def test_a_pipe_a_folder_and_nothing_at_all_have_no_marks(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert own_marks(str(tmp_path / "pipe")) == own_marks(str(tmp_path)) == own_marks(str(tmp_path / "no")) == []


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_damaged_files_give_marks_or_none_and_nothing_else(clips: Mapping[str, Path], data: st.DataObject) -> None:
    whole = bytearray(clips[data.draw(st.sampled_from(["mov", "mp4", "mxf"]))].read_bytes())
    for _ in range(data.draw(st.integers(1, 8))):
        if data.draw(st.booleans()):
            at = data.draw(st.integers(0, min(len(whole), 16_384) - 1))
        else:
            at = max(whole.find(b"moov"), 0) + data.draw(st.integers(0, 1600))
        change = data.draw(st.sampled_from([b"\xff\xff\xff\xff", b"\0\0\0\0", b"\0\0\0\x01", b"\x80", b"tmcd"]))
        whole[at : at + len(change)] = change
    path = clips["mov"].parent / "damaged.bin"
    path.write_bytes(whole[: data.draw(st.integers(1, len(whole)))])
    began = time.monotonic()
    found = own_marks(str(path))
    assert time.monotonic() - began < 5
    assert all(isinstance(mark, Mark) and len(mark.detail) < 2000 for mark in found)
