"""Whoever of a whole demo utility is forgotten, nothing in any table says who they were."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from demo_world import MARGARET
from sqlalchemy import text
from sqlalchemy.orm import Session

from utility_crm.auth.sealing import Sealer
from utility_crm.privacy.domain.judging import Judgement, Kept
from utility_crm.privacy.erasing import forget, forget_kind, left_over, what_would
from utility_crm.privacy.reading import holdings, keepings, scopes_of

NOW = datetime(2026, 11, 20, 14, 42, tzinfo=UTC)
TODAY = date(2026, 11, 20)
SEALER = Sealer("a test's own")
KEPT = tuple(Kept(kind, date(2032, 12, 31), "a rule") for kind in sorted({k.kind for _p, k in keepings()}))
ALL_KEPT = Judgement((), (), KEPT, ())
NOTHING_KEPT = Judgement((), (), (), ())


def gossip(session: Session, customer: int) -> dict[str, Any]:
    """The customer everywhere: a draft, a search, a task of somebody else's, a mail from them nobody
    placed, a
    call by nobody known, a push, a letter to staff, a relation of another's."""
    row = session.execute(text("select id, name from customers where id = :id"), {"id": customer}).one()
    given = {
        "id": row.id,
        "name": row.name,
        "mail": f"only.{customer}@mail.example",
        "phone": "+447700955443",
    }
    user = session.execute(text("select min(id) from users")).scalar_one()
    other = session.execute(
        text("select min(id) from customers where id <> :id and kind = 'person'"), given
    ).scalar_one()
    more = {**given, "user": user, "other": other, "now": NOW}
    for sql in (
        """insert into contact_points (customer_id, kind, value, normal) values
            (:id, 'email', 'Only.' || :id || '@mail.example', :mail), (:id, 'phone', '07700 955443',
            :phone)""",
        """insert into drafts values (:user, 'customer-' || :id || '-log', 'says ' || cast(:name as text),
            1, :now),
            (:user, 'somewhere', 'write to ' || cast(:mail as text), 1, :now)""",
        """insert into audit_log (at, user_id, kind, what, subject) values
            (:now, :user, 'search', 'GET /customers', lower(cast(:name as text)))""",
        """insert into tasks (title, note, due_on, customer_id, created_at)
            values ('Ask about ' || cast(:name as text), 'reach: ' || cast(:mail as text), :now, :other,
            :now)""",
        """insert into arrivals (channel, digest, sha256, raw, size_bytes, received_at, sender,
            sender_name, state,
            reason) values ('email', 'd', 's', 'raw', 3, :now, :mail, :name, 'waiting', 'unknown')""",
        """insert into calls (provider_call, direction, state, number_said, number, began_at, ended_at,
            recording)
            values ('p1', 'in', 'ended', '07700 955443', :phone, :now, :now, 'https://pbx.example/1')""",
        """insert into pushes (user_ids, kind, payload)
            values (array[cast(:user as bigint)], 'ring', jsonb_build_object('who', cast(:name as text)))""",
        """insert into staff_mail (key, address, subject, text, message_id, not_before, created_at)
            values ('k', 'ops@utility.example', 'About ' || cast(:name as text), 'x', 'm', :now, :now)""",
        """insert into relations (customer_id, name, reach, kind, starts_on, noted_at)
            values (:other, :name, :mail, 'household', :now, :now)""",
        """insert into contacts (customer_id, channel, topic, note) values
            (:id, 'call', 'bill', cast(:name as text) || ' called')""",
    ):
        session.execute(text(sql), {name: more[name] for name in more if f":{name}" in sql})
    return given


def begun(session: Session, customer: int) -> None:
    """The rows under which an erasure is written down."""
    session.execute(
        text("""
            with asked as (insert into privacy_requests (customer_id, kind, channel, proof, received_on,
            due_on,
                    state, asked_at, asked_by, decided_by, decided_at)
                select :id, 'erasure', 'letter', 'a letter signed by her', :day, :day, 'approved', :now,
                       min(id), max(id), :now from users returning id)
            insert into erasures (customer_id, request_id, erased_at) select :id, id, :now from asked
        """),
        {"id": customer, "day": TODAY, "now": NOW},
    )


def places(session: Session, words: list[str]) -> list[dict[str, Any]]:
    return left_over(session, [f"%{word.lower()}%" for word in words])


