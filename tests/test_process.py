"""Children that hang, flood, refuse to end or have children of their own."""

from __future__ import annotations

import os
import time
from pathlib import Path
from threading import Event, Timer

import pytest

from proxx.errors import EXIT_TROUBLE, ProxxError
from proxx.process import run, stream
from proxx.tools import find_tool, tool_version


def shell(script: str) -> list[str]:
    return ["/bin/sh", "-c", script]


def make_tool(path: Path, script: str) -> str:
    path.write_text(f"#!/bin/sh\n{script}\n", "utf-8")
    path.chmod(0o755)
    return str(path)


def test_a_finished_tool_gives_its_code_and_both_outputs() -> None:
    finished = run(shell("echo out; echo err >&2; exit 3"), timeout=20)
    assert (finished.code, finished.stdout, finished.stderr) == (3, b"out\n", b"err\n")
    assert {finished.timed_out, finished.stopped, finished.cut} == {False}


def test_a_tool_reads_nothing_from_our_standard_input() -> None:
    assert run(["/bin/cat"], timeout=20).stdout == b""


def test_a_tool_that_floods_us_is_read_to_its_end_and_kept_to_the_limit() -> None:
    finished = run(shell("head -c 3000000 /dev/zero; head -c 300000 /dev/zero >&2"), timeout=20, limit=1000)
    assert (finished.code, len(finished.stdout), finished.cut, len(finished.stderr)) == (0, 1000, True, 65536)


def test_a_tool_that_hangs_is_ended_with_all_its_children(tmp_path: Path) -> None:
    fifo = tmp_path / "alive"
    os.mkfifo(fifo)
    alive = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    begun = time.monotonic()
    finished = run(shell(f"(echo up; sleep 300) > '{fifo}' & wait"), timeout=1)
    assert finished.timed_out
    assert time.monotonic() - begun < 20
    assert os.read(alive, 10) == b"up\n"
    assert os.read(alive, 10) == b"", "a grandchild still holds the pipe"
    os.close(alive)


def test_a_grandchild_left_behind_by_a_finished_tool_is_ended_too(tmp_path: Path) -> None:
    fifo = tmp_path / "alive"
    os.mkfifo(fifo)
    alive = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    finished = run(shell(f"(exec 3> '{fifo}'; echo up >&3; sleep 300) & sleep 1; echo done"), timeout=60)
    assert (finished.code, finished.stdout, finished.timed_out) == (0, b"done\n", False)
    assert os.read(alive, 10) == b"up\n"
    assert os.read(alive, 10) == b""
    os.close(alive)


def test_a_stop_ends_a_running_tool() -> None:
    stop = Event()
    Timer(0.3, stop.set).start()
    finished = run(shell("sleep 300"), timeout=60, stop=stop)
    assert finished.stopped
    assert finished.code < 0


def test_a_stream_hands_on_every_line_in_order_and_keeps_the_end_of_stderr() -> None:
    lines: list[str] = []
    script = (
        "for i in 1 2 3; do echo frame=$i; done; printf progress=end; head -c 100000 /dev/zero >&2; printf last >&2"
    )
    finished = stream(shell(script), lines.append, Event())
    assert lines == ["frame=1", "frame=2", "frame=3", "progress=end"]
    assert (finished.code, len(finished.stderr), finished.stderr[-4:]) == (0, 65536, b"last")


def test_a_stopped_stream_is_asked_to_end_before_it_is_killed() -> None:
    stop, lines = Event(), list[str]()

    def on_line(line: str) -> None:
        lines.append(line)
        stop.set()

    finished = stream(shell("trap 'echo bye; exit 7' INT; echo up; while :; do sleep 0.05; done"), on_line, stop)
    assert (finished.code, finished.stopped, lines) == (7, True, ["up", "bye"])


def test_a_stream_that_will_not_end_is_killed_after_its_grace() -> None:
    stop = Event()
    finished = stream(
        shell("trap '' INT; echo up; while :; do sleep 0.05; done"), lambda _: stop.set(), stop, grace=0.3
    )
    assert finished.code == -9


def test_a_stream_whose_listener_fails_leaves_no_child(tmp_path: Path) -> None:
    fifo = tmp_path / "alive"
    os.mkfifo(fifo)
    alive = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)

    def fail(line: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stream(shell(f"exec 3> '{fifo}'; echo up; sleep 300"), fail, Event(), grace=0.3)
    assert os.read(alive, 10) == b""
    os.close(alive)


def test_a_tool_is_found_on_the_path_or_where_the_variable_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PROXX_FFPROBE", raising=False)
    assert find_tool("ffprobe").endswith("/ffprobe")
    own = make_tool(tmp_path / "own", "exit 0")
    monkeypatch.setenv("PROXX_FFPROBE", own)
    assert find_tool("ffprobe") == own


def test_a_missing_tool_is_told_with_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PROXX_FFMPEG", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ProxxError, match="ffmpeg is not installed") as caught:
        find_tool("ffmpeg")
    assert caught.value.exit_code == EXIT_TROUBLE
    assert "PROXX_FFMPEG" in caught.value.hint
    monkeypatch.setenv("PROXX_FFMPEG", "/nowhere/ffmpeg")
    with pytest.raises(ProxxError, match="PROXX_FFMPEG names /nowhere/ffmpeg, which is not a program"):
        find_tool("ffmpeg")


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("5.1.9-0+deb12u1", (5, 1, 9)),
        ("7.0.2-static", (7, 0, 2)),
        ("n7.1", (7, 1)),
        ("8.0", (8, 0)),
        ("N-1234-gabc", ()),
    ],
)
def test_a_version_is_kept_as_told_and_as_numbers(text: str, numbers: tuple[int, ...], tmp_path: Path) -> None:
    version = tool_version(make_tool(tmp_path / "tool", f"echo ffprobe version {text} Copyright"), "ffprobe")
    assert (str(version), version.numbers) == (text, numbers)


def test_something_else_under_the_name_of_a_tool_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ProxxError, match="does not answer like ffprobe"):
        tool_version(make_tool(tmp_path / "tool", "echo hello"), "ffprobe")
    with pytest.raises(ProxxError, match="cannot start"):
        tool_version(str(tmp_path), "ffprobe")
