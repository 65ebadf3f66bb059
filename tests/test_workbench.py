"""What `proxx rulebook` says to those who edit rules: faults with their places, failing cases, what an edit does."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest

from proxx.cli import main
from proxx.newtoml import news

ROOT = Path(__file__).parents[1]
STUDIO = ROOT / "examples/studio"
HEAD = '#:schema schema/rulebook.schema.json\nname = "house"\nversion = "1"\nformat = 1\nextends = "proxx"\n'
TABLES = "#:schema ../schema/tables.schema.json\n"
Captured = pytest.CaptureFixture[bytes]
Layer = Callable[..., Path]


@pytest.fixture(scope="module")
def book(book_copy: Callable[[], Path]) -> Path:
    """A copy of the shipped rulebook with three profiles only: each is tried on every sample source."""
    folder = book_copy()
    for path in folder.glob("profiles/*/*.toml"):
        if path.stem not in ("proxy_h264_low", "proxy_vp9", "proxy_prores_lt_resolve"):
            path.unlink()
    return folder


@pytest.fixture
def layer(tmp_path: Path) -> Layer:
    """Writes a layer over the shipped rulebook, of files by their paths, and gives its folder."""

    def write(files: dict[str, str], head: str = HEAD) -> Path:
        for name, text in {"rulebook.toml": head, **files}.items():
            (tmp_path / "house" / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / "house" / name).write_text(text, "utf-8")
        return tmp_path / "house"

    return write


def said(captured: Captured, *words: object) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of `proxx rulebook …`."""
    code = main(["rulebook", *map(str, words)])
    out, err = captured.readouterr()
    return code, out.decode(), err.decode()


def schema(name: str) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(json.loads((ROOT / "schema" / f"{name}.schema.json").read_text("utf-8")))


def profile(name: str, **changes: str) -> str:
    """A shipped profile under the name house_profile, with other lines."""
    lines = (ROOT / "profiles/ffmpeg" / f"{name}.toml").read_text("utf-8").splitlines()
    for key, value in {"name": '"house_profile"', **changes}.items():
        lines = [f"{key} = {value}" if line.startswith(f"{key} = ") else line for line in lines]
    return "\n".join(lines) + "\n"


def template(*lines: str) -> str:
    return "\n".join(('{% extends "ffmpeg/_proxy.j2" %}', "{% block video %}", *lines, "{% endblock %}")) + "\n"


