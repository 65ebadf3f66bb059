"""Every question to both matrices has the contract's answer, and `proxx decide` says why and why not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from proxx import answers, cards
from proxx.cli import main
from proxx.evaluate import decide, trace
from proxx.model import Media, Video
from proxx.route import route_job, route_source
from proxx.rulebook import Rulebook

SCHEMA = json.loads((Path(__file__).parents[1] / "schema/decide.schema.json").read_text("utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)

CODECS = [
    *("prores_proxy", "prores_lt", "prores_standard", "prores_hq", "prores_4444"),
    *("h264", "h265", "hevc", "dnxhd", "dnxhr", "vp9", "av1"),
]
CONTAINERS = ["mov", "mp4", "mkv", "webm", "mxf"]
PAIRS = {
    *(("prores_proxy", "mov"), ("prores_lt", "mov"), ("prores_standard", "mov"), ("prores_hq", "mov")),
    *(("prores_4444", "mov"), ("h264", "mp4"), ("h264", "mov"), ("h264", "mkv")),
    *(("h265", "mp4"), ("h265", "mov"), ("h265", "mkv"), ("hevc", "mp4"), ("hevc", "mov"), ("hevc", "mkv")),
    *(("dnxhd", "mxf"), ("dnxhr", "mov"), ("dnxhr", "mxf")),
    *(("vp9", "webm"), ("vp9", "mkv"), ("av1", "mp4"), ("av1", "mkv"), ("av1", "webm")),
}
"""What may be wrapped in what: the contract's table, written out."""

SOURCES = {
    "mp4": {"h264", "hevc", "av1"},
    "mov": {"h264", "hevc", "prores", "dnxhr", "mjpeg"},
    "mkv": {"h264", "hevc", "vp9", "av1"},
    "mxf": {"dnxhd", "dnxhr", "mpeg2video", "h264"},
    "webm": {"vp9", "av1"},
    "ts": {"mpeg2video"},
    "avi": {"mjpeg"},
}
"""The contract's source matrix: what FFmpeg decodes."""

EXTENSIONS = {
    "mxf": {"prores"},
    "mov": {"av1", "mpeg2video", "dvvideo"},
    "ts": {"h264", "hevc"},
    "mpg": {"mpeg2video"},
    "avi": {"dvvideo"},
}
"""Rows beyond it, for real cameras; each must be marked as an extension."""

RAW = {
    *("arriraw", "redcode", "braw", "x-ocn", "canon_raw", "panasonic_raw", "nikon_raw", "dji_raw"),
    *("prores_raw", "prores_raw_hq", "cinemadng"),
}
"""Camera RAW: the codec alone decides, in any container."""

RAW_WORDS = {
    "redcode": ["r3d", "red_raw", "REDCODE"],
    "braw": ["blackmagic_raw", "BRAW"],
    "x-ocn": ["xocn", "sony_raw", "venice_raw"],
    "canon_raw": ["craw", "cinema_raw_light"],
    "prores_raw": ["aprn"],
}


def ask(capsysbinary: pytest.CaptureFixture[bytes], *words: str) -> tuple[int, dict[str, Any]]:
    """The exit code and the answer of `proxx decide … --format json`."""
    code = main(["decide", *words, "--format", "json"])
    answer: dict[str, Any] = json.loads(capsysbinary.readouterr().out)
    VALIDATOR.validate(answer)
    return code, answer


