"""A JobSpec is read strictly, judged field by field, and written back byte for byte."""

from __future__ import annotations

import copy
import dataclasses
import json
import pickle
import random
import subprocess
import sys
import time
import tomllib
from decimal import Decimal
from fractions import Fraction
from pathlib import Path, PurePosixPath
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proxx import forms, jobspec, specfields, strictjson
from proxx.jobspec import FieldFacts, FpsMode, Spec, exact_rate, judge, rate_facts, read
from proxx.schemas import jobspec_schema, schema_text

ROOT = Path(__file__).resolve().parents[1]
TABLE = tomllib.loads((ROOT / "matrices/jobspec.toml").read_text(encoding="utf-8"))
VOCABULARY = tomllib.loads((ROOT / "matrices/vocabulary.toml").read_text(encoding="utf-8"))
SETS = {
    "codec": list(VOCABULARY["codec"]),
    "container": [name for name, data in VOCABULARY["container"].items() if data.get("output")],
}
FIELDS = jobspec.fields_from(TABLE["field"], SETS)
RATES = TABLE["rate"]
SCHEMA = jobspec_schema(FIELDS)
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
GOOD: dict[str, Any] = {
    "jobspec_version": "2.1",
    "sources": ["/path/to/source.mp4"],
    "output_directory": "/output",
    "codec": "h264",
    "container": "mp4",
    "resolution": "half",
    "naming_template": "{source_name}_proxy",
    "proxy_profile": "proxy_h264_low",
}


def wrong(document: dict[str, Any]) -> list[FieldFacts]:
    """The facts that something is to be told about."""
    return [fact for fact in judge(document, FIELDS) if not fact.is_right]


def only(document: dict[str, Any]) -> FieldFacts:
    """The one fact that is not right."""
    facts = wrong(document)
    assert len(facts) == 1, facts
    return facts[0]


# ---- reading -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        (b'\xef\xbb\xbf{"a": 1}', ["bom"]),
        (b'{"a": "\xe9"}', ["not-utf8"]),
        (b"", ["empty"]),
        (b" \r\n\t", ["empty"]),
        (b"\xef\xbb\xbf ", ["bom", "empty"]),
        (b'{"a": 1, ', ["not-json"]),
        (b'{"a" 1}', ["not-json"]),
        (b"{'a': 1}", ["not-json"]),
        (b'{"a": 01}', ["not-json"]),
        (b'{"a": +1}', ["not-json"]),
        (b'{"a": .5}', ["not-json"]),
        (b'{"a": True}', ["not-json"]),
        (b'{"a": "\\x"}', ["not-json"]),
        (b'{"a": "one\ntwo"}', ["not-json"]),
        (b'{"a": /* never closed', ["not-json"]),
        (b'{"a": 1} // done', ["comment"]),
        (b'# head\n{"a": /* in */ 1, "b": 2 // out\n}', ["comment", "comment", "comment"]),
        (b'{"a": [1, 2,],}', ["trailing-comma", "trailing-comma"]),
        (b'{"a": 1} {"b": 2}', ["trailing-text"]),
        (b'{"a": 1}}', ["trailing-text"]),
        (b'{"a": 1, "a": 2, "b": {"c": 1, "c": 1}}', ["duplicate-key", "duplicate-key"]),
        (b'{"a": NaN, "b": [Infinity, -Infinity]}', ["not-finite", "not-finite", "not-finite"]),
        (b'{"a": "\\ud800", "b": "\\ud83d\\ude00"}', ["lone-surrogate"]),
        (b"[1, 2]", ["not-an-object"]),
        (b'"text"', ["not-an-object"]),
        (b"null", ["not-an-object"]),
        (b"NaN", ["not-finite", "not-an-object"]),
        (b"{}\x0c", ["trailing-text"]),
        (b'{"a": 1, "a": NaN, } // x', ["duplicate-key", "not-finite", "trailing-comma", "comment"]),
    ],
)
def test_every_fault_of_a_text_is_told_in_one_pass(text: bytes, kinds: list[str]) -> None:
    reading = read(text)
    assert [fault.kind for fault in reading.faults] == kinds
    assert set(kinds) <= set(strictjson.KINDS)


