"""Shows how a run goes: bars on a terminal, plain lines elsewhere, JSON events for programs, or nothing."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from proxx.facts import base_name
from proxx.making import Progress, Result
from proxx.model import Plan, Task


def silent(event: str, task: Task, value: Any) -> None:
    """Say nothing."""


def fate_word(made: Result) -> str:
    """What became of a clip, in one word: kept, completed, failed, rejected or cancelled."""
    return "kept" if made.kept else made.status.lower()


def as_lines(plan: Plan) -> Progress:
    """A line when a clip begins and when it ends, to stderr."""

    def tell(event: str, task: Task, value: Any) -> None:
        place = f"[{task.index + 1}/{len(plan.tasks)}] {base_name(task.output)}"
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


def as_events(plan: Plan) -> Progress:
    """One JSON object a line, to stdout: what happened to which clip."""

    def tell(event: str, task: Task, value: Any) -> None:
        line: dict[str, Any] = {"format": 1, "event": event, "index": task.index, "source": task.source}
        if event in ("start", "frames"):
            line["frames" if event == "frames" else "promised_frames"] = value
        elif event == "done":
            findings = [finding.document() for finding in value.findings]
            line |= {"status": value.status, "kept": value.kept, "output": task.output, "findings": findings}
        elif event == "retry":
            line |= {"row": value["row"], "seconds": value["seconds_waited"], "findings": value["findings"]}
        print(json.dumps(line, ensure_ascii=True), flush=True)

    return tell


@contextmanager
def as_bars(plan: Plan) -> Iterator[Progress]:
    """A bar for the clip under way and one for the whole job, on stderr."""
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
    total = sum(_frames(task) for task in plan.tasks)
    with Bars(*columns, console=Console(stderr=True), expand=True) as bars:
        whole = bars.add_task(f"{len(plan.tasks)} clip{'' if len(plan.tasks) == 1 else 's'}", total=total, state="")
        shown: dict[int, Any] = {}
        done: dict[int, int] = {}

        def tell(event: str, task: Task, value: Any) -> None:
            if event == "start":
                shown[task.index] = bars.add_task(base_name(task.output), total=_frames(task), state="encoding")
            elif event == "frames":
                done[task.index] = value
                bars.update(shown[task.index], completed=value)
            elif event == "verify":
                bars.update(shown[task.index], completed=_frames(task), state="verifying")
            elif event == "retry":
                done[task.index] = 0
                bars.update(shown[task.index], completed=0, state=f"again in {value['seconds_waited']} s")
            elif event == "done":
                done[task.index] = _frames(task)
                if task.index in shown:
                    bars.update(shown[task.index], state=fate_word(value))
            bars.update(whole, completed=sum(done.values()))

        yield tell


def _frames(task: Task) -> int:
    video = task.expect.video
    return (video.frames if video else None) or 1


@contextmanager
def showing(plan: Plan, style: str) -> Iterator[Progress]:
    """The progress display of a style: bars, lines, events or silent."""
    if style == "bars":
        with as_bars(plan) as tell:
            yield tell
        return
    makers: dict[str, Callable[[Plan], Progress]] = {"lines": as_lines, "events": as_events}
    yield makers[style](plan) if style in makers else silent
