"""The grid through other tools' command lines as they are published, and the page that says what each loses."""

from __future__ import annotations

import argparse
import shlex
import subprocess
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from listening import clip_shift, sound_faults
from readings import Reading, numbers_in, read

from proxx.errors import ProxxError
from proxx.fixture import Fixture


@dataclass(frozen=True, slots=True)
class Peer:
    """A tool's way to a proxy: `lines` are its commands, run one after another in a folder of their own."""

    name: str
    lines: tuple[str, ...]
    extension: str
    source: str
    note: str = ""
    deinterlaces: bool = False


X264 = (
    "deblock=0,0:aq-mode=1:aq-strength=1.0:b-adapt=2:bframes=6:b-bias=0:b-pyramid=2:chroma-qp-offset=-2:direct=auto:"
    "rc-lookahead=60:keyint=192:keyint_min=96:me=hex:merange=16:cabac=1:partitions=all:ref=4:scenecut=40:subme=9:trellis=2:weightp=2"
)
ENCORE = (
    "ffmpeg -hide_banner -loglevel +level -y -i SOURCE -filter_complex 'sws_flags=bicubic;[0:v]FILTERSsplit=1[pre];"
    "[pre]scale=-2:540[video]AUDIO_FILTER' -map [video] {maps}-b:v 1312k -maxrate 1968k -bufsize 2524k -r 25 "
    "-fps_mode cfr -pix_fmt yuv420p -force_key_frames 'expr:not(mod(n,96))' -level 3.1 -profile:v main "
    f"-x264-params {X264} -c:v libx264 -pass {{number}} -passlogfile log_x264_1312 {{end}}"
)

PEERS = (
    Peer(
        "FFmpeg's defaults",
        ("ffmpeg -y -i SOURCE PROXY",),
        "mov",
        "FFmpeg's documentation, ffmpeg.html, Synopsis: all but the two names is left out",
    ),
    Peer(
        "Kdenlive, proxy profile x264",
        (
            "ffmpeg -hide_banner -y -stats -v error -noautorotate -i SOURCE -vf scale=640:-2 -vcodec libx264 "
            "-g 1 -bf 0 -vb 0 -crf 20 -preset veryfast -acodec aac -ab 128k -sn -dn -map 0 -ignore_unknown PROXY",
        ),
        "mov",
        "KDE/kdenlive: data/encodingprofiles.rc at 050dd097, src/jobs/proxytask.cpp at 0d85cef6",
        "The default width of proxies is 640.",
    ),
    Peer(
        "AYON, ExtractReview's output h264",
        (
            "ffmpeg -apply_trc gamma22 -i SOURCE -pix_fmt yuv420p -crf 18 -c:a aac -b:a 192k -g 1 -movflags faststart "
            "-color_range tv -colorspace bt709 -color_primaries bt709 -color_trc bt709 -y PROXY",
        ),
        "mp4",
        "ynput/ayon-core: server/settings/publish_plugins.py at 031a5456, "
        "client/ayon_core/plugins/publish/extract_review.py at 00139221",
        "The publish has no separate audio and no handles; the burn-in that follows is left out.",
    ),
    Peer(
        "SVT Encore, profile program",
        (
            ENCORE.format(maps="-an ", number=1, end="-f mp4 /dev/null"),
            ENCORE.format(
                maps="AUDIO_MAP",
                number=2,
                end="AUDIO_PARAMS -metadata 'comment=Transcoded using Encore' PROXY",
            ),
        ),
        "mp4",
        "svt/encore: encore-web/src/test/resources/profile/program.yml at 4e01ab9c, "
        "encore-common/…/process/CommandBuilder.kt at 2f9e0b1c",
        "Its rung _x264_1312. The default audio encoder libfdk_aac may not be passed on in a build: aac stands in.",
        deinterlaces=True,
    ),
)


def encore(line: str, reading: Reading) -> str:
    """Encore's command for a file: it looks at fields, shape and audio first, and chooses filters by them."""
    filters = "yadif," if reading.field_order not in ("progressive", "unknown") else ""
    if reading.par != 1:
        shape = reading.width * reading.par / reading.height
        filters += f"setdar={shape.numerator}/{shape.denominator},scale=iw*sar:ih,"
    layouts = [channels for channels, _, _ in reading.sound]
    is_mono = len(layouts) > 1 and set(layouts) == {1}
    joined = f"join=inputs={len(layouts)}:channel_layout={'stereo' if len(layouts) == 2 else f'{len(layouts)}c'},"
    pick = "[0:a]" if is_mono or len(layouts) == 1 else "[0:a:0]"
    sound = f";{pick}{joined if is_mono else ''}asplit=1[sound]" if layouts else ""
    first = line.partition("-pass ")[2].startswith("1")
    return (
        line.replace("FILTERS", filters)
        .replace("AUDIO_FILTER", "" if first else sound)
        .replace("AUDIO_MAP", "-map [sound] " if layouts else "")
        .replace("AUDIO_PARAMS", "-c:a aac -ar 48000 -ac 2 -b:a 96k" if layouts else "-an")
    )


