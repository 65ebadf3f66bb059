"""The pages of what a spec may say, how proxies are named, which words there are, and how the command line is used."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping
from typing import Any

from proxx import errors
from proxx.markdown import code, codes, fence, grid, line, listed, page, plain
from proxx.options import parser
from proxx.rulebook import Rulebook
from proxx.tablepages import Pages, place

EXITS = {
    errors.EXIT_OK: "All is well.",
    errors.EXIT_FINDINGS: "There are findings: what was judged is refused, or what was compared differs.",
    errors.EXIT_USAGE: "The command line is wrong, or an input cannot be read.",
    errors.EXIT_TROUBLE: "There is trouble with an engine or with the machine.",
    errors.EXIT_CLIP_FAILED: "Some clip could not be made, or did not keep its promise.",
    errors.EXIT_INTERRUPTED: "The command was interrupted.",
}
"""What every exit code means."""


def spec_pages(rulebook: Rulebook) -> Pages:
    """The contract of a spec: every field, and the words that are understood instead of guessed."""
    fields = rulebook.items["field"]
    table = [
        [f"[{code(name)}](#{name})", data["type"], "yes" if data.get("required") else "no", line(data["expects"])]
        for name, data in fields.items()
    ]
    whole = {name: data["example"] for name, data in fields.items() if "example" in data and data.get("required")}
    rates = [[code(word), code(rate)] for word, rate in rulebook.items["rate"].items()]
    return {
        "jobspec.md": page(
            "JobSpec",
            "A spec is one JSON object with these fields and no others. Every fault is told in one pass.",
            grid(["field", "type", "required", "expects"], table),
            "The required fields, each with an example:",
            fence(json.dumps(whole, indent=2, ensure_ascii=False), "json"),
            *[part for name, data in fields.items() for part in _field(rulebook, name, data)],
            "## Rates that name a fraction",
            "Every other number is exact as written.",
            grid(["written", "means"], rates),
            f"Fields are written in {place(rulebook, f'field/{next(iter(fields))}')}.",
        )
    }


def _field(rulebook: Rulebook, name: str, data: Mapping[str, Any]) -> Iterator[str]:
    yield f"## {name}"
    yield plain(data["doc"])
    facts = [f"Type: {data['type']}" + (" or null" if data.get("nullable") else "") + f"; {line(data['expects'])}."]
    values = data.get("values")
    if values:
        facts.append(f"Values: {codes(rulebook.sets[values[1:]] if isinstance(values, str) else values)}.")
    if "limits" in data:
        facts.append(f"From {data['limits']['least']} to {data['limits']['most']}.")
    if "default" in data:
        facts.append(f"Default: {code(json.dumps(data['default']))}.")
    if "example" in data:
        facts.append(f"Example: {code(json.dumps(data['example'], ensure_ascii=False))}.")
    if data.get("also_called"):
        facts.append(f"Misspelt as {codes(data['also_called'])}, it is told by its right name.")
    for wrong, right in data.get("meant", {}).items():
        facts.append(f"{code(wrong)}: did you mean {code(right)}?")
    yield listed(facts)


def token_pages(rulebook: Rulebook) -> Pages:
    """The tokens of naming templates."""
    rows = [
        [
            code("{" + name + "}"),
            line(data["doc"]),
            code(data["example"]),
            "yes" if data["varies"] else "no",
        ]
        for name, data in rulebook.items["token"].items()
    ]
    return {
        "tokens.md": page(
            "Naming tokens",
            "A naming template is a text with these tokens. Each is filled in once; a brace in a file name stays text.",
            grid(["token", "stands for", "example", "differs by clip"], rows),
            "A template for several sources needs a token that differs by clip.",
            listed(
                f"[{code(name)}](tables/{name}.md): {line(data['doc'])}"
                for name, data in rulebook.items["table"].items()
                if data["stage"] in ("naming", "name")
            ),
        )
    }


def word_pages(rulebook: Rulebook) -> Pages:
    """The words for codecs and containers, by which marks sources are known, and every set."""
    marks = [
        [code(name), line(data["doc"]), code(data["container"]), code(data["codec"])]
        for kind in ("signature", "label")
        for name, data in rulebook.items[kind].items()
    ]
    return {
        "vocabulary.md": page(
            "Vocabulary",
            "The words that proxx uses, and those that it understands.",
            "## Output codecs",
            grid(
                ["codec", "is", "used for", "sets"], [_word(n, d, "sets") for n, d in rulebook.items["codec"].items()]
            ),
            "## Containers",
            grid(
                ["container", "is", "used for", "in a spec", "extensions and aliases"],
                [
                    [*_word(n, d), "yes" if d.get("output") else "no", codes(_also(d, "extensions", "aliases"))]
                    for n, d in rulebook.items["container"].items()
                ],
            ),
            "## Source codecs",
            grid(
                ["codec", "is", "used for", "sets", "also called"],
                [
                    [*_word(n, d, "sets"), codes(_also(d, "aliases", "tags", "ffprobe"))]
                    for n, d in rulebook.items["source-codec"].items()
                ],
            ),
            "## Marks in a file",
            "These decide what a file is before anything else, whatever it is called.",
            grid(["mark", "is", "container", "codec"], marks),
            "## Sets",
            grid(["set", "members"], [[code(f"@{name}"), codes(found)] for name, found in rulebook.sets.items()]),
        )
    }


def _also(data: Mapping[str, Any], *keys: str) -> list[str]:
    return list(dict.fromkeys(word for key in keys for word in data.get(key, ())))


def _word(name: str, data: Mapping[str, Any], sets: str = "") -> list[str]:
    cells = [code(name), line(data["title"]), line(data["doc"])]
    return [*cells, codes(f"@{one}" for one in data.get(sets, ()))] if sets else cells


def command_pages(rulebook: Rulebook) -> Pages:
    """Every command with its arguments, and what exit codes mean."""
    top = parser()
    commands = list(_commands(top, "proxx"))
    rows = [[f"[{code(name)}](#{_anchor(name)})", line(one.description or "")] for name, one in commands[1:]]
    parts = [plain(top.description or ""), grid(["command", "does"], rows)]
    for name, one in commands:
        parts += [f"## {name}", plain(one.description or "") if name != "proxx" else "", *_arguments(name, one)]
    return {
        "commands.md": page("Commands", *parts),
        "exit-codes.md": page(
            "Exit codes",
            "Findings go to standard output, progress and trouble to standard error.",
            grid(["code", "means"], [[code(number), text] for number, text in EXITS.items()]),
        ),
    }


def _anchor(name: str) -> str:
    return name.replace(" ", "-")


def _commands(one: argparse.ArgumentParser, name: str) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """A command and those below it, with their whole names."""
    yield name, one
    for action in one._actions:
        if isinstance(action, argparse._SubParsersAction):
            for word, below in action.choices.items():
                yield from _commands(below, f"{name} {word}")


def _arguments(name: str, one: argparse.ArgumentParser) -> list[str]:
    """The usage of a command on one line, and its arguments."""
    actions = [a for a in one._actions if not isinstance(a, argparse._HelpAction | argparse._SubParsersAction)]
    words = [name, *map(_usage, sorted(actions, key=lambda action: not action.option_strings))]
    if any(isinstance(action, argparse._SubParsersAction) for action in one._actions):
        words.append("COMMAND")
    rows = [[code(_spelling(action)), f"{line(action.help or '')}.{_choices(action)}"] for action in actions]
    return [fence(" ".join(words)), grid(["argument", "does"], rows) if rows else ""]


def _value(action: argparse.Action) -> str:
    """What stands for an argument's value; nothing for a switch."""
    if action.nargs == 0:
        return ""
    return str(action.metavar or action.dest.upper())


def _spelling(action: argparse.Action) -> str:
    value = _value(action)
    return f"{', '.join(action.option_strings)} {value}".strip()


def _usage(action: argparse.Action) -> str:
    value = _value(action)
    if action.option_strings:
        word = f"{action.option_strings[0]} {value}".strip()
        return word if action.required else f"[{word}]"
    return {"*": f"[{value} …]", "+": f"{value} …", "?": f"[{value}]"}.get(str(action.nargs), value)


def _choices(action: argparse.Action) -> str:
    return f" One of {codes(action.choices)}." if action.choices else ""
