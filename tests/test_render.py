"""Templates print arguments; no value can add one, split one or become an option."""

from __future__ import annotations

import subprocess
import tomllib
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxx.errors import ProxxError
from proxx.render import TemplateFault, render, render_json

PROFILES = Path(__file__).parent.parent / "profiles"
TEMPLATES = {
    path.relative_to(PROFILES / "templates").as_posix(): path.read_text("utf-8")
    for path in sorted((PROFILES / "templates").rglob("*.j2"))
}
RECIPES = {path.stem: tomllib.loads(path.read_text("utf-8")) for path in sorted(PROFILES.glob("*/*.toml"))}
FFMPEG = sorted(name for name, recipe in RECIPES.items() if recipe["engine"] == "ffmpeg")
RESOLVE = sorted(name for name, recipe in RECIPES.items() if recipe["engine"] == "resolve")

HOSTILE = [
    "-vn",
    "--",
    " leading",
    "trailing ",
    "two\nlines",
    "\n-y\n",
    "carriage\rreturn",
    "\u2028separator\u0085",
    "back\\slash\\n",
    "{{ profile }}{% raw %}",
    "{# comment #}",
    "%d",
    "quote\"and'",
    "a b=c:d,e;f|g",
    "\x1b[31m",
    "",
]
values = st.text(st.characters(exclude_characters="\0", exclude_categories=[]))


def one(text: str, **context: Any) -> tuple[str, ...]:
    return render("t", {"t": text}, context)


SOURCE = {"path": "/in/a.mov", "demuxer": "mov", "list": "", "video_index": 0, "rate": "25", "cadence": "constant"}


def context_of(name: str, **changes: Any) -> dict[str, Any]:
    """What a plan gives to an ffmpeg template, for a picture with one stream of sound."""
    sound = {"index": 1, "policy": "encode", "encoder": "aac", "bit_rate": 160000, "sample_rate": 48000, "late": 0}
    sound |= {"lead": 0, "pick": -1, "downmix": False, "unnamed": False, "fill": False}
    out = {
        "path": "/out/.a.partial.mov",
        "muxer": "mov",
        "width": 320,
        "height": 180,
        "par": {"num": 1, "den": 1},
        "rate": {"num": 25, "den": 1},
        "frames": 25,
        "gop": 25,
        "deinterlace": False,
        "conform": False,
        "tick": None,
        "fields": "",
        "turn": 0,
        "look": "keep",
        "lut": None,
        "transfer_in": "unknown",
        "narrow": None,
        "deepened": None,
        "rgb": None,
        "widen": None,
        "scaled": "tv",
        "parity": "",
        "mastering": "",
        "light_level": "",
        "stretch": False,
        "pad": None,
        "range": "tv",
        "convert_to": "",
        "primaries": "unknown",
        "transfer": "unknown",
        "matrix": "unknown",
    }
    return {
        "profile": RECIPES[name],
        "source": SOURCE | changes.pop("source", {}),
        "out": out | changes.pop("out", {}),
        "audio": [sound | {"layout": "stereo", "channels": 2, "language": "", "title": ""} | changes.pop("sound", {})],
        "carries": {"late-sound": "yes", "movie": "yes", "language": "yes", "title": "yes"},
        "timecode": {"text": "01:00:00:00", "write": "stream"},
        "reel": {"text": "A001", "write": "stream"},
        "whitelist": {"formats": "mov,matroska", "protocols": "file"},
        **changes,
    }


def rendered(name: str, **changes: Any) -> tuple[str, ...]:
    return render(RECIPES[name]["template"], TEMPLATES, context_of(name, **changes))


def after(arguments: tuple[str, ...], option: str) -> str:
    return arguments[arguments.index(option) + 1]


def test_one_line_is_one_argument_and_blank_lines_are_none() -> None:
    assert one("-i\n\n   file:{{ path }}   \n\t\n-y\n", path="/a b") == ("-i", "file:/a b", "-y")


@pytest.mark.parametrize("value", HOSTILE)
def test_a_value_inside_a_line_stays_one_argument(value: str) -> None:
    assert one("-i\nfile:{{ v }}\n-y", v=value) == ("-i", f"file:{value}", "-y")


