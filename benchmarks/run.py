"""Measures what a run costs beside what people do instead: a shell loop, xargs, FFmpeg's defaults, HandBrake.

All programs make proxies of the same clips in the same run, in turn; the middle of several rounds counts. Times belong
to one machine, the ratios hardly: proxx to a loop that calls FFmpeg with the very same arguments, and to a loop that
also proves every file as well as a shell can (probe, decode to the end, hash). Needs an idle machine.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shlex
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

ROOT = Path(__file__).parent.parent
PEER = ["HandBrakeCLI", "--preset", "Production Proxy 1080p"]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT / "engine")}
ENVIRONMENT.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed program is compiled; so is the one that is measured
SHARE = 0.15
"""What proving may cost beside the encode."""


def seconds(argv: list[str]) -> float:
    """The wall time of a program, which must succeed."""
    begun = time.perf_counter()
    done = subprocess.run(argv, env=ENVIRONMENT, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{shlex.join(argv)[:200]} ended with exit code {done.returncode}: {done.stderr.decode()[-500:]}")
    return time.perf_counter() - begun


def shoot(folder: Path, count: int, length: float, grain: int = 12) -> list[Path]:
    """Camera-like clips: 1080p ProRes HQ with moving grain and PCM sound."""
    folder.mkdir()
    clips = [folder / f"A001C{number:03}.mov" for number in range(count)]
    for number, clip in enumerate(clips):
        picture = f"testsrc2=size=1920x1080:rate=25:duration={length},noise=alls={grain}:allf=t:all_seed={number}"
        sound = f"sine=frequency={300 + number}:sample_rate=48000:duration={length}"
        inputs = ["-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", sound]
        codec = ["-c:v", "prores_aw", "-profile:v", "3", "-pix_fmt", "yuv422p10le", "-c:a", "pcm_s24le"]
        seconds(["ffmpeg", "-v", "error", "-nostdin", *inputs, *codec, str(clip)])
    return clips


def write_spec(folder: Path, clips: list[Path], profile: str) -> Path:
    """A job that makes full-size proxies of the clips in folder/out."""
    card = json.loads(subprocess.check_output([*proxx("profiles", profile), "--format", "json"], env=ENVIRONMENT))
    document = {
        "jobspec_version": "2.1",
        "job_id": profile,
        "sources": [str(clip) for clip in clips],
        "output_directory": str(folder / "out"),
        "codec": card["codec"],
        "container": card["container"],
        "resolution": card["resolution"].replace("explicit", "1920x1080"),
        "naming_template": f"{{source_name}}_{profile}",
        "proxy_profile": profile,
    }
    spec = folder / f"{profile}.json"
    spec.write_text(json.dumps(document), "utf-8")
    return spec


def proxx(*words: str) -> list[str]:
    """A command of proxx, by this tree."""
    return [sys.executable, "-m", "proxx", *words]


def plan_of(spec: Path) -> list[list[str]]:
    """The argument list of every clip."""
    said = subprocess.check_output([*proxx("plan", str(spec), "--format", "json")], env=ENVIRONMENT)
    return [task["argv"] for task in json.loads(said)["tasks"]]


def proof(path: str) -> list[str]:
    """What proves a file in a shell: probe it, decode it, hash it."""
    file = shlex.quote(path)
    return [
        f"ffprobe -v error -show_streams -show_format {file} >/dev/null",
        f"ffmpeg -v error -nostdin -xerror -i {file} -map 0 -f null -",
        f"sha256sum {file} >/dev/null",
    ]


def in_shell(plan: list[list[str]], *, proved: bool) -> list[str]:
    """A shell loop over the very arguments of a plan."""
    lines = ["set -e"]
    for argv in plan:
        lines.append(f"{shlex.join(argv)} >/dev/null 2>&1")
        lines += proof(argv[-1].removeprefix("file:")) if proved else []
    return ["sh", "-c", "\n".join(lines)]


def by_xargs(folder: Path, plan: list[list[str]], count: int, *, proved: bool) -> list[str]:
    """The same through xargs, so many at once."""
    for number, argv in enumerate(plan):
        (folder / f"{number:03}.sh").write_text(in_shell([argv], proved=proved)[2], "utf-8")
    return ["sh", "-c", f"ls {shlex.quote(str(folder))}/*.sh | xargs -P {count} -n 1 sh"]


def emptied(folder: Path) -> None:
    """An output folder as a job finds it: there, and empty."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()


