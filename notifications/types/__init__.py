"""The kinds of notices. Each is a folder here: its templates in each language, and `TYPE`, which says what
the templates are given. A new folder is a new kind; nothing else names it."""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

from notifications.domain.ways import Channel
from notifications.phrases import day_in_words, money_in_words, short_day_in_words
from utility_crm.kit.errors import NotFound

Purpose = Literal["service", "marketing"]


@dataclass(frozen=True, slots=True)
class Facts:
    """What a notice is written from: its stored context, and to whom, in which language, on which clock.

    The methods say a value of the context in that language, by its key; amounts are minor units of the
    context's `currency`, days and instants texts of ISO 8601.
    """

    context: Mapping[str, Any]
    language: str
    timezone: str

    def plain(self, *keys: str) -> dict[str, Any]:
        """These values as they are, by key."""
        return {key: self.context[key] for key in keys}

    def money(self, key: str) -> str:
        """An amount, without its sign: what it means is said in words."""
        return self.amount(abs(self.context[key]))

    def amount(self, amount_minor: int) -> str:
        """An amount that was reckoned from the context's."""
        return money_in_words(amount_minor, self.context["currency"], self.language)

    def day(self, key: str) -> str:
        """ "Friday, 27 November 2026"."""
        return day_in_words(date.fromisoformat(self.context[key]), self.language)

    def short_day(self, key: str) -> str:
        """ "27 Nov 2026"."""
        return short_day_in_words(date.fromisoformat(self.context[key]), self.language)

    def wall(self, key: str) -> datetime | None:
        """An instant on the customer's clock; None where the context says nothing."""
        said = self.context[key]
        return datetime.fromisoformat(said).astimezone(ZoneInfo(self.timezone)) if said else None


@dataclass(frozen=True, slots=True)
class NoticeType:
    """A kind of notice.

    example         a stated context to look at it with, where no customer had one yet; a stored context must
                    have the same keys, with something in them (`needs`)
    may_be_empty    those of them that may say nothing (an empty text, list or table, never None)
    words           turns facts into what the templates print
    title           its name for staff
    channels        the ways that suit it, best first; each needs its templates in every language
    receipt_within  without a provider's receipt after this long the next way is tried, too; None: as long as
                    is usual for the channel (`RECEIPT_WITHIN`), else never
    in_doubt        what is done with one that may have gone out, where the other side knows no keys: sent
                    again under the same Message-ID, or parked for a person
    """

    name: str
    title: str
    purpose: Purpose
    example: Mapping[str, Any] = field(hash=False, compare=False)
    words: Callable[[Facts], Mapping[str, Any]]
    channels: tuple[Channel, ...] = ("email",)
    receipt_within: timedelta | None = None
    in_doubt: Literal["resend", "park"] = "resend"
    may_be_empty: frozenset[str] = frozenset()

    @property
    def needs(self) -> frozenset[str]:
        """The keys that a stored context must have."""
        return frozenset(self.example)

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages it is written in."""
        return _languages_in(self.templates)

    @property
    def templates(self) -> Path:
        """The folder with a folder a language."""
        return Path(__file__).parent / self.name / "templates"


@cache
def _languages_in(templates: Path) -> tuple[str, ...]:
    return tuple(sorted(path.name for path in templates.iterdir() if path.is_dir()))


@cache
def notice_types() -> Mapping[str, NoticeType]:
    """Every kind there is, by name."""
    names = [found.name for found in pkgutil.iter_modules(__path__) if found.ispkg]
    return {name: import_module(f"{__name__}.{name}").TYPE for name in names}


def notice_type(name: str) -> NoticeType:
    """The kind of that name. Raises `NotFound`."""
    try:
        return notice_types()[name]
    except KeyError:
        raise NotFound("no_such_notice", f"there is no kind of notice called {name}", name) from None
