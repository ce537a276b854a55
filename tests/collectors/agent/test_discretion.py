"""An agent's own address, in every shape a server may echo it, does not come home."""

from dataclasses import replace

import pytest

from collectors.agent.discretion import discreet, struck
from monitor.domain.measurements import DnsStep, HttpStep, QuicStep, Step, TcpStep, TlsStep, measurement_json
from tests.collectors.agent.cast import VANTAGE, measured

# Public as far as any rule can tell, and nobody's in a test.
CANARY = "95.56.234.77"
SHAPES = [
    CANARY, "95-56-234-77", "95_56_234_77", "95%2E56%2E234%2e77", f"::ffff:{CANARY}", f"{CANARY}:4711",
    "2001:db8:77::1", "2001%3Adb8%3A77%3A%3A1", "2001:0db8:0077:0000:0000:0000:0000:0001",
]  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES)
def test_an_address_is_struck_out_of_text_in_every_shape(shape: str) -> None:
    text = struck(f"Your address is {shape}, thank you; host-{shape}.isp.test")
    assert not any(piece in text for piece in ("234", "db8", "77"))


@pytest.mark.parametrize(
    "text", ["nginx/1.22.1", "Mon, 05 Jan 2026 10:20:30 GMT", "Новости: 12 погибших", "a: b", "1.2.3"]
)
def test_other_text_stays(text: str) -> None:
    assert struck(text) == text


def test_nothing_of_a_measurement_names_its_host() -> None:
    steps: list[Step] = [
        DnsStep(host="whoami.test", answers=("198.51.100.9",), answered_by=f"{CANARY}:53"),
        DnsStep(host="whoami.test", answers=("198.51.100.9",), answered_by="8.8.8.8:53", resolver="second"),
        TcpStep(hop=1, host=CANARY, address=f"{CANARY}:80"),
        HttpStep(
            host="whoami.test", url=f"https://whoami.test/?from={CANARY}", title=f"You are {CANARY}",
            location=f"http://{CANARY}/login?ip={CANARY}",
            headers={"x-client-ip": CANARY, "server": f"edge-{CANARY}", "set-cookie": "id=5", "location": f"//{CANARY}/"},
        ),
    ]  # fmt: skip
    found = discreet(replace(measured(1), url="https://whoami.test/", steps=tuple(steps)), VANTAGE)
    assert CANARY.encode() not in measurement_json(found)
    page = found.steps[3]
    assert isinstance(page, HttpStep)
    assert page.headers["x-client-ip"] == ""
    assert page.location == "http://[address]/login?ip=[address]"
    first, second = found.steps[0], found.steps[1]
    assert isinstance(first, DnsStep)
    assert isinstance(second, DnsStep)
    assert (first.answered_by, second.answered_by) == (None, "8.8.8.8:53")


@pytest.mark.parametrize("home", [CANARY, "95-56-234-77.pool.isp.test", "2001:db8:77::1"])
def test_a_redirect_home_brings_home_neither_name_nor_address(home: str) -> None:
    steps: list[Step] = [
        DnsStep(hop=1, host=home, answers=(CANARY,), late_answers=(CANARY,)),
        TcpStep(hop=1, host=home, address=f"{CANARY}:443"),
        TlsStep(hop=1, host=home, address=f"{CANARY}:443", sni=home),
        QuicStep(hop=1, host=home, address=f"{CANARY}:443", sni=home),
        HttpStep(hop=1, host=home, address=f"{CANARY}:443", url=f"https://{home}/"),
    ]
    found = discreet(replace(measured(1), url="https://whoami.test/", steps=tuple(steps)), VANTAGE)
    written = measurement_json(found)
    assert not any(piece in written for piece in (b"95.56", b"95-56", b"db8"))


def test_a_neutral_server_name_stays() -> None:
    asked = replace(measured(1), url="https://whoami.test/", steps=(TlsStep(host="whoami.test", sni="example.com"),))
    assert discreet(asked, VANTAGE) == asked


def test_what_was_asked_for_stays() -> None:
    asked = replace(
        measured(1), url="http://198.51.100.7/x",
        steps=(HttpStep(host="198.51.100.7", address="198.51.100.7:80", url="http://198.51.100.7/x"),),
    )  # fmt: skip
    assert discreet(asked, VANTAGE) == asked
