"""Guesses which of the known words a wrong one was meant to be, so that a message can propose it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType

_LONGEST = 80
_MARGIN = 0.05
_NOTHING: Mapping[str, str] = MappingProxyType({})


def nearest(word: str, choices: Sequence[str], meant: Mapping[str, str] = _NOTHING) -> str:
    """The choice that the word stands for: by another name for it (`meant`), by case, as one that begins so, or by
    spelling; "" for none.
    """
    if len(word) > _LONGEST:
        return ""
    folded = _folded(word)
    for other, choice in (*meant.items(), *zip(choices, choices, strict=True)):
        if _folded(other) == folded:
            return choice
    if longer := _longer(word, choices):
        return longer[0]
    import difflib  # slow to import, and only a mistake needs it

    plain = {choice.casefold(): choice for choice in reversed(choices)}  # of two that differ by case, the first
    close = difflib.get_close_matches(
        word.strip().casefold(), [choice.casefold() for choice in choices], 1, cutoff=0.75
    )
    return plain[close[0]] if close else ""


def unmistakable(word: str, choices: Sequence[str], meant: Mapping[str, str] = _NOTHING) -> str:
    """The choice that the word stands for where no other comes near it; "" for none, and where there is doubt."""
    choice = nearest(word, choices, meant)
    folded = _folded(word)
    exact = {to for other, to in (*meant.items(), *zip(choices, choices, strict=True)) if _folded(other) == folded}
    if exact or not choice or _longer(word, choices):
        return choice if len(exact) == 1 else ""
    import difflib

    match = difflib.SequenceMatcher(None, "", word.strip().casefold())
    scores = []
    for one in dict.fromkeys(choices):
        match.set_seq1(one.casefold())
        scores.append(match.ratio())
    scores.sort()
    return choice if len(scores) == 1 or scores[-1] - scores[-2] >= _MARGIN else ""


def _longer(word: str, choices: Sequence[str]) -> list[str]:
    """The choices that begin with the word as with one of their own words: of proxy_h264, proxy_h264_low."""
    begin = word.strip().casefold()
    plain = {one: one.casefold() for one in choices if begin}
    return [one for one, low in plain.items() if low.startswith(begin) and not low[len(begin) :][:1].isalnum()]


def _folded(word: str) -> str:
    return "".join(letter for letter in word.casefold() if letter.isalnum())


def question(word: str, choices: Collection[str]) -> str:
    """The nearest choice as the end of a message ("; did you mean h264?"), or nothing."""
    return as_question(nearest(word, list(choices)))


def as_question(choice: str) -> str:
    """A choice as the end of a message, or nothing for none."""
    return f"; did you mean {choice}?" if choice else ""
