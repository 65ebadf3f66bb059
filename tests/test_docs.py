"""The documents of a rulebook: a page for everything, true, the same bytes everywhere, and gated in the repository."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import markdown
import pytest
from conftest import ROOT, SPEC
from hypothesis import given
from hypothesis import strategies as st

from proxx import prove
from proxx.cli import main
from proxx.docs import MANIFEST, compare, read_manifest, write
from proxx.drawing import MARKS, is_matrix
from proxx.errors import ProxxError
from proxx.evaluate import match
from proxx.markdown import code, fence, grid, line, plain
from proxx.options import parser
from proxx.pages import PAGES, all_pages
from proxx.rulebook import Rulebook, default_cache, load
from proxx.site import site_sources
from proxx.tables import Column

REFERENCE = ROOT / "docs" / "reference"
STUDIO = ROOT / "examples" / "studio"


@pytest.fixture(scope="module")
def pages(rulebook: Rulebook) -> dict[str, str]:
    return all_pages(rulebook)


@pytest.fixture(scope="module")
def studio() -> Rulebook:
    return load([str(STUDIO)], lint=prove.lint, cache=default_cache())


# ---- the gate ------------------------------------------------------------------------------------------------------


def test_the_reference_in_the_repository_is_what_the_rulebook_says(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    code = main(["docs", "--check", "-o", "docs/reference"])
    assert code == 0, capsys.readouterr().out + "Renew it: make docs"


def test_stale_missing_and_surplus_pages_are_told_by_name_with_the_command_that_renews_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = str(tmp_path / "reference")
    assert main(["docs", "-o", folder]) == 0
    Path(folder, "tables", "route.md").write_text("# edited by hand\n")
    Path(folder, "facts.md").unlink()
    Path(folder, "profiles", "proxy_gone.md").write_text("# an old profile\n")
    capsys.readouterr()
    assert main(["docs", "-o", folder, "--check"]) == 1
    out = capsys.readouterr().out
    assert re.findall(r"^  (\w+) +(\S+)$", out, re.MULTILINE) == [
        ("missing", "facts.md"),
        ("stale", "tables/route.md"),
        ("surplus", "profiles/proxy_gone.md"),
    ]
    assert f"Action: proxx docs -o {folder}" in out
    assert "move away what proxx did not make: profiles/proxy_gone.md" in out
    assert Path(folder, "tables", "route.md").read_text() == "# edited by hand\n"
    Path(folder, "profiles", "proxy_gone.md").unlink()
    assert main(["docs", "-o", folder]) == 0
    assert main(["docs", "-o", folder, "--check"]) == 0


def test_a_changed_rulebook_makes_its_own_documents_stale(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = str(tmp_path / "ours")
    assert main(["docs", "-o", folder]) == 0
    capsys.readouterr()
    assert main(["docs", "-o", folder, "--check", "--rulebook", str(STUDIO)]) == 1
    out = capsys.readouterr().out
    assert "missing  profiles/studio_h264_half.md" in out
    assert "stale    tables/source-capability.md" in out
    assert f"Action: proxx --rulebook {STUDIO} docs -o {folder}" in out


def test_a_folder_that_is_not_there_lacks_every_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["docs", "-o", str(tmp_path / "nothing"), "--check"]) == 1
    assert "missing  index.md" in capsys.readouterr().out
    assert not (tmp_path / "nothing").exists()


# ---- what is written and removed -----------------------------------------------------------------------------------


def test_only_files_that_proxx_made_are_removed(tmp_path: Path) -> None:
    write(str(tmp_path), {"index.md": b"1", "old/page.md": b"2", "old/kept/page.md": b"3"})
    (tmp_path / "old" / "mine.txt").write_text("not proxx's")
    (tmp_path / "notes.md").write_text("not proxx's")
    assert write(str(tmp_path), {"index.md": b"4"}) == 2
    left = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file())
    assert left == [MANIFEST, "index.md", "notes.md", "old/mine.txt"]
    assert (tmp_path / "index.md").read_bytes() == b"4"
    assert not (tmp_path / "old" / "kept").exists()


def test_a_file_that_proxx_did_not_make_is_not_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "index.md").write_text("mine\n")
    assert main(["docs", "-o", str(tmp_path)]) == 2
    assert "index.md is there already, and proxx docs did not make it" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["index.md"]
    assert (tmp_path / "index.md").read_text() == "mine\n"


@pytest.mark.parametrize("name", ["../outside.md", "/outside.md", "a/../../outside.md", ""])
def test_no_list_of_files_leads_out_of_its_folder(tmp_path: Path, name: str) -> None:
    (tmp_path / "outside.md").write_text("precious\n")
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / MANIFEST).write_text(json.dumps({"files": [name]}))
    assert read_manifest(str(folder)) == set()
    write(str(folder), {"index.md": b"1"})
    assert (tmp_path / "outside.md").read_text() == "precious\n"


@pytest.mark.parametrize("text", ["", "[]", "{", '{"files": 3}', '{"files": [3, null]}'])
def test_a_damaged_list_of_files_makes_nothing_ones_own(tmp_path: Path, text: str) -> None:
    (tmp_path / MANIFEST).write_text(text)
    (tmp_path / "page.md").write_text("whose?\n")
    assert read_manifest(str(tmp_path)) == set()
    assert compare(str(tmp_path), {"index.md": b"1"}).surplus == ("page.md",)


def test_a_page_that_has_not_changed_is_not_written_again(tmp_path: Path) -> None:
    write(str(tmp_path), {"index.md": b"1"})
    (tmp_path / "index.md").chmod(0o444)
    before = (tmp_path / "index.md").stat().st_mtime_ns
    write(str(tmp_path), {"index.md": b"1", "more.md": b"2"})
    assert (tmp_path / "index.md").stat().st_mtime_ns == before


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--check", "--format", "html"], "a site cannot be checked"),
        (["--guide", "docs/guide"], "--guide is for a site"),
        (["-o", ""], "-o names no folder"),
        (["--format", "html", "--guide", "no-such-folder"], "no pages (*.md) below no-such-folder"),
        (["--rulebook", "no-such-folder"], "cannot read the rulebook no-such-folder"),
    ],
)
def test_what_cannot_be_done_is_told(
    arguments: list[str], words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["docs", "-o", str(tmp_path / "out"), *arguments]) == 2
    assert words in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_file_in_the_place_of_the_folder_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "out").write_text("a file\n")
    assert main(["docs", "-o", str(tmp_path / "out")]) == 2
    assert "cannot write" in capsys.readouterr().err


def test_without_mkdocs_the_extra_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert main(["docs", "-o", str(tmp_path / "out"), "--format", "html"]) == 2
    assert "pip install 'proxx-engine[docs]'" in capsys.readouterr().err


# ---- what stands on the pages --------------------------------------------------------------------------------------


def test_there_is_a_page_for_every_table_profile_and_finding(rulebook: Rulebook, pages: dict[str, str]) -> None:
    expected = {f"tables/{name}.md" for name in rulebook.items["table"]}
    expected |= {f"profiles/{name}.md" for name in rulebook.profiles}
    expected |= {f"findings/{name}.md" for name in rulebook.findings}
    names = ("index", "jobspec", "tokens", "facts", "vocabulary", "fixtures", "generations", "commands", "exit-codes")
    single = {f"{name}.md" for name in (*names, "resolve/api", "resolve/rendering")}
    assert set(pages) == expected | single | {f"{kind}/index.md" for kind in ("tables", "profiles", "findings")}
    assert len(PAGES) == 12


def test_every_field_token_fact_word_and_command_is_told(rulebook: Rulebook, pages: dict[str, str]) -> None:
    for kind, page in (("field", "jobspec"), ("codec", "vocabulary"), ("container", "vocabulary")):
        assert [name for name in rulebook.items[kind] if f"`{name}`" not in pages[f"{page}.md"]] == []
    assert [name for name in rulebook.items["source-codec"] if f"`{name}`" not in pages["vocabulary.md"]] == []
    assert [name for name in rulebook.items["token"] if f"`{{{name}}}`" not in pages["tokens.md"]] == []
    assert [name for name in rulebook.facts if f"`{name}`" not in pages["facts.md"]] == []
    shown = re.findall(r"^## (proxx.*)$", pages["commands.md"], re.MULTILINE)
    usage = parser().format_help()
    assert {name.split()[1] for name in shown[1:]} == set(re.findall(r"^    ([a-z]+)  ", usage, re.MULTILINE))
    assert "proxx rulebook diff" in shown


def test_every_link_of_every_page_leads_to_a_page(pages: dict[str, str], studio: Rulebook) -> None:
    for made in (pages, all_pages(studio)):
        for name, text in made.items():
            for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", re.sub(r"```.*?```", "", text, flags=re.DOTALL)):
                place = Path(REFERENCE, name).parent.joinpath(target).resolve().relative_to(REFERENCE)
                assert place.as_posix() in made, f"{name}: {target}"


def test_the_same_rulebook_in_another_place_gives_the_same_bytes(
    pages: dict[str, str], book_copy: Callable[[], Path]
) -> None:
    copy = book_copy()
    assert all_pages(load([str(copy)], lint=prove.lint)) == pages
    assert not [name for name, text in pages.items() if str(ROOT) in text or str(Path.home()) + "/" in text]


def values(column: Column) -> list[str]:
    return [str(column.sample(1 << at)) for at in range(column.width)]


def drawn(page: str) -> dict[tuple[str, str], str]:
    """The cells of a page's matrix, by the words of row and column; a head of many names stands for each."""
    table = page.partition("## Matrix\n\n")[2].partition("\n\n")[0].splitlines()
    names = re.compile(r"`([^`]+)`|\*(anything else)\*")
    heads = [head.strip() for head in table[0].strip("|").split("|")][1:]
    meant = dict(re.findall(r"^(`.* others): (.*)\.$", page, re.MULTILINE))
    cells = {}
    for row in table[2:]:
        first, *rest = [cell.strip() for cell in row.strip("|").split("|")]
        for head, cell in zip(heads, rest, strict=True):
            for one, other in names.findall(meant.get(head, head)):
                left = first.strip("*`") if "anything" not in first else "anything-else"
                cells[left, one or other.replace(" ", "-")] = cell
    return cells


