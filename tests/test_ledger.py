"""What is known of finished proxies: told changes, retries, status, later checks, and a chain of records."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_task import assert_shape, job, proxies, records

from proxx import commit, terminal
from proxx.chain import add_record, broken_links
from proxx.cli import main
from proxx.commit import write_new
from proxx.failure import Failed, disk_of, judge_failure, signal_class
from proxx.ledger import DONE, Entry, Ledger, Made, read_entry
from proxx.model import Media, Task
from proxx.rulebook import Rulebook
from proxx.stamp import Stamp, is_still, output_stamp, source_stamp

Write = Callable[..., Path]
NAMES = ("clip_001_proxy.mov", "clip_002_proxy.mov")


@pytest.fixture
def done(clips: Path, spec_file: Write, tmp_path: Path) -> tuple[str, Path, Path]:
    """A finished job: its spec, its output folder, and the first of its two sources (a copy that may be changed)."""
    card = tmp_path / "card"
    card.mkdir()
    for name in ("clip_001.mov", "clip_002.mov"):
        (card / name).write_bytes((clips / name).read_bytes())
    out = tmp_path / "out"
    spec = str(job(spec_file, card, out))
    assert main(["run", spec, "--quiet"]) == 0
    return spec, out, card / "clip_001.mov"


def record_path(out: Path, which: int = 0) -> str:
    return str(sorted(out.glob("*.record.json"), key=lambda path: path.stat().st_mtime_ns)[which])


def states(out: Path, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict[str, str]]:
    capsys.readouterr()
    code = main(["status", *(words or (str(out),)), "--format", "json"])
    document = json.loads(capsys.readouterr().out)
    assert_shape("status", document)
    return code, {os.path.basename(one["output"]): one["state"] for one in document["proxies"]}


def test_a_source_that_changed_is_told_and_its_proxy_not_reused(
    done: tuple[str, Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    spec, out, source = done
    before = proxies(out)
    os.utime(source, (1_600_000_000, 1_600_000_000))
    assert states(out, capsys) == (1, {NAMES[0]: "source-changed", NAMES[1]: "fresh"})
    assert main(["run", spec, "--quiet"]) == 1
    assert "error[ledger/source-changed]: clip_001.mov changed since its proxy was made" in capsys.readouterr().out
    assert main(["run", spec, "--quiet", "--overwrite", "same-plan"]) == 0
    assert [clip["kept"] for clip in records(out)[-1]["clips"]] == [False, True]
    assert proxies(out) == before
    assert states(out, capsys) == (0, dict.fromkeys(NAMES, "fresh"))


def test_a_rulebook_that_changed_is_told_and_same_plan_does_not_replace(
    done: tuple[str, Path, Path], book_copy: Callable[[], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    spec, out, _ = done
    book = book_copy()
    head = (book / "rulebook.toml").read_text("utf-8")
    (book / "rulebook.toml").write_text(head.replace('"1.0.0"', '"1.0.1"'), "utf-8")
    naming = book / "matrices" / "naming.toml"
    naming.write_text(naming.read_text("utf-8").replace("Shorten the template or", "Shorten the name or"), "utf-8")
    words = ["--rulebook", str(book)]
    assert states(out, capsys, str(out), *words) == (1, dict.fromkeys(NAMES, "rulebook-changed"))
    for overwrite in ("never", "same-plan"):
        assert main(["run", spec, "--quiet", "--overwrite", overwrite, *words]) == 1
        assert capsys.readouterr().out.count("error[ledger/rulebook-changed]") == 2
    assert main(["run", spec, "--quiet", "--resume", *words]) == 1
    assert "error[resume/changed]" in capsys.readouterr().out


def test_a_retry_makes_only_what_is_not_proved_under_the_first_names(
    done: tuple[str, Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    _, out, _ = done
    first = records(out)[0]
    before = proxies(out)
    assert main(["retry", record_path(out), "--quiet"]) == 0
    assert "nothing to do" in capsys.readouterr().out
    (out / NAMES[1]).unlink()
    assert main(["retry", record_path(out), "--quiet"]) == 0
    second = next(one for one in records(out) if one["job_id"] != first["job_id"])
    assert (second["retried_from"], second["status"]) == (first["job_id"], "COMPLETED")
    assert [clip["kept"] for clip in second["clips"]] == [True, False]
    assert second["spec"] == first["spec"]
    assert second["plan_digest"] == first["plan_digest"]
    assert proxies(out) == before
    assert_shape("record", second)


def test_an_altered_proxy_is_neither_kept_nor_thrown_away_unasked(
    done: tuple[str, Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    spec, out, _ = done
    (out / NAMES[0]).write_bytes(b"cut by hand")
    assert states(out, capsys) == (1, {NAMES[0]: "altered", NAMES[1]: "fresh"})
    assert main(["retry", record_path(out), "--quiet"]) == 1
    assert "ledger/altered" in capsys.readouterr().out
    assert (out / NAMES[0]).read_bytes() == b"cut by hand"
    assert main(["run", spec, "--resume", "--overwrite", "same-plan", "--quiet"]) == 0
    assert states(out, capsys) == (0, dict.fromkeys(NAMES, "fresh"))


def test_status_tells_orphans_missing_and_offline_sources(
    done: tuple[str, Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    _, out, source = done
    (out / "stray.MOV").write_bytes(b"x")
    (out / NAMES[1]).unlink()
    source.unlink()
    code, found = states(out, capsys)
    assert (code, found) == (1, {NAMES[0]: "source-missing", NAMES[1]: "missing", "stray.MOV": "orphan"})
    assert states(out, capsys, record_path(out))[1] == {NAMES[0]: "source-missing", NAMES[1]: "missing"}
    assert main(["status", str(out)]) == 1
    told = capsys.readouterr().out
    assert "COMPLETED, 1 of 2" not in told
    assert told.endswith("1 missing, 1 orphan, 1 source-missing\n")
    assert main(["status", str(out / "nowhere")]) == 2


def test_verify_finds_one_flipped_bit_and_quick_finds_a_cut_file(
    done: tuple[str, Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    _, out, _ = done
    assert main(["verify", record_path(out)]) == 0
    assert "2 of 2 proxies are as recorded\n" in capsys.readouterr().out
    document = json.loads(Path(record_path(out)).read_text("utf-8"))
    document["clips"][0]["status"] = "FAILED"
    (other := out.parent / "other.record.json").write_text(json.dumps(document))
    assert main(["verify", str(other), "--quick"]) == 0
    told = "1 of 1 proxies are as recorded; 1 more of the record was never finished\n"
    assert capsys.readouterr().out.endswith(told)
    path = out / NAMES[0]
    data, found = bytearray(path.read_bytes()), path.stat()
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    os.utime(path, ns=(found.st_atime_ns, found.st_mtime_ns))
    assert main(["verify", str(out), "--format", "json"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert_shape("verified", document)
    assert [one["state"] for one in document["proxies"]] == ["altered", "same"]
    path.write_bytes(data[:-100])
    assert main(["verify", str(out), "--quick"]) == 1
    assert "kept/altered" in capsys.readouterr().out


def test_verify_looks_beside_the_records_where_a_folder_was_moved_and_without_a_ledger_too(
    done: tuple[str, Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    _, out, _ = done
    moved = out.rename(out.with_name("mounted elsewhere"))
    for place in (str(moved), record_path(moved)):
        assert main(["verify", place]) == 0
        assert "2 of 2 proxies are as recorded" in capsys.readouterr().out
    shutil.rmtree(moved / ".proxx")
    (moved / NAMES[1]).write_bytes(b"cut by hand")
    assert main(["verify", str(moved), "--quick"]) == 1
    assert "1 of 2 proxies are as recorded" in capsys.readouterr().out
    (moved / NAMES[1]).unlink()
    assert main(["verify", str(moved), "--quick"]) == 1
    assert "error[kept/missing]" in capsys.readouterr().out


def test_the_record_of_very_many_clips_is_retried_and_run_as_any_other(
    done: tuple[str, Path, Path], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Thousands of clips with eight streams of sound each make more than the 64 MiB of a document that people write."""
    _, out, _ = done
    monkeypatch.setattr(terminal, "MOST_BYTES", 1000)
    for word in ("retry", "run"):
        assert main([word, record_path(out), "--quiet"]) == 0
        assert "nothing to do" in capsys.readouterr().out


