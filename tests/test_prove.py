"""The linter finds every fault that is put into a copy of the shipped rulebook, each with a witness that is true."""

from __future__ import annotations

import copy
import re
import time
from collections.abc import Callable
from typing import Any

import pytest

from proxx.errors import Finding
from proxx.evaluate import match
from proxx.faults import witness
from proxx.prove import lint
from proxx.rulebook import Rulebook
from proxx.tables import OTHERWISE, Table, Value, compile_table

Items = dict[str, dict[str, Any]]
Damage = Callable[[Items], object]


def damaged(rulebook: Rulebook, damage: Damage) -> Rulebook:
    """A copy of the rulebook with one thing changed."""
    frozen = dict(copy.deepcopy(rulebook.frozen))
    damage(frozen["items"])
    return Rulebook(frozen)


def row(items: Items, table: str, name: str) -> dict[str, Any]:
    """A row of a table, to be changed."""
    rows: list[dict[str, Any]] = items["table"][table]["rows"]
    return next(one for one in rows if one["id"] == name)


def add_row(table: str, **cells: Any) -> Damage:
    return lambda items: items["table"][table]["rows"].append({"id": "added", **cells})


def set_key(*path: str, value: Any) -> Damage:
    def change(items: Items) -> None:
        here: Any = items
        for key in path[:-1]:
            here = here[key]
        here[path[-1]] = value

    return change


def set_cell(table: str, name: str, **cells: Any) -> Damage:
    return lambda items: row(items, table, name).update(cells)


def drop(*path: str) -> Damage:
    def change(items: Items) -> None:
        here: Any = items
        for key in path[:-1]:
            here = here[key]
        del here[path[-1]]

    return change


