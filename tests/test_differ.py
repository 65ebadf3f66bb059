"""A difference names exactly the inputs whose answer changed, and what profiles make differently."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proxx import difftext
from proxx.differ import difference
from proxx.evaluate import OutsideDomain, match
from proxx.rulebook import Rulebook
from proxx.samples import SHAPES
from proxx.tablediff import Answer, Region, changes
from proxx.tables import Domain, Fact, Table, compile_table

SCHEMA = json.loads((Path(__file__).parents[1] / "schema/diff.schema.json").read_text("utf-8"))
STRANGE = "something-strange"
FACTS = {
    "word": Domain(("a", "b", "c")),
    "open": Domain(("a", "b"), other=True),
    "count": Domain(low=0, high=9),
    "flag": Domain(("yes", "no")),
}
OTHERS = {
    **FACTS,
    "word": Domain(("b", "c", "d")),
    "open": Domain(("b", "e")),
    "count": Domain(low=2, high=12),
    "flag": Domain(("yes",), other=True),
}

values = {
    "word": st.sampled_from(["b", "c"]),
    "open": st.just("b"),
    "count": st.integers(2, 9),
    "flag": st.just("yes"),
}


def cells(fact: str) -> st.SearchStrategy[Any]:
    """A cell that both domains of the fact can hold."""
    one = values[fact]
    plain: list[st.SearchStrategy[Any]] = [one, st.lists(one, min_size=1, max_size=2)]
    if fact == "count":
        plain += [st.fixed_dictionaries({"ge": st.integers(2, 9)}), st.fixed_dictionaries({"lt": st.integers(3, 9)})]
    inner = st.one_of(plain)
    return st.one_of(inner, st.fixed_dictionaries({"not": inner}))


@st.composite
def documents(draw: st.DrawFn, most: int = 4) -> dict[str, Any]:
    """A small table of any columns and rows."""
    columns = draw(st.lists(st.sampled_from(sorted(FACTS)), unique=True, max_size=3))
    rows = []
    for number in range(draw(st.integers(0, most))):
        row = {column: draw(cells(column)) for column in columns if draw(st.booleans())}
        rows.append({"id": f"r{number}", **row, **draw(answers())})
    rest = {"otherwise": draw(answers())} if draw(st.booleans()) else {}
    return {"in": {column: column for column in columns}, "hit": "first", "rows": rows, **rest}


def answers() -> st.SearchStrategy[dict[str, Any]]:
    return st.sampled_from([{}, {"then": {"do": "this"}}, {"then": {"do": "that"}}, {"finding": "no/way"}])


@st.composite
def edits(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, Any]]:
    """A table, and the same with one cell changed."""
    old = draw(documents().filter(lambda one: one["in"] and one["rows"]))
    new = copy.deepcopy(old)
    column = draw(st.sampled_from(sorted(old["in"])))
    draw(st.sampled_from(new["rows"]))[column] = draw(cells(column))
    return old, new


def compiled(document: Mapping[str, Any], domains: Mapping[str, Domain]) -> Table:
    facts = {name: Fact(name, "spec", "", domain) for name, domain in domains.items()}
    return compile_table("t", document, facts, {})


def inputs(old: Table, new: Table) -> list[dict[str, Any]]:
    """Every input of the two tables, one value for all that neither lists."""
    known: dict[str, dict[Any, None]] = {}
    for column in (*old.columns, *new.columns):
        domain = column.fact.domain
        listed = range(domain.low, domain.high + 1) if domain.is_range else domain.values
        known.setdefault(column.name, {}).update(dict.fromkeys((*listed, *([STRANGE] if domain.other else []))))
    return [dict(zip(known, combination, strict=True)) for combination in product(*known.values())]


def answered(table: Table, given_: Mapping[str, Any]) -> Answer | None:
    clamped = {column.name: column.fact.domain.clamped(given_[column.name]) for column in table.columns}
    try:
        row = match(table, clamped)
    except (OutsideDomain, LookupError):
        return None
    return Answer(tuple(sorted(row.outcome.items())), row.finding or "")


def holds(region: Region, given_: Mapping[str, Any]) -> bool:
    return all(any(is_in(given_[column], word) for word in words) for column, words in region.where.items())


def is_in(value: Any, word: str) -> bool:
    if isinstance(value, int):
        low, _, high = word.partition("..")
        return int(low) <= value <= int(high or low)
    return bool(word == ("anything-else" if value == STRANGE else value))


def exact(old: Table, new: Table) -> None:
    """The boxes hold every input whose answer changed once, with both answers, and no other input."""
    regions, every = changes(old, new), inputs(old, new)
    for one in every:
        before, after = answered(old, one), answered(new, one)
        told = [(region.before, region.after) for region in regions if holds(region, one)]
        assert told == ([(before, after)] if before != after else []), one
    assert all(any(holds(region, one) for one in every) for region in regions)


@settings(max_examples=150, deadline=None)
@given(edits())
def test_the_boxes_of_a_changed_cell_are_exactly_the_inputs_whose_answer_changed(
    pair: tuple[dict[str, Any], dict[str, Any]],
) -> None:
    exact(compiled(pair[0], FACTS), compiled(pair[1], FACTS))


@settings(max_examples=150, deadline=None)
@given(documents(), documents())
def test_so_are_those_of_any_two_tables_over_any_two_vocabularies(old: dict[str, Any], new: dict[str, Any]) -> None:
    exact(compiled(old, FACTS), compiled(new, OTHERS))


def test_boxes_are_joined_where_they_say_the_same() -> None:
    old = compiled({"in": {"word": "word", "count": "count"}, "rows": [], "otherwise": {"finding": "no/way"}}, FACTS)
    rows = [
        {"id": f"{word}{low}", "word": word, "count": {"ge": low, "lt": low + 2}} for word in "ab" for low in (2, 4)
    ]
    new = compiled({"in": {"word": "word", "count": "count"}, "rows": rows, "otherwise": {"finding": "no/way"}}, FACTS)
    (region,) = changes(old, new)
    assert region.where == {"word": ("a", "b"), "count": ("2..5",)}


def test_a_column_under_another_name_is_the_same_column() -> None:
    rows = [{"id": "r", "word": "a", "finding": "no/way"}]
    old = compiled({"in": {"word": "word"}, "rows": rows, "otherwise": {}}, FACTS)
    other = [{"id": "r", "letter": ["a", "b"], "finding": "no/way"}]
    new = compiled({"in": {"letter": "word"}, "rows": other, "otherwise": {}}, FACTS)
    (region,) = changes(old, new)
    assert (region.where, region.before, region.after) == ({"letter": ("b",)}, Answer((), ""), Answer((), "no/way"))


Items = dict[str, Any]


def changed(rulebook: Rulebook, change: Callable[[Items], object]) -> Rulebook:
    """A copy of the rulebook with one thing changed."""
    frozen = dict(copy.deepcopy(rulebook.frozen))
    change(frozen["items"])
    return Rulebook(frozen)


def row(items: Items, table: str, name: str) -> dict[str, Any]:
    return next(one for one in items["table"][table]["rows"] if one["id"] == name)


@pytest.fixture(scope="module")
def small(rulebook: Rulebook) -> Rulebook:
    """The shipped rulebook with three profiles only: each is tried on every sample source."""
    frozen = dict(copy.deepcopy(rulebook.frozen))
    kept = ("proxy_h264_low", "proxy_av1", "proxy_prores_lt_resolve")
    frozen["items"]["profile"] = {name: rulebook.profiles[name] for name in kept}
    return Rulebook(frozen)


def told(old: Rulebook, new: Rulebook, **more: Any) -> dict[str, Any]:
    """The difference, which has the published shape and can be said in every way."""
    document = difference(old, new, **more)
    jsonschema.Draft202012Validator(SCHEMA).validate(document)
    assert json.loads(difftext.as_json(document)) == document
    assert difftext.as_markdown(document).count("```") % 2 == 0
    return document


def test_the_same_rulebook_has_no_difference(small: Rulebook) -> None:
    document = told(small, changed(small, lambda items: None))
    assert document["changed"] is False
    assert "no change" in difftext.as_text(document)


def test_a_new_pairing_names_the_inputs_that_pass_now(small: Rulebook) -> None:
    new = changed(small, lambda items: row(items, "codec-container", "vp9").update(container=["webm", "mkv", "mp4"]))
    document = told(small, new)
    assert [key for key in ("tables", "facts", "findings", "entries", "profiles", "clips") if document[key]] == [
        "tables"
    ]
    line = "codec-container: codec=vp9, container=mp4: pairing/codec-in-container → allowed"
    assert f"  {line}\n" in difftext.as_text(document)
    assert f"* `{line}`\n" in difftext.as_markdown(document)


def test_a_profiles_new_setting_is_shown_as_the_arguments_that_change(small: Rulebook) -> None:
    new = changed(small, lambda items: items["profile"]["proxy_h264_low"]["video"].update(crf=20))
    (profile,) = told(small, new)["profiles"]
    assert profile["keys"] == [{"key": "video.crf", "before": 23, "after": 20}]
    (made,) = profile["sources"]
    assert made["names"] == list(SHAPES["ffmpeg"])
    assert {"-23", "+20"} <= set(made["diff"])
    assert "  ```diff\n" in difftext.as_markdown(told(small, new))


def test_a_warning_that_becomes_an_error_changes_words_and_verdicts(small: Rulebook) -> None:
    new = changed(small, lambda items: items["finding"]["limit/reel-lost"].update(severity="error", what="Lost."))
    document = told(small, new)
    (finding,) = document["findings"]
    assert [key["key"] for key in finding["keys"]] == ["severity", "what"]
    verdicts = {
        (one["before"]["verdict"], one["after"]["verdict"]) for p in document["profiles"] for one in p["sources"]
    }
    assert verdicts == {("made", "refused")}
    assert "of ntsc-film, drop-frame: made → refused" in difftext.as_text(document)


def test_what_is_added_or_removed_is_named(small: Rulebook) -> None:
    def change(items: Items) -> None:
        items["fact"]["spec.mood"] = {"stage": "spec", "doc": "x", "values": ["good", "bad"]}
        items["table"]["mood"] = {"stage": "spec", "in": {"mood": "spec.mood"}, "rows": [], "otherwise": {}}
        del items["profile"]["proxy_av1"]
        items["codec"]["av2"] = {"title": "AV2"}

    text = difftext.as_text(told(small, changed(small, change)))
    for line in ("table mood added (mood)", "fact spec.mood added", "profile proxy_av1 removed", "codec av2 added"):
        assert f"  {line}\n" in text
    assert "codec-container: codec=av2: not a known input → pairing/codec-in-container" in text
    assert "    values: +av2\n" in text


def test_a_note_is_no_difference(small: Rulebook) -> None:
    def change(items: Items) -> None:
        row(items, "codec-container", "vp9")["note"] = "said otherwise"
        items["profile"]["proxy_av1"]["doc"] = "said otherwise"

    assert told(small, changed(small, change))["changed"] is False


def test_the_clips_that_go_elsewhere_are_named(small: Rulebook) -> None:
    new = changed(small, lambda items: row(items, "source-capability", "mov").update(codec=["hevc", "prores"]))
    clip = replace(SHAPES["ffmpeg"]["hd"].media, path="/show/a.mov")
    other = replace(clip, path="/show/b.mxf", container="mxf", codec="dnxhd", demuxer="mxf")
    clips = {one.path: one for one in (clip, other)}
    document = told(small, new, probes=lambda book: clips)
    (change,) = document["clips"]
    assert change["path"] == "/show/a.mov"
    assert (change["route"]["before"]["engine"], change["route"]["after"]["engine"]) == ("ffmpeg", "none")
    assert "proxy_h264_low" in [one["name"] for one in change["profiles"]]
    assert "1 clip changes, 1 in route" in difftext.as_text(document)


@pytest.mark.parametrize("count", [1, 30])
def test_of_many_clips_the_first_are_shown(count: int, small: Rulebook) -> None:
    side = {"verdict": "made", "remarks": []}
    clip = {"path": "/a.mov", "route": None, "profiles": [{"name": "p", "before": side, "after": side, "diff": ["+a"]}]}
    base = difference(small, small)
    text = difftext.as_text({**base, "changed": True, "clips": [clip] * count})
    assert text.count("/a.mov") == min(count, difftext.MOST_CLIPS)
    assert ("10 more" in text) == (count == 30)
