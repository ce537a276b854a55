"""What the core takes from agents and what it refuses, each refusal with exactly one alert."""

from datetime import timedelta

import pytest

from collectors.agent.parcels import pack_content, unpack_answer
from collectors.agent.rows import Row, pack_row
from monitor.domain.agents import Parcel, Refusal
from monitor.domain.changes import Change
from monitor.domain.health import Feeling
from monitor.domain.kinds import EventKind
from monitor.domain.measurements import Measurement
from monitor.runtime.clock import SimulatedClock
from tests.collectors.agent.cast import AGENT, CORE, MINUTE, OTHER, Core, agent, measured, transmission
from tests.conftest import NEW_YEAR


async def test_a_parcel_is_answered_only_after_the_store_has_committed(core: Core) -> None:
    desk = core.desk()
    taken = await desk.take(transmission(), over="kz-1")
    assert taken.answer is None
    assert taken.pending is not None
    assert await desk.committed([taken.pending]) == {}
    await core.store(taken.items)
    (answer,) = (await desk.committed([taken.pending])).values()
    assert unpack_answer(answer, CORE.public).committed == (1,)
    assert core.measurements == [measured(1)]


async def test_a_parcel_sent_again_is_answered_again_and_stored_once(core: Core) -> None:
    desk = core.desk()
    content = pack_content([pack_row(Row(measurement=measured(1), run="r"))], CORE.public)
    for attempt in (1, 2, 3):
        taken = await core.take(desk, transmission(attempt=attempt, content=content))
        assert await core.answers(desk, taken)
    assert core.ids == [measured(1).id]
    assert core.signals == []
    # A core that starts anew knows it too.
    assert await core.answers(again := core.desk(), await core.take(again, transmission(attempt=4, content=content)))
    assert len(core.measurements) == 1


async def test_what_the_broker_owns_up_to_repeating_is_no_replay(core: Core) -> None:
    data = transmission()
    await core.take(core.desk(), data)
    again = core.desk()
    assert await core.answers(again, await core.take(again, data, repeated=True))
    assert (len(core.measurements), core.signals) == (1, [])


async def test_a_parcel_that_was_lost_on_its_way_to_the_store_is_taken_again(core: Core, clock: SimulatedClock) -> None:
    desk = core.desk()
    content = pack_content([pack_row(Row(measurement=measured(1), run="r"))], CORE.public)
    lost = await desk.take(transmission(1, 1, content=content), over="kz-1")
    assert lost.measurements
    handed_at = []
    for attempt in range(2, 200):
        clock.advance(30)
        again = await desk.take(transmission(1, attempt, content=content, sent_at=clock.now()), over="kz-1")
        assert again.refusal is None
        assert again.pending is not None
        if again.items:
            handed_at.append((clock.now() - NEW_YEAR) / MINUTE)
    # After ten minutes, and then ever more seldom: a store that is away is not heaped with copies.
    assert handed_at == [10.5, 31, 71.5]
    taken = await core.take(desk, transmission(1, 200, content=content, sent_at=clock.now()))
    assert not taken.items
    clock.advance(3600)
    taken = await core.take(desk, transmission(1, 201, content=content, sent_at=clock.now()))
    assert core.ids == [measured(1).id]
    assert await core.answers(desk, taken)


async def test_a_parcel_that_was_slow_and_not_lost_is_stored_once(core: Core, clock: SimulatedClock) -> None:
    desk = core.desk()
    content = pack_content([pack_row(Row(measurement=measured(1), run="r"))], CORE.public)
    copies = []
    for attempt in (1, 2):
        copies.append(await desk.take(transmission(1, attempt, content=content, sent_at=clock.now()), over="kz-1"))
        clock.advance(700)
    assert all(taken.measurements for taken in copies)
    for taken in copies:
        parcels = [item.content for item in taken.items if isinstance(item.content, Parcel)]
        await core.state.apply(Change(measured=taken.measurements, parcels=tuple(parcels)))
    assert [row.id for _, row in await core.state.measured(0, 10) if isinstance(row, Measurement)] == [measured(1).id]
    waiting = [taken.pending for taken in copies if taken.pending is not None]
    assert len(await desk.committed(waiting)) == 2


