"""What ships is what stands in the tree, and it works from a wheel, from another folder and from a bare checkout."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
VERSION = PROJECT["version"]
QUESTION = ["decide", "pairing", "codec=dnxhd", "container=mov"]


def run(*argv: str, cwd: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run(
        argv, cwd=cwd, env={**environment, **variables}, capture_output=True, encoding="utf-8", timeout=300
    )


def tree(*folders: str) -> list[str]:
    """Every file of the tree below the folders, save what Python leaves behind."""
    found = [path for folder in folders for path in (ROOT / folder).rglob("*") if path.is_file()]
    return sorted(path.relative_to(ROOT).as_posix() for path in found if "__pycache__" not in path.parts)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist of the tree, and the wheel built from that sdist."""
    folder = tmp_path_factory.mktemp("dist")
    done = run(sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(ROOT), cwd=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.fixture(scope="module")
def installed(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of a new environment that holds the wheel, and sees this one's other packages."""
    place = tmp_path_factory.mktemp("env")
    assert run(sys.executable, "-m", "venv", str(place), cwd=place).returncode == 0
    (wheel,) = built.glob("*.whl")
    python = str(place / "bin" / "python")
    done = run(python, "-m", "pip", "install", "--no-index", "--no-deps", str(wheel), cwd=place)
    assert done.returncode == 0, done.stdout + done.stderr
    purelib = run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=place).stdout.strip()
    Path(purelib, "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return place / "bin"


def test_the_wheel_holds_the_program_and_the_rulebook_and_nothing_else(built: Path) -> None:
    (wheel,) = built.glob("*.whl")
    program = [name.removeprefix("engine/") for name in tree("engine/proxx")]
    rulebook = [f"proxx/data/{name}" for name in ("rulebook.toml", *tree("matrices", "profiles", "schema"))]
    about = ("METADATA", "RECORD", "WHEEL", "entry_points.txt", "licenses/LICENSE")
    expected = [*program, *rulebook, *(f"proxx_engine-{VERSION}.dist-info/{name}" for name in about)]
    assert sorted(zipfile.ZipFile(wheel).namelist()) == sorted(expected)
    assert "proxx/py.typed" in expected


def test_the_sdist_holds_all_that_is_needed_to_build_and_to_test(built: Path) -> None:
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {member.name.partition("/")[2] for member in archive if member.isfile()}
    folders = ("engine/proxx", "matrices", "profiles", "schema", "tests", "examples", "benchmarks", "docs", "tools")
    files = ("rulebook.toml", "pyproject.toml", "hatch_build.py", "Makefile", ".ci/run", ".pre-commit-hooks.yaml")
    pages = ("LICENSE", "README.md", "CHANGELOG.md")
    expected = {*tree(*folders), *files, *pages}
    assert expected - names == set()
    assert names - expected <= {"PKG-INFO", ".gitignore"}


def test_the_installed_program_answers_from_any_folder_with_the_rulebook_it_brought(
    installed: Path, tmp_path: Path
) -> None:
    version = run(str(installed / "proxx"), "--version", cwd=tmp_path)
    assert version.stdout == f"proxx {VERSION}\n"
    answer = run(str(installed / "proxx"), *QUESTION, "--format", "json", cwd=tmp_path)
    assert answer.returncode == 1, answer.stderr
    assert json.loads(answer.stdout)["finding"]["id"] == "pairing/dnxhd-in-mov"
    explained = run(str(installed / "proxx"), "explain", "pairing/dnxhd-in-mov", "--format", "json", cwd=tmp_path)
    assert Path(json.loads(explained.stdout)["file"]).is_relative_to(installed.resolve().parent)


def test_the_installed_package_is_typed_and_gives_the_python_face(installed: Path, tmp_path: Path) -> None:
    code = "import pathlib, proxx; print(proxx.JobSpec.__name__, *pathlib.Path(proxx.__file__).parent.glob('py.typed'))"
    said = run(str(installed / "python"), "-c", code, cwd=tmp_path).stdout
    assert said.startswith("JobSpec ")
    assert said.endswith("py.typed\n")


def test_a_bare_checkout_answers_without_being_installed(tmp_path: Path) -> None:
    answer = run(sys.executable, "-m", "proxx", *QUESTION, cwd=tmp_path, PYTHONPATH=str(ROOT / "engine"))
    assert answer.returncode == 1, answer.stderr
    assert "error[pairing/dnxhd-in-mov]: DNxHD must be wrapped in MXF" in answer.stdout


def test_the_version_is_said_once_in_the_package_and_once_in_the_project() -> None:
    assert f'__version__ = "{VERSION}"' in (ROOT / "engine/proxx/__init__.py").read_text("utf-8")
