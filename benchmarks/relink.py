"""Makes proxies of a grid of hostile test clips with every profile, and reads back whether an editor would notice.

usage: python benchmarks/relink.py [--sample N] [--seed S] [--jobs N] [--keep DIR] [--corpus DIR] [--peers FILE]

Every pair of words that a clip can have is in the grid. Each clip goes through every FFmpeg profile of the rulebook, at
sizes in turn; what is not refused beforehand must be made, and must have the frames, the first frame, timecode, rate,
raster, pixel aspect ratio, rotation, sound and colour that were promised, read back by readings.py and listening.py,
not by proxx's own verification. With --keep the figures of clips that are done are taken from there: a long run that
was stopped goes on. --peers sends the clips through the command lines of other tools and writes what each loses.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass, field
from fractions import Fraction
from functools import cache
from hashlib import sha256
from pathlib import Path
from threading import Event
from typing import Any

import peers
from grid import grid
from listening import clip_shift, sound_faults
from readings import Reading, frame_faults, numbers_in, read

from proxx import prove
from proxx.checking import check
from proxx.errors import ProxxError
from proxx.fixture import Fixture, read_fixture
from proxx.foundry import make
from proxx.job import Run, plan, run, work_on
from proxx.machine import Machine
from proxx.making import Clock, Way
from proxx.model import Media, Task
from proxx.rulebook import Rulebook, default_cache, load
from proxx.sharing import decodes
from proxx.toolbox import Tools, tools

_BARS = re.compile(r"(?<=,)pad=w=\d+:h=\d+:x=(\d+):y=(\d+)")
_SIZE = re.compile(r"(?<=,)scale=w=(\d+):h=(\d+)")
NOW = "2026-01-01T00:00:00Z"
CLIPS = 300
"""Clips of a full run."""

CLOCKED = ("vp9", "av1")
"""Codecs, in ffprobe's words, of proxies whose container has a clock and no rate: WebM."""

WRITTEN_NEAR = Fraction(1, 1_000_000)
"""How far a rate that is worked out of such a clock may be from the one that was written, as a part of it."""


@dataclass(slots=True)
class Outcome:
    """What became of a clip with one profile or peer: made, refused or failed, and what is not as it should be."""

    clip: str
    words: str
    by: str
    state: str
    why: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


@cache
def rulebook() -> Rulebook:
    """The shipped rulebook, once a process."""
    return load(lint=prove.lint, cache=default_cache())


@cache
def programs() -> Tools:
    """This machine's FFmpeg, once a process."""
    return tools()


def shoot(folder: Path, words: str, extension: str) -> tuple[Fixture, Path, list[str]]:
    """A clip of the grid, made unless it is there, and what FFmpeg cannot make of it."""
    book = rulebook()
    fixture, findings = read_fixture(book, words.split(), extension)
    if fixture is None:
        raise AssertionError([finding.message for finding in findings])
    clip = folder / "clips" / f"{sha256(f'{words} {extension}'.encode()).hexdigest()[:12]}.{extension}"
    clip.parent.mkdir(parents=True, exist_ok=True)
    if clip.exists():
        return fixture, clip, []
    _, wrong = make(book, fixture, str(clip), f"{clip.with_suffix('')}.probes.json")
    return fixture, clip, [finding.message for finding in wrong]


def resolution_of(profile: Mapping[str, Any], turn: int) -> str:
    """A size that the profile makes, in turn."""
    if profile.get("rasters"):
        return str(profile["rasters"][0])
    sizes = [size for size in profile["resolutions"] if size != "explicit"]
    return str(sizes[turn % len(sizes)])


def spec_of(profile: Mapping[str, Any], clip: Path, folder: Path, size: str) -> bytes:
    """A spec of one clip."""
    document = {
        "jobspec_version": "2.1",
        "sources": [str(clip)],
        "output_directory": str(folder),
        "codec": profile["codec"],
        "container": profile["container"],
        "resolution": size,
        "naming_template": "{source_name}_{profile}",
        "proxy_profile": profile["name"],
        "created_at": NOW,
    }
    return json.dumps(document).encode()


