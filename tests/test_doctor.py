"""`proxx doctor` tells what works on a machine, what does not, and what cannot be known, and ends whatever it meets."""

from __future__ import annotations

import errno
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from referencing import Registry, Resource

from proxx import machinehealth, profiletrial
from proxx.cli import main
from proxx.condition import GROUPS, Condition, judge
from proxx.doctor import doctor_text
from proxx.rulebook import Rulebook
from proxx.toolbox import tools
from proxx.toolhealth import licence_of
from proxx.tools import find_tool, tool_version

ROOT = Path(__file__).parent.parent
SCHEMAS = {path.name: json.loads(path.read_text("utf-8")) for path in (ROOT / "schema").glob("*.schema.json")}
Fake = Callable[[str, str], None]
Asked = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fake:
    """Puts a script in the place of a tool; `$real` is the true one."""
    real = {name: find_tool(name) for name in ("ffmpeg", "ffprobe")}

    def put(name: str, script: str) -> None:
        path = tmp_path / f"fake-{name}"
        path.write_text(f'#!/bin/sh\nreal="{real[name]}"\n{script}\n', "utf-8")
        path.chmod(0o755)
        monkeypatch.setenv(f"PROXX_{name.upper()}", str(path))

    return put


@pytest.fixture(scope="module")
def pair() -> set[str]:
    """What is told of the two tools of this machine when they are of two builds: advice, that each answer carries."""
    versions = {tool_version(find_tool(name), name).text for name in ("ffmpeg", "ffprobe")}
    return {"doctor/ffprobe-other"} if len(versions) == 2 else set()


@pytest.fixture
def asked(capsys: pytest.CaptureFixture[str]) -> Asked:
    """Runs the doctor: its exit code and its document, which fits its schema."""

    def ask(*words: str) -> tuple[int, dict[str, Any]]:
        code = main(["doctor", "--json", *words])
        document = json.loads(capsys.readouterr().out)
        registry: Registry[Any] = Registry().with_resources(
            (name, Resource.from_contents(schema)) for name, schema in SCHEMAS.items()
        )
        jsonschema.Draft202012Validator(SCHEMAS["doctor.schema.json"], registry=registry).validate(document)
        assert document["exit_code"] == code
        return code, document

    return ask


def states(document: dict[str, Any]) -> dict[str, str]:
    """The state of every check; of profiles by their names."""
    return {one["subject"] if one["check"] == "profile" else one["check"]: one["state"] for one in document["checks"]}


def told(document: dict[str, Any]) -> set[str]:
    return {one["finding"]["id"] for one in document["checks"] if one["finding"]}


def test_every_profile_is_made_proved_and_made_again_on_a_whole_machine(
    asked: Asked, rulebook: Rulebook, pair: set[str]
) -> None:
    code, document = asked()
    of_ffmpeg = {name for name, data in rulebook.profiles.items() if data["engine"] == "ffmpeg"}
    made = {one["name"]: one for one in document["profiles"] if one["engine"] == "ffmpeg"}
    lacking = {name for name in of_ffmpeg if rulebook.profiles[name]["video"]["encoder"] not in tools().encoders}
    assert not lacking or "PROXX_FFMPEG" in os.environ, "the FFmpeg of the set-up has all encoders"
    missing = {"doctor/encoder-missing", "doctor/profile-lacks"} if lacking else set()
    assert (code, told(document)) == (1 if lacking else 0, pair | missing)
    assert set(made) == of_ffmpeg
    assert {name for name, one in made.items() if one["can_be_made"] == "yes"} == of_ffmpeg - lacking
    assert {one["reproducible"] for name, one in made.items() if name not in lacking} == {"ok"}


def test_a_studio_s_own_profiles_are_tried_too(asked: Asked) -> None:
    names = ("studio_h264_half", "studio_prores_4444xq", "studio_prores_lt_mxf")
    words = [word for name in names for word in ("--profile", name)]
    code, document = asked("--rulebook", str(ROOT / "examples/studio"), *words)
    assert (code, [one["can_be_made"] for one in document["profiles"]]) == (0, ["yes"] * 3)


