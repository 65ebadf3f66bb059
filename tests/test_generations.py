"""What generations of FFmpeg do otherwise than others is data: from a version on, up to a version."""

from __future__ import annotations

import pytest

from proxx.generations import habits_of

ENTRIES = {"old": {"until": "6.0"}, "new": {"since": "8"}, "while": {"since": "6.1", "until": "7.1"}}


@pytest.mark.parametrize(
    ("version", "does"),
    [
        ("5.1.9-0+deb12u1", "old"),
        ("5.1", "old"),
        ("6.0-static", ""),
        ("6.1.1", "while"),
        ("7.0.2-static https://johnvansickle.com/ffmpeg/", "while"),
        ("7.1", ""),
        ("n8.0", "new"),
        ("n9.0.2-17-g2a571b6068-20260930", "new"),
        ("N-118193-g5f38c82536", "new"),
    ],
)
def test_a_version_has_the_habits_of_its_time(version: str, does: str) -> None:
    assert [name for name, said in habits_of(ENTRIES, version).items() if said == "yes"] == ([does] if does else [])
