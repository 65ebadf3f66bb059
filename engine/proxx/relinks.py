"""The command that compares clips with anybody's proxies: whether each NLE swaps one for the other without a word."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from proxx import guardian
from proxx.conventions import nle_named
from proxx.errors import EXIT_FINDINGS, EXIT_OK, EXIT_USAGE, ProxxError
from proxx.jsonout import json_text
from proxx.looking import counted
from proxx.machine import Machine
from proxx.pairs import Pairs, find_pairs
from proxx.relinking import NO, judge_pair, systems_of
from proxx.relinkview import Judged, relink_document, relink_text
from proxx.rulebook import Rulebook
from proxx.shelf import book_of
from proxx.stopping import Stop, stop_on_signals
from proxx.terminal import has_colour, is_json, now, print_text, width_of


def relink_command(arguments: argparse.Namespace) -> int:
    """Judge pairs; exit 1 when a proxy does not relink, or a file of two folders stays alone."""
    book = book_of(arguments)
    names = nles_of(book, arguments.nles, arguments.system)
    pairs = find_pairs(book, arguments.source, arguments.proxy, [nle_named(book, name) for name in names])
    if not pairs.found and not pairs.proxies and not pairs.sources:
        raise ProxxError("there is no media in these folders", exit_code=EXIT_USAGE)
    stop = Stop()
    if arguments.html:
        from proxx.relinkpage import must_be_ours

        must_be_ours(arguments.html)
    if arguments.deep or arguments.html:
        guardian.prepare()
        stop_on_signals(stop)
    judged = _judged(arguments, book, names, pairs, stop)
    if arguments.html:
        from proxx.relinkpage import write_page

        write_page(arguments.html, book, judged, pairs, names, arguments.system, stop)
    if is_json(arguments):
        print_text(json_text(relink_document(book, judged, pairs, arguments.system)))
    else:
        titles = {name: str(nle_named(book, name)["title"]) for name in names}
        print_text(relink_text(book, judged, pairs, titles, width_of(sys.stdout), has_colour(sys.stdout)))
    wrong = any(one.verdict == NO for one in judged) or pairs.sources or pairs.proxies
    return EXIT_FINDINGS if wrong else EXIT_OK


def nles_of(book: Rulebook, named: Sequence[str] | None, system: str | None) -> list[str]:
    """The NLEs that are asked, each once: those that are named, else all. Raises ProxxError (exit 2)."""
    names = list(dict.fromkeys(named or book.items["nle"]))
    there = [name for name in names if systems_of(book, name, system)]
    lost = [str(nle_named(book, name)["title"]) for name in names if name not in there]
    if lost and (named or not there):
        raise ProxxError(
            f"{lost[0]} does not run on {system}",
            hint="Name another system, or leave --system out.",
            exit_code=EXIT_USAGE,
        )
    return there


def _judged(
    arguments: argparse.Namespace, book: Rulebook, names: Sequence[str], pairs: Pairs, stop: Stop
) -> list[Judged]:
    """Every pair, looked at and judged; with --deep its content is compared too."""
    machine = Machine(book, now=now(), stop=stop)
    machine.media([path for pair in pairs.found for path in pair])
    judged = []
    for source, proxy in pairs.found:
        one, other = counted(book, machine, source, stop), counted(book, machine, proxy, stop)
        relinks = tuple(judge_pair(book, name, one, other, arguments.system) for name in names)
        identity = None
        if arguments.deep:
            from proxx.identity import Given, compare_contents

            identity = compare_contents(book, one, other, Given(places=arguments.places), stop)
        if stop.is_set():
            raise KeyboardInterrupt
        judged.append(Judged(one, other, relinks, identity))
    return judged