@given(values, values)
def test_no_text_whatever_adds_or_splits_an_argument(first: str, second: str) -> None:
    assert one("-a\nx={{ a }}\n-b\ny={{ b }}:{{ a }}", a=first, b=second) == (
        "-a",
        f"x={first}",
        "-b",
        f"y={second}:{first}",
    )


@given(values)
def test_a_value_that_begins_a_line_is_that_value_or_refused(value: str) -> None:
    if value.startswith("-"):
        with pytest.raises(ProxxError, match="would become an option"):
            one("{{ v }}", v=value)
    else:
        assert one("-i\n{{ v }}", v=value) == ("-i", value)


def test_an_option_cannot_hide_behind_an_empty_value() -> None:
    with pytest.raises(ProxxError, match="'-vn' would become an option"):
        one("-i\n{{ a }}{{ b }}", a="", b="-vn")


def test_an_empty_value_alone_is_an_empty_argument() -> None:
    assert one("-metadata\n{{ v }}\n-y", v="") == ("-metadata", "", "-y")


def test_a_macro_gives_a_piece_of_an_argument_and_its_values_are_escaped_once() -> None:
    text = "{% macro pair(k, v) -%}\n{{ k }}={{ v }}\n{%- endmacro %}\n-metadata\n{{ pair('title', title) }}\n"
    assert one(text, title=" a\nb\\") == ("-metadata", "title= a\nb\\")


def test_a_chain_joins_the_lines_of_a_filter_graph_into_one_argument() -> None:
    option = '{% filter chain(":") %}\nb={{ v }}\nc\n{% endfilter %}\n'
    text = '-vf\n{% filter chain(",") %}\na\n\n' + option + "{% endfilter %}\n-y"
    assert one(text, v="1\n2") == ("-vf", "a,b=1\n2:c", "-y")


def test_an_included_file_ends_its_last_line() -> None:
    assert render("t", {"t": '{% include "p" %}\n-y', "p": "-a\nb"}, {}) == ("-a", "b-y")
    assert render("t", {"t": '{% include "p" %}\n-y', "p": "-a\nb\n"}, {}) == ("-a", "b", "-y")


@pytest.mark.parametrize("value", [None, True, ["a"], {"a": 1}])
def test_a_value_without_a_spelling_is_refused(value: object) -> None:
    with pytest.raises(ProxxError, match=r"template t, line 2: .* has no spelling as an argument"):
        one("-x\n{{ v }}", v=value)


def test_a_nul_character_is_refused_wherever_it_stands() -> None:
    with pytest.raises(ProxxError, match="NUL character"):
        one("{{ a.b[0] }}", a={"b": ["x\0y"]})


def test_an_undefined_name_is_told_with_template_line_and_nearest_name() -> None:
    with pytest.raises(ProxxError, match=r"template t, line 2: 'sourse' is not known; the nearest name is 'source'"):
        one("-i\n{{ sourse }}", source="a")
    with pytest.raises(ProxxError, match=r"template t, line 1: 'widht' is not known; the nearest name is 'width'"):
        one("{{ out.widht }}", out=MappingProxyType({"width": 2}))


def test_a_fault_in_a_shared_part_names_that_part() -> None:
    with pytest.raises(ProxxError, match=r"template part, line 2: 'gone' is not known"):
        render("t", {"t": '{% include "part" %}', "part": "-i\n{{ gone }}"}, {})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("-i\n{% if %}", r"template t, line 2: Expected an expression"),
        ("{{ 1 / 0 }}", r"template t, line 1: division by zero"),
        ('{% include "parts" %}', r"template t, line 1: there is no template parts"),
        ('{% include "t" %}', r"includes itself without end"),
        ("{{ ''.__class__.__mro__ }}", r"template t, line 1: access to attribute '__class__'"),
        ("{{ v.append(1) }}", r"template t, line 1: "),
        ("{{ 'a' | nofilter }}", r"template t, line 1: No filter named 'nofilter'"),
    ],
)
def test_a_wrong_template_is_told_in_one_sentence(text: str, words: str) -> None:
    with pytest.raises(ProxxError, match=words):
        one(text, v=[])


