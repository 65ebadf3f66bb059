"""What is known of sources that were looked at before: a card that was planned is not looked at again to be run.

Kept in the user's cache, by what a source is known by (path, size, time and its two ends), the tools that looked, and
the rules and the code by which they did. What was at fault is looked at anew each time.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from typing import Any

from proxx.cache import cached, code_key, default_cache, keep
from proxx.errors import ProxxError
from proxx.model import Media
from proxx.probefile import from_facts, to_facts
from proxx.stamp import GONE, source_stamp
from proxx.tools import known_by

LOOKERS = (
    *("window.py", "tmcd.py", "mxf.py", "wave.py", "marks.py", "essence.py", "lastframe.py", "fieldpairs.py"),
    *("model.py", "identify.py", "streams.py", "extent.py", "timecode.py", "probefile.py", "probe.py", "timing.py"),
    *("sampletimes.py", "scanlines.py", "light.py", "rhythm.py", "stored.py", "trial.py", "combing.py"),
    *("recall.py", "machine.py"),
)
"""The code that makes a source's facts: another version of it looks anew."""

MOST = 200
"""Entries of each of the 256 folders of the cache."""


class Recall:
    """The memory of the `tools` (paths of programs) with a vocabulary."""

    def __init__(self, vocabulary: Mapping[str, Mapping[str, Any]], tools: Sequence[str]) -> None:
        self.vocabulary = vocabulary
        self.folder = os.path.join(default_cache(), "sources")
        whole = [code_key(LOOKERS), json.dumps(vocabulary, sort_keys=True), *map(known_by, tools)]
        self._base = "\0".join(whole).encode("utf-8", "surrogateescape")

    def find(self, path: str) -> Media | None:
        """What is known of a source as it is now; None when nothing is."""
        key = self._key(path)
        facts = cached(os.path.join(self.folder, key[:2]), key) if key else None
        if facts is None:
            return None
        try:
            return from_facts(path, facts, self.vocabulary)
        except ProxxError:
            return None

    def keep(self, media: Media) -> None:
        """Remember a source in which no fault was found."""
        key = self._key(media.path)
        if key and media.state == "ok" and media.decodes is not False:
            keep(os.path.join(self.folder, key[:2]), key, to_facts(media), most=MOST)

    def _key(self, path: str) -> str:
        """The name of a source's entry; empty when it cannot be read."""
        stamp = source_stamp(path)
        if stamp == GONE:
            return ""
        source = json.dumps([path, stamp.document()]).encode()
        return hashlib.sha256(self._base + b"\0" + source).hexdigest()
