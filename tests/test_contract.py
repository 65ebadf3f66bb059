"""The contract with DaVinci Resolve: whole, typed, part of the rulebook, and in line with the published type stub."""

from __future__ import annotations

import ast
import json
import re
from importlib.metadata import distribution
from pathlib import Path

import jsonschema
import pytest

from proxx import prove
from proxx.cli import main
from proxx.contract import Contract, Method, contract_of, version_numbers
from proxx.errors import RulebookError
from proxx.rulebook import Rulebook, builtin, freeze, load, read_folder

ROOT = Path(builtin())
TEXT = (ROOT / "schema/resolve-api.json").read_text("utf-8")
DOCUMENT = json.loads(TEXT)
CONTRACT = contract_of(DOCUMENT)
HEAD = '#:schema schema/rulebook.schema.json\nname = "studio"\nversion = "3"\nformat = 1\nextends = "proxx"\n'
NEWER = {"Resolve.IsStudio"}
"""What the vendor has added since the type stub was written."""


def stub_tree() -> ast.Module:
    """The published type stub."""
    held = distribution("fusionscript-stubs")
    path = next(str(file.locate()) for file in held.files or () if file.name == "fusionscript.pyi")
    return ast.parse(Path(path).read_text("utf-8"))


STUB_TREE = stub_tree()


def stub() -> dict[str, list[ast.arguments]]:
    """The signatures that the stub has for every method, as Class.Method."""
    found: dict[str, list[ast.arguments]] = {}
    for owner in STUB_TREE.body:
        if isinstance(owner, ast.ClassDef):
            for method in owner.body:
                if isinstance(method, ast.FunctionDef):
                    found.setdefault(f"{owner.name}.{method.name}", []).append(method.args)
    return found


STUB = stub()


def arity(signature: ast.arguments) -> tuple[int, float]:
    """The fewest and the most arguments that a signature takes. The stub writes "may be left out" as Optional."""
    given = signature.args[1:]
    optional = sum("Optional" in ast.unparse(one.annotation) if one.annotation else 0 for one in given)
    fewest = len(given) - max(optional, len(signature.defaults))
    return fewest, float("inf") if signature.vararg else len(given)


@pytest.mark.parametrize("name", [name for name in CONTRACT.names if name not in NEWER])
def test_every_method_is_in_the_stub_and_is_called_as_the_stub_calls_it(name: str) -> None:
    method = CONTRACT.method(name)
    assert method is not None
    spans = [arity(signature) for signature in STUB[name]]
    most = len(method.parameters)
    assert any(most <= high for _, high in spans)
    assert any(low <= most for low, _ in spans)
    # What the README lets be left out, the stub of a few methods demands; never the other way round.
    assert any(method.needed <= low for low, _ in spans)


def test_what_the_stub_does_not_have_yet_is_newer_than_the_stub() -> None:
    for name in NEWER:
        method = CONTRACT.method(name)
        assert method is not None
        assert name not in STUB
        assert version_numbers(method.since) > version_numbers("21.0")


def test_the_contract_has_the_shape_that_its_schema_says() -> None:
    schema = json.loads((ROOT / "schema/resolve-api.schema.json").read_text("utf-8"))
    jsonschema.Draft202012Validator(schema).validate(DOCUMENT)


@pytest.mark.parametrize(("owner", "methods"), CONTRACT.classes.items())
def test_every_type_is_a_plain_one_or_a_class_of_the_contract_and_options_come_last(
    owner: str, methods: dict[str, Method]
) -> None:
    plain = {"str", "int", "float", "bool", "dict", "list", *(f"list[{name}]" for name in CONTRACT.classes)}
    for method in methods.values():
        assert {one.type for one in method.parameters} <= plain | set(CONTRACT.classes)
        assert set(method.returns) <= plain | {"none"} | set(CONTRACT.classes)
        assert method.nullable == (method.returns[0] in CONTRACT.classes or method.name == "GetCurrentDatabase")
        assert [one.optional for one in method.parameters] == sorted(one.optional for one in method.parameters)
        assert method.owner == owner


@pytest.mark.parametrize(
    ("name", "answer", "failed"),
    [
        ("Project.AddRenderJob", "", True),
        ("Project.AddRenderJob", None, True),
        ("Project.AddRenderJob", "a1", False),
        ("Project.AddRenderJob", False, False),
        ("Project.SetSetting", False, True),
        ("Project.SetSetting", None, False),
        ("Project.SetSetting", 0, False),
        ("Project.GetRenderFormats", {}, True),
        ("Project.GetRenderFormats", {"MP4": "mp4"}, False),
        ("Project.IsRenderingInProgress", False, False),
        ("ProjectManager.CreateProject", None, True),
        ("MediaPool.ImportMedia", [], True),
    ],
)
def test_an_answer_means_failure_only_where_the_contract_says_so(name: str, answer: object, failed: bool) -> None:
    method = CONTRACT.method(name)
    assert method is not None
    assert method.failed(answer) is failed


