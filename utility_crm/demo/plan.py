"""The plan of the simulated utility: everything about it that is drawn, from a seed and an as-of date.
Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

from utility_crm.demo import prices
from utility_crm.demo.calendar import Calendar
from utility_crm.demo.energy import DailyEnergy, make_energy
from utility_crm.demo.homes import BUSINESS, HOUSEHOLD, INDUSTRY, Homes, make_homes
from utility_crm.demo.leaving import Leaving, make_leaving, switching_scores
from utility_crm.demo.people import Customer, make_customers
from utility_crm.demo.places import Node, make_network
from utility_crm.demo.profiles import Profiles, load_profiles
from utility_crm.demo.random_streams import stream
from utility_crm.demo.story import NEVER, Bills, Contact, make_bills, make_contacts
from utility_crm.demo.supplies import Supply, make_supplies
from utility_crm.demo.weather import Weather, make_weather

KIND_OF_SEGMENT = {"household": HOUSEHOLD, "small_business": BUSINESS, "industry": INDUSTRY}
SMALLEST = 20


@dataclass(frozen=True, slots=True)
class Agreement:
    """`supply` is a place in the plan; half-open, with its reason where it has ended."""

    supply: int
    tariff: str
    starts_on: date
    ends_before: date | None
    end_reason: str | None


@dataclass(frozen=True)
class Plan:
    """The whole utility. Customers and supplies are numbered by their place; ids are the place plus one."""

    seed: int
    calendar: Calendar
    nodes: tuple[Node, ...]
    customers: tuple[Customer, ...]
    supplies: tuple[Supply, ...]
    agreements: tuple[Agreement, ...]
    homes: Homes
    energy: DailyEnergy
    profiles: Profiles
    weather: Weather
    bills: Bills
    contacts: tuple[Contact, ...]
    leaving: Leaving

    @property
    def as_of(self) -> date:
        return self.calendar.as_of

    def ends(self) -> npt.NDArray[np.int64]:
        """(supplies,): the day place from which a supply is no longer ours; the number of days where it
        still is."""
        owner = np.array([supply.customer for supply in self.supplies])
        day = self.leaving.day[owner]
        return np.where(day == NEVER, self.calendar.days, day)


def make_plan(seed: int, as_of: date, customers: int = 2000) -> Plan:
    """Draw the utility. The same arguments give the same plan. ValueError below 20 customers."""
    if customers < SMALLEST:
        raise ValueError(f"a utility of {customers} customers is too small to simulate; {SMALLEST} at least")
    calendar = Calendar(as_of)
    nodes = make_network()
    people = make_customers(seed, calendar, customers)
    supplies = make_supplies(seed, calendar, people, nodes)
    by_hand = [
        people[supply.customer].planted if place < customers else None
        for place, supply in enumerate(supplies)
    ]
    kind = np.array([KIND_OF_SEGMENT[people[supply.customer].segment] for supply in supplies])
    homes = make_homes(seed, kind, by_hand, calendar.days)
    profiles, weather = load_profiles(calendar), make_weather(seed, calendar)
    energy = make_energy(seed, calendar, homes, profiles, weather)
    tariffs = _tariffs(seed, people, supplies, homes)
    bills = make_bills(seed, calendar, supplies, people, tariffs, homes, energy)
    contacts = make_contacts(seed, calendar, people, bills)
    leaving = make_leaving(seed, calendar, people, switching_scores(seed, calendar, people, bills, contacts))
    return Plan(
        seed=seed,
        calendar=calendar,
        nodes=nodes,
        customers=people,
        supplies=supplies,
        agreements=_agreements(calendar, supplies, tariffs, leaving),
        homes=homes,
        energy=energy,
        profiles=profiles,
        weather=weather,
        bills=bills,
        contacts=_while_customers(calendar, contacts, leaving),
        leaving=leaving,
    )


def _tariffs(
    seed: int, customers: tuple[Customer, ...], supplies: tuple[Supply, ...], homes: Homes
) -> tuple[str, ...]:
    """Businesses have one tariff; of the households that use most at night, only some have found the right
    one."""
    draw = stream(seed, "tariffs")
    lots = draw.random(len(supplies))
    nightly = homes.night_heat | (homes.charge_kwh > 0)
    chosen = np.where(lots < np.where(nightly, 0.5, 0.12), prices.DAY_NIGHT, prices.STEADY)
    chosen = np.where(homes.kind == HOUSEHOLD, chosen, prices.BUSINESS)
    for place, customer in enumerate(customers):
        if customer.planted is not None and customer.planted.tariff is not None:
            chosen[place] = customer.planted.tariff
    return tuple(str(name) for name in chosen)


def _agreements(
    calendar: Calendar, supplies: tuple[Supply, ...], tariffs: tuple[str, ...], leaving: Leaving
) -> tuple[Agreement, ...]:
    found: list[Agreement] = []
    for place, supply in enumerate(supplies):
        day, reason = int(leaving.day[supply.customer]), leaving.reason[supply.customer]
        ends = None if day == NEVER else calendar.day(day)
        tariff, starts = tariffs[place], supply.opened_on
        period = int(leaving.changed_tariff[supply.customer])
        if period != NEVER:
            change = calendar.periods(supply.cycle_day)[period][0]
            found.append(Agreement(place, tariff, starts, change, "changed_tariff"))
            starts = change
            tariff = prices.DAY_NIGHT if tariff == prices.STEADY else prices.STEADY
        found.append(Agreement(place, tariff, starts, ends, reason))
    return tuple(found)


def _while_customers(
    calendar: Calendar, contacts: tuple[Contact, ...], leaving: Leaving
) -> tuple[Contact, ...]:
    """Without what those who left would have said afterwards."""
    return tuple(
        contact
        for contact in contacts
        if leaving.day[contact.customer] == NEVER
        or calendar.place(contact.at.date()) < leaving.day[contact.customer]
    )
