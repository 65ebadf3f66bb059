"""The command that looks at this machine: of all that proxx needs, what works, is wrong, is missing or not known."""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from proxx import __version__, guardian
from proxx.condition import GROUPS, NAMED, NEEDED, NO, OK, UNKNOWN, Condition, Judged, group_of, judge
from proxx.errors import EXIT_OK, EXIT_USAGE, ProxxError
from proxx.jsonout import json_text
from proxx.machinehealth import look_at_machine
from proxx.nearest import question
from proxx.profiletrial import try_profiles
from proxx.resolvehealth import look_at_resolve
from proxx.rulebook import Rulebook
from proxx.screen import visible, wrapped
from proxx.shelf import book_of
from proxx.stopping import Stop, stop_on_signals
from proxx.terminal import has_colour, is_json, print_text, width_of
from proxx.toolhealth import look_at_tools
from proxx.tools import whole_path

WIDEST = 120
STATE_WIDTH = 9
NARROW = 24
COLOURS: Mapping[str, str] = {"ok": "32", "wrong": "31", "missing": "31", "unknown": "33"}
ENDS: Mapping[int, str] = {
    0: "what was asked for works here",
    1: "not all that was asked for works here",
    3: "what was asked for cannot work here",
}
TITLES: Mapping[str, str] = {
    "tools": "FFmpeg",
    "profiles": "Profiles",
    "machine": "This machine",
    "resolve": "DaVinci Resolve",
}


def doctor_command(arguments: argparse.Namespace) -> int:
    """Look at the machine and tell; exit 0 when all that is asked for works, else what the tables say: 1 or 3."""
    book = book_of(arguments)
    asked = asked_profiles(book, arguments.profile or ())
    stop = Stop()
    guardian.prepare()
    stop_on_signals(stop)
    folder = whole_path(arguments.folder) if arguments.folder else os.getcwd()
    found = judge(book, examined(book, asked, folder, named=bool(arguments.folder), stop=stop))
    code = max((one.exit_code for one in found), default=EXIT_OK)
    if is_json(arguments):
        print_text(json_text(doctor_document(book, found, code)))
    else:
        width = width_of(sys.stdout)
        print_text(doctor_text(found, code, width, colour=has_colour(sys.stdout), profiles=arguments.profiles))
    return code


def asked_profiles(book: Rulebook, names: Sequence[str]) -> dict[str, str]:
    """Every profile that is looked at, and whether it counts. Raises ProxxError (exit 2) for an unknown name."""
    for name in names:
        if name not in book.profiles:
            raise ProxxError(
                f"there is no profile {name}{question(name, book.profiles)}",
                hint="proxx profiles lists them.",
                exit_code=EXIT_USAGE,
            )
    if names:
        return dict.fromkeys(sorted(set(names)), NAMED)
    return {name: NEEDED if book.profiles[name]["engine"] == "ffmpeg" else NO for name in sorted(book.profiles)}


def examined(book: Rulebook, asked: Mapping[str, str], folder: str, *, named: bool, stop: Stop) -> list[Condition]:
    """How every part of the machine was found, in the order in which it is told."""
    mine = [name for name in asked if book.profiles[name]["engine"] == "ffmpeg"]
    health, found = look_at_tools(book, mine)
    try:
        bench = tempfile.mkdtemp(prefix="proxx-doctor-")
    except OSError as error:
        words = f"there is no folder for temporary files: {error.strerror}"
        found += [Condition("profile", UNKNOWN, words, name, asked=asked[name]) for name in mine]
    else:
        try:
            found += try_profiles(book, health, mine, bench, asked, stop)
        finally:
            shutil.rmtree(bench, ignore_errors=True)
    found += look_at_machine(book, folder, named=named)
    found += look_at_resolve(book, [name for name in asked if name not in mine], asked)
    order = [check for checks in GROUPS.values() for check in checks]
    return sorted(found, key=lambda one: (list(GROUPS).index(group_of(one.check)), _place(one, order)))


def _place(one: Condition, order: Sequence[str]) -> tuple[object, ...]:
    """Checks in their order; of profiles, all about one together."""
    at = order.index(one.check)
    return (one.subject, at) if group_of(one.check) == "profiles" else ("", at)


def doctor_document(book: Rulebook, found: Sequence[Judged], code: int) -> dict[str, Any]:
    """The answer as JSON says it."""
    return {
        "format": 1,
        "proxx": __version__,
        "system": platform.platform(),
        "rulebook": book.identity,
        "exit_code": code,
        "checks": [one.document() for one in found],
        "profiles": [_profile(book, name, found) for name in _profiles(found)],
    }


def _profiles(found: Sequence[Judged]) -> list[str]:
    return [one.condition.subject for one in found if one.condition.check == "profile"]


