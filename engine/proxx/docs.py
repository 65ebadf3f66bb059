"""The command `docs`: writes the pages of a rulebook, says which are stale, touches no file it did not make."""

from __future__ import annotations

import argparse
import json
import os
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from proxx.errors import EXIT_FINDINGS, EXIT_OK, EXIT_USAGE, ProxxError
from proxx.pages import all_pages
from proxx.shelf import WORDS, book_of
from proxx.terminal import print_text

MANIFEST = ".proxx-docs.json"
"""Names the files of a folder that proxx made, and may therefore renew and remove."""


@dataclass(frozen=True, slots=True)
class Difference:
    """What a folder lacks, holds in another form, and holds besides the pages that it should."""

    missing: tuple[str, ...]
    stale: tuple[str, ...]
    surplus: tuple[str, ...]

    @property
    def words(self) -> list[str]:
        """A line for every file that is not as it should be."""
        kinds = {"missing": self.missing, "stale": self.stale, "surplus": self.surplus}
        return [f"{kind:<8} {name}" for kind, names in kinds.items() for name in names]


def docs_command(arguments: argparse.Namespace) -> int:
    """Write the pages, or with --check exit 1 when they differ from what the rulebook says."""
    if not arguments.output:
        raise ProxxError("-o names no folder", hint="Write for instance: -o docs/rulebook", exit_code=EXIT_USAGE)
    html = getattr(arguments, "format", "markdown") == "html"
    if arguments.check and html:
        raise ProxxError(
            "a site cannot be checked", hint="Check its Markdown: leave --format html out.", exit_code=EXIT_USAGE
        )
    if arguments.guide and not html:
        raise ProxxError("--guide is for a site", hint="Add --format html, or leave --guide out.", exit_code=EXIT_USAGE)
    book = book_of(arguments)
    if html:
        from proxx.site import build_site

        files = build_site(book, arguments.guide)
    else:
        files = {name: text.encode() for name, text in all_pages(book).items()}
    if arguments.check:
        return _check(arguments, files)
    difference = compare(arguments.output, files)
    removed = write(arguments.output, files)
    changed = len({*difference.missing, *difference.stale} - {MANIFEST})
    print_text(f"{arguments.output}: {len(files)} files, {changed} written, {removed} removed\n")
    return EXIT_OK


def _check(arguments: argparse.Namespace, files: Mapping[str, bytes]) -> int:
    difference = compare(arguments.output, files)
    if not difference.words:
        print_text(f"{arguments.output}: {len(files)} pages, all as the rulebook says\n")
        return EXIT_OK
    named = [folder for word in WORDS for folder in getattr(arguments, word, [])]
    layers = "".join(f"--rulebook {shlex.quote(folder)} " for folder in named)
    lines = [f"{arguments.output}: the pages are not what the rulebook says", *(f"  {one}" for one in difference.words)]
    foreign = sorted(set(difference.surplus) - read_manifest(arguments.output))
    if foreign:
        lines.append(f"  Action: move away what proxx did not make: {', '.join(foreign)}")
    if len(foreign) < len(difference.words):
        lines.append(f"  Action: proxx {layers}docs -o {shlex.quote(arguments.output)}")
    print_text("\n".join(lines) + "\n")
    return EXIT_FINDINGS


def compare(folder: str, files: Mapping[str, bytes]) -> Difference:
    """How a folder differs from the files that it should hold. Pages (*.md) that no one asked for are surplus."""
    there = {name: _read(folder, name) for name in files}
    held = {name for name in _held(folder) if name.endswith(".md") or name in read_manifest(folder)}
    missing = [name for name, data in there.items() if data is None]
    manifest = manifest_bytes(files)
    stale = [name for name, data in there.items() if data is not None and data != files[name]]
    listed = _read(folder, MANIFEST)
    if listed != manifest:
        (missing if listed is None else stale).append(MANIFEST)
    return Difference(tuple(sorted(missing)), tuple(sorted(stale)), tuple(sorted(held - set(files))))


def write(folder: str, files: Mapping[str, bytes]) -> int:
    """Write the files, remove those of an earlier time that are no longer wanted, and give how many that were.

    Raises ProxxError (exit 2), before anything is written, where a file stands in the way that proxx did not make.
    """
    mine = read_manifest(folder)
    taken = sorted(name for name in files if name not in mine and os.path.lexists(os.path.join(folder, name)))
    if taken:
        raise ProxxError(
            f"{os.path.join(folder, taken[0])} is there already, and proxx docs did not make it",
            hint="Name another folder, or move the file away; it is not overwritten.",
            exit_code=EXIT_USAGE,
        )
    try:
        old = [name for name in sorted(mine - set(files)) if os.path.isfile(os.path.join(folder, name))]
        # The list comes first: what a broken-off writing leaves behind is then known as made by proxx.
        _put(folder, MANIFEST, manifest_bytes({**files, **dict.fromkeys(old, b"")}))
        for name, data in files.items():
            if _read(folder, name) != data:
                _put(folder, name, data)
        for name in old:
            _remove(folder, name)
        _put(folder, MANIFEST, manifest_bytes(files))
    except OSError as error:
        raise ProxxError(
            f"cannot write {error.filename or folder}: {error.strerror}",
            hint="Name a folder that can be written.",
            exit_code=EXIT_USAGE,
        ) from error
    return len(old)


def manifest_bytes(files: Mapping[str, bytes]) -> bytes:
    """The list of files that proxx made in a folder."""
    document = {"format": 1, "made_by": "proxx docs", "files": sorted(files)}
    return (json.dumps(document, indent=1, ensure_ascii=False) + "\n").encode()


def read_manifest(folder: str) -> set[str]:
    """The files of a folder that proxx made; none where no readable list stands. No name leads out of the folder."""
    try:
        document = json.loads(_read(folder, MANIFEST) or b"{}")
    except ValueError:
        return set()
    named = document.get("files", []) if isinstance(document, dict) else []
    return {name for name in named if isinstance(name, str) and _stays(name)} if isinstance(named, list) else set()


def _stays(name: str) -> bool:
    path = PurePosixPath(name)
    return bool(name) and not path.is_absolute() and ".." not in path.parts


def _held(folder: str) -> Iterator[str]:
    """Every file below a folder, by its path from there."""
    for place, _, names in os.walk(folder):
        for name in names:
            yield Path(place, name).relative_to(folder).as_posix()


def _read(folder: str, name: str) -> bytes | None:
    """The bytes of a file; None when there is none. Raises ProxxError (exit 2) for one that cannot be read."""
    try:
        return Path(folder, name).read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise ProxxError(f"cannot read {error.filename}: {error.strerror}", exit_code=EXIT_USAGE) from error


def _put(folder: str, name: str, data: bytes) -> None:
    path = Path(folder, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def _remove(folder: str, name: str) -> None:
    """Remove a file, and the folders that it leaves empty."""
    Path(folder, name).unlink()
    for above in PurePosixPath(name).parents:
        if str(above) == "." or any(Path(folder, above).iterdir()):
            return
        Path(folder, above).rmdir()
