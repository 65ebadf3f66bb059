"""Looks at the running Resolve without changing anything: what it is, what it offers, and whether it comes back.

It says every call before it is made, and at last what was found, so that whoever hears it may end it when it hangs. It
runs without proxx, in whatever Python Resolve likes, from 3.6 on.
"""

import json
import time
from typing import Any, Callable, Dict, List, Mapping, Optional

from proxx.engines.resolve_contract import wrap
from proxx.engines.resolve_loading import scriptapp, tried
from proxx.engines.resolve_values import Trouble

Tell = Callable[[Dict[str, Any]], None]


def look_as_asked(file: str, tell: Tell) -> None:
    """Look as the request in a file asks for it (contract, scripting, simulated), and tell what was found."""
    with open(file, "rb") as handle:
        request = json.loads(handle.read().decode("utf-8"))
    found: Dict[str, Any] = {"import": "", "app": False}
    trouble: Optional[Dict[str, str]] = None
    try:
        resolve = connected(request, found, tell)
        found["app"] = resolve is not None
        if resolve is not None:
            look(wrap(resolve, request["contract"], tell), request["contract"], found)
    except Trouble as error:
        trouble = error.document()
    tell({"event": "found", "found": found, "trouble": trouble})


def connected(request: Mapping[str, Any], found: Dict[str, Any], tell: Tell) -> Any:
    """The Resolve object; None where there is none, which `found` explains."""
    if request["simulated"] is not None:
        return simulated(request["simulated"], request["contract"])
    found["import"] = tried(request["scripting"])
    if found["import"]:
        return None
    tell({"event": "call", "call": "scriptapp", "arguments": ["Resolve"]})
    return scriptapp()


def simulated(traps: List[str], contract: Mapping[str, Any]) -> Any:
    """A simulated Resolve, with these traps and without any clip."""
    from proxx.engines import simulated as double
    from proxx.engines.simulated_world import World

    return double.scriptapp(World(contract, traps, {}, lambda spec: None, hang, hang))


def hang() -> None:
    """Never come back."""
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
