"""What editors get of finished proxies: a CSV and an ALE for each rate, true to the record, beside the proxies."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxx.cli import main
from proxx.logsheet import ALE_COLUMNS, as_ales, as_csv, rate_word, sheet, sheets
from proxx.timecode import DROP_RATES, frames_of_day, parse

Write = Callable[..., Path]


def clip(name: str = "A001", rate: str = "25", frames: int = 50, **changes: Any) -> dict[str, Any]:
    """A finished clip as a record tells it."""
    video = {"rate": rate, "width": 960, "height": 540, "frames": frames}
    sound = [{"channels": 1, "sample_rate": 48000}, {"channels": 2, "sample_rate": 48000}]
    return {
        "status": "COMPLETED",
        "source": f"/card/{name}.mov",
        "output": f"/out/{name}_proxy.mov",
        "source_media": {"video": {"rate": rate, "width": 1920, "height": 1080}},
        "promise": {"video": {"rate": rate}},
        "media": {"timecode": "01:00:00:00", "reel": "R1", "video": video, "audio": sound},
        "frames": frames,
        "sha256": "sha256:00ff",
        **changes,
    }


def ale(text: str) -> tuple[dict[str, str], list[dict[str, str]]]:
    """An ALE read as Avid's manual describes it: the heading, and the clips by their columns."""
    assert text.endswith("\r\n")
    lines = text.split("\r\n")
    assert not any("\n" in line or "\r" in line for line in lines)
    assert lines[0] == "Heading"
    column, data = lines.index("Column"), lines.index("Data")
    assert lines[column - 1] == lines[data - 1] == lines[-1] == ""
    heading = dict(line.split("\t") for line in lines[1 : column - 1])
    names = lines[column + 1].split("\t")
    rows = [line.split("\t") for line in lines[data + 1 : -1]]
    assert {len(row) for row in rows} == {len(names)}
    return heading, [dict(zip(names, row, strict=True)) for row in rows]


def test_an_ale_is_what_avid_s_manual_asks_for() -> None:
    ((rate, text),) = as_ales(sheet({"clips": [clip()]})).items()
    heading, (row,) = ale(text)
    assert rate == "25"
    assert list(heading.items()) == [
        ("FIELD_DELIM", "TABS"),
        ("VIDEO_FORMAT", "1080"),
        ("AUDIO_FORMAT", "48khz"),
        ("FPS", "25"),
    ]
    assert len(heading) + len(ALE_COLUMNS) <= 64
    assert row == {
        "Name": "A001",
        "Tracks": "VA1A2A3",
        "Start": "01:00:00:00",
        "End": "01:00:02:00",
        "Duration": "00:00:02:00",
        "Tape": "R1",
        "FPS": "25",
        "Image Size": "1920x1080",
        "Source File": "A001.mov",
        "Source Path": "/card/A001.mov",
        "Proxy File": "A001_proxy.mov",
        "Proxy Path": "/out/A001_proxy.mov",
        "Tape From": "proxy",
        "Start From": "proxy",
    }


@given(
    st.sampled_from([Fraction(24000, 1001), Fraction(25), Fraction(30), *sorted(DROP_RATES)]),
    st.booleans(),
    st.integers(0, 10**7),
    st.integers(1, 10**6),
)
def test_end_is_the_label_after_the_last_frame(rate: Fraction, drop: bool, start: int, frames: int) -> None:
    from proxx.timecode import Timecode, label

    drop = drop and rate in DROP_RATES
    begin = label(Timecode(start, rate, drop))
    made = {"timecode": begin, "video": {"rate": str(rate)}}
    (line,) = sheet({"clips": [clip(rate=str(rate), frames=frames, media=made)]})
    first, last, length = (parse(line.cells[key], rate) for key in ("Start", "End", "Duration"))
    assert line.cells["Start"] == begin
    assert (last.frames - first.frames) % frames_of_day(rate, drop=drop) == length.frames == frames
    assert (";" in line.cells["End"]) == drop


