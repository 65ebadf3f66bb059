"""The doctor on Resolve: what is not here is unknown, what is wrong is told by its cause, and nothing hangs."""

from __future__ import annotations

import time
import tomllib
from pathlib import Path

import pytest

from proxx import prove, resolvehealth
from proxx.cli import main
from proxx.condition import Condition, judge
from proxx.engines.resolve_state import SIMULATED, clear_wedged, mark_wedged, wedged
from proxx.errors import ProxxError
from proxx.resolvehealth import look_at_resolve
from proxx.resolvelayer import asked, layer_text
from proxx.rulebook import Rulebook, load

PROFILE = "proxy_prores_proxy_resolve"


@pytest.fixture(autouse=True)
def _own_state(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    for name in ("RESOLVE_SCRIPT_API", "RESOLVE_SCRIPT_LIB", "PROXX_RESOLVE_PYTHON"):
        monkeypatch.delenv(name, raising=False)


def simulated(rulebook: Rulebook, *traps: str) -> dict[str, Condition]:
    """What the doctor finds of a simulated Resolve, by check."""
    return {one.check: one for one in look_at_resolve(rulebook, [PROFILE], {PROFILE: "named"}, simulated=traps)}


def test_a_resolve_that_is_well_passes_every_check(rulebook: Rulebook) -> None:
    found = simulated(rulebook)
    assert {check: one.state for check, one in found.items() if one.state != "ok"} == {}
    assert found["resolve-version"].found == "20.3.1.0006"
    assert "Resolve offers mov, ProRes422P" in found["profile"].found


@pytest.mark.parametrize(
    ("trap", "finding"),
    [
        ("not-running", "doctor/resolve-not-running"),
        ("free", "doctor/resolve-edition"),
        ("old", "doctor/resolve-old"),
        ("database", "doctor/resolve-database"),
        ("busy", "doctor/resolve-busy"),
        ("format-unknown", "doctor/resolve-formats"),
        ("format-unknown", "doctor/profile-lacks"),
    ],
)
def test_what_is_wrong_is_told_by_its_cause(trap: str, finding: str, rulebook: Rulebook) -> None:
    judged = judge(rulebook, simulated(rulebook, trap).values())
    assert finding in {one.finding.id for one in judged if one.finding}
    assert max(one.exit_code for one in judged) == 3


def test_a_call_that_does_not_come_back_is_named_and_ended(rulebook: Rulebook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resolvehealth, "patience", lambda book: 2.0)
    begun = time.monotonic()
    found = simulated(rulebook, "hang:ProjectManager.GetCurrentDatabase")
    assert found["resolve-running"].state == "wrong"
    assert "ProjectManager.GetCurrentDatabase did not come back" in found["resolve-running"].found
    assert found["resolve-formats"].state == found["profile"].state == "unknown"
    assert time.monotonic() - begun < 15


def test_the_mark_of_a_hang_is_taken_away_when_all_is_well_and_not_before(rulebook: Rulebook) -> None:
    mark_wedged("Project.StartRendering", "job-1", SIMULATED)
    assert simulated(rulebook, "busy")["resolve-mark"].state == "wrong"
    assert wedged(SIMULATED) is not None
    found = simulated(rulebook)["resolve-mark"]
    assert (found.state, "Project.StartRendering(job-1)" in found.found) == ("ok", True)
    assert wedged(SIMULATED) is None
    clear_wedged(SIMULATED)  # it is gone, and that is no trouble


def installed(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """Files as of an installed Resolve, whose scripting module is this script."""
    (folder / "api/Modules").mkdir(parents=True)
    (folder / "api/Modules/DaVinciResolveScript.py").write_text(script, "utf-8")
    (folder / "fusionscript.so").touch()
    monkeypatch.setenv("RESOLVE_SCRIPT_API", str(folder / "api"))
    monkeypatch.setenv("RESOLVE_SCRIPT_LIB", str(folder / "fusionscript.so"))


@pytest.mark.parametrize(
    ("script", "check", "state", "words"),
    [
        ("import os; os.abort()", "resolve-import", "wrong", "signal 6"),
        ("raise ImportError('no such library')", "resolve-import", "wrong", "no such library"),
        ("def scriptapp(name): return None", "resolve-running", "missing", "scriptapp gives nothing"),
        ("def scriptapp(name):\n  import os; os.abort()", "resolve-running", "wrong", "scriptapp ended the process"),
        (
            "def scriptapp(name):\n  import time; time.sleep(99)",
            "resolve-running",
            "wrong",
            "scriptapp did not come back",
        ),
    ],
)
def test_a_library_that_does_not_load_or_answer_ends_its_own_process_only(
    script: str, check: str, state: str, words: str, rulebook: Rulebook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resolvehealth, "patience", lambda book: 3.0)
    installed(tmp_path, monkeypatch, script)
    found = {one.check: one for one in look_at_resolve(rulebook, [PROFILE], {PROFILE: "no"})}
    assert (found["resolve-files"].state, found[check].state) == ("ok", state)
    assert words in found[check].found
    assert {one.asked for one in found.values()} == {"no"}


def test_without_resolve_its_checks_are_unknown_and_count_only_when_it_is_asked_for(rulebook: Rulebook) -> None:
    for counts, code in (("no", 0), ("named", 3)):
        found = look_at_resolve(rulebook, [PROFILE], {PROFILE: counts})
        states = {one.check: one.state for one in found if one.check != "resolve-mark"}
        assert set(states.values()) == {"unknown"}
        judged = judge(rulebook, found)
        assert max(one.exit_code for one in judged) == code
        told = {one.finding.id for one in judged if one.finding}
        assert told == ({"doctor/resolve-unknown", "doctor/profile-untried"} if code else set())


def test_a_variable_that_names_nothing_and_files_that_are_half_there_are_told(
    rulebook: Rulebook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RESOLVE_SCRIPT_LIB", str(tmp_path / "none.so"))
    found = {one.check: one for one in look_at_resolve(rulebook, [], {})}
    assert (found["resolve-environment"].state, found["resolve-files"].state) == ("wrong", "unknown")
    installed(tmp_path, monkeypatch, "")
    (tmp_path / "fusionscript.so").unlink()
    found = {one.check: one for one in look_at_resolve(rulebook, [], {})}
    assert (found["resolve-environment"].state, found["resolve-files"].state) == ("wrong", "missing")
    assert found["resolve-running"].state == "unknown"


def test_what_a_machine_offers_is_a_layer_that_can_be_laid_over_the_shipped_one(
    rulebook: Rulebook, tmp_path: Path
) -> None:
    found = dict(asked(rulebook, []))
    formats = {name: {**one, "codecs": dict(one["codecs"])} for name, one in found["formats"].items()}
    formats["mov"]["codecs"] |= {"NewCodec_1": "A new codec"}
    formats["mov"]["codecs"].pop("ProRes4444XQ", None)
    formats["new_format"] = {"title": "A format", "codecs": {"OnlyThere": "?"}}
    del formats["mkv"]
    text = layer_text(rulebook, {**found, "formats": formats})
    layer = tomllib.loads(text)
    assert layer["render-codec"]["NewCodec_1"]["formats"] == ["mov"]
    assert layer["render-codec"]["ProRes422P"]["verified_on"] == found["version"]
    assert "# Not offered here: format mkv." in text
    assert '# Offered, and not in the matrix: format "new_format" ("A format").' in text
    assert "OnlyThere" not in layer["render-codec"]
    (tmp_path / "layer/matrices").mkdir(parents=True)
    head = 'name = "machine"\nversion = "1"\nformat = 1\nextends = "proxx"\n'
    (tmp_path / "layer/rulebook.toml").write_text(f"#:schema schema/rulebook.schema.json\n# Whose?\n{head}")
    (tmp_path / "layer/matrices/machine.toml").write_text(text, "utf-8")
    laid = load([str(tmp_path / "layer")], lint=prove.lint)
    assert laid.items["render-codec"]["ProRes422P"]["source"] == "proxx resolve probe"
    assert laid.items["render-codec"]["ProRes422P"]["codecs"] == ["prores_proxy"]


def test_a_resolve_that_does_not_tell_gives_no_layer(
    rulebook: Rulebook, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(ProxxError, match="resolve-database: none is open"):
        asked(rulebook, ["database"])
    file = tmp_path / "machine.toml"
    assert main(["resolve", "probe", "-o", str(file)]) == 3
    assert "Resolve does not tell what it offers" in capsys.readouterr().err
    assert not file.exists()
    file.write_text("mine", "utf-8")
    assert main(["resolve", "probe", "-o", str(file)]) == 2
    assert file.read_text("utf-8") == "mine"
