"""From what a command names to a job that may run: read, judged, planned, with the tools that make it."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from proxx.adopting import RESULTS, Adopted, impl_of
from proxx.chain import read_record
from proxx.checking import Checked
from proxx.commands import judged, need_parts, planned_version, remarks
from proxx.counting import looking
from proxx.engines import resolve_state as state
from proxx.engines.resolve import Engine
from proxx.errors import EXIT_USAGE, Finding, ProxxError
from proxx.evaluate import ask, tell_all
from proxx.job import Run, plan
from proxx.jsonout import json_text
from proxx.logs import log_findings, log_of, takes_stderr
from proxx.machine import Machine
from proxx.model import SIMULATED, Plan, Relinking
from proxx.nlepromise import relinking_of, said_of
from proxx.record import plan_digest
from proxx.rulebook import Rulebook
from proxx.shelf import book_of
from proxx.simulating import simulation_of
from proxx.stopping import Stop
from proxx.terminal import is_json, now, read_bytes, saved_probes
from proxx.toolbox import Tools, lay_out, tools
from proxx.tools import whole_path


@dataclass(frozen=True, slots=True, eq=False)
class Ready:
    """A job that may run: the name of its file, the rulebook, its plan, the tools, which run it is, and what ends it.

    `early` is to be told before it begins; `resolve` makes the clips of a plan that is for Resolve.
    """

    name: str
    book: Rulebook
    plan: Plan
    tools: Tools
    run: Run
    stop: Stop
    early: Sequence[Finding] = ()
    resolve: Engine | Adopted | None = None

    @property
    def folder(self) -> str:
        """The output folder."""
        return str(self.plan.spec["output_directory"])


def make_ready(arguments: argparse.Namespace, name: str, data: bytes, signals: Stop) -> Ready | None:
    """The job of a spec, judged and planned; None when it is refused, and the findings are printed."""
    if name.endswith(RESULTS) != arguments.adopts:
        raise _other_command(name, arguments.adopts)
    lay_out()  # a watcher runs for weeks, and a wrapper may call another FFmpeg then
    book, stop = book_of(arguments, name), Stop(signals)
    known = saved_probes(getattr(arguments, "probes", None), book)
    machine = Machine(book, probes=known, counts=True, writes=True, now=now(), stop=stop, told=looking(arguments))
    asked = relinking_of(book, getattr(arguments, "nles", None), getattr(arguments, "system", None))
    asked = asked if asked.nles else _recorded(book, name)
    checked, fine = judged(book, name, machine, is_json(arguments), data, events=True, relink=asked)
    if not fine:
        log_of(arguments)("spec-refused", "error", **spec_words(name, checked), findings=ids(checked.findings))
        return None
    if arguments.adopts:
        return _adopted(book, name, checked, stop)
    return ready_of(arguments, book, name, checked, stop)


def ids(findings: Sequence[Finding]) -> list[str]:
    """What was found, for a log."""
    return [one.id for one in findings]


def spec_words(name: str, checked: Checked) -> dict[str, str]:
    """A spec as a log names it."""
    return {"job": str(checked.verdict.words.get("job_id", "")), "spec": name}


def _remark(arguments: argparse.Namespace, name: str, checked: Checked) -> None:
    """Tell the remarks on a spec that is fine."""
    log_findings(log_of(arguments), checked.findings, **spec_words(name, checked))
    if not takes_stderr(arguments):
        remarks(name, checked)


def _other_command(name: str, adopts: bool) -> ProxxError:
    """What to say of a file that another command is for."""
    if adopts:
        hint = "Name what a bundle's script wrote: .proxx/render/JOB.results.json. For specs there is proxx run."
        return ProxxError(f"{name} is no results file of a bundle", hint=hint, exit_code=EXIT_USAGE)
    words = f"{name} holds what a bundle's script rendered"
    return ProxxError(words, hint=f"Prove it and name it: proxx adopt {name}", exit_code=EXIT_USAGE)


def ready_of(arguments: argparse.Namespace, book: Rulebook, name: str, checked: Checked, stop: Stop) -> Ready:
    """The job of a spec that was found right. Raises ProxxError (exit 3) when this machine cannot make it."""
    simulation, found = simulation_of(arguments, book), tools()
    if checked.verdict.engine == "resolve":
        simulated = simulation(found)
        made_plan = plan(book, checked, planned_version(book, checked) + (SIMULATED if simulated else ""))
        engine = Engine(book, made_plan, simulated)
        engine.hello(stop)
        _remark(arguments, name, checked)
        return Ready(name, book, made_plan, found, Run(made_plan.job_id), stop, resolve=engine)
    made_plan = plan(book, checked, found.ffmpeg_version)
    need_parts(found.ffmpeg, found.ffmpeg_version, book.profiles[made_plan.profile], found.encoders)
    _remark(arguments, name, checked)
    return Ready(name, book, made_plan, found, Run(made_plan.job_id), stop)


def _adopted(book: Rulebook, name: str, checked: Checked, stop: Stop) -> Ready:
    """The job of a bundle's results; what a simulated Resolve rendered is planned as simulated."""
    results = json.loads(read_bytes(name).decode("utf-8", "surrogateescape"))
    simulated = SIMULATED if impl_of(results) == state.SIMULATED else ""
    if checked.verdict.engine != "resolve":
        raise ProxxError(f"{name} is of a job that is for FFmpeg now", hint="Run its spec.", exit_code=EXIT_USAGE)
    made_plan = plan(book, checked, planned_version(book, checked) + simulated)
    adopted = Adopted(made_plan, results)
    return Ready(name, book, made_plan, tools(), Run(made_plan.job_id), stop, resolve=adopted)


