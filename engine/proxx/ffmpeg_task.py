"""One clip for FFmpeg: the exact argument list of its proxy, and what that proxy is promised to be."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from proxx.clip import Clip, is_rgb, promised_frames
from proxx.colour import proxy_colour
from proxx.errors import EXIT_FINDINGS, ProxxError
from proxx.model import Audio, Colour, Media, Task, Video
from proxx.naming import Named, temporary_name
from proxx.render import render
from proxx.rulebook import Rulebook
from proxx.size import Box, letterbox, rounded_aspect
from proxx.tables import Value
from proxx.timecode import Timecode, nominal
from proxx.verdict import JudgedClip, JudgedTrack


def ffmpeg_task(rulebook: Rulebook, profile: Mapping[str, Any], judged: JudgedClip, named: Named, version: str) -> Task:
    """The task of one clip. Raises ProxxError when too little is known of the source, or a template is wrong."""
    clip = judged.clip
    temporary = named.output[: -len(named.name)] + temporary_name(named.name)
    context, audio = ffmpeg_words(rulebook, profile, judged, temporary, version)
    return Task(
        index=clip.index,
        source=clip.media.path,
        output=named.output,
        temporary=temporary,
        expect=_promise(profile, named, context, audio),
        argv=("ffmpeg", *render(profile["template"], rulebook.templates, context)),
    )


def expected(rulebook: Rulebook, profile: Mapping[str, Any], judged: JudgedClip, named: Named) -> Media:
    """What the proxy of one clip will be, before any argument is written. Raises ProxxError for want of facts."""
    context, audio = ffmpeg_words(rulebook, profile, judged, named.output, "")
    return _promise(profile, named, context, audio)


def ffmpeg_words(
    rulebook: Rulebook, profile: Mapping[str, Any], judged: JudgedClip, path: str, version: str
) -> tuple[dict[str, Any], tuple[Audio, ...]]:
    """What a template is given to write arguments of (its shape: proxx.symbols), and the sound that is promised."""
    clip = judged.clip
    out = _picture(profile, judged)
    sound = [_sound(profile, track, out) for track in judged.tracks if _used(track)]
    context = {
        "profile": profile,
        "source": {
            "path": clip.media.path,
            "demuxer": clip.media.demuxer,
            "video_index": clip.media.video.index if clip.media.video else 0,
            "rate": str(clip.source_rate),
            "cadence": clip.media.cadence or "unknown",
        },
        "out": {**out, "path": path, "muxer": rulebook.items["container"][profile["container"]]["muxer"]},
        "carries": out["carries"],
        "audio": [stream for stream, _ in sound],
        "timecode": {"text": _timecode(judged), "write": _answer(judged, "timecode-carried")["write"]},
        "reel": {"text": clip.media.reel or "", "write": _answer(judged, "reel-carried")["write"]},
        "whitelist": {
            "formats": ",".join(rulebook.items["probe"]["formats"]),
            "protocols": ",".join(rulebook.items["probe"]["protocols"]),
        },
        "tool": {"version": version},
    }
    return context, tuple(audio for _, audio in sound)


def _answer(judged: JudgedClip | JudgedTrack, table: str) -> Mapping[str, Value]:
    """What a table answered. Raises ProxxError where it could not be asked: saved facts may tell too little."""
    if table not in judged.decisions:
        raise ProxxError(
            f"too little is known of the source to plan its proxy: table {table} cannot be asked",
            hint="Probe the source itself: leave --probes out, or write the file anew with proxx probe --format json.",
            exit_code=EXIT_FINDINGS,
        )
    return judged.decisions[table].outcome


def _used(track: JudgedTrack) -> bool:
    return _answer(track, "track-use").get("use") == "yes"


def _picture(profile: Mapping[str, Any], judged: JudgedClip) -> dict[str, Any]:
    """The picture side of the template context, numbers only."""
    clip, video = judged.clip, judged.clip.media.video
    if video is None or clip.rate is None or clip.width is None or clip.height is None or clip.par is None:
        raise ProxxError(
            f"too little is known of {clip.media.path} to plan its proxy: no raster or no rate",
            hint="Probe the source itself: leave --probes out, or write the file anew with proxx probe --format json.",
            exit_code=EXIT_FINDINGS,
        )
    box = _box(profile, clip)
    par = Fraction(1) if box else clip.par
    colour = proxy_colour(
        video.colour or Colour(),
        profile["colour"],
        colour_range=profile["video"]["colour_range"],
        rgb=is_rgb(video.pix_fmt or ""),
    )
    conform = _answer(judged, "rate-policy")["conform"] == "yes"
    scan = judged.decisions.get("scan-policy")
    carried = _answer(judged, "container-carries")
    if carried["pixel-aspect"] == "display":
        par = rounded_aspect(par, clip.width)
    return {
        "width": box.width if box else clip.width,
        "height": box.height if box else clip.height,
        "pad": {"width": clip.width, "height": clip.height, "x": box.x, "y": box.y} if box else None,
        "par": {"num": par.numerator, "den": par.denominator},
        "rate": {"num": clip.rate.numerator, "den": clip.rate.denominator},
        "gop": max(nominal(clip.rate) * profile["video"].get("gop_seconds", 1), 1),
        "frames": promised_frames(clip, conformed=conform),
        "conform": conform,
        "deinterlace": scan is not None and scan.outcome["deinterlace"] == "yes",
        "range": colour.written.range,
        "primaries": colour.written.primaries,
        "transfer": colour.written.transfer,
        "matrix": colour.written.matrix,
        "convert_to": colour.convert_to,
        "promised_colour": colour.promised,
        "carries": {**carried},
    }


def _box(profile: Mapping[str, Any], clip: Clip) -> Box | None:
    """Where the picture stands inside a raster that the codec dictates; None when it fills it."""
    video = clip.media.video
    if not profile.get("rasters") or video is None or not video.width or not video.height:
        return None
    frame = (clip.width or 0, clip.height or 0)
    return letterbox(video.width, video.height, video.par or Fraction(1), frame, rotation=video.rotation or 0)


def _timecode(judged: JudgedClip) -> str:
    """The label that is written and promised; empty when none is."""
    clip, wanted = judged.clip, _answer(judged, "timecode-carried")["label"]
    if wanted == "zero" and clip.rate is not None:
        return str(Timecode(0, clip.rate))
    return str(clip.timecode) if wanted == "source" else ""


def _sound(profile: Mapping[str, Any], judged: JudgedTrack, out: Mapping[str, Any]) -> tuple[dict[str, Any], Audio]:
    """One audio stream as the template needs it, and as the proxy promises it."""
    stream, recipe = judged.track.stream, profile["audio"]
    copies = _answer(judged, "track-encode")["do"] == "copy"
    channels, source_rate = stream.channels or 1, stream.sample_rate or 48000
    rate = source_rate if copies or recipe["sample_rate"] == "source" else recipe["sample_rate"]
    keeps = _answer(judged, "track-encode")["do"] == "same"
    encoder = (stream.codec or "") if keeps or copies else recipe["encoder"]
    layouts = () if stream.layout in recipe.get("layouts", ()) else recipe.get("layouts", ())
    per_channel = recipe.get("bit_rate_per_channel", 0)
    argument = {
        "index": stream.index,
        "policy": "copy" if copies else "encode",
        "encoder": encoder,
        "bit_rate": per_channel * channels,
        "sample_rate": rate,
        "channels": channels,
        "layout": layouts[channels - 1] if 0 < channels <= len(layouts) else "",
        "late": judged.track.late,
        "language": stream.language or "",
        "title": stream.title or "",
    }
    start, end = _span(judged, out)
    promised = Audio(
        index=stream.index,
        codec=encoder if keeps or copies else profile["promise"]["audio_codec"],
        channels=channels,
        sample_rate=rate,
        start=start,
        duration=None if end is None else end - start,
        origin=stream.codec,
    )
    return argument, promised


def _span(judged: JudgedTrack, out: Mapping[str, Any]) -> tuple[Fraction, Fraction | None]:
    """Where a proxy's sound begins and ends, in seconds from its first picture; None when the source does not tell.

    Where a container cannot start sound late, silence stands before it and the sound spans the picture.
    """
    stream = judged.track.stream
    if out["carries"]["late-sound"] == "no":
        rate = Fraction(out["rate"]["num"], out["rate"]["den"])
        return Fraction(0), None if out["frames"] is None else out["frames"] / rate
    late = Fraction(judged.track.late, stream.sample_rate or 1)
    return max(late, Fraction(0)), None if stream.duration is None else stream.duration + late


def _promise(
    profile: Mapping[str, Any],
    named: Named,
    context: Mapping[str, Any],
    audio: tuple[Audio, ...],
) -> Media:
    """What the made file must read as."""
    out, said = context["out"], profile["promise"]
    frames = out["frames"]
    rate = Fraction(out["rate"]["num"], out["rate"]["den"])
    pad = out["pad"] or out
    return Media(
        path=named.output,
        container=profile["container"],
        codec=said["codec"],
        timecode=context["timecode"]["text"] if context["timecode"]["write"] != "nothing" else "",
        reel=context["reel"]["text"] if context["reel"]["write"] != "nothing" else "",
        audio=audio,
        video=Video(
            profile=said.get("profile"),
            tag=said.get("tag"),
            width=pad["width"],
            height=pad["height"],
            pix_fmt=said["pix_fmt"],
            par=Fraction(out["par"]["num"], out["par"]["den"]),
            rotation=0,
            field_order="progressive",
            rate=rate,
            frames=frames,
            duration=None if frames is None else frames / rate,
            colour=out["promised_colour"],
        ),
    )