def test_a_fault_says_where_it_stands_and_what_it_found() -> None:
    reading = read('{\n  "a": 1,\n  "sources": ["é", NaN], // sic\n  "a": 2\n}')
    constant, comment, double = reading.faults
    assert (constant.kind, constant.pointer, constant.line, constant.column, constant.length) == (
        "not-finite",
        "/sources/1",
        3,
        20,
        3,
    )
    assert (comment.line, comment.column, comment.texts["found"]) == (3, 26, "// sic")
    assert (double.line, double.column, double.pointer) == (4, 3, "/a")
    assert (double.texts["name"], double.texts["first"]) == ("a", "2")
    assert reading.document is not None
    assert reading.document["a"] == 2
    assert reading.told == {"/sources/1"}


@pytest.mark.parametrize(
    ("text", "expected", "found"),
    [
        ('{"a": 1, ', "a field name in double quotes", "the end of the text"),
        ('{"a" 1}', "a colon", "1"),
        ('{"a": 1 "b": 2}', "a comma or }", '"b"'),
        ("[1 2]", "a comma or ]", "2"),
        ('{"a": "x\n"}', 'a " that ends the text on its line', '"x'),
        ('{"a": "x\\', 'a " that ends the text on its line', '"x\\'),
    ],
)
def test_broken_json_says_what_was_expected(text: str, expected: str, found: str) -> None:
    (fault,) = read(text).faults
    assert (fault.texts["expected"], fault.texts["found"]) == (expected, found)


@pytest.mark.parametrize(
    ("text", "column", "found", "expected"),
    [
        (r'{"a": "C:\media\a.mov"}', 10, r"\m", "two backslashes where one is meant"),
        (r'{"a": "\\nas\u12"}', 13, r"\u", "two backslashes where one is meant"),
        ('{"a": "one\ttwo"}', 11, "\t", r"an escape such as \t"),
        ('{"a": "' + "x\\n" * 1000 + '\0"}', 3008, "\0", r"or \u0000"),
    ],
)
def test_a_text_that_is_no_json_text_is_told_at_the_very_character(
    text: str, column: int, found: str, expected: str
) -> None:
    (fault,) = read(text).faults
    assert (fault.kind, fault.line, fault.column, fault.texts["found"]) == ("not-json", 1, column, found)
    assert expected in fault.texts["expected"]


def test_a_text_with_comments_is_still_judged() -> None:
    reading = read('{\n  "jobspec_version": "2.1", // REQUIRED\n  "sources": [],\n}')
    assert reading.document == {"jobspec_version": "2.1", "sources": []}


@pytest.mark.parametrize(
    "text", [b"[" * 10_000_000, b'{"a":' * 2_000_000, b"[" * 5_000_000 + b"]" * 5_000_000, b"[{}," * 2_000_000 + b"["]
)
def test_ten_megabytes_of_nesting_end_quickly_with_one_fault(text: bytes) -> None:
    began = time.process_time()
    assert [fault.kind for fault in read(text).faults] == ["too-deep"]
    assert time.process_time() - began < 2


def test_nesting_within_the_limit_is_read() -> None:
    reading = read('{"a":' * strictjson.MAX_DEPTH + "1" + "}" * strictjson.MAX_DEPTH)
    assert reading.faults == ()
    many = read(json.dumps({"sources": [f"/a/[{index}]{{}}.mov" for index in range(1000)]}))
    assert many.faults == ()


def test_a_text_that_is_too_large_is_not_looked_at() -> None:
    (fault,) = read(b" " * (strictjson.MAX_SIZE + 1)).faults
    assert fault.kind == "too-large"


def test_a_flood_of_faults_is_cut_short() -> None:
    reading = read("{" + ",".join('"a": 1' for _ in range(1000)) + "}")
    assert len(reading.faults) == strictjson.MAX_FAULTS
    assert reading.document is None


@pytest.mark.parametrize("written", ["25", "25.0", "23.976", "23.9760", "0.10000000000000000555", "1E+2", "1e+22"])
def test_numbers_keep_what_was_written(written: str) -> None:
    document = read(f'{{"fps_explicit": {written}}}').document
    assert document is not None
    assert str(document["fps_explicit"]) == written


@pytest.mark.parametrize("written", ["9" * 5000, "1e999999999", "1e-999999999", "1e9" + "9" * 20, "0." + "3" * 5000])
def test_numbers_of_absurd_length_are_refused_and_harm_nothing(written: str) -> None:
    reading = read(f'{{"fps_explicit": {written}}}')
    assert reading.faults == ()
    assert reading.document is not None
    fact = only({**GOOD, "fps_mode": "explicit", **reading.document})
    assert fact.form in ("out-of-range", "not-positive", "not-finite")
    assert len(fact.texts["value"]) < 100