def _recorded(book: Rulebook, name: str) -> Relinking:
    """The NLEs that a plan or a record was made for; those that the rulebook does not know any more are left out."""
    if not name.endswith((".plan.json", ".record.json")):
        return Relinking()
    said = said_of(json.loads(read_bytes(name).decode("utf-8", "surrogateescape")))
    return replace(said, nles=tuple(one for one in said.nles if one in book.items["nle"]))


def spec_bytes(name: str) -> bytes:
    """The spec that a file holds: itself, or as a plan or a record names it. Raises ProxxError (exit 2)."""
    data = read_bytes(name)
    if not name.endswith((".plan.json", ".record.json", RESULTS)):
        return data
    try:
        document = json.loads(data.decode("utf-8", "surrogateescape"))["spec"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ProxxError(f"{name} holds no spec", hint="Name a spec, a plan or a record.", exit_code=2) from error
    return json_text(document).encode("utf-8")


def record_of(name: str) -> dict[str, Any]:
    """The document of a record. Raises ProxxError (exit 2)."""
    read_bytes(name)
    document = read_record(name)
    if document is None:
        raise ProxxError(f"{name} is no record", hint="Name a file that ends in .record.json.", exit_code=EXIT_USAGE)
    return document


def since(ready: Ready, record: Mapping[str, Any], path: str) -> list[Finding]:
    """What is not as it was when the record at `path` was written, told before a retry."""
    pairs = (
        ("the rulebook", record.get("rulebook", {}).get("digest"), ready.plan.rulebook["digest"]),
        ("FFmpeg", record.get("versions", {}).get("ffmpeg"), ready.plan.engine_version),
        ("the plan", record.get("plan_digest"), plan_digest(ready.plan)),
    )
    found = [f"{what} was {was}, now {is_}" for what, was, is_ in pairs if was != is_]
    lies, writes = os.path.dirname(whole_path(path)), ready.folder
    facts = {"retry.plan": "changed" if found else "same"}
    told = tell_all(ready.book, ask(ready.book, "resume", facts), {"output": writes, "is": "; ".join(found)})
    facts = {"retry.place": "same" if os.path.realpath(lies) == os.path.realpath(writes) else "other"}
    return [*told, *tell_all(ready.book, ask(ready.book, "resume", facts), {"output": writes, "is": lies})]
