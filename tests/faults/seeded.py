"""Puts one fault at a time into finished proxies, and asks `verify --deep` and `relink` to find it and to name it.

The clips are fixtures, the proxies are proxx's own: ProRes and H.264 in MOV, H.264 in MP4, DNxHR in MXF, VP9 in WebM. A
fault is made by FFmpeg copying streams, or by changing bytes in the file's boxes, so that nothing else of the proxy
changes; only where a picture is left out of a codec whose pictures need one another, they are encoded anew. The control
is the proxy as it was made, of which no error may be told.
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
STREAMS = f"tc=10:00:00:00 reel=A001 audio=mono+stereo frames={FRAMES}"
CLIPS = {
    "film": (
        f"640x360 24000/1001 tc=01:00:00:00 reel=A001 audio=2xmono+stereo frames={FRAMES}",
        ("proxy_prores_proxy", "prores_proxy", "mov", "half"),
    ),
    "drop": (
        f"320x180 30000/1001 tc=00:59:58;20 reel=A001 frames={FRAMES}",
        ("proxy_prores_proxy", "prores_proxy", "mov", "half"),
    ),
    "long": (f"640x360 25 {STREAMS}", ("proxy_h264_mov", "h264", "mov", "same")),
    "small": (f"640x360 25 {STREAMS}", ("proxy_h264_low", "h264", "mp4", "half")),
    "avid": (f"640x360 25 {STREAMS}", ("proxy_dnxhr_lb", "dnxhr", "mxf", "same")),
    "web": (f"640x360 25 {STREAMS}", ("proxy_vp9", "vp9", "webm", "same")),
}
"""The clips by name: their words, and the profile, codec, container and resolution of their proxy."""

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
    frame = float(Fraction(1001, 24000) if proxy.parent.name == "film" else Fraction(1, 25))
    argv = [find_tool("ffmpeg"), "-v", "error", "-y", "-i", str(proxy), "-itsoffset", f"{frame:.6f}", "-i", str(proxy)]
    argv += ["-map", "0:v", "-map", "1:a", "-c", "copy", str(spoilt)]
    subprocess.run(argv, check=True, stdin=subprocess.DEVNULL)


def encoded(frame: int, *words: str) -> Spoil:
    """One frame less, of a codec whose pictures need one another: those after it move up, all are encoded anew."""
    chain = f"select=not(eq(n\\,{frame})),setpts=N/25/TB"
    return copy("-filter:v:0", chain, "-fps_mode", "passthrough", *words)


def delayed(proxy: Path, spoilt: Path) -> None:
    """All sound one frame late where a container has one start for all streams: silence stands before it."""
    copy("-filter:a", "adelay=delays=1920S:all=1,atrim=end_sample=46080", "-c:a", "pcm_s24le")(proxy, spoilt)


def patched(change: Callable[[bytearray], object]) -> Spoil:
    """The same file with some bytes changed."""

    def spoil(proxy: Path, spoilt: Path) -> None:
        data = bytearray(proxy.read_bytes())
        change(data)
        spoilt.write_bytes(data)

    return spoil


FAULTS: tuple[Fault, ...] = (
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
H264 = ("-c:v:0", "libx264", "-crf", "18", "-bf", "0", "-g", "25", "-profile:v", "high", "-pix_fmt", "yuv420p")
VP9 = ("-c:v:0", "libvpx-vp9", "-deadline", "good", "-cpu-used", "5", "-crf", "20", "-b:v", "0", "-g", "25")
SHIFTED, GONE = ("identity/sound-shifted",), ("made/audio-channels", "identity/stream-missing", "made/audio-streams")
FIRST, LAST, MIDDLE = "identity/first-frames-missing", "identity/last-frames-missing", "identity/frames-dropped"
FEWER, OFF = ("fewer-frames",), ("made/timecode",)
LABEL = ("-metadata:s:v:0", "timecode=10:00:00:01")
FAULTS += (
    Fault("H.264 in MOV: the first frame is gone", "long", encoded(0, *H264), (FIRST,), FEWER),
    Fault("H.264 in MOV: the last frame is gone", "long", encoded(FRAMES - 1, *H264), (LAST,), FEWER),
    Fault("H.264 in MOV: a middle frame is gone", "long", encoded(11, *H264), (MIDDLE,), FEWER),
    Fault("H.264 in MOV: sound one frame late", "long", late, SHIFTED, SHIFTED),
    Fault("H.264 in MOV: an audio stream is gone", "long", copy("-map", "-0:a:1"), GONE, ("tracks", "regrouped")),
    Fault("H.264 in MOV: timecode one frame off", "long", copy(*LABEL), OFF, ("timecode",)),
    Fault("H.264 in MOV: another reel", "long", copy("-metadata:s:v:0", "reel_name=B002"), ("made/reel",), ("reel",)),
    Fault(
        "H.264 in MOV: 24 for 25",
        "long",
        copy("-video_track_timescale", "24000", filters=("setts=pts=N*1000:dts=N*1000:duration=1000",)),
        ("made/rate",),
        ("rate",),
    ),
    Fault(
        "H.264 in MOV: another pixel aspect ratio",
        "long",
        copy("-aspect", "4:3", filters=("h264_metadata=sample_aspect_ratio=3/4",)),
        ("made/pixel-aspect",),
        ("pixel-aspect",),
    ),
    Fault(
        "H.264 in MOV: turned",
        "long",
        patched(lambda data: quicktime.turn(data, 90, 640, 360)),
        ("made/rotation",),
        ("rotation", "raster"),
    ),
    Fault("H.264 in MP4: a middle frame is gone", "small", encoded(11, *H264), (MIDDLE,), FEWER),
    Fault("H.264 in MP4: sound one frame late", "small", late, SHIFTED, SHIFTED),
    Fault("H.264 in MP4: timecode one frame off", "small", copy(*LABEL), OFF, ("timecode",)),
    Fault("DNxHR in MXF: the first frame is gone", "avid", copy(filters=("noise=drop=eq(n\\,0)",)), (FIRST,), FEWER),
    Fault(
        "DNxHR in MXF: the last frame is gone",
        "avid",
        copy(filters=(f"noise=drop=eq(n\\,{FRAMES - 1})",)),
        (LAST,),
        FEWER,
    ),
    Fault(
        "DNxHR in MXF: a middle frame is gone",
        "avid",
        copy(filters=("noise=drop=eq(n\\,11)", "setts=pts=N:dts=N")),
        (MIDDLE,),
        FEWER,
    ),
    Fault("DNxHR in MXF: sound one frame late", "avid", delayed, SHIFTED, SHIFTED),
    Fault(
        "DNxHR in MXF: a channel is gone",
        "avid",
        copy("-c:a:1", "pcm_s24le", "-filter:a:1", "pan=mono|c0=c0"),
        (*GONE, "identity/channel-missing"),
        ("channels", "regrouped"),
    ),
    Fault(
        "DNxHR in MXF: timecode one frame off",
        "avid",
        copy("-metadata", "timecode=10:00:00:01"),
        OFF,
        ("timecode",),
    ),
    Fault("DNxHR in MXF: another reel", "avid", copy("-metadata", "reel_name=B002"), ("made/reel",), ("reel",)),
    Fault("VP9 in WebM: the first frame is gone", "web", encoded(0, *VP9), (FIRST,), FEWER),
    Fault("VP9 in WebM: the last frame is gone", "web", encoded(FRAMES - 1, *VP9), (LAST,), FEWER),
    Fault("VP9 in WebM: a middle frame is gone", "web", encoded(11, *VP9), (MIDDLE,), FEWER),
    Fault("VP9 in WebM: sound one frame late", "web", late, SHIFTED, SHIFTED),
    Fault("VP9 in WebM: an audio stream is gone", "web", copy("-map", "-0:a:1"), GONE, ("tracks", "regrouped")),
    Fault("VP9 in WebM: timecode one frame off", "web", copy(*LABEL), OFF, ("timecode",)),
    Fault(
        "VP9 in WebM: another pixel aspect ratio",
        "web",
        copy("-aspect", "4:3"),
        ("made/pixel-aspect",),
        ("pixel-aspect",),
    ),
    Fault(
        "VP9 in WebM: 24 for 25",
        "web",
        copy(filters=("setts=pts=N*1000/24:dts=N*1000/24:duration=42",)),
        ("made/rate",),
        ("rate",),
    ),
)
"""What belongs to one codec and container: the same faults in proxies of other profiles."""


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
    words, (profile, codec, container, resolution) = CLIPS[name]
    clip, out = folder / f"{name}.mov", folder / name
    spec = {
        "jobspec_version": "2.1",
        "job_id": name,
        "sources": [str(clip)],
        "output_directory": str(out),
        "codec": codec,
        "container": container,
        "resolution": resolution,
        "naming_template": "{source_name}",
        "proxy_profile": profile,
    }
    path = folder / f"{name}.json"
    path.write_text(json.dumps(spec), "utf-8")
    for command in (("fixture", words, "-o", str(clip)), ("run", str(path), "--quiet")):
        code, told = proxx(*command, cache=folder / "cache")
        if code != 0:
            raise AssertionError(f"{command}: {told}")
    return clip, out / f"{name}.{container}"


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
    yield from measure(FAULTS if long else [FAULTS[(seed * 5 + step * 11) % len(FAULTS)] for step in range(4)])
