"""What a file is, in our own words: path, leading bytes and ffprobe's document become a container and a codec.

Nothing here reads a file, and no codec is named here: every mark is in the vocabulary (matrices/vocabulary.toml).
"""

from __future__ import annotations

import os.path
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from proxx.model import NO_VIDEO

UNKNOWN = "unknown"
Table = Mapping[str, Any]

EBML_DOCTYPE = b"\x42\x82"
UNIVERSAL_LABEL = bytes.fromhex("060e2b34")
"""The four bytes that begin every SMPTE universal label (ST 298); eight bytes precede its own part."""


@dataclass(frozen=True, slots=True)
class Identity:
    """A file's canonical container and codec, how they were found and how sure that is ("high" or "low").

    `video_stream` is ffprobe's object of the picture stream that counts, or None. `warnings` are for the user.
    """

    container: str = UNKNOWN
    codec: str = UNKNOWN
    reason: str = ""
    confidence: str = "high"
    video_stream: Table | None = None
    warnings: tuple[str, ...] = ()


def identify(path: str, head: bytes, document: Table | None, vocabulary: Table) -> Identity:
    """Name a file's container and codec from its leading bytes and ffprobe's `document` (None: it gave none)."""
    name = signature(head, vocabulary)
    if name:
        found = vocabulary["signature"][name]
        container = str(found["container"])
        return Identity(
            container, found["codec"], f"signature {name}", warnings=_name_warnings(path, container, vocabulary)
        )
    if not document or "format" not in document:
        return Identity(reason="not readable")
    container = _container(document["format"], head, vocabulary)
    warnings = _name_warnings(path, container, vocabulary)
    pictures = tuple(_pictures(document, vocabulary))
    if not pictures:
        return Identity(container, NO_VIDEO, "no moving picture", warnings=warnings)
    label = _label(head, container, vocabulary)
    coded = [(stream, *_codec(stream, label, vocabulary)) for stream in pictures]
    stream, codec, reason, confidence = _that_counts(coded, vocabulary)
    if len(pictures) > 1:
        warnings += (_many_pictures(len(pictures), stream, codec),)
    return Identity(container, codec, reason, confidence, stream, warnings)


def signature(head: bytes, vocabulary: Table) -> str:
    """The name of the byte signature that a file's head bears, "" for none."""
    for name, entry in vocabulary["signature"].items():
        if entry["kind"] == "tiff-tag":
            if entry["tag"] in _tiff_tags(head):
                return str(name)
        elif all(head.startswith(bytes.fromhex(part["bytes"]), part["at"]) for part in entry["parts"]):
            return str(name)
    return ""


def canonical_container(word: str, vocabulary: Table) -> str:
    """The container's own name for any spelling of it (".MP4", "mts"); an unknown word comes back in lower case."""
    return _canonical(word, vocabulary["container"], ("aliases", "extensions"))


def canonical_codec(word: str, vocabulary: Table) -> str:
    """The source codec's own name for any spelling of it ("H265", "xocn", "aprn"); an unknown word in lower case."""
    return _canonical(word, vocabulary["source-codec"], ("aliases", "tags", "ffprobe"))


def is_raw(codec: str, vocabulary: Table) -> bool:
    """Whether a canonical source codec is camera RAW."""
    return "raw" in vocabulary["source-codec"].get(codec, {}).get("sets", ())


def _canonical(word: str, entries: Table, lists: tuple[str, ...]) -> str:
    plain = word.strip().lower().removeprefix(".")
    if plain in entries:
        return plain
    # The more telling list first: an alias of one entry outranks a mark of another.
    for key in lists:
        for name, entry in entries.items():
            if any(plain == other.lower() for other in entry.get(key, ())):
                return str(name)
    return plain


def _container(form: Table, head: bytes, vocabulary: Table) -> str:
    """By ffprobe's format name, and where that covers several: by major brand or EBML DocType."""
    format_name = str(form.get("format_name", ""))
    candidates = {
        name: entry for name, entry in vocabulary["container"].items() if format_name in entry.get("format_names", ())
    }
    brand = str(form.get("tags", {}).get("major_brand", "")).strip()
    doctype = _doctype(head)
    for name, entry in candidates.items():
        if brand in entry.get("brands", ()) or doctype in entry.get("doctypes", ()):
            return str(name)
    for name, entry in candidates.items():
        if entry.get("fallback", len(candidates) == 1):
            return str(name)
    return format_name.partition(",")[0] or UNKNOWN


def _doctype(head: bytes) -> str:
    """The DocType string of an EBML header (RFC 8794), "" if there is none."""
    at = head.find(EBML_DOCTYPE, 4, 64) if head.startswith(b"\x1a\x45\xdf\xa3") else -1
    if at < 0 or at + 3 > len(head):
        return ""
    size = head[at + 2] & 0x7F
    return head[at + 3 : at + 3 + size].rstrip(b"\0").decode("ascii", "replace")


