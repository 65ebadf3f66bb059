"""Probing files that FFmpeg makes here, whole, broken, renamed and cut short."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from proxx.clip import length_of
from proxx.model import Audio, Colour, Media, Video
from proxx.probe import probe, probe_all
from proxx.stored import misfit
from proxx.streams import read_audio, read_video, sensible_rate
from proxx.timing import measure, needs_measuring
from proxx.tools import find_tool
from proxx.trial import try_decoding, try_within

ROOT = Path(__file__).parent.parent
VOCABULARY: Mapping[str, Any] = tomllib.loads((ROOT / "matrices/vocabulary.toml").read_text("utf-8"))
PICTURE = "testsrc2=size=64x36:rate={rate}:duration={seconds}"
Make = Callable[..., Path]


def look(path: Path | str) -> Media:
    return probe(str(path), VOCABULARY, find_tool("ffprobe"))


def count(media: Media) -> Media:
    return measure(media, VOCABULARY, find_tool("ffprobe"))


def picture_of(media: Media) -> Video:
    assert media.video is not None
    return media.video


def cut(path: Path, share: float) -> Path:
    with path.open("r+b") as file:
        file.truncate(int(path.stat().st_size * share))
    return path


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Makes a file with FFmpeg from a lavfi picture; arguments go before the output's name."""

    def made(name: str, *arguments: str, rate: str = "25", seconds: str = "1") -> Path:
        output = tmp_path / name
        source = ["-f", "lavfi", "-i", PICTURE.format(rate=rate, seconds=seconds)]
        argv = [find_tool("ffmpeg"), "-nostdin", "-v", "error", *source, *arguments, str(output)]
        subprocess.run(argv, check=True)
        return output

    return made


def test_a_camera_like_mov_is_read_exactly(make: Make) -> None:
    path = make(
        "A001.mov", "-f", "lavfi", "-i", "sine=sample_rate=48000:duration=1.001", "-map", "0", "-map", "1", "-map", "1",
        "-c:v", "prores_ks", "-profile:v", "0", "-vendor", "apl0", "-c:a", "pcm_s16le", "-timecode", "01:00:00;00",
        "-vf", "setsar=4/3,setparams=range=tv:color_primaries=bt709:color_trc=bt709:colorspace=bt709",
        "-metadata:s:v:0", "reel_name=A001", "-metadata:s:a:1", "language=fra",
        rate="30000/1001", seconds="1.001",
    )  # fmt: skip
    media = look(path)
    video = picture_of(media)
    assert (media.state, media.container, media.codec, media.demuxer) == ("ok", "mov", "prores", "mov")
    assert (media.timecode, media.reel, media.cadence) == ("01:00:00;00", "A001", "constant")
    assert (media.size, media.declared_size) == (path.stat().st_size, path.stat().st_size)
    assert (video.codec, video.profile, video.tag) == ("prores", "Proxy", "apco")
    assert (video.width, video.height, video.par) == (64, 36, Fraction(4, 3))
    assert (video.rate, video.frames, video.duration) == (Fraction(30000, 1001), 30, Fraction(1001, 1000))
    # Of the range of ProRes in MOV ffprobe 5.1 says that it is limited, and 7.0 and 8.0 say nothing.
    assert video.colour in [Colour(said, "bt709", "bt709", "bt709") for said in ("tv", "unknown")]
    assert video.rotation == 0
    assert media.audio is not None
    assert [(sound.codec, sound.channels, sound.sample_rate) for sound in media.audio] == [("pcm_s16le", 1, 48000)] * 2
    assert media.audio[1].language == "fra"
    assert not needs_measuring(media)


def test_a_file_without_timecode_and_reel_is_known_to_have_none(make: Make) -> None:
    media = look(make("a.mp4", "-c:v", "libx264"))
    assert (media.timecode, media.reel, media.audio, media.container) == ("", "", (), "mp4")


def test_an_mxf_counts_its_frames_in_its_duration(make: Make) -> None:
    media = look(make("a.mxf", "-c:v", "mpeg2video", "-timecode", "10:00:00:00"))
    assert (media.codec, media.timecode, media.cadence) == ("mpeg2video", "10:00:00:00", "constant")
    assert picture_of(media).frames == 25


