"""What is wrong with a rulebook's templates, proved for every profile without any source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from jinja2 import TemplateSyntaxError, meta, nodes

from proxx.errors import Finding
from proxx.faults import warned
from proxx.nearest import question
from proxx.proofread import Reader, Slip
from proxx.render import language
from proxx.rulebook import Rulebook
from proxx.symbols import words_of

ENGINES: Mapping[str, str] = {".args.j2": "ffmpeg", ".json.j2": "resolve"}
"""The engine that a template is for, by the end of its name."""


def template_faults(rulebook: Rulebook, places: Mapping[str, str]) -> list[Finding]:
    """Every fault of the templates. `places` says for each template's name where its file is."""
    trees: dict[str, nodes.Template] = {}
    faults: list[Finding] = []
    for name, text in rulebook.templates.items():
        try:
            trees[name] = language().parse(text, name)
        except TemplateSyntaxError as error:
            faults.append(_fault(name, places, error.lineno, f"template {name}: {error.message}"))
            continue
        faults += _language(name, text, trees[name], places)
    for name, tree in trees.items():
        faults += _unknown(rulebook, name, tree, places)
    if not faults:
        for name, tree in trees.items():
            faults += _unprinted(rulebook, name, trees, tree, places)
        faults += _slips(rulebook, trees, places)
    return faults or list(_unused(rulebook, trees, places))


def _fault(name: str, places: Mapping[str, str], line: int, message: str, word: str = "", text: str = "") -> Finding:
    """A fault of a template at a line, at the column where a word stands in it."""
    lines = text.split("\n")
    at = lines[line - 1].find(word) if word and 0 < line <= len(lines) else 0
    return Finding("rulebook/template", message, subject=places.get(name, ""), line=max(line, 1), column=max(at, 0) + 1)


def _as(kind: str, finding: Finding) -> Finding:
    return Finding(kind, finding.message, subject=finding.subject, line=finding.line, column=finding.column)


def _language(name: str, text: str, tree: nodes.Template, places: Mapping[str, str]) -> Iterator[Finding]:
    """Filters and tests that do not exist, and what else the language refuses."""
    known = language()
    strange = False
    for kind, node_type, names in (("filter", nodes.Filter, known.filters), ("test", nodes.Test, known.tests)):
        for node in tree.find_all(node_type):
            if node.name not in names:
                strange = True
                message = f"template {name}: there is no {kind} {node.name}{question(node.name, names)}"
                yield _fault(name, places, node.lineno, message, node.name, text)
    if not strange:
        try:
            known.compile(text, name)
        except TemplateSyntaxError as error:
            yield _fault(name, places, error.lineno, f"template {name}: {error.message}")


def _unknown(rulebook: Rulebook, name: str, tree: nodes.Template, places: Mapping[str, str]) -> Iterator[Finding]:
    """Templates that are included, extended or imported and are not there."""
    for node in tree.find_all((nodes.Extends, nodes.Include, nodes.Import, nodes.FromImport)):
        said = getattr(node, "template", None)
        if not isinstance(said, nodes.Const) or not isinstance(said.value, str) or said.value in rulebook.templates:
            continue
        if not (isinstance(node, nodes.Include) and node.ignore_missing):
            message = f"template {name}: there is no template {said.value}{question(said.value, rulebook.templates)}"
            text = rulebook.templates[name]
            yield _as("rulebook/unknown-template", _fault(name, places, node.lineno, message, said.value, text))


def _unprinted(
    rulebook: Rulebook,
    name: str,
    trees: Mapping[str, nodes.Template],
    tree: nodes.Template,
    places: Mapping[str, str],
) -> Iterator[Finding]:
    """In a template that extends another: text outside of its blocks, and blocks that the other does not have."""
    start = next((at for at, one in enumerate(tree.body) if isinstance(one, nodes.Extends)), None)
    if start is None:
        return
    text, above = rulebook.templates[name], _blocks_above(trees, tree)
    for part in tree.body[start + 1 :]:
        if isinstance(part, nodes.Output):
            for line, word in _strays(part):
                message = f"template {name}: {word!r} stands outside of every block and is never printed"
                yield _as("rulebook/never-printed", _fault(name, places, line, message, word, text))
        elif isinstance(part, nodes.Block) and above is not None and part.name not in above:
            message = f"template {name}: block {part.name} is in none of the templates that it extends, so it is never "
            message += f"printed{question(part.name, above)}"
            yield _as("rulebook/never-printed", _fault(name, places, part.lineno, message, part.name, text))


def _strays(part: nodes.Output) -> Iterator[tuple[int, str]]:
    """The line and the first words of each text that would be printed."""
    for one in part.nodes:
        if not isinstance(one, nodes.TemplateData):
            yield one.lineno, "{{"
        elif one.data.strip():
            word = one.data.strip().split("\n")[0].strip()
            yield one.lineno + one.data.split(word)[0].count("\n"), word


def _blocks_above(trees: Mapping[str, nodes.Template], tree: nodes.Template) -> set[str] | None:
    """The names of all blocks of the templates that one extends; None when only rendering tells which those are."""
    names: set[str] = set()
    seen: list[nodes.Template] = [tree]
    while True:
        parent = next((one for one in seen[-1].body if isinstance(one, nodes.Extends)), None)
        if parent is None:
            return names
        said = parent.template.value if isinstance(parent.template, nodes.Const) else None
        above = trees.get(said) if isinstance(said, str) else None
        if above is None or above in seen:
            return None
        names |= {block.name for block in above.find_all(nodes.Block)}
        seen.append(above)


def _slips(rulebook: Rulebook, trees: Mapping[str, nodes.Template], places: Mapping[str, str]) -> Iterator[Finding]:
    """Names that a template uses and that a profile does not have; each is told once, with the profiles it fails."""
    failing: dict[Slip, list[str]] = {}
    functions = sorted(language().globals)
    for name, profile in rulebook.profiles.items():
        if profile["template"] in trees:
            words = words_of(rulebook, profile["engine"], profile)
            reader = Reader(trees, functions, arguments=profile["engine"] == "ffmpeg")
            for slip in reader.read(profile["template"], words):
                failing.setdefault(slip, []).append(f"profile {name}")
    for name in trees.keys() - {profile["template"] for profile in rulebook.profiles.values()}:
        engine = next((engine for ending, engine in ENGINES.items() if name.endswith(ending)), None)
        if engine is not None:
            reader = Reader(trees, functions, arguments=engine == "ffmpeg")
            for slip in reader.read(name, words_of(rulebook, engine, None)):
                failing.setdefault(slip, [f"template {name}"])
    for slip, whom in failing.items():
        more = f" and {len(whom) - 1} more" if len(whom) > 1 else ""
        message = f"{whom[0]}{more}: template {slip.template}, line {slip.line}: {slip.cause}"
        yield _fault(slip.template, places, slip.line, message, slip.word, rulebook.templates[slip.template])


def _unused(rulebook: Rulebook, trees: Mapping[str, nodes.Template], places: Mapping[str, str]) -> Iterator[Finding]:
    """Templates that no profile leads to; nothing is said where a template's name is worked out."""
    reached: set[str] = set()
    open_ = [str(profile["template"]) for profile in rulebook.profiles.values()]
    while open_:
        name = open_.pop()
        if name not in reached and name in trees:
            reached.add(name)
            named = list(meta.find_referenced_templates(trees[name]))
            if None in named:
                return
            open_ += [one for one in named if one is not None]
    for name in rulebook.templates:
        if name not in reached:
            message = f"no profile uses the template {name}"
            yield warned(_as("rulebook/unused-template", _fault(name, places, 1, message)))
