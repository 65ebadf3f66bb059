"""The site in a real browser, opened from files: its answers are the program's, and everyone can use it."""

from __future__ import annotations

import fcntl
import json
import os
import re
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT
from playwright.sync_api import Page

from proxx import prove
from proxx.answers import decide
from proxx.cli import main
from proxx.export import exported
from proxx.model import Media
from proxx.route import route_source
from proxx.rulebook import Rulebook, default_cache, load

pytest_plugins = ["browsing"]

PAGES = (
    *("index", "ask", "guide/getting-started", "reference/index", "reference/jobspec", "reference/commands"),
    *("reference/tables/codec-container", "reference/tables/source-capability", "reference/tables/field"),
    *("reference/profiles/proxy_dnxhr_lb", "reference/profiles/proxy_prores_lt_resolve"),
    *("reference/findings/pairing/dnxhd-in-mov", "reference/findings/index", "reference/vocabulary"),
)
LOOKED_AT = (
    *("index", "ask", "reference/tables/codec-container", "reference/profiles/proxy_h264_low"),
    "reference/findings/pairing/dnxhd-in-mov",
)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site of the shipped rulebook with the guide, made once for all workers."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "site"
    with open(f"{folder}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "index.html").exists():
            assert main(["docs", "-o", str(folder), "--format", "html", "--guide", str(ROOT / "docs/guide")]) == 0
    return folder


def go(page: Page, site: Path, name: str) -> None:
    page.goto((site / f"{name}.html").as_uri())


# ---- the answers ---------------------------------------------------------------------------------------------------

ASK_ALL = """([left, right, answer]) => {
  const at = (id) => document.getElementById(id);
  const texts = (name) => [...at(answer).querySelectorAll(`.${name} li`)].map((one) => one.textContent);
  const values = (id) => [...at(id).querySelectorAll("option")].map((one) => one.value);
  const set = (id, value) => { at(id).value = value; at(id).dispatchEvent(new Event("change", { bubbles: true })); };
  return values(left).flatMap((one) => { set(left, one); return values(right).map((other) => {
    set(right, other);
    const data = at(answer).dataset;
    return { left: one, right: other, row: data.row, engine: data.engine, finding: data.finding,
             message: at(answer).querySelector(".ask-message")?.textContent ?? "",
             severity: at(answer).querySelector(".ask-id strong")?.textContent ?? "",
             why: texts("ask-why"), fix: texts("ask-fix"), note: texts("ask-note"),
             profiles: values("spec-profile"), spec: at("source-spec").hidden ? null : at("spec-text").textContent };
  }); });
}"""


def ask_all(page: Page, *ids: str) -> list[dict[str, Any]]:
    """What the page says to every pair of choices, made in its own controls."""
    said: list[dict[str, Any]] = page.evaluate(ASK_ALL, list(ids))
    return said


def same_finding(said: dict[str, Any], answer: dict[str, Any]) -> bool:
    """Whether page and program say the same of an input that a finding refuses."""
    told = answer["finding"]
    shown = (said["finding"], said["severity"], said["message"], said["why"], said["fix"])
    return shown == (told["id"], told["severity"], told["message"], told["why"], told["fix"])


def domain(rulebook: Rulebook, table: str, column: str) -> set[str]:
    found = rulebook.table(table).column(column)
    return {str(found.sample(1 << at)) for at in range(found.width)}


def test_every_source_gets_the_answer_of_the_program(page: Page, site: Path, rulebook: Rulebook) -> None:
    go(page, site, "ask")
    said = ask_all(page, "source-container", "source-codec", "source-answer")
    table = "source-capability"
    wanted = {(a, b) for a in domain(rulebook, table, "container") for b in domain(rulebook, table, "codec")}
    assert {(one["left"], one["right"]) for one in said} == wanted
    assert len(said) == len(wanted)
    for one in said:
        answer = decide(rulebook, "sources", [f"container={one['left']}", f"codec={one['right']}"])
        assert one["row"] == answer["row"]
        engine = answer["outcome"].get("engine", "none")
        assert one["engine"] == engine
        assert route_source(rulebook, Media(path="/a", container=one["left"], codec=one["right"])).engine == engine
        fitting = {name for name, profile in rulebook.profiles.items() if profile["engine"] == engine}
        assert set(one["profiles"]) == fitting
        if answer["finding"]:
            assert same_finding(one, answer)
            assert one["spec"] is None
        else:
            assert (one["finding"], one["message"]) == ("", "")
            assert one["note"] == answer["why"]
            assert one["why"]


def test_every_pairing_gets_the_answer_of_the_program(page: Page, site: Path, rulebook: Rulebook) -> None:
    go(page, site, "ask")
    said = ask_all(page, "pair-codec", "pair-container", "pair-answer")
    table = "codec-container"
    wanted = {(a, b) for a in domain(rulebook, table, "codec") for b in domain(rulebook, table, "container")}
    assert {(one["left"], one["right"]) for one in said} == wanted
    for one in said:
        answer = decide(rulebook, "pairing", [f"codec={one['left']}", f"container={one['right']}"])
        assert one["row"] == answer["row"]
        if answer["finding"]:
            assert same_finding(one, answer)
        else:
            assert (one["finding"], one["message"], one["why"]) == ("", "", answer["why"])


def test_the_evaluator_of_the_page_agrees_on_every_table_of_a_studio_too(page: Page) -> None:
    book = load([str(ROOT / "examples/studio")], lint=prove.lint, cache=default_cache())
    data = exported(book)
    page.goto("about:blank")
    page.evaluate("(data) => { window.proxxRulebook = data; }", json.loads(json.dumps(data)))
    page.add_script_tag(path=ROOT / "engine/proxx/web/evaluate.js")
    said = page.evaluate(
        """() => Object.entries(window.proxxRulebook.tables).flatMap(([name, table]) => {
          const { decide, valuesOf } = window.proxxEvaluate;
          const widen = (all, column) =>
            all.flatMap((one) => valuesOf(column).map((value) => ({ ...one, [column.fact]: value })));
          const inputs = table.columns.reduce(widen, [{}]);
          return inputs.map((facts) => [name, Object.values(facts), decide(name, facts)]);
        })"""
    )
    assert len(said) > 700
    for name, values, answer in said:
        words = [f"{column.name}={value}" for column, value in zip(book.table(name).columns, values, strict=True)]
        wanted = decide(book, name, words)
        assert {key: answer[key] for key in ("row", "outcome", "why", "finding")} == {
            key: wanted[key] for key in ("row", "outcome", "why", "finding")
        }
    (scan,) = [one for name, values, one in said if values == ["mov", "cineform"]]
    assert scan["outcome"] == {"engine": "ffmpeg"}


SPECS = """() => {
  const at = (id) => document.getElementById(id);
  const set = (id, value) => { at(id).value = value; at(id).dispatchEvent(new Event("change", { bubbles: true })); };
  const values = (id) => [...at(id).querySelectorAll("option")].map((one) => one.value);
  return [["mov", "h264"], ["r3d", "redcode"], ["anything-else", "unknown"]].flatMap(([container, codec]) => {
    set("source-container", container); set("source-codec", codec);
    return values("spec-profile").flatMap((profile) => { set("spec-profile", profile);
      return values("spec-resolution").map((size) => {
        set("spec-resolution", size); return at("spec-text").textContent; }); });
  });
}"""


def test_every_spec_to_copy_passes_a_check(page: Page, site: Path, rulebook: Rulebook, tmp_path: Path) -> None:
    go(page, site, "ask")
    specs = page.evaluate(SPECS)
    for number, text in enumerate(specs):
        (tmp_path / f"{number}.json").write_text(text)
    assert {json.loads(text)["proxy_profile"] for text in specs} == set(rulebook.profiles)
    assert {json.loads(text)["resolution"] for text in specs} == {"same", "half", "quarter", "1280x720", "1920x1080"}
    assert {json.loads(text)["sources"][0] for text in specs} == {f"/path/to/clip{e}" for e in (".mov", ".r3d", "")}
    assert main(["check", str(tmp_path), "--no-media"]) == 0


# ---- everyone can use it -------------------------------------------------------------------------------------------


def test_the_keyboard_alone_asks_answers_and_copies(page: Page, site: Path) -> None:
    go(page, site, "ask")
    page.locator("#source-container").focus()
    page.keyboard.type("mxf")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "source-codec"
    page.keyboard.type("arriraw")
    assert page.locator("#source-answer").get_attribute("data-engine") == "resolve"
    assert page.locator("#source-answer .ask-head").inner_text() == "DaVinci Resolve makes the proxy."
    seen = []
    for _ in range(12):
        page.keyboard.press("Tab")
        seen.append(page.evaluate("document.activeElement.id"))
        style = (
            "(() => { const s = getComputedStyle(document.activeElement); return s.outlineStyle + s.outlineWidth })()"
        )
        assert page.evaluate(style) == "solid3px", seen
        if seen[-1] == "spec-copy":
            break
    assert [one for one in seen if one] == ["spec-profile", "spec-resolution", "spec-copy"]
    page.keyboard.press("Enter")
    page.wait_for_function("document.getElementById('spec-copied').textContent !== ''")
    assert page.locator("#spec-copied").inner_text() == "Copied."
    assert page.evaluate("document.activeElement.id") == "spec-copy"
    page.evaluate("document.body.append(Object.assign(document.createElement('textarea'), { id: 'pasted' }))")
    page.locator("#pasted").focus()
    page.keyboard.press("Control+V")
    pasted = page.locator("#pasted").input_value()
    assert pasted == page.locator("#spec-text").inner_text() + "\n"
    assert json.loads(pasted)["sources"] == ["/path/to/clip.mxf"]


def test_answers_are_said_aloud_and_choices_have_names(page: Page, site: Path) -> None:
    go(page, site, "ask")
    for name in ("Container of the source", "Codec of the source", "Codec of the proxy", "Container of the proxy"):
        assert page.get_by_label(name, exact=True).count() == 1
    for answer in ("source-answer", "pair-answer"):
        assert page.locator(f"#{answer}").get_attribute("aria-live") == "polite"


def test_no_page_scrolls_sideways_whatever_the_width(page: Page, site: Path) -> None:
    for name in PAGES:
        go(page, site, name)
        for width in (400, 1400):
            page.set_viewport_size({"width": width, "height": 850})
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (name, width)


@pytest.mark.parametrize("page", ["light", "dark"], indirect=True)
@pytest.mark.parametrize("name", LOOKED_AT)
def test_a_page_keeps_the_rules_of_wcag_in_the_light_and_in_the_dark(page: Page, site: Path, name: str) -> None:
    go(page, site, name)
    page.wait_for_timeout(300)  # colours fade when the page is there
    page.evaluate(files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8"))
    rules = {"preload": False, "resultTypes": ["violations"], "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}
    found = page.evaluate("(rules) => axe.run(document, rules).then((told) => told.violations)", rules)
    assert [(one["id"], [node["html"] for node in one["nodes"]][:3]) for one in found] == []


def background(page: Page) -> str:
    colour: str = page.evaluate("getComputedStyle(document.body).backgroundColor")
    return colour


@pytest.mark.parametrize("page", ["light", "dark"], indirect=True)
def test_the_site_is_light_or_dark_as_the_system_says_and_can_be_switched(page: Page, site: Path) -> None:
    go(page, site, "index")
    first = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    scheme = page.locator("body").get_attribute("data-md-color-scheme")
    assert scheme == ("slate" if first else "default")
    before = background(page)
    page.locator("label[for^=__palette]:not([hidden])").click()
    page.wait_for_function("(scheme) => document.body.dataset.mdColorScheme !== scheme", arg=scheme)
    page.wait_for_function("(was) => getComputedStyle(document.body).backgroundColor !== was", arg=before)


@pytest.mark.parametrize(
    ("words", "target"),
    [
        ("pairing/dnxhd-in-mov", "reference/findings/pairing/dnxhd-in-mov.html"),
        ("proxy_dnxhr_lb", "reference/profiles/proxy_dnxhr_lb.html"),
    ],
)
def test_the_search_finds_findings_and_profiles_without_a_server(
    page: Page, site: Path, words: str, target: str
) -> None:
    go(page, site, "index")
    page.keyboard.press("/")
    page.keyboard.type(words)
    page.wait_for_selector(".md-search-result__link", timeout=20_000)
    links = page.eval_on_selector_all(".md-search-result__link", "(all) => all.map((one) => one.href)")
    assert any(target in link for link in links[:5]), links


def test_every_link_of_the_site_leads_somewhere(site: Path) -> None:
    wrong = []
    for path in site.rglob("*.html"):
        for link in re.findall(r'(?:href|src)="([^"#?]+)', path.read_text("utf-8")):
            if "://" not in link and not (path.parent / link).exists():
                wrong.append(f"{path.relative_to(site)}: {link}")
    assert wrong == []
