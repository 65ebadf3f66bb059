"""What the words of a fixture ask for: one clip, every setting of it exact, or what is wrong with the words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from proxx.errors import Finding
from proxx.evaluate import ask, tell_all
from proxx.fixturefit import Fault, fitted, pixel_faults
from proxx.fixturewords import BARE, LONGEST_NAME, RASTER, RATE, READERS, TERM
from proxx.model import Colour
from proxx.nearest import question
from proxx.rulebook import Rulebook
from proxx.timecode import TimecodeError, parse


@dataclass(frozen=True, slots=True)
class Stream:
    """One audio stream: its channels, the layout's name ("" without one), and the place of its bass channel or -1."""

    channels: int
    layout: str
    bass: int = -1


@dataclass(frozen=True, slots=True)
class Fixture:
    """One clip to make. `words` have set `asked`; all else stands for what is not said.

    `timecode` is "" for none, `is_impossible` a drop-frame label at a rate without one, which hostile files have.
    `rotation` is the clockwise turn that shows the picture upright, `start` and `late` are seconds, `hidden` frames.
    """

    words: tuple[str, ...]
    asked: frozenset[str]
    container: str
    codec: str
    sound: str
    pixels: Mapping[str, Any]
    width: int
    height: int
    rate: Fraction
    frames: int
    par: Fraction
    interlaced: str
    is_variable: bool
    colour: Colour
    has_b_frames: bool
    rotation: int
    timecode: str
    is_impossible: bool
    reel: str
    streams: tuple[Stream, ...]
    sample_rate: int
    languages: tuple[str, ...]
    title: str
    start: Fraction
    late: Fraction
    hidden: int

    @property
    def pix_fmt(self) -> str:
        """FFmpeg's name of the pixel format."""
        return str(self.pixels["format"])


def read_fixture(book: Rulebook, words: Sequence[str], extension: str) -> tuple[Fixture | None, list[Finding]]:
    """The fixture that the words ask for in a file of that extension, or the findings about them, all at once."""
    said, faults = _settings(book, words)
    containers = book.items["fixture-container"]
    if extension not in containers:
        known = ", ".join(sorted(containers))
        faults.append(
            Fault("unknown-container", {"word": extension, "nearest": question(extension, containers), "known": known})
        )
        return None, _findings(book, faults)
    asked = {key: value for key, (value, _) in said.items()}
    home = containers[extension]
    likes = {key: value for word in words for key, value in _entry(book, word).get("likes", {}).items()}
    settings = {"codec": home["codec"], "acodec": home["acodec"], **book.items["fixture-default"], **asked}
    if "reel" in settings and home.get("tags") == "stream":
        settings.setdefault("tc", "00:00:00:00")  # a MOV keeps its reel name in the timecode track
    settings.setdefault("range", "pc" if book.items["fixture-codec"][settings["codec"]].get("always") else "tv")
    faults += fitted(book.items, extension, settings, {key: word for key, (_, word) in said.items()})
    pixels = pixel_faults(book.items, settings, likes)
    faults += pixels[1]
    label = _label_fault(settings)
    faults += label[1]
    if faults or pixels[0] is None:
        return None, _findings(book, faults)
    return _made(book, tuple(words), frozenset(asked), extension, settings, pixels[0], label[0]), []


def _findings(book: Rulebook, faults: Sequence[Fault]) -> list[Finding]:
    return [
        finding
        for fault in faults
        for finding in tell_all(book, ask(book, "fixture", {"fixture.fault": fault.kind}), fault.texts)
    ]


def _entry(book: Rulebook, word: str) -> Mapping[str, Any]:
    return dict(book.items["fixture-word"].get(word.partition("=")[0], {}))


def _settings(book: Rulebook, words: Sequence[str]) -> tuple[dict[str, tuple[str, str]], list[Fault]]:
    """Each setting that is said with the word that says it, and what is wrong with the words."""
    said: dict[str, tuple[str, str]] = {}
    faults: list[Fault] = []
    for word in words:
        for key, value in _one(book, word, faults).items():
            before = said.setdefault(key, (value, word))
            told = Fault("contradiction", {"word": word, "other": before[1]})
            if before[0] != value and told not in faults:
                faults.append(told)
    return said, faults


