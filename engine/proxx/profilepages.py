"""The pages of proxy profiles: what each makes, for whom, the exact command or settings, and how large it becomes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

from proxx.cards import profile_card
from proxx.clip import resolution_words
from proxx.evaluate import decide
from proxx.facts import rate_text
from proxx.markdown import code, codes, fence, grid, line, listed, page, plain
from proxx.model import Media
from proxx.rulebook import Rulebook
from proxx.samples import SHAPES, Sample, sample_spec
from proxx.tablepages import Pages, place
from proxx.tryout import FFMPEG, Trial, try_profile

RASTERS = ((3840, 2160), (1920, 1080), (1280, 720), (960, 540), (640, 360))
RATES = (Fraction(24000, 1001), Fraction(25), Fraction(30000, 1001), Fraction(50))
GIVEN_FOR = 1920 * 1080 * 25
"""Pixels a second that a profile's bit rates are given for."""

PATHS = {"ffmpeg": "/footage/A001/A001C001.mov", "resolve": "/footage/A001/A001C001"}
UNITS = {"k": 1_000, "M": 1_000_000}


WANTED: Mapping[str, str] = {"timecode-carried": "place", "reel-carried": "write"}
PLACES: Mapping[str, str] = {
    "track": "the source's start, in a timecode track",
    "tag": "the source's start, as a tag of the stream",
    "packages": "the source's start, in material and file package",
    "nowhere": "not carried",
}
"""How a start is kept, by the answers of the table timecode-carried."""


def profile_pages(rulebook: Rulebook) -> Pages:
    """A list of all profiles by engine, and a page for each."""
    cards = [profile_card(rulebook, name) for name in sorted(rulebook.profiles)]
    parts = ["A profile is a recipe: it alone determines what a proxy is. A spec names one and declares what it makes."]
    for engine in dict.fromkeys(card["engine"] for card in cards):
        rows = [
            [
                f"[{code(card['name'])}]({card['name']}.md)",
                line(card["recipe"]["title"]),
                code(card["codec"]),
                code(card["container"]),
                codes(card["resolutions"]),
            ]
            for card in cards
            if card["engine"] == engine
        ]
        parts += [f"## {engine}", grid(["profile", "makes", "codec", "container", "resolutions"], rows)]
    return {
        "profiles/index.md": page("Profiles", *parts),
        **{f"profiles/{card['name']}.md": profile_page(rulebook, card) for card in cards},
    }


def profile_page(rulebook: Rulebook, card: Mapping[str, Any]) -> str:
    """One profile."""
    name, profile = card["name"], card["recipe"]
    makes = [
        ["engine", code(card["engine"])],
        ["codec", code(card["codec"]) + (f", variant {code(profile['variant'])}" if "variant" in profile else "")],
        ["container", code(card["container"])],
        ["resolution", line(resolution_words(profile).removeprefix("resolution "))],
        ["sound", code(card["audio"])],
        *(_start(rulebook, profile["container"]) if card["engine"] == "ffmpeg" else ()),
    ]
    shape, trial = example(rulebook, name)
    return page(
        code(name),
        f"**{plain(profile['title'])}**",
        plain(profile["doc"].strip()),
        "## What it makes",
        grid(["of the proxy", "is"], makes),
        "## A spec that asks for it",
        fence(spec_text(profile), "json"),
        "## Exactly what runs" if card["engine"] == "ffmpeg" else "## Exactly what Resolve is told",
        *_command(card["engine"], shape, trial),
        "## How large it becomes",
        *_sizes(profile),
        "## The recipe",
        "Every value of the profile, as it stands after all layers.",
        grid(["setting", "value"], _settings(profile)),
        f"Written in {place(rulebook, f'profile/{name}')}.",
    )


def _start(rulebook: Rulebook, container: str) -> list[Sequence[str]]:
    """What becomes of a source's timecode and reel, by the tables that promise it."""

    def answer(table: str, **facts: str) -> str:
        known = {"spec.container": container, **{f"clip.{name}": value for name, value in facts.items()}}
        decision = decide(rulebook.table(table), known)
        return str(decision.outcome.get(WANTED[table], "")) if decision else ""

    kept, missing = answer("timecode-carried", timecode="valid"), answer("timecode-carried", timecode="none")
    reel = answer("reel-carried", timecode="valid", reel="some")
    without = "00:00:00:00" if missing == "packages" else "none"
    return [
        ["timecode", f"{PLACES.get(kept, 'refused')}; {without} where the source has none"],
        ["reel", "not carried" if reel in ("", "nothing") else "carried"],
    ]


def spec_text(profile: Mapping[str, Any], source: str = "/path/to/clip.mov") -> str:
    """A complete spec that asks for a profile, with paths to fill in."""
    return json.dumps(placeholder_spec(profile, source), indent=2, ensure_ascii=False)


def placeholder_spec(profile: Mapping[str, Any], source: str) -> dict[str, Any]:
    """What a profile makes, declared as a spec of one source; paths are to be filled in."""
    spec = {key: value for key, value in sample_spec(profile, source).items() if key != "job_id"}
    return {**spec, "output_directory": "/path/to/proxies"}


