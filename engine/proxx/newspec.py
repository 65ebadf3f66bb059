"""The command that writes specs from files on disk: one for each engine that they need, judged before it stands."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

from proxx.cards import profile_card
from proxx.checking import Checked, check
from proxx.clips import clips_of, plain_path
from proxx.conventions import name_template, nle_named, preset_folder
from proxx.counting import looking
from proxx.errors import EXIT_FINDINGS, EXIT_OK, EXIT_USAGE, ProxxError
from proxx.facts import base_name
from proxx.jobspec import FpsMode, Spec
from proxx.machine import Machine
from proxx.model import NO_NLES, Relinking
from proxx.nlepromise import with_nles
from proxx.route import SHOWN, route_source
from proxx.rulebook import Rulebook
from proxx.shelf import book_of
from proxx.strictjson import number
from proxx.terminal import now, print_reports, print_text, report_of
from proxx.writing import must_be_free, write_files

NAMES = (
    "{source_name}_proxy",
    "{source_dir}_{source_name}_proxy",
    "{source_name}_{source_ext}_proxy",
    "{index}_{source_name}_proxy",
    "{index}_{source_name}_{profile}",
)
"""Templates in the order of liking: the first that tells all proxies of the job apart is taken."""

_RATE = re.compile(r"[0-9]{1,6}(\.[0-9]{1,30})?")


@dataclass(frozen=True, slots=True)
class Job:
    """The clips of one engine, the profile that makes them, and where their spec will stand."""

    engine: str
    profile: str
    clips: tuple[str, ...]
    path: str


def spec_command(arguments: argparse.Namespace) -> int:
    """Write the spec, or one spec for each engine; exit 1 and no file when one of them is refused."""
    book = book_of(arguments)
    profiles = _profiles(book, arguments.profiles)
    machine = Machine(book, now=now(), told=looking(arguments))
    clips = clips_of(arguments.clips, book, machine)
    jobs = _jobs(book, machine, clips, profiles, arguments.output)
    _preset(book, arguments, clips)
    if arguments.output != "-":
        must_be_free(job.path for job in jobs)
    asked = Relinking((arguments.nle,) if arguments.nle else ())
    specs = [(job, specs_of(book, job, arguments, machine.now(), str(uuid4()))) for job in jobs]
    template, judged = best_named(book, machine, specs, asked)
    reports = [
        report_of("<new spec>" if job.path == "-" else job.path, one) for job, one in zip(jobs, judged, strict=True)
    ]
    if not all(one.verdict.ok for one in judged):
        print_reports(reports, is_json=False)
        print("proxx: nothing is written", file=sys.stderr)
        return EXIT_FINDINGS
    if arguments.output == "-":
        print_text(judged[0].text)
        print_reports(reports, is_json=False, stream=sys.stderr)
        return EXIT_OK
    write_files({job.path: one.text for job, one in zip(jobs, judged, strict=True)})
    if template not in (NAMES[0], arguments.name):
        print(f"proxx: {NAMES[0]} would name two proxies alike: they are named {template}", file=sys.stderr)
    print_reports(reports, is_json=False)
    return EXIT_OK


def _preset(book: Rulebook, arguments: argparse.Namespace, clips: Sequence[str]) -> None:
    """Put the NLE's name and folder where none is said. Raises ProxxError (exit 2): unknown NLE, or no folder."""
    if arguments.nle is not None:
        nle = nle_named(book, arguments.nle)
        arguments.name = name_template(nle) if arguments.name is None else arguments.name
        arguments.out = preset_folder(nle, clips) if arguments.out is None else arguments.out
    if arguments.out is None:
        raise ProxxError(
            "the folder that the proxies go to is not said",
            hint="Say --out DIR; --nle resolve alone has a folder of its own, Proxy beside the clips."
            if arguments.nle is None
            else f"Say --out DIR: for {book.items['nle'][arguments.nle]['title']} proxies may lie anywhere.",
            exit_code=EXIT_USAGE,
        )


def _profiles(book: Rulebook, names: Sequence[str]) -> dict[str, str]:
    """The named profiles by their engines. Raises ProxxError (exit 2): unknown, or two for one engine."""
    found: dict[str, str] = {}
    for name in dict.fromkeys(names):
        engine = str(profile_card(book, name)["engine"])
        if engine in found:
            raise ProxxError(
                f"profiles {found[engine]} and {name} both make proxies by {engine}",
                hint="Name one profile for each engine; another profile of the same files is another spec.",
                exit_code=EXIT_USAGE,
            )
        found[engine] = name
    return found


