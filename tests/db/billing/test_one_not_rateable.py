"""One account that cannot be priced leaves nobody else unbilled, or untold."""

from __future__ import annotations

from datetime import date

import pytest
from billing_world import NOW, Supplied, World, flat
from sqlalchemy import text
from sqlalchemy.orm import Session

from billing.actions.issuing import issue_cycle
from billing.cycles import Month


@pytest.fixture
def tiered(world: World) -> list[Supplied]:
    """Seven on one tariff of tiers; the reading of one of them went below zero."""
    found = flat("tiered")
    (energy,) = [one for one in found["versions"][0]["charges"] if one["kind"] == "energy"]
    energy["tiers"] = {"by": "month", "fill": "time"}
    energy["periods"] = [
        {"label": "All hours", "tiers": [{"up_to": "100", "price": "0.20"}, {"price": "0.30"}]}
    ]
    world.tariff(found)
    made = [world.supplied("tiered") for _ in range(7)]
    for number, one in enumerate(made):
        values = [200_000] * (48 * 33)
        if number == 4:
            values[700] = -1
        world.read(one.channel_id, date(2026, 9, 30), values)
    return made


def test_the_bad_one_is_held_with_its_reason_and_the_others_are_billed(
    session: Session, tiered: list[Supplied]
) -> None:
    accounts = [one.account_id for one in tiered]
    done = issue_cycle(
        session, Month(2026, 10), 1, accounts, issued_on=date(2026, 11, 3), known_at=NOW, now=NOW
    )
    (held,) = done.held
    assert (held.account_id, held.code) == (tiered[4].account_id, "not_rateable")
    assert held.reason == "It cannot be priced: tiers are of energy that is not negative."
    assert len(done.bill_ids) == 6
    totals = set(session.scalars(text("select total_minor from bills")))
    assert len(totals) == 1


def test_a_tariff_without_a_version_holds_all_of_its_own(session: Session, world: World) -> None:
    late = flat("late")
    late["versions"][0]["starts_on"] = "2026-10-05"
    world.tariff(late)
    made = [world.supplied(code) for code in ("late", "flat", "late")]
    for one in made:
        world.even(one.channel_id, date(2026, 9, 30), 33)
    done = issue_cycle(
        session, Month(2026, 10), 1, [one.account_id for one in made],
        issued_on=date(2026, 11, 3), known_at=NOW, now=NOW,
    )  # fmt: skip
    assert sorted(one.account_id for one in done.held) == [made[0].account_id, made[2].account_id]
    assert all("no version on 2026-10-01" in one.reason for one in done.held)
