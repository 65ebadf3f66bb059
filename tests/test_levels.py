"""Code values on their way into a proxy: black, white and neutral stay what they are in every range and depth."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from proxx.cli import main
from proxx.levels import spread
from proxx.model import Colour, Media, Video
from proxx.pixels import bit_depth
from proxx.tools import find_tool

WIDTH, HEIGHT = 1024, 16
LAYER = '#:schema s/rulebook.schema.json\n# Try.\nname = "try"\nversion = "1"\nformat = 1\nextends = "proxx"\n'
FULL = """#:schema s/profile.schema.json
# Full range?
name = "full"
extends = "proxy_prores_proxy"
[video]
colour_range = "pc"
"""
LUT = """#:schema s/profile.schema.json
# Through a LUT that changes nothing?
name = "identity"
extends = "proxy_prores_proxy"
[policy]
colour = "lut"
[lut]
file = "profiles/luts/identity.cube"
takes = ["unknown", "bt709"]
primaries = "bt709"
transfer = "bt709"
matrix = "bt709"
"""
Values = NDArray[np.int64]


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A layer with a profile of the full range, and one with a LUT that changes nothing."""
    folder = tmp_path_factory.mktemp("rules")
    for part in ("ffmpeg", "luts"):
        (folder / "profiles" / part).mkdir(parents=True)
    (folder / "rulebook.toml").write_text(LAYER)
    for name, text in (("full", FULL), ("identity", LUT)):
        (folder / "profiles" / "ffmpeg" / f"{name}.toml").write_text(text)
    corners = "".join(f"{r} {g} {b}\n" for b in (0, 1) for g in (0, 1) for r in (0, 1))
    (folder / "profiles" / "luts" / "identity.cube").write_text(f"LUT_3D_SIZE 2\n{corners}")
    return folder


def shot(folder: Path, pix_fmt: str, top: int, *words: str) -> Path:
    """A picture whose columns climb from 0 to the highest code value in luma, or in red, green and blue alike."""
    path, rgb, climb = folder / "climb.mov", pix_fmt.startswith("gbr"), f"floor(X*{top + 1}/{WIDTH})"
    values = f"r='{climb}':g='{climb}':b='{climb}'" if rgb else f"lum='{climb}':cb={(top + 1) // 2}:cr={(top + 1) // 2}"
    drawn = "gray" if pix_fmt == "yuvj420p" else pix_fmt
    picture = f"nullsrc=s={WIDTH}x{HEIGHT}:r=25:d=0.08,format={drawn},geq={values},format={pix_fmt}"
    if "-color_range" in words:  # told to the picture too: FFmpeg 9.0 would make one range of the other
        picture += f",setparams=range={words[words.index('-color_range') + 1]}"
    lossless = ("libx265", "-x265-params", "lossless=1:log-level=error") if rgb else ("libx264", "-qp", "0")
    argv = [find_tool("ffmpeg"), "-v", "error", "-y", "-f", "lavfi", "-i", picture, "-c:v", *lossless, *words]
    subprocess.run([*argv, "-pix_fmt", pix_fmt, str(path)], check=True)
    return path


def made(clip: Path, rules: Path, profile: str, capsys: pytest.CaptureFixture[str]) -> tuple[Values, Values]:
    """One line of luma, and all of the chroma, as the encoder of the proxy is given them."""
    spec = {
        "jobspec_version": "2.1", "job_id": "j", "sources": [str(clip)], "output_directory": str(clip.parent / "out"),
        "codec": "h264" if "h264" in profile else "prores_proxy", "container": "mov", "resolution": "same",
        "naming_template": "p", "proxy_profile": profile,
    }  # fmt: skip
    path = clip.parent / "job.json"
    path.write_text(json.dumps(spec))
    assert main(["plan", str(path), "--rulebook", str(rules), "--format", "json"]) == 0
    argv = find_argv(json.loads(capsys.readouterr().out))
    chain, pix_fmt = (argv[argv.index(word) + 1] for word in ("-filter:v:0", "-pix_fmt:v:0"))
    decode = [find_tool("ffmpeg"), "-v", "error", "-i", str(clip), "-frames:v", "1", "-vf", chain]
    raw = subprocess.run([*decode, "-pix_fmt", pix_fmt, "-f", "rawvideo", "-"], capture_output=True, check=True).stdout
    values = np.frombuffer(raw, np.uint16 if pix_fmt.endswith("le") else np.uint8).astype(np.int64)
    return values[4 * WIDTH : 5 * WIDTH], values[WIDTH * HEIGHT :]


