"""Watched folders: when a file is taken and when not, what vouches for it, and what becomes of dropped specs."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from threading import Event
from types import SimpleNamespace
from typing import Any

import pytest
import xxhash
from test_task import assert_shape, job, proxies, records

from proxx import watching, watchspecs
from proxx.arrivals import kind_of
from proxx.claims import Claims
from proxx.cli import main
from proxx.errors import ProxxError
from proxx.inbox import Inbox
from proxx.lacking import Room
from proxx.manifest import claims_about, missing_of
from proxx.metrics import Metrics
from proxx.rulebook import Rulebook
from proxx.tools import find_tool
from proxx.vouching import compare
from proxx.watchjobs import outcome_of

Write = Callable[..., Path]
ROOT = Path(__file__).resolve().parents[1]
SOON = ("--once", "--quiet", "--settle", "0.1", "--long-settle", "0.4", "--every", "0.05")
MAKE = ("--profile", "proxy_prores_proxy")
XXH64_OF_FOO = xxhash.xxh64(b"foo").hexdigest()
C4_OF_FOO = "c45xZeXwMSpqXjpDumcHMA6mhoAmGHkUo7r9WmN2UgSEQzj9KjgseaQdkEJ11fGb5S1WEENcV3q8RFWwEeVpC7Fjk2"


@pytest.fixture
def card(clips: Path, tmp_path: Path) -> Path:
    """A watched folder with a card of two clips in it."""
    folder = tmp_path / "drop"
    (folder / "A001").mkdir(parents=True)
    for name in ("clip_001.mov", "clip_002.mov"):
        (folder / "A001" / name).write_bytes((clips / name).read_bytes())
    return folder


def watch(folder: Path, *words: str, out: Path | None = None) -> int:
    making = (*MAKE, "--out", str(out)) if out else ()
    return main(["watch", str(folder), *making, *SOON, *words])


# When a file is taken


class Folder:
    """A watched folder whose clock stands until it is moved."""

    def __init__(self, book: Rulebook, place: Path) -> None:
        self.now = 0.0
        self.place = place / "drop"
        self.place.mkdir()
        settings = {**book.items["watch"], "settle_seconds": 10, "long_settle_seconds": 60, "scans": 3}
        claims = Claims(str(place / "out"), 30)
        self.inbox = Inbox(
            book, str(self.place), (), claims, settings, lambda: self.now, Event(), Room(str(place), anew=True)
        )

    def after(self, seconds: float) -> dict[str, str]:
        """What is to be done when three scans were made in so many seconds, and each quiet file was looked at."""
        for _ in range(3):
            self.now += seconds / 3
            for path, do in self.inbox.scan().items():
                if do == "look":
                    self.inbox.look(path)
        return {os.path.basename(path): self.inbox.judge(path)[0] for path in self.inbox.arrivals.seen}


@pytest.fixture
def folder(rulebook: Rulebook, tmp_path: Path) -> Folder:
    return Folder(rulebook, tmp_path)


def test_a_file_is_taken_when_it_was_quiet_and_is_whole(folder: Folder, clips: Path) -> None:
    data = (clips / "clip.mp4").read_bytes()
    path = folder.place / "clip.mp4"
    path.write_bytes(data[:2000])
    assert folder.after(9) == {"clip.mp4": "wait"}, "it has not been quiet for long enough"
    with path.open("ab") as growing:
        growing.write(data[2000:])
    assert folder.after(9) == {"clip.mp4": "wait"}, "it grew a moment ago"
    assert folder.after(9) == {"clip.mp4": "take"}


def test_a_paused_copy_is_waited_for_and_told_when_it_never_ends(folder: Folder, clips: Path) -> None:
    data = (clips / "clip_001.mov").read_bytes()
    path = folder.place / "clip.mov"
    path.write_bytes(data[: len(data) // 2])
    assert folder.after(20) == {"clip.mov": "wait"}, "quiet, but its index is not there"
    assert folder.after(20) == {"clip.mov": "wait"}
    assert folder.after(60) == {"clip.mov": "refused"}
    path.write_bytes(data)
    folder.after(20)
    assert folder.after(20) == {"clip.mov": "take"}


def test_a_reserved_file_with_its_time_held_still_is_not_taken_and_looked_at_again(folder: Folder, clips: Path) -> None:
    data = (clips / "clip.mp4").read_bytes()
    path = folder.place / "clip.mp4"
    path.write_bytes(data[:1000] + bytes(len(data) - 1000))
    os.utime(path, (1_600_000_000, 1_600_000_000))
    assert folder.after(15) == {"clip.mp4": "wait"}
    path.write_bytes(data)
    os.utime(path, (1_600_000_000, 1_600_000_000))
    folder.after(15)
    assert folder.after(15) == {"clip.mp4": "take"}, "neither its size nor its time told that it was written to"


def test_a_file_that_does_not_tell_where_it_ends_must_be_quiet_for_longer(folder: Folder, tmp_path: Path) -> None:
    argv = ["-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25:duration=1", "-c:v", "mpeg2video", "-f", "mxf"]
    subprocess.run(["ffmpeg", "-v", "error", "-nostdin", *argv, str(folder.place / "a.mxf")], check=True, timeout=60)
    assert folder.after(30) == {"a.mxf": "wait"}
    assert folder.after(60) == {"a.mxf": "take"}
    (folder.place / "b.mxf").write_bytes((folder.place / "a.mxf").read_bytes())
    (folder.place / "b.mxf.done").touch()
    folder.after(15)
    assert folder.after(15)["b.mxf"] == "take", "a marker says that it is done"


def test_a_file_that_is_not_what_its_manifest_says_is_waited_for_then_told(folder: Folder, clips: Path) -> None:
    data = (clips / "clip_001.mov").read_bytes()
    (folder.place / "clip.mov").write_bytes(data)
    sums = folder.place / "card.md5"
    sums.write_text(f"{'0' * 32}  clip.mov\n")
    folder.after(15)
    assert folder.after(15)["clip.mov"] == "wait"
    assert folder.after(60)["clip.mov"] == "refused"
    sums.write_text(f"{hashlib.md5(data, usedforsecurity=False).hexdigest()}  clip.mov\n")
    folder.after(15)
    assert folder.after(15)["clip.mov"] == "take"


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        *[("a.mov", "media"), ("A.MXF", "media"), ("._a.mov", "hidden"), (".a.mov", "hidden"), ("a.txt", "other")],
        *[("a.mov.part", "unfinished"), ("a.mov.TMP", "unfinished"), ("a", "other"), ("out/a.mov", "own")],
    ],
)
def test_a_name_tells_what_is_media(name: str, kind: str, rulebook: Rulebook) -> None:
    assert kind_of(f"/drop/{name}", rulebook, ("/drop/out",)) == kind


# What vouches for a file

MHL = """<?xml version="1.0" encoding="UTF-8"?>
<hashlist version="1.1"><creatorinfo><name>copy</name></creatorinfo>
<hash><file>A001/foo.mov</file><size>{size}</size><lastmodificationdate>2026-01-01T00:00:00Z</lastmodificationdate>
{hashes}<hashdate>2026-01-01T00:00:00Z</hashdate></hash></hashlist>"""
ASC_MHL = """<?xml version="1.0" encoding="UTF-8"?>
<hashlist version="2.0" xmlns="urn:ASC:MHL:v2.0"><hashes>
<directoryhash><path>A001</path><content><xxh64>0000000000000000</xxh64></content></directoryhash>
<hash><path size="{size}" lastmodificationdate="2026-01-01T00:00:00Z">A001/foo.mov</path>{hashes}</hash>
</hashes></hashlist>"""
OF_FOO = {
    "md5": "acbd18db4cc2f85cedef654fccc4a4d8",
    "sha1": "0beec7b5ea3f0fdbc95d0dd47f3c5bc275da8a33",
    "c4": C4_OF_FOO,
}


def vouch(top: Path, files: dict[str, str], content: bytes = b"foo") -> tuple[str, str]:
    """What manifests say of A001/foo.mov, and why."""
    path = top / "A001" / "foo.mov"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    for name, text in files.items():
        (top / name).parent.mkdir(exist_ok=True)
        (top / name).write_text(text, "utf-8")
    proof, _, why = compare(str(path), claims_about(str(path), str(top)))
    return proof, why


@pytest.mark.parametrize("element", ["md5", "sha1", "c4", "xxhash64be", "xxhash64"])
def test_an_mhl_vouches_by_every_hash_that_it_may_hold(element: str, tmp_path: Path) -> None:
    forward = XXH64_OF_FOO
    turned = bytes.fromhex(forward)[::-1].hex()
    said = {**OF_FOO, "xxhash64be": forward, "xxhash64": turned}[element]
    text = MHL.format(size=3, hashes=f"<{element}>{said}</{element}>")
    assert vouch(tmp_path, {"card.mhl": text}) == ("matches", "")
    proof, why = vouch(tmp_path, {"card.mhl": text}, b"fop")
    assert proof == "differs"
    assert f"not {said}" in why
    assert vouch(tmp_path, {"card.mhl": text}, b"fo") == ("differs", "it has 2 bytes, not 3")


def test_an_asc_mhl_vouches_and_a_failed_hash_of_it_says_nothing(tmp_path: Path) -> None:
    right = f"<xxh64 action='original'>{XXH64_OF_FOO}</xxh64><c4>{C4_OF_FOO}</c4>"
    failed = '<xxh64 action="failed">1111111111111111</xxh64>'
    generations = {
        "ascmhl/0001_card_2026-01-01.mhl": ASC_MHL.format(size=3, hashes=right),
        "ascmhl/0002_card_2026-01-02.mhl": ASC_MHL.format(size=3, hashes=failed),
    }
    assert vouch(tmp_path, generations) == ("matches", "")
    assert vouch(tmp_path, {}, b"bar")[0] == "differs"


@pytest.mark.parametrize(
    ("name", "text", "proof"),
    [
        ("A001/foo.mov.md5", "acbd18db4cc2f85cedef654fccc4a4d8\n", "matches"),
        ("A001/foo.mov.md5", "acbd18db4cc2f85cedef654fccc4a4d9\n", "differs"),
        ("A001/other.mov.md5", "00000000000000000000000000000000\n", "none"),
        ("md5sums", "ACBD18DB4CC2F85CEDEF654FCCC4A4D8 *./A001/foo.mov\r\n", "matches"),
        ("A001/x.sha256", hashlib.sha256(b"foo").hexdigest() + "  foo.mov", "matches"),
        ("A001/x.sha256", "not a checksum file", "none"),
        ("x.mhl", "<hashlist>", "differs"),
        ("x.mhl", '<!DOCTYPE x [<!ENTITY a "b">]><hashlist/>', "differs"),
        ("x.mhl", "<hashlist/>", "none"),
        ("x.mhl", MHL.format(size=3, hashes="<unheard-of>1</unheard-of>"), "none"),
    ],
)
def test_checksum_files_vouch_and_what_cannot_be_read_does_not(
    name: str, text: str, proof: str, tmp_path: Path
) -> None:
    assert vouch(tmp_path, {name: text})[0] == proof


def test_a_name_with_a_line_break_is_found_in_a_checksum_file(tmp_path: Path) -> None:
    path = tmp_path / "a\nb\\c.mov"
    path.write_bytes(b"foo")
    (tmp_path / "x.md5").write_text("\\acbd18db4cc2f85cedef654fccc4a4d8  a\\nb\\\\c.mov\n")
    assert compare(str(path), claims_about(str(path), str(tmp_path)))[0] == "matches"


def test_a_manifest_tells_what_is_still_missing(tmp_path: Path) -> None:
    (tmp_path / "card.mhl").write_text(MHL.format(size=3, hashes="<md5>0</md5>"))
    assert list(missing_of(str(tmp_path))) == [str(tmp_path / "A001/foo.mov")]


# Media that is dropped in


def test_a_single_turn_leaves_no_file_because_the_machine_stood_still_between_two_scans(
    card: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stalls = iter((1.0,))
    monkeypatch.setattr(watching, "pause", lambda seconds, stop: time.sleep(next(stalls, seconds)))
    assert watch(card, out=tmp_path / "out") == 0
    assert set(proxies(tmp_path / "out" / "A001")) == {"clip_001_proxy.mov", "clip_002_proxy.mov"}


def test_proxies_of_dropped_media_are_made_once_in_the_same_folders(
    card: Path, tmp_path: Path, encodes: Callable[[], list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    out, counts = tmp_path / "out", tmp_path / "proxx.prom"
    assert watch(card, "--metrics", str(counts), out=out) == 0
    assert set(proxies(out / "A001")) == {"clip_001_proxy.mov", "clip_002_proxy.mov"}
    assert len(records(out / "A001")) == len(encodes()) == 2
    assert f'proxx_watch_clips_total{{folder="{card}",status="COMPLETED"}} 2' in counts.read_text()
    capsys.readouterr()
    assert watch(card, out=out) == 0
    assert capsys.readouterr().out == ""
    assert len(encodes()) == 2


def test_own_proxies_are_no_sources_wherever_they_lie(card: Path, encodes: Callable[[], list[str]]) -> None:
    assert watch(card, out=card) == 0
    assert watch(card, out=card) == 0
    assert len(encodes()) == 2
    assert watch(card, out=card / "A001" / "proxies") == 0
    assert watch(card, out=card / "A001" / "proxies") == 0
    assert len(encodes()) == 4


def test_the_clips_of_a_card_are_one_job_that_waits_for_what_its_manifest_names(
    card: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    clip = card / "A001" / "clip_002.mov"
    data = clip.read_bytes()
    sums = card / "A001" / "card.md5"
    sums.write_text(f"{hashlib.md5(data, usedforsecurity=False).hexdigest()}  clip_002.mov\n")
    clip.unlink()
    assert watch(card, "--by", "card", out=out) == 0
    told = capsys.readouterr().err
    assert f"{card}/A001 waits for {clip}, which its manifest names" in told
    assert "is left" in told
    assert not (out / "A001").exists()
    clip.write_bytes(data)
    assert watch(card, "--by", "card", out=out) == 0
    (record,) = records(out / "A001")
    assert [Path(one["source"]).name for one in record["clips"]] == ["clip_001.mov", "clip_002.mov"]


def test_a_single_turn_ends_beside_files_that_are_broken_and_others_that_never_get_their_name(
    card: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A told file is looked at again and again; a turn that took this for news would never end."""
    out, clip = tmp_path / "out", card / "A001" / "clip_001.mov"
    clip.write_bytes(clip.read_bytes()[:1000])
    (card / "A001" / "clip_002.mov").rename(card / "A001" / "clip_002.mov.part")
    assert watch(card, out=out) == 4
    assert "error[watch/incomplete]" in capsys.readouterr().out
    assert watch(card, out=out) == 0
    said = capsys.readouterr().err
    assert "clip_002.mov.part is left" in said


