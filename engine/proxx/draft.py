"""Drafts the profile that makes proxies like a finished one: the nearest profile, with what the file shows changed."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from proxx.answers import decide
from proxx.draftsound import draft_sound
from proxx.facts import base_name
from proxx.model import Media, Video
from proxx.packets import Packets
from proxx.pixels import bit_depth, is_rgb
from proxx.refusal import cannot
from proxx.rulebook import Rulebook, builtin
from proxx.timecode import nominal

Profile = dict[str, Any]

H264_PROFILES = {
    "Constrained Baseline": "baseline",
    "Baseline": "baseline",
    "Main": "main",
    "High": "high",
    "High 10": "high10",
    "High 10 Intra": "high10",
    "High 4:2:2": "high422",
    "High 4:2:2 Intra": "high422",
    "High 4:4:4 Predictive": "high444",
}
"""For each profile that ffprobe names, the word that x264 takes (x264.h, x264_profile_names)."""

UNSEEN = ("crf", "preset", "threads", "deadline", "cpu_used", "quantiser")
"""Settings of an encoder that its file does not tell."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A drafted profile, the profile it began as, and what is to be said of it: what stays, and what will differ."""

    base: str
    profile: Profile
    kept: tuple[str, ...]
    remarks: tuple[str, ...]


def draft(
    book: Rulebook, media: Media, packets: Packets, name: str, is_encodable: Mapping[str, Sequence[str]]
) -> Draft:
    """The draft for a file. Raises ProxxError (exit 1) when no profile can make such a file.

    `is_encodable` gives for each encoder the pixel formats it takes; one that is not in it takes any.
    """
    video = media.video
    if video is None or not video.width or not video.height:
        raise cannot(media, "there is no moving picture in it")
    base = _nearest(book, media, video)
    made: Profile = copy.deepcopy(dict(book.profiles[base]))
    made.pop("replaces", None)
    remarks: list[str] = []
    _container(book, made, media, video)
    _picture(made, media, video)
    _encoder_profile(made, media, video)
    formats = is_encodable.get(made["video"]["encoder"])
    if formats is not None and made["video"]["pix_fmt"] not in formats:
        raise cannot(
            media, f"its pictures are {video.pix_fmt}, and {made['video']['encoder']} takes {', '.join(formats)}"
        )
    remarks += _raster(made, media, video)
    _bit_rates(made, media, video, packets)
    remarks += [*_groups(made, video, packets), *_shown_otherwise(video)]
    remarks += draft_sound(book, made, media, packets)
    remarks += _carried(book, made, media)
    kept = tuple(f"{key} = {made['video'][key]}" for key in UNSEEN if key in made["video"])
    where = f"{video.profile or media.codec} in {made['container']}, {video.width}x{video.height}"
    file = "".join(letter if letter.isprintable() else "?" for letter in base_name(media.path))
    made |= {"name": name, "title": f"Like {file}: {where}"}
    said = [f"It makes what {file} is: {where}, {video.pix_fmt}.", *remarks]
    made["doc"] = "\n".join(said) + "\n"
    return Draft(base, made, kept, tuple(remarks))


def _nearest(book: Rulebook, media: Media, video: Video) -> str:
    """The profile that makes the most of what the file is. One of another flavour is not near: flavours are sizes."""
    makers = {name: data for name, data in book.profiles.items() if data["engine"] == "ffmpeg"}
    own = {name: data for name, data in makers.items() if data["promise"]["codec"] == media.codec}
    if not own:
        codecs = ", ".join(sorted({data["promise"]["codec"] for data in makers.values()}))
        raise cannot(media, f"its codec is {media.codec}; profiles make {codecs}")
    if any("variant" in data for data in own.values()):
        flavours = sorted({data["promise"]["profile"] for data in own.values()})
        own = {name: data for name, data in own.items() if data["promise"]["profile"] == video.profile}
        if not own:
            raise cannot(media, f"it is {media.codec} {video.profile}; profiles make {', '.join(flavours)}")
    sound = {one.codec for one in media.audio or ()}
    shipped = f"{builtin()}/"

    def nearness(name: str) -> tuple[bool, ...]:
        data, place = own[name], book.origins[f"profile/{name}"][1]
        return (
            data["container"] == media.container,
            data["promise"].get("pix_fmt") == video.pix_fmt,
            data["promise"].get("profile") == video.profile,
            data["promise"].get("audio_codec") in sound,
            place.startswith(shipped),
        )

    return max(sorted(own), key=nearness)


def _container(book: Rulebook, made: Profile, media: Media, video: Video) -> None:
    """The file's container. What depends on it comes from a profile that is in it with the same codec."""
    if media.container not in book.sets["container"]:
        raise cannot(media, f"proxies are not written to {media.container}")
    answer = decide(book, "codec-container", [f"codec={made['codec']}", f"container={media.container}"])
    if answer["finding"] is not None:
        raise cannot(media, answer["finding"]["message"])
    if media.container == made["container"]:
        if "profile.promise.tag" in book.templates.get(made["template"], "") and video.tag:
            made["promise"]["tag"] = video.tag
        return
    made["container"] = media.container
    hosts = [
        data
        for _, data in sorted(book.profiles.items())
        if data["engine"] == "ffmpeg"
        and data["container"] == media.container
        and data["promise"]["codec"] == made["promise"]["codec"]
    ]
    made["promise"].pop("tag", None)
    if hosts:
        made["colour"] = copy.deepcopy(dict(hosts[0]["colour"]))
    tag = hosts[0]["promise"].get("tag") if hosts else video.tag
    if tag and len(tag) == 4:
        made["promise"]["tag"] = tag


