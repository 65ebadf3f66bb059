"""A codec, a container, a pairing, a profile, a message, a source and a naming token are added by data alone.

The layer below is all that a studio writes; no line of the program knows FFV1 or NUT.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from proxx.cli import main

LAYER = {
    "rulebook.toml": """\
#:schema schema/rulebook.schema.json
name = "archive"
version = "1"
format = 1
extends = "proxx"
""",
    "matrices/words.toml": """\
#:schema ../schema/vocabulary.schema.json
# Which words does the archive add?
[codec.ffv1]
title = "FFV1"
doc = "Lossless, for preservation (RFC 9043)."
source = "ffv1"

[container.nut]
title = "NUT"
doc = "A container that names every stream."
output = true
extensions = ["nut"]
format_names = ["nut"]
demuxer = "nut"
muxer = "nut"

[source-codec.ffv1]
title = "FFV1"
doc = "Lossless, for preservation."
ffprobe = ["ffv1"]

[probe]
replaces = true
formats = ["mov", "mp4", "m4a", "3gp", "3g2", "mj2", "matroska", "webm", "mxf", "mpegts", "mpeg", "avi", "dv", "nut"]
""",
    "matrices/archive.toml": """\
#:schema ../schema/tables.schema.json
# What does the archive decide?
[table.codec-container]
rows = [
  { id = "ffv1", codec = "ffv1", container = ["nut", "mkv"] },
  { id = "ffv1-not", codec = "ffv1", container = ["mov", "mp4"], finding = "archive/ffv1-in-mov" },
]

[table.source-capability]
rows = [{ id = "nut", container = "nut", codec = "ffv1", then = { engine = "ffmpeg" }, origin = "extension" }]

[finding."archive/ffv1-in-mov"]
title = "FFV1 belongs into Matroska or NUT"
what = "The archive keeps FFV1 in Matroska or NUT, not {container}"
at = "/container"
why = ["QuickTime has no registered mapping for {codec}."]
fix = "Use mkv or nut."
bad = [{ codec = "ffv1", container = "mov" }, { codec = "ffv1", container = "mp4" }]
good = { codec = "ffv1", container = "mkv" }

[token.show]
doc = "The show's name."
value = "NIGHTFALL"
example = "NIGHTFALL"
varies = false
""",
    "matrices/carries.toml": """\
#:schema ../schema/tables.schema.json
# What does NUT carry beside picture and sound?
[table.container-carries]
rows = [{ id = "nut", container = "nut", then = { CARRIES } }]

[table.timecode-carried]
rows = [
  { id = "nut", container = "nut", timecode = "valid", then = { write = "stream", label = "source", place = "tag" } },
]

[table.reel-carried]
rows = [
  { id = "nut", container = "nut", reel = "some", then = { write = "nothing" }, finding = "limit/reel-lost" },
  { id = "nut-named", container = "nut", reel = "named", then = { write = "nothing" } },
]
""",
    "profiles/templates/ffmpeg/ffv1.args.j2": """\
{% extends "ffmpeg/_proxy.j2" %}
{% block video %}
-level:v:0
3
{% endblock %}
""",
}
CHANGES = {
    "name": "archive_ffv1",
    "title": "FFV1 in NUT",
    "codec": "ffv1",
    "container": "nut",
    "template": "ffmpeg/ffv1.args.j2",
}
"""What the archive's profile says differently from proxy_prores_standard."""


def shipped(name: str) -> str:
    return (Path(__file__).parents[1] / name).read_text("utf-8")


def profile() -> str:
    """The archive's profile: a shipped one with another encoder, as one would write it with a text editor."""
    text = shipped("profiles/ffmpeg/proxy_prores_standard.toml")
    head, _, rest = text.partition("[video]")
    for key, value in CHANGES.items():
        head = "".join(
            f'{key} = "{value}"\n' if line.startswith(f"{key} = ") else line for line in head.splitlines(keepends=True)
        )
    head = "".join(line for line in head.splitlines(keepends=True) if not line.startswith("variant"))
    _, _, rest = rest.partition("[audio]")
    before, _, after = rest.partition("[promise]")
    promise = 'codec = "ffv1"\npix_fmt = "yuv420p"\naudio_codec = "pcm_s24le"\nreproducible = true\n'
    video = 'encoder = "ffv1"\npix_fmt = "yuv420p"\ncolour_range = "tv"\n'
    size = "[size]\nforecast = 90.0\n"
    assert "[size]" in after
    return f"{head}[video]\n{video}\n[audio]{before}[promise]\n{promise}\n{size}"


def carries() -> str:
    """NUT carries what Matroska carries: the same answers."""
    (row,) = [line for line in shipped("matrices/limits.toml").splitlines() if '{ id = "matroska"' in line]
    return row.partition("then = { ")[2].partition(" }")[0]


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The studio's folder: TOML and one template, nothing else."""
    folder = tmp_path_factory.mktemp("archive")
    files = {**LAYER, "profiles/ffmpeg/archive_ffv1.toml": profile()}
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.replace("CARRIES", carries()), "utf-8")
    return folder


