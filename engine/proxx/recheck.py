"""Looks at finished proxies once more: whether they are what their record says, and whether they can be made again."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from threading import Event
from typing import Any

from proxx.chain import Break
from proxx.checking import check
from proxx.engines.ffmpeg import encode, patience
from proxx.errors import EXIT_USAGE, Finding, ProxxError, has_errors
from proxx.evaluate import ask, tell_all
from proxx.facts import base_name
from proxx.filenames import temporary_name
from proxx.job import plan
from proxx.jsonout import json_text
from proxx.luttrust import lut_findings
from proxx.machine import Machine
from proxx.model import Task
from proxx.probefile import from_facts
from proxx.rulebook import Rulebook
from proxx.stamp import Stamp, is_still, read_stamp, source_stamp
from proxx.standing import file_words
from proxx.toolbox import Tools
from proxx.verify import verify


@dataclass(frozen=True, slots=True)
class Checked:
    """A finished proxy that was looked at again: same, missing, altered or broken, and what is to be said of it.

    `identity` is what a comparison with the source has shown, `lines` the same for people.
    """

    output: str
    state: str
    findings: tuple[Finding, ...]
    identity: Mapping[str, Any] | None = None
    lines: tuple[str, ...] = ()

    def document(self) -> dict[str, Any]:
        """The check as JSON says it."""
        findings = [finding.document() for finding in self.findings]
        compared = {} if self.identity is None else {"identity": dict(self.identity)}
        return {"output": self.output, "state": self.state, "findings": findings, **compared}


def recorded_task(rulebook: Rulebook, clip: Mapping[str, Any]) -> Task:
    """The task of a clip in a record. Raises ProxxError (exit 2) when the record does not tell it."""
    try:
        output, source = str(clip["output"]), str(clip["source"])
        promise = from_facts(output, clip["promise"], rulebook.vocabulary, name="record")
        folder, name = os.path.split(output)
        argv = tuple(str(word) for word in clip["argv"])
        lut = {key: str(clip["lut"][key]) for key in ("file", "path", "sha256")} if "lut" in clip else {}
        temporary = os.path.join(folder, temporary_name(name))
        return Task(int(clip["index"]), source, output, temporary, promise, argv, lut=lut)
    except (KeyError, TypeError, ValueError) as error:
        raise ProxxError(f"the record is damaged: a clip lacks {error}", exit_code=EXIT_USAGE) from error


def check_again(rulebook: Rulebook, clip: Mapping[str, Any], tools: Tools, stop: Event, *, quick: bool) -> Checked:
    """Check one finished proxy: size and headers; unless `quick` every byte and every picture too."""
    task, file = recorded_task(rulebook, clip), recorded_file(clip)
    there = os.path.lexists(task.output)
    same = there and (_has_size(task.output, file) if quick else is_still(task.output, file, whole=True))
    state = "same" if same else "altered" if there else "missing"
    texts = {"output": task.output, "was": file.words(), "is": file_words(task.output)}
    findings = tell_all(rulebook, ask(rulebook, "kept", {"kept.file": state}), texts, task.output)
    if there:
        proof = verify(rulebook, task, task.output, {}, tools, stop, decodes=not quick)
        findings += proof.findings
    if state == "same" and has_errors(findings):
        state = "broken"
    return Checked(task.output, state, tuple(findings))


def recorded_file(clip: Mapping[str, Any]) -> Stamp:
    """What a record says of a finished file. Raises ProxxError (exit 2) when it does not."""
    try:
        return read_stamp(dict(clip))
    except ValueError:
        raise ProxxError(
            "the record is damaged: it tells no size, time or hash of a clip", exit_code=EXIT_USAGE
        ) from None


def _has_size(path: str, file: Stamp) -> bool:
    return os.path.isfile(path) and os.path.getsize(path) == file.size


def chain_findings(rulebook: Rulebook, folder: str, breaks: list[Break]) -> list[Finding]:
    """What is to be said of a chain that is not whole."""
    found: list[Finding] = []
    for one in breaks:
        texts = {"output": os.path.join(folder, one.file), "was": one.was, "is": one.now}
        found += tell_all(rulebook, ask(rulebook, "kept", {"kept.chain": one.kind}), texts)
    return found


def make_anew(
    rulebook: Rulebook, record: Mapping[str, Any], index: int, tools: Tools, stop: Event, chain: Sequence[Finding] = ()
) -> Checked:
    """Make one clip of a record anew in a temporary folder and compare it, byte for byte and by its promise.

    Nothing is run where something speaks against the record: `chain` is what its folder's chain says of it.
    """
    clips = (one for one in record["clips"] if isinstance(one, dict))
    clip = next((one for one in clips if one.get("index") == index and one.get("sha256")), None)
    if clip is None:
        raise ProxxError(f"the record has no finished clip {index}", exit_code=EXIT_USAGE)
    task = recorded_task(rulebook, clip)
    if not task.argv:
        raise ProxxError(
            f"clip {index} was made by Resolve, which is not expected to give the same bytes twice",
            hint="proxx verify looks whether the proxy still is what was proved.",
            exit_code=EXIT_USAGE,
        )
    findings = [*chain, *_argv_findings(rulebook, record, task), *_source_findings(rulebook, clip, task)]
    findings += lut_findings(rulebook, task)
    if findings:
        return Checked(task.output, "not-compared", tuple(findings))
    with tempfile.TemporaryDirectory(prefix="proxx-reproduce-") as folder:
        made = os.path.join(folder, base_name(task.output))
        _render(rulebook, task, made, tools, stop)
        proof = verify(rulebook, task, made, {}, tools, stop)
        findings = [*proof.findings, *_compare(rulebook, record, clip, proof.sha256, tools)]
        same = proof.sha256 == clip["sha256"]
    return Checked(task.output, "same" if same else "other", tuple(findings))


def _source_findings(rulebook: Rulebook, clip: Mapping[str, Any], task: Task) -> list[Finding]:
    was, now = read_stamp(clip["source_stamp"]), source_stamp(task.source)
    texts = {"output": task.output, "was": was.words(), "is": now.words()}
    source = {"kept.source": "same" if was == now else "changed"}
    return tell_all(rulebook, ask(rulebook, "kept", source), texts, task.output)


def _argv_findings(rulebook: Rulebook, record: Mapping[str, Any], task: Task) -> list[Finding]:
    """Whether the recorded argument list is what the rules make of the recorded spec: only such a list may be run."""
    anew = _argv_anew(rulebook, record, task.index)
    number = next((at for at, (one, two) in enumerate(zip_longest(task.argv, anew)) if one != two), None)
    was, now = ("" if number is None else " ".join(argv[number : number + 2]) for argv in (task.argv, anew))
    texts = {"output": task.output, "was": was or "nothing more", "is": now or "nothing more"}
    facts = {"kept.argv": "same" if number is None else "other"}
    return tell_all(rulebook, ask(rulebook, "kept", facts), texts, task.output)


class _AsRecorded(Machine):
    """The world of a record: its facts, and an output folder that could be written to; by now it may be an archive."""

    def folder(self, path: str) -> tuple[str, str]:
        return "ready", ""


def _argv_anew(rulebook: Rulebook, record: Mapping[str, Any], index: int) -> tuple[str, ...]:
    """The argument list of a clip by the record's spec, facts and version of FFmpeg; empty when that is refused."""
    try:
        probes = {
            str(clip["source"]): from_facts(
                str(clip["source"]), clip["source_media"], rulebook.vocabulary, name="record"
            )
            for clip in record["clips"]
        }
        data = json_text(record["spec"]).encode("utf-8", "surrogateescape")
        version = str(record["versions"]["ffmpeg"])
    except (KeyError, TypeError, ValueError) as error:
        raise ProxxError(f"the record is damaged: it lacks {error}", exit_code=EXIT_USAGE) from error
    checked = check(rulebook, data, _AsRecorded(rulebook, probes=probes))
    if not checked.verdict.ok or checked.verdict.engine != "ffmpeg":
        return ()
    return next((task.argv for task in plan(rulebook, checked, version).tasks if task.index == index), ())


