"""What a file says of its mastering display and light: read from side data, kept by HEVC, told where it is lost."""

from __future__ import annotations

import json
import struct
import subprocess
from pathlib import Path
from typing import Any

import pytest

from proxx.cli import main
from proxx.compare import compare
from proxx.generations import habits_of
from proxx.light import light_of, light_words, lit
from proxx.model import Media, Video
from proxx.rulebook import Rulebook
from proxx.toolbox import tools
from proxx.tools import find_tool

DISPLAY = "G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,1)"
LEVELS = "1000,400"
SHOWN = {
    "side_data_type": "Mastering display metadata", "red_x": "34000/50000", "red_y": "8/25", "green_x": "53/200",
    "green_y": "34500/50000", "blue_x": "7500/50000", "blue_y": "3/50", "white_point_x": "15635/50000",
    "white_point_y": "16450/50000", "min_luminance": "1/10000", "max_luminance": "1000/1",
}  # fmt: skip
LEVEL = {"side_data_type": "Content light level metadata", "max_content": 1000, "max_average": 400}
DOLBY = {"side_data_type": "DOVI configuration record", "dv_profile": 8, "dv_bl_signal_compatibility_id": 4}


def test_side_data_is_told_in_whole_units() -> None:
    video = lit(Video(), [SHOWN, LEVEL], whole=True)
    assert (video.mastering, video.light_level, video.dynamic_light) == (DISPLAY, LEVELS, "")
    assert light_of(video) == "static"
    assert light_words(video) == f"display {DISPLAY}, light levels 1000,400 cd/m2"
    assert light_of(lit(Video(), [])) is None
    assert light_of(lit(Video(), [], whole=True)) == "none"
    assert (
        lit(Video(), [{"side_data_type": LEVEL["side_data_type"], "max_content": 0, "max_average": 0}]).light_level
        is None
    )


@pytest.mark.parametrize(
    ("record", "light"),
    [
        (DOLBY, "dynamic"),
        ({**DOLBY, "dv_profile": 5, "dv_bl_signal_compatibility_id": 0}, "alone"),
        ({"side_data_type": "HDR Dynamic Metadata SMPTE2094-40 (HDR10+)"}, "dynamic"),
    ],
)
def test_what_changes_from_picture_to_picture_is_told_by_its_name(record: dict[str, Any], light: str) -> None:
    video = lit(lit(Video(), [record]), [SHOWN], whole=True)
    assert light_of(video) == light
    assert video.mastering == DISPLAY


def test_a_proxy_that_lost_its_light_does_not_keep_its_promise() -> None:
    want = Video(mastering=DISPLAY, light_level=LEVELS)
    for have, value in ((want, "same"), (Video(mastering=DISPLAY), "other"), (Video(), "other")):
        assert compare(Media(video=want), Media(video=have), None, {}, ())["made.light"].value == value
    assert compare(Media(video=Video()), Media(video=want), None, {}, ())["made.light"].value == "not-promised"


@pytest.fixture(scope="module")
def mastered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An HDR10 clip: x265 writes its light into the pictures, and the header of the file is silent."""
    path = tmp_path_factory.mktemp("light") / "mastered.mov"
    # Told by the pictures too: FFmpeg 9.0 takes no -color_trc for pictures that tell nothing.
    words = ["-color_primaries", "bt2020", "-color_trc", "smpte2084", "-colorspace", "bt2020nc", "-tag:v", "hvc1"]
    tags = "setparams=color_primaries=bt2020:color_trc=smpte2084:colorspace=bt2020nc"
    picture = f"testsrc2=s=128x64:r=25:d=0.12,format=yuv420p10le,{tags}"
    argv = [find_tool("ffmpeg"), "-v", "error", "-f", "lavfi", "-i", picture, "-c:v", "libx265"]
    argv += ["-pix_fmt", "yuv420p10le", *words, "-x265-params"]
    argv += [f"log-level=error:master-display={DISPLAY}:max-cll={LEVELS}"]
    subprocess.run([*argv, str(path)], check=True)
    return path


def job(clip: Path, folder: Path, codec: str, container: str, profile: str) -> str:
    spec = {
        "jobspec_version": "2.1", "job_id": "j", "sources": [str(clip)], "output_directory": str(folder / "out"),
        "codec": codec, "container": container, "resolution": "same", "naming_template": "p",
        "proxy_profile": profile,
    }  # fmt: skip
    path = folder / f"{profile}.json"
    path.write_text(json.dumps(spec))
    return str(path)


def first_light(path: Path) -> list[str]:
    argv = [
        find_tool("ffprobe"),
        "-v",
        "error",
        "-read_intervals",
        "%+#1",
        "-show_entries",
        "frame_side_data",
        "-of",
        "json",
    ]
    shown = json.loads(subprocess.run([*argv, str(path)], capture_output=True, check=True).stdout)
    return [str(one["side_data_type"]) for one in shown["frames"][0].get("side_data_list", ())]


def test_hevc_keeps_what_the_source_says_of_its_light(
    mastered: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", job(mastered, tmp_path, "h265", "mp4", "proxy_h265"), "--quiet"]) == 0
    clip = json.loads(next((tmp_path / "out").glob("*.record.json")).read_text())["clips"][0]
    assert (clip["promise"]["video"]["mastering"], clip["promise"]["video"]["light_level"]) == (DISPLAY, LEVELS)
    assert clip["decided"]["made-light"] == "kept"
    assert {SHOWN["side_data_type"], LEVEL["side_data_type"]} <= set(first_light(Path(clip["output"])))
    capsys.readouterr()
    main(["relink", "--nle", "premiere", str(mastered), clip["output"], "--format", "json"])
    assert "relink/light" not in capsys.readouterr().out


def test_what_no_other_encoder_writes_is_told_before_and_after(
    mastered: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], rulebook: Rulebook
) -> None:
    main(["run", job(mastered, tmp_path, "prores_proxy", "mov", "proxy_prores_proxy")])
    told = capsys.readouterr()
    assert "limit/light-lost" in told.out + told.err
    main(["relink", "--nle", "premiere", str(mastered), str(tmp_path / "out" / "p.mov"), "--format", "json"])
    stays = habits_of(rulebook.items["ffmpeg-habit"], tools().ffmpeg_version)["light-stays"] == "yes"
    assert ("relink/light-lost" in capsys.readouterr().out) != stays


@pytest.mark.parametrize(
    ("profile", "base", "code", "finding"),
    [(8, 1, 0, "limit/dynamic-light-lost"), (5, 0, 1, "limit/dolby-vision-alone")],
)
def test_dolby_vision_is_told_and_refused_where_the_picture_is_nothing_without_it(
    profile: int, base: int, code: int, finding: str, mastered: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = bytearray(mastered.read_bytes())
    at = data.index(b"hvcC") - 4
    end = at + struct.unpack(">I", data[at : at + 4])[0]
    for box in (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd", b"hvc1"):
        start = data.rindex(box, 0, at) - 4
        data[start : start + 4] = struct.pack(">I", struct.unpack(">I", data[start : start + 4])[0] + 32)
    record = bytes((1, 0, profile << 1, 4 << 3 | 0b101, base << 4)).ljust(24, b"\0")
    data[end:end] = struct.pack(">I4s", 32, b"dvcC") + record
    clip = tmp_path / "dolby.mov"
    clip.write_bytes(data)
    assert main(["plan", job(clip, tmp_path, "prores_proxy", "mov", "proxy_prores_proxy")]) == code
    told = capsys.readouterr()
    assert finding in told.out + told.err
