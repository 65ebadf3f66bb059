"""An editor that knows TOML helps at every key of the rulebook, and marks what `proxx rulebook check` refuses.

Taplo is the program behind "Even Better TOML"; its quirks are what these rules about the schemas come from.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sysconfig
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from proxx.cli import main

ROOT = Path(__file__).parents[1]
TAPLO = Path(sysconfig.get_path("scripts")) / "taplo"
SCHEMAS = {path.name: json.loads(path.read_text("utf-8")) for path in sorted((ROOT / "schema").glob("*.schema.json"))}
EDITED = (
    *("cases", "execution", "facts", "fixtures", "generations", "jobspec-fields", "profile", "resolve", "rulebook"),
    *("tables", "vocabulary"),
)
"""The schemas of TOML documents: those that Taplo reads."""

FOLDERS = ("matrices", "profiles", "examples", "tests/cases")
DOCUMENTS = [ROOT / "rulebook.toml", *sorted(path for name in FOLDERS for path in (ROOT / name).rglob("*.toml"))]
Node = dict[str, Any]


def taplo(*paths: Path) -> tuple[int, set[Path], str]:
    """Taplo's exit code, the files it finds invalid, and all it says. It takes each schema from the first line."""
    done = subprocess.run(
        [str(TAPLO), "lint", "--no-auto-config", "--colors", "never", *map(str, paths)],
        env={**os.environ, "RUST_LOG": "error"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=300,
    )
    said = done.stdout + done.stderr
    return done.returncode, {Path(name) for name in re.findall(r"┌─ (.+):\d+:\d+$", said, re.MULTILINE)}, said


def nodes(node: Node, at: str = "") -> Iterator[tuple[str, Node]]:
    """Every place of a schema whose title and description an editor shows, with its pointer."""
    for step, one, shown in inside(node):
        if shown:
            yield at + step, one
        yield from nodes(one, at + step)


def inside(node: Node) -> Iterator[tuple[str, Node, bool]]:
    """The schemas within a schema: step, schema, whether an editor shows it. Plain elements of lists are not shown."""
    for key in ("properties", "$defs"):
        yield from ((f"/{key}/{name}", one, True) for name, one in node.get(key, {}).items() if isinstance(one, dict))
    for key in ("additionalProperties", "items"):
        if isinstance(one := node.get(key), dict):
            yield f"/{key}", one, key != "items" or "properties" in one or "$ref" in one
    for key in ("oneOf", "anyOf", "allOf"):
        yield from ((f"/{key}/{number}", one, False) for number, one in enumerate(node.get(key, ())))


def target(schema: Node, node: Node) -> Node:
    """The node itself, or what it refers to, in this schema or in another one."""
    while "$ref" in node:
        file, _, pointer = node["$ref"].partition("#")
        found: Any = SCHEMAS[file] if file else schema
        for part in filter(None, pointer.split("/")):
            found = found[part]
        node = found
    return node


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_key_of_every_schema_has_a_title_and_a_description(name: str) -> None:
    schema = SCHEMAS[name]
    jsonschema.Draft202012Validator.check_schema(schema)
    mute = [
        at
        for at, node in [("", schema), *nodes(schema)]
        for words in [{**target(schema, node), **node}]
        if len(words.get("title", "")) < 2 or not str(words.get("description", "")).endswith((".", "…"))
    ]
    assert mute == []


@pytest.mark.parametrize("name", EDITED)
def test_taplo_sees_every_description_since_none_stands_beside_a_reference(name: str) -> None:
    """Taplo follows "$ref" and drops what stands beside it; beside "allOf" it drops the node itself. It knows no
    "prefixItems".
    """
    schema = SCHEMAS[f"{name}.schema.json"]
    hidden = [at for at, node in nodes(schema) if "$ref" in node and {"title", "description"} & node.keys()]
    hidden += [at for at, node in nodes(schema) if {"allOf", "prefixItems"} & node.keys()]
    assert hidden == []


@pytest.mark.parametrize("name", EDITED)
def test_taplo_sees_the_keys_inside_lists_since_an_element_has_items_of_its_own(name: str) -> None:
    """For a key of a table in a list, Taplo asks for the items of the items; objects have none."""
    schema = SCHEMAS[f"{name}.schema.json"]
    elements = [(at, target(schema, node)) for at, node in nodes(schema) if at.endswith("/items")]
    blind = [at for at, node in elements if "properties" in node or "additionalProperties" in node]
    blind = [at for at in blind if "items" not in dict(elements)[at]]
    assert [at for at in blind if not at.endswith("/items/items")] == []


def hints(node: Node) -> Node:
    """A schema's words without its demands."""
    said: Node = {key: node[key] for key in ("title", "description") if key in node}
    if "properties" in node:
        said["properties"] = {name: hints(one) for name, one in node["properties"].items()}
    if "properties" in node.get("items", {}):
        said["items"] = {**hints(node["items"]), "items": hints(node["items"])}
    return said


def test_a_case_explains_a_spec_and_a_probe_in_the_words_of_their_own_schemas() -> None:
    ours = SCHEMAS["cases.schema.json"]["$defs"]
    theirs = SCHEMAS["jobspec.schema.json"], SCHEMAS["probe.schema.json"]["additionalProperties"]
    assert ours["spec"]["properties"] == hints(theirs[0])["properties"]
    assert ours["probes"]["additionalProperties"]["properties"] == hints(theirs[1])["properties"]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_shipped_document_names_its_schema_on_its_first_line(path: Path) -> None:
    found = re.fullmatch(r"#:schema (\S+)", path.read_text("utf-8").partition("\n")[0])
    assert found is not None
    assert (path.parent / found[1]).resolve().parent == ROOT / "schema"
    assert (path.parent / found[1]).resolve().name.removesuffix(".schema.json") in EDITED


def test_taplo_finds_nothing_wrong_in_any_shipped_document() -> None:
    assert len(DOCUMENTS) > 45
    assert taplo(*DOCUMENTS) == (0, set(), "")


def test_every_form_of_a_cell_is_accepted_and_explained(book_copy: Callable[[], Path]) -> None:
    forms = [
        '"x"',
        "3",
        '["x", "y"]',
        "[1, { ge = 3, lt = 5 }]",
        '"@set"',
        '{ not = "x" }',
        '{ not = ["x"] }',
        "{ gt = 2 }",
    ]
    path = book_copy() / "matrices/cells.toml"
    rows = "\n".join(f'  {{ id = "r{n}", c = {form} }},' for n, form in enumerate(forms))
    path.write_text(f"#:schema ../schema/tables.schema.json\n[table.t]\nrows = [\n{rows}\n]\n", "utf-8")
    assert taplo(path) == (0, set(), "")
    cell = SCHEMAS["tables.schema.json"]["$defs"]["cell"]
    said = [target(SCHEMAS["tables.schema.json"], one) for one in cell["oneOf"]]
    assert all(one["title"] and one["description"] for one in [cell, *said])


BROKEN = [
    ("rulebook.toml", 'version = "', 'versoin = "', "versoin"),
    ("rulebook.toml", "format = 1", 'format = "1"', "1"),
    ("rulebook.toml", 'name = "proxx"\n', "", "name"),
    ("rulebook.toml", 'name = "proxx"', 'name = "Prox X"', "Prox X"),
    ("matrices/pairing.toml", 'hit = "unique"', 'hits = "unique"', "hits"),
    ("matrices/pairing.toml", 'hit = "unique"', 'hit = "best"', "best"),
    ("matrices/pairing.toml", '{ id = "h264", codec', "{ codec", "id"),
    (
        "matrices/pairing.toml",
        'codec = "h264", container = ["mp4", "mov", "mkv"]',
        'codec = "h264", container = []',
        "container",
    ),
    (
        "matrices/pairing.toml",
        'container = { not = ["mxf", "mov"] }',
        'container = { nor = ["mxf", "mov"] }',
        "container",
    ),
    ("matrices/pairing.toml", 'title = "DNxHD must be wrapped in MXF"\n', "", "title"),
    ("matrices/naming.toml", "varies = true", 'varies = "yes"', "yes"),
    ("matrices/naming.toml", 'from = "source_name"', 'from = "source-name"', "source-name"),
    ("matrices/naming.toml", 'severity = "warning"', 'severity = "warn"', "warn"),
    ("matrices/facts.toml", 'stage = "spec"\n', 'stag = "spec"\n', "stag"),
    ("matrices/facts.toml", 'stage = "spec"\n', "", "stage"),
    ("matrices/facts.toml", 'pointer = "/codec"', 'pointer = "codec"', "codec"),
    ("matrices/facts.toml", "range = [0, ", 'range = ["0", ', "0"),
    ("matrices/vocabulary.toml", 'extensions = ["mov", "qt"]', 'extensions = "mov"', "mov"),
    ("matrices/vocabulary.toml", 'frame_count = "header"', 'frame_count = "guess"', "guess"),
    ("matrices/vocabulary.toml", 'source = "vp9"\n', "", "vp9"),
    ("matrices/vocabulary.toml", 'muxer = "mxf"', 'muxxer = "mxf"', "muxxer"),
    ("matrices/execution.toml", "seconds = 120", "second = 120", "second"),
    ("matrices/execution.toml", "seconds = 120", 'seconds = "120"', "120"),
    ("matrices/fixtures.toml", 'takes = "raster"', 'takes = "size"', "size"),
    ("matrices/fixtures.toml", "most = 4096", "moost = 4096", "moost"),
    ("matrices/generations.toml", 'until = "6.0"', "until = 6.0", "6"),
    ("matrices/jobspec.toml", 'also_called = ["id", "uuid"]', 'also_caled = ["id", "uuid"]', "also_caled"),
    ("matrices/jobspec.toml", 'form = "name"', 'form = "nam"', "nam"),
    ("matrices/jobspec.toml", "required = true", "required = 1", "1"),
    ("matrices/jobspec.toml", 'expects = "a codec"\n', "", "expects"),
    ("matrices/resolve.toml", 'files = "one"', 'files = "some"', "some"),
    ("matrices/resolve.toml", 'owner = "plan"', 'owners = "plan"', "owners"),
    ("profiles/ffmpeg/proxy_av1.toml", "crf = 40", "cfr = 40", "cfr"),
    ("profiles/ffmpeg/proxy_av1.toml", "crf = 40", 'crf = "40"', "40"),
    ("profiles/ffmpeg/proxy_av1.toml", "crf = 40", "crf = 99", "99"),
    ("profiles/ffmpeg/proxy_av1.toml", 'engine = "ffmpeg"', 'engine = "ffmpg"', "ffmpg"),
    ("profiles/ffmpeg/proxy_av1.toml", 'pix_fmt = "yuv420p"\ncolour', "colour", "pix_fmt"),
    ("profiles/resolve/proxy_dnxhr_lb_resolve.toml", "AudioBitDepth = 24", "AudioBitDepth = [24]", "24"),
    ("profiles/resolve/proxy_dnxhr_lb_resolve.toml", 'format = "mxf_op1a"', 'formt = "mxf_op1a"', "formt"),
]
"""A shipped document, a text of it, what takes its place, and a word that both reports must hold."""


def broken(folder: Path, number: int) -> Path:
    """Damages one document of a copied rulebook and gives its path."""
    name, old, new, _ = BROKEN[number]
    path = folder / name
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")
    return path


def test_every_schema_of_a_rulebook_document_is_among_the_broken_ones() -> None:
    first = {(ROOT / name).read_text("utf-8").partition("\n")[0].rpartition("/")[2] for name, *_ in BROKEN}
    assert first == {f"{name}.schema.json" for name in EDITED if name != "cases"}


def test_taplo_and_rulebook_check_both_report_what_is_broken(
    book_copy: Callable[[], Path], capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    for number, (_, _, _, word) in enumerate(BROKEN):
        folder = book_copy()
        path = broken(folder, number)
        code, invalid, said = taplo(path)
        assert (code, invalid) == (1, {path})
        assert word in said
        assert main(["rulebook", "check", str(folder), "--format", "json"]) == 1
        findings = [found for one in json.loads(capsysbinary.readouterr().out)["files"] for found in one["findings"]]
        assert {found["id"] for found in findings} <= {"rulebook/shape", "rulebook/unknown-key"}, path
        assert any(word in json.dumps(found, ensure_ascii=False) for found in findings), (path, findings)


CASES = [
    ('id = "studio-half"', 'idd = "studio-half"', "idd"),
    ('id = "studio-half"\n', "", "id"),
    ('raster = "1920x1080"', 'raster = "big"', "big"),
    ("ok = true", 'ok = "yes"', "yes"),
    ('engine = "ffmpeg", outputs', 'engine = "ffmpg", outputs', "ffmpg"),
]


@pytest.mark.parametrize(("old", "new", "word"), CASES)
def test_taplo_and_rulebook_test_both_report_broken_cases(
    old: str, new: str, word: str, book_copy: Callable[[], Path], capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    folder = book_copy() / "examples/studio"
    shutil.copytree(ROOT / "examples/studio", folder)
    path = folder / "cases/studio.toml"
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")
    code, invalid, said = taplo(path)
    assert (code, invalid) == (1, {path})
    assert word in said
    assert main(["rulebook", "test", str(folder)]) != 0
    out = capsysbinary.readouterr()
    assert word in (out.out + out.err).decode()


SPECS = [
    ("resolution", "haf"),
    ("codec", "prores"),
    ("sources", []),
    ("output_directory", "proxies"),
    ("jobspec_version", 2.1),
    ("fps_explicit", 25),
    ("naming_template", None),
    ("colour", "red"),
]


@pytest.mark.parametrize(("field", "value"), SPECS)
def test_an_editor_and_check_both_report_a_broken_spec(
    field: str, value: Any, spec_file: Callable[..., Path], capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    path = spec_file(**{field: value})
    validator = jsonschema.Draft202012Validator(SCHEMAS["jobspec.schema.json"])
    assert not validator.is_valid(json.loads(path.read_text("utf-8")))
    assert validator.is_valid(json.loads(spec_file("right.json").read_text("utf-8")))
    assert main(["check", "--no-media", str(path)]) == 1
    assert field in capsysbinary.readouterr().out.decode()
