"""Turns a template and values into an argument list (or a JSON object) that no value can add to or break out of."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import lru_cache
from types import TracebackType
from typing import Any

from jinja2 import FunctionLoader, StrictUndefined, TemplateError, TemplateNotFound, TemplateSyntaxError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from proxx.errors import EXIT_FINDINGS, Finding, ProxxError

_ESCAPE = "\0"
"""Opens and closes an escaped character. No argument of a program can hold it, so no value means it."""

_ESCAPED = re.compile(f"{_ESCAPE}([0-9a-f]*){_ESCAPE}")
_ESCAPED_DASH = f"{_ESCAPE}{ord('-'):x}{_ESCAPE}"
_OPTION = re.compile(f"(?:{_ESCAPE * 2})*{_ESCAPED_DASH}")
_FAULTS = (TemplateError, TypeError, ValueError, ArithmeticError, RecursionError)

Templates = Mapping[str, str]


class TemplateFault(ProxxError):
    """A template that cannot be rendered, or prints what cannot be: which one, its line (0: the whole of it), and what
    the rules say of the printed."""

    def __init__(self, message: str, template: str, line: int = 0, findings: tuple[Finding, ...] = ()) -> None:
        hint = " ".join(line for one in findings for line in one.fix)
        super().__init__(message, hint=hint, exit_code=EXIT_FINDINGS)
        self.template = template
        self.line = line
        self.findings = findings


class _NotAnArgument(TypeError):
    """A value without one obvious spelling (null, true, a list) stands where an argument is printed."""


def render(template_name: str, templates: Templates, context: Mapping[str, Any]) -> tuple[str, ...]:
    """The arguments that a template prints: one a line, blank lines dropped, blanks around a line stripped.

    A value stays one piece whatever it holds: line breaks and blanks inside it are kept, template text in it is
    plain text, an empty value alone on its line is an empty argument, and a line that *begins* with a value
    beginning with "-" is refused, because it would become an option. A macro's result is a value as well: share
    whole lines by blocks and includes, and write a long argument over several lines with `chain`.
    Raises ProxxError naming template, line and cause.
    """
    text = _render(template_name, templates, context, _escape)
    lines = [line for line in (raw.strip() for raw in text.split("\n")) if line]
    for line in lines:
        if _OPTION.match(line):
            raise ProxxError(
                f"template {template_name}: the value {_unescape(line)!r} would become an option",
                hint="put the option's name before the value on the same line, or print it on its own line as text",
                exit_code=EXIT_FINDINGS,
            )
    return tuple(_unescape(line) for line in lines)


def render_json(template_name: str, templates: Templates, context: Mapping[str, Any]) -> dict[str, Any]:
    """The JSON object that a template prints, keys sorted. Every value is written as JSON: quotes belong to it.

    A key that is printed twice is refused: one of its values would be lost without a word.
    Raises ProxxError naming template, line and cause, or what is no JSON in the printed text.
    """
    text = _render(template_name, templates, context, _as_json)
    try:
        document = json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=_each_once)
    except ValueError as fault:
        raise TemplateFault(f"template {template_name} does not print JSON: {fault}", template_name) from fault
    if not isinstance(document, dict):
        raise TemplateFault(f"template {template_name} prints JSON, but not an object", template_name)
    ordered: dict[str, Any] = json.loads(json.dumps(document, sort_keys=True))
    return ordered


def _render(name: str, templates: Templates, context: Mapping[str, Any], finalize: Callable[[object], str]) -> str:
    if name not in templates:
        raise TemplateFault(f"there is no template {name}{_nearest(name, templates)}", name)
    _refuse_nul(context, name)
    environment = _environment(tuple(sorted(templates.items())), tuple(sorted(context)), finalize)
    try:
        return environment.get_template(name).render(context)
    except _FAULTS as fault:
        raise _fault(fault, name, templates) from fault


@lru_cache(maxsize=8)
def _environment(
    templates: tuple[tuple[str, str], ...], names: tuple[str, ...], finalize: Callable[[object], str]
) -> ImmutableSandboxedEnvironment:
    """Compiled templates are kept, because a job renders the same one for every clip."""
    texts = dict(templates)

    class Unknown(StrictUndefined):
        """Tells the nearest known name along with the missing one."""

        @property
        def _undefined_message(self) -> str:
            if self._undefined_hint:  # the sandbox says why it refuses an attribute
                return self._undefined_hint
            missing, holder = self._undefined_name, self._undefined_obj
            known = holder if isinstance(holder, Mapping) else names
            return f"{missing!r} is not known{_nearest(str(missing), known)}"

    def load(name: str) -> tuple[str, str, Callable[[], bool]] | None:
        return (texts[name], name, lambda: True) if name in texts else None

    environment = ImmutableSandboxedEnvironment(
        loader=FunctionLoader(load),
        undefined=Unknown,
        finalize=finalize,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,  # the last line of an included file is a line of its own
    )
    environment.filters["chain"] = _chain
    return environment


def language() -> ImmutableSandboxedEnvironment:
    """The language of templates, to read one without filling it: its syntax, filters, tests and functions."""
    return _environment((), (), _escape)


def _chain(block: str, joint: str = ",") -> str:
    """Join the lines of a `{% filter chain %}` block into one line, as ffmpeg writes its filter graphs."""
    return joint.join(line for line in (raw.strip() for raw in block.split("\n")) if line) + "\n"


def _escape(value: object) -> str:
    """One value as text in which no character can end a line, be stripped or begin an option."""
    if isinstance(value, StrictUndefined):
        return str(value)  # raises with the missing name
    if value is None or isinstance(value, bool) or not isinstance(value, str | int | float):
        raise _NotAnArgument(f"{value!r} has no spelling as an argument")
    text = str(value)
    if not text:
        return _ESCAPE * 2
    marked = "".join(f"{_ESCAPE}{ord(char):x}{_ESCAPE}" if char.isspace() else char for char in text)
    return _ESCAPED_DASH + marked[1:] if marked.startswith("-") else marked


def _unescape(line: str) -> str:
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)) if match[1] else "", line)


def _as_json(value: object) -> str:
    """One value as JSON; what `tojson` has already written stays as it is."""
    if isinstance(value, StrictUndefined):
        return str(value)  # raises with the missing name
    if isinstance(value, Decimal):
        return str(float(value))  # JSON numbers are read as floats anyway
    return value if isinstance(value, Markup) else json.dumps(value, allow_nan=False)


def _refuse_constant(word: str) -> object:
    raise ValueError(f"{word} is no JSON number")


def _each_once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"{next(name for name in names if names.count(name) > 1)!r} is printed twice")
    return found


def _refuse_nul(value: object, name: str) -> None:
    """A NUL byte cannot be part of an argument, and it marks our escapes."""
    if isinstance(value, str) and _ESCAPE in value:
        raise ProxxError(f"template {name}: the value {value!r} holds a NUL character, which no argument can hold")
    if isinstance(value, Mapping):
        for key, item in value.items():
            _refuse_nul(key, name)
            _refuse_nul(item, name)
    elif isinstance(value, list | tuple):
        for item in value:
            _refuse_nul(item, name)


def _fault(fault: BaseException, name: str, templates: Templates) -> TemplateFault:
    if isinstance(fault, TemplateSyntaxError):
        template = fault.name or name
        return TemplateFault(f"template {template}, line {fault.lineno}: {fault.message}", template, fault.lineno)
    template, line = _place(fault.__traceback__, templates) or (name, 0)
    where = f"template {template}, line {line}" if line else f"template {template}"
    cause = str(fault)
    if isinstance(fault, TemplateNotFound):
        cause = f"there is no template {fault.name}{_nearest(str(fault.name), templates)}"
    elif isinstance(fault, RecursionError):
        cause = "it includes itself without end"
    return TemplateFault(f"{where}: {cause}", template, line)


def _place(trace: TracebackType | None, templates: Templates) -> tuple[str, int] | None:
    """The innermost template line of a traceback: jinja2 writes template names where file names stand."""
    found = None
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if file in templates:
            found = (file, trace.tb_lineno)
        trace = trace.tb_next
    return found


def _nearest(word: str, known: Mapping[str, Any] | tuple[str, ...]) -> str:
    close = difflib.get_close_matches(word, [str(name) for name in known], n=1, cutoff=0.6)
    return f"; the nearest name is {close[0]!r}" if close else ""
