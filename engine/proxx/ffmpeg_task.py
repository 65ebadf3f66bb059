"""One clip for FFmpeg: the exact argument list of its proxy, and what that proxy is promised to be."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from proxx.clip import Clip, conforming, promised_frames
from proxx.colour import CONVERTED, ProxyColour, proxy_colour
from proxx.errors import EXIT_FINDINGS, ProxxError
from proxx.ffmpeg_sound import sound_words
from proxx.filenames import temporary_name
from proxx.generations import habits_of, lacks
from proxx.lastframe import allowed, list_of
from proxx.levels import spread
from proxx.luts import graph_text
from proxx.model import Audio, Colour, Media, Task, Video
from proxx.naming import Named
from proxx.pixels import is_rgb
from proxx.render import render
from proxx.rhythm import read_rhythm
from proxx.rulebook import Rulebook
from proxx.size import rounded_aspect
from proxx.tables import Value
from proxx.timecode import Timecode, nominal
from proxx.verdict import JudgedClip, JudgedTrack


def ffmpeg_task(rulebook: Rulebook, profile: Mapping[str, Any], judged: JudgedClip, named: Named, version: str) -> Task:
    """The task of one clip. Raises ProxxError when too little is known of the source, or a template is wrong."""
    clip = judged.clip
    temporary = named.output[: -len(named.name)] + temporary_name(named.name)
    context, audio = ffmpeg_words(rulebook, profile, judged, temporary, version)
    lut = profile["lut"] if context["out"]["lut"] else None
    argv = ("ffmpeg", *render(profile["template"], rulebook.templates, context))
    trouble, hint = lacks(rulebook.items.get("ffmpeg-option", {}), argv, version)
    if trouble:
        raise ProxxError(f"{trouble} (template {profile['template']})", hint=hint, exit_code=EXIT_FINDINGS)
    return Task(
        index=clip.index,
        source=clip.media.path,
        output=named.output,
        temporary=temporary,
        expect=_promise(profile, named, context, audio),
        argv=argv,
        lut={"file": lut["file"], "path": rulebook.about["luts"][profile["name"]], "sha256": lut["sha256"]}
        if lut
        else {},
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
    does = habits_of(rulebook.items.get("ffmpeg-habit", {}), version)
    container = rulebook.items["container"][profile["container"]]
    formats, protocols = allowed(clip.media, rulebook.items["probe"], clip.media.path)
    sound = sound_words(profile, [track for track in judged.tracks if _used(track)], out, does, container)
    context = {
        "profile": profile,
        "source": {
            "path": clip.media.path,
            "demuxer": clip.media.demuxer,
            "list": list_of(clip.media, clip.media.path),
            "video_index": clip.media.video.index if clip.media.video else 0,
            "rate": str(clip.source_rate),
            "cadence": clip.media.cadence or "unknown",
            "begins": _begins(clip.media),
        },
        "out": {
            **out,
            "lut": _lut(rulebook, profile, clip, out["look"]),
            "path": path,
            "muxer": container["muxer"],
        },
        "carries": out["carries"],
        "audio": [stream for stream, _ in sound],
        "timecode": {"text": _timecode(judged), "write": _answer(judged, "timecode-carried")["write"]},
        "reel": {"text": clip.media.reel or "", "write": _answer(judged, "reel-carried")["write"]},
        "whitelist": {"formats": formats, "protocols": protocols},
        "tool": {"version": version, "does": does},
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
    box = clip.box
    par = Fraction(1) if box else clip.par
    carried, rate = _answer(judged, "container-carries"), _answer(judged, "rate-policy")["conform"]
    look, scan = str(_said(judged, "colour-policy", "do", "keep")), _said(judged, "scan-policy", "fields", "no")
    colour = _colour(profile, video, look)
    if carried["pixel-aspect"] == "display":
        par = rounded_aspect(par, clip.width)
    return {
        "width": box.width if box else clip.width,
        "height": box.height if box else clip.height,
        "pad": {"width": clip.width, "height": clip.height, "x": box.x, "y": box.y} if box else None,
        "par": {"num": par.numerator, "den": par.denominator},
        "rate": {"num": clip.rate.numerator, "den": clip.rate.denominator},
        "gop": max(nominal(clip.rate) * profile["video"].get("gop_seconds", 1), 1),
        **_moments(clip, str(rate)),
        "deinterlace": _said(judged, "scan-policy", "deinterlace", "no") == "yes",
        "parity": {"tt": "tff", "bb": "bff"}.get(video.combed or "", ""),
        "fields": "" if scan == "no" else "bff" if (video.field_order or "").startswith("b") else "tff",
        "turn": 0 if _said(judged, "rotation-policy", "turn", "bake") == "bake" else video.rotation or 0,
        "look": look,
        **spread(clip.media, profile["video"]["pix_fmt"], colour.written.range, look),
        "transfer_in": video.colour.transfer if video.colour else "unknown",
        "range": colour.written.range,
        "primaries": colour.written.primaries,
        "transfer": colour.written.transfer,
        "matrix": colour.written.matrix,
        "convert_to": colour.convert_to,
        "promised_colour": colour.promised,
        **_light(judged, video),
        "carries": {**carried},
    }


def _begins(media: Media) -> str:
    """Whether the picture begins where the file's clock does, at zero, and no sound before it: zero, or later."""
    starts = [stream.start or 0 for stream in media.audio or ()]
    return "zero" if media.video and media.video.start == 0 and min(starts, default=0) >= 0 else "later"


