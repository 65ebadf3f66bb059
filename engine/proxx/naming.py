"""What each proxy is called: templates read once, tokens put in once, names judged before anything runs."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from proxx.errors import Finding
from proxx.evaluate import ask, tell_all
from proxx.facts import base_name
from proxx.filenames import NAME_BYTES, TEMPORARY_BYTES, folded, foreign_letters, has_control, name_bytes, name_form
from proxx.forms import normal_path
from proxx.nearest import as_question, nearest
from proxx.rulebook import Rulebook
from proxx.tables import Value

MEDIA_TOKENS = frozenset({"width", "height", "fps"})
"""Tokens whose values only the media tells."""

CLOCK_TOKENS = frozenset({"date", "time"})

GUESSES = 5
"""Unknown tokens of a template for which the nearest known one is looked for."""


@dataclass(frozen=True, slots=True)
class Template:
    """A naming template as read: literal texts and tokens in turn, and its form if it cannot be read."""

    text: str
    parts: tuple[tuple[str, str], ...]
    form: str

    @property
    def tokens(self) -> tuple[str, ...]:
        """The tokens in order, as written between the braces."""
        return tuple(token for _, token in self.parts if token)


def read_template(text: str) -> Template:
    """The parts of a template as (literal, token) pairs; `form` says what is wrong with it, or "fine"."""
    parts: list[tuple[str, str]] = []
    rest = text
    while rest:
        literal, opened, after = rest.partition("{")
        token, closed, rest = after.partition("}")
        if "}" in literal or (opened and not closed) or "{" in token:
            return Template(text, (), "unbalanced")
        parts.append((literal, token if opened else ""))
        if opened and not token:
            return Template(text, (), "unbalanced")
    return Template(text, tuple(parts), _form(text))


def _form(text: str) -> str:
    if not text.strip():
        return "empty"
    if "/" in text or "\\" in text:
        return "separator"
    if ".." in text:
        return "parent"
    return "control" if has_control(text) else "fine"


def token_values(
    spec: Mapping[str, str], source: str, index: int, width: int | None, height: int | None, rate: Fraction | None
) -> dict[str, str]:
    """The value of every token for one clip. `spec` holds the spec's words; date and time come from created_at."""
    stem, dot, extension = base_name(source).rpartition(".")
    moment = "".join(letter for letter in spec.get("created_at", "") if letter.isdigit())
    return {
        "source_name": stem if dot and stem else base_name(source),
        "source_ext": extension if dot and stem else "",
        "source_dir": base_name(posixpath.dirname(source)),
        "index": f"{index:03}",
        "date": moment[:8],
        "time": moment[8:14],
        "width": "" if width is None else str(width),
        "height": "" if height is None else str(height),
        "fps": "" if rate is None else rate_words(rate),
        "job_id": spec.get("job_id", ""),
        "codec": spec["codec"],
        "resolution": spec["resolution"],
        "container": spec["container"],
        "profile": spec["proxy_profile"],
    }


def sources_of(rulebook: Rulebook, template: Template) -> set[str]:
    """What the program must know to fill the template; a token with a fixed text needs nothing."""
    known = rulebook.items["token"]
    return {known[token]["from"] for token in template.tokens if "from" in known.get(token, {})}


def rate_words(rate: Fraction) -> str:
    """A rate as people write it: whole, or with three decimals (23.976)."""
    if rate.denominator == 1:
        return str(rate.numerator)
    thousandths = (rate * 1000 + Fraction(1, 2)).__floor__()
    return f"{thousandths // 1000}.{thousandths % 1000:03}"


def resolve(template: Template, values: Mapping[str, str]) -> str:
    """The name that the template gives: every token replaced once, braces inside values stay text."""
    return "".join(literal + (values[token] if token else "") for literal, token in template.parts)


def with_extension(
    rulebook: Rulebook, name: str, container: str, *, is_extension: bool = False
) -> tuple[str, str, str]:
    """The name with the container's extension: (name, "added" | "right" | "wrong", the extension that was written).

    What stands after the last dot is an extension where the vocabulary knows it, or where `is_extension` says so.
    """
    stem, dot, written = name.rpartition(".")
    if not dot or not stem.strip(". "):
        return f"{name}.{container}", "added", ""
    if written.lower() == container:
        return f"{stem}.{container}", "right", written
    known = {ending for data in rulebook.items["container"].values() for ending in data.get("extensions", ())}
    if is_extension or written.lower() in known:
        return f"{stem}.{container}", "wrong", written
    return f"{name}.{container}", "added", ""


