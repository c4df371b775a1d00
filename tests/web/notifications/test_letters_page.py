"""The page of letters: the answer first, by hand before the hour, and a person who says they left."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from html import unescape

import pytest
from sqlalchemy import event, text
from sqlalchemy.orm import Session

from notifications.outbox.queueing import queue
from notifications.types.payment_reminder import payment_reminder
from tests.conftest import NOW
from tests.web.conftest import MakeClient
from tests.web.people import People
from utility_crm.customers.reach import add_contact_point
from utility_crm.customers.tables import Account


@pytest.fixture
def waiting(session: Session, people: People) -> int:
    """Three letters that wait, to Margaret; one more that may not go before next week. The first's notice."""
    account = session.query(Account).filter_by(customer_id=people.margaret).one()
    add_contact_point(
        session, people.margaret, kind="post", value="14 Tannery Row, Kelder Bridge", country="GB"
    )
    before = NOW - timedelta(days=1)
    for number in range(4):
        asked = payment_reminder(
            customer_id=people.margaret, account_id=account.id, account=account.number, bill=f"F-{number}",
            amount_minor=4512, currency="GBP", due_on=NOW.date(),
        )  # fmt: skip
        queue(session, replace(asked, channels=("letter",)), before)
    later = (
        "update outbox set not_before = now() + interval '400 days' where id = (select max(id) from outbox)"
    )
    session.execute(text(later))
    return int(session.scalar(text("select min(id) from outbox")) or 0)


def said(page: str) -> str:
    return " ".join(unescape(page.split("<blockquote data-spoken>")[1].split("</blockquote>")[0]).split())


def test_the_page_answers_first_and_leads_from_waiting_to_back(
    session: Session, make_client: MakeClient, waiting: int
) -> None:
    client = make_client("ops")
    page = client.get("/letters").text
    assert said(page).startswith("4 letters wait for")
    assert said(page).endswith("every batch is handed over.")
    page = client.get("/letters?ask=waits").text
    assert "Margaret Ashdown" in page and "One of them may not go yet." in page
    done = client.post("/letters/cut")
    assert done.status_code == 303
    page = client.get(done.headers["location"]).text
    assert "Batch" in page and "3 letters" in page
    assert "1 letter waits for" in said(page).replace("One", "1") and "one batch is not handed over" in said(
        page
    )
    batch = session.scalar(text("select max(id) from letter_batches where letters > 0"))
    pdf = client.get(f"/letters/{batch}/letters.pdf")
    assert pdf.headers["content-type"] == "application/pdf" and pdf.content.startswith(b"%PDF")
    assert f'filename="letters-{batch}.pdf"' in pdf.headers["content-disposition"]
    listed = client.get(f"/letters/{batch}/letters.csv")
    assert listed.text.splitlines()[1].startswith(f"{batch},{batch}-1,{waiting},1,1,Margaret Ashdown,")
    notice = client.get(f"/notices/{waiting}").text
    assert "It lies in a batch of letters" in notice and "laid into a batch" in notice

    # a person says it, and is asked once more
    address = f"/letters/{batch}/handed-over"
    asked = client.post(address)
    assert asked.status_code == 200 and "3 notices then count as sent" in asked.text
    assert session.scalar(text("select count(*) from outbox where state = 'sent'")) == 0
    token = asked.text.split('name="sure" value="')[1].split('"')[0] if 'name="sure"' in asked.text else ""
    sure = {"sure": token} if token else confirmation(asked.text)
    assert client.post(address, data=sure).status_code == 303
    assert session.scalar(text("select count(*) from outbox where state = 'sent'")) == 3
    assert "handed over" in client.get("/letters?ask=gone").text

    wrong = client.post("/letters/returned", data={"number": "x", "because": "moved away"})
    assert wrong.status_code == 422 and "such as 12-7" in wrong.text and "moved away" in wrong.text
    back = client.post("/letters/returned", data={"number": f"{batch}-1", "because": "moved away"})
    assert back.status_code == 303
    page = client.get("/letters?ask=back").text
    assert "moved away" in page and said(page) == "In 30 days one letter came back; its address is closed."


def confirmation(page: str) -> dict[str, str]:
    """What the second button sends."""
    import re

    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]+)"', page)) | dict(
        re.findall(r'<button[^>]*name="([^"]+)" value="([^"]+)"', page)
    )


def test_it_is_for_ops_and_costs_as_many_statements_for_any_number(
    session: Session, make_client: MakeClient, waiting: int
) -> None:
    assert make_client("agent").get("/letters").status_code == 403
    client, counts = make_client("ops"), []
    for _ in range(2):
        seen = list[str]()

        def note(_c: object, _cur: object, statement: str, *_: object, into: list[str] = seen) -> None:
            into.append(statement)

        event.listen(session.get_bind(), "before_cursor_execute", note)
        for ask in ("open", "waits", "gone", "back"):
            assert client.get(f"/letters?ask={ask}").status_code == 200
        event.remove(session.get_bind(), "before_cursor_execute", note)
        counts.append(len(seen))
        client.post("/letters/cut")
    assert counts[0] == counts[1]
    assert client.get("/letters/999/letters.pdf").status_code == 404


def test_in_russian(make_client: MakeClient, waiting: int) -> None:
    page = make_client("ops", language="ru").get("/letters").text
    assert "4 письма ждут" in said(page) and "все партии переданы" in said(page)
