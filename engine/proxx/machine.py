"""What only this machine can tell about a spec: its files, its folders, and which names are one file."""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from proxx.model import Media
from proxx.rulebook import Rulebook

if TYPE_CHECKING:
    from threading import Event


class Machine:
    """The world of a check, a plan or a run. Files are probed once, however often they are asked for.

    `probes` are saved facts by path, used in place of the files; `no_media` looks at no source at all; `counts`
    looks twice, as a plan must: it scans the packets of files whose header does not tell enough, and decodes the
    first pictures of all; `writes` judges outputs that exist and folders that cannot be made, as a run must.
    """

    def __init__(
        self,
        rulebook: Rulebook,
        *,
        probes: Mapping[str, Media] | None = None,
        no_media: bool = False,
        counts: bool = False,
        writes: bool = False,
        now: str = "",
        stop: Event | None = None,
    ) -> None:
        self.rulebook = rulebook
        self.no_media = no_media
        self.counts = counts
        self.writes = writes
        self.stop = stop
        self._now = now
        self._known: dict[str, Media] = dict(probes or {})

    def media(self, paths: Sequence[str]) -> Sequence[Media] | None:
        """What each file is; None when media shall not be looked at."""
        if self.no_media:
            return None
        strange = [path for path in dict.fromkeys(paths) if path not in self._known]
        if strange:
            self._known |= dict(zip(strange, self._probe(strange), strict=True))
        return [self._known[path] for path in paths]

    def _probe(self, paths: Sequence[str]) -> Sequence[Media]:
        # Imported here: a check without media, or from saved facts, needs neither processes nor threads.
        from proxx.probe import measure, needs_measuring, probe_all
        from proxx.tools import find_tool, tool_version

        tool, vocabulary = find_tool("ffprobe"), self.rulebook.vocabulary
        found = probe_all(paths, vocabulary, tool, stop=self.stop)
        if any(one.state == "not-media" for one in found):
            tool_version(tool, "ffprobe")  # a broken ffprobe reads no file; that is not the files' fault
        if not self.counts:
            return found
        from concurrent.futures import ThreadPoolExecutor

        from proxx.trial import try_decoding

        ffmpeg = find_tool("ffmpeg")

        def look_again(one: Media) -> Media:
            counted = measure(one, vocabulary, tool, stop=self.stop) if needs_measuring(one) else one
            return try_decoding(counted, vocabulary, ffmpeg, stop=self.stop)

        with ThreadPoolExecutor(os.cpu_count()) as pool:
            return list(pool.map(look_again, found))

    def same_file(self, paths: Sequence[str]) -> Mapping[int, int]:
        """For a path that is the same file as an earlier one, by links or another spelling: the places of the two."""
        seen: dict[object, int] = {}
        same = {}
        for index, path in enumerate(paths):
            first = seen.setdefault(_identity(path), index)
            if first != index:
                same[index] = first
        return same

    def folder(self, path: str) -> tuple[str, str]:
        """What stands at an output directory, and the system's words for what is wrong with it."""
        here = path
        while not os.path.lexists(here) and os.path.dirname(here) != here:
            here = os.path.dirname(here)
        if not os.path.isdir(here):
            return "not-a-folder", os.strerror(errno.ENOTDIR)
        may_write = os.access(here, os.W_OK | os.X_OK)
        if here == path:
            return ("ready", "") if may_write else ("not-writable", os.strerror(errno.EACCES))
        return ("not-writable", os.strerror(errno.EACCES)) if self.writes and not may_write else ("to-make", "")

    def now(self) -> str:
        """The moment of asking, as the command took it from the clock."""
        return self._now

    def place(self, output: str, sources: Sequence[str], folder: str) -> str:
        """What stands at an output's path: free, source, outside or exists. Links are followed."""
        plain = os.path.join(folder, os.path.basename(output)) == output
        if plain and output not in sources and not os.path.lexists(output):
            return "free"  # a new name right in the folder, the common case: nothing to follow
        real = os.path.realpath(output)
        if not real.startswith(os.path.join(os.path.realpath(folder), "")):
            return "outside" if not os.path.lexists(output) else self._taken(output, sources)
        if output in sources or os.path.lexists(output):
            return self._taken(output, sources)
        return "free"

    def _taken(self, output: str, sources: Sequence[str]) -> str:
        identity = _identity(output)
        if any(_identity(source) == identity for source in sources):
            return "source"
        return "exists" if self.writes else "free"


def _identity(path: str) -> object:
    """What a path names: the file itself where it is there, else the path with its links resolved."""
    try:
        status = os.stat(path)
    except OSError:
        return os.path.realpath(path)
    return status.st_dev, status.st_ino
