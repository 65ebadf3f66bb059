"""Templates are read for every profile without any source: what no sample reaches is found, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from proxx.errors import Finding
from proxx.ffmpeg_task import ffmpeg_words
from proxx.jobspec import Reading
from proxx.resolve_task import resolve_words
from proxx.rulebook import Rulebook
from proxx.samples import SHAPES, Sample, Told, sample_spec
from proxx.symbols import Kind, Known, Symbol, words_of
from proxx.templates import template_faults
from proxx.verdict import JudgedClip, Verdict, judge_spec

HOUSE = "ffmpeg/house.args.j2"
PYTHON: Mapping[str, type | tuple[type, ...]] = {"text": str, "number": int, "flag": bool}


def with_template(rulebook: Rulebook, text: str, name: str = HOUSE, **parts: str) -> list[Finding]:
    """The faults of the shipped rulebook with one profile whose template is this text; parts are other templates."""
    like = "proxy_prores_lt_resolve" if name.endswith("json.j2") else "proxy_h264_low"
    house = {**rulebook.profiles[like], "name": "house", "template": name}
    items = {**rulebook.items, "profile": {**rulebook.profiles, "house": house}}
    templates = {**rulebook.templates, name: text, **{f"ffmpeg/{key}.j2": part for key, part in parts.items()}}
    book = Rulebook({**rulebook.frozen, "items": items, "templates": templates})
    return template_faults(book, {key: key for key in templates})


def video(*lines: str) -> str:
    """A template that fills the picture's block with these lines."""
    return "\n".join(('{% extends "ffmpeg/_proxy.j2" %}', "{% block video %}", *lines, "{% endblock %}")) + "\n"


def test_the_shipped_templates_have_no_fault(rulebook: Rulebook) -> None:
    assert template_faults(rulebook, {}) == []


