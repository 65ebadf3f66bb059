"""Which clips of several plans are made from one decoding of their source, and by which arguments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from proxx.evaluate import Facts, ask
from proxx.model import Plan, Task
from proxx.rulebook import Rulebook

INPUT = "-i"
"""What stands before the source in an argument list: all that follows the source belongs to the outputs."""


@dataclass(frozen=True, slots=True)
class Part:
    """One clip among several plans: the plan's place among them, and the clip."""

    plan: int
    task: Task


@dataclass(frozen=True, slots=True)
class Decode:
    """The clips that are made from one decoding of a source, one of each plan at most.

    `row` of the table `sharing` decided it, and `why` is its reason; both are empty for a source that one plan has.
    Of a clip that could not join the first one of its source they say why not.
    """

    parts: tuple[Part, ...]
    row: str = ""
    why: str = ""

    @property
    def argv(self) -> tuple[str, ...]:
        """What runs: how the source is read, once, and then what each proxy is made by."""
        first = self.parts[0].task.argv
        return (*halves(first)[0], *(word for part in self.parts for word in halves(part.task.argv)[1]))


def halves(argv: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """An argument list up to its source, and what follows."""
    at = max((place for place, word in enumerate(argv) if word == INPUT), default=-2) + 2
    return tuple(argv[:at]), tuple(argv[at:])


def decodes(rulebook: Rulebook, plans: Sequence[Plan], *, share: bool = True) -> tuple[Decode, ...]:
    """Every clip of every plan, in the order of the plans and their sources; those that may share stand together."""
    found: list[Decode] = []
    of_source: dict[str, list[int]] = {}
    for number, plan in enumerate(plans):
        for task in plan.tasks:
            part = Part(number, task)
            known = of_source.setdefault(task.source, [])
            mine, place = _joined(rulebook, plans, [(at, found[at]) for at in known if share], part)
            if place < 0:
                known.append(len(found))
                found.append(mine)
            else:
                found[place] = mine
    return tuple(found)


def _joined(
    rulebook: Rulebook, plans: Sequence[Plan], others: Sequence[tuple[int, Decode]], part: Part
) -> tuple[Decode, int]:
    """The decoding of a clip and its place among the others: -1 for one of its own, which says why."""
    apart = Decode((part,))
    for place, other in others:
        if part.plan in (one.plan for one in other.parts):
            continue
        row, share, why = _asked(rulebook, plans, other.parts[0], part)
        if share:
            return Decode((*other.parts, part), row, why), place
        apart = apart if apart.row else replace(apart, row=row, why=why)
    return apart, -1


def _asked(rulebook: Rulebook, plans: Sequence[Plan], one: Part, other: Part) -> tuple[str, bool, str]:
    decision = ask(rulebook, "sharing", _facts(rulebook, plans, one, other))["sharing"]
    row = next(row for row in rulebook.table("sharing").rows if row.id == decision.row)
    return row.id, decision.outcome["share"] == "yes", str(row.about.get("why", ""))


def _facts(rulebook: Rulebook, plans: Sequence[Plan], one: Part, other: Part) -> Facts:
    engines = {plans[part.plan].engine for part in (one, other)}
    read, again = halves(one.task.argv)[0], halves(other.task.argv)[0]
    own = _is_own(rulebook, one.task) and _is_own(rulebook, other.task)
    return {
        "sharing.engine": "ffmpeg" if engines == {"ffmpeg"} else "other",
        "sharing.reading": "same" if read == again else "other",
        "sharing.rate": "same" if _rate(one.task) == _rate(other.task) else "other",
        "sharing.options": "own" if own else "whole-process",
    }


def _rate(task: Task) -> tuple[object, ...]:
    return task.decided.get("rate-policy"), task.expect.video.rate if task.expect.video else None


def _is_own(rulebook: Rulebook, task: Task) -> bool:
    """Whether what follows the source counts for the proxy alone, which is the last thing named."""
    of_all = {f"-{word}" for word in rulebook.items["sharing"]["whole_process"]}
    writing = halves(task.argv)[1]
    ends_well = bool(writing) and writing[-1] == f"file:{task.temporary}"
    return ends_well and not of_all & {word.partition(":")[0] for word in writing}
