"""Which of a file's timecodes and reels count, by the tables timecode-source and reel-source, and what disagrees."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any

from proxx.evaluate import MOST_REMEMBERED, Decision, decide
from proxx.model import Mark, Media
from proxx.moments import UNTOLD, disagreeing, early_frames, fault_of, of_place, rate_word
from proxx.reel import NamedReel, reel_in
from proxx.rulebook import Rulebook
from proxx.tables import Value
from proxx.timecode import DROP_RATES, counting

TIMECODES, REELS = "timecode-source", "reel-source"
METADATA = "metadata"


def settled(rulebook: Rulebook, media: Media, *, by_name: bool = True) -> Media:
    """The same file with the timecode and the reel that count; `by_name`: its path may tell the reel too.

    Of a file whose timecodes were not looked for, what is said of it stays.
    """
    if media.state != "ok":
        return media
    if media.marks is not None:
        taken = timecode_decision(rulebook, media)
        mark = of_place(media.marks, str(taken.outcome["take"]))
        media = replace(
            media,
            timecode=mark.label if mark else "",
            timecode_rate=mark.rate if mark else None,
            timecode_from=mark.place if mark else None,
        )
    return _with_reel(rulebook, media) if by_name and media.reel is not None else media


def timecode_decision(rulebook: Rulebook, media: Media) -> Decision:
    """What the table timecode-source says of a file whose timecodes were looked for."""
    rate = media.video.rate if media.video else None
    states: dict[str, Value] = {
        column.fact.name: _state(of_place(media.marks or (), column.fact.name.partition(".")[2]), rate)
        for column in rulebook.table(TIMECODES).columns
    }
    return _decided(rulebook, TIMECODES, states)


def _state(mark: Mark | None, picture: Fraction | None) -> str:
    if mark is None:
        return "none"
    return "impossible" if fault_of(mark, picture) else "valid"


def _with_reel(rulebook: Rulebook, media: Media) -> Media:
    """The reel that counts, and what told it: metadata, or the pattern of folders or file names."""
    written = written_reel(media)
    named = named_reels(rulebook, media.path)
    answer = reel_decision(rulebook, written, named)
    take = str(answer.outcome["take"])
    if take == METADATA:
        return replace(media, reel=written, reel_from=METADATA, reel_sure=True)
    one = named.get(take)
    if one is None:
        return replace(media, reel="", reel_from=None, reel_sure=True)
    return replace(media, reel=one.reel, reel_from=f"{take}:{one.pattern}", reel_sure=one.sure)


def reel_standing(media: Media) -> str | None:
    """Whether a reel stands in the file (some), is told by its path (named) or is not there (none); None: not known."""
    if media.reel is None:
        return None
    return "none" if not media.reel else "some" if media.reel_from in (None, METADATA) else "named"


def named_reels(rulebook: Rulebook, path: str) -> Mapping[str, NamedReel]:
    """The reels that a path's folders and file name tell, by which of the two."""
    known = rulebook.answers.setdefault("reel-pattern", {})
    if (path,) not in known:
        patterns = rulebook.items.get("reel-pattern", {})
        found = {place: reel_in(path, patterns, place) for place in ("folder", "name")}
        if len(known) >= MOST_REMEMBERED:
            known.clear()
        known[path,] = {place: one for place, one in found.items() if one is not None}
    named: Mapping[str, NamedReel] = known[path,]
    return named


def reel_decision(rulebook: Rulebook, written: str, named: Mapping[str, NamedReel]) -> Decision:
    """What the table reel-source says."""
    states = {place: "sure" if one.sure else "unsure" for place, one in named.items()}
    facts = {
        "reel.metadata": "some" if written else "none",
        "reel.folder": states.get("folder", "none"),
        "reel.name": states.get("name", "none"),
    }
    return _decided(rulebook, REELS, facts)


