"""What several commands take: which channel is what, a clock, a date."""

from __future__ import annotations

import csv
import re
from collections.abc import Collection, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from sqlalchemy import select
from sqlalchemy.orm import Session

from billing.cycles import Month
from billing.domain.charges.fixed import Each
from billing.domain.money import MICRO, micro_from_text
from billing.domain.tariffs.json_place import CODE
from billing.quoted_supply import Connected
from billing.quoting import DIRECTIONS
from utility_crm.auth.tables import User
from utility_crm.kit.errors import Invalid, NotFound

YEARS = range(1900, 2200)
"""Of which a date can be asked."""
MOST_CONNECTED_MICRO = 1_000_000 * MICRO
TARIFF_HELP = "A tariff file (docs/tariffs.md) or URDB JSON."


@contextmanager
def of_options(**options: str) -> Iterator[None]:
    """Around what reads values: Invalid of one of these codes is a usage error of the option it names."""
    try:
        yield
    except Invalid as error:
        if error.code not in options:
            raise
        raise typer.BadParameter(error.message, param_hint=options[error.code]) from error


def filled(value: str | None) -> str | None:
    """A value that something is named by, None where it is left out; a usage error for an empty one, so that
    an empty variable of a script never means all."""
    if value is not None and not value.strip():
        raise typer.BadParameter("nothing is given")
    return value


def user_named(session: Session, login: str) -> int | None:
    """The id of who signs in by that name, None for no name. Raises NotFound."""
    if not login:
        return None
    found = session.scalar(select(User.id).where(User.login == login))
    if found is None:
        raise NotFound("user", f"There is no user {login}.", login)
    return found


AccountNumber = Annotated[str, typer.Option("--account", help="The account's number.", callback=filled)]
Channels = Annotated[
    str,
    typer.Option(
        help="Which channel is what, where a file has several: import, export, reactive.",
        metavar="import=E1,export=B1",
    ),
]
ConnectionKw = Annotated[
    str,
    typer.Option(
        "--connection-kw", help="The power of the connection, where a price is by it.", metavar="KW"
    ),
]
ConnectionKva = Annotated[
    str,
    typer.Option("--connection-kva", help="The same in kVA.", metavar="KVA"),
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


_PAIR = re.compile(r'\s*(\w+)\s*=\s*(?:"([^"]*)"|([^,"]*))\s*(?:,|$)')


@dataclass(frozen=True, slots=True)
class Titles:
    """Titles by field as they were told for several files at once; a field may be named more than once.

    named: (field, title) in the order told.
    """

    named: tuple[tuple[str, str], ...]

    def of(self, path: Path, fields: Collection[str], others: Collection[Path] = ()) -> dict[str, str]:
        """Those of these fields that hold for one file: of several titles the one that its first line has.

        A title that it has not, and one of the other files has, is meant for that one.
        """
        here, elsewhere = _first_cells(path), set[str]().union(*(_first_cells(other) for other in others))
        found: dict[str, str] = {}
        for field, title in self.named:
            if field not in fields or (title not in here and title in elsewhere):
                continue
            if field not in found or title in here:
                found[field] = title
        return found


def parse_titles(text: str, fields: Collection[str]) -> Titles:
    """FIELD=TITLE pairs between commas; a usage error where they cannot be understood."""
    named: list[tuple[str, str]] = []
    place = 0
    while place < len(text):
        pair = _PAIR.match(text, place)
        if pair is None:
            words = f"cannot read {text[place:]!r}; write FIELD=TITLE,..."
            raise typer.BadParameter(words, param_hint="--columns")
        if pair[1] not in fields:
            words = f"{pair[1]!r} is none of {', '.join(fields)}"
            raise typer.BadParameter(words, param_hint="--columns")
        named.append((pair[1], pair[2] if pair[2] is not None else pair[3].strip()))
        place = pair.end()
    return Titles(tuple(named))


def _first_cells(path: Path) -> set[str]:
    """What stands in the first line of a table of text; nothing of any other file."""
    with path.open("rb") as opened:
        line = opened.readline(65_536).decode("utf-8-sig", "replace")
    separator = max(",;\t", key=line.count)
    return {cell.strip() for cell in next(csv.reader([line.strip()], delimiter=separator), [])}


def parse_month(text: str, option: str) -> Month:
    """A month written YYYY-MM; a usage error for anything else."""
    try:
        found = Month.read(text)
    except Invalid as error:
        raise typer.BadParameter(error.message, param_hint=option) from error
    _check_year(found.year, text, option)
    return found


def parse_day(text: str, option: str) -> date:
    """A date written YYYY-MM-DD; a usage error for none, too."""
    found = parse_date(text, option)
    if found is None:
        raise typer.BadParameter("nothing is given; write YYYY-MM-DD", param_hint=option)
    return found


def parse_span(first: str, last: str) -> tuple[date | None, date | None]:
    """--from and --to, the second exclusive; a usage error where there is no day between them."""
    starts_on, ends_before = parse_date(first, "--from"), parse_date(last, "--to")
    if starts_on is not None and ends_before is not None and ends_before <= starts_on:
        words = f"{ends_before} is not after --from {starts_on}; --to is the day before which it ends"
        raise typer.BadParameter(words, param_hint="--to")
    return starts_on, ends_before


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


def parse_connection(kw: str, kva: str) -> Connected:
    """Millionths of what is given; a usage error for what is no number above zero."""
    found: dict[Each, int] = {}
    given: tuple[tuple[Each, str, str], ...] = (
        ("kW", kw, "--connection-kw"),
        ("kVA", kva, "--connection-kva"),
    )
    for each, text, option in given:
        if not text:
            continue
        try:
            micro = micro_from_text(text)
        except ValueError as error:
            raise typer.BadParameter(str(error), param_hint=option) from error
        if not 0 < micro <= MOST_CONNECTED_MICRO:
            words = f"{text!r} is no {each} of a connection: more than 0 and at most a million"
            raise typer.BadParameter(words, param_hint=option)
        found[each] = micro
    return found


def telling_connection() -> AbstractContextManager[None]:
    """Around what prices a file: a connection that the tariff asks for is a usage error of its option."""
    return of_options(connection_kw="--connection-kw", connection_kva="--connection-kva")


def parse_series(text: str) -> str:
    """The name of a price series; a usage error where a tariff could not name it."""
    if not CODE.fullmatch(text):
        words = f"{text!r} is no name of a series: small letters, digits, and . _ - between them"
        raise typer.BadParameter(words, param_hint="SERIES")
    return text


def parse_zone(text: str, option: str = "--tariff-timezone") -> str:
    """A time zone's name, empty for none given."""
    try:
        return ZoneInfo(text).key if text else ""
    except (ValueError, OSError, LookupError) as error:
        words = f"{text!r} is not a time zone such as Europe/London"
        raise typer.BadParameter(words, param_hint=option) from error


def parse_date(text: str, option: str) -> date | None:
    """A date written YYYY-MM-DD, None for none given."""
    if not text:
        return None
    try:
        if len(text) != 10:
            raise ValueError
        found = date.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is no date written YYYY-MM-DD", param_hint=option) from error
    _check_year(found.year, text, option)
    return found


def _check_year(year: int, text: str, option: str) -> None:
    """Beyond these, a month more is no date, and a span from today is millions of intervals."""
    if year not in YEARS:
        words = f"{text!r} is not of the years {YEARS[0]} to {YEARS[-1]}"
        raise typer.BadParameter(words, param_hint=option)
