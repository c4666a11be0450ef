"""The browser of the browser tests: the system's Chromium, or the one Playwright fetches."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
APT = (
    ["apt-get", "update", "-qq"],
    ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium"],
)
PLAYWRIGHTS_OWN = """
from playwright.sync_api import sync_playwright

with sync_playwright() as playwright:
    print(playwright.chromium.executable_path)
"""
MISSING = (
    "There is no Chromium for the browser tests. Install one (Debian: apt-get install chromium),"
    " or let Playwright fetch one: .venv/bin/playwright install chromium"
)


def executable() -> str | None:
    """The browser's file, None when there is none."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    return found or _playwrights_own()


def see_to_it() -> bool:
    """Install a browser if none is there; says whether one is there now."""
    if executable():
        return True
    if os.geteuid() == 0 and shutil.which("apt-get"):
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        all(_done(command, environment) for command in APT)
    else:
        _done([sys.executable, "-m", "playwright", "install", "chromium"], dict(os.environ))
    return executable() is not None


def _playwrights_own() -> str | None:
    asked = subprocess.run(
        [sys.executable, "-c", PLAYWRIGHTS_OWN], capture_output=True, check=False, text=True
    )
    path = asked.stdout.strip()
    return path if path and Path(path).is_file() else None


def _done(command: list[str], environment: dict[str, str]) -> bool:
    return subprocess.run(command, check=False, env=environment).returncode == 0