def made_by(profile: Mapping[str, Any], clip: Path, folder: Path, size: str) -> tuple[str, list[str], Task | None]:
    """What became of a clip: the state, the findings' ids or the trouble, and its task when it was made."""
    book, found = rulebook(), programs()
    machine = Machine(book, counts=True, writes=True, now=NOW)
    checked = check(book, spec_of(profile, clip, folder, size), machine)
    if not checked.verdict.ok:
        return "refused", sorted({one.id for one in checked.findings if one.is_error}), None
    made = plan(book, checked, found.ffmpeg_version)
    if made.engine != "ffmpeg":
        return "refused", ["not for ffmpeg"], None
    work = work_on(book, made, found, Clock(lambda: NOW), lambda *_: None, Event(), Way())
    (done,) = run([work], decodes(book, [made]), [Run(made.job_id)])
    if done.status != "COMPLETED":
        told = [f"{finding.id}: {finding.message}" for one in done.made for finding in one.findings]
        return "failed", told or [done.status], made.tasks[0]
    return "made", [], made.tasks[0]


def area_of(task: Task) -> tuple[int, int, int, int] | None:
    """Where the picture lies in a proxy with bars: said by the filters that put them there."""
    words = ",".join(task.argv)
    bars, size = _BARS.search(words), _SIZE.search(words)
    return (int(bars[1]), int(bars[2]), int(size[1]), int(size[2])) if bars and size else None


def promise_faults(promise: Media, reading: Reading) -> Iterator[str]:
    """What the file has otherwise than was promised."""
    video = promise.video
    if video is None:
        return
    colour = video.colour
    said: list[tuple[str, object, object]] = [
        ("frames", video.frames, len(reading.numbers)),
        ("rate", video.rate, nearly(video.rate, reading)),
        ("width", video.width, reading.width),
        ("height", video.height, reading.height),
        ("pixel aspect ratio", video.par, reading.par),
        ("rotation", video.rotation, reading.rotation),
        ("timecode", promise.timecode, reading.timecode),
        ("reel", promise.reel, reading.reel),
        ("range", colour.range if colour else None, reading.colour[0]),
        ("primaries", colour.primaries if colour else None, reading.colour[1]),
        ("transfer", colour.transfer if colour else None, reading.colour[2]),
        ("matrix", colour.matrix if colour else None, reading.colour[3]),
    ]
    for name, wanted, found in said:
        if wanted is not None and wanted != found and (wanted, found) != ("unknown", "unspecified"):
            yield f"{name} {found}, promised {wanted}"
    if promise.audio is not None:
        wanted_sound = [one.channels for one in promise.audio]
        if wanted_sound != [channels for channels, _, _ in reading.sound]:
            yield f"channels {[one for one, _, _ in reading.sound]}, promised {wanted_sound}"


def nearly(promised: Fraction | None, reading: Reading) -> Fraction:
    """The promised rate where a clock of milliseconds or nanoseconds cannot tell it from the one that is read."""
    close = promised is not None and abs(reading.rate / promised - 1) < WRITTEN_NEAR
    return promised if promised and close and reading.codec in CLOCKED else reading.rate


def truth_faults(fixture: Fixture, promise: Media, reading: Reading, path: str, shift: Fraction) -> Iterator[str]:
    """What the file shows and sounds like, against what was drawn and played when the clip was made.

    `shift` is how late the clip's own sound is.
    """
    rate = promise.video.rate if promise.video else None
    conformed = (
        rate if fixture.is_variable and rate and promise.video and promise.video.frames != fixture.frames else None
    )
    yield from frame_faults(fixture, reading, conformed)
    streams = [one.channels or 0 for one in promise.audio or ()]
    yield from sound_faults(fixture, reading, path, programs().ffmpeg, shift, streams)
    # What is promised is held against the file already; here it is the clip that the label is compared with.
    if fixture.timecode and promise.timecode and conformed in (None, fixture.rate):
        found = reading.timecode or "none"
        if numbers_in(found) != numbers_in(fixture.timecode):
            yield f"timecode {found}, the clip's is {fixture.timecode}"


def own(clip: Path, folder: Path, profile: str) -> tuple[str, str, bool]:
    """A clip through proxx beside its peers: the state, the proxy's path, and whether it was to be deinterlaced."""
    data = rulebook().profiles[profile]
    state, _, task = made_by(data, clip, folder, resolution_of(data, 0))
    return state, task.output if task else "", task is not None and "bwdif" in ",".join(task.argv)


