"""The word that a wrong one was meant to be: proposed where it is likely, changed only where nothing else is."""

from __future__ import annotations

import pytest

from proxx.nearest import nearest, unmistakable

PROFILES = ("proxy_h264_low", "proxy_h264_mov", "proxy_h265", "proxy_prores_lt")


@pytest.mark.parametrize(
    ("word", "choices", "near"),
    [
        ("proxy_h264", PROFILES, "proxy_h264_low"),
        ("Proxy_H264", PROFILES, "proxy_h264_low"),
        ("proxy_h26", PROFILES, "proxy_h265"),
        ("proxy-prores-lt", PROFILES, "proxy_prores_lt"),
        ("source", ("source_name", "source_ext", "source_dir"), "source_name"),
        ("pairing", ("pairing/codec-in-container",), "pairing/codec-in-container"),
        ("", ("codec",), ""),
        (" ", ("codec", "_codec"), ""),
        ("as", ("aß",), "aß"),
        ("mjpeg", ("h264", "av1"), ""),
    ],
)
def test_what_begins_so_is_nearer_than_what_is_spelt_alike(word: str, choices: tuple[str, ...], near: str) -> None:
    assert nearest(word, choices) == near


def test_a_beginning_alone_is_no_ground_for_a_change() -> None:
    assert unmistakable("proxy_h264", PROFILES) == ""
    assert unmistakable("proxy_prores", PROFILES) == ""
    assert unmistakable("proxy_prores_l", PROFILES) == "proxy_prores_lt"
    assert unmistakable("PROXY_H265", PROFILES) == "proxy_h265"
