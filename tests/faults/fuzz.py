"""Feeds proxx damaged specs, rulebook files and media: no traceback, no hang, no write outside its own folders.

Inputs are right ones in which bytes were changed, cut out, doubled, or replaced by what parsers stumble over;
Hypothesis chooses, and shrinks what fails. An audit hook of Python sees every file that is opened to be written, every
folder made and every program started.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from faults.bench import ROOT, Line
from faults.damage import CHANGES, Change, damaged, reshaped
from proxx import prove
from proxx.checking import check
from proxx.errors import ProxxError
from proxx.machine import Machine
from proxx.mend import mend
from proxx.rulebook import Rulebook, load
from proxx.tools import find_tool

DEADLINE = 20.0
"""Seconds that one input may take."""

CHANGING = ("os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.link", "os.symlink", "os.truncate")
"""What Python's audit hook calls changes to folders."""


class Hang(Exception):
    """An input took longer than the deadline."""


class Stray(Exception):
    """Something was written, or started, that may not be."""


# What may not be done


class Guard:
    """Sees what is written and started while it is on; one for the process, for an audit hook cannot be taken off."""

    def __init__(self) -> None:
        self.on, self.own = False, ""
        self.programs: tuple[str, ...] = ()

    def hook(self, event: str, words: tuple[Any, ...]) -> None:
        if not self.on:
            return
        if event == "open" and self._writes(words) and not self._may(words[0]):
            raise Stray(f"opens {words[0]!r} to write")
        if event in CHANGING and not all(self._may(word) for word in words if isinstance(word, str | bytes)):
            raise Stray(f"{event} {words!r}")
        if event == "subprocess.Popen" and os.path.basename(str(words[0])) not in self.programs:
            raise Stray(f"starts {words[0]!r}")
        if event in ("os.system", "os.exec", "socket.connect"):
            raise Stray(f"{event} {words!r}")

    def _writes(self, words: tuple[Any, ...]) -> bool:
        mode, flags = words[1], words[2] or 0
        return bool(set(str(mode or "")) & set("wax+")) or bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))

    def _may(self, path: object) -> bool:
        if not isinstance(path, str | bytes):
            return True
        whole = os.path.realpath(os.fsdecode(path))
        return whole.startswith(self.own) or whole == os.devnull


GUARD = Guard()
sys.addaudithook(GUARD.hook)


