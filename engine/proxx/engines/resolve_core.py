"""Drives Resolve through one job: looks at its clips, makes a project for each rate, renders, and leaves no trace.

Nothing here reads a file or starts a program: there is only the Resolve object that it is given, and a function that
hears what happens. This text is read by every Python from 3.6 on, without proxx around it.
"""

from typing import TYPE_CHECKING, Any, Callable, Dict, List, Mapping, Optional, Sequence

from proxx.engines.resolve_contract import numbers
from proxx.engines.resolve_render import Queue, cut, set_all
from proxx.engines.resolve_values import Facts, Trouble, bind, bind_words, read_clip

if TYPE_CHECKING:
    from proxx.engines.resolve_types import MediaPool, MediaPoolItem, Project, ProjectManager, Resolve

STUDIO = "Studio"
Clip = Mapping[str, Any]
"""A clip of a job: index, source and the settings of its task."""


class Driver:
    """One job in one Resolve. Clips are made one after another, in any order; `close` must come last, whatever happens.

    `job` holds its id, a token that makes names unique, what earlier drivers left behind (leftovers: names of projects,
    before: the project that was open), the seconds between two looks at a render and how many looks may show no
    progress. `tell` hears of events, `pause` waits for seconds, `size` says how many bytes lie in a folder.
    """

    def __init__(
        self,
        resolve: "Optional[Resolve]",
        job: Mapping[str, Any],
        tell: Callable[[Dict[str, Any]], None],
        pause: Callable[[float], None],
        size: Callable[[str], int],
    ) -> None:
        if resolve is None:
            raise Trouble("not-running", "scriptapp", "Resolve", "no Resolve that lets itself be scripted answers")
        self.resolve, self.job, self.tell = resolve, job, tell
        self.queue = Queue(tell, pause, size, job["poll_seconds"], job["silent_polls"])
        self.ours: Dict[str, str] = {}
        self.number = 0
        self.facts: Dict[int, Facts] = {}
        self.unknown: Dict[int, Trouble] = {}
        self.about: Dict[str, str] = {}
        self.before: List[str] = []
        self.manager = self._connect()

    def _connect(self) -> "ProjectManager":
        """See that this is the Resolve that the job needs and that nobody is at work in it."""
        requires = self.job["requires"]
        product, version = self.resolve.GetProductName() or "", self.resolve.GetVersionString() or ""
        self.about = {"product": product, "version": version, "edition": STUDIO if STUDIO in product else "free"}
        if requires["edition"] == STUDIO and STUDIO not in product:
            raise Trouble(
                "edition", "Resolve.GetProductName", "", "this is %s" % (product or "no product that says so")
            )
        if numbers(version) < numbers(requires["version"]):
            raise Trouble("version", "Resolve.GetVersionString", "", "this is version %s" % (version or "unknown"))
        self._need(self.resolve, "Resolve")
        manager = self.resolve.GetProjectManager()
        if manager is None:
            raise Trouble("unreachable", "Resolve.GetProjectManager", "", "there is none")
        self._need(manager, "ProjectManager")
        if not manager.GetCurrentDatabase():
            raise Trouble("database", "ProjectManager.GetCurrentDatabase", "", "no database is open")
        self.manager = manager
        self._look_around()
        return manager

    def _need(self, thing: object, name: str) -> None:
        """Raise ContractError for a method that the job needs and this Resolve does not have."""
        for method in self.job["requires"]["methods"]:
            owner, _, attribute = method.partition(".")
            if owner == name:
                getattr(thing, attribute)

    def _look_around(self) -> None:
        """Whose project is open, and is it rendering? What an earlier driver of ours left is taken away."""
        project = self.manager.GetCurrentProject()
        name = project.GetName() if project is not None else None
        if project is not None and project.IsRenderingInProgress():
            if name not in self.job["leftovers"]:
                raise Trouble("busy", "Project.IsRenderingInProgress", "", "project %r is rendering" % name)
            project.StopRendering()
        self.before = [one for one in (name, self.job["before"]) if one and one not in self.job["leftovers"]]
        self.tell({"event": "before", "name": self.job["before"] or name})
        for one in self.job["leftovers"]:
            self._remove(one)

    def probe(self, clips: Sequence[Clip]) -> None:
        """Read in a scratch project what Resolve knows of the clips, and group them by the projects they need."""
        name = self._create("probe")
        pool = self._pool(self._current(name))
        for clip in clips:
            try:
                self.facts[clip["index"]] = read_clip(self._import(pool, clip))
            except Trouble as trouble:
                self.unknown[clip["index"]] = trouble
        self._remove(name)

    def groups(self, clips: Sequence[Clip]) -> List[Clip]:
        """The clips in the order that changes projects least: those of one project together."""
        keys: List[str] = []
        for clip in clips:
            keys += [key for key in [self._key(clip)] if key not in keys]
        return sorted(clips, key=lambda clip: keys.index(self._key(clip)))

    def _key(self, clip: Clip) -> str:
        """What makes one project: everything that is set for the whole of it, the rate above all."""
        facts = self.facts.get(clip["index"])
        return repr(sorted(bind_words(clip["settings"]["project"], facts).items())) if facts else ""

    def make(self, clip: Clip) -> Dict[str, Any]:
        """Render a clip. What is answered is what was bound and done; whether the file is right only the file tells."""
        if clip["index"] not in self.facts and clip["index"] not in self.unknown:
            self.probe([clip])
        if clip["index"] in self.unknown:
            raise self.unknown.pop(clip["index"])
        facts, settings = self.facts[clip["index"]], clip["settings"]
        render = dict(settings["render"], settings=bind(settings["render"]["settings"], facts))
        bound = {
            "project": bind_words(settings["project"], facts),
            "timeline": bind_words(settings["timeline"]["settings"], facts),
            "start_timecode": bind(settings["timeline"]["start_timecode"], facts),
            "render": render,
        }
        self.tell({"event": "bound", "index": clip["index"], "clip": facts, "settings": bound})
        name = self._enter(self._key(clip), facts, bound["project"])
        project = self._current(name)
        pool = self._pool(project)
        item = self._import(pool, clip)
        cut(project, pool, item, "proxx-%03d" % clip["index"], facts, bound)
        job = self.queue.render(project, clip["index"], render)
        return {"clip": facts, "settings": bound, "project": name, "job": job, "about": self.about}

    def _create(self, words: str) -> str:
        """A new project of ours, opened; its name."""
        self.number += 1
        name = "proxx-%s-%s-%d-%s" % (self.job["job"], words, self.number, self.job["token"])
        self.tell({"event": "project", "name": name})
        project = self.manager.CreateProject(name)
        if project is None:
            cause = "the project that is open has changes that are not saved, or the name is taken"
            raise Trouble("project-refused", "ProjectManager.CreateProject", name, cause)
        self.ours[name] = words
        self._need(project, "Project")
        return name

    def _current(self, name: str) -> "Project":
        """The open project, if it is ours of that name. Raises Trouble: no other one is ever touched."""
        project = self.manager.GetCurrentProject()
        found = project.GetName() if project is not None else None
        if project is None or found != name:
            cause = "project %r is open where %r should be" % (found, name)
            raise Trouble("foreign-project", "ProjectManager.GetCurrentProject", name, cause)
        return project

    def _enter(self, key: str, facts: Facts, settings: Mapping[str, str]) -> str:
        """The project for clips of one kind, opened: made anew for the first of them."""
        known = [name for name, its in self.ours.items() if its == key]
        if not known:
            self._save_ours()
            name = self._create(facts["FPS"])
            set_all(self._current(name), "Project", settings)
            self.ours[name] = key
            return name
        project = self.manager.GetCurrentProject()
        if project is None or project.GetName() != known[0]:
            self._save_ours()
            if self.manager.LoadProject(known[0]) is None:
                raise Trouble("project-refused", "ProjectManager.LoadProject", known[0], "it cannot be opened again")
        return known[0]

    def _save_ours(self) -> None:
        """Save the open project if it is ours, so that another one can be opened. An untitled one would hang."""
        project = self.manager.GetCurrentProject()
        if project is not None and project.GetName() in self.ours and not self.manager.SaveProject():
            raise Trouble("project-refused", "ProjectManager.SaveProject", "", "our own project cannot be saved")

    def _pool(self, project: "Project") -> "MediaPool":
        pool = project.GetMediaPool()
        if pool is None:
            raise Trouble("unreachable", "Project.GetMediaPool", "", "there is none")
        self._need(pool, "MediaPool")
        return pool

    def _import(self, pool: "MediaPool", clip: Clip) -> "MediaPoolItem":
        """Import a clip into a folder of its own, which becomes the current one."""
        name, root = "clip-%03d" % clip["index"], pool.GetRootFolder()
        folder = pool.AddSubFolder(root, name) if root is not None else None
        if folder is None:
            raise Trouble("folder-refused", "MediaPool.AddSubFolder", name, "it was not made")
        if not pool.SetCurrentFolder(folder):
            raise Trouble("folder-refused", "MediaPool.SetCurrentFolder", name, "it was not opened")
        current = pool.GetCurrentFolder()
        if current is None or current.GetName() != name:
            raise Trouble("folder-refused", "MediaPool.GetCurrentFolder", name, "another one is open")
        items = pool.ImportMedia([clip["source"]])
        if not items:
            raise Trouble("import-refused", "MediaPool.ImportMedia", clip["source"], "nothing was imported")
        if len(items) != 1:
            cause = "%d clips came of one file" % len(items)
            raise Trouble("import-refused", "MediaPool.ImportMedia", clip["source"], cause)
        return items[0]

    def close(self) -> None:
        """Take away what is ours, and open again what was open before. What cannot be taken away is told."""
        for name in list(self.ours):
            self._remove(name)
        if self.before:
            self._told(lambda: any(map(self.manager.LoadProject, self.before)), "project", self.before[0])
        self.tell({"event": "closed"})

    def _remove(self, name: str) -> None:
        """Close a project of ours where it is open, with its jobs, and delete it."""
        self._told(lambda: self._removed(name), "project", name)
        self.ours.pop(name, None)

    def _removed(self, name: str) -> bool:
        project = self.manager.GetCurrentProject()
        if project is not None and project.GetName() == name:
            for entry in project.GetRenderJobList() or []:
                project.DeleteRenderJob(str(entry.get("JobId")))
            self.manager.SaveProject()
            self.manager.CloseProject(project)
        return self.manager.DeleteProject(name)

    def _told(self, act: Callable[[], bool], what: str, name: str) -> None:
        """Do a step of the cleaning up; say how it went, and go on."""
        try:
            done, cause = act(), ""
        except Trouble as trouble:
            done, cause = False, str(trouble)
        self.tell({"event": "removed" if done else "left", "what": what, "name": name, "cause": cause})


def drive(driver: Driver, clips: Sequence[Clip], done: Callable[[Clip, Any], None]) -> None:
    """Make all clips of a job; `done` hears of each what became of it: an answer, or Trouble."""
    try:
        driver.probe(clips)
        for clip in driver.groups(clips):
            try:
                done(clip, driver.make(clip))
            except Trouble as trouble:
                done(clip, trouble)
    finally:
        driver.close()
