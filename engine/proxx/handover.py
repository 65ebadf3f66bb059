"""Writes the scripts that take work into DaVinci Resolve: each is one file that needs no proxx around it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from proxx.commit import text_digest
from proxx.engines.resolve_request import deadlines, driver_contract
from proxx.errors import EXIT_USAGE, ProxxError
from proxx.jsonout import json_text
from proxx.rulebook import Rulebook

SYSTEMS = {"darwin": "macOS", "win32": "Windows", "linux": "Linux"}
ENGINES = Path(__file__).with_name("engines")
NO_LINKS, NO_PLACES = "LINKS: List[List[str]] = []\n", "PLACES: Dict[str, str] = {}\n"
MODULES = (
    *("resolve_values", "resolve_contract", "resolve_render", "resolve_core", "simulated_traps", "simulated_world"),
    *("simulated_media", "simulated_queue", "simulated", "resolve_links", "resolve_bundle"),
)
"""The modules that the bundle's script carries, each after those that it imports."""

SCRIPT = '''"""Renders the plan of job {job} in DaVinci Resolve: a script for its console or its menu.

It carries all that it needs, and runs in every Python from 3.6 on. With --dry-run it prints every call that it would
make, and touches nothing. README.txt beside it says where to put it.
"""

import json
import sys
import types

DRY_RUN = False
BUNDLE = json.loads(r\'\'\'{bundle}\'\'\')
MODULES = [
{modules}]


def load():
    """Make the modules below known, in place of any proxx that may be here."""
    for name in ("proxx", "proxx.engines"):
        package = types.ModuleType(name)
        package.__path__ = []
        sys.modules[name] = package
    for name, text in MODULES:
        module = types.ModuleType(name)
        sys.modules[name] = module
        exec(compile(text, name, "exec"), module.__dict__)


if __name__ == "__main__":
    load()
    LINKS, SCRIPT = sys.modules["proxx.engines.resolve_links"], sys.modules["proxx.engines.resolve_bundle"]
    WORDS = getattr(sys, "argv", [""])[1:] + ["--dry-run"] * DRY_RUN
    INSIDE = LINKS.given(globals())
    CODE = LINKS.misread(WORDS) if INSIDE is None else None
    if CODE is None:
        RESOLVE = INSIDE if INSIDE is not None or "--dry-run" in WORDS else LINKS.connect(BUNDLE["scripting"])
        CODE = SCRIPT.main(RESOLVE, WORDS, BUNDLE, LINKS.say)
    if INSIDE is None:
        sys.exit(CODE)
'''

README = """The plan of job {job}, {count} clips, to be rendered in DaVinci Resolve Studio {version} or newer.

1. See what it will do:       python3 run_in_resolve.py --dry-run
2. Have the sources and the output folder under the same paths as where the plan was made:
     {folder}
3. Run it, in one of three ways:
   * copy run_in_resolve.py into the folder Utility of Resolve's scripts, then choose it in the menu Workspace, Scripts:
{scripts}
   * in Resolve's console (Workspace, Console, Py3):
       exec(open(r"PATH/run_in_resolve.py", encoding="utf-8").read())
   * in a terminal, while Resolve runs and its external scripting is set to Local:
       python3 run_in_resolve.py
4. Nothing that it renders has a name yet. Where proxx is, prove the files and give them their names:
     proxx adopt {results}

It works in projects of its own and removes them; projects and jobs of others are never touched. If Resolve hangs, the
call that it hangs in is the last line of {calls}.

This is tested against Resolve's documented interface; it has not been run in Resolve by the authors of proxx yet.
"""


