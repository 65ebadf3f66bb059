"""Renders what the simulated Resolve was told to, with FFmpeg: a labelled test pattern, or a picture that it is given.

This text is read by every Python from 3.6 on, without proxx around it.
"""

import os
import subprocess
import tempfile
from typing import Any, Dict, List, Mapping, Tuple

from proxx.engines.resolve_values import exact
from proxx.engines.simulated_label import label

PRORES = ["-c:v", "prores_aw", "-vendor", "apl0", "-pix_fmt", "yuv422p10le", "-profile:v"]
FOUR = ["-c:v", "prores_ks", "-vendor", "apl0", "-pix_fmt", "yuva444p10le", "-profile:v"]
DNX = ["-c:v", "dnxhd", "-profile:v"]
ENCODERS = {
    "ProRes422P": [*PRORES, "0"],
    "ProRes422LT": [*PRORES, "1"],
    "ProRes422": [*PRORES, "2"],
    "ProRes422HQ": [*PRORES, "3"],
    "ProRes4444": [*FOUR, "4"],
    "ProRes4444XQ": [*FOUR, "5"],
    "DNxHRLB": [*DNX, "dnxhr_lb", "-pix_fmt", "yuv422p"],
    "DNxHRSQ": [*DNX, "dnxhr_sq", "-pix_fmt", "yuv422p"],
    "DNxHRHQ": [*DNX, "dnxhr_hq", "-pix_fmt", "yuv422p"],
    "DNxHRHQX_10": [*DNX, "dnxhr_hqx", "-pix_fmt", "yuv422p10le"],
    "DNxHR444_10": [*DNX, "dnxhr_444", "-pix_fmt", "yuv444p10le"],
    "DNxHD1080p36": [*DNX, "dnxhd", "-b:v", "36M", "-pix_fmt", "yuv422p"],
    "H264": ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"],
    "H265": ["-c:v", "libx265", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-tag:v", "hvc1"],
}
"""How FFmpeg encodes what Resolve knows by these ids; what it cannot encode ends as a failed job."""

MUXERS = {"mov": "mov", "mp4": "mp4", "mkv": "matroska", "mxf": "mxf", "mxf_op1a": "mxf"}
DEPTHS = {16: "pcm_s16le", 24: "pcm_s24le", 32: "pcm_s32le"}


def render_argv(spec: Mapping[str, Any], picture: str, name: str) -> List[str]:
    """The arguments of the FFmpeg that makes the file of a job, after the program; `name` is the label's file."""
    rate = exact("%.3f" % spec["rate"])
    size = "%dx%d" % (spec["width"], spec["height"])
    source = ["-stream_loop", "-1", "-i", "file:%s" % picture]
    if not picture:
        source = ["-f", "lavfi", "-i", "testsrc2=size=%s:rate=%s" % (size, rate)]
    scaled = "[0:v:0]fps=%s,scale=%s,setsar=1[a];" % (rate, size.replace("x", ":"))
    scaled += "[1:v]scale=iw*2:ih*2:flags=neighbor[b];[a][b]overlay=8:8,trim=end_frame=%d" % spec["frames"]
    argv = ["-hide_banner", "-nostdin", "-loglevel", "error", "-y", *source, "-i", "file:%s" % name]
    if spec["channels"]:
        tones = "|".join("0.1*sin(%d*2*PI*t)" % (220 * (one + 1)) for one in range(spec["channels"]))
        length = float(spec["frames"] / rate)
        argv += ["-f", "lavfi", "-i", "aevalsrc=%s:s=%d:d=%.6f" % (tones, spec["sample_rate"], length)]
    argv += ["-filter_complex", scaled, "-r", str(rate)]
    argv += ENCODERS[spec["codec"]]
    if spec["channels"]:
        argv += ["-map", "2:a", "-c:a", "aac" if spec["format"] == "mp4" else DEPTHS[spec["bits"]]]
    return [*argv, *_tags(spec), "-f", MUXERS[spec["format"]], "file:" + os.path.join(spec["folder"], spec["name"])]


def _tags(spec: Mapping[str, Any]) -> List[str]:
    """Timecode and reel, as the container carries them."""
    place = "-metadata" if MUXERS[spec["format"]] == "mxf" else "-metadata:s:v:0"
    reel = [place, "reel_name=" + spec["reel"]] if spec["reel"] else []
    return [place, "timecode=" + spec["start"], *reel]


class Render:
    """A render that runs. It ends with the process that began it."""

    def __init__(self, spec: Dict[str, Any], ffmpeg: str, picture: str) -> None:
        self.spec, self.folder = spec, tempfile.mkdtemp(prefix="proxx-simulated-")
        self.error = ""
        self.progress = os.path.join(self.folder, "progress")
        name = os.path.join(self.folder, "label.pgm")
        with open(name, "wb") as handle:
            handle.write(label("simulated %s %s" % (os.path.basename(spec["source"]), spec["start"])))
        known = spec["codec"] in ENCODERS and "no-file" not in spec["traps"]
        argv = [ffmpeg, "-progress", "file:" + self.progress, *render_argv(spec, picture, name)] if known else []
        self.process = self._start(argv) if argv else None
        if spec["codec"] not in ENCODERS:
            self.error = "the simulated Resolve cannot encode %s" % spec["codec"]

    def _start(self, argv: List[str]) -> "subprocess.Popen[bytes]":
        with open(os.path.join(self.folder, "errors"), "wb") as errors:
            return subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors)

    def look(self) -> Tuple[str, int, str]:
        """How far it is: the state in Resolve's words, percent, and an error."""
        code = self.process.poll() if self.process is not None else (1 if self.error else 0)
        if code is None:
            return "Rendering", self._percent(), ""
        error = self.error or (self._said() if code else "")
        if not code and "two-files" in self.spec["traps"]:
            with open(os.path.join(self.spec["folder"], "second.mov"), "wb") as handle:
                handle.write(b"second")
        self._tidy()
        return ("Failed", 0, error or "FFmpeg ended with %d" % code) if code else ("Complete", 100, "")

    def _percent(self) -> int:
        try:
            with open(self.progress, "rb") as handle:
                lines = handle.read().decode("ascii", "replace").split()
        except OSError:
            return 0
        frames = [line[6:] for line in lines if line.startswith("frame=") and line[6:].isdigit()]
        return min(99, 100 * int(frames[-1]) // int(self.spec["frames"])) if frames else 0

    def _said(self) -> str:
        with open(os.path.join(self.folder, "errors"), "rb") as handle:
            return (handle.read().decode("utf-8", "replace").strip().splitlines() or [""])[-1]

    def stop(self) -> None:
        """End it; what was written stays."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self._tidy()

    def _tidy(self) -> None:
        for name in ("progress", "label.pgm", "errors"):
            path = os.path.join(self.folder, name)
            if os.path.exists(path):
                os.unlink(path)
        if os.path.isdir(self.folder):
            os.rmdir(self.folder)
