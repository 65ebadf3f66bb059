"""How each NLE wants its proxies called and laid out: names against names, folders against folders, and presets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from unicodedata import normalize

from proxx.errors import EXIT_USAGE, ProxxError
from proxx.facts import base_name
from proxx.nearest import question
from proxx.rulebook import Rulebook

Nle = Mapping[str, Any]
"""One editing system as the rulebook has it: title, systems, suffixes, folders."""


def nle_named(rulebook: Rulebook, name: str) -> Nle:
    """The editing system of that name. Raises ProxxError (exit 2) for a name that does not exist."""
    known: Mapping[str, Nle] = rulebook.items["nle"]
    if name not in known:
        raise ProxxError(
            f"there is no NLE {name}{question(name, known)}",
            hint=f"NLEs: {', '.join(known)}",
            exit_code=EXIT_USAGE,
        )
    return known[name]


def stem(path: str) -> str:
    """A file's name without its extension, in one Unicode form; a leading dot begins no extension."""
    name = normalize("NFC", base_name(path))
    head, dot, _ = name.rpartition(".")
    return head if dot and head else name


def folder(path: str) -> str:
    """The folder that a path lies in; the root's is empty."""
    return path.rpartition("/")[0]


def name_relation(source: str, proxy: str, suffixes: Sequence[str]) -> str:
    """How a proxy's name relates to its clip's: same, suffix, case, extended or other."""
    one, other = stem(source), stem(proxy)
    if other == one:
        return "same"
    if any(suffix and other == one + suffix for suffix in suffixes):
        return "suffix"
    if any(other.casefold() == (one + suffix).casefold() for suffix in ("", *suffixes)):
        return "case"
    return "extended" if extends(one, other) else "other"


def extends(one: str, other: str) -> bool:
    """Whether a name goes on after another one, not within a word or number: A001 goes on in A001_h264."""
    rest = other[len(one) :]
    return other.casefold().startswith(one.casefold()) and bool(rest) and not (rest[0].isalnum() and one[-1:].isalnum())


def folder_relation(source: str, proxy: str, folders: Sequence[str]) -> str:
    """Where a proxy lies against its clip: beside, convention, below or elsewhere."""
    home, place = folder(source), folder(proxy)
    if any(place == (f"{home}/{name}" if name else home) for name in folders):
        return "convention"
    if place == home:
        return "beside"
    return "below" if place.startswith(f"{home}/") else "elsewhere"


def name_template(nle: Nle) -> str:
    """The naming template of the preset."""
    return "{source_name}" + str(nle["suffixes"][0])


def preset_folder(nle: Nle, clips: Sequence[str]) -> str | None:
    """The folder that proxies of these clips go to; None where the NLE asks for none.

    Raises ProxxError (exit 2) when the clips lie in several folders, for each of which it is another one.
    """
    if not nle["folders"]:
        return None
    homes = list(dict.fromkeys(folder(clip) for clip in clips))
    if len(homes) > 1:
        raise ProxxError(
            f"{nle['title']} looks for proxies beside their clips, and these lie in {len(homes)} folders: "
            f"{', '.join(homes[:2])}{' …' if len(homes) > 2 else ''}",
            hint="A spec has one output folder: write one spec for each folder, or say --out.",
            exit_code=EXIT_USAGE,
        )
    name = str(nle["folders"][0])
    return f"{homes[0]}/{name}" if name else homes[0]