def _profile(book: Rulebook, name: str, found: Sequence[Judged]) -> dict[str, Any]:
    """Whether a profile can be made on this machine, and why not."""
    of_profile = [one.condition for one in found if group_of(one.condition.check) == "profiles"]
    states = {one.check: one for one in of_profile if one.subject == name}
    one, again = states["profile"], states.get("reproducible")
    return {
        "name": name,
        "engine": book.profiles[name]["engine"],
        "can_be_made": {OK: "yes", UNKNOWN: "unknown"}.get(one.state, "no"),
        "why": one.found,
        "reproducible": "unknown" if again is None else again.state,
    }


def doctor_text(
    found: Sequence[Judged], code: int, width: int | None, *, colour: bool = False, profiles: bool = False
) -> str:
    """One line a check in its group, reasons below it, and a last line that sums up."""
    width = min(width or WIDEST, WIDEST)
    groups = {group: [one for one in found if group_of(one.condition.check) == group] for group in TITLES}
    groups["profiles"] = _shown(groups["profiles"], every=profiles)
    labels = max((len(_label(one)) for of_group in groups.values() for one in of_group), default=0)
    lines: list[str] = []
    for group, title in TITLES.items():
        of_group = groups[group]
        lines += [title] if of_group else []
        for one in of_group:
            lines += _lines(one, labels, width, colour)
    return "\n".join([*lines, *_summary(found, code, width)]) + "\n"


def _shown(of_group: Sequence[Judged], *, every: bool) -> list[Judged]:
    """Of profiles: each with --profiles; else those that are not fine, below one line for all that were asked for.

    Those that nobody asked for, which are Resolve's, have a line together.
    """
    if every:
        return [line for one in of_group if (line := _with_bytes(one, of_group)) is not None]
    asked = [one for one in of_group if one.condition.asked != NO]
    others = [one for one in of_group if one.condition.asked == NO]
    rest = [one for one in asked if one.condition.state != OK]
    if len({one.condition.found for one in rest}) == 1 and not any(one.finding for one in rest):
        return [*_total(asked, "can be made here"), *_total(others, "can be made in Resolve here")]
    return [*_total(asked, "can be made here", told=True), *rest, *_total(others, "can be made in Resolve here")]


def _total(ones: Sequence[Judged], words: str, *, told: bool = False) -> list[Judged]:
    """One line for profiles together; with the reason where that is not `told` below it."""
    profiles = [one.condition for one in ones if one.condition.check == "profile"]
    rest = [one for one in profiles if one.state != OK]
    fine = f"{len(profiles) - len(rest)} of {len(profiles)} {words}"
    said = f"{fine}: {rest[0].found}" if rest and not told else fine
    return [Judged(Condition("profile", rest[0].state if rest else OK, said), None, 0)] if profiles else []


def _with_bytes(one: Judged, of_group: Sequence[Judged]) -> Judged | None:
    """A profile's line, with what is to be said of its bytes; they have their own line only where they are not fine."""
    mine = one.condition
    if mine.check != "profile":
        return None if mine.state == OK else one
    again = [other.condition for other in of_group if other.condition.subject == mine.subject and other is not one]
    words = "; ".join([mine.found, *(other.found for other in again if other.state == OK)])
    return replace(one, condition=replace(mine, found=words))


def _label(one: Judged) -> str:
    """What stands in the second column: the check, or for profiles the profile's name."""
    condition = one.condition
    if group_of(condition.check) != "profiles":
        return condition.check
    if not condition.subject:
        return "profiles"
    return condition.subject if condition.check == "profile" else f"{condition.subject}, bytes"


def _lines(one: Judged, labels: int, width: int, colour: bool) -> list[str]:
    state = f"{one.condition.state:<{STATE_WIDTH - 1}}"
    painted = f"\x1b[{COLOURS[one.condition.state]}m{state}\x1b[0m" if colour else state
    label = f"{_label(one):<{labels}}"
    begin = 2 + STATE_WIDTH + labels + 2
    found = visible(one.condition.found)
    if begin + NARROW > width:  # there is no room beside the name
        below = wrapped(found, width, first=4, hang=4)
        return [f"  {painted} {_label(one)}", f"    {below[0]}", *below[1:], *_told(one, width)]
    first, *rest = wrapped(found, width, first=begin, hang=begin)
    return [f"  {painted} {label}  {first}".rstrip(), *rest, *_told(one, width)]


def _told(one: Judged, width: int) -> list[str]:
    """The finding under its check: what, why and what to do."""
    if one.finding is None:
        return []
    finding, at = one.finding, 2 + STATE_WIDTH if width >= 3 * NARROW else 4
    said = [f"{finding.severity}[{finding.id}]: {finding.message}"]
    said += [f"Reason: {line}" for line in finding.why]
    said += [f"Action: {line}" for line in finding.fix]
    return [" " * at + line if not place else line for text in said
            for place, line in enumerate(wrapped(visible(text), width, first=at, hang=at + 4))]  # fmt: skip


def _summary(found: Sequence[Judged], code: int, width: int) -> list[str]:
    """How many answers there were of each kind, and what the exit code means."""
    states = [one.condition.state for one in found]
    counts = ", ".join(f"{states.count(state)} {state}" for state in COLOURS if state in states)
    return wrapped(f"{ENDS[code]}: {counts}", width, hang=4)
