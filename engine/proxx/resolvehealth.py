"""Looks at DaVinci Resolve as the doctor does: files, Python, what it is and offers; a process of its own asks it."""

from __future__ import annotations

import json
import os
import struct
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from proxx.condition import GROUPS, MISSING, NAMED, NO, OK, UNKNOWN, WRONG, Condition
from proxx.engines.resolve import PYTHON, driver_argv
from proxx.engines.resolve_contract import numbers
from proxx.engines.resolve_request import driver_contract, scripting
from proxx.engines.resolve_state import REAL, SIMULATED, clear_wedged, wedged
from proxx.process import run
from proxx.rulebook import Rulebook

NOT_HERE = "DaVinci Resolve is not installed here"
NOT_ASKED = "it could not be asked"


@dataclass(frozen=True, slots=True)
class Place:
    """Where Resolve's scripting files are said to be: the folder of its module, its library, its program."""

    api: str
    lib: str
    binary: str

    @property
    def module(self) -> str:
        """The scripting module."""
        return os.path.join(self.api, "Modules", "DaVinciResolveScript.py")


@dataclass(frozen=True, slots=True)
class Seen:
    """What a look at Resolve found; `hung` names the call that did not come back, `trouble` what Resolve refused."""

    found: Mapping[str, Any]
    hung: str = ""
    trouble: str = ""


def place_of(rulebook: Rulebook) -> Place:
    """Where this system keeps Resolve's files; the variables of Resolve win."""
    usual = scripting(rulebook)
    api = os.environ.get("RESOLVE_SCRIPT_API") or os.path.expandvars(usual["api"])
    lib = os.environ.get("RESOLVE_SCRIPT_LIB") or os.path.expandvars(usual["lib"])
    return Place(api, lib, os.path.expandvars(usual["binary"]))


def look_at_resolve(
    rulebook: Rulebook, profiles: Sequence[str], asked: Mapping[str, str], *, simulated: Sequence[str] | None = None
) -> list[Condition]:
    """How everything about Resolve was found, and each of its profiles; a call that hung is forgotten when all is well.

    `simulated` are the traps of a simulated Resolve that is looked at in place of a real one; tests do that.
    """
    place = place_of(rulebook)
    found, offered, why = [_environment(place)], None, NOT_ASKED
    if simulated is None and not any(map(os.path.lexists, (place.module, place.lib, place.binary))):
        found, why = [one for one in found if one.state == WRONG], NOT_HERE
    else:
        found += [_files(place, simulated), _python()]
        if all(one.state == OK for one in found):
            seen = see(rulebook, place, simulated)
            found += told(rulebook, seen)
            offered = seen.found.get("formats")
    known = {one.check for one in found}
    found += [Condition(check, UNKNOWN, why) for check in GROUPS["resolve"] if check not in known | {"resolve-mark"}]
    found += [_mark(found, SIMULATED if simulated is not None else REAL)]
    counts = NAMED if any(asked[name] == NAMED for name in profiles) else NO
    return [replace(one, asked=counts) for one in found] + [
        replace(_profile(rulebook, name, offered, why), asked=asked[name]) for name in profiles
    ]


def _environment(place: Place) -> Condition:
    """Whether the variables of Resolve, where they are set, name what is there."""
    named = {"RESOLVE_SCRIPT_API": place.api, "RESOLVE_SCRIPT_LIB": place.lib}
    given = {name: path for name, path in named.items() if os.environ.get(name)}
    wrong = [f"{name} names {path}" for name, path in given.items() if not os.path.exists(path)]
    words = ", ".join(wrong or (f"{name} is {path}" for name, path in given.items()))
    return Condition(
        "resolve-environment", WRONG if wrong else OK, words or "no variable is set: the usual places count"
    )


def _files(place: Place, simulated: Sequence[str] | None) -> Condition:
    if simulated is not None:
        return Condition("resolve-files", OK, "a simulated Resolve has none")
    missing = [path for path in (place.module, place.lib) if not os.path.exists(path)]
    return Condition("resolve-files", MISSING if missing else OK, ", ".join(missing or (place.module, place.lib)))


def _python() -> Condition:
    """Whether the Python that asks Resolve is one that its library can be loaded into."""
    other = os.environ.get(PYTHON)
    if other:
        return Condition("resolve-python", OK, f"{PYTHON} names {other}; loading the library shows whether it suits")
    bits = struct.calcsize("P") * 8
    words = f"{sys.version.split()[0]}, {bits} bits, {sys.executable}"
    return Condition("resolve-python", OK if bits == 64 else WRONG, words, needed="a Python of 64 bits")


