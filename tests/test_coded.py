"""Coded pictures are found in their file, whole ones are taken for whole, and lost parts are seen without decoding."""

from __future__ import annotations

import json
import struct
import subprocess
from collections.abc import Callable, Mapping
from fractions import Fraction
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxx import prores, vc3
from proxx.cli import main
from proxx.coded import CODECS, Coded, find_coded
from proxx.engines.ffmpeg import Sample, decode
from proxx.errors import EXIT_CLIP_FAILED
from proxx.model import Media, Task, Video
from proxx.rulebook import Rulebook
from proxx.toolbox import Tools
from proxx.tools import find_tool
from proxx.verify import Proof, verify

FRAMES = 8
PICTURE = "testsrc2=size={size}:rate=25:duration=0.32,noise=alls=8:allf=t"
INTERLACED = ["-vf", "setfield=bff", "-flags", "+ildct"]
WAYS: Mapping[str, tuple[str, str, list[str]]] = {
    "aw.mov": ("prores", "320x180", ["-c:v", "prores_aw", "-pix_fmt", "yuv422p10le"]),
    "odd.mov": ("prores", "331x187", ["-c:v", "prores_ks", "-profile:v", "3", "-pix_fmt", "yuv422p10le"]),
    "alpha.mov": ("prores", "320x180", ["-c:v", "prores_ks", "-profile:v", "4", "-pix_fmt", "yuva444p10le"]),
    "fields.mov": ("prores", "720x576", [*INTERLACED, "-c:v", "prores_ks", "-pix_fmt", "yuv422p10le"]),
    "lb.mov": ("dnxhr", "640x360", ["-c:v", "dnxhd", "-profile:v", "dnxhr_lb", "-pix_fmt", "yuv422p"]),
    "444.mxf": ("dnxhr", "640x360", ["-c:v", "dnxhd", "-profile:v", "dnxhr_444", "-pix_fmt", "yuv444p10le"]),
    "hd.mxf": ("dnxhd", "1920x1080", ["-c:v", "dnxhd", "-b:v", "36M", "-pix_fmt", "yuv422p"]),
}
"""Files by their names: the codec in the rulebook's words, the raster, and how FFmpeg makes them."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Files of pictures and sound, each made when it is asked for."""
    folder = tmp_path_factory.mktemp("essence")

    def make(name: str) -> Path:
        path = folder / name
        if not path.exists():
            _, size, words = WAYS[name]
            inputs = ["-f", "lavfi", "-i", PICTURE.format(size=size), "-f", "lavfi", "-i", "sine=duration=0.32"]
            command = [
                "ffmpeg",
                "-v",
                "error",
                "-nostdin",
                *inputs,
                *words,
                "-ar",
                "48000",
                "-c:a",
                "pcm_s16le",
                str(path),
            ]
            subprocess.run(command, check=True, timeout=60)
        return path

    return make


def whole(path: Path, codec: str) -> Coded:
    found = find_coded(str(path), codec)
    assert found is not None
    return found


def looked_at(path: Path, codec: str) -> str:
    essence = whole(path, codec)
    assert len(list(essence.pictures(1, lambda: False))) == FRAMES
    return essence.flaw


@pytest.mark.parametrize("name", WAYS)
def test_the_pictures_of_a_file_are_those_that_ffmpeg_reads_and_they_are_whole(
    name: str, made: Callable[[str], Path]
) -> None:
    path, codec = made(name), WAYS[name][0]
    words = ["-select_streams", "v:0", "-show_entries", "packet=size", "-show_data_hash", "sha256", "-of", "json"]
    said = subprocess.run(["ffprobe", "-v", "error", *words, path], check=True, capture_output=True, timeout=60).stdout
    essence = whole(path, codec)
    assert [size for _, size in essence.places] == [int(one["size"]) for one in json.loads(said)["packets"]]
    assert looked_at(path, codec) == ""


