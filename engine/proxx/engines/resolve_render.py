"""One clip in a project of ours: onto a timeline, into the render queue, and followed until it is rendered.

This text is read by every Python from 3.6 on, without proxx around it.
"""

from typing import TYPE_CHECKING, Any, Callable, Dict, Mapping, Tuple, Union

from proxx.engines.resolve_values import Facts, Trouble, is_same

if TYPE_CHECKING:
    from proxx.engines.resolve_types import MediaPool, MediaPoolItem, Project, Timeline

IDLE_LOOKS = 3
"""How often a render that does not run may say that it is not done yet, before it is taken for ended."""


def cut(
    project: "Project", pool: "MediaPool", item: "MediaPoolItem", name: str, facts: Facts, bound: Mapping[str, Any]
) -> None:
    """Put a clip alone onto a timeline that becomes the current one, at its own rate and start."""
    timeline = pool.CreateTimelineFromClips(name, [item])
    if timeline is None:
        raise Trouble("timeline-refused", "MediaPool.CreateTimelineFromClips", name, "no timeline was made")
    if not project.SetCurrentTimeline(timeline):
        raise Trouble("timeline-refused", "Project.SetCurrentTimeline", name, "it was not opened")
    current = project.GetCurrentTimeline()
    if current is None or current.GetName() != name:
        raise Trouble("timeline-refused", "Project.GetCurrentTimeline", name, "another timeline is open")
    rate = bound["project"].get("timelineFrameRate", facts["FPS"])
    found = timeline.GetSetting("timelineFrameRate")
    if not is_same(found, rate):
        cause = "it runs at %r where %r was set" % (found, rate)
        raise Trouble("timeline-refused", "Timeline.GetSetting", "timelineFrameRate", cause)
    set_all(timeline, "Timeline", bound["timeline"])
    _start_at(timeline, bound["start_timecode"])


def set_all(thing: "Union[Project, Timeline]", owner: str, settings: Mapping[str, str]) -> None:
    """Set a project's or a timeline's settings, each read back."""
    for key, value in settings.items():
        if not thing.SetSetting(key, value):
            raise Trouble("setting-refused", owner + ".SetSetting", key, "%r was refused" % value)
        found = thing.GetSetting(key)
        if not is_same(found, value):
            cause = "it is %r where %r was set" % (found, value)
            raise Trouble("setting-refused", owner + ".GetSetting", key, cause)


def _start_at(timeline: "Timeline", start: str) -> None:
    if not timeline.SetStartTimecode(start):
        raise Trouble("timecode-refused", "Timeline.SetStartTimecode", start, "it was refused")
    found = timeline.GetStartTimecode()
    if found != start:
        raise Trouble("timecode-refused", "Timeline.GetStartTimecode", start, "the timeline starts at %s" % found)


class Queue:
    """The render queue, of which we use one job at a time: our own."""

    def __init__(
        self,
        tell: Callable[[Dict[str, Any]], None],
        pause: Callable[[float], None],
        size: Callable[[str], int],
        seconds: float,
        silent: int,
    ) -> None:
        self.tell, self.pause, self.size, self.seconds, self.silent = tell, pause, size, seconds, silent

    def render(self, project: "Project", index: int, render: Mapping[str, Any]) -> str:
        """Render the current timeline by the settings given; the id of the job that did it, which is gone then."""
        if render["preset"] is not None and not project.LoadRenderPreset(render["preset"]):
            raise Trouble("preset-refused", "Project.LoadRenderPreset", render["preset"], "it was not loaded")
        _choose(project, render["format"], render["codec"])
        if not project.SetCurrentRenderMode(render["mode"]):
            raise Trouble("mode-refused", "Project.SetCurrentRenderMode", str(render["mode"]), "it was refused")
        _set_render(project, render["settings"])
        job = _add(project)
        started = False
        try:
            _find(project, job, render["settings"])
            if not project.StartRendering([job], False):
                raise Trouble("start-refused", "Project.StartRendering", job, "the job was not started")
            started = True
            self._follow(project, job, index, render["settings"]["TargetDir"])
            started = False
        finally:
            if started:
                project.StopRendering()
            project.DeleteRenderJob(job)
        return job

    def _follow(self, project: "Project", job: str, index: int, folder: str) -> None:
        """Look at a job until it is complete. Raises Trouble when it fails, or when nothing moves for too long."""
        seen, silent, idle = "", 0, 0
        while True:
            word, percent, error = read_status(project.GetRenderJobStatus(job))
            if word == "Complete":
                return
            if word in ("Failed", "Cancelled"):
                raise Trouble("render-failed", "Project.GetRenderJobStatus", job, "%s %s" % (word, error or ""))
            idle = 0 if project.IsRenderingInProgress() else idle + 1
            if idle > IDLE_LOOKS:
                cause = "Resolve renders no longer, and the job says %r" % word
                raise Trouble("render-failed", "Project.IsRenderingInProgress", job, cause)
            moved = "%s %s %d" % (word, percent, self.size(folder))
            silent = silent + 1 if moved == seen else 0
            if silent > self.silent:
                cause = "nothing moved for %g s at %s %%" % (silent * self.seconds, percent)
                raise Trouble("render-stalled", "Project.GetRenderJobStatus", job, cause)
            if moved != seen:
                self.tell({"event": "progress", "index": index, "percent": percent})
            seen = moved
            self.pause(self.seconds)