HOUSE = {"profiles/ffmpeg/house_profile.toml": profile("proxy_h264_low", template='"ffmpeg/house.args.j2"')}
FAULTS: dict[str, tuple[dict[str, str], str, str, str]] = {
    "a set that no rule asks for": (
        {"matrices/words.toml": TABLES + '[set.house]\nmembers = ["h264"]\n'},
        "rulebook/unused-set", "@house", "matrices/words.toml:2:2",
    ),
    "a profile whose own pairing is refused": (
        {"profiles/ffmpeg/house_profile.toml": profile("proxy_vp9", container='"mov"')},
        "rulebook/profile-refused", "vp9 cannot be wrapped in mov", "house_profile.toml:8:13",
    ),
    "a template variable that does not exist": (
        HOUSE | {"profiles/templates/ffmpeg/house.args.j2": template("-g:v:0", "{{ out.gopp }}")},
        "rulebook/template", "'gopp' is not known; the nearest name is 'gop'", "ffmpeg/house.args.j2:4:8",
    ),
    "a template variable of one kind of source only": (
        HOUSE | {"profiles/templates/ffmpeg/house.args.j2": template("{% if out.deinterlace %}", "{{ out.feild }}",
                                                                     "{% endif %}")},
        "rulebook/template", "profile house_profile: template", "ffmpeg/house.args.j2:4:8",
    ),
    "a setting that the profile lacks": (
        HOUSE | {"profiles/templates/ffmpeg/house.args.j2": template("{{ profile.video.speed }}")},
        "rulebook/template", "'speed' is not known", "ffmpeg/house.args.j2:3:18",
    ),
    "a template that is no Jinja": (
        {"profiles/templates/ffmpeg/house.args.j2": template("{% if out.pad %}")},
        "rulebook/template", "endblock", "ffmpeg/house.args.j2:4:1",
    ),
    "a template that extends what is not there": (
        {"profiles/templates/ffmpeg/house.args.j2": '{% extends "ffmpeg/_proxi.j2" %}\n'},
        "rulebook/unknown-template", "did you mean ffmpeg/_proxy.j2?", "ffmpeg/house.args.j2:1:13",
    ),
    "a row that overlaps another": (
        {"matrices/pairing.toml": TABLES + '[table.codec-container]\nrows = [\n'
                                           '  { id = "house", codec = "h264", container = "mkv" },\n]\n'},
        "rulebook/tie", "codec=h264 container=mkv", "matrices/pairing.toml:4:3",
    ),
    "a row that contradicts another": (
        {"matrices/pairing.toml": TABLES + '[table.codec-container]\nrows = [\n  { id = "house", codec = "h264", '
                                           'container = "mkv", finding = "pairing/codec-in-container" },\n]\n'},
        "rulebook/overlap", "codec=h264 container=mkv", "matrices/pairing.toml:4:3",
    ),
    "TOML 1.1": (
        {"matrices/pairing.toml": TABLES + '[table.codec-container]\nrows = [\n  { id = "house",\n'
                                           '    codec = "h264", container = "mxf" },\n]\n'},
        "rulebook/not-toml", "a line break inside { … } is TOML 1.1", "matrices/pairing.toml:4:18",
    ),
    "no TOML at all": (
        {"matrices/pairing.toml": TABLES + "[table.codec-container\n"},
        "rulebook/not-toml", "cannot be read as TOML 1.0", "matrices/pairing.toml:2:23",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_told_once_with_its_place(name: str, book: Path, layer: Layer, capsysbinary: Captured) -> None:
    files, kind, words, place = FAULTS[name]
    folder = layer(files)
    code, out, _ = said(capsysbinary, "check", book, folder, "--output", f"json:{folder / 'report'}")
    assert code == 1
    assert out.count("error[") == out.count(f"error[{kind}]") == 1
    assert words in out
    assert f"{place}\n" in out
    document = json.loads((folder / "report").read_text("utf-8"))
    schema("check").validate(document)
    (found,) = [one for file in document["files"] for one in file["findings"] if one["severity"] == "error"]
    assert found["id"] == kind
    assert place.endswith(f":{found['line']}:{found['column']}")


def test_a_newer_format_is_the_only_thing_told(layer: Layer, capsysbinary: Captured) -> None:
    folder = layer({"matrices/new.toml": "nothing = 1\n"}, HEAD.replace("format = 1", "format = 2"))
    code, out, _ = said(capsysbinary, "check", folder)
    assert (code, out.count("error[")) == (1, 1)
    assert "error[rulebook/newer-format]: the rulebook has format 2; this proxx reads format 1" in out
    assert "rulebook.toml:4:10" in out


def test_a_profile_that_no_sample_source_reaches_is_only_remarked_on(
    book: Path, layer: Layer, capsysbinary: Captured
) -> None:
    finding = '[finding."house/never"]\ntitle = "Never"\nwhat = "never"\nwhy = ["x"]\nbad = { container = "mov" }\n'
    table = (
        '[table.house]\ndoc = "Is it a file that we take?"\nstage = "source"\nin = { container = "source.container" }\n'
        'hit = "unique"\nrows = [{ id = "mov", container = ["mov", "mxf", "r3d"], finding = "house/never" }]\n'
        "otherwise = {}\n"
    )
    code, out, _ = said(capsysbinary, "check", book, layer({"matrices/house.toml": TABLES + table + finding}))
    assert "warning[rulebook/profile-unreached]: no sample source can be made with profile proxy_vp9" in out
    assert "error[" not in out
    assert code == 0


def test_the_shipped_and_the_studios_rulebook_have_no_fault(capsysbinary: Captured) -> None:
    code, out, _ = said(capsysbinary, "check", STUDIO)
    layers, verdicts = out.splitlines()[:2], out.splitlines()[2:]
    assert (code, verdicts) == (0, ["rulebook.toml: ok", "examples/studio/rulebook.toml: ok"])
    assert layers == [f"layer 1 of 2: proxx 1.0.0, {ROOT}", f"layer 2 of 2: studio 1, {STUDIO}"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a = 1\nb = {c = 1,\n d = 2}\n", (2, 12, "a line break inside { … }")),
        ("b = {c = 1, }\n", (1, 11, "a comma after the last entry of { … }")),
        ('b = "\\e[0m"\n', (1, 6, "the escape \\e")),
        ('b = "\\\\\\x41"\n', (1, 8, "the escape \\x")),
        ("at = 07:32\n", (1, 6, "the time 07:32 without seconds")),
        ("at = 1979-05-27T07:32Z\n", (1, 17, "the time 07:32 without seconds")),
    ],
)
def test_what_only_toml_1_1_allows_is_found(text: str, found: tuple[int, int, str]) -> None:
    assert news(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "a = [\n  1,\n  2,\n]\nb = {c = [\n 1,\n], d = {}}\n",
        'a = "{ \\\\e , }"\nb = \'\\e\'\nc = """\n{ a,\n}"""\nd = {e = """\n\n"""}\n# { a,\n# }\n',
        "at = 07:32:00\nday = 1979-05-27T07:32:00.5+01:00\n[[x]]\n[y.'{']\n",
    ],
)
def test_toml_1_0_is_left_alone(text: str) -> None:
    assert news(text) is None


