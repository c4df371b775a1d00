"""The feeds page as a list of questions: found by listing, answered in a bounded number of queries, and each
by itself when one fails."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Connection, event, text
from sqlalchemy.orm import Session

from meters.pages import feeds_page
from meters.pages.questions import feeds_questions
from tests.web.meters.conftest import TODAY, days_before

KEYS = tuple(question.key for question in feeds_questions())
MOST_QUERIES = 6 + len(KEYS)
"""Who asks, what the strip shows, one an answer at most, and the chosen sheet's own."""


def queries(connection: Connection, client, address: str) -> int:
    sent: list[str] = []

    def note(_c: object, _cur: object, statement: str, *_: object) -> None:
        if not statement.startswith(("SAVEPOINT", "RELEASE", "ROLLBACK")):
            sent.append(statement)

    event.listen(connection, "before_cursor_execute", note)
    try:
        assert client.get(address).status_code == 200
    finally:
        event.remove(connection, "before_cursor_execute", note)
    return len(sent)


def test_the_first_question_is_the_one_people_come_with() -> None:
    assert KEYS[:2] == ("whole", "missing") and len(set(KEYS)) == len(KEYS)


@pytest.mark.parametrize("key", KEYS)
def test_a_page_asks_as_much_of_a_full_base_as_of_an_empty_one(
    session: Session, make_client, meter, sent, key: str
) -> None:
    client = make_client("ops")
    client.get("/feeds")
    before = queries(session.connection(), client, f"/feeds?ask={key}")
    for turn in range(6):
        sent(f"{turn}.csv", *days_before(9 - turn, f"SP-{turn}", value=turn))
    sent("broken.csv", ("SP-1", TODAY - timedelta(days=1), ["x"] * 48))
    session.execute(text("update feeds set received_at = '2026-11-20 09:00Z'"))
    after = queries(session.connection(), client, f"/feeds?ask={key}")
    # A queue that holds something is looked up with its days and its usual shapes: two more, for any number.
    assert after <= before + 2 and after <= MOST_QUERIES, (before, after)


def test_a_question_that_fails_says_so_in_its_place(make_client, may_fail, monkeypatch) -> None:
    def broken(call) -> None:
        call.session.execute(text("select no_such_column"))

    bad = [
        replace(one, answer=broken, sheet=broken) if one.key == "refused" else one
        for one in feeds_questions()
    ]
    monkeypatch.setattr(feeds_page, "feeds_questions", lambda: tuple(bad))
    client = make_client("ops")
    whole = client.get("/feeds").text
    assert "not now" in whole and "Nothing is due yet" in whole
    failed = client.get("/feeds?ask=refused")
    assert failed.status_code == 200 and "Working it out failed" in failed.text


def test_an_unknown_question_is_the_first(make_client) -> None:
    assert "Is yesterday whole?</h2>" in make_client("ops").get("/feeds?ask=nonsense").text


def test_parameters_that_are_no_numbers_are_none(make_client) -> None:
    client = make_client("ops")
    for given in ("x", "-1", "9" * 40, "²"):
        assert client.get("/feeds", params={"ask": "came", "before": given}).status_code == 200
