"""The media of the simulated Resolve: folders, clips and timelines, with their quirks.

This text is read by every Python from 3.6 on, without proxx around it.
"""

from typing import Any, Dict, List, Optional, Sequence

from proxx.engines.simulated_world import ONE_HOUR, Thing, World


class Inside(Thing):
    """Something in a project."""

    def __init__(self, world: World, project: str, name: str = "") -> None:
        super().__init__(world)
        self.owner, self.name = project, name

    @property
    def its(self) -> Dict[str, Any]:
        """The state of the project."""
        return self.world.project(self.owner)


class Folder(Inside):
    """A folder of the media pool."""

    def GetName(self) -> str:
        return self.name

    def GetClipList(self) -> "List[MediaPoolItem]":
        return [MediaPoolItem(self.world, self.owner, path) for path in self.its["folders"][self.name]]

    def GetSubFolderList(self) -> "List[Folder]":
        names = [name for name in self.its["folders"] if name != "Master"] if self.name == "Master" else []
        return [Folder(self.world, self.owner, name) for name in names]


class MediaPoolItem(Inside):
    """A clip in the media pool, whose name is its path."""

    def GetName(self) -> str:
        return self.name.rpartition("/")[2]

    def GetClipProperty(self, name: str) -> str:
        if name == "Start TC" and self.world.has("no-start"):
            return ""
        if name in ("File Path", "File Name"):
            return self.name if name == "File Path" else self.name.rpartition("/")[2]
        return str(self.world.clips[self.name].get(name, ""))

    def LinkProxyMedia(self, path: str) -> bool:
        self.its.setdefault("proxies", {})[self.name] = path
        return True


class MediaPool(Inside):
    """The media of a project, in folders."""

    def GetRootFolder(self) -> Folder:
        return Folder(self.world, self.owner, "Master")

    def AddSubFolder(self, folder: Folder, name: str) -> Optional[Folder]:
        if name in self.its["folders"] or self.world.has("no-folder"):
            return None
        self.its["folders"][name] = []
        self.its["dirty"] = True
        return Folder(self.world, self.owner, name)

    def GetCurrentFolder(self) -> Folder:
        return Folder(self.world, self.owner, self.its["folder"])

    def SetCurrentFolder(self, folder: Folder) -> bool:
        if self.world.has("folder-refused"):
            return False
        self.its["folder"] = "Master" if self.world.has("folder-stays") else folder.name
        return True

    def ImportMedia(self, items: Sequence[str]) -> List[MediaPoolItem]:
        if self.world.has("import-empty") or any(path not in self.world.clips for path in items):
            return []
        self.its["folders"][self.its["folder"]] += list(items)
        self.its["dirty"] = True
        found = [MediaPoolItem(self.world, self.owner, path) for path in items]
        return found * 2 if self.world.has("import-many") else found

    def CreateTimelineFromClips(self, name: str, clips: Sequence[MediaPoolItem]) -> "Optional[Timeline]":
        here = self.its["folders"][self.its["folder"]]
        if (
            self.world.has("timeline-none")
            or name in self.its["timelines"]
            or any(one.name not in here for one in clips)
        ):
            return None
        settings = dict(self.its["settings"])
        if self.world.has("timeline-rate"):
            settings["timelineFrameRate"] = "12"
        self.its["timelines"][name] = {"clip": clips[0].name, "start": ONE_HOUR, "settings": settings}
        self.its["dirty"] = True
        return Timeline(self.world, self.owner, name)


class Timeline(Inside):
    """A timeline of one clip."""

    @property
    def mine(self) -> Dict[str, Any]:
        """The state of the timeline."""
        found: Dict[str, Any] = self.its["timelines"][self.name]
        return found

    def GetName(self) -> str:
        return self.name

    def GetSetting(self, name: str) -> str:
        return str(self.mine["settings"].get(name, ""))

    def SetSetting(self, name: str, value: str) -> bool:
        self.mine["settings"][name] = value
        return True

    def GetStartTimecode(self) -> str:
        return str(self.mine["start"])

    def SetStartTimecode(self, timecode: str) -> bool:
        drops = self.its["settings"].get("timelineDropFrameTimecode") == "1"
        if self.world.has("timecode-refused") or (";" in timecode) != drops:
            return False
        if not self.world.has("one-hour"):
            self.mine["start"] = timecode
        return True
