"""Decision tables mean what their cells say: checked against a naive reading, cell by cell and input by input."""

from __future__ import annotations

import itertools
import time
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proxx.boxes import overlap, uncovered
from proxx.evaluate import OutsideDomain, decide, fill, match, tokens, trace
from proxx.tables import Domain, Fact, Table, TableError, Value, compile_table

SETS = {"prores": ["prores_proxy", "prores_lt"], "video": ["h264", "prores_proxy", "prores_lt"]}
FACTS = {
    "codec": Fact("codec", "spec", "", Domain(values=("h264", "vp9", "prores_proxy", "prores_lt"), other=True)),
    "container": Fact("container", "spec", "", Domain(values=("mov", "mp4", "mkv"))),
    "width": Fact("width", "spec", "", Domain(low=0, high=100)),
}
COLUMNS = {"codec": "codec", "container": "container", "width": "width"}


def table(*rows: dict[str, Any], hit: str = "unique", otherwise: dict[str, Any] | None = None) -> Table:
    """A table over codec, container and width; rows are numbered."""
    numbered = [{"id": f"r{index}", **row} for index, row in enumerate(rows)]
    data = {"stage": "spec", "in": COLUMNS, "hit": hit, "rows": numbered, "otherwise": otherwise or {}}
    return compile_table("t", data, FACTS, SETS)


def decided(made: Table, codec: str = "h264", container: str = "mov", width: int = 0) -> str:
    """The id of the row that decides."""
    return match(made, {"codec": codec, "container": container, "width": width}).id


def test_a_value_a_list_a_set_and_a_negation_hold_what_they_say() -> None:
    made = table(
        {"codec": "vp9", "container": "mkv"},
        {"codec": ["h264", "@prores"], "container": {"not": ["mp4", "mkv"]}},
        {"codec": {"not": "@video"}, "container": "mp4"},
    )
    assert decided(made, "vp9", "mkv") == "r0"
    assert decided(made, "h264", "mov") == "r1"
    assert decided(made, "prores_lt", "mov") == "r1"
    assert decided(made, "vp9", "mp4") == "r2"
    assert decided(made, "h264", "mkv") == "otherwise"


def test_anything_else_is_matched_by_negations_and_open_cells_only() -> None:
    made = table({"codec": {"not": ["h264", "vp9"]}, "container": "mov"}, {"container": "mp4"})
    assert decided(made, "cinepak", "mov") == "r0"
    assert decided(made, "cinepak", "mp4") == "r1"
    assert decided(table({"codec": ["h264", "vp9", "@prores"]}), "cinepak") == "otherwise"


@pytest.mark.parametrize(
    ("cell", "held"),
    [
        (7, {7}),
        ([7, 9], {7, 9}),
        ({"ge": 7}, set(range(7, 101))),
        ({"gt": 7}, set(range(8, 101))),
        ({"le": 7}, set(range(8))),
        ({"lt": 7}, set(range(7))),
        ({"ge": 3, "lt": 6}, {3, 4, 5}),
        ({"gt": 3, "le": 6}, {4, 5, 6}),
        ({"ge": 6, "lt": 6}, set()),
        ({"not": {"ge": 3, "lt": 6}}, set(range(101)) - {3, 4, 5}),
        ([{"lt": 2}, 50, {"gt": 98}], {0, 1, 50, 99, 100}),
        ({"not": [0, {"ge": 2}]}, {1}),
        ({"ge": 0}, set(range(101))),
        ({"le": 100}, set(range(101))),
    ],
)
def test_a_range_holds_exactly_its_numbers(cell: Any, held: set[int]) -> None:
    made = table({"width": cell}, {"codec": "vp9", "width": [13, {"ge": 20, "le": 30}]}, hit="first")
    assert {width for width in range(101) if decided(made, width=width) == "r0"} == held


def test_of_a_first_table_the_first_row_that_matches_decides() -> None:
    made = table({"codec": "h264", "width": {"lt": 10}}, {"codec": "h264"}, {"container": "mov"}, hit="first")
    assert decided(made, width=5) == "r0"
    assert decided(made, width=50) == "r1"
    assert decided(made, "vp9") == "r2"
    assert decided(made, "vp9", "mp4") == "otherwise"


