"""The page of FFmpeg's generations: what each does otherwise than others, and which options it has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from proxx.markdown import code, grid, line, page
from proxx.rulebook import Rulebook
from proxx.tablepages import Pages, place


def generation_pages(rulebook: Rulebook) -> Pages:
    """Since when and until when FFmpeg has an option, or a habit that rules or templates ask for."""
    options, habits = (rulebook.items.get(kind, {}) for kind in ("ffmpeg-option", "ffmpeg-habit"))
    if not options and not habits:
        return {}
    parts = ["Versions from `since` on, up to and without `until`. A build without a number counts as the newest."]
    if options:
        rows = [
            [code(f"-{name}"), *_times(data), line(data["doc"]), code(data["instead"]) if "instead" in data else ""]
            for name, data in options.items()
        ]
        parts += [
            "## Options",
            "A plan whose argument list has an option that the FFmpeg at hand lacks is refused before anything runs.",
            grid(["option", "since", "until", "does", "instead"], rows),
        ]
    if habits:
        rows = [[code(name), *_times(data), line(data["doc"])] for name, data in habits.items()]
        parts += [
            "## Habits",
            'A template asks for one with `tool.does["NAME"]`, which is yes or no.',
            grid(["habit", "since", "until", "does"], rows),
        ]
    known = [[code(name), line(data["source"])] for name, data in {**options, **habits}.items()]
    first = f"ffmpeg-option/{next(iter(options))}" if options else f"ffmpeg-habit/{next(iter(habits))}"
    parts += ["## How it is known", grid(["entry", "source"], known), f"Written in {place(rulebook, first)}."]
    return {"generations.md": page("FFmpeg's generations", *parts)}


def _times(data: Mapping[str, Any]) -> list[str]:
    return [data.get("since", ""), data.get("until", "")]
