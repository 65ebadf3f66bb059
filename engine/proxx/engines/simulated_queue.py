"""The render queue of the simulated Resolve: what is set stays, what is unknown vanishes, and files are really made.

This text is read by every Python from 3.6 on, without proxx around it.
"""

from typing import Any, Dict, List, Sequence

from proxx.engines.simulated_media import Inside

LAYERED = ("FormatWidth", "FormatHeight")
EXTENSIONS = {"mov": "mov", "mp4": "mp4", "mkv": "mkv", "mxf": "mxf", "mxf_op1a": "mxf"}


class RenderQueue(Inside):
    """The half of a project that renders."""

    def SetRenderSettings(self, settings: Dict[str, Any]) -> bool:
        one = self.world.has("render-setting") and "AudioSampleRate" in settings
        if one or (self.world.has("render-together") and len(settings) > 1):
            return False
        for key, value in settings.items():
            known = key in self.world.contract["render_settings"]
            if known and not (self.world.has("key-ignored") and key in LAYERED):
                self.its["render"][key] = value
        return True

    def AddRenderJob(self) -> Any:
        world, timeline = self.world, self.its["timeline"]
        if world.has("job-none"):
            return None
        first = "job" not in world.once
        world.once.add("job")
        if world.has("job-empty") or (world.has("job-once") and first) or timeline is None:
            return ""
        world.state["jobs"] += 1
        job = "job-%d" % world.state["jobs"]
        if not world.has("job-lost"):
            self.its["jobs"].append(self._job(job, self.its["timelines"][timeline]))
        return job

    def _job(self, job: str, timeline: Dict[str, Any]) -> Dict[str, Any]:
        """A job with everything that decides its file, as it is set at this moment."""
        set_, settings, clip = self.its["render"], timeline["settings"], self.world.clips[timeline["clip"]]
        rate, own = float(settings["timelineFrameRate"]), float(clip["FPS"])
        frames = int(clip["Frames"]) - (1 if rate != own or self.world.has("short") else 0)
        if not set_["SelectAllFrames"]:
            frames = min(frames, set_["MarkOut"] - set_["MarkIn"] + 1)
        two = self.world.has("two-channels")
        channels = int(clip.get("Audio Ch") or 0) if set_["ExportAudio"] else 0
        code = "H264" if self.world.has("old-codec") else self.its["codec"]
        place = "/elsewhere" if self.world.has("job-elsewhere") else set_.get("TargetDir", "")
        spec = {
            "source": timeline["clip"],
            "format": self.its["format"],
            "codec": code,
            "width": set_["FormatWidth"],
            "height": set_["FormatHeight"],
            "rate": set_.get("FrameRate", rate),
            "frames": frames,
            "start": timeline["start"],
            "reel": "" if self.world.has("reel-dropped") else str(clip.get("Reel Name", "")),
            "channels": min(channels, 2) if two else channels,
            "bits": set_.get("AudioBitDepth", 16),
            "sample_rate": set_.get("AudioSampleRate", 44100),
            "from": self._from(),
            "mode": self.its["mode"],
            "folder": place,
            "name": "%s.%s" % (set_.get("CustomName", ""), EXTENSIONS[self.its["format"]]),
        }
        shown = {"JobId": job, "TargetDir": place, "OutputFilename": spec["name"], "FormatWidth": spec["width"]}
        return dict(shown, spec=spec, status="Ready", percent=0, error="")

    def _from(self) -> str:
        """What is rendered from: the camera's file only where proxies and caches are switched off."""
        settings = self.its["settings"]
        if (settings["perfProxyMediaMode"], settings["perfOptimisedMediaOn"]) != ("0", "0"):
            return "proxy"
        return "camera" if settings["perfRenderCacheMode"] == "none" else "cache"

    def _entry(self, job: str) -> Dict[str, Any]:
        found = [entry for entry in self.its["jobs"] if entry["JobId"] == job]
        return found[0] if found else {}

    def GetRenderJobList(self) -> List[Dict[str, Any]]:
        hidden = ("spec", "status", "percent", "error")
        return [{key: value for key, value in entry.items() if key not in hidden} for entry in self.its["jobs"]]

    def DeleteRenderJob(self, job: str) -> bool:
        entry = self._entry(job)
        if entry:
            self.its["jobs"].remove(entry)
        return bool(entry)

    def StartRendering(self, jobs: Sequence[str], interactive: bool = False) -> bool:
        world = self.world
        if world.has("start-refused") or world.state["rendering"] or len(jobs) != 1 or not self._entry(jobs[0]):
            return False
        entry = self._entry(jobs[0])
        world.state["rendering"] = {"project": self.name, "job": jobs[0]}
        entry["status"] = "Rendering"
        world.handle = world.render(dict(entry["spec"], traps=sorted(world.traps)))
        return True

    def _look(self) -> None:
        """Take in how far the render is that runs. One that an earlier driver began is still running."""
        world, running = self.world, self.world.state["rendering"]
        if not running or world.handle is None or running["project"] != self.name:
            return
        entry = self._entry(running["job"])
        word, percent, error = world.handle.look()
        if world.has("render-stands"):
            word, percent = "Rendering", min(percent, 40)
        elif word == "Complete" and world.has("render-fails"):
            word, error = "Failed", "GPU memory is full"
        elif word == "Complete" and world.has("render-cancelled"):
            word = "Cancelled"
        if word != "Rendering" or (world.has("render-stops") and percent > 0):
            world.state["rendering"], world.handle = None, None
        if world.has("render-stops"):
            word = "Rendering"
        if entry:
            entry.update(status=word, percent=percent, error=error)

    def GetRenderJobStatus(self, job: str) -> Any:
        self._look()
        entry = self._entry(job)
        if self.world.has("status-none") or not entry:
            return None
        if self.world.has("status-text"):
            return entry["status"]
        told = {"JobStatus": entry["status"], "CompletionPercentage": entry["percent"]}
        return dict(told, Error=entry["error"]) if entry["error"] else told

    def IsRenderingInProgress(self) -> bool:
        self._look()
        return self.world.state["rendering"] is not None

    def StopRendering(self) -> None:
        running = self.world.state["rendering"]
        if self.world.handle is not None:
            self.world.handle.stop()
        if running:
            for entry in self.world.project(running["project"])["jobs"]:
                if entry["JobId"] == running["job"]:
                    entry["status"] = "Cancelled"
        self.world.state["rendering"], self.world.handle = None, None
