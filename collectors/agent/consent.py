"""Consent: the risks of probing from inside the country, read and read back. Without it no packet leaves.

There is one form of it, for an agent in the field (`dabyl agent enrol`) and for the probes of the service itself where it
stands inside (`dabyl targets consent`). The file is signed with that vantage's own key and names the very words that were
shown: another's file, a changed file, or one for an older text of the risks is no consent. Services that may draw
attention are agreed to one by one.
"""

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from collectors.agent.keys import Secret, is_signed
from monitor.domain.errors import AccessDeniedError
from monitor.domain.moments import parse_rfc3339, rfc3339

ALL_SERVICES: Final = "*"
ENROL: Final = "dabyl agent enrol"
"""How the host of an agent consents."""

RISKS: Final[Mapping[str, tuple[str, ...]]] = {
    "en": (
        "Your internet provider, and whoever it answers to, can see that this device contacts the addresses it measures.",
        (
            "In some countries measuring the network, or helping a foreign organisation to do it, may be treated as an offence "
            "or as espionage. Nobody can promise you that it is legal where you are."
        ),
        (
            "By default only addresses that millions of people use every day are contacted. Sites that are blocked or watched "
            "are contacted only if you allow each of them by name."
        ),
        "Your address is never stored or sent. Your region and your network are: in a small town few people share them.",
        "Whoever takes this device finds this program, its key and its settings. Results are sealed and cannot be read on it.",
        "You can stop at any moment: stop the program, and delete its folder. Nothing will be asked of you.",
    ),
    "ru": (
        "Ваш провайдер и те, кому он подчиняется, видят, что это устройство обращается к измеряемым адресам.",
        (
            "В некоторых странах измерение сети или помощь в этом иностранной организации может быть сочтено нарушением или "
            "шпионажем. Никто не может обещать вам, что там, где вы находитесь, это законно."
        ),
        (
            "По умолчанию опрашиваются только адреса, которыми каждый день пользуются миллионы людей. Заблокированные и "
            "отслеживаемые сайты опрашиваются, только если вы разрешите каждый из них по имени."
        ),
        "Ваш адрес никогда не сохраняется и не передаётся. Регион и сеть передаются: в малом городе их делят немногие.",
        "Кто заберёт это устройство, найдёт программу, её ключ и настройки. Результаты запечатаны, на нём их не прочесть.",
        "Вы можете остановиться в любой момент: остановите программу и удалите её папку. С вас ничего не спросят.",
    ),
}
READ_BACK: Final[Mapping[str, str]] = {
    "en": "I may be seen, it may not be legal here, and I can stop at any time",
    "ru": "Меня могут увидеть, это может быть незаконно здесь, и я могу остановиться в любой момент",
}
"""What the host writes in their own hand, so that the risks were read and not only scrolled past."""


def risks_digest(language: str) -> str:
    """Names the words that were shown."""
    return hashlib.sha256("\n".join((*RISKS[language], READ_BACK[language])).encode()).hexdigest()


def is_read_back(text: str, language: str) -> bool:
    """Whether this is the sentence, whatever its spaces, capitals and full stop."""

    def plain(words: str) -> str:
        return " ".join(words.lower().replace(",", " ").replace(".", " ").split())

    return plain(text) == plain(READ_BACK[language])


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """What a host agreed to.

    Attributes:
        sensitive: ids of services beyond the harmless ones; `("*",)` for all.
    """

    agent: str
    language: str
    given_at: datetime
    sensitive: tuple[str, ...] = ()

    def allows(self, wanted: Collection[str]) -> bool:
        """Whether every one of these services was agreed to."""
        return ALL_SERVICES in self.sensitive or set(wanted) <= set(self.sensitive)


def write_consent(path: Path, consent: Consent, secret: Secret) -> None:
    """Put it in its file, signed."""
    values = {
        "version": 1, "agent": consent.agent, "key": secret.public, "language": consent.language,
        "risks": risks_digest(consent.language), "read_back": READ_BACK[consent.language],
        "given_at": rfc3339(consent.given_at), "sensitive": list(consent.sensitive),
    }  # fmt: skip
    values["signature"] = secret.sign(_signed(values)).hex()
    # It says who measures from here: nobody else needs to read that.
    path.touch(mode=0o600)
    path.chmod(0o600)
    path.write_text(json.dumps(values, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def read_consent(path: Path, agent: str, public: str, *, command: str = ENROL) -> Consent:
    """The consent of this agent's host.

    Args:
        path: its file.
        agent: id of the vantage that it must be for.
        public: that vantage's public key, which must have signed it.
        command: what to say where there is none that counts.

    Raises:
        AccessDeniedError: there is none, or it is for another agent, another text, or changed.
    """
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        consent = Consent(
            agent=values["agent"], language=values["language"], given_at=parse_rfc3339(values["given_at"]),
            sensitive=tuple(str(name) for name in values["sensitive"]),
        )  # fmt: skip
        signature, shown = bytes.fromhex(values.pop("signature")), values["risks"]
    except FileNotFoundError:
        raise _refused("there is no consent file", path, command) from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise _refused("the consent file cannot be read", path, command) from None
    if consent.agent != agent or not is_signed(_signed(values), signature, public):
        raise _refused("the consent is not this agent's, or was changed", path, command)
    if consent.language not in RISKS or shown != risks_digest(consent.language):
        raise _refused("the risks are told in other words now: they must be read again", path, command)
    return consent


def _signed(values: Mapping[str, Any]) -> bytes:
    told = {name: value for name, value in values.items() if name != "signature"}
    return b"dabyl consent\0" + json.dumps(told, sort_keys=True).encode()


def _refused(why: str, path: Path, command: str) -> AccessDeniedError:
    return AccessDeniedError(f"{why} ({path}). Nothing was sent. Say: {command}")
