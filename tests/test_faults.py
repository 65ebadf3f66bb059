"""A short run of the harness in tests/faults: what is killed at random moments leaves nothing wrong behind."""

from __future__ import annotations

from faults import kills, watching


def test_killed_runs_lose_nothing_and_leave_nothing_and_the_naive_script_does() -> None:
    figures, broken = kills.measure(rounds=8, seed=7, clips=4)
    assert figures.bad == 0, figures.text()
    assert sum(figures.kills.values()) == 8
    assert broken > 0, "the control shows no fault: the harness is blind"


def test_watchers_make_every_file_once_and_take_none_early_and_a_script_does() -> None:
    told = watching.measure(seed=7, count=3, files=9, rounds=1)
    assert [line.text for line in told if line.bad] == []
