"""Whole argument lists: every profile over a set of source shapes, line by line (`pytest --update` rewrites them)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from proxx.checking import check
from proxx.job import plan
from proxx.model import Audio, Colour, Media, Video
from proxx.report import promise_words
from proxx.rulebook import Rulebook

GOLDEN = Path(__file__).with_name("golden")
STEREO = (Audio(index=1, codec="pcm_s24le", channels=2, layout="stereo", sample_rate=48000, start=Fraction(0)),)
HD = Video(
    codec="h264",
    width=1920,
    height=1080,
    pix_fmt="yuv420p",
    par=Fraction(1),
    rotation=0,
    field_order="progressive",
    rate=Fraction(25),
    frames=250,
    start=Fraction(0),
    colour=Colour("tv", "bt709", "bt709", "bt709"),
)
CAMERA = Media(
    container="mov", codec="h264", demuxer="mov", cadence="constant", timecode="", reel="", video=HD, audio=STEREO
)


def shape(video: Mapping[str, Any], **changes: Any) -> Media:
    """The camera's clip with another picture, start or sound."""
    return replace(CAMERA, video=replace(HD, **video), **changes)


def heard(count: int) -> tuple[Audio, ...]:
    """So many mono tracks of 24-bit PCM."""
    return tuple(replace(STEREO[0], index=1 + number, channels=1, layout="mono") for number in range(count))


SHAPES = {
    "hd": CAMERA,
    "odd-raster": shape({"width": 1998, "height": 1079}),
    "small-odd-raster": shape({"width": 1366, "height": 768}),
    "anamorphic": shape({"width": 1440, "height": 1080, "par": Fraction(4, 3)}),
    "rotated": shape({"rotation": 90}),
    "interlaced": shape({"field_order": "tt"}),
    "ntsc-film": shape({"rate": Fraction(24000, 1001)}, timecode="01:00:00:00", reel="A001R2EC"),
    "drop-frame": shape({"rate": Fraction(30000, 1001)}, timecode="00:59:58;20", reel="-leading dash"),
    "eight-mono-tracks": shape({}, audio=heard(8)),
    "late-sound": shape({}, audio=(replace(STEREO[0], start=Fraction(1, 50)),)),
    "compressed-sound": shape({}, audio=(replace(STEREO[0], codec="aac", sample_rate=44100),)),
    "silent": shape({}, audio=()),
    "full-chroma": shape({"pix_fmt": "yuv444p10le"}),
    "rgb": shape({"pix_fmt": "gbrp", "colour": Colour("pc", "bt709", "iec61966-2-1", "gbr")}),
    "hlg": shape({"pix_fmt": "yuv420p10le", "colour": Colour("tv", "bt2020", "arib-std-b67", "bt2020nc")}),
    "full-range": shape({"pix_fmt": "yuvj420p", "colour": Colour("pc", "bt709", "bt709", "bt709")}),
    "variable-rate": shape(
        {"packets": 214, "shown": 214, "first": Fraction(0), "last": Fraction(10)}, cadence="variable"
    ),
}


class Told:
    """A world in which one source is what the test says, and every output is free."""

    def __init__(self, media: Media) -> None:
        self.one = media

    def media(self, paths: Sequence[str]) -> Sequence[Media]:
        return [replace(self.one, path=path) for path in paths]

    def same_file(self, paths: Sequence[str]) -> Mapping[int, int]:
        return {}

    def folder(self, path: str) -> tuple[str, str]:
        return "to-make", ""

    def now(self) -> str:
        return "2026-02-14T18:30:05Z"

    def place(self, output: str, sources: Sequence[str], folder: str) -> str:
        return "free"


def spec(rulebook: Rulebook, name: str) -> bytes:
    """A spec that declares what a profile makes."""
    profile = rulebook.profiles[name]
    document = {
        "jobspec_version": "2.1",
        "job_id": "golden",
        "sources": ["/media/A001/clip.mov"],
        "output_directory": "/media/proxies",
        "codec": profile["codec"],
        "container": profile["container"],
        "resolution": profile["rasters"][0] if profile.get("rasters") else profile["resolutions"][0],
        "naming_template": "{source_name}_proxy",
        "proxy_profile": name,
    }
    return json.dumps(document).encode()


def described(rulebook: Rulebook, name: str) -> str:
    """What a profile makes of every shape: the remarks, the promise and the argument list, or why it is refused."""
    lines = [f"# {name}: what runs for each shape of source"]
    for title, media in SHAPES.items():
        checked = check(rulebook, spec(rulebook, name), Told(media))
        lines += ["", f"== {title}", *(f"{one.severity}: {one.id}" for one in checked.findings)]
        if checked.verdict.ok:
            (task,) = plan(rulebook, checked, "5.1").tasks
            lines += [f"promise {line}" for line in promise_words(task.expect)]
            lines += task.argv
    return "\n".join(lines) + "\n"


def names() -> list[str]:
    """The shipped ffmpeg profiles."""
    return sorted(path.stem for path in (Path(__file__).parents[1] / "profiles" / "ffmpeg").glob("*.toml"))


@pytest.mark.parametrize("name", names())
def test_every_shape_of_source_gives_exactly_these_arguments(
    name: str, rulebook: Rulebook, request: pytest.FixtureRequest
) -> None:
    golden = GOLDEN / f"{name}.txt"
    told = described(rulebook, name)
    if request.config.getoption("--update"):
        golden.write_text(told, "utf-8")
    assert told == golden.read_text("utf-8")


def test_there_is_no_golden_file_without_a_profile() -> None:
    assert sorted(path.stem for path in GOLDEN.glob("*.txt")) == names()


def test_a_newline_or_a_leading_dash_in_a_name_never_becomes_an_argument(rulebook: Rulebook) -> None:
    document = json.loads(spec(rulebook, "proxy_prores_proxy"))
    media = shape({}, reel="-y\n-i /etc/passwd", timecode="01:00:00:00")
    media = replace(media, audio=(replace(STEREO[0], title="-f\nlavfi", language="\\n{{ 7*7 }}"),))
    world = Told(media)
    document["sources"] = ["/media/-A001 %d [x];'\".mov"]
    checked = check(rulebook, json.dumps(document).encode(), world)
    (task,) = plan(rulebook, checked, "5.1").tasks
    plain = check(rulebook, json.dumps(document).encode(), Told(replace(media, reel="A", audio=STEREO)))
    (other,) = plan(rulebook, plain, "5.1").tasks
    assert "reel_name=-y\n-i /etc/passwd" in task.argv
    assert "title=-f\nlavfi" in task.argv
    assert "language=\\n{{ 7*7 }}" in task.argv
    assert "file:/media/-A001 %d [x];'\".mov" in task.argv
    assert len(task.argv) == len(other.argv) + 4


def test_the_same_plan_is_made_twice(rulebook: Rulebook) -> None:
    checked = [check(rulebook, spec(rulebook, "proxy_dnxhr_lb"), Told(CAMERA)) for _ in range(2)]
    assert plan(rulebook, checked[0], "5.1") == plan(rulebook, checked[1], "5.1")
