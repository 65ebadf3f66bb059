"""A driver of Resolve and a simulated Resolve in one process, without any encoding: what tests of the driver share."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from proxx.engines.resolve_contract import wrap
from proxx.engines.resolve_core import Driver, drive
from proxx.engines.resolve_values import Trouble
from proxx.engines.simulated import scriptapp
from proxx.engines.simulated_world import FOREIGN, World

CONTRACT = Path(__file__).parent.parent / "schema" / "resolve-api.json"

KEYS = {
    "SelectAllFrames": "bool",
    "MarkIn": "int",
    "MarkOut": "int",
    "TargetDir": "str",
    "CustomName": "str",
    "ExportVideo": "bool",
    "ExportAudio": "bool",
    "ExportAlpha": "bool",
    "FormatWidth": "int",
    "FormatHeight": "int",
    "FrameRate": "float",
    "AudioCodec": "str",
    "AudioBitDepth": "int",
    "AudioSampleRate": "int",
    "TimelineStartTimecode": "str",
}


@cache
def _contract() -> dict[str, Any]:
    document = json.loads(CONTRACT.read_text("utf-8"))
    return {**document, "render_settings": {key: {"type": kind, "since": "16.2"} for key, kind in KEYS.items()}}


def contract() -> dict[str, Any]:
    """The contract as the driver's process gets it; a copy."""
    return copy.deepcopy(_contract())


SETTINGS: Mapping[str, Any] = {
    "requires": {
        "edition": "Studio",
        "version": "19.1.4",
        "methods": ["MediaPool.ImportMedia", "Project.AddRenderJob"],
    },
    "project": {
        "timelineFrameRate": "@clip.FPS",
        "timelineDropFrameTimecode": "@clip.DropFrame",
        "timelineResolutionWidth": "@clip.Width",
        "timelineResolutionHeight": "@clip.Height",
        "perfProxyMediaMode": "0",
        "perfOptimisedMediaOn": "0",
        "perfRenderCacheMode": "none",
    },
    "timeline": {"settings": {"useCustomSettings": "0"}, "start_timecode": "@clip.StartTC"},
    "render": {
        "format": "mov",
        "codec": "ProRes422P",
        "mode": 1,
        "preset": None,
        "settings": {
            "SelectAllFrames": True,
            "TargetDir": "/out/.proxx/render/a.mov",
            "CustomName": "a",
            "ExportVideo": True,
            "ExportAudio": True,
            "ExportAlpha": False,
            "FormatWidth": "@clip.Width/2",
            "FormatHeight": "@clip.Height/2",
            "FrameRate": "@clip.FPS",
            "AudioCodec": "lpcm",
            "AudioBitDepth": 24,
            "AudioSampleRate": 48000,
            "TimelineStartTimecode": "@clip.StartTC",
        },
    },
}

CLIP = {
    "FPS": "23.976",
    "Resolution": "4096x2160",
    "Start TC": "10:00:00:00",
    "Frames": "48",
    "Audio Ch": "4",
    "Reel Name": "A001R2EC",
    "Video Codec": "Blackmagic RAW",
}


class Instant:
    """A render that is half done at the first look and complete at the second; it makes no file."""

    def __init__(self, spec: dict[str, Any]) -> None:
        self.spec, self.looks, self.stopped = spec, 0, False

    def look(self) -> tuple[str, int, str]:
        self.looks += 1
        return ("Rendering", 50, "") if self.looks < 4 else ("Complete", 100, "")

    def stop(self) -> None:
        self.stopped = True


class Hung(Exception):
    """Stands for a call that never comes back."""


@dataclass
class Bench:
    """A job of some clips, the Resolve in front of it, and all that happened."""

    traps: Sequence[str] = ()
    properties: Sequence[Mapping[str, str]] = (CLIP, {**CLIP, "FPS": "25", "Start TC": "11:00:00:00"}, CLIP)
    settings: Mapping[str, Any] = field(default_factory=lambda: copy.deepcopy(SETTINGS))
    leftovers: Sequence[str] = ()
    open_before: str | None = None
    state: dict[str, Any] | None = None
    contract: dict[str, Any] = field(default_factory=contract)
    events: list[dict[str, Any]] = field(default_factory=list)
    renders: list[Instant] = field(default_factory=list)
    done: dict[int, Any] = field(default_factory=dict)
    sizes: int = 0

    def __post_init__(self) -> None:
        paths = [f"/card/{number}.braw" for number in range(len(self.properties))]
        self.clips = [{"index": number, "source": path, "settings": self.settings} for number, path in enumerate(paths)]
        clips = dict(zip(paths, self.properties, strict=True))
        self.world = World(self.contract, self.traps, clips, self._render, self._hang, self._hang, self.state)
        self.before = copy.deepcopy(self.world.state["projects"][FOREIGN])

    def _render(self, spec: dict[str, Any]) -> Instant:
        self.renders.append(Instant(spec))
        return self.renders[-1]

    def _hang(self) -> None:
        raise Hung

    def driver(self) -> Driver:
        """A driver that is connected. Raises Trouble."""
        app = scriptapp(self.world)
        job = {
            "job": "job",
            "token": "0a1b2c3d",
            "leftovers": list(self.leftovers),
            "before": self.open_before,
            "requires": self.settings["requires"],
            "poll_seconds": 0.5,
            "silent_polls": 4,
        }
        wrapped = wrap(app, self.contract, self.events.append) if app is not None else None
        return Driver(wrapped, job, self.events.append, lambda seconds: None, lambda folder: self.sizes)

    def drive(self) -> Bench:
        """Do the whole job; itself."""
        drive(self.driver(), self.clips, lambda clip, what: self.done.update({clip["index"]: what}))
        return self

    @property
    def troubles(self) -> list[Trouble]:
        """Why clips were not made."""
        return [one for _, one in sorted(self.done.items()) if isinstance(one, Trouble)]

    @property
    def specs(self) -> list[dict[str, Any]]:
        """What was rendered."""
        return [one.spec for one in self.renders]

    def told(self, event: str) -> list[dict[str, Any]]:
        """The events of a kind."""
        return [one for one in self.events if one["event"] == event]

    def calls(self, name: str) -> list[list[Any]]:
        """The arguments of every call of a method."""
        return [one["arguments"] for one in self.told("call") if one["call"] == name]

    def foreign_is_untouched(self) -> bool:
        """Whether somebody else's project, and his jobs, are as they were."""
        return bool(json.dumps(self.world.state["projects"][FOREIGN]) == json.dumps(self.before))
