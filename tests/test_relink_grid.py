"""The relink benchmark: its grid holds every pair of words that can be, and a sample of it keeps every promise."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from itertools import combinations
from pathlib import Path

import pytest

from proxx.fixture import read_fixture
from proxx.rulebook import Rulebook

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))
import grid as grids  # noqa: E402


@pytest.fixture(scope="module")
def clips(rulebook: Rulebook) -> list[tuple[str, str]]:
    return grids.grid(rulebook, 300, 1)


def test_the_grid_has_300_clips_that_can_be_and_none_twice(rulebook: Rulebook, clips: list[tuple[str, str]]) -> None:
    assert len(set(clips)) == len(clips) >= 300
    for words, extension in clips:
        fixture, findings = read_fixture(rulebook, words.split(), extension)
        assert fixture is not None, findings
        assert not fixture.is_impossible


def test_every_pair_of_words_is_in_the_grid_or_impossible(rulebook: Rulebook, clips: list[tuple[str, str]]) -> None:
    found = [({*words.split(), f".{extension}"}) for words, extension in clips]
    for one, other in combinations([name for name in grids.DIMENSIONS if name not in ("kind", "rate")], 2):
        for first in filter(None, grids.DIMENSIONS[one]):
            for second in filter(None, grids.DIMENSIONS[other]):
                pair = {*first.split(), *second.split()}
                if not any(pair <= words for words in found):
                    row = grids._first(rulebook, {one: first, other: second}, random.Random(1))  # noqa: S311
                    assert not row, pair


def test_a_sample_of_the_grid_keeps_every_promise() -> None:
    argv = [sys.executable, str(BENCHMARKS / "relink.py"), "--sample", "3", "--seed", "5", "--jobs", "2"]
    environment = {**os.environ, "PYTHONPATH": str(BENCHMARKS.parent / "engine")}
    done = subprocess.run(argv, env=environment, capture_output=True, encoding="utf-8", timeout=600, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "(100.00 %)" in done.stdout