@pytest.mark.parametrize("judgement", [ALL_KEPT, NOTHING_KEPT], ids=["kept", "nothing kept"])
@pytest.mark.parametrize("which", ["margaret", "person", "organisation"])
def test_nobody_is_found_again(house: Session, which: str, judgement: Judgement) -> None:
    if which == "margaret":
        customer = MARGARET
    else:
        customer = house.scalars(
            text("""select id from customers c where kind = :kind and id <> :m and merged_into_id is null
                    and exists (select from accounts a where a.customer_id = c.id)
                    and not exists (select from customers o where o.name = c.name and o.id <> c.id)
                    order by (select count(*) from outbox b where b.customer_id = c.id) desc, id limit 1"""),
            {"kind": which, "m": MARGARET},
        ).one()
    given = gossip(house, customer)
    scopes = scopes_of(house, customer, TODAY)
    words = [given["name"], given["mail"], "955443", *scopes["words"]]
    found = {one["table"] for one in places(house, words)}
    assert {
        "customers",
        "contact_points",
        "drafts",
        "audit_log",
        "tasks",
        "arrivals",
        "calls",
        "pushes",
    } <= found
    would = {one.table: one for one in what_would(house, scopes, judgement)}
    begun(house, customer)
    bills = house.scalar(text("select count(*) from bills where id = any(:bills)"), scopes)
    went = forget(house, scopes, judgement, SEALER, NOW)
    assert places(house, words) == []
    for table, counts in went.items():
        if table in would and "deleted" in counts:
            assert counts["deleted"] == would[table].deleted
    assert house.scalar(text("select count(*) from bills where id = any(:bills)"), scopes) == bills
    invoices = text("select count(*) from sealed_rows where table_name = 'invoices'")
    assert bool(house.scalar(invoices)) is (judgement is ALL_KEPT and bool(bills))
    kept = text("select count(*) from bill_lines where bill_id = any(:bills)")
    assert bool(house.scalar(kept, scopes)) is (judgement is ALL_KEPT and bool(bills))


def test_what_stays_loses_its_last_links_when_its_time_is_over(house: Session) -> None:
    scopes = scopes_of(house, MARGARET, TODAY)
    begun(house, MARGARET)
    forget(house, scopes, ALL_KEPT, SEALER, NOW)
    lives = text("select count(*) from occupancies where account_id = any(:accounts)")
    read = text(
        "select count(*) from blocks b join unnest(cast(:span_channels as bigint[])) c on c = b.channel_id"
    )
    assert house.scalar(lives, scopes) and house.scalar(read, scopes)
    others = house.scalar(text("select count(*) from blocks")) - house.scalar(read, scopes)
    for kind in [one.kind for one in KEPT] + ["last"]:
        forget_kind(house, scopes, kind)
    assert not house.scalar(lives, scopes) and not house.scalar(read, scopes)
    assert house.scalar(text("select count(*) from blocks")) == others
    assert (
        house.scalar(text("select count(*) from agreements where account_id = any(:accounts)"), scopes) == 0
    )
    numbers = house.scalars(text("select number from accounts where id = any(:accounts)"), scopes).all()
    assert all(number.startswith("X") for number in numbers)


def test_others_keep_theirs(house: Session) -> None:
    """Of everybody else every row is as it was, but where the name itself stood."""
    others = text("select count(*) from contacts where customer_id <> :id")
    before = house.scalar(others, {"id": MARGARET})
    names = text("select array_agg(name order by id) from customers where id <> :id")
    was = house.scalar(names, {"id": MARGARET})
    begun(house, MARGARET)
    forget(house, scopes_of(house, MARGARET, TODAY), NOTHING_KEPT, SEALER, NOW)
    assert house.scalar(others, {"id": MARGARET}) == before
    assert house.scalar(names, {"id": MARGARET}) == was


def test_what_never_changes_does_not_outside_of_an_erasure(house: Session) -> None:
    for sql in (
        "delete from bill_lines",
        "update task_events set kind = 'done'",
        "update ticket_events set reason = 'x'",
    ):
        with pytest.raises(Exception, match="never changed"), house.begin_nested():
            house.execute(text(sql))


