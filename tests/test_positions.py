"""Every value of a document is found where it stands, in JSON and in TOML, whole or broken."""

from __future__ import annotations

import json
import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxx.positions import Place, locate_json, locate_toml

SPEC = """{
  "jobspec_version": "2.1",
  "sources": [
    "/a/ünïcode.mov",
    "/b/clip.mov"
  ],
  "codec": "h264", "fps_explicit": null,
  "odd/na~me": {"deep": [1, [2, 3.5e1]]}
}
"""


def at(text: str, place: Place) -> str:
    """The text that a place points at."""
    line = text.split("\n")[place.line - 1]
    return line[place.column - 1 : place.column - 1 + place.length]


@pytest.mark.parametrize(
    ("pointer", "stands"),
    [
        ("", Place(1, 1, 1)),
        ("/jobspec_version", Place(2, 22, 5)),
        ("/sources", Place(3, 14, 1)),
        ("/sources/0", Place(4, 5, 16)),
        ("/sources/1", Place(5, 5, 13)),
        ("/fps_explicit", Place(7, 36, 4)),
        ("/odd~1na~0me/deep/1/1", Place(8, 33, 5)),
        ("/odd~1na~0me/deep/1", Place(8, 29, 10)),
    ],
)
def test_a_json_value_is_found_by_its_pointer(pointer: str, stands: Place) -> None:
    assert locate_json(SPEC, pointer) == stands


def test_a_field_name_is_found_on_demand_and_an_item_has_none() -> None:
    assert at(SPEC, locate_json(SPEC, "/codec", key=True)) == '"codec"'
    assert at(SPEC, locate_json(SPEC, "/sources/1", key=True)) == '"/b/clip.mov"'


@pytest.mark.parametrize(
    ("pointer", "nearest"),
    [("/container", ""), ("/sources/7", "/sources"), ("/sources/-", "/sources"), ("/codec/0/x", "/codec")],
)
def test_a_value_that_is_not_there_stands_at_the_nearest_one_around_it(pointer: str, nearest: str) -> None:
    assert locate_json(SPEC, pointer) == locate_json(SPEC, nearest)


def test_of_a_field_named_twice_the_last_counts() -> None:
    text = '{"a": {"b": 1}, "c": [0], "a": {"d": 2}}'
    assert locate_json(text, "/a/d").column == 38
    assert locate_json(text, "/a/b").column == 32, "the first is not there any more"


def test_names_that_json_escapes_are_found() -> None:
    text = '{"\\u0061\\"": 1, "": 2}'
    assert locate_json(text, '/a"').column == 14
    assert locate_json(text, "/").column == 21


@pytest.mark.parametrize(
    "text", ["", "   ", "{", "[", '{"a"', '{"a": 1, "b": [1, 2', '{"a": 1 oops "b": 2}', '{"a": 1, // note\n "b": 2}']
)
def test_broken_json_gives_what_stands_before_the_fault(text: str) -> None:
    place = locate_json(text, "/a")
    assert place.line == 1
    assert at(text, place) == "1" if '"a": 1' in text else place.column == 1


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 50_000, "[" * 50_000 + "]" * 50_000])
def test_deep_nesting_is_walked_without_recursion(text: str) -> None:
    assert locate_json(text, "/0/0/0").line == 1
    assert locate_json(text, "/a/a/a").line == 1


