"""The hooks for pre-commit: pre-commit accepts them, installs them from a clone, and they refuse what is wrong."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import SPEC

from proxx.cli import main

ROOT = Path(__file__).parents[1]
MANIFEST = ROOT / ".pre-commit-hooks.yaml"
CONFIG = """\
repos:
  - repo: {repository}
    rev: {revision}
    hooks:
      - id: proxx-check
        args: [--rulebook, rules]
      - id: proxx-rulebook-check
        args: [rules]
      - id: proxx-rulebook-test
        args: [rules]
      - id: proxx-docs
        args: [-o, pages, --rulebook, rules]
"""


def run(*command: str, cwd: Path, **variables: str) -> tuple[int, str]:
    """The exit code of a command, and all it says."""
    done = subprocess.run(
        command,
        cwd=cwd,
        env={**{name: value for name, value in os.environ.items() if not name.startswith("GIT_")}, **variables},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=600,
    )
    return done.returncode, done.stdout


def git(folder: Path, *words: str) -> str:
    code, said = run("git", "-c", "user.name=td", "-c", "user.email=td@studio.test", *words, cwd=folder)
    assert code == 0, said
    return said.strip()


def pre_commit(folder: Path, home: Path, *words: str) -> tuple[int, str]:
    return run(sys.executable, "-m", "pre_commit", *words, cwd=folder, PRE_COMMIT_HOME=str(home), NO_COLOR="1")


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """This repository as it is now, tests left out, as a repository with one commit."""
    folder = tmp_path / "proxx"
    folder.mkdir()
    left_out = shutil.ignore_patterns("__pycache__", ".*_cache")
    for name in ("engine", "matrices", "profiles", "schema"):
        shutil.copytree(ROOT / name, folder / name, ignore=left_out)
    for name in ("pyproject.toml", "hatch_build.py", "rulebook.toml", "README.md", "LICENSE", MANIFEST.name):
        shutil.copy(ROOT / name, folder / name)
    git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "proxx")
    return folder


@pytest.fixture
def show(tmp_path: Path, clone: Path) -> Path:
    """A show's repository: a studio's layer, a spec, a JSON file that is none, and the configuration of the hooks."""
    folder = tmp_path / "show"
    shutil.copytree(ROOT / "examples/studio", folder / "rules", ignore=shutil.ignore_patterns("docs"))
    assert main(["docs", "-o", str(folder / "pages"), "--rulebook", str(folder / "rules")]) == 0
    write(folder / "jobs/offline.json", SPEC)
    write(folder / "jobs/offline.record.json", {"status": "COMPLETED"})
    write(folder / "package.json", {"name": "not a spec"})
    revision = git(clone, "rev-parse", "HEAD")
    (folder / ".pre-commit-config.yaml").write_text(CONFIG.format(repository=clone, revision=revision), "utf-8")
    git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "show")
    return folder


def write(path: Path, document: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=2) + "\n", "utf-8")


def verdicts(said: str) -> dict[str, str]:
    """What pre-commit says of every hook, by its name."""
    return dict(re.findall(r"^(proxx[\w ]*?)\.+(?:\(.*\))?(Passed|Failed|Skipped)$", said, re.MULTILINE))


def test_pre_commit_accepts_the_manifest(tmp_path: Path) -> None:
    assert pre_commit(ROOT, tmp_path, "validate-manifest", str(MANIFEST)) == (0, "")
    ids = re.findall(r"^- id: (\S+)$", MANIFEST.read_text("utf-8"), re.MULTILINE)
    assert sorted(ids) == ["proxx-check", "proxx-docs", "proxx-rulebook-check", "proxx-rulebook-test"]


def test_the_hooks_run_in_a_repository_and_refuse_what_is_wrong(show: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    code, said = pre_commit(show, home, "run", "--all-files")
    names = ("proxx check", "proxx rulebook check", "proxx rulebook test", "proxx docs")
    assert (code, verdicts(said)) == (0, dict.fromkeys(names, "Passed")), said

    write(show / "jobs/online.json", {**SPEC, "container": "webm"})
    git(show, "add", "--all")
    code, said = pre_commit(show, home, "run")
    assert (code, verdicts(said)["proxx check"]) == (1, "Failed"), said
    assert "error[pairing/codec-in-container]: h264 cannot be wrapped in webm" in said
    assert "jobs/online.json:" in said
    assert "not a spec" not in said
    assert verdicts(said)["proxx rulebook check"] == "Skipped", "no rule has changed"

    rules = show / "rules/matrices/sources.toml"
    rules.write_text(rules.read_text("utf-8").replace('codec = "cineform"', 'codec = "prores"'), "utf-8")
    git(show, "add", "--all")
    code, said = pre_commit(show, home, "run", "proxx-rulebook-check")
    assert (code, verdicts(said)) == (1, {"proxx rulebook check": "Failed"}), said
    assert "error[rulebook/tie]" in said
    assert "rules/matrices/sources.toml:6:" in said

    rules.write_text(rules.read_text("utf-8").replace('codec = "prores"', 'codec = "sheervideo"'), "utf-8")
    git(show, "add", "--all")
    assert pre_commit(show, home, "run", "proxx-rulebook-check")[0] == 0
    code, said = pre_commit(show, home, "run", "proxx-rulebook-test")
    assert (code, verdicts(said)) == (1, {"proxx rulebook test": "Failed"}), said
    assert "studio-cineform" in said
    code, said = pre_commit(show, home, "run", "proxx-docs")
    assert (code, verdicts(said)) == (1, {"proxx docs": "Failed"}), said
    assert "tables/source-capability.md" in said