PAIRING = "codec-container"
FAULTS: dict[str, tuple[Damage, str, list[str]]] = {
    "two rows hold one input": (
        add_row(PAIRING, codec="h264", container=["mkv", "mxf"], finding="pairing/dnxhd-in-mov"),
        "rulebook/overlap", ["h264", "added"],
    ),
    "two rows hold one input and answer alike": (
        add_row(PAIRING, codec="h264", container=["mkv", "mxf"]), "rulebook/tie", ["h264", "added", "answer alike"],
    ),
    "a row of a first table that those below make spare": (
        lambda items: items["table"]["raster-minimum"]["rows"].insert(
            4, {"id": "added", "codec": "av1", "width": {"lt": 32}, "finding": "limit/encoder-minimum"}
        ),
        "rulebook/spare-row", ["row added is spare", "width=2"],
    ),
    "a source row that offers FFmpeg for camera RAW": (
        set_cell("source-capability", "braw", then={"engine": "ffmpeg"}),
        "rulebook/forbidden-offer", ["row braw offers ffmpeg for braw", "class raw", "codec=braw"],
    ),
    "a source row that offers Resolve for one standard codec among RAW": (
        set_cell("source-capability", "nikon-raw", codec=["nikon_raw", "cineform"]),
        "rulebook/forbidden-offer", ["row nikon-raw offers resolve for cineform", "class standard"],
    ),
    "a column that no row looks at": (
        set_key("table", "source-state", "in", value={"state": "source.state", "twice": "source.twice"}),
        "rulebook/unused-column", ["no row looks at column twice"],
    ),
    "an answer that no row gives": (
        set_key("table", "job-engine", "out", value={"engine": ["ffmpeg", "resolve", "none", "both"]}),
        "rulebook/unused-answer", ["engine = both"],
    ),
    "a stage without tables and facts": (
        set_key("stage", "dream", value={"doc": "x", "texts": {}}), "rulebook/unused-stage", ["stage dream"],
    ),
    "a word that two codecs claim": (
        set_key("source-codec", "av1", "aliases", value=["AVC1"]),
        "rulebook/word-twice", ["source-codec av1", "AVC1 means h264"],
    ),
    "a table that the program needs": (
        drop("table", "timecode-carried"), "rulebook/missing-table", ["timecode-carried"],
    ),
    "a template of the other engine": (
        set_key("profile", "proxy_h264_low", "template", value="resolve/render.json.j2"),
        "rulebook/wrong-engine", ["ends in .args.j2"],
    ),
    "a row's cell holds nothing": (
        add_row("rate-known", rate={"not": ["known", "unknown"]}), "rulebook/unreachable", ["can never match", "rate"],
    ),
    "a row of a first table is shadowed": (
        add_row("raster-minimum", codec="dnxhr", width={"lt": 100}, height={"lt": 50}),
        "rulebook/unreachable", ["rows above it hold all of its inputs"],
    ),
    "an input that nothing decides": (drop("table", PAIRING, "otherwise"), "rulebook/gap", ["nothing decides"]),
    "an otherwise that nothing reaches": (
        set_key("table", "source-state", "otherwise", value={"note": "never"}),
        "rulebook/unreachable", ["otherwise is never reached"],
    ),
    "a misspelt column": (
        add_row(PAIRING, contaner="mov"), "rulebook/unknown-column", ["row added", "did you mean container?"],
    ),
    "a misspelt fact": (
        set_key("table", PAIRING, "in", value={"codec": "spec.codek", "container": "spec.container"}),
        "rulebook/unknown-fact", ["did you mean spec.codec?"],
    ),
    "a misspelt set": (
        set_cell(PAIRING, "prores", codec="@prorez"), "rulebook/unknown-set", ["@prorez", "did you mean @prores?"],
    ),
    "a misspelt set in a fact": (
        set_key("fact", "spec.codec", "of", value=["@codecs"]),
        "rulebook/unknown-set", ["@codecs", "did you mean @codec?"],
    ),
    "a misspelt value": (
        set_cell(PAIRING, "dnxhd", codec="dnxhdd"),
        "rulebook/outside-domain", ["row dnxhd", "column codec", "dnxhdd", "did you mean dnxhd?"],
    ),
    "a number beyond the domain": (
        add_row("raster-minimum", width={"ge": 100000}), "rulebook/outside-domain", ["ge 100000", "0..65536"],
    ),
    "a table of an unknown stage": (
        set_key("table", PAIRING, "stage", value="specs"), "rulebook/unknown-stage", ["did you mean spec?"],
    ),
    "a fact of an unknown stage": (
        set_key("fact", "spec.codec", "stage", value="specs"), "rulebook/unknown-stage", ["did you mean spec?"],
    ),
    "a fact that can have no value": (
        set_key("fact", "spec.codec", "of", value=[]), "rulebook/empty-domain", ["spec.codec"],
    ),
    "a fact that is not known yet": (
        set_key("table", PAIRING, "in", value={"codec": "spec.codec", "container": "source.container"}),
        "rulebook/fact-out-of-sight", ["stage spec", "source.container"],
    ),
    "a row that raises what is not written": (
        set_cell(PAIRING, "dnxhd-in-mov", finding="pairing/dnxhd-in-mv"),
        "rulebook/unknown-finding", ["did you mean pairing/dnxhd-in-mov?"],
    ),
    "a message with an unknown token": (
        set_key("finding", "pairing/dnxhd-in-mxf-only", "what", value="not in {contaner}"),
        "rulebook/unknown-token", ["{contaner}", "did you mean container?"],
    ),
    "an unknown token beside a pointer": (
        set_key("finding", "pairing/dnxhd-in-mxf-only", "also", value={"/{codek}": "here"}),
        "rulebook/unknown-token", ["{codek}", "did you mean codec?"],
    ),
    "a finding that nobody raises": (
        set_key("finding", "pairing/unused", value={"title": "x", "what": "x"}),
        "rulebook/unused-finding", ["pairing/unused"],
    ),
    "a bad example that is good": (
        set_key("finding", "pairing/codec-in-container", "bad", value={"codec": "h264", "container": "mkv"}),
        "rulebook/self-test", ["bad example does not raise it"],
    ),
    "a bad example that is good in part": (
        set_key("finding", "pairing/codec-in-container", "bad", value={"codec": "av1"}),
        "rulebook/self-test", ["bad example does not raise it"],
    ),
    "a good example that is bad": (
        set_key("finding", "pairing/codec-in-container", "good", value={"codec": "vp9", "container": "mov"}),
        "rulebook/self-test", ["good example raises it"],
    ),
    "a good example that is bad in a first table": (
        set_key("finding", "limit/dnxhr-minimum", "good", value={"codec": "dnxhr", "width": 256}),
        "rulebook/self-test", ["good example raises it"],
    ),
    "an example outside the domain": (
        set_key("finding", "pairing/codec-in-container", "bad", value={"codec": "h264", "container": "avi"}),
        "rulebook/self-test", ["outside the domain"],
    ),
    "an example with a column that is not there": (
        set_key("finding", "pairing/codec-in-container", "bad", value={"codek": "h264"}),
        "rulebook/self-test", ["names columns that no table"],
    ),
    "an answer that is not declared": (
        set_cell("source-capability", "mp4", then={"engine": "ffmpg"}),
        "rulebook/unknown-outcome", ["ffmpg", "did you mean ffmpeg?"],
    ),
    "an answer of an unknown name": (
        set_cell("reel-carried", "none", then={"write": "nothing", "wirte": "nothing"}),
        "rulebook/unknown-outcome", ["wirte", "did you mean write?"],
    ),
    "a row that refuses nothing and answers nothing": (
        set_cell("source-capability", "mp4", then={}), "rulebook/missing-outcome", ["row mp4", "gives no engine"],
    ),
    "a row that only warns and answers nothing": (
        set_cell("scan-policy", "interlaced", then={}), "rulebook/missing-outcome", ["gives no deinterlace"],
    ),
    "a profile of an unknown codec": (
        set_key("profile", "proxy_h264_low", "codec", value="h264x"), "rulebook/unknown-word", ["did you mean h264?"],
    ),
    "a profile of a container that no spec may name": (
        set_key("profile", "proxy_h264_low", "container", value="avi"), "rulebook/unknown-word", ["container avi"],
    ),
    "a profile without its template": (
        set_key("profile", "proxy_h264_low", "template", value="ffmpeg/h264.arg.j2"),
        "rulebook/unknown-template", ["did you mean ffmpeg/h264.args.j2?"],
    ),
}  # fmt: skip


