"""`proxx new profile --from-file`: a draft from a finished proxy makes such a proxy again, or it is said why not."""

from __future__ import annotations

import json
import os
import subprocess
import tomllib
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from proxx.cli import main
from proxx.draft import Draft, draft
from proxx.errors import ProxxError
from proxx.model import Audio, Colour, Media, Video
from proxx.packets import Packets
from proxx.probe import probe
from proxx.rulebook import Rulebook
from proxx.toolbox import tools

HEAD = '#:schema schema/rulebook.schema.json\nname = "house"\nversion = "1"\nformat = 1\nextends = "proxx"\n'
SHIPPED = {
    "proxy_prores_lt": "half",
    "proxy_prores_4444": "same",
    "proxy_h264_mov_half": "half",
    "proxy_h265": "half",
    "proxy_dnxhr_lb": "same",
    "proxy_dnxhr_lb_mov": "same",
    "proxy_dnxhd_36": "1920x1080",
    "proxy_vp9": "half",
    "proxy_av1": "half",
}
"""Profiles that make a proxy of the source, and the resolution that they are asked for."""

ODD = {
    "main_422_10.mov": ["-c:v", "libx264", "-pix_fmt", "yuv422p10le", "-g", "25", "-bf", "0", "-c:a", "pcm_s16le"],
    "matroska.mkv": ["-c:v", "libx264", "-pix_fmt", "yuv420p", "-profile:v", "main", "-g", "50", "-c:a", "aac"],
    "full.mp4": ["-vf", "scale=out_range=pc", "-c:v", "libx264", "-pix_fmt", "yuvj420p", "-c:a", "aac", "-ac", "1"],
    "ks.mov": ["-c:v", "prores_ks", "-profile:v", "3", "-pix_fmt", "yuv422p10le", "-c:a", "pcm_s16le"],
    "no_alpha.mov": ["-c:v", "prores_ks", "-profile:v", "4", "-pix_fmt", "yuv444p10le", "-an"],
    "hqx.mov": ["-c:v", "dnxhd", "-profile:v", "dnxhr_hqx", "-pix_fmt", "yuv422p10le", "-c:a", "pcm_s16le"],
    "hevc8.mov": ["-c:v", "libx265", "-x265-params", "log-level=error", "-pix_fmt", "yuv420p", "-tag:v", "hvc1"],
}
"""Finished files that no shipped profile made, and how they are made."""


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A camera clip of a second with sound, timecode and colour tags."""
    path = tmp_path_factory.mktemp("camera") / "A001C001.mov"
    picture = ["-f", "lavfi", "-i", "testsrc2=size=640x360:rate=25:duration=1.2"]
    sound = ["-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000:duration=1.2"]
    way = ["-c:v", "prores", "-pix_fmt", "yuv422p10le", "-c:a", "pcm_s24le", "-ac", "2", "-timecode", "01:00:00:00"]
    tags = ["-color_primaries", "bt709", "-color_trc", "bt709", "-colorspace", "bt709"]
    subprocess.run(
        ["ffmpeg", "-v", "error", "-nostdin", *picture, *sound, *way, *tags, str(path)], check=True, timeout=60
    )
    return path


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A rulebook folder without anything in it, to be filled."""
    folder = tmp_path / "house"
    folder.mkdir()
    (folder / "rulebook.toml").write_text(HEAD, "utf-8")
    return folder


Made = Callable[..., tuple[Path, list[str]]]


