"""A complaint keeps its day whatever is done to its ticket: another kind, merged, undone, split."""

from __future__ import annotations

from datetime import date, timedelta
from importlib import import_module

from sqlalchemy import select, text

from tests.db.tickets.conftest import Care
from utility_crm.customers.tables import Contact
from utility_crm.tickets.actions import add_message, merge, set_customer, set_kind, split, unmerge
from utility_crm.tickets.care.tables import Complaint
from utility_crm.tickets.complaints.actions import Figures, advance, set_figures
from utility_crm.tickets.complaints.queries import by_cause, waiting
from utility_crm.tickets.complaints.watching import watch_complaints
from utility_crm.tickets.tables import Ticket

TODAY = date(2026, 11, 20)


def led(care: Care, ticket_id: int) -> tuple[str, str, date, str, date | None]:
    care.session.expire_all()
    row = care.session.get_one(Complaint, ticket_id)
    assert (row.closed_at is None) == (row.stage != "closed")
    return row.stage, row.outcome, row.received_on, row.next_step, row.due_on


def contact_of(care: Care, ticket_id: int) -> Contact:
    row = care.session.get_one(Complaint, ticket_id)
    return care.session.get_one(Contact, row.contact_id, populate_existing=True)


def count(care: Care) -> int:
    return sum(line.received for line in by_cause(care.session, TODAY, TODAY + timedelta(days=365)))


def test_a_slip_of_the_kind_is_taken_back_with_its_stage_and_its_day(care: Care) -> None:
    one = care.open(kind="complaint")
    advance(care.session, one, "acknowledged", now=care.later(days=1), by=care.priya)
    was = led(care, one)
    set_kind(care.session, one, "billing", now=care.later(days=1), by=care.priya)
    assert led(care, one)[:2] == ("closed", "none")
    assert contact_of(care, one).outcome == "It was no complaint." and count(care) == 0
    set_kind(care.session, one, "complaint", now=care.later(minutes=1), by=care.priya)
    assert led(care, one) == was and was[:3] == ("acknowledged", "", TODAY)
    assert (contact_of(care, one).answered_at, contact_of(care, one).outcome) == (None, "")
    assert care.session.get_one(Complaint, one).answered_at is None and count(care) == 1
    assert "1 late" in watch_complaints(care.session, care.later(days=30))
    assert [line.ticket_id for line in waiting(care.session)] == [one]


def test_what_was_settled_stays_settled(care: Care) -> None:
    one = care.open(kind="complaint")
    set_figures(care.session, one, Figures("service"), now=care.now, by=care.priya)
    advance(care.session, one, "closed", now=care.now, by=care.priya, note="Sorry", outcome="withdrawn")
    set_kind(care.session, one, "billing", now=care.later(hours=1), by=care.priya)
    set_kind(care.session, one, "complaint", now=care.later(hours=1), by=care.priya)
    set_customer(care.session, one, care.bakery, now=care.later(hours=1), by=care.priya)
    assert led(care, one)[:2] == ("closed", "withdrawn")
    other = care.open()
    merge(care.session, one, other, now=care.later(days=1), by=care.priya)
    assert care.session.get(Complaint, other) is None
    unmerge(care.session, one, now=care.later(days=1), by=care.priya)
    assert led(care, one)[:2] == ("closed", "withdrawn")


def test_merged_into_a_newer_complaint_it_goes_on_from_the_older_day(care: Care) -> None:
    old = care.open(kind="complaint", subject="First")
    advance(care.session, old, "acknowledged", now=care.later(days=1), by=care.priya)
    new = care.open(kind="complaint", subject="Second", now=care.later(days=29))
    before = led(care, new)
    assert before[2:4] == (date(2026, 12, 20), "acknowledge")
    merge(care.session, old, new, now=care.later(hours=1), by=care.priya)
    assert led(care, old)[:2] == ("closed", "merged")
    # It was confirmed that the first one arrived; four and eight weeks count from its day.
    assert led(care, new) == ("acknowledged", "", TODAY, "answer", date(2026, 12, 18))
    assert contact_of(care, old).outcome == f"It goes on with {care.session.get_one(Ticket, new).number}."
    assert contact_of(care, new).answered_at is None and count(care) == 1
    unmerge(care.session, old, now=care.later(hours=1), by=care.priya)
    assert led(care, old) == ("acknowledged", "", TODAY, "answer", date(2026, 12, 18))
    assert contact_of(care, old).answered_at is None
    assert led(care, new)[:3] == ("acknowledged", "", date(2026, 12, 20)) and count(care) == 2


def test_an_answer_to_the_one_is_none_to_the_other(care: Care) -> None:
    old = care.open(kind="complaint")
    advance(care.session, old, "answered", now=care.later(days=1), by=care.priya, note="So it is")
    new = care.open(kind="complaint", now=care.later(days=1))
    merge(care.session, new, old, now=care.later(hours=1), by=care.priya)
    assert led(care, old)[:4] == ("acknowledged", "", TODAY, "answer")
    assert contact_of(care, old).answered_at is None
    assert care.session.get_one(Complaint, old).answered_at is None


