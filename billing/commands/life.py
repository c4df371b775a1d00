"""`billing supply` and `billing budget`: supply ends, begins, changes its tariff; fixed amounts."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Any

import typer
from sqlalchemy import text
from sqlalchemy.orm import Session

from billing.actions.agreements import set_term
from billing.commands.app import app
from billing.commands.options import AccountNumber, filled, parse_day, user_named
from billing.domain.money import amount_text, micro_text
from billing.domain.tariffs.file import default_decimals
from billing.life.booking import Telling, begin_supply, end_supply, switch_tariff
from billing.life.budgets import end_budget, propose_budget, start_budget
from billing.life.deemed import deem_supply, set_deemed_terms, unsupplied_points
from billing.life.taking_back import take_back_last
from billing.queries.accounts import account_named
from utility_crm.kit.clock import utc_now
from utility_crm.kit.commands import AsJson, emit, speaking
from utility_crm.kit.database import unit_of_work
from utility_crm.kit.errors import NotFound
from utility_crm.kit.runtime import database
from utility_crm.kit.today import utility_today

supply = typer.Typer(name="supply", help="Supply ends, begins, changes its tariff.", no_args_is_help=True)
budget = typer.Typer(name="budget", help="A fixed amount on each bill.", no_args_is_help=True)
app.add_typer(supply)
app.add_typer(budget)

Point = Annotated[str, typer.Option(help="The service point's number.", metavar="CODE", callback=filled)]
TariffCode = Annotated[str, typer.Option(help="The tariff's code.", metavar="CODE", callback=filled)]
From = Annotated[str, typer.Option("--from", help="The first day.", metavar="DATE")]


Sure = Annotated[
    bool, typer.Option("--sure", help="A day far ahead, or long ago, is meant as it is written.")
]
By = Annotated[str, typer.Option("--by", help="Who was told it: a sign-in name.", metavar="LOGIN")]


class Reason(StrEnum):
    """Why a supply ends."""

    moved = "moved"
    switched = "switched"
    cut_off = "cut_off"
    died = "died"


@supply.command()
def end(
    service_point: Point,
    last_day: Annotated[str, typer.Option(help="The last day of supply.", metavar="DATE")],
    reason: Annotated[Reason, typer.Option(help="Why it ends.")] = Reason.moved,
    correct: Annotated[
        bool, typer.Option("--correct", help="Days already billed too: see billing corrections.")
    ] = False,
    forward_to: Annotated[
        str, typer.Option(help="Where the last bill goes: its lines parted by |.", metavar="ADDRESS")
    ] = "",
    sure: Sure = False,
    by: By = "",
    as_json: AsJson = False,
) -> None:
    """End a supply; bill its last days at once where they are over and read."""
    last = parse_day(last_day, "--last-day")
    with speaking(as_json), database() as engine, unit_of_work(engine) as session:
        done = end_supply(
            session, _running(session, service_point), last + timedelta(days=1), reason.value,
            _telling(session, by, sure), correct=correct, forward_to=forward_to.replace("|", "\n"),
        )  # fmt: skip
        bills = _numbers(session, done.bill_ids)
        document = {"bills": bills, "held": [hold.reason for hold in done.holds]}
        emit(
            document,
            as_json,
            lambda: "\n".join(
                [f"The supply at {service_point} ends with {last}.", *bills, *document["held"]]
            ),
        )
    if done.holds:
        raise typer.Exit(1)


@supply.command()
def begin(
    service_point: Point,
    account: AccountNumber,
    tariff: TariffCode,
    from_: From,
    sure: Sure = False,
    by: By = "",
    as_json: AsJson = False,
) -> None:
    """Begin a supply for an account at a place."""
    starts_on = parse_day(from_, "--from")
    with speaking(as_json), database() as engine, unit_of_work(engine) as session:
        made = begin_supply(
            session, account_named(session, account), _id(session, "service_points", service_point),
            _id(session, "tariffs", tariff), starts_on, _telling(session, by, sure),
        )  # fmt: skip
        document = {"service_point": service_point, "account": account, "kind": made.kind}
        emit(document, as_json, lambda: f"{service_point} is supplied to {account} from {starts_on}.")


@supply.command("tariff")
def tariff_(
    service_point: Point,
    tariff: TariffCode,
    from_: From,
    correct: Annotated[
        bool, typer.Option("--correct", help="Days already billed too: see billing corrections.")
    ] = False,
    sure: Sure = False,
    by: By = "",
    as_json: AsJson = False,
) -> None:
    """Another tariff from a day on."""
    starts_on = parse_day(from_, "--from")
    with speaking(as_json), database() as engine, unit_of_work(engine) as session:
        agreement, other = _running(session, service_point), _id(session, "tariffs", tariff)
        switch_tariff(session, agreement, other, starts_on, _telling(session, by, sure), correct=correct)
        document = {"service_point": service_point, "tariff": tariff, "starts_on": starts_on.isoformat()}
        emit(document, as_json, lambda: f"{service_point} is on {tariff} from {starts_on}.")


@supply.command()
def term(
    service_point: Point,
    last_day: Annotated[
        str, typer.Option(help="The last day of the term that was agreed; empty: none.", metavar="DATE")
    ],
    as_json: AsJson = False,
) -> None:
    """Say until when the contract at a service point was agreed; supply goes on beyond it."""
    last = parse_day(last_day, "--last-day") if last_day.strip() else None
    with speaking(as_json), database() as engine, unit_of_work(engine) as session:
        set_term(session, _running(session, service_point), last)
        document = {"service_point": service_point, "last_day": last.isoformat() if last else None}
        words = f"was agreed until {last}" if last else "has no term"
        emit(document, as_json, lambda: f"The contract at {service_point} {words}.")


@supply.command("take-back")
def take_back(
    service_point: Point,
    reason: Annotated[str, typer.Option(help="Why it is taken back.", callback=filled)],
    by: By = "",
    as_json: AsJson = False,
) -> None:
    """Take back what is booked last at a service point, before its day."""
    with speaking(as_json), database() as engine, unit_of_work(engine) as session:
        point = _id(session, "service_points", service_point)
        done = take_back_last(session, point, reason, _telling(session, by, True))
        document = {
            "service_point": service_point,
            "kind": done.kind,
            "effective_on": done.effective_on.isoformat(),
            "reason": reason,
        }
        emit(document, as_json, lambda: f"What was booked from {done.effective_on} on is taken back.")


@supply.command()
def unsupplied(as_json: AsJson = False) -> None:
    """List places where the last supply ended with a move and none followed, and what they drew since."""
    with speaking(as_json), database() as engine, unit_of_work(engine) as session:
        rows: list[dict[str, Any]] = [
            {
                "service_point": one.code,
                "since": one.since.isoformat(),
                "last_account": one.last_account,
                "kwh": micro_text(one.micro_kwh),
                "used_on": one.used_on.isoformat() if one.used_on else None,
            }
            for one in unsupplied_points(session, utility_today(), 100_000)
        ]
        lines = [f"{row['service_point']}  since {row['since']}  {row['kwh']} kWh" for row in rows]
        emit({"places": rows}, as_json, lambda: "\n".join(lines) or "Every place is supplied.")


@supply.command()
def deem(service_point: Point, account: AccountNumber, from_: From, as_json: AsJson = False) -> None:
    """Supply whoever lives there on the terms that hold without an agreement."""
    starts_on = parse_day(from_, "--from")
    with speaking(as_json), database() as engine, unit_of_work(engine) as session:
        point = _id(session, "service_points", service_point)
        deem_supply(session, point, account_named(session, account), starts_on)
        document = {"service_point": service_point, "account": account, "kind": "deemed"}
        emit(document, as_json, lambda: f"{service_point} is supplied to {account} from {starts_on}, deemed.")


@supply.command("deemed-terms")
def deemed_terms(
    tariff: TariffCode,
    from_: From,
    fuel: Annotated[str, typer.Option(help="electricity, gas or water.")] = "electricity",
    segment: Annotated[str, typer.Option(help="household, small_business or industry.")] = "household",
    source: Annotated[str, typer.Option(help="Where the terms are published.")] = "",
    as_json: AsJson = False,
) -> None:
    """Say on which tariff somebody is supplied who has agreed on none."""
    starts_on = parse_day(from_, "--from")
    if fuel not in ("electricity", "gas", "water"):
        raise typer.BadParameter(f"{fuel!r} is none of electricity, gas, water", param_hint="--fuel")
    if segment not in ("household", "small_business", "industry"):
        raise typer.BadParameter(
            f"{segment!r} is none of household, small_business, industry", param_hint="--segment"
        )
    with speaking(as_json), database() as engine, unit_of_work(engine) as session:
        set_deemed_terms(session, fuel, segment, _id(session, "tariffs", tariff), starts_on, source)
        document = {"tariff": tariff, "fuel": fuel, "segment": segment, "starts_on": starts_on.isoformat()}
        emit(document, as_json, lambda: f"{tariff} for {fuel} to a {segment} without a contract.")


@budget.command()
def propose(account: AccountNumber, as_json: AsJson = False) -> None:
    """Say which fixed amount a month the past year's bills come to."""
    with speaking(as_json), database() as engine, unit_of_work(engine) as session:
        account_id = account_named(session, account)
        amount, basis = propose_budget(session, account_id, utility_today())
        decimals = _decimals(session, account_id)
        document = {"amount": amount_text(amount, decimals), "year": amount_text(basis, decimals)}
        emit(document, as_json, lambda: f"{document['amount']} a month; the year came to {document['year']}")


