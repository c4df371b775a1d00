"""Whom a campaign moves, learned from its arms on the real database."""

from __future__ import annotations

import json
from collections import Counter
from datetime import timedelta
from functools import partial

import numpy as np
import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from churn.campaigns.audience import Audience
from churn.campaigns.drafting import draft_campaign
from churn.campaigns.results import campaigned, results
from churn.campaigns.running import keep_results
from churn.domain.uplift.models import uplift_model_of
from churn.domain.uplift.verdicts import LEAVING, SAVING, UPLIFT
from churn.features import features
from churn.model import table_of
from churn.tables import ChurnModel
from churn.uplift import actions
from churn.uplift.actions import learn_due, learn_uplift
from churn.uplift.learning import cross_fitted
from churn.uplift.page import moves
from churn.uplift.queries import kept
from churn.uplift.reading import drawn
from churn.uplift.tables import CampaignUplift
from churn.uplift.told import told
from tests.db.churn.conftest import Supplier
from tests.worlds.campaign_world import HOUSEHOLD, NOW, TODAY, launched, populate, wanted
from utility_crm.kit.errors import Conflict, NotFound
from utility_crm.kit.settings import settings

POINTS = {
    "offer": "points", "tariff_id": None, "amount": 500, "audience": Audience(HOUSEHOLD),
}  # fmt: skip
PEOPLE = 200
DECIDES = TODAY + timedelta(days=60)


@pytest.fixture(autouse=True)
def quick(plain_settings: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actions, "cross_fitted", partial(cross_fitted, folds=3, seeds=(0,)))
    monkeypatch.setattr(actions, "judged", partial(actions.judged, repeats=200))


def accepted(session: Session, campaign_id: int) -> None:
    """Of those who pay by direct debit four in five accept, of the others one in ten."""
    session.execute(
        text("""
            update campaign_members m set answer = 'accepted', answered_at = :now from accounts a
            where a.customer_id = m.customer_id and m.campaign_id = :id and m.arm in ('A', 'B')
              and m.customer_id % 10 < case a.payment_method when 'direct_debit' then 8 else 1 end
        """),
        {"id": campaign_id, "now": NOW},
    )


@pytest.fixture
def points(session: Session, supplier: Supplier) -> int:
    people = populate(session, supplier, PEOPLE)
    half = [one.account for one in people[::2]]
    session.execute(
        text("update accounts set payment_method = 'direct_debit' where id = any(:half)"), {"half": half}
    )
    campaign_id = launched(session, supplier, **POINTS)
    accepted(session, campaign_id)
    return campaign_id


def test_who_accepts_is_found_and_kept(session: Session, points: int) -> None:
    made = learn_uplift(session, points, now=NOW, today=DECIDES)
    assert {(one.outcome, one.arm) for one in made} == {("taken", ""), ("taken", "A"), ("taken", "B")}
    whole = next(one for one in kept(session, points) if not one.arm)
    figures = whole.figures
    counted = results(session, points, DECIDES)
    assert (figures["asked"], figures["asked_had"]) == (counted.asked.customers, counted.asked.taken)
    assert (figures["alone"], figures["alone_had"]) == (counted.control.customers, 0)
    assert whole.state == "told" and figures["sentence"] == "better"  # nobody could tell who would leave
    assert figures["rankings"][UPLIFT]["qini"]["low"] > 0 and LEAVING not in figures["rankings"]
    assert figures["rankings"][SAVING]["qini"]["held"] != "better"
    assert len(figures["tenths"]) == 10 and figures["cut"] is None

    model = session.scalars(select(CampaignUplift.model).where(CampaignUplift.arm == "")).one()
    whom = drawn(session, campaigned(session, points), DECIDES)
    again = uplift_model_of(model[UPLIFT])
    facts = model["facts"]
    uplift = again.uplift(table_of(whom.frame, facts["numeric"], facts["categorical"]))
    debit = (whom.frame["payment_method"] == "direct_debit").to_numpy()
    assert uplift[debit].mean() - uplift[~debit].mean() > 0.3

    shown = moves(session, points, "retention")  # of staying nothing is known yet: the other is shown
    assert shown.shown is not None and (shown.shown.outcome, shown.wanted) == ("taken", "stayed")
    assert shown.chart is not None and shown.lanes is not None and len(shown.arms) == 2


