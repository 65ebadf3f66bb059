"""Where rulebook entries stand, in words and as numbers: layer, file, line and column."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from proxx.errors import Finding
from proxx.layers import Place


def teller(texts: Sequence[Mapping[str, bytes]]) -> Callable[[Place], str]:
    """What says a place in words: the layer, then file:line:column. `texts` are the files of every layer."""

    def told(place: Place) -> str:
        layer, path, pointer = place
        data = next((files[path] for files in texts if path in files), b"")
        return f"layer {layer} ({path}:{':'.join(map(str, _spot(data, pointer)))})"

    return told


def _spot(data: bytes, pointer: str) -> tuple[int, int]:
    from proxx.positions import locate_in_toml  # only what is told needs a place

    spot = locate_in_toml(data.decode("utf-8", "replace"), pointer)
    return spot.line, spot.column


def stands(origin: tuple[str, str, str]) -> dict[str, Any]:
    """An origin (layer, file, pointer) as documents say it, with line and column (from 1)."""
    layer, path, pointer = origin
    try:
        with open(path, "rb") as handle:
            data = handle.read()
    except OSError:
        data = b""  # gone since it was read: the file can still be named
    line, column = _spot(data, pointer)
    return {"layer": layer, "file": path, "line": line, "column": column}


def spot_text(place: Mapping[str, Any]) -> str:
    """A place as compilers say it: file:line:column."""
    return f"{place['file']}:{place['line']}:{place['column']}"


def blamed(
    faults: Iterable[Finding], removed: Mapping[str, Place], told: Callable[[Place], str]
) -> tuple[Finding, ...]:
    """The faults; those that name something which a layer took away also say which layer, and where."""
    made = []
    for fault in faults:
        words = {word.strip(",;:()?@{}'") for word in fault.message.split()}
        gone = [key for key in removed if words & {key.partition("/")[2], key.rpartition("/")[2]}]
        why = tuple(f"{key} is taken away in {told(removed[key])}" for key in gone)
        told_at = replace(fault, why=(*fault.why, *why))
        if gone and not fault.subject:  # nothing else stands anywhere any more
            told_at = replace(told_at, subject=removed[gone[0]][1], at=removed[gone[0]][2])
        made.append(told_at)
    return tuple(made)
