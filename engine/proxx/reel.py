"""Reel names that folders and file names tell, by patterns that are data: shapes of letters, digits and fixed text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

CLASSES: Mapping[str, frozenset[str]] = {
    "letters": frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"),
    "digits": frozenset("0123456789"),
}
CLASSES = {**CLASSES, "signs": CLASSES["letters"] | CLASSES["digits"]}
Part = Mapping[str, Any]
Patterns = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class NamedReel:
    """A reel name that a path tells: the pattern that found it, and whether that pattern is sure."""

    reel: str
    pattern: str
    sure: bool


def reel_in(path: str, patterns: Patterns, place: str) -> NamedReel | None:
    """The reel that a path's folders ("folder") or file name ("name") tell; the last pattern that fits counts.

    So a rulebook layer goes before those below it. A sure pattern goes before any other, and of folders the nearest.
    """
    for sure in (True, False):
        for name, pattern in reversed(list(patterns.items())):
            if pattern["in"] != place or pattern["sure"] != sure:
                continue
            for text in _texts(path, place, pattern):
                reel = matched(text, pattern["parts"])
                if reel:
                    return NamedReel(reel, name, sure)
    return None


def _texts(path: str, place: str, pattern: Mapping[str, Any]) -> Sequence[str]:
    """What a pattern is laid against: the name without its extension, or the folders above, the nearest first."""
    *folders, name = path.split("/")
    if place == "name":
        stem, dot, _ = name.rpartition(".")
        return (stem if dot and stem else name,)
    return [folder for folder in folders[::-1][: pattern.get("levels", 1)] if folder]


def matched(text: str, parts: Sequence[Part]) -> str | None:
    """The text of the parts marked as the reel, put together; None when the whole text does not fit."""
    dead: set[tuple[int, int]] = set()

    def fit(number: int, at: int) -> str | None:
        if number == len(parts):
            return "" if at == len(text) else None
        if (number, at) in dead:
            return None
        for end in _ends(text, at, parts[number]):
            rest = fit(number + 1, end)
            if rest is not None:
                return (text[at:end] if parts[number].get("reel") else "") + rest
        dead.add((number, at))
        return None

    return fit(0, 0)


def _ends(text: str, at: int, part: Part) -> Iterator[int]:
    """Where a part that begins at a place may end, the longest first."""
    if "text" in part or "words" in part:
        words = [part["text"]] if "text" in part else sorted(part["words"], key=len, reverse=True)
        yield from (at + len(word) for word in words if text.startswith(word, at))
    elif "rest" in part:
        yield len(text)
    else:
        kind = next(name for name in CLASSES if name in part)
        least, most = part[kind] if isinstance(part[kind], Sequence) else (part[kind], part[kind])
        run = 0
        while run < most and at + run < len(text) and text[at + run] in CLASSES[kind]:
            run += 1
        yield from range(at + run, at + least - 1, -1)


def pattern_faults(patterns: Patterns) -> Iterator[tuple[str, str, str]]:
    """Each example that a pattern does not read as it says: the pattern, the example, and what is wrong."""
    for name, pattern in patterns.items():
        for text, wanted in pattern["examples"].items():
            got = matched(text, pattern["parts"]) or ""
            if got != wanted:
                said = f"reads {got}" if got else "does not read it"
                yield (
                    name,
                    text,
                    f"reel pattern {name}: its example {text} means {wanted or 'no reel'}, the pattern {said}",
                )
