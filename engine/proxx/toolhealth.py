"""Looks at ffmpeg and ffprobe as the doctor does: which they are, under which licence, and what they can write."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from proxx import process
from proxx.condition import MISSING, OK, UNKNOWN, WRONG, Condition
from proxx.errors import ProxxError
from proxx.rulebook import Rulebook
from proxx.tools import FLOOR, FLOOR_WORDS, ToolVersion, find_tool, tool_version

SECONDS = 20
"""How long a tool may take to list what it has."""


@dataclass(frozen=True, slots=True)
class Health:
    """What is known of the tools: their paths and versions (empty and None where they do not work), and their parts.

    `encoders` and `muxers` are None where they could not be listed. `fit` says whether profiles can be tried.
    """

    ffmpeg: str = ""
    ffprobe: str = ""
    version: ToolVersion | None = None
    other: ToolVersion | None = None
    encoders: frozenset[str] | None = None
    muxers: frozenset[str] | None = None

    @property
    def unfit(self) -> str:
        """Why no profile can be tried; "" when it can."""
        if self.version is None:
            return "ffmpeg does not work"
        if self.other is None:
            return "ffprobe does not work"
        return "ffmpeg is too old" if is_old(self.version) else ""


def is_old(version: ToolVersion) -> bool:
    """Whether a version is below what proxx needs; a build without a number is not known to be."""
    return bool(version.numbers) and version.numbers < FLOOR


def look_at_tools(rulebook: Rulebook, profiles: Sequence[str]) -> tuple[Health, list[Condition]]:
    """The tools, and how everything about them was found that these profiles need."""
    ffmpeg, version, found = _tool("ffmpeg")
    ffprobe, other, found_other = _tool("ffprobe")
    conditions = [found, *_version(version)]
    health = Health(ffmpeg, ffprobe, version, other)
    if version is not None:
        health = Health(ffmpeg, ffprobe, version, other, _listed(ffmpeg, "encoders"), _listed(ffmpeg, "muxers"))
    conditions += [_parts("encoders", health.encoders, wanted_encoders(rulebook, profiles))]
    conditions += [_parts("muxers", health.muxers, wanted_muxers(rulebook, profiles))]
    return health, [*conditions, found_other, *_other(version, other)]


def _tool(name: str) -> tuple[str, ToolVersion | None, Condition]:
    try:
        path = find_tool(name)
    except ProxxError as trouble:
        return "", None, Condition(name, MISSING, str(trouble), name)
    try:
        return path, tool_version(path, name), Condition(name, OK, path, name)
    except ProxxError as trouble:
        return path, None, Condition(name, WRONG, str(trouble), name)


def _version(version: ToolVersion | None) -> list[Condition]:
    if version is None:
        return [Condition(name, UNKNOWN, "ffmpeg does not work") for name in ("ffmpeg-version", "ffmpeg-licence")]
    state = WRONG if is_old(version) else OK if version.numbers else UNKNOWN
    unnumbered = "" if version.numbers else f", a development build: no number to compare with {FLOOR_WORDS}"
    licence, words = licence_of(version.configuration)
    return [
        Condition("ffmpeg-version", state, f"{version.text}{unnumbered}", needed=FLOOR_WORDS),
        Condition("ffmpeg-licence", licence, words),
    ]


def licence_of(configuration: str) -> tuple[str, str]:
    """The state and the name of the licence that a build's configuration leads to."""
    options = configuration.split()
    if not options:
        return UNKNOWN, "the build does not tell its configuration"
    if "--enable-nonfree" in options:
        return WRONG, "nonfree (--enable-nonfree)"
    later = "3 or later" if "--enable-version3" in options else "2 or later"
    if "--enable-gpl" in options:
        return OK, f"GPL {later}"
    return OK, "LGPL 3 or later" if "--enable-version3" in options else "LGPL 2.1 or later"


def _other(version: ToolVersion | None, other: ToolVersion | None) -> list[Condition]:
    if version is None or other is None:
        return [Condition("ffprobe-version", UNKNOWN, "one of the two does not work")]
    same = version.text == other.text
    words = other.text if same else f"ffprobe {other.text}, ffmpeg {version.text}"
    return [Condition("ffprobe-version", OK if same else WRONG, words, needed=version.text)]


def _listed(ffmpeg: str, what: str) -> frozenset[str] | None:
    """The names that `ffmpeg -encoders` or `-muxers` lists; None when it lists nothing."""
    done = process.run([ffmpeg, "-hide_banner", f"-{what}"], timeout=SECONDS)
    if done.code != 0:
        return None
    lines = (line.split() for line in done.stdout.decode("utf-8", "replace").splitlines())
    names = [name for words in lines if len(words) > 1 for name in words[1].split(",")]
    return frozenset(names) or None


def wanted_encoders(rulebook: Rulebook, profiles: Iterable[str]) -> dict[str, list[str]]:
    """Every encoder that these profiles need, with the profiles that do."""
    wanted: dict[str, list[str]] = {}
    for name in profiles:
        for encoder in encoders_of(rulebook.profiles[name]):
            wanted.setdefault(encoder, []).append(name)
    return wanted


def encoders_of(profile: Mapping[str, Any]) -> tuple[str, ...]:
    """The encoders that a profile of FFmpeg names, picture first."""
    return (profile["video"]["encoder"], profile["audio"]["encoder"])


def wanted_muxers(rulebook: Rulebook, profiles: Iterable[str]) -> dict[str, list[str]]:
    """Every muxer that these profiles need, with the profiles that do."""
    wanted: dict[str, list[str]] = {}
    for name in profiles:
        wanted.setdefault(muxer_of(rulebook, rulebook.profiles[name]), []).append(name)
    return wanted


def muxer_of(rulebook: Rulebook, profile: Mapping[str, Any]) -> str:
    """FFmpeg's name for the container that a profile makes."""
    return str(rulebook.items["container"][profile["container"]]["muxer"])


def _parts(check: str, have: frozenset[str] | None, wanted: Mapping[str, Sequence[str]]) -> Condition:
    """Whether all encoders or muxers are there."""
    if have is None:
        return Condition(check, UNKNOWN, "ffmpeg does not list them")
    lacking = [name for name in sorted(wanted) if name not in have]
    if not lacking:
        return Condition(check, OK, ", ".join(sorted(wanted)) or "none is needed")
    needed = "; ".join(f"{name} is needed by {', '.join(wanted[name])}" for name in lacking)
    return Condition(check, MISSING, ", ".join(lacking), needed=needed)
