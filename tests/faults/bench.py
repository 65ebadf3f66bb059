"""What all harnesses share: a folder of short clips, an FFmpeg that notes what it encodes, a look at what is left."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from proxx.tools import find_tool

ROOT = Path(__file__).resolve().parents[2]
MARK = "PROXX_FAULTS_MARK"
FRAMES = 15
"""The pictures of every clip."""


@dataclass(frozen=True)
class Bench:
    """A folder with short clips, and an FFmpeg that notes what it is asked to encode."""

    folder: Path
    clips: tuple[Path, ...]
    ffmpeg: Path
    tally: Path

    def environment(self, mark: str) -> dict[str, str]:
        """What a run that can be recognised is started with."""
        ours = {"PYTHONPATH": str(ROOT / "engine"), "PROXX_FFMPEG": str(self.ffmpeg), MARK: mark}
        return {**os.environ, **ours, "XDG_CACHE_HOME": str(self.folder / "cache")}

    def run(self, *words: str, mark: str = "run", limit: float = 600) -> int:
        """Run proxx with these words to its end, quietly and within so many seconds; its exit code."""
        argv, quiet = [sys.executable, "-m", "proxx", *words], subprocess.DEVNULL
        environment = self.environment(mark)
        return subprocess.run(argv, env=environment, stdout=quiet, stderr=quiet, timeout=limit, check=False).returncode

    def encodes(self) -> list[Encode]:
        """Every encode that was begun, in order; one whose moment is 0 was killed while its clock was read."""
        found = [line.split(" ", 2) for line in self.tally.read_text("utf-8", "surrogateescape").splitlines()]
        return [Encode(mark, float(begun or 0), words) for mark, begun, words in found]


@dataclass(frozen=True)
class Encode:
    """One start of FFmpeg to make a proxy: by which run, when (seconds since 1970), and its arguments."""

    mark: str
    begun: float
    words: str

    def makes(self, output: str) -> bool:
        """Whether it makes the proxy of that name."""
        return f"/.{output[:-4]}.partial." in self.words


def set_up(folder: Path, clips: int) -> Bench:
    """Make the clips: half a second of 360p each, no two the same."""
    made = []
    for number in range(clips):
        path = folder / f"clip{number:03}.mov"
        shoot(path, number)
        made.append(path)
    tally = folder / "encodes"
    tally.touch()
    wrapper = folder / "ffmpeg"
    # exec: what is killed is FFmpeg itself. The tally is written before, by one short append.
    note, real = f'echo "${MARK} $(date +%s.%N) $*" >> "{tally}"', find_tool("ffmpeg")
    wrapper.write_text(f'#!/bin/sh\ncase "$*" in *-map_metadata*) {note};; esac\nexec "{real}" "$@"\n')
    wrapper.chmod(0o755)
    return Bench(folder, tuple(made), wrapper, tally)


def shoot(path: Path, number: int, *words: str) -> None:
    """Make a clip."""
    picture = f"testsrc2=size=640x360:rate=25:duration=0.6,hue=h={number * 7}"
    argv = ["ffmpeg", "-v", "error", "-nostdin", "-f", "lavfi", "-i", picture, *(words or ("-c:v", "prores"))]
    subprocess.run([*argv, str(path)], check=True, timeout=60)


@dataclass(frozen=True)
class Line:
    """What a harness found: in words, and how much of it may not be."""

    text: str
    bad: int = 0


def write_spec(bench: Bench, out: Path, name: object, **changes: object) -> Path:
    """The job of a round."""
    document = {
        "jobspec_version": "2.1",
        "job_id": f"round-{name}",
        "sources": [str(clip) for clip in bench.clips],
        "output_directory": str(out),
        "codec": "prores_proxy",
        "container": "mov",
        "resolution": "same",
        "naming_template": "{source_name}_proxy",
        "proxy_profile": "proxy_prores_proxy",
        **changes,
    }
    spec = bench.folder / f"round-{name}.json"
    spec.write_text(json.dumps(document), "utf-8")
    return spec


def alive(mark: str, word: str = "") -> list[int]:
    """The processes that were started by a run with that mark, and hold the word in their command line."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            marked = f"{MARK}={mark}".encode() in (place / "environ").read_bytes().split(b"\0")
            state = (place / "stat").read_text("ascii", "replace").rpartition(")")[2].split()[0]
            if marked and state != "Z" and word.encode() in (place / "cmdline").read_bytes():
                found.append(int(place.name))
        except OSError:  # it ended while we looked
            continue
    return found


def frames_of(path: Path) -> int | None:
    """The pictures that a file decodes to; None when it does not decode to its end without an error."""
    argv = ["ffprobe", "-v", "error", "-count_frames", "-select_streams", "v", "-show_entries", "stream=nb_read_frames"]
    done = subprocess.run([*argv, "-of", "csv=p=0", str(path)], capture_output=True, text=True, timeout=60, check=False)
    return int(done.stdout) if done.returncode == 0 and not done.stderr and done.stdout.strip().isdigit() else None


def states(out: Path) -> dict[str, str]:
    """Of every proxy what the ledger says of it."""
    found = {}
    for path in (out / ".proxx" / "clips").glob("*.json"):
        try:
            found[path.name.removesuffix(".json")] = json.loads(path.read_text("utf-8"))["state"]
        except (OSError, ValueError):  # it is being replaced
            continue
    return found
