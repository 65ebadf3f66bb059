"""Takes over what a bundle's script rendered in Resolve elsewhere: its files, and what was bound to them."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from threading import Event
from typing import Any

from proxx.engines.ffmpeg import Outcome
from proxx.engines.resolve import Moved
from proxx.engines.resolve_bound import bound_promise
from proxx.engines.resolve_state import REAL, SIMULATED
from proxx.engines.resolve_values import Trouble, bind, bind_words
from proxx.errors import EXIT_USAGE, ProxxError
from proxx.model import Plan, Task

RESULTS = ".results.json"


class Adopted:
    """Stands where Resolve would: a clip is made when its rendered file is there, by this very plan's settings."""

    def __init__(self, plan: Plan, results: Mapping[str, Any]) -> None:
        self.plan = plan
        about = results.get("about")
        self.about: Mapping[str, Any] = about if isinstance(about, Mapping) else {}
        clips = results.get("clips")
        if not isinstance(clips, list) or results.get("job_id") != plan.job_id:
            raise ProxxError("these are no results of this job", exit_code=EXIT_USAGE)
        self.impl = impl_of(results)
        self.clips = {str(one.get("source")): one for one in clips if isinstance(one, Mapping)}

    def order(self, stop: Event) -> Sequence[int]:
        """The indexes of the clips as they stand: no project is opened for them."""
        return [task.index for task in self.plan.tasks]

    def make(self, task: Task, stop: Event, moved: Moved) -> Outcome:
        """Take a clip's file to its hidden name; whether it is right only the proof tells."""
        told: dict[str, Any] = {"bound": None}
        try:
            clip = self._clip(task)
            told["bound"] = {"clip": clip["clip"], "settings": clip["settings"]}
            promise = bound_promise(task, clip["clip"], clip["settings"])
            os.replace(str(clip["file"]), task.temporary)
            with suppress(OSError):  # what else lies there is not ours
                os.rmdir(os.path.dirname(str(clip["file"])))
        except Trouble as trouble:
            return Outcome(1, str(trouble), 0.0, trouble=trouble.document(), engine=self._record(told))
        except (KeyError, TypeError, ValueError, ArithmeticError, AttributeError) as error:
            lost = Trouble("no-file", "", task.source, f"the results of the bundle are damaged: {error}")
            return Outcome(1, str(lost), 0.0, trouble=lost.document(), engine=self._record(told))
        return Outcome(0, "", 0.0, promise=promise, engine=self._record(told))

    def _clip(self, task: Task) -> Mapping[str, Any]:
        """What the script said of a clip, if its file is there and was made as the plan says. Raises Trouble."""
        clip = self.clips.get(task.source)
        if clip is None:
            raise Trouble("no-file", "", task.source, "the script has not come to this clip")
        if clip.get("state") != "rendered":
            raise Trouble(**clip["trouble"])
        folder = str(task.settings["render"]["settings"]["TargetDir"])
        file = str(clip["file"])
        if os.path.dirname(file) != folder or not os.path.isfile(file) or os.path.islink(file):
            raise Trouble("no-file", "", file, f"there is no such file in {folder}; was it adopted already?")
        if clip["settings"] != bound_settings(task.settings, clip["clip"]):
            raise Trouble("no-file", "", file, "it was rendered by other settings than this plan's")
        return clip

    def _record(self, told: Mapping[str, Any]) -> dict[str, Any]:
        about = {key: str(self.about.get(key, "")) for key in ("product", "version", "edition")}
        return {"engine_impl": self.impl, **about, "in_flight": None, "left": [], **told}


def impl_of(results: Mapping[str, Any]) -> str:
    """Which Resolve rendered, a real or a simulated one. Raises ProxxError (exit 2) for results that do not say it."""
    impl = results.get("engine_impl")
    if impl not in (REAL, SIMULATED):
        raise ProxxError(
            "the results do not say whether a real or a simulated Resolve rendered (engine_impl)",
            hint="Run the bundle's script again; a bundle of this version of proxx says it.",
            exit_code=EXIT_USAGE,
        )
    return str(impl)


def bound_settings(settings: Mapping[str, Any], facts: Mapping[str, Any]) -> dict[str, Any]:
    """A plan's settings with what Resolve said of the clip, as the driver binds them. Raises Trouble."""
    return {
        "project": bind_words(settings["project"], facts),
        "timeline": bind_words(settings["timeline"]["settings"], facts),
        "start_timecode": bind(settings["timeline"]["start_timecode"], facts),
        "render": {**settings["render"], "settings": bind(settings["render"]["settings"], facts)},
    }
