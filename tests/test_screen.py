"""Reports look right in a terminal: no line is too wide, marks stand under their values, colours come when wanted."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pyte
import pytest

from proxx.screen import cells, folded, visible, window, wrapped

ROOT = Path(__file__).parents[1]
TEXT = (
    '{"jobspec_version": "2.1", "sources": ["/footage/日本語のクリップ_🎬_A001_C001.mp4", "rel.mov"],'
    ' "output_directory": "/footage/proxies", "codec": "dnxhd", "container": "mov",\n'
    '\t"resolution": "half",\t"naming_template": "🎬🎬{source_nam}_",\n'
    '  "proxy_profile": "proxy_h264_lo", "\\u001bx": "日本 \u202e x"}\n'
)


def on_terminal(folder: Path, columns: int, **environment: str) -> tuple[pyte.Screen, bytes]:
    """What a terminal of that many columns shows of a check, and the bytes that it was sent."""
    (folder / "job.json").write_text(TEXT, "utf-8")
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 200, columns, 0, 0))
    inherited = {key: value for key, value in os.environ.items() if key not in ("NO_COLOR", "COLUMNS", "FORCE_COLOR")}
    child = subprocess.Popen(
        [sys.executable, "-m", "proxx", "check", "--no-media", "job.json"],
        stdin=subprocess.DEVNULL,
        stdout=slave,
        stderr=slave,
        cwd=folder,
        env={**inherited, "TERM": "xterm-256color", "PYTHONPATH": str(ROOT / "engine"), **environment},
    )
    os.close(slave)
    sent = b""
    while True:
        try:
            more = os.read(master, 1 << 16)
        except OSError:
            break
        if not more:
            break
        sent += more
    assert child.wait() == 1
    os.close(master)
    screen = pyte.Screen(columns, 200)
    pyte.ByteStream(screen).feed(sent)
    return screen, sent


def row(screen: pyte.Screen, number: int) -> list[str]:
    """The letters of a row by column; the second half of a wide letter is empty."""
    return [screen.buffer[number][column].data for column in range(screen.columns)]


def under(screen: pyte.Screen, sign: str) -> list[str]:
    """The texts above every run of marks."""
    found = []
    for number in range(1, screen.lines):
        letters = row(screen, number)
        if "".join(letters).lstrip().startswith("|") and sign in letters:
            place = [column for column, letter in enumerate(letters) if letter == sign]
            found.append("".join(row(screen, number - 1)[place[0] : place[-1] + 1]))
    return found


@pytest.mark.parametrize("columns", [60, 80, 200])
@pytest.mark.parametrize("colour", ["", "1"])
def test_marks_stand_under_their_values_and_no_line_is_broken_by_the_terminal(
    columns: int, colour: str, tmp_path: Path
) -> None:
    screen, sent = on_terminal(tmp_path, columns, NO_COLOR=colour)
    assert (b"\x1b[" in sent) == (not colour)
    values = ['"rel.mov"', '"\\u001bx"', '"mov"', '"proxy_h264_lo"', '"🎬🎬{source_nam}_"']
    assert under(screen, "^") == values
    assert '"dnxhd"' in under(screen, "-")
    lines = sent.decode().split("\r\n")
    shown = [line.rstrip() for line in screen.display]
    assert len(lines) - 1 == max(number for number, line in enumerate(shown, 1) if line)
    assert columns < 80 or "<U+202E>" in "".join(shown)


def test_a_wide_terminal_makes_no_endless_sentences(tmp_path: Path) -> None:
    _, sent = on_terminal(tmp_path, 200, NO_COLOR="1")
    assert max(len(line) for line in sent.decode().split("\r\n") if "Reason" in line) <= 120


def test_where_there_is_no_terminal_nothing_is_broken_and_colour_comes_only_when_forced(tmp_path: Path) -> None:
    (tmp_path / "job.json").write_text(TEXT, "utf-8")
    command = [sys.executable, "-m", "proxx", "check", "--no-media", "job.json"]
    base = {key: value for key, value in os.environ.items() if key != "NO_COLOR"} | {
        "PYTHONPATH": str(ROOT / "engine"),
        "COLUMNS": "40",
    }
    plain = subprocess.run(command, cwd=tmp_path, env=base, capture_output=True, check=False).stdout.decode()
    assert "\x1b" not in plain
    assert "misspelt field would change the job without a word.\n" in plain
    forced = subprocess.run(command, cwd=tmp_path, env={**base, "FORCE_COLOR": "1"}, capture_output=True, check=False)
    assert b"\x1b[31;1merror" in forced.stdout
    both = {**base, "FORCE_COLOR": "1", "NO_COLOR": "1"}
    assert b"\x1b" not in subprocess.run(command, cwd=tmp_path, env=both, capture_output=True, check=False).stdout


def test_what_no_terminal_shows_is_shown_by_signs() -> None:
    assert visible("a\tb\x1b[31m\u202e\udcff\x7f\x9b") == "a    b␛[31m<U+202E>\\xff␡<U+009B>"
    assert cells("日本🎬a\u0301") == 7


def test_lines_are_broken_between_words_and_long_words_within() -> None:
    assert wrapped("one two three", 20) == ["one two three"]
    assert wrapped("eight letters and more words", 20, first=5, hang=2) == ["eight letters", "  and more words"]
    assert all(cells(line) <= 20 for line in wrapped("日" * 50 + " end", 20, first=4, hang=4))
    assert wrapped("whatever length it has", None) == ["whatever length it has"]


def test_a_line_of_megabytes_is_cut_around_the_mark_at_once() -> None:
    text = json.dumps({"a": "x" * 5_000_000, "b": 1})
    start, end = window(text, len(text) - 1, 1, 70)
    assert start < len(text) - 2 < end
    assert end - start <= 70


def test_text_for_people_is_broken_at_the_width_and_stands_deeper_where_a_line_goes_on() -> None:
    text = "  row      dnxhd\n  because  DNxHD in MOV is read differently by each\n\nplain\n"
    assert folded(text, None) == text
    assert folded(text, 30) == (
        "  row      dnxhd\n  because  DNxHD in MOV is\n      read differently by each\n\nplain\n"
    )
    assert all(cells(line) <= 30 for line in folded(text * 3, 30).split("\n"))
