"""A story as a person reads it: who lives there, what was done, what the packets met, what was noted, what was made of it."""

from collections.abc import Iterable, Iterator
from typing import Any

from tests.lab.story import Story
from tests.lab.world import (
    CHECK_HOSTS,
    DOH_ADDRESS,
    DOMESTIC,
    OPERATOR_RESOLVER,
    PORTAL_HOSTS,
    PROXY,
    PUBLIC_RESOLVERS,
    control_address,
)

Record = dict[str, Any]
_NAMES = {
    OPERATOR_RESOLVER: "resolver",
    DOH_ADDRESS: "doh",
    PROXY: "proxy",
    **dict.fromkeys(PUBLIC_RESOLVERS, "public resolver"),
    **dict.fromkeys((*CHECK_HOSTS, *PORTAL_HOSTS), "check host"),
    **{site.here[0]: site.name for site in DOMESTIC},
}
_FATES = {
    "passed": "passes",
    "dropped": "VANISHES",
    "answered here": "ends at the operator's resolver",
    "taken over": "IS LED INTO A BOX",
    "made here": "IS MADE BY THE CENSOR",
}
MOST_LINES = 60


def lines(story: Story, record: Record, *, all_packets: bool = False) -> Iterator[str]:
    """The whole story, line by line."""
    yield f"{story.id}: {story.says}"
    if "error" in record:
        yield from ("", "The laboratory failed:", *record["error"].splitlines())
        return
    yield from ("", *topology(story))
    for act, happened in zip(record["acts"], story.acts, strict=True):
        yield ""
        if len(story.acts) > 1:
            yield f"MINUTE {act['minute']}{': ' + act['says'] if act['says'] else ''}"
        yield from _done(act, [happening.sentence for happening in happened.happens])
        yield from _packets(story, act["packets"], all_packets)
        yield from _noted(act["verdicts"])
        yield from _made_of_it(act)
    yield ""
    yield from _whole(record)
    yield "RIGHT" if record["right"] else "WRONG"
    yield from (f"  {sentence}" for sentence in record["missed"])


def topology(story: Story) -> Iterator[str]:
    """A picture of who is joined to whom."""
    lines_ = [f"{operator.name} (AS{operator.asn}, {operator.access.value})" for operator in story.operators]
    width = max(len(line) for line in lines_)
    home = ", ".join(f"{site.name} {site.here[0]}" for site in DOMESTIC)
    away = ", ".join(f"{site.name} {' '.join(site.here) or 'nowhere'}" for site in story.sites if not site.domestic)
    right = [f"home: {home}", f"abroad: {away}, resolvers, check hosts ── control {control_address()}"]
    while len(lines_) < 2:
        lines_.append("")
    middle = (len(lines_) - 1) // 2
    for number, line in enumerate(lines_):
        joined = f"  {line:<{width}} {'──' if line else '  '}"
        joined += f" the censor (resolver {OPERATOR_RESOLVER}) ──" if number == middle else " " * 34
        yield joined + (f" {right[number]}" if number < 2 else "")


def _done(act: Record, sentences: list[str]) -> Iterator[str]:
    yield "What is done"
    yield from (f"  {sentence}" for sentence in sentences or ["nothing"])
    yield from (f"  {count:4} packets met: {words}" for words, count in act["censor"].items())


def _packets(story: Story, packets: list[Record], everything: bool) -> Iterator[str]:
    names = {f"11.1.{number}.2": operator.name for number, operator in enumerate(story.operators, 1)}
    names |= {f"2d00:1:{number}::2": operator.name for number, operator in enumerate(story.operators, 1)}
    names |= {address: site.name for site in story.sites for address in site.addresses} | _NAMES
    told = [packet for packet in packets if everything or _tells(packet)]
    yield f"What the packets met ({len(packets)} at the censor, {min(len(told), MOST_LINES)} shown)"
    for packet in told if everything else told[:MOST_LINES]:
        ends = f"{_named(packet['source'], names)} → {_named(packet['target'], names)}"
        waited = f", after {packet['waited_seconds']:.1f} s" if packet["waited_seconds"] > 0.2 else ""
        fate = _FATES[packet["fate"]]
        if packet["fate"] == "answered here" and "resolver" in _named(packet["source"], names):
            fate = "comes from the operator's resolver"
        yield f"  {packet['at_seconds']:7.3f} s  {ends:<46} {packet['says']:<44} {fate}{waited}"


