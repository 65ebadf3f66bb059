"""Whole runs with the simulated Resolve: spec, plan, driver, files, proof, record; traps, kills, hangs and stops."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from proxx.cli import main
from proxx.engines import resolve_state as state
from proxx.engines.resolve import Engine, close_all
from proxx.engines.resolve_request import Simulation, begin_request
from proxx.engines.resolve_session import Session
from proxx.engines.simulated_traps import TRAPS
from proxx.engines.simulated_world import FOREIGN, PROJECT, UNTITLED, foreign_job
from proxx.model import Plan
from proxx.rulebook import Rulebook
from proxx.tools import find_tool

ROOT = Path(__file__).parent.parent
PROFILE = "proxy_prores_proxy_resolve"
Run = Callable[..., int]

SEEN = {
    "preset-refused": "COMPLETED", "preset-sticks": "COMPLETED", "job-once": "COMPLETED", "status-text": "COMPLETED",
    "proxy-media": "COMPLETED", "untitled": "COMPLETED", "delete-refused": "COMPLETED",
    "mixed-rates": "resolve/setting-refused",
    "key-ignored": "made/raster", "short": "made/fewer-frames", "old-codec": "made/codec",
    "two-channels": "made/audio-channels", "reel-dropped": "made/reel",
    "no-file": "resolve/no-file", "two-files": "resolve/extra-files",
    "rate-fixed": "resolve/setting-refused", "setting-ignored": "resolve/setting-refused",
    "import-empty": "resolve/import-refused", "import-many": "resolve/import-refused",
    "no-start": "resolve/clip-unknown", "folder-refused": "resolve/folder-refused",
    "folder-stays": "resolve/folder-refused", "timeline-none": "resolve/timeline-refused",
    "timeline-stays": "resolve/timeline-refused", "timeline-rate": "resolve/timeline-refused",
    "timeline-unset": "resolve/timeline-refused", "no-folder": "resolve/folder-refused",
    "timecode-refused": "resolve/timecode-refused", "one-hour": "resolve/timecode-refused",
    "format-unknown": "resolve/format-refused", "format-refused": "resolve/format-refused",
    "format-ignored": "resolve/format-refused", "mode-refused": "resolve/mode-refused",
    "render-setting": "resolve/render-setting-refused", "render-together": "resolve/render-setting-refused",
    "job-empty": "resolve/job-refused", "job-none": "resolve/job-refused", "job-lost": "resolve/job-lost",
    "job-elsewhere": "resolve/job-lost", "start-refused": "resolve/start-refused",
    "status-none": "resolve/render-failed", "render-fails": "resolve/render-failed",
    "render-cancelled": "resolve/render-failed", "render-stops": "resolve/render-failed",
    "render-stands": "resolve/render-stalled", "name-taken": "resolve/project-refused",
    "no-pool": "resolve/unreachable", "dirty": "resolve/project-refused", "other-project": "resolve/foreign-project",
}  # fmt: skip
"""What a trap comes to in a run: the job completed, or the finding that the record holds."""

REFUSED = {
    "not-running": "scriptapp(Resolve)",
    "free": "this is DaVinci Resolve",
    "old": "this is version 18.6.6.0007",
    "database": "ProjectManager.GetCurrentDatabase()",
    "no-manager": "Resolve.GetProjectManager()",
    "busy": "is rendering",
}
"""Traps that a job meets before it begins, and how that is told."""


@pytest.fixture(scope="module")
def footage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Camera RAW that only states what it is: a BRAW clip with four channels of sound, and a bare R3D header."""
    folder = tmp_path_factory.mktemp("raw")
    movie = folder / "movie.mov"
    command = [
        "ffmpeg", "-v", "error", "-nostdin", "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25:duration=0.4",
        "-f", "lavfi", "-i", "aevalsrc=0|0|0|0:s=48000:d=0.4", "-c:v", "mjpeg", "-c:a", "pcm_s24le",
        "-timecode", "10:11:12:13", "-metadata:s:v:0", "reel_name=A001R2EC", str(movie),
    ]  # fmt: skip
    subprocess.run(command, check=True, timeout=60)
    data = movie.read_bytes()
    assert data.count(b"\0\0\0\0jpeg") or b"jpeg" in data
    (folder / "A001C001.braw").write_bytes(data.replace(b"jpeg", b"brhq"))
    (folder / "A001C002.R3D").write_bytes(b"\0\0\x01\x00RED1" + bytes(4096))
    movie.rename(folder / "picture.mov")
    return folder


