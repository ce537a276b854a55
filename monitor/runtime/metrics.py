"""Own metrics in the form of Prometheus; names carry their units. No label ever holds a text, a name or an address."""

import resource

from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest


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
        self.sources = Gauge("dabyl_sources", "Sources by how they feel", ["feeling"], registry=self.registry)
        self.queue = Gauge("dabyl_queue_items", "Items that wait for the pipeline", registry=self.registry)
        self.memory = Gauge("dabyl_resident_peak_bytes", "Largest memory of this process", registry=self.registry)

    def text(self) -> bytes:
        """All of them, as Prometheus reads them."""
        self.memory.set(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
        return generate_latest(self.registry)
