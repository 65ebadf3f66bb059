"""The commands that answer questions: what a table decides, what a finding means, what a profile makes."""

from __future__ import annotations

import argparse
from typing import Any

from proxx.answers import decide, decided_text, explain, explained_text
from proxx.cards import origin_card, origin_text, profile_card, profile_list, profile_text
from proxx.errors import EXIT_FINDINGS, EXIT_OK, EXIT_USAGE, ProxxError
from proxx.jsonout import json_text
from proxx.shelf import book_of
from proxx.terminal import is_json, print_text, print_words


def decide_command(arguments: argparse.Namespace) -> int:
    """Print what a table decides; exit 1 when it raises a finding."""
    answer = decide(book_of(arguments), arguments.table, arguments.words)
    _answer(answer, decided_text(answer), arguments)
    return EXIT_OK if answer["finding"] is None else EXIT_FINDINGS


def explain_command(arguments: argparse.Namespace) -> int:
    """Print everything about a finding."""
    answer = explain(book_of(arguments), arguments.finding)
    _answer(answer, explained_text(answer), arguments)
    return EXIT_OK


def profiles_command(arguments: argparse.Namespace) -> int:
    """Print the list of profiles, or what one of them makes."""
    book = book_of(arguments)
    if arguments.origin and not arguments.name:
        raise ProxxError(
            "--origin needs the name of a profile", hint="Try: proxx profiles NAME --origin", exit_code=EXIT_USAGE
        )
    if arguments.origin:
        _answer(origin_card(book, arguments.name), origin_text(book, arguments.name), arguments)
    elif arguments.name:
        _answer(profile_card(book, arguments.name), profile_text(book, arguments.name), arguments)
    else:
        cards = [profile_card(book, name) for name in sorted(book.profiles)]
        _answer({"format": 1, "profiles": cards}, profile_list(book), arguments)
    return EXIT_OK


def _answer(document: Any, text: str, arguments: argparse.Namespace) -> None:
    if is_json(arguments):
        print_text(json_text(document))
    else:
        print_words(text)
