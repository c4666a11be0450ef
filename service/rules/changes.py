"""The deeds of an owner on his site's rules: adding them, and ending one."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from models import Rule, RuleKind, RuleVerdict, Site
from models.rule import RULE_NOTE_LENGTH, TYPED_LENGTH
from service.db import transaction
from service.errors import BadRequestError, InvalidError, NotFoundError
from service.house import House
from service.queries import rules as queries
from service.queries.sites import site_held
from service.records.audit import note as note_act
from service.text.rulebook import Entry, host_pattern, word_pattern
from service.text.words import has_forbidden, normal_line

MOST_AT_ONCE = 1000
"""Rules that one form may add."""
MOST_LIVE = 10_000
"""Live rules of a site on hosts and words; the process keeps them in memory."""
NAMED = 5  # mistaken lines that are named one by one
MISTAKES: Mapping[RuleKind, str] = {
    RuleKind.HOST: "“%s” names no host. Enter one like casino.example.",
    RuleKind.WORD: "“%s” holds no word. A beginning like casin* needs two letters or more.",
}
PATTERNS = {RuleKind.HOST: host_pattern, RuleKind.WORD: word_pattern}
VERDICTS: Mapping[RuleKind, tuple[RuleVerdict, ...]] = {
    RuleKind.AUTHOR: (RuleVerdict.BLOCK, RuleVerdict.TRUST),
    RuleKind.HOST: (RuleVerdict.BLOCK, RuleVerdict.TRUST),
    RuleKind.WORD: (RuleVerdict.BLOCK, RuleVerdict.HOLD),
}
NO_VERDICT = {
    RuleKind.AUTHOR: "An author is blocked or trusted.",
    RuleKind.HOST: "A host is blocked or trusted.",
    RuleKind.WORD: "A word blocks or holds; it cannot be trusted.",
}
GONE = "This site knows no such author any more."


@dataclass(frozen=True, slots=True)
class Wanted:
    """Rules that an owner asks for, checked and not yet saved.

    Args:
        entries: the rules, each pattern once.
        note: why, for the list of rules.
    """

    entries: Sequence[Entry]
    note: str = ""


def wanted(kind: RuleKind, verdict: RuleVerdict, typed: str, note: str = "") -> Wanted:
    """Check the hosts or words that an owner typed, one a line.

    Raises:
        InvalidError: a line that names no host or word, none at all, too many, or a verdict that
            rules of this kind do not have.
    """
    errors: dict[str, list[str]] = {}
    lines = [line for line in map(normal_line, typed.splitlines()) if line]
    found, mistaken = _patterns(kind, verdict, lines)
    if mistaken:
        errors["patterns"] = [MISTAKES[kind] % line[:60] for line in mistaken[:NAMED]]
    elif not lines:
        errors["patterns"] = [f"Enter a {kind.value}, or several, one a line."]
    elif len(found) > MOST_AT_ONCE:
        errors["patterns"] = [f"Enter at most {MOST_AT_ONCE:,} at once; you gave {len(found):,}."]
    return _checked(kind, verdict, list(found.values()), note, errors)


def wanted_author(contact_id: int | None, verdict: RuleVerdict, note: str = "") -> Wanted:
    """Check a rule on the author of a comment.

    Raises:
        InvalidError: he gave no address, so nobody would know him again.
    """
    errors: dict[str, list[str]] = {}
    entries = []
    if contact_id is None:
        errors["target"] = ["The author gave no address, so a rule would not know him again."]
    else:
        entries = [Entry(0, RuleKind.AUTHOR, verdict, str(contact_id), "", contact_id)]
    return _checked(RuleKind.AUTHOR, verdict, entries, note, errors)


def _checked(
    kind: RuleKind,
    verdict: RuleVerdict,
    entries: Sequence[Entry],
    note: str,
    errors: dict[str, list[str]],
) -> Wanted:
    note = normal_line(note)
    if verdict not in VERDICTS[kind]:
        errors["verdict"] = [NO_VERDICT[kind]]
    if len(note) > RULE_NOTE_LENGTH or has_forbidden(note):
        errors["note"] = [f"Enter a note of at most {RULE_NOTE_LENGTH} characters."]
    if errors:
        raise InvalidError(errors)
    return Wanted(entries, note)


def _patterns(
    kind: RuleKind, verdict: RuleVerdict, lines: Iterable[str]
) -> tuple[dict[str, Entry], list[str]]:
    found: dict[str, Entry] = {}
    mistaken = []
    for line in lines:
        try:
            if len(line) > TYPED_LENGTH or has_forbidden(line):
                raise ValueError("no pattern")  # noqa: TRY301 - told like the rest
            pattern = PATTERNS[kind](line)
        except ValueError:
            mistaken.append(line)
        else:
            shown = pattern if kind is RuleKind.HOST and pattern.isascii() else line
            found.setdefault(pattern, Entry(0, kind, verdict, pattern, shown))
    return found, mistaken


def add_rules(house: House, site_id: int, moderator_id: int, asked: Wanted) -> list[Rule]:
    """Save rules; return those that are new.

    One that stands already stays as it is; one of the other verdict on the same is ended.

    Raises:
        InvalidError: the author is not known any more, or the site has too many rules.
    """
    with transaction() as session:
        site = site_held(session, site_id)
        fresh = _take_over(session, house, site, moderator_id, asked.entries)
        made = [_rule(house, site_id, moderator_id, entry, asked.note) for entry in fresh]
        session.add_all(made)
        session.flush()  # the log names them
        for rule in made:
            words = {"kind": rule.kind.value, "verdict": rule.verdict.value}
            note_act(session, house, "rule.add", site_id, rule=rule.id, **words)
        site.rules_version += bool(made)
        numbers = queries.live_numbers(session, site_id)
        if (
            sum(number for kind, number in numbers.items() if kind is not RuleKind.AUTHOR)
            > MOST_LIVE
        ):
            raise InvalidError(
                {"patterns": [f"A site has at most {MOST_LIVE:,} rules; end some first."]}
            )
    return made


def _take_over(
    session: Session, house: House, site: Site, moderator_id: int, entries: Sequence[Entry]
) -> list[Entry]:
    """Return the rules that do not stand yet, and end what they contradict."""
    patterns = [entry.pattern for entry in entries]
    standing = {
        (rule.kind, rule.pattern): rule
        for rule in queries.live_of_patterns(session, site.id, patterns)
    }
    fresh = []
    for entry in entries:
        contact = entry.contact_id
        if contact is not None and not queries.author_stays(session, site.id, contact):
            raise InvalidError({"target": [GONE]})
        rule = standing.get((entry.kind, entry.pattern))
        if rule is not None and rule.verdict is entry.verdict:
            continue
        if rule is not None:
            _end(session, house, rule, moderator_id)
        fresh.append(entry)
    session.flush()  # the old one must be ended before the new one may stand
    return fresh


def _rule(house: House, site_id: int, moderator_id: int, entry: Entry, note: str) -> Rule:
    return Rule(
        site_id=site_id,
        kind=entry.kind,
        verdict=entry.verdict,
        pattern=entry.pattern,
        typed=entry.typed,
        contact_id=entry.contact_id,
        note=note,
        made_by_id=moderator_id,
        made_at=house.now(),
    )


def end_rule(house: House, site_id: int, moderator_id: int, number: int) -> Rule:
    """End a rule: comments from now on are not touched by it. Done twice is done.

    Raises:
        NotFoundError: the site has no such rule.
    """
    with transaction() as session:
        site = site_held(session, site_id)
        rule = queries.rule_of_site(session, site_id, number)
        if rule is None:
            raise NotFoundError("There is no such rule.")
        if rule.ended_at is None:
            _end(session, house, rule, moderator_id)
            site.rules_version += 1
    return rule


def _end(session: Session, house: House, rule: Rule, moderator_id: int) -> None:
    rule.ended_at, rule.ended_by_id = house.now(), moderator_id
    note_act(session, house, "rule.end", rule.site_id, rule=rule.id)


def kind_of(word: str) -> RuleKind:
    """Return the kind of rule that a form names.

    Raises:
        BadRequestError: there is none of that name.
    """
    try:
        return RuleKind(word)
    except ValueError:
        raise BadRequestError("A rule is about an author, a host or a word.") from None


def verdict_of(word: str) -> RuleVerdict:
    """Return the verdict that a form names.

    Raises:
        InvalidError: none is chosen.
    """
    try:
        return RuleVerdict(word)
    except ValueError:
        raise InvalidError({"verdict": ["Choose what the rule shall do."]}) from None
