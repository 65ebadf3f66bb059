"""The main job on real media, start to end: makes a camera-like clip, checks a spec, makes and proves a proxy."""

from __future__ import annotations

import argparse
import json
import shlex
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from proxx.cli import main
from proxx.errors import EXIT_OK, EXIT_TROUBLE, EXIT_USAGE, ProxxError
from proxx.process import run
from proxx.tools import find_tool

CLIP = "A001C001_261122_R2EC.mov"
PROFILE = "proxy_prores_proxy"
SECONDS_TO_MAKE_IT = 300

CAMERA = (
    *("-hide_banner", "-nostdin", "-loglevel", "error"),
    *("-f", "lavfi", "-i", "testsrc2=size=1920x1080:rate=24000/1001"),
    *("-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000"),
    *("-f", "lavfi", "-i", "sine=frequency=880:sample_rate=48000"),
    *("-map", "0:v", "-map", "1:a", "-map", "2:a", "-t", "2.002"),
    *("-c:v", "prores_aw", "-profile:v", "3", "-vendor", "apl0", "-pix_fmt", "yuv422p10le"),
    *("-vf", "setparams=range=tv:color_primaries=bt709:color_trc=bt709:colorspace=bt709"),
    *("-c:a", "pcm_s24le", "-metadata:s:v:0", "timecode=01:00:00:00", "-metadata:s:v:0", "reel_name=A001R2EC"),
)
"""Two seconds of ProRes HQ at 23.976: a test picture, two mono tracks, timecode and reel name, as cameras do."""


def demo_command(arguments: argparse.Namespace) -> int:
    """Show proxx at work in a folder (a new temporary one, which stays, if none is named). The exit code.

    Raises ProxxError (exit 2) when the folder holds something already, (exit 3) when FFmpeg is missing or fails.
    """
    place = _place(arguments.folder)
    print(f"Everything is made in {place}, and stays there.")
    _shoot(place / "camera" / CLIP)
    spec = _write_spec(place)
    for command in (["check", str(spec)], ["plan", str(spec), "--shell"], ["run", str(spec)]):
        _say(["proxx", *command])
        code = main(command)
        if code != EXIT_OK:
            return code
    return _show_record(place / "proxies")


def _place(folder: str | None) -> Path:
    if folder is None:
        return Path(tempfile.mkdtemp(prefix="proxx-demo-"))
    place = Path(folder).absolute()
    try:
        place.mkdir(parents=True, exist_ok=True)
        if any(place.iterdir()):
            raise ProxxError(f"{place} is not empty", hint="Name a new or empty folder.", exit_code=EXIT_USAGE)
    except OSError as error:
        raise ProxxError(f"cannot work in {place}: {error.strerror}", exit_code=EXIT_USAGE) from error
    return place


def _say(argv: list[str]) -> None:
    print(f"\n$ {shlex.join(argv)}", flush=True)


def _shoot(clip: Path) -> None:
    """Make the clip that a camera would have made."""
    clip.parent.mkdir()
    argv = [*CAMERA, str(clip)]
    tool = find_tool("ffmpeg")
    _say(["ffmpeg", *argv])
    finished = run([tool, *argv], timeout=SECONDS_TO_MAKE_IT)
    if finished.code != 0:
        raise ProxxError(f"ffmpeg could not make the clip: {finished.stderr.decode('utf-8', 'replace').strip()}")
    print(f"{clip}: {clip.stat().st_size} bytes")


def _write_spec(place: Path) -> Path:
    document = {
        "jobspec_version": "2.1",
        "sources": [str(place / "camera" / CLIP)],
        "output_directory": str(place / "proxies"),
        "codec": "prores_proxy",
        "container": "mov",
        "resolution": "half",
        "naming_template": "{source_name}_proxy",
        "proxy_profile": PROFILE,
    }
    spec = place / "job.json"
    text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    spec.write_text(text, "utf-8")
    print(f"\nThe spec, {spec}:\n{text}", end="")
    return spec


def _show_record(outputs: Path) -> int:
    """The essentials of the record that the run left."""
    found = sorted(outputs.glob("*.record.json"))
    if not found:
        raise ProxxError(f"the run left no record in {outputs}")
    record = json.loads(found[0].read_text("utf-8"))
    rulebook = record["rulebook"]
    rows = [
        ("record", found[0].name),
        ("status", record["status"]),
        ("made with", f"{record['engine']} {record['versions'][record['engine']]}, profile {record['profile']}"),
        ("rules of", f"rulebook {rulebook['name']} {rulebook['version']}, {rulebook['digest']}"),
        *[row for clip in record["clips"] for row in _clip_rows(clip)],
    ]
    print(f"\nThe record in {outputs} says:")
    print("\n".join(f"  {name:<10} {value}" for name, value in rows))
    return EXIT_OK if record["status"] == "COMPLETED" else EXIT_TROUBLE


def _clip_rows(clip: Mapping[str, Any]) -> list[tuple[str, Any]]:
    made, promise = clip["media"], clip["promise"]
    picture = made["video"]
    return [
        ("clip", f"{Path(clip['output']).name}: {clip['status']}, {clip['size']} bytes, {clip['seconds']} s"),
        ("picture", f"{made['codec']}, {picture['width']}x{picture['height']}, {picture['rate']} fps"),
        ("frames", f"{clip['frames']} counted, {promise['video']['frames']} promised"),
        ("timecode", f"{made['timecode']}, reel {made['reel']}"),
        ("sound", f"{len(made['audio'])} streams, {len(promise['audio'])} promised"),
        ("findings", len(clip["findings"])),
        ("content", clip["sha256"]),
    ]
