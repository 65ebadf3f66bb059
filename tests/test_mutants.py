"""The driver's tests are tested: without one of its checks or steps a test must fail. `make mutants` tries all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from mutants.trying import MODULES, Mutant, is_killed, mutants

PART = int(os.environ.get("PROXX_MUTANTS", "25"))
"""Every so many mutants are tried here, which ones changes with the driver's text; 1 tries all."""

WHOLE = mutants()


def test_there_is_a_mutant_for_every_check_of_the_driver() -> None:
    assert {mutant.module for mutant in WHOLE} == set(MODULES)
    assert len(WHOLE) > 100
    assert len({mutant.name for mutant in WHOLE}) == len(WHOLE)
    removed = [mutant for mutant in WHOLE if " removed: if " in mutant.name]
    assert len(removed) >= 25


def test_the_drivers_tests_pass_on_the_driver_as_it_is() -> None:
    assert not is_killed(None)


def test_a_mutant_that_changes_nothing_lives() -> None:
    text = (Path(__file__).parent.parent / "engine/proxx/engines/resolve_render.py").read_text("utf-8")
    assert not is_killed(Mutant("nothing", "resolve_render", text))


@pytest.mark.parametrize("mutant", WHOLE[::PART], ids=lambda mutant: mutant.name)
def test_a_driver_without_this_fails_its_tests(mutant: Mutant) -> None:
    assert is_killed(mutant)
