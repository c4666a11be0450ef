"""The lock for uv and the lists for pip say the same, and where from is said by neither machine."""

import re
import tomllib
from pathlib import Path
from urllib.parse import urlsplit

import pytest

ROOT = Path(__file__).parents[1]
LOCK = tomllib.loads((ROOT / "uv.lock").read_text("utf-8"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
PACKAGES = [package for package in LOCK["package"] if package["name"] != "gatepost"]
[GATEPOST] = [package for package in LOCK["package"] if package["name"] == "gatepost"]
EXTRAS = [found for extra in GATEPOST["optional-dependencies"].values() for found in extra]
RUN = [*GATEPOST["dependencies"], *EXTRAS]
LISTS = {
    "requirements.lock": RUN,
    "requirements-dev.lock": [*RUN, *GATEPOST["dev-dependencies"]["dev"]],
    "requirements-build.lock": GATEPOST["dev-dependencies"]["build"],
}
LINE = re.compile(r"^([a-z0-9-]+)==(\S+?)(?: ; (.+?))? \\$")
HASH = re.compile(r"^    --hash=(sha256:[0-9a-f]{64})(?: \\)?$")


def listed(name):
    """(package, version) -> hashes, as a list for pip says."""
    found = {}
    for line in (ROOT / name).read_text("utf-8").splitlines():
        if package := LINE.match(line):
            hashes = found.setdefault((package[1], package[2]), set())
        elif digest := HASH.match(line):
            hashes.add(digest[1])
        else:
            pytest.fail(f"{name} has a line that is neither a package nor a hash: {line}")
    return found


def locked(roots):
    """(package, version) -> hashes, of everything the roots lead to in the lock."""
    found, waiting, seen = {}, list(roots), set()
    while waiting:
        wanted = waiting.pop()
        for package in packages_of(wanted):
            files = [*package.get("wheels", []), *filter(None, [package.get("sdist")])]
            found[package["name"], package["version"]] = {file["hash"] for file in files}
            for extra in (None, *wanted.get("extra", [])):
                if (key := (package["name"], package["version"], extra)) not in seen:
                    seen.add(key)
                    waiting += dependencies_of(package, extra)
    return found


def packages_of(wanted):
    """The packages a dependency may mean: several where the version depends on the Python."""
    named = [package for package in PACKAGES if package["name"] == wanted["name"]]
    return [p for p in named if wanted.get("version") in (None, p["version"])]


def dependencies_of(package, extra):
    if extra is None:
        return package.get("dependencies", [])
    return package.get("optional-dependencies", {}).get(extra, [])


@pytest.mark.parametrize("name", LISTS)
def test_a_list_for_pip_holds_the_versions_and_hashes_of_the_lock(name):
    assert listed(name) == locked(LISTS[name])
    assert all(listed(name).values())


def test_the_development_list_is_the_run_time_list_and_more():
    run, development = listed("requirements.lock"), listed("requirements-dev.lock")
    assert run.items() < development.items()


def requirement(text):
    """A requirement as pyproject writes it, in the lock's way of writing."""
    name, extras, specifier, marker = re.match(
        r"([A-Za-z0-9.-]+)(?:\[(.+?)\])?([^;]*)(?:; (.+))?$", text
    ).groups()
    return name.lower(), extras, specifier.replace(" ", ""), plain(marker)


def plain(marker):
    return None if marker is None else frozenset(marker.replace("'", '"').split(" and "))


def recorded(row):
    extras = ",".join(row.get("extras", [])) or None
    marker = row.get("marker")
    marker = None if marker is None else re.sub(r"(?: and )?extra == '\w+'", "", marker) or None
    return row["name"], extras, row.get("specifier", ""), plain(marker)


def sorted_specifier(row):
    name, extras, specifier, marker = row
    return name, extras, frozenset(specifier.split(",")), marker


def test_the_lock_was_made_from_this_pyproject():
    extras = PROJECT["project"]["optional-dependencies"].values()
    wanted = [*PROJECT["project"]["dependencies"], *(row for extra in extras for row in extra)]
    metadata = GATEPOST["metadata"]
    pairs = [(wanted, metadata["requires-dist"])]
    pairs += [(rows, metadata["requires-dev"][name]) for name, rows in groups()]
    for written, kept in pairs:
        assert {sorted_specifier(requirement(row)) for row in written} == {
            sorted_specifier(recorded(row)) for row in kept
        }
    assert LOCK["requires-python"] == PROJECT["project"]["requires-python"]


def groups():
    return PROJECT["dependency-groups"].items()


def test_no_lock_names_a_mirror_or_a_folder_of_the_machine_it_was_made_on():
    sources = {source for package in PACKAGES for source in package["source"].items()}
    assert sources == {("registry", "https://pypi.org/simple")}
    assert GATEPOST["source"] == {"editable": "."}
    urls = [w["url"] for p in PACKAGES for w in [*p.get("wheels", []), p.get("sdist")] if w]
    assert {urlsplit(url).hostname for url in urls} == {"files.pythonhosted.org"}
    for name in LISTS:
        assert "://" not in (ROOT / name).read_text("utf-8")


def test_the_numbers_of_a_fast_package_are_not_pinned_for_every_python():
    versions = {version for name, version in listed("requirements.lock") if name == "numpy"}
    assert len(versions) > 1  # the newest has no wheel for Python 3.11