@pytest.mark.parametrize("codec", CODECS)
def test_each_codec_goes_into_exactly_its_containers(codec: str, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    allowed = set()
    for container in CONTAINERS:
        code, answer = ask(capsysbinary, "pairing", f"codec={codec}", f"container={container}")
        assert code == (0 if answer["finding"] is None else 1)
        if answer["finding"] is None:
            allowed.add((codec, container))
        else:
            words = json.dumps(answer["finding"]).lower()
            assert container in words or codec in words
            assert answer["finding"]["id"].startswith("pairing/")
            homes = {where for what, where in PAIRS if what == codec}
            assert homes <= {name for name in CONTAINERS if name in words}
    assert allowed == {pair for pair in PAIRS if pair[0] == codec}


def test_every_pair_of_the_source_matrix_goes_where_the_contract_says(rulebook: Rulebook) -> None:
    containers = [*rulebook.sets["source-container"], "never-heard-of"]
    codecs = [*rulebook.sets["source-codec"], "never-heard-of", "unknown", "none"]
    assert set(rulebook.sets["raw"]) == RAW
    for container in containers:
        for codec in codecs:
            route = route_source(rulebook, Media(path="/a/b", container=container, codec=codec))
            listed = codec in SOURCES.get(container, set()) | EXTENSIONS.get(container, set())
            engine = "resolve" if codec in RAW | {"unknown"} else "ffmpeg" if listed else "none"
            assert route.engine == engine, (container, codec)
            assert any(finding.is_error for finding in route.findings) == (engine == "none")
            assert route.confidence == ("low" if codec == "unknown" else "high")
            told = "source/unknown-codec" in {finding.id for finding in route.findings}
            assert told == (codec == "unknown")


def test_decide_gives_the_same_answer_for_each_source(rulebook: Rulebook) -> None:
    for container in {*SOURCES, *EXTENSIONS}:
        for codec in rulebook.sets["source-codec"]:
            listed = codec in SOURCES.get(container, set()) | EXTENSIONS.get(container, set())
            answer = answers.decide(rulebook, "source-capability", [f"container={container}", f"codec={codec}"])
            wanted = "resolve" if codec in RAW | {"unknown"} else "ffmpeg" if listed else None
            assert answer["outcome"].get("engine") == wanted
            assert (answer["finding"] is None) == (wanted is not None)
            assert list(VALIDATOR.iter_errors(answer)) == []


def test_exactly_the_rows_beyond_the_contract_are_marked_as_extensions(rulebook: Rulebook) -> None:
    table = rulebook.table("source-capability")
    marked = set()
    for row in table.rows:
        container, codec = (column.values(mask) for column, mask in zip(table.columns, row.masks, strict=True))
        assert row.about["origin"] in ("contract", "extension")
        if row.about["origin"] == "extension":
            marked |= {(one, other) for one in container for other in codec}
    assert marked == {(container, codec) for container, codecs in EXTENSIONS.items() for codec in codecs}


@pytest.mark.parametrize(("codec", "words"), RAW_WORDS.items())
def test_another_word_for_a_raw_codec_is_the_same_codec(
    codec: str, words: list[str], capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    for word in words:
        code, answer = ask(capsysbinary, "sources", "container=mov", f"codec={word}")
        assert (code, answer["question"]["codec"], answer["outcome"]["engine"]) == (0, codec, "resolve")


@pytest.mark.parametrize("word", [".MP4", " mp4 ", "m4v", "M4V"])
def test_containers_are_understood_by_any_spelling(word: str, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    code, answer = ask(capsysbinary, "sources", f"container={word}", "codec=H265")
    assert (code, answer["question"]["container"], answer["question"]["codec"]) == (0, "mp4", "hevc")


def test_dnxhd_in_mov_is_rejected_with_a_reason_of_its_own(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    code, answer = ask(capsysbinary, "sources", "container=mov", "codec=dnxhd")
    assert (code, answer["finding"]["id"], answer["row"]) == (1, "source/dnxhd-in-mov", "mov-dnxhd")


def test_an_answer_names_the_row_and_for_each_other_row_the_column_that_failed(
    capsysbinary: pytest.CaptureFixture[bytes], rulebook: Rulebook
) -> None:
    _, answer = ask(capsysbinary, "codec-container", "codec=dnxhr", "container=mxf")
    assert answer["row"] == "dnxhr"
    misses = {miss["row"]: miss for miss in answer["why_not"]}
    assert set(misses) == {row.id for row in rulebook.table("codec-container").rows} - {"dnxhr"}
    assert misses["vp9"] == {"row": "vp9", "column": "codec", "wanted": ["vp9"], "got": "dnxhr"}


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["pairing", "codec=dnxhdd", "container=mov"], "did you mean dnxhd?"),
        (["pairing", "codec=dnxhd", "contaner=mov"], "contaner"),
        (["codec-container", "codec=dnxhd", "contaner=mov"], "did you mean container?"),
        (["codec-container", "codec=dnxhd"], "container"),
        (["parings", "codec=dnxhd"], "did you mean pairing?"),
        (["pairing", "dnxhd"], "is not column=value"),
        (["pairing", "=dnxhd"], "is not column=value"),
        (["raster-minimum", "codec=h264", "width=wide", "height=2"], "not a whole number"),
        (["raster-minimum", "codec=h264", "width=-1", "height=2"], "width cannot be -1"),
        (["raster-minimum", "codec=h264", "width=--1", "height=2"], "not a whole number"),
        (["raster-minimum", "codec=h264", "width=²", "height=2"], "not a whole number"),
        (["pairing", "codec=dnxhd", "codec=h264", "container=mov"], "codec"),
        (["limits"], "limits holds several tables"),
    ],
)
def test_a_wrong_question_is_answered_in_one_sentence_and_exit_code_2(
    words: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["decide", *words]) == 2
    said = capsys.readouterr()
    assert says in said.err
    assert said.out == ""
    assert len(said.err.splitlines()) <= 2


def test_every_row_of_every_table_can_be_asked(rulebook: Rulebook) -> None:
    for name in rulebook.items["table"]:
        table = rulebook.table(name)
        above: set[str] = set()
        for row in table.rows:
            inputs = {c.name: c.sample(mask) for c, mask in zip(table.columns, row.masks, strict=True)}
            answer = decide(table, {c.fact.name: inputs[c.name] for c in table.columns})
            assert answer is not None
            assert answer.row == row.id if table.hit == "unique" else answer.row in {*above, row.id}
            assert answer.row not in {miss.row for miss in trace(table, inputs)}
            above.add(row.id)


def test_a_route_depends_on_no_order_of_sources(rulebook: Rulebook) -> None:
    files = [("a.mp4", "mp4", "h264"), ("b.mov", "mov", "prores"), ("c.r3d", "r3d", "redcode")]
    judged = []
    for order in (files, files[::-1], [files[1], files[2], files[0]]):
        media = [Media(path=f"/p/{name}", container=container, codec=codec) for name, container, codec in order]
        job = route_job(rulebook, [(one, route_source(rulebook, one)) for one in media], "", {})
        judged.append((job.engine, [(f.id, sorted(f.message)) for f in job.findings]))
    assert judged[0] == judged[1] == judged[2]
    assert judged[0][0] == "none"


def test_explain_tells_what_a_finding_means_who_raises_it_and_where_it_is_written(
    capsysbinary: pytest.CaptureFixture[bytes], rulebook: Rulebook
) -> None:
    assert main(["explain", "pairing/dnxhd-in-mov"]) == 0
    shown = capsysbinary.readouterr().out.decode()
    for name in rulebook.findings:
        text = answers.explained_text(answers.explain(rulebook, name))
        assert (name == "pairing/dnxhd-in-mov") == (text == shown)
        assert text.startswith(("error[", "warning[", "note["))
        assert "Raised by table " in text
        assert "Layer proxx: " in text
        assert "Bad:" in text


def test_explain_proposes_the_nearest_finding(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "pairing/dnxhd-in-mv"]) == 2
    assert "did you mean pairing/dnxhd-in-mov?" in capsys.readouterr().err


