"""The encoders towards InfluxDB: nothing that a name or a text holds becomes a line, a field or a piece of a script."""

import math
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.domain.series import Point, SeriesQuery, nanoseconds, series_key
from monitor.runtime.clock import SimulatedClock
from monitor.store import series_influx_flux as flux
from monitor.store.series_influx_csv import BadAnswerError, rows, time_ns
from monitor.store.series_influx_lines import head, line, split, unquoted
from tests.fakes.flux import FluxError, text_literal
from tests.fakes.flux import run as run_flux
from tests.fakes.line_protocol import parse_line, parse_lines
from tests.store.influx_cast import NOON, fake_server, probe, store_over

PAYLOADS = [
    'x" or true',
    'x") |> drop(columns: ["_value"]) |> yield(name: "n',
    "${1 + 1}",
    "$" + "{r._value}",
    "\\",
    '\\"',
    "a\\${b}",
    "\n|> limit(n: 0)",
    "x samples=1i 1\nforged,region=KZ-10 samples=1i 2",
    "x,region=KZ-10 value=1",
    "a b,c=d",
    "'; DROP BUCKET dabyl; --",
    "// comment",
    "\u2028|\u0085|\x1b[31m\x00\r\t",
    "Қазақстан \u202etxt",
    "=cmd|' /C calc'!A0",
]


@pytest.mark.parametrize("payload", PAYLOADS)
async def test_a_hostile_text_is_stored_as_it_was_and_makes_no_second_point(
    tmp_path: Path, clock: SimulatedClock, payload: str
) -> None:
    async with fake_server(clock) as fake, store_over(fake, tmp_path, clock) as store:
        point = probe(1)._replace(text=payload)
        await store.write([point])
        await store.drain()
        assert fake.count("dabyl_measurements") == 1
        query = SeriesQuery(measurement="probe", since=NOON, until=NOON + timedelta(hours=1))
        assert await store.series(query) == [point]


@pytest.mark.parametrize("payload", PAYLOADS)
async def test_a_hostile_value_in_a_question_matches_only_itself(
    tmp_path: Path, clock: SimulatedClock, payload: str
) -> None:
    async with fake_server(clock) as fake, store_over(fake, tmp_path, clock) as store:
        await store.write([probe(1), probe(2)])
        await store.drain()
        for tags in ({"region": (payload,)}, {payload: ("KZ-75",)}, {"region": (payload, "KZ-75")}):
            query = SeriesQuery(measurement="probe", since=NOON, until=NOON + timedelta(hours=1), tags=tags)
            found = 2 if "KZ-75" in tags.get("region", ()) else 0
            assert len(await store.series(query)) == found
            assert sum(bucket.points for bucket in await store.steps(query, timedelta(minutes=5))) == found
            assert len(await store.latest(query)) == found
            assert await store.count(query) == found
        hostile = SeriesQuery(measurement=payload, since=NOON, until=NOON + timedelta(hours=1))
        assert await store.series(hostile) == []


@pytest.mark.parametrize("payload", PAYLOADS)
async def test_a_hostile_tag_comes_back_as_it_was_or_is_refused_alone(
    tmp_path: Path, clock: SimulatedClock, payload: str
) -> None:
    async with fake_server(clock) as fake, store_over(fake, tmp_path, clock) as store:
        try:
            key = series_key("probe", region="KZ-75", operator=payload)
        except ValueError:
            return
        point = Point(key, nanoseconds(NOON), 1.0)
        await store.write([point])
        await store.drain()
        assert fake.count("dabyl_measurements") + store.backlog.parked == 1
        if not store.backlog.parked:
            query = SeriesQuery(
                measurement="probe", since=NOON, until=NOON + timedelta(hours=1), tags={"operator": (payload,)}
            )
            assert await store.series(query) == [point]


@given(st.text())
def test_every_text_is_one_literal_of_flux(text: str) -> None:
    carried = text.encode("utf-8", "replace").decode()
    assert text_literal(flux.literal(text)) == carried
    assert '"' not in flux.literal(text)[1:-1]
    assert "$" not in flux.literal(text)


