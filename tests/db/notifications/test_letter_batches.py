"""Letters on paper: each notice in one batch, asked about once more, sent when a person says so."""

from __future__ import annotations

import csv
import io
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from notifications.consents.recording import record_consent
from notifications.letters import cutting
from notifications.letters.cutting import Cut, cut_if_due, cut_now
from notifications.letters.leaving import hand_over, take_return
from notifications.letters.making import make_one
from notifications.letters.queries import batches, file_of, letter_figures
from notifications.outbox.claims import Terms
from notifications.outbox.queueing import queue, take_back
from notifications.outbox.way import way_of
from tests.conftest import TODAY
from tests.db.notifications.conftest import Town, reminder
from utility_crm.customers.reach import add_contact_point
from utility_crm.kit.database import make_engine, unit_of_work
from utility_crm.kit.errors import Conflict, Invalid, NotFound

AT = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
MONDAY = AT + timedelta(days=3)


def by_post(town: Town, session: Session, now: datetime, bill: str = "", **person: Any) -> Any:
    """A notice that can go by letter alone."""
    account = town.person(mail=None, **person)
    address = f"{account.number} Mill Lane, Kelder Bridge, KB4 2TN"
    add_contact_point(session, account.customer_id, kind="post", value=address, country="GB")
    asked = replace(reminder(account, bill or f"F-{account.number}"), channels=("letter",))
    queue(session, asked, now)
    return account


def staff(session: Session) -> int:
    return int(
        session.execute(
            text(
                "insert into users (login, name, role, password_hash, language) "
                "values ('ops', 'Oona', 'ops', '-', 'en') returning id"
            )
        ).scalar_one()
    )


def states(town: Town) -> list[tuple[str, str | None]]:
    return [(row.state, row.reason) for row in town.rows()]


def test_from_the_hour_to_the_letter_that_came_back(town: Town, session: Session, now: datetime) -> None:
    ann, bob = by_post(town, session, now), by_post(town, session, now, language="ru")
    assert cut_if_due(session, AT - timedelta(minutes=1)) is None
    done = cut_if_due(session, AT)
    assert done is not None and done.batch is not None and done.letters == 2
    assert cut_if_due(session, AT + timedelta(minutes=1)) is None, "once a day"
    assert states(town) == [("gathered", None)] * 2
    assert take_back(session, [row.about for row in town.rows()], AT) == 0, "it is being printed"
    by = staff(session)
    with pytest.raises(Conflict, match="yet to be made"):
        hand_over(session, done.batch, AT, by)
    assert make_one(session, AT) == done.batch and make_one(session, AT) is None
    pdf, listed = file_of(session, done.batch), file_of(session, done.batch, listed=True)
    assert pdf.content.startswith(b"%PDF") and sha256(pdf.content).hexdigest() == pdf.sha256
    assert sha256(listed.content).hexdigest() == listed.sha256
    rows = list(csv.DictReader(io.StringIO(listed.content.decode())))
    ids = [row.id for row in town.rows()]
    assert [(row["letter"], int(row["notice"]), row["page_from"], row["page_to"]) for row in rows] == [
        (f"{done.batch}-1", ids[0], "1", "1"), (f"{done.batch}-2", ids[1], "2", "2"),
    ]  # fmt: skip
    assert rows[0]["address"] == f"{ann.number} Mill Lane, Kelder Bridge, KB4 2TN"
    assert {row["kind"] for row in rows} == {"payment_reminder"} and rows[1]["name"] == "Person 2"
    words = list(session.scalars(text("select text from letters order by position")))
    assert "Dear Person 1" in words[0] and "Здравствуйте" in words[1]
    assert states(town) == [("gathered", None)] * 2, "nothing has left the house"
    with pytest.raises(Conflict, match="not handed over"):
        take_return(session, f"{done.batch}-2", "unknown", AT, by)

    handed = AT + timedelta(hours=1)
    assert hand_over(session, done.batch, handed, by) == 2
    with pytest.raises(Conflict, match="before"):
        hand_over(session, done.batch, handed, by)
    assert [(row.state, row.sent_at) for row in town.rows()] == [("sent", handed)] * 2

    back = handed + timedelta(days=9)
    assert take_return(session, f" {done.batch} - 2 ", "moved away", back, by) == "Person 2"
    with pytest.raises(Conflict, match="came back before"):
        take_return(session, f"{done.batch}-2", "moved away", back, by)
    first, second = town.rows()
    assert (first.state, second.state, second.last_error) == ("sent", "dead", "bounced: moved away")
    assert [(step.what, step.kind) for step in way_of(session, second.id)] == [
        ("batch", "handed_over"), ("try", "taken"), ("receipt", "bounced"),
    ]  # fmt: skip
    closed = session.execute(text("select channel, address from suppressions")).all()
    assert [tuple(row) for row in closed] == [
        ("letter", f"{bob.number} Mill Lane, Kelder Bridge, KB4 2TN".lower())
    ]
    queue(session, replace(reminder(bob, "F-9"), channels=("letter",)), back)
    assert states(town)[-1] == ("withheld", "suppressed")
    figures = letter_figures(session, back, now, TODAY)
    assert (figures.waiting, figures.open, figures.gone_letters, figures.returned) == (0, 0, 2, 1)


