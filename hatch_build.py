"""Puts rulebook.toml into the wheel beside the rest of the rulebook: hatchling maps folders, but no single file."""

from __future__ import annotations

from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class RulebookHook(BuildHookInterface[Any]):
    """An editable install is left as it is: it reads the tree, and a copy there would grow stale."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the file to a standard wheel."""
        if version == "standard":
            build_data["force_include"]["rulebook.toml"] = "proxx/data/rulebook.toml"
