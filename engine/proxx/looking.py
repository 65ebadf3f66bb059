"""Looks at a file as far as a comparison needs: its packets are counted where its header does not tell enough."""

from __future__ import annotations

from threading import Event

from proxx.machine import Machine
from proxx.model import Media
from proxx.rulebook import Rulebook
from proxx.timing import first_light, measure
from proxx.tools import find_tool


def counted(book: Rulebook, machine: Machine, path: str, stop: Event) -> Media:
    """What a file is, with the number of frames that it shows."""
    tool = find_tool("ffprobe")
    media = first_light((machine.media([path]) or [Media(path)])[0], book.vocabulary, tool, stop=stop)
    video = media.video
    if media.state != "ok" or video is None or (media.cadence == "constant" and video.frames is not None):
        return media
    return measure(media, book.vocabulary, tool, stop=stop)
