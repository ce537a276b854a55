"""`dabyl inspect probe` and `dabyl inspect ooni`: measurements of the network, judged by the code that the service runs."""

import asyncio
import json
import sys
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
from pydantic import TypeAdapter, ValidationError

from collectors.addresses import ForbiddenAddressError, networks
from collectors.probes.ooni_measurements import OoniError, measurement_of
from collectors.probes.prober import Prober
from collectors.probes.resolve import system_resolvers
from collectors.probes.settings import ProberSettings, trusting
from monitor.cli.output import json_line, printable, write_lines
from monitor.configuration import load_probing
from monitor.detect.control import control_of
from monitor.detect.verdict import judge
from monitor.domain.measurements import (
    Control,
    Measurement,
    State,
    Step,
    Vantage,
    Verdict,
    measurement_from_json,
    measurement_json,
)
from monitor.domain.targets import Target
from monitor.runtime.clock import SystemClock
from monitor.settings import read_settings

MOST_BYTES = 64 * 1024 * 1024
"""Of one measurement, unpacked."""
_STEP: TypeAdapter[Step] = TypeAdapter(Step)
Lines = Iterator[tuple[int | None, bytes]]


@click.command(epilog="\b\nExample:\n  dabyl inspect ooni measurement.json measurements.jsonl.gz")
@click.argument("files", nargs=-1, required=True, type=click.Path(allow_dash=True))
def ooni(files: tuple[str, ...]) -> None:
    """Judge stored OONI web_connectivity measurements (JSON or JSON Lines, plain or gzip), one line each.

    Writes {"file","verdict","mechanism","confidence",...}. What OONI's own probe concluded is not read.
    """
    if write_lines(record for name in files for record in _judged(name)):
        raise click.exceptions.Exit(1)


def _judged(name: str) -> Iterator[dict[str, Any]]:
    try:
        for number, line in _measurements(_unpacked(name)):
            where = {"file": name} if number is None else {"file": name, "line": number}
            try:
                verdict = judge(measurement_of(_document(line)))
            except OoniError as error:
                yield {**where, "error": str(error)}
            else:
                yield {**where, **verdict_record(verdict)}
    except OSError as error:
        yield {"file": name, "error": f"cannot be read: {error.strerror or 'not a gzip file'}"}
    except OoniError as error:
        yield {"file": name, "error": str(error)}


def _unpacked(name: str) -> bytes:
    """The file's bytes, unpacked where it is gzip, and never more than `MOST_BYTES`."""
    raw = sys.stdin.buffer.read(MOST_BYTES + 1) if name == "-" else _read(Path(name))
    if raw[:2] == b"\x1f\x8b":
        unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16)
        try:
            raw = unpacker.decompress(raw, MOST_BYTES + 1)
        except zlib.error:
            raise OoniError("a broken gzip file") from None
    if len(raw) > MOST_BYTES:
        raise OoniError(f"larger than {MOST_BYTES // 2**20} MiB")
    return raw


def _read(path: Path) -> bytes:
    with path.open("rb") as stream:
        return stream.read(MOST_BYTES + 1)


def _measurements(data: bytes) -> Lines:
    """The measurements in a file: the whole file, or its lines where there are several."""
    lines = [(number, line) for number, line in enumerate(data.split(b"\n"), 1) if line.strip()]
    if not lines:
        raise OoniError("the file is empty")
    if len(lines) == 1 or not _is_json(lines[0][1]):
        return iter([(None, data)])
    return iter(lines)


def _is_json(line: bytes) -> bool:
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True


def _document(data: bytes) -> Any:
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        raise OoniError("not JSON") from None
    if isinstance(document, dict) and "test_keys" not in document and isinstance(document.get("measurement"), dict):
        return document["measurement"]
    return document


def verdict_record(verdict: Verdict) -> dict[str, Any]:
    """A verdict in the fixed form that people script against."""
    return {
        "verdict": verdict.state.value,
        "mechanism": verdict.mechanism,
        "confidence": round(verdict.confidence, 3),
        "certain": verdict.confidence >= 1.0,
        "rule": f"{verdict.rule}@{verdict.version}",
        "also": list(verdict.also),
        "because": list(verdict.because),
    }


