"""Puts one fault at a time into finished proxies, and asks `verify --deep` and `relink` to find it and to name it.

The clips are fixtures, the proxies are proxx's own. A fault is made by FFmpeg copying streams, or by changing bytes in
the file's boxes, so that nothing else of the proxy changes. The control is the proxy as it was made, of which no error
may be told.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from faults.bench import ROOT, Line
from proxx import quicktime
from proxx.tools import find_tool

FRAMES = 24
CLIPS = {
    "film": (f"640x360 24000/1001 tc=01:00:00:00 reel=A001 audio=2xmono+stereo frames={FRAMES}", "proxy_prores_proxy"),
    "drop": (f"320x180 30000/1001 tc=00:59:58;20 reel=A001 frames={FRAMES}", "proxy_prores_proxy"),
    "long": (f"640x360 25 tc=10:00:00:00 reel=A001 frames={FRAMES}", "proxy_h264_mov"),
}
"""The clips by name: their words, and the profile of their proxy."""

NLES = ("premiere", "resolve", "avid", "finalcut")
Spoil = Callable[[Path, Path], None]
"""Writes a spoilt copy of a proxy."""


@dataclass(frozen=True)
class Fault:
    """A fault: the clip whose proxy it is put into, how, and by which findings each of the two names it.

    The name of a relink finding goes without that of its editing system; one of those that are listed must be told.
    """

    name: str
    clip: str
    spoil: Spoil
    verify: tuple[str, ...]
    relink: tuple[str, ...]


def copy(*words: str, filters: Sequence[str] = (), before: Sequence[str] = ()) -> Spoil:
    """FFmpeg copying every stream but the timecode track, with these words more."""

    def spoil(proxy: Path, spoilt: Path) -> None:
        argv = [find_tool("ffmpeg"), "-v", "error", "-y", *before, "-i", str(proxy), "-map", "0:v", "-map", "0:a"]
        argv += [
            "-metadata:s:v:0",
            "reel_name=A001",
            "-c",
            "copy",
            *(("-bsf:v", ",".join(filters)) if filters else ()),
            *words,
        ]
        subprocess.run([*argv, str(spoilt)], check=True, stdin=subprocess.DEVNULL)

    return spoil


def without(frame: int) -> Spoil:
    """One frame less; those after it move up."""
    return copy(filters=(f"noise=drop=eq(n\\,{frame})", "setts=pts=N*1001:dts=N*1001"))


def late(proxy: Path, spoilt: Path) -> None:
    """All sound one frame late."""
    frame = float(Fraction(1001, 24000))
    argv = [find_tool("ffmpeg"), "-v", "error", "-y", "-i", str(proxy), "-itsoffset", f"{frame:.6f}", "-i", str(proxy)]
    argv += ["-map", "0:v", "-map", "1:a", "-c", "copy", str(spoilt)]
    subprocess.run(argv, check=True, stdin=subprocess.DEVNULL)


def patched(change: Callable[[bytearray], object]) -> Spoil:
    """The same file with some bytes changed."""

    def spoil(proxy: Path, spoilt: Path) -> None:
        data = bytearray(proxy.read_bytes())
        change(data)
        spoilt.write_bytes(data)

    return spoil


FAULTS = (
    Fault("the first frame is gone", "film", without(0), ("identity/first-frames-missing",), ("fewer-frames",)),
    Fault("the last frame is gone", "film", without(FRAMES - 1), ("identity/last-frames-missing",), ("fewer-frames",)),
    Fault("a middle frame is gone", "film", without(11), ("identity/frames-dropped",), ("fewer-frames",)),
    Fault("sound one frame late", "film", late, ("identity/sound-shifted",), ("identity/sound-shifted",)),
    Fault(
        "a channel is gone",
        "film",
        copy("-c:a:2", "pcm_s24le", "-filter:a:2", "pan=mono|c0=c0"),
        ("made/audio-channels", "identity/stream-missing", "identity/channel-missing"),
        ("channels", "regrouped"),
    ),
    Fault(
        "an audio stream is gone",
        "film",
        copy("-map", "-0:a:1"),
        ("made/audio-streams", "identity/stream-missing"),
        ("tracks", "regrouped"),
    ),
    Fault(
        "timecode one frame off",
        "film",
        copy("-metadata:s:v:0", "timecode=01:00:00:01"),
        ("made/timecode",),
        ("timecode",),
    ),
    Fault(
        "another drop flag",
        "drop",
        patched(lambda data: quicktime.set_drop_frame(data, drop=False)),
        ("made/timecode", "made/drop-frame"),
        ("drop-frame", "timecode"),
    ),
    Fault("another reel", "film", copy("-metadata:s:v:0", "reel_name=B002"), ("made/reel",), ("reel",)),
    Fault(
        "24 for 23.976",
        "film",
        copy("-video_track_timescale", "24000", filters=("setts=pts=N*1000:dts=N*1000:duration=1000",)),
        ("made/rate",),
        ("rate",),
    ),
    Fault("another pixel aspect ratio", "film", copy("-aspect", "4:3"), ("made/pixel-aspect",), ("pixel-aspect",)),
    Fault(
        "turned",
        "film",
        patched(lambda data: quicktime.turn(data, 90, 320, 180)),
        ("made/rotation",),
        ("rotation", "raster"),
    ),
    Fault(
        "another range flag",
        "long",
        copy(filters=("h264_metadata=video_full_range_flag=1",)),
        ("made/colour", "made/colour-range", "identity/levels"),
        ("range",),
    ),
)


def proxx(*words: str, cache: Path) -> tuple[int, str]:
    """Exit code and standard output of one command."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "engine"), "XDG_CACHE_HOME": str(cache)}
    argv = [sys.executable, "-m", "proxx", *words]
    done = subprocess.run(argv, env=environment, capture_output=True, stdin=subprocess.DEVNULL, check=False)
    return done.returncode, done.stdout.decode("utf-8", "replace")


