"""The stories: what is true in each, and what Dabyl must make of it."""

from dataclasses import replace
from typing import Any, Literal

from collectors.probes.quic import INSTALLED
from monitor.domain.measurements import Link, State
from tests.lab.interference import (
    Answer,
    BrokenIpv6,
    Cut,
    DropQuic,
    FilterAddress,
    FilterName,
    Happening,
    InjectAnswer,
    Intercept,
    Lie,
    LinkDown,
    Portal,
    ResetAtOnce,
    Throttle,
)
from tests.lab.servers import http_answer
from tests.lab.story import Act, Expected, Kind, Operator, Site, Story, Told
from tests.lab.world import (
    ALPHA,
    ALPHA_WEST,
    BETA,
    BETA_WEST,
    CHAT,
    DELTA,
    DOMESTIC,
    ENCYCLOPEDIA,
    GAMMA,
    NEWS,
    NEWS_V4,
)

HTTPS = "https://news.example/"
HTTP = "http://news.example/"
OK = Expected(state=State.OK)
DOWN = Expected(state=State.DOWN)
UNCLEAR = Expected(state=State.INSUFFICIENT)
BLOCK_PAGE = http_answer(
    "200 OK",
    "<html><head><title>Доступ закрыт</title></head><body><h1>Страница заблокирована</h1></body></html>".encode(),
)
OTHER_PAGE = http_answer("200 OK", b"<html><head><title>Welcome</title></head><body>Buy our tariff.</body></html>")


def blocked(*mechanism: str, certain: bool = False) -> Expected:
    """Somebody interferes in one of these ways."""
    return Expected(state=State.BLOCKED, mechanism=mechanism, certain=certain)


def one(
    id_: str, kind: Kind, says: str, expects: Expected, *happens: Happening, target: str = HTTPS,
    sites: tuple[Site, ...] = (NEWS_V4,), **more: Any,
) -> Story:  # fmt: skip
    """A story of one act, one vantage and one target."""
    acts = (Act(happens=happens, expects=(expects,)),)
    return Story(id=id_, kind=kind, says=says, acts=acts, sites=sites, operators=(ALPHA,), targets=(target,), **more)


NEWS_NAME = NEWS.name
DEAD = Site(name=NEWS_NAME, here=("11.9.1.10",), dead=True)
EXPIRED = Site(name=NEWS_NAME, here=("11.9.1.10",), flaw="expired")
GEO = Site(name=NEWS_NAME, here=("11.9.1.10",), there=("11.9.3.10",), title="News of the city")
NOWHERE = Site(name=NEWS_NAME, here=())

