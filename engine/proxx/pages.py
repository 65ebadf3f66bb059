"""Every page of the reference, made from the rulebook alone: the same rulebook gives the same bytes."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from proxx.contractpages import command_pages, spec_pages, token_pages, word_pages
from proxx.errors import EXIT_FINDINGS, ProxxError
from proxx.fixturepages import fixture_pages
from proxx.generationpages import generation_pages
from proxx.markdown import code, grid, listed, page
from proxx.profilepages import profile_pages
from proxx.resolvepages import resolve_pages
from proxx.rulebook import Rulebook
from proxx.tablepages import Pages, fact_pages, finding_pages, row_count, severity_counts, table_pages

_PATH = re.compile(r"(\w[\w.-]*/)*\w[\w.-]*\.md", re.ASCII)
"""What a page may be called: no name of the rulebook leads out of its folder."""


OPTIONAL = {
    "fixture-word": ["[Fixtures](fixtures.md)", "the words that test clips are asked for with"],
    "ffmpeg-option": ["[FFmpeg's generations](generations.md)", "which version has which option, and which habit"],
}
"""Pages that a rulebook may have, by what it has then."""


def index_pages(rulebook: Rulebook) -> Pages:
    """Where everything is, and how much of it there is."""
    identity = rulebook.identity
    tables = len(rulebook.items["table"])
    rows = [
        ["[Tables](tables/index.md)", f"every decision: {tables} tables, {row_count(rulebook)} rows"],
        ["[Profiles](profiles/index.md)", f"{len(rulebook.profiles)} recipes: what a proxy is, exactly"],
        ["[Findings](findings/index.md)", f"everything that can be told: {severity_counts(rulebook)}"],
        ["[JobSpec](jobspec.md)", "every field of a spec"],
        ["[Naming tokens](tokens.md)", "how proxies are named"],
        ["[Facts](facts.md)", "what rules may ask about"],
        ["[Vocabulary](vocabulary.md)", "the words for codecs and containers"],
        ["[DaVinci Resolve: rendering](resolve/rendering.md)", "formats, codecs and settings by id, camera RAW"],
        ["[DaVinci Resolve: scripting](resolve/api.md)", "what is relied on of its scripting interface"],
        *[row for kind, row in OPTIONAL.items() if rulebook.items.get(kind)],
        ["[Commands](commands.md)", "the command line"],
        ["[Exit codes](exit-codes.md)", "what a command's end means"],
    ]
    layers = dict.fromkeys(str(origin[0]) for origin in rulebook.origins.values())
    return {
        "index.md": page(
            f"The {identity['name']} rulebook",
            "Made by `proxx docs` from the rulebook alone: change the rulebook, not these pages, and make them anew.",
            grid(["pages", "what stands there"], rows),
            listed(
                [
                    f"Version {code(identity['version'])}",
                    f"Layers: {', '.join(map(code, layers))}",
                    f"Digest {code(identity['digest'])}",
                ]
            ),
        )
    }


PAGES: Mapping[str, Callable[[Rulebook], Pages]] = {
    "index": index_pages,
    "tables": table_pages,
    "profiles": profile_pages,
    "findings": finding_pages,
    "jobspec": spec_pages,
    "tokens": token_pages,
    "facts": fact_pages,
    "vocabulary": word_pages,
    "resolve": resolve_pages,
    "fixtures": fixture_pages,
    "generations": generation_pages,
    "commands": command_pages,
}
"""What makes the pages of each part, in the order of the site."""


def all_pages(rulebook: Rulebook) -> Pages:
    """Every page as Markdown, by its path in the reference. Raises ProxxError when two claim one path."""
    pages: Pages = {}
    for make in PAGES.values():
        made = make(rulebook)
        twice = sorted(pages.keys() & made.keys())
        if twice:
            raise ProxxError(f"two pages would be {twice[0]}", hint="Rename one of the two.", exit_code=EXIT_FINDINGS)
        astray = [name for name in made if not _PATH.fullmatch(name)] + _lists(rulebook)
        if astray:
            raise ProxxError(
                f"{astray[0]!r} cannot be a page",
                hint="A name is letters, digits, dots, hyphens and underscores, and index is taken.",
                exit_code=EXIT_FINDINGS,
            )
        pages |= made
    return pages


def _lists(rulebook: Rulebook) -> list[str]:
    """Names that would take the place of the list of their kind."""
    return [f"{kind} index" for kind in ("table", "profile") if "index" in rulebook.items[kind]]
