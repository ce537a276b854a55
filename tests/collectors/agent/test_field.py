"""An agent, the real broker as it is shipped, and a core: kills, outages, replays, other ways, and no address anywhere."""

import asyncio
import shutil
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import trustme

from monitor.bus.mqtt_connection import Broker, connected
from monitor.domain.agents import Parcel
from monitor.domain.errors import AccessDeniedError, UnavailableError
from monitor.domain.kinds import EventKind
from monitor.domain.measurements import HttpStep
from monitor.domain.reports import Item
from tests.collectors.agent.cast import MINUTE, Core, measured, transmission
from tests.collectors.agent.field import PASSWORDS, Field, at_work, make_field, until
from tests.conftest import NEW_YEAR
from tests.contract.mosquitto import free_port, need_mosquitto

HOUR = [NEW_YEAR + minute * MINUTE for minute in range(60)]


@pytest.fixture
def field(tmp_path: Path, core: Core) -> Iterator[Field]:
    need_mosquitto()
    made = make_field(tmp_path, core, trustme.CA())
    made.broker.start()
    yield made
    made.broker.stop()
    made.outbox.queue.close()


def an_hour(field: Field, rows_a_minute: int = 20) -> list[str]:
    """An hour of rounds goes into the agent's queue."""
    ids = []
    for at in HOUR:
        rows = [measured(number, at, f"t{number}") for number in range(rows_a_minute)]
        field.outbox.add(rows)
        field.outbox.queue.pack(all_of_it=True)
        ids += [row.id for row in rows]
    return ids


def connection(field: Field, name: str, password: str | None = None) -> Broker:
    return Broker(
        host="127.0.0.1", port=field.broker.port, identifier=name, username=name, authorities=field.ca(),
        password=password or PASSWORDS[name], patience_seconds=5,
    )  # fmt: skip


async def test_rows_arrive_once_in_order_with_their_times_and_the_queue_empties(field: Field) -> None:
    ids = an_hour(field)
    async with at_work(field.receive(field.collector())):
        await until(lambda: bool(field.core.healths))
        async with at_work(field.sender().run()):
            await until(lambda: field.waiting == 0)
    assert field.core.ids == ids
    assert [found.started_at for found in field.core.measurements[::20]] == HOUR
    assert field.core.signals == []
    offset_seconds = field.outbox.core_clock.offset_seconds
    assert offset_seconds is not None
    assert abs(offset_seconds) < 1


async def test_a_broker_that_was_away_for_an_hour_and_is_killed_with_messages_queued_loses_nothing(
    field: Field,
) -> None:
    field.broker.kill()
    ids = an_hour(field)
    # The core has a session and is away: what the agent sends now is queued at the broker, and dies with it.
    field.broker.start()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.7):
            await field.receive(field.collector())
    async with at_work(field.sender().run()):
        await until(lambda: field.outbox.unanswered_seconds() > 0.3)
        field.broker.kill()
        assert field.waiting == len(ids)
        field.broker.start()
        async with at_work(field.receive(field.collector())):
            await until(lambda: field.waiting == 0, 40)
    assert sorted(field.core.ids) == sorted(ids)
    assert {found.started_at.replace(second=0) for found in field.core.measurements} == set(HOUR)


async def test_kills_of_the_broker_in_the_middle_lose_nothing_and_repeat_nothing(field: Field) -> None:
    ids = an_hour(field)
    async with at_work(field.receive(field.collector()), field.sender().run()):
        for share in (0.9, 0.6, 0.3):
            await until(lambda share=share: field.waiting < share * len(ids))  # type: ignore[misc]
            field.broker.kill()
            field.broker.start()
        await until(lambda: field.waiting == 0, 40)
    assert sorted(field.core.ids) == sorted(ids)
    assert field.core.signals == []


async def test_a_core_that_dies_before_it_commits_gets_everything_again(field: Field) -> None:
    ids = an_hour(field, 2)
    collector = field.collector()
    async with at_work(field.sender().run()):
        heard = collector.items()
        for _ in range(5):
            await anext(heard)
        await heard.aclose()
        field.desk = field.core.desk()
        async with at_work(field.receive(field.collector())):
            await until(lambda: field.waiting == 0, 40)
    assert sorted(field.core.ids) == sorted(ids)
    assert field.core.signals == []


async def test_a_part_that_is_started_again_loses_none_of_what_it_had_in_hand(field: Field) -> None:
    ids = an_hour(field, 2)
    async with at_work(field.sender().run()):
        heard = field.collector().items()
        for _ in range(5):
            await anext(heard)
        await heard.aclose()
        async with at_work(field.receive(field.collector())):
            await until(lambda: field.waiting == 0, 40)
    assert set(field.core.ids) == set(ids)
    assert field.core.signals == []


