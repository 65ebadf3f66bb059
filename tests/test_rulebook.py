"""The rulebook is read, stacked, proved and frozen: what is wrong is told at once and in place, nothing is ignored."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from proxx import prove
from proxx.cli import main
from proxx.errors import Finding, ProxxError, RulebookError
from proxx.model import Media
from proxx.route import route_source
from proxx.rulebook import Rulebook, builtin, freeze, load, read_folder

HEAD = '#:schema schema/rulebook.schema.json\nname = "studio"\nversion = "3"\nformat = 1\nextends = "proxx"\n'
TABLES = "#:schema ../schema/tables.schema.json\n# What does this layer change?\n"
Copy = Callable[[], Path]
SHIPPED = read_folder(builtin())
SMALL = (
    "rulebook.toml",
    ".schema.json",
    "resolve-api.json",
    "pairing.toml",
    "routing.toml",
    "matrices/profiles.toml",
    "h264.args.j2",
)
"""The files of a part of the rulebook that is quick to read: for what needs no proof of the whole."""


def layer(folder: Path, files: Mapping[str, str], head: str = HEAD) -> str:
    """Writes a rulebook layer and gives its path."""
    for name, text in {"rulebook.toml": head, **files}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return str(folder)


def faults_of(*folders: str) -> tuple[Finding, ...]:
    """All faults of the shipped rulebook with these folders on it."""
    with pytest.raises(RulebookError) as caught:
        load(folders, lint=prove.lint)
    return caught.value.faults


def part(*names: str) -> dict[str, bytes]:
    """Some of the shipped files: those whose paths end so."""
    return {path: data for path, data in SHIPPED.items() if path.endswith(names)}


def clashes_of(*folders: str) -> tuple[Finding, ...]:
    """What is wrong when these folders are laid over a part of the shipped rulebook."""
    with pytest.raises(RulebookError) as caught:
        freeze([part(*SMALL), *map(read_folder, folders)])
    return caught.value.faults


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")


def place_of(path: Path, word: str) -> str:
    """file:line:column of a word's first appearance."""
    before = path.read_text("utf-8").partition(word)[0]
    return f"{path}:{before.count(chr(10)) + 1}:{len(before.rpartition(chr(10))[2]) + 1}"


# ---- shapes --------------------------------------------------------------------------------------------------------


def test_every_shape_error_of_every_file_is_told_in_one_pass(book_copy: Copy) -> None:
    book = book_copy()
    replace(book / "matrices/pairing.toml", 'hit = "unique"', 'hit = "any"\ncolour = "red"')
    replace(book / "profiles/ffmpeg/proxy_h264_low.toml", "crf = 23", 'crf = "23"')
    replace(book / "matrices/sources.toml", "[table.source-state]", "[table.source-state")
    replace(book / "matrices/limits.toml", "#:schema ../schema/tables.schema.json", "# no schema")
    told = [(fault.id, Path(fault.subject).name, fault.at) for fault in faults_of(str(book))]
    assert sorted(told) == [
        ("rulebook/no-schema", "limits.toml", ""),
        ("rulebook/not-toml", "sources.toml", ""),
        ("rulebook/shape", "pairing.toml", "/table/codec-container/hit"),
        ("rulebook/shape", "proxy_h264_low.toml", "/video/crf"),
        ("rulebook/unknown-key", "pairing.toml", "/table/codec-container/colour"),
    ]


