"""The program is one list of modules: each imports only from those before it, and what decides touches no world."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "engine" / "proxx"
EXAMPLE = ROOT / "examples" / "prores_offline.json"

BANDS: dict[str, tuple[str, ...]] = {
    # What travels: values, findings, trouble.
    "VALUES": ("model", "errors", "nearest", "jsonout", "listeners"),
    # From text to typed data: the rulebook, the spec, and where a value stands in its text.
    "DATA IN": (
        *("jsontext", "tomltext", "positions", "tomledit"),
        *(
            "tables",
            "layers",
            "stack",
            "newtoml",
            "shapewords",
            "shape",
            "lineage",
            "luts",
            "whence",
            "cache",
            "folders",
            "contract",
        ),
        *("rulebook", "project"),
        *("strictjson", "forms", "specfields", "jobspec", "schemas"),
    ),
    # Pure: the same input gives the same answer. No clock, process, chance or network.
    "DECIDE": (
        *(
            "evaluate",
            "boxes",
            "faults",
            "overlaps",
            "unused",
            "selftest",
            "offers",
            "reel",
            "resolvelint",
            "prove",
            "tablediff",
        ),
        *("policy", "pose", "rhythm", "size", "timecode", "moments", "origin", "colour"),
        *("light", "pixels", "clip", "levels", "sound", "facts"),
        *("clipfacts", "settings", "renderids", "rawreach"),
        *("route", "filenames", "naming", "words", "onefault", "verdict", "fixes"),
        *("reach", "render", "symbols", "scope", "expressions", "proofread", "templates", "generations"),
        *("lastframe", "ffmpeg_sound", "ffmpeg_task", "resolve_task", "plan", "sharing", "logsheet"),
        *("burnin", "fixturefit", "fixturewords", "fixture", "fixturelines"),
        *("conventions", "shapes", "likeness", "relinking"),
    ),
    # The machine: its programs, its files, and what is in them.
    "WORLD": (
        *("lifeline", "plainchild", "guardian", "stopping", "pipes", "process", "tools", "toolbox", "commit"),
        *("window", "acquisition", "tmcd", "mxf", "wave", "marks", "essence"),
        *("identify", "streams", "scanlines", "extent", "sampletimes", "probefile", "fieldpairs", "probe", "timing"),
        *("stored", "prores", "vc3", "coded", "trial", "combing", "stamp"),
        *("recall", "machine"),
        *("engines", "engines.ffmpeg", "engines.resolve_links", "record", "hearing", "compare", "verify"),
        *("packets", "writing"),
        # Resolve's driver, and the Resolve that is none. They run in Resolve's own Python too, without proxx.
        *("engines.resolve_types", "engines.resolve_values", "engines.resolve_contract"),
        *("engines.resolve_render", "engines.resolve_core", "engines.simulated_traps", "engines.simulated_world"),
        *("engines.simulated_media", "engines.simulated_queue", "engines.simulated", "engines.simulated_label"),
        *(
            "engines.simulated_render",
            "engines.resolve_loading",
            "engines.resolve_look",
            "engines.resolve_child",
            "engines.resolve_state",
            "engines.resolve_bound",
        ),
        *("engines.resolve_request", "engines.resolve_session", "engines.resolve", "engines.resolve_bundle", "endings"),
        *("adopting",),
        *("quicktime", "readback", "fixtureproof"),
        *("ledger", "standing", "preflight", "failure", "chain"),
        *("arrivals", "manifest", "vouching", "complete", "claims", "lacking", "inbox", "metrics"),
    ),
    # The journey of a spec, in two halves.
    "USE": (
        *("checking", "nlepromise", "mend", "luttrust", "making", "aftermath", "task", "together", "job", "schedule"),
        *("recheck", "kept", "status", "samples", "tryout", "pairs", "looking"),
        *("alignment", "glimpses", "framefacts", "frameproof", "soundproof", "identity"),
        *("condition", "toolhealth", "profiletrial", "machinehealth", "resolvehealth"),
    ),
    # What people and programs are told, and the two faces: Python's and the command line's.
    "SAY": (
        *("advice", "report", "screen", "report_text", "report_sarif", "report_junit", "report_github"),
        *("answers", "cards", "progress", "logs", "counting", "terminal", "telling"),
        *("delivery", "api", "__init__", "shelf"),
        *("cases", "casefiles", "coverage", "stray", "differ", "difftext", "revision", "workbench"),
        *("clips", "newspec", "refusal", "draftsound", "draft", "newprofile", "newrulebook"),
        *("judging", "asking", "clocks", "commands", "planwords", "planning", "simulating", "ready", "rendering"),
        *("running", "keeping", "cancelling", "doctor", "resolvelayer", "handover", "exporters"),
        *("watchjobs", "watchterms", "watchmedia", "watchspecs", "watching", "runoptions", "options"),
        *("relinkview", "relinkpictures", "relinkpage", "relinks"),
        *(
            "markdown",
            "drawing",
            "tablepages",
            "profilepages",
            "contractpages",
            "resolvepages",
            "fixturepages",
            "generationpages",
            "pages",
        ),
        *("export", "site", "docs"),
        *("foundry", "cli", "demo", "__main__"),
    ),
}
ORDER = [name for names in BANDS.values() for name in names]
IMPURE = {"subprocess", "os", "time", "datetime", "random", "shutil", "tempfile", "socket", "uuid", "secrets"}


def path_of(name: str) -> Path:
    path = PACKAGE.joinpath(*name.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def imports(name: str) -> set[str]:
    """Every module that one imports anywhere in its text, also inside functions and for types only."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path_of(name).read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name} imports relatively"
            found |= {own_module(str(node.module), alias.name) for alias in node.names}
    return found


