"""What policies make of uneven, interlaced, bright and late sources, looked for in the made files."""

from __future__ import annotations

import json
import re
import struct
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from proxx.cli import main
from proxx.readback import numbers_of
from proxx.tools import find_tool

LAYER = '#:schema s/rulebook.schema.json\n# Try.\nname = "try"\nversion = "1"\nformat = 1\nextends = "proxx"\n'
PROFILES = {
    "keeps": ("proxy_h264_mov", ['rate = "keep"', 'rotation = "keep"', 'pixels = "square"']),
    "splits": ("proxy_h264_mov", ['channels = "split"']),
    "mixes": ("proxy_h264_mov", ['channels = "downmix"', 'gaps = "refuse"']),
    "halves": ("proxy_h264_mov_half", ['scan = "keep"']),
    "maps": ("proxy_h264_mov", ['colour = "tonemap"', 'rate = "refuse"']),
}
Run = Callable[..., tuple[int, dict[str, Any]]]


def ffmpeg(*words: str) -> None:
    subprocess.run([find_tool("ffmpeg"), "-v", "error", "-y", *words], check=True)


def shown(path: Path, entries: str, *words: str) -> Any:
    """What ffprobe shows of a file."""
    argv = [find_tool("ffprobe"), "-v", "error", *words, "-show_entries", entries, "-of", "json", str(path)]
    return json.loads(subprocess.run(argv, capture_output=True, check=True).stdout)


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("rules")
    (folder / "profiles" / "ffmpeg").mkdir(parents=True)
    (folder / "rulebook.toml").write_text(LAYER)
    for name, (mother, lines) in PROFILES.items():
        head = f'#:schema s/profile.schema.json\n# Try?\nname = "{name}"\nextends = "{mother}"\n[policy]\n'
        (folder / "profiles" / "ffmpeg" / f"{name}.toml").write_text(head + "\n".join(lines) + "\n")
    return folder


@pytest.fixture
def run(rules: Path, tmp_path: Path) -> Run:
    """Make a proxy of a source by a profile: the exit code and the clip's record."""

    def make(
        source: Path, profile: str, codec: str = "h264", container: str = "mov", resolution: str = "same"
    ) -> tuple[int, dict[str, Any]]:
        spec = {
            "jobspec_version": "2.1", "job_id": profile, "sources": [str(source)], "codec": codec,
            "output_directory": str(tmp_path / profile), "container": container, "resolution": resolution,
            "naming_template": "p", "proxy_profile": profile,
        }  # fmt: skip
        path = tmp_path / f"{profile}.json"
        path.write_text(json.dumps(spec))
        code = main(["run", str(path), "--quiet", "--rulebook", str(rules)])
        records = sorted((tmp_path / profile).rglob("*.record.json"))
        return code, json.loads(records[-1].read_text())["clips"][0] if records else {}

    return make


def test_pictures_that_come_unevenly_keep_their_moments_or_are_refused(run: Run, tmp_path: Path) -> None:
    source = tmp_path / "uneven.mov"
    chain = "settb=1/600,setpts='24*(N+gte(N,4)*1.5)'"
    ffmpeg("-f", "lavfi", "-i", "testsrc2=s=64x64:r=25:d=0.4", "-vf", chain, "-fps_mode", "passthrough",
           "-enc_time_base", "1/600", "-c:v", "mjpeg", str(source))  # fmt: skip
    code, clip = run(source, "keeps")
    assert code == 0
    assert clip["promise"]["cadence"] == "variable"
    entry = "best_effort_timestamp_time"
    files = (source, Path(clip["output"]))
    before, after = ([one[entry] for one in shown(path, f"frame={entry}")["frames"]] for path in files)
    assert before == after
    assert run(source, "maps")[0] == 1


def test_pictures_that_come_unevenly_keep_timecode_and_reel(run: Run, tmp_path: Path) -> None:
    source = tmp_path / "phone.mov"
    assert main(["fixture", "320x180 vfr frames=7 tc=01:00:00:00 reel=A001 audio=mono", "-o", str(source)]) == 0
    code, clip = run(source, "keeps")
    assert code == 0
    kept = clip["promise"]
    assert (kept["cadence"], kept["timecode"], kept["reel"]) == ("variable", "01:00:00:00", "A001")


