"""Which clips the words of a command line stand for: files as named, folders as the media directly in them."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from proxx.errors import EXIT_USAGE, ProxxError
from proxx.machine import Machine
from proxx.route import SHOWN
from proxx.rulebook import Rulebook
from proxx.tools import whole_path


def clips_of(names: Sequence[str], book: Rulebook, machine: Machine) -> list[str]:
    """The absolute paths of the clips, in order, none twice. Raises ProxxError (exit 2): missing, or none in a folder.

    Of a folder hidden files are skipped (._* are a Mac's notes beside the files); so is, and is told, what is no
    moving picture by its name or by what is in it.
    """
    missing = [name for name in names if not os.path.exists(name)]
    if missing:
        more = f" (and {len(missing) - 1} more)" if len(missing) > 1 else ""
        raise ProxxError(
            f"there is no {missing[0]}{more}", hint="Name clips, or folders of clips.", exit_code=EXIT_USAGE
        )
    found: list[str] = []
    for name in names:
        path = plain_path(name)
        found += _in_folder(path, book, machine) if os.path.isdir(path) else [path]
    twice = machine.same_file(found)
    for later in sorted(twice):
        print(f"proxx: {found[later]} is named twice, and is taken once", file=sys.stderr)
    return [path for place, path in enumerate(found) if place not in twice]


def plain_path(name: str) -> str:
    """The absolute path without dots and double slashes, where these lead to the same place."""
    whole = whole_path(name)
    tidy = os.path.abspath(name)
    return tidy if os.path.realpath(tidy) == os.path.realpath(whole) else whole


def _in_folder(folder: str, book: Rulebook, machine: Machine) -> list[str]:
    try:
        names = sorted(name for name in os.listdir(folder) if not name.startswith("."))
    except OSError as error:
        raise ProxxError(f"cannot read {folder}: {error.strerror}", exit_code=EXIT_USAGE) from error
    files = [path for path in (os.path.join(folder, name) for name in names) if os.path.isfile(path)]
    known = {end for data in book.items["container"].values() for end in data.get("extensions", ())}
    strange = [path for path in files if os.path.splitext(path)[1][1:].lower() not in known]
    looked = zip(strange, machine.media(strange) or (), strict=True)
    left = [path for path, media in looked if media.state != "ok" or media.codec == "none"]
    clips = [path for path in files if path not in set(left)]
    if not clips:
        raise ProxxError(
            f"there is no media directly in {folder}",
            hint="Folders in it are not looked into: name the folder that holds the clips.",
            exit_code=EXIT_USAGE,
        )
    if left:
        shown = ", ".join(os.path.basename(path) for path in left[:SHOWN])
        more = f" and {len(left) - SHOWN} more" if len(left) > SHOWN else ""
        print(f"proxx: left out, because no moving picture is in it: {shown}{more}", file=sys.stderr)
    return clips
