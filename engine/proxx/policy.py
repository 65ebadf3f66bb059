"""What a profile wants done where a source leaves a choice: its [policy], and what counts where it says nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

POLICIES: Mapping[str, str] = {
    "rate": "conform",
    "scan": "deinterlace",
    "rotation": "bake",
    "pixels": "keep",
    "colour": "tag",
    "alpha": "drop",
    "gaps": "fill",
    "channels": "refuse",
    "layouts": "name",
}
"""Each choice, and what a profile that says nothing chooses."""


def policy_of(profile: Mapping[str, Any], choice: str) -> str:
    """What a profile chooses."""
    return str(profile.get("policy", {}).get(choice, POLICIES[choice]))
