"""What profiles and plans tell Resolve, and what is said of camera RAW: one changed value, one finding."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from proxx.checking import check
from proxx.cli import main
from proxx.engines.resolve_values import bind
from proxx.errors import Finding, ProxxError
from proxx.job import plan
from proxx.jsonout import json_text
from proxx.model import Media, Task
from proxx.naming import Named
from proxx.planwords import settings_words
from proxx.record import plan_digest, plan_document
from proxx.renderids import profile_findings
from proxx.resolve_task import resolve_settings, resolve_words
from proxx.rulebook import Rulebook, builtin
from proxx.samples import Told, sample_spec
from proxx.settings import LATE
from proxx.tryout import try_all

SHIPPED = Path(builtin(), "profiles/resolve")
NAMES = sorted(path.stem for path in SHIPPED.glob("*.toml"))
RED = Media(container="r3d", codec="redcode", demuxer="r3d")
HEAD = '#:schema schema/rulebook.schema.json\nname = "studio"\nversion = "3"\nformat = 1\nextends = "proxx"\n'
PROFILE = "#:schema ../../schema/profile.schema.json\n# Which one is ours?\n"


def layer(folder: Path, files: Mapping[str, str]) -> str:
    for name, text in {"rulebook.toml": HEAD, **files}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return str(folder)


def changed(book: Rulebook, kind: str, name: str, **values: Any) -> Rulebook:
    """The rulebook with one entry that says something else; a value of None is taken away."""
    entry = {key: value for key, value in {**book.items[kind][name], **values}.items() if value is not None}
    return Rulebook({**book.frozen, "items": {**book.items, kind: {**book.items[kind], name: entry}}})


def with_render(book: Rulebook, name: str, *, settings: Mapping[str, Any] | None = None, **values: Any) -> Rulebook:
    """The rulebook with a profile that tells Resolve something else; a setting of None is left out."""
    render = book.profiles[name]["render"]
    said = {**render["settings"], **(settings or {})}
    kept = {key: value for key, value in said.items() if value is not None}
    return changed(book, "profile", name, render={**render, **values, "settings": kept})


def planned(book: Rulebook, name: str, media: Media = RED, **fields: Any) -> Task:
    """The task of one clip; `fields` of the spec differ from what the profile declares."""
    spec = {**sample_spec(book.profiles[name], media.path or "/media/A001/clip.R3D"), **fields}
    (task,) = plan(book, check(book, json.dumps(spec).encode(), Told(media)), "20.2").tasks
    return task


PRORES, DNXHR, H264 = "proxy_prores_proxy_resolve", "proxy_dnxhr_lb_resolve", "proxy_h264_mov_resolve"
SLIPS: list[tuple[str, dict[str, Any], dict[str, Any], str, str, str]] = [
    # profile, what [render] says, what [render.settings] says, the finding, the place in the file, what is said
    (PRORES, {}, {"TargtDir": "/x"}, "unknown-key", "render/settings/TargtDir", "did you mean TargetDir?"),
    (PRORES, {}, {"Bitrate": 20}, "unknown-key", "render/settings/Bitrate", "Bitrate"),
    (PRORES, {}, {"VideoFormat": "mov"}, "mistaken-key", "render/settings/VideoFormat", "no render setting"),
    (PRORES, {}, {"VideoCodec": "ProRes422HQ"}, "mistaken-key", "render/settings/VideoCodec", "no render setting"),
    (PRORES, {}, {"AudioBitDepth": "24"}, "key-type", "render/settings/AudioBitDepth", 'AudioBitDepth = "24"'),
    (PRORES, {}, {"ExportAlpha": 0}, "key-type", "render/settings/ExportAlpha", "of type bool"),
    (PRORES, {}, {"VideoQuality": True}, "key-type", "render/settings/VideoQuality", "int or str"),
    (PRORES, {}, {"AudioSampleRate": 48000.0}, "key-type", "render/settings/AudioSampleRate", "of type int"),
    (PRORES, {}, {"AudioBitDepth": 20}, "key-range", "render/settings/AudioBitDepth", "16, 24, 32"),
    (PRORES, {}, {"AudioSampleRate": 4}, "key-range", "render/settings/AudioSampleRate", "8000 to 192000"),
    (PRORES, {}, {"VideoQuality": "Good"}, "key-range", "render/settings/VideoQuality", '"Best"'),
    (PRORES, {}, {"VideoQuality": -1}, "key-range", "render/settings/VideoQuality", "0 to 1000000"),
    (PRORES, {}, {"PixelAspectRatio": "round"}, "key-range", "render/settings/PixelAspectRatio", "cinemascope"),
    (PRORES, {}, {"ExportSubtitle": False}, "key-newer", "render/settings/ExportSubtitle", "20.2"),
    (PRORES, {}, {"AudioFormat": "wav"}, "key-newer", "render/settings/AudioFormat", "21.1"),
    (PRORES, {}, {"MarkIn": 0}, "key-not-owned", "render/settings/MarkIn", "do without"),
    (PRORES, {}, {"FormatWidth": 1920}, "key-of-the-plan", "render/settings/FormatWidth", "works out"),
    (PRORES, {}, {"MultiPassEncode": True}, "key-not-for-codec", "render/settings/MultiPassEncode", "h264"),
    (DNXHR, {}, {"EncodingProfile": "Main10"}, "key-not-for-codec", "render/settings/EncodingProfile", "hevc"),
    (DNXHR, {}, {"NetworkOptimization": True}, "key-not-for-format", "render/settings/NetworkOptimization", "mov, mp4"),
    (PRORES, {}, {"AlphaMode": 1}, "key-needs", "render/settings/AlphaMode", "unless ExportAlpha is true"),
    (PRORES, {}, {"AudioCodec": None}, "key-left-out", "render/settings", "does not say AudioCodec"),
    (PRORES, {}, {"ExportAlpha": True}, "key-left-out", "render/settings", "does not say AlphaMode"),
    (H264, {}, {"MultiPassEncode": None}, "key-left-out", "render/settings", "does not say MultiPassEncode"),
    (PRORES, {}, {"GammaTag": "@clip.FPS"}, "key-late", "render/settings/GammaTag", "@clip.FPS"),
    (PRORES, {"codec": "Apple ProRes 422 HQ"}, {}, "codec-label", "render/codec", "its id is ProRes422HQ"),
    (PRORES, {"codec": "apple prores 422 proxy"}, {}, "codec-label", "render/codec", "its id is ProRes422P"),
    (PRORES, {"codec": "ProRes422Q"}, {}, "codec-unknown", "render/codec", "did you mean ProRes422"),
    (PRORES, {"codec": "VP9"}, {}, "codec-unknown", "render/codec", "VP9"),
    (PRORES, {"codec": "DNxHRLB"}, {}, "codec-disagrees", "render/codec", "makes dnxhr"),
    (DNXHR, {"codec": "ProRes422P"}, {}, "codec-not-in-format", "render/codec", "in format mxf_op1a"),
    (
        DNXHR,
        {"codec": "DNxHRHQ"},
        {},
        "promise-disagrees",
        "promise",
        "DNxHRHQ reads as DNXHR HQ",
    ),
    (PRORES, {"format": "QuickTime"}, {}, "format-label", "render/format", "its id is mov"),
    (PRORES, {"format": "mo"}, {}, "format-unknown", "render/format", "mo"),
    (DNXHR, {"format": "mxf"}, {}, "many-files", "render/format", "a file for every track"),
    (DNXHR, {"format": "mov"}, {}, "container-disagrees", "render/format", "promises mxf, but format mov makes mov"),
]


@pytest.mark.parametrize(("name", "render", "settings", "finding", "place", "words"), SLIPS)
def test_a_profile_that_differs_in_one_value_is_told_what_why_and_what_to_do(
    rulebook: Rulebook,
    name: str,
    render: dict[str, Any],
    settings: dict[str, Any],
    finding: str,
    place: str,
    words: str,
) -> None:
    book = with_render(rulebook, name, settings=settings, **render)
    found = profile_findings(book, book.profiles[name])
    told = [(one, at) for one, at in found if one.id == f"resolve/{finding}" and words in one.message + one.fix[0]]
    told = told or [(one, at) for one, at in found if one.id == f"resolve/{finding}" and words in " ".join(one.why)]
    assert [at for _, at in told] == [place], found
    assert told[0][0].is_error
    assert told[0][0].why
    assert told[0][0].fix
    assert "{" not in told[0][0].message + "".join((*told[0][0].why, *told[0][0].fix))


def test_every_finding_about_a_profile_is_provoked_above(rulebook: Rulebook) -> None:
    stages = ("render", "render-key")
    ids = {
        row.finding
        for stage in stages
        for table in rulebook.tables(stage)
        for row in table.rows
        if row.finding is not None
    }
    elsewhere = {
        "resolve/raster-not-legal",
        "resolve/format-newer",
        "resolve/codec-newer",
        "resolve/template-leaves-out",
    }
    assert {f"resolve/{finding}" for *_, finding, _, _ in SLIPS} == ids - elsewhere


@pytest.mark.parametrize(
    ("resolutions", "rasters", "fine"),
    [
        (["explicit"], ["1920x1080"], True),
        (["explicit"], ["1280x720"], False),
        (["explicit"], ["1920x1080", "1280x720"], False),
        (["explicit"], None, False),
        (["same", "explicit"], ["1920x1080"], False),
        (["half"], None, False),
    ],
)
def test_dnxhd_36_has_one_raster(
    rulebook: Rulebook, resolutions: list[str], rasters: list[str] | None, fine: bool
) -> None:
    name = "proxy_dnxhd_36_resolve"
    book = changed(rulebook, "profile", name, resolutions=resolutions, rasters=rasters)
    ids = [one.id for one, _ in profile_findings(book, book.profiles[name])]
    assert ids == ([] if fine else ["resolve/raster-not-legal"])


@pytest.mark.parametrize(("kind", "entry"), [("render-format", "mov"), ("render-codec", "ProRes422P")])
def test_an_id_that_came_after_the_floor_is_told(rulebook: Rulebook, kind: str, entry: str) -> None:
    book = changed(rulebook, kind, entry, since="20.0")
    ids = [one.id for one, _ in profile_findings(book, book.profiles[PRORES])]
    assert ids == [f"resolve/{kind.removeprefix('render-')}-newer"]


def test_a_key_is_no_longer_newer_when_the_floor_is_raised(rulebook: Rulebook) -> None:
    owned = changed(rulebook, "render-key", "ExportSubtitle", owner="profile")
    assert profile_findings(owned, owned.profiles[PRORES]) == []
    raised = changed_floor(owned, "20.2")
    assert [one.id for one, _ in profile_findings(raised, raised.profiles[PRORES])] == ["resolve/key-left-out"]
    said = with_render(raised, PRORES, settings={"ExportSubtitle": False})
    assert profile_findings(said, said.profiles[PRORES]) == []


def changed_floor(book: Rulebook, floor: str) -> Rulebook:
    return Rulebook({**book.frozen, "items": {**book.items, "resolve": {**book.items["resolve"], "floor": floor}}})


@pytest.mark.parametrize("name", NAMES)
def test_every_shipped_profile_for_resolve_is_without_a_finding(rulebook: Rulebook, name: str) -> None:
    assert profile_findings(rulebook, rulebook.profiles[name]) == []


# ---- where they are told -------------------------------------------------------------------------------------------

OURS = PROFILE + (
    'name = "ours"\ntitle = "Ours"\nextends = "proxy_prores_hq_resolve"\n\n'
    '[render]\ncodec = "Apple ProRes 422 HQ"\n\n[render.settings]\nVideoCodec = "ProRes422HQ"\nAudioBitDepth = 20\n'
)


def test_rulebook_check_tells_them_at_the_value_in_the_profiles_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = layer(tmp_path / "studio", {"profiles/resolve/ours.toml": OURS})
    assert main(["rulebook", "check", folder]) == 1
    out = capsys.readouterr().out
    assert re.findall(r"error\[(\S+)\]", out) == ["resolve/codec-label", "resolve/mistaken-key", "resolve/key-range"]
    assert re.findall(r"ours\.toml:(\d+):\d+", out)[:3] == ["8", "11", "12"]


def test_a_spec_that_names_such_a_profile_is_refused_and_other_specs_are_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = layer(tmp_path / "studio", {"profiles/resolve/ours.toml": OURS})
    probes = tmp_path / "probes.json"
    probes.write_text(json.dumps({"/m/a.R3D": {"state": "ok", "container": "r3d", "codec": "redcode"}}), "utf-8")
    for name, codes in (("ours", (1, 1)), ("proxy_prores_hq_resolve", (0, 0))):
        spec = tmp_path / f"{name}.json"
        document = {"jobspec_version": "2.1", "sources": ["/m/a.R3D"], "output_directory": str(tmp_path / "out")}
        document |= {"codec": "prores_hq", "container": "mov", "resolution": "same", "proxy_profile": name}
        spec.write_text(json.dumps({**document, "naming_template": "{source_name}"}, indent=1), "utf-8")
        asked = [str(spec), "--probes", str(probes), "--rulebook", folder]
        assert (main(["check", *asked]), main(["plan", *asked])) == codes
        out = capsys.readouterr().out
        assert ("error[resolve/mistaken-key]" in out) is (name == "ours")


def test_a_layer_adds_a_codec_by_its_id_and_a_profile_uses_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    matrix = (
        "#:schema ../schema/resolve.schema.json\n# What does our machine show?\n[render-codec.H264_NVIDIA]\n"
        'title = "H.264 (NVIDIA)"\ncodecs = ["h264"]\nformats = ["mov", "mp4"]\nsince = "18.0"\nsure = "L"\n'
        'source = "our machine"\nverified_on = "20.1"\n'
    )
    ours = PROFILE + f'name = "ours"\ntitle = "Ours"\nextends = "{H264}"\n\n[render]\ncodec = "H264_NVIDIA"\n'
    folder = layer(tmp_path / "s", {"matrices/resolve.toml": matrix, "profiles/resolve/ours.toml": ours})
    assert main(["rulebook", "check", folder]) == 0
    assert "error" not in capsys.readouterr().out


FAMILY = (
    '[raw-family.ours]\ntitle = "x"\ncodecs = ["{}"]\nmin_resolve = "20.0"\nplatforms = []\n'
    'evidence = "none"\nverified_on = ""\n'
)


@pytest.mark.parametrize(
    ("matrix", "finding", "words"),
    [
        ('[resolve]\nreplaces = true\nfloor = "18.6"\n', "rulebook/floor", "older than 19.1.4"),
        ('[deadline."Project.AddRenderJobs"]\ndoc = "x"\nseconds = 1\n', "rulebook/unknown-word", "AddRenderJob?"),
        (
            FAMILY.format("brav"),
            "rulebook/unknown-word",
            "did you mean braw?",
        ),
        (
            FAMILY.format("braw"),
            "rulebook/claimed-twice",
            "braw and ours",
        ),
    ],
)
def test_names_in_a_layers_matrix_that_stand_for_nothing_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], matrix: str, finding: str, words: str
) -> None:
    head = "#:schema ../schema/resolve.schema.json\n# What is ours?\n"
    assert main(["rulebook", "check", layer(tmp_path / "s", {"matrices/resolve.toml": head + matrix})]) == 1
    out = " ".join(capsys.readouterr().out.split())
    assert f"error[{finding}]" in out
    assert words in out


# ---- what templates print ------------------------------------------------------------------------------------------

TEMPLATE = "resolve/render.json.j2"
PRINTED = [
    ('      "ExportVideo": true,\n', "", "resolve/template-leaves-out", "does not print ExportVideo"),
    ('"UniqueFilenameStyle": 1', '"UniqueFilenamesStyle": 1', "resolve/unknown-key", "UniqueFilenamesStyle"),
    ('"SelectAllFrames": true', '"SelectAllFrames": 1', "resolve/key-type", "SelectAllFrames = 1"),
    ('"ReplaceExistingFilesInPlace": false', '"ReplaceExistingFilesInPlace": true', "resolve/key-range", "false"),
    ('"FrameRate": {{ rate.number }}', '"FrameRate": "@clip.StartTC"', "resolve/key-late", "@clip.StartTC"),
    (
        '"perfRenderCacheMode": "none"',
        '"perfRenderCache": "none"',
        "resolve/unknown-project-key",
        "setting perfRenderCache,",
    ),
    ('    "perfOptimisedMediaOn": "0",\n', "", "resolve/project-key-left-out", "perfOptimisedMediaOn"),
    ('"perfProxyMediaMode": "0"', '"perfProxyMediaMode": "off"', "resolve/project-key-value", '"off"'),
    ('"mode": 1', '"mode": 0', "rulebook/template", "/render/mode"),
    ('"settings": {},', '"setings": {},', "rulebook/template", "setings"),
    ('"timelineFrameRate": {{ rate.setting }}', '"timelineFrameRate": 24', "rulebook/template", "timelineFrameRate"),
    ('"@clip.StartTC"\n  }', '"01:00:00:00"\n  }', "rulebook/template", "start_timecode"),
    ('      "ExportVideo": true,\n', '      "ExportAudio": true,\n', "rulebook/template", "printed twice"),
    ('"cleanup": ["render-job", "timeline", "project"]', '"cleanup": []', "rulebook/template", "cleanup"),
]


@pytest.mark.parametrize(("old", "new", "finding", "words"), PRINTED)
def test_a_template_that_prints_something_else_is_told(
    rulebook: Rulebook, old: str, new: str, finding: str, words: str
) -> None:
    text = rulebook.templates[TEMPLATE]
    assert old in text
    templates = {**rulebook.templates, TEMPLATE: text.replace(old, new, 1)}
    only = {PRORES: rulebook.profiles[PRORES]}
    items = {**rulebook.items, "profile": only}
    book = Rulebook({**rulebook.frozen, "templates": templates, "items": items})
    found = [one for one in try_all(book, {TEMPLATE: "/book/render.json.j2"}) if one.is_error]
    assert [one.id for one in found if words in one.message] == [finding], found
    assert {one.subject for one in found} == {"/book/render.json.j2"}
    with pytest.raises(ProxxError, match=re.escape(words)) as caught:
        planned(book, PRORES)
    assert caught.value.exit_code == 1


# ---- the plan ------------------------------------------------------------------------------------------------------


def schema() -> jsonschema.Draft202012Validator:
    whole = json.loads(Path(builtin(), "schema/plan.schema.json").read_text("utf-8"))
    return jsonschema.Draft202012Validator(whole["properties"]["tasks"]["items"]["properties"]["settings"])


@pytest.mark.parametrize("name", NAMES)
def test_settings_are_whole_canonical_and_of_the_published_shape(rulebook: Rulebook, name: str) -> None:
    settings = planned(rulebook, name).settings
    schema().validate(settings)
    assert json.dumps(settings) == json.dumps(settings, sort_keys=True)
    assert set(settings["late"]) <= set(LATE)
    owned = {
        key
        for key, entry in rulebook.items["render-key"].items()
        if entry["owner"] != "nobody"
        and settings["render"]["format"] in entry.get("only_formats", [settings["render"]["format"]])
        and rulebook.profiles[name]["codec"] in entry.get("only_codecs", [rulebook.profiles[name]["codec"]])
    }
    assert set(settings["render"]["settings"]) == owned - {"AlphaMode"}
    assert set(settings["project"]) == set(rulebook.items["project-key"])
    assert settings["requires"]["methods"] == sorted(rulebook.contract.driver)
    assert list(settings_words(settings))


@pytest.mark.parametrize(
    ("resolution", "width", "height"),
    [
        ("same", "@clip.Width", "@clip.Height"),
        ("half", "@clip.Width/2", "@clip.Height/2"),
        ("quarter", "@clip.Width/4", "@clip.Height/4"),
        ("1280x720", 1280, 720),
    ],
)
def test_the_raster_is_that_of_the_spec_in_project_and_render(
    rulebook: Rulebook, resolution: str, width: object, height: object
) -> None:
    task = planned(rulebook, PRORES, resolution=resolution)
    project, settings = task.settings["project"], task.settings["render"]["settings"]
    assert (settings["FormatWidth"], settings["FormatHeight"]) == (width, height)
    assert (project["timelineResolutionWidth"], project["timelineResolutionHeight"]) == (str(width), str(height))
    assert task.expect.video is not None
    promised = (task.expect.video.width, task.expect.video.height)
    assert promised == ((1280, 720) if resolution == "1280x720" else (None, None))
    assert [one for one in task.settings["late"] if "Width" in one] == ([width] if isinstance(width, str) else [])


@pytest.mark.parametrize(
    ("rate", "setting", "number"), [(24, "24", 24.0), (23.976, "23.976", 23.976), (29.97, "29.97", 29.97)]
)
def test_an_explicit_rate_is_honoured_with_a_warning(
    rulebook: Rulebook, rate: float, setting: str, number: float
) -> None:
    fields: dict[str, Any] = {"fps_mode": "explicit", "fps_explicit": rate}
    task = planned(rulebook, PRORES, **fields)
    assert task.settings["project"]["timelineFrameRate"] == setting
    assert task.settings["render"]["settings"]["FrameRate"] == number
    assert "@clip.FPS" not in task.settings["late"]
    spec = {**sample_spec(rulebook.profiles[PRORES], "/m/a.R3D"), **fields}
    found = check(rulebook, json.dumps(spec).encode(), Told(RED)).findings
    assert [(one.id, one.severity, one.at) for one in found] == [("resolve/rate-converted", "warning", "/fps_explicit")]


def test_a_rate_that_no_timeline_has_is_refused(rulebook: Rulebook) -> None:
    spec = {**sample_spec(rulebook.profiles[PRORES], "/m/a.R3D"), "fps_mode": "explicit", "fps_explicit": 12.5}
    found = check(rulebook, json.dumps(spec).encode(), Told(RED)).findings
    assert [(one.id, one.at) for one in found] == [("resolve/rate-not-offered", "/fps_explicit")]
    assert "23.976" in found[0].why[0]


@pytest.mark.parametrize(
    "stem",
    ["qu\"ote's", "%{x} %d 100%", "ünï → 日本", "{{ 7 * 7 }}", "{% raw %}", "@clip.FPS", "a\\b", "<a>&b"],
)
def test_names_stay_data(rulebook: Rulebook, stem: str) -> None:
    folder = "/pro/xies '\"%s {{x}}"
    source = Media(path=f"/m/{stem}.R3D", container="r3d", codec="redcode")
    task = planned(rulebook, PRORES, source, output_directory=folder, naming_template="{source_name}")
    settings = task.settings["render"]["settings"]
    assert settings["CustomName"] == stem
    assert settings["TargetDir"] == f"{folder}/.proxx/render/{stem}.mov"
    plain = planned(rulebook, PRORES)
    assert task.settings["late"] == plain.settings["late"]
    assert {**settings, "CustomName": "", "TargetDir": ""} == {
        **plain.settings["render"]["settings"],
        "CustomName": "",
        "TargetDir": "",
    }


def test_a_name_with_a_line_break_or_a_byte_that_is_no_unicode_stays_data(rulebook: Rulebook) -> None:
    name = "a\nb\udcff"
    book = rulebook
    words = {"resolution": "same"}
    named = Named(0, "/m/x", f"{name}.mov", "mov", "", "", f"/out\n/{name}.mov")
    settings = resolve_settings(
        book, book.profiles[PRORES], resolve_words(book, book.profiles[PRORES], RED, named, words)
    )
    said = settings["render"]["settings"]
    assert (said["CustomName"], said["TargetDir"]) == (name, f"/out\n/.proxx/render/{name}.mov")
    assert json.loads(json_text(settings)) == settings


def test_a_file_that_is_called_like_a_late_value_keeps_its_name_when_values_are_bound() -> None:
    settings = {"CustomName": "@clip.FPS", "TargetDir": "@clip.Width", "FrameRate": "@clip.FPS"}
    bound = {**settings, "FrameRate": 24.0}
    assert bind(settings, {"FPS": "24", "Width": 1920}) == bound


def test_equal_inputs_give_the_same_bytes_and_any_change_another_digest(rulebook: Rulebook) -> None:
    def made(book: Rulebook, **fields: Any) -> tuple[str, str]:
        spec = {**sample_spec(book.profiles[PRORES], "/m/a.R3D"), **fields}
        whole = plan(book, check(book, json.dumps(spec).encode(), Told(RED)), "20.2")
        return json_text(plan_document(whole)), plan_digest(whole)

    first = made(rulebook)
    assert made(Rulebook(json.loads(json.dumps(rulebook.frozen)))) == first
    others = [
        made(rulebook, resolution="half"),
        made(rulebook, fps_mode="explicit", fps_explicit=24),
        made(with_render(rulebook, PRORES, settings={"AudioBitDepth": 16})),
        made(with_render(rulebook, PRORES, preset="Four channels")),
    ]
    assert len({digest for _, digest in [first, *others]}) == 5


# ---- camera RAW ----------------------------------------------------------------------------------------------------


def told_of(book: Rulebook, codec: str, container: str = "mov") -> tuple[list[Finding], str]:
    """What is said of one source of a RAW codec, and the version that its plan requires."""
    media = Media(path="/m/a", container=container, codec=codec)
    spec = json.dumps(sample_spec(book.profiles[PRORES], "/m/a")).encode()
    checked = check(book, spec, Told(media))
    (task,) = plan(book, checked, "x").tasks
    return [one for one in checked.findings if one.id.startswith("resolve/")], task.settings["requires"]["version"]


@pytest.mark.parametrize(
    ("codec", "container", "ids", "version"),
    [
        ("braw", "braw", [], "19.1.4"),
        ("redcode", "r3d", [], "19.1.4"),
        ("x-ocn", "mxf", [], "19.1.4"),
        ("arriraw", "mxf", ["raw-newer"], "20.3.1"),
        ("prores_raw", "mov", ["raw-secondary", "raw-newer", "raw-platforms-unknown"], "20.2"),
        ("prores_raw_hq", "mov", ["raw-secondary", "raw-newer", "raw-platforms-unknown"], "20.2"),
        ("nikon_raw", "nev", ["raw-secondary", "raw-platforms"], "19.1.4"),
        ("canon_raw", "crm", ["raw-unverified"], "19.1.4"),
        ("panasonic_raw", "vraw", ["raw-unverified"], "19.1.4"),
        ("dji_raw", "mov", ["raw-unverified"], "19.1.4"),
        ("cinemadng", "dng", ["raw-manual"], "19.1.4"),
        ("unknown", "mov", [], "19.1.4"),
    ],
)
def test_what_is_not_known_of_a_raw_family_is_said(
    rulebook: Rulebook, codec: str, container: str, ids: list[str], version: str
) -> None:
    found, needed = told_of(rulebook, codec, container)
    assert [one.id for one in found] == [f"resolve/{name}" for name in ids]
    assert all(not one.is_error and one.at == "/sources/0" for one in found)
    assert needed == version


def test_a_raw_codec_without_a_family_is_told(rulebook: Rulebook) -> None:
    families = {name: one for name, one in rulebook.items["raw-family"].items() if name != "braw"}
    book = Rulebook({**rulebook.frozen, "items": {**rulebook.items, "raw-family": families}})
    found, needed = told_of(book, "braw", "braw")
    assert ([one.id for one in found], needed) == (["resolve/raw-unlisted"], "19.1.4")


def test_every_raw_codec_of_the_vocabulary_belongs_to_one_family(rulebook: Rulebook) -> None:
    listed = [codec for one in rulebook.items["raw-family"].values() for codec in one["codecs"]]
    assert sorted(listed) == sorted(rulebook.sets["raw"])


def test_the_ids_and_types_of_the_matrix_are_those_of_the_type_stub() -> None:
    from test_contract import render_settings

    keys = json.loads(json.dumps(render_settings()))
    book = {"bool": "bool", "int": "int", "float": "float", "str": "str", "int|str": "str | int"}
    matrix = Path(builtin(), "matrices/resolve.toml").read_text("utf-8")
    found = dict(re.findall(r'\[render-key\.(\w+)\]\ndoc = .*\ntype = "([^"]+)"', matrix))
    assert {key: book[found[key]] for key in keys if not keys[key].startswith("Literal")} == {
        key: kind for key, kind in keys.items() if not kind.startswith("Literal")
    }
    newer = {"UseFullExtents", "AddFrameHandles", "DataBurnIn", "UseUniqueFilenames", "AudioFormat"}
    assert set(found) - set(keys) == newer
