"""What happens to customers between the draw, the letter, the answer and the result."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from billing.tables import Agreement
from churn.campaigns.answering import answer
from churn.campaigns.audience import Audience
from churn.campaigns.calling import call_list, next_to_call, note_call, to_call
from churn.campaigns.drafting import change_arm
from churn.campaigns.first_words import first_words
from churn.campaigns.launching import launch
from churn.campaigns.listed import lines
from churn.campaigns.opened import opened
from churn.campaigns.queries import kept_back
from churn.campaigns.results import campaigned, results
from churn.campaigns.running import keep_results
from churn.campaigns.sending import send_due
from churn.campaigns.tables import CampaignMember
from churn.campaigns.tokens import token
from churn.known import campaigns
from churn.uplift.reading import drawn
from meters.tables import ServicePoint
from notifications.consents.recording import record_consent
from tests.db.churn.conftest import Person, Supplier
from tests.worlds.campaign_world import HOUSEHOLD, NOW, TODAY, drafted, launched, nearly_over, populate
from utility_crm.auth.tables import User
from utility_crm.customers.tables import ContactPoint, Occupancy
from utility_crm.kit.errors import Conflict, NotFound, Refused
from utility_crm.quality.merging import merge_customers

EVERY_HOME = Audience(HOUSEHOLD)
NO_TARIFF = {"tariff_id": None, "audience": EVERY_HOME}


def members(session: Session, campaign_id: int, *arms: str) -> list[CampaignMember]:
    session.expire_all()
    mine = (CampaignMember.campaign_id == campaign_id, CampaignMember.arm.in_(arms))
    return list(session.scalars(select(CampaignMember).where(*mine).order_by(CampaignMember.id)))


def of_customer(people: list[Person], member: CampaignMember) -> Person:
    return next(one for one in people if one.customer == member.customer_id)


def test_who_left_or_has_it_since_the_draw_is_not_written_to(session: Session, supplier: Supplier) -> None:
    people = populate(session, supplier, 40)
    campaign_id = launched(session, supplier)
    asked = members(session, campaign_id, "A", "B")
    gone, has = of_customer(people, asked[0]), of_customer(people, asked[1])
    supplier.ends(gone, TODAY + timedelta(days=5), "moved")
    supplier.ends(has, date(2026, 12, 1), "changed_tariff")
    supplier.agrees(has.account, has.point, supplier.day_night, date(2026, 12, 1))
    assert send_due(session, NOW, TODAY) == len(asked) - 2
    why = {one.id: (one.sent_at, one.not_sent) for one in members(session, campaign_id, "A", "B")[:2]}
    assert why == {asked[0].id: (None, "ends"), asked[1].id: (None, "on_it")}


def listed(
    session: Session,
    supplier: Supplier,
    people: list[Person],
    ways: tuple[str, ...] = ("call",),
    **changed: object,
) -> int:
    """A campaign of an arm that is called, of people who agreed to it."""
    for one in people:
        number = f"+44770090{one.customer % 10000:04d}"
        session.add(ContactPoint(customer_id=one.customer, kind="phone", value=number, normal=number))
        session.flush()
        since = NOW - timedelta(days=3)
        record_consent(session, one.customer, "marketing", "call", granted=True, now=since, proof="a call")
    campaign_id = drafted(session, supplier, **changed)
    words = first_words("tariff")
    change_arm(session, campaign_id, "B", name="Call", weight=1, ways=ways, words=words, now=NOW, by=None)
    launch(session, campaign_id, today=TODAY, now=NOW, by=None)
    return campaign_id


def somebody(session: Session, login: str = "abel") -> int:
    user = User(login=login, name=login.title(), role="agent", password_hash="none")
    session.add(user)
    session.flush()
    return user.id


def test_nobody_is_called_before_it_begins_or_for_nothing(session: Session, supplier: Supplier) -> None:
    people = populate(session, supplier, 30)
    campaign_id = listed(session, supplier, people, starts_on=TODAY + timedelta(days=7))
    by, begins = somebody(session), TODAY + timedelta(days=7)
    assert next_to_call(session, campaign_id, by, today=TODAY, now=NOW) is None
    first, second, third = members(session, campaign_id, "B")[:3]
    supplier.ends(of_customer(people, first), TODAY + timedelta(days=2), "switched")
    merge_customers(session, third.customer_id, second.customer_id, None, NOW)
    many = to_call(session, campaign_id)
    assert many == len(members(session, campaign_id, "B")) - 1
    assert many == sum(one.open for one in call_list(session, campaign_id))
    then = NOW + timedelta(days=7)
    assert next_to_call(session, campaign_id, by, today=begins, now=then) == third.customer_id
    assert to_call(session, campaign_id) == many - 1


def test_however_many_are_passed_over_the_next_is_found(session: Session, supplier: Supplier) -> None:
    people = populate(session, supplier, 120)
    campaign_id, by = listed(session, supplier, people), somebody(session)
    *gone, last = members(session, campaign_id, "B")
    assert len(gone) > 40  # two looks at the list
    for one in gone:
        supplier.ends(of_customer(people, one), TODAY + timedelta(days=2), "switched")
    assert next_to_call(session, campaign_id, by, today=TODAY, now=NOW) == last.customer_id


def test_nobody_is_called_when_the_budget_does_not_pay_for_it(session: Session, supplier: Supplier) -> None:
    people = populate(session, supplier, 30)
    campaign_id, by = listed(session, supplier, people, budget_minor=800), somebody(session)
    for _ in range(2):  # 3.00 each
        customer = next_to_call(session, campaign_id, by, today=TODAY, now=NOW)
        (member,) = (one for one in members(session, campaign_id, "B") if one.customer_id == customer)
        note_call(session, campaign_id, member.id, member.customer_id, "no_answer", now=NOW, by=by)
    with pytest.raises(Refused, match="does not pay for another call"):
        next_to_call(session, campaign_id, by, today=TODAY, now=NOW)


def test_the_last_call_that_is_paid_for_is_given_to_one(session: Session, supplier: Supplier) -> None:
    people = populate(session, supplier, 30)
    campaign_id = listed(session, supplier, people, budget_minor=500)
    abel, bela = somebody(session), somebody(session, "bela")
    first = next_to_call(session, campaign_id, abel, today=TODAY, now=NOW)
    assert first is not None
    with pytest.raises(Refused, match="does not pay for another call"):
        next_to_call(session, campaign_id, bela, today=TODAY, now=NOW)
    assert next_to_call(session, campaign_id, abel, today=TODAY, now=NOW) == first
    over = NOW + timedelta(minutes=31)  # abel rang nobody
    assert next_to_call(session, campaign_id, bela, today=TODAY, now=over) == first


def test_a_call_that_is_passed_over_takes_no_letter_back(session: Session, supplier: Supplier) -> None:
    people = populate(session, supplier, 30)
    campaign_id, by = listed(session, supplier, people, ways=("notice", "call")), somebody(session)
    send_due(session, NOW, TODAY)
    first = members(session, campaign_id, "B")[0]
    session.execute(text("delete from outbox"))  # so old that it is forgotten

    def told() -> tuple[object, ...]:
        found = results(session, campaign_id, TODAY)
        return found.spent_minor, found.asked.sent, lines(session)[0].sent, kept_back(session, campaign_id)

    before = told()
    assert before[1] == before[2] == len(members(session, campaign_id, "A", "B"))
    supplier.says(of_customer(people, first), TODAY, complaint=True)
    assert next_to_call(session, campaign_id, by, today=TODAY, now=NOW) not in (None, first.customer_id)
    session.expire_all()
    assert first.not_sent == "complaint" and told() == before


def test_nobody_is_called_at_night_where_they_live(session: Session, supplier: Supplier) -> None:
    people = populate(session, supplier, 30)
    campaign_id, by = listed(session, supplier, people), somebody(session)
    morning = NOW.replace(hour=9, minute=30)  # half past four in New York
    first, second, *_ = members(session, campaign_id, "B")
    home = of_customer(people, first)
    premise = session.get_one(ServicePoint, home.point).premise_id
    session.add(Occupancy(premise_id=premise, account_id=home.account, starts_on=date(2025, 1, 1)))
    session.flush()
    away = text("update premises set timezone = 'America/New_York' where id = :id")
    session.execute(away, {"id": premise})
    assert next_to_call(session, campaign_id, by, today=TODAY, now=morning) == second.customer_id
    with pytest.raises(Refused, match="It is night"):
        next_to_call(session, campaign_id, by, today=TODAY, now=NOW.replace(hour=3))
    evening = NOW.replace(hour=22)
    session.execute(text("update campaign_members set held_until = null"))
    assert next_to_call(session, campaign_id, by, today=TODAY, now=evening) == first.customer_id


def test_an_answer_is_taken_to_the_end_of_its_last_day(session: Session, supplier: Supplier) -> None:
    populate(session, supplier, 30)
    last = TODAY + timedelta(days=30)
    campaign_id = launched(session, supplier, ends_on=last, decides_on=last)
    one, two = members(session, campaign_id, "A", "B")[:2]
    keep_results(session, NOW + timedelta(days=30), last)
    assert answer(session, one.id, "accepted", via="link", today=last, now=NOW).outcome == "changed"
    keep_results(session, NOW + timedelta(days=31), last + timedelta(days=1))
    assert campaigned(session, campaign_id).state == "finished"
    with pytest.raises(Refused):
        answer(session, two.id, "accepted", via="link", today=last + timedelta(days=1), now=NOW)


def test_a_tariff_is_taken_by_who_has_it_not_by_who_said_yes(session: Session, supplier: Supplier) -> None:
    people = populate(session, supplier, 40)
    campaign_id = launched(session, supplier)
    asked = members(session, campaign_id, "A", "B")
    supplier.ends(of_customer(people, asked[0]), date(2026, 12, 10), "moved")
    assert answer(session, asked[0].id, "accepted", via="link", today=TODAY, now=NOW).outcome == "task"
    assert answer(session, asked[1].id, "accepted", via="link", today=TODAY, now=NOW).outcome == "changed"
    told = results(session, campaign_id, TODAY)
    assert (told.asked.accepted, told.asked.taken) == (2, 1)
    assert drawn(session, told.campaign, TODAY).taken.sum() == 1


def kept_twice(session: Session, campaign_id: int) -> tuple[CampaignMember, CampaignMember]:
    """Two who were drawn and turn out to be one: who stays, and whose row nobody has any more."""
    stays, stub = members(session, campaign_id, "A", "B")[:2]
    merge_customers(session, stays.customer_id, stub.customer_id, None, NOW)
    return stays, stub


@pytest.mark.parametrize("offer", ["points", "discount"])
def test_who_was_drawn_twice_is_given_it_once(session: Session, supplier: Supplier, offer: str) -> None:
    populate(session, supplier, 40)
    campaign_id = launched(session, supplier, offer=offer, amount=500, **NO_TARIFF)
    stays, stub = kept_twice(session, campaign_id)
    first = answer(session, stub.id, "accepted", via="link", today=TODAY, now=NOW)  # the letter to the stub
    again = answer(session, stays.id, "accepted", via="link", today=TODAY, now=NOW)
    assert (first.already, again.already, again.outcome) == (False, True, first.outcome)
    with pytest.raises(Conflict):
        answer(session, stays.id, "declined", via="desk", today=TODAY, now=NOW)
    points = session.execute(text("select customer_id, points from loyalty_points")).all()
    credited = session.scalars(text("select amount_minor from adjustments")).all()
    assert [tuple(row) for row in points] == ([(stays.customer_id, 500)] if offer == "points" else [])
    assert list(credited) == ([-500] if offer == "discount" else [])
    for one in (stays, stub):
        assert opened(session, "s", token("s", one.id), TODAY).answer == "accepted"
    asked = len(members(session, campaign_id, "A", "B")) - 1  # but the stub
    assert send_due(session, NOW, TODAY) == asked - 1  # they said yes already
    told = results(session, campaign_id, TODAY)
    assert told.asked.taken == 1 == drawn(session, told.campaign, TODAY).taken.sum()


def test_margins_are_known_of_all_once_two_are_one(session: Session, supplier: Supplier) -> None:
    populate(session, supplier, 40)
    campaign_id = launched(session, supplier)
    _stays, stub = kept_twice(session, campaign_id)
    session.execute(
        text("update campaign_members set margin_minor = 1000 + id % 7 where id <> :id"), {"id": stub.id}
    )
    nearly_over(session, campaign_id)
    told = results(session, campaign_id, TODAY)
    assert told.margin_known == 39 == told.asked.customers + told.control.customers
    assert told.row("margin") is not None


def test_what_was_said_of_the_account_is_done_for_all_of_its_electricity(
    session: Session, supplier: Supplier
) -> None:
    people = populate(session, supplier, 40)
    campaign_id = launched(session, supplier)
    one = members(session, campaign_id, "A", "B")[0]
    home = of_customer(people, one)
    garage = supplier.add(
        ServicePoint(code="GARAGE", premise_id=session.get_one(ServicePoint, home.point).premise_id)
    )
    supplier.agrees(home.account, garage, supplier.steady, date(2025, 3, 1))
    assert answer(session, one.id, "accepted", via="link", today=TODAY, now=NOW).outcome == "changed"
    now_on = select(Agreement.service_point_id).where(
        Agreement.account_id == home.account, Agreement.tariff_id == supplier.day_night
    )
    assert set(session.scalars(now_on)) == {home.point, garage}


def test_a_way_it_never_goes_holds_no_letter_back(session: Session, supplier: Supplier) -> None:
    populate(session, supplier, 40)
    costs = {"email": 4, "sms": 6, "letter": 90}
    launched(session, supplier, costs=costs, budget_minor=60)
    assert send_due(session, NOW, TODAY) == 10


def test_a_call_is_noted_with_the_customer_it_was_with(session: Session, supplier: Supplier) -> None:
    campaign_id = listed(session, supplier, populate(session, supplier, 30))
    one, other = members(session, campaign_id, "B")[:2]
    by = somebody(session)
    with pytest.raises(NotFound):
        note_call(session, campaign_id, one.id, other.customer_id, "do_not_call", now=NOW, by=by)
    assert lines(session)[0].to_call == to_call(session, campaign_id)
    note_call(session, campaign_id, one.id, one.customer_id, "do_not_call", now=NOW, by=by)
    session.execute(
        text("update campaign_members set not_sent = 'complaint' where id = :id"), {"id": other.id}
    )
    assert (
        lines(session)[0].to_call
        == to_call(session, campaign_id)
        == (len(members(session, campaign_id, "B")) - 2)
    )


def test_a_letter_that_was_withheld_is_no_offer_that_was_met(session: Session, supplier: Supplier) -> None:
    """What a passed-over call says later of a letter that was handed over changes nothing."""
    populate(session, supplier, 30)
    campaign_id = launched(session, supplier)
    send_due(session, NOW, TODAY)
    one, two, three = members(session, campaign_id, "A", "B")[:3]
    one.not_sent, two.not_sent = "no_consent", "complaint"
    session.flush()
    met = campaigns(session, [TODAY + timedelta(days=1)], "Europe/London").set_index("customer_id")["asked"]
    assert one.customer_id not in met.index
    assert met[two.customer_id] == met[three.customer_id] == 1
