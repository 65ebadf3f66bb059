"""Which rulebooks count: PROXX_RULEBOOK, the nearest proxx.toml, --rulebook; each folder once, each spec by its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from proxx import JobSpec, JobSpecValidationError
from proxx.cli import main
from proxx.errors import ProxxError, RulebookError
from proxx.options import parser
from proxx.project import project_of, rulebooks_of
from proxx.shelf import folders_of

TABLES = "#:schema ../schema/tables.schema.json\n"
NO_H264 = (
    TABLES
    + '[table.codec-container]\nrows = [{ id = "h264", codec = "h264", container = ["mov", "mkv"], replaces = true }]\n'
)
HEAD = '#:schema schema/rulebook.schema.json\nname = "studio"\nversion = "3"\nformat = 1\nextends = "proxx"\n'
Spec = Callable[..., Path]


def named(folder: Path, *names: str) -> Path:
    """Writes a proxx.toml that names these rulebooks, and rulebook folders without rules for them beside it."""
    folder.mkdir(exist_ok=True)
    for name in names:
        (folder / name).mkdir(parents=True, exist_ok=True)
        (folder / name / "rulebook.toml").write_text(HEAD, "utf-8")
    path = folder / "proxx.toml"
    path.write_text(f"format = 1\nrulebooks = {json.dumps(list(names))}\n", "utf-8")
    return path


def strict(folder: Path) -> Path:
    """A project whose studio does not wrap H.264 in MP4."""
    named(folder, "studio")
    (folder / "studio/matrices").mkdir()
    (folder / "studio/matrices/house.toml").write_text(NO_H264, "utf-8")
    return folder


def counted(*words: str, spec: str = "") -> list[str]:
    """The names of the folders that count."""
    return [Path(folder).resolve().name for folder in folders_of(parser().parse_args(words), spec)]


# ---- what counts, and in which order -------------------------------------------------------------------------------


def test_environment_then_project_then_arguments_and_each_folder_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    named(tmp_path, "house", "studio", "show", "extra")
    named(tmp_path, "studio", "show")
    (tmp_path / "link").symlink_to(tmp_path / "studio")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PROXX_RULEBOOK", os.pathsep.join(["house", "", "link"]))
    assert counted("profiles") == ["house", "studio", "show"]
    assert counted("--rulebook", "show/", "profiles", "--rulebook", "extra") == ["house", "studio", "show", "extra"]
    assert counted("profiles", "--isolated") == []
    assert counted("--isolated", "--rulebook", "show", "profiles", "--rulebook", "extra") == ["show", "extra"]
    bench = ("--rulebook", "extra", "rulebook", "--rulebook", "show", "freeze", "--rulebook", "house", "--isolated")
    assert counted(*bench) == ["extra", "show", "house"]


def test_the_nearest_project_above_the_spec_counts_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    outer = named(tmp_path, "studio")
    inner = named(tmp_path / "show", "rules")
    (tmp_path / "show/day01").mkdir()
    (tmp_path / "show/day01/proxx.toml").mkdir()  # a folder of that name is none
    assert project_of(str(tmp_path / "show/day01")) == str(inner)
    assert project_of(str(tmp_path / "studio")) == str(outer)
    monkeypatch.chdir(tmp_path)
    assert counted("check", "-") == counted("plan", "-", spec="-") == ["studio"]
    assert counted("check", "x", spec="show/day01/job.json") == ["rules"]
    monkeypatch.chdir(tmp_path / "show")
    assert counted("profiles") == ["rules"]


def test_the_search_does_not_enter_a_ceiling(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    named(tmp_path, "studio")
    (tmp_path / "a/b").mkdir(parents=True)
    monkeypatch.setenv("PROXX_CEILING", str(tmp_path / "a"))
    assert project_of(str(tmp_path / "a/b")) == ""
    assert project_of(str(tmp_path / "a")) != ""


def test_each_spec_is_judged_by_the_rulebook_of_its_own_folder(
    tmp_path: Path, spec_file: Spec, capsys: pytest.CaptureFixture[str]
) -> None:
    strict(tmp_path / "strict")
    named(tmp_path / "loose")
    for name in ("strict/a.json", "loose/b.json", "c.json"):
        spec_file(name)
    words = [str(tmp_path / name) for name in ("strict", "loose/b.json", "c.json")]
    assert main(["check", "--no-media", "--format", "json", *words]) == 1
    files = json.loads(capsys.readouterr().out)["files"]
    told = {Path(one["path"]).name: [finding["id"] for finding in one["findings"]] for one in files}
    assert told == {"a.json": ["pairing/codec-in-container"], "b.json": [], "c.json": []}
    assert main(["check", "--no-media", "--isolated", *words]) == 0


def test_plan_and_run_follow_the_project_of_the_spec(
    tmp_path: Path, spec_file: Spec, capsys: pytest.CaptureFixture[str]
) -> None:
    strict(tmp_path / "strict")
    path = str(spec_file("strict/a.json", sources=["/nowhere/a.mp4"]))
    for command in ("plan", "run"):
        assert main([command, path]) == 1
        assert "pairing/codec-in-container" in capsys.readouterr().out


def test_one_folder_of_a_project_is_compared_with_what_is_below_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(strict(tmp_path))
    assert main(["rulebook", "diff", "studio"]) == 1
    assert "codec-container: codec=h264" in capsys.readouterr().out
    assert main(["rulebook", "freeze", "studio"]) == 0
    assert json.loads(capsys.readouterr().out)["version"].count("+") == 1


# ---- what is wrong with a project ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "kind", "place", "says"),
    [
        ('format = 1\nrulebooks = [\n  "gone",\n]\n', "rulebook/no-folder", "3:3", "there is no such folder"),
        ('format = 1\nrulebooks = ["."]\n', "rulebook/no-folder", "2:14", "there is no rulebook.toml in it"),
        ('format = 1\nrulebook = ["a"]\n', "rulebook/unknown-key", "2:1", "did you mean rulebooks?"),
        ("format = 1\n", "rulebook/shape", "1:1", "the key rulebooks is missing"),
        ("format = 1\nrulebooks = 'a'\n", "rulebook/shape", "2:13", "it must be a list ([ … ])"),
        ("format = 1\nrulebooks = ['', 3]\n", "rulebook/shape", "2:14", "non-empty"),
        ("format = 2\nrulebooks = []\n", "rulebook/newer-format", "1:10", "a newer proxx is needed"),
        ("format = 1\nrulebooks = [\n", "rulebook/not-toml", "2:13", "[ is never closed"),
        ("format = 1\nrulebooks = ['\\0']\nx = {a = 1,}\n", "rulebook/not-toml", "3:11", "TOML 1.1"),
    ],
)
def test_a_wrong_project_is_told_with_its_place(
    text: str, kind: str, place: str, says: str, tmp_path: Path, spec_file: Spec, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "proxx.toml"
    path.write_text(text, "utf-8")
    assert main(["check", "--no-media", str(spec_file())]) == 1
    out = capsys.readouterr().out
    assert f"error[{kind}]" in out
    assert f"--> {path}:{place}\n" in out
    assert says in out


def test_a_project_may_name_its_schema(tmp_path: Path) -> None:
    path = named(tmp_path, "studio")
    path.write_text("#:schema https://proxx.example/schema/project.schema.json\n" + path.read_text("utf-8"), "utf-8")
    assert rulebooks_of(str(path)) == [str(tmp_path / "studio")]
    path.write_text("#:schema schema/tables.schema.json\nformat = 1.0\n", "utf-8")
    with pytest.raises(RulebookError) as caught:
        rulebooks_of(str(path))
    assert caught.value.faults[0].id == "rulebook/no-schema"


def test_a_project_that_cannot_be_read_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "proxx.toml").symlink_to(tmp_path / "gone")
    with pytest.raises(ProxxError, match=r"cannot read .*proxx\.toml: No such file") as caught:
        rulebooks_of(project_of(str(tmp_path)))
    assert caught.value.exit_code == 2


def test_a_wrong_variable_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("PROXX_RULEBOOK", "/nowhere/studio")
    assert main(["profiles"]) == 2
    assert "PROXX_RULEBOOK names /nowhere/studio, which is no rulebook" in capsys.readouterr().err


# ---- Python, and what it costs -------------------------------------------------------------------------------------


def test_python_judges_by_the_shipped_rulebook_unless_it_is_given_others(
    tmp_path: Path, spec_file: Spec, monkeypatch: pytest.MonkeyPatch
) -> None:
    strict(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PROXX_RULEBOOK", str(tmp_path / "studio"))
    text = spec_file().read_text("utf-8")
    spec = JobSpec.from_json(text)
    spec.validate(check_paths=False)
    rulebooks = [str(tmp_path / "studio")]
    for judge in (
        lambda: JobSpec.from_json(text, rulebooks=rulebooks),
        lambda: JobSpec.from_dict(json.loads(text), rulebooks=rulebooks),
        lambda: spec.validate(check_paths=False, rulebooks=rulebooks),
    ):
        with pytest.raises(JobSpecValidationError, match="h264 cannot be wrapped in mp4"):
            judge()


def test_toml_is_read_only_where_there_is_a_project(tmp_path: Path, spec_file: Spec) -> None:
    path = str(spec_file())
    code = (
        "import sys\nfrom proxx.cli import main\nmain(['check', '--no-media', sys.argv[1]])\n"
        "print(*sorted({'tomllib', 'jsonschema', 'jinja2', 'rich', 'proxx.shape'} & set(sys.modules)))"
    )

    def loaded() -> str:
        command = [sys.executable, "-c", code, path]
        subprocess.run(command, check=True, capture_output=True)  # the first check freezes the rulebook
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        return done.stdout.splitlines()[-1]

    assert loaded() == ""
    named(tmp_path, "studio")
    assert loaded() == "tomllib"
