"""The figures: right on small cases, told in words, and bounded on large ones."""

import re
import xml.etree.ElementTree as ET

import pytest

from models import Comment, Role, Status
from service.figures import statistics as figures
from service.web.moderator.charts import Bar, bars
from tests.building import rows
from tests.conftest import visitor
from tests.web.desk import move_to, site_of
from tests.web.moderator.test_queue_lists import comment_in, regrade
from tests.web.staff import hire, sign_in, submit_form

PAGE = "/sites/blog/statistics"


@pytest.fixture
def ana(app_on_both):
    hire(app_on_both, site_of(app_on_both), role=Role.OWNER)
    client = visitor(app_on_both)
    sign_in(client)
    return client


def cells(page, heading):
    """Rows of the table under a heading, as texts."""
    part = page.split(f">{heading}</h2>")[1].split("</section>")[0]
    body = part.split("<tbody>")[1].split("</tbody>")[0]
    plain = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row) for row in body.split("</tr>")]
    return [[re.sub("<[^>]+>", "", cell) for cell in row] for row in plain if row]


def test_what_came_is_counted_by_day_and_by_where_it_stands(app_on_both, ana, clock):
    site = site_of(app_on_both)
    old = comment_in(app_on_both, comment="The day before.")
    clock.move(hours=12)  # midnight UTC, and the end of a session
    sign_in(ana)
    new = [comment_in(app_on_both, comment=f"Today {one}.") for one in range(4)]
    move_to(app_on_both, site, old, Status.APPROVED)
    move_to(app_on_both, site, new[0], Status.SPAM)
    move_to(app_on_both, site, new[1], Status.APPROVED)
    rows_told = cells(ana.get(PAGE).text, "What came")

    assert rows_told[-2] == ["23 Nov", "1", "0", "0", "0", "0.0 %"]
    assert rows_told[-1] == ["24 Nov", "1", "2", "1", "0", "50.0 %"]
    assert len(rows_told) == 30


def test_waits_are_those_of_first_decisions_by_persons(app_on_both, ana, clock):
    ids = [comment_in(app_on_both, comment=f"Comment {one}.") for one in range(3)]
    ruled = comment_in(app_on_both, comment="Decided by a rule.")
    for public_id in ids:
        clock.move(hours=1)
        submit_form(ana, f"/queue/{public_id}", status="approved", version=1)
    submit_form(ana, f"/queue/{ids[0]}", status="spam", version=2)
    move_to(app_on_both, site_of(app_on_both), ruled, Status.SPAM)

    assert cells(ana.get(PAGE).text, "How soon it was decided") == [
        ["23 Nov", "3", "2.0 h", "3.0 h"]
    ]


def test_load_and_undone_decisions_are_told_by_name(app_on_both, ana):
    hire(app_on_both, site_of(app_on_both), "Bob")
    bob = visitor(app_on_both)
    sign_in(bob, "Bob")
    ids = [comment_in(app_on_both, comment=f"Comment {one}.") for one in range(4)]
    for client, public_id in zip((ana, ana, ana, bob), ids, strict=True):
        submit_form(client, f"/queue/{public_id}", status="spam", version=1)
    decision = re.search(r'name="decision" value="(\d+)"', bob.get("/queue").text).group(1)
    submit_form(bob, "/queue/undo", decision=decision)
    page = ana.get(PAGE).text

    assert cells(page, "Who decided") == [["Ana", "3", "75.0 %"], ["Bob", "1", "25.0 %"]]
    assert "1 of 5 decisions took another one back" in page


def test_overturned_scores_are_told_with_their_interval(app_on_both, ana):
    for number in range(4):
        public_id = comment_in(app_on_both, comment=f"Comment {number}.")
        regrade(app_on_both, public_id, "spam", 0.99)
        status = "approved" if number == 0 else "spam"
        submit_form(ana, f"/queue/{public_id}", status=status, version=1)
    page = ana.get(PAGE).text
    assert "<strong>1 of 4</strong> called likely spam were approved in the end: 25.0 %" in page
    assert "None of the kind was decided yet: called likely fine" in page


def test_an_empty_site_has_a_page(app_on_both, ana):
    page = ana.get(PAGE).text
    assert "Nothing waits." in page
    assert "Nothing was decided in this time." in page


@pytest.mark.parametrize("days", ["7", "90", "365"])
def test_every_period_is_told_and_its_charts_are_pictures_with_words(app_on_both, ana, days):
    comment_in(app_on_both)
    page = ana.get(f"/statistics?days={days}").text
    charts = re.findall(r"<svg.*?</svg>", page, re.DOTALL)
    assert len(charts) >= 2
    for chart in charts:
        tree = ET.fromstring(chart)
        assert [one.tag for one in tree][:2] == ["title", "desc"]
        assert "style=" not in chart
    assert sum(chart.count('class="is-pending"') for chart in charts) == 1


@pytest.mark.parametrize("days", ["", "x", "8", "-7"])
def test_another_period_is_refused_in_words(app_on_both, ana, days):
    assert ana.get(f"{PAGE}?days={days}").status_code == 400


def test_a_name_cannot_become_markup_in_a_chart():
    drawn = bars("k", "<i>title</i>", "told", [Bar("<script>", [(1.0, "is-spam")])])
    assert "<script>" not in drawn
    assert "<i>" not in drawn


def test_where_more_came_than_is_looked_at_the_page_says_since_when(app_on_both, ana, monkeypatch):
    monkeypatch.setattr(figures, "MOST", 3)
    for number in range(4):
        comment_in(app_on_both, comment=f"Comment {number}.")
    assert "More came than is looked at here" in ana.get(PAGE).text
    assert len(rows(app_on_both, Comment)) == 4
