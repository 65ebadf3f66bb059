"""Judges the fields of a JobSpec one by one: facts about each, for findings to be made of; it writes no sentences.

One mistake is one FieldFacts that is not right: what comes after the first fact that settles a value is
"not-checked", and a required field that was only misspelt is not missing as well.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache, partial
from typing import Any

from proxx.forms import CHECKS, Limits, normal_path, of_raster, of_text
from proxx.nearest import nearest
from proxx.strictjson import pointer

PRESENCE = ("present", "absent", "null", "misspelt")
"""null: given as null, which only a nullable field may be (it is then absent). misspelt: an unknown field is near."""
TYPES = ("right", "wrong", "not-checked")
ALLOWED = ("yes", "no", "not-checked")
PARTS = ("whole", "item")
"""item: the facts are about one item of a list, at its own pointer."""
TEXTS = ("field", "value", "allowed", "nearest", "expected", "first")
"""Words for messages, always all there: the field (sources[1] for an item), the value as JSON writes it, the allowed
values, the nearest known one, what is expected, and the pointer of the source that a duplicate repeats."""

_NO_TEXTS = dict.fromkeys(TEXTS, "")
_SHOWN = 80
_AS_JSON = json.JSONEncoder(ensure_ascii=False).encode
_MAX_GUESSES = 100
_TIMES = "xX*\u00d7"  # what people write between width and height
_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "list": (list, tuple),
    "number": (int, float, Decimal),
    "object": (Mapping,),
}


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the specification, as matrices/jobspec.toml declares it, with its sets of values resolved."""

    name: str
    type: str
    title: str
    doc: str
    expects: str
    each: str = ""
    form: str = "text"
    required: bool = False
    nullable: bool = False
    values: tuple[str, ...] = ()
    limits: Limits = field(default_factory=dict)
    pattern: str = ""
    default: Any = None
    example: Any = None
    also_called: tuple[str, ...] = ()
    meant: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FieldFacts:
    """What is the case with one field, or with one item of a list.

    Closed lists say what each may be: PRESENCE, TYPES, forms.FORMS, ALLOWED and PARTS; texts has the keys of TEXTS.
    """

    name: str
    pointer: str
    known: bool = True
    required: bool = False
    part: str = "whole"
    presence: str = "present"
    type: str = "not-checked"
    form: str = "not-checked"
    allowed: str = "not-checked"
    texts: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_right(self) -> bool:
        """Whether there is nothing to tell: a known field that is right, may be absent, or was told as misspelt."""
        if not self.known or self.presence != "present":
            return self.known and (self.presence == "misspelt" or (self.presence == "absent" and not self.required))
        return self.type != "wrong" and self.form in ("right", "not-checked") and self.allowed != "no"


def fields_from(table: Mapping[str, Mapping[str, Any]], sets: Mapping[str, Sequence[str]]) -> tuple[Field, ...]:
    """The fields of the rulebook in serialising order; "@codec" as values stands for the set of that name."""
    made = []
    for name, data in table.items():
        values = data.get("values", ())
        chosen = sets[values.removeprefix("@")] if isinstance(values, str) else values
        said = {**data, "name": name, "values": tuple(chosen), "also_called": tuple(data.get("also_called", ()))}
        made.append(Field(**said))
    return tuple(made)


def judge(document: Mapping[str, Any], fields: Sequence[Field], told: Collection[str] = ()) -> tuple[FieldFacts, ...]:
    """Facts for every known field in order, faulty items after their list, then the unknown fields as they stand.

    `told` are pointers whose fault the reading has told already (Reading.told): they are left out.
    """
    names = {one.name for one in fields}
    strangers = [key for key in document if key not in names]
    guesses = dict(zip(strangers, _nearest_fields(strangers, document, fields), strict=True)) if strangers else {}
    facts: list[FieldFacts] = []
    for one in fields:
        facts += _known(one, document, frozenset(guesses.values()))
    for key in strangers:
        name = key if isinstance(key, str) else str(key)
        texts = _texts(field=shown(name)[1:-1] or '""', value=shown(document[key]), nearest=guesses[key])
        facts.append(FieldFacts(name, pointer((name,)), known=False, texts=texts))
    return tuple(fact for fact in facts if fact.pointer not in told)


def rate_facts(facts: Sequence[FieldFacts], document: Mapping[str, Any]) -> dict[str, str]:
    """fps_mode (its value or its default) and fps_explicit (absent or present); one that is in doubt is left out."""
    by_name = {fact.name: fact for fact in facts if fact.part == "whole"}
    known: dict[str, str] = {}
    mode, rate = by_name.get("fps_mode"), by_name.get("fps_explicit")
    if mode is not None and (mode.presence == "absent" or (mode.presence == "present" and mode.is_right)):
        known["fps_mode"] = document["fps_mode"] if mode.presence == "present" else "same-as-source"
    if rate is None or rate.presence == "present":
        known["fps_explicit"] = "present"
    elif rate.presence == "absent":
        known["fps_explicit"] = "absent"
    return known


