"""What `proxx relink` says of pairs: a verdict for each NLE with its reasons, for programs and for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from proxx.answers import reasons
from proxx.errors import Finding
from proxx.model import Media
from proxx.pairs import Lone, Pairs
from proxx.relinking import DOUBTFUL, NO, YES, Relink, verdict_of
from proxx.report import FileReport
from proxx.report_text import as_text
from proxx.rulebook import Rulebook
from proxx.screen import visible

if TYPE_CHECKING:
    from proxx.identity import Identity

FORMAT = 1
WORDS = {YES: "relinks", DOUBTFUL: "relinks, with remarks", NO: "does not relink"}


@dataclass(frozen=True, slots=True)
class Judged:
    """A pair with what every NLE makes of it, and with what was found when the contents were compared."""

    source: Media
    proxy: Media
    relinks: tuple[Relink, ...]
    identity: Identity | None = None

    @property
    def verdict(self) -> str:
        """The worst of all verdicts."""
        findings = [finding for one in self.relinks for finding in one.findings]
        return verdict_of([*findings, *(self.identity.findings if self.identity else ())])

    def document(self, book: Rulebook) -> dict[str, Any]:
        """The pair as JSON says it."""
        return {
            "source": self.source.path,
            "proxy": self.proxy.path,
            "verdict": self.verdict,
            "nles": {one.nle: {**one.document(), "sources": sources_of(book, one)} for one in self.relinks},
            "identity": None if self.identity is None else self.identity.document(),
        }


def source_of(book: Rulebook, table: str, row: str) -> str:
    """Where a row is published, and how sure that is; empty for a row that tells no source."""
    about = next((one.about for one in book.table(table).rows if one.id == row), {})
    return reasons(about)[-1] if "source" in about else ""


def sources_of(book: Rulebook, relink: Relink) -> dict[str, str]:
    """The source of every row that decided, by table; those of several systems after each other."""
    told = {table: [source_of(book, table, row) for row in rows.split(", ")] for table, rows in relink.decided.items()}
    return {table: "; ".join(dict.fromkeys(filter(None, sources))) for table, sources in told.items()}


def relink_document(book: Rulebook, judged: Sequence[Judged], pairs: Pairs, system: str | None) -> dict[str, Any]:
    """Everything as JSON says it (schema/relink.schema.json)."""
    return {
        "format": FORMAT,
        "system": system,
        "pairs": [one.document(book) for one in judged],
        "unpaired": {"sources": _lone(pairs.sources), "proxies": _lone(pairs.proxies)},
    }


def _lone(files: Sequence[Lone]) -> list[dict[str, str]]:
    return [{"path": one.path, "why": one.why} for one in files]


def relink_text(
    book: Rulebook,
    judged: Sequence[Judged],
    pairs: Pairs,
    titles: Mapping[str, str],
    width: int | None,
    colour: bool,
) -> str:
    """Everything for people: each pair with its verdicts and reasons, then the files that stayed alone."""
    parts = [_pair_text(book, one, titles, width, colour) for one in judged]
    parts += [f"no proxy: {visible(one.path)} ({visible(one.why)})\n" for one in pairs.sources]
    parts += [f"no clip: {visible(one.path)} ({visible(one.why)})\n" for one in pairs.proxies]
    good = sum(one.verdict != NO for one in judged)
    asked = ", ".join(titles.values())
    parts.append(f"{good} of {len(judged)} proxies relink in {asked}\n")
    return "".join(parts)


def _pair_text(book: Rulebook, one: Judged, titles: Mapping[str, str], width: int | None, colour: bool) -> str:
    lines = [f"{visible(one.proxy.path)}\n  for {visible(one.source.path)}\n"]
    for relink in one.relinks:
        lines.append(f"  {titles[relink.nle]}: {WORDS[relink.verdict]}\n")
        lines += [_reason(book, finding, width, colour) for finding in relink.findings]
    if one.identity is not None:
        lines += [f"  {line}\n" for line in one.identity.lines()]
        lines += [_reason(book, finding, width, colour) for finding in one.identity.findings]
    return "".join(lines) + "\n"


def _reason(book: Rulebook, finding: Finding, width: int | None, colour: bool) -> str:
    """A finding as every command tells it, set in, without the line that sums it up; then where its rule is from."""
    room = None if width is None else max(width - 4, 40)
    text = as_text([FileReport(finding.subject, "", "none", (finding,))], colour=colour, width=room)
    lines = text.rstrip("\n").split("\n")[:-1]
    source = source_of(book, finding.table, finding.row)
    return "".join(f"    {line}\n" if line else "" for line in [*lines, f"    Source: {source}" if source else ""])
