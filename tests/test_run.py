"""The starter: nothing but the standard library, and no more work than needed."""

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import run

ROOT = Path(__file__).parents[1]
SOURCE = (ROOT / "run.py").read_text("utf-8")


def test_it_imports_the_standard_library_only():
    names = set()
    for node in ast.walk(ast.parse(SOURCE)):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module.split(".")[0])
    assert names <= sys.stdlib_module_names


def test_an_old_python_can_read_it_as_far_as_the_sentence_about_its_age():
    ast.parse(SOURCE, feature_version=(3, 7))
    before = SOURCE[: SOURCE.index("import fcntl")]
    old = before.replace("import sys", "import types; sys = types.SimpleNamespace(exit=exit)\n"
                         "sys.version_info = (3, 9)", 1)  # fmt: skip
    done = subprocess.run([sys.executable, "-c", old], capture_output=True, check=False, text=True)
    assert done.returncode == 1
    assert "needs Python 3.11 or newer; this is 3.9" in done.stderr


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A checkout of its own whose installer only notes which lists it was given."""
    for name in ("pyproject.toml", *(path.name for path in ROOT.glob("requirements*.lock"))):
        shutil.copy(ROOT / name, tmp_path)
    programs = tmp_path / ".venv" / "bin"
    programs.mkdir(parents=True)
    (programs / "python").symlink_to(sys.executable)
    for name in ("ROOT", "ENVIRONMENT", "PROGRAMS", "PYTHON", "STAMP"):
        moved = tmp_path / getattr(run, name).relative_to(ROOT)
        monkeypatch.setattr(run, name, moved)
    for name in ("BUILD_LOCK", "RUN_LOCK", "DEVELOPMENT_LOCK"):
        monkeypatch.setattr(run, name, tmp_path / getattr(run, name).name)
    return tmp_path


@pytest.fixture
def installed(checkout, monkeypatch):
    """The lists that were installed, one entry a time."""
    given = []

    def note(locks):
        given.append([lock.name for lock in locks])
        return True

    monkeypatch.setattr(run, "_with_uv", note)
    return given


def test_it_installs_once_and_again_only_when_a_lock_changed(checkout, installed):
    run.install(development=False)
    run.install(development=False)
    assert installed == [["requirements-build.lock", "requirements.lock"]]
    with (checkout / "requirements.lock").open("a") as lock:
        lock.write("\n")
    run.install(development=False)
    assert len(installed) == 2


def test_the_development_set_serves_for_running_but_not_the_other_way_round(installed):
    run.install(development=False)
    run.install(development=True)
    run.install(development=False)
    assert [locks[-1] for locks in installed] == ["requirements.lock", "requirements-dev.lock"]


def test_a_broken_environment_is_made_again(checkout, installed):
    run.install(development=False)
    run.PYTHON.unlink()
    run.install(development=False)
    assert len(installed) == 2


def test_an_install_that_failed_is_tried_again(checkout, monkeypatch):
    monkeypatch.setenv("PATH", str(checkout))  # no uv
    monkeypatch.setattr(run, "_same_python", lambda: True)
    monkeypatch.setattr(run, "_done", lambda _: False)
    with pytest.raises(run.InstallError, match=r"requirements-build\.lock"):
        run.install(development=False)
    assert not run.STAMP.exists()


def test_without_ensurepip_it_prints_the_line_that_helps(checkout, monkeypatch):
    monkeypatch.setenv("PATH", str(checkout))  # no uv
    run.PYTHON.unlink()
    monkeypatch.setattr(run.importlib.util, "find_spec", lambda _: None)
    wanted = f"apt-get install python{sys.version_info.major}.{sys.version_info.minor}-venv"
    with pytest.raises(run.InstallError, match=wanted):
        run.install(development=False)


def test_a_uv_that_does_not_work_gives_way_to_pip(checkout, monkeypatch):
    broken = checkout / "uv"
    broken.write_text("#!/bin/sh\nexit 127\n")
    broken.chmod(0o755)
    monkeypatch.setenv("PATH", str(checkout))
    commands = []
    monkeypatch.setattr(run, "_same_python", lambda: True)
    monkeypatch.setattr(run, "_done", lambda command: bool(commands.append(command)) or True)
    run.install(development=False)
    *locks, checkout_itself = commands
    assert {tuple(command[:3]) for command in commands} == {(run.PYTHON, "-m", "pip")}
    assert ["--require-hashes" in command for command in locks] == [True, True]
    assert checkout_itself[-2:] == ["--editable", run.ROOT]


def test_the_program_it_becomes_gets_the_words_and_keeps_its_exit_code(tmp_path):
    program = tmp_path / "program"
    program.write_text('#!/bin/sh\necho "$@"\nexit 7\n')
    program.chmod(0o755)
    script = f"import run; run.become(run.Path({str(program)!r}), 'demo', '--port', '1')"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, check=False, text=True
    )
    assert (done.returncode, done.stdout) == (7, "demo --port 1\n")


def test_no_verb_serves_and_a_verb_is_handed_on(monkeypatch):
    become = []
    monkeypatch.setattr(run, "install", lambda *, development: become.append(development))
    monkeypatch.setattr(run, "become", lambda *words: become.append(words[1:]))
    run.main([])
    run.main(["demo", "--port", "1"])
    assert become == [False, ("serve",), False, ("demo", "--port", "1")]


def test_testing_installs_the_development_set_and_hands_paths_to_the_gate(monkeypatch):
    seen = []
    monkeypatch.setattr(run, "install", lambda *, development: seen.append(development))
    monkeypatch.setattr(os, "execv", lambda _, words: seen.append(words[1:]) or sys.exit(0))
    with pytest.raises(SystemExit):
        run.main(["test", "tests/config"])
    assert seen == [True, ["-m", "tests.gate", "tests/config"]]


def test_ci_runs_the_test_command_of_the_readme_and_nothing_more():
    lines = (ROOT / ".ci" / "run").read_text("utf-8").splitlines()
    commands = [line for line in lines if line and not line.startswith("#")]
    assert commands[0] == "set -euo pipefail"
    assert commands[-1] == "python3 run.py test"
    assert len(commands) == 4
