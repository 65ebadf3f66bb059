"""What only this machine can tell about a spec: its files, its folders, and which names are one file."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from proxx.model import Media
from proxx.origin import settled
from proxx.rulebook import Rulebook

if TYPE_CHECKING:
    from threading import Event

    from proxx.recall import Recall


class Machine:
    """The world of a check, a plan or a run. Files are probed once, however often they are asked for.

    `probes` are saved facts by path, used in place of the files; `no_media` looks at no source at all; `counts`
    looks twice, as a plan must: it scans the packets of files whose header does not tell enough, and decodes the
    first pictures of all, those that look damaged, and some that shall be scaled; `writes` judges folders that
    cannot be made, as a run must; `told` hears how many of how many files were looked at (0 of 0: no more will be).
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
        told: Callable[[int, int], None] = lambda done, whole: None,
    ) -> None:
        self.rulebook = rulebook
        self.no_media = no_media
        self.counts = counts
        self.writes = writes
        self.stop = stop
        self.told = told
        self._now = now
        self._sources: Sequence[str] = ()
        self._identities: frozenset[object] = frozenset()
        self._known = {path: settled(rulebook, media) for path, media in (probes or {}).items()}
        self._saved = frozenset(self._known)

    def media(self, paths: Sequence[str], *, scaled: bool = False) -> Sequence[Media] | None:
        """What each file is; None when media shall not be looked at. What shall be `scaled` is looked at for combs."""
        if self.no_media:
            return None
        strange = [path for path in dict.fromkeys(paths) if path not in self._known]
        if strange:
            look = self._look_twice if self.counts else self._probe
            self._known |= {one.path: settled(self.rulebook, one) for one in look(strange)}
        if scaled and self.counts:
            self._look_for_combs([self._known[path] for path in dict.fromkeys(paths) if path not in self._saved])
        return [self._known[path] for path in paths]

    def _look_for_combs(self, medias: Sequence[Media]) -> None:
        from proxx.combing import look_for_combs, may_be_combed
        from proxx.recall import Recall
        from proxx.tools import find_tool

        vocabulary, settings = self.rulebook.vocabulary, self.rulebook.vocabulary["probe"]
        doubtful = [one for one in medias if may_be_combed(one, settings)]
        if not doubtful:
            return
        ffmpeg = find_tool("ffmpeg")
        recall = Recall(vocabulary, (find_tool("ffprobe"), ffmpeg))

        def look(media: Media, stop: Event) -> Media:
            one = look_for_combs(media, settings, ffmpeg, stop=stop)
            before = recall.find(one.path)  # as it was read: what the rules make of it depends on the rulebook
            if before is not None and before.video is not None and one.video is not None:
                recall.keep(replace(before, video=replace(before.video, combed=one.video.combed)))
            return one

        self._known |= {one.path: one for one in self._side_by_side(look, doubtful)}

    def _side_by_side(self, look: Callable[[Any, Event], Media], subjects: Sequence[Any]) -> list[Media]:
        """Look at files side by side, one for each processor, in the order given; an interrupt ends them all.

        Where `stop` ends it, files that were not looked at are told as such; who stopped it does not believe them.
        """
        # Imported here: a check without media, or from saved facts, needs neither processes nor threads.
        from concurrent.futures import ThreadPoolExecutor
        from threading import Event

        ended, found = self.stop or Event(), []
        with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
            looks = [pool.submit(_unless_ended, look, one, ended) for one in subjects]
            try:
                for one in looks:
                    found.append(one.result())
                    self.told(len(found), len(looks))
            except BaseException:
                ended.set()
                pool.shutdown(cancel_futures=True)
                self.told(0, 0)
                raise
        return found

    def _probe(self, paths: Sequence[str]) -> Sequence[Media]:
        from proxx.probe import probe
        from proxx.tools import find_tool

        tool, vocabulary = find_tool("ffprobe"), self.rulebook.vocabulary
        return _sound(tool, self._side_by_side(lambda path, stop: probe(path, vocabulary, tool, stop=stop), paths))

    def _look_twice(self, paths: Sequence[str]) -> Sequence[Media]:
        """What each file is, in every respect that a plan must know; what was found before is remembered."""
        from proxx.probe import probe
        from proxx.recall import Recall
        from proxx.timing import first_light, measure, needs_measuring
        from proxx.tools import find_tool
        from proxx.trial import try_decoding, try_within

        tool, ffmpeg, vocabulary = find_tool("ffprobe"), find_tool("ffmpeg"), self.rulebook.vocabulary
        recall = Recall(vocabulary, (tool, ffmpeg))
        known = dict(self._remembered(recall, paths))

        def look(path: str, stop: Event) -> Media:
            one = probe(path, vocabulary, tool, stop=stop, tries=True)
            counted = measure(one, vocabulary, tool, stop=stop) if needs_measuring(one) else one
            tried = try_decoding(counted, vocabulary, ffmpeg, stop=stop)
            within = try_within(tried, vocabulary, ffmpeg, stop=stop)
            looked = first_light(within, vocabulary, tool, stop=stop)
            if not stop.is_set():
                recall.keep(looked)
            return looked

        found = self._side_by_side(look, [path for path in paths if path not in known])
        known |= {one.path: one for one in _sound(tool, found)}
        return [known[path] for path in paths]

    def _remembered(self, recall: Recall, paths: Sequence[str]) -> Iterator[tuple[str, Media]]:
        """What was found before, by path: also that takes its time with thousands."""
        for number, path in enumerate(paths, 1):
            if self.stop is not None and self.stop.is_set():
                return
            media = recall.find(path)
            self.told(number, len(paths))
            if media is not None:
                yield path, media

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
        """Whether an output's path is free for a proxy: free, source or outside. Links are followed."""
        plain = os.path.join(folder, os.path.basename(output)) == output
        if plain and not os.path.lexists(output) and output not in sources:
            return "free"  # a new name right in the folder, the common case: nothing to follow
        real = os.path.realpath(output)
        if not real.startswith(os.path.join(os.path.realpath(folder), "")):
            return "outside" if not os.path.lexists(output) else self._taken(output, sources)
        if output in sources or os.path.lexists(output):
            return self._taken(output, sources)
        return "free"

    def _taken(self, output: str, sources: Sequence[str]) -> str:
        """source or free; of the sources of a spec each is looked at once, however many outputs there are."""
        if self._sources is not sources:
            self._sources, self._identities = sources, frozenset(map(_identity, sources))
        return "source" if _identity(output) in self._identities else "free"


def _unless_ended(look: Callable[[Any, Event], Media], subject: str | Media, stop: Event) -> Media:
    if not stop.is_set():
        return look(subject, stop)
    return Media(path=subject, state="timeout") if isinstance(subject, str) else subject


def _sound(tool: str, found: Sequence[Media]) -> Sequence[Media]:
    """The same files. Raises ProxxError when ffprobe is broken: it reads no file, and that is not their fault."""
    from proxx.tools import tool_version

    if any(one.state in ("not-media", "tool-crashed") for one in found):
        tool_version(tool, "ffprobe")
    return found


def _identity(path: str) -> object:
    """What a path names: the file itself where it is there, else the path with its links resolved."""
    try:
        status = os.stat(path)
    except OSError:
        return os.path.realpath(path)
    return status.st_dev, status.st_ino