def test_a_table_is_not_asked_when_a_fact_is_absent() -> None:
    made = table({"codec": "h264"}, {"codec": "vp9"})
    assert decide(made, {"codec": "h264", "container": "mov"}) is None
    answer = decide(made, {"codec": "h264", "container": "mov", "width": 1, "another": "fact"})
    assert answer is not None
    assert (answer.row, answer.inputs) == ("r0", {"codec": "h264", "container": "mov", "width": 1})


@pytest.mark.parametrize(("column", "value"), [("container", "avi"), ("width", 101), ("width", -1), ("width", "wide")])
def test_a_value_outside_its_domain_is_never_matched_silently(column: str, value: Value) -> None:
    inputs: dict[str, Value] = {"codec": "h264", "container": "mov", "width": 1, column: value}
    with pytest.raises(OutsideDomain, match=f"{column}={value}"):
        match(table({"codec": "h264"}), inputs)


def test_a_trace_names_for_every_other_row_the_first_column_that_failed() -> None:
    made = table(
        {"codec": "vp9"}, {"codec": "h264", "container": "mov"}, {"codec": "h264", "width": {"ge": 2, "lt": 9}}
    )
    misses = trace(made, {"codec": "h264", "container": "mov", "width": 50})
    assert [(miss.row, miss.column, miss.wanted, miss.got) for miss in misses] == [
        ("r0", "codec", ("vp9",), "h264"),
        ("r2", "width", ("2..8",), 50),
    ]


def test_masks_are_told_in_words() -> None:
    made = table({"width": [0, 1, {"ge": 40, "le": 60}]}, {"width": {"gt": 99}, "codec": {"not": "h264"}})
    width, codec = made.column("width"), made.column("codec")
    assert width.values(made.rows[0].masks[2]) == ("0..1", "40..60")
    assert width.values(made.rows[1].masks[2]) == ("100",)
    assert codec.values(made.rows[1].masks[0]) == ("vp9", "prores_proxy", "prores_lt", "anything else")


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        ({"codek": "h264"}, "unknown-column"),
        ({"codec": "h266"}, "outside-domain"),
        ({"codec": 7}, "outside-domain"),
        ({"codec": "@prorez"}, "unknown-set"),
        ({"container": "@prores"}, "outside-domain"),
        ({"width": "wide"}, "outside-domain"),
        ({"width": 101}, "outside-domain"),
        ({"width": {"ge": -5}}, "outside-domain"),
        ({"width": {"not": {"le": 500}}}, "outside-domain"),
        ({"width": True}, "outside-domain"),
        ({"codec": {"ge": 3}}, "outside-domain"),
    ],
)
def test_a_cell_that_means_nothing_is_refused(row: dict[str, Any], kind: str) -> None:
    with pytest.raises(TableError) as caught:
        table(row)
    assert caught.value.kind == kind
    assert caught.value.where == ("rows", 0, next(iter(row)))


def test_a_message_fills_each_token_once_and_keeps_doubled_braces() -> None:
    assert fill("{a} and {{b}} and {c}", {"a": "{c}", "c": 7}) == "{c} and {b} and 7"
    assert tokens("{a} and {{b}} and {c-allowed}") == ["a", "c-allowed"]
    assert fill("}} {{ }", {}) == "} { }"


# ---- against a naive reading ---------------------------------------------------------------------------------------

words = st.sampled_from(["h264", "vp9", "prores_proxy", "prores_lt", "@prores", "@video"])
spans = st.one_of(
    st.integers(0, 100),
    st.fixed_dictionaries({}, optional={"ge": st.integers(0, 100), "lt": st.integers(1, 100)}).filter(bool),
    st.fixed_dictionaries({}, optional={"gt": st.integers(0, 99), "le": st.integers(0, 100)}).filter(bool),
)


