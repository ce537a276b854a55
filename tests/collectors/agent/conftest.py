"""A core with a store, and its one admitted agent."""

from collections.abc import AsyncIterator

import pytest

from monitor.runtime.clock import SimulatedClock
from monitor.store.state import open_state
from tests.collectors.agent.cast import Core, agent


@pytest.fixture
async def core(clock: SimulatedClock) -> AsyncIterator[Core]:
    state = await open_state(":memory:", clock)
    await state.admit(agent())
    yield Core(state, clock)
    await state.close()