def example(rulebook: Rulebook, name: str) -> tuple[Sample, Trial]:
    """What a profile makes of the first made-up source that it takes."""
    engine = rulebook.profiles[name]["engine"]
    tried = []
    for sample in SHAPES[engine].values():
        suffix = "" if engine == "ffmpeg" else f".{sample.media.container}"
        named = replace(sample, media=replace(sample.media, path=PATHS[engine] + suffix))
        tried.append((named, try_profile(rulebook, name, named)))
        if tried[-1][1].verdict == "made":
            return tried[-1]
    return tried[0]


def _command(engine: str, sample: Sample, trial: Trial) -> list[str]:
    """The argument list, one argument a line, or the settings; or why there are none."""
    if trial.verdict != "made":
        return [f"No example source can be made with it: {line('; '.join(trial.remarks))}."]
    told = f"Of {source_words(sample.media)}"
    if engine != "ffmpeg":
        return [f"{told}, the render settings are:", fence("\n".join(trial.lines), "json")]
    return [f"{told}, with FFmpeg {FFMPEG}, one argument a line:", fence("\n".join(trial.lines))]


def source_words(media: Media) -> str:
    """What an example source is."""
    video = media.video
    if video is None:
        return f"an example source ({code(media.path)}: {media.codec} in {media.container})"
    sound = ", ".join(f"{one.channels} channels of {one.codec}" for one in media.audio or ()) or "no sound"
    rate = rate_text(video.rate)
    picture = (
        f"{media.codec} in {media.container}, {video.width}x{video.height}, {rate} frames a second, {video.pix_fmt}"
    )
    return f"an example source ({code(media.path)}: {line(picture)}; {line(sound)})"


def _sizes(profile: Mapping[str, Any]) -> list[str]:
    """Gigabytes an hour of picture for common rasters and rates, from the forecast of the profile."""
    forecast = profile.get("size", {}).get("forecast")
    if forecast is None:
        return ["The profile gives no forecast."]
    fixed = profile.get("video", {}).get("bit_rates", {})
    rates = [Fraction(rate) for rate in fixed] if fixed else list(RATES)
    rasters = [_raster(word) for word in profile["rasters"]] if profile.get("rasters") else list(RASTERS)
    body = [
        [f"{width}x{height}", *(f"{_hour(_bits(forecast, fixed, width * height, rate)):.1f} GB" for rate in rates)]
        for width, height in rasters
    ]
    told = (
        "An hour of picture, at the bit rate that belongs to each frame rate."
        if fixed
        else f"An hour of picture: {forecast} Mb/s for a busy camera picture at 1920x1080 and 25 frames a "
        "second, scaled by pixels and by rate. The rasters are those of the proxy."
    )
    ceiling = profile["size"].get("ceiling")
    more = [f"A made file above {ceiling} Mb/s (at 1920x1080, 25 frames a second) is told."] if ceiling else []
    return [
        told,
        grid(["raster", *(f"{rate_text(rate)} fps" for rate in rates)], body),
        listed([*more, *_sound(profile), *_proof(profile)]),
    ]


def _proof(profile: Mapping[str, Any]) -> list[str]:
    """How much of a made file is decoded, where that is not all."""
    every = profile.get("proof", {}).get("every", 1)
    told = f"Of a made file one picture in {every} is decoded; all are counted and looked at as they are stored."
    return [told] if every > 1 else []


def _raster(word: str) -> tuple[int, int]:
    width, _, height = word.partition("x")
    return int(width), int(height)


def _bits(forecast: float, fixed: Mapping[str, str], pixels: int, rate: Fraction) -> Fraction:
    """Bits a second of the picture."""
    for key, word in fixed.items():
        if Fraction(key) == rate:
            return Fraction(word[:-1]) * UNITS[word[-1]]
    return Fraction(str(forecast)) * 1_000_000 * pixels * rate / GIVEN_FOR


def _hour(bits: Fraction) -> float:
    """Gigabytes (10^9 bytes) an hour."""
    return float(bits * 3600 / 8 / 1_000_000_000)


def _sound(profile: Mapping[str, Any]) -> list[str]:
    sound = profile.get("audio", {})
    if "bit_rate_per_channel" in sound:
        hour = _hour(Fraction(sound["bit_rate_per_channel"]))
        return [f"Each channel of sound adds {hour:.2f} GB an hour."]
    bits = {"pcm_s16le": 16, "pcm_s24le": 24}.get(sound.get("encoder", ""))
    if bits is None:
        return []
    return [f"Each channel of {bits}-bit sound at 48 kHz adds {_hour(Fraction(48000 * bits)):.2f} GB an hour."]


def _settings(value: Any, path: str = "") -> list[Sequence[str]]:
    """Every value of a recipe by its dotted key, save what stands elsewhere on the page."""
    if isinstance(value, Mapping):
        spared = ("name", "title", "doc") if not path else ()
        return [
            row
            for key, one in value.items()
            if key not in spared
            for row in _settings(one, f"{path}.{key}" if path else str(key))
        ]
    words = codes(value) if isinstance(value, list) else code(json.dumps(value) if isinstance(value, bool) else value)
    return [[code(path), words]]