def link_script(rulebook: Rulebook, record: Mapping[str, Any]) -> str:
    """The script that links the finished proxies of a record to their sources. Raises ProxxError when there is none."""
    clips = [clip for clip in record["clips"] if isinstance(clip, Mapping) and clip.get("status") == "COMPLETED"]
    pairs = [[str(clip.get("source", "")), str(clip.get("output", ""))] for clip in clips]
    if not pairs:
        raise ProxxError("the record has no finished proxy", exit_code=EXIT_USAGE)
    text = (ENGINES / "resolve_links.py").read_text("utf-8")
    if (text.count(NO_LINKS), text.count(NO_PLACES)) != (1, 1):
        raise AssertionError("the script has no place for the links")
    links = "".join(f"    [{source!a}, {proxy!a}],\n" for source, proxy in pairs)
    places = "".join(f"    {name!a}: {path!a},\n" for name, path in _places(rulebook, "api").items())
    text = text.replace(NO_PLACES, f"PLACES: Dict[str, str] = {{\n{places}}}\n")
    return text.replace(NO_LINKS, f"LINKS: List[List[str]] = [\n{links}]\n")


def _places(rulebook: Rulebook, kind: str) -> dict[str, str]:
    """Where every system keeps what scripts of Resolve need (api, lib) or are (scripts)."""
    return {name: str(data[kind]) for name, data in rulebook.items["scripting"].items()}


def results_path(folder: str, job_id: str) -> str:
    """Where the bundle's script writes what became of a job."""
    return f"{folder.rstrip('/')}/.proxx/render/{job_id}.results.json"


def bundle_files(rulebook: Rulebook, plan: Mapping[str, Any]) -> dict[str, str]:
    """The files of the bundle that renders a plan in Resolve. Raises ProxxError (exit 2) for a plan of another kind."""
    bundle = bundle_of(rulebook, plan)
    job, results, scripts = bundle["job"], bundle["results"], _places(rulebook, "scripts")
    words = {
        "job": job,
        "count": len(bundle["clips"]),
        "version": bundle["clips"][0]["settings"]["requires"]["version"],
        "folder": plan["spec"]["output_directory"],
        "results": results,
        "scripts": "\n".join(f"       {SYSTEMS[name]:8} {path}" for name, path in scripts.items()),
        "calls": results.removesuffix(".json") + ".calls.jsonl",
    }
    return {
        "README.txt": README.format(**words),
        "plan.json": json_text(plan),
        "run_in_resolve.py": script_text(bundle),
    }


def script_text(bundle: Mapping[str, Any]) -> str:
    """The script, with the very texts of the driver's modules in it."""
    modules = "".join(f"    (\"proxx.engines.{name}\", r'''{_module(name)}'''),\n" for name in MODULES)
    data = json.dumps(bundle, indent=1).replace("'", "\\u0027")
    return SCRIPT.format(job=bundle["job"].encode("ascii", "replace").decode(), bundle=data, modules=modules)


def _module(name: str) -> str:
    text = (ENGINES / f"{name}.py").read_text("utf-8")
    if "'''" in text or not text.isascii():
        raise AssertionError(f"{name} cannot stand inside another text")
    return text


def bundle_of(rulebook: Rulebook, plan: Mapping[str, Any]) -> dict[str, Any]:
    if plan.get("engine") != "resolve":
        raise ProxxError("this plan is for FFmpeg", hint="proxx run makes its proxies here.", exit_code=EXIT_USAGE)
    try:
        clips = [{key: task[key] for key in ("index", "source", "settings")} for task in plan["tasks"]]
        job, folder = str(plan["job_id"]), str(plan["spec"]["output_directory"])
        for clip in clips:
            if ".proxx" not in clip["settings"]["render"]["settings"]["TargetDir"].split("/"):
                raise KeyError("TargetDir")
        _ = clips[0]["settings"]["requires"]["version"]
    except (KeyError, TypeError, IndexError) as error:
        raise ProxxError(
            f"the plan does not tell what is needed ({error})", hint="Make it anew: proxx plan.", exit_code=EXIT_USAGE
        ) from error
    poll = float(rulebook.items["resolve"]["poll_seconds"])
    return {
        "job": job,
        "plan": text_digest(json_text(plan)),
        "spec": dict(plan["spec"]),
        "clips": clips,
        "contract": driver_contract(rulebook),
        "scripting": _places(rulebook, "api"),
        "poll_seconds": poll,
        "silent_polls": int(deadlines(rulebook)["render"] / poll),
        "results": results_path(folder, job),
    }