def clip_outcomes(folder: str, words: str, extension: str, turn: int, profiles: Sequence[str]) -> list[Outcome]:
    """A clip through every profile; one fault of FFmpeg's own in making the clip is all that is told of it."""
    place = Path(folder)
    name = f"{words} -o clip.{extension}"
    try:
        fixture, clip, wrong = shoot(place, words, extension)
    except ProxxError as error:
        return [Outcome(str(error), name, "fixture", "failed", [str(error)])]
    if wrong:
        return [Outcome(clip.name, name, "fixture", "not made", wrong)]
    outcomes = []
    tools_ = programs()
    late = clip_shift(fixture, read(str(clip), tools_.ffprobe, tools_.ffmpeg), str(clip), tools_.ffmpeg)
    for shift, profile in enumerate(profiles):
        data = rulebook().profiles[profile]
        with tempfile.TemporaryDirectory(dir=place) as out:
            outcome = Outcome(clip.name, name, profile, "failed")
            try:
                outcome.state, outcome.why, task = made_by(data, clip, Path(out), resolution_of(data, turn + shift))
                if outcome.state == "made" and task is not None:
                    reading = read(task.output, programs().ffprobe, programs().ffmpeg, area_of(task))
                    outcome.faults = [
                        *promise_faults(task.expect, reading),
                        *truth_faults(fixture, task.expect, reading, task.output, late),
                    ]
            except (ProxxError, OSError, ValueError) as error:
                outcome.state, outcome.why = "failed", [f"{type(error).__name__}: {error}"]
            outcomes.append(outcome)
    return outcomes


def corpus_outcomes(folder: str, path: str, turn: int, profiles: Sequence[str]) -> list[Outcome]:
    """A real file through every profile: it has no numbers, so it is the promise that is held against the readings."""
    outcomes = []
    for shift, profile in enumerate(profiles):
        data = rulebook().profiles[profile]
        with tempfile.TemporaryDirectory(dir=folder) as out:
            outcome = Outcome(os.path.basename(path), path, profile, "failed")
            try:
                size = resolution_of(data, turn + shift)
                outcome.state, outcome.why, task = made_by(data, Path(path), Path(out), size)
                if outcome.state == "made" and task is not None:
                    reading = read(task.output, programs().ffprobe, programs().ffmpeg)
                    outcome.faults = list(promise_faults(task.expect, reading))
            except (ProxxError, OSError, ValueError) as error:
                outcome.state, outcome.why = "failed", [f"{type(error).__name__}: {error}"]
            outcomes.append(outcome)
    return outcomes


def go_through(
    jobs: Sequence[tuple[Any, ...]], workers: int, notes: Path | None
) -> Iterator[tuple[tuple[Any, ...], list[Outcome]]]:
    """What became of every clip; what the notes know already is not done again."""
    known: dict[str, list[Outcome]] = {}
    if notes is not None and notes.exists():
        for line in notes.read_text("utf-8").splitlines():
            entry = json.loads(line)
            known[entry["key"]] = [Outcome(**one) for one in entry["outcomes"]]
    left = []
    for job in jobs:
        key = json.dumps(job[2:], default=str)
        if key in known:
            yield job, known[key]
        else:
            left.append((key, job))
    with ProcessPoolExecutor(workers) as pool:
        begun = {pool.submit(job[0], *job[1:]): (key, job) for key, job in left}
        for done in as_completed(begun):
            key, job = begun[done]
            outcomes = done.result()
            if notes is not None:
                with notes.open("a", encoding="utf-8") as handle:
                    handle.write(json.dumps({"key": key, "outcomes": [asdict(one) for one in outcomes]}) + "\n")
            yield job, outcomes


