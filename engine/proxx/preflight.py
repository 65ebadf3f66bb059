"""What a run looks at before anything runs: what stands under the final names, room, name lengths, and writing."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from proxx.errors import Finding, ProxxError
from proxx.evaluate import ask, tell_all
from proxx.facts import base_name
from proxx.filenames import folded, name_bytes, temporary_name
from proxx.ledger import HOME, SUFFIX, Ledger
from proxx.model import Audio, Plan, Task
from proxx.record import plan_digest
from proxx.rulebook import Rulebook
from proxx.standing import Fate, fate, stands, wanted

SAMPLE_BITS = {"u8": 8, "s16": 16, "s32": 32}
"""Bits a sample of linear sound takes, by ffprobe's words; others are counted as 24."""

DOCUMENT_ROOM = ".99.record.json.4194304.part"
"""What the longest name of a job's documents has besides its id, while it is written."""


@dataclass(frozen=True, slots=True)
class Look:
    """What was found: the fate of every clip by its index, and everything that is to be told."""

    fates: Mapping[int, Fate]
    findings: tuple[Finding, ...]

    @property
    def nothing_to_do(self) -> bool:
        """Whether every clip is there, proved and unchanged."""
        return all(one.do == "keep" for one in self.fates.values())


def look_before(rulebook: Rulebook, plan: Plan, overwrite: str, only: Sequence[Task] | None = None) -> Look:
    """Look at the outputs of a plan (or of some of its clips); nothing is written."""
    folder = str(plan.spec["output_directory"])
    ledger, digest, there = Ledger(folder), plan_digest(plan), _standing_names(folder)
    fates: dict[int, Fate] = {}
    for task in plan.tasks if only is None else only:
        standing = stands(ledger.entry(task.output), task, wanted(plan, task, digest))
        name = base_name(task.output)
        alike = next((other for other in there.get(folded(name), ()) if other != name), "")
        fates[task.index] = fate(rulebook, task, standing, overwrite, alike)
    findings = [finding for one in fates.values() for finding in one.findings]
    return Look(fates, tuple(findings))


def _standing_names(folder: str) -> dict[str, list[str]]:
    """The names of a folder by what they are where case and composition do not count."""
    found: dict[str, list[str]] = {}
    try:
        for name in sorted(os.listdir(folder)):
            found.setdefault(folded(name), []).append(name)
    except OSError:
        return {}
    return found


def judge_places(rulebook: Rulebook, plans: Sequence[Plan], looks: Sequence[Look]) -> list[Finding]:
    """Room on every volume for all that is to be made on it, and names that every folder takes; nothing is written."""
    needed: dict[int, int] = {}
    folders: dict[int, str] = {}
    found = _twice(rulebook, plans)
    for plan, look in zip(plans, looks, strict=True):
        folder = str(plan.spec["output_directory"])
        parent = standing_parent(folder)
        volume = os.stat(parent).st_dev
        folders.setdefault(volume, folder)
        tasks = [task for task in plan.tasks if _is_to_make(look.fates.get(task.index))]
        profile = rulebook.profiles[plan.profile]
        documents = int(rulebook.items["room"]["clip_kilobytes"] * 1000) * len(plan.tasks) if tasks else 0
        needed[volume] = needed.get(volume, 0) + documents + sum(forecast(task, profile) for task in tasks)
        found += _names(rulebook, plan, parent, tasks)
    for volume, bytes_needed in needed.items():
        found += _room(rulebook, folders[volume], bytes_needed)
    return found


def _twice(rulebook: Rulebook, plans: Sequence[Plan]) -> list[Finding]:
    """Names that two plans give to their proxies; those of one plan are judged with its spec."""
    found: list[Finding] = []
    owners: dict[str, int] = {}
    for number, plan in enumerate(plans):
        for task in plan.tasks:
            twice = owners.setdefault(folded(task.output), number) != number
            texts = {"output": task.output, "needed": "", "free": ""}
            facts = {"preflight.twice": "yes" if twice else "no"}
            found += tell_all(rulebook, ask(rulebook, "preflight", facts), texts, task.output)
    return found


