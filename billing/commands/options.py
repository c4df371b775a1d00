"""What several commands take: which channel is what, a clock, a date."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from billing.quoting import DIRECTIONS

TARIFF_HELP = "A tariff file (docs/tariffs.md) or URDB JSON."

Channels = Annotated[
    str,
    typer.Option(help="Which channel is what, where a file has several.", metavar="import=E1,export=B1"),
]
TariffTimezone = Annotated[
    str,
    typer.Option(help="Whose clock a tariff that names none goes by.", metavar="Area/City"),
]

Prices = Annotated[
    list[str],
    typer.Option(
        help="Prices of the tariff's series (starts_at,price); SERIES=FILE where it names several.",
        metavar="FILE",
    ),
]


def parse_channels(text: str) -> dict[str, str]:
    """import=E1,export=B1; a usage error where it cannot be understood."""
    found: dict[str, str] = {}
    for pair in filter(None, (part.strip() for part in text.split(","))):
        direction, equals, name = (part.strip() for part in pair.partition("="))
        if not equals or not name or direction not in DIRECTIONS or direction in found:
            raise typer.BadParameter(
                f"cannot read {pair!r}; write import=E1,export=B1", param_hint="--channels"
            )
        found[direction] = name
    return found


def parse_zone(text: str) -> str:
    """A time zone's name, empty for none given."""
    try:
        return ZoneInfo(text).key if text else ""
    except (ValueError, OSError, LookupError) as error:
        words = f"{text!r} is not a time zone such as Europe/London"
        raise typer.BadParameter(words, param_hint="--tariff-timezone") from error


def parse_date(text: str, option: str) -> date | None:
    """A date written YYYY-MM-DD, None for none given."""
    if not text:
        return None
    try:
        if len(text) != 10:
            raise ValueError
        return date.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is no date written YYYY-MM-DD", param_hint=option) from error
