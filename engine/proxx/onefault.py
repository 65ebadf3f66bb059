"""One fault, one report: what follows from a finding that is told anyway is told in it, not beside it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from proxx.errors import Finding
from proxx.facts import base_name

PAIRING = "codec-container"
"""The table whose refusals say the same as a disagreement with the profile: no profile makes a pair that is refused."""

CODEC, CONTAINER = "profile/codec-disagrees", "profile/container-disagrees"
DISAGREE = (CODEC, CONTAINER, "profile/resolution-disagrees")


def folded(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings with those taken in that have the same fault.

    A wrong codec or container that no pair allows is one fault, though it disagrees with the profile too; a profile
    that makes neither the declared codec nor the declared container is one fault: it is another profile's spec.
    """
    found = list(findings)
    refused = [one for one in found if one.table == PAIRING and one.is_error]
    apart = [one for one in found if one.id in DISAGREE]
    pair = [one for one in apart if one.id in (CODEC, CONTAINER)]
    if refused and len(pair) == 1:
        return _taken_in(found, refused[0], pair)
    if len(pair) > 1:
        return _taken_in(found, apart[0], apart[1:])
    return tuple(found)


def told_once(rules: Mapping[str, Mapping[str, Any]], findings: Iterable[Finding]) -> list[Finding]:
    """The findings, of those that are told once for a job the first and how many more sources are like it."""
    found = list(findings)
    kinds: dict[tuple[str, str], list[Finding]] = {}
    for one in found:
        if rules.get(one.id, {}).get("once"):
            kinds.setdefault((one.id, one.row), []).append(one)
    first = {id(like[0]): _with_others(like[0], like[1:]) for like in kinds.values()}
    later = {id(one) for like in kinds.values() for one in like[1:]}
    return [first.get(id(one), one) for one in found if id(one) not in later]


def _with_others(first: Finding, more: Sequence[Finding]) -> Finding:
    if not more:
        return first
    names = [base_name(one.subject) for one in more]
    count = f"{len(more)} more source{'' if len(more) == 1 else 's'} of the job"
    which = names[0] if len(more) == 1 else f"{names[0]} to {names[-1]}"
    return replace(first, message=f"{first.message}\nand so it is with {count}: {which}")


def _taken_in(found: Sequence[Finding], main: Finding, others: Sequence[Finding]) -> tuple[Finding, ...]:
    """The findings with some of them as further reasons of one, and their places as further labels."""
    labels = dict(main.also)
    for one in others:
        if one.at != main.at:
            labels.setdefault(one.at, "which disagrees too")
        for at, text in one.also:
            labels.setdefault(at, text)
    whole = replace(main, why=(*main.why, *(f"{one.message}." for one in others)), also=tuple(labels.items()))
    return tuple(whole if one is main else one for one in found if one not in others)
