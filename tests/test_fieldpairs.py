"""H.264 whose fields are coded each for itself (PAFF), as AVCHD cameras write 1080i: two packets are one frame."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

import pytest

from proxx.cli import main
from proxx.fieldpairs import Packet, counted_by_frames, framed
from proxx.model import Video
from proxx.probe import probe
from proxx.rulebook import Rulebook
from proxx.tools import find_tool

FRAMES, SIDE = 10, 64
FIELD = 1800
"""Ticks of 90 kHz that a field of 25 frames a second lasts."""

TICK = Fraction(1, 90000)
PAL = Video(codec="h264", field_order="tt", rate=Fraction(25))


class Bits:
    """Writes an H.264 stream bit by bit (ITU-T H.264 7.2, 9.1)."""

    def __init__(self) -> None:
        self.text = ""

    def number(self, *pairs: tuple[int, int]) -> Bits:
        """Numbers of so many bits: (bits, value)."""
        self.text += "".join(f"{value:0{bits}b}" for bits, value in pairs if bits)
        return self

    def golomb(self, *values: int) -> Bits:
        for value in values:
            length = (value + 1).bit_length()
            self.number((length - 1, 0), (length, value + 1))
        return self

    def whole(self) -> bytes:
        text = self.text + "0" * (-len(self.text) % 8)
        return int(text, 2).to_bytes(len(text) // 8, "big")


def unit(kind: int, data: bytes) -> bytes:
    """A NAL unit; three bytes that could be a start code are kept apart."""
    out, zeros = bytearray([0x60 | kind]), 0
    for byte in data:
        if zeros >= 2 and byte <= 3:
            out.append(3)
            zeros = 0
        out.append(byte)
        zeros = zeros + 1 if byte == 0 else 0
    return b"\0\0\0\1" + bytes(out)


def heads() -> bytes:
    """Main profile, fields allowed, 50 fields a second, no frame shown later than it is decoded."""
    sequence = Bits().number((8, 77), (8, 0), (8, 30)).golomb(0, 4, 0, 4, 1).number((1, 0))
    sequence.golomb(SIDE // 16 - 1, SIDE // 32 - 1).number((1, 0), (1, 0), (1, 1), (1, 0), (1, 1), (4, 0))
    sequence.number((1, 1), (32, 1), (32, 50), (1, 1), (3, 0), (2, 3)).golomb(0, 0, 10, 10, 0, 2)
    picture = Bits().golomb(0, 0).number((2, 0)).golomb(0, 0, 0).number((3, 0)).golomb(0, 0, 0)
    picture.number((3, 0))
    return unit(7, sequence.number((1, 1)).whole()) + unit(8, picture.number((1, 1)).whole())


def field(at: int) -> bytes:
    """A field of samples as they are (I_PCM): a bar that moves on with each."""
    bits, out = Bits().golomb(0, 7, 0).number((8, at // 2), (1, 1), (1, at % 2)), b""
    if at == 0:
        bits.golomb(0)
    bits.number((8, at)).number((2, 0) if at == 0 else (1, 0)).golomb(0)
    for block in range(SIDE * SIDE // 512):
        out += bits.golomb(25).whole()
        left = block % (SIDE // 16) * 16
        out += bytes(200 if 0 <= left + x - 3 * at < 20 else 60 for _ in range(16) for x in range(16)) + b"\x80" * 128
        bits = Bits()
    return unit(9, b"\x10") + unit(1 if at else 5, out + b"\x80")


@pytest.fixture(scope="module")
def camera(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A transport stream of an AVCHD camera: a packet for every field."""
    folder = tmp_path_factory.mktemp("paff")
    stream, clip = folder / "a.h264", folder / "00001.mts"
    stream.write_bytes(heads() + b"".join(field(at) for at in range(2 * FRAMES)))
    words = ["-v", "error", "-nostdin", "-r", "50", "-i", str(stream), "-c", "copy", "-f", "mpegts", str(clip)]
    subprocess.run([find_tool("ffmpeg"), *words], check=True, timeout=60)
    return clip