texts = st.text(alphabet='{}[]",:/\\*# \n\ufeff\ud800é1.eE-+aNtu', max_size=40)


@given(texts)
def test_no_text_makes_the_reader_fail(text: str) -> None:
    reading = read(text)
    assert (reading.document is None) <= bool(reading.faults)


def test_two_thousand_mutilated_specs_are_read_without_an_exception() -> None:
    chance = random.Random(2_1)
    whole = json.dumps({**GOOD, "fps_mode": "explicit", "fps_explicit": 23.9760}, indent=1).encode()
    pieces = [
        b"{",
        b"}",
        b"[",
        b"]",
        b'"',
        b",",
        b":",
        b"\\u",
        b"\xff",
        b"\xef\xbb\xbf",
        b"NaN",
        b"//",
        b"\n",
        b"9" * 50,
        b"/*",
    ]
    for _ in range(2000):
        text = bytearray(whole)
        for _ in range(chance.randint(1, 4)):
            start = chance.randrange(len(text))
            text[start : start + chance.randint(0, 6)] = chance.choice(pieces)
        reading = read(bytes(text))
        assert reading.document is not None or reading.faults
        judge(reading.document or {}, FIELDS, reading.told)


# ---- judging -------------------------------------------------------------------------------------------------------


def test_a_minimal_spec_is_right_in_every_field() -> None:
    facts = judge(GOOD, FIELDS)
    assert [fact.name for fact in facts] == list(TABLE["field"])
    assert wrong(GOOD) == []


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"jobspec_version": 2.1}, "other"),
        ({"jobspec_version": 2}, "other"),
        ({"jobspec_version": ""}, "other"),
        ({"jobspec_version": " 2.1 "}, "other"),
        ({"jobspec_version": "2.2"}, "other"),
        ({"sources": []}, "empty"),
        ({"output_directory": "out"}, "relative"),
        ({"output_directory": ""}, "empty"),
        ({"output_directory": " /out"}, "padded"),
        ({"output_directory": "/out\n"}, "line-break"),
        ({"output_directory": "/o\0ut"}, "control"),
        ({"output_directory": "/o\udcffut"}, "not-unicode"),
        ({"codec": ""}, "empty"),
        ({"codec": "h264\n"}, "line-break"),
        ({"codec": "h264 "}, "padded"),
        ({"resolution": "1921x1080"}, "odd"),
        ({"resolution": "0x0"}, "out-of-range"),
        ({"resolution": "16386x2"}, "out-of-range"),
        ({"resolution": "  "}, "blank"),
        ({"proxy_profile": "   "}, "blank"),
        ({"proxy_profile": ""}, "empty"),
        ({"naming_template": "{source_name}\n"}, "line-break"),
        ({"naming_template": "\n"}, "line-break"),
        ({"job_id": "a/b"}, "wrong"),
        ({"job_id": ".."}, "wrong"),
        ({"resolved_tokens": {"codec": "h264"}}, "not-empty"),
        ({"created_at": "2026-01-31T09:05:00"}, "not-utc"),
        ({"created_at": "2026-01-31T09:05:00+01:00"}, "not-utc"),
        ({"created_at": "2026-02-29T09:05:00Z"}, "wrong"),
        ({"created_at": "2026-01-31 09:05:00Z"}, "wrong"),
        ({"created_at": "2026-01-31T24:00:00Z"}, "wrong"),
        ({"created_at": "yesterday"}, "wrong"),
        ({"fps_mode": "explicit", "fps_explicit": 0}, "not-positive"),
        ({"fps_mode": "explicit", "fps_explicit": -25.0}, "not-positive"),
        ({"fps_mode": "explicit", "fps_explicit": 1001}, "out-of-range"),
        ({"fps_mode": "explicit", "fps_explicit": float("nan")}, "not-finite"),
    ],
)
def test_the_form_of_a_value_is_one_word(change: dict[str, Any], word: str) -> None:
    fact = only({**GOOD, **change})
    assert fact.form == word
    assert fact.form in forms.FORMS
    assert tuple(fact.texts) == specfields.TEXTS


