"""Several specs at once: a source is decoded once for all of them, and every proxy is what it is when made alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from proxx.cli import main
from proxx.ledger import Ledger
from proxx.model import Plan
from proxx.rulebook import Rulebook
from proxx.sharing import decodes, halves
from proxx.tools import find_tool

ROOT = Path(__file__).resolve().parents[1]
Write = Callable[..., Path]
Encodes = Callable[[], list[str]]
HEAD = '#:schema schema/rulebook.schema.json\nname = "show"\nversion = "1"\nformat = 1\nextends = "proxx"\n'
MAKES = {
    "proxy_h264_mov": ("h264", "mov", "same"),
    "proxy_prores_lt": ("prores_lt", "mov", "same"),
    "proxy_dnxhr_lb": ("dnxhr", "mxf", "same"),
    "proxy_vp9": ("vp9", "webm", "half"),
}


@pytest.fixture
def job(spec_file: Write, clips: Path, tmp_path: Path) -> Callable[..., str]:
    """Write the spec of a profile over two clips; proxies go to a folder of the profile's name."""

    def write(profile: str, place: str = "", **changes: Any) -> str:
        codec, container, resolution = MAKES[profile]
        sources = [str(clips / name) for name in ("clip_001.mov", "clip_002.mov")]
        makes = {"codec": codec, "container": container, "resolution": resolution, "proxy_profile": profile}
        out = str(tmp_path / (place or profile))
        written = spec_file(**{"sources": sources, "output_directory": out, "job_id": profile, **makes, **changes})
        kept = tmp_path / f"{place or profile}.json"
        os.replace(written, kept)
        return str(kept)

    return write


def proxies(folder: Path) -> dict[str, bytes]:
    return {
        path.name: path.read_bytes()
        for path in folder.iterdir()
        if path.is_file() and path.suffix not in (".json", ".csv", ".ale")
    }


def record(folder: Path) -> dict[str, Any]:
    (path,) = folder.glob("*.record.json")
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return found


def test_specs_over_the_same_sources_decode_each_once_and_give_the_bytes_of_single_runs(
    job: Callable[..., str], tmp_path: Path, encodes: Encodes
) -> None:
    names = list(MAKES)
    assert main(["run", "--quiet", *[job(name) for name in names]]) == 0
    assert len(encodes()) == 2
    together = {name: proxies(tmp_path / name) for name in names}
    validator = Draft202012Validator(
        json.loads((ROOT / "schema" / "record.schema.json").read_text()), registry=schemas()
    )
    for name in names:
        os.replace(tmp_path / name, tmp_path / f"{name}-together")
        found = record(tmp_path / f"{name}-together")
        validator.validate(found)
        for clip in found["clips"]:
            others = [str(tmp_path / other) for other in names]
            assert all(any(word.startswith(f"file:{folder}/") for word in clip["shared_argv"]) for folder in others)
    assert main(["run", "--quiet", "--no-share", *[job(name) for name in names]]) == 0
    assert len(encodes()) == 2 + 8
    assert {name: proxies(tmp_path / name) for name in names} == together
    assert "shared_argv" not in record(tmp_path / names[0])["clips"][0]
    assert all(main(["verify", str(tmp_path / f"{name}")]) == 0 for name in names)


def schemas() -> Registry[Any]:
    found = [(path.name, json.loads(path.read_text("utf-8"))) for path in (ROOT / "schema").glob("*.schema.json")]
    return Registry().with_resources([(name, Resource.from_contents(document)) for name, document in found])