@click.command(
    epilog="\b\nExamples:\n  dabyl inspect probe https://www.azattyq.org/ --save here.jsonl\n"
    "  dabyl inspect probe https://www.azattyq.org/ --control from-outside.jsonl"
)
@click.argument("urls", nargs=-1, required=True)
@click.option(
    "--control",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Measurements of these URLs from outside (--save).",
)
@click.option(
    "--save", type=click.Path(dir_okay=False, path_type=Path), help="Append the whole measurements to this file."
)
@click.option(
    "--json/--trace", "as_json", default=None, help="JSON Lines, or a readable trace (the default on a terminal)."
)
@click.option(
    "--address", "addresses", multiple=True, help="Go to this address and look no name up; may be given again."
)
@click.option("--resolver", help="Ask this resolver (address or address:port) in place of the machine's.")
@click.option(
    "--ca", type=click.Path(exists=True, dir_okay=False), help="Trust these roots (PEM) in place of the machine's."
)
@click.option("--attempts", type=click.IntRange(1, 4), default=2, show_default=True, help="Tries of what fails.")
@click.option(
    "--timeout",
    "seconds",
    type=click.FloatRange(0.1, 60),
    default=10.0,
    show_default=True,
    help="Seconds for each step.",
)
@click.option("--no-others", is_flag=True, help="Ask no second resolver and no DoH server.")
def probe(
    urls: tuple[str, ...],
    control: Path | None,
    save: Path | None,
    as_json: bool | None,
    addresses: tuple[str, ...],
    resolver: str | None,
    ca: str | None,
    attempts: int,
    seconds: float,
    *,
    no_others: bool,
) -> None:
    """Probe URLS now, from this machine, and say what was seen step by step, with the verdict.

    Addresses begin with https://, http://, tls://, tcp://, quic://, icmp:// or dns://. This opens connections from your
    own line: think before you probe what is sensitive.
    """
    settings = _prober_settings(resolver, ca, attempts, seconds, others=not no_others)
    controls = _controls(control) if control else {}
    targets = [_target(number, url) for number, url in enumerate(urls, 1)]
    trace = sys.stdout.isatty() if as_json is None else not as_json
    show = _show_trace if trace else _show_json

    def told(found: Measurement) -> None:
        judged = replace(found, control=controls.get(found.url))
        show(judged, judge(judged))
        if save is not None:
            with save.open("ab") as stream:
                stream.write(measurement_json(found) + b"\n")

    asyncio.run(_measure(settings, targets, addresses, told))


def _prober_settings(
    resolver: str | None, ca: str | None, attempts: int, seconds: float, *, others: bool
) -> ProberSettings:
    own = read_settings()
    probing = load_probing(own.config).probing
    system = _server(resolver) if resolver else next(((address, 53) for address in system_resolvers()), None)
    return ProberSettings(
        system=system,
        second=(probing.second_resolver, 53) if probing.second_resolver and others else None,
        doh=probing.doh if others else None,
        attempts=attempts,
        dns_seconds=min(seconds, 5.0),
        tcp_seconds=seconds,
        tls_seconds=seconds,
        http_seconds=seconds,
        allowed=networks(own.allow_private),
        trusted=trusting(ca),
        roots=ca,
    )


