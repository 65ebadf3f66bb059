"""The LUTs that profiles name: found in their layer, read strictly, and known by their content from then on."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from proxx.errors import Finding
from proxx.layers import HEAD, Layer, clash
from proxx.lineage import Whole
from proxx.nearest import question

ENDING = ".cube"
PLACE = "profiles/"
LARGEST = 64 * 1024 * 1024
"""Bytes of a LUT that is read."""

SIZES: Mapping[str, tuple[int, int]] = {"LUT_1D_SIZE": (2, 65536), "LUT_3D_SIZE": (2, 129)}
"""The keyword that says what a LUT is, and how many points each axis may have: FFmpeg's bounds, and what is in use."""

FILTERS: Mapping[str, str] = {"LUT_1D_SIZE": "lut1d", "LUT_3D_SIZE": "lut3d"}

_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d{1,3})?"
_ROW = re.compile(rf"{_NUMBER}[ \t]+{_NUMBER}[ \t]+{_NUMBER}[ \t]*\Z")
_SIZE = re.compile(r"[ \t]+(\d{1,6})[ \t]*\Z")
_SPANS: Mapping[str, tuple[float, ...]] = {
    "DOMAIN_MIN": (0, 0, 0),
    "DOMAIN_MAX": (1, 1, 1),
    "LUT_1D_INPUT_RANGE": (0, 1),
    "LUT_3D_INPUT_RANGE": (0, 1),
}
"""The only span of input that FFmpeg reads rightly: it takes no other minimum, and other maxima not everywhere."""


class CubeError(ValueError):
    """What makes a file no LUT, and the line (from 1) where that shows; 0 is the whole of it."""

    def __init__(self, message: str, line: int = 0) -> None:
        super().__init__(message)
        self.line = line


@dataclass(slots=True)
class _Reading:
    """A .cube file under way: what it is, how many rows it shall have, and how many there were."""

    kind: str = ""
    wanted: int = 0
    rows: int = 0


def read_cube(data: bytes) -> str:
    """The FFmpeg filter (lut1d, lut3d) that applies a .cube file. Raises CubeError for what FFmpeg would misread."""
    if len(data) > LARGEST:
        raise CubeError(f"it has {len(data)} bytes, and {LARGEST} are the most")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise CubeError(
            f"the byte 0x{data[error.start]:02x} is no UTF-8", data.count(b"\n", 0, error.start) + 1
        ) from None
    reading = _Reading()
    for number, line in enumerate(text.split("\n"), 1):
        try:
            _take(reading, line.removesuffix("\r"))
        except ValueError as error:
            raise CubeError(str(error), number) from None
    if not reading.kind:
        raise CubeError(f"it says neither {' nor '.join(SIZES)}")
    if reading.rows != reading.wanted:
        raise CubeError(f"its size asks for {reading.wanted} rows, and it has {reading.rows}")
    return FILTERS[reading.kind]


def _take(reading: _Reading, line: str) -> None:
    """One line of a .cube file. Raises ValueError."""
    if len(line) > 500:
        raise ValueError("the line is longer than 500 characters, where FFmpeg cuts it")
    if _ROW.match(line):
        if not reading.kind:
            raise ValueError(f"numbers stand before {' or '.join(SIZES)}")
        reading.rows += 1
        return
    if not line.strip() or line.lstrip().startswith("#"):
        return
    word = line.split()[0]
    rest = line.removeprefix(word)
    if word in SIZES and rest != line:
        _sized(reading, word, rest)
    elif word in _SPANS and rest != line:
        _spanned(reading, word, rest)
    elif word != "TITLE" or rest == line:
        known = question(word, ["TITLE", *SIZES, *_SPANS])
        raise ValueError(f"{line.strip()[:40]!r} is neither three numbers nor a keyword of a .cube file{known}")


def _sized(reading: _Reading, word: str, rest: str) -> None:
    if reading.kind:
        raise ValueError(f"{word} follows {reading.kind}: a LUT has one size, and FFmpeg reads no shaper before a cube")
    found, (low, high) = _SIZE.match(rest), SIZES[word]
    if not found or not low <= int(found[1]) <= high:
        raise ValueError(f"{word} must be one whole number from {low} to {high}")
    reading.kind = word
    reading.wanted = int(found[1]) ** (3 if word == "LUT_3D_SIZE" else 1)


