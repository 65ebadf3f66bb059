"""What the driver of Resolve works with: the trouble it may meet, what Resolve tells of a clip, and bound values.

This text is read by every Python from 3.6 on, without proxx around it.
"""

import re
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Dict, Mapping, Optional

if TYPE_CHECKING:
    from proxx.engines.resolve_types import MediaPoolItem

Facts = Dict[str, Any]
"""What Resolve says of a clip, by the names that settings may bind: FPS, Width, Height, StartTC, Frames and so on."""

LATE = "@clip."
DATA = ("TargetDir", "CustomName")
"""Settings that hold names of files: whatever they read, they are not late."""

TIMECODE = re.compile(r"\d\d:\d\d:\d\d[:;]\d\d\Z")
SIZE = re.compile(r"([1-9]\d*)x([1-9]\d*)\Z")


class Trouble(Exception):
    """Resolve did not do what was asked. `kind` names the finding, `call` and `argument` the place, `cause` why."""

    def __init__(self, kind: str, call: str, argument: str, cause: str) -> None:
        super().__init__("%s(%s): %s" % (call, argument, cause))
        self.kind, self.call, self.argument, self.cause = kind, call, argument, cause

    def document(self) -> Dict[str, str]:
        """The trouble as JSON says it."""
        return {"kind": self.kind, "call": self.call, "argument": self.argument, "cause": self.cause}


def read_clip(item: "MediaPoolItem") -> Facts:
    """What Resolve says of an imported clip. Raises Trouble for what is needed and cannot be understood."""
    size = SIZE.match(_said(item, "Resolution"))
    if size is None:
        raise _unknown("Resolution", _said(item, "Resolution"))
    start = _said(item, "Start TC")
    if TIMECODE.match(start) is None:
        raise _unknown("Start TC", start)
    channels = _said(item, "Audio Ch")
    return {
        "FPS": rate_words(_said(item, "FPS")),
        "Width": int(size.group(1)),
        "Height": int(size.group(2)),
        "StartTC": start,
        "DropFrame": "1" if ";" in start else "0",
        "Frames": _count(_said(item, "Frames")),
        "ReelName": _said(item, "Reel Name"),
        "AudioChannels": int(channels) if channels.isdigit() else 0,
        "Codec": _said(item, "Video Codec"),
    }


def _said(item: "MediaPoolItem", name: str) -> str:
    """A property as text, "" where the clip has none. Some builds answer numbers."""
    value: object = item.GetClipProperty(name)
    return "" if value is None else str(value).strip()


def _unknown(name: str, said: str) -> Trouble:
    cause = "Resolve says %r, which says nothing" % said if said else "Resolve does not say"
    return Trouble("clip-unknown", "MediaPoolItem.GetClipProperty", name, cause)


def _count(said: str) -> int:
    if not said.isdigit() or int(said) < 1:
        raise _unknown("Frames", said)
    return int(said)


def rate_words(said: str) -> str:
    """A rate as Resolve's settings take it: 24, 23.976; no zeros at the end. Raises Trouble."""
    try:
        rate = float(said)
    except ValueError:
        raise _unknown("FPS", said) from None
    if not 0 < rate < 10000:
        raise _unknown("FPS", said)
    return ("%.3f" % exact(said)).rstrip("0").rstrip(".")


def bind(value: Any, facts: Mapping[str, Any]) -> Any:
    """A planned value with what was to be known later: rates as floats, rasters and lengths as integers."""
    if isinstance(value, dict):
        return {key: one if key in DATA else bind(one, facts) for key, one in value.items()}
    if not isinstance(value, str) or not value.startswith(LATE):
        return value
    name, _, divisor = value[len(LATE) :].partition("/")
    if name not in facts or (divisor and (name not in ("Width", "Height") or divisor not in ("2", "4"))):
        raise Trouble("late-value", "", value, "no such value of a clip is known")
    if divisor:
        return facts[name] // (2 * int(divisor)) * 2
    return float(facts[name]) if name == "FPS" else facts[name]


def bind_words(settings: Mapping[str, Any], facts: Mapping[str, Any]) -> Dict[str, str]:
    """Settings of a project or timeline: Resolve takes and gives texts only."""
    bound = {}
    for key, value in settings.items():
        said = bind(value, facts)
        bound[key] = facts["FPS"] if value == LATE + "FPS" else str(said)
    return bound


def is_same(one: Optional[str], other: str) -> bool:
    """Whether a setting reads back as it was set: the same text, or the same number (24 and 24.0)."""
    try:
        return one == other or float(str(one)) == float(other)
    except ValueError:
        return False


def exact(rate: str) -> Fraction:
    """The rate that Resolve means by a rounded one: 23.976 is 24000/1001, 25 is 25."""
    value = Fraction(rate)
    near = Fraction(round(value * 1001 / 1000) * 1000, 1001)
    return value if value.denominator == 1 or abs(near - value) > Fraction(1, 200) else near