def holding(table: Table, inputs: dict[str, Value]) -> list[str]:
    """The ids of all rows that hold an input."""
    bits = [column.bit(inputs[column.name]) or 0 for column in table.columns]
    return [one.id for one in table.rows if all(mask & bit for mask, bit in zip(one.masks, bits, strict=True))]


def test_the_shipped_rulebook_has_no_fault(rulebook: Rulebook) -> None:
    assert lint(rulebook) == []
    assert lint(damaged(rulebook, lambda items: None)) == []


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_told_once_and_where_it_stands(name: str, rulebook: Rulebook) -> None:
    damage, kind, says = FAULTS[name]
    book = damaged(rulebook, damage)
    faults = lint(book)
    assert [fault.id for fault in faults] == [kind]
    assert [text for text in says if text not in faults[0].message] == []
    _true_witness(book, faults[0])


def _true_witness(book: Rulebook, fault: Finding) -> None:
    """Where the fault shows an input, the program decides it as the message says."""
    kind, message, shown = fault.id, fault.message, dict(fault.witness)
    if kind in ("rulebook/outside-domain", "rulebook/profile-refused"):
        return
    assert shown or "=" not in message or kind == "rulebook/unused-answer"
    if not shown:
        return
    table = book.table(fault.table)
    rows = holding(table, shown)
    if kind in ("rulebook/overlap", "rulebook/tie"):
        assert len(rows) == 2
        assert all(f" {one} " in message for one in rows)
    elif kind == "rulebook/gap":
        with pytest.raises(LookupError):
            match(table, shown)
    elif kind == "rulebook/unreachable":
        assert rows[0] != rows[-1] == "added"
    elif kind == "rulebook/self-test":
        finding = re.search(r"finding (\S+):", message)
        assert finding is not None
        raised = match(table, shown).finding == finding[1]
        assert raised == ("raises it" in message)
    else:
        assert match(table, shown).id == fault.row


def test_all_faults_of_all_tables_are_told_in_one_pass(rulebook: Rulebook) -> None:
    names = ["two rows hold one input", "a row of a first table is shadowed", "an otherwise that nothing reaches"]

    def damage(items: Items) -> None:
        for name in names:
            FAULTS[name][0](items)

    found = [fault.id for fault in lint(damaged(rulebook, damage))]
    assert sorted(found) == sorted(FAULTS[name][1] for name in names)


def test_every_row_of_the_shipped_tables_is_reached_by_its_own_witness(rulebook: Rulebook) -> None:
    for name in rulebook.items["table"]:
        table = rulebook.table(name)
        for one in table.rows:
            inputs = dict(witness(table, one.masks))
            assert one.id in holding(table, inputs)
            assert table.hit == "first" or match(table, inputs).id == one.id


def test_every_finding_that_refuses_has_a_self_test_and_says_why(rulebook: Rulebook) -> None:
    for name, rule in rulebook.findings.items():
        assert rule["bad"], name
        assert rule["good"], name
        assert rule["why"], name
        assert rule.get("fix") or rule.get("severity") == "note", name


def test_a_table_of_six_columns_and_fourteen_values_is_proved_quickly(rulebook: Rulebook) -> None:
    words = [f"v{index}" for index in range(14)]

    def damage(items: Items) -> None:
        for column in range(6):
            fact = {"stage": "spec", "doc": "x", "values": words, "other": True}
            items["fact"][f"big.{column}"] = fact
        rows: list[dict[str, Any]] = [
            {"id": f"r{index}", **{f"c{c}": words[(index * (c + 1)) % 14] for c in range(6)}} for index in range(14)
        ]
        rows += [{"id": f"s{index}", "c0": words[index], "c1": {"not": words[index * 2 % 14]}} for index in range(14)]
        columns = {f"c{column}": f"big.{column}" for column in range(6)}
        items["table"]["big"] = {"stage": "spec", "in": columns, "hit": "unique", "rows": rows, "otherwise": {}}

    start = time.process_time()
    assert lint(damaged(rulebook, damage)) == []
    assert time.process_time() - start < 5


def test_an_otherwise_of_a_compiled_table_is_a_row_of_that_name(rulebook: Rulebook) -> None:
    rest = rulebook.table(PAIRING).otherwise
    assert rest is not None
    assert (rest.id, rest.finding) == (OTHERWISE, "pairing/codec-in-container")
    assert compile_table("t", {"in": {}}, {}, {}).otherwise is None
