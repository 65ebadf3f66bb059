"""The fixture foundry: words that are judged, clips that are what their words say, numbers that can be read again."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxx import quicktime
from proxx.burnin import (
    BITS,
    CHECK_BITS,
    COLUMNS,
    NUMBERS,
    SHARE,
    SIDE,
    Number,
    check_of,
    clicks_until,
    read_number,
)
from proxx.cli import main
from proxx.fixture import Fixture, read_fixture
from proxx.probefile import read_probes
from proxx.readback import channel_number, click_offset, numbers_of, samples_of
from proxx.rulebook import Rulebook
from proxx.tools import find_tool

Shoot = Callable[[str, str], Path]


def read(book: Rulebook, words: str, extension: str = "mov") -> tuple[Fixture | None, list[str]]:
    fixture, findings = read_fixture(book, words.split(), extension)
    return fixture, [finding.id for finding in findings]


@pytest.fixture(scope="module")
def shoot(tmp_path_factory: pytest.TempPathFactory) -> Shoot:
    """Makes a clip of words, by its name."""
    folder = tmp_path_factory.mktemp("fixtures")

    def make(words: str, name: str) -> Path:
        clip = folder / name
        assert main(["fixture", words, "-o", str(clip)]) == 0
        return clip

    return make


@pytest.mark.parametrize(
    ("words", "extension", "told"),
    [
        ("hgl", "mov", ["fixture/unknown-word"]),
        ("tc", "mov", ["fixture/bad-value"]),
        ("vfr=yes", "mov", ["fixture/bad-value"]),
        ("frames=0", "mov", ["fixture/bad-value"]),
        ("frames=4097", "mov", ["fixture/bad-value"]),
        ("rot=45", "mov", ["fixture/bad-value"]),
        ("audio=2xfoo", "mov", ["fixture/bad-value"]),
        ("audio=65xmono", "mov", ["fixture/bad-value"]),
        ("audio=", "mov", ["fixture/bad-value"]),
        ("reel=", "mov", ["fixture/bad-value"]),
        ("par=4:0", "mov", ["fixture/bad-value"]),
        ("rate=0", "mov", ["fixture/bad-value"]),
        ("24000/1001 tc=00:00:00:24", "mov", ["fixture/no-label"]),
        ("30000/1001 tc=00:01:00;00", "mov", ["fixture/no-label"]),
        ("hlg 709", "mov", ["fixture/contradiction"]),
        ("25 rate=24", "mov", ["fixture/contradiction"]),
        ("25", "wav", ["fixture/unknown-container"]),
        ("reel=A001 vfr rot=90", "ts", ["fixture/container-cannot"] * 2),
        ("sr=44100", "mxf", ["fixture/container-cannot"]),
        ("codec=prores", "webm", ["fixture/codec-not-there"]),
        ("acodec=aac", "mxf", ["fixture/codec-not-there"]),
        ("tff codec=hevc", "mov", ["fixture/codec-cannot"]),
        ("limited codec=mjpeg", "mov", ["fixture/codec-cannot"]),
        ("10bit codec=mpeg2", "ts", ["fixture/no-pixels"]),
        ("321x241 420 codec=h264", "mov", ["fixture/no-pixels"]),
        ("64x64", "mxf", ["fixture/limit"]),
        ("12 codec=mpeg2", "ts", ["fixture/limit"]),
        ("sr=44100", "webm", ["fixture/limit"]),
        ("audio=16ch acodec=aac", "mov", ["fixture/limit"]),
        ("320x180 par=4:3", "webm", ["fixture/never"]),
        ("codec=prores", "mxf", ["fixture/codec-not-there"]),
        ("codec=dnxhr untagged", "mov", ["fixture/never"]),
        ("codec=dnxhr 601", "mxf", ["fixture/never"]),
        ("codec=mpeg2 720x576 bff", "mxf", ["fixture/never"]),
        ("codec=mjpeg hlg", "mov", ["fixture/never"]),
        ("119.88", "avi", ["fixture/never"]),
        ("codec=h264 512x270 tff", "ts", ["fixture/never"]),
    ],
)
def test_words_that_are_wrong_are_told(rulebook: Rulebook, words: str, extension: str, told: list[str]) -> None:
    assert read(rulebook, words, extension) == (None, told)


@pytest.mark.parametrize(
    ("words", "extension"),
    [("321x180 par=4:3", "webm"), ("codec=mpeg2 720x576 tff", "mxf"), ("codec=mjpeg", "mov"), ("512x270", "ts")],
)
def test_what_does_not_go_together_is_no_more_than_that(rulebook: Rulebook, words: str, extension: str) -> None:
    assert read(rulebook, words, extension)[1] == []


def test_all_that_is_wrong_is_told_at_once_with_the_nearest_word_and_what_there_is(rulebook: Rulebook) -> None:
    _, findings = read_fixture(rulebook, ["hlgg", "rot=45", "reel=A1"], "mp4")
    assert [finding.id.partition("/")[2] for finding in findings] == ["unknown-word", "bad-value", "container-cannot"]
    assert "did you mean hlg?" in findings[0].message
    assert all(word in findings[0].why[0] for word in rulebook.items["fixture-word"])
    assert "0, 90, 180, 270" in findings[1].message
    assert "mov, mxf" in findings[2].why[0]


def test_words_set_what_they_say(rulebook: Rulebook) -> None:
    fixture, _ = read(rulebook, "1998x1080 23.976 tc=00:59:58:20 pq tff audio=5.1+2xmono rot=270 start=0.5", "mov")
    assert fixture is not None
    assert (fixture.width, fixture.height, fixture.rate) == (1998, 1080, Fraction(24000, 1001))
    assert (fixture.colour.transfer, fixture.pix_fmt, fixture.interlaced) == ("smpte2084", "yuv422p10le", "tff")
    assert [stream.channels for stream in fixture.streams] == [6, 1, 1]
    assert (fixture.rotation, fixture.start, fixture.is_impossible) == (270, Fraction(1, 2), False)


def test_the_defaults_and_every_example_of_a_word_are_words(rulebook: Rulebook) -> None:
    for extension in rulebook.items["fixture-container"]:
        assert read(rulebook, "", extension)[1] == []
    for name, entry in rulebook.items["fixture-word"].items():
        word = name if "sets" in entry else f"{name}={entry['example']}"
        assert set(read(rulebook, word)[1]) <= {
            f"fixture/{one}" for one in ("codec-cannot", "container-cannot", "no-pixels")
        }, name


def test_every_codec_and_sound_of_the_tables_is_in_a_container_that_there_is(rulebook: Rulebook) -> None:
    homes = rulebook.items["fixture-container"]
    for kind in ("fixture-codec", "fixture-sound"):
        for name, data in rulebook.items[kind].items():
            assert set(data["containers"]) <= set(homes), name
    for extension, home in homes.items():
        assert extension in rulebook.items["fixture-codec"][home["codec"]]["containers"]
        assert extension in rulebook.items["fixture-sound"][home["acodec"]]["containers"]


def drawn(number: int, *, black: int = 16, white: int = 235) -> bytes:
    """The picture of a number, drawn by other code than FFmpeg's expressions."""
    word = number << CHECK_BITS | check_of(number)
    rows = []
    for y in range(SIDE):
        row, bits = y // (SIDE // SHARE), [word >> (COLUMNS - 1 - x * COLUMNS // SIDE) & 1 for x in range(SIDE)]
        rows.append(bytes((white if bit == (row == 0) else black) if row < 2 else 128 for bit in bits))
    return b"".join(rows)


