"""A Resolve that is none: it keeps state, expects the worst, and renders real files. Only tests and --simulate use it.

This text is read by every Python from 3.6 on, without proxx around it.
"""

import copy
from typing import Any, Dict, List, Optional

from proxx.engines.simulated_media import MediaPool, Timeline
from proxx.engines.simulated_queue import RenderQueue
from proxx.engines.simulated_world import PROJECT, STICKY, UNTITLED, Thing, World

FORMATS = {
    "QuickTime": "mov", "MP4": "mp4", "MXF OP-Atom": "mxf", "MXF OP1A": "mxf_op1a", "MKV": "mkv",
}  # fmt: skip
PRORES = {
    "Apple ProRes 422 Proxy": "ProRes422P", "Apple ProRes 422 LT": "ProRes422LT", "Apple ProRes 422": "ProRes422",
    "Apple ProRes 422 HQ": "ProRes422HQ", "Apple ProRes 4444": "ProRes4444", "Apple ProRes 4444 XQ": "ProRes4444XQ",
}  # fmt: skip
DNX = {
    "DNxHR LB": "DNxHRLB", "DNxHR SQ": "DNxHRSQ", "DNxHR HQ": "DNxHRHQ", "DNxHR HQX 10-bit": "DNxHRHQX_10",
    "DNxHR HQX 12-bit": "DNxHRHQX_12", "DNxHR 444 10-bit": "DNxHR444_10", "DNxHR 444 12-bit": "DNxHR444_12",
    "DNxHD 1080p 36/45 8-bit": "DNxHD1080p36",
}  # fmt: skip
H26 = {"H.264": "H264", "H.265": "H265"}
CODECS = {
    "mov": dict(PRORES, **dict(DNX, **H26)), "mp4": H26, "mkv": H26, "mxf": DNX, "mxf_op1a": DNX,
}  # fmt: skip


def scriptapp(world: World) -> "Optional[Resolve]":
    """What a script is given of the simulated Resolve."""
    return None if world.has("not-running") else Resolve(world)


class Resolve(Thing):
    """The running application."""

    SIMULATED = True
    """By this those who write down what was rendered tell it from a real one; the driver never looks."""

    def GetProductName(self) -> str:
        return "DaVinci Resolve" if self.world.has("free") else "DaVinci Resolve Studio"

    def GetVersionString(self) -> str:
        return self.world.version

    def GetVersion(self) -> List[Any]:
        return [*[int(part) for part in self.world.version.split(".")], ""]

    def GetCurrentPage(self) -> str:
        return "edit"

    def OpenPage(self, page: str) -> bool:
        return page in ("media", "cut", "edit", "fusion", "color", "fairlight", "deliver")

    def GetProjectManager(self) -> "Optional[ProjectManager]":
        self.world.free_call("Resolve.GetProjectManager")
        return None if self.world.has("no-manager") or self.world.blocked else ProjectManager(self.world)