def read_status(status: Any) -> Tuple[str, int, str]:
    """A job's status word, percentage and error. Some builds answer the word alone."""
    if isinstance(status, str):
        return status.strip(), 0, ""
    if not isinstance(status, dict):
        return "", 0, ""
    percent = status.get("CompletionPercentage")
    said = int(percent) if isinstance(percent, (int, float)) else 0
    return str(status.get("JobStatus", "")), said, str(status.get("Error", ""))


def _choose(project: "Project", format_id: str, codec_id: str) -> None:
    """Choose format and codec by their ids, and see that they are chosen: the old ones would render otherwise."""
    _offered(project.GetRenderFormats() or {}, "Project.GetRenderFormats", format_id)
    _offered(project.GetRenderCodecs(format_id) or {}, "Project.GetRenderCodecs", codec_id)
    pair = "%s, %s" % (format_id, codec_id)
    if not project.SetCurrentRenderFormatAndCodec(format_id, codec_id):
        raise Trouble("format-refused", "Project.SetCurrentRenderFormatAndCodec", pair, "it was refused")
    found = project.GetCurrentRenderFormatAndCodec() or {}
    if (found.get("format"), found.get("codec")) != (format_id, codec_id):
        cause = "%s, %s is chosen" % (found.get("format"), found.get("codec"))
        raise Trouble("format-refused", "Project.GetCurrentRenderFormatAndCodec", pair, cause)


def _offered(known: Mapping[str, str], call: str, wanted: str) -> None:
    """Raise Trouble for an id that this Resolve does not offer; a label of its pages is told from an id."""
    if wanted in known.values():
        return
    offered = ", ".join(sorted(known.values())) or "nothing"
    cause = "that is a label, whose id is %s" % known[wanted] if wanted in known else "it offers %s" % offered
    raise Trouble("format-refused", call, wanted, cause)


def _set_render(project: "Project", settings: Mapping[str, Any]) -> None:
    """Set every render setting that we own. Where that is refused they are tried one by one, to name the culprit."""
    call = "Project.SetRenderSettings"
    if project.SetRenderSettings(dict(settings)):
        return
    for key, value in settings.items():
        if not project.SetRenderSettings({key: value}):
            raise Trouble("render-setting-refused", call, key, "%r was refused" % (value,))
    raise Trouble("render-setting-refused", call, ", ".join(settings), "refused together, and none of them alone")


def _add(project: "Project") -> str:
    """Add a job; '' may come once by accident. None is another answer: there is nothing to render."""
    for _ in range(2):
        job = project.AddRenderJob()
        if job is None:
            raise Trouble("job-refused", "Project.AddRenderJob", "", "it answered None")
        if job:
            return job
    raise Trouble("job-refused", "Project.AddRenderJob", "", "it answered '' twice")


def _find(project: "Project", job: str, settings: Mapping[str, Any]) -> None:
    """See that the job is in the queue, and that it writes where it shall."""
    entries = project.GetRenderJobList() or []
    found = next((entry for entry in entries if entry.get("JobId") == job), None)
    if found is None:
        raise Trouble("job-lost", "Project.GetRenderJobList", job, "the job is not in the queue")
    place = str(found.get("TargetDir", settings["TargetDir"])).rstrip("/\\")
    if place != str(settings["TargetDir"]).rstrip("/\\"):
        raise Trouble("job-lost", "Project.GetRenderJobList", job, "it would write into %s" % place)