def judge_template(
    rulebook: Rulebook, template: Template, clips: int, has_moment: bool, folder: str | None, texts: Mapping[str, str]
) -> list[Finding]:
    """What is wrong with the template itself, and with the output directory where `folder` tells its state."""
    known = rulebook.items["token"]
    strange = [token for token in dict.fromkeys(template.tokens) if token not in known]
    facts: dict[str, Value] = {"naming.form": template.form}
    if folder is not None:
        facts["naming.folder"] = folder
    if template.form == "fine":
        facts["naming.tokens"] = "unknown" if strange else "known"
    if template.form == "fine" and not strange:
        clock = CLOCK_TOKENS & sources_of(rulebook, template)
        facts["naming.clips"] = clips
        facts["naming.varies"] = "yes" if any(known[token]["varies"] for token in template.tokens) else "no"
        facts["naming.clock"] = "not-used" if not clock else "fixed" if has_moment else "open"
    near = filter(None, (nearest(token, list(known)) for token in strange[:GUESSES]))
    words = {
        **texts,
        "template": template.text,
        "unknown": ", ".join(f"{{{token}}}" for token in strange),
        "known": ", ".join(f"{{{token}}}" for token in known),
        "nearest": as_question(", ".join(dict.fromkeys(near))),
    }
    return tell_all(rulebook, ask(rulebook, "naming", facts), words)


@dataclass(frozen=True, slots=True)
class Named:
    """One clip's name: what it is called, how its extension came about, and the path it stands at."""

    index: int
    source: str
    name: str
    extension: str
    written: str
    form: str
    output: str


def name_clip(
    rulebook: Rulebook, template: Template, values: Mapping[str, str], index: int, source: str, folder: str
) -> Named:
    """The name and path of one clip's proxy. `values` are what tokens come from."""
    known, container = rulebook.items["token"], values["container"]
    used = {token: known[token].get("value") or values[known[token]["from"]] for token in template.tokens}
    raw = resolve(template, used)
    if any("." in literal for literal, _ in template.parts):
        ends_so = _ends_in_the_sources(rulebook, template)
        name, extension, written = with_extension(rulebook, raw, container, is_extension=ends_so)
    else:  # a dot out of a source's name ends no extension
        name, extension, written = f"{raw}.{container}", "added", ""
    untold = any(not values[origin] for origin in MEDIA_TOKENS & sources_of(rulebook, template))
    form = "unresolved" if untold else name_form(name, list(used.values()))
    return Named(index, source, name, extension, written, form, f"{folder.rstrip('/')}/{name}")


def _ends_in_the_sources(rulebook: Rulebook, template: Template) -> bool:
    """Whether the template ends in the source's own extension, whatever that is: none, or one that nobody knows."""
    literal, token = template.parts[-1]
    return literal.endswith(".") and token != "" and rulebook.items["token"][token].get("from") == "source_ext"


def judge_names(rulebook: Rulebook, names: Sequence[Named], places: Mapping[str, str]) -> list[Finding]:
    """What is wrong with the names. `places` tells what stands at an output's path: free, source, outside."""
    found: list[Finding] = []
    exact: dict[str, Named] = {}
    seen: dict[str, Named] = {}
    sources = {folded(normal_path(named.source)) for named in names}
    for named in names:
        key = folded(named.name)
        same, alike = exact.get(named.name), seen.get(key)
        first = same or alike or named
        facts: dict[str, Value] = {"name.form": named.form, "name.extension": named.extension}
        foreign = foreign_letters(named.name)
        if named.form == "fine":
            facts["name.letters"] = "foreign" if foreign else "plain"
            facts["name.collision"] = "same" if same else "folded" if alike else "none"
            place = places.get(named.output, "free")
            is_folded = place == "free" and folded(normal_path(named.output)) in sources
            facts["name.place"] = "source-folded" if is_folded else place
        exact.setdefault(named.name, named)
        seen.setdefault(key, named)
        texts = {
            "file": base_name(named.source),
            "index": named.index,
            "first": first.index,
            "first-file": base_name(first.source),
            "first-name": first.name,
            "name": named.name,
            "output": named.output,
            "bytes": name_bytes(named.name),
            "limit": NAME_BYTES - TEMPORARY_BYTES,
            "container": named.name.rpartition(".")[2],
            "written": named.written,
            "letters": " ".join(foreign),
        }
        found += tell_all(rulebook, ask(rulebook, "name", facts), texts, named.source)
    return found
