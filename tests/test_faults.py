"""A short run of the harness in tests/faults: what is killed at random moments leaves nothing wrong behind."""

from __future__ import annotations

from crash_at import RECORD_STEPS
from faults import fuzz, kills, power, rivals, scale, seeded, steps, trouble, watching


def test_killed_runs_lose_nothing_and_leave_nothing_and_the_naive_script_does() -> None:
    figures, broken = kills.measure(rounds=8, seed=7, clips=4)
    assert figures.bad == 0, figures.text()
    assert sum(figures.kills.values()) == 8
    assert broken > 0, "the control shows no fault: the harness is blind"


def test_watchers_make_every_file_once_and_take_none_early_and_a_script_does() -> None:
    told = watching.measure(seed=7, count=3, files=9, rounds=1)
    assert [line.text for line in told if line.bad] == []


def test_a_power_cut_loses_nothing_that_was_told() -> None:
    assert [line.text for line in power.measure(7, ("ext4",), 2, 0) if line.bad] == []


def test_a_job_that_dies_at_the_steps_of_its_record_goes_on() -> None:
    assert steps.measure(RECORD_STEPS, 1).bad == 0


def test_rivals_at_one_task_show_nothing_half_made() -> None:
    line = rivals.measure(2)
    assert line.bad == 0, line.text


def test_trouble_under_way_leaves_nothing_wrong() -> None:
    scenes = (trouble.disk_full, trouble.source_cut, trouble.source_replaced)
    assert [line.text for line in trouble.measure(scenes) if line.bad] == []


def test_damaged_input_is_told_and_nothing_else_happens() -> None:
    assert [line.text for line in fuzz.measure(7, (120, 20, 16)) if line.bad] == []


def test_many_sources_and_many_jobs_are_made_each_once() -> None:
    assert [line.text for line in scale.measure(8, 4) if line.bad] == []


def test_faults_that_are_put_into_proxies_are_named() -> None:
    assert [line.text for line in seeded.tell(0, long=False) if line.bad] == []