@pytest.mark.parametrize(("moments", "expected"), [("N*4+gte(N,5)*30", 0), ("if(lt(N,4),N*40,(N-1)*40)", 1)])
def test_pictures_close_together_keep_their_moments_and_those_of_one_moment_are_refused(
    moments: str, expected: int, run: Run, tmp_path: Path
) -> None:
    source = tmp_path / "screen.mkv"
    ffmpeg("-f", "lavfi", "-i", "testsrc2=s=64x64:r=25:d=0.4", "-vf", f"settb=1/1000,setpts='{moments}'",
           "-fps_mode", "passthrough", "-enc_time_base", "1/1000", "-c:v", "libx264", "-bf", "0",
           str(source))  # fmt: skip
    code, clip = run(source, "keeps")
    assert code == expected
    if code == 0:
        entry = "packet=pts_time"
        before, after = ([float(one["pts_time"]) for one in shown(path, entry)["packets"]]
                         for path in (source, Path(clip["output"])))  # fmt: skip
        assert after == pytest.approx([one - before[0] for one in before], abs=1e-6)


def test_pictures_that_an_edit_list_hides_behind_a_pause_are_not_promised(run: Run, tmp_path: Path) -> None:
    source = tmp_path / "late.mov"
    assert main(["fixture", "frames=6 hidden=7 start=0.5 codec=prores audio=mono", "-o", str(source)]) == 0
    code, clip = run(source, "proxy_h264_mov")
    assert code == 0
    assert clip["promise"]["video"]["frames"] == 6
    assert [number and number.value for number in numbers_of(clip["output"], find_tool("ffmpeg"))] == list(range(6))


@pytest.mark.parametrize(("language", "said"), [("deu", "ger"), ("zul", None)])
def test_titles_and_languages_of_sound_go_into_quicktime(
    language: str, said: str | None, run: Run, tmp_path: Path
) -> None:
    source = tmp_path / "sound.mkv"
    ffmpeg("-f", "lavfi", "-i", "testsrc2=s=64x64:r=25:d=0.2", "-f", "lavfi", "-i", "sine=d=0.2", "-c:v", "libx264",
           "-c:a", "pcm_s16le", "-metadata:s:a:0", f"language={language}", "-metadata:s:a:0", "title=Größe 音",
           str(source))  # fmt: skip
    code, clip = run(source, "proxy_h264_mov")
    assert code == 0
    assert clip["media"]["audio"][0]["title"] == "Größe 音"
    assert "nameGröße 音" in Path(clip["output"]).read_bytes().decode("utf-8", "replace")
    tags = shown(Path(clip["output"]), "stream_tags=language", "-select_streams", "a")["streams"][0].get("tags", {})
    assert tags.get("language") == said


@pytest.mark.parametrize("field", ["tff", "bff"])
def test_fields_stay_where_they_are_at_full_size(run: Run, tmp_path: Path, field: str) -> None:
    source = tmp_path / "fields.mov"
    order = "top" if field == "tff" else "bottom"
    ffmpeg("-f", "lavfi", "-i", f"testsrc2=s=320x240:r=50:d=0.2,tinterlace=mode=interleave_{order}",
           "-vf", f"setfield={field}", "-c:v", "libx264", "-flags:v", "+ilme+ildct", "-pix_fmt", "yuv420p",
           str(source))  # fmt: skip
    code, clip = run(source, "proxy_h264_mov")
    assert code == 0
    assert clip["promise"]["video"]["field_order"] == ("tt" if field == "tff" else "bb")
    flags = shown(Path(clip["output"]), "frame=interlaced_frame,top_field_first", "-select_streams", "v")["frames"]
    assert {(one["interlaced_frame"], one["top_field_first"]) for one in flags} == {(1, int(field == "tff"))}


