"""Mends what can be mended without doubt: one change of the text at a time, each judged anew before it counts."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from proxx.checking import Checked, check
from proxx.errors import Finding
from proxx.fixes import CHOICES
from proxx.jobspec import fields_from
from proxx.naming import read_template
from proxx.nearest import unmistakable
from proxx.positions import span_of
from proxx.rulebook import Rulebook
from proxx.specfields import nearest_value
from proxx.strictjson import place
from proxx.verdict import World

MOST = 100
"""Changes made in one document, and findings looked at for the next one: each costs a whole judgement."""

BOM = "\ufeff"
DECLARED = ("pairing/", "profile/")
"""Findings whose only proved replacement may be made: the spec says twice what is one thing, and once wrongly.
Another raster, rate or name would be another proxy: that is for people to choose."""


@dataclass(frozen=True, slots=True)
class Change:
    """One change that a finding suggests: the offsets of what goes, what comes, and the document that it must give."""

    pointer: str
    start: int
    end: int
    new: str
    document: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Mend:
    """One change that was made: what it mended, where it stood, and the text before and after."""

    finding: Finding
    pointer: str
    line: int
    column: int
    old: str
    new: str

    def document(self) -> dict[str, object]:
        """The change as JSON says it."""
        return {
            "id": self.finding.id,
            "message": self.finding.message,
            "pointer": self.pointer,
            "line": self.line,
            "column": self.column,
            "old": self.old,
            "new": self.new,
        }


def mend(rulebook: Rulebook, checked: Checked, world: World) -> tuple[Checked, tuple[Mend, ...]]:
    """A checked spec after all changes that are safe, and these in their order. Nothing is written."""
    made: list[Mend] = []
    while len(made) < MOST:
        step = _step(rulebook, checked, world, {one.pointer for one in made})
        if step is None:
            break
        made.append(step[0])
        checked = step[1]
    return checked, tuple(made)


def _step(rulebook: Rulebook, checked: Checked, world: World, touched: set[str]) -> tuple[Mend, Checked] | None:
    """The first change after which its finding is gone and nothing new is told; no place is changed twice."""
    text, document = checked.text, checked.reading.document
    if document is None:
        return None
    for finding in checked.findings[:MOST]:
        for change in _changes(rulebook, text, document, finding):
            if change.pointer in touched:
                continue
            after = check(rulebook, (text[: change.start] + change.new + text[change.end :]).encode(), world)
            if after.reading.document == change.document and _is_better(checked.findings, after.findings, finding):
                line, column = place(text, change.start)
                old = text[change.start : change.end]
                return Mend(finding, change.pointer, line, column, old, change.new), after
    return None


def _is_better(before: Sequence[Finding], after: Sequence[Finding], mended: Finding) -> bool:
    """Whether the finding is gone, no error is new, and nothing new is said of the value that was mended.

    What is remarked on elsewhere may be new: the fault kept the spec from being judged that far.
    """
    old, new = Counter(map(_key, before)), Counter(map(_key, after))
    came = [(severity, at) for severity, _, at, _ in new - old]
    return new[_key(mended)] < old[_key(mended)] and all(
        severity != "error" and at != mended.at for severity, at in came
    )


def _key(finding: Finding) -> tuple[str, ...]:
    # Two faults of the text itself differ in their place only, and a change may move that: they are counted.
    return finding.severity, finding.id, finding.at, finding.subject


def _changes(rulebook: Rulebook, text: str, document: Mapping[str, Any], finding: Finding) -> Iterator[Change]:
    """The one change, if any, that a finding suggests beyond doubt."""
    if not finding.is_error:
        return
    if finding.id in TEXTS:
        yield from _blot(text, document, finding)
    elif finding.id == "spec/unknown-field":
        yield from _rename(rulebook, text, document, finding)
    elif finding.id in MEANT:
        value = MEANT[finding.id](rulebook, document, finding)
        yield from _replace(text, document, finding.at, value)
    elif finding.id.startswith(DECLARED) and len(finding.replacements) == 1:
        yield from _replace(text, document, *finding.replacements[0])


TEXTS = ("document/bom", "document/trailing-comma")


def _blot(text: str, document: Mapping[str, Any], finding: Finding) -> Iterator[Change]:
    """What stands in the text and means nothing is taken out."""
    start, wanted = 0, BOM
    if finding.id == "document/trailing-comma":
        shift = text.startswith(BOM) and finding.line == 1
        lines = text.split("\n")
        start, wanted = sum(len(line) + 1 for line in lines[: finding.line - 1]) + finding.column - 1 + shift, ","
    if text[start : start + 1] == wanted:
        yield Change(f"text:{start}" if wanted == "," else "text", start, start + 1, "", document)


def _rename(rulebook: Rulebook, text: str, document: Mapping[str, Any], finding: Finding) -> Iterator[Change]:
    """A field whose name is misspelt gets the name of the one field that is lacking and near."""
    key = _name(finding.at)
    fields = fields_from(rulebook.items["field"], rulebook.sets)
    lacking = [one.name for one in fields if one.name not in document]
    meant = {word: one.name for one in fields for word in one.also_called if one.name in lacking}
    name, span = unmistakable(key, lacking, meant), _span(text, finding.at)
    if name and key in document and span is not None and span[2] >= 0:
        renamed = {name if one == key else one: value for one, value in document.items()}
        yield Change(finding.at, span[2], span[3], json.dumps(name), renamed)


def _replace(text: str, document: Mapping[str, Any], pointer: str, value: str) -> Iterator[Change]:
    """A text stands in the place of another one; letters are escaped only where they were."""
    span, key = _span(text, pointer), _name(pointer)
    if not value or span is None or not isinstance(document.get(key), str):
        return
    written = text[span[0] : span[1]]
    new = json.dumps(value, ensure_ascii=written.isascii())
    yield Change(pointer, span[0], span[1], new, {**document, key: value})


def _span(text: str, pointer: str) -> tuple[int, int, int, int] | None:
    """The offsets of a value and of its name in the text, a byte order mark before it counted."""
    shift = text.startswith(BOM)
    span = span_of(text[shift:], pointer)
    if span is None:
        return None
    start, end, key_start, key_end = span
    return (start + shift, end + shift, *((key_start + shift, key_end + shift) if key_start >= 0 else (-1, -1)))


def _name(pointer: str) -> str:
    return pointer[1:].replace("~1", "/").replace("~0", "~")


def _allowed(rulebook: Rulebook, document: Mapping[str, Any], finding: Finding) -> str:
    """The allowed value that was meant: by another name for it, by case, or by spelling."""
    name = _name(finding.at)
    field = next(one for one in fields_from(rulebook.items["field"], rulebook.sets) if one.name == name)
    if finding.id == "spec/padded" and finding.at not in {*CHOICES, "/resolution", "/fps_mode"}:
        return ""  # white space may be meant
    if finding.at == "/proxy_profile":
        return _profile(rulebook, document, finding)
    return nearest_value(document.get(name), field, unmistakable)


def _profile(rulebook: Rulebook, document: Mapping[str, Any], finding: Finding) -> str:
    return unmistakable(str(document.get("proxy_profile", "")), list(rulebook.profiles))


def _template(rulebook: Rulebook, document: Mapping[str, Any], finding: Finding) -> str:
    """The template with its misspelt tokens written right; nothing where one of them is in doubt."""
    text = str(document.get("naming_template", ""))
    known = list(rulebook.items["token"])
    strange = [token for token in dict.fromkeys(read_template(text).tokens) if token not in known]
    for token in strange:
        meant = unmistakable(token, known)
        if not meant:
            return ""
        text = text.replace(f"{{{token}}}", f"{{{meant}}}")
    return text


MEANT: Mapping[str, Callable[[Rulebook, Mapping[str, Any], Finding], str]] = {
    "spec/not-allowed": _allowed,
    "spec/padded": _allowed,
    "profile/unknown": _profile,
    "naming/unknown-token": _template,
}
"""Findings about a misspelt word, and who knows the word that was meant."""