def turned(picture: bytes) -> bytes:
    """The picture after a quarter turn clockwise."""
    return bytes(picture[(SIDE - 1 - x) * SIDE + y] for y in range(SIDE) for x in range(SIDE))


@given(st.integers(0, NUMBERS - 1), st.integers(0, 3), st.integers(0, 120), st.booleans())
def test_a_number_is_read_however_the_picture_was_turned_and_graded(
    number: int, turns: int, black: int, flipped: bool
) -> None:
    picture = drawn(number, black=black, white=black + 60)
    for _ in range(turns):
        picture = turned(picture)
    assert read_number(picture) == Number(number, 90 * turns)


@given(st.integers(0, NUMBERS - 1), st.integers(0, NUMBERS - 1))
def test_what_looks_like_a_number_by_chance_does_not_hide_the_one_that_stands_out(number: int, faint: int) -> None:
    picture = turned(turned(drawn(number)))
    ghost, rows = drawn(faint, black=100, white=130), SIDE // SHARE * 2
    assert read_number(ghost[: rows * SIDE] + picture[rows * SIDE :]) == Number(number, 180)


def test_a_picture_without_blocks_has_no_number() -> None:
    assert read_number(bytes(SIDE * SIDE)) is None
    assert read_number(bytes((x * 7 + y * 13) % 256 for y in range(SIDE) for x in range(SIDE))) is None
    assert 1 << BITS == NUMBERS


