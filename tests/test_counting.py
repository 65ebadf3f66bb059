"""What takes long tells how far it is: sources that are looked at, and finished proxies that are checked."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from test_task import ROOT, job

from proxx.cli import main
from proxx.counting import CLEAR, Counting
from proxx.logs import no_log
from proxx.machine import Machine
from proxx.rulebook import Rulebook
from proxx.tools import find_tool

Write = Callable[..., Path]


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        return self.at


def test_lines_come_now_and_then_and_none_for_what_is_quick(capsys: pytest.CaptureFixture[str]) -> None:
    clock, logged = Clock(), list[tuple[str, dict[str, Any]]]()
    told = Counting(
        "looking", "lines", lambda event, level="info", **about: logged.append((event, about)), "seen", clock
    )
    for done in range(1, 101):
        clock.at += 0.5
        told(done, 100, ", 2 bad" if done > 50 else "")
    said = capsys.readouterr().err.splitlines()
    assert said == [
        "proxx: looking: 20 of 100, about 40 s left",
        "proxx: looking: 40 of 100, about 30 s left",
        "proxx: looking: 60 of 100, 2 bad, about 20 s left",
        "proxx: looking: 80 of 100, 2 bad, about 10 s left",
    ]
    assert logged == [("seen", {"done": done, "of": 100}) for done in (20, 40, 60, 80)]


def test_a_terminal_has_one_line_that_goes_when_it_is_over_or_something_else_is_said(
    capsys: pytest.CaptureFixture[str],
) -> None:
    clock = Clock()
    told = Counting("looking", "screen", no_log, "seen", clock)
    told(1, 9)
    clock.at = 600
    told(2, 9)
    told.clear()
    told.clear()
    told(3, 9)
    assert capsys.readouterr().err == f"{CLEAR}looking: 2 of 9, about 35 min left{CLEAR}"
    clock.at = 60000
    told(4, 9)
    told(0, 0)
    assert capsys.readouterr().err == f"{CLEAR}looking: 4 of 9, about 20.8 h left{CLEAR}"
    Counting("looking", "silent", no_log, "seen", clock)(1, 9)
    assert capsys.readouterr().err == ""


def test_an_interrupt_ends_the_look_at_sources_with_those_that_are_under_way(
    rulebook: Rulebook, clips: Path, tmp_path: Path
) -> None:
    """Of thousands, those that have not begun are not begun to be ended."""
    paths = [str(tmp_path / f"{number}.mov") for number in range(200)]
    for path in paths:
        shutil.copyfile(clips / "clip_001.mov", path)
    stop, heard = Event(), list[tuple[int, int]]()

    def told(done: int, whole: int) -> None:
        heard.append((done, whole))  # what is remembered, which is nothing, then what is looked at
        if len(heard) > 200:
            stop.set()

    media = Machine(rulebook, counts=True, stop=stop, told=told).media(paths) or ()
    assert (len(heard), heard[0], heard[-1]) == (400, (1, 200), (200, 200))
    assert media[0].state == "ok"
    assert sum(one.state == "timeout" for one in media) > 150


def test_a_proxy_is_told_as_soon_as_it_is_checked(clips: Path, spec_file: Write, tmp_path: Path) -> None:
    out, go_on, tool = tmp_path / "out", tmp_path / "go-on", tmp_path / "ffmpeg"
    assert main(["run", str(job(spec_file, clips, out)), "--quiet"]) == 0
    wait = f"for i in $(seq 300); do [ -e {go_on} ] && break; sleep 0.1; done"
    tool.write_text(f'#!/bin/sh\ncase "$*" in *clip_002*) {wait};; esac\nexec {find_tool("ffmpeg")} "$@"\n')
    tool.chmod(0o755)
    words = [sys.executable, "-m", "proxx", "verify", str(out)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "engine"), "PROXX_FFMPEG": str(tool)}
    child = subprocess.Popen(words, env=environment, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    first = child.stdout.readline()
    assert child.poll() is None
    assert first == f"same      {out}/clip_001_proxy.mov\n"
    go_on.touch()
    rest, _ = child.communicate(timeout=60)
    assert rest == f"same      {out}/clip_002_proxy.mov\n2 of 2 proxies are as recorded\n"
    assert child.returncode == 0
