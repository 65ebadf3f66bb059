"""Makes the static site of a rulebook: the pages by MkDocs Material, and the page that answers questions."""

from __future__ import annotations

import importlib.util
import json
import posixpath
import re
import sys
import tempfile
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

from proxx.drawing import by_key
from proxx.errors import EXIT_USAGE, ProxxError
from proxx.export import exported
from proxx.pages import all_pages
from proxx.process import run
from proxx.rulebook import Rulebook

WEB = Path(__file__).with_name("web")
REFERENCE = "reference"
GUIDE = "guide"
SECONDS = 600
NEEDED = ("mkdocs", "material")
DATA = "assets/proxx/rulebook.js"
FEATURES = (
    *("navigation.tabs", "navigation.tabs.sticky", "navigation.prune", "navigation.indexes", "navigation.top"),
    *("search.highlight", "content.code.copy", "toc.follow"),
)
WIDE = "---\nhide:\n  - toc\n---\n\n"
"""Begins a page whose tables need the room beside them."""

SERVED = ("404.html", "sitemap.xml", "sitemap.xml.gz")
"""What MkDocs makes for a server of its own: absolute links, and the day of the making."""

_LINK = re.compile(r"\[([^\]\n]+)\]\(([^)\s]+)\)")
_FENCED = re.compile(r"(^```.*?^```+$)", re.MULTILINE | re.DOTALL)
_TITLE = re.compile(r"^# +(.+)$", re.MULTILINE)
SINGLE = ("jobspec", "tokens", "facts", "vocabulary", "resolve/rendering", "resolve/api", "commands", "exit-codes")
MODES = (("light", "default", "dark", "weather-night"), ("dark", "slate", "light", "weather-sunny"))