def test_the_example_of_the_guide_is_what_its_words_say(shoot: Shoot, rulebook: Rulebook, tmp_path: Path) -> None:
    clip = shoot("998x540 24000/1001 tc=00:59:58;20 reel=A001 rot=90 hlg audio=8xmono vfr frames=8", "camera.mov")
    beside = clip.with_suffix(".probes.json")
    (media,) = read_probes(beside.read_text("utf-8"), "probes", rulebook.vocabulary).values()
    assert media.path == str(clip)
    assert media.video is not None
    assert media.video.colour is not None
    assert (media.video.rotation, media.video.shown, media.cadence) == (90, 8, "variable")
    assert (media.reel, media.video.colour.transfer) == ("A001", "arib-std-b67")
    assert [stream.channels for stream in media.audio or ()] == [1] * 8
    assert quicktime.timecode_label(clip.read_bytes()) == "00:59:58;20"
    assert main(["fixture", "", "-o", str(clip)]) == 2
    again = tmp_path / "again.mov"
    words = "998x540 24000/1001 tc=00:59:58;20 reel=A001 rot=90 hlg audio=8xmono vfr frames=8"
    assert main(["fixture", words, "-o", str(again)]) == 0
    assert again.read_bytes() == clip.read_bytes()


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("tff 50 codec=h264 bframes", "weave.mov"),
        ("editlist bframes codec=h264", "hidden.mp4"),
        ("hidden=2", "intra.mov"),
        ("start=0.5 late=0.04 vfr", "late.mkv"),
        ("full par=4:3 bff codec=h264", "range.mkv"),
        ("601 720x480 29.97 tff codec=mpeg2 tc=00:00:59;28 reel=TAPE1 audio=4xmono", "tape.mxf"),
        ("321x241 444 codec=h264 audio=5.1", "odd.mp4"),
        ("alpha 10bit audio=none", "alpha.mov"),
        ("pq vfr audio=7.1", "wide.webm"),
        ("start=1 bff codec=mpeg2 acodec=mp2", "air.ts"),
        ("tc=10:00:00:00 audio=quad", "old.avi"),
        ("float audio=8ch sr=96000 lang=eng", "sound.mov"),
    ],
)
def test_clips_are_what_their_words_say(shoot: Shoot, words: str, name: str) -> None:
    clip = shoot(f"{words} frames=6", name)
    # Read once more by itself: the command has done so, and must not be its own witness.
    assert numbers_of(str(clip), find_tool("ffmpeg")) == [Number(frame, 0) for frame in range(6)]


def test_numbers_and_sound_survive_a_small_lossy_proxy_that_was_turned(shoot: Shoot, tmp_path: Path) -> None:
    clip = shoot("640x360 rot=90 audio=2xmono+5.1 frames=12", "full.mov")
    small = tmp_path / "small.mp4"
    argv = [find_tool("ffmpeg"), "-v", "error", "-i", str(clip), "-map", "0:v", "-map", "0:a", "-c:a", "aac"]
    argv += ["-vf", "scale=90:160", "-c:v", "libx264", "-crf", "32", "-pix_fmt", "yuv420p", str(small)]
    subprocess.run(argv, check=True)
    ffmpeg = find_tool("ffmpeg")
    assert numbers_of(str(small), ffmpeg) == [Number(frame, 90) for frame in range(12)]
    bass = [False, False, *(place == 3 for place in range(6))]
    rate, first = Fraction(25), 0
    for stream, channels in enumerate((1, 1, 6)):
        heard = samples_of(str(small), ffmpeg, stream, channels, 8000, Fraction(12, 25))
        for place, samples in enumerate(heard):
            quiet = samples[800:1800]  # no click between the frames 3 and 6
            assert channel_number(quiet, 8000, bass, Fraction(1, 10)) == first + place
            if not bass[first + place]:
                late = click_offset(samples, 8000, rate, 3, Fraction(0), Fraction(1, 20))
                assert late is not None
                assert abs(late) <= Fraction(1, 1000)
        first += channels


def test_clicks_are_at_growing_distances() -> None:
    assert clicks_until(12) == [0, 1, 3, 6, 10]
    assert clicks_until(1) == [0]


def test_what_ffmpeg_loses_is_told_and_leaves_no_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    clip = tmp_path / "odd.mov"
    assert main(["fixture", "codec=h264 par=70000:69999 audio=none frames=2", "-o", str(clip)]) == 4
    # What is left of it differs: 1 with FFmpeg 5.1 and 7.0, 65535/65534 with 9.0.
    assert "asked for the pixel aspect ratio 70000/69999, and the file has " in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == []


def test_a_fixture_is_made_over_another_only_when_asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    clip = tmp_path / "a.mp4"
    beside = tmp_path / "a.probes.json"
    beside.write_text("mine")
    assert main(["fixture", "frames=2", "-o", str(clip)]) == 2
    assert not clip.exists()
    assert beside.read_text() == "mine"
    assert main(["fixture", "frames=2", "--overwrite", "--format", "json", "-o", str(clip)]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told == {"format": 1, "fixture": str(clip), "probes": str(beside), "words": ["frames=2"]}
    assert main(["fixture", "frames=2", "-o", str(tmp_path / "no" / "such" / "a.mp4")]) == 2
    assert main(["fixture", "reel='", "-o", str(clip)]) == 2