@budget.command()
def start(account: AccountNumber, from_: From, by: By = "", as_json: AsJson = False) -> None:
    """Begin a fixed amount, as proposed from the past year, on bills that end on or after a day."""
    starts_on = parse_day(from_, "--from")
    with speaking(as_json), database() as engine, unit_of_work(engine) as session:
        account_id = account_named(session, account)
        amount, basis = propose_budget(session, account_id, starts_on)
        told_to = user_named(session, by)
        start_budget(session, account_id, amount, starts_on, basis_minor=basis, by=told_to)
        document = {
            "amount": amount_text(amount, _decimals(session, account_id)),
            "starts_on": str(starts_on),
        }
        emit(document, as_json, lambda: f"{document['amount']} a month from {starts_on}")


@budget.command()
def stop(
    account: AccountNumber,
    before: Annotated[str, typer.Option(help="The first day without it.", metavar="DATE")],
    by: By = "",
    as_json: AsJson = False,
) -> None:
    """End a fixed amount; the next bill settles what was carried."""
    ends_before = parse_day(before, "--before")
    with speaking(as_json), database() as engine, unit_of_work(engine) as session:
        account_id, told_to = account_named(session, account), user_named(session, by)
        end_budget(session, account_id, ends_before, now=utc_now(), by=told_to)
        document = {"ends_before": ends_before.isoformat()}
        emit(document, as_json, lambda: f"No fixed amount from {ends_before} on.")


