"""What a rule would have done, and how often the filter is wrong: both from verdicts given."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from models import Comment, Policy, Site, Status
from service.db import db
from service.queries import rules, verdicts
from service.rules.arrival import Arrival, Case, arrival
from service.rules.ruling import said_by
from service.text.rulebook import Entry, Rulebook, entry_of
from service.text.scoring import Scored

LOOKED_AT = 1000  # newest decided comments
FEW = 50  # decided comments; an unknown blog's first ones move its error most (the model card)
SHOWN = 20  # honest comments named one by one


@dataclass(frozen=True, slots=True)
class Touched:
    """Decided comments that a change would have treated in one way, newest first.

    Args:
        ham, spam: those that a person approved, and those he called spam.
    """

    ham: Sequence[Comment]
    spam: Sequence[Comment]

    @property
    def shown(self) -> Sequence[Comment]:
        """The honest ones that are named one by one."""
        return self.ham[:SHOWN]

    @property
    def shown_spam(self) -> Sequence[Comment]:
        """The spam that is named one by one."""
        return self.spam[:SHOWN]


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What a change of a site's rules would have done to the newest decided comments.

    Args:
        ham, spam: how many of them a person approved, or called spam.
        filed: to the spam tray, unseen.
        spared: they were filed by score, and would have waited in the queue instead.
        held: they would have waited with a remark, even from an author who proves himself.
        published: at once, if their authors had proved themselves.
    """

    ham: int
    spam: int
    filed: Touched
    spared: Touched
    held: Touched
    published: Touched

    @property
    def few(self) -> bool:
        """Whether too little was decided for its counts to say much."""
        return self.ham + self.spam < FEW


@dataclass(frozen=True, slots=True)
class Regime:
    """What a site lets the machine do.

    Args:
        policy: its settings.
        book: its rules on hosts and words.
        authors: its rules on authors, by the author's row.
    """

    policy: Policy
    book: Rulebook
    authors: Mapping[int, Entry]


def rehearse_policy(site: Site, policy: Policy) -> Rehearsal:
    """Say what settings do that file, hold or publish, beside a site on which none does.

    By the very rule that judges comments when they come, on the scores they had then; so nothing
    that was learned from a verdict is used to judge the same comment.
    """
    session = db.session()
    decided = verdicts.decided_comments(session, site.id, LOOKED_AT)
    now = _regime(session, site, decided)
    quiet = replace(policy, spam_tray_at=None, links_most=None, publish_proven=False)
    return _compared(decided, replace(now, policy=quiet), replace(now, policy=policy))


def rehearse_rules(site: Site, entries: Sequence[Entry]) -> Rehearsal:
    """Say what further rules do beside those that stand already, as `rehearse_policy` does."""
    session = db.session()
    decided = verdicts.decided_comments(session, site.id, LOOKED_AT)
    before, after = (_regime(session, site, decided, more) for more in ((), entries))
    return _compared(decided, before, after)


def _regime(
    session: Session, site: Site, decided: Collection[Comment], more: Sequence[Entry] = ()
) -> Regime:
    contacts = {one.contact_id for one in decided if one.contact_id is not None}
    live = [
        *rules.live_rules(session, site.id),
        *rules.rules_on_authors(session, contacts).values(),
    ]
    # A later rule on the same takes the place of an earlier one.
    entries = {(one.kind, one.pattern): one for one in (*map(entry_of, live), *more)}.values()
    authors = {one.contact_id: one for one in entries if one.contact_id is not None}
    return Regime(site.policy, Rulebook(entries), authors)


def _compared(decided: Sequence[Comment], before: Regime, after: Regime) -> Rehearsal:
    effects = [(one, _effect(_arrived(before, one), _arrived(after, one))) for one in decided]
    ham = sum(one.status is Status.APPROVED for one in decided)

    def touched(effect: str) -> Touched:
        found = [one for one, what in effects if what == effect]
        return Touched(
            ham=[one for one in found if one.status is Status.APPROVED],
            spam=[one for one in found if one.status is Status.SPAM],
        )

    return Rehearsal(
        ham=ham,
        spam=len(decided) - ham,
        filed=touched("filed"),
        spared=touched("spared"),
        held=touched("held"),
        published=touched("published"),
    )


def _effect(before: Arrival, after: Arrival) -> str:
    """Return what a change does to a comment; empty when it does nothing."""
    if before.status is not after.status:
        by_status = {Status.SPAM: "filed", Status.APPROVED: "published"}
        if after.status in by_status:
            return by_status[after.status]
        if before.status is Status.SPAM:
            return "spared"
    waits = after.status is Status.PENDING
    return "held" if waits and after.note and not before.note else ""


def _arrived(regime: Regime, comment: Comment) -> Arrival:
    """Say where a stored comment would have gone, had its author proved himself."""
    scored = Scored(
        probability=comment.probability,
        band=comment.band,
        known_language=comment.known_language,
        note="",
    )
    case = Case(
        scored=scored,
        signals=comment.signals,
        links=comment.links,
        spoken=regime.book.spoken(said_by(comment), regime.authors.get(comment.contact_id or 0)),
        proven=comment.contact_id is not None,
    )
    return arrival(regime.policy, case)


@dataclass(frozen=True, slots=True)
class BlindSample:
    """How often the filter is wrong, by comments that nobody's eye was led on.

    Args:
        waiting: of the sample, not decided yet.
        flagged, honest: decided ones at or above the threshold, and how many of those were
            approved: the false alarms.
        passed, missed: decided ones below it, and how many of those were spam.
        threshold: the probability from which the site files or would file.
    """

    waiting: int
    flagged: int
    honest: int
    passed: int
    missed: int
    threshold: float


def blind_sample(site: Site, usual: float) -> BlindSample:
    """Count the blind sample.

    Args:
        usual: the threshold to judge by where the site files nothing.
    """
    threshold = site.policy.spam_tray_at
    at = usual if threshold is None else threshold
    session = db.session()
    flagged, honest = verdicts.blind_verdicts(session, site.id, at, above=True)
    passed, fine = verdicts.blind_verdicts(session, site.id, at, above=False)
    return BlindSample(
        waiting=verdicts.blind_waiting(session, site.id),
        flagged=flagged,
        honest=honest,
        passed=passed,
        missed=passed - fine,
        threshold=at,
    )
