"""LUTs of profiles: read strictly, kept in the rulebook's digest, applied, promised, and never another one."""

from __future__ import annotations

import hashlib
import json
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from proxx import options
from proxx.cli import main
from proxx.luts import CubeError, graph_text, read_cube
from proxx.prove import lint
from proxx.rulebook import load
from proxx.tools import find_tool

LAYER = '#:schema s/rulebook.schema.json\n# Try.\nname = "try"\nversion = "1"\nformat = 1\nextends = "proxx"\n'
LUT = """[policy]
colour = "lut"
[lut]
file = "profiles/luts/{}"
takes = ["arib-std-b67", "unknown"]
primaries = "bt709"
transfer = "bt709"
matrix = "bt709"
"""
POINTS = [(red, green, blue) for blue in (0, 1) for green in (0, 1) for red in (0, 1)]
SAME = "LUT_3D_SIZE 2\n" + "".join(f"{red} {green} {blue}\n" for red, green, blue in POINTS)
SWAP = "# red for blue\nLUT_3D_SIZE 2\n" + "".join(f"{blue} {green} {red}\n" for red, green, blue in POINTS)
DIM = (
    'TITLE "half"\r\nLUT_1D_SIZE 3\r\nDOMAIN_MIN 0 0 0\r\nDOMAIN_MAX 1 1 1\r\n0 0 0\r\n.25 .25 .25\r\n5e-1 0.5 0.5\r\n'
)
BARS = (
    "smptebars=s=320x180:r=25:d=0.2[bars];testsrc2=s=320x80:r=25:d=0.2[low];[bars][low]overlay=y=100,format=yuv422p10le"
)
HOSTILE = "a:b'c\\d,e[f];g = %{x}é"


def profile(text: str, name: str = "looked", mother: str = "proxy_prores_hq") -> str:
    return f'#:schema s/profile.schema.json\n# Try?\nname = "{name}"\nextends = "{mother}"\n{text}'


def layer(folder: Path, text: str, luts: dict[str, str] | None = None) -> Path:
    """A rulebook with one profile, and LUTs."""
    (folder / "profiles" / "ffmpeg").mkdir(parents=True)
    (folder / "profiles" / "luts").mkdir()
    (folder / "rulebook.toml").write_text(LAYER)
    (folder / "profiles" / "ffmpeg" / "looked.toml").write_text(profile(text))
    for name, cube in (luts or {}).items():
        (folder / "profiles" / "luts" / name).write_bytes(cube.encode())
    return folder


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Coloured bars above what moves, tagged HLG."""
    path = tmp_path_factory.mktemp("media") / "hlg.mov"
    tags = "setparams=color_primaries=bt709:color_trc=arib-std-b67:colorspace=bt709:range=tv"
    words = ["-f", "lavfi", "-i", BARS, "-vf", tags]
    words += ["-color_primaries", "bt709", "-color_trc", "arib-std-b67", "-colorspace", "bt709", "-c:v", "prores_ks"]
    subprocess.run([find_tool("ffmpeg"), "-v", "error", *words, str(path)], check=True)
    return path


def spec_of(source: Path, out: Path, name: str = "looked") -> Path:
    spec = {
        "jobspec_version": "2.1", "job_id": "looked", "sources": [str(source)], "codec": "prores_hq",
        "output_directory": str(out), "container": "mov", "resolution": "same",
        "naming_template": "p", "proxy_profile": name,
    }  # fmt: skip
    path = out.parent / f"{out.name}.json"
    path.write_text(json.dumps(spec))
    return path


def made(source: Path, out: Path, rules: Path) -> tuple[int, dict[str, Any]]:
    """Make the proxy: the exit code and the clip's record."""
    code = main(["run", str(spec_of(source, out)), "--quiet", "--rulebook", str(rules)])
    return code, json.loads((out / "looked.record.json").read_text())["clips"][0]


def mean(path: str | Path) -> list[int]:
    """Red, green and blue of the second bar, which is yellow."""
    chain = "scale=in_color_matrix=bt709:flags=accurate_rnd,format=rgb24,crop=iw/7:ih/2:iw/7:0,scale=1:1:flags=area"
    argv = [find_tool("ffmpeg"), "-v", "error", "-i", str(path), "-vf", chain, "-frames:v", "1", "-f", "rawvideo", "-"]
    return list(subprocess.run(argv, capture_output=True, check=True).stdout)


def near(one: list[int], other: list[int], by: int = 3) -> bool:
    return all(abs(a - b) <= by for a, b in zip(one, other, strict=True))


