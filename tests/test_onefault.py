"""A spec with one fault gets one error, whatever the fault is, with its media looked at and without."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from proxx.checking import check
from proxx.machine import Machine
from proxx.probefile import read_probes
from proxx.rulebook import Rulebook

SPEC: dict[str, Any] = {
    "jobspec_version": "2.1",
    "job_id": "j",
    "sources": ["/footage/A001_C001.mp4", "/footage/A001_C002.mp4"],
    "output_directory": "/footage/proxies",
    "codec": "h264",
    "container": "mp4",
    "resolution": "half",
    "fps_mode": "explicit",
    "fps_explicit": 25,
    "naming_template": "{source_name}_proxy",
    "proxy_profile": "proxy_h264_low",
    "created_at": "2026-01-01T00:00:00Z",
}
CLIP = {"container": "mp4", "codec": "h264", "video": {"width": 640, "height": 360, "par": 1}}
WRONG: dict[str, list[Any]] = {
    "jobspec_version": ["2.0", 2.1],
    "job_id": ["a/b"],
    "sources": ["/a.mp4", *([SPEC["sources"][0], bad] for bad in (5, "", "a.mp4", None, ["/a"], SPEC["sources"][0]))],
    "output_directory": ["proxies"],
    "codec": ["h246", "h265", "dnxhd", "prores_hq"],
    "container": ["mp5", "mov", "webm"],
    "resolution": ["haf", "quarter", "1281x720", "99999x2"],
    "fps_mode": ["explict", "same-as-source"],
    "fps_explicit": [0, -1, 1e9, "25", 10**4000],
    "naming_template": ["{source_nam}", "{source_name", "{source_name}/x", "..{source_name}", "proxy", "{}"],
    "proxy_profile": ["proxy_h264_lo", "proxy_prores_proxy"],
    "created_at": ["yesterday", "2026-01-01T00:00:00", "2026-13-01T00:00:00Z"],
    "resolved_tokens": [{"a": "b"}],
    "extra": ["x"],
}


def faults() -> Iterator[tuple[str, str]]:
    """Texts of specs with one fault each, and what it is."""
    for name, values in WRONG.items():
        for value in values:
            yield f"{name} is {str(value)[:40]}", json.dumps({**SPEC, name: value})
    for name, value in SPEC.items():
        misspelt = {(f"{name}_x" if key == name else key): one for key, one in SPEC.items()}
        yield f"{name} is misspelt", json.dumps(misspelt)
        yield f"{name} is an object", json.dumps({**SPEC, name: {"x": 1}})
        yield f"{name} is true", json.dumps({**SPEC, name: True})
        yield f"{name} is NaN", json.dumps({**SPEC, name: float("nan")})
        yield f"{name} is twice there", json.dumps(SPEC)[:-1] + f", {json.dumps(name)}: {json.dumps(value)}" + "}"
        if name not in ("job_id", "created_at"):
            yield f"{name} is missing", json.dumps({key: one for key, one in SPEC.items() if key != name})
        if isinstance(value, str):
            for sign, what in (("\n", "a line feed"), ("\x07", "a bell"), ("\ud800", "half a letter")):
                yield f"{name} ends in {what}", json.dumps({**SPEC, name: value + sign})
            yield f"{name} is blank", json.dumps({**SPEC, name: " "})


FAULTS = dict(faults())


@pytest.mark.parametrize("fault", FAULTS)
def test_one_fault_is_one_error(fault: str, rulebook: Rulebook) -> None:
    probes = read_probes(json.dumps(dict.fromkeys(SPEC["sources"], CLIP)), "probes", rulebook.vocabulary)
    for no_media in (True, False):
        machine = Machine(rulebook, probes=probes, no_media=no_media, now="2026-01-01T00:00:00Z")
        found = check(rulebook, FAULTS[fault].encode(), machine).findings
        assert len([(one.id, one.at) for one in found if one.is_error]) == 1, [one.id for one in found]


def test_the_spec_without_a_fault_has_no_error(rulebook: Rulebook) -> None:
    machine = Machine(rulebook, no_media=True, now="2026-01-01T00:00:00Z")
    assert check(rulebook, json.dumps(SPEC).encode(), machine).findings == ()
    assert len(FAULTS) > 100


def test_what_is_taken_into_another_report_is_still_told(rulebook: Rulebook) -> None:
    machine = Machine(rulebook, no_media=True, now="2026-01-01T00:00:00Z")
    text = json.dumps({**SPEC, "proxy_profile": "proxy_prores_proxy"})
    (finding,) = check(rulebook, text.encode(), machine).findings
    assert finding.id == "profile/codec-disagrees"
    assert "Profile 'proxy_prores_proxy' makes mov, but the spec declares container mp4." in finding.why
    assert {at for at, _ in finding.also} == {"/container", "/proxy_profile"}
    assert any(fix.startswith("Checked: set proxy_profile to proxy_h264_low") for fix in finding.fix)


def test_an_item_of_a_list_is_asked_for_as_one_item(rulebook: Rulebook) -> None:
    machine = Machine(rulebook, no_media=True, now="2026-01-01T00:00:00Z")
    text = json.dumps({**SPEC, "sources": ["/a.mp4", "/b.mp4", 5]})
    (finding,) = check(rulebook, text.encode(), machine).findings
    assert finding.fix == ("Write sources[2] as an absolute path.",)


def fixes_of(rulebook: Rulebook, at: str, **changed: Any) -> tuple[str, ...]:
    """What the finding at a place says is checked."""
    machine = Machine(rulebook, no_media=True, now="2026-01-01T00:00:00Z")
    found = check(rulebook, json.dumps({**SPEC, **changed}).encode(), machine).findings
    return next(tuple(fix for fix in one.fix if fix.startswith("Checked")) for one in found if one.at == at)


def test_a_fix_is_not_called_checked_where_another_report_would_take_in_what_it_breaks(rulebook: Rulebook) -> None:
    fixes = fixes_of(rulebook, "/resolution", container="mxf", proxy_profile="proxy_h264_mov")
    assert fixes == (
        "Checked: set resolution to same.",
        "Checked: set proxy_profile to proxy_h264_mov_half, proxy_h264_low or proxy_h264_mov_resolve.",
    )


@pytest.mark.parametrize(
    ("field", "value", "meant"),
    [
        ("resolution", "720p", "1280x720"),
        ("resolution", "1280 X 720", "1280x720"),
        ("fps_mode", "Explicit", "explicit"),
    ],
)
def test_the_value_that_was_meant_is_the_first_that_is_checked(
    field: str, value: str, meant: str, rulebook: Rulebook
) -> None:
    profile = {"proxy_profile": "proxy_h265", "codec": "h265"} if field == "resolution" else {}
    (fix,) = fixes_of(rulebook, f"/{field}", **profile, **{field: value})
    assert fix.startswith(f"Checked: set {field} to {meant}")
