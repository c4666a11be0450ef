"""Which page the form says it stands on, and which it does stand on."""

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from service.embed.finding import Finding, Loaded, Wanted, ok, problem, warning
from service.embed.form import our_forms
from service.text.pages import PageError, page_key

PLACEHOLDER = "/path/of/this/page"


@dataclass(frozen=True, slots=True)
class Named:
    """The names a page goes by.

    Args:
        field: what the form's hidden field says; None = there is no such field.
        element: what `<gatepost-comments page>` says, empty when it says nothing.
        canonical: the key of its canonical link, or of its address.
    """

    field: str | None
    element: str
    canonical: str


def named(page: Loaded, wanted: Wanted) -> Named:
    """Return the names a page goes by."""
    forms = our_forms(page, wanted)
    control = forms[0].named("page") or forms[0].named("comment_post_ID") if forms else None
    element = page.markup.elements[0].get("page", "") if page.markup.elements else ""
    canonical = _key(page.absolute(page.markup.canonical), wanted) if page.markup.canonical else ""
    return Named(
        field=None if control is None else control.value.strip(),
        element=element.strip(),
        canonical=canonical or _key(page.url, wanted),
    )


def key_findings(page: Loaded, wanted: Wanted) -> list[Finding]:
    """Say whether the form names the page it stands on."""
    names = named(page, wanted)
    found = list(_canonical(page, wanted))
    if our_forms(page, wanted):
        found += _field(names, wanted)
    if names.field and names.element and names.field != names.element:
        found.append(
            problem(
                "The script and the form name different pages",
                f"The element says “{names.element}”, the field “{names.field}”: with JavaScript"
                " comments go to one page and without to the other. Write the same in both.",
                _element_line(wanted, names.field),
            )
        )
    return found


def key_of_page(page: Loaded, wanted: Wanted) -> str:
    """Return the key under which a comment sent by the page's form would stand."""
    names = named(page, wanted)
    typed = names.field or names.element
    if not typed or typed.startswith(PLACEHOLDER):
        return names.canonical
    return _key(typed, wanted) or names.canonical


def _field(names: Named, wanted: Wanted) -> Iterator[Finding]:
    line = f'<input type="hidden" name="page" value="{_same_kind(names)}">'
    if not names.field:
        yield problem(
            "The form does not say which page it stands on",
            "Without JavaScript no comment would be taken.",
            line,
        )
        return
    if names.field.startswith(PLACEHOLDER):
        yield problem(
            "The page key is still the example",
            "Every page would have the same comments. Put the page's own path or address, by your"
            " generator's variable, in all three places of the snippet.",
            line,
        )
        return
    key = _key(names.field, wanted)
    if not key:
        yield problem(
            "The page key is none of this site's",
            f"“{names.field}” lies on another origin than the site's; its comments are refused.",
            line,
        )
    elif _same(key, names.canonical):
        yield ok("The form names this page", f"Page key: {key}")
    elif "://" in key or key.startswith("/"):
        yield problem(
            "The form names another page",
            f"Its page key is “{key}”, the page is “{_path(names.canonical)}”. If it is the same"
            " on all pages, they share one thread.",
            line,
        )
    else:
        yield ok(
            "The form names this page by a key of your own",
            f"Page key: {key}. See to it that no other page has it.",
        )


def _canonical(page: Loaded, wanted: Wanted) -> Iterator[Finding]:
    canonical = page.markup.canonical
    if canonical and not _key(page.absolute(canonical), wanted):
        yield warning(
            "The canonical link lies on another origin",
            f"It names “{canonical}”. Where the form names no page itself, comments of this page"
            " are refused; and search engines show the other one.",
            f'<link rel="canonical" href="{page.url}">',
        )


def _key(address: str, wanted: Wanted) -> str:
    try:
        return page_key(
            address,
            wanted.origins,
            trailing_slash=wanted.policy.trailing_slash,
            query=wanted.policy.page_query,
        )
    except PageError:
        return ""


def _same(key: str, canonical: str) -> bool:
    return key == canonical if "://" in key else key == _path(canonical)


def _same_kind(names: Named) -> str:
    whole = names.field is not None and "://" in names.field
    return names.canonical if whole else _path(names.canonical)


def _path(key: str) -> str:
    parts = urlsplit(key)
    if not parts.netloc:
        return key
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def _element_line(wanted: Wanted, page: str) -> str:
    return f'<gatepost-comments site="{wanted.slug}" page="{page}">'
