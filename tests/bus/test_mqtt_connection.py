"""One MQTT connection against the real Mosquitto: late acknowledgement, sessions, TLS, refusals, proxies."""

import asyncio
import socket
from collections.abc import Awaitable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
import trustme

from monitor.bus.mqtt_connection import Broker, connected, is_loopback
from monitor.domain.errors import AccessDeniedError, UnavailableError
from tests.contract.mosquitto import Mosquitto, free_port, need_mosquitto


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Mosquitto]:
    need_mosquitto()
    with Mosquitto(tmp_path / "broker") as broker:
        yield broker


def plain(mosquitto: Mosquitto, name: str, **changes: object) -> Broker:
    return replace(
        Broker(host="127.0.0.1", port=mosquitto.port, identifier=name, tls=False, patience_seconds=5),
        **changes,  # type: ignore[arg-type]
    )


async def test_what_was_not_acknowledged_comes_again_and_what_was_does_not(mosquitto: Mosquitto) -> None:
    reader = plain(mosquitto, "reader", session_seconds=600)
    async with connected(reader) as connection:
        await connection.subscribe("a/#")
    async with connected(plain(mosquitto, "writer")) as writer:
        for number in range(5):
            await writer.publish("a/b", f"{number}")
    async with connected(reader) as connection:
        messages = connection.messages()
        first, _second = [await anext(messages) for _ in range(2)]
        connection.acknowledge(first)
        await connection.publish("flush", "")
    async with connected(reader) as connection:
        messages = connection.messages()
        again = [await anext(messages) for _ in range(4)]
        assert [message.payload for message in again] == [b"1", b"2", b"3", b"4"]
        assert again[0].topic == "a/b"
        assert again[0].repeated
        assert not first.repeated
        assert await connection.receive_within(0.05) is None


async def test_a_lost_broker_is_unavailable_in_words(mosquitto: Mosquitto) -> None:
    with pytest.raises(UnavailableError, match="hung up"):
        async with connected(plain(mosquitto, "a")) as connection:
            mosquitto.kill()
            await anext(connection.messages())
    with pytest.raises(UnavailableError, match="nobody listens"):
        async with connected(plain(mosquitto, "a")):
            pass


async def test_who_waits_for_an_answer_learns_at_once_that_none_will_come(mosquitto: Mosquitto) -> None:
    patient = plain(mosquitto, "a", patience_seconds=60)
    with pytest.raises(UnavailableError):
        async with connected(patient) as connection, asyncio.timeout(5):
            mosquitto.freeze()
            async with asyncio.TaskGroup() as group:
                group.create_task(swallowed(connection.publish("a", "b")))
                group.create_task(swallowed(connection.subscribe("a")))
                await asyncio.sleep(0)
                mosquitto.kill()
            await connection.publish("a", "b")


async def swallowed(asked: Awaitable[None]) -> None:
    with pytest.raises(UnavailableError):
        await asked


async def test_plain_text_never_leaves_this_machine() -> None:
    with pytest.raises(AccessDeniedError, match="plain text"):
        async with connected(Broker(host="broker.test", identifier="a", tls=False)):
            pass
    assert [is_loopback(host) for host in ("localhost", "127.9.9.9", "::1", "10.0.0.1", "localhost.test")] == [
        True, True, True, False, False,
    ]  # fmt: skip


def tls_settings(folder: Path, authority: trustme.CA, name: str) -> str:
    authority.cert_pem.write_to_path(folder / "ca.pem")
    leaf = authority.issue_cert(name)
    leaf.private_key_pem.write_to_path(folder / "key.pem")
    leaf.cert_chain_pems[0].write_to_path(folder / "cert.pem")
    files = f"cafile {folder}/ca.pem\ncertfile {folder}/cert.pem\nkeyfile {folder}/key.pem\n"
    return f"{files}require_certificate true\nuse_identity_as_username true\nallow_anonymous false\n"


async def test_tls_with_a_certificate_on_both_sides(tmp_path: Path) -> None:
    need_mosquitto()
    authority, stranger = trustme.CA(), trustme.CA()
    broker = Mosquitto(tmp_path / "b", settings=tls_settings(tmp_path, authority, "127.0.0.1"))
    stranger.cert_pem.write_to_path(tmp_path / "other.pem")
    ours = authority.issue_cert("agent-1", common_name="agent-1")
    ours.private_key_and_cert_chain_pem.write_to_path(tmp_path / "agent.pem")
    right = Broker(
        host="127.0.0.1", port=broker.port, identifier="a", authorities=tmp_path / "ca.pem",
        certificate=tmp_path / "agent.pem", patience_seconds=3,
    )  # fmt: skip
    with broker:
        async with connected(right) as connection:
            await connection.publish("x", "y")
        for wrong, words in (
            (replace(right, authorities=tmp_path / "other.pem"), "certificate is not valid"),
            (replace(right, certificate=None), "client certificate|no secure connection"),
        ):
            with pytest.raises(UnavailableError, match=words):
                async with connected(wrong):
                    pass
        with pytest.raises(AccessDeniedError, match="file cannot be used"):
            async with connected(replace(right, certificate=tmp_path / "none.pem")):
                pass


@pytest.mark.parametrize("name", ["broker.test", "127.0.0.2"])
async def test_a_certificate_for_another_name_is_refused(tmp_path: Path, name: str) -> None:
    need_mosquitto()
    authority = trustme.CA()
    broker = Mosquitto(tmp_path / "b", settings=tls_settings(tmp_path, authority, name))
    wanted = Broker(host="127.0.0.1", port=broker.port, identifier="a", authorities=tmp_path / "ca.pem")
    with broker, pytest.raises(UnavailableError, match="certificate is not valid"):
        async with connected(wanted):
            pass


async def test_a_wrong_password_is_access_denied(tmp_path: Path) -> None:
    need_mosquitto()
    broker = Mosquitto(tmp_path / "b", settings="allow_anonymous false\n")
    with broker, pytest.raises(AccessDeniedError, match="refuses us"):
        async with connected(plain(broker, "a", username="a", password="wrong")):
            pass


async def test_a_proxy_that_is_down_means_that_nothing_is_sent() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as direct:
        direct.setblocking(False)
        broker = Broker(
            host="127.0.0.1", port=direct.getsockname()[1], identifier="a", tls=False, patience_seconds=3,
            proxy=f"socks5://127.0.0.1:{free_port()}",
        )  # fmt: skip
        with pytest.raises(UnavailableError, match="proxy does not answer"):
            async with connected(broker):
                pass
        with pytest.raises(BlockingIOError):
            direct.accept()


async def test_a_proxy_is_given_names_and_not_addresses() -> None:
    asked: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    async def socks(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(3)
        writer.write(b"\x05\x00")
        head = await reader.readexactly(5)
        asked.set_result(await reader.readexactly(head[4]))
        writer.close()

    server = await asyncio.start_server(socks, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    broker = Broker(host="broker.test", identifier="a", proxy=f"socks5://127.0.0.1:{port}", patience_seconds=3)
    with pytest.raises(UnavailableError):
        async with connected(broker):
            pass
    assert await asked == b"broker.test"
    server.close()
    await server.wait_closed()


async def test_a_broker_that_says_nothing_is_unavailable_and_leaves_nothing_open() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        broker = Broker(host="127.0.0.1", port=silent.getsockname()[1], identifier="a", tls=False, patience_seconds=0.3)
        with pytest.raises(UnavailableError, match="does not answer"):
            async with connected(broker):
                pass