@pytest.fixture
def make(tmp_path: Path, source: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> Made:
    """Makes a proxy of the source with a profile: its path, and the arguments it was made with."""

    def run(profile: str, resolution: str | None, *layer: str) -> tuple[Path, list[str]]:
        spec, out = tmp_path / f"{profile}.json", tmp_path / profile
        words = ["--profile", profile, "--out", str(out), "-o", str(spec), *layer, str(source)]
        words += ["--resolution", resolution] if resolution else []
        assert main(["new", "spec", *words]) == 0, capsysbinary.readouterr()
        capsysbinary.readouterr()
        assert main(["run", str(spec), "--quiet", *layer]) == 0, capsysbinary.readouterr().out.decode()
        record = json.loads(next(out.glob("*.record.json")).read_text("utf-8"))
        (clip,) = record["clips"]
        return Path(clip["output"]), clip["argv"]

    return run


def seen(path: Path, rulebook: Rulebook) -> Media:
    """What a proxy is, without what belongs to the one file."""
    media = probe(str(path), rulebook.vocabulary, "ffprobe")
    return replace(media, path="", size=None, declared_size=None)


def recipe(argv: list[str]) -> list[str]:
    """The arguments without the names of files and the picture's filters: a fixed raster is padded to, at no cost."""
    return [
        word
        for before, word in zip(["", *argv], argv, strict=False)
        if not word.startswith("file:") and before != "-filter:v:0"
    ]


@pytest.mark.parametrize(("profile", "resolution"), SHIPPED.items())
def test_a_draft_from_a_made_proxy_makes_the_same_proxy_again(
    profile: str, resolution: str, make: Made, house: Path, rulebook: Rulebook
) -> None:
    encoder = rulebook.profiles[profile]["video"]["encoder"]
    if "PROXX_FFMPEG" in os.environ and encoder not in tools().encoders:  # that of the set-up has them all
        pytest.skip(f"the chosen build of FFmpeg has no {encoder}")
    first, argv = make(profile, resolution)
    assert main(["new", "profile", "again", "--from-file", str(first), "--in", str(house)]) == 0
    second, other = make("again", None, "--rulebook", str(house))
    assert seen(second, rulebook) == seen(first, rulebook)
    assert recipe(other) == recipe(argv)


@pytest.mark.parametrize("name", ODD)
def test_a_draft_from_a_foreign_file_makes_what_that_file_is(
    name: str, make: Made, house: Path, source: Path, tmp_path: Path, rulebook: Rulebook
) -> None:
    finished = tmp_path / name
    command = ["ffmpeg", "-v", "error", "-nostdin", "-i", str(source), *ODD[name], str(finished)]
    subprocess.run(command, check=True, timeout=60)
    assert main(["new", "profile", "again", "--from-file", str(finished), "--in", str(house)]) == 0
    made, _ = make("again", None, "--rulebook", str(house))
    old, new = seen(finished, rulebook), seen(made, rulebook)
    for part in ("container", "codec"):
        assert getattr(new, part) == getattr(old, part)
    assert old.video is not None
    assert new.video is not None
    for part in ("codec", "profile", "tag", "width", "height", "pix_fmt", "par", "rate"):
        assert getattr(new.video, part) == getattr(old.video, part), part
    if old.audio:
        assert new.audio is not None
        for part in ("codec", "sample_rate"):
            assert getattr(new.audio[0], part) == getattr(old.audio[0], part), part


def file(**changes: Any) -> Media:
    """What a finished H.264 proxy is, with other facts."""
    video = Video(
        codec="h264",
        profile="High",
        tag="avc1",
        width=960,
        height=540,
        pix_fmt="yuv420p",
        par=Fraction(1),
        rotation=0,
        field_order="progressive",
        rate=Fraction(25),
        colour=Colour("tv", "bt709", "bt709", "bt709"),
    )
    sound = (Audio(index=1, codec="aac", channels=2, layout="stereo", sample_rate=48000),)
    picture = {key: value for key, value in changes.items() if key in Video.__dataclass_fields__ and key != "codec"}
    rest = {key: value for key, value in changes.items() if key not in picture}
    media = Media(path="/p/good.mov", container="mov", codec="h264", audio=sound, video=replace(video, **picture))
    return replace(media, **rest)


def drafted(rulebook: Rulebook, media: Media, **packets: Any) -> Draft:
    known: dict[str, Any] = {"key_distance": 25, "picture_bytes": 10000.0, "has_b_frames": False, "sound_rates": ()}
    return draft(rulebook, media, Packets(**{**known, **packets}), "again", {"libx264": ["yuv420p", "yuv422p"]})


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"codec": "mpeg2video"}, "its codec is mpeg2video; profiles make av1"),
        ({"codec": "cineform"}, "its codec is cineform"),
        ({"codec": "none", "video": None}, "there is no moving picture in it"),
        ({"codec": "prores", "profile": "XQ"}, "it is prores XQ; profiles make 4444, HQ, LT, Proxy, Standard"),
        ({"codec": "prores", "profile": "LT", "container": "mxf"}, "prores_lt cannot be wrapped in mxf"),
        ({"container": "ts"}, "proxies are not written to ts"),
        ({"pix_fmt": "yuv444p12le"}, "libx264 takes yuv420p, yuv422p"),
        ({"pix_fmt": "gbrp"}, "profiles make luma and chroma"),
        ({"profile": "Stereo High"}, "its H.264 profile is Stereo High"),
        ({"audio": (Audio(codec="ac3", channels=6, sample_rate=48000),)}, "its sound is ac3; profiles make aac"),
    ],
)
def test_what_no_profile_can_make_is_said(rulebook: Rulebook, changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ProxxError) as caught:
        drafted(rulebook, file(**changes))
    assert words in str(caught.value)
    assert caught.value.exit_code == 1


