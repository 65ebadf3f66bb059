"""What identify makes of leading bytes and ffprobe's document; every document here is as ffprobe writes it."""

from __future__ import annotations

import json
import struct
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from proxx.identify import Identity, canonical_codec, canonical_container, identify, is_raw, signature

ROOT = Path(__file__).parent.parent
VOCABULARY: Mapping[str, Any] = tomllib.loads((ROOT / "matrices/vocabulary.toml").read_text("utf-8"))
MOV = "mov,mp4,m4a,3gp,3g2,mj2"
MKV = "matroska,webm"
EBML = bytes.fromhex("1a45dfa39f4286810142f7810142f2810442f381084282")


def video(codec: str | None = "h264", **more: Any) -> dict[str, Any]:
    stream = {"index": 0, "codec_type": "video", "codec_tag_string": "[0][0][0][0]", "width": 64, "height": 36}
    return stream | ({"codec_name": codec} if codec else {}) | more


def document(format_name: str, *streams: dict[str, Any], brand: str | None = None) -> dict[str, Any]:
    tags = {} if brand is None else {"major_brand": brand}
    return {"streams": list(streams), "format": {"format_name": format_name, "tags": tags}}


def of(path: str, *streams: dict[str, Any], form: str = MOV, brand: str | None = "isom", head: bytes = b"") -> Identity:
    return identify(path, head, document(form, *streams, brand=brand), VOCABULARY)


def dng(order: str = "<", *, big: bool = False, tag: int = 50706) -> bytes:
    mark = b"II" if order == "<" else b"MM"
    if big:
        entry = struct.pack(order + "HHQI", tag, 1, 4, 0x01040000).ljust(20, b"\0")
        return mark + struct.pack(order + "HHHQQ", 43, 8, 0, 16, 1) + entry
    entries = struct.pack(order + "HHII", 254, 4, 1, 0) + struct.pack(order + "HHII", tag, 1, 4, 0)
    return mark + struct.pack(order + "HIH", 42, 8, 2) + entries + bytes(4)


def test_the_vocabulary_has_the_shape_that_its_schema_draws() -> None:
    schema = json.loads((ROOT / "schema/vocabulary.schema.json").read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(VOCABULARY)


def test_the_vocabulary_points_only_at_words_that_it_has() -> None:
    codecs, containers = set(VOCABULARY["source-codec"]), set(VOCABULARY["container"])
    assert {entry["source"] for entry in VOCABULARY["codec"].values()} <= codecs
    for entry in (*VOCABULARY["signature"].values(), *VOCABULARY["label"].values()):
        assert entry["codec"] in codecs
        assert entry["container"] in containers
    assert {word for entry in VOCABULARY["container"].values() for word in entry.get("wraps", ())} <= containers


@pytest.mark.parametrize(
    ("kind", "lists"), [("container", ("aliases", "extensions")), ("source-codec", ("aliases", "tags"))]
)
def test_no_word_means_two_things(kind: str, lists: tuple[str, ...]) -> None:
    meaning: dict[str, str] = {}
    for name, entry in VOCABULARY[kind].items():
        words = {name, *(word.lower() for key in lists for word in entry.get(key, ()))}
        for word in words:
            assert meaning.setdefault(word, name) == name


def test_every_codec_and_container_is_canonical_under_its_own_name() -> None:
    assert all(canonical_codec(name, VOCABULARY) == name for name in VOCABULARY["source-codec"])
    assert all(canonical_container(name, VOCABULARY) == name for name in VOCABULARY["container"])


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("MP4", "mp4"), (".mp4", "mp4"), ("  mp4  ", "mp4"), ("m4v", "mp4"), (".M2TS", "ts"), ("mts", "ts"),
        ("arx", "ari"), ("matroska", "mkv"), ("QuickTime", "mov"), ("xyz", "xyz"), ("", ""),
    ],
)  # fmt: skip
def test_containers_are_known_by_any_spelling(word: str, name: str) -> None:
    assert canonical_container(word, VOCABULARY) == name


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("H264", "h264"), ("\th264\n", "h264"), ("h265", "hevc"), ("prores_4444", "prores"), ("r3d", "redcode"),
        ("red_raw", "redcode"), ("blackmagic_raw", "braw"), ("brlt", "braw"), ("xocn", "x-ocn"), ("sony_raw", "x-ocn"),
        ("venice_raw", "x-ocn"), ("craw", "canon_raw"), ("cinema_raw_light", "canon_raw"), ("aprn", "prores_raw"),
        ("UNKNOWN", "unknown"), ("fakecodec", "fakecodec"),
    ],
)  # fmt: skip
def test_source_codecs_are_known_by_any_spelling(word: str, name: str) -> None:
    assert canonical_codec(word, VOCABULARY) == name