@pytest.mark.parametrize(
    ("change", "nearest"),
    [
        ({"codec": "DNXHD"}, "dnxhd"),
        ({"codec": "prores_422"}, "prores_standard"),
        ({"codec": "mjpeg"}, ""),
        ({"container": ".mov"}, "mov"),
        ({"container": "avi"}, ""),
        ({"resolution": "full"}, "same"),
        ({"resolution": "1080p"}, "1920x1080"),
        ({"resolution": "1920 x 1080"}, "1920x1080"),
        ({"resolution": "1920*1080"}, "1920x1080"),
        ({"resolution": "01920x1080"}, ""),
        ({"fps_mode": "preserve_source"}, "same-as-source"),
    ],
)
def test_a_value_outside_its_list_proposes_the_nearest(change: dict[str, Any], nearest: str) -> None:
    fact = only({**GOOD, **change})
    assert (fact.allowed, fact.texts["nearest"]) == ("no", nearest)
    assert fact.texts["allowed"]


@pytest.mark.parametrize(
    "change",
    [
        {"sources": "/path/to/source.mp4"},
        {"codec": 264},
        {"codec": True},
        {"fps_explicit": "25"},
        {"fps_explicit": True},
        {"resolved_tokens": []},
        {"created_at": 0},
    ],
)
def test_a_value_of_another_type_is_told_once(change: dict[str, Any]) -> None:
    fact = only({**GOOD, **change})
    assert (fact.type, fact.form, fact.allowed) == ("wrong", "not-checked", "not-checked")


def test_each_faulty_source_has_its_own_pointer() -> None:
    sources = ["/a/x.mov", 7, "", "b.mov", "/a//./sub/../x.mov", "/a/X.mov", "/a/é.mov "]
    facts = wrong({**GOOD, "sources": sources})
    assert [(fact.pointer, fact.part, fact.type, fact.form) for fact in facts] == [
        ("/sources/1", "item", "wrong", "not-checked"),
        ("/sources/2", "item", "right", "empty"),
        ("/sources/3", "item", "right", "relative"),
        ("/sources/4", "item", "right", "duplicate"),
    ]
    assert facts[3].texts["first"] == "/sources/0"
    assert facts[0].texts["field"] == "sources[1]"


@pytest.mark.parametrize("name", [one.name for one in FIELDS if one.required])
def test_a_missing_field_is_absent(name: str) -> None:
    fact = only({key: value for key, value in GOOD.items() if key != name})
    assert (fact.name, fact.presence, fact.required) == (name, "absent", True)


def test_null_is_absent_where_it_may_be_and_told_elsewhere() -> None:
    assert wrong({**GOOD, "fps_explicit": None}) == []
    assert only({**GOOD, "proxy_profile": None}).presence == "null"
    assert only({**GOOD, "created_at": None}).presence == "null"


@pytest.mark.parametrize(
    ("written", "meant"),
    [("Codec", "codec"), ("sorces", "sources"), ("profile", "proxy_profile"), ("output-dir", "output_directory")],
)
def test_a_misspelt_field_is_told_once_and_not_as_missing_too(written: str, meant: str) -> None:
    value = GOOD[meant]
    document = {key: member for key, member in GOOD.items() if key != meant} | {written: value}
    fact = only(document)
    assert (fact.known, fact.name, fact.texts["nearest"]) == (False, written, meant)
    assert {fact.name: fact.presence for fact in judge(document, FIELDS)}[meant] == "misspelt"


@pytest.mark.parametrize("name", ["bitrate", "alpha", "width", "crf", "comment", "", "x" * 10_000, "a/b~c"])
def test_a_field_that_is_like_no_other_has_no_nearest(name: str) -> None:
    fact = only({**GOOD, name: 1})
    assert (fact.known, fact.texts["nearest"]) == (False, "")


def test_all_mistakes_are_told_in_one_pass_and_those_already_told_are_not() -> None:
    reading = read('{"jobspec_version": "2.2", "codec": "\\ud800", "container": "avi", "alpha": 1, "zeta": 2}')
    assert reading.document is not None
    told = [fact.name for fact in judge(reading.document, FIELDS, reading.told) if not fact.is_right]
    assert told == [
        "jobspec_version",
        "sources",
        "output_directory",
        "container",
        "resolution",
        "naming_template",
        "proxy_profile",
        "alpha",
        "zeta",
    ]


def test_thirty_thousand_unknown_fields_are_judged_quickly() -> None:
    began = time.process_time()
    assert len(judge({f"unknown field {index}": 0 for index in range(30_000)}, FIELDS)) == 30_013
    assert time.process_time() - began < 5


