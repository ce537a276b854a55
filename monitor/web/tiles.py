"""The country as tiles: one square a region, roughly where it lies, so that a look shows where something is open. PURE.

States are told by words and patterns, not by colour alone. A region from which nothing was heard is grey and never green:
there is no "all is well" on this map. While we are blind ourselves it is not even called silent: it is not known.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from monitor.domain.alerts import Incident
from monitor.domain.kinds import Family
from monitor.domain.regions import WHOLE_COUNTRY, Region
from monitor.domain.signals import Signal

PLACES: Final = {
    "KZ-27": (0, 1), "KZ-23": (0, 2), "KZ-47": (0, 3), "KZ-15": (1, 2), "KZ-39": (2, 1), "KZ-62": (3, 2), "KZ-43": (2, 3),
    "KZ-59": (4, 0), "KZ-11": (4, 1), "KZ-71": (5, 1), "KZ-35": (4, 2), "KZ-55": (6, 0), "KZ-10": (6, 1), "KZ-63": (7, 1),
    "KZ-61": (3, 3), "KZ-79": (3, 4), "KZ-31": (4, 3), "KZ-75": (5, 4), "KZ-19": (5, 3), "KZ-33": (6, 3),
}  # fmt: skip
"""Column and row of each region's tile."""

SHORT: Final = {"KZ-19": "Almaty reg.", "KZ-27": "West Kaz.", "KZ-59": "North Kaz.", "KZ-63": "East Kaz."}
"""Names that would not fit into a tile, or not be told apart."""

RECENT: Final = timedelta(hours=6)
WIDTH: Final = 8
HEIGHT: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """One region on the map.

    Attributes:
        state: severity of the gravest open incident (`critical` to `info`), `signals` where something was reported of
            late and nothing is open, `quiet` where nothing was heard, `unknown` where we could not have heard it.
        said: the same in a few words.
    """

    code: str
    name: str
    short: str
    column: int
    row: int
    state: str
    said: str


def tiles(
    regions: Mapping[str, Region],
    incidents: Sequence[Incident],
    signals: Sequence[Signal],
    now: datetime,
    *,
    blind: bool,
) -> list[Tile]:
    """Every region, north to south and west to east.

    Args:
        regions: all of them, by code.
        incidents: those that are open.
        signals: those of the last hours.
        now: this moment.
        blind: we do not hear: a region of which nothing is told is not known, and not quiet.
    """
    silent = ("unknown", "not known") if blind else ("quiet", "nothing heard")
    made = [_tile(regions[code], incidents, signals, now, silent) for code in PLACES if code in regions]
    return sorted(made, key=lambda tile: (tile.row, tile.column))


def _tile(
    region: Region,
    incidents: Sequence[Incident],
    signals: Sequence[Signal],
    now: datetime,
    silent: tuple[str, str],
) -> Tile:
    told = [one for one in incidents if one.family is not Family.SYSTEM]
    here = [one for one in told if region.code in one.regions or WHOLE_COUNTRY in one.regions]
    recent = sum(now - signal.at <= RECENT and region.code in signal.regions for signal in signals)
    gravest = max((one.severity for one in here), default=None)
    if gravest is not None:
        state, said = gravest.word, f"{gravest.word}: {len(here)} open"
    elif recent:
        state, said = "signals", f"{recent} reported"
    else:
        state, said = silent
    column, row = PLACES[region.code]
    name = region.names.en
    return Tile(
        code=region.code,
        name=name,
        short=SHORT.get(region.code) or name.removesuffix(" region"),
        column=column,
        row=row,
        state=state,
        said=said,
    )
