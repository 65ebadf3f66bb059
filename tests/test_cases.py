"""Every case of tests/cases/*.toml is one test: a document or an input, and what the rules must say of it."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from proxx import FpsMode, JobSpec, prove
from proxx.answers import decide
from proxx.cards import profile_card
from proxx.checking import Checked, check
from proxx.identify import identify
from proxx.job import plan
from proxx.machine import Machine
from proxx.model import Media
from proxx.probefile import read_probes
from proxx.record import json_text, plan_document
from proxx.route import route_source
from proxx.rulebook import Rulebook, default_cache, load

HERE = Path(__file__).parent
FILES = sorted((HERE / "cases").glob("*.toml"))
SCHEMA = json.loads((HERE.parent / "schema/cases.schema.json").read_text("utf-8"))
DOCUMENTS: dict[Path, dict[str, Any]] = {path: tomllib.loads(path.read_text("utf-8")) for path in FILES}
CASES = [
    pytest.param({**document["base"], **case}, document["base"], id=case["id"])
    for document in DOCUMENTS.values()
    for case in document["case"]
]
Case = Mapping[str, Any]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_file_of_cases_has_the_published_shape(path: Path) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.Draft202012Validator(SCHEMA).validate(DOCUMENTS[path])
    assert path.read_text("utf-8").startswith("#:schema ../../schema/cases.schema.json\n# ")


def test_no_two_cases_share_an_id_and_none_is_lost() -> None:
    ids = [case["id"] for document in DOCUMENTS.values() for case in document["case"]]
    assert len(ids) == len(set(ids)) >= 188


@pytest.mark.parametrize(("case", "base"), CASES)
def test_the_rules_say_what_the_case_expects(case: Case, base: Case, rulebook: Rulebook, tmp_path: Path) -> None:
    book = _with_profile(case["add_profile"], tmp_path) if "add_profile" in case else rulebook
    if "decide" in case:
        _compare_answer(decide(book, case["decide"], [f"{k}={v}" for k, v in case["given"].items()]), case["expect"])
    elif "identify" in case:
        _compare_identity(book, case["identify"], case["expect"])
    elif "profile" in case:
        _compare_profile(profile_card(book, case["profile"]), case["expect"])
    else:
        _compare_spec(book, case, base)


def _with_profile(changes: Mapping[str, Any], folder: Path) -> Rulebook:
    """The shipped rulebook with a layer on it that adds one profile: a shipped one (`like`) with other values."""
    like = HERE.parent / "profiles/ffmpeg" / f"{changes['like']}.toml"
    lines = like.read_text("utf-8").splitlines()
    for key, value in changes.items():
        lines = [f"{key} = {json.dumps(value)}" if line.startswith(f"{key} = ") else line for line in lines]
    text = "\n".join(lines) + "\n"
    layer = folder / "layer"
    (layer / "profiles/ffmpeg").mkdir(parents=True)
    (layer / "profiles/ffmpeg" / f"{changes['name']}.toml").write_text(text, "utf-8")
    head = '#:schema schema/rulebook.schema.json\nname = "layer"\nversion = "1"\nformat = 1\nextends = "proxx"\n'
    (layer / "rulebook.toml").write_text(head, "utf-8")
    return load([str(layer)], lint=prove.lint, cache=default_cache())


def _compare_answer(answer: Mapping[str, Any], expect: Case) -> None:
    finding = answer["finding"] or {}
    assert ([finding["id"]] if finding else []) == list(expect.get("findings", [])), answer
    assert (finding == {}) == expect["ok"], answer
    assert answer["row"] == expect.get("row", answer["row"])
    assert answer["outcome"].get("engine") == expect.get("engine"), answer
    _says(" ".join([finding.get("message", ""), *finding.get("why", []), *finding.get("fix", [])]), expect)


def _compare_identity(book: Rulebook, file: Case, expect: Case) -> None:
    """What a file is that bears these marks, and where it goes."""
    stream = {"index": 0, "codec_type": "video", "codec_tag_string": file.get("tag", "[0][0][0][0]")}
    stream |= {key: file[key] for key in ("codec_name", "profile") if key in file}
    form = {"format_name": file["format_name"], "tags": {"major_brand": file["brand"]} if "brand" in file else {}}
    doctype = file.get("doctype", "").encode()
    head = bytes.fromhex("1a45dfa3 9f 4282") + bytes([0x80 | len(doctype)]) + doctype if doctype else b""
    found = identify(f"/footage/{file['name']}", head, {"format": form, "streams": [stream]}, book.vocabulary)
    media = Media(path=file["name"], container=found.container, codec=found.codec, confidence=found.confidence)
    assert (found.container, found.codec) == (expect["container"], expect["codec"])
    assert route_source(book, media).engine == expect["engine"]


def _compare_profile(card: Mapping[str, Any], expect: Case) -> None:
    wanted = {key: value for key, value in expect.items() if key != "ok"}
    assert {key: card[key] for key in wanted} == wanted


def _compare_spec(book: Rulebook, case: Case, base: Case) -> None:
    text, expect = _text(case, base), case["expect"]
    probes = read_probes(json.dumps(case["probes"]), "probes", book.vocabulary)
    checked = check(book, text.encode(), Machine(book, probes=probes))
    words = " ".join(
        line for finding in checked.findings for line in (finding.message, *finding.why, *finding.fix, finding.at)
    )
    assert sorted(finding.id for finding in checked.findings) == sorted(expect.get("findings", [])), words
    assert checked.verdict.ok == expect["ok"]
    assert checked.verdict.engine == expect.get("engine", checked.verdict.engine)
    _says(words, expect)
    _compare_clips(checked, expect)
    if expect["ok"] and "add_profile" not in case:
        _compare_document(JobSpec.from_json(text), expect)
    if expect.get("same_plan_twice"):
        first, second = (json_text(plan_document(plan(book, checked, "5.1"))) for _ in range(2))
        assert first == second


def _compare_clips(checked: Checked, expect: Case) -> None:
    clips = checked.verdict.clips
    if "outputs" in expect:
        assert [clip.named.name for clip in clips if clip.named] == expect["outputs"]
    if "raster" in expect:
        assert [f"{clip.clip.width}x{clip.clip.height}" for clip in clips] == [expect["raster"]]


def _compare_document(spec: JobSpec, expect: Case) -> None:
    document = spec.to_dict()
    assert {key: document[key] for key in expect.get("fields", {})} == expect.get("fields", {})
    assert all(document[key] for key in expect.get("filled_in", []))
    assert JobSpec.from_json(spec.to_json()) == spec
    assert JobSpec.from_json(spec.to_json()).to_json() == spec.to_json()
    assert spec.fps_mode in FpsMode


def _text(case: Case, base: Case) -> str:
    """The spec's text: as it stands, or the base with the case's changes."""
    if "text" in case:
        return str(case["text"])
    document = {**base["spec"], **(case["spec"] if case["spec"] is not base["spec"] else {})}
    document |= dict.fromkeys(case.get("null", []))
    return json.dumps({key: value for key, value in document.items() if key not in case.get("without", [])})


def _says(words: str, expect: Case) -> None:
    missing = [text for text in expect.get("says", []) if text.lower() not in words.lower()]
    assert missing == [], words


def test_every_kind_of_expectation_can_fail(rulebook: Rulebook) -> None:
    wrong: Sequence[tuple[str, Any]] = [
        ("ok", False), ("findings", ["spec/empty"]), ("engine", "resolve"), ("says", ["no such words"]),
        ("outputs", ["other.mp4"]), ("raster", "2x2"), ("fields", {"codec": "av1"}),
    ]  # fmt: skip
    document = DOCUMENTS[HERE / "cases/specs.toml"]
    right = {"ok": True, "engine": "ffmpeg"}
    _compare_spec(rulebook, {**document["base"], "expect": right}, document["base"])
    for key, value in wrong:
        with pytest.raises(AssertionError):
            _compare_spec(rulebook, {**document["base"], "expect": {**right, key: value}}, document["base"])
