"""One supply is one premise with its service point and its account: what is metered, billed and paid."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from utility_crm.demo.calendar import CYCLE_DAYS, Calendar
from utility_crm.demo.people import Customer
from utility_crm.demo.places import Address, Node, make_addresses, transformers_of
from utility_crm.demo.random_streams import stream

SITES_SHARE = 0.12
"""Organisations with two to four sites, of all organisations."""
PAYER_SHARE = 0.012


@dataclass(frozen=True, slots=True)
class Supply:
    """`id` counts from 1 and is the account's, the premise's, the service point's and the import
    channel's."""

    id: int
    customer: int
    """Place of the customer in the plan (its id less one)."""
    payer: int
    account_number: str
    service_point: str
    premise_code: str
    address: Address
    cycle_day: int
    method: str
    opened_on: date
    serials: tuple[str, ...]
    exchanged_on: date | None
    """The second meter took over on this day."""


def make_supplies(
    seed: int, calendar: Calendar, customers: tuple[Customer, ...], nodes: tuple[Node, ...]
) -> tuple[Supply, ...]:
    """Each customer's own supply first, in the customers' order; then the further sites of organisations."""
    draw = stream(seed, "supplies")
    owners = list(range(len(customers)))
    for place, customer in enumerate(customers):
        if customer.kind == "organisation" and draw.random() < SITES_SHARE:
            owners += [place] * int(draw.integers(1, 4))
    addresses = _addresses(seed, customers, nodes, len(owners))
    cycles = [_cycle(draw, customer) for customer in customers]
    methods = [_method(draw, customer) for customer in customers]
    return tuple(
        Supply(
            id=place + 1,
            customer=owner,
            payer=_payer(draw, customers, owner),
            account_number=_with_check_digits(41_000_000 + (place + 1) * 7),
            service_point=f"{2_600_000_000_000 + (place + 1) * 1009}",
            premise_code=f"P{place + 1:05d}",
            address=addresses[place],
            cycle_day=cycles[owner],
            method=methods[owner],
            opened_on=customers[owner].since,
            serials=(serials := _serials(draw, place)),
            exchanged_on=(
                calendar.day(int(draw.integers(60, calendar.days - 40))) if len(serials) == 2 else None
            ),
        )
        for place, owner in enumerate(owners)
    )


def _with_check_digits(number: int) -> str:
    """Eight digits and two that make a slip of the finger show: the whole leaves 1 when divided by 97."""
    return f"{number:08d}{(98 - number * 100 % 97) % 97:02d}"


def _cycle(draw: np.random.Generator, customer: Customer) -> int:
    drawn = CYCLE_DAYS[int(draw.integers(len(CYCLE_DAYS)))]
    by_hand = customer.planted.cycle_day if customer.planted else None
    return by_hand or drawn


def _method(draw: np.random.Generator, customer: Customer) -> str:
    shares = (0.7, 0.21, 0.09) if customer.segment == "household" else (0.55, 0.42, 0.03)
    drawn = str(draw.choice(("direct_debit", "transfer", "card"), p=shares))
    return (
        "card"
        if customer.planted is not None and (customer.planted.late or customer.planted.unpaid)
        else drawn
    )


def _payer(draw: np.random.Generator, customers: tuple[Customer, ...], owner: int) -> int:
    """A relative who pays the bills is a household too, and never one written by hand."""
    lot, other = draw.random(), int(draw.integers(len(customers)))
    fits = customers[other].segment == "household" and customers[owner].segment == "household"
    by_hand = customers[owner].planted is not None or customers[other].planted is not None
    return other if lot < PAYER_SHARE and fits and not by_hand else owner


def _serials(draw: np.random.Generator, place: int) -> tuple[str, ...]:
    year, number = int(draw.integers(16, 24)), 400_000 + place * 37 % 99_991 * 5
    first = f"E{year}-{number % 1_000_000:06d}"
    return (first, f"E26-{(number + 1) % 1_000_000:06d}") if draw.random() < 0.015 else (first,)


def _addresses(
    seed: int, customers: tuple[Customer, ...], nodes: tuple[Node, ...], count: int
) -> list[Address]:
    draw = stream(seed, "who lives where")
    drawn = list(make_addresses(seed, nodes, max(count, 200)))
    order = draw.permutation(len(drawn))
    chosen = [drawn[place] for place in order[:count]]
    for place, customer in enumerate(customers):
        if customer.planted is not None and customer.planted.address is not None:
            line, city, postcode, area = customer.planted.address
            node = transformers_of(nodes, area)[place % 12]
            chosen[place] = Address(line, city, postcode, node, area)
    return chosen