def _id(session: Session, table: str, code: str) -> int:
    assert table in ("service_points", "tariffs")
    found = session.scalar(text(f"select id from {table} where code = :code"), {"code": code})
    if found is None:
        raise NotFound(table[:-1], f"There is no {table[:-1].replace('_', ' ')} {code}.", code)
    return int(found)


def _telling(session: Session, by: str, sure: bool) -> Telling:
    return Telling(utility_today(), utc_now(), user_named(session, by), sure)


def _running(session: Session, service_point: str) -> int:
    """The last agreement at a service point."""
    statement = text(
        "select g.id from agreements g join service_points s on s.id = g.service_point_id "
        "where s.code = :code order by g.starts_on desc limit 1"
    )
    found = session.scalar(statement, {"code": service_point})
    if found is None:
        raise NotFound("agreement", f"Nobody is supplied at {service_point}.", service_point)
    return int(found)


def _numbers(session: Session, bill_ids: tuple[int, ...]) -> list[str]:
    statement = text("select number from bills where id = any(:ids) order by id")
    return list(session.scalars(statement, {"ids": list(bill_ids)}))


def _decimals(session: Session, account_id: int) -> int:
    statement = text("select currency from accounts where id = :account")
    return default_decimals(session.execute(statement, {"account": account_id}).scalar_one())
