"""`proxx check --fix` changes what is proved and nothing else; `--diff` shows the same and changes nothing."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from proxx.checking import check
from proxx.cli import main
from proxx.machine import Machine
from proxx.mend import mend
from proxx.nearest import unmistakable
from proxx.rulebook import Rulebook

ROOT = Path(__file__).parents[1]
SCHEMA = json.loads((ROOT / "schema/check.schema.json").read_text("utf-8"))
Write = Callable[..., Path]
Captured = pytest.CaptureFixture[bytes]


def mended(rulebook: Rulebook, text: str) -> tuple[str, list[str]]:
    """The text after all changes, and the findings that they mended."""
    machine = Machine(rulebook, no_media=True, now="2026-01-01T00:00:00Z")
    checked, changes = mend(rulebook, check(rulebook, text.encode(), machine), machine)
    return checked.text, [change.finding.id for change in changes]


def renamed(path: Path, old: str, new: str) -> str:
    text = path.read_text("utf-8").replace(f'"{old}"', f'"{new}"')
    path.write_text(text, "utf-8")
    return text


@pytest.mark.parametrize(
    ("changes", "field", "value", "finding"),
    [
        ({"codec": "h.264"}, "codec", "h264", "spec/not-allowed"),
        ({"container": "MP4"}, "container", "mp4", "spec/not-allowed"),
        ({"container": " mp4"}, "container", "mp4", "spec/padded"),
        ({"container": "webm"}, "container", "mp4", "pairing/codec-in-container"),
        ({"proxy_profile": "proxy_h264_lo"}, "proxy_profile", "proxy_h264_low", "profile/unknown"),
        (
            {"naming_template": "{source_nam}_{indx}"},
            "naming_template",
            "{source_name}_{index}",
            "naming/unknown-token",
        ),
    ],
)
def test_a_value_that_can_only_mean_one_thing_is_mended(
    changes: dict[str, Any], field: str, value: str, finding: str, spec_file: Write, rulebook: Rulebook
) -> None:
    before = json.loads(spec_file(**changes).read_text("utf-8"))
    text, ids = mended(rulebook, json.dumps(before))
    assert ids == [finding]
    assert json.loads(text) == {**before, field: value}


def test_a_remark_that_the_fault_had_kept_back_does_not_keep_the_fault(
    spec_file: Write, tmp_path: Path, capsysbinary: Captured
) -> None:
    clip = {"codec": "h264", "pix_fmt": "yuv420p", "width": 1920, "height": 1080, "rate": "25", "field_order": "tt"}
    facts = {"container": "mp4", "codec": "h264", "cadence": "constant", "video": clip, "audio": []}
    probes = tmp_path / "card.probes.json"
    probes.write_text(json.dumps({"/footage/A001_C001.mp4": facts}), "utf-8")
    path = spec_file(resolution="Half")
    assert main(["check", str(path), "--probes", str(probes), "--fix"]) == 0
    assert b"limit/deinterlaced" in capsysbinary.readouterr().out
    assert json.loads(path.read_text("utf-8"))["resolution"] == "half"


def test_a_misspelt_field_gets_its_name_and_keeps_its_place(spec_file: Write, rulebook: Rulebook) -> None:
    before = renamed(spec_file(), "proxy_profile", "proxy_profil")
    text, ids = mended(rulebook, before)
    assert ids == ["spec/unknown-field"]
    assert text == before.replace("proxy_profil", "proxy_profile")


@pytest.mark.parametrize(
    "changes",
    [
        {"codec": "h26"},  # h264 or h265
        {"codec": "h246"},
        {"container": "mov"},  # or another profile, which makes mov
        {"proxy_profile": "proxy_dnxhr_x"},
        {"jobspec_version": 2.1},
        {"jobspec_version": "2.0"},
        {"sources": ["clip.mov"]},
        {"output_directory": " /footage/proxies"},
        {"naming_template": "{source_nam}_{nonsense}"},
        {"fps_mode": "explicit"},
        {"resolution": "haf", "unknown": "x"},
        {"Codec": "h265"},  # the field is there already
        {"fps": 25},  # under its right name it would be refused
        {"size": "half"},
    ],
    ids=str,
)
def test_what_is_in_doubt_or_is_for_people_to_say_is_left(
    changes: dict[str, Any], spec_file: Write, rulebook: Rulebook
) -> None:
    text = spec_file(**changes).read_text("utf-8")
    assert mended(rulebook, text)[0].replace('"half"', '"haf"' if "haf" in text else '"half"') == text


def test_the_file_keeps_its_form_its_line_ends_its_mode_and_its_link(
    spec_file: Write, tmp_path: Path, capsysbinary: Captured
) -> None:
    path = spec_file("real.json", container="MP4", naming_template="{source_nam}_ü")
    before = path.read_text("utf-8").replace(": ", " :\t").replace("ü", "\\u00fc").replace("\n", "\r\n").encode()[:-2]
    path.write_bytes(before)
    path.chmod(0o640)
    link = tmp_path / "link.json"
    link.symlink_to(path)
    assert main(["check", "--no-media", "--fix", str(link)]) == 0
    assert path.read_bytes() == before.replace(b"MP4", b"mp4").replace(b"source_nam}", b"source_name}")
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert link.is_symlink()
    out = capsysbinary.readouterr().out.decode()
    assert out.count("fixed: ") == 2
    assert out.split("\n")[-3] == f"{link}: ok (2 fixed)"
    assert sorted(os.listdir(tmp_path)) == ["link.json", "real.json"]


def test_marks_of_a_careless_editor_are_taken_out(spec_file: Write, rulebook: Rulebook) -> None:
    right = spec_file().read_text("utf-8")
    text, ids = mended(rulebook, "\ufeff" + right.replace('"\n}', '",\n}').replace('mp4"\n  ],', 'mp4",\n  ],'))
    assert sorted(ids) == ["document/bom", "document/trailing-comma", "document/trailing-comma"]
    assert text == right


def test_mending_twice_changes_nothing_more(spec_file: Write, rulebook: Rulebook) -> None:
    text, ids = mended(rulebook, spec_file(codec="H264", container="MP4", extra=1).read_text("utf-8"))
    assert len(ids) == 2
    assert mended(rulebook, text) == (text, [])


def test_json_lists_what_was_fixed_and_what_remains(spec_file: Write, capsysbinary: Captured) -> None:
    path = spec_file(container="MP4", extra=1)
    assert main(["check", "--no-media", "--fix", "--format", "json", str(path)]) == 1
    document = json.loads(capsysbinary.readouterr().out)
    jsonschema.Draft202012Validator(SCHEMA).validate(document)
    (file,) = document["files"]
    assert [one["id"] for one in file["findings"]] == ["spec/unknown-field"]
    assert [(one["pointer"], one["old"], one["new"]) for one in file["fixed"]] == [("/container", '"MP4"', '"mp4"')]


def test_a_folder_is_mended_file_by_file(spec_file: Write, tmp_path: Path, capsysbinary: Captured) -> None:
    (tmp_path / "d").mkdir()
    good, bad = spec_file("d/good.json"), spec_file("d/bad.json", codec="H264")
    before = good.stat().st_mtime_ns
    assert main(["check", "--no-media", "--fix", str(tmp_path / "d")]) == 0
    assert json.loads(bad.read_text("utf-8"))["codec"] == "h264"
    assert good.stat().st_mtime_ns == before
    capsysbinary.readouterr()


@pytest.mark.parametrize("words", [["--diff"], ["--fix", "--diff"]])
def test_diff_is_a_patch_that_does_what_fix_does(
    words: list[str], spec_file: Write, tmp_path: Path, capsysbinary: Captured
) -> None:
    path = spec_file(container="MP4")
    before = path.read_text("utf-8")
    assert main(["check", "--no-media", *words, str(path)]) == 1
    said = capsysbinary.readouterr()
    assert path.read_text("utf-8") == before
    assert b"would fix: " in said.err
    subprocess.run(["patch", "-s", str(path)], input=said.out, check=True, cwd=tmp_path)
    assert path.read_text("utf-8") == before.replace("MP4", "mp4")
    assert main(["check", "--no-media", *words, str(path)]) == 0
    assert capsysbinary.readouterr().out == b""


def test_standard_input_is_mended_to_standard_output(spec_file: Write) -> None:
    data = spec_file(container="MP4").read_bytes()
    command = [sys.executable, "-m", "proxx", "check", "--no-media", "--fix", "-"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "engine")}
    done = subprocess.run(command, input=data, capture_output=True, env=environment, check=True)
    assert done.stdout == data.replace(b"MP4", b"mp4")
    assert b"<stdin>: ok (1 fixed)" in done.stderr


def test_a_report_and_a_difference_cannot_share_standard_output(spec_file: Write, capsysbinary: Captured) -> None:
    assert main(["check", "--no-media", "--diff", "--format", "json", str(spec_file())]) == 2
    assert b"standard output takes what --diff shows" in capsysbinary.readouterr().err


def test_a_word_stands_for_another_only_where_no_third_is_as_near() -> None:
    assert unmistakable("prores_h", ["prores_hq", "prores_lt"]) == "prores_hq"
    assert unmistakable("h26", ["h264", "h265"]) == ""
    assert unmistakable("Prores HQ", ["prores_hq", "prores_lt"]) == "prores_hq"
    assert unmistakable("avc", ["h264", "h265"], {"avc": "h264"}) == "h264"
    assert unmistakable("nothing", ["h264"]) == ""