def test_profiles_are_listed_and_shown(capsysbinary: pytest.CaptureFixture[bytes], rulebook: Rulebook) -> None:
    def shown() -> str:
        return capsysbinary.readouterr().out.decode()

    assert main(["profiles"]) == 0
    assert [line.split()[0] for line in shown().splitlines()] == sorted(rulebook.profiles)
    assert main(["profiles", "proxy_dnxhr_lb_resolve"]) == 0
    assert shown().startswith("proxy_dnxhr_lb_resolve: ")
    for name in rulebook.profiles:
        assert cards.profile_text(rulebook, name).startswith(f"{name}: ")
    assert main(["profiles", "--format", "json"]) == 0
    listed = json.loads(shown())["profiles"]
    assert {card["codec"] for card in listed if card["engine"] == "ffmpeg"} >= set(CODECS) - {"hevc"}
    assert main(["profiles", "proxy_h264_lo"]) == 2


def test_every_codec_has_an_ffmpeg_profile_that_may_be_wrapped_so(rulebook: Rulebook) -> None:
    made = {(data["codec"], data["container"]) for data in rulebook.profiles.values()}
    assert made <= PAIRS
    ffmpeg = {data["codec"] for data in rulebook.profiles.values() if data["engine"] == "ffmpeg"}
    assert ffmpeg | {"hevc"} == set(CODECS)


def test_a_source_that_tells_nothing_of_its_picture_is_not_called_damaged(rulebook: Rulebook) -> None:
    saved = Media(path="/a", container="mp4", codec="h264", video=Video(width=1920, height=1080))
    looked_at = Media(path="/a", container="mp4", codec="h264", size=10, video=Video(width=1920, height=1080))
    assert route_source(rulebook, saved).findings == ()
    assert [finding.id for finding in route_source(rulebook, looked_at).findings] == ["source/no-picture-parameters"]


def test_an_explanation_shows_braces_as_they_are_read(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    assert main(["explain", "studio/dated-name", "--rulebook", "examples/studio"]) == 0
    said = capsysbinary.readouterr().out.decode()
    assert "Leave {date} and {time} out of the template" in said
    assert "{{" not in said
