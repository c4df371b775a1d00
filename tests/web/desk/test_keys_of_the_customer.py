"""The customer's page: a key is one act, over every question, and all acts stand in one row."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.web.desk.test_twenty_tasks import Hands, desk  # noqa: F401 - a fixture
from tests.web.test_whole_house import house  # noqa: F401 - a fixture

pytestmark = pytest.mark.browser
MOST_ACTS = 15
KEYS = """() => [...document.querySelectorAll('[data-key]')]
    .filter(one => one.checkVisibility()).map(one => one.dataset.key)"""
# The acts a customer has change with what lies before them: of the longest names there, fifteen.
LONGEST = """most => {
    const bar = document.querySelector('nav.keys');
    const acts = [...bar.children].filter(one => !one.matches('.end'));
    for (let at = 0; acts.length + at < most; at += 1) acts[0].before(acts[at % acts.length].cloneNode(true));
    return [...bar.children].filter(one => !one.matches('.end')).length;
}"""
ROWS = """() => new Set([...document.querySelectorAll('nav.keys > *')]
    .filter(one => one.checkVisibility()).map(one => Math.round(one.getBoundingClientRect().bottom))).size"""


def test_a_key_is_one_act_over_every_question(desk: Hands) -> None:  # noqa: F811
    desk.on_customer()
    asks = desk.page.eval_on_selector_all("nav.ask a", "all => all.map(one => one.getAttribute('href'))")
    assert len(asks) > 8
    for ask in asks:
        desk.at(ask)
        keys = Counter(desk.page.evaluate(KEYS))
        assert not [key for key, count in keys.items() if count > 1], ask
        assert desk.page.evaluate(ROWS) == 1, ask


def test_fifteen_acts_stand_in_one_row(desk: Hands) -> None:  # noqa: F811
    desk.on_customer()
    assert desk.page.viewport_size["width"] == 1280
    assert desk.page.evaluate(LONGEST, MOST_ACTS) >= MOST_ACTS
    assert desk.page.evaluate(ROWS) == 1
    assert desk.page.evaluate("document.querySelector('nav.keys').scrollWidth <= innerWidth")
