"""One look at the store for the status page, its JSON and `dabyl status`.

Promises that the map and the first sentence rest on everything of the last hours, and not on the few rows that a page lists.
"""

from collections.abc import Sequence
from typing import Any, Final

from monitor.domain.changes import Query
from monitor.domain.connectivity import BOARD, board_of
from monitor.domain.health import Health
from monitor.domain.ports import StateStore
from monitor.web import views
from monitor.web.tiles import RECENT

MOST: Final = 20_000
"""Signals, and open incidents, of one look: far more than the gravest night brought."""


async def look(known: views.Known, state: StateStore, own: Sequence[Health] = ()) -> dict[str, Any]:
    """Everything that the status page shows; what feels as in `own` is newer than what the store says of it.

    Raises:
        StoreUnavailableError: the store cannot be read.
    """
    felt = {health.subject: health for health in (*await state.healths(), *own)}
    healths = [felt[subject] for subject in sorted(felt)]
    incidents = await state.incidents(Query(open_only=True, limit=MOST))
    latest = await state.signals(Query(limit=views.LISTED))
    if latest and known.clock.now() - latest[-1].at <= RECENT:
        latest = await state.signals(Query(since=known.clock.now() - RECENT, limit=MOST))
    return views.picture(known, healths, incidents, latest, board_of(await state.memories(BOARD)))
