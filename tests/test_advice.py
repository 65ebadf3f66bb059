"""Every fault of a rulebook is told with its reason and a way out, and can be explained."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from proxx.advice import ADVICE, AREA, advised
from proxx.cli import main
from proxx.errors import Finding

PACKAGE = Path(__file__).parent.parent / "engine" / "proxx"
OF_TABLES = {"unknown-column", "unknown-fact", "unknown-set", "outside-domain"}
"""Kinds of a TableError, which become ids where they are told."""


def test_every_kind_of_fault_that_the_program_tells_has_advice_and_no_other_kind() -> None:
    texts = {
        node.value
        for path in PACKAGE.rglob("*.py")
        if path.name != "advice.py"
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    told = {text for text in texts if text.startswith(AREA) and text != AREA and " " not in text}
    assert told | {f"{AREA}{kind}" for kind in OF_TABLES & texts} == set(ADVICE)


def test_only_a_fault_without_a_reason_of_its_own_gets_advice() -> None:
    assert advised(Finding("rulebook/gap", "x")).fix == (ADVICE["rulebook/gap"][1],)
    own = Finding("rulebook/gap", "x", fix=("Do this.",))
    assert (advised(own), advised(Finding("spec/blank", "x"))) == (own, Finding("spec/blank", "x"))


def test_a_fault_is_told_with_reason_and_action_and_can_be_explained(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "matrices").mkdir()
    head = 'name = "t"\nversion = "1"\nformat = 1\nextends = "proxx"\n'
    (tmp_path / "rulebook.toml").write_text(f"#:schema ../schema/rulebook.schema.json\n{head}")
    rows = '[table.codec-container]\nrows = [{ id = "t", codec = "vp9", container = "movv" }]\n'
    (tmp_path / "matrices/a.toml").write_text(f"#:schema ../schema/tables.schema.json\n{rows}")
    why, fix = ADVICE["rulebook/outside-domain"]
    for command in (["rulebook", "check", str(tmp_path)], ["profiles", "--rulebook", str(tmp_path)]):
        assert main(command) == 1
        said = capsys.readouterr().out
        assert f"    Reason: {why}\n    Action: {fix}\n    Rule: table codec-container, row t\n" in said
    assert main(["explain", "rulebook/outside-domain"]) == 0
    assert f"  Reason: {why}\n  Action: {fix}\n" in capsys.readouterr().out
    assert main(["explain", "rulebook/outside-domains"]) == 2
    assert "did you mean rulebook/outside-domain?" in capsys.readouterr().err