def middles(programs: Mapping[str, list[str]], out: Path, rounds: int) -> dict[str, float]:
    """The middle time of every program; they take turns."""
    times: dict[str, list[float]] = {name: [] for name in programs}
    for _ in range(rounds):
        for name, argv in programs.items():
            emptied(out)
            times[name].append(seconds(argv))
    return {name: statistics.median(found) for name, found in times.items()}


def against_loops(folder: Path, clips: list[Path], rounds: int) -> None:
    """The whole job beside shell loops with the same arguments."""
    spec, out = write_spec(folder, clips, "proxy_prores_proxy"), folder / "out"
    emptied(out)
    plan = plan_of(spec)
    scripts = folder / "scripts"
    scripts.mkdir()
    alone = [*proxx("run", str(spec), "--quiet", "--jobs", "1")]
    cold = folder / "cold"  # a user's cache in which the rulebook is known, but no source
    subprocess.run(
        ["env", f"XDG_CACHE_HOME={cold}", *proxx("profiles")], env=ENVIRONMENT, check=True, capture_output=True
    )
    forget = f"rm -rf {shlex.quote(str(cold / 'proxx' / 'sources'))}; XDG_CACHE_HOME={shlex.quote(str(cold))} exec "
    programs = {
        "loop": in_shell(plan, proved=False),
        "loop that proves": in_shell(plan, proved=True),
        "proxx --jobs 1": alone,
        "the same, never planned": ["sh", "-c", forget + shlex.join(alone)],
        **{f"xargs -P {n} that proves": by_xargs(folder_of(scripts, n), plan, n, proved=True) for n in (2, 3)},
        "proxx --jobs auto": [*proxx("run", str(spec), "--quiet")],
    }
    found = middles(programs, out, rounds)
    print(f"\n{len(clips)} clips of 1080p, proxy_prores_proxy: seconds, and how that compares")
    best = min(value for name, value in found.items() if name.startswith("xargs"))
    for name, value in found.items():
        base = best if name.startswith(("xargs", "proxx --jobs auto")) else found["loop that proves"]
        print(f"  {name:<28}{value:8.2f}{value / base:8.2f}x {'best xargs' if base == best else 'loop that proves'}")
    took = [taken_apart(alone, out) for _ in range(rounds)]
    aside, own = (statistics.median(one[place] for one in took) for place in (0, 1))
    print(f"  {'--jobs 1, proving aside':<28}{aside:8.2f}{aside / found['loop']:8.2f}x loop")
    print(f"  what --jobs 1 adds to encoding and proving: {own:.1%} of the encoding")


def taken_apart(argv: list[str], out: Path) -> tuple[float, float]:
    """A run without its proving, in seconds, and what it takes beside encoding and proving as a share of encoding."""
    emptied(out)
    took = seconds(argv)
    encoding, proving = times_of(out)
    return took - proving, (took - encoding - proving) / encoding


def times_of(out: Path) -> tuple[float, float]:
    """The seconds of encoding and of proving in the one record of a folder."""
    (record,) = (json.loads(path.read_text("utf-8")) for path in out.glob("*.record.json"))
    return sum(one["seconds"] for one in record["clips"]), sum(one["verify_seconds"] for one in record["clips"])


def folder_of(parent: Path, number: int) -> Path:
    """A new folder of that number."""
    made = parent / str(number)
    made.mkdir()
    return made


def profiles() -> list[str]:
    """Every profile that is made by FFmpeg."""
    said = subprocess.check_output([*proxx("profiles", "--format", "json")], env=ENVIRONMENT)
    return [card["name"] for card in json.loads(said)["profiles"] if card["engine"] == "ffmpeg"]


def proving(folder: Path, rounds: int) -> None:
    """What proving costs beside encoding, of every profile, as the records tell: one clip of four seconds."""
    # With this grain H.264 comes to 7 Mb/s, as of a camera's picture; with more, its proof would decode noise.
    clips, out = shoot(folder / "long", 1, 4, grain=5), folder / "out"
    print(f"\nproving beside encoding, one clip of 4 s: share of the encode, at most {SHARE:.0%}")
    over = []
    for profile in profiles():
        spec, found = write_spec(folder, clips, profile), []
        for _ in range(rounds):
            emptied(out)
            seconds(proxx("run", str(spec), "--quiet"))
            found.append(times_of(out))
        encode, prove = (statistics.median(one[place] for one in found) for place in (0, 1))
        share = statistics.median(one[1] / one[0] for one in found)
        over += [profile] if share > SHARE else []
        print(f"  {profile:<28}{encode:8.2f} s{prove:8.2f} s{share:8.0%}", flush=True)
    print(f"  over {SHARE:.0%}: {', '.join(over) or 'none'}")


