"""One fault, one report: what follows from a finding that is told anyway is told in it, not beside it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from proxx.errors import Finding

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
