"""Every timecode of a file: read where FFmpeg wrote it, built by hand where it writes none, and never trusted."""

from __future__ import annotations

import json
import os
import struct
import subprocess
import time
import tomllib
from collections.abc import Mapping
from fractions import Fraction
from math import ceil, floor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from proxx.acquisition import ancillary_marks, gopro_mark, rtmd_mark
from proxx.marks import own_marks
from proxx.model import Mark, Media
from proxx.moments import fault_of
from proxx.origin import origin_facts, settled
from proxx.probe import probe
from proxx.rulebook import Rulebook
from proxx.timecode import TimecodeError, binary_label, parse, shown
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


# ---- what cameras write beside the picture: packets built from the layouts that FFmpeg and others read --------------

LENS, UNIT = bytes.fromhex("060e2b34025301010c02010101010000"), bytes.fromhex("060e2b34025301010c02010102010000")
USER = bytes.fromhex("060e2b34025301010c0201017f010000")


def acquisition(key: bytes, items: Mapping[int, bytes]) -> bytes:
    """A set of SMPTE RDD 18: a key, a BER length in four bytes, and items with tags and lengths of two."""
    body = b"".join(struct.pack(">HH", tag, len(value)) + value for tag, value in items.items())
    return key + b"\x83" + len(body).to_bytes(3, "big") + body


SETS = (
    acquisition(LENS, {0x8000: b"\xc0\0"})
    + acquisition(UNIT, {0x8106: struct.pack(">II", 120000, 1001), 0x8114: b"ILCE-7SM3 5072108\0"})
    + acquisition(USER, {0xE000: bytes(16), 0xE304: bytes.fromhex("002022061008160100")})
)
WORDS = "camera ILCE-7SM3 5072108, captured at 120000/1001 frames a second, recorded 2022-06-10 08:16:01"


def packet(label: tuple[int, int, int, int], *, drop: int = 0, sets: bytes = SETS) -> bytes:
    """A packet of Sony's real time metadata: 28 bytes of head, of which 13 to 17 are the timecode, then sets."""
    hours, minutes, seconds, frame = label
    head = bytes.fromhex("001c0100 00000000 f0010010 00") + bytes((hours, minutes, seconds, drop, frame)) + bytes(10)
    return head + sets + bytes(64)


def camera_clip(path: Path, entry: bytes, data: bytes, rate: str) -> Path:
    """An MP4 of FFmpeg's, whose timecode track has become a track of the camera's: `data` is each of five samples."""
    encode(path, "-metadata:s:v:0", "timecode=10:00:00:00", rate=rate)
    whole = bytearray(path.read_bytes())
    track = whole.rindex(b"stsd") + 16
    assert whole[track : track + 4] == b"tmcd"
    refers = whole.index(b"tref")
    whole[refers : refers + 4] = b"free"
    whole[track : track + 4] = entry
    scale, length = Fraction(rate).as_integer_ratio()
    patches = {
        b"mdhd": ((16, scale),),
        b"stts": ((12, 5), (16, length)),
        b"stsc": ((16, 5),),
        b"stsz": ((8, len(data)), (12, 5)),
        b"stco": ((12, len(whole) + 8),),
    }
    for kind, values in patches.items():
        for at, value in values:
            struct.pack_into(">I", whole, whole.rindex(kind) + at, value)
    path.write_bytes(bytes(whole) + box(b"free", data * 5))
    return path


