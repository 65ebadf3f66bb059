"""Nothing is left running, whoever is killed and when; what stands still is ended; a marker stops a job.

PROXX_ROUNDS=200 pytest tests/test_lifeline.py -k random -s kills more often than the suite has time for.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event, Thread, Timer
from typing import Any

import pytest

from proxx import guardian
from proxx.cli import main
from proxx.engines.ffmpeg import Pace, encode, patience
from proxx.errors import ProxxError
from proxx.ledger import Entry, Ledger
from proxx.model import Media, Task, Video
from proxx.process import stream
from proxx.rulebook import Rulebook
from proxx.stopping import MARKERS, Stop, forget_mark, heeding_mark, is_marked, mark
from proxx.tools import find_tool

ROUNDS = int(os.environ.get("PROXX_ROUNDS", "4"))
MARK = "PROXX_TEST_MARK"
SOON = 3.0
"""Seconds after which nothing may be left. It takes some milliseconds; other tests may keep the machine busy."""

Write = Callable[..., Path]
Start = Callable[..., "subprocess.Popen[bytes]"]
ENDLESS = ["-v", "error", "-nostdin", "-progress", "pipe:1", "-re", "-f", "lavfi", "-i", "testsrc2=s=320x180"]
SEVERAL = """
import sys
from threading import Event, Thread
from proxx.process import stream
for _ in range(3):
    Thread(target=stream, args=(sys.argv[1:], lambda line: print(line, flush=True), Event())).start()
"""


@pytest.fixture
def marked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Marks every process that this test starts, by its environment."""
    monkeypatch.setenv(MARK, str(tmp_path))
    guardian.close()  # the next one is marked
    yield str(tmp_path)
    guardian.close()


def alive(mark_: str, words: str = "") -> list[int]:
    """Processes that carry the mark and live, whose arguments have these words in them; not we ourselves."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                environment, command = (entry / "environ").read_bytes(), (entry / "cmdline").read_bytes()
            except OSError:
                continue
            ours = f"{MARK}={mark_}".encode() in environment.split(b"\0")
            if ours and words.encode() in command.replace(b"\0", b" "):
                found.append(int(entry.name))
    return found


def until(true: Callable[[], object], seconds: float = 30.0) -> bool:
    limit = time.monotonic() + seconds
    while not true():
        if time.monotonic() > limit:
            return False
        time.sleep(0.01)
    return True


def left(mark_: str) -> list[str]:
    """What is still running when nothing may be."""
    until(lambda: not alive(mark_), SOON)
    return [Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace") for pid in alive(mark_)]


@pytest.fixture
def proxx(marked: str) -> Iterator[Start]:
    """Starts proxx as a marked process of its own; ended when the test is."""
    begun: list[subprocess.Popen[bytes]] = []

    def start(*words: str, first: str = "") -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "proxx", *words]
        before = ["/bin/sh", "-c", f'{first}; exec "$@"', "sh"] if first else []
        begun.append(subprocess.Popen([*before, *command], stdout=subprocess.PIPE, stderr=subprocess.PIPE))
        return begun[-1]

    yield start
    for one in begun:
        one.kill()
        one.communicate()


def footage(path: Path, seconds: float, size: str = "320x180", picture: str = "testsrc2=") -> Path:
    picture = f"{picture}size={size}:rate=25:duration={seconds}"
    words = ["-v", "error", "-nostdin", "-f", "lavfi", "-i", picture, "-c:v", "libx264", "-preset", "ultrafast"]
    subprocess.run([find_tool("ffmpeg"), *words, str(path)], check=True, timeout=120)
    return path


def a_job(spec_file: Write, folder: Path, *sources: Path) -> Path:
    makes = {"codec": "prores_proxy", "container": "mov", "resolution": "same", "proxy_profile": "proxy_prores_proxy"}
    return spec_file(sources=[str(one) for one in sources], output_directory=str(folder / "out"), **makes)


@pytest.fixture(scope="session")
def long_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clip whose proxy takes some seconds to make; it itself does not."""
    return footage(tmp_path_factory.mktemp("long") / "long.mov", 30, "1280x720", "color=gray:")


@pytest.fixture
def long_job(spec_file: Write, tmp_path: Path, long_clip: Path) -> Path:
    """A job of the long clip alone."""
    return a_job(spec_file, tmp_path, long_clip)


