"""The log of a run: one event a line, in words or as JSON, whatever names hold."""

from __future__ import annotations

import argparse
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from proxx.cli import main
from proxx.errors import EXIT_TROUBLE
from proxx.listeners import Patient
from proxx.logs import logging
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


# Who hears of it


def proxx(*words: str | Path, first: str = "", **ways: Any) -> subprocess.CompletedProcess[bytes]:
    """proxx as a program of its own, under a shell that does something `first`, such as closing a stream."""
    argv = [sys.executable, "-m", "proxx", *map(str, words)]
    line = f'{first}\nexec "$@"'
    return subprocess.run(["sh", "-c", line, "sh", *argv], check=False, timeout=300, **ways)


@pytest.mark.parametrize(
    ("how", "first"),
    [
        (("--format", "json"), "exec >/dev/full 2>&1"),
        (("--log-format", "json"), "exec 2>/dev/full"),
        (("--log", "/dev/full"), "exec <&- >&- 2>&-"),
        ((), "exec 2>&-"),
    ],
)
def test_a_job_is_made_though_nobody_hears_of_it(job: Path, tmp_path: Path, how: tuple[str, ...], first: str) -> None:
    full = ">/dev/full 2>&1" in first
    made = proxx("run", job, *how, first=first, capture_output=True)
    assert made.returncode == (EXIT_TROUBLE if full else 0), made.stderr  # what should be in a file is not there
    assert json.loads((tmp_path / "out/j1.record.json").read_text("utf-8"))["status"] == "COMPLETED"


def test_a_reader_that_goes_away_stops_no_job(job: Path, tmp_path: Path) -> None:
    argv = [sys.executable, "-m", "proxx", "run", str(job), "--format", "json"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        assert json.loads(child.stdout.readline())["event"] == "start"
        child.stdout.close()
        child.stderr.close()
        assert child.wait(timeout=120) == 0
    assert (tmp_path / "out/000_proxy.mp4").exists()


def test_a_pipe_that_does_not_block_is_waited_for() -> None:
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    said, heard = b"x" * (1 << 20), bytearray()

    def read() -> None:
        time.sleep(0.2)
        while chunk := os.read(reading, 1 << 16):
            heard.extend(chunk)

    reader = Thread(target=read)
    reader.start()
    stream = io.BufferedWriter(Patient(writing, "wb"))
    stream.write(said)
    stream.close()
    reader.join(20)
    os.close(reading)
    assert bytes(heard) == said


def test_a_log_on_stderr_is_alone_there(job: Path, capsysbinary: Any) -> None:
    spec = json.loads(job.read_text("utf-8"))
    other = job.with_name("other.json")
    other.write_text(json.dumps({**spec, "job_id": "j2", "naming_template": "{source_name}.{source_ext}"}), "utf-8")
    assert main(["run", str(other), "--log-format", "json", "--quiet"]) == 0  # two remarks: ending, and letters
    assert main(["run", str(job.with_name("nowhere.json")), "--log-format", "json", "--log", "-"]) == 2
    lines = [json.loads(line) for line in capsysbinary.readouterr().err.splitlines()]
    assert [line["event"] for line in lines if line["event"] in ("finding", "trouble")] == [
        "finding",
        "finding",
        "trouble",
    ]
    assert lines[0]["job"] == "j2"
    assert "nowhere.json" in lines[-1]["message"]


def test_a_log_that_was_cut_off_goes_on_with_a_line_of_its_own(tmp_path: Path, capsys: Any) -> None:
    log, arguments = tmp_path / "a.log", argparse.Namespace(log=str(tmp_path / "a.log"), log_format="json")
    with logging(arguments, lambda: "now"):
        arguments.tell("one", name="x\u2028y")
        log.rename(tmp_path / "old.log")
        log.mkdir()
        arguments.tell("lost")
        arguments.tell("lost too")
        log.rmdir()
        arguments.tell("two")
    assert [json.loads(line)["event"] for line in log.read_text("utf-8").splitlines() if line] == ["two"]
    (line,) = (tmp_path / "old.log").read_text("utf-8").splitlines()
    assert json.loads(line)["name"] == "x\u2028y"
    assert capsys.readouterr().err.count("cannot be written") == 1


def test_a_task_a_check_and_a_cancel_have_their_events(job: Path, tmp_path: Path) -> None:
    log, out = tmp_path / "all.log", tmp_path / "out"
    ways = ["--log", str(log), "--log-format", "json"]
    assert main(["task", "--spec", str(job), "--index", "0", *ways]) == 0
    assert main(["verify", str(out), "--quick", *ways]) == 0
    (out / "000_proxy.mp4").write_bytes(b"altered")
    assert main(["verify", str(out), "--quick", *ways]) == 1
    assert main(["cancel", str(job), *ways]) == 0
    every = lines_of(log)
    assert [line["id"] for line in every if line["event"] == "finding"] == ["kept/unrecorded"] * 2, "a task is no run"
    lines = [line for line in every if line["event"] != "finding"]
    assert [line["event"] for line in lines] == [
        *("clip-start", "clip-verify", "clip-end", "clip-checked", "clip-checked", "job-cancel")
    ]
    assert {line["job"] for line in lines} == {"j1"}
    assert {line["clip"] for line in lines[:5]} == {0}
    assert [line["state"] for line in lines[3:5]] == ["same", "altered"]


def test_the_log_says_what_ended_a_job(job: Path, tmp_path: Path) -> None:
    log = tmp_path / "run.log"
    (tmp_path / "ffmpeg").write_text(
        f'#!/bin/sh\ncase "$*" in *partial*) exec sleep 60;; esac\nexec {find_tool("ffmpeg")} "$@"\n'
    )
    (tmp_path / "ffmpeg").chmod(0o755)
    argv = [sys.executable, "-m", "proxx", "run", str(job), "--log", str(log), "--log-format", "json", "--quiet"]
    for end in ("signal", "marker"):
        log.unlink(missing_ok=True)
        child = subprocess.Popen(argv, env={**os.environ, "PROXX_FFMPEG": str(tmp_path / "ffmpeg")})
        deadline = time.monotonic() + 60
        while not (log.exists() and "clip-start" in log.read_text("utf-8")) and time.monotonic() < deadline:
            time.sleep(0.05)
        if end == "signal":
            child.send_signal(signal.SIGTERM)
        else:
            assert main(["cancel", str(tmp_path / "out")]) == 0
        assert child.wait(timeout=60) == 130
        last = lines_of(log)[-1]
        assert (last["event"], last["status"]) == ("job-end", "CANCELLED")
        assert last["cause"] == ("SIGTERM" if end == "signal" else "marker")
