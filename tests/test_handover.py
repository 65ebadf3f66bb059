"""The scripts that take work into Resolve run by themselves, in old Pythons, and touch nothing they must not."""

from __future__ import annotations

import copy
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from resolve_double import SETTINGS, Instant, contract

from proxx.cli import main
from proxx.engines.resolve_bundle import job_of
from proxx.engines.resolve_contract import wrap
from proxx.engines.resolve_core import Driver, drive
from proxx.engines.resolve_links import link_all, report
from proxx.engines.simulated import scriptapp
from proxx.engines.simulated_world import FOREIGN, World
from proxx.handover import MODULES, bundle_files, bundle_of, link_script
from proxx.rulebook import Rulebook

ENGINES = Path(__file__).parent.parent / "engine/proxx/engines"


def old_python() -> str:
    """The oldest Python from 3.6 on that is here, by its name on PATH or in pyenv; this one where there is no other."""
    for minor in range(6, 13):
        found = shutil.which(f"python3.{minor}", path=os.pathsep.join([*_pyenv(minor), os.environ.get("PATH", "")]))
        if found and subprocess.run([found, "-c", ""], check=False, capture_output=True).returncode == 0:
            return found
    return sys.executable


def _pyenv(minor: int) -> list[str]:
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    return [str(path / "bin") for path in sorted(root.glob(f"3.{minor}.*"))]


@pytest.fixture(scope="module")
def python() -> str:
    path = old_python()
    print(f"scripts run in {path}")
    return path


def record(*pairs: tuple[Path | str, Path | str]) -> dict[str, Any]:
    clips = [{"status": "COMPLETED", "source": str(source), "output": str(proxy)} for source, proxy in pairs]
    return {"job_id": "j", "spec": {}, "status": "PARTIAL", "clips": [*clips, {"status": "FAILED", "source": "/no"}]}


def pool(paths: Sequence[str]) -> World:
    """A Resolve in whose open project these clips lie, half of them in a folder of their own."""
    world = World(contract(), (), {path: {} for path in paths}, lambda spec: None, lambda: None, lambda: None)
    folders = world.state["projects"][FOREIGN]["folders"]
    folders["Master"] += paths[::2]
    folders["Day 1"] = list(paths[1::2])
    return world


def links(world: World, pairs: Sequence[Sequence[str]], dry_run: bool = False) -> tuple[dict[str, Any], list[str]]:
    """What became of the links, through the contract, and the calls that were made."""
    told = link_all(wrap(scriptapp(world), contract(), lambda event: None), pairs, dry_run, lambda words: None)
    return told, world.calls


def test_clips_are_linked_where_the_path_is_the_very_same(tmp_path: Path) -> None:
    proxy = tmp_path / "a_proxy.mov"
    proxy.touch()
    pairs = [["/card/a.mov", str(proxy)], ["/card/b.mov", str(tmp_path / "none.mov")], ["/card/C.mov", str(proxy)]]
    world = pool(["/card/a.mov", "/card/a.mov", "/card/b.mov", "/card/c.mov"])
    told, calls = links(world, pairs)
    assert told == {
        "linked": [("/card/a.mov", str(proxy))] * 2,
        "no-proxy": [("/card/b.mov", str(tmp_path / "none.mov"))],
        "not-found": [("/card/C.mov", str(proxy))],
    }
    assert world.state["projects"][FOREIGN]["proxies"] == {"/card/a.mov": str(proxy)}
    assert set(calls) <= {
        *("Resolve.GetProjectManager", "ProjectManager.GetCurrentProject", "Project.GetMediaPool"),
        *("MediaPool.GetRootFolder", "Folder.GetClipList", "Folder.GetSubFolderList"),
        *("MediaPoolItem.GetClipProperty", "MediaPoolItem.LinkProxyMedia", "Resolve.GetVersionString"),
    }
    words: list[str] = []
    assert report(told, words.append) == 1
    assert words[-1] == "2 linked, 1 no-proxy, 1 not-found"


