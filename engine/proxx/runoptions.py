"""The options of the commands that make proxies, and of those that look after them."""

from __future__ import annotations

import argparse
from collections.abc import Callable

Command = Callable[[str, str, str], argparse.ArgumentParser]
"""Adds a command: its name, the function that does it, and what it is for."""


def run_parsers(command: Command) -> None:
    """The commands that make proxies, and those that look after them."""
    run = command("run", "running.run_command", "Make the proxies, prove them, leave a record.")
    words = "spec, plan or record files, or - for standard input; sources of several are decoded once where they may be"
    run.add_argument("specs", nargs="+", metavar="SPEC", help=words)
    run.add_argument("--no-share", action="store_true", help="decode a source for each spec anew")
    run.add_argument("--resume", action="store_true", help="go on with a job that stopped; refused where none began")
    nle_options(run)
    adopt = command("adopt", "running.run_command", "Prove and name what a bundle's script rendered in Resolve.")
    adopt.add_argument("specs", nargs="+", metavar="RESULTS", help="results files (.proxx/render/JOB.results.json)")
    nothing = {"simulate": False, "simulate_picture": None, "simulate_trap": None}
    adopt.set_defaults(no_share=False, resume=False, **nothing)
    _watch_parser(command)
    retry = command("retry", "running.retry_command", "Run the job of a record again: only what is not proved.")
    retry.add_argument("record", metavar="RECORD", help="a record file")
    retry.set_defaults(no_share=False)
    task = command(
        "task", "running.task_command", "Make one clip of a spec, for render farms; prints its ledger entry."
    )
    task.add_argument("--spec", metavar="SPEC", required=True, help="a spec, plan or record file")
    task.add_argument("--index", metavar="N", type=int, required=True, help="the source's place in the spec, from 0")
    nle_options(task)
    for one in (run, retry, adopt):
        _making(one)
    _overwriting(task)
    log_options(task)
    for one in (run, retry, task, adopt):
        one.add_argument("--probes", metavar="FILE", help="use these saved facts where they name a source")
        one.set_defaults(adopts=one is adopt, makes=True)
    for one in (run, retry, task):
        _simulating(one)
    _looking_after(command)
    _doctor_parser(command)


def _looking_after(command: Command) -> None:
    """The commands that look after finished proxies."""
    status = command(
        "status", "keeping.status_command", "Tell jobs and proxies: fresh, stale, orphan, missing, altered."
    )
    status.add_argument("place", nargs="?", default=".", metavar="DIR|RECORD", help="an output folder or a record (.)")
    verify = command(
        "verify", "keeping.verify_command", "Check finished proxies against their record, and the records."
    )
    verify.add_argument("place", metavar="RECORD|DIR", help="a record, or an output folder")
    how = verify.add_mutually_exclusive_group()
    how.add_argument("--quick", action="store_true", help="look at sizes and headers only; decode and hash nothing")
    words = "compare frames and sound with the sources', through the recorded filters"
    how.add_argument("--deep", action="store_true", help=words)
    places_option(verify)
    log_options(verify)
    again = command("reproduce", "keeping.reproduce_command", "Make a recorded clip anew and compare the bytes.")
    again.add_argument("record", metavar="RECORD", help="a record file")
    again.add_argument("--index", metavar="N", type=int, default=0, help="the source's place in the spec (0)")


def _doctor_parser(command: Command) -> None:
    """The command that looks at this machine."""
    words = "Look at this machine: what proxx needs is there and works, is wrong, missing, or not to be known here."
    doctor = command("doctor", "doctor.doctor_command", words)
    text = "ask for this profile alone; repeatable (every profile of FFmpeg)"
    doctor.add_argument("--profile", metavar="NAME", action="append", help=text)
    doctor.add_argument("--profiles", action="store_true", help="one line a profile: can it be made here, and why not")
    text = "a folder that shall take proxies: can it, and is there room? (the working folder, which counts for nothing)"
    doctor.add_argument("--folder", metavar="DIR", help=text)
    same = "the same as --format json"
    doctor.add_argument(
        "--json", dest="format", action="store_const", const="json", default=argparse.SUPPRESS, help=same
    )


def nle_options(
    one: argparse.ArgumentParser,
    words: str = "promise and prove that this NLE relinks: premiere, resolve, avid, finalcut; repeatable",
) -> None:
    """For which NLEs proxies are judged, and where these run."""
    one.add_argument("--nle", dest="nles", metavar="NAME", action="append", help=words)
    words = "judge for this system only (every one that the NLE runs on)"
    one.add_argument("--system", choices=("macos", "windows", "linux"), help=words)


def places_option(one: argparse.ArgumentParser) -> None:
    """At how many places contents are compared."""
    words = "compare pictures at N places, or all of them (matrices/relink/identity.toml; short clips: all)"
    one.add_argument("--places", metavar="N|all", type=_places, help=words)


