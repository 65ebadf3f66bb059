"""Reports for people, like those of good compilers: the place, the line itself, the reason, what to do, who decided."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from proxx.errors import Finding
from proxx.report import FileReport, located, rule
from proxx.screen import cells, visible, window, wrapped

if TYPE_CHECKING:
    from proxx.mend import Mend
    from proxx.positions import Place

COLOURS = {"error": "31;1", "warning": "33;1", "note": "36;1", "bold": "1", "frame": "34", "fixed": "32;1"}
PROSE = 120
"""Columns beyond which sentences are not made longer, however wide the terminal is."""
NO_TERMINAL = 100
"""Columns of a source line that are shown where there is no terminal."""
ALIKE = 5
"""Remarks of one kind that are told at length of a document: a card has thousands of clips, and all alike."""


@dataclass(frozen=True, slots=True)
class Page:
    """What text is written on: with colours or without, and its columns (None: no terminal, nothing is broken)."""

    colour: bool = False
    width: int | None = None

    @property
    def prose(self) -> int | None:
        """The columns of sentences."""
        return None if self.width is None else min(self.width, PROSE)

    def paint(self, text: str, tone: str) -> str:
        """The text in a colour, where there are colours."""
        return f"\x1b[{COLOURS[tone]}m{text}\x1b[0m" if self.colour and text else text


@dataclass(frozen=True, slots=True)
class Mark:
    """What is marked in a source line: the place, the sign under it, the words beside that, and their tone."""

    place: Place
    sign: str
    label: str
    tone: str


def as_text(
    reports: Sequence[FileReport], *, colour: bool = False, width: int | None = None, would: bool = False
) -> str:
    """The findings about every document, and a line that sums them up; `width` is the terminal's."""
    page = Page(colour, width)
    return "".join(_file(report, page, would) for report in reports)


def _file(report: FileReport, page: Page, would: bool) -> str:
    lines = report.text.split("\n")
    whole = replace(report, findings=_whole(report.findings))
    parts = [_block(report.path, lines, finding, places, page) for finding, places in located(whole)]
    parts += _rest(report.findings, page)
    mends = report.mends or ()
    parts += [_mended(report.path, one, page, would) for one in mends] + (["\n"] if mends else [])
    errors = sum(finding.is_error for finding in report.findings)
    others = len(report.findings) - errors
    counts = [f"{len(mends)} {'would be ' * would}fixed"] if mends else []
    counts += [f"{errors} error{'' if errors == 1 else 's'}"] if errors else []
    counts += [f"{others} remark{'' if others == 1 else 's'}"] if others else []
    verdict = page.paint("ok", "bold") if report.ok else page.paint("refused", "error")
    engine = f", engine {report.engine}" if report.ok and report.engine != "none" else ""
    summary = f"{visible(report.path)}: {verdict}{engine}" + (f" ({', '.join(counts)})" if counts else "") + "\n"
    left_out = "".join(_sentence("  not checked: ", line, page) + "\n" for line in report.left_out)
    return "".join(parts) + summary + left_out


