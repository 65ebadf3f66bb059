"""What DaVinci Resolve is told of a clip, for people: what it needs, every setting, and what is bound later."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

MODES = {1: "a single clip"}


def settings_words(settings: Mapping[str, Any]) -> Iterator[str]:
    """The settings of a plan's task, a line for each; values are written as JSON."""
    needs, render = settings["requires"], settings["render"]
    many = len(needs["methods"])
    yield f"requires DaVinci Resolve {needs['edition']} {needs['version']} or newer, {many} methods of its interface"
    yield "project"
    yield from _each(settings["project"])
    yield f"timeline begins at {settings['timeline']['start_timecode']}"
    yield from _each(settings["timeline"]["settings"])
    preset = f", over the preset {json.dumps(render['preset'], ensure_ascii=False)}" if render["preset"] else ""
    yield f"render {render['codec']} in {render['format']}, {MODES[render['mode']]}{preset}"
    yield from _each(render["settings"])
    yield f"bound after the import: {', '.join(settings['late'])}"
    yield f"taken away afterwards: {', '.join(settings['cleanup'])}"


def _each(values: Mapping[str, Any]) -> Iterator[str]:
    for key, value in values.items():
        yield f"  {key} = {json.dumps(value, ensure_ascii=False)}"