def _jobs(
    book: Rulebook, machine: Machine, clips: Sequence[str], profiles: Mapping[str, str], output: str | None
) -> list[Job]:
    """One job, or one for each engine. What no engine takes stays in the first, whose findings tell why."""
    media = machine.media(clips) or ()
    engines = [route_source(book, one).engine for one in media]
    needed = list(dict.fromkeys(engine for engine in engines if engine != "none")) or list(profiles)[:1]
    for engine, name in profiles.items():
        if engine not in needed and len(profiles) > 1 and "none" not in engines:
            print(f"proxx: no file routes to {engine}: profile {name} is not needed", file=sys.stderr)
    if len(needed) == 1:
        name = profiles.get(needed[0], next(iter(profiles.values())))
        return [Job(needed[0], name, tuple(clips), output or _default_path(clips[0], name))]
    if output == "-":
        raise ProxxError(
            "these files need two specs, one for each engine, and standard output takes one",
            hint="Leave -o out, or name a file.",
            exit_code=EXIT_USAGE,
        )
    jobs = []
    for engine in needed:
        own = tuple(
            clip
            for clip, its in zip(clips, engines, strict=True)
            if its == engine or (its == "none" and engine == needed[0])
        )
        if engine not in profiles:
            raise _lacking(book, engine, own, len(clips))
        path = _split_path(output, engine) if output else _default_path(own[0], profiles[engine])
        jobs.append(Job(engine, profiles[engine], own, path))
    counts = " and ".join(f"{len(job.clips)} of {len(clips)} files to {job.engine}" for job in jobs)
    print(f"proxx: two specs, because {counts}", file=sys.stderr)
    return jobs


def _lacking(book: Rulebook, engine: str, clips: Sequence[str], count: int) -> ProxxError:
    more = f" and {len(clips) - SHOWN} more" if len(clips) > SHOWN else ""
    fitting = sorted(name for name, data in book.profiles.items() if data["engine"] == engine)
    return ProxxError(
        f"{len(clips)} of {count} files route to {engine}, and no profile of that engine is named: "
        f"{', '.join(map(base_name, clips[:SHOWN]))}{more}",
        hint=f"Add --profile with one of: {', '.join(fitting)}",
        exit_code=EXIT_USAGE,
    )


def _default_path(clip: str, profile: str) -> str:
    """FOLDER.PROFILE.json in the working folder, after the folder of the first clip."""
    folder = base_name(os.path.dirname(clip)).lstrip(".")
    return f"{folder}.{profile}.json" if folder else f"{profile}.json"


def _split_path(output: str, engine: str) -> str:
    return str(Path(output).with_suffix(f".{engine}{Path(output).suffix}"))


def specs_of(book: Rulebook, job: Job, arguments: argparse.Namespace, moment: str, job_id: str) -> list[Spec]:
    """The spec of a job under each template that may name its proxies, the best first."""
    profile = book.profiles[job.profile]
    rate = _rate(arguments.fps)
    return [
        Spec(
            job_id=job_id,
            sources=job.clips,
            output_directory=plain_path(arguments.out),
            codec=profile["codec"],
            container=profile["container"],
            resolution=arguments.resolution or default_resolution(profile),
            fps_mode=FpsMode.SAME_AS_SOURCE if rate is None else FpsMode.EXPLICIT,
            fps_explicit=rate,
            naming_template=template,
            proxy_profile=job.profile,
            created_at=moment,
        )
        for template in ((arguments.name,) if arguments.name is not None else NAMES)
    ]


def default_resolution(profile: Mapping[str, Any]) -> str:
    """The resolution that a spec asks for when nobody says: the profile's first. Raises ProxxError (exit 2)."""
    first = str((profile.get("rasters") or profile["resolutions"])[0])
    if first == "explicit":
        raise ProxxError(
            f"profile {profile['name']} takes any size, but no relation to the source's",
            hint="Say the size: --resolution 1920x1080",
            exit_code=EXIT_USAGE,
        )
    return first


def _rate(text: str | None) -> int | float | Decimal | None:
    if text is None:
        return None
    if not _RATE.fullmatch(text):
        raise ProxxError(
            f"--fps {text!r} is no frame rate",
            hint="Write a number such as 25 or 23.976; 23.976 and its like are the exact NTSC fractions.",
            exit_code=EXIT_USAGE,
        )
    return number(text) if "." in text else int(text)


def best_named(
    book: Rulebook, machine: Machine, jobs: Sequence[tuple[Job, Sequence[Spec]]], relink: Relinking = NO_NLES
) -> tuple[str, list[Checked]]:
    """The template that is taken, and every job's spec as judged with it; two specs share an output folder."""
    first: tuple[str, list[Checked]] | None = None
    for choice in zip(*(specs for _, specs in jobs), strict=True):
        judged = [check(book, spec.to_json().encode("utf-8", "surrogateescape"), machine) for spec in choice]
        judged = [with_nles(book, one, relink) for one in judged]
        first = first or (choice[0].naming_template, judged)
        if not _collide(judged):
            return choice[0].naming_template, judged
    if first is None:
        raise ValueError("a job has at least one template")
    if all(one.verdict.ok for one in first[1]):
        raise ProxxError(
            f"a proxy of each of the two specs would be called alike by {first[0]}",
            hint="Choose a template that tells them apart, such as {source_name}_{profile}.",
            exit_code=EXIT_USAGE,
        )
    return first


def _collide(judged: Sequence[Checked]) -> bool:
    """Whether two proxies would have one name, in one spec or across the two."""
    if any(finding.id.startswith("naming/collision") for one in judged for finding in one.findings):
        return True
    outputs = [clip.named.output.casefold() for one in judged for clip in one.verdict.clips if clip.named]
    return len(set(outputs)) < len(outputs)
