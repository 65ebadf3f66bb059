"""Sees that the LUT which FFmpeg reads is the one that the plan names, by its content."""

from __future__ import annotations

from proxx.commit import digest
from proxx.errors import Finding
from proxx.evaluate import ask, tell_all
from proxx.facts import base_name
from proxx.model import Task
from proxx.rulebook import Rulebook


def lut_findings(rulebook: Rulebook, task: Task) -> tuple[Finding, ...]:
    """What is wrong with a task's LUT now; nothing where it has none."""
    if not task.lut:
        return ()
    path = task.lut["path"]
    try:
        found = digest(path).removeprefix("sha256:")
        made = f"{path} has the sha256 {found}"
    except OSError as error:
        found, made = "", f"{path}: {error.strerror}"
    decisions = ask(rulebook, "made", {"made.lut": "same" if found == task.lut["sha256"] else "changed"})
    texts = {"output": base_name(task.output), "made": made, "promised": task.lut["sha256"]}
    return tuple(tell_all(rulebook, decisions, texts))
