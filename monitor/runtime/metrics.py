"""Own metrics in the form of Prometheus; names carry their units. No label ever holds a text, a name or an address."""

import resource
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Protocol

from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from monitor.domain.backlog import Backlog
from monitor.domain.signals import Signal


class Refusing(Protocol):
    """A store that counts how often it refused something."""

    @property
    def subject(self) -> str: ...  # noqa: D102
    @property
    def refusals(self) -> int: ...  # noqa: D102


class Metrics:
    """The service's counters."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.reports = Counter("dabyl_reports", "Wordings of reports stored", registry=self.registry)
        self.repeats = Counter("dabyl_repeats", "Reports that were known already", registry=self.registry)
        self.set_aside = Counter("dabyl_set_aside", "Reports stored unread because of a bug", registry=self.registry)
        self.signals = Counter("dabyl_signals", "Signals stored", ["family"], registry=self.registry)
        self.notifications = Counter(
            "dabyl_notifications", "Messages that became owed", ["reason"], registry=self.registry
        )
        self.recorded = Counter("dabyl_recorded_signals", "Signals written as series", registry=self.registry)
        self.measurements = Counter("dabyl_measurements", "Measurements judged", registry=self.registry)
        self.rounds = Counter("dabyl_rounds", "Rounds of the network gone through", registry=self.registry)
        self.sources = Gauge("dabyl_sources", "Sources by how they feel", ["feeling"], registry=self.registry)
        self.queue = Gauge("dabyl_queue_items", "Items that wait for the pipeline", registry=self.registry)
        self.shed = Gauge(
            "dabyl_shed_items", "Items let go because each ended the reader's life", registry=self.registry
        )
        self.leads = Gauge("dabyl_lease_held", "1 while this process judges and tells", registry=self.registry)
        self.connected = Gauge("dabyl_bus_connected", "1 while the broker is connected", registry=self.registry)
        self.rings_dropped = Gauge("dabyl_bus_rings_dropped", "Rings that no broker took", registry=self.registry)
        self.uplink_waiting = Gauge("dabyl_uplink_waiting_batches", "Batches without a receipt", registry=self.registry)
        self.uplink_repeated = Gauge("dabyl_uplink_repeated_batches", "Batches sent again", registry=self.registry)
        self.uplink_refused = Gauge("dabyl_uplink_refused_batches", "Batches kept aside", registry=self.registry)
        self.heartbeat = Gauge(
            "dabyl_heartbeat_timestamp_seconds", "When this process last stored its heartbeat", registry=self.registry
        )
        self.owed = Gauge("dabyl_owed_oldest_seconds", "Age of the oldest message that is due", registry=self.registry)
        self.memory = Gauge("dabyl_resident_peak_bytes", "Largest memory of this process", registry=self.registry)

    def watched(self, measurements: int, rounds: int, signals: Sequence[Signal]) -> None:
        """Count what the watch over the network did."""
        self.measurements.inc(measurements)
        self.rounds.inc(rounds)
        for signal in signals:
            self.signals.labels(family=signal.family.value).inc()

    def watch_outbox(self, backlog: Callable[[], Backlog], now: Callable[[], datetime]) -> None:
        """Show what waits in this outbox from now on."""
        self.registry.register(_OutboxMetrics(backlog, now))

    def watch_stores(self, stores: Sequence[Refusing]) -> None:
        """Show from now on how often each store refused something."""
        self.registry.register(_StoreMetrics(stores))

    def text(self) -> bytes:
        """All of them, as Prometheus reads them."""
        self.memory.set(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
        return generate_latest(self.registry)


class _StoreMetrics(Collector):
    def __init__(self, stores: Sequence[Refusing]) -> None:
        self._stores = stores

    def collect(self) -> Iterator[Metric]:
        found = CounterMetricFamily("dabyl_store_refusals", "Times that a store refused something", labels=["store"])
        for store in self._stores:
            found.add_metric([store.subject.removeprefix("part:")], store.refusals)
        yield found


class _OutboxMetrics(Collector):
    def __init__(self, backlog: Callable[[], Backlog], now: Callable[[], datetime]) -> None:
        self._backlog = backlog
        self._now = now

    def collect(self) -> Iterator[Metric]:
        backlog = self._backlog()
        age = (self._now() - backlog.oldest_at).total_seconds() if backlog.oldest_at else 0.0
        yield GaugeMetricFamily("dabyl_outbox_lines", "Lines that wait for InfluxDB", value=backlog.lines)
        yield GaugeMetricFamily("dabyl_outbox_bytes", "Their size on our disk", value=backlog.bytes)
        yield GaugeMetricFamily(
            "dabyl_outbox_age_seconds", "How long the oldest of them has waited", value=max(0.0, age)
        )
        yield GaugeMetricFamily(
            "dabyl_outbox_parked_lines", "Lines that InfluxDB refused for good", value=backlog.parked
        )
        yield CounterMetricFamily("dabyl_outbox_delivered_lines", "Lines that InfluxDB took", value=backlog.delivered)