def against_peers(folder: Path, clip: Path, rounds: int) -> None:
    """H.264 beside what people use instead: seconds, bytes, and how like the source it looks."""
    spec = write_spec(folder, [clip], "proxy_h264_mov")
    peers: dict[str, tuple[list[str], Path]] = {
        "proxx run": (proxx("run", str(spec), "--quiet"), folder / f"out/{clip.stem}_proxy_h264_mov.mov"),
        "ffmpeg with its defaults": (
            ["ffmpeg", "-v", "error", "-nostdin", "-y", "-i", str(clip), str(folder / "out/plain.mov")],
            folder / "out/plain.mov",
        ),
    }
    if shutil.which(PEER[0]):
        made = folder / "out/hand.mp4"
        peers["HandBrake Production Proxy"] = ([*PEER, "-i", str(clip), "-o", str(made)], made)
    else:
        print("\nHandBrakeCLI is not installed: it is left out")
    print("\none clip of 1080p as H.264: seconds, bytes, SSIM to the source")
    for name, (argv, made) in peers.items():
        took = middles({"": argv}, folder / "out", rounds)[""]
        print(f"  {name:<28}{took:8.2f} s{made.stat().st_size:>12,} bytes{ssim(made, clip):8.4f}")


def sharing(folder: Path, clips: list[Path], rounds: int) -> None:
    """Two profiles from one decoding, beside two decodings in one run, and beside two runs."""
    out = folder / "out"
    specs = [str(write_spec(folder, clips, profile)) for profile in ("proxy_prores_proxy", "proxy_h264_mov")]
    runs = [shlex.join(proxx("run", spec, "--quiet")) for spec in specs]
    programs = {
        "two runs": ["sh", "-c", " && ".join(runs)],
        "one run, --no-share": proxx("run", *specs, "--quiet", "--no-share"),
        "one run, shared decoding": proxx("run", *specs, "--quiet"),
    }
    found = middles(programs, out, rounds)
    print(f"\n{len(clips)} clips of 1080p as ProRes Proxy and H.264: seconds, and how that compares to two runs")
    for name, value in found.items():
        print(f"  {name:<28}{value:8.2f}{value / found['two runs']:8.2f}x")


def ssim(made: Path, source: Path) -> float:
    """How like the source a file looks, scaled to the source's size."""
    graph = "[0:v]scale=1920:1080:flags=bicubic,format=yuv420p[a];[1:v]format=yuv420p[b];[a][b]ssim"
    argv = [
        "ffmpeg",
        "-nostdin",
        "-hide_banner",
        "-i",
        str(made),
        "-i",
        str(source),
        "-lavfi",
        graph,
        "-f",
        "null",
        "-",
    ]
    said = subprocess.run(argv, capture_output=True, check=True).stderr.decode("utf-8", "replace")
    found = re.findall(r"All:([0-9.]+)", said)
    return float(found[-1])


def main() -> None:
    """Measure and print."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--clips", type=int, default=16, help="clips of the job (16)")
    words.add_argument("--seconds", type=float, default=1.0, help="their length (1)")
    words.add_argument("--rounds", type=int, default=5, help="how often each program runs (5)")
    words.add_argument("--only", choices=("loops", "sharing", "proving", "peers"), help="measure only this")
    asked = words.parse_args()
    with tempfile.TemporaryDirectory(prefix="proxx-bench-") as place:
        folder = Path(place)
        clips = shoot(folder / "card", asked.clips, asked.seconds)
        parts: dict[str, Callable[[], None]] = {
            "loops": lambda: against_loops(folder, clips, asked.rounds),
            "sharing": lambda: sharing(folder, clips, asked.rounds),
            "proving": lambda: proving(folder, asked.rounds),
            "peers": lambda: against_peers(folder, clips[0], asked.rounds),
        }
        for name, measure in parts.items():
            if asked.only in (None, name):
                measure()


if __name__ == "__main__":
    main()
