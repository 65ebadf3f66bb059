"""The pages of the Resolve side: the contract with its scripting interface."""

from __future__ import annotations

import json

from proxx.contract import CONTRACT, Contract, Method
from proxx.markdown import code, grid, line, listed, page
from proxx.rulebook import Rulebook
from proxx.tablepages import Pages

UNPROVED = "proxx is tested against this contract by a double; it has not been run on DaVinci Resolve by us yet."


def resolve_pages(rulebook: Rulebook) -> Pages:
    """What proxx relies on of DaVinci Resolve."""
    return {"resolve/api.md": _api(rulebook.contract)}


def _api(contract: Contract) -> str:
    parts = []
    for owner, methods in contract.classes.items():
        parts += [f"## {owner}", line(contract.docs[owner]), grid(HEADS, [_row(one) for one in methods.values()])]
    return page(
        "The contract with DaVinci Resolve",
        "These methods of DaVinci Resolve's scripting interface are called, and no others. None of them raises an "
        "error when it fails: the answers that mean failure are listed.",
        UNPROVED,
        listed(
            [
                f"Oldest version that the contract speaks of: {code(contract.floor)} (Studio)",
                "Since: the first version in whose documentation the method was seen",
                *(f"{code(letter)}: {line(words)}" for letter, words in contract.sources.items()),
            ]
        ),
        *parts,
        f"The contract is {code(CONTRACT)}. It belongs to the program; no layer changes it.",
    )


HEADS = ("method", "answers", "fails with", "since", "sure", "what it does")


def _row(method: Method) -> list[str]:
    given = ", ".join(f"{one.name}: {one.type}{'?' * one.optional}" for one in method.parameters)
    answers = " | ".join(method.returns) + "?" * method.nullable
    fails = ", ".join(code(json.dumps(bad)) for bad in method.failure)
    return [
        code(f"{method.name}({given})"),
        code(answers),
        fails or "never",
        method.since,
        code(method.sure),
        line(method.doc),
    ]