def cells(simple: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    listed = st.one_of(simple, st.lists(simple, min_size=1, max_size=3))
    return st.one_of(listed, st.fixed_dictionaries({"not": listed}))


random_rows = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "codec": cells(words),
            "container": cells(st.sampled_from(["mov", "mp4", "mkv"])),
            "width": cells(spans),
        },
    ),
    max_size=6,
)
inputs = st.fixed_dictionaries(
    {
        "codec": st.sampled_from(["h264", "vp9", "prores_proxy", "prores_lt", "cinepak"]),
        "container": st.sampled_from(["mov", "mp4", "mkv"]),
        "width": st.integers(0, 100),
    }
)


def holds(cell: Any, value: Value) -> bool:
    """Whether a cell holds a value, read as a person would."""
    if isinstance(cell, list):
        return any(holds(item, value) for item in cell)
    if isinstance(cell, Mapping) and "not" in cell:
        return not holds(cell["not"], value)
    if isinstance(cell, Mapping):
        assert isinstance(value, int)
        above = value >= cell.get("ge", 0) and value > cell.get("gt", -1)
        return bool(above and value <= cell.get("le", 100) and value < cell.get("lt", 101))
    if isinstance(cell, str) and cell.startswith("@"):
        return value in SETS[cell[1:]]
    return bool(cell == value)


@given(random_rows, inputs)
@settings(max_examples=300, deadline=None)
def test_the_row_that_decides_is_the_first_whose_cells_all_hold(
    rows: list[dict[str, Any]], given_values: dict[str, Value]
) -> None:
    fitting = [f"r{i}" for i, row in enumerate(rows) if all(holds(row[c], given_values[c]) for c in row)]
    made = table(*rows, hit="first")
    assert match(made, given_values).id == (fitting or ["otherwise"])[0]
    misses = trace(made, given_values)
    assert [miss.row for miss in misses] == [f"r{i}" for i in range(len(rows)) if f"r{i}" not in fitting]
    for miss in misses:
        assert not holds(rows[int(miss.row[1:])][miss.column], given_values[miss.column])


@st.composite
def boxes(draw: st.DrawFn) -> tuple[list[int], list[tuple[int, ...]], tuple[int, ...]]:
    widths = draw(st.lists(st.integers(1, 4), min_size=1, max_size=4))
    box = st.tuples(*(st.integers(0, (1 << width) - 1) for width in widths))
    room = st.tuples(*(st.integers(1, (1 << width) - 1) for width in widths))
    return widths, draw(st.lists(box, max_size=6)), draw(room)


def points(box: Sequence[int]) -> set[tuple[int, ...]]:
    """Every single input of a box."""
    return set(itertools.product(*([bit for bit in range(8) if mask >> bit & 1] for mask in box)))


@given(boxes())
@settings(max_examples=400, deadline=None)
def test_what_is_uncovered_is_found_exactly(case: tuple[list[int], list[tuple[int, ...]], tuple[int, ...]]) -> None:
    widths, rows, room = case
    held = set().union(*(points(row) for row in rows))
    for within in (None, room):
        whole = points(within or [(1 << width) - 1 for width in widths])
        found = uncovered(widths, rows, within)
        if found is None:
            assert whole <= held
        else:
            assert points(found)
            assert points(found) <= whole - held


@given(boxes())
@settings(max_examples=200, deadline=None)
def test_an_overlap_is_exactly_what_two_boxes_share(
    case: tuple[list[int], list[tuple[int, ...]], tuple[int, ...]],
) -> None:
    _, rows, room = case
    for row in rows:
        both = overlap(row, room)
        assert points(both or [0]) == points(row) & points(room)


def test_six_columns_of_fourteen_values_are_proved_in_reasonable_time() -> None:
    widths = [14] * 6
    full = (1 << 14) - 1
    rows = [tuple(full & ~(1 << (index + other) % 14) if index % 6 == other else full for other in range(6))
            for index in range(40)]  # fmt: skip
    rows += [tuple(1 << (index * 7 + other) % 14 for other in range(6)) for index in range(60)]
    start = time.process_time()
    assert uncovered(widths, rows) is None
    single = [tuple(0b11 << (index * (other + 1)) % 13 for other in range(6)) for index in range(100)]
    gap = uncovered(widths, single)
    assert gap is not None
    assert all(overlap(gap, row) is None for row in single)
    assert time.process_time() - start < 10