def test_a_template_that_does_not_exist_is_told_with_the_nearest_name() -> None:
    with pytest.raises(ProxxError, match=r"there is no template h264\.j2; the nearest name is 'h265\.j2'"):
        render("h264.j2", {"h265.j2": ""}, {})


def test_values_of_json_are_quoted_by_the_writer() -> None:
    text = '{"b": {{ name }}, "a": {{ n }}, "c": {{ on }}, "d": {{ name | tojson }}}'
    made = render_json("t", {"t": text}, {"name": 'a"b\n</x>', "n": 2, "on": True})
    assert made == {"a": 2, "b": 'a"b\n</x>', "c": True, "d": 'a"b\n</x>'}
    assert list(made) == ["a", "b", "c", "d"]


def test_a_number_kept_as_written_is_a_json_number() -> None:
    assert render_json("t", {"t": '{"FrameRate": {{ rate }}}'}, {"rate": Decimal("23.9760")}) == {"FrameRate": 23.976}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"a": }', "does not print JSON"),
        ("[1]", "not an object"),
        ('{"a": NaN}', "NaN is no JSON number"),
        ('{"a": {{ gone }}}', "'gone' is not known"),
    ],
)
def test_wrong_json_is_told(text: str, words: str) -> None:
    with pytest.raises(ProxxError, match=words):
        render_json("t", {"t": text}, {})


@pytest.mark.parametrize("name", FFMPEG)
def test_every_ffmpeg_profile_prints_a_command_that_its_values_cannot_bend(name: str) -> None:
    calm = rendered(name)
    wild = rendered(
        name,
        source={"path": "/in/\n-vn\n{{ x }}"},
        sound={"title": "-y\n", "language": "\\"},
    )
    assert after(wild, "-i") == "file:/in/\n-vn\n{{ x }}"
    assert "title=-y\n" in wild
    metadata = ["-metadata:s:a:0", "language=\\", "-metadata:s:a:0", "title=-y\n"]
    assert [word for word in wild if word not in calm] == ["file:/in/\n-vn\n{{ x }}", *metadata]
    assert calm[-1] == "file:/out/.a.partial.mov"
    assert after(calm, "-pix_fmt:v:0") == RECIPES[name]["video"]["pix_fmt"]


def test_a_constant_rate_keeps_every_frame_and_another_rate_is_conformed() -> None:
    kept = after(rendered("proxy_h264_low", out={"rate": {"num": 24000, "den": 1001}}), "-filter:v:0")
    assert "settb=expr=1001/24000,setpts=N," in kept
    assert "fps=" not in kept
    steady = after(rendered("proxy_h264_low", out={"conform": True}, source={"rate": "24000/1001"}), "-filter:v:0")
    assert "settb=expr=1/(24000/1001),setpts=N,fps=fps=25/1:start_time=0:round=near,trim=end_frame=25," in steady
    uneven = after(rendered("proxy_h264_low", out={"conform": True}, source={"cadence": "variable"}), "-filter:v:0")
    assert uneven.startswith("setpts=PTS-STARTPTS,fps=fps=25/1:start_time=0:round=near,trim=end_frame=25,")


def test_sound_from_before_the_picture_is_cut_and_later_sound_is_moved() -> None:
    early = after(rendered("proxy_h264_low", sound={"late": -480}), "-filter:a:0")
    assert early.startswith("atrim=start_sample=480,asetpts=PTS-STARTPTS,")
    later = after(rendered("proxy_h264_low", sound={"late": 480}), "-filter:a:0")
    assert later.startswith("asetpts=round(PTS-STARTPTS+480/SR/TB),")


def test_mxf_sound_begins_with_the_picture_and_outlasts_it() -> None:
    carries = {"late-sound": "no", "movie": "no", "language": "no", "title": "no"}
    made = rendered("proxy_dnxhr_lb", carries=carries, sound={"late": 480, "layout": "", "language": "eng"})
    graph = after(made, "-filter:a:0")
    assert graph == "asetpts=PTS-STARTPTS,adelay=delays=480S:all=1,aresample=osr=48000,apad=whole_len=49920"
    assert "language=eng" not in made


