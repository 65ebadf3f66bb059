"""SMPTE timecode: anchors that every editor knows, and round trips over whole days at every rate."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from timecode.timecode import Timecode as Peer

from proxx.timecode import (
    DROP_RATES,
    Timecode,
    TimecodeError,
    conform,
    counting,
    exact,
    frames_of_day,
    label,
    nominal,
    parse,
)

FILM = Fraction(24000, 1001)
NTSC = Fraction(30000, 1001)
NTSC_60 = Fraction(60000, 1001)
NTSC_120 = Fraction(120000, 1001)
RATES = [FILM, Fraction(24), Fraction(25), NTSC, Fraction(30), Fraction(48000, 1001), Fraction(48), Fraction(50)]
RATES += [NTSC_60, Fraction(60), Fraction(100), NTSC_120, Fraction(120), Fraction(12), Fraction(25, 2), Fraction(15)]
RATES += [Fraction(72), Fraction(90), Fraction(96000, 1001), Fraction(96), Fraction(240)]
DAYS = [*((rate, False) for rate in RATES), *((rate, True) for rate in sorted(DROP_RATES))]
PEER_DAYS = [day for day in DAYS if day[0] != Fraction(25, 2)]
MARKS = (0, 8)
"""Frames after a minute's first and before its last that are looked at; drop-frame leaves out up to eight."""

rates = st.sampled_from(RATES)
drop_rates = st.sampled_from(sorted(DROP_RATES))


@pytest.mark.parametrize(
    ("text", "rate", "frames"),
    [
        ("00:00:00:00", FILM, 0),
        ("01:00:00:00", FILM, 86400),
        ("01:00:00:00", Fraction(25), 90000),
        ("10:00:00:00", Fraction(25), 900000),
        ("00:00:59;29", NTSC, 1799),
        ("00:01:00;02", NTSC, 1800),
        ("00:10:00;00", NTSC, 17982),
        ("01:00:00;00", NTSC, 107892),
        ("23:59:59;29", NTSC, 2589407),
        ("01:00:00:00", NTSC, 108000),
        ("00:01:00;04", NTSC_60, 3600),
        ("01:00:00;00", NTSC_60, 215784),
        ("00:01:00;08", NTSC_120, 7200),
        ("00:00:00:119", Fraction(120), 119),
    ],
)
def test_well_known_labels_stand_for_well_known_frames(text: str, rate: Fraction, frames: int) -> None:
    moment = parse(text, rate)
    assert moment.frames == frames
    assert moment.drop is (";" in text)


def test_an_hour_of_drop_frame_stays_beside_the_clock() -> None:
    seconds = parse("01:00:00;00", NTSC).frames / NTSC
    assert abs(seconds - 3600) < Fraction(1, 100)


def test_one_frame_after_the_end_of_a_minute_two_labels_are_left_out() -> None:
    assert label(Timecode(parse("00:00:59;29", NTSC).frames + 1, NTSC, drop=True)) == "00:01:00;02"
    assert label(Timecode(parse("00:09:59;29", NTSC).frames + 1, NTSC, drop=True)) == "00:10:00;00"


def test_the_day_begins_again_after_24_hours() -> None:
    assert label(Timecode(frames_of_day(Fraction(25)), Fraction(25))) == "00:00:00:00"
    assert label(Timecode(frames_of_day(NTSC, drop=True) + 5, NTSC, drop=True)) == "00:00:00;05"
    assert label(Timecode(-1, Fraction(25))) == "23:59:59:24"


def test_the_length_of_a_day_is_the_standards() -> None:
    assert frames_of_day(NTSC, drop=True) == 2589408
    assert frames_of_day(NTSC) == 2592000
    assert frames_of_day(FILM) == 2073600


@pytest.mark.parametrize(
    ("rate", "count"),
    [(FILM, 24), (Fraction(24), 24), (NTSC, 30), (NTSC_60, 60), (NTSC_120, 120), (Fraction(25, 2), 13)],
)
def test_a_labelled_second_counts_the_nearest_whole_number_of_frames(rate: Fraction, count: int) -> None:
    assert nominal(rate) == count


@pytest.mark.parametrize("text", ["00:01:00;00", "00:01:00;01", "00:59:00;00", "23:59:00;01"])
def test_a_label_that_drop_frame_leaves_out_is_refused(text: str) -> None:
    with pytest.raises(TimecodeError, match="does not exist: drop-frame leaves out the first 2 labels of this minute"):
        parse(text, NTSC)


@pytest.mark.parametrize("rate", [FILM, Fraction(24), Fraction(25), Fraction(30), Fraction(60), Fraction(48000, 1001)])
def test_drop_frame_exists_at_three_rates_only(rate: Fraction) -> None:
    with pytest.raises(TimecodeError, match=r"drop-frame exists at 29\.97, 59\.94 and 119\.88"):
        parse("01:00:00;00", rate)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("24:00:00:00", "hours end at 23"),
        ("00:60:00:00", "minutes end at 59"),
        ("00:00:60:00", "seconds end at 59"),
        ("00:00:00:25", "frames end at 24"),
    ],
)
def test_numbers_past_their_end_are_refused_with_the_end(text: str, reason: str) -> None:
    with pytest.raises(TimecodeError, match=reason):
        parse(text, Fraction(25))


