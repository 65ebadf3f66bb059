"""The numbers that fixtures carry in picture and sound: what FFmpeg draws them with, and how they are read again.

The top of the picture holds sixteen columns of blocks, twelve for the frame's number and four for a check of it. Every
column has its bit above and the opposite below, so that only the difference counts: no range, curve, matrix or
lossy codec changes it. In the sound every channel has a tone of its own that slowly rises, and a click at the first
sample of the frames 0, 1, 3, 6, 10 …, whose growing distances tell which click one hears.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

BITS, CHECK_BITS = 12, 4
COLUMNS = BITS + CHECK_BITS
NUMBERS = 1 << BITS
"""Numbers that can be told apart; the count begins again after the last."""

SIDE = 64
"""Read pictures have as many rows and columns, whatever their raster."""

CLEAR = 24
"""The least difference of the two blocks of a column, of 255, that counts as one."""

SHARE = 8
"""One row of blocks is so many times lower than the picture."""

TURNS = (0, 90, 180, 270)
FONT = (31599, 11415, 29671, 29647, 23497, 31183, 31215, 29257, 31727, 31695)
"""The digits 0 to 9 as 3x5 dots, the upper left one in the highest bit."""

CLICK_SECONDS = Fraction(1, 500)
CLICK_HERTZ, CLICK_LEVEL = 1000, 0.6
TONE_HERTZ, TONE_STEP, TONE_RISE, TONE_LEVEL = 200, 50, 40, 0.12
BASS_HERTZ, BASS_STEP = 60, 10
"""Tones of channels that only carry bass; these do not rise."""


@dataclass(frozen=True, slots=True)
class Number:
    """A number read from a picture, and the clockwise turn in degrees that has been made since it was drawn."""

    value: int
    turn: int


def check_of(number: int) -> int:
    """The four bits that a number is checked by."""
    return (number + 3 * (number >> 4) + 5 * (number >> 8) + 9) % (1 << CHECK_BITS)


def number_graph(width: int, height: int, rate: Fraction, hidden: int, frame: str = "N") -> tuple[str, int]:
    """FFmpeg's source of the two bands over a picture of that height (blocks, then digits), and their height together.

    `frame` is the expression of a frame's number; `hidden` frames come before the one that is told as 0.
    """
    band = max(height // SHARE, 1) * 2
    count = f"mod({frame}+{(NUMBERS - hidden) % NUMBERS},{NUMBERS})"
    code = f"st(1,mod(ld(0)+3*floor(ld(0)/16)+5*floor(ld(0)/256)+9,{1 << CHECK_BITS}))"
    bit = f"if(lt(X,{BITS}),floor(ld(0)/pow(2,{BITS - 1}-X)),floor(ld(1)/pow(2,{COLUMNS - 1}-X)))"
    blocks = f"st(0,{count});{code};st(2,mod({bit},2));255*if(eq(Y,0),ld(2),1-ld(2))"
    glyphs = "+".join(f"eq(ld(0),{digit})*{dots}" for digit, dots in enumerate(FONT))
    dot = "mod(floor(ld(1)/pow(2,14-3*(Y-1)-mod(X,4))),2)"
    digits = f"st(0,mod(floor({count}/pow(10,3-floor(X/4))),10));st(1,{glyphs});255*lt(mod(X,4),3)*between(Y,1,5)*{dot}"
    bands = [
        f"color=c=black:s={COLUMNS}x{rows}:r={rate},format=gray,geq=lum='{drawn}',scale={width}:{band}:flags=neighbor"
        for rows, drawn in ((2, blocks), (7, digits))
    ]
    return ";".join(f"{one},format=@[band{index}]" for index, one in enumerate(bands)), 2 * band


def read_number(picture: bytes) -> Number | None:
    """The number in a picture of SIDE x SIDE grey samples, however it was turned; None when there is none to read.

    It is read the way round in which the blocks stand out most: four bits of check let one in sixteen wrong ones pass.
    """
    ways = [(_contrasts(picture, turn), turn) for turn in TURNS]
    contrasts, turn = max(ways, key=lambda way: min(map(abs, way[0])))
    if min(map(abs, contrasts)) < CLEAR:
        return None
    word = sum(1 << (COLUMNS - 1 - place) for place, contrast in enumerate(contrasts) if contrast > 0)
    number, check = divmod(word, 1 << CHECK_BITS)
    return Number(number, turn) if check == check_of(number) else None


def _contrasts(picture: bytes, turn: int) -> list[float]:
    """How much brighter the upper block of every column is, in a picture that has been turned clockwise so far."""
    return [_block(picture, column, 0, turn) - _block(picture, column, 1, turn) for column in range(COLUMNS)]


def _block(picture: bytes, column: int, row: int, turn: int) -> float:
    """The mean of the middle of a block."""
    wide, high = SIDE // COLUMNS, SIDE // SHARE
    samples = [
        picture[_place(column * wide + x, row * high + y, turn)]
        for x in range(wide // 4, wide - wide // 4)
        for y in range(high // 4, high - high // 4)
    ]
    return sum(samples) / len(samples)


def _place(x: int, y: int, turn: int) -> int:
    """Where a sample of the upright picture lies in one that was turned clockwise."""
    last = SIDE - 1
    x, y = {0: (x, y), 90: (last - y, x), 180: (last - x, last - y), 270: (y, last - x)}[turn]
    return y * SIDE + x


def tone_of(channel: int, *, bass: bool = False) -> int:
    """The pitch in Hz that a channel begins with, counted over all streams of the file."""
    return BASS_HERTZ + BASS_STEP * (channel % 4) if bass else TONE_HERTZ + TONE_STEP * channel


def sound_expression(channel: int, rate: Fraction, *, bass: bool = False) -> str:
    """FFmpeg's expression of a channel's sound over the time t in seconds."""
    rise = 0 if bass else TONE_RISE
    tone = f"{TONE_LEVEL}*sin(2*PI*({tone_of(channel, bass=bass)}*t+{rise}*t*t/2))"
    frame = f"st(0,floor(t*{rate}+0.001))"  # the first sample of a frame may lie a trifle before its moment
    place = "st(1,floor((sqrt(8*ld(0)+1)-1)/2+0.001))"
    since = f"st(2,t-ld(0)/({rate}))"
    click = f"eq(ld(1)*(ld(1)+1)/2,ld(0))*lt(ld(2),{float(CLICK_SECONDS)})*sin(2*PI*{CLICK_HERTZ}*ld(2))"
    return f"{frame};{place};{since};{tone}+{CLICK_LEVEL}*{click}"


def clicks_until(frames: int) -> list[int]:
    """The frames, of so many, that begin with a click."""
    found = [0]
    while found[-1] + len(found) < frames:
        found.append(found[-1] + len(found))
    return found


def find_click(samples: Sequence[float], sample_rate: int, expected: Fraction, reach: Fraction) -> Fraction | None:
    """How much later than at the expected second a click is, in seconds; None when none is near.

    `reach` is how far to look to either side. The click is found by correlation with its own form.
    """
    length = round(CLICK_SECONDS * sample_rate)
    form = [math.sin(2 * math.pi * CLICK_HERTZ * at / sample_rate) for at in range(length)]
    centre, wide = round(expected * sample_rate), round(reach * sample_rate)
    first, last = max(centre - wide, 0), min(centre + wide, len(samples) - length)
    best, found = 0.0, None
    for at in range(first, last + 1):
        score = sum(samples[at + step] * form[step] for step in range(length))
        if score > best:
            best, found = score, at
    # A click at its own level correlates to half its length; the tones of all other channels do not come near.
    if found is None or best < CLICK_LEVEL * length / 2 / 3:
        return None
    return Fraction(found, sample_rate) - expected


def loudest_tone(samples: Sequence[float], sample_rate: int, hertz: Sequence[tuple[int, int]], begin: Fraction) -> int:
    """The place, in a list of (pitch in Hz, rise in Hz a second), of the tone that is loudest; -1 in silence.

    `begin` is the second on the fixture's clock at which the samples begin.
    """
    best, found = 1e-4, -1
    for place, (pitch, rise) in enumerate(hertz):
        real = imaginary = 0.0
        for at, value in enumerate(samples):
            t = float(begin) + at / sample_rate
            angle = 2 * math.pi * (pitch * t + rise * t * t / 2)
            real += value * math.cos(angle)
            imaginary += value * math.sin(angle)
        power = (real * real + imaginary * imaginary) / max(len(samples), 1) ** 2
        if power > best:
            best, found = power, place
    return found
