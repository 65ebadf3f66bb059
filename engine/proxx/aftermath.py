"""What becomes of an attempt that failed, while its unfinished file still stands: judged, told, or kept aside."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from proxx.commit import sync_folder
from proxx.endings import last_words
from proxx.facts import base_name
from proxx.failure import Failed, judge_failure
from proxx.jsonout import json_text
from proxx.making import Result, Work
from proxx.model import Task


def judged(work: Work, task: Task, made: Result, number: int) -> Result:
    """An attempt with what the failure table says of it; a refused file is kept aside.

    One that failed by its volume is told as that, and no file of it is kept: it would take the room that is missing.
    """
    if made.status in ("COMPLETED", "CANCELLED"):
        return made
    again = judge_failure(work.rulebook, task, _failed(made, number))
    if again.findings:
        told = [finding for finding in made.findings if not finding.is_error]
        findings = (*again.findings, *told)
        document = {**made.document, "status": "FAILED", "findings": [finding.document() for finding in findings]}
        return replace(made, status="FAILED", findings=findings, document=document, again=again)
    if made.status == "REJECTED" and made.outcome is not None and not work.way.discard_rejected:
        _set_aside(work, task, made)
    return replace(made, again=again)


def _failed(made: Result, number: int) -> Failed:
    """A failed attempt as the failure table sees it."""
    outcome = made.outcome
    said = "\n".join([*(finding.message for finding in made.findings), outcome.stderr if outcome else ""])
    last = last_words(outcome) if outcome else made.findings[0].message
    how = "trouble" if outcome is None else "refused" if outcome.exit_code == 0 else "error"
    if (outcome is not None and outcome.stalled) or made.document["decided"].get("made-engine") == "stalled":
        how = "stalled"
    elif outcome is not None and outcome.trouble is not None and outcome.exit_code > 0:
        how = "refused"  # Resolve said what is wrong; it would say it again
    return Failed(how, number, None if outcome is None else outcome.exit_code, said, last)


def _set_aside(work: Work, task: Task, refused: Result) -> None:
    """Keep a refused file, and what was said of it, out of the way; the last one of every name stays."""
    name = base_name(task.output)
    aside = work.ledger.place("rejected", name)
    with open(f"{aside}.json", "wb") as handle:
        handle.write(json_text({"format": 1, **refused.document}).encode("utf-8", "surrogateescape"))
    os.replace(task.temporary, aside)
    sync_folder(Path(work.ledger.place("rejected")))
    work.way.on_step("set-aside")
