"""A moderated blog lived through once more: each comment submitted, scored, then decided.

Through the real deeds, on a database of its own that is thrown away, with learning as in
service. Each answer carries the probability that was given before its label was known.
"""

import json
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TextIO

from flask import Flask

from config import load
from models import Comment, Moderator, Role, Site, Status
from models.comment import NAME_LENGTH, WEBSITE_LENGTH
from models.spam import Document
from models.spam.site.refit import refit
from service.app import Outside, create_app
from service.comments.moderate import Actor, decide
from service.comments.submit import Submission, judged, submit
from service.db import db, transaction
from service.errors import DuplicateError, ServiceError, SetupError
from service.house import House
from service.learning.lessons import learn
from service.learning.training import claim_fit
from service.out.trainer import fit_once
from service.queries.comments import comment_by_public_id
from service.queries.sites import give_role, site_by_slug
from service.sites.changes import describe_page, found_site
from service.text.pages import PageError, page_key
from service.text.scoring import ALONE
from service.web.context import HOUSE

ORIGIN = "https://replayed.example.org"
STEP = timedelta(minutes=1)
SLUG = "replayed"
LABELS = {"ham": Status.APPROVED, "spam": Status.SPAM}


@dataclass(slots=True)
class Clock:
    """The time of the line that is played; it never goes back."""

    now: datetime = datetime(2000, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        """Return it."""
        return self.now

    def move_to(self, moment: object) -> None:
        """Move on to a line's time, by a step where it has none or an earlier one."""
        try:
            then = datetime.fromisoformat(str(moment))
        except ValueError:
            then = self.now
        aware = then if then.tzinfo else then.replace(tzinfo=UTC)
        self.now = max(self.now + timedelta(seconds=1), aware) if moment else self.now + STEP


class LineError(SetupError):
    """A line cannot be played; the text says which and why."""


def replay(source: TextIO, out: TextIO, *, model: Path | None = None) -> int:
    """Play labelled comments in time order and answer each with the probability it got.

    Args:
        source: one JSON object a line with `text` and `label` (`ham` or `spam`), as far as
            known `author`, `url`, `title`, `page_text`, `thread` (its page), `time` (ISO 8601),
            `moderator` (who decides; a name).
        model: file of the base model; None = the one shipped.
        out: the same lines with `probability`, `band`, `reasons` and `model` added.

    Raises:
        LineError: a line is no labelled comment.
    """
    clock = Clock()
    with _stage(clock, model) as app, app.app_context():
        stage = Stage(app.extensions[HOUSE], clock)
        for number, line in enumerate(source, 1):
            try:
                row = json.loads(line)
                answer = stage.play(row)
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                raise LineError(f"line {number} is no labelled comment: {error!r}") from error
            out.write(json.dumps(row | answer, ensure_ascii=False) + "\n")
            out.flush()
            db.session.remove()
    return 0


@contextmanager
def _stage(clock: Clock, model: Path | None) -> Iterator[Flask]:
    """Yield an application of its own in a folder that goes with it."""
    with tempfile.TemporaryDirectory(prefix="gatepost-replay-") as folder:
        settings = load(
            {},
            base_url="http://127.0.0.1:1",
            data_dir=str(Path(folder) / "data"),
            key_ring=str(Path(folder) / "keys" / "ring"),
            submissions_burst=1000,
            site_burst=1_000_000,
            site_per_minute=1_000_000,
            email_retention_days=0,
            model=str(model or ""),
        )
        app = create_app(settings, Outside(now=clock))
        try:
            yield app
        finally:
            with app.app_context():
                db.engine.dispose()


class Stage:
    """One site and its moderators, as the lines ask for them."""

    def __init__(self, house: House, clock: Clock) -> None:
        self.house = house
        self.clock = clock
        self.actors: dict[str, Actor] = {}
        self.described: dict[str, tuple[str, str]] = {}
        owner = self._moderator("owner")
        self.site_id = found_site(
            house, slug=SLUG, name="Replayed", origins=[ORIGIN], owner_id=owner
        ).id
        self.actors["owner"] = Actor(owner, [self.site_id])

    def play(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """Submit, score, decide and learn one line; return what is added to it."""
        verdict = LABELS[row["label"]]
        self.clock.move_to(row.get("time"))
        site = site_by_slug(db.session(), SLUG)
        if site is None:
            raise SetupError("the replayed site is gone")
        submission = self._submission(row)
        self._describe(site, submission.page, row)
        try:
            public_id = submit(self.house, site, submission).public_id
        except ServiceError as refusal:
            return self._refused(site, submission, refusal)
        comment = comment_by_public_id(db.session(), public_id)
        if comment is None:
            raise SetupError("a comment was acknowledged and is not there")
        answer = _answer(comment)
        decide(self.house, self._actor(row.get("moderator")), public_id, verdict)
        self._learn()
        return answer

    def _submission(self, row: Mapping[str, Any]) -> Submission:
        # Names and addresses longer than the form takes are cut, as a browser would.
        return Submission(
            page=_page(row.get("thread")),
            text=str(row["text"])[: self.house.settings.comment_max] or " ",
            name=str(row.get("author") or "")[:NAME_LENGTH],
            email=None,
            website=str(row.get("url") or "")[:WEBSITE_LENGTH],
            parent=None,
            title="",
            signals={"origin": True, "honeypot": False},
            network=self.house.token(16).encode(),
        )

    def _describe(self, site: Site, page: str, row: Mapping[str, Any]) -> None:
        told = (str(row.get("title") or "")[:300], str(row.get("page_text") or "")[:40_000])
        if any(told) and self.described.get(page) != told:
            self.described[page] = told
            describe_page(self.house, site, page, title=told[0], text=told[1])

    def _refused(self, site: Site, submission: Submission, refusal: ServiceError) -> dict[str, Any]:
        """Answer for a line that the service would not have taken, a second copy for instance."""
        document = Document(submission.text, submission.name, submission.website)
        scored = judged(db.session(), self.house, site, document, ALONE)
        kind = "duplicate" if isinstance(refusal, DuplicateError) else "refused"
        return {
            "probability": scored.probability,
            "band": scored.band,
            "reasons": scored.reasons,
            "model": scored.model,
            "refused": kind,
        }

    def _learn(self) -> None:
        learn(self.house)
        fit = claim_fit(self.house)
        if fit is not None:
            fit_once(self.house, fit, refit)

    def _actor(self, name: object) -> Actor:
        word = str(name or "owner")
        if word not in self.actors:
            moderator = self._moderator(word)
            with transaction() as session:
                give_role(session, moderator, self.site_id, Role.MODERATOR)
            self.actors[word] = Actor(moderator, [self.site_id])
        return self.actors[word]

    def _moderator(self, name: str) -> int:
        with transaction() as session:
            moderator = Moderator(
                email=f"{len(self.actors)}@staff.example.org",
                name=name[:100],
                password="!",  # noqa: S106 - nobody signs in here
                fs_uniquifier=self.house.token(32),
                active=True,
                operator=True,
                created_at=self.house.now(),
            )
            session.add(moderator)
            session.flush()
            return moderator.id


def _page(thread: object) -> str:
    try:
        return page_key(str(thread or "/page"), [ORIGIN])
    except PageError:
        return "/page"


def _answer(comment: Comment) -> dict[str, Any]:
    return {
        "probability": comment.probability,
        "band": comment.band,
        "reasons": comment.reasons,
        "model": comment.model,
    }