def test_a_dnxhd_of_another_bit_rate_or_raster_is_refused(rulebook: Rulebook) -> None:
    known = {"codec": "dnxhd", "profile": "DNXHD", "container": "mxf", "pix_fmt": "yuv422p", "tag": None}
    sound = (Audio(codec="pcm_s24le", channels=2, sample_rate=48000),)
    full = file(**known, width=1920, height=1080, audio=sound)
    assert drafted(rulebook, full, picture_bytes=188416.0).profile["rasters"] == ["1920x1080"]
    with pytest.raises(ProxxError, match=r"its pictures take 121 Mb/s at 25/1 .* 36M at 25/1"):
        drafted(rulebook, full, picture_bytes=606208.0)
    with pytest.raises(ProxxError, match="it is 1280x720, and fixed bit rates are known for 1920x1080"):
        drafted(rulebook, file(**known, width=1280, height=720, audio=sound), picture_bytes=188416.0)


@pytest.mark.parametrize(
    ("changes", "packets", "remark"),
    [
        ({"field_order": "tt"}, {}, "The file is interlaced; proxies are progressive."),
        ({"rotation": 90}, {}, "turned by 90 degrees"),
        ({"audio": ()}, {}, "There is no sound in the file"),
        ({"par": Fraction(4, 3)}, {}, "are 4/3, not square: ask for 960x540 in the spec"),
        ({"width": 959}, {}, "A side of 959x540 is odd"),
        ({"container": "mp4", "reel": "A001R2EC"}, {}, "has the reel A001R2EC; proxies in mp4 do not get one"),
        ({}, {"has_b_frames": True}, "The file has B-frames"),
        ({}, {"key_distance": 1}, "Every frame is a key frame; a profile counts in whole seconds, 1 here."),
        ({}, {"key_distance": None}, "One group of pictures fills the file: gop_seconds stays 1."),
    ],
)
def test_what_a_proxy_like_it_will_not_have_is_said(
    rulebook: Rulebook, changes: dict[str, Any], packets: dict[str, Any], remark: str
) -> None:
    made = drafted(rulebook, file(**changes), **packets)
    assert [line for line in made.remarks if remark in line]
    assert remark in made.profile["doc"]


def test_key_frames_bit_rates_and_sound_are_as_the_file_has_them(rulebook: Rulebook) -> None:
    made = drafted(rulebook, file(), key_distance=50, picture_bytes=20000.0, sound_rates=(320000,)).profile
    assert made["video"]["gop_seconds"] == 2
    assert made["audio"]["bit_rate_per_channel"] == 160000
    assert made["size"]["forecast"] == 16.0  # 20000 bytes x 8 x 25, at four times the pixels
    about = drafted(rulebook, file(), sound_rates=(171000,)).profile
    assert about["audio"]["bit_rate_per_channel"] == 80000


def test_a_draft_says_on_top_what_the_file_does_not_tell(
    make: Made, house: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    finished, _ = make("proxy_h264_low", "half")
    capsysbinary.readouterr()
    assert main(["new", "profile", "again", "--from-file", str(finished), "--in", str(house)]) == 0
    told = "crf = 23, preset = veryfast, threads = 4"
    assert told in capsysbinary.readouterr().out.decode()
    text = (house / "profiles/ffmpeg/again.toml").read_text("utf-8")
    assert text.splitlines()[1:3] == [
        "# Which proxy is made like A001C001_proxy.mp4?",
        f"# The file does not tell these, which are those of proxy_h264_low: {told}.",
    ]
    assert "# The names that the encoder takes for one to eight channels" in text
    assert tomllib.loads(text)["rasters"] == ["320x180"]
    assert main(["new", "profile", "third", "--from-file", str(finished), "--in", str(house)]) == 0
    assert "third.toml: made from proxy_h264_low\n" in capsysbinary.readouterr().out.decode()
