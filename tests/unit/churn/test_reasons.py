"""Reasons: the largest first, at most three, none that lowers the chance; in words with the customer's
figures."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from churn.actions import FIGURES_OF
from churn.domain.facts import CATEGORICAL, GROUP_OF, NUMERIC_NAMES
from churn.domain.reasons import Reason, grouped
from churn.queries import StoredReason
from churn.words import FACTS, GROUPS, Words

AS_OF = date(2026, 11, 20)


def test_facts_of_one_group_are_one_reason() -> None:
    facts = ["complaints", "unanswered", "tenure", "saving", "export"]
    found = grouped(np.array([[5.0, 4.0, 7.0, -3.0, 0.2], [0.1, 0.1, -1.0, 0.4, 0.0]]), facts, GROUP_OF)
    assert found.reasons() == [(Reason("complaints", 9.0), Reason("tenure", 7.0)), ()]


def test_at_most_three_and_the_largest_first() -> None:
    facts = ["tenure", "contacts", "estimated", "export"]
    found = grouped(np.array([[1.0, 4.0, 2.0, 3.0]]), facts, GROUP_OF).reasons()
    assert [reason.group for reason in found[0]] == ["contacts", "export", "estimated"]


def test_every_fact_has_a_group_with_words_and_figures() -> None:
    assert set(GROUP_OF) == {*NUMERIC_NAMES, *CATEGORICAL}
    assert set(GROUP_OF.values()) == set(GROUPS) == set(FIGURES_OF)
    assert set(FACTS) == set(NUMERIC_NAMES)


def test_nothing_about_birth_health_or_language_is_a_fact() -> None:
    words = " ".join(GROUP_OF)
    assert not any(word in words for word in ("vulner", "medical", "language", "name", "age", "gender"))


@pytest.mark.parametrize(
    ("group", "figures", "text", "detail"),
    [
        (
            "bill_up",
            {"step_minor": 12469, "before_minor": 9317, "shock_minor": None, "shock_before_minor": None},
            "Bill up from £93.17 to £124.69",
            "on the one before",
        ),
        (
            "bill_up",
            {
                "step_minor": 9000, "before_minor": 15000, "shock_minor": 15000, "shock_before_minor": 9000,
                "shock_on": "2026-10-01",
            },
            "Bill of 1 Oct up from £90.00 to £150.00",
            "on the mean of the three before",
        ),
        (
            "complaints",
            {"complaint_count": 2, "unanswered_count": 1, "unanswered_days": 9},
            "Complaint unanswered since 11 Nov",
            "complaints in 180 days: 2",
        ),
        (
            "complaints",
            {"complaint_count": 0, "unanswered_count": 0, "unanswered_days": None},
            "No complaint in 180 days",
            "",
        ),
        (
            "tariff_fit",
            {"saving_minor": 736, "cheaper": "Day & Night", "night_flat": 0.4},
            "Day & Night would cost less",
            "−£7.36 in four weeks",
        ),
        (
            "tariff_fit",
            {"saving_minor": 0, "cheaper": None, "night_flat": 0.382},
            "38\N{NO-BREAK SPACE}% of use at night on a flat tariff",
            "",
        ),
        (
            "arrears",
            {"overdue_minor": 4317, "late_day_count": 28},
            "£43.17 overdue",
            "days late in 12 months: 28",
        ),
        ("price_rise", {"price_rise_minor": 519}, "Prices rose", "+£5.19 in four weeks at their use"),
        ("estimated", {"estimated_bills": 4, "bills": 12}, "4 of 12 bills estimated", ""),
        ("tenure", {"since": "2026-03-14"}, "With us since March 2026", ""),
    ],
)  # fmt: skip
def test_reasons_are_said_with_their_figures(
    group: str, figures: dict[str, object], text: str, detail: str
) -> None:
    reason = StoredReason(group, 9.4, {"currency": "GBP", **figures})
    assert Words("en").reason(reason, AS_OF) == (text, detail)
    (said,) = Words("en").reasons([reason], AS_OF)
    assert said.points == "+9"


def test_what_was_overdue_and_is_settled_since_is_said_so() -> None:
    figures = {"overdue_minor": 4317, "late_day_count": 28, "currency": "GBP"}
    reason = StoredReason("arrears", 6.0, figures)
    late = "days late in 12 months: 28"
    assert Words("en").reason(reason, AS_OF) == ("£43.17 overdue", late)
    assert Words("en").reason(reason, AS_OF, 1) == ("£43.17 overdue", late)
    then = Words("en").reason(reason, AS_OF, 0)
    assert then == ("£43.17 was overdue on 20 Nov, settled since", late)