@pytest.mark.parametrize(
    ("rate", "word"),
    [
        ("24000/1001", "23.976"),
        ("24", "24"),
        ("30000/1001", "29.97"),
        ("48000/1001", "47.952"),
        ("60000/1001", "59.94"),
        ("120000/1001", "119.88"),
        ("25/2", "12.5"),
        ("100", "100"),
    ],
)
def test_rates_are_written_as_editors_do(rate: str, word: str) -> None:
    assert rate_word(Fraction(rate)) == word


def test_each_rate_has_an_ale_of_its_own_and_the_table_has_all() -> None:
    record = {"clips": [clip("A"), clip("B", "24000/1001"), clip("C"), clip("D", status="FAILED"), "damaged"]}
    found = sheets(record)
    assert list(found) == ["csv", "23.976.ale", "25.ale"]
    assert [row["Name"] for row in ale(found["25.ale"])[1]] == ["A", "C"]
    assert [row["Name"] for row in csv.DictReader(io.StringIO(found["csv"]))] == ["A", "B", "C"]
    assert sheets({"clips": [clip(status="FAILED")]}) == {}


@pytest.mark.parametrize(
    ("raster", "word"),
    [((1920, 1080), "1080"), ((1280, 720), "720"), ((720, 576), "PAL"), ((720, 486), "NTSC"), ((4096, 2160), "CUSTOM")],
)
def test_the_video_format_follows_the_source(raster: tuple[int, int], word: str) -> None:
    origin = {"video": {"rate": "25", "width": raster[0], "height": raster[1]}}
    ((_, text),) = as_ales(sheet({"clips": [clip(source_media=origin)]})).items()
    assert ale(text)[0]["VIDEO_FORMAT"] == word


@pytest.mark.parametrize(
    ("made", "promise", "origin", "start"),
    [
        ("02:00:00:00", "01:00:00:00", "03:00:00:00", "02:00:00:00"),
        (None, "01:00:00:00", "03:00:00:00", "01:00:00:00"),
        (None, None, "03:00:00:00", "03:00:00:00"),
        (None, None, "03:00:00;00", "00:00:00:00"),
        ("no timecode", None, None, "00:00:00:00"),
    ],
)
def test_the_start_is_the_proxy_s_own_or_the_next_best(
    made: str | None, promise: str | None, origin: str | None, start: str
) -> None:
    video = {"video": {"rate": "25"}}
    said: dict[str, Any] = {"media": {**video, "timecode": made}, "promise": {**video, "timecode": promise}}
    (line,) = sheet({"clips": [clip(**said, source_media={**video, "timecode": origin})]})
    assert line.cells["Start"] == start


def test_a_source_s_timecode_says_nothing_at_another_rate() -> None:
    said: dict[str, Any] = {
        "media": {"video": {"rate": "25"}},
        "source_media": {"timecode": "03:00:00:00", "video": {"rate": "24"}},
    }
    (line,) = sheet({"clips": [clip(**said)]})
    assert line.cells["Start"] == "00:00:00:00"


@pytest.mark.parametrize(
    ("media", "origin", "tape", "told"),
    [
        ({"reel": "R1"}, {"reel": "R1"}, "R1", "metadata"),
        ({"reel": "R1"}, {"reel": "R1", "reel_from": "name:arri"}, "R1", "name:arri"),
        (
            {},
            {"reel": "A001", "reel_from": "folder:card-folder", "reel_sure": False},
            "A001",
            "folder:card-folder (a guess)",
        ),
        ({"reel": "R2"}, {"reel": None}, "R2", "proxy"),
        ({}, {}, "A001", "clip name"),
    ],
)
def test_a_tape_says_what_tells_it(media: dict[str, Any], origin: dict[str, Any], tape: str, told: str) -> None:
    video = {"video": {"rate": "25"}}
    (line,) = sheet({"clips": [clip(media={**video, **media}, source_media={**video, **origin})]})
    assert (line.cells["Tape"], line.cells["Tape From"]) == (tape, told)


def test_a_start_says_what_tells_it() -> None:
    video = {"video": {"rate": "25"}}
    track = {**video, "timecode": "01:00:00:00", "timecode_from": "track"}
    told = [clip(media=track, source_media=track), clip(media=video, source_media=video), clip(source_media=video)]
    assert [line.cells["Start From"] for line in sheet({"clips": told})] == ["track", "none", "proxy"]


