"""How code values are spread over another range where FFmpeg's scaler would miss black or white: deeper than 8 bits.

The scaler counts every depth in steps of eight bits, so that the top of the full range is 255 * 4 = 1020 in ten bits.
A full-range white (1023) became 943 instead of 940. FFmpeg 9.0 takes 1023 for the top, but still makes 1020 of eight
bits: their white became 937. Such pictures are therefore spread by tables of values, exactly, whatever the version:
ITU-T H.273 defines black, white and the neutral colour of both ranges for every depth.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from proxx.clip import range_of
from proxx.model import Media
from proxx.pixels import bit_depth, is_rgb

Scale = Mapping[str, int] | None
"""`top` is the highest code value, `unit` what one step of eight bits is worth; None where nothing is to be done."""


def spread(media: Media, made: str, made_range: str, look: str) -> dict[str, Any]:
    """What is done to a source's code values on the way to a proxy of the pixel format `made`, in the template's words.

    `narrow` spreads luma and chroma of the full range over the limited one, before the picture is scaled; `rgb` lowers
    the white of red, green and blue to what the scaler takes for it; `deepened` narrows what the scaler has made of
    eight bits; `widen` spreads the finished picture over the full range. `scaled` is the range that the scaler is to
    make, `stretch` whether white has to be raised before a LUT.
    """
    pix_fmt = media.video.pix_fmt or "" if media.video else ""
    depth, full, rgb = bit_depth(pix_fmt), range_of(media) == "full", is_rgb(pix_fmt)
    widens = made_range == "pc" and max(depth, bit_depth(made)) > 8
    narrows = full and not rgb and depth > 8 and (made_range == "tv" or widens)
    mapped = look == "tonemap"  # zscale knows both ranges
    unit = 2 ** (bit_depth(made) - 8)
    deepens = full and not rgb and depth <= 8 and unit > 1 and look == "keep"
    return {
        "narrow": _scale(depth) if narrows and not mapped else None,
        "rgb": _scale(depth) if rgb and depth > 8 and look == "keep" else None,
        "deepened": {"top": 255 * unit, "unit": unit} if deepens else None,
        "widen": _scale(bit_depth(made)) if widens else None,
        "scaled": "pc" if deepens else "tv" if widens else made_range,
        "stretch": look == "lut" and not rgb and (narrows or not full),
    }


def _scale(depth: int) -> Scale:
    return {"top": 2**depth - 1, "unit": 2 ** (depth - 8)}