def test_a_dry_run_changes_nothing_and_tells_every_call(tmp_path: Path) -> None:
    proxy = tmp_path / "a_proxy.mov"
    proxy.touch()
    world = pool(["/card/a.mov"])
    words: list[str] = []
    told = link_all(scriptapp(world), [["/card/a.mov", str(proxy)]], True, words.append)
    assert list(told) == ["would-link"]
    assert "MediaPoolItem.LinkProxyMedia" not in world.calls
    assert [word.partition("(")[0] for word in words if "LinkProxy" not in word] == world.calls
    assert words.count(f"MediaPoolItem.LinkProxyMedia({str(proxy)!r})") == 1


def test_what_resolve_refuses_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    proxy = tmp_path / "a_proxy.mov"
    proxy.touch()
    monkeypatch.setattr("proxx.engines.simulated_media.MediaPoolItem.LinkProxyMedia", lambda self, path: False)
    told, _ = links(pool(["/card/a.mov"]), [["/card/a.mov", str(proxy)]])
    assert list(told) == ["refused"]


def test_without_an_open_project_nothing_is_found() -> None:
    class Empty:
        def GetProjectManager(self) -> None:  # noqa: N802
            return None

    words: list[str] = []
    told = link_all(Empty(), [["/a", "/b"]], False, words.append)
    assert (list(told), words) == (["not-found"], ["No project is open in Resolve, or it has no media pool."])


HARNESS = """
import sys, json, types
package = types.ModuleType("proxx"); package.__path__ = [{package!r}]; sys.modules["proxx"] = package
from proxx.engines.simulated import scriptapp
from proxx.engines.simulated_world import World, FOREIGN
contract = json.load(open({contract!r}))
world = World(contract, (), {{path: {{}} for path in {paths!r}}}, lambda spec: None, lambda: None, lambda: None)
world.state["projects"][FOREIGN]["folders"]["Master"] += {paths!r}
code = compile(open({script!r}, encoding="utf-8").read(), "script", "exec")
exec(code, {{"__name__": "__main__", "resolve": scriptapp(world)}})
print(json.dumps([sys.version_info[:2], world.state["projects"][FOREIGN].get("proxies", {{}})]))
"""


