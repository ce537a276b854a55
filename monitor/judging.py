"""One step of judging: what it owes is handed over at once, and those who look are told that something changed."""

from alerts.dispatcher import Dispatcher
from alerts.service import AlertService
from monitor.domain.ports import Bus
from monitor.runtime.metrics import Metrics


async def judged(alerts: AlertService, dispatcher: Dispatcher, bus: Bus, metrics: Metrics) -> bool:
    """Judge what stands in the journal; whether more stands there.

    Raises:
        StoreUnavailableError: nothing of the step was stored.
        LeaseLostError: another process judges now.
    """
    outcome = await alerts.step()
    for note in outcome.notifications:
        metrics.notifications.labels(reason=note.reason.value).inc()
    if outcome.notifications:
        await dispatcher.send_now(outcome.notifications)
    if outcome:
        await bus.publish("changes")
    return outcome.more
