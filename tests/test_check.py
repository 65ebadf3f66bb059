"""`proxx check` tells every mistake once, in its place and with a fix that is true, and never ends in a traceback."""

from __future__ import annotations

import contextlib
import copy
import io
import json
import os
import pty
import random
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from conftest import SPEC

from proxx.checking import check
from proxx.cli import main
from proxx.errors import ProxxError
from proxx.machine import Machine
from proxx.probefile import read_probes
from proxx.report import as_json
from proxx.report_text import as_text
from proxx.rulebook import Rulebook
from proxx.terminal import report_of, spec_files

SCHEMA = json.loads((Path(__file__).parents[1] / "schema/check.schema.json").read_text("utf-8"))
Write = Callable[..., Path]
Captured = pytest.CaptureFixture[bytes]
MP4 = {"/footage/A001_C001.mp4": ("mp4", "h264")}


def report(captured: Captured, *words: str | Path) -> tuple[int, list[dict[str, Any]]]:
    """The exit code and the files of `proxx check … --format json`, which must have the published shape."""
    code = main(["check", "--format", "json", *map(str, words)])
    document = json.loads(captured.readouterr().out)
    jsonschema.Draft202012Validator(SCHEMA).validate(document)
    return code, list(document["files"])


def spoken(captured: Captured, *words: str | Path) -> tuple[int, str, str]:
    """The exit code, stdout and stderr of `proxx check …`."""
    code = main(["check", *map(str, words)])
    said = captured.readouterr()
    return code, said.out.decode(), said.err.decode()


def place(path: Path, text: str) -> tuple[int, int]:
    """Line and column, from 1, of a text's first appearance."""
    before = path.read_text("utf-8").partition(text)[0]
    return before.count("\n") + 1, len(before.rpartition("\n")[2]) + 1


def repaired(document: dict[str, Any], fix: str) -> dict[str, Any] | None:
    """The document with a proved fix applied; None for advice that no program can follow."""
    one = re.fullmatch(r"Checked: set (\w+) to (\S+?)(?:,.*| or .*| \(or .*)?\.", fix)
    if one:
        return {**document, one[1]: one[2]}
    declared = re.fullmatch(r"Checked: declare what the profile makes: (.+)\.", fix)
    return {**document, **dict(pair.split(" ") for pair in declared[1].split(", "))} if declared else None


# ---- three mistakes, three findings --------------------------------------------------------------------------------


def test_three_unrelated_mistakes_are_three_findings_with_place_value_reason_and_fix(
    spec_file: Write, probes_file: Write, capsysbinary: Captured
) -> None:
    path = spec_file(container="webm", naming_template="{source_nam}_proxy", fps_mode="explicit")
    probes = probes_file(MP4)
    code, (file,) = report(capsysbinary, "--probes", probes, path)
    told = {(one["id"], one["line"], one["column"]) for one in file["findings"]}
    assert code == 1
    assert told == {
        ("pairing/codec-in-container", *place(path, '"webm"')),
        ("naming/unknown-token", *place(path, '"{source_nam}_proxy"')),
        ("spec/fps-missing", *place(path, '"explicit"')),
    }
    _, out, err = spoken(capsysbinary, "--probes", probes, path)
    for said in ("webm", "did you mean source_name?", "fps_explicit is not given"):
        assert said in out
    for _, line, column in told:
        assert f"--> {path}:{line}:{column}\n" in out
    assert out.count("Reason: ") >= len(told)
    assert out.count("Action: ") >= len(told)
    assert out.endswith(f"{path}: refused (3 errors)\n")
    assert err == ""


def test_exactly_three_findings_when_each_mistake_breaks_one_rule(
    spec_file: Write, probes_file: Write, capsysbinary: Captured
) -> None:
    path = spec_file(codec="h265", naming_template="{source_nam}_proxy", fps_explicit=25)
    code, (file,) = report(capsysbinary, "--probes", probes_file(MP4), path)
    assert code == 1
    assert [(one["id"], one["line"], one["column"]) for one in file["findings"]] == [
        ("spec/fps-forbidden", *place(path, "25")),
        ("profile/codec-disagrees", *place(path, '"h265"')),
        ("naming/unknown-token", *place(path, '"{source_nam}_proxy"')),
    ]
    for one in file["findings"]:
        assert one["message"]
        assert one["why"]
        assert one["fix"]
        assert one["table"]
        assert one["row"]


