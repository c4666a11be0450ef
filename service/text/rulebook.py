"""A site's rules as they are applied: what they find in a comment, disguised or not."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from models import Rule, RuleKind, RuleVerdict
from models.search import search_words
from models.spam import Document
from models.spam.links import TOKEN_WORDS, host_of, take_links
from models.spam.text import CAP, FoldedText, fold

DONE = {
    RuleVerdict.BLOCK: "is blocked",
    RuleVerdict.TRUST: "is trusted",
    RuleVerdict.HOLD: "makes this wait",
}
BEGINNING = 2  # letters before a star: fewer would be every other word
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")

Words = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """One rule as it is applied.

    Args:
        id: its row; 0 while it is only rehearsed.
        pattern: as `models.rule.Rule` keeps it.
        typed: as its owner wrote it.
        contact_id: the author's row, for a rule on one.
    """

    id: int
    kind: RuleKind
    verdict: RuleVerdict
    pattern: str
    typed: str = ""
    contact_id: int | None = None

    @property
    def target(self) -> str:
        """What the rule is about, in words."""
        if self.kind is RuleKind.AUTHOR:
            return "this author"
        return f"the {self.kind.value} {self.typed or self.pattern}"

    @property
    def told(self) -> str:
        """What the rule says, as a sentence for the card and the record."""
        return f"Rule: {self.target} {DONE[self.verdict]}."

    @property
    def chip(self) -> str:
        """What the rule says, in as few words as a chip holds."""
        done = {"block": "blocked", "trust": "trusted", "hold": "holds"}[self.verdict.value]
        return f"{self.target.removeprefix('this ').removeprefix('the ')}: {done}"


@dataclass(frozen=True, slots=True)
class Spoken:
    """What the rules of a site say of a comment.

    Args:
        entries: the rules that match, the strongest first, and of equal ones the oldest.
        trusted: the author is, or every host it links to.
        author_trusted: the author is: with proof of who wrote it, it is published.
    """

    entries: Sequence[Entry] = ()
    trusted: bool = False
    author_trusted: bool = False

    @property
    def blocked(self) -> bool:
        """Whether a rule files it to the spam tray."""
        return any(entry.verdict is RuleVerdict.BLOCK for entry in self.entries)

    @property
    def held(self) -> bool:
        """Whether a rule lets it wait, whatever else speaks for it."""
        return any(entry.verdict is RuleVerdict.HOLD for entry in self.entries)

    @property
    def note(self) -> str:
        """What the card says of the strongest rule against it; empty when none is."""
        against = (one for one in self.entries if one.verdict is not RuleVerdict.TRUST)
        first = next(against, None)
        return "" if first is None else first.told


SILENT = Spoken()
_STRENGTH = (RuleVerdict.BLOCK, RuleVerdict.HOLD, RuleVerdict.TRUST)


def entry_of(rule: Rule) -> Entry:
    """Return a stored rule as it is applied."""
    return Entry(rule.id, rule.kind, rule.verdict, rule.pattern, rule.typed, rule.contact_id)


class Rulebook:
    """The rules of a site on hosts and words, ready to be asked about any comment."""

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        self._hosts: dict[str, Entry] = {}
        self._words: dict[str, Entry] = {}
        self._phrases: dict[str, list[tuple[Words, Entry]]] = {}
        self._beginnings: dict[int, dict[str, Entry]] = {}
        for entry in entries:
            if entry.kind is RuleKind.HOST:
                self._hosts[entry.pattern] = entry
            elif entry.kind is RuleKind.WORD:
                self._add_words(entry)

    def _add_words(self, entry: Entry) -> None:
        words = tuple(entry.pattern.split())
        if len(words) > 1:
            self._phrases.setdefault(words[0], []).append((words, entry))
        elif words[0].endswith("*"):
            start = words[0][:-1]
            self._beginnings.setdefault(len(start), {})[start] = entry
        else:
            self._words[words[0]] = entry

    def spoken(self, document: Document, author: Entry | None = None) -> Spoken:
        """Say what the rules find in a comment.

        Args:
            author: the rule on its author, if there is one.
        """
        hosts = hosts_in(document) if self._hosts else frozenset()
        of_hosts = {host: self._of_host(host) for host in hosts}
        found = dict.fromkeys(filter(None, [author, *of_hosts.values()]))
        if self._words or self._phrases or self._beginnings:
            for run in runs_in(document):
                found.update(dict.fromkeys(self._in_run(run)))
        trusts = [one is not None and one.verdict is RuleVerdict.TRUST for one in of_hosts.values()]
        author_trusted = author is not None and author.verdict is RuleVerdict.TRUST
        return Spoken(
            entries=sorted(found, key=lambda one: (_STRENGTH.index(one.verdict), one.id)),
            # One trusted link among others would be a ticket for all of them.
            trusted=author_trusted or (bool(trusts) and all(trusts)),
            author_trusted=author_trusted,
        )

    def _of_host(self, host: str) -> Entry | None:
        """Return the rule on a host or on one above it: a block first, then the nearest."""
        labels = host.split(".")
        names = (".".join(labels[place:]) for place in range(len(labels)))
        found = [self._hosts[name] for name in names if name in self._hosts]
        blocks = (entry for entry in found if entry.verdict is RuleVerdict.BLOCK)
        return next(blocks, found[0] if found else None)

    def _in_run(self, run: Sequence[str]) -> Iterable[Entry]:
        different = set(run)
        yield from (self._words[word] for word in different & self._words.keys())
        for length, starts in self._beginnings.items():
            begun = {word[:length] for word in different}
            yield from (starts[start] for start in begun & starts.keys())
        if different.isdisjoint(self._phrases):
            return
        for place, word in enumerate(run):
            for words, entry in self._phrases.get(word, ()):
                if _stands(words, run[place : place + len(words)]):
                    yield entry


def _stands(words: Words, stretch: Sequence[str]) -> bool:
    if len(stretch) < len(words) or tuple(stretch[:-1]) != words[:-1]:
        return False
    last = words[-1]
    return stretch[-1].startswith(last[:-1]) if last.endswith("*") else stretch[-1] == last


def host_pattern(typed: str) -> str:
    """Return a host as rules keep it: ASCII, without scheme, path, port and `www.`.

    Raises:
        ValueError: it names no host.
    """
    host = _ascii(host_of(typed.strip().removeprefix("*.")))
    labels = host.split(".")
    if len(labels) < 2 or len(host) > 253 or not all(map(_LABEL.fullmatch, labels)):  # noqa: PLR2004 - RFC 1035
        raise ValueError("no host")
    return host


def word_pattern(typed: str) -> str:
    """Return a word or phrase as rules keep it: folded as comments are, one space between words.

    Numbers are kept as they are: folding takes all of them for the same.

    Raises:
        ValueError: it holds no word, or too short a beginning of one.
    """
    star = "*" if typed.rstrip().endswith("*") else ""
    plain = search_words(typed)
    folded = fold(typed)
    numbers = any(word.isdigit() for word in plain)
    replaced = any(token in folded.text for token in TOKEN_WORDS)
    words = plain if numbers or replaced else search_words(folded.text) or plain
    if not words or (star and len(words[-1]) < BEGINNING):
        raise ValueError("no word")
    return " ".join(words) + star


def hosts_in(document: Document) -> frozenset[str]:
    """Return the hosts a comment links to, its website's and disguised ones among them."""
    written = take_links(document.text.casefold())[1].hosts
    # Folding also takes accents off, which makes another domain: such a one is not disguised.
    known = {bare for host in written for bare in _bare(host)}
    disguised = [host for host in _folded(document.text).links.hosts if host not in known]
    website = host_of(document.url) if document.url else ""
    return frozenset(filter(None, map(_ascii, [*written, *disguised, website])))


def runs_in(document: Document) -> Iterable[Sequence[str]]:
    """Return a comment's words in order, as typed and without disguises, field by field."""
    for text in (document.text, document.author):
        yield search_words(text)
        # Folding makes every number a zero, so none of those counts.
        yield ["" if word == "0" else word for word in search_words(_folded(text).text)]
    yield search_words(document.url)


def _folded(text: str) -> FoldedText:
    # All of it, not the windows that a score reads: a word must be found wherever it stands.
    return fold(text, cap=max(CAP, len(text)))


def _bare(host: str) -> Sequence[str]:
    return [host] if host.isascii() else fold(f"https://{host}").links.hosts


def _ascii(host: str) -> str:
    try:
        return host.encode("idna").decode("ascii").lower()
    except UnicodeError:  # a label too long or empty: no such host, but it was written
        return host