def test_every_cell_of_every_matrix_is_what_the_table_decides(rulebook: Rulebook, pages: dict[str, str]) -> None:
    tables = [table for table in map(rulebook.table, rulebook.items["table"]) if is_matrix(table)]
    assert {"codec-container", "source-capability", "route"} <= {table.name for table in tables}
    for table in tables:
        down, across = sorted(table.columns, key=lambda column: column.width, reverse=True)
        cells = drawn(pages[f"tables/{table.name}.md"])
        assert set(cells) == {(left, top) for left in values(down) for top in values(across)}
        for (left, top), cell in cells.items():
            row = match(table, {down.name: left, across.name: top})
            word = ", ".join(map(str, row.outcome.values())) or "✓"
            if row.finding:
                word = MARKS[rulebook.findings[row.finding].get("severity", "error")]
            assert re.sub(r" [⁰¹²³⁴⁵⁶⁷⁸⁹]+$", "", cell) == word


def test_a_number_in_a_matrix_leads_to_the_reason_below_it(pages: dict[str, str]) -> None:
    page = pages["tables/codec-container.md"]
    assert drawn(page)["dnxhd", "mov"] == "✗ ²"
    assert "\n2. Row `dnxhd-in-mov`: [`pairing/dnxhd-in-mov`](../findings/pairing/dnxhd-in-mov.md)" in page
    assert "✗ without a number: [`pairing/codec-in-container`]" in page


