"""What the process that talks to Resolve is asked for: the job, the contract it is held to, the clips."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from secrets import token_hex
from typing import Any

from proxx.engines import resolve_state as state
from proxx.engines.resolve_bound import simulated_clip
from proxx.model import Media, Plan, Task
from proxx.rulebook import Rulebook

STATE = "PROXX_SIMULATED_STATE"
"""A file in which the simulated Resolve keeps its state from one job to the next, as the real one does."""

SIMULATED_LOOK_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Simulation:
    """A simulated Resolve instead of the real one: its traps, the picture that it renders, and the ffmpeg it uses."""

    ffmpeg: str
    traps: tuple[str, ...] = ()
    picture: Media | None = None


def begin_request(rulebook: Rulebook, plan: Plan, simulation: Simulation | None) -> dict[str, Any]:
    """The first request: connect, for the job of a plan."""
    left = state.left(state.SIMULATED if simulation else state.REAL)
    looks = SIMULATED_LOOK_SECONDS if simulation else float(rulebook.items["resolve"]["poll_seconds"])
    job = {
        "job": plan.job_id,
        "token": token_hex(4),
        "leftovers": left["projects"],
        "before": left["before"],
        "requires": plan.tasks[0].settings["requires"],
        "poll_seconds": looks,
        "silent_polls": int(deadlines(rulebook)["render"] / looks),
    }
    return {
        "do": "begin",
        "job": job,
        "contract": driver_contract(rulebook),
        "scripting": scripting(rulebook),
        "simulated": _simulated(plan, simulation) if simulation else None,
    }


def _simulated(plan: Plan, simulation: Simulation) -> dict[str, Any]:
    picture = simulation.picture
    return {
        "ffmpeg": simulation.ffmpeg,
        "traps": list(simulation.traps),
        "picture": picture.path if picture else "",
        "state": state_file(),
        "clips": {task.source: simulated_clip(task.media, picture) for task in plan.tasks},
    }


def state_file() -> str:
    """Where the simulated Resolve keeps its state."""
    return os.environ.get(STATE) or state.place(state.SIMULATED, "state.json")


def clip_request(task: Task) -> dict[str, Any]:
    """A clip as the driver is told of it."""
    return {"index": task.index, "source": task.source, "settings": dict(task.settings)}


def deadlines(rulebook: Rulebook) -> dict[str, float]:
    """How many seconds every call may take, by its name; `other`, `connect` and `render` are words for the rest."""
    return {name: float(data["seconds"]) for name, data in rulebook.items["deadline"].items()}


def driver_contract(rulebook: Rulebook) -> dict[str, Any]:
    """The contract as the driver's process is given it: with the settings that it may make."""
    keys = rulebook.items["render-key"]
    return {
        **rulebook.frozen["contract"],
        "render_settings": {name: {"type": key["type"], "since": key["since"]} for name, key in keys.items()},
        "project_settings": {name: {} for name in rulebook.items["project-key"]},
    }


def scripting(rulebook: Rulebook) -> dict[str, str]:
    """Where this system keeps what scripts of Resolve need."""
    known = rulebook.items["scripting"]
    return dict(known.get(sys.platform, known["linux"]))
