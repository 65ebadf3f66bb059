"""What a schema does not allow is said in TOML's own words, once, and at the key or value that is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from proxx.rulebook import builtin
from proxx.shape import SCHEMAS_BY_PLACE, read_document
from proxx.shapewords import written

SCHEMAS = {name: Path(builtin(), "schema", name).read_bytes() for name in SCHEMAS_BY_PLACE["matrices"]}
ENTRY = '[token.a]\ndoc = "A"\nexample = "A"\nvaries = false\n'
CODEC = '[codec.x]\ntitle = "X"\ndoc = "X."\nsource = "h264"\n'


def told(schema: str, text: str) -> list[tuple[str, str, str]]:
    """Kind, place and words of everything that is wrong with the shape of a file."""
    _, faults = read_document("a.toml", f"#:schema {schema}.schema.json\n{text}".encode(), SCHEMAS)
    return [(fault.id.removeprefix("rulebook/"), fault.at, fault.message) for fault in faults]


@pytest.mark.parametrize(
    ("schema", "text", "expected"),
    [
        ("vocabulary", CODEC + "doc2 = 1\n", ("unknown-key", "/codec/x/doc2", "there is no key doc2 here")),
        ("vocabulary", CODEC.replace("title", "titel"), ("unknown-key", "/codec/x/titel", "did you mean title?")),
        (
            "vocabulary",
            CODEC.replace('"X."', "3"),
            ("shape", "/codec/x/doc", "3 cannot stand here; it must be a text in"),
        ),
        ("vocabulary", "[table.x]\n", ("unknown-key", "/table", "stands in files of tables.schema.json")),
        (
            "execution",
            "[watchdog]\nseconds = 600\n",
            ("shape", "/watchdog", "missing: seconds_per_megapixel, or replaces"),
        ),
        ("tables", ENTRY + 'valu = "A"\n', ("unknown-key", "/token/a/valu", "value?")),
        ("tables", ENTRY + 'value = "a/b"\n', ("shape", "/token/a/value", "of a file name and holds no / and no \\")),
        ("tables", ENTRY, ("shape", "/token/a", "missing: from, or value")),
        (
            "tables",
            ENTRY + 'from = "fps"\nvalue = "A"\n',
            ("shape", "/token/a", "only one of from, value may stand here"),
        ),
        (
            "tables",
            '[table.a]\nrows = [{ id = "r", width = { lte = 4 } }]\n',
            ("shape", "/table/a/rows/0/width", "{ lte = 4 } is none of what may stand here: A value, a list of values"),
        ),
        (
            "tables",
            '[reel-pattern.a]\ndoc = "A"\nin = "name"\nsure = true\nparts = ["A"]\nexamples = { A = "A" }\n',
            ("shape", "/reel-pattern/a/parts/0", "it must be a table ({ … })"),
        ),
    ],
)
def test_one_mistake_is_told_once_with_its_place(schema: str, text: str, expected: tuple[str, str, str]) -> None:
    ((kind, at, message),) = told(schema, text)
    assert (kind, at) == expected[:2]
    assert expected[2] in message


def test_what_is_missing_besides_a_misspelt_key_is_still_told() -> None:
    faults = told("vocabulary", '[codec.x]\ntitel = "X"\nsource = "h264"\n')
    assert [message for _, _, message in faults] == [
        "there is no key titel here; did you mean title?",
        "the key doc is missing",
    ]


def test_a_byte_order_mark_is_called_by_its_name() -> None:
    _, (fault,) = read_document("a.toml", b"\xef\xbb\xbf#:schema tables.schema.json\n", SCHEMAS)
    assert (fault.id, fault.line, fault.column) == ("rulebook/not-toml", 1, 1)
    assert "byte order mark" in fault.message


def test_values_are_written_as_toml_has_them_and_cut() -> None:
    assert written({"a": True, "b": ["x", 1.5], "c": {}}) == '{ a = true, b = ["x", 1.5], c = {} }'
    assert len(written("x" * 500)) == 81
