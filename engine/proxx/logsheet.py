"""What editors need of a job's finished proxies: a table (CSV), and an Avid Log Exchange file for each rate (ALE)."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from proxx.facts import base_name
from proxx.timecode import Timecode, TimecodeError, label, parse

NEWLINE = "\r\n"
ALE_COLUMNS = (
    *("Name", "Tracks", "Start", "End", "Duration", "Tape", "FPS", "Image Size", "Source File", "Source Path"),
    *("Proxy File", "Proxy Path", "Tape From", "Start From"),
)
CSV_COLUMNS = (
    *("Name", "Tape", "Start", "End", "Duration", "FPS", "Frames", "Tracks", "Proxy Path", "Source Path"),
    *("Proxy Size", "Image Size", "SHA-256", "Tape From", "Start From"),
)
VIDEO_FORMATS: Mapping[tuple[int, int], str] = {
    (1920, 1080): "1080",
    (1440, 1080): "1080",
    (1280, 720): "720",
    (720, 576): "PAL",
    (720, 486): "NTSC",
    (720, 480): "NTSC",
}
"""The rasters that Avid's heading has a word for; every other one is CUSTOM."""


@dataclass(frozen=True, slots=True)
class Line:
    """One finished proxy: its cells by column, its rate (None where the record tells none), raster and sample rate."""

    cells: Mapping[str, str]
    rate: Fraction | None
    raster: tuple[int, int] | None
    sample_rate: int | None


def sheet(record: Mapping[str, Any]) -> list[Line]:
    """A line for every finished clip of a record, in its order."""
    clips = [clip for clip in record.get("clips", ()) if isinstance(clip, Mapping)]
    return [_line(clip) for clip in clips if clip.get("status") == "COMPLETED"]


def as_csv(lines: Iterable[Line]) -> str:
    """The sheet as comma-separated values (RFC 4180), every name as it is."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator=NEWLINE)
    writer.writerow(CSV_COLUMNS)
    writer.writerows([line.cells[column] for column in CSV_COLUMNS] for line in lines)
    return text.getvalue()


def sheets(record: Mapping[str, Any]) -> dict[str, str]:
    """Every sheet of a record by the end of its name: csv and ale, or RATE.ale where there are several rates.

    Nothing when no clip is finished.
    """
    lines = sheet(record)
    if not lines:
        return {}
    ales = as_ales(lines)
    return {"csv": as_csv(lines), **{("ale" if len(ales) == 1 else f"{rate}.ale"): ales[rate] for rate in ales}}


def as_ales(lines: Sequence[Line]) -> dict[str, str]:
    """The ALE of each rate's clips, by Avid's word for it: an ALE has one rate. Clips without one are left out."""
    rates = sorted({line.rate for line in lines if line.rate is not None})
    return {rate_word(rate): _ale([line for line in lines if line.rate == rate], rate) for rate in rates}


def _ale(lines: Sequence[Line], rate: Fraction) -> str:
    heading = {
        "FIELD_DELIM": "TABS",
        "VIDEO_FORMAT": _video_format(lines),
        "AUDIO_FORMAT": _audio_format(lines),
        "FPS": rate_word(rate),
    }
    rows = ["\t".join(_tabless(line.cells[column]) for column in ALE_COLUMNS) for line in lines]
    head = [f"{key}\t{value}" for key, value in heading.items()]
    text = ["Heading", *head, "", "Column", "\t".join(ALE_COLUMNS), "", "Data", *rows]
    return NEWLINE.join(text) + NEWLINE


def _tabless(cell: str) -> str:
    """A cell of a tab-separated line: it can hold neither tabs nor line breaks."""
    return " ".join(cell.replace("\t", " ").splitlines())


def rate_word(rate: Fraction) -> str:
    """A rate as editors write it: 23.976, 25, 29.97."""
    whole, thousandths = divmod((rate * 1000 + Fraction(1, 2)).__floor__(), 1000)
    return f"{whole}.{thousandths:03}".rstrip("0").rstrip(".")


def _video_format(lines: Sequence[Line]) -> str:
    """Avid's word for the largest raster of the sources; 1080 where none is known."""
    rasters = [line.raster for line in lines if line.raster is not None]
    return VIDEO_FORMATS.get(max(rasters), "CUSTOM") if rasters else "1080"