NOTHING = (
    one("open-internet", "nothing", "Nobody interferes.", OK, sites=(NEWS,)),
    one("open-http", "nothing", "Nobody interferes with a page in clear text.", OK, target=HTTP),
    one("geo-cdn", "nothing", "A CDN gives other addresses in the country than abroad.", OK, sites=(GEO,)),
)
WORLD = (
    one("dead-site", "world", "The site's server is off, for everybody.", DOWN, sites=(DEAD,)),
    one("dead-name", "world", "The site's name exists no more, for everybody.", DOWN, sites=(NOWHERE,)),
    one("expired-certificate", "world", "The site let its certificate expire.", DOWN, sites=(EXPIRED,)),
)
OWN_SIDE = (
    one("captive-portal", "own side", "The vantage sits in a café that wants a login.",
        Expected(state=State.INSUFFICIENT, link=Link.CAPTIVE_PORTAL), Portal()),
    one("own-link-down", "own side", "The vantage's own line is dead.",
        Expected(state=State.INSUFFICIENT, link=Link.DOWN), LinkDown()),
    one("control-fails", "own side", "The name is filtered, but the control vantage is cut off itself.",
        UNCLEAR, FilterName(name=NEWS_NAME, how="drop"), blind=("control",)),
    one("probe-ipv6-broken", "own side", "The vantage has IPv6 addresses, and no packet of it arrives.",
        OK, BrokenIpv6(), sites=(NEWS,)),
)  # fmt: skip
DNS = (
    one("dns-nxdomain", "dns", "The operator's resolver says that the name does not exist.",
        blocked("dns.nxdomain"), Lie(name=NEWS_NAME, says="nxdomain")),
    one("dns-refused", "dns", "The operator's resolver refuses to answer for the name.",
        blocked("dns.refused"), Lie(name=NEWS_NAME, says="refused")),
    one("dns-servfail", "dns", "The operator's resolver claims to have failed.",
        blocked("dns.servfail"), Lie(name=NEWS_NAME, says="servfail")),
    one("dns-timeout", "dns", "The operator's resolver is silent about the name.",
        blocked("dns.timeout"), Lie(name=NEWS_NAME, says="silence")),
    one("dns-bogon", "dns", "The operator's resolver answers with a private address.",
        blocked("dns.injection.bogon"), Lie(name=NEWS_NAME, says="10.10.34.34")),
    one("dns-wrong-address", "dns", "The operator's resolver leads to a machine that is not the site's.",
        blocked("dns.injection"), Lie(name=NEWS_NAME, says="11.7.1.10"), sites=(NEWS_V4,)),
    one("dns-injection", "dns", "A box forges an answer that comes before the resolver's own.",
        blocked("dns.injection"), InjectAnswer(name=NEWS_NAME, address="11.66.6.6"), public_resolver=True),
)  # fmt: skip
TCP = (
    one("tcp-drop", "tcp", "Packets to the site's address vanish.",
        blocked("tcp.timeout"), FilterAddress(site=NEWS_NAME, how="drop")),
    one("tcp-refused", "tcp", "A box refuses connections in the site's name.",
        blocked("tcp.refused"), FilterAddress(site=NEWS_NAME, how="refuse")),
    one("tcp-reset", "tcp", "A box accepts connections in the site's name and resets them at once.",
        blocked("tcp.reset", "tls.reset"), ResetAtOnce(site=NEWS_NAME)),
    one("tcp-unreachable", "tcp", "A router says that the site's address cannot be reached.",
        blocked("ip.unreachable"), FilterAddress(site=NEWS_NAME, how="unreachable")),
)  # fmt: skip
TLS = (
    one("tls-drop-by-name", "tls", "Connections die as soon as they name the site (the usual way in Kazakhstan).",
        blocked("tls.timeout"), FilterName(name=NEWS_NAME, how="drop")),
    one("tls-reset-by-name", "tls", "Connections are reset as soon as they name the site.",
        blocked("tls.reset.sni"), FilterName(name=NEWS_NAME, how="reset")),
    one("tls-mitm-unknown-root", "tls", "A box shows a certificate of a root that nobody knows.",
        blocked("tls.mitm"), Intercept(name=NEWS_NAME, root="unknown")),
    one("tls-mitm-self-signed", "tls", "A box shows a certificate that nobody signed.",
        blocked("tls.mitm"), Intercept(name=NEWS_NAME, root="self-signed")),
    one("tls-mitm-state-2015", "tls", "The state reads along under its root of 2015.",
        blocked("tls.mitm", certain=True), Intercept(name=NEWS_NAME, root="state-2015")),
    one("tls-mitm-state-2016", "tls", "The state reads along under its root of 2016, as in July 2019.",
        blocked("tls.mitm", certain=True), Intercept(name=NEWS_NAME, root="state-2016")),
    one("tls-mitm-state-2020", "tls", "The state reads along under its root of 2020 and an intermediate.",
        blocked("tls.mitm", certain=True), Intercept(name=NEWS_NAME, root="state-2020")),
    one("tls-mitm-expired", "tls", "The state reads along with certificates that it let expire, as in 2024.",
        blocked("tls.mitm", certain=True), Intercept(name=NEWS_NAME, root="state-2020", flaw="expired")),
    one("tls-mitm-wrong-name", "tls", "A box shows somebody else's certificate.",
        blocked("tls.mitm"), Intercept(name=NEWS_NAME, root="unknown", flaw="wrong-name")),
)  # fmt: skip
APART = (
    Story(id="filter-knows-only-ipv4", kind="tls", says="The filter was made for IPv4; over IPv6 the site works.",
          acts=(Act(happens=(FilterName(name=NEWS_NAME, how="drop", versions=(4,)),), expects=(
              replace(blocked("tls.timeout"), family=4), replace(OK, family=6))),),
          sites=(NEWS,), operators=(ALPHA,), targets=(HTTPS,)),
)  # fmt: skip
QUIC = "quic://news.example:443"
OVER_QUIC = (
    Story(id="quic-drop", kind="tls", says="QUIC vanishes; TLS on the same address works.",
          acts=(Act(happens=(DropQuic(site=NEWS_NAME),), expects=(
              replace(blocked("quic.timeout"), target=QUIC), replace(OK, target=HTTPS))),),
          sites=(NEWS_V4,), operators=(ALPHA,), targets=(QUIC, HTTPS)),
    one("quic-open", "nothing", "Nobody interferes with QUIC.", OK, target=QUIC),
) if INSTALLED else ()  # fmt: skip
PAGES = (
    one("http-reset", "http", "Requests that name the site are reset.",
        blocked("http.reset"), FilterName(name=NEWS_NAME, how="reset", layer="http"), target=HTTP),
    one("http-drop", "http", "Requests that name the site vanish.",
        blocked("http.timeout"), FilterName(name=NEWS_NAME, how="drop", layer="http"), target=HTTP),
    one("http-block-page", "http", "A page says that the page is blocked.",
        blocked("http.blockpage", certain=True), Answer(host=NEWS_NAME, answer=BLOCK_PAGE), target=HTTP),
    one("http-difference", "http", "Another page comes in the page's place, and nothing in it says why.",
        UNCLEAR, Answer(host=NEWS_NAME, answer=OTHER_PAGE), target=HTTP),
)  # fmt: skip

