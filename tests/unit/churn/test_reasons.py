"""Reasons: the largest first, at most three, none that lowers the chance; in words with the customer's
figures."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from churn.domain.facts import CATEGORICAL, GROUP_OF, NUMERIC_NAMES
from churn.domain.reasons import Reason, grouped
from churn.queries import StoredReason
from churn.reason_documents import FIGURES_OF
from churn.words import FACTS, GROUPS, Since, Words

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
    words = {word for name in GROUP_OF for word in name.split("_")}
    never = {"vulnerable", "vulnerability", "medical", "language", "name", "age", "gender", "born", "kind"}
    assert not never & words


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
        (
            "arrears",
            {"overdue_minor": 0, "late_day_count": 28, "late_bills": 3, "due_bills": 12},
            "3 of 12 bills not paid in time",
            "days late in 12 months: 28",
        ),
        (
            "complaints",
            {"complaint_count": 1, "unanswered_count": 0, "unanswered_days": None, "waited_day_count": 41},
            "Complaints in 180 days: 1",
            "longest wait for an answer, days: 41",
        ),
        ("use", {"daily_kwh": 9.44}, "Uses 9.4 kWh a day", ""),
        (
            "use_change",
            {"recent_kwh": 12.0, "year_kwh": 9.1},
            "Uses 12.0 kWh a day after 9.1",
            "on the same months a year before",
        ),
        (
            "beyond_weather",
            {"felt_kwh": 12.0, "expected_kwh": 10.3},
            "Uses 12.0 kWh a day, by the weather 10.3",
            "last bills",
        ),
        ("beyond_weather", {"felt_kwh": 12.0, "expected_kwh": None}, "What the weather did is not known", ""),
        ("evening", {"evening_share": 0.381}, "38\N{NO-BREAK SPACE}% of use from 17:00 to 21:00", ""),
        (
            "outages",
            {"outage_count": 2, "outage_minutes": 204},
            "Outages in 180 days: 2",
            "hours without supply: 3.4",
        ),
        ("campaigns", {"asked_count": 2, "accepted_count": 1}, "Offers in 180 days: 2", "accepted: 1"),
        ("term", {"term_ends_before": "2027-05-04"}, "Agreed term ends on 3 May 2027", ""),
        ("term", {"term_ends_before": "2026-05-04"}, "Agreed term ended on 3 May 2026", ""),
        ("term", {"term_ends_before": None}, "No term agreed", ""),
        ("contact_channel", {"contact_channel": "email"}, "Mostly writes e-mails", ""),
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
    assert Words("en").reason(reason, AS_OF, Since(1)) == ("£43.17 overdue", late)
    then = Words("en").reason(reason, AS_OF, Since(0))
    assert then == ("£43.17 was overdue on 20 Nov, settled since", late)


def test_a_complaint_that_is_answered_since_is_said_so() -> None:
    figures = {"complaint_count": 1, "unanswered_count": 1, "unanswered_days": 17, "currency": "GBP"}
    reason = StoredReason("complaints", 6.0, figures)
    for since in (None, Since(0), Since(0, 1)):
        assert Words("en").reason(reason, AS_OF, since) == ("Complaint unanswered since 3 Nov", "")
    assert Words("en").reason(reason, AS_OF, Since(0, 0)) == ("Complaint of 3 Nov, answered since", "")
