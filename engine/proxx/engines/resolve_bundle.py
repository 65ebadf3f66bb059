"""Renders a plan in Resolve's own console or from its menu, without proxx: the bundle's script, around the driver.

What is rendered stays in a hidden folder of the plan, and what became of every clip is written beside it: only proxx,
which adopts it, gives a file its name. Every call is noted before it is made, so that the last one is known if Resolve
does not come back. This text is read by every Python from 3.6 on, without proxx around it.
"""

import json
import os
import shutil
import time
from binascii import hexlify
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence

from proxx.engines.resolve_contract import wrap
from proxx.engines.resolve_core import Driver, drive
from proxx.engines.resolve_values import Trouble
from proxx.engines.simulated import scriptapp
from proxx.engines.simulated_world import World

FORMAT = 1
REAL, SIMULATED = "resolve", "simulated"
ASSUMED = {
    "FPS": "24", "Resolution": "1920x1080", "Start TC": "01:00:00:00", "Frames": "24", "Audio Ch": "2",
    "Reel Name": "REEL", "Video Codec": "RAW",
}  # fmt: skip
"""What a dry run takes every clip for: only Resolve knows what it really is."""

Say = Callable[[str], None]
NOT_RUNNING = "Resolve does not answer: run this in its console, or from its menu Workspace, Scripts."


class Notes:
    """What became of a job, in a file that is replaced whole after every clip; and its calls, one a line."""

    def __init__(self, bundle: Mapping[str, Any]) -> None:
        self.path = str(bundle["results"])
        os.makedirs(os.path.dirname(self.path), exist_ok=True)
        before = self._before()
        self.leftovers: List[str] = list(before.get("projects", []))
        self.document: Dict[str, Any] = {
            "format": FORMAT,
            "job_id": bundle["job"],
            "engine_impl": "",
            "plan": bundle["plan"],
            "spec": bundle["spec"],
            "about": {},
            "projects": list(self.leftovers),
            "before": before.get("before"),
            "clips": [],
        }
        self.calls = open(self.path[: -len(".json")] + ".calls.jsonl", "w")  # noqa: SIM115 - as long as the job

    def _before(self) -> Dict[str, Any]:
        """What an earlier run left, which may have died."""
        try:
            with open(self.path, encoding="utf-8") as handle:
                found = json.load(handle)
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def hear(self, event: Dict[str, Any]) -> None:
        """Take in what the driver tells: calls are noted at once, and so is what must be taken away again."""
        self.calls.write(json.dumps(event) + "\n")
        self.calls.flush()
        kind, name = event["event"], event.get("name")
        if kind == "project":
            self.document["projects"].append(name)
        elif kind == "removed":
            self.document["projects"] = [one for one in self.document["projects"] if one != name]
        elif kind in ("before", "closed"):
            self.document["before"] = name
        if kind in ("project", "removed", "before", "closed"):
            self.write()

    def write(self) -> None:
        """Put the file in its place, whole or not at all."""
        part = self.path + ".part"
        with open(part, "w") as handle:
            json.dump(self.document, handle, indent=2, sort_keys=True)
            handle.flush()
            os.fsync(handle.fileno())
        os.replace(part, self.path)


def job_of(bundle: Mapping[str, Any], token: str, leftovers: Sequence[str], before: Optional[str]) -> Dict[str, Any]:
    """The job as the driver takes it."""
    return {
        "job": bundle["job"],
        "token": token,
        "leftovers": list(leftovers),
        "before": before,
        "requires": bundle["clips"][0]["settings"]["requires"],
        "poll_seconds": bundle["poll_seconds"],
        "silent_polls": bundle["silent_polls"],
    }


def impl_of(resolve: Any) -> str:
    """Which Resolve it is, as records say it: a real one has any attribute that it is asked for, so its class tells."""
    return SIMULATED if "SIMULATED" in vars(type(resolve)) else REAL


def folder_of(clip: Mapping[str, Any]) -> str:
    """The hidden folder that Resolve renders a clip into."""
    return str(clip["settings"]["render"]["settings"]["TargetDir"])


def folder_size(folder: str) -> int:
    """How many bytes lie in a folder."""
    try:
        return sum(entry.stat().st_size for entry in os.scandir(folder))
    except OSError:
        return 0


