"""examples/studio is a layer that works: rules proved, cases right, proxies made, diff current."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from proxx.cli import main

ROOT = Path(__file__).parents[1]
STUDIO = ROOT / "examples/studio"
LAYER = ("--rulebook", "examples/studio")


@pytest.fixture(autouse=True)
def _at_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


@pytest.fixture
def proxx(capsysbinary: pytest.CaptureFixture[bytes]) -> Callable[..., tuple[int, str]]:
    """Runs a command; gives its exit code and what it printed."""

    def run(*words: str) -> tuple[int, str]:
        code = main([*words])
        said = capsysbinary.readouterr()
        return code, (said.out + said.err).decode()

    return run


@pytest.fixture(scope="module")
def camera(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clip as a camera writes it: ProRes HQ, 48 kHz sound, timecode and reel."""
    path = tmp_path_factory.mktemp("camera") / "A001C001.mov"
    colour = "setparams=color_primaries=bt709:color_trc=bt709:colorspace=bt709"
    picture = f"testsrc2=size=640x360:rate=24000/1001:duration=0.5,{colour}"
    sources = ["-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", "sine=sample_rate=48000:duration=0.5"]
    codecs = ["-c:v", "prores_aw", "-profile:v", "3", "-pix_fmt", "yuv422p10le", "-c:a", "pcm_s24le"]
    marks = ["-timecode", "01:00:00:00", "-metadata:s:v:0", "reel_name=A001R2EC"]
    command = ["ffmpeg", "-v", "error", "-nostdin", *sources, *codecs, *marks, str(path)]
    subprocess.run(command, check=True, timeout=60)
    return path


def made(path: Path) -> dict[str, Any]:
    """What ffprobe says of a file's picture, with the file's own tags."""
    wanted = ["-show_entries", "stream=codec_name,profile,codec_tag_string,pix_fmt:format=format_name:format_tags"]
    command = ["ffprobe", "-v", "error", "-of", "json", "-select_streams", "v:0", *wanted, str(path)]
    done = subprocess.run(command, check=True, capture_output=True, timeout=60)
    said = json.loads(done.stdout)
    return {**said["streams"][0], **said["format"]}


WAYS = [
    ("studio_prores_4444xq", "prores_4444xq", "mov", "XQ", "yuva444p12le"),
    ("studio_prores_lt_mxf", "prores_lt", "mxf", "LT", "yuv422p10le"),
]


@pytest.mark.parametrize(("profile", "codec", "container", "variant", "pixels"), WAYS)
def test_the_studio_makes_and_proves_proxies_that_the_shipped_rulebook_does_not_know(
    profile: str,
    codec: str,
    container: str,
    variant: str,
    pixels: str,
    camera: Path,
    tmp_path: Path,
    spec_file: Callable[..., Path],
    proxx: Callable[..., tuple[int, str]],
) -> None:
    job = spec_file(
        job_id="j1",
        sources=[str(camera)],
        output_directory=str(tmp_path / "proxies"),
        codec=codec,
        container=container,
        resolution="same",
        proxy_profile=profile,
    )
    code, said = proxx("check", "--no-media", str(job))
    assert code == 1
    assert "error[profile/unknown]" in said
    code, said = proxx("run", *LAYER, "--quiet", str(job))
    assert code == 0, said
    record = json.loads((tmp_path / "proxies/j1.record.json").read_text("utf-8"))
    assert record["status"] == "COMPLETED"
    assert record["rulebook"]["name"] == "studio"
    proxy = made(tmp_path / f"proxies/A001C001_proxy.{container}")
    assert (proxy["codec_name"], proxy["profile"], proxy["pix_fmt"]) == ("prores", variant, pixels)
    assert container in proxy["format_name"]


def test_the_studios_naming_rule_refuses_a_dated_name(
    spec_file: Callable[..., Path], proxx: Callable[..., tuple[int, str]]
) -> None:
    job = spec_file(naming_template="{source_name}_{date}", created_at="2026-02-14T18:30:05Z")
    assert proxx("check", "--no-media", str(job))[0] == 0
    code, said = proxx("check", "--no-media", *LAYER, str(job))
    assert code == 1
    assert "error[studio/dated-name]: naming_template holds a date or time: {source_name}_{date}" in said


def test_the_studios_rules_are_proved_and_its_cases_hold(proxx: Callable[..., tuple[int, str]]) -> None:
    assert proxx("rulebook", "check", "examples/studio")[0] == 0
    code, said = proxx("rulebook", "test", "examples/studio", "--coverage")
    assert code == 0, said
    assert "row studio-" not in said, "a case reaches every row that the studio adds to a table"
    assert "table studio-" not in said, "a case reaches every row of the studio's own tables"


def test_the_studio_is_data_alone() -> None:
    files = [path.relative_to(STUDIO) for path in STUDIO.rglob("*") if path.is_file()]
    kinds = {path.suffix for path in files if path.parts[0] != "docs"}
    assert kinds <= {".toml", ".md", ".j2"}


def test_the_committed_pages_are_what_the_studios_rulebook_says(proxx: Callable[..., tuple[int, str]]) -> None:
    code, said = proxx("docs", "--check", "-o", "examples/studio/docs", "--rulebook", "examples/studio")
    assert code == 0, f"make docs renews them: {said}"
    page = (STUDIO / "docs/findings/studio/dated-name.md").read_text("utf-8")
    assert "A proxy's name holds no date" in page


def test_the_committed_diff_is_what_the_layer_changes(proxx: Callable[..., tuple[int, str]], update: bool) -> None:
    code, said = proxx("rulebook", "diff", "examples/studio", "--format", "markdown")
    assert code == 1
    if update:
        (STUDIO / "diff.md").write_text(said, "utf-8")
    assert (STUDIO / "diff.md").read_text("utf-8") == said, "pytest --update tests/test_studio.py rewrites it"
    for word in (
        "prores_4444xq",
        "container=mxf",
        "cineform",
        "studio-no-dates",
        "limit/reel-lost",
        "studio_h264_half",
    ):
        assert word in said