def test_the_plan_shows_what_is_shared_and_why_the_rest_is_not(
    job: Callable[..., str], tmp_path: Path, clips: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = job("proxy_h264_mov"), job("proxy_prores_lt", sources=[str(clips / "clip_001.mov")])
    conformed = job("proxy_dnxhr_lb", fps_mode="explicit", fps_explicit=24)
    assert main(["plan", first, second, conformed, "--format", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    schema = json.loads((ROOT / "schema" / "plans.schema.json").read_text("utf-8"))
    Draft202012Validator(schema, registry=schemas()).validate(document)
    told = [([clip["job_id"] for clip in one["clips"]], one["row"]) for one in document["decodes"]]
    assert told == [
        (["proxy_h264_mov", "proxy_prores_lt"], "shared"),
        (["proxy_h264_mov"], ""),
        (["proxy_dnxhr_lb"], "rate"),
        (["proxy_dnxhr_lb"], "rate"),
    ]
    assert document["decodes"][0]["argv"].count("-i") == 1
    assert main(["plan", first, second, conformed]) == 0
    text = capsys.readouterr().out
    assert f"{clips / 'clip_001.mov'} is decoded once for\n  {tmp_path}" in text
    assert "5 proxies from 4 decodings" in text
    assert main(["plan", first, second, "--shell"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 2
    assert main(["plan", first, second, "--shell", "--no-share"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 3
    assert main(["plan", first, second, "-o", str(tmp_path / "both.json")]) == 2


def test_a_clip_that_is_done_already_leaves_the_others_to_themselves(
    job: Callable[..., str], tmp_path: Path, encodes: Encodes
) -> None:
    names = ["proxy_h264_mov", "proxy_prores_lt", "proxy_dnxhr_lb"]
    specs = [job(name) for name in names]
    assert main(["run", "--quiet", specs[0]]) == 0
    (gone, *_) = sorted((tmp_path / names[0]).glob("*.mov"))
    gone.unlink()
    assert main(["run", "--quiet", *specs]) == 0
    assert len(encodes()) == 4
    assert [len(clip.get("shared_argv", [])) > 0 for clip in record(tmp_path / names[1])["clips"]] == [True, True]
    assert main(["run", "--quiet", *specs]) == 0
    assert len(encodes()) == 4


def test_what_cannot_be_made_costs_the_others_nothing(
    job: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "ffmpeg"
    fails = 'case "$*" in *prores_aw*) echo "[fatal] no such thing" >&2; exit 1;; esac'
    broken.write_text(f'#!/bin/sh\n{fails}\nexec {find_tool("ffmpeg")} "$@"\n')
    broken.chmod(0o755)
    monkeypatch.setenv("PROXX_FFMPEG", str(broken))
    assert main(["run", "--quiet", job("proxy_h264_mov"), job("proxy_prores_lt")]) == 4
    assert record(tmp_path / "proxy_h264_mov")["status"] == "COMPLETED"
    assert record(tmp_path / "proxy_prores_lt")["status"] == "FAILED"
    assert "shared_argv" not in record(tmp_path / "proxy_h264_mov")["clips"][0]
    assert len(proxies(tmp_path / "proxy_h264_mov")) == 2
    assert proxies(tmp_path / "proxy_prores_lt") == {}


def test_a_clip_that_another_process_holds_is_not_waited_for(
    job: Callable[..., str], tmp_path: Path, encodes: Encodes
) -> None:
    held, name = Ledger(str(tmp_path / "proxy_prores_lt")), "clip_001_proxy.mov"
    held.make()
    with held.lock(name) as ours:
        assert ours
        specs = [job("proxy_h264_mov"), job("proxy_prores_lt")]
        done: list[int] = []
        running = threading.Thread(target=lambda: done.append(run_in_thread(specs)))
        running.start()
        proxy = tmp_path / "proxy_h264_mov" / "clip_001_proxy.mov"
        for _ in range(600):
            if proxy.exists():
                break
            running.join(0.1)
        assert proxy.exists(), "it waited for a clip that somebody else holds"
    running.join(60)
    assert done == [0]
    assert len(proxies(tmp_path / "proxy_prores_lt")) == 2


def run_in_thread(specs: list[str]) -> int:
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "engine")}
    return subprocess.run(
        [sys.executable, "-m", "proxx", "run", "--quiet", "--jobs", "2", *specs], env=environment
    ).returncode


def test_two_specs_that_write_one_file_are_refused_before_anything_runs(
    job: Callable[..., str], tmp_path: Path, encodes: Encodes, capsys: pytest.CaptureFixture[str]
) -> None:
    first = job("proxy_h264_mov", "one")
    second = job("proxy_prores_lt", "two", output_directory=str(tmp_path / "one"), job_id="other")
    assert main(["run", "--quiet", first, second]) == 1
    assert "preflight/twice" in capsys.readouterr().out
    assert main(["run", "--quiet", first, first]) == 1
    assert encodes() == []


def test_one_refused_spec_keeps_the_others_from_running(
    job: Callable[..., str], tmp_path: Path, encodes: Encodes
) -> None:
    assert main(["run", "--quiet", job("proxy_h264_mov"), job("proxy_prores_lt", codec="h264")]) == 1
    assert not (tmp_path / "proxy_h264_mov").exists()
    assert encodes() == []


def test_specs_of_different_rulebooks_are_told_apart(
    job: Callable[..., str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = job("proxy_h264_mov")
    there = tmp_path / "show"
    (there / "book").mkdir(parents=True)
    (there / "book" / "rulebook.toml").write_text(HEAD)
    (there / "proxx.toml").write_text('format = 1\nrulebooks = ["book"]\n')
    second = there / "job.json"
    second.write_bytes(Path(job("proxy_prores_lt")).read_bytes())
    assert main(["run", first, str(second)]) == 2
    assert "different rulebooks" in capsys.readouterr().err


def test_an_option_for_the_whole_of_ffmpeg_keeps_a_clip_apart(
    rulebook: Rulebook,
    planned: Callable[..., Plan],
) -> None:
    one, other = planned(1), planned(1, "proxy_prores_lt")
    (task,) = other.tasks
    reading, writing = halves(task.argv)
    for option in ("-filter_complex", "-vsync", "-copyts"):
        alone = replace(other, tasks=(replace(task, argv=(*reading, option, "1", *writing)),))
        assert [part.row for part in decodes(rulebook, [one, alone])] == ["", "options"]
    early = replace(other, tasks=(replace(task, argv=(*reading[:-2], "-ss", "1", *reading[-2:], *writing)),))
    assert [part.row for part in decodes(rulebook, [one, early])] == ["", "reading"]
    late = replace(other, tasks=(replace(task, argv=(*task.argv, "-f", "null", "-")),))
    assert [part.row for part in decodes(rulebook, [one, late])] == ["", "options"]