# Speed ----------------------------------------------------------------------------------------------------------------

CDN = ("11.9.1.10",)
SLOW_NEWS = Site(name=NEWS_NAME, here=CDN, many_names=True, body_bytes=400, title="News of the city")
PICTURES = Site(name="pictures.example", here=CDN, many_names=True, body_bytes=400, title="Pictures of cats")
BESIDE = "https://pictures.example/"


def slowed(id_: str, says: str, throttle: Throttle, news: Expected, sibling: Expected) -> Story:
    """A story of a target and a sibling on the same servers: first as ever, then slow."""
    usual = Act(rounds=1, expects=(OK,), says="as ever")
    slow = Act(
        minute=60,
        happens=(throttle,),
        expects=(replace(news, target=HTTPS), replace(sibling, target=BESIDE)),
        says="the token bucket drips",
    )
    return Story(
        id=id_, kind="speed", says=says, acts=(usual, slow), sites=(SLOW_NEWS, PICTURES), operators=(ALPHA,),
        targets=(HTTPS, BESIDE), siblings={HTTPS: BESIDE, BESIDE: HTTPS}, samples=10, timeouts_seconds=15.0,
    )  # fmt: skip


def degraded(mechanism: str) -> Expected:
    """It comes, but slowly."""
    return Expected(state=State.DEGRADED, mechanism=(mechanism,))


SPEED = (
    slowed("throttling-targeted", "Connections that name the site drip; its neighbour on the same servers does not "
           "(as in 2022).", Throttle(kilobits=48, name=NEWS_NAME), degraded("throttling.targeted"), OK),
    slowed("throttling-general", "Every subscriber's line drips.", Throttle(kilobits=96),
           degraded("throttling.general"), degraded("throttling.general")),
)  # fmt: skip

# Cuts -----------------------------------------------------------------------------------------------------------------

FOREIGN = (NEWS_V4, ENCYCLOPEDIA, CHAT)
EVERYWHERE = tuple(f"https://{site.name}/" for site in (*FOREIGN, *DOMESTIC))
QUIET_MINUTES = 60
DAY = 1440
DARK = Expected(state=State.INSUFFICIENT, link=Link.DOWN)


def cut(
    id_: str, says: str, *later: Act, told: tuple[Told, ...], ends_minute: int = QUIET_MINUTES + 40,
    operators: tuple[Operator, ...] = (ALPHA, BETA, GAMMA), **more: Any,
) -> Story:  # fmt: skip
    """A story of several operators, seen from inside and outside, that begins with a quiet hour."""
    return Story(
        id=id_, kind="cut", says=says, acts=(Act(expects=(OK,), says="quiet"), *later), sites=FOREIGN,
        operators=operators, targets=EVERYWHERE, told=told, ends_minute=ends_minute, outside=3, **more,
    )  # fmt: skip


def national(kind: str, from_minute: int, until_minute: int | None = None) -> Told:
    """The country is cut, and it is known within six minutes."""
    return Told(
        entity="national", scope="national", kind=kind, from_minute=from_minute, until_minute=until_minute,
        detected_by=from_minute + 6,
    )  # fmt: skip


def of_operator(entity: str, kind: str) -> Told:
    """One operator's network is gone."""
    return Told(entity=entity, scope="operator", kind=kind, from_minute=QUIET_MINUTES)


def begins(*happens: Happening, expects: tuple[Expected, ...] = (), says: str = "", minute: int = QUIET_MINUTES) -> Act:
    """What comes after the quiet hour."""
    return Act(minute=minute, happens=happens, expects=expects, says=says)