def _picture(made: Profile, media: Media, video: Video) -> None:
    """Pixel format and range."""
    settings, promise, shown = made["video"], made["promise"], video.pix_fmt or ""
    if is_rgb(shown):
        raise cannot(media, f"its pictures are {shown}, and profiles make luma and chroma")
    if shown != promise.get("pix_fmt"):
        given = shown.replace("yuvj", "yuv")
        reads, takes = str(promise.get("pix_fmt", "")), str(settings["pix_fmt"])
        if reads != takes:  # the encoder is given fewer bits than its codec is read with
            given = given.replace(f"p{bit_depth(reads)}le", f"p{bit_depth(takes)}le")
        settings["pix_fmt"], promise["pix_fmt"] = given, shown
    if "alpha_bits" in settings and not shown.startswith("yuva"):
        settings["alpha_bits"] = 0
    if video.colour is not None and video.colour.range in ("tv", "pc"):
        settings["colour_range"] = video.colour.range


def _encoder_profile(made: Profile, media: Media, video: Video) -> None:
    """The encoder's profile, where the codec has one beside its flavour."""
    if not video.profile or video.profile == made["promise"].get("profile"):
        return
    if made["video"]["encoder"] == "libx264":
        word = H264_PROFILES.get(video.profile)
        if word is None:
            raise cannot(media, f"its H.264 profile is {video.profile}")
        made["video"]["profile"] = word
    made["promise"]["profile"] = video.profile.removesuffix(" Intra")


def _raster(made: Profile, media: Media, video: Video) -> list[str]:
    """The raster, as the only one; pixels that are not square come from the source and cannot be fixed."""
    width, height = video.width or 0, video.height or 0
    size = f"{width}x{height}"
    if "bit_rates" in made["video"] and size not in made.get("rasters", [size]):
        raise cannot(media, f"it is {size}, and fixed bit rates are known for {', '.join(made['rasters'])}")
    if width % 2 or height % 2:
        return [f"A side of {size} is odd, which no spec can ask for: the resolutions stay {made['resolutions']}."]
    made["resolutions"] = ["explicit"]
    if video.par in (None, Fraction(1)):
        made["rasters"] = [size]
        return []
    made.pop("rasters", None)
    return [f"The pixels of the file are {video.par}, not square: ask for {size} in the spec, and their shape follows."]


def _bit_rates(made: Profile, media: Media, video: Video, packets: Packets) -> None:
    """What the pictures take: a fixed bit rate must be that of the file; of the others it is the forecast."""
    settings, rate = made["video"], video.rate or Fraction(25)
    took = (packets.picture_bytes or 0) * 8 * float(rate) / 1_000_000
    if "bit_rates" in settings:
        word = f"{rate.numerator}/{rate.denominator}"
        fixed = str(settings["bit_rates"].get(word, "0M"))
        if abs(took - float(fixed[:-1])) > 0.05 * took or not fixed.endswith("M"):
            known = ", ".join(f"{value} at {key}" for key, value in settings["bit_rates"].items())
            raise cannot(
                media, f"its pictures take {took:.0f} Mb/s at {word} frames per second; {made['name']} makes {known}"
            )
    elif "crf" in settings and took:
        scale = 1920 * 1080 * 25 / ((video.width or 1) * (video.height or 1) * float(rate))
        made["size"]["forecast"] = max(round(took * scale, 1), 0.1)


def _groups(made: Profile, video: Video, packets: Packets) -> list[str]:
    """The distance of key frames, and what of it no profile makes."""
    if "gop_seconds" not in made["video"]:
        return []
    remarks = ["The file has B-frames; the template makes none."] if packets.has_b_frames else []
    distance, second = packets.key_distance, nominal(video.rate or Fraction(25))
    if distance is None:
        stays = made["video"]["gop_seconds"]
        return [*remarks, f"One group of pictures fills the file: gop_seconds stays {stays}."]
    seconds = made["video"]["gop_seconds"] = max(round(distance / second), 1)
    if distance != seconds * second:
        words = "frame is a key frame" if distance == 1 else f"{distance} frames are a group of pictures"
        remarks.append(f"Every {words}; a profile counts in whole seconds, {seconds} here.")
    return remarks


def _shown_otherwise(video: Video) -> list[str]:
    """What of the picture no profile makes."""
    remarks = []
    if video.field_order not in (None, "unknown", "progressive"):
        remarks.append("The file is interlaced; proxies are progressive.")
    if video.rotation:
        remarks.append(f"The file is turned by {video.rotation} degrees when it is shown; proxies stand upright.")
    return remarks


def _carried(book: Rulebook, made: Profile, media: Media) -> list[str]:
    """What the file says of timecode and reel, where the container does not carry it from a source."""
    remarks = []
    for table, column, text, state in (
        ("timecode-carried", "timecode", media.timecode, ["timecode=valid"]),
        ("reel-carried", "reel", media.reel, ["timecode=valid", "reel=some"]),
    ):
        wrote = decide(book, table, [f"container={made['container']}", *state])["outcome"].get("write")
        if text and wrote == "nothing":
            remarks.append(f"The file has the {column} {text}; proxies in {made['container']} do not get one.")
    return remarks
