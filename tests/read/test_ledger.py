"""The detention ledger, as a lawyer on duty would check it by hand."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from monitor.domain.kinds import EventKind
from monitor.domain.signals import Interval, Signal
from monitor.read.ledger import Detentions, Known, ledger, reconciled
from monitor.read.stations import stations

DAY = datetime(2026, 2, 28, 8, tzinfo=UTC)
KNOWN = Known(official={"police"}, cities={"Zhanaozen", "Aktau"}, zones={"KZ-75": ZoneInfo("Asia/Almaty")})
NUMBERS: dict[str, str] = {"d": "detained", "r": "released", "y": "days"}


def signal(
    witness: str,
    hours: float = 0,
    *,
    kind: EventKind = EventKind.POLICE_DETENTION,
    region: str = "KZ-75",
    place: str | None = None,
    denied: bool = False,
    past: bool = False,
    report: str | None = None,
    **counts: Interval,
) -> Signal:
    at = DAY + timedelta(hours=hours)
    return Signal(
        id=f"{witness}{hours}{kind}{region}", kind=kind, regions=(region,), places=(place,) if place else (), at=at, observed_at=at, source=witness,
        witness=witness, strength=0.9, denied=denied, past=past, report=report or f"{witness}{hours}", link=f"https://{witness}.test/{hours}",
        counts={NUMBERS[name]: interval for name, interval in counts.items()},
    )  # fmt: skip


def only(*signals: Signal, known: Known = KNOWN) -> Detentions:
    (entry,) = ledger(signals, known)
    return entry


@pytest.mark.parametrize(
    ("said", "interval"),
    [
        ([], None),
        ([(15, 15)], (15, 15)),
        ([(15, 15), (17, 17)], (15, 17)),
        ([(15, 15), (17, 17), (40, 40)], (17, 40)),
        ([(50, None)], (50, None)),
        ([(50, None), (120, 150)], (50, 150)),
        ([(100, None), (20, 30)], (20, None)),
        ([(20, None), (20, None)], (20, None)),
        ([(1, 50), (10, 10)], (1, 50)),
    ],
)
def test_intervals_of_independent_witnesses_become_one(said: list[Interval], interval: Interval | None) -> None:
    assert reconciled({str(place): one for place, one in enumerate(said)}) == interval


def test_of_each_witness_only_the_latest_number_counts() -> None:
    entry = only(signal("azattyq", 0, d=(5, 5)), signal("azattyq", 3, d=(17, 17)), signal("vlast", 2, d=(15, 15)))
    assert entry.detained == (15, 17)
    assert (entry.witnesses, len(entry.reports)) == (2, 3)


def test_one_loud_channel_does_not_raise_what_two_agree_on() -> None:
    entry = only(signal("azattyq", d=(15, 15)), signal("vlast", d=(16, 16)), signal("rumour", d=(900, None)))
    assert entry.detained == (16, None)


def test_a_report_of_one_person_says_who_and_not_how_many() -> None:
    entry = only(signal("azattyq", 0, d=(17, 17)), signal("azattyq", 3, d=(1, 1)), signal("vlast", 2, d=(1, 1)))
    assert (entry.detained, entry.witnesses) == ((17, 17), 2)
    assert only(signal("azattyq", d=(1, 1)), signal("vlast", d=(1, 1))).detained == (1, 1)


def test_the_official_figure_stands_apart() -> None:
    entry = only(signal("azattyq", d=(40, 40)), signal("police", 5, d=(3, 3)))
    assert (entry.detained, entry.official, entry.witnesses) == ((40, 40), (3, 3), 1)


def test_a_denial_is_kept_beside_the_claim() -> None:
    entry = only(signal("azattyq", d=(8, 8)), signal("police", 1, denied=True))
    assert (entry.detained, entry.official, entry.denied) == ((8, 8), None, True)


def test_days_are_local_and_the_past_is_left_out() -> None:
    late = signal("azattyq", 12, d=(2, 2))
    entries = ledger([signal("vlast", d=(1, 1)), late, signal("old", past=True, d=(9, 9))], KNOWN)
    assert [entry.day for entry in entries] == [date(2026, 3, 1), date(2026, 2, 28)]


def test_cities_of_a_region_are_told_apart_and_an_unplaced_report_joins_the_only_one() -> None:
    there = signal("azattyq", region="KZ-47", place="Zhanaozen", d=(20, 20))
    unplaced = signal("vlast", 1, region="KZ-47", d=(25, 25))
    assert only(there, unplaced).detained == (20, 25)
    elsewhere = signal("lada", 2, region="KZ-47", place="Aktau", d=(3, 3))
    places = {entry.place: entry.detained for entry in ledger([there, unplaced, elsewhere], KNOWN)}
    assert places == {"Zhanaozen": (20, 20), "Aktau": (3, 3), None: (25, 25)}


def test_releases_and_sentences_are_linked_to_the_detention_they_follow() -> None:
    days = timedelta(days=1) / timedelta(hours=1)
    entry, _ = ledger(
        [
            signal("azattyq", d=(15, 15)),
            signal("azattyq", -5 * days, d=(4, 4)),
            signal("vlast", 3, kind=EventKind.CUSTODY_RELEASE, r=(9, 9)),
            signal("vlast", days, kind=EventKind.PROSECUTION_ADMINISTRATIVE, d=(2, 2), y=(15, 15)),
            signal("orda", days + 1, kind=EventKind.PROSECUTION_ADMINISTRATIVE, y=(20, 20)),
            signal("vlast", 30 * days, kind=EventKind.CUSTODY_RELEASE, r=(1, 1)),
        ],
        KNOWN,
    )
    assert (entry.day, entry.released, entry.releases) == (date(2026, 2, 28), (9, 9), 1)
    assert (entry.sentenced, entry.sentences, entry.days) == ((2, 2), 2, (15, 20))


def test_lists_per_police_station_add_up_and_later_names_are_joined() -> None:
    texts = {"a": "Абайское РОВД — 9, Енбекшинское РОВД — 5 задержанных", "b": "Двоих нашли в Каратауском РОВД"}
    known = Known(texts=texts)
    entry = only(signal("azattyq", report="a", d=(9, 9)), signal("vlast", 4, report="b", d=(2, 2)), known=known)
    assert entry.detained == (2, 14)
    assert {station.name: station.detained for station in entry.stations} == {
        "Абайское": (9, 9),
        "Енбекшинское": (5, 5),
        "Каратауское": None,
    }


def test_an_edited_post_is_one_report() -> None:
    first, second = signal("azattyq", 0, report="a", d=(5, 5)), signal("azattyq", 1, report="a", d=(7, 7))
    entry = only(first, second)
    assert (entry.detained, entry.reports) == ((7, 7), ("a",))


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("доставлены в Алмалинское РОВД", [("Алмалинское", None)]),
        ("из Алмалинского РУВД и Медеуского управления полиции", [("Алмалинское", None), ("Медеуское", None)]),
        ("Сарыаркинское управление полиции: 12, Есильское: 3", [("Сарыаркинское", (12, 12))]),
        ("Бостандыкское РУП (7), Ауэзовское РУП - 10-12", [("Бостандыкское", (7, 7)), ("Ауэзовское", (10, 12))]),
        ("отдел полиции Турксибского района", [("Турксибское", None)]),
        ("Абайское РОВД 5 января приняло людей", [("Абайское", None)]),
        ("Алмалы аудандық полиция басқармасы — 4", [("Алмалы", (4, 4))]),
        ("Медеу ауданының полиция бөліміне жеткізді", [("Медеу", None)]),
        ("taken to Almaly district police station", [("Almaly", None)]),
        ("полиция города сообщила", []),
    ],
)
def test_police_stations_are_named_with_their_numbers(text: str, named: list[tuple[str, Interval | None]]) -> None:
    assert [(station.name, station.detained) for station in stations(text)] == named