def test_merged_into_another_kind_it_is_not_lost(care: Care) -> None:
    old = care.open(kind="complaint")
    set_figures(care.session, old, Figures("meter", "Ticks twice"), now=care.now, by=care.priya)
    bill = care.open(kind="billing", now=care.later(days=30))
    merge(care.session, old, bill, now=care.later(hours=1), by=care.priya)
    assert care.session.get_one(Ticket, bill).kind == "complaint"
    stage, outcome, received_on, step, due_on = led(care, bill)
    assert (stage, outcome, received_on, step, due_on) == (
        "received", "", TODAY, "acknowledge", date(2026, 11, 24),
    )  # fmt: skip
    assert care.session.get_one(Complaint, bill).cause == "meter"
    unmerge(care.session, old, now=care.later(hours=1), by=care.priya)
    assert led(care, old)[:3] == ("received", "", TODAY)
    assert care.session.get_one(Ticket, bill).kind == "billing"
    assert led(care, bill)[:2] == ("closed", "none") and count(care) == 1


def test_merged_into_one_that_was_settled_it_opens_that_again(care: Care) -> None:
    settled = care.open(kind="complaint")
    set_figures(care.session, settled, Figures("service"), now=care.now, by=care.priya)
    advance(care.session, settled, "closed", now=care.later(days=1), by=care.priya, outcome="upheld")
    new = care.open(kind="complaint", now=care.later(days=1))
    merge(care.session, new, settled, now=care.later(hours=1), by=care.priya)
    assert led(care, settled)[:4] == ("acknowledged", "", TODAY, "answer")
    assert contact_of(care, settled).answered_at is None


def test_each_of_three_counts_from_its_own_day_when_a_merge_is_undone(care: Care) -> None:
    first = care.open(kind="complaint")
    second = care.open(kind="complaint", now=care.later(days=10))
    third = care.open(kind="complaint", now=care.later(days=10))
    merge(care.session, first, second, now=care.later(hours=1), by=care.priya)
    merge(care.session, second, third, now=care.later(hours=1), by=care.priya)
    assert led(care, third)[2] == TODAY
    unmerge(care.session, first, now=care.later(hours=1), by=care.priya)
    assert led(care, third)[2] == date(2026, 11, 30)
    unmerge(care.session, second, now=care.later(hours=1), by=care.priya)
    assert [led(care, one)[2] for one in (first, second, third)] == [
        TODAY, date(2026, 11, 30), date(2026, 12, 10),
    ]  # fmt: skip


def test_what_is_split_off_a_complaint_is_one_from_the_day_it_was_written(care: Care) -> None:
    one = care.open(kind="complaint")
    said = add_message(
        care.session, one, direction="in", text="And the fitter was rude", channel="email",
        now=care.later(days=3),
    )  # fmt: skip
    new = split(care.session, one, [said], subject="Rude", now=care.later(days=20), by=care.priya)
    assert led(care, new)[:3] == ("received", "", date(2026, 11, 23))
    assert led(care, one)[:3] == ("received", "", TODAY)
    assert contact_of(care, new).id != contact_of(care, one).id
    assert contact_of(care, new).complaint and contact_of(care, new).answered_at is None
    plain = split_off(care, one)
    assert care.session.scalar(select(Complaint.ticket_id).where(Complaint.ticket_id == plain)) is None


def split_off(care: Care, ticket_id: int) -> int:
    said = add_message(
        care.session, ticket_id, direction="in", text="And my bill?", channel="email", now=care.now
    )
    return split(care.session, ticket_id, [said], subject="Bill", kind="billing", now=care.now, by=care.priya)


def test_what_was_called_withdrawn_before_is_told_apart(care: Care) -> None:
    renamed, merged, settled, other = (care.open(kind="complaint") for _ in range(4))
    set_figures(care.session, settled, Figures("service"), now=care.now, by=care.priya)
    advance(care.session, settled, "closed", now=care.later(hours=1), by=care.priya, outcome="withdrawn")
    set_kind(care.session, renamed, "billing", now=care.later(hours=1), by=care.priya)
    merge(care.session, merged, other, now=care.later(hours=1), by=care.priya)
    merge(care.session, settled, other, now=care.later(hours=1), by=care.priya)
    care.session.execute(text("update complaints set outcome = 'withdrawn' where closed_at is not null"))
    care.session.execute(text(import_module("utility_crm.migrations.versions.0059_merged_complaints").NEW[2]))
    found = [led(care, one)[1] for one in (renamed, merged, settled, other)]
    assert found == ["none", "merged", "withdrawn", ""]
