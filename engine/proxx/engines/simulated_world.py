"""What the simulated Resolve stands on: its state, its traps, and objects that are as unhelpful as the real ones.

This text is read by every Python from 3.6 on, without proxx around it.
"""

import copy
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Set

from proxx.engines.resolve_contract import numbers
from proxx.engines.simulated_traps import known_trap

FOREIGN = "Somebody's film"
UNTITLED = "Untitled Project"
ONE_HOUR = "01:00:00:00"

PROJECT: Dict[str, Any] = {
    "settings": {
        "timelineFrameRate": "24",
        "perfProxyMediaMode": "1",
        "perfOptimisedMediaOn": "1",
        "perfRenderCacheMode": "user",
    },
    "folders": {"Master": []},
    "folder": "Master",
    "timelines": {},
    "timeline": None,
    "format": "mov",
    "codec": "H264",
    "mode": 0,
    "render": {
        "SelectAllFrames": True,
        "ExportVideo": True,
        "ExportAudio": True,
        "FormatWidth": 1280,
        "FormatHeight": 720,
    },
    "jobs": [],
    "dirty": False,
}
"""A new project, with the settings that a user's own would have: none of them fits."""

STICKY: Dict[str, Any] = {
    "SelectAllFrames": False, "MarkIn": 0, "MarkOut": 1, "ExportAudio": False, "FormatWidth": 640, "FormatHeight": 360,
    "FrameRate": 12.0, "AudioSampleRate": 44100, "AudioBitDepth": 16, "ExportAlpha": True,
    "TimelineStartTimecode": "09:00:00:00",
}  # fmt: skip
"""What the trap preset-sticks leaves in every key that nobody sets."""


def foreign_job(number: int) -> Dict[str, Any]:
    """A render job of somebody else."""
    return {"JobId": "theirs-%d" % number, "TargetDir": "/theirs", "status": "Ready", "percent": 0, "error": ""}


def new_state(traps: Sequence[str]) -> Dict[str, Any]:
    """A Resolve in which somebody has a project open, with jobs in its queue."""
    theirs = copy.deepcopy(PROJECT)
    theirs["jobs"] = [foreign_job(1), foreign_job(2)]
    theirs["dirty"] = "dirty" in traps
    state: Dict[str, Any] = {"open": FOREIGN, "projects": {FOREIGN: theirs}, "rendering": None, "jobs": 0}
    if "untitled" in traps:
        state["open"] = UNTITLED
        state["projects"][UNTITLED] = copy.deepcopy(PROJECT)
    if "busy" in traps:
        state["rendering"] = {"project": FOREIGN, "job": "theirs-1"}
        theirs["jobs"][0]["status"] = "Rendering"
    return state


class World:
    """One simulated Resolve. `clips` are the properties of the files that it can import, by their paths.

    `render` starts a render; `save` keeps the state after every call; `hang` never comes back, and `kill` ends us.
    """

    def __init__(
        self,
        contract: Mapping[str, Any],
        traps: Sequence[str],
        clips: Mapping[str, Mapping[str, Any]],
        render: Callable[[Dict[str, Any]], Any],
        hang: Callable[[], None],
        kill: Callable[[], None],
        state: Optional[Dict[str, Any]] = None,
        save: Callable[[Dict[str, Any]], None] = lambda state: None,
    ) -> None:
        unknown = [one for one in traps if not known_trap(one)]
        if unknown:
            raise ValueError("no such trap: %s" % unknown[0])
        self.contract, self.clips, self.render = contract, clips, render
        self.hang, self.kill, self.save = hang, kill, save
        self.traps = {one.partition(":")[0]: one.partition(":")[2] for one in traps}
        self.state = state if state is not None else new_state(traps)
        self.version = "18.6.6.0007" if "old" in self.traps else "20.3.1.0006"
        self.calls: List[str] = []
        self.blocked = False
        self.handle: Any = None
        self.once: Set[str] = set()
        if state is None:
            self.save(self.state)

    def has(self, trap: str) -> bool:
        """Whether a trap is set."""
        return trap in self.traps

    def enter(self, call: str) -> None:
        """A call has come in."""
        self.calls.append(call)
        if self.traps.get("hang") == call:
            self.hang()
        if self.traps.get("kill") == str(len(self.calls)):
            self.kill()

    def free_call(self, call: str) -> None:
        """A call that only Studio knows: the free edition shows a dialog and answers nothing more."""
        if self.has("free"):
            self.blocked = True

    def project(self, name: str) -> Dict[str, Any]:
        """The state of a project."""
        found: Dict[str, Any] = self.state["projects"][name]
        return found

    def methods(self, name: str) -> List[str]:
        """What dir() tells of a class in this version."""
        known = self.contract["classes"].get(name, {"methods": {}})["methods"]
        return [key for key, method in known.items() if numbers(method["since"]) <= numbers(self.version)]


class Thing:
    """An object of the simulated Resolve: every attribute seems to be there, and what is not a method answers None."""

    def __init__(self, world: World) -> None:
        self.world = world

    def __dir__(self) -> List[str]:
        return self.world.methods(type(self).__name__)

    def __getattribute__(self, name: str) -> Any:
        if not name[:1].isupper():
            return object.__getattribute__(self, name)
        world, method, owner = self.world, getattr(type(self), name, None), type(self).__name__

        def call(*arguments: Any) -> Any:
            world.enter("%s.%s" % (owner, name))
            answer = None if world.blocked or method is None else method(self, *arguments)
            world.save(world.state)
            return answer

        return call
