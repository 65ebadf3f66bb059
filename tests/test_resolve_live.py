"""A real Resolve, where somebody has one: every Resolve profile on real camera clips, with a report that can be cited.

PROXX_RESOLVE_LIVE=report.json PROXX_RESOLVE_MEDIA=FOLDER PROXX_RESOLVE_BY=NAME pytest -m resolve_live
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from resolve_report import render, write_report

from proxx.engines.resolve import close_all
from proxx.machine import Machine
from proxx.route import route_source
from proxx.rulebook import Rulebook, load

PROFILES = sorted(name for name, data in load((), lint=lambda book: ()).profiles.items() if data["engine"] == "resolve")
DONE: list[dict[str, Any]] = []


@pytest.fixture(scope="module")
def card(rulebook: Rulebook) -> list[Path]:
    """The clips of the folder that are for Resolve."""
    folder = Path(os.environ["PROXX_RESOLVE_MEDIA"]).resolve()
    files = sorted(str(path) for path in folder.iterdir() if path.is_file())
    found = Machine(rulebook).media(files) or ()
    raw = [Path(media.path) for media in found if route_source(rulebook, media).engine == "resolve"]
    assert raw, f"no camera RAW in {folder}"
    return raw


@pytest.fixture(scope="module", autouse=True)
def report() -> Iterator[None]:
    """Write down what was done, also where something failed."""
    yield
    close_all()
    if DONE:
        write_report(Path(os.environ["PROXX_RESOLVE_LIVE"]), DONE, os.environ.get("PROXX_RESOLVE_BY", ""))


@pytest.mark.resolve_live
@pytest.mark.parametrize("name", PROFILES)
def test_a_real_resolve_makes_what_the_plan_promises(
    name: str, card: list[Path], rulebook: Rulebook, tmp_path: Path
) -> None:
    results = render(rulebook.profiles[name], card, tmp_path)
    DONE.extend(results)
    assert [one["status"] for one in results] == ["COMPLETED"] * len(card), [one["messages"] for one in results]
    assert {one["engine_impl"] for one in results} == {"resolve"}


def test_a_report_of_a_simulated_resolve_verifies_nothing(
    rulebook: Rulebook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    clip = tmp_path / "A001C001.R3D"
    clip.write_bytes(b"\0\0\x01\x00RED1" + bytes(4096))
    results = render(rulebook.profiles["proxy_dnxhr_lb_resolve"], [clip], tmp_path, "--simulate")
    (one,) = results
    assert (one["status"], one["source_codec"], one["engine_impl"]) == ("COMPLETED", "redcode", "simulated")
    assert (one["format"], one["codec"], one["made"]["frames"]) == ("mxf_op1a", "DNxHRLB", 24)
    report = write_report(tmp_path / "report.json", results, "Somebody")
    assert json.loads((tmp_path / "report.json").read_text("utf-8")) == report
    assert report["verified_on"] is None
    real = {**one, "engine_impl": "resolve", "version": "21.0.4.5"}
    assert write_report(tmp_path / "report.json", [real], "Somebody")["verified_on"] == "21.0.4.5"
    assert write_report(tmp_path / "report.json", [real], "")["verified_on"] is None
    assert write_report(tmp_path / "report.json", [real, {**real, "status": "FAILED"}], "S")["verified_on"] is None
    assert write_report(tmp_path / "report.json", [], "Somebody")["verified_on"] is None
