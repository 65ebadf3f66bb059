"""The driver of Resolve against the simulated one: a trap ends in a finding or a right render, nobody is disturbed."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
from resolve_double import CLIP, SETTINGS, Bench, Hung

from proxx.engines.resolve_values import Trouble
from proxx.engines.simulated_traps import TRAPS
from proxx.engines.simulated_world import FOREIGN, UNTITLED, foreign_job

MADE = {
    "preset-sticks", "preset-refused", "key-ignored", "job-once", "status-text", "no-file", "two-files", "short",
    "old-codec", "two-channels", "reel-dropped", "proxy-media", "untitled", "delete-refused",
}  # fmt: skip
"""Traps under which the driver goes on: they do not matter to it, or only the file can show them."""

ENDS = {
    "not-running": ("not-running", "scriptapp"),
    "free": ("edition", "Resolve.GetProductName"),
    "old": ("version", "Resolve.GetVersionString"),
    "no-manager": ("unreachable", "Resolve.GetProjectManager"),
    "database": ("database", "ProjectManager.GetCurrentDatabase"),
    "busy": ("busy", "Project.IsRenderingInProgress"),
    "name-taken": ("project-refused", "ProjectManager.CreateProject"),
    "dirty": ("project-refused", "ProjectManager.CreateProject"),
    "no-pool": ("unreachable", "Project.GetMediaPool"),
    "other-project": ("foreign-project", "ProjectManager.GetCurrentProject"),
}
"""Traps that end the job: what is told, and at which call."""

FAILS = {
    "rate-fixed": ("setting-refused", "Project.SetSetting", "timelineFrameRate"),
    "mixed-rates": ("setting-refused", "Project.GetSetting", "timelineFrameRate"),
    "setting-ignored": ("setting-refused", "Project.GetSetting", "timelineResolutionHeight"),
    "import-empty": ("import-refused", "MediaPool.ImportMedia", "/card/0.braw"),
    "import-many": ("import-refused", "MediaPool.ImportMedia", "/card/0.braw"),
    "no-start": ("clip-unknown", "MediaPoolItem.GetClipProperty", "Start TC"),
    "no-folder": ("folder-refused", "MediaPool.AddSubFolder", "clip-000"),
    "folder-refused": ("folder-refused", "MediaPool.SetCurrentFolder", "clip-000"),
    "folder-stays": ("folder-refused", "MediaPool.GetCurrentFolder", "clip-000"),
    "timeline-none": ("timeline-refused", "MediaPool.CreateTimelineFromClips", "proxx-000"),
    "timeline-unset": ("timeline-refused", "Project.SetCurrentTimeline", "proxx-000"),
    "timeline-stays": ("timeline-refused", "Project.GetCurrentTimeline", "proxx-000"),
    "timeline-rate": ("timeline-refused", "Timeline.GetSetting", "timelineFrameRate"),
    "timecode-refused": ("timecode-refused", "Timeline.SetStartTimecode", "10:00:00:00"),
    "one-hour": ("timecode-refused", "Timeline.GetStartTimecode", "10:00:00:00"),
    "format-unknown": ("format-refused", "Project.GetRenderCodecs", "ProRes422P"),
    "format-refused": ("format-refused", "Project.SetCurrentRenderFormatAndCodec", "mov, ProRes422P"),
    "format-ignored": ("format-refused", "Project.GetCurrentRenderFormatAndCodec", "mov, ProRes422P"),
    "mode-refused": ("mode-refused", "Project.SetCurrentRenderMode", "1"),
    "render-setting": ("render-setting-refused", "Project.SetRenderSettings", "AudioSampleRate"),
    "render-together": ("render-setting-refused", "Project.SetRenderSettings", None),
    "job-empty": ("job-refused", "Project.AddRenderJob", ""),
    "job-none": ("job-refused", "Project.AddRenderJob", ""),
    "job-lost": ("job-lost", "Project.GetRenderJobList", "job-1"),
    "job-elsewhere": ("job-lost", "Project.GetRenderJobList", "job-1"),
    "start-refused": ("start-refused", "Project.StartRendering", "job-1"),
    "status-none": ("render-failed", "Project.IsRenderingInProgress", "job-1"),
    "render-fails": ("render-failed", "Project.GetRenderJobStatus", "job-1"),
    "render-cancelled": ("render-failed", "Project.GetRenderJobStatus", "job-1"),
    "render-stops": ("render-failed", "Project.IsRenderingInProgress", "job-1"),
    "render-stands": ("render-stalled", "Project.GetRenderJobStatus", "job-1"),
}
"""Traps that cost every clip: the finding, the call and its argument."""


def test_every_trap_has_a_case() -> None:
    assert MADE | set(ENDS) | set(FAILS) | {"hang", "kill"} == set(TRAPS)
    assert all(words and source for words, source in TRAPS.values())


def test_a_trap_that_does_not_exist_is_refused() -> None:
    for word in ("hangs", "hang", "kill:", "dirty:1"):
        with pytest.raises(ValueError, match="no such trap"):
            Bench([word])


def test_a_job_is_made_in_projects_of_its_own_that_are_gone_afterwards() -> None:
    bench = Bench().drive()
    assert [bench.done[index]["clip"]["FPS"] for index in range(3)] == ["23.976", "25", "23.976"]
    assert bench.foreign_is_untouched()
    assert bench.world.state["open"] == FOREIGN
    assert list(bench.world.state["projects"]) == [FOREIGN]
    assert bench.told("before") == [{"event": "before", "name": FOREIGN}]
    assert bench.events[-1] == {"event": "closed"}
    names = [name for (name,) in bench.calls("ProjectManager.CreateProject")]
    assert names == ["proxx-job-probe-1-0a1b2c3d", "proxx-job-23.976-2-0a1b2c3d", "proxx-job-25-3-0a1b2c3d"]
    assert [one["name"] for one in bench.told("project")] == names
    assert sorted(one["name"] for one in bench.told("removed")) == sorted([*names, FOREIGN])
    # Nothing is addressed by an index, and nobody's jobs are deleted together.
    told = {one["call"] for one in bench.told("call")}
    assert not told & {"Project.DeleteAllRenderJobs", "Project.GetTimelineByIndex"}
    assert bench.calls("Project.StartRendering") == [[["job-1"], False], [["job-2"], False], [["job-3"], False]]
    assert bench.calls("Project.DeleteRenderJob") == [["job-1"], ["job-2"], ["job-3"]]


def test_clips_of_one_rate_are_made_together_so_that_projects_change_least() -> None:
    bench = Bench().drive()
    assert list(bench.done) == [0, 2, 1]
    assert [spec["source"] for spec in bench.specs] == ["/card/0.braw", "/card/2.braw", "/card/1.braw"]
    assert len(bench.calls("ProjectManager.LoadProject")) == 1  # the one that was open before


def test_clips_of_two_rates_in_turn_change_between_two_saved_projects() -> None:
    bench = Bench()
    driver = bench.driver()
    driver.probe(bench.clips)
    for clip in bench.clips:
        driver.make(clip)
    driver.close()
    assert [spec["rate"] for spec in bench.specs] == [23.976, 25.0, 23.976]
    assert bench.calls("ProjectManager.LoadProject") == [["proxx-job-23.976-2-0a1b2c3d"], [FOREIGN]]
    assert list(bench.world.state["projects"]) == [FOREIGN]


def test_what_is_rendered_is_what_was_bound() -> None:
    bench = Bench().drive()
    assert bench.specs[0] == {
        "source": "/card/0.braw",
        "format": "mov",
        "codec": "ProRes422P",
        "width": 2048,
        "height": 1080,
        "rate": 23.976,
        "frames": 48,
        "start": "10:00:00:00",
        "reel": "A001R2EC",
        "channels": 4,
        "bits": 24,
        "sample_rate": 48000,
        "from": "camera",
        "mode": 1,
        "folder": "/out/.proxx/render/a.mov",
        "name": "a.mov",
        "traps": [],
    }
    assert bench.done[0]["about"] == {
        "product": "DaVinci Resolve Studio",
        "version": "20.3.1.0006",
        "edition": "Studio",
    }
    assert bench.calls("Timeline.SetSetting")[0] == ["useCustomSettings", "0"]
    told = bench.told("bound")[0]
    assert told["settings"]["project"]["timelineFrameRate"] == "23.976"
    assert told["settings"]["render"]["settings"]["FormatWidth"] == 2048
    assert [one["percent"] for one in bench.told("progress")][:1] == [50]


def test_drop_frame_clips_have_projects_of_their_own() -> None:
    drop = {**CLIP, "FPS": "29.97", "Start TC": "01:00:00;00"}
    bench = Bench(properties=[drop, {**drop, "Start TC": "01:00:00:00"}]).drive()
    assert [spec["start"] for spec in bench.specs] == ["01:00:00;00", "01:00:00:00"]
    assert len(bench.calls("ProjectManager.CreateProject")) == 3


@pytest.mark.parametrize("trap", sorted(MADE))
def test_traps_under_which_the_driver_renders_what_was_planned(trap: str) -> None:
    bench = Bench([trap]).drive()
    assert bench.troubles == []
    assert len(bench.specs) == 3
    assert bench.foreign_is_untouched()
    assert all(spec["from"] == "camera" for spec in bench.specs)
    sure = {"width", "height", "codec", "frames", "channels", "reel", "sample_rate", "bits", "start", "rate", "mode"}
    lost = {
        "key-ignored": {"width", "height"},
        "old-codec": {"codec"},
        "short": {"frames"},
        "two-channels": {"channels"},
        "reel-dropped": {"reel"},
    }
    kept = sure - lost.get(trap, set())
    right = Bench().drive().specs[0]
    assert {key: bench.specs[0][key] for key in kept} == {key: right[key] for key in kept}


@pytest.mark.parametrize("trap", sorted(ENDS))
def test_traps_that_end_the_job_before_anything_is_made(trap: str) -> None:
    bench = Bench([trap])
    with pytest.raises(Trouble) as trouble:
        bench.drive()
    assert (trouble.value.kind, trouble.value.call) == ENDS[trap]
    assert trouble.value.cause
    assert bench.specs == []
    assert bench.foreign_is_untouched()
    assert bench.world.state["open"] == FOREIGN
    assert list(bench.world.state["projects"]) == [FOREIGN]


@pytest.mark.parametrize("trap", sorted(FAILS))
def test_traps_that_cost_a_clip_name_the_call_and_its_argument(trap: str) -> None:
    bench = Bench([trap], [CLIP, CLIP]).drive()
    kind, call, argument = FAILS[trap]
    first, second = bench.troubles
    assert (first.kind, first.call) == (kind, call)
    assert argument is None or first.argument == argument
    assert first.cause
    assert second.kind == kind
    assert bench.foreign_is_untouched()
    assert bench.world.state["open"] == FOREIGN
    assert list(bench.world.state["projects"]) == [FOREIGN]
    assert bench.world.state["rendering"] is None
    started = bool(bench.calls("Project.StartRendering"))
    assert bool(bench.specs) == (started and kind != "start-refused")


def test_the_edition_is_known_before_a_call_that_the_free_one_punishes() -> None:
    bench = Bench(["free"])
    with pytest.raises(Trouble, match="this is DaVinci Resolve"):
        bench.driver()
    assert not bench.world.blocked


def test_a_render_that_stands_still_is_stopped_and_taken_away() -> None:
    bench = Bench(["render-stands"], [CLIP]).drive()
    assert bench.troubles[0].cause == "nothing moved for 2.5 s at 40 %"
    assert bench.renders[0].stopped
    assert bench.calls("Project.DeleteRenderJob") == [["job-1"]]


def test_a_render_whose_file_grows_does_not_stand_still() -> None:
    bench = Bench(["render-stands"], [CLIP])
    looks = 0

    def size(folder: str) -> int:
        nonlocal looks
        looks += 1
        if looks == 12:
            bench.world.traps.clear()
        return looks

    driver = bench.driver()
    driver.queue.size = size
    assert driver.make(bench.clips[0])["job"] == "job-1"
    assert looks >= 12


def test_an_empty_job_is_asked_for_again_but_nothing_is_not() -> None:
    once = Bench(["job-once"], [CLIP]).drive()
    assert once.troubles == []
    assert len(once.calls("Project.AddRenderJob")) == 2
    none = Bench(["job-none"], [CLIP]).drive()
    assert len(none.calls("Project.AddRenderJob")) == 1
    assert none.troubles[0].cause == "it answered None"


def test_a_culprit_among_the_render_settings_is_found_by_setting_one_after_the_other() -> None:
    bench = Bench(["render-setting"], [CLIP]).drive()
    calls = [list(settings) for (settings,) in bench.calls("Project.SetRenderSettings")]
    assert len(calls[0]) == len(SETTINGS["render"]["settings"])
    assert [keys[0] for keys in calls[1:]] == [*list(SETTINGS["render"]["settings"])[:11], "AudioSampleRate"]


def changed(change: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    """The settings of the clips, changed."""
    settings = copy.deepcopy(dict(SETTINGS))
    change(settings)
    return settings


@pytest.mark.parametrize(
    ("change", "kind", "argument", "words"),
    [
        (lambda s: s["render"].update(format="QuickTime"), "format-refused", "QuickTime", "label, whose id is mov"),
        (
            lambda s: s["render"].update(codec="Apple ProRes 422 Proxy"),
            "format-refused",
            None,
            "whose id is ProRes422P",
        ),
        (lambda s: s["render"].update(codec="VP9"), "format-refused", "VP9", "it offers DNxHD1080p36"),
        (lambda s: s["render"]["settings"].update(VideoFormat="mov"), "contract", "VideoFormat", "no render setting"),
        (lambda s: s["render"]["settings"].update(VideoCodec="x"), "contract", "VideoCodec", "no render setting"),
        (lambda s: s["render"]["settings"].update(FormatWidth="2048"), "contract", "FormatWidth", "must be int"),
        (lambda s: s["render"]["settings"].update(ExportAudio=1), "contract", "ExportAudio", "must be bool"),
        (lambda s: s["render"]["settings"].update(FormatWidth=True), "contract", "FormatWidth", "must be int"),
        (lambda s: s["render"]["settings"].update(FormatWidth="@clip.Size"), "late-value", "@clip.Size", "no such"),
        (lambda s: s["render"]["settings"].update(FormatWidth="@clip.Width/3"), "late-value", None, "no such"),
        (lambda s: s["render"]["settings"].update(FormatWidth="@clip.Frames/2"), "late-value", None, "no such"),
        (lambda s: s["render"].update(preset="nobody's"), "preset-refused", "nobody's", "not loaded"),
        (lambda s: s["render"].update(mode=7), "mode-refused", "7", "refused"),
        (lambda s: s["project"].update(timelineFrameRate="24"), "timeline-refused", None, ""),
    ],
)
def test_what_a_plan_must_not_say(
    change: Callable[[dict[str, Any]], object], kind: str, argument: str | None, words: str
) -> None:
    bench = Bench(properties=[CLIP], settings=changed(change)).drive()
    if kind == "timeline-refused":  # a project of another rate than the clip's is no fault: it conforms
        assert bench.specs[0]["frames"] == 47  # and the file will tell
        return
    (trouble,) = bench.troubles
    assert trouble.kind == kind
    assert argument is None or trouble.argument == argument
    assert words in trouble.cause
    assert bench.foreign_is_untouched()
    assert bench.specs == []


def test_a_pinned_preset_is_loaded_before_the_settings_that_overrule_it() -> None:
    bench = Bench(properties=[CLIP], settings=changed(lambda s: s["render"].update(preset="proxx"))).drive()
    assert bench.calls("Project.LoadRenderPreset") == [["proxx"]]
    order = [one["call"] for one in bench.told("call") if one["call"].startswith("Project.")]
    assert order.index("Project.LoadRenderPreset") < order.index("Project.SetCurrentRenderFormatAndCodec")
    assert order.index("Project.LoadRenderPreset") < order.index("Project.SetRenderSettings")
    assert bench.specs[0]["width"] == 2048


def test_a_method_that_the_plan_needs_and_this_resolve_lacks_is_told_before_anything_is_made() -> None:
    for method in ("Resolve.IsStudio", "ProjectManager.Nothing", "Project.Nothing", "MediaPool.Nothing"):
        settings = copy.deepcopy(dict(SETTINGS))
        settings["requires"]["methods"].append(method)
        bench = Bench(properties=[CLIP], settings=settings)
        with pytest.raises(Trouble) as trouble:
            bench.drive()
        assert (trouble.value.kind, trouble.value.call) == ("contract", method)
        assert bench.foreign_is_untouched()
        assert list(bench.world.state["projects"]) == [FOREIGN]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *[("FPS", value) for value in ("", "fast", "0", "-24", "nan", "inf")],
        *[("Resolution", value) for value in ("", "4096", "4096x", "0x0", "4096x2160x2")],
        *[("Start TC", value) for value in ("", "10:00:00", "10:00:00:00:00", "ten")],
        *[("Frames", value) for value in ("", "0", "-1", "48.5")],
    ],
)
def test_a_clip_of_which_resolve_does_not_say_what_is_needed_is_not_guessed_at(name: str, value: str) -> None:
    bench = Bench(properties=[{**CLIP, name: value}, CLIP]).drive()
    (trouble,) = bench.troubles
    assert (trouble.kind, trouble.argument) == ("clip-unknown", name)
    assert [spec["source"] for spec in bench.specs] == ["/card/1.braw"]


def test_numbers_and_silence_are_read_as_resolve_gives_them() -> None:
    odd: dict[str, Any] = {
        **CLIP,
        "FPS": 24.0,
        "Frames": 48,
        "Audio Ch": "",
        "Reel Name": "",
        "Resolution": "1998x1081",
    }
    bench = Bench(properties=[odd]).drive()
    facts = bench.done[0]["clip"]
    assert (facts["FPS"], facts["Frames"], facts["AudioChannels"], facts["ReelName"]) == ("24", 48, 0, "")
    assert (bench.specs[0]["width"], bench.specs[0]["height"]) == (998, 540)


def test_an_untitled_project_is_never_saved() -> None:
    bench = Bench(["untitled"]).drive()
    assert bench.troubles == []
    assert bench.world.state["open"] == UNTITLED
    assert bench.told("left")[0]["name"] == UNTITLED


def test_what_cannot_be_taken_away_is_told() -> None:
    bench = Bench(["delete-refused"], [CLIP]).drive()
    assert [one["name"] for one in bench.told("left")] == ["proxx-job-probe-1-0a1b2c3d", "proxx-job-23.976-2-0a1b2c3d"]


def test_what_an_earlier_driver_left_behind_is_stopped_and_taken_away() -> None:
    died = Bench(properties=[CLIP])
    driver = died.driver()
    driver.queue.pause = lambda seconds: died.world.hang()
    with pytest.raises(Hung):
        driver.make(died.clips[0])
    state = died.world.state  # it died while its render ran
    state["rendering"] = {"project": next(iter(driver.ours)), "job": "job-1"}
    state["projects"][state["open"]]["jobs"] = [{**foreign_job(1), "JobId": "job-1"}]
    assert state["open"].startswith("proxx-job-")
    stranger = Bench(properties=[CLIP], state=copy.deepcopy(state))
    with pytest.raises(Trouble, match="is rendering"):
        stranger.drive()
    again = Bench(properties=[CLIP], state=state, leftovers=[state["open"]], open_before=FOREIGN).drive()
    assert again.troubles == []
    assert again.calls("Project.StopRendering")
    assert again.calls("Project.DeleteRenderJob") == [["job-1"], ["job-2"]]
    assert again.foreign_is_untouched()
    assert list(again.world.state["projects"]) == [FOREIGN]


def test_a_project_that_somebody_opens_under_way_is_left_alone() -> None:
    bench = Bench(properties=[CLIP, CLIP])
    driver = bench.driver()
    driver.probe(bench.clips)
    driver.make(bench.clips[0])
    bench.world.state["projects"][next(iter(driver.ours))]["dirty"] = False
    bench.world.state["open"] = FOREIGN
    driver.make(bench.clips[1])  # ours is opened again; theirs had no changes
    bench.world.state["projects"][FOREIGN]["dirty"] = True
    bench.world.state["open"] = FOREIGN
    with pytest.raises(Trouble) as trouble:
        driver.make(bench.clips[1])
    assert trouble.value.kind == "project-refused"
    driver.close()
    bench.before["dirty"] = True
    assert bench.foreign_is_untouched()
    assert bench.world.state["open"] == FOREIGN


def test_a_clip_that_failed_is_looked_at_anew_the_next_time() -> None:
    bench = Bench(["import-empty"], [CLIP])
    driver = bench.driver()
    with pytest.raises(Trouble, match="nothing was imported"):
        driver.make(bench.clips[0])
    bench.world.traps.clear()
    assert driver.make(bench.clips[0])["job"] == "job-1"
    driver.close()
    assert list(bench.world.state["projects"]) == [FOREIGN]


def test_a_project_whose_settings_failed_is_not_used_for_the_next_clip() -> None:
    bench = Bench(["setting-ignored"], [CLIP, CLIP]).drive()
    assert [one.kind for one in bench.troubles] == ["setting-refused", "setting-refused"]
    assert bench.specs == []


@pytest.mark.parametrize(
    ("method", "answer", "call"),
    [("SaveProject", False, "ProjectManager.SaveProject"), ("LoadProject", None, "ProjectManager.LoadProject")],
)
def test_a_project_of_ours_that_cannot_be_changed_for_another_is_told(
    method: str, answer: object, call: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = Bench()
    driver = bench.driver()
    driver.probe(bench.clips)
    driver.make(bench.clips[0])
    if method == "LoadProject":
        driver.make(bench.clips[1])
    with monkeypatch.context() as patch:
        patch.setattr(f"proxx.engines.simulated.ProjectManager.{method}", lambda *given: answer)
        with pytest.raises(Trouble) as trouble:
            driver.make(bench.clips[1] if method == "SaveProject" else bench.clips[2])
    assert (trouble.value.kind, trouble.value.call) == ("project-refused", call)
    driver.close()
    assert list(bench.world.state["projects"]) == [FOREIGN]
