"""`dabyl agent enrol`: key, consent and configuration of an agent in one dialogue, or by flags."""

import secrets
from pathlib import Path
from typing import Any, Final

import click
import yaml
from pydantic import ValidationError

from collectors.agent.consent import RISKS, Consent, write_consent
from collectors.agent.enrolment import EnrolmentError, Invitation, Request, password_hash
from collectors.agent.keys import Secret, fingerprint, make_key, read_key
from collectors.agent.settings import AgentConfig, AgentFolder, agent_folder
from monitor.cli.consenting import asked_language, asked_services, hear_back, tell_risks
from monitor.problems import ConfigurationError, Problem, model_problems
from monitor.runtime.clock import SystemClock
from monitor.settings import read_settings

PLACE: Final = {
    "en": "You chose to say where you are: the core will know it to about a kilometre, and nobody else.",
    "ru": "Вы решили указать, где находитесь: центр узнает это с точностью до километра, и больше никто.",
}
EXAMPLE: Final = """\b
Examples:
  dabyl agent enrol
  dabyl agent enrol --invitation dabyl-invitation:... --region KZ-75 --asn 29355 --operator kcell --access mobile
"""


@click.command(epilog=EXAMPLE)
@click.option("--invitation", help="The core's invitation, or @FILE that holds it.")
@click.option("--name", help="A made-up name that says nothing about you; made for you where not given.")
@click.option("--region", help="Region you measure in, such as KZ-75; empty outside the country.")
@click.option("--asn", type=click.IntRange(1, 2**32 - 1), help="Number of your network (AS number).")
@click.option("--operator", help="Short name of your operator, such as kcell.")
@click.option("--access", type=click.Choice(["fixed", "mobile", "outside"]), help="How you are joined to the internet.")
@click.option(
    "--place", type=(float, float), metavar="EAST NORTH", default=None,
    help="Where you are, in degrees; kept to a hundredth (a kilometre). Only where you choose to say.",
)  # fmt: skip
@click.option("--proxy", help="socks5://host:port for the way to the core, Tor for example.")
@click.option("--sensitive", multiple=True, help="Id of a service beyond the harmless ones; again for more; * for all.")
@click.option("--language", type=click.Choice(sorted(RISKS)), help="Language of the risks.")
@click.option("--read-back", help="The sentence about the risks, in place of typing it.")
@click.option("--request-file", type=click.Path(dir_okay=False, path_type=Path), help="Write the request here too.")
@click.option("--again", is_flag=True, help="Only read the risks again; key and configuration stay.")
def enrol(read_back: str | None, language: str | None, request_file: Path | None, *, again: bool, **given: Any) -> None:
    """Make an agent on this device. It asks for what no flag gives, and tells the risks before anything is made."""
    folder = agent_folder(read_settings().data)
    if again:
        config, secret = folder.read(), read_key(folder.key)
    elif folder.configuration.exists():
        raise click.ClickException(f"{folder.place}: there is an agent already; --again reads the risks again")
    else:
        config, secret = _configuration(folder, given), None
    language = asked_language(language)
    tell_risks(language, config.sensitive)
    if config.place is not None:
        click.echo(PLACE[language])
        click.echo()
    hear_back(language, read_back)
    secret = secret or _make(folder, config, given)
    consent = Consent(agent=config.id, language=language, given_at=SystemClock().now(), sensitive=config.sensitive)
    write_consent(folder.consent, consent, secret)
    if again:
        click.echo(f"Noted in {folder.consent}. The agent may run again.")
        return
    _say_request(folder, config, secret, request_file)