def test_an_incomplete_file_is_told_once_and_the_others_are_made(
    card: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clip = card / "A001" / "clip_001.mov"
    clip.write_bytes(clip.read_bytes()[:3000])
    out = tmp_path / "out"
    assert watch(card, out=out) == 4
    assert f"error[watch/incomplete]: {clip} has been quiet for" in capsys.readouterr().out
    assert set(proxies(out / "A001")) == {"clip_002_proxy.mov"}
    assert watch(card, out=out) == 0
    assert capsys.readouterr().out == ""


def test_a_file_that_was_refused_is_judged_again_on_other_terms_and_is_another_profile_s_own(
    card: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    (out / "A001").mkdir(parents=True)
    (out / "A001" / "clip_001_proxy.mov").write_bytes(b"mine")
    (card / "A001" / "clip_002.mov").unlink()
    assert watch(card, out=out) == 4
    assert "naming/exists" in capsys.readouterr().out
    assert watch(card, out=out) == 0
    assert capsys.readouterr().out == "", "told once"
    for words, made in ((("--overwrite", "always"), "clip_001_proxy.mov"), (("--profile", "proxy_h264_low"), "mp4")):
        assert watch(card, *words, out=out) == 0
        assert f"{made}\n" in capsys.readouterr().out.splitlines(keepends=True)[0]
        assert watch(card, *words, out=out) == 0
        assert capsys.readouterr().out == ""
    assert set(proxies(out / "A001")) == {"clip_001_proxy.mov", "clip_001_proxy.mp4"}


def test_raw_and_standard_files_of_a_card_are_two_jobs(
    card: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (card / "A001" / "clip.r3d").write_bytes(b"\0\0\x01\x00RED1" + bytes(64))
    out = tmp_path / "out"
    assert watch(card, "--by", "card", out=out) == 4
    assert "watch/no-raw-profile" in capsys.readouterr().out
    assert len(records(out / "A001")) == 1
    raw = ("--raw-profile", "proxy_prores_proxy_resolve")
    assert watch(card, "--by", "card", *raw, out=tmp_path / "both") == 4
    specs = [json.loads(path.read_text("utf-8")) for path in (tmp_path / "both/.proxx/watch").glob("watch-*.json")]
    split = {spec["proxy_profile"]: [Path(one).suffix for one in spec["sources"]] for spec in specs}
    assert split == {"proxy_prores_proxy": [".mov", ".mov"], raw[1]: [".r3d"]}
    assert len(records(tmp_path / "both/A001")) == 1, "no tool here reads RAW: that job failed, the other did not"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("{drop}/none",), "is no folder"),
        (("{drop}", "--profile", "proxy_prores_proxy"), "takes both a profile and --out"),
        (("{drop}", "--out", "{drop}/out"), "takes both a profile and --out"),
        (("{drop}", "--out", "{drop}/out", "--profile", "nope"), "this profile does not exist"),
        (("{drop}", "--out", "{drop}/out", "--raw-profile", "proxy_prores_proxy"), "makes proxies by ffmpeg"),
        (("{drop}", "--settle", "never"), "is no time"),
        *[
            (("{drop}", "--out", "{drop}/out", *MAKE, *option), says)
            for option, says in (
                (("--resolution", "12x"), 'every clip would be refused: resolution is "12x"'),
                (("--fps", "0"), "every clip would be refused: fps_explicit is 0"),
                (("--name", "{{nam}}"), "every clip would be refused: naming_template uses unknown token(s): {nam}"),
            )
        ],
        (("{drop}", "--nle", "resolv"), "did you mean resolve"),
        (("{drop}", "--nle", "finalcut", "--system", "linux"), "does not run on linux"),
    ],
)
def test_wrong_words_are_told(
    words: tuple[str, ...], says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "drop").mkdir()
    try:
        code: object = main(["watch", *(word.format(drop=tmp_path / "drop") for word in words)])
    except SystemExit as ended:
        code = ended.code
    assert code == 2
    assert says in capsys.readouterr().err


