"""A real browser, and the demo as a process of its own."""

import http.client
import os
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from tests.chromium import executable
from tests.serving import ROOT, free_port, pause

RUN = "import sys; from service.demo.run import run_demo; run_demo(*map(int, sys.argv[1:]))"


class Demo:
    """`gatepost demo` as a process of its own."""

    def __init__(self):
        port, blog_port = free_port(), free_port()
        self.port = port
        self.service = f"http://127.0.0.1:{port}"
        self.blog = f"http://127.0.0.1:{blog_port}/demo/"
        self.hosted = f"{self.service}/s/demo/form?page=/demo/"
        self.process = subprocess.Popen(
            [sys.executable, "-c", RUN, str(port), str(blog_port)],
            cwd=ROOT,
            env={name: value for name, value in os.environ.items() if "GATEPOST" not in name},
            stdout=subprocess.PIPE,
            text=True,
        )
        self.lines = [self.process.stdout.readline() for _ in range(3)]
        while not self._ready():
            if self.process.poll() is not None:
                self.process.stdout.close()
                raise RuntimeError(f"the demo stopped at once: {self.lines}")
            pause(0.02)

    def _ready(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=20)
        self.process.stdout.close()


@pytest.fixture(scope="module")
def demo():
    demo = Demo()
    yield demo
    demo.stop()


@pytest.fixture(scope="session")
def browser():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable(), args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def pictures(tmp_path_factory):
    """The folder of the pictures: GATEPOST_PICTURES (docs/images when they are renewed)."""
    folder = os.environ.get("GATEPOST_PICTURES")
    return Path(folder) if folder else tmp_path_factory.mktemp("pictures")
