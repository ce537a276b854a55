"""`dabyl agent` as people use it: the dialogue, the consent, carrying by hand, revoking."""

import io
import json
import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from collectors.agent.consent import READ_BACK
from collectors.agent.queue import DiskQueue
from collectors.agent.rows import Row, pack_row
from collectors.agent.settings import AgentFolder
from monitor.cli.agent_run import consenting_host
from monitor.cli.root import main
from monitor.runtime.clock import SystemClock
from tests.collectors.agent.cast import measured

ROOT = Path(__file__).resolve().parents[2]
WATCHED = """
import os, sys
def watch(event, arguments):
    if event.startswith("socket.") and event not in {"socket.__new__", "socket.gethostname"}:
        os.write(2, f"PACKET {event}\\n".encode())
sys.addaudithook(watch)
sys.argv = ["dabyl", *sys.argv[1:]]
from monitor.__main__ import main
main()
"""
"""The command with a witness that sees every name looked up and every connection."""


class Place:
    """Two machines: the core's data, and an agent's."""

    def __init__(self, path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self.path = path
        self._patch = monkeypatch
        self._said = capsys
        monkeypatch.setenv("DABYL_DATA", str(path / "core"))
        monkeypatch.setenv("DABYL_AGENT", str(self.agent.place))

    @property
    def agent(self) -> AgentFolder:
        return AgentFolder(self.path / "field")

    def dabyl(self, *words: str, given: str = "", code: int = 0) -> str:
        self._patch.setattr(sys, "argv", ["dabyl", *words])
        self._patch.setattr(sys, "stdin", io.StringIO(given))
        with pytest.raises(SystemExit) as ended:
            main()
        said = self._said.readouterr()
        assert (ended.value.code or 0) == code, said.out + said.err
        return said.out + said.err

    def watched(self, *words: str, code: int = 1) -> str:
        """The command as a process of its own, with a witness."""
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        done = subprocess.run(
            [sys.executable, "-c", WATCHED, *words],
            capture_output=True, text=True, env=environment, timeout=50, check=False,
        )  # fmt: skip
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    def enrol(self, *words: str, **how: object) -> str:
        invitation = self.dabyl("agent", "keys", "--invitation", "--broker", "broker.test:8883").strip()
        return self.dabyl(
            "agent", "enrol", "--invitation", invitation, "--name", "kz-1", "--region", "KZ-75", "--asn", "29355",
            "--operator", "kcell", "--access", "mobile", "--language", "en", "--read-back", READ_BACK["en"], *words, **how,  # type: ignore[arg-type]
        )  # fmt: skip

    def show_wide(self) -> None:
        """Tables are told whole."""
        self._patch.setenv("COLUMNS", "300")

    def measure(self, *numbers: int) -> None:
        """What a round would leave in the queue."""
        queue: DiskQueue = consenting_host(self.agent).queue(SystemClock())
        queue.add([pack_row(Row(measurement=measured(number), run="r")) for number in numbers], SystemClock().now())
        queue.close()


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Place:
    return Place(tmp_path, monkeypatch, capsys)


def request_in(text: str) -> str:
    found = re.search(r"dabyl-request:\S+", text)
    assert found
    return found.group()


def test_an_agent_is_made_admitted_carried_by_hand_and_revoked(place: Place) -> None:
    said = place.enrol("--request-file", str(place.path / "request.txt"))
    assert "espionage" in said
    assert stat.S_IMODE(place.agent.key.stat().st_mode) == 0o600
    passwords = place.path / "passwords"
    admitted = place.dabyl(
        "agent", "admit", f"@{place.path}/request.txt", "--broker-passwords", str(passwords), "--fingerprint",
        re.findall(r"(?:[0-9a-f]{4}-){3}[0-9a-f]{4}", said)[-1],
    )  # fmt: skip
    assert "KZ-75, kcell, AS29355, mobile" in admitted
    assert passwords.read_text().startswith("kz-1:$7$")
    place.measure(1, 2, 3)
    carried, receipt = place.path / "p.dabyl", place.path / "r.dabyl"
    assert "1 parcels" in place.dabyl("agent", "export", str(carried))
    assert b"wikipedia" not in carried.read_bytes()
    assert "1 new with 3 rows" in place.dabyl("agent", "import", str(carried), "--receipt", str(receipt))
    assert "1 known already" in place.dabyl("agent", "import", str(carried))
    assert "1 parcels are committed and gone" in place.dabyl("agent", "import", str(receipt))
    own, core = (json.loads(line) for line in place.dabyl("agent", "status", "--json").splitlines())
    assert (own["waiting_rows"], own["committed_rows"]) == (0, 3)
    assert (core["agent"], core["state"], core["where"]) == ("kz-1", "trusted", "KZ-75, kcell, AS29355, mobile")
    place.dabyl("agent", "revoke", "kz-1", "--broker-passwords", str(passwords))
    assert passwords.read_text() == ""
    assert "revoked" in place.dabyl("agent", "keys")
    place.measure(4)
    place.dabyl("agent", "export", str(place.path / "late.dabyl"))
    assert "whose key was revoked" in place.dabyl("agent", "import", str(place.path / "late.dabyl"), code=1)
    assert "under a new name" in place.dabyl("agent", "admit", request_in(said), code=1)


def test_without_consent_no_packet_leaves(place: Place) -> None:
    place.enrol()
    place.agent.consent.unlink()
    said = place.watched("agent", "run")
    assert "no consent file" in said
    assert "PACKET" not in said
    old_form = "agent: kz-1\nrisks_version: 1\naccepted: true\nagreed_on: 2026-01-01\n"
    for text in ("{}", place.agent.configuration.read_text(), old_form):
        place.agent.consent.write_text(text)
        assert "PACKET" not in place.watched("agent", "run")


def test_what_the_consent_does_not_name_is_not_probed(place: Place) -> None:
    place.enrol()
    with place.agent.configuration.open("a") as file:
        file.write("sensitive: [tor]\n")
    said = place.watched("agent", "run")
    assert "dabyl agent enrol --again" in said
    assert "PACKET" not in said
    told = place.dabyl("agent", "enrol", "--again", "--language", "en", "--read-back", READ_BACK["en"])
    assert "will contact: tor" in told
    assert consenting_host(place.agent).config.sensitive == ("tor",)


def test_what_an_agent_may_ask_is_listed_and_nothing_without_consent(place: Place) -> None:
    place.enrol("--sensitive", "azattyq")
    place.show_wide()
    listed = place.dabyl("targets", "list", "--by", "agent")
    assert " harmless " in listed
    assert {line.strip("│ ").split()[0] for line in listed.splitlines() if " sensitive " in line} == {"azattyq"}
    place.agent.consent.unlink()
    assert "no consent file" in place.dabyl("targets", "list", "--by", "agent", code=1)


def test_the_risks_must_be_read_back(place: Place) -> None:
    said = place.enrol("--read-back", "yes", code=1)
    assert "nothing was made" in said
    assert not place.agent.place.exists()


def test_the_dialogue_asks_for_what_no_flag_gives(place: Place) -> None:
    invitation = place.dabyl("agent", "keys", "--invitation", "--broker", "broker.test").strip()
    answers = [invitation, "kz-2", "KZ-71", "fixed", "beeline", "21299", "tor", "y", "ru", READ_BACK["ru"]]
    said = place.dabyl("agent", "enrol", given="\n".join(answers) + "\n")
    assert "Contact 'tor' from this device?" in said
    host = consenting_host(place.agent)
    assert (host.config.id, host.config.region, host.config.asn, host.config.sensitive) == (
        "kz-2",
        "KZ-71",
        21299,
        ("tor",),
    )
    assert "an agent already" in place.dabyl("agent", "enrol", code=1)


@pytest.mark.parametrize("line", ["nonsense", "dabyl-invitation:AAAA", "dabyl-request:e30"])
def test_a_wrong_line_is_told_in_words(place: Place, line: str) -> None:
    assert "invitation" in place.dabyl("agent", "enrol", "--invitation", line, code=1)
    assert "request" in place.dabyl("agent", "admit", line, code=1)


def test_a_torn_file_is_told_and_what_stood_before_is_kept(place: Place) -> None:
    place.dabyl("agent", "admit", request_in(place.enrol()))
    place.measure(*range(3))
    carried = place.path / "p.dabyl"
    place.dabyl("agent", "export", str(carried))
    whole = carried.read_bytes()
    carried.write_bytes(whole + whole[16:400])
    assert "entry 2 is cut short" in place.dabyl("agent", "import", str(carried), code=1)
    assert "1 known already" in (carried.write_bytes(whole) and place.dabyl("agent", "import", str(carried)))
    for junk in (b"", b"junk", b"DABYL-RECEIPT 1\nzz\n", b"DABYL-PARCELS 1\n\xff\xff\xff\xff"):
        carried.write_bytes(junk)
        assert "Traceback" not in place.dabyl("agent", "import", str(carried), code=1)


def test_every_command_has_help_with_an_example(place: Place) -> None:
    for name in ("enrol", "run", "export", "import", "keys", "admit", "revoke", "status"):
        assert "xample" in place.dabyl("agent", name, "--help")
    assert "xample" in place.dabyl("agent", "--help")
