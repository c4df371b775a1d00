"""What stands in the database when the demo is built: whole books, whole readings, fourteen bills each."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
from demo_world import AS_OF, CUSTOMERS, MARGARET, SEED
from sqlalchemy import Connection, Row, text
from sqlalchemy.orm import Session

from billing.queries.ledger import check_ledger
from meters.demo.half_hours import HalfHours
from utility_crm.demo.plan import make_plan


def rows(demo: Connection, query: str, **values: Any) -> list[Row[Any]]:
    return list(demo.execute(text(query), values))


def one(demo: Connection, query: str, **values: Any) -> Any:
    return demo.scalar(text(query), values)


def test_everybody_still_with_us_has_fourteen_bills_or_the_latest_is_held(demo: Connection) -> None:
    found = rows(
        demo,
        """
        select a.number, count(b.id) as bills,
               exists (select from held_bills h where h.account_id = a.id
                       and h.starts_on >= coalesce(max(b.ends_before), '2000-01-01')) as held
        from accounts a left join bills b on b.account_id = a.id
        where a.closed_on is null group by a.id
        """,
    )
    assert len(found) >= CUSTOMERS * 0.8
    assert all(row.bills == 14 - row.held for row in found)
    assert 1 <= sum(row.held for row in found) <= 3


def test_the_newest_bill_has_its_like_a_year_before(demo: Connection) -> None:
    found = rows(
        demo,
        """
        select a.id, exists (
            select from bills o where o.account_id = a.id
            and o.starts_on = (max(b.starts_on) - interval '1 year')::date) as known
        from accounts a join bills b on b.account_id = a.id where a.closed_on is null group by a.id
        """,
    )
    assert found and all(row.known for row in found)


def test_only_businesses_pay_for_being_late(demo: Connection) -> None:
    charged = rows(
        demo,
        """
        select c.segment, f.amount_minor, f.overdue_minor from late_fees f
        join bills b on b.id = f.bill_id join accounts a on a.id = b.account_id
        join customers c on c.id = a.customer_id
        """,
    )
    assert charged and all(row.segment != "household" for row in charged)
    # A month of 8 % a year.
    assert all(abs(row.amount_minor - row.overdue_minor * 8 / 1200) <= 0.5 for row in charged)


def test_bills_of_those_who_left_end_with_their_supply(demo: Connection) -> None:
    found = rows(
        demo,
        """
        select a.closed_on, max(b.ends_before) as billed_to from accounts a
        join bills b on b.account_id = a.id where a.closed_on is not null group by a.id
        """,
    )
    assert found
    for closed_on, billed_to in found:
        # A cycle that is not over has not been billed.
        assert billed_to == closed_on or (billed_to < closed_on and AS_OF - billed_to < timedelta(32))


def test_a_bill_is_the_sum_of_its_lines_and_a_balance_the_sum_of_its_ledger(demo: Connection) -> None:
    off = """
        select count(*) from bills b
        where total_minor <> (select sum(amount_minor) from bill_lines l where l.bill_id = b.id)
    """
    assert one(demo, off) == 0
    off = """
        select count(*) from account_balances b where balance_minor <> (
            select coalesce(sum(case when debit = 'receivable' then amount_minor else - amount_minor end), 0)
            from ledger_entries l where l.account_id = b.account_id and 'receivable' in (debit, credit))
    """
    assert one(demo, off) == 0
    assert check_ledger(Session(demo)).differences == ()
    assert one(demo, "select sum(amount_minor) from payments") == one(
        demo, "select sum(amount_minor) from ledger_entries where payment_id is not null"
    )


def test_bills_were_issued_with_what_was_known_that_morning(demo: Connection) -> None:
    late = """
        select count(*) from bills b join accounts a on a.id = b.account_id
        where b.known_at < b.ends_before or b.issued_on > :as_of
    """
    assert one(demo, late, as_of=AS_OF) == 0


def test_nothing_is_known_of_the_as_of_date_or_later(demo: Connection) -> None:
    assert one(demo, "select max(day) from blocks") == AS_OF - timedelta(1)
    assert one(demo, "select max(received_at) from payments").date() < AS_OF
    assert one(demo, "select max(at) from contacts").date() < AS_OF
    assert one(demo, "select max(received_at) from feeds").date() <= AS_OF
    assert one(demo, "select max(at) from consents").date() < AS_OF


def test_readings_are_the_plans(demo: Connection) -> None:
    """One supply's blocks, read back, are what was made for it."""
    plan = make_plan(SEED, AS_OF, CUSTOMERS)
    made = HalfHours(plan).energy(slice(0, len(plan.supplies))).imported
    place = 1
    found = rows(
        demo, "select day, micro from blocks where channel_id = :channel order by day", channel=place + 1
    )
    assert len(found) > 350
    exact = 0
    for day, micro in found:
        expected = made[place, plan.calendar.place(day)]
        there = np.array([value is not None for value in micro])
        exact += there.all() and np.array_equal(
            np.array(micro, dtype=object)[there].astype(np.int64), expected
        )
    assert exact > 340  # all but holes and guesses


