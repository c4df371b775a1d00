"""The ground's part of the demo: the network, premises, customers and how to reach them, accounts,
contacts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time
from typing import Any

import phonenumbers
from sqlalchemy import text

from utility_crm.demo.area_weather import temperature_rows
from utility_crm.demo.around import write_around
from utility_crm.demo.calendar import ZONE
from utility_crm.demo.context import DemoBuild
from utility_crm.demo.people import Customer
from utility_crm.demo.plan import Plan
from utility_crm.demo.story import NEVER, TERMS_DAYS
from utility_crm.demo.supplies import Supply
from utility_crm.web.words import mark

Row = tuple[Any, ...]
CURRENCY, COUNTRY = "GBP", "GB"


def build_ground(context: DemoBuild) -> None:
    """Write it. The first agent talked to all callers."""
    plan = context.plan
    agent_id = context.connection.scalar(text("select min(id) from users where role = 'agent'"))
    with context.steps.step("Network, customers", 8) as advance:
        nodes = ((node.id, node.code, node.name, node.kind, node.parent_id) for node in plan.nodes)
        context.copy_rows("network_nodes", ("id", "code", "name", "kind", "parent_id"), nodes)
        columns: tuple[str, ...] = ("area_id", "day", "millicelsius")
        context.copy_rows("temperature_days", columns, temperature_rows(plan))
        columns = (
            "id",
            "code",
            "node_id",
            "address",
            "city",
            "postcode",
            "country",
            "timezone",
        )
        context.copy_rows("premises", columns, (_premise(supply) for supply in plan.supplies))
        advance(2)
        columns = ("id", "number", "kind", "name", "segment", "language", "since", "tags")
        context.copy_rows("customers", columns, _customers(plan))
        columns = ("customer_id", "kind", "value", "normal", "label", "preferred")
        context.copy_rows("contact_points", columns, _points(plan))
        advance(2)
        columns = ("customer_id", "kind", "detail", "consented_at", "review_on")
        context.copy_rows("customer_flags", columns, _flags(plan))
        columns = ("id", "number", "customer_id", "payer_id", "cycle_day", "terms_days", "currency")
        columns = (*columns, "payment_method", "opened_on", "closed_on")
        context.copy_rows("accounts", columns, _accounts(plan))
        advance(2)
        columns = ("account_id", "premise_id", "starts_on", "ends_before")
        context.copy_rows("occupancies", columns, _occupancies(plan))
        columns = (
            "customer_id",
            "at",
            "channel",
            "direction",
            "topic",
            "complaint",
            "outcome",
            "answered_at",
        )
        context.copy_rows("contacts", (*columns, "note", "author_id"), _contacts(plan, agent_id))
        context.analyse("network_nodes", "premises", "customers", "contact_points", "customer_flags")
        context.analyse("accounts", "occupancies", "contacts")
        write_around(context)
        advance(2)


def _premise(supply: Supply) -> Row:
    place = supply.address
    where = (place.node_id, place.line, place.city, place.postcode)
    return (supply.id, supply.premise_code, *where, COUNTRY, ZONE)


def _customers(plan: Plan) -> Iterator[Row]:
    for place, one in enumerate(plan.customers):
        tags = []
        if plan.homes.solar_kw[place] > 0:
            tags.append(mark("solar"))
        if plan.homes.night_heat[place]:
            tags.append(mark("storage heating"))
        if plan.homes.charge_kwh[place] > 0:
            tags.append(mark("electric car"))
        if one.segment == "industry":
            tags.append(mark("key account"))
        yield (one.id, one.number, one.kind, one.name, one.segment, one.language, one.since, tags)


def _points(plan: Plan) -> Iterator[Row]:
    for place, one in enumerate(plan.customers):
        if one.email:
            yield (one.id, "email", one.email, one.email, "", True)
        if one.phone:
            label = "mobile" if one.mobile else ""
            yield (one.id, "phone", _written(one.phone), one.phone, label, not one.email)
        if not one.email:
            address = plan.supplies[place].address
            letter = f"{address.line}, {address.city}, {address.postcode}"
            yield (one.id, "post", letter, letter.lower(), "", False)


def _written(phone: str) -> str:
    parsed = phonenumbers.parse(phone)
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def _flags(plan: Plan) -> Iterator[Row]:
    for one in plan.customers:
        for flag in one.flags:
            consented = datetime.combine(flag.consented_on, time(10), UTC)
            yield (one.id, flag.kind, flag.detail, consented, flag.review_on)


def _accounts(plan: Plan) -> Iterator[Row]:
    for supply in plan.supplies:
        owner, payer = plan.customers[supply.customer], plan.customers[supply.payer]
        closed = _closed(plan, supply)
        terms = (supply.cycle_day, TERMS_DAYS, CURRENCY, supply.method)
        yield (supply.id, supply.account_number, owner.id, payer.id, *terms, supply.opened_on, closed)


def _occupancies(plan: Plan) -> Iterator[Row]:
    for supply in plan.supplies:
        yield (supply.id, supply.id, supply.opened_on, _closed(plan, supply))


def _closed(plan: Plan, supply: Supply) -> Any:
    day = int(plan.leaving.day[supply.customer])
    return None if day == NEVER else plan.calendar.day(day)


def _contacts(plan: Plan, agent_id: int | None) -> Iterator[Row]:
    for contact in plan.contacts:
        one: Customer = plan.customers[contact.customer]
        said = (contact.channel, "in", contact.topic, contact.complaint, contact.outcome, contact.answered_at)
        author = agent_id if contact.channel == "call" else None
        yield (one.id, contact.at, *said, contact.note, author)
