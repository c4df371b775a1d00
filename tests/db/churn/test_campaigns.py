"""A campaign from its draft to its results, on the real database."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from billing.tables import Agreement
from churn.campaigns.answering import answer, first_day
from churn.campaigns.audience import Audience, candidates, funnel
from churn.campaigns.commands import take_margins
from churn.campaigns.documents import document
from churn.campaigns.drafting import asked_of, change_arm, change_draft, draft_campaign
from churn.campaigns.launching import launch
from churn.campaigns.listed import lines
from churn.campaigns.previewing import preview
from churn.campaigns.results import results
from churn.campaigns.running import keep_results, stop
from churn.campaigns.sending import send_due
from churn.campaigns.tables import Campaign, CampaignArm, CampaignDay, CampaignMember
from notifications.tables import OutboxNotice
from tests.db.churn.conftest import Supplier
from tests.worlds.campaign_world import (
    HOUSEHOLD,
    NOW,
    ON_STEADY,
    SAVES_TEN,
    TODAY,
    drafted,
    launched,
    nearly_over,
    populate,
    wanted,
)
from utility_crm.customers.tables import CustomerFlag
from utility_crm.kit.errors import Conflict, Invalid, NotFound, Refused
from utility_crm.quality.merging import merge_customers
from utility_crm.segments.actions import save_segment
from utility_crm.segments.domain.tree import And
from utility_crm.segments.facts import keep_fact
from utility_crm.segments.tables import Segment, SegmentMember

pytestmark = pytest.mark.usefixtures("plain_settings")

EVERY_HOME = Audience(HOUSEHOLD)


def members(session: Session, campaign_id: int) -> list[CampaignMember]:
    statement = select(CampaignMember).where(CampaignMember.campaign_id == campaign_id)
    session.expire_all()
    return list(session.scalars(statement.order_by(CampaignMember.id)))


def test_from_draft_to_result(session: Session, supplier: Supplier) -> None:
    people = populate(session, supplier, 60)
    campaign_id = launched(session, supplier)
    drawn = members(session, campaign_id)
    sizes = Counter(one.arm for one in drawn)
    assert sum(sizes.values()) == 60 and abs(sizes["A"] - sizes["B"]) <= 1 and 8 <= sizes["control"] <= 30
    assert {one.saving_minor for one in drawn} == {3420}
    asked = sizes["A"] + sizes["B"]
    assert send_due(session, NOW, TODAY) == asked
    assert send_due(session, NOW, TODAY) == 0  # once each
    notices = session.scalars(select(OutboxNotice).where(OutboxNotice.notice == "campaign")).all()
    alone = {one.customer_id for one in drawn if one.arm == "control"}
    assert len(notices) == asked and not alone & {one.customer_id for one in notices}
    first = notices[0].context
    assert first["offers"]["en"]["headline"] == "You would have paid £34.20 less last year"
    assert "34,20" in first["offers"]["ru"]["headline"] and first["link"].startswith(
        "https://care.example/offer/"
    )

    one = next(row for row in drawn if row.arm == "A")
    done = answer(session, one.id, "accepted", via="link", today=TODAY, now=NOW)
    assert (done.outcome, done.taken_on, done.already) == ("changed", date(2026, 12, 1), False)
    again = answer(session, one.id, "accepted", via="link", today=TODAY, now=NOW)
    assert (again.outcome, again.taken_on, again.already) == ("changed", date(2026, 12, 1), True)
    person = next(found for found in people if found.customer == one.customer_id)
    held = session.scalars(
        select(Agreement).where(Agreement.account_id == person.account).order_by(Agreement.starts_on)
    ).all()
    assert [(row.tariff_id, row.starts_on) for row in held][1:] == [(supplier.day_night, date(2026, 12, 1))]
    assert held[0].ends_before == date(2026, 12, 1) and held[0].end_reason == "changed_tariff"

    told = results(session, campaign_id, TODAY)
    row = told.row("taken")
    assert row is not None and (row.count, row.of, row.control) == (1, asked, 0)
    assert row.verdict == "early" and told.asked.accepted == 1 and told.romi is None
    assert keep_results(session, NOW, TODAY) == 1 and keep_results(session, NOW, TODAY) == 1
    kept = session.scalars(select(CampaignDay)).all()
    assert {one.arm: one.customers for one in kept} == dict(sizes)


def test_a_group_that_is_left_alone_stays_so(session: Session, supplier: Supplier) -> None:
    populate(session, supplier, 60)
    first = launched(session, supplier, control_percent=20)
    stop(session, first, "a test", now=NOW, by=None)
    second = launched(session, supplier, control_percent=40)
    alone = [
        {one.customer_id for one in members(session, key) if one.arm == "control"} for key in (first, second)
    ]
    assert alone[0] and alone[0] < alone[1]


def test_whoever_must_not_be_asked_is_left_out_with_the_reason(session: Session, supplier: Supplier) -> None:
    people = populate(session, supplier, 24)
    supplier.says(people[0], TODAY - timedelta(days=3), complaint=True)
    supplier.billed(people[1], date(2026, 9, 1), date(2026, 10, 1), 5000)
    session.add(
        CustomerFlag(
            customer_id=people[2].customer, kind="vulnerable", consented_at=NOW, review_on=date(2027, 1, 1)
        )
    )
    session.execute(text("delete from consents where customer_id = :id"), {"id": people[3].customer})
    session.execute(
        text("update what_if_results set other_minor = own_minor + 1 where account_id = :id"),
        {"id": people[4].account},
    )
    session.execute(text("delete from what_if_results where account_id = :id"), {"id": people[5].account})
    session.execute(
        text("update customers set died_on = '2026-11-01' where id = :id"), {"id": people[6].customer}
    )
    session.flush()
    campaign_id = launched(session, supplier, audience=EVERY_HOME)
    reasons = {one.customer_id: one.reason for one in members(session, campaign_id) if one.reason}
    assert reasons == {
        people[0].customer: "complaint", people[1].customer: "debt", people[2].customer: "vulnerable",
        people[3].customer: "no_consent", people[4].customer: "dearer", people[5].customer: "saving_unknown",
    }  # fmt: skip
    drawn = {one.customer_id for one in members(session, campaign_id)}
    assert people[6].customer not in drawn  # who died is in no segment
    second = drafted(session, supplier)
    told = preview(session, session.get_one(Campaign, second), today=TODAY, now=NOW)
    assert dict(told.left_out)["another_offer"] > 0
    # What happens after the draw keeps the letter back, and nobody out of their arm.
    one = next(row for row in members(session, campaign_id) if row.arm == "A")
    late = next(person for person in people if person.customer == one.customer_id)
    supplier.says(late, TODAY, complaint=True)
    send_due(session, NOW, TODAY)
    session.refresh(one)
    assert (one.arm, one.sent_at, one.not_sent) == ("A", None, "complaint")


def test_nobody_is_offered_more_than_so_many_times(session: Session, supplier: Supplier) -> None:
    populate(session, supplier, 40)
    for _ in range(2):
        stop(session, launched(session, supplier), "a test", now=NOW, by=None)
    third = draft_campaign(session, wanted(supplier), now=NOW, by=None)
    told = preview(session, session.get_one(Campaign, third), today=TODAY, now=NOW)
    assert dict(told.left_out)["offered_lately"] > 20
    with pytest.raises(Refused, match="Nobody is left"):
        launch(session, third, today=TODAY, now=NOW, by=None)


def test_rules_are_counted_one_after_another(session: Session, supplier: Supplier) -> None:
    people = populate(session, supplier, 12)
    supplier.moves_in(segment="industry")
    supplier.moves_in(tariff=supplier.day_night)
    savings = {one.customer: 3420 for one in people} | {people[0].customer: 500}
    keep_fact(session, "saving_on", "day_night", savings, NOW)
    row = session.get_one(Campaign, drafted(session, supplier))
    found = funnel(session, asked_of(row), TODAY, NOW)
    assert found is not None and found[0] == 14
    assert [(one.part, one.left, one.dropped) for one in found[1]] == [
        (HOUSEHOLD, 13, 1), (ON_STEADY, 12, 1), (SAVES_TEN, 11, 1),
    ]  # fmt: skip
    # Of a saved segment, conditions of its own narrow it further.
    mine = save_segment(session, "Homes on Steady", And((HOUSEHOLD, ON_STEADY)), NOW, by=None)
    narrowed = Audience(And((SAVES_TEN,)), mine)
    row = session.get_one(Campaign, drafted(session, supplier, audience=narrowed))
    found = funnel(session, asked_of(row), TODAY, NOW)
    assert found is not None
    assert [(one.named, one.left) for one in found[1]] == [
        ("Homes on Steady", 13), ("Homes on Steady", 12), ("", 11),
    ]  # fmt: skip
    assert preview(session, row, today=TODAY, now=NOW).drawn == 11


def test_a_question_that_cannot_be_read_any_more_finds_nobody(session: Session, supplier: Supplier) -> None:
    populate(session, supplier, 12)
    row = session.get_one(Campaign, drafted(session, supplier))
    row.audience = {"tree": {"fact": "offered_no_more", "op": "yes"}, "segment_id": None}
    session.flush()
    assert funnel(session, asked_of(row), TODAY, NOW) is None
    assert preview(session, row, today=TODAY, now=NOW).drawn == 0
    with pytest.raises(Refused, match="Nobody is left"):
        launch(session, row.id, today=TODAY, now=NOW, by=None)


def test_what_the_offer_needs_is_added_with_its_reason(session: Session, supplier: Supplier) -> None:
    people = populate(session, supplier, 24)
    there = supplier.moves_in(tariff=supplier.day_night)
    session.execute(
        text("update agreements set ends_before = '2026-12-10', end_reason = 'moved' where account_id = :id"),
        {"id": people[0].account},
    )
    row = session.get_one(Campaign, drafted(session, supplier, audience=EVERY_HOME))
    found = candidates(session, asked_of(row), TODAY, NOW)
    why = {one.customer_id: one.reason for one in found if one.reason}
    assert why == {people[0].customer: "ends", there.customer: "on_it"} and len(found) == 25


def test_a_saved_segment_says_who(session: Session, supplier: Supplier) -> None:
    people = populate(session, supplier, 30)
    tree = {"fact": "segment", "op": "any_of", "values": ["household"]}
    mine = Segment(name="Some", tree=tree, created_at=NOW, changed_at=NOW, frozen_at=NOW)
    session.add(mine)
    session.flush()
    session.add_all(SegmentMember(segment_id=mine.id, customer_id=one.customer) for one in people[:20])
    session.flush()
    campaign_id = launched(session, supplier, audience=Audience(segment_id=mine.id))
    assert {one.customer_id for one in members(session, campaign_id)} == {one.customer for one in people[:20]}
    mine.deleted_at = NOW
    session.flush()
    second = draft_campaign(
        session, wanted(supplier, audience=Audience(segment_id=mine.id)), now=NOW, by=None
    )
    assert preview(session, session.get_one(Campaign, second), today=TODAY, now=NOW).drawn == 0


def test_the_budget_and_the_day_hold_letters_back(session: Session, supplier: Supplier) -> None:
    populate(session, supplier, 40)
    campaign_id = launched(session, supplier, a_day=7, costs={"email": 100}, budget_minor=1000)
    assert send_due(session, NOW, TODAY) == 7
    assert send_due(session, NOW, TODAY) == 0
    tomorrow = TODAY + timedelta(days=1)
    assert send_due(session, NOW + timedelta(days=1), tomorrow) == 3  # 1000 pays for ten
    assert send_due(session, NOW + timedelta(days=1), tomorrow) == 0
    kinds = session.scalars(
        text("select kind from campaign_events where campaign_id = :id"), {"id": campaign_id}
    )
    assert list(kinds).count("budget") == 1


def test_answers_and_what_cannot_be(session: Session, supplier: Supplier) -> None:
    populate(session, supplier, 40)
    campaign_id = launched(session, supplier)
    rows = members(session, campaign_id)
    asked = [one for one in rows if one.arm in ("A", "B")]
    alone = next(one for one in rows if one.arm == "control")
    with pytest.raises(NotFound):
        answer(session, alone.id, "accepted", via="link", today=TODAY, now=NOW)
    with pytest.raises(NotFound):
        answer(
            session, asked[0].id, "accepted", via="desk", today=TODAY, now=NOW, customer_id=alone.customer_id
        )
    later = TODAY + timedelta(days=41)
    with pytest.raises(Refused):
        answer(session, asked[0].id, "accepted", via="link", today=later, now=NOW)
    assert answer(session, asked[0].id, "not_now", via="desk", today=TODAY, now=NOW).outcome == ""
    assert answer(session, asked[0].id, "accepted", via="desk", today=TODAY, now=NOW).outcome == "changed"
    with pytest.raises(Conflict):
        answer(session, asked[0].id, "declined", via="desk", today=TODAY, now=NOW)
    # Whose supply ends is no change that can be done at once: a person sees to it, and their word is kept.
    session.execute(
        text("update agreements set ends_before = '2026-12-10', end_reason = 'moved' where account_id = :id"),
        {"id": asked[1].account_id},
    )
    done = answer(session, asked[1].id, "accepted", via="link", today=TODAY, now=NOW)
    assert (done.outcome, done.taken_on) == ("task", None)
    assert session.scalar(
        text("select count(*) from tasks where key = :key"), {"key": f"campaign:{asked[1].id}"}
    )


def test_who_was_kept_twice_counts_once(session: Session, supplier: Supplier) -> None:
    populate(session, supplier, 40)
    campaign_id = launched(session, supplier, offer="points", tariff_id=None, amount=5, audience=EVERY_HOME)
    rows = [one for one in members(session, campaign_id) if one.arm in ("A", "B")]
    first, second = rows[0], rows[1]
    answer(session, second.id, "accepted", via="link", today=TODAY, now=NOW)
    before = results(session, campaign_id, TODAY)
    merge_customers(session, first.customer_id, second.customer_id, None, NOW)
    told = results(session, campaign_id, TODAY)
    assert told.asked.customers == before.asked.customers - 1
    assert (told.asked.accepted, told.by_arm[first.arm].accepted) == (1, 1)
    assert send_due(session, NOW, TODAY) == told.asked.customers - 1  # none to who said yes by the stub


def test_points_and_credits_are_given_once(session: Session, supplier: Supplier) -> None:
    populate(session, supplier, 40)
    points = launched(session, supplier, offer="points", tariff_id=None, amount=500, audience=EVERY_HOME)
    one = next(row for row in members(session, points) if row.arm == "A")
    for _ in range(2):
        answer(session, one.id, "accepted", via="link", today=TODAY, now=NOW)
    given = session.execute(text("select customer_id, points from loyalty_points")).all()
    assert [tuple(row) for row in given] == [(one.customer_id, 500)]
    stop(session, points, "a test", now=NOW, by=None)
    credit = launched(session, supplier, offer="discount", tariff_id=None, amount=1500, audience=EVERY_HOME)
    two = next(row for row in members(session, credit) if row.arm == "A")
    for _ in range(2):
        answer(session, two.id, "accepted", via="link", today=TODAY, now=NOW)
    booked = session.execute(
        text("select amount_minor from adjustments where account_id = :id"), {"id": two.account_id}
    )
    assert [row[0] for row in booked] == [-1500]


def test_what_runs_is_frozen(session: Session, supplier: Supplier) -> None:
    populate(session, supplier, 40)
    campaign_id = launched(session, supplier)
    with pytest.raises(Conflict):
        change_draft(session, campaign_id, wanted(supplier), now=NOW, by=None)
    words = {one: {"headline": "a", "body": "b", "short": "c"} for one in ("en", "ru")}
    with pytest.raises(Conflict):
        change_arm(
            session, campaign_id, "A", name="A", weight=1, ways=("notice",), words=words, now=NOW, by=None
        )
    with pytest.raises(Conflict):
        launch(session, campaign_id, today=TODAY, now=NOW, by=None)
    send_due(session, NOW, TODAY)
    waiting = session.scalar(
        text("select count(*) from outbox where notice = 'campaign' and state = 'waiting'")
    )
    assert stop(session, campaign_id, "enough", now=NOW, by=None) == waiting > 0
    assert session.get_one(CampaignArm, session.scalars(select(CampaignArm.id)).first()).words["en"]


def test_margin_is_unknown_until_it_is_data(session: Session, supplier: Supplier) -> None:
    populate(session, supplier, 40)
    campaign_id = launched(session, supplier, costs={"email": 4, "accepted": 50})
    send_due(session, NOW, TODAY)
    one = next(row for row in members(session, campaign_id) if row.arm == "A")
    answer(session, one.id, "accepted", via="link", today=TODAY, now=NOW)
    assert results(session, campaign_id, TODAY).romi is None
    session.execute(text("update campaign_members set margin_minor = 1000 + id % 7 * 100"))
    session.execute(
        text("update campaign_members set margin_minor = margin_minor + 2000 where arm <> 'control'")
    )
    assert (unlooked := results(session, campaign_id, TODAY).row("margin")) and unlooked.effect is None
    nearly_over(session, campaign_id)
    told = results(session, campaign_id, TODAY)
    asked = told.asked.customers
    assert told.spent_minor == 50 + 4 * asked and told.margin_known == 40
    margin, back = told.row("margin"), told.romi
    assert margin is not None and margin.effect is not None and margin.verdict == "works"
    assert margin.effect.low < 2000 < margin.effect.high and back is not None
    assert back.low < (2000 * asked - told.spent_minor) / told.spent_minor < back.high


def test_what_the_commands_say(session: Session, supplier: Supplier, tmp_path: Path) -> None:
    people = populate(session, supplier, 40)
    campaign_id = launched(session, supplier)
    told = document(results(session, campaign_id, TODAY))
    assert told["romi"] is None and told["margin"] is None and told["spent"] == "0.00"
    assert set(told["groups"]) == {"A", "B", "control"} and told["effects"][0]["verdict"] == "early"
    assert 0 < told["detectable"]["A"] < 1 and json.loads(json.dumps(told)) == told
    rows = [f"C{place:05d},{place}.50" for place in range(1, len(people) + 1)]
    file = tmp_path / "margins.csv"
    file.write_text("\n".join(["customer_number,margin", *rows]))
    assert take_margins(session, campaign_id, file) == 40
    assert document(results(session, campaign_id, TODAY))["margin"] is None  # too early for any interval
    nearly_over(session, campaign_id)
    told = document(results(session, campaign_id, TODAY))
    assert told["margin"]["low"] is not None and told["romi"] is None  # nothing is spent
    assert {row["outcome"] for row in told["effects"]} == {"taken", "lost", "margin"}
    for line in (b"C99999,1.00", b"C00001,much", b"C00001,1.005", b"C00001,inf", b"C00001", b"C0\xff,1"):
        file.write_bytes(b"customer_number,margin\n" + line)
        with pytest.raises(Invalid) as wrong:
            take_margins(session, campaign_id, file)
        assert wrong.value.where == "line 2"
    with pytest.raises(NotFound):
        take_margins(session, campaign_id, tmp_path)
    assert [one.code for one in lines(session)] == [f"K-{campaign_id}"]


def test_the_first_day_is_that_of_the_next_bill() -> None:
    assert first_day(1, date(2026, 11, 20)) == date(2026, 12, 1)
    assert first_day(21, date(2026, 11, 20)) == date(2026, 11, 21)
    assert first_day(20, date(2026, 11, 20)) == date(2026, 12, 20)
