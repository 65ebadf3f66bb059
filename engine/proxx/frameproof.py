"""Which frame of its clip each frame of a proxy shows: compared whole or at some places, and a change run to earth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

import numpy as np

from proxx.alignment import ALIKE, Path, coarse_offset, differences, follow, levels, likeness_of, normalised
from proxx.framefacts import FrameProof, Place, changes_of, levels_word
from proxx.glimpses import (
    NARROWEST,
    Glimpse,
    Reader,
    compared_size,
    conforming,
    conforms,
    fitted,
    read_place,
    read_whole,
    without_timing,
)
from proxx.likeness import shown_frames
from proxx.model import Media, Video
from proxx.shapes import seen

GAP = 60
"""Frames between two places that are read in one go when a change lies between them."""


@dataclass(slots=True)
class _Look:
    """The comparison under way: who reads the clip, who the proxy, and all that was found."""

    reader: Reader
    other: Reader
    source: Media
    proxy: Media
    chain: str
    settings: Mapping[str, Any]
    size: tuple[int, int]
    loose: bool = False
    paths: list[Path] = field(default_factory=list)
    places: list[Place] = field(default_factory=list)
    levels: list[tuple[float, float]] = field(default_factory=list)


def prove_frames(
    reader: Reader, source: Media, proxy: Media, chain: str, settings: Mapping[str, Any], places: int | None
) -> FrameProof:
    """Compare pictures: through the recorded `chain` of the plan, or without one by scaling both alike.

    `places` is how many (0: every frame; None: as the rulebook says, and short clips whole). Where pictures do not
    match as they are shown they are compared as they are stored: a wrong flag makes no other picture.
    """
    best: FrameProof | None = None
    for turns, fits in ((True, True), (True, False), (False, False)):
        if best is not None and turns and not _fit(source, proxy, (16, 16)):
            continue
        found = _proved(reader, replace(reader, turns=turns), source, proxy, chain, settings, places, fits=fits)
        best = found if best is None or found.alike > best.alike + 0.1 else best
        if best.alike >= ALIKE:
            break
    return best if best is not None else FrameProof(True, 0, 0, 0, (), (), 0.0, False, False, "unclear")


def _proved(
    reader: Reader,
    other: Reader,
    source: Media,
    proxy: Media,
    chain: str,
    settings: Mapping[str, Any],
    places: int | None,
    *,
    fits: bool,
) -> FrameProof:
    was, has = shown_frames(source.video or Video()), shown_frames(proxy.video or Video())
    wanted = settings["places"] if places is None else places
    short = places is None and has is not None and has <= settings["whole_frames"]
    whole = short or wanted == 0 or was is None or has is None or source.cadence != "constant" or conforms(chain)
    shown = proxy.video or Video()
    shown = shown if other.turns else replace(shown, rotation=0)
    # An enlarged picture is softer than the clip's made as small, which looks like lost contrast.
    upright = seen(shown)
    width = settings["width"] if upright is None else min(settings["width"], max(upright.width // 8 * 8, NARROWEST))
    size = compared_size(shown, width, max(was or 0, has or 0) if whole else 0)
    loose = "" if chain else conforming(source, proxy)
    chain = chain or ",".join(filter(None, (loose, _fit(source, proxy, size) if fits else "")))
    look = _Look(reader, other, source, proxy, chain, settings, size, loose=bool(loose))
    if whole or was is None or has is None:
        return _whole(look)
    return _at_places(look, was, has, wanted)


def _fit(source: Media, proxy: Media, size: tuple[int, int]) -> str:
    """How a clip's picture fits the frame of a proxy whose picture has another shape: with bars."""
    one, other = seen(source.video or Video()), seen(proxy.video or Video())
    if one is None or other is None or abs(one.aspect / other.aspect - 1) < Fraction(1, 50):
        return ""
    return fitted(size)


