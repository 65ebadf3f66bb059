"""One clip for DaVinci Resolve: its render settings; what only Resolve knows of RAW is bound when it renders."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from proxx.model import Media, Task, Video
from proxx.naming import Named, temporary_name
from proxx.render import render_json
from proxx.rulebook import Rulebook
from proxx.verdict import JudgedClip


def resolve_task(
    rulebook: Rulebook, profile: Mapping[str, Any], judged: JudgedClip, named: Named, words: Mapping[str, Any]
) -> Task:
    """The task of one RAW clip. Raster, rate and start of RAW are unknown before Resolve has opened it: the settings
    name them (@clip.FPS, @clip.Resolution/2, @clip.StartTC)."""
    media, said = judged.clip.media, profile["promise"]
    folder = named.output[: -len(named.name)]
    context = resolve_words(profile, media, named, words)
    return Task(
        index=judged.clip.index,
        source=media.path,
        output=named.output,
        temporary=folder + temporary_name(named.name),
        expect=Media(
            path=named.output,
            container=profile["container"],
            codec=said["codec"],
            video=Video(profile=said.get("profile"), tag=said.get("tag"), pix_fmt=said.get("pix_fmt")),
        ),
        settings=render_json(profile["template"], rulebook.templates, context),
    )


def resolve_words(profile: Mapping[str, Any], media: Media, named: Named, words: Mapping[str, Any]) -> dict[str, Any]:
    """What a template is given to write render settings of (its shape: proxx.symbols)."""
    explicit = words.get("fps_mode") == "explicit"
    return {
        "profile": profile,
        "source": {"path": media.path},
        "resolution": words["resolution"],
        "rate": words["fps_explicit"] if explicit else "same-as-source",
        "out": {"folder": named.output[: -len(named.name)].rstrip("/") or "/", "name": named.name.rpartition(".")[0]},
    }
