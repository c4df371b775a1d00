"""Figures that the ground itself knows of a customer."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select

from utility_crm.customers.card import CustomerCard, customer_card
from utility_crm.customers.tables import Customer
from utility_crm.kit.parts import CustomerCall, Figure
from utility_crm.kit.settings import settings
from utility_crm.web.formats import day_year


def _card(call: CustomerCall) -> CustomerCard:
    return customer_card(call.session, call.customer_id)


def _name(call: CustomerCall) -> str | None:
    return call.session.scalar(select(Customer.name).where(Customer.id == call.customer_id))


def _number(call: CustomerCall) -> str | None:
    return call.session.scalar(select(Customer.number).where(Customer.id == call.customer_id))


def _account(call: CustomerCall) -> str | None:
    """Their account, where they have one alone that is open: of several, a person says which is meant."""
    numbers = [one.number for one in call.once(_card).accounts if one.closed_on is None]
    return numbers[0] if len(numbers) == 1 else None


def _phone(_call: CustomerCall) -> str | None:
    return settings().supplier_phone or None


def _utility(_call: CustomerCall) -> str | None:
    return settings().utility_name


def _today(call: CustomerCall) -> str | None:
    return day_year(call.today, call.language)


FIGURES: Mapping[str, Figure] = {
    "name": _name,
    "customer number": _number,
    "account number": _account,
    "our name": _utility,
    "our phone": _phone,
    "today": _today,
}