def test_every_raw_codec_of_the_contract_is_raw_and_no_other() -> None:
    raw = {name for name in VOCABULARY["source-codec"] if is_raw(name, VOCABULARY)}
    assert raw == {
        "arriraw", "redcode", "braw", "x-ocn", "canon_raw", "panasonic_raw", "nikon_raw", "dji_raw", "prores_raw",
        "prores_raw_hq", "cinemadng",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("head", "container", "codec"),
    [
        (b"\0\0\x01\x00RED1" + bytes(64), "r3d", "redcode"),
        (b"\0\0\x01\x00RED2" + bytes(64), "r3d", "redcode"),
        (b"ARRI\x12\x34\x56\x78" + bytes(64), "ari", "arriraw"),
        (b"ARRI\x78\x56\x34\x12" + bytes(64), "ari", "arriraw"),
        (dng("<"), "dng", "cinemadng"),
        (dng(">"), "dng", "cinemadng"),
        (dng("<", big=True), "dng", "cinemadng"),
    ],
)
def test_a_signature_decides_whatever_the_file_is_called_and_whatever_ffprobe_says(
    head: bytes, container: str, codec: str
) -> None:
    found = identify("/p/renamed.mov", head, document(MOV, video("jpeg2000"), brand="qt  "), VOCABULARY)
    assert (found.container, found.codec, found.confidence) == (container, codec, "high")
    assert found.warnings == (f"the name ends in .mov, but the content is {container}",)


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"I",
        b"II*\0",
        dng(tag=270),
        b"II*\0" + b"\xff" * 12,
        b"MM\0+" + b"\xff" * 12,
        b"\x01\0\x01\x00RED1",
        b"ARRI12345678",
    ],
)
def test_what_only_looks_like_a_signature_is_none(head: bytes) -> None:
    assert signature(head, VOCABULARY) == ""


def test_a_dng_cut_at_any_byte_never_raises() -> None:
    for whole in (dng("<"), dng(">"), dng("<", big=True)):
        assert {signature(whole[:length], VOCABULARY) for length in range(len(whole) + 1)} == {"", "dng"}


@pytest.mark.parametrize(
    ("brand", "container"),
    [
        (None, "mov"),
        ("qt  ", "mov"),
        ("isom", "mp4"),
        ("M4V ", "mp4"),
        ("ianb", "mp4"),
        ("crx ", "crm"),
        ("heic", "heif"),
    ],
)
def test_the_major_brand_tells_the_quicktime_family_apart(brand: str | None, container: str) -> None:
    assert of("/p/a", video(), brand=brand).container == container


@pytest.mark.parametrize(
    ("head", "container"),
    [(EBML + b"\x84webm", "webm"), (EBML + b"\x88matroska", "mkv"), (EBML + b"\x83foo", "mkv"), (b"", "mkv")],
)
def test_the_doctype_tells_webm_from_matroska(head: bytes, container: str) -> None:
    assert of("/p/a", video("vp9"), form=MKV, head=head).container == container


@pytest.mark.parametrize(("form", "container"), [("mpegts", "ts"), ("mpeg", "mpg"), ("mxf", "mxf"), ("flv,x", "flv")])
def test_other_containers_are_known_by_their_format_name(form: str, container: str) -> None:
    assert of("/p/a", video("mpeg2video"), form=form).container == container


def test_content_beats_name_and_the_disagreement_is_told() -> None:
    assert of("/p/a.MP4", video(), brand="qt  ").warnings == ("the name ends in .mp4, but the content is mov",)


@pytest.mark.parametrize("path", ["/p/a.mov", "/p/a.braw", "/p/a.nev", "/p/a.MOV", "/p/a.xyz", "/p/a", "/p.mp4/a"])
def test_a_name_that_agrees_or_says_nothing_is_no_disagreement(path: str) -> None:
    assert of(path, video(), brand="qt  ").warnings == ()