def test_the_command_says_file_line_and_column_of_a_shape_error(
    book_copy: Copy, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    book = book_copy()
    profile = book / "profiles/ffmpeg/proxy_h264_low.toml"
    replace(profile, "crf = 23", 'crf = "23"')
    assert main(["profiles", "--rulebook", str(book)]) == 1
    said = capsysbinary.readouterr()
    assert said.out.decode().count("error[") == 1
    assert f"--> {place_of(profile, chr(34) + '23' + chr(34))}\n" in said.out.decode()
    assert said.err == b""


def test_a_typo_in_a_column_is_one_message_with_its_place(
    book_copy: Copy, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    book = book_copy()
    table = book / "matrices/pairing.toml"
    replace(table, 'codec = "h264", container', 'codec = "h264", contaner')
    assert main(["check", "--no-media", "--rulebook", str(book), "none.json"]) == 1
    said = capsysbinary.readouterr()
    out = said.out.decode()
    assert out.count("error[") == 1
    assert "error[rulebook/unknown-column]" in out
    assert "row h264 has contaner, which is no column of the table; did you mean container?" in out
    line = place_of(table, 'id = "h264"').rpartition(":")[0]
    assert f"--> {line}:" in out
    assert said.err == b""


@pytest.mark.parametrize("path", [path for path in SHIPPED if "/matrices/" in path], ids=os.path.basename)
def test_a_matrix_cut_anywhere_is_told_in_words(path: str) -> None:
    for share in (2, 3, 5):
        files = {
            **part("rulebook.toml", ".schema.json", "resolve-api.json"),
            path: SHIPPED[path][: len(SHIPPED[path]) // share],
        }
        with pytest.raises(RulebookError) as caught:
            freeze([files])
        # Cut at the end of a line, a file can be sound; then whole kinds of entries are missing.
        head = next(name for name in files if name.endswith("/rulebook.toml"))
        assert {fault.subject for fault in caught.value.faults} <= {path, head}
        assert all(fault.message for fault in caught.value.faults)


def test_a_folder_that_is_no_rulebook_is_said_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "matrices").mkdir()
    for folder in (tmp_path, tmp_path / "missing"):
        assert main(["profiles", "--rulebook", str(folder)]) == 2
        said = capsys.readouterr()
        assert "cannot read the rulebook" in said.err
        assert "A rulebook is a folder with rulebook.toml in it" in said.err
        assert said.out == ""
    with pytest.raises(ProxxError):
        read_folder(str(tmp_path))


@pytest.mark.parametrize(("given", "kind"), [(2, "rulebook/newer-format"), (0, "rulebook/shape")])
def test_a_rulebook_of_another_format_is_refused(given: int, kind: str, tmp_path: Path) -> None:
    folder = layer(tmp_path / "l", {}, HEAD.replace("format = 1", f"format = {given}"))
    assert [(fault.id, fault.at) for fault in clashes_of(folder)] == [(kind, "/format")]


def test_a_layer_for_another_rulebook_is_refused(tmp_path: Path) -> None:
    folder = layer(tmp_path / "l", {}, HEAD.replace('"proxx"', '"proxy"'))
    (fault,) = clashes_of(folder)
    assert (fault.id, fault.at) == ("rulebook/nothing-there", "/extends")
    assert "studio extends proxy, but below it there is proxx" in fault.message


def keys(schema: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every declared key of a schema; conditions (if, then, else) declare none."""
    if isinstance(schema, list):
        for part_ in schema:
            yield from keys(part_)
    elif isinstance(schema, dict):
        yield from schema.get("properties", {}).items()
        for name, inner in schema.items():
            if name not in ("if", "then", "else"):
                yield from keys(inner)


@pytest.mark.parametrize("path", [path for path in SHIPPED if path.endswith(".schema.json")], ids=os.path.basename)
def test_every_key_of_a_schema_has_a_title_and_a_description(path: str) -> None:
    schema = json.loads(SHIPPED[path])
    jsonschema.Draft202012Validator.check_schema(schema)
    bare = [name for name, key in keys(schema) if "$ref" not in key and not {"title", "description"} <= set(key)]
    assert bare == []


# ---- cache and digest ----------------------------------------------------------------------------------------------


def counted(cache: Path, *folders: str) -> tuple[Rulebook, int]:
    """A loaded rulebook, and how often it was proved for that."""
    proofs = []

    def lint(book: Rulebook) -> list[Finding]:
        proofs.append(book)
        return prove.lint(book)

    return load(folders, lint=lint, cache=str(cache)), len(proofs)


def test_a_rulebook_is_proved_once_and_then_read_from_the_cache(tmp_path: Path) -> None:
    first, proofs = counted(tmp_path / "deep/cache")
    again, more = counted(tmp_path / "deep/cache")
    assert (proofs, more) == (1, 0)
    assert again.frozen == first.frozen
    assert len(list((tmp_path / "deep/cache").iterdir())) == 1


def test_a_damaged_cache_is_rebuilt(tmp_path: Path) -> None:
    first, _ = counted(tmp_path)
    (file,) = tmp_path.iterdir()
    whole = file.read_bytes()
    for damage in (b"", whole[:-1], whole.replace(b"dnxhd", b"dnxhr", 1)):
        file.write_bytes(damage)
        again, proofs = counted(tmp_path)
        assert (proofs, again.frozen) == (1, first.frozen)
        assert file.read_bytes() == whole


def test_a_stale_cache_is_not_used(tmp_path: Path, book_copy: Copy) -> None:
    book = book_copy()
    before, _ = counted(tmp_path, str(book))
    replace(book / "matrices/pairing.toml", "Use MXF container for DNxHD output", "Take MXF for DNxHD")
    after, proofs = counted(tmp_path, str(book))
    assert proofs == 1
    assert before.digest != after.digest
    assert "Take MXF" in after.findings["pairing/dnxhd-in-mov"]["fix"]


def test_a_cache_that_cannot_be_written_costs_nothing_but_time(tmp_path: Path, rulebook: Rulebook) -> None:
    (tmp_path / "file").write_text("in the way")
    book, proofs = counted(tmp_path / "file")
    assert (book.frozen, proofs) == (rulebook.frozen, 1)


def test_a_rulebook_with_faults_is_never_cached(tmp_path: Path, book_copy: Copy) -> None:
    book = book_copy()
    replace(book / "matrices/pairing.toml", 'codec = "h264", container', 'codec = "h264", contaner')
    with pytest.raises(RulebookError):
        counted(tmp_path, str(book))
    assert list(tmp_path.iterdir()) == []


def test_the_digest_is_of_the_content_alone(rulebook: Rulebook) -> None:
    (pairing,) = (path for path in SHIPPED if path.endswith("matrices/pairing.toml"))
    said = SHIPPED[pairing]
    elsewhere = {path.replace(builtin(), "/profiles/other", 1): data for path, data in SHIPPED.items()}
    elsewhere["/profiles/other/matrices/pairing.toml"] = said + b"# A remark changes no decision.\n"
    decision = {**SHIPPED, pairing: said.replace(b'["mp4", "mov", "mkv"]', b'["mp4", "mov"]', 1)}
    assert freeze([elsewhere]).digest == rulebook.digest
    assert freeze([decision]).digest != rulebook.digest


def test_the_digest_is_the_same_in_every_process(rulebook: Rulebook) -> None:
    code = "from proxx import prove; from proxx.rulebook import load; print(load((), lint=prove.lint).digest)"
    environment = {**os.environ, "PYTHONHASHSEED": "7", "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == rulebook.digest


# ---- layers --------------------------------------------------------------------------------------------------------


def test_a_layer_without_changes_changes_no_decision(tmp_path: Path, rulebook: Rulebook) -> None:
    book = freeze([SHIPPED, read_folder(layer(tmp_path / "l", {}))])
    assert (book.name, book.version) == ("studio", f"{rulebook.version}+3")
    assert book.items == rulebook.items
    assert book.digest != rulebook.digest


def test_a_layer_that_forgets_what_it_extends_is_told_so(
    tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    folder = layer(tmp_path / "l", {}, HEAD.replace('extends = "proxx"\n', ""))
    assert main(["profiles", "--rulebook", folder]) == 1
    out = capsysbinary.readouterr().out.decode()
    assert out.count("error[") == 1
    assert "studio is no complete rulebook" in out
    assert 'write extends = "proxx"' in out
    assert f"--> {folder}/rulebook.toml:1:1\n" in out


@pytest.mark.parametrize(
    ("text", "kind", "says"),
    [
        (
            '[table.codec-container]\nrows = [{ id = "h264", codec = "h264", container = "mov" }]\n',
            "rulebook/defined-twice",
            "table/codec-container/h264 stands already in",
        ),
        (
            '[table.codec-container]\nrows = [{ id = "h26x", codec = "h264", container = "mov", replaces = true }]\n',
            "rulebook/nothing-there",
            "table/codec-container/h26x is not in any layer below",
        ),
        (
            '[table.codec-container]\nrows = [{ id = "h26x", remove = true }]\n',
            "rulebook/nothing-there",
            "h26x is not in any layer below",
        ),
        (
            '[table.codec-containers]\nrows = [{ id = "x", codec = "h264" }]\n',
            "rulebook/nothing-there",
            "there is no table codec-containers below",
        ),
        (
            '[table.codec-container]\notherwise = { note = "all is fine" }\n',
            "rulebook/defined-twice",
            "has another otherwise below",
        ),
        ('[table.codec-container]\nhit = "first"\n', "rulebook/defined-twice", "has another hit below"),
        (
            '[table.codec-container]\nin = { codec = "spec.codec" }\n',
            "rulebook/defined-twice",
            "has another in below",
        ),
        (
            '[finding."pairing/dnxhd-in-mov"]\ntitle = "x"\nwhat = "x"\n',
            "rulebook/defined-twice",
            "to change it say replaces = true",
        ),
        (
            '[finding."pairing/new"]\ntitle = "x"\nwhat = "x"\nreplaces = true\n',
            "rulebook/nothing-there",
            "finding/pairing/new",
        ),
        (
            '[table.codec-container]\nrows = [{ id = "a", codec = "av1" }, { id = "a", codec = "vp9" }]\n',
            "rulebook/defined-twice",
            "row a stands twice",
        ),
    ],
)
def test_a_layer_that_changes_something_must_say_so(text: str, kind: str, says: str, tmp_path: Path) -> None:
    folder = layer(tmp_path / "l", {"matrices/changes.toml": TABLES + text})
    fault = clashes_of(folder)[0]
    assert fault.id == kind
    assert says in fault.message
    assert fault.subject.endswith("l/matrices/changes.toml")


@pytest.mark.parametrize("name", ["route", "job-engine", "profile-engine"])
@pytest.mark.parametrize(
    "change",
    [
        'rows = [{ id = "added" }]',
        'rows = [{ id = "raw", remove = true }]',
        "remove = true",
        'replaces = true\nin = { class = "source.class" }\nrows = []',
        "locked = false",
        'doc = "x"',
    ],
)
def test_a_locked_table_is_refused_naming_who_locked_it(name: str, change: str, tmp_path: Path) -> None:
    folder = layer(tmp_path / "l", {"matrices/changes.toml": f"{TABLES}[table.{name}]\n{change}\n"})
    (fault,) = clashes_of(folder)
    assert (fault.id, fault.at) == ("rulebook/locked", f"/table/{name}")
    assert f"table {name} is locked by proxx" in fault.message


def test_no_layer_can_send_camera_raw_to_ffmpeg(tmp_path: Path) -> None:
    row = '{ id = "braw", codec = "braw", replaces = true, then = { engine = "ffmpeg" } }'
    folder = layer(tmp_path / "l", {"matrices/changes.toml": f"{TABLES}[table.source-capability]\nrows = [{row}]\n"})
    with pytest.raises(RulebookError) as caught:
        load([folder], lint=prove.lint)
    assert [fault.id for fault in caught.value.faults] == ["rulebook/forbidden-offer"]
    book = load([folder], lint=lambda unread: [])  # had nobody proved it, no job would take the offer all the same
    route = route_source(book, Media(path="/a.braw", container="braw", codec="braw"))
    assert (route.engine, [finding.id for finding in route.findings]) == ("none", ["route/forbidden"])


def test_a_layer_can_lock_what_the_layers_above_it_may_not_change(tmp_path: Path) -> None:
    studio = layer(
        tmp_path / "studio",
        {
            "matrices/house.toml": TABLES
            + '[table.house]\nstage = "spec"\nlocked = true\nin = { codec = "spec.codec" }\n'
            'rows = [{ id = "no-av1", codec = "av1", finding = "house/no-av1" }]\notherwise = {}\n'
            '[finding."house/no-av1"]\ntitle = "x"\nwhat = "no {codec} in this house"\n'
            'bad = { codec = "av1" }\ngood = { codec = "h264" }\n'
        },
    )
    show = layer(
        tmp_path / "show",
        {"matrices/show.toml": TABLES + '[table.house]\nrows = [{ id = "no-av1", remove = true }]\n'},
        HEAD.replace('"studio"', '"show"').replace('"proxx"', '"studio"'),
    )
    (fault,) = clashes_of(studio, show)
    assert "table house is locked by studio" in fault.message


def test_replacing_and_removing_take_effect_and_leave_everything_else(tmp_path: Path, rulebook: Rulebook) -> None:
    text = (
        '[table.codec-container]\nrows = [{ id = "hevc", codec = "@hevc", container = "mov", replaces = true }, '
        '{ id = "av1", remove = true }]\n'
        '[finding."pairing/dnxhd-in-mov"]\nreplaces = true\ntitle = "No"\nwhat = "Not here"\n'
    )
    book = load([layer(tmp_path / "l", {"matrices/changes.toml": TABLES + text})], lint=prove.lint)
    rows = {row.id: row.masks for row in book.table("codec-container").rows}
    shipped = {row.id: row.masks for row in rulebook.table("codec-container").rows}
    assert {name for name in shipped if rows.get(name) != shipped[name]} == {"hevc", "av1"}
    assert list(rows) == [name for name in shipped if name != "av1"]
    assert book.findings["pairing/dnxhd-in-mov"]["what"] == "Not here"
    assert book.origins["finding/pairing/dnxhd-in-mov"][0] == "studio"
    assert book.origins["finding/pairing/codec-in-container"][0] == "proxx"
    assert book.origins["table/codec-container/hevc"][0] == "studio"


def test_what_one_layer_says_twice_is_told_once_and_not_as_a_change_of_a_layer_below(tmp_path: Path) -> None:
    mine = '#:schema ../../schema/profile.schema.json\nname = "mine"\ntitle = "{}"\nextends = "proxy_prores_lt"\n'
    rows = "#:schema ../schema/tables.schema.json\n[table.codec-container]\nrows = [\n{}]\n"
    twice = '{ id = "a", codec = "av1", container = "mov" },\n{ id = "a", codec = "vp9", container = "mov" },\n'
    files = {
        "profiles/ffmpeg/one.toml": mine.format("One"),
        "profiles/ffmpeg/two.toml": mine.format("Two") + "replaces = true\n",
        "matrices/a.toml": rows.replace("{}", twice),
    }
    folder = layer(tmp_path / "a", files)
    faults = faults_of(folder)
    assert [fault.id for fault in faults] == ["rulebook/defined-twice"] * 2
    assert faults[0].message == "row a stands twice in table codec-container"
    assert faults[1].message.startswith("profile/mine stands twice in this layer: also in layer ")
    assert faults[1].message.endswith(f"{folder}/profiles/ffmpeg/one.toml:1:1)")


def test_a_layer_may_replace_plain_values(tmp_path: Path) -> None:
    schema = "#:schema ../schema/vocabulary.schema.json\n# How long may probing take here?\n"
    slow = {"matrices/slow.toml": schema + "[probe]\nreplaces = true\ntimeout_seconds = 120\n"}
    assert load([layer(tmp_path / "a", slow)], lint=prove.lint).items["probe"]["timeout_seconds"] == 120
    silent = {"matrices/slow.toml": schema + "[probe]\ntimeout_seconds = 120\n"}
    assert [fault.id for fault in faults_of(layer(tmp_path / "b", silent))] == ["rulebook/defined-twice"]


def test_the_fields_of_a_spec_are_fixed(tmp_path: Path) -> None:
    schema = "#:schema ../schema/jobspec-fields.schema.json\n# May a layer add a field?\n"
    field = '[field.speed]\ntitle = "Speed"\ndoc = "Now?"\ntype = "string"\nexpects = "now"\nexample = "now"\n'
    (fault,) = faults_of(layer(tmp_path / "l", {"matrices/more.toml": schema + field}))
    assert (fault.id, fault.at) == ("rulebook/locked", "/field/speed")
    gone = schema + "[field.created_at]\nremove = true\n"
    (fault,) = faults_of(layer(tmp_path / "m", {"matrices/more.toml": gone}))
    assert (fault.id, fault.at) == ("rulebook/locked", "/field/created_at")
    assert fault.subject.endswith("m/matrices/more.toml")


def test_a_template_that_others_rely_on_is_not_replaced(tmp_path: Path) -> None:
    folder = layer(tmp_path / "l", {"profiles/templates/ffmpeg/h264.args.j2": "-c copy\n"})
    (fault,) = clashes_of(folder)
    assert fault.id == "rulebook/defined-twice"
    assert "give yours another name" in fault.message


def test_a_complete_rulebook_starts_the_stack_anew() -> None:
    head = b'#:schema schema/rulebook.schema.json\nname = "own"\nversion = "1"\nformat = 1\n'
    own = {path.replace(builtin(), "/own", 1): data for path, data in SHIPPED.items()}
    own = {path: head if path.endswith("/rulebook.toml") else data for path, data in own.items()}
    routing = next(path for path in own if path.endswith("routing.toml"))
    own[routing] = own[routing].replace(b"locked = true\n", b"")
    book = freeze([part(*SMALL), own])
    assert book.name == "own"
    assert not book.table("route").locked
