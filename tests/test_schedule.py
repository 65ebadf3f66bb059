"""Clips side by side: how many suit a machine, in which order they are told, and that every proxy is the same."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from threading import Event, Lock
from typing import Any

import pytest

from proxx.cli import main
from proxx.making import Result
from proxx.model import Plan, Task
from proxx.progress import ENDED, showing
from proxx.rulebook import Rulebook
from proxx.schedule import needed, one_at_a_time, side_by_side, suitable
from proxx.sharing import Decode, Part, decodes
from proxx.tools import find_tool

GIB = 1 << 30
Write = Callable[..., Path]


@pytest.mark.parametrize(
    ("cores", "clips"),
    [(1, 1), (2, 2), (3, 2), (8, 3), (32, 11)],
)
def test_as_many_clips_suit_a_machine_as_fill_its_cores(
    cores: int, clips: int, rulebook: Rulebook, planned: Callable[..., Plan]
) -> None:
    assert suitable(rulebook, *alone(rulebook, planned(40)), cores, 256 * GIB) == clips


def test_no_more_clips_run_than_there_are_and_than_the_memory_holds(
    rulebook: Rulebook, planned: Callable[..., Plan]
) -> None:
    assert suitable(rulebook, *alone(rulebook, planned(3)), 64, 256 * GIB) == 3
    large, decodes_ = alone(rulebook, planned(40, "proxy_dnxhr_hq", 8192, 4320))
    one = needed(rulebook, large, decodes_[0], 16)
    share = rulebook.items["scheduling"]["memory_percent"] / 100
    assert suitable(rulebook, large, decodes_, 16, int(one * 2 / share) + 1) == 2
    assert suitable(rulebook, large, decodes_, 16, int(one / share) // 2) == 1, "one clip is always tried"
    small, decodes_ = alone(rulebook, planned(40, "proxy_dnxhr_hq"))
    assert needed(rulebook, small, decodes_[0], 16) < one / 10


def test_two_encoders_that_share_a_decoding_count_for_two(rulebook: Rulebook, planned: Callable[..., Plan]) -> None:
    light, heavy = planned(40), planned(40, "proxy_dnxhr_hq")
    both = [light, heavy]
    shared = decodes(rulebook, both)
    assert [len(one.parts) for one in shared] == [2] * 40
    assert suitable(rulebook, both, shared, 32, 256 * GIB) == round(32 / (3 + 4))
    single = sum(needed(rulebook, *alone_first(rulebook, one), 16) for one in both)
    assert (
        max(needed(rulebook, *alone_first(rulebook, one), 16) for one in both)
        < needed(rulebook, both, shared[0], 16)
        < single
    )


def test_an_encoder_without_an_entry_is_taken_for_the_other(rulebook: Rulebook, planned: Callable[..., Plan]) -> None:
    made = planned(40)
    frozen = json.loads(json.dumps(rulebook.frozen))
    frozen["items"]["encoder"].pop("libx264")
    assert suitable(Rulebook(frozen), *alone(rulebook, made), 32, 256 * GIB) == 16


def alone(book: Rulebook, made: Plan) -> tuple[list[Plan], tuple[Decode, ...]]:
    return [made], decodes(book, [made])


def alone_first(book: Rulebook, made: Plan) -> tuple[list[Plan], Decode]:
    plans, found = alone(book, made)
    return plans, found[0]


def each_alone(made: Plan) -> list[Decode]:
    return [Decode((Part(0, task),)) for task in made.tasks]


def made_of(decode: Decode) -> list[Result]:
    return [Result("COMPLETED", (), {"index": part.task.index}) for part in decode.parts]


def test_results_come_in_the_clips_order_whoever_ends_first(planned: Callable[..., Plan]) -> None:
    def slowest_first(decode: Decode) -> list[Result]:
        time.sleep((8 - decode.parts[0].task.index) / 200)
        return made_of(decode)

    found = side_by_side(4)(slowest_first, each_alone(planned(8)))
    told = [one.document["index"] for results in found for one in results]
    assert told == list(range(8))


def test_so_many_clips_run_at_once_and_no_more(planned: Callable[..., Plan]) -> None:
    lock, full = Lock(), Event()
    running, most = 0, 0

    def watched(decode: Decode) -> list[Result]:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
            if running == 3:
                full.set()
        full.wait(10)
        with lock:
            running -= 1
        return made_of(decode)

    assert len(list(side_by_side(3)(watched, each_alone(planned(12))))) == 12
    assert most == 3


def test_progress_hears_one_clip_at_a_time(planned: Callable[..., Plan]) -> None:
    inside, seen = Lock(), []

    def tell(event: str, task: Task, value: Any) -> None:
        assert inside.acquire(blocking=False), "two clips at once"
        time.sleep(0.001)
        seen.append(task.index)
        inside.release()

    tellers = one_at_a_time([tell, tell])

    def make(decode: Decode) -> list[Result]:
        task = decode.parts[0].task
        for count in range(3):
            tellers[task.index % 2]("frames", task, count)
        return made_of(decode)

    list(side_by_side(8)(make, each_alone(planned(16))))
    assert sorted(seen) == sorted(list(range(16)) * 3)


def clip(path: Path, seconds: float) -> Path:
    picture = f"testsrc2=size=320x180:rate=25:duration={seconds}"
    command = [find_tool("ffmpeg"), "-v", "error", "-nostdin", "-f", "lavfi", "-i", picture]
    subprocess.run([*command, "-c:v", "prores", "-pix_fmt", "yuv422p10le", str(path)], check=True, timeout=120)
    return path


def test_proxies_made_side_by_side_are_the_same_as_those_made_alone(
    spec_file: Write, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sources = [str(clip(tmp_path / f"clip{index}.mov", 0.2 + index / 10)) for index in range(4)]
    digests = []
    for jobs in ("1", "4", "auto"):
        out = tmp_path / f"out-{jobs}"
        job = spec_file(sources=sources, output_directory=str(out), job_id="j1")
        assert main(["run", str(job), "--quiet", "--jobs", jobs]) == 0
        files = sorted(out.glob("*.mp4"))
        digests.append([hashlib.sha256(file.read_bytes()).hexdigest() for file in files])
        record = json.loads((out / "j1.record.json").read_text("utf-8"))
        assert [one["index"] for one in record["clips"]] == [0, 1, 2, 3]
        assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == ["COMPLETED"] * 4 + ["COMPLETED:"]
    assert len(digests[0]) == 4
    assert digests[0] == digests[1] == digests[2]


@pytest.mark.parametrize("word", ["0", "-1", "many", "1.5", "9999", ""])
def test_a_number_of_clips_that_is_none_is_refused(word: str, spec_file: Write) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["run", str(spec_file()), "--jobs", word])
    assert ended.value.code == 2


@pytest.mark.parametrize("times", [1, 2])
def test_an_interrupt_ends_every_clip_that_runs_and_leaves_no_encoder(
    times: int, spec_file: Write, tmp_path: Path
) -> None:
    long = clip(tmp_path / "long.mov", 20)
    sources = [str(long)]
    for index in range(3):
        sources.append(str(tmp_path / f"copy{index}.mov"))
        Path(sources[-1]).write_bytes(long.read_bytes())
    out = tmp_path / "out"
    job = spec_file(sources=sources, output_directory=str(out), job_id="j1", codec="vp9", container="webm",
                    resolution="same", proxy_profile="proxy_vp9")  # fmt: skip
    command = [sys.executable, "-m", "proxx", "run", str(job), "--quiet", "--jobs", "3"]
    root = Path(__file__).resolve().parents[1]
    child = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(root / "engine")}, start_new_session=True)
    try:
        deadline = time.monotonic() + 60
        while len(list(out.glob(".*.partial.webm"))) < 3:
            assert time.monotonic() < deadline, "three clips never began"
            time.sleep(0.05)
        for _ in range(times):
            child.send_signal(signal.SIGINT)
            time.sleep(0.2)
        assert child.wait(60) == 130
    finally:
        child.kill()
    assert list(out.glob("*.webm")) == []
    deadline = time.monotonic() + 5
    while left := [one for one in encoders() if str(out) in one]:
        assert time.monotonic() < deadline, left
        time.sleep(0.1)


def encoders() -> list[str]:
    """The command lines of everything that runs."""
    found = []
    for one in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found.append(one.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace"))
        except OSError:
            continue
    return found


def test_bars_of_a_whole_night_make_room_for_each_other(
    planned: Callable[..., Plan], capsys: pytest.CaptureFixture[str]
) -> None:
    plan = planned(200)
    with showing([plan], "bars") as (tell,):
        for task in plan.tasks:
            tell("start", task, None)
            tell("frames", task, 1)
            tell("done", task, Result("FAILED" if task.index < 3 else "COMPLETED", (), {}))
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) <= ENDED + 2
    assert "200 clips" in lines[0]
    assert "3 failed" in lines[0]
    assert "c199" in lines[-1] or plan.tasks[-1].output.rpartition("/")[2][:4] in lines[-1]
