"""Rasters and pixel aspect ratios of proxies, at the numbers that editors meet."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxx.size import Box, letterbox, pixel_aspect, raster, rounded_aspect, written

SQUARE = Fraction(1)
PAL_WIDE = Fraction(64, 45)

sides = st.integers(2, 16384)
turns = st.sampled_from([0, 90, 180, 270])
aspects = st.builds(Fraction, st.integers(1, 100), st.integers(1, 100))
words = st.sampled_from(["same", "half", "quarter"])


@pytest.mark.parametrize(
    ("width", "height", "resolution", "expected"),
    [
        (1920, 1080, "half", (960, 540)),
        (1920, 1080, "quarter", (480, 270)),
        (1998, 1080, "half", (998, 540)),
        (1366, 768, "half", (682, 384)),
        (1366, 768, "quarter", (340, 192)),
        (854, 480, "half", (426, 240)),
        (720, 486, "half", (360, 242)),
        (1921, 1081, "same", (1920, 1080)),
        (4096, 2160, "1280x720", (1280, 720)),
        (3, 3, "quarter", (2, 2)),
    ],
)
def test_the_raster_is_divided_and_rounded_down_to_even(
    width: int, height: int, resolution: str, expected: tuple[int, int]
) -> None:
    assert raster(width, height, resolution) == expected


def test_a_phone_held_upright_gives_an_upright_raster() -> None:
    assert raster(1920, 1080, "half", rotation=90) == (540, 960)
    assert raster(1920, 1080, "half", rotation=180) == (960, 540)
    assert raster(1920, 1080, "half", rotation=270) == (540, 960)


def test_a_written_raster_is_not_turned() -> None:
    assert raster(1920, 1080, "1280x720", rotation=90) == (1280, 720)


@pytest.mark.parametrize("text", ["", "third", "1280", "1280X720", "1280x", "x720", "12.5x7", "²x2", "-2x2"])
def test_a_resolution_that_is_neither_word_nor_raster_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="a resolution is same, half, quarter or WIDTHxHEIGHT"):
        written(text)


@given(sides, sides, words, turns)
def test_a_named_raster_is_even_and_never_larger_than_its_division(
    width: int, height: int, resolution: str, rotation: int
) -> None:
    wide, high = raster(width, height, resolution, rotation=rotation)
    assert wide % 2 == 0
    assert high % 2 == 0
    assert 2 <= wide <= max(width, height)
    assert 2 <= high <= max(width, height)


@given(sides, sides, aspects, words)
def test_a_named_resolution_keeps_the_pixel_aspect_ratio_exactly(
    width: int, height: int, aspect: Fraction, resolution: str
) -> None:
    assert pixel_aspect(width, height, aspect, resolution) == aspect


def test_a_quarter_turn_lays_the_pixels_on_their_side() -> None:
    assert pixel_aspect(720, 576, PAL_WIDE, "half", rotation=90) == 1 / PAL_WIDE
    assert pixel_aspect(720, 576, PAL_WIDE, "half", rotation=180) == PAL_WIDE


@pytest.mark.parametrize(
    ("width", "height", "aspect", "resolution", "expected"),
    [
        (1920, 1080, SQUARE, "1280x720", SQUARE),
        (1998, 1080, SQUARE, "1920x1080", Fraction(333, 320)),
        (720, 576, PAL_WIDE, "1024x576", SQUARE),
        (1440, 1080, Fraction(4, 3), "960x540", SQUARE),
    ],
)
def test_a_written_raster_keeps_the_display_aspect_ratio(
    width: int, height: int, aspect: Fraction, resolution: str, expected: Fraction
) -> None:
    assert pixel_aspect(width, height, aspect, resolution) == expected


@given(sides, sides, aspects, sides, sides, turns)
def test_a_pixel_aspect_ratio_fits_two_16_bit_numbers_and_is_off_by_less_than_a_pixel(
    width: int, height: int, aspect: Fraction, out_width: int, out_height: int, rotation: int
) -> None:
    made = pixel_aspect(width, height, aspect, f"{out_width}x{out_height}", rotation=rotation)
    assert max(made.numerator, made.denominator) <= 65535
    turned = rotation % 180 == 90
    display = 1 / (aspect * Fraction(width, height)) if turned else aspect * Fraction(width, height)
    exact = display * Fraction(out_height, out_width)
    if Fraction(1, 60) < exact < 60:
        assert abs(made / exact - 1) < Fraction(1, 16384)


def test_matroska_rounds_the_pixel_aspect_ratio_to_a_whole_display_width() -> None:
    assert rounded_aspect(PAL_WIDE, 720) == PAL_WIDE
    assert rounded_aspect(Fraction(16, 11), 360) == Fraction(524, 360)
    assert rounded_aspect(SQUARE, 426) == SQUARE


@pytest.mark.parametrize(
    ("width", "height", "aspect", "rotation", "expected"),
    [
        (1920, 1080, SQUARE, 0, Box(1920, 1080, 0, 0)),
        (3840, 2160, SQUARE, 0, Box(1920, 1080, 0, 0)),
        (4096, 2160, SQUARE, 0, Box(1920, 1012, 0, 34)),
        (720, 576, Fraction(16, 15), 0, Box(1440, 1080, 240, 0)),
        (1920, 1080, SQUARE, 90, Box(608, 1080, 656, 0)),
    ],
)
def test_a_picture_is_letterboxed_with_square_pixels(
    width: int, height: int, aspect: Fraction, rotation: int, expected: Box
) -> None:
    assert letterbox(width, height, aspect, (1920, 1080), rotation=rotation) == expected


@given(sides, sides, aspects, turns)
def test_a_letterboxed_picture_lies_inside_its_frame_on_even_numbers(
    width: int, height: int, aspect: Fraction, rotation: int
) -> None:
    box = letterbox(width, height, aspect, (1920, 1080), rotation=rotation)
    assert all(number % 2 == 0 for number in (box.width, box.height, box.x, box.y))
    assert box.width >= 2
    assert box.height >= 2
    assert box.x + box.width <= 1920
    assert box.y + box.height <= 1080
    assert box.width == 1920 or box.height == 1080
