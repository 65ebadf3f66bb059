"""Every case of tests/cases/*.toml is one test, run by what `proxx rulebook test` runs; and that runner itself."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from proxx import FpsMode, JobSpec, prove
from proxx.casefiles import as_document, case_files, layers_of, run_file, run_layers
from proxx.cases import Watched, run_case, spec_text
from proxx.rulebook import Rulebook, builtin, default_cache, load

HERE = Path(__file__).parent
FILES = sorted((HERE / "cases").glob("*.toml"))
DOCUMENTS: dict[Path, dict[str, Any]] = {path: tomllib.loads(path.read_text("utf-8")) for path in FILES}
CASES = [
    ({**document["base"], **case}, document["base"]) for document in DOCUMENTS.values() for case in document["case"]
]
NOT_SPECS = frozenset({"decide", "identify", "profile", "add_profile"})
SPECS = [(case, base) for case, base in CASES if NOT_SPECS.isdisjoint(case)]
STUDIO = HERE.parent / "examples/studio"
Case = Mapping[str, Any]


def named(value: Case) -> str:
    """A case's id; what is no case has none."""
    return str(value.get("id", "base"))


@pytest.fixture(scope="module")
def watched(rulebook: Rulebook) -> Watched:
    return Watched(rulebook.frozen)


def proved(folders: Any) -> Rulebook:
    return load(folders, lint=prove.lint, cache=default_cache())


def test_the_runner_finds_the_same_files() -> None:
    assert [Path(path) for path in case_files(builtin())] == FILES
    assert [Path(path).name for path in case_files(str(STUDIO))] == ["studio.toml"]


def test_no_two_cases_share_an_id_and_none_is_lost() -> None:
    ids = [case["id"] for document in DOCUMENTS.values() for case in document["case"]]
    assert len(ids) == len(set(ids)) >= 188


def test_every_row_of_the_shipped_rulebook_is_reached_by_a_case() -> None:
    tested = run_layers([], proved)
    assert tested.ok
    assert tested.unreached == ()


@pytest.mark.parametrize(("case", "base"), CASES, ids=named)
def test_the_rules_say_what_the_case_expects(case: Case, base: Case, watched: Watched) -> None:
    assert run_case(watched, case, base) == []


@pytest.mark.parametrize(("case", "base"), SPECS, ids=named)
def test_a_spec_that_is_right_survives_being_read_and_written(case: Case, base: Case) -> None:
    if case["expect"]["ok"]:
        spec = JobSpec.from_json(spec_text(case, base))
        assert JobSpec.from_json(spec.to_json()) == spec
        assert JobSpec.from_json(spec.to_json()).to_json() == spec.to_json()
        assert spec.fps_mode in FpsMode


WRONG: list[tuple[str, Any]] = [
    ("ok", False), ("findings", ["spec/empty"]), ("engine", "resolve"), ("says", ["no such words"]),
    ("outputs", ["other.mp4"]), ("raster", "2x2"), ("fields", {"codec": "av1"}), ("filled_in", ["nothing"]),
]  # fmt: skip


@pytest.mark.parametrize(("key", "value"), WRONG)
def test_every_kind_of_expectation_about_a_spec_can_fail(key: str, value: Any, watched: Watched) -> None:
    base = DOCUMENTS[HERE / "cases/specs.toml"]["base"]
    assert run_case(watched, {**base, "expect": {"ok": True, "engine": "ffmpeg"}}, base) == []
    (miss,) = run_case(watched, {**base, "expect": {"ok": True, "engine": "ffmpeg", key: value}}, base)
    assert (miss.what, miss.expected) == (key, value)


@pytest.mark.parametrize(
    ("key", "value"),
    [("row", "mov"), ("outcome", {"engine": "resolve"}), ("findings", ["source/unsupported"]), ("engine", "none")],
)
def test_every_kind_of_expectation_about_an_answer_can_fail(key: str, value: Any, watched: Watched) -> None:
    case = {"decide": "source-capability", "given": {"container": "mp4", "codec": "h264"}}
    right = {"ok": True, "row": "mp4", "outcome": {"engine": "ffmpeg"}, "engine": "ffmpeg"}
    assert run_case(watched, {**case, "expect": right}, {}) == []
    assert [miss.what for miss in run_case(watched, {**case, "expect": {**right, key: value}}, {})] == [key]


