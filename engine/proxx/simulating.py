"""A simulated Resolve instead of the real one, as the arguments of a command ask for it."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from proxx.answers import unusable
from proxx.engines.resolve_request import Simulation
from proxx.engines.simulated_traps import TRAPS, known_trap
from proxx.errors import EXIT_USAGE, ProxxError
from proxx.nearest import question
from proxx.probe import probe
from proxx.rulebook import Rulebook
from proxx.toolbox import Tools
from proxx.tools import whole_path


def simulation_of(arguments: argparse.Namespace, book: Rulebook) -> Callable[[Tools], Simulation | None]:
    """Given the tools: the simulated Resolve that is asked for, None for the real one. Raises ProxxError (exit 2)."""
    picture, traps = arguments.simulate_picture, tuple(arguments.simulate_trap or ())
    if not arguments.simulate and (picture or traps):
        raise ProxxError(
            "--simulate-picture and --simulate-trap belong to --simulate",
            hint="Say --simulate too: a real Resolve has its own pictures and troubles.",
            exit_code=EXIT_USAGE,
        )
    for word in traps:
        if not known_trap(word):
            raise ProxxError(
                f"--simulate-trap {word}: there is no such trap{question(word, TRAPS)}",
                hint=f"Use one of: {', '.join(TRAPS)} (hang:Class.Method, kill:NUMBER)",
                exit_code=EXIT_USAGE,
            )

    def given(tools: Tools) -> Simulation | None:
        if not arguments.simulate:
            return None
        if picture is None:
            return Simulation(tools.ffmpeg, traps)
        found = probe(whole_path(picture), book.vocabulary, tools.ffprobe)
        if found.state != "ok" or found.video is None or not found.video.codec:
            unread = found.state != "ok"
            words = unusable(book, found.state, found.detail) if unread else "it has no picture that FFmpeg reads"
            raise ProxxError(
                f"--simulate-picture {picture} cannot be used: {words}",
                hint="Name a movie that FFmpeg decodes.",
                exit_code=EXIT_USAGE,
            )
        return Simulation(tools.ffmpeg, traps, found)

    return given