def _audio_format(lines: Sequence[Line]) -> str:
    rates = [line.sample_rate for line in lines if line.sample_rate]
    return f"{max(rates, default=48000) // 1000}khz"


def _line(clip: Mapping[str, Any]) -> Line:
    source, output = str(clip.get("source", "")), str(clip.get("output", ""))
    origin, promise, made = (_object(clip, key) for key in ("source_media", "promise", "media"))
    rate = _rate(promise) or _rate(made)
    frames = _number(clip.get("frames")) or _number(_object(made, "video").get("frames"))
    name = base_name(source)
    stem = name.rpartition(".")[0] or name
    sound = [one for one in made.get("audio") or () if isinstance(one, Mapping)]
    cells = {
        "Name": stem,
        "Tracks": "V" + "".join(f"A{number}" for number in range(1, 1 + _channels(sound))),
        "Source File": name,
        "Source Path": source,
        "Proxy File": base_name(output),
        "Proxy Path": output,
        "FPS": rate_word(rate) if rate else "",
        "Frames": "" if frames is None else str(frames),
        "Proxy Size": _size(_raster(made)),
        "Image Size": _size(_raster(origin)),
        "SHA-256": str(clip.get("sha256", "")).removeprefix("sha256:"),
        **_times((made, promise, origin), rate, frames),
        **_tape((made, promise, origin), stem),
    }
    rates = [one.get("sample_rate") for one in sound]
    return Line(cells, rate, _raster(origin) or _raster(made), _number(rates[0]) if rates else None)


def _tape(said: Sequence[Mapping[str, Any]], stem: str) -> dict[str, str]:
    """The tape and what tells it; a guess says so, and where nothing tells one it is called like the clip."""
    origin = said[-1]
    reel = next((str(one["reel"]) for one in said if one.get("reel")), "")
    if not reel:
        return {"Tape": stem, "Tape From": "clip name"}
    told = str(origin.get("reel_from") or "metadata") if reel == origin.get("reel") else "proxy"
    return {"Tape": reel, "Tape From": told if origin.get("reel_sure", True) else f"{told} (a guess)"}


def _times(said: Sequence[Mapping[str, Any]], rate: Fraction | None, frames: int | None) -> dict[str, str]:
    """Start, End, Duration and what tells the start: from 00:00:00:00, by "none", where nothing has one.

    End is the label after the last frame, so that it is Start and Duration together.
    """
    if rate is None:
        return {"Start": "", "End": "", "Duration": "", "Start From": ""}
    start = _start(said, rate)
    told = str(said[-1].get("timecode_from") or "proxy") if start else "none"
    first = start or Timecode(0, rate)
    cells = {"Start": label(first), "End": "", "Duration": "", "Start From": told}
    if frames is None:
        return cells
    end, length = Timecode(first.frames + frames, rate, first.drop), Timecode(frames, rate, first.drop)
    return {**cells, "End": label(end), "Duration": label(length)}


def _start(said: Sequence[Mapping[str, Any]], rate: Fraction) -> Timecode | None:
    """The timecode of the proxy, or what it was promised, or its source's; None where nothing has one.

    The source's counts only at the source's own rate.
    """
    made, promise, origin = said
    texts = [made.get("timecode"), promise.get("timecode")]
    texts += [origin.get("timecode")] if _rate(origin) in (rate, None) else []
    for text in texts:
        try:
            return parse(str(text or ""), rate)
        except TimecodeError:
            continue
    return None


def _object(holder: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = holder.get(key)
    return value if isinstance(value, Mapping) else {}


def _rate(media: Mapping[str, Any]) -> Fraction | None:
    try:
        rate = Fraction(str(_object(media, "video").get("rate")))
    except (ValueError, ZeroDivisionError):
        return None
    return rate if rate > 0 else None


def _number(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _channels(sound: Sequence[Mapping[str, Any]]) -> int:
    return sum(_number(one.get("channels")) or 0 for one in sound)


def _raster(media: Mapping[str, Any]) -> tuple[int, int] | None:
    video = _object(media, "video")
    width, height = _number(video.get("width")), _number(video.get("height"))
    return (width, height) if width and height else None


def _size(raster: tuple[int, int] | None) -> str:
    return f"{raster[0]}x{raster[1]}" if raster else ""
