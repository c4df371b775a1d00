"""Messengers, one file each: a new file is a new messenger, and nothing else names it.

An adapter says whether a request is really from the messenger's provider, and what people wrote in it.
Answers leave by the notices' channel `messenger`, whatever brought the question.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib import import_module
from typing import Protocol

from utility_crm.kit.errors import NotFound

MOST_MESSAGES = 100
"""In one request."""
LONGEST_TEXT = 10_000


@dataclass(frozen=True, slots=True)
class Message:
    """One message: `name` is the provider's number of it, `sender` their name at the messenger."""

    name: str
    sender: str
    sender_name: str
    text: str
    at: datetime


class Adapter(Protocol):
    """How one messenger speaks. Both are pure: a request in, a verdict or values out."""

    def is_genuine(self, body: bytes, headers: Mapping[str, str], secret: str, now: datetime) -> bool:
        """Whether the provider sent this, now and not some time ago. headers: by lower-case name."""

    def read(self, body: bytes, now: datetime) -> Sequence[Message]:
        """What people wrote. Raises `Invalid` with its place."""


@cache
def adapters() -> Mapping[str, Adapter]:
    """Every messenger there is, by the name of its file."""
    names = [found.name for found in pkgutil.iter_modules(__path__)]
    return {name: import_module(f"{__name__}.{name}").ADAPTER for name in names}


def adapter(name: str) -> Adapter:
    """The messenger of that name. Raises `NotFound`."""
    try:
        return adapters()[name]
    except KeyError:
        words = f"The messengers here are {', '.join(sorted(adapters()))}."
        raise NotFound("no_such_messenger", words, name) from None
