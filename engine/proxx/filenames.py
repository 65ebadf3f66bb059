"""What a file name may be like so that every file system takes it, and what an unfinished file is called."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

NAME_BYTES = 255
"""The longest name that ext4, APFS, NTFS and SMB take."""

TEMPORARY_BYTES = len(".") + len(".partial")

RESERVED = frozenset(
    {"con", "prn", "aux", "nul", "conin$", "conout$"}
    | {f"{port}{n}" for port in ("com", "lpt") for n in "123456789¹²³"}
)
"""Device names of Windows: no file can be called so there, whatever its extension."""


FOREIGN = frozenset('<>:"|?*')
"""Letters that Windows, and file systems that are made for it (NTFS, exFAT, SMB shares), take in no file name."""


def name_form(name: str, values: Sequence[str]) -> str:
    """Whether a name (with its extension, made of these token values) is one that proxx gives a file."""
    stem = name.rpartition(".")[0]
    if any(has_control(value) for value in (name, *values)):
        return "control"
    if "/" in name or "\\" in name:
        return "separator"
    if not stem.strip(". "):
        return "empty"
    if stem.partition(".")[0].rstrip(" ").lower() in RESERVED:
        return "reserved"
    if name_bytes(name) > NAME_BYTES - TEMPORARY_BYTES:
        return "too-long"
    return "edge" if stem[0] == " " or stem[-1] in " ." else "fine"


def foreign_letters(name: str) -> str:
    """The letters of a name that Windows does not take, each once, in the order of the name."""
    return "".join(letter for letter in dict.fromkeys(name) if letter in FOREIGN)


def name_bytes(name: str) -> int:
    """The length of a name as a file system counts it."""
    return len(name.encode("utf-8", "surrogateescape"))


def temporary_name(name: str) -> str:
    """The hidden name under which an unfinished proxy is written, in the same folder: .STEM.partial.EXT"""
    stem, _, extension = name.rpartition(".")
    return f".{stem}.partial.{extension}"


def has_control(text: str) -> bool:
    """Whether there is a control character, half of a surrogate pair or a line separator in a text."""
    return not text.isprintable() and any(
        unicodedata.category(letter) in {"Cc", "Cs"} or letter in "\u2028\u2029" for letter in text
    )


def folded(text: str) -> str:
    """The text as systems compare names that tell neither case nor the composition of accents apart."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())