ALL_DOWN = Cut()
CUTS = (
    cut("all-is-well", "Three operators, six sites, nothing happens.", told=()),
    cut("national-cut", "The whole country goes dark.", begins(ALL_DOWN, expects=(DARK,)),
        told=(national("full", QUIET_MINUTES),)),
    cut("one-operator-cut", "One operator of three goes dark.",
        begins(Cut(operators=("gamma",)), expects=(replace(DARK, operator="gamma"), replace(OK, operator="alpha"))),
        told=(of_operator("operator:gamma", "operator"),)),
    cut("mobile-only", "Both mobile networks go dark, the fixed ones stay.",
        begins(Cut(operators=("beta", "delta")), expects=(replace(DARK, operator="beta"), replace(OK, operator="alpha"))),
        operators=(ALPHA, BETA, GAMMA, DELTA),
        told=(of_operator("operator:beta/mobile", "mobile_only"), of_operator("operator:delta/mobile", "mobile_only"))),
    cut("region-cut", "One region goes dark at all operators, the rest of the country stays.",
        begins(Cut(operators=("alpha-west", "beta-west")),
               expects=(replace(DARK, operator="alpha-west"), replace(OK, operator="alpha"))),
        operators=(ALPHA, BETA, GAMMA, ALPHA_WEST, BETA_WEST),
        told=(Told(entity="region:KZ-47", scope="region", kind="full", from_minute=QUIET_MINUTES),)),
    cut("white-list", "Only the country's own sites pass, as in January 2022.",
        begins(Cut(home=True, resolver=True), expects=(
            *(replace(OK, target=f"https://{site.name}/") for site in DOMESTIC),
            *(Expected(state=State.BLOCKED, mechanism=("tcp.timeout",), target=f"https://{site.name}/", link=Link.UP)
              for site in FOREIGN))),
        told=(national("white_list", QUIET_MINUTES),)),
    cut("short-re-openings", "The country goes dark, opens for half an hour on each of three days, and then for good.",
        *(act for day in range(3) for act in (
            begins(ALL_DOWN, expects=(DARK,), says="cut", minute=day * DAY + (60 if day == 0 else 150 - DAY)),
            begins(expects=(OK,), says="opened for half an hour", minute=day * DAY + 120))),
        begins(ALL_DOWN, expects=(DARK,), says="cut again", minute=2 * DAY + 150),
        begins(expects=(OK,), says="open", minute=2 * DAY + 210),
        told=(national("full", 60, 120), national("full", 150, DAY + 120), national("full", DAY + 150, 2 * DAY + 120),
              national("full", 2 * DAY + 150, 2 * DAY + 210)),
        alike_openings=3, ends_minute=2 * DAY + 270, timeouts_seconds=2.0),
    cut("one-agent-dark", "One agent's own line dies; its operator is well.",
        begins(LinkDown(operators=("beta",)), expects=(replace(DARK, operator="beta"), replace(OK, operator="alpha"))),
        told=()),
    cut("own-outage-outside", "One of our vantages outside loses its own line; nothing happens in the country.",
        told=(), blind=("outside-2",)),
    cut("cut-while-one-is-blind", "The country goes dark while one of our vantages outside is blind itself.",
        begins(ALL_DOWN, expects=(DARK,)), told=(national("full", QUIET_MINUTES),), blind=("outside-3",)),
)  # fmt: skip

# Proxies --------------------------------------------------------------------------------------------------------------

SHOWN = (HTTPS, HTTP, "https://bank.example/")


def proxied(id_: str, says: str, state: Literal["up", "down"]) -> Story:
    """A story of fetching through a proxy: whatever else leaves the machine is wrong."""
    return Story(
        id=id_, kind="proxy", says=says, acts=(Act(),), sites=(NEWS_V4,), operators=(ALPHA,), targets=SHOWN, proxy=state
    )


PROXIES = (
    proxied("proxy-up", "Collectors fetch through a SOCKS proxy: nothing goes beside it, names included.", "up"),
    proxied("proxy-down", "The SOCKS proxy is down: nothing comes, and nothing goes beside it.", "down"),
)

STORIES: dict[str, Story] = {
    story.id: story
    for story in (*NOTHING, *WORLD, *OWN_SIDE, *DNS, *TCP, *TLS, *APART, *OVER_QUIC, *PAGES, *SPEED, *CUTS, *PROXIES)
}
