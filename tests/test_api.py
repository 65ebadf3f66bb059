"""The Python face: the usage example runs as it is written, and errors carry their findings and say them."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import json
import subprocess
import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

import proxx
from proxx import FpsMode, JobSpec, JobSpecValidationError


def example(clips: Path, folder: Path, **changes: Any) -> JobSpec:
    """The usage example, on clips that are there and with the profile that every spec names."""
    fields: dict[str, Any] = {
        "sources": [
            str(clips / "clip_001.mov"),
            str(clips / "clip_002.mov"),
        ],
        "output_directory": str(folder / "proxies"),
        "codec": "prores_proxy",
        "container": "mov",
        "resolution": "1280x720",
        "fps_mode": FpsMode.SAME_AS_SOURCE,
        "naming_template": "{source_name}_proxy.{source_ext}",
        "proxy_profile": "proxy_prores_proxy",
    }
    return JobSpec(**{**fields, **changes})


def refused(spec: JobSpec, *, check_paths: bool = True) -> JobSpecValidationError:
    with pytest.raises(JobSpecValidationError) as caught:
        spec.validate(check_paths=check_paths)
    return caught.value


def test_the_usage_example_runs_as_written(clips: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    # Create a job specification
    spec = JobSpec(
        sources=[
            str(clips / "clip_001.mov"),
            str(clips / "clip_002.mov"),
        ],
        output_directory=str(tmp_path / "proxies"),
        codec="prores_proxy",
        container="mov",
        resolution="1280x720",
        fps_mode=FpsMode.SAME_AS_SOURCE,
        naming_template="{source_name}_proxy.{source_ext}",
        proxy_profile="proxy_prores_proxy",
    )

    # Validate before execution
    spec.validate()

    # Serialize for logging/persistence
    print(spec.to_json())

    # Restore from JSON
    restored = JobSpec.from_json(spec.to_json())

    assert restored == spec
    assert restored.to_json() == spec.to_json() == capsys.readouterr().out[:-1]
    assert not (tmp_path / "proxies").exists()


def test_id_and_moment_are_made_once_at_creation(clips: Path, tmp_path: Path) -> None:
    one, other = example(clips, tmp_path), example(clips, tmp_path)
    assert one.job_id != other.job_id
    assert one.created_at is not None
    assert one.created_at.endswith("Z")
    assert JobSpec.from_json(one.to_json()).job_id == one.job_id
    assert example(clips, tmp_path, job_id="j1", created_at="2026-02-14T18:30:05Z").to_dict()["job_id"] == "j1"


def test_a_field_that_lacks_or_does_not_exist_is_told_at_creation(clips: Path, tmp_path: Path) -> None:
    given = example(clips, tmp_path).to_dict()
    del given["proxy_profile"], given["jobspec_version"]
    with pytest.raises(JobSpecValidationError) as caught:
        JobSpec(**given)
    assert [finding.id for finding in caught.value.findings] == ["profile/missing"]
    with pytest.raises(JobSpecValidationError, match="Unknown field profile; did you mean proxy_profile"):
        JobSpec(**given, profile="proxy_prores_proxy")  # type: ignore[call-arg]
    with pytest.raises(JobSpecValidationError, match="Unknown field bitrate"):
        JobSpec(**given, proxy_profile="proxy_prores_proxy", bitrate="5M")  # type: ignore[call-arg]
    with pytest.raises(JobSpecValidationError) as caught:
        JobSpec()  # type: ignore[call-arg]
    assert len(caught.value.findings) == 7
    assert list(inspect.signature(JobSpec).parameters) == list(example(clips, tmp_path).to_dict())


@pytest.mark.parametrize(
    ("changes", "finding"),
    [
        ({"fps_mode": "explicit", "fps_explicit": float("nan")}, "spec/not-a-number"),
        ({"fps_mode": "explicit", "fps_explicit": float("-inf")}, "spec/not-a-number"),
        ({"fps_mode": "explicit", "fps_explicit": Fraction(24000, 1001)}, "spec/wrong-type"),
        ({"sources": {"/clip.mov"}}, "spec/wrong-type"),
        ({"sources": [b"/clip.mov"]}, "spec/wrong-type"),
        ({"codec": b"h264"}, "spec/wrong-type"),
        ({"resolved_tokens": {1: object()}}, "spec/not-empty"),
    ],
)
def test_values_that_no_json_can_hold_are_findings_too(
    clips: Path, tmp_path: Path, changes: dict[str, Any], finding: str
) -> None:
    error = refused(example(clips, tmp_path, **changes))
    assert [one.id for one in error.findings] == [finding]


def test_a_spec_cannot_be_changed(clips: Path, tmp_path: Path) -> None:
    spec = example(clips, tmp_path)
    with pytest.raises(dataclasses.FrozenInstanceError):
        spec.codec = "h264"  # type: ignore[misc]
    with pytest.raises(TypeError):
        spec.resolved_tokens["a"] = 1  # type: ignore[index]
    assert isinstance(spec.sources, tuple)
    with pytest.raises((AttributeError, TypeError)):
        spec.extra = 1  # type: ignore[attr-defined]
    document = spec.to_dict()
    document["sources"].append("/c.mov")
    assert len(spec.sources) == 2
    assert copy.deepcopy(spec) == spec


def test_an_ffmpeg_profile_for_raw_is_refused_in_the_documents_words(clips: Path, tmp_path: Path) -> None:
    raw = tmp_path / "clip.ari"
    raw.write_bytes(b"ARRI\x12\x34\x56\x78" + bytes(4096))
    spec = example(
        clips, tmp_path, sources=[str(raw)], codec="h264", container="mp4", resolution="half",
        proxy_profile="proxy_h264_low", naming_template="{source_name}_proxy",
    )  # fmt: skip
    error = refused(spec)
    assert "Profile 'proxy_h264_low' requires ffmpeg engine, but job routes to resolve" in str(error)
    assert [finding.id for finding in error.findings] == ["profile/engine-mismatch"]


def test_a_resolve_profile_for_a_standard_source_is_refused_in_the_documents_words(clips: Path, tmp_path: Path) -> None:
    spec = example(clips, tmp_path, sources=[str(clips / "clip.mp4")], proxy_profile="proxy_prores_proxy_resolve")
    error = refused(spec)
    assert "Profile 'proxy_prores_proxy_resolve' requires resolve engine, but job routes to ffmpeg" in str(error)


def test_an_unsupported_source_gets_the_five_part_message(clips: Path, tmp_path: Path) -> None:
    clip = tmp_path / "A001_C001.mkv"
    command = ["ffmpeg", "-v", "error", "-i", str(clips / "clip_001.mov"), "-c", "copy", str(clip)]
    subprocess.run(command, check=True, timeout=60)
    said = str(refused(example(clips, tmp_path, sources=[str(clip)]))).splitlines()
    assert said[:3] == ["Source format not supported: A001_C001.mkv", "  Container: mkv", "  Codec: prores"]
    assert said[3].startswith("  Reason: ")
    assert said[4].startswith("  Action: ")


def test_dnxhd_in_mov_is_refused_in_the_documents_words(clips: Path, tmp_path: Path) -> None:
    said = str(refused(example(clips, tmp_path, codec="dnxhd"), check_paths=False))
    assert "DNxHD must be wrapped in MXF" in said
    assert "DNxHD-in-MOV is non-standard and unsupported" in said
    assert "Use MXF container for DNxHD output, or switch to DNxHR, which supports MOV." in said
    for reason in ("Interoperability", "Broadcast QC", "Industry standard"):
        assert f"Reason: {reason}" in said


@pytest.mark.parametrize(
    ("changes", "finding"),
    [
        ({"proxy_profile": ""}, "profile/missing"),
        ({"proxy_profile": "none"}, "profile/unknown"),
        ({"codec": "mpeg2"}, "spec/not-allowed"),
        ({"sources": []}, "spec/empty"),
        ({"sources": ["/a.mov", "/a.mov"]}, "spec/duplicate-source"),
        ({"sources": "/a.mov"}, "spec/wrong-type"),
        ({"fps_mode": FpsMode.EXPLICIT}, "spec/fps-missing"),
        ({"fps_explicit": 25}, "spec/fps-forbidden"),
        ({"naming_template": "{camera}"}, "naming/unknown-token"),
        ({"resolved_tokens": {"a": "b"}}, "spec/not-empty"),
        ({"output_directory": Path("proxies")}, "spec/relative-path"),
        ({"jobspec_version": "2.0"}, "spec/other-version"),
    ],
)
def test_a_wrong_spec_can_be_made_but_is_refused_when_it_is_judged(
    changes: dict[str, Any], finding: str, clips: Path, tmp_path: Path
) -> None:
    error = refused(example(clips, tmp_path, **changes), check_paths=False)
    assert finding in [one.id for one in error.findings]
    assert all(one.message in str(error) for one in error.findings if one.is_error)


def test_all_faults_are_in_one_error(clips: Path, tmp_path: Path) -> None:
    document = {**example(clips, tmp_path).to_dict(), "codec": "h266", "container": "avi", "bitrate": "5M"}
    del document["sources"]
    attempts: list[Callable[[], JobSpec]] = [
        lambda: JobSpec.from_dict(document),
        lambda: JobSpec.from_json(json.dumps(document)),
    ]
    for attempt in attempts:
        with pytest.raises(JobSpecValidationError) as caught:
            attempt()
        told = sorted(finding.id for finding in caught.value.findings)
        assert told == ["spec/missing-field", "spec/not-allowed", "spec/not-allowed", "spec/unknown-field"]


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", b"\xff", "\ufeff{}", '{"codec": NaN}', "{} {}", '{"a": 1, "a": 2}']
)
def test_a_text_that_is_no_spec_is_one_kind_of_error(text: str | bytes) -> None:
    with pytest.raises(JobSpecValidationError) as caught:
        JobSpec.from_json(text)
    assert caught.value.findings[0].id.startswith("document/")
    assert str(caught.value)


def test_missing_files_are_all_listed_and_only_when_paths_are_checked(clips: Path, tmp_path: Path) -> None:
    spec = example(clips, tmp_path, sources=["/no/a.mov", "/no/b.mov"])
    spec.validate(check_paths=False)
    assert JobSpec.from_json(spec.to_json()) == spec
    said = str(refused(spec))
    assert "Source file does not exist: /no/a.mov" in said
    assert "Source file does not exist: /no/b.mov" in said


@pytest.mark.parametrize("rate", [25, 23.976, 29.97, 0.5, 1e2, 12.5])
def test_a_rate_is_written_and_read_back_exactly(rate: float, clips: Path, tmp_path: Path) -> None:
    spec = example(clips, tmp_path, fps_mode=FpsMode.EXPLICIT, fps_explicit=rate)
    spec.validate(check_paths=False)
    again = JobSpec.from_json(spec.to_json())
    assert again == spec
    assert again.to_json() == spec.to_json()


def test_the_package_offers_exactly_its_face() -> None:
    assert set(proxx.__all__) == {"FpsMode", "JobSpec", "JobSpecValidationError", "__version__"}
    assert [mode.value for mode in FpsMode] == ["same-as-source", "explicit"]
    assert issubclass(JobSpecValidationError, ValueError)
    with pytest.raises(AttributeError, match="no attribute 'Spec'"):
        _ = proxx.Spec
    code = "import sys, proxx; sys.exit('jinja2' in sys.modules or 'proxx.rulebook' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0