@pytest.mark.parametrize(
    ("change", "known"),
    [
        ({}, {"fps_mode": "same-as-source", "fps_explicit": "absent"}),
        ({"fps_mode": "explicit"}, {"fps_mode": "explicit", "fps_explicit": "absent"}),
        ({"fps_mode": "explicit", "fps_explicit": None}, {"fps_mode": "explicit", "fps_explicit": "absent"}),
        ({"fps_explicit": 25}, {"fps_mode": "same-as-source", "fps_explicit": "present"}),
        ({"fps_mode": "sometimes", "fps_explicit": 25}, {"fps_explicit": "present"}),
        ({"fps_mod": "explicit", "fps_explicit": 25}, {"fps_explicit": "present"}),
        ({"fps_mode": "explicit", "fps_explict": 25}, {"fps_mode": "explicit"}),
        ({"fps_mode": None}, {"fps_explicit": "absent"}),
    ],
)
def test_what_is_known_of_the_rate_leaves_out_what_is_in_doubt(change: dict[str, Any], known: dict[str, str]) -> None:
    document = {**GOOD, **change}
    assert rate_facts(judge(document, FIELDS), document) == known


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=8) | st.decimals(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from([*TABLE["field"], "Codec", "x"]) | st.text(max_size=6), anything, max_size=8))
def test_no_document_makes_the_judge_fail(document: dict[str, Any]) -> None:
    for fact in judge(document, FIELDS):
        assert fact.presence in specfields.PRESENCE
        assert fact.type in specfields.TYPES
        assert fact.form in forms.FORMS
        assert fact.allowed in specfields.ALLOWED
        assert fact.part in specfields.PARTS
        assert "\n" not in fact.texts["value"]
        "".join(fact.texts.values()).encode()


# ---- the value -----------------------------------------------------------------------------------------------------


def test_a_spec_is_written_in_the_order_of_the_contract() -> None:
    assert [one.name for one in dataclasses.fields(Spec)] == list(TABLE["field"])
    assert TABLE["field"]["jobspec_version"]["values"] == [jobspec.VERSION]
    assert [mode.value for mode in FpsMode] == TABLE["field"]["fps_mode"]["values"]


def test_a_spec_is_written_with_its_defaults_and_a_final_newline() -> None:
    assert Spec.from_document(GOOD).to_json() == (
        '{\n  "jobspec_version": "2.1",\n  "sources": [\n    "/path/to/source.mp4"\n  ],\n'
        '  "output_directory": "/output",\n  "codec": "h264",\n  "container": "mp4",\n  "resolution": "half",\n'
        '  "fps_mode": "same-as-source",\n  "fps_explicit": null,\n  "naming_template": "{source_name}_proxy",\n'
        '  "proxy_profile": "proxy_h264_low",\n  "resolved_tokens": {}\n}\n'
    )


def test_a_spec_cannot_be_changed() -> None:
    sources = ["/a.mov"]
    tokens = {"nested": {"list": [1]}}
    spec = Spec(**{**GOOD, "sources": sources, "resolved_tokens": tokens})
    sources.append("/b.mov")
    tokens["nested"]["list"].append(2)
    assert spec.sources == ("/a.mov",)
    assert spec.resolved_tokens["nested"]["list"] == (1,)
    with pytest.raises(dataclasses.FrozenInstanceError):
        spec.codec = "av1"  # type: ignore[misc]
    with pytest.raises(TypeError):
        spec.resolved_tokens["x"] = 1  # type: ignore[index]
    with pytest.raises(TypeError):
        spec.resolved_tokens["nested"]["x"] = 1
    with pytest.raises((AttributeError, TypeError)):
        spec.extra = 1  # type: ignore[attr-defined]
    spec.to_dict()["sources"].append("/c.mov")
    assert spec.sources == ("/a.mov",)


def test_specs_are_equal_and_hashed_by_value() -> None:
    one, two = Spec.from_document(GOOD), Spec.from_document(copy.deepcopy(GOOD))
    assert one == two
    assert hash(one) == hash(two)
    assert one != dataclasses.replace(one, codec="av1")
    assert {one, two} == {one}


def test_a_spec_can_be_copied_and_pickled() -> None:
    spec = Spec.from_document({**GOOD, "fps_mode": "explicit", "fps_explicit": Decimal("23.9760")})
    assert copy.deepcopy(spec) == spec
    assert pickle.loads(pickle.dumps(spec)) == spec  # noqa: S301 - our own bytes


