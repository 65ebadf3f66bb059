"""Chooses the colour tags of a proxy from those of its source and from what the proxy's file can say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from proxx.model import Colour

UNKNOWN = "unknown"
CONVERTED = "bt709"
"""The matrix of every picture whose own one a proxy cannot name: RGB has none, and editing systems assume this one."""

SCALED: Mapping[str, str] = {"bt2020nc": "bt2020"}
"""Where FFmpeg's scaler has another name for a matrix than its tags have."""


@dataclass(frozen=True, slots=True)
class ProxyColour:
    """`written` tags go to the encoder; `convert_to` is the matrix to convert the picture to, "" to leave it alone.

    `promised` is what a reader must show; None when readers differ about it.
    """

    written: Colour
    convert_to: str
    promised: Colour | None


def proxy_colour(
    source: Colour, recipe: Mapping[str, Any], *, colour_range: str, rgb: bool, becomes: str = CONVERTED
) -> ProxyColour:
    """The tags of a proxy. `recipe` is a profile's [colour]; tags that it cannot say become unknown.

    A tag that H.273 defines alike under another name takes that name. The picture itself changes in one case
    only: when its matrix is known and cannot be said, or when it is RGB; then it gets the matrix that it `becomes`.
    """
    primaries = _said(source.primaries, recipe, "primaries")
    transfer = _said(source.transfer, recipe, "transfers")
    matrix = _said(source.matrix, recipe, "matrices")
    convert = rgb or (matrix == UNKNOWN and source.matrix != UNKNOWN)
    written = Colour(colour_range, primaries, transfer, becomes if convert else matrix)
    return ProxyColour(written, SCALED.get(becomes, becomes) if convert else "", _promised(written, recipe))


def loses(source: Colour, recipe: Mapping[str, Any]) -> bool:
    """Whether the proxy says nothing of a tag of the source. A matrix that it cannot say is converted instead."""
    tags = ((source.primaries, "primaries"), (source.transfer, "transfers"))
    return any(tag != UNKNOWN and _said(tag, recipe, kind) == UNKNOWN for tag, kind in tags)


def _said(tag: str, recipe: Mapping[str, Any], kind: str) -> str:
    """The tag as the file can say it, unknown when it cannot."""
    name: str = recipe.get(f"same_{kind}", {}).get(tag, tag)
    return name if name in recipe[kind] else UNKNOWN


def _promised(written: Colour, recipe: Mapping[str, Any]) -> Colour | None:
    """What readers show of the written tags."""
    tags = (written.primaries, written.transfer, written.matrix)
    if recipe["together"] and UNKNOWN in tags and set(tags) != {UNKNOWN}:
        return None
    matrix = recipe["untagged_matrix"] if written.matrix == UNKNOWN else written.matrix
    return Colour(written.range, written.primaries, written.transfer, matrix)
