"""Ways to reach people: one module per channel with a `Config` and a `Receiver`, found by its name."""

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

Secrets = Callable[[str], str]
"""Gives the secret of that name, or raises `AccessDeniedError`."""


@dataclass(frozen=True, slots=True)
class ReceiverKind:
    """A kind of receiver: its settings, and what makes one of them."""

    name: str
    config: type[BaseModel]
    make: Callable[[Any, Secrets], Any]


def kind_names() -> list[str]:
    """Names of all kinds."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


def kind(name: str) -> ReceiverKind:
    """The kind of that name.

    Raises:
        KeyError: there is none.
    """
    if name not in kind_names():
        raise KeyError(name)
    module = importlib.import_module(f"alerts.receivers.{name}")
    return ReceiverKind(name, module.Config, module.Receiver)