CASES = "#:schema cases.schema.json\n[[case]]\nid = 'a'\nnote = 'Ours.'\ndecide = 'pairing'\n"


def test_a_failing_case_is_shown_with_what_it_expected_and_got(
    book: Path, layer: Layer, capsysbinary: Captured
) -> None:
    given = "given = { codec = 'vp9', container = 'mov' }\nexpect = { ok = true }\n"
    folder = layer({"cases/house.toml": CASES + given})
    code, out, _ = said(capsysbinary, "test", book, folder)
    assert code == 1
    assert "failed: a: Ours.\n" in out
    assert "cases/house.toml:2:3\n" in out
    assert '    findings\n      expected []\n      got      ["pairing/codec-in-container"]\n' in out
    assert "1 case, 1 failed; 1 of " in out
    code, out, _ = said(capsysbinary, "test", book, folder, "--format", "json")
    document = json.loads(out)
    schema("tested").validate(document)
    assert (code, document["ok"]) == (1, False)
    assert [miss["what"] for one in document["cases"] for miss in one["misses"]] == ["findings", "ok"]


def test_the_rows_that_no_case_reaches_are_listed_on_request(book: Path, capsysbinary: Captured) -> None:
    assert "no case reaches" not in said(capsysbinary, "test", book)[1]
    code, out, _ = said(capsysbinary, "test", book, "--coverage")
    *rows, summary = out.splitlines()
    assert (code, summary) == (0, f"0 cases, 0 failed; 0 of {len(rows)} rows reached")
    assert "no case reaches table codec-container, row otherwise" in rows


def test_a_file_of_cases_that_is_no_toml_refuses_the_test(book: Path, layer: Layer, capsysbinary: Captured) -> None:
    folder = layer({"cases/house.toml": "#:schema cases.schema.json\n[[case]\n"})
    code, out, _ = said(capsysbinary, "test", book, folder)
    assert code == 1
    assert "error[rulebook/not-toml]" in out
    assert "cases/house.toml:2:" in out


def test_a_difference_has_exit_code_1_and_three_formats(book: Path, layer: Layer, capsysbinary: Captured) -> None:
    row = '[table.codec-container]\nrows = [\n  { id = "house", codec = "vp9", container = "mp4" },\n]\n'
    folder = layer({"matrices/pairing.toml": TABLES + row})
    line = "codec-container: codec=vp9, container=mp4: pairing/codec-in-container → allowed"
    both = ("--rulebook", book, folder)
    code, out, _ = said(capsysbinary, "diff", *both)
    assert (code, out.splitlines()[2:]) == (1, ["Answers", f"  {line}"])
    code, out, _ = said(capsysbinary, "diff", *both, "--format", "markdown")
    assert (code, f"* `{line}`" in out) == (1, True)
    code, out, _ = said(capsysbinary, "diff", "--rulebook", book, book, folder, "--format", "json")
    assert (code, json.loads(out)["changed"]) == (1, True)


def test_the_clips_of_a_probe_file_that_change_are_named(book: Path, layer: Layer, capsysbinary: Captured) -> None:
    row = '[table.source-capability]\nrows = [\n  { id = "mov", remove = true },\n]\n'
    probes = layer({"matrices/sources.toml": TABLES + row}) / "clips.json"
    clips = {"/a.mov": {"container": "mov", "codec": "h264"}, "/b.mp4": {"container": "mp4", "codec": "h264"}}
    probes.write_text(json.dumps(clips), "utf-8")
    code, out, _ = said(capsysbinary, "diff", "--rulebook", book, probes.parent, "--probes", probes)
    assert code == 1
    assert "Clips\n  1 clip changes, 1 in route\n  /a.mov\n    route: ffmpeg → none, source/unsupported\n" in out


