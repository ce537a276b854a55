"""Consent and enrolment: what is no consent, and what a changed line is worth."""

import json
from pathlib import Path

import pytest

from collectors.agent.consent import READ_BACK, RISKS, Consent, is_read_back, read_consent, write_consent
from collectors.agent.enrolment import EnrolmentError, Invitation, Request, password_hash, set_broker_password
from collectors.agent.keys import fingerprint, key_of, make_key, read_key, sealed_for
from collectors.agent.settings import AgentFolder
from monitor.domain.errors import AccessDeniedError
from monitor.problems import ConfigurationError
from tests.collectors.agent.cast import AGENT, CORE, OTHER
from tests.conftest import NEW_YEAR

GIVEN = Consent(agent="kz-1", language="ru", given_at=NEW_YEAR, sensitive=("azattyq",))


def test_a_consent_comes_back_as_it_was_given(tmp_path: Path) -> None:
    write_consent(tmp_path / "c", GIVEN, AGENT)
    assert read_consent(tmp_path / "c", "kz-1", AGENT.public) == GIVEN
    assert GIVEN.allows(["azattyq"])
    assert not GIVEN.allows(["azattyq", "signal"])
    assert Consent(agent="a", language="en", given_at=NEW_YEAR, sensitive=("*",)).allows(["anything"])


@pytest.mark.parametrize("change", ["agent", "sensitive", "risks", "signature", "language", "given_at", "read_back"])
def test_a_changed_consent_is_none(tmp_path: Path, change: str) -> None:
    write_consent(tmp_path / "c", GIVEN, AGENT)
    values = json.loads((tmp_path / "c").read_text())
    values[change] = ["*"] if change == "sensitive" else "00"
    (tmp_path / "c").write_text(json.dumps(values))
    with pytest.raises(AccessDeniedError, match="Nothing was sent"):
        read_consent(tmp_path / "c", "kz-1", AGENT.public)


@pytest.mark.parametrize("text", [None, "", "[]", "{}", "\xff", "[" * 10_000])
def test_what_is_no_consent_file_is_none(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "c").write_text(text, encoding="latin-1")
    with pytest.raises(AccessDeniedError):
        read_consent(tmp_path / "c", "kz-1", AGENT.public)


def test_a_consent_is_nobody_elses_to_read_and_may_be_given_again(tmp_path: Path) -> None:
    (tmp_path / "c").write_text("before")
    (tmp_path / "c").chmod(0o644)
    write_consent(tmp_path / "c", GIVEN, AGENT)
    assert (tmp_path / "c").stat().st_mode & 0o077 == 0
    assert read_consent(tmp_path / "c", "kz-1", AGENT.public) == GIVEN


def test_anothers_consent_is_none(tmp_path: Path) -> None:
    write_consent(tmp_path / "c", GIVEN, OTHER)
    with pytest.raises(AccessDeniedError, match="not this agent's"):
        read_consent(tmp_path / "c", "kz-1", AGENT.public)


def test_the_sentence_must_be_written_whatever_its_spaces_and_capitals() -> None:
    for language in RISKS:
        assert is_read_back(f"  {READ_BACK[language].upper()}. ", language)
        assert not is_read_back("yes", language)
        assert not is_read_back("", language)


def test_keys_are_private_files_and_never_shown(tmp_path: Path) -> None:
    made = make_key(tmp_path / "k")
    assert read_key(tmp_path / "k").public == made.public
    secret = (tmp_path / "k").read_text().strip()
    assert secret not in repr(made)
    with pytest.raises(AccessDeniedError, match="never overwritten"):
        make_key(tmp_path / "k")
    (tmp_path / "k").chmod(0o644)
    with pytest.raises(AccessDeniedError, match="others may read"):
        read_key(tmp_path / "k")
    with pytest.raises(ValueError, match="no key") as raised:
        key_of("zz" * 32)
    assert "zz" not in str(raised.value)


def test_what_is_sealed_for_the_core_only_the_core_can_read() -> None:
    sealed = sealed_for(CORE.public, b"text")
    assert CORE.unseal(sealed) == b"text"
    with pytest.raises(ValueError, match="unsealed"):
        AGENT.unseal(sealed)


def request() -> Request:
    return Request(agent="kz-1", key=AGENT.public, region="KZ-75", asn=29355, operator="kcell").signed_by(AGENT)


def test_lines_survive_being_wrapped_and_not_being_changed() -> None:
    invitation = Invitation(core=CORE.public, broker_host="broker.test")
    assert Invitation.read("\n".join([invitation.line()[:40], "  " + invitation.line()[40:]])) == invitation
    assert Request.read(request().line()) == request()
    assert len(fingerprint(AGENT.public)) == 19


@pytest.mark.parametrize(
    "line",
    [
        "",
        "hello",
        Invitation(core=CORE.public).line(),
        request().line()[:-9],
        request().model_copy(update={"region": "KZ-10"}).line(),
        request().model_copy(update={"key": OTHER.public}).line(),
        request().model_copy(update={"agent": "x/y"}).line(),
        "dabyl-request:" + "A" * 50_000,
        "dabyl-request:!!!!",
    ],
)
def test_what_is_no_request_is_refused_in_words(line: str) -> None:
    with pytest.raises(EnrolmentError, match="request"):
        Request.read(line)


def test_the_brokers_password_file_is_kept_in_step(tmp_path: Path) -> None:
    file = tmp_path / "passwords"
    set_broker_password(file, "a", password_hash("one"))
    set_broker_password(file, "b", password_hash("two"))
    set_broker_password(file, "a", None)
    (line,) = file.read_text().splitlines()
    assert line.startswith("b:$7$")
    assert "two" not in line


def test_a_wrong_configuration_is_told_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "agent.yaml").write_text(
        f"id: kz-1\ncore: {CORE.public}\nregin: KZ-75\nproxy: socks5://u:p@h:1\nhttps: {{url: 'http://core.test/'}}\n"
    )
    with pytest.raises(ConfigurationError) as raised:
        AgentFolder(tmp_path).read()
    told = str(raised.value)
    assert "agent.yaml:3: unknown key 'regin'; did you mean 'region'?" in told
    assert "DABYL_AGENT_PROXY" in told
    assert "u:p" not in told
    assert "https://" in told
