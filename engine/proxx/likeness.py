"""What a clip and its proxy have in common, as the tables of the NLEs ask: one fact for each respect, and its words."""

from __future__ import annotations

from collections.abc import Collection
from fractions import Fraction

from proxx.clip import FIELD_ORDERS
from proxx.conventions import Nle, folder, folder_relation, name_relation
from proxx.facts import base_name, rate_text
from proxx.model import Audio, Colour, Media, Video
from proxx.moments import start_label
from proxx.origin import written_reel
from proxx.pixels import is_rgb
from proxx.shapes import Like, shape_likeness
from proxx.timecode import TimecodeError, parse

UNKNOWN = "unknown"
DROP_MARKS = frozenset(";.,")
ZERO = "00:00:00:00"
ALIKE = (
    frozenset({"smpte170m", "bt470bg"}),
    frozenset({"bt709", "smpte170m", "bt2020-10", "bt2020-12"}),
)
"""Tags of matrix and of transfer that name the same figures."""


def likenesses(nle: Nle, source: Media, proxy: Media, linear: Collection[str]) -> dict[str, Like]:
    """Every fact of a pair for one NLE but the system, by name. `linear` are the codecs of linear sound.

    The proxy may be a file or a promise; what neither tells is unknown.
    """
    one, other = source.video or Video(), proxy.video or Video()
    found = {
        "name": Like(
            name_relation(source.path, proxy.path, nle["suffixes"]), base_name(proxy.path), base_name(source.path)
        ),
        "folder": Like(
            folder_relation(source.path, proxy.path, nle["folders"]), folder(proxy.path), folder(source.path)
        ),
        **_timecodes(source, proxy),
        "rate": _rate(one, other),
        "frames": _frames(one, other),
        **_sounds(source, proxy, linear),
        "scan": _scan(one, other),
        **shape_likeness(one, other),
        "reel": _reel(source, proxy),
        "range": _range(one, other),
        "colour": _colour(one, other),
        "container": Like(proxy.container, proxy.container, source.container),
        "codec": Like(proxy.codec, proxy.codec, source.codec),
    }
    return {f"relink.{name}": like for name, like in found.items() if like is not None}


def _timecodes(source: Media, proxy: Media) -> dict[str, Like | None]:
    """Start labels and how they count. Labels are compared as people read them, the drop flag for itself."""
    one, other = start_label(source), start_label(proxy)
    words = (other or "none", one or "none", "the start timecode")
    if one is None or other is None:
        value = drop = UNKNOWN
    elif not one or not other:
        value = "absent" if one else "none" if not other else "added-zero" if _plain(other) == ZERO else "added"
        drop = "none"
    else:
        value = "same" if _plain(one) == _plain(other) else "off"
        drop = "same" if _drops(one) == _drops(other) else "other"
    offset = _offset(source, proxy) if value == "off" else ""
    counts = [
        f"{'drop-frame' if _drops(label) else 'non-drop'} ({label})" if label else "none" for label in (other, one)
    ]
    return {
        "timecode": Like(value, words[0] + offset, *words[1:]),
        "drop": Like(drop, counts[0], counts[1], "how timecode is counted"),
    }


def _plain(label: str) -> str:
    return "".join(":" if letter in DROP_MARKS else letter for letter in label)


def _drops(label: str) -> bool:
    return bool(DROP_MARKS & set(label))


def _offset(source: Media, proxy: Media) -> str:
    """By how many frames the proxy's label is off, where both can be counted."""
    rate, was, has = source.video.rate if source.video else None, start_label(source), start_label(proxy)
    if rate is None or was is None or has is None:
        return ""
    try:
        difference = parse(has, rate).frames - parse(was, rate).frames
    except TimecodeError:
        return ""
    count = abs(difference)
    return f" ({count} frame{'' if count == 1 else 's'} {'later' if difference > 0 else 'earlier'})" if count else ""


def _rate(one: Video, other: Video) -> Like:
    value = UNKNOWN if not one.rate or not other.rate else "same" if one.rate == other.rate else "other"
    return Like(value, _rate_words(other.rate), _rate_words(one.rate), "the frame rate")


def _rate_words(rate: Fraction | None) -> str:
    return rate_text(rate) if rate is None or rate.denominator == 1 else f"{rate_text(rate)} ({rate})"


def shown_frames(video: Video) -> int | None:
    """How many frames a file shows: those that were counted, else those that its header declares."""
    return video.shown if video.shown is not None else video.frames


def _frames(one: Video, other: Video) -> Like:
    was, has = shown_frames(one), shown_frames(other)
    value = UNKNOWN if was is None or has is None else "same" if has == was else "fewer" if has < was else "more"
    return Like(value, str(has or UNKNOWN), str(was or UNKNOWN), "the number of frames")