def test_feeds_count_what_they_brought(demo: Connection) -> None:
    by_feed = """
        select count(*) from feeds f where status in ('ok', 'partial') and blocks_added <> (
            select count(*) from (select feed_id from blocks union all select feed_id from block_history) b
            where b.feed_id = f.id)
    """
    assert one(demo, by_feed + " and blocks_changed = 0") == 0
    came = one(demo, "select sum(readings) from feeds where status <> 'rejected'")
    held = one(demo, "select sum(n) from (select cardinality(array_remove(micro, null)) as n from blocks "
               "union all select cardinality(array_remove(micro, null)) from block_history) x")  # fmt: skip
    assert came == held
    assert (
        one(demo, "select count(*) from feeds where status = 'rejected' and jsonb_array_length(problems) = 0")
        == 0
    )
    assert one(demo, "select count(*) from blocks where feed_id not in (select id from feeds)") == 0


def test_the_first_customers_guess_was_billed_and_then_read(demo: Connection) -> None:
    bill = rows(
        demo,
        "select starts_on, ends_before, estimated_readings, known_at from bills where account_id = :id "
        "order by starts_on desc offset 1 limit 1",
        id=MARGARET,
    )[0]
    assert bill.estimated_readings == 144
    replaced = rows(demo, "select day, replaced_at from block_history where channel_id = :id", id=MARGARET)
    assert len(replaced) == 3
    assert all(
        bill.starts_on <= row.day < bill.ends_before and row.replaced_at > bill.known_at for row in replaced
    )


def test_a_coming_outage_was_told_and_the_letters_lie_in_the_mailbox(demo: Connection) -> None:
    outage = rows(demo, "select id, starts_at from outages where planned")[0]
    assert AS_OF < outage.starts_at.date() <= AS_OF + timedelta(7)
    sent = rows(demo, "select message_id, sent_at from outbox where about = :about and state = 'sent'",
                about=f"outage:{outage.id}")  # fmt: skip
    assert sent
    for message_id, sent_at in sent:
        assert one(demo, "select received_at from mailbox where message_id = :id", id=message_id) == sent_at
    waits = "select notice from outbox where state = 'waiting' and channel <> 'letter'"
    waiting = {row.notice for row in rows(demo, waits)}
    assert waiting <= {"ticket_received", "ticket_answer"}  # of this morning: they leave once the house runs
    told = """
        select bool_and(m.text like '%imulated%') from mailbox m join outbox o using (message_id)
        where o.language = 'en'
    """
    assert one(demo, told)


def test_everyone_reminded_was_late(demo: Connection) -> None:
    found = rows(
        demo,
        """
        select b.due_on, o.created_at,
               (select min(p.received_at) from payments p where p.reference = b.number || '-1') as paid
        from outbox o join bills b on o.about = 'bill:' || b.number where o.notice = 'payment_reminder'
        """,
    )
    for due_on, created_at, paid in found:
        assert created_at.date() == due_on + timedelta(7)
        assert paid is None or paid.date() > created_at.date()


def test_people_of_every_role_and_the_date_it_was_made_for(demo: Connection) -> None:
    assert sorted(row.role for row in rows(demo, "select role from users")) == [
        "admin",
        "agent",
        "agent",
        "marketer",
        "ops",
        "supervisor",
    ]
    assert one(demo, "select value from installation where name = 'simulated'") == {
        "seed": SEED,
        "as_of": AS_OF.isoformat(),
        "customers": CUSTOMERS,
    }