async def test_what_was_not_all_handed_on_is_taken_again_at_once(core: Core) -> None:
    desk = core.desk()
    content = pack_content([pack_row(Row(measurement=measured(1), run="r"))], CORE.public)
    taken = await desk.take(transmission(1, 1, content=content), over="kz-1")
    with pytest.raises(RuntimeError), desk.handing_over(taken.pending):
        raise RuntimeError
    again = await core.take(desk, transmission(1, 2, content=content))
    assert core.ids == [measured(1).id]
    assert await core.answers(desk, again)


async def test_a_parcel_of_which_nobody_speaks_any_more_is_forgotten(core: Core, clock: SimulatedClock) -> None:
    desk = core.desk()
    for sequence in range(1, 31):
        assert (await desk.take(transmission(sequence, sequence, sent_at=clock.now()), over="kz-1")).items
        clock.advance(60)
    other = transmission(1, 40, rows=[measured(77)], sent_at=clock.now())
    assert (await desk.take(other, over="kz-1")).refusal is Refusal.SEQUENCE_BACK
    clock.advance(3600)
    other = transmission(1, 41, rows=[measured(77)], sent_at=clock.now())
    assert (await desk.take(other, over="kz-1")).measurements == (measured(77),)


FORGED = {
    Refusal.MALFORMED: b"DBL1" + b"x" * 200,
    Refusal.UNKNOWN_AGENT: transmission(agent="kz-9"),
    Refusal.BAD_SIGNATURE: transmission(2, 2, by=OTHER),
    Refusal.OTHER_CORE: transmission(2, 2, core="0" * 16),
    Refusal.REPLAY: transmission(1, 1),
    Refusal.SEQUENCE_BACK: transmission(1, 9, rows=[measured(77)]),
    Refusal.OUTSIDE_WINDOW: transmission(2, 2, sent_at=NEW_YEAR - timedelta(hours=1)),
    Refusal.UNREADABLE: transmission(2, 2, content=pack_content([b"x"], OTHER.public)),
}


@pytest.mark.parametrize("why", FORGED)
async def test_what_is_forged_is_not_stored_and_makes_exactly_one_alert(core: Core, why: Refusal) -> None:
    desk = core.desk()
    await core.take(desk, transmission(1, 1))
    for _ in range(3):
        over = "kz-9" if why is Refusal.UNKNOWN_AGENT else "kz-1"
        taken = await core.take(desk, FORGED[why], over=over)
        assert taken.refusal is not None
    assert core.ids == [measured(1).id]
    told = [signal for signal in core.signals if signal.kind is EventKind.SYSTEM_AGENT_REFUSED]
    assert told[0].regions in {("KZ-75",), ("KZ",)}
    assert len({signal.id for signal in told}) == len(told)
    # The second time the very same bytes come, they are a replay as well.
    assert len(told) == (2 if why in {Refusal.SEQUENCE_BACK, Refusal.OUTSIDE_WINDOW, Refusal.UNREADABLE} else 1)
    assert all("kz-1" not in (signal.title or "") for signal in told)


@pytest.mark.parametrize("why", FORGED)
async def test_one_forged_message_is_one_alert(core: Core, why: Refusal) -> None:
    desk = core.desk()
    await core.take(desk, transmission(1, 1))
    taken = await core.take(desk, FORGED[why], over="kz-9" if why is Refusal.UNKNOWN_AGENT else "kz-1")
    assert taken.refusal is why
    assert len(core.signals) == 1


async def test_another_agents_way_is_refused(core: Core) -> None:
    await core.state.admit(agent("kz-2", OTHER))
    taken = await core.take(core.desk(), transmission(), over="kz-2")
    assert (taken.refusal, len(core.signals), core.measurements) == (Refusal.OTHER_TOPIC, 1, [])


async def test_a_refusal_is_told_again_an_hour_later(core: Core, clock: SimulatedClock) -> None:
    desk = core.desk()
    for _ in range(2):
        await core.take(desk, FORGED[Refusal.BAD_SIGNATURE])
        clock.advance(3601)
    assert len(core.signals) == 2


async def test_a_revoked_agent_is_refused_at_once(core: Core, clock: SimulatedClock) -> None:
    desk = core.desk()
    await core.take(desk, transmission(1, 1))
    assert await core.state.revoke("kz-1", clock.now())
    taken = await core.take(desk, transmission(2, 2))
    assert (taken.refusal, len(core.measurements), len(core.signals)) == (Refusal.REVOKED, 1, 1)