def test_names_that_no_longer_exist_or_are_dangerous_are_not_in_the_contract() -> None:
    gone = ["Project.GetRenderJobs", "Project.DeleteRenderJobByIndex", "Project.DeleteAllRenderJobs", "Resolve.Quit"]
    assert [name for name in gone if CONTRACT.method(name)] == []
    assert CONTRACT.method("Nothing.AtAll") is None


def test_the_rulebook_holds_the_contract_and_its_digest_covers_it(rulebook: Rulebook) -> None:
    assert rulebook.frozen["contract"] == DOCUMENT
    assert isinstance(rulebook.contract, Contract)
    assert rulebook.contract == CONTRACT
    files = read_folder(builtin())
    (path,) = [path for path in files if path.endswith("/schema/resolve-api.json")]
    changed = freeze([{**files, path: TEXT.replace('"since": "21.1"', '"since": "21.2"').encode()}])
    assert changed.digest != rulebook.digest


def test_a_contract_of_a_wrong_shape_is_told_where_it_is_wrong() -> None:
    files = read_folder(builtin())
    (path,) = [path for path in files if path.endswith("/schema/resolve-api.json")]
    with pytest.raises(RulebookError) as caught:
        freeze([{**files, path: TEXT.replace('"sure": "V"', '"sure": "W"', 1).encode()}])
    (fault,) = caught.value.faults
    assert (fault.id, fault.subject, fault.at) == (
        "rulebook/shape",
        path,
        "/classes/Resolve/methods/GetProductName/sure",
    )


def layer(folder: Path, text: str | None) -> str:
    (folder / "schema").mkdir(parents=True)
    (folder / "rulebook.toml").write_text(HEAD, "utf-8")
    if text is not None:
        (folder / "schema/resolve-api.json").write_text(text, "utf-8")
    return str(folder)


def test_a_layer_may_hold_a_copy_of_the_contract_and_no_other(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bare, copy = load([layer(tmp_path / "bare", None)], lint=prove.lint), layer(tmp_path / "copy", TEXT)
    assert load([copy], lint=prove.lint).digest == bare.digest
    other = layer(tmp_path / "other", TEXT.replace("AddRenderJob", "AddRenderJobs"))
    with pytest.raises(RulebookError) as caught:
        load([other], lint=prove.lint)
    (fault,) = caught.value.faults
    assert (fault.id, fault.subject) == ("rulebook/locked", f"{other}/schema/resolve-api.json")
    assert main(["rulebook", "check", other]) == 1
    assert "belongs to this proxx" in capsys.readouterr().out.replace("\n", " ")


def test_a_version_is_compared_by_its_numbers() -> None:
    ordered = ["16.0", "18.6", "19.1", "19.1.4", "19.10", "21.0.4.5", "21.1"]
    assert sorted(ordered, key=version_numbers) == ordered
    assert version_numbers("19.1") == version_numbers("19.1.0.0")


def test_the_driver_calls_only_what_the_contract_has_at_the_floor() -> None:
    for name in CONTRACT.driver:
        method = CONTRACT.method(name)
        assert method is not None
        assert version_numbers(method.since) <= version_numbers(CONTRACT.floor)


def test_the_driver_calls_exactly_the_methods_that_plans_say_it_needs() -> None:
    """In the driver's text every method of Resolve stands as .Name(. Linking proxies back is no part of a job."""
    folder = ROOT / "engine/proxx/engines"
    called = {
        name
        for path in sorted(folder.glob("resolve_*.py"))
        if path.stem not in ("resolve_links", "resolve_look")  # they call what the driver does not
        for name in re.findall(r"\.([A-Z]\w+)\(", path.read_text("utf-8"))
    }
    methods = {name.partition(".")[2] for name in CONTRACT.names}
    assert {name.partition(".")[2] for name in CONTRACT.driver} == called & methods


def render_settings() -> dict[str, str]:
    """The keys of SetRenderSettings in the stub, with their types as it writes them."""
    (owner,) = [one for one in STUB_TREE.body if isinstance(one, ast.ClassDef) and one.name == "RenderSettings"]
    return {
        one.target.id: ast.unparse(one.annotation)
        for one in owner.body
        if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name)
    }