FIXABLE: list[dict[str, Any]] = [
    {"codec": "h265"},
    {"codec": "prores_hq"},
    {"container": "mov"},
    {"container": "webm"},
    {"resolution": "same"},
    {"resolution": "1280x720"},
    {"codec": "dnxhd", "container": "mov"},
    {"codec": "dnxhr", "container": "mkv"},
    {"proxy_profile": "proxy_h264_lo"},
    {"proxy_profile": "proxy_prores_proxy"},
    {"proxy_profile": "proxy_prores_proxy_resolve", "codec": "prores_proxy", "container": "mov", "resolution": "same"},
    {"codec": "h246"},
    {"container": "avi"},
    {"codec": "dnxhr", "container": "mxf", "proxy_profile": "proxy_dnxhr_lb", "resolution": "quarter"},
    {"codec": "dnxhd", "container": "mxf", "proxy_profile": "proxy_dnxhd_36", "resolution": "1280x720"},
]


@pytest.mark.parametrize("changes", FIXABLE, ids=lambda changes: "-".join(changes.values()))
def test_every_fix_that_says_checked_is_true(changes: dict[str, Any], spec_file: Write, rulebook: Rulebook) -> None:
    path = spec_file(**changes)
    document = json.loads(path.read_text("utf-8"))
    small = {"container": "mp4", "codec": "h264", "video": {"width": 640, "height": 360, "par": 1}}
    machine = Machine(rulebook, probes=read_probes(json.dumps(dict.fromkeys(MP4, small)), "p", rulebook.vocabulary))
    before = [one for one in check(rulebook, path.read_bytes(), machine).findings if one.is_error]
    tried = 0
    for finding in before:
        for fix in finding.fix:
            better = repaired(document, fix)
            if better is None:
                assert not fix.startswith("Checked:"), fix
                continue
            tried += 1
            after = [one for one in check(rulebook, json.dumps(better).encode(), machine).findings if one.is_error]
            assert finding.id not in {one.id for one in after}, fix
            assert {one.id for one in after} < {one.id for one in before}, fix
    assert tried, [one.fix for one in before]


@pytest.mark.parametrize(
    ("changes", "finding"),
    [
        ({"jobspec_version": None}, "spec/missing-version"),
        ({"jobspec_version": 2.1}, "spec/other-version"),
        ({"sorces": ["/a.mp4"], "sources": None}, "spec/unknown-field"),
        ({"sources": []}, "spec/empty"),
        ({"sources": ["A001.mp4"]}, "spec/relative-path"),
        ({"sources": ["/footage/A001_C001.mp4", "/footage//A001_C001.mp4"]}, "spec/duplicate-source"),
        ({"resolution": "1281x720"}, "spec/odd-raster"),
        ({"resolution": "1280X720"}, "spec/not-allowed"),
        ({"naming_template": "{source_name"}, "naming/unbalanced-brace"),
        ({"naming_template": "../{source_name}"}, "naming/path-separator"),
        ({"naming_template": "CON"}, "naming/reserved-name"),
        ({"naming_template": "x" * 300}, "naming/too-long"),
        ({"output_directory": "proxies"}, "spec/relative-path"),
        ({"output_directory": "/footage\n"}, "spec/line-break"),
        ({"output_directory": "/dev/null/x"}, "output/not-a-folder"),
        ({"created_at": "2026-02-14T18:30:05"}, "spec/not-utc"),
        ({"resolved_tokens": {"a": 1}}, "spec/not-empty"),
        ({"fps_mode": "explicit", "fps_explicit": 0}, "spec/not-positive"),
        ({"job_id": "a/b"}, "spec/wrong-form"),
    ],
)
def test_one_fault_is_one_report(
    changes: dict[str, Any], finding: str, spec_file: Write, capsysbinary: Captured
) -> None:
    code, (file,) = report(capsysbinary, "--no-media", spec_file(**changes))
    assert (code, [one["id"] for one in file["findings"]]) == (1, [finding])


# ---- ways to name specs --------------------------------------------------------------------------------------------


def test_a_right_spec_is_one_line_and_exit_code_0(spec_file: Write, probes_file: Write, capsysbinary: Captured) -> None:
    path, probes = spec_file(), probes_file(MP4)
    assert spoken(capsysbinary, "--probes", probes, path) == (0, f"{path}: ok, engine ffmpeg\n", "")
    code, (file,) = report(capsysbinary, "--probes", probes, path)
    assert (code, file) == (0, {"path": str(path), "ok": True, "engine": "ffmpeg", "findings": [], "left_out": []})


