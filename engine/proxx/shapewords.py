"""Says in words what a schema does not allow about a value of a TOML file: what stands there, and what may."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from typing import TYPE_CHECKING, Any

from proxx.layers import escape
from proxx.nearest import as_question, nearest, question

if TYPE_CHECKING:
    import jsonschema

UNKNOWN, SHAPE = "rulebook/unknown-key", "rulebook/shape"
_TYPES = {
    "string": 'a text in quotes ("…")',
    "integer": "a whole number without quotes",
    "number": "a number without quotes",
    "boolean": "true or false",
    "array": "a list ([ … ])",
    "object": "a table ({ … })",
}
_LONGEST = 80


def told(error: jsonschema.ValidationError, meant: Set[str]) -> Iterator[tuple[str, str, str]]:
    """What one error says: its kind, the key below its value that is meant ("" for the value), and the sentence.

    `meant` are the keys that unknown ones of the same table stand for: they are misspelt, and not missing as well.
    """
    if is_about_keys(error):
        for key, near in strangers(error):
            yield UNKNOWN, f"/{escape(key)}", f"there is no key {key} here{as_question(near)}"
        return
    lacking = _lacking(error)
    if not lacking:
        yield SHAPE, "", _sentence(error)
    elif not any(meant >= set(keys) for keys in lacking):
        some = ", or ".join(" and ".join(keys) for keys in lacking)
        yield SHAPE, "", f"a key is missing: {some}" if len(lacking) > 1 else f"the key {some} is missing"


def is_about_keys(error: jsonschema.ValidationError) -> bool:
    """Whether it says that a table has keys which its schema does not know."""
    return error.validator == "additionalProperties" and error.validator_value is False


def strangers(error: jsonschema.ValidationError) -> list[tuple[str, str]]:
    """The keys that a schema does not know, each with the known one that it most likely stands for ("": none)."""
    schema = _schema(error)
    known = list(schema.get("properties", ()))
    keys = error.instance if isinstance(error.instance, Mapping) else ()
    strange = (key for key in keys if key not in known and not _fits(key, schema.get("patternProperties", ())))
    return [(key, nearest(key, known)) for key in strange]


def _schema(error: jsonschema.ValidationError) -> Mapping[str, Any]:
    return error.schema if isinstance(error.schema, Mapping) else {}


def _fits(key: str, patterns: Iterable[str]) -> bool:
    return any(re.search(pattern, key) for pattern in patterns)


def _lacking(error: jsonschema.ValidationError) -> list[list[str]]:
    """The keys that are missing, or, where one group of several would do, those of each group; [] for another error."""
    if error.validator == "required":
        return [[error.message.split("'")[1]]]
    choices: Any = error.validator_value if error.validator in ("oneOf", "anyOf") else ()
    if not choices or not isinstance(error.instance, Mapping) or any(set(one) != {"required"} for one in choices):
        return []
    groups = [[key for key in one["required"] if key not in error.instance] for one in choices]
    return groups if all(groups) else []


def _sentence(error: jsonschema.ValidationError) -> str:
    value = written(error.instance)
    wanted: Any = error.validator_value
    means = _schema(error).get("description", "")
    if error.validator == "type":
        types = [wanted] if isinstance(wanted, str) else list(wanted)
        return f"{value} cannot stand here; it must be {' or '.join(_TYPES.get(one, one) for one in types)}"
    if error.validator == "enum":
        words = [one if isinstance(one, str) else written(one) for one in wanted]
        return f"{value} is none of {', '.join(words)}{question(str(error.instance), words)}"
    if error.validator == "const":
        return f"{value} cannot stand here; it must be {written(wanted)}"
    if error.validator in ("oneOf", "anyOf"):
        if isinstance(error.instance, Mapping) and (both := _too_many(error.instance, wanted)):
            return f"only one of {', '.join(both)} may stand here"
        return f"{value} is none of what may stand here: {means or written(wanted)}"
    if error.validator == "pattern" and means:
        return f"{value} does not have the form that it must have: {means}"
    if error.validator is None:  # a schema that is false: the key may not be here at all
        return "this key does not belong here"
    return error.message


def _too_many(instance: Mapping[str, Any], choices: Sequence[Mapping[str, Any]]) -> list[str]:
    """Of groups of keys that exclude each other the keys that are there, where there are several."""
    if any(set(one) != {"required"} for one in choices):
        return []
    there = [" and ".join(one["required"]) for one in choices if set(one["required"]) <= set(instance)]
    return there if len(there) > 1 else []


def written(value: Any) -> str:
    """A value as TOML writes it, cut where it is long."""
    if isinstance(value, Mapping):
        text = "{ " + ", ".join(f"{key} = {written(one)}" for key, one in value.items()) + " }" if value else "{}"
    elif isinstance(value, list):
        text = f"[{', '.join(map(written, value))}]"
    else:
        text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"
