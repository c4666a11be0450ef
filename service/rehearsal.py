"""What a rule would have done, and how often the filter is wrong: both from verdicts given."""

from collections.abc import Sequence
from dataclasses import dataclass

from models import Comment, Policy, Site, Status
from service.db import db
from service.queries import verdicts
from service.scoring import Scored
from service.submit import arrival

LOOKED_AT = 1000  # newest decided comments
FEW = 50  # decided comments; an unknown blog's first ones move its error most (the model card)
SHOWN = 20  # honest comments named one by one


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What a policy would have filed away of the newest decided comments.

    Args:
        ham, spam: how many of them a person approved, or called spam.
        spam_filed: spam that nobody would have had to look at.
        ham_filed: honest comments that would have been filed away.
        wronged: the newest of those.
    """

    ham: int
    spam: int
    spam_filed: int
    ham_filed: int
    wronged: Sequence[Comment]

    @property
    def few(self) -> bool:
        """Whether too little was decided for its counts to say much."""
        return self.ham + self.spam < FEW


def rehearse(site: Site, policy: Policy) -> Rehearsal:
    """Say what a policy would have done to the newest comments that a person decided.

    By the very rule that files comments when they come, on the scores they had then; so nothing
    that was learned from a verdict is used to judge the same comment.
    """
    decided = verdicts.decided_comments(db.session(), site.id, LOOKED_AT)
    filed = [comment for comment in decided if _filed(policy, comment)]
    wronged = [comment for comment in filed if comment.status is Status.APPROVED]
    ham = sum(comment.status is Status.APPROVED for comment in decided)
    return Rehearsal(
        ham=ham,
        spam=len(decided) - ham,
        spam_filed=len(filed) - len(wronged),
        ham_filed=len(wronged),
        wronged=wronged[:SHOWN],
    )


def _filed(policy: Policy, comment: Comment) -> bool:
    scored = Scored(
        probability=comment.probability,
        band=comment.band,
        known_language=comment.known_language,
        note="",
    )
    return arrival(policy, scored, comment.signals)[0] is Status.SPAM


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
