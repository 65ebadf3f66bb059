"""Whole runs on real media: proxies made, proved, published and recorded, or nothing under a final name."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from proxx.cli import main
from proxx.probe import probe
from proxx.rulebook import Rulebook
from proxx.tools import find_tool

OURS = (".json", ".csv", ".ale")
ROOT = Path(__file__).resolve().parents[1]
Write = Callable[..., Path]
MAKES = {
    "proxy_h264_low": ("h264", "mp4", "half"),
    "proxy_prores_proxy": ("prores_proxy", "mov", "same"),
    "proxy_dnxhr_lb": ("dnxhr", "mxf", "same"),
}


@pytest.fixture(scope="session")
def camera(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A camera-like clip: 23.976, timecode, reel, two mono tracks of PCM, twelve frames."""
    clip = tmp_path_factory.mktemp("card") / "A001_C001.mov"
    lavfi(
        clip,
        "testsrc2=size=512x288:rate=24000/1001:duration=0.5",
        *("-f", "lavfi", "-i", "sine=500:duration=0.5:sample_rate=48000"),
        *("-f", "lavfi", "-i", "sine=900:duration=0.5:sample_rate=48000"),
        *("-map", "0", "-map", "1", "-map", "2", "-c:v", "prores", "-pix_fmt", "yuv422p10le", "-c:a", "pcm_s16le"),
        *("-timecode", "01:00:00:00", "-metadata:s:v:0", "reel_name=A001R2EC"),
    )
    return clip


def lavfi(path: Path, picture: str, *words: str) -> None:
    command = [find_tool("ffmpeg"), "-v", "error", "-nostdin", "-y", "-f", "lavfi", "-i", picture, *words, str(path)]
    subprocess.run(command, check=True, timeout=120)


def job(spec_file: Write, source: Path, folder: Path, profile: str, **changes: Any) -> Path:
    codec, container, resolution = MAKES[profile]
    makes = {"codec": codec, "container": container, "resolution": resolution, "proxy_profile": profile}
    where = {"sources": [str(source)], "output_directory": str(folder)}
    return spec_file(f"{profile}.json", **{**where, **makes, **changes})


def record_in(folder: Path) -> dict[str, Any]:
    (path,) = folder.glob("*.record.json")
    document: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return document


def media_in(folder: Path) -> list[str]:
    """Every file in a folder that is no spec, plan, record, sheet or ledger, hidden ones too."""
    names = sorted(path.name for path in folder.iterdir() if path.suffix not in OURS) if folder.exists() else []
    return [name for name in names if name != ".proxx"]


@pytest.mark.parametrize("profile", MAKES)
def test_a_camera_clip_becomes_a_proxy_that_keeps_its_promise(
    profile: str, camera: Path, spec_file: Write, tmp_path: Path, rulebook: Rulebook
) -> None:
    out = tmp_path / "proxies"
    assert main(["run", str(job(spec_file, camera, out, profile)), "--quiet"]) == 0
    (name,) = media_in(out)
    assert name == f"A001_C001_proxy.{MAKES[profile][1]}"
    made = probe(str(out / name), rulebook.vocabulary, find_tool("ffprobe"))
    assert made.timecode == "01:00:00:00"
    assert made.reel == ("" if profile == "proxy_h264_low" else "A001R2EC")
    assert made.audio is not None
    assert [stream.channels for stream in made.audio] == [1, 1]
    assert made.video is not None
    assert str(made.video.rate) == "24000/1001"
    record = record_in(out)
    (clip,) = record["clips"]
    assert (record["status"], clip["status"], clip["frames"]) == ("COMPLETED", "COMPLETED", 12)
    assert clip["sha256"].startswith("sha256:")
    assert not [one for one in clip["findings"] if one["severity"] == "error"]
    spec = json.loads(next(out.glob("*.spec.json")).read_text("utf-8"))
    assert spec["job_id"] == record["job_id"]
    assert spec["created_at"]
    assert spec["resolved_tokens"] == {}
    plan = json.loads(next(out.glob("*.plan.json")).read_text("utf-8"))
    assert plan["tasks"][0]["argv"] == clip["argv"]


@pytest.mark.parametrize("profile", ["proxy_prores_proxy", "proxy_dnxhr_lb"])
def test_two_runs_give_the_same_bytes(profile: str, camera: Path, spec_file: Write, tmp_path: Path) -> None:
    made = []
    for folder in ("one", "other"):
        out = tmp_path / folder
        assert main(["run", str(job(spec_file, camera, out, profile)), "--quiet"]) == 0
        made.append((out / media_in(out)[0]).read_bytes())
    assert made[0] == made[1]


