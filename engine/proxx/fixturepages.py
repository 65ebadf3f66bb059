"""The page of the fixtures: every word, and what each container, codec and sound of a test clip can hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from proxx.markdown import code, codes, grid, line, page
from proxx.rulebook import Rulebook
from proxx.tablepages import Pages, place


def _abilities(items: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """What each container, codec, sound and layout can hold."""
    homes = [
        [code(f".{name}"), line(data["doc"]), code(data["codec"]), code(data["acodec"]), codes(data["carries"])]
        for name, data in items["fixture-container"].items()
    ]
    pictures = [
        [
            code(name),
            line(data["doc"]),
            codes(data["containers"]),
            codes(one["format"] for one in data["pixels"]),
            codes(data.get("can", ())),
        ]
        for name, data in items["fixture-codec"].items()
    ]
    sounds = [
        [code(name), line(data["doc"]), codes(data["containers"])] for name, data in items["fixture-sound"].items()
    ]
    layouts = [[code(name), line(data["doc"]), str(data["channels"])] for name, data in items["fixture-layout"].items()]
    never = [[code(name), line(data["doc"])] for name, data in items.get("fixture-never", {}).items()]
    return [
        "## Containers",
        grid(["extension", "is", "picture unasked", "sound unasked", "can say"], homes),
        "## Picture codecs",
        grid(["codec", "is", "goes into", "pixel formats", "can also be"], pictures),
        "## Sound codecs",
        grid(["acodec", "is", "goes into"], sounds),
        "## Layouts",
        grid(["layout", "is", "channels"], layouts),
        "## What does not go together",
        grid(["entry", "because"], never),
    ]


def fixture_pages(rulebook: Rulebook) -> Pages:
    """The words of `proxx fixture`."""
    items = rulebook.items
    words = [
        [code(name if "sets" in data else f"{name}={data['example']}"), line(data["doc"])]
        for name, data in items.get("fixture-word", {}).items()
    ]
    if not words:
        return {}
    first = place(rulebook, f"fixture-word/{next(iter(items['fixture-word']))}")
    defaults = [[code(name), code(value)] for name, value in items["fixture-default"].items()]
    return {
        "fixtures.md": page(
            "Fixtures",
            "The words of `proxx fixture`. A raster (`1998x1080`) and a rate (`24000/1001`) may stand alone.",
            grid(["word", "means"], words),
            "## What is not said",
            grid(["setting", "is"], defaults),
            *_abilities(items),
            f"All of this is written in {first}.",
        )
    }