@pytest.fixture(scope="module")
def layer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A layer in which nothing may take long."""
    folder = tmp_path_factory.mktemp("hasty")
    (folder / "matrices").mkdir()
    schemas = f"#:schema {ROOT}/schema/"
    words = f'{schemas}rulebook.schema.json\nname = "hasty"\nversion = "1"\nformat = 1\nextends = "proxx"\n'
    (folder / "rulebook.toml").write_text(words, "utf-8")
    entries = [("other", 2), ("render", 1), ("connect", 20), ("MediaPool.ImportMedia", 2)]
    text = f"{schemas}resolve.schema.json\n# How soon must Resolve answer here?\n\n"
    text += "".join(f'[deadline."{name}"]\nreplaces = true\ndoc = "Soon."\nseconds = {to}\n' for name, to in entries)
    (folder / "matrices" / "hasty.toml").write_text(text, "utf-8")
    return folder


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A machine of its own, with a Resolve whose state stays; clips that failed are tried again at once."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("PROXX_SIMULATED_STATE", str(tmp_path / "resolve.json"))
    monkeypatch.setattr("proxx.task.pause", lambda seconds, stopped: not stopped())
    yield tmp_path
    close_all()


@pytest.fixture
def run(home: Path, footage: Path, spec_file: Callable[..., Path], layer: Path) -> Run:
    """Runs a job of RAW clips, simulated, and gives the exit code."""

    def go(*words: str, clips: tuple[str, ...] = ("A001C001.braw",), simulate: bool = True, **changes: Any) -> int:
        spec = spec_file(
            **{
                "sources": [str(footage / clip) for clip in clips],
                "output_directory": str(home / "out"),
                "codec": "prores_proxy",
                "container": "mov",
                "resolution": "same",
                "proxy_profile": PROFILE,
                **changes,
            }
        )
        simulated = ["--simulate"] if simulate else []
        return main(["run", str(spec), "--quiet", "--rulebook", str(layer), *simulated, *words])

    return go


def record(home: Path) -> dict[str, Any]:
    """The newest record."""
    paths = sorted((home / "out").glob("*.record.json"), key=lambda path: path.stat().st_mtime_ns)
    document: dict[str, Any] = json.loads(paths[-1].read_text("utf-8"))
    return document


def movies(home: Path) -> list[str]:
    """What stands under final or hidden names."""
    return sorted(path.name for path in (home / "out").glob("*.mov"))


def resolve(home: Path) -> dict[str, Any]:
    """The simulated Resolve's state."""
    document: dict[str, Any] = json.loads((home / "resolve.json").read_text("utf-8"))
    return document


def assert_foreign_is_untouched(home: Path, trap: str = "") -> None:
    """Somebody's project is open as before, with its jobs; and nothing of ours is left, nor a folder of a render."""
    now = resolve(home)
    theirs = {**PROJECT, "jobs": [foreign_job(1), foreign_job(2)], "dirty": trap == "dirty"}
    if trap == "busy":
        theirs["jobs"][0]["status"] = "Rendering"
    assert now["projects"][FOREIGN] == theirs
    ours = [name for name in now["projects"] if name.startswith("proxx-")]
    assert ours == [] or trap == "delete-refused"
    assert now["open"] == (UNTITLED if trap == "untitled" else FOREIGN)
    assert now["rendering"] is None or trap == "busy"
    assert not (home / "out" / ".proxx" / "render").exists()


def test_every_trap_is_run() -> None:
    assert set(SEEN) | set(REFUSED) | {"hang", "kill"} == set(TRAPS)


