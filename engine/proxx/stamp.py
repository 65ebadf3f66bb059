"""Tells whether a file is still the one it was: size and time, a hash of its ends, or of the whole of it."""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import dataclass

from proxx.commit import digest

END_BYTES = 1 << 16
"""How much of a source's beginning and end is hashed: enough to see another take, cheap enough on a slow share."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """A file at one moment: bytes, modification time in ns, and a sha256 (of a source: of its two ends)."""

    size: int
    mtime_ns: int
    sha256: str

    def document(self) -> dict[str, object]:
        """The stamp as JSON says it."""
        return {"size": self.size, "mtime_ns": self.mtime_ns, "sha256": self.sha256}

    def words(self) -> str:
        """The stamp for people."""
        return f"{self.size} bytes, time {self.mtime_ns / 1e9:.3f}, {self.sha256[:19]}"


def read_stamp(document: object) -> Stamp:
    """The stamp of a document. Raises ValueError when it is none."""
    if not isinstance(document, dict):
        raise ValueError("no stamp")
    size, mtime_ns, sha256 = (document.get(key) for key in ("size", "mtime_ns", "sha256"))
    if type(size) is not int or type(mtime_ns) is not int or not isinstance(sha256, str):
        raise ValueError("no stamp")
    return Stamp(size, mtime_ns, sha256)


GONE = Stamp(0, 0, "")
"""The stamp of a source that is not there."""


def source_stamp(path: str) -> Stamp:
    """The stamp of a source, with a hash of its first and last 64 KiB; GONE when it cannot be read."""
    try:
        with open(path, "rb") as handle:
            found = os.fstat(handle.fileno())
            ends = hashlib.sha256(handle.read(END_BYTES))
            handle.seek(max(found.st_size - END_BYTES, 0))
            ends.update(handle.read(END_BYTES))
    except OSError:
        return GONE
    return Stamp(found.st_size, found.st_mtime_ns, f"sha256:{ends.hexdigest()}")


def output_stamp(path: str, sha256: str) -> Stamp:
    """The stamp of a made file whose sha256 is known."""
    found = os.stat(path)
    return Stamp(found.st_size, found.st_mtime_ns, sha256)


def is_still(path: str, stamp: Stamp, *, whole: bool = False) -> bool:
    """Whether a file is the one of the stamp: by size and time; read where the time differs, or where `whole` asks."""
    try:
        found = os.lstat(path)
        if not stat.S_ISREG(found.st_mode) or found.st_size != stamp.size:
            return False
        return (found.st_mtime_ns == stamp.mtime_ns and not whole) or digest(path) == stamp.sha256
    except OSError:
        return False