def test_full_range_becomes_limited_in_the_picture_and_in_the_tag(run: Run, tmp_path: Path) -> None:
    source = tmp_path / "full.mov"
    ramp = "color=black:s=256x64:r=25:d=0.12,format=gray,geq=lum=X,format=yuvj420p"
    ffmpeg("-f", "lavfi", "-i", ramp, "-color_range", "pc", "-c:v", "mjpeg", "-q:v", "1", str(source))
    code, clip = run(source, "proxy_h264_mov")
    assert code == 0
    assert "range-policy" in clip["decided"]
    assert clip["decided"]["range-policy"] == "narrowed"
    argv = [find_tool("ffmpeg"), "-v", "error", "-i", clip["output"], "-vf", "format=gray", "-f", "rawvideo", "-"]
    argv[argv.index("format=gray")] = "extractplanes=y"
    luma = subprocess.run(argv, capture_output=True, check=True).stdout
    assert min(luma) in range(14, 19)
    assert max(luma) in range(232, 238)
    assert clip["media"]["video"]["colour"]["range"] == "tv"


def test_hlg_is_mapped_to_bt709_and_says_so(run: Run, tmp_path: Path) -> None:
    source = tmp_path / "hlg.mov"
    tags = ["-color_primaries", "bt2020", "-color_trc", "arib-std-b67", "-colorspace", "bt2020nc"]
    tags += ["-color_range", "tv", "-c:v", "prores_ks"]
    tags += ["-vf", "setparams=color_primaries=bt2020:color_trc=arib-std-b67:colorspace=bt2020nc:range=tv"]
    ffmpeg("-f", "lavfi", "-i", "testsrc2=s=320x180:r=25:d=0.12,format=yuv422p10le", *tags, str(source))
    code, clip = run(source, "maps")
    assert code == 0
    assert clip["decided"]["colour-policy"] == "tonemapped"
    colour = clip["media"]["video"]["colour"]
    assert (colour["primaries"], colour["transfer"], colour["matrix"]) == ("bt709", "bt709", "bt709")


def test_late_sound_is_late_by_the_same_number_of_samples(run: Run, tmp_path: Path) -> None:
    source = tmp_path / "late.mov"
    ffmpeg("-f", "lavfi", "-i", "testsrc2=s=320x240:r=25:d=0.4", "-f", "lavfi", "-i", "sine=d=0.2:r=48000",
           "-af", "asetpts=PTS+1597", "-c:v", "mjpeg", "-c:a", "pcm_s16le", "-movie_timescale", "48000",
           str(source))  # fmt: skip
    code, clip = run(source, "proxy_prores_proxy", "prores_proxy")
    assert code == 0
    assert clip["promise"]["audio"][0]["start"] == "1597/48000"
    assert clip["media"]["audio"][0]["start"] == "1597/48000"


TONES = "|".join(f"sin({200 * (channel + 1)}*2*PI*t)/4" for channel in range(10))
"""Ten channels, each a tone of its own."""


def tones(path: str, stream: int, channels: int) -> list[int]:
    """The loudest frequency of every channel of a stream, in Hz."""
    argv = [find_tool("ffmpeg"), "-v", "error", "-i", path, "-map", f"0:a:{stream}", "-f", "f32le", "-"]
    heard = np.frombuffer(subprocess.run(argv, capture_output=True, check=True).stdout, np.float32)
    some = heard.reshape(-1, channels)[2400:7200]
    return [round(int(abs(np.fft.rfft(some[:, at])).argmax()) * 48000 / len(some)) for at in range(channels)]


