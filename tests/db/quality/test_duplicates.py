"""Customers kept twice, on the real server: found, said to be two, made one and taken back."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from utility_crm.customers.actions import import_customers
from utility_crm.customers.importing.reading import Defaults
from utility_crm.customers.search import find
from utility_crm.kit.errors import Conflict, Invalid, NotFound, Refused
from utility_crm.quality.actions import ask_again, say_different
from utility_crm.quality.finding import find_duplicates
from utility_crm.quality.merging import merge_customers, undo_merge
from utility_crm.quality.queries import Pair, customer_of_number, open_pairs

NOW = datetime(2026, 11, 20, 14, 42, tzinfo=UTC)
FILE = """customer_number,name,account_number,phone,email,premise_code,address,postcode
D100,Zoë Example,4100-1,07700 900123,zoe@mail.example,P1,14 Test Row,TE1 1ST
D200,Example Zoe,4100-2,+44 7700 900123,zoe.2@mail.example,P2,9 Other Street,TE2 2ND
D300,Peter Example,4100-3,07700 900123,,P3,14 Test Row,TE1 1ST
D400,Thomas Sample,4100-4,07700 900999,,P4,1 Mill Lane,TE3 3RD
D500,Tomas Sample,4100-5,07700 900888,,P5,1 Mill Lane,TE33RD
"""


@pytest.fixture(autouse=True)
def five(session: Session) -> None:
    defaults = Defaults("GBP", "GB", "Europe/London")
    assert not import_customers(session, FILE.encode(), today=date(2026, 11, 20), defaults=defaults).problems
    session.flush()


def of(session: Session, number: str) -> int:
    return customer_of_number(session, number)


def in_order(pair: Pair) -> tuple[str, str]:
    one, other = sorted((pair.one.number, pair.other.number))
    return one, other


def listed(session: Session) -> list[tuple[str, str]]:
    return sorted(in_order(pair) for pair in open_pairs(session, 50))


def test_who_is_kept_twice_is_found_and_a_household_is_not(session: Session) -> None:
    assert find_duplicates(session, NOW).new == 2
    assert listed(session) == [("D100", "D200"), ("D400", "D500")]
    first = next(pair for pair in open_pairs(session, 50) if "D100" in in_order(pair))
    assert [reason.why for reason in first.reasons] == ["same_phone", "same_name"]
    again = find_duplicates(session, NOW)
    assert (again.likely, again.new, again.gone) == (2, 0, 0)


def test_what_was_said_to_be_two_is_not_asked_again(session: Session) -> None:
    find_duplicates(session, NOW)
    say_different(session, of(session, "D200"), of(session, "D100"), None, NOW)
    find_duplicates(session, NOW)
    assert listed(session) == [("D400", "D500")]
    ask_again(session, of(session, "D100"), of(session, "D200"))
    assert len(listed(session)) == 2
    with pytest.raises(NotFound):
        say_different(session, of(session, "D100"), of(session, "D400"), None, NOW)


def test_a_pair_that_is_no_longer_alike_goes(session: Session) -> None:
    find_duplicates(session, NOW)
    session.execute(text("update customers set name = 'Ruth Lane' where number = 'D500'"))
    assert find_duplicates(session, NOW).gone == 1
    assert listed(session) == [("D100", "D200")]


def test_the_kept_one_has_what_both_had_and_the_stub_leads_there(session: Session) -> None:
    keep, gone = of(session, "D100"), of(session, "D200")
    find_duplicates(session, NOW)
    done = merge_customers(session, keep, gone, None, NOW)
    assert done.stayed == (
        ("contact_points", "uq_contact_points_customer_id_kind_normal"),
    )  # both have the telephone
    assert done.moved["accounts"] == 2  # a holder and a payer
    assert (
        session.execute(text("select count(*) from accounts where customer_id = :k"), {"k": keep}).scalar()
        == 2
    )
    for said in ("D200", "4100-2", "D100", "9 other street"):
        assert {found.customer_id for found in find(session, said, country="GB")} == {keep}, said
    assert listed(session) == [("D400", "D500")]
    with pytest.raises(Conflict):
        merge_customers(session, keep, gone, None, NOW)
    with pytest.raises(Conflict):
        merge_customers(session, gone, of(session, "D300"), None, NOW)


def test_taken_back_they_are_two_again_and_what_came_since_stays(session: Session) -> None:
    keep, gone = of(session, "D100"), of(session, "D200")
    find_duplicates(session, NOW)
    log = text("insert into contacts (customer_id, at, channel, topic) values (:c, :at, 'call', 'bill')")
    session.execute(log, {"c": gone, "at": NOW})
    done = merge_customers(session, keep, gone, None, NOW)
    session.execute(log, {"c": keep, "at": NOW})
    session.execute(log, {"c": keep, "at": NOW})
    undone = undo_merge(session, done.id, None, NOW)
    assert undone.back == done.moved and not undone.vanished
    count = text("select customer_id, count(*) from contacts group by 1 order by 1")
    assert {tuple(row) for row in session.execute(count)} == {(keep, 2), (gone, 1)}
    assert ("D100", "D200") in listed(session)
    with pytest.raises(Conflict, match="undone already"):
        undo_merge(session, done.id, None, NOW)


def test_what_happened_since_may_forbid_it_and_is_said(session: Session) -> None:
    keep, gone, third = (of(session, number) for number in ("D100", "D200", "D300"))
    done = merge_customers(session, keep, gone, None, NOW)
    give = text("update accounts set customer_id = :c where number = '4100-2'")
    session.execute(give, {"c": third})
    with pytest.raises(Conflict, match="accounts"):
        undo_merge(session, done.id, None, NOW)
    assert session.scalar(text("select merged_into_id from customers where id = :g"), {"g": gone}) == keep
    session.execute(give, {"c": keep})
    later = merge_customers(session, third, keep, None, NOW)
    assert session.scalar(text("select merged_into_id from customers where id = :g"), {"g": gone}) == third
    with pytest.raises(Conflict, match="D100"):
        undo_merge(session, done.id, None, NOW)
    undo_merge(session, later.id, None, NOW)
    undo_merge(session, done.id, None, NOW)
    assert session.scalar(text("select count(merged_into_id) from customers")) == 0


def test_a_row_that_is_no_more_is_counted(session: Session) -> None:
    done = merge_customers(session, of(session, "D100"), of(session, "D200"), None, NOW)
    session.execute(text("delete from contact_points where normal = 'zoe.2@mail.example'"))
    assert undo_merge(session, done.id, None, NOW).vanished == {"contact_points": 1}


def test_what_cannot_be_one_is_refused(session: Session) -> None:
    keep = of(session, "D100")
    with pytest.raises(Invalid):
        merge_customers(session, keep, keep, None, NOW)
    with pytest.raises(NotFound):
        merge_customers(session, keep, 10**9, None, NOW)
    session.execute(text("update customers set kind = 'organisation' where number = 'D200'"))
    with pytest.raises(Refused):
        merge_customers(session, keep, of(session, "D200"), None, NOW)


def test_a_merge_and_its_end_are_kept_with_both(session: Session) -> None:
    keep, gone = of(session, "D100"), of(session, "D200")
    undo_merge(session, merge_customers(session, keep, gone, None, NOW).id, None, NOW)
    told = session.execute(
        text("select customer_id, after ->> 'customer', before ->> 'customer' from audit_log order by id")
    )
    assert [tuple(row) for row in told] == [
        (gone, "D100", None), (keep, "D200", None), (gone, None, "D100"), (keep, None, "D200"),
    ]  # fmt: skip


def test_nobody_is_merged_with_who_was_forgotten_nor_is_that_offered(session: Session) -> None:
    find_duplicates(session, NOW)
    session.execute(text("update customers set erased_on = '2026-11-01' where number = 'D200'"))
    for keep, gone in (("D100", "D200"), ("D200", "D100")):
        with pytest.raises(Conflict) as refused:
            merge_customers(session, of(session, keep), of(session, gone), None, NOW)
        assert refused.value.code == "forgotten" and "D200" in refused.value.message
    assert listed(session) == [("D400", "D500")]
    assert (find_duplicates(session, NOW).gone, listed(session)) == (1, [("D400", "D500")])


@pytest.mark.parametrize("state", ["open", "approved"])
def test_nobody_is_merged_who_asked_to_be_forgotten(session: Session, state: str) -> None:
    two = session.scalars(
        text("""insert into users (login, name, role, password_hash) values ('r', 'R', 'admin', ''),
                ('s', 'S', 'admin', '') returning id""")
    ).all()
    session.execute(
        text("""insert into privacy_requests (customer_id, kind, channel, proof, received_on, due_on, state,
                    asked_by, asked_at, decided_by, decided_at)
                values (:id, 'erasure', 'letter', 'signed', :day, :day, :state, :one, :now, :other, :now)"""),
        {
            "id": of(session, "D200"), "day": NOW.date(), "now": NOW, "state": state,
            "one": two[0], "other": two[1],
        },
    )  # fmt: skip
    for keep, gone in (("D100", "D200"), ("D200", "D100")):
        with pytest.raises(Conflict) as refused:
            merge_customers(session, of(session, keep), of(session, gone), None, NOW)
        assert refused.value.code == "to_be_forgotten" and "D200" in refused.value.message
    session.execute(
        text("update privacy_requests set state = 'withdrawn', reason = 'x', closed_at = :now"), {"now": NOW}
    )
    assert merge_customers(session, of(session, "D100"), of(session, "D200"), None, NOW).moved
