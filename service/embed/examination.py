"""All that is looked at on a page that comments are embedded in."""

from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

from service.embed.content_policy import ContentPolicy, policies_of
from service.embed.finding import Finding, Loaded, Wanted, ok, problem, warning
from service.embed.form import form_findings, our_forms
from service.embed.key import key_findings
from service.embed.markup import Attributes, read
from service.text.language import accepted, language_for

HTML = ("text/html", "application/xhtml+xml")
CHARSETS = frozenset(
    {"iso-8859-1", "iso-8859-2", "iso-8859-15", "us-ascii", "koi8-r", "koi8-u", "shift_jis"}
    | {"euc-jp", "euc-kr", "gbk", "gb18030", "big5"}
    | {f"windows-{number}" for number in range(1250, 1259)}
)
ORDER = {"problem": 0, "warning": 1, "ok": 2}
# With these a form sent to another origin says `Origin: null`.
SILENT = frozenset({"no-referrer", "same-origin"})


def loaded(
    url: str, status: int, headers: Sequence[tuple[str, str]], body: bytes, *, whole: bool = True
) -> Loaded:
    """Return a page as the checks want it."""
    kind = next((value for name, value in headers if name == "content-type"), "")
    charset = kind.lower().partition("charset=")[2].strip(" \"'")
    # Only what browsers take for letters: some of Python's codecs are no such thing, or slow.
    text = body.decode(charset if charset in CHARSETS else "utf-8", "replace")
    markup = read(text)
    return Loaded(url, status, headers, whole, markup, policies_of(headers, markup.policies))


def examine(page: Loaded, wanted: Wanted) -> list[Finding]:
    """Return everything found on a page, the worst first."""
    found = list(_answer(page, wanted))
    if page.status == 200 and _is_html(page):  # noqa: PLR2004 - any other page is not the reader's
        found += form_findings(page, wanted)
        found += key_findings(page, wanted)
        found += _element(page, wanted)
        found += _script(page, wanted)
        found += _policies(page, wanted)
        found += _language(page, wanted)
        found += _referrer(page)
    return sorted(found, key=lambda one: ORDER[one.level])


def _is_html(page: Loaded) -> bool:
    return page.header("content-type").partition(";")[0].strip().lower() in HTML


def _answer(page: Loaded, wanted: Wanted) -> Iterator[Finding]:
    if page.status != 200:  # noqa: PLR2004 - readers get 200
        yield problem(
            f"The page answers {page.status}",
            "Give the address that readers see; nothing else was looked at.",
        )
    elif not _is_html(page):
        kind = page.header("content-type") or "nothing"
        yield problem("This is no HTML page", f"Its Content-Type says {kind}.")
    else:
        yield ok("The page answers")
    if not page.whole:
        yield warning("The page is longer than a megabyte", "Only the first megabyte was read.")
    if urlsplit(page.url).scheme != "https":
        yield warning(
            "The page is not served by https",
            "What readers type there can be read and changed on its way.",
        )
    elif urlsplit(wanted.base_url).scheme != "https":
        yield problem(
            "The page is served by https, this service is not",
            "Browsers refuse the script and the thread, and warn before the form is sent. Put the"
            " service behind https and set base_url.",
        )


def _element(page: Loaded, wanted: Wanted) -> Iterator[Finding]:
    elements = page.markup.elements
    line = f'<gatepost-comments site="{wanted.slug}" page="…">'
    if len(elements) > 1:
        yield warning(f"<gatepost-comments> stands {len(elements)} times on the page", "Keep one.")
    if elements and elements[0].get("site") != wanted.slug:
        yield problem(
            "The element names another site",
            f"Its site is “{elements[0].get('site', '')}”; this one is “{wanted.slug}”.",
            line,
        )
    if not elements and our_forms(page, wanted):
        yield warning(
            "The element round the form is missing",
            "The form works; the script does not find it, so no thread appears on the page.",
            line,
        )


def _script(page: Loaded, wanted: Wanted) -> Iterator[Finding]:
    if not our_forms(page, wanted) and not page.markup.elements:
        return
    line = f'<script type="module" src="{wanted.script}"></script>'
    found = _our_script(page, wanted)
    if found is None:
        yield warning(
            "The script is missing",
            "The form works without it, but the thread does not appear by itself and sending"
            " leaves the page.",
            line,
        )
        return
    address = page.absolute(found["src"])
    if address.partition("?")[0] != wanted.script:
        yield problem("The script comes from elsewhere", f"Its src is “{address}”.", line)
    elif found.get("type", "").strip().lower() != "module":
        yield problem("The script is not loaded as a module", "It stops at its first import.", line)
    elif "integrity" in found:
        yield warning(
            "The script is bound to one version",
            "Its integrity attribute refuses the next version of this service. Take it out, or"
            " change it with every update.",
        )
    else:
        yield ok("The script is there")


def _our_script(page: Loaded, wanted: Wanted) -> Attributes | None:
    named = [
        one
        for one in page.markup.scripts
        if urlsplit(page.absolute(one.get("src", ""))).path.endswith("/embed.js")
    ]
    ours = [one for one in named if page.absolute(one["src"]).startswith(wanted.base_url)]
    return next(iter(ours or named), None)


