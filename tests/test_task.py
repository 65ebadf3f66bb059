"""The durable unit: a clip is made once, however often its maker dies, and wherever it is called from."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from crash_at import DIED, STEPS
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from proxx.cli import main
from proxx.ledger import Ledger
from proxx.tools import find_tool

ROOT = Path(__file__).resolve().parents[1]
Write = Callable[..., Path]


def job(spec_file: Write, clips: Path, out: Path, **changes: Any) -> Path:
    sources = [str(clips / name) for name in ("clip_001.mov", "clip_002.mov")]
    makes = {"codec": "h264", "container": "mov", "resolution": "same", "proxy_profile": "proxy_h264_mov"}
    return spec_file(**{"sources": sources, "output_directory": str(out), **makes, **changes})


def python(*words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "engine"), **variables}
    return subprocess.run([sys.executable, *words], env=environment, capture_output=True, text=True, timeout=120)


def proxies(out: Path) -> dict[str, bytes]:
    """Everything in an output folder that is no document and no ledger, hidden files too."""
    return {
        path.name: path.read_bytes()
        for path in out.iterdir()
        if path.suffix not in (".json", ".csv", ".ale") and path.is_file()
    }


def records(out: Path) -> list[dict[str, Any]]:
    found = [json.loads(path.read_text("utf-8")) for path in out.glob("*.record.json")]
    return sorted(found, key=lambda record: (len(record["previous"] or {}), record["ended_at"]))


@pytest.fixture(scope="session")
def made_alone(clips: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The two proxies as a run without any trouble makes them."""
    folder = tmp_path_factory.mktemp("alone")

    def write(**changes: Any) -> Path:
        path = folder / "job.json"
        document = {"jobspec_version": "2.1", "naming_template": "{source_name}_proxy", **changes}
        path.write_text(json.dumps(document))
        return path

    out = folder / "out"
    assert main(["run", str(job(write, clips, out)), "--quiet"]) == 0
    return proxies(out)


def die_at(step: str, count: int, *words: str) -> None:
    died = python(str(ROOT / "tests" / "crash_at.py"), step, str(count), *words)
    assert died.returncode == DIED, died.stderr


def vouched_for(out: Path) -> set[str]:
    return {entry.name for entry in Ledger(str(out)).entries() if entry.made is not None}


def test_a_job_that_dies_at_every_step_in_turn_loses_nothing_and_makes_nothing_proved_twice(
    clips: Path, spec_file: Write, tmp_path: Path, encodes: Callable[[], list[str]], made_alone: dict[str, bytes]
) -> None:
    out = tmp_path / "out"
    data, sources = (clips / "clip_001.mov").read_bytes(), []
    for number in range(4):
        sources.append(tmp_path / f"clip_{number}.mov")
        sources[-1].write_bytes(data)
    whole = {f"clip_{number}_proxy.mov": made_alone["clip_001_proxy.mov"] for number in range(4)}
    spec = str(job(spec_file, clips, out, sources=[str(source) for source in sources]))
    for step in STEPS:
        vouched, before = vouched_for(out), len(encodes())
        die_at(step, 1, spec, "--jobs", "1")  # side by side a slow machine makes all four before the last steps
        assert not [line for line in encodes()[before:] if any(name.split(".")[0] in line for name in vouched)], step
        there = {name: data for name, data in proxies(out).items() if not name.startswith(".")}
        assert all(data == whole[name] for name, data in there.items()), step  # a final name: whole and proved
        assert set(there) <= vouched_for(out), step
    assert vouched_for(out) == set(whole)
    before = len(encodes())
    assert main(["run", spec, "--resume", "--quiet"]) == 0
    assert len(encodes()) == before
    assert proxies(out) == whole
    assert not list((out / ".proxx" / "tmp").iterdir())