def _whole(look: _Look) -> FrameProof:
    """Compare every frame."""
    clip = read_whole(look.reader, look.source, look.size, look.chain)
    proxy = read_whole(look.other, look.proxy, look.size)
    if len(clip.pictures) and len(proxy.pictures):
        count = len(proxy.pictures)
        _compare(look, clip, proxy, sorted({0, count // 2, count - 1}))
    return _proof(look, True, len(clip.pictures), len(proxy.pictures))


def _at_places(look: _Look, was: int, has: int, places: int) -> FrameProof:
    """Compare windows, first and last among them; where two neighbours differ, what lies between is searched."""
    window = min(look.settings["window"], has)
    begins = np.linspace(0, has - window, places).astype(int)
    for begin in dict.fromkeys(int(one) for one in begins):
        _window(look, begin, window, mark=begin if begin < has - window else has - 1)
    for one, other in list(zip(look.paths, look.paths[1:], strict=False)):
        if one.is_clear and other.is_clear and one.offsets[-1] != other.offsets[0]:
            _search(look, one, other)
    look.paths.sort(key=lambda path: path.first)
    look.places.sort(key=lambda place: place.frame)
    return _proof(look, False, was, has)


def _window(look: _Look, begin: int, count: int, mark: int | None = None) -> Path | None:
    """The path of so many frames of the proxy; None when they cannot be read."""
    reach = look.settings["reach"]
    proxy = read_place(look.other, look.proxy, look.size, begin, count)
    start = max(begin - reach, 0)
    chain = without_timing(look.chain)
    clip = read_place(look.reader, look.source, look.size, start, begin + count + reach - start, chain)
    if not len(proxy.pictures) or not len(clip.pictures):
        return None
    return _compare(look, clip, proxy, [] if mark is None else [mark])


def _search(look: _Look, one: Path, other: Path) -> None:
    """Halve the stretch between two places whose offsets differ, until it can be read in one go."""
    low, high = one.first + len(one.offsets) - 1, other.first
    before, after = int(one.offsets[-1]), int(other.offsets[0])
    count = look.settings["window"]
    while high - low > GAP:
        middle = (low + high - count) // 2
        path = _window(look, middle, count)
        if path is None or not path.is_clear:
            return
        if path.offsets[-1] == before:
            low = middle + count - 1
        elif path.offsets[0] == after:
            high = middle
        else:
            return  # the change lies in this window, and its path tells where
    _window(look, low, high - low + 2)


def _compare(look: _Look, clip: Glimpse, proxy: Glimpse, marks: Sequence[int]) -> Path:
    """The path of a stretch; it is kept, with what is seen at the marked frames."""
    reach = look.settings["reach"]
    begin = max(min(proxy.first - clip.first, len(clip.pictures) - 1), 0)
    like = clip.pictures[begin : begin + len(proxy.pictures)]
    one, other = normalised(clip.pictures, like), normalised(proxy.pictures)
    path = follow(differences(one, other, proxy.first, clip.first, 0, reach), proxy.first, 0, reach)
    if path.alike < ALIKE and len(clip.pictures) > 2 * reach:
        around = coarse_offset(one, other, proxy.first, clip.first)
        moved = follow(differences(one, other, proxy.first, clip.first, around, reach), proxy.first, around, reach)
        path = moved if moved.alike > path.alike + 0.1 else path
    look.paths.append(path)
    for mark in marks:
        _mark(look, clip, proxy, path, min(mark, proxy.first + len(proxy.pictures) - 1))
    return path


def _mark(look: _Look, clip: Glimpse, proxy: Glimpse, path: Path, frame: int) -> None:
    row = frame - proxy.first
    offset = int(path.offsets[row])
    match = frame + offset - clip.first
    if 0 <= match < len(clip.pictures):
        shape = look.size[1], look.size[0]
        pictures = clip.pictures[match].reshape(shape), proxy.pictures[row].reshape(shape)
        ssim, psnr = likeness_of(*pictures)
        found = levels(*pictures)
        if found is not None and path.alike >= ALIKE:
            look.levels.append(found)
    else:
        ssim = psnr = 0.0
    look.places.append(Place(frame, offset, bool(path.clear[row]), ssim, psnr))


def _proof(look: _Look, whole: bool, was: int, has: int) -> FrameProof:
    paths = look.paths
    window = look.settings["window"]
    gain = None
    if look.levels:
        gain = (float(np.median([one for one, _ in look.levels])), float(np.median([lift for _, lift in look.levels])))
    return FrameProof(
        whole=whole,
        compared=sum(len(path.offsets) for path in paths),
        clip_frames=was,
        proxy_frames=has,
        places=tuple(look.places),
        changes=tuple(change for path in paths for change in changes_of(path)),
        alike=float(np.median([path.alike for path in paths])) if paths else 0.0,
        clear=any(path.is_clear for path in paths),
        begin_clear=bool(paths) and paths[0].tells(window),
        levels=levels_word(gain),
        gain=gain,
        loose=look.loose,
    )
