"""What each proxy profile makes, for programs and for people."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from proxx.clip import resolution_words
from proxx.errors import EXIT_USAGE, ProxxError
from proxx.layers import escape
from proxx.nearest import question
from proxx.rulebook import Rulebook
from proxx.screen import wrapped
from proxx.whence import spot_text, stands

FORMAT = 1
WIDEST = 72
"""How much of a value one line shows."""


def origin_card(rulebook: Rulebook, name: str) -> dict[str, Any]:
    """A profile's card, with every value of the recipe and where it stands: layer, file, line and column."""
    card = profile_card(rulebook, name)
    values = [
        {"key": ".".join(path), "value": value, **stands(rulebook.origin(f"profile/{name}", pointer_of(path)))}
        for path, value in _values(card["recipe"])
    ]
    return {**card, "origin": values}


def pointer_of(path: Sequence[str]) -> str:
    """The JSON pointer of a path of keys."""
    return "".join(f"/{escape(key)}" for key in path)


def _values(data: Mapping[str, Any], at: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every value that is no table, with its path."""
    for key, value in data.items():
        if isinstance(value, Mapping):
            yield from _values(value, (*at, key))
        else:
            yield (*at, key), value


def origin_text(rulebook: Rulebook, name: str) -> str:
    """Every value of a profile for people, each with the layer and the place that it comes from."""
    lines = [f"{name}: {rulebook.profiles[name]['title']}", *_parent_line(rulebook, name)]
    for one in origin_card(rulebook, name)["origin"]:
        value = json.dumps(one["value"], ensure_ascii=False)
        brief = value if len(value) <= WIDEST else f"{value[: WIDEST - 1]}…"
        lines += [f"  {one['key']} = {brief}", f"      {one['layer']}: {spot_text(one)}"]
    return "\n".join(lines) + "\n"


def _parent_line(rulebook: Rulebook, name: str) -> list[str]:
    parent = rulebook.about["parents"].get(name)
    return [f"  extends     {parent}"] if parent else []


def profile_card(rulebook: Rulebook, name: str) -> dict[str, Any]:
    """What a profile makes, with its whole recipe. Raises ProxxError (exit 2) for a name that does not exist."""
    if name not in rulebook.profiles:
        raise ProxxError(
            f"there is no profile {name}{question(name, rulebook.profiles)}",
            hint=f"Profiles: {', '.join(sorted(rulebook.profiles))}",
            exit_code=EXIT_USAGE,
        )
    profile = rulebook.profiles[name]
    return {
        "format": FORMAT,
        "name": name,
        "engine": profile["engine"],
        "codec": profile["codec"],
        "container": profile["container"],
        "resolution": profile["resolutions"][0],
        "resolutions": list(profile["resolutions"]),
        "audio": _sound(profile),
        "extends": rulebook.about["parents"].get(name),
        **stands(rulebook.origin(f"profile/{name}")),
        "recipe": profile,
    }


def _sound(profile: Mapping[str, Any]) -> str:
    return str(profile["audio"]["policy"] if "audio" in profile else profile["render"]["audio_policy"])


def profile_text(rulebook: Rulebook, name: str) -> str:
    """A profile for people."""
    card, profile = profile_card(rulebook, name), rulebook.profiles[name]
    size = profile.get("size", {})
    lines = [
        f"{name}: {profile['title']}",
        *_parent_line(rulebook, name),
        f"  engine      {card['engine']}",
        f"  makes       {card['codec']} in {card['container']}, {resolution_words(profile)}",
        f"  sound       {card['audio']}",
    ]
    if "forecast" in size:
        lines.append(
            f"  size        about {size['forecast']} Mb/s at 1920x1080, 25 fps"
            + (f"; at most {size['ceiling']}" if "ceiling" in size else "")
        )
    if (every := profile.get("proof", {}).get("every", 1)) > 1:
        lines.append(
            f"  proof       one picture in {every} is decoded, all are counted and looked at as they are stored"
        )
    for paragraph in profile["doc"].strip().split("\n\n"):
        lines += ["  " + line for line in wrapped(" ".join(paragraph.split()), 76)]
    return "\n".join(lines) + "\n"


def profile_list(rulebook: Rulebook) -> str:
    """All profiles, one line each."""
    width = max(map(len, rulebook.profiles))
    lines = [
        f"{name:<{width}}  {data['engine']:<7}  {data['codec']:<15} {data['container']:<5} {data['title']}"
        for name, data in sorted(rulebook.profiles.items())
    ]
    return "\n".join(lines) + "\n"