def _label(head: bytes, container: str, vocabulary: Table) -> str:
    """The name of the essence label that stands in the head of an MXF file, "" for none."""
    for name, entry in vocabulary["label"].items():
        if entry["container"] == container and _has_label(head, bytes.fromhex(entry["bytes"])):
            return str(name)
    return ""


def _has_label(head: bytes, own_part: bytes) -> bool:
    at = head.find(own_part)
    while at >= 0:
        if head[max(0, at - 8) : max(0, at - 4)] == UNIVERSAL_LABEL:
            return True
        at = head.find(own_part, at + 1)
    return False


def _pictures(document: Table, vocabulary: Table) -> Iterator[Table]:
    """The streams that are moving pictures: video, and no cover art, still or thumbnail."""
    for stream in document.get("streams", ()):
        flags = stream.get("disposition", {})
        still = any(flags.get(name) for name in vocabulary["probe"]["no_picture"])
        if stream.get("codec_type") == "video" and not still:
            yield stream


def _codec(stream: Table, label: str, vocabulary: Table) -> tuple[str, str, str]:
    """A picture stream's codec, how it was found and how sure that is.

    The tag goes before ffprobe's codec name, for the name depends on FFmpeg's version and the tag does not.
    """
    if label:
        return str(vocabulary["label"][label]["codec"]), f"label {label}", "high"
    tag, named = str(stream.get("codec_tag_string", "")), str(stream.get("codec_name", UNKNOWN))
    codecs = vocabulary["source-codec"]
    for codec, entry in codecs.items():
        if tag in entry.get("tags", ()):
            return str(codec), f"tag {tag}", "high"
    if named in (UNKNOWN, NO_VIDEO):
        return UNKNOWN, f"no codec name, tag {tag}", "low"
    profile = str(stream.get("profile", ""))
    fitting = [codec for codec, entry in codecs.items() if _is_named(entry, named, profile)]
    # A codec that also asks for a profile is the more exact answer.
    fitting.sort(key=lambda codec: "profile_begins" not in codecs[codec])
    return (str(fitting[0]) if fitting else named), f"codec name {named}", "high"


def _is_named(entry: Table, named: str, profile: str) -> bool:
    return named in entry.get("ffprobe", ()) and profile.upper().startswith(entry.get("profile_begins", ""))


def _that_counts(coded: list[tuple[Table, str, str, str]], vocabulary: Table) -> tuple[Table, str, str, str]:
    """The stream that decides: RAW before anything else, then the largest raster, then the first."""

    def weight(item: tuple[Table, str, str, str]) -> tuple[bool, int]:
        stream, codec, _, _ = item
        return is_raw(codec, vocabulary), int(stream.get("width") or 0) * int(stream.get("height") or 0)

    return max(coded, key=weight)


def _many_pictures(count: int, stream: Table, codec: str) -> str:
    size = f"{stream.get('width', '?')}x{stream.get('height', '?')}"
    return (
        f"{count} moving pictures in one file; stream {stream.get('index', 0)} ({codec}, {size}) is the one that counts"
    )


def _name_warnings(path: str, container: str, vocabulary: Table) -> tuple[str, ...]:
    """Content beats name; a name that says otherwise is worth a word. An extension nobody knows says nothing."""
    extension = os.path.splitext(path)[1].lower().removeprefix(".")
    for name, entry in vocabulary["container"].items():
        if extension in entry.get("extensions", ()):
            if container == name or container in entry.get("wraps", ()):
                return ()
            return (f"the name ends in .{extension}, but the content is {container}",)
    return ()


def _tiff_tags(head: bytes) -> frozenset[int]:
    """The tags of the first directory of a TIFF or BigTIFF, none for anything else."""
    order = {b"II": "<", b"MM": ">"}.get(head[:2])
    if order is None or len(head) < 16:
        return frozenset()
    (magic,) = struct.unpack_from(order + "H", head, 2)
    if magic == 42:
        (at,), count_format, entry_size = struct.unpack_from(order + "I", head, 4), order + "H", 12
    elif magic == 43:
        (at,), count_format, entry_size = struct.unpack_from(order + "Q", head, 8), order + "Q", 20
    else:
        return frozenset()
    first = at + struct.calcsize(count_format)
    if first > len(head):
        return frozenset()
    (count,) = struct.unpack_from(count_format, head, at)
    ends = min(first + count * entry_size, len(head) - 1)
    return frozenset(struct.unpack_from(order + "H", head, place)[0] for place in range(first, ends, entry_size))
