"""Where a new or edited comment goes, by all that is known of it; what is unsure waits."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from models import Policy, Status
from service.intake.alarm import Alarm
from service.text.rulebook import SILENT, Spoken
from service.text.scoring import Scored

NOTE_LENGTH = 200
HELD_HONEYPOT = "A field that people do not see was filled in."
HELD_QUICK = "The form was filled in within %s s."
HELD_LANGUAGE = "The model knows no honest comments in this script, so it files none of them."
HELD_LINKS = "It holds %s links; the site lets a comment with more than %s wait."
HELD_TRUSTED = "Rule: %s is trusted, so the score does not file this."
PROVEN = "Rule: the author proved to be one whose comments were approved here."
TRUSTED_PROVEN = "Rule: this author is trusted, and proved to be the one."
SPAM = "spam"


@dataclass(frozen=True, slots=True)
class Case:
    """What is known of a comment when it is judged.

    Args:
        scored: what the spam check found.
        signals: what was seen outside the text.
        links: links in its text, its website among them.
        spoken: what the site's rules say.
        blind: it is of the random sample that nothing files or publishes.
        proven: it came with proof that the author is one who was approved here.
        remark: what the caller wants a moderator to know; such a comment waits.
    """

    scored: Scored
    signals: Mapping[str, Any] = field(default_factory=dict)
    links: int = 0
    spoken: Spoken = SILENT
    blind: bool = False
    proven: bool = False
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Arrival:
    """Where a comment goes.

    Args:
        note: for its card; empty when there is nothing to say.
        why: by which rule it is published; empty unless it is.
    """

    status: Status
    note: str
    why: str = ""


def arrival(policy: Policy, case: Case) -> Arrival:
    """Say where a new or edited comment goes, and the note for its card.

    Everything waits for a person unless a person set a rule. A rule that blocks files to the tray,
    one that holds lets it wait; then the score files where a threshold is set, but neither what a
    rule trusts nor a language the model does not know. Published is only what `_published_by`
    lets, and nothing with a note. Of the random sample (`blind`) all waits.
    """
    note = _note(policy, case)
    if case.spoken.blocked:
        return Arrival(Status.PENDING if case.blind else Status.SPAM, note)
    if case.spoken.held or case.remark or case.blind:
        return Arrival(Status.PENDING, note)
    if _flagged(policy, case.scored):
        return _flagged_arrival(case, note)
    why = "" if note else _published_by(policy, case)
    return Arrival(Status.APPROVED if why else Status.PENDING, note, why)


def _flagged(policy: Policy, scored: Scored) -> bool:
    """Say whether the site lets a score as high as this file."""
    threshold, probability = policy.spam_tray_at, scored.probability
    return threshold is not None and probability is not None and probability >= threshold


def _flagged_arrival(case: Case, note: str) -> Arrival:
    if not case.scored.known_language:
        return Arrival(Status.PENDING, note or HELD_LANGUAGE)
    if case.spoken.trusted:
        target = case.spoken.entries[-1].target
        return Arrival(Status.PENDING, note or (HELD_TRUSTED % target)[:NOTE_LENGTH])
    return Arrival(Status.SPAM, note)


def _published_by(policy: Policy, case: Case) -> str:
    """Return the rule by which a comment without a note is published; empty: a person decides.

    Never without proof of who wrote it, whatever a rule says: a typed address proves nothing. Nor
    where the check failed, knows no honest comments in the script or calls it spam, where the
    browser did not name a page of the site, or while the site is alarmed.
    """
    scored, signals = case.scored, case.signals
    checked = scored.probability is not None and scored.known_language and scored.band != SPAM
    seen = signals.get("origin") is True and signals.get("alarm") == Alarm.CALM.value
    if not (case.proven and checked and seen):
        return ""
    if case.spoken.author_trusted:
        return TRUSTED_PROVEN
    return PROVEN if policy.publish_proven else ""


def _note(policy: Policy, case: Case) -> str:
    """Return what the moderator should know, the strongest first."""
    found = [case.spoken.note, case.remark, case.scored.note, *_remarks(policy, case)]
    return " ".join(filter(None, found))[:NOTE_LENGTH]


def _remarks(policy: Policy, case: Case) -> list[str]:
    found, signals, most = [], case.signals, policy.links_most
    if most is not None and case.links > most:
        found.append(HELD_LINKS % (case.links, most))
    if signals.get("honeypot"):
        found.append(HELD_HONEYPOT)
    if signals.get("quick"):
        found.append(HELD_QUICK % max(1, math.ceil(signals.get("ticket_age") or 0)))
    return found
