"""Routes every file of a labelled corpus and makes three proxies of each routable one; prints what is not as labelled.

usage: python benchmarks/corpus.py DIR      (or PROXX_CORPUS=DIR), where DIR holds real.json, raw.json and the folders
real/, raw/ and malformed/. Nothing is written but proxies in a temporary folder, which is removed.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import sys
import tempfile
from collections import Counter
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

from proxx.cli import main

PROFILES = {
    "proxy_h264_low": ("h264", "mp4", "half"),
    "proxy_prores_proxy": ("prores_proxy", "mov", "same"),
    "proxy_dnxhr_lb": ("dnxhr", "mxf", "same"),
}


def proxx(*words: str) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of one command, run in this process."""
    kept, err = io.BytesIO(), io.StringIO()
    with redirect_stdout(io.TextIOWrapper(kept, "utf-8", write_through=True)) as out, redirect_stderr(err):
        code = main(list(words))
        out.detach()
    return code, kept.getvalue().decode("utf-8", "replace"), err.getvalue()


def spec(folder: Path, source: Path, profile: str, name: str) -> Path:
    """A spec for one source, as a file."""
    codec, container, resolution = PROFILES[profile]
    document = {
        "jobspec_version": "2.1",
        "sources": [str(source)],
        "output_directory": str(folder / "out" / name),
        "codec": codec,
        "container": container,
        "resolution": resolution,
        "naming_template": "{source_name}_{profile}",
        "proxy_profile": profile,
    }
    path = folder / f"{name}.json"
    path.write_text(json.dumps(document), "utf-8")
    return path


def routed(folder: Path, source: Path, name: str) -> tuple[str, list[str]]:
    """The engine that a source routes to and the ids of what is said about it."""
    path = spec(folder, source, "proxy_prores_proxy", name)
    _, out, _ = proxx("check", str(path), "--format", "json")
    report = json.loads(out)["files"][0]
    return report["engine"], [finding["id"] for finding in report["findings"]]


def agrees(label: str, engine: str, found: list[str], extension: bool) -> bool:
    """Whether a route is the labelled one. A supported pair that cannot be decoded (ffmpeg*) must be refused."""
    if label == "ffmpeg":
        return engine == "ffmpeg"
    if label == "ffmpeg*":
        return engine == "ffmpeg" or bool(found)
    if label == "resolve":
        return engine == "resolve"
    return engine == "none" or (extension and engine == "ffmpeg")


def make(folder: Path, source: Path, profile: str, name: str) -> tuple[str, str]:
    """What became of one proxy: made, refused before anything ran, or failed, and the words for it."""
    path = spec(folder, source, profile, f"{name}-{profile}")
    code, out, err = proxx("run", str(path), "--quiet")
    words = " | ".join(line for line in (out + err).splitlines() if line.startswith("error[")) or (out + err)[-300:]
    return {0: "made", 1: "refused"}.get(code, f"FAILED ({code})"), words


def labelled(corpus: Path) -> list[tuple[Path, str, bool]]:
    """Every labelled file, its label, and whether an extension row of the source matrix may take it."""
    files = []
    for kind in ("real", "raw"):
        for entry in json.loads((corpus / f"{kind}.json").read_text("utf-8"))["files"]:
            pair = (entry["canonical"].get("container"), entry["canonical"].get("codec"))
            files.append((corpus / kind / entry["file"], entry["expected"], pair in EXTENSIONS))
    return files


EXTENSIONS = {
    ("mxf", "prores"), ("mov", "av1"), ("mov", "mpeg2video"), ("mov", "dvvideo"), ("ts", "h264"), ("ts", "hevc"),
    ("mpg", "mpeg2video"), ("avi", "dvvideo"),
}  # fmt: skip


def run(corpus: Path, folder: Path, only_routes: bool) -> int:
    """Walk the corpus; the number of files that are not as labelled or whose proxy failed."""
    wrong = 0
    counts: Counter[str] = Counter()
    for number, (source, label, extension) in enumerate(labelled(corpus)):
        engine, found = routed(folder, source, f"route{number}")
        right = agrees(label, engine, found, extension)
        counts["routed as labelled" if right else "routed OTHERWISE"] += 1
        if not right:
            wrong += 1
            print(f"{source.name}: labelled {label}, routed to {engine} {found}")
        if engine == "ffmpeg" and not only_routes:
            for profile in PROFILES:
                outcome, words = make(folder, source, profile, str(number))
                counts[f"{profile}: {outcome}"] += 1
                wrong += outcome.startswith("FAILED")
                if outcome != "made":
                    print(f"{source.name}: {profile} {outcome}: {words[:400]}", flush=True)
    for number, source in enumerate(sorted((corpus / "malformed").iterdir())):
        engine, found = routed(folder, source, f"malformed{number}")
        outcome, words = (
            ("refused", "") if engine == "none" else make(folder, source, "proxy_prores_proxy", f"bad{number}")
        )
        counts[f"malformed: {outcome}"] += 1
        print(f"{source.name}: {engine} {found} {outcome} {words[:200]}", flush=True)
    print("\n".join(f"{count:>5}  {what}" for what, count in sorted(counts.items())))
    return wrong


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("corpus", nargs="?", default=os.environ.get("PROXX_CORPUS"))
    arguments.add_argument("--routes", action="store_true", help="route only, make nothing")
    given = arguments.parse_args()
    if not given.corpus:
        sys.exit("name the corpus folder, or set PROXX_CORPUS")
    with tempfile.TemporaryDirectory(prefix="proxx-corpus-") as scratch:
        sys.exit(min(run(Path(given.corpus), Path(scratch), given.routes), 1))
