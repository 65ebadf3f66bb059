"""How an engine ended that made nothing, as findings: its own last words, a stall, or what Resolve did not do."""

from __future__ import annotations

from collections.abc import Mapping

from proxx.engines.ffmpeg import Outcome
from proxx.errors import Finding
from proxx.evaluate import ask, tell_all
from proxx.facts import base_name
from proxx.model import Task
from proxx.rulebook import Rulebook


def engine_findings(rulebook: Rulebook, task: Task, outcome: Outcome) -> tuple[Finding, ...]:
    """The engine ended with an error: what it said last, as a finding; or it was ended because it did not get on."""
    if outcome.trouble is not None:
        return _trouble_findings(rulebook, task, outcome.trouble)
    if outcome.stalled:
        stall = {"output": base_name(task.output), "made": outcome.stalled, "promised": ""}
        return tuple(tell_all(rulebook, ask(rulebook, "made", {"made.engine": "stalled"}), stall, task.source))
    texts = {
        "output": base_name(task.output),
        "made": last_words(outcome),
        "promised": f"exit code {outcome.exit_code}",
    }
    return tuple(tell_all(rulebook, ask(rulebook, "made", {"made.engine": "failed"}), texts, task.source))


def last_words(outcome: Outcome) -> str:
    """The message of an engine that tells most: its last error, or else the last it said."""
    said = [line for line in outcome.stderr.splitlines() if "[error]" in line or "[fatal]" in line]
    return (said or outcome.stderr.splitlines() or ["it said nothing"])[-1]


def _trouble_findings(rulebook: Rulebook, task: Task, trouble: Mapping[str, str]) -> tuple[Finding, ...]:
    """What Resolve did not do, as a finding: kind, call, argument and cause of a trouble say what and where."""
    call, argument = trouble["call"] or "no call", trouble["argument"]
    texts = {
        "output": base_name(task.output),
        "call": f"{call}({argument})" if argument else call,
        "argument": argument,
        "cause": trouble["cause"],
    }
    return tuple(tell_all(rulebook, ask(rulebook, "driven", {"resolve.trouble": trouble["kind"]}), texts, task.source))
