"""Frozen rulebooks on disk: kept by the content and the code that made them, sealed, and made anew when in doubt."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Mapping, Sequence
from typing import Any

FREEZERS = (
    "cache.py",
    "errors.py",
    "nearest.py",
    "rulebook.py",
    "layers.py",
    "stack.py",
    "whence.py",
    "shape.py",
    "newtoml.py",
    "lineage.py",
    "tables.py",
    "boxes.py",
    "faults.py",
    "overlaps.py",
    "unused.py",
    "selftest.py",
    "prove.py",
)
"""The code that makes a frozen copy: another version of it makes its own."""


def content_key(texts: Sequence[Mapping[str, bytes]]) -> str:
    """What a frozen copy is kept under: a digest of every file, and of the code that reads and proves them."""
    whole = hashlib.sha256(f"proxx rulebook {sys.version_info[:2]}".encode())
    code = os.path.dirname(__file__)
    for name in FREEZERS:
        with open(os.path.join(code, name), "rb") as handle:
            whole.update(handle.read())
    for files in texts:
        for path, data in files.items():
            whole.update(f"\0{path}\0{len(data)}\0".encode() + data)
    return whole.hexdigest()


def default_cache() -> str:
    """The user's cache folder for frozen rulebooks."""
    base = os.environ.get("XDG_CACHE_HOME") or (
        os.environ.get("LOCALAPPDATA") if sys.platform == "win32" else os.path.expanduser("~/.cache")
    )
    return os.path.join(base or os.path.expanduser("~"), "proxx")


def cached(cache: str | None, key: str) -> Mapping[str, Any] | None:
    """The frozen rulebook of that key; None when it is not there, damaged, or not readable: then it is made anew."""
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


def keep(cache: str | None, key: str, frozen: Mapping[str, Any]) -> None:
    """Write the frozen copy whole or not at all; a cache that cannot be written costs time, nothing else."""
    if cache is None:
        return
    body = json.dumps(frozen, ensure_ascii=False, separators=(",", ":")).encode()
    part = os.path.join(cache, f".{key}.{os.getpid()}.part")
    try:
        os.makedirs(cache, exist_ok=True)
        with open(part, "wb") as handle:
            handle.write(hashlib.sha256(body).hexdigest().encode() + b"\n" + body)
        os.replace(part, os.path.join(cache, f"{key}.json"))
    except OSError:
        if os.path.exists(part):
            os.unlink(part)
