"""Runs cases: documents or inputs beside the answer the rules must give; and counts the rows they reach."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

from proxx import prove
from proxx.answers import decide
from proxx.api import JobSpec
from proxx.cards import profile_card
from proxx.checking import Checked, check
from proxx.errors import Finding, ProxxError
from proxx.identify import identify
from proxx.job import plan
from proxx.jsonout import json_text
from proxx.machine import Machine
from proxx.model import Media
from proxx.probefile import read_probes
from proxx.record import plan_document
from proxx.route import route_source
from proxx.rulebook import Rulebook
from proxx.samples import MOMENT
from proxx.tryout import FFMPEG
from proxx.verdict import judge_spec

Case = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Miss:
    """One thing that a case expected and did not get."""

    what: str
    expected: Any
    got: Any


class Watched(Rulebook):
    """A rulebook that keeps count of the rows that have decided, as (table, row)."""

    def __init__(self, frozen: Mapping[str, Any]) -> None:
        super().__init__(frozen)
        self.reached: set[tuple[str, str]] = set()

    def noted(self, decisions: Iterable[tuple[str, str]]) -> None:
        """Count the decisions."""
        self.reached.update(decisions)


def run_case(book: Watched, case: Case, base: Case) -> list[Miss]:
    """What a case expected of the rulebook and did not get; `base` is what all cases of its file start from."""
    try:
        told = _asked(book, case, base)
        return [miss for key, value in _expected(case).items() for miss in _compare(key, value, told)]
    except ProxxError as trouble:
        return [Miss("question", "an answer", f"{trouble}. {trouble.hint}".strip())]


def _expected(case: Case) -> dict[str, Any]:
    """What is compared: all that the case names, and the findings in any case where they can be told."""
    can_tell = "identify" not in case and "profile" not in case
    return {**({"findings": []} if can_tell else {}), **case["expect"]}


def _compare(key: str, expected: Any, told: _Told) -> Iterable[Miss]:
    got = told.get(key)
    if key == "says":
        missing = [text for text in expected if text.lower() not in got.lower()]
        return [Miss(key, missing, got)] if missing else []
    if key == "argv":
        lacking = [lines for lines in got if not _holds(lines, expected)]
        return [Miss(key, expected, lines) for lines in lacking[:1]]
    if key == "filled_in":
        expected, got = [*expected], [name for name in expected if got.get(name)]
    elif isinstance(expected, dict):
        got = {name: got.get(name) for name in expected}
    elif key == "findings":
        expected = sorted(expected)
    return [] if got == expected else [Miss(key, expected, got)]


def _holds(lines: list[str], wanted: list[str]) -> bool:
    """Whether the wanted lines stand together in this order."""
    return any(lines[at : at + len(wanted)] == wanted for at in range(len(lines) - len(wanted) + 1))


@dataclass(frozen=True, slots=True)
class _Told:
    """What the rules said: each answer is found when it is asked for."""

    answers: Mapping[str, Callable[[], Any]]

    def get(self, key: str) -> Any:
        if key not in self.answers:
            raise ProxxError(f"this kind of case has no {key}", hint=f"It has: {', '.join(self.answers)}")
        return self.answers[key]()


def _asked(book: Watched, case: Case, base: Case) -> _Told:
    if "decide" in case:
        return _of_table(book, case)
    if "identify" in case:
        return _of_file(book, case["identify"])
    if "profile" in case:
        card = profile_card(book, case["profile"])
        return _Told({"ok": lambda: True, **{key: partial(card.get, key) for key in card}})
    return _of_spec(_with_profile(book, case["add_profile"]) if "add_profile" in case else book, case, base)


def _of_table(book: Watched, case: Case) -> _Told:
    answer = decide(book, case["decide"], [f"{column}={value}" for column, value in case["given"].items()])
    book.noted([(answer["table"], answer["row"])])
    finding = answer["finding"] or {}
    words = "\n".join([finding.get("message", ""), *finding.get("why", []), *finding.get("fix", [])])
    return _Told(
        {
            "ok": lambda: finding.get("severity") != "error",
            "findings": lambda: [finding["id"]] if finding else [],
            "says": lambda: words,
            "row": lambda: answer["row"],
            "engine": lambda: answer["outcome"].get("engine"),
            "outcome": lambda: answer["outcome"],
        }
    )


def _of_file(book: Watched, file: Case) -> _Told:
    """What a file is that bears these marks, and where it goes."""
    stream = {"index": 0, "codec_type": "video", "codec_tag_string": file.get("tag", "[0][0][0][0]")}
    stream |= {key: file[key] for key in ("codec_name", "profile") if key in file}
    form = {"format_name": file["format_name"], "tags": {"major_brand": file["brand"]} if "brand" in file else {}}
    doctype = file.get("doctype", "").encode()
    head = bytes.fromhex("1a45dfa3 9f 4282") + bytes([0x80 | len(doctype)]) + doctype if doctype else b""
    found = identify(f"/footage/{file['name']}", head, {"format": form, "streams": [stream]}, book.vocabulary)
    media = Media(path=file["name"], container=found.container, codec=found.codec, confidence=found.confidence)
    route = route_source(book, media)
    return _Told(
        {
            "ok": lambda: not any(finding.is_error for finding in route.findings),
            "container": lambda: found.container,
            "codec": lambda: found.codec,
            "engine": lambda: route.engine,
        }
    )


def _with_profile(book: Watched, changes: Case) -> Watched:
    """The rulebook with one profile more: one that is there (`like`) with other values."""
    if changes["like"] not in book.profiles:
        raise ProxxError(f"there is no profile {changes['like']} to add one like it")
    said = {key: value for key, value in changes.items() if key != "like"}
    profiles = {**book.profiles, changes["name"]: {**book.profiles[changes["like"]], **said}}
    made = Watched({**book.frozen, "items": {**book.items, "profile": profiles}})
    made.reached = book.reached
    faults = [fault for fault in prove.lint(made) if fault.is_error]
    if faults:
        raise ProxxError(f"the added profile is wrong: {faults[0].message}")
    return made


def _of_spec(book: Watched, case: Case, base: Case) -> _Told:
    text = spec_text(case, base)
    probes = read_probes(json.dumps(case.get("probes", base.get("probes", {}))), "probes", book.vocabulary)
    world = Machine(book, probes=probes, now=MOMENT)
    checked = check(Rulebook(book.frozen), text.encode(), world)
    judge_spec(book, checked.reading, world)  # once more and without trying fixes, which would count as reached
    seen = _Seen(book, checked)
    clips = checked.verdict.clips
    return _Told(
        {
            "ok": lambda: checked.verdict.ok,
            "findings": lambda: sorted(finding.id for finding in checked.findings),
            "says": lambda: "\n".join(map(_words, checked.findings)),
            "engine": lambda: checked.verdict.engine,
            "outputs": lambda: [clip.named.name for clip in clips if clip.named],
            "raster": lambda: " ".join(dict.fromkeys(f"{clip.clip.width}x{clip.clip.height}" for clip in clips)),
            "fields": lambda: seen.document,
            "filled_in": lambda: seen.document,
            "argv": lambda: seen.lines,
            "same_plan_twice": lambda: seen.plan_text() == seen.plan_text(),
        }
    )


class _Seen:
    """What is worked out of a judged spec only when a case asks for it."""

    def __init__(self, book: Rulebook, checked: Checked) -> None:
        self.book = book
        self.checked = checked

    @cached_property
    def document(self) -> dict[str, Any]:
        """The spec as it is once it has been created."""
        return JobSpec.from_document(self.checked.reading.document or {}).to_dict()

    @cached_property
    def lines(self) -> list[list[str]]:
        """Of each clip the argument list."""
        return [list(task.argv) for task in plan(self.book, self.checked, FFMPEG).tasks]

    def plan_text(self) -> str:
        """The plan as it is written."""
        return json_text(plan_document(plan(self.book, self.checked, FFMPEG)))


def _words(finding: Finding) -> str:
    return "\n".join((finding.message, *finding.why, *finding.fix, finding.at))


def spec_text(case: Case, base: Case) -> str:
    """The text of a case's spec: as it stands, or the base with the case's changes."""
    if "text" in case:
        return str(case["text"])
    document = {**base.get("spec", {}), **case.get("spec", {})}
    document |= dict.fromkeys(case.get("null", []))
    return json.dumps({key: value for key, value in document.items() if key not in case.get("without", [])})