def test_raw_becomes_verified_proxies_and_a_record_that_says_they_are_simulated(
    run: Run, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(clips=("A001C001.braw", "A001C002.R3D"), resolution="half") == 0
    assert movies(home) == ["A001C001_proxy.mov", "A001C002_proxy.mov"]
    told = record(home)
    assert (told["engine"], told["engine_impl"], told["status"]) == ("resolve", "simulated", "COMPLETED")
    assert told["versions"]["resolve"] == "DaVinci Resolve Studio 20.3.1.0006"
    first, second = told["clips"]
    assert first["resolve"]["engine_impl"] == "simulated"
    assert first["resolve"]["edition"] == "Studio"
    assert first["resolve"]["bound"]["clip"]["FPS"] == "25"
    assert first["resolve"]["bound"]["settings"]["render"]["settings"]["FormatWidth"] == 160
    assert first["settings"]["render"]["settings"]["FormatWidth"] == "@clip.Width/2"
    promise, made = first["promise"], first["media"]
    assert (promise["timecode"], promise["reel"]) == ("10:11:12:13", "A001R2EC")
    assert (made["timecode"], made["reel"]) == ("10:11:12:13", "A001R2EC")
    assert promise["video"]["frames"] == first["frames_decoded"] == 10
    assert (made["video"]["width"], made["video"]["height"]) == (160, 90)
    assert sum(one["channels"] for one in made["audio"]) == 4
    assert second["resolve"]["bound"]["clip"]["FPS"] == "24"
    assert_foreign_is_untouched(home)
    schemas = {path.name: json.loads(path.read_text("utf-8")) for path in (ROOT / "schema").glob("*.schema.json")}
    known = [(name, Resource.from_contents(schema)) for name, schema in schemas.items()]
    registry: Registry[Any] = Registry().with_resources(known)
    for kind in ("plan", "record"):
        (path,) = (home / "out").glob(f"*.{kind}.json")
        validator = Draft202012Validator(schemas[f"{kind}.schema.json"], registry=registry)
        assert list(validator.iter_errors(json.loads(path.read_text("utf-8")))) == []
    capsys.readouterr()
    assert run(clips=("A001C001.braw", "A001C002.R3D"), resolution="half") == 0
    assert "nothing to do" in capsys.readouterr().out


def test_a_picture_that_is_given_is_what_is_rendered(run: Run, home: Path, footage: Path) -> None:
    picture = home / "grey.mov"
    command = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "color=gray:size=64x36:rate=25:duration=0.1", str(picture)]
    subprocess.run(command, check=True, timeout=60)
    assert run("--simulate-picture", str(picture)) == 0
    (made,) = (home / "out").glob("*.mov")
    crop = ["-vf", "crop=100:40:200:130,format=rgb24", "-frames:v", "1", "-f", "rawvideo", "-"]
    shown = subprocess.run(["ffmpeg", "-v", "error", "-i", str(made), *crop], capture_output=True, check=True).stdout
    assert max(shown) - min(shown) < 12  # grey all over, where the test pattern has colours