@pytest.fixture(scope="module")
def ten(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """A clip of ten channels of that layout."""
    folder = tmp_path_factory.mktemp("ten")

    def clip(layout: str) -> Path:
        path = folder / f"{'named' if layout else 'plain'}.mov"
        picture = ["-f", "lavfi", "-i", "testsrc2=s=64x64:r=25:d=0.2"]
        sound = ["-f", "lavfi", "-i", f"aevalsrc='{TONES}':d=0.2:s=48000{layout}"]
        if not layout:  # newer generations of FFmpeg name speakers by themselves, save of raw sound
            ffmpeg(*sound, "-f", "s16le", str(folder / "raw"))
            sound = ["-f", "s16le", "-ar", "48000", "-ac", "10", "-guess_layout_max", "0", "-i", str(folder / "raw")]
        ffmpeg(*picture, *sound, "-c:v", "libx264", "-pix_fmt", "yuv420p", "-c:a", "pcm_s16le", str(path))
        return path

    return clip


def test_more_channels_than_aac_takes_become_streams_in_their_order(run: Run, ten: Callable[[str], Path]) -> None:
    code, clip = run(ten(""), "splits")
    assert code == 0
    assert [tones(clip["output"], at, 1)[0] for at in range(10)] == [200 * (at + 1) for at in range(10)]


def test_channels_are_mixed_to_stereo_only_where_the_source_names_them(run: Run, ten: Callable[[str], Path]) -> None:
    assert run(ten(""), "mixes")[0] == 1
    code, clip = run(ten(":c=FL+FR+FC+LFE+BL+BR+SL+SR+TFL+TFR"), "mixes")
    assert code == 0
    assert tones(clip["output"], 0, 2) == [200, 400]


def test_fields_of_half_a_picture_are_still_fields(run: Run, tmp_path: Path) -> None:
    source = tmp_path / "fields.mov"
    ffmpeg("-f", "lavfi", "-i", "testsrc2=s=640x480:r=50:d=0.2,tinterlace=mode=interleave_top",
           "-vf", "setfield=tff", "-c:v", "libx264", "-flags:v", "+ilme+ildct", "-pix_fmt", "yuv420p",
           str(source))  # fmt: skip
    code, clip = run(source, "halves", resolution="half")
    assert code == 0
    assert clip["media"]["video"]["field_order"] == "tt"
    argv = [find_tool("ffmpeg"), "-hide_banner", "-i", clip["output"], "-vf", "idet", "-f", "null", "-"]
    said = subprocess.run(argv, capture_output=True, check=True).stderr.decode()
    assert re.search(r"Single frame detection: TFF: +5 BFF: +0 Progressive: +0", said)


def test_transparency_is_kept_value_for_value_or_dropped_and_told(run: Run, tmp_path: Path) -> None:
    source = tmp_path / "alpha.mov"
    ffmpeg("-f", "lavfi", "-i", "color=red:s=256x64:r=25:d=0.08,format=rgba,geq=r=200:g=60:b=X:a=X",
           "-c:v", "prores_ks", "-profile:v", "4444", "-pix_fmt", "yuva444p10le", "-alpha_bits", "16",
           str(source))  # fmt: skip
    code, clip = run(source, "proxy_prores_4444", "prores_4444")
    assert code == 0
    planes = []
    for path in (source, clip["output"]):
        argv = [find_tool("ffmpeg"), "-v", "error", "-i", str(path), "-vf", "format=yuva444p16le,extractplanes=a",
                "-f", "rawvideo", "-"]  # fmt: skip
        planes.append(np.frombuffer(subprocess.run(argv, capture_output=True, check=True).stdout, np.uint16))
    assert planes[0][:256:255].tolist()[0] < 300
    assert (planes[0] == planes[1]).all()
    code, clip = run(source, "proxy_h264_mov")
    assert code == 0
    assert "alpha" not in clip["media"]["video"]["pix_fmt"]
    assert clip["decided"]["alpha-policy"] == "dropped"


@pytest.mark.parametrize(
    ("name", "codec", "container", "peak"),
    [("proxy_prores_proxy", "prores_proxy", "mov", 1.5), ("proxy_dnxhr_lb", "dnxhr", "mxf", 1.0)],
)
def test_floating_point_sound_stays_in_mov_and_is_clipped_in_mxf(
    name: str, codec: str, container: str, peak: float, run: Run, tmp_path: Path
) -> None:
    source = tmp_path / "float.mov"
    ffmpeg("-f", "lavfi", "-i", "testsrc2=s=320x180:r=25:d=0.12", "-f", "lavfi",
           "-i", "aevalsrc='sin(480*2*PI*t)*1.5':d=0.12:s=48000", "-c:v", "mjpeg", *["-map", "0"], *["-map", "1"] * 16,
           "-c:a", "pcm_f32le", str(source))  # fmt: skip
    code, clip = run(source, name, codec, container)
    assert code == 0
    assert len(clip["media"]["audio"]) == 16
    argv = [find_tool("ffmpeg"), "-v", "error", "-i", clip["output"], "-map", "0:a:15", "-f", "f32le", "-"]
    heard = np.frombuffer(subprocess.run(argv, capture_output=True, check=True).stdout, np.float32)
    assert abs(heard.max() - peak) < 0.001


@pytest.mark.parametrize(("ending", "codec"), [("mkv", "pcm_s16le"), ("mp4", "aac"), ("mov", "aac")])
def test_gaps_in_the_sound_are_refused_or_filled(
    ending: str, codec: str, run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / f"gaps.{ending}"
    ffmpeg("-f", "lavfi", "-i", "testsrc2=s=64x64:r=25:d=0.6",
           "-f", "lavfi", "-i", "aevalsrc=0.3*sin(2*PI*(300*t+4000*t*t)):d=0.5:s=48000",
           "-af", "asetnsamples=1024,asetpts='PTS+gte(N,9216)*4096'", "-c:v", "libx264", "-pix_fmt", "yuv420p",
           "-c:a", codec, str(source))  # fmt: skip
    assert run(source, "mixes")[0] == 1
    code, clip = run(source, "proxy_h264_mov")
    assert code == 0
    argv = [find_tool("ffmpeg"), "-v", "error", "-i", clip["output"], "-f", "f32le", "-"]
    heard = np.frombuffer(subprocess.run(argv, capture_output=True, check=True).stdout, np.float32)
    silent = np.flatnonzero(abs(heard[4800:16000]) < 0.004) + 4800
    assert 8000 < np.median(silent) < 13000
    assert abs(len(heard) - (24000 + 4096)) < 2100
    capsys.readouterr()
    assert main(["verify", "--deep", str(Path(clip["output"]).parent)]) == 0
    told = re.search(r"sound 1: offset ([-+.0-9]+) samples", capsys.readouterr().out)
    assert told is not None
    assert abs(float(told[1])) < 1  # after the gap too, though it is a short one


MATRICES = {"left-right": (-1, 0, 0, 1), "top-bottom": (1, 0, 0, -1), "diagonal": (0, 1, 1, 0), "other": (0, -1, -1, 0)}


def with_matrix(source: Path, path: Path, matrix: tuple[float, float, float, float]) -> Path:
    """The clip with another display matrix in its first track header."""
    data = bytearray(source.read_bytes())
    plain = struct.pack(">9i", 1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30)
    a, b, c, d = (int(value * 65536) for value in matrix)
    struct.pack_into(">9i", data, data.index(plain, data.index(b"tkhd")), a, b, 0, c, d, 0, 0, 0, 1 << 30)
    path.write_bytes(data)
    return path


def first_picture(path: Path | str, width: int, height: int) -> Any:
    argv = [find_tool("ffmpeg"), "-v", "error", "-noautorotate", "-i", str(path), "-frames:v", "1", "-pix_fmt", "gray"]
    data = subprocess.run([*argv, "-f", "rawvideo", "-"], capture_output=True, check=True).stdout
    return np.frombuffer(data, np.uint8).reshape(height, width).astype(int)


@pytest.mark.parametrize("name", MATRICES)
def test_a_mirrored_picture_is_mirrored_in_the_proxy_or_refused(run: Run, tmp_path: Path, name: str) -> None:
    boxes = "drawbox=0:0:80:48:white:fill,drawbox=80:0:80:48:black:fill"
    ffmpeg("-f", "lavfi", "-i", f"color=gray:s=160x96:r=25:d=0.12,{boxes}",
           "-c:v", "libx264", "-pix_fmt", "yuv420p", str(tmp_path / "plain.mov"))  # fmt: skip
    plain = first_picture(tmp_path / "plain.mov", 160, 96)
    source = with_matrix(tmp_path / "plain.mov", tmp_path / "source.mov", MATRICES[name])
    code, clip = run(source, "proxy_h264_mov")
    assert code == 0
    wanted = {
        "left-right": plain[:, ::-1],
        "top-bottom": plain[::-1],
        "diagonal": plain.T,
        "other": plain[::-1, ::-1].T,
    }
    height, width = wanted[name].shape
    assert (clip["media"]["video"]["width"], clip["media"]["video"]["height"]) == (width, height)
    assert clip["media"]["video"]["rotation"] == 0
    assert "pose" not in clip["media"]["video"]
    assert np.percentile(abs(first_picture(clip["output"], width, height) - wanted[name]), 95) < 12
    assert run(source, "keeps")[0] == 1


def test_a_picture_that_is_turned_by_no_quarter_is_refused(run: Run, tmp_path: Path) -> None:
    ffmpeg("-f", "lavfi", "-i", "color=s=160x96:r=25:d=0.12", "-c:v", "libx264", str(tmp_path / "plain.mov"))
    source = with_matrix(tmp_path / "plain.mov", tmp_path / "source.mov", (0.7071, 0.7071, -0.7071, 0.7071))
    assert run(source, "proxy_h264_mov")[0] == 1


def test_fields_of_a_picture_that_stands_upside_down_are_not_kept_as_they_were(run: Run, tmp_path: Path) -> None:
    ffmpeg("-f", "lavfi", "-i", "testsrc2=s=160x96:r=50:d=0.24", "-vf", "tinterlace=interleave_top,setfield=tff",
           "-c:v", "prores_ks", "-flags", "+ildct", "-field_order", "tt", str(tmp_path / "plain.mov"))  # fmt: skip
    source = with_matrix(tmp_path / "plain.mov", tmp_path / "source.mov", MATRICES["top-bottom"])
    code, clip = run(source, "proxy_prores_proxy", codec="prores_proxy")
    assert code == 0
    assert clip["media"]["video"]["field_order"] == "progressive"


@pytest.mark.parametrize(
    "codec", [("mpeg2video", "-bf", "2", "-g", "12"), ("libx264", "-x264-params", "open-gop=1:keyint=12")]
)
def test_a_stream_that_was_cut_begins_with_its_first_picture_that_decodes(
    codec: tuple[str, ...], run: Run, tmp_path: Path
) -> None:
    whole, source = tmp_path / "whole.ts", tmp_path / "cut.ts"
    ffmpeg("-f", "lavfi", "-i", "testsrc2=s=128x96:r=25:d=2", "-c:v", *codec, str(whole))
    data = whole.read_bytes()
    source.write_bytes(data[len(data) // 188 // 4 * 188 :])
    argv = ("-count_frames", "-count_packets", "-select_streams", "v:0")
    (counted,) = shown(source, "stream=nb_read_frames,nb_read_packets", *argv)["streams"]
    assert int(counted["nb_read_frames"]) < int(counted["nb_read_packets"])
    code, clip = run(source, "proxy_h264_mov")
    assert code == 0
    assert clip["promise"]["video"]["frames"] == int(counted["nb_read_frames"])


def test_opus_leaves_channels_without_names_as_they_are_and_where_they_are(run: Run, tmp_path: Path) -> None:
    source, raw = tmp_path / "recorder.mkv", tmp_path / "five.raw"
    moments = np.arange(24000) / 48000
    tones = [0.2 * np.sin(2 * np.pi * (300 + 250 * place) * moments) for place in range(5)]
    raw.write_bytes((np.stack(tones, 1) * 32767).astype("<i2").tobytes())
    ffmpeg("-guess_layout_max", "0", "-f", "s16le", "-ar", "48000", "-ac", "5", "-i", str(raw), "-f", "lavfi",
           "-i", "testsrc2=s=64x64:r=25:d=0.48", "-map", "1", "-map", "0", "-c:v", "libx264", "-c:a", "pcm_s16le",
           str(source))  # fmt: skip
    code, clip = run(source, "proxy_vp9", "vp9", "webm")
    assert code == 0
    assert clip["promise"]["audio"][0]["channels"] == 5
    (sound,) = shown(Path(clip["output"]), "stream=channels,channel_layout", "-select_streams", "a")["streams"]
    assert (sound["channels"], sound.get("channel_layout", "unknown")) == (5, "unknown")
    ffmpeg("-i", clip["output"], "-map", "0:a", "-f", "f32le", str(raw))
    heard = np.fromfile(raw, "<f4").reshape(-1, 5)[4800:19200]
    peaks = np.abs(np.fft.rfft(heard * np.hanning(len(heard))[:, None], axis=0)).argmax(axis=0) * 48000 / len(heard)
    assert abs(peaks - (300 + 250 * np.arange(5))).max() < 5
