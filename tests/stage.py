"""A static site made by a recipe of the docs, and the service it has its comments from."""

import contextlib
import functools
import shutil
import subprocess
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import sqlalchemy as sa
from playwright.sync_api import expect

from models import Comment, Status
from service.db import db
from service.embed.checkup import check_up
from service.embed.finding import Level
from service.sites.changes import change_site
from service.web.context import HOUSE
from service.web.forms import HONEYPOT
from tests.live import live
from tests.serving import ROOT
from tests.web.desk import move_to, site_of

RECIPES = ROOT / "docs" / "recipes"
SERVICE = "https://comments.example.org"
BLOG = "https://blog.example.org"
WITH, WITHOUT = "Sent with JavaScript.", "Sent without JavaScript."


class Stage:
    """Where a recipe is built, served, and written under.

    `source` is the recipe with our own addresses put in; what a build leaves in `out` is served.
    """

    def __init__(self, folder, app, service, blog):
        self.source, self.out = folder / "source", folder / "out"
        self.app, self.service, self.blog = app, service, blog

    def copy(self, tool):
        """Copy a recipe and put the addresses in, as its reader is told to."""
        shutil.copytree(RECIPES / tool, self.source, dirs_exist_ok=True)
        for path in filter(lambda path: path.is_file(), self.source.rglob("*")):
            text = path.read_text("utf-8")
            path.write_text(text.replace(SERVICE, self.service).replace(BLOG, self.blog), "utf-8")

    def run(self, *command):
        """Run a tool in the recipe's folder; what it says is shown when it fails."""
        done = subprocess.run(
            [str(part) for part in command],
            cwd=self.source,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        return done.stdout + done.stderr

    def problems(self, path):
        """Return what Check my embed finds to mend on a page."""
        with self.app.app_context():
            found = check_up(
                self.app.extensions[HOUSE],
                site_of(self.app),
                f"{self.blog}{path}",
                honeypot=HONEYPOT,
            )
        bad = [one.title for one in found.findings if one.level is not Level.OK]
        return [title for title in bad if title != "The page is not served by https"]

    def approve_all(self):
        """Approve every comment that waits; return their texts."""
        with self.app.app_context():
            query = sa.select(Comment).where(Comment.status == Status.PENDING)
            waiting = [(one.public_id, one.text) for one in db.session.scalars(query)]
        for public_id, _text in waiting:
            move_to(self.app, site_of(self.app), public_id, Status.APPROVED)
        return sorted(text for _public_id, text in waiting)


@contextlib.contextmanager
def stage(folder, app, service):
    """A stage for one recipe until the block ends; the site `blog` becomes the recipe's."""
    (folder / "out").mkdir(parents=True)
    handler = functools.partial(_Quiet, directory=folder / "out")
    blog = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=blog.serve_forever, args=(0.05,), daemon=True).start()
    origin = f"http://127.0.0.1:{blog.server_port}"
    with app.app_context():
        site = site_of(app)
        change_site(
            app.extensions[HOUSE], site.id, name=site.name, origins=[origin], policy=site.policy
        )
    try:
        with live(app, service):
            yield Stage(folder, app, service, origin)
    finally:
        blog.shutdown()
        blog.server_close()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format, *args):  # noqa: A002 - the library's name
        """Say nothing."""


def tell_the_story(stage, browser, path, build):
    """Post with JavaScript and without; once approved both stand on the page.

    Args:
        path: of the recipe's page.
        build: builds the recipe into `stage.out`.
    """
    build()
    assert stage.problems(path) == []
    with window(browser) as page:
        page.goto(stage.blog + path)
        expect(page.get_by_label("Save my name")).to_be_visible()  # the script has come
        post(page, WITH)
        expect(page.locator(".gp-status")).to_contain_text("awaiting moderation")
    with window(browser, java_script_enabled=False) as page:
        page.goto(stage.blog + path)
        post(page, WITHOUT)
        expect(page.get_by_role("heading", name="Comment received")).to_be_visible()
    assert stage.approve_all() == [WITH, WITHOUT]
    with window(browser) as page:
        page.goto(stage.blog + path)
        expect(page.locator(".gp-text")).to_have_text([WITH, WITHOUT])


def see_them_built_in(stage, browser, path, build):
    """Build again: the comments stand in the page's own HTML."""
    build()
    assert stage.problems(path) == []
    with window(browser, java_script_enabled=False) as page:
        page.goto(stage.blog + path)
        expect(page.locator(".gp-text")).to_have_text([WITH, WITHOUT])


@contextlib.contextmanager
def window(browser, **options):
    """A fresh browser window."""
    context = browser.new_context(**options)
    try:
        yield context.new_page()
    finally:
        context.close()


def post(page, text):
    """Fill the form in and send it."""
    for name, value in (("comment", text), ("author", "Ana"), ("email", "ana@example.org")):
        page.locator(f"#{name}").fill(value)
    page.get_by_role("button", name="Post Comment").click()
