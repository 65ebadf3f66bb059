"""MXF whose essence is filled up behind its last frame, as Avid writes it: the filling is no picture."""

from __future__ import annotations

import struct
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from proxx.cli import main
from proxx.essence import filled
from proxx.lastframe import allowed, list_of, named
from proxx.model import Media, Video
from proxx.probe import probe
from proxx.rulebook import Rulebook
from proxx.tools import find_tool

FRAMES = 15
ESSENCE, PARTITION, INDEX = bytes.fromhex("01020101"), bytes.fromhex("02050101"), bytes.fromhex("02530101")


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """DNxHR wrapped as one clip, with nothing behind the last frame."""
    clip = tmp_path_factory.mktemp("plain") / "plain.mxf"
    graph = f"testsrc2=s=256x144:r=25,trim=end_frame={FRAMES}"
    words = ["-c:v", "dnxhd", "-profile:v", "dnxhr_lb", "-pix_fmt", "yuv422p", "-timecode", "01:00:00:00"]
    argv = [find_tool("ffmpeg"), "-v", "error", "-nostdin", "-f", "lavfi", "-i", graph, *words, "-f", "mxf_opatom"]
    subprocess.run([*argv, clip], check=True, timeout=60)
    return clip.read_bytes()


def items(data: bytes) -> Iterator[tuple[int, bytes, int, int]]:
    """Every item: where it begins, its key, where its value begins, and how long that is."""
    at = 0
    while at + 17 <= len(data):
        extra = data[at + 16] & 0x7F if data[at + 16] & 0x80 else 0
        size = int.from_bytes(data[at + 17 : at + 17 + extra], "big") if extra else data[at + 16]
        yield at, data[at : at + 16], at + 17 + extra, size
        at += 17 + extra + size


def add(data: bytearray, at: int, size: int) -> None:
    data[at : at + 8] = (int.from_bytes(data[at : at + 8], "big") + size).to_bytes(8, "big")


def fill(data: bytes, size: int, entries: int | None = None) -> bytes:
    """The same file with so many bytes behind the last frame, and an index of entries (None: of equal frames)."""
    made = bytearray(data)
    begin, value, length = next((at, value, size) for at, key, value, size in items(data) if key[4:8] == ESSENCE)
    add(made, begin + 17, size)
    made[value + length : value + length] = bytes(size)
    for _, key, place, held in items(bytes(made)):
        if key[4:8] == PARTITION and key[13] in (2, 3, 4):
            add(made, place + 24, size)  # where the footer lies
            if key[13] == 4:
                add(made, place + 8, size)
        elif key[4:8] == PARTITION and key[13] == 0x11:
            add(made, place + held - 12, size)
    return bytes(made) if entries is None else index(bytes(made), length // FRAMES, entries)


def index(data: bytes, frame: int, entries: int) -> bytes:
    at, key, value, size = next(one for one in items(data) if one[1][4:8] == INDEX and one[1][13:15] == b"\x10\x01")
    text, place = b"", value
    while place < value + size:
        tag, held = struct.unpack(">HH", data[place : place + 4])
        part = {0x3F05: bytes(4), 0x3F0D: FRAMES.to_bytes(8, "big")}.get(tag, data[place + 4 : place + 4 + held])
        text += b"" if tag in (0x3F09, 0x3F0A) else struct.pack(">HH", tag, held) + part
        place += 4 + held
    listed = b"".join(b"\0\0\x80" + (frame * one).to_bytes(8, "big") for one in range(entries))
    text += struct.pack(">HHII", 0x3F0A, 8 + len(listed), entries, 11) + listed
    return data[:at] + key + b"\x83" + len(text).to_bytes(3, "big") + text + data[value + size :]


@pytest.mark.parametrize(
    ("size", "entries"), [(512, None), (4096, FRAMES + 1), (30000, FRAMES)], ids=["equal", "one more", "each"]
)
def test_filling_behind_the_last_frame_is_found_by_every_kind_of_index(
    size: int, entries: int | None, plain: bytes, tmp_path: Path, rulebook: Rulebook
) -> None:
    clip = tmp_path / "avid.mxf"
    clip.write_bytes(fill(plain, size, entries))
    media = probe(str(clip), rulebook.vocabulary, find_tool("ffprobe"))
    assert (media.behind, media.video and media.video.frames) == (size, FRAMES)


def test_a_file_with_nothing_behind_its_last_frame_is_read_as_ever(
    plain: bytes, tmp_path: Path, rulebook: Rulebook
) -> None:
    clip = tmp_path / "whole.mxf"
    for entries in (None, FRAMES + 1):
        clip.write_bytes(fill(plain, 0, entries))
        media = probe(str(clip), rulebook.vocabulary, find_tool("ffprobe"))
        assert media.behind is None
        assert named(media, str(clip)) == ["-f", "mxf", "-i", f"file:{clip}"]


@pytest.mark.parametrize("spoil", ["cut", "other count", "two essences", "gone"])
def test_an_index_that_does_not_fit_says_nothing(spoil: str, plain: bytes, tmp_path: Path) -> None:
    data, frames = fill(plain, 4096), FRAMES
    if spoil == "cut":
        data = data[: len(data) // 2]
    elif spoil == "other count":
        data, frames = fill(plain, 4096, FRAMES + 1), FRAMES - 1
    elif spoil == "two essences":
        at, _, value, size = next(one for one in items(data) if one[1][4:8] == ESSENCE)
        data = data[: value + size] + data[at:]
    clip = tmp_path / "a.mxf"
    if spoil != "gone":
        clip.write_bytes(data)
    media = Media(path=str(clip), container="mxf", demuxer="mxf", video=Video(frames=frames, rate=Fraction(25)))
    assert filled(media).behind is None


def test_the_proxy_has_every_frame_and_no_other(
    plain: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str], spec_file: Callable[..., Path], rulebook: Rulebook
) -> None:
    clip = tmp_path / "it's 100% Avid|a.mxf"
    clip.write_bytes(fill(plain, 4096, FRAMES + 1))
    out = tmp_path / "out"
    spec = spec_file(
        sources=[str(clip)],
        output_directory=str(out),
        resolution="same",
        proxy_profile="proxy_h264_mov",
        container="mov",
    )
    assert main(["run", str(spec)]) == 0, capsys.readouterr()
    made = probe(str(next(out.glob("*.mov"))), rulebook.vocabulary, find_tool("ffprobe"))
    assert made.video is not None
    assert made.video.frames == FRAMES
    assert main(["verify", "--deep", str(out)]) == 0
    assert f"pictures: offset 0 (all {FRAMES} frames compared" in capsys.readouterr().out


def test_only_a_list_of_this_one_file_may_be_opened(rulebook: Rulebook) -> None:
    media = Media(demuxer="mxf", behind=4096, video=Video(frames=24, rate=Fraction(24000, 1001)))
    settings = rulebook.vocabulary["probe"]
    assert allowed(media, settings, "/a.mxf") == ("concat,mxf", "file,data")
    assert list_of(replace(media, behind=None), "/a.mxf") == ""
    assert list_of(media, "/two\nlines.mxf") == "", "a list has one line for each word"
    assert allowed(media, settings, "/two\nlines.mxf")[1] == "file"
