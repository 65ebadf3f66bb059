"""Box algebra: which inputs several rows of a table hold together, and which none of them holds.

A box is one bit mask a column, so overlap and gaps are computed, not sampled.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

Masks = tuple[int, ...]


def uncovered(widths: Sequence[int], boxes: Sequence[Masks], within: Masks | None = None) -> Masks | None:
    """A box of inputs (inside `within`) that no box holds; None when they cover everything."""
    room = within or tuple((1 << width) - 1 for width in widths)
    columns = [_holders(mask, [box[depth] for box in boxes]) for depth, mask in enumerate(room)]
    # Of each column, the boxes that hold all of it and of every column after it: one of them leaves no gap.
    whole = [(1 << len(boxes)) - 1]
    for depth in reversed(range(len(room))):
        whole.append(whole[-1] & _set_of(index for index, box in enumerate(boxes) if not room[depth] & ~box[depth]))
    return _search(room, columns, whole[::-1], 0, (1 << len(boxes)) - 1, {})


def _holders(mask: int, cells: Sequence[int]) -> dict[int, int]:
    """The atoms of a column by the set of boxes that hold them."""
    groups: dict[int, int] = {}
    while mask:
        bit = mask & -mask
        mask ^= bit
        rows = _set_of(index for index, cell in enumerate(cells) if cell & bit)
        groups[rows] = groups.get(rows, 0) | bit
    return groups


def _set_of(indexes: Iterable[int]) -> int:
    """A set of boxes as a bit mask."""
    return sum(1 << index for index in indexes)


def _search(
    room: Masks,
    columns: Sequence[dict[int, int]],
    whole: Sequence[int],
    depth: int,
    active: int,
    known: dict[tuple[int, int], Masks | None],
) -> Masks | None:
    """The first uncovered box from the column `depth` on, among the boxes in the set `active`.

    Each set of boxes at each column is searched once.
    """
    if not active:
        return room[depth:]
    if active & whole[depth]:
        return None
    if (depth, active) not in known:
        known[depth, active] = None
        groups: dict[int, int] = {}
        for rows, bits in columns[depth].items():
            groups[active & rows] = groups.get(active & rows, 0) | bits
        for rows, bits in groups.items():
            rest = _search(room, columns, whole, depth + 1, rows, known)
            if rest is not None:
                known[depth, active] = (bits, *rest)
                break
    return known[depth, active]


def overlap(one: Masks, other: Masks) -> Masks | None:
    """The inputs that both boxes hold; None when there are none."""
    both = tuple(a & b for a, b in zip(one, other, strict=True))
    return both if all(both) else None


def minus(box: Masks, other: Masks) -> list[Masks]:
    """What of a box another one does not hold, as boxes that do not overlap."""
    if overlap(box, other) is None:
        return [box]
    rest, left = box, []
    for at, mask in enumerate(other):
        if outside := rest[at] & ~mask:
            left.append((*rest[:at], outside, *rest[at + 1 :]))
        rest = (*rest[:at], rest[at] & mask, *rest[at + 1 :])
    return left