def test_a_dnxhr_file_is_told_from_dnxhd_by_profile_or_tag() -> None:
    assert of("/p/a.mxf", video("dnxhd", profile="DNXHR LB"), form="mxf").codec == "dnxhr"
    assert of("/p/a.mov", video("dnxhd", codec_tag_string="AVdh"), brand="qt  ").codec == "dnxhr"
    assert of("/p/a.mxf", video("dnxhd", profile="DNXHD"), form="mxf").codec == "dnxhd"
    assert of("/p/a.mov", video("dnxhd", codec_tag_string="AVdn"), brand="qt  ").codec == "dnxhd"


@pytest.mark.parametrize("named", [None, "prores_raw", "prores"])
def test_a_raw_tag_counts_more_than_the_name_that_this_ffmpeg_gives_it(named: str | None) -> None:
    assert of("/p/a.mov", video(named, codec_tag_string="aprh"), brand="qt  ").codec == "prores_raw_hq"


@pytest.mark.parametrize(
    ("tag", "codec"),
    [("vvc1", "vvc"), ("apv1", "apv"), ("encv", "encrypted"), ("DNL2", "cinegy_daniel2"), ("dav1", "av1_dolby_vision")],
)
def test_a_tag_that_is_known_not_to_be_raw_is_named_and_not_taken_for_raw(tag: str, codec: str) -> None:
    found = of("/p/a.mp4", video(None, codec_tag_string=tag))
    assert (found.codec, found.confidence, is_raw(found.codec, VOCABULARY)) == (codec, "high", False)


def test_a_picture_without_any_name_is_unknown_and_the_tag_is_told() -> None:
    found = of("/p/a.mov", video(None, codec_tag_string="zzzz"), brand="qt  ")
    assert (found.codec, found.confidence, found.reason) == ("unknown", "low", "no codec name, tag zzzz")


def test_a_codec_outside_the_vocabulary_keeps_the_name_that_ffprobe_gives_it() -> None:
    assert of("/p/a.mov", video("qtrle")).codec == "qtrle"


@pytest.mark.parametrize(
    ("label", "codec"),
    [("0d01030102220100", "arriraw"), ("0d01030102220200", "arriraw"), ("0e060d0302010100", "x-ocn")],
)
def test_an_mxf_label_in_the_head_names_raw_essence(label: str, codec: str) -> None:
    head = bytes(200) + bytes.fromhex("060e2b340401010d" + label) + bytes(50)
    assert of("/p/a.mxf", video(None), form="mxf", head=head).codec == codec
    assert of("/p/a.mkv", video("h264"), form=MKV, head=head).codec == "h264"


def test_the_same_bytes_outside_a_universal_label_mean_nothing() -> None:
    head = bytes(200) + bytes.fromhex("0d01030102220100") + bytes(50)
    assert of("/p/a.mxf", video(None), form="mxf", head=head).codec == "unknown"


def test_any_raw_picture_makes_the_file_raw() -> None:
    preview = video("mjpeg", width=9999, height=9999)
    raw = video(None, index=1, codec_tag_string="aprn")
    found = of("/p/a.mov", preview, raw, brand="qt  ")
    assert found.codec == "prores_raw"
    assert found.video_stream == raw
    assert "2 moving pictures" in found.warnings[0]


def test_of_several_pictures_the_largest_counts_and_of_equals_the_first() -> None:
    small, large, again = video("mjpeg"), video("h264", index=1, width=128), video("hevc", index=2, width=128)
    assert of("/p/a.mov", small, large, again).video_stream == large


@pytest.mark.parametrize("flag", ["attached_pic", "still_image", "timed_thumbnails"])
def test_cover_art_stills_and_thumbnails_are_no_moving_picture(flag: str) -> None:
    art = video("png", disposition={flag: 1})
    assert of("/p/a.mp4", art, video("h264", index=1, disposition={flag: 0})).codec == "h264"
    assert of("/p/a.mp4", art).codec == "none"


def test_a_file_of_sound_of_data_or_of_nothing_has_no_moving_picture() -> None:
    assert of("/p/a.mp4", {"index": 0, "codec_type": "audio", "codec_tag_string": "ac-4"}).codec == "none"
    assert of("/p/a.ts", {"index": 0, "codec_tag_string": "[5][0][0][0]"}, form="mpegts").codec == "none"
    assert of("/p/a.mov").codec == "none"


def test_without_a_document_there_is_nothing_to_say() -> None:
    assert identify("/p/a.mov", b"text", None, VOCABULARY).codec == "unknown"
    assert identify("/p/a.mov", b"text", {"error": {"code": -1}}, VOCABULARY).video_stream is None