def render(resolve: Any, bundle: Mapping[str, Any], say: Say) -> int:
    """Render all clips; 0 when each is there to be adopted, 4 when not, 3 when Resolve takes none."""
    notes = Notes(bundle)
    notes.document["engine_impl"] = impl = impl_of(resolve)
    token = hexlify(os.urandom(4)).decode("ascii")
    job = job_of(bundle, token, notes.leftovers, notes.document["before"])
    for clip in bundle["clips"]:
        shutil.rmtree(folder_of(clip), ignore_errors=True)
        os.makedirs(folder_of(clip))

    def done(clip: Mapping[str, Any], what: Any) -> None:
        told = _told(clip, what)
        notes.document["clips"].append(told)
        notes.write()
        say("%-9s %s" % (told["state"], clip["source"]))
        if "trouble" in told:
            say("          %s" % what)

    try:
        wrapped = wrap(resolve, bundle["contract"], notes.hear)
        driver = Driver(wrapped, job, notes.hear, time.sleep, folder_size)
        notes.document["about"] = driver.about
        drive(driver, bundle["clips"], done)
    except Trouble as trouble:
        say("Resolve does not take the job: %s" % trouble)
        return 3
    finally:
        notes.write()
        notes.calls.close()
    good = [one for one in notes.document["clips"] if one["state"] == "rendered"]
    if impl != REAL:
        say("This was a simulated Resolve: what it rendered are test patterns.")
    say("%d of %d clips are rendered. They have no names yet; where proxx is, prove and name them:"
        % (len(good), len(bundle["clips"])))  # fmt: skip
    say("  proxx adopt %s" % notes.path)
    return 0 if len(good) == len(bundle["clips"]) else 4


def _told(clip: Mapping[str, Any], what: Any) -> Dict[str, Any]:
    """What became of one clip."""
    told: Dict[str, Any] = {"index": clip["index"], "source": clip["source"]}
    names = sorted(os.listdir(folder_of(clip)))
    if isinstance(what, Trouble):
        return dict(told, state="failed", trouble=what.document())
    if len(names) != 1:
        cause = "the job was complete, and there are %d files" % len(names)
        return dict(told, state="failed", trouble=Trouble("no-file", "", folder_of(clip), cause).document())
    path = os.path.join(folder_of(clip), names[0])
    return dict(
        told, state="rendered", file=path, size=os.path.getsize(path), clip=what["clip"], settings=what["settings"]
    )


class Instant:
    """The render of a dry run: it is complete when it is looked at."""

    def look(self) -> Any:
        """Its status, percentage and error."""
        return "Complete", 100, ""

    def stop(self) -> None:
        """Nothing runs."""


def rehearse(bundle: Mapping[str, Any], say: Say) -> int:
    """Print every call that rendering would make, with clips taken for what ASSUMED says; nothing is touched."""

    def hear(event: Dict[str, Any]) -> None:
        if event["event"] == "call":
            say("%s(%s)" % (event["call"], ", ".join(repr(one) for one in event["arguments"])))

    def nothing() -> None:
        raise AssertionError("no trap is set")

    paths = {clip["source"]: ASSUMED for clip in bundle["clips"]}
    world = World(bundle["contract"], (), paths, lambda spec: Instant(), nothing, nothing)
    failed: List[Trouble] = []

    def done(clip: Mapping[str, Any], what: Any) -> None:
        failed.extend([what] if isinstance(what, Trouble) else [])

    say("# Every clip is taken for %s: only Resolve knows what it is." % ", ".join(map(str, ASSUMED.values())))
    job = job_of(bundle, "00000000", [], None)
    driver = Driver(wrap(scriptapp(world), bundle["contract"], hear), job, hear, lambda seconds: None, lambda folder: 0)
    drive(driver, bundle["clips"], done)
    for trouble in failed:
        say("# %s" % trouble)
    return 1 if failed else 0


def main(resolve: Any, words: Sequence[str], bundle: Mapping[str, Any], say: Say) -> int:
    """Render, or with --dry-run print the calls."""
    if "--dry-run" in words:
        return rehearse(bundle, say)
    if resolve is None:
        say(NOT_RUNNING)
        return 3
    return render(resolve, bundle, say)
