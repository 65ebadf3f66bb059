"""What is known to go wrong in Resolve, as switches of the simulated one: each with what it does and who says so.

This text is read by every Python from 3.6 on, without proxx around it.
"""

from typing import Dict, Tuple

V, L, S = "the vendor's documentation", "somebody's measurement on a real Resolve", "reports of users"
LIMIT = "Resolve's own state, which no call shows"

TRAPS: Dict[str, Tuple[str, str]] = {
    "not-running": ("scriptapp answers None: not running, scripting switched off, or the free edition", V),
    "free": ("The free edition; a Studio-only call raises a dialog, after which no other call works", L),
    "old": ("An older version than the contract's floor", S),
    "database": ("GetCurrentDatabase answers None: Resolve is wedged", L),
    "no-manager": ("GetProjectManager answers None", L),
    "no-pool": ("GetMediaPool answers None", LIMIT),
    "busy": ("The project that is open is rendering", V),
    "name-taken": ("CreateProject answers None because the name is taken", V),
    "dirty": ("CreateProject answers None because the project that is open has changes that are not saved", L),
    "other-project": ("CreateProject answers, and another project stays the current one", LIMIT),
    "rate-fixed": ("timelineFrameRate is refused, as it is once a timeline exists", V),
    "setting-ignored": ("A setting of a project is accepted and keeps its value (timelineResolutionHeight)", L),
    "mixed-rates": ("A clip loses a frame on a timeline of another rate; the project's rate falls back to 24", L),
    "import-empty": ("ImportMedia answers an empty list", V),
    "import-many": ("ImportMedia makes two clips of one file", S),
    "no-start": ("A clip has no Start TC", L),
    "no-folder": ("AddSubFolder answers None", V),
    "folder-refused": ("SetCurrentFolder answers False: the current folder does not hold the clips", V),
    "folder-stays": ("SetCurrentFolder answers True, and another folder stays the current one", LIMIT),
    "timeline-none": ("CreateTimelineFromClips answers None", V),
    "timeline-unset": ("SetCurrentTimeline answers False", V),
    "timeline-stays": ("SetCurrentTimeline answers True, and no timeline is the current one", LIMIT),
    "timeline-rate": ("A timeline runs at another rate than its project", LIMIT),
    "timecode-refused": ("SetStartTimecode answers False", V),
    "one-hour": ("Timelines of one clip start at 01:00:00:00, whatever was set", L),
    "preset-sticks": ("The preset that is loaded differs in every key that nobody sets", L),
    "preset-refused": ("LoadRenderPreset answers False", V),
    "format-unknown": ("The codec is not offered on this machine", V),
    "format-refused": ("SetCurrentRenderFormatAndCodec answers False, and the old codec would render", L),
    "format-ignored": ("SetCurrentRenderFormatAndCodec answers True, and the old codec renders", LIMIT),
    "mode-refused": ("SetCurrentRenderMode answers False", V),
    "render-setting": ("SetRenderSettings answers False because of one key (AudioSampleRate)", L),
    "render-together": ("SetRenderSettings answers False for all keys, and True for each alone", LIMIT),
    "key-ignored": ("A render setting is accepted and ignored (FormatWidth, FormatHeight)", L),
    "job-once": ("AddRenderJob answers '' once, and works the second time", L),
    "job-empty": ("AddRenderJob answers '' for ever", V),
    "job-none": ("AddRenderJob answers None", S),
    "job-lost": ("AddRenderJob answers an id that is not in the queue", LIMIT),
    "job-elsewhere": ("The job writes into another folder than was set", LIMIT),
    "start-refused": ("StartRendering answers False", V),
    "status-text": ("GetRenderJobStatus answers a plain text", L),
    "status-none": ("GetRenderJobStatus answers None for ever", LIMIT),
    "render-fails": ("The job ends as Failed, with an error", V),
    "render-cancelled": ("Somebody cancels the job", V),
    "render-stops": ("Rendering ends, and the job is never complete", LIMIT),
    "render-stands": ("The render stands still at 40 %", L),
    "no-file": ("The job is complete, and there is no file", LIMIT),
    "two-files": ("The job is complete, and there are two files", LIMIT),
    "short": ("The file has fewer frames than the clip", L),
    "old-codec": ("The file is made by the codec of before", L),
    "two-channels": ("The default preset's two channels of sound are rendered, however many the clip has", L),
    "reel-dropped": ("The file has no reel name: it was automatic", L),
    "proxy-media": ("Clips have proxies and caches, from which is rendered unless that is switched off", L),
    "untitled": ("The project that is open is untitled, and SaveProject would ask for a name and hang", L),
    "delete-refused": ("DeleteProject answers False", V),
    "hang": ("A call never comes back (hang:Class.Method)", L),
    "kill": ("The driver is killed at a call, by its number (kill:N)", LIMIT),
}
"""Of each trap what it does, and the source of that."""


def known_trap(word: str) -> bool:
    """Whether a word names a trap, with an argument where it takes one."""
    name, _, argument = word.partition(":")
    return name in TRAPS and (name in ("hang", "kill")) == bool(argument)
