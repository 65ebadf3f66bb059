"""Reads JSON strictly: a document, and every fault of its text in one pass (RFC 8259, and nothing beyond it)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal
from itertools import islice
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from proxx.jsontext import Flaw

MAX_SIZE = 32 * 1024 * 1024
"""Longest text in bytes (characters, when text is given) that is read."""
MAX_DEPTH = 64
"""Deepest nesting that is read; the documents of proxx need four levels."""
MAX_FAULTS = 100
"""A text that has more faults than this is no document; the rest is not told."""
KINDS = (
    "too-large",  # more than MAX_SIZE                                       document: None
    "bom",  # a byte order mark stands before the text                       document: read without it
    "not-utf8",  # the bytes are no UTF-8                                    document: None
    "empty",  # nothing, or white space only                                 document: None
    "not-json",  # the text breaks JSON's grammar; the walk ends there       document: None
    "comment",  # // # or /* */                                              document: read without it
    "trailing-comma",  # a comma with nothing after it                       document: read without it
    "trailing-text",  # something stands after the document                  document: read without it
    "duplicate-key",  # an object names a field twice                        document: holds the last
    "not-finite",  # NaN, Infinity, -Infinity                                document: holds it as float
    "lone-surrogate",  # half of a surrogate pair in a string                document: holds it
    "too-deep",  # nested deeper than MAX_DEPTH                              document: None
    "not-an-object",  # sound JSON, but a list, string, number, …            document: None
)
"""Every kind of fault. Only those with "document: None" leave nothing to judge further."""
_FATAL = frozenset(("not-json", "too-deep"))
_BLANKED = frozenset(("comment", "trailing-comma", "trailing-text"))
_OF_A_VALUE = frozenset(("not-finite", "lone-surrogate"))
_SHOWN = 40
_LONGEST_INT = 100
_MOST_DIGITS = 1000
_ROUNDED = Context(prec=_MOST_DIGITS, Emax=MAX_EMAX, Emin=MIN_EMIN)


def _texts(*, found: str = "", expected: str = "", name: str = "", first: str = "") -> Mapping[str, str]:
    return {"found": found, "expected": expected, "name": name, "first": first}


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of a text: its kind (see KINDS), the value it belongs to, and where it stands.

    `line` and `column` count from 1; columns and `length` are code points, the length ends with the line.
    `texts` always has `found` (the text at fault), `expected` (what JSON wants there, or ""), `name` (the
    field, or "") and `first` (of a duplicate: the line of the first, or "").
    """

    kind: str
    pointer: str = ""
    line: int = 1
    column: int = 1
    length: int = 1
    texts: Mapping[str, str] = field(default_factory=_texts)


@dataclass(frozen=True, slots=True)
class Reading:
    """What came of reading: the document, as far as there is one, and the faults in the order of the text."""

    document: dict[str, Any] | None
    faults: tuple[Fault, ...] = ()

    @property
    def told(self) -> frozenset[str]:
        """Pointers of values whose fault has been told, so that judging the document need not tell it again."""
        return frozenset(fault.pointer for fault in self.faults if fault.kind in _OF_A_VALUE)


def read(text: bytes | str) -> Reading:
    """Read one JSON object; never raises for what a text may hold. Numbers keep what was written (see number)."""
    if len(text) > MAX_SIZE:
        return Reading(None, (Fault("too-large", texts=_texts(found=f"{len(text)}", expected=f"{MAX_SIZE}")),))
    if isinstance(text, bytes):
        try:
            text = text.decode()
        except UnicodeDecodeError as error:
            return Reading(None, (_not_utf8(error),))
    faults: list[Fault] = []
    if text.startswith("\ufeff"):
        faults.append(Fault("bom", texts=_texts(found="U+FEFF")))
        text = text[1:]
    if not text.strip(" \t\r\n"):
        return Reading(None, (*faults, Fault("empty")))
    value, found = _load(text)
    faults += found
    if not isinstance(value, dict) and not _is_hopeless(found):
        faults.append(Fault("not-an-object", texts=_texts(found=_kind_of(value))))
    return Reading(value if isinstance(value, dict) else None, tuple(faults))


