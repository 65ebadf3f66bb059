"""Faults of every kind, seeded one at a time into the shipped rulebook's own files, are told where they stand.

The mutations are made by walking the rulebook's files, so that they grow with it. Each one changes the text of one
file; the whole rulebook is then read and proved anew. What a fault shows as its witness is judged by a matcher that
shares nothing with the program: it reads the rows as they are written and tries them one after the other.
"""

from __future__ import annotations

import json
import operator
import re
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest

from proxx.contract import read_contract
from proxx.errors import Finding, RulebookError
from proxx.positions import locate_toml
from proxx.prove import lint
from proxx.report import FileReport, located
from proxx.rulebook import Rulebook, assemble, builtin, derive_sets, freeze, read_folder
from proxx.shape import read_layer
from proxx.templates import template_faults
from proxx.tryout import try_all
from proxx.whence import teller

Row = Mapping[str, Any]
FILES = read_folder(builtin())
TEXTS = {path: data.decode("utf-8") for path, data in FILES.items()}
MATRICES = {path: tomllib.loads(text) for path, text in TEXTS.items() if "/matrices/" in path}
PROFILES = {path: tomllib.loads(text) for path, text in TEXTS.items() if re.search(r"/profiles/\w+/\w+\.toml$", path)}
TABLES = [(path, name, data) for path, file in MATRICES.items() for name, data in file.get("table", {}).items()]
FINDINGS = [(path, name, data) for path, file in MATRICES.items() for name, data in file.get("finding", {}).items()]
FACTS = {name: data for file in MATRICES.values() for name, data in file.get("fact", {}).items()}
ABOUT = {"id", "then", "finding", "note", "origin", "source", "why", "evidence"}
EACH = 4


@dataclass(frozen=True)
class Mutation:
    """A changed file, and the fault that it must bring: its id, and the line where it stands."""

    kind: str
    name: str
    path: str
    text: str
    fault: str
    line: int


