"""A wall around one call, so that one poisoned input is set aside and its neighbours go on.

Beside the supervisor and the dispatcher this is the only place that catches every exception. It exists because the
supervisor restarts a whole part: a post that trips a bug would otherwise come back from its source for ever and stop
everything behind it.
"""

import logging
from collections.abc import Callable
from typing import TypeVar

Result = TypeVar("Result")

log = logging.getLogger(__name__)


def isolated(subject: str, function: Callable[[], Result]) -> Result | None:
    """The function's result, or `None` where it raised; the trace is logged under `subject`, an id and never a text."""
    try:
        return function()
    except Exception:
        log.exception("set aside %s: a bug was met while working on it", subject)
        return None