def _is_to_make(one: Fate | None) -> bool:
    return one is not None and one.do in ("make", "replace")


def standing_parent(folder: str) -> str:
    """The folder itself, or the nearest one above it that is there."""
    while not os.path.isdir(folder) and os.path.dirname(folder) != folder:
        folder = os.path.dirname(folder)
    return folder


def _room(rulebook: Rulebook, folder: str, needed: int) -> list[Finding]:
    volume = os.statvfs(standing_parent(folder))
    free = volume.f_bavail * volume.f_frsize
    share = 1_000_000 if free == 0 else min(needed * 100 // free, 1_000_000)
    if needed == 0:
        share = 0
    texts = {"output": folder, "needed": size_words(needed), "free": size_words(free)}
    return tell_all(rulebook, ask(rulebook, "preflight", {"preflight.room-share": share}), texts, folder)


def _names(rulebook: Rulebook, plan: Plan, parent: str, tasks: Sequence[Task]) -> list[Finding]:
    """Whether the file system takes the longest name, and the longest path, of all that the job will write."""
    folder = str(plan.spec["output_directory"])
    names = [f".{plan.job_id}{DOCUMENT_ROOM}"] if tasks else []
    for name in (base_name(task.output) for task in tasks):
        names += [temporary_name(name), name + SUFFIX]
    paths = [os.path.join(folder, HOME, "rejected", name) for name in names]
    for kind, what, found in (("names", "PC_NAME_MAX", names), ("paths", "PC_PATH_MAX", paths)):
        try:
            limit = os.pathconf(parent, what) - (kind == "paths")  # the end of a path counts there
        except (OSError, ValueError):
            continue
        longest = max(map(name_bytes, found), default=0)
        texts = {"output": folder, "needed": f"{longest} bytes", "free": f"{kind} of {limit} bytes"}
        facts = {"preflight.name-over": max(longest - limit, 0)}
        if told := tell_all(rulebook, ask(rulebook, "preflight", facts), texts, folder):
            return told
    return []


def try_writing(rulebook: Rulebook, ledger: Ledger) -> list[Finding]:
    """Make the folder and its ledger, and write, rename and remove a file in it: the only proof that it can be done."""
    state, words = "yes", ""
    try:
        ledger.make()
        trial = os.path.join(ledger.folder, f".proxx-trial.{os.getpid()}")
        try:
            with open(trial, "wb") as handle:
                handle.write(b"x" * 4096)
                handle.flush()
                os.fsync(handle.fileno())
        finally:
            if os.path.lexists(trial):
                os.unlink(trial)
    except (OSError, ProxxError) as error:
        state, words = "no", str(error)
    texts = {"output": ledger.folder, "needed": "", "free": words}
    return tell_all(rulebook, ask(rulebook, "preflight", {"preflight.writable": state}), texts, ledger.folder)


def forecast(task: Task, profile: Mapping[str, Any]) -> int:
    """The bytes that a proxy is forecast to take: the profile's bit rate scaled to raster and rate, and its sound."""
    video = task.expect.video
    if video is None or not (video.duration and video.width and video.height and video.rate):
        return 0
    rate = Fraction(str(profile.get("size", {}).get("forecast", 0))) * 1_000_000
    picture = rate * video.width * video.height * video.rate / (1920 * 1080 * 25)
    sound = sum(_sound_rate(one, profile["audio"]) for one in task.expect.audio or ())
    return int((picture + sound) * video.duration / 8)


def _sound_rate(sound: Audio, recipe: Mapping[str, Any]) -> int:
    channels = sound.channels or 0
    if "bit_rate_per_channel" in recipe:
        return channels * int(recipe["bit_rate_per_channel"])
    return channels * (sound.sample_rate or 0) * SAMPLE_BITS.get(sound.sample_format or "", 24)


def size_words(size: int) -> str:
    """A number of bytes for people."""
    value = Fraction(size)
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if value < 1024:
            return f"{size} bytes" if unit == "bytes" else f"{float(value):.1f} {unit}"
        value /= 1024
    return f"{float(value):.1f} TiB"