@contextmanager
def guarded(own: Path, *programs: str) -> Iterator[None]:
    """Nothing outside of a folder may be written, no other program started, and nothing may take too long."""

    def late(number: int, frame: FrameType | None) -> None:
        raise Hang(f"more than {DEADLINE} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, DEADLINE)
    GUARD.own, GUARD.programs, GUARD.on = os.path.realpath(own), programs, True
    try:
        yield
    finally:
        GUARD.on = False
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def tried(name: str, count: int, number: int, one: Callable[[str, list[Change]], None], bases: list[str]) -> Line:
    """What became of so many damaged inputs of a kind, made from the bases."""
    done = 0

    @seed(number)
    @settings(max_examples=count, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(base=st.sampled_from(bases), changes=CHANGES)
    def each(base: str, changes: list[Change]) -> None:
        nonlocal done
        done += 1
        one(base, changes)

    try:
        each()
    except Exception as fault:
        return Line(f"{name}: after {done} inputs {type(fault).__name__}: {fault} {getattr(fault, '__notes__', '')}", 1)
    return Line(f"{name}: {done} inputs, no traceback, no hang over {DEADLINE:.0f} s, no stray write")


# What is damaged


def specs(book: Rulebook, folder: Path, count: int, number: int) -> Line:
    """Specs: judged, reported in every format, and mended."""
    from proxx.report import FileReport, as_json
    from proxx.report_text import as_text

    def one(base: str, changes: list[Change]) -> None:
        change = reshaped if changes[0][2] % 2 else damaged
        data = change(Path(base).read_bytes(), changes)
        with guarded(folder):
            world = Machine(book, no_media=True)
            checked = check(book, data, world)
            report = FileReport("fuzzed.json", checked.text, checked.verdict.engine, checked.findings)
            json.loads(as_json([report]))
            as_text([report])
            mend(book, checked, world)

    return tried("specs", count, number, one, sorted(map(str, (ROOT / "examples").glob("*.json"))))


def rulebooks(folder: Path, count: int, number: int) -> Line:
    """Files of a studio's layer: read, proved, and refused with words."""
    studio = ROOT / "examples" / "studio"
    files = [path for path in sorted(studio.rglob("*")) if path.suffix in (".toml", ".jinja", ".j2") and path.is_file()]
    layer = folder / "studio"

    def one(base: str, changes: list[Change]) -> None:
        place = layer / Path(base).relative_to(studio)
        whole = place.read_bytes()
        place.write_bytes(damaged(whole, changes))
        try:
            with guarded(folder):
                load((str(layer),), lint=prove.lint)
        except ProxxError:
            pass
        finally:
            place.write_bytes(whole)

    subprocess.run(["cp", "-r", str(studio), str(layer)], check=True, timeout=60)
    return tried("rulebook files", count, number, one, list(map(str, files)))


WAYS = {
    "a.mov": ("-c:v", "prores", "-timecode", "01:00:00:00"),
    "b.mp4": ("-c:v", "libx264", "-movflags", "+faststart"),
    "c.mkv": ("-c:v", "libx264"),
    "d.mxf": ("-c:v", "mpeg2video", "-timecode", "01:00:00:00"),
    "e.ts": ("-c:v", "libx264"),
    "f.avi": ("-c:v", "mjpeg"),
}


def media(book: Rulebook, folder: Path, count: int, number: int) -> Line:
    """The heads and tails of media: looked at as a plan does, and a spec with them judged."""
    picture = ["-f", "lavfi", "-i", "testsrc2=size=128x96:rate=25:duration=0.2"]
    for name, way in WAYS.items():
        argv = ["ffmpeg", "-v", "error", "-nostdin", *picture, *way, str(folder / name)]
        subprocess.run(argv, check=True, timeout=60)
    spec = json.loads((ROOT / "examples" / "prores_offline.json").read_text("utf-8"))
    programs = [os.path.basename(find_tool(name)) for name in ("ffmpeg", "ffprobe")]

    def one(base: str, changes: list[Change]) -> None:
        whole = Path(base)
        path = folder / f"fuzzed{whole.suffix}"
        path.write_bytes(damaged(whole.read_bytes(), changes, reach=2048))
        text = json.dumps({**spec, "sources": [str(path)], "output_directory": str(folder / "out")})
        with guarded(folder, *programs):
            check(book, text.encode(), Machine(book, counts=True))

    return tried("media", count, number, one, [str(folder / name) for name in WAYS])


def control(folder: Path, number: int) -> Line:
    """A program that writes beside its folder has to be seen."""

    def one(base: str, changes: list[Change]) -> None:
        with guarded(folder / "own"):
            (folder / "stray").write_bytes(damaged(b"", changes))

    seen = tried("a stray write", 1, number, one, [""])
    return Line(f"control ({seen.text[:60]} …)", 1 - seen.bad)


def measure(number: int, counts: tuple[int, int, int]) -> Iterator[Line]:
    """So many damaged specs, rulebook files and media."""
    with tempfile.TemporaryDirectory(prefix="proxx-faults-") as place:
        folder, before = Path(place), os.environ.get("XDG_CACHE_HOME")
        os.environ["XDG_CACHE_HOME"] = str(folder / "cache")
        try:
            book = load((), lint=prove.lint)
            yield control(folder, number)
            yield specs(book, folder, counts[0], number)
            yield rulebooks(folder, counts[1], number)
            yield media(book, folder, counts[2], number)
        finally:
            os.environ.pop("XDG_CACHE_HOME") if before is None else os.environ.update(XDG_CACHE_HOME=before)


def tell(seed_: int, *, long: bool) -> Iterator[Line]:
    """10,000 specs, 2,000 rulebook files and 2,000 media; a twentieth of it in the short run."""
    yield from measure(seed_, (10_000, 2_000, 2_000) if long else (500, 100, 100))