def _tells(packet: Record) -> bool:
    """Whether a packet says something to a person: no bare acknowledgement, nothing of the usual check of the line."""
    ends = {_address(packet["source"]), _address(packet["target"])}
    usual = ends & {*CHECK_HOSTS, *PORTAL_HOSTS, DOH_ADDRESS} or _checks_home(packet)
    bare = packet["says"] in {"TCP ACK", "TCP FIN"} or packet["says"].startswith(("TLS data", "TCP data"))
    return not (bare or usual) or (packet["fate"] in {"made here", "taken over"} and not bare)


def _checks_home(packet: Record) -> bool:
    homes = {f"{site.here[0]}:80" for site in DOMESTIC}
    return packet["target"] in homes or packet["source"] in homes


def _address(end: str) -> str:
    return end.rpartition(":")[0].strip("[]")


def _named(end: str, names: dict[str, str]) -> str:
    address, _, port = end.rpartition(":")
    name = names.get(address.strip("[]"))
    if name is None:
        return end
    return name if int(port) > 32_000 else f"{name}:{port}"


def _noted(verdicts: list[Record]) -> Iterator[str]:
    if not verdicts:
        return
    yield "What the vantages noted"
    for verdict in verdicts:
        link = verdict["link"]
        yield f"  {verdict['operator']}, {verdict['target']}; its own line is {link}"
        yield from (f"    {line}" for line in map(step_line, verdict["measurement"]["steps"]))
        control = verdict["measurement"].get("control") or {}
        if control.get("failed"):
            yield "    control: failed"
        else:
            yield from (f"    control: {line}" for line in map(step_line, control.get("steps", ())))


def step_line(step: Record) -> str:
    """A step of a measurement in a few words."""
    where = step.get("address") or step.get("host", "")
    took = f"{step['took_seconds'] * 1000:.0f} ms"
    outcome = step.get("failure", "ok")
    return f"{step['layer']:<5} {where:<24} {outcome:<24} {took:>8}  {_more(step)}".rstrip()


def _more(step: Record) -> str:
    if step["layer"] == "dns":
        late = f"; then also {', '.join(step['late_answers'])}" if step.get("late_answers") else ""
        return f"{step['resolver']} resolver: {', '.join(step['answers']) or 'no address'}{late}"
    if step["layer"] == "tls":
        issuer = f", issued by {step['chain'][0]['issuer']}" if step.get("chain") else ""
        return f"for {step['sni']}{issuer}"
    if step["layer"] == "http":
        title = f", {step['title']!r}" if step.get("title") else ""
        return f"{step.get('status', 'no answer')}, {step.get('length_bytes', 0)} bytes{title}"
    return ""


def _made_of_it(act: Record) -> Iterator[str]:
    if act["fetched"]:
        yield "What came through the proxy"
        yield from (f"  {fetch['url']}: {fetch['outcome']}" for fetch in act["fetched"])
        return
    yield "What Dabyl makes of it"
    for verdict in act["verdicts"]:
        how = f" by {verdict['mechanism']}" if verdict["mechanism"] else ""
        yield (
            f"  {verdict['operator']}, {verdict['target']}: {verdict['state'].upper()}{how}, "
            f"confidence {verdict['confidence']:g} (rule {verdict['rule']})"
        )
        yield from (f"    {sentence}" for sentence in verdict["because"])
    yield from (f"  expected: {_expected(expected)}" for expected in act["expected"])


def _expected(expected: Record) -> str:
    who = ", ".join(expected[part] for part in ("operator", "target") if part in expected)
    who += f"{', ' if who else ''}IPv{expected['family']} alone" if "family" in expected else ""
    how = " or ".join(expected.get("mechanism", ()))
    certain = ", certain" if expected.get("certain") else ""
    return f"{who + ': ' if who else ''}{expected['state']}{' by ' + how if how else ''}{certain}"


def _whole(record: Record) -> Iterator[str]:
    if record["expected"] or record["told"]:
        yield "What the detectors make of all vantages together"
        yield from (f"  {line}" for line in record["told"] or ["nothing"])
        if record["openings"] is not None:
            yield f"  re-openings: {record['openings']}"
        yield from (f"  expected: {_told(told)}" for told in record["expected"])


def _told(told: Record) -> str:
    until = f"until minute {told['until_minute']}" if told["until_minute"] is not None else "on"
    return f"{told['scope']} {told['kind']} of {told['entity']} from minute {told['from_minute']} {until}"


def table(stories: Iterable[Story]) -> Iterator[str]:
    """All stories, one a line."""
    stories = list(stories)
    width = max(len(story.id) for story in stories)
    kind = None
    for story in stories:
        if story.kind != kind:
            kind = story.kind
            yield f"{kind}"
        yield f"  {story.id:<{width}}  {story.says}"
