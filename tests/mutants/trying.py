"""Mutants of the driver: each lacks one check, or one step; and processes in which the driver's tests meet them."""

from __future__ import annotations

import ast
import contextlib
import copy
import importlib.abc
import importlib.util
import os
import resource
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parent.parent.parent
ENGINES = ROOT / "engine" / "proxx" / "engines"
TESTS = ("tests/test_resolve_driver.py", "tests/test_resolve_contract.py")
MODULES = ("resolve_values", "resolve_contract", "resolve_render", "resolve_core")
"""The driver: all that stands between a plan and what is asked of Resolve."""

CPU_SECONDS = 20
"""What the tests may take with a mutant; they take about two."""

PURGED = ("proxx.engines.resolve_", "proxx.engines.simulated", "resolve_double", "test_resolve_")


@dataclass(frozen=True, slots=True)
class Mutant:
    """A module of the driver with one thing changed: what and where, and the text that is run instead."""

    name: str
    module: str
    text: str


def mutants() -> list[Mutant]:
    """Every check of the driver removed and inverted, and every step of it left out."""
    return [mutant for module in MODULES for mutant in _of(module)]


def _of(module: str) -> Iterator[Mutant]:
    text = (ENGINES / f"{module}.py").read_text("utf-8")
    tree = ast.parse(text)
    for number, node in enumerate(ast.walk(tree)):
        for word, change in _changes(node):
            changed = copy.deepcopy(tree)
            change(list(ast.walk(changed))[number])
            where = f"{module}.py:{getattr(node, 'lineno', 0)}"
            line = text.splitlines()[getattr(node, "lineno", 1) - 1].strip()
            yield Mutant(f"{where} {word}: {line}", module, ast.unparse(ast.fix_missing_locations(changed)))


def _changes(node: ast.AST) -> Iterator[tuple[str, Callable[[ast.AST], object]]]:
    """What may be changed of a node: of a check its condition, of a step that it is done."""
    if isinstance(node, ast.If) and any(isinstance(one, ast.Raise) for one in node.body):
        yield "removed", lambda same: setattr(same, "test", ast.Constant(False))
        yield "inverted", lambda same: setattr(same, "test", ast.UnaryOp(ast.Not(), same.test))  # type: ignore[attr-defined]
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        yield "left out", lambda same: setattr(same, "value", ast.Constant(None))


class _Given(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Gives one module from a text instead of its file."""

    def __init__(self, mutant: Mutant) -> None:
        self.name, self.mutant = f"proxx.engines.{mutant.module}", mutant

    def find_spec(self, name: str, path: object, target: object = None) -> ModuleSpec | None:
        return importlib.util.spec_from_loader(name, self) if name == self.name else None

    def exec_module(self, module: ModuleType) -> None:
        exec(compile(self.mutant.text, self.mutant.name, "exec"), module.__dict__)  # noqa: S102


def is_killed(mutant: Mutant | None) -> bool:
    """Whether a test of the driver fails with a mutant, in a process of its own; None is the driver as it is."""
    sys.stdout.flush()
    process = os.fork()
    if process == 0:
        code = 2
        with contextlib.suppress(BaseException):
            code = _meet(mutant)
        os._exit(code)
    _, status = os.waitpid(process, 0)
    code = os.waitstatus_to_exitcode(status)
    if code > 1:
        raise AssertionError(f"the tests could not be run with {mutant}: exit code {code}")
    return code != 0  # a mutant that never ends is ended by the system, and so noticed


def _meet(mutant: Mutant | None) -> int:
    """Run the driver's tests in this process: 0 they pass, 1 one fails or cannot even begin."""
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    if mutant is not None:
        sys.meta_path.insert(0, _Given(mutant))
    for name in list(sys.modules):
        if name.startswith(PURGED):
            del sys.modules[name]
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.dup2(null, 2)
    os.chdir(ROOT)
    code = pytest.main(["-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--noconftest", *TESTS])
    return 0 if code == pytest.ExitCode.OK else 1


def survivors(chosen: Sequence[Mutant], tell: Callable[[Mutant, bool], object]) -> list[Mutant]:
    """The mutants that no test notices. Raises AssertionError when the tests fail without any."""
    if is_killed(None):
        raise AssertionError("the driver's tests fail on the driver as it is")
    lived = []
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for mutant, killed in zip(chosen, pool.map(is_killed, chosen), strict=True):
            tell(mutant, killed)
            if not killed:
                lived.append(mutant)
    return lived
