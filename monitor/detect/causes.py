"""Why, as far as somebody has said so: a technical cause in the same place and hours. Never concluded from measurements. PURE.

A lexicon entry whose name ends in the name of a cause (`ru.net.cable`) says it. A power cut in one region explains no other
region, and a cause that is named for one city does not explain the country. An order outweighs an excuse.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from monitor.detect.said import Said, in_its_hours
from monitor.domain.connectivity import Cause, Outage
from monitor.domain.regions import WHOLE_COUNTRY
from monitor.domain.signals import Signal

_FIRST: Final = (Cause.ORDER, Cause.POWER, Cause.CABLE, Cause.MAINTENANCE)
_BY_NAME: Final = {cause.value: cause for cause in _FIRST}


def cause_in(signal: Signal) -> Cause:
    """The cause that the words of a signal name."""
    named = {_BY_NAME.get(hit.rule.rpartition(".")[2], Cause.UNKNOWN) for hit in signal.because}
    return next((cause for cause in _FIRST if cause in named), Cause.UNKNOWN)


def cause_named(said: Sequence[Said], outage: Outage, now: datetime, known: Cause) -> Cause:
    """The cause of an outage; one that was named stays, until an order outweighs it."""
    named = {
        cause_in(one.signal)
        for one in said
        if in_its_hours(one.signal, outage, now) and _explains(one.signal.regions, outage)
    } | {known}
    if known in _FIRST and Cause.ORDER not in named:
        return known
    return next((cause for cause in _FIRST if cause in named), Cause.UNKNOWN)


def _explains(regions: tuple[str, ...], outage: Outage) -> bool:
    """Whether what happens in these regions covers all of the outage."""
    return WHOLE_COUNTRY in regions or (bool(outage.regions) and set(outage.regions) <= set(regions))
