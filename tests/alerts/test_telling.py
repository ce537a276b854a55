"""Telling: messages are handed over, tried again, parked, and one slow receiver delays nobody; real servers on loopback."""

import asyncio
import hashlib
import hmac
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web
from aiosmtpd.handlers import Message
from aiosmtpd.smtp import SMTP

from alerts.dispatcher import Dispatcher
from alerts.message import safe
from alerts.receivers import kind, kind_names
from monitor.bus.local import LocalBus
from monitor.domain.alerts import Level, Notification, NotificationState, Reason, Receipt, Severity
from monitor.domain.changes import Change, Query
from monitor.domain.errors import DeliveryError
from monitor.runtime.clock import SimulatedClock
from tests.fakes.state import MemoryState

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)


def note(name: str = "n", receiver: str = "r") -> Notification:
    return Notification(
        id=name, incident="i", alert="a", receiver=receiver, reason=Reason.FIRST, severity=Severity.HIGH, level=Level.SEEN,
        created_at=NOON, event_at=NOON, due_at=NOON, subject="Алматы: протест\r\nBcc: x@y.z", short="s", body="Где: Алматы",
    )  # fmt: skip


class Scripted:
    """A receiver that answers as told: errors first, then receipts."""

    def __init__(self, *errors: DeliveryError) -> None:
        self.errors = list(errors)
        self.got: list[Notification] = []

    async def send(self, notification: Notification) -> Receipt:
        if self.errors:
            raise self.errors.pop(0)
        self.got.append(notification)
        return Receipt(reference="ok")

    async def close(self) -> None:
        return None


async def test_a_failed_message_is_tried_again_and_arrives_once(clock: SimulatedClock) -> None:
    clock.move_to(NOON)
    state, receiver = MemoryState(), Scripted(DeliveryError("busy"), DeliveryError("busy", retry_after_seconds=60))
    telling = Dispatcher(state=state, receivers={"r": receiver}, clock=clock, holder="h")
    await state.apply(Change(notifications=(note(),)))
    for _ in range(30):
        await telling.drain_once()
        clock.advance(30)
    assert [found.id for found in receiver.got] == ["n"]
    assert [attempt.succeeded for attempt in await state.attempts("n")] == [False, False, True]


async def test_a_message_refused_for_good_is_parked_and_blocks_nobody(clock: SimulatedClock) -> None:
    clock.move_to(NOON)
    state = MemoryState()
    bad, good = Scripted(*[DeliveryError("400", permanent=True)] * 9), Scripted()
    telling = Dispatcher(state=state, receivers={"bad": bad, "good": good}, clock=clock, holder="h")
    await state.apply(Change(notifications=(note("1", "bad"), note("2", "good"))))
    for _ in range(30):
        await telling.drain_once()
        clock.advance(60)
    states = {found.id: found.state for found in await state.notifications(Query())}
    assert states == {"1": NotificationState.PARKED, "2": NotificationState.SENT}


async def test_a_receiver_down_for_six_hours_gets_its_message_late_and_marked(clock: SimulatedClock) -> None:
    clock.move_to(NOON)
    state, receiver = MemoryState(), Scripted(*[DeliveryError("down")] * 60)
    telling = Dispatcher(state=state, receivers={"r": receiver}, clock=clock, holder="h")
    await state.apply(Change(notifications=(note(),)))
    for _ in range(400):
        await telling.drain_once()
        clock.advance(60)
    (got,) = receiver.got
    assert got.subject.startswith("[LATE, of 2026-01-05 12:00 UTC]")


async def test_a_bug_in_a_receiver_is_a_failed_try(clock: SimulatedClock) -> None:
    class Buggy(Scripted):
        async def send(self, notification: Notification) -> Receipt:
            raise KeyError(notification.id)

    clock.move_to(NOON)
    state = MemoryState()
    await state.apply(Change(notifications=(note(),)))
    await Dispatcher(state=state, receivers={"r": Buggy()}, clock=clock, holder="h").drain_once()
    (attempt,) = await state.attempts("n")
    assert attempt.error == "a bug in the receiver: KeyError"


