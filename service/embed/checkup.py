"""The deeds of Check my embed: load a page of the site, say what to mend, try it."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote, urldefrag, urljoin, urlsplit, urlunsplit

from models import Site
from models.site import PAGE_TEXT_LENGTH, TITLE_LENGTH
from service.comments.submit import Accepted, Submission, submit
from service.db import transaction
from service.embed.examination import examine, loaded
from service.embed.finding import Finding, Level, Wanted
from service.embed.key import key_of_page
from service.errors import InvalidError
from service.house import House
from service.http.guarded import Page, Reach, SendError, get
from service.records.audit import note
from service.sites.changes import describe_page
from service.text.pages import PageError, origin_of
from service.text.words import has_forbidden, normal_text

PATIENCE = 10.0  # seconds for the page and all redirects together
MOST_REDIRECTS = 3
REDIRECTS = frozenset({301, 302, 303, 307, 308})
TESTER = "Gatepost check"
TEST_NOTE = "Test comment from Check my embed"
CHECKED = "embed.check"
"""How a check stands in the audit log, with how many problems it found."""
HEADERS = {"User-Agent": "Gatepost (Check my embed)", "Accept": "text/html"}
SAFE = "%/:?#[]@!$&'()*+,;=~-._"
FAILURES = {
    "dns": "The name in this address was not found. Look for a slip in it, or wait until its DNS"
    " entry is known everywhere.",
    "connect": "The server refused the connection. Is it running, and on this port?",
    "timeout": f"The page did not arrive within {PATIENCE:g} seconds.",
    "tls": "No secure connection came about: browsers would not accept the server's certificate"
    " either, or it speaks no TLS there.",
    "protocol": "The server answered something that is no web page.",
}


@dataclass(frozen=True, slots=True)
class Checkup:
    """What was found on a page.

    Args:
        url: where the page was in the end.
        key: page key under which its comments stand.
        title: what the page calls itself.
        text: its words, as much as is kept of them.
    """

    url: str
    key: str
    findings: Sequence[Finding]
    title: str
    text: str

    def count(self, level: str) -> int:
        """Return the number of findings of a level, named by its word."""
        return sum(one.level == level for one in self.findings)


def check_up(
    house: House, site: Site, url: str, *, honeypot: str, reach: Reach | None = None
) -> Checkup:
    """Load a page of the site and say what is right and wrong with its embed.

    That somebody checked, and how many problems there were, is written down.

    Args:
        honeypot: name of the form's field that people do not see.
        reach: how far we reach; None = by the settings.

    Raises:
        InvalidError: no page of the site's, or it could not be loaded; the text says why.
    """
    url, page = _load(site, url, reach or Reach(allow=house.settings.webhook_allow))
    wanted = Wanted(house.settings.base_url, site.slug, site.origins, site.policy, honeypot)
    read = loaded(url, page.status, page.headers, page.body, whole=page.whole)
    found = Checkup(
        url=url,
        key=key_of_page(read, wanted),
        findings=examine(read, wanted),
        title=_clean(read.markup.title)[:TITLE_LENGTH],
        text=_clean(read.markup.text)[:PAGE_TEXT_LENGTH],
    )
    with transaction() as session:
        note(session, house, CHECKED, site.id, problems=found.count(Level.PROBLEM))
    return found


def take_over_words(house: House, site: Site, found: Checkup) -> None:
    """Store the page's title and text: words that stand there are no evidence of spam.

    Raises:
        InvalidError: see `describe_page`.
    """
    describe_page(house, site, found.key, title=found.title, text=found.text)


def send_test(house: House, site: Site, page: str, text: str, network: bytes) -> Accepted:
    """Send a comment that says what it is; it waits for a person, whatever the site's rules.

    Args:
        page: page key under which the page's own comments stand.
        network: keyed digest of the owner's network: the pace is the same for all.

    Raises:
        InvalidError: an empty or too long text, a page the site does not take.
        ServiceError: any other refusal of `submit`.
    """
    text = normal_text(text)
    if not text or has_forbidden(text) or len(text) > house.settings.comment_max:
        most = house.settings.comment_max
        raise InvalidError({"text": [f"Enter a text of 1 to {most:,} characters."]})
    seen = {"origin": True, "honeypot": False, "ticket_age": None}
    return submit(
        house,
        site,
        Submission(
            page=page,
            text=text,
            name=TESTER,
            email=None,
            website="",
            parent=None,
            title="",
            signals=seen,
            network=network,
            language=site.policy.language,
            note=TEST_NOTE,
        ),
    )


def _load(site: Site, url: str, reach: Reach) -> tuple[str, Page]:
    end = time.monotonic() + PATIENCE
    url = urldefrag(url.strip()).url
    for number in range(MOST_REDIRECTS + 1):
        _check_origin(site, url, followed=bool(number))
        try:
            page = get(_ascii(url), HEADERS, reach=reach, deadline=max(0.1, end - time.monotonic()))
        except SendError as error:
            raise InvalidError({"url": [FAILURES.get(error.kind, str(error))]}) from None
        location = next((value for name, value in page.headers if name == "location"), "")
        if page.status not in REDIRECTS or not location:
            return url, page
        url = urldefrag(_joined(url, location)).url
    raise InvalidError({"url": [f"The page leads on more than {MOST_REDIRECTS} times."]})


def _ascii(url: str) -> str:
    """Return an address as it goes over the wire; a browser takes any letters."""
    parts = urlsplit(url)
    try:
        host = (parts.hostname or "").encode("idna").decode() if "[" not in parts.netloc else ""
    except UnicodeError:
        host = ""
    port = "" if parts.port is None else f":{parts.port}"
    netloc = f"{host}{port}" if host else parts.netloc
    path, query = quote(parts.path, safe=SAFE), quote(parts.query, safe=SAFE)
    return urlunsplit((parts.scheme.lower(), netloc, path, query, ""))


def _clean(text: str) -> str:
    return "".join(sign for sign in text if not has_forbidden(sign))


def _joined(url: str, location: str) -> str:
    try:
        return urljoin(url, location)
    except ValueError:
        raise InvalidError({"url": ["The page leads on to no web address."]}) from None


def _check_origin(site: Site, url: str, *, followed: bool) -> None:
    """Refuse an address that is none of the site's: nobody loads other people's pages through us.

    Raises:
        InvalidError: with the site's origins.
    """
    try:
        origin = origin_of(url)
    except PageError as error:
        raise InvalidError({"url": [str(error)]}) from None
    if origin not in site.origins:
        what = "The page leads on to" if followed else "This page lies on"
        own = ", ".join(site.origins)
        message = (
            f"{what} {origin}, which is none of this site's addresses ({own}). Comments from there"
            " are refused; if it is yours, add it in the settings."
        )
        raise InvalidError({"url": [message]})
