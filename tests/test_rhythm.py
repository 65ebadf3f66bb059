"""When pictures are shown, and what a constant rate makes of them: counted as FFmpeg's own filter counts."""

from __future__ import annotations

import re
import subprocess
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxx.probe import probe
from proxx.rhythm import Conformed, conformed, conformed_evenly, read_rhythm, starts, write_rhythm
from proxx.rulebook import Rulebook
from proxx.sampletimes import comes_evenly, edited_lengths, track_names
from proxx.timing import measure, needs_measuring
from proxx.tools import find_tool

STUMBLES = "if(lt(N,300),N,if(lt(N,340),300+(N-300)*1.5,360+(N-340)*0.5))"
"""Three hundred even pictures, then slow ones, then quick ones: as many, and as long in all, as even ones would be."""

RATES = [Fraction(rate) for rate in ("24000/1001", "24", "25", "30000/1001", "30", "50", "60000/1001", "12", "120")]


@given(st.lists(st.integers(0, 5000), max_size=60))
def test_a_rhythm_reads_back(steps: list[int]) -> None:
    assert read_rhythm(write_rhythm(steps)) == steps


def test_runs_of_one_length_are_written_once() -> None:
    assert write_rhythm([1001, 1001, 2002, 5]) == "2x1001 2002 5"
    assert read_rhythm("2x1001 2002 5") == [1001, 1001, 2002, 5]


def test_a_picture_stays_until_the_next_one_and_early_ones_are_left_out() -> None:
    steps = [40, 10, 30, 80]
    assert starts(steps) == [0, 40, 50, 80, 160]
    assert conformed(steps, Fraction(1, 1000), Fraction(25)) == Conformed(frames=4, repeated=1, left_out=1)


@given(st.integers(1, 400), st.sampled_from(RATES), st.sampled_from(RATES))
def test_even_pictures_are_counted_alike_without_walking_through_them(count: int, rate: Fraction, to: Fraction) -> None:
    assert conformed_evenly(count, rate, to) == conformed([1] * count, 1 / rate, to)


def lavfi(path: Path, *words: str) -> None:
    source = ["-f", "lavfi", "-i", "testsrc2=size=64x64:rate=25"]
    subprocess.run([find_tool("ffmpeg"), "-v", "error", *source, *words, str(path)], check=True)


@pytest.fixture(scope="module")
def stumbling(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clip whose header looks even: 381 frames, 381/25 seconds, 25 frames a second of both kinds."""
    path = tmp_path_factory.mktemp("rhythm") / "stumbling.mov"
    chain = f"settb=1/600,setpts='floor(24*({STUMBLES}))'"
    moments = ("-fps_mode", "passthrough", "-enc_time_base", "1/600")
    # FFmpeg 7.0 forgets over setpts how long the last one lasts.
    lasts = ("-video_track_timescale", "600", "-bsf:v", "setts=duration=24")
    lavfi(path, "-frames:v", "381", "-vf", chain, *moments, "-c:v", "mjpeg", *lasts)
    return path


def test_a_header_that_looks_even_is_not_believed_where_the_table_of_times_is_not(
    stumbling: Path, rulebook: Rulebook
) -> None:
    media = probe(str(stumbling), rulebook.vocabulary, find_tool("ffprobe"))
    assert media.video is not None
    assert media.video.rate == media.video.average_rate == 25
    assert media.video.duration == Fraction(media.video.frames or 0, 25)
    assert media.cadence == "unknown"
    assert needs_measuring(media)
    measured = measure(media, rulebook.vocabulary, find_tool("ffprobe"))
    assert measured.cadence == "variable"
    assert measured.video is not None
    assert measured.video.rhythm is not None
    assert len(read_rhythm(measured.video.rhythm)) == measured.video.shown == 381


@pytest.mark.parametrize("rate", ["25", "30", "24000/1001", "15", "60000/1001"])
def test_frames_repeated_and_left_out_are_those_of_the_filter(stumbling: Path, rulebook: Rulebook, rate: str) -> None:
    media = measure(
        probe(str(stumbling), rulebook.vocabulary, find_tool("ffprobe")), rulebook.vocabulary, find_tool("ffprobe")
    )
    assert media.video is not None
    assert media.video.rhythm is not None
    assert media.video.tick is not None
    found = conformed(read_rhythm(media.video.rhythm), media.video.tick, Fraction(rate))
    chain = f"setpts=PTS-STARTPTS,fps=fps={rate}:start_time=0:round=near,trim=end_frame={found.frames}"
    said = subprocess.run(
        [find_tool("ffmpeg"), "-v", "verbose", "-i", str(stumbling), "-vf", chain, "-f", "null", "-"],
        capture_output=True,
        text=True,
        check=True,
    ).stderr
    counted = re.findall(r"(\d+) frames in, (\d+) frames out; (\d+) frames dropped, (\d+) frames duplicated", said)
    # FFmpeg 9.0 counts more than once, and only once anything: the sum is what was done.
    _, out, dropped, duplicated = (sum(map(int, column)) for column in zip(*counted, strict=True))
    assert (found.frames, found.repeated, found.left_out) == (out, duplicated, dropped)


@pytest.mark.parametrize("words", [("-bf", "2", "-c:v", "mpeg4"), ("-c:v", "mjpeg")])
def test_even_pictures_are_seen_in_the_table_alone(tmp_path: Path, words: tuple[str, ...]) -> None:
    path = tmp_path / "even.mov"
    lavfi(path, "-frames:v", "10", *words)
    with path.open("rb") as file:
        assert comes_evenly(file, path.stat().st_size) is True


def test_a_file_of_another_kind_has_no_such_table(tmp_path: Path) -> None:
    path = tmp_path / "any.mkv"
    lavfi(path, "-frames:v", "3", "-c:v", "mjpeg")
    with path.open("rb") as file:
        assert comes_evenly(file, path.stat().st_size) is None


@given(st.binary(max_size=400))
def test_no_bytes_lead_it_astray(data: bytes) -> None:
    from io import BytesIO

    comes_evenly(BytesIO(b"\0\0\1\0moov\0\0\0\xf0trak" + data), len(data) + 16)
    heads = b"\0\0\2\0moov\0\0\0\x14mvhd" + bytes(10) + b"\3\xe8\0\0\1\xe0trak\0\0\1\xd8edts\0\0\1\xd0elst"
    edited_lengths(BytesIO(heads + data), len(heads) + len(data))
    track_names(BytesIO(heads.replace(b"edts", b"udta").replace(b"elst", b"name") + data), len(heads) + len(data))
