"""What all tests share: the shipped rulebook, a cache of its own, a spec that is right, and `--update`."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from proxx import prove
from proxx.checking import Checked
from proxx.job import plan
from proxx.jobspec import Reading
from proxx.model import Plan
from proxx.rulebook import Rulebook, default_cache, load
from proxx.samples import CAMERA, HD, Told
from proxx.tools import find_tool
from proxx.verdict import judge_spec

# How long an example takes says something about the machine's load, nothing about the program.
settings.register_profile("proxx", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("proxx")

ROOT = Path(__file__).resolve().parents[1]
SPEC: dict[str, Any] = {
    "jobspec_version": "2.1",
    "sources": ["/footage/A001_C001.mp4"],
    "output_directory": "/footage/proxies",
    "codec": "h264",
    "container": "mp4",
    "resolution": "half",
    "naming_template": "{source_name}_proxy",
    "proxy_profile": "proxy_h264_low",
}
"""A spec in which nothing is wrong."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """`pytest --update` rewrites the golden files; their difference is then reviewed like any other change."""
    parser.addoption("--update", action="store_true", help="rewrite golden files with what is printed now")


@pytest.fixture(scope="session")
def update(request: pytest.FixtureRequest) -> bool:
    """Whether golden files shall be rewritten."""
    return bool(request.config.getoption("--update"))


@pytest.fixture(scope="session", autouse=True)
def _signals_are_heard() -> None:
    """`nohup make test &` switches signals off for all that it starts, and proxx leaves off what it finds off."""
    for number, handler in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
        if signal.getsignal(number) == signal.SIG_IGN:
            signal.signal(number, handler)


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker of the tests that need a running Resolve."""
    config.addinivalue_line("markers", "resolve_live: needs DaVinci Resolve Studio; PROXX_RESOLVE_LIVE=REPORT opts in")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what needs a running Resolve, unless somebody has one and says so."""
    if not os.environ.get("PROXX_RESOLVE_LIVE"):
        live = [item for item in items if item.get_closest_marker("resolve_live")]
        items[:] = [item for item in items if item not in live]
        config.hook.pytest_deselected(items=live)


@pytest.fixture(scope="session", autouse=True)
def _cache_of_its_own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Frozen rulebooks go below the tests' own folder, never into the user's cache; output has no colours."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        patch.delenv("PROXX_RULEBOOK", raising=False)
        # Whatever proxx.toml lies above the checkout or the folder of temporary files, no test meets it.
        above = (ROOT.parent, Path(tempfile.gettempdir()), tmp_path_factory.getbasetemp().parent)
        patch.setenv("PROXX_CEILING", os.pathsep.join(map(str, above)))
        patch.setenv("NO_COLOR", "1")
        yield


@pytest.fixture(scope="session", autouse=True)
def _one_generation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Tests that name ffmpeg or ffprobe themselves run the build that PROXX_FFMPEG and PROXX_FFPROBE choose."""
    folder = tmp_path_factory.mktemp("tools")
    for name in ("ffmpeg", "ffprobe"):
        if os.environ.get(f"PROXX_{name.upper()}"):
            (folder / name).symlink_to(find_tool(name))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", str(folder), prepend=os.pathsep)
        yield


@pytest.fixture(scope="session")
def rulebook(_cache_of_its_own: None) -> Rulebook:
    """The shipped rulebook, proved."""
    return load((), lint=prove.lint, cache=default_cache())


@pytest.fixture
def spec_file(tmp_path: Path) -> Callable[..., Path]:
    """Writes a spec that is right, save the given changes (None leaves a field out), and gives its path."""

    def write(name: str = "job.json", **changes: Any) -> Path:
        document = {key: value for key, value in {**SPEC, **changes}.items() if value is not None}
        path = tmp_path / name
        path.write_text(json.dumps(document, indent=2) + "\n", "utf-8")
        return path

    return write


@pytest.fixture
def probes_file(tmp_path: Path) -> Callable[..., Path]:
    """Writes a probe file of `path=(container, codec)` entries and gives its path."""

    def write(pairs: dict[str, tuple[str, str]]) -> Path:
        path = tmp_path / "media.probes.json"
        entries = {name: {"container": container, "codec": codec} for name, (container, codec) in pairs.items()}
        path.write_text(json.dumps(entries), "utf-8")
        return path

    return write


@pytest.fixture(scope="session")
def book_copy(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Path]:
    """Copies the shipped rulebook (rulebook.toml, matrices, profiles, schema) into a new folder that may be damaged."""

    def copy() -> Path:
        folder = tmp_path_factory.mktemp("book")
        shutil.copy(ROOT / "rulebook.toml", folder)
        for part in ("matrices", "profiles", "schema"):
            shutil.copytree(ROOT / part, folder / part)
        return folder

    return copy


@pytest.fixture(scope="session")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two tiny ProRes clips and one H.264 clip, made by FFmpeg."""
    folder = tmp_path_factory.mktemp("footage")
    picture = ["-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25:duration=0.2"]
    ways = {
        "clip_001.mov": ["-c:v", "prores", "-profile:v", "0", "-pix_fmt", "yuv422p10le"],
        "clip_002.mov": ["-c:v", "prores", "-profile:v", "0", "-pix_fmt", "yuv422p10le"],
        "clip.mp4": ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"],
    }
    for name, way in ways.items():
        command = ["ffmpeg", "-v", "error", "-nostdin", *picture, *way, str(folder / name)]
        subprocess.run(command, check=True, timeout=60)
    return folder


@pytest.fixture
def encodes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[str]]:
    """An ffmpeg that notes the arguments of every encode."""
    tally = tmp_path / "encodes"
    wrapper = tmp_path / "ffmpeg"
    real = find_tool("ffmpeg")
    wrapper.write_text(f'#!/bin/sh\ncase "$*" in *-map_metadata*) echo "$*" >> {tally};; esac\nexec {real} "$@"\n')
    wrapper.chmod(0o755)
    monkeypatch.setenv("PROXX_FFMPEG", str(wrapper))
    return lambda: tally.read_text().splitlines() if tally.exists() else []


@pytest.fixture
def planned(rulebook: Rulebook) -> Callable[..., Plan]:
    """A plan of so many made-up clips of a raster."""

    def make(clips: int, profile: str = "proxy_h264_mov", width: int = 1920, height: int = 1080) -> Plan:
        recipe = rulebook.profiles[profile]
        makes = {"codec": recipe["codec"], "container": recipe["container"], "resolution": recipe["resolutions"][0]}
        sources = [f"/footage/clip{index}.mov" for index in range(clips)]
        reading = Reading({**SPEC, **makes, "proxy_profile": profile, "sources": sources})
        media = replace(CAMERA, video=replace(HD, width=width, height=height))
        verdict = judge_spec(rulebook, reading, Told(media))
        assert verdict.ok, verdict.findings
        return plan(rulebook, Checked("", reading, verdict, verdict.findings), "5.1")

    return make