def in_console(python: str, script: Path, paths: Sequence[str], *words: str) -> list[str]:
    """The lines that a script prints as in Resolve's console: with a resolve, without a file of its own."""
    root = ENGINES.parent.parent.parent
    harness = HARNESS.format(
        package=str(ENGINES.parent),
        contract=str(root / "schema/resolve-api.json"),
        paths=list(paths),
        script=str(script),
    )
    done = subprocess.run([python, "-c", harness, *words], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_the_exported_script_links_in_an_old_python(python: str, tmp_path: Path) -> None:
    source, proxy = "/card/ü 'quoted' \\ back.mov", tmp_path / 'ü "proxy".mov'
    proxy.touch()
    (tmp_path / "j.record.json").write_text(json.dumps(record((source, proxy))), "utf-8")
    script = tmp_path / "link.py"
    assert main(["export", "resolve-links", str(tmp_path / "j.record.json"), "-o", str(script)]) == 0
    *words, last = in_console(python, script, [source])
    _, proxies = json.loads(last)
    assert (proxies, words[-1]) == ({source: str(proxy)}, "1 linked")
    *words, last = in_console(python, script, [source], "--dry-run")
    assert (json.loads(last)[1], words[-1]) == ({}, "1 would-link")


def test_the_script_says_where_to_run_it_when_resolve_does_not_answer(
    python: str, rulebook: Rulebook, tmp_path: Path
) -> None:
    script = tmp_path / "link.py"
    script.write_text(link_script(rulebook, record(("/card/a.mov", "/out/a.mov"))), "utf-8")
    environment: Mapping[str, str] = {**os.environ, "RESOLVE_SCRIPT_API": str(tmp_path), "PYTHONPATH": ""}
    done = subprocess.run(
        [python, str(script), "--dry-run"], capture_output=True, text=True, check=False, env=environment, timeout=60
    )
    assert done.returncode == 3
    assert "run this in its console" in done.stdout
    assert "LinkProxyMedia('/out/a.mov')" in done.stdout


def test_the_scripts_look_for_resolve_where_the_rulebook_says_it_is(
    python: str, rulebook: Rulebook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    system = sys.platform if sys.platform in rulebook.items["scripting"] else "linux"
    place: Any = rulebook.items["scripting"][system]
    monkeypatch.setitem(place, "api", str(tmp_path))
    (tmp_path / "Modules").mkdir()
    (tmp_path / "Modules/DaVinciResolveScript.py").write_text("def scriptapp(name): print('asked for ' + name)\n")
    environment = {name: value for name, value in os.environ.items() if name != "RESOLVE_SCRIPT_API"}
    texts = {
        "link.py": link_script(rulebook, record(("/card/a.mov", "/out/a.mov"))),
        "run.py": bundle_files(rulebook, plan_of(tmp_path / "out"))["run_in_resolve.py"],
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text, "utf-8")
        argv = [python, str(tmp_path / name)]
        done = subprocess.run(argv, capture_output=True, text=True, check=False, env=environment, timeout=60)
        assert (done.returncode, done.stdout.splitlines()[0]) == (3, "asked for Resolve"), done.stderr
    scripts = rulebook.items["scripting"]["win32"]["scripts"]
    assert f"Windows  {scripts}" in bundle_files(rulebook, plan_of(tmp_path / "out"))["README.txt"]


CLIPS = (
    {"FPS": "23.976", "Resolution": "4096x2160", "Start TC": "10:00:00:00", "Frames": "48"},
    {"FPS": "25", "Resolution": "1920x1080", "Start TC": "11:00:00:00", "Frames": "50"},
    {"FPS": "23.976", "Resolution": "4096x2160", "Start TC": "12:00:00:00", "Frames": "24"},
)


def plan_of(folder: Path, count: int = len(CLIPS)) -> dict[str, Any]:
    """A plan for Resolve, of clips of a card, whose renders go below a folder."""
    tasks = []
    for index in range(count):
        settings: dict[str, Any] = copy.deepcopy(dict(SETTINGS))
        settings["render"]["settings"]["TargetDir"] = str(folder / ".proxx" / "render" / f"{index}.mov")
        settings["render"]["settings"]["CustomName"] = str(index)
        source, output = f"/card/{index} ü '''.braw", str(folder / f"{index}.mov")
        tasks.append({"index": index, "source": source, "output": output, "settings": settings})
    return {"engine": "resolve", "job_id": "job-1", "spec": {"output_directory": str(folder)}, "tasks": tasks}


def bundled(plan: Mapping[str, Any], folder: Path) -> Path:
    """The bundle of a plan, as the command writes it."""
    file = folder / "job-1.plan.json"
    file.write_text(json.dumps(plan), "utf-8")
    assert main(["export", "resolve-bundle", str(file), "-o", str(folder / "bundle")]) == 0
    return folder / "bundle"


BUNDLE_HARNESS = """
import json, os, sys, types
package = types.ModuleType("proxx"); package.__path__ = [{package!r}]; sys.modules["proxx"] = package
from proxx.engines.simulated import scriptapp
from proxx.engines.simulated_world import World, FOREIGN
class Render:
    def __init__(self, spec):
        self.looks = 0
        with open(os.path.join(spec["folder"], spec["name"]), "wb") as handle:
            handle.write(b"rendered")
    def look(self):
        self.looks += 1
        return ("Rendering", 50, "") if self.looks < 4 else ("Complete", 100, "")
    def stop(self):
        pass
def dies():
    os._exit(9)
clips = json.loads({clips!r})
world = World(json.load(open({contract!r})), {traps!r}, clips, Render, dies, dies)
os.urandom = lambda count: bytes(range(count))
foreign = json.dumps(world.state["projects"][FOREIGN], sort_keys=True)
code = compile(open({script!r}, encoding="utf-8").read(), "run_in_resolve.py", "exec")
exec(code, {{"__name__": "__main__", "resolve": scriptapp(world)}})
assert json.dumps(world.state["projects"][FOREIGN], sort_keys=True) == foreign
print(json.dumps([list(sys.version_info[:2]), sorted(world.state["projects"])]))
"""


def run_bundle(
    python: str, bundle: Path, plan: Mapping[str, Any], *words: str, traps: Sequence[str] = ()
) -> subprocess.CompletedProcess[str]:
    """The bundle's script in the console of a simulated Resolve, which renders a few bytes a clip."""
    contract_file = bundle / "contract.json"
    contract_file.write_text(json.dumps(contract()), "utf-8")
    harness = BUNDLE_HARNESS.format(
        package=str(ENGINES.parent),
        contract=str(contract_file),
        traps=list(traps),
        clips=json.dumps({task["source"]: CLIPS[task["index"]] for task in plan["tasks"]}),
        script=str(bundle / "run_in_resolve.py"),
    )
    return subprocess.run([python, "-c", harness, *words], capture_output=True, text=True, check=False, timeout=120)


def called(path: Path) -> list[Any]:
    """Every call of a log, with its arguments."""
    events = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    return [(one["call"], one["arguments"]) for one in events if one["event"] == "call"]


def driven(bundle: Mapping[str, Any], plan: Mapping[str, Any]) -> list[Any]:
    """Every call that the driver makes for the same job in this process and this Python."""
    events: list[dict[str, Any]] = []
    clips = {task["source"]: CLIPS[task["index"]] for task in plan["tasks"]}
    world = World(contract(), (), clips, lambda spec: Instant(spec), lambda: None, lambda: None)
    job = job_of(bundle, "00010203", [], None)
    wrapped = wrap(scriptapp(world), bundle["contract"], events.append)
    driver = Driver(wrapped, job, events.append, lambda seconds: None, lambda folder: 0)
    drive(driver, bundle["clips"], lambda clip, what: None)
    return [(one["call"], one["arguments"]) for one in json.loads(json.dumps(events)) if one["event"] == "call"]


def test_the_bundle_s_script_makes_the_very_calls_of_the_driver(
    python: str, rulebook: Rulebook, tmp_path: Path
) -> None:
    plan = plan_of(tmp_path / "out")
    done = run_bundle(python, bundled(plan, tmp_path), plan)
    assert done.returncode == 0, done.stderr
    here = bundle_of(rulebook, plan)
    calls = driven(here, plan)
    assert called(Path(here["results"]).with_suffix(".calls.jsonl")) == calls
    assert len(calls) > 100
    results = json.loads(Path(here["results"]).read_text("utf-8"))
    assert ([one["state"] for one in results["clips"]], results["projects"]) == (["rendered"] * 3, [])
    files = {str(tmp_path / f"out/.proxx/render/{number}.mov/{number}.mov") for number in range(3)}
    assert {one["file"] for one in results["clips"]} == files
    assert [path.name for path in (tmp_path / "out").iterdir()] == [".proxx"]
    assert json.loads(done.stdout.splitlines()[-1])[1] == [FOREIGN]


def test_a_dry_run_of_the_bundle_needs_no_resolve_and_touches_nothing(python: str, tmp_path: Path) -> None:
    bundle = bundled(plan_of(tmp_path / "out"), tmp_path)
    argv = [python, str(bundle / "run_in_resolve.py"), "--dry-run"]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert "Project.AddRenderJob()" in lines
    assert sum(line.startswith("Project.StartRendering(") for line in lines) == 3
    assert lines[-1].startswith("ProjectManager.LoadProject(")
    assert not (tmp_path / "out").exists()


def test_the_script_that_finds_no_resolve_says_so(python: str, tmp_path: Path) -> None:
    bundle = bundled(plan_of(tmp_path / "out"), tmp_path)
    environment = {**os.environ, "RESOLVE_SCRIPT_API": str(tmp_path), "PYTHONPATH": ""}
    argv = [python, str(bundle / "run_in_resolve.py")]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=60, env=environment)
    assert (done.returncode, done.stdout.startswith("Resolve does not answer")) == (3, True)


def test_the_scripts_read_their_words_before_they_ask_for_resolve(
    python: str, rulebook: Rulebook, tmp_path: Path
) -> None:
    bundle = bundled(plan_of(tmp_path / "out"), tmp_path)
    link = tmp_path / "link.py"
    link.write_text(link_script(rulebook, record(("/card/a.mov", "/out/a.mov"))), "utf-8")
    (tmp_path / "Modules").mkdir()
    (tmp_path / "Modules/DaVinciResolveScript.py").write_text("def scriptapp(name): print('asked for ' + name)\n")
    environment = {**os.environ, "RESOLVE_SCRIPT_API": str(tmp_path), "PYTHONPATH": ""}
    for script in (link, bundle / "run_in_resolve.py"):
        for words, code in ((["--help"], 0), (["-h"], 0), (["--dryrun"], 2), (["--dry-run", "now"], 2)):
            argv = [python, str(script), *words]
            done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=60, env=environment)
            assert (done.returncode, done.stderr) == (code, "")
            assert f"usage: python3 {script.name} [--dry-run]" in done.stdout
            assert ("There is no " in done.stdout, "asked for" in done.stdout) == (code == 2, False)


