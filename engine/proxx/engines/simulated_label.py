"""Writes a label as a small picture, so that nobody takes what the simulated Resolve renders for a camera's picture.

This text is read by every Python from 3.6 on, without proxx around it.
"""

from typing import List

GLYPHS = {
    "A": "7c1211127c", "B": "7f49494936", "C": "3e41414122", "D": "7f4141413e", "E": "7f49494941", "F": "7f09090901",
    "G": "3e41415173", "H": "7f0808087f", "I": "00417f4100", "J": "2040413f01", "K": "7f08142241", "L": "7f40404040",
    "M": "7f021c027f", "N": "7f0408107f", "O": "3e4141413e", "P": "7f09090906", "Q": "3e4151215e", "R": "7f09192946",
    "S": "2649494932", "T": "03017f0103", "U": "3f4040403f", "V": "1f2040201f", "W": "3f4038403f", "X": "6314081463",
    "Y": "0304780403", "Z": "6159494d43", "0": "3e5149453e", "1": "00427f4000", "2": "7249494946", "3": "2141494d33",
    "4": "1814127f10", "5": "2745454539", "6": "3c4a494931", "7": "4121110907", "8": "3649494936", "9": "464949291e",
    " ": "0000000000", ".": "0060600000", ":": "0036360000", ";": "0056360000", "-": "0808080808", "_": "4040404040",
}  # fmt: skip
"""Five columns of each sign, the lowest bit on top."""

HEIGHT = 9
"""Rows of the label: seven of the signs and a margin."""


def label(text: str) -> bytes:
    """A grey picture (PGM) of a line of text, white on black; signs that it does not know are left blank."""
    columns: List[int] = [0]
    for sign in text.upper():
        glyph = GLYPHS.get(sign, GLYPHS[" "])
        columns += [int(glyph[place : place + 2], 16) for place in range(0, 10, 2)] + [0]
    columns += [0] * (len(columns) % 2)
    rows = [[0] * len(columns)]
    rows += [[255 if column >> row & 1 else 0 for column in columns] for row in range(7)]
    rows += [[0] * len(columns)]
    head = "P5 %d %d 255\n" % (len(columns), HEIGHT)
    return head.encode("ascii") + b"".join(bytes(row) for row in rows)
