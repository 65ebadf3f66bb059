"""Works out what an expression of a template is, as far as that is known before any source is there."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from jinja2 import nodes

from proxx.scope import Scope, path_of
from proxx.symbols import (
    ANY,
    FLAG,
    FUNCTION,
    NUMBER,
    TEXT,
    Kind,
    Known,
    Missing,
    Symbol,
    listed,
    member,
    record,
    truth,
    unknown,
)

Tell = Callable[[str, int, Missing], None]
"""Told of a fault: the template, its line, and what is missing."""

_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "in": lambda one, other: one in other,
    "notin": lambda one, other: one not in other,
}
_RESULTS: Mapping[str, Symbol] = {
    **dict.fromkeys(("int", "float", "abs", "round", "length", "count", "sum", "wordcount"), NUMBER),
    **dict.fromkeys(("string", "lower", "upper", "trim", "replace", "join", "chain", "title", "indent"), TEXT),
}


class Expressions:
    """Reads expressions; `tell` is told of every name that does not exist and is used all the same."""

    def __init__(self, functions: Sequence[str], tell: Tell) -> None:
        self.functions = functions
        self.tell = tell

    def used(self, node: nodes.Node, scope: Scope) -> Symbol:
        """What an expression is, where it must be something."""
        found = self.value(node, scope)
        if isinstance(found, Missing):
            self.tell(scope.template, node.lineno, found)
            return ANY
        return found

    def value(self, node: nodes.Node, scope: Scope) -> Symbol:
        """What an expression is; Missing for a name that nobody knows."""
        sure = scope.sure.get(path_of(node)) if isinstance(node, nodes.Name | nodes.Getattr | nodes.Getitem) else None
        if sure is not None:
            return sure
        way = _WAYS.get(type(node))
        if way is not None:
            return way(self, node, scope)
        for child in node.iter_child_nodes():
            if isinstance(child, nodes.Expr):
                self.used(child, scope)
        return NUMBER if isinstance(node, nodes.BinExpr | nodes.UnaryExpr) and self._counts(node, scope) else ANY

    def _counts(self, node: nodes.BinExpr | nodes.UnaryExpr, scope: Scope) -> bool:
        """Whether both sides are numbers; a side that may be nothing is told."""
        sides = [node.left, node.right] if isinstance(node, nodes.BinExpr) else [node.node]
        found = [self.value(side, scope) for side in sides]
        for side, one in zip(sides, found, strict=True):
            if isinstance(one, Kind) and one.absent:
                cause = "it is counted with, and may be nothing: ask {% if … %} first"
                self.tell(scope.template, node.lineno, Missing(path_of(side).rpartition(".")[2], cause))
        return all(one == NUMBER or (isinstance(one, Known) and isinstance(one.value, int)) for one in found)

    def _name(self, node: nodes.Name, scope: Scope) -> Symbol:
        if node.name in scope.names:
            return scope.names[node.name]
        return FUNCTION if node.name in self.functions else unknown(node.name, [*scope.names, *self.functions])

    def _constant(self, node: nodes.Const | nodes.TemplateData, scope: Scope) -> Symbol:
        return Known(node.value if isinstance(node, nodes.Const) else node.data)

    def _attribute(self, node: nodes.Getattr, scope: Scope) -> Symbol:
        return member(self.used(node.node, scope), node.attr)

    def _item(self, node: nodes.Getitem, scope: Scope) -> Symbol:
        holder, index = self.used(node.node, scope), self.used(node.arg, scope)
        if isinstance(index, Known) and isinstance(index.value, str | int):
            return member(holder, index.value)
        return ANY

    def _filter(self, node: nodes.Filter, scope: Scope) -> Symbol:
        plain = node.node is None or node.name not in ("default", "d")
        base = TEXT if node.node is None else self.used(node.node, scope) if plain else self.value(node.node, scope)
        given = [self.used(one, scope) for one in _arguments(node)]
        if plain:
            return _RESULTS.get(node.name, ANY)
        if isinstance(base, Missing):
            return given[0] if given else Known("")
        return base if len(given) < 2 else ANY

    def _test(self, node: nodes.Test, scope: Scope) -> Symbol:
        if node.name in ("defined", "undefined"):
            found = self.value(node.node, scope)
            if found == ANY:
                return FLAG
            return Known(isinstance(found, Missing) == (node.name == "undefined"))
        found = self.used(node.node, scope)
        for one in _arguments(node):
            self.used(one, scope)
        if node.name == "none" and isinstance(found, Known):
            return Known(found.value is None)
        return FLAG

    def _compare(self, node: nodes.Compare, scope: Scope) -> Symbol:
        sides = [self.used(node.expr, scope), *(self.used(one.expr, scope) for one in node.ops)]
        if len(node.ops) != 1 or node.ops[0].op not in _COMPARE or not all(isinstance(one, Known) for one in sides):
            return FLAG
        one, other = (side.value for side in sides if isinstance(side, Known))
        try:
            return Known(_COMPARE[node.ops[0].op](one, other))
        except TypeError:
            return FLAG

    def _not(self, node: nodes.Not, scope: Scope) -> Symbol:
        known = truth(self.used(node.node, scope))
        return FLAG if known is None else Known(not known)

    def _both(self, node: nodes.And | nodes.Or, scope: Scope) -> Symbol:
        """`and`, `or`: the right side is asked only when the left one leaves it open."""
        goes_on = isinstance(node, nodes.And)
        left = self.used(node.left, scope)
        known = truth(left)
        if known is not None and known != goes_on:
            return left
        right = self.used(node.right, scope.branch(self.assumed(node.left, scope, goes_on)))
        return right if known is not None else FLAG if truth(right) is None else ANY

    def _choice(self, node: nodes.CondExpr, scope: Scope) -> Symbol:
        known = truth(self.used(node.test, scope))
        found: list[Symbol] = []
        for wanted, part in ((True, node.expr1), (False, node.expr2)):
            if known in (None, wanted):
                there = scope.branch(self.assumed(node.test, scope, wanted))
                ask = self.used if known is None else self.value
                found.append(Known("") if part is None else ask(part, there))
        return found[0] if len(found) == 1 or found[0] == found[1] else ANY

    def _joined(self, node: nodes.Concat, scope: Scope) -> Symbol:
        found = [self.used(one, scope) for one in node.nodes]
        whole = "".join(str(one.value) for one in found if isinstance(one, Known))
        return Known(whole) if all(isinstance(one, Known) for one in found) else TEXT

    def _call(self, node: nodes.Call, scope: Scope) -> Symbol:
        callee = self.used(node.node, scope)
        for one in _arguments(node):
            self.used(one, scope)
        if isinstance(callee, Known) or (isinstance(callee, Kind) and callee.name not in ("any", "function")):
            word = path_of(node.node).rpartition(".")[2]
            self.tell(scope.template, node.lineno, Missing(word, f"{word!r} is no function"))
            return ANY
        if isinstance(node.node, nodes.Name) and node.node.name == "range":
            return listed(NUMBER)
        return self._entries(node.node, scope)

    def _entries(self, callee: nodes.Expr, scope: Scope) -> Symbol:
        """The entries of a mapping that is known, by its items(), keys() or values()."""
        if isinstance(callee, nodes.Getattr) and callee.attr in ("items", "keys", "values"):
            holder = self.value(callee.node, scope)
            if isinstance(holder, Known) and isinstance(holder.value, Mapping):
                return Known([*getattr(holder.value, callee.attr)()])
        return ANY

    def _list(self, node: nodes.List | nodes.Tuple, scope: Scope) -> Symbol:
        found = [self.used(one, scope) for one in node.items]
        values = [one.value for one in found if isinstance(one, Known)]
        return Known(values) if len(values) == len(found) else listed(ANY)

    def _mapping(self, node: nodes.Dict, scope: Scope) -> Symbol:
        found = [(self.used(one.key, scope), self.used(one.value, scope)) for one in node.items]
        known = {key.value: value for key, value in found if isinstance(key, Known)}
        if len(known) < len(found):
            return ANY
        values = {key: one.value for key, one in known.items() if isinstance(one, Known)}
        return Known(values) if len(values) == len(known) else record(**{str(key): one for key, one in known.items()})

    def assumed(self, test: nodes.Node, scope: Scope, holds: bool) -> dict[str, Symbol]:
        """What is sure of the names of a condition where it holds, or where it does not."""
        if isinstance(test, nodes.Not):
            return self.assumed(test.node, scope, not holds)
        if isinstance(test, nodes.And | nodes.Or):
            if isinstance(test, nodes.And) != holds:
                return {}
            left = self.assumed(test.left, scope, holds)
            return {**left, **self.assumed(test.right, scope.branch(left), holds)}
        asked = test
        if isinstance(test, nodes.Test) and test.name in ("defined", "undefined", "none"):
            asked, holds = test.node, holds == (test.name == "defined")
        elif isinstance(test, nodes.Compare):
            nothing = [one for one in test.ops if isinstance(one.expr, nodes.Const) and one.expr.value is None]
            asked, holds = (test.expr, holds == (test.ops[0].op == "ne")) if nothing else (test, holds)
        return self._narrowed(asked, scope, holds)

    def _narrowed(self, asked: nodes.Node, scope: Scope, holds: bool) -> dict[str, Symbol]:
        path = path_of(asked)
        found = self.value(asked, scope) if path else ANY
        if isinstance(found, Missing):
            return {path: ANY} if holds else {}
        if isinstance(found, Kind) and found.absent:
            return {path: replace(found, absent=False) if holds else Known(None)}
        return {}


def _arguments(node: nodes.Call | nodes.Filter | nodes.Test) -> Iterator[nodes.Expr]:
    yield from node.args
    yield from (one.value for one in node.kwargs)
    yield from (one for one in (node.dyn_args, node.dyn_kwargs) if one is not None)


_WAYS: Mapping[type[nodes.Node], Callable[..., Symbol]] = {
    nodes.Name: Expressions._name,
    nodes.Const: Expressions._constant,
    nodes.TemplateData: Expressions._constant,
    nodes.Getattr: Expressions._attribute,
    nodes.Getitem: Expressions._item,
    nodes.Filter: Expressions._filter,
    nodes.Test: Expressions._test,
    nodes.Compare: Expressions._compare,
    nodes.Not: Expressions._not,
    nodes.And: Expressions._both,
    nodes.Or: Expressions._both,
    nodes.CondExpr: Expressions._choice,
    nodes.Concat: Expressions._joined,
    nodes.Call: Expressions._call,
    nodes.List: Expressions._list,
    nodes.Tuple: Expressions._list,
    nodes.Dict: Expressions._mapping,
}
"""How each kind of expression is read."""