def test_the_last_learning_is_of_staying_as_well_wherever_the_utility_is(
    session: Session, points: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UTILITY_CRM_TIMEZONE", "Pacific/Auckland")  # the day after, when it was drawn
    settings.cache_clear()
    assert learn_due(session, NOW, DECIDES) == 1
    over = TODAY + timedelta(days=92)
    assert learn_due(session, NOW, over - timedelta(days=1)) == 0
    assert learn_due(session, NOW, over) == 1
    assert {one.outcome for one in kept(session, points)} == {"taken", "stayed"}


def test_who_stays_because_they_were_asked(session: Session, supplier: Supplier, points: int) -> None:
    """Of those left alone who do not pay by direct debit four in five leave, of all others one in five."""
    rows = session.execute(
        text("""
            select m.customer_id, m.arm, a.payment_method, g.id as agreement from campaign_members m
            join accounts a on a.customer_id = m.customer_id join agreements g on g.account_id = a.id
            where m.campaign_id = :id and m.arm <> '' order by 1
        """),
        {"id": points},
    ).all()
    draw = np.random.default_rng(3)
    leave = []
    for row in rows:
        in_danger = row.payment_method != "direct_debit"
        chance = 0.2 + (0.6 if in_danger and row.arm == "control" else 0.0)
        if draw.random() < chance:
            leave.append(row.agreement)
    session.execute(
        text("update agreements set ends_before = :day, end_reason = 'switched' where id = any(:gone)"),
        {"day": TODAY + timedelta(days=40), "gone": leave},
    )
    session.execute(
        text("update campaigns set margin_minor = 20000, margin_source = 'a test' where id = :id"),
        {"id": points},
    )
    early = learn_uplift(session, points, now=NOW, today=TODAY + timedelta(days=90))
    assert {one.outcome for one in early} == {"taken"}  # the 90 days are not over
    learn_uplift(session, points, now=NOW, today=TODAY + timedelta(days=91))
    whole = next(one for one in kept(session, points) if one.outcome == "stayed" and not one.arm)
    counted = results(session, points, TODAY + timedelta(days=91))
    assert whole.figures["alone"] - whole.figures["alone_had"] == counted.control.lost > 0
    assert whole.state == "told" and whole.figures["sentence"] == "better"
    assert whole.figures["cut"]["worth_minor"] == 20000
    assert moves(session, points, "retention").shown == whole


def test_nothing_later_than_the_draw_is_a_fact(session: Session, supplier: Supplier, points: int) -> None:
    one = campaigned(session, points)
    before = drawn(session, one, DECIDES)
    session.add(
        ChurnModel(
            as_of=TODAY + timedelta(days=1), parameters={"kind": "later"}, figures={"status": "scored"}
        )
    )
    session.execute(
        text("insert into contacts (customer_id, at, channel, topic, complaint) "
             "select customer_id, :at, 'call', 'bill', true from campaign_members where campaign_id = :id"),
        {"at": NOW, "id": points},
    )  # fmt: skip
    session.flush()
    after = drawn(session, one, DECIDES)
    assert before.frame.equals(after.frame) and after.leaving is None
    assert set(before.frame["as_of"]) == {TODAY}
    later = features(session, [TODAY + timedelta(days=1)], settings().timezone)
    assert later["complaints"].sum() > 0  # it is seen the day after


def test_the_chance_of_leaving_is_that_of_the_day(session: Session, points: int) -> None:
    facts = {"kind": "logistic", "intercept": -2.0, "numeric": [], "categorical": []}
    older = facts | {"intercept": 3.0}
    debit = facts | {
        "categorical": [{"name": "payment_method", "weights": {"direct_debit": 2.0, "transfer": 0.0}}]
    }
    for day, document in ((TODAY - timedelta(days=40), older), (TODAY, debit)):
        session.add(ChurnModel(as_of=day, parameters=document, figures={}))
    session.flush()
    whom = drawn(session, campaigned(session, points), DECIDES)
    assert whom.leaving is not None
    by_debit = (whom.frame["payment_method"] == "direct_debit").to_numpy()
    assert set(np.round(whom.leaving[by_debit], 6)) == {0.5}
    learn_uplift(session, points, now=NOW, today=DECIDES)
    figures = next(one for one in kept(session, points) if not one.arm).figures
    assert figures["rankings"][LEAVING]["qini"]["held"] == "better"
    assert figures["sentence"] in ("as_good_as_leaving", "leaving_better")  # it is the very same fact


def test_too_few_are_not_learned_from(session: Session, supplier: Supplier) -> None:
    populate(session, supplier, 40)
    campaign_id = launched(session, supplier, **POINTS)
    made = learn_uplift(session, campaign_id, now=NOW, today=DECIDES)
    assert {one.state for one in made} == {"too_few"} and not any(one.model for one in made)
    assert "too few to learn from" in told(session, campaign_id, "K-1", now=NOW, today=DECIDES).words
    draft = draft_campaign(session, wanted(supplier), now=NOW, by=None)
    with pytest.raises(Conflict, match="not begun"):
        learn_uplift(session, draft, now=NOW, today=TODAY)
    with pytest.raises(NotFound):
        learn_uplift(session, draft + 1000, now=NOW, today=TODAY)


def test_the_clock_looks_on_its_day_and_once_more_when_nothing_can_change(
    session: Session, supplier: Supplier
) -> None:
    populate(session, supplier, 40)
    campaign_id = launched(session, supplier, **POINTS)
    looked = Counter()
    for days in (1, 59, 60, 61, 75, 90, 91, 92, 120):
        day = TODAY + timedelta(days=days)
        keep_results(session, NOW, day)
        looked[days] = learn_due(session, NOW, day)
    assert [days for days, many in looked.items() if many] == [60, 91]
    assert {one.day for one in kept(session, campaign_id)} == {TODAY + timedelta(days=91)}


def test_the_command_gives_what_is_promised(session: Session, points: int) -> None:
    said = told(session, points, "K-7", now=NOW, today=DECIDES)
    document = json.loads(json.dumps(said.document))
    assert document["campaign"] == "K-7" and len(document["uplift"]) == 3
    first = next(one for one in document["uplift"] if one["arm"] is None)
    assert {"outcome", "state", "rankings", "differences", "tenths", "sentence", "effect"} <= first.keys()
    assert "taken, all arms: better than asking at random" in said.words