@pytest.mark.parametrize(
    ("name", "arguments", "pair"),
    [
        ("a.mkv", ("-c:v", "libx264"), ("mkv", "h264")),
        ("a.webm", ("-c:v", "libvpx-vp9", "-deadline", "realtime"), ("webm", "vp9")),
        ("a.m2ts", ("-c:v", "mpeg2video"), ("ts", "mpeg2video")),
        ("a.avi", ("-c:v", "mjpeg"), ("avi", "mjpeg")),
        ("a.mpg", ("-c:v", "mpeg2video"), ("mpg", "mpeg2video")),
        ("a.m4v", ("-c:v", "libx264", "-f", "mp4"), ("mp4", "h264")),
    ],
)
def test_a_container_that_does_not_count_its_frames_has_them_counted(
    make: Make, name: str, arguments: tuple[str, ...], pair: tuple[str, str]
) -> None:
    media = look(make(name, *arguments))
    assert (media.container, media.codec, media.warnings) == (*pair, ())
    counted = count(media) if needs_measuring(media) else media
    assert (picture_of(counted).frames, picture_of(counted).rate, counted.cadence) == (25, Fraction(25), "constant")
    assert not needs_measuring(counted)


def test_frames_at_uneven_times_are_a_variable_cadence(make: Make) -> None:
    uneven = make("a.mp4", "-vf", "select='lt(n,5)+gt(n,15)'", "-fps_mode", "vfr", "-c:v", "libx264")
    media = look(uneven)
    assert needs_measuring(media)
    counted = count(media)
    assert (counted.cadence, picture_of(counted).shown) == ("variable", 14)


def test_a_rounded_clock_is_still_a_constant_cadence(make: Make) -> None:
    counted = count(look(make("a.mkv", "-c:v", "libx264", rate="24000/1001", seconds="3")))
    assert (counted.cadence, picture_of(counted).rate) == ("constant", Fraction(24000, 1001))
    assert picture_of(counted).shown == picture_of(counted).packets == 72


def test_the_first_and_last_instant_are_measured(make: Make) -> None:
    video = picture_of(count(look(make("a.mkv", "-c:v", "libx264", "-bf", "2", "-output_ts_offset", "2"))))
    assert (video.first, video.last) == (Fraction(2), Fraction(3))


