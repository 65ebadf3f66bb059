"""Clips and proxies: what NLEs make of a pair, which files are pairs, what frames and sound tell, and the report."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
from conftest import ROOT
from referencing import Registry, Resource

from proxx.alignment import differences, follow, lag_of, levels, normalised
from proxx.cli import main
from proxx.conventions import folder_relation, name_relation
from proxx.errors import ProxxError
from proxx.framefacts import Change, FrameProof, Place, levels_word
from proxx.glimpses import conforms, without_timing
from proxx.identity import picture_facts
from proxx.likeness import likenesses
from proxx.model import Audio, Colour, Media, Video
from proxx.pairs import Pairs, find_pairs
from proxx.relinking import judge_pair
from proxx.rulebook import Rulebook
from proxx.soundproof import SoundProof, _window

PICTURE = Video(
    codec="prores", width=1920, height=1080, par=Fraction(1), rotation=0, field_order="progressive",
    rate=Fraction(24000, 1001), frames=100, colour=Colour("tv", "bt709", "bt709", "bt709"), pix_fmt="yuv422p10le",
)  # fmt: skip
CLIP = Media(
    path="/card/A001.mov", container="mov", codec="prores", timecode="01:00:00:00", reel="A001", size=1,
    video=PICTURE, audio=(Audio(1, "pcm_s24le", 2, sample_rate=48000),), cadence="constant",
)  # fmt: skip
PROXY = replace(CLIP, path="/card/Proxy/A001.mov", video=replace(PICTURE, width=960, height=540))
NLES = ("premiere", "resolve", "avid", "finalcut")
SOUND = "anoisesrc=r=48000:c=pink:seed=7:a=0.4:d=1.5"
FFMPEG = ("ffmpeg", "-v", "error", "-nostdin", "-y")
CODED = ("-c:v", "prores_aw", "-pix_fmt", "yuv422p10le", "-c:a", "pcm_s16le")
TAGS = ("-metadata:s:v:0", "timecode=01:00:00:00", "-metadata:s:v:0", "reel_name=A001")


def with_video(media: Media, **changes: Any) -> Media:
    return replace(media, video=replace(media.video or Video(), **changes))


FAULTS: dict[str, tuple[Callable[[Media], Media], str]] = {
    "timecode by a frame": (lambda m: replace(m, timecode="01:00:00:01"), "timecode"),
    "no timecode": (lambda m: replace(m, timecode=""), "no-timecode"),
    "drop flag": (lambda m: replace(m, timecode="01:00:00;00"), "drop-frame"),
    "rate 24": (lambda m: with_video(m, rate=Fraction(24)), "rate"),
    "a frame less": (lambda m: with_video(m, frames=99), "fewer-frames"),
    "a frame more": (lambda m: with_video(m, frames=101), "more-frames"),
    "no sound": (lambda m: replace(m, audio=()), "tracks"),
    "a channel less": (lambda m: replace(m, audio=(Audio(1, "pcm_s24le", 1, sample_rate=48000),)), "channels"),
    "two mono tracks": (lambda m: replace(m, audio=(Audio(1, "pcm_s24le", 1), Audio(2, "pcm_s24le", 1))), "regrouped"),
    "field order": (lambda m: with_video(m, field_order="tt"), "scan"),
    "shape": (lambda m: with_video(m, width=720), "raster"),
    "pixels": (lambda m: with_video(m, par=Fraction(4, 3)), "pixel-aspect"),
    "rotation": (lambda m: with_video(m, rotation=90), "rotation"),
    "reel": (lambda m: replace(m, reel="B002"), "reel"),
    "range": (lambda m: with_video(m, colour=Colour("pc", "bt709", "bt709", "bt709")), "range"),
    "colour": (lambda m: with_video(m, colour=Colour("tv", "bt2020", "bt709", "bt709")), "colour"),
}


@pytest.mark.parametrize("nle", NLES)
def test_a_proxy_that_is_right_relinks(nle: str, rulebook: Rulebook) -> None:
    found = judge_pair(rulebook, nle, CLIP, PROXY)
    assert (found.verdict, found.findings) == ("yes", ())


@pytest.mark.parametrize("nle", NLES)
@pytest.mark.parametrize("fault", FAULTS)
def test_every_nle_names_what_is_wrong_and_nothing_else(nle: str, fault: str, rulebook: Rulebook) -> None:
    spoil, rule = FAULTS[fault]
    found = judge_pair(rulebook, nle, CLIP, spoil(PROXY))
    assert [finding.id for finding in found.findings] == [f"{nle}/{rule}"]
    assert found.verdict != "yes"


def test_every_row_of_an_nle_says_where_it_is_published_and_how_sure_it_is(rulebook: Rulebook) -> None:
    levels = {"vendor manual", "issue thread", "secondary text", "unverified"}
    for nle in NLES:
        for table in rulebook.tables(nle):
            for row in table.rows:
                level, source = row.about["evidence"]["level"], row.about["source"]
                assert level in levels, (table.name, row.id)
                assert ("https://" in source or "http://" in source) == (level != "unverified"), (table.name, row.id)


def test_every_nle_has_a_table_for_each_subject(rulebook: Rulebook) -> None:
    subjects = (
        *("name", "folder", "timecode", "drop-frame", "rate", "frames", "tracks", "channels", "scan", "raster"),
        *("pixel-aspect", "rotation", "reel", "range", "colour", "codec", "sound-codec"),
    )
    for nle in NLES:
        assert {table.name for table in rulebook.tables(nle)} == {f"{nle}-{subject}" for subject in subjects}


def test_sound_that_a_system_does_not_play_refuses_only_where_that_system_is_meant(rulebook: Rulebook) -> None:
    silent = replace(PROXY, audio=(Audio(1, "aac", 2, sample_rate=48000),))
    verdicts = [judge_pair(rulebook, "resolve", CLIP, silent, system).verdict for system in ("macos", None, "linux")]
    assert verdicts == ["yes", "doubtful", "no"]


def test_what_is_not_known_is_a_remark_and_no_agreement(rulebook: Rulebook) -> None:
    found = judge_pair(rulebook, "avid", CLIP, with_video(PROXY, rate=None))
    assert [finding.id for finding in found.findings] == ["relink/unknown"]
    assert "the frame rate" in found.findings[0].message


def test_a_turned_picture_is_told_from_a_lost_turn(rulebook: Rulebook) -> None:
    phone = with_video(CLIP, rotation=90)
    nle = rulebook.items["nle"]["resolve"]
    upright = with_video(PROXY, width=540, height=960)
    told = [likenesses(nle, phone, proxy, ())["relink.rotation"].value for proxy in (upright, PROXY)]
    assert told == ["baked", "lost"]
    assert judge_pair(rulebook, "resolve", phone, upright).verdict == "yes"
    assert judge_pair(rulebook, "resolve", phone, PROXY).verdict == "no"


@pytest.mark.parametrize(
    ("proxy", "relation"),
    [
        ("A001.mp4", "same"), ("A001_Proxy.mov", "suffix"), ("a001.MOV", "case"), ("A001_h264.mov", "extended"),
        ("A0011.mov", "other"), ("B001.mov", "other"), ("A001", "same"),
    ],
)  # fmt: skip
def test_names_are_compared_as_people_would(proxy: str, relation: str) -> None:
    assert name_relation("/card/A001.mov", f"/p/{proxy}", ["_Proxy", ""]) == relation


def test_folders_are_compared_by_the_convention() -> None:
    places = ("/card/Proxy/a.mov", "/card/a.mov", "/card/x/a.mov", "/p/a.mov")
    told = [folder_relation("/card/a.mov", one, ["Proxy"]) for one in places]
    assert told == ["convention", "beside", "below", "elsewhere"]


def pairs_of(rulebook: Rulebook, home: Path, files: Sequence[str], clips: str, proxies: str) -> Pairs:
    """What is paired of two places below a folder, once these empty files lie there too."""
    for name in files:
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).touch()
    nles = list(rulebook.items["nle"].values())
    return find_pairs(rulebook, str(home / clips), str(home / proxies), nles)


def below(home: Path, pairs: Pairs) -> list[tuple[str, ...]]:
    """The pairs that were found, their paths without the folder that they all lie in."""
    return [tuple(Path(one).relative_to(home).as_posix() for one in pair) for pair in pairs.found]


def test_two_folders_are_paired_by_name_and_then_by_folder(tmp_path: Path, rulebook: Rulebook) -> None:
    files = (
        *("card/A/C001.mov", "card/B/C001.mov", "card/C0010.mov"),
        *("card/lone.mov", "card/.hidden.mov", "card/notes.txt"),
        *("p/A/C001_Proxy.mov", "p/B/C001_Proxy.mov", "p/C0010_h264.mp4", "p/stranger.mov"),
    )
    found = pairs_of(rulebook, tmp_path, files, "card", "p")
    assert below(tmp_path, found) == [
        ("card/A/C001.mov", "p/A/C001_Proxy.mov"),
        ("card/B/C001.mov", "p/B/C001_Proxy.mov"),
        ("card/C0010.mov", "p/C0010_h264.mp4"),
    ]
    assert [Path(one.path).name for one in found.sources] == ["lone.mov"]
    assert [Path(one.path).name for one in found.proxies] == ["stranger.mov"]


def test_proxies_beside_their_clips_are_no_clips_when_others_are_asked_about(
    tmp_path: Path, rulebook: Rulebook
) -> None:
    card = ("card/A1.MOV", "card/Proxy/A1.mov", "card/a1_proxy.mov", "card/B1.mov", "card/Proxy/C1.mov")
    found = pairs_of(rulebook, tmp_path, (*card, "made/A1.mov"), "card", "made")
    assert below(tmp_path, found) == [("card/A1.MOV", "made/A1.mov")]
    assert [Path(one.path).name for one in found.sources] == ["B1.mov", "C1.mov"]  # of C1 there is no other clip
    one = pairs_of(rulebook, tmp_path, (), "card", "card")
    assert "card/a1_proxy.mov" not in [clip for clip, _ in below(tmp_path, one)]


def test_one_folder_may_hold_clips_and_proxies(tmp_path: Path, rulebook: Rulebook) -> None:
    files = ("C001.mov", "Proxy/C001.mov", "C002.mov", "C002_Proxy.mov")
    found = pairs_of(rulebook, tmp_path, files, ".", ".")
    assert below(tmp_path, found) == [("C001.mov", "Proxy/C001.mov"), ("C002.mov", "C002_Proxy.mov")]
    with pytest.raises(ProxxError, match="is a folder"):
        pairs_of(rulebook, tmp_path, (), ".", "C001.mov")


def test_a_recorded_chain_loses_its_clock_and_nothing_else() -> None:
    chain = "setpts=PTS-STARTPTS,settb=expr=1/25,setpts=N,scale=w=960:h=540,drawtext=text='a,fps=1',trim=end_frame=9"
    assert without_timing(chain) == "scale=w=960:h=540,drawtext=text='a,fps=1'"
    assert not conforms(chain)
    assert conforms("setpts=N,fps=fps=24:round=near,scale=w=2:h=2")


def noise(frames: int, seed: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
    return np.random.default_rng(seed).integers(0, 255, (frames, 400), np.uint8)


@pytest.mark.parametrize("gone", [(), (0,), (13,), (29,), (5, 6), (5, 20)])
def test_any_missing_frames_are_followed(gone: tuple[int, ...]) -> None:
    clip = noise(30, 1)
    kept = [frame for frame in range(30) if frame not in gone]
    proxy = np.clip(clip[kept] * 0.9 + 7, 0, 255).astype(np.uint8)
    one, other = normalised(clip), normalised(proxy)
    path = follow(differences(one, other, 0, 0, 0, 6), 0, 0, 6)
    assert [row + int(offset) for row, offset in enumerate(path.offsets)] == kept
    assert path.is_clear


@pytest.mark.parametrize("frames", [1, 2, 3, 4])
def test_very_short_clips_are_followed(frames: int) -> None:
    one = normalised(noise(frames, 3))
    assert list(follow(differences(one, one, 0, 0, 0, 2), 0, 0, 2).offsets) == [0] * frames


def test_frames_that_are_alike_are_not_told_apart() -> None:
    still = np.repeat(noise(1, 2), 30, 0)
    grain = np.random.default_rng(3).normal(0, 1, still.shape)
    proxy = np.clip(still + grain, 0, 255).astype(np.uint8)
    path = follow(differences(normalised(still), normalised(proxy), 0, 0, 0, 6), 0, 0, 6)
    assert not path.is_clear


@pytest.mark.parametrize("times", [2, 3, 20])
@pytest.mark.parametrize("gone", [(), (0,), (31,)])
def test_pictures_that_are_shown_several_times_still_tell_where_they_are(times: int, gone: tuple[int, ...]) -> None:
    clip = np.repeat(noise(60 // times, 1), times, 0)
    kept = [frame for frame in range(60) if frame not in gone]
    grain = np.random.default_rng(3).normal(0, 2, clip.shape)
    proxy = np.clip(clip + grain, 0, 255).astype(np.uint8)[kept]
    path = follow(differences(normalised(clip), normalised(proxy), 0, 0, 0, 6), 0, 0, 6)
    assert path.is_clear
    assert int(path.offsets[-1]) == len(gone)
    assert path.tells(12) == (times < 12)


@pytest.mark.parametrize(
    ("gain", "lift", "word"), [(1, 0, "same"), (219 / 255, 16, "squeezed"), (1.164, -19, "expanded")]
)
def test_lost_detail_is_no_lost_contrast(gain: float, lift: float, word: str) -> None:
    random = np.random.default_rng(5)
    smooth = np.linspace(40, 210, 160)[None, :] + np.zeros((90, 1))
    clip = smooth + random.normal(0, 30, smooth.shape)  # grain and edges that the proxy has lost
    seen = [np.clip(picture, 0, 255).astype(np.uint8) for picture in (clip, smooth * gain + lift)]
    assert levels_word(levels(*seen)) == word
    assert levels(seen[0], np.full_like(seen[1], 255)) is None


@pytest.mark.parametrize("late", [0, 1, -1, 2002, -777])
def test_sound_is_laid_on_sound_to_the_sample(late: int) -> None:
    sound = np.random.default_rng(4).normal(0, 0.1, 48000).astype(np.float32)
    found = lag_of(sound, np.roll(sound, late), 4000)
    assert found is not None
    assert round(found.samples, 1) == late
    assert lag_of(sound, np.zeros_like(sound), 4000) is None


@pytest.mark.parametrize(
    ("clear", "frames", "picture"), [(True, 5, "repeated"), (False, 5, "still"), (False, 6, "repeated")]
)
def test_a_jump_among_pictures_that_are_alike_is_chance(clear: bool, frames: int, picture: str) -> None:
    jump = Change(2, 3, 0, -1)
    proof = FrameProof(True, frames, 5, frames, (Place(0, 0, clear, 1, 99),), (jump,), 0.99, clear, clear, "same")
    assert picture_facts(proof)["identity.picture"] == picture


def heard_as(clip: np.ndarray, proxy: np.ndarray, essence: str = "pcm") -> SoundProof:
    one, other = (np.asarray(sound, np.float32) for sound in (clip, proxy))
    return _window(one, other, SoundProof(1, "same", essence, 48000), 4000)


def test_quiet_sound_is_compared_and_faint_sound_is_missed_where_nothing_is_rounded() -> None:
    loud, other = np.random.default_rng(4).normal(0, 0.1, (2, 24000))
    quiet = np.stack([loud * 0.004, other * 0.004])
    assert heard_as(quiet, quiet).value == "same"
    lost = np.stack([quiet[0], 0 * quiet[1]])
    assert (heard_as(quiet, lost).value, heard_as(quiet, lost).channel) == ("silent", 2)
    assert heard_as(quiet, lost, "compressed").value == "same"
    assert heard_as(quiet, 0 * quiet, "compressed").value == "unclear"
    assert heard_as(quiet, 0 * quiet).value == "silent"
    assert heard_as(np.stack([loud, other]), np.stack([loud, 0 * other]), "compressed").value == "silent"


def test_channels_that_are_nearly_alike_are_still_known_by_what_is_their_own() -> None:
    left, right, grain = np.random.default_rng(4).normal(0, 0.1, (3, 24000))
    stereo = np.stack([left, 0.9 * left + 0.3 * right])
    assert heard_as(stereo, stereo).value == "same"
    assert heard_as(stereo, stereo + 0.1 * grain, "compressed").value == "same"
    swapped = heard_as(stereo, stereo[::-1] + 0.01 * grain, "compressed")
    assert (swapped.value, swapped.seen) == ("swapped", "that of channel 2")
    spilled = np.stack([left, 0.01 * left + 0.02 * right])  # of the second a codec leaves what the first spills into it
    assert heard_as(spilled, np.stack([left, 0.02 * left]), "compressed").value == "same"
    assert heard_as(stereo, np.stack([left, left])).value == "swapped"
    assert heard_as(np.stack([left, right]), np.stack([left, grain])).value == "other"


@pytest.fixture(scope="module")
def takes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clip, its proxy, and proxies in which one thing each is wrong."""
    folder = tmp_path_factory.mktemp("takes")
    clip = str(folder / "A001.mov")
    make = ("-f", "lavfi", "-i", "testsrc2=s=640x360:r=24000/1001:d=1.5", "-f", "lavfi", "-i", SOUND)
    second = SOUND.replace("seed=7", "seed=8")
    joined = ("-f", "lavfi", "-i", second, "-filter_complex", "[1][2]amerge=inputs=2[s]", "-map", "0:v", "-map", "[s]")
    subprocess.run([*FFMPEG, *make, *joined, *CODED, *TAGS, clip], check=True, timeout=60)
    half = "scale=320:180"
    again = "setpts=N/FRAME_RATE/TB"
    rate = ("-r", "24000/1001")  # FFmpeg 7.0 forgets it over setpts
    ways = {
        "fine.mov": ("-vf", half),
        "first.mov": ("-vf", f"select=gte(n\\,1),{again},{half}", *rate),
        "last.mov": ("-vf", f"trim=end_frame=35,{half}"),
        "middle.mov": ("-vf", f"select=not(eq(n\\,17)),{again},{half}", *rate),
        "twice.mov": ("-vf", f"{half},loop=loop=1:size=1:start=12,{again}", *rate),
        "late.mov": ("-vf", half, "-af", "adelay=2002S:all=1"),
        "mute.mov": ("-vf", half, "-af", "pan=stereo|c0=c0|c1=0*c0"),
        "swapped.mov": ("-vf", half, "-af", "pan=stereo|c0=c1|c1=c0"),
        "turned.mov": ("-vf", f"{half},hflip"),
    }
    for name, way in ways.items():
        subprocess.run([*FFMPEG, "-i", clip, *way, *CODED, *TAGS, str(folder / name)], check=True, timeout=60)
    squeezed = ("-vf", f"{half},setparams=range=pc", "-c:v", "libx264", "-pix_fmt", "yuv420p", "-c:a", "pcm_s16le")
    subprocess.run([*FFMPEG, "-i", clip, *squeezed, *TAGS, str(folder / "flag.mov")], check=True, timeout=60)
    return folder


