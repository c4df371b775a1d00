"""The hidden cause: it is there, it can be found, and it knows nothing of the future."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date

import numpy as np
from sklearn.metrics import roc_auc_score

from utility_crm.demo.leaving import Causes, switching_scores
from utility_crm.demo.plan import Plan, make_plan
from utility_crm.demo.story import NEVER

HORIZON = 90


def scores(plan: Plan, causes: Causes | None = None) -> np.ndarray:
    given = (plan.seed, plan.calendar, plan.customers, plan.bills, plan.contacts)
    return switching_scores(*given, causes or Causes())


def test_as_many_leave_as_was_meant(plan: Plan) -> None:
    reasons = Counter(plan.leaving.reason)
    assert reasons == {None: 1708, "switched": 250, "moved": 30, "died": 6, "cut_off": 6}
    assert ((plan.leaving.day == NEVER) == [reason is None for reason in plan.leaving.reason]).all()
    assert sum(agreement.end_reason == "changed_tariff" for agreement in plan.agreements) == 40


def test_they_leave_all_through_the_year(plan: Plan) -> None:
    days = plan.leaving.day[[reason == "switched" for reason in plan.leaving.reason]]
    assert days.min() >= 45 and days.max() < plan.calendar.days
    windows = np.histogram(days, bins=[45, 125, 215, 305, plan.calendar.days])[0]
    assert windows.min() > 25


def test_the_cause_can_be_found_but_not_all_of_it(plan: Plan) -> None:
    """What the cause, but for its unseen part, says on a day about the 90 days after it: the best that an
    honest model can come near. Three such days, for leavers are few."""
    score = scores(plan, replace(Causes(), unseen=0.0))
    areas = []
    for day in (plan.calendar.days - 270, plan.calendar.days - 180, plan.calendar.days - HORIZON - 1):
        gone = plan.leaving.day
        here = ((gone == NEVER) | (gone > day)) & np.isfinite(score[:, day])
        switched = np.array([reason == "switched" for reason in plan.leaving.reason])
        leaves = switched & (gone > day) & (gone <= day + HORIZON)
        areas.append(roc_auc_score(leaves[here], score[here, day]))
    assert 0.72 < np.mean(areas) < 0.9
    assert max(areas) < 0.95


def test_those_who_moved_or_died_had_no_such_cause(plan: Plan) -> None:
    score = np.where(np.isfinite(scores(plan)), scores(plan), np.nan)
    usual = np.nanmean(score)
    of = {why: np.array([reason == why for reason in plan.leaving.reason]) for why in ("moved", "switched")}
    assert np.nanmean(score[of["switched"]]) > usual + 0.4
    assert abs(np.nanmean(score[of["moved"]]) - usual) < 0.5


def test_a_score_knows_nothing_of_later_days(plan: Plan) -> None:
    """Cut off what happens from a day on, and nothing before that day changes."""
    day = 250
    at = plan.calendar.day(day)
    contacts = []
    for contact in plan.contacts:
        if contact.at.date() < at:
            later = contact.answered_at is not None and contact.answered_at.date() >= at
            contacts.append(replace(contact, answered_at=None) if later else contact)
    known = plan.bills.issued < day
    paid = np.where((plan.bills.paid != NEVER) & (plan.bills.paid >= day), NEVER, plan.bills.paid)
    bills = replace(plan.bills, jump=np.where(known, plan.bills.jump, 0.0), paid=paid)
    cut = replace(plan, contacts=tuple(contacts), bills=bills)
    before = scores(plan)[:, : day - 1]
    assert np.array_equal(scores(cut)[:, : day - 1], before)


def test_each_cause_raises_the_score(plan: Plan) -> None:
    base = np.nan_to_num(scores(plan), neginf=0.0)
    for name in ("jump", "open_complaint", "late_bill", "cheaper_tariff", "new_customer"):
        more = np.nan_to_num(
            scores(plan, replace(Causes(), **{name: getattr(Causes(), name) + 1})), neginf=0.0
        )
        assert (more >= base - 1e-9).all()
        assert (more > base + 0.01).any(), name


def test_price_rise_makes_jumps_count_more() -> None:
    plan = make_plan(5, date(2026, 11, 20), 200)
    rise = plan.calendar.place(plan.calendar.price_change)
    calm = scores(plan, replace(Causes(), jump_after_price_rise=1.0))
    felt = scores(plan, replace(Causes(), jump_after_price_rise=3.0))
    finite = np.isfinite(calm)
    assert np.array_equal(calm[:, :rise][finite[:, :rise]], felt[:, :rise][finite[:, :rise]])
    assert (felt[:, rise:][finite[:, rise:]] > calm[:, rise:][finite[:, rise:]]).any()