def ids_in(text: str, *, errors: bool = False) -> set[str]:
    """Every finding's id in a JSON answer, wherever it stands, save notes; with `errors` without warnings too."""
    passed = {"note", "warning"} if errors else {"note"}
    found: set[str] = set()

    def look(value: object) -> None:
        if isinstance(value, dict):
            if isinstance(value.get("id"), str) and value.get("severity") not in passed and "message" in value:
                found.add(value["id"])
            for one in value.values():
                look(one)
        elif isinstance(value, list):
            for one in value:
                look(one)

    look(json.loads(text or "{}"))
    return found


def shoot(folder: Path, name: str) -> tuple[Path, Path]:
    """A clip and its proxy."""
    words, profile = CLIPS[name]
    clip, out = folder / f"{name}.mov", folder / name
    codec = "h264" if "h264" in profile else "prores_proxy"
    spec = {
        "jobspec_version": "2.1",
        "job_id": name,
        "sources": [str(clip)],
        "output_directory": str(out),
        "codec": codec,
        "container": "mov",
        "resolution": "same" if codec == "h264" else "half",
        "naming_template": "{source_name}",
        "proxy_profile": profile,
    }
    path = folder / f"{name}.json"
    path.write_text(json.dumps(spec), "utf-8")
    for command in (("fixture", words, "-o", str(clip)), ("run", str(path), "--quiet")):
        code, told = proxx(*command, cache=folder / "cache")
        if code != 0:
            raise AssertionError(f"{command}: {told}")
    return clip, out / f"{name}.mov"


def told_of(folder: Path, clip: Path, proxy: Path, *, errors: bool = False) -> tuple[set[str], set[str]]:
    """What verify --deep and relink --deep tell of a proxy that stands in its output folder."""
    cache = folder / "cache"
    _, checked = proxx("verify", "--deep", str(proxy.parent), "--format", "json", cache=cache)
    _, judged = proxx("relink", "--deep", str(clip), str(proxy), "--format", "json", cache=cache)
    return ids_in(checked, errors=errors), ids_in(judged, errors=errors)


def names(told: set[str], wanted: Sequence[str]) -> bool:
    """Whether one of the findings is told, of an editing system or by its whole id."""
    return bool(told & {*wanted, *(f"{nle}/{one}" for nle in NLES for one in wanted)})


def measure(faults: Sequence[Fault] = FAULTS) -> list[Line]:
    """Seed each fault and look who names it; the proxies as they were made come first."""
    lines = []
    with tempfile.TemporaryDirectory(prefix="proxx-seeded-") as place:
        folder = Path(place)
        made = {name: shoot(folder, name) for name in dict.fromkeys(fault.clip for fault in faults)}
        known = {}
        for name, (clip, proxy) in made.items():
            checked, judged = told_of(folder, clip, proxy)
            wrong = checked | told_of(folder, clip, proxy, errors=True)[1]
            lines.append(Line(f"{name} as it was made: {', '.join(sorted(wrong)) or 'no error is told'}", len(wrong)))
            known[name] = judged
        for fault in faults:
            clip, proxy = made[fault.clip]
            kept = proxy.with_suffix(".kept")
            shutil.move(proxy, kept)
            try:
                fault.spoil(kept, proxy)
                checked, judged = told_of(folder, clip, proxy)
            finally:
                shutil.move(kept, proxy)
            missed = [
                who
                for who, told, wanted in (
                    ("verify", checked, fault.verify),
                    ("relink", judged - known[fault.clip], fault.relink),
                )
                if not names(told, wanted)
            ]
            seen = ", ".join(sorted(checked | (judged - known[fault.clip])))
            text = (
                f"{fault.name}: named by both" if not missed else f"{fault.name}: not named by {missed}, told: {seen}"
            )
            lines.append(Line(text, len(missed)))
    return lines


def tell(seed: int, *, long: bool) -> Iterator[Line]:
    """The figures: every fault when long, else four of them, chosen by the seed."""
    yield from measure(FAULTS if long else [FAULTS[(seed * 5 + step * 3) % len(FAULTS)] for step in range(4)])
