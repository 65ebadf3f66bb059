"""A short run of the harness in tests/faults: what is killed at random moments leaves nothing wrong behind."""

from __future__ import annotations

from faults.kills import measure


def test_killed_runs_lose_nothing_and_leave_nothing_and_the_naive_script_does() -> None:
    figures, broken = measure(rounds=8, seed=7, clips=4)
    assert figures.bad == 0, figures.text()
    assert sum(figures.kills.values()) == 8
    assert broken > 0, "the control shows no fault: the harness is blind"
