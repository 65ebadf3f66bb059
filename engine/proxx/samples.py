"""Made-up sources of every shape that a profile meets, and a world in which a job holds one of them, nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

from proxx.model import Audio, Colour, Media, Video

MOMENT = "2026-02-14T18:30:05Z"
STEREO = (Audio(index=1, codec="pcm_s24le", channels=2, layout="stereo", sample_rate=48000, start=Fraction(0)),)
HD = Video(
    codec="h264",
    width=1920,
    height=1080,
    pix_fmt="yuv420p",
    par=Fraction(1),
    rotation=0,
    field_order="progressive",
    rate=Fraction(25),
    frames=250,
    start=Fraction(0),
    colour=Colour("tv", "bt709", "bt709", "bt709"),
)
CAMERA = Media(
    container="mov", codec="h264", demuxer="mov", cadence="constant", timecode="", reel="", video=HD, audio=STEREO
)


@dataclass(frozen=True, slots=True)
class Sample:
    """A made-up source, and the fields of a spec that differ from what the profile declares."""

    media: Media
    fields: Mapping[str, Any] = field(default_factory=dict)


def _shape(video: Mapping[str, Any], **changes: Any) -> Sample:
    """The camera's clip with another picture, start or sound."""
    return Sample(replace(CAMERA, video=replace(HD, **video), **changes))


def _mono(count: int) -> tuple[Audio, ...]:
    """So many mono tracks of 24-bit PCM."""
    return tuple(replace(STEREO[0], index=1 + number, channels=1, layout="mono") for number in range(count))


SHAPES: Mapping[str, Mapping[str, Sample]] = {
    "ffmpeg": {
        "hd": Sample(CAMERA),
        "odd-raster": _shape({"width": 1998, "height": 1079}),
        "small-odd-raster": _shape({"width": 1366, "height": 768}),
        "anamorphic": _shape({"width": 1440, "height": 1080, "par": Fraction(4, 3)}),
        "rotated": _shape({"rotation": 90}),
        "interlaced": _shape({"field_order": "tt"}),
        "ntsc-film": _shape({"rate": Fraction(24000, 1001)}, timecode="01:00:00:00", reel="A001R2EC"),
        "drop-frame": _shape({"rate": Fraction(30000, 1001)}, timecode="00:59:58;20", reel="-leading dash"),
        "eight-mono-tracks": _shape({}, audio=_mono(8)),
        "late-sound": _shape({}, audio=(replace(STEREO[0], start=Fraction(1, 50)),)),
        "early-sound": _shape({}, audio=(replace(STEREO[0], start=Fraction(-1, 50)),)),
        "named-sound": _shape({}, audio=(replace(STEREO[0], language="eng", title="Boom"),)),
        "surround": _shape({}, audio=(replace(STEREO[0], channels=6, layout=""),)),
        "compressed-sound": _shape({}, audio=(replace(STEREO[0], codec="aac", sample_rate=44100),)),
        "silent": _shape({}, audio=()),
        "full-chroma": _shape({"pix_fmt": "yuv444p10le"}),
        "rgb": _shape({"pix_fmt": "gbrp", "colour": Colour("pc", "bt709", "iec61966-2-1", "gbr")}),
        "hlg": _shape({"pix_fmt": "yuv420p10le", "colour": Colour("tv", "bt2020", "arib-std-b67", "bt2020nc")}),
        "mastered": _shape(
            {
                "pix_fmt": "yuv420p10le",
                "colour": Colour("tv", "bt2020", "smpte2084", "bt2020nc"),
                "mastering": "G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,1)",
                "light_level": "1000,400",
                "dynamic_light": "",
            }
        ),
        "full-range": _shape({"pix_fmt": "yuvj420p", "colour": Colour("pc", "bt709", "bt709", "bt709")}),
        "deep-rgb": _shape({"pix_fmt": "gbrp12le", "colour": Colour("pc", "bt709", "iec61966-2-1", "gbr")}),
        "deep-full-range": _shape({"pix_fmt": "yuv422p10le", "colour": Colour("pc", "bt709", "bt709", "bt709")}),
        "variable-rate": _shape(
            {"frames": 214, "packets": 214, "shown": 214, "first": Fraction(0), "last": Fraction(10)},
            cadence="variable",
        ),
        "conformed": Sample(CAMERA, {"fps_mode": "explicit", "fps_explicit": 24}),
    },
    "resolve": {
        "arriraw": Sample(Media(container="mxf", codec="arriraw", demuxer="mxf")),
        "redcode": Sample(Media(container="r3d", codec="redcode", demuxer="r3d")),
        "conformed": Sample(
            Media(container="r3d", codec="redcode", demuxer="r3d"), {"fps_mode": "explicit", "fps_explicit": 24}
        ),
    },
}
"""For each engine: the shapes of sources that its profiles are tried on, by name."""


class Told:
    """A world in which sources are what they are said to be, and every output is free."""

    def __init__(self, media: Media) -> None:
        self.one = media

    def media(self, paths: Sequence[str], *, scaled: bool = False) -> Sequence[Media]:
        """Every source is the one clip."""
        return [replace(self.one, path=path) for path in paths]

    def same_file(self, paths: Sequence[str]) -> Mapping[int, int]:
        """No two sources are one file."""
        return {}

    def folder(self, path: str) -> tuple[str, str]:
        """The output folder can be made."""
        return "to-make", ""

    def now(self) -> str:
        """Always the same moment."""
        return MOMENT

    def place(self, output: str, sources: Sequence[str], folder: str) -> str:
        """Nothing stands at any output."""
        return "free"


def sample_spec(profile: Mapping[str, Any], source: str = "/media/A001/clip.mov") -> dict[str, Any]:
    """A spec that declares what a profile makes, of one source."""
    return {
        "jobspec_version": "2.1",
        "job_id": "sample",
        "sources": [source],
        "output_directory": "/media/proxies",
        "codec": profile["codec"],
        "container": profile["container"],
        "resolution": profile["rasters"][0] if profile.get("rasters") else _resolution(profile["resolutions"][0]),
        "naming_template": "{source_name}_proxy",
        "proxy_profile": profile["name"],
    }


def _resolution(word: str) -> str:
    """A resolution as a spec writes it: a profile that takes only sizes in pixels is given one."""
    return "1280x720" if word == "explicit" else word
