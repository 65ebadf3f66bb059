"""How long a file says it must be: the containers' own sizes and offsets, which a half-copied file betrays."""

from __future__ import annotations

import struct
from typing import BinaryIO

MAX_BOXES = 100_000
ESSENCE_BOXES = frozenset({b"mdat", b"moov", b"moof"})
MXF_PARTITION = bytes.fromhex("060e2b34020501010d010201")
EBML_HEADER, MATROSKA_SEGMENT = 0x1A45DFA3, 0x18538067


def declared_size(head: bytes, file: BinaryIO) -> int | None:
    """The bytes that the file's structure says there are at least, None where it does not say.

    ISO media (ISO 14496-12): the end of the last media box; Matroska: of the Segment (RFC 8794); AVI: of the
    first RIFF chunk; MXF (ST 377-1): where the footer begins, and one byte of it.
    """
    if head.startswith(b"RIFF") and len(head) >= 8:
        size = int.from_bytes(head[4:8], "little")
        return size + 8 if size else None
    if head.startswith(b"\x1a\x45\xdf\xa3"):
        return _segment_end(head)
    if head.startswith(MXF_PARTITION):
        return _footer(head)
    if head[4:8].isalnum() or head[4:8] == b"\0\0\0\0":
        return _boxes_end(file)
    return None


def _segment_end(head: bytes) -> int | None:
    at = 0
    for wanted in (EBML_HEADER, MATROSKA_SEGMENT):
        identifier, at = _vint(head, at, keep_marker=True)
        size, at = _vint(head, at, keep_marker=False)
        if identifier != wanted or size is None:
            return None
        if wanted == EBML_HEADER:
            at += size
    return at + size if size is not None else None


def _vint(head: bytes, at: int, *, keep_marker: bool) -> tuple[int | None, int]:
    """An EBML variable-size integer and where it ends; None when it is missing or means "unknown"."""
    first = head[at] if at < len(head) else 0
    length = 9 - first.bit_length()
    if first == 0 or at + length > len(head):
        return None, len(head)
    value = int.from_bytes(head[at : at + length], "big")
    if keep_marker:
        return value, at + length
    value &= (1 << 7 * length) - 1
    return (None if value == (1 << 7 * length) - 1 else value), at + length


def _footer(head: bytes) -> int | None:
    """The header partition's FooterPartition offset; 0 in an open partition, which does not know yet."""
    length = head[16] if len(head) > 16 else 0
    at = 17 + (length & 0x7F if length & 0x80 else 0)
    if len(head) < at + 32:
        return None
    (offset,) = struct.unpack_from(">Q", head, at + 24)
    return offset + 1 if offset else None


def _boxes_end(file: BinaryIO) -> int | None:
    """Walk the top-level boxes: sixteen bytes are read of each."""
    at, end = 0, None
    for _ in range(MAX_BOXES):
        file.seek(at)
        header = file.read(16)
        if len(header) < 8:
            break
        size, name = int.from_bytes(header[:4], "big"), header[4:8]
        if size == 1:
            size = int.from_bytes(header[8:16], "big")
        if size < 8:
            break
        at += size
        if name in ESSENCE_BOXES:
            end = at
    return end