def build_site(rulebook: Rulebook, guide: str | None = None) -> dict[str, bytes]:
    """Every file of the site by its path; `guide` is a folder of hand-written pages to put beside the reference.

    Raises ProxxError: exit 2 when MkDocs is not installed or the guide cannot be read, exit 3 when it fails.
    """
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise ProxxError(
            "the site is made with MkDocs Material, which is not installed",
            hint="Install it: pip install 'proxx-engine[docs]'",
            exit_code=EXIT_USAGE,
        )
    sources = site_sources(rulebook, guide)
    with tempfile.TemporaryDirectory(prefix="proxx-site-") as folder:
        for name, data in sources.items():
            path = Path(folder, "pages", name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        titles = {name: _title(data, name) for name, data in sources.items() if name.endswith(".md")}
        Path(folder, "mkdocs.yml").write_text(json.dumps(config(rulebook, titles), indent=1), "utf-8")
        _build(folder)
        made = Path(folder, "site")
        names = {path.relative_to(made).as_posix(): path for path in sorted(made.rglob("*")) if path.is_file()}
        return {name: path.read_bytes() for name, path in names.items() if name not in SERVED}


def _build(folder: str) -> None:
    argv = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--config-file", f"{folder}/mkdocs.yml"]
    done = run(argv, timeout=SECONDS)
    if done.code != 0:
        words = done.stderr.decode("utf-8", "replace").strip().splitlines()[-5:]
        raise ProxxError("MkDocs could not make the site", hint="\n  ".join(words))


def site_sources(rulebook: Rulebook, guide: str | None) -> dict[str, bytes]:
    """What the site is made of: pages in Markdown, styles, scripts, and the rulebook as data."""
    pages = {f"{REFERENCE}/{name}": text for name, text in all_pages(rulebook).items()}
    hand = {f"{GUIDE}/{name}": data for name, data in _guide(guide).items()}
    pages |= {name: data.decode("utf-8") for name, data in hand.items() if name.endswith(".md")}
    pages |= {path.name: path.read_text("utf-8") for path in sorted(WEB.glob("*.md"))}
    known = {*pages, *hand}
    pages = {name: _within(text, name, known) for name, text in pages.items()}
    wide = f"{REFERENCE}/tables/"
    pages = {name: f"{WIDE}{text}" if name.startswith(wide) else text for name, text in pages.items()}
    assets = {
        f"assets/proxx/{path.name}": path.read_bytes()
        for path in sorted(WEB.iterdir())
        if path.suffix in (".js", ".css")
    }
    data = json.dumps(exported(rulebook), ensure_ascii=False).replace("<", "\\u003c")
    return {
        **hand,
        **{name: text.encode() for name, text in pages.items()},
        **assets,
        DATA: f"window.proxxRulebook = {data};\n".encode(),
    }


def _guide(folder: str | None) -> dict[str, bytes]:
    """The hand-written pages below a folder, and the pictures beside them. Raises ProxxError (exit 2) without any."""
    if folder is None:
        return {}
    try:
        paths = [path for path in sorted(Path(folder).rglob("*")) if path.is_file() and not path.name.startswith(".")]
        found = {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}
        for name in [name for name in found if name.endswith(".md")]:
            found[name].decode("utf-8")
    except (OSError, ValueError) as error:
        raise ProxxError(f"cannot read the guide {folder}: {error}", exit_code=EXIT_USAGE) from error
    if not any(name.endswith(".md") for name in found):
        raise ProxxError(f"no pages (*.md) below {folder}", hint="Name a folder of Markdown.", exit_code=EXIT_USAGE)
    return found


def _within(text: str, name: str, known: Collection[str]) -> str:
    """A page whose links to what is not in the site are only words; blocks of code stay as they are."""

    def kept(match: re.Match[str]) -> str:
        target = match[2].partition("#")[0]
        if not target or "://" in target or target.startswith("mailto:"):
            return match[0]
        place = posixpath.normpath(posixpath.join(posixpath.dirname(name), target))
        return match[0] if place in known else match[1]

    pieces = _FENCED.split(text)
    return "".join(piece if at % 2 else _LINK.sub(kept, piece) for at, piece in enumerate(pieces))


def _title(data: bytes, name: str) -> str:
    found = _TITLE.search(data.decode("utf-8"))
    return found[1].replace("`", "").replace("\\", "") if found else name


def config(rulebook: Rulebook, titles: Mapping[str, str]) -> dict[str, Any]:
    """The settings of MkDocs: nothing is loaded from elsewhere, and the site works from files."""
    return {
        "site_name": f"{rulebook.name} rulebook",
        "docs_dir": "pages",
        "site_dir": "site",
        "use_directory_urls": False,
        "theme": {
            "name": "material",
            "font": False,
            "icon": {"logo": "material/movie-open-check-outline"},
            "favicon": "assets/images/favicon.png",
            "palette": [
                {
                    "media": f"(prefers-color-scheme: {mode})",
                    "scheme": scheme,
                    "primary": "custom",
                    "accent": "custom",
                    "toggle": {"icon": f"material/{icon}", "name": f"Switch to {other}"},
                }
                for mode, scheme, other, icon in MODES
            ],
            "features": list(FEATURES),
        },
        "plugins": [{"search": {"separator": "[\\s\\-/]+"}}, "offline"],
        "extra": {"generator": False, "polyfills": ["assets/proxx/iframe-worker.js"]},
        "extra_css": ["assets/proxx/proxx.css"],
        "extra_javascript": ["assets/proxx/marks.js"],
        "markdown_extensions": ["tables", {"toc": {"permalink": True}}, "pymdownx.highlight", "pymdownx.superfences"],
        "validation": {"links": {"anchors": "ignore"}},
        "nav": nav(rulebook, titles),
    }


def nav(rulebook: Rulebook, titles: Mapping[str, str]) -> list[dict[str, Any]]:
    """The tree of pages: questions first, then the guide, then the reference."""
    tables = [(table["question"], name) for name, table in rulebook.items["table"].items()]
    profiles = [(rulebook.profiles[name]["engine"], name) for name in sorted(rulebook.profiles)]
    findings = [(name.partition("/")[0], name) for name in rulebook.findings]
    guide = [{titles[name]: name} for name in titles if name.startswith(f"{GUIDE}/")]
    return [
        {"Home": "index.md"},
        {"Ask": "ask.md"},
        *([{"Guide": guide}] if guide else []),
        {"Tables": _branch("tables", tables)},
        {"Profiles": _branch("profiles", profiles)},
        {"Findings": _branch("findings", findings)},
        {
            "Reference": [
                f"{REFERENCE}/index.md",
                *({titles[f"{REFERENCE}/{name}.md"]: f"{REFERENCE}/{name}.md"} for name in SINGLE),
            ]
        },
    ]


def _branch(kind: str, items: Iterable[tuple[str, str]]) -> list[Any]:
    """A list page, and below it its pages under their headings."""
    groups = by_key(list(items)).items()
    return [
        f"{REFERENCE}/{kind}/index.md",
        *({key: [{_leaf(name): f"{REFERENCE}/{kind}/{name}.md"} for name in names]} for key, names in groups),
    ]


def _leaf(name: str) -> str:
    return name.rpartition("/")[2]
