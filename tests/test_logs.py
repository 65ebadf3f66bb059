"""The log of a run: one event a line, in words or as JSON, whatever names hold."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from proxx.cli import main
from proxx.tools import find_tool

Write = Callable[..., Path]
NAME = 'clip "one" = two\u202e\xa0.mov'


@pytest.fixture
def job(spec_file: Write, tmp_path: Path) -> Path:
    """A job of one clip with a difficult name."""
    source = tmp_path / NAME
    picture = ["-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25:duration=0.2"]
    command = [find_tool("ffmpeg"), "-v", "error", "-nostdin", *picture, "-c:v", "prores", str(source)]
    subprocess.run(command, check=True, timeout=60)
    changes = {"job_id": "j1", "naming_template": "{index}_proxy", "output_directory": str(tmp_path / "out")}
    return spec_file(sources=[str(source)], **changes)


def lines_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_every_event_of_a_run_is_one_line_of_json(job: Path, tmp_path: Path) -> None:
    log = tmp_path / "run.log"
    assert main(["run", str(job), "--quiet", "--log", str(log), "--log-format", "json"]) == 0
    lines = lines_of(log)
    assert [line["event"] for line in lines] == ["job-start", "clip-start", "clip-verify", "clip-end", "job-end"]
    assert {line["job"] for line in lines} == {"j1"}
    assert {line["level"] for line in lines} == {"info"}
    assert {line["clip"] for line in lines[1:4]} == {0}
    assert lines[1]["source"].endswith(NAME)
    assert (lines[3]["status"], lines[3]["findings"], lines[3]["kept"]) == ("COMPLETED", [], False)
    assert lines[3]["size"] == (tmp_path / "out/000_proxy.mp4").stat().st_size
    assert lines[4]["record"] == str(tmp_path / "out/j1.record.json")


def test_a_log_is_written_on_at_its_end(job: Path, tmp_path: Path) -> None:
    log = tmp_path / "run.log"
    log.write_text('{"event": "before"}\n', "utf-8")
    for _ in range(2):
        assert main(["run", str(job), "--quiet", "--log", str(log), "--log-format", "json"]) == 0
    events = [line["event"] for line in lines_of(log)]
    assert (events[0], events[-2:]) == ("before", ["job-end", "job-nothing-to-do"])


def test_in_words_every_value_ends_where_it_ends(job: Path, tmp_path: Path) -> None:
    log = tmp_path / "run.log"
    assert main(["run", str(job), "--quiet", "--log", str(log)]) == 0
    text = log.read_text("utf-8")
    assert len(text.splitlines()) == 5
    assert "\u202e" not in text
    start = text.splitlines()[1]
    assert " info    clip-start job=j1 clip=0 source=" in start
    assert 'clip \\"one\\" = two<U+202E>' in start
    assert start.endswith(" frames=5")


def test_without_a_file_the_log_takes_the_place_of_the_progress(job: Path, capsysbinary: Any) -> None:
    assert main(["run", str(job), "--log-format", "text"]) == 0
    said = capsysbinary.readouterr().err.decode().splitlines()
    assert [line.split()[2] for line in said] == ["job-start", "clip-start", "clip-verify", "clip-end", "job-end"]


def test_what_goes_wrong_has_its_level(job: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = tmp_path / "run.log"
    (tmp_path / "out").mkdir()
    (tmp_path / "out/000_proxy.mp4").write_text("somebody's", "utf-8")
    assert main(["run", str(job), "--quiet", "--log", str(log), "--log-format", "json"]) == 1
    (line,) = lines_of(log)
    assert (line["event"], line["level"], line["findings"]) == ("job-refused", "error", ["naming/exists"])
    (tmp_path / "out/000_proxy.mp4").unlink()
    # An ffmpeg that answers what it is asked about itself, and cannot encode.
    tool = tmp_path / "ffmpeg"
    tool.write_text(
        f'#!/bin/sh\ncase "$*" in *partial*) echo "[fatal] no" >&2; exit 1;; esac\nexec {find_tool("ffmpeg")} "$@"\n'
    )
    tool.chmod(0o755)
    monkeypatch.setenv("PROXX_FFMPEG", str(tool))
    log.unlink()
    assert main(["run", str(job), "--quiet", "--log", str(log), "--log-format", "json"]) == 4
    ends = [(line["event"], line["level"], line["status"]) for line in lines_of(log) if "status" in line]
    assert ends == [("clip-end", "error", "FAILED"), ("job-end", "error", "FAILED")]


def test_a_log_that_cannot_be_written_stops_the_job_before_it_begins(
    job: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", str(job), "--quiet", "--log", str(tmp_path / "nowhere/run.log")]) == 2
    assert "cannot write the log" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
