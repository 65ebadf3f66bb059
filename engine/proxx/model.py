"""The values that travel through proxx: what a file is (Media) and what shall be made of it (Task, Plan)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

NO_VIDEO = "none"
"""The codec of a file that holds no moving picture."""

SIMULATED = " (simulated)"
"""What ends the engine's version in plans for a Resolve that is none: what it made is not taken for the real thing."""


@dataclass(frozen=True, slots=True)
class Colour:
    """Colour tags in ffprobe's words (ITU-T H.273 names); "unknown" is an untagged value."""

    range: str = "unknown"
    primaries: str = "unknown"
    transfer: str = "unknown"
    matrix: str = "unknown"


@dataclass(frozen=True, slots=True)
class Video:
    """The video stream that counts. Every None is "not known" (in a promise: "not promised").

    `index` is the stream's index in the file, `width`/`height` the coded raster in pixels, `par` the pixel
    aspect ratio, `rotation` the clockwise turn in degrees that shows the picture upright (0, 90, 180, 270),
    `rate` frames per second, `frames` the number of frames the container declares, `start` and `duration`
    seconds. `field_order` is progressive, tt, bb, tb, bt or unknown (ffprobe's words). `codec`, `profile` and
    `tag` are ffprobe's words too ("" when it has none). What a scan of the packets has counted: `packets` are
    there, `shown` of them make a picture (an edit list may hide some), from `first` to `last` seconds, and where they
    come unevenly `rhythm` says how many ticks of `tick` seconds each of them stays (see proxx.rhythm). A promise says
    how many pictures are `repeated` and `left_out` to keep a constant rate. `alpha` is none, some, or beside (in a
    second picture of its own, which FFmpeg's decoder does not put together). `pose` is mirrored, or askew (turned by no
    quarter), where the display matrix says so. `mastering` and `light_level` are what the file says of its mastering
    display and its brightest light (see proxx.light), `dynamic_light` is dolby-vision, dolby-vision-alone or hdr10plus;
    "" when there is none. `combed` is no, or which field is first (tt, bb) of frames that the file calls progressive.
    """

    index: int = 0
    codec: str | None = None
    profile: str | None = None
    tag: str | None = None
    width: int | None = None
    height: int | None = None
    pix_fmt: str | None = None
    par: Fraction | None = None
    rotation: int | None = None
    field_order: str | None = None
    rate: Fraction | None = None
    average_rate: Fraction | None = None
    frames: int | None = None
    start: Fraction | None = None
    duration: Fraction | None = None
    colour: Colour | None = None
    packets: int | None = None
    shown: int | None = None
    first: Fraction | None = None
    last: Fraction | None = None
    rhythm: str | None = None
    tick: Fraction | None = None
    repeated: int | None = None
    left_out: int | None = None
    alpha: str | None = None
    pose: str | None = None
    mastering: str | None = None
    light_level: str | None = None
    dynamic_light: str | None = None
    combed: str | None = None


@dataclass(frozen=True, slots=True)
class Audio:
    """One audio stream: channels, sample rate in Hz, start and duration in seconds. None is "not known".

    `gaps` counts the places where packets neither follow on one another nor overlap as they should. `origin` stands in
    promises only: the codec of the source's stream that the sound is made from.
    """

    index: int = 0
    codec: str | None = None
    channels: int | None = None
    layout: str | None = None
    sample_rate: int | None = None
    sample_format: str | None = None
    start: Fraction | None = None
    duration: Fraction | None = None
    language: str | None = None
    title: str | None = None
    gaps: int | None = None
    origin: str | None = None


