"""Reels that paths tell: shapes of letters and digits, and which of several tellers counts."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxx.model import Mark, Media
from proxx.origin import settled
from proxx.prove import lint
from proxx.reel import matched, reel_in
from proxx.rulebook import Rulebook, builtin, freeze, read_folder
from proxx.samples import CAMERA


@pytest.mark.parametrize(
    ("path", "reel", "told"),
    [
        ("/m/A001R2EC/A001C003_261122_R2EC.mov", "A001R2EC", "folder:arri-folder"),
        ("/m/A001C003_261122_R2EC.mov", "A001R2EC", "name:arri"),
        ("/m/A003.RDM/A003_C001_0101AB.RDC/A003_C001_0101AB_001.R3D", "A003", "folder:red-clip-folder"),
        ("/m/day 1/A001C003_210419Q9_CANON.MXF", "A001", "name:date-and-signs"),
        ("/m/A001_08211037_C001.mov", "A001", "name:blackmagic"),
        ("/m/B012/clip.mov", "B012", "folder:card-folder"),
        ("/m/card_2/private/clip/clip.mov", "card_2", "folder:roll-folder"),
        ("/m/B012/A001C003_210419Q9_CANON.MXF", "A001", "name:date-and-signs"),
        ("/m/interview final.mov", "", None),
        ("/m/A001/b/c/d/clip.mov", "", None),
        ("/m/ÄÖÜ/\udcff\udcfe.mov", "", None),
        ("/.mov", "", None),
    ],
)
def test_a_path_tells_the_reel_that_cameras_would_mean(
    rulebook: Rulebook, path: str, reel: str, told: str | None
) -> None:
    media = settled(rulebook, replace(CAMERA, path=path))
    assert (media.reel, media.reel_from) == (reel, told)


def test_what_stands_in_the_file_goes_first(rulebook: Rulebook) -> None:
    media = settled(rulebook, replace(CAMERA, path="/m/A001R2EC/clip.mov", reel="TAPE 7"))
    assert (media.reel, media.reel_from) == ("TAPE 7", "metadata")


def test_settling_twice_is_settling_once(rulebook: Rulebook) -> None:
    marks = (Mark("track", "01:00:00:00", stream=1), Mark("file", "02:00:00:00"))
    once = settled(rulebook, replace(CAMERA, path="/m/A001R2EC/clip.mov", marks=marks))
    assert settled(rulebook, once) == once
    assert (once.timecode, once.timecode_from) == ("01:00:00:00", "track")


def test_a_made_proxy_has_no_reel_but_its_own(rulebook: Rulebook) -> None:
    media = settled(rulebook, replace(CAMERA, path="/m/A001R2EC/A001C003_261122_R2EC.mov"), by_name=False)
    assert (media.reel, media.reel_from) == ("", None)


def test_of_a_file_that_was_not_looked_at_nothing_is_known(rulebook: Rulebook) -> None:
    media = Media(path="/m/A001R2EC/clip.mov", container="mov", codec="h264")
    assert settled(rulebook, media) == media


def test_parts_are_put_together_and_ranges_take_as_much_as_fits() -> None:
    parts: list[dict[str, Any]] = [
        {"letters": [1, 3], "reel": True},
        {"digits": [2, 4]},
        {"words": ["", "-x"], "reel": True},
    ]
    assert matched("AB12-x", parts) == "AB-x"
    assert matched("A1234", parts) == "A"
    assert matched("A1", parts) is None
    assert matched("ABCD12", parts) is None


def test_only_ascii_letters_and_digits_count() -> None:
    assert matched("Ä١", [{"letters": 1}, {"digits": 1, "reel": True}]) is None


def test_a_shape_of_many_ranges_costs_no_time() -> None:
    parts = [{"digits": [0, 64]}] * 31 + [{"text": "x", "reel": True}]
    began = time.process_time()
    assert matched("1" * 255, parts) is None
    assert time.process_time() - began < 1


@given(st.text(max_size=40))
def test_any_path_has_an_answer(rulebook: Rulebook, text: str) -> None:
    for place in ("folder", "name"):
        found = reel_in("/" + text, rulebook.items["reel-pattern"], place)
        assert found is None or found.reel


def test_a_pattern_of_an_upper_layer_goes_before_those_below() -> None:
    below = {"in": "name", "sure": True, "parts": [{"letters": 1, "reel": True}, {"rest": True}]}
    above = {"in": "name", "sure": True, "parts": [{"letters": 2, "reel": True}, {"rest": True}]}
    found = reel_in("/m/AB1.mov", {"below": below, "above": above}, "name")
    assert found is not None
    assert (found.reel, found.pattern) == ("AB", "above")


HEAD = '#:schema schema/rulebook.schema.json\nname = "house"\nversion = "1"\nformat = 1\nextends = "proxx"\n'
HOUSE = """#:schema ../schema/tables.schema.json
[reel-pattern.house]
doc = "Ours."
in = "name"
sure = true
parts = [{ digits = 4, reel = true }, { text = "-" }, { rest = true }]
examples = { "1234-a" = "1234", "12-a" = "12" }
"""


def test_an_example_that_is_not_read_as_it_says_is_a_fault_of_the_rulebook(tmp_path: Path) -> None:
    (tmp_path / "matrices").mkdir()
    (tmp_path / "rulebook.toml").write_text(HEAD)
    (tmp_path / "matrices" / "reel.toml").write_text(HOUSE)
    faults = lint(freeze([read_folder(builtin()), read_folder(str(tmp_path))]))
    (wrong,) = [fault for fault in faults if fault.is_error]
    assert wrong.id == "rulebook/reel-pattern"
    assert wrong.message == "reel pattern house: its example 12-a means 12, the pattern does not read it"
    assert wrong.subject == str(tmp_path / "matrices" / "reel.toml")
