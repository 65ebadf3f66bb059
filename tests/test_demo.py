"""The demo: one command that shows the main job on real media, and what it says when it cannot."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

ENGINE = Path(__file__).parent.parent / "engine"


def demo(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "proxx", "demo", *arguments],
        env={**os.environ, "PYTHONPATH": str(ENGINE), **variables},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=300,
    )


def test_the_demo_makes_and_proves_a_proxy_and_says_each_command_before_it_runs_it(tmp_path: Path) -> None:
    done = demo(str(tmp_path / "shoot"))
    assert done.returncode == 0, done.stderr
    commands = [line.split()[1:3] for line in done.stdout.splitlines() if line.startswith("$ ")]
    assert [" ".join(words) for words in commands] == ["ffmpeg -hide_banner", "proxx check", "proxx plan", "proxx run"]
    (path,) = (tmp_path / "shoot" / "proxies").glob("*.record.json")
    record = json.loads(path.read_text("utf-8"))
    (clip,) = record["clips"]
    assert record["status"] == clip["status"] == "COMPLETED"
    assert (clip["media"]["timecode"], clip["media"]["reel"]) == ("01:00:00:00", "A001R2EC")
    assert len(clip["media"]["audio"]) == 2
    assert clip["frames"] == clip["promise"]["video"]["frames"] == 48
    assert clip["sha256"] in done.stdout


def test_the_demo_leaves_a_folder_alone_that_holds_something(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    done = demo(str(tmp_path))
    assert done.returncode == 2
    assert f"{tmp_path} is not empty" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_the_demo_says_what_to_install_when_ffmpeg_is_missing(tmp_path: Path) -> None:
    done = demo(str(tmp_path / "shoot"), PATH=str(tmp_path), PROXX_FFMPEG="")
    assert done.returncode == 3
    assert "ffmpeg is not installed" in done.stderr
    assert "install FFmpeg 5.1 or newer" in done.stderr
    assert "Traceback" not in done.stderr
