"""Rules of the house that no tool knows."""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = ("config", "models", "service")
LONGEST = 400  # lines
LONGEST_TESTS = 650  # lines: the tests of one door stay together
COMMIT = re.compile(r"\.commit\(")
# The one place that commits, and the one that changes tables before anybody is served.
COMMITTING = {"service/db.py", "service/migrate.py"}
OF_THIS_MACHINE = re.compile(r"/(?:home|root|work)/")


def files(*folders, ending=".py"):
    """Our files below these folders, relative to the checkout."""
    found = [path for folder in folders for path in (ROOT / folder).rglob(f"*{ending}")]
    return sorted(path.relative_to(ROOT) for path in found if "__pycache__" not in path.parts)


OURS = [*files(*ROOMS, "tests"), Path("run.py")]


def text(path):
    return (ROOT / path).read_text("utf-8")


def test_there_is_something_to_look_at():
    assert {"config/settings.py", "models/site.py", "service/db.py"} <= set(map(str, OURS))


def test_one_place_commits():
    found = {str(path) for path in files(*ROOMS) if COMMIT.search(text(path))}
    assert found == COMMITTING


@pytest.mark.parametrize("ending", [".py", ".js", ".css", ".html", ".toml"])
def test_no_file_is_too_long_to_read(ending):
    assert longer_than(LONGEST, files(*ROOMS, ending=ending)) == []
    assert longer_than(LONGEST_TESTS, files("tests", ending=ending)) == []


def longer_than(limit, paths):
    return [str(path) for path in paths if len(text(path).splitlines()) > limit]


def test_only_the_settings_read_the_environment():
    found = {
        str(path) for path in files(*ROOMS) if re.search(r"os\.environ|os\.getenv", text(path))
    }
    assert found == {"config/settings.py"}


def test_the_settings_need_the_standard_library_only():
    names = set()
    for path in files("config"):
        for node in ast.walk(ast.parse(text(path))):
            if isinstance(node, ast.Import):
                names |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                names.add(node.module.split(".")[0])
    assert names <= sys.stdlib_module_names | {"config"}


def test_every_exception_to_a_rule_carries_its_reason():
    bare = re.compile(r"# (?:noqa(?:: [A-Z0-9, ]+)?|type: ignore\[[a-z-, ]+\])\s*$", re.MULTILINE)
    assert [str(path) for path in OURS if bare.search(text(path))] == []


def test_no_file_names_a_folder_of_somebodys_machine():
    ours = [*OURS, *files("docs", ending=".md"), *map(Path, ("README.md", "pyproject.toml"))]
    named = [str(p) for p in ours if p.name != "test_house.py" and OF_THIS_MACHINE.search(text(p))]
    assert named == []


def test_the_web_process_loads_neither_scikit_learn_nor_scipy():
    loaded = "import sys, service.app; print({'sklearn', 'scipy'} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", loaded], cwd=ROOT, capture_output=True, check=True, text=True
    )
    assert done.stdout == "set()\n"


def test_every_room_but_the_foundations_stands_in_the_contract_of_layers():
    """Import-linter is told to be exhaustive; this holds even where nobody runs it."""
    contracts = tomllib.loads(text("pyproject.toml"))["tool"]["importlinter"]["contracts"]
    [layers] = [contract["layers"] for contract in contracts if contract.get("exhaustive")]
    named = {name.strip("() ") for layer in layers for name in re.split(r"[|:]", layer)}
    rooms = {path.stem for path in (ROOT / "service").iterdir() if is_room(path)}
    assert rooms <= named


def is_room(path):
    if path.is_dir():
        return (path / "__init__.py").exists()
    return path.suffix == ".py" and path.stem != "__init__"