def _watch_parser(command: Command) -> None:
    """The command that watches a folder."""
    words = "Watch a folder: media that is dropped in becomes proxies; without --out, specs dropped in are run."
    watch = command("watch", "watching.watch_command", words)
    watch.add_argument("folder", metavar="DIR", help="the folder; specs are dropped into it, or into DIR/pending")
    watch.add_argument("--profile", metavar="NAME", help="make proxies of standard files by this profile")
    watch.add_argument(
        "--raw-profile", metavar="NAME", help="make proxies of camera RAW by this profile, as a second job"
    )
    watch.add_argument("--out", metavar="DIR", help="where the proxies go, in the folders that their sources lie in")
    watch.add_argument("--by", choices=("clip", "card"), default="clip", help="one job a clip (default), or a folder")
    watch.add_argument("--resolution", metavar="SIZE", help="same, half, quarter or WIDTHxHEIGHT (the profile's first)")
    watch.add_argument("--name", metavar="TEMPLATE", help="how to name proxies ({source_name}_proxy)")
    watch.add_argument("--fps", metavar="RATE", help="conform to this rate (the source's own)")
    watch.add_argument("--once", action="store_true", help="end when everything that is there is dealt with, for cron")
    figures = {
        "settle": "how long a file must lie still before it is looked at",
        "long-settle": "the same for files that do not tell where they end",
        "every": "the time between two scans",
        "lease": "after how long without a sign of life another watcher is taken for dead",
    }
    for name, text in figures.items():
        watch.add_argument(f"--{name}", type=_seconds, metavar="SECONDS", help=f"{text} (matrices/execution.toml)")
    nle_options(watch)
    watch.add_argument("--metrics", metavar="FILE", help="keep counts in this file, for Prometheus' node exporter")
    watch.set_defaults(no_share=False, formats=("text",))
    _simulating(watch)
    _making(watch)


def _making(one: argparse.ArgumentParser) -> None:
    """How whole jobs are made."""
    words = "how many clips to make at once (auto: as many as fill the cores and fit into memory)"
    one.add_argument("--jobs", type=_jobs, default=None, metavar="N|auto", help=words)
    one.add_argument("--quiet", action="store_true", help="show no progress")
    log_options(one)
    _overwriting(one)


def log_options(one: argparse.ArgumentParser) -> None:
    """Where what happens is written for those who read it later."""
    one.add_argument(
        "--log", metavar="FILE", help="write what happens to this file, one event a line, at its end; -: to stderr"
    )
    words = "how the log is written (text); without --log it goes to stderr, where nothing else is said then"
    one.add_argument("--log-format", choices=("text", "json"), help=words)


def _overwriting(one: argparse.ArgumentParser) -> None:
    """What may be overwritten."""
    words = "what may be overwritten (never); same-plan: only what the same plan made"
    one.add_argument("--overwrite", choices=("never", "same-plan", "always"), default="never", help=words)
    one.add_argument("--discard-rejected", action="store_true", help="do not keep files that failed verification")


def _simulating(one: argparse.ArgumentParser) -> None:
    """A Resolve that is none, to try a job for Resolve without it."""
    words = "let a simulated Resolve make what is for Resolve: test patterns, by FFmpeg; the record says so"
    one.add_argument("--simulate", action="store_true", help=words)
    one.add_argument("--simulate-picture", metavar="FILE", help="what the simulated Resolve shows instead of patterns")
    words = "let something go wrong in the simulated Resolve; may be given several times"
    one.add_argument("--simulate-trap", metavar="NAME", action="append", help=words)


def _jobs(word: str) -> int | None:
    """A number of clips, or None for auto; argparse tells what is wrong with it."""
    if word == "auto":
        return None
    if not (word.isascii() and word.isdecimal() and 1 <= int(word[:9]) <= 1024 and len(word) < 9):
        raise argparse.ArgumentTypeError(f"{word!r} is no number of clips: say auto, or 1 to 1024")
    return int(word)


def _seconds(word: str) -> float:
    """A time in seconds; argparse tells what is wrong with it."""
    try:
        value = float(word)
    except ValueError:
        value = -1.0
    if not 0.05 <= value <= 86400:
        raise argparse.ArgumentTypeError(f"{word!r} is no time: say 0.05 to 86400 seconds")
    return value


def _places(word: str) -> int:
    """A number of places, 0 for all; argparse tells what is wrong with it."""
    if word == "all":
        return 0
    if not (word.isascii() and word.isdecimal() and len(word) < 5 and 2 <= int(word) <= 1000):
        raise argparse.ArgumentTypeError(f"{word!r} is no number of places: say all, or 2 to 1000")
    return int(word)