class ProjectManager(Thing):
    """The projects of the open database."""

    def GetCurrentDatabase(self) -> Optional[Dict[str, str]]:
        return None if self.world.has("database") else {"DbType": "Disk", "DbName": "Local Database"}

    def GetDatabaseList(self) -> List[Dict[str, str]]:
        return [{"DbType": "Disk", "DbName": "Local Database"}]

    def GetProjectListInCurrentFolder(self) -> List[str]:
        return sorted(self.world.state["projects"])

    def GetCurrentProject(self) -> "Optional[Project]":
        name = self.world.state["open"]
        return Project(self.world, name) if name in self.world.state["projects"] else None

    def CreateProject(self, name: str) -> "Optional[Project]":
        state = self.world.state
        if self.world.has("name-taken") or name in state["projects"] or not self._may_leave():
            return None
        state["projects"][name] = copy.deepcopy(PROJECT)
        if self.world.has("preset-sticks"):
            state["projects"][name]["render"].update(STICKY)
        if not self.world.has("other-project"):
            self._open(name)
        return Project(self.world, name)

    def LoadProject(self, name: str) -> "Optional[Project]":
        if name not in self.world.state["projects"] or name == UNTITLED or not self._may_leave():
            return None
        self._open(name)
        return Project(self.world, name)

    def _may_leave(self) -> bool:
        """A project with changes that are not saved is not left."""
        current = self.world.state["projects"].get(self.world.state["open"])
        return current is None or not current["dirty"]

    def _open(self, name: str) -> None:
        if self.world.state["open"] == UNTITLED:
            self.world.state["projects"].pop(UNTITLED, None)
        self.world.state["open"] = name

    def SaveProject(self) -> bool:
        if self.world.state["open"] == UNTITLED:
            self.world.hang()  # it asks for a name, and nobody is there
        self.world.project(self.world.state["open"])["dirty"] = False
        return True

    def CloseProject(self, project: "Project") -> bool:
        if self.world.project(project.name)["dirty"]:
            return False  # it would ask whether to save
        self.world.state["projects"][UNTITLED] = copy.deepcopy(PROJECT)
        self.world.state["open"] = UNTITLED
        return True

    def DeleteProject(self, name: str) -> bool:
        if self.world.has("delete-refused") or name == self.world.state["open"]:
            return False
        return self.world.state["projects"].pop(name, None) is not None


class Project(RenderQueue):
    """One project: its settings, its media and its render queue."""

    def __init__(self, world: World, name: str) -> None:
        super().__init__(world, name, name)

    def GetName(self) -> str:
        return self.name

    def GetSetting(self, name: str) -> str:
        return str(self.its["settings"].get(name, ""))

    def SetSetting(self, name: str, value: str) -> bool:
        self.its["dirty"] = True
        if name == "timelineFrameRate":
            if self.its["timelines"] or self.world.has("rate-fixed"):
                return False
            value = "24" if self.world.has("mixed-rates") else value
        if name not in self.world.contract.get("project_settings", {name: {}}):
            return False
        if not (self.world.has("setting-ignored") and name == "timelineResolutionHeight"):
            self.its["settings"][name] = value
        return True

    def GetMediaPool(self) -> Optional[MediaPool]:
        return None if self.world.has("no-pool") else MediaPool(self.world, self.name)

    def GetTimelineCount(self) -> int:
        return len(self.its["timelines"])

    def GetCurrentTimeline(self) -> Optional[Timeline]:
        name = self.its["timeline"]
        return Timeline(self.world, self.name, name) if name is not None else None

    def SetCurrentTimeline(self, timeline: Timeline) -> bool:
        if self.world.has("timeline-unset"):
            return False
        self.its["timeline"] = None if self.world.has("timeline-stays") else timeline.name
        return True

    def GetRenderFormats(self) -> Dict[str, str]:
        return dict(FORMATS)

    def GetRenderCodecs(self, format: str) -> Dict[str, str]:
        if self.world.has("format-unknown"):
            return {"H.264": "H264"}
        return dict(CODECS.get(format, {}))

    def GetCurrentRenderFormatAndCodec(self) -> Dict[str, str]:
        return {"format": self.its["format"], "codec": self.its["codec"]}

    def SetCurrentRenderFormatAndCodec(self, format: str, codec: str) -> bool:
        if self.world.has("format-refused") or codec not in CODECS.get(format, {}).values():
            return False
        if not self.world.has("format-ignored"):
            self.its.update(format=format, codec=codec, dirty=True)
        return True

    def GetCurrentRenderMode(self) -> int:
        return int(self.its["mode"])

    def SetCurrentRenderMode(self, mode: int) -> bool:
        if self.world.has("mode-refused") or mode not in (0, 1):
            return False
        self.its["mode"] = mode
        return True

    def GetRenderPresetList(self) -> List[str]:
        return ["H.264 Master", "proxx"]

    def LoadRenderPreset(self, name: str) -> bool:
        if self.world.has("preset-refused") or name not in ("H.264 Master", "proxx"):
            return False
        self.its["render"].update(STICKY)
        return True
