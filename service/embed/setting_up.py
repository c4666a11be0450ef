"""How far a site's set-up is, told from what is stored alone: nothing keeps count of it."""

from dataclasses import dataclass

from models import Comment, Site
from service.db import db
from service.embed.checkup import CHECKED, TEST_NOTE
from service.queries import audit, comments

CHANGED = "site.change"
"""How the audit log calls that an owner chose a site's rules, here or in its settings."""


@dataclass(frozen=True, slots=True)
class SettingUp:
    """What is done of a site's set-up.

    Args:
        rules: an owner saved how it moderates.
        page: the newest check of a page found no problem.
        test: the newest test comment.
        in_use: a comment came that is no test; then nothing is left, whatever was skipped.
    """

    rules: bool
    page: bool
    test: Comment | None
    in_use: bool

    @property
    def left(self) -> list[str]:
        """The names of the steps that are not done, in their order."""
        done = {"rules": self.rules, "page": self.page, "comment": self.test is not None}
        return [] if self.in_use else [step for step, is_done in done.items() if not is_done]


def setting_up(site: Site) -> SettingUp:
    """Say how far a site's set-up is; one question where it is in use."""
    session = db.session()
    if comments.other_note_stands(session, site.id, TEST_NOTE):
        return SettingUp(rules=True, page=True, test=None, in_use=True)
    checked = audit.newest_of_act(session, site.id, CHECKED)
    return SettingUp(
        rules=audit.newest_of_act(session, site.id, CHANGED) is not None,
        page=checked is not None and checked.subject.get("problems") == 0,
        test=comments.newest_noted(session, site.id, TEST_NOTE),
        in_use=False,
    )