@given(st.text())
@settings(max_examples=300)
def test_every_text_is_one_field_of_one_line(text: str) -> None:
    made = line(Point("probe,region=KZ-75", 1, 1.0, None, text))
    good, bad = parse_lines(made)
    assert (len(good), bad) == (1, [])
    assert unquoted(str(good[0][1].fields["text"])) == (text or None)
    assert split(made) == [made]


@given(st.floats(allow_nan=False, allow_infinity=False), st.integers(-(2**62), 2**62))
def test_numbers_and_nanoseconds_come_back_exactly(value: float, moment: int) -> None:
    parsed = parse_line(line(Point("probe,region=KZ-75", moment, None, value)))
    assert parsed.time_ns == moment
    assert parsed.fields["value_sum"] == value
    assert parsed.fields["samples"] == 0


@given(st.integers(0, 4 * 10**18))
def test_nanoseconds_of_an_answer_are_read_exactly(moment: int) -> None:
    from tests.fakes.flux import rfc3339nano  # noqa: PLC0415

    assert time_ns(rfc3339nano(moment)) == moment


@pytest.mark.parametrize(
    "series", ["", "_internal,region=a", "probe,time=a", "probe,text=a", "probe,_x=a", "probe,a=", "#x"]
)
def test_names_that_influxdb_keeps_for_itself_are_refused(series: str) -> None:
    with pytest.raises(ValueError, match=r"series|names"):
        head(series)


def test_an_answer_with_several_tables_and_types_is_read() -> None:
    text = (
        "#datatype,string,long,dateTime:RFC3339,string,double\r\n#group,false,false,false,true,false\r\n"
        '#default,sums,,,,\r\n,result,table,_time,region,_value\r\n,,0,2026-01-05T12:00:00Z,"a ""b"", c",1.5\r\n'
        ",,1,2026-01-05T12:00:00.000000001Z,KZ-71,\r\n\r\n"
        "#datatype,string,long,string,long,boolean\r\n#group,false,false,true,false,false\r\n#default,points,,KZ,,\r\n"
        ",result,table,region,_value,good\r\n,,0,,7,true\r\n\r\n"
    )
    found = list(rows(text))
    noon = nanoseconds(NOON)
    assert [row["_value"] for row in found] == [1.5, None, 7]
    assert [row.get("_time") for row in found] == [noon, noon + 1, None]
    assert (found[0]["region"], found[2]["region"], found[2]["good"]) == ('a "b", c', "KZ", True)
    assert found[0]["result"] == "sums"


@pytest.mark.parametrize(
    "text",
    [
        ",result,table\r\n,,0\r\n",
        "#datatype,string,long\r\n,result,table,more\r\n,,0,1\r\n",
        "#datatype,string,wonder\r\n,result,table\r\n,,0\r\n",
        "#datatype,string,long,double\r\n,result,table,_value\r\n,,0,abc\r\n",
        "#datatype,string,long,double\r\n,result,table,_value\r\n,,0\r\n",
        "#datatype,string,string\r\n#group,true,true\r\n#default,,\r\n,error,reference\r\n,engine: broken,897\r\n",
        "<html>captive portal</html>\r\nx\r\n",
    ],
)
def test_an_answer_that_is_no_whole_table_is_never_taken_for_data(text: str) -> None:
    with pytest.raises(BadAnswerError):
        list(rows(text))


def test_the_fake_refuses_flux_that_we_do_not_send() -> None:
    for script in ('drop(bucket: "x")', 'from(bucket: "x") |> map(fn: (r) => r)', 'x = "${y}"', "from(bucket: 1"):
        with pytest.raises((FluxError, AttributeError)):
            run_flux(script, None)  # type: ignore[arg-type]


def test_not_a_number_is_never_written_as_one() -> None:
    good, bad = parse_lines(line(Point("probe,region=a", 1, math.inf, None)))
    assert (good, len(bad)) == ([], 1)
