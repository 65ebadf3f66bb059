"""The argument list that makes a fixture: FFmpeg's test picture and tones, with the burnt-in numbers of `burnin`."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from proxx.burnin import number_graph, sound_expression
from proxx.fixture import Fixture, Stream
from proxx.fixturefit import Items
from proxx.pixels import bit_depth

PATTERN = (1, 1, 4)
"""How many frames' time the frames of a variable rate last, in turn."""

SCALING = "flags=bicubic+accurate_rnd+full_chroma_int+bitexact"


def fixture_argv(items: Items, tool: str, fixture: Fixture, output: str) -> list[str]:
    """The whole argument list; `tool` is ffmpeg, `output` the path that is written."""
    home = items["fixture-container"][fixture.container]
    argv = [tool, "-hide_banner", "-nostdin", "-nostats", "-loglevel", "level+warning", "-y"]
    # One graph, because frames that come from an input device have lost their colour tags and their fields.
    graphs = [f"{picture_graph(fixture)}[picture]"]
    first, at_once = 0, items["fixture-sound"][fixture.sound].get("samples_at_once", 1024)
    for place, stream in enumerate(fixture.streams):
        graphs.append(f"{sound_graph(fixture, stream, first, at_once)}[sound{place}]")
        first += stream.channels
    argv += ["-filter_complex", ";".join(graphs), "-map", "[picture]"]
    for place, _ in enumerate(fixture.streams):
        argv += ["-map", f"[sound{place}]"]
    argv += ["-fps_mode", "passthrough"]
    argv += [*_picture(items, fixture), *_sound(items, fixture), *_tags(fixture, home)]
    argv += ["-fflags", "+bitexact", "-muxdelay", "0", "-muxpreload", "0", "-f", home["muxer"], f"file:{output}"]
    return argv


def seconds_of(fixture: Fixture, frame: int) -> Fraction:
    """The second, after its beginning, at which a shown frame of the fixture is shown."""
    if not fixture.is_variable:
        return frame / fixture.rate
    rounds, rest = divmod(frame, len(PATTERN))
    return (rounds * sum(PATTERN) + sum(PATTERN[:rest])) / fixture.rate


def picture_graph(fixture: Fixture) -> str:
    """The source of the picture, ready for its encoder."""
    frame = _number() if fixture.is_variable else "N"
    bands, taken = number_graph(fixture.width, fixture.height, fixture.rate, fixture.hidden, frame)
    deep = "10le" if bit_depth(fixture.pix_fmt) > 8 else ""
    plain = f"yuv{'a' if fixture.pix_fmt.startswith('yuva') else ''}444p{deep}"
    rest = f"{fixture.width}x{max(fixture.height - taken, 1)}"
    is_woven = fixture.interlaced != "no"
    moving = f"testsrc2=s={rest}:r={fixture.rate * 2 if is_woven else fixture.rate}"
    moving += ":alpha=128" if plain.startswith("yuva") else ""
    weave = {"no": "", "tff": ",tinterlace=mode=interleave_top", "bff": ",tinterlace=mode=interleave_bottom"}
    graph = f"{bands};{moving}{weave[fixture.interlaced]},format=@[moving];[band0][band1][moving]vstack=inputs=3"
    chain = [graph.replace("@", plain), f"settb=expr=1/({fixture.rate})"]
    # Uneven moments are those of frames left out. FFmpeg 7.0 forgets the rate of frames whose moments are set: such a
    # file would have no timecode, and hide its last frame.
    chain += [f"select='{_is_shown()}'"] if fixture.is_variable else []
    chain += [f"trim=end_frame={fixture.frames + fixture.hidden}"]
    chain += [f"scale={SCALING}:in_range=tv:out_range={fixture.colour.range}"]
    chain += [f"setsar=sar={fixture.par.numerator}/{fixture.par.denominator}:max=65535", f"format={fixture.pix_fmt}"]
    colour = fixture.colour
    field = "prog" if not is_woven else fixture.interlaced
    tags = f"setparams=range={colour.range}:color_primaries={colour.primaries}:color_trc={colour.transfer}"
    chain.append(f"{tags}:colorspace={colour.matrix}:field_mode={field}")
    return ",".join(chain)