@pytest.mark.parametrize(
    "text", ["", "1:00:00:00", "01:00:00", "01:00:00:00\n", " 01:00:00:00", "\u0660\u0661:00:00:00"]
)
def test_a_text_that_is_no_label_is_refused(text: str) -> None:
    with pytest.raises(TimecodeError, match="is no timecode"):
        parse(text, Fraction(25))


def test_ffmpegs_other_drop_frame_marks_are_read() -> None:
    assert parse("01:00:00.00", NTSC) == parse("01:00:00;00", NTSC)
    assert parse("01:00:00,00", NTSC) == parse("01:00:00;00", NTSC)


@given(rates, st.data())
def test_every_frame_of_the_day_has_a_label_that_reads_back(rate: Fraction, data: st.DataObject) -> None:
    moment = Timecode(data.draw(st.integers(0, frames_of_day(rate) - 1)), rate)
    assert parse(str(moment), rate) == moment


@given(drop_rates, st.data())
def test_every_drop_frame_of_the_day_has_a_label_that_reads_back(rate: Fraction, data: st.DataObject) -> None:
    moment = Timecode(data.draw(st.integers(0, frames_of_day(rate, drop=True) - 1)), rate, drop=True)
    assert parse(str(moment), rate) == moment


@given(drop_rates, st.data())
def test_drop_frame_labels_stay_within_a_few_frames_of_the_clock(rate: Fraction, data: st.DataObject) -> None:
    moment = Timecode(data.draw(st.integers(0, frames_of_day(rate, drop=True) - 1)), rate, drop=True)
    hours, minutes, seconds, frame = (int(part) for part in str(moment).replace(";", ":").split(":"))
    shown = (hours * 60 + minutes) * 60 + seconds + Fraction(frame, nominal(rate))
    assert abs(shown - moment.frames / rate) < Fraction(1, 5)


@pytest.mark.parametrize(
    ("text", "rate", "other", "expected"),
    [
        ("01:00:00:00", FILM, Fraction(25), "01:00:00:00"),
        ("01:00:00:12", Fraction(24), Fraction(25), "01:00:00:13"),
        ("10:00:00:24", Fraction(25), Fraction(24), "10:00:00:23"),
        ("23:59:59:59", Fraction(60), Fraction(24), "00:00:00:00"),
        ("01:00:00;00", NTSC, NTSC_60, "01:00:00;00"),
        ("00:01:00;04", NTSC_60, NTSC, "00:01:00;02"),
        ("01:00:00;00", NTSC, Fraction(25), "01:00:00:00"),
        ("01:00:00:00", NTSC, NTSC_60, "01:00:00:00"),
    ],
)
def test_a_start_keeps_its_label_at_another_rate(text: str, rate: Fraction, other: Fraction, expected: str) -> None:
    assert str(conform(parse(text, rate), other)) == expected


@given(rates, rates, st.data())
def test_a_conformed_start_is_at_most_half_a_frame_away_from_the_label(
    rate: Fraction, other: Fraction, data: st.DataObject
) -> None:
    moment = Timecode(data.draw(st.integers(0, frames_of_day(rate) - nominal(rate))), rate)
    made = conform(moment, other)
    assume(made.frames)
    distance = abs(Fraction(made.frames, nominal(other)) - Fraction(moment.frames, nominal(rate)))
    assert distance <= Fraction(1, 2 * nominal(other))


@given(drop_rates, drop_rates, st.data())
def test_a_conformed_drop_frame_start_is_a_label_that_exists(
    rate: Fraction, other: Fraction, data: st.DataObject
) -> None:
    moment = Timecode(data.draw(st.integers(0, frames_of_day(rate, drop=True) - 1)), rate, drop=True)
    made = conform(moment, other)
    assert made.drop
    assert parse(str(made), other) == made


def day_id(day: tuple[Fraction, bool]) -> str:
    rate, drop = day
    return f"{float(rate):.3f}{'-drop' if drop else ''}"