def _configuration(folder: AgentFolder, given: dict[str, Any]) -> AgentConfig:
    text = given["invitation"] or click.prompt("The core's invitation (dabyl-invitation:...)")
    if text.startswith("@"):
        try:
            text = Path(text[1:]).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise click.ClickException(f"{text[1:]}: cannot be read ({type(error).__name__})") from None
    try:
        invitation = Invitation.read(text)
    except EnrolmentError as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"The core's key is {fingerprint(invitation.core)}: compare it with whoever invited you.")
    given["authorities"] = invitation.authorities
    values = _asked(given) | _ways(folder, invitation)
    try:
        return AgentConfig.model_validate({key: value for key, value in values.items() if value not in (None, "", ())})
    except ValidationError as error:
        found = model_problems(error, AgentConfig)
        raise ConfigurationError([Problem("enrol", 0, "", message) for _, message in found]) from None


def _asked(given: dict[str, Any]) -> dict[str, Any]:
    """What the flags say, and answers for what they leave open; nothing is asked where an invitation was given."""
    ask = given["invitation"] is None
    name = given["name"] or (
        click.prompt("A made-up name", default=_made_up()) if ask else _made_up()
    )  # fmt: skip
    region = given["region"] or (click.prompt("Region (KZ-75; empty outside the country)", default="") if ask else None)
    access = given["access"] or (
        click.prompt("Access", type=click.Choice(["fixed", "mobile", "outside"]), default="fixed") if ask else "fixed"
    )
    operator = given["operator"] or (
        click.prompt("Operator (short name; empty if unknown)", default="") if ask else None
    )
    asn = given["asn"] or (click.prompt("AS number (empty if unknown)", default="") if ask else None)
    sensitive = tuple(given["sensitive"]) or (asked_services() if ask else ())
    return {
        "id": name, "region": region, "access": access, "operator": operator, "asn": asn or None,
        "sensitive": sensitive, "proxy": given["proxy"], "place": given["place"],
    }  # fmt: skip


def _made_up() -> str:
    return f"agent-{secrets.token_hex(3)}"


def _ways(folder: AgentFolder, invitation: Invitation) -> dict[str, Any]:
    ways: dict[str, Any] = {"core": invitation.core}
    if invitation.broker_host:
        ways["mqtt"] = {"host": invitation.broker_host, "port": invitation.broker_port}
    if invitation.https_url:
        ways["https"] = {"url": invitation.https_url}
    if invitation.authorities:
        ways["authorities"] = str(folder.place / "authorities.pem")
    return ways


def _make(folder: AgentFolder, config: AgentConfig, given: dict[str, Any]) -> Secret:
    secret = make_key(folder.key)
    if given["authorities"]:
        (folder.place / "authorities.pem").write_text(given["authorities"], encoding="utf-8")
    if config.mqtt is not None:
        folder.password.touch(mode=0o600)
        folder.password.write_text(secrets.token_urlsafe(24) + "\n", encoding="utf-8")
    values = config.model_dump(mode="json", exclude_unset=True)
    head = "# This device's agent. See docs/agents.md. Sensitive services need `dabyl agent enrol --again` too.\n"
    folder.configuration.write_text(
        head + yaml.safe_dump(values, allow_unicode=True, sort_keys=False), encoding="utf-8"
    )
    return secret


def _say_request(folder: AgentFolder, config: AgentConfig, secret: Secret, request_file: Path | None) -> None:
    hashed = password_hash(folder.password.read_text(encoding="utf-8").strip()) if folder.password.exists() else None
    request = Request(
        agent=config.id, key=secret.public, region=config.region, asn=config.asn, operator=config.operator,
        access=config.access, place=config.place, sensitive=config.sensitive, broker_password_hash=hashed,
    ).signed_by(secret)  # fmt: skip
    click.echo(f"\nMade in {folder.place}. Send this line to whoever runs the core; it holds no secret:\n")
    click.echo(request.line())
    click.echo(f"\nIts fingerprint, to be read to them over another channel: {fingerprint(secret.public)}")
    click.echo("Once they have admitted it: dabyl agent run")
    if request_file is not None:
        request_file.write_text(request.line() + "\n", encoding="utf-8")