def _policies(page: Loaded, wanted: Wanted) -> Iterator[Finding]:
    if not page.policies:
        yield ok("No Content-Security-Policy stands in the way")
        return
    found = [one for policy in page.policies for one in _policy(page, policy, wanted)]
    yield from found
    if not found:
        yield ok("The Content-Security-Policy lets this service through")


def _policy(page: Loaded, policy: ContentPolicy, wanted: Wanted) -> Iterator[Finding]:
    if our_forms(page, wanted):
        yield from _form_action(page, policy, wanted)
    script = _our_script(page, wanted)
    if script is not None:
        yield from _script_policy(page, policy, wanted, script.get("nonce", ""))
    hosted = f"{wanted.base_url}/s/{wanted.slug}/form"
    framed = any(page.absolute(one.get("src", "")).startswith(hosted) for one in page.markup.frames)
    if framed and not policy.allows("frame", hosted, page.url):
        yield _blocked("frame", "The frame is blocked", policy, wanted)
    yield from _sandbox(policy, scripted=script is not None)


def _form_action(page: Loaded, policy: ContentPolicy, wanted: Wanted) -> Iterator[Finding]:
    if not policy.allows("form", wanted.action, page.url):
        yield _blocked("form", "Sending the form is blocked", policy, wanted)
    elif wanted.policy.return_to_page and not policy.allows("form", page.url, page.url):
        yield problem(
            "The way back to the page is blocked",
            "The site's settings lead readers without JavaScript back to the page. Chromium"
            " applies form-action to that redirect too: the comment is taken, but the reader sees"
            " nothing happen.",
            policy.mended("form", wanted.base_url, "'self'"),
        )


def _script_policy(
    page: Loaded, policy: ContentPolicy, wanted: Wanted, nonce: str
) -> Iterator[Finding]:
    if not policy.allows("script", wanted.script, page.url, nonce):
        yield _blocked("script", "The script is blocked", policy, wanted)
    if not policy.allows("connect", f"{wanted.base_url}/s/{wanted.slug}/thread.html", page.url):
        yield _blocked(
            "connect", "Loading the thread and sending by script are blocked", policy, wanted
        )
    if "require-trusted-types-for" in policy.directives:
        yield problem(
            "Trusted Types stop the script",
            "The policy says require-trusted-types-for 'script': the thread cannot be put on the"
            " page. Leave that directive out on pages with comments, or use the hosted form in a"
            " frame.",
        )


def _blocked(what: str, title: str, policy: ContentPolicy, wanted: Wanted) -> Finding:
    governing = policy.governing(what)
    name, sources = governing or ("", [])
    where = "in the page's <meta>" if policy.meta else "in the Content-Security-Policy header"
    text = f"“{' '.join([name, *sources])}” {where} does not name this service. Change it to this:"
    if what == "script" and "'strict-dynamic'" in sources:
        text = (
            f"“{' '.join([name, *sources])}” {where} counts nonces only. Give the script tag the"
            " nonce of the page, or drop 'strict-dynamic' and name this service:"
        )
    return problem(title, text, policy.mended(what, wanted.base_url))


def _sandbox(policy: ContentPolicy, *, scripted: bool) -> Iterator[Finding]:
    if policy.meta or "sandbox" not in policy.directives:
        return
    given = {flag.lower() for flag in policy.directives["sandbox"]}
    needed = ["allow-forms", *(["allow-scripts"] if scripted else [])]
    missing = [flag for flag in needed if flag not in given]
    if missing:
        kept = " ".join(["sandbox", *policy.directives["sandbox"], *missing])
        yield problem("The page is in a sandbox", f"It lacks {' and '.join(missing)}.", kept)
    if "allow-same-origin" not in given:
        yield warning(
            "The page's sandbox hides its origin",
            "Comments from it say “Origin: null”; they are taken, with lower trust.",
        )


def _language(page: Loaded, wanted: Wanted) -> Iterator[Finding]:
    tag = page.markup.language
    used = language_for(tag, wanted.policy.language).name
    if not tag:
        yield warning(
            "The page does not say its language",
            f"Readers are spoken to in the site's: {used}.",
            f'<html lang="{wanted.policy.language}">',
        )
    elif not accepted([tag]):
        yield ok(
            "The page's language is none that we speak",
            f"It says “{tag}”; readers are spoken to in {used}.",
        )
    else:
        yield ok(f"Readers are spoken to in {used}", f"The page says “{tag}”.")


def _referrer(page: Loaded) -> Iterator[Finding]:
    header = page.header("referrer-policy").lower().split(",")[-1].strip()
    said = page.markup.referrer or header
    if said in SILENT:
        yield warning(
            f"The page's Referrer-Policy is {said}",
            "The form then says “Origin: null”: comments without JavaScript are taken, with lower"
            " trust.",
            "Referrer-Policy: strict-origin-when-cross-origin",
        )