def test_a_dry_run_that_nobody_listens_to_any_more_ends_in_silence(python: str, tmp_path: Path) -> None:
    bundle = bundled(plan_of(tmp_path / "out"), tmp_path)
    reader, writer = os.pipe()
    os.close(reader)
    argv = [python, str(bundle / "run_in_resolve.py"), "--dry-run"]
    with open(writer, "wb") as pipe:
        done = subprocess.run(argv, stdout=pipe, stderr=subprocess.PIPE, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("trap", ["import-empty", "no-start", "format-refused"])
def test_a_trap_leaves_clips_failed_with_their_cause_and_nothing_behind(
    trap: str, python: str, rulebook: Rulebook, tmp_path: Path
) -> None:
    plan = plan_of(tmp_path / "out", 1)
    done = run_bundle(python, bundled(plan, tmp_path), plan, traps=[trap])
    assert done.returncode == 0, done.stderr
    results = json.loads(Path(bundle_of(rulebook, plan)["results"]).read_text("utf-8"))
    (clip,) = results["clips"]
    assert clip["state"] == "failed"
    assert clip["trouble"]["call"]
    assert clip["trouble"]["call"] in done.stdout
    assert json.loads(done.stdout.splitlines()[-1])[1] == [FOREIGN]


def test_a_script_that_dies_leaves_the_call_it_died_in_and_the_next_run_cleans_up(
    python: str, rulebook: Rulebook, tmp_path: Path
) -> None:
    plan = plan_of(tmp_path / "out", 1)
    bundle = bundled(plan, tmp_path)
    assert run_bundle(python, bundle, plan, traps=["hang:Project.StartRendering"]).returncode == 9
    results = Path(bundle_of(rulebook, plan)["results"])
    assert called(results.with_suffix(".calls.jsonl"))[-1][0] == "Project.StartRendering"
    left = json.loads(results.read_text("utf-8"))["projects"]
    assert len(left) == 1
    assert run_bundle(python, bundle, plan).returncode == 0
    calls = called(results.with_suffix(".calls.jsonl"))
    assert ["ProjectManager.DeleteProject", left] in [list(one) for one in calls]


def test_the_bundle_carries_the_driver_s_very_texts(tmp_path: Path) -> None:
    script = (bundled(plan_of(tmp_path / "out"), tmp_path) / "run_in_resolve.py").read_text("utf-8")
    for name in MODULES:
        assert f"r'''{(ENGINES / f'{name}.py').read_text('utf-8')}'''" in script


def test_a_plan_of_another_kind_has_no_bundle(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "p.plan.json"
    for plan, words in (
        ({**plan_of(tmp_path), "engine": "ffmpeg"}, "this plan is for FFmpeg"),
        ({**plan_of(tmp_path), "tasks": [{"index": 0}]}, "the plan does not tell what is needed"),
        ({"spec": {}}, "is no plan"),
    ):
        file.write_text(json.dumps(plan), "utf-8")
        assert main(["export", "resolve-bundle", str(file), "-o", str(tmp_path / "bundle")]) == 2
        assert words in capsys.readouterr().err
        assert not (tmp_path / "bundle").exists()
