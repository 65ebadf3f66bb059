"""Whole argument lists: every profile over a set of source shapes, line by line (`pytest --update` rewrites them)."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from proxx.checking import check
from proxx.job import plan
from proxx.model import Media
from proxx.report import promise_words
from proxx.rulebook import Rulebook
from proxx.samples import CAMERA, SHAPES, STEREO, Sample, Told, sample_spec

GOLDEN = Path(__file__).with_name("golden")


def spec(rulebook: Rulebook, name: str, sample: Sample) -> bytes:
    """A spec that declares what a profile makes of a sample."""
    return json.dumps({**sample_spec(rulebook.profiles[name]), **sample.fields}).encode()


def described(rulebook: Rulebook, name: str) -> str:
    """What a profile makes of every shape: the remarks, the promise and the argument list, or why it is refused."""
    lines = [f"# {name}: what runs for each shape of source"]
    for title, sample in SHAPES["ffmpeg"].items():
        checked = check(rulebook, spec(rulebook, name, sample), Told(sample.media))
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
def test_every_shape_of_source_gives_exactly_these_arguments(name: str, rulebook: Rulebook, update: bool) -> None:
    golden = GOLDEN / f"{name}.txt"
    told = described(rulebook, name)
    if update:
        golden.write_text(told, "utf-8")
    assert told == golden.read_text("utf-8")


def test_there_is_no_golden_file_without_a_profile() -> None:
    assert sorted(path.stem for path in GOLDEN.glob("*.txt")) == names()


def arguments(rulebook: Rulebook, source: str, media: Media) -> tuple[str, ...]:
    """The argument list for a source of that name."""
    document = sample_spec(rulebook.profiles["proxy_prores_proxy"], source)
    (task,) = plan(rulebook, check(rulebook, json.dumps(document).encode(), Told(media)), "5.1").tasks
    return task.argv


def test_a_newline_or_a_leading_dash_in_a_name_never_becomes_an_argument(rulebook: Rulebook) -> None:
    source = "/media/-A001 %d [x];'\".mov"
    hostile = (replace(STEREO[0], title="-f\nlavfi", language="\\n{{ 7*7 }}"),)
    media = replace(CAMERA, reel="-y\n-i /etc/passwd", timecode="01:00:00:00", audio=hostile)
    argv = arguments(rulebook, source, media)
    plain = arguments(rulebook, source, replace(media, reel="A", audio=STEREO))
    assert "reel_name=-y\n-i /etc/passwd" in argv
    assert "title=-f\nlavfi" in argv
    assert not any("7*7" in word for word in argv)  # no language of QuickTime
    assert f"file:{source}" in argv
    assert len(argv) == len(plain) + 2


def test_the_same_plan_is_made_twice(rulebook: Rulebook) -> None:
    text = spec(rulebook, "proxy_dnxhr_lb", Sample(CAMERA))
    one, other = (plan(rulebook, check(rulebook, text, Told(CAMERA)), "5.1") for _ in range(2))
    assert one == other
