"""What each proxy profile makes, for programs and for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from proxx.clip import resolution_words
from proxx.errors import EXIT_USAGE, ProxxError
from proxx.nearest import question
from proxx.rulebook import Rulebook

FORMAT = 1


def profile_card(rulebook: Rulebook, name: str) -> dict[str, Any]:
    """What a profile makes, with its whole recipe. Raises ProxxError (exit 2) for a name that does not exist."""
    if name not in rulebook.profiles:
        raise ProxxError(
            f"there is no profile {name}{question(name, rulebook.profiles)}",
            hint=f"Profiles: {', '.join(sorted(rulebook.profiles))}",
            exit_code=EXIT_USAGE,
        )
    profile = rulebook.profiles[name]
    layer, path, _ = rulebook.origins[f"profile/{name}"]
    return {
        "format": FORMAT,
        "name": name,
        "engine": profile["engine"],
        "codec": profile["codec"],
        "container": profile["container"],
        "resolution": profile["resolutions"][0],
        "resolutions": list(profile["resolutions"]),
        "audio": _sound(profile),
        "layer": layer,
        "file": path,
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
        f"  engine      {card['engine']}",
        f"  makes       {card['codec']} in {card['container']}, {resolution_words(profile)}",
        f"  sound       {card['audio']}",
    ]
    if "forecast" in size:
        lines.append(
            f"  size        about {size['forecast']} Mb/s at 1920x1080, 25 fps"
            + (f"; at most {size['ceiling']}" if "ceiling" in size else "")
        )
    lines += [f"  {line}" for line in profile["doc"].strip().splitlines()]
    return "\n".join(lines) + "\n"


def profile_list(rulebook: Rulebook) -> str:
    """All profiles, one line each."""
    width = max(map(len, rulebook.profiles))
    lines = [
        f"{name:<{width}}  {data['engine']:<7}  {data['codec']:<15} {data['container']:<5} {data['title']}"
        for name, data in sorted(rulebook.profiles.items())
    ]
    return "\n".join(lines) + "\n"
