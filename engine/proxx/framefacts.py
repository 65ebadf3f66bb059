"""What a comparison of frames has shown: places, changes of the offset, levels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from proxx.alignment import Path

SQUEEZED, EXPANDED = (0.78, 0.93), (1.07, 1.28)
"""Gains of limited levels that are shown as full ones, and of full ones shown as limited (exactly 0.859 and 1.164)."""


@dataclass(frozen=True, slots=True)
class Change:
    """Where the offset changes: between which frames of the proxy it may be, and from what to what."""

    earliest: int
    latest: int
    before: int
    after: int

    def words(self) -> str:
        """Where, and how many frames, for people."""
        count = abs(self.after - self.before)
        what = f"{count} frame{'' if count == 1 else 's'}"
        if self.earliest == self.latest:
            return f"{what} at frame {self.latest}"
        return f"{what} between frames {self.earliest} and {self.latest}"


@dataclass(frozen=True, slots=True)
class Place:
    """What was seen at one place: the proxy's frame, its offset, whether that is clear, and how alike both are."""

    frame: int
    offset: int
    clear: bool
    ssim: float
    psnr: float


@dataclass(frozen=True, slots=True)
class FrameProof:
    """What became of a clip's frames in its proxy. `clip_frames` and `proxy_frames` are how many both have.

    `loose` says that the clip's frames change their length and no record tells how they were conformed: another
    way of rounding shows a frame earlier or later.
    """

    whole: bool
    compared: int
    clip_frames: int
    proxy_frames: int
    places: tuple[Place, ...]
    changes: tuple[Change, ...]
    alike: float
    clear: bool
    begin_clear: bool
    levels: str
    gain: tuple[float, float] | None = None
    loose: bool = False

    @property
    def offset(self) -> int:
        """The offset of the first frame."""
        return self.places[0].offset if self.places else 0

    @property
    def last_offset(self) -> int:
        """The offset of the last frame."""
        return self.places[-1].offset if self.places else 0

    @property
    def jumps(self) -> tuple[Change, ...]:
        """Changes of the offset that are no rounding."""
        if not self.loose:
            return self.changes
        return tuple(one for one in self.changes if max(abs(one.before), abs(one.after)) > 1)

    @property
    def rest(self) -> int:
        """How many of the clip's frames come after the proxy's last one; fewer than 0: frames that it has not."""
        count = self.clip_frames - self.proxy_frames - self.last_offset
        return 0 if self.loose and abs(count) <= 1 else count


def levels_word(gain: tuple[float, float] | None) -> str:
    """Whether blacks and whites stand where the clip has them, by gain and lift."""
    if gain is None:
        return "unclear"
    slope, lift = gain
    if SQUEEZED[0] < slope < SQUEEZED[1] and 8 < lift < 26:
        return "squeezed"
    if EXPANDED[0] < slope < EXPANDED[1] and lift < -8:
        return "expanded"
    return "same" if abs(slope - 1) < 0.07 and abs(lift) < 9 else "unclear"


def changes_of(path: Path) -> list[Change]:
    """Where the offset changes in a stretch; where pictures were too alike before it, it may have been earlier."""
    found = []
    for row in np.flatnonzero(np.diff(path.offsets)) + 1:
        early = int(row)
        while early > 1 and not path.clear[early - 1] and path.offsets[early - 1] == path.offsets[row - 1]:
            early -= 1
        before, after = int(path.offsets[row - 1]), int(path.offsets[row])
        found.append(Change(path.first + early, path.first + int(row), before, after))
    return found