def relinked(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict[str, Any]]:
    code = main(["relink", *words, "--format", "json"])
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    validate(document, "relink.schema.json")
    return code, document


def validate(document: dict[str, Any], name: str) -> None:
    read = {path.name: json.loads(path.read_text("utf-8")) for path in (ROOT / "schema").glob("*.schema.json")}
    known = [(key, Resource.from_contents(value)) for key, value in read.items() if "2020-12" in value["$schema"]]
    jsonschema.Draft202012Validator(read[name], registry=Registry().with_resources(known)).validate(document)


CONTENT = {
    "fine.mov": (0, []),
    "first.mov": (1, ["identity/first-frames-missing"]),
    "last.mov": (0, ["identity/last-frames-missing"]),
    "middle.mov": (0, ["identity/frames-dropped"]),
    "twice.mov": (0, ["identity/frames-repeated"]),
    "late.mov": (0, ["identity/sound-shifted"]),
    "mute.mov": (0, ["identity/channel-silent"]),
    "swapped.mov": (0, ["identity/channels-swapped"]),
    "flag.mov": (0, ["identity/levels"]),
}


@pytest.mark.parametrize("name", CONTENT)
def test_a_fault_in_the_content_is_found_and_named(name: str, takes: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("--deep", "--nle", "finalcut", str(takes / "A001.mov"), str(takes / name))
    _, document = relinked(capsys, *words)
    identity = document["pairs"][0]["identity"]
    offset, findings = CONTENT[name]
    assert [finding["id"] for finding in identity["findings"]] == findings
    assert identity["offset"] == offset


def test_places_find_a_frame_that_is_missing_between_them(takes: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("--deep", "--places", "2", "--nle", "avid", str(takes / "A001.mov"), str(takes / "middle.mov"))
    _, document = relinked(capsys, *words)
    identity = document["pairs"][0]["identity"]
    assert not identity["whole"]
    (change,) = identity["changes"]
    assert (change["before"], change["after"], change["latest"]) == (0, 1, 17)


@pytest.mark.parametrize("rounding", ["near", "up"])
def test_a_clip_of_changing_frame_lengths_is_compared_at_its_moments(
    rounding: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clip, proxy = str(tmp_path / "A001.mov"), str(tmp_path / "A001.webm")
    assert main(["fixture", "320x180 25 vfr frames=12", "-o", clip]) == 0
    small = f"setpts=PTS-STARTPTS,fps=25:round={rounding},scale=80:45"
    way = ("-map", "0:v", "-vf", small, "-c:v", "libvpx-vp9", "-deadline", "realtime")
    subprocess.run([*FFMPEG, "-i", clip, *way, proxy], check=True, timeout=60)
    capsys.readouterr()
    _, document = relinked(capsys, "--deep", clip, proxy, "--nle", "resolve", "--html", str(tmp_path / "report.html"))
    identity = document["pairs"][0]["identity"]
    assert [finding["id"] for finding in identity["findings"]] == ["identity/stream-missing"]
    assert identity["offset"] == 0


def test_another_picture_is_no_proxy(takes: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, document = relinked(capsys, "--deep", str(takes / "A001.mov"), str(takes / "turned.mov"))
    found = document["pairs"][0]["identity"]["findings"]
    assert [finding["id"] for finding in found] == ["identity/other-picture"]


def test_pairs_that_relink_exit_0_and_others_1_and_trouble_2(
    takes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "Proxy").mkdir()
    shutil.copy(takes / "A001.mov", tmp_path)
    shutil.copy(takes / "fine.mov", tmp_path / "Proxy/A001.mov")
    code, document = relinked(capsys, str(tmp_path), str(tmp_path), "--nle", "resolve")
    assert (code, document["pairs"][0]["verdict"]) == (0, "yes")
    shutil.copy(takes / "last.mov", tmp_path / "Proxy/A001.mov")
    assert relinked(capsys, str(tmp_path), str(tmp_path), "--nle", "resolve")[0] == 1
    (tmp_path / "A002.mov").write_bytes(b"x")
    _, document = relinked(capsys, str(tmp_path), str(tmp_path), "--nle", "resolve")
    assert [Path(one["path"]).name for one in document["unpaired"]["sources"]] == ["A002.mov"]
    assert main(["relink", str(tmp_path / "none"), str(tmp_path)]) == 2
    assert main(["relink", str(tmp_path), str(tmp_path), "--nle", "resolv"]) == 2
    assert main(["relink", str(tmp_path), str(tmp_path), "--nle", "finalcut", "--system", "linux"]) == 2
    assert "did you mean resolve" in capsys.readouterr().err


def test_a_preset_is_named_laid_out_promised_proved_and_recorded(
    takes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copy(takes / "A001.mov", tmp_path)
    spec = tmp_path / "job.json"
    profile = ("--profile", "proxy_prores_proxy")
    assert main(["new", "spec", str(tmp_path), *profile, "--nle", "resolve", "-o", str(spec)]) == 0
    assert main(["run", str(spec), "--nle", "resolve", "--quiet"]) == 0
    (record,) = (tmp_path / "Proxy").glob("*.record.json")
    document = json.loads(record.read_text("utf-8"))
    validate(document, "record.schema.json")
    assert document["relink"] == {"nles": ["resolve"], "system": None}
    assert document["clips"][0]["relink"] == {"resolve": "yes"}
    assert document["clips"][0]["decided"]["resolve-timecode"] == "same"
    (plan,) = (tmp_path / "Proxy").glob("*.plan.json")
    validate(json.loads(plan.read_text("utf-8")), "plan.schema.json")
    capsys.readouterr()
    assert main(["verify", "--deep", str(tmp_path / "Proxy")]) == 0
    said = capsys.readouterr().out
    assert "pictures: offset 0 (all 36 frames compared" in said
    assert "sound 1: offset 0 samples" in said
    assert main(["new", "spec", str(tmp_path), *profile, "--nle", "premiere", "-o", str(tmp_path / "p.json")]) == 2
    assert "Say --out DIR" in capsys.readouterr().err


def test_a_check_refuses_what_the_nle_would(takes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec = tmp_path / "job.json"
    words = ["new", "spec", str(takes / "A001.mov"), "--profile", "proxy_h264_low", "--out", str(tmp_path / "out")]
    assert main([*words, "-o", str(spec)]) == 0
    assert main(["check", str(spec), "--nle", "resolve"]) == 0
    capsys.readouterr()
    assert main(["check", str(spec), "--nle", "resolve", "--system", "linux"]) == 1
    assert "resolve/silent" in capsys.readouterr().out
    assert main(["plan", str(spec), "--nle", "resolve", "--system", "linux"]) == 1
    assert main(["run", str(spec), "--nle", "resolve", "--system", "linux", "--quiet"]) == 1
    assert not (tmp_path / "out").exists()
    assert main(["check", str(spec), "--system", "linux"]) == 2


def test_a_mended_spec_is_judged_for_the_nle_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec, clip = tmp_path / "job.json", str(tmp_path / "A001.mov")
    assert main(["fixture", "320x180 25 tc=01:00:00:00 audio=stereo frames=6", "-o", clip]) == 0
    words = ["new", "spec", clip, "--profile", "proxy_h264_low", "--out", str(tmp_path / "out"), "-o", str(spec)]
    assert main(words) == 0
    spec.write_text(spec.read_text("utf-8").replace('"half"', '"Half"'), "utf-8")
    for words in (["--diff"], ["--fix"]):
        capsys.readouterr()
        assert main(["check", str(spec), *words, "--nle", "resolve", "--system", "linux"]) == 1
    said = capsys.readouterr().out
    assert "fixed: " in said
    assert "resolve/silent" in said
    assert '"half"' in spec.read_text("utf-8")


def test_deep_says_what_is_wrong_in_a_file_that_was_changed(
    takes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copy(takes / "A001.mov", tmp_path)
    spec, out = tmp_path / "job.json", tmp_path / "out"
    words = ["new", "spec", str(tmp_path), "--profile", "proxy_prores_proxy", "--out", str(out), "-o", str(spec)]
    assert main(words) == 0
    assert main(["run", str(spec), "--quiet"]) == 0
    made = out / "A001_proxy.mov"
    spoilt = tmp_path / "spoilt.mov"
    way = ("-vf", "select=not(eq(n\\,20)),setpts=N/FRAME_RATE/TB", "-r", "24000/1001", *CODED, *TAGS)
    subprocess.run([*FFMPEG, "-i", str(made), *way, str(spoilt)], check=True, timeout=60)
    shutil.copy(spoilt, made)
    capsys.readouterr()
    assert main(["verify", "--deep", str(out), "--format", "json"]) == 1
    document = json.loads(capsys.readouterr().out)
    validate(document, "verified.schema.json")
    (proxy,) = document["proxies"]
    assert proxy["state"] == "altered"
    assert {"identity/frames-dropped", "made/fewer-frames"} <= {finding["id"] for finding in proxy["findings"]}
    assert proxy["identity"]["changes"][0]["latest"] == 20
    slower = ("-bsf:v", "setts=ts=N*1000:time_base=1/24000:duration=1000", "-video_track_timescale", "24000")
    words = ["-i", str(spoilt), "-map", "0:v", "-map", "0:a", "-c", "copy", *slower, *TAGS, str(tmp_path / "24.mov")]
    subprocess.run([*FFMPEG, *words], check=True, timeout=60)
    shutil.copy(tmp_path / "24.mov", made)
    assert main(["verify", "--deep", str(out), "--format", "json"]) == 1
    findings = json.loads(capsys.readouterr().out)["proxies"][0]["findings"]
    assert "made/rate" in {finding["id"] for finding in findings}
    (tmp_path / "A001.mov").unlink()
    assert main(["verify", "--deep", str(out)]) == 1
    assert "identity/no-source" in capsys.readouterr().out
