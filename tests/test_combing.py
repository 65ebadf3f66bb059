"""Frames that their file calls progressive and that are two fields each: found, and deinterlaced before scaling."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from proxx.cli import main
from proxx.combing import look_for_combs, may_be_combed
from proxx.model import Media, Video
from proxx.probe import probe
from proxx.rulebook import Rulebook
from proxx.tools import find_tool

H264, PRORES = ("-c:v", "libx264", "-preset", "ultrafast"), ("-c:v", "prores_ks", "-profile:v", "3")
WAYS = {
    "tt": ("mandelbrot=s=720x576:r=50,tinterlace=mode=interleave_top,setfield=mode=prog", H264),
    "bb": ("mandelbrot=s=720x576:r=50,tinterlace=mode=interleave_bottom,setfield=mode=prog", PRORES),
    "no": ("testsrc2=s=720x576:r=25", PRORES),
}
Settings = Mapping[str, Any]


@pytest.fixture
def shoot(tmp_path: Path) -> Callable[[str], Path]:
    """Makes a clip of a way, which says of itself that it is progressive."""

    def shoot(way: str) -> Path:
        graph, codec = WAYS[way]
        clip = tmp_path / f"{way}.mov"
        words = [
            "-v",
            "error",
            "-nostdin",
            "-f",
            "lavfi",
            "-i",
            graph,
            "-frames:v",
            "14",
            *codec,
            "-pix_fmt",
            "yuv422p10le",
        ]
        subprocess.run(["ffmpeg", *words, clip], check=True, timeout=60)
        return clip

    return shoot


@pytest.fixture
def settings(rulebook: Rulebook) -> Settings:
    found: Settings = rulebook.vocabulary["probe"]
    return found


@pytest.mark.parametrize("way", WAYS)
def test_which_field_is_first_is_seen_in_the_frames(
    way: str, shoot: Callable[[str], Path], rulebook: Rulebook, settings: Settings
) -> None:
    media = probe(str(shoot(way)), rulebook.vocabulary, find_tool("ffprobe"))
    assert media.video is not None
    assert media.video.field_order == "progressive"
    assert may_be_combed(media, settings)
    seen = look_for_combs(media, settings, find_tool("ffmpeg"))
    assert seen.video is not None
    assert seen.video.combed == way
    assert not may_be_combed(seen, settings)


@pytest.mark.parametrize("strict", [{"combs_least": 100}, {"combs_roughness": "1000"}])
def test_how_much_is_a_comb_is_data(
    strict: Mapping[str, Any], shoot: Callable[[str], Path], rulebook: Rulebook, settings: Settings
) -> None:
    media = probe(str(shoot("tt")), rulebook.vocabulary, find_tool("ffprobe"))
    seen = look_for_combs(media, {**settings, **strict}, find_tool("ffmpeg"))
    assert seen.video is not None
    assert seen.video.combed == "no"


@pytest.mark.parametrize(
    "changes",
    [{"field_order": "tt"}, {"height": 720}, {"rate": Fraction(50)}, {"rate": None}, {"combed": "no"}, {"pix_fmt": ""}],
)
def test_only_what_may_be_interlaced_video_is_looked_at(changes: Mapping[str, Any], settings: Settings) -> None:
    video = Video(pix_fmt="yuv420p", width=1920, height=1080, rate=Fraction(25), field_order="progressive")
    media = Media(state="ok", demuxer="mov", video=video)
    assert may_be_combed(media, settings)
    assert not may_be_combed(replace(media, video=replace(video, **changes)), settings)
    assert not may_be_combed(replace(media, decodes=False), settings)


def test_what_ffmpeg_cannot_decode_is_left_as_it_was(tmp_path: Path, settings: Settings) -> None:
    broken = tmp_path / "a.mov"
    broken.write_bytes(b"no film")
    media = Media(path=str(broken), state="ok", demuxer="mov", video=Video(pix_fmt="yuv420p"))
    assert look_for_combs(media, settings, find_tool("ffmpeg")) == media


@pytest.mark.parametrize(("size", "deinterlaced"), [("half", True), ("same", False)])
def test_combed_frames_are_deinterlaced_where_they_are_scaled_and_left_alone_where_they_are_not(
    size: str,
    deinterlaced: bool,
    shoot: Callable[[str], Path],
    tmp_path: Path,
    rulebook: Rulebook,
    capsys: pytest.CaptureFixture[str],
) -> None:
    spec = {
        "jobspec_version": "2.1",
        "sources": [str(shoot("bb"))],
        "output_directory": str(tmp_path / "out"),
        "codec": "prores_proxy",
        "container": "mov",
        "resolution": size,
        "naming_template": "{source_name}_proxy",
        "proxy_profile": "proxy_prores_proxy",
    }
    job = tmp_path / "job.json"
    job.write_text(json.dumps(spec), "utf-8")
    for _ in range(2):  # the second plan remembers what the first one saw
        assert main(["plan", str(job), "--format", "json"]) == 0
        said = json.loads(capsys.readouterr().out)
        chain = said["tasks"][0]["argv"][said["tasks"][0]["argv"].index("-filter:v:0") + 1]
        assert ("setfield=mode=bff,bwdif=" in chain) == deinterlaced
    assert main(["run", str(job), "--quiet"]) == 0
    told = capsys.readouterr()
    assert ("limit/combed" in told.out + told.err) == deinterlaced
    made = probe(str(tmp_path / "out" / "bb_proxy.mov"), rulebook.vocabulary, find_tool("ffprobe"))
    assert made.video is not None
    assert made.video.field_order == "progressive"