@pytest.mark.parametrize(
    ("case", "says"),
    [
        ({"decide": "pairng", "given": {}, "expect": {"ok": True}}, "did you mean pairing?"),
        ({"decide": "pairing", "given": {"codec": "h264"}, "expect": {"ok": True}}, "also asks for container"),
        ({"profile": "proxy_nothing", "expect": {"ok": True}}, "there is no profile proxy_nothing"),
        ({"profile": "proxy_av1", "expect": {"ok": True, "raster": "2x2"}}, "this kind of case has no raster"),
        ({"add_profile": {"like": "nothing", "name": "x"}, "expect": {"ok": True}}, "no profile nothing"),
        ({"add_profile": {"like": "proxy_av1", "name": "x", "codec": "av2"}, "expect": {"ok": True}}, "codec av2"),
    ],
)
def test_a_case_that_cannot_be_asked_has_failed_and_says_why(case: Case, says: str, watched: Watched) -> None:
    (miss,) = run_case(watched, case, {})
    assert miss.what == "question"
    assert says in miss.got


def test_arguments_must_stand_together_in_every_clips_list(watched: Watched) -> None:
    base = tomllib.loads((STUDIO / "cases/studio.toml").read_text("utf-8"))["base"]
    case = {**base, "spec": {"proxy_profile": "proxy_h264_mov_half"}}
    assert run_case(watched, {**case, "expect": {"ok": True, "argv": ["-crf:v:0", "23"]}}, base) == []
    (miss,) = run_case(watched, {**case, "expect": {"ok": True, "argv": ["-crf:v:0", "-g:v:0"]}}, base)
    assert miss.got[0] == "ffmpeg"


def test_only_rows_that_decided_count_as_reached_not_those_that_a_proposed_fix_met(rulebook: Rulebook) -> None:
    watched = Watched(rulebook.frozen)
    case = {"decide": "source-capability", "given": {"container": "mp4", "codec": "h264"}, "expect": {"ok": True}}
    run_case(watched, case, {})
    assert watched.reached == {("source-capability", "mp4")}
    base = DOCUMENTS[HERE / "cases/specs.toml"]["base"]
    run_case(watched, {**base, "spec": {"container": "mxf"}, "expect": {"ok": False}}, base)
    assert {row for table, row in watched.reached if table == "codec-container"} == {"otherwise"}


def test_the_studios_cases_run_against_its_own_rulebook_and_the_shipped_ones_against_the_shipped() -> None:
    tested = run_layers([str(STUDIO)], proved)
    document = as_document(tested)
    assert tested.ok
    assert {Path(one["path"]).parent.name for one in document["cases"]} == {"cases"}
    theirs = [one["id"] for one in document["cases"] if Path(one["path"]).name == "studio.toml"]
    assert theirs[:3] == ["studio-cineform", "studio-half", "studio-reel-lost"]
    assert [one["id"] for one in document["cases"]][-len(theirs) :] == theirs
    assert ("source-capability", "studio-cineform") in tested.reached
    assert {"table": "codec-container", "row": "dnxhd"} not in document["coverage"]["unreached"]


def test_a_complete_rulebook_begins_the_stack_anew(book_copy: Any) -> None:
    folder = str(book_copy())
    assert layers_of([str(STUDIO)]) == [builtin(), str(STUDIO)]
    assert layers_of([folder, str(STUDIO)]) == [folder, str(STUDIO)]
    assert case_files(folder) == []


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("[[case]]\nid = 'a'\n", "rulebook/no-schema"),
        ("#:schema cases.schema.json\n[[case]\n", "rulebook/not-toml"),
        ("#:schema cases.schema.json\n[[case]]\nid = 'a'\nexpect = { ok = true }\n", "rulebook/shape"),
        ("#:schema cases.schema.json\n" + "[[case]]\nid = 'a'\nnote = 'x'\nexpect = { ok = false }\n" * 2,
         "rulebook/defined-twice"),
    ],
)  # fmt: skip
def test_a_file_of_cases_that_cannot_be_run_is_told(text: str, kind: str, watched: Watched, tmp_path: Path) -> None:
    path = tmp_path / "wrong.toml"
    path.write_text(text, "utf-8")
    _, faults = run_file(watched, str(path), {})
    assert [fault.id for fault in faults] == [kind]
    assert faults[0].subject == str(path)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_file_of_cases_names_its_schema_and_its_question(path: Path) -> None:
    assert path.read_text("utf-8").startswith("#:schema ../../schema/cases.schema.json\n# ")
