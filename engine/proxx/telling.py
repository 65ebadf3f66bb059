"""What a run says to people and to programs before it begins and when it has ended."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence

from proxx.errors import Finding
from proxx.jsonout import json_text
from proxx.making import Result
from proxx.model import Plan
from proxx.progress import fate_word
from proxx.report import FileReport, file_documents
from proxx.terminal import print_reports, print_text


def tell_refused(reports: Sequence[FileReport], as_json: bool) -> None:
    """Findings that keep jobs from beginning; for programs they are one event of a run, on one line."""
    if as_json:
        print_text(json_text({"format": 1, "event": "refused", "files": file_documents(reports)}, indent=None))
    else:
        print_reports(reports, False)


def tell_early(findings: Sequence[Finding]) -> None:
    """Warnings of a job that runs all the same, to stderr."""
    if findings:
        print_reports([FileReport("before the run", "", "none", tuple(findings))], False, sys.stderr)


def tell_nothing_to_do(made_plan: Plan, as_json: bool) -> None:
    """That every proxy of a job is there, proved and unchanged."""
    count, folder = len(made_plan.tasks), made_plan.spec["output_directory"]
    if as_json:
        line = {"format": 1, "event": "nothing-to-do", "status": "COMPLETED", "clips": count, "folder": folder}
        print_text(json.dumps(line) + "\n")
    else:
        words = "1 proxy is" if count == 1 else f"all {count} proxies are"
        print_text(f"nothing to do: {words} in {folder}, proved and unchanged\n")


def tell_outcome(status: str, record: str, made: Sequence[Result], as_json: bool) -> None:
    """What became of every clip, and where the record is."""
    if as_json:
        print_text(json.dumps({"format": 1, "event": "record", "status": status, "record": record}) + "\n")
        return
    for one in made:
        print_text(f"{fate_word(one).upper():<10} {one.document['output']}\n")
        report = FileReport(str(one.document["output"]), "", "none", one.findings)
        if one.findings:
            print_reports([report], False)
    print_text(f"{status}: record {record}\n" if record else f"{status}: its record could not be written\n")
