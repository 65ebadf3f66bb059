"""The command `cancel`: leaves the marker file that a running job, on this or another machine, stops at."""

from __future__ import annotations

import argparse
import json
import os
import socket
from collections.abc import Mapping
from typing import Any

from proxx.errors import EXIT_OK, EXIT_USAGE, ProxxError
from proxx.ledger import PENDING, RUNNING, VERIFYING, Ledger
from proxx.logs import log_of
from proxx.stopping import mark
from proxx.terminal import is_json, now, print_text, read_bytes

KINDS = (".spec.json", ".plan.json", ".record.json")


def cancel_command(arguments: argparse.Namespace) -> int:
    """Mark the job that a document names, or every unfinished job of a folder."""
    name = str(arguments.job)
    jobs = _unfinished(name) if os.path.isdir(name) else [_job_of(name)]
    for folder, job_id in jobs:
        path = _cancel(folder, job_id, as_json=is_json(arguments))
        log_of(arguments)("job-cancel", "warning", job=job_id, marker=path)
    return EXIT_OK


def _cancel(folder: str, job_id: str, *, as_json: bool) -> str:
    try:
        path = mark(folder, job_id, f"asked at {now()} on {socket.gethostname()} (process {os.getpid()})\n")
    except OSError as error:
        raise ProxxError(f"cannot leave the marker of job {job_id} in {folder}: {error.strerror}") from error
    if as_json:
        print_text(json.dumps({"format": 1, "event": "cancel", "job_id": job_id, "marker": path}) + "\n")
    else:
        print_text(f"job {job_id} stops in order within seconds, if it is running ({path})\n")
    return path


def _unfinished(folder: str) -> list[tuple[str, str]]:
    """The jobs of an output folder whose ledger has clips that wait or are at work. Raises ProxxError (exit 2)."""
    begun = {entry.job_id: None for entry in Ledger(folder).entries() if entry.state in (PENDING, RUNNING, VERIFYING)}
    jobs = [(folder, job_id) for job_id in begun if _is_sane(job_id)]
    if not jobs:
        raise ProxxError(
            f"no unfinished job in {folder}",
            hint="Name the folder that the proxies go to (the spec's output_directory), or a plan in it.",
            exit_code=EXIT_USAGE,
        )
    return jobs


def _job_of(name: str) -> tuple[str, str]:
    """The output folder and the job id that a document names. Raises ProxxError (exit 2).

    A document that stands among the papers of its job says by its place where the job writes, also on a machine
    that knows the folder under another name.
    """
    read_bytes(name)  # what cannot be read is told as everywhere
    document = _read(name)
    if document is None:
        raise ProxxError(
            f"{name} is no spec, plan or record with a job_id",
            hint="Name a document from the output folder of the job, or that folder.",
            exit_code=EXIT_USAGE,
        )
    job_id, own = str(document["job_id"]), os.path.dirname(os.path.abspath(name))
    if any(os.path.exists(os.path.join(own, job_id + kind)) for kind in KINDS):
        return own, job_id
    spec = document.get("spec", document)
    folder = str(spec.get("output_directory", "")) if isinstance(spec, Mapping) else ""
    if not os.path.isdir(folder):
        raise ProxxError(
            f"the output folder of job {job_id} is not here: {folder or 'not named'}",
            hint="Name the folder as this machine knows it.",
            exit_code=EXIT_USAGE,
        )
    return folder, job_id


def _read(path: str) -> Mapping[str, Any] | None:
    """A document that names a job by an id that can be a file's name."""
    try:
        with open(path, "rb") as handle:
            document = json.loads(handle.read().decode("utf-8", "surrogateescape"))
    except (OSError, ValueError, RecursionError):
        return None
    job_id = document.get("job_id") if isinstance(document, dict) else None
    return document if _is_sane(job_id) else None


def _is_sane(job_id: object) -> bool:
    return isinstance(job_id, str) and job_id not in ("", ".", "..") and not set(job_id) & {"/", "\\", "\0"}