def tell(outcomes: Sequence[Outcome], clips: int, seconds: float) -> int:
    """Print the figures and everything that is not as it should be; 1 when there is something."""
    states = Counter(one.state for one in outcomes)
    wrong = [one for one in outcomes if one.faults]
    failed = [one for one in outcomes if one.state == "failed"]
    print(f"clips: {clips}, FFmpeg {programs().ffmpeg_version}, {seconds:.0f} s")
    print(f"not made by FFmpeg as asked (left out): {states['not made']}")
    made, refused = states["made"], states["refused"]
    print(f"proxies: {made} made, {refused} refused beforehand, {len(failed)} failed")
    share = 100 * (made - len(wrong)) / made if made else 0.0
    print(f"as promised, and frame offset 0: {made - len(wrong)} of {made} ({share:.2f} %)")
    for kind, count in Counter(why for one in outcomes if one.state == "refused" for why in one.why).most_common():
        print(f"  refused: {count:5} {kind}")
    for one in outcomes:
        for text in one.faults if one.faults else one.why if one.state in ("failed", "not made") else ():
            print(f"{one.state} {one.by}: {text}\n    {one.words}")
    return 1 if wrong or failed else 0


def some_of(clips: Sequence[Any], count: int, seed: int) -> list[Any]:
    """So many clips by chance, in their order: the grid has its own steps, and every so manieth would meet them."""
    places = random.Random(seed).sample(range(len(clips)), min(count, len(clips)))
    return [clips[place] for place in sorted(places)]


def jobs_of(words: argparse.Namespace, folder: Path) -> list[tuple[Any, ...]]:
    """What there is to do: a function and its arguments for every clip."""
    book = rulebook()
    profiles = [name for name, data in book.profiles.items() if data["engine"] == "ffmpeg"]
    if words.corpus:
        files = sorted(path for path in Path(words.corpus).rglob("*") if path.is_file() and path.suffix != ".json")
        return [(corpus_outcomes, str(folder), str(path), turn, profiles) for turn, path in enumerate(files)]
    clips = grid(book, words.clips, words.seed)
    if words.sample:
        clips = some_of(clips, words.sample, words.seed)
        profiles = profiles if words.sample > 20 else profiles[words.seed % 3 :: 3]
    return [(clip_outcomes, str(folder), text, ending, turn, profiles) for turn, (text, ending) in enumerate(clips)]


def main() -> int:
    """1 when a proxy was made that is not as promised, or one failed."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--sample", type=int, default=0, help="only so many clips of the grid")
    words.add_argument("--clips", type=int, default=CLIPS, help="least number of clips of the grid (300)")
    words.add_argument("--seed", type=int, default=1, help="for what is left to chance in the grid (1)")
    words.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="clips at once (one for each core)")
    words.add_argument("--keep", metavar="DIR", help="keep clips and figures here, and go on with what is there")
    words.add_argument("--corpus", metavar="DIR", help="real files instead of the grid")
    words.add_argument("--peers", metavar="FILE", help="write what other tools lose to this page")
    asked = words.parse_args()
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="proxx-relink-") as temporary:
        folder = Path(asked.keep or temporary).absolute()
        folder.mkdir(parents=True, exist_ok=True)
        if asked.peers:
            clips = grid(rulebook(), asked.clips, asked.seed)
            some = some_of(clips, asked.sample or len(clips), asked.seed)
            found = programs()
            return peers.compare(asked, folder, some, (shoot, own, (found.ffmpeg, found.ffprobe)))
        notes = folder / ("corpus.jsonl" if asked.corpus else "grid.jsonl") if asked.keep else None
        jobs: list[tuple[Any, ...]] = []
        outcomes: list[Outcome] = []
        wanted = asked.clips
        more: int | None = None
        while drawn := jobs_of(asked, folder)[len(jobs) :][:more]:
            jobs += drawn
            for number, (_, one) in enumerate(go_through(drawn, asked.jobs, notes), len(jobs) - len(drawn) + 1):
                outcomes += one
                if sys.stderr.isatty() or number % 20 == 0:
                    print(f"{number} of {len(jobs)}", file=sys.stderr, flush=True)
            # A grid goes on where a smaller one ends: as many clips more are drawn as FFmpeg cannot make.
            asked.clips = wanted + sum(one.state == "not made" for one in outcomes)
            more = 0 if asked.corpus or asked.sample else max(0, asked.clips - len(jobs))
        return tell(sorted(outcomes, key=lambda one: (one.words, one.by)), len(jobs), time.monotonic() - begun)


if __name__ == "__main__":
    sys.exit(main())