def _whole(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """The findings that are told at length: every error, and of the remarks that are alike the first few."""
    seen: Counter[str] = Counter()
    whole = []
    for finding in findings:
        seen[finding.id] += 1
        if finding.is_error or seen[finding.id] <= ALIKE:
            whole.append(finding)
    return tuple(whole)


def _rest(findings: Sequence[Finding], page: Page) -> list[str]:
    """The remarks that are like others before them: of a warning what it says, of notes how many there are."""
    told = Counter(map(id, _whole(findings)))
    rest = [one for one in findings if id(one) not in told]
    warnings = [one for one in rest if one.severity == "warning"]
    notes = Counter(one.id for one in rest if one.severity != "warning")
    lines = ["\n".join(_head(one, one.message.split("\n")[0], page)) + "\n" for one in warnings]
    lines += [
        f"{page.paint(f'note[{name}]', 'note')}: {count} more (--format json tells each)\n"
        for name, count in notes.items()
    ]
    return [*lines, "\n"] if lines else []


def _mended(path: str, mend: Mend, page: Page, would: bool) -> str:
    """One change that --fix made, or would make."""
    head = "would fix" if would else "fixed"
    what = f"{mend.old} → {mend.new}" if mend.new else f"{mend.old} removed"
    text = f"{visible(path)}:{mend.line}:{mend.column}: {visible(what)} ({mend.finding.id})"
    return page.paint(head, "fixed") + ": " + "\n".join(wrapped(text, page.prose, first=len(head) + 2, hang=4)) + "\n"


def _block(path: str, texts: Sequence[str], finding: Finding, places: Mapping[str, Place], page: Page) -> str:
    message, *rest = finding.message.split("\n")
    lines = _head(finding, message, page)
    lines += [_sentence("    ", line.strip(), page) for line in rest]
    if texts != [""] or finding.line:
        lines += _frames(path, texts, finding, places, page)
    lines += [_sentence("    Reason: ", line, page) for line in finding.why]
    lines += [_sentence("    Action: ", line, page) for line in finding.fix]
    lines.append(_sentence("    Rule: ", rule(finding), page))
    return "\n".join(lines) + "\n\n"


def _head(finding: Finding, message: str, page: Page) -> list[str]:
    """What is wrong, after the kind of finding."""
    head = f"{finding.severity}[{finding.id}]"
    first, *more = wrapped(visible(message), page.prose, first=len(head) + 2, hang=4)
    lines = [f"{page.paint(head, finding.severity)}: {page.paint(first, 'bold')}"]
    return lines + [page.paint(line, "bold") for line in more]


def _sentence(head: str, text: str, page: Page) -> str:
    """A sentence after its head; what does not fit on the line goes on below the sentence's own beginning."""
    return head + "\n".join(wrapped(visible(text), page.prose, first=len(head), hang=len(head)))


def _frames(path: str, texts: Sequence[str], finding: Finding, places: Mapping[str, Place], page: Page) -> list[str]:
    """The source line with a mark under the value, and the lines that belong to it."""
    first = Mark(places[finding.at], "^", "", finding.severity)
    marks = [first, *(Mark(places[at], "-", visible(text), "frame") for at, text in finding.also)]
    gutter = max(4, *(len(str(mark.place.line)) for mark in marks))
    lines = [
        f"{' ' * (gutter - 2)}{page.paint('-->', 'frame')} {visible(path)}:{first.place.line}:{first.place.column}"
    ]
    for group in _groups(marks):
        number = group[0].place.line
        if 0 < number <= len(texts):
            lines += _frame(texts[number - 1].rstrip("\r"), f"{number:>{gutter}}", group, page)
    return lines


def _groups(marks: Sequence[Mark]) -> Iterable[list[Mark]]:
    """Marks that can stand under one line together, in the order of their first."""
    groups: list[list[Mark]] = []
    for mark in marks:
        for group in groups:
            if group[0].place.line == mark.place.line and not any(_touch(mark.place, one.place) for one in group):
                group.append(mark)
                break
        else:
            groups.append([mark])
    return groups


def _touch(one: Place, other: Place) -> bool:
    return one.column <= other.column + other.length and other.column <= one.column + one.length


def _frame(text: str, number: str, group: Sequence[Mark], page: Page) -> list[str]:
    """One source line and the marks under it. A line that is too long is cut around what is marked."""
    room = max(20, (page.width or NO_TERMINAL + len(number) + 3) - len(number) - 3)
    place = group[0].place
    start, end = window(text, place.column, place.length, room)
    inside = [one for one in group if start < one.place.column <= end + (end == len(text))]
    shown = visible(text[start:end])
    lead, tail = "…" * (start > 0), "…" * (end < len(text))
    bar = page.paint(f"{' ' * len(number)} |", "frame")
    lines = [f"{page.paint(f'{number} |', 'frame')} {lead}{shown}{tail}"]
    spots = (
        sorted((_spot(text, start, end, one.place, len(lead)), one) for one in inside)
        if len(inside) > 1
        else [(_spot(text, start, end, one.place, len(lead)), one) for one in inside]
    )
    line, at = "", 0
    for (offset, size), one in spots:
        line += " " * (offset - at) + page.paint(one.sign * size, one.tone)
        at = offset + size
    last = spots[-1][1]
    beside = bool(last.label) and at + 1 + cells(last.label) <= room
    lines.append(f"{bar} {line}" + (f" {page.paint(last.label, last.tone)}" if beside else ""))
    for (offset, _), one in reversed(spots):
        if one.label and not (beside and one is last):
            indent = min(offset, max(0, room - max(30, cells(one.label))))
            told = wrapped(one.label, room, first=indent, hang=indent)
            lines += [
                f"{bar} {page.paint(' ' * (indent if not n else 0) + part, one.tone)}" for n, part in enumerate(told)
            ]
    for one in group:
        if one not in inside:
            lines += _frame(text, number, [one], page)
    return lines


def _spot(text: str, start: int, end: int, place: Place, lead: int) -> tuple[int, int]:
    """Where a mark begins and how wide it is, in columns of the shown line."""
    begin, stop = place.column - 1, min(end, place.column - 1 + place.length)
    return lead + cells(visible(text[start:begin])), max(1, cells(visible(text[begin:stop])))