def _lut(rulebook: Rulebook, profile: Mapping[str, Any], clip: Clip, look: str) -> dict[str, str] | None:
    """How the picture goes through the profile's LUT; None where it goes through none."""
    if look != "lut":
        return None
    tagged = clip.media.video is not None and (clip.media.video.colour or Colour()).matrix != "unknown"
    path = rulebook.about["luts"][profile["name"]]
    return {"filter": profile["lut"]["filter"], "file": graph_text(path), "matrix_in": "auto" if tagged else CONVERTED}


def _moments(clip: Clip, rate: str) -> dict[str, Any]:
    """How many frames there will be, and when each is shown."""
    video, counted = clip.media.video, conforming(clip) if rate == "yes" else None
    kept = video if rate == "kept" and video is not None and video.tick is not None else None
    return {
        "frames": promised_frames(clip, conformed=rate == "yes"),
        "repeated": counted.repeated if counted else None,
        "left_out": counted.left_out if counted else None,
        "conform": rate == "yes",
        "tick": {"num": kept.tick.numerator, "den": kept.tick.denominator} if kept and kept.tick else None,
        "rhythm": kept.rhythm if kept else None,
    }


def _light(judged: JudgedClip, video: Video) -> dict[str, str]:
    """What the encoder is told of mastering display and brightest light; "" where it is told nothing."""
    said = video if _said(judged, "light-policy", "write", "no") == "yes" else Video()
    return {"mastering": said.mastering or "", "light_level": said.light_level or ""}


def _said(judged: JudgedClip, table: str, what: str, else_: str) -> Value:
    """What a table answered where it could be asked."""
    decision = judged.decisions.get(table)
    return else_ if decision is None else decision.outcome.get(what, else_)


def _colour(profile: Mapping[str, Any], video: Video, look: str) -> ProxyColour:
    """The tags of the proxy: the source's, or those of what a tone mapping or a LUT makes of it."""
    source, rgb = video.colour or Colour(), is_rgb(video.pix_fmt or "")
    if look == "tonemap":
        source, rgb = Colour(primaries="bt709", transfer="bt709", matrix="bt709"), False
    becomes = CONVERTED
    if look == "lut":
        becomes = profile["lut"]["matrix"]
        source, rgb = Colour("unknown", profile["lut"]["primaries"], profile["lut"]["transfer"], becomes), True
    wanted = profile["video"]["colour_range"]
    return proxy_colour(source, profile["colour"], colour_range=wanted, rgb=rgb, becomes=becomes)


def _timecode(judged: JudgedClip) -> str:
    """The label that is written and promised; empty when none is."""
    clip, wanted = judged.clip, _answer(judged, "timecode-carried")["label"]
    if wanted == "zero" and clip.rate is not None:
        return str(Timecode(0, clip.rate))
    return str(clip.timecode) if wanted == "source" else ""


def _promise(profile: Mapping[str, Any], named: Named, context: Mapping[str, Any], audio: tuple[Audio, ...]) -> Media:
    """What the made file must read as."""
    out, said, frames = context["out"], profile["promise"], context["out"]["frames"]
    rate = Fraction(out["rate"]["num"], out["rate"]["den"])
    pad = out["pad"] or out
    tick = Fraction(out["tick"]["num"], out["tick"]["den"]) if out["tick"] else None
    length = None if frames is None else frames / rate if tick is None else sum(read_rhythm(out["rhythm"])) * tick
    return Media(
        path=named.output,
        container=profile["container"],
        codec=said["codec"],
        cadence="variable" if tick else None,
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
            rotation=out["turn"],
            field_order={"tff": "tt", "bff": "bb"}.get(out["fields"], "progressive"),
            rate=None if tick else rate,
            frames=frames,
            duration=length,
            rhythm=out["rhythm"],
            tick=tick,
            repeated=out["repeated"],
            left_out=out["left_out"],
            colour=out["promised_colour"],
            mastering=out["mastering"] or None,
            light_level=out["light_level"] or None,
        ),
    )
