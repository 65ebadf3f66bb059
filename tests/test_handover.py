"""The scripts that take work into Resolve run by themselves, in old Pythons, and touch nothing they must not."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from resolve_double import contract

from proxx.cli import main
from proxx.engines.resolve_contract import wrap
from proxx.engines.resolve_links import link_all, report
from proxx.engines.simulated import scriptapp
from proxx.engines.simulated_world import FOREIGN, World
from proxx.handover import link_script

ENGINES = Path(__file__).parent.parent / "engine/proxx/engines"


def old_python() -> str:
    """The oldest Python from 3.6 on that is here, by its name on PATH or in pyenv; this one where there is no other."""
    for minor in range(6, 13):
        found = shutil.which(f"python3.{minor}", path=os.pathsep.join([os.environ.get("PATH", ""), *_pyenv(minor)]))
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


def test_the_script_says_where_to_run_it_when_resolve_does_not_answer(python: str, tmp_path: Path) -> None:
    script = tmp_path / "link.py"
    script.write_text(link_script(record(("/card/a.mov", "/out/a.mov"))), "utf-8")
    environment: Mapping[str, str] = {**os.environ, "RESOLVE_SCRIPT_API": str(tmp_path), "PYTHONPATH": ""}
    done = subprocess.run(
        [python, str(script), "--dry-run"], capture_output=True, text=True, check=False, env=environment, timeout=60
    )
    assert done.returncode == 3
    assert "run this in its console" in done.stdout
    assert "LinkProxyMedia('/out/a.mov')" in done.stdout