def _spanned(reading: _Reading, word: str, rest: str) -> None:
    if reading.rows:
        raise ValueError(f"{word} stands after the first row")
    if word == "LUT_3D_INPUT_RANGE" and reading.kind:
        raise ValueError(f"FFmpeg cannot read {word} after LUT_3D_SIZE: delete the line, it says nothing new")
    numbers = rest.split()
    if any(not re.fullmatch(_NUMBER, one) for one in numbers) or tuple(map(float, numbers)) != _SPANS[word]:
        raise ValueError(f"{word} must be {' '.join(map(str, _SPANS[word]))}: FFmpeg reads no other span rightly")


def with_luts(
    profiles: Mapping[str, Whole], layers: Sequence[Layer]
) -> tuple[dict[str, Mapping[str, Any]], dict[str, str], list[Finding]]:
    """The profiles, those with a LUT knowing its filter and sha256; where each one's file is; and all that is wrong."""
    made: dict[str, Mapping[str, Any]] = {name: one.data for name, one in profiles.items()}
    paths: dict[str, str] = {}
    faults: dict[tuple[str, ...], Finding] = {}
    for name, one in profiles.items():
        told = list(_policy(name, one))
        if "lut" in one.data:
            place = one.place_of("/lut/file")
            near = one.data["lut"]["file"]
            root, files = _layer(layers, place[1])
            try:
                data = _found(near, files)
                said = {"filter": read_cube(data), "sha256": hashlib.sha256(data).hexdigest()}
                made[name] = {**one.data, "lut": {**one.data["lut"], **said}}
                paths[name] = root + near
            except CubeError as error:
                where = f"line {error.line}: " if error.line else ""
                told.append(clash("rulebook/lut", f"profile {name}: the LUT {near}: {where}{error}", place))
        for fault in told:
            faults.setdefault((fault.subject, fault.at), fault)  # a profile that extends another has its faults too
    return made, paths, list(faults.values())


def _policy(name: str, one: Whole) -> Iterator[Finding]:
    """A LUT without the policy that uses it, a policy without a LUT, and results that the codec cannot name."""
    wanted, given = one.data.get("policy", {}).get("colour") == "lut", one.data.get("lut")
    if wanted and given is None:
        message = f"profile {name}: its policy for colour is lut, and it names none: write [lut], with file and takes"
        yield clash("rulebook/lut", message, one.place_of("/policy/colour"))
    if given is not None and not wanted:
        message = f'profile {name} has a LUT that nobody uses: write colour = "lut" in [policy], or drop = ["lut"]'
        yield clash("rulebook/lut", message, one.place_of("/lut"))
    for key, known in (("primaries", "primaries"), ("transfer", "transfers"), ("matrix", "matrices")):
        if given is not None and given[key] not in one.data["colour"][known]:
            near = question(given[key], one.data["colour"][known])
            codec = one.data["codec"]
            message = f"profile {name}: its LUT leads to the {key} {given[key]}, which its {codec} cannot name{near}"
            yield clash("rulebook/lut", message, one.place_of(f"/lut/{key}"))


def _layer(layers: Sequence[Layer], path: str) -> tuple[str, Mapping[str, bytes]]:
    """The folder (with its last slash) and the LUTs of the layer that a file stands in."""
    for layer in layers:
        if path in layer.documents:
            return layer.path.removesuffix(HEAD), layer.luts
    return "", {}


def _found(near: str, files: Mapping[str, bytes]) -> bytes:
    """The content of a LUT by its path in the layer. Raises CubeError."""
    parts = near.split("/")
    if "\\" in near or near.startswith("/") or ":" in parts[0] or any(part in ("", ".", "..") for part in parts):
        raise CubeError(f"its path must lie in the rulebook's own folder, as in {PLACE}luts/show.cube")
    if not near.startswith(PLACE) or not near.endswith(ENDING):
        raise CubeError(f"LUTs stand below {PLACE} and end in {ENDING}")
    if near not in files:
        raise CubeError(f"there is no such file in this layer{question(near, list(files))}")
    return files[near]


def graph_text(path: str) -> str:
    """A path as the value of an option in an FFmpeg filter graph: escaped for the option, and again for the graph."""
    option = re.sub(r"([\\':])", r"\\\1", path)
    return re.sub(r"([\\'\[\],;])", r"\\\1", option)
