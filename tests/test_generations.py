"""What generations of FFmpeg do otherwise than others is data: from a version on, up to a version."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from proxx import prove, quicktime
from proxx.checking import Checked, check
from proxx.errors import EXIT_FINDINGS, ProxxError
from proxx.generations import habits_of, lacks
from proxx.job import plan
from proxx.model import Media
from proxx.rulebook import Rulebook, load
from proxx.samples import CAMERA, HD, Told, sample_spec
from proxx.tools import FLOOR, find_tool, tool_version

ENTRIES = {"old": {"until": "6.0"}, "new": {"since": "8"}, "while": {"since": "6.1", "until": "7.1"}}
VERSIONS = ("5.1", "6.0", "7.0.2", "7.1", "8.0", "9.0.2", "N-118193-g5f38c82536")


@pytest.mark.parametrize(
    ("version", "does"),
    [
        ("5.1.9-0+deb12u1", "old"),
        ("5.1", "old"),
        ("6.0-static", ""),
        ("6.1.1", "while"),
        ("7.0.2-static https://johnvansickle.com/ffmpeg/", "while"),
        ("7.1", ""),
        ("n8.0", "new"),
        ("n9.0.2-17-g2a571b6068-20260930", "new"),
        ("N-118193-g5f38c82536", "new"),
    ],
)
def test_a_version_has_the_habits_of_its_time(version: str, does: str) -> None:
    assert [name for name, said in habits_of(ENTRIES, version).items() if said == "yes"] == ([does] if does else [])


# What the table says of the FFmpeg that is here


def shoot(path: Path, *words: str) -> int:
    """Make a tiny clip with the FFmpeg that is here: its exit code, negative where it crashed."""
    picture = ("-f", "lavfi", "-i", "testsrc2=s=320x240:r=25:d=0.2", "-f", "lavfi", "-i", "sine=d=0.2:r=48000")
    argv = [find_tool("ffmpeg"), "-v", "error", "-nostdin", "-y", *picture, *words, str(path)]
    return subprocess.run(argv, check=False, capture_output=True, timeout=60).returncode


def told(path: Path, entries: str) -> str:
    """What ffprobe says of a clip."""
    argv = [find_tool("ffprobe"), "-v", "error", "-show_entries", entries, "-of", "csv=p=0", str(path)]
    return subprocess.run(argv, check=True, capture_output=True, text=True, timeout=60).stdout.strip()


def opus_is_early(folder: Path) -> bool:
    sound = ("-map", "1", "-filter:a", "asetpts=PTS+0.5/TB", "-c:a", "libopus")
    assert shoot(folder / "o.webm", *sound) == 0
    return float(told(folder / "o.webm", "stream=start_time")) < 0.49


def fields_crash(folder: Path) -> bool:
    fields = ("-vf", "setfield=tff,format=yuv422p10le", "-flags", "+ilme+ildct", "-threads", "2")
    return shoot(folder / "f.mov", "-map", "0", "-c:v", "prores_aw", *fields) < 0


def timecode_is_lost(folder: Path) -> bool:
    moments = ("-vf", "setpts=PTS-STARTPTS", "-fps_mode", "passthrough")
    shoot(folder / "t.mov", "-map", "0", *moments, "-c:v", "libx264", "-metadata:s:v:0", "timecode=01:00:00:00")
    return "01:00:00:00" not in told(folder / "t.mov", "stream_tags=timecode")


def turn_is_lost(folder: Path) -> bool:
    assert shoot(folder / "upright.mp4", "-map", "0", "-c:v", "libx264") == 0
    data = bytearray((folder / "upright.mp4").read_bytes())
    quicktime.turn(data, 90, 320, 240)
    (folder / "turned.mp4").write_bytes(data)
    argv = [find_tool("ffmpeg"), "-v", "error", "-noautorotate", "-i", str(folder / "turned.mp4"), "-c:v", "libx264"]
    subprocess.run([*argv, str(folder / "turned.mkv")], check=True, timeout=60)
    return "90" not in told(folder / "turned.mkv", "stream_side_data=rotation")


def light_stays(folder: Path) -> bool:
    told_light = "log-level=error:master-display=G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,1)"
    coded = ("-c:v", "libx265", "-pix_fmt", "yuv420p10le", "-x265-params", told_light)
    assert shoot(folder / "light.mov", "-map", "0", *coded) == 0
    argv = [find_tool("ffmpeg"), "-v", "error", "-i", str(folder / "light.mov"), "-c:v", "prores_aw"]
    subprocess.run([*argv, str(folder / "kept.mov")], check=True, timeout=60)
    return "Mastering" in told(folder / "kept.mov", "stream_side_data=side_data_type")


MEASURED: dict[str, Callable[[Path], bool]] = {
    "opus-delay-twice": opus_is_early,
    "prores-aw-odd-fields": fields_crash,
    "setpts-forgets-rate": timecode_is_lost,
    "matroska-loses-turn": turn_is_lost,
    "light-stays": light_stays,
}


def test_the_ffmpeg_that_is_here_has_exactly_the_habits_that_the_table_says(rulebook: Rulebook, tmp_path: Path) -> None:
    version = str(tool_version(find_tool("ffmpeg"), "ffmpeg"))
    does = {name: "yes" if measure(tmp_path) else "no" for name, measure in MEASURED.items()}
    assert does == habits_of(rulebook.items["ffmpeg-habit"], version)


def test_the_ffmpeg_that_is_here_knows_exactly_the_options_that_the_table_says(rulebook: Rulebook) -> None:
    tool = find_tool("ffmpeg")
    version = str(tool_version(tool, "ffmpeg"))

    def knows(name: str) -> bool:
        done = subprocess.run([tool, "-hide_banner", f"-{name}", "1"], check=False, capture_output=True, timeout=60)
        return b"Unrecognized option" not in done.stderr

    options = rulebook.items["ffmpeg-option"]
    wrong = [name for name in options if knows(name) != (lacks(options, [f"-{name}"], version)[0] == "")]
    assert wrong == []


# What comes of it


def test_no_shipped_argument_list_has_an_option_that_a_version_lacks(rulebook: Rulebook) -> None:
    options = rulebook.items["ffmpeg-option"]
    lists = [path.read_text("utf-8").splitlines() for path in Path(__file__).with_name("golden").glob("*.txt")]
    assert len(lists) > 15
    for version in VERSIONS:
        assert {lacks(options, lines, version) for lines in lists} == {("", "")}, version
    before = {lacks(options, lines, "5.0.3")[0] for lines in lists}
    assert before == {"FFmpeg 5.0.3 has no option -fps_mode:v:0, which came with 5.1"}, (
        "the floor is the oldest that does"
    )
    assert ".".join(map(str, FLOOR)) == options["fps_mode"]["since"]


@pytest.mark.parametrize(
    ("argument", "version", "words", "hint"),
    [
        ("-vsync", "n9.0.2", "FFmpeg n9.0.2 has no option -vsync, which went with 9.0", "Write -fps_mode:v:0 instead"),
        ("-display_rotation:v", "5.1", "has no option -display_rotation:v, which came with 6.0", "Use an FFmpeg from"),
        ("-noqphist", "9.0", "has no option -noqphist, which went with 9.0", "Use an FFmpeg before 9.0."),
        ("-vsync", "N-118193-g5f38c82536", "which went with 9.0", "or use an FFmpeg before 9.0."),
        ("-psnr", "6.1", "", ""),
        ("psnr", "9.0.2", "", ""),
        ("-map", "9.0.2", "", ""),
    ],
)  # fmt: skip
def test_an_option_that_a_version_lacks_is_named_with_what_to_do(
    rulebook: Rulebook, argument: str, version: str, words: str, hint: str
) -> None:
    trouble, advice = lacks(rulebook.items["ffmpeg-option"], ["ffmpeg", "-i", argument, "-y"], version)
    assert words in trouble
    assert hint in advice
    assert bool(trouble) == bool(words)


def judged(book: Rulebook, media: Media) -> Checked:
    """The verdict of a spec for one source by ProRes LT, a codec that keeps fields."""
    spec = sample_spec(book.profiles["proxy_prores_lt"])
    return check(book, json.dumps({**spec, "resolution": "same"}).encode(), Told(media))


def edited(copy: Path, name: str, old: str, new: str) -> Rulebook:
    path = copy / name
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")
    return load([str(copy)], lint=prove.lint)


def test_a_plan_with_an_option_that_this_ffmpeg_lacks_is_refused_before_anything_runs(
    book_copy: Callable[[], Path],
) -> None:
    template = "profiles/templates/ffmpeg/_proxy.j2"
    book = edited(book_copy(), template, "-fps_mode:v:0\ncfr", "-vsync\ncfr")
    (task,) = plan(book, judged(book, CAMERA), "7.0.2").tasks
    assert "-vsync" in task.argv
    with pytest.raises(ProxxError) as caught:
        plan(book, judged(book, CAMERA), "9.0.2")
    assert str(caught.value) == (
        "FFmpeg 9.0.2 has no option -vsync, which went with 9.0 (template ffmpeg/prores.args.j2)"
    )
    assert caught.value.hint == "Write -fps_mode:v:0 instead, or use an FFmpeg before 9.0."
    assert caught.value.exit_code == EXIT_FINDINGS


def test_a_studio_without_the_versions_that_crash_on_fields_keeps_them(
    rulebook: Rulebook, book_copy: Callable[[], Path]
) -> None:
    fields = replace(CAMERA, video=replace(HD, width=1280, height=720, field_order="tt"))
    entry = 'unsafe_fields = { encoder = "prores_aw", lines = 32, rest = 16 }'
    without = edited(book_copy(), "matrices/generations.toml", entry + "\n", "")
    other = edited(book_copy(), "matrices/generations.toml", entry, entry.replace("rest = 16", "rest = 8"))
    rows = [judged(book, fields).verdict.clips[0].decisions["scan-policy"].row for book in (rulebook, without, other)]
    assert rows == ["unsafe", "kept", "kept"]
