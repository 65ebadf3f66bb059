"""What proxx says when something is wrong: findings about documents, and trouble that stops the work."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

EXIT_OK = 0
EXIT_FINDINGS = 1
EXIT_USAGE = 2
EXIT_TROUBLE = 3
EXIT_CLIP_FAILED = 4
EXIT_INTERRUPTED = 130


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong (or worth knowing) about a document, a source or a made proxy.

    `at` is a JSON pointer into the judged document ("" is the whole document), `also` holds further
    pointers with the words that belong beside them, and `table`/`row` name the rule that decided. `line` and
    `column` (from 1) are given only where no pointer can say the place, as in a text that is no JSON.
    `replacements` are proved fixes as data: each pair of a pointer and a new value mends this alone. `witness` is
    an input that shows a fault of a table, as pairs of a column and a value that `proxx decide` takes.
    """

    id: str
    message: str
    severity: str = "error"
    at: str = ""
    also: tuple[tuple[str, str], ...] = ()
    why: tuple[str, ...] = ()
    fix: tuple[str, ...] = ()
    table: str = ""
    row: str = ""
    subject: str = ""
    line: int = 0
    column: int = 0
    replacements: tuple[tuple[str, str], ...] = ()
    witness: tuple[tuple[str, str | int], ...] = ()

    @property
    def is_error(self) -> bool:
        """Errors refuse the document; warnings and notes do not."""
        return self.severity == "error"

    def document(self) -> dict[str, object]:
        """The finding as JSON says it, without its place in a text."""
        return {
            "id": self.id,
            "severity": self.severity,
            "message": self.message,
            "why": list(self.why),
            "fix": list(self.fix),
            "pointer": self.at,
            "table": self.table,
            "row": self.row,
            **({"witness": dict(self.witness)} if self.witness else {}),
        }


def has_errors(findings: Iterable[Finding]) -> bool:
    """Whether any of the findings refuses the document."""
    return any(finding.is_error for finding in findings)


class ProxxError(Exception):
    """proxx cannot go on: `str()` says what and where, `hint` what to do, `exit_code` how to end."""

    def __init__(self, message: str, *, hint: str = "", exit_code: int = EXIT_TROUBLE) -> None:
        super().__init__(message)
        self.hint = hint
        self.exit_code = exit_code


class RulebookError(ProxxError):
    """The rulebook itself is wrong; `faults` are all its findings, told together."""

    def __init__(self, faults: tuple[Finding, ...]) -> None:
        super().__init__(
            f"the rulebook has {len(faults)} fault{'s' if len(faults) != 1 else ''}", exit_code=EXIT_FINDINGS
        )
        self.faults = faults
