"""Whether a file's content is what its manifests claim: every hash that they hold, made in one reading."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from typing import Protocol

from proxx.manifest import IN_MHL, Claim

CHUNK = 1 << 20
C4_LETTERS = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


class _Hash(Protocol):
    def update(self, data: bytes, /) -> object: ...
    def hexdigest(self) -> str: ...


def compare(
    path: str, claims: Sequence[Claim], give_up: Callable[[], bool] = lambda: False
) -> tuple[str, Claim | None, str]:
    """Whether the content of a file is what is claimed: matches, differs or none, the claim that says so, and why.

    Hashes that this program cannot make count for nothing; a claim of the size alone must be right, and vouches
    for nothing.
    """
    wanted = {_kind(name) for claim in claims for name in claim.hashes}
    size = os.path.getsize(path)
    for claim in claims:
        if claim.fault:
            return "differs", claim, claim.fault
        if claim.size is not None and claim.size != size:
            return "differs", claim, f"it has {size} bytes, not {claim.size}"
    made = _hashes(path, wanted, give_up)
    vouched = None
    for claim in claims:
        for name, said in claim.hashes.items():
            is_ = made.get(_kind(name), "")
            if is_ and not _same(name, said, is_):
                return "differs", claim, f"its {name} is {is_}, not {said}"
            vouched = claim if is_ else vouched
    return ("matches", vouched, "") if vouched else ("none", None, "")


def _kind(element: str) -> str:
    return IN_MHL.get(element, element)


def _same(element: str, said: str, made: str) -> bool:
    if element == "c4":
        return said == made
    said = said.lower()
    turned = bytes.fromhex(made)[::-1].hex() if element == "xxhash64" else made
    return said in (made, turned)


def _hashes(path: str, kinds: set[str], give_up: Callable[[], bool]) -> dict[str, str]:
    """Hashes of a file by their kinds, in one reading."""
    made = {kind: hasher for kind in kinds if (hasher := _hasher(kind)) is not None}
    if not made:
        return {}
    with open(path, "rb") as handle:
        while not give_up() and (chunk := handle.read(CHUNK)):
            for hasher in made.values():
                hasher.update(chunk)
    return {kind: _c4(hasher.hexdigest()) if kind == "c4" else hasher.hexdigest() for kind, hasher in made.items()}


def _hasher(kind: str) -> _Hash | None:
    if kind in ("xxh64", "xxh128", "xxh3"):
        import xxhash  # most MHLs hold xxHash; nothing else needs it

        makers: dict[str, Callable[[], _Hash]] = {
            "xxh64": xxhash.xxh64,
            "xxh128": xxhash.xxh3_128,
            "xxh3": xxhash.xxh3_64,
        }
        return makers[kind]()
    if kind == "c4":
        return hashlib.sha512()
    return hashlib.new(kind) if kind in hashlib.algorithms_guaranteed else None


def _c4(sha512: str) -> str:
    """A C4 id (SMPTE ST 2114): sha512 as a number of base 58, 88 letters and "c4" before them."""
    number, letters = int(sha512, 16), ""
    while number:
        number, place = divmod(number, 58)
        letters = C4_LETTERS[place] + letters
    return "c4" + letters.rjust(88, C4_LETTERS[0])
