"""`utility-crm value ...`"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from churn.value.costs import Rate, bring_costs, drop_cost, rates
from churn.value.counting import count_values
from churn.value.queries import Valued, ValueState, state, value_of, values
from churn.value.words import STEP_WORDS, reason_said
from utility_crm.kit.clock import utc_now
from utility_crm.kit.commands import AsJson, emit, speaking
from utility_crm.kit.database import unit_of_work
from utility_crm.kit.errors import Invalid, NotFound, Refused
from utility_crm.kit.runtime import database
from utility_crm.kit.settings import settings
from utility_crm.kit.today import utility_today

app = typer.Typer(name="value", help="What customers are worth, and what to do next.", no_args_is_help=True)
costs = typer.Typer(name="costs", help="What purchase and network cost us.", no_args_is_help=True)
app.add_typer(costs)
UNKNOWN = "Margins are not known: bring costs by `utility-crm value costs import FILE.csv`."
COUNT = "`utility-crm value count`"
NOT_COUNTED = "Nobody's value was worked out yet: run `utility-crm value count`."


@app.callback()
def value() -> None:
    """What customers are worth, and what to do next."""


@costs.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="CSV: kind, valid_from, price; fuel, tariff, segment, area")],
    source: Annotated[str, typer.Option("--source", help="who says so; the file's name by default")] = "",
    as_json: AsJson = False,
) -> None:
    """Take in costs; all rows or none. A row that is there already gets the new price."""
    with speaking(as_json), database() as engine, unit_of_work(engine) as session:
        if not file.is_file():
            raise NotFound("file", f"There is no file {file}.")
        done = bring_costs(
            session, file, currency=settings().currency, source=source or file.name, now=utc_now()
        )
        document = {"new": done.new, "changed": done.changed, "same": done.same}
        emit(document, as_json, lambda: f"{done.new} new, {done.changed} changed, {done.same} as before")


@costs.command("list")
def list_costs(as_json: AsJson = False) -> None:
    """Every cost, the newest day of each kind first."""
    with speaking(as_json), database() as engine, unit_of_work(engine) as session:
        found = rates(session)
        emit({"costs": [_rate(one) for one in found]}, as_json, lambda: _rate_words(found))


@costs.command("remove")
def remove(
    number: Annotated[int, typer.Argument(help="its number, as `costs list` shows it")],
    as_json: AsJson = False,
) -> None:
    """Take a cost away: what it was of goes by the next wider one, or is not known any more."""
    with speaking(as_json), database() as engine, unit_of_work(engine) as session:
        drop_cost(session, number)
        words = f"cost {number} is gone; margins are as they were until the next count: {COUNT}"
        emit({"removed": number}, as_json, lambda: words)


@app.command()
def count(as_json: AsJson = False) -> None:
    """Work everything out now, as the clock does once a day."""
    now = utc_now()
    with speaking(as_json), database() as engine, unit_of_work(engine) as session:
        done = count_values(session, utility_today(now), now, again=True)
        document = {"customers": done.customers, "known": done.known}
        emit(document, as_json, lambda: f"{done.customers} customers, the margin of {done.known} is known")


@app.command("list")
def list_(
    rows: Annotated[int, typer.Option("--rows", min=1, help="how many, what is most at stake first")] = 50,
    step: Annotated[str, typer.Option("--step", help="care, offer, alone or unknown")] = "",
    as_json: AsJson = False,
) -> None:
    """Customers by what is at stake, with what to do next."""
    with speaking(as_json), database() as engine, unit_of_work(engine) as session:
        if step and step not in STEP_WORDS:
            raise Invalid("step", f"'{step}' is none of {', '.join(STEP_WORDS)}", "--step")
        known = _counted(state(session))
        found = values(session, step=step, rows=rows)
        document = {**_state(known), "customers": [_value(one) for one in found]}
        emit(document, as_json, lambda: _list_words(found, known))


@app.command("next")
def next_(
    customer: Annotated[str, typer.Option("--customer", help="customer number", metavar="N")],
    as_json: AsJson = False,
) -> None:
    """What to do next about one customer, and why."""
    with speaking(as_json), database() as engine, unit_of_work(engine) as session:
        known = _counted(state(session))
        one = value_of(session, customer)
        if one is None:
            raise NotFound("customer", f"{customer} is no customer whose value was worked out.", customer)
        document = {**_state(known), "customer": _value(one)}
        emit(document, as_json, lambda: _one_words(one, known))


def _counted(known: ValueState | None) -> ValueState:
    if known is None:
        raise Refused("not_counted", NOT_COUNTED)
    return known


def _state(known: ValueState) -> dict[str, Any]:
    return {
        "as_of": known.day.isoformat(), "counted_at": known.counted_at.isoformat(),
        "currency": known.currency, "horizon_months": known.horizon_months,
        "discount_percent": known.discount_percent, "customers_counted": known.customers,
        "margin_known": known.known, "note": None if known.known else UNKNOWN,
    }  # fmt: skip


def _value(one: Valued) -> dict[str, Any]:
    return {
        "customer": one.number, "name": one.name, "segment": one.segment, "area": one.area or None,
        "tariff": one.tariff, "chance": one.chance, "revenue_minor": one.revenue_minor,
        "margin_minor": one.margin_minor, "unknown_days": one.unknown_days, "month_minor": one.month_minor,
        "worth_minor": one.worth_minor, "months_at_risk": one.months_at_risk,
        "at_stake_minor": one.at_stake_minor, "recency": one.recency, "frequency": one.frequency,
        "money": one.money, "step": one.step, "reason": one.reason, "offer": one.offer or None,
        "saved_minor": one.saved_minor, "actions": list(one.actions),
    }  # fmt: skip


def _rate(one: Rate) -> dict[str, Any]:
    return {
        "id": one.id, "kind": one.kind, "fuel": one.fuel, "valid_from": one.valid_from.isoformat(),
        "tariff": one.tariff or None, "segment": one.segment or None, "area": one.area or None,
        "price_micro": one.price_micro, "currency": one.currency, "source": one.source,
    }  # fmt: skip


def _rate_words(found: list[Rate]) -> str:
    return "\n".join(
        f"{one.id:>5}  {one.kind:<12} {one.fuel:<12} from {one.valid_from}  "
        f"{one.price_micro / 1e6:.6f} {one.currency}  "
        f"{' '.join(part for part in (one.tariff, one.segment, one.area) if part) or 'all'}  {one.source}"
        for one in found
    ) or "no costs: " + UNKNOWN  # fmt: skip


def _list_words(found: list[Valued], known: ValueState) -> str:
    lines = [f"as of {known.day}, minor units of {known.currency}; margin known of {known.known}"]
    if not known.known:
        lines.append(UNKNOWN)
    lines += [
        f"{_or_unknown(one.at_stake_minor):>10} at stake  {_chance(one.chance)}  {one.number}  {one.name}  "
        f"{_step(one.step, one.reason, one.offer)}"
        for one in found
    ]
    return "\n".join(lines)


def _one_words(one: Valued, known: ValueState) -> str:
    lines = [
        f"{one.number} {one.name}, as of {known.day}",
        f"revenue of a year {one.revenue_minor}, margin {_or_unknown(one.margin_minor)}, worth "
        f"{_or_unknown(one.worth_minor)}, at stake {_or_unknown(one.at_stake_minor)} (minor units)",
    ]
    lines += [
        f"{place}. {_step(action['step'], action['reason'], action['offer'])}; saves "
        f"{_or_unknown(action['saved_minor'])}"
        for place, action in enumerate(one.actions, 1)
    ]
    return "\n".join(lines if one.margin_minor is not None else [*lines, UNKNOWN])


def _step(step: str, reason: str, offer: str) -> str:
    """Such as "Offer K-2: a campaign asks them now"."""
    return f"{STEP_WORDS[step]}{' ' + offer if offer else ''}: {reason_said(reason, 'en')}"


def _or_unknown(minor: int | None) -> str:
    return "unknown" if minor is None else str(minor)


def _chance(chance: float | None) -> str:
    return "   ?  " if chance is None else f"{chance:>6.1%}"