def encoding(tmp_path: Path) -> bool:
    """Whether an encoder has begun to write."""
    return any(path.stat().st_size for path in (tmp_path / "out").glob(".*.partial.mov"))


def encoder(tmp_path: Path) -> int:
    """The id of the encoder at work."""
    assert until(lambda: encoding(tmp_path) and alive(str(tmp_path), ".partial.mov"))
    return alive(str(tmp_path), ".partial.mov")[0]


def outcome(child: subprocess.Popen[bytes], tmp_path: Path) -> tuple[int, dict[str, Any]]:
    """The exit code of a run and its record."""
    child.communicate(timeout=60)
    (record,) = (tmp_path / "out").glob("*.record.json")
    return child.returncode, json.loads(record.read_text("utf-8"))


# ---- somebody is killed ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_killed_at_a_random_moment_it_leaves_none_of_several_encoders(seed: int, marked: str, tmp_path: Path) -> None:
    argv = [find_tool("ffmpeg"), *ENDLESS, "-c:v", "mpeg4", "-f", "null", "-"]
    child = subprocess.Popen([sys.executable, "-c", SEVERAL, *argv], stdout=subprocess.PIPE)
    with child:
        time.sleep(random.Random(seed).uniform(0.02, 0.6))
        child.kill()
    assert left(marked) == []


def test_a_run_killed_at_a_random_moment_leaves_no_process(
    proxx: Start, spec_file: Write, tmp_path: Path, marked: str
) -> None:
    clips = [footage(tmp_path / f"{name}.mov", 1) for name in "ABC"]
    spec = a_job(spec_file, tmp_path, *clips)
    for seed in range(ROUNDS):
        child = proxx("run", str(spec), "--quiet")
        time.sleep(random.Random(seed).uniform(0.1, 1.6))
        child.kill()
        assert left(marked) == []
        for path in (tmp_path / "out").glob("*.mov"):
            path.unlink()


def media_in(out: Path) -> list[str]:
    """Every file in an output folder that is no document and no ledger, hidden ones too."""
    return sorted(
        path.name for path in out.iterdir() if path.suffix not in (".json", ".csv", ".ale") and path.name != ".proxx"
    )


def test_a_killed_encoder_is_started_once_more_and_leaves_nothing_else(
    proxx: Start, long_job: Path, tmp_path: Path, marked: str
) -> None:
    child = proxx("run", str(long_job), "--quiet")
    os.kill(encoder(tmp_path), signal.SIGKILL)
    code, record = outcome(child, tmp_path)
    (clip,) = record["clips"]
    assert (code, clip["status"], clip["attempts"]) == (0, "COMPLETED", 2)
    (failed,) = clip["failed_attempts"]
    assert (failed["row"], failed["exit_code"], failed["findings"]) == ("killed", -9, ["made/engine-failed"])
    assert media_in(tmp_path / "out") == [os.path.basename(clip["output"])]
    assert left(marked) == []


def test_a_killed_guardian_fails_the_clip_under_way_and_the_next_one_is_made(
    proxx: Start, spec_file: Write, tmp_path: Path, marked: str, long_clip: Path
) -> None:
    clips = long_clip, footage(tmp_path / "short.mov", 0.2)
    child = proxx("run", str(a_job(spec_file, tmp_path, *clips)), "--quiet", "--jobs", "1")
    encoder(tmp_path)
    (guard,) = alive(marked, "lifeline.py")
    os.kill(guard, signal.SIGKILL)
    code, record = outcome(child, tmp_path)
    assert (code, [clip["status"] for clip in record["clips"]]) == (4, ["FAILED", "COMPLETED"])
    (finding,) = record["clips"][0]["findings"]
    assert finding["id"] == "made/trouble"
    assert "guards the encoders was ended" in finding["message"]
    assert left(marked) == []


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends children with a parent that is killed")
def test_encoders_end_even_when_proxx_and_its_guardian_are_killed_together(
    proxx: Start, long_job: Path, tmp_path: Path, marked: str
) -> None:
    child = proxx("run", str(long_job), "--quiet")
    encoder(tmp_path)
    (guard,) = alive(marked, "lifeline.py")
    os.kill(guard, signal.SIGSTOP)  # so that it cannot act in between
    child.kill()
    os.kill(guard, signal.SIGKILL)
    assert left(marked) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signals_to_the_guardian_change_nothing(number: int, marked: str) -> None:
    lines: list[str] = []

    def hear(line: str) -> None:
        lines.append(line)
        if line == "up":
            for pid in alive(marked, "lifeline.py"):
                os.kill(pid, number)

    finished = stream(["/bin/sh", "-c", "echo up; sleep 0.3; echo done"], hear, Event())
    assert (finished.code, lines) == (0, ["up", "done"])


