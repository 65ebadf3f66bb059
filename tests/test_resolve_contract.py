"""The contract holds any Resolve object, fake or real: what is not documented is neither asked nor believed."""

from __future__ import annotations

from typing import Any

import pytest
from resolve_double import contract

from proxx.engines.resolve_contract import ContractError, ContractProxy, is_failure, numbers, wrap


class Anything:
    """An object as Resolve hands them out: every attribute seems to be there. It answers what it is told to."""

    def __init__(self, names: str, answer: Any = None, version: str = "20.3.1.6") -> None:
        self.names, self.answer = names.split(), answer
        self.asked: list[Any] = []
        self.version = version

    def __dir__(self) -> list[str]:
        return self.names

    def __getattr__(self, name: str) -> Any:
        def call(*arguments: Any) -> Any:
            self.asked.append((name, arguments))
            return self.version if name == "GetVersionString" else self.answer

        return call


def proxy(thing: Anything, name: str = "Project", version: str = "20.3.1.6") -> Any:
    """The thing behind a proxy, at a Resolve of that version."""
    told: list[dict[str, Any]] = []
    resolve = wrap(Anything("GetVersionString", version=version), contract(), told.append)
    assert resolve.GetVersionString() == version
    return ContractProxy(thing, name, resolve._line)


@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        ("RenderEverything", (), "the contract has no such method"),
        ("DeleteAllRenderJobs", (), "the contract has no such method"),
        ("GetUniqueId", (), "this Resolve does not have the method"),
        ("AddRenderJob", (1,), "it takes 0 arguments, not 1"),
        ("SetSetting", ("timelineFrameRate",), "it takes 2 arguments, not 1"),
        ("SetSetting", ("timelineFrameRate", 24), "value must be str, not int 24"),
        ("SetSetting", (None, "24"), "name must be str, not None"),
        ("SetCurrentRenderMode", (True,), "mode must be int, not bool True"),
        ("SetCurrentRenderMode", ("1",), "mode must be int, not str '1'"),
        ("DeleteRenderJob", (1,), "job must be str, not int 1"),
        ("StartRendering", ("job-1",), "jobs must be list, not str 'job-1'"),
        ("StartRendering", (["job-1"], 0), "interactive must be bool, not int 0"),
        ("SetCurrentTimeline", ("proxx-000",), "timeline must be Timeline, not str 'proxx-000'"),
        ("SetCurrentTimeline", (None,), "timeline must be Timeline, not None"),
        ("SetRenderSettings", ([],), "settings must be dict, not list"),
        ("SetRenderSettings", ({"VideoFormat": "mov"},), "the contract has no render setting of this name"),
        ("SetRenderSettings", ({"FormatWidth": 1920.0},), "it must be int, not float 1920.0"),
        ("SetRenderSettings", ({"ExportAudio": None},), "it must be bool, not None"),
        ("SetRenderSettings", ({"FrameRate": False},), "it must be float, not bool False"),
    ],
)
def test_what_is_not_documented_is_not_asked(name: str, arguments: tuple[Any, ...], words: str) -> None:
    known = "AddRenderJob SetSetting SetCurrentRenderMode DeleteRenderJob StartRendering SetCurrentTimeline"
    thing = Anything(f"{known} SetRenderSettings", answer=True)
    with pytest.raises(ContractError) as error:
        getattr(proxy(thing), name)(*arguments)
    assert error.value.cause == words
    assert error.value.kind == "contract"
    assert error.value.call == f"Project.{name}"
    assert str(error.value).endswith(f": {words}")
    assert thing.asked == []


def test_what_came_with_a_later_version_is_not_asked() -> None:
    document = contract()
    document["render_settings"]["ExportSubtitle"] = {"type": "bool", "since": "20.2"}
    thing = Anything("IsStudio SetRenderSettings", answer=True)
    old = wrap(Anything("GetVersionString IsStudio", version="19.1.4"), document, lambda event: None)
    assert old.GetVersionString() == "19.1.4"
    with pytest.raises(ContractError, match="older than the method, which came with"):
        old.IsStudio()
    with pytest.raises(ContractError, match="older than the setting, which came with 20"):
        ContractProxy(thing, "Project", old._line).SetRenderSettings({"ExportSubtitle": False})
    new = wrap(Anything("GetVersionString IsStudio", answer=True, version="21.1.0.12"), document, lambda event: None)
    assert new.GetVersionString() == "21.1.0.12"
    assert new.IsStudio() is True
    assert ContractProxy(thing, "Project", new._line).SetRenderSettings({"ExportSubtitle": False}) is True


