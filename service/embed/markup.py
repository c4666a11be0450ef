"""A page as a browser would read it, as far as comments are concerned."""

from collections import Counter
from dataclasses import dataclass, field
from html.parser import HTMLParser

Attributes = dict[str, str]

VOID = frozenset(
    "area base br col embed hr img input link meta param source track wbr".split()  # noqa: SIM905 - a list of tags reads better so
)
FIELDS = frozenset({"input", "textarea", "select", "button"})
# Words that are not the page's own: its furniture, and what other people wrote on it.
NOT_THE_TEXT = frozenset(
    {
        "aside",
        "footer",
        "form",
        "gatepost-comments",
        "head",
        "nav",
        "noscript",
        "script",
        "select",
        "style",
        "svg",
        "template",
    }
)
IN_A_LINE = frozenset(
    {"a", "abbr", "b", "bdi", "cite", "code", "em", "i", "mark", "q", "s", "small", "span"}
    | {"strong", "sub", "sup", "time", "u", "var", "wbr", "label", "kbd", "dfn", "del", "ins"}
)


@dataclass(slots=True)
class Control:
    """A field of a form.

    Args:
        hidden: people do not see it, it or something round it being hidden.
        labelled: it has a label.
    """

    tag: str
    name: str
    kind: str
    value: str
    identity: str
    hidden: bool
    labelled: bool


@dataclass(slots=True)
class FoundForm:
    """A form of the page."""

    action: str | None
    method: str
    enctype: str
    controls: list[Control] = field(default_factory=list)

    def named(self, name: str) -> Control | None:
        """Return the first field of a name."""
        return next((one for one in self.controls if one.name == name), None)


@dataclass(slots=True)
class Markup:
    """What a page says of itself, and the parts of it that may be ours.

    Args:
        base: `<base href>`, empty when there is none.
        policies: content of every `<meta http-equiv="Content-Security-Policy">`.
        elements: attributes of every `<gatepost-comments>`.
        text: the words of its article, else of its main part, else all.
    """

    language: str = ""
    title: str = ""
    base: str = ""
    canonical: str = ""
    referrer: str = ""
    policies: list[str] = field(default_factory=list)
    forms: list[FoundForm] = field(default_factory=list)
    elements: list[Attributes] = field(default_factory=list)
    scripts: list[Attributes] = field(default_factory=list)
    frames: list[Attributes] = field(default_factory=list)
    text: str = ""


def read(html: str) -> Markup:
    """Return what a page says."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.finished()


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.markup = Markup()
        self.open: list[tuple[str, bool]] = []  # tag, hidden
        self.depth: Counter[str] = Counter()  # how many of a tag are open, without a search
        self.hidden = 0
        self.form: FoundForm | None = None
        self.labels: set[str] = set()
        self.articles = 0
        self.words: dict[str, list[str]] = {"article": [], "main": [], "body": []}

    def finished(self) -> Markup:
        for form in self.markup.forms:
            for control in form.controls:
                control.labelled = control.labelled or control.identity in self.labels
        self.markup.title = " ".join(self.markup.title.split())
        order = ("article", "main", "body") if self.articles == 1 else ("main", "body")
        texts = (_tidy("".join(self.words[name])) for name in order)
        self.markup.text = next(filter(None, texts), "")
        return self.markup

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in reversed(attrs)}  # the first of two counts
        if tag == "p" and self.open and self.open[-1][0] == "p":
            self._close("p")
        self._break(tag)
        self._note(tag, given)
        if tag in FIELDS and self.form is not None:
            self._control(self.form, tag, given)
        if tag not in VOID:
            hidden = "hidden" in given or "display:none" in given.get("style", "").replace(" ", "")
            self.open.append((tag, hidden))
            self.depth[tag] += 1
            self.hidden += hidden
            self.articles += tag == "article" and self.depth["article"] == 1

    def handle_endtag(self, tag: str) -> None:
        self._break(tag)
        if tag == "form":
            self.form = None
        if self.depth[tag]:
            self._close(tag)

    def handle_data(self, data: str) -> None:
        if self.depth["title"] and not self.depth["svg"]:
            self.markup.title += data
        elif self.depth["textarea"] and self.form is not None and self.form.controls:
            self.form.controls[-1].value += data
        if any(self.depth[tag] for tag in NOT_THE_TEXT) or self.depth["title"]:
            return
        self._say(data)

    def _say(self, words: str) -> None:
        self.words["body"].append(words)
        for name in ("main", "article"):
            if self.depth[name]:
                self.words[name].append(words)

    def _break(self, tag: str) -> None:
        if tag not in IN_A_LINE:
            self._say("\n")

    def _close(self, tag: str) -> None:
        found = ""
        while found != tag:
            found, hidden = self.open.pop()
            self.depth[found] -= 1
            self.hidden -= hidden

    def _note(self, tag: str, given: Attributes) -> None:
        markup = self.markup
        match tag:
            case "html":
                markup.language = given.get("lang", "").strip()
            case "base":
                markup.base = markup.base or given.get("href", "").strip()
            case "link" if "canonical" in given.get("rel", "").lower().split():
                markup.canonical = markup.canonical or given.get("href", "").strip()
            case "meta":
                self._meta(given)
            case "form" if self.form is None:
                self._form(given)
            case "label":
                self.labels.add(given.get("for", ""))
            case "gatepost-comments" | "script" | "iframe":
                self._part(tag, given)

    def _part(self, tag: str, given: Attributes) -> None:
        markup = self.markup
        lists = {"script": markup.scripts, "iframe": markup.frames}
        lists.get(tag, markup.elements).append(given)

    def _meta(self, given: Attributes) -> None:
        content = given.get("content", "")
        if given.get("http-equiv", "").strip().lower() == "content-security-policy":
            self.markup.policies.append(content)
        if given.get("name", "").strip().lower() == "referrer":
            self.markup.referrer = content.strip().lower()

    def _form(self, given: Attributes) -> None:
        action = given.get("action")
        self.form = FoundForm(
            action=None if action is None else action.strip(),
            method=given.get("method", "").strip().lower() or "get",
            enctype=given.get("enctype", "").strip().lower(),
        )
        self.markup.forms.append(self.form)

    def _control(self, form: FoundForm, tag: str, given: Attributes) -> None:
        kind = given.get("type", "submit" if tag == "button" else "").lower()
        form.controls.append(
            Control(
                tag=tag,
                name=given.get("name", ""),
                kind=kind,
                value=given.get("value", ""),
                identity=given.get("id", ""),
                hidden=bool(self.hidden) or kind == "hidden" or "hidden" in given,
                labelled=bool(self.depth["label"] or given.get("aria-label")),
            )
        )


def _tidy(text: str) -> str:
    lines = (" ".join(line.split()) for line in text.split("\n"))
    return "\n".join(filter(None, lines))