def _render(rulebook: Rulebook, task: Task, path: str, tools: Tools, stop: Event) -> None:
    """Run the recorded argument list with another output."""
    argv = tuple(word.replace(task.temporary, path) if word.endswith(task.temporary) else word for word in task.argv)
    if argv == task.argv:
        raise ProxxError("the recorded argument list does not name its output as this version would")
    seconds = patience(rulebook.items["watchdog"], task)
    outcome = encode(argv, [path], tools.ffmpeg, lambda _: None, stop, seconds)
    if outcome.stopped or stop.is_set():
        raise KeyboardInterrupt
    if outcome.stalled:
        raise ProxxError(f"ffmpeg did not get on: {outcome.stalled}")
    if outcome.exit_code != 0:
        said = (outcome.stderr.splitlines() or ["it said nothing"])[-1]
        raise ProxxError(f"ffmpeg ended with exit code {outcome.exit_code}: {said}")


def _compare(
    rulebook: Rulebook, record: Mapping[str, Any], clip: Mapping[str, Any], made: str, tools: Tools
) -> list[Finding]:
    profile = rulebook.profiles.get(str(record.get("profile")), {})
    same_tools = record.get("versions", {}).get("ffmpeg") == tools.ffmpeg_version
    facts = {
        "kept.bytes": "same" if made == clip["sha256"] else "other",
        "kept.reproducible": "yes" if profile.get("promise", {}).get("reproducible") else "no",
        "kept.same-tools": "yes" if same_tools else "no",
    }
    was = clip["sha256"] if same_tools else f"ffmpeg {record.get('versions', {}).get('ffmpeg')}"
    texts = {"output": clip["output"], "was": was, "is": made if same_tools else f"ffmpeg {tools.ffmpeg_version}"}
    return tell_all(rulebook, ask(rulebook, "kept", facts), texts, str(clip["output"]))
