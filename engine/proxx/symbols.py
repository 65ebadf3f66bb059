"""What is known of a template's values before any source is there: a profile's own, and the kinds of the rest."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from proxx.rulebook import Rulebook


@dataclass(frozen=True, slots=True)
class Known:
    """A value that stands in the rulebook or in the template itself."""

    value: object


@dataclass(frozen=True, slots=True)
class Kind:
    """A value that is not known yet: any, text, number, flag, list, record or function; `absent`: it may be nothing."""

    name: str
    keys: Mapping[str, Symbol] = field(default_factory=dict)
    item: Symbol | None = None
    absent: bool = False


@dataclass(frozen=True, slots=True)
class Missing:
    """A name that nothing is known by. It is a fault when it is used, not when one asks whether it is defined."""

    word: str
    cause: str


Symbol = Known | Kind | Missing

ANY, TEXT, NUMBER, FLAG, FUNCTION = (Kind(name) for name in ("any", "text", "number", "flag", "function"))
_PARENTS: Mapping[str, type] = {"text": str, "number": int, "flag": bool, "list": list, "record": dict}


def record(**keys: Symbol) -> Kind:
    """A mapping with exactly these keys."""
    return Kind("record", keys)


def listed(item: Symbol) -> Kind:
    """A list of any length."""
    return Kind("list", item=item)


def texts(*names: str) -> dict[str, Symbol]:
    """Texts under these names."""
    return dict.fromkeys(names, TEXT)


def numbers(*names: str) -> dict[str, Symbol]:
    """Numbers under these names."""
    return dict.fromkeys(names, NUMBER)


LOOP = record(
    **numbers("index", "index0", "revindex", "revindex0", "length", "depth", "depth0"),
    **dict.fromkeys(("first", "last"), FLAG),
    **dict.fromkeys(("previtem", "nextitem"), ANY),
    **dict.fromkeys(("cycle", "changed"), FUNCTION),
)
"""The variable `loop` inside of {% for %}."""

_RATIO = record(**numbers("num", "den"))
_PICTURE: Mapping[str, Symbol] = {
    **numbers("width", "height", "gop", "frames", "turn"),
    **texts("range", "primaries", "transfer", "matrix", "convert_to", "path", "muxer", "fields", "look", "transfer_in"),
    "pad": replace(record(**numbers("width", "height", "x", "y")), absent=True),
    "par": _RATIO,
    "rate": _RATIO,
    "conform": FLAG,
    "deinterlace": FLAG,
    "tick": replace(record(**numbers("num", "den")), absent=True),
    **dict.fromkeys(("repeated", "left_out"), Kind("number", absent=True)),
    "rhythm": Kind("text", absent=True),
    "promised_colour": ANY,
    "lut": replace(record(**texts("filter", "file", "matrix_in")), absent=True),
    **dict.fromkeys(("narrow", "rgb", "deepened", "widen"), replace(record(**numbers("top", "unit")), absent=True)),
    **texts("scaled", "parity", "mastering", "light_level"),
    "stretch": FLAG,
}
_STREAM = record(
    **numbers("index", "bit_rate", "sample_rate", "channels", "late", "lead", "pick"),
    **texts("policy", "encoder", "layout", "language", "title"),
    **dict.fromkeys(("fill", "downmix", "unnamed"), FLAG),
)


def words_of(rulebook: Rulebook, engine: str, profile: Mapping[str, object] | None) -> dict[str, Symbol]:
    """What a template of the engine is given; of no profile in particular nothing is known but that there is one."""
    shown: Symbol = ANY if profile is None else Known(profile)
    if engine == "resolve":
        out = record(**texts("folder", "name"))
        rate = record(setting=TEXT, number=ANY)
        requires = record(**texts("edition", "version"), methods=listed(TEXT))
        words: dict[str, Symbol] = {"profile": shown, "source": record(**texts("path")), "resolution": TEXT}
        return {**words, "rate": rate, "requires": requires, "out": out}
    carries = record(**texts(*rulebook.table("container-carries").out))
    return {
        "profile": shown,
        "source": record(**texts("path", "demuxer", "list", "rate", "cadence", "begins"), **numbers("video_index")),
        "out": record(**_PICTURE, carries=carries),
        "carries": carries,
        "audio": listed(_STREAM),
        "timecode": record(**texts("text", "write")),
        "reel": record(**texts("text", "write")),
        "whitelist": record(**texts("formats", "protocols")),
        "tool": record(**texts("version"), does=record(**texts(*rulebook.items.get("ffmpeg-habit", {})))),
    }


def member(holder: Symbol, name: object) -> Symbol:
    """What stands in a value under a name or a number, as a template finds it."""
    if isinstance(holder, Missing):
        return holder
    if isinstance(holder, Known):
        return _known_member(holder.value, name)
    if holder.name in ("any", "function"):
        return ANY
    if holder.absent:
        return Missing(str(name), f"{str(name)!r} is asked of what may be nothing: ask {{% if … %}} first")
    if holder.name == "list" and isinstance(name, int):
        return holder.item or ANY
    if str(name) in holder.keys:
        return holder.keys[str(name)]
    if isinstance(name, int) and holder.name == "text":
        return TEXT
    return FUNCTION if _has_method(_PARENTS[holder.name], name) else unknown(str(name), holder.keys)


def _known_member(value: object, name: object) -> Symbol:
    if isinstance(value, Mapping) and name in value:
        return Known(value[name])
    if isinstance(value, Sequence) and isinstance(name, int):
        inside = -len(value) <= name < len(value)
        return (
            Known(value[name]) if inside else Missing(str(name), f"there is no item {name} in a list of {len(value)}")
        )
    if _has_method(type(value), name):
        return FUNCTION
    return unknown(str(name), [str(key) for key in value] if isinstance(value, Mapping) else [])


def _has_method(parent: type, name: object) -> bool:
    return isinstance(name, str) and not name.startswith("_") and hasattr(parent, name)


def unknown(word: str, known: Iterable[str]) -> Missing:
    """A name that is not known, with the nearest one that is."""
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return Missing(word, f"{word!r} is not known" + (f"; the nearest name is {close[0]!r}" if close else ""))


def truth(symbol: Symbol) -> bool | None:
    """Whether a condition holds; None when that depends on the source."""
    if isinstance(symbol, Known):
        return bool(symbol.value)
    if isinstance(symbol, Kind) and symbol.name in ("record", "function") and not symbol.absent:
        return True
    return None


def either(one: Symbol, other: Symbol) -> Symbol:
    """What holds of a value that is one of two."""
    return one if one == other else ANY


def unprintable(symbol: Symbol) -> str:
    """Why a value has no spelling as an argument; "" when it has one."""
    if isinstance(symbol, Known):
        value = symbol.value
        plain = isinstance(value, str | int | float) and not isinstance(value, bool)
        return "" if plain else f"{value!r} has no spelling as an argument"
    if isinstance(symbol, Kind) and symbol.absent:
        return "it may be nothing, which has no spelling as an argument: ask {% if … %} first"
    if isinstance(symbol, Kind) and symbol.name in ("list", "record", "flag", "function"):
        return f"a {symbol.name} has no spelling as an argument"
    return ""


def items_of(over: Symbol) -> list[Symbol]:
    """What a loop goes over: each item of a list that is known, or one that stands for all."""
    if isinstance(over, Known) and isinstance(over.value, list | tuple | dict):
        return [Known(one) for one in over.value] or [ANY]
    return [over.item or ANY] if isinstance(over, Kind) and over.name == "list" else [ANY]