async def test_a_number_that_its_agent_gave_up_is_never_taken_from_a_later_attempt(core: Core) -> None:
    desk = core.desk()
    await core.take(desk, transmission(5, 10, oldest=5))
    taken = await core.take(desk, transmission(3, 11, oldest=3))
    assert taken.refusal is Refusal.SEQUENCE_BACK
    overtaken = await core.take(desk, transmission(4, 9, oldest=3))
    assert overtaken.refusal is None
    assert len(core.measurements) == 1


async def test_parcels_in_any_order_come_to_the_same(core: Core) -> None:
    desk = core.desk()
    for attempt, sequence in enumerate((7, 3, 9, 1, 2, 8), 1):
        await core.take(desk, transmission(sequence, attempt))
    assert {found.started_at for found in core.measurements} == {measured(n).started_at for n in (7, 3, 9, 1, 2, 8)}
    assert core.signals == []


async def test_what_an_agent_says_of_its_own_place_does_not_count(core: Core) -> None:
    await core.state.admit(agent("kz-2", OTHER))
    await core.take(core.desk(), transmission(agent="kz-2", by=OTHER, rows=[measured(1)]), over="kz-2")
    assert core.measurements[0].vantage == agent("kz-2").vantage


async def test_a_row_that_makes_no_sense_costs_itself(core: Core) -> None:
    good = pack_row(Row(measurement=measured(1), run="r"))
    for bad in (b"{}", b"\xff", b'{"run":"r","measurement":{}}', b"[" * 5000, good[:-20], good.replace(b"01Z", b"01")):
        content = pack_content([bad, good], CORE.public)
        sequence = len(core.parcels) + 1
        await core.take(core.desk(), transmission(sequence, sequence, content=content))
        assert (core.parcels[-1].rows, core.parcels[-1].refused_rows) == (1, 1), bad[:40]
    assert "made no sense" in core.healths[-1].reason


async def test_a_bomb_is_refused_and_the_agent_told(core: Core) -> None:
    desk = core.desk()
    taken = await core.take(desk, transmission(content=pack_content([b"0" * 40_000_000], CORE.public)))
    assert taken.refusal is Refusal.UNREADABLE
    assert taken.answer is not None
    assert 1 in unpack_answer(taken.answer, CORE.public).refused


async def test_a_wrong_clock_is_told_the_time_and_flagged_and_its_rows_are_mended(
    core: Core, clock: SimulatedClock
) -> None:
    desk = core.desk()
    late = await core.take(desk, transmission(1, 1, sent_at=NEW_YEAR - timedelta(hours=3)))
    assert late.answer is not None
    assert unpack_answer(late.answer, CORE.public).late
    await core.take(desk, transmission(1, 2, run="r", clock_offset_seconds=3 * 3600.0))
    assert core.measurements[0].started_at == measured(1).started_at + timedelta(hours=3)
    assert core.ids == [measured(1).id]
    assert core.healths[-1].feeling is Feeling.LATE
    assert [signal.kind for signal in core.signals] == [EventKind.SYSTEM_AGENT_REFUSED, EventKind.SYSTEM_AGENT_CLOCK]
    ((_, standing),) = await core.state.agents()
    assert standing.clock_offset_seconds == 3 * 3600


async def test_a_file_may_be_weeks_on_its_way_and_is_no_message_of_the_wire(core: Core, clock: SimulatedClock) -> None:
    data = transmission(1, 0, way="file")
    assert (await core.take(core.desk(), data)).refusal is Refusal.REPLAY
    clock.advance(30 * 86_400)
    desk = core.desk()
    taken = await desk.take(data, over=None, way="file")
    await core.store(taken.items)
    again = await desk.take(data, over=None, way="file")
    assert (again.refusal, again.items, bool(again.answer)) == (None, (), True)
    assert core.ids == [measured(1).id]


async def test_messages_the_broker_threw_away_are_told_once(core: Core) -> None:
    desk = core.desk()
    for _ in range(2):
        await core.store(desk.dropped(4000))
    assert [signal.kind for signal in core.signals] == [EventKind.SYSTEM_MESSAGES_DROPPED]
    assert AGENT.public not in repr(AGENT)
    assert MINUTE
