"""Writes the scripts that take finished work into DaVinci Resolve: each is one file that needs no proxx around it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from proxx.errors import EXIT_USAGE, ProxxError

ENGINES = Path(__file__).with_name("engines")
NO_LINKS = "LINKS: List[List[str]] = []\n"


def link_script(record: Mapping[str, Any]) -> str:
    """The script that links the finished proxies of a record to their sources. Raises ProxxError when there is none."""
    clips = [clip for clip in record["clips"] if isinstance(clip, Mapping) and clip.get("status") == "COMPLETED"]
    pairs = [[str(clip.get("source", "")), str(clip.get("output", ""))] for clip in clips]
    if not pairs:
        raise ProxxError("the record has no finished proxy", exit_code=EXIT_USAGE)
    text = (ENGINES / "resolve_links.py").read_text("utf-8")
    if text.count(NO_LINKS) != 1:
        raise AssertionError("the script has no place for the links")
    links = "".join(f"    [{source!a}, {proxy!a}],\n" for source, proxy in pairs)
    return text.replace(NO_LINKS, f"LINKS: List[List[str]] = [\n{links}]\n")