def test_a_silent_source_has_no_word_about_sound() -> None:
    made = rendered("proxy_prores_proxy", audio=[])
    assert not [word for word in made if word.startswith(("-c:a", "-flags:a", "-filter:a"))]


def test_copied_sound_is_not_filtered() -> None:
    made = rendered("proxy_prores_proxy", sound={"policy": "copy"})
    assert after(made, "-c:a:0") == "copy"
    assert "-filter:a:0" not in made


def test_dnxhd_takes_the_bit_rate_of_its_frame_rate_and_no_other() -> None:
    made = rendered("proxy_dnxhd_36", out={"rate": {"num": 30000, "den": 1001}})
    assert after(made, "-b:v:0") == "45M"
    with pytest.raises(ProxxError, match=r"template ffmpeg/dnxhd\.args\.j2, line \d+: '12/1' is not known"):
        rendered("proxy_dnxhd_36", out={"rate": {"num": 12, "den": 1}})


@pytest.mark.parametrize("name", RESOLVE)
@pytest.mark.parametrize(
    ("resolution", "width", "height"),
    [
        ("same", "@clip.Width", "@clip.Height"),
        ("half", "@clip.Width/2", "@clip.Height/2"),
        ("quarter", "@clip.Width/4", "@clip.Height/4"),
        ("1280x720", 1280, 720),
    ],
)
def test_every_resolve_profile_prints_its_settings(name: str, resolution: str, width: object, height: object) -> None:
    context: Mapping[str, Any] = {
        "profile": RECIPES[name],
        "resolution": resolution,
        "rate": {"setting": "@clip.FPS", "number": "@clip.FPS"},
        "requires": {"edition": "Studio", "version": "20.2", "methods": ["Resolve.OpenPage"]},
        "out": {"folder": '/out "x"\n%d', "name": "a{{ b }}"},
    }
    made = render_json(RECIPES[name]["template"], TEMPLATES, context)
    settings = made["render"]["settings"]
    assert made["requires"] == context["requires"]
    assert made["render"]["codec"] == RECIPES[name]["render"]["codec"]
    assert (settings["TargetDir"], settings["CustomName"]) == ('/out "x"\n%d', "a{{ b }}")
    assert (settings["FormatWidth"], settings["FormatHeight"]) == (width, height)
    assert made["project"]["timelineResolutionWidth"] == str(width)
    assert (settings["FrameRate"], made["project"]["timelineFrameRate"]) == ("@clip.FPS", "@clip.FPS")
    assert settings.items() >= RECIPES[name]["render"]["settings"].items()


def test_settings_that_say_a_key_twice_are_refused() -> None:
    with pytest.raises(TemplateFault, match="'a' is printed twice"):
        render_json("t.json.j2", {"t.json.j2": '{"b": {"a": 1, "a": 2}}'}, {})


def test_a_file_with_a_hostile_name_becomes_a_proxy(tmp_path: Path) -> None:
    source = tmp_path / "-y\n{{ a }}:'b' %d\\.mov"
    proxy = tmp_path / "proxy -n.mov"
    lavfi = ["-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25:duration=0.2", "-c:v", "mpeg4", "-f", "mov"]
    subprocess.run(["ffmpeg", "-nostdin", "-v", "error", *lavfi, f"file:{source}"], check=True)
    made = rendered(
        "proxy_prores_proxy",
        source={"path": str(source)},
        out={"path": str(proxy), "frames": 5},
        audio=[],
        reel={"text": "-reel\n2", "write": "stream"},
        whitelist={"formats": "mov,mp4,m4a,3gp,3g2,mj2", "protocols": "file"},
    )
    subprocess.run(["ffmpeg", *made], check=True, capture_output=True)
    asked = ["-count_frames", "-select_streams", "v", "-show_entries", "stream=codec_name,nb_read_frames"]
    shown = subprocess.run(["ffprobe", "-v", "error", *asked, "-of", "csv=p=0", proxy], check=True, capture_output=True)
    assert shown.stdout.split() == [b"prores,5"]
