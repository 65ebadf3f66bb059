"""Finds which proxy belongs to which clip: two files that are named, or two folders by the NLEs' names and layouts."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from proxx.conventions import Nle, extends, stem
from proxx.errors import EXIT_USAGE, ProxxError
from proxx.rulebook import Rulebook
from proxx.tools import whole_path

EXACT, FOLDED, LONGER = 0, 1, 2
"""How well a name fits: as a convention says, but for case, or only longer than the clip's."""


@dataclass(frozen=True, slots=True)
class Lone:
    """A file without a partner, and why."""

    path: str
    why: str


@dataclass(frozen=True, slots=True)
class Pairs:
    """Clips with their proxies, by the clips' paths, and the files that stayed alone."""

    found: tuple[tuple[str, str], ...]
    sources: tuple[Lone, ...] = ()
    proxies: tuple[Lone, ...] = ()


def find_pairs(rulebook: Rulebook, source: str, proxy: str, nles: Sequence[Nle]) -> Pairs:
    """The pairs of two files, or of two folders and all below them. Raises ProxxError (exit 2).

    One folder may stand for both: what lies in an NLE's proxy folder or has its suffix is a proxy then.
    """
    one, other = whole_path(source), whole_path(proxy)
    for name, path in ((source, one), (proxy, other)):
        if not os.path.lexists(path):
            raise ProxxError(f"there is no {name}", hint="Name a clip and its proxy, or two folders.", exit_code=2)
    if os.path.isdir(one) != os.path.isdir(other):
        raise ProxxError(
            f"{source if os.path.isdir(one) else proxy} is a folder and the other one is not",
            hint="Name a clip and its proxy, or two folders.",
            exit_code=EXIT_USAGE,
        )
    if not os.path.isdir(one):
        return Pairs(((one, other),))
    home, place = os.path.normpath(one), os.path.normpath(other)
    files, theirs = _media(rulebook, home), _media(rulebook, place)
    apart = [path for path in theirs if _is_proxy(path, home, place, files, nles)]
    # What lies beside its clip as an NLE's proxy is none of the clips, even where other proxies are asked about.
    own = set(apart) | ({path for path in files if _is_laid_out(path, home, files, nles)} if apart else set())
    return _matched(home, place, [path for path in files if path not in own], apart, nles)


def _media(rulebook: Rulebook, folder: str) -> list[str]:
    """Every file below a folder that is media by its name, in order; hidden ones are left out."""
    known = {end for data in rulebook.items["container"].values() for end in data.get("extensions", ())}
    return sorted(_walk(folder, known))


def _walk(folder: str, known: set[str]) -> Iterator[str]:
    def stop(error: OSError) -> None:
        raise ProxxError(f"cannot read {error.filename}: {error.strerror}", exit_code=EXIT_USAGE) from error

    for place, folders, names in os.walk(folder, onerror=stop):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            if not name.startswith(".") and os.path.splitext(name)[1][1:].lower() in known:
                yield os.path.join(place, name)


def _is_proxy(path: str, home: str, place: str, files: Sequence[str], nles: Sequence[Nle]) -> bool:
    """Whether a file of the proxies' folder is one; where both folders overlap, by its folder or its suffix."""
    if path not in files:
        return True
    if place != home and path.startswith(f"{place}/") and not home.startswith(f"{place}/"):
        return True  # the proxies' folder lies in the clips'
    return _in_proxy_folder(path, home, nles) or _has_suffix(path, files, nles)


def _is_laid_out(path: str, home: str, files: Sequence[str], nles: Sequence[Nle]) -> bool:
    """Whether a file is the proxy of another one by an NLE's layout: by suffix, or by name in its folder."""
    if _has_suffix(path, files, nles):
        return True
    if not _in_proxy_folder(path, home, nles):
        return False
    clips = {stem(one).casefold() for one in files if not _in_proxy_folder(one, home, nles)}
    return stem(path).casefold() in clips


def _in_proxy_folder(path: str, home: str, nles: Sequence[Nle]) -> bool:
    folders = {name for nle in nles for name in nle["folders"] if name}
    return bool(folders & set(os.path.relpath(os.path.dirname(path), home).split(os.sep)))


def _has_suffix(path: str, files: Sequence[str], nles: Sequence[Nle]) -> bool:
    """Whether a name is that of a file among these with an NLE's suffix, upper and lower case alike."""
    stems, name = {stem(one).casefold() for one in files}, stem(path).casefold()
    ends = {suffix.casefold() for nle in nles for suffix in nle["suffixes"] if suffix}
    return any(name.endswith(end) and name.removesuffix(end) in stems for end in ends)


def _matched(home: str, place: str, files: Sequence[str], proxies: Sequence[str], nles: Sequence[Nle]) -> Pairs:
    """Each proxy with the clip that fits best: by name, then by the folders that both lie in."""
    taken: dict[str, str] = {}
    alone: list[Lone] = []
    named = _by_name(files)
    for proxy in proxies:
        best = _best(home, place, named, proxy, nles)
        if len(best) == 1 and best[0] not in taken:
            taken[best[0]] = proxy
        elif len(best) == 1:
            alone.append(Lone(proxy, f"{os.path.basename(taken[best[0]])} is taken for the proxy of {best[0]}"))
        else:
            many = f"{len(best)} clips fit it alike: {best[0]}, {best[1]}" if best else "no clip has its name"
            alone.append(Lone(proxy, many))
    rest = tuple(Lone(path, "no proxy has its name") for path in files if path not in taken)
    found = tuple((path, taken[path]) for path in files if path in taken)
    return Pairs(found, rest, tuple(alone))


def _by_name(files: Sequence[str]) -> Mapping[str, list[str]]:
    """Clips by their names, upper and lower case alike."""
    named: dict[str, list[str]] = {}
    for path in files:
        named.setdefault(stem(path).casefold(), []).append(path)
    return named


def _best(home: str, place: str, named: Mapping[str, list[str]], proxy: str, nles: Sequence[Nle]) -> list[str]:
    """The clips that fit a proxy best: one, none, or several that fit alike."""
    name = stem(proxy)
    fits: list[tuple[int, int, int, str]] = []
    whole = name.casefold()
    for length in range(1, len(whole) + 1):
        for path in named.get(whole[:length], ()):
            quality = _quality(stem(path), name, nles)
            if quality is not None:
                fits.append((quality, -length, _distance(home, place, path, proxy, nles), path))
    fits.sort()
    return [path for *rank, path in fits if rank == list(fits[0][:3])]


def _quality(one: str, name: str, nles: Sequence[Nle]) -> int | None:
    """How well a proxy's name fits a clip's; None when it does not."""
    ends = dict.fromkeys(["", *(suffix for nle in nles for suffix in nle["suffixes"])])
    if any(name == one + end for end in ends):
        return EXACT
    if any(name.casefold() == (one + end).casefold() for end in ends):
        return FOLDED
    return LONGER if extends(one, name) else None


def _distance(home: str, place: str, path: str, proxy: str, nles: Sequence[Nle]) -> int:
    """How many folders apart two files lie in their trees, an NLE's own proxy folder not counted."""
    own = {name for nle in nles for name in nle["folders"] if name}
    one = [part for part in os.path.relpath(os.path.dirname(path), home).split(os.sep) if part != "."]
    root = home if proxy.startswith(f"{home}/") else place
    other = [
        part for part in os.path.relpath(os.path.dirname(proxy), root).split(os.sep) if part != "." and part not in own
    ]
    shared = next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    return len(one) + len(other) - 2 * shared