def test_before_its_version_is_known_a_resolve_is_taken_for_the_oldest_one() -> None:
    resolve = wrap(Anything("IsStudio", answer=True), contract(), lambda event: None)
    with pytest.raises(ContractError, match="older than the method"):
        resolve.IsStudio()


@pytest.mark.parametrize(
    ("name", "answer", "words"),
    [
        ("AddRenderJob", 7, "it answered int 7, where str is documented"),
        ("AddRenderJob", False, "it answered bool False, where str is documented"),
        ("SetRenderSettings", None, "it answered None, where bool is documented"),
        ("SetRenderSettings", "", "it answered str '', where bool is documented"),
        ("SetRenderSettings", 1, "it answered int 1, where bool is documented"),
        ("GetMediaPool", False, "it answered bool False, where MediaPool? is documented"),
        ("GetRenderJobList", {}, "it answered dict, where list is documented"),
        ("StopRendering", True, "it answered bool True, where none is documented"),
    ],
)
def test_an_answer_that_is_not_documented_is_not_believed(name: str, answer: Any, words: str) -> None:
    arguments: tuple[Any, ...] = ({},) if name == "SetRenderSettings" else ()
    with pytest.raises(ContractError) as error:
        getattr(proxy(Anything(name, answer=answer)), name)(*arguments)
    assert error.value.cause == words


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("AddRenderJob", ""),
        ("AddRenderJob", None),
        ("AddRenderJob", "id"),
        ("GetMediaPool", None),
        ("GetRenderJobList", []),
        ("GetRenderJobStatus", "Complete"),
        ("GetRenderJobStatus", {"JobStatus": "Ready"}),
        ("StopRendering", None),
        ("IsRenderingInProgress", False),
    ],
)
def test_documented_answers_and_failures_come_back_as_they_are(name: str, answer: Any) -> None:
    arguments: tuple[Any, ...] = ("id",) if name == "GetRenderJobStatus" else ()
    assert getattr(proxy(Anything(name, answer=answer)), name)(*arguments) == answer


def test_nothing_false_and_empty_are_three_answers() -> None:
    assert is_failure(None, [None])
    assert is_failure("", ["", None])
    assert not is_failure(0, [False])
    assert not is_failure(False, [None, ""])
    assert not is_failure("", [None, False])


def test_objects_come_wrapped_and_go_bare() -> None:
    clip, pool = Anything("GetName", answer="clip"), Anything("ImportMedia CreateTimelineFromClips")
    pool.answer = [clip]
    wrapped = proxy(pool, "MediaPool")
    (item,) = wrapped.ImportMedia(["/card/a.braw"])
    assert isinstance(item, ContractProxy)
    assert item.GetName() == "clip"
    with pytest.raises(ContractError, match="no such method"):
        item.SetName("other")
    timeline = Anything("GetName")
    pool.answer = timeline
    assert isinstance(wrapped.CreateTimelineFromClips("name", [item]), ContractProxy)
    assert pool.asked[-1] == ("CreateTimelineFromClips", ("name", [clip]))


def test_every_call_is_told_before_it_is_made_and_when_it_has_come_back() -> None:
    told: list[dict[str, Any]] = []
    seen: list[int] = []
    thing = Anything("GetVersionString GetProjectManager")
    resolve = wrap(thing, contract(), told.append)
    thing.answer = Anything("")
    manager = resolve.GetProjectManager()
    assert [one["event"] for one in told] == ["call", "answered"]
    assert told[0] == {"event": "call", "number": 1, "call": "Resolve.GetProjectManager", "arguments": []}
    assert told[1] == {"event": "answered", "number": 1}
    project = ContractProxy(Anything("CloseProject", answer=True), "ProjectManager", manager._line)
    project.CloseProject(ContractProxy(thing, "Project", manager._line))
    assert told[2]["arguments"] == ["<Project>"]
    assert not seen


def test_versions_are_compared_by_their_numbers() -> None:
    assert numbers("19.1.4") == (19, 1, 4)
    assert numbers("20.3.1.0006") == (20, 3, 1)
    assert numbers("21.0b2") == (21, 0, 0)
    assert numbers("") == numbers("beta") == (0, 0, 0)
    assert numbers("9.1") < numbers("19.1.4") < numbers("21")
