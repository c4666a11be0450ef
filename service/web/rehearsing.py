"""The page that shows what a change would have done, before it is saved."""

from collections.abc import Sequence

from flask import render_template, request

from models import Policy, RuleKind, RuleVerdict, Site
from service.rehearsal import Rehearsal
from service.rulebook import Entry
from service.web.context import house
from service.web.guarding import person


def policy_rehearsed(site: Site, policy: Policy, rehearsal: Rehearsal, mark: str) -> str:
    """Show what settings would have done.

    Args:
        mark: what the form sends back to show that these very settings were rehearsed.
    """
    return _page(
        site,
        rehearsal,
        policy=policy,
        entries=[],
        files=policy.spam_tray_at is not None,
        holds=policy.links_most is not None,
        proof=policy.publish_proven,
        rehearsed=mark,
        here="site",
        action=f"/sites/{site.slug}",
        leave=f"/sites/{site.slug}",
    )


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