@pytest.mark.parametrize(
    ("profile", "container", "resolution", "scan"),
    [("proxy_h264_mov", "mov", "same", "tt"), ("proxy_h264_low", "mp4", "half", "progressive")],
)
def test_the_proxy_has_a_frame_for_two_fields(
    profile: str,
    container: str,
    resolution: str,
    scan: str,
    camera: Path,
    tmp_path: Path,
    rulebook: Rulebook,
    spec_file: Callable[..., Path],
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "out"
    words = {"container": container, "resolution": resolution, "proxy_profile": profile}
    assert main(["run", str(spec_file(sources=[str(camera)], output_directory=str(out), **words))]) == 0
    made = probe(str(next(out.glob(f"*.{container}"))), rulebook.vocabulary, find_tool("ffprobe"))
    assert made.video is not None
    assert (made.video.frames, made.video.rate, made.video.field_order) == (FRAMES, Fraction(25), scan)
    assert main(["verify", "--deep", str(out)]) == 0
    assert f"pictures: offset 0 (all {FRAMES} frames compared" in capsys.readouterr().out


@pytest.mark.parametrize("extension", ["mp4", "mov", "mkv"])
def test_a_copy_that_calls_every_field_a_frame_is_counted_by_frames(
    extension: str, camera: Path, tmp_path: Path, rulebook: Rulebook, spec_file: Callable[..., Path]
) -> None:
    clip, out = tmp_path / f"copy.{extension}", tmp_path / "out"
    words = ["-v", "error", "-nostdin", "-i", str(camera), "-c", "copy", str(clip)]
    subprocess.run([find_tool("ffmpeg"), *words], check=True, timeout=60)
    profile = {"container": "mov", "resolution": "same", "proxy_profile": "proxy_h264_mov"}
    assert main(["run", str(spec_file(sources=[str(clip)], output_directory=str(out), **profile))]) == 0
    made = probe(str(next(out.glob("*.mov"))), rulebook.vocabulary, find_tool("ffprobe"))
    assert made.video is not None
    assert (made.video.frames, made.video.rate) == (FRAMES, Fraction(25))


@pytest.mark.parametrize(("decoded", "frames"), [(12, 30), (11, 30), (13, 60), (24, 60), (0, 60)])
def test_only_half_as_many_frames_as_packets_halve_a_rate(decoded: int, frames: int) -> None:
    fields = Video(codec="h264", field_order="tt", rate=Fraction(50), average_rate=Fraction(50), frames=60)
    found = counted_by_frames(fields, 24, decoded)
    assert (found.frames, found.rate) == (frames, Fraction(50 * frames, 60))


def packets(*spans: tuple[int | None, int]) -> list[Packet]:
    return [Packet(pts, pts, duration) for pts, duration in spans]


BOTH = packets((0, FIELD), (FIELD, FIELD), (2 * FIELD, FIELD), (3 * FIELD, FIELD))
ONE = packets((0, FIELD), (None, FIELD), (2 * FIELD, FIELD), (None, FIELD))
WHOLE = packets((0, 2 * FIELD), (2 * FIELD, 2 * FIELD))
MIXED = packets((0, FIELD), (FIELD, FIELD), (2 * FIELD, 2 * FIELD), (4 * FIELD, FIELD), (None, FIELD))
LOST = packets((0, FIELD), (2 * FIELD, FIELD), (3 * FIELD, FIELD))


@pytest.mark.parametrize(
    ("coded", "times"),
    [
        (BOTH, [0, 2 * FIELD]),
        (ONE, [0, 2 * FIELD]),
        (WHOLE, [0, 2 * FIELD]),
        (MIXED, [0, 2 * FIELD, 4 * FIELD]),
        (LOST, [0, 2 * FIELD]),
    ],
    ids=["times of both", "times of the first", "frames", "frames among fields", "a field is missing"],
)
def test_two_fields_that_follow_on_one_another_are_a_frame(coded: Sequence[Packet], times: list[int]) -> None:
    assert [one.pts for one in framed(coded, PAL, TICK)] == times


def test_halves_of_an_odd_number_of_ticks_are_fields_too() -> None:
    ntsc = Video(codec="h264", field_order="tt", rate=Fraction(30000, 1001))
    coded = packets((0, 1501), (1502, 1501), (3003, 1501), (4505, 1501))
    assert [one.pts for one in framed(coded, ntsc, TICK)] == [0, 3003]


def test_matroska_rounds_to_milliseconds_and_calls_a_field_as_long_as_a_frame() -> None:
    ntsc = Video(codec="h264", field_order="tt", rate=Fraction(30000, 1001))
    coded = packets((0, 33), (17, 33), (33, 33), (50, 33), (67, 33), (83, 33))
    assert [one.pts for one in framed(coded, ntsc, Fraction(1, 1000))] == [0, 33, 67]


@pytest.mark.parametrize("ticks", [1, 2, 3], ids=["a tick is a frame, as in MXF", "two a frame", "three a frame"])
def test_frames_of_few_ticks_are_not_taken_for_fields(ticks: int) -> None:
    frames = packets(*((ticks * number, ticks) for number in range(6)))
    assert framed(frames, PAL, Fraction(1, 25 * ticks)) == frames
    untimed = packets(*((None if number % 2 else ticks * number, ticks) for number in range(6)))
    assert framed(untimed, PAL, Fraction(1, 25 * ticks)) == untimed


def test_fields_of_one_tick_are_paired() -> None:
    coded = packets((0, 1), (1, 1), (2, 1), (3, 1))
    assert [one.pts for one in framed(coded, PAL, Fraction(1, 50))] == [0, 2]


@pytest.mark.parametrize(
    "video",
    [
        Video(codec="h264", field_order="progressive", rate=Fraction(25)),
        Video(codec="hevc", field_order="tt", rate=Fraction(25)),
        Video(codec="h264", field_order="tt"),
    ],
    ids=["progressive", "a codec whose fields FFmpeg shows each", "no rate"],
)
def test_other_packets_are_frames_each(video: Video) -> None:
    assert framed(BOTH, video, TICK) == BOTH