def _is_shown() -> str:
    """Whether frame n of an even rate is among those that are shown, at uneven moments."""
    return "+".join(f"eq(mod(n,{sum(PATTERN)}),{start})" for start in _starts())


def _number() -> str:
    """The number that frame N of an even rate has among those that are shown."""
    later = "".join(f"+gte(mod(N,{sum(PATTERN)}),{start})" for start in _starts()[1:])
    return f"({len(PATTERN)}*floor(N/{sum(PATTERN)}){later})"


def _starts() -> list[int]:
    """When each frame of a round is shown, in frames of the rate."""
    return [sum(PATTERN[:place]) for place in range(len(PATTERN))]


def samples_of(fixture: Fixture) -> int:
    """How many samples each channel has: as long as the shown pictures."""
    length = seconds_of(fixture, fixture.frames - 1) + 1 / fixture.rate
    return round(length * fixture.sample_rate)


def sound_graph(fixture: Fixture, stream: Stream, first: int, samples_at_once: int) -> str:
    """The source of one audio stream; `first` is the number of its first channel, counted over the file.

    `samples_at_once` is what its encoder takes: FFmpeg 5.1 does not cut what comes out of a graph.
    """
    sounds = [
        sound_expression(first + place, fixture.rate, bass=place == stream.bass) for place in range(stream.channels)
    ]
    layout = f":c={stream.layout}" if stream.layout else ""
    samples = samples_of(fixture)
    graph = f"aevalsrc=exprs='{'|'.join(sounds)}':s={fixture.sample_rate}:n={samples_at_once}{layout}"
    return f"{graph},atrim=end_sample={samples}{_later(fixture)}"


def _later(fixture: Fixture) -> str:
    return f",asetpts=PTS+{fixture.late.numerator}/({fixture.late.denominator}*TB)" if fixture.late else ""


def _picture(items: Items, fixture: Fixture) -> Iterator[str]:
    codec: dict[str, Any] = dict(items["fixture-codec"][fixture.codec])
    yield from ("-c:v", codec["encoder"], *codec.get("arguments", ()), *fixture.pixels.get("arguments", ()))
    yield from codec.get("bframes", ()) if fixture.has_b_frames else ()
    yield from ("-pix_fmt", fixture.pix_fmt, "-threads:v", "1")
    yield from codec["interlaced"] if fixture.interlaced != "no" else ("-flags:v", "+bitexact")
    if fixture.interlaced == "bff" and codec["encoder"] == "libx264":
        yield from ("-x264-params", "bff=1")
    yield from ("-tag:v", codec["tag"][fixture.container]) if fixture.container in codec.get("tag", {}) else ()
    colour = fixture.colour
    yield from ("-color_range", colour.range, "-color_primaries", colour.primaries)
    yield from ("-color_trc", colour.transfer, "-colorspace", colour.matrix)


def _sound(items: Items, fixture: Fixture) -> Iterator[str]:
    if not fixture.streams:
        return
    sound: dict[str, Any] = dict(items["fixture-sound"][fixture.sound])
    yield from ("-c:a", sound["encoder"], *sound.get("arguments", ()), "-flags:a", "+bitexact")
    for place, _ in enumerate(fixture.streams):
        if place < len(fixture.languages):
            yield from (f"-metadata:s:a:{place}", f"language={fixture.languages[place]}")
        if fixture.title:
            yield from (f"-metadata:s:a:{place}", f"title={fixture.title}")


def _tags(fixture: Fixture, home: Any) -> Iterator[str]:
    where = "-metadata:s:v:0" if home.get("tags") == "stream" else "-metadata"
    if fixture.timecode:
        # A drop-frame label at a rate without one is written plain, and its flag set in the finished file.
        is_set_later = fixture.is_impossible and home.get("patches")
        yield from (where, f"timecode={fixture.timecode.replace(';', ':') if is_set_later else fixture.timecode}")
    if fixture.reel:
        yield from (where, f"reel_name={fixture.reel}")
    if fixture.start:
        yield from ("-output_ts_offset", f"{float(fixture.start):.6f}")
