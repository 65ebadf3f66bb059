"""Whether a fixture's settings go together: what its container, its codecs and its layouts can hold."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from proxx.pixels import bit_depth

Items = Mapping[str, Mapping[str, Any]]
Settings = Mapping[str, str]

NEEDS: Mapping[str, str] = {
    "tc": "tc", "reel": "reel", "rot": "rot", "par": "par", "interlaced": "interlaced", "cadence": "vfr",
    "start": "start", "late": "late", "hidden": "hidden", "lang": "lang", "title": "title",
}  # fmt: skip
"""What a container must carry for a setting that is not its default."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with the words: its kind, and the texts of its message."""

    kind: str
    texts: Mapping[str, str] = field(default_factory=dict)


def fitted(items: Items, container: str, settings: Settings, words: Mapping[str, str]) -> list[Fault]:
    """What the container and the codecs cannot hold of the settings; `words` said them."""
    return [
        *_container_faults(items, container, settings, words),
        *_codec_faults(items, container, settings, words),
        *_sound_faults(items, container, settings),
        *_never(items, container, settings, words),
    ]


def _never(items: Items, container: str, settings: Settings, words: Mapping[str, str]) -> list[Fault]:
    """What does not go together: everything that an entry names is so."""
    faults = []
    for entry in items.get("fixture-never", {}).values():
        said = entry.get("words", {})
        where = {"containers": container, "codecs": settings["codec"], "rasters": settings["raster"]}
        if any(value not in entry.get(key, (value,)) for key, value in where.items()):
            continue
        if any(key not in words or settings.get(key) not in values for key, values in said.items()):
            continue
        if not _is_shaped(entry, settings):
            continue
        word = " ".join(words[key] for key in said) or f"par={settings['par']} of {settings['raster']}"
        faults.append(
            Fault("never", {"word": word, "codec": settings["codec"], "container": container, "is": entry["doc"]})
        )
    return faults


def _is_shaped(entry: Mapping[str, Any], settings: Settings) -> bool:
    """Whether the raster is one that an entry is about."""
    width, height = sides(settings["raster"])
    if "height" in entry and height % entry["height"] == 0:
        return False
    return "width_shown" not in entry or (width * Fraction(settings["par"].replace(":", "/"))).denominator != 1


def _container_faults(items: Items, container: str, settings: Settings, words: Mapping[str, str]) -> list[Fault]:
    homes, default = items["fixture-container"], items["fixture-default"]
    faults = []
    needed = {
        need: words.get(key, need) for key, need in NEEDS.items() if settings.get(key, "") != default.get(key, "")
    }
    if re.search(r"\dch(\+|$)", settings["audio"]):
        needed["unlaid"] = words.get("audio", "audio")
    if any(settings[key] not in (default[key], "unknown") for key in ("primaries", "transfer", "matrix")):
        needed["colour"] = words.get("transfer", "colour")
    lost = items["fixture-codec"][settings["codec"]].get("loses", {}).get(container, ())
    for need, word in needed.items():
        if need not in homes[container]["carries"] or need in lost:
            known = ", ".join(name for name, home in homes.items() if need in home["carries"])
            faults.append(Fault("container-cannot", {"word": word, "container": container, "known": known}))
    return faults + _rate_faults(homes, container, settings)


def _rate_faults(homes: Mapping[str, Any], container: str, settings: Settings) -> list[Fault]:
    """Rates of pictures and samples that a container does not have."""
    faults = []
    rates, home = {"rates": ("rate", "rate="), "sample_rates": ("sr", "sr=")}, homes[container]
    for key, (name, word) in rates.items():
        if key not in home or (name == "sr" and settings["audio"] == "none"):
            continue
        if Fraction(settings[name]) not in map(Fraction, home[key]):
            known = ", ".join(one for one, data in homes.items() if key not in data)
            texts = {"word": f"{word}{settings[name]}", "container": container, "known": known}
            faults.append(Fault("container-cannot", texts))
    return faults