class Hanging(Scripted):
    """A receiver that answers when it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.may_answer = asyncio.Event()
        self.asked = asyncio.Event()

    async def send(self, notification: Notification) -> Receipt:
        self.asked.set()
        await self.may_answer.wait()
        return await super().send(notification)


def born(name: str, receiver: str, at: datetime) -> Notification:
    until = at + timedelta(seconds=120)
    return replace(
        note(name, receiver), state=NotificationState.CLAIMED, claimed_by="h", claimed_until=until, created_at=at
    )


async def told(state: MemoryState, telling: Dispatcher, bus: LocalBus, *names: str) -> None:
    """Wait until these are sent; rings while it waits."""
    async with asyncio.timeout(5):
        while True:
            found = {one.id for one in await state.notifications(Query()) if one.state is NotificationState.SENT}
            if found >= set(names):
                return
            await bus.publish("owed")
            await asyncio.sleep(0)


async def test_a_receiver_that_hangs_delays_neither_those_who_judge_nor_the_others(clock: SimulatedClock) -> None:
    clock.move_to(NOON)
    state, hanging, healthy, bus = MemoryState(), Hanging(), Scripted(), LocalBus()
    telling = Dispatcher(state=state, receivers={"slow": hanging, "good": healthy}, clock=clock, holder="h")
    async with asyncio.TaskGroup() as group:
        running = group.create_task(telling.run(bus))
        first = [born("slow 1", "slow", NOON), born("good 1", "good", NOON)]
        await state.apply(Change(notifications=tuple(first)))
        await asyncio.sleep(0)
        await telling.send_now(first)  # returns though the slow one hangs
        await hanging.asked.wait()
        await told(state, telling, bus, "good 1")
        second = [born("slow 2", "slow", NOON), born("good 2", "good", NOON)]
        owed = [note("slow 3", "slow"), note("good 3", "good")]
        await state.apply(Change(notifications=(*second, *owed)))
        await telling.send_now(second)
        await told(state, telling, bus, "good 2", "good 3")
        assert hanging.got == []
        hanging.may_answer.set()
        await told(state, telling, bus, "slow 1", "slow 2", "slow 3")
        running.cancel()
    assert [found.id for found in hanging.got] == ["slow 1", "slow 2", "slow 3"]
    assert sorted(found.id for found in healthy.got) == ["good 1", "good 2", "good 3"]


async def test_what_waited_behind_a_hanging_receiver_until_its_claim_lapsed_is_sent_once(clock: SimulatedClock) -> None:
    clock.move_to(NOON)
    state, hanging, bus = MemoryState(), Hanging(), LocalBus()
    telling = Dispatcher(state=state, receivers={"slow": hanging}, clock=clock, holder="h")
    async with asyncio.TaskGroup() as group:
        running = group.create_task(telling.run(bus))
        both = [born("1", "slow", NOON), born("2", "slow", NOON)]
        await state.apply(Change(notifications=tuple(both)))
        await asyncio.sleep(0)
        await telling.send_now(both)
        await hanging.asked.wait()
        clock.advance(300)
        hanging.may_answer.set()
        await told(state, telling, bus, "1", "2")
        running.cancel()
    assert [found.id for found in hanging.got] == ["1", "2"]


@pytest.fixture
async def hook() -> AsyncIterator[dict[str, Any]]:
    seen: dict[str, Any] = {"status": 200, "requests": []}

    async def take(request: web.Request) -> web.Response:
        seen["requests"].append((dict(request.headers), await request.read()))
        return web.Response(status=seen["status"], headers={"Retry-After": "7", "Location": "/elsewhere"})

    app = web.Application()
    app.router.add_post("/hook", take)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    seen["url"] = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    yield seen
    await runner.cleanup()


async def test_a_webhook_is_signed_and_carries_its_id(hook: dict[str, Any]) -> None:
    sort = kind("webhook")
    receiver = sort.make(sort.config(url_secret="U", signing_secret="K"), {"U": hook["url"], "K": "key"}.__getitem__)
    await receiver.send(note())
    await receiver.close()
    headers, body = hook["requests"][0]
    stamp, mark = (part.partition("=")[2] for part in headers["Dabyl-Signature"].split(","))
    assert hmac.compare_digest(mark, hmac.new(b"key", f"{stamp}.".encode() + body, hashlib.sha256).hexdigest())
    assert headers["Dabyl-Id"] == "n"


@pytest.mark.parametrize(("status", "permanent"), [(500, False), (429, False), (400, True), (404, True), (302, True)])
async def test_a_webhook_says_whether_trying_again_can_help(hook: dict[str, Any], status: int, permanent: bool) -> None:
    hook["status"] = status
    sort = kind("webhook")
    receiver = sort.make(sort.config(url_secret="U"), {"U": hook["url"]}.__getitem__)
    with pytest.raises(DeliveryError) as raised:
        await receiver.send(note())
    await receiver.close()
    assert raised.value.permanent is permanent
    assert hook["url"] not in str(raised.value)


class Inbox(Message):
    def __init__(self) -> None:
        super().__init__()
        self.mails: list[Any] = []

    def handle_message(self, message: Any) -> None:
        self.mails.append(message)


async def test_an_e_mail_arrives_without_injected_headers() -> None:
    inbox = Inbox()
    server = await asyncio.get_running_loop().create_server(lambda: SMTP(inbox), "127.0.0.1", 0)
    try:
        port = server.sockets[0].getsockname()[1]
        sort = kind("email")
        settings = sort.config(host="127.0.0.1", port=port, encryption="none", from_secret="F", to_secret="T")
        await sort.make(settings, {"F": "d@example.org", "T": "a@example.org"}.__getitem__).send(note())
    finally:
        server.close()
        await server.wait_closed()
    (mail,) = inbox.mails
    assert mail["Bcc"] is None
    assert mail["Message-ID"] == "<n@dabyl.invalid>"


def test_receivers_are_found_by_their_module() -> None:
    assert kind_names() == ["console", "email", "webhook"]


@pytest.mark.parametrize(
    "phone", ["+7 701 123 45 67", "8 (701) 123-45-67", "87011234567", "+77011234567", "a.b@c.kz", "@private_person"]
)
def test_phones_mails_and_handles_never_reach_a_message(phone: str) -> None:
    assert phone not in safe(f"звоните {phone} сейчас")


def test_times_and_figures_stay_in_a_message() -> None:
    text = "С 02.01 10:10 (2022-01-02 04:10 UTC), задержаны 12 000"
    assert safe(text) == text