def test_a_damaged_record_is_no_reason_to_crash(
    done: tuple[str, Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    _, out, _ = done
    path = Path(record_path(out))
    record = json.loads(path.read_text("utf-8"))
    for clips in ([1.5, None], [{"output": 7, "status": "COMPLETED"}], [{**record["clips"][0], "promise": []}]):
        path.write_text(json.dumps({**record, "clips": clips}), "utf-8")
        for command in ("status", "verify", "reproduce", "retry"):
            words = ["--index", "0"] if command == "reproduce" else ["--quiet"] if command == "retry" else []
            assert main([command, str(path), *words]) in (0, 1, 2)
    path.write_text(json.dumps({**record, "spec": {**record["spec"], "naming_template": "\ud800"}}), "utf-8")
    capsys.readouterr()
    for command in ("run", "retry"):
        assert main([command, str(path), "--quiet"]) == 1
        assert "error[" in capsys.readouterr().out


def test_a_job_that_a_retry_completed_has_nothing_left_to_do(
    done: tuple[str, Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    spec, out, _ = done
    (out / NAMES[1]).unlink()
    first = Path(record_path(out))
    assert main(["retry", str(first), "--quiet"]) == 0
    first.unlink()
    capsys.readouterr()
    assert main(["run", spec, "--quiet"]) == 0
    assert "nothing to do" in capsys.readouterr().out


def test_a_path_that_is_too_long_as_a_whole_is_told_before_anything_is_written(
    clips: Path, spec_file: Write, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    deep = tmp_path
    while len(str(deep)) < 4000:
        deep /= "d" * min(200, 4020 - len(str(deep)))
    assert main(["run", str(job(spec_file, clips, deep)), "--quiet"]) == 1
    assert "takes paths of 4095 bytes; the job needs" in capsys.readouterr().out
    assert not (tmp_path / ("d" * 200)).exists()


def test_an_argument_list_that_the_rules_would_not_render_is_never_run(
    done: tuple[str, Path, Path], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    _, out, _ = done
    record, stray = Path(record_path(out)), tmp_path / "stray.mov"
    document = json.loads(record.read_text("utf-8"))
    argv = document["clips"][0]["argv"]
    document["clips"][0]["argv"] = [*argv[:-1], "-f", "mov", str(stray), argv[-1]]
    record.write_text(json.dumps(document), "utf-8")
    assert main(["reproduce", str(record), "--format", "json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert_shape("reproduced", told)
    assert told["state"] == "not-compared"
    assert [one["id"] for one in told["findings"]] == ["chain/altered", "reproduce/other-argv"]
    copied = out / "copied.record.json"
    record.rename(copied)  # no chain speaks of it
    (out / ".proxx" / "chain.json").unlink()
    assert main(["reproduce", str(copied)]) == 1
    said = capsys.readouterr().out
    assert "reproduce/other-argv" in said
    assert "The record goes on with -f mov" in said
    assert not stray.exists()


def test_a_recorded_clip_is_made_anew_byte_for_byte(
    done: tuple[str, Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    _, out, source = done
    record = record_path(out)
    assert main(["reproduce", record, "--index", "1"]) == 0
    assert "byte for byte the same" in capsys.readouterr().out
    document = json.loads(Path(record).read_text("utf-8"))
    document["clips"][0]["sha256"] = f"sha256:{'0' * 64}"
    other = out / "other.record.json"
    other.write_text(json.dumps(document))
    assert main(["reproduce", str(other), "--format", "json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert_shape("reproduced", told)
    assert [one["id"] for one in told["findings"]] == ["reproduce/differs"]
    source.write_bytes(source.read_bytes() + b"x")
    assert main(["reproduce", record]) == 1
    assert "reproduce/source-changed" in capsys.readouterr().out
    assert main(["reproduce", record, "--index", "7"]) == 2


def test_a_clip_is_made_anew_of_a_record_that_lies_elsewhere_now(
    done: tuple[str, Path, Path], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    _, out, _ = done
    out.rename(tmp_path / "archive")
    out.write_text("what stands there now is no folder")
    assert main(["reproduce", record_path(tmp_path / "archive")]) == 0
    assert f"byte for byte the same: {tmp_path}/archive/{NAMES[0]}" in capsys.readouterr().out
    out.unlink()
    assert main(["retry", record_path(tmp_path / "archive"), "--quiet"]) == 0
    told = f"The record lies in {tmp_path}/archive; its job writes to {out}"
    assert f"warning[retry/elsewhere]: {told}" in capsys.readouterr().err
    assert len(proxies(out)) == 2


def test_there_is_nothing_to_resume_where_nothing_began(
    clips: Path, spec_file: Write, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert main(["run", str(job(spec_file, clips, out)), "--resume", "--quiet"]) == 1
    assert "error[resume/nothing]" in capsys.readouterr().out
    assert not out.exists()


def test_a_file_of_nobody_is_replaced_only_when_everything_may_be(
    clips: Path, spec_file: Write, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / NAMES[0]).write_bytes(b"mine")
    spec = str(job(spec_file, clips, out, sources=[str(clips / "clip_001.mov")]))
    for overwrite in ("never", "same-plan"):
        assert main(["run", spec, "--quiet", "--overwrite", overwrite]) == 1
        assert "naming/exists" in capsys.readouterr().out
    assert main(["task", "--spec", spec, "--index", "0"]) == 1
    assert (out / NAMES[0]).read_bytes() == b"mine"
    assert main(["run", spec, "--quiet", "--overwrite", "always"]) == 0
    assert len(proxies(out)[NAMES[0]]) > 1000


@pytest.mark.parametrize("what", ["folder", "link to nothing", "link to a folder"])
def test_what_is_no_file_is_told_before_anything_runs_and_never_replaced(
    what: str, clips: Path, spec_file: Write, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    if what == "folder":
        (out / NAMES[0]).mkdir()
    else:
        (out / NAMES[0]).symlink_to(tmp_path if what == "link to a folder" else tmp_path / "nowhere.mov")
    spec = str(job(spec_file, clips, out, sources=[str(clips / "clip_001.mov")]))
    for overwrite in ("never", "always"):
        assert main(["run", spec, "--quiet", "--overwrite", overwrite]) == 1
        assert "error[naming/no-file]" in capsys.readouterr().out
    assert os.listdir(out) == [NAMES[0]]
    assert not (tmp_path / "nowhere.mov").exists()


def test_a_name_that_differs_in_case_only_from_a_file_that_is_there_is_told(
    clips: Path, spec_file: Write, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "CLIP_001_Proxy.mov").write_bytes(b"mine")
    spec = str(job(spec_file, clips, out, sources=[str(clips / "clip_001.mov")]))
    assert main(["run", spec, "--quiet"]) == 0
    assert "warning[ledger/alike]" in capsys.readouterr().err


def test_the_records_of_a_folder_are_a_chain_that_shows_every_change(tmp_path: Path) -> None:
    ledger = Ledger(str(tmp_path / "out"))
    ledger.make()
    document = {"job_id": "a", "spec": {}, "clips": [], "status": "COMPLETED", "ended_at": "2026-01-01T00:00:00Z"}
    paths = [Path(add_record(ledger, name, {**document, "job_id": name})) for name in ("a", "b", "a")]
    assert [path.name for path in paths] == ["a.record.json", "b.record.json", "a.2.record.json"]
    linked = [(json.loads(path.read_text())["previous"] or {}).get("file") for path in paths]
    assert linked == [None, "a.record.json", "b.record.json"]
    assert broken_links(ledger.folder) == []
    whole = [path.read_text() for path in paths]
    for path, kind in ((paths[0], "altered"), (paths[2], "altered")):
        path.write_text(path.read_text().replace("COMPLETED", "FAILED"))
        assert [(one.kind, one.file) for one in broken_links(ledger.folder)] == [(kind, path.name)]
        path.write_text(whole[paths.index(path)])
    for path in (paths[1], paths[2]):
        path.unlink()
        assert [(one.kind, one.file) for one in broken_links(ledger.folder)] == [("missing", path.name)]
        path.write_text(whole[paths.index(path)])
    (tmp_path / "out" / "c.record.json").write_text(
        json.dumps({**document, "previous": json.loads(whole[1])["previous"]})
    )
    assert [one.kind for one in broken_links(ledger.folder)] == ["forked"]
    for note in (None, "{"):  # gone, or cut off
        tip = tmp_path / "out" / ".proxx" / "chain.json"
        tip.unlink() if note is None else tip.write_text(note)
        assert [one.kind for one in broken_links(ledger.folder)] == ["forked", "unvouched"]


def test_a_last_record_that_was_removed_with_the_note_of_it_shows(
    done: tuple[str, Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    spec, out, _ = done
    job_id = records(out)[0]["job_id"]
    for path in (*out.glob(f"{job_id}*"), out / ".proxx" / "chain.json"):
        path.unlink()
    capsys.readouterr()
    assert main(["verify", str(out), "--quick"]) == 0
    assert f"warning[kept/unrecorded]: No record here tells of what job {job_id} made: 2" in capsys.readouterr().out
    assert main(["status", str(out)]) == 0
    assert f"job {job_id}: UNRECORDED, 2 of 2 clips done, no record and no plan is here" in capsys.readouterr().out
    assert states(out, capsys)[0] == 0
    assert main(["run", spec, "--quiet"]) == 0, "a record is written of what is proved"
    capsys.readouterr()
    assert main(["verify", str(out), "--quick"]) == 0
    assert "warning" not in capsys.readouterr().out
    (out / ".proxx" / "chain.json").unlink()
    assert main(["verify", str(out), "--quick"]) == 0
    assert f"warning[chain/unvouched]: {out / job_id}.record.json is the last" in capsys.readouterr().out


def test_a_damaged_record_is_told_and_the_others_are_gone_by(
    done: tuple[str, Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    _, out, _ = done
    strange = {**records(out)[0], "rulebook": "x"}
    (out / "strange.record.json").write_text(json.dumps(strange))
    assert main(["retry", str(out / "strange.record.json")]) == 2
    (out / "cut.record.json").write_text('{"job_id')
    lame: dict[str, Any] = {"job_id": "lame", "spec": {}, "status": "COMPLETED", "clips": [{"status": "COMPLETED"}, 1]}
    (out / "lame.record.json").write_text(json.dumps(lame))
    (out / "folder.record.json").mkdir()
    os.mkfifo(out / "pipe.record.json")
    capsys.readouterr()
    assert main(["verify", str(out), "--quick"]) == 1
    told = capsys.readouterr().out
    assert "error[chain/unreadable]" in told
    assert f"{out}/cut.record.json cannot be read as a record: no record of proxx" in told
    assert f"{out}/lame.record.json cannot be read as a record: a clip lacks 'output'" in told
    assert "2 of 2 proxies are as recorded" in told
    assert states(out, capsys) == (0, dict.fromkeys(NAMES, "fresh"))


def test_status_and_verify_look_into_the_folders_below(
    done: tuple[str, Path, Path], capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, out, source = done
    day = tmp_path / "day"
    shutil.copytree(out, day / "A001" / "CLIP")
    (day / "other").mkdir()
    shutil.copy(source, day / "other")  # no folder of proxies: not looked at
    capsys.readouterr()
    assert main(["status", f"{day}/."]) == 0
    told = capsys.readouterr().out
    assert f"COMPLETED, 2 of 2 clips done, A001/CLIP/{os.path.basename(record_path(out))}" in told
    assert f"fresh             A001/CLIP/{NAMES[0]}" in told
    assert states(day, capsys) == (0, dict.fromkeys(NAMES, "fresh"))
    (day / "A001" / "CLIP" / NAMES[1]).write_bytes(b"")
    real = os.scandir

    def locked(path: str) -> Any:
        if path == str(day / "other"):
            raise PermissionError(13, "Permission denied", path)
        return real(path)

    monkeypatch.setattr(os, "scandir", locked)
    assert main(["verify", f"{day}/", "--quick"]) == 1
    told, said = capsys.readouterr()
    assert said == f"proxx: {day}/other is left out: Permission denied\n"
    assert f"same      {day}/A001/CLIP/{NAMES[0]}" in told
    assert "1 of 2 proxies are as recorded" in told


def test_sources_that_lie_beside_their_proxies_are_no_orphans(
    clips: Path, spec_file: Write, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copy(clips / "clip_001.mov", tmp_path)
    spec = str(job(spec_file, tmp_path, tmp_path, sources=[str(tmp_path / "clip_001.mov")]))
    assert main(["run", spec, "--quiet"]) == 0
    assert states(tmp_path, capsys) == (0, {NAMES[0]: "fresh"})


def test_the_chain_goes_on_after_a_crash_between_a_record_and_the_note_of_it(tmp_path: Path) -> None:
    ledger = Ledger(str(tmp_path / "out"))
    ledger.make()
    document = {"job_id": "a", "spec": {}, "clips": [], "status": "COMPLETED", "ended_at": "2026-01-01T00:00:00Z"}
    add_record(ledger, "a", document)
    note = (tmp_path / "out" / ".proxx" / "chain.json").read_bytes()
    add_record(ledger, "b", document)
    (tmp_path / "out" / ".proxx" / "chain.json").write_bytes(note)
    last = json.loads(Path(add_record(ledger, "c", document)).read_text())
    assert last["previous"]["file"] == "b.record.json"
    assert broken_links(ledger.folder) == []


STAMP = Stamp(1, 2, "sha256:00")
MADE = Made("k", "p", "r", "5.1", "j", STAMP, STAMP, {"output": "a"})


@given(
    name=st.text(st.characters(blacklist_characters="/\0", blacklist_categories=["Cs"]), min_size=1, max_size=40),
    made=st.sampled_from([None, MADE]),
    replaces=st.sampled_from([None, STAMP]),
    attempts=st.integers(0, 9),
)
def test_an_entry_reads_back_as_it_was_written(
    name: str, made: Made | None, replaces: Stamp | None, attempts: int
) -> None:
    entry = Entry(name, 3, "/s\udcff.mov", DONE, "j", "p", attempts, "h:1", "t", None, ({"id": "x"},), made, replaces)
    text = json.dumps(entry.document(), ensure_ascii=False).encode("utf-8", "surrogateescape")
    assert read_entry(json.loads(text.decode("utf-8", "surrogateescape"))) == entry


@pytest.mark.parametrize("name", ["a" * 242 + ".mov", "new\nline.mov", " -%d ü🎬'\".mov", "raw\udcff\udcfe.mov"])
def test_hostile_names_have_entries_and_locks(name: str, tmp_path: Path) -> None:
    ledger = Ledger(str(tmp_path))
    ledger.make()
    entry = Entry(name, 0, "/s.mov", DONE, "j", "p", made=MADE)
    with ledger.lock(name) as held:
        assert held
        ledger.write(entry)
        with ledger.lock(name, seconds=0) as other:
            assert not other
    assert ledger.entry(name) == entry
    assert list(ledger.entries()) == [entry]


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"format": 2}', '{"format": 1, "state": "DONE"}', "[" * 9999])
def test_an_entry_that_cannot_be_read_vouches_for_nothing(text: str, tmp_path: Path) -> None:
    ledger = Ledger(str(tmp_path))
    ledger.make()
    Path(ledger.place("clips", "a.mov.json")).write_text(text)
    assert ledger.entry("a.mov") is None
    assert list(ledger.entries()) == []


def test_a_file_is_still_the_same_when_only_its_time_changed_and_not_when_a_byte_did(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"abc")
    stamp = output_stamp(str(path), "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    os.utime(path, (1, 1))
    assert is_still(str(path), stamp)
    path.write_bytes(b"abd")
    assert not is_still(str(path), stamp)
    os.utime(path, ns=(1, stamp.mtime_ns))
    assert is_still(str(path), stamp)  # size and time are believed, unless the whole file shall be read
    assert not is_still(str(path), stamp, whole=True)
    link = tmp_path / "link"
    link.symlink_to(path)
    assert not is_still(str(link), replace(stamp, size=3))


def test_a_source_is_known_by_its_two_ends(tmp_path: Path) -> None:
    path = tmp_path / "a"
    stamps = []
    for head, tail in ((b"a", b"z"), (b"b", b"z"), (b"a", b"y")):
        path.write_bytes(head + bytes(200_000) + tail)
        os.utime(path, (1, 1))
        stamps.append(source_stamp(str(path)))
    assert len(set(stamps)) == 3
    assert source_stamp(str(tmp_path / "gone")).size == 0


def test_a_document_is_numbered_unless_the_last_one_says_the_same(tmp_path: Path) -> None:
    names = [Path(write_new(str(tmp_path), "j", "plan.json", text)).name for text in ("a", "a", "b", "b", "a")]
    assert names == ["j.plan.json", "j.plan.json", "j.2.plan.json", "j.2.plan.json", "j.3.plan.json"]


@pytest.mark.parametrize(("rival", "name"), [("a", "j.plan.json"), ("b", "j.2.plan.json")])
def test_two_processes_of_one_job_write_one_document(
    rival: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = commit.write_durably

    def slower(path: str, text: str) -> None:
        real(path, text)
        (tmp_path / "j.plan.json").write_text(rival)

    monkeypatch.setattr(commit, "write_durably", slower)
    assert Path(write_new(str(tmp_path), "j", "plan.json", "a")).name == name
    assert {path.name for path in tmp_path.iterdir()} == {"j.plan.json", name}


@pytest.mark.parametrize(
    ("how", "code", "said", "attempt", "row"),
    [
        ("error", -9, "", 1, "killed"),
        ("error", -9, "", 3, "otherwise"),
        ("error", -11, "", 1, "crashed"),
        ("error", -11, "", 2, "otherwise"),
        ("error", 1, "av_interleaved_write_frame(): No space left on device", 1, "no-space"),
        ("error", 1, "Error writing trailer of out.mov: File too large", 1, "too-large"),
        ("error", 1, "Stale file handle", 2, "input-output"),
        ("trouble", None, "[Errno 5] Input/output error", 3, "input-output-later"),
        ("trouble", None, "Permission denied", 1, "otherwise"),
        ("refused", 0, "Input/output error", 1, "otherwise"),
        ("stalled", -9, "", 1, "killed"),
    ],
)
def test_the_failure_table_knows_what_passes_by_itself(
    how: str, code: int | None, said: str, attempt: int, row: str, rulebook: Rulebook, tmp_path: Path
) -> None:
    if how == "stalled":
        code, row = None, "stalled"
    assert judge_failure(rulebook, task_in(tmp_path), Failed(how, attempt, code, said)).row == row


def test_nothing_is_tried_again_on_a_volume_that_is_gone(rulebook: Rulebook, tmp_path: Path) -> None:
    again = judge_failure(rulebook, task_in(tmp_path / "gone"), Failed("error", 1, 1, "Input/output error"))
    assert (again.row, again.retry) == ("disk-read-only", False)
    (told,) = again.findings
    assert (told.id, told.message) == (
        "made/volume-lost",
        f"a.mov was not made: its folder {tmp_path}/gone is gone",
    )
    assert signal_class(-15) == "other"


def task_in(folder: Path) -> Task:
    output, part = str(folder / "a.mov"), str(folder / ".a.partial.mov")
    return Task(0, "/footage/a.mov", output, part, Media(output))


@pytest.mark.parametrize(
    ("free", "names", "flag", "state"),
    [
        (1 << 20, 9, 0, "room"),
        ((1 << 20) - 4096, 9, 0, "full"),
        (1 << 30, 0, 0, "full"),
        (1 << 30, 9, os.ST_RDONLY, "read-only"),
    ],
)
def test_a_volume_is_full_when_less_than_a_buffer_or_no_name_is_left(
    free: int, names: int, flag: int, state: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = task_in(tmp_path)
    Path(task.temporary).write_bytes(bytes(5000))
    found = SimpleNamespace(f_bavail=free // 4096, f_frsize=4096, f_files=99, f_favail=names, f_flag=flag)
    monkeypatch.setattr(os, "statvfs", lambda path: found)
    disk = disk_of(task)
    assert (disk.state, disk.free, disk.written) == (state, free, 5000)


@pytest.mark.parametrize(
    ("file", "key", "much"),
    [("profiles/ffmpeg/proxy_h264_mov.toml", "forecast", 10**12), ("matrices/execution.toml", "clip_kilobytes", 10**6)],
)
def test_a_job_that_will_not_fit_is_refused_before_anything_is_written(
    clips: Path,
    spec_file: Write,
    tmp_path: Path,
    book_copy: Callable[[], Path],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    file: str,
    key: str,
    much: int,
) -> None:
    book = book_copy()
    lines = (book / file).read_text("utf-8").splitlines()
    heavy = [f"{key} = {much}" if line.startswith(key) else line for line in lines]
    (book / file).write_text("\n".join(heavy) + "\n", "utf-8")
    monkeypatch.setattr(os, "statvfs", lambda path: SimpleNamespace(f_bavail=1500, f_frsize=1_000_000))
    out = tmp_path / "out"
    assert main(["run", str(job(spec_file, clips, out)), "--quiet", "--rulebook", str(book)]) == 1
    assert "error[preflight/no-room]" in capsys.readouterr().out
    assert not out.exists()


def test_a_folder_that_takes_no_files_is_told_before_anything_runs(
    clips: Path, spec_file: Write, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / ".proxx").write_text("in the way")
    assert main(["run", str(job(spec_file, clips, out)), "--quiet"]) == 1
    assert "error[preflight/not-writable]" in capsys.readouterr().out


def test_a_finished_job_lost_its_record_and_gets_one_again(done: tuple[str, Path, Path]) -> None:
    spec, out, _ = done
    os.unlink(record_path(out))
    assert main(["run", spec, "--quiet"]) == 0
    (record,) = records(out)
    assert [clip["kept"] for clip in record["clips"]] == [True, True]


def test_the_record_tells_tools_rows_sources_and_times(done: tuple[str, Path, Path]) -> None:
    _, out, source = done
    (record,) = records(out)
    assert_shape("record", record)
    assert "--enable" in record["configurations"]["ffmpeg"]
    clip: dict[str, Any] = record["clips"][0]
    assert (clip["decided"]["route"], clip["decided"]["made-frames"]) == ("standard", "same")
    assert clip["source_stamp"]["size"] == source.stat().st_size
    assert clip["source_media"]["codec"] == "prores"
    assert clip["mtime_ns"] == (out / NAMES[0]).stat().st_mtime_ns
    assert clip["started_at"] <= clip["ended_at"]