def test_names_with_tabs_lines_and_quotes_stay_whole_in_the_table_and_harmless_in_the_ale() -> None:
    name = 'two\twords, "quoted"\nand a line \udcff'
    lines = sheet({"clips": [clip(name)]})
    ((_, text),) = as_ales(lines).items()
    (row,) = ale(text)[1]
    assert row["Name"] == 'two words, "quoted" and a line \udcff'
    (told,) = csv.DictReader(io.StringIO(as_csv(lines), newline=""))
    assert told["Proxy Path"] == f"/out/{name}_proxy.mov"


def test_a_clip_of_which_little_is_known_has_empty_cells_and_no_ale() -> None:
    (line,) = lines = sheet({"clips": [{"status": "COMPLETED", "source": "/a", "output": "/b"}]})
    assert (line.cells["Name"], line.cells["Tape"], line.cells["Start"], line.cells["Tracks"]) == ("a", "a", "", "V")
    assert as_ales(lines) == {}


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory, clips: Path) -> Path:
    """The folder of a finished job of two clips, whose own table has taken the name that the job's would have."""
    folder = tmp_path_factory.mktemp("finished")
    out = folder / "out"
    out.mkdir()
    (out / "day1.csv").write_text("mine\n", "utf-8")
    spec = {
        "jobspec_version": "2.1",
        "job_id": "day1",
        "sources": [str(clips / "clip_001.mov"), str(clips / "clip_002.mov")],
        "output_directory": str(out),
        "codec": "h264",
        "container": "mov",
        "resolution": "half",
        "naming_template": "{source_name}_proxy",
        "proxy_profile": "proxy_h264_mov_half",
    }
    (folder / "job.json").write_text(json.dumps(spec), "utf-8")
    assert main(["run", str(folder / "job.json"), "--quiet"]) == 0
    return out


def test_a_finished_job_has_its_sheets_beside_its_proxies_and_the_record_names_them(finished: Path) -> None:
    record = json.loads((finished / "day1.record.json").read_text("utf-8"))
    assert record["sheets"] == [str(finished / "day1.2.csv"), str(finished / "day1.ale")]
    assert (finished / "day1.csv").read_text("utf-8") == "mine\n"
    _, rows = ale((finished / "day1.ale").read_bytes().decode("utf-8"))
    assert [(row["Proxy Path"], row["End"]) for row in rows] == [
        (str(finished / f"clip_00{number}_proxy.mov"), "00:00:00:05") for number in (1, 2)
    ]
    assert not [name for name in os.listdir(finished) if name.endswith(".part")]


def test_status_takes_sheets_for_no_proxies(finished: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status", str(finished)]) == 0
    assert "orphan" not in capsys.readouterr().out
    assert main(["verify", str(finished), "--quick"]) == 0


def test_the_same_sheets_are_exported_from_the_record(
    finished: Path, tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    record = str(finished / "day1.record.json")
    assert main(["export", "ale", record]) == 0
    assert capsysbinary.readouterr().out == (finished / "day1.ale").read_bytes()
    assert main(["export", "csv", record, "-o", str(tmp_path)]) == 0
    assert (tmp_path / "day1.csv").read_bytes() == (finished / "day1.2.csv").read_bytes()
    assert main(["export", "csv", record, "-o", str(tmp_path)]) == 2
    assert b"is there already" in capsysbinary.readouterr().err


def test_several_rates_need_a_place_and_say_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record = tmp_path / "mixed.record.json"
    clips = [clip("A"), clip("B", "24000/1001")]
    record.write_text(json.dumps({"job_id": "mixed", "spec": {}, "status": "COMPLETED", "clips": clips}), "utf-8")
    assert main(["export", "ale", str(record)]) == 2
    assert "2 files, one for each rate" in capsys.readouterr().err
    assert main(["export", "ale", str(record), "-o", str(tmp_path / "reel.ale")]) == 0
    assert sorted(path.name for path in tmp_path.glob("*.ale")) == ["reel.23.976.ale", "reel.25.ale"]
    record.write_text(json.dumps({"job_id": "mixed", "spec": {}, "status": "FAILED", "clips": []}), "utf-8")
    assert main(["export", "csv", str(record)]) == 2
    assert "no finished proxy" in capsys.readouterr().err
