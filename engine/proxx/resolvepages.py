"""The pages of the Resolve side: the contract with its scripting interface, and what it can be told and reads."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from proxx.contract import CONTRACT, Contract, Method
from proxx.markdown import code, codes, grid, line, listed, page
from proxx.rulebook import Rulebook
from proxx.settings import range_words
from proxx.tablepages import Pages, place

UNPROVED = "proxx is tested against this contract by a double; it has not been run on DaVinci Resolve by us yet."


def resolve_pages(rulebook: Rulebook) -> Pages:
    """What proxx relies on of DaVinci Resolve, what it can be told, and what it is known to read."""
    return {"resolve/api.md": _api(rulebook.contract), "resolve/rendering.md": _rendering(rulebook)}


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


def _rendering(rulebook: Rulebook) -> str:
    items = rulebook.items
    floor = items["resolve"]["floor"]
    return page(
        "What DaVinci Resolve can be told",
        f"Plans are made for DaVinci Resolve {items['resolve']['edition']} {floor} and later.",
        UNPROVED,
        "How sure each line is:",
        listed(f"{code(letter)}: {line(words)}" for letter, words in rulebook.contract.sources.items()),
        "## Formats",
        grid(FORMATS, [_format(name, one) for name, one in items["render-format"].items()]),
        "## Codecs",
        grid(CODECS, [_codec(name, one) for name, one in items["render-codec"].items()]),
        "## Render settings",
        "A profile says those that it owns in `render.settings`; the plan says the others of every clip.",
        grid(SETTINGS, [_setting(name, one) for name, one in items["render-key"].items()]),
        "## What is no render setting",
        grid(["key", "instead"], [[code(name), line(one["instead"])] for name, one in items["mistaken-key"].items()]),
        "## Project settings that plans own",
        grid(PROJECT, [_project(name, one) for name, one in items["project-key"].items()]),
        "## Camera RAW",
        grid(RAW, [_raw(one) for one in items["raw-family"].values()]),
        "## How long calls may take",
        grid(
            ["call", "seconds", "what is waited for"],
            [[code(name), str(one["seconds"]), line(one["doc"])] for name, one in items["deadline"].items()],
        ),
        f"Written in {place(rulebook, 'render-format/' + next(iter(items['render-format'])))}.",
    )


FORMATS = ("id", "on screen", "container", "files", "since", "sure", "verified on")
CODECS = ("id", "on screen", "makes", "formats", "rasters", "since", "sure", "verified on")
SETTINGS = ("key", "owner", "may be", "only", "since", "sure", "what it does")
PROJECT = ("setting", "may be", "sure", "known from", "why")
RAW = ("family", "codecs", "oldest Resolve", "read on", "known by", "verified on", "note")


def _format(name: str, one: Mapping[str, Any]) -> list[str]:
    return [code(name), line(one["title"]), code(one["container"]), one["files"], *_known(one)]


def _codec(name: str, one: Mapping[str, Any]) -> list[str]:
    screen = line(", ".join([one["title"], *one.get("labels", ())]))
    rasters = codes(one.get("rasters", ())) or "any"
    return [code(name), screen, codes(one["codecs"]), codes(one["formats"]), rasters, *_known(one)]


def _project(name: str, one: Mapping[str, Any]) -> list[str]:
    may = codes([*one.get("values", ()), *one.get("late", ())])
    return [code(name), may, code(one["sure"]), line(one["source"]), line(one["doc"])]


def _raw(one: Mapping[str, Any]) -> list[str]:
    read, verified = ", ".join(one["platforms"]) or "unknown", one["verified_on"] or "unknown"
    note = line(one.get("note", ""))
    return [line(one["title"]), codes(one["codecs"]), one["min_resolve"], read, one["evidence"], verified, note]


def _known(entry: Mapping[str, Any]) -> list[str]:
    return [entry["since"], code(entry["sure"]), entry["verified_on"] or "unknown"]


def _setting(name: str, one: Mapping[str, Any]) -> list[str]:
    only = [*one.get("only_formats", ()), *one.get("only_codecs", ())]
    if "needs" in one:
        only.append(f"{one['needs']} = true")
    may = [code(range_words(one)), codes(one.get("late", ()))]
    return [
        code(name),
        one["owner"],
        ", ".join(filter(None, may)),
        codes(only),
        one["since"],
        code(one["sure"]),
        line(one["doc"]),
    ]


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