def _codec_faults(items: Items, container: str, settings: Settings, words: Mapping[str, str]) -> list[Fault]:
    codecs, name = items["fixture-codec"], settings["codec"]
    codec = codecs[name]
    faults = []
    if container not in codec["containers"]:
        known = ", ".join(one for one, data in codecs.items() if container in data["containers"])
        faults.append(Fault("codec-not-there", {"word": name, "container": container, "known": known}))
    asked = {
        "interlaced": settings["interlaced"] != "no",
        "bframes": settings["bframes"] == "yes",
        "full": settings["range"] == "pc",
    }
    for what, wanted in asked.items():
        if wanted and what not in codec.get("can", ()):
            known = ", ".join(one for one, data in codecs.items() if what in data.get("can", ()))
            faults.append(Fault("codec-cannot", {"word": what, "codec": name, "known": known}))
    if settings["range"] == "tv" and codec.get("always") == "full":
        known = ", ".join(one for one, data in codecs.items() if "always" not in data)
        faults.append(Fault("codec-cannot", {"word": "limited", "codec": name, "known": known}))
    return faults + _limits(codec, name, settings)


def _limits(codec: Mapping[str, Any], name: str, settings: Settings) -> list[Fault]:
    """Rasters and rates that a codec does not have."""
    faults = []
    width, height = sides(settings["raster"])
    for key, sign in (("least", -1), ("most", 1)):
        if key in codec:
            wide, high = sides(codec[key])
            if sign * width > sign * wide or sign * height > sign * high:
                words = f"at {key} {codec[key]}"
                faults.append(Fault("limit", {"word": settings["raster"], "codec": name, "expected": words}))
    rates = codec.get("rates")
    if rates and Fraction(settings["rate"]) not in map(Fraction, rates):
        faults.append(Fault("limit", {"word": settings["rate"], "codec": name, "expected": ", ".join(rates)}))
    return faults


def _sound_faults(items: Items, container: str, settings: Settings) -> list[Fault]:
    sounds, name = items["fixture-sound"], settings["acodec"]
    if settings["audio"] == "none":
        return []
    sound = sounds[name]
    faults = []
    if container not in sound["containers"]:
        known = ", ".join(one for one, data in sounds.items() if container in data["containers"])
        faults.append(Fault("codec-not-there", {"word": name, "container": container, "known": known}))
    if "rates" in sound and int(settings["sr"]) not in sound["rates"]:
        rates = ", ".join(map(str, sound["rates"]))
        faults.append(Fault("limit", {"word": f"sr={settings['sr']}", "codec": name, "expected": rates}))
    most = max(_channels(items, term) for term in settings["audio"].split("+"))
    if most > sound.get("channels", most):
        words = f"at most {sound['channels']} channels a stream"
        faults.append(Fault("limit", {"word": f"audio={settings['audio']}", "codec": name, "expected": words}))
    return faults


def _channels(items: Items, term: str) -> int:
    name = term.partition("x")[2] if term[0].isdigit() and "x" in term else term
    layout = items["fixture-layout"].get(name)
    return int(layout["channels"]) if layout else int(name.removesuffix("ch"))


def pixel_faults(items: Items, settings: Settings, likes: Settings) -> tuple[Mapping[str, Any] | None, list[Fault]]:
    """The pixel format that has what is asked, and if it can what is liked; else what no format of the codec has."""
    name = settings["codec"]
    codec = items["fixture-codec"][name]
    width, height = sides(settings["raster"])
    fitting = []
    for pixels in codec["pixels"]:
        has = traits(pixels["format"])
        is_low = has["chroma"] == "420" or settings["interlaced"] != "no"
        fits = (width % 2 == 0 or has["chroma"] == "444") and (height % 2 == 0 or not is_low)
        if fits or not codec.get("even"):
            fitting.append((pixels, has))
    fitting = [one for one in fitting if all(one[1][key] == settings.get(key, one[1][key]) for key in one[1])]
    if not fitting:
        asked = " ".join(
            f"{settings['depth']}bit" if key == "depth" else "alpha" if key == "alpha" else settings[key]
            for key in ("depth", "chroma", "alpha")
            if settings.get(key, "no") != "no"
        )
        known = ", ".join(data["format"] for data in codec["pixels"])
        return None, [Fault("no-pixels", {"word": asked or settings["raster"], "codec": name, "known": known})]
    liked = [one for one in fitting if all(one[1][key] == settings.get(key, value) for key, value in likes.items())]
    return (liked or fitting)[0][0], []


def traits(pix_fmt: str) -> dict[str, str]:
    """Depth, chroma and alpha of a planar pixel format, in the words of a fixture."""
    chroma = next(word for word in ("420", "422", "444") if word in pix_fmt)
    return {
        "depth": str(bit_depth(pix_fmt)),
        "chroma": chroma,
        "alpha": "yes" if pix_fmt.startswith("yuva") else "no",
    }


def sides(raster: str) -> tuple[int, int]:
    """Width and height of 1920x1080."""
    width, _, height = raster.partition("x")
    return int(width), int(height)
