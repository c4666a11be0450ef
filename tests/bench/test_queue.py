"""A page of the queue costs the same however many comments there are: ratios of the same run."""

import statistics
import time

import pytest

from service.queries.listing import PAGE
from tests.checks.queue import house_of

FEW, MANY = 1_000, 30_000  # `python -m tests.checks.queue` does it with 1,000,000
ROUNDS = 9
MOST = 1.5  # times
LISTS = (
    "status=pending",
    "status=pending&band=spam",
    "status=pending&order=spam",
    "status=approved",
    "status=all",
    "status=pending&link=yes",
    "status=pending&page=/page-7",
    "status=all&page=/page-7",
)


@pytest.fixture(scope="module")
def desks(tmp_path_factory, databases):
    """Two houses, one with few and one with many comments, and Ana signed in at each."""

    folder = tmp_path_factory.mktemp("desks")
    return [
        house_of(folder / str(number), databases.fresh("sqlite"), number)[1]
        for number in (FEW, MANY)
    ]


def seconds(client, asked):
    began = time.perf_counter()
    answer = client.get(f"/queue?{asked}")
    took = time.perf_counter() - began
    assert answer.text.count("<article") == PAGE
    return took


@pytest.mark.parametrize("asked", LISTS)
def test_a_page_among_many_comments_costs_what_it_costs_among_few(desks, asked):
    few, many = desks
    ratios = []
    for _ in range(3):
        taken = [(seconds(few, asked), seconds(many, asked)) for _ in range(ROUNDS)]
        ratios.append(
            statistics.median(b for _, b in taken) / statistics.median(a for a, _ in taken)
        )
    assert min(ratios) <= MOST


def test_a_late_page_costs_what_the_first_one_costs(desks):
    _, many = desks
    late = "status=all&before=2026-11-23T08%3A00%3A00%2B00%3A00~15600"
    taken = [(seconds(many, "status=all"), seconds(many, late)) for _ in range(ROUNDS)]
    first, then = (statistics.median(column) for column in zip(*taken, strict=True))
    assert then <= MOST * first
