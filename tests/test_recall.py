"""Sources are looked at once for plan and run; a changed or damaged one is looked at anew."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from test_task import job

from proxx.cache import keep
from proxx.cli import main
from proxx.tools import find_tool

Write = Callable[..., Path]


@pytest.fixture
def looks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """How often an ffprobe of our own was asked about a source since the last time."""
    tally, wrapper, real = tmp_path / "looks", tmp_path / "ffprobe", find_tool("ffprobe")
    wrapper.write_text(f'#!/bin/sh\ncase "$*" in *clip_00*) echo "$*" >> {tally};; esac\nexec {real} "$@"\n')
    wrapper.chmod(0o755)
    monkeypatch.setenv("PROXX_FFPROBE", str(wrapper))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    seen = 0

    def count() -> int:
        nonlocal seen
        before, seen = seen, len(tally.read_text().splitlines()) if tally.exists() else 0
        return seen - before

    return count


@pytest.fixture
def card(clips: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "card"
    folder.mkdir()
    for name in ("clip_001.mov", "clip_002.mov"):
        (folder / name).write_bytes((clips / name).read_bytes())
    return folder


def test_what_a_plan_looked_at_is_known_to_the_next_one_until_it_changes(
    card: Path, spec_file: Write, tmp_path: Path, looks: Callable[[], int], capsys: pytest.CaptureFixture[str]
) -> None:
    spec = str(job(spec_file, card, tmp_path / "out"))
    assert main(["plan", spec, "--format", "json"]) == 0
    first = capsys.readouterr().out
    assert looks() == 2
    assert main(["plan", spec, "--format", "json"]) == 0
    assert capsys.readouterr().out == first, "what is remembered is what was found"
    assert looks() == 0
    assert main(["check", spec]) == 0
    assert looks() == 2, "a check looks for itself, at headers alone"
    os.utime(card / "clip_002.mov", (1_700_000_000, 1_700_000_000))
    assert main(["plan", spec]) == 0
    assert looks() == 1
    for path in (tmp_path / "cache" / "proxx" / "sources").glob("*/*.json"):
        path.write_bytes(path.read_bytes()[:-10])
    assert main(["plan", spec]) == 0
    assert looks() == 2, "an entry that is damaged says nothing"


def test_a_source_at_fault_is_looked_at_each_time(
    card: Path, spec_file: Write, tmp_path: Path, looks: Callable[[], int], capsys: pytest.CaptureFixture[str]
) -> None:
    path = card / "clip_001.mov"
    data = bytearray(path.read_bytes())
    start = data.index(b"icpf")
    data[start + 8 : start + 200] = bytes(192)
    path.write_bytes(data)
    spec = str(job(spec_file, card, tmp_path / "out"))
    assert main(["plan", spec]) == 1
    assert "limit/does-not-decode" in capsys.readouterr().out
    assert looks() == 2
    assert main(["plan", spec]) == 1
    assert looks() == 1


def test_a_cache_keeps_the_newer_half_of_too_many_entries(tmp_path: Path) -> None:
    for number in range(5):
        keep(str(tmp_path), f"entry{number}", {"number": number}, most=4)
        os.utime(tmp_path / f"entry{number}.json", (number, number))
    left = {json.loads(path.read_bytes().partition(b"\n")[2])["number"] for path in tmp_path.glob("*.json")}
    assert left == {2, 3, 4}