def own_module(module: str, name: str) -> str:
    """What `from module import name` loads: a module of that name where there is one, else `module`."""
    if module.split(".")[0] != "proxx":
        return module
    inner = f"{module}.{name}".removeprefix("proxx.")
    return f"proxx.{inner}" if path_of(inner).is_file() else module


def own(found: set[str]) -> set[str]:
    """The imported modules of the package itself, by their names in the list."""
    ours = {name for name in found if name.split(".")[0] == "proxx"}
    return {"__init__" if name == "proxx" else name.removeprefix("proxx.") for name in ours}


def test_the_list_names_every_module_once() -> None:
    files = {path.relative_to(PACKAGE).with_suffix("").as_posix() for path in PACKAGE.rglob("*.py")}
    modules = {name.replace("/", ".").removesuffix(".__init__") for name in files}
    assert sorted(ORDER) == sorted(modules)


@pytest.mark.parametrize("name", ORDER)
def test_a_module_imports_only_modules_before_it(name: str) -> None:
    assert own(imports(name)) <= set(ORDER[: ORDER.index(name)])


@pytest.mark.parametrize("name", BANDS["DECIDE"])
def test_a_module_that_decides_touches_neither_clock_nor_files_nor_programs(name: str) -> None:
    found = imports(name)
    assert not {module.split(".")[0] for module in found} & IMPURE
    assert "open" not in {
        node.id for node in ast.walk(ast.parse(path_of(name).read_text("utf-8"))) if isinstance(node, ast.Name)
    }
    assert not own(found) & {*BANDS["WORLD"], *BANDS["USE"], *BANDS["SAY"]}


@pytest.mark.parametrize("name", ORDER)
def test_a_module_is_small_and_opens_with_what_it_is_for(name: str) -> None:
    text = path_of(name).read_text("utf-8")
    tree = ast.parse(text)
    first = (ast.get_docstring(tree) or "").partition("\n")[0]
    assert first.endswith(".")
    assert len(text.splitlines()) <= 250
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    long = {one.name: one.end_lineno - one.lineno + 1 for one in functions if one.end_lineno is not None}
    long.pop("parser", None)  # a list of the commands and options, one line each
    assert {key: lines for key, lines in long.items() if lines > 40} == {}


def loaded_by(arguments: list[str], cache: Path) -> set[str]:
    """The modules that are there when a command has ended."""
    code = (
        "import json, sys\nfrom proxx.cli import main\n"
        "assert main(sys.argv[1:]) == 0\nprint(json.dumps(sorted(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        env={**os.environ, "PYTHONPATH": str(PACKAGE.parent), "XDG_CACHE_HOME": str(cache)},
        capture_output=True,
        text=True,
        check=True,
    )
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_a_check_without_media_loads_nothing_that_it_does_not_need(tmp_path: Path) -> None:
    arguments = ["check", str(EXAMPLE), "--no-media"]
    loaded_by(arguments, tmp_path)  # the first check freezes the rulebook, and needs more for that
    loaded = loaded_by(arguments, tmp_path)
    assert {name.split(".")[0] for name in loaded} & {"jinja2", "rich", "jsonschema", "tomllib"} == set()
    spared = (
        *("render", "plan", "process", "probe", "prove", "positions", "fixes", "mend"),
        *("report_sarif", "report_junit", "report_github"),
    )
    assert loaded & {f"proxx.{name}" for name in spared} == set()