@pytest.mark.parametrize(
    ("rate", "label", "drop", "text", "flags"),
    [
        ("50", (3, 47, 26, 44), 0, "03:47:26:44", ()),
        ("120000/1001", (2, 34, 28, 112), 0, "02:34:28:112", ("drop-untold",)),
        ("30000/1001", (0, 59, 58, 20), 1, "00:59:58;20", ("drop",)),
        ("24000/1001", (23, 59, 59, 23), 0, "23:59:59:23", ()),
    ],
)
def test_sonys_frame_metadata_are_read_as_ffmpeg_reads_them(
    tmp_path: Path, rate: str, label: tuple[int, int, int, int], drop: int, text: str, flags: tuple[str, ...]
) -> None:
    clip = camera_clip(tmp_path / "C0001.MP4", b"rtmd", packet(label, drop=drop), rate)
    (mark,) = own_marks(str(clip))
    assert (mark.place, mark.label, mark.rate, mark.flags) == ("frame-metadata", text, Fraction(rate), flags)
    assert mark.detail == f"Sony's real time metadata, {WORDS}"
    argv = [find_tool("ffprobe"), "-v", "error", "-select_streams", "d", "-show_entries", "stream_tags=timecode"]
    shown = subprocess.run([*argv, "-of", "csv=p=0", str(clip)], check=True, capture_output=True, text=True)
    assert shown.stdout.strip() == text
    assert look(clip).marks == (mark,)  # what ffprobe tells of the same track is not told twice


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "unknown layout"),
        (bytes(1024), "unknown layout"),
        (bytes.fromhex("001c0100"), "unknown layout"),
        (packet((255, 255, 255, 255), drop=255), "without a timecode"),
    ],
)
def test_frame_metadata_without_a_timecode_are_remarked(tmp_path: Path, data: bytes, words: str) -> None:
    (mark,) = own_marks(str(camera_clip(tmp_path / "C0001.MP4", b"rtmd", data, "25")))
    assert (mark.place, mark.label, mark.stream) == ("frame-metadata", "", 1)
    assert words in mark.detail


