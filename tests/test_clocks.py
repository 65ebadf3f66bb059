"""Timecode and reel through whole jobs: told by `proxx tc`, written into every container, read back, and proved."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from proxx.cli import main
from proxx.model import Mark, Media, Video
from proxx.moments import read_back, start_label
from proxx.origin import origin_facts, origin_texts, settled
from proxx.probe import probe
from proxx.rulebook import Rulebook
from proxx.tools import find_tool

ROOT = Path(__file__).resolve().parents[1]
Write = Callable[..., Path]
NTSC = Fraction(30000, 1001)
MAKES = {
    "proxy_h264_mov": ("h264", "mov", "same"),
    "proxy_h264_low": ("h264", "mp4", "half"),
    "proxy_dnxhr_lb": ("dnxhr", "mxf", "same"),
    "proxy_vp9": ("vp9", "webm", "same"),
}


def lavfi(path: Path, *words: str, rate: str = "30000/1001", codec: str = "libx264") -> Path:
    argv = [find_tool("ffmpeg"), "-v", "error", "-nostdin", "-y", "-f", "lavfi"]
    argv += ["-i", f"testsrc2=size=512x288:rate={rate}", "-frames:v", "6", "-c:v", codec, "-pix_fmt", "yuv420p"]
    subprocess.run([*argv, *words, str(path)], check=True, timeout=120)
    return path


def tag(label: str) -> tuple[str, str]:
    return ("-metadata:s:v:0", f"timecode={label}")


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    card = tmp_path_factory.mktemp("footage")
    reel = ("-metadata:s:v:0", "reel_name=A001R2EC")
    return {
        "drop": lavfi(card / "drop.mov", *tag("00:59:58;20"), *reel),
        "named": lavfi(card / "A003C001_261122_R1AB.mov", *tag("00:59:58;20")),
        "none": lavfi(card / "none.mov"),
        "fast": lavfi(card / "fast.mp4", *tag("10:00:00:47"), rate="50"),
    }


def job(spec_file: Write, source: Path, folder: Path, profile: str, **changes: Any) -> str:
    codec, container, resolution = MAKES[profile]
    makes = {"codec": codec, "container": container, "resolution": resolution, "proxy_profile": profile}
    return str(spec_file("job.json", sources=[str(source)], output_directory=str(folder), **makes, **changes))


def made_in(folder: Path, rulebook: Rulebook) -> tuple[Media, dict[str, Any]]:
    """The one proxy of a folder as it is read back, and its clip in the record."""
    (record,) = folder.glob("*.record.json")
    (clip,) = json.loads(record.read_text("utf-8"))["clips"]
    found = probe(clip["output"], rulebook.vocabulary, find_tool("ffprobe"))
    return settled(rulebook, found, by_name=False), clip


@pytest.mark.parametrize("profile", MAKES)
def test_drop_frame_is_written_into_every_container_and_read_back(
    profile: str, clips: dict[str, Path], spec_file: Write, tmp_path: Path, rulebook: Rulebook
) -> None:
    out = tmp_path / "out"
    assert main(["run", job(spec_file, clips["drop"], out, profile), "--quiet"]) == 0
    made, clip = made_in(out, rulebook)
    carries_reel = profile in ("proxy_h264_mov", "proxy_dnxhr_lb")
    assert {mark.label for mark in made.marks or () if mark.place != "system-item"} == {"00:59:58;20"}
    assert made.reel == ("A001R2EC" if carries_reel else "")
    place = {"mov": "track", "mp4": "track", "mxf": "source-package", "webm": "picture"}[MAKES[profile][1]]
    assert made.timecode_from == place
    assert clip["source_media"]["timecode_from"] == "track"
    assert (clip["source_media"]["reel"], clip["source_media"]["reel_from"]) == ("A001R2EC", "metadata")
    assert not [one for one in clip["findings"] if one["severity"] == "error"]
    assert clip["promise"]["timecode"] == "00:59:58;20"


@pytest.mark.parametrize("profile", ["proxy_h264_mov", "proxy_dnxhr_lb"])
def test_a_reel_that_the_name_tells_is_written_and_the_record_says_why(
    profile: str, clips: dict[str, Path], spec_file: Write, tmp_path: Path, rulebook: Rulebook
) -> None:
    out = tmp_path / "out"
    assert main(["run", job(spec_file, clips["named"], out, profile), "--quiet"]) == 0
    made, clip = made_in(out, rulebook)
    assert made.reel == "A003R1AB"
    assert clip["source_media"]["reel_from"] == "name:arri"
    plan = json.loads(next(out.glob("*.plan.json")).read_text("utf-8"))
    (task,) = plan["tasks"]
    assert task["origin"] == {
        "timecode": "00:59:58;20",
        "timecode_rate": "30000/1001",
        "timecode_from": "track",
        "reel": "A003R1AB",
        "reel_from": "name:arri",
    }
    assert (task["decided"]["timecode-source"], task["decided"]["reel-source"]) == ("track", "name")


@pytest.mark.parametrize(("profile", "label"), [("proxy_h264_mov", ""), ("proxy_dnxhr_lb", "00:00:00:00")])
def test_a_source_without_timecode_gives_what_is_promised_and_nothing_else(
    profile: str, label: str, clips: dict[str, Path], spec_file: Write, tmp_path: Path, rulebook: Rulebook
) -> None:
    out = tmp_path / "out"
    assert main(["run", job(spec_file, clips["none"], out, profile), "--quiet"]) == 0
    made, clip = made_in(out, rulebook)
    assert made.timecode == label
    assert clip["promise"]["timecode"] == (label or None)


def test_a_conformed_start_keeps_its_label_in_the_new_count(
    clips: dict[str, Path], spec_file: Write, tmp_path: Path, rulebook: Rulebook
) -> None:
    out = tmp_path / "out"
    changes = {"fps_mode": "explicit", "fps_explicit": 25}
    assert main(["run", job(spec_file, clips["fast"], out, "proxy_h264_mov", **changes), "--quiet"]) == 0
    made, _ = made_in(out, rulebook)
    assert (made.timecode, made.timecode_rate) == ("10:00:00:24", Fraction(25))


def test_a_picture_that_begins_after_its_timecode_track_is_told(
    clips: dict[str, Path], tmp_path: Path, rulebook: Rulebook
) -> None:
    late = tmp_path / "late.mov"
    sound = ["-f", "lavfi", "-i", "sine=duration=1", "-itsoffset", "0.4", "-i", str(clips["none"])]
    argv = [find_tool("ffmpeg"), "-v", "error", "-nostdin", *sound, "-map", "1:v", "-map", "0:a", "-c:v", "copy"]
    subprocess.run([*argv, "-c:a", "pcm_s16le", *tag("01:00:00:00"), str(late)], check=True, timeout=120)
    for path, word, frames in ((late, "before-picture", 12), (clips["drop"], "with-picture", 0)):
        media = settled(rulebook, probe(str(path), rulebook.vocabulary, find_tool("ffprobe")))
        assert origin_facts(rulebook, media)["source.timecode-start"] == word
        assert origin_texts(rulebook, media)["early-frames"] == frames


def tracks(path: Path, *pairs: tuple[bytes, bytes]) -> Path:
    """The same file with bytes of its header exchanged; each must be there once."""
    whole = path.read_bytes()
    for old, new in pairs:
        assert whole.count(old) == 1
        assert len(old) == len(new)
        whole = whole.replace(old, new)
    path.write_bytes(whole)
    return path


def test_drop_frame_at_a_rate_without_it_is_refused_before_anything_runs(
    spec_file: Write, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """FFmpeg shows no timecode at all of such a file, and would make a proxy without one."""
    clip = lavfi(tmp_path / "a.mov", *tag("01:00:00:00"), rate="24")
    entry = b"tmcd" + bytes(6) + b"\0\1" + bytes(4)
    tracks(clip, (entry + b"\0\0\0\0", entry + b"\0\0\0\1"))
    assert main(["check", job(spec_file, clip, tmp_path / "out", "proxy_h264_mov")]) == 1
    said = capsys.readouterr().out
    assert "limit/impossible-timecode" in said
    assert "01:00:00;00" in said
    assert main(["tc", str(clip)]) == 1
    said = capsys.readouterr().out
    assert "x 01:00:00;00" in said
    assert "drop-frame exists at 29.97, 59.94 and 119.88 frames per second, not at 24" in said


def test_a_timecode_at_another_rate_is_told_with_both_rates(
    spec_file: Write, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clip = lavfi(tmp_path / "a.mov", *tag("01:00:00:00"), rate="24")
    scale, length = b"\0\0\x30\0", b"\0\0\2\0"
    tracks(clip, (scale + length + b"\x18\0", b"\0\0\0\x19" + b"\0\0\0\1" + b"\x19\0"))
    assert main(["check", job(spec_file, clip, tmp_path / "out", "proxy_h264_mov")]) == 0
    said = capsys.readouterr().out
    assert "timecode/other-rate" in said
    assert "at 25 fps and its picture at 24" in said


SCHEMAS = {path.name: json.loads(path.read_text("utf-8")) for path in (ROOT / "schema").glob("*.schema.json")}


def test_tc_tells_every_timecode_as_text_and_as_a_document_of_its_schema(
    clips: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = [*map(str, clips.values()), str(tmp_path / "missing.mov")]
    assert main(["tc", *files, "--format", "json"]) == 1
    document = json.loads(capsys.readouterr().out)
    resources = [(name, Resource.from_contents(schema)) for name, schema in SCHEMAS.items()]
    registry: Registry[Any] = Registry().with_resources(resources)
    Draft202012Validator(SCHEMAS["timecodes.schema.json"], registry=registry).validate(document)
    drop, named, none, fast, missing = document["files"]
    assert drop["timecode"] == {"value": "00:59:58;20", "from": "track", "row": "track"}
    assert [(one["place"], one["frame"], one["taken"]) for one in drop["timecodes"]] == [
        ("track", 107852, True),
        ("picture", 107852, False),
    ]
    assert drop["reads"]["resolve"]["label"] == "00:59:58;20"
    assert named["reel"] == {"value": "A003R1AB", "from": "name:arri", "row": "name"}
    assert (none["timecode"], none["timecodes"], none["reel"]) == (None, [], None)
    assert fast["timecodes"][0]["label"] == "10:00:00:47"
    assert missing["state"] == "missing"
    assert main(["tc", *map(str, (clips["named"], clips["none"], tmp_path / "missing.mov"))]) == 1
    said = capsys.readouterr().out
    assert "timecode  00:59:58;20, by track (table timecode-source, row track)" in said
    assert "reel      A003R1AB, by name:arri (table reel-source, row name)" in said
    assert "resolve   reads timecode track: 00:59:58;20 (documented)" in said
    assert "resolve   reads timecode track: there is none (documented)" in said
    assert "cannot be used: The source does not exist (source/missing): No such file or directory" in said


def test_tc_reads_a_broadcast_wave_which_is_no_source(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "sound.wav"
    argv = [find_tool("ffmpeg"), "-v", "error", "-nostdin", "-f", "lavfi", "-i", "sine=duration=0.1:sample_rate=48000"]
    argv += ["-write_bext", "1", "-metadata", "time_reference=172800000", str(path)]
    subprocess.run(argv, check=True, timeout=60)
    assert main(["tc", str(path)]) == 0
    assert "bext time reference 172800000 samples at 48000 Hz" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("marks", "promised", "told"),
    [
        ((Mark("track", "00:00:00:5"),), "00:00:00:05", "00:00:00:05"),
        ((Mark("track", "01:00:00.02"),), "01:00:00;02", "01:00:00;02"),
        ((Mark("track", "01:00:00:02"),), "01:00:00;02", "01:00:00:02"),
        ((Mark("material", "01:00:00;02"), Mark("file-package", "01:00:00;03")), "01:00:00;02", "01:00:00;03"),
        ((Mark("material", "01:00:00;02"), Mark("system-item", "01:00:00;03")), "01:00:00;02", "01:00:00;02"),
        ((Mark("track", "01:00:00;02", Fraction(60000, 1001)),), "01:00:00;02", "01:00:00;02"),
        ((), "01:00:00;02", "none"),
        ((Mark("track", "01:00:00;02"),), "", "01:00:00;02 (track)"),
        ((), "", ""),
    ],
    ids=["digits", "mark", "drop-flag", "packages", "system-item", "same-label", "lost", "invented", "none"],
)
def test_what_is_read_back_is_the_promise_or_what_differs(
    rulebook: Rulebook, marks: tuple[Mark, ...], promised: str, told: str
) -> None:
    made = settled(rulebook, Media(container="mov", codec="h264", reel="", marks=marks), by_name=False)
    assert read_back(made, promised, NTSC) == told


def test_without_marks_the_timecode_itself_is_compared() -> None:
    assert read_back(Media(timecode="01:00:00:01"), "01:00:00:00", Fraction(25)) == "01:00:00:01"
    assert read_back(replace(Media(), timecode=""), "", Fraction(25)) == ""


def test_the_start_of_a_proxy_is_compared_in_frames_of_the_picture() -> None:
    pairs = Media(timecode="01:00:00:12", timecode_rate=Fraction(25), video=Video(rate=Fraction(50)))
    assert start_label(pairs) == "01:00:00:24"
    assert start_label(replace(pairs, timecode_rate=None)) == "01:00:00:12"
    assert start_label(replace(pairs, timecode="01:00:00:40")) == "01:00:00:40"
    assert start_label(Media(timecode="")) == ""
    assert start_label(Media()) is None
