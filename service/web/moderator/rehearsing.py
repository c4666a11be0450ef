"""The page that shows what a change would have done, before it is saved."""

from collections.abc import Sequence

from flask import render_template, request

from models import Policy, RuleKind, RuleVerdict, Site
from service.rules.rehearsal import Rehearsal, rehearse_policy
from service.text.rulebook import Entry
from service.web.context import house
from service.web.moderator.guarding import person


def to_rehearse(before: Policy, after: Policy) -> bool:
    """Say whether a change lets a rule act on comments and its rehearsal was not shown yet."""
    acts = (
        after.spam_tray_at is not None and after.spam_tray_at != before.spam_tray_at,
        after.links_most is not None and after.links_most != before.links_most,
        after.publish_proven and not before.publish_proven,
    )
    return any(acts) and request.form.get("rehearsed") != _acting()


def policy_rehearsed(site: Site, policy: Policy, form: str) -> str:
    """Show what settings would have done.

    Args:
        form: the address that the settings came from and go to once more.
    """
    return _page(
        site,
        rehearse_policy(site, policy),
        policy=policy,
        entries=[],
        files=policy.spam_tray_at is not None,
        holds=policy.links_most is not None,
        proof=policy.publish_proven,
        rehearsed=_acting(),
        here="site",
        action=form,
        leave=form,
    )


def _acting() -> str:
    """Return what was typed of the settings that act on comments, as one line."""
    form = request.form
    links = form.get("links_most", "").strip()
    proven = "proven" if "publish_proven" in form else ""
    typed = (form.get("spam_tray_at", "").strip(), links and f"links={links}", proven)
    return " ".join(filter(None, typed))


def rules_rehearsed(
    site: Site, entries: Sequence[Entry], rehearsal: Rehearsal, mark: str, leave: str
) -> str:
    """Show what further rules would have done.

    Args:
        mark: what the form sends back to show that these very rules were rehearsed.
        leave: the page to go back to without saving.
    """
    first = entries[0]
    return _page(
        site,
        rehearsal,
        policy=site.policy,
        entries=entries,
        files=first.verdict is RuleVerdict.BLOCK,
        holds=first.verdict is RuleVerdict.HOLD,
        proof=(first.kind, first.verdict) == (RuleKind.AUTHOR, RuleVerdict.TRUST),
        rehearsed=mark,
        here="rules",
        action=f"/sites/{site.slug}/rules",
        leave=leave,
    )


def _page(site: Site, rehearsal: Rehearsal, **told: object) -> str:
    return render_template(
        "moderator/rehearsal.html",
        site=site,
        rehearsal=rehearsal,
        blind=house().settings.blind_sample,
        typed=request.form.to_dict(),
        person=person(),
        **told,
    )
