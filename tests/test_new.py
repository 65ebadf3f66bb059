"""`proxx new`: specs, profiles and rulebooks that are right when they are written, and written over nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from proxx.cli import main
from proxx.errors import ProxxError
from proxx.newspec import default_resolution
from proxx.shape import SCHEMA_LINE
from proxx.tomledit import rewritten
from proxx.writing import write_files, write_folder

ROOT = Path(__file__).parents[1]
HEAD = '#:schema schema/rulebook.schema.json\nname = "house"\nversion = "1"\nformat = 1\nextends = "proxx"\n'
PRORES = ("--profile", "proxy_prores_lt")
RAW = ("--profile", "proxy_prores_hq_resolve")
Captured = pytest.CaptureFixture[bytes]


def said(captured: Captured, *words: object) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of `proxx new …`."""
    code = main(["new", *map(str, words)])
    out, err = captured.readouterr()
    return code, out.decode(), err.decode()


@pytest.fixture
def card(tmp_path: Path, clips: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A card card_a with two clips, what else lies on cards, and a RAW clip beside it; it is the working folder."""
    (tmp_path / "card_a").mkdir()
    for name in ("clip_002.mov", "clip_001.mov"):
        (tmp_path / "card_a" / name).symlink_to(clips / name)
    (tmp_path / "card_a" / "._clip_001.mov").write_bytes(b"Mac")
    (tmp_path / "card_a" / "card.xml").write_text("<card/>")
    (tmp_path / "R001").mkdir()
    (tmp_path / "R001" / "clip_001.r3d").write_bytes(b"\0\0\1\0RED2" + bytes(500))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def spec(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return document


def test_a_spec_from_a_folder_holds_its_clips_in_order_and_passes_check(card: Path, capsysbinary: Captured) -> None:
    code, out, err = said(capsysbinary, "spec", *PRORES, "--out", "proxies", "card_a")
    assert (code, out) == (0, "card_a.proxy_prores_lt.json: ok, engine ffmpeg\n")
    assert err == "proxx: left out, because no moving picture is in it: card.xml\n"
    made = spec(card / "card_a.proxy_prores_lt.json")
    assert made["sources"] == [f"{card}/card_a/clip_001.mov", f"{card}/card_a/clip_002.mov"]
    assert made["output_directory"] == f"{card}/proxies"
    assert (made["codec"], made["container"], made["resolution"]) == ("prores_lt", "mov", "same")
    assert made["job_id"]
    assert made["created_at"]
    assert main(["check", "card_a.proxy_prores_lt.json"]) == 0


def test_a_spec_is_never_written_over_a_file(card: Path, capsysbinary: Captured) -> None:
    (card / "job.json").write_text("mine")
    code, _, err = said(capsysbinary, "spec", *PRORES, "--out", "proxies", "card_a", "-o", "job.json")
    assert code == 2
    assert "job.json is there already" in err
    assert (card / "job.json").read_text() == "mine"


def test_a_spec_that_is_refused_is_not_written(card: Path, capsysbinary: Captured) -> None:
    before = sorted(os.listdir(card))
    words = ("--resolution", "half", "--out", "proxies", "card_a")
    code, out, err = said(capsysbinary, "spec", "--profile", "proxy_dnxhd_36", *words)
    assert code == 1
    assert "error[profile/raster-not-legal]" in out
    assert "nothing is written" in err
    assert sorted(os.listdir(card)) == before


def test_a_spec_goes_to_standard_output_alone_and_takes_a_rate(card: Path, capsysbinary: Captured) -> None:
    words = ("--fps", "23.976", "--out", "proxies", "card_a/clip_001.mov", "-o", "-")
    code, out, err = said(capsysbinary, "spec", "--profile", "proxy_h264_low", *words)
    made = json.loads(out)
    assert (code, err) == (0, "<new spec>: ok, engine ffmpeg\n")
    assert (made["fps_mode"], made["fps_explicit"], made["resolution"]) == ("explicit", 23.976, "half")


def test_clips_of_one_name_get_names_that_tell_them_apart(card: Path, clips: Path, capsysbinary: Captured) -> None:
    (card / "A002").mkdir()
    (card / "A002" / "clip_001.mov").symlink_to(clips / "clip.mp4")
    words = ("spec", *PRORES, "--out", "proxies", "card_a", "A002", "-o", "job.json")
    code, out, _ = said(capsysbinary, *words, "--name", "{source_name}")
    assert code == 1
    assert "error[naming/collision]" in out
    code, _, err = said(capsysbinary, *words)
    assert code == 0
    assert "{source_name}_proxy would name two proxies alike: they are named {source_dir}_{source_name}_proxy" in err
    assert spec(card / "job.json")["naming_template"] == "{source_dir}_{source_name}_proxy"


def test_a_clip_that_is_named_twice_is_taken_once(card: Path, capsysbinary: Captured) -> None:
    code, _, err = said(
        capsysbinary, "spec", *PRORES, "--out", "p", "card_a", "card_a/../card_a/clip_001.mov", "-o", "j.json"
    )
    assert code == 0
    assert "clip_001.mov is named twice, and is taken once" in err
    assert len(spec(card / "j.json")["sources"]) == 2


def test_mixed_sources_become_two_specs_whose_proxies_have_different_names(card: Path, capsysbinary: Captured) -> None:
    code, _, err = said(capsysbinary, "spec", *PRORES, *RAW, "--out", "p", "card_a", "R001", "-o", "job.json")
    assert code == 0
    assert "two specs, because 2 of 3 files to ffmpeg and 1 of 3 files to resolve" in err
    standard, raw = spec(card / "job.ffmpeg.json"), spec(card / "job.resolve.json")
    assert (standard["proxy_profile"], raw["proxy_profile"]) == ("proxy_prores_lt", "proxy_prores_hq_resolve")
    assert raw["sources"] == [f"{card}/R001/clip_001.r3d"]
    assert standard["naming_template"] == raw["naming_template"] == "{source_dir}_{source_name}_proxy"
    assert standard["job_id"] != raw["job_id"]
    assert main(["check", "job.ffmpeg.json", "job.resolve.json"]) == 0


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        ([*PRORES, "card_a", "R001"], 2, "1 of 3 files route to resolve, and no profile of that engine is named"),
        ([*PRORES, *RAW, "card_a", "R001", "-o", "-"], 2, "standard output takes one"),
        ([*PRORES, *RAW, "card_a"], 0, "no file routes to resolve: profile proxy_prores_hq_resolve is not needed"),
        ([*RAW, "card_a"], 1, "requires resolve engine, but job routes to ffmpeg"),
        ([*PRORES, "--profile", "proxy_vp9", "card_a"], 2, "both make proxies by ffmpeg"),
        (["--profile", "proxy_prores_l", "card_a"], 2, "did you mean proxy_prores_lt?"),
        ([*PRORES, "nowhere.mov"], 2, "there is no nowhere.mov"),
        ([*PRORES, "card_a/card.xml"], 1, "error[source/"),
        ([*PRORES, "."], 2, "there is no media directly in"),
        ([*PRORES, "card_a", "--fps", "nan"], 2, "--fps 'nan' is no frame rate"),
        ([*PRORES, "card_a", "-o", "no/folder/job.json"], 2, "cannot write no/folder/job.json"),
    ],
)
def test_what_is_wrong_with_the_words_is_said(
    card: Path, capsysbinary: Captured, words: list[str], code: int, told: str
) -> None:
    got, out, err = said(capsysbinary, "spec", "--out", "proxies", *words)
    assert (got, told in out + err) == (code, True), out + err


def test_a_profile_of_sizes_alone_wants_one() -> None:
    assert default_resolution({"name": "p", "resolutions": ["explicit"], "rasters": ["960x540"]}) == "960x540"
    with pytest.raises(ProxxError, match="takes any size"):
        default_resolution({"name": "p", "resolutions": ["explicit"]})


@pytest.fixture
def house(tmp_path: Path) -> Path:
    (tmp_path / "house").mkdir()
    (tmp_path / "house" / "rulebook.toml").write_text(HEAD, "utf-8")
    return tmp_path / "house"


def test_a_copied_profile_differs_in_name_title_and_schema_only(house: Path, capsysbinary: Captured) -> None:
    code, out, _ = said(capsysbinary, "profile", "house_vp9", "--from", "proxy_vp9", "--in", house)
    path = house / "profiles/ffmpeg/house_vp9.toml"
    assert (code, out) == (0, f"{path}: made from proxy_vp9\n")
    old = (ROOT / "profiles/ffmpeg/proxy_vp9.toml").read_text("utf-8").splitlines()
    new = path.read_text("utf-8").splitlines()
    changed = [line for before, line in zip(old, new, strict=True) if before != line]
    schema, *rest = changed
    assert Path(schema.removeprefix(SCHEMA_LINE)) == ROOT / "schema/profile.schema.json"
    assert rest == ['name = "house_vp9"', 'title = "VP9 WebM (house_vp9)"']
    assert main(["rulebook", "check", str(house)]) == 0
    assert said(capsysbinary, "profile", "house_vp9", "--from", "proxy_vp9", "--in", house)[0] == 2
    assert path.read_text("utf-8").splitlines() == new


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["Loud", "--from", "proxy_vp9"], "'Loud' cannot name a profile"),
        (["proxy_vp9", "--from", "proxy_av1"], "there is a profile proxy_vp9 already"),
        (["mine", "--from", "proxy_vp8"], "did you mean proxy_vp9?"),
        (["mine", "--from-file", "nowhere.mov"], "cannot draft from nowhere.mov: missing"),
        (["mine", "--from", "proxy_vp9", "--in", "/"], "/ is no rulebook"),
    ],
)
def test_a_profile_that_cannot_be_written_says_why(
    house: Path, capsysbinary: Captured, words: list[str], told: str
) -> None:
    code, _, err = said(capsysbinary, "profile", *(words if "--in" in words else [*words, "--in", str(house)]))
    assert code == 2
    assert told in err
    assert not (house / "profiles").exists()


def test_values_of_a_toml_text_change_and_its_comments_stay() -> None:
    text = "# why\na = 1 # one\nb = [\n  1, # x\n  2,\n]\n\n[t]\nc = 'x' # see\n\n[t.gone]\nd = 1\n"
    wanted = {"a": 2, "b": [3], "new": "y", "t": {"c": "z", "e": True}, "u": {"24/1": "1M"}}
    made = rewritten(text, wanted)
    assert made == ('# why\na = 2 # one\nb = [3]\nnew = "y"\n\n[t]\nc = "z" # see\ne = true\n\n[u]\n"24/1" = "1M"\n')
    assert tomllib.loads(made) == wanted


@pytest.mark.parametrize("name", ["studio", "2.show-x_y"])
def test_a_new_rulebook_passes_check_and_test_at_once(tmp_path: Path, capsysbinary: Captured, name: str) -> None:
    folder = tmp_path / "deep" / "book"
    code, out, _ = said(capsysbinary, "rulebook", folder, "--name", name)
    assert code == 0
    assert f"a rulebook called {name}" in out
    assert main(["rulebook", "check", str(folder)]) == 0
    assert f"{folder}/rulebook.toml: ok\n" in capsysbinary.readouterr().out.decode()
    assert main(["rulebook", "test", str(folder), "--coverage", "--format", "json"]) == 0
    tested = json.loads(capsysbinary.readouterr().out)
    assert len([case for case in tested["cases"] if case["path"].startswith(str(folder))]) == 6
    own = name.replace(".", "-").replace("_", "-")
    assert not [one for one in tested["coverage"]["unreached"] if own in one["row"] or own in one["table"]]
    assert said(capsysbinary, "rulebook", folder, "--name", name)[0] == 2


def test_every_file_of_a_new_rulebook_names_a_schema_that_is_there_and_its_question(
    tmp_path: Path, capsysbinary: Captured
) -> None:
    assert said(capsysbinary, "rulebook", tmp_path / "book", "--name", "studio")[0] == 0
    files = sorted((tmp_path / "book").rglob("*.toml"))
    assert len(files) == 8
    for path in files:
        first, second, *_ = path.read_text("utf-8").splitlines()
        assert (path.parent / first.removeprefix(SCHEMA_LINE)).is_file(), path
        assert second.startswith("# "), path
        assert second.rstrip(".").partition("?")[1] == "?", path
        assert "@" not in path.read_text("utf-8").replace('"@prores"', ""), path
    command = [str(Path(sys.executable).with_name("taplo")), "lint", *map(str, files)]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=60, cwd=tmp_path)
    assert done.returncode == 0, done.stderr


def test_the_profile_of_a_new_rulebook_makes_the_codec_that_it_adds(
    tmp_path: Path, clips: Path, capsysbinary: Captured
) -> None:
    book = tmp_path / "book"
    assert said(capsysbinary, "rulebook", book, "--name", "studio")[0] == 0
    words = ("--profile", "studio_prores_xq", "--out", tmp_path / "out", "-o", tmp_path / "j.json", "--rulebook", book)
    assert said(capsysbinary, "spec", *words, clips / "clip.mp4", "--name", "{show}_{source_name}")[0] == 0
    assert main(["run", str(tmp_path / "j.json"), "--rulebook", str(book), "--quiet"]) == 0
    assert (tmp_path / "out" / "STUDIO_clip.mov").stat().st_size > 1000


@pytest.mark.parametrize("name", ["proxx", "My Studio", "", "ÅÄÖ"])
def test_a_rulebook_needs_a_name_of_its_own(tmp_path: Path, capsysbinary: Captured, name: str) -> None:
    code, _, err = said(capsysbinary, "rulebook", tmp_path / "book", "--name", name)
    assert code == 2
    assert "cannot name a studio's rulebook" in err
    assert not (tmp_path / "book").exists()


def test_of_several_files_all_are_written_or_none(tmp_path: Path) -> None:
    with pytest.raises(ProxxError, match="cannot write"):
        write_files({str(tmp_path / "a"): "1", str(tmp_path / "no" / "b"): "2"})
    (tmp_path / "c").write_text("mine")
    with pytest.raises(ProxxError, match="is there already"):
        write_files({str(tmp_path / "a"): "1", str(tmp_path / "c"): "2"})
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("c", "mine")]


def test_a_folder_that_cannot_be_written_whole_is_not_there(tmp_path: Path) -> None:
    broken = {"rulebook.toml": "", "a": "1", "a/b": "2"}
    (tmp_path / "empty").mkdir()
    for place in ("new", "empty"):
        with pytest.raises(ProxxError, match="cannot write"):
            write_folder(str(tmp_path / place), broken)
    assert [path.name for path in tmp_path.rglob("*")] == ["empty"]
    write_folder(str(tmp_path / "empty"), {"rulebook.toml": "", "a/b": "2"})
    assert sorted(path.name for path in (tmp_path / "empty").rglob("*")) == ["a", "b", "rulebook.toml"]
