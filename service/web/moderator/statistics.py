"""Doors to the figures: what came, what was decided, how soon, by whom, and how rightly."""

from collections.abc import Sequence
from datetime import date

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from models import Site, Status
from service.errors import BadRequestError
from service.figures.statistics import PERIODS, Statistics, statistics
from service.web.context import house
from service.web.moderator.charts import Bar, bars
from service.web.moderator.guarding import guard, own_site, person

bp = Blueprint("statistics", __name__)
guard(bp)

ORDER = (Status.APPROVED, Status.PENDING, Status.SPAM, Status.TRASH)


@bp.get("/statistics")
def show_all() -> ResponseReturnValue:
    """Show the figures of all one's sites together."""
    return _page(None, person().with_role())


@bp.get("/sites/<slug>/statistics")
def show(slug: str) -> ResponseReturnValue:
    """Show the figures of a site."""
    site = own_site(slug)
    return _page(site, [site])


def _page(site: Site | None, sites: Sequence[Site]) -> str:
    days = _days()
    figures = statistics(house(), sites, days)
    return render_template(
        "moderator/statistics.html",
        site=site,
        days=days,
        periods=PERIODS,
        figures=figures,
        order=ORDER,
        charts=_charts(figures),
        short=_short,
        person=person(),
    )


def _charts(figures: Statistics) -> dict[str, str]:
    each = "week" if figures.weekly else "day"
    return {
        "volume": bars(
            "volume",
            f"Comments per {each}",
            "Stacked by where they stand now: approved, pending, spam, trash.",
            [
                Bar(_short(one.first), [(one.counts[status], f"is-{status}") for status in ORDER])
                for one in figures.volume
            ],
        ),
        "spam": bars(
            "spam",
            f"Share of spam per {each}",
            "Of the comments that are approved or spam now.",
            [
                Bar(_short(one.first), [(100 * (one.spam_share or 0.0), "is-spam")])
                for one in figures.volume
            ],
            unit=" %",
        ),
        "waits": bars(
            "waits",
            f"Hours until the first decision, per {each}",
            "Half of the comments were decided sooner than the bar is high.",
            [Bar(_short(one.first), [(one.median, "is-approved")]) for one in figures.waits],
            unit=" h",
        ),
        "load": bars(
            "load",
            "Decisions by moderator",
            "How many decisions each moderator made; undone ones count for who made them.",
            [Bar(one.name[:12], [(one.decisions, "is-approved")]) for one in figures.load],
        ),
    }


def _short(day: date) -> str:
    return day.strftime("%-d %b")


def _days() -> int:
    asked = request.args.get("days", "30")
    if asked not in map(str, PERIODS):
        raise BadRequestError(f"For days, choose one of: {', '.join(map(str, PERIODS))}.")
    return int(asked)