def _decided(rulebook: Rulebook, name: str, facts: Mapping[str, Value]) -> Decision:
    """What a table says, noted as reached. Raises LookupError when it looks at a fact that is not among these."""
    answer = decide(rulebook.table(name), facts)
    if answer is None:
        raise LookupError(f"table {name} asks for more than {', '.join(facts)}")
    rulebook.noted([(answer.table, answer.row)])
    return answer


def origin_rows(rulebook: Rulebook, media: Media) -> dict[str, str]:
    """The rows that said which timecode and which reel of a settled source count."""
    rows = {}
    if media.state == "ok" and media.marks is not None:
        rows[TIMECODES] = timecode_decision(rulebook, media).row
    if media.state == "ok" and media.reel is not None:
        rows[REELS] = reel_decision(rulebook, written_reel(media), named_reels(rulebook, media.path)).row
    return rows


def written_reel(media: Media) -> str:
    """The reel that stands in the file itself; empty when there is none."""
    return media.reel or "" if media.reel_from in (None, METADATA) else ""


def origin_facts(rulebook: Rulebook, media: Media) -> dict[str, Value]:
    """Facts of where a source's timecode and reel are from, and whether all that it tells agrees."""
    facts: dict[str, Value] = {}
    picture = media.video.rate if media.video else None
    if media.marks is not None:
        facts["source.timecodes"] = "differ" if disagreeing(media) else "agree"
        taken = of_place(media.marks, media.timecode_from or "")
        facts["source.timecode-start"] = "before-picture" if early_frames(media) > 0 else "with-picture"
        facts["source.timecode-kind"] = _kind_word(taken, picture)
    if media.timecode and picture is not None:
        facts["source.timecode-rate"] = rate_word(media.timecode_rate, picture)
    if media.reel is not None and media.reel_from is not None:
        named = named_reels(rulebook, media.path)
        facts["source.reel"] = _reel_word(media, named)
        facts["source.reels"] = "differ" if other_reel(media, named) else "agree"
    return facts


def _kind_word(taken: Mark | None, picture: Fraction | None) -> str:
    """clock, counter, or drop-untold: a clock that may be drop-frame at its rate, and does not tell."""
    flags = taken.flags if taken else ()
    if "counter" in flags:
        return "counter"
    untold = taken is not None and UNTOLD in flags and counting(taken.rate, picture) in DROP_RATES
    return UNTOLD if untold else "clock"


def origin_texts(rulebook: Rulebook, media: Media) -> dict[str, Any]:
    """The words for messages about them."""
    named = named_reels(rulebook, media.path) if media.reel else {}
    told = other_reel(media, named)
    place, _, pattern = (media.reel_from or "").partition(":")
    taken = of_place(media.marks or (), media.timecode_from or "")
    return {
        "timecode": f"{media.timecode or 'none'} ({media.timecode_from or 'nowhere'})",
        "other-timecodes": ", ".join(f"{mark.label} ({mark.place})" for mark in disagreeing(media)),
        "timecode-rate-text": str(media.timecode_rate or ""),
        "picture-rate": str(media.video.rate if media.video and media.video.rate else ""),
        "early-frames": early_frames(media),
        "timecode-detail": taken.detail if taken else "",
        "reel": media.reel or "",
        "reel-place": {"folder": "a folder", "name": "the file name"}.get(place, place),
        "reel-pattern": pattern,
        "other-reel": f"{told.reel} (by {told.pattern})" if told else "",
    }


def _reel_word(media: Media, named: Mapping[str, NamedReel]) -> str:
    """metadata, named or unsure: what the reel rests on."""
    if media.reel_from == METADATA:
        return METADATA
    place = (media.reel_from or "").partition(":")[0]
    return "named" if place in named and named[place].sure else "unsure"


def other_reel(media: Media, named: Mapping[str, NamedReel]) -> NamedReel | None:
    """A reel that the path surely tells and that is another one: neither begins with the other."""
    one = media.reel or ""
    return next(
        (
            two
            for two in named.values()
            if two.sure and one and not (two.reel.startswith(one) or one.startswith(two.reel))
        ),
        None,
    )
