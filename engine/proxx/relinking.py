"""Will an NLE swap a clip for its proxy without a word? Its tables are asked, and what they say is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from proxx.conventions import nle_named
from proxx.errors import Finding, has_errors
from proxx.evaluate import ask, tell
from proxx.facts import base_name
from proxx.light import light_words
from proxx.likeness import UNKNOWN, likenesses
from proxx.model import Media, Video
from proxx.rulebook import Rulebook
from proxx.shapes import Like

YES, DOUBTFUL, NO = "yes", "doubtful", "no"
"""An NLE links it without a word; it links it, but somebody must help or look; it does not, or the cut is wrong."""

SYSTEMS = {"macos": "macOS", "windows": "Windows", "linux": "Linux"}


@dataclass(frozen=True, slots=True)
class Relink:
    """What one NLE makes of a pair: the findings, and the rows that decided in every table, over all systems."""

    nle: str
    findings: tuple[Finding, ...]
    decided: Mapping[str, str]

    @property
    def verdict(self) -> str:
        """yes, doubtful or no."""
        return verdict_of(self.findings)

    def document(self) -> dict[str, Any]:
        """The verdict as JSON says it."""
        return {
            "verdict": self.verdict,
            "findings": [finding.document() for finding in self.findings],
            "decided": dict(self.decided),
        }


def verdict_of(findings: Sequence[Finding]) -> str:
    """yes, doubtful or no; notes raise no doubt."""
    if has_errors(findings):
        return NO
    return DOUBTFUL if any(finding.severity == "warning" for finding in findings) else YES


def systems_of(rulebook: Rulebook, name: str, only: str | None) -> list[str]:
    """The systems that an NLE is judged on: the one that is asked for, else all it runs on; none it does not run on."""
    known: Sequence[str] = nle_named(rulebook, name)["systems"]
    return [one for one in known if only in (None, one)]


def judge_pair(
    rulebook: Rulebook, name: str, source: Media, proxy: Media, system: str | None = None, *, promised: bool = False
) -> Relink:
    """What the NLE makes of a pair on one system, or on every one that it runs on.

    Of a `promised` proxy nothing is asked that is not known yet; a file must tell.
    """
    nle = nle_named(rulebook, name)
    files = _files(source, proxy)
    if files.value != "both":
        return _asked(rulebook, name, "relink", {"relink.files": files}, source, proxy)
    light = _light(source.video or Video(), proxy.video or Video())
    lit = _asked(rulebook, name, "relink", {"relink.files": files, "relink.light": light}, source, proxy)
    likes = likenesses(nle, source, proxy, rulebook.members("linear-pcm"))
    if promised:
        likes = {fact: like for fact, like in likes.items() if like.value != UNKNOWN}
    found: dict[Finding, int] = {}
    decided: dict[str, str] = {}
    systems = systems_of(rulebook, name, system)
    for one in systems:
        place = Like(one, SYSTEMS[one], SYSTEMS[one])
        asked = _asked(rulebook, name, name, {**likes, "relink.system": place}, source, proxy)
        for finding in asked.findings:
            found[finding] = found.get(finding, 0) + 1
        for table, row in asked.decided.items():
            rows = decided.get(table, row).split(", ")
            decided[table] = ", ".join(dict.fromkeys([*rows, row]))
    # What is wrong on some of its systems only refuses nothing before somebody says that one of them is meant.
    told = (finding if times == len(systems) else softened(finding) for finding, times in found.items())
    return Relink(name, (*told, *lit.findings), {**decided, **lit.decided})


def softened(finding: Finding) -> Finding:
    """An error as a warning; everything else as it is."""
    return replace(finding, severity="warning") if finding.is_error else finding


def _files(source: Media, proxy: Media) -> Like:
    """Whether both can be read and have a picture."""
    words = [
        f"{media.state} {media.detail}".strip() if media.state != "ok" else "it has no picture"
        for media in (proxy, source)
    ]
    unread = [media.state != "ok" or media.video is None for media in (proxy, source)]
    return Like("no-source" if unread[1] else "no-proxy" if unread[0] else "both", words[0], words[1])


def _light(source: Video, proxy: Video) -> Like:
    """What both say of mastering display and light levels."""
    was, has = light_words(source), light_words(proxy)
    value = "none" if was == has == "none" else "same" if was == has else "lost" if has == "none" else "other"
    return Like(value, has, was, "what is said of the light")


def _asked(rulebook: Rulebook, name: str, stage: str, likes: Mapping[str, Like], source: Media, proxy: Media) -> Relink:
    """The answers of a stage's tables, each finding with the words of what its table looks at first."""
    answers = ask(rulebook, stage, {fact: like.value for fact, like in likes.items()})
    findings = []
    for table, decision in answers.items():
        like = likes[rulebook.table(table).columns[0].fact.name]
        texts = {
            "source": base_name(source.path),
            "proxy": base_name(proxy.path),
            "in-source": like.source,
            "in-proxy": like.proxy,
            "aspect": like.aspect,
        }
        finding = tell(rulebook, decision, texts, proxy.path)
        if finding is not None:
            findings.append(finding)
    return Relink(name, tuple(findings), {table: decision.row for table, decision in answers.items()})
