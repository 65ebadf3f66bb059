"""Measures what proving a rulebook costs, in CPU seconds of this machine.

Three figures: the linter over the shipped rulebook, reading every template for every profile, and the linter over one
table of 6 columns with 15 values each (11 million inputs), which only box algebra can prove in that time.
"""

from __future__ import annotations

import copy
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

from proxx.prove import lint
from proxx.rulebook import Rulebook, builtin, freeze, read_folder
from proxx.templates import template_faults

ROUNDS = 7
WORDS = [f"v{index}" for index in range(14)]


def with_big_table(book: Rulebook) -> Rulebook:
    """The rulebook with one table more, of 6 columns and 14 values (and anything else), with 28 rows."""
    frozen: dict[str, Any] = copy.deepcopy(dict(book.frozen))
    for column in range(6):
        frozen["items"]["fact"][f"big.{column}"] = {"stage": "spec", "doc": "x", "values": WORDS, "other": True}
    rows: list[dict[str, Any]] = [
        {"id": f"r{index}", **{f"c{c}": WORDS[(index * (c + 1)) % 14] for c in range(6)}} for index in range(14)
    ]
    rows += [{"id": f"s{index}", "c0": WORDS[index], "c1": {"not": WORDS[index * 2 % 14]}} for index in range(14)]
    columns = {f"c{column}": f"big.{column}" for column in range(6)}
    table = {"stage": "spec", "in": columns, "hit": "unique", "rows": rows, "otherwise": {}}
    frozen["items"]["table"]["big"] = table
    return Rulebook(frozen)


def seconds(work: Callable[[], object]) -> float:
    """The median CPU time of the work."""
    times = []
    for _ in range(ROUNDS):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return statistics.median(times)


def main() -> None:
    """Measure and print; exit 1 when a promise is broken."""
    shipped = freeze([read_folder(builtin())])
    # A rulebook keeps its compiled tables, so that each round proves a fresh one.
    figures = (
        ("lint of the shipped rulebook", 0.5, seconds(lambda: lint(Rulebook(shipped.frozen)))),
        ("templates of all profiles", None, seconds(lambda: template_faults(shipped, {}))),
        ("lint with a table of 6 columns x 14 values", 5.0, seconds(lambda: lint(with_big_table(shipped)))),
    )
    for name, promise, took in figures:
        print(f"{name:<46} {took:6.3f} s CPU" + (f"  (promised: under {promise} s)" if promise else ""))
    if any(promise is not None and took > promise for _, promise, took in figures):
        sys.exit(1)


if __name__ == "__main__":
    main()