def test_a_finding_shows_fragments_of_specs_that_do_and_do_not_raise_it(
    rulebook: Rulebook, pages: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tried = 0
    for name in rulebook.findings:
        bad, _, good = pages[f"findings/{name}.md"].partition("## What does not")
        for text, raises in ((bad, True), (good, False)):
            for fragment in re.findall(r"```json\n(.*?)```", text, re.DOTALL):
                spec = tmp_path / "job.json"
                spec.write_text(json.dumps({**SPEC, **json.loads(fragment)}))
                main(["check", str(spec), "--no-media", "--format", "json"])
                (file,) = json.loads(capsys.readouterr().out)["files"]
                assert (name in {one["id"] for one in file["findings"]}) == raises, (name, fragment)
                tried += 1
    assert tried >= 10


def test_a_profile_page_holds_a_spec_that_passes_and_the_arguments_one_a_line(
    rulebook: Rulebook, pages: dict[str, str], tmp_path: Path
) -> None:
    for name, profile in rulebook.profiles.items():
        page = pages[f"profiles/{name}.md"]
        (tmp_path / f"{name}.json").write_text(re.findall(r"```json\n(.*?)```", page, re.DOTALL)[0])
        shown = re.findall(r"```\w+\n(.*?)```", page.partition("## Exactly what")[2], re.DOTALL)[0]
        if profile["engine"] == "ffmpeg":
            words = shown.splitlines()
            assert words[0] == "ffmpeg"
            assert "file:/footage/A001/A001C001.mov" in words
            assert profile["video"]["encoder"] in words
        else:
            assert isinstance(json.loads(shown), dict)
    assert main(["check", str(tmp_path), "--no-media"]) == 0


def test_sizes_follow_the_forecast_by_pixels_and_by_rate(pages: dict[str, str]) -> None:
    page = pages["profiles/proxy_prores_proxy.md"]  # 20 Mb/s at 1920x1080 and 25 frames a second
    assert "| 1920x1080 | 8.6 GB | 9.0 GB | 10.8 GB | 18.0 GB |" in page
    assert "| 960x540 | 2.2 GB | 2.2 GB | 2.7 GB | 4.5 GB |" in page
    assert (
        "| 1920x1080 | 16.2 GB | 16.2 GB | 16.2 GB | 20.2 GB | 33.8 GB | 40.5 GB |"
        in pages["profiles/proxy_dnxhd_36.md"]
    )


def test_a_studio_gets_documents_of_its_own(studio: Rulebook, pages: dict[str, str]) -> None:
    ours = all_pages(studio)
    added = {
        *(f"{folder}s/{name}.md" for folder in ("table", "profile", "finding") for name in studio.items[folder]),
    } - set(pages)
    assert set(ours) - set(pages) == added
    assert "profiles/studio_h264_half.md" in added
    assert "layer `studio`, `profiles/ffmpeg/studio_h264_half.toml`" in ours["profiles/studio_h264_half.md"]
    assert "Our conform relinks by reel name." in ours["findings/limit/reel-lost.md"]
    row = "Scans come from the lab as CineForm in MOV. Origin: extension. Layer `studio`. |"
    assert row in ours["tables/source-capability.md"]
    assert drawn(ours["tables/source-capability.md"])["cineform", "mov"].startswith("ffmpeg")
    assert drawn(pages["tables/source-capability.md"])["cineform", "mov"] == "✗"


@pytest.mark.parametrize("name", ["../../outside", "/outside", "a b", ".hidden", "x/../../y", "index"])
def test_no_name_in_a_rulebook_leads_out_of_the_folder(name: str, rulebook: Rulebook) -> None:
    table = {name: dict(rulebook.items["table"]["route"])}
    origins = {**rulebook.origins, f"table/{name}": rulebook.origins["table/route"]}
    items = {**rulebook.items, "table": {**rulebook.items["table"], **table}}
    with pytest.raises(ProxxError, match="cannot be a page"):
        all_pages(Rulebook({**rulebook.frozen, "items": items, "origins": origins}))


def test_the_site_keeps_the_pictures_of_a_guide_and_the_words_of_links_that_lead_out_of_it(
    rulebook: Rulebook, tmp_path: Path
) -> None:
    (tmp_path / "picture.png").write_bytes(b"png")
    text = "# Ours\n\n![a](picture.png) [in](../reference/jobspec.md#codec) [out](../../LICENSE) [net](https://a.b)\n\n"
    (tmp_path / "ours.md").write_text(f"{text}```\n[kept](nowhere.md)\n```\n")
    sources = site_sources(rulebook, str(tmp_path))
    assert sources["guide/picture.png"] == b"png"
    assert sources["guide/ours.md"].decode() == (tmp_path / "ours.md").read_text().replace(
        "[out](../../LICENSE)", "out"
    )


def test_nothing_in_a_rulebook_ends_the_script_that_holds_it(rulebook: Rulebook) -> None:
    finding = {**rulebook.findings["pairing/dnxhd-in-mov"], "what": "</script><script>alert(1)</script>"}
    findings = {**rulebook.findings, "pairing/dnxhd-in-mov": finding}
    hostile = Rulebook({**rulebook.frozen, "items": {**rulebook.items, "finding": findings}})
    sources = site_sources(hostile, None)
    assert b"<" not in sources["assets/proxx/rulebook.js"]
    assert b"alert(1)" in sources["assets/proxx/rulebook.js"]


# ---- text that could be taken for markup ---------------------------------------------------------------------------


class Words(HTMLParser):
    """The text of a page, and its elements."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.text = ""
        self.elements: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.elements.append(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


def shown(text: str) -> Words:
    return Words(markdown.markdown(text, extensions=["tables", "pymdownx.superfences"]))


@given(st.text("ab*_`[]()<>&|\\{}!# ", min_size=1).map(lambda text: f"x{' '.join(text.split())}x"))
def test_plain_text_is_never_markup(text: str) -> None:
    page = shown(line(text))
    assert page.elements == ["p"]
    assert page.text == text


@given(st.text("ab*_`[]()<>&|{}!#", min_size=1).map(lambda text: f"x{text}"))
def test_code_is_never_markup(text: str) -> None:
    page = shown(code(text))
    assert page.elements == ["p", "code"]
    assert page.text == text


def test_a_cell_of_a_table_never_ends_early() -> None:
    page = shown(grid(["one", "two"], [[plain("a|b"), "c"], ["d", line("e\nf")]]))
    assert page.elements.count("td") == 4
    assert "a|b" in page.text
    page = shown(grid(["one", "two"], [[code("a|b`"), code("|")]]))
    assert page.elements.count("code") == page.elements.count("td") == 2
    assert "a|b`" in page.text


def test_a_fence_holds_a_fence() -> None:
    text = "before\n```\n<b>inside</b>\n```\nafter"
    assert text in shown(fence(text)).text
