"""A stranger's small blog on a port of its own: it knows Gatepost only by the pasted snippet."""

import html
import http.client
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote, urlsplit

PAGE = "/demo/"
FILES = Path(__file__).with_name("blog")
PATIENCE = 3.0  # seconds the article waits for its comments before it appears without them
LINK = '<p><a href="{service}/s/{site}/form?page={page}">Read the comments</a></p>'
# What an embedded form needs is the last three of these; the blog's own style is the first.
POLICY = (
    "default-src 'none'; style-src 'self'; script-src {service}; connect-src {service};"
    " form-action {service}; base-uri 'none'"
)


class Blog(ThreadingHTTPServer):
    """The blog, and where its comments are kept."""

    daemon_threads = True

    def __init__(self, address: tuple[str, int], service_url: str, site: str) -> None:
        self.service_url = service_url
        self.site = site
        super().__init__(address, Reader)

    def article(self) -> str:
        """Return the article with the snippet, and in it the thread as it stands now."""
        page = FILES.joinpath("article.html").read_text("utf-8")
        page = page.replace("@SERVICE@", self.service_url).replace("@SITE@", self.site)
        link = LINK.format(service=self.service_url, site=self.site, page=PAGE)
        return page.replace(link, self.thread() or link)

    def thread(self) -> str | None:
        """Fetch the thread, so that readers without JavaScript see it; None when it is away."""
        address = urlsplit(self.service_url)
        connection = http.client.HTTPConnection(address.netloc, timeout=PATIENCE)
        try:
            connection.request("GET", f"/s/{self.site}/thread.html?page={quote(PAGE, safe='')}")
            answer = connection.getresponse()
            text = answer.read().decode("utf-8")
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()
        return text if answer.status == http.client.OK else None


class Reader(BaseHTTPRequestHandler):
    """One visit."""

    server: Blog
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Show the article, its style, or the way to it."""
        path = urlsplit(self.path).path
        if path == PAGE:
            self._answer(200, "text/html; charset=utf-8", self.server.article().encode())
        elif path == "/blog.css":
            style = FILES.joinpath("blog.css").read_bytes()
            self._answer(200, "text/css; charset=utf-8", style)
        elif path == "/":
            self._answer(302, "text/plain; charset=utf-8", b"", {"Location": PAGE})
        else:
            self._answer(404, "text/plain; charset=utf-8", b"There is no such page.\n")

    def _answer(
        self, status: int, content_type: str, body: bytes, headers: dict[str, str] | None = None
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        policy = POLICY.format(service=self.server.service_url)
        self.send_header("Content-Security-Policy", policy)
        self.send_header("Cache-Control", "no-cache")
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Say nothing: the service's own log is what the demo shows."""


def article_text() -> str:
    """Return the article's words without markup, as the blog's owner would send them."""
    page = FILES.joinpath("article.html").read_text("utf-8")
    article = page.partition("<article>")[2].partition("</article>")[0]
    return html.unescape(re.sub(r"<[^>]+>", "", article)).strip()


def start_blog(service_url: str, site: str, host: str, port: int) -> Blog:
    """Return the blog, serving in a thread of its own until `shutdown`.

    Args:
        service_url: origin of the comment service.
        site: slug of the blog's site there.
        port: 0 = any free one.
    """
    blog = Blog((host, port), service_url, site)
    threading.Thread(target=blog.serve_forever, name="blog", daemon=True).start()
    return blog
