"""What layers may do to one another: replace, remove, make final, extend; and every value knows where it stands."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from proxx import prove
from proxx.cli import main
from proxx.errors import Finding, RulebookError
from proxx.rulebook import Rulebook, builtin, load
from proxx.stray import strays
from proxx.unused import ASKED_FOR

ROOT = Path(__file__).parents[1]
HEAD = '#:schema schema/rulebook.schema.json\nname = "studio"\nversion = "3"\nformat = 1\nextends = "proxx"\n'
SHOW = HEAD.replace('"studio"', '"show"').replace('"proxx"', '"studio"')
SCHEMA = "#:schema ../schema/{}.schema.json\n"
PROFILE = SCHEMA.format("profile")
CHILD = PROFILE + 'name = "child"\ntitle = "Child"\nextends = "proxy_prores_lt"\n'
CODEC = '[codec.prores_hq]\ntitle = "ProRes"\ndoc = "Other words."\nsource = "prores"\nsets = ["prores"]\n'
CELLS = '[table.codec-container]\nrows = [{ id = "av1", codec = "av1", container = "mkv"'
DATE = '[token.date]\ndoc = "The day."\nfrom = "date"\nexample = "20261122"\nvaries = false\n'


def layer(folder: Path, files: Mapping[str, str], head: str = HEAD) -> str:
    """Writes a rulebook layer and gives its path."""
    for name, text in {"rulebook.toml": head, **files}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return str(folder)


def book_of(*folders: str) -> Rulebook:
    return load(folders, lint=prove.lint)


def faults_of(*folders: str) -> tuple[Finding, ...]:
    with pytest.raises(RulebookError) as caught:
        book_of(*folders)
    return caught.value.faults


# ---- final ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("schema", "below", "above", "where", "at"),
    [
        (
            "tables",
            CELLS + ", replaces = true, final = true }]\n",
            CELLS + ", replaces = true, note = 'x' }]\n",
            "3:",
            "/table/codec-container/rows/0",
        ),
        (
            "tables",
            CELLS + ", replaces = true, final = true }]\n",
            '[table.codec-container]\nrows = [{ id = "av1", remove = true }]\n',
            "3:",
            "/table/codec-container/rows/0",
        ),
        (
            "tables",
            CELLS + ", replaces = true, final = true }]\n",
            "[table.codec-container]\nremove = true\n",
            "3:",
            "/table/codec-container",
        ),
        (
            "tables",
            "[table.codec-container]\nfinal = true\n",
            "[table.codec-container]\nhit = 'first'\n",
            "2:2",
            "/table/codec-container",
        ),
        (
            "tables",
            DATE + "replaces = true\nfinal = true\n",
            DATE.replace("day", "night"),
            "2:2",
            "/token/date",
        ),
        (
            "vocabulary",
            CODEC + "replaces = true\nfinal = true\n",
            "[codec.prores_hq]\nremove = true\n",
            "2:2",
            "/codec/prores_hq",
        ),
        (
            "vocabulary",
            "[probe]\nreplaces = true\nfinal = true\ntimeout_seconds = 90\n",
            "[probe]\nreplaces = true\ntimeout_seconds = 91\n",
            "5:19",
            "/probe/timeout_seconds",
        ),
        (
            "jobspec-fields",
            '[rate]\nfinal = true\n"47.95" = "48000/1001"\n',
            '[rate]\nremove = ["47.95"]\n',
            "4:11",
            "/rate/remove/0",
        ),
        (
            "facts",
            '[fact."spec.era"]\nfinal = true\nstage = "spec"\ndoc = "When?"\nvalues = ["now"]\n',
            '[fact."spec.era"]\nremove = true\n',
            "2:2",
            "/fact/spec.era",
        ),
    ],
)
def test_what_a_layer_made_final_no_layer_above_changes(
    schema: str, below: str, above: str, where: str, at: str, tmp_path: Path
) -> None:
    line = SCHEMA.format(schema)
    studio = layer(tmp_path / "studio", {"matrices/house.toml": line + below})
    show = layer(tmp_path / "show", {"matrices/house.toml": line + above}, SHOW)
    (fault,) = faults_of(studio, show)
    assert (fault.id, fault.at, fault.subject) == ("rulebook/final", at, f"{show}/matrices/house.toml")
    assert f"final in layer studio ({studio}/matrices/house.toml:{where}" in fault.message


def test_a_final_profile_may_be_extended_and_not_replaced(tmp_path: Path) -> None:
    studio = layer(tmp_path / "studio", {"profiles/child.toml": CHILD + "final = true\n"})
    gone = layer(tmp_path / "show", {"profiles/child.toml": PROFILE + 'name = "child"\nremove = true\n'}, SHOW)
    (fault,) = faults_of(studio, gone)
    assert fault.id == "rulebook/final"
    assert f"profile/child is final in layer studio ({studio}/profiles/child.toml:1:1)" in fault.message
    grand = CHILD.replace("proxy_prores_lt", "child").replace('"child"', '"grandchild"', 1)
    heir = layer(tmp_path / "heir", {"profiles/grandchild.toml": grand}, SHOW)
    assert book_of(studio, heir).profiles["grandchild"]["codec"] == "prores_lt"


def test_the_same_said_again_of_a_final_entry_is_no_change(tmp_path: Path) -> None:
    text = SCHEMA.format("vocabulary") + CODEC
    studio = layer(tmp_path / "studio", {"matrices/a.toml": text + "replaces = true\nfinal = true\n"})
    show = layer(tmp_path / "show", {"matrices/a.toml": text}, SHOW)
    book = book_of(studio, show)
    assert book.origin("codec/prores_hq")[0] == "studio"
    assert "final" not in book.items["codec"]["prores_hq"]


# ---- replacing and removing ----------------------------------------------------------------------------------------


def test_to_replace_and_to_remove_at_once_is_refused(tmp_path: Path) -> None:
    text = SCHEMA.format("vocabulary") + "[codec.av1]\nremove = true\nreplaces = true\n"
    (fault,) = faults_of(layer(tmp_path / "l", {"matrices/a.toml": text}))
    assert (fault.id, fault.at) == ("rulebook/contradiction", "/codec/av1")
    assert "replaces = true and remove = true: say only one" in fault.message


def test_what_is_not_there_is_not_removed_and_the_nearest_is_named(tmp_path: Path) -> None:
    files = {
        "profiles/a.toml": PROFILE + 'name = "proxy_prores_lite"\nremove = true\n',
        "matrices/a.toml": SCHEMA.format("tables") + '[finding."pairing/dnxhd-in-movs"]\nremove = true\n',
        "matrices/b.toml": SCHEMA.format("jobspec-fields") + '[rate]\nremove = ["23.99"]\n',
    }
    told = {fault.message.rpartition("; ")[2] for fault in faults_of(layer(tmp_path / "l", files))}
    assert told == {
        "did you mean proxy_prores_lt?",
        "did you mean pairing/dnxhd-in-mov?",
        "did you mean 23.98?",
    }


def test_a_profile_is_removed_by_its_name_alone(tmp_path: Path) -> None:
    text = PROFILE + 'name = "proxy_vp9"\nremove = true\n'
    assert "proxy_vp9" not in book_of(layer(tmp_path / "l", {"profiles/a.toml": text})).profiles


def test_who_took_away_what_others_still_use_is_said(tmp_path: Path) -> None:
    text = SCHEMA.format("tables") + '[finding."pairing/dnxhd-in-mov"]\nremove = true\n'
    folder = layer(tmp_path / "l", {"matrices/a.toml": text})
    (fault,) = [one for one in faults_of(folder) if one.id == "rulebook/unknown-finding"]
    assert fault.subject == f"{builtin()}/matrices/pairing.toml"
    gone = f"finding/pairing/dnxhd-in-mov is taken away in layer studio ({folder}/matrices/a.toml:2:2)"
    assert fault.why == (gone,)


# ---- profiles that extend one another ------------------------------------------------------------------------------


def test_an_extending_profile_is_the_other_with_its_own_values_merged_in(tmp_path: Path, rulebook: Rulebook) -> None:
    text = CHILD + 'resolutions = ["half"]\ndrop = ["size.ceiling", "colour.same_primaries"]\n[size]\nforecast = 40.0\n'
    folder = layer(tmp_path / "l", {"profiles/ffmpeg/child.toml": text})
    book = book_of(folder)
    below, child = rulebook.profiles["proxy_prores_lt"], book.profiles["child"]
    colour = {key: value for key, value in below["colour"].items() if key != "same_primaries"}
    own = {"name": "child", "title": "Child", "resolutions": ["half"], "size": {"forecast": 40.0}, "colour": colour}
    assert child == {**below, **own}
    assert book.origin("profile/child", "/size/forecast")[:2] == ("studio", f"{folder}/profiles/ffmpeg/child.toml")
    parent = f"{builtin()}/profiles/ffmpeg/proxy_prores_lt.toml"
    assert book.origin("profile/child", "/video/encoder") == ("proxx", parent, "/video/encoder")


def test_what_a_profile_extends_is_as_the_whole_stack_gives_it(tmp_path: Path, rulebook: Rulebook) -> None:
    parent = Path(builtin(), "profiles/ffmpeg/proxy_prores_lt.toml").read_text("utf-8")
    studio = layer(tmp_path / "studio", {"profiles/child.toml": CHILD})
    changed = parent.replace("name =", "replaces = true\nname =", 1).replace("forecast = 45.0", "forecast = 46.0")
    show = layer(tmp_path / "show", {"profiles/lt.toml": changed}, SHOW)
    assert book_of(studio, show).profiles["child"]["size"]["forecast"] == 46.0
    assert rulebook.profiles["proxy_prores_lt"]["size"]["forecast"] == 45.0


def test_the_digest_does_not_tell_whether_a_value_was_inherited(tmp_path: Path, rulebook: Rulebook) -> None:
    book = book_of(layer(tmp_path / "a", {"profiles/child.toml": CHILD}))
    parent = Path(builtin(), "profiles/ffmpeg/proxy_prores_lt.toml").read_text("utf-8")
    title = 'title = "Apple ProRes 422 LT"'
    whole = parent.replace('name = "proxy_prores_lt"', 'name = "child"').replace(title, 'title = "Child"')
    assert book_of(layer(tmp_path / "b", {"profiles/child.toml": whole})).digest == book.digest != rulebook.digest


@pytest.mark.parametrize(
    ("text", "kind", "at", "says"),
    [
        (CHILD.replace("prores_lt", "prores_lite"), "rulebook/unknown-profile", "/extends", "mean proxy_prores_lt?"),
        (CHILD.replace("proxy_prores_lt", "child"), "rulebook/circle", "/extends", "child → child"),
        (CHILD + 'engine = "resolve"\n', "rulebook/other-engine", "/engine", "for ffmpeg"),
        (CHILD + 'drop = ["size.ceilng"]\n', "rulebook/nothing-there", "/drop/0", "did you mean size.ceiling?"),
        (CHILD + 'drop = ["video.encoder"]\n', "rulebook/shape", "/drop/0", "key encoder is missing"),
        (CHILD + "[video]\ncrff = 3\n", "rulebook/unknown-key", "/video/crff", "did you mean crf?"),
        (CHILD.replace("extends", "extend"), "rulebook/unknown-key", "/extend", "did you mean extends?"),
    ],
)
def test_a_profile_that_extends_wrongly_is_told_in_its_file(
    text: str, kind: str, at: str, says: str, tmp_path: Path
) -> None:
    folder = layer(tmp_path / "l", {"profiles/child.toml": text})
    told = {(one.id, one.at): one for one in faults_of(folder)}
    assert says in told[(kind, at)].message
    assert told[(kind, at)].subject == f"{folder}/profiles/child.toml"


def test_a_circle_is_told_once_and_what_hangs_on_it_not_at_all(tmp_path: Path) -> None:
    files = {
        f"profiles/{name}.toml": f'{PROFILE}name = "{name}"\nextends = "{parent}"\n'
        for name, parent in (("a", "b"), ("b", "c"), ("c", "a"), ("d", "a"))
    }
    (fault,) = faults_of(layer(tmp_path / "l", files))
    assert (fault.id, fault.at) == ("rulebook/circle", "/extends")
    assert "a → b → c → a" in fault.message


def test_a_fault_of_an_inherited_value_is_told_where_that_stands(tmp_path: Path) -> None:
    parent = PROFILE + 'name = "mother"\nextends = "proxy_prores_lt"\ncodec = "prores_xl"\n'
    folder = layer(
        tmp_path / "l",
        {"profiles/child.toml": CHILD.replace("proxy_prores_lt", "mother"), "profiles/mother.toml": parent},
    )
    faults = faults_of(folder)
    assert {(one.id, one.subject, one.at) for one in faults} == {
        ("rulebook/unknown-word", f"{folder}/profiles/mother.toml", "/codec")
    }


# ---- where values come from ----------------------------------------------------------------------------------------


def answer(capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    assert main([*words, "--format", "json"]) in (0, 1)
    return json.loads(capsys.readouterr().out)


def test_every_value_of_a_profile_says_its_layer_and_place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = layer(tmp_path / "l", {"profiles/child.toml": CHILD + "[size]\nforecast = 40.0\n"})
    card = answer(capsys, "profiles", "child", "--origin", "--rulebook", folder)
    places = {one["key"]: (one["layer"], Path(one["file"]).name, one["line"], one["column"]) for one in card["origin"]}
    assert card["extends"] == "proxy_prores_lt"
    assert places["size.forecast"] == ("studio", "child.toml", 6, 12)
    assert places["name"] == ("studio", "child.toml", 2, 8)
    text = Path(builtin(), "profiles/ffmpeg/proxy_prores_lt.toml").read_text("utf-8").splitlines()
    layer_, name, line, column = places["video.encoder"]
    assert (layer_, name, text[line - 1][column - 1 :]) == ("proxx", "proxy_prores_lt.toml", '"prores_aw"')


def test_a_row_that_a_layer_changed_is_named_where_the_finding_below_has_lost_its_example(tmp_path: Path) -> None:
    row = '{ id = "case", replaces = true, name = "case", source = "We", evidence = { level = "unverified" } }'
    text = f"{SCHEMA.format('tables')}[table.resolve-name]\nrows = [\n  {row},\n]\n"
    folder = layer(tmp_path / "l", {"matrices/ours.toml": text})
    (fault,) = faults_of(folder)
    assert (fault.id, fault.table, fault.row) == ("rulebook/self-test", "resolve-name", "case")
    assert fault.message.endswith(f"name=case; the row is by layer studio ({folder}/matrices/ours.toml)")
    rows = '{ id = "x", name = "extended", finding = "resolve/name" }, '
    rows += '{ id = "y", name = "other", finding = "resolve/other-name" }'
    text = text.partition("rows")[0] + 'replaces = true\ndoc = "D?"\nstage = "resolve"\nin = { name = "relink.name" }\n'
    text += f'rows = [{rows}]\notherwise = {{ note = "Fine here." }}\n'
    (fault,) = faults_of(layer(tmp_path / "m", {"matrices/ours.toml": text}))
    assert (fault.row, "; the row is by layer studio" in fault.message) == ("otherwise", True)


def test_an_editing_system_that_no_table_judges_is_refused(tmp_path: Path) -> None:
    nle = '[nle.other]\ntitle = "Other"\ndoc = "O."\nsystems = ["linux"]\nsuffixes = [""]\nfolders = ["Proxy"]\n'
    text = SCHEMA.format("tables") + nle
    (fault,) = faults_of(layer(tmp_path / "l", {"matrices/other.toml": text}))
    assert (fault.id, fault.at) == ("rulebook/unjudged-nle", "/nle/other")
    table = '[table.other-name]\ndoc = "D?"\nstage = "other"\nin = { name = "relink.name" }\nrows = [{ id = "all" }]\n'
    stage = SCHEMA.format("facts") + '[stage.other]\ndoc = "O."\nsees = ["relink"]\ntexts = {}\n'
    files = {"matrices/other.toml": text + table, "matrices/stage.toml": stage}
    assert "other" in book_of(layer(tmp_path / "m", files)).items["nle"]


def test_decide_and_explain_say_where_the_rule_stands(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = '[table.codec-container]\nrows = [\n  { id = "av1", remove = true },\n  { id = "av1-mkv", codec = "av1", '
    text = SCHEMA.format("tables") + rows + 'container = "mkv" },\n]\n'
    folder = layer(tmp_path / "l", {"matrices/a.toml": text})
    told = answer(capsys, "decide", "pairing", "codec=av1", "container=mkv", "--rulebook", folder)
    schema = json.loads(Path(builtin(), "schema/decide.schema.json").read_text("utf-8"))
    jsonschema.Draft202012Validator(schema).validate(told)
    assert [told[key] for key in ("layer", "file", "line", "column")] == ["studio", f"{folder}/matrices/a.toml", 5, 3]
    otherwise = answer(capsys, "decide", "pairing", "codec=av1", "container=mov", "--rulebook", folder)
    line = Path(otherwise["file"]).read_text("utf-8").splitlines()[otherwise["line"] - 1]
    assert (otherwise["layer"], line[: otherwise["column"] - 1]) == ("proxx", "otherwise = ")
    rule = answer(capsys, "explain", "pairing/dnxhd-in-mov")
    line = Path(rule["file"]).read_text("utf-8").splitlines()[rule["line"] - 1]
    assert line == '[finding."pairing/dnxhd-in-mov"]'
    (row,) = rule["raised_by"]
    assert 'id = "dnxhd-in-mov"' in Path(row["file"]).read_text("utf-8").splitlines()[row["line"] - 1]


# ---- shapes, syntax and strays -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "text", "at", "says"),
    [
        ("matrices/a.toml", SCHEMA.format("vocabulary") + '[codec.x]\ntitle = "X"\n', "/codec/x", "key doc is missing"),
        (
            "matrices/a.toml",
            SCHEMA.format("vocabulary") + "[codec.x]\nremov = true\n",
            "/codec/x/remov",
            "mean remove?",
        ),
        (
            "matrices/a.toml",
            SCHEMA.format("tables") + DATE.replace("from", "fro"),
            "/token/date/fro",
            "did you mean from?",
        ),
        ("matrices/a.toml", PROFILE + 'name = "x"\n', "", "tables.schema.json"),
        ("profiles/a.toml", SCHEMA.format("tables"), "", "the first line must name a schema: #:schema … of profile"),
    ],
)
def test_a_wrong_shape_names_the_real_fault(name: str, text: str, at: str, says: str, tmp_path: Path) -> None:
    faults = faults_of(layer(tmp_path / "l", {name: text}))
    assert [fault for fault in faults if fault.at == at and says in fault.message]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("[set.a]\nmembers = [\n  'x',\n", (3, 11)),
        ("[set.a]\ndoc = '''never\nended\n", (3, 7)),
        ("[set.a]\nmembers = ['a', 'b'\n[set.b]\n", (4, 1)),
        ("[set.a]\ndoc = 'x'\ndoc = 'y'\n", (4, 10)),
        ("[set.a]\n[set.a]\n", (3, 7)),
        ("[set.a]\ndoc = x\n", (3, 7)),
    ],
)
def test_broken_toml_is_told_at_its_place(text: str, place: tuple[int, int], tmp_path: Path) -> None:
    folder = layer(tmp_path / "l", {"matrices/a.toml": SCHEMA.format("tables") + text})
    (fault,) = faults_of(folder)
    assert (fault.id, (fault.line, fault.column)) == ("rulebook/not-toml", place)


def test_bytes_that_are_no_text_are_told_at_their_place(tmp_path: Path) -> None:
    folder = layer(tmp_path / "l", {"matrices/a.toml": SCHEMA.format("tables")})
    Path(folder, "matrices/a.toml").write_bytes(b"#:schema x\n[set.\xff]\n")
    (fault,) = faults_of(folder)
    assert (fault.message, fault.line, fault.column) == (
        "cannot be read as TOML 1.0: the byte 0xff is no UTF-8",
        2,
        6,
    )


def test_files_that_nobody_reads_are_told(tmp_path: Path) -> None:
    tables = SCHEMA.format("tables")
    placed = ("limits.toml", "cases/more/a.toml", "profiles/templates/x.toml", "profiles/ffmpeg/h264.args.j2")
    ended = ("matrices/b.tml", "matrices/c.yaml", "profiles/ffmpeg/d.json", "profiles/templates/ffmpeg/e.args.j")
    names = (*placed, *ended)
    fine = ("matrices/README.md", "matrices/f.toml~", "profiles/notes.txt", "schema/tables.schema.json")
    files = {
        **dict.fromkeys((*names, *fine), tables),
        "matrices/A.TOML": tables,
        "matricez/a.toml": tables,
        "profile/a.toml": "",
    }
    folder = layer(tmp_path / "l", {**files, "cases/a.toml": tables, "notes/a.toml": "", "proxx.toml": ""})
    told = {(Path(one.subject).relative_to(folder).as_posix(), one.message.partition(";")[2]) for one in strays(folder)}
    assert {name for name, _ in told} == {*names, "matrices/A.TOML", "rulebook.toml"}
    assert {near for _, near in told if near} == {" did you mean matrices/?", " did you mean profiles/?"}


@pytest.mark.parametrize("folder", [builtin(), f"{builtin()}/examples/studio"])
def test_nothing_that_is_shipped_is_astray(folder: str) -> None:
    assert strays(folder) == []


def test_a_folder_may_lie_below_one_that_is_called_profiles(tmp_path: Path) -> None:
    text = SCHEMA.format("vocabulary") + "[probe]\nreplaces = true\ntimeout_seconds = 90\n"
    folder = layer(tmp_path / "profiles/templates/l", {"matrices/a.toml": text})
    assert book_of(folder).items["probe"]["timeout_seconds"] == 90


@pytest.mark.parametrize("name", sorted(ASKED_FOR - {"raw"}))
def test_a_set_that_the_program_asks_for_has_no_members_when_it_is_taken_away(
    name: str, tmp_path: Path, rulebook: Rulebook
) -> None:
    def no_lint(book: Rulebook) -> list[Finding]:
        return []

    removed = load(
        [layer(tmp_path, {"matrices/x.toml": f"{SCHEMA.format('tables')}[set.{name}]\nremove = true\n"})], lint=no_lint
    )
    assert rulebook.members(name)
    assert not removed.members(name)
    spec, probes = ROOT / "examples/prores_offline.json", ROOT / "examples/example.probes.json"
    assert main(["check", str(spec), "--probes", str(probes), "--rulebook", str(tmp_path)]) in (0, 1)


# ---- what routing forbids --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "offered", "codec"),
    [
        ('{ id = "braw", replaces = true, codec = "braw", then = { engine = "ffmpeg" } }', "ffmpeg", "braw"),
        ('{ id = "x", container = "avi", codec = "cineform", then = { engine = "resolve" } }', "resolve", "cineform"),
        ('{ id = "x", container = "dv", codec = "unknown", then = { engine = "ffmpeg" } }', "ffmpeg", "unknown"),
    ],
)
def test_no_layer_offers_an_engine_that_routing_forbids(row: str, offered: str, codec: str, tmp_path: Path) -> None:
    text = SCHEMA.format("tables") + f"[table.source-capability]\nrows = [{row}]\n"
    if codec == "unknown":
        taken = '[table.source-capability]\nrows = [{ id = "unknown", remove = true }, '
        text = text.replace("[table.source-capability]\nrows = [", taken)
    (fault,) = faults_of(layer(tmp_path, {"matrices/sources.toml": text}))
    assert fault.id == "rulebook/forbidden-offer"
    assert f"offers {offered} for {codec}, which table route never gives" in fault.message
