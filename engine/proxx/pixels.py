"""What the names of FFmpeg's pixel formats say: transparency, bits a sample, red, green and blue."""

from __future__ import annotations

PACKED = ("rgb48", "bgr48", "rgba64", "bgra64", "argb64", "abgr64", "ya16", "ayuv64")
"""Formats of sixteen bits a sample whose names count all bits of a pixel, or name no plane."""

TEN = ("x2rgb10", "x2bgr10", "y210", "v30x", "xv30", "p010", "p210", "p410")


def has_alpha(pix_fmt: str) -> bool:
    """Whether an FFmpeg pixel format has a transparency of its own."""
    return pix_fmt.startswith(("yuva", "gbrap", "rgba", "bgra", "argb", "abgr", "ya8", "ya16", "vuya", "ayuv"))


def bit_depth(pix_fmt: str) -> int:
    """Bits a sample of an FFmpeg pixel format: yuv422p10le has 10, yuv420p has 8."""
    bare = pix_fmt.removesuffix("le").removesuffix("be")
    if bare in (*PACKED, *TEN):
        return 16 if bare in PACKED else 10
    digits = bare[len(bare.rstrip("0123456789")) :]
    return int(digits) if digits and bare[: -len(digits)].endswith(("p", "gray")) and int(digits) > 8 else 8


def is_rgb(pix_fmt: str) -> bool:
    """Whether the source's samples are red, green and blue rather than luma and chroma."""
    return pix_fmt.startswith(("gbr", "rgb", "bgr", "argb", "abgr", "0rgb", "pal8", "x2rgb", "x2bgr"))
