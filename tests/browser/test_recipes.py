"""The recipes of docs/embed.md, built by the real tools and tried in a real browser."""

import re
import shutil
import sys
from pathlib import Path

import pytest

from tests.serving import ROOT, free_port
from tests.stage import RECIPES, see_them_built_in, stage, tell_the_story

EMBED = (ROOT / "docs" / "embed.md").read_text("utf-8")
# What of a recipe is not for copying: the little site round it.
ROUND_IT = re.compile(
    r"amazon\.(md|rst|astro)$|package\.json$|(baseof|home)\.html$|gatepost-akismet\.php$"
)


def program(name):
    """Return a development dependency's program."""
    return Path(sys.executable).with_name(name)


@pytest.fixture
def place(make_app, sqlite_url, tmp_path):
    """A stage; this machine is an internal target that the operator allowed."""
    service = f"http://127.0.0.1:{free_port()}"
    app = make_app(sqlite_url, base_url=service, webhook_allow="127.0.0.0/8")
    with stage(tmp_path / "stage", app, service) as place:
        yield place


def test_static_html(place, browser):
    def build():
        shutil.copytree(place.source, place.out, dirs_exist_ok=True)

    place.copy("static")
    tell_the_story(place, browser, "/amazon/", build)


def test_hugo(place, browser):
    def build():
        place.run(program("hugo"), "--quiet", "--destination", place.out)

    place.copy("hugo")
    tell_the_story(place, browser, "/amazon/", build)
    see_them_built_in(place, browser, "/amazon/", build)


def test_pelican(place, browser):
    def build():
        place.run(program("pelican"), "-s", "pelicanconf.py", "-o", place.out)

    place.copy("pelican")
    tell_the_story(place, browser, "/amazon.html", build)
    see_them_built_in(place, browser, "/amazon.html", build)


@pytest.mark.parametrize("tool", ["hugo", "pelican"])
def test_a_build_goes_on_when_the_service_is_away(place, tool):
    place.copy(tool)
    for path in filter(lambda path: path.is_file(), place.source.rglob("*")):
        gone = path.read_text("utf-8").replace(place.service, "http://127.0.0.1:1")
        path.write_text(gone, "utf-8")
    commands = {
        "hugo": ("--destination", place.out),
        "pelican": ("-s", "pelicanconf.py", "-o", place.out),
    }

    said = place.run(program(tool), *commands[tool])

    assert "comments:" in said
    [page] = [path for path in place.out.rglob("*.html") if "amazon" in str(path)]
    assert "Read the comments" in page.read_text("utf-8")


def test_the_docs_show_the_recipes_as_they_are_built():
    shown = dict(re.findall(r"<!-- (recipes/\S+) -->\n+```\w+\n(.*?)```", EMBED, re.DOTALL))
    files = {
        f"recipes/{path.relative_to(RECIPES)}": path.read_text("utf-8")
        for path in RECIPES.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }

    assert shown.keys() <= files.keys()
    assert [name for name, text in shown.items() if text != files[name]] == []
    assert [name for name in files.keys() - shown.keys() if not ROUND_IT.search(name)] == []