def commands_of(peer: Peer, source: Path, proxy: Path, reading: Reading, ffmpeg: str) -> list[list[str]]:
    """A peer's commands for one file."""
    found = []
    for line in peer.lines:
        words = shlex.split(encore(line, reading) if "Encore" in peer.name else line)
        put = {"SOURCE": str(source), "PROXY": str(proxy), "ffmpeg": ffmpeg}
        found.append([put.get(word, word) for word in words])
    return found


OWN = ("proxy_h264_mov", "proxy_prores_proxy")
"""The profiles of proxx that stand beside the peers: the two that its guide begins with for editing."""

ONE_COLOUR = {"smpte170m": "bt601", "bt470bg": "bt601", "bt2020-10": "bt709", "bt2020-12": "bt709"}
"""Names of one and the same: matrices 5 and 6, and transfers 1, 6, 14 and 15 have the same formula (ITU-T H.273)."""

LOSSES: dict[str, str] = {
    "refused": "refused before anything ran, with a reason",
    "not made": "no file, or an error",
    "frames": "frames are missing, doubled or too many",
    "first frame": "the first frame is another one",
    "rate": "the frame rate is another one",
    "timecode": "the start timecode is gone or another one",
    "drop flag": "drop-frame became non-drop, or the other way",
    "reel": "the reel name is gone",
    "shape": "the picture is wider or narrower when shown",
    "rotation": "the picture lies on its side, or stands on its head",
    "fields": "combed frames are called progressive",
    "colour": "primaries, transfer or matrix are gone or others",
    "range": "the range is gone or another one",
    "streams": "audio streams are missing",
    "channels": "channels are missing or mixed",
    "sound": "sound is in another channel, or late by more than 2 ms",
}
"""What can be lost, and what it means."""


def losses(
    fixture: Fixture, source: Reading, proxy: Reading, path: str, ffmpeg: str, late: Fraction, deinterlaces: bool
) -> Iterator[str]:
    """What an editor would miss in a proxy of a clip; `late` is how late the clip's own sound is."""
    numbers = [number.value if number else -1 for number in proxy.numbers]
    if numbers != list(range(fixture.frames)):
        yield "frames"
    if not numbers or numbers[0] != 0:
        yield "first frame"
    if not fixture.is_variable and proxy.rate != fixture.rate:
        yield "rate"
    if fixture.timecode and numbers_in(proxy.timecode) != numbers_in(fixture.timecode):
        yield "timecode"
    elif fixture.timecode and (";" in proxy.timecode) != (";" in fixture.timecode):
        yield "drop flag"
    if fixture.reel and proxy.reel != fixture.reel:
        yield "reel"
    if fixture.interlaced != "no" and not deinterlaces and proxy.field_order in ("progressive", "unknown"):
        yield "fields"
    yield from _picture(fixture, source, proxy)
    yield from _sound(fixture, proxy, path, ffmpeg, late)


def _picture(fixture: Fixture, source: Reading, proxy: Reading) -> Iterator[str]:
    turns = {number.turn for number in proxy.numbers if number}
    turn = next(iter(turns), 0)
    wide, high = fixture.width * fixture.par, Fraction(fixture.height)
    if turn % 180:
        wide, high = high, wide
    shown = proxy.width * proxy.par / proxy.height
    # Half a pixel of rounding is nobody's fault.
    if abs(shown - wide / high) > wide / high * (Fraction(1, 2 * proxy.width) + Fraction(1, 2 * proxy.height)):
        yield "shape"
    if {(one + proxy.rotation) % 360 for one in turns} != {fixture.rotation}:
        yield "rotation"
    has, had = ([ONE_COLOUR.get(word, word) for word in one.colour[1:]] for one in (proxy, source))
    if has != had:
        yield "colour"
    if proxy.colour[0] not in (source.colour[0], "tv"):
        yield "range"


def _sound(fixture: Fixture, proxy: Reading, path: str, ffmpeg: str, late: Fraction) -> Iterator[str]:
    found = [channels for channels, _, _ in proxy.sound]
    wanted = [stream.channels for stream in fixture.streams]
    if len(found) != len(wanted):
        yield "streams"
    if sum(found) != sum(wanted):
        yield "channels"
    if found == wanted and any(sound_faults(fixture, proxy, path, ffmpeg, late)):
        yield "sound"


Shoot = Callable[[Path, str, str], tuple[Fixture, Path, list[str]]]
Own = Callable[[Path, Path, str], tuple[str, str, bool]]
Work = tuple[Shoot, Own, tuple[str, str]]
"""What `one_clip` takes besides its clip."""


