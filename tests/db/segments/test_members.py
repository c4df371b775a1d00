"""Who is in a segment."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from tests.db.segments.conftest import House
from utility_crm.kit.errors import Invalid, NotFound
from utility_crm.segments.domain.tree import read_tree
from utility_crm.segments.facts import keep_fact
from utility_crm.segments.members import members_of, segment_of
from utility_crm.segments.offers import offers
from utility_crm.segments.tables import Segment, SegmentMember

STEADY = {"fact": "tariff", "op": "any_of", "values": ["steady"]}
HOUSEHOLD = {"fact": "customer_kind", "op": "any_of", "values": ["household"]}


def saved(session: Session, tree: dict[str, object]) -> int:
    row = Segment(name="Tried", tree=tree)
    session.add(row)
    session.flush()
    return row.id


def test_who_fits_now(session: Session, house: House, now) -> None:
    staff = {"fact": "tag", "op": "any_of", "values": ["staff"]}
    one = saved(session, {"and": [STEADY, {"not": staff}]})
    expected = house.those(where=lambda n: n % 2 == 0 and n % 5 != 0)
    assert members_of(session, one, now=now) == expected


def test_a_saving_that_is_kept(session: Session, house: House, now) -> None:
    keep_fact(session, "saving_on", "day-night", {house.ids[1]: 5000, house.ids[2]: 3000}, now)
    leaf = {"fact": "saving_on", "parameter": "day-night", "op": "above", "values": [4000]}
    assert members_of(session, saved(session, leaf), now=now) == [house.ids[1]]
    assert members_of(session, saved_other(session, {"not": leaf}), now=now) == [house.ids[2]]


def test_nobody_without_supply_nor_forgotten_nor_kept_as_another(session: Session, house: House, now) -> None:
    def tell(sql: str, place: int) -> None:
        session.execute(text(sql), {"id": house.ids[place], "other": house.ids[9]})

    tell("update customers set erased_on = '2026-01-01' where id = :id", 1)
    tell("update customers set merged_into_id = :other where id = :id", 2)
    tell("update customers set died_on = '2026-01-01' where id = :id", 3)
    tell(
        "update agreements set ends_before = '2026-01-01', end_reason = 'switched' where account_id in"
        " (select id from accounts where customer_id = :id)",
        4,
    )
    assert members_of(session, saved(session, {"and": []}), now=now) == house.those(where=lambda n: n > 4)


def test_those_of_an_area_alone(session: Session, house: House, now) -> None:
    area = session.scalar(text("select id from network_nodes where code = 'K'"))
    one = saved(session, HOUSEHOLD)
    assert members_of(session, one, [area], now=now) == house.those(where=lambda n: n % 3 == 0 and n % 4 != 0)
    of_area = saved_other(session, {"fact": "area", "op": "any_of", "values": ["K"]})
    assert members_of(session, of_area, now=now) == house.those(where=lambda n: n % 3 == 0)


def saved_other(session: Session, tree: dict[str, object]) -> int:
    row = Segment(name="Another", tree=tree)
    session.add(row)
    session.flush()
    return row.id


def test_a_frozen_one_is_who_it_was(session: Session, house: House, now) -> None:
    one = saved(session, STEADY)
    session.get_one(Segment, one).frozen_at = now
    session.add_all(SegmentMember(segment_id=one, customer_id=house.ids[place]) for place in (1, 3))
    session.flush()
    assert segment_of(session, one).frozen
    assert members_of(session, one, now=now) == sorted((house.ids[1], house.ids[3]))
    session.execute(
        text("update customers set erased_on = '2026-01-01' where id = :id"), {"id": house.ids[1]}
    )
    assert members_of(session, one, now=now) == [house.ids[3]]


def test_one_that_is_gone_or_asks_for_what_is_no_more(session: Session, house: House, now) -> None:
    with pytest.raises(NotFound):
        members_of(session, 4711, now=now)
    one = saved(session, {"fact": "shoe_size", "op": "above", "values": [42]})
    assert segment_of(session, one).tree is None
    with pytest.raises(Invalid, match="shoe_size"):
        members_of(session, one, now=now)


def test_every_fact_that_is_offered_can_be_asked(session: Session, house: House, now, today: date) -> None:
    """Each answers its kind of values, and no fact stands on a column that is gone."""
    from utility_crm.segments.compiling import Compiler

    for name, offer in offers().items():
        compiler = Compiler(offers(), today, now)
        rows = compiler.rows(offer, "day-night" if offer.parameters else "")
        session.execute(text(f"select customer_id, value from ({rows}) f"), compiler.bound).all()
        for sql in (offer.choices, offer.parameters, offer.sql if offer.stored else ""):
            filled = sql.replace(":today", "date '2026-11-20'").replace(
                ":now", "timestamptz '2026-11-20 12:00Z'"
            )
            if filled:
                assert len(session.execute(text(filled)).keys()) == 2, name
        leaf = {"fact": name, "op": "known", **({"parameter": "day-night"} if offer.parameters else {})}
        if not offer.leave_out_only:
            read_tree(leaf, offers())