async def test_parcels_that_the_service_lost_hold_up_nobody_and_come_again(
    field: Field, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("collectors.agent_desk.PATIENCE", timedelta(seconds=0.5))
    ids = an_hour(field, 1)
    store, lost = field.core.store, 0

    async def forgetful(items: Sequence[Item]) -> None:
        nonlocal lost
        if any(isinstance(item.content, Parcel) for item in items) and lost < 7:
            lost += 1
            return
        await store(items)

    monkeypatch.setattr(field.core, "store", forgetful)
    settings = {
        "port": field.broker.port, "authorities": str(field.ca()), "password": "PASSWORD", "in_flight": 3,
    }  # fmt: skip
    async with at_work(field.receive(field.collector(**settings)), field.sender().run()):
        await until(lambda: field.waiting == 0, 40)
    assert lost == 7
    assert set(field.core.ids) == set(ids)


async def test_what_somebody_recorded_and_sends_again_is_refused_with_one_alert(field: Field) -> None:
    ids = an_hour(field, 1)
    recorded: list[bytes] = []
    async with at_work(field.receive(field.collector()), field.sender().run()):
        await until(lambda: field.waiting == 0)
        recorded += [transmission(1, 1, sent_at=field.clock.now())]
        async with connected(connection(field, "kz-1")) as thief:
            for _ in range(3):
                await thief.publish("dabyl/agents/kz-1/up", recorded[0])
        await until(lambda: len(field.core.signals) == 1)
    # What was sent before the core listened is sent again, and comes later: order is not promised.
    assert sorted(field.core.ids) == sorted(ids)
    assert [signal.kind for signal in field.core.signals] == [EventKind.SYSTEM_AGENT_REFUSED]


async def test_an_agent_can_neither_write_nor_read_anothers_topics(field: Field) -> None:
    seen: list[bytes] = []
    async with at_work(field.receive(field.collector())), connected(connection(field, "kz-2")) as rogue:
        await rogue.subscribe("dabyl/agents/kz-2/down")
        await rogue.subscribe("dabyl/agents/kz-1/up", "dabyl/agents/+/up", "#")
        async with connected(connection(field, "kz-1")) as owner:
            await owner.publish("dabyl/agents/kz-1/up", transmission(7, 7, sent_at=field.clock.now()))
        await until(lambda: len(field.core.parcels) == 1)
        message = await rogue.receive_within(0.3)
        seen += [message.payload] if message else []
        # Mosquitto hangs up on whoever writes where it may not.
        with suppress(UnavailableError):
            await rogue.publish("dabyl/agents/kz-1/up", transmission(sent_at=field.clock.now()))
            await rogue.receive_within(0.3)
    assert [parcel.sequence for parcel in field.core.parcels] == [7]
    assert seen == []


async def test_a_wrong_password_or_name_is_refused_and_no_session_is_taken_over(field: Field) -> None:
    with pytest.raises(AccessDeniedError):
        async with connected(connection(field, "kz-1", "wrong")):
            pass
    async with connected(connection(field, "kz-1")) as owner:
        await owner.subscribe("dabyl/agents/kz-1/down")
        # The same client id under another name: the broker takes the name for the id.
        async with connected(replace(connection(field, "kz-2"), identifier="kz-1")):
            pass
        await owner.publish("dabyl/agents/kz-1/up", b"still here")


async def test_without_the_broker_parcels_go_by_https(field: Field, tmp_path: Path) -> None:
    leaf = trustme.CA()
    certificate = leaf.issue_cert("127.0.0.1")
    certificate.private_key_pem.write_to_path(tmp_path / "k.pem")
    certificate.cert_chain_pems[0].write_to_path(tmp_path / "c.pem")
    with field.ca().open("ab") as file:
        file.write(leaf.cert_pem.bytes())
    field.broker.kill()
    door = field.collector("agents_https", port=0, certificate=str(tmp_path / "c.pem"), key=str(tmp_path / "k.pem"))
    ids = an_hour(field, 3)
    async with at_work(field.receive(door)):
        await until(lambda: door.port is not None)
        field.https_url = f"https://127.0.0.1:{door.port}/"
        async with at_work(field.sender().run()):
            await until(lambda: field.waiting == 0)
    assert field.core.ids == ids
    field.broker.start()


@pytest.mark.parametrize("wrong", ["stranger", "name"])
async def test_a_false_server_gets_not_one_byte_of_a_parcel(field: Field, tmp_path: Path, wrong: str) -> None:
    authority = trustme.CA()
    certificate = (trustme.CA() if wrong == "stranger" else authority).issue_cert(
        "127.0.0.1" if wrong == "stranger" else "core.test"
    )
    certificate.private_key_pem.write_to_path(tmp_path / "k.pem")
    certificate.cert_chain_pems[0].write_to_path(tmp_path / "c.pem")
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    door = field.collector("agents_https", port=0, certificate=str(tmp_path / "c.pem"), key=str(tmp_path / "k.pem"))
    ids = an_hour(field, 1)
    async with at_work(field.receive(door)):
        await until(lambda: door.port is not None)
        field.https_url = f"https://127.0.0.1:{door.port}/"
        sender = field.sender(authorities=tmp_path / "ca.pem", mqtt={"host": "127.0.0.1", "port": free_port()})
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1.0):
                await sender.run()
    assert (field.waiting, field.core.parcels) == (len(ids), [])


