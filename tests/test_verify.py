"""What verification finds: every promised fact, broken one at a time, is named by its own finding."""

from __future__ import annotations

import hashlib
import subprocess
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from proxx.commit import CHUNK, digest
from proxx.compare import compare
from proxx.engines.ffmpeg import Outcome, decode
from proxx.evaluate import ask
from proxx.model import Audio, Colour, Media, Task, Video
from proxx.process import Finished
from proxx.rulebook import Rulebook
from proxx.toolbox import Tools
from proxx.tools import find_tool
from proxx.verify import verify

SOUND = Audio(
    codec="pcm_s24le", channels=2, sample_rate=48000, start=Fraction(0), duration=Fraction(10), origin="pcm_s24le"
)
PICTURE = Video(
    profile="Proxy",
    tag="apco",
    width=1920,
    height=1080,
    pix_fmt="yuv422p10le",
    par=Fraction(1),
    rotation=0,
    field_order="progressive",
    rate=Fraction(24000, 1001),
    frames=240,
    duration=Fraction(240 * 1001, 24000),
    colour=Colour("tv", "bt709", "bt709", "bt709"),
)
PROMISE = Media(
    container="mov",
    codec="prores",
    size=1_000_000,
    timecode="01:00:00:00",
    reel="A001",
    video=PICTURE,
    audio=(SOUND, SOUND),
)
PROFILE = {"size": {"forecast": 20.0, "ceiling": 42.0}}


def found(rulebook: Rulebook, made: Media, frames: int | None = 240) -> list[str]:
    aspects = compare(PROMISE, made, frames, PROFILE, rulebook.sets["linear-pcm"])
    decisions = ask(rulebook, "made", {fact: aspect.value for fact, aspect in aspects.items()})
    return [decision.finding for decision in decisions.values() if decision.finding]


def test_a_proxy_that_is_as_promised_has_no_finding(rulebook: Rulebook) -> None:
    assert found(rulebook, PROMISE) == []


@pytest.mark.parametrize(
    ("change", "finding"),
    [
        ({"profile": "LT"}, "made/codec-profile"),
        ({"tag": "apcs"}, "made/tag"),
        ({"width": 1918}, "made/raster"),
        ({"pix_fmt": "yuv422p"}, "made/pixel-format"),
        ({"par": Fraction(1000, 1001)}, "made/pixel-aspect"),
        ({"rotation": 90}, "made/rotation"),
        ({"field_order": "tt"}, "made/scan"),
        ({"rate": Fraction(24)}, "made/rate"),
        ({"colour": Colour("tv", "bt709", "bt709", "bt2020nc")}, "made/colour"),
        ({"colour": Colour("pc", "bt709", "bt709", "bt709")}, "made/colour"),
        ({"colour": None}, "made/colour"),
    ],
)
def test_a_picture_that_differs_is_named(change: dict[str, Any], finding: str, rulebook: Rulebook) -> None:
    assert found(rulebook, replace(PROMISE, video=replace(PICTURE, **change))) == [finding]


@pytest.mark.parametrize(
    ("change", "finding"),
    [
        ({"container": "mp4"}, "made/container"),
        ({"codec": "h264"}, "made/codec"),
        ({"timecode": "01:00:00:01"}, "made/timecode"),
        ({"timecode": "01:00:00;00"}, "made/timecode"),
        ({"timecode": ""}, "made/timecode"),
        ({"reel": ""}, "made/reel"),
        ({"audio": (SOUND,)}, "made/audio-streams"),
        ({"audio": (SOUND, replace(SOUND, channels=1))}, "made/audio-channels"),
        ({"audio": (SOUND, replace(SOUND, sample_rate=44100))}, "made/audio-sample-rate"),
        ({"audio": (SOUND, replace(SOUND, codec="aac"))}, "made/audio-codec"),
        ({"audio": (SOUND, replace(SOUND, duration=Fraction(9)))}, "made/audio-shorter"),
        ({"audio": (SOUND, replace(SOUND, duration=Fraction(11)))}, "made/audio-longer"),
        ({"size": 900_000_000}, "made/over-ceiling"),
    ],
)
def test_a_file_that_differs_is_named(change: dict[str, Any], finding: str, rulebook: Rulebook) -> None:
    assert found(rulebook, replace(PROMISE, **change)) == [finding]


@pytest.mark.parametrize(
    ("frames", "finding"), [(239, "made/fewer-frames"), (241, "made/more-frames"), (None, "made/frames-unknown")]
)
def test_one_frame_too_few_or_too_many_is_named(frames: int | None, finding: str, rulebook: Rulebook) -> None:
    assert found(rulebook, PROMISE, frames) == [finding]


def test_sound_that_was_compressed_may_differ_by_its_padding(rulebook: Rulebook) -> None:
    padded = (replace(SOUND, duration=Fraction(10) + Fraction(100, 1000)),) * 2
    assert found(rulebook, replace(PROMISE, audio=padded)) == ["made/audio-longer"]
    compressed = replace(PROMISE, audio=tuple(replace(sound, origin="aac") for sound in PROMISE.audio or ()))
    aspects = compare(compressed, replace(compressed, audio=padded), 240, PROFILE, rulebook.sets["linear-pcm"])
    assert aspects["made.audio-essence"].value == "compressed"


def test_an_untagged_range_is_the_limited_one(rulebook: Rulebook) -> None:
    colour = Colour("unknown", "bt709", "bt709", "bt709")
    assert found(rulebook, replace(PROMISE, video=replace(PICTURE, colour=colour))) == []


