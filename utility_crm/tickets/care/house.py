"""Words that the desk itself writes, on a ticket that everybody reads: in the language of the house."""

from __future__ import annotations

from collections.abc import Callable

from utility_crm.kit.settings import settings
from utility_crm.web.words import translator


def house_words() -> Callable[..., str]:
    """`_` in the language of the house."""
    return translator(settings().language, "utility_crm.tickets")
