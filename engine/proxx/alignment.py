"""The arithmetic of frame identity: which frame of a clip each frame of its proxy shows, and where sound lies on sound.

Pictures are arrays of grey values, one row a frame; sound is an array of samples. Both are numpy's.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

JUMP = 12.0
"""What a change of the offset must save, in units of the usual difference, before it is believed."""

ALIKE = 0.6
"""The least correlation of two pictures of one frame, and of two recordings of one sound half of that."""

CLEAR = 4.0
"""By how many standard errors the right frame must be nearer than its neighbours."""

TOGETHER = 6.0
"""The same, of all frames of a stretch together."""

PATCH, FEWEST_PATCHES = 4, 20
"""The side in pixels of the blocks that levels are compared in, and how many there must be."""

NOTHING = 1e-6
"""Differences below this are those of 8-bit numbers, not of pictures."""


@dataclass(frozen=True, slots=True)
class Path:
    """Of every frame of a stretch of the proxy the clip's frame it shows (as an offset), and how sure that is.

    `first` is the stretch's first frame, `alike` the correlation of the pictures that were matched, `clear` says of
    every frame whether its neighbours in the clip look different. `margins` are by how much the frame before and the
    one after fit worse, and `noise` is how much differences vary anyway.
    """

    first: int
    offsets: NDArray[np.int64]
    alike: float
    clear: NDArray[np.bool_]
    margins: Floats
    noise: float

    @property
    def is_clear(self) -> bool:
        """Whether frames could be told apart anywhere in the stretch."""
        return self.tells(len(self.offsets))

    def tells(self, count: int) -> bool:
        """Whether frames could be told apart in the first so many of the stretch.

        Where each picture is shown twice or for a second no frame differs from both its neighbours; but some differ
        from the one before and others from the one after, so that together they tell.
        """
        if self.clear[:count].any():
            return True
        together = self.margins[:, :count].sum(1).min()
        return bool(together > TOGETHER * self.noise * np.sqrt(min(count, len(self.offsets))))


def normalised(pictures: NDArray[np.uint8], like: NDArray[np.uint8] | None = None) -> Floats:
    """Pictures with mean 0 and deviation 1 (as those of `like` have): neither light nor contrast counts."""
    measure = (pictures if like is None or not len(like) else like).astype(np.float32)
    deviation = float(measure.std())
    centred = pictures.astype(np.float32) - np.float32(measure.mean())
    return centred if deviation < 0.5 else centred / np.float32(deviation)


def differences(clip: Floats, proxy: Floats, first: int, clip_first: int, around: int, reach: int) -> Floats:
    """The mean square difference of each proxy frame and the clip's frames `around` ± `reach` beside its place.

    A frame that the clip does not have, or that was not read, differs endlessly.
    """
    count, shifts = len(proxy), 2 * reach + 1
    found = np.full((count, shifts), np.inf, np.float32)
    size = np.float32(max(clip.shape[1], 1))
    own, theirs = (proxy * proxy).sum(1), (clip * clip).sum(1)
    for column in range(shifts):
        start = first + around + column - reach - clip_first
        low, high = max(0, -start), min(count, len(clip) - start)
        if low < high:
            part = slice(start + low, start + high)
            products = np.einsum("ij,ij->i", proxy[low:high], clip[part])
            found[low:high, column] = (own[low:high] + theirs[part] - 2 * products) / size
    return found


def follow(cost: Floats, first: int, around: int, reach: int) -> Path:
    """The path of least difference through the offsets, on which a change must be worth its while."""
    finite = np.where(np.isfinite(cost), cost, np.float32(1e6))
    best = finite.min(1)
    usual = max(float(np.median(best)), NOTHING)
    steps = np.minimum(finite / usual, 1e6)
    shifts = np.arange(cost.shape[1])
    jumps = np.where(shifts[:, None] == shifts[None, :], 0.0, JUMP + 0.01 * abs(shifts[:, None] - shifts[None, :]))
    total = steps[0].astype(np.float64) + 0.001 * abs(shifts - reach)
    came = np.zeros((len(steps), len(shifts)), np.int64)
    for frame in range(1, len(steps)):
        ways = total[:, None] + jumps
        came[frame] = ways.argmin(0)
        total = ways.min(0) + steps[frame]
    path = np.empty(len(steps), np.int64)
    path[-1] = int(total.argmin())
    for frame in range(len(steps) - 1, 0, -1):
        path[frame - 1] = came[frame][path[frame]]
    matched = finite[np.arange(len(path)), path]
    noise = max(float(np.abs(matched - np.median(matched)).mean()), usual * 0.05, NOTHING)
    margins = _margins(finite, path)
    known = np.where(np.isfinite(margins), margins, np.float32(0))
    alike = 1 - float(np.median(matched)) / 2
    return Path(first, path - reach + around, alike, _clear(margins, noise), known, noise)


def _margins(cost: Floats, path: NDArray[np.int64]) -> Floats:
    """By how much the frames before and after the match of each frame are worse; endlessly where there is none."""
    rows, last = np.arange(len(path)), cost.shape[1] - 1
    found = []
    for step in (-1, 1):
        column = np.clip(path + step, 0, last)
        beside = cost[rows, column]
        found.append(np.where((column == path) | (beside >= 1e6), np.inf, beside - cost[rows, path]))
    return np.stack(found)


def _clear(margins: Floats, noise: float) -> NDArray[np.bool_]:
    """Of every frame whether both neighbours of its match are worse by more than differences usually vary.

    Where a single frame is near to that, its neighbourhood decides together.
    """
    margin = np.minimum(*margins)
    margin = np.where(np.isfinite(margin), margin, 0)
    width = 5
    spread = np.convolve(margin, np.ones(width) / width)  # "same" would be too long for fewer frames than that
    together = spread[width // 2 : width // 2 + len(margin)] * np.sqrt(width)
    return np.asarray((margin > CLEAR * noise) | (together > CLEAR * noise) & (margin > noise), np.bool_)


def coarse_offset(clip: Floats, proxy: Floats, first: int, clip_first: int) -> int:
    """About how many frames the proxy is moved, by some of its frames against every frame of the clip."""
    chosen = np.linspace(0, len(proxy) - 1, min(len(proxy), 15)).astype(int)
    theirs = (clip * clip).sum(1)
    found = [int((theirs - 2 * (clip @ proxy[frame])).argmin()) + clip_first - int(frame) - first for frame in chosen]
    return int(np.median(found))


def likeness_of(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> tuple[float, float]:
    """SSIM (over blocks of 8 by 8, 1 is the same) and PSNR in dB (at most 99) of two grey pictures of one size."""
    high, wide = (side // 8 * 8 for side in one.shape)
    blocks = [
        picture[:high, :wide].astype(np.float64).reshape(high // 8, 8, wide // 8, 8).swapaxes(1, 2).reshape(-1, 64)
        for picture in (one, other)
    ]
    means, spreads = [block.mean(1) for block in blocks], [block.var(1) for block in blocks]
    shared = (blocks[0] * blocks[1]).mean(1) - means[0] * means[1]
    steady, sharp = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    light = (2 * means[0] * means[1] + steady) / (means[0] ** 2 + means[1] ** 2 + steady)
    shape = (2 * shared + sharp) / (spreads[0] + spreads[1] + sharp)
    error = float(((one.astype(np.float64) - other) ** 2).mean())
    return float((light * shape).mean()), 99.0 if error <= 0 else min(99.0, float(10 * np.log10(255**2 / error)))


def levels(clip: NDArray[np.uint8], proxy: NDArray[np.uint8]) -> tuple[float, float] | None:
    """Gain and lift that make the clip's grey values the proxy's, of matched pictures; None without enough contrast.

    Means of small blocks are compared: in single pixels the detail that a proxy loses looks like lost contrast.
    """
    high, wide = (side // PATCH * PATCH for side in proxy.shape)
    one, other = (
        picture[:high, :wide].astype(np.float64).reshape(high // PATCH, PATCH, wide // PATCH, PATCH)
        for picture in (clip, proxy)
    )
    # A block in which the proxy's picture is cut off at black or white says nothing of how steep it is.
    inside = (other.min((1, 3)) > 2) & (other.max((1, 3)) < 253)
    was, has = one.mean((1, 3))[inside], other.mean((1, 3))[inside]
    if len(was) < FEWEST_PATCHES or was.std() < 8:
        return None
    gain, lift = np.polyfit(was, has, 1)
    return float(gain), float(lift)


@dataclass(frozen=True, slots=True)
class Lag:
    """Where a sound lies on another: samples that it is late, its correlation there and at 0, and the next best one."""

    samples: float
    alike: float
    at_zero: float
    next_best: float


def lag_of(clip: Floats, proxy: Floats, reach: int) -> Lag | None:
    """By how many samples the proxy's sound is late against the clip's; None where one of them is silent."""
    energy = float(np.sqrt((clip.astype(np.float64) ** 2).sum() * (proxy.astype(np.float64) ** 2).sum()))
    if energy <= 0:
        return None
    size = 1 << (len(clip) + len(proxy)).bit_length()
    spectrum = np.fft.rfft(proxy, size) * np.conj(np.fft.rfft(clip, size))
    product = np.fft.irfft(spectrum, size) / energy
    scores = np.concatenate([product[-reach:], product[: reach + 1]])
    top = int(scores.argmax())
    aside = np.ones(len(scores), bool)
    low, high = top, top
    while low > 0 and scores[low - 1] < scores[low]:  # the peak's own slopes are no other peak
        low -= 1
    while high < len(scores) - 1 and scores[high + 1] < scores[high]:
        high += 1
    aside[low : high + 1] = False
    other = float(scores[aside].max()) if aside.any() else 0.0
    return Lag(top - reach + _between(scores, top), float(scores[top]), float(scores[reach]), other)


def _between(scores: NDArray[np.float64], top: int) -> float:
    """The part of a sample by which the true peak lies beside the highest one."""
    if not 0 < top < len(scores) - 1:
        return 0.0
    before, here, after = (float(scores[top + step]) for step in (-1, 0, 1))
    curve = before - 2 * here + after
    return 0.0 if curve == 0 else 0.5 * (before - after) / curve


def moved(sound: Floats, samples: int) -> Floats:
    """The sound so many samples earlier (later, if negative), with silence where there is none."""
    made = np.zeros_like(sound)
    if samples >= 0:
        made[: len(sound) - samples] = sound[samples:]
    else:
        made[-samples:] = sound[:samples]
    return made


def correlations(one: Floats, other: Floats) -> Floats:
    """How alike each channel of one sound is to each of another, 1 for the same wave; 0 where one is silent."""
    sizes = [np.sqrt((sound.astype(np.float64) ** 2).sum(1)) for sound in (one, other)]
    energy = np.outer(*sizes)
    alike: Floats = (one @ other.T / np.where(energy > 0, energy, np.inf)).astype(np.float32)
    return alike


def loudness(sound: Floats) -> float:
    """The root mean square of a sound, 1 is full scale."""
    return float(np.sqrt((sound.astype(np.float64) ** 2).mean())) if len(sound) else 0.0