@pytest.mark.parametrize(
    ("number", "kind"), [("twelve", Invalid), ("", Invalid), ("999-1", NotFound), ("1-99999999", NotFound)]
)
def test_a_letter_that_is_none_did_not_come_back(
    session: Session, number: str, kind: type[Exception]
) -> None:
    with pytest.raises(kind):
        take_return(session, number, "unknown", AT, 1)


def test_what_comes_later_waits_for_the_next_working_day(town: Town, session: Session, now: datetime) -> None:
    assert cut_if_due(session, AT) == Cut(None, 0)
    by_post(town, session, AT + timedelta(minutes=5))
    for later in (timedelta(minutes=6), timedelta(hours=8), timedelta(days=1), timedelta(days=2)):
        assert cut_if_due(session, AT + later) is None
    assert batches(session, "cut", "gathered") == []
    done = cut_if_due(session, MONDAY)
    assert done is not None and done.letters == 1


def test_a_person_need_not_wait_for_the_hour(town: Town, session: Session, now: datetime) -> None:
    by = staff(session)
    assert cut_now(session, now, by) == Cut(None, 0)
    by_post(town, session, now)
    assert cut_now(session, now, by).letters == 1
    by_post(town, session, now)
    done = cut_if_due(session, AT)
    assert done is not None and done.letters == 1
    found = batches(session, "cut")
    assert [(one.cut_by, one.cut_for) for one in found] == [(None, TODAY), ("Oona", None)]


def test_more_than_one_file_takes_makes_several(
    town: Town, session: Session, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cutting, "MOST", 2)
    monkeypatch.setattr(cutting, "_TERMS", Terms(batch=2, lease=timedelta(hours=1)))
    for _ in range(4):
        by_post(town, session, now)
    cut = [cut_if_due(session, AT) for _ in range(4)]
    assert [one and one.letters for one in cut] == [2, 2, 0, None]
    held = session.execute(text("select count(*), count(distinct notice_id) from letters")).one()
    assert tuple(held) == (4, 4)
    assert [make_one(session, AT) is not None for _ in range(3)] == [True, True, False]


def test_permission_is_asked_again_and_paper_may_go_at_night(
    town: Town, session: Session, now: datetime
) -> None:
    by_post(town, session, now, zone="Asia/Vladivostok")  # one in the morning there
    no = by_post(town, session, now)
    record_consent(session, no.customer_id, "service", "letter", granted=False, now=now, proof="call")
    done = cut_if_due(session, AT)
    assert done is not None and done.letters == 1
    assert states(town) == [("gathered", None), ("withheld", "consent_withdrawn")]


def test_one_that_cannot_be_written_keeps_no_other(town: Town, session: Session, now: datetime) -> None:
    by_post(town, session, now)
    by_post(town, session, now)
    session.execute(
        text("update outbox set context = context - 'bill' where id = (select min(id) from outbox)")
    )
    done = cut_if_due(session, AT)
    assert done is not None and done.letters == 1
    broken, whole = town.rows()
    assert (broken.state, whole.state) == ("dead", "gathered") and "bill" in (broken.last_error or "")


def test_two_clocks_at_once_cut_one_batch(fresh_database_url: str, make_town: Any, now: datetime) -> None:
    engine = make_engine(fresh_database_url, pool_size=4)
    with unit_of_work(engine) as session:
        town = make_town(session)
        for _ in range(20):
            by_post(town, session, now)
    with ThreadPoolExecutor(4) as pool:
        cut = list(pool.map(lambda _: _alone(engine), range(4)))
    with engine.connect() as connection:
        held = connection.execute(text("select count(*), count(distinct notice_id) from letters")).one()
    engine.dispose()
    assert sorted(one.letters if one else 0 for one in cut) == [0, 0, 0, 20]
    assert tuple(held) == (20, 20)


def _alone(engine: Engine) -> Cut | None:
    with unit_of_work(engine) as session:
        return cut_if_due(session, AT)