def gpmf(key: bytes, kind: bytes, body: bytes, size: int = 1) -> bytes:
    return key + (kind or b"\0") + struct.pack(">BH", size, len(body) // size) + body + bytes(-len(body) % 4)


def test_gopros_metadata_tell_the_camera_and_no_timecode(tmp_path: Path) -> None:
    device = gpmf(b"DVNM", b"c", b"Global Settings") + gpmf(b"MINF", b"c", b"HERO11 Black")
    device += gpmf(b"CASN", b"c", b"C3471324501320") + gpmf(b"MUID", b"L", bytes.fromhex("f3aa5bd2") + bytes(28), 4)
    (mark,) = own_marks(str(camera_clip(tmp_path / "GX010001.MP4", b"gpmd", gpmf(b"DEVC", b"", device), "25")))
    assert (mark.place, mark.label) == ("frame-metadata", "")
    assert "hold no timecode" in mark.detail
    assert f"camera HERO11 Black, serial number C3471324501320, media id f3aa5bd2{'00' * 28}" in mark.detail


def ancillary(*packets: bytes) -> bytes:
    """A frame's ancillary data (SMPTE ST 436-1): lines with their kind, coding, samples, and an array of bytes."""
    lines = (struct.pack(">HBBHII", 9 + at, 2, 4, len(one), len(one), 1) + one for at, one in enumerate(packets))
    return struct.pack(">H", len(packets)) + b"".join(lines)


def test_acquisition_metadata_in_mxf_tell_the_camera_and_no_timecode() -> None:
    """RDD 18 spreads its sets over packets of at most 254 bytes (identifiers 43 05), each with its number first."""
    parts = [SETS[at : at + 100] for at in range(0, len(SETS), 100)]
    packets = [b"\x43\x05" + bytes((len(part) + 1, at)) + part + b"\0" for at, part in enumerate(parts)]
    (mark,) = ancillary_marks(ancillary(b"\x61\x02\x03abc\0", *packets))
    assert (mark.place, mark.label) == ("frame-metadata", "")
    assert mark.detail.endswith(f"without a timecode, {WORDS}")
    assert list(ancillary_marks(ancillary(b"\x61\x02\x03abc\0"))) == []


def test_acquisition_metadata_are_found_beside_the_first_frame_of_an_mxf(
    clips: Mapping[str, Path], tmp_path: Path
) -> None:
    data = ancillary(*(b"\x43\x05" + bytes((len(SETS) + 1, 0)) + SETS + b"\0" for _ in range(1)))
    element = bytes.fromhex("060e2b34010201010d01030117010201") + b"\x83" + len(data).to_bytes(3, "big") + data
    whole = clips["mxf"].read_bytes()
    at = whole.index(bytes.fromhex("060e2b34010201010d010301"))  # the first element of essence
    (tmp_path / "a.mxf").write_bytes(whole[:at] + element + whole[at:])
    *known, mark = own_marks(str(tmp_path / "a.mxf"))
    assert (mark.place, WORDS in mark.detail) == ("frame-metadata", True)
    assert known == own_marks(str(clips["mxf"]))


@given(st.binary(max_size=300), st.integers(0, 200))
def test_damaged_metadata_of_cameras_give_marks_or_none_and_nothing_else(noise: bytes, at: int) -> None:
    whole = packet((1, 2, 3, 4))
    for data in (noise, whole[:at] + noise, whole[:at] + noise + whole[at + len(noise) :], whole[: at * 2]):
        assert rtmd_mark(data, None, 0).place == "frame-metadata"
        assert gopro_mark(data, data[::-1], 0).label == ""
        assert all(mark.label == "" for mark in ancillary_marks(ancillary(b"\x43\x05" + data) + data))
        list(ancillary_marks(data))


def test_packages_of_an_mxf_tell_their_umids_as_ffprobe_does(clips: Mapping[str, Path]) -> None:
    argv = [find_tool("ffprobe"), "-v", "error", "-of", "json", "-show_format", "-show_streams", str(clips["mxf"])]
    shown = json.loads(subprocess.run(argv, check=True, capture_output=True).stdout)
    found = {mark.place: mark.umid for mark in own_marks(str(clips["mxf"])) if mark.umid}
    assert shown["format"]["tags"]["material_package_umid"] == f"0x{found['material'].upper()}"
    assert shown["streams"][0]["tags"]["file_package_umid"] == f"0x{found['file-package'].upper()}"
    assert len(found["source-package"]) == 64
    assert len(set(found.values())) == 3


def test_a_package_without_a_timecode_is_told_with_its_umid(clips: Mapping[str, Path], tmp_path: Path) -> None:
    """The kind of timecode components is exchanged for that of source clips, as in media of Avid's importers."""
    whole = clips["mxf"].read_bytes()
    assert whole.count(bytes.fromhex("15020002")) >= 3  # the rounded timecode base of each package
    path = tmp_path / "a.mxf"
    path.write_bytes(whole.replace(bytes.fromhex("15020002"), bytes.fromhex("15ff0002")))
    marks = [mark for mark in own_marks(str(path)) if mark.place != "system-item"]
    assert [(mark.place, mark.label, len(mark.umid)) for mark in marks] == [
        ("material", "", 64),
        ("file-package", "", 64),
        ("source-package", "", 64),
    ]
    assert marks[2].reel == "TAPE7"


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
    text += f'<TargetMaterial umidRef="060A2B340101010501010D43{"0F" * 20}"/>'
    meta = box(b"meta", bytes(4), box(b"hdlr", bytes(8), b"nrtm"), box(b"xml ", bytes(4), text.encode()))
    path.write_bytes(box(b"ftyp", b"XAVC", bytes(4)) + meta)
    (mark,) = own_marks(str(path))
    assert (mark.place, mark.label, mark.rate) == ("camera", label, rate)
    assert mark.umid == "060a2b340101010501010d43" + "0f" * 20


@pytest.mark.parametrize(
    ("table", "value", "label"),
    [
        ('tcFps="25" halfStep="false"', "30305719", "19:57:30:30"),
        ('tcFps="30" halfStep="true"', "40000100", "00:01:00;00"),
        ('tcFps="0" halfStep="false"', "17305719", ""),
        ('tcFps="0" halfStep="true"', "17305719", ""),
        ('tcFps="-25" halfStep="false"', "17305719", ""),
        ('tcFps="99999999" halfStep="true"', "17305719", ""),
        ('tcFps="25" halfStep="false"', "1A305719", ""),
        ('tcFps="25" halfStep="false"', "zz", ""),
        ("", "17305719", None),
    ],
)
def test_sonys_table_is_never_corrected(tmp_path: Path, table: str, value: str, label: str | None) -> None:
    """What cannot exist stands as it is, for whoever judges it; what is no timecode at all is only remarked."""
    text = f'<LtcChangeTable {table}><LtcChange frameCount="0" value="{value}" status="increment"/>'
    path = tmp_path / "C0001.MP4"
    path.write_bytes(box(b"ftyp", b"XAVC", bytes(4)) + box(b"meta", bytes(4), box(b"xml ", bytes(4), text.encode())))
    (mark,) = own_marks(str(path))
    assert mark.label == (label or "")
    fault_of(mark, Fraction(25))  # of no rate either


def test_the_xml_tells_drop_frame_where_sonys_frame_metadata_do_not(tmp_path: Path, rulebook: Rulebook) -> None:
    """As of an ILCE-7SM3 at 29.97: one moment, which both tell; without the XML the drop-frame flag is not known."""
    clip = camera_clip(tmp_path / "C0001.MP4", b"rtmd", packet((2, 34, 28, 12)), "30000/1001")
    alone = settled(rulebook, look(clip))
    assert (alone.timecode, alone.timecode_from) == ("02:34:28:12", "frame-metadata")
    assert origin_facts(rulebook, alone)["source.timecode-kind"] == "drop-untold"
    text = '<LtcChangeTable tcFps="30" halfStep="false"><LtcChange frameCount="0" value="52283402" status="increment"/>'
    clip.write_bytes(clip.read_bytes() + box(b"meta", bytes(4), box(b"xml ", bytes(4), text.encode())))
    both = settled(rulebook, look(clip))
    assert (both.timecode, both.timecode_from) == ("02:34:28;12", "camera")
    assert origin_facts(rulebook, both)["source.timecodes"] == "agree"
    assert origin_facts(rulebook, both)["source.timecode-kind"] == "clock"


def wave(path: Path, samples: int, text: str, *, wide: bool = False, hertz: int = 48000) -> list[Mark]:
    """A Broadcast Wave file; `wide` ones are RF64 with the sound before the other chunks."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return name + struct.pack("<I", len(body)) + body + bytes(len(body) % 2)

    bext = chunk(b"bext", bytes(338) + struct.pack("<Q", samples) + bytes(256))
    form = chunk(b"fmt ", struct.pack("<HHIIHH", 1, 1, hertz, 3 * hertz, 3, 24))
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
    assert (mark.label, mark.flags) == ("01:00:00;00", ("drop",))  # which begins at sample 172799827.2
    (mark,) = wave(tmp_path / "c.wav", 172_799_826, IXML.format("30000/1001", "DF"))
    assert mark.label == "00:59:59;29"


@given(
    st.sampled_from(["24000/1001", "24", "25", "30000/1001", "30", "48000/1001", "50", "60000/1001", "120000/1001"]),
    st.sampled_from([44100, 47952, 48000, 48048, 88200, 96000, 192000]),
    st.integers(0, 24 * 3600 * 24 - 1),
    st.sampled_from(["down", "nearest", "up"]),
)
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_frame_is_found_again_however_a_recorder_rounds_its_first_sample(
    tmp_path: Path, rate: str, hertz: int, frame: int, way: str
) -> None:
    exact = frame * hertz / Fraction(rate)
    samples = {"down": floor(exact), "nearest": floor(exact + Fraction(1, 2)), "up": ceil(exact)}[way]
    (mark,) = wave(tmp_path / "a.wav", samples, IXML.format(rate, "NDF"), hertz=hertz)
    assert parse(mark.label, Fraction(rate)).frames == frame


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
