"""Reads every template for every profile without filling it: each branch, each name, each setting it asks for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from jinja2 import nodes

from proxx.expressions import Expressions
from proxx.scope import Scope
from proxx.symbols import (
    ANY,
    FUNCTION,
    LOOP,
    TEXT,
    Kind,
    Known,
    Missing,
    Symbol,
    either,
    items_of,
    record,
    truth,
    unknown,
    unprintable,
)

DEEPEST = 20
"""How many templates may include one another before a template is taken to include itself."""


@dataclass(frozen=True, slots=True)
class Slip:
    """A name that a template uses and that is not there: the template, the line, the word and what is wrong."""

    template: str
    line: int
    word: str
    cause: str


class Reader:
    """Reads one template with what it is given. `arguments`: it prints arguments, and every value needs a spelling."""

    def __init__(
        self, trees: Mapping[str, nodes.Template], functions: Sequence[str], *, arguments: bool = True
    ) -> None:
        self.trees = trees
        self.arguments = arguments
        self.found: dict[Slip, None] = {}
        self.expressions = Expressions(functions, self._tell)
        self.blocks: dict[str, list[tuple[str, nodes.Block]]] = {}
        self.context: Scope = Scope("", {})
        self.later: list[Callable[[], None]] = []
        self.depth = 0

    def read(self, name: str, words: Mapping[str, Symbol]) -> tuple[Slip, ...]:
        """Every slip of a template and of all that it extends, includes and imports."""
        self.context = Scope(name, {**words, "self": ANY})
        self._template(name, self.context)
        while self.later:
            self.later.pop()()
        return tuple(self.found)

    def _tell(self, template: str, line: int, missing: Missing) -> None:
        self.found[Slip(template, line, missing.word, missing.cause)] = None

    def _template(self, name: str, scope: Scope) -> None:
        """What a template sets and imports, then what it prints; of one that extends another, the other prints."""
        tree = self.trees[name]
        for block in tree.find_all(nodes.Block):
            self.blocks.setdefault(block.name, []).append((name, block))
        here = replace(scope, template=name)
        parent = next((one for one in tree.body if isinstance(one, nodes.Extends)), None)
        if parent is None:
            self.body(tree.body, here)
            return
        self.body([one for one in tree.body if not isinstance(one, nodes.Output | nodes.Block | nodes.Extends)], here)
        above = self.expressions.used(parent.template, here)
        for other in self._named(above, here.template, parent.lineno):
            self._template(other, scope)

    def _named(self, said: Symbol, template: str, line: int, *, optional: bool = False) -> list[str]:
        """The first template of those that are named which is there; told when none is."""
        if not isinstance(said, Known):
            return []
        names = [said.value] if isinstance(said.value, str) else said.value
        wanted = [str(one) for one in names] if isinstance(names, Iterable) else []
        there = [one for one in wanted if one in self.trees]
        if wanted and not there and not optional:
            missing = unknown(wanted[0], self.trees)
            self._tell(template, line, Missing(wanted[0], missing.cause.replace(" is not known", " is no template", 1)))
        return there[:1] if self.depth < DEEPEST else []

    def body(self, parts: Iterable[nodes.Node], scope: Scope) -> None:
        """Statements in order."""
        for part in parts:
            way = _WAYS.get(type(part))
            if way is not None:
                way(self, part, scope)
            elif isinstance(part, nodes.Expr):
                self.expressions.used(part, scope)
            else:
                self.body(part.iter_child_nodes(), scope)

    def _output(self, node: nodes.Output, scope: Scope) -> None:
        for one in node.nodes:
            if isinstance(one, nodes.TemplateData):
                continue
            shown = self.expressions.used(one, scope)
            reason = unprintable(shown) if self.arguments else ""
            if reason:
                word = one.attr if isinstance(one, nodes.Getattr) else one.name if isinstance(one, nodes.Name) else ""
                self._tell(scope.template, one.lineno, Missing(word, f"{word}: {reason}" if word else reason))

    def _if(self, node: nodes.If, scope: Scope) -> None:
        rest: list[nodes.Node] = [*node.elif_] or [*node.else_]
        if node.elif_:
            rest = [nodes.If(node.elif_[0].test, node.elif_[0].body, node.elif_[1:], node.else_, lineno=node.lineno)]
        known = truth(self.expressions.used(node.test, scope))
        ends = []
        for holds, parts in ((True, node.body), (False, rest)):
            sure = self.expressions.assumed(node.test, scope, holds)
            if known is not None and known != holds:
                # This profile never comes here: only names that no profile has are told.
                self.body(parts, scope.inner().branch({**sure, "profile": ANY}))
                continue
            there = replace(scope.branch(sure), names=dict(scope.names))
            self.body(parts, there)
            ends.append(there.names)
        for name in {name for names in ends for name in names}:
            values = [names.get(name, ANY) for names in ends]
            if scope.names.get(name) != values[0] or values[0] != values[-1]:
                scope.set(name, either(values[0], values[-1]))

    def _for(self, node: nodes.For, scope: Scope) -> None:
        over = self.expressions.used(node.iter, scope)
        for item in items_of(over):
            there = scope.inner(loop=LOOP)
            self._assign_to(node.target, item, there)
            if node.test is not None:
                self.expressions.used(node.test, there)
                there = there.branch(self.expressions.assumed(node.test, there, holds=True))
            self.body(node.body, there)
        self.body(node.else_, scope.inner())

    def _assign_to(self, target: nodes.Node, value: Symbol, scope: Scope) -> None:
        if isinstance(target, nodes.Name):
            scope.set(target.name, value)
        elif isinstance(target, nodes.Tuple):
            parts = value.value if isinstance(value, Known) and isinstance(value.value, list | tuple) else ()
            same = len(parts) == len(target.items)
            for index, one in enumerate(target.items):
                self._assign_to(one, Known(parts[index]) if same else ANY, scope)

    def _assign(self, node: nodes.Assign, scope: Scope) -> None:
        self._assign_to(node.target, self.expressions.value(node.node, scope), scope)

    def _assign_block(self, node: nodes.AssignBlock, scope: Scope) -> None:
        self.body(node.body, scope.inner())
        self._assign_to(node.target, TEXT, scope)

    def _with(self, node: nodes.With, scope: Scope) -> None:
        there = scope.inner()
        for target, value in zip(node.targets, node.values, strict=True):
            self._assign_to(target, self.expressions.value(value, scope), there)
        self.body(node.body, there)

    def _include(self, node: nodes.Include, scope: Scope) -> None:
        said = self.expressions.used(node.template, scope)
        self.depth += 1
        for name in self._named(said, scope.template, node.lineno, optional=node.ignore_missing):
            there = scope.inner() if node.with_context else Scope(name, {})
            kept, self.blocks = self.blocks, {}
            self._template(name, there)
            self.blocks = kept
        self.depth -= 1

    def _module(self, node: nodes.Import | nodes.FromImport, scope: Scope) -> Symbol:
        """What an imported template offers by name."""
        said = self.expressions.used(node.template, scope)
        for name in self._named(said, scope.template, node.lineno):
            there = scope.inner() if node.with_context else Scope(name, {})
            before = dict(there.names)
            self.depth += 1
            self.body(self.trees[name].body, replace(there, template=name))
            self.depth -= 1
            return record(**{key: one for key, one in there.names.items() if before.get(key) != one})
        return ANY

    def _import(self, node: nodes.Import, scope: Scope) -> None:
        scope.set(node.target, self._module(node, scope))

    def _from_import(self, node: nodes.FromImport, scope: Scope) -> None:
        module = self._module(node, scope)
        for one in node.names:
            name, alias = one if isinstance(one, tuple) else (one, one)
            offered = module.keys if isinstance(module, Kind) and module.name == "record" else None
            scope.set(alias, ANY if offered is None else offered.get(name) or unknown(name, offered))

    def _block(self, node: nodes.Block, scope: Scope) -> None:
        """A block as the template that is farthest down fills it. It sees the template's names, no loop's."""
        self.depth += 1
        for template, block in self.blocks.get(node.name, [(scope.template, node)]) if self.depth < DEEPEST else ():
            seen = scope if block.scoped else self.context
            there = replace(seen.inner(super=FUNCTION), template=template)
            self.body(block.body, there)
            if not any(call.node == nodes.Name("super", "load") for call in block.find_all(nodes.Call)):
                break  # what it takes the place of is not printed
        self.depth -= 1

    def _macro(self, node: nodes.Macro, scope: Scope) -> None:
        scope.set(node.name, FUNCTION)
        for default in node.defaults:
            self.expressions.used(default, scope)
        given: dict[str, Symbol] = {one.name: ANY for one in node.args}
        extra = {"caller": FUNCTION, "varargs": ANY, "kwargs": ANY}
        # A macro may call one that is written below it.
        self.later.append(lambda: self.body(node.body, scope.inner(**extra, **given)))

    def _call_block(self, node: nodes.CallBlock, scope: Scope) -> None:
        self.expressions.used(node.call, scope)
        given: dict[str, Symbol] = {one.name: ANY for one in node.args}
        self.body(node.body, scope.inner(**given))

    def _filter_block(self, node: nodes.FilterBlock, scope: Scope) -> None:
        self.expressions.used(node.filter, scope)
        self.body(node.body, scope.inner())


_WAYS: Mapping[type[nodes.Node], Callable[..., None]] = {
    nodes.Output: Reader._output,
    nodes.If: Reader._if,
    nodes.For: Reader._for,
    nodes.Assign: Reader._assign,
    nodes.AssignBlock: Reader._assign_block,
    nodes.With: Reader._with,
    nodes.Include: Reader._include,
    nodes.Import: Reader._import,
    nodes.FromImport: Reader._from_import,
    nodes.Block: Reader._block,
    nodes.Macro: Reader._macro,
    nodes.CallBlock: Reader._call_block,
    nodes.FilterBlock: Reader._filter_block,
}
"""How each kind of statement is read."""