def number(text: str) -> float | Decimal:
    """A JSON number with a point or exponent: a float when that writes the same text again, else a Decimal.

    25.0 and 23.976 are floats, 23.9760 and 0.1000000000000000055 Decimals: nothing that was written is lost.
    """
    value = float(text)
    if repr(value) == text:
        return value
    try:
        return _decimal(text)
    except ArithmeticError:  # an exponent of twenty digits: zero or infinity for every purpose
        return value


def _whole_number(text: str) -> int | Decimal:
    return int(text) if len(text) <= _LONGEST_INT else _decimal(text)


def _decimal(text: str) -> Decimal:
    """The number as written; one that is longer than any legal value is rounded, and long enough to be refused."""
    return Decimal(text) if len(text) <= _MOST_DIGITS else _ROUNDED.create_decimal(text)


def _load(text: str) -> tuple[Any, list[Fault]]:
    """The plain parser does the work; the careful walk runs only where it stumbles or may have looked away."""
    odd = text.count("[") + text.count("{") > MAX_DEPTH or "\\u" in text or _has_surrogate(text)
    if not odd:
        try:
            return _parse(text, strict=True), []
        except ValueError:
            pass
    from proxx.jsontext import flaws

    found = list(islice(flaws(text, MAX_DEPTH), MAX_FAULTS))
    faults = [_fault(text, flaw) for flaw in found]
    if _is_hopeless(faults):
        return None, faults
    for flaw in found:
        if flaw.kind in _BLANKED:
            text = text[: flaw.start] + " " * (flaw.end - flaw.start) + text[flaw.end :]
    return _parse(text, strict=False), faults


def _is_hopeless(faults: list[Fault]) -> bool:
    return len(faults) >= MAX_FAULTS or any(fault.kind in _FATAL for fault in faults)


def _parse(text: str, *, strict: bool) -> Any:
    def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(pairs)
        if strict and len(made) != len(pairs):
            raise ValueError("a field is named twice")
        return made

    def constant(name: str) -> float:
        if strict:
            raise ValueError(name)
        return float(name)

    return json.loads(
        text, object_pairs_hook=members, parse_constant=constant, parse_float=number, parse_int=_whole_number
    )


def _has_surrogate(text: str) -> bool:
    if text.isascii():
        return False
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def _fault(text: str, flaw: Flaw) -> Fault:
    line, column = place(text, flaw.start)
    found = text[flaw.start : flaw.end] or "the end of the text"
    name = flaw.path[-1] if flaw.path else ""
    first = str(place(text, flaw.first)[0]) if flaw.first >= 0 else ""
    shown = found if len(found) <= _SHOWN else found[:_SHOWN] + "…"
    texts = _texts(found=_writable(shown), expected=flaw.expected, name=_writable(str(name)), first=first)
    length = len(text[flaw.start : flaw.end].partition("\n")[0])
    return Fault(flaw.kind, pointer(flaw.path), line, column, max(1, length), texts)


def place(text: str, offset: int) -> tuple[int, int]:
    """Line and column, from 1, of an offset into the text; columns are code points."""
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)


def pointer(path: tuple[str | int, ...]) -> str:
    """The JSON pointer (RFC 6901) of a path of names and indices; what cannot be written as UTF-8 is escaped."""
    return _writable("".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path))


def _not_utf8(error: UnicodeDecodeError) -> Fault:
    before = error.object[: error.start].decode()
    line, column = place(before, len(before))
    found = " ".join(f"{byte:02X}" for byte in error.object[error.start : error.start + 4])
    return Fault("not-utf8", "", line, column, 1, _texts(found=found, expected="UTF-8"))


def _writable(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()


def _kind_of(value: Any) -> str:
    kinds = {list: "a list", str: "a string", bool: "true or false", type(None): "null"}
    return kinds.get(type(value), "a number")