@pytest.mark.parametrize("trap", sorted(SEEN))
def test_a_trap_ends_in_a_proved_proxy_or_in_a_finding_that_names_the_cause(
    trap: str, run: Run, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = run("--simulate-trap", trap)
    (clip,) = record(home)["clips"]
    found = [finding["id"] for finding in clip["findings"] if finding["severity"] == "error"]
    if SEEN[trap] == "COMPLETED":
        assert (code, clip["status"], found) == (0, "COMPLETED", [])
        assert movies(home) == ["A001C001_proxy.mov"]
    else:
        assert (code, clip["status"]) == (4, "REJECTED" if SEEN[trap].startswith("made/") else "FAILED")
        assert SEEN[trap] in found
        assert movies(home) == []
    assert_foreign_is_untouched(home, trap)
    if trap == "delete-refused":
        assert len(state.left(state.SIMULATED)["projects"]) == 2
        assert "could not be put in order in Resolve; the next job tries again" in capsys.readouterr().err


@pytest.mark.parametrize("trap", sorted(REFUSED))
def test_a_trap_before_the_job_ends_it_and_says_what_to_do(
    trap: str, run: Run, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("--simulate-trap", trap) == 3
    said = capsys.readouterr().err
    assert REFUSED[trap] in said
    assert "proxx doctor" in said
    assert not (home / "out").exists()
    assert_foreign_is_untouched(home, trap)


@pytest.mark.parametrize("call", ["MediaPool.ImportMedia", "Project.AddRenderJob", "Project.GetRenderJobStatus"])
def test_a_call_that_hangs_ends_the_driver_and_keeps_everybody_from_resolve(
    call: str, run: Run, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("--simulate-trap", f"hang:{call}", clips=("A001C001.braw", "A001C002.R3D")) == 4
    first, second = record(home)["clips"]
    assert [finding["id"] for finding in first["findings"]] == ["resolve/hung"]
    assert call in first["findings"][0]["message"]
    assert first["resolve"]["in_flight"]["call"] == call
    assert [finding["id"] for finding in second["findings"]] == ["resolve/wedged"]
    assert movies(home) == []
    assert resolve(home)["projects"][FOREIGN]["jobs"] == [foreign_job(1), foreign_job(2)]
    mark = state.wedged(state.SIMULATED)
    assert mark is not None
    assert mark["call"] == call
    capsys.readouterr()
    assert run(clips=("A001C001.braw", "A001C002.R3D")) == 3
    assert call in capsys.readouterr().err
    state.clear_wedged(state.SIMULATED)
    assert run(clips=("A001C001.braw", "A001C002.R3D")) == 0
    assert len(movies(home)) == 2
    assert_foreign_is_untouched(home)


KILLS = [9, 11, 14, 17, 20, 24, 27, 30, 33, 37, 41, 44, 48, 52, 56, 60, 64, 68, 72, 78]
"""Numbers of calls: from the first project to the looks at the render and the cleaning up."""


@pytest.mark.parametrize("number", KILLS)
def test_a_driver_that_is_killed_is_replaced_and_leaves_nothing(number: int, run: Run, home: Path) -> None:
    assert run("--simulate-trap", f"kill:{number}") == 0
    (clip,) = record(home)["clips"]
    assert clip["status"] == "COMPLETED"
    assert movies(home) == ["A001C001_proxy.mov"]
    failed = clip["failed_attempts"]
    assert [one["findings"] for one in failed] in ([["resolve/lost"]], [])  # none: it was killed over the cleaning up
    assert failed or number > KILLS[-6]
    if failed:
        assert_foreign_is_untouched(home)
    assert resolve(home)["projects"][FOREIGN]["jobs"] == [foreign_job(1), foreign_job(2)]


def test_a_driver_that_is_killed_while_it_connects_ends_the_job(
    run: Run, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("--simulate-trap", "kill:4") == 3
    assert "it was ended by signal 9" in capsys.readouterr().err
    assert run() == 0
    assert_foreign_is_untouched(home)


def test_a_stopped_job_stops_its_render_and_cleans_up(
    run: Run, home: Path, rulebook: Rulebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    stops: list[Event] = []
    make = Engine.make

    def stopping(engine: Engine, task: Any, stop: Event, moved: Any) -> Any:
        stops.append(stop)

        def told(event: str, frames: int) -> None:
            if event == "frames":
                stop.set()

        return make(engine, task, stop, told)

    monkeypatch.setattr(Engine, "make", stopping)
    assert run("--simulate-trap", "render-stands", clips=("A001C001.braw", "A001C002.R3D")) == 130
    assert [clip["status"] for clip in record(home)["clips"]] == ["CANCELLED", "CANCELLED"]
    assert movies(home) == []
    assert_foreign_is_untouched(home)


def test_a_recorded_proxy_of_resolve_is_looked_after_like_any_other(
    run: Run, home: Path, layer: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run() == 0
    (path,) = (home / "out").glob("*.record.json")
    assert main(["verify", str(path)]) == 0
    assert main(["status", str(home / "out"), "--rulebook", str(layer)]) == 0
    assert "1 fresh" in capsys.readouterr().out
    assert main(["reproduce", str(path)]) == 2
    assert "was made by Resolve" in capsys.readouterr().err
    assert main(["run", str(path), "--quiet", "--simulate", "--rulebook", str(layer)]) == 0  # its spec
    assert movies(home) == ["A001C001_proxy.mov"]


def test_what_a_simulated_resolve_made_is_never_taken_for_the_real_thing(
    run: Run, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run() == 0
    entry = json.loads(next((home / "out/.proxx/clips").glob("*.json")).read_text("utf-8"))
    assert entry["made"]["engine_version"].endswith(" (simulated)")
    capsys.readouterr()
    main(["status", str(home / "out")])
    said = capsys.readouterr().out.splitlines()
    assert said[0].endswith(".record.json (simulated)")
    assert said[1].endswith("A001C001_proxy.mov (simulated)")
    assert said[-1].endswith("1 simulated: no picture in them is the source's")
    main(["status", str(home / "out"), "--format", "json"])
    told = json.loads(capsys.readouterr().out)
    assert [one["simulated"] for one in (*told["jobs"], *told["proxies"])] == [True, True]


def test_a_job_is_tried_again_from_its_record(run: Run, home: Path, layer: Path) -> None:
    assert run("--simulate-trap", "job-empty") == 4
    (path,) = (home / "out").glob("*.record.json")
    assert main(["retry", str(path), "--quiet", "--rulebook", str(layer), "--simulate"]) == 0
    assert record(home)["retried_from"] == json.loads(path.read_text("utf-8"))["job_id"]
    assert movies(home) == ["A001C001_proxy.mov"]


def test_refused_files_are_kept_aside(run: Run, home: Path) -> None:
    assert run("--simulate-trap", "short") == 4
    assert (home / "out/.proxx/rejected/A001C001_proxy.mov").is_file()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--simulate-trap", "dirt"), "there is no such trap; did you mean dirty?"),
        (("--simulate-trap", "hang"), "there is no such trap"),
        (
            ("--simulate-picture", "/nowhere.mov"),
            "/nowhere.mov cannot be used: The source does not exist (source/missing)",
        ),
    ],
)
def test_wrong_words_about_a_simulation_are_told(
    words: tuple[str, ...], says: str, run: Run, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*words) == 2
    assert says in capsys.readouterr().err
    assert not (home / "out").exists()


def test_traps_without_a_simulation_are_refused(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--simulate-trap", "dirty", simulate=False) == 2
    assert "belong to --simulate" in capsys.readouterr().err


def test_a_watcher_makes_raw_too(home: Path, footage: Path, layer: Path) -> None:
    drop = home / "drop"
    drop.mkdir()
    (drop / "A001C001.braw").write_bytes((footage / "A001C001.braw").read_bytes())
    quick = ["--settle", "0.05", "--long-settle", "0.05", "--every", "0.05", "--quiet", "--once"]
    words = ["--raw-profile", PROFILE, "--out", str(home / "out"), "--simulate", "--rulebook", str(layer)]
    assert main(["watch", str(drop), *quick, *words]) == 0
    assert movies(home) == ["A001C001_proxy.mov"]
    assert record(home)["engine_impl"] == "simulated"


def test_the_driver_runs_in_another_python_when_one_is_named(
    run: Run, home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PROXX_RESOLVE_PYTHON", str(home / "nothing"))
    assert run() == 3
    assert str(home / "nothing") in capsys.readouterr().err
    monkeypatch.setenv("PROXX_RESOLVE_PYTHON", oldest_python())
    assert run() == 0


def oldest_python() -> str:
    """The oldest Python from 3.6 on that is here: the driver must run in it."""
    places = [*os.environ.get("PATH", "").split(os.pathsep), *map(str, Path.home().glob(".pyenv/versions/*/bin"))]
    found: dict[int, str] = {}
    for place in places:
        for path in Path(place).glob("python3.*"):
            match = re.fullmatch(r"python3\.(\d+)", path.name)
            if match and int(match[1]) >= 6 and works(str(path), int(match[1])):
                found.setdefault(int(match[1]), str(path))
    return found[min(found)] if found else sys.executable


def works(path: str, minor: int) -> bool:
    """Whether it is that Python and starts (a shim of pyenv may not)."""
    code = f"import sys; sys.exit(sys.version_info[:2] != (3, {minor}))"
    return subprocess.run([path, "-c", code], capture_output=True, timeout=20).returncode == 0


MODULES = {
    "raise ImportError('wrong Python')": "ImportError: wrong Python (exit code 1",
    "import os; os.kill(os.getpid(), 11)": "(signal 11, Python",
    "scriptapp = lambda name: None": "scriptapp(Resolve): no Resolve that lets itself be scripted answers",
    "import os; os.write(1, b'noise'); print('and more'); scriptapp = lambda name: None": "scriptapp(Resolve)",
    "def scriptapp(name): raise OSError('no socket')": "OSError: no socket",
}


@pytest.mark.parametrize("text", MODULES)
def test_the_module_of_resolve_is_tried_by_another_process_first(
    text: str, run: Run, home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (home / "api" / "Modules").mkdir(parents=True)
    (home / "api" / "Modules" / "DaVinciResolveScript.py").write_text(text, "utf-8")
    monkeypatch.setenv("RESOLVE_SCRIPT_API", str(home / "api"))
    assert run(simulate=False) == 3
    assert MODULES[text] in capsys.readouterr().err


def test_every_trouble_of_the_driver_has_a_finding(rulebook: Rulebook) -> None:
    texts = [path.read_text("utf-8") for path in (ROOT / "engine/proxx/engines").glob("resolve*.py")]
    raised = {kind for text in texts for kind in re.findall(r"Trouble\(\s*\"([a-z-]+)\"", text)}
    known = set(map(str, rulebook.facts["resolve.trouble"].domain.values))
    assert raised - {"stopped"} <= known
    assert known - raised == {"none", "contract", "crashed", "hung", "lost"}


def test_two_jobs_of_one_run_take_turns(run: Run, home: Path, footage: Path, spec_file: Callable[..., Path]) -> None:
    assert run(clips=("A001C001.braw",)) == 0
    specs = []
    for name, clip in (("one", "A001C001.braw"), ("two", "A001C002.R3D")):
        specs.append(
            spec_file(
                name=f"{name}.json",
                sources=[str(footage / clip)],
                output_directory=str(home / name),
                codec="dnxhr",
                container="mxf",
                resolution="same",
                proxy_profile="proxy_dnxhr_lb_resolve",
            )
        )
    assert main(["run", *map(str, specs), "--quiet", "--simulate", "--jobs", "2"]) == 0
    assert sorted(path.name for path in home.glob("*/*.mxf")) == ["A001C001_proxy.mxf", "A001C002_proxy.mxf"]
    assert_foreign_is_untouched(home)


def test_two_jobs_of_one_run_take_turns_at_a_new_resolve_each(
    home: Path, footage: Path, spec_file: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PROXX_SIMULATED_STATE")
    words = {"codec": "dnxhr", "container": "mxf", "resolution": "same", "proxy_profile": "proxy_dnxhr_lb_resolve"}
    specs = [
        spec_file(
            name=f"{name}.json", sources=[str(footage / "A001C001.braw")], output_directory=str(home / name), **words
        )
        for name in ("one", "two")
    ]
    assert main(["run", *map(str, specs), "--quiet", "--simulate"]) == 0
    assert len(list(home.glob("*/A001C001_proxy.mxf"))) == 2


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_job_for_resolve_runs_beside_one_for_ffmpeg(
    jobs: str, run: Run, home: Path, footage: Path, spec_file: Callable[..., Path]
) -> None:
    common = {"output_directory": str(home / "out"), "resolution": "same"}
    raw = {"codec": "dnxhr", "container": "mxf", "proxy_profile": "proxy_dnxhr_lb_resolve"}
    plain = {"codec": "prores_proxy", "container": "mov", "proxy_profile": "proxy_prores_proxy"}
    specs = [
        spec_file(name="a.json", sources=[str(footage / "A001C001.braw")], **common, **raw),
        spec_file(name="b.json", sources=[str(footage / "picture.mov")], **common, **plain),
    ]
    assert main(["run", *map(str, specs), "--quiet", "--simulate", "--jobs", jobs]) == 0
    names = ["A001C001_proxy.mxf", "picture_proxy.mov"]
    assert sorted(path.name for path in (home / "out").iterdir() if path.suffix in (".mxf", ".mov")) == names
    told = [json.loads(path.read_text("utf-8")) for path in (home / "out").glob("*.record.json")]
    assert sorted(one["engine_impl"] for one in told) == ["ffmpeg", "simulated"]


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the driver of a run is asked (the `contract`, and what is said of `clips`), and its `events`."""
    found: dict[str, Any] = {"clips": {}, "events": []}
    hear, begin = Engine._hear, begin_request

    def hearing(engine: Engine, event: dict[str, Any]) -> None:
        found["events"].append(event)
        hear(engine, event)

    def beginning(*words: Any) -> dict[str, Any]:
        request = begin(*words)
        found["clips"].update(request["simulated"]["clips"])
        found["contract"] = request["contract"]
        return request

    monkeypatch.setattr(Engine, "_hear", hearing)
    monkeypatch.setattr("proxx.engines.resolve.begin_request", beginning)
    return found


LOOKS = ("Project.GetRenderJobStatus", "Project.IsRenderingInProgress")


def calls_of(events: list[dict[str, Any]]) -> list[Any]:
    """Every call with its arguments, but looks at renders, which take what time they take; a job's token is stars."""
    found: list[Any] = []
    for event in events:
        if event["event"] == "call" and event["call"] not in LOOKS:
            words = json.dumps([event["call"], event["arguments"]])
            found.append(re.sub(r"(proxx-[^\"]*-)[0-9a-f]{8}(?=\")", r"\1********", words))
    return found


CONSOLE = """
import json, sys, time, types
package = types.ModuleType("proxx"); package.__path__ = [{package!r}]; sys.modules["proxx"] = package
from proxx.engines.simulated import scriptapp
from proxx.engines.simulated_render import Render
from proxx.engines.simulated_world import World
def dies():
    raise SystemExit(9)
sleep = time.sleep
time.sleep = lambda seconds: sleep(0.05)
start = lambda spec: Render(spec, {ffmpeg!r}, "")
world = World(json.loads({contract!r}), (), json.loads({clips!r}), start, dies, dies)
code = compile(open({script!r}, encoding="utf-8").read(), "run_in_resolve.py", "exec")
exec(code, {{"__name__": "__main__", "resolve": scriptapp(world)}})
"""


def in_console(home: Path, spec: Path, layer: Path, heard: dict[str, Any]) -> Path:
    """A spec's bundle, run in the console of a simulated Resolve by an old Python; its results."""
    plan, bundle = home / "bundled.plan.json", home / "bundle"
    assert main(["plan", str(spec), "-o", str(plan), "--rulebook", str(layer)]) == 0
    assert main(["export", "resolve-bundle", str(plan), "-o", str(bundle)]) == 0
    code = CONSOLE.format(
        package=str(ROOT / "engine/proxx"),
        ffmpeg=find_tool("ffmpeg"),
        contract=json.dumps(heard["contract"]),
        clips=json.dumps(heard["clips"]),
        script=str(bundle / "run_in_resolve.py"),
    )
    done = subprocess.run([oldest_python(), "-c", code], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr + done.stdout
    (results,) = (home / "out/.proxx/render").glob("*.results.json")
    return results


def test_clips_of_rates_in_turn_are_made_by_rate_with_the_very_calls_of_the_bundle(
    run: Run, home: Path, footage: Path, layer: Path, heard: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    (home / "B001C003.braw").write_bytes((footage / "A001C001.braw").read_bytes())
    clips = ("A001C001.braw", "A001C002.R3D", str(home / "B001C003.braw"))
    assert run(clips=clips, resolution="half") == 0
    told, events = record(home), heard["events"]
    assert [one["resolve"]["bound"]["clip"]["FPS"] for one in told["clips"]] == ["25", "24", "25"]
    assert [one["index"] for one in told["clips"]] == [0, 1, 2]
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("COMPLETED  ")]
    assert [Path(line.split()[-1]).name[:8] for line in lines] == ["A001C001", "A001C002", "B001C003"]
    calls = calls_of(events)
    projects = [json.loads(one)[1][0] for one in calls if "ProjectManager.CreateProject" in one]
    assert [re.sub(r"^proxx-.*?-(probe|25|24)-\d-.*$", r"\1", name) for name in projects] == ["probe", "25", "24"]
    opened = [json.loads(one)[1] for one in calls if "ProjectManager.LoadProject" in one]
    assert opened == [[FOREIGN]]  # each of ours is opened once, when it is made
    spec = next((home / "out").glob("*.spec.json")).rename(home / "again.json")
    shutil.rmtree(home / "out")
    results = in_console(home, spec, layer, heard)
    noted = results.with_suffix(".calls.jsonl").read_text("utf-8").splitlines()
    assert ['["scriptapp", ["Resolve"]]', *calls_of([json.loads(line) for line in noted])] == calls
    assert len(calls) > 100
    capsys.readouterr()
    assert main(["run", str(results), "--rulebook", str(layer)]) == 2
    assert "proxx adopt" in capsys.readouterr().err
    assert movies(home) == []
    assert main(["adopt", str(results), "--quiet", "--rulebook", str(layer)]) == 0
    assert movies(home) == ["A001C001_proxy.mov", "A001C002_proxy.mov", "B001C003_proxy.mov"]
    adopted = record(home)
    assert (adopted["engine_impl"], adopted["status"]) == ("simulated", "COMPLETED")
    assert {one["resolve"]["engine_impl"] for one in adopted["clips"]} == {"simulated"}
    assert [one["promise"] for one in adopted["clips"]] == [one["promise"] for one in told["clips"]]
    assert not (home / "out" / ".proxx" / "render" / "A001C001_proxy.mov").exists()


def test_a_driver_that_dies_over_its_first_look_leaves_the_clips_in_their_order(run: Run, home: Path) -> None:
    assert run("--simulate-trap", "kill:14", clips=("A001C001.braw", "A001C002.R3D"), resolution="half") == 0
    first, second = record(home)["clips"]
    assert [one["findings"] for one in first["failed_attempts"]] == [["resolve/lost"]]
    assert (first["status"], second["status"]) == ("COMPLETED", "COMPLETED")
    assert_foreign_is_untouched(home)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"engine_impl": ""}, "do not say whether a real or a simulated Resolve rendered"),
        ({"engine_impl": "other"}, "do not say whether a real or a simulated Resolve rendered"),
        ({"job_id": "another"}, "no results of this job"),
        ({"clips": {}}, "no results of this job"),
    ],
)
def test_results_that_do_not_say_what_they_are_are_refused(
    change: dict[str, Any],
    says: str,
    home: Path,
    footage: Path,
    spec_file: Callable[..., Path],
    layer: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = {"codec": "prores_proxy", "container": "mov", "resolution": "same", "proxy_profile": PROFILE}
    file = spec_file(sources=[str(footage / "A001C001.braw")], output_directory=str(home / "out"), **words)
    spec = {**json.loads(file.read_text("utf-8")), "job_id": "j"}
    results = home / "j.results.json"
    results.write_text(json.dumps({"engine_impl": "resolve", "job_id": "j", "spec": spec, "clips": [], **change}))
    assert main(["adopt", str(results), "--rulebook", str(layer)]) == 2
    assert says in capsys.readouterr().err


def test_adopt_takes_results_only_and_simulates_nothing(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "spec.json").write_text("{}")
    assert main(["adopt", str(home / "spec.json")]) == 2
    assert "no results file of a bundle" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["adopt", str(home / "spec.json"), "--simulate"])
    assert "--simulate" in capsys.readouterr().err


def test_only_one_job_of_a_machine_is_at_resolve(
    home: Path, rulebook: Rulebook, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    other = state.seat(state.SIMULATED)
    other.acquire()
    looks: list[bool] = []

    class Stopping(Event):
        def is_set(self) -> bool:
            looks.append(len(looks) > 1)
            return looks[-1]

    assert run is not None
    engine = Engine(rulebook, Plan("J", "resolve", "20.0", "P", {}, (), {}, ()), Simulation(find_tool("ffmpeg")))
    stop = Stopping()
    with pytest.raises(Exception, match="asked to stop"):
        engine.hello(stop)
    assert looks == [False, False, True]
    told = "proxx: another job of this machine is at Resolve; waiting until it has ended\n"
    assert capsys.readouterr().err == told
    other.release()


def results_of(home: Path) -> Path:
    """A finished job turned back into what a bundle's script leaves: renders without names, and its results."""
    told = record(home)
    clips = []
    for clip in told["clips"]:
        bound = clip["resolve"]["bound"]
        folder = Path(bound["settings"]["render"]["settings"]["TargetDir"])
        folder.mkdir(parents=True)
        file = Path(clip["output"]).rename(folder / Path(clip["output"]).name)
        clips.append(
            {"index": clip["index"], "source": clip["source"], "state": "rendered", "file": str(file), **bound}
        )
    shutil.rmtree(home / "out" / ".proxx" / "clips")
    about = {key: told["clips"][0]["resolve"][key] for key in ("product", "version", "edition")}
    path = home / "out" / ".proxx" / "render" / f"{told['job_id']}.results.json"
    path.write_text(
        json.dumps(
            {
                "format": 1,
                "job_id": told["job_id"],
                "engine_impl": "resolve",
                "spec": told["spec"],
                "about": about,
                "clips": clips,
            }
        )
    )
    return path


def test_what_a_bundle_rendered_elsewhere_is_proved_and_gets_its_name(run: Run, home: Path, layer: Path) -> None:
    assert run(clips=("A001C001.braw", "A001C002.R3D"), resolution="half") == 0
    results = results_of(home)
    assert movies(home) == []
    assert main(["adopt", str(results), "--quiet", "--rulebook", str(layer)]) == 0
    assert movies(home) == ["A001C001_proxy.mov", "A001C002_proxy.mov"]
    told = record(home)
    assert (told["status"], told["clips"][0]["resolve"]["engine_impl"]) == ("COMPLETED", "resolve")
    assert told["clips"][0]["resolve"]["version"] == "20.3.1.0006"
    assert told["clips"][0]["promise"]["video"]["frames"] == told["clips"][0]["frames_decoded"]


@pytest.mark.parametrize("fault", ["short", "other-settings", "elsewhere", "failed", "none", "no-number", "no-facts"])
def test_what_is_wrong_with_a_bundle_s_file_keeps_it_from_its_name(
    fault: str, run: Run, home: Path, layer: Path
) -> None:
    assert run() == 0
    results = results_of(home)
    document = json.loads(results.read_text("utf-8"))
    (clip,) = document["clips"]
    if fault == "short":
        clip["clip"]["Frames"] += 1
    elif fault == "other-settings":
        clip["settings"]["render"]["settings"]["FormatWidth"] = 2
    elif fault == "elsewhere":
        clip["file"] = str(Path(clip["file"]).rename(home / "out" / "mine.mxf"))
    elif fault == "no-number":
        clip["clip"]["FPS"] = "1/0"
        clip["settings"] = "24"
    elif fault == "no-facts":
        clip["clip"] = None
    elif fault == "failed":
        trouble = {"kind": "render-failed", "call": "Project.GetRenderJobStatus", "argument": "", "cause": "Failed"}
        clip.update({"state": "failed", "trouble": trouble})
    else:
        document["clips"] = []
    results.write_text(json.dumps(document))
    assert main(["adopt", str(results), "--quiet", "--rulebook", str(layer)]) == 4
    assert movies(home) == []
    assert record(home)["clips"][0]["findings"]
    assert (home / "out" / "mine.mxf").exists() == (fault == "elsewhere")


def test_a_task_lets_resolve_look_at_its_own_clip_alone(
    home: Path, footage: Path, spec_file: Callable[..., Path], layer: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[list[int]] = []
    ask = Session.ask

    def noted(session: Session, request: Mapping[str, Any], stop: Any) -> Any:
        if request["do"] == "probe":
            looked.append([clip["index"] for clip in request["clips"]])
        return ask(session, request, stop)

    monkeypatch.setattr(Session, "ask", noted)
    makes = {"codec": "prores_proxy", "container": "mov", "resolution": "same", "proxy_profile": PROFILE}
    sources = [str(footage / name) for name in ("A001C002.R3D", "A001C001.braw")]
    spec = spec_file(sources=sources, output_directory=str(home / "out"), **makes)
    assert main(["task", "--spec", str(spec), "--index", "1", "--rulebook", str(layer), "--simulate"]) == 0
    assert looked == [[1]]
    assert movies(home) == ["A001C001_proxy.mov"]
