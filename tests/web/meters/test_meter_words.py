"""The feeds page in Russian."""

from __future__ import annotations

import pytest

from meters.pages.questions import feeds_questions
from tests.web.meters.conftest import YESTERDAY, days_before


@pytest.mark.parametrize("ask", [question.key for question in feeds_questions()])
def test_the_page_speaks_russian(make_client, meter, sent, ask: str) -> None:
    sent("a.csv", *days_before(14)[:-2], ("SP-2", YESTERDAY, [1] * 24))
    sent("b.csv", ("SP-1", YESTERDAY, ["x"] * 24))
    page = make_client("ops", language="ru").get("/feeds", params={"ask": ask})
    assert page.status_code == 200 and "Полон ли вчерашний день?" in page.text
    assert "счётчик вчера" in page.text and "yesterday" not in page.text


@pytest.mark.parametrize("ask", ("whole", "day", "files", "doubted", "stands"))
def test_a_service_point_speaks_russian(make_client, meter, sent, ask: str) -> None:
    sent("a.csv", *days_before(14)[:-2])
    page = make_client("ops", language="ru").get(f"/meters/SP-1?ask={ask}")
    assert page.status_code == 200 and "Всё ли есть?" in page.text
    assert "readings" not in page.text and "interval" not in page.text.replace("intervals", "")


def test_a_customer_s_day_in_russian(make_client, meter, sent) -> None:
    sent("a.csv", *days_before(3))
    page = make_client("agent", language="ru").get(f"/customers/{meter.margaret}?ask=day").text
    assert "Сколько израсходовано за день?" in page and "вы израсходовали" in page


def test_a_day_that_is_none_is_said(make_client, meter, sent) -> None:
    sent("a.csv", *days_before(3))
    client = make_client("agent")
    page = client.get(f"/customers/{meter.margaret}?ask=day&day=2026-99-99").text
    assert "“2026-99-99” is no day up to today" in page
    assert "no day up to today" not in client.get(f"/customers/{meter.margaret}?ask=day").text