# ---- children that do as they like -----------------------------------------------------------------------------------


def test_descendants_that_hold_the_pipes_and_leave_the_group_do_not_outlive_us(marked: str) -> None:
    script = "sleep 300 & setsid sleep 301 & (setsid sh -c 'sleep 302 & sleep 303' &) ; echo up; exit 5"
    lines: list[str] = []
    begun = time.monotonic()
    finished = stream(["/bin/sh", "-c", script], lines.append, Event())
    assert (finished.code, lines) == (5, ["up"])
    assert time.monotonic() - begun < 20
    guardian.close()
    assert left(marked) == []


def test_a_child_that_ignores_the_interrupt_gets_no_grace_when_the_stop_hurries() -> None:
    stop = Stop()

    def hear(line: str) -> None:
        stop.set()
        Timer(0.3, stop.hurry).start()

    begun = time.monotonic()
    script = "trap '' INT; echo up; while :; do sleep 0.05; done"
    finished = stream(["/bin/sh", "-c", script], hear, stop, grace=120)
    assert (finished.code, finished.stopped) == (-9, True)
    assert time.monotonic() - begun < 60


def test_a_stopped_child_is_woken_to_end_in_order() -> None:
    stop = Stop()
    script = "trap 'echo bye; exit 7' INT; echo up; kill -STOP $$; while :; do sleep 0.05; done"
    lines: list[str] = []

    def hear(line: str) -> None:
        lines.append(line)
        Timer(0.2, stop.set).start()

    finished = stream(["/bin/sh", "-c", script], hear, stop, grace=60)
    assert (finished.code, lines) == (7, ["up", "bye"])


def test_many_threads_start_many_children_and_each_gets_its_own_words(marked: str) -> None:
    said: dict[int, tuple[int, list[str], bytes]] = {}

    def several(first: int) -> None:
        for number in range(first, first + 12):
            lines: list[str] = []
            script = f"echo {number}; echo e{number} >&2; exit {number}"
            finished = stream(["/bin/sh", "-c", script], lines.append, Event())
            said[number] = (finished.code, lines, finished.stderr)

    stream(["/bin/true"], print, Event())
    before = len(os.listdir("/proc/self/fd"))
    threads = [Thread(target=several, args=(first,)) for first in range(0, 96, 12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert said == {number: (number, [str(number)], f"e{number}\n".encode()) for number in range(96)}
    assert len(os.listdir("/proc/self/fd")) == before
    (guard,) = alive(marked, "lifeline.py")
    assert len(os.listdir(f"/proc/{guard}/fd")) < 12
    assert Path(f"/proc/{guard}/task/{guard}/children").read_text() == ""


def test_a_child_has_the_folder_and_the_environment_of_the_moment_it_is_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream(["/bin/true"], print, Event())
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PROXX_TEST_WORD", "a=b\nc \udcff")
    lines: list[str] = []
    stream(["/bin/sh", "-c", 'pwd -P; printf %s "$PROXX_TEST_WORD" | od -An -tx1'], lines.append, Event())
    assert lines == [os.path.realpath(tmp_path), " 61 3d 62 0a 63 20 ff"]


def test_a_run_without_standard_input_and_outputs_makes_its_proxies(
    proxx: Start, spec_file: Write, tmp_path: Path
) -> None:
    spec = a_job(spec_file, tmp_path, footage(tmp_path / "A.mov", 0.2))
    code, record = outcome(proxx("run", str(spec), "--quiet", first="exec <&- >&- 2>&-"), tmp_path)
    assert (code, record["status"]) == (0, "COMPLETED")


def test_long_argument_lists_arrive_whole() -> None:
    words = [letter * 60_000 for letter in "abcdefghij"]
    lines: list[str] = []
    finished = stream(["/bin/sh", "-c", 'printf "%s\n" "$#" "${10}"', "sh", *words], lines.append, Event())
    assert (finished.code, lines) == (0, ["10", words[-1]])


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["/nowhere/ffmpeg"], "No such file"),
        (["/"], "Permission denied"),
        (["/bin/true", "x" * 200_000], "Argument list too long"),
        (["/bin/true", "a\0b"], "null"),
    ],
)
def test_what_cannot_be_started_is_told_with_its_reason(argv: list[str], words: str) -> None:
    with pytest.raises(ProxxError, match=f"cannot start {argv[0]}: .*{words}"):
        stream(argv, print, Event())