@pytest.mark.parametrize("name", ["aw.mov", "lb.mov", "hd.mxf"])
def test_a_part_that_was_lost_is_seen_in_every_picture(name: str, made: Callable[[str], Path], tmp_path: Path) -> None:
    path, codec = made(name), WAYS[name][0]
    data = path.read_bytes()
    for number, (at, size) in enumerate(whole(path, codec).places):
        length = min(4096, size // 2)
        place = at + (size - length) // 4
        broken = tmp_path / name
        broken.write_bytes(data[:place] + bytes(length) + data[place + length :])
        assert looked_at(broken, codec).startswith(f"picture {number}: ")


def changed(data: bytes, at: int, value: int) -> bytes:
    return data[:at] + bytes([value]) + data[at + 1 :]


@pytest.mark.parametrize("name", ["aw.mov", "odd.mov", "alpha.mov", "fields.mov", "lb.mov", "444.mxf"])
@given(draw=st.data())
def test_whatever_bytes_come_a_picture_is_judged_and_not_choked_on(
    name: str, made: Callable[[str], Path], draw: st.DataObject
) -> None:
    path, codec = made(name), WAYS[name][0]
    _, look = CODECS[codec]
    _, data = next(whole(path, codec).pictures(1, lambda: False))
    assert look(data) == ""
    at = draw.draw(st.integers(0, 1200))
    value = draw.draw(st.integers(0, 255))
    assert isinstance(look(changed(data, at, value)), str)
    assert look(data[: draw.draw(st.integers(0, len(data) - 1))]) != ""


def test_every_part_of_a_prores_picture_that_tells_a_size_is_looked_at(made: Callable[[str], Path]) -> None:
    _, data = next(whole(made("aw.mov"), "prores").pictures(1, lambda: False))
    (header,) = struct.unpack_from(">H", data, 8)
    picture = 8 + header
    table = picture + (data[picture] >> 3)
    slices = struct.unpack_from(">H", data, picture + 5)[0]
    first = table + 2 * slices
    said = {
        3: "its header is damaged",
        6: "its header is damaged",
        picture + 2: "its slices do not fit into it",
        table + 1: "its slices do not fill it",
        first: f"slice 0 of {slices} is damaged",
        first + 1: f"slice 0 of {slices} is damaged",
        first + 2: f"slice 0 of {slices} is damaged",
    }
    assert {at: prores.flaw(changed(data, at, 0xE1 if data[at] != 0xE1 else 0xE2)) for at in said} == said
    longer = struct.pack(">I", len(data) + 16) + data[4:]
    assert prores.flaw(longer + bytes(16)) == ""  # stuffing
    assert prores.flaw(longer + b"x" * 16) == "something stands behind its last slice"


def test_every_part_of_a_vc3_picture_that_tells_a_place_is_looked_at(made: Callable[[str], Path]) -> None:
    _, data = next(whole(made("lb.mov"), "dnxhr").pictures(1, lambda: False))
    said = {
        1: "its header is damaged",
        vc3.ROWS: "its header is damaged",
        vc3.INDEX + 3: "the places of its rows are damaged",
        vc3.INDEX + 8: "the places of its rows are damaged",
        len(data) - 1: "its end is not where it should be",
    }
    assert {at: vc3.flaw(changed(data, at, 0xE1)) for at in said} == said


def test_what_holds_no_pictures_to_look_at_is_left_to_the_decoder(
    made: Callable[[str], Path], tmp_path: Path, clips: Path
) -> None:
    cut = tmp_path / "cut.mxf"
    cut.write_bytes(made("444.mxf").read_bytes()[:100] + b"no key" * 100)
    empty = tmp_path / "empty.mov"
    empty.write_bytes(b"")
    assert find_coded(str(cut), "dnxhr") is None
    assert find_coded(str(empty), "prores") is None
    assert find_coded(str(tmp_path / "none.mov"), "prores") is None
    assert find_coded(str(clips / "clip.mp4"), "h264") is None
    assert find_coded(str(clips / "clip.mp4"), None) is None


@pytest.mark.parametrize("name", ["aw.mov", "alpha.mov", "fields.mov", "lb.mov", "444.mxf"])
def test_a_sample_is_decoded_by_itself_and_the_sound_with_it(
    name: str, made: Callable[[str], Path], rulebook: Rulebook
) -> None:
    path, (codec, size, _) = made(name), WAYS[name]
    essence = whole(path, codec)
    width, height = map(int, size.split("x"))
    sample = Sample(essence.decoder, (width, height), Fraction(25), essence.pictures(3, lambda: False))
    damage = rulebook.members("damage-words")
    frames, outcome = decode(str(path), find_tool("ffmpeg"), Event(), 60, damage, sample=sample)
    assert (frames, essence.handed, outcome.exit_code, outcome.stderr) == (4, 4, 0, "")  # 0, 3, 6 and the last


def proof_of(rulebook: Rulebook, path: Path, codec: str, every: int) -> Proof:
    """The proof of a file that FFmpeg made, of which nothing is promised but its frames."""
    video = Video(width=320, height=180, rate=Fraction(25), frames=FRAMES)
    promise = Media(container=path.suffix[1:], codec=codec, video=video)
    task = Task(0, "/card/A001.mov", str(path), str(path), promise, ("ffmpeg",))
    tools = Tools(find_tool("ffmpeg"), find_tool("ffprobe"), "", "")
    return verify(rulebook, task, str(path), {"proof": {"every": every}}, tools, Event())


@pytest.mark.parametrize(("every", "decoded"), [(1, 8), (2, 5), (5, 3), (10, 2)])
def test_a_proof_decodes_as_many_pictures_as_the_profile_says_and_counts_all(
    every: int, decoded: int, made: Callable[[str], Path], rulebook: Rulebook
) -> None:
    proof = proof_of(rulebook, made("aw.mov"), "prores", every)
    assert (proof.findings, proof.frames, proof.decoded) == ((), FRAMES, decoded)


def test_damage_that_only_decoding_tells_is_found_in_the_pictures_that_are_decoded(
    made: Callable[[str], Path], tmp_path: Path, rulebook: Rulebook
) -> None:
    path = made("lb.mov")
    data, places = path.read_bytes(), whole(path, "dnxhr").places
    found = {}
    for number in (0, 1, 7):
        at, _size = places[number]
        broken = tmp_path / "noise.mov"
        # A row of macroblocks: its beginning and its end stay where they are, and so does the mark at the very end.
        broken.write_bytes(data[: at + 2000] + b"\xa5\x3c" * 500 + data[at + 3000 :])
        proofs = [proof_of(rulebook, broken, "dnxhr", every).findings for every in (1, 2)]
        found[number] = ["made/decode-errors" in [one.id for one in findings] for findings in proofs]
    assert found == {0: [True, True], 1: [True, False], 7: [True, True]}


@pytest.mark.parametrize("every", [1, 3])
def test_a_picture_more_or_less_is_counted(every: int, made: Callable[[str], Path], rulebook: Rulebook) -> None:
    path = made("aw.mov")
    tools = Tools(find_tool("ffmpeg"), find_tool("ffprobe"), "", "")
    for promised, finding in ((FRAMES - 1, "made/more-frames"), (FRAMES + 1, "made/fewer-frames")):
        promise = Media(container="mov", codec="prores", video=Video(rate=Fraction(25), frames=promised))
        task = Task(0, "/card/A001.mov", str(path), str(path), promise, ("ffmpeg",))
        proof = verify(rulebook, task, str(path), {"proof": {"every": every}}, tools, Event())
        assert [one.id for one in proof.findings] == [finding]


def write_job(folder: Path, source: Path, profile: str, codec: str, container: str) -> Path:
    document = {
        "jobspec_version": "2.1",
        "sources": [str(source)],
        "output_directory": str(folder / "out"),
        "codec": codec,
        "container": container,
        "resolution": "same",
        "naming_template": "{source_name}_proxy",
        "proxy_profile": profile,
    }
    (folder / "out").mkdir()
    path = folder / "job.json"
    path.write_text(json.dumps(document), "utf-8")
    return path


def test_a_record_says_how_many_frames_there_are_and_how_many_were_decoded(
    made: Callable[[str], Path], tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    job = write_job(tmp_path, made("aw.mov"), "proxy_prores_hq", "prores_hq", "mov")
    assert main(["run", str(job), "--quiet"]) == 0, capsysbinary.readouterr().out.decode()
    (record,) = (json.loads(path.read_text("utf-8")) for path in (tmp_path / "out").glob("*.record.json"))
    (clip,) = record["clips"]
    assert (clip["frames"], clip["frames_decoded"], clip["decided"]["made-stored"]) == (FRAMES, 3, "whole")
    assert main(["verify", str(tmp_path / "out")]) == 0


def test_a_hole_in_a_picture_that_is_not_decoded_keeps_a_proxy_from_its_name(
    made: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsysbinary: Any
) -> None:
    real, wrapper = find_tool("ffmpeg"), tmp_path / "ffmpeg"
    (place, size), *_ = whole(made("aw.mov"), "prores").places[1:]
    hole = f"import sys;f=open(sys.argv[1],'r+b');f.seek({place + size // 2});f.write(bytes(2048))"
    wrapper.write_text(
        f'#!/bin/sh\n{real} "$@" || exit $?\n'
        f'case "$*" in *-map_metadata*) for f; do :; done; python3 -c "{hole}" "${{f#file:}}";; esac\n'
    )
    wrapper.chmod(0o755)
    monkeypatch.setenv("PROXX_FFMPEG", str(wrapper))
    job = write_job(tmp_path, made("aw.mov"), "proxy_prores_hq", "prores_hq", "mov")
    assert main(["run", str(job), "--quiet"]) == EXIT_CLIP_FAILED
    assert b"has a damaged picture: picture " in capsysbinary.readouterr().out
    assert not list((tmp_path / "out").glob("*.mov"))


def test_a_card_says_how_many_pictures_are_decoded(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    assert main(["profiles", "proxy_prores_hq"]) == 0
    assert b"\n  proof       one picture in 4 is decoded" in capsysbinary.readouterr().out
    assert main(["profiles", "proxy_dnxhr_hqx"]) == 0
    assert b"\n  proof " not in capsysbinary.readouterr().out


def test_a_profile_whose_pictures_lean_on_each_other_cannot_be_proved_by_a_sample(
    book_copy: Callable[[], Path], capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    book = book_copy()
    for name in ("ffmpeg/proxy_h264_mov", "resolve/proxy_prores_hq_resolve"):
        path = book / "profiles" / f"{name}.toml"
        path.write_text(path.read_text("utf-8") + "\n[proof]\nevery = 2\n", "utf-8")
    assert main(["rulebook", "check", str(book)]) != 0
    said = capsysbinary.readouterr().out.decode()
    assert "proxy_h264_mov" in said
    assert "proxy_prores_hq_resolve" in said