def heard(streams: Collection[Audio]) -> list[Audio]:
    """The audio streams that can be heard: those with a codec and channels."""
    return [stream for stream in streams if stream.channels != 0 and stream.codec != ""]


def _sounds(source: Media, proxy: Media, linear: Collection[str]) -> dict[str, Like | None]:
    """Tracks, their channels, and the codec that decides whether they are heard."""
    if source.audio is None or proxy.audio is None:
        return {"tracks": Like(UNKNOWN, UNKNOWN, UNKNOWN, "the sound"), "channels": None, "sound-codec": None}
    were, are = heard(source.audio), heard(proxy.audio)
    was, has = [one.channels for one in were], [one.channels for one in are]
    words = (_tracks_words(has), _tracks_words(was), "the sound")
    if len(has) != len(was):
        total = None if None in was or None in has else sum(filter(None, has)) == sum(filter(None, was))
        tracks = "regrouped" if total and has else "fewer" if len(has) < len(was) else "more"
        channels = None
    else:
        tracks = "same"
        value = UNKNOWN if None in was or None in has else "same" if has == was else "other"
        channels = Like(value, *words)
    codecs = [str(one.codec) for one in are if one.codec is not None]
    compressed = [codec for codec in codecs if codec not in linear]
    codec = compressed[0] if compressed else "pcm" if codecs else "none"
    known = len(codecs) == len(are)
    return {
        "tracks": Like(tracks, *words),
        "channels": channels,
        "sound-codec": Like(codec, codec, "", "the sound's codec") if known else None,
    }


def _tracks_words(channels: list[int | None]) -> str:
    if not channels:
        return "no track"
    counts = " + ".join("?" if one is None else str(one) for one in channels)
    return f"{counts} channel" if channels == [1] else f"{counts} channels"


def _scan(one: Video, other: Video) -> Like:
    was, has = one.field_order, other.field_order
    words = (has or UNKNOWN, was or UNKNOWN, "the field order")
    if was in FIELD_ORDERS and has in FIELD_ORDERS:
        return Like("same" if was[:1] == has[:1] else "order", *words) if was and has else Like(UNKNOWN, *words)
    if was in FIELD_ORDERS:
        return Like("deinterlaced", *words)
    if has in FIELD_ORDERS:
        return Like("interlaced" if was == "progressive" else UNKNOWN, *words)
    return Like("same", *words)


def _reel(source: Media, proxy: Media) -> Like:
    """The reels that stand in the two files; one that only the clip's path tells counts where the proxy has one."""
    has = proxy.reel if proxy.reel is None else written_reel(proxy)
    was = source.reel if has or source.reel is None else written_reel(source)
    words = (has or "none", was or "none", "the reel")
    if was is None or has is None:
        return Like(UNKNOWN, *words)
    if not was or not has:
        return Like("none" if was == has else "absent" if was else "added", *words)
    return Like("same" if was.strip() == has.strip() else "other", *words)


def is_full(video: Video) -> bool:
    """Whether a picture's levels are full: by its tag, as RGB, or as JPEG's formats are. Untagged ones are limited."""
    pixels, tag = video.pix_fmt or "", video.colour.range if video.colour else UNKNOWN
    return tag == "pc" or is_rgb(pixels) or (tag == UNKNOWN and pixels.startswith("yuvj"))


def _range(one: Video, other: Video) -> Like:
    if one.colour is None or other.colour is None:
        return Like(UNKNOWN, UNKNOWN, UNKNOWN, "the levels")
    was, has = is_full(one), is_full(other)
    value = "same" if was == has else "limited" if was else "expanded"
    return Like(value, "full" if has else "limited", "full" if was else "limited", "the levels")


def _colour(one: Video, other: Video) -> Like:
    if one.colour is None or other.colour is None:
        return Like(UNKNOWN, UNKNOWN, UNKNOWN, "the colours")
    names = ("primaries", "transfer") if is_rgb(one.pix_fmt or "") else ("primaries", "transfer", "matrix")
    pairs = [(name, getattr(one.colour, name), getattr(other.colour, name)) for name in names]
    wrong = [name for name, was, has in pairs if UNKNOWN not in (was, has) and not _means_the_same(was, has)]
    untagged = any(UNKNOWN in (was, has) and was != has for _, was, has in pairs)
    shown = wrong or names
    value = "other" if wrong else "untagged" if untagged else "same"
    return Like(value, _tags(other.colour, shown), _tags(one.colour, shown), "the colours")


def _means_the_same(was: str, has: str) -> bool:
    return was == has or any({was, has} <= group for group in ALIKE)


def _tags(colour: Colour, names: Collection[str]) -> str:
    return ", ".join(f"{name} {getattr(colour, name)}" for name in names)