# ---- signals to proxx ------------------------------------------------------------------------------------------------


@pytest.fixture
def stubborn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An encoder that writes something and then neither ends nor obeys an interrupt."""
    wrapper = tmp_path / "ffmpeg"
    real = find_tool("ffmpeg")
    wrapper.write_text(
        f'#!/bin/sh\ncase "$*" in *partial*) ;; *) exec {real} "$@";; esac\ntrap \'\' INT TERM\n'
        'for last; do :; done\necho frame=1\necho half > "${last#file:}"\nwhile :; do sleep 0.1; done\n'
    )
    wrapper.chmod(0o755)
    monkeypatch.setenv("PROXX_FFMPEG", str(wrapper))


@pytest.mark.usefixtures("stubborn")
@pytest.mark.parametrize("times", [1, 2])
def test_one_interrupt_waits_for_the_encoder_and_two_do_not(
    times: int, proxx: Start, spec_file: Write, tmp_path: Path, marked: str
) -> None:
    child = proxx("run", str(a_job(spec_file, tmp_path, footage(tmp_path / "A.mov", 0.2))), "--quiet")
    encoder(tmp_path)
    begun = time.monotonic()
    for _ in range(times):
        child.send_signal(signal.SIGINT)
        time.sleep(0.3)
    child.communicate(timeout=60)
    assert child.returncode == 130
    assert (time.monotonic() - begun > 4.5) is (times == 1), "a stubborn encoder has five seconds of grace"
    assert left(marked) == []
    assert not list((tmp_path / "out").glob("*.mov"))


def test_a_hang_up_that_was_switched_off_stays_switched_off(
    proxx: Start, spec_file: Write, tmp_path: Path, marked: str
) -> None:
    short_job = a_job(spec_file, tmp_path, footage(tmp_path / "A.mov", 3, "640x360"))
    child = proxx("run", str(short_job), "--quiet", first='trap "" HUP')
    encoder(tmp_path)
    child.send_signal(signal.SIGHUP)
    code, record = outcome(child, tmp_path)
    assert (code, record["status"]) == (0, "COMPLETED")


# ---- standing still --------------------------------------------------------------------------------------------------


def layer(tmp_path: Path, seconds: float) -> str:
    folder = tmp_path / "hasty"
    (folder / "matrices").mkdir(parents=True)
    head = '#:schema schema/rulebook.schema.json\nname = "hasty"\nversion = "1"\nformat = 1\nextends = "proxx"\n'
    (folder / "rulebook.toml").write_text(head)
    (folder / "matrices/execution.toml").write_text(
        "#:schema ../schema/execution.schema.json\n# How long may it stand still here?\n"
        f"[watchdog]\nreplaces = true\nseconds = {seconds}\nseconds_per_megapixel = 0\n"
    )
    return str(folder)


def test_a_stopped_encoder_is_ended_and_reported_as_stalled(
    proxx: Start, long_job: Path, tmp_path: Path, marked: str
) -> None:
    child = proxx("run", str(long_job), "--quiet", "--rulebook", layer(tmp_path, 2))
    os.kill(encoder(tmp_path), signal.SIGSTOP)
    code, record = outcome(child, tmp_path)
    (clip,) = record["clips"]
    assert (code, clip["status"], clip["attempts"]) == (0, "COMPLETED", 2)
    (failed,) = clip["failed_attempts"]
    assert (failed["how"], failed["row"], failed["findings"]) == ("stalled", "stalled", ["made/stalled"])
    assert left(marked) == []


def test_a_verification_that_stands_still_is_reported_as_stalled(
    proxx: Start, spec_file: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, marked: str
) -> None:
    wrapper = tmp_path / "ffmpeg"
    real = find_tool("ffmpeg")
    wrapper.write_text(f'#!/bin/sh\ncase "$*" in *passthrough*) exec sleep 300;; *) exec {real} "$@";; esac\n')
    wrapper.chmod(0o755)
    monkeypatch.setenv("PROXX_FFMPEG", str(wrapper))
    spec = a_job(spec_file, tmp_path, footage(tmp_path / "A.mov", 0.2))
    code, record = outcome(proxx("run", str(spec), "--quiet", "--rulebook", layer(tmp_path, 1)), tmp_path)
    (clip,) = record["clips"]
    assert (code, clip["status"]) == (4, "REJECTED")
    told = [finding["id"] for finding in clip["findings"]]
    assert "made/stalled" in told
    assert any("nothing moved for 1 s" in finding["message"] for finding in clip["findings"])
    assert "made/decode-errors" not in told
    assert not list((tmp_path / "out").glob("*.mov"))
    assert left(marked) == []


def task_of(tmp_path: Path, script: str, width: int = 1920, height: int = 1080) -> tuple[Task, str]:
    tool = tmp_path / "tool"
    tool.write_text(f"#!/bin/sh\n{script}\n")
    tool.chmod(0o755)
    expect = Media(video=Video(width=width, height=height))
    return Task(0, "/a.mov", "/b.mov", str(tmp_path / "part"), expect, ("ffmpeg", str(tmp_path / "part"))), str(tool)


def test_an_encoder_is_not_stalled_while_it_only_moves_its_file(tmp_path: Path) -> None:
    task, tool = task_of(tmp_path, 'for i in 1 2 3 4 5 6 7 8; do sleep 0.5; echo more >> "$1"; done')
    assert encode(task.argv, [task.temporary], tool, print, Event(), 1.0).exit_code == 0


def test_lines_in_which_no_counter_moves_are_no_progress(tmp_path: Path) -> None:
    lines = r"printf 'frame=7\nout_time_us=280000\ntotal_size=4096\nspeed=1x\nprogress=continue\n'"
    task, tool = task_of(tmp_path, f"while {lines}; do sleep 0.1; done")
    outcome_ = encode(task.argv, [task.temporary], tool, lambda frames: None, Event(), 1.0)
    assert outcome_.exit_code != 0
    assert outcome_.stalled == "nothing moved for 1 s after frame 7 (0.28 s, 4096 bytes written)"


def test_a_child_that_moves_is_given_all_the_time_it_needs(tmp_path: Path) -> None:
    task, tool = task_of(tmp_path, "for i in 1 2 3 4 5 6 7 8; do sleep 0.5; echo frame=$i; done")
    heard: list[int] = []
    assert encode(task.argv, [task.temporary], tool, heard.append, Event(), 1.5).exit_code == 0
    assert heard == [1, 2, 3, 4, 5, 6, 7, 8]


def test_the_patience_grows_with_the_raster(rulebook: Rulebook, tmp_path: Path) -> None:
    settings = rulebook.items["watchdog"]
    seconds = [patience(settings, task_of(tmp_path, "", *size)[0]) for size in ((0, 0), (1920, 1080), (7680, 4320))]
    assert seconds == sorted(set(seconds))
    assert seconds[1] == settings["seconds"] + settings["seconds_per_megapixel"] * 2.0736


def test_counters_that_are_not_known_yet_count_for_nothing() -> None:
    pace = Pace(lambda frames: None)
    moved = [
        pace.hear(line) for line in ("frame=0", "out_time_us=N/A", "total_size=N/A", "fps=9", "frame=1", "rubbish")
    ]
    assert moved == [False, False, False, False, True, False]
    assert Pace(lambda frames: None).words(60) == "nothing moved for 60 s, from the start on"


def test_an_encoder_that_asks_something_is_answered_by_the_end_of_its_input(
    proxx: Start, spec_file: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrapper = tmp_path / "ffmpeg"
    wrapper.write_text(
        '#!/bin/sh\ncase "$*" in *-map_metadata*) if read -r answer; then exit 9; fi;; esac\n'  # proofs are fed
        "if (exec 3</dev/tty) 2>/dev/null; then exit 8; fi\n"
        f'exec {find_tool("ffmpeg")} "$@"\n'
    )
    wrapper.chmod(0o755)
    monkeypatch.setenv("PROXX_FFMPEG", str(wrapper))
    child = proxx("run", str(a_job(spec_file, tmp_path, footage(tmp_path / "A.mov", 0.2))), "--quiet")
    code, record = outcome(child, tmp_path)
    assert (code, record["status"]) == (0, "COMPLETED")
    assert "-nostdin" in record["clips"][0]["argv"]


# ---- the marker ------------------------------------------------------------------------------------------------------


def test_a_job_is_cancelled_by_a_marker_and_leaves_nothing_behind(
    proxx: Start, long_job: Path, tmp_path: Path, marked: str, capsys: pytest.CaptureFixture[str]
) -> None:
    child = proxx("run", str(long_job), "--quiet")
    encoder(tmp_path)
    assert main(["cancel", str(tmp_path / "out")]) == 0
    code, record = outcome(child, tmp_path)
    assert (code, record["status"]) == (130, "CANCELLED")
    assert record["job_id"] in capsys.readouterr().out
    assert media_in(tmp_path / "out") == []
    assert not (tmp_path / "out" / ".proxx" / "cancel").exists()
    assert left(marked) == []


def test_a_marker_of_an_earlier_run_stops_no_later_one(spec_file: Write, tmp_path: Path) -> None:
    spec = a_job(spec_file, tmp_path, footage(tmp_path / "A.mov", 0.2))
    document = json.loads(spec.read_text("utf-8"))
    spec.write_text(json.dumps({**document, "job_id": "reel-7"}))
    mark(str(tmp_path / "out"), "reel-7", "")
    assert main(["run", str(spec), "--quiet"]) == 0
    assert not is_marked(str(tmp_path / "out"), "reel-7")


def test_only_the_marker_of_the_job_itself_counts(tmp_path: Path) -> None:
    stop = Stop()
    with heeding_mark(stop, str(tmp_path), "mine", every=0.05):
        mark(str(tmp_path), "other", "")
        time.sleep(0.3)
        assert not stop.is_set()
        mark(str(tmp_path), "mine", "")
        assert stop.wait(20)
    assert os.listdir(tmp_path / MARKERS) == ["other"]
    forget_mark(str(tmp_path), "never there")


@pytest.mark.parametrize("kind", ["spec", "plan", "record"])
def test_cancel_takes_any_document_of_the_job_and_follows_its_place(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    moved = tmp_path / "as mounted here"
    moved.mkdir()
    body: dict[str, Any] = {"output_directory": "/as/mounted/there"}
    path = moved / f"reel-7.{kind}.json"
    path.write_text(json.dumps({"job_id": "reel-7", **(body if kind == "spec" else {"spec": body})}))
    assert main(["cancel", str(path), "--format", "json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["marker"] == str(moved / MARKERS / "reel-7")
    assert os.path.isfile(told["marker"])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "cannot read"),
        ("no json", "is no spec, plan or record with a job_id"),
        ('{"job_id": "../../x", "output_directory": "/tmp"}', "is no spec, plan or record with a job_id"),
        ('{"output_directory": "/tmp"}', "is no spec, plan or record with a job_id"),
        ('{"job_id": "a", "output_directory": "/nowhere/out"}', "the output folder of job a is not here: /nowhere/out"),
        ('{"job_id": "a", "spec": 5}', "the output folder of job a is not here: not named"),
    ],
)
def test_cancel_says_what_is_wrong_with_what_it_is_given(
    text: str | None, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "some.json"
    if text is not None:
        path.write_text(text)
    assert main(["cancel", str(path)]) == 2
    assert words in capsys.readouterr().err


def test_cancel_finds_no_job_where_all_have_ended(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ledger = Ledger(str(tmp_path))
    ledger.make()
    ledger.write(Entry("a.mov", 0, "/a.mov", "DONE", "a", "p"))
    assert main(["cancel", str(tmp_path)]) == 2
    assert "no unfinished job" in capsys.readouterr().err
    ledger.write(Entry("b.mov", 1, "/b.mov", "PENDING", "a", "p"))
    assert main(["cancel", str(tmp_path)]) == 0
    assert os.listdir(tmp_path / MARKERS) == ["a"]
