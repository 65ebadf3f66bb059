"""Which engine makes the proxies of a source, and of a job: locked tables over what the files are."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from proxx.errors import Finding
from proxx.evaluate import Decision, ask, tell_all
from proxx.facts import base_name, source_facts, source_texts
from proxx.model import Media
from proxx.origin import origin_facts, origin_texts
from proxx.rulebook import Rulebook
from proxx.tables import Value

SHOWN = 2


@dataclass(frozen=True, slots=True)
class Route:
    """Where one source goes: ffmpeg, resolve or none, how sure that is, and the rules that said so."""

    engine: str
    confidence: str
    decisions: Mapping[str, Decision]
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class JobRoute:
    """Where a whole job goes: ffmpeg, resolve or none (nothing can be routed, or the job is mixed)."""

    engine: str
    facts: Mapping[str, Value]
    findings: tuple[Finding, ...]


def route_source(rulebook: Rulebook, media: Media, index: int = 0, first: int | None = None) -> Route:
    """The route of one source. `first` is the place of an earlier source that is the same file."""
    facts = {**source_facts(rulebook, media), **origin_facts(rulebook, media)}
    if first is not None:
        facts["source.twice"] = "yes"
    capability = ask(rulebook, "source", facts).get("source-capability")
    if capability is not None:
        facts["source.offered"] = "refused" if capability.finding else capability.outcome["engine"]
        routed = ask(rulebook, "source", facts)["route"]
        facts["source.engine"] = routed.outcome.get("engine", "none")
        facts["source.confidence"] = routed.outcome.get("confidence", "high")
    decisions = ask(rulebook, "source", facts)
    texts = source_texts(media, index, first, str(facts.get("source.offered", "")))
    texts |= origin_texts(rulebook, media)
    return Route(
        engine=str(facts.get("source.engine", "none")),
        confidence=str(facts.get("source.confidence", "high")),
        decisions=decisions,
        findings=tuple(tell_all(rulebook, decisions, texts, media.path)),
    )


def route_job(
    rulebook: Rulebook, routes: Sequence[tuple[Media, Route]], profile: str, known: Mapping[str, Value]
) -> JobRoute:
    """The route of a job, and whether its profile belongs to that engine. `known` are the profile's facts."""
    sides = {
        engine: [media.path for media, route in routes if route.engine == engine] for engine in ("ffmpeg", "resolve")
    }
    facts: dict[str, Value] = {
        **known,
        **{f"job.{engine}": "some" if names else "none" for engine, names in sides.items()},
    }
    answer = ask(rulebook, "job", facts)["job-engine"]
    engine = str(answer.outcome.get("engine", "none"))
    facts["job.engine"] = engine
    fitting = _profiles_of(rulebook, engine)
    texts = {
        "name": profile,
        "standard": _some(sides["ffmpeg"]),
        "raw": _some(sides["resolve"]),
        "standard-sources": json.dumps(sides["ffmpeg"], ensure_ascii=False),
        "raw-sources": json.dumps(sides["resolve"], ensure_ascii=False),
        "ffmpeg-profiles": _profiles_of(rulebook, "ffmpeg"),
        "resolve-profiles": _profiles_of(rulebook, "resolve"),
        "engine-profiles": f" ({fitting})" if fitting else "",
    }
    decisions = ask(rulebook, "job", facts)
    return JobRoute(engine, facts, tuple(tell_all(rulebook, decisions, texts)))


def _profiles_of(rulebook: Rulebook, engine: str) -> str:
    return ", ".join(sorted(name for name, data in rulebook.profiles.items() if data["engine"] == engine))


def _some(paths: Sequence[str]) -> str:
    """Up to two file names, and how many more there are."""
    more = len(paths) - SHOWN
    return ", ".join(base_name(path) for path in paths[:SHOWN]) + (f" and {more} more" if more > 0 else "")