def test_a_half_copied_mov_is_told_before_anything_runs(make: Make) -> None:
    path = make("a.mov", "-c:v", "mjpeg", "-movflags", "+faststart")
    whole = path.stat().st_size
    media = look(cut(path, 0.5))
    assert (media.state, media.size, media.declared_size) == ("ok", whole // 2, whole)
    assert needs_measuring(media)
    video = picture_of(count(media))
    assert video.frames == 25
    assert video.packets is not None
    assert video.packets < 25


@pytest.mark.parametrize(
    ("name", "codec"), [("a.mkv", "libx264"), ("a.avi", "mjpeg"), ("a.mxf", "mpeg2video"), ("a.webm", "libvpx-vp9")]
)
def test_a_half_copied_file_asks_for_more_bytes_than_it_has(make: Make, name: str, codec: str) -> None:
    path = make(name, "-c:v", codec)
    media = look(path)
    assert media.declared_size is not None
    assert media.declared_size <= path.stat().st_size
    assert look(cut(path, 0.6)).declared_size == media.declared_size > path.stat().st_size


def test_a_mov_that_lost_its_index_is_no_media_but_says_how_long_it_was(make: Make) -> None:
    path = make("a.mov", "-c:v", "mjpeg", seconds="2")
    media = look(cut(path, 0.5))
    assert (media.state, media.container, media.codec) == ("not-media", "unknown", "unknown")
    assert media.declared_size is not None
    assert media.declared_size > path.stat().st_size


def test_a_fragmented_mp4_is_counted_and_a_lone_initialisation_has_no_frames(make: Make, tmp_path: Path) -> None:
    path = make("a.mp4", "-c:v", "libx264", "-g", "5", "-movflags", "+frag_keyframe+empty_moov")
    assert picture_of(count(look(path))).shown == 25
    data = path.read_bytes()
    lone = tmp_path / "init.mp4"
    lone.write_bytes(data[: data.index(b"moof") - 4])
    media = count(look(lone))
    assert (media.state, picture_of(media).frames, picture_of(media).packets) == ("ok", None, 0)


def test_pictures_that_an_edit_list_hides_are_there_but_not_shown(make: Make, tmp_path: Path) -> None:
    path = make("a.mp4", "-c:v", "libx264", "-g", "25", "-bf", "0", seconds="2")
    clipped = tmp_path / "clipped.mp4"
    argv = [find_tool("ffmpeg"), "-nostdin", "-v", "error", "-ss", "0.4", "-i", str(path), "-c", "copy", str(clipped)]
    subprocess.run(argv, check=True)
    media = look(clipped)
    assert needs_measuring(media)
    video = picture_of(count(media))
    assert (video.frames, video.packets, video.shown) == (50, 50, 40)


@pytest.mark.parametrize(
    ("end", "packets", "length"), [(12, 12, "as-declared"), (11, 11, "shorter"), (12, 15, "as-declared")]
)
def test_hidden_pictures_that_are_left_out_are_no_loss(end: int, packets: int, length: str) -> None:
    """FFmpeg leaves hidden pictures out where each stands for itself: those that are shown must fill their time."""
    video = Video(frames=15, packets=packets, shown=packets, rate=Fraction(25), duration=Fraction(12, 25))
    video = replace(video, first=Fraction(0), last=Fraction(end, 25))
    assert length_of(Media(video=video)) == length


def test_what_cannot_be_a_source_is_told_by_its_state(tmp_path: Path) -> None:
    (tmp_path / "empty.mov").touch()
    (tmp_path / "dangling.mov").symlink_to(tmp_path / "nothing")
    (tmp_path / "text.mov").write_text("no media at all\n" * 50, "utf-8")
    os.mkfifo(tmp_path / "fifo.mov")
    with socket.socket(socket.AF_UNIX) as listening:
        here = Path.cwd()
        os.chdir(tmp_path)
        listening.bind("socket.mov")
        os.chdir(here)
    names = ["empty.mov", "dangling.mov", "text.mov", "fifo.mov", "socket.mov", "none.mov", "nul\0.mov", "x" * 300, ""]
    paths = [str(tmp_path / name) for name in names] + ["/dev/zero"]
    states = [media.state for media in probe_all(paths, VOCABULARY, find_tool("ffprobe"))]
    assert states == [
        "empty", "missing", "not-media", "not-a-file", "not-a-file", "missing", "missing", "missing", "not-a-file",
        "not-a-file",
    ]  # fmt: skip


def test_a_file_that_may_not_be_read_is_told_so(tmp_path: Path) -> None:
    path = tmp_path / "a.mov"
    path.write_bytes(b"x")
    path.chmod(0)
    # The superuser may read everything.
    assert look(path).state == ("not-media" if os.geteuid() == 0 else "no-permission")


@pytest.mark.parametrize("prints", ["", '{"format": {"format_name": "mov"}, "streams": []}'])
def test_a_tool_that_crashes_is_not_believed_and_not_blamed_on_the_file(
    make: Make, tmp_path: Path, prints: str
) -> None:
    path, tool = make("a.mp4", "-c:v", "libx264"), tmp_path / "ffprobe"
    tool.write_text(f"#!/bin/sh\necho '{prints}'\nkill -SEGV $$\n")
    tool.chmod(0o755)
    media = probe(str(path), VOCABULARY, str(tool))
    assert (media.state, media.detail, media.video) == ("tool-crashed", "ffprobe ended with signal SIGSEGV", None)
    whole = look(path)
    assert measure(whole, VOCABULARY, str(tool)).state == "tool-crashed"
    tried = try_decoding(replace(whole, decodes=None), VOCABULARY, str(tool))
    assert (tried.state, tried.detail) == ("tool-crashed", "ffmpeg ended with signal SIGSEGV")


@pytest.mark.parametrize(
    "text", ["ffconcat version 1.0\nfile target.mp4\n", "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\ntarget.mp4\n"]
)
def test_a_playlist_named_mp4_is_never_followed(make: Make, tmp_path: Path, text: str) -> None:
    make("target.mp4", "-c:v", "libx264")
    path = tmp_path / "list.mp4"
    path.write_text(text, "utf-8")
    # FFmpeg 7.0 and 8.0 do not even take a .mp4 for an HLS playlist, and find nothing else in it.
    unseen = text.startswith("#EXTM3U") and look(path).state == "not-media"
    assert unseen or look(path).state == "format-not-allowed"
    assert look(path).video is None


@pytest.mark.parametrize(
    "name", ["-x.mp4", "a:b.mp4", "concat:x.mp4", "%03d.mp4", "new\nline.mp4", "ü 'quote\".mp4", "[a].mp4"]
)
def test_a_strange_name_is_only_a_name(make: Make, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    shutil.move(make("plain.mp4", "-c:v", "libx264"), path)
    assert (look(path).state, look(path).codec) == ("ok", "h264")


def test_a_name_that_is_no_unicode_can_be_probed(make: Make, tmp_path: Path) -> None:
    strange = os.fsencode(tmp_path) + b"/\xff\xfe.mp4"
    shutil.move(make("plain.mp4", "-c:v", "libx264"), os.fsdecode(strange))
    assert look(os.fsdecode(strange)).codec == "h264"


def test_a_relative_path_is_kept_as_given(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    path = make("a.mp4", "-c:v", "libx264")
    monkeypatch.chdir(path.parent)
    assert (look("a.mp4").path, look("a.mp4").state) == ("a.mp4", "ok")


def test_a_file_with_a_raw_signature_needs_no_ffprobe(tmp_path: Path) -> None:
    path = tmp_path / "A001_C001.r3d"
    path.write_bytes(b"\0\0\x01\x00RED2" + bytes(1000))
    media = probe(str(path), VOCABULARY, "/no/such/ffprobe")
    assert (media.state, media.container, media.codec, media.size) == ("ok", "r3d", "redcode", 1008)
    assert media.video is None
    assert not needs_measuring(media)


@pytest.mark.parametrize(
    ("script", "state"),
    [("sleep 60", "timeout"), ("kill -9 $$", "tool-crashed"), ("echo nonsense", "not-media"), ("exit 1", "not-media")],
)
def test_an_ffprobe_that_hangs_dies_or_babbles_is_a_state_of_the_file(tmp_path: Path, script: str, state: str) -> None:
    path, tool = tmp_path / "a.mov", tmp_path / "ffprobe"
    path.write_bytes(bytes(100))
    tool.write_text(f"#!/bin/sh\n{script}\n", "utf-8")
    tool.chmod(0o755)
    hasty = {**VOCABULARY, "probe": {**VOCABULARY["probe"], "timeout_seconds": 1}}
    assert probe(str(path), hasty, str(tool)).state == state


def test_first_pictures_are_tried_while_a_file_is_probed_and_only_silence_is_believed(make: Make) -> None:
    tool, ffmpeg = find_tool("ffprobe"), find_tool("ffmpeg")
    for name, codec in (("a.mp4", "libx264"), ("b.mov", "prores"), ("c.mxf", "mpeg2video"), ("d.mkv", "libvpx-vp9")):
        path = make(name, "-c:v", codec, seconds="0.2")
        plain = probe(str(path), VOCABULARY, tool)
        assert probe(str(path), VOCABULARY, tool, tries=True) == replace(plain, decodes=True)
        data = bytearray(path.read_bytes())
        middle = len(data) // 2
        data[200:middle] = bytes(255 - byte for byte in data[200:middle])
        if plain.container in ("mov", "mp4"):  # their index lies behind the pictures
            path.write_bytes(data)
            tried = probe(str(path), VOCABULARY, tool, tries=True)
            assert tried.decodes is None
            assert try_decoding(tried, VOCABULARY, ffmpeg).decodes is False


def stored(path: Path) -> list[tuple[int, int]]:
    """Where each picture lies in a file, and its size, by ffprobe."""
    shown = ["-select_streams", "v", "-show_entries", "packet=pos,size", "-of", "csv=p=0"]
    told = subprocess.run([find_tool("ffprobe"), "-v", "error", *shown, path], check=True, capture_output=True)
    return [(int(pos), int(size)) for size, pos in (line.split(",")[:2] for line in told.stdout.decode().split())]


HOLES: Mapping[str, tuple[list[str], Callable[[int], bytes], int]] = {
    "hole.mov": (["-c:v", "prores"], bytes, 1000),
    "hole.mp4": (["-c:v", "libx264", "-bf", "2"], bytes, 1000),
    "only the ends.mp4": (["-c:v", "libx264", "-movflags", "faststart"], lambda _: b"\0\7", 2),
    "no error.mp4": (["-c:v", "libaom-av1", "-cpu-used", "8", "-g", "1", "-lag-in-frames", "0"], bytes, 1000),
    "long part.mp4": (["-c:v", "libx265", "-x265-params", "log-level=error"], lambda _: b"\0\7", 1000),
}
"""How a file is made, what is written over the beginning of its last picture, and how many pictures are looked at."""


@pytest.mark.parametrize("name", HOLES)
def test_a_picture_that_is_a_hole_or_does_not_fill_its_place_is_found_without_decoding(make: Make, name: str) -> None:
    words, damage, most = HOLES[name]
    path = make(name, *words, seconds="2.2")
    few = {**VOCABULARY, "probe": {**VOCABULARY["probe"], "walked_pictures": most}}
    sound = probe(str(path), VOCABULARY, find_tool("ffprobe"), tries=True)
    assert sound.decodes
    assert try_within(sound, few, find_tool("ffmpeg")) == sound
    at, size = stored(path)[-1]
    with path.open("r+b") as file:
        file.seek(at)
        file.write(damage(size))
    assert misfit(str(path), 0, most) == (54, 55)
    found = try_within(probe(str(path), VOCABULARY, find_tool("ffprobe"), tries=True), few, find_tool("ffmpeg"))
    assert (found.state, found.decodes) == ("ok", False)
    assert found.detail.startswith("picture 55 of 55 as they are stored: ")
    assert "0x" not in found.detail


@pytest.mark.parametrize(
    ("late", "decodes"), [("echo 0, 0, 0, 1, 3456, 0x1", True), ("echo [h264 @ 0x55] broken >&2", False)]
)
def test_a_source_that_gives_no_picture_and_no_error_is_damaged_unless_its_picture_begins_late(
    tmp_path: Path, late: str, decodes: bool
) -> None:
    tool = tmp_path / "ffmpeg"
    tool.write_text(f'#!/bin/sh\ncase "$*" in *-frames:v*) {late} ;; esac\n', "utf-8")
    tool.chmod(0o755)
    media = Media(path=str(tmp_path / "a.mts"), demuxer="mpegts", video=Video(pix_fmt="yuv420p"))
    tried = try_decoding(media, VOCABULARY, str(tool))
    assert (tried.decodes, tried.detail) == (decodes, "" if decodes else "h264: broken")


def test_tables_that_are_damaged_tell_of_no_picture_and_cost_no_time(make: Make) -> None:
    path = make("a.mp4", "-c:v", "libx264", "-movflags", "faststart", seconds="0.2")
    data = path.read_bytes()
    for place in range(data.index(b"moov"), data.index(b"mdat")):
        for put in (b"\0", b"\xff"):
            path.write_bytes(data[:place] + put + data[place + 1 :])
            found = misfit(str(path), 0, 1000)
            assert found is None or 0 <= found[0] < found[1]


def test_many_files_come_back_in_the_order_in_which_they_were_asked_for(make: Make, tmp_path: Path) -> None:
    path = make("a.mp4", "-c:v", "libx264", seconds="0.2")
    paths = [str(path), str(tmp_path / "none"), str(path), str(tmp_path)] * 3
    assert [media.path for media in probe_all(paths, VOCABULARY, find_tool("ffprobe"))] == paths
    assert probe_all([], VOCABULARY, find_tool("ffprobe")) == ()


def test_an_encrypted_or_cut_picture_has_no_pixel_format_and_is_not_measured() -> None:
    media = Media(
        cadence="unknown", video=read_video({"index": 0, "codec_type": "video", "codec_name": "vp9"}, VOCABULARY)
    )
    assert picture_of(media).pix_fmt is None
    assert not needs_measuring(media)
    assert needs_measuring(replace(media, video=Video(pix_fmt="yuv420p")))
    assert measure(Media(), VOCABULARY, "/no/such/ffprobe") == Media()


@pytest.mark.parametrize(
    ("raw", "average", "rate"),
    [
        ("25", "25", "25"),
        ("30000/1001", "37200/1241", "30000/1001"),
        ("30", "630000/47281", "30"),
        ("50", "25", "25"),
        ("60", "1000", "60"),
        ("90", "90", "90"),
        ("57600", "3628800/502589", "12"),
        ("90000", "29971/1000", "30000/1001"),
        ("1000", None, None),
        (None, "241", "240"),
        (None, "300", "300"),
        (None, None, None),
    ],
)
def test_a_rate_is_believed_unless_it_is_a_clock_or_counts_fields(
    raw: str | None, average: str | None, rate: str | None
) -> None:
    told, mean, wanted = (Fraction(word) if word else None for word in (raw, average, rate))
    assert sensible_rate(told, mean, VOCABULARY["probe"]) == wanted


@pytest.mark.parametrize(
    ("more", "rotation"),
    [
        ({}, 0),
        ({"side_data_list": [{"side_data_type": "Display Matrix", "rotation": -90}]}, 90),
        ({"side_data_list": [{"side_data_type": "CPB"}, {"side_data_type": "Display Matrix", "rotation": 90}]}, 270),
        ({"side_data_list": [{"rotation": -180}]}, 180),
        ({"tags": {"rotate": "270"}}, 270),
        ({"tags": {"rotate": "90"}, "side_data_list": [{"rotation": -90}]}, 90),
    ],
)
def test_the_turn_is_clockwise_wherever_it_stands(more: dict[str, Any], rotation: int) -> None:
    assert read_video({"index": 0, **more}, VOCABULARY).rotation == rotation


def test_numbers_that_mean_nothing_are_not_known() -> None:
    nothing = {
        "r_frame_rate": "0/0",
        "avg_frame_rate": "0/0",
        "sample_aspect_ratio": "0:1",
        "width": 0,
        "nb_frames": "N/A",
    }
    video = read_video(nothing, VOCABULARY)
    assert (video.rate, video.average_rate, video.width, video.frames, video.duration) == (None, None, None, None, None)
    assert (video.par, video.field_order, video.colour) == (Fraction(1), "unknown", Colour())


def test_a_yuvj_picture_is_full_range_whatever_its_tag_says() -> None:
    assert read_video({"pix_fmt": "yuvj420p"}, VOCABULARY).colour == Colour(range="pc")


def test_a_sound_stream_that_cannot_be_decoded_is_still_told() -> None:
    stream = {"index": 3, "codec_type": "audio", "codec_tag_string": "fpcm", "channels": 0, "tags": {"language": "und"}}
    assert read_audio(stream) == Audio(3, "", 0, "", 0, "", None, None, "", "")


@pytest.mark.parametrize(
    ("matrix", "angle", "rotation", "pose"),
    [
        ((-65536, 0, 0, -65536), -180, 180, None),
        ((-65536, 0, 0, 65536), -180, 180, "mirrored"),
        ((65536, 0, 0, -65536), 0, 0, "mirrored"),
        ((0, 65536, 65536, 0), -90, 90, "mirrored"),
        ((46340, 46340, -46340, 46340), -45, 0, "askew"),
        ((0, 0, 0, 0), -2147483648, 0, None),
        (None, 45, 0, "askew"),
    ],
)
def test_mirrored_and_askew_pictures_are_told_from_turned_ones(
    matrix: tuple[int, ...] | None, angle: int, rotation: int, pose: str | None
) -> None:
    entry: dict[str, Any] = {"rotation": angle}
    if matrix:
        a, b, c, d = matrix
        rows = ((a, b, 0), (c, d, 0), (0, 0, 1 << 30))
        lines = (f"{at:08d}: {x:11d} {y:11d} {z:11d}" for at, (x, y, z) in enumerate(rows))
        entry["displaymatrix"] = "\n" + "\n".join(lines) + "\n"
    video = read_video({"index": 0, "side_data_list": [entry]}, VOCABULARY)
    assert (video.rotation, video.pose) == (rotation, pose)