def spread(found: Sequence[Mutation], most: int = EACH) -> list[Mutation]:
    """A few of them, from all over the rulebook."""
    step = max(1, len(found) // most)
    return list(found[::step][:most])


def toml(value: object) -> str:
    """A value as TOML writes it on one line."""
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{key} = {toml(one)}" for key, one in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def line_of(path: str, *keys: str | int, key: bool = False) -> int:
    return locate_toml(TEXTS[path], keys, key=key).line


def with_line(path: str, line: int, *lines: str) -> str:
    """The file with other lines in place of one."""
    whole = TEXTS[path].split("\n")
    return "\n".join([*whole[: line - 1], *lines, *whole[line:]])


def changed_row(table: tuple[str, str, Mapping[str, Any]], index: int, row: Row) -> tuple[str, str, int]:
    """The file with another row in place of one: path, text, line."""
    path, name, _ = table
    line = line_of(path, "table", name, "rows", index)
    whole = TEXTS[path].split("\n")
    assert whole[line - 1].rstrip().endswith("},"), f"{path}:{line} is no row on a line of its own"
    return path, with_line(path, line, f"  {toml(row)},"), line


def added_row(table: tuple[str, str, Mapping[str, Any]], row: Row) -> tuple[str, str, int]:
    """The file with one row more at the end of a table."""
    path, name, data = table
    line = line_of(path, "table", name, "rows", len(data["rows"]) - 1)
    last = TEXTS[path].split("\n")[line - 1]
    return path, with_line(path, line, last, f"  {toml(row)},"), line + 1


def cells(row: Row) -> dict[str, Any]:
    return {key: value for key, value in row.items() if key not in ABOUT}


def answer(row: Row) -> dict[str, Any]:
    return {key: row[key] for key in ("then", "finding") if key in row}


Seeds = Callable[[], Iterator[Mutation]]


def rows() -> Iterator[tuple[tuple[str, str, Mapping[str, Any]], int, Row]]:
    """The first, the middle and the last row of every table."""
    for table in TABLES:
        data = table[2]["rows"]
        for index in sorted({0, len(data) // 2, len(data) - 1}):
            yield table, index, data[index]


def twins() -> Iterator[Mutation]:
    """A row that is there once more, under another id."""
    for table, _, row in rows():
        if table[2].get("hit", "unique") == "unique":
            yield Mutation(
                "tie", f"{table[1]}/{row['id']}", *two(added_row(table, {**row, "id": "twin"}), "rulebook/tie")
            )
        else:
            made = added_row(table, {**row, "id": "twin"})
            yield Mutation("shadow", f"{table[1]}/{row['id']}", *two(made, "rulebook/unreachable"))


def two(made: tuple[str, str, int], fault: str) -> tuple[str, str, str, int]:
    path, text, line = made
    return path, text, fault, line


def rivals() -> Iterator[Mutation]:
    """A row's cells with the answer of another row of its table."""
    for table, index, row in rows():
        other = table[2]["rows"][index - 1]
        if table[2].get("hit", "unique") == "unique" and answer(other) != answer(row) and cells(row):
            made = added_row(table, {"id": "rival", **cells(row), **answer(other)})
            yield Mutation("overlap", f"{table[1]}/{row['id']}", *two(made, "rulebook/overlap"))


def lost_rows() -> Iterator[Mutation]:
    """A row of a table without otherwise is gone."""
    for table, index, row in rows():
        path, name, data = table
        if "otherwise" not in data and len(data["rows"]) > 1:
            line = line_of(path, "table", name, "rows", index)
            gone = with_line(path, line)
            yield Mutation("gap", f"{name}/{row['id']}", path, gone, "rulebook/gap", line_of(path, "table", name))


def rests() -> Iterator[Mutation]:
    """An otherwise too many, or one too few."""
    for path, name, data in TABLES:
        line = line_of(path, "table", name)
        if "otherwise" in data:
            text = with_line(path, line_of(path, "table", name, "otherwise"))
            yield Mutation("no otherwise", name, path, text, "rulebook/gap", line)
        else:
            head = TEXTS[path].split("\n")[line - 1]
            text = with_line(path, line, head, 'otherwise = { note = "never" }')
            yield Mutation("otherwise too many", name, path, text, "rulebook/unreachable", line + 1)


def slips() -> Iterator[Mutation]:
    """A letter too many: in a column, a value, a set, a finding, an answer."""
    for table, index, row in rows():
        where = f"{table[1]}/{row['id']}"
        for column, cell in cells(row).items():
            made = changed_row(table, index, {**{("x" + key if key == column else key): v for key, v in row.items()}})
            yield Mutation("column", f"{where}/{column}", *two(made, "rulebook/unknown-column"))
            if isinstance(cell, str):
                fault = "rulebook/unknown-set" if cell.startswith("@") else "rulebook/outside-domain"
                made = changed_row(table, index, {**row, column: cell + "x"})
                yield Mutation("set" if cell.startswith("@") else "value", f"{where}/{column}", *two(made, fault))
            if isinstance(cell, dict) and "not" not in cell:
                made = changed_row(table, index, {**row, column: dict.fromkeys(cell, 10**9)})
                yield Mutation("number", f"{where}/{column}", *two(made, "rulebook/outside-domain"))
        if "finding" in row:
            made = changed_row(table, index, {**row, "finding": row["finding"] + "x"})
            yield Mutation("finding", where, *two(made, "rulebook/unknown-finding"))
        if "then" in row:
            first, *_ = row["then"]
            made = changed_row(table, index, {**row, "then": {**row["then"], first: "xyz"}})
            yield Mutation("answer", where, *two(made, "rulebook/unknown-outcome"))
            made = changed_row(table, index, {key: value for key, value in row.items() if key != "then"})
            if "finding" not in row:
                yield Mutation("no answer", where, *two(made, "rulebook/missing-outcome"))


def empty_cells() -> Iterator[Mutation]:
    """A cell that excludes everything."""
    for table, index, row in rows():
        for column in cells(row):
            fact = FACTS[table[2]["in"][column]]
            if "values" in fact and not fact.get("other") and "of" not in fact:
                made = changed_row(table, index, {**row, column: {"not": fact["values"]}})
                yield Mutation("empty cell", f"{table[1]}/{row['id']}/{column}", *two(made, "rulebook/unreachable"))


def heads() -> Iterator[Mutation]:
    """What a table says of itself: its facts, stage and answers."""
    for path, name, data in TABLES:
        column, fact = next(iter(data["in"].items()))
        line = line_of(path, "table", name, "in", column)
        text = with_line(path, line, f"in = {toml({**data['in'], column: fact + 'x'})}")
        yield Mutation("fact", name, path, text, "rulebook/unknown-fact", line)
        text = with_line(path, line, f"in = {toml({**data['in'], 'late': 'made.frames'})}")
        if data["stage"] != "made":
            yield Mutation("fact of a later stage", name, path, text, "rulebook/fact-out-of-sight", line)
        line = line_of(path, "table", name, "stage")
        yield Mutation("stage", name, path, with_line(path, line, 'stage = "stagex"'), "rulebook/unknown-stage", line)
        if "out" in data:
            first, values = next(iter(data["out"].items()))
            line = line_of(path, "table", name, "out")
            text = with_line(path, line, f"out = {toml({**data['out'], first: [*values, 'xyz']})}")
            yield Mutation("answer that no row gives", name, path, text, "rulebook/unused-answer", line)


def messages() -> Iterator[Mutation]:
    """What findings say, and their examples."""
    for path, name, data in FINDINGS:
        line = line_of(path, "finding", name, "what")
        text = with_line(path, line, f"what = {toml(data['what'] + ' {xyz}')}")
        yield Mutation("token", name, path, text, "rulebook/unknown-token", line)
        good = data.get("good")
        line = line_of(path, "finding", name, "bad")
        if isinstance(good, dict) and TEXTS[path].split("\n")[line - 1].rstrip().endswith("}"):
            text = with_line(path, line, f"bad = {toml(good)}")
            yield Mutation("example", name, path, text, "rulebook/self-test", line)
        line = len(TEXTS[path].split("\n"))
        text = f'{TEXTS[path]}[finding."{name}-x"]\ntitle = "x"\nwhat = "x"\nwhy = ["x"]\n'
        yield Mutation("dead finding", name, path, text, "rulebook/unused-finding", line)
        if not re.search(r"^\[set\.", TEXTS[path], re.M):
            text = f'{TEXTS[path]}[set.xyz]\ndoc = "x"\nmembers = ["h264"]\n'
            yield Mutation("set that no rule asks for", name, path, text, "rulebook/unused-set", line)


def recipes() -> Iterator[Mutation]:
    """What a profile says of itself."""
    for path, data in PROFILES.items():
        name = data["name"]
        other = "resolve/render.json.j2" if data["engine"] == "ffmpeg" else "ffmpeg/prores.args.j2"
        for kind, key, value, fault in (
            ("profile's codec", "codec", data["codec"] + "x", "rulebook/unknown-word"),
            ("profile's template", "template", data["template"].replace("/", "/x"), "rulebook/unknown-template"),
            ("template of the other engine", "template", other, "rulebook/wrong-engine"),
            ("no such key", "title", "", "rulebook/shape"),
        ):
            line = line_of(path, key)
            text = with_line(path, line, f"{key} = {toml(value)}")
            yield Mutation(kind, name, path, text, fault, line)


def words() -> Iterator[Mutation]:
    """A codec claims the name of another one."""
    for path, file in MATRICES.items():
        for kind in ("source-codec", "container"):
            entries = file.get(kind, {})
            first = next(iter(entries), "")
            for name, data in entries.items():
                if "aliases" in data and name != first and isinstance(data["aliases"], list):
                    line = line_of(path, kind, name, "aliases")
                    if TEXTS[path].split("\n")[line - 1].endswith("]"):
                        text = with_line(path, line, f"aliases = {toml([first.upper()])}")
                        yield Mutation("word twice", f"{kind}/{name}", path, text, "rulebook/word-twice", line)


def syntax() -> Iterator[Mutation]:
    """TOML 1.1, and an id that stands twice."""
    for table, index, row in rows():
        path, text, line = changed_row(table, index, row)
        broken = text.split("\n")
        broken[line - 1] = broken[line - 1].replace(" },", ", },")
        where = f"{table[1]}/{row['id']}"
        yield Mutation("TOML 1.1", where, path, "\n".join(broken), "rulebook/not-toml", line)
        yield Mutation("id twice", where, *two(added_row(table, row), "rulebook/defined-twice"))


KINDS: tuple[Seeds, ...] = (
    *(twins, rivals, lost_rows, rests, slips, empty_cells, heads, messages, recipes, words, syntax),
)


def chosen() -> list[Mutation]:
    by_kind: dict[str, list[Mutation]] = {}
    for seeds in KINDS:
        for mutation in seeds():
            by_kind.setdefault(mutation.kind, []).append(mutation)
    return [one for found in by_kind.values() for one in spread(found, 2 if len(by_kind) > 20 else EACH)]


MUTATIONS = chosen()


SCHEMAS = {path.rpartition("/")[2]: data for path, data in FILES.items() if path.endswith(".schema.json")}
PROFILE = json.loads(SCHEMAS["profile.schema.json"])
HEAD = next(path for path in FILES if path.endswith("/rulebook.toml"))
SHIPPED, _ = read_layer(FILES, SCHEMAS)
CONTRACT, _ = read_contract([FILES])


def book_with(path: str, text: str) -> Rulebook:
    """The rulebook with one file changed, as it is read: only that file is parsed anew, which saves the test's time."""
    layer, wrong = read_layer({HEAD: FILES[HEAD], path: text.encode()}, SCHEMAS)
    documents = {name: layer.documents.get(name, document) for name, document in SHIPPED.documents.items()}
    whole = replace(SHIPPED, documents=documents, templates={**SHIPPED.templates, **layer.templates})
    if wrong:
        raise RulebookError(tuple(wrong))
    return assemble([whole], teller([FILES]), PROFILE, CONTRACT)


def faults_of(mutation: Mutation) -> tuple[Rulebook | None, list[Finding]]:
    """The rulebook with the mutation, and its faults."""
    try:
        book = book_with(mutation.path, mutation.text)
    except RulebookError as error:
        return None, list(error.faults)
    return book, lint(book)


BOUNDS: Mapping[str, Callable[[int, int], bool]] = {
    "ge": operator.ge, "gt": operator.gt, "le": operator.le, "lt": operator.lt,
}  # fmt: skip


def held(cell: Any, value: str | int, sets: Mapping[str, Sequence[str]]) -> bool:
    """Whether a cell, as it is written, holds a value."""
    if isinstance(cell, list):
        return any(held(one, value, sets) for one in cell)
    if isinstance(cell, str) and cell.startswith("@"):
        return value in sets[cell[1:]]
    if not isinstance(cell, dict):
        return bool(cell == value)
    if "not" in cell:
        return not held(cell["not"], value, sets)
    assert isinstance(value, int)
    return all(BOUNDS[key](value, bound) for key, bound in cell.items())


def matching(book: Rulebook, table: str, shown: Mapping[str, str | int]) -> list[Row]:
    """Every row that holds an input, tried one after the other; the input must be one that can be."""
    data, sets = book.items["table"][table], derive_sets(book.items)
    assert set(shown) == set(data["in"])
    for column, value in shown.items():
        domain = book.facts[data["in"][column]].domain
        possible = (
            domain.low <= int(value) <= domain.high if domain.is_range else domain.other or value in domain.values
        )
        assert possible, (column, value)
    return [row for row in data["rows"] if all(held(cell, shown[key], sets) for key, cell in cells(row).items())]


def check_witness(book: Rulebook, fault: Finding) -> None:
    """What the fault shows is so."""
    shown = dict(fault.witness)
    if fault.id == "rulebook/outside-domain":
        ((column, word),) = shown.items()
        domain = book.facts[book.items["table"][fault.table]["in"][column]].domain
        assert word not in domain.values
        return
    found = matching(book, fault.table, shown)
    ids = [row["id"] for row in found]
    if fault.id in ("rulebook/overlap", "rulebook/tie"):
        assert len(found) >= 2
        assert fault.row in ids
        same = [row for row in found if answer(row) == answer(found[ids.index(fault.row)])]
        assert (len(same) == len(found)) == (fault.id == "rulebook/tie")
    elif fault.id == "rulebook/gap":
        assert ids == []
        assert "otherwise" not in book.items["table"][fault.table]
    elif fault.id == "rulebook/unreachable":
        assert fault.row in ids[1:]
    elif fault.id == "rulebook/self-test":
        raised = found[0].get("finding") if found else book.items["table"][fault.table]["otherwise"].get("finding")
        assert (raised == fault.at.split("/")[2].replace("~1", "/")) == ("raises it" in fault.message)
    else:
        assert (ids or ["otherwise"])[0] == fault.row


WITHOUT = {
    *("unknown-column", "unknown-set", "unknown-fact", "unknown-stage", "fact-out-of-sight", "unused-answer"),
    *("unused-finding", "unused-set", "unknown-word", "unknown-template", "wrong-engine", "shape", "word-twice"),
    *("not-toml", "defined-twice"),
}
"""Faults of names, for which there is no input to show."""


def test_there_are_enough_mutations_of_enough_kinds() -> None:
    kinds = Counter(mutation.kind for mutation in MUTATIONS)
    assert len(MUTATIONS) >= 40
    assert len(kinds) >= 15
    assert len({(mutation.path, mutation.text) for mutation in MUTATIONS}) == len(MUTATIONS)


@pytest.mark.parametrize("mutation", MUTATIONS, ids=[f"{one.kind}: {one.name}" for one in MUTATIONS])
def test_a_seeded_fault_is_told_at_its_line_with_a_witness_that_is_true(mutation: Mutation) -> None:
    book, faults = faults_of(mutation)
    told = [fault for fault in faults if fault.id == mutation.fault]
    assert told, [(fault.id, fault.message) for fault in faults]
    report = FileReport(mutation.path, mutation.text, "none", tuple(told))
    lines = [places[fault.at].line for fault, places in located(report) if fault.subject == mutation.path]
    assert mutation.line in lines
    assert all(places[fault.at].column > 0 for fault, places in located(report))
    for fault in told:
        if fault.witness and book is not None:
            check_witness(book, fault)
        else:
            empty = fault.id == "rulebook/unreachable" and re.search("holds no value|otherwise", fault.message)
            assert empty or fault.id.removeprefix("rulebook/") in WITHOUT, fault


def test_the_rulebook_without_a_mutation_has_no_fault() -> None:
    book = freeze([FILES])
    assert lint(book) == []
    assert try_all(book, {}) == []


NAMES = [
    (path, number, hit)
    for path, text in TEXTS.items()
    if "/profiles/templates/" in path
    for number, line in enumerate(text.split("\n"), 1)
    for hit in re.findall(r"\{\{ ?(?:out|profile|source|stream|timecode|reel)((?:\.\w+)+)", line)[:1]
]


@pytest.mark.parametrize(("path", "line", "hit"), NAMES[::5])
def test_a_letter_too_many_in_a_name_of_a_template_is_told_at_its_line(path: str, line: int, hit: str) -> None:
    text = with_line(path, line, TEXTS[path].split("\n")[line - 1].replace(hit, hit + "x", 1))
    book = book_with(path, text)
    name = path.partition("/profiles/templates/")[2]
    faults = template_faults(book, {name: path})
    assert [(fault.id, fault.subject, fault.line) for fault in faults] == [("rulebook/template", path, line)]


@pytest.mark.parametrize("path", [path for path in PROFILES if PROFILES[path]["engine"] == "ffmpeg"][::6])
def test_a_setting_that_a_profile_lacks_is_told_with_the_profile(path: str) -> None:
    video = PROFILES[path]["video"]
    key = [name for name in video if name not in ("encoder", "pix_fmt", "colour_range", "gop_seconds", "bit_rates")][-1]
    text = with_line(path, line_of(path, "video", key))
    faults = template_faults(book_with(path, text), {})
    assert [fault.message for fault in faults if f"profile {PROFILES[path]['name']}: " not in fault.message] == []
    assert any(f"'{key}' is not known" in fault.message for fault in faults)


@pytest.mark.parametrize("engine", ["ffmpeg", "resolve"])
def test_profiles_are_told_that_no_source_can_reach(engine: str) -> None:
    path = next(path for path, name, _ in TABLES if name == "source-capability")
    text = "\n".join(one for one in TEXTS[path].split("\n") if f'engine = "{engine}" }}' not in one)
    book = book_with(path, text)
    names = [data["name"] for data in PROFILES.values() if data["engine"] == engine]
    faults = [fault for fault in try_all(book, {}) if fault.id == "rulebook/profile-unreached"]
    assert [fault.message.split()[7].rstrip(":") for fault in faults] == sorted(names)
    for fault in faults:
        assert fault.severity == "warning"
        rows = matching(book, fault.table, dict(fault.witness))
        assert [row for row in rows[:1] if row.get("then", {}).get("engine") == engine] == []