def test_an_unknown_profile_is_told_with_its_nearest_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--profile", "proxy_h264_lo"]) == 2
    assert "did you mean proxy_h264_low?" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "script", "state", "finding"),
    [
        ("ffmpeg", 'echo "cannot open shared object" >&2; exit 127', "wrong", "doctor/tool-broken"),
        ("ffprobe", "exit 0", "wrong", "doctor/tool-broken"),
        ("ffprobe", 'echo "ffmpeg version 5.1"', "wrong", "doctor/tool-broken"),
    ],
)
def test_a_tool_that_does_not_work_leaves_the_rest_unknown(
    asked: Asked, fake: Fake, name: str, script: str, state: str, finding: str
) -> None:
    fake(name, script)
    code, document = asked("--profile", "proxy_h264_low")
    assert (code, states(document)[name]) == (3, state)
    assert {finding, "doctor/profile-untried"} <= told(document)
    assert states(document)["proxy_h264_low"] == states(document)["ffprobe-version"] == "unknown"


def test_tools_that_are_not_there_are_missing(asked: Asked, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("PROXX_FFMPEG", raising=False)
    monkeypatch.delenv("PROXX_FFPROBE", raising=False)
    code, document = asked()
    assert code == 3
    assert states(document)["ffmpeg"] == states(document)["ffprobe"] == "missing"
    assert {one["can_be_made"] for one in document["profiles"]} == {"unknown"}


def test_an_ffmpeg_below_the_floor_is_told_and_not_tried(asked: Asked, fake: Fake) -> None:
    fake("ffmpeg", 'case "$*" in *-version*) echo "ffmpeg version 4.4.2 Copyright";; *) exec "$real" "$@";; esac')
    code, document = asked("--profile", "proxy_h264_low")
    assert (code, states(document)["ffmpeg-version"], states(document)["proxy_h264_low"]) == (3, "wrong", "unknown")
    assert {"doctor/ffmpeg-old", "doctor/ffprobe-other"} <= told(document)
    assert states(document)["ffmpeg-licence"] == "unknown"


def test_a_development_build_has_a_version_that_is_not_known_and_is_tried(asked: Asked, fake: Fake) -> None:
    fake("ffmpeg", 'case "$*" in *-version*) echo "ffmpeg version N-1-g2a571b Copyright";; *) exec "$real" "$@";; esac')
    code, document = asked("--profile", "proxy_h264_low")
    assert (code, states(document)["ffmpeg-version"], states(document)["proxy_h264_low"]) == (0, "unknown", "ok")


LACKS = """case "$*" in
  *-encoders*) "$real" "$@" | grep -v libx265;;
  *-muxers*) "$real" "$@" | grep -v webm;;
  *) exec "$real" "$@";;
esac"""


def test_what_a_build_lacks_is_told_with_the_profiles_that_need_it(asked: Asked, fake: Fake, pair: set[str]) -> None:
    fake("ffmpeg", LACKS)
    names = ("proxy_h265", "proxy_vp9", "proxy_h264_low")
    code, document = asked(*(word for name in names for word in ("--profile", name)))
    found = states(document)
    assert (code, *(found[name] for name in names)) == (1, "missing", "missing", "ok")
    assert told(document) == {"doctor/encoder-missing", "doctor/muxer-missing", "doctor/profile-lacks"} | pair
    encoders = next(one for one in document["checks"] if one["check"] == "encoders")
    assert encoders["finding"]["why"] == ["libx265 is needed by proxy_h265"]


LIES = """case "$*" in
  *libx265*) echo "[error] Unrecognized option 'crf'." >&2; exit 8;;
  *libvpx*) exit 0;;
  *) exec "$real" "$@";;
esac"""


def test_only_a_trial_shows_that_an_encoder_in_the_list_does_not_work(asked: Asked, fake: Fake) -> None:
    fake("ffmpeg", LIES)
    code, document = asked("--profile", "proxy_h265", "--profile", "proxy_vp9")
    found = {one["subject"]: one for one in document["checks"] if one["check"] == "profile"}
    assert code == 1
    assert "Unrecognized option 'crf'" in found["proxy_h265"]["found"]
    assert found["proxy_vp9"]["found"] == "made/unreadable"


def test_bytes_that_differ_between_two_runs_break_the_profile_s_promise(
    asked: Asked, fake: Fake, pair: set[str]
) -> None:
    fake("ffmpeg", 'case "$*" in *.again) exec "$real" "$@" -hide_banner;; esac\nexec "$real" "$@"')
    code, document = asked("--profile", "proxy_h264_mov")
    assert (code, told(document)) == (0, pair)  # the control: the script itself changes nothing
    script = 'case "$*" in *.again) exec "$real" $(echo "$*" | sed "s/ 23 / 40 /");; esac\nexec "$real" "$@"'
    fake("ffmpeg", script)
    code, document = asked("--profile", "proxy_h264_mov")
    assert (code, told(document)) == (1, {"doctor/not-reproducible"} | pair)
    assert document["profiles"][0]["can_be_made"] == "yes"


def test_an_encoder_that_hangs_is_ended(asked: Asked, fake: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(profiletrial, "SECONDS", 2)
    fake("ffmpeg", 'case "$*" in *libx264*) sleep 600;; esac\nexec "$real" "$@"')
    begun = time.monotonic()
    code, document = asked("--profile", "proxy_h264_low", "--profile", "proxy_h264_mov")
    assert (code, states(document)["proxy_h264_low"]) == (1, "wrong")
    assert time.monotonic() - begun < 20


def test_trials_that_take_too_long_together_are_not_known(
    asked: Asked, fake: Fake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(profiletrial, "ALL_SECONDS", 2)
    fake("ffmpeg", 'case "$*" in *libx264*) sleep 600;; esac\nexec "$real" "$@"')
    code, document = asked("--profile", "proxy_h264_low")
    assert (code, states(document)["proxy_h264_low"]) == (1, "unknown")


@pytest.mark.parametrize(
    ("configuration", "state", "words"),
    [
        ("", "unknown", "the build does not tell its configuration"),
        ("--enable-gpl --enable-nonfree", "wrong", "nonfree (--enable-nonfree)"),
        ("--enable-gpl", "ok", "GPL 2 or later"),
        ("--enable-gpl --enable-version3", "ok", "GPL 3 or later"),
        ("--enable-version3", "ok", "LGPL 3 or later"),
        ("--disable-doc", "ok", "LGPL 2.1 or later"),
    ],
)
def test_the_licence_follows_from_the_configuration(configuration: str, state: str, words: str) -> None:
    assert licence_of(configuration) == (state, words)


def test_a_folder_is_written_to_named_locked_and_left_as_it_was(rulebook: Rulebook, tmp_path: Path) -> None:
    found = machinehealth.look_at_folder(rulebook, str(tmp_path), "named")
    assert [one.state for one in found] == ["ok", "ok"]
    assert os.listdir(tmp_path) == []


def test_a_folder_that_is_none_or_takes_nothing_is_told(
    rulebook: Rulebook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: Asked, fake: Fake
) -> None:
    file = tmp_path / "file"
    file.touch()
    assert [one.state for one in machinehealth.look_at_folder(rulebook, str(file), "named")] == ["missing", "unknown"]

    def refuse(*words: str) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(machinehealth, "publish", refuse)
    (folder, _) = machinehealth.look_at_folder(rulebook, str(tmp_path), "named")
    assert (folder.state, folder.found) == ("wrong", "Read-only file system")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    fake("ffmpeg", "exit 1")
    _, document = asked("--folder", str(tmp_path / "nowhere"))
    assert "doctor/folder-missing" in told(document)


def test_room_is_judged_by_the_table(rulebook: Rulebook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.statvfs(tmp_path)
    full = os.statvfs_result((*real[:4], 10, *real[5:]))
    monkeypatch.setattr("proxx.machinehealth.os.statvfs", lambda path: full)
    (_, room) = machinehealth.look_at_folder(rulebook, str(tmp_path), "named")
    assert room.state == "wrong"


def test_a_home_that_cannot_be_written_to_costs_time_only(
    asked: Asked, fake: Fake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", os.devnull)
    code, document = asked("--profile", "proxy_dnxhr_lb_mov")
    assert (code, states(document)["cache"], states(document)["proxy_dnxhr_lb_mov"]) == (0, "wrong", "ok")


@pytest.mark.parametrize("width", [40, 80, 120])
def test_the_text_has_one_line_a_check_and_keeps_to_the_width(rulebook: Rulebook, width: int) -> None:
    found = [
        Condition(check, state, f"what was found of it, in some words, {number}", "it", "more")
        for number, check in enumerate(check for checks in GROUPS.values() for check in checks if check != "profile")
        for state in ("ok", "wrong", "missing", "unknown")
    ]
    text = doctor_text(judge(rulebook, found), 1, width)
    assert max(map(len, text.splitlines())) <= width
    lines = [line for line in text.splitlines() if line.startswith(("  ok ", "  wrong ", "  missing ", "  unknown "))]
    assert len([line for line in lines if "reproducible" not in line]) >= len(found) - 4
    if width >= 80:
        assert len({line.index("what") for line in lines if "what" in line}) == 1


def test_every_check_of_the_doctor_is_one_that_the_tables_know(rulebook: Rulebook) -> None:
    checks = {check for checks in GROUPS.values() for check in checks}
    assert checks == set(rulebook.facts["doctor.check"].domain.values)
