"""Figures for Prometheus: the state of the boxes as the database has it, and this process's counts.

What is asked of the database is the same whichever process is scraped: take it once. Counts are of
this process alone: sum them.
"""

import hmac
from collections.abc import Iterator, Mapping
from datetime import datetime

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from models import Job, Mail, Notice
from service.db import db
from service.house import House
from service.meter import DELAYS, Meter
from service.queries import metrics as queries
from service.queries.outbox import lease_clock

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def exposition(house: House) -> bytes:
    """Return all figures as Prometheus' text; those of the database only while it answers."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Figures(house))
    ProcessCollector(registry=registry)
    return generate_latest(registry)


def shows_token(token: str, authorization: str) -> bool:
    """Say whether a request's `Authorization` bears the operator's token."""
    return hmac.compare_digest(authorization.encode(), f"Bearer {token}".encode())


class _Figures(Collector):
    def __init__(self, house: House) -> None:
        self.house = house

    def collect(self) -> Iterator[Metric]:
        try:
            stored = list(_stored(db.session(), self.house))
        except SQLAlchemyError:
            stored = []
        up = GaugeMetricFamily("gatepost_database_up", "Whether the database answered.")
        up.add_metric([], float(bool(stored)))
        yield up
        yield from stored
        yield from _counted(self.house.meter)
        yield from _errands(self.house.meter)


def _gauge(name: str, text: str, label: str, values: Mapping[str, float]) -> Metric:
    family = GaugeMetricFamily(f"gatepost_{name}", text, labels=[label])
    for value, number in values.items():
        family.add_metric([value], number)
    return family


def _counter(name: str, text: str, label: str, values: Mapping[str, float]) -> Metric:
    family = CounterMetricFamily(f"gatepost_{name}", text, labels=[label])
    for value, number in values.items():
        family.add_metric([value], number)
    return family


def _stored(session: Session, house: House) -> Iterator[Metric]:
    now, leases = house.now(), lease_clock(session, house.now())
    yield _gauge(
        "oldest_due_seconds",
        "For how long the oldest piece of work is due; endpoints that rest or are paused left out.",
        "kind",
        {
            "event": _since(queries.oldest_event(session, now), now),
            "webhook": _since(queries.oldest_delivery(session, leases), leases),
            "mail": _since(queries.oldest_of(session, Mail, leases), leases),
            "notice": _since(queries.oldest_of(session, Notice, leases), leases),
            "job": _since(queries.oldest_of(session, Job, now), now),
        },
    )
    counts = queries.delivery_counts(session)
    yield _gauge("deliveries", "Deliveries that are not done.", "state", counts)
    yield _gauge(
        "waiting", "What waits in the other boxes.", "kind", queries.waiting_counts(session)
    )
    states = queries.endpoint_counts(session)
    yield _gauge("endpoints", "Endpoints of all sites.", "state", states)
    resting = GaugeMetricFamily("gatepost_open_breakers", "Endpoints that rest as they failed.")
    resting.add_metric([], queries.open_breakers(session, leases))
    yield resting
    pending = queries.pending_by_site(session)
    yield _gauge("comments_pending", "Comments that wait for a moderator.", "site", pending)


def _since(moment: datetime | None, now: datetime) -> float:
    return 0.0 if moment is None else max(0.0, (now - moment).total_seconds())


def _counted(meter: Meter) -> Iterator[Metric]:
    yield _counter("webhook_attempts", "Webhook attempts.", "outcome", dict(meter.attempts))
    yield _counter("mail_attempts", "Mails tried.", "outcome", dict(meter.mails))
    lost = CounterMetricFamily("gatepost_lost_leases", "Results that came after their lease.")
    lost.add_metric([], meter.lost_leases)
    yield lost
    failed = CounterMetricFamily("gatepost_failed_turns", "Turns of the dispatcher that failed.")
    failed.add_metric([], meter.failed_turns)
    yield failed
    delay = HistogramMetricFamily(
        "gatepost_delivery_delay_seconds",
        "From the moment an event might leave until it was taken.",
    )
    total, buckets = 0, []
    for end, number in zip([*map(str, DELAYS), "+Inf"], meter.delays, strict=True):
        total += number
        buckets.append((end, float(total)))
    delay.add_metric([], buckets, meter.delayed)
    yield delay


def _errands(meter: Meter) -> Iterator[Metric]:
    errands = dict(meter.errands)
    runs = {name: errand.runs for name, errand in errands.items()}
    yield _counter("chore_runs", "Runs of what is done from time to time.", "chore", runs)
    failures = {name: errand.failures for name, errand in errands.items()}
    yield _counter("chore_failures", "Runs that failed.", "chore", failures)
    late = {name: errand.late for name, errand in errands.items()}
    yield _gauge("chore_late_seconds", "How late the last run began.", "chore", late)
    began = {name: errand.began for name, errand in errands.items()}
    yield _gauge("chore_last_run_timestamp_seconds", "When the last run began.", "chore", began)