def proxx(capsysbinary: pytest.CaptureFixture[bytes], *words: str) -> tuple[int, str]:
    """The exit code of a command, and what it printed."""
    code = main([*words])
    said = capsysbinary.readouterr()
    return code, said.out.decode() + said.err.decode()


def spec(folder: Path, source: Path, **changes: Any) -> Path:
    """A spec for the archive's profile."""
    document = {
        "jobspec_version": "2.1",
        "job_id": "j1",
        "sources": [str(source)],
        "output_directory": str(folder / "proxies"),
        "codec": "ffv1",
        "container": "nut",
        "resolution": "same",
        "naming_template": "{show}_{source_name}",
        "proxy_profile": "archive_ffv1",
        "created_at": "2026-02-14T18:30:05Z",
        **changes,
    }
    path = folder / "job.json"
    path.write_text(json.dumps(document, indent=2), "utf-8")
    return path


def test_without_the_layer_none_of_it_is_known(
    tmp_path: Path, clips: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    code, said = proxx(capsysbinary, "check", "--no-media", str(spec(tmp_path, clips / "clip.mp4")))
    assert code == 1
    for finding in ("spec/not-allowed", "profile/unknown", "naming/unknown-token"):
        assert f"error[{finding}]" in said


def test_check_accepts_a_spec_with_the_new_words(
    archive: Path, tmp_path: Path, clips: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    job = spec(tmp_path, clips / "clip.mp4")
    code, said = proxx(capsysbinary, "check", "--rulebook", str(archive), str(job))
    assert (code, said) == (0, f"{job}: ok, engine ffmpeg\n")


def test_decide_knows_the_new_rows(archive: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    layer = ("--rulebook", str(archive))
    assert proxx(capsysbinary, "decide", "pairing", "codec=ffv1", "container=nut", *layer)[0] == 0
    assert proxx(capsysbinary, "decide", "pairing", "codec=ffv1", "container=webm", *layer)[0] == 1
    code, said = proxx(capsysbinary, "decide", "sources", "container=.NUT", "codec=FFV1", *layer)
    assert code == 0
    assert "engine   ffmpeg" in said


def test_the_new_message_is_said_and_explained_with_its_layer(
    archive: Path, tmp_path: Path, clips: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    layer = ("--rulebook", str(archive))
    job = spec(tmp_path, clips / "clip.mp4", container="mov")
    code, said = proxx(capsysbinary, "check", *layer, str(job))
    assert code == 1
    assert "error[archive/ffv1-in-mov]: The archive keeps FFV1 in Matroska or NUT, not mov" in said
    assert "Checked: set container to nut." in said
    code, said = proxx(capsysbinary, "explain", "archive/ffv1-in-mov", *layer)
    assert code == 0
    assert "Raised by table codec-container" in said
    assert f"Layer archive: {archive}/matrices/archive.toml" in said


def test_profiles_lists_the_new_profile_and_where_it_comes_from(
    archive: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    code, said = proxx(capsysbinary, "profiles", "archive_ffv1", "--format", "json", "--rulebook", str(archive))
    card = json.loads(said)
    assert (code, card["codec"], card["container"], card["layer"]) == (0, "ffv1", "nut", "archive")
    assert card["file"] == f"{archive}/profiles/ffmpeg/archive_ffv1.toml"


def test_the_new_codec_is_planned_made_and_proved(
    archive: Path, tmp_path: Path, clips: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    layer = ("--rulebook", str(archive))
    job = spec(tmp_path, clips / "clip.mp4")
    code, said = proxx(capsysbinary, "plan", *layer, str(job), "--format", "json")
    assert code == 0, said
    (task,) = json.loads(said)["tasks"]
    assert task["output"] == str(tmp_path / "proxies/NIGHTFALL_clip.nut")
    assert "ffv1" in task["argv"]
    code, said = proxx(capsysbinary, "run", *layer, str(job), "--quiet")
    assert code == 0, said
    assert (tmp_path / "proxies/NIGHTFALL_clip.nut").stat().st_size > 1000
    code, said = proxx(capsysbinary, "probe", *layer, str(tmp_path / "proxies/NIGHTFALL_clip.nut"))
    assert code == 0
    assert "nut/ffv1" in said


def test_a_container_without_the_rows_it_needs_is_told_what_they_are(
    archive: Path, tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    for name in (*LAYER, "profiles/ffmpeg/archive_ffv1.toml"):
        if name != "matrices/carries.toml":
            path = tmp_path / "archive" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes((archive / name).read_bytes())
    code, said = proxx(capsysbinary, "profiles", "--rulebook", str(tmp_path / "archive"))
    assert code == 1
    assert said.count("error[rulebook/gap]") == said.count("error[") == 3
    assert "table container-carries has a gap and no otherwise: nothing decides container=nut" in said
    assert "table timecode-carried has a gap and no otherwise: nothing decides container=nut timecode=valid" in said