def test_the_probe_files_of_a_folder_count_together_and_may_not_contradict(
    book: Path, layer: Layer, capsysbinary: Captured
) -> None:
    row = '[table.source-capability]\nrows = [\n  { id = "mov", remove = true },\n]\n'
    folder = layer({"matrices/sources.toml": TABLES + row})
    mov, mp4 = ({"container": container, "codec": "h264"} for container in ("mov", "mp4"))
    days = {"day1": {"/a.mov": mov}, "card/day2": {"/a.mov": mov, "/b.mov": mov, "/c.mp4": mp4}, "notes": {}}
    for name, clips in days.items():
        path = folder / "probes" / f"{name}{'' if name == 'notes' else '.probes'}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(clips) if clips else "no probe file", "utf-8")
    ask = ("diff", "--rulebook", book, folder, "--probes", folder / "probes")
    assert "Clips\n  2 clips change, 2 in route\n" in said(capsysbinary, *ask)[1]
    (folder / "probes/day3.probes.json").write_text(json.dumps({"/b.mov": mp4}), "utf-8")
    code, _, err = said(capsysbinary, *ask)
    assert (code, "different facts of /b.mov" in err) == (2, True)
    code, _, err = said(capsysbinary, *ask[:-1], folder / "matrices")
    assert (code, "no probe files (*.probes.json)" in err) == (2, True)


def test_the_same_folder_has_no_difference(capsysbinary: Captured) -> None:
    code, out, _ = said(capsysbinary, "diff", STUDIO, STUDIO)
    assert (code, "no change" in out) == (0, True)


def git(folder: Path, *words: str) -> None:
    user = ("-c", "user.name=td", "-c", "user.email=td@example.org", "-c", "commit.gpgsign=false")
    subprocess.run(["git", "-C", str(folder), *user, *words], check=True, capture_output=True, timeout=60)


def test_a_folder_is_compared_with_its_past(
    book: Path, layer: Layer, capsysbinary: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = '  { id = "house", codec = "vp9", container = "mp4" },\n'
    text = f"{TABLES}[table.codec-container]\nrows = [\n{row}]\n"
    folder = layer({"matrices/pairing.toml": text, "notes/other.txt": "not part of the rulebook\n"})
    git(folder.parent, "init", "-q")
    git(folder.parent, "add", "house")
    git(folder.parent, "commit", "-qm", "first")
    assert said(capsysbinary, "diff", "--rulebook", book, folder, "--rev", "HEAD")[0] == 0
    monkeypatch.chdir(folder)
    assert "no change" in said(capsysbinary, "diff", "--rulebook", book, "--rev", "HEAD")[1]
    (folder / "matrices/pairing.toml").write_text(text.replace('"mp4"', '"mxf"'), "utf-8")
    code, out, _ = said(capsysbinary, "diff", "--rulebook", book, folder, "--rev", "HEAD")
    assert code == 1
    assert "codec=vp9, container=mp4: allowed → pairing/codec-in-container" in out
    assert "codec=vp9, container=mxf: pairing/codec-in-container → allowed" in out
    for revision in ("nothing", "--output=x", "HEAD:house"):
        code, _, err = said(capsysbinary, "diff", folder, f"--rev={revision}")
        assert (code, "no revision" in err) == (2, True)


def test_a_rulebook_that_cannot_be_compared_is_trouble_and_no_difference(layer: Layer, capsysbinary: Captured) -> None:
    broken = layer({"matrices/pairing.toml": TABLES + "x = 1\n"})
    code, out, err = said(capsysbinary, "diff", STUDIO, broken)
    assert (code, out) == (2, "")
    assert "the rulebook has 1 fault" in err
    assert said(capsysbinary, "diff", STUDIO, broken, "--rev", "HEAD")[0] == 2
    assert said(capsysbinary, "diff", broken / "nowhere")[0] == 2
    (broken / "git").mkdir()
    assert "git could not look into" in said(capsysbinary, "diff", broken, "--rev", "HEAD")[2]


def test_the_frozen_file_is_the_same_for_the_same_rules(tmp_path: Path, capsysbinary: Captured) -> None:
    file = tmp_path / "frozen.json"
    code, out, err = said(capsysbinary, "freeze", "-o", file)
    document = json.loads(file.read_text("utf-8"))
    assert (code, out) == (0, "")
    assert document["digest"] in err
    assert set(document) == {"format", "name", "version", "digest", "items", "templates", "contract", "settings"}
    assert str(ROOT) not in file.read_text("utf-8")
    assert said(capsysbinary, "freeze")[1] == file.read_text("utf-8")
    assert said(capsysbinary, "freeze", "-o", tmp_path)[0] == 2