def test_prices_changed_once_inside_the_bills(demo: Connection) -> None:
    lines = rows(
        demo,
        """
        select distinct l.starts_on >= :change as after, l.price_micro from bill_lines l
        join agreements g on g.id = l.agreement_id join tariffs t on t.id = g.tariff_id
        where t.code = 'steady' and l.charge = 'energy'
        """,
        change=date(2026, 10, 1),
    )
    assert sorted(tuple(row) for row in lines) == [(False, 278_000), (True, 301_000)]


def test_who_has_several_sites_gets_one_invoice(demo: Connection) -> None:
    """In the last three months; a small utility may have nobody with several."""
    several = demo.execute(
        text(
            "select customer_id, period from invoices where series = 'bill' and period in (select distinct "
            "period from invoices where series = 'bill' order by period desc limit 3) "
            "group by customer_id, period having count(*) > 1"
        )
    ).all()
    rows = demo.execute(
        text(
            "select i.gross_minor, sum(b.total_minor) as bills, count(*) as sites from invoices i "
            "join gathered_bills g on g.invoice_id = i.id join bills b on b.id = g.bill_id group by i.id"
        )
    ).all()
    assert len(rows) == len(several)
    for row in rows:
        assert row.gross_minor == row.bills and row.sites > 1


def test_who_is_around_what_ends_when_and_who_comes_can_be_looked_at(demo: Connection) -> None:
    kinds = {row.kind for row in rows(demo, "select distinct kind from relations")}
    assert {"works_for", "speaks_for"} <= kinds
    assert one(demo, "select count(*) from relations where customer_id = :id", id=MARGARET) == 2
    assert one(demo, "select count(*) from customer_flags where kinds = '{}'") == 0
    changed = "select count(*) from audit_log where kind = 'detail' and customer_id = :id"
    assert one(demo, changed, id=MARGARET) >= 3
    firms = (
        "select count(*) from agreements g join accounts a on a.id = g.account_id "
        "join customers c on c.id = a.customer_id "
        "where c.kind = 'organisation' and g.ends_before is null and g.kind = 'contract'"
    )
    assert one(demo, firms) == one(demo, f"{firms} and term_ends_before > :day", day=AS_OF) > 0
    left = firms.replace("g.ends_before is null", "g.end_reason = 'switched'")
    assert one(demo, left) == one(
        demo, f"{left} and term_ends_before is not null"
    )  # a term tells nobody who left
    states = {row.state: row.n for row in rows(demo, "select state, count(*) n from appointments group by 1")}
    assert states["booked"] and states["done"]
    late = "select count(*) from appointments where state = 'booked' and on_day <= :day"
    assert one(demo, late, day=AS_OF) == 0
    ended = (
        "select count(*) from appointments v where state <> 'booked' and not exists "
        "(select from appointment_events e where e.appointment_id = v.id and e.kind = v.state)"
    )
    assert one(demo, ended) == 0


def test_surveys_were_answered_by_who_agreed_and_stand_on_their_tickets(demo: Connection) -> None:
    answered = one(demo, "select count(*) from surveys where score is not null")
    assert answered >= 3
    assert one(demo, "select count(*) from survey_answers") == answered
    assert answered == one(
        demo,
        "select count(*) from surveys s join ticket_events e on e.ticket_id = s.ticket_id "
        "and e.kind = 'rated' and cast(e.after ->> 'score' as int) = s.score and e.at = s.answered_at",
    )
    assert one(
        demo,
        "select count(*) from surveys s where s.state = 'sent' and not exists (select from consents c "
        "where c.customer_id = s.customer_id and c.purpose = 'marketing' and c.granted)",
    ) == 0  # fmt: skip
    asked_again = (
        "select s.asked_at - lag(s.asked_at) over (partition by customer_id order by asked_at) as rest"
    )
    assert one(
        demo, f"select count(*) from ({asked_again} from surveys s) r where rest < interval '30 days'"
    ) == 0  # fmt: skip
