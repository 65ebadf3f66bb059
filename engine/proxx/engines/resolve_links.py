"""Links finished proxies to their sources in DaVinci Resolve's open project: a script for its console or its menu.

It asks the media pool for the file path of every clip, and calls LinkProxyMedia where that is the very path of a
source of the job. It makes no other change: nothing is imported, saved, closed or deleted. Run it once with
--dry-run (or with DRY_RUN = True below) to see every call first.

This text is read by every Python from 3.6 on, without proxx around it.
"""

import os
import sys
from importlib import import_module
from typing import Any, Callable, Dict, Iterator, List, Mapping, Optional, Sequence, Tuple

DRY_RUN = False
LINKS: List[List[str]] = []
"""Pairs of a source and its proxy."""
PLACES: Dict[str, str] = {}
"""Where each system keeps Resolve's scripting module, unless RESOLVE_SCRIPT_API says otherwise."""

Say = Callable[[str], None]
Told = Dict[str, List[Tuple[str, str]]]


def walk(folder: Any, tell: Say) -> Iterator[Any]:
    """Every clip of a folder of the media pool and of those below it."""
    tell("Folder.GetClipList()")
    for item in folder.GetClipList() or []:
        yield item
    tell("Folder.GetSubFolderList()")
    for below in folder.GetSubFolderList() or []:
        for item in walk(below, tell):
            yield item


def root_of(resolve: Any, tell: Say) -> Any:
    """The root of the media pool of the project that is open; None where there is none."""
    tell("Resolve.GetProjectManager()")
    manager = resolve.GetProjectManager()
    if manager is None:
        return None
    tell("ProjectManager.GetCurrentProject()")
    project = manager.GetCurrentProject()
    if project is None:
        return None
    tell("Project.GetMediaPool()")
    pool = project.GetMediaPool()
    if pool is None:
        return None
    tell("MediaPool.GetRootFolder()")
    return pool.GetRootFolder()


def link_all(resolve: Any, links: Sequence[Sequence[str]], dry_run: bool, tell: Say) -> Told:
    """Link what matches; of every pair what became of it: linked, would-link, refused, no-proxy or not-found."""
    calls = tell if dry_run else lambda words: None
    told: Told = {}
    wanted = {pair[0]: pair[1] for pair in links}
    found = set()
    root = root_of(resolve, calls)
    if root is None:
        tell("No project is open in Resolve, or it has no media pool.")
    for item in walk(root, calls) if root is not None else ():
        calls("MediaPoolItem.GetClipProperty('File Path')")
        path = item.GetClipProperty("File Path")
        if path not in wanted:
            continue
        found.add(path)
        proxy = wanted[path]
        if not os.path.isfile(proxy):
            state = "no-proxy"
        elif dry_run:
            calls("MediaPoolItem.LinkProxyMedia(%r)" % proxy)
            state = "would-link"
        else:
            state = "linked" if item.LinkProxyMedia(proxy) else "refused"
        told.setdefault(state, []).append((path, proxy))
    for source, proxy in links:
        if source not in found:
            told.setdefault("not-found", []).append((source, proxy))
    return told


WORDS = (
    ("linked", "linked"),
    ("would-link", "would be linked"),
    ("refused", "REFUSED by Resolve (LinkProxyMedia gave False: another length, rate or timecode?)"),
    ("no-proxy", "NOT LINKED, the proxy is not there"),
    ("not-found", "NOT FOUND in the media pool under this very path"),
)


def report(told: Told, tell: Say) -> int:
    """Say what became of every pair; 0 when all are linked."""
    for state, words in WORDS:
        for source, proxy in told.get(state, []):
            tell("%s: %s -> %s" % (words, source, proxy))
    tell(", ".join("%d %s" % (len(told[state]), state) for state, _ in WORDS if state in told) or "nothing to link")
    return 1 if set(told) - {"linked", "would-link"} else 0


def given(names: Mapping[str, Any]) -> Any:
    """Resolve as its console and its menu give it to scripts, among their own names; None outside of them."""
    for name in ("resolve", "app"):
        one = names.get(name)
        if one is not None and hasattr(one, "GetProjectManager"):
            return one
    return None


def connect(places: Mapping[str, str]) -> Any:
    """The running Resolve by its scripting module; None where it does not answer."""
    place = os.environ.get("RESOLVE_SCRIPT_API") or places.get(sys.platform, "")
    if place:
        sys.path.append(os.path.join(os.path.expandvars(place), "Modules"))
    try:
        module: Any = import_module("DaVinciResolveScript")
    except ImportError:
        return None
    return module.scriptapp("Resolve")


def say(text: str) -> None:
    """Print a line, whatever the console can show; where nobody listens any more (a pipe to head), go on in silence."""
    try:
        try:
            print(text)
        except UnicodeEncodeError:
            print(text.encode("ascii", "backslashreplace").decode("ascii"))
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def misread(words: Sequence[str]) -> Optional[int]:
    """The code to end with at once: 0 after --help, 2 after a word that is none of ours; None to go on.

    Not for scripts inside Resolve: the arguments that stand there are not meant for them.
    """
    strange = [word for word in words if word != "--dry-run"]
    if not strange:
        return None
    is_help = strange[0] in ("-h", "--help")
    if not is_help:
        say("There is no %s." % strange[0])
    say("usage: python3 %s [--dry-run]" % os.path.basename(sys.argv[0]))
    say("  --dry-run  print every call that would be made to Resolve, and change nothing")
    return 0 if is_help else 2


def main(resolve: Any, words: Sequence[str]) -> int:
    """Link and report; 0 when all are linked, 1 when not, 3 when Resolve does not answer."""
    dry_run = DRY_RUN or "--dry-run" in words

    if resolve is None:
        say("Resolve does not answer: run this in its console, or from its menu Workspace, Scripts.")
        for source, proxy in LINKS if dry_run else []:
            say("for a clip whose File Path is %r: MediaPoolItem.LinkProxyMedia(%r)" % (source, proxy))
        return 3
    return report(link_all(resolve, LINKS, dry_run, say), say)


if __name__ == "__main__":
    INSIDE, ARGUMENTS = given(globals()), getattr(sys, "argv", [""])[1:]
    CODE = misread(ARGUMENTS) if INSIDE is None else None
    if CODE is None:
        CODE = main(INSIDE if INSIDE is not None else connect(PLACES), ARGUMENTS)
    if INSIDE is None:
        sys.exit(CODE)
