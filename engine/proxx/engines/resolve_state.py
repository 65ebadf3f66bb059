"""What this machine remembers of its Resolve between runs: a call that hung, projects left behind, whose turn it is.

The simulated Resolve has a memory of its own (`which`), so that playing with it never keeps anybody from the real one.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping
from typing import Any

from filelock import FileLock

from proxx.commit import make_folder, write_durably

REAL, SIMULATED = "resolve", "simulated"


def place(which: str, name: str) -> str:
    """A file of proxx's state below $XDG_STATE_HOME (~/.local/state), whose folder is made."""
    home = os.environ.get("XDG_STATE_HOME") or os.path.join(os.path.expanduser("~"), ".local", "state")
    folder = os.path.join(home, "proxx")
    make_folder(folder)
    return os.path.join(folder, f"{which}.{name}")


def seat(which: str = REAL) -> FileLock:
    """The lock of the one job that this machine's Resolve does at a time; the system frees it when its holder dies."""
    return FileLock(place(which, "lock"), thread_local=False)


def mark_wedged(call: str, argument: str, which: str = REAL) -> None:
    """Remember that a call never came back: nothing more is asked of this Resolve until doctor finds it well."""
    _write(place(which, "wedged.json"), {"call": call, "argument": argument})


def wedged(which: str = REAL) -> dict[str, Any] | None:
    """The call that never came back (call, argument), or None."""
    return _read(place(which, "wedged.json"))


def clear_wedged(which: str = REAL) -> None:
    """Forget the call that never came back: Resolve was found well."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(place(which, "wedged.json"))


def left(which: str = REAL) -> dict[str, Any]:
    """What drivers that died left in Resolve: the names of their `projects`, and what was open `before` them."""
    return {"projects": [], "before": None, **(_read(place(which, "left.json")) or {})}


def note(event: Mapping[str, Any], which: str = REAL) -> None:
    """Keep in mind what a driver tells of its projects: made, or taken away again, and what was open before them.

    What was open before is forgotten when a driver closed in order: then it is open again.
    """
    known = left(which)
    kind, name = event["event"], event.get("name")
    if kind in ("before", "closed"):
        known["before"] = name
    elif kind == "project":
        known["projects"] = [*known["projects"], name]
    elif kind == "removed":
        known["projects"] = [one for one in known["projects"] if one != name]
    _write(place(which, "left.json"), known)


def forget(which: str = SIMULATED) -> None:
    """Remember nothing of a Resolve that is started anew."""
    clear_wedged(which)
    with contextlib.suppress(FileNotFoundError):
        os.unlink(place(which, "left.json"))


def _write(path: str, document: Mapping[str, Any]) -> None:
    part = f"{path}.{os.getpid()}.part"
    write_durably(part, json.dumps(document, indent=2) + "\n")
    os.replace(part, path)


def _read(path: str) -> dict[str, Any] | None:
    try:
        with open(path, encoding="utf-8") as handle:
            found = json.load(handle)
    except FileNotFoundError:
        return None
    except (OSError, ValueError):
        found = None
    return found if isinstance(found, dict) else {}