def find_argv(value: Any) -> list[str]:
    """The argument list in a plan's document."""
    if isinstance(value, dict):
        return value["argv"] if "argv" in value else next((a for one in value.values() if (a := find_argv(one))), [])
    return next((a for one in value if (a := find_argv(one))), []) if isinstance(value, list) else []


def test_ten_bits_of_the_full_range_become_the_limited_range_to_the_code_value(
    rules: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clip = shot(tmp_path, "yuv444p10le", 1023, "-color_range", "pc")
    luma, chroma = made(clip, rules, "proxy_prores_proxy", capsys)
    assert luma.tolist() == [(2 * (64 * 1023 + value * 876) // 1023 + 1) // 2 for value in range(1024)]
    assert set(chroma.tolist()) == {512}
    luma, chroma = made(clip, rules, "proxy_h264_mov", capsys)
    assert (luma[0], luma[-1], set(chroma.tolist())) == (16, 235, {128})
    luma, _ = made(clip, rules, "full", capsys)
    assert abs(luma - np.arange(1024)).max() <= 1
    assert (luma[0], luma[-1]) == (0, 1023)


def test_eight_bits_keep_black_and_white_in_every_direction(
    rules: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clip = shot(tmp_path, "yuvj420p", 255, "-color_range", "pc")
    luma, chroma = made(clip, rules, "proxy_h264_mov", capsys)
    expected = [int(16 + value * 219 / 255 + 0.5) for value in range(256) for _ in range(4)]
    assert (luma.tolist(), set(chroma.tolist())) == (expected, {128})
    luma, chroma = made(clip, rules, "proxy_prores_proxy", capsys)
    assert (luma[0], luma[-1], set(chroma.tolist())) == (64, 940, {512})
    assert abs(luma - (64 + np.arange(1024) // 4 * 876 / 255)).max() <= 1
    luma, chroma = made(clip, rules, "full", capsys)
    assert (luma[0], luma[-1], set(chroma.tolist())) == (0, 1023, {512})


def test_white_of_deep_rgb_is_white(rules: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    clip = shot(tmp_path, "gbrp10le", 1023, "-tag:v", "hvc1")
    luma, chroma = made(clip, rules, "proxy_prores_proxy", capsys)
    assert (luma[0], luma[-1], set(chroma.tolist())) == (64, 940, {512})
    assert abs(luma - (64 + np.arange(1024) * 876 / 1023)).max() < 1


def test_a_lut_that_changes_nothing_changes_nothing(
    rules: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clip = shot(tmp_path, "yuv444p10le", 1023, "-color_range", "tv")
    luma, _ = made(clip, rules, "identity", capsys)
    assert abs(luma[64:941] - np.arange(64, 941)).max() <= 1
    assert (luma[64], luma[940]) == (64, 940)


def test_only_what_the_scaler_would_miss_is_done_by_tables() -> None:
    def of(pix_fmt: str, colour_range: str, made_range: str = "tv", look: str = "keep") -> dict[str, Any]:
        media = Media(video=Video(pix_fmt=pix_fmt, colour=Colour(colour_range)))
        found = spread(media, "yuv422p10le", made_range, look)
        return {name: value for name, value in found.items() if value and name != "scaled"}

    assert of("yuv420p", "tv") == of("yuv422p10le", "tv") == of("rgb24", "unknown") == {}
    assert of("yuvj420p", "pc") == {"deepened": {"top": 1020, "unit": 4}}
    assert of("yuv422p12le", "pc") == {"narrow": {"top": 4095, "unit": 16}}
    assert of("rgb48le", "pc") == {"rgb": {"top": 65535, "unit": 256}}
    assert of("yuv422p10le", "pc", look="tonemap") == {}
    assert of("yuv420p", "pc", "pc") == {"deepened": {"top": 1020, "unit": 4}, "widen": {"top": 1023, "unit": 4}}
    assert of("yuv420p", "tv", look="lut") == {"stretch": True}
    assert of("gbrp", "pc", look="lut") == {}


@pytest.mark.parametrize(("pix_fmt", "bits"), [("x2rgb10le", 10), ("bgra64be", 16), ("p010le", 10), ("rgba", 8)])
def test_names_of_packed_formats_tell_their_bits(pix_fmt: str, bits: int) -> None:
    assert bit_depth(pix_fmt) == bits