def test_a_plan_made_twice_is_the_same_byte_for_byte(
    camera: Path, spec_file: Write, tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    spec = str(job(spec_file, camera, tmp_path / "out", "proxy_dnxhr_lb"))
    told = []
    for _ in range(2):
        assert main(["plan", spec, "--format", "json"]) == 0
        told.append(capsysbinary.readouterr().out)
    assert told[0] == told[1]
    assert main(["plan", spec, "-o", str(tmp_path / "plan.json")]) == 0
    assert (tmp_path / "plan.json").read_bytes() == told[0]


def test_the_shell_line_of_a_plan_makes_the_temporary_file(
    camera: Path, spec_file: Write, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "with space"
    out.mkdir()
    assert main(["plan", str(job(spec_file, camera, out, "proxy_h264_low")), "--shell"]) == 0
    line = capsys.readouterr().out
    subprocess.run(["sh", "-c", line], check=True, timeout=60, capture_output=True)
    assert media_in(out) == [".A001_C001_proxy.partial.mp4"]


def test_what_exists_is_never_overwritten(
    camera: Path, spec_file: Write, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "A001_C001_proxy.mp4").write_text("somebody's work")
    spec = str(job(spec_file, camera, out, "proxy_h264_low"))
    assert main(["run", spec, "--quiet"]) == 1
    assert "naming/exists" in capsys.readouterr().out
    assert (out / "A001_C001_proxy.mp4").read_text() == "somebody's work"
    assert media_in(out) == ["A001_C001_proxy.mp4"]
    assert main(["check", spec]) == 0


def test_an_output_that_is_a_link_to_the_source_is_refused(
    camera: Path, spec_file: Write, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "A001_C001_proxy.mp4").symlink_to(camera)
    before = camera.read_bytes()
    assert main(["run", str(job(spec_file, camera, out, "proxy_h264_low")), "--quiet"]) == 1
    assert "naming/output-is-source" in capsys.readouterr().out
    assert camera.read_bytes() == before


def cut(source: Path, path: Path, share: float) -> Path:
    data = source.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    return path


@pytest.mark.parametrize(
    ("suffix", "muxer"), [("mov", ["-movflags", "+faststart"]), ("mkv", []), ("mxf", []), ("ts", [])]
)
def test_a_half_copied_source_leaves_nothing_under_a_final_name(
    suffix: str, muxer: list[str], spec_file: Write, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = tmp_path / f"whole.{suffix}"
    lavfi(whole, "testsrc2=size=512x288:rate=25:duration=2", "-c:v", "mpeg2video", "-b:v", "4M", *muxer)
    if suffix in ("mov", "mkv"):
        lavfi(whole, "testsrc2=size=512x288:rate=25:duration=2", "-c:v", "libx264", "-preset", "ultrafast", *muxer)
    half = cut(whole, tmp_path / f"half.{suffix}", 0.5)
    out = tmp_path / "out"
    code = main(["run", str(job(spec_file, half, out, "proxy_h264_low")), "--quiet"])
    told = capsys.readouterr().out
    assert code in (1, 4)
    assert told.count("error[") == 1
    assert media_in(out) == []
    if suffix in ("mov", "mkv"):
        assert "source/cut-short" in told


def test_a_refused_job_writes_nothing(camera: Path, spec_file: Write, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert main(["run", str(job(spec_file, camera, out, "proxy_h264_low", resolution="same")), "--quiet"]) == 1
    assert not out.exists()


def test_without_a_resolve_its_plan_is_shown_but_not_run(
    spec_file: Write, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clip = tmp_path / "A001.ari"
    clip.write_bytes(b"ARRI" + bytes.fromhex("12345678") + bytes(4096))
    out = tmp_path / "out"
    spec = spec_file(
        sources=[str(clip)],
        output_directory=str(out),
        codec="prores_proxy",
        container="mov",
        resolution="half",
        proxy_profile="proxy_prores_proxy_resolve",
    )
    assert main(["plan", str(spec), "--format", "json"]) == 0
    (task,) = json.loads(capsys.readouterr().out)["tasks"]
    render = task["settings"]["render"]
    assert (render["format"], render["codec"]) == ("mov", "ProRes422P")
    assert main(["run", str(spec), "--quiet"]) == 3
    said = capsys.readouterr().err
    assert "no Resolve takes this job: import(DaVinciResolveScript)" in said
    assert "proxx doctor" in said
    assert "proxx export resolve-bundle" in said
    assert not out.exists()


def slow_job(spec_file: Write, tmp_path: Path) -> tuple[Path, Path]:
    """A job whose clip takes some seconds."""
    clip = tmp_path / "long.mov"
    lavfi(clip, "testsrc2=size=1280x720:rate=25:duration=30", "-c:v", "libx264", "-preset", "ultrafast")
    out = tmp_path / "out"
    return job(spec_file, clip, out, "proxy_prores_proxy"), out


def started(spec: Path, out: Path) -> subprocess.Popen[bytes]:
    """A run in a process of its own, once its encoder is writing."""
    child = subprocess.Popen(
        [sys.executable, "-m", "proxx", "run", str(spec), "--quiet"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    limit = time.monotonic() + 60
    while not any(path.stat().st_size for path in out.glob(".*.partial.mov")) and time.monotonic() < limit:
        time.sleep(0.05)
    return child


def encoders_of(out: Path) -> list[str]:
    """Processes whose arguments name the folder."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if str(out).encode() in words and b"ffmpeg" in words:
                found.append(entry.name)
    return found


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupt_ends_the_encoder_and_leaves_a_record_but_no_proxy(
    number: signal.Signals, spec_file: Write, tmp_path: Path
) -> None:
    spec, out = slow_job(spec_file, tmp_path)
    child = started(spec, out)
    child.send_signal(number)
    child.communicate(timeout=30)
    assert child.returncode == 130
    assert media_in(out) == []
    assert encoders_of(out) == []
    assert record_in(out)["status"] == "CANCELLED"


def test_a_clip_that_another_process_is_making_is_left_alone(
    camera: Path, spec_file: Write, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    busy = out / ".A001_C001_proxy.partial.mp4"
    with busy.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        assert main(["run", str(job(spec_file, camera, out, "proxy_h264_low")), "--quiet"]) == 4
        assert "another process" in capsys.readouterr().out
        assert busy.exists()
    # The lock died with its holder: what it left is taken over.
    assert main(["run", str(job(spec_file, camera, out, "proxy_h264_low")), "--quiet"]) == 0
    assert media_in(out) == ["A001_C001_proxy.mp4"]


def test_a_source_that_changes_under_way_fails_its_clip(
    camera: Path, spec_file: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clip = tmp_path / "growing.mov"
    clip.write_bytes(camera.read_bytes())
    wrapper = tmp_path / "ffmpeg"
    real = find_tool("ffmpeg")
    wrapper.write_text(
        f'#!/bin/sh\n{real} "$@"\ncode=$?\ncase "$*" in *partial*) printf x >> {clip};; esac\nexit $code\n'
    )
    wrapper.chmod(0o755)
    monkeypatch.setenv("PROXX_FFMPEG", str(wrapper))
    out = tmp_path / "out"
    assert main(["run", str(job(spec_file, clip, out, "proxy_h264_low")), "--quiet"]) == 4
    assert "made/source-changed" in capsys.readouterr().out
    assert media_in(out) == []


def test_an_encoder_that_claims_success_with_frames_missing_is_found_out(
    camera: Path, spec_file: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    wrapper = tmp_path / "ffmpeg"
    wrapper.write_text(
        f"#!/bin/sh\nREAL={find_tool('ffmpeg')}\n"
        'case "$*" in *-map_metadata*) exec $REAL -t 0.2 "$@";; *) exec $REAL "$@";; esac\n'
    )
    wrapper.chmod(0o755)
    monkeypatch.setenv("PROXX_FFMPEG", str(wrapper))
    out = tmp_path / "out"
    assert main(["run", str(job(spec_file, camera, out, "proxy_prores_proxy")), "--quiet"]) == 4
    assert "made/fewer-frames" in capsys.readouterr().out
    assert media_in(out) == []
    assert record_in(out)["clips"][0]["status"] == "REJECTED"


def test_a_name_with_a_newline_a_dash_and_a_percent_sign_is_one_name(
    camera: Path, spec_file: Write, tmp_path: Path
) -> None:
    clip = tmp_path / "-A %03d [x];'\"$HOME ünï.mov"
    clip.write_bytes(camera.read_bytes())
    out = tmp_path / "out"
    assert main(["run", str(job(spec_file, clip, out, "proxy_h264_low")), "--quiet"]) == 0
    assert media_in(out) == ["-A %03d [x];'\"$HOME ünï_proxy.mp4"]


def test_progress_comes_as_lines_or_as_json_events(
    camera: Path, spec_file: Write, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", str(job(spec_file, camera, tmp_path / "one", "proxy_h264_low"))]) == 0
    told = capsys.readouterr()
    assert "[1/1] A001_C001_proxy.mp4: completed" in told.err
    assert "COMPLETED" in told.out
    assert main(["run", str(job(spec_file, camera, tmp_path / "two", "proxy_h264_low")), "--format", "json"]) == 0
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [event["event"] for event in events if event["event"] != "frames"] == ["start", "verify", "done", "record"]
    assert os.path.exists(events[-1]["record"])


def test_plans_and_records_have_their_published_shape(camera: Path, spec_file: Write, tmp_path: Path) -> None:
    schemas = {path.name: json.loads(path.read_text("utf-8")) for path in (ROOT / "schema").glob("*.schema.json")}
    registry: Registry[Any] = Registry().with_resources(
        (name, Resource.from_contents(schema)) for name, schema in schemas.items()
    )
    out = tmp_path / "out"
    assert main(["run", str(job(spec_file, camera, out, "proxy_dnxhr_lb")), "--quiet"]) == 0
    for kind in ("plan", "record"):
        (path,) = out.glob(f"*.{kind}.json")
        validator = Draft202012Validator(schemas[f"{kind}.schema.json"], registry=registry)
        assert list(validator.iter_errors(json.loads(path.read_text("utf-8")))) == []


def test_a_source_whose_first_pictures_are_damaged_is_refused_before_anything_runs(
    spec_file: Write, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clip = tmp_path / "damaged.mov"
    lavfi(clip, "testsrc2=size=512x288:rate=25:duration=1", "-c:v", "prores", "-pix_fmt", "yuv422p10le")
    data = bytearray(clip.read_bytes())
    frame = data.index(b"icpf")
    data[frame + 8 : frame + 4000] = bytes(3992)
    clip.write_bytes(data)
    out = tmp_path / "out"
    assert main(["run", str(job(spec_file, clip, out, "proxy_h264_low")), "--quiet"]) == 1
    assert "limit/does-not-decode" in capsys.readouterr().out
    assert not out.exists()


def test_an_encoder_that_outlived_its_run_cannot_touch_the_next_proxy(
    camera: Path, spec_file: Write, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    left = out / ".A001_C001_proxy.partial.mp4"
    with left.open("wb") as orphan:  # what an encoder goes on doing when its parent was killed
        orphan.write(b"half")
        orphan.flush()
        assert main(["run", str(job(spec_file, camera, out, "proxy_h264_low")), "--quiet"]) == 0
        orphan.write(b"x" * 10_000_000)
    made = out / "A001_C001_proxy.mp4"
    assert f"sha256:{hashlib.sha256(made.read_bytes()).hexdigest()}" == record_in(out)["clips"][0]["sha256"]


@pytest.mark.parametrize("way", [".A001_C001_proxy.partial.mp4", ".proxx/clips/A001_C001_proxy.mp4.json"])
def test_trouble_with_one_clip_leaves_the_others_and_a_record(
    way: str, camera: Path, spec_file: Write, tmp_path: Path
) -> None:
    other = tmp_path / "B.mov"
    other.write_bytes(camera.read_bytes())
    out = tmp_path / "out"
    (out / way).mkdir(parents=True)
    spec = job(spec_file, camera, out, "proxy_h264_low", sources=[str(camera), str(other)])
    assert main(["run", str(spec), "--quiet"]) == 4
    record = record_in(out)
    assert (record["status"], [clip["status"] for clip in record["clips"]]) == ("PARTIAL", ["FAILED", "COMPLETED"])


def test_a_plan_is_written_over_nothing_but_an_older_plan(
    camera: Path, spec_file: Write, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec, before = str(job(spec_file, camera, tmp_path / "out", "proxy_h264_low")), camera.read_bytes()
    assert main(["plan", spec, "-o", str(camera)]) == 2
    assert "is no plan" in capsys.readouterr().err
    assert camera.read_bytes() == before
    assert [main(["plan", spec, "-o", str(tmp_path / "p.json")]) for _ in range(2)] == [0, 0]


def test_a_broken_ffprobe_is_not_blamed_on_the_footage(
    camera: Path, spec_file: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROXX_FFPROBE", "/bin/false")
    assert main(["check", str(job(spec_file, camera, tmp_path / "out", "proxy_h264_low"))]) == 3


def test_a_clip_trimmed_off_a_frame_boundary_keeps_its_promise(camera: Path, spec_file: Write, tmp_path: Path) -> None:
    clip = tmp_path / "trimmed.mov"
    words = ["-ss", "0.35", "-i", str(camera), "-map", "0", "-c", "copy", str(clip)]
    subprocess.run([find_tool("ffmpeg"), "-v", "error", "-nostdin", *words], check=True, timeout=60)
    assert main(["run", str(job(spec_file, clip, tmp_path / "out", "proxy_h264_low")), "--quiet"]) == 0


def test_a_build_without_an_encoder_is_told_before_anything_is_made(
    camera: Path, spec_file: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fake, real = tmp_path / "ffmpeg", find_tool("ffmpeg")
    fake.write_text(
        f'#!/bin/sh\ncase "$*" in *-encoders*) "{real}" "$@" | grep -v libx264;; *) exec "{real}" "$@";; esac\n'
    )
    fake.chmod(0o755)
    monkeypatch.setenv("PROXX_FFMPEG", str(fake))
    spec = job(spec_file, camera, tmp_path / "out", "proxy_h264_low")
    for command in ("plan", "run"):
        assert main([command, str(spec)]) == 3
        assert "has no encoder libx264\n" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
    assert main(["plan", str(job(spec_file, camera, tmp_path / "out", "proxy_prores_proxy"))]) == 0
