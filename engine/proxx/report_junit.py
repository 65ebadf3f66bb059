"""Reports as JUnit XML (Jenkins' junit-10.xsd): a test suite for each document, a test case for each finding."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from proxx.errors import Finding
from proxx.report import Context, FileReport, located, rule, sentences

if TYPE_CHECKING:
    from proxx.positions import Place

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def as_junit(reports: Sequence[FileReport], context: Context) -> str:
    """One `testsuites` document: errors fail, remarks pass and are told, what could not be read is an error."""
    suites = [_suite(report) for report in reports]
    suites += [_unread(path, trouble) for path, trouble in context.unread]
    root = Element("testsuites", name="proxx")
    for kind in ("tests", "failures", "errors"):
        root.set(kind, str(sum(int(suite.get(kind, "0")) for suite in suites)))
    root.extend(suites)
    indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def _suite(report: FileReport) -> Element:
    suite = _element(report.path, max(1, len(report.findings)), sum(one.is_error for one in report.findings), 0)
    seen: Counter[str] = Counter()
    for finding, places in located(report):
        name = f"{finding.id} {finding.at}".rstrip()
        seen[name] += 1
        case = _case(suite, report.path, name if seen[name] == 1 else f"{name} ({seen[name]})")
        _tell(case, finding, report.path, places[finding.at])
    if not report.findings:
        _case(suite, report.path, "check")
    if report.left_out:
        SubElement(suite, "system-out").text = _xml("\n".join(f"not checked: {line}" for line in report.left_out))
    return suite


def _unread(path: str, trouble: str) -> Element:
    suite = _element(path, 1, 0, 1)
    error = SubElement(_case(suite, path, "read"), "error", type="unreadable", message=_xml(trouble))
    error.text = _xml(trouble)
    return suite


def _element(path: str, tests: int, failures: int, errors: int) -> Element:
    counts = {"tests": str(tests), "failures": str(failures), "errors": str(errors)}
    return Element("testsuite", {"name": _xml(path), **counts, "file": _xml(path)})


def _case(suite: Element, path: str, name: str) -> Element:
    # Jenkins takes what follows the last dot of a class name for the class, and the rest for its package.
    return SubElement(suite, "testcase", classname=_xml(os.path.splitext(path)[0]), name=_xml(name))


def _tell(case: Element, finding: Finding, path: str, place: Place) -> None:
    text = f"{path}:{place.line}:{place.column}: {sentences([finding])}\n  Rule: {rule(finding)}"
    if finding.is_error:
        failure = SubElement(case, "failure", type=finding.id, message=_xml(finding.message))
        failure.text = _xml(text)
    else:
        SubElement(case, "system-out").text = _xml(f"{finding.severity}: {text}")


def _xml(text: str) -> str:
    """The text with U+FFFD for what XML 1.0 cannot hold; markup is escaped when it is written."""
    return _NOT_XML.sub("\ufffd", text)
