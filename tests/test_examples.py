"""What the README, the guide and examples/ show is what proxx does: their commands run and their output is compared."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import jsonschema
import pytest

ROOT = Path(__file__).parent.parent
EXAMPLES = ROOT / "examples"
MADE = ROOT / "docs" / "reference"
"""Pages that are made from the rulebook; test_docs.py looks at them."""

PAGES = [
    ROOT / "README.md",
    EXAMPLES / "studio/README.md",
    *(path for path in sorted((ROOT / "docs").rglob("*.md")) if not path.is_relative_to(MADE)),
]
PROBES = ["--probes", str(EXAMPLES / "example.probes.json")]
LEFT_OUT = "…"


def proxx(*arguments: str, cwd: Path = ROOT, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "proxx", *arguments],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT / "engine"), "NO_COLOR": "1", **variables},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=300,
    )


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", page.read_text("utf-8"), re.DOTALL | re.MULTILINE)


def steps(block: str) -> Iterator[tuple[str, str]]:
    """The commands of a block, each with the output that the page shows."""
    parts = re.split(r"^\$ \.venv/bin/(.*)\n", block, flags=re.MULTILINE)
    assert parts[0] == "", "a block begins with a command"
    yield from zip(parts[1::2], parts[2::2], strict=True)


def is_what(shown: str, printed: str) -> bool:
    """Whether a page shows what was printed: "…" alone on a line stands for any lines, inside a line for any text."""
    lines = printed.splitlines()
    groups: list[list[str]] = [[]]
    for line in shown.splitlines():
        if line == LEFT_OUT:
            groups.append([])
        else:
            groups[-1].append(".*".join(map(re.escape, line.split(LEFT_OUT))))
    at = 0
    for number, group in enumerate(groups):
        last = len(lines) - len(group)
        places = range(last if number == len(groups) - 1 else at, (last if number else 0) + 1)
        found = [place for place in places if place >= at and all(map(re.fullmatch, group, lines[place:]))]
        if not found:
            return False
        at = found[0] + len(group)
    return at == len(lines)


@pytest.mark.parametrize("shown", ["a\nb …\nc\n", "a\n…\n", "…\nc\n", "…\nb 1\n…\n", "a\n…\nb 1\nc\n"])
def test_a_page_may_leave_out_lines_and_parts_of_lines(shown: str) -> None:
    assert is_what(shown, "a\nb 1\nc\n")


@pytest.mark.parametrize("shown", ["", "a\n", "a\nb\nc\n", "…\nb …\n", "a\n…\nx\n…\nc\n", "a\nb 1\nc\nd\n"])
def test_what_is_left_out_of_a_page_hides_no_difference_elsewhere(shown: str) -> None:
    assert not is_what(shown, "a\nb 1\nc\n")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_commands_of_a_page_print_what_the_page_shows(page: Path, tmp_path: Path) -> None:
    for name in ("examples", "profiles", "matrices", "schema"):
        (tmp_path / name).symlink_to(ROOT / name)
    for block in blocks(page, "console"):
        for command, shown in steps(block):
            program, *arguments = shlex.split(command)
            assert program == "proxx"
            done = proxx(*arguments, cwd=tmp_path, TMPDIR=str(tmp_path))
            assert done.returncode in (0, 1), done.stderr
            assert is_what(shown, done.stdout), f"$ {command}\n{done.stdout}\n{done.stderr}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_python_of_a_page_runs(page: Path, tmp_path: Path) -> None:
    for block in blocks(page, "python"):
        environment = {**os.environ, "PYTHONPATH": str(ROOT / "engine")}
        subprocess.run([sys.executable, "-c", block], cwd=tmp_path, env=environment, check=True, timeout=60)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_links_and_paths_of_a_page_lead_somewhere(page: Path) -> None:
    text = page.read_text("utf-8")
    links = [page.parent / link for link in re.findall(r"\]\(([^)#:]+)\)", text)]
    paths = [
        ROOT / path for path in re.findall(r"`((?:matrices|profiles|schema|examples|tests|engine)/[\w./-]*)`", text)
    ]
    assert [str(place) for place in (*links, *paths) if not place.exists()] == []


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.json")), ids=lambda path: path.name)
def test_an_example_fits_its_schema(path: Path) -> None:
    name = "probe" if path.name.endswith(".probes.json") else "jobspec"
    schema = json.loads((ROOT / "schema" / f"{name}.schema.json").read_text("utf-8"))
    jsonschema.Draft202012Validator(schema).validate(json.loads(path.read_text("utf-8")))


def test_the_examples_are_right_save_the_one_with_three_mistakes() -> None:
    done = proxx("check", str(EXAMPLES), "--format", "json", *PROBES)
    files = {Path(one["path"]).name: one for one in json.loads(done.stdout)["files"]}
    assert done.returncode == 1
    assert [name for name, one in files.items() if not one["ok"]] == ["mistakes.json"]
    assert len(files) == len(list(EXAMPLES.glob("*.json"))) - 1
    ids = [finding["id"] for finding in files["mistakes.json"]["findings"]]
    assert ids == ["pairing/dnxhd-in-mov", "profile/unknown", "naming/unknown-token"]


@pytest.mark.parametrize("name", ["prores_offline", "dnxhr_avid", "h264_review", "raw_resolve"])
def test_an_example_can_be_planned_without_its_media(name: str) -> None:
    done = proxx("plan", str(EXAMPLES / f"{name}.json"), "--format", "json", *PROBES)
    assert done.returncode == 0, done.stderr
    plan = json.loads(done.stdout)
    assert len(plan["tasks"]) == len(plan["spec"]["sources"])
    assert plan["engine"] == ("resolve" if name == "raw_resolve" else "ffmpeg")


def test_the_studio_rulebook_refuses_what_the_shipped_one_only_warns_of() -> None:
    spec = str(EXAMPLES / "h264_review.json")
    assert proxx("check", spec, *PROBES).returncode == 0
    refused = proxx("check", spec, *PROBES, "--rulebook", str(EXAMPLES / "studio"))
    assert refused.returncode == 1
    assert "error[limit/reel-lost]" in refused.stdout
    assert "Our conform relinks by reel name." in refused.stdout


def test_the_studio_rulebook_adds_a_profile() -> None:
    assert proxx("profiles", "studio_h264_half", "--rulebook", str(EXAMPLES / "studio")).returncode == 0
    assert proxx("profiles", "studio_h264_half").returncode == 2