def _known(one: Field, document: Mapping[str, Any], misspelt: Collection[str]) -> Iterator[FieldFacts]:
    values = (*one.values, "WIDTHxHEIGHT") if one.form == "raster" else one.values
    texts = {**_NO_TEXTS, "field": one.name, "allowed": ", ".join(values), "expected": one.expects}
    plain = partial(FieldFacts, one.name, _pointer(one.name), required=one.required, texts=texts)
    value = document.get(one.name)
    if value is None:
        given = one.name in document and not one.nullable
        texts["value"] = "null" if given else ""
        yield plain(presence="null" if given else "misspelt" if one.name in misspelt else "absent")
        return
    texts["value"] = shown(value)
    if one.form == "version":
        yield plain(form="right" if isinstance(value, str) and value in one.values else "other")
    elif not _has_type(one, value):
        yield plain(type="wrong")
    else:
        form, allowed = _form(one, value)
        if allowed == "no" or form in ("padded", "line-break"):
            texts["nearest"] = nearest_value(value, one)
        yield plain(type="right", form=form, allowed=allowed)
        if one.type == "list":
            yield from _items(one, value, texts)


@lru_cache(maxsize=64)
def _pointer(name: str) -> str:
    return pointer((name,))


def _has_type(one: Field, value: Any) -> bool:
    return isinstance(value, _TYPES[one.type]) and not isinstance(value, bool)


def _form(one: Field, value: Any) -> tuple[str, str]:
    """Form and allowance of a value of the right type; what the form settles is not asked of the list of values."""
    if one.type == "list":
        return ("right" if value else "empty"), "not-checked"
    if one.type == "object":
        return ("not-empty" if value else "right"), "not-checked"
    if not one.values:
        return CHECKS[one.form](value, one.limits), "not-checked"
    form = of_text(value)
    if form != "right":
        return form, "not-checked"
    if value in one.values:
        return "right", "yes"
    if one.form == "raster":
        form = of_raster(value, one.limits)
        return ("not-checked", "no") if form == "wrong" else (form, "yes" if form == "right" else "not-checked")
    return "right", "no"


def _items(one: Field, values: Sequence[Any], texts: Mapping[str, str]) -> Iterator[FieldFacts]:
    """Facts of the items that are not right; a job may list thousands that are."""
    seen: dict[str, int] = {}
    wanted = one.each or one.expects
    for index, value in enumerate(values):
        kind, form, first = "right", "not-checked", ""
        if not isinstance(value, str):
            kind = "wrong"
        else:
            form = CHECKS[one.form](value, one.limits)
        if form == "right":
            earlier = seen.setdefault(normal_path(value), index)
            form, first = ("right", "") if earlier == index else ("duplicate", f"/{one.name}/{earlier}")
        if kind == "wrong" or form != "right":
            said = {**texts, "field": f"{one.name}[{index}]", "value": shown(value), "first": first, "expected": wanted}
            yield FieldFacts(one.name, pointer((one.name, index)), part="item", type=kind, form=form, texts=said)


def _nearest_fields(strangers: Sequence[Any], document: Mapping[str, Any], fields: Sequence[Field]) -> Iterator[str]:
    """For each unknown field the known one it may stand for; a field that is lacking is the likelier one."""
    meant = {word: one.name for one in fields for word in one.also_called}
    lacking = [one.name for one in fields if document.get(one.name) is None]
    for index, key in enumerate(strangers):
        guess = ""
        if isinstance(key, str) and index < _MAX_GUESSES:
            likely = {word: name for word, name in meant.items() if name in lacking}
            guess = nearest(key, lacking, likely) or nearest(key, [one.name for one in fields], meant)
        yield guess


def nearest_value(value: Any, one: Field, near: Callable[..., str] = nearest) -> str:
    """The allowed value that was meant; `near` picks one of the list."""
    if not isinstance(value, str) or len(value) > _SHOWN:
        return ""
    raster = "".join("x" if letter in _TIMES else letter for letter in value if not letter.isspace())
    if one.form == "raster" and of_raster(raster, one.limits) == "right":
        return raster
    return near(value, one.values, one.meant)


def shown(value: Any) -> str:
    """A value for a message: as JSON writes it, cut short, and never more than one line."""
    if isinstance(value, str):
        text = value if len(value) <= _SHOWN else value[:_SHOWN] + "…"
        written = _AS_JSON(text)
        return written if written.isprintable() else "".join(map(_printable, written))
    if isinstance(value, Mapping):
        return "an object" if value else "an empty object"
    if isinstance(value, list | tuple):
        return f"a list of {len(value)}" if value else "an empty list"
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    digits = value.as_tuple().digits if isinstance(value, Decimal) else ()
    if len(digits) > 4 * _SHOWN or (isinstance(value, int) and value.bit_length() > 4 * _SHOWN):
        return "a number of many digits"
    text = str(value)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"


def _printable(letter: str) -> str:
    return letter if letter.isprintable() else letter.encode("unicode-escape", "surrogatepass").decode()


def _texts(**given: str) -> dict[str, str]:
    return {**_NO_TEXTS, **given}
