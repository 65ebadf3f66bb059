"""The colour tags of proxies: kept, renamed, dropped, or reached by converting the picture."""

from __future__ import annotations

from typing import Any

import pytest

from proxx.colour import proxy_colour
from proxx.model import Colour

EVERY = ["bt709", "bt470bg", "smpte170m", "fcc"]
PLAIN: dict[str, Any] = {
    "primaries": EVERY,
    "transfers": EVERY,
    "matrices": EVERY,
    "together": False,
    "untagged_matrix": "unknown",
}
NARROW: dict[str, Any] = {
    "primaries": ["bt709", "smpte170m"],
    "transfers": ["bt709"],
    "matrices": ["bt709", "smpte170m"],
    "same_transfers": {"smpte170m": "bt709"},
    "same_matrices": {"bt470bg": "smpte170m"},
    "together": True,
    "untagged_matrix": "unknown",
}
HD = Colour("tv", "bt709", "bt709", "bt709")


@pytest.mark.parametrize("recipe", [PLAIN, NARROW])
def test_tags_that_the_file_can_say_are_kept_and_promised(recipe: dict[str, Any]) -> None:
    made = proxy_colour(HD, recipe, colour_range="tv", rgb=False)
    assert made.written == HD
    assert made.promised == HD
    assert made.convert_to == ""


def test_a_full_range_source_gets_the_range_of_the_proxy() -> None:
    source = Colour("pc", "bt709", "bt709", "bt709")
    assert proxy_colour(source, PLAIN, colour_range="tv", rgb=False).written == HD


def test_a_tag_that_is_another_ones_twin_takes_its_name_and_the_picture_stays() -> None:
    source = Colour("tv", "smpte170m", "smpte170m", "bt470bg")
    made = proxy_colour(source, NARROW, colour_range="tv", rgb=False)
    assert made.written == Colour("tv", "smpte170m", "bt709", "smpte170m")
    assert made.convert_to == ""


def test_a_tag_that_the_file_cannot_say_becomes_unknown() -> None:
    source = Colour("tv", "film", "log100", "bt709")
    made = proxy_colour(source, PLAIN, colour_range="tv", rgb=False)
    assert made.written == Colour("tv", "unknown", "unknown", "bt709")


def test_a_matrix_that_the_file_cannot_say_is_reached_by_conversion() -> None:
    source = Colour("tv", "bt709", "bt709", "fcc")
    made = proxy_colour(source, NARROW, colour_range="tv", rgb=False)
    assert made.convert_to == "bt709"
    assert made.written == HD


def test_an_rgb_picture_is_converted_whatever_its_tags_say() -> None:
    for matrix in ("gbr", "unknown", "bt709"):
        made = proxy_colour(Colour("pc", matrix=matrix), PLAIN, colour_range="tv", rgb=True)
        assert made.convert_to == "bt709"
        assert made.written.matrix == "bt709"


def test_an_untagged_picture_is_left_alone() -> None:
    made = proxy_colour(Colour(), NARROW, colour_range="tv", rgb=False)
    assert made.convert_to == ""
    assert made.written == Colour("tv")
    assert made.promised == Colour("tv")


def test_nothing_is_promised_of_three_tags_that_stand_together_when_one_is_missing() -> None:
    source = Colour("tv", "bt709", "unknown", "bt709")
    assert proxy_colour(source, NARROW, colour_range="tv", rgb=False).promised is None
    assert proxy_colour(source, PLAIN, colour_range="tv", rgb=False).promised == source


def test_a_codec_whose_untagged_files_read_as_bt709_promises_that() -> None:
    recipe = {**PLAIN, "untagged_matrix": "bt709"}
    made = proxy_colour(Colour(), recipe, colour_range="tv", rgb=False)
    assert made.written.matrix == "unknown"
    assert made.promised == Colour("tv", matrix="bt709")