async def test_a_core_of_another_key_empties_no_queue(field: Field, tmp_path: Path) -> None:
    ids = an_hour(field, 1)

    async def liar() -> None:
        async with connected(connection(field, "dabyl-core")) as core:
            await core.subscribe("dabyl/agents/+/up")
            async for message in core.messages():
                await core.publish("dabyl/agents/kz-1/down", b"DBA1" + b"0" * 64 + b'{"v":1}')
                core.acknowledge(message)

    async with at_work(liar(), field.sender().run()):
        await until(lambda: field.outbox.unanswered_seconds() > 0.5)
    assert field.waiting == len(ids)


async def test_the_canary_address_is_nowhere(field: Field, tmp_path: Path) -> None:
    """The agent's own address: in what servers echo to it, and in the connection to the broker."""
    canary = "127.77.88.99"
    echoing = HttpStep(
        host="whoami.test", url="https://whoami.test/", status=200, title=f"You are {canary}",
        headers={"x-client-ip": canary, "server": canary}, location=f"https://whoami.test/?ip={canary}",
    )  # fmt: skip
    field.outbox.add([replace(measured(1), url="https://whoami.test/", steps=(echoing,))])
    field.outbox.queue.pack(all_of_it=True)
    publish = shutil.which("mosquitto_pub")
    assert publish is not None
    door = field.collector("agents_https", port=0, host="127.0.0.1")
    async with at_work(field.receive(field.collector()), field.receive(door), field.sender().run()):
        await until(lambda: field.waiting == 0)
        done = await asyncio.create_subprocess_exec(
            publish, "-A", canary, "-h", "127.0.0.1", "-p", str(field.broker.port), "--cafile", str(field.ca()),
            "-u", "kz-1", "-P", "one", "-t", "dabyl/agents/kz-1/up", "-m", "no parcel", "-q", "1", "-V", "5",
        )  # fmt: skip
        assert await done.wait() == 0
        await until(lambda: len(field.core.signals) == 1)
        _, writer = await asyncio.open_connection("127.0.0.1", door.port, local_addr=(canary, 0))
        writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nxxxxnonsense\x00\r\n\r\n")
        await writer.drain()
        writer.close()
    field.broker.stop()
    told = repr((field.core.measurements, field.core.signals, field.core.healths, field.core.parcels))
    assert canary not in told
    for file in tmp_path.rglob("*"):
        if file.is_file():
            assert canary.encode() not in file.read_bytes(), file
    field.broker.start()


async def test_a_revoked_agent_is_refused_within_a_minute(field: Field) -> None:
    an_hour(field, 1)
    async with at_work(field.receive(field.collector()), field.sender().run()):
        await until(lambda: field.waiting == 0)
        await field.core.state.revoke("kz-1", field.clock.now())
        stored = len(field.core.measurements)
        field.outbox.add([measured(999)])
        field.outbox.queue.pack(all_of_it=True)
        await until(lambda: len(field.core.signals) == 1)
    assert len(field.core.measurements) == stored
    assert field.waiting == 1


async def test_more_than_a_thousand_messages_for_an_absent_core_are_kept(field: Field) -> None:
    core = replace(connection(field, "dabyl-core"), session_seconds=3600, in_flight=50)
    async with connected(core) as away:
        await away.subscribe("dabyl/agents/+/up")
    async with connected(connection(field, "kz-1")) as writer, asyncio.TaskGroup() as group:
        for start in range(0, 1500, 15):
            for number in range(start, start + 15):
                group.create_task(writer.publish("dabyl/agents/kz-1/up", f"{number}"))
            await asyncio.sleep(0)
    async with connected(core) as back:
        found = 0
        while message := await back.receive_within(2):
            found += 1
            back.acknowledge(message)
    assert found == 1500


async def test_a_session_that_was_lost_raises_in_words() -> None:
    with pytest.raises(UnavailableError):
        async with connected(Broker(host="127.0.0.1", port=free_port(), identifier="a")):
            pass