def test_a_spec_holds_what_it_is_given_so_that_it_can_be_judged() -> None:
    spec = Spec(**{**GOOD, "fps_mode": "sometimes", "sources": "/a.mov", "codec": ["h264"]})
    assert {fact.name for fact in wrong(spec.to_dict())} == {"fps_mode", "sources", "codec"}
    pathlike = dataclasses.replace(spec, sources=[PurePosixPath("/a.mov")])  # type: ignore[list-item]
    assert pathlike.sources == ("/a.mov",)


letters = st.characters(blacklist_categories=["Cs", "Cc", "Zl", "Zp"], blacklist_characters="/")
paths = st.text(letters, min_size=1).map("/m/".__add__)
instants = st.datetimes().map(lambda at: f"{at:%Y-%m-%dT%H:%M:%S}Z".zfill(20))
rates = (
    st.integers(1, 1000)
    | st.floats(0.01, 1000)
    | st.decimals("0.01", 1000, allow_nan=False, places=9)
    | st.sampled_from([Decimal("23.9760"), Decimal("1E+2"), 25.0, 23.976])
)
specs = st.fixed_dictionaries(
    {
        **{key: st.just(value) for key, value in GOOD.items()},
        "sources": st.lists(paths, min_size=1, max_size=4, unique_by=forms.normal_path),
        "codec": st.sampled_from(SETS["codec"]),
        "fps_mode": st.just("explicit"),
        "fps_explicit": rates,
    },
    optional={"job_id": st.uuids().map(str), "created_at": instants},
)


@settings(max_examples=200)
@given(specs)
def test_a_spec_that_is_written_and_read_is_the_same_byte_for_byte(document: dict[str, Any]) -> None:
    spec = Spec.from_document(document)
    assert wrong(spec.to_dict()) == []
    text = spec.to_json()
    reading = read(text.encode())
    assert reading.faults == ()
    assert reading.document is not None
    again = Spec.from_document(reading.document)
    assert again == spec
    assert again.to_json() == text
    assert VALIDATOR.is_valid(json.loads(text))


@pytest.mark.parametrize(
    ("value", "rate"),
    [
        (23.976, Fraction(24000, 1001)),
        (23.98, Fraction(24000, 1001)),
        (Decimal("23.9760"), Fraction(24000, 1001)),
        (29.97, Fraction(30000, 1001)),
        (47.952, Fraction(48000, 1001)),
        (59.94, Fraction(60000, 1001)),
        (119.88, Fraction(120000, 1001)),
        (25, Fraction(25)),
        (25.0, Fraction(25)),
        (12.5, Fraction(25, 2)),
        (23.97, Fraction(2397, 100)),
        (0.1, Fraction(1, 10)),
    ],
)
def test_a_rate_is_exact(value: float | Decimal, rate: Fraction) -> None:
    assert exact_rate(value, RATES) == rate


def test_a_rate_without_end_is_refused() -> None:
    for value in (float("inf"), Decimal("NaN"), Decimal("1e999999999")):
        with pytest.raises(ValueError, match="frame rate"):
            exact_rate(value, RATES)


# ---- the published schema ------------------------------------------------------------------------------------------


def test_the_schema_on_disk_is_the_one_that_the_fields_make() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert (ROOT / "schema/jobspec.schema.json").read_text(encoding="utf-8") == schema_text(SCHEMA)


def test_the_fields_have_the_shape_that_their_schema_asks_for() -> None:
    shape = json.loads((ROOT / "schema/jobspec-fields.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(shape)
    jsonschema.validate(TABLE, shape, cls=jsonschema.Draft202012Validator)


def test_the_example_of_every_field_is_right_and_its_proposals_are_allowed() -> None:
    example = {one.name: one.example for one in FIELDS} | {"fps_mode": "explicit"}
    assert wrong(example) == []
    VALIDATOR.validate(example)
    for one in FIELDS:
        for choice in one.meant.values():
            assert wrong({**GOOD, one.name: choice}) == []


@given(st.integers(0, 20_000), st.integers(0, 20_000))
@settings(max_examples=300)
def test_schema_and_judge_agree_on_rasters(width: int, height: int) -> None:
    document = {**GOOD, "resolution": f"{width}x{height}"}
    assert VALIDATOR.is_valid(document) == (wrong(document) == [])


def test_reading_a_spec_loads_nothing_heavy() -> None:
    code = (
        "import sys, proxx.jobspec as j; j.read('{\"a\": 1}');"
        "heavy = {'proxx.jsontext', 'proxx.positions', 'difflib', 'jsonschema', 'tomllib', 'rich', 'jinja2'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT / "engine")
    assert ran.stdout.strip() == "[]"