def _one(book: Rulebook, word: str, faults: list[Fault]) -> Mapping[str, str]:
    """What one word sets; what is wrong with it goes to the faults."""
    known = book.items["fixture-word"]
    name, is_pair, value = word.partition("=")
    if name not in known and not is_pair:
        name = "raster" if RASTER.fullmatch(word) else "rate" if RATE.fullmatch(word) else name
        value, is_pair = word, "=" if name in ("raster", "rate") else ""
    entry = known.get(name)
    if entry is None:
        texts = {"word": name, "nearest": question(name, known), "known": ", ".join(known)}
        faults.append(Fault("unknown-word", texts))
        return {}
    if bool(is_pair) == ("sets" in entry):
        is_alone = "sets" in entry
        expected = f"{name}, alone" if is_alone else f"{name}=…, such as {name}={entry['example']}"
        faults.append(Fault("bad-value", {"word": word, "expected": expected}))
        return {}
    if "sets" in entry:
        return dict(entry["sets"])
    if plain := READERS[entry["takes"]](book, entry, value):
        return {name: plain}
    faults.append(Fault("bad-value", {"word": word, "expected": _expected(book, name, entry)}))
    return {}


def _expected(book: Rulebook, name: str, entry: Mapping[str, Any]) -> str:
    if entry["takes"] == "choice":
        return f"{name}= one of {', '.join(entry['choices'])}"
    if entry["takes"] in ("codec", "sound"):
        return f"{name}= one of {', '.join(book.items['fixture-' + entry['takes']])}"
    if entry["takes"] == "audio":
        return f"none, or layouts of {', '.join(book.items['fixture-layout'])} or Nch, such as 8xmono or stereo+2xmono"
    if entry["takes"] == "text":
        return f"{name}= up to {LONGEST_NAME} characters on one line, such as {name}={entry['example']}"
    return f"{name}={entry['example']}" + (f", at most {entry['most']}" if "most" in entry else "")


def _label_fault(settings: Mapping[str, str]) -> tuple[bool, list[Fault]]:
    """Whether the timecode is drop-frame where there is none, and what else is wrong with it."""
    text, rate = settings.get("tc", ""), Fraction(settings["rate"])
    if not text:
        return False, []
    try:
        parse(text, rate)
        return False, []
    except TimecodeError as trouble:
        said = str(trouble)
    try:
        parse(text.replace(";", ":"), rate)
    except TimecodeError:
        return False, [Fault("no-label", {"word": f"tc={text}", "expected": said})]
    is_left_out = said.startswith(repr(text)) and rate.denominator == 1001 and rate.numerator % 30000 == 0
    return not is_left_out, [Fault("no-label", {"word": f"tc={text}", "expected": said})] if is_left_out else []


def streams_of(book: Rulebook, audio: str) -> tuple[Stream, ...]:
    """The audio streams that the value of audio= stands for."""
    found: list[Stream] = []
    for term in () if audio == "none" else audio.split("+"):
        match = TERM.fullmatch(term)
        times, name = (match[1], match[2]) if match else ("1", term)
        bare = BARE.fullmatch(name)
        known = book.items["fixture-layout"].get(name, {})
        stream = Stream(int(bare[1]), "") if bare else Stream(known["channels"], name, known.get("bass", -1))
        found += [stream] * int(times or 1)
    return tuple(found)


def _made(
    book: Rulebook,
    words: tuple[str, ...],
    asked: frozenset[str],
    container: str,
    settings: Mapping[str, str],
    pixels: Mapping[str, Any],
    is_impossible: bool,
) -> Fixture:
    width, height = (int(side) for side in settings["raster"].split("x"))
    return Fixture(
        words=words,
        asked=asked,
        container=container,
        codec=settings["codec"],
        sound=settings["acodec"],
        pixels=pixels,
        width=width,
        height=height,
        rate=Fraction(settings["rate"]),
        frames=int(settings["frames"]),
        par=Fraction(settings["par"].replace(":", "/")),
        interlaced=settings["interlaced"],
        is_variable=settings["cadence"] == "variable",
        colour=Colour(settings["range"], settings["primaries"], settings["transfer"], settings["matrix"]),
        has_b_frames=settings["bframes"] == "yes",
        rotation=int(settings["rot"]),
        timecode=settings.get("tc", ""),
        is_impossible=is_impossible,
        reel=settings.get("reel", ""),
        streams=streams_of(book, settings["audio"]),
        sample_rate=int(settings["sr"]),
        languages=tuple(word for word in settings.get("lang", "").split("+") if word),
        title=settings.get("title", ""),
        start=Fraction(settings["start"]),
        late=Fraction(settings["late"]),
        hidden=int(settings["hidden"]),
    )