def test_what_was_not_promised_is_not_judged(rulebook: Rulebook) -> None:
    promise = Media(container="mov", codec="prores", video=Video(profile="Proxy"))
    aspects = compare(promise, PROMISE, 12, PROFILE, rulebook.sets["linear-pcm"])
    decisions = ask(rulebook, "made", {fact: aspect.value for fact, aspect in aspects.items()})
    assert not [decision for decision in decisions.values() if decision.finding]


def test_the_rates_of_dnxhd_stand_in_its_profile_and_in_its_table_alike(rulebook: Rulebook) -> None:
    recipe = {str(Fraction(rate)) for rate in rulebook.profiles["proxy_dnxhd_36"]["video"]["bit_rates"]}
    table = rulebook.table("dnxhd-rate")
    legal = {
        value
        for value in table.column("rate").fact.domain.values
        if not ask(rulebook, "clip", {"spec.codec": "dnxhd", "clip.rate": value})["dnxhd-rate"].finding
    }
    assert recipe == legal


def test_a_proof_decodes_on_the_threads_that_it_is_given_and_hashes_the_same_bytes(
    rulebook: Rulebook, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    made = tmp_path / ".A001.mov"
    made.write_bytes(b"picture and sound")
    given: list[int] = []

    def decoded(
        path: str, tool: str, stop: Event, seconds: float, damage: frozenset[str], threads: int
    ) -> tuple[int, Outcome]:
        given.append(threads)
        return 240, Outcome(0, "", 0.1)

    monkeypatch.setattr("proxx.verify.decode", decoded)
    monkeypatch.setattr("proxx.verify.probe", lambda path, vocabulary, tool, stop: PROMISE)
    task = Task(0, "/in/A001.mov", "/out/A001.mov", str(made), PROMISE, ())
    tools = Tools("ffmpeg", "ffprobe", "5.1", "5.1", threads=3)
    proof = verify(rulebook, task, task.temporary, PROFILE, tools, Event())
    assert (proof.findings, proof.sha256, given) == ((), digest(str(made)), [3])


def test_several_threads_find_the_damage_that_one_finds(tmp_path: Path, rulebook: Rulebook) -> None:
    whole = tmp_path / "whole.mov"
    words = ["-f", "lavfi", "-i", "testsrc2=s=640x360:r=25", "-frames:v", "24", "-c:v", "libx264", "-threads", "1"]
    subprocess.run(["ffmpeg", "-v", "error", "-nostdin", *words, whole], check=True, timeout=60)
    data, damage = whole.read_bytes(), rulebook.members("damage-words")

    def is_clean(path: Path, threads: int) -> bool:
        frames, outcome = decode(str(path), find_tool("ffmpeg"), Event(), 60, damage, threads)
        return (frames, outcome.exit_code, outcome.stderr) == (24, 0, "")

    assert [is_clean(whole, threads) for threads in (1, 4)] == [True, True]
    first, last = data.index(b"mdat") + 1000, data.rindex(b"moov") - 100
    found = []
    for place in range(first, last, (last - first) // 8):
        broken = tmp_path / "broken.mov"
        broken.write_bytes(data[:place] + bytes([data[place] ^ 16]) + data[place + 1 :])
        alone, together = (is_clean(broken, threads) for threads in (1, 4))
        assert alone == together, f"byte {place}"
        found.append(alone)
    assert False in found


@pytest.mark.parametrize(
    ("line", "counts"),
    [
        ("[h264 @ 0x55] [info] concealing 78 DC, 78 AC, 78 MV errors in P frame", True),
        ("[h264 @ 0x55] [error] error while decoding MB 5 17", True),
        ("[fatal] out of memory", True),
        ("a line without a level", True),
        ("[h264 @ 0x55] [info] Reinit context to 640x368", False),
        ("[info]     title           : concealing 78 DC", False),
        ("[out#0/null @ 0x55] [warning] something slow", False),
    ],
)
def test_what_a_decoder_says_of_damage_counts_at_any_level(
    line: str, counts: bool, rulebook: Rulebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = Finished(0, b"", f"[info] Stream mapping:\n{line}\n".encode())
    monkeypatch.setattr("proxx.engines.ffmpeg.stream", lambda argv, hear, stop, watch, reads: said)
    _, outcome = decode("/out/A001.mov", "ffmpeg", Event(), 60, rulebook.members("damage-words"))
    assert outcome.stderr == (line if counts else "")


def test_a_hash_that_is_given_up_reads_no_further(tmp_path: Path) -> None:
    made = tmp_path / "A001.mov"
    made.write_bytes(b"x" * 3 * CHUNK)
    answers = iter([False, False, True])
    assert digest(str(made), lambda: next(answers)) == f"sha256:{hashlib.sha256(b'x' * 2 * CHUNK).hexdigest()}"


@pytest.mark.parametrize("rate", ["30000/1001", "30"])
def test_milliseconds_hide_no_other_rate_of_the_standards(rate: str, tmp_path: Path, rulebook: Rulebook) -> None:
    made = str(tmp_path / "A001.webm")
    words = ["-f", "lavfi", "-i", f"testsrc2=s=64x48:r={rate}", "-frames:v", "12", "-c:v", "libvpx-vp9", made]
    subprocess.run(["ffmpeg", "-v", "error", "-nostdin", *words], check=True, timeout=60)
    promise = Media(container="webm", codec="vp9", video=Video(rate=Fraction(30000, 1001), frames=12))
    task = Task(0, "/card/A001.mov", made, made, promise)
    proof = verify(
        rulebook, task, made, {}, Tools(find_tool("ffmpeg"), find_tool("ffprobe"), "", ""), Event(), decodes=False
    )
    assert ("made/rate" in [finding.id for finding in proof.findings]) == (rate == "30")