def test_a_cube_that_changes_nothing_keeps_the_picture_and_another_one_changes_it(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    was = mean(source)
    assert was[0] > was[2] + 80
    code, clip = made(source, tmp_path / "same", layer(tmp_path / "a", LUT.format("x.cube"), {"x.cube": SAME}))
    assert code == 0
    assert clip["decided"]["colour-policy"] == "looked-up"
    assert near(mean(clip["output"]), was)
    rules = layer(tmp_path / HOSTILE, LUT.format("x.cube"), {"x.cube": SWAP})
    code, clip = made(source, tmp_path / "swap", rules)
    assert code == 0
    assert near(mean(clip["output"]), was[::-1])
    path = rules / "profiles" / "luts" / "x.cube"
    digest = hashlib.sha256(SWAP.encode()).hexdigest()
    assert clip["lut"] == {"file": "profiles/luts/x.cube", "path": str(path), "sha256": digest}
    colour = clip["media"]["video"]["colour"]
    assert (colour["primaries"], colour["transfer"], colour["matrix"]) == ("bt709", "bt709", "bt709")
    record = str(tmp_path / "swap" / "looked.record.json")
    assert main(["reproduce", record, "--rulebook", str(rules)]) == 0
    assert main(["verify", "--deep", record, "--rulebook", str(rules)]) == 0
    path.write_text(SAME)
    capsys.readouterr()
    assert main(["reproduce", record, "--rulebook", str(rules)]) == 1
    assert main(["verify", "--deep", record, "--rulebook", str(rules)]) == 1
    assert capsys.readouterr().out.count("made/lut-changed") == 2


LACKS = """#!/bin/sh
case "$*" in
  *-filters*) "{}" "$@" | grep -v -w -e tonemap -e lut3d;;
  *) exec "{}" "$@";;
esac
"""


@pytest.mark.parametrize("command", ["plan", "run"])
@pytest.mark.parametrize(
    ("text", "lacks"),
    [(LUT.format("x.cube"), "lut3d"), ('[policy]\ncolour = "tonemap"\n', "tonemap"), ("", "")],
    ids=["lut", "tonemap", "neither"],
)
def test_a_build_without_the_filter_is_told_before_anything_is_made(
    command: str, text: str, lacks: str, source: Path, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    fake, real = tmp_path / "ffmpeg", find_tool("ffmpeg")
    fake.write_text(LACKS.format(real, real))
    fake.chmod(0o755)
    monkeypatch.setenv("PROXX_FFMPEG", str(fake))
    rules = layer(tmp_path / "rules", text, {"x.cube": SAME} if "lut" in text else {})
    code = main([command, str(spec_of(source, tmp_path / "out")), "--rulebook", str(rules)])
    said = capsys.readouterr()
    assert code == (3 if lacks else 0)
    assert (f"has no filter {lacks}\n" in said.err) is bool(lacks)
    assert (tmp_path / "out" / "p.mov").exists() is (command == "run" and not lacks)


def test_a_curve_is_applied_too_and_one_dimension_is_enough(source: Path, tmp_path: Path) -> None:
    code, clip = made(source, tmp_path / "dim", layer(tmp_path / "a", LUT.format("d.cube"), {"d.cube": DIM}))
    assert code == 0
    assert "lut1d=file=" in clip["argv"][clip["argv"].index("-filter:v:0") + 1]
    assert near(mean(clip["output"]), [value // 2 for value in mean(source)])


@pytest.mark.parametrize("step", ["judged", "encoded"])
def test_a_lut_that_changes_under_way_fails_its_clip(step: str, source: Path, tmp_path: Path) -> None:
    from proxx.running import run_specs, way_of

    rules = layer(tmp_path / "a", LUT.format("x.cube"), {"x.cube": SAME})
    words = ["run", str(spec_of(source, tmp_path / "out")), "--quiet", "--rulebook", str(rules)]

    def change(name: str) -> None:
        if name == step:
            (rules / "profiles" / "luts" / "x.cube").write_text(SWAP)

    arguments = options.parser().parse_args(words)
    assert run_specs(arguments, replace(way_of(arguments), on_step=change)) == 4
    clip = json.loads((tmp_path / "out" / "looked.record.json").read_text())["clips"][0]
    assert [one["id"] for one in clip["findings"]] == ["made/lut-changed"]
    assert not (tmp_path / "out" / "p.mov").exists()


def test_the_content_of_a_lut_is_part_of_the_digest_and_its_place_is_not(tmp_path: Path) -> None:
    digests = [
        load([str(layer(tmp_path / name, LUT.format("x.cube"), {"x.cube": cube}))], lint=lint).digest
        for name, cube in (("a", SAME), ("b", SAME), ("c", SWAP))
    ]
    assert digests[0] == digests[1] != digests[2]


def checked(folder: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """What `rulebook check` says of a rulebook that it refuses."""
    assert main(["rulebook", "check", str(folder)]) == 1
    said = capsys.readouterr()
    return said.out + said.err


WRONG: dict[str, tuple[str, str]] = {
    "missing": (LUT.format("y.cube"), "no such file in this layer; did you mean profiles/luts/x.cube?"),
    "out of the folder": (LUT.format("../../../x.cube"), "must lie in the rulebook's own folder"),
    "absolute": (LUT.replace("profiles/luts/{}", "/x.cube"), "must lie in the rulebook's own folder"),
    "another ending": (LUT.format("x.3dl"), "end in .cube"),
    "no LUT": ('[policy]\ncolour = "lut"\n', "it names none"),
    "no policy": (LUT.format("x.cube").replace('colour = "lut"', 'colour = "tag"'), "a LUT that nobody uses"),
    "unsayable": (LUT.format("x.cube").replace('transfer = "bt709"', 'transfer = "smpte170m"'), "cannot name"),
    "half": ('[policy]\ncolour = "lut"\n[lut]\nfile = "profiles/luts/x.cube"\n', "the key takes is missing"),
    "malformed": (LUT.format("bad.cube"), "profiles/luts/bad.cube: line 3: 'nan 0 0'"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_lut_that_cannot_be_used_is_told_when_the_rulebook_is_checked(
    case: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text, words = WRONG[case]
    said = checked(layer(tmp_path / "a", text, {"x.cube": SAME, "bad.cube": "LUT_1D_SIZE 2\n0 0 0\nnan 0 0\n"}), capsys)
    assert words in " ".join(said.split())
    assert "looked.toml:" in said


def test_a_lut_in_another_folder_is_read_by_nobody(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = layer(tmp_path / "a", LUT.format("x.cube"), {"x.cube": SAME})
    (folder / "matrices").mkdir()
    (folder / "matrices" / "x.cube").write_text(SAME)
    main(["rulebook", "check", str(folder)])
    said = capsys.readouterr()
    assert "LUTs stand below profiles/" in said.out + said.err


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("", 0, "says neither LUT_1D_SIZE nor LUT_3D_SIZE"),
        ("LUT_3D_SIZE 2\n0 0 0\n", 0, "asks for 8 rows, and it has 1"),
        (SAME + "1 1 1\n", 0, "asks for 8 rows, and it has 9"),
        ("LUT_3D_SIZE 1\n", 1, "from 2 to 129"),
        ("LUT_3D_SIZE 130\n", 1, "from 2 to 129"),
        ("LUT_3D_SIZE 2 2\n", 1, "from 2 to 129"),
        ("LUT_1D_SIZE 65537\n", 1, "from 2 to 65536"),
        ("LUT_1D_SIZE 2\n0 0 0\n1 1 1\nLUT_3D_SIZE 2\n", 4, "no shaper"),
        ("0 0 0\nLUT_1D_SIZE 2\n", 1, "stand before"),
        ("LUT_1D_SIZE 2\n0 0 0\n1 1 inf\n", 3, "neither three numbers"),
        ("LUT_1D_SIZE 2\n0 0 0\n1 1\n", 3, "neither three numbers"),
        ("LUT_1D_SIZE 2\n0 0 0\n1,0 1 1\n", 3, "neither three numbers"),
        (" LUT_1D_SIZE 2\n", 1, "neither three numbers"),
        ("LUT_1D_SIZES 2\n", 1, "did you mean LUT_1D_SIZE?"),
        ("DOMAIN_MAX 2 2 2\n" + SAME, 1, "must be 1 1 1"),
        ("DOMAIN_MIN -1 0 0\n" + SAME, 1, "must be 0 0 0"),
        ("DOMAIN_MIN 0 0\n" + SAME, 1, "must be 0 0 0"),
        (SAME + "DOMAIN_MIN 0 0 0\n", 10, "after the first row"),
        (SAME.replace("2\n", "2\nLUT_3D_INPUT_RANGE 0 1\n"), 2, "delete the line"),
        ("# " + "x" * 600 + "\n" + SAME, 1, "longer than 500"),
    ],
)
def test_what_ffmpeg_would_misread_is_no_lut(text: str, line: int, words: str) -> None:
    with pytest.raises(CubeError) as caught:
        read_cube(text.encode())
    assert words in str(caught.value)
    assert caught.value.line == line


def test_bytes_that_are_no_text_are_no_lut() -> None:
    with pytest.raises(CubeError, match="0xff is no UTF-8") as caught:
        read_cube(b"# \n\xff\n")
    assert caught.value.line == 2


def test_what_programs_write_is_read() -> None:
    assert read_cube(SAME.encode()) == "lut3d"
    assert read_cube(DIM.encode()) == "lut1d"
    assert read_cube(f"\n# made\nLUT_3D_INPUT_RANGE 0.0 1.0\n{SAME}\n\t# end\n".encode()) == "lut3d"


def test_a_path_in_a_filter_graph_is_escaped_twice() -> None:
    assert graph_text("/a b/c.cube") == "/a b/c.cube"
    assert graph_text("/a:b'c\\d") == r"/a\\:b\\\'c\\\\d"
    assert graph_text("[,;]") == r"\[\,\;\]"
