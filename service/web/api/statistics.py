"""Figures for programs: what came, what was decided, and how soon."""

from datetime import date
from typing import Any

from wtforms import Form, StringField
from wtforms.validators import AnyOf, Optional

from models import Scope, Status
from service.figures.statistics import PERIODS, Wait, statistics
from service.web.api.comment_shape import told
from service.web.api.declaring import Call, Reply, Resource, Schema
from service.web.api.model import SHARE, told_share
from service.web.api.schemas import (
    DAY,
    MOMENT,
    NUMBER,
    TEXT,
    WHOLE,
    YES_OR_NO,
    many,
    maybe,
    named,
    thing,
)
from service.web.context import house

resource = Resource("Statistics", "What came, what was decided, and how soon.")

CHOICE = [str(days) for days in PERIODS]
FIGURES: Schema = named(
    "Statistics",
    thing(
        since=DAY,
        cut={
            **maybe(MOMENT),
            "description": "Since when they really are, where more came than is looked at.",
        },
        weekly={**YES_OR_NO, "description": "By weeks and not by days."},
        volume=many(
            named("Volume", thing(first=DAY, **{status.value: WHOLE for status in Status}))
        ),
        waits=many(named("Wait", thing(first=DAY, number=WHOLE, median=NUMBER, late=NUMBER))),
        load=many(named("Load", thing(name=TEXT, decisions=WHOLE, share=NUMBER))),
        overturned=named("Overturned", thing(spam=SHARE, fine=SHARE)),
        decisions=WHOLE,
        undone=WHOLE,
        sample=SHARE,
        oldest={
            **maybe(MOMENT),
            "description": "Since when the one waits that has waited longest.",
        },
    ),
)


class StatisticsForm(Form):
    """Over which time."""

    days = StringField(
        validators=[Optional(), AnyOf(CHOICE, "Choose one of: %(values)s.")],
        default=CHOICE[0],
        description="The last days, today included.",
    )


@resource.operation(
    "getStatistics", "GET /statistics", scope=Scope.READ, query=StatisticsForm, answer=FIGURES
)
def show(call: Call) -> Reply:
    """Return the figures of the site over the last days; hours for what waited."""
    figures = statistics(house(), [call.site], int(call.query.days.data or CHOICE[0]))
    spam, fine = figures.overturned
    content = {
        "since": _day(figures.since),
        "cut": told(figures.cut),
        "weekly": figures.weekly,
        "volume": [
            {"first": _day(one.first)}
            | {status.value: one.counts.get(status, 0) for status in Status}
            for one in figures.volume
        ],
        "waits": [_told_wait(one) for one in figures.waits],
        "load": [
            {"name": one.name, "decisions": one.decisions, "share": one.share}
            for one in figures.load
        ],
        "overturned": {"spam": told_share(spam), "fine": told_share(fine)},
        "decisions": figures.decisions,
        "undone": figures.undone,
        "sample": told_share(figures.sample),
        "oldest": told(figures.oldest),
    }
    return Reply(content)


def _told_wait(wait: Wait) -> dict[str, Any]:
    return {
        "first": _day(wait.first),
        "number": wait.number,
        "median": wait.median,
        "late": wait.late,
    }


def _day(day: date) -> str:
    return day.isoformat()