@dataclass(frozen=True, slots=True)
class Mark:
    """One timecode, and the reel name beside it, as they stand at one place of a file.

    `place` says where (the words are those of the fact mark.place), `label` is the timecode of the first frame (""
    when there is only something to remark), counted at `rate` frames per second (None: the picture's) and never
    corrected. `stream` is the index of the stream, `reel` the name of the reel or tape. `flags` are the words that
    the place itself has for its timecode (drop, 24-hour-max, negative, counter …), `detail` is what was read.
    `umid` is the SMPTE ST 330 identifier of the package that it stands in.
    """

    place: str
    label: str = ""
    rate: Fraction | None = None
    stream: int | None = None
    reel: str = ""
    flags: tuple[str, ...] = ()
    detail: str = ""
    umid: str = ""


@dataclass(frozen=True, slots=True)
class Media:
    """What one file is, in proxx's own words (CONTRACT: path + leading bytes + ffprobe JSON → container, codec).

    `state` says whether it could be read at all: "ok", or why not ("missing", "not-a-file", "empty",
    "no-permission", "format-not-allowed", "not-media", "tool-crashed", "timeout"); `detail` is the tool's own word
    about it.
    `codec` is the canonical source codec, "unknown", or "none" when there is no moving picture. `reason`
    says how the codec was found, `confidence` ("high"/"low") how sure that is. `cadence` is "constant",
    "variable" or "unknown". `timecode` and `reel` are None when not known and "" when the file has none; the timecode
    counts at `timecode_rate` (None: the picture's). `timecode_from` and `reel_from` name the place that they were
    taken from; a reel that is not `reel_sure` is a guess. `marks` are all timecodes of the file, None when not looked
    for.
    `audio` is None when not known; `warnings` are words for the user about the file itself. `decodes` says whether
    its first pictures do. `size` is in bytes; a `declared_size` beyond it (what the container's own structure says
    there must be) means a file cut short. `behind` counts the bytes behind the last frame that FFmpeg would take for
    one more picture; None when there are none.
    """

    path: str = ""
    state: str = "ok"
    detail: str = ""
    container: str = "unknown"
    codec: str = "unknown"
    reason: str = ""
    confidence: str = "high"
    demuxer: str = ""
    size: int | None = None
    declared_size: int | None = None
    duration: Fraction | None = None
    cadence: str | None = None
    decodes: bool | None = None
    timecode: str | None = None
    timecode_rate: Fraction | None = None
    timecode_from: str | None = None
    reel: str | None = None
    reel_from: str | None = None
    reel_sure: bool = True
    marks: tuple[Mark, ...] | None = None
    video: Video | None = None
    audio: tuple[Audio, ...] | None = None
    warnings: tuple[str, ...] = ()
    behind: int | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """One clip to make: the exact argv (ffmpeg) or render settings (Resolve) and the promised `expect`.

    `temporary` is where the engine writes; `output` appears only when the made file keeps the promise. `decided`
    names the row that decided in every table asked about the clip, and `media` is what the source was found to be.
    `lut` is the LUT that the picture goes through: its `file` in the rulebook, the `path` and `sha256` of that.
    """

    index: int
    source: str
    output: str
    temporary: str
    expect: Media
    argv: tuple[str, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    decided: Mapping[str, str] = field(default_factory=dict)
    media: Media = Media()
    lut: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Relinking:
    """Which NLEs shall swap the proxies for their clips without a word, and on which system (None: on any)."""

    nles: tuple[str, ...] = ()
    system: str | None = None

    def document(self) -> dict[str, Any]:
        """What plans and records say of it; nothing where no NLE was named."""
        return {"relink": {"nles": list(self.nles), "system": self.system}} if self.nles else {}


NO_NLES = Relinking()
"""Nobody asked for an NLE."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything a run needs, nothing it must decide: a function of spec, rulebook, facts and engine version.

    `relink` is the part of the promise that somebody asked for beside the spec.
    """

    job_id: str
    engine: str
    engine_version: str
    profile: str
    rulebook: Mapping[str, str]
    why: tuple[str, ...]
    spec: Mapping[str, Any]
    tasks: tuple[Task, ...]
    relink: Relinking = NO_NLES
