"""One clip for DaVinci Resolve: everything that it is told; what only Resolve knows of RAW is bound when it renders."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

from proxx.filenames import temporary_name
from proxx.model import Media, Task, Video
from proxx.naming import Named
from proxx.rawreach import needed_version
from proxx.render import TemplateFault, render_json
from proxx.rulebook import Rulebook
from proxx.settings import LATE, is_late, rate_setting, settings_findings
from proxx.shape import shape_faults
from proxx.verdict import JudgedClip
from proxx.words import explicit_rate

RENDERED = ".proxx/render"
"""Where Resolve writes, below the output's folder: it never sees a final name."""


def resolve_task(
    rulebook: Rulebook, profile: Mapping[str, Any], judged: JudgedClip, named: Named, words: Mapping[str, Any]
) -> Task:
    """The task of one RAW clip. Raster, rate and start of RAW are unknown before Resolve has opened it: the settings
    name them (@clip.FPS, @clip.Width/2, @clip.StartTC). Raises TemplateFault for settings that cannot be."""
    media, said = judged.clip.media, profile["promise"]
    folder = named.output[: -len(named.name)]
    rate = explicit_rate(rulebook, words)
    width, _, height = words["resolution"].partition("x")
    sized = width.isdigit()
    return Task(
        index=judged.clip.index,
        source=media.path,
        output=named.output,
        temporary=folder + temporary_name(named.name),
        expect=Media(
            path=named.output,
            container=profile["container"],
            codec=said["codec"],
            video=Video(
                profile=said.get("profile"),
                tag=said.get("tag"),
                pix_fmt=said.get("pix_fmt"),
                width=int(width) if sized else None,
                height=int(height) if sized else None,
                rate=rate,
            ),
        ),
        settings=resolve_settings(rulebook, profile, resolve_words(rulebook, profile, media, named, words)),
    )


def resolve_words(
    rulebook: Rulebook, profile: Mapping[str, Any], media: Media, named: Named, words: Mapping[str, Any]
) -> dict[str, Any]:
    """What a template is given to write settings of (its shape: proxx.symbols)."""
    folder = named.output[: -len(named.name)]
    return {
        "profile": profile,
        "source": {"path": media.path},
        "resolution": words["resolution"],
        "rate": _rate(rulebook, explicit_rate(rulebook, words)),
        "requires": {
            "edition": rulebook.items["resolve"]["edition"],
            "version": needed_version(rulebook, [media.codec]),
            "methods": list(rulebook.contract.driver),
        },
        "out": {"folder": f"{folder}{RENDERED}/{named.name}", "name": named.name.rpartition(".")[0]},
    }


def _rate(rulebook: Rulebook, rate: Fraction | None) -> dict[str, Any]:
    """A rate as a project setting says it, and as a render setting does."""
    if rate is None:
        return {"setting": "@clip.FPS", "number": "@clip.FPS"}
    setting = rate_setting(rulebook, rate) or str(rate)
    return {"setting": setting, "number": float(round(rate, 3))}


def resolve_settings(rulebook: Rulebook, profile: Mapping[str, Any], context: Mapping[str, Any]) -> dict[str, Any]:
    """The settings that the profile's template prints: of the published shape, and such as Resolve can be told.

    What is late in them is listed beside them. Raises TemplateFault with every fault.
    """
    name = profile["template"]
    made = render_json(name, rulebook.templates, context)
    made = {**made, "late": sorted(set(_late(made)))}
    faults = shape_faults(name, made, rulebook.frozen["settings"])
    if faults:
        told = "; ".join(f"{fault.at or '/'}: {fault.message}" for fault in faults)
        raise TemplateFault(f"template {name} prints other settings than a plan has: {told}", name)
    findings = tuple(settings_findings(rulebook, profile, made))
    wrong = [one for one in findings if one.is_error]
    if wrong:
        raise TemplateFault(f"template {name}: {'; '.join(one.message for one in wrong)}", name, findings=tuple(wrong))
    return dict(sorted(made.items()))


def _late(made: Mapping[str, Any]) -> Iterator[str]:
    """The late values of what a template printed; texts that are data are never late."""
    for key, value in made.items():
        if isinstance(value, Mapping):
            yield from _late(value)
        elif is_late(key, value):
            yield value


__all__ = ["LATE", "RENDERED", "resolve_settings", "resolve_task", "resolve_words"]
