"""What vouches for a file's content beside it: MHL files, checksum files, and markers that say that it is done."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.parsers import expat

MOST_BYTES = 64 << 20
SUMS = {"md5": "md5", "sha1": "sha1", "sha256": "sha256", "sha512": "sha512", "xxh64": "xxh64", "xxh128": "xxh128"}
"""Ends of the names of checksum files (md5sum's form and its like), and the hashes in them."""

MANIFESTS = (".mhl", *(f".{kind}" for kind in SUMS), *(f"{kind}sums" for kind in SUMS))
"""How the names of manifests end, in small letters."""

IN_MHL = {
    "md5": "md5",
    "sha1": "sha1",
    "sha256": "sha256",
    "sha512": "sha512",
    "c4": "c4",
    "xxhash64": "xxh64",
    "xxhash64be": "xxh64",
    "xxh64": "xxh64",
    "xxh128": "xxh128",
    "xxh3": "xxh3",
}
"""Elements of MHL 1.1 (mediahashlist.org) and ASC MHL 2.0 that hold a hash. xxhash64 is little-endian: see _same."""

_LINE = re.compile(r"\\?(?P<hash>[0-9A-Za-z]{16,128}) [ *](?P<name>.+)")


@dataclass(frozen=True, slots=True)
class Claim:
    """What a manifest says of a file: its size in bytes (None: nothing), hashes by element or kind; or its fault."""

    manifest: str
    size: int | None
    hashes: Mapping[str, str]
    fault: str = ""


def claims_about(path: str, top: str) -> list[Claim]:
    """What the manifests of a file's folder, and of every folder above it up to `top`, say of the file."""
    found: list[Claim] = []
    folder = os.path.dirname(path)
    while True:
        for manifest in manifests_in(folder):
            said = read_manifest(manifest)
            if said is None:
                found.append(Claim(manifest, None, {}, "the manifest cannot be read"))
                continue
            name = os.path.relpath(path, folder)
            found += [said[key] for key in (name, "") if key in said and (key or manifest.startswith(f"{path}."))]
        if folder == top or os.path.dirname(folder) == folder or not folder.startswith(os.path.join(top, "")):
            return found
        folder = os.path.dirname(folder)


def manifests_in(folder: str) -> list[str]:
    """The manifests that lie in a folder, and all generations that its history (ASC MHL, `ascmhl`) has."""
    try:
        names = sorted(name for name in os.listdir(folder) if not name.startswith("."))
    except OSError:
        return []
    found = [os.path.join(folder, name) for name in names if name.lower().endswith(MANIFESTS)]
    return found + _history(folder)


def _history(folder: str) -> list[str]:
    history = os.path.join(folder, "ascmhl")
    try:
        return [os.path.join(history, name) for name in sorted(os.listdir(history)) if name.lower().endswith(".mhl")]
    except OSError:
        return []


def read_manifest(path: str) -> dict[str, Claim] | None:
    """What a manifest says, by the path relative to its root; under "" what it says of the one file it is named after.

    None when it cannot be read.
    """
    try:
        if os.path.getsize(path) > MOST_BYTES:
            return None
        data = Path(path).read_bytes()
    except OSError:
        return None
    if path.lower().endswith(".mhl"):
        return _read_mhl(path, data)
    kind = next((kind for kind in SUMS if path.lower().endswith((f".{kind}", f"{kind}sums"))), "")
    return _read_sums(path, kind, data.decode("utf-8", "surrogateescape"))


def _read_sums(path: str, kind: str, text: str) -> dict[str, Claim]:
    found: dict[str, Claim] = {}
    for line in text.replace("\r\n", "\n").split("\n"):
        match = _LINE.fullmatch(line)
        if match:
            name = _unescaped(match["name"]) if line.startswith("\\") else match["name"]
            found[os.path.normpath(name)] = Claim(path, None, {SUMS[kind]: match["hash"].lower()})
        elif re.fullmatch(r"[0-9A-Fa-f]{16,128}", line.strip()):
            found[""] = Claim(path, None, {SUMS[kind]: line.strip().lower()})
    return found


def _unescaped(name: str) -> str:
    """A name as it is: md5sum and its like write a line break as \\n, and say so by a backslash before the hash."""
    return name.replace("\\\\", "\0").replace("\\n", "\n").replace("\0", "\\")


def _read_mhl(path: str, data: bytes) -> dict[str, Claim] | None:
    """The hashes of an MHL. A document type, which could hold entities, is refused: no MHL needs one."""
    reader = _Mhl(path)
    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler = reader.start, reader.end
    parser.CharacterDataHandler, parser.StartDoctypeDeclHandler = reader.text, reader.refuse
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, ValueError):
        return None
    return reader.found


class _Mhl:
    """Collects what the elements `hash` of an MHL say."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.found: dict[str, Claim] = {}
        self.words: list[str] = []
        self.name = ""
        self.size: int | None = None
        self.hashes: dict[str, str] = {}
        self.failed = False

    def start(self, element: str, attributes: Mapping[str, str]) -> None:
        self.words = []
        name = _plain(element)
        if name == "hash":
            self.name, self.size, self.hashes = "", None, {}
        elif name in IN_MHL:
            self.failed = attributes.get("action") == "failed"  # the hash of what was not the file that it should be
        elif name == "path" and attributes.get("size", "").isdigit():
            self.size = int(attributes["size"])

    def text(self, words: str) -> None:
        self.words.append(words)

    def end(self, element: str) -> None:
        name, said = _plain(element), "".join(self.words).strip()
        self.words = []
        if name in ("file", "path"):
            self.name = said.replace("\\", "/")
        elif name == "size" and said.isdigit():
            self.size = int(said)
        elif name in IN_MHL and not self.failed:
            self.hashes[name] = said
        elif name == "hash" and self.name:
            self.found[os.path.normpath(self.name)] = Claim(self.path, self.size, dict(self.hashes))

    def refuse(self, *said: Any) -> None:
        raise ValueError("a document type has no place in an MHL")


def _plain(element: str) -> str:
    return element.rpartition(":")[2].lower()


def is_marked_done(path: str, suffixes: Sequence[str]) -> bool:
    """Whether a marker beside a file says that it is done: clip.mov.done or clip.done."""
    stems = (path, os.path.splitext(path)[0])
    return any(os.path.lexists(stem + suffix) for stem in stems for suffix in suffixes)


def missing_of(folder: str) -> Iterator[str]:
    """Files that the manifests in a folder, the newest of a history, name and that are not there (yet)."""
    for manifest in sorted(set(manifests_in(folder)) - set(_history(folder)[:-1])):
        for name in read_manifest(manifest) or {}:
            if name and not os.path.lexists(os.path.join(folder, name)):
                yield os.path.join(folder, name)
