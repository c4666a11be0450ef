"""A served application and a stranger's pages on another origin, both in this process."""

import contextlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from models import Status
from service.app import Outside, create_app, utc_now
from service.comments.moderate import Actor, decide
from service.web.context import HOUSE
from service.web.speech import speaking
from tests.building import found_demo_site
from tests.conftest import settings_of, visitor
from tests.databases import closing_all
from tests.live import live
from tests.service.comments.test_submit import take
from tests.serving import free_port
from tests.web.desk import send_json, set_policy, site_of

TOO_MANY = 429
POLICY = (
    "default-src 'none'; script-src {service}; connect-src {service}; form-action {service};"
    " base-uri 'none'"
)
PAGE = """<!doctype html>
<html lang="{lang}"{more}>
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark"><title>A stranger's page</title></head>
<body><main><h1>A page</h1>
{body}
</main></body></html>"""


class Pages(BaseHTTPRequestHandler):
    """Answers with the stage's pages, under the strictest policy that the embed is made for."""

    def do_GET(self):
        page = self.server.pages.get(urlsplit(self.path).path)
        body = (page or "").encode()
        self.send_response(200 if page else 404)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Security-Policy", self.server.policy)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args):
        pass


class Stage:
    """What a test of the embed stands on.

    Attributes:
        service: address of the application.
        blog: origin of the stranger's pages.
    """

    def __init__(self, app, service, pages):
        self.app = app
        self.service = service
        self._pages = pages
        self.blog = f"http://127.0.0.1:{pages.server_port}"

    @property
    def house(self):
        """The application's house."""
        return self.app.extensions[HOUSE]

    def snippet(self, path, lang="en"):
        """The snippet as the site's page shows it, for one page."""
        settings = self.house.settings
        with self.app.test_request_context(base_url=self.service), speaking(lang):
            text = self.app.jinja_env.get_template("reader/snippet.html").render(
                site="blog", base_url=self.service, sends_mail=settings.sends_mail
            )
        return text.replace("/path/of/this/page/", path)

    def put(self, path, *, lang="en", more="", change=lambda snippet: snippet):
        """Put up a page with the embed and return its address."""
        body = change(self.snippet(path, lang))
        self._pages.pages[path] = PAGE.format(lang=lang, more=more, body=body)
        return self.blog + path

    def put_html(self, path, body, *, lang="en"):
        """Put up a page of any content and return its address."""
        self._pages.pages[path] = PAGE.format(lang=lang, more="", body=body)
        return self.blog + path

    def publish(self, path, text="Words of a reader.", **changes):
        """Let a comment stand on a page; return its public id."""
        public_id = take(self.app, text=text, page=path, **changes).public_id
        self.decide(public_id, Status.APPROVED)
        return public_id

    def decide(self, public_id, status):
        """Decide about a comment as a rule would."""
        with self.app.app_context():
            decide(self.house, Actor(None, [site_of(self.app).id]), public_id, status)

    def send(self, **changes):
        """Send a comment as a program does; returns the answer."""
        host = self.service.removeprefix("http://")
        words = {"comment": f"Words {self.house.token(8)}.", **changes}
        return send_json(visitor(self.app), headers={"Host": host}, **words)

    def fill_slow_lane(self):
        """Let a site under attack have no turn left for our network."""
        assert [self.send().status_code for _ in range(3)][-1] == TOO_MANY

    def set_policy(self, **changes):
        """Change the site's rules."""
        set_policy(self.app, site_of(self.app), **changes)


@contextlib.contextmanager
def staged(databases, folder, *, now=utc_now, **settings):
    """Set a stage and clear it away.

    Args:
        now: the service's clock; browsers keep their own.
    """
    port = free_port()
    service = f"http://127.0.0.1:{port}"
    url = databases.fresh("sqlite")
    app = create_app(settings_of(folder, url, base_url=service, **settings), Outside(now=now))
    pages = ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    pages.pages, pages.policy = {}, POLICY.format(service=service)
    with closing_all(app):
        found_demo_site(app, origins=[f"http://127.0.0.1:{pages.server_port}"])
        thread = threading.Thread(target=pages.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            with live(app, service):
                yield Stage(app, service, pages)
        finally:
            pages.shutdown()
            thread.join()
            pages.server_close()
    databases.drop(url)