def _server(text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    plain = not colon or (":" in host and not host.startswith("["))
    address, number = (text.strip("[]"), "53") if plain else (host.strip("[]"), port)
    if not number.isdigit():
        raise click.BadParameter(f"not a resolver: {text}", param_hint="--resolver")
    return address, int(number)


def _target(number: int, url: str) -> Target:
    try:
        return Target(id=f"probe-{number}", url=url)
    except ValidationError as error:
        message = error.errors()[0]["msg"].removeprefix("Value error, ")
        raise click.BadParameter(f"{url}: {message}", param_hint="URL") from None


def _controls(path: Path) -> dict[str, Control]:
    """Controls by URL, out of measurements that were saved somewhere else; the last of a URL counts."""
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise click.ClickException(f"{path}: cannot be read: {error.strerror}") from None
    return dict(_control(path, number, line) for number, line in enumerate(lines, 1) if line.strip())


def _control(path: Path, number: int, line: bytes) -> tuple[str, Control]:
    try:
        measurement = measurement_from_json(line)
    except ValidationError:
        raise click.ClickException(f"{path}: line {number} is not a measurement") from None
    return measurement.url, control_of(measurement, "recorded")


async def _measure(
    settings: ProberSettings, targets: Sequence[Target], addresses: Sequence[str], told: Callable[[Measurement], None]
) -> None:
    """Measure one target after the other, telling each as it is done."""
    prober = Prober(settings, SystemClock())
    try:
        for target in targets:
            told(await prober.measure(target, Vantage(id="here"), addresses=addresses))
    except ForbiddenAddressError as error:
        raise click.ClickException(
            f"{error}; DABYL_ALLOW_PRIVATE names networks that may be probed all the same"
        ) from None
    except OSError as error:
        raise click.ClickException(f"cannot be written: {error.strerror}") from None


def _show_json(measurement: Measurement, verdict: Verdict) -> None:
    for step in measurement.steps:
        record = _STEP.dump_python(step, mode="json", exclude_none=True)
        sys.stdout.buffer.write(json_line({"url": measurement.url, "layer": record.pop("layer"), **record}))
    sys.stdout.buffer.write(json_line({"url": measurement.url, **verdict_record(verdict)}))
    sys.stdout.buffer.flush()


def _show_trace(measurement: Measurement, verdict: Verdict) -> None:
    click.secho(printable(measurement.url), bold=True)
    for step in measurement.steps:
        result = click.style("ok", fg="green") if step.failure is None else click.style(step.failure, fg="red")
        hop = f"hop {step.hop} " if step.hop else ""
        again = f" (try {step.attempt})" if step.attempt > 1 else ""
        where = step.address or step.host
        click.echo(
            f"  {hop}{step.layer:<10} {printable(where):<28} {step.took_seconds * 1000:8.1f} ms  {result}{again}"
            f"  {printable(_detail(step))}".rstrip()
        )
    colour = {State.OK: "green", State.BLOCKED: "red", State.DEGRADED: "yellow"}.get(verdict.state, "cyan")
    mechanism = f" {verdict.mechanism}" if verdict.mechanism else ""
    sure = "certain" if verdict.confidence >= 1 else f"{verdict.confidence:.0%} sure"
    tail = f" ({sure})" if verdict.state is not State.INSUFFICIENT else ""
    click.echo("  verdict: " + click.style(f"{verdict.state}{mechanism}", fg=colour, bold=True) + tail)
    for sentence in verdict.because:
        click.echo(f"    because {printable(sentence)}")
    if verdict.also:
        click.echo(f"    also seen: {', '.join(verdict.also)}")


def _detail(step: Step) -> str:
    match step.layer:
        case "dns":
            late = f"; LATER {', '.join(step.late_answers)}" if step.late_answers else ""
            by = f" by {step.answered_by}" if step.answered_by else ""
            return f"{step.resolver}{by}: {', '.join(step.answers) or '-'}{late}"
        case "tls":
            issuer = f", issued by {step.chain[0].issuer}" if step.chain else ""
            return f"{step.sni} {step.version or ''} {step.alpn or ''}{issuer}"
        case "http":
            target = f" -> {step.location}" if step.location else ""
            known = f" [{step.fingerprint}]" if step.fingerprint else ""
            return f"{step.status or '-'} {step.length_bytes or 0} bytes{target} {step.title or ''}{known}"
        case "throughput":
            return f"{(step.bytes_per_second or 0) / 1024:.0f} KiB/s over {step.received_bytes} bytes"
        case "icmp":
            return f"{len(step.round_trips_seconds)} of {step.echoes} came back"
        case _:
            return ""
