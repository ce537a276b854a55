"""Takes Alertmanager v2 alerts by POST and tells a webhook, through our own store and dispatcher.

    python -m bench.alert_front PORT HOOK_URL DIRECTORY [GROUP]

An alert and the message it causes are committed (synced) before the answer 200; messages go out at once, one a group and
request. GROUP is `each`, or labels joined by commas. Stands beside Alertmanager in one run to compare latency, time and
memory; it is no part of the service.
"""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from aiohttp import web

from alerts.dispatcher import Dispatcher
from alerts.receivers import webhook
from monitor.bus.local import LocalBus
from monitor.domain.alerts import Level, Notification, NotificationState, Reason, Severity
from monitor.domain.changes import Change
from monitor.domain.ids import content_id
from monitor.runtime.clock import SystemClock
from monitor.store.state import open_state

HOLDER = "bench"


class Hook(webhook.Receiver):
    """The webhook receiver with Alertmanager's body, so that both can be measured at the same hook."""

    async def send(self, notification: Notification) -> Any:
        async with self._open().post(
            self._url, data=notification.body, headers={"Content-Type": "application/json"}
        ) as answer:
            return webhook._judged(answer)


def group_of(labels: dict[str, str], group: str) -> str:
    if group == "each":
        return json.dumps(labels, sort_keys=True)
    return "|".join(labels.get(name, "") for name in group.split(","))


async def main(port: int, hook: str, directory: Path, group: str) -> None:
    clock = SystemClock()
    state = await open_state(directory / "bench.sqlite3", clock)
    receiver = Hook(webhook.Config(url_secret="U"), {"U": hook}.__getitem__)
    telling = Dispatcher(state=state, receivers={"hook": receiver}, clock=clock, holder=HOLDER)
    ready: asyncio.Queue[list[Notification]] = asyncio.Queue()

    async def post(request: web.Request) -> web.Response:
        groups: dict[str, list[Any]] = {}
        for alert in await request.json():
            groups.setdefault(group_of(alert["labels"], group), []).append({"labels": alert["labels"]})
        now = clock.now()
        notes = [
            Notification(
                id=content_id(name, json.dumps(alerts)), incident=name[:200], alert=None, receiver="hook", reason=Reason.FIRST,
                severity=Severity.HIGH, level=Level.SEEN, created_at=now, event_at=now, due_at=now, subject=name[:100], short="",
                body=json.dumps({"groupKey": name, "alerts": alerts}), state=NotificationState.CLAIMED, claimed_by=HOLDER,
                claimed_until=now.replace(year=now.year + 1),
            )
            for name, alerts in groups.items()
        ]  # fmt: skip
        await state.apply(Change(notifications=tuple(notes)))
        ready.put_nowait(notes)
        return web.Response(text="{}")

    async def send() -> None:
        while True:
            await telling.send_now(await ready.get())

    app = web.Application(client_max_size=64 << 20)
    app.router.add_post("/api/v2/alerts", post)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    async with asyncio.TaskGroup() as group_of_tasks:
        group_of_tasks.create_task(send())
        group_of_tasks.create_task(telling.run(LocalBus()))


if __name__ == "__main__":
    given = [*sys.argv[1:], "alertname,region"]
    asyncio.run(main(int(given[0]), given[1], Path(given[2]), given[3]))
