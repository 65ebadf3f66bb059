"""The probe file: what is known of files, as JSON (one object: path → facts) that stands in for looking at them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import fields
from difflib import get_close_matches
from fractions import Fraction
from typing import Any, NoReturn

from proxx.errors import EXIT_USAGE, ProxxError
from proxx.identify import Table, canonical_codec, canonical_container
from proxx.jsonout import json_text
from proxx.model import Audio, Colour, Mark, Media, Video
from proxx.rhythm import is_rhythm

ALWAYS = frozenset({"container", "codec", "demuxer"})
NULL_IS_NONE_THERE = frozenset({"timecode", "reel"})
WORDS = {
    "state": (
        *("ok", "missing", "not-a-file", "empty", "no-permission"),
        *("format-not-allowed", "not-media", "tool-crashed", "timeout"),
    ),
    "confidence": ("high", "low"),
    "cadence": ("constant", "variable", "unknown"),
    "field_order": ("progressive", "tt", "bb", "tb", "bt", "unknown"),
    "alpha": ("none", "some", "beside"),
    "pose": ("mirrored", "askew"),
    "combed": ("no", "tt", "bb"),
    "dynamic_light": ("", "dolby-vision", "dolby-vision-alone", "hdr10plus"),
}
GREATER_THAN_ZERO = frozenset({"rate", "average_rate", "timecode_rate", "par", "tick"})
NOT_NEGATIVE = frozenset(
    {
        *("size", "declared_size", "width", "height", "frames", "packets", "shown", "repeated", "left_out"),
        *("channels", "sample_rate", "index", "stream", "gaps"),
    }
)
QUARTER_TURNS = (0, 90, 180, 270)
Shape = type[Media] | type[Video] | type[Audio] | type[Colour] | type[Mark]


def to_facts(media: Media) -> dict[str, Any]:
    """A file's entry in a probe file: what is known, rates as "24000/1001", null where there is no timecode or reel."""
    return {key: value for key, value in _plain(media).items() if key != "path"}


def from_facts(path: str, entry: Any, vocabulary: Table, *, name: str = "probe file") -> Media:
    """The Media of one entry; what it lacks is unknown. Raises ProxxError (exit 2) for a wrong key or type."""
    values = _record(entry, Media, f"{name}: {path}")
    if "path" in values:
        _refuse(f"{name}: {path}", 'the key "path" does not belong here: the path is the entry\'s own key')
    container = canonical_container(values.get("container", "unknown"), vocabulary)
    known = vocabulary["container"].get(container, {})
    values["container"] = container
    values["codec"] = canonical_codec(values.get("codec", "unknown"), vocabulary)
    values.setdefault("demuxer", known.get("demuxer", ""))
    return Media(path=path, **values)


def read_probes(text: str, name: str, vocabulary: Table) -> dict[str, Media]:
    """A probe file's text as path → Media; `name` is what to call the file in messages."""
    plain = text.removeprefix("\ufeff")
    try:
        document = json.loads(plain, object_pairs_hook=_without_duplicates, parse_constant=_no_number)
    except (ValueError, RecursionError) as trouble:
        _refuse(name, f"not readable as JSON ({trouble})")
    if not isinstance(document, dict):
        _refuse(name, "a probe file is one JSON object: path → facts")
    return {path: from_facts(path, entry, vocabulary, name=name) for path, entry in document.items()}


def write_probes(medias: Iterable[Media]) -> str:
    """The probe file of several files, in their order: indent 2, final newline, the same for the same facts."""
    return json_text({media.path: to_facts(media) for media in medias})


def _plain(value: Any) -> Any:
    if isinstance(value, Fraction):
        return str(value)
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if not isinstance(value, Media | Video | Audio | Colour | Mark):
        return value
    plain: dict[str, Any] = {}
    for spec in fields(value):
        item = getattr(value, spec.name)
        if isinstance(value, Media) and spec.name in NULL_IS_NONE_THERE and item == "":
            plain[spec.name] = None
        elif item != spec.default or (spec.name in ALWAYS and isinstance(value, Media)):
            plain[spec.name] = _plain(item)
    return plain


def _record(entry: Any, shape: Shape, place: str) -> dict[str, Any]:
    """The values of one object, read by the types that the model declares."""
    if not isinstance(entry, Mapping):
        _refuse(place, f"must be an object, not {_named(entry)}")
    kinds = {spec.name: str(spec.type) for spec in fields(shape)}
    values: dict[str, Any] = {}
    for key, value in entry.items():
        if key not in kinds:
            near = get_close_matches(key.lower(), kinds, 1, 0.6)
            _refuse(place, f'unknown key "{key}"' + (f'; did you mean "{near[0]}"?' if near else ""))
        if shape is Media and key in NULL_IS_NONE_THERE and value is None:
            values[key] = ""
        else:
            values[key] = _value(value, kinds[key].removesuffix(" | None"), f"{place}: {key}")
        if key in WORDS and values[key] not in WORDS[key]:
            _refuse(f"{place}: {key}", f"must be one of {', '.join(WORDS[key])}, not {json.dumps(value)}")
        _within(key, values[key], f"{place}: {key}")
        if key == "rhythm" and not is_rhythm(values[key]):
            _refuse(f"{place}: {key}", f'must be ticks and runs of them such as "12x1001 2002", not {_named(value)}')
    return values


def _within(key: str, value: Any, place: str) -> None:
    """Refuse numbers that no file can have: a rate of zero, a raster below nothing, an eighth of a turn."""
    if key in GREATER_THAN_ZERO and value <= 0:
        _refuse(place, f"must be greater than 0, not {value}")
    if key in NOT_NEGATIVE and value < 0:
        _refuse(place, f"must be 0 or more, not {value}")
    if key == "rotation" and value not in QUARTER_TURNS:
        _refuse(place, f"must be one of {', '.join(map(str, QUARTER_TURNS))}, not {value}")


def _value(value: Any, kind: str, place: str) -> Any:
    if kind in RECORDS:
        return RECORDS[kind](**_record(value, RECORDS[kind], place))
    if kind.startswith("tuple["):
        if not isinstance(value, list):
            _refuse(place, f"must be a list, not {_named(value)}")
        inner = kind.removeprefix("tuple[").partition(",")[0]
        return tuple(_value(item, inner, f"{place}[{index}]") for index, item in enumerate(value))
    if kind == "Fraction":
        return _rational(value, place)
    wanted, words = {"int": (int, "a whole number"), "str": (str, "a string"), "bool": (bool, "true or false")}[kind]
    if type(value) is not wanted:
        _refuse(place, f"must be {words}, not {_named(value)}")
    return value


RECORDS: Mapping[str, Shape] = {"Video": Video, "Audio": Audio, "Colour": Colour, "Mark": Mark}


def _rational(value: Any, place: str) -> Fraction:
    """Only whole numbers and quotients: a decimal such as 23.976 is not the rate that it stands for."""
    if type(value) is int:
        return Fraction(value)
    spelling = value if isinstance(value, str) and set(value) <= set("-/0123456789") else ""
    try:
        return Fraction(spelling)
    except (ValueError, ZeroDivisionError):
        _refuse(place, f'must be a whole number or a quotient such as "24000/1001", not {_named(value)}')


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) != len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f'the key "{twice}" stands there twice')
    return document


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is no JSON number")


def _named(value: Any) -> str:
    return "null" if value is None else json.dumps(value, ensure_ascii=False)[:60]


def _refuse(place: str, what: str) -> NoReturn:
    raise ProxxError(f"{place}: {what}", exit_code=EXIT_USAGE)