def test_several_files_and_folders_are_told_in_order(spec_file: Write, tmp_path: Path, capsysbinary: Captured) -> None:
    (tmp_path / "b/deep").mkdir(parents=True)
    paths = [spec_file("b/2.json"), spec_file("b/deep/3.json", codec="h266"), spec_file("1.json")]
    (tmp_path / "b/notes.txt").write_text("no spec")
    (tmp_path / "b/job.record.json").write_text("{}")
    code, files = report(capsysbinary, "--no-media", tmp_path / "b", paths[2])
    assert code == 1
    assert [(file["path"], file["ok"]) for file in files] == [
        (str(paths[0]), True),
        (str(paths[1]), False),
        (str(paths[2]), True),
    ]


def test_a_spec_comes_from_standard_input(spec_file: Write) -> None:
    path = spec_file(codec="h266")
    done = run_proxx(["check", "--no-media", "-"], stdin=path.read_bytes())
    line, column = place(path, '"h266"')
    assert done.returncode == 1
    assert f"--> <stdin>:{line}:{column}\n" in done.stdout.decode()


def test_without_media_what_was_left_out_is_said(spec_file: Write, capsysbinary: Captured) -> None:
    path = spec_file()
    code, out, _ = spoken(capsysbinary, "--no-media", path)
    assert code == 0
    assert out.startswith(f"{path}: ok\n  not checked: 1 source not opened")
    _, (file,) = report(capsysbinary, "--no-media", path)
    assert (file["engine"], len(file["left_out"])) == ("none", 1)


def test_saved_facts_stand_in_for_files_and_other_files_are_opened(
    spec_file: Write, probes_file: Write, tmp_path: Path, clips: Path, capsysbinary: Captured
) -> None:
    here, gone = str(clips / "clip.mp4"), str(tmp_path / "gone.mp4")
    path = spec_file(sources=["/footage/A001_C001.mp4", here, gone])
    code, (file,) = report(capsysbinary, "--probes", probes_file(MP4), path)
    assert (code, file["engine"]) == (1, "ffmpeg")
    assert [(one["id"], one["pointer"]) for one in file["findings"]] == [("source/missing", "/sources/2")]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[]", "one JSON object"),
        ("{", "not readable as JSON"),
        ('{"/a": {"container": "mp4", "codek": "h264"}}', 'did you mean "codec"?'),
        ('{"/a": {"container": "mp4", "codec": 7}}', "must be a string"),
        ('{"/a": {"video": {"rate": "23.976"}}}', "24000/1001"),
        ('{"/a": {}, "/a": {}}', "stands there twice"),
    ],
)
def test_a_wrong_probe_file_is_usage_and_names_the_place(
    text: str, says: str, spec_file: Write, tmp_path: Path, capsysbinary: Captured
) -> None:
    probes = tmp_path / "media.probes.json"
    probes.write_text(text)
    code, out, err = spoken(capsysbinary, "--probes", probes, spec_file())
    assert (code, out) == (2, "")
    assert str(probes) in err
    assert says in err


# ---- bad inputs ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "finding", "where"),
    [
        (b"", "document/empty", "1:1"),
        (b" \n ", "document/empty", "1:1"),
        (b"\xef\xbb\xbf{}", "document/bom", "1:1"),
        (b"\xff\xfe{\x00}\x00", "document/not-utf8", "1:1"),
        (b"a job for tomorrow\n", "document/not-json", "1:1"),
        (b"#EXTM3U\nclip.ts\n", "document/comment", "1:1"),
        (b"[1, 2]", "document/not-an-object", "1:1"),
        (b"null", "document/not-an-object", "1:1"),
        (b'"a"', "document/not-an-object", "1:1"),
        (b"[" * 100_000, "document/too-deep", "1:65"),
        (b'{"a":' * 2_000_000, "document/too-deep", ""),
    ],
    ids=["empty", "blank", "bom", "utf-16", "words", "playlist", "list", "null", "text", "nested", "10-MB"],
)
def test_a_text_that_is_no_spec_is_told_in_one_message(
    data: bytes, finding: str, where: str, tmp_path: Path, capsysbinary: Captured
) -> None:
    path = tmp_path / "job.json"
    path.write_bytes(data)
    code, out, err = spoken(capsysbinary, "--no-media", path)
    first = out.partition("\n\n")[0]
    assert (code, err) == (1, "")
    assert first.startswith(f"error[{finding}]: ")
    assert f"--> {path}:{where}" in first
    assert len(out) < 5_000
    if finding not in ("document/bom", "document/comment"):
        assert out.count("error[") == 1


