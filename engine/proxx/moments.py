"""Whether timecodes name one moment: those of a file among themselves, and those that were made and promised."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction

from proxx.model import Mark, Media
from proxx.timecode import Timecode, TimecodeError, conform, counting, exact, nominal, parse

UNTOLD = "drop-untold"
"""The flag of a timecode whose place says "not drop-frame" whatever the camera counts."""

DELAYED = "delayed"
"""The flag of a timecode track that does not begin with the file, by its edit list."""


def of_place(marks: Sequence[Mark], place: str) -> Mark | None:
    """The first timecode at a place."""
    return next((mark for mark in marks if mark.place == place and mark.label), None)


def fault_of(mark: Mark, picture: Fraction | None) -> str:
    """Why a timecode cannot exist at the rate that it counts at; empty when it can, or when no rate is known."""
    rate = counting(mark.rate, picture)
    if rate is None:
        return ""
    try:
        parse(mark.label, rate)
    except TimecodeError as error:
        return str(error)
    return ""


def start_label(media: Media) -> str | None:
    """The start of a file, counted in frames of its picture; as it stands where it cannot be counted so."""
    rate = exact(media.video.rate) if media.video else None
    own = counting(media.timecode_rate, rate)
    if not media.timecode or rate is None or own is None or own == rate:
        return media.timecode
    moment = _moment(Mark("start", media.timecode, own), rate)
    return str(conform(moment, rate)) if moment else media.timecode


def early_frames(media: Media) -> int:
    """How many frames the timecode track that counts begins before the picture; less than one is none."""
    taken = of_place(media.marks or (), media.timecode_from or "")
    if taken is None or taken.place != "track" or DELAYED in taken.flags or not media.video:
        return 0
    early = (media.video.start or Fraction(0)) * (media.video.rate or Fraction(0))
    return (early + Fraction(1, 2)).__floor__() if early >= 1 else 0


def rate_word(own: Fraction | None, picture: Fraction) -> str:
    """How the rate that a timecode counts at stands to the picture's: untold, same, rounded, part or other."""
    if own is None:
        return "untold"
    if own == exact(picture):
        return "same"
    if nominal(own) == nominal(picture):
        return "rounded"
    return "part" if nominal(picture) % nominal(own) == 0 else "other"


def disagreeing(media: Media) -> list[Mark]:
    """The timecodes that do not name the moment of the one that counts.

    System items are left out: they are stored with the essence, in the order of decoding.
    """
    taken = of_place(media.marks or (), media.timecode_from or "")
    if taken is None:
        return []
    # A file without a picture has tags without a rate: they count as the one that is compared with.
    picture = media.video.rate if media.video else taken.rate
    wanted = _moment(taken, picture)
    if wanted is None:
        return []
    return [mark for mark in _compared(media) if not _agree(wanted, _moment(_read_as(mark, wanted), picture))]


def read_back(made: Media, promised: str | None, rate: Fraction | None) -> str | None:
    """What a made file tells of a promised start: the promise itself where all its timecodes keep it, else in words.

    A label may be written in another way ("00:00:00:5", or "." for ";"), the moment and the drop-frame flag may not.
    """
    if promised is None:
        return made.timecode
    if not promised:
        return ", ".join(f"{mark.label} ({mark.place})" for mark in _compared(made)) or made.timecode or ""
    wanted = Mark("promise", promised)
    told = list(_compared(made)) or [Mark("file", made.timecode or "")]
    moment = _moment(wanted, rate)
    wrong = [mark for mark in told if mark.label != promised and (not moment or _moment(mark, rate) != moment)]
    return ", ".join(dict.fromkeys(f"{mark.label or 'none'}" for mark in wrong)) or promised


def _compared(media: Media) -> Iterator[Mark]:
    return (mark for mark in media.marks or () if mark.label and mark.place != "system-item")


def _moment(mark: Mark, picture: Fraction | None) -> Timecode | None:
    rate = counting(mark.rate, picture)
    try:
        return parse(mark.label, rate) if rate else None
    except TimecodeError:
        return None


def _read_as(mark: Mark, wanted: Timecode) -> Mark:
    """A timecode that does not tell whether it is drop-frame, as one of the wanted kind."""
    if UNTOLD not in mark.flags or not wanted.drop:
        return mark
    return replace(mark, label=";".join(mark.label.rsplit(":", 1)))


def _agree(one: Timecode, other: Timecode | None) -> bool:
    """Whether two timecodes name one moment; of unequal rates the slower one decides how exactly."""
    if other is None:
        return False
    slow, fast = sorted((one, other), key=lambda moment: moment.rate)
    if slow.rate == fast.rate:
        return (one.frames, one.drop) == (other.frames, other.drop)
    return abs(conform(fast, slow.rate).frames - slow.frames) <= 1
