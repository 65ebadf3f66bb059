"""Which names a place of a template knows, and what the conditions around it have made sure of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from jinja2 import nodes

from proxx.symbols import Symbol


@dataclass(slots=True)
class Scope:
    """The names that a place of a template knows, and what the conditions around it have made sure."""

    template: str
    names: dict[str, Symbol]
    sure: dict[str, Symbol] = field(default_factory=dict)

    def branch(self, sure: Mapping[str, Symbol]) -> Scope:
        """The same names where more is sure."""
        return replace(self, sure={**self.sure, **sure})

    def inner(self, **names: Symbol) -> Scope:
        """A scope of its own: what is set in it is forgotten after it."""
        fresh = {key: value for key, value in self.sure.items() if key.partition(".")[0] not in names}
        return replace(self, names={**self.names, **names}, sure=fresh)

    def set(self, name: str, value: Symbol) -> None:
        """Give a name a value."""
        self.names[name] = value
        self.sure = {key: kept for key, kept in self.sure.items() if key.partition(".")[0] != name}


def path_of(node: nodes.Node) -> str:
    """The spelling of a name and what is asked of it, out.pad.width; "" for anything else."""
    if isinstance(node, nodes.Name):
        return node.name
    step = node.attr if isinstance(node, nodes.Getattr) else None
    if isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Const):
        step = str(node.arg.value)
    if step is None or not isinstance(node, nodes.Getattr | nodes.Getitem):
        return ""
    holder = path_of(node.node)
    return f"{holder}.{step}" if holder else ""