def test_what_came_from_an_address_that_another_has_as_well_is_nobodys_alone(house: Session) -> None:
    other = house.scalar(
        text("select min(id) from customers where id <> :id and kind = 'person'"), {"id": MARGARET}
    )
    assert other
    for sql in (
        """insert into contact_points (customer_id, kind, value, normal) values
            (:id, 'email', 'Both@mail.example', 'both@mail.example'),
            (:other, 'email', 'both@mail.example', 'both@mail.example'),
            (:id, 'email', 'mine@mail.example', 'mine@mail.example')""",
        """insert into arrivals (channel, digest, sha256, raw, size_bytes, received_at, sender, state, reason)
            select 'email', said, 's', 'raw', 3, :now, said || '@mail.example', 'waiting', 'unknown'
            from unnest(array['both', 'mine']) said""",
        """insert into suppressions (channel, address, reason, at)
            select 'email', said || '@mail.example', 'asked', :now from unnest(array['both', 'mine']) said""",
    ):
        given = {"id": MARGARET, "other": other, "now": NOW}
        house.execute(text(sql), {name: given[name] for name in given if f":{name}" in sql})
    scopes = scopes_of(house, MARGARET, TODAY)
    came = text("select sender from arrivals where id = any(:arrivals) and sender like '%@mail.example'")
    assert house.scalars(came, scopes).all() == ["mine@mail.example"]
    begun(house, MARGARET)
    forget(house, scopes, ALL_KEPT, SEALER, NOW)
    left = text(
        "select address from suppressions where address in ('both@mail.example', 'mine@mail.example')"
    )
    assert house.scalars(left).all() == ["both@mail.example"]
    assert house.scalar(text("select count(*) from arrivals where sender = 'both@mail.example'")) == 1
    house.execute(text("update customers set erased_on = :day where id = :id"), {"day": TODAY, "id": other})
    assert "both@mail.example" in scopes_of(house, other, TODAY)["own_addresses"]


def test_days_of_somebody_else_are_not_taken_out_and_stay(house: Session) -> None:
    """Margaret left on the 1st; the next account is there from then on, and was there for her last week."""
    channel, premise, account = house.execute(
        text("""select h.id, o.premise_id, o.account_id from occupancies o
                join accounts a on a.id = o.account_id join service_points s on s.premise_id = o.premise_id
                join channels h on h.service_point_id = s.id
                where a.customer_id = :id
                  and exists (select from blocks b where b.channel_id = h.id and b.day = '2026-11-03')
                limit 1"""),
        {"id": MARGARET},
    ).one()
    given = {"channel": channel, "premise": premise, "account": account, "id": MARGARET}
    for sql in (
        "update occupancies set ends_before = '2026-11-01' where premise_id = :premise",
        """insert into occupancies (account_id, premise_id, starts_on)
           select min(id), :premise, '2026-10-25' from accounts where customer_id <> :id""",
        """insert into registers (service_point_id, name, unit, direction)
           select c.service_point_id, 'of a test', 'kWh', 'import' from channels c where c.id = :channel""",
        """insert into register_reads (register_id, read_at, kind, meter, figure, exponent, feed_id)
           select r.id, said, 'actual', '', 1, 0, 0 from registers r,
               unnest(array['2026-10-20', '2026-11-01', '2026-11-03']::timestamptz[]) said
           where r.name = 'of a test'""",
    ):
        house.execute(text(sql), {name: given[name] for name in given if f":{name}" in sql})
    scopes = scopes_of(house, MARGARET, TODAY)
    days = text("select day from blocks where channel_id = :channel order by day")
    before = house.scalars(days, given).all()
    assert min(before) < date(2026, 10, 25) <= date(2026, 11, 3) <= max(before)
    reads = next(one for _package, one in holdings() if one.table == "register_reads")
    read = text(f"select count(*) from register_reads t where {reads.whose}")
    assert house.scalar(read, scopes) == 2  # the one on the day of the move is hers, too
    begun(house, MARGARET)
    forget(house, scopes, NOTHING_KEPT, SEALER, NOW)
    assert house.scalars(days, given).all() == [day for day in before if day >= date(2026, 10, 25)]
    left = text("""select (t.read_at at time zone 'UTC')::date from register_reads t
                   join registers r on r.id = t.register_id where r.name = 'of a test' order by 1""")
    assert len(house.scalars(left).all()) == 2
