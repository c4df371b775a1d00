"""A verdict is written once, on its question's day, and stays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import event, text
from sqlalchemy.orm import Session

from churn.campaigns.answering import answer
from churn.campaigns.audience import Audience
from churn.campaigns.documents import document
from churn.campaigns.jobs import judge_results
from churn.campaigns.judging import judge_due, look_again
from churn.campaigns.listed import lines
from churn.campaigns.results import Results, results
from churn.campaigns.results.kept import keep_verdicts
from churn.campaigns.running import keep_results
from churn.value.offers import catalogue
from tests.db.churn.conftest import Supplier
from tests.worlds.campaign_world import HOUSEHOLD, NOW, TODAY, launched, populate
from utility_crm.kit.settings import settings
from utility_crm.quality.merging import merge_customers

pytestmark = pytest.mark.usefixtures("plain_settings")

LOOKS = TODAY + timedelta(days=60)
LOST = TODAY + timedelta(days=91)
MARGIN = TODAY + timedelta(days=153)
POINTS = {"offer": "points", "tariff_id": None, "amount": 500, "audience": Audience(HOUSEHOLD)}


def at(day: date) -> datetime:
    return NOW + (day - TODAY)


def judge(session: Session, day: date) -> int:
    return judge_due(session, at(day), day)


def members(session: Session, campaign_id: int, *arms: str) -> list[int]:
    found = text("select id from campaign_members where campaign_id = :id and arm = any(:arms) order by id")
    return list(session.scalars(found, {"id": campaign_id, "arms": list(arms)}))


def leave(session: Session, of: list[int], day: date) -> None:
    """Their supply goes to another supplier."""
    session.execute(
        text(
            "update agreements g set ends_before = :day, end_reason = 'switched' from accounts a, "
            "campaign_members m where m.id = any(:of) and a.customer_id = m.customer_id "
            "and g.account_id = a.id"
        ),
        {"of": of, "day": day},
    )


def said(told: Results) -> dict[str, str]:
    return {row.outcome: row.verdict for row in told.rows if not row.arm and not row.segment}


def rows(session: Session) -> list[tuple[object, ...]]:
    found = text("select * from campaign_verdicts order by campaign_id, outcome, arm, segment")
    return [tuple(row) for row in session.execute(found)]


def rows_of(session: Session, campaign_id: int) -> set[str]:
    """The questions that are judged."""
    found = text("select distinct outcome from campaign_verdicts where campaign_id = :id")
    return set(session.scalars(found, {"id": campaign_id}))


def executed(session: Session, act: Callable[[], object]) -> list[str]:
    """The statements of it."""
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        seen.append(statement)

    engine = session.get_bind()
    event.listen(engine, "before_cursor_execute", note)
    try:
        act()
    finally:
        event.remove(engine, "before_cursor_execute", note)
    return seen


@pytest.fixture
def campaign(session: Session, supplier: Supplier) -> int:
    """Of points: of two arms half of those asked accept, and all left alone but one leave on the 70th day."""
    populate(session, supplier, 80)
    campaign_id = launched(session, supplier, **POINTS)
    for one in members(session, campaign_id, "A", "B")[::2]:
        answer(session, one, "accepted", via="link", today=TODAY, now=NOW)
    leave(session, members(session, campaign_id, "control")[1:], TODAY + timedelta(days=70))
    return campaign_id


def test_each_question_waits_for_its_own_day(session: Session, campaign: int) -> None:
    assert judge(session, LOOKS - timedelta(days=1)) == 0 == len(rows(session))
    assert judge(session, LOOKS) == 1
    told = results(session, campaign, LOOKS)
    assert said(told) == {"taken": "counted", "lost": "early"} and told.judged == {"taken": LOOKS}
    # 90 days after the draw the last of them may still be coming in
    leaving = LOST - timedelta(days=1)
    assert judge(session, leaving) == 0
    before = results(session, campaign, leaving).row("lost")
    assert before is not None and before.judged_on is None and before.count == 0 < before.control
    assert before.level is not None and before.level > 0.99  # of somebody who looks every day
    assert judge(session, LOST) == 1
    told = results(session, campaign, LOST)
    assert said(told) == {"taken": "counted", "lost": "works"}
    assert told.judged == {"taken": LOOKS, "lost": LOST}
    kept = told.row("lost", "A")
    assert kept is not None and kept.level == pytest.approx(0.975)  # of two arms at once
    whole = told.row("lost")
    assert whole is not None and whole.level == pytest.approx(0.95)
    assert {row.segment for row in told.rows} == {"", "household"}
    assert judge(session, MARGIN + timedelta(days=9)) == 0  # nobody knows a margin


def test_the_day_of_the_draw_is_that_of_the_utility(
    session: Session, campaign: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UTILITY_CRM_TIMEZONE", "Pacific/Auckland")  # the day after, when it was drawn
    settings.cache_clear()
    leave(session, members(session, campaign, "A")[:1], TODAY + timedelta(days=91))  # 90 days after
    assert judge(session, LOST) == 1, "uptake alone"
    assert judge(session, LOST + timedelta(days=1)) == 1
    row = results(session, campaign, LOST).row("lost")
    assert row is not None and row.count == 1
    days = {"taken": LOOKS, "lost": LOST + timedelta(days=1), "margin": MARGIN + timedelta(days=1)}
    assert results(session, campaign, LOST).campaign.days == lines(session)[0].days == days


def test_the_clock_writes_once_and_the_verdict_does_not_turn(session: Session, campaign: int) -> None:
    keep_results(session, at(LOST), LOST)
    assert judge_results(session, at(LOST)) == "2 questions judged, figures of 0 moved"
    assert judge_results(session, at(LOST)).startswith("0 questions judged")
    first, told = rows(session), results(session, campaign, LOST)
    assert len(first) == 8  # two questions: all together, two arms, and one segment
    assert judge(session, LOST + timedelta(days=1)) == 0 and rows(session) == first
    # what comes in late: all others left as well, in time, and nobody said so
    leave(session, members(session, campaign, "A", "B"), TODAY + timedelta(days=80))
    later = LOST + timedelta(days=7)
    assert results(session, campaign, later).rows == told.rows
    assert judge(session, later) == 0 and look_again(session, later) >= 1 and look_again(session, later) == 0
    again = results(session, campaign, later)
    assert said(again) == said(told) and again.by_arm == told.by_arm and again.spent_minor == told.spent_minor
    row, was = again.row("lost"), told.row("lost")
    assert row is not None and was is not None and row.moved is not None
    assert (row.count, row.control, row.effect) == (0, was.control, was.effect)
    assert (row.moved.on_day, row.moved.count) == (later, row.of) and row.moved.effect is not None
    assert row.moved.effect.difference > 0 > row.effect.difference  # type: ignore[union-attr]
    taken = again.row("taken")
    assert taken is not None and taken.moved is None
    said_so = next(
        one for one in document(again)["effects"] if (one["outcome"], one["arm"]) == ("lost", None)
    )
    assert said_so["verdict"] == "works" and said_so["moved"]["count"] == row.of
    # and back again, once it was a mistake
    mended = text("update agreements set ends_before = null, end_reason = null where ends_before = :day")
    session.execute(mended, {"day": TODAY + timedelta(days=80)})
    assert look_again(session, later + timedelta(days=1)) == 0
    back = results(session, campaign, later).row("lost")
    assert back is not None and back.moved is None
    assert look_again(session, LOST + timedelta(days=200)) == 0  # nobody looks for what comes so late


def test_of_two_clocks_at_once_the_second_writes_nothing(session: Session, campaign: int) -> None:
    """It had looked for what is due before the first was done."""
    told = results(session, campaign, LOST)
    judged = [row for row in told.rows if row.outcome == "lost"]
    final = [replace(row, level=0.95, verdict="works") for row in judged]
    assert keep_verdicts(session, campaign, final, now=at(LOST), today=LOST) == {"lost"}
    first = rows(session)
    other = [replace(row, count=row.count + 1, verdict="none") for row in final]
    assert keep_verdicts(session, campaign, other, now=at(LOST), today=LOST) == set()
    assert rows(session) == first


def test_a_small_correction_is_not_told(session: Session, campaign: int) -> None:
    judge(session, LOST)
    leave(session, members(session, campaign, "A")[:1], TODAY + timedelta(days=80))
    assert look_again(session, LOST + timedelta(days=1)) == 0
    assert {row.moved for row in results(session, campaign, LOST).rows} == {None}


def test_a_page_that_comes_before_the_clock_claims_nothing(session: Session, campaign: int) -> None:
    told = results(session, campaign, LOOKS + timedelta(days=1))
    assert not told.judged and told.reached("taken") and not told.reached("lost")
    row = told.row("taken", segment="household")
    assert row is not None and row.level is not None and row.level > 0.99


def test_too_few_left_of_those_who_were_drawn(session: Session, supplier: Supplier) -> None:
    populate(session, supplier, 60)
    campaign_id = launched(session, supplier)
    session.execute(
        text(
            "update campaigns set planned = jsonb_set(planned, '{groups}', "
            '\'{"A": 40, "B": 40, "control": 40}\') where id = :id'
        ),
        {"id": campaign_id},
    )
    assert judge(session, LOST) == 2
    assert said(results(session, campaign_id, LOST)) == {"taken": "unseen", "lost": "unseen"}
    assert lines(session)[0].verdicts == {"taken": "unseen", "lost": "unseen"}
    assert [one.measured for one in catalogue(session, "GBP", LOST)] == [None]


def test_margins_wait_for_their_bills_and_until_they_are_known_of_all(
    session: Session, campaign: int
) -> None:
    judge(session, LOST)
    everybody = members(session, campaign, "A", "B", "control")
    price = text("update campaign_members set billed_minor = 1000 + id % 7 + :more where id = any(:of)")
    session.execute(price, {"more": 0, "of": everybody[1:]})
    assert judge(session, MARGIN) == 0  # of one nothing is known
    session.execute(price, {"more": 0, "of": everybody})
    assert judge(session, MARGIN - timedelta(days=1)) == 0
    # what somebody brought counts alone, and is not known of all
    bring = text("update campaign_members set margin_minor = :margin where id = any(:of)")
    session.execute(bring, {"margin": 900, "of": everybody[:2]})
    seen = executed(session, lambda: judge(session, MARGIN))
    assert len(seen) == 1 and rows_of(session, campaign) == {"taken", "lost"}, "nobody is counted in vain"
    session.execute(bring, {"margin": None, "of": everybody[:2]})
    assert judge(session, MARGIN) == 1 and judge(session, MARGIN) == 0
    told = results(session, campaign, MARGIN)
    margin = told.row("margin")
    assert margin is not None and (margin.verdict, margin.source) == ("none", "billed")
    assert told.stands_on == "billed" and told.return_judged
    assert told.margin_known == len(everybody)
    # somebody brings better ones afterwards: they are shown beside it, and turn nothing
    session.execute(
        text("update campaign_members set margin_minor = case arm when 'control' then 0 else 9000 end")
    )
    session.execute(text("update campaign_members set margin_minor = margin_minor + id % 5"))
    look_again(session, MARGIN + timedelta(days=1))
    again = results(session, campaign, MARGIN + timedelta(days=1)).row("margin")
    assert again is not None and (again.verdict, again.effect) == ("none", margin.effect)
    assert again.moved is not None and again.moved.effect is not None and again.moved.effect.low > 0


def test_two_who_turn_out_to_be_one_do_not_change_what_was_judged(session: Session, campaign: int) -> None:
    judge(session, LOST)
    told = results(session, campaign, LOST)
    stays, stub = session.scalars(
        text("select customer_id from campaign_members where arm = 'A' order by id limit 2")
    ).all()
    merge_customers(session, stays, stub, None, at(LOST))
    again = results(session, campaign, LOST + timedelta(days=1))
    assert (again.rows, again.asked, again.extra) == (told.rows, told.asked, told.extra)


def test_what_is_kept_is_read_without_counting_anybody(session: Session, campaign: int) -> None:
    session.execute(text("update campaign_members set billed_minor = 1000 + id % 7"))

    def statements(day: date) -> list[str]:
        return executed(session, lambda: results(session, campaign, day))

    assert len(statements(MARGIN)) == 5
    assert judge(session, MARGIN) == 3
    kept = statements(MARGIN)
    assert len(kept) == 2 and not any("campaign_members" in one for one in kept)
