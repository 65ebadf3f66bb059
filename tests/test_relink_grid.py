"""The relink benchmark: its grid holds every pair of words that can be, and a sample of it keeps every promise."""

from __future__ import annotations

import math
import os
import random
import subprocess
import sys
from fractions import Fraction
from itertools import combinations
from pathlib import Path

import pytest

from proxx.burnin import CLICK_HERTZ, CLICK_LEVEL, clicks_until
from proxx.fixture import read_fixture
from proxx.rulebook import Rulebook

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))
import grid as grids  # noqa: E402
import listening  # noqa: E402
import readings  # noqa: E402
import relink  # noqa: E402

ONCE_WRONG = [
    # Several streams of one channel: FFmpeg names the channel of a lone one only.
    ("codec=h264 audio=2xmono frames=12", "mp4", "proxy_prores_proxy"),
    # H.264 has no word for a range beside unknown colours.
    ("codec=hevc 12.5 untagged 444 frames=12", "mp4", "proxy_h264_mov_half"),
    ("codec=h264 427x240 30 sr=44100 start=0.5 frames=12", "mov", "proxy_prores_lt"),
    # FFmpeg 5.1 crashes on two fields of an odd multiple of 16 lines: they are deinterlaced.
    ("codec=mpeg2 320x240 tff audio=none frames=12", "mxf", "proxy_prores_hq"),
    # The timecode track begins at 0, half a second before picture and sound: a copy would keep that distance.
    ("codec=mjpeg 50 tc=10:59:58:11 full audio=mono start=0.5 frames=12", "mov", "proxy_prores_lt"),
    # Where every picture stands for itself FFmpeg leaves out those that an edit list hides.
    ("codec=prores editlist audio=none frames=12", "mov", "proxy_prores_lt"),
    # FFmpeg takes pictures that come at 119.88 or slower for 120.
    ("codec=h264 120000/1001 tc=00:59:58;20 vfr frames=12", "mp4", "proxy_prores_lt"),
    # Clicks lie nearer to one another than what is looked through.
    ("codec=vp9 640x360 120000/1001 audio=5.1 start=0.5 frames=12", "webm", "proxy_vp9"),
    # By how much Opus is written too early is counted at 48 kHz, whatever the source's rate is.
    ("codec=mpeg2 24000/1001 audio=4xmono sr=96000 start=0.5 frames=12", "ts", "proxy_vp9"),
    # As 5.1 and 7.1 one of the channels would have kept its bass alone.
    ("codec=prores audio=8ch frames=12", "mov", "proxy_h264_mov_quarter"),
    # FFmpeg 5.1's filter pan, which gave the names, lost the third of three channels.
    ("codec=prores audio=3ch frames=12", "mov", "proxy_h264_mov_quarter"),
    # FFmpeg's Opus encoder changes the places of five and of seven channels.
    ("codec=prores audio=5ch+7ch frames=12", "mov", "proxy_vp9"),
    # One picture a group is Main 10 Intra and not the promised Main 10.
    ("codec=h264 1 audio=none frames=4", "mp4", "proxy_h265"),
]
"""Clips and profiles whose proxies were not as promised once, or were read wrongly, or refused without need."""


@pytest.fixture(scope="module")
def clips(rulebook: Rulebook) -> list[tuple[str, str]]:
    return grids.grid(rulebook, 300, 1)


def test_the_grid_has_300_clips_that_can_be_and_none_twice(rulebook: Rulebook, clips: list[tuple[str, str]]) -> None:
    assert len(set(clips)) == len(clips) >= 300
    for words, extension in clips:
        fixture, findings = read_fixture(rulebook, words.split(), extension)
        assert fixture is not None, findings
        assert not fixture.is_impossible


def test_a_larger_grid_goes_on_where_a_smaller_one_ends(rulebook: Rulebook, clips: list[tuple[str, str]]) -> None:
    more = grids.grid(rulebook, len(clips) + 1, 1)
    assert len(more) > len(clips)
    assert more[: len(clips)] == clips


def test_every_pair_of_words_is_in_the_grid_or_impossible(rulebook: Rulebook, clips: list[tuple[str, str]]) -> None:
    found = [({*words.split(), f".{extension}"}) for words, extension in clips]
    for one, other in combinations([name for name in grids.DIMENSIONS if name not in ("kind", "rate")], 2):
        for first in filter(None, grids.DIMENSIONS[one]):
            for second in filter(None, grids.DIMENSIONS[other]):
                pair = {*first.split(), *second.split()}
                if not any(pair <= words for words in found):
                    row = grids._first(rulebook, {one: first, other: second}, random.Random(1))
                    assert not row, pair


def test_a_sample_of_the_grid_keeps_every_promise() -> None:
    argv = [sys.executable, str(BENCHMARKS / "relink.py"), "--sample", "3", "--seed", "5", "--jobs", "2"]
    environment = {**os.environ, "PYTHONPATH": str(BENCHMARKS.parent / "engine")}
    done = subprocess.run(argv, env=environment, capture_output=True, encoding="utf-8", timeout=600, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "(100.00 %)" in done.stdout


@pytest.mark.parametrize(("words", "extension", "profile"), ONCE_WRONG, ids=lambda word: word if " " in word else "")
def test_what_was_wrong_once_is_as_promised(words: str, extension: str, profile: str, tmp_path: Path) -> None:
    (outcome,) = relink.clip_outcomes(str(tmp_path), words, extension, 0, [profile])
    assert (outcome.state, outcome.why, outcome.faults) == ("made", [], [])


@pytest.mark.parametrize("frames_late", [0, 1, 2, -2])
def test_clicks_that_lie_close_together_tell_how_late_sound_is(rulebook: Rulebook, frames_late: int) -> None:
    fixture, _ = read_fixture(rulebook, ["120000/1001", "frames=12"], "mov")
    assert fixture is not None
    late = round(frames_late / fixture.rate * listening.EAR)
    form = [math.sin(2 * math.pi * CLICK_HERTZ * at / listening.EAR) * CLICK_LEVEL for at in range(16)]
    samples = [0.0] * listening.EAR
    for click in clicks_until(fixture.frames):
        at = 400 + round(click / fixture.rate * listening.EAR) + late
        samples[at : at + len(form)] = form
    assert listening._offset(fixture, samples, Fraction(-400, listening.EAR)) == Fraction(late, listening.EAR)
    assert listening._offset(fixture, [0.0] * listening.EAR, Fraction(0)) is None


def test_labels_are_read_with_two_digits_and_with_three() -> None:
    assert (
        readings.numbers_in("00:59:58;20") == readings.numbers_in("00:59:58;020") != readings.numbers_in("00:59:58;21")
    )
