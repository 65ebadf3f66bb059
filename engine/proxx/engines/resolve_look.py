"""Looks at the running Resolve without changing anything: what it is, what it offers, and whether it comes back.

A process of its own, which may be killed: `python resolve_look.py REQUEST` reads its request as JSON from that file and
prints one JSON object a line: every call before it is made, and at last what was found. It runs without proxx, in
whatever Python Resolve likes, from 3.6 on.
"""

import json
import os
import subprocess
import sys
import types
from importlib import import_module
from typing import Any, Dict, List, Mapping, Optional

IMPORT_SECONDS = 30
TRY = "import sys; sys.path.append(sys.argv[1]); import DaVinciResolveScript"


def say(event: Mapping[str, Any]) -> None:
    """Print an event at once."""
    print(json.dumps(event))
    sys.stdout.flush()


def stand_alone() -> None:
    """Let `proxx.engines` be found without running proxx itself, which needs a newer Python."""
    if "proxx" not in sys.modules:
        package = types.ModuleType("proxx")
        package.__dict__["__path__"] = [os.path.dirname(os.path.dirname(os.path.abspath(__file__)))]
        sys.modules["proxx"] = package


def tried(api: str) -> str:
    """Why the scripting module cannot be imported, as another process found: a Python that does not suit it ends."""
    try:
        done = subprocess.run(
            [sys.executable, "-c", TRY, os.path.join(api, "Modules")],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=IMPORT_SECONDS,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return "it takes longer than %d s" % IMPORT_SECONDS
    if done.returncode == 0:
        return ""
    said = done.stdout.decode("utf-8", "replace").strip().splitlines() or ["it said nothing"]
    how = "signal %d" % -done.returncode if done.returncode < 0 else "exit code %d" % done.returncode
    return "%s (%s, Python %s)" % (said[-1], how, sys.version.split()[0])


def connected(request: Mapping[str, Any], found: Dict[str, Any]) -> Any:
    """The Resolve object; None where there is none, which `found` explains."""
    if request["simulated"] is not None:
        from proxx.engines.simulated import scriptapp
        from proxx.engines.simulated_world import World

        traps = request["simulated"]
        return scriptapp(World(request["contract"], traps, {}, lambda spec: None, hang, hang))
    api, lib = request["api"], request["lib"]
    os.environ["RESOLVE_SCRIPT_API"], os.environ["RESOLVE_SCRIPT_LIB"] = api, lib
    found["import"] = tried(api)
    if found["import"]:
        return None
    sys.path.append(os.path.join(api, "Modules"))
    say({"event": "call", "call": "scriptapp", "arguments": ["Resolve"]})
    module: Any = import_module("DaVinciResolveScript")
    return module.scriptapp("Resolve")


def hang() -> None:
    """Never come back."""
    import time

    while True:
        time.sleep(3600)


def look(resolve: Any, contract: Mapping[str, Any], found: Dict[str, Any]) -> None:
    """Note in `found` what Resolve says of itself; of what it does not say, nothing. Raises Trouble."""
    found["product"] = resolve.GetProductName() or ""
    found["version"] = resolve.GetVersionString() or ""
    found["missing"] = lacking(resolve, "Resolve", contract)
    manager = resolve.GetProjectManager()
    if manager is None:
        return
    found["missing"] += lacking(manager, "ProjectManager", contract)
    found["database"] = manager.GetCurrentDatabase() or None
    project = manager.GetCurrentProject() if found["database"] else None
    if project is None:
        return
    found["project"] = project.GetName()
    found["missing"] += lacking(project, "Project", contract)
    found["rendering"] = project.IsRenderingInProgress()
    pool = project.GetMediaPool()
    root = pool.GetRootFolder() if pool is not None else None
    for thing, name in ((pool, "MediaPool"), (root, "Folder")):
        found["missing"] += lacking(thing, name, contract) if thing is not None else []
    found["formats"] = formats(project)


def lacking(thing: Any, name: str, contract: Mapping[str, Any]) -> List[str]:
    """The methods that the driver calls and that dir() does not list."""
    from proxx.engines.resolve_values import Trouble

    missing = []
    for one in contract["driver"]:
        owner, _, method = one.partition(".")
        if owner == name:
            try:
                getattr(thing, method)
            except Trouble:
                missing.append(one)
    return missing


def formats(project: Any) -> Dict[str, Any]:
    """Every format by its id: its label, and its codecs' labels by their ids."""
    offered = project.GetRenderFormats() or {}
    return {
        one: {"title": label, "codecs": {code: name for name, code in (project.GetRenderCodecs(one) or {}).items()}}
        for label, one in offered.items()
    }


def main(arguments: List[str]) -> int:
    """Look, and say what was found."""
    stand_alone()
    from proxx.engines.resolve_contract import wrap
    from proxx.engines.resolve_values import Trouble

    with open(arguments[0], "rb") as handle:
        request = json.loads(handle.read().decode("utf-8"))
    found: Dict[str, Any] = {"import": "", "app": False}
    trouble: Optional[Dict[str, str]] = None
    try:
        resolve = connected(request, found)
        found["app"] = resolve is not None
        if resolve is not None:
            look(wrap(resolve, request["contract"], say), request["contract"], found)
    except Trouble as error:
        trouble = error.document()
    say({"event": "found", "found": found, "trouble": trouble})
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
