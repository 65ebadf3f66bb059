"""The relink report in a real browser: no script, nothing from elsewhere, hostile names as text, usable by everyone."""

from __future__ import annotations

import shutil
import subprocess
from importlib.resources import files
from pathlib import Path

import pytest
from playwright.sync_api import Page

from proxx.cli import main

pytest_plugins = ["browsing"]

HOSTILE = "A<img src=x onerror=alert(1)>\u202e&amp;'.mov"
CODED = ("-c:v", "mjpeg", "-q:v", "3", "-pix_fmt", "yuvj420p", "-c:a", "pcm_s16le")


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of a pair with a hostile name, one of whose sides is longer, and of a clip that is alone."""
    folder = tmp_path_factory.mktemp("report")
    (folder / "Proxy").mkdir()
    for name, length in ((HOSTILE, "0.8"), (f"Proxy/{HOSTILE}", "0.6")):
        media = ("-f", "lavfi", "-i", "testsrc2=s=320x180:r=25", "-f", "lavfi", "-i", "anoisesrc=r=48000:seed=1:a=0.2")
        make = ["ffmpeg", "-v", "error", "-nostdin", *media, "-t", length, *CODED, f"file:{folder / name}"]
        subprocess.run(make, check=True, timeout=60)
    shutil.copy(folder / HOSTILE, folder / "alone.mov")
    page_ = folder / "report.html"
    words = ["relink", str(folder), str(folder), "--nle", "resolve", "--deep", "--html", str(page_)]
    assert main(words) == 1
    assert main(words) == 1  # a report gives way to a newer one
    other = folder / "notes.html"
    other.write_text("<p>mine</p>")
    assert main([*words[:-1], str(other)]) == 2
    assert other.read_text() == "<p>mine</p>"
    return page_


@pytest.mark.parametrize("page", ["light", "dark"], indirect=True)
def test_the_report_shows_pictures_waveforms_and_reasons(report: Path, page: Page) -> None:
    page.goto(report.as_uri())
    assert page.locator("h1").inner_text() == "0 of 1 proxy relinks"
    assert page.locator("script, link, iframe, object").count() == 0
    assert page.locator("img[src^='data:image/jpeg']").count() == 9
    sizes = page.eval_on_selector_all("img", "all => all.map(one => one.naturalWidth)")
    assert sizes == [480] * 9
    assert page.locator("img[onerror]").count() == 0
    assert "A<img src=x onerror=alert(1)><U+202E>&amp;'.mov" in page.locator("summary h2").inner_text()
    assert page.locator("svg.wave.clip path").count() == page.locator("svg.wave.proxy path").count() == 1
    assert page.locator(".body h4").all_inner_texts() == ["DaVinci Resolve", "Pictures and sound compared"]
    reasons = page.locator(".reasons").first
    assert "resolve/fewer-frames" in reasons.inner_text()
    assert reasons.locator("a[href='https://github.com/gopro/labs/issues/166']").count() == 0  # the folder is right
    assert reasons.locator(".from a[href^='https://github.com/'] >> nth=0").count() == 1
    assert "Frames" in page.locator("tr.differs th").all_inner_texts()
    assert "alone.mov" in page.locator("section.alone").inner_text()
    page.evaluate(files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8"))
    found = page.evaluate("() => axe.run(document, {preload: false}).then((told) => told.violations)")
    assert [(one["id"], [node["html"] for node in one["nodes"]][:3]) for one in found] == []


def test_the_report_is_used_by_keyboard_alone_and_on_a_phone(report: Path, page: Page) -> None:
    page.goto(report.as_uri())
    assert page.locator("details[open]").count() == 1
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    assert page.locator("#only-look").is_checked()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.locator("details[open]").count() == 0
    page.set_viewport_size({"width": 390, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
