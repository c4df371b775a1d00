"""Billing's own columns of the customer file: `tariff`, `supply_from`, `contract_until` and `tax_number`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta

from sqlalchemy import BigInteger, any_, insert, literal, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session
from sqlalchemy.types import Text

from billing.actions.agreements import already_billed, billed_until
from billing.invoices.tax_identity import read_tax_number, set_tax_number
from billing.queries.choices import UNFIT, places_at
from billing.queries.tariffs import tariffs_by_id
from billing.tables import Agreement, Tariff, TaxIdentity
from meters.tables import ServicePoint
from utility_crm.customers.actions import ImportColumns
from utility_crm.customers.importing.writing import RowIds
from utility_crm.kit.errors import Invalid
from utility_crm.kit.table_file import Problem

_TERM = text("""
    update agreements set term_ends_before = :term
    where service_point_id = :point and ends_before is null and kind = 'contract' and starts_on < :term
""")


def agree_on_tariffs(session: Session, rows: Sequence[RowIds]) -> tuple[set[int], list[Problem]]:
    """Begin the agreements named. One that runs already on the same tariff is left alone, but for another end
    of its term; on another, or of another account, it is a problem: a change of tariff is not told by this
    file. So is one that would begin in days that have been billed."""
    wanted = [item for item in rows if "tariff" in item.row.others]
    tariffs = _codes(session, Tariff, {item.row.others["tariff"] for item in wanted})
    points = _codes(session, ServicePoint, {item.row.others.get("service_point", "") for item in wanted})
    held = _agreements(session, list(points.values()))
    touched: set[int] = set()
    problems: list[Problem] = []
    fresh: list[tuple[RowIds, _Begun]] = []
    terms: dict[int, date] = {}
    for item in wanted:
        begun = _begun(item, tariffs, points)
        if isinstance(begun, Problem):
            problems.append(begun)
            continue
        before = held.setdefault(begun.service_point_id, [])
        clash = [
            other for other in before if other.ends_before is None or other.ends_before > begun.starts_on
        ]
        if not clash:
            fresh.append((item, begun))
            before.append(begun)
            touched.add(item.row.line)
        elif any(
            (other.account_id, other.tariff_id) != (begun.account_id, begun.tariff_id) for other in clash
        ):
            message = (
                f"service point {item.row.others['service_point']!r} is supplied under another agreement"
            )
            problems.append(Problem(item.row.line, "tariff", message))
        elif (term := begun.term_ends_before) is not None and clash[-1].term_ends_before != term:
            terms[begun.service_point_id] = term
            touched.add(item.row.line)
    problems += _billed_already(session, fresh)
    problems += _not_for_them(session, fresh)
    if fresh and not problems:
        session.execute(insert(Agreement), [asdict(begun) for _, begun in fresh])
    if terms and not problems:
        session.execute(_TERM, [{"point": point, "term": term} for point, term in terms.items()])
    return touched, problems


@dataclass(frozen=True, slots=True)
class _Begun:
    account_id: int
    service_point_id: int
    tariff_id: int
    starts_on: date
    ends_before: date | None = None
    term_ends_before: date | None = None


def _billed_already(session: Session, fresh: Sequence[tuple[RowIds, _Begun]]) -> list[Problem]:
    """Those that would begin where their account has been billed."""
    until = billed_until(session, {begun.account_id for _, begun in fresh})
    return [
        Problem(
            item.row.line,
            "supply_from",
            already_billed(item.row.account_number, until[begun.account_id]),
        )
        for item, begun in fresh
        if begun.account_id in until and begun.starts_on < until[begun.account_id]
    ]


def _not_for_them(session: Session, fresh: Sequence[tuple[RowIds, _Begun]]) -> list[Problem]:
    """Those on a tariff in another currency, or for other fuels, customers, areas, connections or times: as
    `queries.choices.check_eligible` refuses them at the desk. Two statements."""
    places = places_at(session, [(begun.account_id, begun.service_point_id) for _, begun in fresh])
    tariffs = tariffs_by_id(session, {begun.tariff_id for _, begun in fresh})
    found = []
    for item, begun in fresh:
        place, currency = places[begun.account_id, begun.service_point_id]
        tariff = tariffs[begun.tariff_id]
        if tariff.currency != currency:
            message = (
                f"account {item.row.account_number} is in {currency}, {tariff.name} in {tariff.currency}"
            )
            found.append(Problem(item.row.line, "tariff", message))
            continue
        for reason in tariff.eligibility.unfit(place, begun.starts_on)[:1]:
            message = UNFIT[reason.code] % {"tariff": tariff.name, **reason.named}
            found.append(Problem(item.row.line, "tariff", message))
    return found


def _agreements(session: Session, points: list[int]) -> dict[int, list[_Begun]]:
    """Every agreement at the points."""
    columns = (Agreement.account_id, Agreement.service_point_id, Agreement.tariff_id)
    among = Agreement.service_point_id == any_(literal(points, ARRAY(BigInteger())))
    found: dict[int, list[_Begun]] = {}
    days = (Agreement.starts_on, Agreement.ends_before, Agreement.term_ends_before)
    for row in session.execute(select(*columns, *days).where(among).order_by(Agreement.starts_on)):
        found.setdefault(row[1], []).append(_Begun(*row))
    return found


def _begun(item: RowIds, tariffs: dict[str, int], points: dict[str, int]) -> _Begun | Problem:
    code, point = item.row.others["tariff"], item.row.others.get("service_point", "")
    if code not in tariffs:
        return Problem(item.row.line, "tariff", f"there is no tariff {code!r}; import it first")
    if point not in points:
        return Problem(item.row.line, "tariff", "a tariff needs a service_point with a premise")
    starts_on = _day(item, "supply_from") or item.opened_on
    last_on = _day(item, "contract_until")
    for day in (starts_on, last_on):
        if isinstance(day, Problem):
            return day
    assert isinstance(starts_on, date) and not isinstance(last_on, Problem)
    if last_on is None:
        return _Begun(item.account_id, points[point], tariffs[code], starts_on)
    if last_on < starts_on:
        return Problem(item.row.line, "contract_until", f"{last_on} is before its first day, {starts_on}")
    term = last_on + timedelta(days=1)
    return _Begun(item.account_id, points[point], tariffs[code], starts_on, None, term)


def _day(item: RowIds, column: str) -> date | Problem | None:
    """A day of the file; None where the column is not there, or empty."""
    said = item.row.others.get(column)
    try:
        return date.fromisoformat(said) if said else None
    except ValueError:
        return Problem(item.row.line, column, f"{said!r} is no date (YYYY-MM-DD)")


def _codes(session: Session, table: type[Tariff] | type[ServicePoint], codes: set[str]) -> dict[str, int]:
    among = table.code == any_(literal(list(codes), ARRAY(Text())))
    return dict(session.execute(select(table.code, table.id).where(among)).all())


def keep_tax_numbers(session: Session, rows: Sequence[RowIds]) -> tuple[set[int], list[Problem]]:
    """Keep the tax numbers named, checked by their digits; an empty cell changes nothing."""
    touched: set[int] = set()
    problems: list[Problem] = []
    named = [item for item in rows if "tax_number" in item.row.others]
    among = TaxIdentity.customer_id == any_(
        literal([item.customer_id for item in named], ARRAY(BigInteger()))
    )
    known = dict(session.execute(select(TaxIdentity.customer_id, TaxIdentity.number).where(among)).all())
    for item in named:
        try:
            read = read_tax_number(item.row.others["tax_number"])
        except Invalid as fault:
            problems.append(Problem(item.row.line, "tax_number", fault.message))
            continue
        if known.get(item.customer_id) != read.number:
            set_tax_number(session, item.customer_id, read.number)
            known[item.customer_id] = read.number
            touched.add(item.row.line)
    return touched, problems


def take_columns(session: Session, rows: Sequence[RowIds]) -> tuple[set[int], list[Problem]]:
    """All of billing's columns."""
    agreed, problems = agree_on_tariffs(session, rows)
    taxed, others = keep_tax_numbers(session, rows)
    return agreed | taxed, problems + others


COLUMNS = ImportColumns(("tariff", "supply_from", "contract_until", "tax_number"), take_columns)