def test_a_byte_order_mark_hides_no_other_fault(spec_file: Write, capsysbinary: Captured) -> None:
    path = spec_file(codec="h266")
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    _, (file,) = report(capsysbinary, "--no-media", path)
    assert sorted(one["id"] for one in file["findings"]) == ["document/bom", "spec/not-allowed"]


def test_a_spec_that_cannot_be_opened_is_usage_and_the_others_are_still_judged(
    spec_file: Write, tmp_path: Path, capsysbinary: Captured
) -> None:
    (tmp_path / "empty").mkdir()
    os.mkfifo(tmp_path / "pipe.json")
    missing, pipe = tmp_path / "missing.json", tmp_path / "pipe.json"
    right = spec_file()
    code, out, err = spoken(capsysbinary, "--no-media", missing, right, pipe)
    assert code == 2
    assert out.startswith(f"{right}: ok\n")
    assert err == (
        f"proxx: cannot read {missing}: No such file or directory\nproxx: cannot read {pipe}: "
        "it is no regular file (what comes through a pipe is named -)\n"
    )
    code, out, err = spoken(capsysbinary, "--no-media", tmp_path / "empty")
    assert (code, out, err) == (2, "", f"proxx: no specs (*.json) below {tmp_path / 'empty'}\n")


def test_bad_sources_are_told_one_by_one_and_nothing_hangs(
    spec_file: Write, tmp_path: Path, clips: Path, capsysbinary: Captured
) -> None:
    os.mkfifo(tmp_path / "pipe.mov")
    (tmp_path / "folder.mov").mkdir()
    (tmp_path / "empty.mov").touch()
    (tmp_path / "words.mov").write_text("no film at all\n" * 100)
    (tmp_path / "list.mp4").write_text(
        f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{clips / 'clip.mp4'}\n#EXT-X-ENDLIST\n"
    )
    (tmp_path / "concat.mp4").write_text(f"ffconcat version 1.0\nfile {clips / 'clip.mp4'}\n")
    whole = (clips / "clip_001.mov").read_bytes()
    (tmp_path / "cut.mov").write_bytes(whole[: len(whole) // 2])
    wanted = {
        "pipe.mov": "source/not-a-file",
        "folder.mov": "source/not-a-file",
        "empty.mov": "source/empty",
        "gone.mov": "source/missing",
        "words.mov": "source/not-media",
        "list.mp4": "source/format-not-allowed",
        "concat.mp4": "source/format-not-allowed",
        "cut.mov": "source/not-media",
    }
    path = spec_file(sources=[str(tmp_path / name) for name in wanted])
    code, (file,) = report(capsysbinary, path)
    told = {one["pointer"]: one["id"] for one in file["findings"]}
    assert code == 1
    assert len(told) == len(file["findings"])
    refused = {name: told[f"/sources/{index}"] for index, name in enumerate(wanted)}
    # FFmpeg 7.0 and 8.0 do not take a .mp4 for an HLS playlist at all: it is refused all the same.
    if refused["list.mp4"] == "source/not-media":
        wanted["list.mp4"] = "source/not-media"
    assert refused == wanted
    for one in file["findings"]:
        index = int(one["pointer"].rpartition("/")[2])
        assert (one["line"], one["column"]) == place(path, json.dumps(str(tmp_path / list(wanted)[index])))


def test_a_half_copied_mov_is_told_before_anything_runs(
    spec_file: Write, tmp_path: Path, clips: Path, capsysbinary: Captured
) -> None:
    command = ["ffmpeg", "-v", "error", "-i", str(clips / "clip_001.mov"), "-c", "copy", "-movflags", "+faststart"]
    subprocess.run([*command, str(tmp_path / "whole.mov")], check=True, timeout=60)
    whole = (tmp_path / "whole.mov").read_bytes()
    (tmp_path / "half.mov").write_bytes(whole[: len(whole) // 2])
    path = spec_file(sources=[str(tmp_path / "half.mov")], output_directory=str(tmp_path / "proxies"))
    code, (file,) = report(capsysbinary, path)
    assert (code, [one["id"] for one in file["findings"]]) == (1, ["source/cut-short"])
    assert not (tmp_path / "proxies").exists()


def test_an_output_folder_that_may_not_be_written_to_is_told(rulebook: Rulebook, nobody: None) -> None:
    data = json.dumps({**SPEC, "output_directory": "/usr"}).encode()
    verdict = check(rulebook, data, Machine(rulebook, no_media=True)).verdict
    assert [finding.id for finding in verdict.findings] == ["output/not-writable"]
    assert "Permission denied" in verdict.findings[0].why[0]


@pytest.fixture
def locked_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A folder that nobody may read, named from the folder it stands in."""
    (tmp_path / "open/locked").mkdir(parents=True)
    (tmp_path / "open/locked").chmod(0)
    monkeypatch.chdir(tmp_path / "open")
    return "locked"


@pytest.fixture
def nobody() -> Iterator[None]:
    """The test goes on as a user without rights: root may read and write everywhere."""
    ours = os.getresuid()
    if ours[1] == 0:
        os.setresuid(65534, 65534, 0)
    yield
    os.setresuid(*ours)


def test_a_folder_of_specs_that_may_not_be_read_is_said_so(locked_folder: str, nobody: None) -> None:
    with pytest.raises(ProxxError, match="cannot read locked: Permission denied") as caught:
        spec_files([locked_folder])
    assert caught.value.exit_code == 2


# ---- the process ---------------------------------------------------------------------------------------------------


def run_proxx(
    words: list[str], *, stdin: bytes = b"", environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    """proxx as its own process."""
    surroundings = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **(environment or {})}
    return subprocess.run(
        [sys.executable, "-m", "proxx", *words], input=stdin, env=surroundings, capture_output=True, timeout=60
    )


def test_colours_are_for_terminals_that_want_them(spec_file: Write) -> None:
    path = spec_file(codec="h266")
    for environment, coloured in (({"NO_COLOR": "", "TERM": "xterm"}, True), ({"NO_COLOR": "1"}, False)):
        ours, theirs = pty.openpty()
        surroundings = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **environment}
        child = subprocess.Popen(
            [sys.executable, "-m", "proxx", "check", "--no-media", str(path)], stdout=theirs, env=surroundings
        )
        os.close(theirs)
        said = b""
        while True:
            try:
                piece = os.read(ours, 4096)
            except OSError:
                break
            if not piece:
                break
            said += piece
        os.close(ours)
        assert child.wait(30) == 1
        assert (b"\x1b[31;1m" in said) == coloured
    assert b"\x1b[" not in run_proxx(["check", "--no-media", str(path)], environment={"NO_COLOR": ""}).stdout


def test_trouble_with_the_machine_is_exit_code_3(spec_file: Write) -> None:
    done = run_proxx(["check", str(spec_file())], environment={"PATH": "/nowhere", "PROXX_FFPROBE": "/nowhere/ffprobe"})
    assert done.returncode == 3
    assert done.stderr.startswith(b"proxx: ")
    assert done.stdout == b""


def test_a_name_in_no_encoding_is_shown_by_signs(spec_file: Write, tmp_path: Path) -> None:
    path = spec_file()
    strange = os.fsencode(tmp_path) + b"/\xff\n.json"
    path.rename(os.fsdecode(strange))
    done = run_proxx(["check", "--no-media", os.fsdecode(strange)], environment={"LC_ALL": "C", "PYTHONUTF8": "1"})
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"/\\xff\xe2\x90\x8a.json: ok" in done.stdout


def test_a_locale_whose_names_are_no_utf_8_is_trouble(spec_file: Write) -> None:
    done = run_proxx(["check", "--no-media", str(spec_file())], environment={"LC_ALL": "C", "PYTHONUTF8": "0"})
    assert (done.returncode, done.stdout) == (3, b"")
    assert b"Set PYTHONUTF8=1." in done.stderr


def test_a_reader_that_goes_away_is_no_trouble(spec_file: Write) -> None:
    paths = [str(spec_file(f"{index}.json", codec="h266")) for index in range(3)]
    child = subprocess.Popen(
        [sys.executable, "-m", "proxx", "check", "--no-media", *paths],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert child.stdout is not None
    assert child.stderr is not None
    child.stdout.close()
    assert b"Traceback" not in child.stderr.read()
    child.stderr.close()
    assert child.wait(30) in (1, 3)


# ---- never a traceback ---------------------------------------------------------------------------------------------

VALUES: list[Any] = [
    *(None, True, False, 0, -1, 1.5, 1e308, 10**40, "", " ", "\n", "\0", "\ud800", "é", "e\u0301", "{", "}", "{}"),
    *("a" * 5000, "/", "//", "/..", "h264", "mov", "half", "1920x1080", "0x0", "1x1", "9" * 30 + "x2", "2.1"),
    *("{width}{fps}", "{date}", "{{source_name}}", "2026-02-30T00:00:00Z", "explicit", "proxy_dnxhd_36"),
    *("proxy_prores_lt_resolve", [], ["/a", "/a"], [[]], [None], {}, {"a": {"b": []}}, ["/" + "x" * 300]),
    ["/footage/A001_C001.mp4", "/b.mov", "/c.r3d"],
]


def mutated(random_: random.Random, document: dict[str, Any]) -> bytes:
    """A spec with one to four random changes, and now and then a wound in its text."""
    changed = copy.deepcopy(document)
    for _ in range(random_.randint(1, 4)):
        key = random_.choice([*changed, "extra", "Codec", "job_id", "created_at", "fps_mode", "fps_explicit"])
        if random_.random() < 0.15:
            changed.pop(key, None)
        else:
            changed[key] = random_.choice(VALUES)
    data = bytearray(json.dumps(changed, ensure_ascii=random_.random() < 0.5).encode("utf-8", "surrogatepass"))
    if random_.random() < 0.3:
        at = random_.randrange(len(data))
        wound = random_.choice([b"", b"\xff", b'"', b"//", b"{", b"NaN", b"\\u", b"\xef\xbb\xbf", b"\x00", b",]"])
        data[at : at + random_.randint(0, 3)] = wound
    return bytes(data)


@pytest.mark.parametrize("seed", range(6))
def test_random_mistakes_never_end_in_a_traceback(seed: int, spec_file: Write, rulebook: Rulebook) -> None:
    random_ = random.Random(seed)
    document = json.loads(spec_file().read_text("utf-8"))
    entries = {
        "/footage/A001_C001.mp4": {"container": "mp4", "codec": "h264", "video": {"width": 1920, "height": 1080}},
        "/b.mov": {"container": "mov", "codec": "prores"},
        "/c.r3d": {"container": "r3d", "codec": "redcode"},
    }
    probes = read_probes(json.dumps(entries), "p", rulebook.vocabulary)
    for _ in range(60):
        data = mutated(random_, document)
        no_media = random_.random() < 0.5
        known = Machine(rulebook, probes=probes, no_media=no_media)
        if not no_media:
            sources = check(rulebook, data, Machine(rulebook, no_media=True)).verdict.words.get("sources", ())
            known = Machine(rulebook, probes=probes, no_media=bool(set(sources) - set(probes)))
        checked = check(rulebook, data, known)
        reports = [report_of("job.json", checked)]
        assert f"job.json: {'ok' if checked.verdict.ok else 'refused'}" in as_text(reports, colour=False)
        (file,) = json.loads(as_json(reports))["files"]
        assert file["ok"] == checked.verdict.ok
        for one in file["findings"]:
            assert one["line"] >= 1
            assert one["column"] >= 1


def test_a_callers_own_stream_takes_the_text(spec_file: Write) -> None:
    with contextlib.redirect_stdout(io.StringIO()) as said:
        assert main(["check", "--no-media", str(spec_file())]) == 0
    assert "ok" in said.getvalue()


def test_each_source_is_looked_at_once_however_many_outputs_are_there(
    rulebook: Rulebook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    sources = [tmp_path / f"{number}.mov" for number in range(200)]
    outputs = [folder / one.name for one in sources]
    for one in (*sources, *outputs[1:]):
        one.touch()
    outputs[0].hardlink_to(sources[7])
    looked: list[str] = []
    stat = os.stat

    def counted(path: Any, **how: Any) -> os.stat_result:
        looked.append(str(path))
        return stat(path, **how)

    monkeypatch.setattr(os, "stat", counted)
    machine, named = Machine(rulebook), tuple(map(str, sources))
    places = [machine.place(str(one), named, str(folder)) for one in outputs]
    assert places == ["source", *["free"] * 199]
    assert [looked.count(one) for one in named] == [1] * 200
