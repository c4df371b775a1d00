"""Is anything late? Asked on the feeds page; answered by the person who knows how often a feed comes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from meters.sources import feed_sources, learn_sources
from tests.web.meters.test_feeds_page import sentence, words

NOW = datetime(2026, 11, 20, 14, 42, tzinfo=UTC)


@pytest.fixture
def late(session: Session) -> int:
    """The id of a source whose last file came on Wednesday at 04:30."""
    last = datetime(2026, 11, 18, 4, 30, tzinfo=UTC)
    for back in range(8):
        at = last - back * timedelta(days=1)
        session.execute(
            text("insert into feeds (name, sha256, status, received_at) values (:name, '', 'ok', :at)"),
            {"name": f"moorside-3_{at.date()}.csv", "at": at},
        )
    learn_sources(session, NOW)
    return feed_sources(session)[0].id


def test_a_late_feed_is_named(make_client, late: int) -> None:
    page = make_client("ops").get("/feeds?ask=late").text
    said = "One feed is late: moorside-3_#.csv comes every 24 hours and has not come for "
    assert sentence(page).startswith(said)
    assert 43 <= int(sentence(page).removeprefix(said).removesuffix(".")) <= 67, "the day goes on meanwhile"
    assert "to be told" in words(page) and "18 Nov 04:30" in words(page)
    assert 'class="a is-bad">1 feed <i>' in page


def test_nothing_is_late_where_nothing_came(make_client) -> None:
    page = make_client("ops").get("/feeds?ask=late").text
    assert sentence(page) == "No feed comes regularly yet: that is known after five deliveries."


def test_hours_are_set_and_a_feed_muted(session: Session, make_client, late: int) -> None:
    client = make_client("ops")
    refused = client.post(f"/feeds/sources/{late}", data={"every_hours": "daily"})
    assert refused.status_code == 422 and "Say in whole hours" in refused.text
    assert 'value="daily"' in refused.text
    taken = client.post(f"/feeds/sources/{late}", data={"every_hours": "72"})
    assert taken.status_code == 303 and taken.headers["location"] == "/feeds?ask=late"
    assert sentence(client.get("/feeds?ask=late").text) == (
        "Nothing is late: the one feed that comes regularly has come."
    )
    client.post(f"/feeds/sources/{late}", data={"every_hours": "", "muted": "yes"})
    assert "muted" in words(client.get("/feeds?ask=late").text)
    assert client.post("/feeds/sources/0", data={"every_hours": "24"}).status_code == 404
    assert make_client("agent").post(f"/feeds/sources/{late}", data={}).status_code == 403