@pytest.mark.parametrize("step", ["record-written", "chain-written"])
def test_a_run_that_dies_at_its_record_leaves_one_whole_record(
    step: str, clips: Path, spec_file: Write, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    spec = str(job(spec_file, clips, out, sources=[str(clips / "clip_001.mov")]))
    die_at(step, 1, spec)
    assert main(["run", spec, "--resume", "--quiet"]) == 0
    (record,) = records(out)
    assert record["status"] == "COMPLETED"


@pytest.mark.parametrize("step", ["entry-synced", "named"])
def test_a_replacement_that_dies_half_way_is_brought_to_its_end(
    step: str,
    clips: Path,
    spec_file: Write,
    tmp_path: Path,
    encodes: Callable[[], list[str]],
    made_alone: dict[str, bytes],
) -> None:
    out = tmp_path / "out"
    spec = str(job(spec_file, clips, out, sources=[str(clips / "clip_001.mov")]))
    assert main(["run", spec, "--quiet"]) == 0
    (out / "clip_001_proxy.mov").write_bytes(b"somebody's work")
    die_at(step, 1, spec, "--overwrite", "same-plan")
    before = len(encodes())
    assert main(["run", spec, "--quiet"]) == 0
    assert len(encodes()) == before
    assert proxies(out) == {"clip_001_proxy.mov": made_alone["clip_001_proxy.mov"]}


def test_the_same_job_again_is_nothing_to_do(
    clips: Path, spec_file: Write, tmp_path: Path, encodes: Callable[[], list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    spec = str(job(spec_file, clips, out))
    assert main(["run", spec, "--quiet"]) == 0
    files = sorted(path.name for path in out.rglob("*"))
    assert main(["run", spec]) == 0
    assert "nothing to do: all 2 proxies are" in capsys.readouterr().out
    assert main(["run", str(next(out.glob("*.spec.json"))), "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["event"] == "nothing-to-do"
    assert len(encodes()) == 2
    assert sorted(path.name for path in out.rglob("*")) == files


def test_a_job_with_one_more_source_keeps_what_is_proved(
    clips: Path, spec_file: Write, tmp_path: Path, encodes: Callable[[], list[str]]
) -> None:
    out = tmp_path / "out"
    one = job(spec_file, clips, out, sources=[str(clips / "clip_001.mov")])
    assert main(["run", str(one), "--quiet"]) == 0
    assert main(["run", str(job(spec_file, clips, out)), "--quiet"]) == 0
    assert len(encodes()) == 2
    last = records(out)[-1]
    assert [clip["kept"] for clip in last["clips"]] == [True, False]
    assert last["clips"][0]["made_by"] == records(out)[0]["job_id"]


def test_one_task_makes_one_clip_and_says_so_in_the_ledgers_words(
    clips: Path, spec_file: Write, tmp_path: Path, encodes: Callable[[], list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    spec = str(job(spec_file, clips, out))
    for _ in range(2):
        assert main(["task", "--spec", spec, "--index", "1"]) == 0
        entry = json.loads(capsys.readouterr().out)
        assert (entry["state"], entry["output"], entry["attempts"]) == ("DONE", "clip_002_proxy.mov", 1)
        assert_shape("ledger", entry)
    assert len(encodes()) == 1
    assert list(proxies(out)) == ["clip_002_proxy.mov"]
    assert main(["task", "--spec", spec, "--index", "2"]) == 2
    assert "the spec's sources are 0 to 1" in capsys.readouterr().err


def assert_shape(kind: str, document: Any) -> None:
    schemas = {path.name: json.loads(path.read_text("utf-8")) for path in (ROOT / "schema").glob("*.schema.json")}
    registry: Registry[Any] = Registry().with_resources(
        (name, Resource.from_contents(schema)) for name, schema in schemas.items()
    )
    validator = Draft202012Validator(schemas[f"{kind}.schema.json"], registry=registry)
    assert [error.message for error in validator.iter_errors(document)] == []


def test_three_processes_at_one_task_make_it_once(
    clips: Path, spec_file: Write, tmp_path: Path, encodes: Callable[[], list[str]], made_alone: dict[str, bytes]
) -> None:
    out = tmp_path / "out"
    words = [sys.executable, "-m", "proxx", "task", "--spec", str(job(spec_file, clips, out)), "--index", "0"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "engine")}
    all_three = [subprocess.Popen(words, env=environment, stdout=subprocess.PIPE) for _ in range(3)]
    told = [json.loads(one.communicate(timeout=120)[0]) for one in all_three]
    assert [one.returncode for one in all_three] == [0, 0, 0]
    assert [one["state"] for one in told] == ["DONE"] * 3
    assert len(encodes()) == 1
    assert proxies(out) == {"clip_001_proxy.mov": made_alone["clip_001_proxy.mov"]}


def run_wrapped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """An ffmpeg of which the encodes first run a few lines of shell; $REAL is the true one."""
    wrapper = tmp_path / "ffmpeg"
    wrapper.write_text(
        f'#!/bin/sh\nREAL={find_tool("ffmpeg")}\ncase "$*" in *-map_metadata*) {script};; esac\nexec $REAL "$@"\n'
    )
    wrapper.chmod(0o755)
    monkeypatch.setenv("PROXX_FFMPEG", str(wrapper))


def test_a_failure_that_passes_by_itself_is_tried_again_and_told(
    clips: Path, spec_file: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    once = tmp_path / "once"
    script = f'if [ ! -e {once} ]; then : > {once}; echo "out.mov: Input/output error" >&2; exit 1; fi'
    run_wrapped(tmp_path, monkeypatch, script)
    out = tmp_path / "out"
    spec = job(spec_file, clips, out, sources=[str(clips / "clip_001.mov")])
    assert main(["run", str(spec), "--quiet"]) == 0
    (record,) = records(out)
    (clip,) = record["clips"]
    assert (clip["status"], clip["attempts"]) == ("COMPLETED", 2)
    (failed,) = clip["failed_attempts"]
    assert (failed["row"], failed["words"], failed["seconds_waited"]) == ("input-output-at-once", "input-output", 1)
    assert_shape("record", record)


def test_a_failure_that_does_not_pass_by_itself_is_tried_once(
    clips: Path, spec_file: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tally = tmp_path / "tally"
    run_wrapped(tmp_path, monkeypatch, f'echo x >> {tally}; echo "[error] Invalid data found" >&2; exit 1')
    out = tmp_path / "out"
    spec = job(spec_file, clips, out, sources=[str(clips / "clip_001.mov")])
    assert main(["run", str(spec), "--quiet"]) == 4
    assert tally.read_text().split() == ["x"]
    (entry,) = Ledger(str(out)).entries()
    assert (entry.state, entry.findings[0]["id"]) == ("FAILED", "made/engine-failed")
    assert records(out)[0]["clips"][0]["failed_attempts"][0]["row"] == "otherwise"


@pytest.mark.parametrize("code", [0, 1])
def test_a_disk_that_fills_under_way_is_told_as_that_and_what_did_not_fit_is_not_kept(
    code: int,
    clips: Path,
    spec_file: Write,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """FFmpeg says so and ends with 1, or it says nothing at all, ends with 0, and leaves half a file."""
    full, out = tmp_path / "full", tmp_path / "out"
    half = f'for last in "$@"; do :; done; head -c 5000 {clips}/clip_001.mov > "${{last#file:}}"; : > {full}'
    say = "echo '[error] out.mov: No space left on device' >&2; " if code else ""
    run_wrapped(tmp_path, monkeypatch, f"{half}; {say}exit {code}")
    real = os.statvfs

    def statvfs(path: str) -> Any:
        found = real(path)
        left = 3 if full.exists() and not code else 1 << 20  # what others freed meanwhile
        free = {name: getattr(found, name) for name in ("f_files", "f_favail", "f_flag")}
        return SimpleNamespace(**free, f_bavail=left, f_frsize=4096)

    monkeypatch.setattr(os, "statvfs", statvfs)
    spec = job(spec_file, clips, out, sources=[str(clips / "clip_001.mov")])
    assert main(["run", str(spec), "--quiet"]) == 4
    said = capsys.readouterr().out
    left = "4.0 GiB" if code else "12.0 KiB"
    words = f"no room was left for it in {out}, 4.9 KiB of it were written and {left} were free when it failed"
    assert f"made/no-room]: clip_001_proxy.mov was not made: {words}" in " ".join(said.split())
    assert "made/engine-failed" not in said
    assert "made/unreadable" not in said
    (record,) = records(out)
    assert_shape("record", record)
    (clip,) = record["clips"]
    assert (clip["status"], [one["id"] for one in clip["findings"]]) == ("FAILED", ["made/no-room"])
    (failed,) = clip["failed_attempts"]
    assert (failed["row"], failed["written_bytes"]) == ("no-space" if code else "disk-full", 5000)
    assert list((out / ".proxx" / "rejected").iterdir()) == []
    assert list(out.glob(".*partial*")) == []


def test_what_became_of_clips_is_told_also_when_there_is_no_place_for_the_record(
    clips: Path, spec_file: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    run_wrapped(tmp_path, monkeypatch, f"mv {out} {tmp_path}/pulled; : > {out}; exit 1")
    assert main(["run", str(job(spec_file, clips, out)), "--quiet", "--jobs", "1"]) == 3
    said, trouble = capsys.readouterr()
    assert said.count("error[made/volume-lost]") == 2
    assert said.endswith("FAILED: its record could not be written\n")
    assert f"proxx: cannot lock {out}" in trouble


@pytest.mark.parametrize("discard", [False, True])
def test_a_refused_file_is_kept_aside_unless_it_shall_not(
    discard: bool, clips: Path, spec_file: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_wrapped(tmp_path, monkeypatch, 'exec $REAL -t 0.1 "$@"')
    out = tmp_path / "out"
    spec = job(spec_file, clips, out, sources=[str(clips / "clip_001.mov")])
    assert main(["run", str(spec), "--quiet", *(["--discard-rejected"] if discard else [])]) == 4
    assert proxies(out) == {}
    aside = {path.name for path in (out / ".proxx" / "rejected").iterdir()}
    assert aside == (set() if discard else {"clip_001_proxy.mov", "clip_001_proxy.mov.json"})
    if not discard:
        said = json.loads((out / ".proxx" / "rejected" / "clip_001_proxy.mov.json").read_text("utf-8"))
        assert said["findings"][0]["id"] == "made/fewer-frames"


def test_a_source_replaced_under_way_by_one_of_the_same_size_and_time_fails_the_clip(
    clips: Path, spec_file: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clip = tmp_path / "A.mov"
    clip.write_bytes((clips / "clip_001.mov").read_bytes())
    code = (
        f"import os;s=os.stat('{clip}');d=bytearray(open('{clip}','rb').read());d[-1]^=255;"
        f"open('{clip}','wb').write(d);os.utime('{clip}',ns=(s.st_atime_ns,s.st_mtime_ns))"
    )
    run_wrapped(tmp_path, monkeypatch, f'$REAL "$@" || exit $?; {sys.executable} -c "{code}"; exit 0')
    out = tmp_path / "out"
    assert main(["run", str(job(spec_file, clips, out, sources=[str(clip)])), "--quiet"]) == 4
    assert "made/source-changed" in capsys.readouterr().out
    assert proxies(out) == {}
