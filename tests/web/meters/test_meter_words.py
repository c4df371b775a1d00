"""The feeds page in Russian."""

from __future__ import annotations

import pytest

from tests.web.meters.conftest import YESTERDAY, days_before


@pytest.mark.parametrize("ask", ("whole", "missing", "came", "refused", "places", "replaced"))
def test_the_page_speaks_russian(make_client, meter, sent, ask: str) -> None:
    sent("a.csv", *days_before(14)[:-2], ("SP-2", YESTERDAY, [1] * 24))
    sent("b.csv", ("SP-1", YESTERDAY, ["x"] * 24))
    page = make_client("ops", language="ru").get("/feeds", params={"ask": ask})
    assert page.status_code == 200 and "Полон ли вчерашний день?" in page.text
    assert "счётчик вчера" in page.text and "yesterday" not in page.text