@dataclass(slots=True)
class Tally:
    """What became of all clips with one peer."""

    made: int
    lost: Counter[str]
    whole: int


def one_clip(
    folder: str, words: str, extension: str, shoot: Shoot, own: Own, tools: tuple[str, str]
) -> list[tuple[str, str, list[str]]]:
    """A clip through every peer and through proxx: by whom, the state, and what is lost."""
    ffmpeg, ffprobe = tools
    fixture, clip, wrong = shoot(Path(folder), words, extension)
    if wrong:
        return []
    source = read(str(clip), ffprobe, ffmpeg)
    late = clip_shift(fixture, source, str(clip), ffmpeg)
    found = []

    def judge(name: str, state: str, proxy: str, deinterlaces: bool) -> None:
        lost = [state]
        if state == "made":
            try:
                lost = list(losses(fixture, source, read(proxy, ffprobe, ffmpeg), proxy, ffmpeg, late, deinterlaces))
            except (ProxxError, ValueError, KeyError):
                state, lost = "not made", ["not made"]
        found.append((name, state, lost))

    for peer in PEERS:
        with tempfile.TemporaryDirectory(dir=folder) as out:
            proxy = Path(out) / f"proxy.{peer.extension}"
            codes = [
                subprocess.run(argv, cwd=out, capture_output=True, stdin=subprocess.DEVNULL, check=False).returncode
                for argv in commands_of(peer, clip, proxy, source, ffmpeg)
            ]
            state = "made" if not any(codes) and proxy.exists() else "not made"
            judge(peer.name, state, str(proxy), peer.deinterlaces)
    for profile in OWN:
        with tempfile.TemporaryDirectory(dir=folder) as out:
            state, path, deinterlaces = own(clip, Path(out), profile)
            judge(f"proxx, {profile}", "not made" if state == "failed" else state, path, deinterlaces)
    return found


def compare(asked: argparse.Namespace, folder: Path, clips: Sequence[tuple[str, str]], work: Work) -> int:
    """Send clips through all peers and write the page; `work` is what `one_clip` takes besides."""
    shoot, own, tools = work
    tallies: dict[str, Tally] = {}
    count = 0
    with ProcessPoolExecutor(asked.jobs) as pool:
        begun = [pool.submit(one_clip, str(folder), *clip, shoot, own, tools) for clip in clips]
        for done in begun:
            result = done.result()
            count += bool(result)
            for name, state, lost in result:
                tally = tallies.setdefault(name, Tally(0, Counter(), 0))
                tally.made += state == "made"
                tally.whole += state == "made" and not lost
                tally.lost.update(lost)
    text = page(tallies, count, asked)
    Path(asked.peers).write_text(text, "utf-8")
    print(text)
    return 0


def page(tallies: dict[str, Tally], count: int, asked: argparse.Namespace) -> str:
    """The table of what each loses, and the commands."""
    names = list(tallies)
    head = ["", *names]
    rows = [
        ["proxies made", *(str(tallies[name].made) for name in names)],
        ["**nothing lost**", *(f"**{tallies[name].whole}**" for name in names)],
        *([text, *(str(tallies[name].lost[key]) for name in names)] for key, text in LOSSES.items()),
    ]
    table = [head, ["---"] * len(head), *rows]
    lines = ["| " + " | ".join(row) + " |" for row in table]
    commands = [
        part
        for peer in PEERS
        for part in (
            f"## {peer.name}",
            f"From {peer.source}. {peer.note}".strip(),
            "```sh\n" + "\n".join(peer.lines) + "\n```",
        )
    ]
    commands += [
        "## proxx",
        "Each clip as the one source of a spec with the profile's codec, container and first resolution, "
        "and no other setting.",
        "```sh\nproxx run SPEC\n```",
    ]
    words = (
        f"{count} test clips of twelve frames, chosen so that pairs of raster, rate, timecode, reel, "
        "rotation, pixel shape, fields, colour, depth, sound, timing and codec meet, through the command "
        "lines of other tools as they are published. Each number counts "
        "clips; one proxy may lose several things. What is lost was read from the numbers in the "
        "picture, the tones in the sound, and ffprobe. None of these lines claims to make proxies that "
        "every editing system relinks; the table says what such a line does not do by itself. That a "
        "proxy has another rate or other colours is no fault where somebody wants it; here nobody is "
        "told. In proxx's columns stand the same "
        "losses by the same code: what it changes (uneven pictures conformed to one rate, channels that "
        "become streams of their own) counts as lost, though it is said beforehand.\n\n"
        f"Made by `python benchmarks/relink.py --peers FILE --sample {asked.sample} --seed {asked.seed}`."
    )
    made = "This page is made by the benchmark; do not edit it."
    return "\n\n".join(["# What other command lines lose", words, "\n".join(lines), *commands, made]) + "\n"
