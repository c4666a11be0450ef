"""The form on a page: where it sends to, and what it sends."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from service.embed.finding import Finding, Loaded, Wanted, ok, problem, warning
from service.embed.markup import Control, FoundForm

URLENCODED = "application/x-www-form-urlencoded"
LABELS = {"comment": "Comment", "author": "Name", "email": "Email", "url": "Website"}
HOSTED = "/form"
SNIPPET = "The snippet on the site's settings page has it; paste it whole."


def our_forms(page: Loaded, wanted: Wanted) -> list[FoundForm]:
    """Return the forms that are, or were meant to be, for comments here."""
    host = urlsplit(wanted.base_url).netloc
    found = []
    for form in page.markup.forms:
        parts = urlsplit(page.absolute(form.action or ""))
        ours = parts.netloc == host or (parts.path.startswith("/s/") and parts.path.count("/") == 3)  # noqa: PLR2004 - /s/{site}/comments
        if ours and parts.path.endswith("/comments"):
            found.append(form)
    return found or [form for form in page.markup.forms if form.named("comment") is not None]


def form_findings(page: Loaded, wanted: Wanted) -> list[Finding]:
    """Say whether there is one form that sends a comment here."""
    forms = our_forms(page, wanted)
    if not forms:
        return [_framed(page, wanted) or _missing(page)]
    found = []
    if len(forms) > 1:
        found.append(
            warning(
                f"There are {len(forms)} comment forms on the page",
                "Readers use the one they meet, and ids stand twice. Keep one; only the first was"
                " looked at.",
            )
        )
    form = forms[0]
    return [*found, *_action(page, form, wanted), *_method(form), *_fields(form, wanted)]


def _missing(page: Loaded) -> Finding:
    text = (
        "The page as it is delivered has no comment form. If a script of yours builds it, readers"
        " without JavaScript have none, and it cannot be checked here. "
    )
    if page.markup.elements:
        text = "The element <gatepost-comments> is there, but the form inside it is missing. "
    return problem("The form is missing", text + SNIPPET)


def _framed(page: Loaded, wanted: Wanted) -> Finding | None:
    path = f"/s/{wanted.slug}{HOSTED}"
    for frame in page.markup.frames:
        address = page.absolute(frame.get("src", ""))
        if address.startswith(f"{wanted.base_url}{path}?"):
            if "page=" in urlsplit(address).query:
                return ok("The page shows the hosted form in a frame")
            return problem(
                "The frame does not say which page it stands on",
                "Add the page's key to the frame's address.",
                f"{wanted.base_url}{path}?page=/path/of/this/page/&frame=1",
            )
    return None


def _action(page: Loaded, form: FoundForm, wanted: Wanted) -> Iterator[Finding]:
    line = f'<form action="{wanted.action}" method="post">'
    if not form.action:
        yield problem("The form has no action", "It would send to the page itself.", line)
        return
    there, right = urlsplit(page.absolute(form.action)), urlsplit(wanted.action)
    if (there.scheme, there.netloc, there.path) == (right.scheme, right.netloc, right.path):
        yield ok("The form sends to this service and this site")
    elif there.netloc == urlsplit(page.url).netloc:
        yield problem(
            "The form sends to your own site",
            f"Its action is “{form.action}”; write the service's whole address.",
            line,
        )
    elif there.netloc != right.netloc:
        yield problem(
            "The form sends to another service", f"Its action names “{there.netloc}”.", line
        )
    elif there.path != right.path:
        yield problem(
            "The form sends to another site",
            f"Its action ends with “{there.path}”, this site's with “{right.path}”.",
            line,
        )
    else:
        yield problem(
            f"The form sends to {there.scheme}:// instead of {right.scheme}://",
            "A redirect would lose the comment, or the browser warns the reader.",
            line,
        )


def _method(form: FoundForm) -> Iterator[Finding]:
    if form.method != "post":
        yield problem(
            "The form does not use POST",
            "The comment and the email address would stand in the address bar, and nothing is"
            " taken.",
            'method="post"',
        )
    if form.enctype not in ("", URLENCODED):
        yield problem(
            f"The form's enctype is {form.enctype}",
            "It is not taken. Remove the attribute.",
        )


def _fields(form: FoundForm, wanted: Wanted) -> Iterator[Finding]:
    needed = {"comment": True, "author": wanted.policy.require_name}
    needed |= {"email": wanted.policy.require_email, "url": False}
    missing = [name for name in LABELS if form.named(name) is None]
    for name in missing:
        if needed[name]:
            yield problem(
                f"The field “{name}” is missing",
                "The site's settings ask for it: without it no comment is taken.",
                _line_of(name),
            )
        elif name in ("author", "email"):
            yield warning(f"The field “{name}” is missing", "Readers may leave none.")
    yield from _labels(form)
    yield from _trap(form.named(wanted.honeypot), wanted.honeypot)
    if not any(one.kind in ("submit", "image") for one in form.controls):
        yield warning("The form has no button to send it", "Add one: <button>Post Comment</button>")
    if not any(needed[name] for name in missing):
        yield ok("The form has every field it needs")


def _labels(form: FoundForm) -> Iterator[Finding]:
    bare = [
        name
        for name in LABELS
        if (control := form.named(name)) is not None and not control.hidden and not control.labelled
    ]
    for name in bare:
        control = form.named(name)
        identity = (control.identity if control else "") or name
        yield warning(
            f"The field “{name}” has no label",
            "Readers who do not see the page are not told what it is for.",
            f'<label for="{identity}">{LABELS[name]}</label>',
        )


def _trap(control: Control | None, name: str) -> Iterator[Finding]:
    line = (
        f'<p hidden><label for="gp-{name}">Leave this empty</label>'
        f' <input id="gp-{name}" name="{name}" tabindex="-1" autocomplete="off"></p>'
    )
    if control is None:
        yield warning("The trap for bots is missing", "It costs readers nothing.", line)
    elif not control.hidden:
        yield problem(
            "The trap for bots can be seen",
            "Readers will fill it in, and their comments are taken for a bot's. If your own style"
            " hides it, hide it in the page too.",
            line,
        )


def _line_of(name: str) -> str:
    label = f'<label for="{name}">{LABELS[name]}</label>'
    if name == "comment":
        return f'{label} <textarea id="comment" name="comment" rows="8" required></textarea>'
    kind, complete = ("email", "email") if name == "email" else ("text", "name")
    return f'{label} <input id="{name}" name="{name}" type="{kind}" autocomplete="{complete}">'
