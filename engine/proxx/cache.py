"""What was worked out once, on disk: frozen rulebooks and facts of sources, sealed, and made anew when in doubt."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Mapping, Sequence
from typing import Any

FREEZERS = (
    "cache.py",
    "contract.py",
    "folders.py",
    "errors.py",
    "nearest.py",
    "rulebook.py",
    "layers.py",
    "stack.py",
    "whence.py",
    "shape.py",
    "newtoml.py",
    "lineage.py",
    "luts.py",
    "tables.py",
    "boxes.py",
    "faults.py",
    "overlaps.py",
    "unused.py",
    "selftest.py",
    "resolvelint.py",
    "prove.py",
)
"""The code that makes a frozen copy: another version of it makes its own."""

MOST = 100
"""Frozen rulebooks that are kept."""


def content_key(texts: Sequence[Mapping[str, bytes]]) -> str:
    """What a frozen copy is kept under: a digest of every file, and of the code that reads and proves them."""
    whole = hashlib.sha256(f"proxx rulebook {code_key(FREEZERS)}".encode())
    for files in texts:
        for path, data in files.items():
            whole.update(f"\0{path}\0{len(data)}\0".encode() + data)
    return whole.hexdigest()


def code_key(names: Sequence[str]) -> str:
    """A digest of modules of this package, and of the Python that runs them."""
    whole = hashlib.sha256(str(sys.version_info[:2]).encode())
    for name in names:
        with open(os.path.join(os.path.dirname(__file__), name), "rb") as handle:
            whole.update(handle.read())
    return whole.hexdigest()


def default_cache() -> str:
    """The user's cache folder of this program."""
    base = os.environ.get("XDG_CACHE_HOME") or (
        os.environ.get("LOCALAPPDATA") if sys.platform == "win32" else os.path.expanduser("~/.cache")
    )
    return os.path.join(base or os.path.expanduser("~"), "proxx")


def cached(cache: str | None, key: str) -> Mapping[str, Any] | None:
    """The document of that key; None when it is not there, damaged, or not readable: then it is made anew."""
    if cache is None:
        return None
    try:
        with open(os.path.join(cache, f"{key}.json"), "rb") as handle:
            seal, _, body = handle.read().partition(b"\n")
        if hashlib.sha256(body).hexdigest().encode() != seal:
            return None
        return dict(json.loads(body))
    except (OSError, ValueError):
        return None


def keep(cache: str | None, key: str, document: Mapping[str, Any], *, most: int = MOST) -> None:
    """Write the document whole or not at all; a cache that cannot be written costs time, nothing else.

    Of more than `most` documents in the folder, the older half goes.
    """
    if cache is None:
        return
    body = json.dumps(document, separators=(",", ":")).encode("ascii")
    part = os.path.join(cache, f".{key}.{os.getpid()}.part")
    try:
        os.makedirs(cache, exist_ok=True)
        with open(part, "wb") as handle:
            handle.write(hashlib.sha256(body).hexdigest().encode() + b"\n" + body)
        os.replace(part, os.path.join(cache, f"{key}.json"))
        _thin_out(cache, most)
    except OSError:
        if os.path.exists(part):
            os.unlink(part)


def _thin_out(folder: str, most: int) -> None:
    """Delete the older half of too many documents. Raises OSError."""
    found = [entry for entry in os.scandir(folder) if entry.name.endswith(".json")]
    if len(found) <= most:
        return
    for entry in sorted(found, key=lambda entry: (entry.stat().st_mtime_ns, entry.name))[: len(found) // 2]:
        os.unlink(entry.path)
