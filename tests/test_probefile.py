"""The probe file: what is written is read back exactly, and what is wrong in it is named."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import fields
from fractions import Fraction
from pathlib import Path
from typing import Any, get_type_hints

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proxx.errors import EXIT_USAGE, ProxxError
from proxx.model import Audio, Colour, Mark, Media, Video
from proxx.probefile import (
    GREATER_THAN_ZERO,
    NOT_NEGATIVE,
    QUARTER_TURNS,
    WORDS,
    from_facts,
    read_probes,
    to_facts,
    write_probes,
)

ROOT = Path(__file__).parent.parent
VOCABULARY: Mapping[str, Any] = tomllib.loads((ROOT / "matrices/vocabulary.toml").read_text("utf-8"))
SCHEMA = json.loads((ROOT / "schema/probe.schema.json").read_text("utf-8"))


def built(shape: type, **fixed: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    hints = get_type_hints(shape)
    numbers: dict[str, st.SearchStrategy[Any]] = {name: st.none() | st.integers(0) for name in NOT_NEGATIVE}
    numbers |= {name: st.none() | st.fractions(Fraction(1, 10**9)) for name in GREATER_THAN_ZERO}
    numbers["rotation"] = st.sampled_from([None, *QUARTER_TURNS])
    of_type = {field.name: numbers.get(field.name, st.from_type(hints[field.name])) for field in fields(shape)}
    return st.builds(shape, **of_type | fixed)


VIDEOS = built(
    Video,
    index=st.integers(0, 9),
    field_order=st.sampled_from([None, *WORDS["field_order"]]),
    colour=st.none() | built(Colour),
    alpha=st.sampled_from([None, *WORDS["alpha"]]),
    pose=st.sampled_from([None, *WORDS["pose"]]),
    combed=st.sampled_from([None, *WORDS["combed"]]),
    dynamic_light=st.sampled_from([None, *WORDS["dynamic_light"]]),
    rhythm=st.sampled_from([None, "3x24 36 2", "1"]),
)
MARKS = built(Mark, place=st.just("track"))
MEDIAS = built(
    Media,
    container=st.sampled_from([*VOCABULARY["container"], "unknown", "xyz"]),
    codec=st.sampled_from([*VOCABULARY["source-codec"], "qtrle"]),
    state=st.sampled_from(WORDS["state"]),
    confidence=st.sampled_from(WORDS["confidence"]),
    cadence=st.sampled_from([None, *WORDS["cadence"]]),
    video=st.none() | VIDEOS,
    marks=st.none() | st.lists(MARKS, max_size=2).map(tuple),
    audio=st.none() | st.lists(built(Audio, index=st.integers(0, 9)), max_size=2).map(tuple),
)


@given(st.lists(MEDIAS, max_size=2, unique_by=lambda media: media.path))
@settings(max_examples=60, deadline=None)
def test_what_is_written_is_read_back_exactly_and_fits_the_schema(medias: list[Media]) -> None:
    text = write_probes(medias)
    back = read_probes(text, "probes.json", VOCABULARY)
    assert list(back.values()) == medias
    assert write_probes(back.values()) == text
    jsonschema.Draft202012Validator(SCHEMA).validate(json.loads(text))


def test_the_schema_has_a_key_for_every_field_of_the_model() -> None:
    entry = SCHEMA["additionalProperties"]["properties"]
    assert {field.name for field in fields(Media)} - {"path"} == set(entry)
    assert {field.name for field in fields(Video)} == set(entry["video"]["properties"])
    assert {field.name for field in fields(Audio)} == set(entry["audio"]["items"]["properties"])
    assert {field.name for field in fields(Mark)} == set(entry["marks"]["items"]["properties"])
    assert {field.name for field in fields(Colour)} == set(entry["video"]["properties"]["colour"]["properties"])
    assert tuple(entry["state"]["enum"]) == WORDS["state"]


def test_a_minimal_entry_leaves_everything_else_unknown() -> None:
    media = read_probes('{"/p/a.mp4": {"container": "MP4", "codec": "H265"}}', "p", VOCABULARY)["/p/a.mp4"]
    assert media == Media(path="/p/a.mp4", container="mp4", codec="hevc", demuxer="mov")
    assert (media.timecode, media.reel, media.video, media.audio) == (None, None, None, None)


def test_null_says_that_a_file_has_no_timecode_and_no_reel() -> None:
    media = from_facts("/p", {"container": "mov", "codec": "h264", "timecode": None, "reel": None}, VOCABULARY)
    assert (media.timecode, media.reel) == ("", "")
    assert to_facts(media)["timecode"] is None


def test_rates_are_written_as_quotients() -> None:
    facts = to_facts(Media(video=Video(rate=Fraction(24000, 1001), par=Fraction(1))))
    assert facts["video"] == {"rate": "24000/1001", "par": "1"}


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"codek": "h264"}, 'probes.json: /p/a.mov: unknown key "codek"; did you mean "codec"?'),
        ({"Timecode": "01:00:00:00"}, 'unknown key "Timecode"; did you mean "timecode"?'),
        ({"path": "/q"}, 'the key "path" does not belong here'),
        ({"video": {"widht": 2}}, '/p/a.mov: video: unknown key "widht"; did you mean "width"?'),
        ({"video": {"width": "2"}}, 'video: width: must be a whole number, not "2"'),
        ({"video": {"width": True}}, "video: width: must be a whole number, not true"),
        ({"video": {"width": 2.0}}, "video: width: must be a whole number, not 2.0"),
        ({"video": {"rate": 23.976}}, 'rate: must be a whole number or a quotient such as "24000/1001", not 23.976'),
        ({"video": {"rate": "23.976"}}, "not \"23.976\""),
        ({"video": {"rate": "1/0"}}, "not \"1/0\""),
        ({"video": {"rate": "1/"}}, "not \"1/\""),
        ({"video": {"rate": ""}}, "must be a whole number or a quotient"),
        ({"video": {"rate": "0"}}, "video: rate: must be greater than 0, not 0"),
        ({"video": {"average_rate": -25}}, "average_rate: must be greater than 0, not -25"),
        ({"timecode_rate": "0/5"}, "timecode_rate: must be greater than 0, not 0"),
        ({"marks": [{"place": "track", "rate": "0"}]}, "marks[0]: rate: must be greater than 0, not 0"),
        ({"video": {"par": "-1"}}, "video: par: must be greater than 0, not -1"),
        ({"video": {"width": -2}}, "video: width: must be 0 or more, not -2"),
        ({"video": {"frames": -1}}, "video: frames: must be 0 or more, not -1"),
        ({"audio": [{"channels": -1}]}, "audio[0]: channels: must be 0 or more, not -1"),
        ({"video": {"rotation": 45}}, "video: rotation: must be one of 0, 90, 180, 270, not 45"),
        ({"video": None}, "video: must be an object, not null"),
        ({"audio": {}}, "audio: must be a list, not {}"),
        ({"audio": [{}, {"channel": 2}]}, 'audio[1]: unknown key "channel"; did you mean "channels"?'),
        ({"codec": 264}, "codec: must be a string, not 264"),
        ({"codec": None}, "codec: must be a string, not null"),
        ({"state": "fine"}, 'state: must be one of ok, missing'),
        ({"video": {"alpha": "yes"}}, "video: alpha: must be one of none, some, beside"),
        ({"video": {"rhythm": ""}}, 'rhythm: must be ticks and runs of them such as "12x1001 2002", not ""'),
        ({"video": {"rhythm": "3x"}}, 'not "3x"'),
        ({"video": {"rhythm": "99999999999x1"}}, 'not "99999999999x1"'),
        ("mp4", 'must be an object, not "mp4"'),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_file_path_and_key(entry: Any, words: str) -> None:
    with pytest.raises(ProxxError) as caught:
        read_probes(json.dumps({"/p/a.mov": entry}), "probes.json", VOCABULARY)
    assert words in str(caught.value)
    assert str(caught.value).startswith("probes.json: /p/a.mov")
    assert caught.value.exit_code == EXIT_USAGE


@pytest.mark.parametrize(
    "entry",
    [
        {"video": {"rate": "0"}}, {"video": {"rate": 0}}, {"video": {"rate": "-25"}}, {"video": {"width": -2}},
        {"timecode_rate": "00/7"}, {"marks": [{"place": "track", "rate": -1}]}, {"video": {"rotation": 45}},
        {"audio": [{"sample_rate": -1}]}, {"size": -1}, {"video": {"par": "0/1"}},
    ],
)  # fmt: skip
def test_the_schema_refuses_the_numbers_that_the_reader_refuses(entry: Any) -> None:
    document = {"/p/a.mov": {"container": "mov", "codec": "h264", **entry}}
    assert list(jsonschema.Draft202012Validator(SCHEMA).iter_errors(document))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "not readable as JSON"),
        ("[]", "a probe file is one JSON object"),
        ("{", "not readable as JSON"),
        ('{"/p": {}, "/p": {}}', 'the key "/p" stands there twice'),
        ('{"/p": {"size": NaN}}', "NaN is no JSON number"),
        ("[" * 100_000, "not readable as JSON"),
    ],
)
def test_a_text_that_is_no_probe_file_is_refused(text: str, words: str) -> None:
    with pytest.raises(ProxxError, match=r"^probes\.json: ") as caught:
        read_probes(text, "probes.json", VOCABULARY)
    assert words in str(caught.value)
