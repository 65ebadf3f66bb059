"""Shows how a run goes: bars on a terminal, plain lines elsewhere, JSON events for programs, or nothing."""

from __future__ import annotations

import json
import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from proxx.facts import base_name
from proxx.making import Progress, Result
from proxx.model import Plan, Task

if TYPE_CHECKING:
    from rich.progress import Progress as Bars
    from rich.progress import TaskID

ENDED = 16
"""Bars of ended clips that stay: a screen has no room for those of a whole night, nor has drawing them time."""


def silent(event: str, task: Task, value: Any) -> None:
    """Say nothing."""


def fate_word(made: Result) -> str:
    """What became of a clip, in one word: kept, completed, failed, rejected or cancelled."""
    return "kept" if made.kept else made.status.lower()


def as_lines(plans: Sequence[Plan], number: int) -> Progress:
    """A line when a clip begins and when it ends, to stderr; clips count on from one plan to the next."""
    before, whole = sum(len(plan.tasks) for plan in plans[:number]), sum(len(plan.tasks) for plan in plans)

    def tell(event: str, task: Task, value: Any) -> None:
        place = f"[{before + task.index + 1}/{whole}] {base_name(task.output)}"
        if event == "start":
            print(f"{place}: encoding", file=sys.stderr, flush=True)
        elif event == "verify":
            print(f"{place}: verifying", file=sys.stderr, flush=True)
        elif event == "retry":
            print(
                f"{place}: failed ({value['row']}), again in {value['seconds_waited']} s", file=sys.stderr, flush=True
            )
        elif event == "done":
            made: Result = value
            print(f"{place}: {fate_word(made)}", file=sys.stderr, flush=True)

    return tell


def as_events(plans: Sequence[Plan], number: int) -> Progress:
    """One JSON object a line, to stdout: what happened to which clip of which job."""
    job = plans[number].job_id

    def tell(event: str, task: Task, value: Any) -> None:
        line: dict[str, Any] = {"format": 1, "event": event, "job": job, "index": task.index, "source": task.source}
        if event in ("start", "frames", "promise"):
            line["frames" if event == "frames" else "promised_frames"] = value
        elif event == "done":
            findings = [finding.document() for finding in value.findings]
            line |= {"status": value.status, "kept": value.kept, "output": task.output, "findings": findings}
        elif event == "retry":
            line |= {"row": value["row"], "seconds": value["seconds_waited"], "findings": value["findings"]}
        print(json.dumps(line, ensure_ascii=True), flush=True)

    return tell


@contextmanager
def as_bars(plans: Sequence[Plan]) -> Iterator[Progress]:
    """A bar for the whole, with how many clips failed, one for every clip under way and for the last that ended."""
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars
    from rich.table import Column

    columns = (
        # A long name is cut so that the bar and the time keep their places.
        TextColumn("{task.description}", markup=False, table_column=Column(ratio=1, no_wrap=True, overflow="ellipsis")),
        BarColumn(bar_width=20),
        TextColumn("{task.fields[state]}", table_column=Column(no_wrap=True)),
        TimeRemainingColumn(),
    )
    tasks = [task for plan in plans for task in plan.tasks]
    total = sum(map(_frames, tasks))
    with Bars(*columns, console=Console(stderr=True), expand=True) as bars:
        whole = bars.add_task(f"{len(tasks)} clip{'' if len(tasks) == 1 else 's'}", total=total, state="")
        yield _told_to(bars, whole)


def _told_to(bars: Bars, whole: TaskID) -> Progress:
    """What moves the bars."""
    shown: dict[str, TaskID] = {}
    done: dict[str, int] = {}
    ended: deque[TaskID] = deque()
    failed = 0

    def count(event: str, task: Task, value: Any) -> None:
        nonlocal failed
        now = min(value, _frames(task)) if event == "frames" else _frames(task) * (event == "done")
        failed += event == "done" and value.status in ("FAILED", "REJECTED")
        bars.update(whole, advance=now - done.get(task.output, 0), state=f"{failed} failed" if failed else "")
        done[task.output] = now

    def tell(event: str, task: Task, value: Any) -> None:
        if event == "start":
            shown[task.output] = bars.add_task(base_name(task.output), total=_frames(task), state="encoding")
        elif task.output in shown:
            bars.update(shown[task.output], **_change(event, task, value))
        if event in ("frames", "retry", "done"):
            count(event, task, value)
        if event == "done" and task.output in shown:
            ended.append(shown.pop(task.output))
            if len(ended) > ENDED:
                bars.remove_task(ended.popleft())

    return tell


def _change(event: str, task: Task, value: Any) -> dict[str, Any]:
    """What an event changes of a clip's bar."""
    if event == "frames":
        return {"completed": value}
    if event == "promise":
        return {"total": value}
    if event == "verify":
        return {"completed": _frames(task), "state": "verifying"}
    if event == "retry":
        return {"completed": 0, "state": f"again in {value['seconds_waited']} s"}
    return {"state": fate_word(value)} if event == "done" else {}


def _frames(task: Task) -> int:
    video = task.expect.video
    return (video.frames if video else None) or 1


@contextmanager
def showing(plans: Sequence[Plan], style: str) -> Iterator[list[Progress]]:
    """The progress display of a style (bars, lines, events or silent), a teller for each plan."""
    if style == "bars":
        with as_bars(plans) as tell:
            yield [tell] * len(plans)
        return
    makers: dict[str, Callable[[Sequence[Plan], int], Progress]] = {"lines": as_lines, "events": as_events}
    yield [makers[style](plans, number) if style in makers else silent for number in range(len(plans))]