def test_what_an_nle_makes_of_proxies_is_promised_and_kept(
    clips: Path, card: Path, spec_file: Write, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert watch(card, "--nle", "finalcut", out=tmp_path / "made") == 0
    kept = [json.loads(path.read_text("utf-8")) for path in (tmp_path / "made").rglob("*.record.json")]
    assert kept
    assert {tuple(one["relink"]["nles"]) for one in kept} == {("finalcut",)}
    assert all("finalcut" in clip["relink"] for one in kept for clip in one["clips"])
    drop = tmp_path / "specs"
    drop.mkdir()
    job(spec_file, clips, tmp_path / "out").rename(drop / "good.json")
    assert watch(drop, "--nle", "avid", "--nle", "resolve") == 0
    (record,) = (tmp_path / "out").glob("*.record.json")
    assert json.loads(record.read_text("utf-8"))["relink"]["nles"] == ["avid", "resolve"]


# Specs that are dropped in


def results(folder: Path) -> dict[str, dict[str, Any]]:
    found = {path.name: json.loads(path.read_text("utf-8")) for path in folder.glob("*/*.result.json")}
    for document in found.values():
        assert_shape("watch", document)
    return found


def test_specs_are_run_and_lie_beside_their_results(
    clips: Path, spec_file: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    drop = tmp_path / "specs"
    (drop / "pending").mkdir(parents=True)
    job(spec_file, clips, tmp_path / "out").rename(drop / "pending" / "good.json")
    (drop / "bad.json").write_text('{"jobspec_version":\n')
    moves, rename = [], os.rename

    def noting(old: str, new: str) -> None:
        moves.append((Path(new).parent.name, Path(new).with_suffix(".result.json").exists()))
        rename(old, new)

    monkeypatch.setattr(os, "rename", noting)
    assert watch(drop) == 4
    assert sorted(moves) == [("completed", True), ("failed", True), ("running", False), ("running", False)]
    found = results(drop)
    assert found["good.result.json"]["status"] == "COMPLETED"
    assert [clip["status"] for clip in found["good.result.json"]["clips"]] == ["COMPLETED"] * 2
    assert Path(found["good.result.json"]["record"]).exists()
    (told,) = found["bad.result.json"]["findings"]
    assert (told["id"], told["line"]) == ("document/not-json", 2)
    assert sorted(path.parent.name + "/" + path.name for path in drop.glob("*/*.json")) == [
        *("completed/good.json", "completed/good.result.json", "failed/bad.json", "failed/bad.result.json")
    ]
    assert capsys.readouterr().out.count("document/not-json") > 0
    assert watch(drop) == 0
    assert "not-json" not in capsys.readouterr().out, "a broken spec is told once"


def test_a_spec_of_a_name_that_was_there_before_takes_a_number(clips: Path, spec_file: Write, tmp_path: Path) -> None:
    drop = tmp_path / "specs"
    for name in ("bad.json", "bad.JSON"):
        drop.mkdir(exist_ok=True)
        (drop / name).write_text('{"job_id": "mine"}')
        assert watch(drop) == 4
    assert set(results(drop)) == {"bad.result.json", "bad.2.result.json"}
    assert results(drop)["bad.2.result.json"]["spec"] == "bad.2.json"
    assert results(drop)["bad.2.result.json"]["job_id"] == "mine"


def test_a_spec_that_was_left_at_work_is_gone_on_with(clips: Path, spec_file: Write, tmp_path: Path) -> None:
    drop = tmp_path / "specs"
    (drop / "running").mkdir(parents=True)
    job(spec_file, clips, tmp_path / "out").rename(drop / "running" / "left.json")
    assert watch(drop) == 0
    assert results(drop)["left.result.json"]["status"] == "COMPLETED"


# Several watchers


def test_a_claim_is_kept_from_others_until_its_holder_is_dead(tmp_path: Path) -> None:
    text = f"import time, proxx.claims; c = proxx.claims.Claims({str(tmp_path)!r}, 0.6); print(c.take('a'), flush=True)"
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "engine")}
    holder = subprocess.Popen(
        [sys.executable, "-c", f"{text}; time.sleep(60)"], env=environment, stdout=subprocess.PIPE
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"True\n"
    claims = Claims(str(tmp_path), 0.6)
    for _ in range(8):
        assert not claims.take("a"), "its holder lives"
        time.sleep(0.2)
    assert claims.take("b")
    holder.send_signal(signal.SIGKILL)
    holder.communicate()
    deadline = time.monotonic() + 30
    while not claims.take("a"):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    claims.release("a")
    assert Claims(str(tmp_path), 0.6).take("a"), "what was let go of is free at once"


def test_a_note_that_is_torn_or_of_another_name_says_nothing(tmp_path: Path) -> None:
    claims = Claims(str(tmp_path), 1)
    assert claims.done("a") is None
    claims.note("a", {"status": "COMPLETED"})
    assert claims.done("a") == {"format": 1, "key": "a", "status": "COMPLETED"}
    (path,) = (tmp_path / ".proxx/watch").glob("*.json")
    path.write_bytes(path.read_bytes()[:-5])
    assert claims.done("a") is None


def test_the_counts_are_in_the_format_of_prometheus() -> None:
    counts = Metrics(None, '/a "b"\n')
    counts.scanned({"wait": 2, "take": 1}, 0.25)
    counts.ended("PARTIAL", {"COMPLETED": 3, "FAILED": 1})
    lines = counts.text().splitlines()
    assert 'proxx_watch_files{folder="/a \\"b\\"\\n",state="wait"} 2' in lines
    assert 'proxx_watch_clips_total{folder="/a \\"b\\"\\n",status="FAILED"} 1' in lines
    assert 'proxx_watch_jobs_total{folder="/a \\"b\\"\\n",status="PARTIAL"} 1' in lines
    assert 'proxx_watch_jobs_total{folder="/a \\"b\\"\\n",status="REFUSED"} 0' in lines
    assert lines.count("# TYPE proxx_watch_jobs_total counter") == 1


def test_a_folder_is_the_same_however_it_is_spelled(tmp_path: Path) -> None:
    folder, counts = tmp_path / "drop", tmp_path / "a.prom"
    folder.mkdir()
    for words in (str(folder), f"{folder}/", f"{tmp_path}/./drop//"):
        (folder / "broken.json").write_text("{")
        assert main(["watch", words, *SOON, "--metrics", str(counts)]) == 4
    assert f'proxx_watch_jobs_total{{folder="{folder}",status="REFUSED"}} 3' in counts.read_text().splitlines()
    assert "/drop/" not in counts.read_text()


def test_counts_go_on_from_those_of_the_watcher_before_and_outlive_a_full_disk(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place, folder = tmp_path / "a.prom", '/drop "1"\udcff'
    for turn in range(1, 4):
        counts = Metrics(str(place), folder)
        counts.scanned({"take": 1}, 0.1)
        counts.ended("COMPLETED", {"COMPLETED": 2})
        counts.write()
        assert [line for line in counts.text().splitlines() if line.endswith(f'"COMPLETED"}} {2 * turn}')]
    assert Metrics(str(place), "/another").jobs["COMPLETED"] == 0
    counts.path = str(tmp_path / "gone" / "a.prom")
    counts.write()
    counts.write()
    assert capsys.readouterr().err.count("cannot write the counts") == 1
    with pytest.raises(ProxxError, match="cannot write the counts"):
        Metrics(str(tmp_path / "gone" / "a.prom"), folder)
    (tmp_path / "b.prom").mkdir()
    with pytest.raises(ProxxError, match="cannot write the counts"):
        Metrics(str(tmp_path / "b.prom"), folder)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.prom", "b.prom"]


def test_a_watcher_stops_when_it_is_told_and_goes_on_later(card: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    words = [sys.executable, "-m", "proxx", "watch", str(card), *MAKE, "--out", str(out), *SOON[1:]]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "engine")}
    watcher = subprocess.Popen(words, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    deadline = time.monotonic() + 60
    while len(list(out.glob("A001/*.record.json"))) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    watcher.send_signal(signal.SIGTERM)
    watcher.communicate(timeout=20)
    assert watcher.returncode == 0
    assert len(proxies(out / "A001")) == 2


# Trouble while watching


def test_a_full_disk_is_told_once_and_the_watcher_goes_on(
    spec_file: Write, clips: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    specs = tmp_path / "specs"
    specs.mkdir()
    job(spec_file, clips, tmp_path / "out").rename(specs / "a.json")
    take, turns = Claims.take, iter(range(4))

    def full(claims: Claims, key: str) -> bool:
        if next(turns, None) is not None:
            raise OSError(28, "No space left on device")
        return take(claims, key)

    def over(seconds: float, stop: Callable[[], bool]) -> bool:
        if (specs / "completed" / "a.json").exists():
            signal.raise_signal(signal.SIGTERM)
        time.sleep(0.05)
        return True

    monkeypatch.setattr(Claims, "take", full)
    monkeypatch.setattr(watching, "pause", over)
    assert main(["watch", str(specs), *SOON[1:]]) == 0
    assert capsys.readouterr().err.count("No space left on device; trying again") == 1
    assert (specs / "completed" / "a.result.json").exists()


def test_a_folder_that_is_away_is_told_once_and_is_no_folder_without_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    drop, away, counts = tmp_path / "drop", tmp_path / "away", tmp_path / "a.prom"
    drop.mkdir()
    scans = iter(range(6))

    def turn(seconds: float, stop: Callable[[], bool]) -> bool:
        number = next(scans)
        if number in (1, 3):
            drop.rename(away) if drop.exists() else away.rename(drop)
        if number == 2:
            assert scanned(counts) == before[0], "a folder that is away was not listed"
        before[:] = [scanned(counts)]
        if number == 5:
            signal.raise_signal(signal.SIGTERM)
        return True

    before: list[str] = []
    monkeypatch.setattr(watching, "pause", turn)
    assert main(["watch", str(drop), *SOON[1:], "--metrics", str(counts)]) == 0
    told = capsys.readouterr().err
    assert told.count(f"proxx: cannot list {drop}: No such file or directory; trying again") == 1


def scanned(counts: Path) -> str:
    """When a folder was listed last, as the counts tell it."""
    return next(line for line in counts.read_text().splitlines() if "scan_timestamp_seconds{" in line)


@pytest.fixture
def free(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """What the system says to be free, in bytes."""
    real, said = os.statvfs, {"bytes": 1 << 40}

    def statvfs(path: str) -> Any:
        found = real(path)
        kept = {name: getattr(found, name) for name in ("f_files", "f_favail", "f_flag")}
        return SimpleNamespace(**kept, f_bavail=said["bytes"] // 4096, f_frsize=4096)

    monkeypatch.setattr(os, "statvfs", statvfs)
    return said


def test_media_for_which_a_forecast_finds_no_room_are_made_when_there_is(
    card: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], free: dict[str, int], rulebook: Rulebook
) -> None:
    assert set(rulebook.items["watch"]["lack_of_room"]) <= set(rulebook.findings)
    out, free["bytes"] = tmp_path / "out", 8192
    assert watch(card, out=out) == 4
    assert capsys.readouterr().out.count("error[preflight/no-room]") == 2
    assert watch(card, out=out) == 4
    said, told = capsys.readouterr()
    assert said == ""
    assert told.count("waits for room") == 0
    assert told.count(f"clip_001.mov and 1 more wait for room in {out}: ") == 1
    free["bytes"] = 1 << 40
    assert watch(card, out=out) == 0
    assert set(proxies(out / "A001")) == {"clip_001_proxy.mov", "clip_002_proxy.mov"}
    assert watch(card, out=out) == 0


def test_media_that_did_not_fit_are_made_by_the_same_watcher_and_told_once(
    card: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    free: dict[str, int],
) -> None:
    """Nothing is tried in a loop meanwhile; what is tried again needs more room than did not suffice."""
    out, tally, fits = tmp_path / "out", tmp_path / "tally", tmp_path / "fits"
    tool = tmp_path / "ffmpeg"
    line = f'echo x >> {tally}; [ -e {fits} ] || {{ echo "[error] No space left on device" >&2; exit 1; }}'
    tool.write_text(f'#!/bin/sh\ncase "$*" in *-map_metadata*) {line};; esac\nexec {find_tool("ffmpeg")} "$@"\n')
    tool.chmod(0o755)
    monkeypatch.setenv("PROXX_FFMPEG", str(tool))
    turns, tried = [0], []

    def over(seconds: float, stop: Callable[[], bool]) -> bool:
        turns[0] += 1
        if turns[0] == 40:
            tried.append(tally.read_text().count("x"))
            fits.touch()
            free["bytes"] *= 2
        if len(list(out.glob("A001/*_proxy.mov"))) == 2 or turns[0] > 400:
            signal.raise_signal(signal.SIGTERM)
        time.sleep(0.05)
        return True

    monkeypatch.setattr(watching, "pause", over)
    words = ("watch", str(card), *MAKE, "--out", str(out), *SOON[1:])
    assert main([*words]) == 0
    assert tried == [2]
    assert tally.read_text().count("x") == 4
    assert capsys.readouterr().out.count("error[made/no-room]") == 2
    assert set(proxies(out / "A001")) == {"clip_001_proxy.mov", "clip_002_proxy.mov"}


def test_a_watcher_that_is_started_again_tries_once_what_waits_for_room(
    card: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    free: dict[str, int],
) -> None:
    out, free["bytes"] = tmp_path / "out", 8192
    turns = [0]

    def over(seconds: float, stop: Callable[[], bool]) -> bool:
        turns[0] += 1
        if turns[0] % 40 == 0:
            signal.raise_signal(signal.SIGTERM)
        time.sleep(0.05)
        return True

    monkeypatch.setattr(watching, "pause", over)
    for _ in range(2):
        assert main(["watch", str(card), *MAKE, "--out", str(out), *SOON[1:]]) == 0
        said, told = capsys.readouterr()
        assert said.count("error[preflight/no-room]") == 2
        assert "for room in" not in told


def test_a_spec_that_cannot_be_read_fails_and_one_that_is_taken_back_is_nobody_s(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    specs = tmp_path / "specs"
    (specs / "pending").mkdir(parents=True)
    for name in ("a.json", "b.json", "c.json"):
        (specs / "pending" / name).write_bytes(b"{}")

    def read(path: str) -> bytes:
        if path.endswith("b.json"):
            os.unlink(path)
        if path.endswith("c.json"):
            return b"{}"
        raise ProxxError(f"cannot read {path}: Permission denied", exit_code=2)

    def run(arguments: Any, book: Any, path: str, data: bytes, signals: Any) -> dict[str, Any]:
        os.unlink(path)
        return outcome_of("COMPLETED")

    monkeypatch.setattr(watchspecs, "read_bytes", read)
    monkeypatch.setattr(watchspecs, "run_spec", run)
    assert watch(specs) == 4
    result = json.loads((specs / "failed" / "a.result.json").read_text("utf-8"))
    assert (result["status"], result["trouble"].endswith("Permission denied")) == ("FAILED", True)
    assert [path.name for path in (specs / "completed").iterdir()] == ["c.result.json"]
    assert [path.name for path in (specs / "failed").iterdir() if "b" in path.name.split(".")] == []


@pytest.mark.parametrize("what", ["spec", "media"])
def test_a_job_that_was_cancelled_is_not_begun_again_by_its_watcher(
    what: str, spec_file: Write, clips: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop, out, begun = tmp_path / "drop", tmp_path / "out", tmp_path / "begun"
    drop.mkdir()
    tool = tmp_path / "ffmpeg"
    line = f'echo 1 >> "{begun}"; "{sys.executable}" -m proxx cancel "{out}"; exec sleep 60'
    tool.write_text(f'#!/bin/sh\ncase "$*" in *partial*) {line};; esac\nexec {find_tool("ffmpeg")} "$@"\n')
    tool.chmod(0o755)
    monkeypatch.setenv("PROXX_FFMPEG", str(tool))
    if what == "spec":
        job(spec_file, clips, out).rename(drop / "a.json")
        assert watch(drop) == 4
        assert json.loads((drop / "failed" / "a.result.json").read_text("utf-8"))["status"] == "CANCELLED"
    else:
        (drop / "a.mov").write_bytes((clips / "clip_001.mov").read_bytes())
        assert watch(drop, out=out) == 4
        assert watch(drop, out=out) == 0
    assert begun.read_text().count("1") == (2 if what == "spec" else 1)