def see(rulebook: Rulebook, place: Place, simulated: Sequence[str] | None = None) -> Seen:
    """Ask the running Resolve, by a process of its own that is ended when it does not come back."""
    request = {
        "scripting": {"api": place.api, "lib": place.lib},
        "simulated": None if simulated is None else list(simulated),
        "contract": driver_contract(rulebook),
    }
    seconds = patience(rulebook)
    with tempfile.TemporaryDirectory(prefix="proxx-resolve-") as folder:
        file = os.path.join(folder, "request.json")
        with open(file, "w", encoding="ascii") as handle:
            json.dump(request, handle)
        done = run([*driver_argv(), file], timeout=seconds)
    events = [json.loads(line) for line in done.stdout.splitlines() if line.startswith(b"{") and line.endswith(b"}")]
    if events and events[-1]["event"] == "found":
        trouble = events[-1]["trouble"]
        words = f"{trouble['call']}: {trouble['cause']}" if trouble else ""
        return Seen(events[-1]["found"], trouble=words)
    calls = [event["call"] for event in events if event["event"] == "call"]
    call = calls[-1] if calls else "its start"
    how = f"did not come back within {seconds:g} s" if done.timed_out else f"ended the process (exit code {done.code})"
    return Seen({"import": "", "app": True}, hung=f"{call} {how}")


def patience(rulebook: Rulebook) -> float:
    """How many seconds a whole look may take: finding Resolve, and a few calls."""
    known = rulebook.items["deadline"]
    return float(known["connect"]["seconds"] + 2 * known["other"]["seconds"])


def told(rulebook: Rulebook, seen: Seen) -> list[Condition]:
    """What a look found, check by check, as far as it came."""
    found = seen.found
    if found["import"]:
        return [Condition("resolve-import", WRONG, found["import"])]
    conditions = [Condition("resolve-import", OK, "loaded, in a process of its own")]
    if not found["app"]:
        return [*conditions, Condition("resolve-running", MISSING, "scriptapp gives nothing")]
    stuck = seen.hung or seen.trouble
    conditions.append(Condition("resolve-running", WRONG if stuck else OK, stuck or "it answers"))
    conditions += _product(rulebook, found)
    if "missing" in found and not stuck:
        missing = ", ".join(found["missing"])
        words = missing or "all calls of the objects that there are; timelines and clips were not looked at"
        conditions.append(Condition("resolve-contract", MISSING if missing else OK, words))
    if "database" in found:
        words = str((found["database"] or {}).get("DbName", "it is open")) if found["database"] else "none is open"
        conditions.append(Condition("resolve-database", OK if found["database"] else WRONG, words))
    if "rendering" in found:
        words = f"project {found['project']!r} is rendering" if found["rendering"] else "nothing is rendering"
        conditions.append(Condition("resolve-idle", WRONG if found["rendering"] else OK, words))
    return conditions + ([_formats(rulebook, found["formats"])] if "formats" in found else [])


def _product(rulebook: Rulebook, found: Mapping[str, Any]) -> list[Condition]:
    if "version" not in found:
        return []
    product, version, floor = found["product"], found["version"], rulebook.items["resolve"]["floor"]
    studio, ours = "Studio" in product, "Resolve" in product
    fits = numbers(version) >= numbers(floor)
    return [
        Condition("resolve-product", OK if ours else WRONG, product or "nothing"),
        Condition("resolve-edition", OK if studio else WRONG, product or "nothing that says so"),
        Condition("resolve-version", OK if fits else WRONG, version or "nothing", needed=f"{floor} or newer"),
    ]


def _formats(rulebook: Rulebook, offered: Mapping[str, Any]) -> Condition:
    """Whether everything that the matrix lists is offered."""
    codecs = rulebook.items["render-codec"]
    lacking = [f"format {name}" for name in rulebook.items["render-format"] if name not in offered]
    lacking += [
        f"{name} in {one}"
        for name, data in codecs.items()
        for one in data["formats"]
        if one in offered and name not in offered[one]["codecs"]
    ]
    words = ", ".join(lacking) or f"{len(codecs)} codecs of the matrix, in their formats"
    return Condition("resolve-formats", MISSING if lacking else OK, words)


def _profile(rulebook: Rulebook, name: str, offered: Mapping[str, Any] | None, why: str) -> Condition:
    """Whether this Resolve offers a profile's format and codec; that it renders them well only a job shows."""
    render = rulebook.profiles[name]["render"]
    pair = f"{render['format']}, {render['codec']}"
    if offered is None:
        return Condition("profile", UNKNOWN, why, name)
    if render["codec"] not in offered.get(render["format"], {"codecs": ()})["codecs"]:
        return Condition("profile", MISSING, f"Resolve does not offer {pair}", name)
    return Condition("profile", OK, f"Resolve offers {pair}; a trial would need camera RAW", name)


def _mark(found: Sequence[Condition], which: str) -> Condition:
    """The call that never came back in an earlier job; it is forgotten when everything about Resolve is well."""
    stuck = wedged(which)
    if stuck is None:
        return Condition("resolve-mark", OK, "no job hung")
    words = f"{stuck.get('call', '')}({stuck.get('argument', '')}) did not come back"
    if any(one.state != OK for one in found if one.check not in ("resolve-formats",)):
        return Condition("resolve-mark", WRONG, words)
    clear_wedged(which)
    return Condition("resolve-mark", OK, f"{words}; all is well now, and it is forgotten")