WRONG: dict[str, tuple[tuple[str, ...], str, int]] = {
    "a misspelt setting": (("{{ profile.video.crff }}",), "'crff' is not known; the nearest name is 'crf'", 3),
    "a setting of another codec": (("{{ profile.video.quantiser }}",), "'quantiser' is not known", 3),
    "a misspelt value": (("-g", "{{ out.gopp }}"), "the nearest name is 'gop'", 4),
    "a misspelt name": (("{{ outt.gop }}",), "'outt' is not known; the nearest name is 'out'", 3),
    "a branch that no sample reaches": (
        ("{% if source.demuxer == 'nut' %}", "{{ out.feild }}", "{% endif %}"), "'feild' is not known", 4,
    ),
    "a branch that this profile never takes": (
        ("{% if profile.video.crf > 63 %}", "{{ outt.gop }}", "{% endif %}"), "'outt' is not known", 4,
    ),
    "a value that may be nothing": (("{{ out.pad.width }}",), "'width' is asked of what may be nothing", 3),
    "a value that is nothing in the other branch": (
        ("{% if not out.pad %}", "{{ out.pad.width }}", "{% endif %}"), "'width' is not known", 4,
    ),
    "a guard of something else": (
        ("{% if out.conform and out.pad.x %}", "x", "{% endif %}"), "'x' is asked of what may be nothing", 3,
    ),
    "a loop's variable": (("{% for one in audio %}", "{{ one.langauge }}", "{% endfor %}"), "'langauge'", 4),
    "a loop's variable after the loop": (
        ("{% for one in audio %}", "x", "{% endfor %}", "{{ one.language }}"), "'one' is not known", 6,
    ),
    "a name that is set from what is not there": (("{% set g = out.gopp %}", "{{ g }}"), "'gopp' is not known", 4),
    "what a filter is given": (("{{ out.gop | default(out.nothing) }}",), "'nothing' is not known", 3),
    "both sides of a choice": (("{{ 1 if out.conform else out.nothing }}",), "'nothing' is not known", 3),
    "inside of a macro that is never called": (
        ("{% macro m(a) %}", "{{ a.b }}{{ out.nothing }}", "{% endmacro %}"), "'nothing' is not known", 4,
    ),
    "a truth value as an argument": (("{{ out.conform }}",), "conform: a flag has no spelling as an argument", 3),
    "a list as an argument": (("{{ profile.resolutions }}",), "has no spelling as an argument", 3),
    "a value that is called": (("{{ out.gop() }}",), "'gop' is no function", 3),
    "a key of the rulebook's own answers": (("{{ carries['late-sond'] }}",), "the nearest name is 'late-sound'", 3),
    "what is included without the names around": (
        ('{% include "ffmpeg/_sound.j2" without context %}',), "'audio' is not known", 0,
    ),
    "an unknown filter": (("{{ out.gop | chian }}",), "there is no filter chian, did you mean chain?", 3),
    "an unknown test": (("{% if out.gop is evn %}", "x", "{% endif %}"), "there is no test evn, did you mean even?", 3),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_what_is_not_there_is_told_with_its_line(name: str, rulebook: Rulebook) -> None:
    lines, words, line = WRONG[name]
    faults = with_template(rulebook, video(*lines))
    assert faults
    told = [fault for fault in faults if words.replace(", did", "; did") in fault.message or words in fault.message]
    assert told, [fault.message for fault in faults]
    assert {fault.id for fault in faults} == {"rulebook/template"}
    assert not line or (told[0].subject, told[0].line) == (HOUSE, line)


RIGHT: dict[str, tuple[str, ...]] = {
    "a guard by itself": ("{% if out.pad %}", "{{ out.pad.width }}", "{% endif %}"),
    "a guard and more": ("{% if out.pad and out.pad.width > 2 %}", "{{ out.pad.width }}", "{% endif %}"),
    "a guard against": ("{% if not out.pad %}", "x", "{% else %}", "{{ out.pad.x }}", "{% endif %}"),
    "a guard by none": ("{% if out.pad is not none %}", "{{ out.pad.x }}", "{% endif %}"),
    "a setting that is asked for": ("{% if profile.video.x is defined %}", "{{ profile.video.x }}", "{% endif %}"),
    "a setting of another profile": ("{% if profile.codec == 'prores_hq' %}", "{{ profile.video.q }}", "{% endif %}"),
    "a name that is asked for": ("{% if whatever is defined %}", "{{ whatever }}", "{% endif %}"),
    "a default": ("{{ profile.video.tune | default('film') }}", "{{ nothing | d(1) }}"),
    "a name set in both branches": (
        "{% if out.conform %}", "{% set x = 1 %}", "{% else %}", "{% set x = 2 %}", "{% endif %}", "{{ x }}",
    ),
    "a known list": ("{% for one in profile.resolutions %}", "{{ one }}{{ loop.index0 }}", "{% endfor %}"),
    "a known mapping": ("{% for key, one in profile.video.items() %}", "{{ key }}={{ one }}", "{% endfor %}"),
    "a macro": (
        "{% macro m(a, b=1) %}", "{{ a.b }}{{ b }}{{ n() }}", "{% endmacro %}", "{% macro n() %}{% endmacro %}",
        "{{ m(out) }}",
    ),
    "a called macro": ("{% macro m() %}{{ caller() }}{% endmacro %}", "{% call m() %}{{ out.gop }}{% endcall %}"),
    "a namespace": ("{% set n = namespace(x=1) %}", "{% set n.x = 2 %}", "{{ n.x }}"),
    "texts and numbers": ("{{ source.path.upper() }}{{ source.path[0] }}{{ out.gop * 2 ~ out.rate.num }}",),
    "a mapping by what is not known": ('{{ {"a": 1, "b": 2}[source.cadence] }}',),
    "an include that may be missing": ('{% include "ffmpeg/not-there.j2" ignore missing %}',),
    "with": ("{% with a = out.rate %}", "{{ a.num }}", "{% endwith %}"),
}  # fmt: skip


@pytest.mark.parametrize("name", RIGHT)
def test_what_is_right_is_not_told(name: str, rulebook: Rulebook) -> None:
    assert with_template(rulebook, video(*RIGHT[name])) == []


def test_an_imported_macro_is_known_and_a_misspelt_one_is_told(rulebook: Rulebook) -> None:
    macros = "{% macro gop(x) %}{{ x.gop }}{% endmacro %}"
    text = video('{% import "ffmpeg/macros.j2" as m %}', "{{ m.gop(out) }}")
    assert with_template(rulebook, text, macros=macros) == []
    (fault,) = with_template(rulebook, text.replace("m.gop", "m.gopp"), macros=macros)
    assert "'gopp' is not known; the nearest name is 'gop'" in fault.message
    text = video('{% from "ffmpeg/macros.j2" import gop, gap %}', "{{ gop(out) }}{{ gap(out) }}")
    (fault,) = with_template(rulebook, text, macros=macros)
    assert "'gap' is not known" in fault.message


def test_a_block_is_read_as_the_lowest_template_fills_it_and_super_reads_the_one_above(rulebook: Rulebook) -> None:
    base = '{% extends "ffmpeg/_proxy.j2" %}{% block video %}{{ out.nothing }}{% endblock %}'
    over = '{% extends "ffmpeg/house_base.j2" %}{% block video %}-g{% endblock %}'
    assert with_template(rulebook, over, house_base=base) == []
    (fault,) = with_template(rulebook, over.replace("-g", "{{ super() }}"), house_base=base)
    assert (fault.subject, "'nothing' is not known" in fault.message) == ("ffmpeg/house_base.j2", True)


def test_what_is_never_printed_is_told(rulebook: Rulebook) -> None:
    (fault,) = with_template(rulebook, video("-g:v:0", "{{ out.gop }}") + "\n-tune\nfilm\n")
    assert (fault.id, fault.line, fault.column) == ("rulebook/never-printed", 7, 1)
    assert "'-tune' stands outside of every block" in fault.message
    (fault,) = with_template(rulebook, video("-g").replace("block video", "block vidoe"))
    assert (fault.id, fault.line, fault.column) == ("rulebook/never-printed", 2, 10)
    assert "did you mean video?" in fault.message


def test_a_template_that_no_profile_uses_is_remarked_on_and_read_all_the_same(rulebook: Rulebook) -> None:
    templates = {**rulebook.templates, HOUSE: video("{{ profile.video.anything }}")}
    book = Rulebook({**rulebook.frozen, "templates": templates})
    (fault,) = template_faults(book, {})
    assert (fault.id, fault.severity) == ("rulebook/unused-template", "warning")
    templates[HOUSE] = video("{{ out.anything }}")
    (fault,) = template_faults(Rulebook({**rulebook.frozen, "templates": templates}), {})
    assert (fault.id, "'anything' is not known" in fault.message) == ("rulebook/template", True)


def test_a_slip_of_many_profiles_is_told_once(rulebook: Rulebook) -> None:
    templates = {**rulebook.templates, "ffmpeg/_picture.j2": rulebook.templates["ffmpeg/_picture.j2"] + "{{ out.x }}"}
    (fault,) = template_faults(Rulebook({**rulebook.frozen, "templates": templates}), {})
    assert "profile proxy_av1 and 19 more: template ffmpeg/_picture.j2" in fault.message


def test_settings_of_resolve_may_be_of_any_kind_and_must_be_there(rulebook: Rulebook) -> None:
    name = "resolve/house.json.j2"
    assert with_template(rulebook, '{"a": {{ profile.render.settings.ExportAlpha }}, "b": {{ rate }}}', name) == []
    (fault,) = with_template(rulebook, '{"a": {{ out.path }}}', name)
    assert "'path' is not known" in fault.message


def judged(rulebook: Rulebook, name: str, sample: Sample) -> Verdict:
    reading = Reading({**sample_spec(rulebook.profiles[name]), **sample.fields})
    return judge_spec(rulebook, reading, Told(sample.media))


def differs(symbol: Symbol, value: object, where: str) -> list[str]:
    """Where a value is not what the symbol says of it."""
    if isinstance(symbol, Known):
        return [] if symbol.value == value else [where]
    assert isinstance(symbol, Kind)
    if symbol.name == "any" or (value is None and symbol.absent):
        return []
    if symbol.name == "record":
        assert isinstance(value, Mapping), where
        wrong = [f"{where}.{key}" for key in set(symbol.keys) ^ set(value)]
        return wrong or [bad for key in value for bad in differs(symbol.keys[key], value[key], f"{where}.{key}")]
    if symbol.name == "list":
        assert isinstance(value, list), where
        assert symbol.item is not None
        return [bad for item in value for bad in differs(symbol.item, item, f"{where}[]")]
    return [] if isinstance(value, PYTHON[symbol.name]) else [where]


def words(rulebook: Rulebook, name: str, verdict: Verdict, clip: JudgedClip) -> Mapping[str, object]:
    named = clip.named
    assert named is not None
    profile = rulebook.profiles[name]
    if profile["engine"] == "resolve":
        return resolve_words(rulebook, profile, clip.clip.media, named, verdict.words)
    return ffmpeg_words(rulebook, profile, clip, "/out/part", "5.1")[0]


def test_what_templates_are_given_is_what_the_reader_takes_it_for(rulebook: Rulebook) -> None:
    seen = 0
    for name, profile in rulebook.profiles.items():
        for sample in SHAPES[profile["engine"]].values():
            verdict = judged(rulebook, name, sample)
            if verdict.ok:
                given = words(rulebook, name, verdict, verdict.clips[0])
                expected = words_of(rulebook, profile["engine"], profile)
                assert set(given) == set(expected)
                assert [bad for key in given for bad in differs(expected[key], given[key], key)] == []
                seen += 1
    assert seen > 200