def edges_of_minutes(rate: Fraction, *, drop: bool) -> list[int]:
    """Frames about the ends of all 1440 minutes of a day, as a clock that is told nothing of proxx counts them."""
    base = nominal(rate)
    starts, frame = [], 0
    for minute in range(1440):
        starts.append(frame)
        frame += base * 60 - (base // 15 if drop and minute % 10 else 0)
    assert frame == frames_of_day(rate, drop=drop)
    return sorted({near % frame for start in starts for mark in MARKS for near in (start + mark, start - 1 - mark)})


@pytest.mark.parametrize("day", DAYS, ids=day_id)
def test_ten_minutes_frame_by_frame_and_the_ends_of_all_1440_minutes_read_back(day: tuple[Fraction, bool]) -> None:
    """The count repeats every ten minutes, so this is the whole day; `benchmarks/days.py` walks it all."""
    rate, drop = day
    tens = frames_of_day(rate, drop=drop) // 144
    for frame in (*range(0, tens, 1 if drop and rate < 40 else 7), *edges_of_minutes(rate, drop=drop)):
        moment = Timecode(frame, rate, drop)
        assert parse(label(moment), rate) == moment


@pytest.mark.parametrize("day", DAYS, ids=day_id)
def test_every_label_follows_the_one_before_it_as_a_clock_goes(day: tuple[Fraction, bool]) -> None:
    rate, drop = day
    base, left_out = nominal(rate), nominal(rate) // 15 if drop else 0
    for frame in edges_of_minutes(rate, drop=drop)[-2000:-1]:
        hours, minutes, seconds, count = (int(part) for part in split(label(Timecode(frame, rate, drop))))
        second = (hours * 60 + minutes) * 60 + seconds + (count + 1) // base
        count = (count + 1) % base
        if second % 60 == 0 and second % 600 and count < left_out:
            count = left_out
        expected = [second // 3600 % 24, second // 60 % 60, second % 60, count]
        assert [int(part) for part in split(label(Timecode(frame + 1, rate, drop)))] == expected


def split(text: str) -> list[str]:
    return text.replace(";", ":").split(":")


@pytest.mark.parametrize("day", PEER_DAYS, ids=day_id)
def test_an_independent_library_shows_the_same_labels_all_day(day: tuple[Fraction, bool]) -> None:
    """PyPI's timecode counts frames from one, and writes frames beyond 99 without a leading zero.

    It is no witness for labels that do not exist: it reads 00:01:00;00 as 00:00:59;28, 00:00:00:30 at 25 as 00:00:01:05
    and 25:00:00:00 as 01:00:00:00; nor at 12.5, where it counts twelve frames a second and not thirteen.
    """
    rate, drop = day
    name = f"{float(rate):.3f}" if rate.denominator == 1001 else str(float(rate))
    for frame in edges_of_minutes(rate, drop=drop)[::5]:
        theirs = str(Peer(name, frames=frame + 1, force_non_drop_frame=not drop))
        assert [int(part) for part in split(label(Timecode(frame, rate, drop)))] == [
            int(part) for part in split(theirs)
        ]


@given(st.sampled_from(PEER_DAYS), st.data())
def test_an_independent_library_reads_the_same_frame_from_a_label(
    day: tuple[Fraction, bool], data: st.DataObject
) -> None:
    rate, drop = day
    name = f"{float(rate):.3f}" if rate.denominator == 1001 else str(float(rate))
    moment = Timecode(data.draw(st.integers(0, frames_of_day(rate, drop=drop) - 1)), rate, drop)
    assert Peer(name, label(moment), force_non_drop_frame=not drop).frames - 1 == parse(label(moment), rate).frames


@pytest.mark.parametrize(
    ("text", "rate"),
    [("00:00:00:47", Fraction(48)), ("00:00:00:49", Fraction(50)), ("23:59:59:59", Fraction(60))],
)
def test_frames_are_numbered_one_by_one_beyond_thirty_a_second(text: str, rate: Fraction) -> None:
    assert str(parse(text, rate)) == text
    with pytest.raises(TimecodeError, match=f"frames end at {nominal(rate) - 1}"):
        parse(text[:-2] + str(nominal(rate)), rate)


def test_frames_have_three_digits_beyond_a_hundred_a_second() -> None:
    assert str(Timecode(5, Fraction(100))) == "00:00:00:05"
    assert str(Timecode(5, Fraction(120))) == "00:00:00:005"
    assert parse("00:00:00:5", Fraction(10)).frames == 5


@pytest.mark.parametrize(
    ("rate", "meant"),
    [
        (Fraction(19001, 317), NTSC_60),
        (Fraction(24_000_000, 1_001_001), FILM),
        (Fraction(1_000_000, 33_367), NTSC),
        (Fraction(2997, 100), NTSC),
        (Fraction(25_000_001, 1_000_000), Fraction(25)),
        (NTSC, NTSC),
        (Fraction(30), Fraction(30)),
        (Fraction(25, 2), Fraction(25, 2)),
        (Fraction(299, 10), Fraction(299, 10)),
    ],
)
def test_a_rate_that_a_container_rounded_counts_as_the_exact_one(rate: Fraction, meant: Fraction) -> None:
    assert exact(rate) == meant
    assert exact(meant) == meant
    assert counting(None, rate) == meant


def test_a_label_counts_at_its_own_rate_unless_that_rounds_the_pictures() -> None:
    assert counting(Fraction(30), NTSC) == NTSC
    assert counting(Fraction(25), Fraction(50)) == Fraction(25)
    assert counting(Fraction(25), None) == Fraction(25)
    assert counting(None, None) is None