TOML = '''# rules
title = "top" # of all
[table.codec-container]
doc = """
many lines, # no comment, ] } = """
in = { codec = "spec.codec", container = 'spec.container' }
rows = [
  { id = "dnxhd", codec = "dnxhd" },   # [ first ]
  { id = "dnxhr",
    codec = ["a, b", 'c]', """d"""""], when = 1979-05-27 07:32:00, },
]
a.b."c d" = 0x_bad

[[clip]]
name = 'one'
[clip.video]
rate = 23.976
[[clip]]
name = 'two'
[clip.video]
rate = +inf
[ "quo.ted" . x ]
y=-1
'''.replace("0x_bad", "0xbad")


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (("title",), '"top"'),
        (("table",), "table.codec-container"),
        (("table", "codec-container"), "table.codec-container"),
        (("table", "codec-container", "doc"), '"""'),
        (("table", "codec-container", "in", "container"), "'spec.container'"),
        (("table", "codec-container", "rows", 0, "codec"), '"dnxhd"'),
        (("table", "codec-container", "rows", 1, "codec"), """["a, b", 'c]', \"\"\"d\"\"\"\"\"]"""),
        (("table", "codec-container", "rows", 1, "codec", 2), '"""d"""""'),
        (("table", "codec-container", "rows", 1, "when"), "1979-05-27 07:32:00"),
        (("table", "codec-container", "a", "b", "c d"), "0xbad"),
        (("clip", 0, "name"), "'one'"),
        (("clip", 1, "name"), "'two'"),
        (("clip", 0, "video", "rate"), "23.976"),
        (("clip", 1, "video", "rate"), "+inf"),
        (("quo.ted", "x", "y"), "-1"),
        (("table", "codec-container", "rows", 1, "nothing"), '{ id = "dnxhr",'),
    ],
)
def test_a_toml_value_is_found_by_its_keys(path: tuple[str | int, ...], text: str) -> None:
    assert at(TOML, locate_toml(TOML, path)) == text


def test_a_toml_key_is_found_on_demand() -> None:
    assert at(TOML, locate_toml(TOML, ("table", "codec-container", "rows"), key=True)) == "rows"
    assert at(TOML, locate_toml(TOML, ("table", "codec-container", "a", "b", "c d"), key=True)) == 'a.b."c d"'


@pytest.mark.parametrize("text", ["", "a", "a =", "[", "[[a]", "a = [1, 2", 'a = "', "a = {b = 1", "= 1", "a = 1\n]"])
def test_broken_toml_gives_some_place_in_the_text(text: str) -> None:
    assert locate_toml(text, ("a", "b")).line == 1


scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
documents = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4), max_leaves=20
)
names = st.text(st.characters(blacklist_categories=["Cs", "Cc"]), max_size=6)
toml_scalars = (
    st.booleans()
    | st.integers(-(2**62), 2**62)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(blacklist_categories=["Cs"]))
)
toml_values = st.recursive(
    toml_scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3), max_leaves=12
)
tables = st.dictionaries(names, st.dictionaries(names, toml_values, max_size=3), max_size=3)


def leaves(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[tuple[str | int, ...], Any]]:
    """Every innermost value with the way to it."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    found = [leaf for key, member in inner for leaf in leaves(member, (*path, key))]
    return found if isinstance(value, dict | list) else [(path, value)]


@given(documents, st.sampled_from([None, 1, 4]), st.booleans())
def test_every_leaf_of_any_json_document_is_found_where_it_stands(
    value: Any, indent: int | None, ascii_only: bool
) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    for path, leaf in leaves(value):
        pointer = "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)
        assert at(text, locate_json(text, pointer)) == json.dumps(leaf, ensure_ascii=ascii_only)


def inline(value: Any) -> str:
    """A value as TOML writes it on one line."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{inline(key)} = {inline(member)}" for key, member in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(inline(item) for item in value) + "]"
    if isinstance(value, str):
        return '"' + "".join(f"\\U{ord(letter):08X}" for letter in value) + '"'
    return json.dumps(value)


@given(tables)
def test_every_leaf_of_any_toml_document_is_found_where_it_stands(value: dict[str, dict[str, Any]]) -> None:
    lines = []
    for name, table in value.items():
        lines.append(f"[{inline(name)}] # table")
        lines += [f"{inline(key)} = {inline(member)}" for key, member in table.items()]
    text = "\n".join(lines)
    assert tomllib.loads(text) == value
    for path, leaf in leaves(value):
        assert at(text, locate_toml(text, path)) == inline(leaf)


@given(st.text(alphabet="[]{}=\"'#,.ab1 \n\\", max_size=60))
def test_no_text_makes_the_locators_fail(text: str) -> None:
    assert locate_toml(text, ("a", 0, "b")).line >= 1
    assert locate_json(text, "/a/0/b").line >= 1
